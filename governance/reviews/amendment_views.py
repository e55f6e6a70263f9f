"""Pages of what follows a decision: the changes of a project with a form to file one, one change with its decision, and an appeal."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from governance.accounts.rules import authorize, may
from governance.pages import accepted, current_work, page, permission, redirect_to, refusals_beside, tell
from governance.projects.life import must_run
from governance.projects.services import project as project_of
from governance.projects.services import relations_of
from governance.questionnaires.definition import Framework
from governance.questionnaires.services import current_framework, parsed_framework
from governance.reviews import amendments, appeals
from governance.reviews.amendment_forms import AmendmentForm, AppealForm, VerdictForm
from governance.reviews.amendment_models import Amendment
from governance.reviews.amendment_rules import AMENDMENT_STATES, SCALES
from governance.reviews.people import ties_of
from governance.screenings import services as screenings
from governance.screenings.rules import standing, under_way
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("amendments", __name__)


@blueprint.route("/projects/<project_id>/amendments", methods=["GET", "POST"])
@permission("project:view")
def index(project_id: str) -> ResponseReturnValue:  # long: one line per part of the page
    """List the changes that were filed for a project, and file one."""
    work = current_work()
    project = project_of(work, project_id)
    framework = parsed_framework(current_framework(work, project.framework_key).body)
    held = screenings.screenings_of(work, project)
    stands = standing(held)
    phases = [each for each in framework.phases if each.code in stands and not under_way(held, each.code)]
    may_file = may(work.actor, "amendment:file", relations_of(work, project))
    form = AmendmentForm()
    form.offer(phases, framework.rescreening)
    if request.method == "POST":
        authorize(work.actor, "amendment:file", relations_of(work, project))
        must_run(work, project.id)
    if accepted(form):
        with refusals_beside(form):
            row = amendments.file_amendment(
                work,
                project,
                form.phase.data or "",
                scale=form.scale.data or "",
                reasons=request.form.getlist("reasons"),
                text=form.text.data or "",
            )
            tell(_filed(row.scale))
            return redirect_to("amendments.show", amendment_id=row.id)
    return page(
        "reviews/amendments.html",
        project=project,
        framework=framework,
        form=form,
        phases=phases,
        stands=stands,
        may_file=may_file,
        rows=amendments.amendments_of(work, project),
        states=AMENDMENT_STATES,
        scales=SCALES,
        occasions=_occasions(framework),
    )


def _filed(scale: str) -> Text:
    if scale == "major":
        return Text(
            "変更を申請し、再スクリーニングを始めました。いまの承認は、結果が出るまで有効です。",
            "The change is filed and the re-screening has begun. The approval stands until its result.",
        )
    return Text(
        "変更を申請しました。専門チームの判断を待ちます。いまの承認は有効です。",
        "The change is filed and waits for the expert team. The approval stands.",
    )


def _occasions(framework: Framework) -> dict[str, Text]:
    return {each.code: each.name for each in framework.rescreening}


@blueprint.route("/amendments/<amendment_id>", methods=["GET", "POST"])
@permission("project:view")
def show(amendment_id: str) -> ResponseReturnValue:  # long: one line per part of the page
    """Show one change, and let the expert team decide it."""
    work = current_work()
    row = amendments.amendment(work, amendment_id)
    relations = relations_of(work, row.project)
    form = VerdictForm(obj=row)
    form.offer()
    if request.method == "POST":
        authorize(work.actor, "amendment:decide", relations)
    if accepted(form):
        with refusals_beside(form):
            amendments.decide_amendment(
                work, row, form.act.data or "", rev=form.rev.data or 0, verdict=form.verdict.data or ""
            )
            tell(Text("判断を記録しました。", "The decision is recorded."))
            return redirect_to("amendments.show", amendment_id=row.id)
    framework = screenings.framework_of(row.approval)
    return page(
        "reviews/amendment.html",
        row=row,
        project=row.project,
        form=form,
        phase=framework.phase(row.phase),
        states=AMENDMENT_STATES,
        scales=SCALES,
        occasions=_occasions(parsed_framework(current_framework(work, row.project.framework_key).body)),
        decides=row.state == "filed" and may(work.actor, "amendment:decide", relations) and not _is_bound(work, row),
        withdraws=row.state == "filed" and may(work.actor, "amendment:file", relations),
    )


def _is_bound(work: UnitOfWork, row: Amendment) -> bool:
    ties = ties_of(work, row.approval)
    return work.actor.id in ties.team | ties.former | ties.approvers | ties.authors


@blueprint.post("/amendments/<amendment_id>/withdraw")
@permission("amendment:file")
def withdraw(amendment_id: str) -> ResponseReturnValue:
    """Take back a change that nobody has decided yet."""
    work = current_work()
    row = amendments.amendment(work, amendment_id)
    amendments.withdraw_amendment(work, row, rev=request.form.get("rev", 0, type=int))
    tell(Text("変更申請を取り下げました。", "The amendment is withdrawn."))
    return redirect_to("amendments.index", project_id=row.project_id)


@blueprint.route("/screenings/<screening_id>/appeal", methods=["GET", "POST"])
@permission("screening:appeal")
def appeal(screening_id: str) -> ResponseReturnValue:  # long: one line per part of the page
    """File an appeal against the rejection of a screening."""
    work = current_work()
    row = screenings.screening(work, screening_id)
    authorize(work.actor, "screening:appeal", relations_of(work, row.project))
    must_run(work, row.project_id)
    decision = appeals.refuse_appeal(work, row)
    form = AppealForm(obj=row)
    if accepted(form):
        with refusals_beside(form):
            appeals.appeal(work, row, rev=form.rev.data or 0, facts=form.facts.data or "")
            tell(
                Text(
                    "異議を申し立てました。前と違う担当者が審査し、委員会が改めて決定します。",
                    "The appeal is filed. Somebody else leads the review and the committee decides anew.",
                )
            )
            return redirect_to("insight.case", project_id=row.project_id)
    return page(
        "reviews/appeal.html",
        row=row,
        project=row.project,
        phase=screenings.framework_of(row).phase(row.phase),
        decision=decision,
        last_day=appeals.last_day(decision),
        form=form,
    )
