"""A questionnaire goes out as a workbook and comes back the same; what is changed wrongly is refused by sheet and cell."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import fields
from io import BytesIO

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from python_calamine import CalamineWorkbook

from governance.interchange import layout
from governance.interchange.layout import CHOICES, HEAD, SECTIONS
from governance.interchange.workbook import Value, cell_name
from governance.interchange.writing_sheets import new_book
from governance.interchange.xlsx_questionnaire import read_questionnaire, sheet_names, write
from governance.questionnaires.definition import Choice, Column, Question, Questionnaire, Section
from governance.refusals import Refusals
from tests.interchange.invented import questionnaires, shipped

UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)  # a whole document shrinks for minutes
Sheets = dict[str, list[list[Value]]]


def sheets_of(content: bytes) -> Sheets:
    """Return everything a workbook holds, for a test to change by hand."""
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def rewritten(sheets: Sheets) -> bytes:
    """Write changed sheets the way a spreadsheet program would: without protection, numbers as numbers."""
    book = new_book("x")
    for name, rows in sheets.items():
        sheet = book.book.add_worksheet(name)
        for row, values in enumerate(rows):
            for column, value in enumerate(values):
                if isinstance(value, int | float) and not isinstance(value, bool):
                    sheet.write_number(row, column, value)
                else:
                    book.put(sheet, row, column, value, "open")
    return book.done()


def refused(sheets: Sheets) -> list[tuple[str, str]]:
    """Return code and place of everything a changed workbook is refused for."""
    with pytest.raises(Refusals) as caught:
        read_questionnaire(rewritten(sheets))
    for problem in caught.value.problems:
        if problem.place and "!" in problem.place:
            sheet, _, cell = problem.place.rpartition("!")
            assert f"シート「{sheet}」のセル {cell}" in problem.text.ja
            assert f"Sheet “{sheet}”, cell {cell}" in problem.text.en
    return [(problem.code.removeprefix("interchange."), problem.place or "") for problem in caught.value.problems]


def base() -> Questionnaire:
    return next(each for each in shipped()[1] if each.kind == "screening")


def changed(change: Callable[[Sheets], object]) -> Sheets:
    sheets = sheets_of(write(base()))
    change(sheets)
    return sheets


def first_section() -> str:
    return base().sections[0].key


def column(name: str) -> int:
    return [field.name for field in layout.QUESTION].index(name)


def test_every_shipped_questionnaire_comes_back_the_same() -> None:
    framework, sheets = shipped()
    for sheet in sheets:
        assert read_questionnaire(write(sheet, framework)) == sheet


@settings(max_examples=15, suppress_health_check=list(HealthCheck), phases=UNSHRUNK)
@given(questionnaires())
def test_any_questionnaire_comes_back_the_same(document: Questionnaire) -> None:
    assert read_questionnaire(write(document)) == document


def test_the_same_document_gives_the_same_file() -> None:
    assert write(base()) == write(base())


@pytest.mark.parametrize(
    ("model", "columns", "elsewhere"),
    [
        (Question, layout.QUESTION, {"choices", "columns", "points"}),
        (Section, layout.SECTION, {"questions"}),
        (Choice, layout.CHOICE, set()),
        (Column, layout.COLUMN, {"choices"}),
        (Questionnaire, layout.HEAD_ROWS, {"sections"}),
    ],
)
def test_every_field_of_the_definition_has_a_column(
    model: type, columns: tuple[layout.Field, ...], elsewhere: set[str]
) -> None:
    named = {field.name.partition(".")[0] for field in columns}
    assert set(model.model_fields) <= named | elsewhere


def test_a_text_that_looks_like_a_formula_is_stored_as_text() -> None:
    tree = json.loads(base().model_dump_json(by_alias=True))
    tree["title"]["ja"] = '=HYPERLINK("http://x.invalid")'
    document = Questionnaire.model_validate_json(json.dumps(tree))
    content = write(document)
    with zipfile.ZipFile(BytesIO(content)) as packed:
        xml = b"".join(packed.read(name) for name in packed.namelist() if "worksheets/" in name)
    assert b"<f" not in xml.replace(b"<formula1", b"")
    assert b"<hyperlink" not in xml
    assert read_questionnaire(content) == document


def test_keys_are_locked_and_the_rest_is_not() -> None:
    with zipfile.ZipFile(BytesIO(write(base()))) as packed:
        sheet = packed.read("xl/worksheets/sheet4.xml").decode()
        styles = packed.read("xl/styles.xml").decode()
    assert "<sheetProtection" in sheet
    assert 'locked="0"' in styles


def test_a_changed_wording_and_a_new_question_come_in() -> None:
    def change(sheets: Sheets) -> None:
        rows = sheets[first_section()]
        rows[3][column("text.ja")] = "言い換えた質問ですか。"
        rows.append(["NEW1" if name == "key" else "" for name in rows[0]])
        for name, value in {
            "kind": "single",
            "topic.ja": "主題",
            "topic.en": "Topic",
            "text.ja": "問い",
            "text.en": "Question",
            "why.ja": "理由",
            "why.en": "Reason",
            "when": f"{{question: {rows[3][0]}, is: [done]}}",
            "gate": "いいえ",
        }.items():
            rows[-1][column(name)] = value
        sheets[CHOICES] += [["NEW1", "", code, f"選択肢{code}", f"Choice {code}", "", ""] for code in ("a", "b")]

    document = read_questionnaire(rewritten(changed(change)))
    first = document.sections[0].questions
    assert first[0].text.ja == "言い換えた質問ですか。"
    assert (first[-1].key, [choice.code for choice in first[-1].choices]) == ("NEW1", ["a", "b"])
    assert first[-1].model_dump(by_alias=True)["when"] == {"question": first[0].key, "is": ["done"]}


def _set(row: int, name: str, value: Value) -> Callable[[Sheets], object]:
    return lambda sheets: sheets[first_section()][row].__setitem__(column(name), value)


@pytest.mark.parametrize(
    ("change", "code", "name"),
    [
        (_set(3, "text.en", ""), "missing", "text.en"),
        (_set(3, "text.ja", 12.0), "cell", "text.ja"),
        (_set(3, "weight", "3"), "cell", "weight"),
        (_set(3, "weight", 2.5), "cell", "weight"),
        (_set(3, "weight", 500), "less_than_equal", "weight"),
        (_set(3, "gate", "maybe"), "cell", "gate"),
        (_set(3, "kind", "essay"), "literal_error", "kind"),
        (_set(3, "when", "{question: T01"), "cell", "when"),
        (_set(3, "when", '{"question": "T01", "sounds_like": "x"}'), "union_tag_not_found", "when"),
        (_set(3, "when", '{"question": "a", "question": "b", "is": ["x"]}'), "cell", "when"),
        (_set(3, "when", "&a {question: T01, is: [yes]}"), "cell", "when"),
        (_set(3, "key", ""), "key", "key"),
        (_set(3, "key", 7.0), "cell", "key"),
        (_set(3, "key", "two words"), "string_pattern_mismatch", "key"),
    ],
)
def test_a_wrong_cell_is_named(change: Callable[[Sheets], object], code: str, name: str) -> None:
    assert (code, f"{first_section()}!{cell_name(3, column(name))}") in refused(changed(change))


def test_the_same_key_on_two_sheets_names_both_cells() -> None:
    second = base().sections[1].key

    def change(sheets: Sheets) -> None:
        sheets[second][5][0] = sheets[first_section()][3][0]

    with pytest.raises(Refusals) as caught:
        read_questionnaire(rewritten(changed(change)))
    problem = next(each for each in caught.value.problems if each.place == f"{second}!A6")
    assert f"A4（シート「{first_section()}」）" in problem.text.ja


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda sheets: sheets.pop(CHOICES), CHOICES),
        (lambda sheets: [row.pop(1) for row in sheets[SECTIONS]], f"{SECTIONS}!A1"),
        (lambda sheets: [row.clear() for row in sheets[SECTIONS]], f"{SECTIONS}!A1"),
        (lambda sheets: [row.pop(0) for row in sheets[first_section()]], f"{base().sections[0].key}!A1"),
        (lambda sheets: [row.pop(0) for row in sheets[CHOICES]], f"{CHOICES}!A1"),
        (lambda sheets: sheets.update({"Sheet1": [["x"]]}), "Sheet1"),
        (lambda sheets: sheets.update({"renamed": sheets.pop(first_section())}), f"{SECTIONS}!B4"),
        (lambda sheets: sheets[first_section()][0].__setitem__(2, "topic"), f"{base().sections[0].key}!C1"),
        (
            lambda sheets: sheets[first_section()][3].append("lost"),
            f"{base().sections[0].key}!{cell_name(3, len(layout.QUESTION))}",
        ),
        (lambda sheets: sheets[HEAD][4].__setitem__(2, 1.0), f"{HEAD}!C5"),
        (lambda sheets: sheets[HEAD].pop(3), f"{HEAD}!A1"),
        (lambda sheets: sheets[HEAD][3].__setitem__(0, "keys"), f"{HEAD}!A4"),
        (lambda sheets: sheets[CHOICES].append(["nobody", "", "a", "あ", "a", "", ""]), f"{CHOICES}!A4"),
        (
            lambda sheets: sheets["点数 Points"].append([base().sections[0].questions[0].key, "risk", "done", ""]),
            "点数 Points!D4",
        ),
    ],
)
def test_a_wrong_sheet_or_row_is_named(change: Callable[[Sheets], object], place: str) -> None:
    assert place in [where for _, where in refused(changed(change))]


def test_moving_a_column_changes_nothing() -> None:
    def change(sheets: Sheets) -> None:
        for row in sheets[first_section()]:
            row.append(row.pop(3))

    assert read_questionnaire(rewritten(changed(change))) == base()


def test_names_of_sheets_are_what_excel_allows() -> None:
    names = sheet_names(["History", "x" * 40, "X" * 40, "a", "A", HEAD])
    assert len({name.lower() for name in names}) == len(names)
    assert all(len(name) <= 31 for name in names)
    assert "history" not in {name.lower() for name in names}


@pytest.mark.parametrize("text", ["x" * 40_000, "a_x005F_x0041_b", "a\ufffeb"])
def test_what_a_cell_cannot_hold_is_refused_and_not_cut(text: str) -> None:
    tree = json.loads(base().model_dump_json(by_alias=True))
    tree["sections"][0]["questions"][0]["why"]["ja"] = text
    with pytest.raises(Refusals) as caught:
        write(Questionnaire.model_validate_json(json.dumps(tree)))
    assert caught.value.problems[0].place == tree["sections"][0]["key"]


def test_one_key_twice_is_not_written() -> None:
    tree = json.loads(base().model_dump_json(by_alias=True))
    tree["sections"][1]["questions"][0]["key"] = tree["sections"][0]["questions"][0]["key"]
    with pytest.raises(Refusals, match="twice"):
        write(Questionnaire.model_validate_json(json.dumps(tree)))


def test_the_layout_names_every_field_once() -> None:
    for table in (layout.QUESTION, layout.SECTION, layout.CHOICE, layout.COLUMN, layout.POINT, layout.HEAD_ROWS):
        assert len({field.name for field in table}) == len(table)
    assert [each.name for each in fields(layout.Field)]
