"""Tables of documents: the drafts that people write, and one immutable row per published version of a framework or questionnaire.

The whole definition is one canonical JSON document with its SHA-256 (design.md §3.2), never rows per question; triggers in the
database refuse any later change of a published row. That a version is no longer to be used is said in a row of its own.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.models import User
from governance.storage.tables import Base, Code, Digest, Id, Line, Long, Revised, ref


class FrameworkVersion(Base):
    """A published framework: phases, items, scales, levels, rules, committee defaults."""

    __tablename__ = "framework_versions"
    __table_args__ = (UniqueConstraint("key", "version"),)

    id: Mapped[Id]
    key: Mapped[Code]
    version: Mapped[Code]
    effective_on: Mapped[date]
    body: Mapped[Long] = mapped_column(deferred=True)  # large and immutable: read once per process (services.py)
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
    body: Mapped[Long] = mapped_column(deferred=True)  # large and immutable: read once per process (services.py)
    digest: Mapped[Digest]
    published_at: Mapped[datetime]
    published_by: Mapped[str | None] = ref("users.id", index=False)

    publisher: Mapped[User | None] = relationship()


class QuestionnaireRetirement(Base):
    """That a published version is retired (廃止): screenings that pinned it keep it, new ones do not take it. Never changes."""

    __tablename__ = "questionnaire_retirements"
    __table_args__ = (UniqueConstraint("version_id"), CheckConstraint("reason <> ''", name="reason"))

    id: Mapped[Id]
    version_id: Mapped[str] = ref("questionnaire_versions.id", index=False)
    reason: Mapped[Long]
    retired_at: Mapped[datetime]
    retired_by: Mapped[str | None] = ref("users.id", index=False)

    version: Mapped[QuestionnaireVersion] = relationship()
    retirer: Mapped[User | None] = relationship()


class QuestionnaireDraft(Revised, Base):
    """A draft (下書き) of the next version of a questionnaire or framework, as YAML.

    `based_on` is the version it was written from, `version_id` the one it became: of `questionnaire_versions` or of
    `framework_versions`, as `kind` says.
    """

    __tablename__ = "questionnaire_drafts"
    __table_args__ = (
        CheckConstraint("kind IN ('questionnaire', 'framework')", name="kind"),
        CheckConstraint("state IN ('draft', 'review', 'published', 'discarded')", name="state"),
    )

    id: Mapped[Id]
    key: Mapped[Code]
    kind: Mapped[Code]
    based_on: Mapped[str | None] = mapped_column(String(36))
    text: Mapped[Long]
    note: Mapped[Long] = mapped_column(default="")
    state: Mapped[Code] = mapped_column(default="draft", index=True)
    created_by: Mapped[str | None] = ref("users.id", index=False)
    created_at: Mapped[datetime]
    changed_by: Mapped[str | None] = ref("users.id", index=False)
    changed_at: Mapped[datetime]
    submitted_by: Mapped[str | None] = ref("users.id", index=False)
    submitted_at: Mapped[datetime | None]
    reviewed_by: Mapped[str | None] = ref("users.id", index=False)
    reviewed_at: Mapped[datetime | None]
    review_note: Mapped[Long] = mapped_column(default="")
    version_id: Mapped[str | None] = mapped_column(String(36))

    creator: Mapped[User | None] = relationship(foreign_keys=[created_by])
    changer: Mapped[User | None] = relationship(foreign_keys=[changed_by])
    submitter: Mapped[User | None] = relationship(foreign_keys=[submitted_by])
    reviewer: Mapped[User | None] = relationship(foreign_keys=[reviewed_by])


class DraftChange(Base):
    """One saved text of a draft: who wrote it and when, so that an author can go back. Rows are only added."""

    __tablename__ = "draft_changes"
    __table_args__ = (UniqueConstraint("draft_id", "number"),)

    id: Mapped[Id]
    draft_id: Mapped[str] = ref("questionnaire_drafts.id", index=False)
    number: Mapped[int]
    text: Mapped[Long]
    digest: Mapped[Digest]
    changed_by: Mapped[str | None] = ref("users.id", index=False)
    changed_at: Mapped[datetime]

    changer: Mapped[User | None] = relationship()
