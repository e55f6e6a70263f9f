"""How a watched case shows elsewhere: on the home page, on the case, and beside an answer that does not fit an open incident."""

from __future__ import annotations

from datetime import timedelta

import pytest

from governance.insight.waiting import tasks
from governance.monitoring import incidents
from governance.monitoring.incidents import Account
from governance.monitoring.models import Incident
from governance.monitoring.standing import notices_of, standing, stop_questions
from governance.projects.models import Project
from governance.refusals import Forbidden, Refusal, Refusals
from governance.reviews.rules import local_date
from governance.screenings.models import Answer
from governance.work import UnitOfWork
from tests.builders import World, opened, registered
from tests.monitoring.scenes import act, entered, watched


@pytest.fixture
def project_id(made: World) -> str:
    return registered(made)


def whats(made: World, name: str, days: int = 0) -> list[str]:
    with made.acting(name, read_only=True) as work:
        found = tasks(work, local_date(made.now) + timedelta(days=days))
    return [task.what.en for task in found if "screening" not in task.what.en]


def account(made: World, **changes: object) -> Account:
    today = local_date(made.now)
    given = {
        "kind": "incident",
        "title": "誤報",
        "occurred_on": today,
        "found_on": today,
        "happened": "鳴った",
        "severity": 4,
    }
    return Account(**{**given, **changes})  # type: ignore[arg-type]


def reported(made: World, project_id: str, name: str = "member", **changes: object) -> str:
    return act(
        made,
        name,
        lambda work: incidents.report(work, work.session.get_one(Project, project_id), account(made, **changes)).id,
    )


def at(work: UnitOfWork, id: str) -> Incident:
    return work.session.get_one(Incident, id)


def test_a_reading_waits_for_its_owner_some_days_before_it_is_due(made: World, project_id: str) -> None:
    watched(made, project_id, every_days=7)
    assert whats(made, "member", 3) == []
    assert whats(made, "member", 4) == ["Enter a reading: Accuracy"]
    assert whats(made, "owner", 4) == whats(made, "expert", 4) == whats(made, "auditor", 9) == []


def test_an_alert_waits_for_the_whole_team(made: World, project_id: str) -> None:
    entered(made, watched(made, project_id), (1, "90"))
    assert whats(made, "member") == whats(made, "owner") == ["Look at an alert: Accuracy"]
    assert whats(made, "stranger") == []


def test_an_incident_waits_for_the_team_and_then_for_an_expert_who_did_not_report_it(
    made: World, project_id: str
) -> None:
    full = {"cause": "設定", "immediate": "直した", "prevention": "点検"}
    id = reported(made, project_id, "expert", **full)
    assert whats(made, "member") == ["Find cause and prevention of an incident: 誤報"]
    act(made, "member", lambda work: incidents.analyse(work, at(work, id), rev=at(work, id).rev))
    assert whats(made, "member") == whats(made, "expert") == []
    assert whats(made, "expert2") == ["Check the analysis of an incident and close it: 誤報"]
    for name in ("expert", "member", "owner", "auditor", "legal"):
        with pytest.raises(Forbidden):
            act(made, name, lambda work: incidents.close(work, at(work, id), "x", rev=at(work, id).rev))
    act(made, "expert2", lambda work: incidents.close(work, at(work, id), "確かめた", rev=at(work, id).rev))


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"title": " "}, {"title"}),
        ({"happened": ""}, {"happened"}),
        ({"severity": 0}, {"severity"}),
        ({"severity": 5}, {"severity"}),
        ({"kind": "x", "consequence": "y"}, {"kind", "consequence"}),
        ({"occurred_on": None}, {"occurred_on"}),
        ({"affected_count": -1}, {"affected_count"}),
        ({"cause": "x" * 4001}, {"cause"}),
    ],
)
def test_what_is_wrong_with_a_report_is_said_by_place(
    made: World, project_id: str, changes: dict[str, object], places: set[str]
) -> None:
    with pytest.raises(Refusals) as refused:
        reported(made, project_id, **changes)
    assert {problem.place for problem in refused.value.problems} == places


def test_every_saved_state_is_kept_and_an_analysed_one_keeps_its_analysis(made: World, project_id: str) -> None:
    full = {"cause": "設定", "immediate": "直した", "prevention": "点検"}
    id = reported(made, project_id, **full)
    act(made, "member", lambda work: incidents.analyse(work, at(work, id), rev=at(work, id).rev))
    with pytest.raises(Refusals):
        act(made, "member", lambda work: incidents.change(work, at(work, id), account(made), "x", rev=at(work, id).rev))
    told = account(made, **{**full, "cause": "電源"})
    act(made, "member", lambda work: incidents.change(work, at(work, id), told, "調べ直した", rev=at(work, id).rev))
    with made.acting(read_only=True) as work:
        bodies = [each.body for each in incidents.changes_of(work, at(work, id))]
    assert len(bodies) == 3
    assert "設定" in bodies[0]
    assert "電源" in bodies[2]


def test_a_case_counts_what_is_watched(made: World, project_id: str) -> None:
    entered(made, watched(made, project_id), (1, "90"))
    reported(made, project_id)
    reported(made, project_id, severity=1, kind="near_miss")
    with made.acting("auditor", read_only=True) as work:
        found = standing(work, work.session.get_one(Project, project_id))
    assert (found.indicators, len(found.alerts), len(found.incidents), found.serious) == (1, 1, 2, 1)


def test_an_answer_that_denies_an_open_serious_incident_is_told(made: World, project_id: str) -> None:
    screening_id = opened(made, project_id)
    with made.acting(read_only=True) as work:
        project = work.session.get_one(Project, project_id)
        assert stop_questions(incidents.framework_of(work, project)) == ["M1c"]
    with made.acting("member") as work:
        work.session.add(
            Answer(
                screening_id=screening_id, question_key="M1c", value="done", author_id=work.actor.id, saved_at=work.now
            )
        )
    reported(made, project_id, severity=1)
    assert told(made, project_id) == []
    id = reported(made, project_id, severity=3)
    assert told(made, project_id) == ["M1c is answered as done, but the serious incident J2 is open."]
    with made.acting("member") as work:
        answer = work.session.query(Answer).filter_by(question_key="M1c").one()
        answer.value = "not_done"
    assert told(made, project_id) == []
    assert id


def told(made: World, project_id: str) -> list[str]:
    with made.acting(read_only=True) as work:
        return [each.text.en for each in notices_of(work, work.session.get_one(Project, project_id))]


def test_an_incident_opens_the_rescreening_in_one_step(made: World, project_id: str) -> None:
    id = reported(made, project_id)
    row = act(made, "member", lambda work: incidents.screen(work, at(work, id), "P", rev=at(work, id).rev))
    with made.acting(read_only=True) as work:
        assert (at(work, id).screening_id, at(work, id).consequence) == (row.id, "screening")
    with pytest.raises(Refusal):
        act(made, "member", lambda work: incidents.screen(work, at(work, id), "P", rev=at(work, id).rev))
