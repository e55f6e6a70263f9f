"""Pages of starting from a similar project: the list with the reasons, what would be copied, the copy and its undoing."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from governance.accounts.rules import authorize
from governance.pages import current_work, page, permission, redirect_to, tell
from governance.projects.services import relations_of
from governance.questionnaires.values import said
from governance.screenings import services, similar
from governance.screenings.framing import blueprint, frame
from governance.screenings.models import Screening
from governance.screenings.rules import must_be_editable
from governance.texts import Text
from governance.work import UnitOfWork


@blueprint.get("/screenings/<screening_id>/similar")
@permission("screening:answer")
def similar_projects(screening_id: str) -> ResponseReturnValue:
    """List the visible projects most like this one, with the reasons."""
    work = current_work()
    row = _open_row(work, screening_id)
    filled = services.filled(work, row)
    return page(
        "screenings/similar.html",
        **frame(work, row, filled),
        candidates=similar.candidates(work, row),
        last=similar.last_copy(work, row),
    )


@blueprint.get("/screenings/<screening_id>/similar/<source_id>")
@permission("screening:answer")
def similar_preview(screening_id: str, source_id: str) -> ResponseReturnValue:
    """Show what would be copied from one of them."""
    work = current_work()
    row = _open_row(work, screening_id)
    source = similar.source_of(work, row, source_id)
    planned = similar.preview(work, row, source)
    framework = planned.source_filled.sheet.framework
    return page(
        "screenings/similar_preview.html",
        **frame(work, row, services.filled(work, row)),
        source=source,
        planned=planned,
        rows=[
            (
                step.question,
                said(framework, step.question, step.value),
                planned.source_filled.answers[step.question.key],
                step.kind == "reworded",
            )
            for step in planned.steps
        ],
        ratings=[planned.source_filled.ratings[item] for item in planned.items],
    )


@blueprint.post("/screenings/<screening_id>/similar/<source_id>")
@permission("screening:answer")
def similar_copy(screening_id: str, source_id: str) -> ResponseReturnValue:
    """Copy the answers into the questions without one."""
    work = current_work()
    row = _open_row(work, screening_id)
    done = similar.copy(work, row, similar.source_of(work, row, source_id), ratings="ratings" in request.form)
    words = Text(
        "{n}問の回答を写しました。どれも、確かめるまで確定しません。",
        "{n} answers were copied. Each waits until you have confirmed it.",
    )
    tell(words.filled(n=len(done.keys)))
    return redirect_to("screenings.overview", screening_id=row.id)


@blueprint.post("/screenings/<screening_id>/similar/undo")
@permission("screening:answer")
def similar_undo(screening_id: str) -> ResponseReturnValue:
    """Take the last copy back."""
    work = current_work()
    row = _open_row(work, screening_id)
    similar.undo(work, row)
    tell(Text("写した回答を取り消しました。", "The copied answers were taken back."))
    return redirect_to("screenings.similar_projects", screening_id=row.id)


def _open_row(work: UnitOfWork, screening_id: str) -> Screening:
    """Return the screening, if the reader may fill it and it is not locked."""
    row = services.screening(work, screening_id)
    authorize(work.actor, "screening:answer", relations_of(work, row.project))
    must_be_editable(row.state)
    return row
