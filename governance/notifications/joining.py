"""Tells people that they joined a project.

Memberships are written by the projects, which stand below the notices and know nothing of them; so the worker looks for the new ones
every few seconds, and the name of a notice keeps anybody from being told twice.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import String, cast, or_, select

from governance.accounts.models import User
from governance.notifications.models import Notice
from governance.notifications.services import notify
from governance.projects.models import Project, ProjectMember
from governance.work import UnitOfWork

RECENT = timedelta(days=1)


def newcomers(work: UnitOfWork) -> list[ProjectMember]:
    """Return who joined a project since yesterday and was not told yet; whoever registered it knows that they own it."""
    name = "joined:" + cast(ProjectMember.id, String) + ":" + ProjectMember.user_id
    told = select(Notice.id).where(Notice.once == name).exists()
    query = (
        select(ProjectMember)
        .join(Project, ProjectMember.project_id == Project.id)
        .join(User, ProjectMember.user_id == User.id)
        .where(ProjectMember.joined_at > work.now - RECENT, ProjectMember.left_at.is_(None), User.is_active, ~told)
        .where(or_(ProjectMember.part != "owner", ProjectMember.user_id != Project.created_by))
    )
    return list(work.session.scalars(query))


def welcome(work: UnitOfWork) -> int:
    """Leave a notice for each of them; return how many."""
    rows = newcomers(work)
    for row in rows:
        href, once = f"/projects/{row.project_id}", f"joined:{row.id}"
        notify(work, "assigned", [row.user_id], project=row.project, href=href, codes={"about": row.part}, once=once)
    return len(rows)
