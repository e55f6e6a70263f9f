"""The written case, made once per engine and copied for each test, because every unit of work waits for the disk."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from governance.storage.database import Database
from tests.conftest import FreshDatabase
from tests.ledger import case
from tests.ledger.admin import address

NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def written_once(fresh_database: FreshDatabase) -> Iterator[Database]:
    """A database with the whole case; never changed."""
    with fresh_database() as url:
        database = Database(url)
        case.written(database)
        database.dispose()
        yield database


@pytest.fixture
def written(written_once: Database, tmp_path: Path) -> Iterator[Database]:
    """A copy of the whole case for this test alone."""
    if written_once.dialect == "sqlite":
        copy = Database(f"sqlite:///{shutil.copyfile(str(written_once.url.database), tmp_path / 'copy.sqlite3')}")
        yield copy
        copy.dispose()
        return
    name = f"case_{next(NUMBERS)}"
    server = address(Database(written_once.url.set(database="postgres").render_as_string(hide_password=False)))
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {written_once.url.database}")
        copy = Database(written_once.url.set(database=name).render_as_string(hide_password=False))
        yield copy
        copy.dispose()
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
