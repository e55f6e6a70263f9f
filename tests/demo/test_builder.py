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
from governance.demo import builder
from governance.demo.builder import build, play, sign_in_list, write_reports
from governance.demo.content import Content
from governance.demo.stage import Stage
from governance.ledger.audit import verify_database
from governance.ledger.models import LedgerEvent
from governance.projects.models import Evidence, Project
from governance.refusals import Refusal
from governance.reports.models import Report
from governance.reports.printing import Printed
from governance.reviews.models import AgendaItem, Condition, Meeting, Vote
from governance.screenings.models import Screening
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
        (row.project.name, row.phase): (row.state, row.route, row.inherent, row.residual) for row in work.session.scalars(select(Screening))
    }
    wanted = {
        (case.project.name, one.phase): (one.expect.state, one.expect.route, one.expect.inherent, one.expect.residual)
        for case in demo.content.cases for one in case.screenings
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
    assert [meeting.state for meeting in meetings] == ["closed", "closed", "closed", "open"]
    voting, queued = meetings[-1].items
    assert (voting.state, queued.state) == ("voting", "queued")
    assert len(voting.recusals) == 1
    votes = work.session.scalar(select(func.count()).select_from(Vote).where(Vote.item_id == voting.id)) or 0
    assert 0 < votes < len(meetings[-1].attendances) - 1
    assert work.session.scalars(select(AgendaItem).where(AgendaItem.state == "deferred")).one()


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


def test_reports_of_decided_projects_are_written_beside_the_database(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "print_report", lambda html, record, **_: Printed(b"%PDF- " + record[:40], 3))
    with time_machine.travel(NOW + timedelta(hours=1)):
        lines = write_reports(demo.stage, demo.settings)
    files = sorted(path.name for path in (demo.settings.data_dir / "reports").iterdir())
    assert [name.strip() for name in sorted(lines[1:])] == files
    assert sum(name.endswith(".ja.pdf") for name in files) == len(demo.stage.decided()) >= 6
    assert sum(name.endswith(".en.pdf") for name in files) == 2
    with open_work(demo.database, SYSTEM, read_only=True) as work:
        assert not any(work.session.scalars(select(Report.is_draft)))
