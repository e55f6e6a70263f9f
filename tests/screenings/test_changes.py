"""What changed between two revisions: questions that came or went, words that differ, evidence, levels, and texts that were erased."""

from __future__ import annotations

from typing import Any

import pytest

from governance.screenings.changes import Changes, State, compare
from governance.screenings.loading import load
from governance.screenings.snapshots import content
from tests.builders import World, answered, opened, registered
from tests.reviews.scenes import row

Tree = dict[str, Any]


@pytest.fixture
def filled(made: World) -> State:
    screening_id = opened(made, registered(made))
    answered(made, screening_id)
    with made.acting("auditor", read_only=True) as work:
        found = row(work, screening_id)
        now = load(work.session, found)
        questions = {q.key: q for each in now.sheet.questionnaires for _, q in each.questions()}
        return State(content(work.session, found, now, "submitted"), now.sheet.framework, questions)


def with_answer(state: State, key: str, **given: object) -> State:
    answers = [{**each, **given} if each["key"] == key else each for each in state.content["answers"]]
    return State({**state.content, "answers": answers}, state.framework, state.questions)


def with_score(state: State, **given: object) -> State:
    return State({**state.content, "score": {**state.content["score"], **given}}, state.framework, state.questions)


def only(changes: Changes) -> Any:
    [found] = changes.answers
    return found


def test_nothing_changed(filled: State) -> None:
    changes = compare(filled, filled, "ja")
    assert (changes.total, changes.items, changes.route, changes.versions) == (0, [], None, False)
    assert changes.case.is_same


def test_an_answer_and_its_words_are_told_apart(filled: State) -> None:
    found = only(compare(filled, with_answer(filled, "P1a", value="not_done"), "ja"))
    assert (found.before.en, found.after.en, found.same_words) == ("Done, no evidence", "Not done", False)
    old, new = (
        with_answer(filled, "P1a", remark="試験は10月に行う。"),
        with_answer(filled, "P1a", remark="試験は12月に行う。"),
    )
    found = only(compare(old, new, "ja"))
    assert found.same_words
    assert [part for part in found.remark if part[0] != "same"] == [("del", "10"), ("ins", "12")]


def test_dates_and_evidence_are_named(filled: State) -> None:
    piece = {"id": "e-1", "title": "試験の記録", "title_en": "Test record"}
    now = with_answer(filled, "P1a", due_on="2026-12-11", evidence=["e-1"])
    now = State({**now.content, "evidence": [piece]}, now.framework, now.questions)
    found = only(compare(filled, now, "en"))
    assert (found.due, found.added, found.removed) == (("—", "2026-12-11"), ["Test record"], [])
    assert only(compare(now, filled, "ja")).removed == ["試験の記録"]


def test_questions_come_and_go(filled: State) -> None:
    fewer = with_score(filled, asked=[key for key in filled.asked if key != "P1a"])
    assert [each.key for each in compare(fewer, filled, "ja").of("new")] == ["P1a"]
    assert [each.key for each in compare(filled, fewer, "ja").of("gone")] == ["P1a"]


def test_a_question_that_no_version_has_any_more_is_called_by_its_key(filled: State) -> None:
    gone = {**filled.content["answers"][0], "key": "OLD", "value": "yes"}
    tree = {**filled.content, "answers": [*filled.content["answers"], gone]}
    before = with_score(State(tree, filled.framework, filled.questions), asked=[*filled.asked, "OLD"])
    found = only(compare(before, filled, "ja"))
    assert (found.kind, found.topic.ja, found.before.ja) == ("gone", "OLD", "yes")


def test_an_erased_text_stays_erased(filled: State) -> None:
    found = only(compare(with_answer(filled, "P1a", remark=None), with_answer(filled, "P1a", remark="新しい文"), "ja"))
    assert found.remark == [("ins", "新しい文")]


def test_levels_grades_and_route_move(filled: State) -> None:
    items = [{**each, "inherent": 3} if each["item"] == "safety" else each for each in filled.content["score"]["items"]]
    now = with_score(filled, items=items, inherent=3, route="board")
    higher = {"severity": 4, "severity_reason": "人に関わる"}
    ratings = [{**each, **higher} if each["item"] == "safety" else each for each in now.content["ratings"]]
    changes = compare(filled, State({**now.content, "ratings": ratings}, now.framework, now.questions), "ja")
    assert [each.item for each in changes.items] == ["safety"]
    assert not changes.case.is_same
    assert changes.route is not None
    [grade] = changes.grades
    assert (grade.severity, grade.likelihood) == (("1", "4"), None)
    assert grade.severity_reason
