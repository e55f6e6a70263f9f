"""How a risk level comes about: the pure scoring function an auditor asks for first.

`score()` takes the framework, the questionnaires a screening pinned, the answers, the S/L ratings and what reviewers ruled, and
returns a `Score` that carries its own explanation (result.py): which rules fired, what counted and how much, gates, hard stops,
route, and what would lower each item (domain.md §5.1–5.6). The framework chooses the method by name: matrix.py or points.py.
All arithmetic is exact; hidden answers never count; nothing here reads a clock, a database or a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
)

NO_RULINGS = Rulings()


@dataclass(frozen=True)
class Outcome:
    """What a method found: the questions asked, levels before and after, items, totals, and the way down."""

    asked: Sequence[Placed]
    inherent: int | None
    residual: int | None
    items: Sequence[ItemScore]
    needed: tuple[str, ...]
    index: int | None = None
    totals: tuple[TotalScore, ...] = ()
    shares: points.Shares = points.NO_SHARES


def score(
    sheet: Sheet, answers: Mapping[str, str], ratings: Mapping[str, Rating], rulings: Rulings = NO_RULINGS
) -> Score:
    """Score a screening by the method of its framework (domain.md §5.1–5.4). `answers` maps question key → value code."""
    framework = sheet.framework
    case = settled(sheet, answers)
    found = _outcome(sheet, case, ratings, rulings)
    base, steps = base_route(framework, case.fired, found.inherent)
    stops = open_stops(sheet, found.asked, case, rulings)
    route, more = final_route(framework, base, found.residual, stops, rulings)
    return Score(
        method=framework.scoring.method,
        version=framework.scoring.version,
        fired=tuple(effect.id for effect in case.fired),
        packs=case.packs,
        flags=flags_of(framework, case.fired, found.inherent),
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
        contradictions=contradictions_of(sheet, case, found.asked),
    )


def _outcome(sheet: Sheet, case: Case, ratings: Mapping[str, Rating], rulings: Rulings) -> Outcome:
    rules = sheet.framework.scoring
    return (
        _by_matrix(sheet, rules, case, ratings, rulings)
        if isinstance(rules, Matrix)
        else _by_points(sheet, rules, case)
    )


def _by_matrix(sheet: Sheet, rules: Matrix, case: Case, ratings: Mapping[str, Rating], rulings: Rulings) -> Outcome:
    """Rate, see what the route asks, count the controls: the case is as risky as its riskiest item (domain.md §5.2 step 6)."""
    framework = sheet.framework
    rated = matrix.before(framework, ratings, case.fired)
    inherent = _highest(each.inherent for each in rated)
    asked = asked_questions(sheet, base_route(framework, case.fired, inherent)[0], case)
    items = matrix.after(framework, rules, rated, asked, case.answers, rulings)
    residual = _highest(each.residual for each in items)
    index = matrix.index(framework, rated)
    return Outcome(asked, inherent, residual, items, matrix.way_down(items, residual), index)


def _by_points(sheet: Sheet, rules: Points, case: Case) -> Outcome:
    """Add up the points of what is asked; under this method every route asks everything that is visible."""
    asked = asked_questions(sheet, sheet.framework.routes[0].code, case)
    found = points.tally(sheet, rules, asked, case.answers)
    return Outcome(
        asked, found.inherent, found.residual, found.items, found.needed, totals=found.totals, shares=found.shares
    )


def _highest(levels: Iterable[int | None]) -> int | None:
    return max((level for level in levels if level is not None), default=None)
