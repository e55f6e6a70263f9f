"""Tables of published documents: one immutable row per version of a framework or questionnaire.

The whole definition is one canonical JSON document with its SHA-256 (design.md §3.2), never rows per question; triggers in the
database refuse any later change of `body` and `digest`.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.models import User
from governance.storage.tables import Base, Code, Digest, Id, Line, Long, ref


class FrameworkVersion(Base):
    """A published framework: phases, items, scales, levels, rules, committee defaults."""

    __tablename__ = "framework_versions"
    __table_args__ = (UniqueConstraint("key", "version"),)

    id: Mapped[Id]
    key: Mapped[Code]
    version: Mapped[Code]
    effective_on: Mapped[date]
    body: Mapped[Long]
    digest: Mapped[Digest]
    published_at: Mapped[datetime]
    published_by: Mapped[str | None] = ref("users.id", index=False)

    publisher: Mapped[User | None] = relationship()


class QuestionnaireVersion(Base):
    """A published questionnaire (質問票の版): the trigger sheet, the base questions of a phase, or a pack."""

    __tablename__ = "questionnaire_versions"
    __table_args__ = (
        UniqueConstraint("key", "version"),
        CheckConstraint("kind IN ('trigger', 'screening', 'pack')", name="kind"),
    )

    id: Mapped[Id]
    key: Mapped[Code]
    version: Mapped[Code]
    kind: Mapped[Code]
    framework_key: Mapped[Code]
    phase: Mapped[Code | None]
    pack: Mapped[Code | None]
    title_ja: Mapped[Line]
    title_en: Mapped[Line] = mapped_column(default="")
    body: Mapped[Long]
    digest: Mapped[Digest]
    published_at: Mapped[datetime]
    published_by: Mapped[str | None] = ref("users.id", index=False)

    publisher: Mapped[User | None] = relationship()
