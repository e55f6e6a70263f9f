"""Whose work is looked for, and how: the person, the day, the filters on projects, and the form of a task.

Every query is narrowed by the person's own part or office, as everywhere (assurance.md R-A), and limited, so that neither the number
of statements nor their size grows with the cases. `project_id` narrows all of them to one case, so that the case page and the home
page never disagree about the next step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import contains_eager

from governance.insight.rules import SHOWN, Task
from governance.projects.life import running
from governance.projects.models import Project, ProjectMember
from governance.questionnaires.definition import Framework
from governance.questionnaires.services import framework_in
from governance.screenings.models import Screening
from governance.texts import Text
from governance.work import UnitOfWork

TEAM = ("owner", "member")


@dataclass(frozen=True)
class Desk:
    """For whom, on which day, and — for the case page — of which project alone."""

    work: UnitOfWork
    today: date
    project_id: str | None = None

    @property
    def me(self) -> str:
        """The person's account."""
        return self.work.actor.id

    def narrowed(self) -> list[ColumnElement[bool]]:
        """Return the condition on the project, if there is one."""
        return [Project.id == self.project_id] if self.project_id else []

    def holds(self, *roles: str) -> bool:
        """Say whether the person holds one of the roles now."""
        return bool(self.work.actor.roles & set(roles))


def named(row: Project) -> Text:
    """Return the name of a project in both languages."""
    return Text(row.name, row.name_in("en"))


def framework_of(row: Screening) -> Framework:
    """Return the framework that a screening pinned."""
    return framework_in(row.framework_version)


def takes_part(user_id: str, parts: Sequence[str] | None, *, ever: bool = False) -> ColumnElement[bool]:
    """Return the filter on `Project` for those the person belongs to now (or ever did), in one of these parts."""
    wanted = [ProjectMember.project_id == Project.id, ProjectMember.user_id == user_id]
    if parts is not None:
        wanted.append(ProjectMember.part.in_(parts))
    if not ever:
        wanted.append(ProjectMember.left_at.is_(None))
    return exists().where(and_(*wanted))


def screenings_for(desk: Desk, *wanted: ColumnElement[bool]) -> list[Screening]:
    """Return the screenings of running projects that fit, those due first, with their projects; one more than is shown."""
    query = (
        select(Screening)
        .join(Screening.project)
        .where(*wanted, running(), *desk.narrowed())
        .options(contains_eager(Screening.project))
    )
    query = query.order_by(Screening.due_on.is_(None), Screening.due_on, Screening.changed_at).limit(SHOWN + 1)
    return list(desk.work.session.scalars(query))


def task_of(row: Screening, what: Text, why: Text, href: str, button: Text, minutes: int, **more: Any) -> Task:
    """Return a task about a screening: its project and phase are named."""
    return Task(
        what=what,
        why=why,
        project=named(row.project),
        project_id=row.project_id,
        phase=more.pop("phase", None) or framework_of(row).phase(row.phase).name,
        href=href,
        button=button,
        minutes=minutes,
        **more,
    )


def newest() -> Select[str]:
    """Return the query for the leading screening of each project: the one opened last that was not withdrawn, else the last one."""
    later = select(Screening.opened_at, Screening.project_id, Screening.id, Screening.state).subquery("later")
    gone, other_gone = Screening.state == "withdrawn", later.c.state == "withdrawn"
    is_later = or_(
        later.c.opened_at > Screening.opened_at,
        and_(later.c.opened_at == Screening.opened_at, later.c.id > Screening.id),
    )
    overtaken = exists().where(
        later.c.project_id == Screening.project_id,
        or_(and_(gone, ~other_gone), and_(or_(gone, ~other_gone), is_later)),
    )
    return select(Screening.id).where(~overtaken)
