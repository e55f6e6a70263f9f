"""What is printed of one session of an advisory committee that votes in secret: who stood in, who was asked, what was an opinion."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy import select

from governance.reports.case import read_case
from governance.reports.compose import Imprint, compose
from governance.reviews import advising, committees, consulting, letters, materials, meetings, minutes
from governance.reviews.models import Decision, Meeting
from tests.builders import World
from tests.reviews.scenes import (
    BOARD,
    HIGH,
    board,
    case,
    conditional,
    decide,
    in_session,
    opined,
    planned,
    row,
    seat,
    vote,
    voting,
)

PRESENT = ("chair", "stranger", "ext2", "int1", "int2")


@pytest.fixture
def session(made: World) -> tuple[str, str]:
    """Return screening and closed meeting: stranger stood in for ext1, a body was asked, the executive decided on the advice."""
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    with made.acting("expert") as work:
        asked = consulting.ask(work, row(work, screening_id), "legal", question="掲示だけで足りるか。").id
    with made.acting("legal") as work:
        consulting.answer(
            work, consulting.consultation(work, asked), stance="with_remarks", text="券売の画面にも載せる。"
        )
    committee_id = board(made, {"authority": "advisory", "voting": "secret"})
    with made.acting("secretariat") as work:
        committees.appoint(
            work,
            committees.committee(work, committee_id),
            made.people["stranger"].id,
            alternate_of=seat(work, made, "ext1"),
            side="external",
            expertise=["lay"],
            term_from=date(2026, 4, 1),
        )
    meeting_id, (item_id,) = planned(made, committee_id, screening_id)
    in_session(made, meeting_id, PRESENT)
    voting(made, item_id)
    for name in PRESENT:
        vote(made, item_id, name, "against" if name == "stranger" else "for", "まだ早い。" if name == "stranger" else "")
    decide(made, item_id, conditional(made))
    with made.acting("executive") as work:
        found = row(work, screening_id)
        advising.decide_as_executive(work, found, conditional(made), rev=found.rev)
    with made.acting("secretariat") as work:
        meeting = work.session.get_one(Meeting, meeting_id)
        meetings.close_meeting(work, meeting, rev=meeting.rev)
        minutes.write(work, meeting, minutes.texts_of(work, meeting), seen=0)
    return screening_id, meeting_id


def test_each_paper_says_who_stood_in_who_was_asked_and_what_was_an_opinion(
    made: World, session: tuple[str, str]
) -> None:
    screening_id, meeting_id = session
    with made.acting("secretariat", read_only=True) as work:
        meeting = work.session.get_one(Meeting, meeting_id)
        pack = materials.sent_materials(work, meeting)
        assert pack is not None
        assert "掲示だけで足りるか。" in pack.body
        assert "券売の画面にも載せる。" in pack.body
        written = minutes.versions_of(work, meeting)[0].body
        assert "（見本 ext1の代理）" in written
        assert "(alternate for " in written
        assert "意見（執行側の決定を待つ）" in written
        assert "The meeting was opened at" in written
        assert "に開会した。" in written
        letter = json.dumps(letters.compose(work.session.scalars(select(Decision)).one()), ensure_ascii=False)
        for said in ("委員会の意見", "これは意見であり", "執行側", "The executive"):
            assert said in letter, said
        case_row = row(work, screening_id)
        content = compose(
            read_case(work, case_row.project, case_row, "ja"), Imprint("AIG-R1-2026-0001", 1, "2026-12-01")
        )
    told = content["committee"]
    assert told is not None
    assert told["dissents"] == [{"by": None, "text": "まだ早い。"}]
    assert [m["attendance"]["code"] for m in told["members"] if "代理" in m["expertise"]["ja"]] == ["in_person"]
    assert content["course"]["consulted"][0]["text"] == "券売の画面にも載せる。"
    assert content["decision"]["by"] == made.people["executive"].id
    assert "執行側" in content["decision"]["body"]["ja"]
