"""The workflow table is complete, closed and safe: no approval without someone having looked, nothing after the end."""

from __future__ import annotations

from itertools import product

import pytest

from governance.accounts.rules import PERMISSIONS
from governance.ledger.rules import EVENT_TYPES
from governance.notifications.rules import KINDS
from governance.refusals import Refusal
from governance.screenings.workflow import ACTION_OF_OUTCOME, ACTIONS, STATES, TRANSITIONS, actions_in, after
from governance.states import state_of

FINAL = {"approved", "approved_with_conditions", "withdrawn"}
ALLOWED = {
    "draft": {"submit", "withdraw"},
    "submitted": {"take", "approve", "return", "withdraw"},
    "triage": {"begin", "return", "block", "withdraw"},
    "returned": {"submit", "withdraw"},
    "in_review": {"return", "discuss", "opine", "queue", "approve", "approve_with_conditions", "block", "withdraw"},
    "discussion": {"conclude", "return", "withdraw"},
    "board_queued": {"open", "withdraw"},
    "deferred": {"open", "withdraw"},
    "board_session": {"approve", "approve_with_conditions", "return", "reject", "escalate", "defer"},
    "escalated": {"approve", "approve_with_conditions", "return", "reject"},
    "rejected": {"appeal"},
    "appeal": {"take"},
    "blocked": {"release", "return", "withdraw"},
}
SWITCHED_LATER: set[str] = set()


@pytest.mark.parametrize(("state", "action"), list(product(STATES, ACTIONS)))
def test_every_pair_is_either_listed_or_refused(state: str, action: str) -> None:
    if action in ALLOWED.get(state, set()):
        assert after(state, action).state in STATES
    else:
        with pytest.raises(Refusal) as refused:
            after(state, action)
        assert refused.value.code == "reviews.not_now"
        assert STATES[state].ja in refused.value.text.ja
        assert STATES[state].en in refused.value.text.en


def test_an_unknown_state_is_refused_by_its_code() -> None:
    with pytest.raises(Refusal, match="nowhere"):
        after("nowhere", "submit")


def test_final_states_have_no_way_out() -> None:
    assert {state for state in STATES if not actions_in(state)} == FINAL


def test_every_state_can_be_reached_from_a_draft() -> None:
    seen, frontier = {"draft"}, {"draft"}
    while frontier:
        frontier = {after(state, action).state for state in frontier for action in actions_in(state)} - seen
        seen |= frontier
    assert seen == set(STATES) - SWITCHED_LATER


def test_escalation_is_the_committees_alone_and_rejection_also_the_executives() -> None:
    assert {state for state, action in TRANSITIONS if action == "escalate"} == {"board_session"}
    assert {state for state, action in TRANSITIONS if action == "reject"} == {"board_session", "escalated"}


def test_what_the_committee_rejected_is_approved_only_after_an_appeal_went_through_review_again() -> None:
    assert actions_in("rejected") == ("appeal",)
    assert not {action for action in actions_in("appeal") if action.startswith("approve")}


def test_nothing_is_approved_straight_from_blocked_or_draft() -> None:
    approving = {state for (state, action) in TRANSITIONS if action.startswith("approve")}
    assert approving == {"submitted", "in_review", "board_session", "escalated"}


def test_every_outcome_has_its_action_and_state() -> None:
    for outcome, action in ACTION_OF_OUTCOME.items():
        assert after("board_session", action).state in (
            ("board_queued", "deferred") if outcome == "deferred" else (outcome,)
        )


def test_every_row_names_a_permission_an_event_and_a_notice_that_exist() -> None:
    assert {each.permission for each in TRANSITIONS.values()} <= set(PERMISSIONS)
    assert {each.event for each in TRANSITIONS.values()} <= set(EVENT_TYPES)
    assert {each.notice for each in TRANSITIONS.values()} <= {"", *KINDS}
    assert {state_of(state).text for state in STATES} == set(STATES.values())
