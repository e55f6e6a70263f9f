"""Waiving a condition: only a committee does it, on an item of its agenda, by a motion that is voted on like any other.

The committee that set the condition waives it, in a meeting or after a circulation; a condition that the expert team or a department
set is waived by whichever committee has it on its agenda. It is put there with its reason before the materials go out; what the
members vote on is fixed with the motion, and the waiver names item, motion and votes that it rests on. With an advisory committee the
vote is an opinion, and the executive waives (domain.md §6.3 condition fields, authority).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select

from governance.accounts.rules import authorize
from governance.ledger.rules import Code
from governance.refusals import Refusal
from governance.reviews import motions
from governance.reviews.circulation_models import Circulation
from governance.reviews.conditions import set_waived
from governance.reviews.item_steps import count_votes, lock_item, record, require_carried, require_quorum
from governance.reviews.items import refuse_conflicted
from governance.reviews.meetings import SETTLED, lock, place_item, recused_seats, room, rules_for
from governance.reviews.models import AgendaItem, Condition, Decision, Meeting, Waiver
from governance.reviews.people import refuse_bound, relations_to, standing
from governance.reviews.room_models import Motion
from governance.reviews.rules import WAIVED, after_condition, refuse_when
from governance.work import UnitOfWork


def sessions_for(work: UnitOfWork, row: Condition) -> list[Meeting]:
    """Return the meetings on whose agenda the waiver can be put: planned, nothing sent yet, of the committee that set the condition."""
    query = select(Meeting).where(Meeting.state == "planned", Meeting.materials_sent_on.is_(None))
    committee_id = committee_of(work, row.decision)
    if committee_id is not None:
        query = query.where(Meeting.committee_id == committee_id)
    return list(work.session.scalars(query.order_by(Meeting.starts_at)))


def committee_of(work: UnitOfWork, decision: Decision) -> str | None:
    """Return the committee that set the conditions of a decision, in a meeting or by circulation; None for team and department."""
    if decision.item is not None:
        return decision.item.meeting.committee_id
    circulation = work.session.get(Circulation, decision.quorum.get("circulation", ""))
    return circulation.committee_id if circulation else None


def waivers_of(work: UnitOfWork, row: Condition) -> list[Waiver]:
    """Return when the waiver of a condition was put on an agenda, the newest first."""
    query = select(Waiver).where(Waiver.condition_id == row.id).order_by(Waiver.asked_at.desc(), Waiver.id)
    return list(work.session.scalars(query))


def propose(work: UnitOfWork, row: Condition, meeting: Meeting, *, rev: int, reason: str) -> AgendaItem:
    """Put the waiver of a condition on the agenda of a meeting, with the reason that the members are to judge.

    Conditions of one case share an item, and what is put to the vote is chosen there.
    """
    authorize(work.actor, "condition:waive")
    lock(work, meeting, "planned")
    work.session.refresh(row, with_for_update=True)
    work.expect(row, rev)
    after_condition(row.state, "waive")
    _check_meeting(work, row, meeting)
    why = ("免除を求める理由を書いてください。", "Say why the condition should be waived.")
    refuse_when(not reason.strip(), "reason", *why, place="reason")
    item = _item_for(work, row.decision, meeting)
    found = Waiver(item=item, condition=row, reason=reason.strip(), asked_by=work.actor.id, asked_at=work.now)
    work.session.add(found)
    work.session.flush()
    work.record(
        "WaiverProposed",
        subject=("condition", row.id),
        project=row.decision.screening.project_id,
        codes={"meeting": meeting.id, "item": item.id},
        private={"reason": found.reason},
        row=found,
    )
    return item


def _check_meeting(work: UnitOfWork, row: Condition, meeting: Meeting) -> None:
    refuse_when(
        committee_of(work, row.decision) not in (None, meeting.committee_id),
        "other_committee",
        "条件を付けた委員会だけが免除できます。",
        "Only the committee that set it can waive a condition.",
        place="meeting",
    )
    gone = ("資料の送付後は、議題を加えられません。", "After the materials went out no item is added.")
    refuse_when(meeting.materials_sent_on is not None, "materials_gone", *gone, place="meeting")
    waits = any(each.item.state not in SETTLED for each in waivers_of(work, row))
    refuse_when(
        waits,
        "on_agenda",
        "この条件の免除は、すでに議題になっています。",
        "It is already on an agenda.",
        place="meeting",
    )


def _item_for(work: UnitOfWork, decision: Decision, meeting: Meeting) -> AgendaItem:
    """Return the item for waivers of the decision's case, made when there is none yet."""
    there = next((each for each in meeting.items if each.screening_id == decision.screening_id), None)
    if there is None:
        return place_item(work, meeting, decision.screening, decision.snapshot)
    refuse_when(
        not there.waivers,
        "on_agenda",
        "この会議では、この案件そのものを審議します。免除は別の会議の議題にしてください。",
        "This meeting deliberates on the case itself. Choose another meeting for the waiver.",
        place="meeting",
    )
    return there


