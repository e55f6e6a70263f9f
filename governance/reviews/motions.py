"""Motions of an item: an outcome with its conditions put to the vote, and what became of it.

The conditions are drafted on the item where everybody sees them, and are fixed with the motion: what the members voted on is what the
decision carries. A motion that was lost or withdrawn stays on record and may be followed by another (domain.md §6.2, §6.3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import rfc8785
from sqlalchemy import select

from governance.refusals import Refusal
from governance.reviews.models import AgendaItem, Vote
from governance.reviews.quorum import Ballot, Quorum, Tally, as_record, votes_digest
from governance.reviews.room_models import Motion
from governance.reviews.rules import ConditionDraft
from governance.work import UnitOfWork

PARTS = ("text", "text_en", "kind", "owner", "verifier", "due_on")


def as_rows(drafts: Sequence[ConditionDraft]) -> list[dict[str, str]]:
    """Return conditions as they are kept with a motion."""
    return [
        {
            "text": each.text.strip(),
            "text_en": each.text_en.strip(),
            "kind": each.kind,
            "owner": each.owner,
            "verifier": each.verifier,
            "due_on": each.due_on.isoformat(),
        }
        for each in drafts
    ]


def as_drafts(rows: Sequence[Mapping[str, str]]) -> tuple[ConditionDraft, ...]:
    """Return the conditions of a motion as they are set with a decision."""
    return tuple(
        ConditionDraft(
            row["text"], row["kind"], row["owner"], row["verifier"], date.fromisoformat(row["due_on"]), row["text_en"]
        )
        for row in rows
    )


def motion_of(work: UnitOfWork, row: AgendaItem) -> Motion | None:
    """Return the motion before the item's members now, or that they settled; None for none, or one put before motions had numbers."""
    query = select(Motion).where(Motion.item_id == row.id, Motion.number == row.motion_number)
    return work.session.scalars(query).one_or_none() if row.motion else None


def votes_of(work: UnitOfWork, row: AgendaItem) -> list[Vote]:
    """Return the votes on the present motion, read from the database."""
    query = select(Vote).where(
        Vote.item_id == row.id, Vote.motion_number == row.motion_number, Vote.motion == row.motion
    )
    return list(work.session.scalars(query.order_by(Vote.cast_at)))


def put(work: UnitOfWork, row: AgendaItem, outcome: str, conditions: Sequence[ConditionDraft]) -> Motion:
    """Fix outcome and conditions as the next motion of the item and put the item to the vote. The caller has checked the rules."""
    return put_rows(work, row, outcome, as_rows(conditions))


def put_rows(work: UnitOfWork, row: AgendaItem, outcome: str, rows: list[dict[str, Any]]) -> Motion:
    """Fix what is put to the vote as rows that the members read, whatever the item is about."""
    number = row.motion_number + 1
    body: dict[str, Any] = {"item": row.id, "number": number, "outcome": outcome, "conditions": rows}
    motion = Motion(
        item_id=row.id,
        number=number,
        outcome=outcome,
        conditions=rows,
        digest=hashlib.sha256(rfc8785.dumps(body)).hexdigest(),
        figures={},
        put_by=work.actor.id,
        put_at=work.now,
    )
    work.session.add(motion)
    row.state, row.motion, row.motion_number = "voting", outcome, number
    work.session.flush()
    return motion


# long: one argument for each thing that is kept with the end of a motion
def settle(
    work: UnitOfWork,
    row: AgendaItem,
    state: str,
    *,
    counted: tuple[Quorum, Tally, Sequence[Ballot]] | None = None,
    reason: str = "",
) -> Motion | None:
    """End the present motion as carried, lost, withdrawn or lapsed, with the figures of its vote when they count."""
    motion = motion_of(work, row)
    if motion is None or motion.state != "put":
        return None
    motion.state, motion.reason, motion.settled_at = state, reason.strip(), work.now
    if counted is not None:
        count, result, ballots = counted
        motion.figures = as_record(count, result)
        motion.votes_digest = votes_digest(row.id, row.motion, ballots)
    work.session.flush()
    return motion


def refuse_other_conditions(motion: Motion | None, conditions: Sequence[ConditionDraft]) -> None:
    """Refuse a decision whose conditions are not those that were voted on."""
    if motion is not None and motion.conditions != as_rows(conditions):
        raise Refusal(
            "reviews.conditions_differ",
            "採決した付帯条件と違います。条件を変えるときは、採決をやり直してください。",
            "These are not the conditions that were voted on. Put the motion anew to change them.",
            place="conditions",
        )


def figures_of(result: Tally) -> dict[str, Any]:
    """Return the figures of a vote as codes of a ledger entry: totals, never who."""
    return {"for": result.votes_for, "against": result.against, "abstain": result.abstain, "need": result.need_for}
