"""Every connection keeps the settings on which durability and isolation rest, and says so when it does not."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys

import pytest
from sqlalchemy import text

from governance.ledger.audit import verify_database
from governance.storage.database import Database, UnsafeDatabase, loses_commits_in_wal, sqlite_pragmas


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql+pymysql://h/d"])
def test_a_database_that_keeps_nothing_or_is_unknown_is_refused(url: str) -> None:
    with pytest.raises(UnsafeDatabase):
        Database(url)


def test_a_plain_postgresql_address_gets_its_driver() -> None:
    for url in ("postgresql://u@h/d", "postgres://u@h/d", "postgresql+psycopg://u@h/d"):
        assert Database(url).url.drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 6, 23), False), ((3, 7, 0), True), ((3, 40, 1), True), ((3, 44, 5), True), ((3, 44, 6), False), ((3, 45, 0), True),
        ((3, 50, 6), True), ((3, 50, 7), False), ((3, 51, 0), True), ((3, 51, 2), True), ((3, 51, 3), False), ((3, 53, 0), False),
    ],
)  # fmt: skip
def test_releases_that_lose_commits_in_wal_are_known(version: tuple[int, ...], affected: bool) -> None:
    assert loses_commits_in_wal(version) is affected
    settings = sqlite_pragmas(version)
    assert (settings["journal_mode"], settings["synchronous"]) == (("delete", 3) if affected else ("wal", 2))


def test_the_settings_hold_on_every_connection(database: Database) -> None:
    with database.reading() as connection:
        if database.dialect == "sqlite":
            for name, value in sqlite_pragmas(sqlite3.sqlite_version_info).items():
                assert connection.scalar(text(f"PRAGMA {name}")) in (value, None), name
        else:
            shown = {
                name: connection.scalar(text(f"SHOW {name}"))
                for name in (
                    "statement_timeout",
                    "lock_timeout",
                    "idle_in_transaction_session_timeout",
                    "timezone",
                    "synchronous_commit",
                )
            }
            assert list(shown.values()) == ["15s", "3s", "10s", "UTC", "on"]


def test_a_connection_that_forgot_a_setting_is_refused(database: Database) -> None:
    if database.dialect == "postgresql":
        pytest.skip("PostgreSQL keeps its settings on the server")
    with database.engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA synchronous=OFF")  # type: ignore[union-attr]
    with pytest.raises(UnsafeDatabase, match="synchronous"):
        database.engine.connect()


@pytest.mark.parametrize(
    ("read_only", "serializable", "isolation"),
    [(False, False, "read committed"), (False, True, "serializable"), (True, False, "repeatable read")],
)
def test_a_transaction_is_isolated_as_declared(
    database: Database, read_only: bool, serializable: bool, isolation: str
) -> None:
    with database.session(read_only=read_only, serializable=serializable) as session:
        if database.dialect == "postgresql":
            assert session.scalar(text("SHOW transaction_isolation")) == isolation
            assert session.scalar(text("SHOW transaction_read_only")) == ("on" if read_only else "off")
        else:
            assert session.scalar(text("PRAGMA query_only")) == int(read_only)
            other = sqlite3.connect(str(database.url.database), timeout=0)
            if read_only:
                other.execute("BEGIN IMMEDIATE")
            else:
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    other.execute("BEGIN IMMEDIATE")
            other.close()


def test_warnings_are_bilingual(database: Database) -> None:
    for warning in database.warnings():
        assert warning.ja
        assert warning.en
    assert bool(database.warnings()) is (
        database.dialect == "sqlite" and loses_commits_in_wal(sqlite3.sqlite_version_info)
    )


WRITER = """
import sys
from governance.storage.database import Database
from governance.work import SYSTEM, open_work
database = Database(sys.argv[1])
number = 0
while True:
    with open_work(database, SYSTEM) as work:
        for part in range(3):
            work.record("RoleEnded", subject=("role_grant", f"{number}"), private={"part": f"{part}"})
    print(number, flush=True)
    number += 1
"""


@pytest.mark.parametrize("after", [3])
def test_a_killed_writer_loses_nothing_it_acknowledged(database: Database, after: int) -> None:
    """assurance.md R2 in small: kill -9 between two acknowledgements, then look."""
    url = database.url.render_as_string(hide_password=False)
    writer = subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = [int(writer.stdout.readline()) for _ in range(after)]
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in writer.stdout if line.strip()]
    writer.stdout.close()
    writer.wait()
    from_disk = verify_database(database)
    assert from_disk.ok
    assert from_disk.size % 3 == 0
    assert from_disk.size >= 3 * len(acknowledged)
