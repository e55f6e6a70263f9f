"""What somebody with full rights on the database can do: statements with every guard taken away."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from governance.ledger import merkle
from governance.storage.database import Database

Connection = Any


@contextmanager
def unguarded(database: Database) -> Iterator[Connection]:
    """Open the database as its administrator, with no trigger and no foreign key in the way; commits at the end."""
    database.dispose()
    if database.dialect == "sqlite":
        connection = sqlite3.connect(str(database.url.database))
        connection.execute("PRAGMA synchronous=OFF")
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
    else:
        connection = psycopg.connect(address(database))
        for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
            connection.execute(f"ALTER TABLE {name} DISABLE TRIGGER ALL")
    try:
        yield connection
        connection.commit()
    finally:
        connection.close()


@contextmanager
def direct(database: Database) -> Iterator[Connection]:
    """Open the database past the service, guards in place, each statement for itself."""
    database.dispose()
    if database.dialect == "sqlite":
        connection: Connection = sqlite3.connect(str(database.url.database), isolation_level=None)
    else:
        connection = psycopg.connect(address(database), autocommit=True)
    try:
        yield connection
    finally:
        connection.close()


def address(database: Database) -> str:
    """Return the address as psycopg itself wants it."""
    return database.url.set(drivername="postgresql").render_as_string(hide_password=False)


def run(connection: Connection, statement: str, *values: object) -> Any:
    """Run a statement with `?` places on either database."""
    if not isinstance(connection, sqlite3.Connection):
        statement = statement.replace("%", "%%").replace("?", "%s")
    return connection.execute(statement, values)


def entry(connection: Connection, seq: int) -> tuple[bytes, bytes]:
    """Return body and leaf of an entry."""
    body, leaf = run(connection, "SELECT body, leaf FROM ledger_event WHERE seq = ?", seq).fetchone()
    return bytes(body), bytes(leaf)


def rewrite(connection: Connection, seq: int, body: bytes) -> None:
    """Put another body in place of an entry, with the hash that belongs to it."""
    run(connection, "UPDATE ledger_event SET body = ?, leaf = ? WHERE seq = ?", body, merkle.leaf_hash(body), seq)


def rebuild(connection: Connection) -> None:
    """Hash all bodies anew and write the tree that follows from them."""
    run(connection, "DELETE FROM ledger_node")
    peaks: list[bytes] = []
    for seq, body in run(connection, "SELECT seq, body FROM ledger_event ORDER BY seq").fetchall():
        rewrite(connection, seq, bytes(body))
        for level, idx, hash in merkle.grow(seq, peaks, merkle.leaf_hash(bytes(body))):
            run(connection, "INSERT INTO ledger_node (level, idx, hash) VALUES (?, ?, ?)", level, idx, hash)
