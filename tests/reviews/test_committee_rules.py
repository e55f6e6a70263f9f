"""A committee's rules: every key of domain.md §6.3, versions with a day, and what may be adopted when."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from governance.ledger.audit import verify_database
from governance.refusals import Conflict, Forbidden, Refusal, Refusals
from governance.reviews import committees
from governance.reviews.committee import Ties, committee_rules, suggested_conflicts
from governance.reviews.lawfulness import gender_balance, lawfulness, session_year
from governance.reviews.models import Committee
from governance.reviews.rules import local_date
from governance.work import UnitOfWork
from tests.builders import World
from tests.reviews import scenes
from tests.reviews.scenes import agenda_item, board, in_session, on_agenda, planned
from tests.visitor import Visitor, service


def real_today() -> date:
    return local_date(datetime.now(UTC))


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


# ---------------------------------------------------------------- pages


RULES = "/committees/{id}/rules"
LISTS = ("expertise_required", "lay_expertise", "recusal_codes", "recusal_bars")


def visit(made: World, folder: Path, name: str = "secretariat") -> Visitor:
    visitor = Visitor(service(made.database, folder))
    visitor.sign_in(f"{name}@test.example")
    return visitor


def sent_form(page: TestResponse, **changes: object) -> dict[str, object]:
    """Return the values of the one form with a version, as a browser would send them, with changes."""
    found: dict[str, object] = {}
    html = re.search(r'<form method="post" class="stack-l".*?</form>', page.text, re.DOTALL)
    assert html is not None
    for tag in re.findall(r"<input[^>]*>", html[0]):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name is None or (('type="radio"' in tag or 'type="checkbox"' in tag) and "checked" not in tag):
            continue
        text_value = value[1] if value else "y"
        if 'type="checkbox"' in tag and name[1] in found:
            found[name[1]] = [*found[name[1]], text_value]  # type: ignore[misc]
        else:
            found[name[1]] = [text_value] if name[1] in LISTS else text_value
    for name, body in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', html[0], re.DOTALL):
        chosen = re.search(r'<option selected[^>]*value="([^"]*)"', body)
        found[name] = chosen[1] if chosen else ""
    found.pop("csrf_token", None)
    return found | changes


def test_the_page_of_the_committee_says_whether_it_is_lawful(made: World, tmp_path: Path) -> None:
    committee_id = board(made)
    page = visit(made, tmp_path).get(f"/committees/{committee_id}")
    assert page.status_code == 200
    assert "適法：開会できます" in page.text
    assert "外部4名／全7名（1/2を超える：4名以上）" in page.text
    adopt(made, committee_id, "2.0", today(made), min_members=9)
    page = visit(made, tmp_path).get(f"/committees/{committee_id}")
    assert "不適合：開会できません" in page.text
    assert "7名（9名以上）" in page.text


def test_a_new_version_is_adopted_on_the_page_and_its_difference_is_readable(made: World, tmp_path: Path) -> None:
    path = RULES.format(id=board(made))
    visitor = visit(made, tmp_path)
    form = visitor.get(f"{path}/new")
    day = (real_today() + timedelta(days=20)).isoformat()
    wrong = visitor.post(f"{path}/new", sent_form(form, min_members="2", effective_on="2020-01-01", reason="増員"))
    assert wrong.status_code == 422
    assert "3から60までの整数にしてください。" in wrong.text
    values = sent_form(form, min_members="9", quorum_share="2/3", effective_on=day, reason="委員を増やすため")
    assert visitor.post(f"{path}/new", values).status_code == 303
    page = visitor.get(path)
    assert "<del>5名</del>" in page.text
    assert "<ins>9名</ins>" in page.text
    assert "委員を増やすため" in page.text
    assert "施行前" in page.text
    assert "2.0版の違い" in visitor.get(f"{path}?from=1.0&to=2.0").text
    assert visitor.get(f"{path}?from=1.0&to=9.9").status_code == 404


def test_a_member_reads_the_rules_and_does_not_write_them(made: World, tmp_path: Path) -> None:
    path = RULES.format(id=board(made))
    visitor = visit(made, tmp_path, "ext1")
    assert "新しい版を定める" not in visitor.get(path).text
    assert visitor.get(f"{path}/new").status_code == 403


def test_a_statement_about_gender_is_the_members_own_and_warns_without_naming(made: World, tmp_path: Path) -> None:
    committee_id = board(made)
    for name in ("chair", "ext1", "int1"):
        assert (
            visit(made, tmp_path, name).post(f"/committees/{committee_id}/gender", {"gender": "male"}).status_code
            == 303
        )
    page = visit(made, tmp_path).get(f"/committees/{committee_id}")
    assert "申告3名がすべて同じ性別です" in page.text
    assert "あなたの性別" not in page.text
    assert visit(made, tmp_path).post(f"/committees/{committee_id}/gender", {"gender": "male"}).status_code == 404
    assert visit(made, tmp_path, "int1").post(f"/committees/{committee_id}/gender", {"gender": ""}).status_code == 303
    assert "申告2名がすべて同じ性別です" in visit(made, tmp_path).get(f"/committees/{committee_id}").text
    assert verify_database(made.database).ok


# ---------------------------------------------------------------- what comes


def test_a_term_that_ends_within_ninety_days_is_foretold(made: World) -> None:
    committee_id, day = board(made), today(made)
    with made.acting("secretariat") as work:
        committees.end_term(work, scenes.seat(work, made, "ext1"), last_day=day + timedelta(days=40))
    with made.acting("secretariat", read_only=True) as work:
        found = lawfulness(the(work, committee_id), day, held=0, planned=0)
        assert found.lawful
        [soon] = found.soon
        assert soon.on == day + timedelta(days=41)
        assert {check.code for check in soon.unmet} == {"external_share", "expertise.lay"}
        assert "見本 ext1" in soon.because[0].ja
        assert lawfulness(the(work, committee_id), day - timedelta(days=50), held=0, planned=0).soon == ()


def test_rules_that_take_effect_soon_are_foretold(made: World) -> None:
    committee_id, day = board(made), today(made)
    adopt(made, committee_id, "2.0", day + timedelta(days=30), min_members=9)
    with made.acting("secretariat", read_only=True) as work:
        [soon] = lawfulness(the(work, committee_id), day, held=2, planned=0).soon
        assert (soon.on, [check.code for check in soon.unmet]) == (day + timedelta(days=30), ["min_members"])


@pytest.mark.parametrize(
    ("on", "held", "late", "missing"),
    [
        (date(2026, 11, 30), 1, False, 1),
        (date(2026, 12, 1), 1, True, 1),
        (date(2026, 12, 1), 2, False, 0),
        (date(2027, 3, 31), 0, True, 2),
        (date(2027, 4, 1), 0, False, 2),
    ],
)
def test_too_few_meetings_are_warned_of_from_the_ninth_month(on: date, held: int, late: bool, missing: int) -> None:
    year = session_year(on, committee_rules({}), held, 0)
    assert (year.late, year.missing) == (late, missing)


@pytest.mark.parametrize(
    ("said", "met"),
    [(["male", "male"], False), (["male", "female"], True), (["male"], True), (["", "", ""], True), ([], True)],
)
def test_the_balance_is_judged_from_statements_alone(said: list[str], met: bool) -> None:
    assert gender_balance(said).met is met
