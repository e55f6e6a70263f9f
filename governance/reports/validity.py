"""What an issued report or paper is worth today: in force, replaced by a newer one, or annulled.

Read from the register alone, and told as numbers and dates: whoever holds a file may learn this much of it (domain.md §7), and nothing
of what any report says. One that was annulled replaces nothing: the newest one that still holds takes the place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, selectinload

from governance.reports.models import Paper, Report, ReportAnnulment
from governance.reports.paper_sources import LETTER
from governance.reports.rules import CASE
from governance.screenings.models import Snapshot


class Newer(NamedTuple):
    """The newest report or paper that has taken the place of another."""

    id: str
    number: str
    issued_at: datetime


def newer(session: Session, rows: Sequence[Report | Paper]) -> dict[str, Newer]:
    """Return, by the id of each report or paper that was replaced, the newest one that took its place."""
    reports = [row for row in rows if isinstance(row, Report)]
    papers = [row for row in rows if isinstance(row, Paper)]
    return _newer_reports(session, reports) | _newer_papers(session, papers)


def _newer_reports(session: Session, rows: list[Report]) -> dict[str, Newer]:
    """The newest one about the same thing, of the same kind, language and profile. Case reports name no scope: theirs is the
    screening of their snapshot."""
    about, newest = {}, {}
    for one in _register(session, rows):
        of_case = one.screening_id if one.kind == CASE else None
        about[one.id] = key = (one.project_id, one.kind, one.lang, one.profile, one.scope, of_case)
        if one.annulled is None:
            newest[key] = Newer(one.id, one.number, one.issued_at)
    found = ((row, newest.get(about[row.id])) for row in rows)
    return {row.id: last for row, last in found if last is not None and _is_later(last, row)}


def _register(session: Session, rows: list[Report]) -> Iterable[Any]:
    """Return the entries of the register that could be about the same things, the oldest first."""
    if not rows:
        return []
    of_cases = {row.project_id for row in rows if row.project_id}
    of_house = {row.kind for row in rows if not row.project_id}
    query = (
        select(
            Report.id, Report.number, Report.issued_at, Report.project_id, Report.kind, Report.lang, Report.profile,
            Report.scope, Snapshot.screening_id, ReportAnnulment.id.label("annulled"),
        )
        .outerjoin(Snapshot, Snapshot.digest == Report.snapshot_digest)
        .outerjoin(ReportAnnulment, ReportAnnulment.report_id == Report.id)
        .where(or_(Report.project_id.in_(of_cases), and_(Report.project_id.is_(None), Report.kind.in_(of_house))))
    )  # fmt: skip
    return session.execute(query.order_by(Report.issued_at, Report.number)).all()


def _newer_papers(session: Session, rows: list[Paper]) -> dict[str, Newer]:
    if not rows:
        return {}
    meetings, sources = {row.meeting_id for row in rows if row.meeting_id}, {row.source_id for row in rows}
    query = select(Paper).where(or_(Paper.meeting_id.in_(meetings), Paper.source_id.in_(sources)))
    query = query.options(selectinload(Paper.annulment)).order_by(Paper.issued_at.desc(), Paper.number.desc())
    holding = [each for each in session.scalars(query) if each.annulment is None]
    found: dict[str, Newer] = {}
    for row in rows:
        last = next((each for each in holding if _is_later(each, row) and _replaces(each, row)), None)
        if last is not None:
            found[row.id] = Newer(last.id, last.number, last.issued_at)
    return found


def _replaces(later: Paper, row: Paper) -> bool:
    """Say whether a later paper tells of the same thing: a letter of the same decision, a pack or minutes of the same meeting.

    With another profile it is for other readers. A pack of the same materials without the items that its reader stepped back from
    replaces nothing.
    """
    if (later.kind, later.lang, later.profile) != (row.kind, row.lang, row.profile):
        return False
    if row.kind == LETTER:
        return later.source_id == row.source_id
    return later.meeting_id == row.meeting_id and (later.source_id != row.source_id or later.items == row.items)


def _is_later(one: Newer | Paper, other: Report | Paper) -> bool:
    return (one.issued_at, one.number) > (other.issued_at, other.number)
