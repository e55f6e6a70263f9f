"""Counting the controls or points of a vector: the two scoring methods as sums of whole numbers over tables.

Every share of the scale and every point is a fraction with a common denominator, so the sums are exact and nothing is rounded that
`matrix.py` and `points.py` do not round. What the routes ask is a mask over the places of the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import compress
from math import lcm
from operator import getitem, itemgetter
from typing import Any, NamedTuple

from governance.questionnaires.definition import Framework
from governance.questionnaires.methods import Matrix, Points
from governance.screenings import matrix
from governance.screenings.looking import Kept
from governance.screenings.points import given, most
from governance.screenings.result import Rating
from governance.screenings.vectors import Layout, Place, Vector

Bits = int
"""A number with 255 in the byte of every place it speaks of, the first place lowest."""


class Marked(NamedTuple):
    """The marks of a vector as bits."""

    carried: Bits
    accepted: Bits
    disproved: Bits


class Counting(NamedTuple):
    """What a method is handed: vector, settled state, what is open besides what was carried, marks."""

    vector: Vector
    fired: int
    visible: Bits
    marked: Marked


class Asked(NamedTuple):
    """What a method found; 0 stands for no level. `bits` are the places asked, `codes` the answers that count."""

    inherent: int
    residual: int
    base: int
    bits: Bits
    codes: bytes


class Places:
    """The places by what the routes ask: always, the gates of this phase, all of this phase, and earlier phases."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.size = layout, layout.size
        sheet = layout.sheet
        trigger, pack, gate, own, earlier = (list[str]() for _ in range(5))
        for questionnaire in sheet.questionnaires:
            for _, question in questionnaire.questions():
                if questionnaire.kind == "trigger":
                    trigger.append(question.key)
                elif questionnaire.kind == "pack":
                    pack.append(question.key)
                elif questionnaire.phase != sheet.phase:
                    earlier.append(question.key)
                else:
                    own.append(question.key)
                    gate += [question.key] if question.gate else []
        self.on_gates = self.bits(trigger + gate)
        self.on_all = self.bits(trigger + pack + own)
        self.earlier = self.bits(earlier)
        self.gates = self.bits(key for key, place in layout.places.items() if place.question.gate)

    def bits(self, keys: Iterable[str]) -> Bits:
        """Return the bits of some questions."""
        bits = 0
        for place in (self.layout.places[key] for key in keys):
            bits |= ((1 << 8 * place.width) - 1) << 8 * place.at
        return bits

    def kept_on_gates(self, vector: Vector, marked: Marked) -> Vector:
        """Return the vector without the answers that a route of gates alone does not ask for (routing.settled_on)."""
        kept = int.from_bytes(vector.codes, "little") & (self.on_gates | self.earlier & marked.carried)
        return replace(vector, codes=kept.to_bytes(self.size, "little"))

    def asked(self, counting: Counting, gates_only: bool) -> Bits:
        """Return what is asked on a route that asks only gates, or on one that asks everything."""
        always = self.on_gates if gates_only else self.on_all
        return counting.visible & (always | self.earlier & counting.marked.carried)


class Routing:
    """Routes as ranks: what effects and levels ask for, and how the strictest is found."""

    def __init__(self, framework: Framework) -> None:
        self.codes = [route.code for route in framework.routes]
        self.gates_only = [route.asks == "gates" for route in framework.routes]
        self.by_effects = [
            (rank, sum(1 << n for n, effect in enumerate(framework.effects) if effect.route == code))
            for rank, code in reversed(list(enumerate(self.codes)))
        ]
        self.by_inherent = [0, *(self._rank(framework.route_by_inherent.get(each.code)) for each in framework.levels)]
        self.up = [0, *(self._rank(framework.move_up_by_residual.get(each.code)) for each in framework.levels)]

    def _rank(self, code: str | None) -> int:
        return self.codes.index(code) if code else 0

    def base(self, fired: int, inherent: int) -> int:
        """Return the strictest route of the fired effects and the inherent level."""
        by_level = self.by_inherent[inherent]
        return max(by_level, next((rank for rank, effects in self.by_effects if effects & fired), 0))

    def final(self, base: int, residual: int, stopped: bool, ruled: str) -> str:
        """Return the route after the residual level, a ruling and open stops."""
        if stopped:
            return self.codes[-1]
        if ruled:
            base = self.codes.index(ruled)
        return self.codes[max(base, self.up[residual])]


# ---------------------------------------------------------------- matrix


