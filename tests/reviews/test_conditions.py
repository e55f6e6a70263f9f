"""Conditions are reported by their owner and closed by another person; how they are waived is in test_waiving.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from governance.projects.services import register
from governance.refusals import Conflict, Forbidden, NotFound, Refusal
from governance.reviews import conditions as acts
from governance.reviews.models import Condition
from governance.screenings import evidence, services
from governance.screenings.evidence import FileGiven
from governance.storage.files import Stored
from governance.work import UnitOfWork
from tests.builders import PARTICULARS, World
from tests.reviews.scenes import decided


def the_one(work: UnitOfWork) -> Condition:
    return work.session.scalars(select(Condition)).one()


def settled(made: World) -> str:
    with made.acting("auditor", read_only=True) as work:
        return the_one(work).state


def report(made: World, by: str = "owner", text: str = "11月に消去を確認した。") -> str:
    """Add a link as evidence and report the condition with it; return the evidence."""
    with made.acting(by) as work:
        condition = the_one(work)
        piece = acts.add_link(work, condition, "https://wiki.example/erased", title="消去の記録")
        acts.report_condition(work, condition, rev=condition.rev, report=text, evidence_id=piece.id)
        return piece.id


def judge(made: World, act: Callable[..., None], by: str = "expert2", verdict: str = "記録を確かめた。") -> None:
    with made.acting(by) as work:
        condition = the_one(work)
        act(work, condition, rev=condition.rev, verdict=verdict)


def test_a_condition_is_closed_by_its_verifier_on_evidence(made: World) -> None:
    decided(made)
    report(made)
    assert settled(made) == "submitted"
    judge(made, acts.verify_condition)
    with made.acting("auditor", read_only=True) as work:
        condition = the_one(work)
        assert (condition.state, condition.settled_by) == ("verified", made.people["expert2"].id)
        assert acts.lateness(work, condition) == 0
    with pytest.raises(Refusal, match="condition_not_now"):
        judge(made, acts.reject_condition)


def test_a_report_that_is_not_accepted_comes_back(made: World) -> None:
    decided(made)
    report(made)
    judge(made, acts.reject_condition, verdict="日付がない。")
    assert settled(made) == "rejected"
    report(made, text="日付を入れた。")
    judge(made, acts.verify_condition)
    assert settled(made) == "verified"


@pytest.mark.parametrize("who", ["member", "expert2", "secretariat", "administrator", "auditor"])
def test_only_the_owner_reports(made: World, who: str) -> None:
    decided(made)
    with pytest.raises(Forbidden):
        report(made, who)


@pytest.mark.parametrize("who", ["owner", "member", "expert", "secretariat", "chair", "administrator", "auditor"])
def test_only_the_verifier_closes(made: World, who: str) -> None:
    decided(made)
    report(made)
    for act in (acts.verify_condition, acts.reject_condition):
        with pytest.raises(Forbidden):
            judge(made, act, who)
    assert settled(made) == "submitted"


def test_nothing_is_verified_before_it_is_reported(made: World) -> None:
    decided(made)
    with pytest.raises(Refusal, match="condition_not_now"):
        judge(made, acts.verify_condition)


def test_texts_are_required(made: World) -> None:
    decided(made)
    with pytest.raises(Refusal, match="reason"):
        report(made, text=" ")
    report(made)
    with pytest.raises(Refusal, match="reason"):
        judge(made, acts.verify_condition, verdict=" ")


def test_evidence_of_another_project_does_not_count(made: World) -> None:
    decided(made)
    with made.acting("owner") as work:
        other = services.open_screening(work, register(work, PARTICULARS), "P")
        foreign = evidence.add_link(work, other, "P1a", "https://wiki.example/other").id
    with made.acting("owner") as work:
        condition = the_one(work)
        for evidence_id in (foreign, "nowhere"):
            with pytest.raises(Refusal, match="condition_evidence"):
                acts.report_condition(work, condition, rev=condition.rev, report="済", evidence_id=evidence_id)


def test_a_file_is_recorded_with_its_digest(made: World) -> None:
    decided(made)
    with made.acting("owner") as work:
        condition = the_one(work)
        piece = acts.add_file(work, condition, FileGiven("消去記録.csv", "text/csv", Stored("ab" * 32, 12)))
        acts.report_condition(work, condition, rev=condition.rev, report="済", evidence_id=piece.id)
        assert (piece.kind, piece.title, piece.digest) == ("file", "消去記録.csv", "ab" * 32)


def test_a_stale_page_of_a_condition_is_refused(made: World) -> None:
    decided(made)
    report(made)
    with made.acting("expert2") as work:
        condition = the_one(work)
        with pytest.raises(Conflict):
            acts.verify_condition(work, condition, rev=condition.rev - 1, verdict="済")


def test_conditions_are_seen_by_their_people_and_those_who_see_the_project(made: World) -> None:
    decided(made)
    for who, count in {"owner": 1, "expert2": 1, "auditor": 1, "stranger": 0}.items():
        with made.acting(who, read_only=True) as work:
            assert len(acts.conditions(work, unsettled=True)) == count
    with made.acting("expert2", read_only=True) as work:
        assert len(acts.conditions(work, mine=True)) == 1
    with made.acting("expert", read_only=True) as work:
        assert acts.conditions(work, mine=True) == []
    with made.acting("stranger", read_only=True) as work, pytest.raises(NotFound):
        acts.condition(work, the_one(work).id)
