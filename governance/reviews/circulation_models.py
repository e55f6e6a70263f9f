"""Tables of decisions by circulation (持ち回り): what was proposed to whom, and what each of them said."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.models import User
from governance.screenings.models import Screening, Snapshot
from governance.storage.tables import Base, Code, Id, Long, Revised, ref


class Circulation(Revised, Base):
    """An expedited matter put to the chair and designated internal members; any of them may ask for the full committee."""

    __tablename__ = "circulations"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'carried', 'referred')", name="state"),
        CheckConstraint("rationale <> ''", name="rationale"),
        CheckConstraint("(settled_at IS NULL) = (state = 'open')", name="settled"),
    )

    id: Mapped[Id]
    committee_id: Mapped[str] = ref("committees.id")
    screening_id: Mapped[str] = ref("screenings.id")
    revision: Mapped[int]
    snapshot_id: Mapped[str] = ref("snapshots.id", index=False)
    outcome: Mapped[Code]
    rationale: Mapped[Long]
    conditions: Mapped[dict[str, Any]]
    member_ids: Mapped[list[str]]
    closes_on: Mapped[date]
    state: Mapped[Code] = mapped_column(default="open")
    rules_version: Mapped[Code]
    started_by: Mapped[str] = ref("users.id", index=False)
    started_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    screening: Mapped[Screening] = relationship()
    snapshot: Mapped[Snapshot] = relationship()
    starter: Mapped[User] = relationship()
    votes: Mapped[list[CirculationVote]] = relationship(back_populates="circulation", order_by="CirculationVote.cast_at")


class CirculationVote(Base):
    """What one member said to a circulation: agreement, or the wish for the full committee. Nobody disapproves by circulation."""

    __tablename__ = "circulation_votes"
    __table_args__ = (
        UniqueConstraint("circulation_id", "member_id"),
        CheckConstraint("choice IN ('agree', 'full_board')", name="choice"),
    )

    id: Mapped[Id]
    circulation_id: Mapped[str] = ref("circulations.id", index=False)
    member_id: Mapped[str] = ref("committee_members.id", index=False)
    choice: Mapped[Code]
    remark: Mapped[Long] = mapped_column(default="")
    cast_at: Mapped[datetime]

    circulation: Mapped[Circulation] = relationship(back_populates="votes")
