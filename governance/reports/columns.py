"""Widths for the columns of a table whose paper does not say them: short cells get what they need, long texts share the rest.

The papers of the meeting room are frozen as plain rows; without this a date would take as much of the page as the text of a condition.
"""

from __future__ import annotations

from collections.abc import Sequence

from governance.reports.charts import extent
from governance.reports.words import Words, side

WIDTHS = (12, 14, 16, 18, 20, 22, 24, 26, 30, 34)
"""Millimetres for which the stylesheet has a class."""
_LETTER = 2.9
_PADDING = 3.0
_LONG = 60.0
_MOST = 116
"""Of the 168 mm of a page, what short cells may take together."""


def widths(head: Sequence[Words], rows: Sequence[Sequence[Words]]) -> list[int | None]:
    """Return a width in millimetres for each column; none for those that share what is left, of which there is always one."""
    needs = [
        max(_needed(name), *(_needed(row[at]) for row in rows)) if rows else _needed(name)
        for at, name in enumerate(head)
    ]
    free = {at for at, need in enumerate(needs) if need > _LONG} or {needs.index(max(needs))}
    for widest in reversed(WIDTHS):
        made = [None if at in free else _fitting(need, widest) for at, need in enumerate(needs)]
        if sum(width or 0 for width in made) <= _MOST:
            break
    return made


def _needed(words: Words) -> float:
    """Return how wide the longest line of some words is."""
    lines = [line for locale in ("ja", "en") for line in side(words, locale).splitlines()]
    return max(map(extent, lines), default=1) * _LETTER + _PADDING


def _fitting(need: float, widest: int) -> int:
    return min(widest, next((width for width in WIDTHS if width >= need), WIDTHS[-1]))
