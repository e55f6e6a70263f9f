"""Committee meetings through real databases: agenda, presence, recusal, motion, votes, decision, closing."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from governance.ledger.audit import verify_database
from governance.ledger.services import project_events
from governance.projects import services as projects
from governance.projects.models import Project
from governance.projects.services import project
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.reviews import committees, items, meetings
from governance.reviews.models import Committee, Decision, Meeting, Vote
from governance.reviews.rules import local_date
from governance.screenings import services as screenings
from governance.work import UnitOfWork, run
from tests.builders import World, answered, opened, registered, submitted
from tests.reviews.scenes import (
    BOARD,
    HIGH,
    MEDIUM,
    agenda_item,
    board,
    case,
    conditional,
    conditions,
    decide,
    decided,
    discussing,
    in_session,
    on_agenda,
    opined,
    planned,
    row,
    seat,
    state,
    vote,
    voting,
)

EXTREME = {"fairness": (4, 4)}
ALL = ("chair", "ext1", "ext2", "int1", "int2")


def leave(made: World, meeting_id: str, *names: str) -> None:
    with made.acting("secretariat") as work:
        for name in names:
            meetings.record_leave(work, the_meeting(work, meeting_id), seat(work, made, name))


def arrive(made: World, meeting_id: str, name: str) -> None:
    with made.acting("secretariat") as work:
        meetings.record_attendance(work, the_meeting(work, meeting_id), seat(work, made, name), "in_person")


def the_meeting(work: UnitOfWork, meeting_id: str) -> Meeting:
    found = work.session.get(Meeting, meeting_id)
    assert found is not None
    return found


def recuse(made: World, item_id: str, name: str, by: str = "secretariat", reason: str = "案件の提供部門に所属") -> None:
    with made.acting(by) as work:
        found = agenda_item(work, item_id)
        items.recuse(work, found, seat(work, made, name), rev=found.rev, reason=reason)


def put(made: World, item_id: str, motion: str, by: str = "secretariat") -> None:
    with made.acting(by) as work:
        found = agenda_item(work, item_id)
        bound = conditions(made) if motion == "approved_with_conditions" else ()
        items.put_motion(work, found, motion, rev=found.rev, conditions=bound)


def defer(made: World, item_id: str, reason: str = "同数のため") -> None:
    with made.acting("secretariat") as work:
        found = agenda_item(work, item_id)
        items.defer_item(work, found, rev=found.rev, reason=reason)


def close(made: World, meeting_id: str) -> None:
    with made.acting("secretariat") as work:
        found = the_meeting(work, meeting_id)
        meetings.close_meeting(work, found, rev=found.rev)


def all_vote(made: World, item_id: str, choice: str = "for", names: tuple[str, ...] = ALL) -> None:
    for name in names:
        vote(made, item_id, name, choice)


def test_a_conditional_approval_from_agenda_to_closing(made: World) -> None:
    screening_id, decision_id, meeting_id = decided(made)
    close(made, meeting_id)
    with made.acting("auditor", read_only=True) as work:
        decision = work.session.get(Decision, decision_id)
        screening = row(work, screening_id)
        assert decision is not None
        assert decision.item is not None
        assert (screening.state, decision.item.state, decision.item.meeting.state) == (
            "approved_with_conditions",
            "decided",
            "closed",
        )
        figures = decision.quorum
        assert (figures["appointed"], figures["eligible"], figures["need"], figures["present"]) == (7, 7, 4, 5)
        assert (figures["votes_for"], figures["against"], figures["abstain"], figures["need_for"]) == (4, 1, 0, 3)
        assert {check["code"]: check["met"] for check in figures["checks"]} == {
            "quorum": True,
            "external_majority": True,
            "lay": True,
            "notice": True,
        }
        assert len(decision.votes_digest) == 64
        assert decision.valid_until == screening.valid_until
        assert [c.number for c in decision.conditions] == [1]
        events = [event.type for event in project_events(work.session, screening.project_id)]
        assert events[events.index("AgendaItemAdded") :].count("VoteCast") == 5
        assert events[-2:] == ["DecisionRecorded", "ConditionSet"]


def test_votes_are_not_named_in_the_ledger(made: World) -> None:
    screening_id, _, _ = decided(made)
    with made.acting("auditor", read_only=True) as work:
        for event in project_events(work.session, row(work, screening_id).project_id):
            assert event.type != "VoteCast" or "choice" not in json.dumps(event.body)


def test_a_recused_member_leaves_the_count_loses_access_and_cannot_vote(made: World) -> None:
    screening_id, meeting_id, item_id = on_agenda(made)
    arrive(made, meeting_id, "int3")
    with made.acting("int3", read_only=True) as work:
        assert items.item(work, item_id).id == item_id
    recuse(made, item_id, "int3", by="int3")
    with made.acting("int3", read_only=True) as work:
        with pytest.raises(NotFound):
            items.item(work, item_id)
        with pytest.raises(NotFound):
            project(work, row(work, screening_id).project_id)
    voting(made, item_id)
    with pytest.raises(Forbidden):
        vote(made, item_id, "int3", "for")
    all_vote(made, item_id)
    decision_id = decide(made, item_id, conditional(made))
    with made.acting("auditor", read_only=True) as work:
        decision = work.session.get(Decision, decision_id)
        assert decision is not None
        assert (decision.quorum["recused"], decision.quorum["eligible"], decision.quorum["present"]) == (1, 6, 5)


def test_a_chair_who_steps_back_no_longer_sees_the_case(made: World) -> None:
    screening_id, _, item_id = on_agenda(made)
    discussing(made, item_id)
    recuse(made, item_id, "chair", by="chair")
    with made.acting("chair", read_only=True) as work:
        with pytest.raises(NotFound):
            items.item(work, item_id)
        with pytest.raises(NotFound):
            screenings.screening(work, screening_id)


def test_a_recusal_needs_a_reason_is_made_once_and_only_for_oneself(made: World) -> None:
    _, _, item_id = on_agenda(made)
    with pytest.raises(Refusal):
        recuse(made, item_id, "int1", reason=" ")
    with pytest.raises(Forbidden):
        recuse(made, item_id, "ext1", by="int1")
    with pytest.raises(Forbidden):
        recuse(made, item_id, "int1", by="owner")
    recuse(made, item_id, "int1")
    with pytest.raises(Refusal, match="recused"):
        recuse(made, item_id, "int1")


def test_a_recused_chair_does_not_record_the_decision(made: World) -> None:
    _, _, item_id = on_agenda(made)
    recuse(made, item_id, "chair", by="chair")
    discussing(made, item_id)
    with pytest.raises(Forbidden):
        decide(made, item_id, conditional(made), by="chair")


def test_a_recusal_after_the_vote_takes_the_vote_away(made: World) -> None:
    _, _, item_id = on_agenda(made)
    voting(made, item_id)
    all_vote(made, item_id, "for", ("chair", "ext1", "ext2"))
    all_vote(made, item_id, "against", ("int1", "int2"))
    recuse(made, item_id, "ext1")
    with pytest.raises(Refusals):
        decide(made, item_id, conditional(made))
    with made.acting("secretariat", read_only=True) as work:
        assert items.count_votes(work, agenda_item(work, item_id))[1].votes_for == 2


def test_nothing_is_put_to_the_vote_while_a_bound_member_still_sits(made: World) -> None:
    project_id = registered(made)
    with made.acting("owner") as work:
        join_and_leave(work, made, project(work, project_id), "int2")
    screening_id = opened(made, project_id)
    answered(made, screening_id, BOARD, ratings=HIGH)
    submitted(made, screening_id)
    opined(made, screening_id)
    meeting_id, (item_id,) = planned(made, board(made), screening_id)
    in_session(made, meeting_id)
    with made.acting("int2", read_only=True) as work, pytest.raises(NotFound):
        items.item(work, item_id)
    discussing(made, item_id)
    with pytest.raises(Refusal, match="conflict_open"):
        put(made, item_id, "approved_with_conditions")
    recuse(made, item_id, "int2")
    put(made, item_id, "approved_with_conditions")
    with pytest.raises(Forbidden):
        vote(made, item_id, "int2", "for")


def join_and_leave(work: UnitOfWork, made: World, owner: Project, name: str) -> None:
    member = projects.add_member(work, owner, made.people[name], "member")
    projects.remove_member(work, owner, member)


@pytest.mark.parametrize("name", ["ext3", "int3"])
def test_an_absent_member_cannot_vote(made: World, name: str) -> None:
    _, _, item_id = on_agenda(made)
    voting(made, item_id)
    with pytest.raises(Refusal, match="absent"):
        vote(made, item_id, name, "for")


@pytest.mark.parametrize("name", ["secretariat", "owner", "expert", "auditor", "administrator", "stranger"])
def test_who_has_no_seat_has_no_vote(made: World, name: str) -> None:
    _, _, item_id = on_agenda(made)
    voting(made, item_id)
    with pytest.raises(Forbidden):
        vote(made, item_id, name, "for")


def test_a_member_votes_once_and_never_changes_it(made: World) -> None:
    _, _, item_id = on_agenda(made)
    voting(made, item_id)
    vote(made, item_id, "ext1", "against")
    with pytest.raises(Refusal, match="voted"):
        vote(made, item_id, "ext1", "for")
    with pytest.raises(Refusal, match="choice"):
        vote(made, item_id, "ext2", "perhaps")


def test_no_vote_before_a_motion_and_no_motion_before_the_item_is_open(made: World) -> None:
    _, _, item_id = on_agenda(made)
    with pytest.raises(Refusal, match="item_state"):
        put(made, item_id, "approved_with_conditions")
    discussing(made, item_id)
    with pytest.raises(Refusal, match="item_state"):
        vote(made, item_id, "ext1", "for")


def test_leaving_breaks_the_quorum_of_the_item_and_returning_restores_it(made: World) -> None:
    _, meeting_id, item_id = on_agenda(made)
    discussing(made, item_id)
    leave(made, meeting_id, "int1", "int2")
    with pytest.raises(Refusals, match="定足数"):
        put(made, item_id, "approved_with_conditions")
    arrive(made, meeting_id, "int1")
    put(made, item_id, "approved_with_conditions")
    leave(made, meeting_id, "chair")
    all_vote(made, item_id, "for", ("ext1", "ext2", "int1"))
    with pytest.raises(Refusals, match="定足数"):
        decide(made, item_id, conditional(made))
    assert decisions_of(made) == 0


def decisions_of(made: World) -> int:
    with made.acting("auditor", read_only=True) as work:
        return work.session.scalars(select(func.count()).select_from(Decision)).one()


def test_external_members_must_be_the_majority_of_those_present(made: World) -> None:
    _, meeting_id, item_id = on_agenda(made)
    discussing(made, item_id)
    leave(made, meeting_id, "ext2")
    with pytest.raises(Refusals, match="外部が過半数"):
        put(made, item_id, "approved_with_conditions")


def test_a_lay_or_humanities_member_must_be_present(made: World) -> None:
    _, meeting_id, item_id = on_agenda(made)
    arrive(made, meeting_id, "ext3")
    discussing(made, item_id)
    leave(made, meeting_id, "chair", "ext1", "int2")
    arrive(made, meeting_id, "int2")
    leave(made, meeting_id, "int1")
    with pytest.raises(Refusals, match="一般・人文"):
        put(made, item_id, "approved_with_conditions")


def test_all_present_vote_before_a_decision(made: World) -> None:
    _, meeting_id, item_id = on_agenda(made)
    voting(made, item_id)
    all_vote(made, item_id, "for", ALL[:4])
    with pytest.raises(Refusal, match="votes_missing"):
        decide(made, item_id, conditional(made))
    leave(made, meeting_id, "int2")
    assert decide(made, item_id, conditional(made))


def test_a_tie_is_no_decision_and_the_case_waits_for_another_meeting(made: World) -> None:
    screening_id, meeting_id, item_id = on_agenda(made)
    voting(made, item_id)
    for name, choice in {
        "chair": "for",
        "ext1": "for",
        "ext2": "against",
        "int1": "against",
        "int2": "abstain",
    }.items():
        vote(made, item_id, name, choice)
    with pytest.raises(Refusal, match="同数"):
        decide(made, item_id, conditional(made))
    with pytest.raises(Refusal):
        close(made, meeting_id)
    defer(made, item_id)
    assert state(made, screening_id) == "deferred"
    close(made, meeting_id)
    with made.acting("secretariat") as work:
        committee = the_meeting(work, meeting_id).committee
        another = meetings.plan_meeting(work, committee, starts_at=made.now + timedelta(days=20))
        assert meetings.add_item(work, another, row(work, screening_id)).state == "queued"


def test_abstaining_is_not_consent(made: World) -> None:
    _, _, item_id = on_agenda(made)
    voting(made, item_id)
    all_vote(made, item_id, "for", ALL[:2])
    all_vote(made, item_id, "abstain", ALL[2:])
    with pytest.raises(Refusal, match="not_carried"):
        decide(made, item_id, conditional(made))


def test_the_outcome_is_the_motion_that_was_carried(made: World) -> None:
    _, _, item_id = on_agenda(made)
    voting(made, item_id, "returned")
    all_vote(made, item_id)
    with pytest.raises(Refusal, match="motion_differs"):
        decide(made, item_id, conditional(made))


@pytest.mark.parametrize(
    ("ratings", "motion", "allowed"),
    [
        (HIGH, "approved", True),
        (HIGH, "rejected", True),
        (HIGH, "deferred", False),
        (HIGH, "nonsense", False),
        (EXTREME, "approved", False),
        (EXTREME, "approved_with_conditions", False),
        (EXTREME, "escalated", True),
        (MEDIUM, "rejected", False),
    ],
)
def test_only_an_outcome_the_framework_allows_is_put_to_the_vote(
    made: World, ratings: dict[str, tuple[int, int]], motion: str, allowed: bool
) -> None:
    _, _, item_id = on_agenda(made, ratings)
    discussing(made, item_id)
    if allowed:
        put(made, item_id, motion)
    else:
        with pytest.raises(Refusal):
            put(made, item_id, motion)


@pytest.mark.parametrize(
    ("outcome", "target", "after"),
    [
        ("rejected", "", "rejected"),
        ("escalated", "経営会議", "escalated"),
        ("returned", "", "returned"),
        ("escalated", " ", ""),
    ],
)
def test_a_committee_rejects_returns_and_escalates(made: World, outcome: str, target: str, after: str) -> None:
    screening_id, _, item_id = on_agenda(made, EXTREME)
    voting(made, item_id, outcome)
    all_vote(made, item_id)
    verdict = conditional(made, outcome=outcome, conditions=(), escalated_to=target)
    if after:
        decide(made, item_id, verdict, by="secretariat")
        assert state(made, screening_id) == after
    else:
        with pytest.raises(Refusals):
            decide(made, item_id, verdict)


@pytest.mark.parametrize(
    "change",
    [
        {"rationale": ""},
        {"valid_until": date(2030, 1, 1)},
        {"conditions": ()},
        {"valid_until": date(2026, 11, 1)},
    ],
)
def test_an_incomplete_decision_leaves_the_item_open(made: World, change: dict[str, object]) -> None:
    screening_id, _, item_id = on_agenda(made)
    voting(made, item_id)
    all_vote(made, item_id)
    with pytest.raises((Refusal, Refusals)):
        decide(made, item_id, conditional(made, **change))
    assert (state(made, screening_id), decisions_of(made)) == ("board_session", 0)


def test_who_answered_does_not_verify_a_condition(made: World) -> None:
    _, _, item_id = on_agenda(made)
    discussing(made, item_id)
    bound = conditions(made, verifier="member")
    with made.acting("secretariat") as work:
        found = agenda_item(work, item_id)
        with pytest.raises(Refusals, match="確認者"):
            items.put_motion(work, found, "approved_with_conditions", rev=found.rev, conditions=bound)


@pytest.mark.parametrize("who", ["owner", "expert", "ext1", "auditor", "administrator"])
def test_only_chair_or_secretariat_records_the_decision(made: World, who: str) -> None:
    _, _, item_id = on_agenda(made)
    voting(made, item_id)
    all_vote(made, item_id)
    with pytest.raises(Forbidden):
        decide(made, item_id, conditional(made), by=who)


def test_an_advisory_committee_decides_nothing(made: World) -> None:
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    meeting_id, (item_id,) = planned(made, board(made, {"authority": "advisory"}), screening_id)
    in_session(made, meeting_id)
    voting(made, item_id)
    all_vote(made, item_id)
    decide(made, item_id, conditional(made))
    assert (state(made, screening_id), decisions_of(made)) == ("escalated", 0)


def test_a_decision_is_recorded_once_however_many_press_the_button(made: World) -> None:
    _, _, item_id = on_agenda(made)
    voting(made, item_id)
    all_vote(made, item_id)
    with made.acting("auditor", read_only=True) as work:
        rev = agenda_item(work, item_id).rev
    verdict = conditional(made)

    def press(name: str) -> str:
        def act(work: UnitOfWork) -> str:
            return items.record_decision(work, agenda_item(work, item_id), verdict, rev=rev).outcome

        try:
            return run(made.database, made.actor(name), act, serializable=True, at=made.now + timedelta(minutes=1))
        except (Refusal, Conflict) as refused:
            return refused.code

    with ThreadPoolExecutor(4) as pool:
        pressed = list(pool.map(press, ["chair", "secretariat", "chair", "secretariat"]))
    assert pressed.count("approved_with_conditions") == 1
    assert decisions_of(made) == 1


def test_a_meeting_is_opened_only_after_notice_or_with_a_recorded_reason(made: World) -> None:
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    meeting_id, _ = planned(made, board(made), screening_id)
    made.now += timedelta(days=3)
    with made.acting("secretariat") as work:
        found = the_meeting(work, meeting_id)
        with pytest.raises(Refusal, match="notice"):
            meetings.open_meeting(work, found, rev=found.rev)
    with made.acting("secretariat") as work:
        found = the_meeting(work, meeting_id)
        meetings.open_meeting(work, found, rev=found.rev, late_reason="人命にかかわる運用の開始が迫っているため")
        assert not meetings.notice_of(found, work.now).met


def test_an_unlawfully_composed_committee_does_not_meet(made: World) -> None:
    committee_id = board(made)
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    meeting_id, _ = planned(made, committee_id, screening_id)
    with made.acting("administrator") as work:
        committees.end_term(work, seat(work, made, "ext1"), last_day=local_date(work.now))
    with pytest.raises(Refusals, match="外部委員の割合"):
        in_session(made, meeting_id)


def test_a_person_holds_one_seat_at_a_time(made: World) -> None:
    committee_id = board(made)
    with made.acting("secretariat") as work:
        committee = work.session.get(Committee, committee_id)
        assert committee is not None
        user_id = made.people["ext1"].id
        with pytest.raises(Refusal, match="seated"):
            committees.appoint(
                work, committee, user_id, side="external", expertise=["lay"], term_from=date(2028, 3, 31)
            )
        committees.appoint(work, committee, user_id, side="external", expertise=["lay"], term_from=date(2028, 4, 1))


def test_rules_do_not_change_inside_a_meeting(made: World) -> None:
    _, meeting_id, item_id = on_agenda(made)
    with made.acting("secretariat") as work:
        committee = the_meeting(work, meeting_id).committee
        with pytest.raises(Refusal, match="in_session"):
            committees.change_rules(
                work,
                committee,
                {"quorum_share": "1/4"},
                rev=committee.rev,
                version="2.0",
                effective_on=date(2026, 12, 1),
            )
    discussing(made, item_id)
    defer(made, item_id)
    close(made, meeting_id)
    with made.acting("secretariat") as work:
        committee = the_meeting(work, meeting_id).committee
        committees.change_rules(
            work, committee, {"quorum_share": "2/3"}, rev=committee.rev, version="2.0", effective_on=date(2026, 12, 1)
        )
        assert str(committees.rules_of(committee, date(2026, 12, 1)).quorum_share) == "2/3"


def test_meetings_are_numbered_within_the_fiscal_year(made: World) -> None:
    committee_id = board(made)
    with made.acting("secretariat") as work:
        committee = work.session.get(Committee, committee_id)
        assert committee is not None
        days = (5, 40, 200)
        plans = [meetings.plan_meeting(work, committee, starts_at=made.now + timedelta(days=n)) for n in days]
        assert [(m.fiscal_year, m.number) for m in plans] == [(2026, 1), (2026, 2), (2027, 1)]


def test_only_a_referred_case_goes_on_one_agenda_before_the_materials(made: World) -> None:
    committee_id = board(made)
    screening_id = case(made, BOARD, HIGH)
    with made.acting("secretariat") as work:
        committee = work.session.get(Committee, committee_id)
        assert committee is not None
        meeting = meetings.plan_meeting(work, committee, starts_at=made.now + timedelta(days=9))
        with pytest.raises(Refusal, match="not_queued"):
            meetings.add_item(work, meeting, row(work, screening_id))
    opined(made, screening_id)
    planned(made, committee_id, screening_id)
    with made.acting("secretariat") as work:
        committee = work.session.get(Committee, committee_id)
        assert committee is not None
        meeting = meetings.plan_meeting(work, committee, starts_at=made.now + timedelta(days=9))
        with pytest.raises(Refusal, match="on_agenda"):
            meetings.add_item(work, meeting, row(work, screening_id))


def test_a_stale_page_of_the_meeting_is_refused(made: World) -> None:
    _, _, item_id = on_agenda(made)
    discussing(made, item_id)
    with made.acting("secretariat") as work:
        found = agenda_item(work, item_id)
        with pytest.raises(Conflict):
            items.put_motion(work, found, "returned", rev=found.rev - 1)
    with made.acting("auditor", read_only=True) as work:
        assert work.session.scalars(select(func.count()).select_from(Vote)).one() == 0


def test_the_ledger_answers_for_a_whole_meeting(made: World) -> None:
    _, _, meeting_id = decided(made)
    close(made, meeting_id)
    verdict = verify_database(made.database)
    assert verdict.ok, verdict.faults
