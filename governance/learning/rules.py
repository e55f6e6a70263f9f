"""Rules of learning that need no database: when a round of KYT is complete, how long an attendance counts, what lacks for an act.

The four rounds are those of 危険予知訓練 (domain.md §2 KYT): dangers, key dangers, measures, goal. Small teams of 5 to 7 are proposed
and more than ten are told about, because a large team does not speak (domain.md §2). Learning is never part of a score.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from governance.formats import local_date as date_in
from governance.refusals import Problem
from governance.texts import Text

ZONE = ZoneInfo("Asia/Tokyo")

# ---------------------------------------------------------------- KYT

ROUNDS: dict[str, Text] = {
    "r1": Text("どんな危険がひそんでいるか", "What dangers are hidden here?"),
    "r2": Text("これが危険のポイントだ", "These are the key dangers"),
    "r3": Text("あなたならどうする", "What would you do?"),
    "r4": Text("私たちはこうする", "This is what we will do"),
}
ROUND_NAMES: dict[str, Text] = {
    "r1": Text("現状把握", "Find"),
    "r2": Text("本質追究", "Choose"),
    "r3": Text("対策樹立", "Plan"),
    "r4": Text("目標設定", "Commit"),
}
MARKS: dict[str, str] = {"none": "", "important": "○", "key": "◎"}
MARK_NAMES: dict[str, Text] = {
    "none": Text("印なし", "No mark"),
    "important": Text("○ 重要", "○ important"),
    "key": Text("◎ 特に重要", "◎ key danger"),
}
ORDER = tuple(ROUNDS)

FEWEST_PEOPLE = 2
FITTING_PEOPLE = (5, 7)
MANY_PEOPLE = 10
"""More people than this, and the page says that the team should be split (domain.md §2: a team of about 20 is unsuitable)."""
MOST_PEOPLE = 40
FEWEST_HAZARDS = 3
MOST_LINES = 60
MOST_LINE = 200
MOST_SITUATION = 2000


class Measure(Protocol):
    """What a rule needs to know of a measure."""

    mark: str


class Hazard(Protocol):
    """What a rule needs to know of a danger."""

    mark: str

    @property
    def measures(self) -> Sequence[Measure]: ...


def local_date(at: datetime) -> date:
    """Return the day of a moment in Japan: sessions, attendances and validity are kept in calendar days."""
    return date_in(at, ZONE)


def after(state: str) -> str:
    """Return the state after a completed round: the next round, or finished."""
    place = ORDER.index(state)
    return ORDER[place + 1] if place + 1 < len(ORDER) else "finished"


def before(state: str) -> str | None:
    """Return the round before this one, or None in the first."""
    place = ORDER.index(state)
    return ORDER[place - 1] if place else None


def key_ones(hazards: Sequence[Hazard]) -> list[Hazard]:
    """Return the dangers marked ◎."""
    return [one for one in hazards if one.mark == "key"]


def missing(state: str, hazards: Sequence[Hazard], people: int, goal: str) -> list[Problem]:
    """Return what keeps a round from being complete; empty when the team may go on."""
    return {"r1": _first, "r2": _second, "r3": _third, "r4": _fourth}[state](hazards, people, goal)


def _first(hazards: Sequence[Hazard], people: int, _goal: str) -> list[Problem]:
    found = []
    if people < FEWEST_PEOPLE:
        words = Text(
            "参加者が{n}人です。KYTは話し合いです。ほかの参加者を加えてください。",
            "There is {n} person in the team. KYT is a discussion; add the others.",
        )
        found.append(Problem("learning.people", words.filled(n=people), "people"))
    if len(hazards) < FEWEST_HAZARDS:
        words = Text(
            "危険が{n}件です。{least}件以上を出してから、次のラウンドへ進んでください。",
            "Dangers found: {n}. Find at least {least} before the next round.",
        )
        found.append(Problem("learning.hazards", words.filled(n=len(hazards), least=FEWEST_HAZARDS), "cause"))
    return found


def _second(hazards: Sequence[Hazard], _people: int, _goal: str) -> list[Problem]:
    if key_ones(hazards):
        return []
    words = Text(
        "◎が付いた危険がありません。話し合って、特に重要な危険に◎を付けてください。",
        "No danger is marked ◎. Talk it over and mark the key dangers.",
    )
    return [Problem("learning.key_hazards", words, "mark")]


def _third(hazards: Sequence[Hazard], _people: int, _goal: str) -> list[Problem]:
    bare = [number for number, one in enumerate(hazards, 1) if one.mark == "key" and not one.measures]
    if not bare:
        return []
    words = Text(
        "◎の危険のうち、対策のないものがあります（{numbers}番）。1つ以上の対策を出してください。",
        "Key dangers without a measure: no. {numbers}. Find at least one for each.",
    )
    return [Problem("learning.measures", words.filled(numbers=", ".join(map(str, bare))), "text")]


def _fourth(hazards: Sequence[Hazard], _people: int, goal: str) -> list[Problem]:
    found = []
    if not any(each.mark == "key" for one in key_ones(hazards) for each in one.measures):
        words = Text(
            "※が付いた対策がありません。必ず実施する重点実施項目に※を付けてください。",
            "No measure is marked ※. Mark what the team will surely do.",
        )
        found.append(Problem("learning.key_measures", words, "mark"))
    if not goal.strip():
        words = Text("チーム行動目標を書いてください。", "Write the goal of the team.")
        found.append(Problem("learning.goal", words, "team_goal"))
    return found


def team_words(people: int) -> Text | None:
    """Return what to say about the size of a team; None when it is fitting."""
    if people > MANY_PEOPLE:
        return Text(
            "参加者が{n}人います。{many}人を超えると発言が偏りがちです。{few}〜{most}人のチームに分けることをお勧めします。",
            "There are {n} people. Beyond {many}, few of them speak; split into teams of {few} to {most}.",
        ).filled(n=people, many=MANY_PEOPLE, few=FITTING_PEOPLE[0], most=FITTING_PEOPLE[1])
    if people < FITTING_PEOPLE[0]:
        return Text("{few}〜{most}人が目安です（いまは{n}人）。", "{few} to {most} people fit best (now {n}).").filled(
            few=FITTING_PEOPLE[0], most=FITTING_PEOPLE[1], n=people
        )
    return None


# ---------------------------------------------------------------- training

Act = Literal["fill", "review", "vote"]
ACTS: dict[str, Text] = {
    "fill": Text("スクリーニングの入力・提出", "Filling in and submitting a screening"),
    "review": Text("案件の審査", "Reviewing a case"),
    "vote": Text("委員会での投票", "Voting in a committee"),
}
MODES: dict[str, Text] = {
    "off": Text("求めない", "Off"),
    "warn": Text("案内する（止めない）", "Warn"),
    "require": Text("必須（受講するまで止める）", "Require"),
}
SOURCES: dict[str, Text] = {
    "class": Text("集合教育", "Class"),
    "self": Text("自己申告", "Own record"),
    "csv": Text("名簿（CSV）", "List (CSV)"),
}
OF_ACT: dict[str, frozenset[str]] = {
    "fill": frozenset({"owner", "member"}),
    "review": frozenset({"expert"}),
    "vote": frozenset({"chair", "internal_member", "external_member"}),
}
"""Whose act it is, where the terms of a course name no roles."""

SOON = timedelta(days=30)
"""How long before its end a person hears that an attendance ends."""
LONGEST_MONTHS = 120
STANDINGS: dict[str, Text] = {
    "valid": Text("有効", "Valid"),
    "soon": Text("まもなく期限", "Ends soon"),
    "expired": Text("期限切れ", "Expired"),
    "missing": Text("未受講", "Not taken"),
}


@dataclass(frozen=True)
class Standing:
    """How a person stands to a course on a day: valid, soon, expired or missing, and until when the last attendance counts."""

    state: str
    until: date | None = None
    attended_on: date | None = None

    @property
    def counts(self) -> bool:
        """Say whether the person may act on it."""
        return self.state in ("valid", "soon")


MISSING = Standing("missing")


class Attendance(Protocol):
    """What is needed of an attendance."""

    attended_on: date
    valid_until: date | None


def standing(attendances: Sequence[Attendance], today: date) -> Standing:
    """Return how these standing attendances at one course count on a day: the one that lasts longest decides."""
    if not attendances:
        return MISSING
    best = max(attendances, key=lambda one: (one.valid_until or date.max, one.attended_on))
    until = best.valid_until
    if until is None:
        return Standing("valid", None, best.attended_on)
    state = "expired" if until < today else "soon" if until - today <= SOON else "valid"
    return Standing(state, until, best.attended_on)


def valid_until(attended_on: date, months: int) -> date | None:
    """Return the last day on which an attendance counts; None when it does not end (0 months).

    The end is the day before the same day so many months later, at the latest the last day of that month.
    """
    if not months:
        return None
    place = attended_on.month - 1 + months
    year, month = attended_on.year + place // 12, place % 12 + 1
    day = min(attended_on.day, calendar.monthrange(year, month)[1])
    return date(year, month, day) - timedelta(days=1)


class Terms(Protocol):
    """What a rule needs to know of the terms of a course."""

    effective_on: date
    version: int
    acts: list[str]
    roles: list[str]
    mode: str


def needed_by(terms: Terms, roles: frozenset[str]) -> bool:
    """Say whether somebody with these roles needs the course: by the roles named, else by those whose acts are named."""
    if terms.mode == "off":
        return False
    wanted = frozenset(terms.roles) or frozenset().union(*(OF_ACT[act] for act in terms.acts))
    return bool(roles & wanted)


def asked_for(terms: Terms, act: str, roles: frozenset[str]) -> bool:
    """Say whether the course is asked for before this act of somebody with these roles; without roles it is asked of everybody."""
    return terms.mode != "off" and act in terms.acts and (not terms.roles or bool(roles & frozenset(terms.roles)))
