"""Each person sees what waits for them, the next step first, and nobody else's work."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import event

from governance.insight.rules import SHOWN, Task, fill_minutes, in_order, overdue, said
from governance.insight.services import changes, mine
from governance.insight.waiting import tasks
from governance.questionnaires import drafts
from governance.reviews import services, stops
from governance.reviews.rules import local_date
from governance.texts import both
from tests.builders import World, answered, opened, registered, submitted
from tests.questionnaires.drafting import act, edit, started
from tests.reviews import scenes


def waiting(made: World, name: str, project_id: str | None = None) -> list[Task]:
    with made.acting(name, read_only=True) as work:
        return tasks(work, local_date(made.now), project_id)


def whats(made: World, name: str) -> list[str]:
    return [task.what.en for task in waiting(made, name)]


def task(what: str, due: date | None = None) -> Task:
    return Task(both(what), both("-"), both("-"), "", "/", both("-"), 5, due=due)


def test_what_is_late_comes_first_and_what_has_no_date_last() -> None:
    today = date(2026, 11, 20)
    late, near, none = task("late", today - timedelta(3)), task("near", today + timedelta(1)), task("none")
    assert in_order([none, near, late]) == [late, near, none]
    assert overdue([none, near, late], today) == 1


@pytest.mark.parametrize(
    ("asked", "answered_", "sheet", "minutes"),
    [(0, 0, False, 10), (30, 30, True, 5), (37, 30, True, 25), (5, 4, True, 5)],
)
def test_the_time_it_takes_is_told_in_steps_of_five_minutes(
    asked: int, answered_: int, sheet: bool, minutes: int
) -> None:
    assert fill_minutes(asked, answered_, sheet) == minutes


def test_a_vote_in_the_history_does_not_read_as_a_choice() -> None:
    assert "(" not in said("VoteCast", {"motion": "approved"}, {}).en
    assert said("MotionPut", {"motion": "approved"}, {"approved": both("yes")}).en == "Motion put (yes)"


def test_the_team_is_led_from_registration_to_submission(made: World) -> None:
    project_id = registered(made)
    assert whats(made, "owner") == ["Start the first screening"]
    screening_id = opened(made, project_id)
    assert whats(made, "owner") == whats(made, "member") == ["Answer the trigger sheet"]
    answered(made, screening_id)
    assert whats(made, "owner") == ["Check the content and submit"]
    assert whats(made, "member") == []
    assert whats(made, "stranger") == whats(made, "expert") == []
    submitted(made, screening_id)
    assert whats(made, "owner") == []


def test_a_draft_handed_in_waits_for_everybody_who_may_publish_it_but_its_author(made: World) -> None:
    row = started(made)
    edit(made, row)
    assert whats(made, "expert2") == []
    act(made, "expert", row, drafts.submit)
    assert whats(made, "expert2") == ["Check the draft of a questionnaire and publish it"]
    assert whats(made, "expert") == whats(made, "owner") == whats(made, "auditor") == []
    assert waiting(made, "expert2", project_id="any") == []


def test_a_light_case_waits_for_its_department_head_alone(made: World) -> None:
    scenes.case(made)
    assert whats(made, "approver") == ["Check the light case and approve it"]
    assert whats(made, "expert") == []


def test_a_case_waits_for_the_expert_team_then_for_its_reviewer(made: World) -> None:
    screening_id = scenes.case(made, ratings=scenes.MEDIUM)
    assert whats(made, "expert") == whats(made, "expert2") == ["Take the case for review"]
    scenes.taken(made, screening_id)
    assert whats(made, "expert") == ["Check answers and evidence, give the opinion"]
    assert whats(made, "expert2") == []
    with made.acting("expert") as work:
        row = scenes.row(work, screening_id)
        services.return_to_team(work, row, rev=row.rev, reason="学習データの期間を書いてください。")
    [back] = waiting(made, "owner")
    assert back.what.en == "Mend what was returned and submit again"
    assert "学習データの期間" in back.why.ja


def test_a_stopped_case_waits_for_legal_and_then_for_the_team(made: World) -> None:
    screening_id = scenes.case(made, {"T01": "yes"})
    assert whats(made, "legal") == ["Rule on the hard stop"]
    assert whats(made, "expert") == []
    with made.acting("legal") as work:
        row = scenes.row(work, screening_id)
        stops.confirm_stop(work, row, "H1", rev=row.rev, reason="禁止された用途に当たる。")
    assert whats(made, "legal") == []
    assert whats(made, "expert") == ["Settle the blocked case"]


def test_the_committee_is_led_through_its_meeting(made: World) -> None:
    screening_id, _, item_id = scenes.on_agenda(made)
    assert whats(made, "secretariat") == whats(made, "chair") == ["Run the meeting"]
    assert whats(made, "ext1") == []
    scenes.voting(made, item_id)
    assert whats(made, "ext1") == ["Vote on the item"]
    scenes.vote(made, item_id, "ext1", "for")
    assert whats(made, "ext1") == []
    assert scenes.state(made, screening_id) == "board_session"


def test_a_referred_case_without_an_agenda_waits_for_the_secretariat(made: World) -> None:
    screening_id = scenes.case(made, scenes.BOARD, scenes.HIGH)
    scenes.opined(made, screening_id)
    assert whats(made, "secretariat") == ["Put the case on an agenda"]


def test_a_condition_waits_for_its_owner_and_says_what_happens_when_it_is_late(made: World) -> None:
    scenes.decided(made)
    [first, *_] = waiting(made, "owner")
    assert first.what.en.startswith("Hand in evidence for condition C-1")
    assert first.late is not None
    assert "14日" in first.late.ja
    made.now += timedelta(days=200)
    assert overdue(waiting(made, "owner"), local_date(made.now)) == 1
    assert whats(made, "expert2") == []


def test_after_an_approval_the_next_phase_is_offered_and_before_its_end_the_reassessment(made: World) -> None:
    scenes.decided(made)
    assert "Start the screening of “Implementation”" in whats(made, "owner")
    made.now += timedelta(days=340)
    assert "Start the reassessment" in whats(made, "owner")


def test_one_case_shows_the_same_step_as_the_home_page(made: World) -> None:
    first, second = registered(made), registered(made)
    opened(made, first)
    assert [each.project_id for each in waiting(made, "owner", second)] == [second]
    assert {each.project_id for each in waiting(made, "owner")} == {first, second}


def test_what_others_did_is_told_in_words_and_what_i_did_is_not(made: World) -> None:
    screening_id = scenes.case(made, ratings=scenes.MEDIUM)
    scenes.in_triage(made, screening_id)
    with made.acting("owner", read_only=True) as work:
        lines = changes(work).lines
    assert lines[0].text.en == "Planning: Review taken (revision 1)"
    assert lines[0].by.en == "Sample expert"
    assert all(line.by.en != "Sample owner" for line in lines)
    with made.acting("stranger", read_only=True) as work:
        assert changes(work).lines == []


def test_the_statements_do_not_grow_with_the_projects(made: World) -> None:
    def statements() -> int:
        count = 0

        def note(*_: object) -> None:
            nonlocal count
            count += 1

        event.listen(made.database.engine, "before_cursor_execute", note)
        try:
            with made.acting("owner", read_only=True) as work:
                found = tasks(work, local_date(made.now))
                own = mine(work, local_date(made.now))
            assert len(found) == len(own)
        finally:
            event.remove(made.database.engine, "before_cursor_execute", note)
        return count

    opened(made, registered(made))
    before = statements()
    for _ in range(3):
        opened(made, registered(made))
    assert statements() == before


def test_the_lists_stay_short(made: World) -> None:
    for _ in range(SHOWN + 2):
        registered(made)
    with made.acting("owner", read_only=True) as work:
        assert len(tasks(work, local_date(made.now))) == SHOWN + 1
        assert len(mine(work, local_date(made.now))) == SHOWN
