"""Alerts (警報): opened when a fresh reading is out of band or an expected one is missing, and what the rule of the indicator does then.

An indicator has at most one open alert, however many readings are out, so that nobody is flooded; it stays open until somebody says why
it may rest, or the re-screening that it brought about is decided. The outcome of the rule is kept, for it is told in one sentence.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from governance.accounts.rules import authorize
from governance.monitoring.counting import counting, last_times
from governance.monitoring.models import Alert, Indicator, Reading
from governance.monitoring.rules import MOST_QUIET_DAYS, OUT, Raised, Seen, expected_on, is_recent, raised
from governance.notifications.services import notify
from governance.projects import life
from governance.projects.models import Project
from governance.projects.services import relations_of, visible
from governance.questionnaires.definition import Framework
from governance.questionnaires.services import current_framework, framework_in
from governance.refusals import NotFound, Refusal
from governance.reviews.rules import local_date
from governance.screenings import reopening
from governance.screenings.rules import APPROVED
from governance.work import UnitOfWork

REASON = "kpi"
"""The reason of a re-screening that a reading opens, in the list of the framework (domain.md §4.3)."""
DECIDED = frozenset({*APPROVED, "rejected"})


# ---------------------------------------------------------------- finding


def alert(work: UnitOfWork, alert_id: str) -> Alert:
    """Return an alert of a project the actor may see; NotFound otherwise."""
    query = select(Alert).join(Project).where(Alert.id == alert_id, visible(work.actor))
    row = work.session.scalars(query).one_or_none()
    if row is None:
        raise NotFound
    return row


def alerts_of(work: UnitOfWork, project: Project) -> list[Alert]:
    """Return the alerts of a project, the newest first, with their indicators, readings and screenings."""
    query = select(Alert).where(Alert.project_id == project.id).order_by(Alert.opened_at.desc(), Alert.id)
    parts = (
        joinedload(Alert.indicator),
        joinedload(Alert.reading),
        joinedload(Alert.screening),
        joinedload(Alert.settler),
    )
    return list(work.session.scalars(query.options(*parts)))


def open_alert(work: UnitOfWork, one: Indicator) -> Alert | None:
    """Return the open alert of an indicator."""
    query = select(Alert).where(Alert.indicator_id == one.id, Alert.state == "open")
    return work.session.scalars(query).one_or_none()


# ---------------------------------------------------------------- after an entry


def look(work: UnitOfWork, one: Indicator, batch_id: str) -> Alert | None:
    """Open or carry on the alert of an indicator after a batch of readings; return it when the batch raised one."""
    found = raised(_seen(work, one, batch_id))
    held = open_alert(work, one)
    if held is not None and (how := _settled_by(work, held, found)):
        _settle(work, held, how)
        held = None
    if found is None:
        return None
    if held is None:
        return None if _is_quiet(work, one, found) else _opened(work, one, "out", found)
    if _must_screen(one, held, found.run):
        rev = held.rev
        held.outcome = _screen(work, one, held)
        work.session.flush()
        _record(work, held, "AlertScreened", rev)
    return held


def _settled_by(work: UnitOfWork, held: Alert, found: Raised | None) -> str:
    """Return how an open alert is settled before the new readings are judged; empty when it stays open."""
    if _is_decided(held):
        return "screened"
    if held.kind == "overdue" and (found or not _is_overdue(work, held.indicator, local_date(work.now))):
        return "reading"
    return ""


def _seen(work: UnitOfWork, one: Indicator, batch_id: str) -> list[Seen]:
    """Return the readings that the rule looks at, in order: from the first fresh one on, and a run's length before it."""
    newest = work.session.scalar(counting(one.id, func.max(Reading.at)).where(Reading.batch_id != batch_id))
    own = work.session.scalars(select(Reading.at).where(Reading.batch_id == batch_id, Reading.indicator_id == one.id))
    fresh = [at for at in own if is_recent(at, newest, work.now, one.every_days)]
    if not fresh:
        return []
    start = min(fresh)
    columns = (Reading.id, Reading.at, Reading.verdict, Reading.batch_id)
    later = counting(one.id, *columns).where(Reading.at >= start).order_by(Reading.at)
    before = counting(one.id, *columns).where(Reading.at < start).order_by(Reading.at.desc())
    rows = [*reversed(work.session.execute(before.limit(one.run_length)).all()), *work.session.execute(later)]
    times = set(fresh)
    return [Seen(row.id, row.verdict, row.batch_id == batch_id and row.at in times) for row in rows]


