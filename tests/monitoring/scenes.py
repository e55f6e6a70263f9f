"""A project that is watched: an indicator with its band, and readings entered as its team would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from governance.monitoring import indicators, readings
from governance.monitoring.indicators import Limits, Particulars
from governance.monitoring.models import Alert, Indicator
from governance.monitoring.readings import Entered, Entry
from governance.projects.models import Project
from governance.work import UnitOfWork
from tests.builders import TODAY, World

Result = TypeVar("Result")
START = datetime(2026, 1, 1, tzinfo=UTC)


def particulars(made: World, **changes: object) -> Particulars:
    given = {
        "name": "正解率",
        "name_en": "Accuracy",
        "unit": "%",
        "every_days": 30,
        "owner_id": made.people["member"].id,
    }
    return Particulars(**{**given, **changes})  # type: ignore[arg-type]


def watched(made: World, project_id: str, limits: tuple[str, str, str] = ("up", "95", ""), **changes: object) -> str:
    """Register an indicator and return its id."""
    with made.acting("member") as work:
        direction, low, high = limits
        project = work.session.get_one(Project, project_id)
        return indicators.add(work, project, particulars(made, **changes), Limits(direction, low, high, START)).id


def act(made: World, name: str, acts: Callable[[UnitOfWork], Result]) -> Result:
    """Do something as a named person in a unit of its own."""
    with made.acting(name) as work:
        return acts(work)


def entries(work: UnitOfWork, indicator_id: str, *pairs: tuple[float, str]) -> list[Entry]:
    """Return entries from (days ago, value)."""
    one = work.session.get_one(Indicator, indicator_id)
    return [Entry(one, TODAY - timedelta(days=days), value) for days, value in pairs]


def entered(made: World, indicator_id: str, *pairs: tuple[float, str], name: str = "member", **more: str) -> Entered:
    """Enter readings from (days ago, value)."""
    with made.acting(name) as work:
        one = work.session.get_one(Indicator, indicator_id)
        return readings.enter(work, one.project, entries(work, indicator_id, *pairs), source="hand", **more)


def states(made: World, indicator_id: str) -> Sequence[tuple[str, str, str]]:
    """Return kind, state and outcome of the alerts of an indicator, the oldest first."""
    with made.acting(read_only=True) as work:
        found = work.session.query(Alert).filter(Alert.indicator_id == indicator_id).order_by(Alert.opened_at)
        return [(each.kind, each.state, each.outcome) for each in found]
