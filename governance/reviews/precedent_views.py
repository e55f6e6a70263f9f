"""Citing a precedent and taking it back: forms that stand on the page of the case and on the page of the item before the committee."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from governance.pages import current_work, permission, redirect_to, tell
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.reviews import citing, items
from governance.reviews.case_page import case_page
from governance.reviews.forms import text
from governance.reviews.item_pages import item_page
from governance.screenings import services as screenings
from governance.screenings.models import Screening
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("precedents", __name__, url_prefix="/reviews/<screening_id>/citations")


@blueprint.post("")
@permission("precedent:cite")
def cite(screening_id: str) -> ResponseReturnValue:
    """Cite a precedent for the decision to come."""
    cited, note = request.form.get("cited", ""), text(request.form, "note")
    said = Text("先例を引用しました。審査結果とともに残ります。", "The precedent is cited and kept with the decision.")
    return _act(screening_id, lambda work, row: citing.cite(work, row, cited, note=note), said)


@blueprint.post("/<citation_id>/withdraw")
@permission("precedent:cite")
def withdraw(screening_id: str, citation_id: str) -> ResponseReturnValue:
    """Take a citation back."""
    said = Text("引用を取り消しました。", "The citation was taken back.")
    return _act(screening_id, lambda work, row: citing.take_back(work, row, citation_id), said)


def _act(screening_id: str, act: Callable[[UnitOfWork, Screening], object], said: Text) -> ResponseReturnValue:
    """Do it and go back to the page it was sent from; a refusal shows that page again with what was entered."""
    work = current_work()
    row = screenings.screening(work, screening_id)
    try:
        act(work, row)
    except (NotFound, Forbidden, Conflict):
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return _page(work, screening_id, refused)
    tell(said)
    item = request.form.get("item", "")
    if item:
        meeting = items.item(work, item).meeting_id
        return redirect_to("meetings.item.show", meeting_id=meeting, item_id=item, _anchor="precedents")
    return redirect_to("reviews.case", screening_id=screening_id, _anchor="precedents")


def _page(work: UnitOfWork, screening_id: str, refused: Refusal | Refusals) -> ResponseReturnValue:
    item = request.form.get("item", "")
    if item:
        return item_page(work, items.item(work, item), refused)
    return case_page(work, screenings.screening(work, screening_id), refused)
