"""Acts on notices: write them, list them, mark them as read, choose the mail.

`notify` belongs to the unit of work of the act it tells of: no act, no notice, and nobody hears of a project that they may not see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from governance.accounts.models import User
from governance.notifications.models import MailChoice, Notice
from governance.notifications.rules import TOPICS, check, topic_of
from governance.projects.models import Project
from governance.projects.services import visible
from governance.work import Actor, UnitOfWork


def notify(
    work: UnitOfWork,
    kind: str,
    people: Iterable[str],
    *,
    project: Project | None = None,
    href: str,
    codes: Mapping[str, str] = {},
    once: str = "",
) -> None:
    """Leave a notice for each of these people whose account is open, who may see the project, and who is not the actor.

    `codes` fill the sentence of the kind and are never free text; `once` names a reminder that is left a single time per person.
    """
    check(kind, href, codes)
    wanted = set(people) - {work.actor.id}
    if not wanted:
        return
    told, rhythms = _told(work, once, wanted), _rhythms(work, topic_of(kind), wanted)
    users = select(User).where(User.id.in_(wanted - told), User.is_active).order_by(User.id)
    for user in work.session.scalars(users).all():
        if project is None or may_see(work, user, project.id):
            work.session.add(
                Notice(
                    user_id=user.id,
                    kind=kind,
                    project_id=project.id if project is not None else None,
                    href=href,
                    codes=dict(codes),
                    by_id=work.person,
                    created_at=work.now,
                    rhythm=rhythms.get(user.id, TOPICS[topic_of(kind)].rhythm),
                    once=f"{once}:{user.id}" if once else None,
                )
            )


def may_see(work: UnitOfWork, user: User, project_id: str) -> bool:
    """Tell whether this person may know of the project now."""
    actor = Actor(user.id, user.roles)
    query = select(Project.id).where(Project.id == project_id, visible(actor))
    return work.session.scalar(query) is not None


def _told(work: UnitOfWork, once: str, people: set[str]) -> set[str]:
    """Return who has this very reminder already."""
    if not once:
        return set()
    keys = [f"{once}:{user_id}" for user_id in people]
    return set(work.session.scalars(select(Notice.user_id).where(Notice.once.in_(keys))))


def _rhythms(work: UnitOfWork, topic: str, people: set[str]) -> dict[str, str]:
    query = select(MailChoice.user_id, MailChoice.rhythm)
    rows = work.session.execute(query.where(MailChoice.topic == topic, MailChoice.user_id.in_(people)))
    return {row.user_id: row.rhythm for row in rows}
