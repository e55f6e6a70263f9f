"""Counting in working days: neither Saturday nor Sunday, nor a public holiday of Japan, nor a day on which the house is closed.

Which days those are is data (`seeds/calendar.yaml`, or the file an installation names), because the law moves holidays and every house
closes on days of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from governance.paths import SEEDS
from governance.questionnaires.reading import parse
from governance.refusals import Refusal, Refusals
from governance.reviews.rules import local_date

OURS = SEEDS / "calendar.yaml"


@dataclass(frozen=True)
class Calendar:
    """The days off beside the weekend: dates of the listed years, and days (month, day) of every year."""

    holidays: frozenset[date]
    closed: frozenset[tuple[int, int]]
    years: frozenset[int]

    def works(self, day: date) -> bool:
        """Say whether people work on the day."""
        return day.weekday() < 5 and day not in self.holidays and (day.month, day.day) not in self.closed


@cache
def read(path: Path = OURS) -> Calendar:
    """Read a calendar. Raises Refusal naming the file when it cannot be read or says something else than days."""
    try:
        tree = parse(path.name, path.read_text(encoding="utf-8")).tree
        years = {int(year): _days(days) for year, days in tree["holidays"].items()}
        days = frozenset(date(year, *day) for year, found in years.items() for day in found)
        return Calendar(days, frozenset(_days(tree["closed"])), frozenset(years))
    except (OSError, KeyError, TypeError, ValueError, AttributeError, Refusals) as error:
        raise Refusal(
            "reviews.calendar",
            "休日の暦「{path}」を読めません：{why}",
            "The calendar “{path}” cannot be read: {why}",
            path=str(path),
            why=str(error) or type(error).__name__,
        ) from error


def _days(written: Iterable[str]) -> list[tuple[int, int]]:
    found = [date.fromisoformat(f"2024-{each}") for each in written]  # a leap year, so that 02-29 can be a day off
    return [(day.month, day.day) for day in found]


class _InForce:
    """The calendar that counts: the shipped one until the program is told another (`follow`)."""

    path: Path = OURS


def follow(path: Path | None) -> None:
    """Count by the calendar of the installation from now on; with None by the shipped one. Raises Refusal for a file that is none."""
    read(path or OURS)
    _InForce.path = path or OURS


def calendar() -> Calendar:
    """Return the calendar in force."""
    return read(_InForce.path)


def working_days(since: date, until: date) -> int:
    """Return how many working days lie after `since` up to and with `until`; 0 when `until` is not later."""
    off = calendar()
    return sum(off.works(since + timedelta(days=n + 1)) for n in range(max(0, (until - since).days)))


def age(since: datetime | None, now: datetime) -> int:
    """Return the age of something in working days; 0 without a beginning."""
    return working_days(local_date(since), local_date(now)) if since else 0
