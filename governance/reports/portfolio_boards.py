"""The figures of committees in a period: sessions held against the rule, external share, presence, recusals and dissent.

A committee shows totals alone; who voted what is never counted by name (domain.md §6.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, select

from governance.reports.periods import Period
from governance.reviews.committees import rules_of
from governance.reviews.models import AgendaItem, Attendance, Committee, CommitteeMember, Meeting, Recusal, Vote
from governance.reviews.rules import fiscal_year, local_date
from governance.work import UnitOfWork


@dataclass(frozen=True)
class Session:
    """One session: its day, its number of the fiscal year, seats, present, present external members, items on the agenda."""

    on: date
    fiscal_year: int
    number: int
    present: int
    external: int
    items: int


@dataclass(frozen=True)
class Board:
    """A committee in a period: its sessions, those of the fiscal year the period ends in, and what the rule asks of that year."""

    committee: Committee
    sessions: Sequence[Session]
    of_year: int
    needed: int
    seats: int
    external: int
    recusals: int
    votes: int
    dissents: int


def boards(work: UnitOfWork, period: Period, today: date) -> list[Board]:
    """Return every committee that had seats or sessions in the period."""
    on = min(period.last, today)
    rows = work.session.scalars(select(Committee).order_by(Committee.key))
    found = [_board(work, row, period, on) for row in rows]
    return [each for each in found if each.seats or each.sessions]


def _board(work: UnitOfWork, row: Committee, period: Period, on: date) -> Board:
    seated = [
        each
        for each in row.members
        if each.alternate_of is None and each.term_from <= on and (each.term_until is None or each.term_until >= on)
    ]
    held = _sessions(work, row, period)
    year = fiscal_year(on)
    whole = Period(date(year, 4, 1), on, "")
    recusals, votes, dissents = _conduct(work, row, period)
    return Board(
        row,
        held,
        len(_sessions(work, row, whole)),
        rules_of(row, on).min_sessions_per_fiscal_year,
        len(seated),
        sum(each.side == "external" for each in seated),
        recusals,
        votes,
        dissents,
    )


def _sessions(work: UnitOfWork, row: Committee, period: Period) -> list[Session]:
    """Return the sessions that were opened within the period."""
    query = select(Meeting).where(
        Meeting.committee_id == row.id, Meeting.opened_at >= period.since, Meeting.opened_at < period.until
    )
    meetings = list(work.session.scalars(query.order_by(Meeting.opened_at)))
    present = _present(work, [each.id for each in meetings])
    counts = select(AgendaItem.meeting_id, func.count()).where(
        AgendaItem.meeting_id.in_([each.id for each in meetings])
    )
    items: Mapping[str, int] = dict(work.session.execute(counts.group_by(AgendaItem.meeting_id)).all())
    return [
        Session(
            local_date(each.opened_at or each.starts_at),
            each.fiscal_year,
            each.number,
            *present.get(each.id, (0, 0)),
            items.get(each.id, 0),
        )
        for each in meetings
    ]


def _present(work: UnitOfWork, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return meeting → members present and external members among them, each person once."""
    query = select(Attendance.meeting_id, Attendance.member_id, CommitteeMember.side).join(CommitteeMember)
    rows = set(work.session.execute(query.where(Attendance.meeting_id.in_(ids))).all())
    found: dict[str, tuple[int, int]] = {}
    for meeting, _, side in rows:
        all_of, external = found.get(meeting, (0, 0))
        found[meeting] = (all_of + 1, external + (side == "external"))
    return found


def _conduct(work: UnitOfWork, row: Committee, period: Period) -> tuple[int, int, int]:
    """Return recusals, votes cast and votes with a written dissent."""
    of = (Meeting.committee_id == row.id, Meeting.opened_at >= period.since, Meeting.opened_at < period.until)
    recusals = select(func.count()).select_from(Recusal).join(AgendaItem).join(Meeting).where(*of)
    dissent = func.sum(case((Vote.dissent != "", 1), else_=0))
    votes = select(func.count(), dissent).select_from(Vote).join(AgendaItem).join(Meeting).where(*of)
    cast, dissents = work.session.execute(votes).one()
    return work.session.scalar(recusals) or 0, int(cast or 0), int(dissents or 0)
