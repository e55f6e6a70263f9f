"""Acts on one item of a meeting's agenda: discussion, recusal, motion, vote, decision, deferral — each a form of its own.

Everything that counts people or votes runs in a serializable unit (assurance.md T4, T5). Members vote on their own device.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from governance.pages import current_work, permission, redirect_to, tell
from governance.refusals import Conflict, Forbidden, NotFound, Problem, Refusal, Refusals
from governance.reviews import items, motions, questions, verdicts, waiving
from governance.reviews.decisions import faults, faults_of_conditions
from governance.reviews.forms import text, whole
from governance.reviews.item_pages import item_page
from governance.reviews.meeting_pages import meeting_page, version_answer
from governance.reviews.meetings import meeting
from governance.reviews.models import AgendaItem, CommitteeMember
from governance.reviews.people import own_seat
from governance.reviews.rules import ConditionDraft, refuse_when
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("item", __name__, url_prefix="/meetings/<meeting_id>/items/<item_id>")
Act = Callable[[UnitOfWork, AgendaItem, int], Any]
READ_ALOUD = Problem(
    "reviews.read_aloud",
    Text(
        "結果・理由・条件を読み上げ、出席委員が確認してから確定してください。",
        "Read outcome, reasons and conditions aloud and let the members present confirm them first.",
    ),
    "read_aloud",
)


@blueprint.get("")
@permission("committee:view")
def show(meeting_id: str, item_id: str) -> ResponseReturnValue:
    """Show one item to the secretariat and to the members who deliberate on it."""
    work = current_work()
    return item_page(work, _item(work, meeting_id, item_id))


@blueprint.get("/live")
@permission("committee:view")
def live(meeting_id: str, item_id: str) -> ResponseReturnValue:
    """Say which version of the meeting there is; nothing is found here for whoever stepped back from the item."""
    work = current_work()
    return version_answer(work, _item(work, meeting_id, item_id).meeting)


@blueprint.post("/open")
@permission("meeting:run", unit="serializable")
def start(meeting_id: str, item_id: str) -> ResponseReturnValue:
    """Open the discussion."""
    return _act(
        meeting_id,
        item_id,
        lambda work, row, rev: items.open_item(work, row, rev=rev),
        Text("審議を始めました。", "The discussion is open."),
    )


@blueprint.post("/issues")
@permission("meeting:run")
def note(meeting_id: str, item_id: str) -> ResponseReturnValue:
    """Keep the issues of the discussion and how they were resolved."""
    return _act(
        meeting_id,
        item_id,
        lambda work, row, rev: items.note_issues(work, row, text(request.form, "issues"), rev=rev),
        Text("論点を保存しました。", "The issues were saved."),
        "issues",
    )


@blueprint.post("/recusals")
@permission("item:recuse", unit="serializable")
def recuse(meeting_id: str, item_id: str) -> ResponseReturnValue:
    """Record that a member steps back; a member does so for themselves, also from a case they may not see."""
    work = current_work()
    row = next((each for each in meeting(work, meeting_id).items if each.id == item_id), None)
    if row is None:
        raise NotFound
    seat = _seat(work, row)
    try:
        items.recuse(work, row, seat, rev=whole(request.form), reason=text(request.form, "reason"))
    except (NotFound, Forbidden, Conflict):
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return _refused_recusal(work, meeting_id, item_id, refused)
    tell(
        Text(
            "退席を記録しました。この議題の定足数は、退席を除いて数えます。",
            "The recusal is recorded; the count of this item is without it.",
        )
    )
    if seat.user_id == work.actor.id:
        return redirect_to("meetings.show", meeting_id=meeting_id)
    return redirect_to("meetings.item.show", meeting_id=meeting_id, item_id=item_id, _anchor="attendance")


def _seat(work: UnitOfWork, row: AgendaItem) -> CommitteeMember:
    """Return the seat that was chosen, or the actor's own when none was."""
    chosen = request.form.get("member", "")
    if not chosen:
        own = own_seat(work, row.meeting.committee)
        if own is None:
            raise NotFound
        return own
    found = next((seat for seat in row.meeting.committee.members if seat.id == chosen), None)
    if found is None:
        raise NotFound
    return found


