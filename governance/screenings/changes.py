"""What changed between two states of a screening: answers, grades, evidence, levels, route — for the team before it submits again and
for the reviewer of the new revision.

Both sides are contents as snapshots hold them (snapshots.py), so a frozen revision and the present state are compared alike. Answers
are said in words; free texts are marked where they differ. No HTTP and no SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from governance.questionnaires.definition import Framework, Question
from governance.screenings import explain, kinds
from governance.screenings.explain import ShownLevel
from governance.screenings.marking import Part, differences
from governance.texts import ERASED, Text, both

Content = Mapping[str, Any]
Kind = Literal["changed", "new", "gone"]
UNANSWERED = Text("未回答", "Not answered")
FREE = ("text", "long_text")


@dataclass(frozen=True)
class State:
    """One side: its content, and what gives names to its codes."""

    content: Content
    framework: Framework
    questions: Mapping[str, Question]

    @property
    def asked(self) -> list[str]:
        """The questions that are asked, in the order of the pages."""
        return list(self.content["score"]["asked"])

    @property
    def answers(self) -> dict[str, Content]:
        """The stored answers by question."""
        return {each["key"]: each for each in self.content["answers"]}

    @property
    def ratings(self) -> dict[str, Content]:
        """The grades by item."""
        return {each["item"]: each for each in self.content["ratings"]}

    @property
    def evidence(self) -> dict[str, Content]:
        """Every piece of evidence by identifier."""
        return {each["id"]: each for each in self.content["evidence"]}


@dataclass(frozen=True)
class Answered:
    """One question before and now. `text`, `remark` are empty when they are equal; pieces of evidence are named by title."""

    key: str
    topic: Text
    kind: Kind
    before: Text
    after: Text
    text: list[Part] = field(default_factory=list)
    remark: list[Part] = field(default_factory=list)
    due: tuple[str, str] | None = None
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    @property
    def same_words(self) -> bool:
        """Whether the answer itself is what it was."""
        return self.before == self.after and not self.text


@dataclass(frozen=True)
class Graded:
    """The grades of one item before and now, with their reasons marked; a reason is empty when it is equal."""

    item: str
    name: Text
    severity: tuple[str, str] | None
    likelihood: tuple[str, str] | None
    severity_reason: list[Part]
    likelihood_reason: list[Part]


@dataclass(frozen=True)
class Moved:
    """The levels of an item, or of the case (`item` is ""), before and now."""

    item: str
    name: Text
    inherent: tuple[ShownLevel | None, ShownLevel | None]
    residual: tuple[ShownLevel | None, ShownLevel | None]

    @property
    def is_same(self) -> bool:
        """Whether nothing moved."""
        return self.inherent[0] == self.inherent[1] and self.residual[0] == self.residual[1]


@dataclass(frozen=True)
class Changes:
    """Everything that changed between two states."""

    case: Moved
    items: list[Moved]
    route: tuple[Text, Text] | None
    versions: bool
    answers: list[Answered]
    grades: list[Graded]

    @property
    def total(self) -> int:
        """How many answers and grades changed."""
        return len(self.answers) + len(self.grades)

    def of(self, kind: Kind) -> list[Answered]:
        """Return the questions that changed, came, or went."""
        return [each for each in self.answers if each.kind == kind]


def compare(before: State, now: State, locale: str) -> Changes:
    """Return what changed from one state to another, in the order of the pages."""
    return Changes(
        case=_moved(before, now, "", Text("案件全体", "The whole case"), before.content["score"], now.content["score"]),
        items=[moved for moved in _items(before, now) if not moved.is_same],
        route=_route(before, now),
        versions=_versions(before) != _versions(now),
        answers=[each for key in _keys(before, now) if (each := _answer(before, now, key, locale)) is not None],
        grades=[grade for item in now.framework.items if (grade := _grade(before, now, item.code)) is not None],
    )


def _versions(state: State) -> list[str]:
    return [each["digest"] for each in [state.content["framework"], *state.content["questionnaires"]]]


def _route(before: State, now: State) -> tuple[Text, Text] | None:
    old, new = before.content["score"]["route"], now.content["score"]["route"]
    return None if old == new else (_route_name(before, old), _route_name(now, new))


def _route_name(state: State, code: str) -> Text:
    return next((each.name for each in state.framework.routes if each.code == code), both(code))


# ---------------------------------------------------------------- levels and grades


def _items(before: State, now: State) -> list[Moved]:
    old, new = ({each["item"]: each for each in side.content["score"]["items"]} for side in (before, now))
    return [
        _moved(before, now, item.code, item.name, old.get(item.code), new.get(item.code))
        for item in now.framework.items
    ]


def _moved(before: State, now: State, item: str, name: Text, old: Content | None, new: Content | None) -> Moved:
    inherent, residual = (
        (
            explain.level(before.framework, old[axis]) if old else None,
            explain.level(now.framework, new[axis]) if new else None,
        )
        for axis in ("inherent", "residual")
    )
    return Moved(item, name, inherent, residual)


def _grade(before: State, now: State, item: str) -> Graded | None:
    old, new = before.ratings.get(item, {}), now.ratings.get(item, {})
    grades = [_pair(old.get(axis), new.get(axis)) for axis in ("severity", "likelihood")]
    reasons = [_marked(old.get(name), new.get(name)) for name in ("severity_reason", "likelihood_reason")]
    if not any(grades) and not any(reasons):
        return None
    return Graded(item, now.framework.item(item).name, grades[0], grades[1], reasons[0], reasons[1])


def _pair(old: object, new: object) -> tuple[str, str] | None:
    return None if old == new else (str(old or "—"), str(new or "—"))


# ---------------------------------------------------------------- answers


def _keys(before: State, now: State) -> list[str]:
    """Return every question asked on either side, in the order of the pages; those that are gone last."""
    return list(dict.fromkeys([*now.asked, *before.asked]))


def _answer(before: State, now: State, key: str, locale: str) -> Answered | None:
    old, new = before.answers.get(key, {}), now.answers.get(key, {})
    kind: Kind = "changed" if key in before.asked and key in now.asked else "new" if key in now.asked else "gone"
    question = now.questions.get(key) or before.questions.get(key)
    added, removed = _evidence(before, now, old, new, locale)
    found = Answered(
        key=key,
        topic=question.topic if question else both(key),
        kind=kind,
        before=_words(before, key, old),
        after=_words(now, key, new),
        text=_marked(old.get("text"), new.get("text")) if question and question.kind in FREE else [],
        remark=_marked(old.get("remark"), new.get("remark")),
        due=_pair(old.get("due_on"), new.get("due_on")),
        added=added,
        removed=removed,
    )
    is_equal = found.same_words and not (found.remark or found.due or added or removed)
    return None if kind == "changed" and is_equal else found


def _words(state: State, key: str, answer: Content) -> Text:
    if not answer.get("value"):
        return UNANSWERED
    question = state.questions.get(key)
    if question is None:
        return both(answer["value"])
    if "text" in answer and answer["text"] is None:
        return ERASED
    return kinds.in_words(state.framework, question, answer["value"], answer.get("text") or "")


def _marked(old: str | None, new: str | None) -> list[Part]:
    """Return a text with what differs marked; nothing when it is the same."""
    return [] if (old or "") == (new or "") else differences(old or "", new or "")


def _evidence(before: State, now: State, old: Content, new: Content, locale: str) -> tuple[list[str], list[str]]:
    was, is_ = list(old.get("evidence", [])), list(new.get("evidence", []))
    return (
        [_title(now, id, locale) for id in is_ if id not in was],
        [_title(before, id, locale) for id in was if id not in is_],
    )


def _title(state: State, id: str, locale: str) -> str:
    piece = state.evidence.get(id, {})
    names = (piece.get("title_en"), piece.get("title")) if locale == "en" else (piece.get("title"),)
    return next((name for name in names if name), ERASED.in_(locale))
