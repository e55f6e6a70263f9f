"""Builds the demonstration: plays the story through the services, act by act, so that the ledger tells it as it happened."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from sqlalchemy import func, select

from governance.accounts.rules import ROLES
from governance.demo import scenes_cases, scenes_committee, scenes_reviews
from governance.demo.content import Content, read_content
from governance.demo.scenes_cases import PASSWORD
from governance.demo.stage import Scene, Stage
from governance.demo.story import Act, Calendar, acts
from governance.paths import SEEDS
from governance.projects.models import Project
from governance.refusals import Refusal
from governance.settings import Settings
from governance.storage.database import Database
from governance.storage.files import FileStore
from governance.texts import joined
from governance.work import SYSTEM, UnitOfWork, open_work, run

SERIALIZABLE = frozenset({"open_item", "recuse", "move", "vote", "decide", "defer", "close"})
"""Scenes that count who is present or what was voted."""

SCENES: dict[str, Scene] = {
    **{name: getattr(scenes_cases, name) for name in (
        "publish", "welcome", "register", "join", "leave", "sort_out", "rate", "answer", "submit", "resubmitted")},
    **{name: getattr(scenes_reviews, name) for name in ("taken", "ruled", "returned", "opined", "decided", "stop_confirmed")},
    **{name: getattr(scenes_committee, name) for name in (
        "found", "plan", "add_item", "send", "open_meeting", "attend", "open_item", "recuse", "note", "move", "vote", "decide",
        "defer", "close", "report", "verify", "reject")},
    "open": scenes_cases.open_screening,
}


def build(database: Database, settings: Settings, now: datetime | None = None) -> list[str]:
    """Fill an empty, migrated database with the demonstration as seen from `now`; return lines for the terminal, ja and en.

    Raises Refusal when there are projects already: the demonstration is never mixed with real records.
    """
    _refuse_used(database)
    now = now or datetime.now(UTC)
    content = read_content(SEEDS / "demo")
    calendar = Calendar(now, settings.zone)
    stage = Stage(database, FileStore(settings.files_dir), settings.max_upload_bytes, content, calendar)
    for act in acts(content, calendar):
        run(database, stage.actor(act.actor), partial(_play, stage, act), serializable=act.name in SERIALIZABLE, at=act.at)
    return sign_in_list(content)


def _play(stage: Stage, act: Act, work: UnitOfWork) -> None:
    SCENES[act.name](stage, work, *act.what)


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
