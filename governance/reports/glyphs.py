"""Which letters the shipped fonts can draw, because a report may show a missing letter as its number but never as a blank box.

An emoji or a rare script in an answer would be drawn as `.notdef`, which PDF/A forbids and a reader cannot read; letters that
turn the direction of reading or draw nothing could make a page say something else than the record. All of these are printed as
〔U+1F600〕; the attached record keeps the text as it was entered.
"""

from __future__ import annotations

import functools
import unicodedata

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

from governance import fonts

# Joiners and variation selectors choose a form of the letter before them and are drawn with it.
_FORM_SELECTORS = frozenset({0x200C, 0x200D, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)})
_LAYOUT = frozenset(map(ord, "\n\t"))
# Where a line may or may not break: nothing is lost without them.
_BREAKS = frozenset({0x00AD, 0x200B, 0x2060, 0xFEFF})


@functools.cache
def drawn() -> frozenset[int]:
    """Return the code points that every shipped font file has a glyph for."""
    tables = []
    for file in fonts.FILES:
        with TTFont(file, lazy=True) as font:
            tables.append(frozenset(font.getBestCmap()))
    return frozenset.intersection(*tables)


@functools.cache
def _replacement(letter: str) -> str | None:
    """Return what to print instead of one letter; nothing when it can be printed as it is."""
    code = ord(letter)
    if code in _LAYOUT or code in _FORM_SELECTORS:
        return None
    if code in _BREAKS:
        return ""
    if code in drawn() and unicodedata.category(letter) not in {"Cc", "Cf"}:
        return None
    return f"〔U+{code:04X}〕"


def printable(text: str) -> str:
    """Return the text with every letter that cannot be drawn, or would not be seen, as its number."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    table = {ord(letter): shown for letter in set(plain) if (shown := _replacement(letter)) is not None}
    return plain.translate(table) if table else plain
