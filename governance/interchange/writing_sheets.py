"""Writing the sheets of a workbook: one look for all of them, locked names and keys, and text that stays text.

Nothing written here is a formula, a link or a guess: `=1+1` in a question is stored as the text it is. Protection has no password: it
keeps a hand from slipping, and whoever wants to can lift it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from governance.interchange.layout import FIRST_ROW, GUIDE_LINES, Field
from governance.refusals import Problem
from governance.texts import Text

LONGEST_CELL = 32_767
"""UTF-16 units that a cell can hold (the limit of the format)."""

_TWICE_ESCAPED = re.compile(r"_x[0-9A-Fa-f]{4}_?x[0-9A-Fa-f]{4}_")
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_format_properties": {"font_name": "Yu Gothic", "font_size": 10},
}
_ALLOWED = {
    "objects": True,
    "scenarios": True,
    "format_cells": True,
    "format_columns": True,
    "format_rows": True,
    "sort": False,
    "autofilter": True,
    "select_locked_cells": True,
    "select_unlocked_cells": True,
}


def unwritable(text: str) -> Text | None:
    """Say why a text cannot stand in a cell and be read back unchanged; None when it can."""
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 > LONGEST_CELL:
        return Text(
            "Excelのセルに入る長さ（32,767文字）を超えています。",
            "It is longer than a cell can hold (32,767 characters).",
        )
    if _TWICE_ESCAPED.search(text) or any(
        "\ud800" <= letter <= "\udfff" or letter in "\ufffe\uffff" for letter in text
    ):
        return Text("Excelのセルに書けない文字があります。", "It has characters that a cell cannot hold.")
    return None


@dataclass
class Book:
    """A workbook being written: its formats and what could not be written into it."""

    target: BytesIO
    book: Any
    formats: dict[str, Any]
    problems: list[Problem]

    def done(self) -> bytes:
        """Finish the workbook and return the file."""
        self.book.close()
        return self.target.getvalue()

    def put(self, sheet: Any, row: int, column: int, value: object, look: str) -> None:
        """Write one value as what it is; text is never taken for a formula, a link or a number."""
        shape = self.formats[look]
        match value:
            case None | "":
                sheet.write_blank(row, column, None, shape)
            case bool():
                sheet.write_string(row, column, "yes" if value else "no", shape)
            case int():
                sheet.write_number(row, column, value, shape)
            case date():
                sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), self.formats["day"])  # noqa: DTZ001 — a cell has no zone
            case _:
                self._text(sheet, row, column, str(value), shape)

    def _text(self, sheet: Any, row: int, column: int, text: str, shape: Any) -> None:
        if why := unwritable(text):
            said = Text("シート「{sheet}」：{why}（{text}…）", "Sheet “{sheet}”: {why} ({text}…)")
            self.problems.append(
                Problem(
                    "interchange.unwritable",
                    said.filled(sheet=sheet.get_name(), why=why, text=text[:30]),
                    sheet.get_name(),
                )
            )
        else:
            sheet.write_string(row, column, text, shape)

    def sheet(self, name: str) -> Any:
        """Add a protected sheet."""
        sheet = self.book.add_worksheet(name)
        sheet.protect("", _ALLOWED)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return sheet

    def table(
        self, name: str, fields: Sequence[Field], rows: Iterable[Sequence[object]], *, locked: int = 1, spare: int = 0
    ) -> Any:
        """Add a sheet with three head rows and a row of values per entry; the first `locked` columns are protected.

        `spare` rows follow that are free to fill in, keys included.
        """
        sheet = self.sheet(name)
        self.head(sheet, fields)
        last = FIRST_ROW - 1
        for last, row in enumerate(rows, FIRST_ROW):
            for column, value in enumerate(row):
                self.put(sheet, last, column, value, "key" if column < locked else "open")
        for free in range(last + 1, last + 1 + spare):
            for column in range(len(fields)):
                sheet.write_blank(free, column, None, self.formats["open"])
        self._lists(sheet, fields, last + spare)
        sheet.freeze_panes(FIRST_ROW, locked)
        return sheet

    def head(self, sheet: Any, fields: Sequence[Field]) -> None:
        """Write the three rows above the content: names that are read back, headings, and how to fill in."""
        for column, field in enumerate(fields):
            sheet.set_column(column, column, field.width)
            sheet.write_string(0, column, field.name, self.formats["name"])
            sheet.write_string(1, column, f"{field.heading.ja}\n{field.heading.en}", self.formats["heading"])
            both = "" if field.help.ja == "—" else f"{field.help.ja}\n{field.help.en}"
            self.put(sheet, 2, column, both, "help")
        sheet.set_row(1, 32)
        sheet.set_row(2, 58)

    @staticmethod
    def _lists(sheet: Any, fields: Sequence[Field], last: int) -> None:
        for column, field in enumerate(fields):
            if field.choices and last >= FIRST_ROW:
                sheet.data_validation(
                    FIRST_ROW,
                    column,
                    last,
                    column,
                    {"validate": "list", "source": list(field.choices), "ignore_blank": True},
                )

    def guide(self, name: str, title: Text, lines: Iterable[Text] = GUIDE_LINES) -> None:
        """Add the sheet that says how to fill in the others."""
        sheet = self.sheet(name)
        sheet.set_column(0, 0, 4)
        sheet.set_column(1, 2, 62)
        self.put(sheet, 0, 1, title.ja, "title")
        self.put(sheet, 0, 2, title.en, "title")
        for number, line in enumerate(lines, 1):
            self.put(sheet, number + 1, 0, number, "line")
            self.put(sheet, number + 1, 1, line.ja, "line")
            self.put(sheet, number + 1, 2, line.en, "line")


def new_book(title: str) -> Book:
    """Begin a workbook; the same content gives the same file, whenever it is written."""
    target = BytesIO()
    book = xlsxwriter.Workbook(target, _OPTIONS)
    book.set_properties({"title": title[:200], "created": datetime(2000, 1, 1, tzinfo=UTC)})
    wrapped = {"text_wrap": True, "valign": "top"}
    edged = {**wrapped, "border": 1, "border_color": "#C3C8CE"}
    looks = {
        "name": {
            "font_color": "#5F6771",
            "font_size": 8,
            "bg_color": "#F3F4F6",
            "border": 1,
            "border_color": "#C3C8CE",
        },
        "heading": {**edged, "bold": True, "font_color": "#FFFFFF", "bg_color": "#1B365D"},
        "help": {**edged, "font_size": 8, "font_color": "#464D56", "bg_color": "#F3F4F6"},
        "key": {**edged, "bold": True, "bg_color": "#E7ECF3", "num_format": "@"},
        "fixed": {**edged, "bg_color": "#F3F4F6", "num_format": "@"},
        "open": {**edged, "locked": False, "num_format": "@"},
        "number": {**edged, "locked": False, "num_format": "0"},
        "day": {**edged, "locked": False, "num_format": "yyyy-mm-dd", "align": "left"},
        "title": {"bold": True, "font_size": 13, "text_wrap": True, "valign": "top"},
        "line": wrapped,
    }
    return Book(target, book, {name: book.add_format(look) for name, look in looks.items()}, [])
