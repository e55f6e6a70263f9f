"""Pages around a meeting to come: changing its plan, the order of the agenda, and the materials as they were sent."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from governance.accounts.rules import authorize
from governance.pages import accepted, current_work, page, permission, redirect_to, refusals_beside, tell, zone
from governance.refusals import NotFound
from governance.reviews import materials, paper, planning
from governance.reviews.forms import ChangeForm, whole
from governance.reviews.meeting_pages import hidden_items
from governance.reviews.meetings import meeting, notice_of, rules_for
from governance.reviews.people import standing
from governance.texts import Text

blueprint = Blueprint("planning", __name__)


@blueprint.route("/meetings/<meeting_id>/edit", methods=["GET", "POST"])
@permission("meeting:plan")
def edit(meeting_id: str) -> ResponseReturnValue:
    """Move a meeting or change its place."""
    work = current_work()
    row = meeting(work, meeting_id)
    authorize(work.actor, "meeting:plan", standing(work, row.committee))
    local = row.starts_at.astimezone(zone()).replace(tzinfo=None)
    form = ChangeForm(starts_at=local, place=row.place, place_en=row.place_en, link=row.link, rev=row.rev)
    if accepted(form):
        with refusals_beside(form):
            planning.change_meeting(
                work,
                row,
                rev=form.rev.data or 0,
                starts_at=form.moment,
                place=form.place.data or "",
                place_en=form.place_en.data or "",
                link=form.link.data or "",
            )
            tell(Text("会議の予定を変えました。", "The plan of the meeting is changed."))
            return redirect_to("meetings.show", meeting_id=meeting_id)
    return page("reviews/meeting_edit.html", meeting=row, form=form, rules=rules_for(row, work.now))


@blueprint.post("/meetings/<meeting_id>/order")
@permission("meeting:plan")
def order(meeting_id: str) -> ResponseReturnValue:
    """Let an item of the agenda change places with the one before or after it."""
    work = current_work()
    row = meeting(work, meeting_id)
    item = next((each for each in row.items if each.id == request.form.get("item", "")), None)
    if item is None:
        raise NotFound
    planning.move_item(work, item, earlier=request.form.get("to") == "earlier", rev=whole(request.form))
    return redirect_to("meetings.show", meeting_id=meeting_id, _anchor="order")


@blueprint.get("/meetings/<meeting_id>/materials")
@permission("committee:view")
def show_materials(meeting_id: str) -> ResponseReturnValue:
    """Show the materials exactly as they were sent; before that, to the secretariat, as they would be sent now."""
    work = current_work()
    row = meeting(work, meeting_id)
    sent, hidden = materials.sent_materials(work, row), hidden_items(work, row)
    if sent is None:
        authorize(work.actor, "meeting:plan", standing(work, row.committee))
        content = materials.compose(work, row, notice_of(row, max(row.starts_at, work.now)))
    else:
        content = materials.content_of(sent)
    return page(
        "reviews/materials.html",
        meeting=row,
        sent=sent,
        sections=paper.for_reader(content["sections"], hidden),
        hidden_items=hidden,
    )
