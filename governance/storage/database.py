"""The engine, set up so that no acknowledged change is ever lost on either database.

SQLAlchemy's defaults silently lose concurrent edits on SQLite and PostgreSQL alike (assurance.md §1, P1–P3). Here every unit of
work says whether it writes: on SQLite a writing one begins with `BEGIN IMMEDIATE` and a reading one cannot write; on PostgreSQL
it may ask for SERIALIZABLE. Durability settings are set on connect, read back, and a connection that lies is refused.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import RLock
from typing import Any, Literal, Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.orm import Session, sessionmaker

from governance.texts import Text

BUSY_MS = 5000
"""How long a SQLite connection waits for the single writer before it says busy."""

_POSTGRES_OPTIONS = {
    "statement_timeout": "15s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "10s",
    "synchronous_commit": "on",
    "timezone": "UTC",
}
_FIXED_PRAGMAS = {
    "busy_timeout": BUSY_MS,
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "secure_delete": 1,
    "mmap_size": 0,
}
_CHECKED_AT_CHECKOUT = ("synchronous", "foreign_keys", "recursive_triggers")


class UnsafeDatabase(RuntimeError):
    """The database does not keep a setting that the service relies on; nothing is served from it."""


def loses_commits_in_wal(version: tuple[int, ...]) -> bool:
    """Say whether this SQLite release has the WAL-reset fault (3.7.0–3.51.2; mended in 3.44.6, 3.50.7, 3.51.3)."""
    if not (3, 7, 0) <= version < (3, 51, 3):
        return False
    return not ((3, 44, 6) <= version < (3, 45) or (3, 50, 7) <= version < (3, 51))


def sqlite_pragmas(version: tuple[int, ...]) -> dict[str, int | str]:
    """Return the settings for a SQLite release: WAL + FULL, or DELETE + EXTRA where WAL may lose commits (assurance.md §4)."""
    journal: dict[str, int | str] = {"journal_mode": "wal", "synchronous": 2}
    if loses_commits_in_wal(version):
        journal = {"journal_mode": "delete", "synchronous": 3}
    return {"busy_timeout": BUSY_MS, **journal, **_FIXED_PRAGMAS}


def _normal(url: str) -> URL:
    """Return the address with the driver named; refuse what the service cannot run on."""
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise UnsafeDatabase(f"{parsed.get_backend_name()} is not supported: use sqlite:///path or postgresql://…")
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise UnsafeDatabase("an in-memory SQLite database keeps nothing: give a file, sqlite:///path")
    return parsed


class Follower(Protocol):
    """What is told of the acts that were just committed; it must not fail."""

    def after(self, acts: Collection[str]) -> None: ...


class Database:
    """One database: its engine, its dialect and sessions that begin in the right way."""

    def __init__(self, url: str) -> None:
        parsed = _normal(url)
        self.url = parsed
        self.dialect: Literal["sqlite", "postgresql"] = (
            "sqlite" if parsed.get_backend_name() == "sqlite" else "postgresql"
        )
        self.engine = _sqlite_engine(parsed) if self.dialect == "sqlite" else _postgres_engine(parsed)
        self.session_factory = sessionmaker(self.engine, expire_on_commit=False)
        self._turn = RLock()
        self.notary: Follower | None = None
        self.certificate: tuple[Path, Path | None] | None = None

    def session(self, *, read_only: bool = False, serializable: bool = False) -> Session:
        """Return a session whose transaction begins as declared; the caller commits or rolls back, and closes."""
        options: dict[str, Any] = {"read_only": read_only}
        if self.dialect == "postgresql":
            options["isolation_level"] = "SERIALIZABLE" if serializable else "READ COMMITTED"
            options["postgresql_readonly"] = read_only
            if read_only:
                options["isolation_level"] = "REPEATABLE READ"
        return self.session_factory(bind=self.engine.execution_options(**options))

    def turn(self) -> AbstractContextManager[object]:
        """Return what a writing unit holds while it runs: on SQLite, with its one writer, the threads of a process wait in line here.

        Without it they would poll the file, and each poll that fails sleeps for longer than a save takes.
        """
        return self._turn if self.dialect == "sqlite" else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection with one consistent view of everything, for verification, exports and backups."""
        session = self.session(read_only=True)
        try:
            yield session.connection()
        finally:
            session.rollback()
            session.close()

    def warnings(self) -> list[Text]:
        """Return what an administrator should know about this database's durability; empty when all is well."""
        if self.dialect == "sqlite":
            return _sqlite_warnings()
        with self.engine.connect() as connection:
            return _postgres_warnings(connection)

    def dispose(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000})
    pragmas = sqlite_pragmas(sqlite3.sqlite_version_info)

    @event.listens_for(engine, "connect")
    def _set(dbapi: Any, record: Any) -> None:
        dbapi.isolation_level = None  # no hidden BEGIN by the driver: ours is explicit
        for name, value in pragmas.items():
            dbapi.execute(f"PRAGMA {name}={value}").fetchall()
        _insist(dbapi, pragmas)

    @event.listens_for(engine, "checkout")
    def _check(dbapi: Any, record: Any, proxy: Any) -> None:
        _insist(dbapi, {name: pragmas[name] for name in _CHECKED_AT_CHECKOUT})

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = bool(connection.get_execution_options().get("read_only", False))
        connection.exec_driver_sql(f"PRAGMA query_only={int(read_only)}")
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _insist(dbapi: Any, pragmas: dict[str, int | str]) -> None:
    """Read the settings back and refuse the connection when one is not as it was set."""
    for name, wanted in pragmas.items():
        row = dbapi.execute(f"PRAGMA {name}").fetchone()
        if row is not None and row[0] != wanted:
            raise UnsafeDatabase(f"SQLite keeps {name}={row[0]!r} where {wanted!r} is needed")


def _postgres_engine(url: URL) -> Engine:
    options = " ".join(f"-c {name}={value}" for name, value in _POSTGRES_OPTIONS.items())
    return create_engine(url, connect_args={"options": options}, pool_pre_ping=True)


def _sqlite_warnings() -> list[Text]:
    if not loses_commits_in_wal(sqlite3.sqlite_version_info):
        return []
    found = Text(
        "SQLite {version} は WAL 使用時に確定済みの変更を失うことがあるため、低速でも安全な方式（DELETE／EXTRA）で"
        "動作しています。3.51.3 以降への更新を推奨します。",
        "SQLite {version} can lose committed changes in WAL mode, so a slower safe mode (DELETE/EXTRA) is used."
        " Upgrade to 3.51.3 or later.",
    )
    return [found.filled(version=sqlite3.sqlite_version)]


def _postgres_warnings(connection: Connection) -> list[Text]:
    sentence = Text(
        "PostgreSQL の設定 {name} が {value} です。停電時に記録を失うおそれがあるため、on にしてください。",
        "PostgreSQL runs with {name} = {value}: records may be lost in a power failure. Set it to on.",
    )
    values = {
        name: connection.scalar(text(f"SHOW {name}")) for name in ("fsync", "full_page_writes", "synchronous_commit")
    }
    return [sentence.filled(name=name, value=value) for name, value in values.items() if value != "on"]
