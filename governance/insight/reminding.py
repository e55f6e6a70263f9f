"""Reminds people once a day of what is due soon, overdue or waiting; the same facts as on their home page, told before it is late.

Each reminder has a name made of the thing, its date and the threshold, so it is left once, however often the job runs. A date that
moves is a new one. Each function is a daily job: `(work, today) -> number of things looked at`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from sqlalchemy import select

from governance.discussions.models import Delegation
from governance.insight.desk import framework_of, newest
from governance.insight.offices import DEPARTMENT
from governance.notifications.people import parts, strangers, team
from governance.notifications.services import notify, sees
from governance.projects.life import ENDED, states_of
from governance.projects.life_rules import State
from governance.projects.models import Project
from governance.reviews.models import Condition, Review
from governance.reviews.rules import local_date
from governance.screenings.models import AdoptedMeasure, Screening
from governance.screenings.rules import APPROVED, EDITABLE
from governance.work import UnitOfWork

Row = TypeVar("Row")
STOPPED: frozenset[State] = ENDED | {"suspended"}

SOON = (1, 7)
"""Days before its date on which a thing is due soon."""
ENDING = (7, 30)
CHECKING = ("triage", "in_review", "discussion")
"""States in which one reviewer has the case in hand."""
"""Days before its end on which the owner hears that an approval ends."""
WEEK = 7
LONG_WAIT = 7
"""Days after which a case that nobody took, or a report that nobody verified, waits too long."""
LONG_CHECK = 14
"""Days after which a review that was taken takes too long."""


def threshold(due_on: date, today: date, before: tuple[int, ...] = SOON) -> tuple[str, str] | None:
    """Return (kind, name) of the reminder that holds today, or None: the nearest threshold before, then the day after and weekly.

    A day on which no worker ran is made up for: the threshold holds until the next one.
    """
    left = (due_on - today).days
    if left < 0:
        return "overdue", f"late{(-left - 1) // WEEK}"
    reached = [days for days in before if left <= days]
    return ("due_soon", f"soon{reached[0]}") if reached else None


@dataclass(frozen=True)
class Case:
    """What a reminder is about: its name among the reminders, its project, the page, and the codes of its sentence."""

    name: str
    project: Project | None
    href: str
    about: str
    number: str = ""

    def codes(self, on: date) -> dict[str, str]:
        """Return the codes of the sentence, with the date it speaks of."""
        return {"about": self.about, "on": on.isoformat(), "number": self.number}


def screenings(work: UnitOfWork, today: date) -> int:
    """Remind the team of screenings that are to be filled in."""
    query = select(Screening).where(Screening.state.in_(EDITABLE), Screening.due_on <= _until(today, SOON))
    rows = _running(work, work.session.scalars(query).all(), lambda row: row.project_id)
    for row in rows:
        case = Case(row.id, row.project, f"/screenings/{row.id}", "screening")
        _remind(work, today, row.due_on, team(row.project), case)
    return len(rows)


def conditions(work: UnitOfWork, today: date) -> int:
    """Remind owners of conditions to meet, and verifiers of reports that wait too long."""
    query = select(Condition).where(Condition.state.in_(("open", "rejected")), Condition.due_on <= _until(today, SOON))
    rows = _running(work, work.session.scalars(query).all(), _project_of, ENDED)
    for row in rows:
        _remind(work, today, row.due_on, [row.owner_id], _condition(work, row, row.owner_id, "condition"))
    sent = work.session.scalars(select(Condition).where(Condition.state == "submitted")).all()
    reported = _running(work, sent, _project_of, ENDED)
    for row in reported:
        if row.submitted_at is not None:
            since = local_date(row.submitted_at)
            case = _condition(work, row, row.verifier_id, "verify")
            _waits(work, today, since, LONG_WAIT, [row.verifier_id], case)
    return len(rows) + len(reported)


def _project_of(row: Condition) -> str:
    return row.decision.screening.project_id


def _condition(work: UnitOfWork, row: Condition, user_id: str, about: str) -> Case:
    """Return what a reminder about a condition says; whoever does not see the project hears of the condition alone."""
    project = row.decision.screening.project
    seen = project if sees(work, user_id, project.id) else None
    return Case(row.id, seen, f"/conditions/{row.id}", about, str(row.number))


def measures(work: UnitOfWork, today: date) -> int:
    """Remind owners of measures to carry out."""
    wanted = (AdoptedMeasure.state == "planned", AdoptedMeasure.due_on <= _until(today, SOON))
    planned = work.session.scalars(select(AdoptedMeasure).where(*wanted)).all()
    rows = _running(work, planned, lambda row: row.project_id)
    for row in rows:
        _remind(work, today, row.due_on, [row.owner_id], Case(row.id, row.project, f"/measures/{row.id}", "measure"))
    return len(rows)


def delegations(work: UnitOfWork, today: date) -> int:
    """Remind people of the questions they were asked to answer, while the screening can be answered."""
    query = select(Delegation, Screening).join(Screening, Delegation.screening_id == Screening.id)
    wanted = (Delegation.state == "open", Delegation.due_on <= _until(today, SOON), Screening.state.in_(EDITABLE))
    asked = work.session.execute(query.where(*wanted)).all()
    rows = _running(work, asked, lambda pair: pair[0].project_id)
    for row, screening in rows:
        case = Case(row.id, screening.project, f"/delegations/{row.id}/go", "delegation")
        _remind(work, today, row.due_on, [row.person_id], case)
    return len(rows)


def reviews(work: UnitOfWork, today: date) -> int:
    """Tell the expert team of cases that nobody takes, approvers of light ones, and reviewers of those that take long."""
    waits = ("submitted", "appeal", *CHECKING)
    sent = work.session.scalars(select(Screening).where(Screening.state.in_(waits))).all()
    rows = _running(work, sent, lambda row: row.project_id, ENDED)
    for row in rows:
        people, days = _reviewers(work, row)
        case = Case(f"{row.id}.{row.revision}.{row.state}", row.project, f"/reviews/{row.id}", "review")
        _waits(work, today, local_date(row.submitted_at or row.changed_at), days, people, case)
    return len(rows)


def _reviewers(work: UnitOfWork, row: Screening) -> tuple[Iterable[str], int]:
    """Return who is waited for, and after how many days it is long."""
    if row.state in CHECKING:
        wanted = (Review.screening_id == row.id, Review.revision == row.revision)
        return work.session.scalars(select(Review.reviewer_id).where(*wanted)).all(), LONG_CHECK
    if framework_of(row).route(row.route).body == DEPARTMENT:
        return parts(row.project, "approver"), LONG_WAIT
    return strangers(work, row.project, "expert"), LONG_WAIT


def approvals(work: UnitOfWork, today: date) -> int:
    """Tell owners that the approval of their project's newest screening ends, or has ended."""
    wanted = (Screening.id.in_(newest()), Screening.state.in_(APPROVED))
    query = select(Screening).where(*wanted, Screening.valid_until <= _until(today, ENDING))
    rows = _running(work, work.session.scalars(query).all(), lambda row: row.project_id, ENDED)
    for row in rows:
        case = Case(row.id, row.project, f"/projects/{row.project_id}", "validity")
        _remind(work, today, row.valid_until, parts(row.project, "owner"), case, ENDING)
    return len(rows)


