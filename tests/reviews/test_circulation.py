"""Circulation: only expedited matters, the chair and two internal members, never to disapprove, reported to all (domain.md §6.2)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from governance.ledger.audit import verify_database
from governance.refusals import Forbidden, NotFound, Refusal, Refusals
from governance.reviews import circulating, committees, meetings, waiving
from governance.reviews.circulating import is_expedited
from governance.reviews.circulation_models import Circulation
from governance.reviews.decisions import Verdict
from governance.reviews.models import Committee, Condition, Decision, Meeting
from governance.reviews.rules import local_date
from tests.builders import SEEDS, World, documents
from tests.reviews.scenes import BOARD, HIGH, board, case, conditional, opined, planned, row, seat, state
from tests.visitor import Visitor, service

LOW = {"fairness": (2, 1)}


def framework():
    return next(each for each in documents(SEEDS)[0] if each.key == "hitachi-ai-ethics")


@pytest.mark.parametrize(
    ("residual", "stops", "may"),
    [(1, (), True), (2, (), True), (3, (), False), (4, (), False), (1, ("H1",), False), (None, (), False)],
)
def test_only_a_matter_below_high_without_a_hard_stop_is_expedited(
    residual: int | None, stops: tuple[str, ...], may: bool
) -> None:
    assert is_expedited(framework(), residual, stops) is may


def waiting(made: World, ratings: dict[str, tuple[int, int]] | None = None) -> str:
    screening_id = case(made, BOARD, ratings or LOW)
    opined(made, screening_id)
    return screening_id


def circulated(
    made: World,
    screening_id: str,
    committee_id: str,
    *,
    members: tuple[str, ...] = ("int1", "int2"),
    verdict: Verdict | None = None,
    days: int = 5,
    by: str = "secretariat",
) -> str:
    with made.acting(by) as work:
        committee = work.session.get_one(Committee, committee_id)
        return circulating.start(
            work,
            committee,
            row(work, screening_id),
            verdict or Verdict("approved", "影響は小さく、条件は要らない。"),
            members=[seat(work, made, name).id for name in members],
            closes_on=local_date(work.now) + timedelta(days=days),
        ).id


def say(made: World, circulation_id: str, name: str, choice: str = "agree", remark: str = "") -> None:
    with made.acting(name) as work:
        circulating.say(work, circulating.circulation(work, circulation_id), choice, remark=remark)


def test_when_all_agree_it_is_decided_and_kept_with_what_each_said(made: World) -> None:
    screening_id, committee_id = waiting(made), board(made)
    circulation_id = circulated(made, screening_id, committee_id)
    for name in ("chair", "int1"):
        say(made, circulation_id, name)
        assert state(made, screening_id) == "board_session"
    say(made, circulation_id, "int2", remark="監視を続けること。")
    assert state(made, screening_id) == "approved"
    with made.acting("auditor", read_only=True) as work:
        [decision] = work.session.scalars(select(Decision))
        assert (decision.body, decision.item_id, decision.quorum["circulation"]) == ("board", None, circulation_id)
        assert len(decision.votes_digest) == 64
        assert work.session.get_one(Circulation, circulation_id).state == "carried"
    assert verify_database(made.database).ok


def test_conditions_go_round_with_the_proposal(made: World) -> None:
    screening_id, committee_id = waiting(made, {"fairness": (3, 2)}), board(made)
    circulation_id = circulated(made, screening_id, committee_id, verdict=conditional(made))
    for name in ("chair", "int1", "int2"):
        say(made, circulation_id, name)
    assert state(made, screening_id) == "approved_with_conditions"
    with made.acting("auditor", read_only=True) as work:
        [decision] = work.session.scalars(select(Decision))
        assert [each.kind for each in decision.conditions] == ["pre_launch"]
    with made.acting("secretariat") as work:  # and only the committee that set them waives them
        rules, since = {"notice_days": 7}, local_date(made.now)
        other = committees.create_committee(
            work, key="other", name="別の委員会", rules=rules, rules_version="1", rules_effective_on=since
        )
        own = work.session.get_one(Committee, committee_id)
        theirs, ours = (
            meetings.plan_meeting(work, each, starts_at=made.now + timedelta(days=8)) for each in (other, own)
        )
        condition = work.session.scalars(select(Condition)).one()
        assert waiving.sessions_for(work, condition) == [ours]
        with pytest.raises(Refusal, match="条件を付けた委員会だけ"):
            waiving.propose(work, condition, theirs, rev=condition.rev, reason="要らなくなった。")
        assert waiving.committee_of(work, Decision(quorum={})) is None


def test_one_wish_for_the_full_committee_refers_it_with_its_reason(made: World) -> None:
    screening_id, committee_id = waiting(made), board(made)
    circulation_id = circulated(made, screening_id, committee_id)
    say(made, circulation_id, "chair")
    with pytest.raises(Refusal, match="remark"):
        say(made, circulation_id, "int1", "full_board")
    say(made, circulation_id, "int1", "full_board", "利用者の範囲を議論したい。")
    assert state(made, screening_id) in ("board_queued", "deferred")
    with pytest.raises(Refusal, match="circulation_done"):
        say(made, circulation_id, "int2")
    planned(made, committee_id, screening_id)


@pytest.mark.parametrize("outcome", ["rejected", "escalated", "deferred"])
def test_nothing_is_disapproved_by_circulation(made: World, outcome: str) -> None:
    screening_id, committee_id = waiting(made), board(made)
    with pytest.raises(Refusal, match="circulation_outcome"):
        circulated(made, screening_id, committee_id, verdict=Verdict(outcome, "理由", escalated_to="経営会議"))


@pytest.mark.parametrize("ratings", [HIGH, {"fairness": (4, 4)}])
def test_a_high_residual_goes_to_a_meeting(made: World, ratings: dict[str, tuple[int, int]]) -> None:
    screening_id, committee_id = waiting(made, ratings), board(made)
    with pytest.raises(Refusal, match="not_expedited"):
        circulated(made, screening_id, committee_id)
    assert state(made, screening_id) == "board_queued"


@pytest.mark.parametrize("rules", [{"circulation": "never"}, {"authority": "advisory"}])
def test_the_rules_may_forbid_it(made: World, rules: dict[str, object]) -> None:
    screening_id, committee_id = waiting(made), board(made, rules)
    with pytest.raises(Refusal, match="no_circulation"):
        circulated(made, screening_id, committee_id)


@pytest.mark.parametrize(
    "members", [("int1",), ("int1", "int2", "int3"), ("int1", "ext1"), ("int1", "int1"), ("int1", "chair")]
)
def test_it_goes_to_the_chair_and_two_internal_members(made: World, members: tuple[str, ...]) -> None:
    screening_id, committee_id = waiting(made), board(made)
    with pytest.raises(Refusal, match="designated"):
        circulated(made, screening_id, committee_id, members=members)


def test_the_past_is_no_day_to_answer_by_and_answers_after_it_are_refused(made: World) -> None:
    screening_id, committee_id = waiting(made), board(made)
    with pytest.raises(Refusal, match="closes_on"):
        circulated(made, screening_id, committee_id, days=-1)
    circulation_id = circulated(made, screening_id, committee_id, days=1)
    made.now += timedelta(days=3)
    with pytest.raises(Refusal, match="circulation_over"):
        say(made, circulation_id, "chair")
    with made.acting("secretariat") as work:
        circulating.refer(work, circulating.circulation(work, circulation_id))
    assert state(made, screening_id) in ("board_queued", "deferred")


@pytest.mark.parametrize("by", ["int3", "ext1"])
def test_only_those_it_was_put_to_answer_and_once(made: World, by: str) -> None:
    screening_id, committee_id = waiting(made), board(made)
    circulation_id = circulated(made, screening_id, committee_id)
    with pytest.raises((Forbidden, NotFound)):
        say(made, circulation_id, by)
    say(made, circulation_id, "chair")
    with pytest.raises(Refusal, match="voted"):
        say(made, circulation_id, "chair")


@pytest.mark.parametrize("by", ["expert", "int1", "administrator"])
def test_only_the_secretariat_starts_one(made: World, by: str) -> None:
    screening_id, committee_id = waiting(made), board(made)
    with pytest.raises((Forbidden, NotFound)):
        circulated(made, screening_id, committee_id, by=by)


def test_without_a_chair_nothing_goes_round(made: World) -> None:
    screening_id, committee_id = waiting(made), board(made)
    with made.acting("secretariat") as work:
        committees.end_term(work, seat(work, made, "chair"), last_day=local_date(work.now))
    made.now += timedelta(days=1)
    with pytest.raises(Refusal, match="no_chair"):
        circulated(made, screening_id, committee_id)


def test_the_same_case_does_not_go_round_twice_at_once(made: World) -> None:
    screening_id, committee_id = waiting(made), board(made)
    circulated(made, screening_id, committee_id)
    with pytest.raises((Refusal, Refusals), match="not_queued"):
        circulated(made, screening_id, committee_id)


def test_the_next_meeting_lists_it(made: World) -> None:
    screening_id, committee_id = waiting(made), board(made)
    circulation_id = circulated(made, screening_id, committee_id)
    for name in ("chair", "int1", "int2"):
        say(made, circulation_id, name)
    other = waiting(made, HIGH)
    meeting_id, _ = planned(made, committee_id, other)
    with made.acting("secretariat", read_only=True) as work:
        meeting = work.session.get_one(Meeting, meeting_id)
        assert [each.id for each in circulating.reported_at(work, meeting)] == [circulation_id]


def test_answers_are_frozen(made: World) -> None:
    screening_id, committee_id = waiting(made), board(made)
    say(made, circulated(made, screening_id, committee_id), "chair")
    for statement in ("UPDATE circulation_votes SET choice = 'full_board'", "DELETE FROM circulations"):
        with pytest.raises(Exception, match="frozen|kept"), made.database.engine.begin() as connection:
            connection.execute(text(statement))


# ---------------------------------------------------------------- pages


def visit(made: World, folder: Path, name: str) -> Visitor:
    visitor = Visitor(service(made.database, folder))
    visitor.sign_in(f"{name}@test.example")
    return visitor


def test_it_is_started_answered_and_listed_on_the_pages(made: World, tmp_path: Path) -> None:
    screening_id, committee_id = waiting(made), board(made)
    office = visit(made, tmp_path, "secretariat")
    path = f"/committees/{committee_id}/circulations/new"
    assert "架空の需要予測AI" in office.get(path).text
    with made.acting("auditor", read_only=True) as work:
        ids = [seat(work, made, name).id for name in ("int1", "int2")]
    given = {"screening": screening_id, "outcome": "approved", "rationale": "影響は小さい。", "members": ids[:1]}
    wrong = office.post(path, given | {"closes_on": "2099-01-01"})
    assert wrong.status_code == 422
    assert "ちょうど2名選んでください" in wrong.text
    assert office.post(path, given | {"members": ids, "closes_on": "2099-01-01"}).status_code == 303
    with made.acting("auditor", read_only=True) as work:
        [circulation_id] = work.session.scalars(select(Circulation.id))
    for name in ("chair", "int1", "int2"):
        visitor = visit(made, tmp_path, name)
        assert f"/circulations/{circulation_id}" in visitor.get("/").text
        assert "同意する" in visitor.get(f"/circulations/{circulation_id}").text
        assert visitor.post(f"/circulations/{circulation_id}", {"choice": "agree", "remark": ""}).status_code == 303
    assert "持ち回りで決定しました" in office.get(f"/circulations/{circulation_id}").text
    assert f"/circulations/{circulation_id}" in office.get(f"/committees/{committee_id}").text
