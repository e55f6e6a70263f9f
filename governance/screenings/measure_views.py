"""Pages of measures: adopt one for a gap, change it, note that it is done or dropped."""

from __future__ import annotations

from datetime import date

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from wtforms import Field, SelectField, StringField, SubmitField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length
from wtforms.widgets import DateInput

from governance.accounts.rules import authorize
from governance.pages import (
    Form,
    RevisedForm,
    accepted,
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
from governance.projects.services import relations_of
from governance.questionnaires.definition import Measure, Question
from governance.refusals import NotFound, Refusal
from governance.screenings import kinds, measures, services
from governance.screenings.framing import blueprint, questions_by_key
from governance.screenings.models import AdoptedMeasure, Screening
from governance.texts import Text


def _real_day(form: Form, field: Field) -> None:
    if field.data and not kinds.is_day(kinds.day(field.data)):
        raise ValidationError(_("この日付はありません。2026-12-25 のように入力してください。"))


class _Plan:
    owner_id = SelectField(_("担当"), [InputRequired(_("担当を選んでください。"))], validate_choice=False)
    due_on = StringField(
        _("期限"), [InputRequired(_("いつまでに行うかを入力してください。")), _real_day], widget=DateInput()
    )

    def offer(self, owner: Project) -> None:
        """Fill the list of owners with the team of the project."""
        people = [(person.id, person.name_in(locale())) for person in measures.owners(owner)]
        self.owner_id.choices = options([("", Text("選んでください", "Choose")), *people])

    def plan(self, code: str = "", question_key: str = "", title: str = "") -> measures.Plan:
        """Return what was entered."""
        due = kinds.day(self.due_on.data or "")
        note = self.note.data or ""  # type: ignore[attr-defined]  # each form has a note of its own name
        on = date.fromisoformat(due) if kinds.is_day(due) else None
        return measures.Plan(self.owner_id.data or "", on, code, question_key, title, note)


class AdoptForm(_Plan, Form):
    """A measure to adopt; the title is asked for only where the catalogue does not give it."""

    title = StringField(_("すること"), [Length(max=measures.MAX_TITLE)])
    note = TextAreaField(_("メモ"), [Length(max=measures.MAX_NOTE)], render_kw={"rows": 3})


class ChangeForm(_Plan, RevisedForm):
    """Owner, day and note of a measure that is still planned."""

    note = TextAreaField(_("メモ"), [Length(max=measures.MAX_NOTE)], render_kw={"rows": 3})


class SettleForm(RevisedForm):
    """That a measure is done, or dropped, with a note."""

    note = TextAreaField(_("結果または理由"), [Length(max=measures.MAX_NOTE)], render_kw={"rows": 3})
    done = SubmitField()
    dropped = SubmitField()


@blueprint.route("/screenings/<screening_id>/measures/new", methods=["GET", "POST"])
@permission("screening:answer")
def adopt_measure(screening_id: str) -> ResponseReturnValue:
    """Adopt a measure: from the catalogue (`code`) or in the team's own words."""
    work = current_work()
    row = services.screening(work, screening_id)
    authorize(work.actor, "screening:answer", relations_of(work, row.project))
    framework = services.framework_of(row)
    code, key = request.args.get("code", ""), request.args.get("question", "")
    entry = measures.catalogue_entry(framework, code)
    question = questions_by_key(services.filled(work, row)).get(key)
    if (code and entry is None) or (key and question is None):
        raise NotFound
    form = AdoptForm()
    form.offer(row.project)
    return _adopting(row, entry, question, form)


def _adopting(row: Screening, entry: Measure | None, question: Question | None, form: AdoptForm) -> ResponseReturnValue:
    """Adopt what the form says, or show it with what is wrong."""
    work, framework = current_work(), services.framework_of(row)
    code, key = entry.code if entry else "", question.key if question else ""
    if accepted(form):
        with refusals_beside(form):
            measures.adopt(work, row, framework, form.plan(code, key, form.title.data or ""))
            tell(Text("対応策を予定に入れました。", "The measure is planned."))
            return redirect_to("insight.case", project_id=row.project_id, _anchor="measures")
    return page(
        "screenings/measure_new.html",
        screening=row,
        project=row.project,
        framework=framework,
        entry=entry,
        effort=measures.EFFORTS[entry.effort] if entry else None,
        question=question,
        form=form,
    )


@blueprint.get("/measures/<measure_id>")
@permission("project:view")
def measure(measure_id: str) -> ResponseReturnValue:
    """Show one measure."""
    return _measure_page(measures.measure(current_work(), measure_id))


@blueprint.post("/measures/<measure_id>")
@permission("screening:answer")
def change_measure(measure_id: str) -> ResponseReturnValue:
    """Change owner, day or note."""
    work = current_work()
    one = measures.measure(work, measure_id)
    form = ChangeForm()
    form.offer(one.project)
    if accepted(form):
        with refusals_beside(form):
            measures.change(work, one, form.plan(), rev=form.rev.data or 0)
            tell(Text("保存しました。", "Saved."))
            return redirect_to("screenings.measure", measure_id=measure_id)
    return _measure_page(measures.measure(work, measure_id), change=form)


@blueprint.post("/measures/<measure_id>/settle")
@permission("screening:answer")
def settle_measure(measure_id: str) -> ResponseReturnValue:
    """Note that a measure is done or dropped."""
    work = current_work()
    one = measures.measure(work, measure_id)
    form = SettleForm()
    if accepted(form):
        with refusals_beside(form):
            if form.done.data == form.dropped.data:
                raise Refusal(
                    "screenings.settle",
                    "「完了」か「取りやめ」のどちらかを選んでください。",
                    "Choose either done or dropped.",
                )
            measures.settle(work, one, rev=form.rev.data or 0, is_done=form.done.data, note=form.note.data or "")
            tell(
                Text("完了を記録しました。", "Noted as done.")
                if form.done.data
                else Text("取りやめを記録しました。", "Noted as dropped.")
            )
            return redirect_to("insight.case", project_id=one.project_id, _anchor="measures")
    return _measure_page(measures.measure(work, measure_id), settle=form)


def _measure_page(
    one: AdoptedMeasure, change: ChangeForm | None = None, settle: SettleForm | None = None
) -> ResponseReturnValue:
    work = current_work()
    entry = measures.catalogue_entry(services.framework_of(one.screening), one.code)
    form = change or _change_form(one)
    form.offer(one.project)
    settle = settle or SettleForm(formdata=None, rev=one.rev)
    is_wrong = any(each.errors or each.form_errors for each in (form, settle))
    return page(
        "screenings/measure.html",
        code=422 if is_wrong else 200,
        one=one,
        project=one.project,
        state=measures.STATES[one.state],
        entry=entry,
        effort=measures.EFFORTS[entry.effort] if entry else None,
        question=questions_by_key(services.filled(work, one.screening)).get(one.question_key),
        form=form,
        settle=settle,
        may_edit=one.state == "planned" and measures.may_edit(work, one.project),
    )


def _change_form(one: AdoptedMeasure) -> ChangeForm:
    """Return the form of a measure as it stands."""
    form = ChangeForm(formdata=None, obj=one)
    form.due_on.data = one.due_on.isoformat()
    return form
