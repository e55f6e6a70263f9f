"""Re-screenings: opened for a reason, once, without touching the approval that stands; and what of the old answers is looked at again."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

import pytest
from sqlalchemy import select

from governance.ledger.audit import verify_database
from governance.ledger.services import project_events
from governance.notifications.models import Notice
from governance.paths import SEEDS
from governance.projects import life
from governance.projects.models import Evidence, Project
from governance.questionnaires import services as questionnaires
from governance.questionnaires.services import parsed_framework
from governance.refusals import Forbidden, NotFound, Refusal, Refusals
from governance.reviews import services as reviews
from governance.reviews.decisions import Verdict
from governance.screenings import confirming, filling, reopening, rules, services
from governance.screenings.loading import load
from governance.screenings.models import Answer, Reassessment, Screening
from governance.screenings.rules import APPROVED, CLOSED, RatingEntry, gate_shut_by, is_valid, standing, under_way
from governance.work import SYSTEM, open_work
from tests.builders import World, answered, documents, opened, registered, submitted
from tests.screenings.test_moving import NEW, published

TODAY = date(2026, 11, 20)
PAST, AHEAD = TODAY - timedelta(days=1), TODAY + timedelta(days=100)


@dataclass
class Held:
    phase: str
    sequence: int
    state: str
    valid_until: date | None = AHEAD


def framework():
    return next(each for each in documents(SEEDS)[0] if each.key == "hitachi-ai-ethics")


# ---------------------------------------------------------------- the rules


STATES = sorted({*CLOSED, "draft", "returned", "submitted", "in_review", "board_queued", "board_session", "blocked"})


@pytest.mark.parametrize(("first", "second"), list(product(STATES, STATES)))
def test_an_approval_stands_until_something_else_is_decided(first, second):
    held = [Held("P", 1, first), Held("P", 2, second)]
    found = standing(held).get("P")
    if second in APPROVED:
        assert found is held[1]
    elif second in ("rejected", "escalated"):
        assert found is None
    else:
        assert found is (held[0] if first in APPROVED else None)


def test_the_order_is_that_of_the_sequence():
    held = [Held("P", 2, "draft"), Held("P", 1, "approved"), Held("D", 1, "rejected")]
    assert standing(held) == {"P": held[1]}
    assert under_way(held, "P") is held[0]
    assert under_way(held, "D") is None


@pytest.mark.parametrize(("until", "valid"), [(None, True), (AHEAD, True), (TODAY, True), (PAST, False)])
def test_an_approval_is_valid_through_its_last_day(until, valid):
    assert is_valid(Held("P", 1, "approved", until), TODAY) == valid
    assert not is_valid(None, TODAY)


@pytest.mark.parametrize(
    ("phase", "held", "shut"),
    [
        ("P", [], []),
        ("D", [], ["P"]),
        ("D", [Held("P", 1, "draft")], ["P"]),
        ("D", [Held("P", 1, "approved")], []),
        ("D", [Held("P", 1, "approved", PAST)], ["P"]),
        ("D", [Held("P", 1, "approved"), Held("P", 2, "in_review")], []),
        ("D", [Held("P", 1, "approved", PAST), Held("P", 2, "in_review")], ["P"]),
        ("D", [Held("P", 1, "approved"), Held("P", 2, "rejected")], ["P"]),
        ("D", [Held("P", 1, "approved"), Held("P", 2, "withdrawn")], []),
        ("M", [Held("P", 1, "approved")], ["D"]),
        ("M", [Held("P", 1, "approved", PAST), Held("D", 1, "approved")], []),
        ("M", [Held("P", 1, "approved", PAST), Held("D", 1, "approved", PAST)], ["P", "D"]),
        ("M", [Held("P", 1, "approved"), Held("P", 2, "rejected"), Held("D", 1, "approved")], ["P"]),
    ],
)
def test_a_gate_opens_by_the_approvals_that_stand(phase, held, shut):
    assert gate_shut_by(framework(), phase, held, TODAY) == shut


@pytest.mark.parametrize(
    ("held", "due"),
    [
        ([], None),
        ([Held("P", 1, "approved", TODAY + timedelta(days=61))], None),
        ([Held("P", 1, "approved", TODAY + timedelta(days=60))], ("P", 1)),
        ([Held("P", 1, "approved", PAST)], ("P", 1)),
        ([Held("P", 1, "approved", PAST), Held("P", 2, "draft")], None),
        ([Held("P", 1, "approved", PAST), Held("P", 2, "withdrawn")], ("P", 1)),
        ([Held("P", 1, "approved", PAST), Held("P", 2, "rejected")], None),
        ([Held("P", 1, "approved", PAST), Held("D", 1, "draft")], None),
        ([Held("P", 1, "approved", PAST), Held("D", 1, "approved", AHEAD)], None),
        ([Held("P", 1, "approved", AHEAD), Held("D", 1, "approved", PAST)], ("D", 1)),
        ([Held("P", 1, "approved", None)], None),
    ],
)
def test_only_the_phase_a_project_has_reached_is_renewed(held, due):
    found = reopening.ending(framework(), held, TODAY)
    assert (found and (found.phase, found.sequence)) == due


def test_the_reasons_of_the_domain_are_data_in_both_languages():
    reasons = {each.code: each for each in framework().rescreening}
    assert set(reasons) == {
        *(
            "model",
            "data",
            "use",
            "repurposing",
            "region",
            "integration",
            "incident",
            "law",
            "expiry",
            "complaint",
            "kpi",
        )
    }
    assert all(each.name.ja and each.name.en for each in reasons.values())


def test_a_framework_published_before_the_reasons_is_read_as_it_was(made):
    before = framework().model_dump(mode="json", by_alias=True)
    for name in ("rescreening", "rescreening_days"):
        del before[name]
    old = type(framework()).model_validate_json(json.dumps({**before, "version": "0.9"}))
    assert (old.rescreening, old.rescreening_days) == ([], 60)
    with made.acting("auditor", read_only=True) as work:
        row = questionnaires.current_framework(work)
        assert parsed_framework(row.body).version == framework().version


# ---------------------------------------------------------------- opening


@pytest.fixture
def project(made) -> str:
    return registered(made)


@pytest.fixture
def screening(made, project) -> str:
    first = opened(made, project)
    answered(made, first, answers={"P2a": "partial", "P1a": "done_evidenced"})
    submitted(made, first)
    approved(made, first)
    return first


def approved(made: World, screening_id: str, until: date | None = None) -> None:
    with made.acting("approver") as work:
        row = work.session.get(Screening, screening_id)
        assert row.state == "submitted", row.state
        reviews.decide_without_board(work, row, Verdict("approved", "問題がない。", valid_until=until), rev=row.rev)


def reopened(made: World, project_id: str, who: str = "owner", phase: str = "P", **more) -> str:
    with made.acting(who) as work:
        given = {"reasons": ["data"], "note": "新しい取得元", **more}
        return reopening.reopen(work, work.session.get(Project, project_id), phase, **given).id


def test_a_re_screening_keeps_its_reasons_and_leaves_the_approval_as_it_is(made, project, screening):
    again = reopened(made, project, reasons=["region", "data"], due_on=AHEAD)
    with made.acting("auditor", read_only=True) as work:
        first, second = work.session.get(Screening, screening), work.session.get(Screening, again)
        assert (first.state, second.state, second.sequence, second.due_on) == ("approved", "draft", 2, AHEAD)
        (reason,) = reopening.reasons_of(work, [first, second])[again]
        assert (reason.reasons, reason.note, reason.source) == (["data", "region"], "新しい取得元", "hand")
        assert (reason.basis_id, reason.opener.name) == (screening, "見本 owner")
        event = project_events(work.session, project)[-1]
        assert (event.type, event.body["codes"]["reasons"]) == ("ReassessmentOpened", ["data", "region"])
    assert verify_database(made.database).ok


def test_the_gate_to_the_next_phase_stays_open_meanwhile(made, project, screening):
    reopened(made, project)
    assert opened(made, project, "D")


def test_an_approved_phase_is_not_opened_anew_without_a_reason(made, project, screening):
    with pytest.raises(Refusal) as refused:
        opened(made, project, "P")
    assert refused.value.code == "screenings.reason_needed"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"reasons": []}, "screenings.reasons"),
        ({"reasons": ["data", "nonsense"]}, "screenings.reasons"),
        ({"reasons": ["'; DROP TABLE screenings; --"]}, "screenings.reasons"),
        ({"due_on": PAST}, "screenings.due_past"),
        ({"note": "長" * 2001}, "screenings.too_long"),
        ({"phase": "M"}, "screenings.gate_shut"),
    ],
)
def test_what_makes_no_sense_opens_nothing(made, project, screening, wrong, code):
    with pytest.raises(Refusal) as refused:
        reopened(made, project, **wrong)
    assert refused.value.code == code
    with made.acting("auditor", read_only=True) as work:
        assert len(list(work.session.scalars(select(Screening)))) == 1


def test_a_phase_that_does_not_exist_is_not_found(made, project, screening):
    with pytest.raises(NotFound):
        reopened(made, project, phase="X")


@pytest.mark.parametrize(
    ("who", "allowed"),
    [("owner", True), ("member", True), ("expert", True), ("approver", False), ("auditor", False), ("stranger", False)],
)
def test_who_may_open_a_re_screening(made, project, screening, who, allowed):
    if allowed:
        assert reopened(made, project, who)
        return
    with pytest.raises(Forbidden):
        reopened(made, project, who)


def test_two_people_who_open_at_once_open_one(made, project, screening):
    def attempt(who: str) -> str:
        try:
            reopened(made, project, who)
        except Refusal as refused:
            return refused.code
        return "opened"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, ("owner", "member"))) == ["opened", "screenings.already_open"]


def test_a_second_reason_is_kept_beside_the_first(made, project, screening):
    again = reopened(made, project)
    with made.acting("expert") as work:
        row = reopening.open_one(work, work.session.get(Project, project), "P")
        assert row.id == again
        reopening.add_reason(work, row, reasons=["incident"], source="incident", subject="in-1", note="停止した")
    with made.acting("auditor", read_only=True) as work:
        rows = reopening.reasons_of(work, [work.session.get(Screening, again)])[again]
        assert [(each.source, each.reasons) for each in rows] == [("hand", ["data"]), ("incident", ["incident"])]


def test_scheduled_work_opens_on_behalf_of_the_owner_and_tells_the_team(made, project, screening):
    with made.acting() as work:
        row = reopening.reopen(
            work, work.session.get(Project, project), "P", reasons=["kpi"], source="reading", subject="rd-1"
        )
        assert row.opened_by == made.people["owner"].id
        told = set(work.session.scalars(select(Notice.user_id).where(Notice.kind == "reassessment")))
        assert told == {made.people["owner"].id, made.people["member"].id}


def test_a_project_that_does_not_run_is_not_screened_again(made, project, screening):
    with made.acting("expert") as work:
        life.suspend(work, work.session.get(Project, project), reason="事故の調査")
    with pytest.raises(Refusal) as refused:
        reopened(made, project)
    assert refused.value.code == "projects.suspended"


# ---------------------------------------------------------------- by date


def expiring(made: World, project_id: str) -> date:
    with made.acting("auditor", read_only=True) as work:
        until = work.session.scalars(select(Screening).where(Screening.project_id == project_id)).one().valid_until
    assert until is not None
    return until


def daily(made: World, today: date) -> int:
    with open_work(made.database, SYSTEM, at=made.now) as work:
        return reopening.open_due(work, today)


def test_an_approval_that_ends_soon_is_renewed_once(made, project, screening):
    until = expiring(made, project)
    assert daily(made, until - timedelta(days=61)) == 0
    assert daily(made, until - timedelta(days=60)) == 1
    assert daily(made, until - timedelta(days=59)) == 0
    with made.acting("auditor", read_only=True) as work:
        (reason,) = work.session.scalars(select(Reassessment))
        row = work.session.get(Screening, reason.screening_id)
        assert (reason.reasons, reason.source, reason.basis_id) == (["expiry"], "date", screening)
        assert (row.due_on, row.opened_by) == (until, made.people["owner"].id)


def test_what_was_withdrawn_after_coming_by_date_does_not_come_back(made, project, screening):
    day = expiring(made, project) - timedelta(days=10)
    daily(made, day)
    with made.acting("owner") as work:
        row = reopening.open_one(work, work.session.get(Project, project), "P")
        services.withdraw(work, row, rev=row.rev, reason="事業をやめる予定")
    assert daily(made, day + timedelta(days=1)) == 0
    assert reopened(made, project, reasons=["expiry"]), "a person may still open it"


@pytest.mark.parametrize("stopped", ["suspend", "withdraw"])
def test_nothing_comes_by_date_to_a_project_that_does_not_run(made, project, screening, stopped):
    with made.acting("owner") as work:
        getattr(life, stopped)(work, work.session.get(Project, project), reason="止める")
    assert daily(made, expiring(made, project)) == 0


def test_two_workers_open_one(made, project, screening):
    day = expiring(made, project)
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lambda _: daily(made, day), range(2))) == [0, 1]


# ---------------------------------------------------------------- what is carried and what is to be confirmed


def because(made: World, screening_id: str) -> dict[str, str]:
    with made.acting("auditor", read_only=True) as work:
        answers = work.session.scalars(select(Answer).where(Answer.screening_id == screening_id, Answer.to_confirm))
        return {each.question_key: each.confirm_because for each in answers}


def rated(made: World, screening_id: str) -> set[str]:
    with made.acting("auditor", read_only=True) as work:
        return {
            each.item
            for each in confirming.ratings_waiting(load(work.session, work.session.get(Screening, screening_id)))
        }


def test_a_new_data_source_asks_for_the_trigger_sheet_and_nothing_more(made, project, screening):
    again = reopened(made, project, reasons=["data"])
    found = because(made, again)
    assert set(found.values()) == {"trigger"}
    assert all(key.startswith("T") for key in found)
    assert rated(made, again) == set()
    with made.acting("auditor", read_only=True) as work:
        answers = list(work.session.scalars(select(Answer).where(Answer.screening_id == again)))
        assert {each.carried_from for each in answers} == {screening}


@pytest.mark.parametrize("reason", ["incident", "kpi", "expiry"])
def test_a_reason_that_touches_the_ratings_asks_for_them(made, project, screening, reason):
    again = reopened(made, project, reasons=["data", reason])
    assert len(rated(made, again)) == 7


def test_what_expired_is_looked_at_again(made, project, screening):
    with made.acting("owner") as work:
        piece = work.session.scalars(select(Evidence).where(Evidence.title == "P1aの記録")).one()
        piece.expires_on = PAST
        work.record("EvidenceAdded", subject=("evidence", piece.id), project=project)
    made.now += timedelta(days=120)  # P2a was planned for January
    found = because(made, reopened(made, project))
    assert (found["P1a"], found["P2a"]) == ("evidence", "due")
    assert {key for key in found if not key.startswith("T")} == {"P1a", "P2a"}


def test_a_question_that_asks_otherwise_is_looked_at_again(made, project, screening):
    published(made, reworked)
    found = because(made, reopened(made, project))
    assert {key: why for key, why in found.items() if why != "trigger"} == {"P1a": "reworded", "P2x": "moved"}


def reworked(question):
    """P1a asks otherwise, P2x follows P2a, P4a counts otherwise."""
    if question.key == "P1a":
        return [question.model_copy(update={"text": NEW})]
    if question.key == "P2a":
        return [question.model_copy(update={"key": "P2x", "replaces": ["P2a"]})]
    if question.key == "P4a":
        return [question.model_copy(update={"weight": question.weight + 5})]
    return [question]


def test_nothing_is_submitted_before_what_was_brought_along_is_confirmed(made, project, screening):
    again = reopened(made, project, reasons=["incident"])
    with made.acting("owner") as work:
        row = work.session.get(Screening, again)
        with pytest.raises(Refusals) as refused:
            services.submit(work, row, rev=row.rev)
    open_ones = {problem.place for problem in refused.value.problems if problem.code == "screenings.to_confirm"}
    assert {"T01", "rating-safety"} <= open_ones
    with made.acting("member") as work:
        row = work.session.get(Screening, again)
        now = load(work.session, row)
        shown = {each.question_key: each.rev for each in confirming.waiting(now)}
        confirming.confirm(work, row, shown, {each.item: each.rev for each in confirming.ratings_waiting(now)})
    assert rated(made, again) == set()
    submitted(made, again)
    approved(made, again)
    with made.acting("auditor", read_only=True) as work:
        held = services.screenings_of(work, work.session.get(Project, project))
        assert rules.standing(held)["P"].id == again


def test_finishing_the_trigger_sheet_confirms_what_was_on_it(made, project, screening):
    again = reopened(made, project)
    with made.acting("member") as work:
        row = work.session.get(Screening, again)
        now = load(work.session, row)
        keys = [key for key in now.answers if key.startswith("T")]
        given = [rules.Entry(key, now.answers[key].value, rev=now.answers[key].rev) for key in keys]
        filling.finish_triggers(work, row, given)
    assert because(made, again) == {}


def test_a_rating_that_is_changed_needs_no_confirming(made, project, screening):
    again = reopened(made, project, reasons=["incident"])
    with made.acting("member") as work:
        row = work.session.get(Screening, again)
        old = load(work.session, row).ratings["safety"]
        filling.save_ratings(work, row, [RatingEntry("safety", 1, 2, "同じ", "事故があった", old.rev)])
    assert "safety" not in rated(made, again)


def test_answers_of_a_newer_re_screening_of_an_earlier_phase_are_not_undone(made, project, screening):
    following = opened(made, project, "D")
    answered(made, following)
    submitted(made, following)
    approved(made, following)
    again = reopened(made, project, reasons=["data"])
    with made.acting("member") as work:
        row = work.session.get(Screening, again)
        now = load(work.session, row)
        filling.finish_triggers(
            work, row, [rules.Entry(k, a.value, rev=a.rev) for k, a in now.answers.items() if k.startswith("T")]
        )
        p1c = now.answers["P1c"]
        filling.save_answers(work, row, [rules.Entry("P1c", "not_done", rev=p1c.rev)])
    submitted(made, again)
    approved(made, again)
    third = reopened(made, project, phase="D", reasons=["model"])
    with made.acting("auditor", read_only=True) as work:
        now = load(work.session, work.session.get(Screening, third))
        assert now.answers["P1c"].value == "not_done"
        assert now.answers["D1b"].value == "done", "what only the later phase asks is carried too"
        assert (now.answers["P1c"].carried_from, now.answers["D1b"].carried_from) == (again, following)
