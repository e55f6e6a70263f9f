"""Pages of courses: the list, one course, and what its administrators do: terms, attendances of a class or from a list."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from governance.accounts.rules import ROLES, authorize, may
from governance.learning import attending, courses, overview, rules
from governance.learning import forms as shapes
from governance.learning.framing import blueprint, people, tabs
from governance.learning.models import Course
from governance.learning.services import courses as courses_in_use
from governance.learning.services import terms_on
from governance.learning.training_views import course_page
from governance.pages import (
    accepted,
    current_work,
    locale,
    options,
    page,
    permission,
    redirect_to,
    refusals_beside,
    tell,
    today,
)
from governance.texts import Text


def _at(course_id: str, anchor: str | None = None) -> ResponseReturnValue:
    return redirect_to("learning.course", course_id=course_id, _anchor=anchor)


def _managed(course_id: str) -> Course:
    """Return a course for its administrators."""
    work = current_work()
    authorize(work.actor, courses.MANAGE)
    return courses.course(work, course_id)


@blueprint.get("/learning/courses")
@permission("training:view")
def course_list() -> ResponseReturnValue:
    """Show the courses."""
    work = current_work()
    every = courses_in_use(work, retired=True)
    return page(
        "learning/courses.html",
        tabs=tabs("courses"),
        rows=[each for each in every if each.retired_at is None],
        ended=[each for each in every if each.retired_at is not None],
        terms={each.id: terms_on(each, today()) for each in every},
        needs={each.course.id: each for each in overview.own(work)},
        standings=rules.STANDINGS,
        acts=rules.ACTS,
        modes=rules.MODES,
        roles=ROLES,
        may_manage=may(work.actor, courses.MANAGE),
    )


@blueprint.route("/learning/courses/new", methods=["GET", "POST"])
@permission(courses.MANAGE)
def new_course() -> ResponseReturnValue:
    """Add a course with its first terms."""
    work = current_work()
    form = shapes.NewCourseForm(data={"effective_on": today().isoformat(), "valid_months": 12, "mode": "warn"})
    form.offer()
    if accepted(form):
        with refusals_beside(form):
            made = courses.add(work, form.code.data or "", form.particulars(), form.conditions())
            tell(Text("講座を登録しました。", "The course was added."))
            return _at(made.id)
    return page("learning/course_edit.html", tabs=tabs("courses"), form=form, one=None)


@blueprint.get("/learning/courses/<course_id>")
@permission("training:view")
def course(course_id: str) -> ResponseReturnValue:
    """Show a course: what it is about, where it is taken, its terms, and who attended."""
    return course_page(course_id)


@blueprint.route("/learning/courses/<course_id>/edit", methods=["GET", "POST"])
@permission(courses.MANAGE)
def edit_course(course_id: str) -> ResponseReturnValue:
    """Change what a course says about itself."""
    row = _managed(course_id)
    form = shapes.CourseForm(obj=row)
    if accepted(form):
        with refusals_beside(form):
            courses.change(current_work(), row, form.particulars(), rev=form.rev.data or 0)
            tell(Text("保存しました。", "Saved."))
            return _at(course_id)
    return page("learning/course_edit.html", tabs=tabs("courses"), form=form, one=_managed(course_id))


@blueprint.route("/learning/courses/<course_id>/terms", methods=["GET", "POST"])
@permission(courses.MANAGE)
def set_terms(course_id: str) -> ResponseReturnValue:
    """Set new terms of a course."""
    row = _managed(course_id)
    form = shapes.terms_form(row, terms_on(row, today()) or row.terms[-1], today())
    form.offer()
    if accepted(form):
        with refusals_beside(form):
            courses.set_terms(current_work(), row, form.conditions(), rev=form.rev.data or 0)
            tell(
                Text(
                    "受講条件を設定しました。これまでの記録は変わりません。",
                    "The terms were set; records before them stay.",
                )
            )
            return _at(course_id, "terms")
    return page("learning/course_terms.html", tabs=tabs("courses"), form=form, one=_managed(course_id))


@blueprint.post("/learning/courses/<course_id>/retire")
@permission(courses.MANAGE)
def retire_course(course_id: str) -> ResponseReturnValue:
    """End a course."""
    row = _managed(course_id)
    form = shapes.ActForm()
    if accepted(form):
        courses.retire(current_work(), row, rev=form.rev.data or 0)
        tell(Text("講座を終了しました。受講の記録は残ります。", "The course has ended; its records stay."))
    return _at(course_id)


# ---------------------------------------------------------------- attendances


@blueprint.route("/learning/courses/<course_id>/attendances", methods=["GET", "POST"])
@permission(courses.MANAGE)
def attendances(course_id: str) -> ResponseReturnValue:
    """Record who attended a class."""
    work, row = current_work(), _managed(course_id)
    form = shapes.AttendanceForm(data={"attended_on": today().isoformat()})
    form.people.choices = options((each.id, each.name_in(locale())) for each in people(work))
    if accepted(form):
        with refusals_beside(form):
            chosen = list(form.people.data or [])
            made = attending.record(work, row, chosen, form.attended_on.day(), note=form.note.data or "")
            tell(Text("{n}人の受講を記録しました。", "Attendances recorded: {n}.").filled(n=len(made)))
            return _at(course_id, "records")
    lists = shapes.ListForm(formdata=None)
    return _attendance_page(course_id, form, lists)


def _attendance_page(course_id: str, form: shapes.AttendanceForm, lists: shapes.ListForm) -> ResponseReturnValue:
    everybody = people(current_work())
    form.people.choices = options((each.id, each.name_in(locale())) for each in everybody)
    return page(
        "learning/attendances.html",
        code=422 if shapes.is_wrong(form, lists) else 200,
        tabs=tabs("courses"),
        one=_managed(course_id),
        form=form,
        lists=lists,
        people={each.id: each for each in everybody},
        most=attending.MOST_AT_ONCE,
    )


@blueprint.post("/learning/courses/<course_id>/list")
@permission(courses.MANAGE)
def attendance_list(course_id: str) -> ResponseReturnValue:
    """Record the attendances of a list as CSV."""
    row = _managed(course_id)
    form = shapes.ListForm()
    if accepted(form):
        with refusals_beside(form):
            content = bytes(form.file.data.read(attending.MOST_BYTES + 1))
            made = attending.record_list(current_work(), row, content)
            tell(
                Text("名簿から{n}人の受講を記録しました。", "Attendances recorded from the list: {n}.").filled(
                    n=len(made)
                )
            )
            return _at(course_id, "records")
    blank = shapes.AttendanceForm(formdata=None, data={"attended_on": today().isoformat()})
    return _attendance_page(course_id, blank, form)


@blueprint.post("/learning/courses/<course_id>/attendances/<record_id>/withdraw")
@permission(courses.MANAGE)
def withdraw(course_id: str, record_id: str) -> ResponseReturnValue:
    """Withdraw an attendance that was recorded by mistake."""
    work, form = current_work(), shapes.ReasonForm()
    row = attending.attendance(work, _managed(course_id), record_id)
    if accepted(form):
        with refusals_beside(form):
            attending.withdraw(work, row, form.reason.data or "", rev=form.rev.data or 0)
            tell(
                Text(
                    "受講の記録を取り消しました。理由とともに残ります。",
                    "Withdrawn; it stays on record with the reason.",
                )
            )
            return _at(course_id, "records")
    return course_page(course_id, withdraw=(record_id, form))
