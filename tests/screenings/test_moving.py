"""Open screenings move to newer versions: planned first, nothing lost, to be confirmed before submitting, and undone until then."""

from __future__ import annotations

import pytest

from governance.ledger.audit import verify_database
from governance.ledger.services import subject_events
from governance.questionnaires import services as questionnaires
from governance.questionnaires.conditions import All, Is
from governance.questionnaires.definition import Questionnaire
from governance.questionnaires.models import QuestionnaireVersion
from governance.refusals import Conflict, Forbidden, Refusal, Refusals
from governance.screenings import confirming, evidence, filling, moving, services
from governance.screenings.loading import load
from governance.screenings.models import Screening
from governance.screenings.rules import Entry
from governance.texts import Text
from tests.builders import World, answered, opened, registered, submitted

NEW = Text("新しい問いかけですか。", "Is this a new question?")


def newest(work, key: str) -> Questionnaire:
    rows = work.session.query(QuestionnaireVersion).filter_by(key=key).all()
    return questionnaires.parsed_questionnaire(max(rows, key=lambda row: row.published_at).body)


def published(made: World, change, key: str = "base-plan", version: str = "90.0") -> None:
    """Publish the next version of a questionnaire with every question changed as `change` says (None takes it away)."""
    with made.acting() as work:
        document = newest(work, key)
        sections = []
        for section in document.sections:
            questions = [each for q in section.questions for each in change(q)]
            sections.append(section.model_copy(update={"questions": questions}))
        document = document.model_copy(update={"version": version, "sections": sections})
        questionnaires.publish_questionnaire(work, document)


def reworked(question):
    """P1b is reworded, P2b goes, P2c is split into two, P3b changes its weight, a new question P1z comes after P1c."""
    if question.key == "P1b":
        return [question.model_copy(update={"text": NEW})]
    if question.key == "P2b":
        return []
    if question.key == "P2c":
        return [question.model_copy(update={"key": key, "replaces": ["P2c"]}) for key in ("P2ca", "P2cb")]
    if question.key == "P3b":
        return [question.model_copy(update={"weight": question.weight + 5})]
    if question.key == "P1c":
        return [question, question.model_copy(update={"key": "P1z", "gate": False})]
    return [question]


@pytest.fixture
def screening(made) -> str:
    """A screening that is filled and ready to submit."""
    screening_id = opened(made, registered(made))
    answered(made, screening_id, triggers={"T17": "yes"}, answers={"P2c": "done_evidenced"}, rate=(2, 2))
    return screening_id


def row_of(work, screening_id: str) -> Screening:
    return work.session.get(Screening, screening_id)


def moved(made: World, screening_id: str, by: str = "owner") -> None:
    with made.acting(by) as work:
        row = row_of(work, screening_id)
        moving.move(work, row, rev=row.rev)


def held(made: World, screening_id: str) -> dict[str, tuple[str, bool]]:
    with made.acting("owner", read_only=True) as work:
        answers = load(work.session, row_of(work, screening_id)).answers
        return {key: (each.value, each.to_confirm) for key, each in answers.items() if each.value}


def test_nothing_is_newer_until_something_is_published(made, screening):
    with made.acting("owner", read_only=True) as work:
        assert moving.newer(work, row_of(work, screening)) is None
        assert moving.plan(work, row_of(work, screening)) is None
    with made.acting("owner") as work, pytest.raises(Refusal, match="screenings.up_to_date"):
        moving.move(work, row_of(work, screening), rev=row_of(work, screening).rev)


def test_the_plan_names_what_happens_to_each_question_and_changes_nothing(made, screening):
    before = held(made, screening)
    published(made, reworked)
    with made.acting("owner", read_only=True) as work:
        plan = moving.plan(work, row_of(work, screening))
        kinds = {step.question.key: step.kind for step in plan.shown}
        assert kinds == {
            "P1b": "reworded",
            "P1z": "new",
            "P2ca": "split",
            "P2cb": "split",
            "P2b": "dropped",
            "P2c": "dropped",
            "P3b": "rescored",
        }
        step = next(step for step in plan.steps if step.question.key == "P3b")
        assert [(each.field, each.after - each.before) for each in step.changes] == [("weight", 5)]
        assert step.value == step.moved
        assert not step.is_to_confirm
        counted = ("rescored", "reworded", "split", "dropped")
        assert [plan.counts[kind] for kind in counted] == [1, 1, 2, 2]
        assert plan.before.score == services.score_of(work, row_of(work, screening))
        assert plan.after.item("safety").weight > plan.before.item("safety").weight
        assert [row.id for row in moving.outdated(work)] == [screening]
    assert held(made, screening) == before


