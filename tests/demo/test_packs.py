"""What the detailed projects say to their packs: facts that fit the questions, remarks everywhere, and the contradictions meant.

The answers are scored with the real framework and no database, so that a change of a pack shows here first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from governance.demo.cases import Case, Filling, Reply
from governance.demo.content import read_content
from governance.paths import SEEDS
from governance.questionnaires.definition import GIVEN, NOT_APPLICABLE, Question
from governance.questionnaires.services import read_seeds
from governance.screenings.result import Score
from governance.screenings.routing import Sheet
from governance.screenings.scoring import score

FRAMEWORKS, QUESTIONNAIRES = read_seeds(SEEDS)
TRIGGERS = [key for each in QUESTIONNAIRES if each.kind == "trigger" for key in (q.key for _, q in each.questions())]
QUESTIONS = {question.key: question for each in QUESTIONNAIRES for _, question in each.questions()}
PACKED = {question.key for each in QUESTIONNAIRES if each.kind == "pack" for _, question in each.questions()}

# The team answered that export control was checked, and that the classification has not begun.
CONTRADICTED = {"crime-forecast": ("C08",)}


@dataclass(frozen=True)
class Told:
    """A rated screening of the planning phase and what its answers come to."""

    case: Case
    filling: Filling
    score: Score

    @property
    def asked(self) -> list[str]:
        """The pack questions the team has got to."""
        return [key for key in self.score.asked if key in PACKED and self.filling.covers(key)]


def told(case: Case) -> Told:
    filling = case.screenings[0]
    answers = dict.fromkeys(TRIGGERS, "no") | {key: each.value for key, each in filling.triggers.items()}
    answers |= {key: filling.value(key) for key in filling.answers}
    sheet = Sheet(FRAMEWORKS[0], "P", tuple(each for each in QUESTIONNAIRES if each.phase in (None, "P")))
    asked = score(sheet, answers, {}).asked
    answers |= {key: filling.value(key) for key in asked if key not in answers and QUESTIONS[key].kind == "scale"}
    return Told(case, filling, score(sheet, answers, {}))


STORIES = {case.key: told(case) for case in read_content(SEEDS / "demo").cases if case.screenings[0].ratings}


@pytest.mark.parametrize("key", STORIES)
def test_every_fact_is_given_in_a_form_its_question_takes(key: str) -> None:
    one = STORIES[key]
    for fact in (QUESTIONS[each] for each in one.asked if QUESTIONS[each].kind != "scale"):
        assert fact.key in one.filling.answers, (key, fact.key)
        assert list(wrong(fact, one.filling.value(fact.key), one.filling.answers[fact.key])) == [], (key, fact.key)


def wrong(question: Question, value: str, reply: Reply) -> Iterator[str]:
    """Yield what does not fit; the services say the rest when the demonstration is built."""
    codes = [choice.code for choice in question.choices]
    if value == NOT_APPLICABLE:
        yield from () if question.not_applicable and reply.remark else ["not applicable"]
    elif codes:
        yield from (code for code in value.split() if code not in codes)
        yield from () if value.split() == sorted(value.split(), key=codes.index) else ["order"]
    elif value == GIVEN:
        yield from (cell for row in reply.rows for cell in misfits(question, row))
    elif question.kind != "number":
        yield value


def misfits(question: Question, row: Mapping[str, object]) -> Iterator[str]:
    """Yield the cells that have no column, columns without their cell, and days that are none."""
    columns = {column.code: column for column in question.columns}
    yield from row.keys() - columns.keys()
    yield from (code for code, column in columns.items() if column.required and code not in row)
    yield from (
        code for code in row if code in columns and (columns[code].kind == "date") != isinstance(row[code], int)
    )


@pytest.mark.parametrize("key", STORIES)
def test_every_answer_to_a_pack_says_more_than_its_grade(key: str) -> None:
    one = STORIES[key]
    assert [each for each in one.asked if QUESTIONS[each].kind == "scale" and not one.filling.remark(each)] == []


@pytest.mark.parametrize("key", STORIES)
def test_every_pack_of_a_screening_handed_in_is_answered_in_words_of_its_own(key: str) -> None:
    one = STORIES[key]
    own = [each for each in one.filling.answers if each in PACKED]
    assert {*own} <= {*one.asked}, "answered, yet not asked"
    if one.filling.submitted is not None:
        for pack in one.score.packs:
            assert sum(each.startswith(pack) and QUESTIONS[each].kind == "scale" for each in own) >= 3, (key, pack)


def test_answers_contradict_each_other_only_where_the_story_means_it() -> None:
    assert {key: one.score.contradictions for key, one in STORIES.items() if one.score.contradictions} == CONTRADICTED


def test_packs_show_gaps_of_every_kind() -> None:
    values = [
        one.filling.value(each) for one in STORIES.values() for each in one.asked if QUESTIONS[each].kind == "scale"
    ]
    assert {*values} == {"done_evidenced", "done", "partial", "not_done", "not_applicable"}
    assert values.count("partial") > 30
    assert values.count("not_done") > 5
