"""Tables of the bodies: who belongs to one, what it was asked and said about a case, and what a committee advised the executive.

What a body is — its kind, its authority, which cases it sees — is data of the framework (`bodies`); here are the people and the acts
(domain.md §1.4, §6.3 authority).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.models import User
from governance.screenings.models import Screening, Snapshot
from governance.storage.tables import Base, Code, Digest, Id, Line, Long, ref


class CommitteeOpinion(Base):
    """What a committee advises the executive on one revision of a case: the motion it carried, with the figures of the vote.

    Written by an advisory committee for every outcome, by a deciding one when it escalates. The executive decides (domain.md §6.3).
    """

    __tablename__ = "committee_opinions"
    __table_args__ = (
        UniqueConstraint("item_id"),
        UniqueConstraint("screening_id", "revision"),
        CheckConstraint("rationale <> ''", name="rationale"),
        CheckConstraint("authority IN ('deciding', 'advisory')", name="authority"),
    )

    id: Mapped[Id]
    screening_id: Mapped[str] = ref("screenings.id", index=False)
    revision: Mapped[int]
    item_id: Mapped[str] = ref("agenda_items.id", index=False)
    snapshot_id: Mapped[str] = ref("snapshots.id", index=False)
    snapshot_digest: Mapped[Digest]
    authority: Mapped[Code]
    outcome: Mapped[Code]
    rationale: Mapped[Long]
    escalated_to: Mapped[Line] = mapped_column(default="")
    conditions: Mapped[dict[str, Any]]
    quorum: Mapped[dict[str, Any]]
    votes_digest: Mapped[Digest]
    recorded_by: Mapped[str] = ref("users.id", index=False)
    recorded_at: Mapped[datetime]

    screening: Mapped[Screening] = relationship()
    snapshot: Mapped[Snapshot] = relationship()
    recorder: Mapped[User] = relationship()


class BodyMember(Base):
    """A person who belongs to a body (機関) from a day on; an ended membership is kept."""

    __tablename__ = "body_members"
    __table_args__ = (CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),)

    id: Mapped[Id]
    framework_key: Mapped[Code]
    body: Mapped[Code]
    user_id: Mapped[str] = ref("users.id")
    added_by: Mapped[str] = ref("users.id", index=False)
    added_at: Mapped[datetime]
    ended_by: Mapped[str | None] = ref("users.id", index=False)
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(foreign_keys=[user_id])


class Consultation(Base):
    """A question put to a body about one revision of a case (意見照会)."""

    __tablename__ = "consultations"
    __table_args__ = (
        CheckConstraint("question <> ''", name="question"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn"),
    )

    id: Mapped[Id]
    screening_id: Mapped[str] = ref("screenings.id")
    revision: Mapped[int]
    body: Mapped[Code]
    question: Mapped[Long]
    due_on: Mapped[date | None]
    asked_by: Mapped[str] = ref("users.id", index=False)
    asked_at: Mapped[datetime]
    withdrawn_by: Mapped[str | None] = ref("users.id", index=False)
    withdrawn_at: Mapped[datetime | None]

    screening: Mapped[Screening] = relationship()
    asker: Mapped[User] = relationship(foreign_keys=[asked_by])
    opinion: Mapped[BodyOpinion | None] = relationship(back_populates="consultation", lazy="selectin")


class BodyOpinion(Base):
    """What a body says to the question it was asked, on the snapshot that stood then; written once."""

    __tablename__ = "body_opinions"
    __table_args__ = (
        UniqueConstraint("consultation_id"),
        CheckConstraint("text <> ''", name="text"),
        CheckConstraint("stance IN ('no_objection', 'with_remarks', 'concern', 'objection')", name="stance"),
    )

    id: Mapped[Id]
    consultation_id: Mapped[str] = ref("consultations.id", index=False)
    stance: Mapped[Code]
    text: Mapped[Long]
    snapshot_id: Mapped[str] = ref("snapshots.id", index=False)
    given_by: Mapped[str] = ref("users.id", index=False)
    given_at: Mapped[datetime]

    consultation: Mapped[Consultation] = relationship(back_populates="opinion")
    giver: Mapped[User] = relationship()
