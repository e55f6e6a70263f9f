"""Sends signed checkpoints out of the installation: to a folder, to a bucket, and once a day by mail (assurance.md §3.6).

A place that does not answer is tried again, later each time, and logged with a code; nothing else waits for it. A file that
is there already is left as it is: a checkpoint of one size has one content. If its content is another one, the ledger was forked:
that is logged and noted, the checkpoint never counts as sent, and later ones go on leaving.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from sqlalchemy import and_, or_, select

from governance.ledger.checkpoints import FORK
from governance.ledger.models import LedgerCheckpoint, LedgerSending
from governance.ledger.notes import peek
from governance.notifications.posting import Post, Rejected, Unreachable
from governance.settings import Settings
from governance.settings_ledger import place_code
from governance.storage.database import Database
from governance.storage.objects import bucket
from governance.work import SYSTEM, UnitOfWork, open_work, run

AT_ONE_LOOK = 100
LATER = (1, 5, 30, 120)
"""Minutes before the next try, longer each time."""
DAY = timedelta(days=1)
log = logging.getLogger("governance.sinks")


class Forked(Exception):
    """Under the name of this checkpoint the place holds another one: two histories of one ledger."""


@dataclass(frozen=True)
class Sink:
    """A place outside: its kind, its address, how a note is put there; `daily` takes only the newest, once a day."""

    kind: str
    place: str
    put: Callable[[str, str], None]
    daily: bool = False

    @property
    def code(self) -> str:
        """The name of this place in the table of sendings."""
        return place_code(self.kind, self.place)


def _to_folder(settings: Settings, name: str, note: str) -> None:
    folder = settings.checkpoint_folder
    if folder is None:
        return
    if (folder / name).exists():
        _compare((folder / name).read_bytes(), note)
        return
    fresh = folder / f".{name}.{os.getpid()}"
    with fresh.open("w", encoding="utf-8") as file:
        file.write(note)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / name)


def _to_bucket(settings: Settings, name: str, note: str) -> None:
    place, path = bucket(settings.checkpoint_url), f"checkpoints/{name}"
    try:
        obstore.put(place, path, note.encode(), mode="create")
    except (AlreadyExistsError, PreconditionError):
        _compare(bytes(obstore.get(place, path).bytes()), note)


def _compare(there: bytes, note: str) -> None:
    if there != note.encode():
        raise Forked


def _by_mail(settings: Settings, name: str, note: str) -> None:
    message = EmailMessage()
    message["From"], message["To"] = settings.mail_from, ", ".join(settings.checkpoint_mail)
    message["Subject"] = "監査台帳のチェックポイント / Checkpoint of the audit ledger"
    message.set_content(
        "添付のチェックポイントを保管してください。監査台帳があとから書き換えられていないことを確かめるときに使います。\n"
        "Keep the attached checkpoint. It shows later whether the audit ledger was rewritten.\n\n" + note
    )
    message.add_attachment(note.encode(), maintype="application", subtype="octet-stream", filename=name)
    with Post(settings) as post:
        post.send(message)


_PUTS = {"folder": _to_folder, "bucket": _to_bucket, "mail": _by_mail}


def sinks(settings: Settings) -> list[Sink]:
    """Return the places that are configured; mail takes only the newest checkpoint, once a day."""
    return [
        Sink(kind, place, partial(_PUTS[kind], settings), daily=kind == "mail")
        for kind, place in settings.checkpoint_places
    ]


def send(database: Database, settings: Settings, now: datetime) -> int:
    """Send what is due to each place; return how many checkpoints were taken."""
    return sum(_send(database, sink, now) for sink in sinks(settings))


def _send(database: Database, sink: Sink, now: datetime) -> int:
    taken = 0
    with open_work(database, SYSTEM, read_only=True) as work:
        due = [(row.size, row.note) for row in _due(work, sink, now)]
    for size, note in due:
        problem = _try(sink, size, note)
        run(database, SYSTEM, lambda work, size=size, problem=problem: _note(work, sink, size, problem, now))  # type: ignore[misc]
        if problem not in ("", FORK):
            break
        taken += not problem
    return taken


def _try(sink: Sink, size: int, note: str) -> str:
    """Send one; return a code of what went wrong, empty when nothing did."""
    name = f"{peek(note).origin.rpartition('/')[2]}-{size:012}.txt"
    try:
        sink.put(name, note)
    except Forked:
        log.error("FORK: %s at the %s holds another checkpoint of %s entries; keep both", name, sink.kind, size)
        return FORK
    except (Unreachable, Rejected) as error:
        problem = str(error)
    except (OSError, BaseError, ValueError) as error:
        problem = type(error).__name__
    else:
        return ""
    log.warning("checkpoint of %s entries not taken by the %s: %s", size, sink.kind, problem)
    return problem[:300]


def _due(work: UnitOfWork, sink: Sink, now: datetime) -> list[LedgerCheckpoint]:
    """Return the checkpoints this place has not got, the oldest first; none while it is too early for another try."""
    mine = select(LedgerSending).where(LedgerSending.sink == sink.code)
    last = work.session.scalars(mine.order_by(LedgerSending.size.desc()).limit(1)).first()
    unsent = mine.where(LedgerSending.sent_at.is_(None), LedgerSending.problem != FORK)
    waiting = work.session.scalars(unsent.limit(1)).first()
    if waiting is not None and now < waiting.tried_at + timedelta(minutes=LATER[min(waiting.tries, len(LATER)) - 1]):
        return []
    if sink.daily:
        if last is not None and last.sent_at is not None and now < last.sent_at + DAY:
            return []
        newest = select(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc()).limit(1)
        return [row for row in work.session.scalars(newest) if last is None or last.size < row.size or not last.sent_at]
    forked = and_(LedgerSending.problem == FORK, LedgerSending.tried_at > now - DAY)
    done = select(LedgerSending.size).where(
        LedgerSending.sink == sink.code, or_(LedgerSending.sent_at.is_not(None), forked)
    )
    query = select(LedgerCheckpoint).where(LedgerCheckpoint.size.not_in(done)).order_by(LedgerCheckpoint.size)
    return list(work.session.scalars(query.limit(AT_ONE_LOOK)))


def _note(work: UnitOfWork, sink: Sink, size: int, problem: str, now: datetime) -> None:
    row = work.session.get(LedgerSending, (size, sink.code))
    if row is None:
        row = LedgerSending(size=size, sink=sink.code, place=sink.place[:300], tries=0)
        work.session.add(row)
    row.tries += 1
    row.tried_at, row.problem = now, problem
    row.sent_at = None if problem else now
