"""Daily jobs: done once a day by whichever worker holds the lease, and marked as done in the transaction of what they changed.

A worker that dies leaves nothing half done: its transaction is gone and its lease ends. A job that fails five times waits for the
next day, and the administrator sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from governance.notifications.models import JobRun, Letter, Notice
from governance.storage.tables import new_id
from governance.work import UnitOfWork

LEASE = timedelta(minutes=10)
ATTEMPTS = 5
PAUSE = timedelta(minutes=10)
KEPT = timedelta(days=365)
"""How long notices, settled letters and the days of jobs are kept."""
INSERT: dict[str, Callable[..., Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class LeaseLost(Exception):
    """Another worker took the job over; what was done here is undone."""


def open_ones(work: UnitOfWork, names: Iterable[str], day: date) -> list[str]:
    """Return which of these jobs may be taken now: not done today, not held, not waiting after a failure, not given up."""
    rows = {row.job: row for row in work.session.scalars(select(JobRun).where(JobRun.day == day))}
    return [name for name in names if name not in rows or _is_open(rows[name], work.now)]


def _is_open(row: JobRun, now: datetime) -> bool:
    held = row.lease_until is not None and row.lease_until >= now
    return row.done_at is None and not held and row.next_at <= now and row.attempts < ATTEMPTS


def claim(work: UnitOfWork, job: str, day: date) -> str | None:
    """Take a job of the day for this worker and return the lease; None when it is done, held, waiting or given up."""
    insert = INSERT[work.session.get_bind().dialect.name]
    fresh = {"job": job, "day": day, "attempts": 0, "next_at": work.now, "lease": "", "count": 0, "problem": ""}
    work.session.execute(insert(JobRun).values(**fresh).on_conflict_do_nothing())
    row = _locked(work, job, day)
    if row is None or not _is_open(row, work.now):
        return None
    row.attempts += 1
    row.lease, row.lease_until = new_id(), work.now + LEASE
    work.session.flush()
    return row.lease


def finish(work: UnitOfWork, job: str, day: date, lease: str, count: int) -> None:
    """Mark the job as done, in the same transaction as its effect. Raises LeaseLost, which undoes both."""
    row = _locked(work, job, day)
    if row is None or row.lease != lease:
        raise LeaseLost
    row.done_at, row.count, row.problem = work.now, count, ""
    row.lease, row.lease_until = "", None


def failed(work: UnitOfWork, job: str, day: date, lease: str, problem: str) -> None:
    """Note that the job failed; it is tried again after a while."""
    row = _locked(work, job, day)
    if row is not None and row.lease == lease:
        row.problem, row.next_at = problem, work.now + PAUSE
        row.lease, row.lease_until = "", None


def _locked(work: UnitOfWork, job: str, day: date) -> JobRun | None:
    query = select(JobRun).where(JobRun.job == job, JobRun.day == day)
    query = query.with_for_update().execution_options(populate_existing=True)
    return work.session.scalars(query).one_or_none()


def forget(work: UnitOfWork, today: date) -> int:
    """Delete notices, settled letters and days of jobs that are older than a year."""
    before = work.now - KEPT
    old = select(func.count()).where(Notice.created_at < before)
    count = work.session.scalar(old) or 0
    work.session.execute(delete(Notice).where(Notice.created_at < before))
    unused = ~select(Notice.id).where(Notice.letter_id == Letter.id).exists()
    work.session.execute(delete(Letter).where(Letter.settled_at < before, unused))
    work.session.execute(delete(JobRun).where(JobRun.day < today - KEPT))
    return count
