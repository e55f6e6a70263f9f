"""Challenges: recorded beside the original and never over it, answered by the team, upheld or withdrawn, and told in the report."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from governance.refusals import Conflict, Forbidden, NotFound, Refusal
from governance.reports import compose_desk
from governance.reports.case import read_case
from governance.reports.names import as_text
from governance.reviews import challenges, services
from governance.reviews.challenge_showing import challenged
from governance.reviews.models import Review
from governance.screenings import services as screenings
from governance.screenings.loading import load
from tests.builders import World, submitted
from tests.reviews.browsing import browsers, send
from tests.reviews.scenes import HIGH, MEDIUM, case, in_triage, row, state, taken

WHY = "証跡が1工場分しかない。"


def raised(
    made: World,
    screening_id: str,
    kind: str = "answer",
    target: str = "P1a",
    proposed: str = "partial",
    by: str = "expert",
) -> str:
    with made.acting(by) as work:
        screening = row(work, screening_id)
        found = challenges.raise_challenge(
            work, screening, kind, target, proposed=proposed, reason=WHY, rev=screening.rev
        )
        return found.id


def replied(made: World, challenge_id: str, by: str = "owner", reply: str = "残り2工場の記録を加えます。") -> None:
    with made.acting(by) as work:
        found = challenges.challenge(work, challenge_id)
        challenges.answer(work, found, reply, rev=found.rev)


def settled(made: World, challenge_id: str, *, upheld: bool, by: str = "expert") -> None:
    with made.acting(by) as work:
        found = challenges.challenge(work, challenge_id)
        challenges.settle(work, found, upheld=upheld, verdict="2工場の記録がないため。", rev=found.rev)


def give_opinion(made: World, review_id: str) -> None:
    with made.acting("expert") as work:
        review = work.session.get_one(Review, review_id)
        services.give_opinion(work, review, rev=review.rev, recommendation="approved", opinion="意見")


def state_of(made: World, challenge_id: str) -> str:
    with made.acting("auditor", read_only=True) as work:
        return challenges.challenge(work, challenge_id).state


def test_a_challenge_stands_beside_the_answer_and_changes_neither_answer_nor_score(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    taken(made, screening_id)
    with made.acting("auditor", read_only=True) as work:
        before = load(work.session, row(work, screening_id)).score
    raised(made, screening_id, proposed="not_done")
    raised(made, screening_id, "severity", "fairness", "4")
    with made.acting("auditor", read_only=True) as work:
        filled = load(work.session, row(work, screening_id))
        assert filled.score == before
        assert filled.values["P1a"] == "done"
        assert filled.ratings["fairness"].severity == 3
        rows = challenges.challenges_of(work, row(work, screening_id))
        assert [(each.number, each.original, each.proposed) for each in rows] == [(1, "done", "not_done"), (2, "3", "4")]


def test_the_effect_is_shown_as_if_the_challenge_stood(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    taken(made, screening_id)
    raised(made, screening_id, "likelihood", "fairness", "4")
    with made.acting("expert", read_only=True) as work:
        screening = row(work, screening_id)
        filled = load(work.session, screening)
        (shown,) = challenged(work, screening, filled, frozenset()).rows
        assert any(" → " in text.en for text in shown.effect)
        then = challenges.score_if(filled, [shown.row])
        assert then.item("fairness").likelihood == 4
        assert (then.inherent or 0) > (filled.score.inherent or 0)


def test_the_team_answers_and_the_reviewer_upholds_or_withdraws(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    review_id = taken(made, screening_id)
    first, second = raised(made, screening_id), raised(made, screening_id, target="P1b")
    with pytest.raises(Refusal, match="answer_first"):
        settled(made, first, upheld=True)
    replied(made, first)
    with pytest.raises(Refusal, match="challenge_over"):
        replied(made, first)
    with pytest.raises(Refusal, match="challenges_open"):
        give_opinion(made, review_id)
    settled(made, first, upheld=True)
    settled(made, second, upheld=False)
    assert (state_of(made, first), state_of(made, second)) == ("upheld", "withdrawn")
    with pytest.raises(Refusal, match="challenge_over"):
        settled(made, second, upheld=False)
    give_opinion(made, review_id)


def test_without_an_answer_in_time_a_challenge_can_be_upheld(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    taken(made, screening_id)
    one = raised(made, screening_id)
    made.now += timedelta(days=7)
    with pytest.raises(Refusal, match="answer_first"):
        settled(made, one, upheld=True)  # four working days: 23 November is a public holiday
    made.now += timedelta(days=3)
    settled(made, one, upheld=True)
    assert state_of(made, one) == "upheld"


def test_an_upheld_challenge_that_asks_for_a_higher_body_is_followed_by_an_act_not_in_silence(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    review_id = taken(made, screening_id)
    one = raised(made, screening_id, "severity", "fairness", "4")
    with made.acting("expert", read_only=True) as work:
        filled = load(work.session, row(work, screening_id))
        assert challenges.score_if(filled, challenges.challenges_of(work, row(work, screening_id))).route == "board"
    replied(made, one)
    settled(made, one, upheld=True)
    with pytest.raises(Refusal, match="route_if_upheld"):
        give_opinion(made, review_id)
    with made.acting("expert") as work:
        screening = row(work, screening_id)
        services.override_route(work, screening, "board", rev=screening.rev, reason="認めた疑義による。")
    give_opinion(made, review_id)
    assert state(made, screening_id) == "board_queued"


@pytest.mark.parametrize(
    ("kind", "target", "proposed"),
    [
        ("answer", "P1a", "done"),  # what stands there
        ("answer", "P1a", "perhaps"),
        ("answer", "P1a", ""),
        ("severity", "fairness", "3"),
        ("severity", "fairness", "99"),
        ("likelihood", "fairness", "x"),
    ],
)
def test_what_is_proposed_is_another_value_that_it_can_have(made: World, kind: str, target: str, proposed: str) -> None:
    screening_id = case(made, ratings=MEDIUM)
    taken(made, screening_id)
    with pytest.raises(Refusal, match="proposed"):
        raised(made, screening_id, kind, target, proposed)


@pytest.mark.parametrize(("kind", "target"), [("answer", "ZZ9"), ("severity", "nothing"), ("weight", "fairness")])
def test_only_what_is_there_can_be_challenged(made: World, kind: str, target: str) -> None:
    screening_id = case(made, ratings=MEDIUM)
    taken(made, screening_id)
    with pytest.raises(NotFound):
        raised(made, screening_id, kind, target, "2")


def test_one_point_has_one_unsettled_challenge(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    taken(made, screening_id)
    one = raised(made, screening_id)
    with pytest.raises(Refusal, match="challenged"):
        raised(made, screening_id, proposed="not_done", by="expert2")
    settled(made, one, upheld=False)
    assert raised(made, screening_id, proposed="not_done")


@pytest.mark.parametrize("by", ["owner", "member", "approver", "legal", "secretariat", "auditor", "administrator"])
def test_only_the_unbound_expert_team_challenges(made: World, by: str) -> None:
    screening_id = case(made, ratings=MEDIUM)
    taken(made, screening_id)
    with pytest.raises(Forbidden):
        raised(made, screening_id, by=by)


@pytest.mark.parametrize("by", ["expert", "expert2", "approver", "secretariat", "auditor"])
def test_only_the_team_answers(made: World, by: str) -> None:
    screening_id = case(made, ratings=MEDIUM)
    taken(made, screening_id)
    one = raised(made, screening_id)
    with pytest.raises(Forbidden):
        replied(made, one, by=by)


def test_challenges_belong_to_the_review(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    with pytest.raises(Refusal, match="not_in_review"):
        raised(made, screening_id)
    review_id = in_triage(made, screening_id)
    one = raised(made, screening_id)
    with made.acting("expert") as work, pytest.raises(Conflict):
        challenges.settle(work, challenges.challenge(work, one), upheld=False, verdict="誤り", rev=9)
    assert review_id


def test_a_return_ends_what_is_unsettled_and_the_next_revision_begins_without(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    taken(made, screening_id)
    one = raised(made, screening_id)
    with made.acting("expert") as work:
        screening = row(work, screening_id)
        services.return_to_team(work, screening, rev=screening.rev, reason="疑義のとおり直してください。")
    assert state_of(made, one) == "returned"
    submitted(made, screening_id)
    with made.acting("expert", read_only=True) as work:
        screening = screenings.screening(work, screening_id)
        assert challenges.challenges_of(work, screening) == []
        assert len(challenges.challenges_of(work, screening, until=screening.revision)) == 1


def test_the_pages_show_both_sides(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screening_id = case(made, ratings=HIGH)
    taken(made, screening_id)
    open_for, page = browsers(made, tmp_path, monkeypatch), f"/reviews/{screening_id}"
    expert, owner = open_for("expert"), open_for("owner")
    given = {"kind": "answer", "target": "P1a", "proposed": "not_done", "challenge_reason": WHY}
    assert send(expert, page, "/challenges", given | {"proposed": ""}).status_code == 422
    assert send(expert, page, "/challenges", given).status_code == 303
    shown = owner.get(page).text
    assert WHY in shown
    assert "疑義に回答する" in shown
    assert send(owner, page, "/answer", {"reply": "記録を加えます。"}).status_code == 303
    assert "記録を加えます。" in expert.get(page).text
    assert send(expert, page, "/settle", {"act": "uphold", "verdict": "記録がないため。"}).status_code == 303
    shown = owner.get(page).text
    assert "疑義を認めた" in shown
    assert "記録がないため。" in shown


def test_the_report_lists_challenges_with_answer_and_ending(made: World) -> None:
    screening_id = case(made, ratings=MEDIUM)
    taken(made, screening_id)
    first = raised(made, screening_id)
    raised(made, screening_id, "severity", "fairness", "4")
    replied(made, first)
    settled(made, first, upheld=True)
    with made.acting("expert", read_only=True) as work:
        screening = row(work, screening_id)
        found = compose_desk.challenges(read_case(work, screening.project, screening))
        assert [each["question"] for each in found] == ["P1a", ""]
        assert WHY in as_text(found[0]["text"]).ja
        assert "残り2工場の記録を加えます。" in as_text(found[0]["reply"]).ja
        assert "Upheld" in as_text(found[0]["reply"]).en
        assert "severity S of " in as_text(found[1]["text"]).en