def test_every_question_that_counts_or_is_asked_otherwise_is_named_with_both_values(made, screening):
    only_if = All(all=[Is.model_validate({"question": "T17", "is": ["yes"]})])

    def changed(question):
        updates = {"P1a": {"gate": False}, "P1b": {"when": only_if}, "P1c": {"text": NEW, "weight": 9}}
        return [question.model_copy(update=updates.get(question.key, {}))]

    def whole_section(document):
        first = document.sections[0].model_copy(update={"when": only_if})
        return document.model_copy(update={"sections": [first, *document.sections[1:]]})

    published(made, changed)
    with made.acting("owner", read_only=True) as work:
        steps = {step.question.key: step for step in moving.plan(work, row_of(work, screening)).shown}
        assert {key: step.kind for key, step in steps.items()} == {
            "P1a": "rescored",
            "P1b": "rescored",
            "P1c": "reworded",
        }
        assert [(each.field, each.before, each.after) for each in steps["P1a"].changes] == [("gate", True, False)]
        assert steps["P1b"].changes[0].after == {"all": [{"question": "T17", "is": ["yes"]}]}
        assert [each.field for each in steps["P1c"].changes] == ["weight"]
    with made.acting() as work:
        document = whole_section(newest(work, "base-plan")).model_copy(update={"version": "91.0"})
        questionnaires.publish_questionnaire(work, document)
    with made.acting("owner", read_only=True) as work:
        steps = {step.question.key: step for step in moving.plan(work, row_of(work, screening)).shown}
        for question in document.sections[0].questions:
            assert ("sections", "when") in {(each.table, each.field) for each in steps[question.key].changes}
    moved(made, screening)
    assert {key for key, (_, marked) in held(made, screening).items() if marked} == {"P1c"}


def test_moving_keeps_answers_marks_what_changed_and_records_one_event(made, screening):
    before = held(made, screening)
    published(made, reworked)
    moved(made, screening)
    after = held(made, screening)
    assert after["P1b"] == (before["P1b"][0], True)
    assert after["P2ca"] == after["P2cb"] == ("done_evidenced", True)
    assert after["P2b"] == before["P2b"]
    assert {key for key, (_, marked) in after.items() if marked} == {"P1b", "P2ca", "P2cb"}
    with made.acting("owner", read_only=True) as work:
        row = row_of(work, screening)
        now = load(work.session, row)
        assert moving.newer(work, row) is None
        assert {"P1z", "P2ca"} <= set(now.score.asked)
        assert "P2b" not in now.score.asked
        assert [piece.title for piece in now.evidence["P2ca"]] == ["P2cの記録"]
        events = [e for e in subject_events(work.session, "screening", screening) if e.type == "ScreeningMigrated"]
        assert len(events) == 1
        assert events[0].body["codes"]["reworded"] == 1
        assert len(events[0].body["refs"]["before"]) == len(events[0].body["refs"]["after"])
    assert verify_database(made.database).ok


