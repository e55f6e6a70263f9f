"""A case with marked words wherever people write, on its way through the real services; made once per module and engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from governance.accounts.models import RoleGrant, User
from governance.discussions import services as discussions
from governance.discussions.models import Thread
from governance.learning import attending
from governance.monitoring import following, incidents, keys, readings
from governance.monitoring.incidents import Account
from governance.monitoring.models import Indicator
from governance.projects import life
from governance.projects.models import Project
from governance.questionnaires import services as questionnaires
from governance.reports import issuing
from governance.reports import services as reports
from governance.reports.printing import Printed
from governance.screenings import evidence, filling
from governance.screenings.evidence import FileGiven
from governance.screenings.loading import load
from governance.screenings.models import Screening
from governance.screenings.rules import Entry, RatingEntry
from governance.storage.database import Database
from governance.storage.files import FileStore
from governance.work import Actor
from tests.builders import PARTICULARS, World, answered, opened, registered, submitted, world
from tests.conftest import FreshDatabase
from tests.learning import scenes as learning
from tests.monitoring import scenes as monitoring
from tests.reports.conftest import read_once

SECRET = "秘密の言葉"
"""Stands in every text that a team writes; nothing of it may be left."""
GUEST = "来客 一郎"
"""Took part in a KYT session (tests/learning/scenes.py)."""
SHARED = "どの案件にもある内容".encode()


class Office(World):
    """The world with somebody of the privacy committee."""

    def actor(self, name: str) -> Actor:
        return Actor(self.people[name].id, frozenset({name})) if name == "privacy" else super().actor(name)


class Case:
    """The world, the store, and what was made in it."""

    def __init__(self, made: World, store: FileStore) -> None:
        self.made, self.store = made, store
        self.project = self.screening = self.report = self.file = self.other = self.thread = self.incident = (
            self.kyt
        ) = ""


def _written(case: Case) -> None:
    made = case.made
    words = {
        "name": f"{SECRET}案件",
        "name_en": f"{SECRET} project",
        "summary": f"{SECRET}概要",
        "customer": f"{SECRET}商事",
    }
    case.project = registered(made, replace(PARTICULARS, **words))
    case.screening = opened(made, case.project)
    answered(made, case.screening, answers={"P1a": "partial"})
    with made.acting("member") as work:
        row = work.session.get_one(Screening, case.screening)
        now = load(work.session, row)
        for key in ("P1a", "P2a"):
            old = now.answers[key]
            filling.save_answers(work, row, [Entry(key, "partial", f"{SECRET}補足{key}", date(2027, 1, 29), old.rev)])
        rating = next(iter(now.ratings.values()))
        filling.save_ratings(
            work, row, [RatingEntry(rating.item, 1, 1, f"{SECRET}影響", f"{SECRET}頻度", rev=rating.rev)]
        )
        for name, content in (("a", f"{SECRET}の中身".encode()), ("b", SHARED)):
            stored = case.store.put(BytesIO(content), 1000)
            given = FileGiven(f"{SECRET}{name}.txt", "text/plain", stored)
            piece = evidence.add_file(work, row, "P1a", given, title=f"{SECRET}題{name}")
            case.file = case.file or piece.id
        evidence.add_link(work, row, "P1a", f"https://wiki.example/{SECRET}", title=f"{SECRET}リンク")
        thread = discussions.open_thread(work, row, "P1a", text=f"{SECRET}コメント")
        case.thread = thread.id
    with made.acting("member") as work:
        said = work.session.get_one(Thread, case.thread).comments[0]
        row = work.session.get_one(Screening, case.screening)
        discussions.correct(work, row, said, rev=said.rev, text=f"{SECRET}訂正")


def _shared(case: Case) -> None:
    """Another project holds the same content as one of the files."""
    case.other = registered(case.made)
    other = opened(case.made, case.other)
    with case.made.acting("member") as work:
        row = work.session.get_one(Screening, other)
        given = FileGiven("same.txt", "text/plain", case.store.put(BytesIO(SHARED), 1000))
        evidence.add_file(work, row, "P1a", given, title="同じ内容")


def _operated(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """An incident with its history, an indicator with readings, a key, a finished KYT session, and a training that was withdrawn."""
    made, day = case.made, case.made.now.date()
    one = monitoring.watched(made, case.project, name=f"{SECRET}率", note=f"{SECRET}の測り方")
    monitoring.entered(made, one, (3, "96"), (2, "97"))
    monitoring.entered(made, one, (2, "98"), correction=f"{SECRET}の訂正")
    with made.acting("member") as work:
        project = work.session.get_one(Project, case.project)
        entry = readings.Entry(
            work.session.get_one(Indicator, one), made.now - timedelta(days=1), "99", f"{SECRET}の備考"
        )
        readings.enter(work, project, [entry], source="hand")
        told = Account(
            "incident",
            f"{SECRET}の件",
            day,
            day,
            f"{SECRET}が起きた",
            2,
            affected=f"{SECRET}さん",
            cause=f"{SECRET}の不備",
        )
        found = incidents.report(work, project, told)
        case.incident = found.id
        incidents.change(work, found, replace(told, effect=f"{SECRET}の影響"), f"{SECRET}を加えた", rev=found.rev)
        following.note_duty(
            work, found, kind="customer", recipient=f"{SECRET}社", due_on=day, told_on=None, note=SECRET
        )
    with made.acting("owner") as work:
        keys.make(work, work.session.get_one(Project, case.project), f"{SECRET}サーバー")
    lines = tuple((f"{SECRET}なので{n}", f"{SECRET}になる{n}") for n in range(3))
    monkeypatch.setattr(learning, "HAZARDS", lines)
    case.kyt = learning.finished(made, title=f"{SECRET}のKYT", situation=SECRET, place=SECRET, project_id=case.project)
    course = learning.course(made, effective_on=day)
    with made.acting("administrator") as work:
        rows = attending.record(
            work, learning.of(work, course), [made.people["leaver"].id], day, note=f"{SECRET}で受講"
        )
        attending.withdraw(work, rows[0], f"{SECRET}の誤り", rev=rows[0].rev)


def _issued(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def press(html: str, record: bytes, **_: object) -> Printed:
        return Printed(b"%PDF-" + html.encode() + record, 7)

    monkeypatch.setattr(issuing, "print_report", press)
    order = reports.Order(case.project, "ja", "監査のため")
    case.report = reports.issue(case.made.database, case.made.actor("expert"), case.store, order)


@pytest.fixture(scope="module")
def monkeymodule() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def case(
    fresh_database: FreshDatabase, tmp_path_factory: pytest.TempPathFactory, monkeymodule: pytest.MonkeyPatch
) -> Iterator[Case]:
    monkeymodule.setattr(questionnaires, "read_seeds", read_once)
    with fresh_database() as url:
        database = Database(url)
        made = Case(Office(**vars(world(database))), FileStore(Path(tmp_path_factory.mktemp("files"))))
        with made.made.acting() as work:
            person = User(email="privacy@test.example", name="見本 privacy", created_at=work.now)
            leaver = User(
                email="leaver@test.example",
                name=f"{SECRET} 太郎",
                name_en="Leaver",
                department=f"{SECRET}部",
                created_at=work.now,
            )
            work.session.add_all([person, leaver])
            work.session.flush()
            work.session.add(RoleGrant(user_id=person.id, role="privacy", granted_at=work.now))
            work.session.add(RoleGrant(user_id=leaver.id, role="expert", granted_at=work.now))
            for one in (person, leaver):
                work.record(
                    "AccountCreated", subject=("account", one.id), private={"name": one.name, "email": one.email}
                )
                work.session.refresh(one)
                made.made.people[one.email.partition("@")[0]] = one
        _written(made)
        submitted(made.made, made.screening)
        _shared(made)
        _operated(made, monkeymodule)
        with made.made.acting("owner") as work:
            life.suspend(work, work.session.get_one(Project, made.project), reason=f"{SECRET}の事情")
        _issued(made, monkeymodule)
        yield made
        database.dispose()
