"""How a risk level comes about: the pure scoring function an auditor asks for first.

`score()` takes the framework, the questionnaires a screening pinned, the answers, the S/L ratings and what reviewers ruled, and
returns a `Score` that carries its own explanation (result.py): which rules fired, what counted and how much, gates, hard stops,
route, and what would lower each item (domain.md §5.1–5.6). The framework chooses the method by name: matrix.py or points.py.
All arithmetic is exact; hidden answers never count; nothing here reads a clock, a database or a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from governance.questionnaires.definition import Question
from governance.questionnaires.methods import Matrix, Points
from governance.screenings import matrix, points
from governance.screenings.result import ItemScore, Rating, Score, TotalScore
from governance.screenings.routing import (
    Case,
    Placed,
    Rulings,
    Sheet,
    asked_questions,
    base_route,
    contradictions_of,
    final_route,
    flags_of,
    open_stops,
    settled,
    settled_on,
)

NO_RULINGS = Rulings()


@dataclass(frozen=True)
class Outcome:
    """What a method found: what counts, the questions asked, levels before and after, items, totals, and the way down."""

    case: Case
    asked: Sequence[Placed]
    inherent: int | None
    residual: int | None
    items: Sequence[ItemScore]
    needed: tuple[str, ...]
    index: int | None = None
    totals: tuple[TotalScore, ...] = ()
    shares: points.Shares = points.NO_SHARES


@dataclass(frozen=True)
class Given:
    """Everything a screening is scored from."""

    sheet: Sheet
    answers: Mapping[str, str]
    ratings: Mapping[str, Rating]
    rulings: Rulings


# long: the whole result in one view
def score(
    sheet: Sheet, answers: Mapping[str, str], ratings: Mapping[str, Rating], rulings: Rulings = NO_RULINGS
) -> Score:
    """Score a screening by the method of its framework (domain.md §5.1–5.4). `answers` maps question key → value code."""
    framework = sheet.framework
    given = Given(sheet, answers, ratings, rulings)
    found = _proved(given, _outcome(given))
    base, steps = base_route(framework, found.case.fired, found.inherent)
    stops = open_stops(sheet, found.asked, found.case, rulings)
    route, more = final_route(framework, base, found.residual, stops, rulings)
    return Score(
        method=framework.scoring.method,
        version=framework.scoring.version,
        fired=tuple(effect.id for effect in found.case.fired),
        packs=found.case.packs,
        flags=flags_of(framework, found.case.fired, found.inherent),
        items=tuple(found.items),
        inherent=found.inherent,
        residual=found.residual,
        index=found.index,
        route=route,
        base_route=base,
        route_steps=tuple(steps + more),
        stops=stops,
        asked=tuple(question.key for _, question in found.asked),
        totals=found.totals,
        percent=found.shares.before,
        residual_percent=found.shares.after,
        needed=found.needed,
        contradictions=contradictions_of(sheet, found.case, found.asked),
    )


def _outcome(given: Given) -> Outcome:
    rules = given.sheet.framework.scoring
    return _by_matrix(given, rules) if isinstance(rules, Matrix) else _by_points(given, rules)


def _by_matrix(given: Given, rules: Matrix) -> Outcome:
    """Rate, see what the route asks, count the controls: the case is as risky as its riskiest item (domain.md §5.2 step 6)."""
    sheet, framework = given.sheet, given.sheet.framework
    case = settled(sheet, given.answers)
    rated = matrix.before(framework, given.ratings, case.fired)
    inherent = _highest(each.inherent for each in rated)
    route = base_route(framework, case.fired, inherent)[0]
    case = settled_on(sheet, route, given.answers, case)
    asked = asked_questions(sheet, route, case)
    items = matrix.after(framework, rules, rated, asked, case.answers, given.rulings)
    residual = _highest(each.residual for each in items)
    index = matrix.index(framework, rated)
    return Outcome(case, asked, inherent, residual, items, matrix.way_down(items, residual), index)


def _by_points(given: Given, rules: Points) -> Outcome:
    """Add up the points of what is asked; under this method every route asks everything that is visible."""
    case = settled(given.sheet, given.answers)
    asked = asked_questions(given.sheet, given.sheet.framework.routes[0].code, case)
    found = points.tally(given.sheet, rules, asked, case.answers)
    return Outcome(
        case, asked, found.inherent, found.residual, found.items, found.needed, totals=found.totals, shares=found.shares
    )


# ---------------------------------------------------------------- the way down, tried


def _proved(given: Given, found: Outcome) -> Outcome:
    """Try each way down whose answers decide what else is asked: changing them may open questions or close them.

    Where no condition looks at the answers of an item, its set is the smallest by arithmetic (`exact`). Otherwise the set is kept
    when it really lowers the item, and no claim is made that a smaller one does not.
    """
    steers, needed = given.sheet.steering, found.needed
    doubtful = {each.item for each in found.items if each.needed and steers & {c.key for c in each.counted}}
    if not doubtful and not steers & set(needed):
        return found
    best = {question.key: _best_answer(given, question) for _, question in found.asked}
    items = [_tried(given, each, best) if each.item in doubtful else each for each in found.items]
    if steers & set(needed) and found.residual is not None:
        again = _outcome(_changed(given, {key: best[key] for key in needed}))
        needed = needed if again.residual is not None and again.residual < found.residual else ()
    return replace(found, items=items, needed=needed)


def _tried(given: Given, item: ItemScore, best: Mapping[str, str]) -> ItemScore:
    def lowers(changed: Mapping[str, str]) -> bool:
        again = {each.item: each for each in _outcome(_changed(given, changed)).items}[item.item]
        return again.residual is None or again.residual < (item.residual or 1)

    needed = item.needed if lowers({key: best[key] for key in item.needed}) else ()
    singles = tuple(each for each in item.singles if lowers({each.key: each.to}))
    return replace(item, exact=False, needed=needed, singles=singles)


def _changed(given: Given, changed: Mapping[str, str]) -> Given:
    return replace(given, answers={**given.answers, **changed})


def _best_answer(given: Given, question: Question) -> str:
    """Return the answer that leaves least risk: the fullest step of the scale, or the choice with the fewest points."""
    framework = given.sheet.framework
    if isinstance(framework.scoring, Points):
        return points.best(framework.scoring, question)
    steps = [step for step in framework.scale if step.factor is not None]
    return max(steps, key=lambda step: step.factor or 0).code if question.kind == "scale" else ""


def _highest(levels: Iterable[int | None]) -> int | None:
    return max((level for level in levels if level is not None), default=None)
