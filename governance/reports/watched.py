"""What a report says about monitoring, read once with the rest of the case: indicators with readings, alerts and incidents since last.

Nothing here depends on the day, so that the same record gives the same report; a reading or incident that came since gives another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from governance.monitoring.alerts import alerts_of
from governance.monitoring.charting import Point
from governance.monitoring.incidents import incidents_of
from governance.monitoring.indicators import indicators_of
from governance.monitoring.models import Alert, Incident, Indicator
from governance.monitoring.showing import points_of
from governance.projects.models import Project
from governance.reviews.models import Decision
from governance.reviews.rules import local_date
from governance.screenings.models import Screening
from governance.work import UnitOfWork


@dataclass(frozen=True)
class Watched:
    """How a project is watched. `since` is the day of the decision before the screening of the report; null when it is the first.

    `at` chooses the bands in force.
    """

    indicators: Sequence[Indicator]
    points: Mapping[str, Sequence[Point]]
    alerts: Sequence[Alert]
    incidents: Sequence[Incident]
    since: date | None
    at: datetime


def read_watched(work: UnitOfWork, project: Project, screening: Screening) -> Watched:
    """Read the indicators in use with their readings, and the alerts and incidents since the last decision or still open."""
    indicators = [row for row in indicators_of(work, project) if row.retired_at is None]
    since = _last_decision(work, screening)
    alerts = [
        row
        for row in reversed(alerts_of(work, project))
        if row.state == "open" or _is_since(local_date(row.opened_at), since)
    ]
    found = [row for row in incidents_of(work, project) if row.state != "closed" or _is_since(row.occurred_on, since)]
    return Watched(
        indicators,
        {row.id: points_of(work, row) for row in indicators},
        alerts,
        sorted(found, key=lambda row: row.number),
        since,
        work.now,
    )


def _is_since(on: date, since: date | None) -> bool:
    return since is None or on >= since


def _last_decision(work: UnitOfWork, screening: Screening) -> date | None:
    """Return the day of the last decision on the project before this screening was opened."""
    query = (
        select(Decision.decided_at)
        .join(Screening, Decision.screening_id == Screening.id)
        .where(Screening.project_id == screening.project_id, Decision.decided_at < screening.opened_at)
        .order_by(Decision.decided_at.desc())
        .limit(1)
    )
    found = work.session.scalars(query).first()
    return local_date(found) if found else None
