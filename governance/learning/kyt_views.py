"""Pages of KYT: scenarios, sessions, and the room in which a team goes through the four rounds.

Every act is a small form that works without script; with it only the room is drawn anew, and the cursor stays where lines are added.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from governance.learning import ending, kyt, rounds, rules
from governance.learning import forms as shapes
from governance.learning.framing import blueprint, people, tabs
from governance.learning.models import KytSession
from governance.learning.scenarios import find, scenario, scenarios
from governance.pages import (
    Form,
    accepted,
    current_work,
    locale,
    page,
    permission,
    redirect_to,
    refusals_beside,
    tell,
    today,
)
from governance.projects.services import projects
from governance.refusals import NotFound
from governance.texts import Text
from governance.work import UnitOfWork

Act = Callable[[UnitOfWork, KytSession], object]


@blueprint.get("/learning")
@permission("kyt:view")
def home() -> ResponseReturnValue:
    """Show the scenarios to begin from, and the sessions."""
    work = current_work()
    rows = kyt.sessions(work)
    return page(
        "learning/home.html",
        tabs=tabs("home"),
        scenarios=scenarios(),
        running=[row for row in rows if row.is_running],
        finished=[row for row in rows if not row.is_running],
        sizes={row.id: kyt.team_size(row) for row in rows},
        seen={row.id for row in rows if kyt.may_see_project(work, row)},
        rounds=rules.ROUND_NAMES,
    )


@blueprint.get("/learning/scenarios/<key>")
@permission("kyt:view")
def scenario_page(key: str) -> ResponseReturnValue:
    """Show a scenario with its picture and hints for the leader."""
    return page("learning/scenario.html", tabs=tabs("home"), one=scenario(key), rounds=rules.ROUNDS)


@blueprint.get("/learning/scenarios/<key>/picture.svg")
@permission("kyt:view")
def picture(key: str) -> ResponseReturnValue:
    """Send the picture of a scenario."""
    answer = Response(scenario(key).svg(), mimetype="image/svg+xml")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@blueprint.route("/learning/kyt/new", methods=["GET", "POST"])
@permission("kyt:open")
def new_kyt() -> ResponseReturnValue:
    """Begin a session, from a scenario or from a situation of one's own."""
    work = current_work()
    found = find(request.args.get("scenario", ""))
    me = work.actor.id
    given = {
        "held_on": today().isoformat(),
        "leader_id": me,
        "scribe_id": me,
        "project_id": request.args.get("project", ""),
    }
    if found is not None:
        given |= {"title": found.title.in_(locale()), "situation": found.situation.in_(locale()), "scenario": found.key}
    form = shapes.NewPlanForm(data=given)
    form.offer(people(work), projects(work))
    if accepted(form):
        with refusals_beside(form):
            row = kyt.begin(work, form.plan())
            tell(
                Text(
                    "KYTを始めました。参加者を加え、危険を出し合ってください。",
                    "Begun. Add the team and find the dangers.",
                )
            )
            return redirect_to("learning.kyt_room", session_id=row.id)
    return page("learning/kyt_edit.html", form=form, one=None, scenario=found)


@blueprint.route("/learning/kyt/<session_id>/edit", methods=["GET", "POST"])
@permission("kyt:open")
def edit_kyt(session_id: str) -> ResponseReturnValue:
    """Change what a session says about itself."""
    work = current_work()
    row = kyt.session(work, session_id)
    kyt.may_lead(work, row)
    form = shapes.plan_form(row)
    form.offer(people(work), [row.project] if row.project else [])
    if accepted(form):
        with refusals_beside(form):
            kyt.change(work, row, form.plan(), rev=form.rev.data or 0)
            tell(Text("保存しました。", "Saved."))
            return redirect_to("learning.kyt_room", session_id=session_id)
    row = kyt.session(work, session_id)
    return page("learning/kyt_edit.html", form=form, one=row, scenario=find(row.scenario))


