"""Tables of review: the expert team's check, committees and their members, meetings, votes, decisions and conditions.

Constraints repeat the rules that must never break even when a service is wrong: one decision per screening revision, one vote
per member and motion, verifier ≠ owner (domain.md §6.3, assurance.md T4–T5).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.models import User
from governance.reviews import body_models, circulation_models, desk_models  # noqa: F401 - whoever loads the tables of reviews has those as well
from governance.reviews.room_models import ItemQuestion, Motion
from governance.screenings.models import Screening, Snapshot
from governance.storage.tables import Base, Code, Digest, Id, Line, Long, Revised, ref


class Review(Revised, Base):
    """The expert team's check of one submitted revision: who checks, their opinion and what they recommend."""

    __tablename__ = "reviews"
    __table_args__ = (UniqueConstraint("screening_id", "revision"),)

    id: Mapped[Id]
    screening_id: Mapped[str] = ref("screenings.id")
    revision: Mapped[int]
    reviewer_id: Mapped[str] = ref("users.id")
    state: Mapped[Code] = mapped_column(default="in_review")
    opinion: Mapped[Long] = mapped_column(default="")
    risks: Mapped[Long] = mapped_column(default="", server_default="")
    open_points: Mapped[Long] = mapped_column(default="", server_default="")
    recommendation: Mapped[Code] = mapped_column(default="")
    return_reason: Mapped[Long] = mapped_column(default="")
    snapshot_id: Mapped[str | None] = ref("snapshots.id", index=False)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    screening: Mapped[Screening] = relationship()
    reviewer: Mapped[User] = relationship()
    snapshot: Mapped[Snapshot | None] = relationship()


class Committee(Revised, Base):
    """A committee (委員会) with the rules it was founded on; later versions are `adopted` (domain.md §6.3, committees.py)."""

    __tablename__ = "committees"

    id: Mapped[Id]
    key: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Line]
    name_en: Mapped[Line] = mapped_column(default="")
    authority: Mapped[Code] = mapped_column(default="deciding")
    rules: Mapped[dict[str, Any]]
    rules_version: Mapped[Code]
    rules_effective_on: Mapped[date]

    members: Mapped[list[CommitteeMember]] = relationship(back_populates="committee", lazy="selectin", order_by="CommitteeMember.position")
    adopted: Mapped[list[CommitteeRuleVersion]] = relationship(lazy="selectin", order_by="CommitteeRuleVersion.number")

    def name_in(self, locale: str) -> str:
        """Return the name as shown to a reader of `locale`."""
        return self.name_en if locale == "en" and self.name_en else self.name


class CommitteeRuleVersion(Base):
    """A version of a committee's rules with the day it takes effect; versions are only ever added."""

    __tablename__ = "committee_rule_versions"
    __table_args__ = (
        UniqueConstraint("committee_id", "number"),
        UniqueConstraint("committee_id", "version"),
        CheckConstraint("reason <> ''", name="reason"),
    )

    id: Mapped[Id]
    committee_id: Mapped[str] = ref("committees.id", index=False)
    number: Mapped[int]
    version: Mapped[Code]
    rules: Mapped[dict[str, Any]]
    effective_on: Mapped[date]
    reason: Mapped[Long]
    adopted_by: Mapped[str] = ref("users.id", index=False)
    adopted_at: Mapped[datetime]

    adopter: Mapped[User] = relationship()


class CommitteeMember(Base):
    """A person's seat for a term: internal or external, with expertise; a past term is kept.

    `alternate_of` names the seat an alternate stands in for. `gender` is said by the member alone, may be taken back at any time and
    is shown to nobody else; it serves only the warning about the balance (domain.md §6.3 gender_balance).
    """

    __tablename__ = "committee_members"
    __table_args__ = (
        CheckConstraint("side IN ('internal', 'external')", name="side"),
        CheckConstraint("term_until IS NULL OR term_until >= term_from", name="term"),
    )

    id: Mapped[Id]
    committee_id: Mapped[str] = ref("committees.id")
    user_id: Mapped[str] = ref("users.id")
    position: Mapped[int] = mapped_column(default=0)
    side: Mapped[Code]
    expertise: Mapped[list[str]]
    is_chair: Mapped[bool] = mapped_column(default=False)
    term_from: Mapped[date]
    term_until: Mapped[date | None]
    alternate_of: Mapped[str | None] = ref("committee_members.id")
    gender: Mapped[Code] = mapped_column(default="", server_default="")

    committee: Mapped[Committee] = relationship(back_populates="members")
    user: Mapped[User] = relationship(lazy="joined")


