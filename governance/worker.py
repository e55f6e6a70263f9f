"""The worker, beside the service or on its own (`governance worker`): sends mail, runs the daily jobs, makes the reports of bulk jobs.

Several workers may run, on several machines: a letter and a daily job belong to whoever holds its lease in the database. Nothing that
fails here ends the worker; it is logged without names or texts, and tried again.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Protocol, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from governance import formats, sinks
from governance.erasure import performing
from governance.insight import reminding
from governance.learning import overview
from governance.monitoring import alerts
from governance.notary import EmptyLedger, notary_of
from governance.notifications import jobs, joining, letters
from governance.notifications.composing import Sender
from governance.notifications.posting import Post, Rejected, Unreachable
from governance.reports import bulk, bulk_running
from governance.reviews import leaving, overdue, workdays
from governance.screenings import evidence_life, reopening
from governance.settings import Settings
from governance.storage.database import Database
from governance.storage.objects import open_store
from governance.terminal import say
from governance.texts import Text
from governance.work import SYSTEM, UnitOfWork, open_work, run

EVERY = 5.0
"""Seconds between two looks for mail."""
QUIET = (60, 120, 300, 600)
"""Seconds without a try after the server could not be reached, longer each time."""
AT_ONE_LOOK = 200
SIGN_EVERY = timedelta(minutes=10)
"""How often a grown ledger is signed beside its issues and decisions."""

Result = TypeVar("Result")
Job = Callable[[UnitOfWork, date], int]
DAILY: dict[str, Job] = {
    "reminders.screenings": reminding.screenings,
    "reminders.conditions": reminding.conditions,
    "conditions.suspending": overdue.suspend_overdue,
    "reviews.leaving": leaving.end_readings,
    "reminders.measures": reminding.measures,
    "reminders.delegations": reminding.delegations,
    "reminders.reviews": reminding.reviews,
    "reminders.approvals": reminding.approvals,
    "monitoring.overdue": alerts.overdue_readings,
    "evidence.expiring": evidence_life.expiring,
    "learning.training": overview.remind,
    "screenings.reopening": reopening.open_due,
    "notices.forget": jobs.forget,
    "reports.forget_bulk": bulk.forget,
}
"""What is done once a day, an hour before the mails that sum up are sent."""
SWEEP = "erasures.sweep"
"""The daily job beside them that removes files and therefore runs outside of a transaction."""

log = logging.getLogger("governance.worker")


class Worker:
    """One worker; `clock` is set by tests."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime] | None = None) -> None:
        self.database = database
        self.settings = settings
        workdays.follow(settings.calendar_file)
        self.clock = clock or (lambda: datetime.now(UTC))
        self.stopping = threading.Event()
        self.bulk = bulk_running.Runner(database, settings, self.stopping)
        self._failures = 0
        self._quiet_until: datetime | None = None
        self._signed: datetime | None = None

    def stop(self) -> None:
        """Let the work in hand be finished and nothing new be begun."""
        self.stopping.set()

    def serve(self, parent: int | None = None) -> None:
        """Look until told to stop, or until the process that started this one is gone; reports are made beside it."""
        printing = threading.Thread(target=self.bulk.serve, name="bulk")
        printing.start()
        while not self.stopping.is_set() and (parent is None or os.getppid() == parent):
            self.look()
            self.stopping.wait(EVERY)
        self.stop()
        printing.join()
        self._signed = None
        self._kept(self.sign)

    def look(self) -> tuple[int, int]:
        """Run what is due of the daily jobs, then send what is due; return how many jobs were run and letters sent."""
        self._kept(self.sign)
        return self._kept(self.run_jobs) + self._kept(self.sweep), self._kept(self.send_mail)

    def sign(self) -> int:
        """Sign a checkpoint when the ledger grew, every ten minutes, and send those that have not left; return how many left."""
        now, notary = self.clock(), notary_of(self.database)
        if notary is None or (self._signed is not None and now < self._signed + SIGN_EVERY):
            return 0
        self._signed = now
        try:
            notary.grown()
        except EmptyLedger:
            return 0
        finally:
            taken = sinks.send(self.database, self.settings, now)
        return taken

    def _kept(self, act: Callable[[], int]) -> int:
        """Do one thing; a fault is logged by its kind alone and does not end the worker."""
        try:
            return act()
        except Exception as error:  # the worker goes on: the job or letter is tried again
            log.error("%s failed: %s", act.__name__, type(error).__name__, exc_info=not _tells_values(error))
            return 0

    # --- daily jobs --------------------------------------------------------------------------------------------------

    def run_jobs(self) -> int:
        """Run each job that is due today and that no other worker holds or has done; return how many were run."""
        now, zone = self.clock(), self.settings.zone
        is_time = now.astimezone(zone).hour >= self.settings.mail_digest_hour - 1
        day = formats.local_date(now, zone)
        with self._reading() as work:
            newcomers = joining.newcomers(work)
            names = jobs.open_ones(work, DAILY, day) if is_time else []
        if newcomers:
            self._unit(joining.welcome)
        return sum(self._run_job(name, DAILY[name], day) for name in names if not self.stopping.is_set())

    def sweep(self) -> int:
        """Once a day, remove the files that erasures left when they could not be removed at once; return 1 when that was done.

        Files are removed outside of any transaction that writes.
        """
        day = formats.local_date(self.clock(), self.settings.zone)
        with self._reading() as work:
            if not jobs.open_ones(work, [SWEEP], day):
                return 0

        def act(lease: str) -> None:
            count = performing.sweep(self.database, open_store(self.settings))
            self._unit(lambda work: jobs.finish(work, SWEEP, day, lease, count))

        return self._leased(SWEEP, day, act)

    def _run_job(self, name: str, job: Job, day: date) -> bool:
        return self._leased(
            name, day, lambda lease: self._unit(lambda work: jobs.finish(work, name, day, lease, job(work, day)))
        )

    def _leased(self, name: str, day: date, act: Callable[[str], None]) -> bool:
        lease = self._unit(lambda work: jobs.claim(work, name, day))
        if lease is None:
            return False
        try:
            act(lease)
        except jobs.LeaseLost:
            return False
        except Exception as error:  # one job that fails must not keep the others from being done
            log.error("job %s failed: %s", name, type(error).__name__, exc_info=not _tells_values(error))
            kind = type(error).__name__
            self._unit(lambda work: jobs.failed(work, name, day, lease, kind))
            return False
        return True

    # --- mail --------------------------------------------------------------------------------------------------------

    def send_mail(self) -> int:
        """Gather and send what is due; return how many letters the server took."""
        now, given = self.clock(), self.settings
        if not given.mail_is_on or (self._quiet_until is not None and now < self._quiet_until):
            return 0
        due = letters.slots(now, given.mail_digest_hour, given.zone)
        with self._reading() as work:
            if not letters.waiting(work, due):
                return 0
        self._unit(lambda work: letters.gather(work, due))
        sender = Sender(given.mail_from, given.base_url, given.mail_shows_numbers)
        with Post(given) as post:
            return self._send(post, sender)

    def _send(self, post: Post, sender: Sender) -> int:
        taken = 0
        for _ in range(AT_ONE_LOOK):
            claimed = None if self.stopping.is_set() else self._unit(lambda work: letters.claim(work, sender))
            if claimed is None:
                break
            try:
                post.send(claimed.message)
            except Unreachable as error:
                self._pause(claimed, str(error))
                break
            except Rejected as error:
                self._reject(claimed, error)
                continue
            self._settle(claimed)
            taken += 1
        return taken

    def _settle(self, claimed: letters.Claimed) -> None:
        self._unit(lambda work: letters.sent(work, claimed))
        self._failures, self._quiet_until = 0, None

    def _reject(self, claimed: letters.Claimed, error: Rejected) -> None:
        log.warning("letter %s was not taken: %s", claimed.id, error)
        self._unit(lambda work: letters.rejected(work, claimed, str(error), for_good=error.for_good))

    def _pause(self, claimed: letters.Claimed, code: str) -> None:
        log.warning("the mail server cannot be reached: %s", code)
        self._unit(lambda work: letters.unreachable(work, claimed, code))
        seconds = QUIET[min(self._failures, len(QUIET) - 1)]
        self._failures += 1
        self._quiet_until = self.clock() + timedelta(seconds=seconds)

    def _unit(self, act: Callable[[UnitOfWork], Result]) -> Result:
        return run(self.database, SYSTEM, act, at=self.clock())

    def _reading(self) -> AbstractContextManager[UnitOfWork]:
        """Look first without the write lock, which belongs to the people: most looks find nothing to do."""
        return open_work(self.database, SYSTEM, read_only=True, at=self.clock())


