"""The geometry of an indicator's chart: where band, line and marks stand, for a page of any width and for the report.

Plain numbers in, plain numbers out; the macros only draw what is computed here. Thousands of readings are thinned per column of the
drawing to its first, last, lowest and highest, so that no outlier is hidden; a gap in the readings is a gap in the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_FLOOR, Decimal
from itertools import groupby, pairwise

from governance.monitoring.rules import OUT

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_COLUMN = 3.0
"""Width of a column that is thinned to at most four readings."""
_FEW = 60
"""Up to so many readings each is marked; of more, those out of band and the last."""
_LETTER = 6.2
_DAY_STEPS = (1, 2, 7, 14)
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)


@dataclass(frozen=True)
class Point:
    """One reading: its time, its exact value and how it stood to its band."""

    at: datetime
    value: str
    verdict: str


@dataclass(frozen=True)
class Span:
    """A band from a moment on, until the next one."""

    valid_from: datetime
    low: str
    high: str


@dataclass(frozen=True)
class Size:
    """Width and height of a drawing, and about how many dates its axis holds."""

    width: float
    height: float
    dates: int


WIDE = Size(720, 260, 7)
NARROW = Size(340, 220, 3)
PRINTED = Size(720, 170, 9)


@dataclass(frozen=True)
class Tick:
    """A mark of an axis with its words; `anchor` keeps the words inside the drawing."""

    at: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Strip:
    """The band in force for a while, as a rectangle, with the edges it really has."""

    x: float
    y: float
    width: float
    height: float
    edges: tuple[float, ...]


@dataclass(frozen=True)
class Mark:
    """A reading that is marked: a circle in band, a triangle that points to where it is out."""

    x: float
    y: float
    kind: str


@dataclass(frozen=True)
class Chart:
    """Everything a macro draws. `left`, `right`, `top`, `bottom` bound the plot."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    strips: tuple[Strip, ...] = ()
    lines: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    levels: tuple[Tick, ...] = ()
    dates: tuple[Tick, ...] = ()
    shown: int = 0


@dataclass
class _Plot:
    """The scales of a drawing: time across, value up."""

    start: datetime
    end: datetime
    low: Decimal
    high: Decimal
    left: float
    right: float
    top: float
    bottom: float
    spans: Sequence[Span] = field(default_factory=list)

    def x(self, at: datetime) -> float:
        share = (at - self.start) / (self.end - self.start)
        return round(self.left + (self.right - self.left) * min(1.0, max(0.0, share)), 2)

    def y(self, value: str | Decimal) -> float:
        share = float((Decimal(value) - self.low) / (self.high - self.low))
        return round(self.bottom - (self.bottom - self.top) * min(1.0, max(0.0, share)), 2)


# long: one line for each part of the drawing
def draw(
    points: Sequence[Point], spans: Sequence[Span], size: Size, *, every_days: int, zone: tzinfo, locale: str
) -> Chart | None:
    """Lay out a chart of readings in the order of their times, with the bands in force; None without a reading."""
    if not points:
        return None
    low, high, step = _scale(points, spans)
    levels = [low + step * number for number in range(int((high - low) / step) + 1)]
    words = [_level(value) for value in levels]
    left = 10 + max(_wide(each) for each in words)
    start, end = _period(points)
    plot = _Plot(start, end, low, high, left, size.width - 12, 10, size.height - 26, spans)
    kept = list(_thinned(points, plot))
    return Chart(
        size.width,
        size.height,
        plot.left,
        plot.right,
        plot.top,
        plot.bottom,
        strips=tuple(_strips(plot)),
        lines=tuple(_lines(kept, plot, every_days)),
        marks=tuple(_marks(kept, plot, len(points))),
        levels=tuple(Tick(plot.y(value), text) for value, text in zip(levels, words, strict=True)),
        dates=tuple(_apart(_dates(plot, size, zone, locale))),
        shown=len(kept),
    )


def thinned(points: Sequence[Point], size: Size) -> list[Point]:
    """Return the readings that a drawing of this size needs, no outlier left out: what a report keeps of thousands."""
    if not points:
        return []
    plot = _Plot(*_period(points), Decimal(0), Decimal(1), 0, size.width, 0, 1)
    return list(_thinned(points, plot))


