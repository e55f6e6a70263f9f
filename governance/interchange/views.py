"""Pages of exchange: a questionnaire out and in, answers out and in. Whoever uploads sees what would change before anything does.

Files are looked at in a unit that only reads (`unit="own"`), so that a large one keeps nobody from saving.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Blueprint, Response, send_file
from flask.typing import ResponseReturnValue

from governance.accounts.rules import authorize, may
from governance.interchange import answering, services
from governance.interchange.documents import Defaults
from governance.interchange.forms import ApplyForm, ChangeForm, DraftForm, FileForm, NewForm
from governance.interchange.showing import Shown, shown
from governance.interchange.workbook import MAX_FILE
from governance.pages import (
    accepted,
    current_work,
    locale,
    now,
    options,
    page,
    permission,
    place,
    problems_of,
    redirect_to,
    refusals_beside,
    tell,
)
from governance.projects.services import relations_of
from governance.questionnaires import services as questionnaires
from governance.questionnaires.definition import Framework
from governance.questionnaires.services import questionnaire_in
from governance.refusals import NotFound, Refusal, Refusals
from governance.screenings import services as screenings
from governance.screenings.models import Screening
from governance.screenings.rules import EDITABLE
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("interchange", __name__)
MOST_SHOWN = 200


def _attachment(content: bytes, media_type: str, name: str) -> Response:
    answer = send_file(BytesIO(content), mimetype=media_type, as_attachment=True, download_name=name)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _uploaded(form: FileForm) -> bytes:
    """Return the bytes of the file that was sent, one more than may be so that a larger one is refused and not cut."""
    return bytes(form.file.data.read(MAX_FILE + 1)) if form.file.data else b""


# ---------------------------------------------------------------- questionnaires


@blueprint.get("/questionnaires/<questionnaire_id>/exchange")
@permission("questionnaire:view")
def exchange(questionnaire_id: str) -> ResponseReturnValue:
    """Show the formats a version can be taken out in, and the upload of a changed one."""
    work = current_work()
    row = questionnaires.version(work, questionnaire_id)
    return _exchange(work, row, _change_form())


def _change_form() -> ChangeForm:
    form = ChangeForm()
    form.source.choices = options(list(services.SOURCES.items()))
    return form


def _exchange(work: UnitOfWork, row: Any, form: ChangeForm, refused: list[Any] | None = None) -> ResponseReturnValue:
    return page(
        "interchange/questionnaire.html",
        row=row,
        document=questionnaire_in(row),
        form=form,
        refused=refused or [],
        may_edit=may(work.actor, "questionnaire:edit"),
        code=422 if refused else None,
    )


@blueprint.get("/questionnaires/<questionnaire_id>/download/<target>")
@permission("questionnaire:view")
def download(questionnaire_id: str, target: str) -> ResponseReturnValue:
    """Send a version as a file: yaml, xlsx, surveyjs, or its blank form as pdf in the reader's language."""
    work = current_work()
    row = questionnaires.version(work, questionnaire_id)
    if target not in services.FILES:
        raise NotFound
    content = services.exported(work, row, target, locale(), now())
    media_type, ending = services.FILES[target]
    return _attachment(content, media_type, f"{row.key}-{row.version}.{ending}")


@blueprint.post("/questionnaires/<questionnaire_id>/exchange")
@permission("questionnaire:edit", unit="own")
def look(questionnaire_id: str) -> ResponseReturnValue:
    """Show what an uploaded file would change in this questionnaire."""
    work = current_work()
    row = questionnaires.version(work, questionnaire_id)
    authorize(work.actor, "questionnaire:edit")
    form = _change_form()
    if not accepted(form):
        return _exchange(work, row, form)
    try:
        found = services.preview(work, row, _uploaded(form), form.source.data)
    except (Refusal, Refusals) as refused:
        return _exchange(work, row, form, _told(refused))
    return _preview(found, row)


def _told(refused: Refusal | Refusals) -> list[tuple[None, Text, None]]:
    """Return the sentences of a refusal for the summary, at most as many as a page can carry."""
    if isinstance(refused, NotFound):
        raise refused
    return [(None, problem.text, None) for problem in problems_of(refused)[:MOST_SHOWN]]


def _preview(found: services.Preview, row: Any) -> ResponseReturnValue:
    form = DraftForm(formdata=None)
    form.text.data = found.text
    return page("interchange/preview.html", found=found, row=row, form=form, most=MOST_SHOWN)


@blueprint.post("/questionnaires/<questionnaire_id>/import")
@permission("questionnaire:edit")
def begin(questionnaire_id: str) -> ResponseReturnValue:
    """Begin a draft with what was looked at."""
    work = current_work()
    row = questionnaires.version(work, questionnaire_id)
    return _begin(work, DraftForm(), row)


def _begin(work: UnitOfWork, form: DraftForm, row: Any) -> ResponseReturnValue:
    if accepted(form):
        with refusals_beside(form):
            draft = services.begin(work, form.text.data or "", form.note.data or "", new=row is None)
            tell(Text("取り込んだ内容で下書きを作りました。", "A draft was made of the imported file."))
            return redirect_to("drafts.show", draft_id=draft.id)
    return page("interchange/again.html", form=form, row=row, code=422)