# long: every rule is asked before anything is written
def put(work: UnitOfWork, row: AgendaItem, chosen: Collection[str], *, rev: int) -> Motion:
    """Put to the vote that the chosen conditions of the item are waived: with quorum, and without anybody who has a conflict."""
    authorize(work.actor, "meeting:run", standing(work, row.meeting.committee))
    lock_item(work, row, rev, "discussing")
    asked = [each.condition for each in row.waivers if each.condition_id in chosen]
    none = ("免除する条件を選んでください。", "Choose the conditions to waive.")
    refuse_when(not asked or len(asked) < len(set(chosen)), "waived", *none, place="waived")
    for each in asked:
        work.session.refresh(each, with_for_update=True)
        after_condition(each.state, "waive")
    refuse_conflicted(work, row)
    require_quorum(count_votes(work, row)[0])
    motion = motions.put_rows(work, row, WAIVED, [_row(each) for each in asked])
    figures: dict[str, str | int] = {"motion": WAIVED, "number": motion.number, "conditions": len(asked)}
    record(work, row, "MotionPut", rev, {}, {"motion": motion.digest}, **figures)
    return motion


def _row(each: Condition) -> dict[str, Any]:
    texts = {"condition": each.id, "number": each.number, "text": each.text, "text_en": each.text_en, "kind": each.kind}
    return texts | {"owner": each.owner_id, "verifier": each.verifier_id, "due_on": each.due_on.isoformat()}


# long: every rule is asked in order before anything is written
def decide(work: UnitOfWork, row: AgendaItem, *, rev: int, reason: str) -> None:
    """Record that the committee waived the conditions of the motion: quorum met now, all have voted, the motion carried.

    An advisory committee's vote is kept as its opinion, and the conditions stand until the executive waives them.
    """
    authorize(work.actor, "meeting:decide", standing(work, row.meeting.committee, recused_seats(work, row)))
    lock_item(work, row, rev, "voting")
    motion = motions.motion_of(work, row)
    if motion is None or motion.outcome != WAIVED:
        raise Refusal("reviews.motion_differs", "免除の採決ではありません。", "The vote is not on a waiver.")
    why = ("免除する理由を書いてください。", "Give the reason of the waiver.")
    refuse_when(not reason.strip(), "rationale", *why, place="rationale")
    refuse_conflicted(work, row)
    count, result, _ = counted = count_votes(work, row)
    require_quorum(count)
    require_carried(result)
    motions.settle(work, row, "carried", counted=counted, reason=reason)
    row.state, row.settled_at = "decided", work.now
    put_on = {each["condition"] for each in motion.conditions}
    for each in row.waivers:
        if each.condition_id in put_on:
            each.motion_number = motion.number
    work.session.flush()
    private = {"reason": reason.strip()}
    deciding = rules_for(row.meeting, work.now).authority == "deciding"
    record(work, row, "WaiverVoted", rev, private, {"votes": motion.votes_digest}, **motions.figures_of(result))
    for each in row.waivers if deciding else ():
        if each.motion_number is not None:
            set_waived(work, each.condition, reason, codes=_vote(row, motion), votes=motion.votes_digest)


def _vote(row: AgendaItem, motion: Motion) -> dict[str, Code]:
    figures: Mapping[str, Any] = motion.figures
    counts: dict[str, Code] = {key: figures[key] for key in ("votes_for", "against", "abstain")}
    return {"meeting": row.meeting_id, "item": row.id, "motion": motion.number, **counts}


def advised(work: UnitOfWork, row: Condition) -> Waiver | None:
    """Return the vote of an advisory committee for the waiver of a condition that the executive has not acted on.

    Only the newest time it was on an agenda counts: nothing is advised while that is before the members, or when it was not carried.
    """
    found = next(iter(waivers_of(work, row)), None)
    if row.state == WAIVED or found is None or found.motion_number is None:
        return None
    return found if room(work, found.item.meeting).rules.authority != "deciding" else None


def waive_as_executive(work: UnitOfWork, row: Condition, *, rev: int, reason: str) -> None:
    """Waive a condition that an advisory committee advised to waive; both acts stay on record."""
    screening = row.decision.screening
    authorize(work.actor, "case:decide-executive", relations_to(work, screening))
    refuse_bound(work, screening)
    work.session.refresh(row, with_for_update=True)
    work.expect(row, rev)
    own = ("自分が担当する条件を、自分で免除することはできません。", "Nobody waives a condition that they own.")
    refuse_when(row.owner_id == work.actor.id, "own_condition", *own)
    found = advised(work, row)
    if found is None:
        raise Refusal(
            "reviews.no_opinion",
            "この条件の免除について、助言機関である委員会の意見の記録がありません。",
            "No opinion of an advisory committee on waiving this condition is on record.",
        )
    motion = next(each for each in found.item.motions if each.number == found.motion_number)
    set_waived(work, row, reason, codes=_vote(found.item, motion), votes=motion.votes_digest)