class _Item:
    """One item under `matrix`: its inherent level by the fired effects and the rating, its controls as tables."""

    def __init__(
        self, layout: Layout, framework: Framework, number: int, questions: Sequence[Place], whole: int
    ) -> None:
        code = framework.items[number].code
        self.alone = framework.model_copy(update={"items": [framework.items[number]]})
        self.effects = sum(
            1 << n
            for n, e in enumerate(framework.effects)
            if code in e.severity_floors
            or code in e.likelihood_bumps
            or e.likelihood_bump_all
            or e.floored_bump
            or e.floored_floor
        )
        self.inherent = Kept(self._inherent)
        spots = [place.at for place in questions]
        self.pick = _several(spots)
        self.weights = [place.question.weight for place in questions]
        steps = [Fraction(step.factor or 0) for step in framework.scale]
        self.tables: list[Any] = [_table([weight * step * whole for step in steps]) for weight in self.weights]
        self.gates = sum(255 << 8 * place.at for place in questions if place.question.gate)

    def _inherent(self, key: int) -> int:
        fired, severity, likelihood = key >> 16, key >> 8 & 255, key & 255
        effects = [effect for n, effect in enumerate(self.alone.effects) if fired >> n & 1]
        rating = Rating(severity or None, likelihood or None)
        return matrix.before(self.alone, {self.alone.items[0].code: rating}, effects)[0].inherent or 0


class ByMatrix:
    """Severity × likelihood per item and a step down where controls are in place, as `matrix.py` has it."""

    def __init__(self, layout: Layout, rules: Matrix, routing: Routing, places: Places) -> None:
        framework = layout.sheet.framework
        self.routing, self.places, self.down = routing, places, rules.step_down
        factors = [Fraction(step.factor or 0) for step in framework.scale]
        whole = lcm(*(factor.denominator for factor in factors))
        by_item = _by_item(layout)
        self.items = [
            _Item(layout, framework, n, by_item.get(item.code, []), whole) for n, item in enumerate(framework.items)
        ]
        threshold = Fraction(rules.step_down_at_percent)
        self.of_points, self.of_weight = 100 * threshold.denominator, threshold.numerator * whole
        self.scale = places.bits(p.question.key for found in by_item.values() for p in found)
        self.gates = self.scale & places.gates
        minimum = Fraction(rules.gate_minimum)
        self.open = bytes(255 if n > len(factors) or not n or factors[n - 1] < minimum else 0 for n in range(256))
        if minimum <= 0:
            self.open = bytes(256)
        steps = [step.is_not_applicable for step in framework.scale]
        self.left_out = bytes(255 if 0 < n <= len(steps) and steps[n - 1] else 0 for n in range(256))
        self.weights = Kept(self._weights)

    def count(self, given: Counting) -> Asked:
        """Return the levels and what was asked."""
        fired, vector = given.fired, given.vector
        inherents = [
            item.inherent[(fired & item.effects) << 16 | severity << 8 | likelihood]
            for item, severity, likelihood in zip(self.items, vector.severity, vector.likelihood, strict=True)
        ]
        inherent = max(inherents)
        base = self.routing.base(fired, inherent)
        asked = self.places.asked(given, self.routing.gates_only[base])
        codes = (int.from_bytes(vector.codes, "little") & asked).to_bytes(self.places.size, "little")
        counted, told = asked & self.scale, codes
        if vector.marks:
            counted, told = self._ruled(given.marked, counted, codes)
        return Asked(inherent, self._residual(inherents, counted, told), base, asked, codes)

    def _ruled(self, marked: Marked, counted: Bits, codes: bytes) -> tuple[Bits, bytes]:
        """Leave out what was accepted as not applicable; let what was disproved count as nothing."""
        left_out = int.from_bytes(codes.translate(self.left_out), "little") & marked.accepted
        told = int.from_bytes(codes, "little") & ~marked.disproved
        return counted & ~left_out, told.to_bytes(self.places.size, "little")

    def _residual(self, inherents: Sequence[int], counted: Bits, codes: bytes) -> int:
        open_gates = int.from_bytes(codes.translate(self.open), "little") & counted & self.gates
        weights, residual = self.weights[counted], 0
        for item, level, weight in zip(self.items, inherents, weights, strict=True):
            if level <= residual:
                continue  # an item is never riskier after its controls than before
            if level > 1 and weight and not (open_gates and open_gates & item.gates):
                points = sum(map(getitem, item.tables, item.pick(codes)))
                if points * self.of_points >= weight:
                    level = max(1, level - self.down)  # noqa: PLW2901 - the level after the step
            residual = max(residual, level)
        return residual

    def _weights(self, counted: Bits) -> list[int]:
        """Return per item the weight that counts, times the threshold."""
        spots = counted.to_bytes(self.places.size, "little")
        return [self.of_weight * sum(compress(item.weights, item.pick(spots))) for item in self.items]


def _by_item(layout: Layout) -> dict[str | None, list[Place]]:
    found: dict[str | None, list[Place]] = {}
    for questionnaire in layout.sheet.questionnaires:
        for section, question in questionnaire.questions():
            if question.kind == "scale" and section.item:
                found.setdefault(section.item, []).append(layout.places[question.key])
    return found


# ---------------------------------------------------------------- points


