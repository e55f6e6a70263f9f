"""Pages that carry a line of a KYT session over, and the printed sheets of KYT."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Blueprint, Response, request, send_file
from flask.typing import ResponseReturnValue

from governance.learning import kyt, scenarios
from governance.learning.models import KytSession
from governance.lessons import services, sheets
from governance.lessons.forms import MeasureForm, QuestionForm, RemarkForm, proposed
from governance.lessons.services import Line
from governance.pages import (
    Form,
    accepted,
    current_person,
    current_work,
    locale,
    options,
    page,
    permission,
    redirect_to,
    refusals_beside,
    tell,
)
from governance.projects.models import Project
from governance.refusals import NotFound
from governance.screenings import measures
from governance.screenings.services import framework_of
from governance.states import state_of
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("lessons", __name__)


@blueprint.app_context_processor
def offered() -> dict[str, Any]:
    """Let the pages of learning, measures, threads and drafts, which stand below, show the way forth and back."""
    return {
        "lessons_of": lambda session: services.carried_of(current_work(), session),
        "may_promote_kyt": lambda session: services.may_promote(current_work(), session),
        "kyt_source": lambda kind, id, key="": _source(kind, id, key),
    }


def _source(kind: str, id: str, key: str) -> KytSession | None:
    return services.source_of(current_work(), kind, id, key) if current_person() is not None else None


# ---------------------------------------------------------------- carrying over


def _found(session_id: str, line_id: str) -> tuple[UnitOfWork, KytSession, Line]:
    work = current_work()
    session = kyt.session(work, session_id)
    return work, session, services.line(work, session, line_id)


@blueprint.get("/learning/kyt/<session_id>/lines/<line_id>")
@permission("kyt:view")
def promote(session_id: str, line_id: str) -> ResponseReturnValue:
    """Show where a line can go."""
    return _page(session_id, line_id)


def _chosen(work: UnitOfWork, session: KytSession) -> tuple[list[Project], Project | None]:
    """Return the projects a line may go to, and the one chosen: in the address, or the only one."""
    found = services.projects_for(work, session)
    wanted = request.values.get("project", "")
    chosen = next((each for each in found if each.id == wanted), None)
    return found, chosen or (found[0] if len(found) == 1 else None)


def _page(session_id: str, line_id: str, kind: str = "", form: Form | None = None) -> ResponseReturnValue:
    work, session, one = _found(session_id, line_id)
    projects, project = _chosen(work, session)
    done = {each.kind: each for each in services.carried_of(work, session).get(line_id, [])}
    given = proposed(one, session.number, locale())
    forms = {
        "measure": form if kind == "measure" else MeasureForm(formdata=None, data=given["measure"]),
        "remark": form if kind == "remark" else RemarkForm(formdata=None, data=given["remark"]),
        "question": form if kind == "question" else QuestionForm(formdata=None, data=given["question"]),
    }
    _offer(work, project, forms)
    return page(
        "lessons/promote.html",
        code=422 if form is not None else 200,
        one=one,
        session=session,
        projects=projects,
        project=project,
        forms=forms,
        wrong=form,
        done=done,
        marked=services.MARKED,
        kinds=services.KINDS,
        may_measure=project is not None and measures.may_edit(work, project),
    )


def _offer(work: UnitOfWork, project: Project | None, forms: dict[str, Any]) -> None:
    """Fill the lists of the forms."""
    choose = ("", Text("選んでください", "Choose"))
    rows = services.screenings_for(work, project) if project is not None else []
    words = [
        (
            row.id,
            Text("{phase}（{state}）", "{phase} ({state})").filled(phase=_phase(row), state=state_of(row.state).text),
        )
        for row in rows
    ]
    people = [(each.id, each.name_in(locale())) for each in measures.owners(project)] if project is not None else []
    forms["measure"].screening_id.choices = options(words)
    forms["remark"].screening_id.choices = options(words)
    forms["measure"].owner_id.choices = options([choose, *people])
    sections = services.sections_for(work)
    forms["question"].section.choices = options([choose, *((f"{row.id}|{key}", text) for row, key, text in sections)])


def _phase(row: Any) -> Text:
    return framework_of(row).phase(row.phase).name


@blueprint.post("/learning/kyt/<session_id>/lines/<line_id>/measure")
@permission("screening:answer")
def to_measure(session_id: str, line_id: str) -> ResponseReturnValue:
    """Adopt a measure from a line."""
    work, session, one = _found(session_id, line_id)
    form = MeasureForm()
    _, project = _chosen(work, session)
    if accepted(form):
        with refusals_beside(form):
            rows = services.screenings_for(work, project) if project is not None else []
            row = services.chosen_of(rows, form.screening_id.data or "")
            note = Text("{number}から反映", "From {number}").filled(number=session.number).in_(locale())
            plan = measures.Plan(form.owner_id.data or "", form.due_on.day(), title=form.title.data or "", note=note)
            services.to_measure(work, session, one, row, plan)
            return _done(session_id, "measure")
    return _page(session_id, line_id, "measure", form)


@blueprint.post("/learning/kyt/<session_id>/lines/<line_id>/remark")
@permission("discussion:write")
def to_remark(session_id: str, line_id: str) -> ResponseReturnValue:
    """Begin a thread from a line."""
    work, session, one = _found(session_id, line_id)
    form = RemarkForm()
    _, project = _chosen(work, session)
    if accepted(form):
        with refusals_beside(form):
            rows = services.screenings_for(work, project) if project is not None else []
            row = services.chosen_of(rows, form.screening_id.data or "")
            services.to_remark(work, session, one, row, form.text.data or "")
            return _done(session_id, "remark")
    return _page(session_id, line_id, "remark", form)


@blueprint.post("/learning/kyt/<session_id>/lines/<line_id>/question")
@permission("questionnaire:edit")
def to_question(session_id: str, line_id: str) -> ResponseReturnValue:
    """Add a question to a draft from a line."""
    work, session, one = _found(session_id, line_id)
    form = QuestionForm()
    if accepted(form):
        with refusals_beside(form):
            draft_id, _, section = (form.section.data or "").partition("|")
            words = {name: getattr(form, name).data or "" for name in ("topic", "text", "why")}
            services.to_question(work, session, one, draft_id, section, words, locale())
            return _done(session_id, "question")
    return _page(session_id, line_id, "question", form)


def _done(session_id: str, kind: str) -> ResponseReturnValue:
    tell(Text("{kind}に反映しました。", "Carried over: {kind}.").filled(kind=services.KINDS[kind]))
    return redirect_to("learning.kyt_room", session_id=session_id, _anchor="keys")


# ---------------------------------------------------------------- sheets


@blueprint.get("/learning/scenarios/<key>/sheet.pdf")
@permission("kyt:view")
def blank_sheet(key: str) -> ResponseReturnValue:
    """Send the blank sheet of a scenario as PDF."""
    one = scenarios.scenario(key)
    return _pdf(sheets.blank(one, locale()), f"KYT-{key}.pdf")


@blueprint.get("/learning/kyt/<session_id>/record.pdf")
@permission("kyt:view")
def record_sheet(session_id: str) -> ResponseReturnValue:
    """Send the record of a finished session as PDF."""
    work = current_work()
    row = kyt.session(work, session_id)
    record = kyt.record_of(work, row)
    if record is None:
        raise NotFound
    shown = row.project if row.project and kyt.may_see_project(work, row) else None
    return _pdf(sheets.recorded(work, row, record, shown, locale()), f"{row.number}.pdf")


def _pdf(file: bytes, name: str) -> Response:
    answer = send_file(BytesIO(file), mimetype="application/pdf", as_attachment=True, download_name=name)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
