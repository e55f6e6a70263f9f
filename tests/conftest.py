"""Databases for the tests: every test that asks for one runs on SQLite and on PostgreSQL, each time on a fresh copy.

The migrations run once per engine and process; a test then gets a copy of the migrated file or of the template database.
`--database sqlite` (or `postgresql`) narrows the run to one engine; `--e2e` adds the tests that drive a browser.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property, partial
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings as hypothesis_settings
from sqlalchemy import URL, Engine, make_url

from governance.storage.database import Database
from governance.storage.migrate import upgrade
from tests import postgres
from tests.builders import World, revisited, world
from tests.reviews import scenes

hypothesis_settings.register_profile("busy", deadline=None)  # how fast a machine is says nothing about a rule
hypothesis_settings.load_profile("busy")

KINDS = ("sqlite", "postgresql")
BROWSER = Path(__file__).parent / "browser"

FreshDatabase = Callable[[], AbstractContextManager[str]]
"""Opens the address of a fresh, migrated and otherwise empty database, and removes it afterwards."""


def migrate(url: str) -> None:
    """Bring an empty database to the current structure, the way an installation does."""
    database = Database(url)
    upgrade(database)
    database.dispose()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=[*KINDS, "both"], default="both", help="the engine that tests run on")
    parser.addoption("--e2e", action="store_true", help="collect the tests that drive a real browser")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if collection_path == BROWSER and not config.getoption("--e2e") else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--database")
        kinds = KINDS if chosen == "both" else (chosen,)
        metafunc.parametrize("database_kind", kinds, indirect=True, scope="session")


def populate(url: str) -> None:
    """Fill a migrated database with the published framework and one account per role."""
    database = Database(url)
    world(database)
    database.dispose()


def submit(url: str) -> None:
    """Add three submitted cases to a world."""
    database = Database(url)
    made = revisited(database)
    for _ in range(3):
        scenes.case(made)
    database.dispose()


PREPARED: dict[str, tuple[str | None, Callable[[str], None]]] = {
    "empty": (None, migrate),
    "world": ("empty", populate),
    "cases": ("world", submit),
}
"""Templates by name: the template each begins from, and what brings it about."""


class Databases:
    """The templates of both engines, each made when it is first asked for, and fresh copies of them."""

    def __init__(self, folder: Path, until_the_end: ExitStack) -> None:
        self.folder = folder
        self.until_the_end = until_the_end
        self.numbers = itertools.count()
        self.ready: set[str] = set()

    @cached_property
    def postgresql_server(self) -> URL:
        return make_url(self.until_the_end.enter_context(postgres.running()))

    def on(self, statement: str) -> None:
        dsn = self.postgresql_server.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute(statement)

    def template(self, kind: str, name: str) -> str:
        """Return the name of a template, making it and those it begins from on first use."""
        template = f"{kind}_{name}"
        if template not in self.ready:
            base, prepare = PREPARED[name]
            self.copied(kind, self.template(kind, base) if base else None, template)
            prepare(self.url(kind, template))
            self.ready.add(template)
        return template

    def url(self, kind: str, name: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{self.folder / name}.sqlite3"
        return self.postgresql_server.set(database=name).render_as_string(hide_password=False)

    def copied(self, kind: str, template: str | None, name: str) -> None:
        if kind == "postgresql":
            self.on(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        elif template:
            shutil.copyfile(self.folder / f"{template}.sqlite3", self.folder / f"{name}.sqlite3")

    @contextmanager
    def fresh(self, kind: str, template: str = "empty") -> Iterator[str]:
        """Open the address of a fresh copy, and remove it afterwards."""
        name = f"test_{next(self.numbers)}"
        self.copied(kind, self.template(kind, template), name)
        yield self.url(kind, name)
        if kind == "postgresql":
            self.on(f"DROP DATABASE {name} WITH (FORCE)")
        else:
            for rest in self.folder.glob(f"{name}.sqlite3*"):
                rest.unlink()


@pytest.fixture(scope="session")
def _databases() -> Iterator[Databases]:
    memory = Path("/dev/shm")  # real files and a real server; only their disk is memory, so that every fsync is quick
    with ExitStack() as until_the_end:
        folder = tempfile.TemporaryDirectory(prefix="governance-", dir=memory if os.access(memory, os.W_OK) else None)
        yield Databases(Path(until_the_end.enter_context(folder)), until_the_end)


@pytest.fixture(scope="session")
def database_kind(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgresql`: the engine of this run of the test."""
    return str(request.param)


@pytest.fixture(scope="session")
def fresh_database(database_kind: str, _databases: Databases) -> FreshDatabase:
    """Opener of fresh databases, for a fixture of a whole module or a test that needs two."""
    return partial(_databases.fresh, database_kind)


@pytest.fixture
def database_url(fresh_database: FreshDatabase) -> Iterator[str]:
    """Address of a fresh, migrated database of this test alone."""
    with fresh_database() as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The fresh database of this test, opened as the service opens it."""
    opened = Database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def engine(database: Database) -> Engine:
    """The engine of the fresh database of this test."""
    return database.engine


@pytest.fixture
def made(database_kind: str, _databases: Databases) -> Iterator[World]:
    """A world of this test alone: the published framework and one account per role (tests/builders.py)."""
    with _databases.fresh(database_kind, "world") as url:
        opened = Database(url)
        yield revisited(opened)
        opened.dispose()
