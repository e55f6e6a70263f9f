"""A document written as YAML reads back as exactly the same document, whatever its texts hold."""

from __future__ import annotations

from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from governance.questionnaires.definition import Framework, Questionnaire, canonical
from governance.questionnaires.reading import parse, read_text
from governance.questionnaires.writing import plain, written
from tests.questionnaires.documents import NASTY, SMALL, frameworks, questionnaires, shipped, signs


def again(document: Framework | Questionnaire) -> Framework | Questionnaire:
    return read_text("again.yaml", written(document), type(document))[0]


@pytest.mark.parametrize("document", shipped(), ids=lambda each: each.key)
def test_every_shipped_document_survives_writing(document):
    assert again(document) == document
    assert canonical(again(document)) == canonical(document)


@given(questionnaires())
@settings(max_examples=60)
def test_every_questionnaire_survives_writing(document):
    assert canonical(again(document)) == canonical(document)


@given(frameworks())
@settings(max_examples=15)
def test_every_framework_survives_writing(document):
    assert canonical(again(document)) == canonical(document)


def worded(text: str) -> Questionnaire:
    document = read_text("small.yaml", SMALL, Questionnaire)[0]
    return document.model_copy(update={"title": type(document.title)(text, "x")})


@pytest.mark.parametrize("text", NASTY, ids=ascii)
@pytest.mark.parametrize("version", [(1, 1), (1, 2)])
def test_readers_of_either_yaml_take_a_text_for_the_same_text(text, version):
    """YAML 1.1 reads yes, no, on, 1_000 and 12:30:00 as something else than text."""
    reader = YAML(typ="safe", pure=True)
    reader.version = version
    document = worded(text)
    read = reader.load(StringIO(written(document)))
    assert read["title"] == {"ja": text, "en": "x"}
    assert read == plain(document)


@given(st.text(signs, min_size=1))
@settings(max_examples=100)
def test_a_text_takes_one_line_that_shows_every_sign(text):
    lines = [line for line in written(worded(text)).split("\n") if line.startswith("  ja: ")]
    assert parse("one.yaml", "\n".join(["x:", lines[0]])).tree == {"x": {"ja": text}}
    assert lines[0].replace("\u3000", "").isprintable()


def test_the_order_is_that_of_the_vocabulary_and_defaults_are_left_out():
    document = next(each for each in shipped() if each.key == "trigger-sheet")
    lines = written(document).split("\n")
    assert lines[:4] == [
        "key: trigger-sheet",
        f'version: "{document.version}"',
        "kind: trigger",
        "framework: hitachi-ai-ethics",
    ]
    assert lines[4:6] == ["title:", "  ja: 判定シート"]
    assert not [line for line in lines if "required:" in line or "max_rows:" in line or "[]" in line or "{}" in line]
    assert '        when: {question: T03, is: ["yes", unknown]}' in lines
