"""What the administrator sees of mail and daily jobs: what waits, what could not be sent and why, and to send it again.

Nothing of the content: who a letter is for, since when it waits, and a code of what went wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from governance.accounts.rules import authorize
from governance.notifications import letters
from governance.notifications.models import JobRun, Letter
from governance.refusals import NotFound
from governance.texts import Text, both
from governance.work import UnitOfWork

SHOWN = 100
JOBS_SHOWN = 14

PROBLEMS: dict[str, Text] = {
    "login": Text("メールサーバーにログインできません", "The mail server refuses the login"),
    "tls": Text("暗号化した接続を確かめられません", "The encrypted connection cannot be verified"),
    "not_offered": Text(
        "メールサーバーが求めた方式に対応していません", "The mail server does not offer what was asked for"
    ),
    "address": Text("宛先のアドレスが使えません", "The address of the recipient cannot be used"),
    "abandoned": Text("送れないまま期間が過ぎました", "It could not be sent in time"),
    "refused": Text("メールサーバーが受け取りませんでした（{code}）", "The mail server did not take it ({code})"),
    "": Text("メールサーバーにつながりません（{code}）", "The mail server cannot be reached ({code})"),
}

JOBS: dict[str, Text] = {
    "reminders.screenings": Text("スクリーニングの期限の連絡", "Reminders of screenings"),
    "reminders.conditions": Text("付帯条件の期限の連絡", "Reminders of conditions"),
    "reminders.measures": Text("対応策の期限の連絡", "Reminders of measures"),
    "reminders.delegations": Text("頼まれた質問の期限の連絡", "Reminders of delegated questions"),
    "reminders.reviews": Text("審査の待ちの連絡", "Reminders of waiting reviews"),
    "reminders.approvals": Text("承認の有効期限の連絡", "Reminders of approvals that end"),
    "monitoring.overdue": Text("届いていない測定値の確認", "Readings that did not come"),
    "evidence.expiring": Text("証跡の有効期限の連絡", "Reminders of evidence that expires"),
    "screenings.reopening": Text("期日による再スクリーニング", "Re-screenings by date"),
    "notices.forget": Text("1年より前のお知らせの削除", "Removal of notices older than a year"),
}


@dataclass(frozen=True)
class Outbox:
    """How the sending stands."""

    queued: int
    oldest: datetime | None
    sent: int
    waiting: Sequence[Letter]
    dead: Sequence[Letter]
    jobs: Sequence[JobRun]


def outbox(work: UnitOfWork) -> Outbox:
    """Return what waits, what is dead, and the last daily jobs. Raises Forbidden."""
    authorize(work.actor, "mail:manage")
    queued, oldest = work.session.execute(
        select(func.count(Letter.id), func.min(Letter.created_at)).where(Letter.state == "queued")
    ).one()
    sent = work.session.scalar(select(func.count(Letter.id)).where(Letter.state == "sent")) or 0
    dead = select(Letter).where(Letter.state == "dead").order_by(Letter.settled_at.desc()).limit(SHOWN)
    troubled = select(Letter).where(Letter.state == "queued", Letter.problem != "").order_by(Letter.created_at)
    runs = select(JobRun).order_by(JobRun.day.desc(), JobRun.job).limit(JOBS_SHOWN)
    rows = (work.session.scalars(query).all() for query in (troubled.limit(SHOWN), dead, runs))
    return Outbox(queued, oldest, sent, *rows)


def send_again(work: UnitOfWork, letter_id: str | None = None) -> int:
    """Queue one dead letter, or all, once more; return how many. Raises Forbidden, NotFound."""
    authorize(work.actor, "mail:manage")
    count = letters.send_again(work, letter_id)
    if letter_id is not None and not count:
        raise NotFound
    return count


def job_name(code: str) -> Text:
    """Return what a daily job does, in words."""
    return JOBS.get(code, both(code))


def in_words(problem: str) -> Text:
    """Return what a code of a problem means."""
    kind, _, code = problem.partition(".")
    found = PROBLEMS.get(kind)
    return (found or PROBLEMS[""]).filled(code=code or problem)
