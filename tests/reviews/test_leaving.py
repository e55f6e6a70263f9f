"""Leave to read that an agenda gave ends after the days for an appeal, and the minutes of the own meeting stay open."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from governance.ledger.audit import verify_database
from governance.projects.models import Project
from governance.projects.services import visible
from governance.reviews import items, meetings
from governance.reviews.leaving import end_readings
from governance.reviews.meeting_pages import hidden_in_minutes, hidden_items
from governance.reviews.models import Meeting
from governance.reviews.rules import local_date
from governance.work import SYSTEM, open_work
from tests.builders import World
from tests.reviews.scenes import agenda_item, decided, on_agenda, seat


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
