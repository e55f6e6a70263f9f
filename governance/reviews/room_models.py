"""Tables of the meeting room: motions with their conditions, questions on a case, what was sent, minutes and their approvals.

What was put to the vote, what was handed out and every version of the minutes stay as they were written; only a motion that ends and
a question that is answered change once (domain.md §6.2 minutes, §6.3).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.models import User
from governance.storage.tables import Base, Code, Digest, Id, Long, Revised, ref


class Motion(Revised, Base):
    """One outcome put to the vote on an item, with the conditions it was put with; a lost one may be followed by another."""

    __tablename__ = "motions"
    __table_args__ = (
        UniqueConstraint("item_id", "number"),
        CheckConstraint("state IN ('put', 'carried', 'lost', 'withdrawn', 'lapsed')", name="state"),
    )

    id: Mapped[Id]
    item_id: Mapped[str] = ref("agenda_items.id", index=False)
    number: Mapped[int]
    outcome: Mapped[Code]
    conditions: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    digest: Mapped[Digest]
    state: Mapped[Code] = mapped_column(default="put")
    reason: Mapped[Long] = mapped_column(default="")
    figures: Mapped[dict[str, Any]]
    votes_digest: Mapped[Digest] = mapped_column(default="")
    put_by: Mapped[str] = ref("users.id", index=False)
    put_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class ItemQuestion(Revised, Base):
    """A question of a member on a case (質疑) and its answer; `recorded_by` wrote it down when that was somebody else."""

    __tablename__ = "item_questions"
    __table_args__ = (UniqueConstraint("item_id", "number"), CheckConstraint("text <> ''", name="text"))

    id: Mapped[Id]
    item_id: Mapped[str] = ref("agenda_items.id", index=False)
    number: Mapped[int]
    text: Mapped[Long]
    asked_by: Mapped[str] = ref("users.id", index=False)
    recorded_by: Mapped[str] = ref("users.id", index=False)
    asked_at: Mapped[datetime]
    answer: Mapped[Long] = mapped_column(default="")
    answered_by: Mapped[str | None] = ref("users.id", index=False)
    answered_at: Mapped[datetime | None]

    asker: Mapped[User] = relationship(foreign_keys=[asked_by])
    recorder: Mapped[User] = relationship(foreign_keys=[recorded_by])
    answerer: Mapped[User | None] = relationship(foreign_keys=[answered_by])


class Materials(Base):
    """What was sent to the members: agenda, summaries and the digests of the snapshots, frozen on sending (会議資料)."""

    __tablename__ = "meeting_materials"
    __table_args__ = (UniqueConstraint("meeting_id"),)

    id: Mapped[Id]
    meeting_id: Mapped[str] = ref("meetings.id", index=False)
    body: Mapped[Long]
    digest: Mapped[Digest]
    sent_by: Mapped[str] = ref("users.id", index=False)
    sent_at: Mapped[datetime]

    sender: Mapped[User] = relationship()


class MinutesVersion(Base):
    """One version of the minutes (議事録): the record as generated and the texts as edited; a correction gives its reason."""

    __tablename__ = "minutes_versions"
    __table_args__ = (UniqueConstraint("meeting_id", "number"),)

    id: Mapped[Id]
    meeting_id: Mapped[str] = ref("meetings.id", index=False)
    number: Mapped[int]
    body: Mapped[Long]
    digest: Mapped[Digest]
    reason: Mapped[Long] = mapped_column(default="")
    written_by: Mapped[str] = ref("users.id", index=False)
    written_at: Mapped[datetime]

    writer: Mapped[User] = relationship()
    approvals: Mapped[list[MinutesApproval]] = relationship(order_by="MinutesApproval.approved_at")


class MinutesApproval(Base):
    """The chair's or the secretary's approval of one version; two offices, two people."""

    __tablename__ = "minutes_approvals"
    __table_args__ = (
        UniqueConstraint("version_id", "office"),
        UniqueConstraint("version_id", "approved_by"),
        CheckConstraint("office IN ('chair', 'secretary')", name="office"),
    )

    id: Mapped[Id]
    version_id: Mapped[str] = ref("minutes_versions.id", index=False)
    office: Mapped[Code]
    approved_by: Mapped[str] = ref("users.id", index=False)
    approved_at: Mapped[datetime]

    approver: Mapped[User] = relationship()
