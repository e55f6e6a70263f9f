"""Readings as CSV: what a spreadsheet in Japan writes is read, line by line, and what is wrong is named by its line.

A file is UTF-8 (with or without its mark), UTF-16 with its mark, or CP932; separated by commas, semicolons or tabs; with or without a
head. Nothing is guessed about a value: a line that cannot be read refuses the file, and nothing is stored (assurance.md T9).
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from governance.monitoring import rules
from governance.monitoring.indicators import MOST_NOTE, folded, names_of
from governance.monitoring.models import Indicator
from governance.monitoring.readings import MOST_READINGS, Entry
from governance.refusals import Refusal
from governance.texts import Text

MOST_BYTES = 2 * 1024 * 1024
MOST_NAMED = 100
"""Lines with a fault that are named; a file with ten thousand is told about a hundred."""

HEADS = {
    "indicator": ("指標", "指標番号", "記号", "indicator", "code"),
    "at": ("日時", "測定日時", "測定日", "日付", "at", "time", "date", "datetime", "timestamp"),
    "value": ("値", "測定値", "value", "reading"),
    "note": ("メモ", "備考", "note", "remark"),
}
_COLUMN = {name.casefold(): column for column, names in HEADS.items() for name in names}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a line."""

    line: int
    text: Text


@dataclass
class Sheet:
    """What a file holds: entries with the lines they stand in, and the faults that keep it from being stored."""

    entries: list[Entry] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    count: int = 0


# ---------------------------------------------------------------- reading


def read(
    content: bytes, indicators: Sequence[Indicator], zone: tzinfo, now: datetime, only: Indicator | None = None
) -> Sheet:
    """Read a file; `only` is the indicator of a file without a column for it. Raises Refusal when it is no such file at all."""
    rows = _rows(decoded(content))
    table, sheet = _table(rows, indicators, only), Sheet()
    for line, cells in rows:
        sheet.count += 1
        if sheet.count > MOST_READINGS:
            raise _refusal("many", "1つのファイルに{n}行までです。", "At most {n} lines in one file.", n=MOST_READINGS)
        try:
            sheet.entries.append(_entry(cells, table, zone, now))
            sheet.lines.append(line)
        except Refusal as refused:
            sheet.faults.append(Fault(line, refused.text))
    if not sheet.count:
        raise _refusal("empty", "測定値が1行もありません。", "There is no line with a reading.")
    return sheet


def decoded(content: bytes) -> str:
    """Return the text of a file. Raises Refusal for a workbook, an image or any other file that is no text."""
    if len(content) > MOST_BYTES:
        raise _refusal("large", "ファイルが大きすぎます。2MBまでです。", "The file is too large; at most 2 MB.")
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise _refusal(
            "workbook",
            "これはExcelのブックです。「CSV UTF-8」で保存し直してください。",
            "This is a workbook; save it as “CSV UTF-8”.",
        )
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _refusal(
        "encoding",
        "文字を読み取れません。UTF-8かシフトJIS（CP932）のCSVで保存し直してください。",
        "The characters cannot be read; save the file as CSV in UTF-8 or Shift JIS (CP932).",
    )


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Return the rows that hold something, with the lines they begin in."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    separator = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows, begins = [], 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise _refusal(
            "quotes",
            "{line}行目の引用符が閉じていないか、位置が誤っています。",
            "The quotes in line {line} are not closed or stand wrongly.",
            line=begins,
        ) from error
    return rows


@dataclass(frozen=True)
class _Table:
    """Where each column stands, how many there are, and the indicators by everything they are called."""

    places: Mapping[str, int]
    width: int
    names: Mapping[str, Indicator]
    only: Indicator | None


def _table(rows: list[tuple[int, list[str]]], indicators: Sequence[Indicator], only: Indicator | None) -> _Table:
    """Read the head and take it away; without one the usual order of columns is taken."""
    usual = ["at", "value", "note"] if only else ["indicator", "at", "value", "note"]
    names = names_of(indicators)
    head = [_COLUMN.get(folded(cell), "") for cell in rows[0][1]] if rows else []
    if not any(head):
        return _Table({name: place for place, name in enumerate(usual)}, len(usual), names, only)
    line, _ = rows.pop(0)
    if any(head.count(name) > 1 for name in HEADS) or not set(usual[:-1]) <= set(head):
        raise _refusal(
            "head",
            "{line}行目の見出しに、次の列が1つずつ必要です：{names}。",
            "The head in line {line} needs one column each of: {names}.",
            line=line,
            names=Text("、".join(HEADS[n][0] for n in usual[:-1]), ", ".join(n for n in usual[:-1])),
        )
    return _Table({name: head.index(name) for name in HEADS if name in head}, len(head), names, only)


_THOUSANDS = re.compile(r"[0-9]{3}(\.[0-9]+)?")


def _entry(cells: Sequence[str], table: _Table, zone: tzinfo, now: datetime) -> Entry:
    given = {name: cells[place].strip() if place < len(cells) else "" for name, place in table.places.items()}
    note = given.get("note", "")
    if any(cell.strip() for cell in cells[table.width :]) or _THOUSANDS.fullmatch(unicodedata.normalize("NFKC", note)):
        raise _refusal(
            "cells",
            "列が多すぎるか、値が桁区切りのカンマで分かれています。1,234.5 は引用符で囲むか、1234.5 と書いてください。",
            "There are too many columns, or a value was split at its comma; quote 1,234.5 or write 1234.5.",
        )
    one = table.names.get(folded(given["indicator"])) if given.get("indicator") else table.only
    if one is None or (table.only is not None and one.id != table.only.id):
        raise _refusal("indicator", "この指標はありません。", "There is no such indicator.")
    return Entry(one, rules.moment(given["at"], zone, now), rules.exact(given["value"], unit=one.unit), _note(note))


def _note(text: str) -> str:
    """Return a note as it was written: the apostrophe with which our own files keep a spreadsheet from reckoning is taken off."""
    text = text[1:] if text.startswith("'") and text[1:2] in _RECKONED else text
    if len(text) > MOST_NOTE:
        raise _refusal("note", "メモが長すぎます。", "The note is too long.")
    return text


def _refusal(code: str, ja: str, en: str, **values: object) -> Refusal:
    return Refusal(f"monitoring.csv_{code}", ja, en, place="file", **values)


# ---------------------------------------------------------------- carrying what was looked at


def payload(entries: Iterable[Entry]) -> str:
    """Return entries as the text that a page carries from the preview to the act."""
    rows = [[e.indicator.id, e.at.astimezone(UTC).isoformat(), e.value, e.note] for e in entries]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def carried(text: str, indicators: Sequence[Indicator], now: datetime) -> list[Entry]:
    """Return the entries of a payload, checked anew. Raises Refusal for one that no page of ours has sent."""
    known = {row.id: row for row in indicators}
    try:
        rows = [[rules.storable(str(cell)) for cell in row] for row in json.loads(text)]
        entries = [
            Entry(known[id], rules.moment(at, None, now), rules.exact(value), _note(note))
            for id, at, value, note in rows
        ]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _refusal(
            "payload", "内容を読み取れません。もう一度ファイルを選んでください。", "Choose the file again."
        ) from error
    return entries


# ---------------------------------------------------------------- writing

_RECKONED = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def safe(cell: str) -> str:
    """Return a cell of text that no spreadsheet takes for a formula (assurance.md T9)."""
    return f"'{cell}" if cell.startswith(_RECKONED) else cell


def written(rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows as CSV that Excel in Japan opens: UTF-8 with its mark and CRLF. Cells of text are made `safe` by the caller."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode("utf-8-sig")
