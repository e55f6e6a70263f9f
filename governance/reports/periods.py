"""The time a portfolio report covers: a fiscal year (April to March), a quarter of one, or any days from and to.

Written `FY2026`, `FY2026-Q2` (July to September) or `2026-04-01..2026-09-30`; days are days in Japan (domain.md §6.3, §7 R3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from governance.refusals import Refusal
from governance.reviews.rules import ZONE
from governance.texts import Text

_YEAR = re.compile(r"FY(\d{4})(?:-Q([1-4]))?")
_DAYS = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")
_EARLIEST, _LATEST = 2000, 2200


@dataclass(frozen=True)
class Period:
    """The first and the last day; `code` is how it is written."""

    first: date
    last: date
    code: str

    @property
    def since(self) -> datetime:
        """The moment it begins."""
        return _midnight(self.first)

    @property
    def until(self) -> datetime:
        """The moment after its end."""
        return _midnight(self.last + timedelta(days=1))

    @property
    def is_year(self) -> bool:
        """Say whether it is a whole fiscal year."""
        return bool(_YEAR.fullmatch(self.code)) and "-Q" not in self.code

    @property
    def name(self) -> Text:
        """The period in words, with its days."""
        days = Text("{first}～{last}", "{first} to {last}").filled(first=self.first, last=self.last)
        found = _YEAR.fullmatch(self.code)
        if found is None:
            return days
        year = Text("{year}年度", "FY{year}") if found[2] is None else Text("{year}年度第{q}四半期", "FY{year} Q{q}")
        return Text("{name}（{days}）", "{name} ({days})").filled(
            name=year.filled(year=found[1], q=found[2]), days=days
        )

    def before(self) -> Period:
        """Return the period that this one is compared with: the year, the quarter or as many days before."""
        found = _YEAR.fullmatch(self.code)
        if found is None:
            last = self.first - timedelta(days=1)
            return _days(last - (self.last - self.first), last)
        year, quarter = int(found[1]), int(found[2]) if found[2] else None
        if quarter is None:
            return _year(year - 1, None)
        return _year(year, quarter - 1) if quarter > 1 else _year(year - 1, 4)

    def months(self) -> list[tuple[int, int]]:
        """Return (year, month) of every month it touches."""
        first = self.first.year * 12 + self.first.month - 1
        last = self.last.year * 12 + self.last.month - 1
        return [(at // 12, at % 12 + 1) for at in range(first, last + 1)]


def parsed(code: str) -> Period:
    """Return the period that is written so. Raises Refusal for anything else and for one that ends before it begins."""
    try:
        if found := _YEAR.fullmatch(code.strip()):
            if _EARLIEST <= int(found[1]) < _LATEST:
                return _year(int(found[1]), int(found[2]) if found[2] else None)
        elif found := _DAYS.fullmatch(code.strip()):
            first, last = date.fromisoformat(found[1]), date.fromisoformat(found[2])
            if first <= last and first.year >= _EARLIEST and last.year < _LATEST:
                return _days(first, last)
    except ValueError:
        pass
    raise Refusal(
        "reports.period",
        "期間は FY2026、FY2026-Q2、2026-04-01..2026-09-30 のように書いてください。",
        "Write the period as FY2026, FY2026-Q2 or 2026-04-01..2026-09-30.",
        place="scope",
    )


def _year(year: int, quarter: int | None) -> Period:
    if quarter is None:
        return Period(date(year, 4, 1), date(year + 1, 3, 31), f"FY{year}")
    month = 1 + 3 * quarter
    first = date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
    after = date(first.year + (first.month + 2) // 12, (first.month + 2) % 12 + 1, 1)
    return Period(first, after - timedelta(days=1), f"FY{year}-Q{quarter}")


def _days(first: date, last: date) -> Period:
    return Period(first, last, f"{first}..{last}")


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time(), ZONE).astimezone(UTC)