@blueprint.route("/questionnaires/import", methods=["GET", "POST"])
@permission("questionnaire:edit", unit="own")
def import_new() -> ResponseReturnValue:
    """Show what a file would become as a new questionnaire."""
    work = current_work()
    authorize(work.actor, "questionnaire:edit")
    framework = _in_force(work)
    form = _new_form(framework)
    if accepted(form):
        chosen = {name: form[name].data for name in ("kind", "phase", "pack", "item")}
        defaults = services.with_head(Defaults(form.key.data or "", framework=framework.key), **chosen)
        try:
            return _preview(services.preview(work, None, _uploaded(form), form.source.data, defaults), None)
        except (Refusal, Refusals) as refused:
            place(form, refused)
    return page("interchange/new.html", form=form)


def _in_force(work: UnitOfWork) -> Framework:
    """Return the framework in force; without one there is nothing to write a questionnaire for."""
    try:
        return services.framework_of(work)
    except Refusal as none:
        raise NotFound from none


def _new_form(framework: Framework) -> NewForm:
    form = NewForm()
    none = [("", Text("―", "–"))]
    form.source.choices = options(list(services.SOURCES.items()))
    form.kind.choices = options(
        [
            ("pack", Text("追加質問群", "Pack")),
            ("screening", Text("フェーズ", "Phase")),
            ("trigger", Text("判定シート", "Trigger sheet")),
        ]
    )
    form.phase.choices = options(none + [(phase.code, phase.name) for phase in framework.phases])
    form.pack.choices = options(none + [(pack.code, pack.name) for pack in framework.packs])
    form.item.choices = options(none + [(item.code, item.name) for item in framework.items])
    return form


@blueprint.post("/questionnaires/import/draft")
@permission("questionnaire:edit")
def begin_new() -> ResponseReturnValue:
    """Begin a draft of a new questionnaire with what was looked at."""
    return _begin(current_work(), DraftForm(), None)


# ---------------------------------------------------------------- answers


@blueprint.get("/screenings/<screening_id>/exchange")
@permission("project:view")
def answers(screening_id: str) -> ResponseReturnValue:
    """Show the workbook of a screening and the upload of a filled one."""
    work = current_work()
    return _answers(work, screenings.screening(work, screening_id), FileForm())


def _answers(
    work: UnitOfWork,
    row: Screening,
    form: FileForm,
    *,
    refused: list[Any] | None = None,
    looked: answering.Looked | None = None,
    apply_form: ApplyForm | None = None,
) -> ResponseReturnValue:
    relations = relations_of(work, row.project)
    filled = screenings.filled(work, row)
    return page(
        "interchange/answers.html",
        screening=row,
        project=row.project,
        phase=filled.sheet.framework.phase(row.phase),
        form=form,
        refused=refused or [],
        looked=looked,
        changes=_shown(filled, looked.changes) if looked else [],
        conflicts=_shown(filled, looked.conflicts) if looked else [],
        apply_form=apply_form,
        may_answer=may(work.actor, "screening:answer", relations) and row.state in EDITABLE,
        code=422 if refused else None,
    )


def _shown(filled: Any, differences: list[Any]) -> list[Shown]:
    return [shown(filled.sheet, each) for each in differences]


@blueprint.get("/screenings/<screening_id>/answers.xlsx")
@permission("project:view")
def answers_file(screening_id: str) -> ResponseReturnValue:
    """Send the workbook of a screening's answers in the reader's language."""
    work = current_work()
    row = screenings.screening(work, screening_id)
    content = answering.workbook(work, row, locale())
    return _attachment(content, services.FILES["xlsx"][0], f"{row.project.number}-{row.phase}-answers.xlsx")


@blueprint.post("/screenings/<screening_id>/exchange")
@permission("screening:answer", unit="own")
def look_at_answers(screening_id: str) -> ResponseReturnValue:
    """Show what an uploaded workbook would change."""
    work = current_work()
    row = screenings.screening(work, screening_id)
    answering.may_answer(work, row)
    form = FileForm()
    if not accepted(form):
        return _answers(work, row, form)
    try:
        looked = answering.look(work, row, _uploaded(form))
    except (Refusal, Refusals) as refused:
        return _answers(work, row, form, refused=_told(refused))
    if looked.problems:
        return _answers(work, row, form, refused=_told(Refusals(looked.problems)))
    apply_form = ApplyForm(formdata=None)
    apply_form.payload.data = looked.payload()
    return _answers(work, row, FileForm(formdata=None), looked=looked, apply_form=apply_form)


@blueprint.post("/screenings/<screening_id>/exchange/apply")
@permission("screening:answer")
def apply_answers(screening_id: str) -> ResponseReturnValue:
    """Save what was looked at."""
    work = current_work()
    row = screenings.screening(work, screening_id)
    form = ApplyForm()
    if accepted(form):
        with refusals_beside(form):
            count = answering.apply(work, row, form.payload.data or "")
            tell(Text("{n}件の回答を反映しました。", "{n} answers were applied.").filled(n=count))
            return redirect_to("screenings.overview", screening_id=row.id)
    return _answers(
        work, row, FileForm(formdata=None), refused=[(None, each, None) for each in form.form_errors] or None
    )
