"""The register of issued reports: number, kind, language, purpose, and the digests that identify record and file.

The register is kept when the stored copies of a project are erased; `erased_id` then says under which erasure they went. It is kept
as well when a report is annulled: a row of its own then says when, by whom and why.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.models import User
from governance.projects.models import Erasure, Project
from governance.storage.tables import Base, Code, Digest, Id, Line, Long, ref


class Report(Base):
    """One issued report: `record_digest` is of its frozen content, `file_digest` of the PDF bytes in the store.

    A report on the whole house (portfolio, form, ledger extract) has no project and no snapshot; `scope` says what it covers (a period,
    a version). `profile` names what was left out; reports from before there were profiles have none and hold everything.
    """

    __tablename__ = "reports"
    __table_args__ = (UniqueConstraint("number"), CheckConstraint("lang IN ('ja', 'en', 'both')", name="lang"))

    id: Mapped[Id]
    number: Mapped[Code]
    kind: Mapped[Code]
    lang: Mapped[Code]
    project_id: Mapped[str | None] = ref("projects.id")
    snapshot_digest: Mapped[str | None] = mapped_column(String(64))
    record_digest: Mapped[Digest]
    file_digest: Mapped[Digest]
    size: Mapped[int]
    pages: Mapped[int]
    is_draft: Mapped[bool] = mapped_column(default=False)
    purpose: Mapped[Line]
    issued_by: Mapped[str] = ref("users.id", index=False)
    issued_at: Mapped[datetime]
    scope: Mapped[Line] = mapped_column(default="", server_default="")
    profile: Mapped[Code] = mapped_column(default="", server_default="")
    erased_id: Mapped[str | None] = ref("erasures.id", index=False)

    erasure: Mapped[Erasure | None] = relationship()
    project: Mapped[Project | None] = relationship()
    issuer: Mapped[User] = relationship()
    annulment: Mapped[ReportAnnulment | None] = relationship(back_populates="report")


class Paper(Base):
    """A paper of the meeting room as a file: board pack, minutes, decision letter (通知書); `items` are the items it tells of.

    What it was made from stands in the named row, so that the same paper is never made twice. `profile` names what was left out; a
    paper without one holds everything.
    """

    __tablename__ = "papers"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("kind IN ('pack', 'minutes', 'letter')", name="kind"),
        CheckConstraint("lang IN ('ja', 'en', 'both')", name="lang"),
    )

    id: Mapped[Id]
    number: Mapped[Code]
    kind: Mapped[Code]
    lang: Mapped[Code]
    meeting_id: Mapped[str | None] = ref("meetings.id")
    project_id: Mapped[str | None] = ref("projects.id")
    source_id: Mapped[str] = mapped_column(String(36), index=True)
    items: Mapped[list[str]]
    record_digest: Mapped[Digest]
    file_digest: Mapped[Digest]
    size: Mapped[int]
    pages: Mapped[int]
    issued_by: Mapped[str] = ref("users.id", index=False)
    issued_at: Mapped[datetime]
    profile: Mapped[Code] = mapped_column(default="", server_default="")
    erased_id: Mapped[str | None] = ref("erasures.id", index=False)

    erasure: Mapped[Erasure | None] = relationship()
    issuer: Mapped[User] = relationship()
    annulment: Mapped[ReportAnnulment | None] = relationship(back_populates="paper")


class ReportAnnulment(Base):
    """That an issued report or paper no longer holds (取消): when, by whom and why. Written once, never changed, never taken back."""

    __tablename__ = "report_annulments"
    __table_args__ = (
        UniqueConstraint("report_id"),
        UniqueConstraint("paper_id"),
        CheckConstraint("(report_id IS NULL) <> (paper_id IS NULL)", name="target"),
        CheckConstraint("reason <> ''", name="reason"),
    )

    id: Mapped[Id]
    report_id: Mapped[str | None] = ref("reports.id", index=False)
    paper_id: Mapped[str | None] = ref("papers.id", index=False)
    reason: Mapped[Long]
    annulled_by: Mapped[str] = ref("users.id", index=False)
    annulled_at: Mapped[datetime]

    report: Mapped[Report | None] = relationship(back_populates="annulment")
    paper: Mapped[Paper | None] = relationship(back_populates="annulment")
    annuller: Mapped[User] = relationship()


class BulkJob(Base):
    """Many reports asked for at once: of which kind, in which language, for whom and why, as which person, and whether it still runs.

    What it leads to, the issued reports, is governed; the job itself is work in hand and goes after a while. `folder` is the folder of the
    bucket that gets the files as well (none when empty), `written_at` when it had them all.
    """

    __tablename__ = "bulk_jobs"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'stopped', 'cancelled', 'done')", name="state"),
        CheckConstraint("lang IN ('ja', 'en', 'both')", name="lang"),
        Index("ix_bulk_jobs_state_asked_at", "state", "asked_at"),
    )

    id: Mapped[Id]
    state: Mapped[Code] = mapped_column(default="running")
    kind: Mapped[Code] = mapped_column(default="case", server_default="case")
    profile: Mapped[Code] = mapped_column(default="", server_default="")
    lang: Mapped[Code]
    purpose: Mapped[Line]
    chosen: Mapped[dict[str, Any]]
    problem: Mapped[dict[str, Any]] = mapped_column(default=dict)
    asked_by: Mapped[str] = ref("users.id")
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    folder: Mapped[Code] = mapped_column(default="", server_default="")
    written_at: Mapped[datetime | None]

    files: Mapped[list[BulkFile]] = relationship(back_populates="job", order_by="BulkFile.position")


class BulkFile(Base):
    """One report of a job: whichever worker holds the lease makes it, and it is done with the entry of the report in the register."""

    __tablename__ = "bulk_files"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'done', 'failed')", name="state"),
        UniqueConstraint("job_id", "position"),
    )

    id: Mapped[Id]
    job_id: Mapped[str] = ref("bulk_jobs.id", index=False)
    position: Mapped[int]
    project_id: Mapped[str] = ref("projects.id")
    screening_id: Mapped[str] = ref("screenings.id")
    state: Mapped[Code] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    lease: Mapped[Code] = mapped_column(default="")
    lease_until: Mapped[datetime | None]
    report_id: Mapped[str | None] = ref("reports.id")
    problem: Mapped[dict[str, Any]] = mapped_column(default=dict)
    done_at: Mapped[datetime | None]

    job: Mapped[BulkJob] = relationship(back_populates="files")
    project: Mapped[Project] = relationship()
    report: Mapped[Report | None] = relationship()
