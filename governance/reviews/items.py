"""Acts on one case of an open meeting: open it, step back from it, draft conditions, put a motion, vote, decide or defer.

Each act locks the meeting first, counts anew, and refuses with the arithmetic when the rules are not met; run them in serializable
units (domain.md §6.3, assurance.md T4, T5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from governance.accounts.rules import authorize
from governance.learning.services import require as require_training
from governance.projects.models import Project
from governance.projects.services import bar_reading, visible
from governance.refusals import Forbidden, NotFound, Refusal, Refusals
from governance.reviews import motions, telling
from governance.reviews.advising import advises, record_opinion
from governance.reviews.body_models import CommitteeOpinion
from governance.reviews.decisions import Basis, Verdict, basis_snapshot, choices, faults_of_conditions, settle
from governance.reviews.item_steps import (
    count_votes,
    lock_item,
    record,
    require_carried,
    require_complete,
    require_quorum,
)
from governance.reviews.meetings import SETTLED, lock, notice_of, recused_seats, room, rules_for, rules_version
from governance.reviews.models import AgendaItem, CommitteeMember, Decision, Meeting, Recusal, Vote
from governance.reviews.people import conflicts_of, own_seat, same_seat, seat_of, standing, ties_on
from governance.reviews.quorum import Quorum, as_record, eligible_to_vote, votes_digest
from governance.reviews.room_models import Motion
from governance.reviews.rules import OUTCOMES, POSTPONED, ConditionDraft, local_date, refuse_when, require_outcome
from governance.screenings.models import Screening
from governance.screenings.workflow import after
from governance.work import UnitOfWork

CHOICES = ("for", "against", "abstain")
VOTABLE = frozenset(OUTCOMES) - {POSTPONED}


def item(work: UnitOfWork, item_id: str) -> AgendaItem:
    """Return an agenda item whose project the actor may see; NotFound otherwise (also for whoever stepped back)."""
    query = select(AgendaItem).join(Screening).join(Project).where(AgendaItem.id == item_id, visible(work.actor))
    row = work.session.scalars(query).one_or_none()
    if row is None or "item.recused" in standing(work, row.meeting.committee, recused_seats(work, row)):
        raise NotFound
    return row


def count_of(work: UnitOfWork, row: AgendaItem) -> Quorum:
    """Return the quorum of an item at this moment."""
    return room(work, row.meeting).count(recused_seats(work, row), work.now)


def open_item(work: UnitOfWork, row: AgendaItem, *, rev: int) -> None:
    """Open the discussion of an item, one at a time, on the snapshot the members were given."""
    authorize(work.actor, "meeting:run", standing(work, row.meeting.committee))
    lock_item(work, row, rev, "queued")
    running = select(AgendaItem).where(
        AgendaItem.meeting_id == row.meeting_id, AgendaItem.state.in_(("discussing", "voting"))
    )
    if work.session.scalars(running).first():
        raise Refusal(
            "reviews.one_at_a_time",
            "先に、審議中の議題の結果を決めてください。",
            "Settle the item under discussion first.",
        )
    if not row.waivers:
        _open_case(work, row)
    row.state, row.opened_at = "discussing", work.now
    work.session.flush()
    record(work, row, "ItemOpened", rev)


def _open_case(work: UnitOfWork, row: AgendaItem) -> None:
    screening = row.screening
    work.session.refresh(screening, with_for_update=True)
    moved = after(screening.state, "open")
    if basis_snapshot(work, screening).id != row.snapshot_id:
        raise Refusal(
            "reviews.stale_snapshot",
            "配布した写しは、いまの改訂のものではありません。議題を継続にしてください。",
            "The snapshot handed out is not of the current revision. Defer the item.",
        )
    screening.state, screening.changed_at = moved.state, work.now


def draft_conditions(work: UnitOfWork, row: AgendaItem, rows: Sequence[Mapping[str, str]], *, rev: int) -> None:
    """Keep the draft of the conditions that the members talk about; it may still have gaps, and binds nobody before a motion."""
    authorize(work.actor, "meeting:run", standing(work, row.meeting.committee))
    lock_item(work, row, rev, "discussing")
    kept = [{part: each.get(part, "").strip() for part in motions.PARTS} for each in rows]
    row.drafted = [each for each in kept if each["text"] or each["owner"] or each["due_on"]] or None
    work.session.flush()


def note_issues(work: UnitOfWork, row: AgendaItem, issues: str, *, rev: int) -> None:
    """Keep the issues of the discussion and how they were resolved (domain.md §6.2 minutes); final with the item."""
    authorize(work.actor, "meeting:run", standing(work, row.meeting.committee))
    lock(work, row.meeting, "open")
    work.session.refresh(row, with_for_update=True)
    work.expect(row, rev)
    if row.state in SETTLED:
        raise Refusal("reviews.item_state", "この議題の結果は決まっています。", "This item is settled.")
    row.issues = issues.strip()
    work.session.flush()


def recuse(work: UnitOfWork, row: AgendaItem, seat: CommitteeMember, *, rev: int, reason: str) -> Recusal:
    """Record that a member steps back from an item; members speak for themselves, the secretariat records for anyone.

    The member leaves numerator and denominator, a vote already cast no longer counts, and reading the project ends at once.
    """
    _may_recuse(work, row, seat)
    work.session.refresh(row.meeting, with_for_update=True)
    work.session.refresh(row, with_for_update=True)
    work.expect(row, rev)
    over = row.state in SETTLED or seat.committee_id != row.meeting.committee_id
    again = seat.id in recused_seats(work, row)
    refuse_when(over, "item_state", "この議題の退席は記録できません。", "A recusal from this item cannot be recorded.")
    refuse_when(again, "recused", "すでに退席しています。", "Already recused.")
    refuse_when(not reason.strip(), "reason", "退席の理由を書いてください。", "Give the reason.", place="reason")
    recusal = Recusal(item=row, member=seat, reason=reason.strip(), declared_by=work.actor.id, declared_at=work.now)
    work.session.add(recusal)
    work.session.flush()
    work.record(
        "MemberRecused",
        subject=("agenda_item", row.id),
        project=row.screening.project_id,
        codes={"member": seat.id, "by_self": seat.user_id == work.actor.id},
        private={"reason": recusal.reason},
        row=recusal,
    )
    bar_reading(work, row.screening.project, seat.user_id)
    return recusal


def _may_recuse(work: UnitOfWork, row: AgendaItem, seat: CommitteeMember) -> None:
    authorize(work.actor, "item:recuse", standing(work, row.meeting.committee))
    if "secretariat" not in work.actor.roles and seat.user_id != work.actor.id:
        raise Forbidden(
            "reviews.own_recusal",
            "ほかの委員の退席を記録できるのは事務局だけです。",
            "Only the secretariat records another member's recusal.",
        )


# long: every rule of the table is asked before anything is written
def put_motion(
    work: UnitOfWork, row: AgendaItem, motion: str, *, rev: int, conditions: Sequence[ConditionDraft] = ()
) -> Motion:
    """Put an outcome to the vote: one the framework allows, with quorum, when nobody with a barring conflict still sits.

    A conditional approval is put with its conditions, complete and lawful: the decision will carry these and no others.
    """
    authorize(work.actor, "meeting:run", standing(work, row.meeting.committee))
    lock_item(work, row, rev, "discussing")
    if motion not in VOTABLE or row.waivers:
        raise Refusal(
            "reviews.motion", "採決する結果を選んでください。", "Choose the outcome to vote on.", place="motion"
        )
    require_outcome(choices(work, row.screening), motion, "-")
    refuse_conflicted(work, row)
    count = count_of(work, row)
    require_quorum(count)
    Refusals.raise_any(faults_of_conditions(work, row.screening, motion, conditions))
    row.drafted = motions.as_rows(conditions) or row.drafted
    put = motions.put(work, row, motion, conditions)
    figures: dict[str, str | int] = {"motion": motion, "number": put.number, "conditions": len(conditions)}
    record(work, row, "MotionPut", rev, {}, {"motion": put.digest}, **figures, present=count.present, need=count.need)
    return put


def end_lost_motion(work: UnitOfWork, row: AgendaItem, *, rev: int) -> None:
    """Record that all have voted and the motion is not carried; the item is open again for another one, or to be deferred."""
    authorize(work.actor, "meeting:run", standing(work, row.meeting.committee))
    lock_item(work, row, rev, "voting")
    count, result, _ = counted = count_votes(work, row)
    require_quorum(count)
    require_complete(result)
    carried = ("この案は可決されています。審査結果を確定してください。", "The motion is carried. Record the decision.")
    refuse_when(result.carried, "carried", *carried)
    motion, _ = row.motion, motions.settle(work, row, "lost", counted=counted)
    row.state, row.motion = "discussing", ""
    work.session.flush()
    record(work, row, "MotionLost", rev, motion=motion, number=row.motion_number, **motions.figures_of(result))


def withdraw_motion(work: UnitOfWork, row: AgendaItem, *, rev: int, reason: str) -> None:
    """Take a motion back while votes are missing, with a reason; what was voted stays on record and counts no more."""
    authorize(work.actor, "meeting:run", standing(work, row.meeting.committee))
    lock_item(work, row, rev, "voting")
    why = ("採決を取り下げる理由を書いてください。", "Give the reason for withdrawing the motion.")
    refuse_when(not reason.strip(), "reason", *why, place="withdrawal")
    count, result, _ = count_votes(work, row)
    done = ("全員が投票したため、取り下げられません。", "All have voted, so the motion cannot be withdrawn.")
    refuse_when(count.met and result.complete, "complete", *done)
    motion, _ = row.motion, motions.settle(work, row, "withdrawn", reason=reason)
    row.state, row.motion = "discussing", ""
    work.session.flush()
    private = {"reason": reason.strip()}
    record(work, row, "MotionWithdrawn", rev, private, motion=motion, number=row.motion_number)


def refuse_conflicted(work: UnitOfWork, row: AgendaItem) -> None:
    """Refuse while a member bound to what the item is about has not stepped back."""
    ties, recused, today = ties_on(work, row), recused_seats(work, row), local_date(work.now)
    rules, counted = rules_for(row.meeting, work.now), count_of(work, row).present_ids
    for seat in row.meeting.committee.members:
        bars = [c for c in conflicts_of(seat.user, ties, rules) if c.bars]
        counts = seat.alternate_of is None or seat.id in counted
        if bars and counts and seat.id not in recused and seat_of(seat).sits_on(today):
            raise Refusal(
                "reviews.conflict_open",
                "利益相反のある委員の退席を先に記録してください（{why}）。",
                "First record the recusal of the member with a conflict of interest ({why}).",
                place=seat.id,
                why=bars[0].text,
            )


# long: one column per line
def cast_vote(work: UnitOfWork, row: AgendaItem, choice: str, *, rev: int, dissent: str = "") -> Vote:
    """Cast the actor's own vote on the motion put; it is final. Raises Refusal with the reason when they may not vote now."""
    authorize(work.actor, "meeting:vote", standing(work, row.meeting.committee, recused_seats(work, row)))
    require_training(work, "vote")
    lock_item(work, row, rev, "voting")
    seat = _voting_seat(work, row)
    unknown = choice not in CHOICES
    refuse_when(
        unknown, "choice", "賛成・反対・棄権から選んでください。", "Choose for, against or abstain.", place="choice"
    )
    vote = Vote(
        item=row,
        member=seat,
        motion=row.motion,
        motion_number=row.motion_number,
        choice=choice,
        dissent=dissent.strip(),
        cast_at=work.now,
    )
    work.session.add(vote)
    work.session.flush()
    work.record(
        "VoteCast",
        subject=("vote", vote.id),
        project=row.screening.project_id,
        codes={"item": row.id, "motion": row.motion, "number": row.motion_number},
        row=vote,
    )
    return vote


