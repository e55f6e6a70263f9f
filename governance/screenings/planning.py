"""What a move to newer questionnaires would do to each answer, before anything is done: kept, to be looked at again, split, lost, dropped.

Pure rules apart from the act itself (moving.py). A question keeps its answer by its permanent key; a question that names its predecessors
is offered their answer. Nothing that was answered is taken as confirmed when what was asked is no longer the same, and
no question whose answer counts otherwise, or is asked on another condition, is said to stay as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from governance.questionnaires.definition import GIVEN, WRITTEN, Framework, Question
from governance.questionnaires.diff import CONFIRMED, Change
from governance.questionnaires.parts import Part
from governance.questionnaires.values import values_of
from governance.screenings.passing import kept_value
from governance.screenings.result import Rating
from governance.screenings.routing import Sheet
from governance.texts import Text

_Place = tuple[str, str]
_Steering = dict[str, dict[_Place, Any]]
Kind = Literal["kept", "rescored", "reworded", "split", "lost", "new", "dropped"]
KINDS: dict[Kind, Text] = {
    "kept": Text("そのまま", "Kept"),
    "rescored": Text("採点・条件が変わる", "Scored or asked otherwise"),
    "reworded": Text("要確認", "To confirm"),
    "split": Text("候補を引き継ぎ", "Suggested"),
    "lost": Text("選び直し", "Choose again"),
    "new": Text("新しい質問", "New"),
    "dropped": Text("尋ねなくなる", "No longer asked"),
}
MEANS: dict[Kind, Text] = {
    "kept": Text("回答はそのまま使います。", "The answer stays."),
    "rescored": Text(
        "回答はそのまま使い、新しい採点・条件で計算し直します。",
        "The answer stays; what it counts for, or when it is asked, follows the new version.",
    ),
    "reworded": Text(
        "質問の内容が変わるため、回答を残したまま、確認をお願いします。",
        "What is asked changes: the answer stays and is to be confirmed.",
    ),
    "split": Text(
        "{source}への回答を候補として入れます。確認するまで確定しません。",
        "The answer to {source} is put in as a suggestion, to be confirmed.",
    ),
    "lost": Text(
        "いまの回答は新しい選択肢にないため、選び直します。前の回答は履歴に残ります。",
        "The present answer is not among the new choices; choose again. It stays in the history.",
    ),
    "new": Text("新しく回答します。", "To be answered."),
    "dropped": Text("回答は履歴に残り、評点には入りません。", "The answer stays in the history and no longer counts."),
}


@dataclass(frozen=True)
class Step:
    """What happens to one question. `before` is how it was asked, or its predecessor; `value` is the stored answer, `moved` the new one.

    `changes` are the fields that change what an answer counts for or when it is asked.
    """

    kind: Kind
    question: Question
    before: Question | None = None
    value: str = ""
    moved: str = ""
    changes: tuple[Change, ...] = ()

    @property
    def source(self) -> str:
        """The key of the predecessor whose answer is suggested; "" when there is none."""
        return self.before.key if self.kind == "split" and self.before else ""

    @property
    def means(self) -> Text:
        """What the team has to do, in a sentence."""
        return MEANS[self.kind].filled(source=self.source)

    @property
    def is_to_confirm(self) -> bool:
        """Say whether the answer waits for somebody to look at it."""
        return self.kind in ("reworded", "split")


def steps(old: Sheet, new: Sheet, values: Mapping[str, str]) -> list[Step]:
    """Return what happens to every question of the new sheet, in its order, and to every answer that has no place in it.

    `values` are the stored answers, also of questions that an earlier version asked.
    """
    before, after = questions_of(old), questions_of(new)
    found = [_step(old.framework, new.framework, before, question, values) for question in after.values()]
    found = _rescored(found, _steering(old), _steering(new))
    gone = [Step("dropped", q, q, values[key]) for key, q in before.items() if key not in after and values.get(key)]
    return found + gone


def _step(
    old: Framework, new: Framework, before: Mapping[str, Question], question: Question, values: Mapping[str, str]
) -> Step:
    value, was = values.get(question.key, ""), before.get(question.key)
    if not value:
        suggestion = next(_suggestions(new, before, question, values), None)
        if suggestion and was is None:
            return suggestion
        return Step("kept" if was else "new", question, was)
    moved = kept_value(was or question, question, _possible(new, question), value)
    if not moved:
        return Step("lost", question, was, value)
    same = was is not None and not asks_otherwise(old, was, new, question, value)
    return Step("kept" if same else "reworded", question, was, value, moved)


def _rescored(found: list[Step], before: _Steering, after: _Steering) -> list[Step]:
    """Return the steps with what scores or steers their questions otherwise; such a question is not kept as it was."""
    done = []
    for step in found:
        key = step.question.key
        changes = tuple(_changes(key, before[key], after[key])) if key in before else ()
        kind: Kind = "rescored" if step.kind == "kept" and changes else step.kind
        done.append(replace(step, kind=kind, changes=changes))
    return done


def _changes(key: str, before: Mapping[_Place, Any], after: Mapping[_Place, Any]) -> Iterator[Change]:
    for (table, field), value in after.items():
        if before[table, field] != value:
            kind: Literal["rescored", "changed"] = "changed" if field == "when" else "rescored"
            yield Change(kind, table, key, field, before[table, field], value)


def _steering(sheet: Sheet) -> _Steering:
    """Return for every question what its answer counts for and when it is asked, also by its section and its questionnaire."""
    found: _Steering = {}
    for each in sheet.questionnaires:
        whole = _plain(each, ("when",))
        for section, question in each.questions():
            around = {("", "when"): whole["when"]}
            around |= {("sections", name): value for name, value in _plain(section, ("item", "when")).items()}
            own = _plain(question, ("weight", "gate", "points", "when"))
            found[question.key] = {("questions", name): value for name, value in own.items()} | around
    return found


def _plain(part: Part, fields: Sequence[str]) -> dict[str, Any]:
    return part.model_dump(mode="json", by_alias=True, include=set(fields))


def _suggestions(
    framework: Framework, before: Mapping[str, Question], question: Question, values: Mapping[str, str]
) -> Iterator[Step]:
    for key in question.replaces:
        was, value = before.get(key), values.get(key, "")
        if was is None or not value:
            continue
        if moved := kept_value(was, question, _possible(framework, question), value):
            yield Step("split", question, was, value, moved)


def _possible(framework: Framework, question: Question) -> tuple[str, ...]:
    """Return the values that an answer can have: what can be chosen, and for what is written or attached that something was given."""
    given = (GIVEN,) if question.kind in WRITTEN or question.kind == "file" else ()
    return (*values_of(framework, question), *given)


def asks_otherwise(old: Framework, was: Question, new: Framework, question: Question, value: str) -> bool:
    """Say whether what the answer was given to is no longer the same: wording, kind, choices, or the step of the scale."""
    if any(getattr(was, name) != getattr(question, name) for name in CONFIRMED):
        return True
    one, other = old.step(value), new.step(value)
    return question.kind == "scale" and (
        one is None or other is None or (one.name, one.note) != (other.name, other.note)
    )


def questions_of(sheet: Sheet) -> dict[str, Question]:
    """Return every question by its key."""
    return {question.key: question for each in sheet.questionnaires for _, question in each.questions()}


def moved_values(found: list[Step]) -> dict[str, str]:
    """Return the answers as they would stand after the move."""
    return {step.question.key: step.moved for step in found if step.moved}


def moved_ratings(framework: Framework, ratings: Mapping[str, Rating]) -> dict[str, Rating]:
    """Return the ratings that the framework knows; a grade that is not on its scale is to be chosen again."""
    most = len(framework.severity), len(framework.likelihood)
    return {
        item.code: Rating(_grade(rating.severity, most[0]), _grade(rating.likelihood, most[1]))
        for item in framework.items
        if (rating := ratings.get(item.code))
    }


def _grade(grade: int | None, most: int) -> int | None:
    return grade if grade is not None and grade <= most else None


def counts(found: list[Step]) -> dict[str, int]:
    """Return how many answers or questions each kind concerns; questions that are still unanswered count as nothing kept."""
    counted = Counter(step.kind for step in found if step.kind != "kept" or step.value)
    return {kind: counted[kind] for kind in KINDS}
