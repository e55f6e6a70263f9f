"""Builds the demonstration: plays the story through the services, act by act, so that the ledger tells it as it happened."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import func, select

from governance.accounts.rules import ROLES
from governance.demo import (
    scenes_amend,
    scenes_board,
    scenes_cases,
    scenes_committee,
    scenes_erasure,
    scenes_learning,
    scenes_life,
    scenes_reviews,
    scenes_talk,
)
from governance.demo.content import Content, read_content
from governance.demo.scenes_cases import PASSWORD
from governance.demo.stage import Scene, Stage
from governance.demo.story import Act, Calendar, acts, secretary
from governance.notary import attach
from governance.paths import SEEDS
from governance.projects.models import Project
from governance.refusals import Refusal
from governance.reports import services
from governance.reports.house_file import house_of
from governance.reports.issuing import keep, print_sealed
from governance.reports.printing import Printed
from governance.reports.services import Order
from governance.settings import Settings
from governance.storage.database import Database
from governance.storage.objects import open_store
from governance.texts import joined
from governance.work import SYSTEM, Actor, UnitOfWork, open_work, run

SERIALIZABLE = frozenset({"open_item", "recuse", "move", "vote", "decide", "defer", "close", "move_waiver", "waive"})
"""Scenes that count who is present or what was voted."""

IN_ENGLISH = ("industrial-cloud", "home-loan")
"""Projects whose report is issued in English too."""

PURPOSE = {"ja": "デモの見本", "en": "Sample of the demonstration"}

SCENES: dict[str, Scene] = {
    **{name: getattr(scenes_cases, name) for name in (
        "publish", "welcome", "register", "join", "leave", "sort_out", "rate", "answer", "submit", "resubmitted")},
    **{name: getattr(scenes_reviews, name) for name in (
        "taken", "ruled", "challenged", "replied", "concluded", "discussed", "cited", "returned", "opined", "decided",
        "stop_confirmed")},
    **{name: getattr(scenes_committee, name) for name in (
        "found", "plan", "add_item", "send", "open_meeting", "attend", "open_item", "recuse", "note", "move", "vote", "decide",
        "defer", "close", "write_minutes", "approve_minutes", "report", "verify", "reject")},
    **{name: getattr(scenes_learning, name) for name in ("teach", "attend_course", "foresee", "carry")},
    **{name: getattr(scenes_talk, name) for name in ("talk", "say", "settle", "ask", "finish", "support", "renew", "read_notices")},
    **{name: getattr(scenes_life, name) for name in (
        "reopen", "suspend", "retire", "watch", "measure", "incident", "duty", "remedy", "done", "analyse", "close_incident", "look")},
    **{name: getattr(scenes_amend, name) for name in ("amend", "judge")},
    **{name: getattr(scenes_board, name) for name in (
        "adopt", "propose", "move_waiver", "waive", "decide_above", "circulate", "answer_circulation", "body_ask", "body_answer")},
    "open": scenes_cases.open_screening,
}


def build(database: Database, settings: Settings, now: datetime | None = None) -> list[str]:
    """Fill an empty, migrated database with the demonstration and write its reports; return lines for the terminal, ja and en.

    Raises Refusal when there are projects already: the demonstration is never mixed with real records.
    """
    stage = play(database, settings, now or datetime.now(UTC))
    lines = write_reports(stage, settings)
    scenes_erasure.erase(stage)
    return [*lines, *sign_in_list(stage.content)]


def play(database: Database, settings: Settings, now: datetime) -> Stage:
    """Play the story as seen from `now`, each act in a unit of work of its own. Raises Refusal like `build`."""
    _refuse_used(database)
    content = read_content(SEEDS / "demo")
    calendar = Calendar(now, settings.zone)
    stage = Stage(database, open_store(settings), settings.max_upload_bytes, content, calendar)
    for act in acts(content, calendar):
        run(database, stage.actor(act.actor), partial(_play, stage, act), serializable=act.name in SERIALIZABLE, at=act.at)
    return stage


def _play(stage: Stage, act: Act, work: UnitOfWork) -> None:
    SCENES[act.name](stage, work, *act.what)


def write_reports(stage: Stage, settings: Settings) -> list[str]:
    """Issue the report of every decided project in Japanese, of some in English, and write the files; return a line for each.

    Content and register are written one after the other, as the ledger wants it; only printing runs side by side.
    """
    attach(stage.database, settings)  # not before: acts of the past would lie behind the entry of the key
    folder = settings.data_dir / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"報告書 / Reports: {folder}"]
    actor = stage.actor(secretary(stage.content))
    house = house_of(settings)
    for lang, keys in (("ja", stage.decided()), ("en", IN_ENGLISH)):
        orders = [Order(stage.ids["project", key], lang, PURPOSE[lang], house=house) for key in keys]
        for key, (number, file) in zip(keys, _issued(stage, actor, orders), strict=True):
            path = folder / f"{number}.{key}.{lang}.pdf"
            path.write_bytes(file)
            lines.append(f"  {path.name}")
    return lines


def _issued(stage: Stage, actor: Actor, orders: list[Order]) -> list[tuple[str, bytes]]:
    """Issue several reports the way `services.issue` does one; return number and file of each."""
    made = [run(stage.database, actor, partial(_prepare, stage, order), serializable=True) for order in orders]
    with ThreadPoolExecutor(os.cpu_count()) as presses:
        printed = list(presses.map(partial(print_sealed, stage.database), made))
    for order, one, result in zip(orders, made, printed, strict=True):
        run(stage.database, actor, partial(_finish, order, one, result, keep(stage.files, one, result)))
    return [(one.number, result.file) for one, result in zip(made, printed, strict=True)]


def _prepare(stage: Stage, order: Order, work: UnitOfWork) -> services.Prepared:
    return services.prepare(work, order, stage.files)


def _finish(order: Order, one: services.Prepared, result: Printed, digest: str, work: UnitOfWork) -> None:
    services.finish(work, order, one, result, digest)


def _refuse_used(database: Database) -> None:
    with open_work(database, SYSTEM, read_only=True) as work:
        count = work.session.scalar(select(func.count()).select_from(Project)) or 0
    if count:
        raise Refusal(
            "demo.used",
            "このデータベースには案件が{n}件あるため、デモは作れません。"
            "別の保存先（GOVERNANCE_DATA_DIR または GOVERNANCE_DATABASE_URL）を指定してください。",
            "This database holds {n} projects, so the demonstration is not built into it. Choose another place "
            "(GOVERNANCE_DATA_DIR or GOVERNANCE_DATABASE_URL).",
            n=count,
        )


def sign_in_list(content: Content) -> list[str]:
    """Return who can sign in and with what, for the terminal."""
    lines = [f"デモの利用者（パスワードは共通） / People of the demonstration (one password): {PASSWORD}"]
    for person in content.people:
        roles = joined(ROLES[role] for role in person.roles if role != "member" or len(person.roles) == 1)
        lines.append(f"  {person.email:<24} {person.name} / {person.name_en} — {roles.ja} / {roles.en}")
    return lines
