"""Who is told: the people of a project by their part, and those who hold an office."""

from __future__ import annotations

from sqlalchemy import select

from governance.accounts.models import RoleGrant
from governance.projects.models import Project
from governance.work import UnitOfWork


def team(project: Project) -> list[str]:
    """Return the owner and the members of the project."""
    return parts(project, "owner", "member")


def parts(project: Project, *wanted: str) -> list[str]:
    """Return who takes one of these parts in the project now."""
    return [member.user_id for member in project.members if member.is_current and member.part in wanted]


def holders(work: UnitOfWork, *roles: str) -> list[str]:
    """Return who holds one of these roles now."""
    held = select(RoleGrant.user_id).where(RoleGrant.role.in_(roles), RoleGrant.ended_at.is_(None)).distinct()
    return list(work.session.scalars(held))


def strangers(work: UnitOfWork, project: Project, *roles: str) -> list[str]:
    """Return who holds one of these roles and never belonged to the project: whoever did takes no part in its review."""
    return [user_id for user_id in holders(work, *roles) if not project.ever_had_member(user_id)]
