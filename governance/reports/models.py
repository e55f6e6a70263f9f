"""The register of issued reports: number, kind, language, purpose, and the digests that identify record and file."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.models import User
from governance.projects.models import Project
from governance.storage.tables import Base, Code, Digest, Id, Line, ref


class Report(Base):
    """One issued report: `record_digest` is of its frozen content, `file_digest` of the PDF bytes in the store."""

    __tablename__ = "reports"
    __table_args__ = (UniqueConstraint("number"), CheckConstraint("lang IN ('ja', 'en', 'both')", name="lang"))

    id: Mapped[Id]
    number: Mapped[Code]
    kind: Mapped[Code]
    lang: Mapped[Code]
    project_id: Mapped[str] = ref("projects.id")
    snapshot_digest: Mapped[Digest]
    record_digest: Mapped[Digest]
    file_digest: Mapped[Digest]
    size: Mapped[int]
    pages: Mapped[int]
    is_draft: Mapped[bool] = mapped_column(default=False)
    purpose: Mapped[Line]
    issued_by: Mapped[str] = ref("users.id", index=False)
    issued_at: Mapped[datetime]

    project: Mapped[Project] = relationship()
    issuer: Mapped[User] = relationship()


class Paper(Base):
    """A paper of the meeting room as a file: board pack, minutes, decision letter (通知書); `items` are the items it tells of.

    What it was made from stands in the named row, so that the same paper is never made twice.
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

    issuer: Mapped[User] = relationship()
