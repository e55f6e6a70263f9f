"""The way of a notice into a mail: gathered when due, claimed by one worker, handed over outside of any transaction, settled.

Each step is a unit of its own, so a worker may die anywhere: what it claimed is free again when its lease ends. A worker that dies
after the server took a letter and before that was noted sends it a second time, with the same Message-ID: at least once, never lost.
Whether a person may know of a project is asked when the letter is made and again when it is sent (assurance.md T8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, or_, select, update

from governance.accounts.models import User
from governance.notifications.composing import BadAddress, Recipient, Sender, Told, compose
from governance.notifications.models import Letter, Notice
from governance.notifications.rules import AT_ONCE, DAILY, NONE, WEEKLY
from governance.projects.models import Project
from governance.projects.services import visible
from governance.storage.tables import new_id
from governance.work import Actor, UnitOfWork

LEASE = timedelta(minutes=2)
ATTEMPTS = 5
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
"""How long a letter waits after each attempt that the server did not take."""
STALE = timedelta(days=14)
"""After this time a notice is not mailed any more: the page shows it, and old news only annoy."""
PEOPLE_AT_ONCE = 100
MONDAY = 0


@dataclass(frozen=True)
class Slots:
    """The last moments at which daily and weekly letters were due."""

    daily: datetime
    weekly: datetime


@dataclass(frozen=True)
class Claimed:
    """A letter that this worker alone may send until its lease ends."""

    id: str
    lease: str
    message: EmailMessage


def slots(now: datetime, hour: int, zone: ZoneInfo) -> Slots:
    """Return when the letters of the day and of the week (on Monday) were last due, at `hour` in the zone."""
    today = now.astimezone(zone).date()
    daily = datetime.combine(today, time(hour), zone)
    if daily > now:
        daily = datetime.combine(today - timedelta(days=1), time(hour), zone)
    monday = daily.date() - timedelta(days=(daily.weekday() - MONDAY) % 7)
    return Slots(daily, datetime.combine(monday, time(hour), zone))


def waiting(work: UnitOfWork, due: Slots) -> bool:
    """Say whether there is anything to gather or to send."""
    found = select(Notice.id).where(*_is_due(work.now, due)).limit(1)
    return work.session.scalar(found) is not None or work.session.scalar(_free(work).limit(1)) is not None


def gather(work: UnitOfWork, due: Slots) -> int:
    """Put what is due into letters, one per person; return how many were written.

    Two workers at once gather nothing twice: the notices are locked, and skipped by whoever comes second.
    """
    people = select(Notice.user_id).where(*_is_due(work.now, due)).distinct().limit(PEOPLE_AT_ONCE)
    return sum(_write(work, user_id, due) for user_id in sorted(work.session.scalars(people)))


def _is_due(now: datetime, due: Slots) -> list[ColumnElement[bool]]:
    rhythm = or_(
        Notice.rhythm == AT_ONCE,
        and_(Notice.rhythm == DAILY, Notice.created_at < due.daily),
        and_(Notice.rhythm == WEEKLY, Notice.created_at < due.weekly),
    )
    unsent = (Notice.letter_id.is_(None), Notice.read_at.is_(None), Notice.rhythm != NONE)
    return [*unsent, Notice.created_at > now - STALE, rhythm]


def _write(work: UnitOfWork, user_id: str, due: Slots) -> int:
    query = select(Notice).where(Notice.user_id == user_id, *_is_due(work.now, due))
    rows = list(work.session.scalars(query.order_by(Notice.created_at).with_for_update(skip_locked=True)))
    fit = tellable(work, work.session.get_one(User, user_id), rows)
    for row in rows:
        row.rhythm = row.rhythm if row in fit else NONE
    if not fit:
        return 0
    letter = Letter(id=new_id(), user_id=user_id, next_at=work.now, created_at=work.now)
    work.session.add(letter)
    work.session.flush()
    for row in fit:
        row.letter_id = letter.id
    work.session.flush()
    return 1


def tellable(work: UnitOfWork, user: User, rows: Sequence[Notice]) -> list[Notice]:
    """Return the notices that this person may be told of now: open account, not read yet, project still visible."""
    if not user.is_active:
        return []
    wanted = {row.project_id for row in rows if row.project_id}
    actor = Actor(user.id, user.roles)
    seen = set(work.session.scalars(select(Project.id).where(Project.id.in_(wanted), visible(actor)))) if wanted else ()
    return [row for row in rows if row.read_at is None and (row.project_id is None or row.project_id in seen)]


def claim(work: UnitOfWork, sender: Sender) -> Claimed | None:
    """Take the letter that waits longest for this worker and return it written out; None when no letter waits.

    A letter with nothing left to say is dropped, and one that cannot be written or was tried too often is dead.
    """
    while (letter := _next(work)) is not None:
        letter.attempts += 1
        if letter.attempts > ATTEMPTS or work.now - letter.created_at > STALE:
            settle(work, letter, "dead", letter.problem or "abandoned")
            continue
        message = _written(work, letter, sender)
        if message is not None:
            letter.lease, letter.lease_until = new_id(), work.now + LEASE
            work.session.flush()
            return Claimed(letter.id, letter.lease, message)
    return None


def _next(work: UnitOfWork) -> Letter | None:
    work.session.flush()
    query = _free(work).order_by(Letter.next_at, Letter.id).limit(1).with_for_update(skip_locked=True, of=Letter)
    return work.session.scalars(query).one_or_none()


def _free(work: UnitOfWork) -> Select[Letter]:
    unheld = or_(Letter.lease_until.is_(None), Letter.lease_until < work.now)
    return select(Letter).where(Letter.state == "queued", Letter.next_at <= work.now, unheld)


def _written(work: UnitOfWork, letter: Letter, sender: Sender) -> EmailMessage | None:
    rows = work.session.scalars(select(Notice).where(Notice.letter_id == letter.id).order_by(Notice.created_at))
    fit = tellable(work, letter.user, list(rows))
    if not fit:
        settle(work, letter, "dropped")
        return None
    ids = {row.project_id for row in fit if row.project_id}
    found = work.session.execute(select(Project.id, Project.number).where(Project.id.in_(ids)))
    numbers = {row.id: row.number for row in found}
    told = [Told(row.id, row.kind, numbers.get(row.project_id or "", "")) for row in fit]
    user = letter.user
    try:
        to = Recipient(user.email, user.name_in(user.locale), user.locale)
        return compose(letter.id, letter.created_at, to, told, sender)
    except BadAddress:
        settle(work, letter, "dead", "address")
        return None


def settle(work: UnitOfWork, letter: Letter, state: str, problem: str = "") -> None:
    """Bring a letter to its end: sent, dropped or dead."""
    letter.state, letter.problem, letter.settled_at = state, problem, work.now
    letter.lease, letter.lease_until = "", None
    work.session.flush()


def sent(work: UnitOfWork, claimed: Claimed) -> None:
    """Note that the server took the letter, unless the lease went to another worker meanwhile."""
    letter = _held(work, claimed)
    if letter is not None:
        settle(work, letter, "sent")


def rejected(work: UnitOfWork, claimed: Claimed, code: str, *, for_good: bool) -> None:
    """Note that the server would not take the letter: it waits for its next attempt, or is dead."""
    letter = _held(work, claimed)
    if letter is None:
        return
    if for_good or letter.attempts >= ATTEMPTS:
        settle(work, letter, "dead", code)
    else:
        _wait(work, letter, code, PAUSES[letter.attempts - 1])


def unreachable(work: UnitOfWork, claimed: Claimed, code: str) -> None:
    """Note that the server could not be reached: no attempt of the letter, which waits."""
    letter = _held(work, claimed)
    if letter is not None:
        letter.attempts -= 1
        _wait(work, letter, code, timedelta(0))


def _wait(work: UnitOfWork, letter: Letter, code: str, pause: timedelta) -> None:
    letter.problem, letter.next_at = code, work.now + pause
    letter.lease, letter.lease_until = "", None
    work.session.flush()


def _held(work: UnitOfWork, claimed: Claimed) -> Letter | None:
    """Return the letter while it is still this worker's, locked."""
    query = select(Letter).where(Letter.id == claimed.id, Letter.lease == claimed.lease)
    return work.session.scalars(query.with_for_update(of=Letter)).one_or_none()


def send_again(work: UnitOfWork, letter_id: str | None = None) -> int:
    """Queue a dead letter, or all of them, once more; return how many."""
    wanted = [Letter.state == "dead", *([Letter.id == letter_id] if letter_id else [])]
    fresh = {"state": "queued", "attempts": 0, "next_at": work.now, "created_at": work.now, "settled_at": None}
    done = work.session.execute(update(Letter).where(*wanted).values(problem="", **fresh))
    return int(getattr(done, "rowcount", 0))
