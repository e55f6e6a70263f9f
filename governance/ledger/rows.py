"""Reads governed rows from a database in the form that is digested, streaming, whatever their number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection, Table, select

from governance.ledger.governed import (
    CONTENT_TABLES,
    CONTENTS,
    GOVERNED,
    UNLOCKED_STATES,
    row_key,
)
from governance.ledger.writing import canonical_content, canonical_contents, canonical_row

Tables = Mapping[str, Table]
CHUNK = 500
UNREADABLE = b"unreadable"


def rows_of(connection: Connection, table: Table, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the key and canonical bytes of the governed rows with these identifiers."""
    governed = GOVERNED[table.name]
    query = select(*(table.c[name] for name in governed.columns + governed.settled))
    for row in connection.execute(query.where(table.c.id.in_(ids))).mappings():
        yield row_key(table.name, row["id"]), canonical_row(table.name, dict(row))


def contents_of(connection: Connection, tables: Tables, screening_id: str) -> bytes:
    """Return the canonical bytes that stand for all answers, ratings, attached evidence and history of a screening."""
    lines = []
    for name, columns in CONTENT_TABLES.items():
        table = tables[name].c
        query = select(*(table[column] for column in columns)).where(table.screening_id == screening_id)
        lines += [canonical_content(name, dict(row)) for row in connection.execute(query).mappings()]
    return canonical_contents(lines)


def locked_contents(connection: Connection, tables: Tables, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield key and canonical bytes of the content of those screenings that are locked."""
    screenings = tables["screenings"].c
    locked = select(screenings.id).where(screenings.id.in_(ids), screenings.state.not_in(sorted(UNLOCKED_STATES)))
    for id in connection.scalars(locked).all():
        yield row_key(CONTENTS, id), contents_of(connection, tables, id)


def present_rows(connection: Connection, tables: Tables) -> Iterator[tuple[str, bytes]]:
    """Yield every governed row of the database, then the content of every locked screening.

    A row whose columns cannot even be read (a broken JSON text, an impossible date) is given as `UNREADABLE`: it matches no digest.
    """
    for name in GOVERNED:
        ids = connection.scalars(select(tables[name].c.id)).all()
        for start in range(0, len(ids), CHUNK):
            yield from _readable(connection, tables[name], ids[start : start + CHUNK])
    screenings = tables["screenings"].c
    locked = select(screenings.id).where(screenings.state.not_in(sorted(UNLOCKED_STATES)))
    for id in connection.scalars(locked).all():
        try:
            content = contents_of(connection, tables, id)
        except (ValueError, TypeError):
            content = UNREADABLE
        yield row_key(CONTENTS, id), content


def _readable(connection: Connection, table: Table, ids: Sequence[str]) -> list[tuple[str, bytes]]:
    try:
        return list(rows_of(connection, table, ids))
    except (ValueError, TypeError):
        if len(ids) == 1:
            return [(row_key(table.name, ids[0]), UNREADABLE)]
        return [row for id in ids for row in _readable(connection, table, [id])]
