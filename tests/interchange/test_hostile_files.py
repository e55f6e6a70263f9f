"""Files that nobody writes by accident: each is refused with a sentence, or costs no more than its own length."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pytest

from governance.interchange.ciso import read_library
from governance.interchange.documents import Defaults, parsed_json
from governance.interchange.surveyjs import from_json
from governance.interchange.workbook import opened
from governance.refusals import Refusal, Refusals
from tests.interchange.test_workbook import grid, with_sheet

HERE = Defaults("imported")
QUESTION = {"type": "comment", "name": "Q1", "title": "t"}


def survey(*elements: dict[str, Any]) -> bytes:
    return json.dumps({"pages": [{"name": "p1", "elements": list(elements)}]}).encode()


def test_a_rating_of_a_million_steps_costs_no_more_than_a_hundred() -> None:
    rating = {"type": "rating", "name": "R", "title": "t", "rateMax": 10**12}
    start = time.perf_counter()
    found = from_json(survey(rating), HERE).questionnaire
    assert len(next(found.questions())[1].choices) == 100
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    "element",
    [
        {"governanceText": "x"},
        {"governanceText": [1]},
        {"governanceWhy": "x"},
        {"governanceTopic": 5},
        {"visibleIf": "{N} >= " + "9" * 400},
        {"governanceKind": ["x"]},
    ],
)
def test_fields_of_another_kind_are_refused(element: dict[str, Any]) -> None:
    number = {"type": "text", "inputType": "number", "name": "N", "title": "n"}
    words = {"type": "html", "name": "h", "html": "<b>words</b>"}
    with pytest.raises(Refusals):
        from_json(survey(number, words, QUESTION | element), HERE)


@pytest.mark.parametrize("html", ["<![foo[x]]>words", "&#" + "9" * 5000 + ";"])
def test_html_that_no_browser_writes_is_refused(html: str) -> None:
    with pytest.raises(Refusals):
        from_json(survey({"type": "html", "name": "h", "html": html}, QUESTION), HERE)


@pytest.mark.parametrize("document", ['{"a": "x%s"}', '{"x%s": 1}', '[["%s"]]'])
def test_half_pairs_are_refused_as_escapes_too(document: str) -> None:
    with pytest.raises(Refusals):
        parsed_json((document % "\\ud800").encode())


def test_a_version_is_a_number_of_bounded_length() -> None:
    head = {"governanceKey": "a", "governanceKind": "pack", "governanceVersion": "1." + "9" * 5000}
    with pytest.raises(Refusals, match="governanceVersion|version"):
        from_json(json.dumps({**json.loads(survey(QUESTION)), **head}).encode(), HERE)


def test_titles_repeated_below_each_other_are_bounded() -> None:
    inner: list[dict[str, Any]] = [
        {"type": "panel", "name": f"p{number}", "elements": [QUESTION | {"name": f"Q{number}"}]}
        for number in range(500)
    ]
    for level in range(50):
        inner = [{"type": "panel", "name": f"l{level}", "title": "x" * 2000, "elements": inner}]
    with pytest.raises(Refusals):
        from_json(survey(*inner), HERE)


def test_names_of_requirements_repeated_below_each_other_are_bounded() -> None:
    chain = "".join(f"    - {{urn: n{n}, parent_urn: n{n - 1}, name: {'x' * 2000}}}\n" for n in range(100))
    leaf = "    - {{urn: l{n}, parent_urn: n99, questions: {{q{n}: {{type: text, text: T}}}}}}\n"
    leaves = "".join(leaf.format(n=n) for n in range(100))
    library = f"urn: u\nname: N\nobjects:\n  framework:\n    name: F\n    requirement_nodes:\n{chain}{leaves}"
    with pytest.raises(Refusals):
        read_library(library.encode(), HERE)


@pytest.mark.parametrize("encoding", ["foo", "shift_jis", "utf-7", "hex"])
def test_a_part_in_another_encoding_is_read_as_what_workbooks_are_written_in(encoding: str) -> None:
    xml = f'<?xml version="1.0" encoding="{encoding}"?><worksheet><sheetData/></worksheet>'
    with suppress(Refusal):
        opened(with_sheet(xml.encode()))


@pytest.mark.parametrize("number", ["1e999", "-1e999"])
def test_a_number_beyond_every_bound_is_refused_by_its_cell(number: str) -> None:
    with pytest.raises(Refusals, match="B2"):
        opened(with_sheet(grid(f'<row r="2"><c r="B2"><v>{number}</v></c></row>')))
