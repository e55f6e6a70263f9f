"""Acts on bulk jobs: choose reports by filter, order them, look at the progress, cancel, go on, and fetch what was made.

The reports are made by the worker (bulk_running.py), each in the name of whoever ordered them and with the rights that this person
has at that moment; a second look at the rights follows when the files are fetched.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import selectinload

from governance.accounts.rules import may
from governance.insight.services import Wanted, fitting
from governance.projects.models import Project
from governance.projects.services import relations_of, visible
from governance.refusals import Forbidden, NotFound, Refusal
from governance.reports.documents import ISSUE_HOUSE
from governance.reports.models import BulkFile, BulkJob, Report
from governance.reports.redaction import profile
from governance.reports.rules import CASE, LEDGER, MAPPING, check_request
from governance.reports.services import report
from governance.reviews.rules import local_date
from governance.screenings.models import Screening, Snapshot
from governance.work import Actor, UnitOfWork

MOST = 1000
"""Reports of one job; a larger choice is made in parts."""
KEPT = timedelta(days=14)
"""How long a job and its download stay; the reports themselves stay in the register."""
_LATEST = 20


ANY = Wanted()


@dataclass(frozen=True)
class Choice:
    """Which reports are wanted: the filters of the register of projects, and between which days the case was submitted."""

    wanted: Wanted = ANY
    since: date | None = None
    until: date | None = None

    def as_dict(self) -> dict[str, str]:
        """Return what was chosen, to be kept with the job."""
        given = {**vars(self.wanted), "since": self.since, "until": self.until}
        return {name: str(value) for name, value in given.items() if value}


@dataclass(frozen=True)
class Progress:
    """How far a job is; `seconds_left` is None until a few reports were made."""

    total: int
    done: int
    failed: int
    seconds_left: int | None

    @property
    def settled(self) -> int:
        """Files that are done with, one way or the other."""
        return self.done + self.failed


def choose(work: UnitOfWork, choice: Choice) -> list[tuple[Project, Screening]]:
    """Return the submitted cases that fit and whose report the actor may issue; one more than MOST when there are too many."""
    found = fitting(work, choice.wanted, local_date(work.now), MOST + 1)
    frozen = set(work.session.scalars(select(Snapshot.screening_id)))
    return [
        (project, row)
        for project, row in found
        if row.id in frozen
        and _between(row.submitted_at, choice)
        and may(work.actor, "report:issue", relations_of(work, project))
    ]


def _between(moment: datetime | None, choice: Choice) -> bool:
    day = local_date(moment) if moment is not None else None
    early = choice.since is not None and (day is None or day < choice.since)
    late = choice.until is not None and (day is None or day > choice.until)
    return not early and not late


def kinds(actor: Actor) -> list[str]:
    """Return the kinds of reports on a case that the actor may order in bulk: an extract of the ledger is for an office alone."""
    return [CASE, MAPPING, *([LEDGER] if may(actor, ISSUE_HOUSE) else [])]


# long: one line for each part of the order
def order(
    work: UnitOfWork,
    choice: Choice,
    lang: str,
    purpose: str,
    *,
    kind: str = CASE,
    disclosed: str = "",
    into_folder: bool = False,
) -> BulkJob:
    """Order the reports of all cases that fit and that the actor may report on (asked of each case, and anew when it is made).

    `disclosed` names the profile; `into_folder` also writes them into a folder of the bucket (bulk_folder.py).
    Raises Refusal(s) for a wrong request, an empty choice and one that is too large.
    """
    check_request(lang, purpose)
    _check_kind(work.actor, kind)
    found = choose(work, choice)
    _refuse_number(len(found))
    job = BulkJob(
        kind=kind,
        profile=profile(disclosed).code,
        lang=lang,
        purpose=purpose.strip(),
        chosen=choice.as_dict(),
        asked_by=work.actor.id,
        asked_at=work.now,
        folder=f"{work.now:%Y%m%dT%H%M%SZ}-{os.urandom(4).hex()}" if into_folder else "",
        files=[BulkFile(position=n, project_id=p.id, screening_id=row.id) for n, (p, row) in enumerate(found, 1)],
    )
    work.session.add(job)
    work.session.flush()
    return job


def _check_kind(actor: Actor, kind: str) -> None:
    if kind not in kinds(actor):
        ja, en = "報告書の種類を選んでください。", "Choose a kind of report."
        raise Refusal("bulk.kind", ja, en, place="kind")


def _refuse_number(number: int) -> None:
    if number == 0:
        raise Refusal(
            "bulk.nothing",
            "条件に合い、報告書を発行できる案件がありません。条件を変えてください。",
            "No case fits whose report you may issue. Change the filters.",
        )
    if number > MOST:
        raise Refusal(
            "bulk.too_many",
            "一度に発行できるのは{n}件までです。条件を加えて分けてください。",
            "At most {n} reports can be issued at once. Add filters and order them in parts.",
            n=MOST,
        )


def jobs(work: UnitOfWork) -> Sequence[BulkJob]:
    """Return the actor's own jobs, the newest first."""
    query = select(BulkJob).where(BulkJob.asked_by == work.actor.id).options(selectinload(BulkJob.files))
    return work.session.scalars(query.order_by(BulkJob.asked_at.desc()).limit(20)).all()


