"""The page on which the team answers what a committee asked about its case; the committee is named, never the member who asked."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from governance.pages import current_work, page, permission, problems_of, redirect_to, tell
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.reviews import questions
from governance.reviews.forms import text, whole
from governance.reviews.models import AgendaItem
from governance.reviews.room_models import ItemQuestion
from governance.screenings.services import screening as screening_of
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("board_questions", __name__)


@blueprint.get("/screenings/<screening_id>/board-questions")
@permission("question:answer")
def show(screening_id: str) -> ResponseReturnValue:
    """Show the questions of committees on a screening, with the answers."""
    return _page(current_work(), screening_id)


@blueprint.post("/screenings/<screening_id>/board-questions/<question_id>")
@permission("question:answer")
def answer(screening_id: str, question_id: str) -> ResponseReturnValue:
    """Answer one question."""
    work = current_work()
    row = screening_of(work, screening_id)
    question = work.session.get(ItemQuestion, question_id)
    item = work.session.get(AgendaItem, question.item_id) if question else None
    if item is None or item.screening_id != row.id:
        raise NotFound
    try:
        questions.answer(work, item, question_id, text(request.form, "answer"), rev=whole(request.form))
    except (NotFound, Forbidden, Conflict):
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return _page(work, screening_id, refused, question_id)
    tell(Text("回答を送りました。委員の画面に出ます。", "The answer is sent; the members see it."))
    return redirect_to("board_questions.show", screening_id=screening_id)


def _page(
    work: UnitOfWork, screening_id: str, refused: Refusal | Refusals | None = None, wrong: str = ""
) -> ResponseReturnValue:
    row = screening_of(work, screening_id)
    return page(
        "reviews/board_questions.html",
        code=422 if refused else 200,
        screening=row,
        project=row.project,
        asked=questions.asked_of(work, row),
        problems=problems_of(refused) if refused else [],
        sent=request.form,
        wrong=wrong,
    )
