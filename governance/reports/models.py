"""The register of issued reports: number, kind, language, purpose, and the digests that identify record and file."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
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
