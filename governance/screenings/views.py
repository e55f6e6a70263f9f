"""Pages of a screening: trigger sheet, one page per item, overview with the score, submitting, evidence.

A page of questions is one form: saving keeps everything that was entered, also when something on it is refused; evidence is added
with the same press, so nothing typed is lost. Who may not fill sees the same pages without controls.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from governance.accounts.rules import authorize
from governance.pages import current_work, file_store, locale, page, permission, problems_of, redirect_to, tell, write
from governance.projects.files import HEAD_BYTES, media_type
from governance.projects.services import project as project_of
from governance.projects.services import relations_of
from governance.questionnaires.definition import Framework
from governance.refusals import Conflict, NotFound, Problem, Refusal, Refusals
from governance.screenings import evidence, filling, forms, services, showing
from governance.screenings.evidence import FileGiven
from governance.screenings.explain import route_reasons
from governance.screenings.framing import (
    attempt,
    beside,
    every_question,
    frame,
    href_of,
    next_item,
    shown_items,
    topics,
    upload_limit,
)
from governance.screenings.loading import Filled
from governance.screenings.models import Screening
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("screenings", __name__)


@blueprint.post("/projects/<project_id>/screenings")
@permission("screening:open")
def open_phase(project_id: str) -> ResponseReturnValue:
    """Open the screening of a phase."""
    work = current_work()
    row = services.open_screening(work, project_of(work, project_id), request.form.get("phase", ""))
    return redirect_to("screenings.triggers", screening_id=row.id)


@blueprint.get("/screenings/<screening_id>")
@permission("project:view")
def overview(screening_id: str) -> ResponseReturnValue:
    """Show the whole screening: progress, score per item with its reasons, route, hard stops."""
    work = current_work()
    row = services.screening(work, screening_id)
    filled = services.filled(work, row)
    return page(
        "screenings/overview.html",
        **frame(work, row, filled),
        items=shown_items(filled),
        reasons=route_reasons(filled.sheet.framework, filled.score, topics(filled), filled.values),
        rows=showing.progress_rows(filled, href_of(row), ("", "")),
        first_open=showing.first_open_item(filled),
    )


# ---------------------------------------------------------------- trigger sheet


@blueprint.get("/screenings/<screening_id>/triggers")
@permission("project:view")
def triggers(screening_id: str) -> ResponseReturnValue:
    """Show the trigger sheet with the route it leads to so far."""
    work = current_work()
    row = services.screening(work, screening_id)
    return _trigger_page(work, row, services.filled(work, row))


@blueprint.post("/screenings/<screening_id>/triggers")
@permission("screening:answer", unit="own")
def save_triggers(screening_id: str) -> ResponseReturnValue:
    """Save the trigger sheet; finish it unless the press was "save and close"."""

    def act(work: UnitOfWork) -> None:
        row = services.screening(work, screening_id)
        questions = [q for _, found in showing.trigger_sections(services.filled(work, row)) for q in found]
        entries, problems = forms.entries(request.form, questions)
        Refusals.raise_any(problems)
        if "later" in request.form:
            filling.save_answers(work, row, entries)
        else:
            filling.finish_triggers(work, row, entries)

    refused = attempt(act)
    if refused is not None:
        _keep_triggers(screening_id, refused)
    work = current_work()
    row = services.screening(work, screening_id)
    if refused is not None:
        return _trigger_page(work, row, services.filled(work, row), refused)
    if "later" in request.form:
        tell(Text("保存しました。続きはいつでも入力できます。", "Saved. Go on whenever you like."))
        return redirect_to("insight.case", project_id=row.project_id)
    return redirect_to("screenings.overview", screening_id=row.id)


def _keep_triggers(screening_id: str, refused: Refusal | Refusals) -> None:
    """Save what can be saved of a sheet with gaps, so that the answers given are not lost when the tab is closed."""
    if not all(problem.code == "screenings.unanswered" for problem in problems_of(refused)):
        return

    def act(work: UnitOfWork) -> None:
        row = services.screening(work, screening_id)
        questions = [q for _, found in showing.trigger_sections(services.filled(work, row)) for q in found]
        filling.save_answers(work, row, [e for e in forms.entries(request.form, questions)[0] if e.value])

    write(act)


def _trigger_page(
    work: UnitOfWork, row: Screening, filled: Filled, refused: Refusal | Refusals | None = None
) -> ResponseReturnValue:
    sections = [
        (section, showing.shown_questions(filled, [(section, q) for q in questions], locale()))
        for section, questions in showing.trigger_sections(filled)
    ]
    flat = [each for _, shown in sections for each in shown]
    problems = beside(flat, refused)
    fired = {effect.trigger for effect in filled.sheet.framework.effects if effect.id in filled.score.fired}
    intro = next((each.intro for each in filled.sheet.questionnaires if each.kind == "trigger"), None)
    return page(
        "screenings/triggers.html",
        code=422 if refused else 200,
        intro=intro,
        **frame(work, row, filled),
        sections=sections,
        problems=problems,
        fired=fired,
        reasons=route_reasons(filled.sheet.framework, filled.score, topics(filled), filled.values),
    )


# ---------------------------------------------------------------- one item


@blueprint.get("/screenings/<screening_id>/items/<item>")
@permission("project:view")
def item(screening_id: str, item: str) -> ResponseReturnValue:
    """Show the questions of one item with the score beside them."""
    work = current_work()
    row = services.screening(work, screening_id)
    return _item_page(work, row, item, services.filled(work, row))


@blueprint.post("/screenings/<screening_id>/items/<item>")
@permission("screening:answer", unit="own")
def save_item(screening_id: str, item: str) -> ResponseReturnValue:
    """Save one page: ratings, answers, added and detached evidence, all or none."""
    _may_save(screening_id, item)
    files = _stored_files()
    refused = attempt(lambda work: _save_item(work, screening_id, item, files))
    work = current_work()
    row = services.screening(work, screening_id)
    filled = services.filled(work, row)
    if refused is not None:
        return _item_page(work, row, item, filled, refused)
    if "next" in request.form:
        follower = next_item(filled, item)
        return (
            redirect_to("screenings.item", screening_id=row.id, item=follower)
            if follower
            else redirect_to("screenings.check", screening_id=row.id)
        )
    tell(Text("保存しました。", "Saved."))
    anchor = request.form.get("add") or request.form.get("detach", "").partition(":")[0]
    return redirect_to(
        "screenings.item", screening_id=row.id, item=item, phase=request.args.get("phase"), _anchor=anchor or None
    )


def _may_save(screening_id: str, item: str) -> None:
    """Turn away, before any file is stored, whoever may not fill the screening, and pages that it does not have."""
    work = current_work()
    row = services.screening(work, screening_id)
    authorize(work.actor, "screening:answer", relations_of(work, row.project))
    _phase_shown(services.framework_of(row), row, item)


def _phase_shown(framework: Framework, row: Screening, item: str) -> str:
    """Return the phase whose questions the page shows. NotFound for an item or a phase that the framework does not have."""
    phase = request.args.get("phase") or row.phase
    if item not in {each.code for each in framework.items} or phase not in {each.code for each in framework.phases}:
        raise NotFound
    return phase


Files = dict[str, FileGiven | Refusal]


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


def _save_item(work: UnitOfWork, screening_id: str, item: str, files: Files) -> None:
    row = services.screening(work, screening_id)
    filled = services.filled(work, row)
    questions = [q for _, q in showing.sections_for(filled, item, request.args.get("phase") or row.phase)]
    entries, problems = forms.entries(request.form, questions)
    problems += [Problem(each.code, each.text, each.place) for each in files.values() if isinstance(each, Refusal)]
    Refusals.raise_any(problems)
    rating = forms.rating(request.form, item)
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


def _item_page(
    work: UnitOfWork, row: Screening, item: str, filled: Filled, refused: Refusal | Refusals | None = None
) -> ResponseReturnValue:
    framework = filled.sheet.framework
    phase = _phase_shown(framework, row, item)
    shown = showing.shown_questions(filled, showing.sections_for(filled, item, phase), locale())
    problems = beside(shown, refused)
    code = 200 if refused is None else 409 if isinstance(refused, Conflict) else 422
    return page(
        "screenings/item.html",
        code=code,
        **{**frame(work, row, filled), "phase": framework.phase(phase)},
        item=framework.item(item),
        questions=shown,
        problems=problems,
        own_phase=phase == row.phase,
        **_rating_shown(filled, item, refused),
        shown_item=showing.shown_item(framework, filled.score.item(item)),
        missing=showing.missing_pieces(filled.score.item(item)),
        **_ways_on(row, filled, item, phase),
        known=evidence.of_project(work, row),
        left=[q.question.key for q in shown if not q.value],
    )


def _ways_on(row: Screening, filled: Filled, item: str, phase: str) -> dict[str, Any]:
    """Return where the page leads: the progress map, the item before and the item after."""
    return {
        "rows": showing.progress_rows(filled, href_of(row), (item, phase)),
        "previous": next_item(filled, item, -1),
        "follower": next_item(filled, item),
    }


def _rating_shown(filled: Filled, item: str, refused: Refusal | Refusals | None) -> dict[str, Any]:
    """Return the rating as sent when the save was refused, else as stored, and the revision the next save is to name."""
    rating = filled.ratings.get(item)
    sent = forms.rating(request.form, item) if refused is not None else None
    if isinstance(refused, Conflict) and refused.place == f"rating-{item}":
        return {"rating": sent or rating, "rating_rev": refused.rev}
    return {"rating": sent or rating, "rating_rev": rating.rev if rating else 0}


# ---------------------------------------------------------------- submit, withdraw, evidence, history


@blueprint.get("/screenings/<screening_id>/submit")
@permission("project:view")
def check(screening_id: str) -> ResponseReturnValue:
    """Show what is still missing, or what will be submitted."""
    work = current_work()
    row = services.screening(work, screening_id)
    return _check_page(work, row)


@blueprint.post("/screenings/<screening_id>/submit")
@permission("screening:submit")
def submit(screening_id: str) -> ResponseReturnValue:
    """Submit the screening."""
    work = current_work()
    row = services.screening(work, screening_id)
    try:
        services.submit(work, row, rev=forms.revision(request.form))
    except Refusals:
        work.session.rollback()
        return _check_page(work, services.screening(work, screening_id), code=422)
    tell(
        Text(
            "提出しました。内容は写しとして保存され、専門チームの確認を待ちます。",
            "Submitted. The content is frozen as a snapshot and waits for the expert team.",
        )
    )
    return redirect_to("insight.case", project_id=row.project_id)


def _check_page(work: UnitOfWork, row: Screening, code: int = 200) -> ResponseReturnValue:
    filled = services.filled(work, row)
    return page(
        "screenings/submit.html",
        code=code,
        **frame(work, row, filled),
        gaps=[(p, _gap_href(row, filled, p)) for p in services.gaps_of(filled)],
        items=shown_items(filled),
        reasons=route_reasons(filled.sheet.framework, filled.score, topics(filled), filled.values),
    )


def _gap_href(row: Screening, filled: Filled, problem: Problem) -> str:
    place = problem.place or ""
    if place.startswith("rating-"):
        return url_for("screenings.item", screening_id=row.id, item=place.removeprefix("rating-"), _anchor=place)
    for each in filled.sheet.questionnaires:
        for section, question in each.questions():
            if question.key == place and each.kind != "trigger" and section.item:
                phase = None if each.phase in (None, row.phase) else each.phase
                return url_for("screenings.item", screening_id=row.id, item=section.item, phase=phase, _anchor=place)
    return url_for("screenings.triggers", screening_id=row.id, _anchor=place)


@blueprint.post("/screenings/<screening_id>/withdraw")
@permission("screening:withdraw")
def withdraw(screening_id: str) -> ResponseReturnValue:
    """Withdraw a screening; it stays on record."""
    work = current_work()
    row = services.screening(work, screening_id)
    services.withdraw(work, row, rev=forms.revision(request.form), reason=request.form.get("reason", ""))
    tell(Text("取り下げました。記録は残ります。", "Withdrawn. The record stays."))
    return redirect_to("insight.case", project_id=row.project_id)


@blueprint.get("/screenings/<screening_id>/history/<key>")
@permission("project:view")
def history(screening_id: str, key: str) -> ResponseReturnValue:
    """Show every saved state of one answer."""
    work = current_work()
    row = services.screening(work, screening_id)
    filled = services.filled(work, row)
    shown = [each for each in every_question(filled) if each[1].key == key]
    if not shown:
        raise NotFound
    return page(
        "screenings/history.html",
        **frame(work, row, filled),
        question=showing.shown_questions(filled, shown, locale())[0],
        changes=filling.changes_shown(work, row, key, locale()),
    )


@blueprint.get("/evidence/<evidence_id>")
@permission("project:view")
def download(evidence_id: str) -> ResponseReturnValue:
    """Send an evidence file as an attachment; a browser never shows it (assurance.md T12)."""
    piece = evidence.piece(current_work(), evidence_id)
    with file_store().open(piece.digest) as file:
        content = file.read()
    answer: Response = send_file(
        BytesIO(content), mimetype="application/octet-stream", as_attachment=True, download_name=piece.filename
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