def _refused_recusal(
    work: UnitOfWork, meeting_id: str, item_id: str, refused: Refusal | Refusals
) -> ResponseReturnValue:
    try:
        return item_page(work, _item(work, meeting_id, item_id), refused)
    except NotFound:
        return meeting_page(work, meeting(work, meeting_id), refused)


@blueprint.post("/motion")
@permission("meeting:run", unit="serializable")
def move(meeting_id: str, item_id: str) -> ResponseReturnValue:
    """Put an outcome to the vote."""
    if "more" in request.form:
        return item_page(current_work(), _item(current_work(), meeting_id, item_id))
    if "keep" in request.form:
        said = Text("条件の案を保存しました。委員の画面にも出ます。", "The draft is saved; the members see it.")
        return _act(meeting_id, item_id, _keep_draft, said, "motion")
    return _act(
        meeting_id,
        item_id,
        _put,
        Text("採決を始めました。委員は自分の画面で投票します。", "The vote is open. Members vote on their own device."),
    )


def _keep_draft(work: UnitOfWork, row: AgendaItem, rev: int) -> None:
    items.draft_conditions(work, row, verdicts.rows(request.form, 0), rev=rev)


def _put(work: UnitOfWork, row: AgendaItem, rev: int) -> None:
    """Put the motion with the conditions of the form; everything that is wrong with them is said at once."""
    if row.waivers:
        waiving.put(work, row, request.form.getlist("waived"), rev=rev)
        return
    motion = request.form.get("motion", "")
    conditions: tuple[ConditionDraft, ...] = ()
    if motion == "approved_with_conditions":
        conditions, unread = verdicts.conditions_in(request.form)
        if unread:
            verdicts.refuse_all(unread, faults_of_conditions(work, row.screening, motion, conditions))
    items.put_motion(work, row, motion, rev=rev, conditions=conditions)


@blueprint.post("/motion/lost")
@permission("meeting:run", unit="serializable")
def lose(meeting_id: str, item_id: str) -> ResponseReturnValue:
    """Record that the motion was not carried; another one may follow."""
    return _act(
        meeting_id,
        item_id,
        lambda work, row, rev: items.end_lost_motion(work, row, rev=rev),
        Text("否決を記録しました。別の案を採決できます。", "Recorded as not carried. Another motion may be put."),
        "motion",
    )


@blueprint.post("/motion/withdrawal")
@permission("meeting:run", unit="serializable")
def withdraw(meeting_id: str, item_id: str) -> ResponseReturnValue:
    """Take the motion back before all have voted."""
    return _act(
        meeting_id,
        item_id,
        lambda work, row, rev: items.withdraw_motion(work, row, rev=rev, reason=text(request.form, "withdrawal")),
        Text("採決を取り下げました。", "The motion is withdrawn."),
        "motion",
    )


@blueprint.post("/questions")
@permission("question:ask")
def ask(meeting_id: str, item_id: str) -> ResponseReturnValue:
    """Ask a question, or record one that a member asked aloud."""

    def act(work: UnitOfWork, row: AgendaItem, rev: int) -> None:
        seats = {seat.id: seat for seat in row.meeting.committee.members}
        questions.ask(work, row, text(request.form, "question"), asker=seats.get(request.form.get("asker", "")))

    said = Text("質問を記録しました。案件の担当者に知らせます。", "The question is recorded; the team is told.")
    return _act(meeting_id, item_id, act, said, "questions")


@blueprint.post("/questions/<question_id>")
@permission("question:answer")
def answer(meeting_id: str, item_id: str, question_id: str) -> ResponseReturnValue:
    """Record the answer to a question."""

    def act(work: UnitOfWork, row: AgendaItem, rev: int) -> None:
        questions.answer(work, row, question_id, text(request.form, "answer"), rev=rev)

    return _act(meeting_id, item_id, act, Text("回答を記録しました。", "The answer is recorded."), "questions")


