"""Planning a meeting and sending its materials: frozen, in the order of the agenda, and shown exactly as they were sent."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from governance.ledger.audit import verify_database
from governance.ledger.services import events
from governance.refusals import Refusal, Refusals
from governance.reviews import materials, meetings, planning
from governance.reviews.items import recuse
from governance.reviews.models import AgendaItem, Committee, Meeting
from tests.builders import World
from tests.reviews.browsing import Browsers, browsers, send
from tests.reviews.scenes import BOARD, HIGH, board, case, in_session, opined, planned, row, seat


@pytest.fixture
def open_for(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Browsers:
    return browsers(made, tmp_path, monkeypatch)


def on_agenda(made: World, count: int = 2) -> tuple[str, list[str], list[str]]:
    """Return a planned meeting whose materials are not sent, its items and their screenings."""
    cases = [case(made, BOARD, HIGH) for _ in range(count)]
    for each in cases:
        opined(made, each)
    committee_id = board(made)
    with made.acting("secretariat") as work:
        committee = work.session.get_one(Committee, committee_id)
        meeting = meetings.plan_meeting(
            work,
            committee,
            starts_at=made.now + timedelta(days=8),
            place="第2会議室",
            place_en="Room 2",
            link="https://meet.example/board",
        )
        items = [meetings.add_item(work, meeting, row(work, each)).id for each in cases]
        return meeting.id, items, cases


def sent(made: World, meeting_id: str) -> None:
    with made.acting("secretariat") as work:
        meeting = work.session.get_one(Meeting, meeting_id)
        meetings.send_materials(work, meeting, rev=meeting.rev)


def test_what_was_sent_is_frozen_with_its_digest_and_shown_as_it_was(made: World, open_for: Browsers) -> None:
    meeting_id, items, _ = on_agenda(made)
    page = f"/meetings/{meeting_id}/materials"
    assert "まだ送付していません" in open_for("secretariat").get(page).text
    assert open_for("ext1").get(page).status_code == 403  # nothing was sent to the members yet
    sent(made, meeting_id)
    with made.acting("secretariat") as work:
        found = materials.sent_materials(work, work.session.get_one(Meeting, meeting_id))
        assert found is not None
        assert hashlib.sha256(found.body.encode()).hexdigest() == found.digest
        content = materials.content_of(found)
        assert [each["item"] for each in content["items"]] == items
        assert [each["snapshot"] for each in content["items"]] == [
            work.session.get_one(AgendaItem, each).snapshot.digest for each in items
        ]
        told = next(each for each in events(work.session, limit=50) if each.type == "MaterialsSent")
        assert told.body["refs"]["materials"] == found.digest
    shown = open_for("ext1").get(page).text
    for sentence in (
        "架空の需要予測AI",
        "固有リスク → 残余リスク",
        "条件を付ければ実施できる。",
        "第2会議室",
        "https://meet.example/board",
    ):
        assert sentence in shown
    assert verify_database(made.database).ok


def test_a_change_of_the_project_after_sending_does_not_change_what_was_sent(made: World, open_for: Browsers) -> None:
    meeting_id, _, cases = on_agenda(made, 1)
    sent(made, meeting_id)
    with made.acting("secretariat") as work:
        row(work, cases[0]).project.name = "改名した案件"
        work.session.flush()
        work.record("ProjectChanged", subject=("project", row(work, cases[0]).project_id))
    shown = open_for("ext1").get(f"/meetings/{meeting_id}/materials").text
    assert "架空の需要予測AI" in shown
    assert "改名した案件" not in shown


def test_the_order_changes_before_sending_and_not_afterwards(made: World, open_for: Browsers) -> None:
    meeting_id, items, _ = on_agenda(made, 2)
    path = f"/meetings/{meeting_id}"
    assert send(open_for("secretariat"), path, "/order", {"item": items[1], "to": "earlier"}).status_code == 303
    assert order(made, meeting_id) == [items[1], items[0]]
    sent(made, meeting_id)
    assert f'action="{path}/order"' not in open_for("secretariat").get(path).text
    with made.acting("secretariat") as work:
        item = work.session.get_one(AgendaItem, items[0])
        with pytest.raises(Refusal, match="順を変えられません"):
            planning.move_item(work, item, earlier=True, rev=item.meeting.rev)
    assert open_for("ext1").post(f"{path}/order", {"item": items[0], "to": "earlier"}).status_code == 403


def order(made: World, meeting_id: str) -> list[str]:
    with made.acting("auditor", read_only=True) as work:
        found = work.session.get_one(Meeting, meeting_id).items
        return [each.id for each in sorted(found, key=lambda each: each.position)]


def test_a_member_who_stepped_back_reads_the_materials_without_the_case(made: World, open_for: Browsers) -> None:
    meeting_id, items, _ = on_agenda(made, 1)
    sent(made, meeting_id)
    page = f"/meetings/{meeting_id}/materials"
    assert "条件を付ければ実施できる。" in open_for("int2").get(page).text
    with made.acting("int2") as work:
        found = work.session.get_one(AgendaItem, items[0])
        recuse(work, found, seat(work, made, "int2"), rev=found.rev, reason="共同研究者")
    shown = open_for("int2").get(page).text
    assert "条件を付ければ実施できる。" not in shown
    assert "利益相反のため、示されない議題があります。" in shown
    assert "条件を付ければ実施できる。" in open_for("ext1").get(page).text


def test_a_case_revised_after_it_was_put_on_the_agenda_is_not_sent(made: World) -> None:
    meeting_id, items, cases = on_agenda(made, 1)
    with made.acting("secretariat") as work:
        screening = row(work, cases[0])
        screening.revision += 1
        work.session.flush()
        work.record("ScreeningSubmitted", subject=("screening", screening.id))
    with pytest.raises(Refusal):
        sent(made, meeting_id)
    with made.acting("auditor", read_only=True) as work:
        meeting = work.session.get_one(Meeting, meeting_id)
        assert (meeting.materials_sent_on, materials.sent_materials(work, meeting), len(items)) == (None, None, 1)


def test_a_meeting_is_moved_before_it_opens_within_its_year_and_never_into_the_past(
    made: World, open_for: Browsers
) -> None:
    meeting_id, _, _ = on_agenda(made, 1)
    path = f"/meetings/{meeting_id}"
    later = (made.now + timedelta(days=12)).strftime("%Y-%m-%dT10:00")
    given = {"starts_at": later, "place": "講堂", "place_en": "Hall", "link": "https://meet.example/two"}
    assert send(open_for("secretariat"), f"{path}/edit", "", given).status_code == 303
    shown = open_for("ext1").get(path).text
    assert "講堂" in shown
    assert 'href="https://meet.example/two"' in shown
    for change, sentence in (
        ({"starts_at": "2026-01-05T10:00"}, "これからの日時"),
        ({"starts_at": "2027-04-02T10:00"}, "年度の違う日"),
        ({"link": "http://meet.example"}, "https://"),
        ({"link": "javascript:alert(1)"}, "https://"),
    ):
        answer = send(open_for("secretariat"), f"{path}/edit", "", given | change)
        assert answer.status_code == 422
        assert sentence in answer.text
    assert open_for("ext1").get(f"{path}/edit").status_code == 403


def test_a_meeting_in_session_is_not_moved(made: World) -> None:
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    meeting_id, _ = planned(made, board(made), screening_id)
    in_session(made, meeting_id)
    with made.acting("secretariat") as work:
        meeting = work.session.get_one(Meeting, meeting_id)
        with pytest.raises((Refusal, Refusals), match="開会前"):
            planning.change_meeting(
                work, meeting, rev=meeting.rev, starts_at=made.now + timedelta(days=1), place="", place_en="", link=""
            )


def test_the_page_says_until_when_the_materials_go_out(made: World, open_for: Browsers) -> None:
    meeting_id, _, _ = on_agenda(made, 1)
    with made.acting("auditor", read_only=True) as work:
        starts = work.session.get_one(Meeting, meeting_id).starts_at
    latest = (starts.astimezone() - timedelta(days=7)).date()
    shown = open_for("secretariat").get(f"/meetings/{meeting_id}").text
    assert "資料の送付期限" in shown
    assert latest.isoformat() in shown
