"""Opening a workbook somebody uploaded, without trusting it: everything is counted before a spreadsheet library sees it.

An .xlsx file is a zip of XML. A small file can unpack to gigabytes, a single cell in the last corner can make a reader allocate the
whole grid, and a DTD can reach out to other files (assurance.md T14). So each part is unpacked with a limit, walked once with expat,
which stops at the first DTD or at too many cells, and only what was counted is packed anew and handed to calamine. Formulas and merged
cells are refused by their place and never evaluated.
"""

from __future__ import annotations

import math
import posixpath
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import islice
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

from governance.refusals import Problem, Refusal, Refusals
from governance.texts import Text

MAX_FILE = 5_000_000
MAX_PARTS = 500
MAX_UNPACKED = 20_000_000
MAX_RATIO = 200
MAX_CELLS = 100_000
MAX_TEXT = 20_000_000
ENCODING = "UTF-8"
"""How every part is read, whatever it declares: programs that write .xlsx use nothing else."""
MAX_NAMED = 20
"""How many cells of one fault are named; a file with a thousand formulas is told about twenty."""

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
Value = str | float | int | bool | date | datetime | time | timedelta
"""What a cell holds; "" when it is empty."""


@dataclass(frozen=True)
class Grid:
    """The values of one sheet by row and column, both counted from 0 at A1; ragged rows read as empty."""

    name: str
    rows: list[list[Value]]

    def at(self, row: int, column: int) -> Value:
        """Return what a cell holds, "" outside of what was filled in."""
        if row < len(self.rows) and column < len(self.rows[row]):
            return self.rows[row][column]
        return ""


def cell_name(row: int, column: int) -> str:
    """Return the name of a cell whose row and column are counted from 0: (6, 3) is D7."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def cell_problem(code: str, sheet: str, cell: str, text: Text) -> Problem:
    """Return a problem that names sheet and cell in its sentence and in its place (`P1!D7`)."""
    said = Text("シート「{sheet}」のセル {cell}：{text}", "Sheet “{sheet}”, cell {cell}: {text}")
    return Problem(f"interchange.{code}", said.filled(sheet=sheet, cell=cell, text=text), f"{sheet}!{cell}")


def opened(content: bytes) -> dict[str, Grid]:
    """Return the sheets of an uploaded workbook by name, in order.

    Raises Refusal when it is no plain .xlsx file or too large, Refusals naming the cells with formulas or merged cells.
    """
    parts = _unpacked(content)
    Refusals.raise_any(_faults(parts, _counted(parts)))
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(_packed(parts)))
        grids = {
            name: Grid(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names
        }
    except (CalamineError, ValueError, OverflowError) as error:
        raise _broken() from error
    Refusals.raise_any([problem for grid in grids.values() for problem in _endless(grid)])
    return grids


def _endless(grid: Grid) -> list[Problem]:
    """Return the cells whose number is beyond every bound (1e999), as far as they are named."""
    text = Text("数値が大きすぎます。", "The number is too large.")
    found = (
        cell_problem("number", grid.name, cell_name(row, column), text)
        for row, values in enumerate(grid.rows)
        for column, value in enumerate(values)
        if isinstance(value, float) and not math.isfinite(value)
    )
    return list(islice(found, MAX_NAMED))


# ---------------------------------------------------------------- the zip


def _unpacked(content: bytes) -> dict[str, bytes]:
    """Return the XML parts of the file, unpacked within the limits."""
    if len(content) > MAX_FILE:
        raise _too_large()
    if content.startswith(OLE):
        raise Refusal(
            "interchange.old_or_locked",
            "古い形式（.xls）か、パスワード付きのファイルです。パスワードを外し、.xlsx形式で保存し直してください。",
            "This is an old .xls file or one with a password. Remove the password and save it as .xlsx.",
        )
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            return _parts(packed, len(content))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise _broken() from error


def _parts(packed: zipfile.ZipFile, size: int) -> dict[str, bytes]:
    listed = packed.infolist()
    names = [each.filename for each in listed]
    _must_be_xlsx(names)
    whole = sum(each.file_size for each in listed)
    if len(listed) > MAX_PARTS or whole > MAX_UNPACKED or whole > max(1_000_000, MAX_RATIO * size):
        raise _too_large()
    if len(set(names)) != len(names):
        raise _broken()
    parts: dict[str, bytes] = {}
    left = MAX_UNPACKED
    for each in listed:
        if not each.filename.endswith((".xml", ".rels")):
            continue
        with packed.open(each) as part:
            parts[each.filename] = part.read(left + 1)
        left -= len(parts[each.filename])
        if left < 0:
            raise _too_large()
    return parts


def _must_be_xlsx(names: list[str]) -> None:
    if any(name.endswith(("vbaProject.bin", "xl/workbook.bin")) for name in names):
        raise Refusal(
            "interchange.macros",
            "マクロ付き（.xlsm）またはバイナリ形式（.xlsb）は読み込めません。.xlsx形式で保存し直してください。",
            "Workbooks with macros (.xlsm) and binary ones (.xlsb) are refused; save the file as .xlsx.",
        )
    if "xl/workbook.xml" not in names:
        raise _broken()


def _packed(parts: Mapping[str, bytes]) -> bytes:
    """Pack what was counted, and nothing else: the library reads the very bytes that were looked at."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        for name, part in parts.items():
            packed.writestr(name, part)
    return target.getvalue()


