"""The assessing half of a report's content: triggers, route, levels with their arithmetic, answers and findings.

Part of the shape described in `content`, apart from it only for length (sections 4 to 8 of domain.md §7).
"""

from __future__ import annotations

from typing import TypedDict

from governance.reports.words import Coded, Words


class Trigger(TypedDict):
    """One question of the trigger sheet; `effects` are route, floors and packs in words, printed when it fired."""

    id: str
    text: Words
    answer: Words
    fired: bool
    unsure: bool
    reason: Words
    confirmed: Words
    effects: list[Words]


class Route(TypedDict):
    """The route with its derivation, step by step."""

    result: Coded
    steps: list[Words]
    deciders: Words


class Rating(TypedDict):
    """One grade as chosen by the team and as it counts after floors and reviewers."""

    chosen: int
    final: int
    reason: Words


class Fraction(TypedDict):
    """Effectiveness of the controls as a fraction; all decimals are strings."""

    num: str
    den: str
    pct: str


class Counterfactual(TypedDict):
    """The smallest set of open controls that would lower the level."""

    questions: list[str]
    to: Words
    control: Fraction | None
    residual: int


class RatedItem(TypedDict):
    """The assessment of one item; `ground` says in figures how the inherent level came about (S×L, points).

    An item that no question rates has no levels.
    """

    item: str
    severity: Rating | None
    likelihood: Rating | None
    ground: Words
    inherent: int | None
    control: Fraction | None
    residual: int | None
    why: Words
    counterfactual: Counterfactual | None


class Change(TypedDict):
    """What moved a value away from the one chosen: floor, bump, override, ruling (an additional row, never a replacement)."""

    kind: Words
    subject: Words
    change: Words
    ground: Words
    by: str | None
    on: str | None


class Stop(TypedDict):
    """One hard stop and whether it holds."""

    id: str
    text: Words
    hit: bool
    note: Words


class Total(TypedDict):
    """One named total of a method that adds up points, with its sum and what it does."""

    name: Words
    text: Words


class Risk(TypedDict):
    """The assessment of the case; `totals` are empty under a method without totals."""

    totals: list[Total]
    rated: list[RatedItem]
    inherent: int
    residual: int
    aggregate: Words
    index: str | None
    changes: list[Change]
    stops: list[Stop]


class Cell(TypedDict):
    """Inherent and residual rank of one item in one phase."""

    inherent: int
    residual: int


class GridRow(TypedDict):
    """One phase of the heat map, one cell (or null: not assessed) for each item of the framework in its order."""

    phase: str
    state: Words
    cells: list[Cell | None]


class AskedQuestion(TypedDict):
    """One question with its answer; `ruling` is what a reviewer ruled about it (該当なし accepted or refused).

    `answer` is a code of the answer scale; any other kind of answer is `said` in words, and what was written stands in `entries`, a
    text or one line for each row. Questions that carry no points have neither `weight` nor `points`.
    """

    key: str
    item: str | None
    gate: bool
    text: Words
    answer: str | None
    said: Words
    entries: list[Words]
    due_on: str | None
    remark: Words
    ruling: Words
    weight: str | None
    points: str | None
    evidence: list[str]
    finding: str | None


class ItemDetail(TypedDict):
    """The questions of one item in the phase of the report."""

    item: str
    questions: list[AskedQuestion]


class Carried(TypedDict):
    """Answers of an earlier phase that count in the fractions."""

    phase: str
    note: Words
    questions: list[AskedQuestion]


class Pack(TypedDict):
    """One additional pack (追加質問群) and what added it."""

    code: str
    name: Words
    trigger: Words
    questions: list[AskedQuestion]


class Finding(TypedDict):
    """One finding in five parts; `origin` says whether a rule or a reviewer raised it."""

    id: str
    severity: Coded
    title: Words
    questions: list[str]
    origin: Coded
    fact: Words
    criteria: Words
    cause: Words
    impact: Words
    recommendation: Words
    owner: str | None
    due: str | None
    condition: str | None
