"""The result of scoring, the same for every method: levels per item and overall, with everything needed to check them by hand.

A `Score` carries its own explanation; `explain.py` only says it in words. It holds codes and exact numbers and no texts, so that
it can be frozen in a snapshot and read back years later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from governance.screenings.routing import RouteStep, Stop

ONE = Decimal(1)
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Rating:
    """Severity and likelihood as the team chose them, ranks from 1; None while not chosen."""

    severity: int | None = None
    likelihood: int | None = None


@dataclass(frozen=True)
class Adjustment:
    """A change of S or L by a fired rule: `kind` is floor or bump, `value` the floor or the number of grades."""

    axis: str
    rule: str
    kind: str
    value: int


@dataclass(frozen=True)
class Counted:
    """One question in the sum: weight × factor = points; `excluded` for an accepted 該当なし.

    Under `points`, `weight` is the most the question can give and `factor` the share of it that was given.
    """

    key: str
    value: str
    weight: Decimal
    factor: Decimal
    points: Decimal
    gate: bool
    excluded: bool = False


@dataclass(frozen=True)
class Single:
    """One act that alone lowers the item: change `key` to the value `to`, giving `percent`."""

    key: str
    to: str
    percent: Decimal


@dataclass(frozen=True)
class ItemScore:
    """The score of one item with everything needed to check it by hand. Levels are ranks from 1; None = not rated yet.

    `effectiveness` is points as a share of weight in percent: how far controls are in place under `matrix`, how much of the
    possible risk was found under `points`. Severity, likelihood, product, gates and the step belong to `matrix` alone.
    `needed` is a set of answers that lowers the item, the smallest there is when `exact`.
    """

    item: str
    severity_chosen: int | None = None
    likelihood_chosen: int | None = None
    severity: int | None = None
    likelihood: int | None = None
    adjustments: tuple[Adjustment, ...] = ()
    product: int | None = None
    inherent: int | None = None
    counted: tuple[Counted, ...] = ()
    points: Decimal = Decimal(0)
    weight: Decimal = Decimal(0)
    effectiveness: Decimal | None = None
    gates_open: tuple[str, ...] = ()
    stepped: bool = False
    step_reason: str = "not_rated"
    residual: int | None = None
    needed: tuple[str, ...] = ()
    needed_percent: Decimal | None = None
    singles: tuple[Single, ...] = ()
    exact: bool = True


@dataclass(frozen=True)
class TotalScore:
    """One named total under `points`: its points, its maximum, and the share in percent (None when nothing can feed it).

    `reached` says of the mitigation total that it reached the share that takes risk off.
    """

    total: str
    points: Decimal
    maximum: Decimal
    percent: Decimal | None
    reached: bool = False


@dataclass(frozen=True)
class Score:
    """The result of a screening.

    `inherent` and `residual` are ranks of levels before and after controls: under `matrix` the maximum over the items, never a
    mean; under `points` the level of the risk totals before and after what mitigation takes off. `needed` is a short set
    of answers that lowers the whole case by a level, empty when none was found.
    """

    method: str
    version: str
    fired: tuple[str, ...]
    packs: tuple[str, ...]
    flags: tuple[str, ...]
    items: tuple[ItemScore, ...]
    inherent: int | None
    residual: int | None
    index: int | None
    route: str
    base_route: str
    route_steps: tuple[RouteStep, ...]
    stops: tuple[Stop, ...]
    asked: tuple[str, ...] = field(default=(), repr=False)
    totals: tuple[TotalScore, ...] = ()
    percent: Decimal | None = None
    residual_percent: Decimal | None = None
    needed: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()

    def item(self, code: str) -> ItemScore:
        """Return the score of one item; KeyError when the framework has no such item."""
        return {each.item: each for each in self.items}[code]

    @property
    def needs_condition(self) -> tuple[str, ...]:
        """Items whose open gate makes a condition necessary for any approval (domain.md §5.2 step 5)."""
        return tuple(each.item for each in self.items if each.step_reason == "gate_open_blocks")


def shown(percent: Decimal | None) -> str:
    """Return a percentage with one decimal, halves up, for pages and reports; an em dash when there is none."""
    return "—" if percent is None else str(percent.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP))