def _too_large() -> Refusal:
    return Refusal(
        "interchange.too_large",
        "ファイルが大きすぎます（ファイル5 MB、展開後20 MB、セル10万個まで）。",
        "The file is too large (at most 5 MB, 20 MB unpacked, 100,000 cells).",
    )


def _broken() -> Refusal:
    return Refusal(
        "interchange.not_xlsx",
        "Excelブック（.xlsx）として読めません。壊れていないか、形式が.xlsxかを確かめてください。",
        "This cannot be read as an Excel workbook (.xlsx). Check that it is whole and of that format.",
    )


# ---------------------------------------------------------------- the XML


@dataclass
class _Counted:
    """What the walk through all parts found; formulas and merged cells by the part they lie in."""

    cells: int = 0
    text: int = 0
    lengths: list[int] = field(default_factory=list)
    formulas: dict[str, list[str]] = field(default_factory=dict)
    merged: dict[str, list[str]] = field(default_factory=dict)


class _Forbidden(Exception):
    """A DTD was met: nothing more of this file is read."""


def _counted(parts: Mapping[str, bytes]) -> _Counted:
    found = _Counted()
    try:
        # texts that many cells share come first: each sheet then counts what its cells would hold
        for name in sorted(parts, key=lambda each: "sharedStrings" not in each):
            _Walk(name, found).read(parts[name])
    except expat.ExpatError as error:
        raise _broken() from error
    except _Forbidden as error:
        raise Refusal(
            "interchange.dtd",
            "文書型宣言（DTD）を含むファイルは読み込めません。Excelで開いて保存し直してください。",
            "Files with a document type declaration (DTD) are refused. Open it in Excel and save it again.",
        ) from error
    return found


class _Walk:
    """One walk through one part: counts cells, the area they span and the text they hold; notes formulas and merged cells."""

    def __init__(self, name: str, found: _Counted) -> None:
        self.name, self.found = name, found
        self.row = self.column = self.last_row = self.last_column = 0
        self.cells = 0
        self.shares = self.inside = False
        self.number: list[str] = []

    def read(self, xml: bytes) -> None:
        parser = expat.ParserCreate(ENCODING)
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.Parse(xml, True)
        self.found.cells += max(self.cells, self.last_row * self.last_column)
        self._check()

    def _check(self) -> None:
        if (
            max(self.found.cells, self.last_row * self.last_column, self.cells) > MAX_CELLS
            or self.found.text > MAX_TEXT
        ):
            raise _too_large()

    def _doctype(self, *_: object) -> None:
        raise _Forbidden

    def _start(self, name: str, given: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "row":
                self.row, self.column = _whole(given.get("r")) or self.row + 1, 0
            case "c":
                self._cell(given)
            case "f":
                self._note(self.found.formulas, cell_name(self.row - 1, self.column - 1))
            case "mergeCell":
                self._note(self.found.merged, given.get("ref", "")[:20])
            case "si":
                self.found.lengths.append(0)
            case "v":
                self.inside, self.number = True, []
            case "t":
                self.inside = True

    def _cell(self, given: dict[str, str]) -> None:
        place = re.fullmatch(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})", given.get("r", ""))
        self.row = int(place[2]) if place else max(self.row, 1)
        self.column = _column(place[1]) if place else self.column + 1
        self.last_row, self.last_column = max(self.last_row, self.row), max(self.last_column, self.column)
        self.cells += 1
        self.shares = given.get("t") == "s"
        self._check()

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2] == "v" and self.shares:
            number = _whole("".join(self.number))
            self.found.text += (
                self.found.lengths[number] if number is not None and number < len(self.found.lengths) else 0
            )
            self._check()
        self.inside = False

    def _text(self, text: str) -> None:
        if not self.inside:
            return
        if self.found.lengths and not self.cells:
            self.found.lengths[-1] += len(text)
        self.number.append(text)

    def _note(self, places: dict[str, list[str]], cell: str) -> None:
        noted = places.setdefault(self.name, [])
        if len(noted) < MAX_NAMED and "worksheets/" in self.name:
            noted.append(cell)


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else None


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


# ---------------------------------------------------------------- formulas and merged cells, by the name of the sheet


def _faults(parts: Mapping[str, bytes], counted: _Counted) -> list[Problem]:
    formula = Text(
        "数式は使えません。値を貼り付け直してください（数式は計算していません）。",
        "Formulas are refused; paste the value instead. It was not evaluated.",
    )
    merged = Text("セルの結合を解除してください。", "Unmerge these cells.")
    names = _sheet_names(parts)
    return [
        cell_problem(code, names.get(part, part), cell, text)
        for code, found, text in (("formula", counted.formulas, formula), ("merged", counted.merged, merged))
        for part, cells in found.items()
        for cell in cells
    ]


def _sheet_names(parts: Mapping[str, bytes]) -> dict[str, str]:
    """Return part name → sheet name, as the workbook relates them."""
    targets = {
        given.get("Id", ""): posixpath.normpath(posixpath.join("/xl", given.get("Target", "")))[1:]
        for given in _elements(parts.get("xl/_rels/workbook.xml.rels", b"<x/>"), "Relationship")
    }
    return {
        targets.get(next((value for key, value in given.items() if key.endswith(":id")), ""), ""): given.get("name", "")
        for given in _elements(parts["xl/workbook.xml"], "sheet")
    }


def _elements(xml: bytes, wanted: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    parser = expat.ParserCreate(ENCODING)
    parser.StartElementHandler = lambda name, given: found.append(given) if name.rpartition(":")[2] == wanted else None
    parser.Parse(xml, True)
    return found
