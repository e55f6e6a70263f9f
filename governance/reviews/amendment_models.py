"""Tables of what follows a decision: changes that a project files for an approval it has, and appeals against a rejection."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.models import User
from governance.projects.models import Project
from governance.screenings.models import Screening
from governance.storage.tables import Base, Code, Id, Long, Revised, ref


class Amendment(Revised, Base):
    """A change to an approved project (変更申請): a minor one is decided by the expedited way, a major one is screened again."""

    __tablename__ = "amendments"
    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        CheckConstraint("scale IN ('minor', 'major')", name="scale"),
        CheckConstraint("state IN ('filed', 'accepted', 'rescreened', 'withdrawn')", name="state"),
        CheckConstraint("text <> ''", name="text"),
        CheckConstraint("state <> 'rescreened' OR screening_id IS NOT NULL", name="rescreened"),
    )

    id: Mapped[Id]
    project_id: Mapped[str] = ref("projects.id", index=False)
    number: Mapped[int]
    phase: Mapped[Code]
    approval_id: Mapped[str] = ref("screenings.id")
    scale: Mapped[Code]
    reasons: Mapped[list[str]]
    text: Mapped[Long]
    state: Mapped[Code] = mapped_column(default="filed")
    filed_by: Mapped[str] = ref("users.id", index=False)
    filed_at: Mapped[datetime]
    verdict: Mapped[Long] = mapped_column(default="")
    decided_by: Mapped[str | None] = ref("users.id", index=False)
    decided_at: Mapped[datetime | None]
    screening_id: Mapped[str | None] = ref("screenings.id", index=False)

    project: Mapped[Project] = relationship()
    approval: Mapped[Screening] = relationship(foreign_keys=[approval_id])
    screening: Mapped[Screening | None] = relationship(foreign_keys=[screening_id])
    filer: Mapped[User] = relationship(foreign_keys=[filed_by])
    decider: Mapped[User | None] = relationship(foreign_keys=[decided_by])


class Appeal(Base):
    """An appeal (異議申立て) against a rejection, with the new facts; one for each decision."""

    __tablename__ = "appeals"
    __table_args__ = (UniqueConstraint("decision_id"), CheckConstraint("facts <> ''", name="facts"))

    id: Mapped[Id]
    screening_id: Mapped[str] = ref("screenings.id")
    decision_id: Mapped[str] = ref("decisions.id", index=False)
    revision: Mapped[int]
    facts: Mapped[Long]
    filed_by: Mapped[str] = ref("users.id", index=False)
    filed_at: Mapped[datetime]

    filer: Mapped[User] = relationship()
