"""The content of the demonstration as it is written in `seeds/demo/`: what each file may say, checked before anything is built.

Days are whole numbers counted from the day of building (negative = past), so the story stays fresh; `{-12}` inside a text becomes
that day's date. Who may do what and what a score is are decided by the services, never here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from governance.demo.cases import Case, Resubmitted
from governance.demo.doings import Ask, Doings, Reading, Remedy, Watch
from governance.demo.learning import Learning
from governance.demo.meetings import Circulated, Session
from governance.demo.written import Said, Written
from governance.questionnaires.reading import parse
from governance.refusals import Problem, Refusals
from governance.texts import Text


class Person(Written):
    """One invented person with an account."""

    key: Said
    name: Said
    name_en: Said
    email: Said
    department: Said
    department_en: Said
    roles: list[Said]
    locale: Literal["ja", "en"]


class Seat(Written):
    """A member of the committee for a term."""

    person: Said
    side: Literal["internal", "external"]
    expertise: list[Said]
    is_chair: bool = False
    term_from: int
    term_until: int
    alternate_of: str | None = None


class NewRules(Written):
    """A later version of the committee's rules: what it changes, and from which day."""

    day: int
    effective: int
    version: Said
    changes: dict[str, int | bool | str]
    reason: Said


class Committee(Written):
    """The committee; its first rules are those of the framework."""

    key: Said
    name: Said
    name_en: Said
    authority: Literal["deciding", "advisory"]
    created: int
    members: list[Seat]
    rules: list[NewRules] = Field(default=[])


class Content(Written):
    """Everything the demonstration is built from."""

    people: list[Person]
    committee: Committee
    meetings: list[Session]
    circulations: list[Circulated]
    cases: list[Case]
    doings: list[Doings]
    readings: list[Reading]
    learning: Learning

    def person(self, key: str) -> Person:
        """Return the person with this key; KeyError when there is none."""
        return {person.key: person for person in self.people}[key]


PartT = TypeVar("PartT", bound=BaseModel)


class _People(Written):
    people: list[Person]


class _Readings(Written):
    readings: list[Reading]


class _Meetings(Written):
    meetings: list[Session]
    circulations: list[Circulated] = Field(default=[])


def read_content(folder: Path) -> Content:
    """Read `seeds/demo/`; raise `Refusals` naming file, line and column of whatever does not fit."""
    sessions = _read(folder / "meetings.yaml", _Meetings)
    content = Content(
        people=_read(folder / "people.yaml", _People).people,
        committee=_read(folder / "committee.yaml", Committee),
        meetings=sessions.meetings,
        circulations=sessions.circulations,
        cases=[_read(path, Case) for path in sorted((folder / "projects").glob("*.yaml"))],
        doings=[_read(path, Doings) for path in sorted((folder / "doings").glob("*.yaml"))],
        readings=_read(folder / "readings.yaml", _Readings).readings,
        learning=_read(folder / "learning.yaml", Learning),
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
    conditions = [each for item in items for each in item.conditions] + [c for one in content.circulations for c in one.conditions]
    used: Sequence[str] = [
        *(seat.person for seat in content.committee.members),
        *(key for case in content.cases for key in (case.owner, case.approver, *(m.person for m in case.members))),
        *(event.by for case in content.cases for one in case.screenings for event in one.events if not isinstance(event, Resubmitted)),
        *(key for session in content.meetings for key in (*session.attendance.in_person, *session.attendance.remote)),
        *(item.above.by for item in items if item.above),
        *(key for one in content.circulations for key in (*one.members, *(each.person for each in one.answers))),
        *(key for condition in conditions for key in (condition.owner, condition.verifier)),
        *(each.person for each in content.readings),
        *content.learning.people(),
        *(one.by for about in content.doings for one in about.doings),
        *(one.person for about in content.doings for one in about.doings if isinstance(one, Ask)),
        *(one.owner for about in content.doings for one in about.doings if isinstance(one, Watch | Remedy)),
    ]
    foreseen = {one.project for one in content.learning.sessions if one.project}
    before = {*(item.project for item in items), *(one.project for one in content.circulations)}
    projects = foreseen | before | {*(about.project for about in content.doings)}
    unknown = sorted({*used} - people | projects - cases)
    return [Problem("demo.unknown", Text(f"「{key}」はありません。", f"There is no “{key}”."), key) for key in unknown]
