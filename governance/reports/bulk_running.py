"""Makes the reports of bulk jobs in the background: the worker's own loop, as many at a time as there are cores.

Several workers may share a job: each file belongs to whoever holds its lease in the database, which is renewed while the report is
made. A file is done in the transaction that enters its report into the register, and only by the holder of the lease; so a worker
that is killed leaves nothing half done and nothing is issued twice. The person's rights are read anew for each file.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import or_, select, update

from governance.accounts.models import User
from governance.notifications.services import notify
from governance.refusals import Forbidden, Refusal
from governance.reports import bulk_folder, documents, issuing, services
from governance.reports.documents import Order as Document
from governance.reports.house import House
from governance.reports.house_file import house_of
from governance.reports.models import BulkFile, BulkJob
from governance.reports.rules import CASE
from governance.reports.services import Order
from governance.settings import Settings
from governance.storage.database import Database
from governance.storage.objects import open_store
from governance.texts import Text
from governance.work import SYSTEM, Actor, UnitOfWork, open_work, run

LEASE = timedelta(seconds=90)
RENEWED = 20.0
ATTEMPTS = 3
EVERY = 3.0
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_STOPPING = frozenset({"files.no_space", "files.unreachable", "reports.no_press"})
"""Refusals that would meet every further file too: the job stops and says so."""
NO_SPACE = Text(
    "保存先の空き容量が不足しているため、一括発行を止めました。作成済みの報告書は残っています。空きを作ってから再開してください。",
    "The bulk issue was stopped because the disk is full. Reports that were made are kept. Make room, then go on.",
)
BROKEN = Text(
    "このPDFを作成できませんでした。管理者に連絡してください。",
    "This PDF could not be made. Please tell an administrator.",
)

log = logging.getLogger("governance.bulk")
Result = TypeVar("Result")


class LeaseLost(Exception):
    """Another worker has the file, or the job was cancelled; what was done here is undone."""


@dataclass(frozen=True)
class Claimed:
    """A file that this worker makes now."""

    id: str
    lease: str
    actor: Actor | None
    order: Order | Document


class Runner:
    """Makes files of bulk jobs until there are none; `stopping` lets the ones in hand be finished and begins no more."""

    def __init__(self, database: Database, settings: Settings, stopping: threading.Event | None = None) -> None:
        self.database = database
        self.settings = settings
        self.stopping = stopping or threading.Event()
        self.house = house_of(settings)

    def serve(self) -> None:
        """Look for files until told to stop. A fault is logged and does not end the loop."""
        while not self.stopping.is_set():
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - the loop goes on: leases end, and the files are taken up again
                log.error("bulk issue failed: %s", type(error).__name__)
            self.stopping.wait(EVERY)

    def look(self, most: int | None = None) -> int:
        """Make files until there is none to make; return how many were done with. `most` is how many at a time."""
        with open_work(self.database, SYSTEM, read_only=True) as work:
            if not _is_work(work):
                return 0
        number = most or os.cpu_count() or 1
        held: dict[str, str] = {}
        with ThreadPoolExecutor(number) as hands:
            busy: set[Future[int]] = {hands.submit(self._make_all, held) for _ in range(number)}
            done = 0
            while busy:
                ended, busy = wait(busy, timeout=RENEWED)
                done += sum(each.result() for each in ended)
                self._system(lambda work: renew(work, dict(held)))
        self._write_folders()
        self._system(close)
        return done

    def _write_folders(self) -> None:
        """Write the folders of jobs whose files are all made; what keeps one from being written stops its job, which can go on later."""
        with open_work(self.database, SYSTEM, read_only=True) as work:
            due = bulk_folder.unwritten(work)
        for one in due:
            problem = bulk_folder.write(self.database, self.settings, one)
            self._system(lambda work, id=one.job_id, problem=problem: written(work, id, problem))  # type: ignore[misc]

    def _make_all(self, held: dict[str, str]) -> int:
        count = 0
        while (
            not self.stopping.is_set() and (claimed := self._system(lambda work: claim(work, self.house))) is not None
        ):
            held[claimed.id] = claimed.lease
            try:
                self._make(claimed)
            finally:
                del held[claimed.id]
            self._system(close)
            count += 1
        return count

    def _make(self, claimed: Claimed) -> None:
        """Make one file; what goes wrong is written beside it, or stops the job when it would meet the others too."""
        try:
            self._issue(claimed)
        except LeaseLost:
            log.info("file %s was taken over or cancelled", claimed.id)
        except Refusal as refused:
            act = stop if refused.code in _STOPPING else fail
            text = NO_SPACE if refused.code == "files.no_space" else refused.text
            self._system(lambda work: act(work, claimed, text))
        except Exception as error:  # noqa: BLE001 - one file that fails must not keep the others from being made
            if isinstance(error, OSError) and error.errno in _FULL:
                self._system(lambda work: stop(work, claimed, NO_SPACE))
                return
            log.error("file %s of a bulk issue failed: %s", claimed.id, error)
            self._system(lambda work: fail(work, claimed, BROKEN))

    def _issue(self, claimed: Claimed) -> None:  # long: the two ways of a report, side by side
        store, order, verify = open_store(self.settings), claimed.order, f"{self.settings.base_url}/verify?d="
        if claimed.actor is None:
            raise Forbidden(
                "bulk.left", "発行を頼んだ人の利用が止まっています。", "The account that ordered it is closed."
            )
        if isinstance(order, Document):
            asked = replace(order, verify=verify)
            issuing.issue(
                self.database,
                claimed.actor,
                store,
                lambda work: documents.prepare(work, asked, store),
                lambda work, made, printed, digest: settle(
                    work, claimed, documents.finish(work, asked, made, printed, digest)
                ),
                lambda work, made: settle(work, claimed, documents.issue_again(work, made.id, asked)),
            )
            return
        issuing.issue(
            self.database,
            claimed.actor,
            store,
            lambda work: services.prepare(work, order, store, verify=verify),
            lambda work, made, printed, digest: settle(
                work, claimed, services.finish(work, order, made, printed, digest)
            ),
            lambda work, made: settle(work, claimed, services.issue_again(work, made.id, order)),
        )

    def _system(self, act: Callable[[UnitOfWork], Result]) -> Result:
        return run(self.database, SYSTEM, act)


def _is_work(work: UnitOfWork) -> bool:
    return work.session.scalar(select(BulkJob.id).where(BulkJob.state == "running").limit(1)) is not None


def claim(work: UnitOfWork, house: House) -> Claimed | None:
    """Take the next file for this worker, the oldest job first; None when there is none to take."""
    free = or_(BulkFile.lease_until.is_(None), BulkFile.lease_until < work.now)
    query = (
        select(BulkFile)
        .join(BulkJob)
        .where(BulkJob.state == "running", BulkFile.state == "waiting", BulkFile.attempts < ATTEMPTS, free)
        .order_by(BulkJob.asked_at, BulkFile.position)
        .limit(1)
        .with_for_update(skip_locked=True, of=BulkFile)
    )
    file = work.session.scalars(query).one_or_none()
    if file is None:
        return None
    file.attempts += 1
    file.lease, file.lease_until = os.urandom(16).hex(), work.now + LEASE
    job = file.job
    user = work.session.get_one(User, job.asked_by)
    order: Order | Document = Order(file.project_id, job.lang, job.purpose, file.screening_id, house, job.profile)
    if job.kind != CASE:
        order = Document(job.kind, job.lang, job.purpose, "", file.project_id, job.profile, house)
    work.session.flush()
    return Claimed(file.id, file.lease, Actor(user.id, user.roles) if user.is_active else None, order)


def renew(work: UnitOfWork, held: dict[str, str]) -> None:
    """Keep the leases of the files in hand."""
    for id, lease in held.items():
        mine = (BulkFile.id == id, BulkFile.lease == lease)
        work.session.execute(update(BulkFile).where(*mine).values(lease_until=work.now + LEASE))


def settle(work: UnitOfWork, claimed: Claimed, report_id: str) -> str:
    """Mark a file as done in the transaction that enters its report. Raises LeaseLost, which undoes both."""
    file = _held(work, claimed)
    if file is None:
        raise LeaseLost
    file.state, file.report_id, file.done_at = "done", report_id, work.now
    file.lease, file.lease_until = "", None
    return report_id


def fail(work: UnitOfWork, claimed: Claimed, text: Text) -> None:
    """Write beside a file why it could not be made; a fault without a reason is tried again a few times."""
    if (file := _held(work, claimed)) is not None:
        if text is not BROKEN or file.attempts >= ATTEMPTS:
            file.state, file.problem = "failed", text.as_dict()
        file.lease, file.lease_until = "", None


def stop(work: UnitOfWork, claimed: Claimed, text: Text) -> None:
    """Stop the whole job for something that would meet every further file; nothing is lost, and it can go on later."""
    if (file := _held(work, claimed)) is not None:
        file.attempts, file.lease, file.lease_until = 0, "", None
        file.job.state, file.job.problem, file.job.ended_at = "stopped", text.as_dict(), work.now
        _tell(work, file.job, "stopped")


def written(work: UnitOfWork, job_id: str, problem: Text | None) -> None:
    """Note that the folder of a job has all its files, or stop the job for what kept it from getting them."""
    query = select(BulkJob).where(BulkJob.id == job_id, BulkJob.state == "running").with_for_update()
    row = work.session.scalars(query).one_or_none()
    if row is None:
        return
    if problem is None:
        row.written_at = work.now
        return
    row.state, row.problem, row.ended_at = "stopped", problem.as_dict(), work.now
    _tell(work, row, "stopped")


def close(work: UnitOfWork) -> None:
    """End the jobs whose files are all done with and in their folder, and give up files that have killed their worker again and again."""
    free = or_(BulkFile.lease_until.is_(None), BulkFile.lease_until < work.now)
    hopeless = (BulkFile.state == "waiting", BulkFile.attempts >= ATTEMPTS, free)
    for file in work.session.scalars(select(BulkFile).where(*hopeless)):
        file.state, file.problem = "failed", BROKEN.as_dict()
    work.session.flush()
    waiting = select(BulkFile.id).where(BulkFile.job_id == BulkJob.id, BulkFile.state == "waiting").exists()
    there = or_(BulkJob.folder == "", BulkJob.written_at.is_not(None))
    query = select(BulkJob).where(BulkJob.state == "running", ~waiting, there).with_for_update(skip_locked=True)
    for job in work.session.scalars(query).all():
        job.state, job.ended_at = "done", work.now
        _tell(work, job, "")


def _tell(work: UnitOfWork, job: BulkJob, about: str) -> None:
    codes = {"about": about} if about else {}
    notify(work, "bulk", [job.asked_by], href=f"/reports/bulk/{job.id}", codes=codes)


def _held(work: UnitOfWork, claimed: Claimed) -> BulkFile | None:
    """Return the file, locked, while this worker holds it and the job runs."""
    query = select(BulkFile).join(BulkJob).where(BulkFile.id == claimed.id, BulkFile.lease == claimed.lease)
    query = query.where(BulkJob.state == "running").with_for_update(of=BulkFile)
    return work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
