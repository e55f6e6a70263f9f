"""The pages of questions: one per item, and one for what belongs to no item, each one form that keeps everything that was entered.

Who may not fill sees the same pages without controls. Evidence is added with the same press as the answers (views.py says how the
pages lie together).
"""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from governance.accounts.rules import authorize
from governance.pages import current_work, file_store, locale, page, permission, see, tell
from governance.projects.files import HEAD_BYTES, media_type
from governance.projects.services import relations_of
from governance.refusals import Conflict, NotFound, Problem, Refusal, Refusals
from governance.screenings import evidence, filling, forms, measures, services, showing
from governance.screenings.evidence import FileGiven
from governance.screenings.framing import (
    attempt,
    beside,
    blueprint,
    check_href,
    clashes,
    frame,
    href_of,
    neighbour,
    page_href,
    questions_by_key,
    upload_limit,
)
from governance.screenings.loading import Filled
from governance.screenings.models import Screening
from governance.texts import Text
from governance.work import UnitOfWork

Files = dict[str, FileGiven | Refusal]


@blueprint.get("/screenings/<screening_id>/items/<item>")
@permission("project:view")
def item(screening_id: str, item: str) -> ResponseReturnValue:
    """Show the questions of one item with the score beside them."""
    return _shown(screening_id, item)


@blueprint.post("/screenings/<screening_id>/items/<item>")
@permission("screening:answer", unit="own")
def save_item(screening_id: str, item: str) -> ResponseReturnValue:
    """Save one page: ratings, answers, added and detached evidence, all or none."""
    return _saved(screening_id, item)


@blueprint.get("/screenings/<screening_id>/facts")
@permission("project:view")
def facts(screening_id: str) -> ResponseReturnValue:
    """Show the questions that belong to no item."""
    return _shown(screening_id, None)


@blueprint.post("/screenings/<screening_id>/facts")
@permission("screening:answer", unit="own")
def save_facts(screening_id: str) -> ResponseReturnValue:
    """Save the questions that belong to no item."""
    return _saved(screening_id, None)


def _shown(screening_id: str, item: str | None) -> ResponseReturnValue:
    work = current_work()
    row = services.screening(work, screening_id)
    return _item_page(work, row, item, services.filled(work, row))


def _saved(screening_id: str, item: str | None) -> ResponseReturnValue:
    _may_save(screening_id, item)
    files = _stored_files()
    refused = attempt(lambda work: _save_page(work, screening_id, item, files))
    work = current_work()
    row = services.screening(work, screening_id)
    filled = services.filled(work, row)
    if refused is not None:
        return _item_page(work, row, item, filled, refused)
    if "next" in request.form:
        return see(_onward(row, filled, item))
    tell(Text("保存しました。", "Saved."))
    anchor = request.form.get("add") or request.form.get("detach", "").partition(":")[0]
    return see(page_href(row, item, request.args.get("phase"), anchor))


def _onward(row: Screening, filled: Filled, item: str | None) -> str:
    """Return the page after this one: the next page of questions, after the last one the check before submitting."""
    return neighbour(row, filled, item, 1) or check_href(row)


def _may_save(screening_id: str, item: str | None) -> None:
    """Turn away, before any file is stored, whoever may not fill the screening, and pages that it does not have."""
    work = current_work()
    row = services.screening(work, screening_id)
    authorize(work.actor, "screening:answer", relations_of(work, row.project))
    _phase_shown(row, item, services.filled(work, row))


def _phase_shown(row: Screening, item: str | None, filled: Filled) -> str:
    """Return the phase whose questions the page shows. NotFound for an item or a phase that the framework does not have."""
    phase = request.args.get("phase") or row.phase
    if item not in showing.pages_of(filled) or phase not in {each.code for each in filled.sheet.framework.phases}:
        raise NotFound
    return phase


def _stored_files() -> Files:
    """Put the uploaded files into the store before the transaction begins: question key → stored file, or why it was refused."""
    found: Files = {}
    limit = upload_limit()
    for name, upload in request.files.items():
        if name.endswith("-file") and upload.filename:
            try:
                found[name.removesuffix("-file")] = _store(upload, limit)
            except Refusal as refused:
                refused.place = name.removesuffix("-file")
                found[name.removesuffix("-file")] = refused
    return found


