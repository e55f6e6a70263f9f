"""What waits because a project is watched: readings to enter, alerts to look at, incidents to find the cause of, to close, to report."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from governance.accounts.rules import may
from governance.insight.desk import TEAM, Desk, named, takes_part
from governance.insight.rules import SHOWN, Task, clipped
from governance.monitoring.alerts import next_on
from governance.monitoring.counting import last_times
from governance.monitoring.models import Alert, Incident, IncidentDuty, Indicator
from governance.projects import life
from governance.projects.models import Project
from governance.projects.services import relations_of, visible
from governance.texts import Text, both

MEASURE = Text("測定値を入力する：{name}", "Enter a reading: {name}")
MEASURE_WHY = Text("{days}日ごとに測定することになっています。", "A reading is expected every {days} days.")
LOOK = Text("警報を確かめる：{name}", "Look at an alert: {name}")
OUT_WHY = Text("測定値が許容範囲を外れました。", "A reading is out of its range.")
OVERDUE_WHY = Text("測定が予定日を過ぎています。", "A reading is overdue.")
FIND_CAUSE = Text("事故の原因と再発防止を書く：{title}", "Find cause and prevention of an incident: {title}")
FIND_CAUSE_WHY = Text(
    "調査中のままです。そろったら分析済みにします。", "It is still open; mark it as analysed when both are known."
)
CLOSE = Text("事故の分析を確かめて終結する：{title}", "Check the analysis of an incident and close it: {title}")
CLOSE_WHY = Text("報告者ではない専門チームが終結します。", "The expert team closes it, not its reporter.")
REPORT = Text("事故を{who}へ報告する", "Report an incident to {who}")
REPORT_WHY = Text("{title}", "{title}")
AHEAD = timedelta(days=3)
"""How long before its day a reading is asked for."""


def to_measure(desk: Desk) -> Iterable[Task]:
    """Indicators whose owner the person is and whose reading is expected within days, or late."""
    query = (
        select(Indicator).join(Indicator.project).where(Indicator.owner_id == desk.me, Indicator.retired_at.is_(None))
    )
    query = query.where(takes_part(desk.me, TEAM), *desk.narrowed()).options(contains_eager(Indicator.project))
    rows = list(desk.work.session.scalars(query.order_by(Indicator.created_at)))
    stopped, last = life.states_of(desk.work, {row.project_id for row in rows}), last_times(desk.work, rows)
    due = [(next_on(row, last.get(row.id)), row) for row in rows if row.project_id not in stopped]
    for on, row in sorted(due, key=lambda each: each[0])[: SHOWN + 1]:
        if on <= desk.today + AHEAD:
            what, why = MEASURE.filled(name=row.called()), MEASURE_WHY.filled(days=row.every_days)
            yield _task(row.project, what, why, f"monitoring/{row.id}", Text("入力する", "Enter"), 5, due=on)


def to_look_at(desk: Desk) -> Iterable[Task]:
    """Open alerts of the person's projects; of a reading that is overdue its owner is asked for the reading instead."""
    query = select(Alert).join(Alert.project).where(Alert.state == "open", takes_part(desk.me, TEAM), *desk.narrowed())
    query = query.options(contains_eager(Alert.project)).order_by(Alert.opened_at).limit(SHOWN + 1)
    for row in desk.work.session.scalars(query):
        if row.kind == "overdue" and row.indicator.owner_id == desk.me:
            continue
        why = OUT_WHY if row.kind == "out" else OVERDUE_WHY
        what, href = LOOK.filled(name=row.indicator.called()), f"monitoring/{row.indicator_id}"
        yield _task(row.project, what, why, href, Text("確かめる", "Look"), 10, since=row.opened_at)


def to_investigate(desk: Desk) -> Iterable[Task]:
    """Open incidents of the person's projects."""
    query = select(Incident).join(Incident.project).where(Incident.state == "open", takes_part(desk.me, TEAM))
    query = query.where(*desk.narrowed()).options(contains_eager(Incident.project))
    for row in desk.work.session.scalars(
        query.order_by(Incident.severity.desc(), Incident.reported_at).limit(SHOWN + 1)
    ):
        what = FIND_CAUSE.filled(title=both(clipped(row.title)))
        yield _task(
            row.project, what, FIND_CAUSE_WHY, f"incidents/{row.id}", Text("書く", "Write"), 30, since=row.reported_at
        )


def to_close(desk: Desk) -> Iterable[Task]:
    """Analysed incidents that the person may close: of the expert team, neither reporter nor ever of the project."""
    if not may(desk.work.actor, "incident:close"):
        return
    query = select(Incident).join(Incident.project).where(Incident.state == "analysed", Incident.reported_by != desk.me)
    query = query.where(visible(desk.work.actor), ~takes_part(desk.me, None, ever=True), *desk.narrowed())
    query = query.options(contains_eager(Incident.project)).order_by(Incident.analysed_at).limit(SHOWN + 1)
    for row in desk.work.session.scalars(query):
        if may(desk.work.actor, "incident:close", relations_of(desk.work, row.project)):
            what, button = CLOSE.filled(title=both(clipped(row.title))), Text("確かめる", "Check")
            yield _task(row.project, what, CLOSE_WHY, f"incidents/{row.id}", button, 15, since=row.analysed_at)


def to_report(desk: Desk) -> Iterable[Task]:
    """Duties to tell somebody outside of an incident of the person's projects."""
    query = (
        select(IncidentDuty, Incident)
        .join(Incident, IncidentDuty.incident_id == Incident.id)
        .join(Incident.project)
        .where(
            IncidentDuty.told_on.is_(None), IncidentDuty.ended_at.is_(None), takes_part(desk.me, TEAM), *desk.narrowed()
        )
        .options(contains_eager(Incident.project))
        .order_by(IncidentDuty.due_on)
        .limit(SHOWN + 1)
    )
    for duty, row in desk.work.session.execute(query):
        what, why = REPORT.filled(who=both(duty.recipient)), REPORT_WHY.filled(title=both(clipped(row.title)))
        yield _task(row.project, what, why, f"incidents/{row.id}", Text("開く", "Open"), 20, due=duty.due_on)


def _task(project: Project, what: Text, why: Text, path: str, button: Text, minutes: int, **more: object) -> Task:
    href = f"/projects/{project.id}/{path}"
    return Task(what, why, named(project), project.id, href, button, minutes, **more)  # type: ignore[arg-type]
