"""The pages of the minutes: the newest version, writing it, approving it, and the versions before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from governance.accounts.rules import may
from governance.pages import current_work, page, permission, problems_of, redirect_to, tell
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.reviews import minutes, paper
from governance.reviews.forms import text, whole
from governance.reviews.meeting_pages import hidden_in_minutes
from governance.reviews.meetings import meeting
from governance.reviews.models import Meeting
from governance.reviews.people import standing
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("minutes", __name__)


@blueprint.get("/meetings/<meeting_id>/minutes")
@permission("committee:view")
def show(meeting_id: str) -> ResponseReturnValue:
    """Show the minutes, the newest version or the one asked for."""
    work = current_work()
    return _page(work, meeting(work, meeting_id))


@blueprint.post("/meetings/<meeting_id>/minutes")
@permission("minutes:write")
def write(meeting_id: str) -> ResponseReturnValue:
    """Keep a new version."""
    sent = request.form

    def act(work: UnitOfWork, row: Meeting) -> None:
        kept = minutes.texts_of(work, row)["items"]  # an item the writer may not see keeps its text
        items = {
            item.id: text(sent, name) if (name := f"item-{item.id}") in sent else kept.get(item.id, "")
            for item in row.items
        }
        texts = {part: text(sent, part) for part in minutes.PARTS} | {"items": items}
        minutes.write(work, row, texts, seen=whole(sent, "seen"), reason=text(sent, "correction_reason"))

    return _act(meeting_id, act, Text("議事録を保存しました。", "The minutes are saved."))


@blueprint.post("/meetings/<meeting_id>/minutes/approval")
@permission("minutes:approve", unit="serializable")
def approve(meeting_id: str) -> ResponseReturnValue:
    """Approve the newest version."""
    sent = request.form

    def act(work: UnitOfWork, row: Meeting) -> None:
        minutes.approve(work, row, sent.get("office", ""), seen=whole(sent, "seen"))

    return _act(meeting_id, act, Text("議事録を承認しました。", "The minutes are approved."))


def _act(meeting_id: str, act: Callable[[UnitOfWork, Meeting], None], said: Text) -> ResponseReturnValue:
    work = current_work()
    try:
        act(work, meeting(work, meeting_id))
    except (NotFound, Forbidden, Conflict):
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return _page(work, meeting(work, meeting_id), refused)
    tell(said)
    return redirect_to("minutes.show", meeting_id=meeting_id)


# long: one name per value of the page
def _page(work: UnitOfWork, row: Meeting, refused: Refusal | Refusals | None = None) -> ResponseReturnValue:
    if row.state != "closed":
        raise NotFound
    versions, hidden = minutes.versions_of(work, row), hidden_in_minutes(work, row)
    writes = may(work.actor, "minutes:write", standing(work, row.committee))
    if not versions and not writes:
        raise NotFound
    shown = _asked_for(versions)
    return page(
        "reviews/minutes.html",
        code=422 if refused else 200,
        meeting=row,
        versions=versions,
        shown=shown,
        newest=versions[0] if versions else None,
        final=bool(versions) and minutes.is_final(versions[0]),
        sections=paper.for_reader(minutes.content_of(shown)["sections"], hidden) if shown else [],
        hidden_items=hidden,
        writes=writes and (not versions or shown is versions[0]),
        texts=_texts(work, row) if writes else {},
        offices=_offices(work, row, versions),
        problems=problems_of(refused) if refused else [],
    )


def _asked_for(versions: list[Any]) -> Any:
    wanted = whole(request.args, "version")
    if not versions:
        return None
    if not wanted:
        return versions[0]
    found = next((each for each in versions if each.number == wanted), None)
    if found is None:
        raise NotFound
    return found


def _texts(work: UnitOfWork, row: Meeting) -> dict[str, Any]:
    """Return the texts of the form: as they were sent, else those of the newest version."""
    kept = minutes.texts_of(work, row)
    if "opening" not in request.form:
        return kept
    sent = request.form
    items = {item.id: sent.get(f"item-{item.id}", kept["items"].get(item.id, "")) for item in row.items}
    return {part: sent.get(part, "") for part in minutes.PARTS} | {"items": items}


def _offices(work: UnitOfWork, row: Meeting, versions: list[Any]) -> list[str]:
    """Return the offices for which the reader may approve now."""
    if not versions or any(each.approved_by == work.actor.id for each in versions[0].approvals):
        return []
    taken = {each.office for each in versions[0].approvals}
    return [each for each in minutes.offices_of(work, row) if each not in taken]
