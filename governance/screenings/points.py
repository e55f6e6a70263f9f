"""The scoring method `points`: choices feed named totals, and the level follows from a share of the maximum (domain.md §5.1).

This is the arithmetic of an algorithmic impact assessment: risk totals are read against fixed shares of their maximum, and a
mitigation total takes a stated share off once it reaches a stated share of its own maximum — so a checklist can lower a risk but
never erase it. Shares are exact fractions until they are shown; the thresholds are compared before any rounding.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

from governance.questionnaires.definition import NOT_APPLICABLE, Question
from governance.questionnaires.methods import Mitigation, Points, Total
from governance.questionnaires.values import chosen
from governance.screenings.result import Counted, ItemScore, Single, TotalScore
from governance.screenings.routing import Placed, Sheet

ZERO = Decimal(0)
MOST_TRIED = 50
"""Up to how many answers a way down is tried again without each of them."""


class Shares(NamedTuple):
    """The share of the possible risk in percent, before and after mitigation; None when nothing can feed a risk total."""

    before: Decimal | None
    after: Decimal | None


NO_SHARES = Shares(None, None)


@dataclass(frozen=True)
class Tally:
    """What the points say: levels before and after mitigation, shares, totals, items, and the way down."""

    inherent: int | None
    residual: int | None
    shares: Shares
    totals: tuple[TotalScore, ...]
    items: tuple[ItemScore, ...]
    needed: tuple[str, ...]


def tally(sheet: Sheet, rules: Points, asked: Sequence[Placed], answers: Mapping[str, str]) -> Tally:
    """Add up the points of the asked questions and read the levels. Unanswered questions give no points."""
    book = _Book(sheet, rules, asked)
    totals = book.totals(answers)
    before, after = book.share(totals, mitigated=False), book.share(totals, mitigated=True)
    return Tally(
        inherent=level_of(rules, before),
        residual=level_of(rules, after),
        shares=Shares(_percent(before), _percent(after)),
        totals=tuple(totals.values()),
        items=tuple(_item(sheet, book, code, answers, totals) for code in (i.code for i in sheet.framework.items)),
        needed=_way_down(book, answers, level_of(rules, after)),
    )


def most(question: Question, total: str) -> Decimal:
    """Return the most points a question can give to a total: its best choice, or the sum for a multiple choice."""
    return given(question, total, fullest(question, total))


def fullest(question: Question, total: str) -> str:
    """Return the answer that gives a total most points: of a multiple choice all choices, or 該当なし, which stands alone."""
    points = question.points.get(total, {})
    best = max(points, key=points.__getitem__, default="")
    together = " ".join(code for code in points if code != NOT_APPLICABLE)
    if question.kind != "multiple" or given(question, total, together) < points.get(best, ZERO):
        return best
    return together


def given(question: Question, total: str, value: str) -> Decimal:
    """Return the points an answer gives to a total."""
    points = question.points.get(total, {})
    return sum((points.get(code, ZERO) for code in chosen(question, value)), ZERO)


def level_of(rules: Points, share: Fraction | None) -> int | None:
    """Return the rank of the level a share (of one) lies in: every share lies in exactly one."""
    if share is None:
        return None
    percent = 100 * share
    inclusive = rules.bound == "inclusive"
    return 1 + sum(percent > Fraction(b) if inclusive else percent >= Fraction(b) for b in rules.upper_bounds)


def remaining(rules: Points, points: Decimal, off: Fraction) -> Fraction:
    """Return the risk points left after mitigation, in whole points with halves up where the framework says so."""
    left = Fraction(points) * (1 - off)
    return Fraction((2 * left + 1) // 2) if rules.round_points else left


class _Book:
    """The questions that feed each total, and the maximum of each."""

    def __init__(self, sheet: Sheet, rules: Points, asked: Sequence[Placed]) -> None:
        self.rules = rules
        self.asked = [question for _, question in asked]
        self.items = {question.key: item for item, question in asked}
        every = [question for each in sheet.questionnaires for _, question in each.questions()]
        self.maximum = {total.code: self._maximum(total, every) for total in rules.totals}

    def _maximum(self, total: Total, every: Sequence[Question]) -> Decimal:
        over = every if total.maximum_over == "all" else self.asked
        return sum((most(question, total.code) for question in over), ZERO) * total.factor

    def totals(self, answers: Mapping[str, str]) -> dict[str, TotalScore]:
        """Return every total with its points, its share, and whether mitigation reached its mark."""
        found = {}
        for code, maximum in self.maximum.items():
            points = sum((given(q, code, answers.get(q.key, "")) for q in self.asked), ZERO)
            share = Fraction(points) / Fraction(maximum) if maximum else None
            found[code] = TotalScore(code, points, maximum, _percent(share), self.reaches(code, points))
        return found

    def reaches(self, code: str, points: Decimal) -> bool:
        """Say whether points of the mitigation total take risk off."""
        rule, maximum = self.rules.mitigation, self.maximum[code]
        return bool(rule and rule.total == code and maximum and 100 * points >= rule.reaches_percent * maximum)

    def share(self, totals: Mapping[str, TotalScore], *, mitigated: bool) -> Fraction | None:
        """Return the risk as a share of one by the framework's way of combining, after mitigation when asked for."""
        risks = [(totals[code].points, self.maximum[code]) for code in self.rules.risk if self.maximum[code]]
        if not risks:
            return None
        off = self.off(totals) if mitigated else Fraction(0)
        if self.rules.combine == "sum":
            points, maximum = (sum(column, ZERO) for column in zip(*risks, strict=True))
            return remaining(self.rules, points, off) / Fraction(maximum)
        shares = [remaining(self.rules, points, off) / Fraction(maximum) for points, maximum in risks]
        return max(shares) if self.rules.combine == "worst" else sum(shares, Fraction(0)) / len(shares)

    def off(self, totals: Mapping[str, TotalScore]) -> Fraction:
        """Return the share that mitigation takes off, zero until it reaches its mark."""
        rule = self.rules.mitigation
        return Fraction(rule.takes_off_percent) / 100 if rule and totals[rule.total].reached else Fraction(0)

    def level(self, answers: Mapping[str, str]) -> int | None:
        """Return the level after mitigation that the answers give."""
        return level_of(self.rules, self.share(self.totals(answers), mitigated=True))