@blueprint.get("/learning/kyt/<session_id>")
@permission("kyt:view")
def kyt_room(session_id: str) -> ResponseReturnValue:
    """Show a session: its present round, or its record once it is finished."""
    return _room(session_id)


@blueprint.get("/learning/kyt/<session_id>/live")
@permission("kyt:view")
def kyt_live(session_id: str) -> ResponseReturnValue:
    """Say which version of a session there is, so that every device shows what was written on another one; 304 when none is newer."""
    version = _version(kyt.session(current_work(), session_id))
    answer = jsonify(version=version)
    answer.set_etag(version)
    return answer.make_conditional(request)


def _version(row: KytSession) -> str:
    return kyt.version_of(row, f"{current_work().actor.id} {locale()}")


# long: one line for each thing that the page shows
def _room(session_id: str, form: Form | None = None, at: str = "") -> ResponseReturnValue:
    work = current_work()
    row = kyt.session(work, session_id)
    record = kyt.record_of(work, row)
    person = shapes.PersonForm(formdata=None) if not isinstance(form, shapes.PersonForm) else form
    taken = {row.leader_id, row.scribe_id, *(each.user_id for each in row.participants)}
    person.user_id.choices = shapes.people_choices(each for each in people(work) if each.id not in taken)
    found = find(row.scenario)
    return page(
        "learning/kyt_room.html" if record is None else "learning/kyt_record.html",
        code=422 if form is not None else 200,
        one=row,
        version=_version(row),
        record=record,
        scenario=found,
        wrong=form,
        at=at,
        person_form=person,
        size=kyt.team_size(row),
        team_words=rules.team_words(kyt.team_size(row)),
        missing=kyt.missing(row) if row.is_running else [],
        rounds=rules.ROUNDS,
        round_names=rules.ROUND_NAMES,
        number=rules.ORDER.index(row.state) + 1 if row.is_running else 0,
        marks=rules.MARKS,
        mark_names=rules.MARK_NAMES,
        keys=rules.key_ones(row.hazards),
        sees_project=kyt.may_see_project(work, row),
        may_write=kyt.may_on(work, kyt.WRITE, row),
        may_lead=kyt.may_on(work, kyt.LEAD, row),
    )


def _act(session_id: str, form: Form, act: Act, at: str = "") -> ResponseReturnValue:
    """Do one thing in a session and see it again; what was typed stays when it is refused."""
    work = current_work()
    row = kyt.session(work, session_id)
    if accepted(form):
        with refusals_beside(form):
            act(work, row)
            return redirect(url_for("learning.kyt_room", session_id=session_id, _anchor="now"), 303)
    return _room(session_id, form, at)


# ---------------------------------------------------------------- people


@blueprint.post("/learning/kyt/<session_id>/people")
@permission("kyt:write")
def add_person(session_id: str) -> ResponseReturnValue:
    """Add a participant."""
    form = shapes.PersonForm()
    given = {"user_id": form.user_id.data or "", "name": form.name.data or ""}
    return _act(session_id, form, lambda work, row: kyt.add_person(work, row, **given), "people")


@blueprint.post("/learning/kyt/<session_id>/people/<person_id>/remove")
@permission("kyt:write")
def remove_person(session_id: str, person_id: str) -> ResponseReturnValue:
    """Take a participant out."""
    return _act(session_id, Form(), lambda work, row: kyt.remove_person(work, row, person_id))


# ---------------------------------------------------------------- lines


@blueprint.post("/learning/kyt/<session_id>/hazards")
@permission("kyt:write")
def add_hazard(session_id: str) -> ResponseReturnValue:
    """Add a danger."""
    form = shapes.HazardForm()
    said = form.cause.data or "", form.event.data or ""
    return _act(session_id, form, lambda work, row: rounds.add_hazard(work, row, *said), "add")


