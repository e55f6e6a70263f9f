"""Charts: numbers, words and tones agree with what they were given, whatever the size of the framework."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.reports import charts
from governance.reports.charts import Axis, Place


def luminance(colour: str) -> float:
    return charts._luminance([int(colour[at : at + 2], 16) for at in (1, 3, 5)])


@pytest.mark.parametrize("count", range(1, 10))
def test_tones_darken_with_the_rank_and_keep_their_ink_readable(count: int) -> None:
    tones = charts.tones(count)
    assert len(tones) == count
    assert all(luminance(lower.ground) > luminance(higher.ground) for lower, higher in pairwise(tones))
    for tone in tones:
        light, dark = sorted((luminance(tone.ground), luminance(tone.ink)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_four_levels_have_the_tones_of_the_standard() -> None:
    assert [tone.ground for tone in charts.tones(4)] == ["#f6f4ef", "#e3cf9f", "#9a4f22", "#4d1010"]


@given(st.integers(1, 14), st.integers(1, 9), st.data())
def test_a_heat_map_shows_each_pair_once_in_its_place(rows: int, columns: int, data: st.DataObject) -> None:
    cell = st.one_of(st.none(), st.tuples(st.integers(1, 5), st.integers(1, 5)))
    cells = data.draw(st.lists(st.lists(cell, min_size=columns, max_size=columns), min_size=rows, max_size=rows))
    words = ["ごく低", "低", "中", "高", "Extremely high"]
    chart = charts.heat_map(
        [Axis(f"r{n}") for n in range(rows)], [Axis(f"c{n}", "second") for n in range(columns)], cells, words
    )
    shown = [(tile.lines[-1].text if tile.level else None) for tile in chart.tiles]
    assert shown == [f"{pair[0]} → {pair[1]}" if pair else None for row in cells for pair in row]
    for tile in chart.tiles:
        assert tile.x + tile.width <= chart.width
        assert tile.y + tile.height <= chart.height
        if tile.level:
            assert "".join(line.text for line in tile.lines[:-1]).replace(" ", "") == words[tile.level - 1].replace(
                " ", ""
            )


def test_a_matrix_puts_the_highest_severity_on_top_and_each_item_in_its_cell() -> None:
    places = [[Place(str(s * lk), 1 + (s * lk > 3), (str(10 * s + lk),)) for lk in (1, 2, 3)] for s in (1, 2)]
    chart = charts.matrix(["S1", "S2"], ["L1", "L2", "L3"], places, ["low", "high"])
    top = min(chart.tiles, key=lambda tile: (tile.y, tile.x))
    assert [line.text for line in top.lines] == ["2 low", "21"]
    assert sorted(line.text for tile in chart.tiles for line in tile.lines[1:]) == ["11", "12", "13", "21", "22", "23"]


def test_a_crowded_cell_still_shows_every_item() -> None:
    numbers = tuple(str(n) for n in range(1, 24))
    chart = charts.matrix(["S1"] * 5, ["L1"] * 5, [[Place("25", 1, numbers)] * 5] * 5, ["極高"])
    lines = chart.tiles[0].lines[1:]
    assert ", ".join(line.text for line in lines).split(", ") == list(numbers)
    assert max(line.y for line in lines) <= chart.tiles[0].y + chart.tiles[0].height


@pytest.mark.parametrize("count", [3, 7, 11, 20])
def test_a_radar_has_a_point_for_each_item_inside_the_outer_ring(count: int) -> None:
    drawn = charts.radar([f"{n} 名" for n in range(count)], [5] * count, [1] * count, 5)
    assert len(drawn.residual.split()) == len(drawn.inherent.split()) == len(drawn.spokes) == count
    assert drawn.inherent == drawn.rings[-1]
    assert drawn.residual == drawn.rings[0]


@given(st.text(min_size=1, max_size=40), st.floats(10, 100))
def test_a_label_is_never_cut(text: str, width: float) -> None:
    lines, size = charts.fit(text, width, 8)
    assert len(lines) <= 2
    assert "".join("".join(lines).split()) == "".join(text.split()) or lines == [text]
    assert 4.5 <= size <= 8
