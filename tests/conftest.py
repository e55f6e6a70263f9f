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
from tests import postgres, sparing
from tests.builders import World, revisited, world
from tests.reviews import scenes
from tests.stages import Shelf, Stage

hypothesis_settings.register_profile("busy", deadline=None)  # how fast a machine is says nothing about a rule
hypothesis_settings.load_profile("busy")
sparing.spare()

KINDS = ("sqlite", "postgresql")
PAGES = {"app", "open_for", "browse", "enter"}
"""Fixtures of tests that look at pages. What such a page shows and asks is the same on every engine: they run on SQLite alone.

One walk over the links that six kinds of people are led to runs on PostgreSQL too (tests/test_walk.py), without filters and forms.
Services, storage, ledger, migrations and what happens at once run on both engines, and so do the pages of BOTH.
"""
BOTH = (
    "test_access.py",
    "test_bad_input.py",
    "tests/test_pages.py",
    "storage/test_stores.py",
    "accounts/test_views.py",
)
"""Pages of which the engine has a say: who gets in, what hostile text does, what is tried again, what is kept."""
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


def pytest_collection_finish() -> None:
    sparing.settle()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--database")
        alike = PAGES & set(metafunc.fixturenames) and not metafunc.definition.path.as_posix().endswith(BOTH)
        kinds = (chosen,) if chosen != "both" else KINDS[:1] if alike else KINDS
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


class Files:
    """Databases of SQLite: files in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str) -> Path:
        return self.folder / f"{name}.sqlite3"

    def url(self, name: str) -> str:
        return f"sqlite:///{self.file(name)}"

    def copy(self, template: str | None, name: str) -> None:
        if template:
            shutil.copyfile(self.file(template), self.file(name))

    def drop(self, name: str) -> None:
        for each in self.folder.glob(f"{name}.sqlite3*"):
            each.unlink()

    def replace(self, name: str, template: str) -> None:
        self.drop(name)
        self.copy(template, name)

    def keep(self, name: str, template: str) -> None:
        self.copy(name, template)

    def fingerprint(self, name: str) -> object:
        """Return the counter of changes in the head of the file, and how much of a journal lies beside it."""
        with self.file(name).open("rb") as file:
            head = file.read(100)
        return head, [(each.name, each.stat().st_size) for each in sorted(self.folder.glob(f"{name}.sqlite3-*"))]


class Server:
    """Databases of PostgreSQL: on one server of this process."""

    def __init__(self, url: URL) -> None:
        self.server = url
        dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.admin = psycopg.connect(dsn, autocommit=True)
        self.strategy = "file_copy" if postgres.place() else "wal_log"  # the first is quick where a sync is

    def url(self, name: str) -> str:
        return self.server.set(database=name).render_as_string(hide_password=False)

    def copy(self, template: str | None, name: str) -> None:
        given = f" TEMPLATE {template} STRATEGY {self.strategy}" if template else ""
        self.admin.execute(f"CREATE DATABASE {name}{given}")

    def drop(self, name: str) -> None:
        self.admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def replace(self, name: str, template: str) -> None:
        self.drop(name)
        self.copy(template, name)

    def keep(self, name: str, template: str) -> None:
        self.copy(name, template)

    def fingerprint(self, name: str) -> object:
        """Return the next number of a writing transaction of this server, on which one test runs at a time."""
        return self.admin.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetchone()


class Databases:
    """The templates of both engines, each made when it is first asked for, and fresh copies of them."""

    def __init__(self, folder: Path, until_the_end: ExitStack) -> None:
        self.folder = folder
        self.until_the_end = until_the_end
        self.numbers = itertools.count()
        self.ready: set[str] = set()
        self.shelves: dict[str, Shelf] = {}

    @cached_property
    def files(self) -> Files:
        return Files(self.folder)

    @cached_property
    def server(self) -> Server:
        server = Server(make_url(self.until_the_end.enter_context(postgres.running())))
        self.until_the_end.callback(server.admin.close)
        return server

    def of(self, kind: str) -> Files | Server:
        return self.files if kind == "sqlite" else self.server

    def template(self, kind: str, name: str) -> str:
        """Return the name of a template, making it and those it begins from on first use."""
        template = f"{kind}_{name}"
        if template not in self.ready:
            base, prepare = PREPARED[name]
            self.of(kind).copy(self.template(kind, base) if base else None, template)
            prepare(self.of(kind).url(template))
            self.ready.add(template)
        return template

    @contextmanager
    def fresh(self, kind: str, template: str = "empty") -> Iterator[str]:
        """Open the address of a fresh copy, and remove it afterwards."""
        with self.named(kind, template) as name:
            yield self.of(kind).url(name)

    @contextmanager
    def named(self, kind: str, template: str) -> Iterator[str]:
        """Make a fresh copy under a new name, and remove it afterwards."""
        name = f"test_{next(self.numbers)}"
        self.of(kind).copy(self.template(kind, template), name)
        yield name
        self.of(kind).drop(name)

    @contextmanager
    def world(self, kind: str, plain: Callable[[], bool]) -> Iterator[World]:
        """Open a fresh world, whose builders may give it a stage kept before while `plain` (tests/stages.py)."""
        shelf = self.shelves.setdefault(kind, Shelf(self.of(kind)))
        with self.named(kind, "world") as name:
            opened = Database(self.of(kind).url(name))
            made = revisited(opened)
            made.stage = Stage(shelf, name, opened, plain)
            yield made
            opened.dispose()


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
def made(database_kind: str, _databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world of this test alone: the published framework and one account per role (tests/builders.py)."""

    def plain() -> bool:
        """Tell whether the service is as it ships, but for its clock."""
        return not monkeypatch._setitem and all(name == "datetime" for _, name, _ in monkeypatch._setattr)

    with _databases.world(database_kind, plain) as world_of_this_test:
        yield world_of_this_test
