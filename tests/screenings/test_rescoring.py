"""The fast way of scoring agrees with the plain one on frameworks, questionnaires, answers and rulings made up at random."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.questionnaires.definition import Choice, Question
from governance.screenings.passing import Passage, assumed_value, kept_value
from governance.screenings.rescoring import Scorer
from governance.screenings.result import Rating
from governance.screenings.routing import Rulings, Sheet
from governance.screenings.scoring import score
from governance.screenings.vectors import Layout
from governance.texts import Text
from tests.screenings.inventing import Inventor
from tests.screenings.test_scoring import FRAMEWORK, QUESTIONNAIRES

SEEDS = st.integers(0, 10**9)
ANY = Text("見本", "sample")


def as_scored(sheet: Sheet, answers, ratings, rulings) -> tuple:
    found = score(sheet, answers, ratings, rulings)
    return found.inherent, found.residual, found.route


@pytest.mark.parametrize("points", [False, True])
@settings(max_examples=60)
@given(seed=SEEDS)
def test_a_vector_scores_as_the_answers_do(points: bool, seed: int):
    invent = Inventor(seed, points=points)
    sheet = invent.sheet()
    scorer = Scorer(sheet, Layout(sheet))
    for _ in range(12):
        rulings, carried = invent.rulings(sheet)
        own = replace(sheet, carried=carried)
        answers, ratings = invent.answers(sheet), invent.ratings(sheet)
        vector = Layout(own).vector(answers, ratings, rulings)
        assert tuple(scorer.levels(vector)) == as_scored(own, answers, ratings, rulings)


@pytest.mark.parametrize("points", [False, True])
@settings(max_examples=40)
@given(seed=SEEDS)
def test_under_other_documents_it_scores_what_the_answers_become(points: bool, seed: int):
    old = Inventor(seed, points=points)
    before, after = old.sheet(), Inventor(seed + 1, points=points).sheet()
    layout, new = Layout(before), Layout(after)
    scorer, passage = Scorer(after, layout), Passage(layout, new)
    for _ in range(8):
        rulings, carried = old.rulings(before)
        vector = Layout(replace(before, carried=carried)).vector(old.answers(before), old.ratings(before), rulings)
        moved = passage(vector)
        answers = new.answers(moved)
        for key, value in answers.items():
            was = layout.answers(vector)[key]
            places = layout.places[key], new.places[key]
            assert value == kept_value(places[0].question, places[1].question, places[1].values, was)
        own = replace(after, carried=new.marked(moved, 1))
        assert tuple(scorer.levels(vector)) == as_scored(own, answers, new.ratings(moved), new.rulings(moved))


@given(seed=SEEDS)
def test_coding_loses_nothing(seed: int):
    invent = Inventor(seed)
    sheet = invent.sheet()
    rulings, carried = invent.rulings(sheet)
    layout = Layout(replace(sheet, carried=carried))
    answers, ratings = invent.answers(sheet), invent.ratings(sheet)
    vector = layout.vector(answers, ratings, rulings)
    assert layout.answers(vector) == answers
    assert layout.ratings(vector) == {k: r for k, r in ratings.items() if r != Rating()}
    assert layout.rulings(vector) == rulings
    assert layout.marked(vector, 1) == carried


@settings(max_examples=5)
@given(data=st.data())
def test_the_shipped_questionnaires_score_alike_in_every_phase(data):
    phase = data.draw(st.sampled_from([each.code for each in FRAMEWORK.phases]))
    earlier = [*FRAMEWORK.earlier_phases(phase), phase]
    own = tuple(q for q in QUESTIONNAIRES if q.framework == FRAMEWORK.key and (q.phase is None or q.phase in earlier))
    sheet = Sheet(FRAMEWORK, phase, own)
    layout = Layout(sheet)
    random = data.draw(st.randoms(use_true_random=False))
    answers = {key: random.choice(p.values) for key, p in layout.places.items() if p.values and random.random() < 0.9}
    ratings = {item.code: Rating(random.randint(1, 4), random.randint(1, 4)) for item in FRAMEWORK.items}
    vector = layout.vector(answers, ratings, Rulings())
    assert tuple(Scorer(sheet, layout).levels(vector)) == as_scored(sheet, answers, ratings, Rulings())


def asked(kind: str, *codes: str, **more: object) -> Question:
    choices = [Choice(code=code, name=ANY) for code in codes]
    return Question(key="K", topic=ANY, text=ANY, why=ANY, kind=kind, choices=choices, **more)


@pytest.mark.parametrize(
    ("old", "new", "value", "kept"),
    [
        (asked("single", "a", "b"), asked("single", "b", "c"), "b", "b"),
        (asked("single", "a", "b"), asked("single", "b", "c"), "a", ""),
        (asked("single", "a", "b"), asked("multiple", "b", "a"), "a", "a"),
        (asked("multiple", "a", "b"), asked("multiple", "b", "a"), "a b", "b a"),
        (asked("multiple", "a", "b"), asked("multiple", "a", "c"), "a b", ""),
        (asked("number"), asked("number"), "12.5", "12.5"),
        (asked("date"), asked("number"), "2026-11-18", ""),
        (asked("yes_no_unknown"), asked("single", "yes"), "yes", "yes"),
    ],
)
def test_an_answer_is_kept_when_it_can_still_be_given(old, new, value, kept):
    values = ["yes", "no", "unknown"] if new.kind == "yes_no_unknown" else [choice.code for choice in new.choices]
    assert kept_value(old, new, values, value) == kept


def test_a_new_question_can_be_taken_as_answered_well_or_badly():
    layout = Layout(Sheet(FRAMEWORK, "P", tuple(q for q in QUESTIONNAIRES if q.kind == "trigger" or q.phase == "P")))
    trigger, control = layout.places["T01"], layout.places["P1a"]
    assert (assumed_value(layout, trigger, "worst"), assumed_value(layout, control, "best")) == (
        "yes",
        "done_evidenced",
    )
    assert assumed_value(layout, trigger, "best") in ("", "no")
    assert assumed_value(layout, control, "worst") in ("", "not_done", "not_applicable")


def test_new_questions_lower_or_raise_by_what_is_assumed():
    own = tuple(q for q in QUESTIONNAIRES if q.kind == "trigger" or q.phase == "P")
    fewer = tuple(q.model_copy(update={"sections": q.sections[:-2]}) if q.kind == "trigger" else q for q in own)
    old, sheet = Layout(Sheet(FRAMEWORK, "P", fewer)), Sheet(FRAMEWORK, "P", own)
    answers = {k: "no" for k, p in old.places.items() if p.question.kind == "yes_no_unknown"}
    ratings = {item.code: Rating(2, 2) for item in FRAMEWORK.items}
    vector = old.vector(answers, ratings, Rulings())
    routes = {assumed: Scorer(sheet, old, assumed).levels(vector).route for assumed in ("unanswered", "best", "worst")}
    assert (routes["unanswered"], routes["best"]) == ("standard", "standard")
    assert routes["worst"] in ("board", "blocked")
