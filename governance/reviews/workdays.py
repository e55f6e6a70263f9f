"""Counting in working days: Monday to Friday in Japan. Public holidays are not known here and count as working days."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from governance.reviews.rules import local_date


def working_days(since: date, until: date) -> int:
    """Return how many working days lie after `since` up to and with `until`; 0 when `until` is not later."""
    if until <= since:
        return 0
    weeks, rest = divmod((until - since).days, 7)
    last = [until - timedelta(days=n) for n in range(rest)]
    return weeks * 5 + sum(day.weekday() < 5 for day in last)


def age(since: datetime | None, now: datetime) -> int:
    """Return the age of something in working days; 0 without a beginning."""
    return working_days(local_date(since), local_date(now)) if since else 0
