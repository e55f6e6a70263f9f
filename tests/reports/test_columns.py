"""Columns of a paper's table: dates and names stay narrow, texts share the rest, and there is always one that does."""

from __future__ import annotations

import pytest

from governance.reports.columns import WIDTHS, widths
from tests.reports.invented import pair

LONG = pair(
    "特徴量を24時間で消去し、消去の記録を委員会に示すこと。", "Erase the features within a day and show the record."
)


def test_a_text_takes_what_short_cells_leave() -> None:
    found = widths([pair("番号", "No."), pair("条件", "Condition"), pair("期限", "Due")], [["C-1", LONG, "2027-03-31"]])
    assert found[1] is None
    assert [found[0], found[2]] == [12, 20]


@pytest.mark.parametrize(
    ("head", "rows", "free"),
    [
        (["a"], [], 1),
        (["a", "b"], [["x", None]], 1),
        (["a"] * 3, [[LONG, LONG, "x"]], 2),
        (["a"] * 9, [["職名の長い人の名前"] * 9], 1),
    ],
)
def test_there_is_always_room_and_a_column_that_takes_it(head: list[str], rows: list[list[object]], free: int) -> None:
    found = widths(head, rows)  # type: ignore[arg-type]
    assert found.count(None) == free
    assert sum(width or 0 for width in found) <= 116
    assert all(width in WIDTHS for width in found if width)
