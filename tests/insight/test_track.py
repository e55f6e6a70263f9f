"""The track of a project: what each phase says in every turn of its life, and the gates between; pure, from plain rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from governance.insight.track import NEXT, Rows, gates, legs
from governance.paths import SEEDS
from governance.projects.life_rules import CLOSED
from governance.screenings.workflow import STATES
from tests.builders import documents

TODAY = date(2026, 11, 20)
FAR, SOON, PAST = TODAY + timedelta(days=400), TODAY + timedelta(days=20), TODAY - timedelta(days=3)
AT = datetime(2026, 1, 5, tzinfo=UTC)
FRAMEWORK = next(each for each in documents(SEEDS)[0] if each.key == "hitachi-ai-ethics")


@dataclass
class Row:
    phase: str
    state: str
    valid_until: date | None = None
    sequence: int = 1
    revision: int = 1
    route: str = "standard"
    due_on: date | None = None
    triggers_done_at: datetime | None = AT
    asked: int = 10
    answered: int = 4
    inherent: int | None = 2
    residual: int | None = 1

    @property
    def id(self) -> str:
        return f"{self.phase}{self.sequence}"


@dataclass
class Made:
    screening_id: str
    revision: int = 1
    conditions: list[Any] = field(default_factory=list)


def rows(*screenings: Row, decisions=(), life="active") -> Rows:
    return Rows(FRAMEWORK, screenings, decisions, {}, life, TODAY)


def leg(phase: str, made: Rows):
    return next(each for each in legs(made) if each.phase.code == phase)


def says(text) -> str:
    """Return which sentence a text was made from."""
    beginnings = {name: words.ja.split("{")[0] for name, words in NEXT.items()}
    found = [name for name, words in NEXT.items() if text.ja == words.ja]
    return (
        found[0] if found else next(name for name, start in beginnings.items() if start and text.ja.startswith(start))
    )


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (Row("P", "draft", triggers_done_at=None), "sheet"),
        (Row("P", "draft", answered=4), "answer"),
        (Row("P", "draft", answered=10), "submit"),
        (Row("P", "returned"), "mend"),
        (Row("P", "submitted", route="light"), "approver"),
        (Row("P", "submitted"), "submitted"),
        (Row("P", "in_review"), "in_review"),
        (Row("P", "board_queued"), "board_queued"),
        (Row("P", "board_session"), "board_session"),
        (Row("P", "blocked"), "blocked"),
        (Row("P", "rejected"), "rejected"),
        (Row("P", "escalated"), "escalated"),
        (Row("P", "withdrawn"), "withdrawn"),
        (Row("P", "approved", FAR), "ahead"),
        (Row("P", "approved", PAST), "expired"),
        (Row("M", "approved", None), "settled"),
    ],
)
def test_each_state_has_its_next_step(row, sentence):
    assert says(leg(row.phase, rows(row)).next) == sentence


def test_every_state_of_a_screening_is_said():
    for state in STATES:
        assert leg("P", rows(Row("P", state, FAR))).next.en


def test_what_comes_next_after_an_approval_depends_on_what_follows():
    approved = Row("P", "approved", PAST)
    assert says(leg("P", rows(approved, Row("D", "draft"))).next) == "passed"
    assert leg("M", rows(Row("M", "approved", SOON))).next == NEXT["renew"].filled(on=SOON)
    assert leg("M", rows(Row("M", "approved", FAR))).next == NEXT["live"].filled(on=FAR - timedelta(days=60))
    assert leg("D", rows()).next == NEXT["shut"].filled(earlier=FRAMEWORK.phase("P").name)
    assert says(leg("P", rows()).next) == "begin"
    assert says(leg("D", rows(Row("P", "approved", FAR))).next) == "begin"


@pytest.mark.parametrize("life", CLOSED)
def test_nothing_comes_next_in_a_project_that_does_not_run(life):
    made = rows(Row("P", "approved", FAR), Row("D", "draft"), life=life)
    assert {says(each.next) for each in legs(made)} == {"stopped"}
    assert [each.is_open for each in gates(made, [])] == [False, False]


def test_a_re_screening_leads_and_the_approval_beside_it_stands():
    decided = Made("P1")
    found = leg("P", rows(Row("P", "approved", FAR), Row("P", "in_review", sequence=2), decisions=[decided]))
    assert (found.screening.sequence, found.state, found.tone, found.is_again) == (2, "in_review", "now", True)
    assert (found.approval, found.until, found.days) == (decided, FAR, 400)
    assert [each.screening.sequence for each in found.rounds] == [2, 1], "the newest first"


def test_a_withdrawn_re_screening_hides_nothing():
    found = leg("P", rows(Row("P", "approved", FAR), Row("P", "withdrawn", sequence=2), decisions=[Made("P1")]))
    assert (found.screening.sequence, found.state, found.running) == (1, "approved", None)


def test_an_expired_approval_is_shown_as_such():
    found = leg("P", rows(Row("P", "approved", PAST), decisions=[Made("P1")]))
    assert (found.state, found.days) == ("expired", -3)


def test_only_one_phase_is_now():
    made = rows(Row("P", "approved", FAR), Row("P", "draft", sequence=2), Row("D", "draft"))
    assert [each.tone for each in legs(made)] == ["done", "now", "ahead"]


def test_open_and_late_conditions_and_a_late_screening_are_counted():
    late = SimpleNamespace(number=1, state="open", due_on=PAST, submitted_at=None, kind="pre_start")
    met = SimpleNamespace(number=2, state="verified", due_on=PAST, submitted_at=None, kind="pre_start")
    decided = Made("P1", conditions=[late, met])
    for each in (late, met):
        each.decision = decided
    made = rows(Row("P", "approved", FAR), Row("P", "draft", sequence=2, due_on=PAST), decisions=[decided])
    found = leg("P", made)
    assert (found.open_conditions, found.late_conditions, found.late) == (1, 1, 3)
    assert [each.open_conditions for each in gates(made, decided.conditions)] == [[1], []]


@pytest.mark.parametrize(
    ("made", "missing"),
    [
        (rows(), ["審査結果", "審査結果"]),
        (rows(Row("P", "approved", FAR)), [None, "審査結果"]),
        (rows(Row("P", "approved", PAST)), ["承認の期限切れ", "審査結果"]),
        (rows(Row("P", "approved", FAR), Row("P", "rejected", sequence=2)), ["審査結果", "審査結果"]),
        (rows(Row("P", "approved", PAST), Row("D", "approved", FAR)), ["承認の期限切れ", None]),
        (
            rows(Row("P", "approved", FAR), Row("D", "approved", FAR), Row("P", "rejected", sequence=2)),
            ["審査結果", "「計画」の有効な承認"],
        ),
    ],
)
def test_a_gate_says_what_keeps_it_shut(made, missing):
    assert [each.missing.ja if each.missing else None for each in gates(made, [])] == missing
