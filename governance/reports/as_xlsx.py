"""The record of a report as a workbook: every value of it stands in one cell, so that its figures can be counted on.

The first sheet holds what stands once, by its place in the record; every list of the record is a sheet of its own, one row for each
entry, with the place it was found at in front. Sentences of the product have a column for each language of the report. Nothing is
a formula or a link, and a text that looks like one stays the text it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from governance.reports.visible import visible

LONGEST_CELL = 32_767
_LONGEST_NAME = 31
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_format_properties": {"font_name": "Yu Gothic", "font_size": 10},
}
Row = dict[str, Any]


def as_xlsx(record: Mapping[str, Any], *, title: str, at: datetime) -> bytes:
    """Return the workbook of a record."""
    target = BytesIO()
    book = xlsxwriter.Workbook(target, _OPTIONS)
    book.set_properties({"title": visible(title), "created": at.replace(tzinfo=None)})
    looks = {
        "head": book.add_format({"bold": True, "bottom": 1}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    names: set[str] = set()
    for name, rows in sheets(record).items():
        _write(book.add_worksheet(_named(name, names)), rows, looks)
    book.close()
    return target.getvalue()


def sheets(record: Mapping[str, Any]) -> dict[str, list[Row]]:
    """Return the sheets of a record by their names: `record`, then its lists in the order they are met."""
    found: dict[str, list[Row]] = {"record": []}
    once = _row(record, "", "", found)
    found["record"] = [{"place": place, "value": value} for place, value in once.items()]
    return found


def _row(value: Mapping[str, Any], sheet: str, place: str, found: dict[str, list[Row]]) -> Row:
    """Return what stands in one entry, nested objects by dotted names; its lists go to sheets of their own."""
    row: Row = {}
    for key, inner in value.items():
        name = f"{sheet}.{key}" if sheet else key
        if isinstance(inner, Mapping):
            told = _row(inner, name, f"{place}.{key}" if place else key, found)
            row |= {f"{key}.{more}" if more else key: each for more, each in told.items()}
        elif isinstance(inner, Sequence) and not isinstance(inner, str):
            _list(inner, name, f"{place}.{key}" if place else key, found)
        else:
            row[key] = inner
    return row


def _list(values: Sequence[Any], sheet: str, place: str, found: dict[str, list[Row]]) -> None:
    rows = found.setdefault(sheet, [])
    for number, each in enumerate(values, start=1):
        here = f"{place}[{number}]"
        row: Row = {"place": here}
        rows.append(row)
        if isinstance(each, Mapping):
            row |= _row(each, sheet, here, found)
        elif isinstance(each, Sequence) and not isinstance(each, str):
            _list(each, sheet, here, found)
        else:
            row["value"] = each


def _named(name: str, used: set[str]) -> str:
    """Return a name that a sheet may have and no other sheet of the book has."""
    plain = re.sub(r"[\[\]:*?/\\']", "-", name)
    short = plain if len(plain) <= _LONGEST_NAME else f"…{plain[1 - _LONGEST_NAME :]}"
    for number in range(2, 1000):
        if short.casefold() not in used:
            break
        short = f"{short[: _LONGEST_NAME - 4]}~{number}"
    used.add(short.casefold())
    return short


def _write(sheet: Any, rows: Sequence[Row], looks: Mapping[str, Any]) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row)) or ["place"]
    sheet.write_row(0, 0, columns, looks["head"])
    sheet.freeze_panes(1, 1)
    for number, row in enumerate(rows, start=1):
        for column, value in _cells(row, columns):
            _cell(sheet, number, column, value, looks["text"])
    for column, name in enumerate(columns):
        longest = max((len(str(row.get(name) or "")) for row in rows), default=0)
        sheet.set_column(column, column, min(60, max(len(name), longest) + 2))
    if rows:
        sheet.autofilter(0, 0, len(rows), len(columns) - 1)


def _cells(row: Row, columns: Sequence[str]) -> Iterator[tuple[int, Any]]:
    return ((column, row[name]) for column, name in enumerate(columns) if row.get(name) is not None)


def _cell(sheet: Any, row: int, column: int, value: Any, look: Any) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value, look)
    elif isinstance(value, int):
        sheet.write_number(row, column, value, look)
    else:
        sheet.write_string(row, column, _fitting(str(value)), look)


def _fitting(text: str) -> str:
    """Return what a cell can hold; a text that is longer ends with how much is missing and where it stands in full."""
    shown = visible(text)
    if len(shown.encode("utf-16-le")) // 2 <= LONGEST_CELL:
        return shown
    return f"{shown[: LONGEST_CELL // 2 - 80]}……〔全文は record.json / the whole text is in record.json〕"
