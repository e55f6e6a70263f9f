"""What was said and asked about a screening, summed up for its pages in two statements, and listed for the page of a project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased, contains_eager, joinedload

from governance.accounts.models import User
from governance.discussions import rules
from governance.discussions.delegating import may_give
from governance.discussions.models import Comment, Delegation, Mention, Thread
from governance.discussions.services import Case, may_write
from governance.projects.models import Project
from governance.work import UnitOfWork

PAGE = 30
"""Threads on one page of a project's discussion."""
SHOWS = ("open", "mine", "remarks", "asked", "all")


@dataclass(frozen=True)
class Line:
    """A thread in one line: its state, how much was said in it, and how it began (nothing when that was withdrawn)."""

    thread: Thread
    said: int
    first: str

    @property
    def opening(self) -> str:
        """How the thread began, in one line; a dash when that was withdrawn."""
        return rules.opening(self.first) or "—"

    @property
    def is_remark(self) -> bool:
        """Whether a reviewer remarked."""
        return self.thread.kind == rules.REMARK


@dataclass
class Talk:
    """What stands at one place: its threads, and who was asked to answer there; with what the reader may do."""

    place: str
    lines: list[Line] = field(default_factory=list)
    asked: list[Delegation] = field(default_factory=list)
    me: str = ""
    may_write: bool = False
    may_ask: bool = False

    @property
    def comments(self) -> int:
        """How many comments were written, remarks apart."""
        return sum(line.said for line in self.lines if not line.is_remark)

    @property
    def remarks(self) -> list[Line]:
        """The remarks that are not resolved yet."""
        return [line for line in self.lines if line.is_remark and line.thread.state != rules.RESOLVED]

    @property
    def settled(self) -> int:
        """How many remarks are resolved."""
        return sum(line.is_remark for line in self.lines) - len(self.remarks)


@dataclass(frozen=True)
class Whole:
    """The talk of all places of a screening."""

    by_place: dict[str, Talk]
    me: str
    may_write: bool
    may_ask: bool

    def get(self, place: str) -> Talk:
        """Return the talk at a place; an empty one where nothing was said."""
        return self.by_place.get(place) or Talk(place, [], [], self.me, self.may_write, self.may_ask)

    def remarks(self, *states: str) -> list[Line]:
        """Return the remarks in these states (all that are not resolved when none is given), the oldest first."""
        wanted = states or (rules.OPEN, rules.ANSWERED)
        found = (line for talk in self.by_place.values() for line in talk.lines)
        kept = [line for line in found if line.is_remark and line.thread.state in wanted]
        return sorted(kept, key=lambda line: line.thread.opened_at)

    @property
    def comments(self) -> int:
        """How many comments were written about the screening, remarks apart."""
        return sum(talk.comments for talk in self.by_place.values())

    @property
    def asked(self) -> list[Delegation]:
        """What was asked and is still open, due first."""
        found = [each for talk in self.by_place.values() for each in talk.asked]
        return sorted(found, key=lambda each: (each.due_on is None, each.due_on or date.max, each.given_at))


def summary(work: UnitOfWork, case: Case) -> Whole:
    """Return the talk of a screening by place, in two statements whatever was said."""
    whole = Whole({}, work.actor.id, may_write(work, case), may_give(work, case))
    of = {"screening": case.id}
    for thread, said, first in work.session.execute(_TALK, of):
        line = Line(thread, said, first or "")
        whole.by_place.setdefault(thread.place, whole.get(thread.place)).lines.append(line)
    for each in work.session.scalars(_ASKED, of):
        whole.by_place.setdefault(each.place, whole.get(each.place)).asked.append(each)
    return whole


def _lines(work: UnitOfWork, *wanted: ColumnElement[bool]) -> list[Line]:
    query = _begun().where(*wanted).order_by(Thread.opened_at, Thread.id)
    return [Line(thread, said, first or "") for thread, said, first in work.session.execute(query)]


def _begun() -> Select[Thread, int, str]:
    """Return the query for threads with the number of their comments and how they began."""
    other = aliased(Comment)
    standing = (Comment.thread_id == Thread.id, Comment.withdrawn_at.is_(None))
    said = select(func.count(Comment.id)).where(*standing).correlate(Thread).scalar_subquery()
    first = (
        select(other.text)
        .where(other.thread_id == Thread.id, other.withdrawn_at.is_(None))
        .order_by(other.written_at, other.id)
        .limit(1)
        .correlate(Thread)
        .scalar_subquery()
    )
    return select(Thread, said, first)


_SCREENING: BindParameter[str] = bindparam("screening")
_TALK = _begun().where(Thread.screening_id == _SCREENING).order_by(Thread.opened_at, Thread.id)
_ASKED = (
    select(Delegation)
    .join(Delegation.person)
    .options(contains_eager(Delegation.person).lazyload(User.grants))
    .where(Delegation.screening_id == _SCREENING, Delegation.state == rules.OPEN)
    .order_by(Delegation.due_on.is_(None), Delegation.due_on)
)
"""Written out once, because every page of questions asks both."""


# ---------------------------------------------------------------- the page of a project


def of_project(work: UnitOfWork, project: Project, show: str, page: int) -> tuple[list[Line], int]:
    """Return a page of a project's threads, newest first, and how many there are; `show` is one of SHOWS."""
    wanted = [Thread.project_id == project.id, *_shown(work, show)]
    total = work.session.scalar(select(func.count(Thread.id)).where(*wanted)) or 0
    query = _begun().where(*wanted).order_by(Thread.changed_at.desc(), Thread.id).options(joinedload(Thread.opener))
    rows = work.session.execute(query.limit(PAGE).offset((page - 1) * PAGE))
    return [Line(thread, said, first or "") for thread, said, first in rows], total


def _shown(work: UnitOfWork, show: str) -> Sequence[ColumnElement[bool]]:
    mine = work.actor.id
    wrote = exists().where(Comment.thread_id == Thread.id, Comment.author_id == mine)
    named = exists().where(Comment.thread_id == Thread.id, Mention.comment_id == Comment.id, Mention.user_id == mine)
    return {
        "open": [Thread.state != rules.RESOLVED],
        "mine": [or_(wrote, named)],
        "remarks": [Thread.kind == rules.REMARK],
    }.get(show, [])


def asked_of_project(work: UnitOfWork, project: Project, *, mine: bool = False) -> list[Delegation]:
    """Return the delegations of a project, open ones first and of these the ones due first; only the actor's own when asked so."""
    query = select(Delegation).where(Delegation.project_id == project.id)
    if mine:
        query = query.where(Delegation.person_id == work.actor.id)
    query = query.options(joinedload(Delegation.person), joinedload(Delegation.giver))
    order = (Delegation.state != rules.OPEN, Delegation.due_on.is_(None), Delegation.due_on, Delegation.given_at.desc())
    return list(work.session.scalars(query.order_by(*order).limit(PAGE * 4)))
