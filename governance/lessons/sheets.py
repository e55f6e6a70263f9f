"""The sheets of KYT on paper: a blank one to write on in the workplace, and the record of a finished session.

They are printed by the press of the reports. A record carries its frozen document inside, and names its digest, so that paper and
ledger can be compared; people are named as they are called today.
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import select

from governance.accounts.models import User
from governance.formats import long_day, record_time
from governance.learning import ending, rules
from governance.learning.models import KytRecord, KytSession
from governance.learning.scenarios import FOLDER, Scenario, find
from governance.ledger.canonical import canonical
from governance.paths import TEMPLATES
from governance.projects.models import Project
from governance.reports.glyphs import printable
from governance.reports.printing import print_report
from governance.texts import Text
from governance.work import UnitOfWork

WORDS: dict[str, Text] = {
    "kyt": Text("危険予知トレーニング（KYT）", "KYT — foreseeing dangers"),
    "sheet": Text("記入シート", "Sheet"),
    "record": Text("KYTの記録", "Record of a KYT session"),
    "date": Text("実施日", "Date"),
    "place": Text("場所", "Place"),
    "leader": Text("進行役", "Leader"),
    "scribe": Text("書記", "Scribe"),
    "team": Text("参加者", "Team"),
    "project": Text("案件", "Project"),
    "situation": Text("どんな場面か", "The situation"),
    "cause": Text("原因（〜なので）", "Cause (because …)"),
    "event": Text("事象（〜になる）", "Event (… happens)"),
    "mark": Text("○・◎", "○ / ◎"),
    "measure": Text("対策", "Measure"),
    "key": Text("※", "※"),
    "no": Text("番号", "No."),
    "r1": Text(
        "「〜なので、〜になる」と言い、思いつくだけ書きます。よい悪いは言いません。",
        "Say “because …, … happens”. Write all of them; nobody judges.",
    ),
    "r2": Text(
        "重要な危険に○、話し合って特に重要な1〜3件に◎を付けます。",
        "Mark important dangers ○; agree on one to three key dangers ◎.",
    ),
    "r3": Text(
        "◎の危険ごとに、実行できる対策を出します。",
        "Find measures that can be done for each ◎.",
    ),
    "r4": Text(
        "必ず実施する対策に※を付け、行動目標を決めて全員で唱和します。",
        "Mark with ※ what will surely be done; agree on the goal and say it together.",
    ),
    "goal": Text("チーム行動目標", "Goal of the team"),
    "call": Text("指差し呼称", "Point and call"),
    "digest": Text("この記録のダイジェスト（SHA-256）", "Digest of this record (SHA-256)"),
    "frozen": Text("確定", "Frozen"),
    "note": Text("KYTは学びのための話合いです。評点や審査には使われません。", "KYT is for learning; no score and no review uses it."),
}  # fmt: skip
ROWS = 8
MEASURE_ROWS = 6


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader([TEMPLATES / "lessons", FOLDER]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _page(template: str, side: str, **context: Any) -> str:
    page = _environment().get_template(template)
    words = {name: text.in_(side) for name, text in WORDS.items()}
    rounds = [(code, rules.ROUND_NAMES[code].in_(side), words_.in_(side)) for code, words_ in rules.ROUNDS.items()]
    return printable(page.render(word=words, rounds=rounds, locale=side, marks=rules.MARKS, **context))


def _picture(one: Scenario | None) -> str | None:
    """Return the name under which a template includes the picture: our own file of the seeds, and nothing that anybody entered."""
    return f"{one.key}.svg" if one is not None else None


def blank_html(one: Scenario, side: str) -> str:
    """Return the page of a blank sheet."""
    return _page(
        "blank.html.j2",
        side,
        picture=_picture(one),
        title=one.title.in_(side),
        situation=one.situation.in_(side),
        rows=range(1, ROWS + 1),
        measure_rows=range(MEASURE_ROWS),
    )


def blank(one: Scenario, side: str) -> bytes:
    """Return the blank sheet of a scenario as PDF."""
    record = canonical({"scenario": one.key, "title": one.title.as_dict(), "situation": one.situation.as_dict()})
    identifier = f"kyt sheet {one.key} {one.digest()} {side}"
    return print_report(blank_html(one, side), record, identifier=identifier, at=datetime.now(UTC)).file


def recorded_html(work: UnitOfWork, row: KytSession, record: KytRecord, project: Project | None, side: str) -> str:
    """Return the page of a record, drawn from the frozen document."""
    told, found = ending.told(record), find(row.scenario)
    names = _names(work, row, told, side)
    return _page(
        "record.html.j2",
        side,
        picture=_picture(found if found and found.digest() == told["picture"] else None),
        told=told,
        title=told["title"][side],
        situation=told["situation"][side],
        held_on=long_day(row.held_on, rules.ZONE).in_(side),
        leader=names[told["leader"]],
        scribe=names[told["scribe"]],
        team=[names[each["id"]] for each in told["participants"]],
        project=f"{project.number} {project.name_in(side)}" if project is not None else "",
        digest=record.digest,
        frozen=f"{record_time(record.finished_at, rules.ZONE)} {record.finisher.name_in(side)}",
    )


def recorded(work: UnitOfWork, row: KytSession, record: KytRecord, project: Project | None, side: str) -> bytes:
    """Return the record of a finished session as PDF, with its frozen document inside."""
    page = recorded_html(work, row, record, project, side)
    identifier = f"kyt record {row.number} {record.digest} {side}"
    return print_report(page, canonical(ending.told(record)), identifier=identifier, at=record.finished_at).file


def _names(work: UnitOfWork, row: KytSession, told: dict[str, Any], side: str) -> dict[str, str]:
    """Return the names of the people of a record: accounts by identifier, participants by their line."""
    wanted = {told["leader"], told["scribe"]}
    found = {user.id: user.name_in(side) for user in work.session.scalars(select(User).where(User.id.in_(wanted)))}
    return found | {each.id: each.name_in(side) for each in row.participants}