def _voting_seat(work: UnitOfWork, row: AgendaItem) -> CommitteeMember:
    """Return the actor's seat; refuse with the reason when it may not vote on the item now, or has voted (assurance.md T4)."""
    seat = own_seat(work, row.meeting.committee)
    if seat is None:
        raise NotFound
    there = room(work, row.meeting)
    conflicts = conflicts_of(seat.user, ties_on(work, row), there.rules)
    recused = recused_seats(work, row)
    barred = eligible_to_vote(seat_of(seat), there.presences, recused, there.rules, work.now, conflicts, there.seats)
    if barred is not None:
        raise Refusal(barred.code, barred.text.ja, barred.text.en)
    voted = {vote.member_id for vote in motions.votes_of(work, row)}
    said = ("すでに投票しています。投票は変えられません。", "You have voted. A vote cannot be changed.")
    refuse_when(seat.id in voted, "voted", *said)
    refuse_when(
        bool(same_seat(seat) & voted),
        "seat_voted",
        "この席からはすでに投票されています（委員と代理の両方は投票できません）。",
        "This seat has voted already: a member and the alternate never both vote.",
    )
    return seat


# long: every rule is asked in order before anything is written
def record_decision(work: UnitOfWork, row: AgendaItem, verdict: Verdict, *, rev: int) -> Decision | CommitteeOpinion:
    """Record what the committee decided: quorum met now, all present have voted, the motion carried, and it is the outcome.

    The decision keeps the arithmetic and the digest of exactly the votes counted. What an advisory committee carried, and what is
    escalated, is an opinion, and the executive decides (advising.py).
    """
    committee = row.meeting.committee
    authorize(work.actor, "meeting:decide", standing(work, committee, recused_seats(work, row)))
    lock_item(work, row, rev, "voting")
    work.session.refresh(row.screening, with_for_update=True)
    if verdict.outcome != row.motion:
        raise Refusal(
            "reviews.motion_differs",
            "採決した結果と違います。",
            "This is not the outcome that was voted on.",
            place="outcome",
        )
    motions.refuse_other_conditions(motions.motion_of(work, row), verdict.conditions)
    refuse_conflicted(work, row)
    count, result, ballots = counted = count_votes(work, row)
    require_quorum(count)
    require_carried(result)
    figures = as_record(count, result, [notice_of(row.meeting, work.now)]) | rules_version(row.meeting, work.now)
    digest = votes_digest(row.id, row.motion, ballots)
    motions.settle(work, row, "carried", counted=counted)
    basis, authority = Basis(row, figures, digest), room(work, row.meeting).rules.authority
    row.state, row.settled_at = "decided", work.now
    if advises(authority, verdict.outcome):
        return record_opinion(work, row, verdict, basis, authority)
    return settle(work, row.screening, row.snapshot, verdict, basis)