# ---------------------------------------------------------------- shared steps


def _running(
    work: UnitOfWork, rows: Sequence[Row], project_of: Callable[[Row], str], stopped: frozenset[State] = STOPPED
) -> list[Row]:
    """Leave out the rows of projects in one of these states; what a suspended project owes to a decision stays due."""
    states = states_of(work, {project_of(row) for row in rows})
    return [row for row in rows if states.get(project_of(row), "active") not in stopped]


def _until(today: date, before: tuple[int, ...]) -> date:
    return today + timedelta(days=max(before))


def _remind(
    work: UnitOfWork,
    today: date,
    due_on: date | None,
    people: Iterable[str],
    case: Case,
    before: tuple[int, ...] = SOON,
) -> None:
    """Leave the reminder that holds today, if there is one, once per person."""
    reached = threshold(due_on, today, before) if due_on is not None else None
    if due_on is not None and reached is not None:
        kind, name = reached
        once = f"{case.about}:{case.name}:{due_on.isoformat()}:{name}"
        notify(work, kind, people, project=case.project, href=case.href, codes=case.codes(due_on), once=once)


def _waits(work: UnitOfWork, today: date, since: date, days: int, people: Iterable[str], case: Case) -> None:
    """Say once a week that somebody has been waiting since that day, from `days` days on."""
    waited = (today - since).days - days
    if waited >= 0:
        once = f"{case.about}:{case.name}:{since.isoformat()}:wait{waited // WEEK}"
        notify(work, "overdue", people, project=case.project, href=case.href, codes=case.codes(since), once=once)
