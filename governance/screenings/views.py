"""Pages of a screening: trigger sheet, one page per item, overview with the score, submitting, evidence.

A page of questions is one form: saving keeps everything that was entered, also when something on it is refused; evidence is added
with the same press, so nothing typed is lost. Who may not fill sees the same pages without controls.
"""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from governance.pages import (
    current_work,
    file_store,
    locale,
    page,
    permission,
    problems_of,
    redirect_to,
    tell,
    today,
    write,
)
from governance.projects.services import project as project_of
from governance.refusals import NotFound, Refusal, Refusals
from governance.screenings import (
    autosave_views,
    change_views,
    confirming,
    delegation_views,
    evidence,
    evidence_views,
    filling,
    forms,
    item_views,
    life_views,
    measure_views,
    measures,
    moving,
    services,
    shelf,
    showing,
    similar,
    similar_views,
    support_views,
    thread_views,
)
from governance.screenings.explain import route_reasons
from governance.screenings.framing import (
    attempt,
    beside,
    blueprint,
    clashes,
    every_question,
    frame,
    gaps_by_page,
    href_of,
    page_href,
    question_href,
    shown_items,
    topics,
)
from governance.screenings.loading import Filled
from governance.screenings.marking import states
from governance.screenings.models import Screening
from governance.screenings.sending import sent
from governance.texts import Text
from governance.work import UnitOfWork

__all__ = [
    "autosave_views",
    "blueprint",
    "change_views",
    "delegation_views",
    "item_views",
    "life_views",
    "measure_views",
    "similar_views",
    "support_views",
    "thread_views",
]

blueprints = (blueprint, evidence_views.blueprint)


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
        first_open=page_href(row, showing.first_open(filled)),
        clashes=clashes(row, filled),
        newer=moving.newer(work, row),
        to_confirm=confirming.count(filled),
        carried=sum(bool(filled.answers[key].carried_from) for key in filled.score.asked if key in filled.answers),
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
        row = services.screening(work, screening_id, hold=True)
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
        row = services.screening(work, screening_id, hold=True)
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
    similar.name_sources(work, row, filled, flat)
    problems = beside(flat, refused)
    intro = next((each.intro for each in filled.sheet.questionnaires if each.kind == "trigger"), None)
    return page(
        "screenings/triggers.html",
        code=422 if refused else 200,
        intro=intro,
        **frame(work, row, filled),
        sections=sections,
        problems=problems,
        counted=[each for each in flat if not each.follows and each.question.required],
        is_fresh=not filled.values,
        reasons=route_reasons(filled.sheet.framework, filled.score, topics(filled), filled.values),
        clashes=[each for each in clashes(row, filled) if each.concerns([shown.question.key for shown in flat])],
    )


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
        services.submit(work, row, rev=forms.revision(request.form), explanation=request.form.get("explanation", ""))
    except Refusals as refused:
        work.session.rollback()
        return _check_page(work, services.screening(work, screening_id), code=422, refused=refused)
    tell(
        Text(
            "提出しました。内容は写しとして保存され、専門チームの確認を待ちます。",
            "Submitted. The content is frozen as a snapshot and waits for the expert team.",
        )
    )
    return redirect_to("insight.case", project_id=row.project_id)


def _check_page(
    work: UnitOfWork, row: Screening, code: int = 200, refused: Refusals | None = None
) -> ResponseReturnValue:
    filled = services.filled(work, row)
    return page(
        "screenings/submit.html",
        code=code,
        **frame(work, row, filled),
        gaps=gaps_by_page(row, filled, services.gaps_of(filled)),
        items=shown_items(filled),
        reasons=route_reasons(filled.sheet.framework, filled.score, topics(filled), filled.values),
        clashes=clashes(row, filled),
        expired=[(key, question_href(row, filled, key), each) for key, each in shelf.expired(filled, today())],
        unasked=[(each, question_href(row, filled, each.question.key)) for each in showing.unasked(filled, locale())],
        offers=measures.offers(work, row, filled, filled.score.asked),
        unexplained=[p.text for p in refused.problems if p.place == "explanation"] if refused else [],
        explanation=request.form.get("explanation", ""),
    )


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
        href=question_href(row, filled, key),
        states=states(filling.changes_shown(work, row, key, locale()), locale()),
    )


@blueprint.get("/evidence/<evidence_id>")
@permission("project:view")
def download(evidence_id: str) -> ResponseReturnValue:
    """Send an evidence file as an attachment; a browser never shows it (assurance.md T12)."""
    return sent(evidence.piece(current_work(), evidence_id), file_store())
