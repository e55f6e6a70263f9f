"""The demonstration as it is built: through the services, on both databases, with every state it promises and a whole ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from governance.accounts.models import User
from governance.demo.builder import build, play, sign_in_list, write_reports
from governance.demo.content import Content
from governance.demo.stage import Stage
from governance.discussions.models import Delegation, Mention, Thread
from governance.learning import overview
from governance.learning.models import KytSession
from governance.ledger.audit import verify_database
from governance.ledger.models import LedgerEvent
from governance.lessons.models import KytPromotion
from governance.monitoring.models import Alert, Incident, Indicator, Reading
from governance.notifications.models import Letter, Notice
from governance.notifications.rules import KINDS, sentence
from governance.projects.life import disposal_of, state_of
from governance.projects.models import Evidence, Project
from governance.refusals import Refusal
from governance.reports import issuing
from governance.reports.models import Report
from governance.reports.printing import Printed
from governance.reviews.body_models import CommitteeOpinion, Consultation
from governance.reviews.circulation_models import Circulation
from governance.reviews.models import (
    AgendaItem,
    CommitteeMember,
    CommitteeRuleVersion,
    Condition,
    Decision,
    Meeting,
    Vote,
    Waiver,
)
from governance.screenings import confirming, reopening, shelf
from governance.screenings.loading import load
from governance.screenings.models import AnswerEvidence, Screening
from governance.settings import Settings
from governance.storage.database import Database
from governance.storage.files import FileStore
from governance.work import SYSTEM, UnitOfWork, open_work

NOW = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


@dataclass
class Demo:
    """The built demonstration; it is only read."""

    database: Database
    settings: Settings
    stage: Stage
    content: Content


@pytest.fixture(scope="module")
def demo(
    fresh_database: Callable[[], AbstractContextManager[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Demo]:
    with fresh_database() as url:
        database = Database(url)
        settings = Settings(data_dir=tmp_path_factory.mktemp("demo"), database_url=url)
        stage = play(database, settings, NOW)
        yield Demo(database, settings, stage, stage.content)
        database.dispose()


@pytest.fixture
def work(demo: Demo) -> Iterator[UnitOfWork]:
    with open_work(demo.database, SYSTEM, read_only=True, at=NOW) as work:
        yield work


def test_every_screening_stands_where_its_story_says(demo: Demo, work: UnitOfWork) -> None:
    found = {
        (row.project.name, row.phase): (row.state, row.route, row.inherent, row.residual)
        for row in work.session.scalars(select(Screening).where(Screening.sequence == 1))
    }
    wanted = {
        (case.project.name, one.phase): (one.expect.state, one.expect.route, one.expect.inherent, one.expect.residual)
        for case in demo.content.cases
        for one in case.screenings
    }
    assert found == wanted


def test_every_project_has_a_screening_and_text_in_both_languages(work: UnitOfWork) -> None:
    projects = work.session.scalars(select(Project)).all()
    assert len(projects) >= 12
    screened = set(work.session.scalars(select(Screening.project_id)))
    for project in projects:
        assert project.id in screened
        for field in ("name", "summary", "customer", "end_subjects", "department"):
            assert getattr(project, field), (project.number, field)
            assert getattr(project, f"{field}_en"), (project.number, field)
    for person in work.session.scalars(select(User)):
        assert person.name_en
        assert person.department_en
    assert all(piece.title_en for piece in work.session.scalars(select(Evidence)))


def test_one_project_has_passed_all_phases(work: UnitOfWork) -> None:
    passed = select(Screening.project_id).where(Screening.state.in_(("approved", "approved_with_conditions")))
    counted = passed.group_by(Screening.project_id).having(func.count(Screening.phase.distinct()) == 3)
    assert len(work.session.scalars(counted).all()) == 1


def test_conditions_stand_in_different_states_and_one_is_overdue(work: UnitOfWork) -> None:
    conditions = work.session.scalars(select(Condition)).all()
    assert {condition.state for condition in conditions} >= {"open", "submitted", "verified"}
    assert any(condition.state == "open" and condition.due_on < NOW.date() for condition in conditions)
    assert all(condition.text_en for condition in conditions)


def test_a_meeting_is_open_with_a_vote_under_way_and_a_recusal(work: UnitOfWork) -> None:
    meetings = work.session.scalars(select(Meeting).order_by(Meeting.starts_at)).all()
    assert [meeting.state for meeting in meetings] == ["closed", "closed", "closed", "closed", "open"]
    voting, queued = meetings[-1].items
    assert (voting.state, queued.state) == ("voting", "queued")
    assert len(voting.recusals) == 1
    votes = work.session.scalar(select(func.count()).select_from(Vote).where(Vote.item_id == voting.id)) or 0
    assert 0 < votes < len(meetings[-1].attendances) - 1
    assert work.session.scalars(select(AgendaItem).where(AgendaItem.state == "deferred")).one()


def test_the_board_leaves_every_kind_of_record(work: UnitOfWork) -> None:
    waived = work.session.scalars(select(Waiver)).one()
    assert (waived.condition.state, waived.motion_number) == ("waived", 1)
    opinion = work.session.scalars(select(CommitteeOpinion)).one()
    decision = work.session.scalars(select(Decision).where(Decision.item_id == opinion.item_id)).one()
    assert (opinion.outcome, decision.body, decision.outcome) == ("escalated", "executive", "approved_with_conditions")
    assert work.session.scalars(select(Circulation)).one().state == "carried"
    answered = work.session.scalars(select(Consultation)).one().opinion
    assert answered is not None
    assert answered.stance == "with_remarks"
    rules = work.session.scalars(select(CommitteeRuleVersion)).one()
    stood_in = work.session.scalars(select(CommitteeMember).where(CommitteeMember.alternate_of.is_not(None))).one()
    votes = work.session.scalars(select(Vote).where(Vote.member_id == stood_in.id)).all()
    assert (rules.version, len(votes)) == ("2.0", 2)


def _project(demo: Demo, work: UnitOfWork, key: str) -> Project:
    return demo.stage.project(work, key)


def test_the_returned_case_is_worked_through_by_its_remarks(demo: Demo, work: UnitOfWork) -> None:
    row = demo.stage.screening(work, "work-deviation", "P")
    assert row.state == "returned"
    threads = work.session.scalars(select(Thread).where(Thread.screening_id == row.id, Thread.kind == "remark")).all()
    states = [each.state for each in threads]
    assert {*states} == {"open", "answered", "resolved"}
    assert states.count("open") >= 3
    assert all(each.place for each in threads)


def test_colleagues_are_mentioned_in_threads_of_several_projects(work: UnitOfWork) -> None:
    mentioned = work.session.scalars(select(Mention)).all()
    assert len({each.user_id for each in mentioned}) >= 4
    assert len(set(work.session.scalars(select(Thread.project_id).where(Thread.kind == "comment")))) >= 4


def test_of_the_questions_handed_on_one_is_due_soon_one_overdue_and_one_done(work: UnitOfWork) -> None:
    asked = work.session.scalars(select(Delegation)).all()
    left = [(each.due_on - NOW.date()).days for each in asked if each.state == "open" and each.due_on]
    assert any(days < 0 for days in left)
    assert any(0 <= days <= 3 for days in left)
    assert any(each.state == "done" for each in asked)


def test_evidence_comes_in_several_pieces_versions_and_with_last_days(demo: Demo, work: UnitOfWork) -> None:
    row = demo.stage.screening(work, "work-deviation", "P")
    held = work.session.scalars(select(AnswerEvidence).where(AnswerEvidence.screening_id == row.id)).all()
    questions = [each.question_key for each in held]
    assert questions.count("P3a") >= 3
    pieces = [each.evidence for each in held]
    assert any(pieces.count(piece) >= 3 for piece in pieces)
    assert any(piece.replaces_id for piece in pieces)
    assert any(shelf.is_expired(piece, NOW.date()) for piece in pieces)
    assert any(shelf.expires_soon(piece, NOW.date()) for piece in pieces)


def test_a_system_in_use_is_watched_by_indicators_of_which_one_had_it_screened_again(
    demo: Demo, work: UnitOfWork
) -> None:
    project = _project(demo, work, "dynamic-headway")
    sensors, error, takeover = work.session.scalars(
        select(Indicator).where(Indicator.project_id == project.id).order_by(Indicator.number)
    ).all()
    verdicts = work.session.scalars(select(Reading.verdict).where(Reading.indicator_id == sensors.id)).all()
    assert len(verdicts) >= 12
    assert {*verdicts} == {"in"}
    alerts = {
        each.indicator_id: each for each in work.session.scalars(select(Alert).where(Alert.project_id == project.id))
    }
    assert (alerts[error.id].kind, alerts[error.id].outcome) == ("out", "opened")
    assert alerts[takeover.id].kind == "overdue"
    again = reopening.open_one(work, project, "M")
    assert again is not None
    assert again.id == alerts[error.id].screening_id
    assert [each.reasons for each in reopening.reasons_of(work, [again])[again.id]] == [["kpi"]]


def test_a_near_miss_is_open_and_an_incident_closed_by_somebody_else_with_its_measure_done(work: UnitOfWork) -> None:
    found = {each.kind: each for each in work.session.scalars(select(Incident))}
    assert found["near_miss"].state == "open"
    closed = found["incident"]
    assert closed.state == "closed"
    assert closed.closed_by != closed.reported_by
    assert [link.measure.state for link in closed.links if link.measure] == ["done"]
    assert all(duty.told_on for duty in closed.duties)


def test_a_re_screening_by_hand_waits_for_what_was_carried_to_be_confirmed(demo: Demo, work: UnitOfWork) -> None:
    row = demo.stage.screening(work, "industrial-cloud", "P2")
    (reason,) = reopening.reasons_of(work, [row])[row.id]
    assert reason.source == "hand"
    assert reason.note
    assert row.state == "draft"
    assert confirming.count(load(work.session, row)) > 5


def test_one_project_is_suspended_and_one_retired_with_its_disposal_record(demo: Demo, work: UnitOfWork) -> None:
    assert state_of(work, _project(demo, work, "person-search")) == "suspended"
    retired = _project(demo, work, "mask-distance")
    assert state_of(work, retired) == "retired"
    assert disposal_of(work, retired) is not None


def test_notices_of_all_this_lie_in_inboxes_some_read_and_none_is_mailed(work: UnitOfWork) -> None:
    notices = work.session.scalars(select(Notice)).all()
    assert {each.kind for each in notices} >= {*KINDS} - {"to_verify", "bulk"}
    assert all(sentence(each.kind, each.codes).en for each in notices)
    read = [each for each in notices if each.read_at]
    assert 20 < len(read) < len(notices) - 20
    assert work.session.scalar(select(func.count()).select_from(Letter)) == 0


def test_the_ledger_tells_it_in_order_and_is_whole(demo: Demo, work: UnitOfWork) -> None:
    assert (work.session.scalar(select(func.count()).select_from(LedgerEvent)) or 0) > 500
    verdict = verify_database(demo.database)
    assert verdict.ok, verdict.faults[:3]
    bodies = work.session.scalars(select(LedgerEvent.body).order_by(LedgerEvent.seq))
    assert not any(b"ClockAnomaly" in body for body in bodies)


def test_every_file_of_evidence_is_in_the_store(demo: Demo, work: UnitOfWork) -> None:
    files = FileStore(demo.settings.files_dir)
    pieces = work.session.scalars(select(Evidence).where(Evidence.kind == "file")).all()
    assert len(pieces) > 80
    assert all(files.verify(piece.digest) for piece in pieces)
    assert "{" not in "".join(files.read(piece.digest).decode() for piece in pieces)


def test_it_names_everybody_who_can_sign_in(demo: Demo) -> None:
    lines = sign_in_list(demo.content)
    assert len(lines) == len(demo.content.people) + 1
    assert all("@demo.example" in line for line in lines[1:])


def test_it_is_not_built_into_a_database_in_use(demo: Demo) -> None:
    with pytest.raises(Refusal, match=r"demo\.used"):
        build(demo.database, demo.settings, NOW)


def test_reports_of_decided_projects_are_written_beside_the_database(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing, "print_report", lambda html, record, **_: Printed(b"%PDF- " + record[:40], 3))
    with time_machine.travel(NOW + timedelta(hours=1)):
        lines = write_reports(demo.stage, demo.settings)
    files = sorted(path.name for path in (demo.settings.data_dir / "reports").iterdir())
    assert [name.strip() for name in sorted(lines[1:])] == files
    assert sum(name.endswith(".ja.pdf") for name in files) == len(demo.stage.decided()) >= 6
    assert sum(name.endswith(".en.pdf") for name in files) == 2
    with open_work(demo.database, SYSTEM, read_only=True) as work:
        assert not any(work.session.scalars(select(Report.is_draft)))


def test_learning_is_alive(demo: Demo) -> None:
    with open_work(demo.database, SYSTEM, read_only=True) as work:
        sessions = work.session.scalars(select(KytSession)).all()
        assert [row.state for row in sessions] == ["finished", "finished"]
        carried = work.session.scalars(select(KytPromotion)).one()
        assert carried.measure is not None
        _, _, counts = overview.table(work)
        assert {each.course.code for each in counts} == {"AIE-101", "AIE-201", "AIE-301"}
        total = {state: sum(each.states[state] for each in counts) for state in ("valid", "soon", "expired", "missing")}
        assert all(total.values()), total
