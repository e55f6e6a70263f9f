"""A project of the demonstration as it is written: what it says about itself, its screenings, and what reviewers did with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from governance.demo.written import Choice, Condition, Paper, Said, Written, pack_of
from governance.questionnaires.definition import GIVEN


class Trigger(Written):
    """An answer of the trigger sheet with its reason."""

    value: Literal["yes", "no", "unknown"]
    reason: Said


class Estimate(Written):
    """Severity and likelihood of one item with reasons."""

    severity: int
    likelihood: int
    severity_reason: Said
    likelihood_reason: Said


class Reply(Written):
    """What the team says to one question. Without a value: done, with evidence if a paper supports the question.

    Codes of a multiple choice stand in one value with spaces between; a number in a cell of `rows` is a day.
    """

    value: str = ""
    remark: str = ""
    due: int | None = None
    text: str = ""
    rows: list[dict[str, str | int]] = Field(default=[])


class Taken(Written):
    """A member of the expert team takes the case."""

    act: Literal["taken"]
    day: int
    by: Said


class Ruled(Written):
    """A reviewer rules on 該当なし."""

    act: Literal["ruled"]
    day: int
    by: Said
    kind: Literal["not_applicable"]
    target: Said
    outcome: Literal["accepted", "refused"]
    reason: Said


class Returned(Written):
    """The expert team sends the case back."""

    act: Literal["returned"]
    day: int
    by: Said
    reason: Said


class Resubmitted(Written):
    """The team changes answers and hands in the next revision."""

    act: Literal["resubmitted"]
    day: int
    evidence: list[Paper] = Field(default=[])
    answers: dict[str, Reply] = Field(default={})


class Opined(Written):
    """The expert team gives its opinion."""

    act: Literal["opined"]
    day: int
    by: Said
    recommendation: Choice
    opinion: Said
    risks: str = ""
    open_points: str = ""


class Challenged(Written):
    """The reviewer challenges an answer or a grade of an item."""

    act: Literal["challenged"]
    day: int
    by: Said
    kind: Literal["answer", "severity", "likelihood"] = "answer"
    target: Said
    proposed: str
    reason: Said


class Replied(Written):
    """The team answers the challenge of that number."""

    act: Literal["replied"]
    day: int
    by: Said
    number: int
    reply: Said


class Concluded(Written):
    """The reviewer upholds or withdraws the challenge of that number."""

    act: Literal["concluded"]
    day: int
    by: Said
    number: int
    upheld: bool
    verdict: Said


class Discussed(Written):
    """The review waits for a discussion of `topic`; `outcome` ends one."""

    act: Literal["discussed"]
    day: int
    by: Said
    topic: str = ""
    outcome: str = ""
    participants: str = ""


class Cited(Written):
    """A precedent is cited: the decision on a phase of another project."""

    act: Literal["cited"]
    day: int
    by: Said
    project: Said
    of: Said
    note: Said


class Decided(Written):
    """A decision without the committee: department head or expert team."""

    act: Literal["decided"]
    day: int
    by: Said
    outcome: Choice
    rationale: Said
    conditions: list[Condition] = Field(default=[])


class StopConfirmed(Written):
    """The legal department confirms a hard stop."""

    act: Literal["stop_confirmed"]
    day: int
    by: Said
    stop: Said
    reason: Said


Event = Annotated[
    Taken
    | Ruled
    | Challenged
    | Replied
    | Concluded
    | Discussed
    | Cited
    | Returned
    | Resubmitted
    | Opined
    | Decided
    | StopConfirmed,
    Field(discriminator="act"),
]


class Expected(Written):
    """What the rules must make of the screening; tests compare it with what the services computed. Nothing rated: no levels."""

    route: Said
    inherent: int | None = None
    residual: int | None = None
    state: Said


class Filling(Written):
    """One screening of one phase. Without `triggers` those of the phase before are confirmed; `answered` limits a draft, and
    without `ratings` the team has got no further than the trigger sheet.
    """

    phase: Said
    opened: int
    due: int
    triggers: dict[str, Trigger] = Field(default={})
    ratings: dict[str, Estimate] = Field(default={})
    default: str = ""
    answered: list[Said] | None = None
    evidence: list[Paper] = Field(default=[])
    answers: dict[str, Reply] = Field(default={})
    submitted: int | None = None
    events: list[Event] = Field(default=[])
    expect: Expected

    def value(self, key: str) -> str:
        """Return the value of a question: as written, else done — with evidence when a paper supports it."""
        reply = self.answers.get(key)
        if reply and (reply.text or reply.rows):
            return GIVEN
        if reply and reply.value:
            return reply.value
        return "done_evidenced" if any(paper.backs(key) for paper in self.evidence) else self.default

    def remark(self, key: str) -> str:
        """Return what the team adds to its answer: its own words, else those that go with the paper of the pack."""
        if key in self.answers:
            return self.answers[key].remark
        return next((paper.says for paper in self.evidence if pack_of(key) in paper.supports), "")

    def supported(self, paper: Paper, asked: Sequence[str]) -> list[str]:
        """Return the questions a paper is attached to: those it names, and of its packs those that are done with evidence."""
        named = [key for key in paper.supports if not key.isalpha()]
        rest = [key for key in asked if key not in named and paper.backs(key)]
        return named + [key for key in rest if self.value(key) == "done_evidenced"]

    def covers(self, key: str) -> bool:
        """Say whether the team has got to the question (a draft answers only some sections)."""
        return self.answered is None or any(key.startswith(section) for section in self.answered)


class Member(Written):
    """A member of a project team, from a day until a day."""

    person: Said
    from_: int = Field(alias="from")
    until: int | None = None


class About(Written):
    """What a project says about itself: the fields of `projects.rules.Particulars`, all filled in both languages."""

    name: Said
    name_en: Said
    summary: Said
    summary_en: Said
    sector: Said
    regions: list[Said]
    own_roles: list[Said]
    customer: Said
    customer_en: Said
    end_subjects: Said
    end_subjects_en: Said
    techniques: list[Said]
    system_version: Said
    department: Said
    department_en: Said


class Case(Written):
    """One project with its screenings. `case` is the row of the table of known AI systems it is modelled on."""

    key: Said
    case: int
    language: Literal["ja", "en"] = "ja"
    registered: int
    owner: Said
    members: list[Member]
    approver: Said
    project: About
    screenings: list[Filling]
