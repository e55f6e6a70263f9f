"""Shapes of the forms of learning; what the values mean is judged by the rules and services."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, DateInput, ListWidget, TextInput

from governance.accounts.models import User
from governance.accounts.rules import ROLES
from governance.learning import rules
from governance.learning.attending import read_day
from governance.learning.courses import Conditions, Particulars
from governance.learning.kyt import Plan
from governance.learning.models import Course, CourseTerms, KytSession
from governance.pages import Form, RevisedForm, locale, options
from governance.projects.models import Project
from governance.texts import Text

_ASKED = InputRequired(_("入力してください。"))


class DayField(StringField):
    """A day as text, so that what was typed stays on the form, full width or not."""

    widget = DateInput()

    def day(self) -> date | None:
        """Return the day that was entered."""
        return read_day(self.data or "")


class _Whole(IntegerField):
    """A whole number typed as text, so that full-width digits come through."""

    widget = TextInput()


class _Several(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


# ---------------------------------------------------------------- KYT


class PlanForm(RevisedForm):
    """A session: what it is about, when and where, who leads and writes."""

    rev = IntegerField()
    title = StringField(_("題"), [_ASKED])
    situation = TextAreaField(_("場面"), [_ASKED], render_kw={"rows": 6})
    held_on = DayField(_("実施日"), [_ASKED])
    place = StringField(_("場所"))
    leader_id = SelectField(_("進行役"), [_ASKED], validate_choice=False)
    scribe_id = SelectField(_("書記"), [_ASKED], validate_choice=False)
    project_id = SelectField(_("案件"), validate_choice=False)
    scenario = StringField(_("場面"))

    def offer(self, people: Iterable[User], projects: Iterable[Project]) -> None:
        """Fill the lists of people and projects."""
        names = people_choices(people)
        self.leader_id.choices = names
        self.scribe_id.choices = names
        none = ("", Text("案件に結び付けない", "No project"))
        self.project_id.choices = options([none, *((p.id, f"{p.number} {p.name_in(locale())}") for p in projects)])

    def plan(self) -> Plan:
        """Return what was entered."""
        return Plan(
            title=self.title.data or "",
            situation=self.situation.data or "",
            held_on=self.held_on.day(),
            leader_id=self.leader_id.data or "",
            scribe_id=self.scribe_id.data or "",
            place=self.place.data or "",
            scenario=self.scenario.data or "",
            project_id=self.project_id.data or None,
        )


class NewPlanForm(PlanForm):
    """A session that is about to begin."""

    rev = None  # type: ignore[assignment]


def people_choices(people: Iterable[User]) -> list[Any]:
    """Return people as the choices of a list, with a first one that is nobody."""
    named = ((one.id, _with_department(one)) for one in people)
    return options([("", Text("選んでください", "Choose")), *named])


def _with_department(one: User) -> str:
    department = (one.department_en if locale() == "en" else "") or one.department
    return f"{one.name_in(locale())}（{department}）" if department else one.name_in(locale())


def plan_form(row: KytSession) -> PlanForm:
    """Return the form of a session as it stands."""
    side = locale()
    given = {"title": row.called().in_(side), "situation": row.told().in_(side), "held_on": row.held_on.isoformat()}
    return PlanForm(
        data={
            **given,
            "rev": row.rev,
            "place": row.place,
            "leader_id": row.leader_id,
            "scribe_id": row.scribe_id,
            "project_id": row.project_id or "",
        }
    )


class PersonForm(Form):
    """A participant: somebody with an account, or a guest by name."""

    user_id = SelectField(_("利用者"), validate_choice=False)
    name = StringField(_("氏名（利用者でない人）"))
    person = StringField(_("参加者"))


class HazardForm(RevisedForm):
    """A danger: its cause and the event it leads to."""

    rev = IntegerField(default=0)
    cause = StringField(_("原因（〜なので）"))
    event = StringField(_("事象（〜になる）"))
    mark = StringField(_("印"))


class MeasureForm(RevisedForm):
    """A measure."""

    rev = IntegerField(default=0)
    text = StringField(_("対策"))
    mark = StringField(_("印"))


class GoalForm(RevisedForm):
    """The goal of the team, and what is pointed at and called."""

    team_goal = StringField(_("チーム行動目標"))
    call = StringField(_("指差し呼称"))
    mark = StringField(_("印"))


class ReasonForm(RevisedForm):
    """An act with its reason."""

    reason = TextAreaField(_("理由"), render_kw={"rows": 2})


class ActForm(RevisedForm):
    """An act about a stored record."""


# ---------------------------------------------------------------- training


class _CourseFields:
    title = StringField(_("講座名"), [_ASKED])
    title_en = StringField(_("講座名（英語）"))
    about = TextAreaField(_("内容"), render_kw={"rows": 4})
    about_en = TextAreaField(_("内容（英語）"), render_kw={"rows": 4})
    place = StringField(_("受講先"))
    place_en = StringField(_("受講先（英語）"))
    url = StringField(_("受講ページのアドレス"))
    self_record = BooleanField(_("受講した人が自分で記録できる"))

    def particulars(self) -> Particulars:
        """Return what was entered about the course."""
        names = ("title", "title_en", "about", "about_en", "place", "place_en", "url")
        texts = {name: getattr(self, name).data or "" for name in names}
        return Particulars(**texts, self_record=bool(self.self_record.data))


class _TermsFields:
    effective_on = DayField(_("適用開始日"), [_ASKED])
    valid_months = _Whole(_("有効期間（月）"), [InputRequired(_("月数を整数で入力してください。"))])
    mode = RadioField(_("受講の扱い"), [InputRequired(_("扱いを選んでください。"))], validate_choice=False)
    acts = _Several(_("対象の操作"), validate_choice=False)
    roles = _Several(_("対象の役割"), validate_choice=False)
    reason = TextAreaField(_("理由"), render_kw={"rows": 2})

    def offer(self) -> None:
        """Fill the lists of acts, roles and modes."""
        self.acts.choices = options(rules.ACTS.items())
        self.roles.choices = options(ROLES.items())
        self.mode.choices = options(rules.MODES.items())

    def conditions(self) -> Conditions:
        """Return the terms that were entered."""
        return Conditions(
            effective_on=self.effective_on.day(),
            valid_months=self.valid_months.data if self.valid_months.data is not None else -1,
            acts=list(self.acts.data or []),
            roles=list(self.roles.data or []),
            mode=self.mode.data or "",
            reason=self.reason.data or "",
        )


class NewCourseForm(Form, _CourseFields, _TermsFields):
    """A course with its first terms."""

    code = StringField(_("講座コード"), [_ASKED])


class CourseForm(RevisedForm, _CourseFields):
    """What a course says about itself."""


class TermsForm(RevisedForm, _TermsFields):
    """New terms of a course."""


def terms_form(course: Course, now: CourseTerms, today: date) -> TermsForm:
    """Return the form of new terms, filled with the present ones."""
    given = {"valid_months": now.valid_months, "mode": now.mode, "acts": now.acts, "roles": now.roles}
    return TermsForm(data={**given, "rev": course.rev, "effective_on": today.isoformat()})


class AttendanceForm(Form):
    """Who attended a class, and when."""

    attended_on = DayField(_("受講日"), [_ASKED])
    people = _Several(_("受講した人"), validate_choice=False)
    note = StringField(_("メモ"), [Length(max=200)])


class OwnForm(Form):
    """The day of the own attendance."""

    attended_on = DayField(_("受講日"), [_ASKED])


class ListForm(Form):
    """A list of attendances as a file."""

    file = FileField(_("受講名簿（CSV）"), [FileRequired(_("ファイルを選んでください。"))])


def is_wrong(*forms: Form) -> bool:
    """Say whether one of these forms was refused."""
    return any(form.errors or form.form_errors for form in forms)
