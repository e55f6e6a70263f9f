"""Which readings count: those that no later one corrects and that were not taken back. One filter for pages, alerts, files and reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import aliased

from governance.monitoring.models import Indicator, Reading
from governance.work import UnitOfWork


def is_tip() -> ColumnElement[bool]:
    """Return the filter on `Reading` for the newest turn of each: no later one corrects it."""
    later = aliased(Reading)
    return ~select(later.id).where(later.corrects_id == Reading.id).exists()


def counts() -> ColumnElement[bool]:
    """Return the filter on `Reading` for those that count."""
    return and_(Reading.value != "", is_tip())


def counting(indicator_id: str, *columns: Any) -> Select[Any]:
    """Return the query for columns of the readings of an indicator that count; the caller puts them in order."""
    wanted = columns or (Reading.id, Reading.at, Reading.value, Reading.verdict)
    return select(*wanted).where(Reading.indicator_id == indicator_id, counts())


def last_times(work: UnitOfWork, rows: Sequence[Indicator]) -> dict[str, datetime]:
    """Return the time of the newest counting reading of each indicator that has one: one statement."""
    query = select(Reading.indicator_id, func.max(Reading.at))
    query = query.where(Reading.indicator_id.in_([row.id for row in rows]), counts()).group_by(Reading.indicator_id)
    return {row[0]: row[1] for row in work.session.execute(query)}
