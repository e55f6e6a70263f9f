"""The JSON Schema accepts what can be read and marks what cannot."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from governance.questionnaires.definition import Framework, Questionnaire
from governance.questionnaires.fields import FIELDS
from governance.questionnaires.reading import parse
from governance.questionnaires.schema import DIALECT, schema
from governance.questionnaires.writing import written
from tests.questionnaires.documents import frameworks, questionnaires, shipped

VALIDATORS = {
    Questionnaire: Draft202012Validator(schema("questionnaire")),
    Framework: Draft202012Validator(schema("framework")),
}
CONDITION_WORDS = {"all", "any", "not", "is", "includes", "answered", "in_pack", "in_phase"}


def tree(document: Framework | Questionnaire) -> dict[str, Any]:
    return parse("d.yaml", written(document)).tree


@pytest.mark.parametrize("kind", ["questionnaire", "framework"])
def test_the_schema_is_one_of_its_dialect(kind):
    made = schema(kind)
    Draft202012Validator.check_schema(made)
    assert made["$schema"] == DIALECT
    assert made["$id"] == f"urn:governance:schema:{kind}"
    assert made["description"]
    assert "discriminator" not in json.dumps(made)


@pytest.mark.parametrize("document", shipped(), ids=lambda each: each.key)
def test_every_shipped_document_is_valid(document):
    assert list(VALIDATORS[type(document)].iter_errors(tree(document))) == []


@given(questionnaires())
@settings(max_examples=60)
def test_every_questionnaire_is_valid(document):
    assert VALIDATORS[Questionnaire].is_valid(tree(document))
    assert VALIDATORS[Questionnaire].is_valid(document.model_dump(mode="json", by_alias=True))


@given(frameworks())
@settings(max_examples=10)
def test_every_framework_is_valid(document):
    assert VALIDATORS[Framework].is_valid(tree(document))


def spoilt(document: Framework | Questionnaire, old: str, new: str) -> dict[str, Any]:
    text = written(document)
    assert old in text, old
    return parse("d.yaml", text.replace(old, new, 1)).tree


def document_of(key: str) -> Framework | Questionnaire:
    return next(each for each in shipped() if each.key == key)


MISTAKES = [
    ("base-plan", "weight: 3", "wieght: 3"),
    ("base-plan", "weight: 3", "weight: 101"),
    ("base-plan", "weight: 3", 'weight: "3"'),
    ("base-plan", "kind: scale", "kind: scal"),
    ("base-plan", "gate: true", 'gate: "yes"'),
    ("base-plan", "      en: Harm", "      eng: Harm"),
    ("base-plan", "key: base-plan", "key: 1base"),
    ("trigger-sheet", "when: {question: T03, is:", "when: {question: T03, iz:"),
    ("trigger-sheet", "when: {question: T03, is: [", "when: {question: T03, answered: true, is: ["),
    ("hitachi-ai-ethics", 'factor: "0.7"', "factor: many"),
    ("hitachi-ai-ethics", 'factor: "0.7"', 'factor: "-0.7"'),
    ("hitachi-ai-ethics", 'factor: "0.7"', 'factor: "1000.5"'),
    ("hitachi-ai-ethics", "method: matrix", "method: matrices"),
    ("hitachi-ai-ethics", 'effective_on: "2024', 'effective_on: "24'),
]


@pytest.mark.parametrize(("key", "old", "new"), MISTAKES)
def test_a_mistake_is_marked_by_the_schema_and_refused_when_read(key, old, new):
    document = document_of(key)
    values = spoilt(document, old, new)
    assert not VALIDATORS[type(document)].is_valid(values)
    with pytest.raises(ValueError, match="validation error"):
        type(document).model_validate_json(json.dumps(values))


VARIANTS = [
    ("hitachi-ai-ethics", 'factor: "0.7"', "factor: 0.7"),
    ("hitachi-ai-ethics", 'factor: "0.7"', "factor: 1"),
    ("hitachi-ai-ethics", 'factor: "0.7"', 'factor: "1000.0"'),
    ("base-plan", "kind: scale", "kind: number\n        minimum: -1000000000000\n        maximum: 2.5"),
    ("base-plan", "kind: scale", "kind: scale\n        evidence: null".replace("\n        evidence: null", "")),
]


@pytest.mark.parametrize(("key", "old", "new"), VARIANTS)
def test_what_the_schema_accepts_can_be_read(key, old, new):
    document = document_of(key)
    values = spoilt(document, old, new)
    assert VALIDATORS[type(document)].is_valid(values)
    assert type(document).model_validate_json(json.dumps(values))


def test_every_field_has_a_name_in_both_languages():
    fields = set()
    for kind in ("questionnaire", "framework"):
        made = schema(kind)
        for part in [made, *made["$defs"].values()]:
            fields |= set(part.get("properties", {}))
    assert fields - set(FIELDS) == CONDITION_WORDS | {"ja", "en"}
