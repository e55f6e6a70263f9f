"""Pages of training for everybody, and the overview of who has what."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from governance.accounts.rules import ROLES, may
from governance.learning import attending, courses, overview, rules
from governance.learning import forms as shapes
from governance.learning.framing import blueprint, tabs
from governance.learning.models import TrainingRecord
from governance.learning.services import terms_on
from governance.pages import accepted, current_work, locale, page, permission, redirect_to, refusals_beside, tell, today
from governance.texts import Text


@blueprint.get("/learning/mine")
@permission("training:view")
def mine() -> ResponseReturnValue:
    """Show the reader's own training: what is needed, what they have, and until when."""
    work = current_work()
    needs = overview.own(work)
    held = work.session.query(TrainingRecord).filter_by(user_id=work.actor.id)
    return page(
        "learning/mine.html",
        tabs=tabs("mine"),
        needs=needs,
        lacking=[each for each in needs if each.is_needed and not each.standing.counts],
        records=held.order_by(TrainingRecord.attended_on.desc()).all(),
        standings=rules.STANDINGS,
        acts=rules.ACTS,
        sources=rules.SOURCES,
    )


@blueprint.post("/learning/courses/<course_id>/own")
@permission("training:attend")
def own(course_id: str) -> ResponseReturnValue:
    """Record the own attendance."""
    work = current_work()
    form = shapes.OwnForm()
    if accepted(form):
        with refusals_beside(form):
            made = attending.record_own(work, courses.course(work, course_id), form.attended_on.day())
            until = made.valid_until
            ends = (
                Text("有効期限は{on}です。", "Valid until {on}.").filled(on=until)
                if until
                else Text("期限はありません。", "No end.")
            )
            tell(Text("受講を記録しました。{ends}", "Your attendance was recorded. {ends}").filled(ends=ends))
            return redirect_to("learning.mine")
    return course_page(course_id, own_form=form)


# long: one line for each thing that the page shows
def course_page(
    course_id: str, own_form: shapes.OwnForm | None = None, withdraw: tuple[str, shapes.ReasonForm] | None = None
) -> ResponseReturnValue:
    """Show a course; with a form that was refused."""
    work = current_work()
    one = courses.course(work, course_id)
    rows = work.session.query(TrainingRecord).filter_by(course_id=one.id).order_by(TrainingRecord.attended_on.desc())
    terms = terms_on(one, today())
    return page(
        "learning/course.html",
        code=422 if own_form is not None or withdraw is not None else 200,
        tabs=tabs("courses"),
        one=one,
        terms=terms,
        need=next((each for each in overview.own(work) if each.course.id == one.id), None),
        own_form=own_form or shapes.OwnForm(formdata=None, data={"attended_on": today().isoformat()}),
        act_form=shapes.ActForm(formdata=None, rev=one.rev),
        withdraw=withdraw,
        records=rows.all() if may(work.actor, "training:overview") else [],
        may_manage=may(work.actor, courses.MANAGE),
        may_see_all=may(work.actor, "training:overview"),
        may_attend=may(work.actor, "training:attend"),
        standings=rules.STANDINGS,
        acts=rules.ACTS,
        modes=rules.MODES,
        sources=rules.SOURCES,
        roles=ROLES,
    )


@blueprint.get("/learning/overview")
@permission("training:overview")
def overview_page() -> ResponseReturnValue:
    """Show who must have which training and who has it, with the counts by course."""
    work = current_work()
    every, rows, counts = overview.table(work)
    wanted, state = request.args.get("course", ""), request.args.get("state", "")
    place = next((number for number, each in enumerate(every) if each.code == wanted), None)
    shown = [row for row in rows if _fits(row, place, state)]
    return page(
        "learning/overview.html",
        tabs=tabs("overview"),
        courses=every,
        named=[(each.code, f"{each.code} {each.called().in_(locale())}") for each in every],
        rows=shown,
        total=len(rows),
        counts=counts,
        course=wanted if place is not None else "",
        state=state if state in rules.STANDINGS else "",
        standings=rules.STANDINGS,
        modes=rules.MODES,
    )


def _fits(row: overview.Row, place: int | None, state: str) -> bool:
    """Say whether a person is among those asked for: who needs or took the course, or any, and stands to it as asked."""
    needs = [need for need in (row.needs if place is None else [row.needs[place]]) if need is not None]
    if state in rules.STANDINGS:
        needs = [need for need in needs if need.is_needed and need.standing.state == state]
    return bool(needs)
