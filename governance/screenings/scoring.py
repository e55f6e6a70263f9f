"""How a risk level comes about: the pure scoring function an auditor asks for first.

`score()` takes the framework, the questionnaires a screening pinned, the answers, the S/L ratings and what reviewers ruled, and
returns a `Score` that carries its own explanation: which rules fired, which floors and bumps changed S and L, the
control-effectiveness fraction question by question, gates, hard stops, route, and what would lower each item (domain.md
§5.2–5.6). All arithmetic is exact (`Decimal`, compared before any rounding); hidden answers never count; nothing here reads a
clock, a database or a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

from governance.questionnaires.conditions import holds
from governance.questionnaires.definition import Effect, Framework, Question, Step
from governance.screenings.routing import (
    Placed,
    RouteStep,
    Rulings,
    Sheet,
    Stop,
    asked_questions,
    base_route,
    final_route,
    flags_of,
    open_stops,
    unique,
    visible_answers,
)

ONE = Decimal(1)
HUNDRED = Decimal(100)
NO_RULINGS = Rulings()


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
    """One question in the sum: weight × factor = points; `excluded` for an accepted 該当なし."""

    key: str
    value: str
    weight: int
    factor: Decimal
    points: Decimal
    gate: bool
    excluded: bool = False


@dataclass(frozen=True)
class Single:
    """One act that alone lowers the item: raise `key` to the step `to`, giving `percent`."""

    key: str
    to: str
    percent: Decimal


@dataclass(frozen=True)
class ItemScore:
    """The score of one item with everything needed to check it by hand. Levels are ranks from 1; None = not rated yet."""

    item: str
    severity_chosen: int | None
    likelihood_chosen: int | None
    severity: int | None
    likelihood: int | None
    adjustments: tuple[Adjustment, ...]
    product: int | None
    inherent: int | None
    counted: tuple[Counted, ...]
    points: Decimal
    weight: int
    effectiveness: Decimal | None
    gates_open: tuple[str, ...]
    stepped: bool
    step_reason: str
    residual: int | None
    needed: tuple[str, ...] = ()
    needed_percent: Decimal | None = None
    singles: tuple[Single, ...] = ()


@dataclass(frozen=True)
class Score:
    """The result of a screening. `inherent` and `residual` are the maximum over the items, never a mean."""

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

    def item(self, code: str) -> ItemScore:
        """Return the score of one item; KeyError when the framework has no such item."""
        return {each.item: each for each in self.items}[code]

    @property
    def needs_condition(self) -> tuple[str, ...]:
        """Items whose open gate makes a condition necessary for any approval (domain.md §5.2 step 5)."""
        return tuple(each.item for each in self.items if each.step_reason == "gate_open_blocks")


# long: the whole method in one view, since this is what an auditor reads first
def score(
    sheet: Sheet, answers: Mapping[str, str], ratings: Mapping[str, Rating], rulings: Rulings = NO_RULINGS
) -> Score:
    """Score a screening by the matrix method (domain.md §5.2–5.4). `answers` maps question key → value code."""
    framework = sheet.framework
    answers = visible_answers(sheet, answers)
    fired = [effect for effect in framework.effects if holds(effect.when, answers)]
    rated = [_rate(framework, item.code, ratings.get(item.code, Rating()), fired) for item in framework.items]
    inherent = _highest(each.inherent for each in rated)
    base, steps = base_route(framework, fired, inherent)
    asked = asked_questions(sheet, base, fired, answers)
    items = [_control(framework, each, asked, answers, rulings) for each in rated]
    residual = _highest(each.residual for each in items)
    stops = open_stops(framework, asked, answers, rulings)
    route, more = final_route(framework, base, residual, stops, rulings)
    return Score(
        method=framework.scoring.method,
        version=framework.scoring.version,
        fired=tuple(effect.id for effect in fired),
        packs=unique(pack for effect in fired for pack in effect.packs),
        flags=flags_of(framework, fired, inherent),
        items=tuple(items),
        inherent=inherent,
        residual=residual,
        index=_index(framework, rated),
        route=route,
        base_route=base,
        route_steps=tuple(steps + more),
        stops=stops,
        asked=tuple(question.key for _, question in asked),
    )


# ---------------------------------------------------------------- severity, likelihood, inherent level


def _rate(framework: Framework, item: str, rating: Rating, fired: Sequence[Effect]) -> ItemScore:
    adjustments = _adjustments(item, fired)
    severity = _adjusted(rating.severity, [a for a in adjustments if a.axis == "severity"], len(framework.severity))
    likelihood = _adjusted(
        rating.likelihood, [a for a in adjustments if a.axis == "likelihood"], len(framework.likelihood)
    )
    product = severity * likelihood if severity and likelihood else None
    return ItemScore(
        item=item,
        severity_chosen=rating.severity,
        likelihood_chosen=rating.likelihood,
        severity=severity,
        likelihood=likelihood,
        adjustments=adjustments,
        product=product,
        inherent=framework.level_of_product(product) if product else None,
        counted=(),
        points=Decimal(0),
        weight=0,
        effectiveness=None,
        gates_open=(),
        stepped=False,
        step_reason="not_rated",
        residual=None,
    )


def _adjustments(item: str, fired: Sequence[Effect]) -> tuple[Adjustment, ...]:
    """Floors first, then what strengthens floored items, then bumps of likelihood (domain.md §4.1, §5.2 step 1)."""
    found = [Adjustment("severity", e.id, "floor", e.severity_floors[item]) for e in fired if item in e.severity_floors]
    if found:
        found += [Adjustment("severity", e.id, "floor", e.floored_floor) for e in fired if e.floored_floor]
        found += [Adjustment("severity", e.id, "bump", e.floored_bump) for e in fired if e.floored_bump]
    found += [
        Adjustment("likelihood", e.id, "bump", n)
        for e in fired
        if (n := e.likelihood_bumps.get(item, 0) + e.likelihood_bump_all)
    ]
    return tuple(found)


def _adjusted(chosen: int | None, adjustments: Iterable[Adjustment], highest: int) -> int | None:
    if chosen is None:
        return None
    adjustments = list(adjustments)
    value = max([chosen, *(a.value for a in adjustments if a.kind == "floor")])
    return min(highest, value + sum(a.value for a in adjustments if a.kind == "bump"))


# ---------------------------------------------------------------- controls, gates, residual level


def _control(
    framework: Framework, rated: ItemScore, asked: Sequence[Placed], answers: Mapping[str, str], rulings: Rulings
) -> ItemScore:
    questions = [q for item, q in asked if item == rated.item and q.kind == "scale"]
    counted = tuple(_count(framework, q, answers.get(q.key, ""), rulings) for q in questions)
    weight = sum(c.weight for c in counted if not c.excluded)
    points = sum((c.points for c in counted if not c.excluded), Decimal(0))
    minimum = framework.scoring.gate_minimum
    gates_open = tuple(c.key for c in counted if c.gate and not c.excluded and c.factor < minimum)
    rated = replace(
        rated,
        counted=counted,
        points=points,
        weight=weight,
        gates_open=gates_open,
        effectiveness=HUNDRED * points / weight if weight else None,
    )
    if rated.inherent is None:
        return rated
    stepped, reason = _step(framework, rated.inherent, points, weight, gates_open)
    residual = max(1, rated.inherent - framework.scoring.step_down) if stepped else rated.inherent
    return _with_way_down(framework, replace(rated, stepped=stepped, step_reason=reason, residual=residual))


def _count(framework: Framework, question: Question, value: str, rulings: Rulings) -> Counted:
    step: Step | None = framework.step(value)
    excluded = step is not None and step.is_not_applicable and question.key in rulings.accepted
    factor = Decimal(0) if step is None or step.factor is None or question.key in rulings.disproved else step.factor
    return Counted(question.key, value, question.weight, factor, question.weight * factor, question.gate, excluded)


def _step(
    framework: Framework, inherent: int, points: Decimal, weight: int, gates_open: Sequence[str]
) -> tuple[bool, str]:
    rules = framework.scoring
    if gates_open:
        blocks = inherent >= framework.level_rank(rules.gate_blocks_from_level)
        return False, "gate_open_blocks" if blocks else "gate_open"
    if inherent == 1:
        return False, "lowest_level"
    if not weight:
        return False, "nothing_counted"
    reached = HUNDRED * points >= rules.step_down_at_percent * weight
    return reached, "taken" if reached else "below_threshold"


# ---------------------------------------------------------------- what would lower it


def _with_way_down(framework: Framework, scored: ItemScore) -> ItemScore:
    """Add the smallest set of controls that reaches the threshold, and each single act that would do (domain.md §5.6 ③).

    Exact for one item: every open gate is needed, and after that taking the largest gains first reaches the threshold with the
    fewest questions, because the gains add up independently.
    """
    if (
        scored.step_reason not in ("below_threshold", "gate_open", "gate_open_blocks")
        or scored.inherent == 1
        or not scored.weight
    ):
        return scored
    best = max(step.factor for step in framework.scale if step.factor is not None)
    target = framework.scoring.step_down_at_percent * scored.weight
    open_ones = [c for c in scored.counted if not c.excluded and c.factor < best]
    open_ones.sort(key=lambda c: (c.key not in scored.gates_open, -(c.weight * (best - c.factor)), c.key))
    points, needed = scored.points, []
    for c in open_ones:
        if HUNDRED * points >= target and c.key not in scored.gates_open:
            break
        needed.append(c.key)
        points += c.weight * (best - c.factor)
    if HUNDRED * points < target:
        return scored
    return replace(
        scored,
        needed=tuple(needed),
        needed_percent=HUNDRED * points / scored.weight,
        singles=_singles(framework, scored, open_ones),
    )


def _singles(framework: Framework, scored: ItemScore, open_ones: Sequence[Counted]) -> tuple[Single, ...]:
    target = framework.scoring.step_down_at_percent * scored.weight
    steps = sorted((s for s in framework.scale if s.factor is not None), key=lambda s: s.factor or 0)
    found = []
    for c in open_ones:
        for step in steps:
            points = scored.points + c.weight * ((step.factor or 0) - c.factor)
            gates = [
                key for key in scored.gates_open if key != c.key or (step.factor or 0) < framework.scoring.gate_minimum
            ]
            if HUNDRED * points >= target and not gates:
                found.append(Single(c.key, step.code, HUNDRED * points / scored.weight))
                break
    return tuple(found)


def _index(framework: Framework, rated: Sequence[ItemScore]) -> int | None:
    """Return the sum of products as a percentage of its maximum, halves up: for trend charts only, never for routing."""
    if any(each.product is None for each in rated):
        return None
    most = len(rated) * len(framework.severity) * len(framework.likelihood)
    exact = HUNDRED * sum(each.product or 0 for each in rated) / most
    return int(exact.quantize(ONE, rounding=ROUND_HALF_UP))


def _highest(levels: Iterable[int | None]) -> int | None:
    return max((level for level in levels if level is not None), default=None)


def shown(percent: Decimal | None) -> str:
    """Return a percentage with one decimal, halves up, for pages and reports; an em dash when there is none."""
    return "—" if percent is None else str(percent.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP))
