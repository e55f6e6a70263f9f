"""Pages of the life of a project: start a re-screening, suspend and resume, withdraw, retire with the disposal record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from flask import request
from flask.typing import ResponseReturnValue

from governance.accounts.rules import authorize, may
from governance.notifications.services import notify
from governance.pages import accepted, current_work, page, permission, redirect_to, refusals_beside, tell, today
from governance.projects import life
from governance.projects.models import Project
from governance.projects.services import project as project_of
from governance.projects.services import relations_of
from governance.questionnaires.definition import Framework, Phase
from governance.questionnaires.services import current_framework, parsed_framework
from governance.screenings import reopening, services
from governance.screenings.framing import blueprint
from governance.screenings.life_forms import ReopenForm, RetireForm, TurnForm
from governance.screenings.models import Screening
from governance.screenings.rules import CLOSED, standing, under_way
from governance.texts import Text
from governance.work import UnitOfWork

# ---------------------------------------------------------------- re-screening


@blueprint.route("/projects/<project_id>/reopen", methods=["GET", "POST"])
@permission("screening:reopen")
def reopen(project_id: str) -> ResponseReturnValue:
    """Start a re-screening of a phase for one or more reasons."""
    work = current_work()
    project = project_of(work, project_id)
    authorize(work.actor, "screening:reopen", relations_of(work, project))
    life.must_run(work, project.id)
    framework = parsed_framework(current_framework(work, project.framework_key).body)
    held = services.screenings_of(work, project)
    phases = _closed_phases(framework, held)
    form = ReopenForm()
    if not form.is_submitted() and request.args.get("phase") in {each.code for each in phases}:
        form.phase.data = request.args["phase"]
    form.offer(phases, framework.rescreening)
    if accepted(form):
        with refusals_beside(form):
            return _reopened(work, project, form)
    return page("projects/reopen.html", form=form, project=project, **_stand(framework, phases, held))


def _closed_phases(framework: Framework, held: Sequence[Screening]) -> list[Phase]:
    """Return the phases that were screened and are not under way."""
    closed = {row.phase for row in held if row.state in CLOSED}
    return [each for each in framework.phases if each.code in closed and not under_way(held, each.code)]


def _stand(framework: Framework, phases: Sequence[Phase], held: Sequence[Screening]) -> dict[str, Any]:
    """Return what the page says about the approvals that stand and the screenings under way."""
    stands = standing(held)
    return {
        "phases": phases,
        "approvals": [(each.name, stands[each.code].valid_until) for each in phases if each.code in stands],
        "running": [(framework.phase(row.phase).name, row) for row in held if row.state not in CLOSED],
    }


def _reopened(work: UnitOfWork, project: Project, form: ReopenForm) -> ResponseReturnValue:
    row = reopening.reopen(
        work,
        project,
        form.phase.data or "",
        reasons=request.form.getlist("reasons"),
        note=form.note.data or "",
        due_on=form.due_on.data,
    )
    tell(
        Text(
            "再スクリーニングを始めました。前回の回答を引き継いでいます。まず判定シートを確かめてください。",
            "The re-screening has begun with the answers of last time. Look at the trigger sheet first.",
        )
    )
    if may(work.actor, "screening:answer", relations_of(work, project)):
        return redirect_to("screenings.triggers", screening_id=row.id)
    return redirect_to("insight.case", project_id=project.id)


# ---------------------------------------------------------------- turns


class Turn(NamedTuple):
    """One turn as its page says it: heading, what it means, the button, and the sentence afterwards."""

    title: Text
    means: Text
    button: Text
    done: Text
    act: Callable[..., Any]


TURNS: dict[str, Turn] = {
    "suspend": Turn(
        Text("案件を一時停止する", "Suspend the project"),
        Text(
            "再開されるまで、スクリーニングの開始・回答・提出はできません。承認と記録はそのまま残ります。事故の調査や、"
            "付帯条件の遅れなどのときに使います。",
            "Until it is resumed, no screening can be opened, answered or submitted. Approvals and records stay. "
            "For instance while an incident is looked into, or when conditions are overdue.",
        ),
        Text("一時停止する", "Suspend"),
        Text("案件を一時停止しました。", "The project is suspended."),
        life.suspend,
    ),
    "resume": Turn(
        Text("案件を再開する", "Resume the project"),
        Text(
            "止まっていたところから続けます。再開してよいと判断した理由を残してください。",
            "Work goes on where it stopped. Say why it may go on.",
        ),
        Text("再開する", "Resume"),
        Text("案件を再開しました。", "The project goes on."),
        life.resume,
    ),
    "withdraw": Turn(
        Text("案件を取り下げる", "Withdraw the project"),
        Text(
            "実施しないことになった案件を終えます。元に戻せません。記録はすべて残ります。運用していたAIを終えるときは、"
            "「廃止」を使ってください。",
            "For a project that will not be carried out. This cannot be undone; the whole record stays. "
            "To end an AI system that was in use, retire it instead.",
        ),
        Text("取り下げる", "Withdraw"),
        Text("案件を取り下げました。記録は残ります。", "The project is withdrawn. Its record stays."),
        life.withdraw,
    ),
}


@blueprint.route("/projects/<project_id>/suspend", methods=["GET", "POST"])
@permission("project:suspend")
def suspend(project_id: str) -> ResponseReturnValue:
    """Suspend a project, with the reason."""
    return _turn(project_id, "suspend")


@blueprint.route("/projects/<project_id>/resume", methods=["GET", "POST"])
@permission("project:resume")
def resume(project_id: str) -> ResponseReturnValue:
    """Let a suspended project go on, with the reason."""
    return _turn(project_id, "resume")


@blueprint.route("/projects/<project_id>/withdraw", methods=["GET", "POST"])
@permission("project:withdraw")
def withdraw_project(project_id: str) -> ResponseReturnValue:
    """Withdraw a project that will not be carried out, with the reason."""
    return _turn(project_id, "withdraw")


def _turn(project_id: str, name: str) -> ResponseReturnValue:
    work, turn, form = current_work(), TURNS[name], TurnForm()
    project = project_of(work, project_id)
    authorize(work.actor, f"project:{name}", relations_of(work, project))
    if accepted(form):
        with refusals_beside(form):
            turn.act(work, project, reason=form.reason.data or "")
            _tell_team(work, project, name)
            tell(turn.done)
            return redirect_to("insight.case", project_id=project.id)
    return page("projects/turn.html", form=form, project=project, turn=turn, is_final=name == "withdraw")


@blueprint.route("/projects/<project_id>/retire", methods=["GET", "POST"])
@permission("project:retire")
def retire(project_id: str) -> ResponseReturnValue:
    """Retire a project with its disposal record."""
    work, form = current_work(), RetireForm()
    project = project_of(work, project_id)
    authorize(work.actor, "project:retire", relations_of(work, project))
    if accepted(form):
        with refusals_beside(form):
            life.retire(work, project, reason=form.reason.data or "", disposed=form.disposed(), today=today())
            _tell_team(work, project, "retire")
            tell(
                Text(
                    "案件を廃止しました。廃止の記録は監査台帳に残ります。", "The project is retired; its record stays."
                )
            )
            return redirect_to("insight.case", project_id=project.id)
    return page("projects/retire.html", form=form, project=project)


def _tell_team(work: UnitOfWork, project: Project, name: str) -> None:
    """Leave a notice for everybody of the project when it stops or goes on."""
    if name in ("suspend", "resume"):
        people = [m.user_id for m in project.members if m.is_current]
        codes = {"about": "resumed"} if name == "resume" else {}
        notify(work, "suspended", people, project=project, href=f"/projects/{project.id}", codes=codes)