class Meeting(Revised, Base):
    """One session of a committee; it cannot close while an agenda item is unsettled."""

    __tablename__ = "meetings"
    __table_args__ = (
        UniqueConstraint("committee_id", "fiscal_year", "number"),
        CheckConstraint("state IN ('planned', 'open', 'closed')", name="state"),
    )

    id: Mapped[Id]
    committee_id: Mapped[str] = ref("committees.id")
    fiscal_year: Mapped[int]
    number: Mapped[int]
    starts_at: Mapped[datetime]
    place: Mapped[Line] = mapped_column(default="")
    place_en: Mapped[Line] = mapped_column(default="")
    state: Mapped[Code] = mapped_column(default="planned")
    link: Mapped[Line] = mapped_column(default="", server_default="")
    materials_sent_on: Mapped[date | None]
    late_reason: Mapped[Long] = mapped_column(default="", server_default="")
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    planned_by: Mapped[str] = ref("users.id", index=False)

    committee: Mapped[Committee] = relationship()
    items: Mapped[list[AgendaItem]] = relationship(back_populates="meeting", order_by="AgendaItem.position")
    attendances: Mapped[list[Attendance]] = relationship(back_populates="meeting", order_by="Attendance.arrived_at")


class Attendance(Base):
    """A member's presence in a meeting, from when until when, in the room or remotely; leaving and returning makes two rows."""

    __tablename__ = "attendances"
    __table_args__ = (CheckConstraint("mode IN ('in_person', 'remote')", name="mode"),)

    id: Mapped[Id]
    meeting_id: Mapped[str] = ref("meetings.id")
    member_id: Mapped[str] = ref("committee_members.id")
    mode: Mapped[Code]
    arrived_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    meeting: Mapped[Meeting] = relationship(back_populates="attendances")
    member: Mapped[CommitteeMember] = relationship(lazy="joined")


class AgendaItem(Revised, Base):
    """One case on the agenda (議題) with the snapshot that the members were given; with `waivers` it is about their conditions."""

    __tablename__ = "agenda_items"
    __table_args__ = (
        UniqueConstraint("meeting_id", "screening_id"),
        CheckConstraint("state IN ('queued', 'discussing', 'voting', 'decided', 'deferred')", name="state"),
    )

    id: Mapped[Id]
    meeting_id: Mapped[str] = ref("meetings.id")
    position: Mapped[int]
    screening_id: Mapped[str] = ref("screenings.id")
    snapshot_id: Mapped[str] = ref("snapshots.id", index=False)
    state: Mapped[Code] = mapped_column(default="queued")
    motion: Mapped[Code] = mapped_column(default="")
    motion_number: Mapped[int] = mapped_column(default=0, server_default="0")
    drafted: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    issues: Mapped[Long] = mapped_column(default="")
    deferral_reason: Mapped[Long] = mapped_column(default="")
    opened_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]

    meeting: Mapped[Meeting] = relationship(back_populates="items")
    screening: Mapped[Screening] = relationship()
    snapshot: Mapped[Snapshot] = relationship()
    recusals: Mapped[list[Recusal]] = relationship(back_populates="item")
    votes: Mapped[list[Vote]] = relationship(back_populates="item")
    motions: Mapped[list[Motion]] = relationship(order_by="Motion.number")
    waivers: Mapped[list[Waiver]] = relationship(back_populates="item", order_by="Waiver.asked_at")
    questions: Mapped[list[ItemQuestion]] = relationship(order_by="ItemQuestion.number")


class Recusal(Base):
    """A member's withdrawal from one item because of a conflict of interest (利益相反・退席)."""

    __tablename__ = "recusals"
    __table_args__ = (UniqueConstraint("item_id", "member_id"), CheckConstraint("reason <> ''", name="reason"))

    id: Mapped[Id]
    item_id: Mapped[str] = ref("agenda_items.id")
    member_id: Mapped[str] = ref("committee_members.id")
    reason: Mapped[Long]
    declared_by: Mapped[str] = ref("users.id", index=False)
    declared_at: Mapped[datetime]

    item: Mapped[AgendaItem] = relationship(back_populates="recusals")
    member: Mapped[CommitteeMember] = relationship(lazy="joined")


