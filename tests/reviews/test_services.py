"""The expert team's check and decisions without a committee, through real databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from governance.ledger.services import project_events
from governance.projects import life
from governance.projects import services as projects
from governance.refusals import Conflict, Forbidden, Refusal, Refusals
from governance.reviews import decisions, services, stops
from governance.reviews.decisions import Verdict
from governance.reviews.models import Decision, Review
from governance.screenings import services as screenings
from governance.screenings.snapshots import PROJECT_FIELDS, thaw
from tests.builders import World, answered, opened, registered, submitted
from tests.reviews.scenes import BOARD, HIGH, MEDIUM, case, conditional, conditions, opined, row, state, taken

APPROVED = Verdict("approved", "残る影響は小さいため。")


def decide(made: World, screening_id: str, verdict: Verdict, by: str) -> str:
    with made.acting(by) as work:
        screening = row(work, screening_id)
        return services.decide_without_board(work, screening, verdict, rev=screening.rev).id


def send_back(made: World, screening_id: str, by: str = "expert", reason: str = "証跡が足りません。") -> None:
    with made.acting(by) as work:
        screening = row(work, screening_id)
        services.return_to_team(work, screening, rev=screening.rev, reason=reason)


def types(made: World, screening_id: str) -> list[str]:
    with made.acting("auditor", read_only=True) as work:
        return [event.type for event in project_events(work.session, row(work, screening_id).project_id)]


def test_a_light_case_is_approved_by_the_department_head(made: World) -> None:
    screening_id = case(made)
    decision_id = decide(made, screening_id, APPROVED, "approver")
    with made.acting("auditor", read_only=True) as work:
        decision = work.session.get(Decision, decision_id)
        screening = row(work, screening_id)
        assert decision is not None
        assert (decision.body, decision.outcome, decision.item_id) == ("department", "approved", None)
        assert screening.state == "approved"
        assert screening.valid_until == decision.valid_until
        assert decision.snapshot_digest == decision.snapshot.digest


@pytest.mark.parametrize("who", ["owner", "member", "expert", "administrator", "auditor", "stranger", "secretariat"])
def test_nobody_else_approves_a_light_case(made: World, who: str) -> None:
    screening_id = case(made)
    with pytest.raises(Forbidden):
        decide(made, screening_id, APPROVED, who)


def test_the_department_head_cannot_approve_above_low(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    with pytest.raises(Refusals, match="「承認」を選べません"):
        decide(made, screening_id, APPROVED, "approver")


def test_the_department_head_returns_a_light_case(made: World) -> None:
    screening_id = case(made)
    send_back(made, screening_id, "approver")
    assert state(made, screening_id) == "returned"


@pytest.mark.parametrize(
    "who", ["owner", "member", "approver", "stranger", "administrator", "auditor", "legal", "secretariat"]
)
def test_only_the_expert_team_takes_a_case(made: World, who: str) -> None:
    screening_id = case(made, ratings=MEDIUM)
    with pytest.raises(Forbidden):
        taken(made, screening_id, who)


def test_who_ever_belonged_to_the_project_never_reviews_it(made: World) -> None:
    project_id = registered(made)
    from_the_team(made, project_id, "expert")
    screening_id = opened(made, project_id)
    answered(made, screening_id, ratings=MEDIUM)
    submitted(made, screening_id)
    with pytest.raises(Forbidden):
        taken(made, screening_id, "expert")
    assert taken(made, screening_id, "expert2")


def from_the_team(made: World, project_id: str, name: str) -> None:
    """Let a person join the project and leave it again."""
    with made.acting("owner") as work:
        project = projects.project(work, project_id)
        person = made.people[name]
        member = projects.add_member(work, project, person, "member")
        projects.remove_member(work, project, member)


def test_a_case_is_taken_once(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    taken(made, screening_id)
    with pytest.raises(Refusal, match="not_now"):
        taken(made, screening_id, "expert2")


def test_a_stale_form_is_refused(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    with made.acting("expert") as work, pytest.raises(Conflict):
        services.take_review(work, row(work, screening_id), rev=row(work, screening_id).rev - 1)


def test_what_the_owner_changes_about_the_project_during_the_review_is_not_what_was_checked(made: World) -> None:
    screening_id = case(made)
    with made.acting("owner") as work:
        held = row(work, screening_id).project
        told = replace(projects.particulars_of(held), name="別のAI", system_version="9.9", department="別の部")
        projects.change(work, held, told, rev=held.rev)
    opined(made, screening_id)
    with made.acting("auditor", read_only=True) as work:
        snapshots = row(work, screening_id).snapshots
        texts = [{name: thaw(work.session, each)["project"][name] for name in PROJECT_FIELDS} for each in snapshots]
        assert [each.stage for each in snapshots] == ["submitted", "checked"]
        assert texts[0] == texts[1]
        assert row(work, screening_id).project.name == "別のAI"


def test_the_opinion_freezes_the_checked_snapshot_and_refers_a_board_case(made: World) -> None:
    screening_id = case(made, BOARD, HIGH)
    review_id = opined(made, screening_id)
    assert state(made, screening_id) == "board_queued"
    with made.acting("auditor", read_only=True) as work:
        review = work.session.get(Review, review_id)
        assert review is not None
        assert review.snapshot is not None
        assert review.snapshot.stage == "checked"
        assert decisions.basis_snapshot(work, row(work, screening_id)).id == review.snapshot_id
    assert types(made, screening_id)[-3:] == ["ReviewBegun", "OpinionGiven", "CaseQueued"]


def test_a_standard_case_stays_with_the_team_and_is_decided_there(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    taken(made, screening_id)
    with pytest.raises(Refusal, match="opinion_first"):
        decide(made, screening_id, APPROVED, "expert")
    with made.acting("expert") as work:
        review = services.review_of(work, row(work, screening_id))
        assert review is not None
        services.give_opinion(work, review, rev=review.rev, recommendation="approved", opinion="問題はない。")
    assert state(made, screening_id) == "in_review"
    decide(made, screening_id, conditional(made), "expert")
    assert state(made, screening_id) == "approved_with_conditions"


def test_a_high_residual_goes_to_the_committee_though_the_route_was_standard(made: World) -> None:
    screening_id = case(made, ratings=HIGH)
    opined(made, screening_id)
    assert state(made, screening_id) == "board_queued"


@pytest.mark.parametrize(
    ("opinion", "recommendation"), [(" ", "approved"), ("意見", ""), ("意見", "deferred"), ("意見", "perhaps")]
)
def test_an_opinion_is_complete(made: World, opinion: str, recommendation: str) -> None:
    screening_id = case(made, ratings=MEDIUM)
    review_id = taken(made, screening_id)
    with made.acting("expert") as work:
        review = work.session.get(Review, review_id)
        assert review is not None
        with pytest.raises(Refusal):
            services.give_opinion(work, review, rev=review.rev, recommendation=recommendation, opinion=opinion)


def test_only_the_reviewer_gives_the_opinion(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    review_id = taken(made, screening_id)
    with made.acting("expert2") as work:
        review = work.session.get(Review, review_id)
        assert review is not None
        with pytest.raises(Forbidden):
            services.give_opinion(work, review, rev=review.rev, recommendation="approved", opinion="意見")


def test_a_returned_case_comes_back_as_the_next_revision_and_is_reviewed_anew(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    first = taken(made, screening_id)
    with pytest.raises(Refusal):
        send_back(made, screening_id, reason=" ")
    send_back(made, screening_id)
    submitted(made, screening_id)
    second = taken(made, screening_id, "expert2")
    assert first != second
    with made.acting("auditor", read_only=True) as work:
        reviews = list(
            work.session.scalars(select(Review).where(Review.screening_id == screening_id).order_by(Review.revision))
        )
        assert [(r.revision, r.state) for r in reviews] == [(1, "returned"), (2, "in_review")]


def test_an_accepted_not_applicable_leaves_the_sum_and_a_refused_one_counts_nothing(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM, answers={"P3c": "not_applicable"})
    taken(made, screening_id)
    assert points(made, screening_id, "P3c") == (False, 0)
    rule(made, screening_id, accepted=True)
    assert points(made, screening_id, "P3c")[0] is True
    rule(made, screening_id, accepted=False)
    assert points(made, screening_id, "P3c") == (False, 0)


def rule(made: World, screening_id: str, *, accepted: bool, key: str = "P3c") -> None:
    with made.acting("expert") as work:
        screening = row(work, screening_id)
        services.rule_not_applicable(
            work, screening, key, rev=screening.rev, accepted=accepted, reason="対象のデータがないため"
        )


def points(made: World, screening_id: str, key: str) -> tuple[bool, int]:
    with made.acting("expert", read_only=True) as work:
        score = screenings.score_of(work, row(work, screening_id))
        counted = next(c for item in score.items for c in item.counted if c.key == key)
        return counted.excluded, int(counted.points)


def test_nothing_is_ruled_after_the_opinion_or_on_another_answer(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM, answers={"P3c": "not_applicable"})
    taken(made, screening_id)
    with pytest.raises(Refusal, match="nothing_to_rule"):
        rule(made, screening_id, accepted=True, key="P3b")
    with made.acting("expert") as work:
        review = services.review_of(work, row(work, screening_id))
        assert review is not None
        services.give_opinion(work, review, rev=review.rev, recommendation="approved", opinion="意見")
    with pytest.raises(Refusal, match="finished"):
        rule(made, screening_id, accepted=True)


def test_disproved_evidence_of_a_gate_blocks_the_case(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    taken(made, screening_id)
    with made.acting("expert") as work:
        screening = row(work, screening_id)
        services.rule_evidence(work, screening, "P1a", rev=screening.rev, disproved=True, reason="試験の記録がない")
    assert state(made, screening_id) == "blocked"
    with pytest.raises(Refusal):
        decide(made, screening_id, APPROVED, "expert")
    send_back(made, screening_id, "expert2")
    assert state(made, screening_id) == "returned"


def test_a_reviewer_moves_a_case_up_to_the_committee_with_a_reason(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    taken(made, screening_id)
    for route, reason in (("board", " "), ("nowhere", "理由")):
        with made.acting("expert") as work:
            screening = row(work, screening_id)
            with pytest.raises(Refusal):
                services.override_route(work, screening, route, rev=screening.rev, reason=reason)
    with made.acting("expert") as work:
        screening = row(work, screening_id)
        services.override_route(work, screening, "board", rev=screening.rev, reason="社会的な議論があるため")
        review = services.review_of(work, screening)
        assert review is not None
        services.give_opinion(work, review, rev=review.rev, recommendation="approved", opinion="意見")
    assert state(made, screening_id) == "board_queued"


def stop(made: World, screening_id: str, act: str, code: str, by: str, reason: str = "確認した事実") -> None:
    with made.acting(by) as work:
        screening = row(work, screening_id)
        {"clear": stops.clear_stop, "confirm": stops.confirm_stop, "release": stops.release_stop}[act](
            work, screening, code, rev=screening.rev, reason=reason
        )


def test_a_suspected_prohibited_practice_waits_for_legal(made: World) -> None:
    screening_id = case(made, {"T01": "unknown"}, HIGH)
    assert state(made, screening_id) == "blocked"
    for who in ("expert", "owner", "secretariat"):
        with pytest.raises(Forbidden):
            stop(made, screening_id, "clear", "H1", who)
    stop(made, screening_id, "clear", "H1", "legal")
    assert state(made, screening_id) == "submitted"
    assert taken(made, screening_id)


def test_a_confirmed_prohibited_practice_stays_blocked(made: World) -> None:
    screening_id = case(made, {"T01": "yes"}, HIGH)
    stop(made, screening_id, "confirm", "H1", "legal")
    assert state(made, screening_id) == "blocked"
    for act in ("clear", "confirm", "release"):
        with pytest.raises(Refusal):
            stop(made, screening_id, act, "H1", "legal")


def test_a_stop_by_facts_is_released_by_two_persons_once_the_facts_changed(made: World) -> None:
    screening_id = case(made, {"T03": "yes"}, HIGH, {"P1c": "not_done"})
    assert state(made, screening_id) == "blocked"
    with pytest.raises(Refusal, match="stop_not_waiting"):
        stop(made, screening_id, "release", "H3", "legal")
    send_back(made, screening_id)
    answered(made, screening_id, {"T03": "yes"}, ratings=HIGH)
    submitted(made, screening_id)
    assert state(made, screening_id) == "blocked"
    stop(made, screening_id, "release", "H3", "legal")
    assert state(made, screening_id) == "blocked"
    with pytest.raises(Refusal, match="two_persons"):
        stop(made, screening_id, "release", "H3", "legal")
    stop(made, screening_id, "release", "H3", "expert")
    assert state(made, screening_id) == "submitted"


@pytest.mark.parametrize(
    "verdict",
    [
        {"rationale": " "},
        {"conditions": ()},
        {"outcome": "approved"},
        {"outcome": "rejected"},
        {"outcome": "deferred"},
        {"outcome": "returned"},
    ],
)
def test_a_decision_the_rules_do_not_allow_leaves_nothing(made: World, verdict: dict[str, object]) -> None:
    screening_id = case(made, ratings=MEDIUM)
    opined(made, screening_id)
    with pytest.raises((Refusal, Refusals)):
        decide(made, screening_id, conditional(made, **verdict), "expert")
    assert state(made, screening_id) == "in_review"


@pytest.mark.parametrize("verifier", ["member", "owner"])
def test_an_author_or_the_owner_of_a_condition_is_no_verifier(made: World, verifier: str) -> None:
    screening_id = case(made, ratings=MEDIUM)
    opined(made, screening_id)
    owner = "approver"
    with pytest.raises(Refusals):
        decide(made, screening_id, conditional(made, conditions=conditions(made, verifier, owner)), "expert")


def test_the_team_never_decides_what_waits_for_the_committee(made: World) -> None:
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    with pytest.raises(Refusal):
        decide(made, screening_id, APPROVED, "expert")


def test_nothing_is_reviewed_or_decided_while_the_project_is_suspended(made: World) -> None:
    screening_id = case(made)
    with made.acting("owner") as work:
        life.suspend(work, row(work, screening_id).project, reason="顧客の都合で中断する。")
    with made.acting("expert") as work:
        screening = row(work, screening_id)
        with pytest.raises(Refusal, match="一時停止中"):
            services.take_review(work, screening, rev=screening.rev)
    with made.acting("approver") as work:
        screening = row(work, screening_id)
        with pytest.raises(Refusal, match="一時停止中"):
            services.decide_without_board(work, screening, Verdict("approved", "問題はない。"), rev=screening.rev)
