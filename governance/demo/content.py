"""The content of the demonstration as it is written in `seeds/demo/`: what each file may say, checked before anything is built.

Days are whole numbers counted from the day of building (negative = past), so the story stays fresh; `{-12}` inside a text becomes
that day's date. Who may do what and what a score is are decided by the services, never here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from governance.questionnaires.reading import parse
from governance.refusals import Problem, Refusals
from governance.texts import Text

Said = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Clock = Annotated[str, StringConstraints(pattern=r"^[0-2][0-9]:[0-5][0-9]$")]
Choice = Literal["approved", "approved_with_conditions", "returned", "deferred", "rejected", "escalated"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Person(_Part):
    """One invented person with an account."""

    key: Said
    name: Said
    name_en: Said
    email: Said
    department: Said
    department_en: Said
    roles: list[Said]
    locale: Literal["ja", "en"]


class Seat(_Part):
    """A member of the committee for a term."""

    person: Said
    side: Literal["internal", "external"]
    expertise: list[Said]
    is_chair: bool = False
    term_from: int
    term_until: int


class Committee(_Part):
    """The committee; its rules are those of the framework."""

    key: Said
    name: Said
    name_en: Said
    authority: Literal["deciding", "advisory"]
    created: int
    members: list[Seat]


class Paper(_Part):
    """A piece of evidence: a small generated file, or a link. `supports` names the questions it is attached to."""

    key: str = ""
    title: Said
    title_en: Said
    filename: str = ""
    url: str = ""
    supports: list[Said] = []


class Trigger(_Part):
    """An answer of the trigger sheet with its reason."""

    value: Literal["yes", "no", "unknown"]
    reason: Said


class Estimate(_Part):
    """Severity and likelihood of one item with reasons."""

    severity: int
    likelihood: int
    severity_reason: Said
    likelihood_reason: Said


class Reply(_Part):
    """What the team says to one question. Without a value: done, with evidence if a paper supports the question."""

    value: str = ""
    remark: Said
    due: int | None = None


class Done(_Part):
    """A report of a condition: what was done and what shows it."""

    day: int
    report: Said
    evidence: Paper


class Verdict(_Part):
    """A verifier's word on a reported condition."""

    day: int
    verdict: Said


class Condition(_Part):
    """A condition of a decision and what became of it."""

    text: Said
    text_en: Said
    kind: Literal["pre_start", "pre_launch", "periodic"]
    owner: Said
    verifier: Said
    due: int
    reported: Done | None = None
    verified: Verdict | None = None
    rejected: Verdict | None = None


class Taken(_Part):
    """A member of the expert team takes the case."""

    act: Literal["taken"]
    day: int
    by: Said


class Ruled(_Part):
    """A reviewer rules on 該当なし."""

    act: Literal["ruled"]
    day: int
    by: Said
    kind: Literal["not_applicable"]
    target: Said
    outcome: Literal["accepted", "refused"]
    reason: Said


class Returned(_Part):
    """The expert team sends the case back."""

    act: Literal["returned"]
    day: int
    by: Said
    reason: Said


class Resubmitted(_Part):
    """The team changes answers and hands in the next revision."""

    act: Literal["resubmitted"]
    day: int
    evidence: list[Paper] = []
    answers: dict[str, Reply] = {}


class Opined(_Part):
    """The expert team gives its opinion."""

    act: Literal["opined"]
    day: int
    by: Said
    recommendation: Choice
    opinion: Said


class Decided(_Part):
    """A decision without the committee: department head or expert team."""

    act: Literal["decided"]
    day: int
    by: Said
    outcome: Choice
    rationale: Said
    conditions: list[Condition] = []


class StopConfirmed(_Part):
    """The legal department confirms a hard stop."""

    act: Literal["stop_confirmed"]
    day: int
    by: Said
    stop: Said
    reason: Said


Event = Annotated[
    Taken | Ruled | Returned | Resubmitted | Opined | Decided | StopConfirmed, Field(discriminator="act")
]


class Expected(_Part):
    """What the rules must make of the screening; tests compare it with what the services computed. Nothing rated: no levels."""

    route: Said
    inherent: int | None = None
    residual: int | None = None
    state: Said


