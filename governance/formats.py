"""How dates, sizes and digests are written on pages, so that every page and every language writes them the same way.

Near dates carry the weekday (`11/18（水）`), records the ISO form (`2026-11-18`); times are shown in the viewer's zone
(design.md §3.14). Pure functions: the pages hand in the locale and the zone.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from governance.texts import Text

_WEEKDAYS_JA = "月火水木金土日"
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG_WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_MONTHS_EN = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
SOON_DAYS = 4


def local_date(value: date | datetime, zone: tzinfo) -> date:
    """Return the calendar day of `value` for a viewer in `zone`; a plain date stays as it is."""
    return value.astimezone(zone).date() if isinstance(value, datetime) else value


def day(value: date | datetime, zone: tzinfo) -> Text:
    """Return a near date: `11/18（水）`, `Wed 18 Nov`."""
    on = local_date(value, zone)
    weekday = on.weekday()
    return Text(
        f"{on.month:02}/{on.day:02}（{_WEEKDAYS_JA[weekday]}）",
        f"{_WEEKDAYS_EN[weekday]} {on.day} {_MONTHS_EN[on.month - 1]}",
    )


def long_day(value: date | datetime, zone: tzinfo) -> Text:
    """Return a date in full: `2026年11月20日（金）`, `Friday, 20 November 2026`."""
    on = local_date(value, zone)
    weekday = on.weekday()
    return Text(
        f"{on.year}年{on.month}月{on.day}日（{_WEEKDAYS_JA[weekday]}）",
        f"{_LONG_WEEKDAYS_EN[weekday]}, {on.day} {_LONG_MONTHS_EN[on.month - 1]} {on.year}",
    )


def record_date(value: date | datetime, zone: tzinfo) -> str:
    """Return the date of a record: `2026-11-18`, the same in both languages."""
    return local_date(value, zone).isoformat()


def record_time(value: datetime, zone: tzinfo) -> str:
    """Return the date and time of a record: `2026-11-18 14:05`."""
    return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def clock(value: datetime, zone: tzinfo) -> str:
    """Return the time of day: `14:05`."""
    return value.astimezone(zone).strftime("%H:%M")


def recent(value: datetime, now: datetime, zone: tzinfo) -> Text:
    """Return a time of the last days: `今日 09:12`, `昨日 18:20`, else `11/12 16:40` (with the year when it is another)."""
    on, today, at = local_date(value, zone), local_date(now, zone), clock(value, zone)
    days_ago = (today - on).days
    if days_ago == 0:
        return Text(f"今日 {at}", f"Today {at}")
    if days_ago == 1:
        return Text(f"昨日 {at}", f"Yest. {at}")
    if on.year != today.year:
        return Text(on.isoformat(), on.isoformat())
    return Text(f"{on.month:02}/{on.day:02} {at}", f"{on.day} {_MONTHS_EN[on.month - 1]} {at}")


def left(due: date, today: date) -> tuple[str, Text]:
    """Return how near a due date is: tone (`late`, `soon`, `meta`) and words (`2日超過`, `今日まで`, `あと4日`)."""
    days = (due - today).days
    if days < 0:
        return "late", Text(f"{-days}日超過", f"{-days} {_days_en(-days)} late")
    if days == 0:
        return "soon", Text("今日まで", "Due today")
    return "soon" if days <= SOON_DAYS else "meta", Text(f"あと{days}日", f"{days} {_days_en(days)} left")


def _days_en(count: int) -> str:
    return "day" if count == 1 else "days"


def size(count: int) -> str:
    """Return a file size: `240 kB`, `1.8 MB`."""
    if count < 1000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count // 1000} kB"
    return f"{count / 1_000_000:.1f} MB"


def short_digest(digest: str) -> str:
    """Return the first and last four characters of a SHA-256: `9f3c…e1a7`."""
    return f"{digest[:4]}…{digest[-4:]}"


def long_digest(digest: str) -> str:
    """Return a SHA-256 in groups of eight, so that two people can compare it aloud."""
    return " ".join(digest[at : at + 8] for at in range(0, len(digest), 8))


def percent(value: object) -> str:
    """Return `78.8%` for 78.8 (a number or decimal text, already rounded by the rules)."""
    return f"{value}%"
