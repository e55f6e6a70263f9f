"""When a member's leave to read a case ends: the committee is done with it, and the days for an appeal are over.

A case stays readable while it is on an agenda or was put off to the next one, while the minutes are approved, and as long as an appeal
can bring it back: its days run from the decision, which the executive may take after the meeting. Whoever owns or verifies a condition
keeps the case until that is settled, and whoever was asked for an opinion until it is given. After that members read the minutes and
papers of their meetings, and no longer the case (domain.md §6.3 separation of duties, appeal).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, select

from governance.projects.models import ProjectReader
from governance.reviews import bodies
from governance.reviews.circulation_models import Circulation
from governance.reviews.committees import rules_of
from governance.reviews.meetings import WAITING
from governance.reviews.models import AgendaItem, Committee, CommitteeMember, Condition, Decision, Meeting
from governance.reviews.rules import SETTLED, local_date
from governance.screenings.models import Screening
from governance.work import UnitOfWork

AGENDA = "agenda"
HELD = (*WAITING, "board_session", "escalated", "appeal")
"""States of a screening in which it is still before a committee, or before the executive on its opinion."""


def end_readings(work: UnitOfWork, today: date) -> int:
    """End the leaves to read that agendas gave and that nothing needs any more; return how many ended."""
    query = select(ProjectReader).where(ProjectReader.reason == AGENDA, ProjectReader.ended_at.is_(None))
    by_project: dict[str, list[ProjectReader]] = {}
    for leave in work.session.scalars(query.order_by(ProjectReader.granted_at, ProjectReader.id)):
        by_project.setdefault(leave.project_id, []).append(leave)
    return sum(_end(work, project_id, leaves, today) for project_id, leaves in by_project.items())


def _end(work: UnitOfWork, project_id: str, leaves: Sequence[ProjectReader], today: date) -> int:
    cases = list(work.session.scalars(select(Screening).where(Screening.project_id == project_id)))
    if any(case.state in HELD for case in cases):
        return 0
    ended, needed = 0, _has_condition(work, project_id)
    for leave in leaves:
        if leave.user_id in needed:
            continue
        last = _readable_until(work, project_id, leave.user_id)
        if last is None or today <= last:
            continue
        leave.ended_at, ended = work.now, ended + 1
        work.session.flush()
        codes = {"user": leave.user_id, "reason": AGENDA}
        work.record("ReadingEnded", subject=("project_reader", leave.id), project=project_id, codes=codes, row=leave)
    for case in cases if ended else ():
        if case.state not in bodies.UNSEEN:
            bodies.admit(work, case)
        bodies.admit_asked(work, case)
    return ended


def _has_condition(work: UnitOfWork, project_id: str) -> set[str]:
    """Return who owns or verifies a condition of the project that is not settled: they need its evidence."""
    query = select(Condition).join(Decision).join(Screening, Decision.screening_id == Screening.id)
    rows = work.session.scalars(query.where(Screening.project_id == project_id, Condition.state.not_in(SETTLED)))
    return {user_id for row in rows for user_id in (row.owner_id, row.verifier_id)}


def _readable_until(work: UnitOfWork, project_id: str, user_id: str) -> date | None:
    """Return the last day on which a member may read a project; None while a meeting or circulation has it before it."""
    days, decided = [], _decided(work, project_id)
    for closed, committee, case in (*_meetings(work, project_id, user_id), *_circulations(work, project_id, user_id)):
        if closed is None:
            return None
        last = max(closed, decided.get(case, closed))
        days.append(last + timedelta(days=rules_of(committee, last).appeal_days))
    return max(days, default=None)


def _decided(work: UnitOfWork, project_id: str) -> dict[str, date]:
    """Return the day of the last decision on each screening of a project."""
    query = select(Decision.screening_id, func.max(Decision.decided_at)).join(
        Screening, Decision.screening_id == Screening.id
    )
    rows = work.session.execute(query.where(Screening.project_id == project_id).group_by(Decision.screening_id))
    return {case: local_date(at) for case, at in rows}


def _meetings(work: UnitOfWork, project_id: str, user_id: str) -> list[tuple[date | None, Committee, str]]:
    query = (
        select(Meeting, AgendaItem.screening_id)
        .join(AgendaItem, AgendaItem.meeting_id == Meeting.id)
        .join(Screening, AgendaItem.screening_id == Screening.id)
        .join(CommitteeMember, CommitteeMember.committee_id == Meeting.committee_id)
        .where(Screening.project_id == project_id, CommitteeMember.user_id == user_id)
    )
    rows = work.session.execute(query.distinct()).all()
    return [(local_date(row.closed_at) if row.closed_at else None, row.committee, case) for row, case in rows]


def _circulations(work: UnitOfWork, project_id: str, user_id: str) -> list[tuple[date | None, Committee, str]]:
    query = select(Circulation, Committee).join(Screening).join(Committee, Circulation.committee_id == Committee.id)
    query = query.join(CommitteeMember, CommitteeMember.committee_id == Committee.id)
    query = query.where(Screening.project_id == project_id, CommitteeMember.user_id == user_id)
    rows = work.session.execute(query).unique().all()
    return [
        (local_date(row.settled_at) if row.settled_at else None, committee, row.screening_id) for row, committee in rows
    ]


def may_read_minutes_of(work: UnitOfWork, projects: Sequence[str]) -> frozenset[str]:
    """Return the projects of which the actor once had leave to read as a member and never stepped back from.

    The minutes of their own meeting stay open to them when the case does not.
    """
    query = select(ProjectReader.project_id, ProjectReader.reason).where(
        ProjectReader.user_id == work.actor.id, ProjectReader.project_id.in_(projects)
    )
    rows = [tuple(each) for each in work.session.execute(query)]
    barred = {project for project, reason in rows if reason not in (AGENDA, bodies.REASON, bodies.CONSULTED)}
    return frozenset(project for project, reason in rows if reason == AGENDA) - barred