@blueprint.post("/votes")
@permission("meeting:vote", unit="serializable")
def vote(meeting_id: str, item_id: str) -> ResponseReturnValue:
    """Cast the member's own vote.

    The form carries the motion its sender saw. That is what a vote is about, so a note the secretariat saved meanwhile, which
    changes the revision of the item, does not stop the voters.
    """
    sent = request.form

    def act(work: UnitOfWork, row: AgendaItem, rev: int) -> None:
        if row.state == "voting":
            _refuse_other_motion(row)
            rev = row.rev
        items.cast_vote(work, row, sent.get("choice", ""), rev=rev, dissent=text(sent, "dissent"))

    return _act(meeting_id, item_id, act, Text("投票を記録しました。", "Your vote is recorded."), "vote")


def _refuse_other_motion(row: AgendaItem) -> None:
    """Refuse a vote whose sender saw another motion than the one that is put now: a vote cannot be changed."""
    seen = whole(request.form, "number") if "number" in request.form else row.motion_number
    refuse_when(
        (request.form.get("motion"), seen) != (row.motion, row.motion_number),
        "motion_moved",
        "採決の案が変わりました。いまの案を読んでから投票してください。",
        "Another motion was put meanwhile. Read the present one, then vote.",
    )


@blueprint.post("/decision")
@permission("meeting:decide", unit="serializable")
def decide(meeting_id: str, item_id: str) -> ResponseReturnValue:
    """Record the decision on the carried motion, or draw the form again with more rows for conditions."""
    work = current_work()
    row = _item(work, meeting_id, item_id)
    if "more" in request.form:
        return item_page(work, row)
    return _act(meeting_id, item_id, _record, Text("審査結果を確定しました。", "The decision is recorded."), "decision")


def _record(work: UnitOfWork, row: AgendaItem, rev: int) -> None:
    """Record the decision with the conditions that were voted on; everything that is wrong with the form is said at once."""
    if row.waivers:
        _record_waiver(work, row, rev)
        return
    verdict, unread = verdicts.read(request.form)
    motion = motions.motion_of(work, row)
    if motion is not None:
        verdict = replace(verdict, conditions=motions.as_drafts(motion.conditions))
        unread = [each for each in unread if not (each.place or "").startswith("conditions")]
    if "read_aloud" not in request.form:
        unread = [*unread, READ_ALOUD]
    if unread:
        verdicts.refuse_all(unread, faults(work, row.screening, verdict))
    items.record_decision(work, row, verdict, rev=rev)


def _record_waiver(work: UnitOfWork, row: AgendaItem, rev: int) -> None:
    reason = text(request.form, "rationale")
    if "read_aloud" not in request.form:
        empty = Problem("reviews.rationale", Text("免除する理由を書いてください。", "Give the reason."), "rationale")
        raise Refusals([READ_ALOUD] if reason.strip() else [READ_ALOUD, empty])
    waiving.decide(work, row, rev=rev, reason=reason)


@blueprint.post("/deferral")
@permission("meeting:run", unit="serializable")
def defer(meeting_id: str, item_id: str) -> ResponseReturnValue:
    """Settle the item without a decision."""
    return _act(
        meeting_id,
        item_id,
        lambda work, row, rev: items.defer_item(work, row, rev=rev, reason=text(request.form, "deferral")),
        Text("継続審査にしました。案件は次の会議を待ちます。", "Deferred. The case waits for another meeting."),
    )


def _item(work: UnitOfWork, meeting_id: str, item_id: str) -> AgendaItem:
    """Return a visible item of this meeting; NotFound for one of another meeting."""
    row = items.item(work, item_id)
    if row.meeting_id != meeting_id:
        raise NotFound
    meeting(work, meeting_id)
    return row


def _act(meeting_id: str, item_id: str, act: Act, said: Text, anchor: str | None = None) -> ResponseReturnValue:
    """Do one act; a refusal comes back on the page of the item with everything that was entered."""
    work = current_work()
    row = _item(work, meeting_id, item_id)
    try:
        act(work, row, whole(request.form))
    except (NotFound, Forbidden, Conflict):
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return item_page(work, _item(work, meeting_id, item_id), refused)
    tell(said)
    return redirect_to("meetings.item.show", meeting_id=meeting_id, item_id=item_id, _anchor=anchor)
