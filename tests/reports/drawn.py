"""Reads a PDF as it is drawn: every piece of text with its place on the page and the glyphs that its font does not have.

A text search alone does not see a blank box, nor a line that runs over the edge of the paper or into its neighbour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any

import pikepdf

Matrix = tuple[float, float, float, float, float, float]
WHOLE: Matrix = (1, 0, 0, 1, 0, 0)


@dataclass(frozen=True)
class Piece:
    """Letters that are drawn in one go: where they begin and end on the baseline, in points from the lower left of the page."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    bold: bool
    level: bool
    missing: int


@dataclass
class _Font:
    letters: dict[int, str]
    widths: dict[int, float]
    bold: bool
    embedded: bool


@dataclass
class Page:
    """What one page shows, in the order in which it is drawn."""

    width: float
    height: float
    pieces: list[Piece]

    @property
    def body(self) -> list[Piece]:
        """What stands between head and foot."""
        return [each for each in self.pieces if 56 < each.baseline < self.height - 60]

    @cached_property
    def text(self) -> str:
        """The letters between head and foot without blanks."""
        return re.sub(r"\s+", "", "".join(each.text for each in self.body))


@dataclass
class File:
    """A file with its pages."""

    pages: list[Page]
    fonts_are_embedded: bool
    is_sound: bool

    @cached_property
    def text(self) -> str:
        """The letters of all pages between head and foot without blanks."""
        return "".join(page.text for page in self.pages)


def read(content: bytes) -> File:
    """Read a file; it is sound when it opens without a repair."""
    with pikepdf.open(BytesIO(content)) as pdf:
        fonts: dict[Any, _Font] = {}
        pages = [_page(page, fonts) for page in pdf.pages]
        return File(pages, all(font.embedded for font in fonts.values()), pdf.check_pdf_syntax() == [])


def _page(page: Any, fonts: dict[Any, _Font]) -> Page:
    left, low, right, high = (float(edge) for edge in page.mediabox)
    return Page(right - left, high - low, list(_drawn(page, page.get("/Resources"), WHOLE, fonts)))


# long: one line for each operator of a page
def _drawn(  # noqa: C901 - one branch for each operator
    stream: Any, resources: Any, start: Matrix, fonts: dict[Any, _Font]
) -> Iterator[Piece]:
    """Follow the operators that place text; what a form draws is followed too."""
    now, kept, text, font, size = start, [], WHOLE, None, 0.0
    for operands, operator in pikepdf.parse_content_stream(stream):
        name = str(operator)
        if name == "q":
            kept.append(now)
        elif name == "Q":
            now = kept.pop()
        elif name == "cm":
            now = _times(_matrix(operands), now)
        elif name == "Tf":
            font, size = _font(resources.Font[str(operands[0])], fonts), float(operands[1])
        elif name == "Tm":
            text = _matrix(operands)
        elif name == "TJ" and font is not None:
            yield _piece(operands[0], font, size, _times(text, now))
        elif name in {"Tj", "Td", "TD", "T*", "'", '"'}:
            raise AssertionError(f"the reader does not know how {name} places text")
        elif name == "Do":
            form = resources.XObject[str(operands[0])]
            if form.get("/Subtype") == "/Form":
                inner = _times(_matrix(form.get("/Matrix", WHOLE)), now)
                yield from _drawn(form, form.get("/Resources", resources), inner, fonts)


def _matrix(operands: Any) -> Matrix:
    a, b, c, d, e, f = (float(each) for each in operands)
    return a, b, c, d, e, f


def _times(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _piece(parts: Any, font: _Font, size: float, place: Matrix) -> Piece:
    letters, along, missing = [], 0.0, 0
    for part in parts:
        if not isinstance(part, pikepdf.String):
            along -= float(part)
            continue
        codes = bytes(part)
        for at in range(0, len(codes), 2):
            glyph = codes[at] << 8 | codes[at + 1]
            missing += glyph == 0
            letters.append(font.letters.get(glyph, "\ufffd"))
            along += font.widths.get(glyph, 1000.0)
    a, b, _, d, e, f = place
    ends = (e, e + a * along * size / 1000)
    return Piece("".join(letters), min(ends), max(ends), f, abs(d) * size, font.bold, abs(b) < 1e-6, missing)


def _font(found: Any, fonts: dict[Any, _Font]) -> _Font:
    key = found.objgen
    if key not in fonts:
        [inner] = found.DescendantFonts
        about = inner.FontDescriptor
        fonts[key] = _Font(
            _letters(found.ToUnicode.read_bytes().decode("ascii")),
            _widths(inner.W),
            "Bold" in str(found.BaseFont),
            bool({"/FontFile2", "/FontFile3"} & set(about.keys())),
        )
    return fonts[key]


def _letters(table: str) -> dict[int, str]:
    pairs = re.findall(r"^<([0-9a-fA-F]{4})> <([0-9a-fA-F]*)>$", table, re.MULTILINE)
    return {int(glyph, 16): bytes.fromhex(letters).decode("utf-16-be") for glyph, letters in pairs}


def _widths(given: Any) -> dict[int, float]:
    found: dict[int, float] = {}
    parts = iter(list(given))
    for first in parts:
        following = next(parts)
        for at, width in enumerate(following):
            found[int(first) + at] = float(width)
    return found