def defer_item(work: UnitOfWork, row: AgendaItem, *, rev: int, reason: str) -> None:
    """Settle an item without a decision: no quorum, a tie, or open questions; the case waits for another meeting."""
    authorize(work.actor, "meeting:run", standing(work, row.meeting.committee))
    lock(work, row.meeting, "open")
    work.session.refresh(row, with_for_update=True)
    work.expect(row, rev)
    if row.state in SETTLED:
        raise Refusal("reviews.item_state", "この議題の結果は決まっています。", "This item is settled.")
    if not reason.strip():
        raise Refusal(
            "reviews.reason", "継続とする理由を書いてください。", "Give the reason for deferring.", place="reason"
        )
    screening = row.screening
    work.session.refresh(screening, with_for_update=True)
    _end_motion(work, row)
    row.state, row.deferral_reason, row.settled_at = "deferred", reason.strip(), work.now
    if screening.state == "board_session" and not row.waivers:
        screening.state, screening.changed_at = after(screening.state, "defer").state, work.now
    work.session.flush()
    record(work, row, "ItemDeferred", rev, private={"reason": row.deferral_reason}, motion=row.motion)
    if not row.waivers:
        telling.deferred(work, screening)


def defer_rest(work: UnitOfWork, meeting: Meeting, *, rev: int, reason: str) -> int:
    """Defer every item of an open meeting that is not settled, in one step: the quorum broke and will not be restored today."""
    authorize(work.actor, "meeting:run", standing(work, meeting.committee))
    lock(work, meeting, "open")
    work.expect(meeting, rev)
    left = [each for each in meeting.items if each.state not in SETTLED]
    none = ("結果の決まっていない議題はありません。", "No item is left.")
    refuse_when(not left, "nothing_left", *none)
    for each in left:
        defer_item(work, each, rev=each.rev, reason=reason)
    return len(left)


def _end_motion(work: UnitOfWork, row: AgendaItem) -> None:
    """End a motion that is still before the members when the item is deferred: lost when all voted with quorum, else lapsed."""
    if row.state == "voting":
        count, result, _ = counted = count_votes(work, row)
        refuse_when(
            count.met and result.complete and result.carried,
            "carried",
            "この案は可決されています。審査結果を確定してください。",
            "The motion is carried. Record the decision.",
        )
        lost = count.met and result.complete and not result.carried
        motions.settle(work, row, "lost" if lost else "lapsed", counted=counted)
