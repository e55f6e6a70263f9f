"""Reading the rows of a sheet by the names of its columns, with a problem for every cell that holds something else than it should.

Spreadsheets change what is typed: 1.0 becomes the number 1, a date becomes a count of days. Where that would change the meaning, the
cell is refused and named, and nothing is guessed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from governance.interchange.documents import once
from governance.interchange.layout import FIRST_ROW, Field
from governance.interchange.workbook import Grid, Value, cell_name, cell_problem
from governance.questionnaires.reading import parse
from governance.refusals import Problem, Refusals
from governance.texts import Text

NOT_TEXT = Text(
    "数値や日付になっています。セルの書式を「文字列」にして、入力し直してください。",
    "This is a number or a date. Format the cell as text and enter it again.",
)
NOT_WHOLE = Text(
    "整数の数値を入力してください（文字列は使えません）。", "Enter a whole number (as a number, not as text)."
)
NOT_DAY = Text(
    "日付を 2026-12-25 のように入力してください（日付でない数値は使えません）。",
    "Enter a date like 2026-12-25 (a bare number is no date).",
)
NOT_FLAG = Text("yes か no を入力してください。", "Enter yes or no.")
FLAGS = {"yes": True, "no": False, "はい": True, "いいえ": False, True: True, False: False}


@dataclass(frozen=True)
class Cell:
    """One cell of a table with what it holds and where it is."""

    sheet: str
    name: str
    value: Value

    def problem(self, code: str, text: Text) -> Problem:
        """Return a problem of this cell."""
        return cell_problem(code, self.sheet, self.name, text)


@dataclass(frozen=True)
class Row:
    """One filled row: its cells by the name of their column."""

    cells: dict[str, Cell]

    def value(self, name: str) -> Value:
        """Return what stands in a column, "" when the column is missing."""
        cell = self.cells.get(name)
        return cell.value if cell else ""


def table(grid: Grid, fields: Sequence[Field], problems: list[Problem]) -> list[Row]:
    """Return the filled rows of a sheet; columns that are missing, unknown or there twice are added to `problems`."""
    columns = _columns(grid, [field.name for field in fields], problems)
    rows = []
    for number in range(FIRST_ROW, len(grid.rows)):
        if any(value != "" for value in grid.rows[number]):
            cells = {name: Cell(grid.name, cell_name(number, at), grid.at(number, at)) for name, at in columns.items()}
            _stray(grid, number, set(columns.values()), problems)
            rows.append(Row(cells))
    return rows


def _columns(grid: Grid, names: Sequence[str], problems: list[Problem]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, value in enumerate(grid.rows[0] if grid.rows else []):
        if value == "":
            continue
        if value not in names or value in found:
            text = Text(
                "「{name}」という列はないか、二度あります。1行目は変えないでください。",
                "There is no column “{name}”, or it is there twice. Leave row 1 as it is.",
            )
            problems.append(cell_problem("column", grid.name, cell_name(0, at), text.filled(name=str(value)[:40])))
        else:
            found[str(value)] = at
    for name in names:
        if name not in found:
            text = Text("1行目に「{name}」の列がありません。", "Row 1 has no column “{name}”.").filled(name=name)
            problems.append(cell_problem("column", grid.name, "A1", text))
    return found


def _stray(grid: Grid, number: int, known: set[int], problems: list[Problem]) -> None:
    """Name what stands beside the table: it would be lost unseen."""
    for at, value in enumerate(grid.rows[number]):
        if value != "" and at not in known:
            text = Text("見出しのない列に値があります。", "A value stands in a column without a name.")
            problems.append(cell_problem("column", grid.name, cell_name(number, at), text))


# ---------------------------------------------------------------- one cell


class Refused(Exception):
    """The cell holds something else than it should; `text` says what."""

    def __init__(self, text: Text) -> None:
        self.text = text
        super().__init__(text.en)


def text_of(value: Value) -> str:
    """Return a text exactly as it stands."""
    if isinstance(value, str):
        return value
    raise Refused(NOT_TEXT)


def code_of(value: Value) -> str:
    """Return a code, without blanks around it."""
    return text_of(value).strip()


def codes_of(value: Value) -> list[str]:
    """Return codes separated by commas."""
    return [code.strip() for code in text_of(value).replace("、", ",").split(",") if code.strip()]


def flag_of(value: Value) -> bool:
    """Return yes or no."""
    given = value.strip().lower() if isinstance(value, str) else value
    if isinstance(given, bool | str) and given in FLAGS:
        return FLAGS[given]
    raise Refused(NOT_FLAG)


def whole_of(value: Value) -> int:
    """Return a whole number that was entered as a number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise Refused(NOT_WHOLE)
    return int(value)


def decimal_of(value: Value) -> str:
    """Return a decimal as text; a number is taken when its shortest decimal form is what was typed."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Refused(NOT_TEXT)
    if isinstance(value, str):
        return value.strip()
    return str(int(value)) if value == int(value) else repr(value)


def day_of(value: Value) -> date | None:
    """Return a date from a date cell or from text like 2026-12-25; a bare number is refused."""
    if isinstance(value, datetime):
        if (value.hour, value.minute, value.second) != (0, 0, 0):
            raise Refused(NOT_DAY)
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError as error:
            raise Refused(NOT_DAY) from error
    raise Refused(NOT_DAY)


def data_of(value: Value) -> Any:
    """Return the tree of a condition or mapping: JSON, or the plain YAML that files may hold."""
    text = text_of(value)
    try:
        return json.loads(text, object_pairs_hook=once) if text.lstrip().startswith("{") else parse("cell", text).tree
    except Refusals as refused:
        raise Refused(refused.problems[0].text) from refused
    except (ValueError, RecursionError):
        return _yaml_of(text)


def _yaml_of(text: str) -> Any:
    """Return the tree of YAML in braces, which is no JSON: {question: T05, is: [yes]}."""
    try:
        return parse("cell", text).tree
    except Refusals as refused:
        raise Refused(refused.problems[0].text) from refused


READERS: dict[str, Callable[[Value], Any]] = {
    "text": text_of,
    "code": code_of,
    "codes": codes_of,
    "flag": flag_of,
    "whole": whole_of,
    "decimal": decimal_of,
    "data": data_of,
}


def read(cell: Cell, kind: str, problems: list[Problem]) -> Any:
    """Return the value of a cell, None when it is empty or wrong; what is wrong is added to `problems`."""
    if cell.value == "":
        return None
    try:
        return READERS[kind](cell.value)
    except Refused as refused:
        problems.append(cell.problem("cell", refused.text))
        return None
