"""An unmet condition suspends its project under the committee's rules: when, once, and not while a report is being looked at."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from governance.projects import life
from governance.refusals import Forbidden
from governance.reviews import conditions
from governance.reviews.models import Condition
from governance.reviews.overdue import suspend_overdue
from governance.reviews.rules import local_date
from governance.work import SYSTEM, open_work
from tests.builders import World
from tests.reviews import scenes


@pytest.fixture
def set_condition(made: World) -> str:
    decision = scenes.decided(made)[1]
    with made.acting("auditor", read_only=True) as work:
        return work.session.scalars(select(Condition.id).where(Condition.decision_id == decision)).one()


def ran(made: World, day: date) -> int:
    made.now += day - local_date(made.now)
    with open_work(made.database, SYSTEM, at=made.now) as work:
        return suspend_overdue(work, day)


def due(made: World, id: str) -> date:
    with made.acting("auditor", read_only=True) as work:
        return work.session.get_one(Condition, id).due_on


def project_state(made: World, id: str) -> str:
    with made.acting("auditor", read_only=True) as work:
        return life.state_of(work, work.session.get_one(Condition, id).decision.screening.project)


def test_the_project_is_suspended_after_the_days_of_reminding(made: World, set_condition: str) -> None:
    day = due(made, set_condition) + timedelta(days=14)
    assert ran(made, day) == 0
    assert project_state(made, set_condition) == "active"
    assert ran(made, day + timedelta(days=1)) == 1
    assert project_state(made, set_condition) == "suspended"
    assert ran(made, day + timedelta(days=2)) == 0


def test_only_the_expert_team_resumes_it_and_the_same_condition_does_not_suspend_it_again(
    made: World, set_condition: str
) -> None:
    day = due(made, set_condition) + timedelta(days=15)
    ran(made, day)
    with made.acting("owner") as work:
        project = work.session.get_one(Condition, set_condition).decision.screening.project
        with pytest.raises(Forbidden, match="規則"):
            life.resume(work, project, reason="直したので")
    with made.acting("expert") as work:
        project = work.session.get_one(Condition, set_condition).decision.screening.project
        life.resume(work, project, reason="期限を改めて合意した。")
    assert ran(made, day + timedelta(days=5)) == 0
    assert project_state(made, set_condition) == "active"


def test_a_report_in_time_stops_the_clock(made: World, set_condition: str) -> None:
    made.now += due(made, set_condition) - local_date(made.now)
    with made.acting("owner") as work:
        row = work.session.get_one(Condition, set_condition)
        piece = conditions.add_link(work, row, "https://wiki.example/log", title="消去の記録")
        conditions.report_condition(work, row, rev=row.rev, report="消去した。", evidence_id=piece.id)
    assert ran(made, due(made, set_condition) + timedelta(days=30)) == 0


def test_a_person_cannot_act_as_the_rule(made: World, set_condition: str) -> None:
    with made.acting("expert") as work:
        project = work.session.get_one(Condition, set_condition).decision.screening.project
        with pytest.raises(Forbidden):
            life.suspend_by_rule(work, project, reason="規則", decider=made.people["chair"].id)
    assert project_state(made, set_condition) == "active"