@blueprint.post("/learning/kyt/<session_id>/hazards/<line_id>")
@permission("kyt:write")
def change_hazard(session_id: str, line_id: str) -> ResponseReturnValue:
    """Write a danger anew."""
    form = shapes.HazardForm()
    said, rev = (form.cause.data or "", form.event.data or ""), form.rev.data or 0
    return _act(session_id, form, lambda work, row: rounds.change_hazard(work, row, line_id, *said, rev=rev), line_id)


@blueprint.post("/learning/kyt/<session_id>/hazards/<line_id>/remove")
@permission("kyt:write")
def remove_hazard(session_id: str, line_id: str) -> ResponseReturnValue:
    """Take a danger away."""
    return _act(session_id, Form(), lambda work, row: rounds.remove_hazard(work, row, line_id))


@blueprint.post("/learning/kyt/<session_id>/hazards/<line_id>/mark")
@permission("kyt:write")
def mark_hazard(session_id: str, line_id: str) -> ResponseReturnValue:
    """Mark a danger."""
    form = shapes.HazardForm()
    mark = form.mark.data or ""
    return _act(session_id, form, lambda work, row: rounds.mark_hazard(work, row, line_id, mark))


@blueprint.post("/learning/kyt/<session_id>/hazards/<line_id>/measures")
@permission("kyt:write")
def add_measure(session_id: str, line_id: str) -> ResponseReturnValue:
    """Add a measure to a key danger."""
    form = shapes.MeasureForm()
    text = form.text.data or ""
    return _act(session_id, form, lambda work, row: rounds.add_measure(work, row, line_id, text), line_id)


@blueprint.post("/learning/kyt/<session_id>/measures/<line_id>")
@permission("kyt:write")
def change_measure(session_id: str, line_id: str) -> ResponseReturnValue:
    """Write a measure anew."""
    form = shapes.MeasureForm()
    text, rev = form.text.data or "", form.rev.data or 0
    return _act(session_id, form, lambda work, row: rounds.change_measure(work, row, line_id, text, rev=rev), line_id)


@blueprint.post("/learning/kyt/<session_id>/measures/<line_id>/remove")
@permission("kyt:write")
def remove_measure(session_id: str, line_id: str) -> ResponseReturnValue:
    """Take a measure away."""
    return _act(session_id, Form(), lambda work, row: rounds.remove_measure(work, row, line_id))


@blueprint.post("/learning/kyt/<session_id>/measures/<line_id>/mark")
@permission("kyt:write")
def mark_measure(session_id: str, line_id: str) -> ResponseReturnValue:
    """Mark a measure."""
    form = shapes.MeasureForm()
    mark = form.mark.data or ""
    return _act(session_id, form, lambda work, row: rounds.mark_measure(work, row, line_id, mark))


@blueprint.post("/learning/kyt/<session_id>/goal")
@permission("kyt:write")
def set_goal(session_id: str) -> ResponseReturnValue:
    """Write the goal of the team."""
    form = shapes.GoalForm()
    said, rev = (form.team_goal.data or "", form.call.data or ""), form.rev.data or 0
    return _act(session_id, form, lambda work, row: rounds.set_goal(work, row, *said, rev=rev), "goal")


# ---------------------------------------------------------------- on, back and to the end


@blueprint.post("/learning/kyt/<session_id>/<way>")
@permission("kyt:lead")
def move(session_id: str, way: str) -> ResponseReturnValue:
    """Go on to the next round or finish, go back, or drop the session."""
    form = shapes.ReasonForm()
    rev, reason = form.rev.data or 0, form.reason.data or ""
    acts: dict[str, Act] = {
        "advance": lambda work, row: ending.advance(work, row, rev=rev),
        "back": lambda work, row: ending.back(work, row, rev=rev),
        "drop": lambda work, row: ending.drop(work, row, reason, rev=rev),
    }
    if way not in acts:
        raise NotFound
    return _act(session_id, form, acts[way], way)