class _Total:
    """One total under `points`: what every answer gives to it and its maximum, in whole numbers of one unit."""

    def __init__(self, layout: Layout, rules: Points, code: str, unit: int) -> None:
        rule = next(total for total in rules.totals if total.code == code)
        self.over_all = rule.maximum_over == "all"
        self.factor = Fraction(rule.factor)
        self.unit = unit
        feeding = [place for place in layout.places.values() if place.question.points.get(code)]
        spots = [(place, n) for place in feeding for n in range(place.width)]
        self.pick = _several([place.at + n for place, n in spots])
        self.tables: list[Any] = [_points(place, n, code, unit) for place, n in spots]
        self.most = [0 if n else int(Fraction(most(place.question, code)) * unit) for place, n in spots]
        self.size = layout.size
        self.maximum = Kept(self._maximum)

    def points(self, codes: bytes) -> int:
        """Return the points of the answers."""
        return sum(map(getitem, self.tables, self.pick(codes)))

    def _maximum(self, asked: Bits) -> Fraction:
        """Return the maximum in whole points, over what is asked or over everything."""
        spots = asked.to_bytes(self.size, "little")
        counted = sum(self.most) if self.over_all else sum(compress(self.most, self.pick(spots)))
        return Fraction(counted, self.unit) * self.factor


class ByPoints:
    """Points of choices in totals, read against shares of their maximum, as `points.py` has it."""

    def __init__(self, layout: Layout, rules: Points, routing: Routing, places: Places) -> None:
        self.rules, self.routing, self.places = rules, routing, places
        given = [
            p for place in layout.places.values() for each in place.question.points.values() for p in each.values()
        ]
        self.unit = lcm(*(Fraction(points).denominator for points in given)) if given else 1
        self.totals = {total.code: _Total(layout, rules, total.code, self.unit) for total in rules.totals}
        self.bounds = [Fraction(bound) for bound in rules.upper_bounds]
        rule = rules.mitigation
        self.reaches = Fraction(rule.reaches_percent) / 100 if rule else Fraction(0)
        self.off = Fraction(rule.takes_off_percent) / 100 if rule else Fraction(0)
        self.read = Kept(self._read)

    def count(self, given: Counting) -> Asked:
        """Return the levels and what was asked."""
        asked = self.places.asked(given, self.routing.gates_only[0])
        codes = (int.from_bytes(given.vector.codes, "little") & asked).to_bytes(self.places.size, "little")
        risks = tuple((self.totals[code].points(codes), self.totals[code].maximum[asked]) for code in self.rules.risk)
        inherent, residual = self.read[risks, self._reached(codes, asked)]
        return Asked(inherent, residual, self.routing.base(given.fired, inherent), asked, codes)

    def _reached(self, codes: bytes, asked: Bits) -> bool:
        rule = self.rules.mitigation
        if rule is None:
            return False
        total = self.totals[rule.total]
        maximum = total.maximum[asked]
        return bool(maximum) and total.points(codes) >= self.reaches * maximum * self.unit

    def _read(self, key: tuple[tuple[tuple[int, Fraction], ...], bool]) -> tuple[int, int]:
        """Return the levels before and after mitigation, 0 when nothing feeds a risk total."""
        risks, reached = key
        counted = [(Fraction(points, self.unit), maximum) for points, maximum in risks if maximum]
        if not counted:
            return 0, 0
        return self._level(counted, Fraction(0)), self._level(counted, self.off if reached else Fraction(0))

    def _level(self, counted: list[tuple[Fraction, Fraction]], off: Fraction) -> int:
        if self.rules.combine == "sum":
            points, maximum = (sum(column, Fraction(0)) for column in zip(*counted, strict=True))
            share = self._left(points * (1 - off)) / maximum
        else:
            shares = [self._left(points * (1 - off)) / maximum for points, maximum in counted]
            share = max(shares) if self.rules.combine == "worst" else sum(shares, Fraction(0)) / len(shares)
        percent, inclusive = 100 * share, self.rules.bound == "inclusive"
        return 1 + sum(percent > bound if inclusive else percent >= bound for bound in self.bounds)

    def _left(self, points: Fraction) -> Fraction:
        return Fraction((2 * points + 1) // 2) if self.rules.round_points else points


# ---------------------------------------------------------------- tables


def _several(spots: list[int]) -> Callable[[bytes], Any]:
    """Return what picks the bytes at some spots, always as a sequence."""
    if len(spots) > 1:
        return itemgetter(*spots)
    return lambda codes: [codes[spot] for spot in spots]


def _table(by_step: Sequence[Fraction]) -> tuple[int, ...]:
    """Return what each code of the answer scale counts; codes that are no step count nothing."""
    return (0, *(int(value) for value in by_step), *(0 for _ in range(255 - len(by_step))))


def _points(place: Place, byte: int, total: str, unit: int) -> tuple[int, ...]:
    """Return what each code in one byte of a place gives: of a multiple choice every bit that is set."""

    def of(value: str) -> int:
        return int(Fraction(given(place.question, total, value)) * unit)

    if not place.is_multiple:
        found = [0, *(of(value) for value in place.values)]
        return (*found, *(0 for _ in range(256 - len(found))))
    bits = {8 * byte + n: place.values[8 * byte + n - 1] for n in range(8) if 0 < 8 * byte + n <= len(place.values)}
    return tuple(sum(of(value) for n, value in bits.items() if code >> n - 8 * byte & 1) for code in range(256))
