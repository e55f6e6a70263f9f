"""The pages of questions: one per item, and one for what belongs to no item, each one form that keeps everything that was entered.

Who may not fill sees the same pages without controls. Evidence is added with the same press as the answers (views.py says how the
pages lie together).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from flask import request, url_for
from flask.typing import ResponseReturnValue

from governance.accounts.rules import authorize
from governance.pages import current_work, file_store, locale, page, permission, see, tell
from governance.projects.services import relations_of
from governance.refusals import Conflict, NotFound, Refusal, Refusals
from governance.screenings import confirming, evidence, filling, forms, measures, services, showing, similar
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
from governance.screenings.outlines import outlined
from governance.screenings.shelf import Shelf, filled_with_shelf
from governance.screenings.uploads import Uploads, all_taken, last_day
from governance.texts import Text
from governance.work import UnitOfWork


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
    row = services.screening_read(work, screening_id)
    filled, known = filled_with_shelf(work, row)
    return _item_page(work, row, item, filled, known)


def _saved(screening_id: str, item: str | None) -> ResponseReturnValue:
    _may_save(screening_id, item)
    files = all_taken(request.files.items(multi=True), file_store(), upload_limit())
    refused = attempt(lambda work: _save_page(work, screening_id, item, files))
    work = current_work()
    row = services.screening_read(work, screening_id)
    filled, known = filled_with_shelf(work, row)
    if refused is not None:
        return _item_page(work, row, item, filled, known, refused)
    if "next" in request.form:
        return see(_onward(row, filled, item))
    if "go" in request.form:
        return see(_aside(row, request.form["go"]))
    tell(Text("保存しました。", "Saved."))
    return see(page_href(row, item, request.args.get("phase"), request.form.get("add")))


def _aside(row: Screening, asked: str) -> str:
    """Return the page about evidence that a press asked for, now that everything on the page is saved.

    `pick:P1a` leads to the evidence the project has, `detach:P1a:…` and `replace:…` to the pages that ask before they act.
    """
    act, _, rest = asked.partition(":")
    key, _, piece = rest.partition(":")
    if act == "pick" and rest:
        return url_for("evidence.picker", screening_id=row.id, key=key)
    if act == "detach" and piece:
        return url_for("evidence.detach", screening_id=row.id, key=key, evidence_id=piece)
    if act == "replace" and piece:
        return url_for("evidence.replace", project_id=row.project_id, evidence_id=piece, screening=row.id, key=key)
    raise NotFound


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


def _save_page(work: UnitOfWork, screening_id: str, item: str | None, files: Uploads) -> None:
    row = services.screening(work, screening_id, hold=True)
    filled = services.filled(work, row)
    questions = [q for _, q in showing.sections_for(filled, item, request.args.get("phase") or row.phase)]
    entries, problems = forms.entries(request.form, questions)
    given, refused = files
    problems += refused
    Refusals.raise_any(problems)
    rating = forms.rating(request.form, item) if item else None
    if rating:
        filling.save_ratings(work, row, [rating])
    filling.save_answers(work, row, entries)
    for question in questions:
        _add_evidence(work, row, question.key, given.get(question.key, []))


def _add_evidence(work: UnitOfWork, row: Screening, key: str, files: Sequence[FileGiven]) -> None:
    """Add the files and the link that were entered at one question; the title is of the one piece that was given alone."""
    title, url = request.form.get(f"{key}-title", ""), request.form.get(f"{key}-url", "").strip()
    until = last_day(request.form.get(f"{key}-expires", ""), key) if files or url else None
    for given in files:
        evidence.add_file(work, row, key, given, title=title if len(files) == 1 else "", expires_on=until)
    if url:
        try:
            evidence.add_link(work, row, key, url, title=title if not files else "", expires_on=until)
        except Refusal as refused:
            refused.place = key
            raise


# long: one line for each thing the page shows
def _item_page(
    work: UnitOfWork,
    row: Screening,
    item: str | None,
    filled: Filled,
    known: Shelf,
    refused: Refusal | Refusals | None = None,
) -> ResponseReturnValue:
    framework, around = filled.sheet.framework, frame(work, row, filled)
    phase = _phase_shown(row, item, filled)
    groups = showing.groups(filled, showing.placed(filled, item, phase), locale())
    questions = [shown for group in groups for shown in group.questions]
    similar.name_sources(work, row, filled, questions)
    problems = beside(questions, refused)
    keys = [shown.question.key for shown in questions]
    return page(
        "screenings/item.html",
        outlined=outlined,
        code=200 if refused is None else 409 if isinstance(refused, Conflict) else 422,
        **{**around, "phase": framework.phase(phase)},
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
        known=known,
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
        "rating_because": confirming.BECAUSE["ratings"],
        "rating_rev": cast(Conflict, refused).rev if is_stale else rating.rev if rating else 0,
        "shown_item": showing.shown_item(framework, score, questions_by_key(filled)),
        "missing": showing.missing_pieces(score),
    }
