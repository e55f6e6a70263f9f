"""A condition is waived by a motion on a committee's agenda: proposed, sent out, voted with quorum, and only then waived."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from governance.ledger.audit import verify_database
from governance.ledger.services import subject_events
from governance.refusals import Conflict, Forbidden, Refusal, Refusals
from governance.reviews import advising, conditions, items, materials, meetings, minutes, waiving
from governance.reviews.models import AgendaItem, Condition, Meeting, Vote, Waiver
from tests.builders import World
from tests.reviews.browsing import Browsers, browsers, send
from tests.reviews.scenes import (
    agenda_item,
    conditional,
    decide,
    decided,
    discussing,
    in_session,
    on_agenda,
    row,
    seat,
    state,
    vote,
    voting,
)

PRESENT = ("chair", "ext1", "ext2", "int1", "int2")
WHY = "対象の機能を製品から外したため。"


@pytest.fixture
def open_for(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Browsers:
    return browsers(made, tmp_path, monkeypatch)


def the_one(made: World) -> Condition:
    with made.acting("auditor", read_only=True) as work:
        found = work.session.scalars(select(Condition)).one()
        work.session.expunge(found)
        return found


def next_meeting(made: World) -> str:
    """Close the meeting that decided and plan the next one."""
    with made.acting("secretariat") as work:
        held = work.session.scalars(select(Meeting).where(Meeting.state == "open")).one()
        meetings.close_meeting(work, held, rev=held.rev)
        return meetings.plan_meeting(work, held.committee, starts_at=made.now + timedelta(days=8)).id


def propose(made: World, meeting_id: str, by: str = "secretariat", reason: str = WHY, late: int = 0) -> str:
    with made.acting(by) as work:
        found, meeting = work.session.scalars(select(Condition)).one(), work.session.get_one(Meeting, meeting_id)
        return waiving.propose(work, found, meeting, rev=found.rev - late, reason=reason).id


def sent(made: World, meeting_id: str) -> None:
    with made.acting("secretariat") as work:
        meeting = work.session.get_one(Meeting, meeting_id)
        meetings.send_materials(work, meeting, rev=meeting.rev)


def put(made: World, item_id: str, *chosen: str, by: str = "secretariat") -> None:
    with made.acting(by) as work:
        found = agenda_item(work, item_id)
        waiving.put(work, found, chosen or [each.condition_id for each in found.waivers], rev=found.rev)


def record(made: World, item_id: str, by: str = "chair", reason: str = WHY) -> None:
    with made.acting(by) as work:
        found = agenda_item(work, item_id)
        waiving.decide(work, found, rev=found.rev, reason=reason)


def waiting(made: World) -> tuple[str, str, str]:
    """Return screening, meeting and item of a waiver in an open meeting, discussed by five members."""
    screening_id, _, _ = decided(made)
    meeting_id = next_meeting(made)
    item_id = propose(made, meeting_id)
    sent(made, meeting_id)
    in_session(made, meeting_id)
    discussing(made, item_id)
    return screening_id, meeting_id, item_id


def owned_by(made: World, name: str) -> None:
    with made.acting("secretariat") as work:
        work.session.scalars(select(Condition)).one().owner_id = made.people[name].id
        work.record("ConditionSet", subject=("condition", "x"))


def all_vote(made: World, item_id: str, *choices: str) -> None:
    for name, choice in zip(PRESENT, choices or ("for",) * 5, strict=True):
        vote(made, item_id, name, choice)


def test_a_waiver_goes_on_an_agenda_before_the_materials_and_only_once(made: World) -> None:
    _, _, held = decided(made)
    with pytest.raises(Refusal, match="開会前"):
        propose(made, held)
    meeting_id = next_meeting(made)
    for who in ("owner", "expert", "chair", "administrator", "auditor"):
        with pytest.raises(Forbidden):
            propose(made, meeting_id, who)
    with pytest.raises(Refusal, match="理由"):
        propose(made, meeting_id, reason=" ")
    with pytest.raises(Conflict):
        propose(made, meeting_id, late=1)
    propose(made, meeting_id)
    with pytest.raises(Refusal, match="すでに議題"):
        propose(made, meeting_id)
    sent(made, meeting_id)
    with made.acting("auditor", read_only=True) as work:
        told = materials.sent_materials(work, work.session.get_one(Meeting, meeting_id))
        assert told is not None
        assert WHY in told.body
        assert "条件の免除" in told.body
        assert work.session.scalars(select(Condition)).one().state == "open"


def test_a_carried_motion_waives_and_names_the_vote_it_rests_on(made: World) -> None:
    screening_id, meeting_id, item_id = waiting(made)
    with pytest.raises(Refusal, match="免除する条件"):
        put(made, item_id, "another")
    put(made, item_id)
    with pytest.raises(Refusal, match="投票を待って"):
        record(made, item_id)
    all_vote(made, item_id, "for", "for", "for", "against", "abstain")
    for who in ("ext1", "owner"):
        with pytest.raises(Forbidden):
            record(made, item_id, who)
    with pytest.raises(Refusal, match="理由"):
        record(made, item_id, reason=" ")
    record(made, item_id)
    assert (the_one(made).state, the_one(made).verdict) == ("waived", WHY)
    assert state(made, screening_id) == "approved_with_conditions"
    with made.acting("auditor", read_only=True) as work:
        waiver = work.session.scalars(select(Waiver)).one()
        assert waiver.motion_number == 1
        entry = next(
            e for e in subject_events(work.session, "condition", waiver.condition_id) if e.type == "ConditionWaived"
        )
        told = entry.body["codes"]
        assert (told["item"], told["motion"], told["votes_for"], told["against"], told["abstain"]) == (
            item_id,
            1,
            3,
            1,
            1,
        )
        assert entry.body["refs"]["votes"] == waiver.item.motions[0].votes_digest
    with made.acting("secretariat") as work:
        meeting = work.session.get_one(Meeting, meeting_id)
        meetings.close_meeting(work, meeting, rev=meeting.rev)
        body = minutes.write(work, meeting, minutes.texts_of(work, meeting), seen=0).body
        assert "条件の免除" in body
        assert "賛成3、反対1、棄権1" in body
    assert verify_database(made.database).ok


def test_without_quorum_or_majority_the_condition_stands(made: World) -> None:
    screening_id, meeting_id, item_id = waiting(made)
    with made.acting("secretariat") as work:
        meeting = work.session.get_one(Meeting, meeting_id)
        for name in ("int1", "int2"):
            meetings.record_leave(work, meeting, seat(work, made, name))
    with pytest.raises(Refusals, match="定足数"):
        put(made, item_id)
    with made.acting("secretariat") as work:
        meeting = work.session.get_one(Meeting, meeting_id)
        for name in ("int1", "int2"):
            meetings.record_attendance(work, meeting, seat(work, made, name), "in_person")
    put(made, item_id)
    all_vote(made, item_id, "for", "for", "against", "against", "abstain")
    with pytest.raises(Refusal, match="可決されていません"):
        record(made, item_id)
    with made.acting("secretariat") as work:
        found = agenda_item(work, item_id)
        items.end_lost_motion(work, found, rev=found.rev)
        items.defer_item(work, found, rev=found.rev, reason="理由が足りない。")
    assert the_one(made).state == "open"
    assert state(made, screening_id) == "approved_with_conditions"
    with made.acting("secretariat") as work:
        meeting = work.session.get_one(Meeting, meeting_id)
        meetings.close_meeting(work, meeting, rev=meeting.rev)
        body = minutes.write(work, meeting, minutes.texts_of(work, meeting), seen=0).body
        assert "免除せず（条件は残る）" in body
    assert verify_database(made.database).ok


def test_who_owns_the_condition_steps_back_and_does_not_vote(made: World) -> None:
    _, _, item_id = waiting(made)
    owned_by(made, "int2")
    with pytest.raises(Refusal, match="担当者"):
        put(made, item_id)
    with made.acting("int2") as work:
        found = agenda_item(work, item_id)
        items.recuse(work, found, seat(work, made, "int2"), rev=found.rev, reason="条件の担当者のため")
    put(made, item_id)
    for name in PRESENT[:4]:
        vote(made, item_id, name, "for")
    record(made, item_id)
    assert the_one(made).state == "waived"


def test_a_report_is_not_judged_while_members_vote_on_waiving_its_condition(made: World) -> None:
    _, _, item_id = waiting(made)
    with made.acting("owner") as work:
        found = work.session.scalars(select(Condition)).one()
        piece = conditions.add_link(work, found, "https://wiki.example/erased", title="消去の記録")
        conditions.report_condition(work, found, rev=found.rev, report="消去を確認した。", evidence_id=piece.id)
    put(made, item_id)
    with made.acting("expert2") as work:
        found = work.session.scalars(select(Condition)).one()
        with pytest.raises(Refusal, match="採決しています"):
            conditions.verify_condition(work, found, rev=found.rev, verdict="記録を確かめた。")
    with made.acting("secretariat") as work:
        row_of = agenda_item(work, item_id)
        items.withdraw_motion(work, row_of, rev=row_of.rev, reason="報告が届いたため。")
    with made.acting("expert2") as work:
        found = work.session.scalars(select(Condition)).one()
        conditions.verify_condition(work, found, rev=found.rev, verdict="記録を確かめた。")
    assert the_one(made).state == "verified"


def test_an_advisory_committee_advises_and_the_executive_waives(made: World) -> None:
    screening_id, _, item_id = on_agenda(made, rules={"authority": "advisory"})
    voting(made, item_id)
    all_vote(made, item_id)
    decide(made, item_id, conditional(made))
    with made.acting("executive") as work:
        case = row(work, screening_id)
        advising.decide_as_executive(work, case, conditional(made), rev=case.rev)
    meeting_id = next_meeting(made)
    waiver_id = propose(made, meeting_id)
    sent(made, meeting_id)
    in_session(made, meeting_id)
    discussing(made, waiver_id)

    def waive(by: str = "executive") -> None:
        with made.acting(by) as work:
            found = work.session.scalars(select(Condition)).one()
            waiving.waive_as_executive(work, found, rev=found.rev, reason=WHY)

    with pytest.raises(Refusal, match="意見の記録がありません"):
        waive()
    put(made, waiver_id)
    all_vote(made, waiver_id)
    record(made, waiver_id)
    assert the_one(made).state == "open"
    with pytest.raises(Forbidden):
        waive("secretariat")
    meeting_id = next_meeting(made)
    waiver_id = propose(made, meeting_id)
    with pytest.raises(Refusal, match="意見の記録がありません"):
        waive()  # the older opinion counts no more
    sent(made, meeting_id)
    in_session(made, meeting_id)
    discussing(made, waiver_id)
    put(made, waiver_id)
    all_vote(made, waiver_id)
    record(made, waiver_id)
    owned_by(made, "executive")
    with pytest.raises(Refusal, match="自分が担当する条件"):
        waive()
    owned_by(made, "owner")
    waive()
    assert (the_one(made).state, the_one(made).settled_by) == ("waived", made.people["executive"].id)
    assert verify_database(made.database).ok


def test_the_pages_lead_from_the_condition_to_the_vote(made: World, open_for: Browsers) -> None:
    decided(made)
    meeting_id = next_meeting(made)
    path, secretary = f"/conditions/{the_one(made).id}", open_for("secretariat")
    refused = send(secretary, path, "/waiver", {"meeting": "none", "reason": WHY})
    assert refused.status_code == 422
    assert "資料を送付する前の会議" in refused.text
    assert WHY in refused.text
    assert send(secretary, path, "/waiver", {"meeting": meeting_id, "reason": WHY}).status_code == 303
    assert "審議を待っています" in secretary.get(path).text
    sent(made, meeting_id)
    in_session(made, meeting_id)
    with made.acting("auditor", read_only=True) as work:
        item_id = work.session.scalars(select(AgendaItem.id).where(AgendaItem.meeting_id == meeting_id)).one()
    open_for.anew()
    secretary, page = open_for("secretariat"), f"/meetings/{meeting_id}/items/{item_id}"
    assert send(secretary, page, "/open").status_code == 303
    assert send(secretary, page, "/motion", {"waived": "none"}).status_code == 422
    assert send(secretary, page, "/motion", {"waived": the_one(made).id}).status_code == 303
    for name in PRESENT:
        shown = open_for(name).get(page).text
        assert "条件を免除するかどうかを採決します" in shown
        assert send(open_for(name), page, "/votes", {"choice": "for"}).status_code == 303
    unread = send(open_for("chair"), page, "/decision", {"rationale": WHY})
    assert "読み上げ" in unread.text
    assert send(open_for("chair"), page, "/decision", {"rationale": WHY, "read_aloud": "1"}).status_code == 303
    assert "免除が可決されました" in secretary.get(page).text
    shown = secretary.get(path).text
    assert "この条件は免除されました" in shown
    assert "賛成5、反対0、棄権0" in shown
    with made.acting("auditor", read_only=True) as work:
        assert len(work.session.scalars(select(Vote).where(Vote.item_id == item_id)).all()) == 5
    assert "Conditions proposed for waiver" in secretary.get(f"{page}?lang=en").text


def test_a_case_and_a_waiver_of_it_are_not_one_item(made: World, open_for: Browsers) -> None:
    screening_id, _, _ = decided(made)
    meeting_id = next_meeting(made)
    propose(made, meeting_id)
    with made.acting("secretariat") as work, pytest.raises(Refusal, match="付議された案件だけ"):
        meetings.add_item(work, work.session.get_one(Meeting, meeting_id), row(work, screening_id))
    with made.acting("secretariat") as work:  # the case comes back to the committee while the waiver waits
        row(work, screening_id).state = "board_queued"
        work.record("OpinionGiven", subject=("screening", screening_id))
    assert "会議の議題に加える" in open_for("secretariat").get("/").text
    with made.acting("secretariat") as work:
        committee = work.session.get_one(Meeting, meeting_id).committee
        other = meetings.plan_meeting(work, committee, starts_at=made.now + timedelta(days=20))
        assert meetings.add_item(work, other, row(work, screening_id)).meeting == other
