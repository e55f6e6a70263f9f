"""A CISO Assistant library comes in as a questionnaire; what has no counterpart is refused by name and path."""

from __future__ import annotations

from typing import Any

import pytest

from governance.interchange.ciso import read_library
from governance.interchange.documents import Defaults
from governance.refusals import Refusals

HERE = Defaults("suppliers", framework="hitachi-ai-ethics", pack="CLOUD", item="security")
LIBRARY = """
urn: urn:example:risk:library:supplier-check
locale: en
ref_id: supplier-check
name: Supplier check
description: A made-up library.
version: 1
provider: nobody
translations:
  ja:
    name: 供給者の確認
objects:
  framework:
    urn: urn:example:risk:framework:supplier-check
    ref_id: supplier-check
    name: Supplier check
    translations: {ja: {name: 供給者の確認}}
    requirement_nodes:
      - urn: urn:example:risk:req_node:supplier-check:a
        assessable: false
        depth: 1
        ref_id: A
        name: Contracts
        translations: {ja: {name: 契約}}
      - urn: urn:example:risk:req_node:supplier-check:a.1
        parent_urn: urn:example:risk:req_node:supplier-check:a
        assessable: true
        depth: 2
        ref_id: A.1
        name: Audit rights
        description: Without them nobody can look.
        typical_evidence: The clause.
        questions:
          urn:example:risk:req_node:supplier-check:a.1:question:1:
            type: unique_choice
            text: Is an audit possible?
            translations: {ja: {text: 監査できますか。}}
            choices:
              - urn: urn:example:risk:req_node:supplier-check:a.1:question:1:choice:1
                value: "Yes"
                add_score: 3
                translations: {ja: {value: はい}}
              - urn: urn:example:risk:req_node:supplier-check:a.1:question:1:choice:2
                value: "No"
          urn:example:risk:req_node:supplier-check:a.1:question:2:
            type: multiple_choice
            text: By whom?
            depends_on:
              question: urn:example:risk:req_node:supplier-check:a.1:question:1
              answers: [urn:example:risk:req_node:supplier-check:a.1:question:1:choice:1]
              condition: any
            choices:
              - {urn: "x:customer", value: The customer}
              - {urn: "x:auditor", value: An auditor}
          urn:example:risk:req_node:supplier-check:a.1:question:3:
            type: date
            text: When was the last one?
            depends_on:
              question: urn:example:risk:req_node:supplier-check:a.1:question:2
              answers: ["x:customer", "x:auditor"]
              condition: all
          urn:example:risk:req_node:supplier-check:a.1:question:4: {type: text, text: What did it find?}
"""


def refused(text: str) -> list[tuple[str, str]]:
    with pytest.raises(Refusals) as caught:
        read_library(text.encode(), HERE)
    return [(problem.place or "", problem.text.en) for problem in caught.value.problems]


def test_a_library_becomes_a_questionnaire() -> None:
    found = read_library(LIBRARY.encode(), HERE)
    document = found.questionnaire
    assert (document.key, document.title.ja, document.title.en) == ("suppliers", "供給者の確認", "Supplier check")
    (section,) = document.sections
    assert (section.key, section.item) == ("A.1", "security")
    assert section.title
    assert (section.title.ja, section.title.en) == ("契約　Audit rights", "Contracts　Audit rights")
    assert [(each.key, each.kind) for each in section.questions] == [
        ("A.1-1", "single"),
        ("A.1-2", "multiple"),
        ("A.1-3", "date"),
        ("A.1-4", "long_text"),
    ]
    assert section.questions[0].text.ja == "監査できますか。"
    assert section.questions[0].why.en == "Without them nobody can look."
    assert [choice.code for choice in section.questions[1].choices] == ["customer", "auditor"]


def test_its_conditions_become_conditions() -> None:
    questions = read_library(LIBRARY.encode(), HERE).questionnaire.sections[0].questions
    assert questions[1].model_dump(by_alias=True)["when"] == {"question": "A.1-1", "is": ["1"]}
    assert questions[2].model_dump(by_alias=True)["when"] == {
        "all": [{"question": "A.1-2", "includes": "customer"}, {"question": "A.1-2", "includes": "auditor"}]
    }


def test_what_lacks_a_language_is_noted_with_its_place() -> None:
    notes = read_library(LIBRARY.encode(), HERE).notes
    missing = [note.place for note in notes if note.code == "interchange.needs_translation"]
    assert any(place and place.endswith("question:4.text") and place.startswith("library.yaml:") for place in missing)
    assert not any(place and place.endswith("question:1.text") for place in missing)
    assert any(note.code == "interchange.note" and "points" in note.text.en for note in notes)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("type: date", "type: slider", "slider"),
        ("add_score: 3", "compute_result: true", "compute_result"),
        ("    requirement_nodes:", "    scores_definition: [1]\n    requirement_nodes:", "scores_definition"),
        ("  framework:\n", "  risk_matrix: [1]\n  framework:\n", "risk_matrix"),
        ("condition: any", "condition: some", "condition"),
        ("choice:1]", "choice:9]", "no choice"),
        ("text: What did it find?", "text: ''", "no text"),
        ("ref_id: A.1", "ref_id: A.1\n        threats: [x]", "threats"),
        ('value: "No"', "value: 3", "no text"),
    ],
)
def test_what_is_not_understood_is_refused_by_name_and_place(old: str, new: str, word: str) -> None:
    assert old in LIBRARY
    found = refused(LIBRARY.replace(old, new, 1))
    assert any(word in text for _, text in found), found
    assert all(place.startswith("library.yaml:") for place, _ in found)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"- a",
        b"\xff",
        b"a: &x 1\nb: *x",
        b"a: 1\na: 2",
        b"objects: 1",
        b"objects: {framework: {requirement_nodes: {a: 1}}}",
    ],
)
def test_broken_files_are_refused(content: bytes) -> None:
    with pytest.raises(Refusals):
        read_library(content, HERE)


def test_a_loop_of_parents_ends() -> None:
    looped: Any = LIBRARY.replace(
        "        ref_id: A\n",
        "        ref_id: A\n        parent_urn: urn:example:risk:req_node:supplier-check:a.1\n",
        1,
    )
    assert read_library(looped.encode(), HERE).questionnaire.sections