def spark(points: Sequence[Point], spans: Sequence[Span]) -> Chart | None:
    """Lay out a small chart without axes, for a row of a table."""
    if len(points) < 2:
        return None
    low, high, _ = _scale(points, spans)
    plot = _Plot(*_period(points), low, high, 4, 116, 4, 28, spans)
    kept = list(_thinned(points, plot))
    lines = (" ".join(f"{plot.x(each.at)},{plot.y(each.value)}" for each in kept),)
    marks = [mark for mark in _marks(kept, plot, _FEW + 1) if mark.kind != "in"] or list(_marks(kept[-1:], plot, 1))
    return Chart(120, 32, 4, 116, 4, 28, strips=tuple(_strips(plot)), lines=lines, marks=tuple(marks), shown=len(kept))


# ---------------------------------------------------------------- scales


def _period(points: Sequence[Point]) -> tuple[datetime, datetime]:
    start, end = points[0].at, points[-1].at
    return (start - timedelta(days=1), end + timedelta(days=1)) if start == end else (start, end)


def _scale(points: Sequence[Point], spans: Sequence[Span]) -> tuple[Decimal, Decimal, Decimal]:
    """Return the ends of the scale and the step between its levels: the readings, every limit in sight, and a little air."""
    values = [Decimal(point.value) for point in points]
    values += [Decimal(limit) for span in _in_sight(points, spans) for limit in (span.low, span.high) if limit]
    low, high = min(values), max(values)
    air = (high - low) / 20 or abs(low) / 10 or Decimal(1)
    step = _step((high - low + 2 * air) / 4)
    bottom = ((low - air) / step).to_integral_value(ROUND_FLOOR) * step
    top = bottom + step
    while top < high + air:
        top += step
    return bottom, top, step


def _in_sight(points: Sequence[Point], spans: Sequence[Span]) -> list[Span]:
    """Return the bands that were in force at some time between the first and the last reading."""
    start, end = points[0].at, points[-1].at
    ends = [*(span.valid_from for span in spans[1:]), None]
    return [
        span
        for span, until in zip(spans, ends, strict=True)
        if span.valid_from <= end and (until is None or until > start)
    ]


def _step(rough: Decimal) -> Decimal:
    """Return the next of 1, 2, 5 × 10ⁿ that is not below a rough step."""
    power = Decimal(1).scaleb(rough.adjusted())
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)


def _level(value: Decimal) -> str:
    """Return the words of a level: plain digits, or a power where they would be too many."""
    plain = format(value.normalize() if value else Decimal(0), "f")
    return plain if len(plain) <= 9 else f"{value:.2E}"


# ---------------------------------------------------------------- band and line


def _strips(plot: _Plot) -> Iterator[Strip]:
    ends = [*(span.valid_from for span in plot.spans[1:]), plot.end]
    for span, until in zip(plot.spans, ends, strict=False):
        start, end = max(span.valid_from, plot.start), min(max(until, plot.start), plot.end)
        if start < end or (start == end and len(plot.spans) == 1):
            top = plot.y(span.high) if span.high else plot.top
            bottom = plot.y(span.low) if span.low else plot.bottom
            edges = tuple(plot.y(limit) for limit in (span.low, span.high) if limit)
            x = plot.x(start)
            yield Strip(x, top, round(plot.x(end) - x, 2), round(bottom - top, 2), edges)


def _thinned(points: Sequence[Point], plot: _Plot) -> Iterator[Point]:
    """Yield of each column of the drawing the first, the last, the lowest and the highest reading, in order."""
    for _, group in groupby(points, key=lambda point: int(plot.x(point.at) / _COLUMN)):
        column = list(group)
        wanted = {0, len(column) - 1}
        wanted.add(min(range(len(column)), key=lambda place: Decimal(column[place].value)))
        wanted.add(max(range(len(column)), key=lambda place: Decimal(column[place].value)))
        wanted |= {next(iter(_places(column, verdict)), 0) for verdict in OUT}
        yield from (column[place] for place in sorted(wanted))


def _places(column: Sequence[Point], verdict: str) -> list[int]:
    """Return where the readings of a verdict stand, the farthest out first."""
    places = [place for place, point in enumerate(column) if point.verdict == verdict]
    return sorted(places, key=lambda place: Decimal(column[place].value), reverse=verdict == "high")


