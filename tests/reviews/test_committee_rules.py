"""A committee's rules: every key of domain.md §6.3, versions with a day, and what may be adopted when."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from governance.ledger.audit import verify_database
from governance.refusals import Conflict, Forbidden, Refusal, Refusals
from governance.reviews import committees
from governance.reviews.committee import Ties, committee_rules, suggested_conflicts
from governance.reviews.models import Committee
from governance.reviews.rules import local_date
from governance.work import UnitOfWork
from tests.builders import World
from tests.reviews import scenes
from tests.reviews.scenes import agenda_item, board, in_session, on_agenda, planned


def the(work: UnitOfWork, committee_id: str) -> Committee:
    return work.session.get_one(Committee, committee_id)


def adopt(
    made: World, committee_id: str, version: str, effective_on: date, by: str = "secretariat", **rules: object
) -> None:
    with made.acting(by) as work:
        row = the(work, committee_id)
        committees.change_rules(
            work, row, rules, rev=row.rev, version=version, effective_on=effective_on, reason="委員会で決めた"
        )


def today(made: World) -> date:
    return local_date(made.now)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("gender_balance", "require"),
        ("alert_month", 13),
        ("alert_month", 0),
        ("min_members", 2),
        ("decision_rule", "chair"),
        ("voting", "loud"),
        ("votes_shown", "all"),
        ("circulation", "always"),
        ("circulation_members", 0),
        ("appeal_days", 999),
        ("recusal_codes", ["member", "author", "horoscope"]),
        ("recusal_bars", ["former"]),
        ("recusal_bars", "member"),
    ],
)
def test_a_rule_outside_of_its_range_is_refused_by_its_key(key: str, value: object) -> None:
    with pytest.raises(Refusals) as refused:
        committee_rules({key: value})
    assert {problem.place for problem in refused.value.problems} == {key}


def test_the_defaults_are_those_of_the_domain() -> None:
    rules = committee_rules({})
    assert (rules.min_members, rules.min_sessions_per_fiscal_year, rules.alert_month) == (5, 2, 9)
    assert (rules.notice_days, rules.appeal_days, rules.appeal_times, rules.overdue_reminder_days) == (7, 30, 1, 14)
    assert (rules.circulation, rules.circulation_members, rules.authority) == ("expedited_only", 2, "deciding")
    assert (rules.gender_balance, rules.votes_shown, rules.tie) == ("warn", "totals", "deferred")


def test_which_conflicts_bar_is_a_rule() -> None:
    ties = Ties(department="試験部", former=frozenset({"u"}), authors=frozenset({"a"}))
    as_usual = {c.code: c.bars for c in suggested_conflicts("u", "試験部", ties)}
    assert as_usual == {"former": True, "department": False}
    strict = committee_rules({"recusal_bars": ["member", "author", "department"]})
    assert {c.code: c.bars for c in suggested_conflicts("u", "試験部", ties, rules=strict)} == {
        "former": False,
        "department": True,
    }
    narrow = committee_rules({"recusal_codes": ["member", "author"], "recusal_bars": ["member", "author"]})
    assert suggested_conflicts("u", "試験部", ties, rules=narrow) == []
    assert [c.bars for c in suggested_conflicts("a", "", ties, rules=narrow)] == [True]


def test_a_version_is_in_force_from_its_day(made: World) -> None:
    committee_id, day = board(made), today(made)
    adopt(made, committee_id, "2.0", day + timedelta(days=30), min_members=7)
    adopt(made, committee_id, "3.0", day + timedelta(days=10), min_members=6)
    with made.acting("auditor", read_only=True) as work:
        row = the(work, committee_id)
        found = {n: committees.version_in_force(row, day + timedelta(days=n)).version for n in (-400, 0, 9, 10, 29, 30)}
        assert found == {-400: "1.0", 0: "1.0", 9: "1.0", 10: "3.0", 29: "3.0", 30: "2.0"}
        assert committees.rules_of(row, day + timedelta(days=30)).min_members == 7
        assert [each.number for each in committees.versions_of(row)] == [0, 1, 2]


def test_of_two_versions_of_one_day_the_newer_is_in_force(made: World) -> None:
    committee_id, day = board(made), today(made) + timedelta(days=1)
    adopt(made, committee_id, "2.0", day, min_members=7)
    adopt(made, committee_id, "2.1", day, min_members=8)
    with made.acting("auditor", read_only=True) as work:
        assert committees.rules_of(the(work, committee_id), day).min_members == 8


def test_a_version_is_refused_for_the_past_for_a_used_name_and_without_right(made: World) -> None:
    committee_id, day = board(made), today(made)
    with pytest.raises(Refusal, match="effective_on"):
        adopt(made, committee_id, "2.0", day - timedelta(days=1))
    with pytest.raises(Refusal, match="rules_version"):
        adopt(made, committee_id, "1.0", day)
    with pytest.raises(Refusal, match="rules_version_name"):
        adopt(made, committee_id, "二版", day)
    with pytest.raises(Refusals, match="recusal_bars|committee_rule"):
        adopt(made, committee_id, "2.0", day, recusal_bars=[])
    with pytest.raises(Forbidden):
        adopt(made, committee_id, "2.0", day, by="chair")


def test_an_old_form_does_not_adopt_a_second_version(made: World) -> None:
    committee_id, day = board(made), today(made)
    with made.acting("secretariat") as work:
        rev = the(work, committee_id).rev
    adopt(made, committee_id, "2.0", day)
    with pytest.raises(Conflict), made.acting("secretariat") as work:
        committees.change_rules(work, the(work, committee_id), {}, rev=rev, version="3.0", effective_on=day, reason="x")


def test_a_meeting_keeps_the_rules_of_the_day_it_opened(made: World) -> None:
    _, _, item_id = on_agenda(made)
    with made.acting("secretariat") as work:
        committee_id = agenda_item(work, item_id).meeting.committee_id
    with pytest.raises(Refusal, match="in_session"):
        adopt(made, committee_id, "2.0", today(made) + timedelta(days=30))


def test_no_version_takes_effect_on_a_day_a_meeting_was_opened(made: World) -> None:
    committee_id = board(made)
    from_scene, _ = planned_and_closed(made, committee_id)
    assert from_scene
    with pytest.raises(Refusal, match="effective_in_session"):
        adopt(made, committee_id, "2.0", today(made))
    adopt(made, committee_id, "2.0", today(made) + timedelta(days=1))


def planned_and_closed(made: World, committee_id: str) -> tuple[str, list[str]]:
    screening_id = scenes.case(made, scenes.BOARD, scenes.HIGH)
    scenes.opined(made, screening_id)
    meeting_id, items = planned(made, committee_id, screening_id)
    in_session(made, meeting_id)
    with made.acting("secretariat") as work:
        item = agenda_item(work, items[0])
        scenes.items.open_item(work, item, rev=item.rev)
        scenes.items.defer_item(work, item, rev=item.rev, reason="次回に続ける")
        meeting = item.meeting
        scenes.meetings.close_meeting(work, meeting, rev=meeting.rev)
    return meeting_id, items


def test_versions_cannot_be_changed_or_taken_away(made: World) -> None:
    committee_id = board(made)
    adopt(made, committee_id, "2.0", today(made), min_members=7)
    for statement in ("UPDATE committee_rule_versions SET version = '9'", "DELETE FROM committee_rule_versions"):
        with pytest.raises(Exception, match="frozen"), made.database.engine.begin() as connection:
            connection.execute(text(statement))
    assert verify_database(made.database).ok
