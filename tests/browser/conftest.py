"""A real server and a real browser for the stories: one Chromium for all tests, one context per person.

The server answers in this process on a clock that the test moves, so that the day of a planned meeting can come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from governance.accounts.models import User
from governance.pages import limiter
from governance.settings import Settings
from governance.storage.database import Database
from governance.texts import Text
from governance.web import create_app
from tests.browser.looks import CHROMIUM, QUIET
from tests.browser.people import Town
from tests.builders import World, revisited
from tests.conftest import Databases
from tests.reviews.browsing import Clock

Towns = Callable[..., AbstractContextManager[Town]]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


@contextmanager
def serving(made: World, url: str, folder: Path) -> Iterator[str]:
    """Serve this world on a free port of 127.0.0.1 and return the address."""
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    given = {"data_dir": folder, "database_url": url, "port": server.port}
    server.app = create_app(Settings.model_validate(given), made.database)
    limiter.reset()
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def settled(made: World, language: str) -> None:
    """Give everybody the language of the run and a department; int2 works where the project is, a possible conflict of interest."""
    with made.acting() as work:
        for name, person in made.people.items():
            row = work.session.get_one(User, person.id)
            row.locale = language
            own = Text("設計部", "Design") if name == "int2" else Text("試験部", "Testing")
            row.department, row.department_en = own.in_(language), own.en


@pytest.fixture
def towns(browser: Browser, _databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Towns:
    """Opener of a served world with people in it: `with towns("en") as town`; `kind` is the database engine."""

    @contextmanager
    def opened(language: str = "ja", kind: str = "sqlite") -> Iterator[Town]:
        with _databases.fresh(kind, "world") as url:
            database = Database(url)
            made = revisited(database)
            settled(made, language)
            for module in ("governance.work", "governance.pages"):
                monkeypatch.setattr(f"{module}.datetime", Clock(made))
            with serving(made, url, tmp_path) as address:
                town = Town(browser, address, made, language)
                try:
                    yield town
                except BaseException:
                    town.pictures(tmp_path)
                    raise
                town.leave()
            database.dispose()

    return opened
