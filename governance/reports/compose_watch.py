"""Section 13 of a content: indicators with their readings, when the case is looked at again, alerts and incidents since last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from governance.monitoring import rules, showing
from governance.monitoring.charting import PRINTED, Point, thinned
from governance.monitoring.incidents import grades
from governance.monitoring.models import Alert, Incident, Indicator
from governance.reports import deliberation, sentences
from governance.reports.case import Case
from governance.reports.names import day, entered, moment, said
from governance.reviews.rules import ZONE, local_date
from governance.states import state_of
from governance.texts import Text

INTERVAL = Text("{days}日ごと", "Every {days} days")
ALERT_ONLY = Text("警報", "Alert")
ALERT_AND_SCREENING = Text("警報と再スクリーニング（続けて{run}回）", "Alert, and a re-screening after {run} in a row")
NO_READING = Text("測定値なし", "No reading")
LATEST = Text("{value}（{on}、{verdict}）", "{value} ({on}, {verdict})")


def monitoring(case: Case) -> deliberation.Monitoring:
    """Return how the case is watched, when it is looked at again and what makes that earlier, and what happened since."""
    rank = case.score.residual or 1
    level, watched = case.framework.level(rank), case.watched
    occasions = [each.name for each in case.framework.rescreening] or list(sentences.RESCREEN)
    return {
        "indicators": [_indicator(row, watched.points[row.id], watched.at) for row in watched.indicators],
        "next_review": day(case.decision.valid_until) if case.decision else None,
        "basis": said(sentences.BASIS.filled(level=level.name, months=level.valid_months)),
        "rescreen": [said(rule) for rule in occasions],
        "since": day(watched.since),
        "alerts": [_alert(row) for row in watched.alerts],
        "incidents": [_incident(case, row) for row in watched.incidents],
    }


def _indicator(row: Indicator, readings: Sequence[Point], at: datetime) -> deliberation.Indicator:
    action = ALERT_AND_SCREENING.filled(run=row.run_length) if row.opens_screening else ALERT_ONLY
    return {
        "id": row.code,
        "name": entered(row.name, row.name_en),
        "unit": row.unit,
        "latest": said(_latest(row, readings)),
        "alarm": said(showing.band_of(row, at)),
        "interval": said(INTERVAL.filled(days=row.every_days)),
        "every_days": row.every_days,
        "action": said(action),
        "owner": row.owner_id,
        "title": said(showing.chart_title(row, readings, ZONE, at)),
        "count": len(readings),
        "out": rules.count_out(point.verdict for point in readings),
        "readings": [
            {"at": moment(point.at), "value": point.value, "verdict": point.verdict}
            for point in thinned(readings, PRINTED)
        ],
        "bands": [{"since": moment(band.valid_from), "low": band.low, "high": band.high} for band in row.bands],
    }


def _latest(row: Indicator, readings: Sequence[Point]) -> Text:
    if not readings:
        return NO_READING
    last = readings[-1]
    value = showing.with_unit(last.value, row.unit)
    return LATEST.filled(value=value, on=local_date(last.at), verdict=rules.VERDICTS[last.verdict])


def _alert(row: Alert) -> deliberation.AlertLine:
    return {
        "on": local_date(row.opened_at).isoformat(),
        "indicator": row.indicator.code,
        "text": said(showing.happened(row, ZONE)),
        "state": said(state_of(row.state, "alert").text),
        "reason": row.reason or None,
    }


def _incident(case: Case, row: Incident) -> deliberation.IncidentLine:
    names = grades(case.framework)
    return {
        "id": row.code,
        "kind": said(rules.INCIDENT_KINDS[row.kind]),
        "on": row.occurred_on.isoformat(),
        "title": row.title,
        "severity": said(names[min(row.severity, len(names)) - 1]),
        "state": said(rules.INCIDENT_STATES[row.state]),
        "effect": row.effect or None,
        "cause": row.cause or None,
        "prevention": row.prevention or None,
        "consequence": said(rules.CONSEQUENCES[row.consequence]),
        "told": [
            f"{duty.recipient}（{day(duty.told_on)}）"
            for duty in row.duties
            if duty.told_on is not None and duty.ended_at is None
        ],
    }
