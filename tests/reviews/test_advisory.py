"""An advisory committee advises, the executive decides; both are recorded, and a deciding committee's rejection stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, text

from governance.ledger.audit import verify_database
from governance.refusals import Conflict, Forbidden, Refusal, Refusals
from governance.reviews import advising
from governance.reviews.body_models import CommitteeOpinion
from governance.reviews.decisions import Verdict
from governance.reviews.models import Decision
from governance.reviews.rules import EXECUTIVE, allowed_outcomes
from tests.builders import SEEDS, World, documents
from tests.reviews.scenes import (
    BOARD,
    HIGH,
    agenda_item,
    board,
    case,
    conditional,
    decide,
    in_session,
    on_agenda,
    opined,
    planned,
    row,
    state,
    vote,
    voting,
)
from tests.visitor import Visitor, service

EXTREME = {"fairness": (4, 4)}
FIVE = ("chair", "ext1", "ext2", "int1", "int2")


def advised(made: World, motion: str = "approved_with_conditions", **changes: object) -> str:
    """Return a case on which an advisory committee of seven gave its opinion, four to one."""
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    _, (item_id,) = planned(made, board(made, {"authority": "advisory"}), screening_id)
    in_session(made, made_meeting(made, item_id))
    voting(made, item_id, motion)
    for name in FIVE:
        vote(made, item_id, name, "against" if name == "ext1" else "for", dissent="反対。" if name == "ext1" else "")
    verdict = (
        conditional(made, outcome=motion, **changes)
        if motion == "approved_with_conditions"
        else Verdict(motion, "理由")
    )
    decide(made, item_id, verdict)
    return screening_id


def made_meeting(made: World, item_id: str) -> str:
    with made.acting("auditor", read_only=True) as work:
        return agenda_item(work, item_id).meeting_id


def above(made: World, screening_id: str, verdict: Verdict, by: str = "executive", rev: int | None = None) -> str:
    with made.acting(by) as work:
        found = row(work, screening_id)
        return advising.decide_as_executive(work, found, verdict, rev=found.rev if rev is None else rev).id


def test_what_an_advisory_committee_carries_is_an_opinion_and_no_decision(made: World) -> None:
    screening_id = advised(made)
    assert state(made, screening_id) == "escalated"
    with made.acting("auditor", read_only=True) as work:
        [opinion] = work.session.scalars(select(CommitteeOpinion))
        assert (opinion.authority, opinion.outcome) == ("advisory", "approved_with_conditions")
        assert (opinion.quorum["votes_for"], opinion.quorum["against"]) == (4, 1)
        assert opinion.conditions["list"][0]["kind"] == "pre_launch"
        assert len(opinion.votes_digest) == 64
        assert work.session.scalars(select(Decision)).all() == []


def test_the_executive_decides_with_the_opinion_beside_it(made: World) -> None:
    screening_id = advised(made)
    above(made, screening_id, conditional(made))
    assert state(made, screening_id) == "approved_with_conditions"
    with made.acting("auditor", read_only=True) as work:
        [decision] = work.session.scalars(select(Decision))
        [opinion] = work.session.scalars(select(CommitteeOpinion))
        assert (decision.body, decision.item_id) == ("executive", opinion.item_id)
        assert (decision.quorum["advised"], decision.votes_digest) == (opinion.outcome, opinion.votes_digest)
        assert len(decision.conditions) == 1
    assert verify_database(made.database).ok


@pytest.mark.parametrize("outcome", ["rejected", "returned"])
def test_the_executive_may_disapprove_what_the_committee_advised_to_approve(made: World, outcome: str) -> None:
    screening_id = advised(made)
    above(made, screening_id, Verdict(outcome, "残る影響を受け入れられない。"))
    assert state(made, screening_id) == outcome


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict("escalated", "さらに上へ", escalated_to="取締役会"), "選べません"),
        (Verdict("deferred", "あとで"), "defer_instead|outcome"),
        (Verdict("rejected", " "), "理由を書いて"),
        (Verdict("approved_with_conditions", "よい"), "条件が1件以上"),
    ],
)
def test_the_executive_keeps_to_the_table_of_outcomes(made: World, verdict: Verdict, code: str) -> None:
    screening_id = advised(made)
    with pytest.raises((Refusal, Refusals), match=code):
        above(made, screening_id, verdict)
    assert state(made, screening_id) == "escalated"


@pytest.mark.parametrize("by", ["chair", "secretariat", "expert", "legal", "owner", "auditor", "administrator"])
def test_nobody_else_decides_for_the_executive(made: World, by: str) -> None:
    screening_id = advised(made)
    with pytest.raises(Forbidden):
        above(made, screening_id, Verdict("rejected", "理由"), by=by)


def test_the_executive_decides_once(made: World) -> None:
    screening_id = advised(made)
    with made.acting("executive", read_only=True) as work:
        rev = row(work, screening_id).rev
    above(made, screening_id, Verdict("rejected", "理由"), rev=rev)
    with pytest.raises(Conflict):
        above(made, screening_id, conditional(made), rev=rev)
    with pytest.raises(Refusal, match="not_now"):
        above(made, screening_id, conditional(made))


def test_an_escalation_by_a_deciding_committee_is_decided_above(made: World) -> None:
    screening_id, _, item_id = on_agenda(made, EXTREME)
    voting(made, item_id, "escalated")
    for name in FIVE:
        vote(made, item_id, name, "for")
    decide(made, item_id, Verdict("escalated", "経営の判断を要する。", escalated_to="経営会議"))
    with made.acting("auditor", read_only=True) as work:
        [opinion] = work.session.scalars(select(CommitteeOpinion))
        assert (opinion.authority, opinion.escalated_to) == ("deciding", "経営会議")
    with pytest.raises((Refusal, Refusals), match="選べません"):
        above(made, screening_id, conditional(made))  # the residual level is the highest: nobody approves
    above(made, screening_id, Verdict("rejected", "許容できない。"))
    assert state(made, screening_id) == "rejected"


def test_a_deciding_committees_rejection_is_never_approved_above(made: World) -> None:
    screening_id, _, item_id = on_agenda(made)
    voting(made, item_id, "rejected")
    for name in FIVE:
        vote(made, item_id, name, "for")
    decide(made, item_id, Verdict("rejected", "許容できない。"))
    with pytest.raises(Refusal, match="not_now"):
        above(made, screening_id, conditional(made))
    # even if the case came back before a committee that only advises, and was referred
    with made.acting("secretariat") as work:
        found = row(work, screening_id)
        with pytest.raises(Refusal, match="rejected_by_board"):
            advising._refuse_approving_a_rejection(work, found, conditional(made))
        advising._refuse_approving_a_rejection(work, found, Verdict("rejected", "理由"))


def test_the_executive_chooses_what_the_committee_could_and_passes_on_to_nobody() -> None:
    given = next(each for each in documents(SEEDS)[0] if each.key == "hitachi-ai-ethics")
    for residual in (1, 2, 3, 4):
        board_may = {c.outcome for c in allowed_outcomes(given, residual=residual, route="board", body="board")}
        above_may = {c.outcome for c in allowed_outcomes(given, residual=residual, route="board", body=EXECUTIVE)}
        assert above_may == board_may - {"deferred", "escalated"}


def test_opinions_cannot_be_changed_or_taken_away(made: World) -> None:
    advised(made)
    for statement in ("UPDATE committee_opinions SET outcome = 'approved'", "DELETE FROM committee_opinions"):
        with pytest.raises(Exception, match="frozen"), made.database.engine.begin() as connection:
            connection.execute(text(statement))


# ---------------------------------------------------------------- pages


def visit(made: World, folder: Path, name: str) -> Visitor:
    visitor = Visitor(service(made.database, folder))
    visitor.sign_in(f"{name}@test.example")
    return visitor


def test_the_executive_reads_the_opinion_and_decides_on_the_page(made: World, tmp_path: Path) -> None:
    screening_id = advised(made)
    visitor = visit(made, tmp_path, "executive")
    assert f"/executive/{screening_id}" in visitor.get("/").text
    assert f"/executive/{screening_id}" in visitor.get("/executive").text
    page = visitor.get(f"/executive/{screening_id}")
    for words in ("助言機関の意見", "賛成 4・反対 1・棄権 0（必要 3）", "特徴量を24時間で消去し", "反対。"):
        assert words in page.text
    with made.acting("executive", read_only=True) as work:
        rev = row(work, screening_id).rev
    wrong = visitor.post(f"/executive/{screening_id}", {"rev": rev, "outcome": "rejected", "rationale": ""})
    assert wrong.status_code == 422
    assert "理由を書いてください。" in wrong.text
    assert (
        visitor.post(
            f"/executive/{screening_id}", {"rev": rev, "outcome": "rejected", "rationale": "不可。"}
        ).status_code
        == 303
    )
    assert "執行側の決定は記録されています" in visitor.get(f"/executive/{screening_id}").text


def test_the_committee_sees_that_its_opinion_waits_for_the_executive(made: World, tmp_path: Path) -> None:
    advised(made)
    with made.acting("auditor", read_only=True) as work:
        [opinion] = work.session.scalars(select(CommitteeOpinion))
        path = f"/meetings/{agenda_item(work, opinion.item_id).meeting_id}/items/{opinion.item_id}"
    assert "執行側の決定を待っています" in visit(made, tmp_path, "secretariat").get(path).text
    assert visit(made, tmp_path, "chair").get("/executive").status_code == 403
