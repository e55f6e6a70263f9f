"""Files of readings: what spreadsheets in Japan write is read, and whatever is wrong is named by its line or refused at once."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.monitoring import csv_files
from governance.monitoring.csv_files import Sheet
from governance.monitoring.models import Indicator
from governance.refusals import Refusal

TOKYO, NOW = ZoneInfo("Asia/Tokyo"), datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
FIRST = Indicator(id="i-1", number=1, name="正解率", name_en="Accuracy", unit="%")
SECOND = Indicator(id="i-2", number=2, name="応答時間", name_en="", unit="ms")
OLD = Indicator(id="i-3", number=3, name="旧指標", name_en="", unit="", retired_at=NOW)


def read(content: bytes | str, only: Indicator | None = None) -> Sheet:
    raw = content.encode() if isinstance(content, str) else content
    return csv_files.read(raw, [FIRST, SECOND, OLD], TOKYO, NOW, only)


def values(sheet: Sheet) -> list[tuple[str, str, str]]:
    return [(e.indicator.code, e.at.date().isoformat(), e.value) for e in sheet.entries]


PLAIN = "指標,日時,値,メモ\r\nK1,2026-11-01,96.2,夜間\r\nK2,2026-11-02 14:05,184,\r\n"
READ = [("K1", "2026-11-01", "96.2"), ("K2", "2026-11-02", "184")]


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("cp932"),
        PLAIN.encode("utf-16"),
        PLAIN.replace(",", "\t").encode("utf-16"),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace("\r\n", "\n\n").encode(),
        PLAIN.split("\r\n", 1)[1].encode(),
        "ｃｏｄｅ,Date,VALUE\nk1,2026/11/1,９６．２％\n応答時間,20261102,184ms\n".encode(),
        "メモ,値,測定日,指標\n,96.2,2026年11月1日,accuracy\n,184,2026-11-02,K2\n".encode(),
        b'K1,2026-11-01,"96.20","a\nb"\nK2,2026-11-02,184\n',
    ],
)
def test_a_file_is_read_as_spreadsheets_write_it(content: bytes) -> None:
    sheet = read(content)
    assert sheet.faults == []
    assert values(sheet) == READ


def test_a_file_of_one_indicator_needs_no_column_for_it() -> None:
    assert values(read("2026-11-01,96.2\n", FIRST)) == [READ[0]]
    assert read("K2,2026-11-01,96.2\n", FIRST).faults[0].line == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("K1,2026-02-30,96", "no such time"),
        ("K1,2026-12-01,96", "still to come"),
        ("K1,昨日,96", "not a time"),
        ("K1,2026-11-01,NaN", "not a number"),
        ("K1,2026-11-01,1e999", "power"),
        ("K1,2026-11-01,1.23E+05", "power"),
        ("K1,2026-11-01,", "not a number"),
        ("K9,2026-11-01,96", "no such indicator"),
        ("K3,2026-11-01,96", "no such indicator"),
        ("K1,2026-11-01,1,234.5", "split at its comma"),
        ("K1,2026-11-01,96,a,b", "too many columns"),
        ("K1", "not a time"),
        ("K1,2026-11-01,96," + "x" * 2001, "too long"),
    ],
)
def test_what_is_wrong_is_named_by_its_line(line: str, words: str) -> None:
    sheet = read(f"指標,日時,値,メモ\nK1,2026-11-03,96,\n\n{line}\nK1,2026-11-04,96,\n")
    assert [fault.line for fault in sheet.faults] == [4]
    assert words in sheet.faults[0].text.en


def test_lines_are_counted_through_quoted_breaks() -> None:
    assert read('K1,2026-11-01,96,"a\nb\nc"\nK1,2026-11-02,x,\n').faults[0].line == 4


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        "指標,日時,値\n".encode(),
        "指標,値\nK1,96\n".encode(),
        "日時,日時,指標,値\n".encode(),
        b"PK\x03\x04rest",
        b"\xd0\xcf\x11\xe0rest",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"K1,2026-11-01,96\x00\n",
        b"\xff\xff\xff\x80",
        b'K1,2026-11-01,"96\n' * 3,
        b'K1,2026-11-01,"9"6\n',
        b"x" * (2 * 1024 * 1024 + 1),
        b"K1,2026-11-01,96\n" * 20_001,
        b"a" * 200_000,
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_file_of_readings_is_refused_at_once(content: bytes) -> None:
    start = time.perf_counter()
    with suppress(Refusal):
        assert read(content).faults
    assert time.perf_counter() - start < 10


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(Refusal):
        read(content)


def test_ten_thousand_lines_are_read_quickly() -> None:
    lines = "".join(
        f"K1,2026-{1 + n % 10:02}-{1 + n % 28:02} {n % 24}:{n % 60:02}:{n % 59:02},{n}.5\n" for n in range(10_000)
    )
    start = time.perf_counter()
    assert len(read(lines).entries) == 10_000
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "＝1", "－1", "＠x", "\t1", "\r1"])
def test_text_that_a_spreadsheet_would_reckon_is_kept_as_text_and_comes_back(text: str) -> None:
    assert csv_files.safe(text) == f"'{text}"
    line = csv_files.written([["K1", "2026-11-01", "96", csv_files.safe(text)]])
    assert read(line).entries[0].note == text


def test_what_was_looked_at_comes_back_as_it_was() -> None:
    sheet = read(PLAIN)
    again = csv_files.carried(csv_files.payload(sheet.entries), [FIRST, SECOND], NOW)
    assert again == sheet.entries
