"""Verifies the ledger of a database: reads the stored rows as they are and hands them to the stand-alone check in verify.py.

Tables are read through their structure in the database, not through the models, so that the check does not trust the code it checks.
Beside the ledger itself it compares what records say about each other: bodies with their digests, decisions with their
snapshots, stored files with the digests that name them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, closing
from itertools import chain
from typing import Any

from sqlalchemy import Connection, MetaData, Select, Table, select, text

from governance.ledger.countersigned import checkpoint_roots, wrong_checkpoints
from governance.ledger.governed import CONTENT_TABLES, GOVERNED, row_key
from governance.ledger.rows import present_rows
from governance.ledger.rules import EVENT_TYPES
from governance.ledger.verify import Fault, Verdict, verify
from governance.ledger.writing import canonical_reading
from governance.storage.database import Database
from governance.storage.files import Store
from governance.texts import ERASED_BOTH

CHUNK = 2000

_LEDGER = ("ledger_event", "ledger_node", "ledger_value", "ledger_checkpoints")
_OTHERS = ("snapshot_texts", "readings")
_SENTENCES = {
    "body": ("「{place}」の本文がそのダイジェストと一致しません。", "The body of “{place}” does not match its digest."),
    "basis": (
        "「{place}」が根拠とする写しのダイジェストが一致しません。",
        "“{place}” names another digest than the snapshot it rests on.",
    ),
    "text_missing": (
        "写しの文章「{place}」が、消去の記録なしに失われています。",
        "The text “{place}” of a snapshot is gone without a recorded erasure.",
    ),
    "text": ("「{place}」の文章が写しの値と一致しません。", "The text “{place}” does not match the snapshot."),
    "batch": (
        "「{place}」の測定値が、登録したときのダイジェストと一致しません。",
        "The readings of “{place}” do not match the digest of their entry.",
    ),
    "checkpoint": (
        "{place}件のチェックポイントが、台帳または台帳に記された署名鍵と一致しません。書き換えられています。",
        "The checkpoint of {place} entries disagrees with the ledger or with the keys it names: one of them was changed.",
    ),
    "key": (
        "番号{place}の署名鍵の記録を読み取れないか、前の鍵の署名がありません。",
        "Entry {place} about a signing key cannot be read, or the key before it did not sign.",
    ),
    "file": (
        "「{place}」のファイルが失われているか、内容が変わっています。",
        "The file of “{place}” is gone or its content was changed.",
    ),
}


def verify_database(
    database: Database, *, known: Mapping[int, bytes] | None = None, files: Store | None = None
) -> Verdict:
    """Check the whole ledger, every governed row and, when `files` is given, every stored file they name.

    `known` maps ledger sizes to roots kept elsewhere. One consistent view of the database is read; nothing is written.
    """
    with database.reading() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        tables = _tables(connection)
        with ExitStack() as streams:
            entries, nodes, values = (
                streams.enter_context(closing(_stream(connection, query(tables))))
                for query in (_entries, _nodes, _values)
            )
            rows = present_rows(connection, tables)
            roots = {**checkpoint_roots(connection, tables), **(known or {})}
            verdict = verify(entries, nodes, values, rows, types=frozenset(EVENT_TYPES), known=roots)
        wrong = _contradictions(connection, tables, files, verdict)
        for code, place in chain(wrong_checkpoints(connection, tables, known or {}), wrong):
            ja, en = _SENTENCES[code]
            verdict.note(Fault(code, None, place, ja.format(place=place), en.format(place=place)))
    return verdict


def _tables(connection: Connection) -> dict[str, Table]:
    """Return the tables as the database describes them."""
    metadata = MetaData()
    metadata.reflect(connection, only=[*_LEDGER, *_OTHERS, *GOVERNED, *CONTENT_TABLES], resolve_fks=False)
    return dict(metadata.tables)


def _entries(tables: Mapping[str, Table]) -> Select[Any]:
    table = tables["ledger_event"].c
    return select(table.seq, table.body, table.leaf, table.type, table.subject, table.project).order_by(table.seq)


def _nodes(tables: Mapping[str, Table]) -> Select[Any]:
    table = tables["ledger_node"].c
    return select(table.level, table.idx, table.hash).order_by(text("(CAST(idx AS BIGINT) + 1) << level"), table.level)


def _values(tables: Mapping[str, Table]) -> Select[Any]:
    table = tables["ledger_value"].c
    return select(table.seq, table.path, table.salt, table.value).order_by(table.seq, table.path)


def _stream(connection: Connection, query: Select[Any]) -> Generator[Any]:
    """Yield plain tuples, a chunk at a time."""
    with connection.execute(query, execution_options={"yield_per": CHUNK}) as result:
        for row in result:
            yield tuple(row)


def _contradictions(
    connection: Connection, tables: Mapping[str, Table], files: Store | None, verdict: Verdict
) -> Iterator[tuple[str, str]]:
    """Yield what the records say wrongly about each other: sentence code and place."""
    for name, governed in GOVERNED.items():
        if governed.digest_of:
            yield from _wrong_bodies(connection, tables[name], *governed.digest_of, verdict)
    yield from _wrong_bases(connection, tables)
    yield from _wrong_texts(connection, tables, verdict)
    yield from _wrong_batches(connection, tables)
    if files is not None:
        yield from _wrong_files(connection, tables, files, verdict)


def _wrong_bodies(
    connection: Connection, table: Table, body: str, digest: str, verdict: Verdict
) -> Iterator[tuple[str, str]]:
    """Compare each body with its digest; one that says it was erased must be named by an erasure."""
    for id, written, named in _stream(connection, select(table.c.id, table.c[body], table.c[digest])):
        place = row_key(table.name, id)
        if written == ERASED_BOTH and f"{place}/{body}" in verdict.erasures:
            verdict.erased += 1
        elif hashlib.sha256(written.encode()).hexdigest() != named:
            yield "body", place


def _wrong_bases(connection: Connection, tables: Mapping[str, Table]) -> Iterator[tuple[str, str]]:
    decisions, snapshots = tables["decisions"], tables["snapshots"]
    query = select(decisions.c.id).outerjoin(
        snapshots,
        (snapshots.c.id == decisions.c.snapshot_id)
        & (snapshots.c.digest == decisions.c.snapshot_digest)
        & (snapshots.c.screening_id == decisions.c.screening_id)
        & (snapshots.c.revision == decisions.c.revision),
    )
    for id in connection.scalars(query.where(snapshots.c.id.is_(None))).all():
        yield "basis", row_key("decisions", id)


def _wrong_texts(connection: Connection, tables: Mapping[str, Table], verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Compare the stored texts of each snapshot with the salted digests in its body; a missing one must have been erased."""
    texts, snapshots = tables["snapshot_texts"].c, tables["snapshots"].c
    for id, body in _stream(connection, select(snapshots.id, snapshots.body)):
        query = select(texts.path, texts.salt, texts.value).where(texts.snapshot_id == id)
        stored = {
            path: hmac.digest(salt, value.encode(), "sha256").hex() for path, salt, value in connection.execute(query)
        }
        named = dict(_commitments(_parsed(body), ""))
        place = row_key("snapshots", id)
        yield from (("text", place + path) for path, digest in stored.items() if named.get(path) != digest)
        lost = {place + path for path in named.keys() - stored.keys()}
        verdict.erased += len(lost & verdict.erasures)
        yield from (("text_missing", path) for path in sorted(lost - verdict.erasures))


