"""Acts on readings: enter a batch, correct a single one; and the queries that tell which readings count.

A reading is known by its indicator and its time. Entering the same one again changes nothing, so a machine may send twice; another
value at the same time is a correction and needs a reason. Each batch is one entry of the ledger with count and digest.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import insert, select

from governance.accounts.rules import authorize
from governance.ledger.writing import canonical_reading
from governance.monitoring import alerts
from governance.monitoring.counting import is_tip
from governance.monitoring.indicators import MOST_NOTE, band_at
from governance.monitoring.models import Alert, Indicator, Reading, ReadingBatch, ReadingKey
from governance.monitoring.rules import verdict
from governance.projects import life
from governance.projects.models import Project
from governance.projects.services import relations_of
from governance.refusals import NotFound, Refusal
from governance.storage.tables import new_id
from governance.work import UnitOfWork

MOST_READINGS = 20_000
"""Readings in one batch."""

Result = Literal["new", "same", "other", "corrected"]


@dataclass(frozen=True)
class Entry:
    """A reading to enter: an exact value at a moment."""

    indicator: Indicator
    at: datetime
    value: str
    note: str = ""


@dataclass(frozen=True)
class Compared:
    """How an entry stands to what is stored: new, there already, or with another value; `before` is the reading it would correct."""

    entry: Entry
    result: Result
    before: Tip | None = None
    verdict: str = ""


@dataclass(frozen=True)
class Tip:
    """The newest turn of a reading: an empty value says that it was taken back."""

    id: str
    turn: int
    value: str


@dataclass(frozen=True)
class Entered:
    """What came of a batch; no batch when everything was there already."""

    batch: ReadingBatch | None
    compared: list[Compared]
    alerts: list[Alert] = field(default_factory=list)


def reading(work: UnitOfWork, one: Indicator, reading_id: str) -> Reading:
    """Return a reading of an indicator; NotFound otherwise."""
    row = work.session.get(Reading, reading_id)
    if row is None or row.indicator_id != one.id:
        raise NotFound
    return row


# ---------------------------------------------------------------- comparing


def compare(work: UnitOfWork, entries: Sequence[Entry], *, corrects: bool = False) -> list[Compared]:
    """Say how each entry stands to what is stored and to the entries before it; with `corrects` another value is a correction."""
    tips = _tips(work, entries)
    found: list[Compared] = []
    for entry in entries:
        key = (entry.indicator.id, entry.at)
        tip = tips.get(key)
        found.append(_compared(entry, tip, corrects))
        if found[-1].result in ("new", "corrected"):
            tips[key] = Tip("", -1, entry.value)
    return found


def _compared(entry: Entry, tip: Tip | None, corrects: bool) -> Compared:
    band = band_at(entry.indicator, entry.at)
    said = verdict(entry.value, band.low, band.high) if band else ""
    if tip is None or not tip.value:
        return Compared(entry, "new", tip, said)
    if tip.value == entry.value:
        return Compared(entry, "same", tip, said)
    return Compared(entry, "corrected" if corrects and tip.turn >= 0 else "other", tip, said)


def _tips(work: UnitOfWork, entries: Sequence[Entry]) -> dict[tuple[str, datetime], Tip]:
    """Return the newest turns at the times of the entries: one statement per indicator."""
    times: dict[str, list[datetime]] = defaultdict(list)
    for entry in entries:
        times[entry.indicator.id].append(entry.at)
    found = {}
    for id, ats in times.items():
        query = select(Reading.id, Reading.at, Reading.turn, Reading.value).where(
            Reading.indicator_id == id, Reading.at.between(min(ats), max(ats)), is_tip()
        )
        found.update({(id, row.at): Tip(row.id, row.turn, row.value) for row in work.session.execute(query)})
    return found


# ---------------------------------------------------------------- entering


# long: one line for each part of the entry in the ledger
def enter(
    work: UnitOfWork,
    project: Project,
    entries: Sequence[Entry],
    *,
    source: str,
    key: ReadingKey | None = None,
    correction: str = "",
) -> Entered:
    """Enter readings of one project, all in one batch; what is there already is left alone.

    `correction` is the reason for which other values at stored times are taken as corrections; without it they are left out and
    reported. With `key` a machine enters, and whoever made the key answers for it. Raises Refusal for a project that has ended.
    """
    if key is None:
        authorize(work.actor, "reading:enter", relations_of(work, project))
    _may_enter(work, project, entries)
    _locked(work, {entry.indicator.id for entry in entries})
    compared = compare(work, entries, corrects=bool(correction.strip()))
    rows = [each for each in compared if each.result in ("new", "corrected")]
    if not rows:
        return Entered(None, compared)
    batch = _stored(work, project, rows, source, key, correction.strip()[:MOST_NOTE])
    work.record(
        "ReadingsEntered",
        subject=("readings", batch.id),
        project=project.id,
        codes={"source": source, "count": batch.size, "corrected": sum(each.result == "corrected" for each in rows)},
        refs={"readings": batch.digest},
        private={"reason": correction.strip()[:MOST_NOTE]} if correction.strip() else {},
        row=batch,
    )
    return Entered(batch, compared, _raised(work, project, batch))


def correct(work: UnitOfWork, row: Reading, value: str, reason: str) -> ReadingBatch:
    """Correct a reading: another value, or none when it should not be there at all. The wrong one stays, struck through."""
    project = row.indicator.project
    authorize(work.actor, "reading:enter", relations_of(work, project))
    _may_enter(work, project, [])
    _locked(work, {row.indicator_id})
    _may_correct(work, row, value, reason)
    band = band_at(row.indicator, row.at)
    said = verdict(value, band.low, band.high) if band and value else ""
    entry = Entry(row.indicator, row.at, value, reason.strip()[:MOST_NOTE])
    batch = _stored(
        work, project, [Compared(entry, "corrected", Tip(row.id, row.turn, row.value), said)], "hand", None, ""
    )
    work.record(
        "ReadingCorrected",
        subject=("readings", batch.id),
        project=project.id,
        codes={"number": row.indicator.code, "reading": row.id, "taken_back": not value},
        refs={"readings": batch.digest},
        private={"reason": entry.note},
        row=batch,
    )
    alerts.settle_corrected(work, row)
    _raised(work, project, batch)
    return batch


def _may_correct(work: UnitOfWork, row: Reading, value: str, reason: str) -> None:
    """Refuse a correction without a reason, of a reading that was corrected before, and to the same value."""
    if not reason.strip():
        raise Refusal("monitoring.reason", "訂正の理由を書いてください。", "Say why it is corrected.", place="reason")
    if work.session.scalar(select(Reading.id).where(Reading.corrects_id == row.id)) or not row.value:
        raise Refusal(
            "monitoring.corrected", "この測定値はすでに訂正されています。", "This reading has been corrected already."
        )
    if value == row.value:
        raise Refusal("monitoring.same", "値が変わっていません。", "The value is the same.", place="value")


def _may_enter(work: UnitOfWork, project: Project, entries: Sequence[Entry]) -> None:
    if life.state_of(work, project) in life.ENDED:
        raise Refusal(
            "monitoring.ended",
            "この案件は終わっているため、測定値は登録できません。",
            "This project has ended and takes no more readings.",
        )
    if len(entries) > MOST_READINGS:
        raise Refusal(
            "monitoring.many",
            "一度に登録できる測定値は{most}件までです。分けて登録してください。",
            "At most {most} readings can be entered at once; enter them in parts.",
            most=MOST_READINGS,
        )
    if any(entry.indicator.retired_at is not None for entry in entries):
        raise Refusal(
            "monitoring.retired", "この指標は終了しています。", "This indicator is retired.", place="indicator"
        )


def _locked(work: UnitOfWork, ids: set[str]) -> None:
    """Hold the indicators until the unit ends, so that the same readings sent twice at once are stored once."""
    work.session.execute(select(Indicator.id).where(Indicator.id.in_(ids)).order_by(Indicator.id).with_for_update())


def _stored(
    work: UnitOfWork, project: Project, rows: Sequence[Compared], source: str, key: ReadingKey | None, reason: str
) -> ReadingBatch:
    """Store readings with the digest of all of them, in one statement whatever their number."""
    values = [_row(each, position, reason) for position, each in enumerate(rows, 1)]
    batch = ReadingBatch(
        id=new_id(),
        project_id=project.id,
        source=source,
        key_id=key.id if key else None,
        size=len(values),
        digest=hashlib.sha256(b"\n".join(canonical_reading(each) for each in values)).hexdigest(),
        entered_by=key.made_by if key else work.actor.id,
        entered_at=work.now,
    )
    work.session.add(batch)
    work.session.flush()
    work.session.execute(insert(Reading), [{**each, "batch_id": batch.id} for each in values])
    return batch


def _row(each: Compared, position: int, reason: str) -> Mapping[str, Any]:
    entry, band = each.entry, band_at(each.entry.indicator, each.entry.at)
    note = entry.note or (reason if each.result == "corrected" else "")
    return {
        "id": new_id(),
        "position": position,
        "indicator_id": entry.indicator.id,
        "at": entry.at,
        "turn": each.before.turn + 1 if each.before else 0,
        "corrects_id": each.before.id if each.before else None,
        "value": entry.value,
        "band_id": band.id if band else None,
        "verdict": each.verdict,
        "note": note,
    }


def _raised(work: UnitOfWork, project: Project, batch: ReadingBatch) -> list[Alert]:
    """Let the alerts look at every indicator that the batch touched."""
    query = select(Reading.indicator_id).where(Reading.batch_id == batch.id).distinct()
    ids = work.session.scalars(query.order_by(Reading.indicator_id)).all()
    found = [alerts.look(work, work.session.get_one(Indicator, id), batch.id) for id in ids]
    return [each for each in found if each is not None]
