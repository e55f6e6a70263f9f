"""A person with a browser, as far as tests of pages need one: keeps cookies, finds the token, signs in, fills forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.test import TestResponse

from governance.accounts import services
from governance.settings import Settings
from governance.storage.database import Database
from governance.web import Service, create_app
from governance.work import SYSTEM, run

PASSWORD = "a long phrase for tests"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Compiled(BytecodeCache):
    """Templates compiled once per test process: every test has its own application, and compiling them took half of its time."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


def service(database: Database, folder: Path, **settings: object) -> Service:
    """Return the application on this database, as an installation would run it, but for the speed of its limits."""
    given = {"data_dir": folder, "trusted_hosts": ("localhost",), "database_url": str(database.url), **settings}
    app = create_app(Settings.model_validate(given), database)
    app.testing = True
    app.jinja_env.bytecode_cache = COMPILED
    return app


def account(database: Database, email: str, *roles: str, name: str = "見本 花子", name_en: str = "Hanako Mihon") -> str:
    """Create a person who can sign in with PASSWORD and return the id."""
    return run(
        database,
        SYSTEM,
        lambda work: (
            services.create_user(work, email=email, name=name, name_en=name_en, password=PASSWORD, roles=roles).id
        ),
    )


class Visitor:
    """One browser. `post` sends the token of the page before, unless told otherwise."""

    def __init__(self, app: Service) -> None:
        self.app = app
        self.client = app.test_client()
        self.token = ""

    def get(self, path: str, **headers: str) -> TestResponse:
        return self._kept(self.client.get(path, headers=headers))

    def post(self, path: str, form: Mapping[str, object] | None = None, **headers: str) -> TestResponse:
        if not self.token:
            self.get("/sign-in")
        sent = {"csrf_token": self.token, **(form or {})}
        return self._kept(self.client.post(path, data=sent, headers=headers))

    def sign_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        self.get("/sign-in")
        answer = self.post("/sign-in", {"email": email, "password": password, "next": "", "kept": ""})
        if answer.status_code == 303:
            self.get("/settings")
        return answer

    def _kept(self, answer: TestResponse) -> TestResponse:
        found = TOKEN.search(answer.text) if answer.mimetype == "text/html" else None
        if found:
            self.token = found[1]
        return answer


def later(minutes: float) -> timedelta:
    """Return a span of time, to read as `now + later(minutes=31)`."""
    return timedelta(minutes=minutes)
