"""What other rooms ask of monitoring: the daily job, and how a case stands."""

from __future__ import annotations

from governance.monitoring.alerts import overdue_readings
from governance.monitoring.indicators import indicators_of

__all__ = ["indicators_of", "overdue_readings"]
