"""What an unmet condition leads to: after the days of reminding, the project is suspended, once for each condition.

The rule and its days are those of the committee that set the condition, as they stood on the day of its decision (domain.md §6.3
overdue condition). Whoever of the expert team resumes the project takes that on: the same condition does not suspend it again.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from governance.notifications.people import strangers, team
from governance.notifications.services import notify
from governance.projects.life import acts_of, state_after, suspend_by_rule
from governance.reviews.committees import rules_of
from governance.reviews.models import Condition
from governance.reviews.rules import SETTLED, days_overdue, local_date, suspend_on
from governance.work import UnitOfWork

REASON = "付帯条件 C-{number} が期限（{due}）を{days}日過ぎても完了していないため、委員会の規則により一時停止とします。"


def suspension_day(row: Condition) -> date | None:
    """Return the day on which an unmet condition suspends the project; None without a committee or such a rule."""
    item = row.decision.item
    if item is None or row.state in SETTLED:
        return None
    rules = rules_of(item.meeting.committee, local_date(row.decision.decided_at))
    return suspend_on(row.due_on, rules.overdue_reminder_days) if rules.overdue_suspends else None


def suspend_overdue(work: UnitOfWork, today: date) -> int:
    """Suspend the projects whose conditions were not met in time, and return how many were."""
    query = select(Condition).where(Condition.state.not_in(SETTLED), Condition.due_on < today)
    rows = work.session.scalars(query.order_by(Condition.due_on, Condition.id))
    return sum(_suspend(work, row, today) for row in rows.all())


def _suspend(work: UnitOfWork, row: Condition, today: date) -> bool:
    day, project = suspension_day(row), row.decision.screening.project
    reported = local_date(row.submitted_at) if row.submitted_at else None
    late = days_overdue(row.state, row.due_on, today, reported)
    if day is None or today <= day or not late:
        return False
    turns = acts_of(work, project)
    since = [turn for turn in turns if local_date(turn.acted_at) > day]
    if state_after(turns) != "active" or since:
        return False
    reason = REASON.format(number=row.number, due=row.due_on.isoformat(), days=late)
    suspend_by_rule(work, project, reason=reason, decider=row.decision.decided_by)
    codes, href = {"about": "condition", "number": str(row.number)}, f"/conditions/{row.id}"
    people = {*team(project), *strangers(work, project, "expert", "secretariat")}
    notify(work, "suspended", people, project=project, href=href, codes=codes)
    return True
