"""Pages of committees and their meetings: who sits, the rules in force, planning, agenda, presence, opening and closing.

The acts on one item of the agenda stand in item_views.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, cast

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from governance.accounts.models import User
from governance.accounts.rules import may
from governance.pages import accepted, current_work, page, permission, redirect_to, refusals_beside, tell, today
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.reviews import committee_views, committees, item_views, items, meetings
from governance.reviews.committee import composition
from governance.reviews.forms import AppointForm, LastDayForm, PlanForm, arrivals, default_term, leaving, text, whole
from governance.reviews.meeting_pages import (
    expertise_names,
    framework_in_force,
    meeting_page,
    version_answer,
)
from governance.reviews.meeting_showing import rules_in_words
from governance.reviews.models import Committee, CommitteeMember, Meeting
from governance.reviews.people import seats_of, standing
from governance.reviews.rules import local_date
from governance.screenings.services import screening as screening_of
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("meetings", __name__)
blueprint.register_blueprint(item_views.blueprint)
Act = Callable[[UnitOfWork, Meeting, int], Any]


# ---------------------------------------------------------------- committees


@blueprint.get("/committees")
@permission("committee:view")
def index() -> ResponseReturnValue:
    """List the committees with their next and latest meetings."""
    work = current_work()
    rows = committees.committees(work)
    day = local_date(work.now)
    lines = [
        (
            row,
            len([seat for seat in committees.seats_on(row, day) if seat.alternate_of is None]),
            _unmet(work, row),
            meetings.meetings(work, row),
            committees.version_in_force(row, day),
        )
        for row in rows
    ]
    return page("reviews/committees.html", lines=lines)


def _unmet(work: UnitOfWork, row: Committee) -> list[Any]:
    return [
        check
        for check in composition(seats_of(row), committees.rules_of(row, local_date(work.now)), local_date(work.now))
        if not check.met
    ]


@blueprint.get("/committees/<committee_id>")
@permission("committee:view")
def committee(committee_id: str) -> ResponseReturnValue:
    """Show members, rules in words, whether the committee is lawful, and its meetings."""
    work = current_work()
    return _committee_page(work, committees.committee(work, committee_id))


# long: one name per value of the page
def _committee_page(
    work: UnitOfWork,
    row: Committee,
    form: AppointForm | None = None,
    ending: LastDayForm | None = None,
    member: str = "",
) -> ResponseReturnValue:
    day, names = local_date(work.now), expertise_names(work)
    rules = committees.rules_of(row, day)
    relations = standing(work, row)
    return page(
        "reviews/committee.html",
        committee=row,
        day=day,
        names=names,
        seated={seat.id for seat in committees.seats_on(row, day)},
        words=rules_in_words(rules, rules.votes_shown, names),
        **committee_views.shown(work, row),
        seated_members=len([seat for seat in committees.seats_on(row, day) if seat.alternate_of is None]),
        meetings=meetings.meetings(work, row),
        rules=rules,
        ending=ending,
        ending_of=member,
        form=form or (ending if ending is not None and ending.errors else None),
        appoint=form or _appoint_form(work, row),
        may_edit=may(work.actor, "committee:edit", relations),
        may_plan=may(work.actor, "meeting:plan", relations),
    )


def _appoint_form(work: UnitOfWork, row: Committee) -> AppointForm:
    form = AppointForm()
    people = work.session.scalars(select(User).where(User.is_active).order_by(User.name))
    form.offer(people, framework_in_force(work).expertise, committees.seats_on(row, today()))
    if not form.is_submitted():
        form.term_from.data, form.term_until.data = default_term(today())
    return form


@blueprint.post("/committees/<committee_id>/members")
@permission("committee:edit")
def appoint(committee_id: str) -> ResponseReturnValue:
    """Appoint a member for a term."""
    work = current_work()
    row = committees.committee(work, committee_id)
    form = _appoint_form(work, row)
    if accepted(form):
        with refusals_beside(form):
            committees.appoint(
                work,
                row,
                form.user_id.data,
                side=form.side.data,
                expertise=form.expertise.data or [],
                term_from=cast(date, form.term_from.data),
                term_until=form.term_until.data,
                is_chair=form.is_chair.data,
                alternate_of=_seat(row, form.alternate_of.data) if form.alternate_of.data else None,
            )
            tell(Text("委員に任命しました。", "The member is appointed."))
            return redirect_to("meetings.committee", committee_id=row.id)
    return _committee_page(work, committees.committee(work, committee_id), form)


@blueprint.post("/committees/<committee_id>/members/<member_id>/end")
@permission("committee:edit")
def end_term(committee_id: str, member_id: str) -> ResponseReturnValue:
    """End a member's term with a last day."""
    work = current_work()
    row = committees.committee(work, committee_id)
    seat = _seat(row, member_id)
    form = LastDayForm()
    if accepted(form):
        with refusals_beside(form):
            committees.end_term(work, seat, last_day=cast(date, form.term_until.data))
            tell(Text("任期の終わりを記録しました。", "The end of the term is recorded."))
            return redirect_to("meetings.committee", committee_id=row.id)
    return _committee_page(work, committees.committee(work, committee_id), ending=form, member=member_id)


