"""Deciding bodies, validity and conditions follow domain.md §5.3, §5.4 and §6.3."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.paths import SEEDS
from governance.questionnaires.definition import Framework
from governance.questionnaires.reading import read
from governance.refusals import Refusal
from governance.reviews.rules import (
    APPROVALS,
    CONDITION_STATES,
    Choice,
    ConditionDraft,
    after_condition,
    allowed_outcomes,
    check_conditions,
    check_validity,
    days_overdue,
    fiscal_year,
    local_date,
    require_outcome,
    suspend_on,
    valid_until,
)

LOW, MEDIUM, HIGH, EXTREME = 1, 2, 3, 4
DECIDED = date(2026, 11, 20)


@cache
def framework() -> Framework:
    return read(SEEDS / "framework" / "hitachi-ai-ethics.yaml", Framework)[0]


def outcomes(residual: int, route: str, body: str, **circumstances: object) -> set[str]:
    return {
        c.outcome for c in allowed_outcomes(framework(), residual=residual, route=route, body=body, **circumstances)
    }  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("residual", "route", "body", "expected"),
    [
        (LOW, "light", "department", {"approved", "returned"}),
        (LOW, "light", "team", {"approved", "returned"}),
        (MEDIUM, "light", "department", set()),
        (MEDIUM, "standard", "team", {"approved", "approved_with_conditions", "returned"}),
        (LOW, "standard", "department", set()),
        (HIGH, "standard", "team", set()),
        (LOW, "board", "team", set()),
        (MEDIUM, "board", "board", {"approved", "approved_with_conditions", "returned", "deferred"}),
        (
            HIGH,
            "board",
            "board",
            {"approved", "approved_with_conditions", "returned", "deferred", "rejected", "escalated"},
        ),
        (EXTREME, "board", "board", {"returned", "deferred", "rejected", "escalated"}),
        (LOW, "blocked", "board", set()),
        (LOW, "light", "nobody", set()),
    ],
)
def test_only_the_listed_body_chooses_only_the_listed_outcomes(
    residual: int, route: str, body: str, expected: set[str]
) -> None:
    assert outcomes(residual, route, body) == expected


@given(
    st.integers(1, 4),
    st.sampled_from(["light", "standard", "board", "blocked"]),
    st.sampled_from(["department", "team", "board", "legal"]),
    st.sets(st.sampled_from(["H1", "H3", "H6"]), min_size=1),
)
def test_no_vote_approves_over_a_hard_stop(residual: int, route: str, body: str, stops: set[str]) -> None:
    assert not outcomes(residual, route, body, hard_stops=stops) & APPROVALS


@given(st.sampled_from(["light", "standard", "board"]), st.sampled_from(["department", "team", "board"]), st.booleans())
def test_extreme_residual_is_never_approved(route: str, body: str, open_gate: bool) -> None:
    assert not outcomes(EXTREME, route, body, open_gate=open_gate) & APPROVALS


def test_an_open_gate_allows_an_approval_only_with_conditions() -> None:
    assert outcomes(HIGH, "board", "board", open_gate=True) & APPROVALS == {"approved_with_conditions"}


def test_plain_approval_at_high_needs_its_reason() -> None:
    choices = allowed_outcomes(framework(), residual=HIGH, route="board", body="board")
    with pytest.raises(Refusal, match="reason_needed"):
        require_outcome(choices, "approved", "  ")
    assert require_outcome(choices, "approved", "代わりの手段がないため").outcome == "approved"
    assert not require_outcome(choices, "approved_with_conditions").needs_reason


def test_a_refused_outcome_says_what_is_possible() -> None:
    with pytest.raises(Refusal) as refused:
        require_outcome([Choice("returned")], "approved")
    assert "差戻し" in refused.value.text.ja
    assert "Returned" in refused.value.text.en
    with pytest.raises(Refusal, match="なし"):
        require_outcome([], "approved")


@pytest.mark.parametrize(
    ("residual", "decided", "last"),
    [
        (HIGH, date(2026, 11, 20), date(2027, 11, 19)),
        (MEDIUM, date(2026, 2, 28), date(2028, 2, 27)),
        (LOW, date(2026, 12, 1), date(2029, 11, 30)),
        (HIGH, date(2028, 2, 29), date(2029, 2, 28)),
        (EXTREME, date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_an_approval_ends_the_day_before_the_same_day(residual: int, decided: date, last: date) -> None:
    assert valid_until(residual, decided, framework()) == last


@given(st.integers(1, 4), st.dates(date(2020, 1, 1), date(2080, 1, 1)))
def test_validity_lies_in_the_future_and_within_the_months_of_the_level(residual: int, decided: date) -> None:
    last = valid_until(residual, decided, framework())
    months = (last.year - decided.year) * 12 + last.month - decided.month
    assert decided < last
    assert months <= framework().level(residual).valid_months


def test_a_shorter_validity_may_be_chosen_but_not_a_longer_or_past_one() -> None:
    limit = date(2027, 11, 19)
    assert not check_validity(limit, limit, DECIDED)
    assert not check_validity(date(2026, 11, 21), limit, DECIDED)
    assert check_validity(date(2027, 11, 20), limit, DECIDED)
    assert check_validity(DECIDED, limit, DECIDED)


def draft(**changes: object) -> ConditionDraft:
    values: dict[str, object] = {
        "text": "消去の記録を示す",
        "kind": "pre_launch",
        "owner": "suzuki",
        "verifier": "sato",
        "due_on": date(2027, 2, 26),
    }
    return ConditionDraft(**(values | changes))  # type: ignore[arg-type]


def faults(
    *drafts: ConditionDraft, outcome: str = "approved_with_conditions", authors: frozenset[str] = frozenset()
) -> list[str]:
    return [problem.code for problem in check_conditions(outcome, drafts, DECIDED, authors)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": " "}, "reviews.condition_text"),
        ({"kind": "someday"}, "reviews.condition_kind"),
        ({"due_on": DECIDED}, "reviews.condition_due_on"),
        ({"due_on": date.max}, "reviews.condition_due_on"),
        ({"owner": ""}, "reviews.condition_owner"),
        ({"verifier": ""}, "reviews.condition_verifier"),
        ({"verifier": "suzuki"}, "reviews.condition_verifier"),
    ],
)
def test_a_condition_is_complete_and_in_the_future(changes: dict[str, object], code: str) -> None:
    assert faults(draft()) == []
    assert faults(draft(**changes)) == [code]


def test_the_fault_names_the_condition_and_its_field() -> None:
    problem = check_conditions("approved_with_conditions", [draft(), draft(text="")], DECIDED)[0]
    assert problem.place == "conditions-1-text"
    assert problem.text.ja.startswith("条件2")


def test_who_answered_or_submitted_does_not_verify() -> None:
    assert faults(draft(), authors=frozenset({"sato"})) == ["reviews.condition_verifier"]


@pytest.mark.parametrize("outcome", ["approved", "returned", "rejected", "escalated"])
def test_only_a_conditional_approval_carries_conditions(outcome: str) -> None:
    assert faults(outcome=outcome) == []
    assert faults(draft(), outcome=outcome) == ["reviews.conditions_unwanted"]
    assert faults() == ["reviews.conditions_missing"]


def test_a_condition_is_verified_only_after_it_was_reported() -> None:
    allowed = {
        ("open", "report"),
        ("rejected", "report"),
        ("submitted", "verify"),
        ("submitted", "reject"),
        ("open", "waive"),
        ("submitted", "waive"),
        ("rejected", "waive"),
    }
    for state in CONDITION_STATES:
        for action in ("report", "verify", "reject", "waive"):
            if (state, action) in allowed:
                assert after_condition(state, action) in CONDITION_STATES
            else:
                with pytest.raises(Refusal, match="condition_not_now"):
                    after_condition(state, action)


@pytest.mark.parametrize(
    ("state", "today", "submitted", "late"),
    [
        ("open", date(2026, 11, 18), None, 0),
        ("open", date(2026, 11, 20), None, 2),
        ("rejected", date(2026, 11, 20), date(2026, 11, 10), 2),
        ("submitted", date(2026, 11, 20), date(2026, 11, 18), 0),
        ("submitted", date(2026, 11, 20), date(2026, 11, 19), 2),
        ("verified", date(2026, 12, 20), None, 0),
        ("waived", date(2026, 12, 20), None, 0),
    ],
)
def test_lateness_counts_days_after_the_due_date(state: str, today: date, submitted: date | None, late: int) -> None:
    assert days_overdue(state, date(2026, 11, 18), today, submitted) == late


def test_an_unmet_condition_suspends_after_the_days_of_reminding() -> None:
    assert suspend_on(date(2026, 11, 18), 14) == date(2026, 12, 2)


def test_days_and_fiscal_years_are_japanese() -> None:
    assert local_date(datetime(2026, 3, 31, 15, 0, tzinfo=UTC)) == date(2026, 4, 1)
    assert fiscal_year(date(2026, 3, 31)) == 2025
    assert fiscal_year(date(2026, 4, 1)) == 2026