class Vote(Base):
    """One member's vote on the motion of an item; stored per member, shown as totals (domain.md §6.3)."""

    __tablename__ = "votes"
    __table_args__ = (
        UniqueConstraint("item_id", "motion_number", "member_id"),
        CheckConstraint("choice IN ('for', 'against', 'abstain')", name="choice"),
    )

    id: Mapped[Id]
    item_id: Mapped[str] = ref("agenda_items.id")
    member_id: Mapped[str] = ref("committee_members.id")
    motion: Mapped[Code]
    motion_number: Mapped[int] = mapped_column(default=0, server_default="0")
    choice: Mapped[Code]
    dissent: Mapped[Long] = mapped_column(default="")
    cast_at: Mapped[datetime]

    item: Mapped[AgendaItem] = relationship(back_populates="votes")
    member: Mapped[CommitteeMember] = relationship(lazy="joined")


class Decision(Base):
    """The outcome (審査結果) of one screening revision, bound to the digest of the snapshot it rests on."""

    __tablename__ = "decisions"
    __table_args__ = (
        UniqueConstraint("screening_id", "revision"),
        CheckConstraint("rationale <> ''", name="rationale"),
    )

    id: Mapped[Id]
    screening_id: Mapped[str] = ref("screenings.id")
    revision: Mapped[int]
    snapshot_id: Mapped[str] = ref("snapshots.id", index=False)
    snapshot_digest: Mapped[Digest]
    body: Mapped[Code]
    item_id: Mapped[str | None] = ref("agenda_items.id", index=False)
    outcome: Mapped[Code]
    rationale: Mapped[Long]
    escalated_to: Mapped[Line] = mapped_column(default="")
    quorum: Mapped[dict[str, Any]]
    votes_digest: Mapped[Digest] = mapped_column(default="")
    valid_until: Mapped[date | None]
    decided_by: Mapped[str] = ref("users.id", index=False)
    decided_at: Mapped[datetime]

    screening: Mapped[Screening] = relationship()
    snapshot: Mapped[Snapshot] = relationship()
    item: Mapped[AgendaItem | None] = relationship()
    decider: Mapped[User] = relationship()
    conditions: Mapped[list[Condition]] = relationship(back_populates="decision", order_by="Condition.number")


class Condition(Revised, Base):
    """A condition of a decision (付帯条件), closed with evidence by a verifier who is not its owner."""

    __tablename__ = "conditions"
    __table_args__ = (
        UniqueConstraint("decision_id", "number"),
        CheckConstraint("owner_id <> verifier_id", name="separation"),
        CheckConstraint("state IN ('open', 'submitted', 'verified', 'rejected', 'waived')", name="state"),
        CheckConstraint("kind IN ('pre_start', 'pre_launch', 'periodic')", name="kind"),
    )

    id: Mapped[Id]
    decision_id: Mapped[str] = ref("decisions.id")
    number: Mapped[int]
    text: Mapped[Long]
    text_en: Mapped[Long] = mapped_column(default="")
    kind: Mapped[Code]
    owner_id: Mapped[str] = ref("users.id")
    verifier_id: Mapped[str] = ref("users.id")
    due_on: Mapped[date]
    state: Mapped[Code] = mapped_column(default="open")
    evidence_id: Mapped[str | None] = ref("evidence.id", index=False)
    report: Mapped[Long] = mapped_column(default="")
    verdict: Mapped[Long] = mapped_column(default="")
    submitted_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = ref("users.id", index=False)
    settled_at: Mapped[datetime | None]

    decision: Mapped[Decision] = relationship(back_populates="conditions")
    owner: Mapped[User] = relationship(foreign_keys=[owner_id])
    verifier: Mapped[User] = relationship(foreign_keys=[verifier_id])


class Waiver(Base):
    """A condition that a committee is asked to waive on an item of its agenda; `motion_number` names the vote that carried it."""

    __tablename__ = "waivers"
    __table_args__ = (UniqueConstraint("item_id", "condition_id"), CheckConstraint("reason <> ''", name="reason"))

    id: Mapped[Id]
    item_id: Mapped[str] = ref("agenda_items.id", index=False)
    condition_id: Mapped[str] = ref("conditions.id")
    reason: Mapped[Long]
    asked_by: Mapped[str] = ref("users.id", index=False)
    asked_at: Mapped[datetime]
    motion_number: Mapped[int | None]

    item: Mapped[AgendaItem] = relationship(back_populates="waivers")
    condition: Mapped[Condition] = relationship()
    asker: Mapped[User] = relationship()
