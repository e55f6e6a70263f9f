"""What a check of documents reports, and the one index that all checks look things up in.

`rules`, `question_rules` and `reach` each look at another side of the same documents. They share how a problem is written down
(code, path in the document, sentence in both languages) and which questions, values, packs and phases exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from governance.questionnaires.conditions import All, AnyOf, Condition, InPack, InPhase, Leaf, Not
from governance.questionnaires.definition import Framework, Question, Questionnaire
from governance.questionnaires.values import values_of
from governance.texts import Text, both

Path = tuple[str | int, ...]
Found = tuple[str, Path, Text]
NAMED_AT_MOST = 20
"""How many names or values one sentence lists before it only says that there are more."""


class Catalogue:
    """A framework with its questionnaires, ready to be looked things up in. Of two questions with one key the first counts."""

    def __init__(self, framework: Framework, questionnaires: Sequence[Questionnaire]) -> None:
        self.framework, self.questionnaires = framework, questionnaires
        self.questions: dict[str, Question] = {}
        for each in questionnaires:
            for _, question in each.questions():
                self.questions.setdefault(question.key, question)
        self._values: dict[str, dict[str, Text]] = {}

    @cached_property
    def triggers(self) -> frozenset[str]:
        """The keys of the questions on trigger sheets: those that decide the route and the packs."""
        return frozenset(q.key for each in self.questionnaires if each.kind == "trigger" for _, q in each.questions())

    @cached_property
    def codes(self) -> dict[str, frozenset[str]]:
        """The codes of every named list of the framework ("packs", "phases", …)."""
        lists = ("phases", "items", "packs", "routes", "levels", "flags", "bodies", "references", "answer_roles")
        return {name: frozenset(part.code for part in getattr(self.framework, name)) for name in lists}

    @cached_property
    def totals(self) -> frozenset[str]:
        """The totals that points may feed; none under another method."""
        scoring = self.framework.scoring
        return frozenset(total.code for total in scoring.totals) if scoring.method == "points" else frozenset()

    def values(self, key: str) -> dict[str, Text]:
        """Return the values of a known question with their names."""
        if key not in self._values:
            self._values[key] = values_of(self.framework, self.questions[key])
        return self._values[key]

    def label(self, key: str, value: str) -> Text:
        """Name a value of a question, or a phase when `key` is "", for `conditions.sentence`."""
        if not key:
            return self.framework.name_of("phases", value)
        return self.values(key).get(value, both(value)) if key in self.questions else both(value)


def placed(condition: Condition | None, path: Path) -> Iterator[tuple[Path, Leaf | InPack | InPhase]]:
    """Yield every simple look of a condition with its path in the document."""
    match condition:
        case None:
            return
        case All(all=parts):
            for place, part in enumerate(parts):
                yield from placed(part, (*path, "all", place))
        case AnyOf(any=parts):
            for place, part in enumerate(parts):
                yield from placed(part, (*path, "any", place))
        case Not(not_=part):
            yield from placed(part, (*path, "not"))
        case _:
            yield path, condition


def short(value: object, limit: int = 40) -> str:
    """Return a value as it can be named in a sentence, cut where it is long."""
    text = str(value)
    return text if len(text) <= limit else f"{text[:limit]}…"


def listed(names: Sequence[str], separator: str) -> str:
    """Return the names in one line; of very many only the first, with an ellipsis."""
    return separator.join([*names[:NAMED_AT_MOST], *(["…"] if len(names) > NAMED_AT_MOST else [])])


def repeated(keys: Sequence[tuple[str, Path]]) -> Iterator[Found]:
    """Yield a problem for every key that was used before."""
    seen: set[str] = set()
    for key, path in keys:
        if key in seen:
            yield "seed.duplicate", path, Text(f"「{key}」が二度使われています。", f"“{key}” is used twice.")
        seen.add(key)


def unknown(path: Path, ja: str, en: str, code: str) -> Found:
    """Return the problem of a code that nothing carries; `ja` and `en` name what it should be."""
    code = short(code)
    said = Text(
        f"{ja}「{code}」はありません。つづりを確かめてください。", f"There is no {en} “{code}”; check the spelling."
    )
    return "seed.unknown", path, said
