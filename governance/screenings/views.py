"""Pages of a screening: trigger sheet, one page per item, overview with the score, submitting, evidence.

A page of questions is one form: saving keeps everything that was entered, also when something on it is refused; evidence is added
with the same press, so nothing typed is lost. Who may not fill sees the same pages without controls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, current_app, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from governance.accounts.rules import may
from governance.pages import current_work, file_store, locale, page, permission, problems_of, redirect_to, tell, write
from governance.projects.files import HEAD_BYTES, media_type
from governance.projects.services import project as project_of
from governance.projects.services import relations_of
from governance.questionnaires.definition import Question, Section
from governance.refusals import Conflict, Forbidden, NotFound, Problem, Refusal, Refusals
from governance.screenings import evidence, forms, services, showing
from governance.screenings.evidence import FileGiven
from governance.screenings.explain import level, route_reasons, stop_reason
from governance.screenings.loading import Filled
from governance.screenings.models import Screening
from governance.screenings.rules import EDITABLE, gaps, trigger_gaps
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
    return page("screenings/overview.html", **_frame(work, row, filled), items=_items(filled),
                reasons=route_reasons(filled.sheet.framework, filled.score, _topics(filled), filled.values),
                rows=showing.progress_rows(filled, _href(row), ("", "")), first_open=showing.first_open_item(filled))


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
            services.save_answers(work, row, entries)
        else:
            services.finish_triggers(work, row, entries)

    refused = _attempt(act)
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
        services.save_answers(work, row, [e for e in forms.entries(request.form, questions)[0] if e.value])

    write(act)


def _trigger_page(work: UnitOfWork, row: Screening, filled: Filled, refused: Refusal | Refusals | None = None) -> ResponseReturnValue:
    sections = [(section, showing.shown_questions(filled, [(section, q) for q in questions], locale()))
                for section, questions in showing.trigger_sections(filled)]
    flat = [each for _, shown in sections for each in shown]
    problems = _beside(flat, refused)
    fired = {effect.trigger for effect in filled.sheet.framework.effects if effect.id in filled.score.fired}
    intro = next((each.intro for each in filled.sheet.questionnaires if each.kind == "trigger"), None)
    return page("screenings/triggers.html", code=422 if refused else 200, intro=intro, **_frame(work, row, filled), sections=sections, problems=problems,
                fired=fired, reasons=route_reasons(filled.sheet.framework, filled.score, _topics(filled), filled.values))


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
    files = _stored_files()
    refused = _attempt(lambda work: _save_item(work, screening_id, item, files))
    work = current_work()
    row = services.screening(work, screening_id)
    filled = services.filled(work, row)
    if refused is not None:
        return _item_page(work, row, item, filled, refused)
    if "next" in request.form:
        follower = _next_item(filled, item)
        return redirect_to("screenings.item", screening_id=row.id, item=follower) if follower else redirect_to("screenings.check", screening_id=row.id)
    tell(Text("保存しました。", "Saved."))
    anchor = request.form.get("add") or request.form.get("detach", "").partition(":")[0]
    return redirect_to("screenings.item", screening_id=row.id, item=item, phase=request.args.get("phase"), _anchor=anchor or None)


Files = dict[str, FileGiven | Refusal]


def _stored_files() -> Files:
    """Put the uploaded files into the store before the transaction begins: question key → stored file, or why it was refused."""
    found: Files = {}
    limit = _limit()
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
    return FileGiven(upload.filename or "", kind, file_store().put(upload.stream, limit))


def _save_item(work: UnitOfWork, screening_id: str, item: str, files: Files) -> None:
    row = services.screening(work, screening_id)
    filled = services.filled(work, row)
    questions = [q for _, q in showing.sections_for(filled, item, request.args.get("phase") or row.phase)]
    entries, problems = forms.entries(request.form, questions)
    problems += [Problem(each.code, each.text, each.place) for each in files.values() if isinstance(each, Refusal)]
    Refusals.raise_any(problems)
    rating = forms.rating(request.form, item)
    if rating:
        services.save_ratings(work, row, [rating])
    services.save_answers(work, row, entries)
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


def _item_page(work: UnitOfWork, row: Screening, item: str, filled: Filled, refused: Refusal | Refusals | None = None) -> ResponseReturnValue:
    framework = filled.sheet.framework
    if item not in {each.code for each in framework.items}:
        raise NotFound()
    phase = request.args.get("phase") or row.phase
    shown = showing.shown_questions(filled, showing.sections_for(filled, item, phase), locale())
    problems = _beside(shown, refused)
    rating = filled.ratings.get(item)
    sent = forms.rating(request.form, item) if refused is not None else None
    code = 200 if refused is None else 409 if isinstance(refused, Conflict) else 422
    return page(
        "screenings/item.html", code=code, **{**_frame(work, row, filled), "phase": framework.phase(phase)}, item=framework.item(item), questions=shown, problems=problems, own_phase=phase == row.phase,
        rating=sent or rating, rating_rev=_rating_rev(refused, item, rating), shown_item=showing.shown_item(framework, filled.score.item(item)),
        missing=showing.missing_pieces(filled.score.item(item)), rows=showing.progress_rows(filled, _href(row), (item, phase)),
        previous=_next_item(filled, item, -1), follower=_next_item(filled, item), known=evidence.of_project(work, row),
        left=[q.question.key for q in shown if not q.value],
    )


def _rating_rev(refused: Refusal | Refusals | None, item: str, rating: Any) -> int:
    if isinstance(refused, Conflict) and refused.place == f"rating-{item}":
        return refused.rev
    return rating.rev if rating else 0


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
        services.submit(work, row, rev=int(request.form.get("rev") or 0))
    except Refusals:
        work.session.rollback()
        return _check_page(work, services.screening(work, screening_id), code=422)
    tell(Text("提出しました。内容は写しとして保存され、専門チームの確認を待ちます。", "Submitted. The content is frozen as a snapshot and waits for the expert team."))
    return redirect_to("insight.case", project_id=row.project_id)


def _check_page(work: UnitOfWork, row: Screening, code: int = 200) -> ResponseReturnValue:
    filled = services.filled(work, row)
    reasons = {key: (r.severity_reason, r.likelihood_reason) for key, r in filled.ratings.items()}
    found = trigger_gaps(filled.sheet, filled.values, filled.score.asked) or gaps(filled.sheet, filled.score, filled.given(), reasons)
    return page("screenings/submit.html", code=code, **_frame(work, row, filled), gaps=[(p, _gap_href(row, filled, p)) for p in found],
                items=_items(filled), reasons=route_reasons(filled.sheet.framework, filled.score, _topics(filled), filled.values))


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
    services.withdraw(work, row, rev=int(request.form.get("rev") or 0), reason=request.form.get("reason", ""))
    tell(Text("取り下げました。記録は残ります。", "Withdrawn. The record stays."))
    return redirect_to("insight.case", project_id=row.project_id)


@blueprint.get("/screenings/<screening_id>/history/<key>")
@permission("project:view")
def history(screening_id: str, key: str) -> ResponseReturnValue:
    """Show every saved state of one answer."""
    work = current_work()
    row = services.screening(work, screening_id)
    filled = services.filled(work, row)
    shown = [each for each in _every(filled) if each[1].key == key]
    if not shown:
        raise NotFound()
    return page("screenings/history.html", **_frame(work, row, filled), question=showing.shown_questions(filled, shown, locale())[0],
                changes=services.changes_shown(work, row, key, locale()))


@blueprint.get("/evidence/<evidence_id>")
@permission("project:view")
def download(evidence_id: str) -> ResponseReturnValue:
    """Send an evidence file as an attachment; a browser never shows it (assurance.md T12)."""
    piece = evidence.piece(current_work(), evidence_id)
    with file_store().open(piece.digest) as file:
        content = file.read()
    answer: Response = send_file(BytesIO(content), mimetype="application/octet-stream", as_attachment=True, download_name=piece.filename)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


# ---------------------------------------------------------------- what the pages share

def _attempt(act: Callable[[UnitOfWork], None]) -> Refusal | Refusals | None:
    """Run the act in a writing unit; return the refusal to show on the same page, if it is one that the person can mend there."""
    try:
        write(act)
    except (NotFound, Forbidden):
        raise
    except (Refusal, Refusals) as refused:
        return refused
    return None


def _beside(shown: Sequence[showing.ShownQuestion], refused: Refusal | Refusals | None) -> list[tuple[str | None, Text, str | None]]:
    """Put what was sent and what is wrong beside the questions; return the lines of the error summary."""
    if refused is None:
        return []
    showing.sent_back(shown, request.form)
    by_key = {each.question.key: each for each in shown}
    for problem in problems_of(refused):
        if problem.place in by_key:
            by_key[problem.place].error = problem.text
    if isinstance(refused, Conflict) and refused.place in by_key:
        by_key[refused.place].rev, by_key[refused.place].theirs = refused.rev, refused.theirs
    return [(problem.place if problem.place in by_key else None, problem.text, problem.place) for problem in problems_of(refused)]


def _frame(work: UnitOfWork, row: Screening, filled: Filled) -> dict[str, Any]:
    """What every page of a screening shows around its matter."""
    framework, score = filled.sheet.framework, filled.score
    relations = relations_of(work, row.project)
    return {
        "screening": row, "project": row.project, "framework": framework, "score": score, "phase": framework.phase(row.phase),
        "route": framework.route(score.route), "levels": len(framework.levels), "inherent": level(framework, score.inherent),
        "residual": level(framework, score.residual), "stops": [stop_reason(framework, stop) for stop in score.stops],
        "editable": row.state in EDITABLE and may(work.actor, "screening:answer", relations),
        "may_submit": row.state in EDITABLE and may(work.actor, "screening:submit", relations),
        "threshold": int(framework.scoring.step_down_at_percent), "own_questionnaires": [pin.questionnaire for pin in row.pins],
    }


def _items(filled: Filled) -> list[showing.ShownItem]:
    return [showing.shown_item(filled.sheet.framework, each) for each in filled.score.items]


def _topics(filled: Filled) -> dict[str, Text]:
    return {q.key: q.topic for _, q in _every(filled)}


def _every(filled: Filled) -> list[tuple[Section, Question]]:
    return [pair for each in filled.sheet.questionnaires for pair in each.questions()]


def _href(row: Screening) -> Any:
    return lambda item, phase: url_for("screenings.item", screening_id=row.id, item=item, phase=None if phase == row.phase else phase)


def _next_item(filled: Filled, item: str, step: int = 1) -> str | None:
    codes = [each.code for each in filled.sheet.framework.items]
    place = codes.index(item) + step if item in codes else -1
    return codes[place] if 0 <= place < len(codes) else None


def _limit() -> int:
    return int(current_app.config["SETTINGS"].max_upload_bytes)