def _store(upload: FileStorage, limit: int) -> FileGiven:
    head = upload.stream.read(HEAD_BYTES)
    kind = media_type(upload.filename or "", head)
    upload.stream.seek(0)
    return FileGiven(upload.filename or "", kind, file_store().put(cast(BinaryIO, upload.stream), limit))


def _save_page(work: UnitOfWork, screening_id: str, item: str | None, files: Files) -> None:
    row = services.screening(work, screening_id)
    filled = services.filled(work, row)
    questions = [q for _, q in showing.sections_for(filled, item, request.args.get("phase") or row.phase)]
    entries, problems = forms.entries(request.form, questions)
    problems += [Problem(each.code, each.text, each.place) for each in files.values() if isinstance(each, Refusal)]
    Refusals.raise_any(problems)
    rating = forms.rating(request.form, item) if item else None
    if rating:
        filling.save_ratings(work, row, [rating])
    filling.save_answers(work, row, entries)
    for question in questions:
        _change_evidence(work, row, question.key, files.get(question.key))


def _change_evidence(work: UnitOfWork, row: Screening, key: str, given: FileGiven | Refusal | None) -> None:
    title = request.form.get(f"{key}-title", "")
    if isinstance(given, FileGiven):
        evidence.add_file(work, row, key, given, title=title)
    if url := request.form.get(f"{key}-url", "").strip():
        try:
            evidence.add_link(work, row, key, url, title=title)
        except Refusal as refused:
            refused.place = key
            raise
    if existing := request.form.get(f"{key}-existing", ""):
        evidence.attach(work, row, key, existing)
    which, _, piece = request.form.get("detach", "").partition(":")
    if which == key:
        evidence.detach(work, row, key, piece)


# long: one line for each thing the page shows
def _item_page(
    work: UnitOfWork,
    row: Screening,
    item: str | None,
    filled: Filled,
    refused: Refusal | Refusals | None = None,
) -> ResponseReturnValue:
    framework = filled.sheet.framework
    phase = _phase_shown(row, item, filled)
    groups = showing.groups(filled, showing.placed(filled, item, phase), locale())
    questions = [shown for group in groups for shown in group.questions]
    problems = beside(questions, refused)
    keys = [shown.question.key for shown in questions]
    return page(
        "screenings/item.html",
        code=200 if refused is None else 409 if isinstance(refused, Conflict) else 422,
        **{**frame(work, row, filled), "phase": framework.phase(phase)},
        item=framework.item(item) if item else None,
        name=showing.page_name(framework, item),
        groups=groups,
        questions=questions,
        problems=problems,
        rates=bool(item and framework.severity and phase == row.phase),
        **(_score_shown(filled, item, refused) if item else {"rating": None, "shown_item": None}),
        **_ways_on(row, filled, item, phase),
        clashes=[each for each in clashes(row, filled) if each.concerns(keys)],
        offers=measures.offers(work, row, filled, keys),
        known=evidence.of_project(work, row),
        left=[shown.question.key for shown in questions if not shown.value and shown.question.required],
    )


def _ways_on(row: Screening, filled: Filled, item: str | None, phase: str) -> dict[str, Any]:
    """Return where the page leads: the progress map, the page before and the page after."""
    return {
        "rows": showing.progress_rows(filled, href_of(row), (item, phase)),
        "previous": neighbour(row, filled, item, -1),
        "follower": neighbour(row, filled, item, 1),
    }


def _score_shown(filled: Filled, item: str, refused: Refusal | Refusals | None) -> dict[str, Any]:
    """Return the item's score, and the rating as sent when the save was refused, else as stored.

    `rating_rev` is the revision that the next save is to name.
    """
    rating, framework, score = filled.ratings.get(item), filled.sheet.framework, filled.score.item(item)
    sent = forms.rating(request.form, item) if refused is not None else None
    is_stale = isinstance(refused, Conflict) and refused.place == f"rating-{item}"
    return {
        "rating": sent or rating,
        "rating_rev": cast(Conflict, refused).rev if is_stale else rating.rev if rating else 0,
        "shown_item": showing.shown_item(framework, score, questions_by_key(filled)),
        "missing": showing.missing_pieces(score),
    }
