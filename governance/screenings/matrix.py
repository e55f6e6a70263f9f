"""The scoring method `matrix`: severity × likelihood per item, and one step down where controls are in place (domain.md §5.2).

`before()` gives each item its inherent level from the team's ratings and the fired triggers; `after()` counts the controls, holds
the gates, takes the step, and finds what would lower the item. All arithmetic is exact and compared before any rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from governance.questionnaires.definition import Effect, Framework, Question, Step
from governance.questionnaires.methods import Matrix
from governance.screenings.result import HUNDRED, ONE, Adjustment, Counted, ItemScore, Rating, Single
from governance.screenings.routing import Placed, Rulings


def before(framework: Framework, ratings: Mapping[str, Rating], fired: Sequence[Effect]) -> list[ItemScore]:
    """Return every item with its inherent level: S and L as chosen, after floors and bumps, their product and its level."""
    return [_rate(framework, item.code, ratings.get(item.code, Rating()), fired) for item in framework.items]


def after(
    framework: Framework,
    rules: Matrix,
    rated: Sequence[ItemScore],
    asked: Sequence[Placed],
    answers: Mapping[str, str],
    rulings: Rulings,
) -> list[ItemScore]:
    """Return every item with its controls counted, its residual level, and what would lower it."""
    return [_control(framework, rules, each, asked, answers, rulings) for each in rated]


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
    framework: Framework,
    rules: Matrix,
    rated: ItemScore,
    asked: Sequence[Placed],
    answers: Mapping[str, str],
    rulings: Rulings,
) -> ItemScore:
    questions = [q for item, q in asked if item == rated.item and q.kind == "scale"]
    counted = tuple(_count(framework, q, answers.get(q.key, ""), rulings) for q in questions)
    weight = sum((c.weight for c in counted if not c.excluded), Decimal(0))
    points = sum((c.points for c in counted if not c.excluded), Decimal(0))
    gates_open = tuple(c.key for c in counted if c.gate and not c.excluded and c.factor < rules.gate_minimum)
    rated = replace(
        rated,
        counted=counted,
        points=points,
        weight=weight,
        gates_open=gates_open,
        effectiveness=HUNDRED * points / weight if weight else None,
    )
    return rated if rated.inherent is None else _stepped(framework, rules, rated, rated.inherent)


def _stepped(framework: Framework, rules: Matrix, rated: ItemScore, inherent: int) -> ItemScore:
    stepped, reason = _step(framework, rules, inherent, rated.points, rated.weight, rated.gates_open)
    residual = max(1, inherent - rules.step_down) if stepped else inherent
    return _with_way_down(framework, rules, replace(rated, stepped=stepped, step_reason=reason, residual=residual))


def _count(framework: Framework, question: Question, value: str, rulings: Rulings) -> Counted:
    step: Step | None = framework.step(value)
    excluded = step is not None and step.is_not_applicable and question.key in rulings.accepted
    factor = Decimal(0) if step is None or step.factor is None or question.key in rulings.disproved else step.factor
    weight = Decimal(question.weight)
    return Counted(question.key, value, weight, factor, weight * factor, question.gate, excluded)


def _step(
    framework: Framework, rules: Matrix, inherent: int, points: Decimal, weight: Decimal, gates_open: Sequence[str]
) -> tuple[bool, str]:
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


def _with_way_down(framework: Framework, rules: Matrix, scored: ItemScore) -> ItemScore:
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
    target = rules.step_down_at_percent * scored.weight
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
        singles=_singles(framework, rules, scored, open_ones),
    )


def _singles(
    framework: Framework, rules: Matrix, scored: ItemScore, open_ones: Sequence[Counted]
) -> tuple[Single, ...]:
    target = rules.step_down_at_percent * scored.weight
    steps = sorted((s for s in framework.scale if s.factor is not None), key=lambda s: s.factor or 0)
    found = []
    for c in open_ones:
        for step in steps:
            points = scored.points + c.weight * ((step.factor or 0) - c.factor)
            gates = [key for key in scored.gates_open if key != c.key or (step.factor or 0) < rules.gate_minimum]
            if HUNDRED * points >= target and not gates:
                found.append(Single(c.key, step.code, HUNDRED * points / scored.weight))
                break
    return tuple(found)


def index(framework: Framework, rated: Sequence[ItemScore]) -> int | None:
    """Return the sum of products as a percentage of its maximum, halves up: for trend charts only, never for routing."""
    if any(each.product is None for each in rated):
        return None
    most = len(rated) * len(framework.severity) * len(framework.likelihood)
    exact = HUNDRED * sum(each.product or 0 for each in rated) / most
    return int(exact.quantize(ONE, rounding=ROUND_HALF_UP))


def way_down(items: Sequence[ItemScore], residual: int | None) -> tuple[str, ...]:
    """Return the controls that lower the whole case: all that its highest items need. Empty when one of them cannot be lowered.

    Each part is the smallest set of its own item; items share no question, so the union is the smallest for the case.
    """
    highest = [each for each in items if each.residual == residual]
    if residual is None or any(not each.needed for each in highest):
        return ()
    return tuple(key for each in highest for key in each.needed)
