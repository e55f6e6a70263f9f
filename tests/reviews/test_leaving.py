"""Leave to read that an agenda gave ends after the days for an appeal, and the minutes of the own meeting stay open."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from governance.ledger.audit import verify_database
from governance.projects.models import Project
from governance.projects.services import visible
from governance.reviews import advising, items, meetings
from governance.reviews import conditions as acts
from governance.reviews.leaving import end_readings
from governance.reviews.meeting_pages import hidden_in_minutes, hidden_items
from governance.reviews.models import Condition, Meeting
from governance.reviews.rules import local_date
from governance.work import SYSTEM, open_work
from tests.builders import World
from tests.reviews.scenes import (
    agenda_item,
    conditional,
    conditions,
    decide,
    decided,
    on_agenda,
    row,
    seat,
    vote,
    voting,
)
from tests.reviews.test_bodies import asked, join


def closed(made: World, meeting_id: str) -> date:
    with made.acting("secretariat") as work:
        meeting = work.session.get_one(Meeting, meeting_id)
        meetings.close_meeting(work, meeting, rev=meeting.rev)
    return local_date(made.now)


def ran(made: World, day: date) -> int:
    made.now += day - local_date(made.now)
    with open_work(made.database, SYSTEM, at=made.now) as work:
        return end_readings(work, day)


def sees(made: World, name: str) -> bool:
    with made.acting(name, read_only=True) as work:
        return work.session.scalars(select(Project).where(visible(work.actor))).first() is not None


def test_members_read_the_case_until_no_appeal_can_come_and_the_minutes_afterwards(made: World) -> None:
    _, _, meeting_id = decided(made)
    assert ran(made, local_date(made.now) + timedelta(days=1)) == 0  # the meeting is still open
    day = closed(made, meeting_id)
    assert ran(made, day + timedelta(days=30)) == 0
    assert sees(made, "ext1")
    assert ran(made, day + timedelta(days=31)) == 7
    assert not sees(made, "ext1")
    assert ran(made, day + timedelta(days=32)) == 0
    with made.acting("ext1", read_only=True) as work:
        meeting = work.session.get_one(Meeting, meeting_id)
        assert hidden_items(work, meeting) == {meeting.items[0].id}
        assert hidden_in_minutes(work, meeting) == frozenset()
    assert verify_database(made.database).ok


def test_a_deferred_case_stays_readable_and_a_recused_member_never_reads_its_minutes(made: World) -> None:
    _, meeting_id, item_id = on_agenda(made)
    with made.acting("int2") as work:
        found = agenda_item(work, item_id)
        items.recuse(work, found, seat(work, made, "int2"), rev=found.rev, reason="以前の上司の案件のため")
    with made.acting("secretariat") as work:
        found = agenda_item(work, item_id)
        items.defer_item(work, found, rev=found.rev, reason="資料を待つ。")
    day = closed(made, meeting_id)
    assert ran(made, day + timedelta(days=90)) == 0
    assert sees(made, "ext1")
    with made.acting("int2", read_only=True) as work:
        assert hidden_in_minutes(work, work.session.get_one(Meeting, meeting_id)) == {item_id}


def test_leave_lasts_from_the_executives_decision_and_as_long_as_somebody_is_needed(made: World) -> None:
    screening_id, meeting_id, item_id = on_agenda(made, rules={"authority": "advisory"})
    voting(made, item_id)
    for name in ("chair", "ext1", "ext2", "int1", "int2"):
        vote(made, item_id, name, "for")
    decide(made, item_id, conditional(made))
    day = closed(made, meeting_id)
    assert ran(made, day + timedelta(days=40)) == 0  # the executive has not decided
    join(made, "quality", "int1")
    asked(made, screening_id, "quality", by="secretariat")
    with made.acting("executive") as work:
        case = row(work, screening_id)
        verdict = conditional(made, conditions=conditions(made, verifier="ext2"))
        advising.decide_as_executive(work, case, verdict, rev=case.rev)
    day = local_date(made.now)
    assert ran(made, day + timedelta(days=30)) == 0
    assert ran(made, day + timedelta(days=31)) == 6
    assert [name for name in ("ext1", "ext2", "int1", "int2") if sees(made, name)] == ["ext2", "int1"]
    with made.acting("owner") as work:
        found = work.session.scalars(select(Condition)).one()
        piece = acts.add_link(work, found, "https://wiki.example/erased", title="消去の記録")
        acts.report_condition(work, found, rev=found.rev, report="消去を確認した。", evidence_id=piece.id)
    assert ran(made, day + timedelta(days=32)) == 0
    with made.acting("ext2") as work:
        found = work.session.scalars(select(Condition)).one()
        acts.verify_condition(work, found, rev=found.rev, verdict="記録を確かめた。")
    assert ran(made, day + timedelta(days=33)) == 1
    assert [name for name in ("ext1", "ext2", "int1", "int2") if sees(made, name)] == ["int1"]
    assert verify_database(made.database).ok
