"""Measures: offered for gaps, adopted with owner and day, noted as done or dropped; they never touch a score."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from governance.insight.waiting import tasks
from governance.ledger.services import project_events
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.screenings import filling, measures, services
from governance.screenings.loading import load
from governance.screenings.measures import Plan
from governance.screenings.models import AdoptedMeasure, Screening
from governance.screenings.rules import Entry
from tests.builders import World, answered, opened, registered, submitted
from tests.visitor import Visitor, service

DUE = date(2026, 12, 11)


@pytest.fixture
def screening(made: World) -> str:
    screening_id = opened(made, registered(made))
    answered(made, screening_id, {"T10": "yes"}, {"P3b": "partial", "P3c": "not_done"}, rate=(2, 2))
    return screening_id


def offered(made: World, screening: str, name: str = "owner") -> list[measures.Offer]:
    with made.acting(name, read_only=True) as work:
        row = work.session.get_one(Screening, screening)
        filled = load(work.session, row)
        return measures.offers(work, row, filled, filled.score.asked)


def adopted(made: World, screening: str, who: str = "member", **plan: object) -> str:
    code = plan.pop("code", offered(made, screening)[0].measure.code if "title" not in plan else "")
    given = {"owner_id": made.people["member"].id, "due_on": DUE, "question_key": "P3b", **plan}
    with made.acting(who) as work:
        row = work.session.get_one(Screening, screening)
        return measures.adopt(work, row, services.framework_of(row), Plan(code=code, **given)).id


def test_measures_are_offered_only_for_gaps(made: World, screening: str) -> None:
    found = offered(made, screening)
    assert {key for each in found for key in each.gaps} == {"P3b", "P3c"}
    assert all(each.measure.questions and each.adopted is None for each in found)
    assert [len(each.gaps) for each in found] == sorted((len(each.gaps) for each in found), reverse=True)


def test_an_answer_not_given_is_a_gap_only_once_it_was_submitted(made: World, screening: str) -> None:
    with made.acting("member", read_only=True) as work:
        filled = load(work.session, work.session.get_one(Screening, screening))
        del filled.answers["P1a"]
        assert "P1a" not in measures.gaps(filled, ["P1a"], is_closed=False)
        assert measures.gaps(filled, ["P1a"], is_closed=True) == ["P1a"]


def test_adopting_is_recorded_and_changes_no_score(made: World, screening: str) -> None:
    with made.acting("auditor", read_only=True) as work:
        before = services.score_of(work, work.session.get_one(Screening, screening))
    measure_id = adopted(made, screening, note="支店と相談する")
    with made.acting("auditor", read_only=True) as work:
        row = work.session.get_one(Screening, screening)
        assert services.score_of(work, row) == before
        one = work.session.get_one(AdoptedMeasure, measure_id)
        assert (one.state, one.due_on, one.question_key, one.title_ja != "") == ("planned", DUE, "P3b", True)
        event = project_events(work.session, row.project_id)[-1]
    assert event.type == "MeasureAdopted"
    assert event.private["note"] == "支店と相談する"
    with made.acting("owner", read_only=True) as work:
        row = work.session.get_one(Screening, screening)
        filled = load(work.session, row)
        assert measures.offers(work, row, filled, filled.score.asked)[0].adopted.id == measure_id


def test_a_measure_in_own_words_needs_words_owner_and_day(made: World, screening: str) -> None:
    with pytest.raises(Refusals) as caught:
        adopted(made, screening, title=" ", owner_id=made.people["expert"].id, due_on=None)
    assert [problem.place for problem in caught.value.problems] == ["title", "owner_id", "due_on"]
    measure_id = adopted(made, screening, title="窓口を設ける")
    with made.acting("auditor", read_only=True) as work:
        assert work.session.get_one(AdoptedMeasure, measure_id).title().ja == "窓口を設ける"


def test_one_measure_is_planned_once(made: World, screening: str) -> None:
    adopted(made, screening)
    with pytest.raises(Refusal, match="すでに予定"):
        adopted(made, screening, code=offered(made, screening)[0].measure.code)


@pytest.mark.parametrize("who", ["expert", "auditor", "administrator"])
def test_only_the_team_adopts(made: World, screening: str, who: str) -> None:
    with pytest.raises(Forbidden):
        adopted(made, screening, who)


def settled(made: World, measure_id: str, *, is_done: bool, note: str = "記録を残した", rev: int | None = None) -> None:
    with made.acting("member") as work:
        one = measures.measure(work, measure_id)
        measures.settle(work, one, rev=one.rev if rev is None else rev, is_done=is_done, note=note)


@pytest.mark.parametrize(
    ("is_done", "state", "event"), [(True, "done", "MeasureDone"), (False, "dropped", "MeasureDropped")]
)
def test_done_or_dropped_needs_a_note_and_is_final(
    made: World, screening: str, is_done: bool, state: str, event: str
) -> None:
    measure_id = adopted(made, screening)
    with pytest.raises(Refusal) as caught:
        settled(made, measure_id, is_done=is_done, note=" ")
    assert caught.value.place == "note"
    with pytest.raises(Conflict):
        settled(made, measure_id, is_done=is_done, rev=99)
    settled(made, measure_id, is_done=is_done)
    with pytest.raises(Refusal, match="すでに"):
        settled(made, measure_id, is_done=is_done)
    with made.acting("auditor", read_only=True) as work:
        one = work.session.get_one(AdoptedMeasure, measure_id)
        assert (one.state, one.note, one.settled_by) == (state, "記録を残した", made.people["member"].id)
        assert project_events(work.session, one.project_id)[-1].type == event


def test_a_planned_measure_changes_its_owner_and_day(made: World, screening: str) -> None:
    measure_id = adopted(made, screening)
    with made.acting("owner") as work:
        one = measures.measure(work, measure_id)
        measures.change(work, one, Plan(made.people["owner"].id, DUE + timedelta(days=7)), rev=one.rev)
    with made.acting("auditor", read_only=True) as work:
        one = work.session.get_one(AdoptedMeasure, measure_id)
        assert (one.owner_id, one.due_on) == (made.people["owner"].id, DUE + timedelta(days=7))


def test_a_measure_waits_for_its_owner_near_its_day(made: World, screening: str) -> None:
    adopted(made, screening)
    for name, day, shown in (
        ("member", DUE - timedelta(days=10), True),
        ("member", DUE - timedelta(days=60), False),
        ("member", DUE + timedelta(days=3), True),
        ("owner", DUE, False),
    ):
        with made.acting(name, read_only=True) as work:
            found = [task for task in tasks(work, day) if task.href.startswith("/measures/")]
        assert bool(found) == shown, (name, day)


def test_a_stranger_finds_nothing(made: World, screening: str) -> None:
    measure_id = adopted(made, screening)
    with made.acting("stranger", read_only=True) as work, pytest.raises(NotFound):
        measures.measure(work, measure_id)


# ---------------------------------------------------------------- pages


def test_a_measure_goes_from_the_gap_to_done_over_the_pages(made: World, screening: str, tmp_path) -> None:
    app = service(made.database, tmp_path)
    member = Visitor(app)
    member.sign_in("member@test.example")
    page = member.get(f"/screenings/{screening}/items/fairness")
    assert "足りない対策を補うには" in page.text
    code = next(each.measure.code for each in offered(made, screening) if "P3b" in each.gaps)
    path = f"/screenings/{screening}/measures/new?code={code}&question=P3b"
    page = member.post(path, {"owner_id": "", "due_on": "2026-02-30", "note": "消えない"})
    assert page.status_code == 422
    assert "担当を選んでください" in page.text
    assert "この日付はありません" in page.text
    assert "消えない" in page.text
    sent = {"owner_id": made.people["member"].id, "due_on": "2026/12/11", "note": ""}
    assert member.post(path, sent).status_code == 303
    with made.acting("auditor", read_only=True) as work:
        one = work.session.scalars(select(AdoptedMeasure)).one()
        work.session.expunge(one)
    case = member.get(f"/projects/{one.project_id}")
    assert one.title_ja in case.text
    assert f"/measures/{one.id}" in case.text
    neither = member.post(f"/measures/{one.id}/settle", {"rev": str(one.rev), "note": "記録"})
    assert neither.status_code == 422
    page = member.post(f"/measures/{one.id}/settle", {"rev": str(one.rev), "note": "", "done": "1"})
    assert page.status_code == 422
    assert "何を見れば分かるか" in page.text
    sent = {"rev": str(one.rev), "note": "第2版の報告書に載せた", "done": "1"}
    assert member.post(f"/measures/{one.id}/settle", sent).status_code == 303
    assert "第2版の報告書に載せた" in member.get(f"/measures/{one.id}").text


def test_measures_stay_with_the_project_after_submission(made: World, screening: str) -> None:
    with made.acting("member") as work:
        row = work.session.get_one(Screening, screening)
        filling.save_answers(work, row, [Entry("P3c", "not_done", "理由", rev=1)])
    submitted(made, screening)
    measure_id = adopted(made, screening)
    settled(made, measure_id, is_done=True)
