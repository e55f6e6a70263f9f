"""Tables of projects (案件), their members over time, the evidence they own, and what was erased of them.

Everything else a project has hangs below it, so that one question — may this person see the project? — covers it all.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.models import User
from governance.storage.tables import Base, Code, Digest, Id, Line, Long, Revised, ref


class Project(Revised, Base):
    """An AI system that is planned, introduced or run (domain.md §1.7: customer, end subjects and own role are recorded)."""

    __tablename__ = "projects"
    __table_args__ = (UniqueConstraint("number"),)

    id: Mapped[Id]
    number: Mapped[Code]
    name: Mapped[Line]
    name_en: Mapped[Line] = mapped_column(default="")
    summary: Mapped[Long] = mapped_column(default="")
    summary_en: Mapped[Long] = mapped_column(default="")
    framework_key: Mapped[Code]
    sector: Mapped[Code]
    regions: Mapped[list[str]]
    own_roles: Mapped[list[str]]
    customer: Mapped[Line] = mapped_column(default="")
    customer_en: Mapped[Line] = mapped_column(default="")
    end_subjects: Mapped[Line] = mapped_column(default="")
    end_subjects_en: Mapped[Line] = mapped_column(default="")
    techniques: Mapped[list[str]]
    system_version: Mapped[Line] = mapped_column(default="")
    department: Mapped[Line] = mapped_column(default="")
    department_en: Mapped[Line] = mapped_column(default="")
    created_by: Mapped[str] = ref("users.id", index=False)
    created_at: Mapped[datetime]

    members: Mapped[list[ProjectMember]] = relationship(
        back_populates="project", lazy="selectin", order_by="ProjectMember.joined_at"
    )

    def name_in(self, locale: str) -> str:
        """Return the name as shown to a reader of `locale`."""
        return self.name_en if locale == "en" and self.name_en else self.name

    @property
    def owner(self) -> User | None:
        """The person answerable for the project (責任者)."""
        return next((m.user for m in self.members if m.is_current and m.part == "owner"), None)

    def has_member(self, user_id: str) -> bool:
        """Say whether the person belongs to the project team now."""
        return any(m.is_current and m.user_id == user_id for m in self.members)

    def ever_had_member(self, user_id: str) -> bool:
        """Say whether the person ever belonged to the team: a conflict of interest even after leaving (assurance.md T4)."""
        return any(m.user_id == user_id for m in self.members)


class ProjectMember(Base):
    """A person's part in a project, from when until when; past membership is kept because it is a conflict of interest."""

    __tablename__ = "project_members"
    __table_args__ = (
        CheckConstraint("part IN ('owner', 'member', 'approver')", name="part"),
        Index(
            "uq_project_members_current",
            "project_id",
            "user_id",
            "part",
            unique=True,
            sqlite_where=text("left_at IS NULL"),
            postgresql_where=text("left_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    project_id: Mapped[str] = ref("projects.id")
    user_id: Mapped[str] = ref("users.id")
    part: Mapped[Code]
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    project: Mapped[Project] = relationship(back_populates="members")
    user: Mapped[User] = relationship(lazy="joined")

    @property
    def is_current(self) -> bool:
        """True until the person leaves the project."""
        return self.left_at is None


class ProjectReader(Base):
    """Leave to read a project for a reason outside the team: a committee member while the case is on an agenda.

    Ended with the term, and at once and for good by a recusal (a row of its own, reason `recused`); kept afterwards as a record of
    who could read what and when.
    """

    __tablename__ = "project_readers"

    id: Mapped[Id]
    project_id: Mapped[str] = ref("projects.id")
    user_id: Mapped[str] = ref("users.id")
    reason: Mapped[Code]
    granted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Evidence(Revised, Base):
    """A file or link that shows an answer to be true; a file is named by the SHA-256 of its content.

    A new version is a row of its own that replaces the one before (`replaces_id`), so that what was decided on keeps what it had.
    `removed_because` says why a piece is used no further.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        CheckConstraint("kind IN ('file', 'link')", name="kind"),
        CheckConstraint("(kind = 'file') = (filename <> '')", name="filename"),
    )

    id: Mapped[Id]
    project_id: Mapped[str] = ref("projects.id")
    kind: Mapped[Code]
    title: Mapped[Line]
    title_en: Mapped[Line] = mapped_column(default="")
    filename: Mapped[Line] = mapped_column(default="")
    url: Mapped[Long] = mapped_column(default="")
    media_type: Mapped[Line] = mapped_column(default="")
    size: Mapped[int] = mapped_column(default=0)
    digest: Mapped[Digest]
    added_by: Mapped[str] = ref("users.id", index=False)
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    expires_on: Mapped[date | None]
    replaces_id: Mapped[str | None] = ref("evidence.id", unique=True)
    removed_by: Mapped[str | None] = ref("users.id", index=False)
    removed_because: Mapped[Long] = mapped_column(default="", server_default="")
    rev: Mapped[int] = mapped_column(server_default="1")
    erased_id: Mapped[str | None] = ref("erasures.id", index=False)

    project: Mapped[Project] = relationship()
    erasure: Mapped[Erasure | None] = relationship()
    author: Mapped[User] = relationship(foreign_keys=[added_by])
    remover: Mapped[User | None] = relationship(foreign_keys=[removed_by])

    def title_in(self, locale: str) -> str:
        """Return the title as shown to a reader of `locale`."""
        return self.title_en if locale == "en" and self.title_en else self.title


class LifeAct(Base):
    """One turn in the life of a project: suspended, resumed, withdrawn or retired, by whom and why; the newest one tells the state.

    `office` is in what capacity the person acted (owner, expert, secretariat), because who may resume depends on it (life_rules.py).
    """

    __tablename__ = "life_acts"
    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        CheckConstraint("act IN ('suspended', 'resumed', 'withdrawn', 'retired')", name="act"),
        CheckConstraint("reason <> ''", name="reason"),
    )

    id: Mapped[Id]
    project_id: Mapped[str] = ref("projects.id", index=False)
    number: Mapped[int]
    act: Mapped[Code]
    reason: Mapped[Long]
    office: Mapped[Code]
    acted_by: Mapped[str] = ref("users.id", index=False)
    acted_at: Mapped[datetime]

    actor: Mapped[User] = relationship()


class Disposal(Base):
    """What happened to everything when a project was retired (廃止の記録); a topic of `not_applicable` holds the reason why it is none."""

    __tablename__ = "disposals"
    __table_args__ = (UniqueConstraint("project_id"),)

    id: Mapped[Id]
    project_id: Mapped[str] = ref("projects.id", index=False)
    act_id: Mapped[str] = ref("life_acts.id", index=False)
    data: Mapped[Long]
    models: Mapped[Long]
    access: Mapped[Long]
    customers: Mapped[Long]
    records: Mapped[Long]
    not_applicable: Mapped[list[str]]
    records_until: Mapped[date | None]
    done_by: Mapped[Line]
    done_on: Mapped[date]
    recorded_by: Mapped[str] = ref("users.id", index=False)
    recorded_at: Mapped[datetime]


class Erasure(Revised, Base):
    """A request to erase what a project or a person left behind, and what became of it (assurance.md §3.8).

    Two people stand in it: who asked and who decided. `opened` is set only inside of the one transaction that erases, and is all
    that the guards of the database look at: it points at nothing, so that no transaction can be committed with it.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("(project_id IS NULL) <> (person_id IS NULL)", name="target"),
        CheckConstraint("state IN ('requested', 'approved', 'performed', 'refused', 'withdrawn')", name="state"),
        CheckConstraint("(state = 'requested') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("state NOT IN ('approved', 'performed') OR decided_by <> requested_by", name="two"),
        CheckConstraint("opened IS NULL OR (opened = '-' AND state = 'approved')", name="opened"),
        CheckConstraint("id <> '-' AND reason <> ''", name="reason"),
    )

    id: Mapped[Id]
    number: Mapped[int]
    project_id: Mapped[str | None] = ref("projects.id")
    person_id: Mapped[str | None] = ref("users.id")
    parts: Mapped[list[str]]
    basis: Mapped[Code]
    reason: Mapped[Long]
    early: Mapped[Long] = mapped_column(default="")
    state: Mapped[Code] = mapped_column(default="requested")
    requested_by: Mapped[str] = ref("users.id", index=False)
    requested_at: Mapped[datetime]
    decided_by: Mapped[str | None] = ref("users.id", index=False)
    decided_at: Mapped[datetime | None]
    verdict: Mapped[Long] = mapped_column(default="")
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    opened: Mapped[str | None] = mapped_column(
        String(36), ForeignKey("erasures.id", deferrable=True, initially="DEFERRED")
    )

    project: Mapped[Project | None] = relationship()
    person: Mapped[User | None] = relationship(foreign_keys=[person_id])
    requester: Mapped[User] = relationship(foreign_keys=[requested_by])
    decider: Mapped[User | None] = relationship(foreign_keys=[decided_by])


class LegalHold(Revised, Base):
    """An order that everything of a project or a person is kept (保全): while it stands, nothing of it is erased."""

    __tablename__ = "legal_holds"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("(project_id IS NULL) <> (person_id IS NULL)", name="target"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted"),
        CheckConstraint("reason <> ''", name="reason"),
    )

    id: Mapped[Id]
    number: Mapped[int]
    project_id: Mapped[str | None] = ref("projects.id")
    person_id: Mapped[str | None] = ref("users.id")
    reason: Mapped[Long]
    set_by: Mapped[str] = ref("users.id", index=False)
    set_at: Mapped[datetime]
    lifted_by: Mapped[str | None] = ref("users.id", index=False)
    lifted_at: Mapped[datetime | None]
    lifted_because: Mapped[Long] = mapped_column(default="")

    project: Mapped[Project | None] = relationship()
    person: Mapped[User | None] = relationship(foreign_keys=[person_id])
    setter: Mapped[User] = relationship(foreign_keys=[set_by])
    lifter: Mapped[User | None] = relationship(foreign_keys=[lifted_by])
