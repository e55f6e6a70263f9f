"""Compares stored checkpoints with the entries and the keys that the ledger itself names: part of the verification (audit.py).

It finds a checkpoint that was changed or signed by a key the ledger does not name, and a key put in place of another that did not sign
for it. Whoever holds the key can write all of this anew: only a checkpoint kept elsewhere answers that (docs/proofs.md §9).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, Table, select

from governance.ledger.notes import (
    BadNote,
    BadSignature,
    Checkpoint,
    Key,
    UnknownKey,
    open_note,
    read_checkpoint,
    read_key,
    rotation,
)

_WRONG = (BadNote, BadSignature, UnknownKey, ValueError, KeyError, TypeError)


def checkpoint_roots(connection: Connection, tables: Mapping[str, Table]) -> dict[int, bytes]:
    """Return size and root of the stored checkpoints, for the comparison with the tree."""
    stored = tables["ledger_checkpoints"].c
    return {row.size: bytes(row.root) for row in connection.execute(select(stored.size, stored.root))}


def wrong_checkpoints(
    connection: Connection, tables: Mapping[str, Table], known: Mapping[int, bytes]
) -> Iterator[tuple[str, str]]:
    """Yield sentence code and place of each key and checkpoint that is wrong; `known` are roots kept elsewhere."""
    keys: list[Key] = []
    for seq, log, key in _named(connection, tables, keys):
        if key is None or key.name.rpartition("/")[2] != log:
            yield "key", str(seq)
        else:
            keys.append(key)
    stored = tables["ledger_checkpoints"].c
    for row in connection.execute(select(stored.size, stored.root, stored.note).order_by(stored.size)):
        try:
            said: Checkpoint | None = read_checkpoint(row.note, keys)
        except _WRONG:
            said = None
        root = bytes(row.root)
        if said is None or (said.size, said.root) != (row.size, root) or known.get(row.size, root) != root:
            yield "checkpoint", str(row.size)


def _named(
    connection: Connection, tables: Mapping[str, Table], before: list[Key]
) -> Iterator[tuple[int, str, Key | None]]:
    """Yield number, ledger and key of each entry about keys; no key when it cannot be read or the one before did not sign."""
    events, values = tables["ledger_event"].c, tables["ledger_value"].c
    query = select(events.seq, events.body).where(events.type == "KeyRotated").order_by(events.seq)
    notes = select(values.seq, values.value).where(values.path == "private.note")
    said = {row.seq: bytes(row.value) for row in connection.execute(notes)}
    for seq, content in connection.execute(query).all():
        try:
            body = json.loads(content)
            key = read_key(body["codes"]["vkey"])
            last = before[-1] if before else None
            text = open_note(said[seq].decode(), [last or key])
            yield seq, body["log"], key if text == rotation(key.name, last, key) else None
        except _WRONG:
            yield seq, "", None