def _wrong_batches(connection: Connection, tables: Mapping[str, Table]) -> Iterator[tuple[str, str]]:
    """Compare the readings of each batch with its digest: changed, added and lost ones are found, and those of no batch."""
    batches = tables["reading_batches"].c
    known = {row.id: row.digest for row in connection.execute(select(batches.id, batches.digest))}
    try:
        found = _batch_digests(connection, tables["readings"])
    except (ValueError, TypeError):  # a time that cannot be read: look at each batch by itself
        found = {id: digest for each in known for id, digest in _readable_batch(connection, tables["readings"], each)}
    for id in sorted(known.keys() | found.keys()):
        if known.get(id) != found.get(id):
            yield "batch", row_key("reading_batches", id)


def _batch_digests(connection: Connection, table: Table, batch: str | None = None) -> dict[str, str]:
    """Return the digest of the readings of each batch (or of one) as they are stored now."""
    query = select(table).order_by(table.c.batch_id, table.c.position)
    names, digests = table.c.keys(), dict[str, Any]()
    for row in _stream(connection, query if batch is None else query.where(table.c.batch_id == batch)):
        reading = dict(zip(names, row, strict=True))
        digest = digests.get(reading["batch_id"])
        if digest is None:
            digests[reading["batch_id"]] = hashlib.sha256(canonical_reading(reading))
        else:
            digest.update(b"\n" + canonical_reading(reading))
    return {id: digest.hexdigest() for id, digest in digests.items()}


def _readable_batch(connection: Connection, table: Table, batch: str) -> list[tuple[str, str]]:
    try:
        return list(_batch_digests(connection, table, batch).items())
    except (ValueError, TypeError):
        return []


def _parsed(body: str) -> Any:
    """Return the value of a snapshot's body; one that cannot be read names no text (its digest is already wrong)."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def _commitments(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield path and digest of each salted digest in a snapshot's body."""
    if isinstance(value, dict) and set(value) == {"commitment"}:
        yield path, value["commitment"]
    elif isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _commitments(inner, f"{path}/{key}")


def _wrong_files(
    connection: Connection, tables: Mapping[str, Table], files: Store, verdict: Verdict
) -> Iterator[tuple[str, str]]:
    """Check every stored file that a row names; one may be gone when an entry says that it was erased."""
    evidence = tables["evidence"].c
    named = [
        ("evidence", row)
        for row in connection.execute(select(evidence.id, evidence.digest).where(evidence.kind == "file"))
    ]
    for name in ("reports", "papers"):
        issued = tables[name].c
        named += [(name, row) for row in connection.execute(select(issued.id, issued.file_digest))]
    for table, (id, digest) in named:
        place = row_key(table, id)
        if f"{place}/file" in verdict.erasures:
            verdict.erased += 1
        elif not files.verify(digest):
            yield "file", place
