"""The parameters of the scoring methods: what a framework chooses by name instead of by code (domain.md §5).

`matrix` rates severity and likelihood per item and lets controls take one step off; `points` adds up points of choices into named
totals and reads the level from a share of the maximum. The arithmetic is in `screenings/`; these are only its figures.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from governance.questionnaires.parts import Exact, Key, Named, Part, Version


class Matrix(Part):
    """Parameters of the scoring method `matrix` (domain.md §5.2)."""

    method: Literal["matrix"]
    version: Version
    step_down_at_percent: Exact
    step_down: int = Field(ge=0)
    gate_minimum: Exact
    gate_blocks_from_level: Key
    not_applicable_share: dict[str, Exact] = {}


class Total(Named):
    """A named sum of points. Its maximum counts all questions that feed it or only those asked, times `factor`."""

    maximum_over: Literal["all", "asked"] = "all"
    factor: Exact = Decimal(1)


class Mitigation(Part):
    """A total that takes `takes_off_percent` off the risk once it reaches `reaches_percent` of its own maximum (domain.md §5.1)."""

    total: Key
    reaches_percent: Exact
    takes_off_percent: Exact


class Points(Part):
    """Parameters of the scoring method `points` (domain.md §5.1, the arithmetic of an algorithmic impact assessment).

    `risk` names the totals the level rests on and `combine` how: the worst of their shares, the share of their sums, or the mean of
    their shares. `upper_bounds` holds, for every level but the last, the highest share in percent that still belongs to it; `bound`
    says whether exactly that share does (inclusive) or already belongs to the next level (exclusive). `round_points` brings the
    points left after mitigation to whole points, halves up, before they are compared.
    """

    method: Literal["points"]
    version: Version
    totals: list[Total] = Field(min_length=1)
    risk: list[Key] = Field(min_length=1)
    combine: Literal["worst", "sum", "mean"]
    upper_bounds: list[Exact] = Field(min_length=1)
    bound: Literal["inclusive", "exclusive"]
    mitigation: Mitigation | None = None
    round_points: bool = False
    not_applicable_share: dict[str, Exact] = {}
