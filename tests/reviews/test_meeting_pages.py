"""A meeting held through its pages: planned, opened, deliberated, voted on, decided and closed — and what the pages refuse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from governance.reviews import committees, items, meetings
from governance.reviews.decisions import Verdict
from governance.reviews.models import AgendaItem, Decision, Meeting, Vote
from governance.screenings.models import Screening
from tests.builders import World
from tests.reviews.browsing import Browsers, browsers, forms, send
from tests.reviews.scenes import (
    BOARD,
    HIGH,
    agenda_item,
    board,
    case,
    conditions,
    discussing,
    in_session,
    on_agenda,
    opined,
    planned,
    seat,
    state,
    vote,
    voting,
)

ALL = ("chair", "ext1", "ext2", "int1", "int2")


@pytest.fixture
def open_for(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Browsers:
    return browsers(made, tmp_path, monkeypatch)


def item_path(meeting_id: str, item_id: str) -> str:
    return f"/meetings/{meeting_id}/items/{item_id}"


def decision(made: World, **changes: str) -> dict[str, str]:
    due = (made.now + timedelta(days=90)).date().isoformat()
    filled = {
        "rationale": "用途の限定により、残る影響を許容できるため。",
        "valid_until": "",
        "conditions-0-text": "特徴量を24時間で消去し、記録を示す",
        "conditions-0-kind": "pre_launch",
        "conditions-0-owner": made.people["owner"].id,
        "conditions-0-verifier": made.people["expert2"].id,
        "conditions-0-due_on": due,
        "read_aloud": "1",
    }
    return filled | changes


def count(made: World, model: type) -> int:
    with made.acting("auditor", read_only=True) as work:
        return work.session.scalar(select(func.count()).select_from(model)) or 0


def all_voted(made: World, item_id: str, choices: tuple[str, ...] = ("for", "against", "for", "for", "for")) -> None:
    voting(made, item_id)
    for name, choice in zip(ALL, choices, strict=True):
        vote(made, item_id, name, choice)


def refused(answer: TestResponse, *sentences: str) -> None:
    assert answer.status_code == 422, answer.text
    for sentence in sentences:
        assert sentence in answer.text


def test_a_meeting_from_planning_to_closing(made: World, open_for: Browsers) -> None:  # one story, told once
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    committee_id = board(made)
    secretary = open_for("secretariat")
    starts = (made.now + timedelta(days=8)).strftime("%Y-%m-%dT13:30")
    answer = send(
        secretary,
        f"/committees/{committee_id}/meetings/new",
        "",
        {"starts_at": starts, "place": "第2会議室", "place_en": "Room 2"},
    )
    assert answer.status_code == 303
    meeting = answer.headers["Location"]
    assert "付議された案件を議題に加える" in secretary.get(meeting).text
    assert send(secretary, meeting, "/agenda").status_code == 303
    assert "資料を送付する" in secretary.get(meeting).text
    assert send(secretary, meeting, "/materials").status_code == 303
    made.now += timedelta(days=8)
    open_for.anew()
    secretary = open_for("secretariat")
    assert send(secretary, meeting, "/open").status_code == 303
    with made.acting("secretariat", read_only=True) as work:
        came = {f"arrive-{seat(work, made, name).id}": "remote" if name == "ext2" else "in_person" for name in ALL}
        item_id = work.session.scalars(select(AgendaItem.id)).one()
    assert send(secretary, meeting, "/attendance", came).status_code == 303
    page = f"{meeting}/items/{item_id}"
    assert send(secretary, page, "/open").status_code == 303
    assert send(secretary, page, "/issues", {"issues": "保存期間は24時間とする。"}).status_code == 303
    assert send(secretary, page, "/motion", decision(made, motion="approved_with_conditions")).status_code == 303
    for name in ALL:
        assert (
            send(open_for(name), page, "/votes", {"choice": "against" if name == "ext1" else "for"}).status_code == 303
        )
    assert "審査結果を確定する" in secretary.get(page).text
    assert "この議題の結果は決まっています" not in secretary.get(page).text
    assert send(open_for("chair"), page, "/decision", decision(made)).status_code == 303
    shown = secretary.get(page).text
    assert "条件付承認" in shown
    assert "保存期間は24時間とする。" in shown
    assert send(secretary, meeting, "/close").status_code == 303
    assert "閉会しました" in secretary.get(meeting).text
    assert state(made, screening_id) == "approved_with_conditions"


def test_votes_are_the_voters_own_and_shown_to_others_only_as_cast(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made)
    voting(made, item_id)
    page = item_path(meeting_id, item_id)
    assert (
        send(open_for("ext1"), page, "/votes", {"choice": "against", "dissent": "掲示だけでは足りない。"}).status_code
        == 303
    )
    own, other = open_for("ext1").get(page).text, open_for("int1").get(page).text
    assert "投票しました：反対" in own
    assert "<strong>反対</strong>" in own
    assert "<strong>反対</strong>" not in other
    assert "掲示だけでは足りない。" not in other
    assert "投票済み" in other
    assert "合計は、全員が投票するまで示しません。" in other
    for name in ("chair", "ext2", "int1", "int2"):
        vote(made, item_id, name, "for")
    assert "賛成4、反対1、棄権0" in open_for("secretariat").get(page).text


def test_a_second_vote_is_refused_and_a_double_click_is_one_vote(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made)
    voting(made, item_id)
    page, voter = item_path(meeting_id, item_id), open_for("ext1")
    fields = forms(voter.get(page))[f"{page}/votes"] | {"choice": "for"}
    assert [voter.post(f"{page}/votes", fields).status_code for _ in range(2)] == [303, 303]
    assert count(made, Vote) == 1
    refused(voter.post(f"{page}/votes", fields | {"once": "another", "choice": "against"}), "すでに投票しています")
    assert count(made, Vote) == 1


def test_a_vote_without_a_choice_keeps_what_was_written(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made)
    voting(made, item_id)
    answer = send(open_for("ext1"), item_path(meeting_id, item_id), "/votes", {"dissent": "拒否できる経路が先である。"})
    refused(answer, "賛成・反対・棄権から選んでください。", "拒否できる経路が先である。")


def test_a_note_saved_meanwhile_does_not_stop_a_voter(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made)
    voting(made, item_id)
    page, voter = item_path(meeting_id, item_id), open_for("ext1")
    fields = forms(voter.get(page))[f"{page}/votes"]
    assert send(open_for("secretariat"), page, "/issues", {"issues": "途中の記録"}).status_code == 303
    assert voter.post(f"{page}/votes", fields | {"choice": "for"}).status_code == 303


def test_a_vote_goes_to_the_motion_that_its_sender_saw_and_to_no_other(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made)
    voting(made, item_id)
    page = item_path(meeting_id, item_id)
    seen = {"motion": "approved_with_conditions", "number": "1", "choice": "for", "dissent": "書きかけの意見"}
    with made.acting("secretariat") as work:
        row = agenda_item(work, item_id)
        items.withdraw_motion(work, row, rev=row.rev, reason="条件を改めるため。")
    with made.acting("secretariat") as work:
        row = agenda_item(work, item_id)
        items.put_motion(work, row, "approved_with_conditions", rev=row.rev, conditions=conditions(made, owner="member"))
    told = send(open_for("ext1"), page, "/votes", seen)
    refused(told, "採決の案が変わりました。", "書きかけの意見")
    assert count(made, Vote) == 0
    assert send(open_for("ext1"), page, "/votes", seen | {"number": "2"}).status_code == 303


def test_who_is_absent_or_stepped_back_does_not_vote(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made)
    voting(made, item_id)
    page = item_path(meeting_id, item_id)
    shown = open_for("ext3").get(page).text
    assert "いまは投票できません" in shown
    assert "いま出席していません。" in shown
    refused(
        open_for("ext3").post(f"{page}/votes", {"motion": "approved_with_conditions", "choice": "for"}),
        "いま出席していません。",
    )
    back = send(open_for("int1"), page, "/recusals", {"reason": "共同研究の相手である"})
    assert back.status_code == 303
    assert back.headers["Location"] == f"/meetings/{meeting_id}"
    agenda = open_for("int1").get(f"/meetings/{meeting_id}").text
    assert "退席した議題" in agenda
    assert "架空の需要予測AI" not in agenda
    assert open_for("int1").get(page).status_code == 404
    assert (
        open_for("int1").post(f"{page}/votes", {"motion": "approved_with_conditions", "choice": "for"}).status_code
        == 404
    )
    assert count(made, Vote) == 0
    assert "共同研究の相手である" in open_for("secretariat").get(page).text


def test_a_recusal_needs_its_reason(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made)
    with made.acting("secretariat", read_only=True) as work:
        member = seat(work, made, "int2").id
    page = item_path(meeting_id, item_id)
    refused(
        send(open_for("secretariat"), page, "/recusals", {"member": member, "reason": " "}),
        "退席の理由を書いてください。",
    )
    assert open_for("ext1").post(f"{page}/recusals", {"member": member, "reason": "代わりに"}).status_code in (403, 409)


def test_outcomes_that_are_not_allowed_say_why(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made, {"fairness": (4, 4)})
    discussing(made, item_id)
    page, secretary = item_path(meeting_id, item_id), open_for("secretariat")
    shown = secretary.get(page).text
    assert "残余リスク「極高」では選べません" in shown
    assert 'name="motion" value="approved"' not in shown
    refused(send(secretary, page, "/motion", {"motion": "approved"}), "この案件では「承認」を選べません")
    refused(send(secretary, page, "/motion"), "採決する結果を選んでください。")


def test_a_decision_without_quorum_is_refused_and_nothing_entered_is_lost(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made)
    all_voted(made, item_id)
    page, chair = item_path(meeting_id, item_id), open_for("chair")
    fields = forms(chair.get(page))[f"{page}/decision"]
    with made.acting("secretariat") as work:
        row = work.session.get_one(Meeting, meeting_id)
        for name in ("ext1", "ext2"):
            meetings.record_leave(work, row, seat(work, made, name))
    answer = chair.post(f"{page}/decision", {**fields, **decision(made)})
    refused(
        answer,
        "定足数を満たしていません",
        "用途の限定により、残る影響を許容できるため。",
    )
    assert count(made, Decision) == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rationale": ""}, "理由を書いてください。"),
        ({"read_aloud": None}, "読み上げ"),
        ({"valid_until": "2026-02-30"}, "という日付はありません"),
        ({"valid_until": "2099-12-31"}, "有効期限は"),
        ({"outcome": "approved"}, "採決した結果と違います。"),
    ],
)
def test_a_faulty_decision_comes_back_with_its_reason(
    made: World, open_for: Browsers, changes: dict[str, str | None], sentence: str
) -> None:
    _, meeting_id, item_id = on_agenda(made)
    all_voted(made, item_id)
    page, chair = item_path(meeting_id, item_id), open_for("chair")
    given = {**decision(made), **changes}
    fields = forms(chair.get(page))[f"{page}/decision"]
    answer = chair.post(
        f"{page}/decision", {name: value for name, value in (fields | given).items() if value is not None}
    )
    refused(answer, sentence)
    assert "rationale" in changes or "用途の限定により、残る影響を許容できるため。" in answer.text
    assert count(made, Decision) == 0


def test_more_rows_for_conditions_come_without_script(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made)
    discussing(made, item_id)
    page, secretary = item_path(meeting_id, item_id), open_for("secretariat")
    three = {f"conditions-{n}-text": f"条件その{n}" for n in range(3)}
    answer = send(secretary, page, "/motion", decision(made) | three | {"more": "1"})
    assert answer.status_code == 200
    assert 'name="conditions-4-text"' in answer.text
    assert "条件その2" in answer.text
    assert count(made, Decision) == 0


def test_a_tie_leads_to_deferring(made: World, open_for: Browsers) -> None:
    screening_id, meeting_id, item_id = on_agenda(made)
    all_voted(made, item_id, ("for", "for", "against", "against", "abstain"))
    page, secretary = item_path(meeting_id, item_id), open_for("secretariat")
    shown = secretary.get(page).text
    assert "否決を記録し、別の案を採決するか継続審査にする" in shown
    assert f'action="{page}/decision' not in shown
    refused(
        secretary.post(
            f"{page}/decision", {"rev": rev(made, item_id), **decision(made), "outcome": "approved_with_conditions"}
        ),
        "同数のため",
    )
    refused(send(secretary, page, "/deferral", {"deferral": ""}), "継続とする理由を書いてください。")
    assert send(secretary, page, "/deferral", {"deferral": "同数のため、資料を補って再審議する。"}).status_code == 303
    assert "同数のため、資料を補って再審議する。" in secretary.get(page).text
    assert state(made, screening_id) == "deferred"


def rev(made: World, item_id: str) -> str:
    with made.acting("auditor", read_only=True) as work:
        return str(agenda_item(work, item_id).rev)


def test_a_stale_page_shows_that_somebody_was_faster(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made)
    page, secretary = item_path(meeting_id, item_id), open_for("secretariat")
    fields = forms(secretary.get(page))[f"{page}/open"]
    discussing(made, item_id)
    answer = secretary.post(f"{page}/open", fields)
    assert answer.status_code in (409, 422)
    stale = forms(secretary.get(page))[f"{page}/motion"]
    with made.acting("secretariat") as work:
        row = agenda_item(work, item_id)
        items.note_issues(work, row, "ほかの人の記録", rev=row.rev)
    assert secretary.post(f"{page}/motion", stale | {"motion": "returned"}).status_code == 409


def test_an_item_is_reached_only_through_its_own_meeting(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made)
    with made.acting("secretariat") as work:
        row = work.session.get_one(Meeting, meeting_id)
        other = meetings.plan_meeting(work, row.committee, starts_at=made.now + timedelta(days=30)).id
    secretary = open_for("secretariat")
    assert secretary.get(item_path(other, item_id)).status_code == 404
    assert secretary.post(f"{item_path(other, item_id)}/open", {"rev": "1"}).status_code == 404
    assert secretary.post(f"{item_path(other, item_id)}/recusals", {"rev": "1", "reason": "x"}).status_code == 404
    assert open_for("stranger").get(item_path(meeting_id, item_id)).status_code == 404
    assert open_for("stranger").get(f"/meetings/{meeting_id}").status_code == 404


def test_closing_says_what_is_unsettled(made: World, open_for: Browsers) -> None:
    _, meeting_id, _ = on_agenda(made)
    secretary = open_for("secretariat")
    assert "結果の決まっていない議題：1" in secretary.get(f"/meetings/{meeting_id}").text
    with made.acting("auditor", read_only=True) as work:
        current = work.session.get_one(Meeting, meeting_id).rev
    refused(secretary.post(f"/meetings/{meeting_id}/close", {"rev": str(current)}), "閉会できません：議題1")
    assert open_for("ext1").post(f"/meetings/{meeting_id}/close", {"rev": str(current)}).status_code == 403


def test_late_materials_need_a_reason_to_open(made: World, open_for: Browsers) -> None:
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    meeting_id, _ = planned(made, board(made), screening_id)
    page, secretary = f"/meetings/{meeting_id}", open_for("secretariat")
    made.now += timedelta(minutes=1)
    refused(send_open(made, secretary, page), "開会するには理由の記録が必要です")
    assert send_open(made, secretary, page, "委員全員が短縮に同意したため").status_code == 303


def send_open(made: World, visitor: object, page: str, reason: str = "") -> TestResponse:
    with made.acting("auditor", read_only=True) as work:
        current = work.session.scalars(select(Meeting)).one().rev
    post: Callable[..., TestResponse] = visitor.post  # type: ignore[attr-defined]
    return post(f"{page}/open", {"rev": str(current), "late_reason": reason})


def test_arrivals_and_departures_are_recorded_once(made: World, open_for: Browsers) -> None:
    _, meeting_id, _ = on_agenda(made)
    page, secretary = f"/meetings/{meeting_id}", open_for("secretariat")
    with made.acting("secretariat", read_only=True) as work:
        absent, present = seat(work, made, "ext3").id, seat(work, made, "int1").id
    refused(send(secretary, page, "/attendance"), "出席した委員を選んでください。")
    assert send(secretary, page, "/attendance", {f"arrive-{absent}": "remote", "leave": present}).status_code == 303
    refused(send(secretary, page, "/attendance", {f"arrive-{absent}": "remote"}), "すでに出席しています。")
    assert "退室" in secretary.get(page).text


def test_a_committee_says_whether_it_is_lawful_and_who_may_change_it(made: World, open_for: Browsers) -> None:
    committee_id = board(made)
    page, secretary = f"/committees/{committee_id}", open_for("secretariat")
    shown = secretary.get(page).text
    for words in ("外部4名／全7名", "開催0回＋予定0回／年2回以上", "審議できる委員（退席を除く）の過半数の出席", "同数は継続審査"):
        assert words in shown
    seat_given = {"side": "external", "expertise": "medical", "term_from": "2026-04-01", "term_until": "2027-03-31"}
    refused(
        send(secretary, page, "/members", seat_given | {"user_id": made.people["ext1"].id}),
        "この人は同じ時期の委員です。",
    )
    refused(
        send(secretary, page, "/members", seat_given | {"user_id": "", "term_from": "2026-13-01"}),
        "人を選んでください。",
    )
    assert send(secretary, page, "/members", seat_given | {"user_id": made.people["legal"].id}).status_code == 303
    with made.acting("secretariat", read_only=True) as work:
        last = seat(work, made, "int3").id
    refused(send(secretary, page, f"/members/{last}/end", {"term_until": "2020-01-01"}), "任期の終わりは、今日から")
    assert send(secretary, page, f"/members/{last}/end", {"term_until": made.now.date().isoformat()}).status_code in (
        303,
        422,
    )
    assert open_for("ext1").post(f"{page}/members", seat_given).status_code == 403
    assert "委員を任命する" not in open_for("ext1").get(page).text
    assert open_for("stranger").get(page).status_code in (403, 404)
    assert "AI倫理委員会" in open_for("ext1").get("/committees").text


def test_a_meeting_is_planned_for_a_time_to_come(made: World, open_for: Browsers) -> None:
    page = f"/committees/{board(made)}/meetings/new"
    refused(
        send(open_for("secretariat"), page, "", {"starts_at": "2020-01-01T10:00", "place": "第2会議室"}),
        "これからの日時",
        "第2会議室",
    )
    refused(
        send(open_for("secretariat"), page, "", {"starts_at": "あした", "place": "第2会議室"}),
        "のような日時を入力してください。",
        "第2会議室",
    )


def test_members_and_secretariat_read_in_english(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made)
    voting(made, item_id)
    for path in ("/committees", f"/meetings/{meeting_id}", item_path(meeting_id, item_id)):
        assert open_for("secretariat").get(f"{path}?lang=en").status_code == 200
    assert "Vote on item 1" in open_for("ext1").get(f"{item_path(meeting_id, item_id)}?lang=en").text
    with made.acting("secretariat", read_only=True) as work:
        committee = work.session.get_one(Meeting, meeting_id).committee_id
        assert committees.committee(work, committee)
    assert "more than half" in open_for("ext1").get(f"/committees/{committee}?lang=en").text


def test_a_member_bound_to_the_case_is_pointed_out_until_the_recusal_is_recorded(
    made: World, open_for: Browsers
) -> None:
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    committee_id = board(made)
    with made.acting("secretariat") as work:
        committees.appoint(
            work,
            committees.committee(work, committee_id),
            made.people["member"].id,
            side="external",
            expertise=["technical"],
            term_from=made.now.date(),
        )
    meeting_id, (item_id,) = planned(made, committee_id, screening_id)
    in_session(made, meeting_id)
    page = item_path(meeting_id, item_id)
    assert "利益相反のおそれ：見本 member" in open_for("secretariat").get(page).text
    answer = send(open_for("member"), page, "/recusals", {"reason": "案件の担当者である"})
    assert answer.status_code == 303
    assert "利益相反のおそれ：見本 member" not in open_for("secretariat").get(page).text


def test_after_a_rejection_the_case_says_where_a_new_screening_goes(made: World, open_for: Browsers) -> None:
    screening_id, _, item_id = on_agenda(made)
    voting(made, item_id, "rejected")
    for name in ALL:
        vote(made, item_id, name, "for")
    with made.acting("chair") as work:
        found = agenda_item(work, item_id)
        items.record_decision(work, found, Verdict("rejected", "条件で補えない。"), rev=found.rev)
    with made.acting("owner") as work:
        project = work.session.get_one(Screening, screening_id).project_id
    shown = open_for("owner").get(f"/projects/{project}").text
    assert "委員会は「計画」を不承認としています" in shown
    assert "部門責任者や専門チームは承認できません" in shown
