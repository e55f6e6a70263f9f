"""The chart of an indicator: everything inside, nothing hidden, the band where it was in force, dates in the reader's form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.monitoring.charting import NARROW, PRINTED, WIDE, Chart, Point, Size, Span, draw, spark
from governance.monitoring.rules import verdict

TOKYO = ZoneInfo("Asia/Tokyo")
START = datetime(2026, 4, 1, tzinfo=UTC)
SIZES = [WIDE, NARROW, PRINTED]


def points(*values: str, low: str = "95", high: str = "", every: timedelta = timedelta(days=1)) -> list[Point]:
    return [Point(START + every * number, value, verdict(value, low, high)) for number, value in enumerate(values)]


def drawn(given_: list[Point], *spans: Span, size: Size = WIDE, every_days: int = 1, locale: str = "ja") -> Chart:
    bands = spans or (Span(START - timedelta(days=9), "95", ""),)
    chart = draw(given_, bands, size, every_days=every_days, zone=TOKYO, locale=locale)
    assert chart is not None
    return chart


def corners(chart: Chart) -> list[tuple[float, float]]:
    found = [(mark.x, mark.y) for mark in chart.marks]
    for line in chart.lines:
        found += [tuple(map(float, pair.split(","))) for pair in line.split()]  # type: ignore[misc]
    for strip in chart.strips:
        found += [(strip.x, strip.y), (strip.x + strip.width, strip.y + strip.height)]
    return found


def inside(chart: Chart) -> bool:
    ends = [(chart.left - 0.02, chart.right + 0.02), (chart.top - 0.02, chart.bottom + 0.02)]
    return all(ends[0][0] <= x <= ends[0][1] and ends[1][0] <= y <= ends[1][1] for x, y in corners(chart))


def test_without_a_reading_there_is_no_chart() -> None:
    assert draw([], [], WIDE, every_days=1, zone=TOKYO, locale="ja") is None
    assert spark(points("1"), []) is None


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "values",
    [
        ("96",),
        ("96", "96"),
        ("0", "0", "0"),
        ("-5", "5"),
        ("99999999999999999999", "-99999999999999999999"),
        ("0.00000000000000000001", "0.00000000000000000002"),
        ("12345678901234567890.00000000000000000001", "12345678901234567890.00000000000000000002"),
    ],
)
def test_everything_lies_inside_whatever_the_values(values: tuple[str, ...], size: Size) -> None:
    chart = drawn(points(*values), size=size)
    assert inside(chart)
    assert 2 <= len(chart.levels) <= 9
    assert len({tick.at for tick in chart.levels}) == len(chart.levels)


@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.integers(-(10**6), 10**6)),
        min_size=1,
        max_size=300,
        unique_by=lambda p: p[0],
    )
)
def test_any_readings_stay_inside_and_the_extremes_are_drawn(pairs: list[tuple[int, int]]) -> None:
    made = [
        Point(START + timedelta(minutes=at), str(value), verdict(str(value), "0", "")) for at, value in sorted(pairs)
    ]
    chart = drawn(made, Span(START, "0", ""))
    assert inside(chart)
    heights = [y for line in chart.lines for _, y in [pair.split(",") for pair in line.split()] for y in [float(y)]]
    top, bottom = (draw_y(chart, Decimal(f(Decimal(p.value) for p in made))) for f in (max, min))
    assert min(heights) == pytest.approx(top, abs=0.02)
    assert max(heights) == pytest.approx(bottom, abs=0.02)


def draw_y(chart: Chart, value: Decimal) -> float:
    """Work the height of a value out from the words of the axis."""
    low, high = chart.levels[0], chart.levels[-1]
    share = float((value - Decimal(low.text)) / (Decimal(high.text) - Decimal(low.text)))
    return low.at + (high.at - low.at) * share


def test_thousands_of_readings_are_thinned_and_no_outlier_is_hidden() -> None:
    values = ["96"] * 10_000
    values[1234], values[5678], values[5679] = "80", "94.9", "120"
    made = points(*values, every=timedelta(minutes=10), high="")
    chart = drawn(made, every_days=1)
    assert chart.shown < 1500
    assert [mark.kind for mark in chart.marks] == ["low", "low", "in"]
    assert inside(chart)
    assert min(float(pair.split(",")[1]) for pair in chart.lines[0].split()) == pytest.approx(
        draw_y(chart, Decimal(120)), abs=0.02
    )


def test_readings_out_on_both_sides_in_one_column_are_both_marked() -> None:
    made = points("5", "50", "-50", "5", every=timedelta(seconds=1), low="0", high="10")
    later = Point(START + timedelta(days=100), "5", "in")
    chart = drawn([*made, later], Span(START, "0", "10"), every_days=365)
    assert sorted(mark.kind for mark in chart.marks) == ["high", "in", "in", "in", "low"]


def test_few_readings_are_all_marked_by_their_shape() -> None:
    chart = drawn(points("96", "94", "97"))
    assert [mark.kind for mark in chart.marks] == ["in", "low", "in"]


def test_a_gap_in_the_readings_is_a_gap_in_the_line() -> None:
    made = points("96", "97", "98")
    late = [Point(START + timedelta(days=9), "96", "in")]
    assert [len(line.split()) for line in drawn([*made, *late], every_days=1).lines] == [3, 1]
    assert len(drawn([*made, *late], every_days=7).lines) == 1


def test_each_band_is_drawn_for_the_time_it_was_in_force() -> None:
    made = points(*["96"] * 11)
    middle = START + timedelta(days=5)
    chart = drawn(made, Span(START - timedelta(days=99), "95", ""), Span(middle, "90", "99"))
    first, second = chart.strips
    assert (first.x, second.x + second.width) == (chart.left, chart.right)
    assert first.x + first.width == pytest.approx((chart.left + chart.right) / 2, abs=0.05)
    assert first.y == chart.top
    assert len(first.edges) == 1
    assert len(second.edges) == 2


def test_a_band_that_begins_after_the_last_reading_is_not_drawn() -> None:
    made = points("96", "97")
    chart = drawn(made, Span(START, "95", ""), Span(START + timedelta(days=30), "0", "1000"))
    assert len(chart.strips) == 1
    assert Decimal(chart.levels[-1].text) < 200


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("days", [0.2, 1.5, 5, 20, 60, 200, 400, 2000, 9000])
@pytest.mark.parametrize("locale", ["ja", "en"])
def test_the_dates_fit_and_do_not_run_into_each_other(days: float, size: Size, locale: str) -> None:
    made = [Point(START, "96", "in"), Point(START + timedelta(days=days), "96", "in")]
    ticks = drawn(made, size=size, locale=locale).dates
    assert 1 <= len(ticks) <= size.dates + 2
    ends = []
    for tick in ticks:
        width = sum(11.5 if ord(letter) > 0x2E80 else 6.3 for letter in tick.text)
        left = tick.at - {"start": 0, "middle": width / 2, "end": width}[tick.anchor]
        ends.append((left, left + width))
    assert all(left >= 0 and right <= size.width for left, right in ends), ticks
    assert all(before[1] <= after[0] for before, after in pairwise(ends)), ticks


def test_dates_are_written_in_the_reader_s_form() -> None:
    made = points(*["96"] * 5)
    assert [tick.text for tick in drawn(made).dates] == ["2026/4/1", "4/2", "4/3", "4/4", "4/5"]
    assert drawn(made, locale="en").dates[0].text == "1 Apr 2026"
    year = [Point(START, "96", "in"), Point(START + timedelta(days=360), "96", "in")]
    assert drawn(year).dates[0].text == "2026年5月"
    assert "Jan 2027" in [tick.text for tick in drawn(year, locale="en").dates]


def test_a_small_chart_marks_what_is_out() -> None:
    chart = spark(points("96", "94", "97"), [Span(START, "95", "")])
    assert chart is not None
    assert [mark.kind for mark in chart.marks] == ["low"]
    assert inside(chart)
