"""The story: dates stay fresh, acts come in order of time, and nothing happens later than now."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from governance.demo.content import Content, read_content
from governance.demo.story import Act, Calendar, acts
from governance.paths import SEEDS

TOKYO = ZoneInfo("Asia/Tokyo")
FRIDAY = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def content() -> Content:
    return read_content(SEEDS / "demo")


def _acts(content: Content, now: datetime) -> list[Act]:
    return acts(content, Calendar(now, TOKYO))


def test_a_day_at_the_weekend_moves_to_friday_and_today_stays() -> None:
    calendar = Calendar(FRIDAY, TOKYO)
    assert calendar.day(-5) == date(2026, 11, 13)
    assert calendar.day(-6) == date(2026, 11, 13)
    assert calendar.day(-4) == date(2026, 11, 16)
    assert Calendar(FRIDAY + timedelta(days=1), TOKYO).day(0) == date(2026, 11, 21)


def test_a_date_inside_a_text_is_written_out_in_its_language() -> None:
    calendar = Calendar(FRIDAY, TOKYO)
    assert calendar.text("{-7}の検討会") == "11月13日の検討会"
    assert calendar.text("On {-7} they met", "en") == "On 13 November 2026 they met"


@pytest.mark.parametrize(
    "now", [FRIDAY, FRIDAY + timedelta(days=2, hours=12, minutes=7), datetime(2028, 2, 29, 14, 59, tzinfo=UTC)]
)
def test_acts_are_in_order_of_time_and_never_in_the_future(content: Content, now: datetime) -> None:
    story = _acts(content, now)
    moments = [act.at for act in story]
    assert moments == sorted(set(moments))
    assert moments[-1] < now


def test_every_meeting_gives_notice_of_at_least_a_week(content: Content) -> None:
    for weekday in range(7):
        calendar = Calendar(FRIDAY + timedelta(days=weekday), TOKYO)
        for session in content.meetings:
            assert (calendar.day(session.day) - calendar.day(session.materials_sent)).days >= 7, session.key


def test_nobody_acts_before_joining_and_answers_come_before_the_submission(content: Content) -> None:
    story = _acts(content, FRIDAY)
    for case in content.cases:
        own = [act for act in story if act.what and act.what[0] is case]
        assert own[0].name == "register"
        names = [act.name for act in own]
        if "submit" in names:
            assert (
                names.index("join")
                < names.index("open")
                < names.index("sort_out")
                < names.index("rate")
                < names.index("submit")
            )


def test_the_secretary_is_found_by_role(content: Content) -> None:
    assert {act.actor for act in _acts(content, FRIDAY) if act.name in ("plan", "close")} == {"daihon"}
