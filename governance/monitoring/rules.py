"""Values, times, bands, alerts and incidents as plain rules: what is read, what is out of band, when a rule fires, who may close.

Numbers are exact text from the keyboard to the page and never pass through binary fractions. Whatever a person in Japan types —
full-width digits, a minus sign, 1,234.5, 2026年11月20日 — is read; what cannot be meant is refused with a sentence (domain.md M1a, M1c).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from itertools import groupby
from statistics import median

from governance.refusals import Problem, Refusal
from governance.texts import Text

DIRECTIONS: dict[str, Text] = {
    "up": Text("大きいほどよい", "Higher is better"),
    "down": Text("小さいほどよい", "Lower is better"),
    "within": Text("範囲の中がよい", "Best within the range"),
}
VERDICTS: dict[str, Text] = {
    "in": Text("範囲内", "Within range"),
    "low": Text("下限を下回る", "Below the lower limit"),
    "high": Text("上限を超える", "Above the upper limit"),
    "": Text("範囲の設定前", "Before any range was set"),
}
OUT = frozenset({"low", "high"})
SOURCES: dict[str, Text] = {
    "hand": Text("手入力", "By hand"),
    "csv": Text("CSV", "CSV"),
    "api": Text("API", "API"),
}
MOST_DIGITS = 20
EARLIEST = date(2000, 1, 1)
CLOCKS_DIFFER = timedelta(minutes=5)
"""How far ahead of ours the clock of a machine may be."""
MOST_DAYS = 1100
"""Longest time between two expected readings: three years."""
MOST_QUIET_DAYS = 92
"""Longest time for which an acknowledged alert stays quiet."""
SHORTEST_MEMORY = timedelta(days=7)

# ---------------------------------------------------------------- values

_PLAIN = re.compile(r"([-+]?)([0-9]+)(?:\.([0-9]+))?")
_GROUPED = re.compile(r"[-+]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_POWER = re.compile(r"([-+]?[0-9]+(?:\.[0-9]+)?)[eE]([-+]?[0-9]{1,3})")
_MINUS = str.maketrans("−‐‒–", "----")


def storable(text: str) -> str:
    """Return the text. Raises ValueError for what no database keeps: half a pair, and the NUL character."""
    text.encode()
    if "\0" in text:
        raise ValueError("NUL")
    return text


def exact(typed: str, *, unit: str = "", powers: bool = False) -> str:
    """Return a number as it is stored: half-width, without separators, unit and needless zeros. Raises Refusal.

    `powers` reads 1.5e-05 too, as machines write it; from people and spreadsheets it is refused, because a spreadsheet that shows
    1.23E+05 has lost digits.
    """
    plain = unicodedata.normalize("NFKC", typed).translate(_MINUS).strip()
    ending = unicodedata.normalize("NFKC", unit).strip()
    plain = plain.removesuffix(ending).strip() if ending else plain
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    power = _POWER.fullmatch(plain)
    if power and powers:
        plain = _spread(*power.groups())
    elif power:
        raise _bad_value(
            "「{typed}」のような指数の形は、桁が失われていることがあるため使えません。すべての桁を書いてください。",
            "A power such as “{typed}” may have lost digits; write out all digits.",
            typed,
        )
    found = _PLAIN.fullmatch(plain)
    if not found:
        raise _bad_value(
            "「{typed}」は数として読めません。93.5 のように入力してください。",
            "“{typed}” is not a number. Enter it like 93.5.",
            typed,
        )
    return _trimmed(typed, *found.groups(""))


def _spread(digits: str, power: str) -> str:
    """Write a power of ten out; one far out of reach is left to be refused as too long."""
    if abs(int(power)) > 2 * MOST_DIGITS:
        return "9" * (MOST_DIGITS + 1)
    sign, figures, exponent = Decimal(digits).as_tuple()
    return format(Decimal((sign, figures, int(exponent) + int(power))), "f")


def _trimmed(typed: str, sign: str, whole: str, part: str) -> str:
    whole, part = whole.lstrip("0") or "0", part.rstrip("0")
    if len(whole) > MOST_DIGITS or len(part) > MOST_DIGITS:
        raise _bad_value(
            "「{typed}」は桁が多すぎます。整数部・小数部とも{most}桁までです。",
            "“{typed}” has too many digits; at most {most} before and {most} after the point.",
            typed,
        )
    number = f"{whole}.{part}" if part else whole
    return f"-{number}" if sign == "-" and number != "0" else number


def _bad_value(ja: str, en: str, typed: str) -> Refusal:
    return Refusal("monitoring.value", ja, en, place="value", typed=typed.strip()[:40], most=MOST_DIGITS)


# ---------------------------------------------------------------- times

_TIME = re.compile(
    r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*日?"
    r"(?:(?:\s*T\s*|\s+)([0-9]{1,2})\s*(?::|時)\s*(?:([0-9]{1,2})(?:\s*(?::|分)\s*([0-9]{1,2})(?:[.,]([0-9]{1,9}))?)?\s*[分秒]?)?"
    r"\s*(Z|[-+][0-9]{2}:?[0-9]{2})?)?"
)
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")


def moment(typed: str, zone: tzinfo | None, now: datetime) -> datetime:
    """Return the time of a reading, in `zone` where it names none; a date alone is its midnight. Raises Refusal.

    A date that does not exist, a time to come and one before 2000 are refused; without `zone` the time must name its own.
    """
    plain = unicodedata.normalize("NFKC", typed).translate(_MINUS).strip()
    found = _TIME.fullmatch(_COMPACT.sub(r"\1-\2-\3", plain) if _COMPACT.fullmatch(plain) else plain)
    if not found:
        raise _bad_time(
            "「{typed}」は日時として読めません。2026-11-20 または 2026-11-20 14:05 のように入力してください。",
            "“{typed}” is not a time. Enter it like 2026-11-20 or 2026-11-20 14:05.",
            typed,
        )
    at = _real(typed, found, zone)
    if at.date() < EARLIEST:
        raise _bad_time(
            "「{typed}」は古すぎます。年を確かめてください。", "“{typed}” is too long ago; check the year.", typed
        )
    if at > now + CLOCKS_DIFFER:
        raise _bad_time("「{typed}」はまだ来ていない日時です。", "“{typed}” is still to come.", typed)
    return at


def _real(typed: str, found: re.Match[str], zone: tzinfo | None) -> datetime:
    if zone is None and not found[8]:
        raise _bad_time(
            "「{typed}」には時差がありません。2026-11-20T14:05:00+09:00 のように書いてください。",
            "“{typed}” names no offset; write it like 2026-11-20T14:05:00+09:00.",
            typed,
        )
    year, month, day, hour, minute, second = (int(part or 0) for part in found.group(1, 2, 3, 4, 5, 6))
    micro = int((found[7] or "0")[:6].ljust(6, "0"))
    try:
        return datetime(year, month, day, hour, minute, second, micro, tzinfo=_zone(found[8]) or zone)
    except (ValueError, OverflowError) as error:
        raise _bad_time("「{typed}」という日時はありません。", "There is no such time as “{typed}”.", typed) from error


def _zone(written: str | None) -> tzinfo | None:
    if not written:
        return None
    if written == "Z":
        return UTC
    digits = written[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if written[0] == "-" else offset)


def _bad_time(ja: str, en: str, typed: str) -> Refusal:
    return Refusal("monitoring.at", ja, en, place="at", typed=typed.strip()[:40])


# ---------------------------------------------------------------- bands


def band_problems(direction: str, low: str, high: str) -> list[Problem]:
    """Return what is wrong with a band of exact numbers: a limit that its direction needs, and limits that cross."""
    found = []
    if direction not in DIRECTIONS:
        found.append(_problem("direction", "どの向きがよいかを選んでください。", "Choose which way is better."))
    if direction == "up" and not low:
        found.append(_problem("low", "下限を入力してください。", "Enter the lower limit."))
    if direction == "down" and not high:
        found.append(_problem("high", "上限を入力してください。", "Enter the upper limit."))
    if direction == "within" and not (low and high):
        place = "high" if low else "low"
        found.append(_problem(place, "下限と上限の両方を入力してください。", "Enter both limits."))
    if low and high and Decimal(low) > Decimal(high):
        found.append(_problem("high", "上限が下限より小さくなっています。", "The upper limit is below the lower one."))
    return found


def _problem(place: str, ja: str, en: str) -> Problem:
    return Problem(f"monitoring.{place}", Text(ja, en), place)


def verdict(value: str, low: str, high: str) -> str:
    """Say how a value stands to a band: `low`, `high`, or `in`; a value on a limit is in."""
    if low and Decimal(value) < Decimal(low):
        return "low"
    if high and Decimal(value) > Decimal(high):
        return "high"
    return "in"


def band_words(low: str, high: str, unit: str = "") -> Text:
    """Return a band as people say it: 95 以上, 0–5, 10 以下."""
    unit = f" {unit}" if unit and unit != "%" else unit
    if low and high:
        return Text(f"{low}～{high}{unit}", f"{low} to {high}{unit}")
    return (
        Text(f"{low}{unit}以上", f"{low}{unit} or more") if low else Text(f"{high}{unit}以下", f"{high}{unit} or less")
    )


# ---------------------------------------------------------------- when an alert opens


@dataclass(frozen=True)
class Seen:
    """One reading that counts, as the rule of alerts sees it; `is_fresh` when it has just been entered and is recent enough."""

    id: str
    verdict: str
    is_fresh: bool = False


@dataclass(frozen=True)
class Raised:
    """That fresh readings are out of band: the last of them, and the longest run of readings out of band that has a fresh one."""

    id: str
    run: int


def raised(seen: Sequence[Seen], /) -> Raised | None:
    """Return what an entry of readings raises, from the readings in the order of their times; None when nothing fresh is out."""
    last, longest = "", 0
    for is_out, group in groupby(seen, key=lambda each: each.verdict in OUT):
        run = list(group)
        if is_out and any(each.is_fresh for each in run):
            last = next(each.id for each in reversed(run) if each.is_fresh)
            longest = max(longest, len(run))
    return Raised(last, longest) if last else None


def is_recent(at: datetime, newest: datetime | None, now: datetime, every_days: int) -> bool:
    """Say whether a reading entered now may raise an alert: newer than all before it, or of the last interval (a week at least).

    A first upload of years of history raises none but for its last interval.
    """
    if at >= now - max(timedelta(days=every_days), SHORTEST_MEMORY):
        return True
    return newest is not None and at > newest


def expected_on(last: date, every_days: int) -> date:
    """Return the day on which the next reading is expected."""
    return last + timedelta(days=every_days)


# ---------------------------------------------------------------- trend

TRENDS: dict[str, Text] = {
    "better": Text("改善", "Improving"),
    "worse": Text("悪化", "Worsening"),
    "flat": Text("横ばい", "Steady"),
    "": Text("まだ判断できません", "Too early to tell"),
}
_LOOKED_AT = 3


def trend(values: Sequence[str], direction: str, low: str, high: str) -> str:
    """Say where the last readings tend, the newest last: median of the last three against the three before.

    A move within a third of what the six of them spread over is called flat. Fewer than six: nothing.
    """
    if len(values) < 2 * _LOOKED_AT:
        return ""
    numbers = [Decimal(value) for value in values[-2 * _LOOKED_AT :]]
    before, after = median(numbers[:_LOOKED_AT]), median(numbers[_LOOKED_AT:])
    if direction == "within":
        middle = (Decimal(low) + Decimal(high)) / 2
        gained = abs(before - middle) - abs(after - middle)
    else:
        gained = after - before if direction == "up" else before - after
    if abs(gained) * 3 <= max(numbers) - min(numbers):
        return "flat"
    return "better" if gained > 0 else "worse"


# ---------------------------------------------------------------- incidents

INCIDENT_KINDS: dict[str, Text] = {
    "incident": Text("事故", "Incident"),
    "near_miss": Text("ヒヤリハット", "Near miss"),
}
INCIDENT_STATES: dict[str, Text] = {
    "open": Text("調査中", "Open"),
    "analysed": Text("分析済み", "Analysed"),
    "closed": Text("終結", "Closed"),
}
CONSEQUENCES: dict[str, Text] = {
    "none": Text("なし", "None"),
    "screening": Text("再スクリーニングが必要", "A re-screening is needed"),
    "suspension": Text("一時停止を提案", "Suspension is proposed"),
}
DUTIES: dict[str, Text] = {
    "authority": Text("当局", "Authority"),
    "customer": Text("顧客", "Customer"),
    "affected": Text("影響を受けた人", "People affected"),
    "other": Text("その他", "Other"),
}
INCIDENT_STOP = "H5"
"""The hard stop of unresolved serious incidents (domain.md §5.4), where a framework has one."""


def is_serious(severity: int, grades: int) -> bool:
    """Say whether a severity belongs to the upper half of the scale (重大 and 甚大 of four)."""
    return 2 * severity > grades


def analysis_problems(cause: str, immediate: str, prevention: str, answers: int) -> list[Problem]:
    """Return what keeps an incident from being called analysed: its cause, what was done at once, and what keeps it from recurring."""
    found = []
    if not cause.strip():
        found.append(_problem("cause", "原因を書いてください。", "Write the cause."))
    if not immediate.strip():
        found.append(_problem("immediate", "直ちに行ったことを書いてください。", "Write what was done at once."))
    if not prevention.strip() and not answers:
        found.append(
            _problem(
                "prevention",
                "再発防止を書くか、対応策・付帯条件を結び付けてください。",
                "Write what prevents recurrence, or name a measure or condition.",
            )
        )
    return found


def day_problems(occurred_on: date | None, found_on: date | None, today: date) -> list[Problem]:
    """Return what is wrong with the days of an incident: none given, still to come, or found before it happened."""
    found = []
    for name, on in (("occurred_on", occurred_on), ("found_on", found_on)):
        if on is None:
            found.append(_problem(name, "日付を入力してください。", "Enter the date."))
        elif on > today:
            found.append(_problem(name, "まだ来ていない日付です。", "This date is still to come."))
        elif on < EARLIEST:
            found.append(_problem(name, "古すぎる日付です。年を確かめてください。", "Too long ago; check the year."))
    if not found and occurred_on and found_on and found_on < occurred_on:
        found.append(_problem("found_on", "発生日より前の日付です。", "This is before it happened."))
    return found


def count_out(verdicts: Iterable[str]) -> int:
    """Return how many readings were out of band."""
    return sum(each in OUT for each in verdicts)
