"""The changes between two versions are complete, few, and each says what it is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from governance.questionnaires.definition import Questionnaire, canonical
from governance.questionnaires.diff import Place, apply, diff, to_confirm
from governance.questionnaires.reading import read_text
from governance.questionnaires.writing import written
from tests.questionnaires.documents import SMALL, frameworks, questionnaires, shipped


@given(questionnaires(), questionnaires())
@settings(max_examples=100)
def test_the_changes_lead_from_any_questionnaire_to_any_other(a, b):
    assert canonical(apply(a, diff(a, b))) == canonical(b)
    assert diff(a, a) == []


@given(questionnaires(doubled=True), questionnaires(doubled=True))
@settings(max_examples=60)
def test_also_when_a_key_stands_twice(a, b):
    assert canonical(apply(a, diff(a, b))) == canonical(b)


@given(frameworks(), frameworks())
@settings(max_examples=25)
def test_the_changes_lead_from_any_framework_to_any_other(a, b):
    assert canonical(apply(a, diff(a, b))) == canonical(b)
    assert diff(a, a) == []


@given(questionnaires(), questionnaires())
@settings(max_examples=60)
def test_every_change_has_a_sentence_in_both_languages_and_a_stable_place_in_the_list(a, b):
    changes = diff(a, b)
    assert changes == diff(a, b)
    for change in changes:
        assert change.sentence.ja.endswith("。")
        assert change.sentence.en.endswith(".")
        assert change.key in change.sentence.ja


PLAN = next(each for each in shipped() if each.key == "base-plan")
FRAMEWORK = shipped()[0]


def edited(*pairs: tuple[str, str], document=PLAN):
    text = written(document)
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return read_text("edited.yaml", text, type(document))[0]


@pytest.mark.parametrize(
    ("old", "new", "kind", "field", "confirm"),
    [
        ("ja: 危害シナリオの洗い出し", "ja: 危害の洗い出し", "reworded", "topic", False),
        ("ja: 人の生命・身体・財産", "ja: 生命・身体・財産", "reworded", "text", True),
        ("weight: 3", "weight: 2", "rescored", "weight", False),
        ("gate: true", "gate: false", "rescored", "gate", False),
        ("kind: scale", "kind: yes_no_unknown", "changed", "kind", True),
        ("kind: scale", "kind: scale\n        when: {in_phase: P}", "changed", "when", False),
        ("kind: scale", "kind: scale\n        required: false", "changed", "required", False),
    ],
)
def test_a_change_of_a_question_has_its_kind(old, new, kind, field, confirm):
    [change] = diff(PLAN, edited((old, new)))
    assert (change.kind, change.table, change.key, change.field) == (kind, "questions", "P1a", field)
    assert change.needs_confirmation is confirm
    assert to_confirm([change]) == ({"P1a"} if confirm else set())


def test_short_values_stand_in_the_sentence():
    [change] = diff(PLAN, edited(("weight: 3", "weight: 2")))
    assert change.sentence.ja == "質問「P1a」：重みを「3」から「2」に変更しました。"
    assert change.sentence.en == "Question “P1a”: weight changed from “3” to “2”."


def rearranged(act) -> Questionnaire:
    sections = [[*section.questions] for section in PLAN.sections]
    act(sections)
    return PLAN.model_copy(
        update={
            "sections": [
                section.model_copy(update={"questions": held})
                for section, held in zip(PLAN.sections, sections, strict=True)
            ]
        }
    )


def test_a_question_that_moves_is_one_change_and_keeps_its_key():
    changes = diff(PLAN, rearranged(lambda sections: sections[1].insert(0, sections[0].pop(2))))
    assert [(each.kind, each.key, each.place) for each in changes] == [("moved", "P1c", Place("P2", 0))]
    assert (changes[0].before, changes[0].after) == (["P1", 3], ["P2", 1])
    assert changes[0].sentence.en == "Question “P1c” moved to place 1 of section “P2”."


def test_a_question_put_last_moves_alone():
    changes = diff(PLAN, rearranged(lambda sections: sections[0].append(sections[0].pop(0))))
    assert [(each.kind, each.key) for each in changes] == [("moved", "P1a")]


def test_a_section_moves_without_its_questions():
    moved = PLAN.model_copy(update={"sections": [*PLAN.sections[1:], PLAN.sections[0]]})
    assert [(each.kind, each.table, each.key) for each in diff(PLAN, moved)] == [("moved", "sections", "P1")]


def test_a_question_is_removed_and_another_added():
    def act(sections):
        gone = sections[0].pop(1)
        sections[0].append(gone.model_copy(update={"key": "P1z"}))

    changes = diff(PLAN, rearranged(act))
    assert [(each.kind, each.key) for each in changes] == [("removed", "P1b"), ("added", "P1z")]
    assert changes[0].before["key"] == "P1b"
    assert changes[1].sentence.ja == "質問「P1z」を節「P1」に追加しました。"


@pytest.mark.parametrize(
    ("old", "new", "kind", "words"),
    [
        ("en: B}", "en: Bee}", "reworded", "reworded"),
        ("code: b", "code: c", "changed", "added: c; removed: b"),
    ],
)
def test_choices_are_reworded_or_changed_and_answers_need_a_look(old, new, kind, words):
    a, b = (read_text("c.yaml", text, Questionnaire)[0] for text in (SMALL, SMALL.replace(old, new, 1)))
    [change] = diff(a, b)
    assert (change.kind, change.field, change.needs_confirmation) == (kind, "choices", True)
    assert words in change.sentence.en


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        ('factor: "0.7"', 'factor: "0.6"', ("rescored", "scale", "done", "factor", False)),
        ("ja: 証跡なし", "ja: 証跡がない", ("reworded", "scale", "done", "note", True)),
        ("step_down: 1", "step_down: 2", ("rescored", "", "", "scoring.step_down", False)),
        ("valid_months: 36", "valid_months: 30", ("rescored", "levels", "low", "valid_months", False)),
        ("severity_floors: {compliance: 4}", "severity_floors: {compliance: 3}", ("rescored", "effects", "T01", "severity_floors", False)),
        ("ja: まれ", "ja: ごくまれ", ("reworded", "likelihood", "1", "name", True)),
        ("ja: モビリティ\n", "ja: 移動\n", ("reworded", "sectors", "mobility", "name", False)),
    ],
)  # fmt: skip
def test_a_change_of_a_framework_names_part_and_field(old, new, seen):
    [change] = diff(FRAMEWORK, edited((old, new), document=FRAMEWORK))
    assert (change.kind, change.table, change.key, change.field, change.needs_confirmation) == seen


def test_changes_of_another_document_are_refused():
    other = next(each for each in shipped() if each.key == "base-maintenance")
    with pytest.raises(KeyError):
        apply(other, diff(PLAN, edited(("weight: 3", "weight: 2"))))
