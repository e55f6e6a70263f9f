"""What benchmarks of the web part stand on: a database with many teams, each filling a screening, and the real server in front of it.

Everything is made through the services, as an installation would; the server is the one of `governance serve`, on 127.0.0.1.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from governance.accounts import sessions
from governance.accounts.models import RoleGrant, User
from governance.questionnaires.definition import Framework, Questionnaire
from governance.settings import Settings
from governance.storage.database import Database
from governance.storage.migrate import upgrade
from governance.web import create_app
from governance.work import Actor, run
from tests import builders, postgres

TRIGGERS = {"T10": "yes", "T14": "yes"}
"""Leads to the standard route with two packs: about fifty questions."""


Documents = tuple[list[Framework], list[Questionnaire]]


@dataclass(frozen=True)
class Seat:
    """One person at work: the cookie of the session, the screening, and the account."""

    cookie: str
    screening: str
    person: str


@contextmanager
def empty(kind: str) -> Iterator[tuple[Database, Settings]]:
    """Open an empty database of the kind, with the settings of a service on it."""
    with ExitStack() as until_the_end:
        folder = Path(until_the_end.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder}/bench.db"
        if kind == "postgresql":
            url = _postgres(until_the_end)
        database = Database(url)
        until_the_end.callback(database.dispose)
        upgrade(database)
        values = {"data_dir": folder, "database_url": url, "trusted_hosts": ("127.0.0.1", "localhost"), "worker": False}
        yield database, Settings.model_validate({k: v for k, v in values.items() if k in Settings.model_fields})


@contextmanager
def stage(kind: str, teams: int, documents: Documents | None = None) -> Iterator[tuple[Database, Settings, list[Seat]]]:
    """Open a database of the kind with `teams` people, each before a filled screening of the first phase.

    `documents` are published instead of the shipped ones.
    """
    with empty(kind) as (database, settings):
        yield database, settings, _seats(database, settings, teams, documents)


def _postgres(until_the_end: ExitStack) -> str:
    url = make_url(until_the_end.enter_context(postgres.running()))
    with psycopg.connect(
        url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
    ) as one:
        one.execute("CREATE DATABASE bench")
    return url.set(database="bench").render_as_string(hide_password=False)


def _seats(database: Database, settings: Settings, teams: int, documents: Documents | None) -> list[Seat]:
    made = builders.world(database, published=documents)
    app = create_app(settings, database)
    signer = app.session_interface.get_signing_serializer(app)
    seats = []
    for number in range(teams):
        person = _person(made, number)
        made.people["owner"] = person
        screening = builders.opened(made, builders.registered(made))
        builders.answered(made, screening, TRIGGERS)
        token = run(
            database,
            Actor(person.id, frozenset({"owner"})),
            lambda work: sessions.sign_in(work, longest=timedelta(hours=12)),
        )
        seats.append(Seat(f"session={signer.dumps({'token': token})}", screening, person.id))
    return seats


def _person(made: builders.World, number: int) -> User:
    with made.acting() as work:
        person = User(
            email=f"bench-{number}@test.example",
            name=f"計測 {number}",
            name_en=f"Bench {number}",
            department="試験部",
            password_hash=builders.password_hash(),
            created_at=work.now,
        )
        work.session.add(person)
        work.session.flush()
        for role in ("owner", "member"):
            work.session.add(RoleGrant(user_id=person.id, role=role, granted_at=work.now))
        work.record("AccountCreated", subject=("account", person.id))
        work.session.refresh(person)
        return person


@contextmanager
def served(settings: Settings, workers: int) -> Iterator[int]:
    """Run the real server on a free port of 127.0.0.1 and return the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {
        **os.environ,
        "GOVERNANCE_DATABASE_URL": settings.database_url,
        "GOVERNANCE_DATA_DIR": str(settings.data_dir),
        "GOVERNANCE_PORT": str(port),
        "GOVERNANCE_WORKERS": str(workers),
        "GOVERNANCE_WORKER": "false",
        "GOVERNANCE_LOG_LEVEL": "error",
    }
    server = subprocess.Popen([sys.executable, "-m", "governance", "serve"], env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait(port)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def _wait(port: int) -> None:
    for _ in range(900):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health").read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start")
