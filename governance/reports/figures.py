"""Figures of a document of blocks → what the SVG macros draw: the numbers come from the record, the geometry from plots and charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from governance.reports import charts, plots
from governance.reports.words import side


@dataclass(frozen=True)
class Tiled:
    """A heat map with the tones of its levels."""

    chart: charts.Chart
    tones: list[charts.Tone]


def drawn(block: Mapping[str, Any], locale: str) -> plots.Bars | plots.Trend | Tiled:
    """Return the drawing of a figure block for readers of one language."""
    if block["plot"] == "bars":
        return _bars(block, locale)
    if block["plot"] == "trend":
        named = [(side(line["name"], locale), line["values"]) for line in block["series"]]
        return plots.trend(block["months"], named)
    levels = [side(name, locale) for name in block["levels"]]
    rows = [charts.Axis(side(name, locale)) for name in block["rows"]]
    columns = [charts.Axis(side(name, locale)) for name in block["columns"]]
    cells = [[tuple(cell) if cell else None for cell in row] for row in block["cells"]]
    return Tiled(charts.heat_map(rows, columns, cells, levels), charts.tones(len(levels)))


def _bars(block: Mapping[str, Any], locale: str) -> plots.Bars:
    rows = block["rows"]
    before = [row[2] for row in rows]
    return plots.bars(
        [side(row[0], locale) for row in rows],
        [float(row[1]) for row in rows],
        None if any(value is None for value in before) else [float(value) for value in before],
        block["unit"],
    )