def _percent(share: Fraction | None) -> Decimal | None:
    return None if share is None else Decimal(100 * share.numerator) / Decimal(share.denominator)


# ---------------------------------------------------------------- one item


def _item(
    sheet: Sheet, book: _Book, code: str, answers: Mapping[str, str], totals: Mapping[str, TotalScore]
) -> ItemScore:
    """Return the risk points of one item's questions against their own maximum, read by the same thresholds."""
    rules = book.rules
    feeding = [q for q in book.asked if book.items[q.key] == code and any(most(q, risk) for risk in rules.risk)]
    counted = tuple(_counted(rules, question, answers.get(question.key, "")) for question in feeding)
    points, weight = (sum((getattr(c, name) for c in counted), ZERO) for name in ("points", "weight"))
    if not weight:
        return ItemScore(code, step_reason="nothing_counted")
    off = book.off(totals)
    share, left = Fraction(points) / Fraction(weight), remaining(rules, points, off) / Fraction(weight)
    scored = ItemScore(
        code,
        inherent=level_of(rules, remaining(rules, points, Fraction(0)) / Fraction(weight)),
        counted=counted,
        points=points,
        weight=weight,
        effectiveness=_percent(share),
        stepped=bool(off),
        step_reason="mitigated" if off else "summed",
        residual=level_of(rules, left),
    )
    return _lowered(rules, scored, {q.key: q for q in feeding}, off)


def _counted(rules: Points, question: Question, value: str) -> Counted:
    weight = sum((most(question, risk) for risk in rules.risk), ZERO)
    points = sum((given(question, risk, value) for risk in rules.risk), ZERO)
    factor = (points / weight).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP) if weight else ZERO
    return Counted(question.key, value, weight, factor, points, question.gate)


def _lowered(rules: Points, scored: ItemScore, questions: Mapping[str, Question], off: Fraction) -> ItemScore:
    """Add the smallest set of answers that lowers the item, and each answer that alone would.

    Exact for one item: what each answer can take off adds up independently, so taking the largest first needs the fewest.
    """
    if scored.residual is None or scored.residual == 1:
        return scored
    before = scored.residual

    def share_of(points: Decimal) -> Fraction:
        return remaining(rules, points, off) / Fraction(scored.weight)

    def lower(points: Decimal) -> bool:
        return (level_of(rules, share_of(points)) or 1) < before

    gains = _gains(rules, scored.counted, questions)
    points, needed = scored.points, list[str]()
    for key, gain, _ in gains:
        if lower(points):
            break
        points, needed = points - gain, [*needed, key]
    if not lower(points):
        return scored
    singles = tuple(
        Single(key, value, _percent(share_of(scored.points - gain)) or ZERO)
        for key, gain, value in gains
        if lower(scored.points - gain)
    )
    return replace(scored, needed=tuple(needed), needed_percent=_percent(share_of(points)), singles=singles)


