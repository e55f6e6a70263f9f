"""The expert team's desk: the queue, who reviews a case, the pre-check, discussions — through services and pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from governance.accounts.models import RoleGrant, User
from governance.ledger.services import project_events
from governance.projects import life
from governance.projects import services as projects
from governance.refusals import Conflict, Forbidden, Refusal, Refusals
from governance.reviews import assigning, challenges, discussing, queue, services, triage, workdays
from governance.reviews.models import Review
from governance.reviews.queue import Wanted
from governance.reviews.workdays import working_days
from tests.builders import PARTICULARS, World, answered, opened, registered, submitted
from tests.reviews.browsing import browsers, send
from tests.reviews.scenes import BOARD, HIGH, MEDIUM, case, in_triage, opined, prechecked, row, state, taken

FULL = {check.code: (triage.MET, "開いて確かめた。") for check in triage.CHECKS}


def named(made: World, name: str, **given: object) -> str:
    """Return a submitted case of a project with this name."""
    screening_id = opened(made, registered(made, replace(PARTICULARS, name=name)))
    answered(made, screening_id, **given)  # type: ignore[arg-type]
    submitted(made, screening_id)
    return screening_id


def assigned(made: World, screening_id: str, to: str, by: str = "expert", reason: str = "") -> None:
    with made.acting(by) as work:
        screening = row(work, screening_id)
        assigning.assign(work, screening, made.people[to].id, rev=screening.rev, reason=reason)


def listed(made: World, name: str, **wanted: object) -> list[str]:
    with made.acting(name, read_only=True) as work:
        return [each.screening.id for each in queue.queue(work, Wanted(**wanted)).rows]  # type: ignore[arg-type]


def reviewed(made: World, review_id: str) -> str:
    with made.acting("auditor", read_only=True) as work:
        return work.session.get_one(Review, review_id).reviewer.email


# ---------------------------------------------------------------- the queue


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        (date(2026, 11, 20), date(2026, 11, 20), 0),  # a Friday
        (date(2026, 11, 20), date(2026, 11, 21), 0),
        (date(2026, 11, 20), date(2026, 11, 22), 0),
        (date(2026, 11, 20), date(2026, 11, 23), 0),  # 勤労感謝の日
        (date(2026, 11, 20), date(2026, 11, 24), 1),
        (date(2026, 11, 20), date(2026, 11, 27), 4),
        (date(2026, 11, 16), date(2026, 11, 30), 9),
        (date(2026, 4, 28), date(2026, 5, 7), 3),  # 振替休日
        (date(2026, 9, 18), date(2026, 9, 24), 1),  # 国民の休日
        (date(2026, 12, 28), date(2027, 1, 4), 1),  # 年末年始
        (date(2027, 3, 19), date(2027, 3, 23), 1),
        (date(2026, 11, 20), date(2026, 11, 1), 0),
    ],
)
def test_working_days_leave_out_weekends_holidays_and_closing_days(since: date, until: date, days: int) -> None:
    assert working_days(since, until) == days


def test_an_installation_may_count_by_its_own_calendar(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text('closed: ["11-24"]\nholidays: {"2026": ["11-25"]}\n', encoding="utf-8")
    try:
        workdays.follow(path)
        assert working_days(date(2026, 11, 20), date(2026, 11, 27)) == 3
        path.with_name("bad.yaml").write_text("closed: [noon]\nholidays: {}\n", encoding="utf-8")
        with pytest.raises(Refusal, match="bad.yaml"):
            workdays.follow(path.with_name("bad.yaml"))
        assert working_days(date(2026, 11, 20), date(2026, 11, 27)) == 3
    finally:
        workdays.follow(None)


def test_the_queue_lists_what_waits_to_those_who_may_see_it(made: World) -> None:
    waiting = case(made, ratings=MEDIUM)
    opened(made, registered(made))  # a draft waits for its team
    assert listed(made, "expert") == [waiting]
    assert listed(made, "stranger") == []


def test_the_queue_is_filtered_sorted_and_counted(made: World) -> None:
    old = named(made, "う", ratings=MEDIUM)
    made.now += timedelta(days=7)
    high = named(made, "あ", triggers=BOARD, ratings=HIGH)
    taken(made, high)
    assert listed(made, "expert", sort="age") == [old, high]
    assert listed(made, "expert", sort="level") == [high, old]
    assert listed(made, "expert", sort="name") == [high, old]
    assert listed(made, "expert", who="mine") == [high]
    assert listed(made, "expert2", who="mine") == []
    assert listed(made, "expert2", who=made.people["expert"].id) == [high]
    assert listed(made, "expert", who="none") == [old]
    assert listed(made, "expert", state="in_review") == [high]
    assert listed(made, "expert", route="standard") == [old]
    with made.acting("expert", read_only=True) as work:
        found = queue.queue(work, Wanted())
        assert found.who == {"mine": 1, "none": 1, "all": 2}
        assert found.states == {"submitted": 1, "in_review": 1}
        (waiting,) = [each for each in found.rows if each.screening.id == old]
        assert waiting.days == 4, "23 November is a public holiday"


def test_an_address_with_values_nobody_offers_shows_the_plain_list() -> None:
    wanted = queue.read({"state": "approved", "sort": "whatever", "page": "-1", "who": ""})
    assert wanted == Wanted()
    assert queue.read({"who": "mine", "sort": "age", "page": "2"}).given() == {"who": "mine", "sort": "age"}


def test_filters_and_order_survive_a_reload_and_empty_lists_say_so(
    made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = case(made, ratings=MEDIUM)
    visitor = browsers(made, tmp_path, monkeypatch)("expert")
    shown = visitor.get("/reviews?who=none&sort=age&state=submitted").text
    assert first in shown
    assert 'value="age" selected' in shown
    assert "who=mine" in shown
    assert "sort=level" in shown.split("who=none", 1)[1]
    assert "あなたの担当する案件はありません" in visitor.get("/reviews?who=mine").text
    assert "この条件に合う案件はありません" in visitor.get("/reviews?state=blocked").text


# ---------------------------------------------------------------- who reviews


def test_taking_a_case_assigns_it_to_oneself(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    in_triage(made, screening_id)
    with made.acting("expert", read_only=True) as work:
        (one,) = assigning.assignments_of(work, row(work, screening_id))
        assert (one.reviewer_id, one.assigned_by) == (made.people["expert"].id,) * 2
        assert assigning.workload(work) == {made.people["expert"].id: 1}


def test_an_assigned_case_is_taken_by_the_person_it_is_assigned_to(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    assigned(made, screening_id, "expert2")
    assert state(made, screening_id) == "submitted"
    with pytest.raises(Refusal, match="assigned"):
        in_triage(made, screening_id, "expert")
    assert in_triage(made, screening_id, "expert2")


def test_a_review_is_handed_on_with_a_reason_and_both_are_told(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    review_id = taken(made, screening_id)
    with pytest.raises(Refusal, match="reason"):
        assigned(made, screening_id, "expert2")
    assigned(made, screening_id, "expert2", reason="休暇に入るため。")
    assert reviewed(made, review_id) == "expert2@test.example"
    with made.acting("auditor", read_only=True) as work:
        first, second = assigning.assignments_of(work, row(work, screening_id))
        assert (first.reason, second.reason) == ("", "休暇に入るため。")
        events = project_events(work.session, row(work, screening_id).project_id)
        assert events[-1].type == "ReviewAssigned"
        assert events[-1].private["reason"] == "休暇に入るため。"
    with made.acting("expert") as work:
        review = work.session.get_one(Review, review_id)
        with pytest.raises(Forbidden):
            services.give_opinion(work, review, rev=review.rev, recommendation="approved", opinion="意見")


@pytest.mark.parametrize("name", ["owner", "legal", "secretariat"])
def test_nobody_outside_the_team_is_assigned(made: World, name: str) -> None:
    with pytest.raises(Refusal, match="no_expert|assign_bound"):
        assigned(made, case(made, ratings=MEDIUM), name)


def test_who_is_bound_to_the_project_is_not_assigned_whoever_assigns(made: World) -> None:
    project_id = registered(made)
    with made.acting("owner") as work:
        project = projects.project(work, project_id)
        member = projects.add_member(work, project, made.people["expert2"], "member")
        projects.remove_member(work, project, member)
    screening_id = opened(made, project_id)
    answered(made, screening_id, ratings=MEDIUM)
    submitted(made, screening_id)
    with made.acting("expert", read_only=True) as work:
        found = assigning.candidates(work, row(work, screening_id))
        assert [(each.person.id, each.is_barred) for each in found] == [
            (made.people["expert"].id, False),
            (made.people["expert2"].id, True),
        ]
    with pytest.raises(Refusal, match="assign_bound"):
        assigned(made, screening_id, "expert2")
    with pytest.raises(Forbidden):
        assigned(made, screening_id, "expert", by="expert2")


@pytest.mark.parametrize("by", ["owner", "auditor", "secretariat", "administrator", "stranger"])
def test_only_the_expert_team_assigns(made: World, by: str) -> None:
    screening_id = case(made, ratings=MEDIUM)
    with pytest.raises(Forbidden):
        assigned(made, screening_id, "expert", by=by)


def test_nobody_is_assigned_after_the_opinion_and_on_a_stale_form(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    with made.acting("expert") as work, pytest.raises(Conflict):
        assigning.assign(work, row(work, screening_id), made.people["expert2"].id, rev=0)
    opined(made, screening_id)
    with pytest.raises(Refusal, match="assigning_over"):
        assigned(made, screening_id, "expert2", reason="休暇")


def test_those_with_the_least_to_do_are_offered_first(made: World) -> None:
    taken(made, case(made, ratings=MEDIUM), "expert")
    screening_id = case(made, ratings=MEDIUM)
    with made.acting("expert", read_only=True) as work:
        found = assigning.candidates(work, row(work, screening_id))
        assert [(each.person.email.partition("@")[0], each.workload) for each in found] == [
            ("expert2", 0),
            ("expert", 1),
        ]


def test_a_person_who_lost_the_role_is_offered_no_more(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    with made.acting() as work:
        person = work.session.get_one(User, made.people["expert2"].id)
        for grant in person.grants:
            grant.ended_at = datetime(2026, 11, 20, tzinfo=UTC)
        work.session.add(RoleGrant(user_id=person.id, role="member", granted_at=work.now))
        work.session.flush()
        work.record("RoleEnded", subject=("account", person.id))
    with pytest.raises(Refusal, match="no_expert"):
        assigned(made, screening_id, "expert2")


# ---------------------------------------------------------------- the pre-check


def test_a_review_begins_when_every_item_is_met(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    review_id = in_triage(made, screening_id)
    assert state(made, screening_id) == "triage"
    with made.acting("expert") as work:
        review, screening = work.session.get_one(Review, review_id), row(work, screening_id)
        triage.settle(work, review, {"evidence": FULL["evidence"]}, rev=screening.rev)
        with pytest.raises(Refusals) as refused:
            triage.begin(work, review, rev=screening.rev)
    assert len(refused.value.problems) == len(triage.CHECKS) - 1
    with made.acting("expert") as work:
        review = work.session.get_one(Review, review_id)
        prechecked(work, review)
    assert state(made, screening_id) == "in_review"


def test_an_item_needs_a_result_and_a_note(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    review_id = in_triage(made, screening_id)
    with made.acting("expert") as work:
        review, rev = work.session.get_one(Review, review_id), row(work, screening_id).rev
        for given in ({"evidence": ("met", " ")}, {"evidence": ("perhaps", "見た")}, {"nothing": ("met", "見た")}):
            with pytest.raises(Refusals):
                triage.settle(work, review, given, rev=rev)


def test_what_is_not_met_keeps_the_review_from_beginning_and_the_case_can_be_returned(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    review_id = in_triage(made, screening_id)
    with made.acting("expert") as work:
        review, rev = work.session.get_one(Review, review_id), row(work, screening_id).rev
        triage.settle(work, review, FULL | {"completeness": ("not_met", "P2aの理由がない。")}, rev=rev)
        with pytest.raises(Refusals, match="Completeness"):
            triage.begin(work, review, rev=rev)
    with made.acting("expert") as work:
        screening = row(work, screening_id)
        services.return_to_team(work, screening, rev=screening.rev, reason="P2aの理由を書いてください。")
    assert state(made, screening_id) == "returned"


def test_whoever_takes_over_declares_their_own_interests(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    review_id = in_triage(made, screening_id)
    with made.acting("expert") as work:
        triage.settle(work, work.session.get_one(Review, review_id), FULL, rev=row(work, screening_id).rev)
    assigned(made, screening_id, "expert2", reason="休暇に入るため。")
    with made.acting("expert2") as work:
        review, rev = work.session.get_one(Review, review_id), row(work, screening_id).rev
        assert set(triage.results_of(work, review)) == set(FULL) - {"conflicts"}
        with pytest.raises(Refusals) as refused:
            triage.begin(work, review, rev=rev)
        assert [each.place for each in refused.value.problems] == ["check-conflicts"]
        triage.settle(work, review, {"conflicts": FULL["conflicts"]}, rev=rev)
        triage.begin(work, review, rev=rev)
    assert state(made, screening_id) == "in_review"


def test_only_the_reviewer_makes_the_pre_check(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    review_id = in_triage(made, screening_id)
    with made.acting("expert2") as work, pytest.raises(Forbidden):
        triage.settle(work, work.session.get_one(Review, review_id), FULL, rev=row(work, screening_id).rev)


def test_before_the_pre_check_no_opinion_is_given(made: World) -> None:
    review_id = in_triage(made, case(made, ratings=MEDIUM))
    with made.acting("expert") as work:
        review = work.session.get_one(Review, review_id)
        with pytest.raises(Refusal, match="not_now"):
            services.give_opinion(work, review, rev=review.rev, recommendation="approved", opinion="意見")


def test_the_pre_check_on_its_page(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screening_id = case(made, {"T02": "unknown"}, HIGH)
    expert = browsers(made, tmp_path, monkeypatch)("expert")
    page = f"/reviews/{screening_id}"
    assert send(expert, page, "/take").status_code == 303
    shown = expert.get(page).text
    assert "「分からない」が1件あります" in shown
    assert "4点中0点が済み" in shown
    refused = send(expert, page, "/check", {"check-evidence": "met", "check-evidence-note": ""})
    assert refused.status_code == 422
    some = {"check-evidence": "met", "check-evidence-note": "開いて見た。", "later": "1"}
    assert send(expert, page, "/check", some).status_code == 303
    assert "4点中1点が済み" in expert.get(page).text
    everything = {
        name: value
        for code, (outcome, note) in FULL.items()
        for name, value in ((f"check-{code}", outcome), (f"check-{code}-note", note))
    }
    assert send(expert, page, "/check", everything).status_code == 303
    assert state(made, screening_id) == "in_review"
    assert "確かめたことを見る" in expert.get(page).text


# ---------------------------------------------------------------- discussion


def test_a_review_waits_for_a_discussion_and_goes_on_with_its_outcome(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    review_id = taken(made, screening_id)
    with made.acting("expert") as work:
        review = work.session.get_one(Review, review_id)
        discussing.open_discussion(work, review, "代わりの手段はあるか", rev=row(work, screening_id).rev)
    assert state(made, screening_id) == "discussion"
    with made.acting("expert") as work:
        review, rev = work.session.get_one(Review, review_id), row(work, screening_id).rev
        with pytest.raises(Refusal, match="not_now"):
            services.give_opinion(work, review, rev=review.rev, recommendation="approved", opinion="意見")
        with pytest.raises(Refusal, match="reason"):
            discussing.conclude(work, review, rev=rev, outcome=" ")
        with pytest.raises(Refusal, match="address"):
            discussing.conclude(work, review, rev=rev, outcome="窓口を設ける。", record_url="javascript:alert(1)")
        discussing.conclude(
            work, review, rev=rev, outcome="窓口を設ける。", participants="専門チーム3名", record_url="/learning/kyt/1"
        )
    assert state(made, screening_id) == "in_review"
    with made.acting("auditor", read_only=True) as work:
        (talk,) = discussing.discussions_of(work, work.session.get_one(Review, review_id))
        assert (talk.topic, talk.outcome, talk.record_url) == (
            "代わりの手段はあるか",
            "窓口を設ける。",
            "/learning/kyt/1",
        )
        types = [each.type for each in project_events(work.session, row(work, screening_id).project_id)]
        assert types[-2:] == ["DiscussionOpened", "DiscussionConcluded"]


def test_the_opinion_has_parts_for_the_committee(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screening_id = case(made, BOARD, HIGH)
    taken(made, screening_id)
    expert, page = browsers(made, tmp_path, monkeypatch)("expert"), f"/reviews/{screening_id}"
    given = {
        "recommendation": "approved_with_conditions",
        "opinion": "条件を付ければ実施できる。",
        "risks": "来店者：拒否の機会がない。",
        "open_points": "掲示で足りるか。",
    }
    assert send(expert, page, "/opinion", given).status_code == 303
    shown = expert.get(page).text
    for text in ("来店者：拒否の機会がない。", "掲示で足りるか。"):
        assert text in shown


def test_nothing_moves_at_the_desk_while_the_project_is_suspended(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    review_id = in_triage(made, screening_id)
    with made.acting("owner") as work:
        life.suspend(work, row(work, screening_id).project, reason="顧客の都合で中断する。")
    with pytest.raises(Refusal, match="一時停止中"):
        assigned(made, screening_id, "expert2", reason="休暇")
    with made.acting("expert") as work:
        review, rev = work.session.get_one(Review, review_id), row(work, screening_id).rev
        with pytest.raises(Refusal, match="一時停止中"):
            triage.settle(work, review, FULL, rev=rev)
    with made.acting("expert") as work:
        screening = row(work, screening_id)
        with pytest.raises(Refusal, match="一時停止中"):
            challenges.raise_challenge(
                work, screening, "answer", "P1a", proposed="partial", reason="理由", rev=screening.rev
            )
