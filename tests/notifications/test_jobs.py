"""The daily jobs: once a day whatever happens, and each reminder once per threshold."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from governance import worker as module
from governance.insight import reminding
from governance.insight.reminding import threshold
from governance.notifications import jobs
from governance.notifications.models import JobRun, Notice
from governance.reviews import conditions
from governance.reviews.models import Condition
from governance.screenings.models import Screening
from governance.work import UnitOfWork
from governance.worker import DAILY
from tests.builders import World, opened, registered
from tests.notifications.office import at, notices, tell, worker
from tests.reviews import scenes

DUE = date(2026, 12, 18)  # of the screening that the builder opens
SEVEN = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)  # 07:30 in Tokyo: an hour before the digest has begun


def reminders(made: World, name: str = "owner") -> list[str]:
    rows = [row for row in notices(made, name) if row.once and not row.once.startswith("joined")]
    return [f"{row.kind}:{row.codes['about']}" for row in rows]


def on(made: World, folder: Path, day: date) -> int:
    at(made, datetime(day.year, day.month, day.day, 1, 0, tzinfo=UTC))
    return worker(made, folder, 25, smtp_host="").run_jobs()


@pytest.mark.parametrize(
    ("days_left", "expected"),
    [
        (8, None),
        (7, ("due_soon", "soon7")),
        (2, ("due_soon", "soon7")),
        (1, ("due_soon", "soon1")),
        (0, ("due_soon", "soon1")),
        (-1, ("overdue", "late0")),
        (-7, ("overdue", "late0")),
        (-8, ("overdue", "late1")),
        (-15, ("overdue", "late2")),
    ],
)
def test_reminders_come_seven_days_and_a_day_before_and_then_weekly(
    days_left: int, expected: tuple[str, str] | None
) -> None:
    assert threshold(DUE, DUE - timedelta(days=days_left)) == expected


def test_a_team_is_reminded_of_its_screening_once_per_threshold(made: World, tmp_path: Path) -> None:
    opened(made, registered(made))
    seen = []
    for days in (10, 7, 6, 3, 1, 0, -1, -2, -8, -9):
        on(made, tmp_path, DUE - timedelta(days=days))
        on(made, tmp_path, DUE - timedelta(days=days))
        seen.append(len(reminders(made)))
    assert seen == [0, 1, 1, 1, 2, 2, 3, 3, 4, 4]
    assert reminders(made) == ["due_soon:screening"] * 2 + ["overdue:screening"] * 2
    assert reminders(made, "member") == reminders(made)
    assert reminders(made, "approver") == []


def test_days_without_a_worker_are_made_up_for(made: World, tmp_path: Path) -> None:
    opened(made, registered(made))
    on(made, tmp_path, DUE - timedelta(days=5))
    assert reminders(made) == ["due_soon:screening"]


def test_a_date_that_moves_is_a_new_date(made: World, tmp_path: Path) -> None:
    screening_id = opened(made, registered(made))
    on(made, tmp_path, DUE - timedelta(days=1))
    with made.acting("owner") as work:
        row = work.session.get_one(Screening, screening_id)
        row.due_on = DUE + timedelta(days=30)
    on(made, tmp_path, DUE + timedelta(days=24))
    assert reminders(made) == ["due_soon:screening"] * 2


def test_a_condition_reminds_its_owner_and_then_its_verifier(made: World, tmp_path: Path) -> None:
    scenes.decided(made)
    with made.acting(read_only=True) as work:
        due_on = work.session.scalars(select(Condition.due_on)).one()
    on(made, tmp_path, due_on - timedelta(days=6))
    assert "due_soon:condition" in reminders(made)
    with made.acting("owner") as work:
        row = work.session.scalars(select(Condition)).one()
        proof = conditions.add_link(work, row, "https://wiki.example/proof")
        conditions.report_condition(work, row, rev=row.rev, report="済み", evidence_id=proof.id)
    assert [row.kind for row in notices(made, "expert2")][-1] == "to_verify"
    on(made, tmp_path, due_on + timedelta(days=2))
    assert "overdue:condition" not in reminders(made)
    assert "overdue:verify" in reminders(made, "expert2")


def test_a_case_that_nobody_takes_is_told_weekly_to_the_expert_team(made: World, tmp_path: Path) -> None:
    scenes.case(made, scenes.BOARD)
    start = made.now.date()
    for days, expected in ((3, 0), (7, 1), (10, 1), (14, 2)):
        on(made, tmp_path, start + timedelta(days=days))
        assert len(reminders(made, "expert")) == expected


def test_jobs_wait_for_the_hour_before_the_mails_that_sum_up(made: World, tmp_path: Path) -> None:
    at(made, SEVEN - timedelta(hours=1))
    sender = worker(made, tmp_path, 25, smtp_host="")
    assert sender.run_jobs() == 0
    at(made, SEVEN)
    assert sender.run_jobs() == len(DAILY)
    assert sender.run_jobs() == 0


def test_two_workers_do_each_job_once(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(made, registered(made))
    at(made, datetime(2026, 12, 17, 1, 0, tzinfo=UTC))
    calls: list[str] = []
    lock = threading.Lock()

    def counted(work: UnitOfWork, today: date) -> int:
        with lock:
            calls.append("called")
        return reminding.screenings(work, today)

    monkeypatch.setattr(module, "DAILY", {"one": counted})
    both = [worker(made, tmp_path, 25, smtp_host="") for _ in range(2)]
    threads = [threading.Thread(target=each.run_jobs) for each in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == ["called"]
    assert reminders(made) == ["due_soon:screening"]


def test_a_job_that_fails_undoes_itself_does_not_hold_up_the_others_and_is_tried_again(
    made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(made, registered(made))
    at(made, datetime(2026, 12, 17, 1, 0, tzinfo=UTC))
    fails = [True]

    def shaky(work: UnitOfWork, today: date) -> int:
        count = reminding.screenings(work, today)
        if fails:
            fails.pop()
            raise OSError("a secret")
        return count

    monkeypatch.setattr(module, "DAILY", {"shaky": shaky, "steady": lambda work, today: 0})
    sender = worker(made, tmp_path, 25, smtp_host="")
    assert sender.run_jobs() == 1
    assert reminders(made) == []
    with made.acting(read_only=True) as work:
        assert work.session.get_one(JobRun, ("shaky", made.now.date())).problem == "OSError"
    assert sender.run_jobs() == 0
    made.now += timedelta(minutes=11)
    assert sender.run_jobs() == 1
    assert reminders(made) == ["due_soon:screening"]


def test_the_job_of_a_worker_that_died_is_taken_over(made: World) -> None:
    today = made.now.date()
    with made.acting() as work:
        lost = jobs.claim(work, "one", today)
    with made.acting() as work:
        assert jobs.claim(work, "one", today) is None
    made.now += timedelta(minutes=11)
    with made.acting() as work:
        assert jobs.claim(work, "one", today)
    assert lost
    with pytest.raises(jobs.LeaseLost), made.acting() as work:
        jobs.finish(work, "one", today, lost, 0)


def test_what_is_older_than_a_year_is_forgotten(made: World) -> None:
    tell(made, "assigned", ["owner"])
    made.now += timedelta(days=366)
    tell(made, "assigned", ["owner"])
    with made.acting() as work:
        assert jobs.forget(work, made.now.date()) == 1
        assert len(work.session.scalars(select(Notice)).all()) == 1
