"""An uploaded workbook is counted before it is opened: bombs, outside entities, a million cells and formulas go no further."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter

from governance.interchange.workbook import cell_name, opened
from governance.refusals import Refusal, Refusals
from tests.interchange.test_xlsx_questionnaire import rewritten

SHEET = "xl/worksheets/sheet1.xml"


def parts() -> dict[str, bytes]:
    """Return the parts of a small sound workbook, for a test to spoil one."""
    with zipfile.ZipFile(BytesIO(rewritten({"P1": [["a", "b"], ["c", 1]], "P2": [["x"]]}))) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def packed(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", method) as made:
        for name, part in parts.items():
            made.writestr(name, part)
    return target.getvalue()


def with_sheet(xml: bytes) -> bytes:
    return packed({**parts(), SHEET: xml})


def grid(cells: str, more: str = "") -> bytes:
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return (
        f'<?xml version="1.0"?><worksheet xmlns="{namespace}"><sheetData>{cells}</sheetData>{more}</worksheet>'.encode()
    )


def refused(content: bytes) -> str:
    with pytest.raises(Refusal) as caught:
        opened(content)
    assert caught.value.text.ja
    return caught.value.code.removeprefix("interchange.")


def test_a_sound_workbook_opens() -> None:
    found = opened(packed(parts()))
    assert list(found) == ["P1", "P2"]
    assert found["P1"].rows == [["a", "b"], ["c", 1.0]]
    assert found["P1"].at(5, 5) == ""


def test_cells_are_named_as_people_name_them() -> None:
    assert [cell_name(*place) for place in ((6, 3), (0, 25), (0, 26), (0, 701), (0, 702))] == [
        "D7",
        "Z1",
        "AA1",
        "ZZ1",
        "AAA1",
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_xlsx"),
        (b"PK\x03\x04 cut off", "not_xlsx"),
        (b"a,b,c\n1,2,3", "not_xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_or_locked"),
        (packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"}), "not_xlsx"),
        (packed({**parts(), "xl/vbaProject.bin": b"x"}), "macros"),
        (packed({"xl/workbook.bin": b"x"}), "macros"),
        (packed({name: part for name, part in parts().items() if name != SHEET}), "not_xlsx"),
        (with_sheet(b"<worksheet><sheetData><row"), "not_xlsx"),
        (packed({**parts(), **{f"xl/x{n}.xml": b"<x/>" for n in range(600)}}), "too_large"),
        (b"x" * 5_000_001, "too_large"),
    ],
)
def test_what_is_no_plain_workbook_is_refused(content: bytes, code: str) -> None:
    assert refused(content) == code


def test_an_archive_cut_at_any_place_is_refused_or_opens() -> None:
    whole = packed(parts())
    for end in range(0, len(whole) - 1, 97):
        with pytest.raises((Refusal, Refusals)):
            opened(whole[:end])


def test_a_flipped_byte_never_does_worse_than_a_refusal() -> None:
    whole = bytearray(packed(parts()))
    for at in range(0, len(whole), 13):
        spoilt = bytearray(whole)
        spoilt[at] ^= 0x55
        try:
            opened(bytes(spoilt))
        except (Refusal, Refusals):
            continue


def test_a_zip_bomb_is_refused_by_its_size() -> None:
    assert refused(packed({**parts(), "xl/media.xml": b"0" * 60_000_000})) == "too_large"
    assert refused(packed({**parts(), "xl/media.xml": b"<a>" + b" " * 15_000_000 + b"</a>"})) == "too_large"


def test_a_zip_that_lies_about_its_sizes_is_refused() -> None:
    content = bytearray(packed({**parts(), "xl/big.xml": b"<a>" + b" " * 19_000_000 + b"</a>"}))
    size = (19_000_007).to_bytes(4, "little")
    while (at := content.find(size)) >= 0:
        content[at : at + 4] = (7).to_bytes(4, "little")
    assert refused(bytes(content)) in ("not_xlsx", "too_large")


def test_one_name_twice_in_the_archive_is_refused() -> None:
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, part in parts().items():
            made.writestr(name, part)
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr(SHEET, grid(""))
    assert refused(target.getvalue()) == "not_xlsx"


@pytest.mark.parametrize(
    "doctype",
    [
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;">]>',
    ],
)
@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "[Content_Types].xml"])
def test_a_document_type_is_refused_wherever_it_stands(doctype: bytes, part: str) -> None:
    whole = parts()
    head, _, rest = whole[part].partition(b"?>")
    whole[part] = head + b"?>" + doctype + rest
    assert refused(packed(whole)) == "dtd"


def test_a_million_cells_are_refused() -> None:
    rows = "".join(f'<row r="{row}">{"<c/>" * 1000}</row>' for row in range(1, 1001))
    assert refused(with_sheet(grid(rows))) == "too_large"


@pytest.mark.parametrize(
    "cells",
    [
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        '<row r="1048576"><c><v>1</v></c></row><row r="1"><c r="XFD1"><v>1</v></c></row>',
        '<row r="9999999"><c r="ZZZ9999999"><v>1</v></c></row>',
    ],
)
def test_a_few_cells_far_apart_are_refused(cells: str) -> None:
    assert refused(with_sheet(grid(cells))) == "too_large"


def test_one_long_text_shared_by_many_cells_is_refused() -> None:
    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    sheet = book.add_worksheet("P1")
    for row in range(2000):
        sheet.write_string(row, 0, "x" * 30_000)
    book.close()
    assert refused(target.getvalue()) == "too_large"


def test_formulas_are_refused_by_sheet_and_cell_and_not_evaluated() -> None:
    content = with_sheet(
        grid(
            '<row r="7"><c r="D7"><f>1+1</f><v>2</v></c></row><row r="8"><c r="B8" t="str"><f>A1</f><v>x</v></c></row>'
        )
    )
    with pytest.raises(Refusals) as caught:
        opened(content)
    assert [problem.place for problem in caught.value.problems] == ["P1!D7", "P1!B8"]
    assert "シート「P1」のセル D7" in caught.value.problems[0].text.ja
    assert "Sheet “P1”, cell D7" in caught.value.problems[0].text.en


def test_merged_cells_are_refused_by_sheet_and_cell() -> None:
    with pytest.raises(Refusals) as caught:
        opened(with_sheet(grid('<row r="1"><c r="A1"/></row>', '<mergeCells><mergeCell ref="A1:B2"/></mergeCells>')))
    assert [problem.place for problem in caught.value.problems] == ["P1!A1:B2"]


def test_readings_of_japanese_words_are_no_part_of_the_text() -> None:
    whole = parts()
    strings = whole["xl/sharedStrings.xml"].replace(
        b"<si><t>a</t></si>", '<si><t>漢字</t><rPh sb="0" eb="2"><t>カンジ</t></rPh></si>'.encode()
    )
    assert opened(packed({**whole, "xl/sharedStrings.xml": strings}))["P1"].rows[0][0] == "漢字"


HOSTILE = {
    "bomb": lambda: packed({**parts(), "xl/media.xml": b"0" * 60_000_000}),
    "cells": lambda: with_sheet(grid("".join(f'<row r="{r}">{"<c/>" * 1000}</row>' for r in range(1, 3001)))),
    "deep": lambda: with_sheet(b"<a>" * 3_000_000),
    "attributes": lambda: with_sheet(b"<a " + b" ".join(b'a%d="1"' % n for n in range(900_000)) + b"/>"),
    "shared": lambda: packed({**parts(), "xl/sharedStrings.xml": b"<sst>" + b"<si/>" * 3_000_000 + b"</sst>"}),
}
PROGRAM = """
import resource, sys, time
from pathlib import Path
from governance.interchange.workbook import opened
from governance.refusals import Refusal, Refusals
resource.setrlimit(resource.RLIMIT_AS, (1_000_000_000, 1_000_000_000))
for name in sys.argv[1:]:
    start = time.process_time()
    try:
        opened(Path(name).read_bytes())
    except (Refusal, Refusals):
        pass
    print(time.process_time() - start)
"""


def test_hostile_files_cost_bounded_time_and_memory(tmp_path: Path) -> None:
    for name, content in HOSTILE.items():
        (tmp_path / name).write_bytes(content())
    files = [str(tmp_path / name) for name in HOSTILE]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *files], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert [seconds for seconds in map(float, done.stdout.split()) if seconds > 5] == []
