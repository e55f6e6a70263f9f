"""What the findings of a case suggest as conditions, and how a press puts one into the form without losing what was entered."""

from __future__ import annotations

from governance.reviews.proposing import proposals, with_proposal
from tests.builders import World
from tests.reviews import scenes
from tests.visitor import Visitor, service


def medium(made: World, answers: dict[str, str] | None = None) -> str:
    screening = scenes.case(made, ratings=scenes.MEDIUM, answers=answers or {"P3c": "partial", "P3b": "not_done"})
    scenes.opined(made, screening)
    return screening


def test_missing_controls_are_proposed_with_kind_owner_and_day(made: World) -> None:
    screening = medium(made)
    with made.acting("expert", read_only=True) as work:
        found = proposals(work, scenes.row(work, screening))
    assert {each.key for each in found} >= {"P3b", "P3c"}
    assert {each.row["kind"] for each in found} == {"pre_start"}
    assert {each.row["owner"] for each in found} == {made.people["owner"].id}
    assert all(each.row["text"] and each.row["text_en"] and each.row["due_on"] for each in found)


def test_a_proposal_takes_the_first_empty_row_and_is_not_taken_twice(made: World) -> None:
    screening = medium(made)
    with made.acting("expert", read_only=True) as work:
        found = proposals(work, scenes.row(work, screening))
    blank = dict.fromkeys(("text", "text_en", "kind", "owner", "verifier", "due_on"), "")
    entered = {**blank, "text": "別の条件", "due_on": "2027-01-31"}
    once = with_proposal([entered, blank], "P3b", found, 8)
    assert once[0] == entered
    assert "P3b" in once[1]["text"]
    assert with_proposal(once, "P3b", found, 8) == once
    assert with_proposal(once, "nothing", found, 8) == once
    assert len(with_proposal(once, "P3c", found, 8)) == 3


def test_the_check_page_drafts_a_condition_in_one_press_and_keeps_what_was_entered(made: World, tmp_path) -> None:
    screening = medium(made)
    expert = Visitor(service(made.database, tmp_path))
    expert.sign_in("expert@test.example")
    path = f"/reviews/{screening}"
    assert "条件の案にする" in expert.get(path).text
    drawn = expert.post(f"{path}/decide", {"more": "P3b", "rationale": "途中まで書いた理由", "rev": "1"})
    assert drawn.status_code == 200
    assert "途中まで書いた理由" in drawn.text
    assert "P3b" in drawn.text.split('name="conditions-0-text"')[1].split("</textarea>")[0]
