"""Who may speak about a case, and whose attention can be asked for: everybody who works on it and may see it.

The team and its approver belong to the case; experts, legal, privacy and secretariat by office. Auditors read only, and a committee
member who stepped back knows nothing of it (domain.md §6.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from governance.accounts.models import RoleGrant, User
from governance.accounts.rules import PERMISSIONS, RELATIONS, may
from governance.discussions import rules
from governance.projects.models import Project, ProjectReader
from governance.projects.rules import relations
from governance.projects.services import RECUSED
from governance.refusals import Refusal
from governance.texts import Text
from governance.work import UnitOfWork

TALK = "discussion:write"
OFFICES = PERMISSIONS[TALK].holders - RELATIONS.keys()
TEAM, OFFICE = Text("案件のメンバー", "Team"), Text("審査・法務・事務局など", "Review, legal, secretariat")


@dataclass(frozen=True)
class Choice:
    """A person whose attention may be asked for, and under which heading the choice stands."""

    id: str
    user: User
    group: Text
    role: str

    def names(self) -> tuple[str, str]:
        """Return the names that the person is known by."""
        return self.user.name, self.user.name_en


def of_case(work: UnitOfWork, project: Project) -> list[Choice]:
    """Return everybody who may write about the case: first its team and approver, then the offices, each by name."""
    parts = {m.user_id: m.part for m in project.members if m.is_current}
    held = select(RoleGrant.user_id).where(RoleGrant.role.in_(OFFICES), RoleGrant.ended_at.is_(None))
    barred = select(ProjectReader.user_id).where(
        ProjectReader.project_id == project.id, ProjectReader.reason == RECUSED
    )
    query = (
        select(User)
        .options(selectinload(User.grants))
        .where(User.is_active, User.id.in_(parts) | (User.id.in_(held) & User.id.not_in(barred)))
    )
    found = [
        Choice(user.id, user, TEAM if user.id in parts else OFFICE, parts.get(user.id) or _office(user))
        for user in work.session.scalars(query.order_by(User.name, User.id))
        if may(user, TALK, relations(project.members, user.id))
    ]
    order = ("owner", "member", "approver", "expert")
    return sorted(found, key=lambda c: (c.group is OFFICE, order.index(c.role) if c.role in order else len(order)))


def _office(user: User) -> str:
    return next((role for role in ("expert", "legal", "privacy", "secretariat") if role in user.roles), "")


def team_of(project: Project) -> set[str]:
    """Return the owner and the members of a project."""
    return {m.user_id for m in project.members if m.is_current and m.part in ("owner", "member")}


def asked_for(work: UnitOfWork, project: Project, chosen: Iterable[str], text: str) -> list[str]:
    """Return whom a comment mentions: the people chosen, and those whose @name stands in the text.

    Raises Refusal for somebody who may not see the case, who left it, or whose account is closed.
    """
    case = {choice.id: choice for choice in of_case(work, project)}
    wanted = [id for id in dict.fromkeys(chosen) if id]
    for id in wanted:
        if id not in case:
            raise _not_here(work.session.get(User, id), project)
    wanted += sorted(rules.named(text, {id: choice.names() for id, choice in case.items()}) - set(wanted))
    return [id for id in wanted if id != work.actor.id]


def _not_here(user: User | None, project: Project) -> Refusal:
    if user is None:
        return Refusal("discussions.nobody", "宛先を選び直してください。", "Choose the people again.", place="to")
    if project.ever_had_member(user.id):
        return Refusal(
            "discussions.left",
            "{name}さんはこの案件を離れたため、宛先にできません。",
            "{name} has left this project and cannot be asked.",
            place="to",
            name=Text(user.name, user.name_in("en")),
        )
    return Refusal(
        "discussions.unseen",
        "{name}さんはこの案件を閲覧できないため、宛先にできません。先に案件のメンバーに加えてください。",
        "{name} may not see this project and cannot be asked. Add them to the project first.",
        place="to",
        name=Text(user.name, user.name_in("en")),
    )