def test_nothing_is_submitted_before_the_answers_are_confirmed(made, screening):
    published(made, reworked)
    moved(made, screening)
    with made.acting("member") as work:
        filling.save_answers(work, row_of(work, screening), [Entry("P1z", "done")])
    with pytest.raises(Refusals) as refused:
        submitted(made, screening)
    assert {(p.code, p.place) for p in refused.value.problems} == {
        ("screenings.to_confirm", key) for key in ("P1b", "P2ca", "P2cb")
    }
    with made.acting("member") as work:
        now = load(work.session, row_of(work, screening))
        same = [Entry(key, each.value, each.remark, each.due_on, each.rev) for key, each in now.answers.items()]
        filling.save_answers(work, row_of(work, screening), [each for each in same if each.key == "P1b"])
        assert len(confirming.waiting(load(work.session, row_of(work, screening)))) == 3
        confirming.confirm(work, row_of(work, screening), {"P1b": now.answers["P1b"].rev})
        rev = now.answers["P2ca"].rev
        filling.save_answers(work, row_of(work, screening), [Entry("P2ca", "done", "書き直した", rev=rev)])
        confirming.confirm(work, row_of(work, screening), {"P2cb": now.answers["P2cb"].rev, "P9x": 1})
        assert confirming.waiting(load(work.session, row_of(work, screening))) == []
    submitted(made, screening)
    assert verify_database(made.database).ok


def test_a_move_can_be_undone_until_it_is_submitted(made, screening):
    before = held(made, screening)
    published(made, reworked)
    moved(made, screening)
    with made.acting("member") as work:
        filling.save_answers(work, row_of(work, screening), [Entry("P1z", "done", "新しく書いた")])
    with made.acting("owner") as work:
        row = row_of(work, screening)
        moving.undo(work, row, rev=row.rev)
    assert {key: each for key, each in held(made, screening).items() if key != "P1z"} == before
    with made.acting("owner", read_only=True) as work:
        now = load(work.session, row_of(work, screening))
        assert "P2b" in now.score.asked
        assert "P1z" not in now.score.asked
        assert now.answers["P1z"].remark == "新しく書いた"
        assert moving.newer(work, row_of(work, screening)) is not None
        assert moving.last_move(work, row_of(work, screening)) is None
    assert verify_database(made.database).ok
    moved(made, screening)
    assert held(made, screening)["P1z"] == ("done", True)
    with made.acting("owner") as work:
        row, keys = row_of(work, screening), ("P1b", "P1z", "P2ca", "P2cb")
        revs = {key: load(work.session, row).answers[key].rev for key in keys}
        with pytest.raises(Conflict):
            confirming.confirm(work, row, {"P1b": revs["P1b"] - 1})
        confirming.confirm(work, row, revs)
    submitted(made, screening)
    with made.acting("owner") as work, pytest.raises(Refusal, match="screenings.locked"):
        moving.undo(work, row_of(work, screening), rev=row_of(work, screening).rev)


def test_a_value_that_is_gone_is_chosen_again_and_comes_back_when_undone(made, screening):
    def other_kind(question):
        return [
            question.model_copy(update={"kind": "yes_no_unknown", "gate": False}) if question.key == "P1b" else question
        ]

    published(made, other_kind)
    moved(made, screening)
    assert "P1b" not in held(made, screening)
    with made.acting("owner") as work:
        row = row_of(work, screening)
        assert filling.history(work, row, "P1b")[0].body.startswith("{")
        moving.undo(work, row, rev=row.rev)
    assert held(made, screening)["P1b"] == ("done", False)


def test_suggestions_that_somebody_rewrote_survive_the_undoing(made, screening):
    published(made, reworked)
    moved(made, screening)
    with made.acting("member") as work:
        now = load(work.session, row_of(work, screening))
        evidence.detach(work, row_of(work, screening), "P2cb", now.evidence["P2cb"][0].id)
        rev = now.answers["P2ca"].rev
        filling.save_answers(work, row_of(work, screening), [Entry("P2ca", "partial", "まだ", rev=rev)])
    with made.acting("expert") as work:
        row = row_of(work, screening)
        moving.undo(work, row, rev=row.rev)
    answers = held(made, screening)
    assert answers["P2ca"] == ("partial", False)
    assert "P2cb" not in answers


def test_who_may_not_move(made, screening):
    published(made, reworked)
    for by in ("member", "administrator", "auditor"):
        with pytest.raises(Forbidden):
            moved(made, screening, by)
    with made.acting("owner") as work, pytest.raises(Conflict):
        moving.move(work, row_of(work, screening), rev=99)
    submitted(made, screening)
    with pytest.raises(Refusal, match="screenings.locked"):
        moved(made, screening)
    with made.acting("owner", read_only=True) as work:
        assert moving.outdated(work) == []