def _is_quiet(work: UnitOfWork, one: Indicator, found: Raised) -> bool:
    """Say whether an acknowledged alert covers this run: its day has not come, and no reading was in band since.

    A run that has now grown long enough for a re-screening is never covered.
    """
    last = _acknowledged(work, one, "out")
    if last is None or last.reading is None:
        return False
    if one.opens_screening and last.screening_id is None and found.run >= one.run_length > 1:
        return False
    back = counting(one.id, Reading.id).where(Reading.at > last.reading.at, Reading.verdict == "in")
    return work.session.scalar(back.limit(1)) is None


def _acknowledged(work: UnitOfWork, one: Indicator, kind: str) -> Alert | None:
    """Return the last alert of this kind when it was acknowledged and its quiet has not ended."""
    query = select(Alert).where(Alert.indicator_id == one.id).order_by(Alert.opened_at.desc(), Alert.id).limit(1)
    last = work.session.scalars(query).first()
    if last is None or last.kind != kind or last.state != "acknowledged" or last.quiet_until is None:
        return None
    return last if last.quiet_until >= local_date(work.now) else None


def _opened(work: UnitOfWork, one: Indicator, kind: str, found: Raised | None = None) -> Alert:
    """Open an alert and do what the rule of the indicator says; the entry of the ledger tells both."""
    row = Alert(
        project_id=one.project_id,
        indicator_id=one.id,
        kind=kind,
        reading_id=found.id if found else None,
        opened_at=work.now,
        outcome="waiting" if found and one.opens_screening else "none",
        project=one.project,
        indicator=one,
    )
    work.session.add(row)
    work.session.flush()
    if found and _must_screen(one, row, found.run):
        row.outcome = _screen(work, one, row)
        work.session.flush()
    _record(work, row, "AlertOpened", None)
    _tell(work, row)
    return row


def _tell(work: UnitOfWork, row: Alert) -> None:
    team = {m.user_id for m in row.project.members if m.is_current and m.part in ("owner", "member")}
    notify(
        work,
        "alert",
        sorted(team | {row.indicator.owner_id}),
        project=row.project,
        href=f"/projects/{row.project_id}/monitoring/{row.indicator_id}",
        codes={"about": row.kind, "number": row.indicator.code},
    )


# ---------------------------------------------------------------- the rule


def _must_screen(one: Indicator, row: Alert, run: int) -> bool:
    """Say whether a run of so many readings out of band opens a re-screening that the alert does not have yet."""
    return one.opens_screening and row.screening_id is None and run >= one.run_length


def _screen(work: UnitOfWork, one: Indicator, row: Alert) -> str:
    """Open the re-screening, or add the reason to the one under way; a refusal is told and changes nothing."""
    under_way = reopening.open_one(work, one.project, one.phase)
    try:
        if under_way is not None:
            given = _reasons(framework_in(under_way.framework_version))
            reopening.add_reason(work, under_way, reasons=given, source="reading", subject=row.id)
            row.screening_id = under_way.id
            return "linked"
        given = _reasons(framework_in(current_framework(work, one.project.framework_key)))
        opened = reopening.reopen(work, one.project, one.phase, reasons=given, source="reading", subject=row.id)
    except Refusal:
        return "refused"
    row.screening_id = opened.id
    return "opened"


def _reasons(framework: Framework) -> list[str]:
    """Return the reason for the list of a framework; its first where it has another list."""
    codes = [each.code for each in framework.rescreening]
    return [REASON] if REASON in codes else codes[:1]


def _is_decided(row: Alert) -> bool:
    """Say whether the re-screening that came of the alert has been decided, so that the alert is settled by it."""
    return row.screening is not None and row.screening.state in DECIDED


# ---------------------------------------------------------------- settling