def _lines(points: Sequence[Point], plot: _Plot, every_days: int) -> Iterator[str]:
    """Yield the line in pieces: it breaks where an expected reading is missing."""
    gap = timedelta(days=every_days) * 2
    piece = [points[0]]
    for before, after in pairwise(points):
        if after.at - before.at > gap:
            yield _polyline(piece, plot)
            piece = []
        piece.append(after)
    yield _polyline(piece, plot)


def _polyline(points: Sequence[Point], plot: _Plot) -> str:
    return " ".join(f"{plot.x(each.at)},{plot.y(each.value)}" for each in points)


def _marks(points: Sequence[Point], plot: _Plot, total: int) -> Iterator[Mark]:
    """Yield a mark for each reading of a few, for those out of band of many, and always for the last."""
    for place, each in enumerate(points):
        if total <= _FEW or each.verdict in OUT or place == len(points) - 1:
            yield Mark(plot.x(each.at), plot.y(each.value), each.verdict if each.verdict in OUT else "in")


# ---------------------------------------------------------------- dates


def _dates(plot: _Plot, size: Size, zone: tzinfo, locale: str) -> Iterator[Tick]:
    """Yield the dates of the axis in the reader's form; words near an edge are set inside."""
    start, end = plot.start.astimezone(zone), plot.end.astimezone(zone)
    if end - start < timedelta(days=2):
        yield from _clocks(plot, start, end, size, locale)
        return
    days = list(_days(start.date(), end.date(), size.dates))
    by_month = len(days) > 1 and all(day.day == 1 for day in days)
    year = 0
    for day in days:
        at = datetime(day.year, day.month, day.day, tzinfo=zone)
        x = plot.x(max(at, plot.start))
        text = _date_words(day, locale, by_month, day.year != year)
        year = day.year
        yield _tick(x, text, size)


def _tick(x: float, text: str, size: Size) -> Tick:
    half = _wide(text) / 2
    return Tick(x, text, "start" if x - half < 2 else "end" if x + half > size.width - 2 else "middle")


def _wide(text: str) -> float:
    return sum(_LETTER if ord(letter) < 0x2E80 else 2 * _LETTER for letter in text)


def _apart(ticks: Iterable[Tick]) -> Iterator[Tick]:
    """Leave out a date whose words would run into those before."""
    end = 0.0
    for tick in ticks:
        start = tick.at - {"start": 0.0, "middle": _wide(tick.text) / 2, "end": _wide(tick.text)}[tick.anchor]
        if start >= end:
            yield tick
            end = start + _wide(tick.text) + _LETTER


def _clocks(plot: _Plot, start: datetime, end: datetime, size: Size, locale: str) -> Iterator[Tick]:
    """Yield the hours of a short period; the first of each day says the date."""
    hours = (end - start) / timedelta(hours=1)
    step = next((each for each in (1, 2, 3, 6, 12) if hours / each <= size.dates), 24)
    at = start.replace(hour=start.hour // step * step, minute=0, second=0, microsecond=0)
    seen = None
    while at <= end:
        if at >= start or seen is None:
            text = f"{at.hour}:00" if at.date() == seen else _date_words(at.date(), locale, False, False)
            yield _tick(plot.x(max(at, start)), text, size)
            seen = at.date()
        at += timedelta(hours=step)


def _days(start: date, end: date, most: int) -> Iterator[date]:
    """Yield at most about so many days at even steps: days, weeks, or the first of months."""
    length = (end - start).days
    if length <= most:
        yield from (start + timedelta(days=number) for number in range(length + 1))
        return
    for step in _DAY_STEPS:
        if length / step <= most:
            yield from (start + timedelta(days=number) for number in range(0, length + 1, step))
            return
    months = (end.year - start.year) * 12 + end.month - start.month
    step = next((each for each in _MONTH_STEPS if months / each <= most), _MONTH_STEPS[-1])
    first = start.year * 12 + start.month - 1
    for number in range(-(-first // step) * step, end.year * 12 + end.month, step):
        day = date(number // 12, number % 12 + 1, 1)
        if day >= start:
            yield day


def _date_words(day: date, locale: str, by_month: bool, has_year: bool) -> str:
    if locale == "en":
        words = _MONTHS[day.month - 1] if by_month else f"{day.day} {_MONTHS[day.month - 1]}"
        return f"{words} {day.year}" if has_year else words
    words = f"{day.month}月" if by_month else f"{day.month}/{day.day}"
    return (f"{day.year}年{words}" if by_month else f"{day.year}/{words}") if has_year else words
