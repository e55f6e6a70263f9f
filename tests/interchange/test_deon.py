"""A deon checklist comes in as questions on the answer scale, every text noted for translation."""

from __future__ import annotations

import pytest

from governance.interchange.deon import read_checklist
from governance.interchange.documents import Defaults
from governance.refusals import Refusals

HERE = Defaults("checklist", framework="hitachi-ai-ethics", pack="GEN", item="fairness")
CHECKLIST = """
title: A made-up checklist
sections:
  - title: Before we begin
    section_id: A
    lines:
      - {line_id: A.1, line_summary: Purpose, line: Did we write down what it is for?}
      - {line_id: A.2, line_summary: Harm, line: Did we ask who could be hurt?}
  - title: Afterwards
    section_id: B
    lines:
      - {line_id: 1, line_summary: Look back, line: Do we look back after a year?}
"""


def test_a_checklist_becomes_a_questionnaire() -> None:
    found = read_checklist(CHECKLIST.encode(), HERE)
    document = found.questionnaire
    assert [(section.key, section.item, [each.key for each in section.questions]) for section in document.sections] == [
        ("A", "fairness", ["A.1", "A.2"]),
        ("B", "fairness", ["Q1"]),
    ]
    first = document.sections[0].questions[0]
    assert (first.kind, first.topic.en, first.text.ja) == ("scale", "Purpose", "Did we write down what it is for?")


def test_every_text_is_noted_for_translation_with_line_and_column() -> None:
    notes = [
        note.place for note in read_checklist(CHECKLIST.encode(), HERE).notes if note.code.endswith("needs_translation")
    ]
    assert len(notes) == 1 + 2 + 3 * 2
    assert "checklist.yml:8:44 sections[0].lines[1].line" in notes


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("title: Afterwards", "title: ''", "title"),
        ("section_id: B", "section_id: B\n    colour: red", "colour"),
        ("line_id: A.2,", "line_id: A.2, weight: 3,", "weight"),
        ("line_id: A.2,", "line_id: A 2,", "line_id"),
        ("line_summary: Harm, ", "", "line_summary"),
        ("    lines:\n      - {line_id: 1", "    lines: none\n    x:\n      - {line_id: 1", "lines"),
    ],
)
def test_what_does_not_belong_is_refused_by_name_and_place(old: str, new: str, word: str) -> None:
    with pytest.raises(Refusals) as caught:
        read_checklist(CHECKLIST.replace(old, new, 1).encode(), HERE)
    assert any(
        word in problem.text.en and (problem.place or "").startswith("checklist.yml:")
        for problem in caught.value.problems
    )


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"\xff\xfe", b"title: &a x\nsections: *a", b"title: x", b"sections: []\ntitle: x"]
)
def test_broken_files_are_refused(content: bytes) -> None:
    with pytest.raises(Refusals):
        read_checklist(content, HERE)