class Filling(_Part):
    """One screening of one phase. Without `triggers` those of the phase before are confirmed; `answered` limits a draft, and
    without `ratings` the team has got no further than the trigger sheet.
    """

    phase: Said
    opened: int
    due: int
    triggers: dict[str, Trigger] = {}
    ratings: dict[str, Estimate] = {}
    default: str = ""
    answered: list[Said] | None = None
    evidence: list[Paper] = []
    answers: dict[str, Reply] = {}
    submitted: int | None = None
    events: list[Event] = []
    expect: Expected

    def value(self, key: str) -> str:
        """Return the value of a question: as written, else done — with evidence when a paper supports it."""
        reply = self.answers.get(key)
        if reply and reply.value:
            return reply.value
        return "done_evidenced" if any(key in paper.supports for paper in self.evidence) else self.default

    def covers(self, key: str) -> bool:
        """Say whether the team has got to the question (a draft answers only some sections)."""
        return self.answered is None or any(key.startswith(section) for section in self.answered)


class Member(_Part):
    """A member of a project team, from a day until a day."""

    person: Said
    from_: int = Field(alias="from")
    until: int | None = None


class About(_Part):
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


class Case(_Part):
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


class Absence(_Part):
    """A member who steps back from an item, with the reason."""

    person: Said
    reason: Said


class Votes(_Part):
    """Who voted how; whoever is not named has not voted."""

    for_: list[Said] = Field(default=[], alias="for")
    against: list[Said] = []
    abstain: list[Said] = []

    def ballots(self) -> list[tuple[str, str]]:
        """Return (person, choice) of everybody who has voted."""
        choices = (("for", self.for_), ("against", self.against), ("abstain", self.abstain))
        return [(voter, choice) for choice, voters in choices for voter in voters]


class Item(_Part):
    """One case on an agenda. With `rationale` it was decided, with `deferral` put off, with `votes` alone it is being voted on."""

    project: Said
    phase: Said
    recusals: list[Absence] = []
    issues: str = ""
    motion: Choice | None = None
    votes: Votes | None = None
    dissent: dict[str, Said] = {}
    rationale: str = ""
    deferral: str = ""
    conditions: list[Condition] = []


class Attendance(_Part):
    """Who was in the room and who on the line."""

    in_person: list[Said]
    remote: list[Said] = []


class Session(_Part):
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


class Content(_Part):
    """Everything the demonstration is built from."""

    people: list[Person]
    committee: Committee
    meetings: list[Session]
    cases: list[Case]

    def person(self, key: str) -> Person:
        """Return the person with this key; KeyError when there is none."""
        return {person.key: person for person in self.people}[key]


PartT = TypeVar("PartT", bound=BaseModel)


class _People(_Part):
    people: list[Person]


class _Meetings(_Part):
    meetings: list[Session]


def read_content(folder: Path) -> Content:
    """Read `seeds/demo/`; raise `Refusals` naming file, line and column of whatever does not fit."""
    content = Content(
        people=_read(folder / "people.yaml", _People).people,
        committee=_read(folder / "committee.yaml", Committee),
        meetings=_read(folder / "meetings.yaml", _Meetings).meetings,
        cases=[_read(path, Case) for path in sorted((folder / "projects").glob("*.yaml"))],
    )
    Refusals.raise_any(_strangers(content))
    return content


def _read(path: Path, kind: type[PartT]) -> PartT:
    source = parse(path.name, path.read_text(encoding="utf-8"))
    try:
        return kind.model_validate_json(json.dumps(source.tree, ensure_ascii=False))
    except ValidationError as error:
        wrong = Text("値が正しくありません：{what}", "Not valid: {what}")
        raise Refusals([
            Problem(f"demo.{each['type']}", wrong.filled(what=each["msg"]), source.place(each["loc"])) for each in error.errors()
        ]) from error


def _strangers(content: Content) -> list[Problem]:
    """Return every name of a person or project that is used but not listed."""
    people = {person.key for person in content.people}
    cases = {case.key for case in content.cases}
    items = [item for session in content.meetings for item in session.items]
    conditions = [condition for item in items for condition in item.conditions]
    used: Sequence[str] = [
        *(seat.person for seat in content.committee.members),
        *(key for case in content.cases for key in (case.owner, case.approver, *(m.person for m in case.members))),
        *(event.by for case in content.cases for one in case.screenings for event in one.events if not isinstance(event, Resubmitted)),
        *(key for session in content.meetings for key in (*session.attendance.in_person, *session.attendance.remote)),
        *(key for condition in conditions for key in (condition.owner, condition.verifier)),
    ]
    unknown = sorted({*used} - people | {item.project for item in items} - cases)
    return [Problem("demo.unknown", Text(f"「{key}」はありません。", f"There is no “{key}”."), key) for key in unknown]
