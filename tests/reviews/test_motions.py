"""Motions one after another on one item, conditions bound to what was voted on, secret votes, questions, and a quorum that breaks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from governance.ledger.audit import verify_database
from governance.ledger.services import events
from governance.refusals import Forbidden, NotFound, Refusal, Refusals
from governance.reviews import items, meetings, motions, questions
from governance.reviews.models import Condition, Decision, Meeting, Vote
from governance.reviews.room_models import ItemQuestion, Motion
from tests.builders import World
from tests.reviews.browsing import Browsers, browsers, send
from tests.reviews.scenes import (
    BOARD,
    HIGH,
    agenda_item,
    board,
    case,
    conditional,
    conditions,
    decide,
    decided,
    discussing,
    in_session,
    on_agenda,
    opined,
    planned,
    row,
    seat,
    state,
    vote,
    voting,
)

ALL = ("chair", "ext1", "ext2", "int1", "int2")


@pytest.fixture
def open_for(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Browsers:
    return browsers(made, tmp_path, monkeypatch)


def all_vote(made: World, item_id: str, *choices: str) -> None:
    for name, choice in zip(ALL, choices or ("for",) * 5, strict=True):
        vote(made, item_id, name, choice)


def lost(made: World, item_id: str) -> None:
    with made.acting("secretariat") as work:
        found = agenda_item(work, item_id)
        items.end_lost_motion(work, found, rev=found.rev)


def put(made: World, item_id: str, motion: str, drafts: object = ()) -> None:
    with made.acting("secretariat") as work:
        found = agenda_item(work, item_id)
        items.put_motion(work, found, motion, rev=found.rev, conditions=drafts)  # type: ignore[arg-type]


def put_states(made: World, item_id: str) -> list[tuple[int, str, str]]:
    with made.acting("auditor", read_only=True) as work:
        query = select(Motion).where(Motion.item_id == item_id).order_by(Motion.number)
        return [(each.number, each.outcome, each.state) for each in work.session.scalars(query)]


def test_a_lost_motion_is_followed_by_another_and_each_member_votes_once_on_each(made: World) -> None:
    screening_id, _, item_id = on_agenda(made)
    voting(made, item_id)
    all_vote(made, item_id, "for", "against", "against", "against", "abstain")
    lost(made, item_id)
    put(made, item_id, "returned")
    all_vote(made, item_id)
    with pytest.raises(Refusal, match="すでに投票"):
        vote(made, item_id, "ext1", "against")
    decide(made, item_id, conditional(made, outcome="returned", conditions=()))
    assert state(made, screening_id) == "returned"
    assert put_states(made, item_id) == [(1, "approved_with_conditions", "lost"), (2, "returned", "carried")]
    with made.acting("auditor", read_only=True) as work:
        first = work.session.scalars(select(Motion).order_by(Motion.number)).first()
        assert first is not None
        assert (first.figures["votes_for"], first.figures["against"], first.figures["abstain"]) == (1, 3, 1)
        assert len(work.session.scalars(select(Vote)).all()) == 10
        decision = work.session.scalars(select(Decision)).one()
        assert decision.quorum["votes_for"] == 5
    assert verify_database(made.database).ok


def test_a_carried_motion_is_not_called_lost_and_a_complete_one_not_withdrawn(made: World) -> None:
    _, _, item_id = on_agenda(made)
    voting(made, item_id)
    with pytest.raises(Refusal, match="待っています"):
        lost(made, item_id)
    all_vote(made, item_id)
    with pytest.raises(Refusal, match="可決されています"):
        lost(made, item_id)
    with pytest.raises(Refusal, match="取り下げられません"):
        withdraw(made, item_id)
    assert put_states(made, item_id) == [(1, "approved_with_conditions", "put")]


def withdraw(made: World, item_id: str, reason: str = "条件の期限を直すため") -> None:
    with made.acting("secretariat") as work:
        found = agenda_item(work, item_id)
        items.withdraw_motion(work, found, rev=found.rev, reason=reason)


def test_a_withdrawn_motion_needs_a_reason_and_its_votes_count_no_more(made: World) -> None:
    _, _, item_id = on_agenda(made)
    voting(made, item_id)
    vote(made, item_id, "ext1", "against")
    with pytest.raises(Refusal, match="理由"):
        withdraw(made, item_id, " ")
    withdraw(made, item_id)
    put(made, item_id, "rejected")
    with made.acting("auditor", read_only=True) as work:
        found = items.count_votes(work, agenda_item(work, item_id))[1]
        assert (found.votes_for, found.against, found.complete) == (0, 0, False)
    assert put_states(made, item_id)[0] == (1, "approved_with_conditions", "withdrawn")


def test_the_decision_carries_the_conditions_that_were_voted_on_and_no_others(made: World) -> None:
    _, _, item_id = on_agenda(made)
    voting(made, item_id)
    all_vote(made, item_id)
    other = tuple(replace(each, text="別の条件") for each in conditions(made))
    for changed in (other, (*conditions(made), *other)):
        with pytest.raises(Refusal, match="採決した付帯条件と違います"):
            decide(made, item_id, conditional(made, conditions=changed))
    decide(made, item_id, conditional(made))
    with made.acting("auditor", read_only=True) as work:
        put_motion = work.session.scalars(select(Motion)).one()
        kept = work.session.scalars(select(Condition)).one()
        assert [kept.text] == [each["text"] for each in put_motion.conditions]


def test_a_conditional_approval_is_put_with_lawful_conditions(made: World) -> None:
    _, _, item_id = on_agenda(made)
    discussing(made, item_id)
    for drafts in ((), conditions(made, verifier="owner"), conditions(made, verifier="member")):
        with pytest.raises(Refusals):
            put(made, item_id, "approved_with_conditions", drafts)
    assert put_states(made, item_id) == []


def test_a_draft_of_conditions_is_seen_by_the_members_and_goes_into_motion_and_decision(
    made: World, open_for: Browsers
) -> None:
    _, meeting_id, item_id = on_agenda(made)
    discussing(made, item_id)
    page = f"/meetings/{meeting_id}/items/{item_id}"
    drafted = {"conditions-0-text": "特徴量を24時間で消去する", "keep": "1"}
    assert send(open_for("secretariat"), page, "/motion", drafted).status_code == 303
    assert "特徴量を24時間で消去する" in open_for("ext1").get(page).text
    assert "特徴量を24時間で消去する" in open_for("secretariat").get(page).text
    full = {
        "motion": "approved_with_conditions",
        "conditions-0-text": "特徴量を24時間で消去する",
        "conditions-0-kind": "pre_launch",
        "conditions-0-owner": made.people["owner"].id,
        "conditions-0-verifier": made.people["expert2"].id,
        "conditions-0-due_on": "2027-03-31",
    }
    assert send(open_for("secretariat"), page, "/motion", full).status_code == 303
    shown = open_for("ext1").get(page).text
    assert "次の付帯条件とともに採決します。" in shown
    assert "2027-03-31" in shown
    all_vote(made, item_id)
    form = open_for("chair").get(page).text
    assert "採決した条件です" in form
    given = {"rationale": "残る影響を許容できるため。", "read_aloud": "1", "conditions-0-text": "すり替えた条件"}
    assert send(open_for("chair"), page, "/decision", given).status_code == 303
    with made.acting("auditor", read_only=True) as work:
        assert work.session.scalars(select(Condition.text)).all() == ["特徴量を24時間で消去する"]


def test_every_fault_of_a_motion_and_of_a_decision_is_said_at_once(made: World, open_for: Browsers) -> None:
    _, meeting_id, item_id = on_agenda(made)
    discussing(made, item_id)
    page = f"/meetings/{meeting_id}/items/{item_id}"
    wrong = {
        "motion": "approved_with_conditions",
        "conditions-0-text": "消去する",
        "conditions-0-kind": "pre_launch",
        "conditions-0-owner": made.people["owner"].id,
        "conditions-0-verifier": made.people["owner"].id,
        "conditions-0-due_on": "2026-02-30",
        "conditions-1-text": "記録を示す",
        "conditions-1-due_on": "2020-01-01",
    }
    answer = send(open_for("secretariat"), page, "/motion", wrong)
    assert answer.status_code == 422
    for sentence in (
        "という日付はありません",
        "担当者とは",
        "条件2：期限は",
        "条件2：担当者を選んで",
        "条件2：確認者を選んで",
    ):
        assert sentence.replace("担当者とは", "確認者は担当者と別の人") in answer.text
    assert "記録を示す" in answer.text
    voting_again(made, item_id)
    all_vote(made, item_id)
    answer = send(open_for("chair"), page, "/decision", {"rationale": "", "valid_until": "2099-01-01"})
    assert answer.status_code == 422
    for sentence in ("理由を書いてください。", "有効期限は", "読み上げ"):
        assert sentence in answer.text
    with made.acting("auditor", read_only=True) as work:
        assert work.session.scalars(select(Decision)).all() == []


def voting_again(made: World, item_id: str) -> None:
    put(made, item_id, "approved_with_conditions", conditions(made))


@pytest.mark.parametrize("shown", ["totals", "named"])
def test_a_secret_vote_names_nobody_on_any_page(made: World, open_for: Browsers, shown: str) -> None:
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    committee = board(made, {"voting": "secret", "votes_shown": shown})
    meeting_id, (item_id,) = planned(made, committee, screening_id)
    in_session(made, meeting_id)
    voting(made, item_id)
    for name, choice in zip(ALL, ("for", "against", "for", "for", "for"), strict=True):
        vote(made, item_id, name, choice, dissent="掲示だけでは足りない。" if choice == "against" else "")
    decide(made, item_id, conditional(made))
    page = f"/meetings/{meeting_id}/items/{item_id}"
    for reader in ("auditor", "secretariat", "chair", "int1"):
        text = open_for(reader).get(page).text
        assert "<strong>反対</strong>" not in text
        assert "掲示だけでは足りない。" in text
    assert "<strong>反対</strong>" in open_for("ext1").get(page).text  # one's own
    with made.acting("auditor", read_only=True) as work:
        cast = [each for each in events(work.session, limit=200) if each.type == "VoteCast"]
        assert len(cast) == 5
        assert all("against" not in str(each.body) and not each.private for each in cast)
        assert (
            len({each.choice for each in work.session.scalars(select(Vote))}) == 2
        )  # kept per member, bound by digest


def test_votes_are_named_after_the_decision_where_the_rules_say_so(made: World, open_for: Browsers) -> None:
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    meeting_id, (item_id,) = planned(made, board(made, {"votes_shown": "named"}), screening_id)
    in_session(made, meeting_id)
    voting(made, item_id)
    all_vote(made, item_id, "for", "against", "for", "for", "for")
    page = f"/meetings/{meeting_id}/items/{item_id}"
    assert "<strong>反対</strong>" not in open_for("secretariat").get(page).text
    decide(made, item_id, conditional(made))
    assert "<strong>反対</strong>" in open_for("secretariat").get(page).text


# ---------------------------------------------------------------- questions


def ask(made: World, item_id: str, by: str = "ext1", text: str = "保存期間は何日か", asker: str = "") -> str:
    with made.acting(by) as work:
        member = seat(work, made, asker) if asker else None
        return questions.ask(work, agenda_item(work, item_id), text, asker=member).id


def answer(made: World, item_id: str, question_id: str, by: str = "owner", text: str = "24時間である") -> None:
    with made.acting(by) as work:
        rev = work.session.get_one(ItemQuestion, question_id).rev
        questions.answer(work, agenda_item(work, item_id), question_id, text, rev=rev)


def test_a_question_before_the_meeting_is_answered_by_the_team_once(made: World, open_for: Browsers) -> None:
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    meeting_id, (item_id,) = planned(made, board(made), screening_id)
    asked = ask(made, item_id)
    page = f"/screenings/{screening_id}/board-questions"
    shown = open_for("owner").get(page)
    assert "保存期間は何日か" in shown.text
    assert "見本 ext1" not in shown.text  # the committee asks, whoever it was
    assert send(open_for("owner"), page, f"/{asked}", {"answer": "24時間である"}).status_code == 303
    assert "24時間である" in open_for("ext1").get(f"/meetings/{meeting_id}/items/{item_id}").text
    with pytest.raises(Refusal, match="回答済み"):
        answer(made, item_id, asked, text="別の答え")
    assert open_for("stranger").get(page).status_code in (403, 404)
    assert verify_database(made.database).ok


def test_the_secretariat_records_what_a_member_asked_aloud(made: World) -> None:
    _, _, item_id = on_agenda(made)
    asked = ask(made, item_id, "secretariat", asker="int1")
    answer(made, item_id, asked, by="secretariat")
    with made.acting("auditor", read_only=True) as work:
        found = work.session.get_one(ItemQuestion, asked)
        assert (found.asked_by, found.recorded_by) == (made.people["int1"].id, made.people["secretariat"].id)
    with pytest.raises(Refusal, match="質問した委員"):
        ask(made, item_id, "secretariat")


@pytest.mark.parametrize("who", ["auditor", "administrator", "owner"])
def test_who_has_no_part_asks_nothing(made: World, who: str) -> None:
    _, _, item_id = on_agenda(made)
    with pytest.raises((Forbidden, NotFound)):
        ask(made, item_id, who)


def test_whoever_stepped_back_asks_nothing_and_a_settled_item_takes_no_question(made: World) -> None:
    _, _, item_id = on_agenda(made)
    asked = ask(made, item_id)
    with made.acting("secretariat") as work:
        found = agenda_item(work, item_id)
        items.recuse(work, found, seat(work, made, "int2"), rev=found.rev, reason="共同研究者")
    with pytest.raises(Forbidden):
        ask(made, item_id, "int2")
    with pytest.raises(Refusal, match="退席"):
        ask(made, item_id, "secretariat", asker="int2")
    with made.acting("secretariat") as work:
        found = agenda_item(work, item_id)
        items.defer_item(work, found, rev=found.rev, reason="資料を補う")
    with pytest.raises(Refusal, match="結果は決まっています"):
        answer(made, item_id, asked)


# ---------------------------------------------------------------- the quorum breaks


def leave(made: World, meeting_id: str, *names: str) -> None:
    with made.acting("secretariat") as work:
        meeting = work.session.get_one(Meeting, meeting_id)
        for name in names:
            meetings.record_leave(work, meeting, seat(work, made, name))


def test_one_step_defers_an_item_whose_quorum_broke(made: World, open_for: Browsers) -> None:
    screening_id, meeting_id, item_id = on_agenda(made)
    voting(made, item_id)
    vote(made, item_id, "chair", "for")
    leave(made, meeting_id, "ext1", "ext2")
    page = f"/meetings/{meeting_id}/items/{item_id}"
    assert "定足数を満たすか、継続審査にする" in open_for("secretariat").get(page).text
    assert send(open_for("secretariat"), page, "/deferral").status_code == 303  # the reason is filled in
    assert state(made, screening_id) == "deferred"
    assert put_states(made, item_id) == [(1, "approved_with_conditions", "lapsed")]
    shown = open_for("secretariat").get(page).text
    assert "要件を満たさなくなったため" in shown


def test_one_step_defers_all_items_that_are_left(made: World, open_for: Browsers) -> None:
    cases = [case(made, BOARD, HIGH), case(made, BOARD, HIGH)]
    for each in cases:
        opined(made, each)
    meeting_id, item_ids = planned(made, board(made), *cases)
    in_session(made, meeting_id)
    discussing(made, item_ids[0])
    leave(made, meeting_id, "ext1", "ext2")
    page = f"/meetings/{meeting_id}"
    assert send(open_for("secretariat"), page, "/deferral").status_code == 303
    assert [state(made, each) for each in cases] == ["deferred", "board_queued"]
    assert send(open_for("secretariat"), page, "/close").status_code == 303


def test_a_deferred_case_goes_on_the_next_agenda_and_is_opened_again(made: World) -> None:
    screening_id, meeting_id, item_id = on_agenda(made)
    discussing(made, item_id)
    with made.acting("secretariat") as work:
        found = agenda_item(work, item_id)
        items.defer_item(work, found, rev=found.rev, reason="資料を補う")
        meeting = work.session.get_one(Meeting, meeting_id)
        meetings.close_meeting(work, meeting, rev=meeting.rev)
        committee_id = meeting.committee_id
    again, (item_id,) = planned(made, committee_id, screening_id)
    assert state(made, screening_id) == "deferred"
    in_session(made, again)
    discussing(made, item_id)
    assert state(made, screening_id) == "board_session"


def test_bad_acts_leave_nothing_behind(made: World) -> None:
    screening_id, _, meeting_id = decided(made)
    with made.acting("secretariat") as work:
        item_id = work.session.get_one(Meeting, meeting_id).items[0].id
    for act in (
        lambda work, found: items.put_motion(work, found, "rejected", rev=found.rev),
        lambda work, found: items.end_lost_motion(work, found, rev=found.rev),
        lambda work, found: items.withdraw_motion(work, found, rev=found.rev, reason="誤り"),
        lambda work, found: items.draft_conditions(work, found, [], rev=found.rev),
    ):
        with pytest.raises(Refusal, match="その段階ではありません"), made.acting("secretariat") as work:
            act(work, agenda_item(work, item_id))
    assert state(made, screening_id) == "approved_with_conditions"
    assert [each[2] for each in put_states(made, item_id)] == ["carried"]


def test_motions_kept_before_numbers_are_still_read(made: World) -> None:
    """An item that was voting when the service was upgraded has votes with number 0 and no row of a motion."""
    _, _, item_id = on_agenda(made)
    discussing(made, item_id)
    with made.acting("secretariat") as work:
        found = agenda_item(work, item_id)
        found.state, found.motion = "voting", "returned"
        work.session.flush()
        work.record("MotionPut", subject=("agenda_item", item_id))
    all_vote(made, item_id)
    decide(made, item_id, conditional(made, outcome="returned", conditions=()))
    with made.acting("auditor", read_only=True) as work:
        assert motions.motion_of(work, agenda_item(work, item_id)) is None
        assert row(work, work.session.scalars(select(Decision)).one().screening_id).state == "returned"
