"""Writes and reads the ledger. Appending is the last thing a unit of work does before it commits (assurance.md §3.4)."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, text, tuple_
from sqlalchemy.orm import Session

from governance.ledger import merkle
from governance.ledger.models import LedgerEvent, LedgerNode, LedgerValue
from governance.ledger.rules import Draft, build, moment
from governance.storage.tables import Base

LOCK = 0x4C454447
"""Key of the PostgreSQL advisory lock that puts all writers of the ledger in one line."""

BACKWARDS = timedelta(seconds=2)
"""How far the clock may lie behind the last entry before that is itself recorded (assurance.md T22)."""

_events = Base.metadata.tables[LedgerEvent.__tablename__]
_nodes = Base.metadata.tables[LedgerNode.__tablename__]
_values = Base.metadata.tables[LedgerValue.__tablename__]


@dataclass(frozen=True)
class Event:
    """One entry as pages show it; `private` holds the values that were not erased."""

    seq: int
    at: datetime
    type: str
    body: dict[str, Any]
    leaf: bytes
    private: dict[str, str]


@dataclass(frozen=True)
class Head:
    """The size of the ledger and the root over it: what a saved copy or a printed report pins."""

    size: int
    root: bytes


def append(session: Session, drafts: Sequence[Draft]) -> range:
    """Number the acts, hash them into the tree and write them; return their sequence numbers.

    Takes the writers' lock: nothing but the commit may follow. Raises BadEvent when an act is not acceptable.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    size, log, last_at = _state(connection)
    drafts = _with_clock(drafts, last_at)
    peaks = _peaks(connection, size)
    events, nodes, values = [], [], []
    for seq, draft in enumerate(drafts, size):
        body, private = build(draft, seq=seq, log=log, salt=_salt)
        leaf = merkle.leaf_hash(body)
        subject = f"{draft.subject[0]}:{draft.subject[1]}"
        events.append(
            {"seq": seq, "body": body, "leaf": leaf, "type": draft.type, "subject": subject, "project": draft.project}
        )
        nodes += [{"level": level, "idx": idx, "hash": hash} for level, idx, hash in merkle.grow(seq, peaks, leaf)]
        values += [{"seq": seq, "path": v.path, "salt": v.salt, "value": v.value} for v in private]
    for table, written in ((_events, events), (_nodes, nodes), (_values, values)):
        if written:
            connection.execute(insert(table), written)
    return range(size, size + len(events))


def _salt() -> bytes:
    return secrets.token_bytes(32)


def _state(connection: Connection) -> tuple[int, str, str]:
    """Return the number of entries, the name of this ledger and the time of its last entry; a new ledger gets a random name."""
    last = connection.execute(select(_events.c.seq, _events.c.body).order_by(_events.c.seq.desc()).limit(1)).first()
    if last is None:
        return 0, str(uuid.uuid4()), ""
    body = json.loads(last.body)
    return last.seq + 1, body["log"], body["at"]


def _with_clock(drafts: Sequence[Draft], last_at: str) -> list[Draft]:
    """Put a `ClockAnomaly` before acts whose time lies before the last entry: order is by number, never by time."""
    if not drafts or not last_at or moment(drafts[0].at + BACKWARDS) >= last_at:
        return list(drafts)
    first = drafts[0]
    noted = Draft(
        "ClockAnomaly",
        first.at,
        {"id": "system", "kind": "system", "roles": [], "session": ""},
        ("ledger", "ledger"),
        codes={"last_at": last_at},
    )
    return [noted, *drafts]


def _peaks(connection: Connection, size: int) -> list[bytes]:
    """Return the hashes of the peaks, the largest subtree first: at most one row per bit of `size`."""
    places = merkle.peak_places(size)
    found: dict[tuple[int, int], bytes] = {}
    inner = [place for place in places if place[0] > 0]
    if inner:
        query = select(_nodes).where(tuple_(_nodes.c.level, _nodes.c.idx).in_(inner))
        found = {(row.level, row.idx): row.hash for row in connection.execute(query)}
    if places and places[-1][0] == 0:
        found[places[-1]] = connection.scalars(select(_events.c.leaf).where(_events.c.seq == size - 1)).one()
    return [bytes(found[place]) for place in places]


def head(session: Session) -> Head:
    """Return the present size and root."""
    connection = session.connection()
    size = connection.scalar(select(func.coalesce(func.max(_events.c.seq) + 1, 0))) or 0
    return Head(size, merkle.root_of(_peaks(connection, size)))


def events(
    session: Session,
    *,
    before: int | None = None,
    limit: int = 50,
    type: str | None = None,
    among: Select[Any] | Sequence[str] | None = None,
) -> list[Event]:
    """Return entries, the newest first, from below `before`; `type` keeps one act, `among` those of some projects (ids or a query)."""
    query = select(_events).order_by(_events.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(_events.c.seq < before)
    if type is not None:
        query = query.where(_events.c.type == type)
    if among is not None:
        query = query.where(_events.c.project.in_(among))
    return _shown(session, session.execute(query).all())


def project_events(session: Session, project_id: str, *, limit: int | None = None) -> list[Event]:
    """Return the entries of one project, the oldest first (the newest `limit` of them)."""
    query = select(_events).where(_events.c.project == project_id).order_by(_events.c.seq.desc()).limit(limit)
    return _shown(session, session.execute(query).all())[::-1]


def subject_events(session: Session, kind: str, id: str) -> list[Event]:
    """Return the entries about one thing, the oldest first."""
    query = select(_events).where(_events.c.subject == f"{kind}:{id}").order_by(_events.c.seq)
    return _shown(session, session.execute(query).all())


# long: one line for each bound that narrows the query
def numbered(
    session: Session,
    *,
    first: int = 0,
    last: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    project: str | None = None,
    limit: int,
) -> list[Event]:
    """Return entries by number, the oldest first: a span of numbers, those recorded from `since` until before `until`, of one project."""
    query = select(_events).where(_events.c.seq >= first).order_by(_events.c.seq)
    if last is not None:
        query = query.where(_events.c.seq <= last)
    if project is not None:
        query = query.where(_events.c.project == project)
    if since is None and until is None:
        return _shown(session, session.execute(query.limit(limit)).all())
    found = session.execute(query.execution_options(yield_per=500))
    return _shown(session, list(islice((row for row in found if _recorded_within(row, since, until)), limit)))


def _recorded_within(row: Row[Any], since: datetime | None, until: datetime | None) -> bool:
    """Tell whether an entry was recorded in a span of time; the time stands in the body alone."""
    at = datetime.fromisoformat(json.loads(row.body)["at"])
    return (since is None or at >= since) and (until is None or at < until)


def event(session: Session, seq: int) -> Event | None:
    """Return one entry, or None."""
    return next(iter(_shown(session, session.execute(select(_events).where(_events.c.seq == seq)).all())), None)


def _shown(session: Session, rows: Sequence[Row[Any]]) -> list[Event]:
    private: dict[int, dict[str, str]] = {row.seq: {} for row in rows}
    if rows:
        query = select(_values).where(_values.c.seq.in_(list(private)), _values.c.path.like("private.%"))
        for value in session.execute(query):
            private[value.seq][value.path.removeprefix("private.")] = bytes(value.value).decode()
    return [_event(row, private[row.seq]) for row in rows]


def _event(row: Row[Any], private: dict[str, str]) -> Event:
    body = json.loads(row.body)
    return Event(row.seq, datetime.fromisoformat(body["at"]), body["type"], body, bytes(row.leaf), private)
