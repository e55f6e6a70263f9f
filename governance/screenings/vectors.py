"""The answers of a submitted screening in a few hundred bytes, so that a changed questionnaire can be tried on all of them at once.

A `Layout` gives every question of the pinned documents a place; a `Vector` holds the answers there as codes, the ratings, and what
reviewers ruled. Nothing in it is new: it is derived from the snapshot and can be made from it again. Coding loses nothing: a value
without a code of its own (a number, a day) stands in `rest`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, NamedTuple

from governance.questionnaires.definition import GIVEN, WRITTEN, Framework, Question
from governance.questionnaires.values import values_of
from governance.screenings.result import Rating
from governance.screenings.routing import Rulings, Sheet
from governance.screenings.scoring import NO_RULINGS

ELSEWHERE = 255
"""The code of an answer whose value stands in `rest`; of a multiple choice it is the lowest bit."""
CARRIED, ACCEPTED, DISPROVED = 1, 2, 4
"""Marks of a question: carried forward from an earlier phase, 該当なし accepted, evidence disproved."""
LISTS = ("cleared", "confirmed", "raised_before", "released")


class Place(NamedTuple):
    """Where the answer to a question stands: `width` bytes from `at`; `values` are the codes it can be answered with, in order."""

    number: int
    at: int
    width: int
    question: Question
    values: tuple[str, ...]

    @property
    def is_multiple(self) -> bool:
        """A multiple choice has one bit per value after the lowest; every other kind has one code."""
        return self.question.kind == "multiple"

    @property
    def may_lie_elsewhere(self) -> bool:
        """Numbers and days have no code of their own; a multiple choice has none for values out of order."""
        return self.question.kind in ("number", "date", "multiple") or len(self.values) >= ELSEWHERE - 1

    def code(self, value: str) -> bytes | None:
        """Return the bytes of a value ("" = not answered), or None for a value that has no code."""
        if not value:
            return bytes(self.width)
        if not self.is_multiple:
            found = self._numbers.get(value, 0)
            return bytes((found,)) if found else None
        chosen = value.split(" ")
        bits = sum(2 ** self._numbers[each] for each in chosen) if self._knows(chosen) else 0
        return bits.to_bytes(self.width, "little") if bits else None

    def value(self, code: bytes) -> str | None:
        """Return the value of some bytes, or None when it stands elsewhere."""
        if not any(code):
            return ""
        if not self.is_multiple:
            return None if code[0] == ELSEWHERE else self.values[code[0] - 1]
        bits = int.from_bytes(code, "little")
        return None if bits & 1 else " ".join(v for n, v in enumerate(self.values, 1) if bits >> n & 1)

    @property
    def elsewhere(self) -> bytes:
        """The bytes that say: the value stands in `rest`."""
        return bytes((1,)).ljust(self.width, b"\0") if self.is_multiple else bytes((ELSEWHERE,))

    @property
    def _numbers(self) -> dict[str, int]:
        return {value: number for number, value in enumerate(self.values, 1)}

    def _knows(self, chosen: list[str]) -> bool:
        """Say whether the codes are known and stand once each in the order of the definition, as they are stored."""
        numbers = [self._numbers.get(each, 0) for each in chosen]
        return 0 not in numbers and numbers == sorted(set(numbers))


@dataclass(frozen=True)
class Vector:
    """The answers of one screening: codes and marks by the layout, severity and likelihood per item (0 = not rated)."""

    codes: bytes
    severity: bytes
    likelihood: bytes
    marks: bytes = b""
    rest: Mapping[str, str] = field(default_factory=dict)
    rulings: Rulings = NO_RULINGS


@dataclass(frozen=True)
class Layout:
    """The places of all questions of a sheet, in the order of its documents."""

    sheet: Sheet

    @cached_property
    def places(self) -> dict[str, Place]:
        """Question key → place."""
        found: dict[str, Place] = {}
        at = 0
        for number, question in enumerate(_questions(self.sheet)):
            place = _placed(self.sheet.framework, question, number, at)
            found[question.key] = place
            at += place.width
        return found

    @cached_property
    def size(self) -> int:
        """How many bytes the codes take."""
        return sum(place.width for place in self.places.values())

    def vector(self, answers: Mapping[str, str], ratings: Mapping[str, Rating], rulings: Rulings) -> Vector:
        """Code answers (question key → value), ratings and rulings; answers to questions the sheet does not have are left out.

        Which answers were carried forward is said by the sheet.
        """
        codes, rest = bytearray(self.size), dict[str, str]()
        for key, place in self.places.items():
            value = answers.get(key, "")
            code = place.code(value)
            if code is None:
                code, rest[key] = place.elsewhere, value
            codes[place.at : place.at + place.width] = code
        rated = [ratings.get(item.code, Rating()) for item in self.sheet.framework.items]
        return Vector(
            bytes(codes),
            bytes(each.severity or 0 for each in rated),
            bytes(each.likelihood or 0 for each in rated),
            self._marks(rulings),
            rest,
            Rulings(**{name: getattr(rulings, name) for name in (*LISTS, "route")}),
        )

    def _marks(self, rulings: Rulings) -> bytes:
        """Return one mark per question, or nothing when there is none at all."""
        marks = bytes(
            CARRIED * (key in self.sheet.carried)
            | ACCEPTED * (key in rulings.accepted)
            | DISPROVED * (key in rulings.disproved)
            for key in self.places
        )
        return marks if any(marks) else b""

    def answers(self, vector: Vector) -> dict[str, str]:
        """Return question key → value, of answered questions."""
        found = {}
        for key, place in self.places.items():
            value = place.value(vector.codes[place.at : place.at + place.width])
            if value := vector.rest[key] if value is None else value:
                found[key] = value
        return found

    def ratings(self, vector: Vector) -> dict[str, Rating]:
        """Return item → rating, of items with a grade."""
        both = zip(self.sheet.framework.items, vector.severity, vector.likelihood, strict=True)
        return {item.code: Rating(s or None, li or None) for item, s, li in both if s or li}

    def marked(self, vector: Vector, mark: int) -> frozenset[str]:
        """Return the keys of questions with a mark."""
        return frozenset(key for key, marks in zip(self.places, vector.marks, strict=False) if marks & mark)

    def rulings(self, vector: Vector) -> Rulings:
        """Return everything that was ruled."""
        lists: dict[str, Any] = {each.name: getattr(vector.rulings, each.name) for each in fields(Rulings)}
        lists["accepted"], lists["disproved"] = self.marked(vector, ACCEPTED), self.marked(vector, DISPROVED)
        return Rulings(**lists)


def layout_digest(framework: str, questionnaires: list[str], phase: str) -> str:
    """Return the name of a layout: the digest of the identifiers of the documents in order, and the phase."""
    return hashlib.sha256("\n".join([framework, phase, *questionnaires]).encode()).hexdigest()


def _questions(sheet: Sheet) -> list[Question]:
    """Return every question once: of one key in several documents the last, as `routing` reads them."""
    found = {question.key: question for each in sheet.questionnaires for _, question in each.questions()}
    return list(found.values())


def _placed(framework: Framework, question: Question, number: int, at: int) -> Place:
    values = tuple(values_of(framework, question))
    if question.kind in WRITTEN or question.kind == "file":
        values = (*values, GIVEN)
    if question.kind == "multiple":
        return Place(number, at, (len(values) + 8) // 8, question, values)
    return Place(number, at, 1, question, values[: ELSEWHERE - 1])
