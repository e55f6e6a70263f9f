"""Acts on notices: write them, list them, mark them as read, choose the mail.

`notify` belongs to the unit of work of the act it tells of: no act, no notice, and nobody hears of a project that they may not see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, func, or_, select, update
from sqlalchemy.orm import joinedload, selectinload

from governance.accounts.models import User
from governance.notifications.models import MailChoice, Notice
from governance.notifications.rules import KINDS, RHYTHMS, TOPICS, check, kinds_of, topic_of
from governance.projects.models import Project
from governance.projects.services import SEES_ALL, seen_by, visible
from governance.refusals import NotFound, Refusal
from governance.work import Actor, UnitOfWork

PER_PAGE = 50


@dataclass(frozen=True)
class Page:
    """A part of somebody's notices: how many are before it, and whether more follow."""

    rows: Sequence[Notice]
    before: int
    has_more: bool


# long: one line per column of a notice
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
    users = (
        select(User)
        .options(selectinload(User.grants))
        .where(User.id.in_(wanted - told), User.is_active)
        .order_by(User.id)
    )
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


def sees(work: UnitOfWork, user_id: str, project_id: str) -> bool:
    """Tell whether the person with this account may know of the project now."""
    user = work.session.get(User, user_id)
    return user is not None and may_see(work, user, project_id)


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


# ---------------------------------------------------------------- reading


def unread(work: UnitOfWork) -> int:
    """Return how many unread notices the actor has, of those that they may still see: one statement for the head of every page."""
    of = {"reader": work.actor.id}
    return work.session.scalar(_UNREAD[bool(work.actor.roles & SEES_ALL)], of) or 0


def _unread(*, sees_all: bool) -> Select[int]:
    reader: BindParameter[str] = bindparam("reader")
    seen = select(Project.id).where(Project.id == Notice.project_id, seen_by(reader, sees_all=sees_all)).exists()
    mine = (Notice.user_id == reader, Notice.read_at.is_(None), or_(Notice.project_id.is_(None), seen))
    return select(func.count(Notice.id)).where(*mine)


_UNREAD = {sees_all: _unread(sees_all=sees_all) for sees_all in (False, True)}
"""Written out once, because every page asks it."""


def notices(work: UnitOfWork, *, topic: str = "", kind: str = "", only_unread: bool = False, page: int = 1) -> Page:
    """Return one page of the actor's notices, newest first; those of projects that they may no longer see are left out."""
    query = select(Notice).where(
        *_own(work), *_chosen(topic, kind), *([Notice.read_at.is_(None)] if only_unread else [])
    )
    query = query.options(joinedload(Notice.by), joinedload(Notice.project).lazyload(Project.members))
    first = (page - 1) * PER_PAGE
    query = query.order_by(Notice.created_at.desc(), Notice.id.desc()).offset(first).limit(PER_PAGE + 1)
    rows = work.session.scalars(query).all()
    return Page(rows[:PER_PAGE], first, has_more=len(rows) > PER_PAGE)


def notice(work: UnitOfWork, notice_id: str) -> Notice:
    """Return one of the actor's own notices; NotFound for another's, and for one whose project they may no longer see."""
    row = work.session.scalars(select(Notice).where(*_own(work), Notice.id == notice_id)).one_or_none()
    if row is None:
        raise NotFound
    return row


def mark_read(work: UnitOfWork, row: Notice, *, is_read: bool = True) -> None:
    """Mark an own notice as read or unread. A notice read in time is not mailed any more."""
    row.read_at = (row.read_at or work.now) if is_read else None
    work.session.flush()


def mark_all_read(work: UnitOfWork, *, topic: str = "", kind: str = "") -> int:
    """Mark the actor's unread notices (of a group or kind) as read; return how many."""
    rows = work.session.scalars(
        select(Notice).where(*_own(work), *_chosen(topic, kind), Notice.read_at.is_(None))
    ).all()
    for row in rows:
        row.read_at = work.now
    work.session.flush()
    return len(rows)


def _own(work: UnitOfWork) -> list[ColumnElement[bool]]:
    """Return the condition for the actor's own notices whose project, if any, they may see now."""
    seen = select(Project.id).where(Project.id == Notice.project_id, visible(work.actor)).exists()
    return [Notice.user_id == work.actor.id, or_(Notice.project_id.is_(None), seen)]


def _chosen(topic: str, kind: str) -> list[ColumnElement[bool]]:
    if kind in KINDS:
        return [Notice.kind == kind]
    return [Notice.kind.in_(kinds_of(topic))] if topic in TOPICS else []


# ---------------------------------------------------------------- mail


def choices(work: UnitOfWork) -> dict[str, str]:
    """Return the actor's rhythm of each group of kinds."""
    query = select(MailChoice).where(MailChoice.user_id == work.actor.id)
    chosen = {row.topic: row.rhythm for row in work.session.scalars(query)}
    return {code: chosen.get(code, topic.rhythm) for code, topic in TOPICS.items()}


def choose(work: UnitOfWork, rhythms: Mapping[str, str]) -> None:
    """Keep the actor's choices; what waits to be mailed follows them at once."""
    for topic, rhythm in rhythms.items():
        if topic not in TOPICS or rhythm not in RHYTHMS:
            raise Refusal("notifications.rhythm", "頻度を選んでください。", "Choose how often.", place=topic)
        row = work.session.get(MailChoice, (work.actor.id, topic)) or MailChoice(user_id=work.actor.id, topic=topic)
        row.rhythm, row.changed_at = rhythm, work.now
        work.session.add(row)
        waiting = (Notice.user_id == work.actor.id, Notice.kind.in_(kinds_of(topic)), Notice.letter_id.is_(None))
        work.session.execute(update(Notice).where(*waiting, Notice.read_at.is_(None)).values(rhythm=rhythm))
    work.session.flush()
