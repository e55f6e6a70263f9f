"""Which state of a meeting a device shows: a short version that changes with every act, read from the database alone.

Devices ask for it every few seconds and fetch their page anew only when it differs. Because nothing is kept in a process, several
worker processes give the same answer, and an act recorded by one of them is seen through all others.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import func, select

from governance.reviews.desk_models import Citation
from governance.reviews.models import AgendaItem, Attendance, Committee, Meeting, Recusal, Vote, Waiver
from governance.reviews.room_models import ItemQuestion
from governance.work import UnitOfWork


def version_of(work: UnitOfWork, row: Meeting, reader: str) -> str:
    """Return the version of a meeting as `reader` (person and language) sees it; one statement.

    Rows of a meeting are never taken away and revisions only grow, so equal figures mean that nothing happened.
    """
    items = select(AgendaItem.id).where(AgendaItem.meeting_id == row.id)
    cases = select(AgendaItem.screening_id).where(AgendaItem.meeting_id == row.id)
    figures = [
        select(Meeting.rev).where(Meeting.id == row.id),
        select(Committee.rev).where(Committee.id == row.committee_id),
        select(func.count()).where(AgendaItem.meeting_id == row.id),
        select(func.coalesce(func.sum(AgendaItem.rev), 0)).where(AgendaItem.meeting_id == row.id),
        select(func.count()).where(Attendance.meeting_id == row.id),
        select(func.count(Attendance.left_at)).where(Attendance.meeting_id == row.id),
        select(func.count()).where(Recusal.item_id.in_(items)),
        select(func.count()).where(Vote.item_id.in_(items)),
        select(func.count() + func.count(Citation.withdrawn_at)).where(Citation.screening_id.in_(cases)),
        select(func.count()).where(Waiver.item_id.in_(items)),
        select(func.coalesce(func.sum(ItemQuestion.rev), 0)).where(ItemQuestion.item_id.in_(items)),
    ]
    found = work.session.execute(select(*(each.scalar_subquery() for each in figures))).one()
    return hashlib.sha256(f"{reader} {tuple(found)}".encode()).hexdigest()[:16]
