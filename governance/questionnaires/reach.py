"""Which questions can ever be asked: conditions that go in a circle, and questions that no answers can show.

Where conditions go in a circle nobody could say what is asked, so it is refused. Without circles it is decided exactly whether any
answers, in any phase the question belongs to, show it. Each search has a bound on its steps; where it is reached, that is said
instead of guessing.
"""

from __future__ import annotations

from collections.abc import Sequence

from governance.questionnaires.conditions import InPack, InPhase, leaves, sentence
from governance.questionnaires.definition import Framework, Questionnaire
from governance.questionnaires.domains import Narrower
from governance.questionnaires.finding import Found, Path, listed, placed, short
from governance.questionnaires.ordering import circles, ordered
from governance.questionnaires.search import Search
from governance.questionnaires.visibility import PACK, Shown, Visibility
from governance.texts import Text, joined

SEARCH_STEPS, ALL_STEPS = 20_000, 300_000


def problems(
    framework: Framework, questionnaires: Sequence[Questionnaire], steps: tuple[int, int] = (SEARCH_STEPS, ALL_STEPS)
) -> list[tuple[str, Found]]:
    """Return circles, unreachable questions, and questions that could not be decided, as (document key, problem).

    `steps` bounds one search and all of them together. Questions behind a circle are not looked at further.
    """
    sheet = Visibility(framework, questionnaires)
    found = [_circle(sheet, circle) for circle in circles(sheet.rests_on)]
    reach = _Reach(sheet, steps)
    reach.decide()
    for key in sheet.shown:
        if key in reach.open:
            found.append(_undecided(sheet, key))
        elif key in reach.never:
            found.append(_unreachable(sheet, key))
    return found


class _Reach:
    """Decides for every question that stands behind no circle: reachable, never, or open because the bound was reached.

    Questions that rest on the most are tried first: answers that show one show everything it rests on. After a failure what it
    rests on is decided from the ground up, with what is already known to be unreachable left unanswered.
    """

    def __init__(self, sheet: Visibility, steps: tuple[int, int]) -> None:
        self.sheet = sheet
        self.each, self.left = steps
        conditions = [c for shown in sheet.shown.values() for c in shown.conditions]
        conditions += [c for ways in sheet.attaching.values() for c in ways]
        looks = (leaf for c in conditions for leaf in leaves(c) if not isinstance(leaf, InPack | InPhase))
        self.narrower = Narrower(sheet.catalogue.framework, sheet.catalogue.questions, looks)
        self.order = [node for node in ordered(sheet.rests_on) if node in sheet.shown]
        self.reached: set[str] = set()
        self.dead: dict[str, set[str]] = {}
        self.undecided: set[tuple[str, str]] = set()
        self.never: set[str] = set()
        self.open: set[str] = set()

    def decide(self) -> None:
        """Fill `never` and `open`."""
        phases = dict.fromkeys([*self.sheet.phases, *(p for key in self.order for p in self.sheet.phases_of(key))])
        for phase in phases:
            self._decide(phase, [key for key in self.order if phase in self.sheet.phases_of(key)])
        for key in self.order:
            if key not in self.reached:
                is_open = any((key, phase) in self.undecided for phase in self.sheet.phases_of(key))
                (self.open if is_open else self.never).add(key)

    def _decide(self, phase: str, keys: Sequence[str]) -> None:
        dead = self.dead.setdefault(phase, set())
        doubted: set[str] = set()
        for key in reversed(keys):
            if key not in self.reached and key not in doubted and not self._search(key, phase, dead):
                self._doubt(key, doubted)
        for key in keys:
            if key not in self.reached and key not in dead:
                self._search(key, phase, dead)

    def _search(self, key: str, phase: str, dead: set[str]) -> bool:
        search = Search(self.sheet, self.narrower, phase, dead, min(self.each, self.left))
        outcome = search.shows(key)
        self.left -= search.steps
        self.undecided.discard((key, phase))
        if outcome is None:
            self.undecided.add((key, phase))
        elif outcome:
            self.reached |= {k for k in (key, *search.needed()) if phase in self.sheet.phases_of(k)}
        else:
            dead.add(key)
        return bool(outcome)

    def _doubt(self, key: str, doubted: set[str]) -> None:
        """Leave what a failed question rests on to the second round."""
        ahead = list(self.sheet.rests_on[key])
        while ahead:
            node = ahead.pop()
            if node not in doubted:
                doubted.add(node)
                ahead += self.sheet.rests_on[node]


# ---------------------------------------------------------------- what is said


def _circle(sheet: Visibility, circle: list[str]) -> tuple[str, Found]:
    """Return the problem of a circle, at its first question; one of packs alone stands at the questionnaire of the pack."""
    turn = next((place for place, node in enumerate(circle) if node in sheet.shown), 0)
    nodes = [*circle[turn:], *circle[:turn], circle[turn]]
    ja, en = (listed([_name(node, word) for node in nodes], " → ") for word in ("追加質問群 ", "pack "))
    said = Text(
        f"条件が循環しています：{ja}。どれか一つの条件を外してください。",
        f"Conditions go in a circle: {en}. Remove one of them.",
    )
    if nodes[0] in sheet.shown:
        shown = sheet.shown[nodes[0]]
        return shown.document.key, ("seed.circle", _place(shown, nodes[1]), said)
    code = nodes[0].removeprefix(PACK)
    each = next((q for q in sheet.catalogue.questionnaires if q.kind == "pack" and q.pack == code), None)
    return (each.key if each else sheet.catalogue.framework.key), ("seed.circle", ("when",), said)


def _name(node: str, word: str) -> str:
    return word + node.removeprefix(PACK) if node.startswith(PACK) else node


def _place(shown: Shown, node: str) -> Path:
    """Return the path of the look at `node` among the conditions of a question."""
    for condition, path in (
        (shown.question.when, (*shown.path, "when")),
        (shown.section.when, (*shown.path[:2], "when")),
        (shown.document.when, ("when",)),
    ):
        for where, leaf in placed(condition, path):
            if (PACK + leaf.in_pack if isinstance(leaf, InPack) else getattr(leaf, "question", "")) == node:
                return where
    return shown.place


def _unreachable(sheet: Visibility, key: str) -> tuple[str, Found]:
    shown = sheet.shown[key]
    text = Text(
        "質問「{key}」は、どのように答えても表示されません。条件：{condition}。条件か、条件が見ている質問を直してください。",
        "Question “{key}” is never asked, whatever is answered. Its condition: {condition}. "
        "Correct the condition or the questions it looks at.",
    )
    return shown.document.key, ("seed.unreachable", shown.place, _said(sheet, shown, text))


def _undecided(sheet: Visibility, key: str) -> tuple[str, Found]:
    shown = sheet.shown[key]
    text = Text(
        "質問「{key}」が表示されることがあるか、条件が複雑すぎて確かめきれません。条件：{condition}。条件を簡単にしてください。",
        "The conditions are too complex to decide whether question “{key}” is ever asked. Its condition: {condition}. "
        "Make it simpler.",
    )
    return shown.document.key, ("seed.reach_undecided", shown.place, _said(sheet, shown, text))


def _said(sheet: Visibility, shown: Shown, text: Text) -> Text:
    """Fill in the key and the whole condition of a question as a sentence, cut where it is very long."""
    parts = [sentence(condition, sheet.catalogue.label) for condition in shown.conditions]
    whole = joined(parts, "、かつ", " and ")
    return text.filled(key=shown.question.key, condition=Text(short(whole.ja, 300), short(whole.en, 300)))
