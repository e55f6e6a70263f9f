"""Tables of monitoring: indicators with their dated bands, readings in batches, alerts, keys of machines, and incidents.

A reading is exact text and never changes; a wrong one is corrected by a later one that names it. Each batch carries the digest
of its readings, so that verification of the ledger finds a changed one (domain.md §3.3 M1a, M1c; assurance.md R-C, T2).
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.models import User
from governance.projects.models import Project
from governance.reviews.models import Condition
from governance.screenings.models import AdoptedMeasure, Screening
from governance.storage.tables import Base, Code, Digest, Id, Line, Long, Revised, ref
from governance.texts import ERASED_BOTH, Text


class Indicator(Revised, Base):
    """What a project measures in operation (指標), how often a reading is expected, and what a reading out of band brings about."""

    __tablename__ = "indicators"
    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        CheckConstraint("every_days >= 1", name="every_days"),
        CheckConstraint("run_length >= 1", name="run_length"),
    )

    id: Mapped[Id]
    project_id: Mapped[str] = ref("projects.id", index=False)
    number: Mapped[int]
    name: Mapped[Line]
    name_en: Mapped[Line] = mapped_column(default="")
    unit: Mapped[Line] = mapped_column(default="")
    note: Mapped[Long] = mapped_column(default="")
    every_days: Mapped[int]
    owner_id: Mapped[str] = ref("users.id")
    opens_screening: Mapped[bool] = mapped_column(default=False)
    phase: Mapped[Code] = mapped_column(default="")
    run_length: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[str] = ref("users.id", index=False)
    created_at: Mapped[datetime]
    retired_by: Mapped[str | None] = ref("users.id", index=False)
    retired_at: Mapped[datetime | None]
    retired_because: Mapped[Long] = mapped_column(default="")

    project: Mapped[Project] = relationship()
    owner: Mapped[User] = relationship(foreign_keys=[owner_id])
    bands: Mapped[list[IndicatorBand]] = relationship(
        back_populates="indicator", order_by="IndicatorBand.version", lazy="selectin"
    )

    @property
    def code(self) -> str:
        """The short name in files and calls: K1, K2, …"""
        return f"K{self.number}"

    def called(self) -> Text:
        """Return the name in both languages."""
        return Text(self.name, self.name_en or self.name)


class IndicatorBand(Base):
    """The band (許容範囲) of an indicator from a moment on; a change is a new version, and readings keep the one they met."""

    __tablename__ = "indicator_bands"
    __table_args__ = (
        UniqueConstraint("indicator_id", "version"),
        CheckConstraint("direction IN ('up', 'down', 'within')", name="direction"),
        CheckConstraint("low <> '' OR high <> ''", name="bounds"),
    )

    id: Mapped[Id]
    indicator_id: Mapped[str] = ref("indicators.id", index=False)
    version: Mapped[int]
    direction: Mapped[Code]
    low: Mapped[Code] = mapped_column(default="")
    high: Mapped[Code] = mapped_column(default="")
    valid_from: Mapped[datetime]
    reason: Mapped[Long] = mapped_column(default="")
    set_by: Mapped[str] = ref("users.id", index=False)
    set_at: Mapped[datetime]

    indicator: Mapped[Indicator] = relationship(back_populates="bands")
    setter: Mapped[User] = relationship()


class ReadingKey(Base):
    """A key with which a machine enters readings of one project; only its digest is kept, the key itself is shown once.

    `last_used_at`, `calls_from` and `calls` count its use and are not part of the record.
    """

    __tablename__ = "reading_keys"

    id: Mapped[Id]
    project_id: Mapped[str] = ref("projects.id")
    name: Mapped[Line]
    hint: Mapped[Code]
    digest: Mapped[Digest] = mapped_column(unique=True)
    made_by: Mapped[str] = ref("users.id", index=False)
    made_at: Mapped[datetime]
    revoked_by: Mapped[str | None] = ref("users.id", index=False)
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    calls_from: Mapped[datetime | None]
    calls: Mapped[int] = mapped_column(default=0)

    project: Mapped[Project] = relationship()
    maker: Mapped[User] = relationship(foreign_keys=[made_by])


class ReadingBatch(Base):
    """Readings that were entered together: by hand, from a file, or by a machine; the digest stands for all of them."""

    __tablename__ = "reading_batches"
    __table_args__ = (
        CheckConstraint("source IN ('hand', 'csv', 'api')", name="source"),
        CheckConstraint("(source = 'api') = (key_id IS NOT NULL)", name="key"),
    )

    id: Mapped[Id]
    project_id: Mapped[str] = ref("projects.id")
    source: Mapped[Code]
    key_id: Mapped[str | None] = ref("reading_keys.id", index=False)
    size: Mapped[int]
    digest: Mapped[Digest]
    entered_by: Mapped[str] = ref("users.id", index=False)
    entered_at: Mapped[datetime]

    author: Mapped[User] = relationship()
    key: Mapped[ReadingKey | None] = relationship()


class Reading(Base):
    """One measured value (測定値) at a moment; `turn` counts its corrections, and an empty value takes a wrong one back.

    `verdict` says how the value stood to the band that was in force: in, low, high, or empty where there was none.
    """

    __tablename__ = "readings"
    __table_args__ = (
        UniqueConstraint("indicator_id", "at", "turn"),
        UniqueConstraint("corrects_id"),
        CheckConstraint("verdict IN ('in', 'low', 'high', '')", name="verdict"),
        CheckConstraint("(turn > 0) = (corrects_id IS NOT NULL)", name="turn"),
        CheckConstraint("value <> '' OR turn > 0", name="value"),
    )

    id: Mapped[Id]
    batch_id: Mapped[str] = ref("reading_batches.id")
    position: Mapped[int]
    indicator_id: Mapped[str] = ref("indicators.id", index=False)
    at: Mapped[datetime]
    turn: Mapped[int] = mapped_column(default=0)
    corrects_id: Mapped[str | None] = ref("readings.id", index=False)
    value: Mapped[Code]
    band_id: Mapped[str | None] = ref("indicator_bands.id", index=False)
    verdict: Mapped[Code] = mapped_column(default="")
    note: Mapped[Long] = mapped_column(default="")

    batch: Mapped[ReadingBatch] = relationship()
    indicator: Mapped[Indicator] = relationship()


class Alert(Revised, Base):
    """That an indicator left its band or went unread: one open per indicator, until it is acknowledged or settled.

    `outcome` is what the rule brought about: a re-screening opened or linked, refused, still waiting for more readings, or none.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        CheckConstraint("kind IN ('out', 'overdue')", name="kind"),
        CheckConstraint("state IN ('open', 'acknowledged', 'settled')", name="state"),
        CheckConstraint("state <> 'acknowledged' OR reason <> ''", name="reason"),
        CheckConstraint("outcome IN ('none', 'waiting', 'opened', 'linked', 'refused')", name="outcome"),
        Index(
            "uq_alerts_open",
            "indicator_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[Id]
    project_id: Mapped[str] = ref("projects.id")
    indicator_id: Mapped[str] = ref("indicators.id")
    kind: Mapped[Code]
    state: Mapped[Code] = mapped_column(default="open")
    reading_id: Mapped[str | None] = ref("readings.id", index=False)
    opened_at: Mapped[datetime]
    outcome: Mapped[Code] = mapped_column(default="none")
    screening_id: Mapped[str | None] = ref("screenings.id", index=False)
    settled_how: Mapped[Code] = mapped_column(default="")
    reason: Mapped[Long] = mapped_column(default="")
    quiet_until: Mapped[date | None]
    settled_by: Mapped[str | None] = ref("users.id", index=False)
    settled_at: Mapped[datetime | None]

    project: Mapped[Project] = relationship()
    indicator: Mapped[Indicator] = relationship()
    reading: Mapped[Reading | None] = relationship()
    screening: Mapped[Screening | None] = relationship()
    settler: Mapped[User | None] = relationship()


class Incident(Revised, Base):
    """An incident or near miss (事故・ヒヤリハット): what happened, to whom, why, and what follows for the case (domain.md M1c)."""

    __tablename__ = "incidents"
    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        CheckConstraint("kind IN ('incident', 'near_miss')", name="kind"),
        CheckConstraint("state IN ('open', 'analysed', 'closed')", name="state"),
        CheckConstraint("consequence IN ('none', 'screening', 'suspension')", name="consequence"),
        CheckConstraint("severity >= 1", name="severity"),
        CheckConstraint("state <> 'closed' OR closing_note <> ''", name="closed"),
    )

    id: Mapped[Id]
    project_id: Mapped[str] = ref("projects.id", index=False)
    number: Mapped[int]
    kind: Mapped[Code]
    state: Mapped[Code] = mapped_column(default="open")
    title: Mapped[Line]
    occurred_on: Mapped[date]
    occurred_time: Mapped[Code] = mapped_column(default="")
    found_on: Mapped[date]
    happened: Mapped[Long]
    effect: Mapped[Long] = mapped_column(default="")
    affected: Mapped[Line] = mapped_column(default="")
    affected_count: Mapped[int | None]
    severity: Mapped[int]
    cause: Mapped[Long] = mapped_column(default="")
    immediate: Mapped[Long] = mapped_column(default="")
    prevention: Mapped[Long] = mapped_column(default="")
    consequence: Mapped[Code] = mapped_column(default="none")
    screening_id: Mapped[str | None] = ref("screenings.id", index=False)
    reported_by: Mapped[str] = ref("users.id", index=False)
    reported_at: Mapped[datetime]
    analysed_by: Mapped[str | None] = ref("users.id", index=False)
    analysed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = ref("users.id", index=False)
    closed_at: Mapped[datetime | None]
    closing_note: Mapped[Long] = mapped_column(default="")

    project: Mapped[Project] = relationship()
    screening: Mapped[Screening | None] = relationship()
    reporter: Mapped[User] = relationship(foreign_keys=[reported_by])
    analyst: Mapped[User | None] = relationship(foreign_keys=[analysed_by])
    closer: Mapped[User | None] = relationship(foreign_keys=[closed_by])
    links: Mapped[list[IncidentLink]] = relationship(order_by="IncidentLink.added_at")
    duties: Mapped[list[IncidentDuty]] = relationship(order_by="IncidentDuty.added_at")

    @property
    def code(self) -> str:
        """The short name within the case: J1, J2, …"""
        return f"J{self.number}"