def acknowledge(work: UnitOfWork, row: Alert, reason: str, quiet_until: date | None, *, rev: int) -> None:
    """Say why an alert may rest, and until when: afterwards, or when it had been in band between, it opens again."""
    authorize(work.actor, "alert:acknowledge", relations_of(work, row.project))
    work.expect(row, rev)
    if row.state != "open":
        raise Refusal("monitoring.settled", "この警報はすでに片付いています。", "This alert is settled already.")
    if not reason.strip():
        raise Refusal("monitoring.reason", "理由を書いてください。", "Say why.", place="reason")
    today = local_date(work.now)
    if quiet_until is None or not today <= quiet_until <= today + timedelta(days=MOST_QUIET_DAYS):
        raise Refusal(
            "monitoring.quiet_until",
            "今日から{days}日以内の日付を入力してください。",
            "Enter a day within {days} days from today.",
            place="quiet_until",
            days=MOST_QUIET_DAYS,
        )
    row.state, row.settled_how, row.reason, row.quiet_until = (
        "acknowledged",
        "acknowledged",
        reason.strip()[:2000],
        quiet_until,
    )
    row.settled_by, row.settled_at = work.person, work.now
    work.session.flush()
    _record(work, row, "AlertAcknowledged", rev, row.reason)


def settle_corrected(work: UnitOfWork, wrong: Reading) -> None:
    """Settle the alert that a corrected reading had opened, unless a later one is out too or a re-screening came of it."""
    held = open_alert(work, wrong.indicator)
    if held is None or held.reading_id != wrong.id or held.screening_id is not None:
        return
    others = counting(wrong.indicator_id, Reading.id)
    if work.session.scalar(others.where(Reading.at >= wrong.at, Reading.verdict.in_(OUT)).limit(1)) is None:
        _settle(work, held, "corrected")


def settle_retired(work: UnitOfWork, one: Indicator) -> None:
    """Settle the open alert of an indicator that is retired."""
    if (held := open_alert(work, one)) is not None:
        _settle(work, held, "retired")


def _settle(work: UnitOfWork, row: Alert, how: str) -> None:
    row.state, row.settled_how, row.settled_by, row.settled_at = "settled", how, work.person, work.now
    work.session.flush()
    _record(work, row, "AlertSettled", row.rev)


def _record(work: UnitOfWork, row: Alert, act: str, rev: int | None, reason: str = "") -> None:
    codes = {
        "number": row.indicator.code,
        "alert": row.kind,
        "reading": row.reading_id,
        "result": row.outcome,
        "screening": row.screening_id,
        "settled": row.settled_how,
    }
    private = {"reason": reason} if reason else {}
    work.record(
        act,
        subject=("alert", row.id),
        project=row.project_id,
        rev=(rev, row.rev),
        codes=codes,
        private=private,
        row=row,
    )


# ---------------------------------------------------------------- readings that did not come


def next_on(one: Indicator, last: datetime | None) -> date:
    """Return the day on which the next reading of an indicator is expected."""
    return expected_on(local_date(last or one.created_at), one.every_days)


def _is_overdue(work: UnitOfWork, one: Indicator, today: date) -> bool:
    return next_on(one, last_times(work, [one]).get(one.id)) < today


def overdue_readings(work: UnitOfWork, today: date) -> int:
    """Open an alert for each indicator whose reading did not come, and settle those whose re-screening is decided; daily.

    Projects that do not run are left alone. Returns how many alerts were opened.
    """
    query = select(Indicator).where(Indicator.retired_at.is_(None)).options(joinedload(Indicator.project))
    rows = list(work.session.scalars(query.order_by(Indicator.project_id, Indicator.number)))
    stopped, last = life.states_of(work, {row.project_id for row in rows}), last_times(work, rows)
    held = {each.indicator_id: each for each in work.session.scalars(select(Alert).where(Alert.state == "open"))}
    opened = 0
    for row in (each for each in rows if each.project_id not in stopped):
        if row.id in held and _is_decided(held[row.id]):
            _settle(work, held.pop(row.id), "screened")
        is_late = next_on(row, last.get(row.id)) < today
        if is_late and row.id not in held and _acknowledged(work, row, "overdue") is None:
            _opened(work, row, "overdue")
            opened += 1
    return opened
