"""A meeting of the committee as it is written: who attended, what was on the agenda, how it was voted."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from governance.demo.written import Choice, Clock, Condition, Said, Written


class Absence(Written):
    """A member who steps back from an item, with the reason."""

    person: Said
    reason: Said


class Votes(Written):
    """Who voted how; whoever is not named has not voted."""

    for_: list[Said] = Field(default=[], alias="for")
    against: list[Said] = Field(default=[])
    abstain: list[Said] = Field(default=[])

    def ballots(self) -> list[tuple[str, str]]:
        """Return (person, choice) of everybody who has voted."""
        choices = (("for", self.for_), ("against", self.against), ("abstain", self.abstain))
        return [(voter, choice) for choice, voters in choices for voter in voters]


class Above(Written):
    """What the executive decided on a case that the committee escalated."""

    day: int
    by: Said
    outcome: Choice
    rationale: Said


class Item(Written):
    """One case on an agenda. With `rationale` it was decided, with `deferral` put off, with `votes` alone it is being voted on.

    With `waives` it is about the waiver of the conditions with these numbers, `asked` for the reason given there.
    """

    project: Said
    phase: Said
    recusals: list[Absence] = Field(default=[])
    issues: str = ""
    motion: Choice | None = None
    votes: Votes | None = None
    dissent: dict[str, Said] = Field(default={})
    rationale: str = ""
    deferral: str = ""
    conditions: list[Condition] = Field(default=[])
    waives: list[int] = Field(default=[])
    asked: str = ""
    escalated_to: str = ""
    above: Above | None = None


class Attendance(Written):
    """Who was in the room and who on the line."""

    in_person: list[Said]
    remote: list[Said] = Field(default=[])


class Session(Written):
    """One meeting. Without `time` it is the one that is open now."""

    key: Said
    planned: int
    materials_sent: int
    day: int
    time: Clock | None = None
    place: Said
    place_en: Said
    attendance: Attendance
    items: list[Item]


class Answer(Written):
    """What a member said to a circulation."""

    day: int
    person: Said
    choice: Literal["agree", "full_board"] = "agree"
    remark: str = ""


class Circulated(Written):
    """An expedited matter that was decided by circulation."""

    project: Said
    phase: Said
    day: int
    closes: int
    outcome: Choice
    rationale: Said
    members: list[Said]
    answers: list[Answer]
    conditions: list[Condition] = Field(default=[])
