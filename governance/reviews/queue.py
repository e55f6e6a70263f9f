"""The queue of the expert team (受付): what waits, how long, on which route, until when, with whom — filtered, sorted and counted.

Everything that narrows or orders the list comes from its address, so that it survives a reload and can be sent to a colleague.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from governance.accounts.models import User
from governance.projects.life import stands_at
from governance.projects.services import visible
from governance.questionnaires.definition import Framework
from governance.reviews import assigning
from governance.reviews.rules import local_date
from governance.reviews.workdays import age
from governance.screenings import services as screenings
from governance.screenings.models import Screening
from governance.screenings.workflow import STATES
from governance.texts import Text
from governance.work import UnitOfWork

WAITING: Mapping[str, Text] = {
    code: STATES[code]
    for code in ("submitted", "appeal", "triage", "in_review", "discussion", "blocked", "board_queued", "deferred")
}
"""The states of the queue, in the order of the way through review."""

MINE, NOBODY, ALL = "mine", "none", "all"
SORTS: Mapping[str, Text] = {
    "due": Text("期限の近い順", "Due first"),
    "age": Text("待ち日数の長い順", "Longest waiting first"),
    "level": Text("リスク区分の高い順", "Highest level first"),
    "route": Text("審査経路順", "By route"),
    "name": Text("案件名順", "By name"),
}
PAGE = 50
SOON = 3
"""Days before its due date from which a case counts as due soon."""


@dataclass(frozen=True)
class Wanted:
    """What the address of the page asks for; what it does not know is left out."""

    who: str = ALL
    state: str = ""
    route: str = ""
    level: str = ""
    sort: str = "due"
    page: int = 1

    def given(self) -> dict[str, str]:
        """Return what differs from the plain list, for addresses."""
        plain = Wanted()
        return {
            name: str(getattr(self, name))
            for name in ("who", "state", "route", "level", "sort")
            if getattr(self, name) != getattr(plain, name)
        }


@dataclass(frozen=True)
class Waiting:
    """One case of the queue: how many working days it waits, who reviews it, how many days are left."""

    screening: Screening
    framework: Framework
    days: int
    assigned: User | None
    left: int | None

    @property
    def is_late(self) -> bool:
        """True once the due date has passed."""
        return self.left is not None and self.left < 0

    @property
    def is_soon(self) -> bool:
        """True in the last days before the due date."""
        return self.left is not None and 0 <= self.left <= SOON


@dataclass(frozen=True)
class Queue:
    """The rows of one page, how many there are, and the counts that the filters name."""

    rows: Sequence[Waiting]
    total: int
    who: Mapping[str, int]
    states: Mapping[str, int]
    routes: Mapping[str, Text]
    levels: Mapping[str, Text]
    first: int
    late: int
    soon: int

    @property
    def last(self) -> int:
        """The number of the last row shown."""
        return self.first + len(self.rows) - 1


def read(given: Mapping[str, str]) -> Wanted:
    """Return what an address asks for; a value nobody offers counts as none."""
    page = given.get("page", "")
    return Wanted(
        who=given.get("who", "") or ALL,
        state=given.get("state", "") if given.get("state", "") in WAITING else "",
        route=given.get("route", ""),
        level=given.get("level", ""),
        sort=given.get("sort", "") if given.get("sort", "") in SORTS else "due",
        page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 6 else 1,
    )


def queue(work: UnitOfWork, wanted: Wanted) -> Queue:
    """Return the visible cases that wait for the expert team or the committee, as wanted."""
    rows = _waiting(work)
    of_who = [row for row in rows if _is_of(row, wanted.who, work.actor.id)]
    states = Counter(row.screening.state for row in of_who)
    found = [row for row in of_who if _fits(row, wanted)]
    found.sort(key=ORDERS[wanted.sort])
    first = (wanted.page - 1) * PAGE if (wanted.page - 1) * PAGE < len(found) else 0
    frameworks = [row.framework for row in rows]
    return Queue(
        rows=found[first : first + PAGE],
        total=len(found),
        who={code: sum(_is_of(row, code, work.actor.id) for row in rows) for code in (MINE, NOBODY, ALL)},
        states=states,
        routes={route.code: route.name for framework in frameworks for route in framework.routes},
        levels={level.code: level.name for framework in frameworks for level in framework.levels},
        first=first + 1,
        late=sum(row.is_late for row in rows),
        soon=sum(row.is_soon for row in rows),
    )


def _waiting(work: UnitOfWork) -> list[Waiting]:
    query = (
        select(Screening)
        .join(Screening.project)
        .where(Screening.state.in_(WAITING), ~stands_at("withdrawn", "retired"), visible(work.actor))
        .options(contains_eager(Screening.project))
    )
    rows = list(work.session.scalars(query))
    people, today = assigning.assigned_to(work, rows), local_date(work.now)
    return [_row(work, row, people.get(row.id), today) for row in rows]


def _row(work: UnitOfWork, row: Screening, assigned: User | None, today: date) -> Waiting:
    left = (row.due_on - today).days if row.due_on else None
    return Waiting(row, screenings.framework_of(row), age(row.submitted_at, work.now), assigned, left)


def _is_of(row: Waiting, who: str, me: str) -> bool:
    """Say whether a case belongs to the list of `who`: mine, nobody's, everybody's, or a person's."""
    if who == NOBODY:
        return row.assigned is None and row.screening.state in assigning.ASSIGNABLE
    if who == ALL:
        return True
    return row.assigned is not None and row.assigned.id == (me if who == MINE else who)


def _fits(row: Waiting, wanted: Wanted) -> bool:
    level = row.framework.level(row.screening.residual).code if row.screening.residual else ""
    return (
        (not wanted.state or row.screening.state == wanted.state)
        and (not wanted.route or row.screening.route == wanted.route)
        and (not wanted.level or level == wanted.level)
    )


def _due(row: Waiting) -> tuple[object, ...]:
    return (row.left is None, row.left or 0, -row.days, row.screening.id)


ORDERS: Mapping[str, Callable[[Waiting], tuple[object, ...]]] = {
    "due": _due,
    "age": lambda row: (-row.days, *_due(row)),
    "level": lambda row: (-(row.screening.residual or 0), -(row.screening.inherent or 0), *_due(row)),
    "route": lambda row: (row.screening.route, *_due(row)),
    "name": lambda row: (row.screening.project.name, *_due(row)),
}