def _seat(row: Committee, member_id: str) -> CommitteeMember:
    found = next((seat for seat in row.members if seat.id == member_id), None)
    if found is None:
        raise NotFound
    return found


@blueprint.route("/committees/<committee_id>/meetings/new", methods=["GET", "POST"])
@permission("meeting:plan")
def plan(committee_id: str) -> ResponseReturnValue:
    """Plan the next meeting."""
    work = current_work()
    row = committees.committee(work, committee_id)
    form = PlanForm()
    if accepted(form):
        with refusals_beside(form):
            made = meetings.plan_meeting(
                work,
                row,
                starts_at=form.moment,
                place=form.place.data or "",
                place_en=form.place_en.data or "",
                link=form.link.data or "",
            )
            tell(Text("会議を計画しました。議題を加えてください。", "The meeting is planned. Put cases on its agenda."))
            return redirect_to("meetings.show", meeting_id=made.id)
    return page("reviews/meeting_plan.html", committee=row, form=form, rules=committees.rules_of(row, today()))


# ---------------------------------------------------------------- a meeting


@blueprint.get("/meetings/<meeting_id>")
@permission("committee:view")
def show(meeting_id: str) -> ResponseReturnValue:
    """Show a meeting: next step, agenda, attendance."""
    work = current_work()
    return meeting_page(work, meetings.meeting(work, meeting_id))


@blueprint.get("/meetings/<meeting_id>/live")
@permission("committee:view")
def live(meeting_id: str) -> ResponseReturnValue:
    """Say which version of the meeting there is; 304 when the device shows it already."""
    work = current_work()
    return version_answer(work, meetings.meeting(work, meeting_id))


@blueprint.post("/meetings/<meeting_id>/agenda")
@permission("meeting:plan", unit="serializable")
def add_item(meeting_id: str) -> ResponseReturnValue:
    """Put a referred case on the agenda."""
    return _act(
        meeting_id,
        lambda work, row, rev: meetings.add_item(work, row, screening_of(work, request.form.get("screening", ""))),
        Text("議題に加えました。", "The case is on the agenda."),
        "agenda",
    )


@blueprint.post("/meetings/<meeting_id>/materials")
@permission("meeting:plan")
def send_materials(meeting_id: str) -> ResponseReturnValue:
    """Record that the materials went out today."""
    return _act(
        meeting_id,
        lambda work, row, rev: meetings.send_materials(work, row, rev=rev),
        Text("資料の送付を記録しました。", "The materials went out."),
    )


@blueprint.post("/meetings/<meeting_id>/open")
@permission("meeting:open", unit="serializable")
def open_meeting(meeting_id: str) -> ResponseReturnValue:
    """Open the meeting, with a reason when the materials went out late."""
    return _act(
        meeting_id,
        lambda work, row, rev: meetings.open_meeting(work, row, rev=rev, late_reason=text(request.form, "late_reason")),
        Text("開会しました。出席を記録してください。", "The meeting is open. Record who is present."),
        "attendance",
    )


@blueprint.post("/meetings/<meeting_id>/attendance")
@permission("meeting:run", unit="serializable")
def attendance(meeting_id: str) -> ResponseReturnValue:
    """Record who arrived and how, and who left."""

    def act(work: UnitOfWork, row: Meeting, rev: int) -> None:
        seats = list(row.committee.members)
        came, went = arrivals(request.form, seats), leaving(request.form, seats)
        if not came and not went:
            raise Refusal(
                "reviews.nobody", "出席した委員を選んでください。", "Choose who has arrived.", place="attendance"
            )
        for seat, mode in came:
            meetings.record_attendance(work, row, seat, mode)
        for seat in went:
            meetings.record_leave(work, row, seat)

    return _act(meeting_id, act, Text("出席を記録しました。", "Attendance is recorded."), "attendance")


@blueprint.post("/meetings/<meeting_id>/deferral")
@permission("meeting:run", unit="serializable")
def defer_rest(meeting_id: str) -> ResponseReturnValue:
    """Defer every item that is left in one step."""
    return _act(
        meeting_id,
        lambda work, row, rev: items.defer_rest(work, row, rev=rev, reason=text(request.form, "deferral")),
        Text("残りの議題を継続審査にしました。", "The items left are deferred."),
    )


@blueprint.post("/meetings/<meeting_id>/close")
@permission("meeting:close", unit="serializable")
def close(meeting_id: str) -> ResponseReturnValue:
    """Close the meeting when every item is settled."""
    return _act(
        meeting_id,
        lambda work, row, rev: meetings.close_meeting(work, row, rev=rev),
        Text("閉会しました。", "The meeting is closed."),
    )


def _act(meeting_id: str, act: Act, said: Text, anchor: str | None = None) -> ResponseReturnValue:
    """Do one act; a refusal comes back on the page of the meeting with everything that was entered."""
    work = current_work()
    row = meetings.meeting(work, meeting_id)
    try:
        act(work, row, whole(request.form))
    except (NotFound, Forbidden, Conflict):
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return meeting_page(work, meetings.meeting(work, meeting_id), refused)
    tell(said)
    return redirect_to("meetings.show", meeting_id=meeting_id, _anchor=anchor)
