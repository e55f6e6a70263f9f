"""Broken seeds are refused with file, line and column in both languages, in bounded time and memory."""

from __future__ import annotations

import shutil
import time

import pytest

from governance.paths import SEEDS
from governance.questionnaires.definition import Framework, Questionnaire, canonical, digest_of
from governance.questionnaires.models import QuestionnaireVersion
from governance.questionnaires.reading import parse
from governance.questionnaires.services import read_seeds, seed
from governance.refusals import Refusal, Refusals
from governance.work import SYSTEM, open_work


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(SEEDS / "framework", tmp_path / "framework")
    shutil.copytree(SEEDS / "questionnaires", tmp_path / "questionnaires")
    return tmp_path


def spoil(folder, name, old, new):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    line = text[: text.index(old)].count("\n") + 1
    return f"{path.name}:{line}:"


def test_the_shipped_seeds_are_sound_and_hold_every_base_question_in_both_languages():
    frameworks, questionnaires = read_seeds(SEEDS)
    by_phase = {q.phase: [x for _, x in q.questions()] for q in questionnaires if q.kind == "screening"}
    assert {phase: len(found) for phase, found in by_phase.items()} == {"P": 30, "D": 29, "M": 26}
    assert {phase: sum(q.gate for q in found) for phase, found in by_phase.items()} == {"P": 9, "D": 8, "M": 8}
    for question in (q for found in by_phase.values() for q in found):
        assert all((question.evidence, question.weak, question.strong, question.mappings)), question.key
        assert question.weight == 3 if question.gate else question.weight in (1, 2)
    triggers = next(q for q in questionnaires if q.kind == "trigger")
    assert [q.key for _, q in triggers.questions() if q.when is None and len(q.key) == 3].__len__() == 20
    assert len(frameworks[0].phases) == 3
    assert len(frameworks[0].items) == 7


def test_every_item_of_every_phase_has_three_to_six_questions():
    _, questionnaires = read_seeds(SEEDS)
    for each in (q for q in questionnaires if q.kind == "screening"):
        assert all(3 <= len(section.questions) <= 6 for section in each.sections)
        assert len(each.sections) == 7


def test_reading_a_document_back_from_its_canonical_form_is_the_identity():
    frameworks, questionnaires = read_seeds(SEEDS)
    for document in [*frameworks, *questionnaires]:
        kind = Framework if isinstance(document, Framework) else Questionnaire
        again = kind.model_validate_json(canonical(document))
        assert again == document
        assert digest_of(canonical(again)) == digest_of(canonical(document))


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("questionnaires/base-plan.yaml", "kind: scale", "kind: scal", "seed.literal_error"),
        ("questionnaires/base-plan.yaml", "item: safety", "item: savety", "seed.unknown"),
        ("questionnaires/base-plan.yaml", "weight: 3", "wieght: 3", "seed.extra_forbidden"),
        ("questionnaires/base-plan.yaml", "gate: true", 'gate: "yes"', "seed.bool_type"),
        ("questionnaires/base-plan.yaml", "key: P1b", "key: P1a", "seed.duplicate"),
        ("questionnaires/trigger-sheet.yaml", "when: {question: T07,", "when: {question: T77,", "seed.unknown"),
        (
            "framework/hitachi-ai-ethics.yaml",
            "route_by_inherent: {low: light",
            "route_by_inherent: {low: lite",
            "seed.unknown",
        ),
        (
            "framework/hitachi-ai-ethics.yaml",
            "severity_floors: {compliance: 4}",
            "severity_floors: {complaince: 4}",
            "seed.unknown",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place_in_both_languages(folder, name, old, new, code):
    place = spoil(folder, name, old, new)
    with pytest.raises(Refusals) as refused:
        read_seeds(folder)
    found = [p for p in refused.value.problems if p.code == code]
    assert found, refused.value.problems
    assert any(p.place.startswith(place) for p in found), [p.place for p in found]
    assert all(p.text.ja != p.text.en for p in found)


def test_all_mistakes_are_listed_at_once(folder):
    spoil(folder, "questionnaires/base-plan.yaml", "kind: scale", "kind: scal")
    spoil(folder, "questionnaires/base-maintenance.yaml", "kind: scale", "kind: scal")
    with pytest.raises(Refusals) as refused:
        read_seeds(folder)
    assert {p.place.split(":")[0] for p in refused.value.problems} == {"base-plan.yaml", "base-maintenance.yaml"}


def test_a_missing_english_text_is_refused(folder):
    spoil(folder, "questionnaires/trigger-sheet.yaml", ", en: Trigger sheet}", "}")
    with pytest.raises(Refusals) as refused:
        read_seeds(folder)
    assert [p.code for p in refused.value.problems] == ["seed.missing"]
    assert "title.en" in refused.value.problems[0].text.ja


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: &x 1\nb: *x\n", "seed.anchor"),
        ("a: !!python/object/apply:os.system [ls]\n", "seed.anchor"),
        ("a: 1\na: 2\n", "seed.duplicate_key"),
        ("a: [1, 2\n", "seed.yaml"),
        ("- a\n", "seed.not_mapping"),
        ("a: " + "[" * 60 + "]" * 60 + "\n", "seed.too_complex"),
        ("a: " + "[" * 20_000 + "\n", "seed.too_complex"),
        ("a: [" + "1," * 30_000 + "]\n", "seed.too_complex"),
        ("a: " + "x" * 1_000_001, "seed.too_large"),
        ("x: &a [l, l]\ny: &b [*a, *a]\nz: &c [*b, *b]\n", "seed.anchor"),
    ],
)
def test_hostile_yaml_is_refused_quickly(text, code):
    began = time.process_time()
    with pytest.raises(Refusals) as refused:
        parse("bad.yaml", text)
    assert refused.value.problems[0].code == code
    assert refused.value.problems[0].place.startswith("bad.yaml:")
    assert time.process_time() - began < 20


def test_a_published_version_cannot_be_published_with_other_content(database, folder):
    with open_work(database, SYSTEM) as work:
        assert len(seed(work, folder)) == len(list(folder.glob("*/*.yaml")))
    with open_work(database, SYSTEM) as work:
        assert seed(work, folder) == []
    spoil(folder, "questionnaires/trigger-sheet.yaml", "en: Trigger sheet}", "en: Another sheet}")
    with pytest.raises(Refusal) as refused, open_work(database, SYSTEM) as work:
        seed(work, folder)
    assert refused.value.code == "questionnaires.immutable"
    assert "trigger-sheet" in refused.value.text.en
    with open_work(database, SYSTEM, read_only=True) as work:
        assert all(digest_of(row.body.encode()) == row.digest for row in work.session.query(QuestionnaireVersion))
