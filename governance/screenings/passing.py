"""Reading an old vector under other documents: the same key keeps its answer, a removed question drops, a new one is filled in.

An answer is kept when the question under the same key can still be answered so; a grade that the new scale does not have counts as
not rated. What a new question is taken to be answered with is chosen by the caller: nothing, the least risky or the most risky answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from operator import itemgetter
from typing import Literal

from governance.questionnaires.conditions import holds
from governance.questionnaires.definition import NOT_APPLICABLE, Framework, Question
from governance.questionnaires.methods import Points
from governance.screenings.looking import Kept
from governance.screenings.points import given
from governance.screenings.vectors import ELSEWHERE, Layout, Place, Vector

Assumed = Literal["unanswered", "best", "worst"]


def kept_value(old: Question, new: Question, values: Iterable[str], value: str) -> str:
    """Return the value that an answer to `old` has under `new`, which can be answered with `values`; "" when it has none.

    Numbers stay numbers and days stay days; anything else must be one of the values, each of them for a multiple choice.
    """
    known = set(values)
    if new.kind == "multiple":
        chosen = value.split(" ")
        return " ".join(each for each in values if each in chosen) if known.issuperset(chosen) else ""
    if value in known:
        return value
    stays = old.kind == new.kind and new.kind in ("number", "date") and value != NOT_APPLICABLE
    return value if stays else ""


class Passage:
    """From the layout of a screening to that of other documents."""

    def __init__(self, old: Layout, new: Layout, assumed: Assumed = "unanswered") -> None:
        self.old, self.new = old, new
        self.fresh = [key for key in new.places if key not in old.places]
        self._tail = self._filling(assumed)
        self._pick = _picker(self._spots())
        self._changed = [
            (old.places[place.question.key], place)
            for place in new.places.values()
            if place.question.key in old.places and not _same(old.places[place.question.key], place)
        ]
        self._coded = {place.question.key: Kept(_recoded(before, place)) for before, place in self._changed}
        self._same_places = not self._changed and self._spots() == list(range(old.size)) and old.size == new.size
        self._grades = _Grades(old.sheet.framework, new.sheet.framework)
        self._marks = Kept(self._marked)

    def __call__(self, vector: Vector) -> Vector:
        """Return the vector under the new documents."""
        if self._same_places and self._grades.are_same:
            return self._with_known_route(vector)
        codes, rest = self._pick(vector.codes + self._tail), vector.rest
        if self._changed:
            codes = self._repaired(vector, bytearray(codes))
        if rest:
            rest = {key: value for key, value in rest.items() if self._still_elsewhere(key, codes)}
        rated = (vector.severity, vector.likelihood) if self._grades.are_same else self._grades(vector)
        moved = Vector(codes, *rated, self._marks[vector.marks], rest, vector.rulings)
        return self._with_known_route(moved)

    def _with_known_route(self, vector: Vector) -> Vector:
        """Drop a ruling on the route that the new framework does not have."""
        route = vector.rulings.route
        if not route or route in {each.code for each in self.new.sheet.framework.routes}:
            return vector
        return replace(vector, rulings=replace(vector.rulings, route=""))

    def _spots(self) -> list[int]:
        """Return where each byte comes from: the old codes, or what new questions are filled with."""
        spots, after = list[int](), self.old.size
        for key, place in self.new.places.items():
            before = self.old.places.get(key)
            if before is not None:
                spots += [min(before.at + n, self.old.size - 1) for n in range(place.width)]
            else:
                spots += range(after, after + place.width)
                after += place.width
        return spots

    def _filling(self, assumed: Assumed) -> bytes:
        filled = b""
        for key in self.fresh:
            place = self.new.places[key]
            value = "" if assumed == "unanswered" else assumed_value(self.new, place, assumed)
            filled += place.code(value) or bytes(place.width)
        return filled

    def _repaired(self, vector: Vector, codes: bytearray) -> bytes:
        for before, place in self._changed:
            code = vector.codes[before.at : before.at + before.width]
            value = vector.rest.get(place.question.key, "") if before.value(code) is None else ""
            codes[place.at : place.at + place.width] = self._coded[place.question.key][code, value]
        return bytes(codes)

    def _still_elsewhere(self, key: str, codes: bytes) -> bool:
        place = self.new.places.get(key)
        return place is not None and place.value(codes[place.at : place.at + place.width]) is None

    def _marked(self, marks: bytes) -> bytes:
        if not marks:
            return b""
        numbers = {key: place.number for key, place in self.old.places.items()}
        moved = bytes(marks[numbers[key]] if key in numbers else 0 for key in self.new.places)
        return moved if any(moved) else b""


class _Grades:
    """Severity and likelihood per item, by the items and the scales of the new framework."""

    def __init__(self, old: Framework, new: Framework) -> None:
        codes = [item.code for item in old.items]
        spots = [codes.index(item.code) if item.code in codes else len(codes) for item in new.items]
        self._pick = _picker(spots)
        highest = (len(new.severity), len(new.likelihood))
        self.are_same = spots == list(range(len(codes))) and highest == (len(old.severity), len(old.likelihood))
        self._tables = [bytes(grade if grade <= most else 0 for grade in range(256)) for most in highest]

    def __call__(self, vector: Vector) -> tuple[bytes, bytes]:
        severity, likelihood = (self._pick(each + b"\0") for each in (vector.severity, vector.likelihood))
        return severity.translate(self._tables[0]), likelihood.translate(self._tables[1])


def _picker(spots: list[int]) -> Callable[[bytes], bytes]:
    if len(spots) > 1:
        pick = itemgetter(*spots)
        return lambda codes: bytes(pick(codes))
    return lambda codes: bytes(codes[spot] for spot in spots)


def _same(old: Place, new: Place) -> bool:
    """Say whether every code means the same in both places, also the one for a value that lies elsewhere."""
    return (old.width, old.values, old.is_multiple) == (new.width, new.values, new.is_multiple) and (
        old.question.kind == new.question.kind or not (old.may_lie_elsewhere or new.may_lie_elsewhere)
    )


def _recoded(old: Place, new: Place) -> Callable[[tuple[bytes, str]], bytes]:
    def work(key: tuple[bytes, str]) -> bytes:
        code, elsewhere = key
        value = old.value(code)
        value = kept_value(old.question, new.question, new.values, elsewhere if value is None else value)
        return new.elsewhere if (found := new.code(value)) is None else found

    return work


# ---------------------------------------------------------------- what a new question could be answered with


def assumed_value(layout: Layout, place: Place, assumed: Assumed) -> str:
    """Return the least or the most risky answer to a question: by the route and number of effects it fires, then by its points."""
    values = ["", *place.values[: ELSEWHERE - 1]]
    if place.is_multiple and place.values:
        values.append(" ".join(place.values))
    risks = {value: _risk(layout.sheet.framework, place.question, value) for value in values}
    return (min if assumed == "best" else max)(values, key=risks.__getitem__)


def _risk(framework: Framework, question: Question, value: str) -> tuple[int, int, Decimal, Decimal, Decimal]:
    answers: Mapping[str, str] = {question.key: value}
    fired = [e for e in framework.effects if question.key == e.trigger and holds(e.when, answers)]
    step = framework.step(value) if question.kind == "scale" else None
    rules = framework.scoring
    risk = mitigation = Decimal(0)
    if isinstance(rules, Points):
        risk = sum((given(question, total, value) for total in rules.risk), Decimal(0))
        mitigation = given(question, rules.mitigation.total, value) if rules.mitigation else mitigation
    route = max((framework.route_rank(e.route) for e in fired if e.route), default=0)
    return route, len(fired), risk, -mitigation, -(step.factor or Decimal(0)) if step else Decimal(0)
