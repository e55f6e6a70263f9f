"""KYT sessions: four rounds in order, lines that belong to their round, a record that is frozen, nothing that is lost."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from threading import Barrier, BrokenBarrierError

import psycopg
import pytest

from governance.learning import ending, kyt, rounds, rules
from governance.ledger.audit import verify_database
from governance.ledger.services import subject_events
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.work import UnitOfWork
from governance.work import run as run_unit
from tests.builders import World, registered
from tests.learning.scenes import TODAY, act, advanced, begun, finished, in_round, on, plan
from tests.ledger.admin import direct, run


def codes(refused: pytest.ExceptionInfo[Refusals]) -> list[str]:
    return [each.code for each in refused.value.problems]


def test_a_session_goes_through_its_four_rounds_and_is_recorded(made: World) -> None:
    session_id = finished(made)
    with made.acting("member", read_only=True) as work:
        row = kyt.session(work, session_id)
        record = kyt.record_of(work, row)
        assert record is not None
        told = ending.told(record)
        acts = [event.type for event in subject_events(work.session, "kyt", session_id)]
        body = record.body
        assert (row.state, row.number) == ("finished", "KYT-2026-001")
    assert [(one["mark"], len(one["measures"])) for one in told["hazards"]] == [
        ("key", 2),
        ("important", 0),
        ("none", 0),
    ]
    assert told["team_goal"] == "雨の日は予測を疑い、目で確かめよう"
    assert "見本" not in body, "people are in the record by their account alone"
    assert sorted(acts) == ["KytAdvanced"] * 3 + ["KytFinished", "KytOpened"]
    assert verify_database(made.database).ok


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        (1, ["learning.hazards"]),
        (2, ["learning.key_hazards"]),
        (3, ["learning.measures"]),
        (4, ["learning.key_measures", "learning.goal"]),
    ],
)
def test_an_incomplete_round_says_what_it_lacks(made: World, number: int, wanted: list[str]) -> None:
    session_id = begun(made)
    in_round(made, session_id, number)
    if number == 3:

        def second_key(work: object, row: object) -> None:
            ending.back(work, row, rev=row.rev)  # type: ignore[attr-defined]
            rounds.mark_hazard(work, row, row.hazards[1].id, "key")  # type: ignore[attr-defined]

        on(made, session_id, second_key)
        advanced(made, session_id)
    with pytest.raises(Refusals) as refused:
        advanced(made, session_id)
    assert codes(refused) == wanted
    with made.acting("member", read_only=True) as work:
        assert kyt.session(work, session_id).state == f"r{number}"


def test_a_discussion_needs_more_than_one_person(made: World) -> None:
    alone = made.people["member"].id
    session_id = act(made, "member", lambda work: kyt.begin(work, plan(made, scribe_id=alone)).id)
    with pytest.raises(Refusals) as refused:
        advanced(made, session_id)
    assert codes(refused) == ["learning.people", "learning.hazards"]


def test_lines_belong_to_their_round(made: World) -> None:
    session_id = begun(made)
    in_round(made, session_id, 2)
    with pytest.raises(Refusal, match="learning.round"):
        on(made, session_id, lambda work, row: rounds.add_hazard(work, row, "一", "二"))
    with pytest.raises(Refusal, match="learning.round"):
        on(made, session_id, lambda work, row: rounds.add_measure(work, row, row.hazards[0].id, "一"))
    with pytest.raises(Refusal, match="learning.round"):
        on(made, session_id, lambda work, row: rounds.set_goal(work, row, "一", "", rev=row.rev))


def test_going_back_loses_nothing_and_a_danger_with_measures_stays(made: World) -> None:
    session_id = begun(made)
    in_round(made, session_id, 4)
    for _ in range(3):
        on(made, session_id, lambda work, row: ending.back(work, row, rev=row.rev))
    with pytest.raises(Refusal, match="learning.has_measures"):
        on(made, session_id, lambda work, row: rounds.remove_hazard(work, row, row.hazards[0].id))
    on(made, session_id, lambda work, row: rounds.remove_hazard(work, row, row.hazards[2].id))
    with pytest.raises(Refusals):
        advanced(made, session_id)  # two dangers are too few
    on(made, session_id, lambda work, row: rounds.add_hazard(work, row, "別の原因", "別の事象"))
    for _ in range(3):
        advanced(made, session_id)
    with made.acting("member", read_only=True) as work:
        assert [len(one.measures) for one in kyt.session(work, session_id).hazards] == [2, 0, 0]


def test_measures_are_for_key_dangers_only(made: World) -> None:
    session_id = begun(made)
    in_round(made, session_id, 3)
    with pytest.raises(Refusal, match="◎"):
        on(made, session_id, lambda work, row: rounds.add_measure(work, row, row.hazards[1].id, "一"))


@pytest.mark.parametrize(("cause", "event"), [("", "二"), ("一", " "), ("あ" * 201, "二")])
def test_half_a_danger_is_refused(made: World, cause: str, event: str) -> None:
    session_id = begun(made)
    with pytest.raises(Refusals):
        on(made, session_id, lambda work, row: rounds.add_hazard(work, row, cause, event))


def test_the_same_line_twice_is_refused(made: World) -> None:
    session_id = begun(made)
    on(made, session_id, lambda work, row: rounds.add_hazard(work, row, "一", "二"))
    with pytest.raises(Refusal, match="learning.double"):
        on(made, session_id, lambda work, row: rounds.add_hazard(work, row, "一 ", "二"))


def test_two_people_who_mend_one_line_do_not_overwrite_each_other(made: World) -> None:
    session_id = begun(made)
    one, rev = on(made, session_id, lambda work, row: (rounds.add_hazard(work, row, "一", "二").id, 1))
    on(made, session_id, lambda work, row: rounds.change_hazard(work, row, one, "三", "四", rev=rev))
    with pytest.raises(Conflict):
        on(made, session_id, lambda work, row: rounds.change_hazard(work, row, one, "五", "六", rev=rev), "expert")


# ---------------------------------------------------------------- people


def test_a_participant_twice_is_refused(made: World) -> None:
    session_id = begun(made)
    for given in ({"user_id": made.people[name].id} for name in ("expert", "member", "owner")):
        with pytest.raises(Refusal, match="すでに参加"):
            on(made, session_id, lambda work, row, given=given: kyt.add_person(work, row, **given))
    with pytest.raises(Refusal, match="すでに参加"):
        on(made, session_id, lambda work, row: kyt.add_person(work, row, name="来客　一郎"))
    with pytest.raises(Refusal, match="learning.person"):
        on(made, session_id, kyt.add_person)


@pytest.mark.parametrize(("people", "said"), [(2, "目安"), (5, None), (7, None), (10, None), (11, "11人")])
def test_the_size_of_a_team_is_told_about(people: int, said: str | None) -> None:
    words = rules.team_words(people)
    assert (words is None) == (said is None)
    assert said is None or said in words.ja  # type: ignore[union-attr]


def test_others_read_and_do_not_write(made: World) -> None:
    session_id = begun(made)
    with pytest.raises(Forbidden):
        on(made, session_id, lambda work, row: rounds.add_hazard(work, row, "一", "二"), "stranger")
    with pytest.raises(Forbidden):
        advanced(made, session_id, "expert")  # a participant writes, and leads not
    with pytest.raises(Forbidden):
        act(made, "auditor", lambda work: kyt.begin(work, plan(made)))
    on(made, session_id, lambda work, row: rounds.add_hazard(work, row, "一", "二"), "expert")


def test_a_session_of_a_project_is_known_to_those_who_see_the_project_and_to_its_team(made: World) -> None:
    project_id = registered(made)
    session_id = begun(made, project_id=project_id)
    with made.acting("stranger", read_only=True) as work:
        assert kyt.sessions(work) == []
        with pytest.raises(NotFound):
            kyt.session(work, session_id)
    with made.acting("auditor", read_only=True) as work:
        assert [row.id for row in kyt.sessions(work)] == [session_id]
    with pytest.raises(NotFound):
        act(made, "stranger", lambda work: kyt.begin(work, plan(made, project_id=project_id)))


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"held_on": TODAY + timedelta(days=1)}, "held_on"),
        ({"held_on": None}, "held_on"),
        ({"held_on": date(2020, 1, 1)}, "held_on"),
        ({"title": " "}, "title"),
        ({"situation": ""}, "situation"),
        ({"leader_id": "nobody"}, "leader_id"),
    ],
)
def test_what_a_session_lacks_is_named(made: World, changes: dict[str, object], place: str) -> None:
    with pytest.raises(Refusals) as refused:
        act(made, "member", lambda work: kyt.begin(work, plan(made, **changes)))
    assert [each.place for each in refused.value.problems] == [place]


# ---------------------------------------------------------------- the end


def test_a_finished_session_is_never_edited(made: World) -> None:
    session_id = finished(made)
    for do in (
        lambda work, row: rounds.add_hazard(work, row, "一", "二"),
        lambda work, row: kyt.add_person(work, row, name="後から"),
        lambda work, row: kyt.change(work, row, plan(made), rev=row.rev),
        lambda work, row: ending.back(work, row, rev=row.rev),
        lambda work, row: ending.drop(work, row, "消したい", rev=row.rev),
    ):
        with pytest.raises(Refusal, match="learning.finished"):
            on(made, session_id, do)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE kyt_hazards SET cause = 'x'",
        "DELETE FROM kyt_measures",
        "DELETE FROM kyt_participants",
        "UPDATE kyt_sessions SET state = 'r1'",
        "DELETE FROM kyt_sessions",
        "UPDATE kyt_records SET body = '{}'",
    ],
)
def test_the_database_locks_what_is_finished(made: World, statement: str) -> None:
    finished(made)
    with direct(made.database) as connection, pytest.raises((sqlite3.DatabaseError, psycopg.Error), match="refused"):
        run(connection, statement)


def test_a_session_begun_by_mistake_is_dropped_with_a_reason(made: World) -> None:
    session_id = begun(made)
    with pytest.raises(Refusal, match="learning.reason"):
        on(made, session_id, lambda work, row: ending.drop(work, row, " ", rev=row.rev))
    on(made, session_id, lambda work, row: ending.drop(work, row, "日を改める", rev=row.rev))
    with made.acting("member", read_only=True) as work:
        assert kyt.sessions(work) == []
    with pytest.raises(Refusal, match="learning.dropped"):
        advanced(made, session_id)
    assert verify_database(made.database).ok


def test_two_sessions_begun_at_once_get_two_numbers(made: World) -> None:
    together = Barrier(2)

    def begin(name: str) -> str:
        def do(work: UnitOfWork) -> str:
            with suppress(BrokenBarrierError):  # on SQLite one waits for the other anyway
                together.wait(0.5)
            return kyt.begin(work, plan(made)).number

        return run_unit(made.database, made.actor(name), do, at=made.now)

    with ThreadPoolExecutor(2) as both:
        numbers = list(both.map(begin, ("member", "owner")))
    assert sorted(numbers) == ["KYT-2026-001", "KYT-2026-002"]