class IncidentChange(Base):
    """One saved state of an incident: the append-only history of its report (JSON and its digest)."""

    __tablename__ = "incident_changes"
    __table_args__ = (UniqueConstraint("incident_id", "number"),)

    id: Mapped[Id]
    incident_id: Mapped[str] = ref("incidents.id", index=False)
    number: Mapped[int]
    body: Mapped[Long]
    digest: Mapped[Digest]
    reason: Mapped[Long] = mapped_column(default="")
    changed_by: Mapped[str] = ref("users.id", index=False)
    changed_at: Mapped[datetime]

    author: Mapped[User] = relationship()

    def said(self) -> dict[str, Any]:
        """Return the saved state; nothing of one that was erased."""
        found: dict[str, Any] = {} if self.body == ERASED_BOTH else json.loads(self.body)
        return found


class IncidentLink(Base):
    """A measure or a condition of a decision that answers an incident; ended when it was named by mistake."""

    __tablename__ = "incident_links"
    __table_args__ = (CheckConstraint("(measure_id IS NULL) <> (condition_id IS NULL)", name="one"),)

    id: Mapped[Id]
    incident_id: Mapped[str] = ref("incidents.id")
    measure_id: Mapped[str | None] = ref("measures.id", index=False)
    condition_id: Mapped[str | None] = ref("conditions.id", index=False)
    added_by: Mapped[str] = ref("users.id", index=False)
    added_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    measure: Mapped[AdoptedMeasure | None] = relationship()
    condition: Mapped[Condition | None] = relationship()


class IncidentDuty(Revised, Base):
    """That somebody outside must be told of an incident: an authority, a customer, the people affected; until when, and when done."""

    __tablename__ = "incident_duties"
    __table_args__ = (
        CheckConstraint("kind IN ('authority', 'customer', 'affected', 'other')", name="kind"),
        CheckConstraint("due_on IS NOT NULL OR told_on IS NOT NULL", name="dates"),
    )

    id: Mapped[Id]
    incident_id: Mapped[str] = ref("incidents.id")
    kind: Mapped[Code]
    recipient: Mapped[Line]
    due_on: Mapped[date | None]
    told_on: Mapped[date | None]
    note: Mapped[Long] = mapped_column(default="")
    added_by: Mapped[str] = ref("users.id", index=False)
    added_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
