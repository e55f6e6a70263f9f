"""Learning in the demonstration: courses with who attended them, and KYT sessions with what was said in their rounds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from governance.demo.written import Clock, Said, Written


class Attended(Written):
    """People attended on a day; by their own record, each records it, else the secretariat does."""

    day: int = Field(le=-1)
    people: list[Said]
    source: Literal["class", "self"] = "class"
    note: str = ""


class Stated(Written):
    """The terms of a course from a day on."""

    day: int = Field(le=-1)
    months: int
    mode: Literal["off", "warn", "require"]
    acts: list[Literal["fill", "review", "vote"]]
    roles: list[Said] = Field(default=[])
    reason: str = ""


class Taught(Written):
    """A course, added on the day of its first terms."""

    code: Said
    title: Said
    title_en: Said
    about: Said
    about_en: Said
    place: Said
    place_en: Said
    self_record: bool = False
    terms: list[Stated]
    attended: list[Attended]


class Answered(Written):
    """A measure; `key` for one marked ※."""

    text: Said
    key: bool = False


class Foreseen(Written):
    """A danger with its mark and measures."""

    cause: Said
    event: Said
    mark: Literal["none", "important", "key"] = "none"
    measures: list[Answered] = Field(default=[])


class Carry(Written):
    """The first key measure became a measure of a screening of the project."""

    day: int = Field(le=-1)
    by: Said
    phase: Said
    owner: Said
    due: int


class Foresight(Written):
    """A KYT session, finished on the day it was held."""

    key: Said
    scenario: Said
    project: str = ""
    day: int = Field(le=-1)
    time: Clock
    place: Said
    leader: Said
    scribe: Said
    people: list[Said]
    hazards: list[Foreseen]
    goal: Said
    call: str = ""
    carry: Carry | None = None


class Learning(Written):
    """What was taught and foreseen."""

    courses: list[Taught]
    sessions: list[Foresight]

    def people(self) -> set[str]:
        """Return everybody who is named."""
        found = {key for course in self.courses for each in course.attended for key in each.people}
        for one in self.sessions:
            found |= {one.leader, one.scribe, *one.people} | ({one.carry.by, one.carry.owner} if one.carry else set())
        return found