def job(work: UnitOfWork, job_id: str) -> BulkJob:
    """Return one of the actor's own jobs with its files. NotFound for another's."""
    files = selectinload(BulkJob.files)
    query = select(BulkJob).where(BulkJob.id == job_id, BulkJob.asked_by == work.actor.id)
    reports = files.joinedload(BulkFile.report).selectinload(Report.annulment)
    found = work.session.scalars(query.options(files.joinedload(BulkFile.project), reports))
    if (row := found.unique().one_or_none()) is None:
        raise NotFound
    return row


def progress(row: BulkJob, now: datetime) -> Progress:
    """Return how far a job is, with an estimate from the reports that were made last."""
    done = [file for file in row.files if file.state == "done"]
    failed = sum(file.state == "failed" for file in row.files)
    latest = sorted(file.done_at for file in done if file.done_at is not None)[-_LATEST:]
    left, waiting = None, len(row.files) - len(done) - failed
    if row.state == "running" and len(latest) > 2 and now - latest[-1] < timedelta(minutes=5):
        left = int((latest[-1] - latest[0]).total_seconds() / (len(latest) - 1) * waiting)
    return Progress(len(row.files), len(done), failed, left)


def seen(work: UnitOfWork, row: BulkJob) -> frozenset[str]:
    """Return the cases of a job that the actor may still know of; they may have left one, or stepped back, since they ordered it."""
    of_job = select(BulkFile.project_id).where(BulkFile.job_id == row.id)
    return frozenset(work.session.scalars(select(Project.id).where(Project.id.in_(of_job), visible(work.actor))))


def cancel(work: UnitOfWork, row: BulkJob) -> None:
    """End a job: what was issued stays issued, a report in hand is thrown away, nothing new is begun."""
    if row.state in ("running", "stopped"):
        row.state, row.ended_at = "cancelled", work.now
        work.session.flush()


def go_on(work: UnitOfWork, row: BulkJob) -> None:
    """Let a job go on: one that was stopped, and the files of a finished one that failed."""
    if row.state not in ("stopped", "done"):
        raise Refusal("bulk.not_stopped", "この一括発行は止まっていません。", "This bulk issue has not stopped.")
    for file in row.files:
        if file.state != "done":
            file.state, file.attempts, file.problem = "waiting", 0, {}
            file.lease, file.lease_until = "", None
    row.state, row.problem, row.ended_at, row.written_at = "running", {}, None, None
    work.session.flush()


def fetchable(work: UnitOfWork, row: BulkJob) -> list[tuple[BulkFile, Report | None]]:
    """Return the files of a job, each with the report that was made of it if the actor may still read it."""
    return [(file, _readable(work, file.report_id)) for file in row.files]


def _readable(work: UnitOfWork, report_id: str | None) -> Report | None:
    try:
        return report(work, report_id) if report_id is not None else None
    except (NotFound, Forbidden):
        return None


def forget(work: UnitOfWork, _: date) -> int:
    """Remove the jobs that ended a while ago; the reports stay in the register."""
    old = select(BulkJob.id).where(BulkJob.ended_at < work.now - KEPT)
    count = work.session.scalar(select(func.count()).select_from(old.subquery())) or 0
    work.session.execute(delete(BulkFile).where(BulkFile.job_id.in_(old)))
    work.session.execute(delete(BulkJob).where(BulkJob.ended_at < work.now - KEPT))
    return count
