"""Builders for tests: a world with the real framework, people in their roles, and a project on its way through the real services.

Each builder does one step and returns what it made; a test says only what differs from the ordinary.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import select

from governance.accounts import passwords
from governance.accounts.models import RoleGrant, User
from governance.paths import SEEDS
from governance.projects import services as projects
from governance.projects.models import Project
from governance.projects.rules import Particulars
from governance.questionnaires import services as questionnaires
from governance.questionnaires.definition import Question
from governance.screenings import evidence, filling, services
from governance.screenings.loading import Filled, load
from governance.screenings.models import Answer, ItemRating, Screening
from governance.screenings.rules import Entry, RatingEntry
from governance.storage.database import Database
from governance.work import SYSTEM, Actor, UnitOfWork, open_work
from tests.stages import Stage, staged

PASSWORD = "a long phrase for tests"
TODAY = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
PARTICULARS = Particulars(
    name="架空の需要予測AI",
    name_en="Imaginary demand forecast",
    sector="industry",
    regions=["japan"],
    own_roles=["developer"],
    techniques=["forecasting"],
    customer="見本商事",
    end_subjects="倉庫の担当者",
    department="試験部",
)
ROLES = {
    "owner": ("owner", "member"),
    "member": ("member",),
    "approver": ("approver",),
    "expert": ("expert",),
    "expert2": ("expert",),
    "secretariat": ("secretariat",),
    "legal": ("legal",),
    "executive": ("executive",),
    "auditor": ("auditor",),
    "administrator": ("administrator",),
    "stranger": ("owner", "member"),
    "chair": ("chair", "external_member"),
    "ext1": ("external_member",),
    "ext2": ("external_member",),
    "ext3": ("external_member",),
    "int1": ("internal_member",),
    "int2": ("internal_member",),
    "int3": ("internal_member",),
}


@dataclass
class World:
    """A database with the published framework and one account per role; `now` moves forward with every act."""

    database: Database
    now: datetime = TODAY
    people: dict[str, User] = field(default_factory=dict)
    stage: Stage | None = field(default=None, repr=False)

    @contextmanager
    def acting(self, name: str = "system", *, read_only: bool = False) -> Iterator[UnitOfWork]:
        """Open a unit of work as a named person, one minute after the last one."""
        self.now += timedelta(minutes=1)
        with open_work(self.database, self.actor(name), read_only=read_only, at=self.now) as work:
            yield work

    def actor(self, name: str) -> Actor:
        if name == "system":
            return SYSTEM
        return Actor(self.people[name].id, frozenset(ROLES[name]))


@cache
def documents(folder: Path) -> tuple[list, list]:
    """Read a folder of seeds once per test process."""
    return questionnaires.read_seeds(folder)


@cache
def password_hash() -> str:
    """Hash the password of every test account once: argon2 is slow on purpose."""
    return passwords.hash_password(PASSWORD)


def world(database: Database, folder: Path = SEEDS, published: tuple[list, list] | None = None) -> World:
    """Return a world with the seeds of `folder` published and everybody of ROLES in it, able to sign in with PASSWORD."""
    made = World(database)
    frameworks, sheets = published or documents(folder)
    with made.acting() as work:
        for framework in frameworks:
            questionnaires.publish_framework(work, framework)
        for sheet in sheets:
            questionnaires.publish_questionnaire(work, sheet)
    with made.acting() as work:
        for name, roles in ROLES.items():
            made.people[name] = _account(work, name, roles)
    return made


def _account(work: UnitOfWork, name: str, roles: Sequence[str]) -> User:
    person = User(
        email=f"{name}@test.example",
        name=f"見本 {name}",
        name_en=f"Sample {name}",
        department="試験部",
        password_hash=password_hash(),
        created_at=work.now,
    )
    work.session.add(person)
    work.session.flush()
    for role in roles:
        work.session.add(RoleGrant(user_id=person.id, role=role, granted_at=work.now))
    work.session.flush()
    work.record("AccountCreated", subject=("account", person.id))
    work.session.refresh(person)
    return person


def revisited(database: Database) -> World:
    """Return the world that a copied database holds already."""
    made = World(database, TODAY + timedelta(hours=1))
    with open_work(database, SYSTEM, read_only=True) as work:
        found = {person.email.partition("@")[0]: person for person in work.session.scalars(select(User))}
        work.session.expunge_all()
    made.people = found
    return made


@staged
def registered(made: World, particulars: Particulars = PARTICULARS) -> str:
    """Register a project owned by `owner` with a member and an approver; return its id."""
    with made.acting("owner") as work:
        row = projects.register(work, particulars)
        projects.add_member(work, row, work.session.get(User, made.people["member"].id), "member")
        projects.add_member(work, row, work.session.get(User, made.people["approver"].id), "approver")
        return row.id


@staged
def opened(made: World, project_id: str, phase: str = "P") -> str:
    """Open the screening of a phase and return its id."""
    with made.acting("owner") as work:
        return services.open_screening(work, work.session.get(Project, project_id), phase, due_on=date(2026, 12, 18)).id


@staged
def answered(
    made: World,
    screening_id: str,
    triggers: Mapping[str, str] | None = None,
    answers: Mapping[str, str] | None = None,
    default: str = "done",
    ratings: Mapping[str, tuple[int, int]] | None = None,
    rate: tuple[int, int] = (1, 1),
) -> None:
    """Fill everything that is asked: unlisted triggers "no", unlisted questions `default`, unlisted items `rate`."""
    with made.acting("member") as work:
        row = work.session.get(Screening, screening_id)
        _answer_triggers(work, row, triggers or {})
        _rate(work, row, ratings or {}, rate)
        _answer_questions(work, row, answers or {}, default)


def _answer_triggers(work: UnitOfWork, row: Screening, triggers: Mapping[str, str]) -> None:
    stored = load(work.session, row)
    keys = _trigger_keys(stored)
    entries = [Entry(key, triggers.get(key, "no"), rev=_rev(stored.answers.get(key))) for key in keys]
    filling.finish_triggers(work, row, entries)


def _rate(work: UnitOfWork, row: Screening, ratings: Mapping[str, tuple[int, int]], rate: tuple[int, int]) -> None:
    stored = load(work.session, row)
    if not stored.sheet.framework.severity:
        return
    items = [item.code for item in stored.sheet.framework.items]
    reasons = ("影響の理由", "起こりやすさの理由")
    entries = [
        RatingEntry(code, *ratings.get(code, rate), *reasons, rev=_rev(stored.ratings.get(code))) for code in items
    ]
    filling.save_ratings(work, row, entries)


def _answer_questions(work: UnitOfWork, row: Screening, answers: Mapping[str, str], default: str) -> None:
    """Answer what is asked, and what the answers open in turn."""
    done: set[str] = set()
    while True:
        now = load(work.session, row)
        questions = {question.key: question for each in now.sheet.questionnaires for _, question in each.questions()}
        keys = [key for key in now.score.asked if key not in _trigger_keys(now) and key not in done]
        if not keys:
            return
        given = {
            key: answers.get(key, default if questions[key].kind == "scale" else fact(questions[key])) for key in keys
        }
        filling.save_answers(work, row, [_entry(questions[key], value, now) for key, value in given.items()])
        for key, value in given.items():
            if (value == "done_evidenced" or questions[key].kind == "file") and not now.evidence.get(key):
                evidence.add_link(work, row, key, f"https://wiki.example/{key}", title=f"{key}の記録")
        done.update(keys)


def fact(question: Question) -> str:
    """Return a sound value for a question that is not answered on the scale."""
    if question.choices:
        return question.choices[0].code
    plain = {"number": str(question.minimum or 1), "date": "2026-11-18", "yes_no_unknown": "no", "file": ""}
    return plain.get(question.kind, "given")


def _text(question: Question) -> str:
    """Return a sound text for a question whose answer is written."""
    if question.kind == "rows":
        cells = {"text": "見本", "number": "1", "date": "2026-11-18"}
        row = {c.code: c.choices[0].code if c.choices else cells[c.kind] for c in question.columns}
        return json.dumps([row], ensure_ascii=False)
    return "見本の記入" if question.kind in ("text", "long_text") else ""


def _trigger_keys(filled: Filled) -> list[str]:
    sheets = filled.sheet.questionnaires
    return [question.key for each in sheets if each.kind == "trigger" for _, question in each.questions()]


def _entry(question: Question, value: str, now: Filled) -> Entry:
    remark = "見本の補足" if value in ("partial", "not_applicable") else ""
    due_on = date(2027, 1, 29) if value == "partial" else None
    text = _text(question) if value == "given" else ""
    return Entry(question.key, value, remark, due_on, _rev(now.answers.get(question.key)), text)


def _rev(stored: Answer | ItemRating | None) -> int:
    return stored.rev if stored else 0


@staged
def submitted(made: World, screening_id: str) -> None:
    """Submit a filled screening as its owner."""
    with made.acting("owner") as work:
        row = work.session.get(Screening, screening_id)
        services.submit(work, row, rev=row.rev)
