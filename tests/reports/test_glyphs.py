"""Letters that the shipped fonts lack, or that would hide, are shown as their number."""

from __future__ import annotations

import pytest

from governance.reports.glyphs import printable


@pytest.mark.parametrize("text", ["𠮷田・髙橋 ㈱ ◎○△× ●◐ ★ – “quoted” ½ 92 %", "a\n\tb", "葛\U000e0100城", "神\ufe00"])
def test_what_the_fonts_can_draw_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("よし😀", "よし〔U+1F600〕"),
        ("مرحبا"[:1], "〔U+0645〕"),
        ("right\u202eleft", "right〔U+202E〕left"),
        ("null\x00", "null〔U+0000〕"),
        ("soft\u00adhy\u200bphen\ufeff", "softhyphen"),
        ("a\r\nb\rc", "a\nb\nc"),
    ],
)
def test_what_could_not_be_read_is_named(text: str, shown: str) -> None:
    assert printable(text) == shown