def _tells_values(error: Exception) -> bool:
    """Say whether the error's words may repeat what is stored, which has no place in a log."""
    return isinstance(error, SQLAlchemyError)


def attend(database: Database, settings: Settings, *, once: bool, parent: int | None) -> None:
    """Look once and say what was done; or serve until SIGTERM or SIGINT, finishing what is in hand."""
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    worker = Worker(database, settings)
    if once:
        made = worker.bulk.look()
        ran, taken = worker.look()
        said = Text("毎日の仕事を{jobs}件行い、メールを{n}通送りました。", "Daily jobs run: {jobs}. Mails sent: {n}.")
        say(said.filled(jobs=ran, n=taken))
        if made:
            say(Text("一括発行の報告書を{n}件作りました。", "Reports made in bulk: {n}.").filled(n=made))
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    worker.serve(parent)


class Hooked(Protocol):
    """A server that says when it starts and when it ends."""

    def on_startup(self, hook: Callable[[], object]) -> object: ...
    def on_shutdown(self, hook: Callable[[], object]) -> object: ...


def beside(server: Hooked) -> None:
    """Run a worker as a process beside the server; it also ends by itself when the server is gone."""
    started: list[subprocess.Popen[bytes]] = []
    command = [sys.executable, "-m", "governance", "worker", "--parent", str(os.getpid())]
    server.on_startup(lambda: started.append(subprocess.Popen(command)))  # noqa: S603 - this program itself
    server.on_shutdown(lambda: _end(started))


def _end(started: list[subprocess.Popen[bytes]]) -> None:
    """Ask the worker to end and wait; what it does not finish in time is taken up again when its lease has ended."""
    for process in started:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
