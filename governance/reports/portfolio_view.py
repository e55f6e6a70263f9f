"""What the sections of the portfolio report share: its two periods with everything counted, shares, heads of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from governance.questionnaires.definition import Framework
from governance.reports.names import percent
from governance.reports.periods import Period
from governance.reports.portfolio import Figures
from governance.reports.portfolio_boards import Board
from governance.reports.words import Words
from governance.texts import Text


@dataclass(frozen=True)
class Portfolio:
    """Everything the report tells: two periods, the committees, the highest levels, and the words of framework and questions."""

    period: Period
    now: Figures
    before: Figures
    boards: Sequence[Board]
    boards_before: Sequence[Board]
    framework: Framework
    peaks: Mapping[tuple[str, str], tuple[int, int]]
    counts: Mapping[tuple[str, str], Mapping[int, int]]
    topics: Mapping[str, Text]
    on: str


def share(part_of: int, whole: int) -> str | None:
    """Return a share in percent with one place; nothing of nothing."""
    return f"{percent(Decimal(100) * part_of / whole)} %" if whole else None


def periods(told: Portfolio) -> tuple[tuple[Words, str, str], ...]:
    """Return the heads of the two columns of figures: the period and the one before."""
    names = (told.period, told.period.before())
    return tuple((each.code.replace("..", "–"), "n34", "figures") for each in names)


def name_of(board: Board) -> Text:
    """Return the name of a committee."""
    return Text(board.committee.name, board.committee.name_in("en"))
