"""How a KYT session goes on, back and to its end: finishing writes its record as one frozen document with a digest."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from governance.learning import kyt, rules
from governance.learning.models import KytRecord, KytSession
from governance.learning.scenarios import find
from governance.ledger.canonical import canonical
from governance.refusals import Refusal, Refusals
from governance.texts import ERASED_BOTH
from governance.work import UnitOfWork

VERSION = 1
"""The form of a record; a later form gets the next number."""


def advance(work: UnitOfWork, row: KytSession, *, rev: int) -> None:
    """Go on to the next round, or finish after the last. Raises Refusals naming what the round lacks."""
    kyt.lead(work, row, rev)
    Refusals.raise_any(kyt.missing(row))
    if rules.after(row.state) == "finished":
        _finish(work, row, rev)
        return
    row.state = rules.after(row.state)
    work.session.flush()
    kyt.record(work, row, "KytAdvanced", rev)


def back(work: UnitOfWork, row: KytSession, *, rev: int) -> None:
    """Go back to the round before; nothing that was written is lost."""
    kyt.lead(work, row, rev)
    former = rules.before(row.state)
    if former is None:
        raise Refusal("learning.round", "最初のラウンドです。", "This is the first round.")
    row.state = former
    work.session.flush()
    kyt.record(work, row, "KytAdvanced", rev)


def drop(work: UnitOfWork, row: KytSession, reason: str, *, rev: int) -> None:
    """Drop a session that was begun by mistake or could not be held; it stays on record with the reason."""
    kyt.lead(work, row, rev)
    if not reason.strip():
        raise Refusal("learning.reason", "中止する理由を書いてください。", "Say why.", place="reason")
    row.state, row.dropped_because = "dropped", reason.strip()[:1000]
    row.settled_by, row.settled_at = work.actor.id, work.now
    work.session.flush()
    kyt.record(work, row, "KytDropped", rev, reason=row.dropped_because)


def _finish(work: UnitOfWork, row: KytSession, rev: int) -> None:
    body = canonical(content(row)).decode()
    digest = hashlib.sha256(body.encode()).hexdigest()
    made = KytRecord(
        session_id=row.id, body=body, digest=digest, finished_by=work.actor.id, finished_at=work.now, session=row
    )
    work.session.add(made)
    row.state, row.settled_by, row.settled_at = "finished", work.actor.id, work.now
    work.session.flush()
    work.record(
        "KytFinished",
        subject=("kyt", row.id),
        project=row.project_id,
        rev=(rev, row.rev),
        codes={
            "number": row.number,
            "hazards": len(row.hazards),
            "key_hazards": len(rules.key_ones(row.hazards)),
            "people": kyt.team_size(row),
        },
        refs={"record": digest},
        row=row,
    )


# long: one line for each thing the record says
def content(row: KytSession) -> dict[str, Any]:
    """Return what the record says of a session, as plain values: people by their account alone, so that names stay erasable."""
    found = find(row.scenario)
    return {
        "form": VERSION,
        "number": row.number,
        "project": row.project_id,
        "scenario": row.scenario,
        "picture": found.digest() if found else None,
        "title": row.called().as_dict(),
        "situation": row.told().as_dict(),
        "held_on": row.held_on.isoformat(),
        "place": row.place,
        "leader": row.leader_id,
        "scribe": row.scribe_id,
        "participants": [{"id": each.id, "person": each.user_id} for each in row.participants],
        "hazards": [
            {
                "id": one.id,
                "cause": one.cause,
                "event": one.event,
                "mark": one.mark,
                "measures": [{"id": each.id, "text": each.text, "mark": each.mark} for each in one.measures],
            }
            for one in row.hazards
        ],
        "team_goal": row.team_goal,
        "call": row.call,
    }


def told(record: KytRecord) -> dict[str, Any]:
    """Return what a record says, as plain values; of one that was erased, what its session still says."""
    if record.body == ERASED_BOTH:
        return content(record.session)
    found: dict[str, Any] = json.loads(record.body)
    return found
