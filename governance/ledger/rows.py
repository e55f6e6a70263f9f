"""Reads governed rows from a database in the form that is digested, streaming, whatever their number."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import Connection, Table, select

from governance.ledger.canonical import canonical
from governance.ledger.governed import (
    CONTENT_TABLES,
    CONTENTS,
    GOVERNED,
    UNLOCKED_STATES,
    canonical_contents,
    canonical_row,
    plain,
    row_key,
)

Tables = Mapping[str, Table]
CHUNK = 500


def rows_of(connection: Connection, table: Table, ids: Iterable[str] | None = None) -> Iterator[tuple[str, bytes]]:
    """Yield the key and canonical bytes of governed rows: those with `ids`, or all."""
    governed = GOVERNED[table.name]
    query = select(*(table.c[name] for name in governed.columns + governed.settled))
    if ids is not None:
        query = query.where(table.c.id.in_(list(ids)))
    for row in connection.execute(query, execution_options={"yield_per": CHUNK}).mappings():
        yield row_key(table.name, row["id"]), canonical_row(table.name, dict(row))


def contents_of(connection: Connection, tables: Tables, screening_id: str) -> bytes:
    """Return the canonical bytes that stand for all answers, ratings, attached evidence and history of a screening."""
    digest, counts = hashlib.sha256(), {}
    for name, (order, columns) in sorted(CONTENT_TABLES.items()):
        table, counts[name] = tables[name], 0
        query = (
            select(*(table.c[column] for column in columns))
            .where(table.c.screening_id == screening_id)
            .order_by(*(table.c[o] for o in order))
        )
        for row in connection.execute(query).mappings():
            digest.update(
                canonical({"table": name, "columns": {column: plain(row[column]) for column in columns}}) + b"\n"
            )
            counts[name] += 1
    return canonical_contents(counts, digest.hexdigest())


def locked_contents(
    connection: Connection, tables: Tables, ids: Iterable[str] | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield key and canonical bytes of the content of each locked screening: those with `ids`, or all."""
    screenings = tables["screenings"]
    query = select(screenings.c.id).where(screenings.c.state.not_in(sorted(UNLOCKED_STATES)))
    if ids is not None:
        query = query.where(screenings.c.id.in_(list(ids)))
    for id in connection.scalars(query).all():
        yield row_key(CONTENTS, id), contents_of(connection, tables, id)


def all_rows(connection: Connection, tables: Tables) -> Iterator[tuple[str, bytes]]:
    """Yield every governed row of the database, then the content of every locked screening."""
    for name in GOVERNED:
        yield from rows_of(connection, tables[name])
    yield from locked_contents(connection, tables)
