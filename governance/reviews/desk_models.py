"""Tables of the expert team's desk: who is asked to review, the checklist, challenges, discussions, cited precedents, samples.

Apart from models.py only for length. What was settled is only ever added to; a challenge, a discussion and a citation end but never go
(domain.md §5.6, §6.1).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.models import User
from governance.screenings.models import Screening
from governance.storage.tables import Base, Code, Id, Line, Long, Revised, ref

if TYPE_CHECKING:
    from governance.reviews.models import Decision, Review


class Assignment(Base):
    """That a person was asked to review a revision, or took it on; the last one counts, the earlier ones stay."""

    __tablename__ = "review_assignments"
    __table_args__ = (
        UniqueConstraint("screening_id", "revision", "number"),
        CheckConstraint("number = 1 OR reason <> ''", name="reason"),
    )

    id: Mapped[Id]
    screening_id: Mapped[str] = ref("screenings.id")
    revision: Mapped[int]
    number: Mapped[int]
    reviewer_id: Mapped[str] = ref("users.id")
    reason: Mapped[Long] = mapped_column(default="")
    assigned_by: Mapped[str] = ref("users.id", index=False)
    assigned_at: Mapped[datetime]

    reviewer: Mapped[User] = relationship(foreign_keys=[reviewer_id], lazy="joined")
    assigner: Mapped[User] = relationship(foreign_keys=[assigned_by])


class CheckResult(Base):
    """How a reviewer settled one item of the checklist of the pre-check; settling it again adds a row."""

    __tablename__ = "review_checks"
    __table_args__ = (
        UniqueConstraint("review_id", "item", "number"),
        CheckConstraint("outcome IN ('met', 'not_met')", name="outcome"),
        CheckConstraint("note <> ''", name="note"),
    )

    id: Mapped[Id]
    review_id: Mapped[str] = ref("reviews.id")
    item: Mapped[Code]
    number: Mapped[int]
    outcome: Mapped[Code]
    note: Mapped[Long]
    settled_by: Mapped[str] = ref("users.id", index=False)
    settled_at: Mapped[datetime]

    settler: Mapped[User] = relationship()


class Challenge(Revised, Base):
    """A reviewer's doubt about an answer or a grade, beside the original: what stands there, what the reviewer sees instead, and why."""

    __tablename__ = "challenges"
    __table_args__ = (
        UniqueConstraint("screening_id", "revision", "number"),
        CheckConstraint("kind IN ('answer', 'severity', 'likelihood')", name="kind"),
        CheckConstraint("state IN ('open', 'answered', 'upheld', 'withdrawn', 'returned')", name="state"),
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("proposed <> original", name="proposed"),
        CheckConstraint("state <> 'answered' OR reply <> ''", name="reply"),
    )

    id: Mapped[Id]
    screening_id: Mapped[str] = ref("screenings.id")
    revision: Mapped[int]
    number: Mapped[int]
    kind: Mapped[Code]
    target: Mapped[Code]
    original: Mapped[Line]
    proposed: Mapped[Line] = mapped_column(default="")
    reason: Mapped[Long]
    state: Mapped[Code] = mapped_column(default="open")
    raised_by: Mapped[str] = ref("users.id", index=False)
    raised_at: Mapped[datetime]
    reply: Mapped[Long] = mapped_column(default="")
    replied_by: Mapped[str | None] = ref("users.id", index=False)
    replied_at: Mapped[datetime | None]
    verdict: Mapped[Long] = mapped_column(default="")
    settled_by: Mapped[str | None] = ref("users.id", index=False)
    settled_at: Mapped[datetime | None]

    screening: Mapped[Screening] = relationship()
    raiser: Mapped[User] = relationship(foreign_keys=[raised_by])
    replier: Mapped[User | None] = relationship(foreign_keys=[replied_by])
    settler: Mapped[User | None] = relationship(foreign_keys=[settled_by])


class CaseDiscussion(Revised, Base):
    """A discussion (討議) that the review waited for: what it was about, who took part, and what came of it."""

    __tablename__ = "case_discussions"
    __table_args__ = (
        UniqueConstraint("review_id", "number"),
        CheckConstraint("topic <> ''", name="topic"),
        CheckConstraint("concluded_at IS NULL OR outcome <> ''", name="outcome"),
    )

    id: Mapped[Id]
    review_id: Mapped[str] = ref("reviews.id")
    number: Mapped[int]
    topic: Mapped[Long]
    opened_by: Mapped[str] = ref("users.id", index=False)
    opened_at: Mapped[datetime]
    participants: Mapped[Line] = mapped_column(default="")
    outcome: Mapped[Long] = mapped_column(default="")
    record_url: Mapped[Long] = mapped_column(default="")
    concluded_by: Mapped[str | None] = ref("users.id", index=False)
    concluded_at: Mapped[datetime | None]

    review: Mapped[Review] = relationship()
    opener: Mapped[User] = relationship(foreign_keys=[opened_by])
    concluder: Mapped[User | None] = relationship(foreign_keys=[concluded_by])


class Citation(Base):
    """An earlier decision named for the decision of this revision (先例の引用), with a note; taken back it stays on record."""

    __tablename__ = "citations"
    __table_args__ = (
        CheckConstraint("note <> ''", name="note"),
        Index(
            "uq_citations_standing",
            "screening_id",
            "revision",
            "cited_id",
            unique=True,
            sqlite_where=sql("withdrawn_at IS NULL"),
            postgresql_where=sql("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    screening_id: Mapped[str] = ref("screenings.id")
    revision: Mapped[int]
    cited_id: Mapped[str] = ref("decisions.id")
    note: Mapped[Long]
    cited_by: Mapped[str] = ref("users.id", index=False)
    cited_at: Mapped[datetime]
    withdrawn_by: Mapped[str | None] = ref("users.id", index=False)
    withdrawn_at: Mapped[datetime | None]

    screening: Mapped[Screening] = relationship()
    cited: Mapped[Decision] = relationship()
    citer: Mapped[User] = relationship(foreign_keys=[cited_by])


class SamplingShare(Base):
    """How many of a hundred light cases are looked at again, from a day on; the history stays, so that every draw can be repeated."""

    __tablename__ = "sampling_shares"
    __table_args__ = (CheckConstraint("percent BETWEEN 0 AND 100", name="percent"), UniqueConstraint("number"))

    id: Mapped[Id]
    number: Mapped[int]
    percent: Mapped[int]
    effective_on: Mapped[date]
    reason: Mapped[Long]
    set_by: Mapped[str] = ref("users.id", index=False)
    set_at: Mapped[datetime]

    setter: Mapped[User] = relationship()


class LightSample(Base):
    """What the expert team found when it looked again at a light case that was drawn: agreed, or it should have gone higher."""

    __tablename__ = "light_samples"
    __table_args__ = (
        UniqueConstraint("decision_id"),
        CheckConstraint("result IN ('agree', 'higher')", name="result"),
        CheckConstraint("note <> ''", name="note"),
    )

    id: Mapped[Id]
    decision_id: Mapped[str] = ref("decisions.id", index=False)
    percent: Mapped[int]
    result: Mapped[Code]
    note: Mapped[Long]
    reopened_id: Mapped[str | None] = ref("screenings.id", index=False)
    checked_by: Mapped[str] = ref("users.id", index=False)
    checked_at: Mapped[datetime]

    decision: Mapped[Decision] = relationship()
    checker: Mapped[User] = relationship()
