"""A KYT session on its way, and a course with its terms, brought about through the services."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeVar

from governance.learning import courses, ending, kyt, rounds
from governance.learning.courses import Conditions, Particulars
from governance.learning.kyt import Plan
from governance.learning.models import Course, KytSession
from governance.work import UnitOfWork
from tests.builders import World

Result = TypeVar("Result")
TODAY = date(2026, 11, 20)
HAZARDS = (
    ("学習に雨の日がないので", "混雑を読み誤る"),
    ("確からしさが出ないので", "そのまま承認する"),
    ("カメラの死角があるので", "人を数え漏らす"),
)


def act(made: World, name: str, done: Callable[[UnitOfWork], Result]) -> Result:
    with made.acting(name) as work:
        return done(work)


def plan(made: World, **changes: object) -> Plan:
    given = {
        "title": "混雑予測",
        "situation": "金曜の夕方、雨が降り出した。",
        "held_on": TODAY,
        "leader_id": made.people["member"].id,
        "scribe_id": made.people["owner"].id,
        "place": "会議室",
    }
    return Plan(**{**given, **changes})  # type: ignore[arg-type]


def begun(made: World, **changes: object) -> str:
    """Begin a session of member (leader), owner (scribe) and expert; return its id."""

    def do(work: UnitOfWork) -> str:
        row = kyt.begin(work, plan(made, **changes))
        kyt.add_person(work, row, user_id=made.people["expert"].id)
        kyt.add_person(work, row, name="来客 一郎")
        return row.id

    return act(made, "member", do)


def on(made: World, session_id: str, done: Callable[[UnitOfWork, KytSession], Result], name: str = "member") -> Result:
    """Do something with a session as a named person."""
    return act(made, name, lambda work: done(work, kyt.session(work, session_id)))


def advanced(made: World, session_id: str, name: str = "member") -> None:
    on(made, session_id, lambda work, row: ending.advance(work, row, rev=row.rev), name)


def in_round(made: World, session_id: str, number: int) -> None:
    """Bring a new session up to a round, with three dangers, one key danger, and measures as far as they belong."""

    def first(work: UnitOfWork, row: KytSession) -> None:
        for cause, event in HAZARDS:
            rounds.add_hazard(work, row, cause, event)

    def second(work: UnitOfWork, row: KytSession) -> None:
        rounds.mark_hazard(work, row, row.hazards[0].id, "key")
        rounds.mark_hazard(work, row, row.hazards[1].id, "important")

    def third(work: UnitOfWork, row: KytSession) -> None:
        for text in ("雨の日の記録を加える", "外れた日を毎週見る"):
            rounds.add_measure(work, row, row.hazards[0].id, text)

    for do in (first, second, third)[: number - 1]:
        on(made, session_id, do)
        advanced(made, session_id)


def finished(made: World, **changes: object) -> str:
    """Return a finished session."""
    session_id = begun(made, **changes)
    in_round(made, session_id, 4)

    def fourth(work: UnitOfWork, row: KytSession) -> None:
        rounds.mark_measure(work, row, row.hazards[0].measures[0].id, "key")
        rounds.set_goal(work, row, "雨の日は予測を疑い、目で確かめよう", "予測の確からしさ ヨシ！", rev=row.rev)

    on(made, session_id, fourth)
    advanced(made, session_id)
    return session_id


# ---------------------------------------------------------------- training


def terms(**changes: object) -> Conditions:
    given = {
        "effective_on": date(2026, 4, 1),
        "valid_months": 12,
        "acts": ["fill"],
        "roles": [],
        "mode": "require",
        "reason": "年度の見直し",
    }
    return Conditions(**{**given, **changes})  # type: ignore[arg-type]


def course(made: World, code: str = "AIE-101", *, self_record: bool = True, **changes: object) -> str:
    """Add a course and return its id."""
    told = Particulars(
        "AI倫理 導入教育",
        "Introduction to AI ethics",
        place="eラーニング",
        place_en="e-learning",
        self_record=self_record,
    )
    return act(made, "administrator", lambda work: courses.add(work, code, told, terms(**changes)).id)


def of(work: UnitOfWork, course_id: str) -> Course:
    return courses.course(work, course_id)
