"""Pages that change a project: register, edit, members. (The case page, which shows it, stands in insight.)"""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from governance.accounts.models import User
from governance.accounts.rules import authorize
from governance.pages import (
    accepted,
    current_work,
    loaded,
    locale,
    page,
    permission,
    redirect_to,
    refusals_beside,
    tell,
)
from governance.projects import services
from governance.projects.forms import EditForm, MemberForm, RegisterForm
from governance.projects.models import ProjectMember
from governance.questionnaires.services import current_framework, framework_in
from governance.texts import Text

blueprint = Blueprint("projects", __name__)

PARTS = {
    "member": Text("担当者", "Member"),
    "owner": Text("責任者", "Owner"),
    "approver": Text("部門責任者（承認者）", "Department head (approver)"),
}


@blueprint.route("/projects/new", methods=["GET", "POST"])
@permission("project:register")
def register() -> ResponseReturnValue:
    """Register a project."""
    work = current_work()
    authorize(work.actor, "project:register")
    form = RegisterForm()
    form.offer(framework_in(current_framework(work)))
    if accepted(form):
        with refusals_beside(form):
            project = services.register(work, form.particulars())
            tell(
                Text(
                    "案件を登録しました。次に、計画のスクリーニングを始めてください。",
                    "Registered. Next, start the screening of the first phase.",
                )
            )
            return redirect_to("insight.case", project_id=project.id)
    return page("projects/edit.html", form=form, project=None)


@blueprint.route("/projects/<project_id>/edit", methods=["GET", "POST"])
@permission("project:edit")
def edit(project_id: str) -> ResponseReturnValue:
    """Change what a project says about itself."""
    work = current_work()
    project = services.project(work, project_id)
    authorize(work.actor, "project:edit", services.relations_of(work, project))
    form = EditForm(obj=project)
    form.offer(framework_in(current_framework(work, project.framework_key)))
    if accepted(form):
        with refusals_beside(form):
            services.change(work, project, form.particulars(services.particulars_of(project)), rev=form.rev.data or 0)
            tell(Text("案件の概要を保存しました。", "The project was saved."))
            return redirect_to("insight.case", project_id=project.id)
    return page("projects/edit.html", form=form, project=project)


@blueprint.route("/projects/<project_id>/members", methods=["GET", "POST"])
@permission("project:view")
def members(project_id: str) -> ResponseReturnValue:
    """Show who takes part, and let the owner add people."""
    work = current_work()
    project = services.project(work, project_id)
    form = MemberForm()
    people = list(work.session.scalars(select(User).where(User.is_active).order_by(User.name)))
    form.offer(people, [(code, text.in_(locale())) for code, text in PARTS.items()])
    if accepted(form):
        with refusals_beside(form):
            person = next((p for p in people if p.id == form.user_id.data), None)
            if person is not None:
                services.add_member(work, project, person, form.part.data)
                tell(Text("加えました。", "Added."))
            return redirect_to("projects.members", project_id=project.id)
    changes = services.may_change_members(work, project)
    return page("projects/members.html", form=form, project=project, parts=PARTS, may_change=changes)


@blueprint.post("/projects/<project_id>/members/<member_id>/leave")
@permission("project:members")
def leave(project_id: str, member_id: str) -> ResponseReturnValue:
    """Let a person leave the project."""
    work = current_work()
    project = services.project(work, project_id)
    services.remove_member(work, project, loaded(ProjectMember, member_id))
    tell(Text("案件から外しました。記録は残ります。", "The person left the project; the record stays."))
    return redirect_to("projects.members", project_id=project.id)