def _gains(
    rules: Points, counted: Iterable[Counted], questions: Mapping[str, Question]
) -> list[tuple[str, Decimal, str]]:
    """Return (question, points its least risky answer takes off, that answer), largest first; questions without a gain are left out."""
    found = []
    for each in counted:
        value, fewest = least(rules, questions[each.key])
        if each.points > fewest:
            found.append((each.key, each.points - fewest, value))
    return sorted(found, key=lambda gain: (-gain[1], gain[0]))


def least(rules: Points, question: Question) -> tuple[str, Decimal]:
    """Return the answer with the fewest risk points; 該当なし is no way to lower a risk."""
    values = [value for risk in rules.risk for value in question.points.get(risk, {}) if value != NOT_APPLICABLE]
    sums = {value: sum((given(question, risk, value) for risk in rules.risk), ZERO) for value in values}
    return min(sums.items(), key=lambda each: each[1], default=("", ZERO))


def best(rules: Points, question: Question) -> str:
    """Return the answer that leaves least risk: the fewest risk points, or the most mitigation where it carries none."""
    if any(question.points.get(risk) for risk in rules.risk) or rules.mitigation is None:
        return least(rules, question)[0]
    return fullest(question, rules.mitigation.total)


# ---------------------------------------------------------------- the whole case


def _way_down(book: _Book, answers: Mapping[str, str], residual: int | None) -> tuple[str, ...]:
    """Return questions whose best answers lower the case by a level: fewer risk points, or mitigation that takes its share off.

    Both ways are tried, the largest gains first, and the shorter is given. It is a short way, proved smallest only where one
    risk total counts.
    """
    if residual is None or residual == 1:
        return ()
    ways = [_fewer_points(book, answers, residual, {})]
    rule = book.rules.mitigation
    if rule and not book.totals(answers)[rule.total].reached:
        ways += [_fewer_points(book, answers, residual, mark)] if (mark := _marked(book, answers, rule)) else []
    return min((way for way in ways if way), key=lambda way: (len(way), way), default=())


def _marked(book: _Book, answers: Mapping[str, str], rule: Mitigation) -> dict[str, str]:
    """Return the fewest changed answers with which mitigation reaches its mark; empty when it cannot."""
    gains = []
    for question in book.asked:
        gain = most(question, rule.total) - given(question, rule.total, answers.get(question.key, ""))
        gains.append((-gain, question.key, fullest(question, rule.total)))
    points, changed = book.totals(answers)[rule.total].points, dict[str, str]()
    for gain, key, value in sorted(gains):
        if gain == 0 or book.reaches(rule.total, points):
            break
        points, changed[key] = points - gain, value
    return changed if book.reaches(rule.total, points) else {}


def _fewer_points(
    book: _Book, answers: Mapping[str, str], residual: int, changed: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the changed questions with as many more as are needed to come below the level; empty when that cannot be."""
    now = {**answers, **changed}
    gains = _gains(
        book.rules,
        [_counted(book.rules, q, now.get(q.key, "")) for q in book.asked if q.key not in changed],
        {q.key: q for q in book.asked},
    )

    def after(count: int) -> dict[str, str]:
        return {**now, **{key: value for key, _, value in gains[:count]}}

    def lower(count: int) -> bool:
        return (book.level(after(count)) or 1) < residual

    count = bisect_left(range(len(gains)), True, key=lower)  # more answers changed leave fewer points
    needed = [*changed, *(key for key, _, _ in gains[:count])]
    return _all_needed(book, answers, after(count), needed, residual) if lower(count) else ()


def _all_needed(
    book: _Book, answers: Mapping[str, str], now: Mapping[str, str], needed: Sequence[str], residual: int
) -> tuple[str, ...]:
    """Return the changed questions without those whose old answer does no harm: under `worst` only the worst totals count."""
    kept = list(needed)
    for key in needed if len(needed) <= MOST_TRIED else ():
        without = {**answers, **{each: now[each] for each in kept if each != key}}
        if (book.level(without) or 1) < residual:
            kept.remove(key)
    return tuple(kept)
