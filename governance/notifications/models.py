"""Tables of notices, of the letters (e-mail) that carry them, of each person's choices, and of the daily jobs.

A notice is written in the transaction of the act that it tells of, and is all the outbox there is: the worker gathers what is due
into a letter, sends it outside of any transaction and marks it (assurance.md §4: no network in a transaction). Notices hold kinds,
codes and an address within the service, never names of projects or words of people.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.models import User
from governance.projects.models import Project
from governance.storage.tables import Base, Code, Id, Line, ref

RHYTHM = "rhythm IN ('at_once', 'daily', 'weekly', 'none')"
UNTOLD = text("letter_id IS NULL AND read_at IS NULL AND rhythm <> 'none'")
UNREAD = text("read_at IS NULL")


class Notice(Base):
    """One person's notice (お知らせ): what kind of thing happened, and where to go. `once` keeps a reminder from being repeated."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("once"),
        CheckConstraint(RHYTHM, name="rhythm"),
        Index("ix_notices_user_id_created_at", "user_id", "created_at"),
        Index("ix_notices_unread", "user_id", sqlite_where=UNREAD, postgresql_where=UNREAD),
        Index("ix_notices_untold", "created_at", sqlite_where=UNTOLD, postgresql_where=UNTOLD),
    )

    id: Mapped[Id]
    user_id: Mapped[str] = ref("users.id", index=False)
    kind: Mapped[Code]
    project_id: Mapped[str | None] = ref("projects.id")
    href: Mapped[Line]
    codes: Mapped[dict[str, Any]]
    by_id: Mapped[str | None] = ref("users.id", index=False)
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    rhythm: Mapped[Code]
    letter_id: Mapped[str | None] = ref("letters.id")
    once: Mapped[Line | None]

    by: Mapped[User | None] = relationship(foreign_keys=[by_id])
    project: Mapped[Project | None] = relationship()


class Letter(Base):
    """One e-mail to one person: queued until the mail server took it, dropped when nothing is left to say, dead after five attempts.

    `lease` names the worker that is sending it; the identifier is that of the message, also when it has to be sent again.
    """

    __tablename__ = "letters"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'sent', 'dropped', 'dead')", name="state"),
        Index("ix_letters_state_next_at", "state", "next_at"),
    )

    id: Mapped[Id]
    user_id: Mapped[str] = ref("users.id")
    state: Mapped[Code] = mapped_column(default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    lease: Mapped[Code] = mapped_column(default="")
    lease_until: Mapped[datetime | None]
    problem: Mapped[Line] = mapped_column(default="")
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined")


class MailChoice(Base):
    """How often a person wants mail about one group of kinds; without a row the group's own rhythm holds."""

    __tablename__ = "mail_choices"
    __table_args__ = (CheckConstraint(RHYTHM, name="rhythm"),)

    user_id: Mapped[str] = mapped_column(String(36), ForeignKey("users.id"), primary_key=True)
    topic: Mapped[Code] = mapped_column(primary_key=True)
    rhythm: Mapped[Code]
    changed_at: Mapped[datetime]


class JobRun(Base):
    """One daily job on one day: whichever worker holds the lease does it, and the day is done with what it changed."""

    __tablename__ = "job_runs"

    job: Mapped[Code] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    lease: Mapped[Code] = mapped_column(default="")
    lease_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    count: Mapped[int] = mapped_column(default=0)
    problem: Mapped[Line] = mapped_column(default="")
