"""Tables of learning: KYT sessions with what was said in their four rounds, courses with their terms, and who attended them.

What is said in a session is free to change while it is held. Finishing writes one frozen record with its digest, which the ledger
answers for, and the database locks the lines (domain.md §2). The terms of a course are versions: an attendance keeps those it met.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.models import User
from governance.projects.models import Project
from governance.storage.tables import Base, Code, Digest, Id, Line, Long, Revised, ref
from governance.texts import Text


class KytSession(Revised, Base):
    """A workplace discussion that foresees dangers (危険予知トレーニング), held in four rounds about one situation."""

    __tablename__ = "kyt_sessions"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("state IN ('r1', 'r2', 'r3', 'r4', 'finished', 'dropped')", name="state"),
    )

    id: Mapped[Id]
    number: Mapped[Code]
    project_id: Mapped[str | None] = ref("projects.id")
    scenario: Mapped[Code] = mapped_column(default="")
    title: Mapped[Line]
    title_en: Mapped[Line] = mapped_column(default="")
    situation: Mapped[Long]
    situation_en: Mapped[Long] = mapped_column(default="")
    held_on: Mapped[date]
    place: Mapped[Line] = mapped_column(default="")
    leader_id: Mapped[str] = ref("users.id")
    scribe_id: Mapped[str] = ref("users.id")
    state: Mapped[Code] = mapped_column(default="r1")
    team_goal: Mapped[Line] = mapped_column(default="")
    call: Mapped[Line] = mapped_column(default="")
    created_by: Mapped[str] = ref("users.id", index=False)
    created_at: Mapped[datetime]
    settled_by: Mapped[str | None] = ref("users.id", index=False)
    settled_at: Mapped[datetime | None]
    dropped_because: Mapped[Long] = mapped_column(default="")

    project: Mapped[Project | None] = relationship()
    leader: Mapped[User] = relationship(foreign_keys=[leader_id])
    scribe: Mapped[User] = relationship(foreign_keys=[scribe_id])
    participants: Mapped[list[KytParticipant]] = relationship(
        back_populates="session", order_by="KytParticipant.position", cascade="all, delete-orphan", lazy="selectin"
    )
    hazards: Mapped[list[KytHazard]] = relationship(
        back_populates="session", order_by="KytHazard.position", cascade="all, delete-orphan", lazy="selectin"
    )

    def called(self) -> Text:
        """Return the title in both languages."""
        return Text(self.title, self.title_en or self.title)

    def told(self) -> Text:
        """Return the situation in both languages."""
        return Text(self.situation, self.situation_en or self.situation)

    @property
    def is_running(self) -> bool:
        """Say whether the session is neither finished nor dropped."""
        return self.state not in ("finished", "dropped")


class KytParticipant(Base):
    """Somebody who took part beside leader and scribe: a person with an account, or a guest by name."""

    __tablename__ = "kyt_participants"
    __table_args__ = (UniqueConstraint("session_id", "user_id"),)

    id: Mapped[Id]
    session_id: Mapped[str] = ref("kyt_sessions.id", index=False)
    position: Mapped[int]
    user_id: Mapped[str | None] = ref("users.id")
    name: Mapped[Line] = mapped_column(default="")

    session: Mapped[KytSession] = relationship(back_populates="participants")
    user: Mapped[User | None] = relationship(lazy="joined")

    def name_in(self, locale: str) -> str:
        """Return the name as shown to a reader of `locale`."""
        return self.user.name_in(locale) if self.user else self.name


class KytHazard(Revised, Base):
    """A danger found in round 1: a cause and the event it leads to (〜なので〜になる), with its mark of round 2."""

    __tablename__ = "kyt_hazards"
    __table_args__ = (CheckConstraint("mark IN ('none', 'important', 'key')", name="mark"),)

    id: Mapped[Id]
    session_id: Mapped[str] = ref("kyt_sessions.id")
    position: Mapped[int]
    cause: Mapped[Line]
    event: Mapped[Line]
    mark: Mapped[Code] = mapped_column(default="none")
    added_by: Mapped[str] = ref("users.id", index=False)
    added_at: Mapped[datetime]

    session: Mapped[KytSession] = relationship(back_populates="hazards")
    measures: Mapped[list[KytMeasure]] = relationship(
        back_populates="hazard", order_by="KytMeasure.position", cascade="all, delete-orphan", lazy="selectin"
    )


class KytMeasure(Revised, Base):
    """What would be done about a key danger (round 3), with its mark ※ of round 4."""

    __tablename__ = "kyt_measures"
    __table_args__ = (CheckConstraint("mark IN ('none', 'key')", name="mark"),)

    id: Mapped[Id]
    session_id: Mapped[str] = ref("kyt_sessions.id")
    hazard_id: Mapped[str] = ref("kyt_hazards.id")
    position: Mapped[int]
    text: Mapped[Line]
    mark: Mapped[Code] = mapped_column(default="none")
    added_by: Mapped[str] = ref("users.id", index=False)
    added_at: Mapped[datetime]

    hazard: Mapped[KytHazard] = relationship(back_populates="measures")


class KytRecord(Base):
    """The record of a finished session as one frozen document with its digest."""

    __tablename__ = "kyt_records"
    __table_args__ = (UniqueConstraint("session_id"),)

    id: Mapped[Id]
    session_id: Mapped[str] = ref("kyt_sessions.id", index=False)
    body: Mapped[Long]
    digest: Mapped[Digest]
    finished_by: Mapped[str] = ref("users.id", index=False)
    finished_at: Mapped[datetime]

    session: Mapped[KytSession] = relationship()
    finisher: Mapped[User] = relationship()


class Course(Revised, Base):
    """A training that people take (教育): what it is about and where it is taken."""

    __tablename__ = "courses"
    __table_args__ = (UniqueConstraint("code"),)

    id: Mapped[Id]
    code: Mapped[Code]
    title: Mapped[Line]
    title_en: Mapped[Line] = mapped_column(default="")
    about: Mapped[Long] = mapped_column(default="")
    about_en: Mapped[Long] = mapped_column(default="")
    place: Mapped[Line] = mapped_column(default="")
    place_en: Mapped[Line] = mapped_column(default="")
    url: Mapped[Line] = mapped_column(default="")
    self_record: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str | None] = ref("users.id", index=False)
    created_at: Mapped[datetime]
    retired_by: Mapped[str | None] = ref("users.id", index=False)
    retired_at: Mapped[datetime | None]

    terms: Mapped[list[CourseTerms]] = relationship(
        back_populates="course", order_by="CourseTerms.version", lazy="selectin"
    )

    def called(self) -> Text:
        """Return the title in both languages."""
        return Text(self.title, self.title_en or self.title)

    def told(self) -> Text:
        """Return what it is about in both languages."""
        return Text(self.about, self.about_en or self.about)

    def taken_at(self) -> Text:
        """Return where it is taken, in both languages."""
        return Text(self.place, self.place_en or self.place)


class CourseTerms(Base):
    """From a day on: how long an attendance is valid, who needs the course, for which acts, and whether it is insisted on."""

    __tablename__ = "course_terms"
    __table_args__ = (
        UniqueConstraint("course_id", "version"),
        CheckConstraint("mode IN ('off', 'warn', 'require')", name="mode"),
        CheckConstraint("valid_months >= 0", name="valid_months"),
    )

    id: Mapped[Id]
    course_id: Mapped[str] = ref("courses.id", index=False)
    version: Mapped[int]
    effective_on: Mapped[date]
    valid_months: Mapped[int]
    acts: Mapped[list[str]]
    roles: Mapped[list[str]]
    mode: Mapped[Code]
    reason: Mapped[Long] = mapped_column(default="")
    set_by: Mapped[str | None] = ref("users.id", index=False)
    set_at: Mapped[datetime]

    course: Mapped[Course] = relationship(back_populates="terms")
    setter: Mapped[User | None] = relationship()


class TrainingRecord(Revised, Base):
    """That somebody attended a course on a day, with how it is known and until when it counts; a wrong one is withdrawn, not removed."""

    __tablename__ = "training_records"
    __table_args__ = (
        CheckConstraint("source IN ('class', 'self', 'csv')", name="source"),
        CheckConstraint("withdrawn_at IS NULL OR withdrawn_because <> ''", name="withdrawn"),
        Index(
            "uq_training_records_standing",
            "course_id",
            "user_id",
            "attended_on",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    course_id: Mapped[str] = ref("courses.id", index=False)
    user_id: Mapped[str] = ref("users.id")
    attended_on: Mapped[date]
    source: Mapped[Code]
    terms_id: Mapped[str] = ref("course_terms.id", index=False)
    valid_until: Mapped[date | None]
    note: Mapped[Line] = mapped_column(default="")
    recorded_by: Mapped[str] = ref("users.id", index=False)
    recorded_at: Mapped[datetime]
    withdrawn_by: Mapped[str | None] = ref("users.id", index=False)
    withdrawn_at: Mapped[datetime | None]
    withdrawn_because: Mapped[Long] = mapped_column(default="")

    course: Mapped[Course] = relationship()
    user: Mapped[User] = relationship(foreign_keys=[user_id])
    recorder: Mapped[User] = relationship(foreign_keys=[recorded_by])
