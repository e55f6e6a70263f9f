"""The life of a project: every turn in every state, who may take it, and that nothing goes on in a project that does not run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

import pytest

from governance.ledger.audit import verify_database
from governance.projects import life
from governance.projects.life_rules import (
    AFTER,
    CLOSED,
    STATES,
    TOPICS,
    Act,
    Disposed,
    State,
    after,
    check_reason,
    may_resume,
    must_be_active,
    offices,
    problems_of,
)
from governance.projects.models import Project
from governance.refusals import Forbidden, Refusal, Refusals
from governance.screenings import filling, services
from governance.screenings.models import Screening
from governance.screenings.rules import Entry
from tests.builders import World, answered, opened, registered

TODAY = date(2026, 11, 20)
DISPOSED = Disposed(
    {
        "data": "学習データを消去した。",
        "models": "モデルを消去した。",
        "access": "接続を止めた。",
        "customers": "利用者はいない。",
        "records": "監査の記録を残す。",
    },
    frozenset({"customers"}),
    date(2031, 3, 31),
    "試験部 見本 太郎",
    TODAY,
)


@pytest.fixture
def project(made) -> str:
    return registered(made)


def turn(made: World, who: str, project_id: str, act: str, reason: str = "理由の見本") -> None:
    with made.acting(who) as work:
        row = work.session.get(Project, project_id)
        if act == "retire":
            life.retire(work, row, reason=reason, disposed=DISPOSED, today=TODAY)
        else:
            getattr(life, act)(work, row, reason=reason)


def state(made: World, project_id: str) -> str:
    with made.acting("auditor", read_only=True) as work:
        return life.state_of(work, work.session.get(Project, project_id))


@pytest.mark.parametrize("now", get_args(State))
@pytest.mark.parametrize("act", get_args(Act))
def test_every_turn_is_possible_exactly_where_the_table_says(now, act):
    if (now, act) in AFTER:
        assert after(now, act) == AFTER[now, act]
    else:
        with pytest.raises(Refusal) as refused:
            after(now, act)
        assert STATES[now].ja in refused.value.text.ja
    assert now not in ("withdrawn", "retired") or (now, act) not in AFTER, "an end is an end"


@pytest.mark.parametrize("now", get_args(State))
def test_only_a_running_project_lets_work_go_on(now):
    refused = ""
    try:
        must_be_active(now)
    except Refusal as told:
        refused = told.text.ja
    assert refused == ("" if now == "active" else CLOSED[now].ja)


@pytest.mark.parametrize(
    ("suspended_in", "held", "possible"),
    [
        ("owner", ["owner"], True),
        ("owner", ["expert"], True),
        ("owner", ["secretariat"], False),
        ("expert", ["owner"], False),
        ("secretariat", ["owner"], False),
        ("secretariat", ["secretariat"], False),
        ("secretariat", ["expert"], True),
        ("expert", ["expert", "owner"], True),
        ("owner", [], False),
    ],
)
def test_the_owner_resumes_only_what_the_owner_suspended(suspended_in, held, possible):
    assert may_resume(suspended_in, held) == possible


def test_an_office_counts_before_a_part_in_the_project():
    assert offices({"member", "expert", "owner"}, {"project.owner"}) == ["expert", "owner"]
    assert offices({"owner"}, {"project.member"}) == []


@pytest.mark.parametrize("reason", ["", "　 \n", "長" * 2001])
def test_a_turn_needs_a_reason_of_a_sound_length(reason):
    with pytest.raises(Refusal):
        check_reason(reason)


def test_a_whole_disposal_record_has_no_problem():
    assert problems_of(DISPOSED, TODAY) == []
    kept_nothing = replace(DISPOSED, not_applicable=frozenset({"records"}), records_until=None)
    assert problems_of(kept_nothing, TODAY) == [], "what is not kept needs no day"


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("marked", [True, False])
def test_each_topic_of_a_disposal_says_what_was_done_or_why_nothing(topic, marked):
    given = replace(
        DISPOSED,
        told={**DISPOSED.told, topic: "　"},
        not_applicable=frozenset({topic} if marked else ()),
        records_until=date(2031, 3, 31),
    )
    (problem,) = problems_of(given, TODAY)
    assert (problem.code, problem.place) == ("projects.no_reason" if marked else "projects.undisposed", f"told_{topic}")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"records_until": None}, "records_until"),
        ({"records_until": TODAY - timedelta(days=1)}, "records_until"),
        ({"done_by": " "}, "done_by"),
        ({"done_by": "名" * 201}, "done_by"),
        ({"done_on": None}, "done_on"),
        ({"done_on": TODAY + timedelta(days=1)}, "done_on"),
        ({"told": {**DISPOSED.told, "data": "長" * 2001}}, "told_data"),
    ],
)
def test_a_disposal_names_who_when_and_until_when(changes, place):
    assert [problem.place for problem in problems_of(replace(DISPOSED, **changes), TODAY)] == [place]


@pytest.mark.parametrize(
    ("who", "act", "allowed"),
    [
        ("owner", "suspend", True),
        ("expert", "suspend", True),
        ("secretariat", "suspend", True),
        ("member", "suspend", False),
        ("auditor", "suspend", False),
        ("administrator", "suspend", False),
        ("owner", "withdraw", True),
        ("expert", "withdraw", False),
        ("member", "withdraw", False),
        ("owner", "retire", True),
        ("secretariat", "retire", False),
    ],
)
def test_who_may_take_which_turn(made, project, who, act, allowed):
    if allowed:
        turn(made, who, project, act)
        return
    with pytest.raises(Forbidden):
        turn(made, who, project, act)
    assert state(made, project) == "active"


def test_what_the_secretariat_suspended_the_expert_team_resumes(made, project):
    turn(made, "secretariat", project, "suspend")
    with pytest.raises(Forbidden) as refused:
        turn(made, "owner", project, "resume")
    assert refused.value.code == "projects.not_yours_to_resume"
    turn(made, "expert", project, "resume")
    assert state(made, project) == "active"
    turn(made, "owner", project, "suspend")
    turn(made, "owner", project, "resume")
    assert state(made, project) == "active"


@pytest.mark.parametrize("end", ["suspend", "withdraw", "retire"])
def test_nothing_goes_on_in_a_project_that_does_not_run(made, project, end):
    screening = opened(made, project)
    answered(made, screening)
    turn(made, "owner", project, end)
    with made.acting("member") as work, pytest.raises(Refusal) as typing:
        filling.save_answers(work, work.session.get(Screening, screening), [Entry("P1b", "done")])
    with made.acting("owner") as work:
        row = work.session.get(Screening, screening)
        with pytest.raises(Refusal) as sending:
            services.submit(work, row, rev=row.rev)
    with made.acting("owner") as work, pytest.raises(Refusal) as opening:
        services.open_screening(work, work.session.get(Project, project), "D")
    assert {each.value.code for each in (typing, sending, opening)} == {f"projects.{state(made, project)}"}


def test_an_end_is_final_and_stays_on_record(made, project):
    turn(made, "owner", project, "retire", "役目を終えた")
    for act in ("suspend", "resume", "withdraw", "retire"):
        with pytest.raises(Refusal):
            turn(made, "owner", project, act)
    with made.acting("auditor", read_only=True) as work:
        row = work.session.get(Project, project)
        (act,) = life.acts_of(work, row)
        disposal = life.disposal_of(work, row)
        assert (act.act, act.reason, act.office, act.actor.name) == ("retired", "役目を終えた", "owner", "見本 owner")
        assert (disposal.act_id, disposal.not_applicable, disposal.done_on) == (act.id, ["customers"], TODAY)
        assert life.states_of(work, [project]) == {project: "retired"}
    assert verify_database(made.database).ok


def test_a_record_with_gaps_ends_nothing(made, project):
    gaps = replace(DISPOSED, told={}, done_by="")
    with made.acting("owner") as work, pytest.raises(Refusals) as refused:
        life.retire(work, work.session.get(Project, project), reason="終了", disposed=gaps, today=TODAY)
    assert len(refused.value.problems) == 6
    assert state(made, project) == "active"


def test_two_people_who_suspend_at_once_do_it_once(made, project):
    def attempt(who: str) -> str:
        try:
            turn(made, who, project, "suspend")
        except Refusal as refused:
            return refused.code
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, ("owner", "expert"))) == ["done", "projects.not_now"]
