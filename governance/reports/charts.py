"""The geometry of the charts: where each mark of a heat map, radar or matrix stands, for any number of items and levels.

The SVG macros only draw what is computed here, so the numbers of a chart can be compared with its table in a test, and a page
can draw the same chart with its own stylesheet. Nothing is imported from the rest of the product.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# From the palest to the darkest level; four levels use these as they are, other numbers step along the same ramp.
_RAMP = ((0xF6, 0xF4, 0xEF), (0xE3, 0xCF, 0x9F), (0x9A, 0x4F, 0x22), (0x4D, 0x10, 0x10))
_DARK, _LIGHT, _EDGE = "#16191d", "#ffffff", "#8e8672"
_WIDE_FROM = 0x2E80  # from here on a letter is as wide as the type is high
_NARROW = 0.57
_SMALLEST = 4.5
_TWO_LINES = 30.0


@dataclass(frozen=True)
class Tone:
    """Ground, ink and edge of one level; lightness falls with the rank, so the order survives a black-and-white print."""

    ground: str
    ink: str
    edge: str


def tones(count: int) -> list[Tone]:
    """Return one tone for each of `count` levels, lowest first."""
    return [_tone(3 * rank / (count - 1) if count > 1 else 0) for rank in range(count)]


def _tone(at: float) -> Tone:
    """Mix the ground and choose the ink; a ground on which neither ink is readable (contrast 4.5) is darkened until it is."""
    low = min(int(at), 2)
    rgb = [round(a + (b - a) * (at - low)) for a, b in zip(_RAMP[low], _RAMP[low + 1], strict=True)]
    dark_ink = (_luminance(rgb) + 0.05) / 0.0595 >= 4.5
    while not dark_ink and 1.05 / (_luminance(rgb) + 0.05) < 4.5:
        rgb = [part - 2 for part in rgb]
    ground = "#" + "".join(f"{max(0, part):02x}" for part in rgb)
    return Tone(ground, _DARK if dark_ink else _LIGHT, _EDGE if dark_ink else ground)


def _luminance(rgb: Sequence[int]) -> float:
    """Return the relative luminance (WCAG 2) of a colour."""
    linear = [part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@dataclass(frozen=True)
class Line:
    """One line of type; `minor` is the second language or a note."""

    x: float
    y: float
    text: str
    size: float
    minor: bool = False
    anchor: str = "middle"


@dataclass(frozen=True)
class Axis:
    """The name of a row or column, with its second language or a note."""

    label: str
    second: str = ""


@dataclass(frozen=True)
class Tile:
    """One cell of a heat map or matrix; `level` null means not assessed and is drawn with a stroke."""

    x: float
    y: float
    width: float
    height: float
    level: int | None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Chart:
    """Size of the drawing with its tiles and the lines of its axes."""

    left: float
    top: float
    width: float
    height: float
    tiles: tuple[Tile, ...]
    axes: tuple[Line, ...]


@dataclass(frozen=True)
class Radar:
    """A radar chart: rings and spokes, and the two outlines as SVG point lists."""

    rings: tuple[str, ...]
    spokes: tuple[tuple[float, float], ...]
    inherent: str
    residual: str
    lines: tuple[Line, ...]


def extent(text: str) -> float:
    """Return the width of a text in units of its type size, near enough to keep it inside its cell."""
    return sum(1 if ord(letter) >= _WIDE_FROM else _NARROW for letter in text)


def fit(text: str, width: float, size: float) -> tuple[list[str], float]:
    """Break a label into at most two lines and shrink it until it fits `width`; it is never cut."""
    if extent(text) * size <= width:
        return [text], size
    lines = _halves(text)
    longest = max(extent(line) for line in lines)
    return lines, round(max(_SMALLEST, min(size, width / longest)), 2)


def _halves(text: str) -> list[str]:
    """Break after the space or middle dot nearest the middle; a Japanese label without one breaks in the middle."""
    middle = len(text) / 2
    breaks = [at + 1 for at, letter in enumerate(text[:-1]) if letter in " ・-/"]
    if not breaks and extent(text) < len(text):
        return [text]
    at = min(breaks, key=lambda place: abs(place - middle), default=math.ceil(middle))
    return [text[:at].strip(), text[at:].strip()]


def heat_map(
    rows: Sequence[Axis],
    columns: Sequence[Axis],
    cells: Sequence[Sequence[tuple[int, int] | None]],
    words: Sequence[str],
) -> Chart:
    """Draw (inherent, residual) pairs: the word of the residual level over "inherent → residual", so tone is never the only sign."""
    total, left, gap = 508.0, 92.0, 2.0
    wide = (total - left) / len(columns)
    high = 36.0 if len(rows) <= 6 else 24.0
    head = 30.0
    axes = [line for at, axis in enumerate(columns) for line in _column(axis, left + wide * at, wide - gap)]
    tiles = []
    for down, (axis, row) in enumerate(zip(rows, cells, strict=True)):
        y = head + high * down
        axes += _row(axis, y, high - gap, left - 6)
        for across, cell in enumerate(row):
            box = (round(left + wide * across, 2), y, round(wide - gap, 2), high - gap)
            tiles.append(Tile(*box, cell[1], _marks(box, cell, words)) if cell else Tile(*box, None))
    return Chart(0, 0, total, head + high * len(rows), tuple(tiles), tuple(axes))


def _column(axis: Axis, x: float, wide: float) -> list[Line]:
    lines, size = fit(axis.label, wide, 7)
    if axis.second and len(lines) == 1:
        second, small = fit(axis.second, wide, 6.5)
        ends = [(lines[0], size, False), *((text, small, True) for text in second)]
    else:
        ends = [(text, size, False) for text in lines]
    return [
        Line(round(x + wide / 2, 2), round(25 - 8.5 * (len(ends) - 1 - at), 2), text, size, minor)
        for at, (text, size, minor) in enumerate(ends)
    ]


def _row(axis: Axis, y: float, high: float, wide: float) -> list[Line]:
    lines, size = fit(axis.label, wide, 8)
    second, small = fit(axis.second, wide, 6) if axis.second else ([], 6.0)
    every = [(text, size, False) for text in lines] + [(text, small, True) for text in second]
    step = min(10.0, high / len(every))
    start = y + high / 2 - step * (len(every) - 1) / 2 + 2.8
    return [
        Line(0, round(start + step * at, 2), text, size, minor, "start") for at, (text, size, minor) in enumerate(every)
    ]


def _marks(box: tuple[float, float, float, float], cell: tuple[int, int], words: Sequence[str]) -> tuple[Line, ...]:
    """Write the word over the figures; beside them where the tile is too low for two lines."""
    x, y, wide, high = box
    centre, change, word = round(x + wide / 2, 2), f"{cell[0]} → {cell[1]}", words[cell[1] - 1]
    if high < _TWO_LINES:
        lines, size = fit(word, wide / 2 - 4, 9)
        base = round(y + high / 2 + 3, 2)
        return (
            Line(centre, base, " ".join(lines), size, anchor="end"),
            Line(centre + 6, base, change, 6.5, minor=True, anchor="start"),
        )
    lines, size = fit(word, wide - 4, 9)
    base = y + high / 2 - 1 - (size / 2 if len(lines) > 1 else 0)
    named = (Line(centre, round(base + size * at, 2), text, size) for at, text in enumerate(lines))
    return (*named, Line(centre, round(y + high - 7, 2), change, 6.5, minor=True))


def radar(labels: Sequence[str], inherent: Sequence[int], residual: Sequence[int], top: int) -> Radar:
    """Draw inherent and residual ranks of the items on `top` rings; there is one only for three items or more."""
    count, radius = len(labels), 72.0
    spokes = tuple(_polar(at, count, radius) for at in range(count))
    rings = tuple(_outline([ring] * count, top, radius) for ring in range(1, top + 1))
    scale = tuple(
        Line(2, round(2.2 - ring * radius / top, 2), str(ring), 5.5, minor=True, anchor="start")
        for ring in range(1, top + 1)
    )
    names = tuple(line for at, label in enumerate(labels) for line in _spoke(label, *_polar(at, count, radius + 9)))
    return Radar(rings, spokes, _outline(inherent, top, radius), _outline(residual, top, radius), scale + names)


def _polar(at: int, count: int, radius: float) -> tuple[float, float]:
    angle = 2 * math.pi * at / count - math.pi / 2
    return round(radius * math.cos(angle), 2), round(radius * math.sin(angle), 2)


def _outline(ranks: Sequence[int], top: int, radius: float) -> str:
    points = [_polar(at, len(ranks), rank * radius / top) for at, rank in enumerate(ranks)]
    return " ".join(f"{x},{y}" for x, y in points)


def _spoke(label: str, x: float, y: float) -> list[Line]:
    anchor = "middle" if abs(x) < 5 else "start" if x > 0 else "end"
    lines, size = fit(label, 120 if anchor == "middle" else 134 - abs(x), 7)
    start = y + 2.5 - size * (len(lines) - 1) * (1 if y < -60 else 0.5)
    return [Line(x, round(start + size * 1.15 * at, 2), text, size, anchor=anchor) for at, text in enumerate(lines)]


@dataclass(frozen=True)
class Place:
    """One cell of the matrix: what the two grades give, and the numbers of the items that stand there."""

    value: str
    level: int
    numbers: tuple[str, ...] = ()


def matrix(
    rows: Sequence[str], columns: Sequence[str], places: Sequence[Sequence[Place]], words: Sequence[str]
) -> Chart:
    """Draw severity by likelihood (rows lowest first, drawn highest on top) with the numbers of the items in their cells."""
    wide, high = 208 / len(columns), 152 / len(rows)
    tiles = []
    for down in range(len(rows)):
        y = 8 + high * (len(rows) - 1 - down)
        for across, place in enumerate(places[down]):
            box = (round(26 + wide * across, 2), round(y, 2), round(wide - 2, 2), round(high - 2, 2))
            tiles.append(Tile(*box, place.level, _place(box, place, words)))
    ends = [
        Line(20, round(8 + high * (len(rows) - 1 - at) + high / 2 + 1.5, 2), text, 7, anchor="end")
        for at, text in enumerate(rows)
    ]
    feet = [Line(round(26 + wide * at + wide / 2 - 1, 2), 170, text, 7) for at, text in enumerate(columns)]
    return Chart(-16, -4, 272, 192, tuple(tiles), (*ends, *feet))


def _place(box: tuple[float, float, float, float], place: Place, words: Sequence[str]) -> tuple[Line, ...]:
    x, y, wide, high = box
    corner = f"{place.value} {words[place.level - 1]}"
    _, small = fit(corner, 2 * (wide - 4), 5.5)
    lines = _packed(place.numbers, (wide - 4) / 8)
    size = min(11.0, (wide - 4) / max(map(extent, lines), default=1), (high - 9) / max(1, len(lines)))
    start = y + 9 + (high - 9) / 2 - size * (len(lines) - 1) / 2 + size * 0.32
    numbers = (
        Line(round(x + wide / 2, 2), round(start + size * at, 2), text, round(size, 2)) for at, text in enumerate(lines)
    )
    return (Line(x + 3, y + 7.5, corner, small, minor=True, anchor="start"), *numbers)


def _packed(numbers: Sequence[str], width: float) -> list[str]:
    """Lay numbers out in lines of about `width` letters."""
    lines: list[str] = []
    for number in numbers:
        if lines and extent(f"{lines[-1]}, {number}") <= width:
            lines[-1] += f", {number}"
        else:
            lines.append(number)
    return lines
