"""Reads what proofs are made of: the root at any size, paths of inclusion and consistency, stored checkpoints, and the keys in force.

A checkpoint is made by the notary (notary.py) and never changed. Everything here only reads, in the reader's own unit of work.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from governance.ledger import merkle
from governance.ledger.canonical import canonical
from governance.ledger.models import LedgerCheckpoint, LedgerEvent, LedgerNode, LedgerValue
from governance.ledger.notes import Key, consistency, proof, read_key
from governance.refusals import NotFound

KEYS_NAME = "keys.json"
FORK = "fork"
"""The problem of a sending whose name outside is taken by another content: two histories of one ledger."""


@dataclass(frozen=True)
class Term:
    """A key of the ledger and when it was in force, as the ledger itself records; `note` is what both keys signed."""

    key: Key
    since: str
    until: str | None
    note: str


class Tree:
    """The tree of the ledger as one unit of work sees it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def subtree(self, start: int, end: int) -> bytes:
        """Return the root over the entries `start … end − 1`. Raises NotFound when one is missing."""
        count = end - start
        if count & (count - 1) == 0 and start % count == 0:
            return self._node(count.bit_length() - 1, start // count)
        middle = start + merkle.split(count)
        return merkle.node_hash(self.subtree(start, middle), self.subtree(middle, end))

    def _node(self, level: int, idx: int) -> bytes:
        query: Any = select(LedgerEvent.leaf).where(LedgerEvent.seq == idx)
        if level:
            query = select(LedgerNode.hash).where(LedgerNode.level == level, LedgerNode.idx == idx)
        found = self._session.scalars(query).one_or_none()
        if found is None:
            raise NotFound
        return bytes(found)

    def root(self, size: int) -> bytes:
        """Return the root over the first `size` entries."""
        return self.subtree(0, size) if size else merkle.EMPTY_ROOT

    def inclusion(self, seq: int, size: int) -> list[bytes]:
        """Return the path that proves entry `seq` in the first `size` entries."""
        return merkle.inclusion_proof(seq, size, self.subtree)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the path that proves that the first `new` entries continue the first `old`."""
        return merkle.consistency_proof(old, new, self.subtree)


def body(session: Session, seq: int) -> bytes:
    """Return the exact bytes of an entry. Raises NotFound."""
    found = session.scalars(select(LedgerEvent.body).where(LedgerEvent.seq == seq)).one_or_none()
    if found is None:
        raise NotFound
    return bytes(found)


def bodies(session: Session, size: int) -> Iterator[bytes]:
    """Yield the exact bytes of the first `size` entries."""
    query = select(LedgerEvent.body).where(LedgerEvent.seq < size).order_by(LedgerEvent.seq)
    yield from (bytes(each) for each in session.scalars(query.execution_options(yield_per=1000)))


def all_until(session: Session, size: int) -> Sequence[LedgerCheckpoint]:
    """Return the checkpoints up to a size, the oldest first."""
    query = select(LedgerCheckpoint).where(LedgerCheckpoint.size <= size).order_by(LedgerCheckpoint.size)
    return session.scalars(query).all()


def head_size(session: Session) -> int:
    """Return the number of entries."""
    return session.scalar(select(func.coalesce(func.max(LedgerEvent.seq) + 1, 0))) or 0


def newest(session: Session) -> LedgerCheckpoint | None:
    """Return the newest checkpoint."""
    return session.scalars(select(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc()).limit(1)).first()


def recent(session: Session, limit: int) -> Sequence[LedgerCheckpoint]:
    """Return the newest checkpoints, the newest first."""
    return session.scalars(select(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc()).limit(limit)).all()


def covering(session: Session, seq: int) -> LedgerCheckpoint | None:
    """Return the first checkpoint that covers an entry, so that its proof is always the same; None until one is made."""
    query = select(LedgerCheckpoint).where(LedgerCheckpoint.size > seq).order_by(LedgerCheckpoint.size).limit(1)
    return session.scalars(query).first()


def entry_proof(session: Session, seq: int, *, with_body: bool) -> tuple[str, LedgerCheckpoint] | None:
    """Return the tlog-proof of an entry with the checkpoint it ends in; None until a checkpoint covers the entry."""
    found = covering(session, seq)
    if found is None:
        return None
    path = Tree(session).inclusion(seq, found.size)
    return proof(seq, path, found.note, extra=body(session, seq) if with_body else None), found


def between(session: Session, old: int, new: LedgerCheckpoint) -> str:
    """Return the consistency file from `old` entries to a stored checkpoint."""
    return consistency(old, Tree(session).consistency(old, new.size), new.note)


def terms(session: Session) -> list[Term]:
    """Return the keys of the ledger, the first one first, as its own entries name them."""
    query = select(LedgerEvent).where(LedgerEvent.type == "KeyRotated").order_by(LedgerEvent.seq)
    said = [(_said(row), row.seq) for row in session.scalars(query)]
    notes = _notes(session, [seq for _, seq in said])
    ends = [*(each["at"] for each, _ in said[1:]), None][: len(said)]
    return [
        Term(read_key(each["codes"]["vkey"]), each["at"], until, notes.get(seq, ""))
        for (each, seq), until in zip(said, ends, strict=True)
    ]


def _said(row: LedgerEvent) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row.body)
    return found


def _notes(session: Session, seqs: Sequence[int]) -> dict[int, str]:
    query = select(LedgerValue).where(LedgerValue.seq.in_(seqs), LedgerValue.path == "private.note")
    return {row.seq: row.value.decode() for row in session.scalars(query)}


def key_list(found: Sequence[Term]) -> bytes:
    """Return keys.json: for information, never to be trusted when it comes with what it shall check."""
    keys = [{"from": term.since, "until": term.until, "vkey": term.key.vkey} for term in found]
    return canonical({"keys": keys, "origin": found[-1].key.name if found else ""})
