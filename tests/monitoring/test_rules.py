"""Numbers, times, bands, alerts and incidents by rule: what people type is read, what cannot be meant is refused."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.monitoring import rules
from governance.monitoring.rules import Seen
from governance.refusals import Refusal

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("93.5", "93.5"),
        ("９３．５", "93.5"),
        (" 93.50 ", "93.5"),
        ("1,234.5", "1234.5"),
        ("１，２３４．５", "1234.5"),
        ("−3", "-3"),
        ("‐3", "-3"),
        ("-0.0", "0"),
        ("+7", "7"),
        ("007", "7"),
        ("0.1", "0.1"),
        ("12345678901234567890.12345678901234567890", "12345678901234567890.1234567890123456789"),
    ],
)
def test_a_number_is_read_as_people_type_it(typed: str, stored: str) -> None:
    assert rules.exact(typed) == stored


def test_the_unit_may_be_typed_with_it() -> None:
    assert rules.exact("93.5％", unit="%") == "93.5"
    assert rules.exact("120 ms", unit="ms") == "120"


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "NaN", "nan", "inf", "Infinity", "-inf", "1e999", "1e5", "1.2.3", "12,34.5", "1,2345", "0x10", "1_000",
        "九十三", "93.5点", ".5", "5.", "--3", "1 000", "9" * 21, "0." + "1" * 21, "=1+1", "٣", "1\x00", "½",
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_by_name(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        rules.exact(typed)
    assert refused.value.place == "value"


@pytest.mark.parametrize(
    ("typed", "stored"), [("1e-05", "0.00001"), ("1.5E+3", "1500"), ("-2e0", "-2"), ("1e19", "1" + "0" * 19)]
)
def test_machines_may_write_powers(typed: str, stored: str) -> None:
    assert rules.exact(typed, powers=True) == stored


@pytest.mark.parametrize("typed", ["1e999", "1e-999", "1e20", "1e-21", "1e1000", "1e"])
def test_powers_out_of_reach_are_refused_at_once(typed: str) -> None:
    with pytest.raises(Refusal):
        rules.exact(typed, powers=True)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=10, min_value=-(10**15), max_value=10**15))
def test_no_digit_is_lost_and_storing_twice_changes_nothing(number: Decimal) -> None:
    stored = rules.exact(format(number, "f"))
    assert Decimal(stored) == number
    assert rules.exact(stored) == stored


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(typed: str) -> None:
    with suppress(Refusal):
        assert Decimal(rules.exact(typed, powers=True)).is_finite()


@pytest.mark.parametrize(
    ("typed", "local"),
    [
        ("2026-11-20", "2026-11-20T00:00:00+09:00"),
        ("20261120", "2026-11-20T00:00:00+09:00"),
        ("2026/1/5", "2026-01-05T00:00:00+09:00"),
        ("２０２６年１１月２０日", "2026-11-20T00:00:00+09:00"),
        ("2026-11-20 9:05", "2026-11-20T09:05:00+09:00"),
        ("2026年11月20日 9時05分", "2026-11-20T09:05:00+09:00"),
        ("2026年11月20日 9時", "2026-11-20T09:00:00+09:00"),
        ("2026-11-20T09:05:07.25", "2026-11-20T09:05:07.250000+09:00"),
        ("2026-11-20T00:05:07.123456789Z", "2026-11-20T09:05:07.123456+09:00"),
        ("2026-11-19T19:05:07-05:00", "2026-11-20T09:05:07+09:00"),
        ("2026-11-20 12:04", "2026-11-20T12:04:00+09:00"),
    ],
)
def test_a_time_is_read_in_the_zone_of_the_service_or_its_own(typed: str, local: str) -> None:
    assert rules.moment(typed, TOKYO, NOW) == datetime.fromisoformat(local)


@pytest.mark.parametrize(
    "typed",
    [
        "", "昨日", "2026-02-30", "2026-13-01", "2026-11-20 25:00", "2026-11-20 10:61", "2026-11-20T10:00+99:00",
        "26-11-20", "11/20/2026", "2026-11-21", "2026-11-20 12:06", "1999-12-31", "0202-11-20", "2026-11", "1763607600",
        "0000-00-00", "9999-12-31T23:59:59-23:59",
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_is_refused_by_name(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        rules.moment(typed, TOKYO, NOW)
    assert refused.value.place == "at"


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_is_refused(typed: str) -> None:
    with suppress(Refusal):
        assert rules.moment(typed, TOKYO, NOW).tzinfo


@pytest.mark.parametrize(
    ("direction", "low", "high", "places"),
    [
        ("up", "95", "", []),
        ("up", "", "95", ["low"]),
        ("down", "", "5", []),
        ("down", "5", "", ["high"]),
        ("within", "1", "2", []),
        ("within", "1", "", ["high"]),
        ("within", "", "2", ["low"]),
        ("within", "2", "1", ["high"]),
        ("up", "10", "9.5", ["high"]),
        ("within", "1", "1", []),
        ("sideways", "1", "2", ["direction"]),
    ],
)
def test_a_band_has_the_limits_its_direction_needs(direction: str, low: str, high: str, places: list[str]) -> None:
    assert [problem.place for problem in rules.band_problems(direction, low, high)] == places


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [
        ("95", "95", "", "in"),
        ("94.99999999999999999999", "95", "", "low"),
        ("5", "", "5", "in"),
        ("5.00000000000000000001", "", "5", "high"),
        ("-3", "-5", "-1", "in"),
        ("-6", "-5", "-1", "low"),
        ("0", "", "", "in"),
        ("10", "9", "9.5", "high"),
    ],
)
def test_a_value_on_the_limit_is_in_and_comparing_is_exact(value: str, low: str, high: str, said: str) -> None:
    assert rules.verdict(value, low, high) == said


def test_a_band_is_said_in_words() -> None:
    assert rules.band_words("95", "", "%").ja == "95%以上"
    assert rules.band_words("", "120", "ms").en == "120 ms or less"
    assert rules.band_words("1", "2", "件").ja == "1～2 件"


def seen(pattern: str) -> list[Seen]:
    """Read "ioO": i in, o out, capitals just entered."""
    return [Seen(str(at), "low" if each in "oO" else "in", each.isupper()) for at, each in enumerate(pattern)]


@pytest.mark.parametrize(
    ("pattern", "last", "run"),
    [
        ("", None, 0),
        ("iiI", None, 0),
        ("iiO", "2", 1),
        ("ioO", "2", 2),
        ("ooI", None, 0),
        ("OI", "0", 1),
        ("OOI", "1", 2),
        ("oOiO", "3", 2),
        ("oooIO", "4", 1),
        ("Oo", "0", 2),
    ],
)
def test_an_alert_rises_from_fresh_readings_and_counts_the_run_they_belong_to(
    pattern: str, last: str | None, run: int
) -> None:
    found = rules.raised(seen(pattern))
    assert (found.id if found else None, found.run if found else 0) == (last, run)


@pytest.mark.parametrize(
    ("days_ago", "newest_days_ago", "every", "recent"),
    [
        (0, 1, 30, True),
        (29, 1, 30, True),
        (31, 1, 30, False),
        (6, 1, 1, True),
        (8, 1, 1, False),
        (8, 9, 1, True),
        (400, None, 30, False),
    ],
)
def test_only_recent_readings_raise_alerts(
    days_ago: int, newest_days_ago: int | None, every: int, recent: bool
) -> None:
    newest = None if newest_days_ago is None else NOW - timedelta(days=newest_days_ago)
    assert rules.is_recent(NOW - timedelta(days=days_ago), newest, NOW, every) is recent


@pytest.mark.parametrize(
    ("values", "direction", "word"),
    [
        ("90 91 92 93 94 95", "up", "better"),
        ("90 91 92 93 94 95", "down", "worse"),
        ("95 94 93 92 91 90", "up", "worse"),
        ("90 90 90 90 90 90", "up", "flat"),
        ("90 93 91 92 90 93", "up", "flat"),
        ("90 91 92", "up", ""),
        ("1 1 1 5 5 5", "within", "better"),
        ("5 5 5 9 9 9", "within", "worse"),
    ],
)  # fmt: skip
def test_the_trend_is_one_word(values: str, direction: str, word: str) -> None:
    low, high = ("0", "10") if direction == "within" else ("90", "") if direction == "up" else ("", "100")
    assert rules.trend(values.split(), direction, low, high) == word


@pytest.mark.parametrize(
    ("severity", "grades", "serious"),
    [(1, 4, False), (2, 4, False), (3, 4, True), (4, 4, True), (2, 3, True), (1, 2, False), (2, 2, True)],
)
def test_the_upper_half_of_the_scale_is_serious(severity: int, grades: int, serious: bool) -> None:
    assert rules.is_serious(severity, grades) is serious


def test_an_analysis_needs_cause_action_and_what_prevents_recurrence() -> None:
    assert [p.place for p in rules.analysis_problems("", " ", "", 0)] == ["cause", "immediate", "prevention"]
    assert rules.analysis_problems("a", "b", "", 1) == rules.analysis_problems("a", "b", "c", 0) == []


def test_the_days_of_an_incident_make_sense() -> None:
    today = date(2026, 11, 20)
    assert rules.day_problems(date(2026, 11, 19), today, today) == []
    wrong = [
        (None, today, "occurred_on"),
        (today, None, "found_on"),
        (date(2026, 11, 21), date(2026, 11, 21), "occurred_on"),
        (today, date(2026, 11, 19), "found_on"),
        (date(202, 1, 1), today, "occurred_on"),
    ]
    for occurred, found, place in wrong:
        assert rules.day_problems(occurred, found, today)[0].place == place
