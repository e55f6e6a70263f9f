"""Answers go out as a workbook and come back exactly; every wrong cell is named, and what others changed since is a conflict."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from governance.interchange.layout import FIRST_ROW
from governance.interchange.workbook import Value, cell_name
from governance.interchange.xlsx_answers import ANSWER, RATINGS, difference, write
from governance.interchange.xlsx_answers_reading import Read, read_answers
from governance.questionnaires.definition import Question, Questionnaire
from governance.refusals import Refusal, Refusals
from governance.screenings.kinds import rows_text
from governance.screenings.routing import Sheet
from governance.screenings.rules import Entry, RatingEntry, stored_form
from tests.interchange.invented import shipped
from tests.interchange.test_xlsx_questionnaire import Sheets, rewritten, sheets_of

MARK = "01a2b3"
TEXT = {"ja": "文", "en": "text"}
CHOICES = [
    {"code": code, "name": {"ja": ja, "en": en}}
    for code, ja, en in (("a", "甲", "First"), ("b", "乙", "Second"), ("1", "丙", "b"))
]
COLUMNS = [
    {"code": "who", "name": TEXT},
    {"code": "land", "name": TEXT, "kind": "single", "choices": CHOICES},
    {"code": "until", "name": TEXT, "kind": "date", "required": False},
    {"code": "n", "name": TEXT, "kind": "number", "required": False},
]
KINDS: dict[str, dict[str, Any]] = {
    "scale": {},
    "yes_no_unknown": {"not_applicable": True},
    "single": {"choices": CHOICES, "not_applicable": True},
    "multiple": {"choices": CHOICES},
    "number": {"unit": {"ja": "日", "en": "days"}, "not_applicable": True},
    "date": {"not_applicable": True},
    "text": {"not_applicable": True},
    "long_text": {},
    "file": {},
    "rows": {"columns": COLUMNS},
}


@cache
def sheet() -> Sheet:
    """Return a sheet with one question of every kind in each of two sections."""
    questions = [{"topic": TEXT, "text": TEXT, "why": TEXT, "kind": kind, **more} for kind, more in KINDS.items()]
    sections = [
        {"key": key, "questions": [{**each, "key": f"{key}-{each['kind']}"} for each in questions]}
        for key in ("one", "two")
    ]
    head = {"key": "every", "version": "1", "kind": "screening", "framework": "f", "phase": "P", "title": TEXT}
    document = Questionnaire.model_validate_json(json.dumps({**head, "sections": sections}))
    return Sheet(shipped()[0], "P", (document,))


def question(key: str) -> Question:
    return next(each for _, each in sheet().questionnaires[0].questions() if each.key == key)


VALUES: dict[str, list[tuple[str, str]]] = {
    "scale": [("done", ""), ("not_applicable", ""), ("", "")],
    "yes_no_unknown": [("unknown", ""), ("not_applicable", "")],
    "single": [("a", ""), ("b", ""), ("1", ""), ("not_applicable", "")],
    "multiple": [("a", ""), ("a b 1", ""), ("b 1", "")],
    "number": [("12", ""), ("-0.5", ""), ("1234567.25", ""), ("not_applicable", "")],
    "date": [("2026-12-25", ""), ("not_applicable", "")],
    "text": [("given", "=SUM(A1)"), ("given", "該当なし"), ("not_applicable", "")],
    "long_text": [("given", "一行目\n二行目 yes"), ("given", "2026-12-25")],
    "file": [("given", ""), ("", "")],
    "rows": [
        (
            "given",
            rows_text(
                [
                    {"who": "=x", "land": "b", "until": "2027-01-31", "n": "0.1"},
                    {"who": "y", "land": "1", "until": "", "n": "7"},
                ]
            ),
        ),
        ("", ""),
    ],
}


def entries(**changed: tuple[str, str]) -> list[Entry]:
    """Return an entry per question: the first value of its kind unless another is given for `one_kind`."""
    found = []
    for _, each in sheet().questionnaires[0].questions():
        value, text = changed.get(each.key.replace("-", "_"), VALUES[each.kind][0])
        found.append(stored_form(each, Entry(each.key, value, "補足 =1", date(2027, 1, 29), 3, text)))
    return found


@st.composite
def filled(draw: st.DrawFn) -> list[Entry]:
    remarks = st.one_of(st.just(""), st.sampled_from(["=1+1", "一\n二", "001", "yes", "髙𠮷"]))
    found = []
    for _, each in sheet().questionnaires[0].questions():
        value, text = draw(st.sampled_from(VALUES[each.kind]))
        due = draw(st.one_of(st.none(), st.dates(date(1990, 1, 1), date(2100, 1, 1))))
        found.append(stored_form(each, Entry(each.key, value, draw(remarks), due, draw(st.integers(0, 99)), text)))
    return found


RATED = [
    RatingEntry("safety", 3, 1, "=理由", "", 4),
    RatingEntry("privacy", None, None),
    RatingEntry("fairness", 4, 4, "a\nb", "c", 1),
]


@settings(
    max_examples=15, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
@given(filled(), st.sampled_from(["ja", "en"]))
def test_answers_come_back_exactly(given_entries: list[Entry], locale: str) -> None:
    read = read_answers(write(sheet(), given_entries, RATED, mark=MARK, locale=locale), sheet(), mark=MARK)
    assert read.problems == []
    assert read.entries == given_entries
    assert read.ratings == RATED


def test_all_shipped_questions_come_back() -> None:
    framework, sheets = shipped()
    everything = Sheet(framework, "P", sheets)
    given_entries = [Entry(each.key, "", rev=1) for one in sheets for _, each in one.questions()]
    read = read_answers(write(everything, given_entries, mark=MARK), everything, mark=MARK)
    assert (read.entries, read.problems) == (given_entries, [])


def test_nothing_that_is_written_is_a_formula() -> None:
    content = write(sheet(), entries(one_text=("given", "=HYPERLINK(1)")), RATED, mark=MARK)
    with zipfile.ZipFile(BytesIO(content)) as packed:
        cells = b"".join(packed.read(name) for name in packed.namelist() if "worksheets/" in name)
    assert b"<f>" not in cells
    assert b"<sheetProtection" in cells


def test_names_of_both_languages_and_codes_are_understood() -> None:
    def change(sheets: Sheets) -> None:
        _cells(sheets, "one-scale", answer="done")
        _cells(sheets, "one-single", answer="First")
        _cells(sheets, "one-multiple", answer="乙\na")
        _cells(sheets, "one-number", answer=1200.5)
        _cells(sheets, "one-date", answer="2026/1/5")
        _cells(sheets, "one-text", answer="", none="はい")

    found = {entry.key: entry.value for entry in _read(change).entries}
    assert found["one-single"] == "a"
    assert found["one-multiple"] == "a b"
    assert found["one-number"] == "1200.5"
    assert found["one-date"] == "2026-01-05"
    assert found["one-text"] == "not_applicable"
    assert found["one-scale"] == "done"


def _cells(sheets: Sheets, key: str, **values: Value) -> None:
    row = next(row for name in ("one", "two") for row in sheets[name] if row[0] == key)
    for name, value in values.items():
        row[[field.name for field in ANSWER].index(name)] = value


def _read(change: Callable[[Sheets], object], given_entries: list[Entry] | None = None) -> Read:
    sheets = sheets_of(write(sheet(), given_entries or entries(), RATED, mark=MARK))
    change(sheets)
    return read_answers(rewritten(sheets), sheet(), mark=MARK)


def _place(key: str, column: str) -> str:
    name, _, kind = key.partition("-")
    return f"{name}!{cell_name(FIRST_ROW + list(KINDS).index(kind), [field.name for field in ANSWER].index(column))}"


@pytest.mark.parametrize(
    ("key", "column", "value"),
    [
        ("one-scale", "answer", "たぶん"),
        ("one-single", "answer", "zzz"),
        ("one-multiple", "answer", "甲\nzzz"),
        ("one-number", "answer", "about ten"),
        ("one-number", "answer", date(2026, 1, 1)),
        ("one-date", "answer", 46000.0),
        ("one-date", "answer", "soon"),
        ("one-text", "answer", 12.0),
        ("one-text", "answer", date(2026, 1, 1)),
        ("one-text", "none", "maybe"),
        ("one-text", "remark", 5.0),
        ("one-text", "due", 46000.0),
        ("one-text", "due", "2026-02-30"),
        ("one-text", "rev", "3"),
        ("one-long_text", "remark", "x" * 4001),
        ("one-number", "none", "yes"),
    ],
)
def test_a_wrong_cell_is_named(key: str, column: str, value: Value) -> None:
    read = _read(lambda sheets: _cells(sheets, key, **{column: value}))
    if key == "one-number" and column == "none":
        assert read.problems == []  # 該当なし stands above the number
        return
    wanted = "answer" if column == "remark" and isinstance(value, str) else column
    assert [problem.place for problem in read.problems] == [_place(key, wanted)]
    assert f"セル {_place(key, wanted).rpartition('!')[2]}" in read.problems[0].text.ja
    assert key not in [entry.key for entry in read.entries]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda sheets: sheets["one"].insert(3, sheets["one"].pop(4)), "one!A4"),
        (lambda sheets: sheets["one"].append(sheets["one"][3]), "one!A14"),
        (lambda sheets: sheets["one"].pop(5), "one!A6"),
        (lambda sheets: sheets["one"][4].__setitem__(0, ""), "one!A5"),
        (lambda sheets: sheets["one"][4].__setitem__(0, "two-scale"), "one!A5"),
        (lambda sheets: sheets["one"][0].__setitem__(3, "answers"), "one!D1"),
        (lambda sheets: sheets.pop("two"), "two"),
        (lambda sheets: sheets.update({"three": [["x"]]}), "three"),
        (lambda sheets: sheets.pop("one-rows"), "one-rows"),
        (lambda sheets: sheets["one-rows"][3].__setitem__(3, date(2026, 1, 1)), "one-rows!D4"),
        (lambda sheets: sheets["one-rows"][0].__setitem__(3, "nn"), "one-rows!D1"),
        (lambda sheets: sheets.pop(RATINGS), RATINGS),
        (lambda sheets: sheets[RATINGS][3].__setitem__(2, "9"), f"{RATINGS}!C4"),
        (lambda sheets: sheets[RATINGS][3].__setitem__(0, "privacy"), f"{RATINGS}!A4"),
    ],
)
def test_moved_doubled_and_missing_rows_and_sheets_are_named(change: Callable[[Sheets], object], place: str) -> None:
    assert place in [problem.place for problem in _read(change).problems]


def test_a_workbook_of_something_else_is_refused() -> None:
    content = write(sheet(), entries(), mark=MARK)
    with pytest.raises(Refusal, match="other_screening"):
        read_answers(content, sheet(), mark="another")
    for head in ("", "{", "[]", '{"format": "x"}', '{"format": "governance-answers-1"}', "[" * 5000):
        with pytest.raises(Refusal, match="not_answers"):
            read_answers(rewritten({"はじめに Start": [[head]]}), sheet(), mark=MARK)


def test_questions_the_screening_does_not_have_are_named() -> None:
    content = write(sheet(), entries(), mark=MARK)
    smaller = sheet().questionnaires[0].model_copy(update={"sections": sheet().questionnaires[0].sections[:1]})
    read = read_answers(content, replace(sheet(), questionnaires=(smaller,)), mark=MARK)
    assert "two!A4" in [problem.place for problem in read.problems]


def test_what_would_change_is_told_apart_from_what_others_changed() -> None:
    stored = {entry.key: entry for entry in entries()}
    sent = dict(stored)
    sent["one-scale"] = replace(stored["one-scale"], value="partial")
    sent["one-single"] = replace(stored["one-single"], value="", remark="", due_on=None)
    stored["one-date"] = Entry("one-date", "", rev=3)
    stored["one-text"] = replace(stored["one-text"], text="von anderen", rev=4)
    stored["one-file"] = replace(stored["one-file"], rev=9)  # saved anew with the same content
    found = {each.key: each.kind for each in difference(list(sent.values()), stored)}
    assert found == {"one-scale": "changed", "one-single": "cleared", "one-date": "added", "one-text": "conflict"}
    rated = {rating.item: rating for rating in RATED}
    changed = [replace(RATED[0], severity=4), RATED[1], replace(RATED[2], rev=0, severity=1)]
    assert [(each.key, each.kind) for each in difference(changed, rated)] == [
        ("safety", "changed"),
        ("fairness", "conflict"),
    ]
    assert [each.kind for each in difference([Entry("x", "yes")], {})] == ["added"]
    assert [each.kind for each in difference([Entry("x", "", rev=1)], {})] == []


def test_remarks_a_cell_cannot_hold_are_refused() -> None:
    with pytest.raises(Refusals):
        write(sheet(), [Entry("one-text", "", "a\ufffe")], mark=MARK)


def every_place() -> Iterator[str]:
    for kind in KINDS:
        yield _place(f"one-{kind}", "answer")


def test_the_hidden_columns_are_hidden_and_the_lists_too() -> None:
    with zipfile.ZipFile(BytesIO(write(sheet(), entries(), RATED, mark=MARK))) as packed:
        assert b'hidden="1"' in packed.read("xl/worksheets/sheet2.xml")
        assert b'state="hidden"' in packed.read("xl/workbook.xml")
    assert len(set(every_place())) == len(KINDS)
