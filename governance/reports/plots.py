"""The geometry of bars and of lines over months: where each mark stands, with the number that it shows.

As in charts.py the SVG macros only draw what is computed here; nothing is imported from the rest of the product.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from governance.reports.charts import Line, fit

WIDTH = 508.0
_LABEL = 150.0
_NUMBER = 62.0
_ROW = 17.0
_SINGLE, _DOUBLE = 8.0, 5.0


@dataclass(frozen=True)
class Bar:
    """One bar; `before` is drawn lighter, below the bar of the period."""

    x: float
    y: float
    width: float
    height: float
    before: bool = False


@dataclass(frozen=True)
class Bars:
    """Bars from left to right with label and number; the number is the sign, the length only shows it."""

    width: float
    height: float
    base: float
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]


def bars(labels: Sequence[str], now: Sequence[float], before: Sequence[float] | None = None, unit: str = "") -> Bars:
    """Draw one row per label: the figure of the period and, lighter, that of the period before."""
    top = max([*now, *(before or ()), 1])
    room = WIDTH - _LABEL - _NUMBER
    made: list[Bar] = []
    lines: list[Line] = []
    for at, (label, value) in enumerate(zip(labels, now, strict=True)):
        y = 4 + _ROW * at
        made.append(Bar(_LABEL, y, _long(value, top, room), _DOUBLE if before else _SINGLE))
        end = f"{_short(value)}{unit}"
        if before:
            made.append(Bar(_LABEL, y + _DOUBLE + 1, _long(before[at], top, room), _DOUBLE - 1, before=True))
            end += f" ({_short(before[at])}{unit})"
        x = _LABEL + max(bar.width for bar in made if y <= bar.y < y + _ROW) + 5
        lines.append(Line(round(x, 2), y + 8, end, 7, anchor="start"))
        lines += _label(label, y)
    return Bars(WIDTH, 8 + _ROW * len(labels), _LABEL, tuple(made), tuple(lines))


def _label(text: str, y: float) -> list[Line]:
    parts, size = fit(text, _LABEL - 8, 7.5)
    if len(parts) > 1:
        size = min(size, 6.2)
    start = y + 8 - 3.3 * (len(parts) - 1)
    return [Line(_LABEL - 6, round(start + 6.6 * at, 2), part, size, anchor="end") for at, part in enumerate(parts)]


def _long(value: float, top: float, room: float) -> float:
    return round(room * value / top, 2)


def _short(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.1f}"


@dataclass(frozen=True)
class Curve:
    """One line over months: its points as an SVG list, its marks with numbers; `dashed` tells the second line from the first."""

    points: str
    marks: tuple[tuple[float, float], ...]
    lines: tuple[Line, ...]
    dashed: bool


@dataclass(frozen=True)
class Trend:
    """Lines over months on one scale."""

    width: float
    height: float
    left: float
    right: float
    levels: tuple[tuple[float, str], ...]
    curves: tuple[Curve, ...]
    lines: tuple[Line, ...]


def trend(months: Sequence[str], series: Sequence[tuple[str, Sequence[float]]]) -> Trend:
    """Draw up to two series; each point carries its number and each line its name at the right end."""
    top = _round_up(max([1, *(value for _, values in series for value in values)]))
    left, right, high, foot = 26.0, WIDTH - 92, 108.0, 12.0
    step = (right - left) / max(1, len(months) - 1)
    place = [round(left + step * at, 2) for at in range(len(months))]
    levels = tuple((round(foot + high * (1 - share), 2), _short(top * share)) for share in (0, 0.5, 1))
    curves = []
    ends: list[Line] = []
    for index, (name, values) in enumerate(series):
        spots = [(x, round(foot + high * (1 - value / top), 2)) for x, value in zip(place, values, strict=True)]
        shift = -4 if index == 0 else 9
        numbers = tuple(
            Line(x, round(y + shift, 2), _short(value), 6, anchor="middle")
            for (x, y), value in zip(spots, values, strict=True)
        )
        curves.append(Curve(" ".join(f"{x},{y}" for x, y in spots), tuple(spots), numbers, index > 0))
        parts, size = fit(name, 80, 7)
        base = foot + 10 + 24 * index
        ends += [Line(right + 30, base + 8 * at, part, size, anchor="start") for at, part in enumerate(parts)]
    feet = [Line(x, foot + high + 13, text, 6.5, anchor="middle") for x, text in zip(place, months, strict=True)]
    return Trend(WIDTH, foot + high + 20, left, right, levels, tuple(curves), (*feet, *ends))


def _round_up(value: float) -> float:
    """Return the next round number, so that the scale is read easily."""
    size = 10 ** math.floor(math.log10(value))
    return float(next(size * step for step in (1, 2, 4, 5, 10) if size * step >= value))
