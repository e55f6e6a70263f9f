"""Pages of incidents and near misses: the list of a project, one incident with its history, and the acts on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask.typing import ResponseReturnValue

from governance.accounts.rules import authorize, may
from governance.monitoring import following, incidents, rules
from governance.monitoring.forms import (
    AnswerForm,
    DutyForm,
    IncidentForm,
    NoteForm,
    PlainForm,
    ReopenForm,
    ScreenForm,
    ToldForm,
    day_of,
    edit_form,
)
from governance.monitoring.framing import blueprint, incident_in, project_of
from governance.monitoring.indicators import framework_of
from governance.monitoring.models import Incident, IncidentChange
from governance.monitoring.standing import notices_of
from governance.pages import (
    Form,
    accepted,
    current_work,
    options,
    page,
    permission,
    redirect_to,
    refusals_beside,
    tell,
    today,
)
from governance.projects.services import relations_of
from governance.questionnaires.definition import Framework
from governance.texts import Text

LABELS = {
    "kind": Text("種類", "Kind"),
    "title": Text("件名", "Title"),
    "occurred_on": Text("発生日", "Happened on"),
    "occurred_time": Text("発生時刻", "At"),
    "found_on": Text("気づいた日", "Found on"),
    "happened": Text("何が起きたか", "What happened"),
    "effect": Text("影響", "Effect"),
    "affected": Text("影響を受けた人", "Affected"),
    "affected_count": Text("人数", "Number of people"),
    "severity": Text("影響の大きさ", "Severity"),
    "immediate": Text("直ちに行ったこと", "Done at once"),
    "cause": Text("原因", "Cause"),
    "prevention": Text("再発防止", "Prevention"),
    "consequence": Text("案件への影響", "Consequence for the case"),
    "state": Text("状態", "State"),
    "closing_note": Text("確かめたこと", "Checked before closing"),
}


def _severities(framework: Framework) -> list[tuple[str, Text]]:
    """Return the grades of severity with what anchors each, the name once where the anchor begins with it."""
    names = incidents.grades(framework)
    if framework.severity:
        names = [_anchored(grade.name, grade.anchor) for grade in framework.severity]
    return [(str(rank), name) for rank, name in enumerate(names, 1)]


def _anchored(name: Text, anchor: Text) -> Text:
    ja = anchor.ja if anchor.ja.startswith(name.ja) else f"{name.ja}：{anchor.ja}"
    en = anchor.en if anchor.en.startswith(name.en) else f"{name.en}: {anchor.en}"
    return Text(ja, en)


def _at(one: Incident, anchor: str | None = None) -> ResponseReturnValue:
    return redirect_to("monitoring.incident", project_id=one.project_id, incident_id=one.id, _anchor=anchor)


@blueprint.get("/projects/<project_id>/incidents")
@permission("project:view")
def incident_list(project_id: str) -> ResponseReturnValue:
    """Show the incidents and near misses of a project."""
    work = current_work()
    project = project_of(work, project_id)
    framework = framework_of(work, project)
    names = incidents.grades(framework)
    return page(
        "monitoring/incidents.html",
        project=project,
        rows=incidents.incidents_of(work, project),
        kinds=rules.INCIDENT_KINDS,
        grades=names,
        is_serious=lambda row: rules.is_serious(row.severity, len(names)),
        notices=notices_of(work, project),
        may_report=may(work.actor, "incident:report", relations_of(work, project)),
    )


@blueprint.route("/projects/<project_id>/incidents/new", methods=["GET", "POST"])
@permission("incident:report")
def new_incident(project_id: str) -> ResponseReturnValue:
    """Report an incident or near miss."""
    work = current_work()
    project = project_of(work, project_id)
    authorize(work.actor, "incident:report", relations_of(work, project))
    form = IncidentForm(data={"found_on": today().isoformat(), "consequence": "none"})
    form.offer(_severities(framework_of(work, project)))
    if accepted(form):
        with refusals_beside(form):
            one = incidents.report(work, project, form.account())
            tell(
                Text(
                    "報告を受け付けました。原因と再発防止は後から書けます。",
                    "Reported. Cause and prevention can be added later.",
                )
            )
            return _at(one)
    return page("monitoring/incident_edit.html", project=project, one=None, form=form)


@blueprint.route("/projects/<project_id>/incidents/<incident_id>/edit", methods=["GET", "POST"])
@permission("incident:edit")
def edit_incident(project_id: str, incident_id: str) -> ResponseReturnValue:
    """Correct or complete an incident."""
    work = current_work()
    one = incident_in(work, project_id, incident_id)
    authorize(work.actor, "incident:edit", incidents.relations_to(work, one))
    form = edit_form(one)
    form.offer(_severities(framework_of(work, one.project)))
    if accepted(form):
        with refusals_beside(form):
            incidents.change(work, one, form.account(), form.reason.data or "", rev=form.rev.data or 0)
            tell(Text("保存しました。前の内容は履歴に残ります。", "Saved; the former text stays in the history."))
            return _at(one)
    return page(
        "monitoring/incident_edit.html", project=one.project, one=incident_in(work, project_id, incident_id), form=form
    )


@blueprint.get("/projects/<project_id>/incidents/<incident_id>")
@permission("project:view")
def incident(project_id: str, incident_id: str) -> ResponseReturnValue:
    """Show one incident with what followed and its history."""
    return _incident_page(incident_in(current_work(), project_id, incident_id))


def _incident_page(one: Incident, **forms: Form) -> ResponseReturnValue:
    work, project = current_work(), one.project
    framework = framework_of(work, project)
    names = incidents.grades(framework)
    changes = incidents.changes_of(work, one)
    given = _forms(one, framework) | forms
    mays = {name: incidents.may_on(work, f"incident:{name}", one) for name in ("edit", "close")}
    return page(
        "monitoring/incident.html",
        code=422 if any(form.errors or form.form_errors for form in forms.values()) else 200,
        project=project,
        one=one,
        kinds=rules.INCIDENT_KINDS,
        consequences=rules.CONSEQUENCES,
        duties=rules.DUTIES,
        grade=names[min(one.severity, len(names)) - 1],
        is_serious=rules.is_serious(one.severity, len(names)),
        missing=[p.text for p in rules.analysis_problems(one.cause, one.immediate, one.prevention, _open_links(one))],
        versions=[_version(before, after, names) for before, after in zip([None, *changes], changes, strict=False)],
        forms=given,
        may_edit=mays["edit"] and one.state != "closed",
        may_reopen=mays["edit"] and one.state != "open",
        may_close=mays["close"],
    )


def _open_links(one: Incident) -> int:
    return sum(link.ended_at is None for link in one.links)


def _forms(one: Incident, framework: Framework) -> dict[str, Any]:
    """Return the forms of the page as they stand before anything is sent."""
    screen = ScreenForm(formdata=None, rev=one.rev, phase=framework.phases[-1].code)
    screen.phase.choices = options([(phase.code, phase.name) for phase in framework.phases])
    answer = AnswerForm(formdata=None)
    answer.target.choices = options([("", Text("選んでください", "Choose")), *_targets(one)])
    duty = DutyForm(formdata=None)
    duty.kind.choices = options(rules.DUTIES.items())
    return {
        "analyse": PlainForm(formdata=None, rev=one.rev),
        "close": NoteForm(formdata=None, rev=one.rev),
        "reopen": ReopenForm(formdata=None, rev=one.rev),
        "screen": screen,
        "answer": answer,
        "duty": duty,
        "told": {row.id: ToldForm(formdata=None, rev=row.rev, told_on=today().isoformat()) for row in one.duties},
        "has_targets": len(answer.target.choices) > 1,
    }


def _targets(one: Incident) -> list[tuple[str, Text]]:
    """Return the measures and conditions of the project that the incident does not name yet."""
    work = current_work()
    named = {id for link in one.links if link.ended_at is None for id in (link.measure_id, link.condition_id)}
    measure, condition = (
        Text("対応策：{title}", "Measure: {title}"),
        Text("条件C-{n}：{title}", "Condition C-{n}: {title}"),
    )
    found = [
        (f"measure:{row.id}", measure.filled(title=row.title()))
        for row in following.measures_of(work, one.project)
        if row.id not in named
    ]
    return found + [
        (f"condition:{row.id}", condition.filled(n=row.number, title=Text(row.text, row.text_en or row.text)))
        for row in following.conditions_of(work, one.project)
        if row.id not in named
    ]


@dataclass(frozen=True)
class Version:
    """One saved state of an incident: who, when, why, and what changed since the one before."""

    change: IncidentChange
    differences: list[tuple[Text, Text, Text]]


def _version(before: IncidentChange | None, after: IncidentChange, names: Sequence[Text]) -> Version:
    old, new = before.said() if before else {}, after.said()
    changed = [name for name in LABELS if old and new and old.get(name) != new.get(name)]
    return Version(
        after,
        [(LABELS[name], _said(name, old.get(name), names), _said(name, new.get(name), names)) for name in changed],
    )


def _said(name: str, value: Any, names: Sequence[Text]) -> Text:
    """Return a stored value in words."""
    if value in (None, ""):
        return Text("―", "–")
    words = {"kind": rules.INCIDENT_KINDS, "consequence": rules.CONSEQUENCES, "state": rules.INCIDENT_STATES}.get(name)
    if name == "severity":
        return names[min(int(value), len(names)) - 1]
    return words[value] if words else Text(str(value), str(value))


# ---------------------------------------------------------------- acts


@blueprint.post("/projects/<project_id>/incidents/<incident_id>/analysed")
@permission("incident:edit")
def analyse_incident(project_id: str, incident_id: str) -> ResponseReturnValue:
    """Say that the incident is analysed."""
    work = current_work()
    one = incident_in(work, project_id, incident_id)
    form = PlainForm()
    if accepted(form):
        with refusals_beside(form):
            incidents.analyse(work, one, rev=form.rev.data or 0)
            tell(
                Text(
                    "分析済みにしました。専門チームが確かめて終結します。",
                    "Analysed. The expert team checks and closes it.",
                )
            )
            return _at(one)
    return _incident_page(incident_in(work, project_id, incident_id), analyse=form)


@blueprint.post("/projects/<project_id>/incidents/<incident_id>/close")
@permission("incident:close")
def close_incident(project_id: str, incident_id: str) -> ResponseReturnValue:
    """Close an analysed incident."""
    work = current_work()
    one = incident_in(work, project_id, incident_id)
    form = NoteForm()
    if accepted(form):
        with refusals_beside(form):
            incidents.close(work, one, form.note.data or "", rev=form.rev.data or 0)
            tell(Text("終結しました。", "Closed."))
            return _at(one)
    return _incident_page(incident_in(work, project_id, incident_id), close=form)


@blueprint.post("/projects/<project_id>/incidents/<incident_id>/reopen")
@permission("incident:edit")
def reopen_incident(project_id: str, incident_id: str) -> ResponseReturnValue:
    """Open an incident again."""
    work = current_work()
    one = incident_in(work, project_id, incident_id)
    form = ReopenForm()
    if accepted(form):
        with refusals_beside(form):
            incidents.reopen(work, one, form.reason.data or "", rev=form.rev.data or 0)
            tell(Text("調査を再開しました。", "Opened again."))
            return _at(one)
    return _incident_page(incident_in(work, project_id, incident_id), reopen=form)


@blueprint.post("/projects/<project_id>/incidents/<incident_id>/screening")
@permission("incident:edit")
def screen_incident(project_id: str, incident_id: str) -> ResponseReturnValue:
    """Open the re-screening that an incident asks for."""
    work = current_work()
    one = incident_in(work, project_id, incident_id)
    form = ScreenForm()
    form.phase.choices = options([(phase.code, phase.name) for phase in framework_of(work, one.project).phases])
    if accepted(form):
        with refusals_beside(form):
            incidents.screen(work, one, form.phase.data or "", rev=form.rev.data or 0)
            tell(Text("再スクリーニングを結び付けました。", "The re-screening is linked."))
            return _at(one)
    return _incident_page(incident_in(work, project_id, incident_id), screen=form)


@blueprint.post("/projects/<project_id>/incidents/<incident_id>/answers")
@permission("incident:edit")
def answer_incident(project_id: str, incident_id: str) -> ResponseReturnValue:
    """Name a measure or condition that answers the incident."""
    work = current_work()
    one = incident_in(work, project_id, incident_id)
    form = AnswerForm()
    form.target.choices = options([("", Text("選んでください", "Choose")), *_targets(one)])
    if accepted(form):
        with refusals_beside(form):
            following.name_answer(work, one, form.target.data or "")
            tell(Text("結び付けました。", "Named."))
            return _at(one, "answers")
    return _incident_page(incident_in(work, project_id, incident_id), answer=form)


@blueprint.post("/projects/<project_id>/incidents/<incident_id>/answers/<link_id>/end")
@permission("incident:edit")
def end_answer(project_id: str, incident_id: str, link_id: str) -> ResponseReturnValue:
    """End the naming of a measure or condition."""
    work = current_work()
    one = incident_in(work, project_id, incident_id)
    following.end_answer(work, one, link_id)
    tell(Text("外しました。", "Removed."))
    return _at(one, "answers")


@blueprint.post("/projects/<project_id>/incidents/<incident_id>/duties")
@permission("incident:edit")
def note_duty(project_id: str, incident_id: str) -> ResponseReturnValue:
    """Note that somebody outside must be told."""
    work = current_work()
    one = incident_in(work, project_id, incident_id)
    form = DutyForm()
    form.kind.choices = options(rules.DUTIES.items())
    if accepted(form):
        with refusals_beside(form):
            following.note_duty(
                work,
                one,
                kind=form.kind.data or "",
                recipient=form.recipient.data or "",
                due_on=day_of(form.due_on),
                told_on=day_of(form.told_on),
                note=form.note.data or "",
            )
            tell(Text("外部報告を記録しました。", "Noted."))
            return _at(one, "duties")
    return _incident_page(incident_in(work, project_id, incident_id), duty=form)


@blueprint.post("/projects/<project_id>/incidents/<incident_id>/duties/<duty_id>/told")
@permission("incident:edit")
def note_told(project_id: str, incident_id: str, duty_id: str) -> ResponseReturnValue:
    """Note the day on which somebody outside was told."""
    work = current_work()
    one = incident_in(work, project_id, incident_id)
    form = ToldForm()
    if accepted(form):
        with refusals_beside(form):
            following.note_told(work, one, duty_id, day_of(form.told_on), rev=form.rev.data or 0)
            tell(Text("報告した日を記録しました。", "Noted."))
            return _at(one, "duties")
    return _incident_page(incident_in(work, project_id, incident_id), note_told=form)


@blueprint.post("/projects/<project_id>/incidents/<incident_id>/duties/<duty_id>/end")
@permission("incident:edit")
def end_duty(project_id: str, incident_id: str, duty_id: str) -> ResponseReturnValue:
    """End a duty that was noted by mistake."""
    work = current_work()
    one = incident_in(work, project_id, incident_id)
    form = PlainForm()
    if accepted(form):
        with refusals_beside(form):
            following.end_duty(work, one, duty_id, rev=form.rev.data or 0)
            tell(Text("外しました。", "Removed."))
            return _at(one, "duties")
    return _incident_page(incident_in(work, project_id, incident_id), end_duty=form)
