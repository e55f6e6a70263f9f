"""Bulk issue: chosen by filter, made in the background in the name of whoever asked, each file once, whatever dies meanwhile."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
import pytest
from sqlalchemy import select

from governance.accounts.models import User
from governance.accounts.services import end_role
from governance.insight.services import Wanted
from governance.ledger.services import events
from governance.notifications.models import Notice
from governance.pages import limiter
from governance.projects.models import Project
from governance.projects.services import bar_reading
from governance.refusals import Refusal
from governance.reports import bulk, bulk_running, issuing
from governance.reports.bulk import Choice
from governance.reports.bulk_zip import Part, archive
from governance.reports.models import BulkFile, BulkJob, Report
from governance.reports.printing import PressFailed, Printed
from governance.settings import Settings
from governance.storage import files
from governance.storage.database import Database
from governance.storage.objects import bucket
from governance.web import create_app
from governance.work import open_work, run
from tests import buckets
from tests.builders import PASSWORD, TODAY, World, revisited
from tests.visitor import Visitor, service


@pytest.fixture
def made(database_kind: str, _databases: Any) -> Iterator[World]:
    """A world of this test alone with three submitted cases."""
    with _databases.fresh(database_kind, "cases") as url:
        database = Database(url)
        world = revisited(database)
        world.now += timedelta(hours=2)
        yield world
        database.dispose()


@pytest.fixture
def settings(made: World, tmp_path: Path) -> Settings:
    return Settings(database_url=made.database.engine.url.render_as_string(hide_password=False), data_dir=tmp_path)


@pytest.fixture
def runner(made: World, settings: Settings) -> bulk_running.Runner:
    return bulk_running.Runner(made.database, settings)


def ordered(made: World, only: str = "", by: str = "expert", **changes: str) -> str:
    """Order the reports of the three cases, or of the one with this number."""
    with made.acting(by) as work:
        choice = Choice(Wanted(words=only))
        return bulk.order(work, choice, **{"lang": "ja", "purpose": "監査部への提出", **changes}).id


def test_an_erased_copy_is_not_handed_out_and_a_proof_goes_with_its_file() -> None:
    class Shelf:
        def read(self, digest: str) -> bytes:
            if digest == "gone":
                raise files.DamagedFile(digest)
            return b"%PDF-" + digest.encode()

    parts = [
        Part("a.pdf", "aa", {"file": "a.pdf", "proof": "a.pdf.tlog-proof", "state": "done"}, b"proof"),
        Part("b.pdf", "gone", {"file": "b.pdf", "proof": "b.pdf.tlog-proof", "state": "done"}, b"proof"),
        Part("", "", {"file": None, "proof": None, "state": "erased"}),
    ]
    made = zipfile.ZipFile(io.BytesIO(b"".join(archive(Shelf(), parts, TODAY))))  # type: ignore[arg-type]
    assert made.namelist() == ["a.pdf", "a.pdf.tlog-proof", "MANIFEST.jsonl"]
    told = [json.loads(line) for line in made.read("MANIFEST.jsonl").decode().splitlines()]
    assert [(each["state"], each["proof"]) for each in told] == [
        ("done", "a.pdf.tlog-proof"),
        ("damaged", None),
        ("erased", None),
    ]


def first(made: World) -> str:
    with made.acting("auditor", read_only=True) as work:
        return work.session.scalars(select(Project.number).order_by(Project.number)).first()


def job(made: World, job_id: str, by: str = "expert") -> BulkJob:
    with made.acting(by, read_only=True) as work:
        found = bulk.job(work, job_id)
        work.session.expunge_all()
        return found


def reports(made: World) -> list[Report]:
    with made.acting("auditor", read_only=True) as work:
        found = list(work.session.scalars(select(Report)))
        work.session.expunge_all()
        return found


def acts(made: World, type: str) -> int:
    with made.acting("auditor", read_only=True) as work:
        return len(events(work.session, type=type))


def prints(monkeypatch: pytest.MonkeyPatch, act: Callable[[int], Printed]) -> list[int]:
    """Replace the press; `act` gets the number of the call."""
    calls: list[int] = []

    def press(*_: object, **__: object) -> Printed:
        calls.append(len(calls) + 1)
        return act(calls[-1])

    monkeypatch.setattr(issuing, "print_report", press)
    return calls


def test_all_are_made_told_of_and_fetched_as_one_archive(
    made: World, settings: Settings, runner: bulk_running.Runner, printed: list[str]
) -> None:
    job_id = ordered(made)
    assert runner.look() == 3
    done = job(made, job_id)
    assert (done.state, {file.state for file in done.files}) == ("done", {"done"})
    assert len(reports(made)) == len(printed) == 3
    assert {row.issued_by for row in reports(made)} == {made.people["expert"].id}
    with made.acting("expert", read_only=True) as work:
        [notice] = work.session.scalars(select(Notice).where(Notice.kind == "bulk"))
        assert (notice.user_id, notice.href) == (made.people["expert"].id, f"/reports/bulk/{job_id}")
    browser = Visitor(service(made.database, settings.data_dir))
    limiter.reset()
    browser.sign_in("expert@test.example", PASSWORD)
    page = browser.get(f"/reports/bulk/{job_id}")
    assert "3件のうち3件が済みました" in page.text
    content = zipfile.ZipFile(io.BytesIO(browser.get(f"/reports/bulk/{job_id}/files").data))
    assert content.testzip() is None
    told = [json.loads(line) for line in content.read("MANIFEST.jsonl").decode().splitlines()]
    assert [each["state"] for each in told] == ["done"] * 3
    named = [each[key] for each in told for key in ("file", "proof") if each[key]]
    assert sorted(content.namelist()) == sorted([*named, "MANIFEST.jsonl"])
    assert all(len(content.read(each["file"])) == each["size"] for each in told)
    assert runner.look() == 0


def test_a_job_does_not_name_a_case_that_its_person_may_no_longer_know_of(
    made: World, settings: Settings, runner: bulk_running.Runner, printed: list[str]
) -> None:
    job_id = ordered(made)
    runner.look()
    hidden = job(made, job_id).files[0]
    with made.acting(read_only=True) as work:
        row = work.session.get_one(Project, hidden.project_id)
        told = (row.number, f"/reports/{hidden.report_id}")
    browser = Visitor(service(made.database, settings.data_dir))
    limiter.reset()
    browser.sign_in("expert@test.example", PASSWORD)
    page = browser.get(f"/reports/bulk/{job_id}").text
    assert [page.count(words) for words in (*told, "AIG-R1-")] == [1, 1, 3]
    with made.acting() as work:
        bar_reading(work, work.session.get_one(Project, hidden.project_id), made.people["expert"].id)
    page = browser.get(f"/reports/bulk/{job_id}").text
    assert [page.count(words) for words in (*told, "AIG-R1-")] == [0, 0, 2]


def test_the_same_ordered_again_is_issued_again_without_printing(
    made: World, runner: bulk_running.Runner, printed: list[str]
) -> None:
    one = first(made)
    ordered(made, one)
    runner.look()
    ordered(made, one, purpose="もう一度")
    runner.look()
    assert (len(reports(made)), len(printed), acts(made, "ReportIssued")) == (1, 1, 2)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a bucket."""
    with buckets.server() as address:
        yield buckets.bucket(address, monkeypatch)


def in_bucket(place: str) -> dict[str, bytes]:
    """Everything below a place: content by path."""
    there = bucket(place)
    paths = [str(each["path"]) for batch in obstore.list(there) for each in batch]
    return {path: bytes(obstore.get(there, path).bytes()) for path in paths}


def test_a_folder_of_the_bucket_holds_what_the_archive_holds(
    made: World, settings: Settings, place: str, printed: list[str]
) -> None:
    settings = settings.model_copy(update={"bulk_url": place})
    browser = Visitor(create_app(settings, made.database))
    limiter.reset()
    browser.sign_in("expert@test.example", PASSWORD)
    assert place in browser.get("/reports/bulk").text
    address = browser.post("/reports/bulk", {"lang": "ja", "purpose": "監査", "into_folder": "1"}).headers["Location"]
    assert "まだ書き出していません" in browser.get(address).text
    bulk_running.Runner(made.database, settings).look()
    page = browser.get(address).text
    assert ("書き出し済み" in page, "まだ書き出していません" in page) == (True, False)
    folder = job(made, address.rpartition("/")[2]).folder
    assert f"{place}/{folder}" in page
    content = zipfile.ZipFile(io.BytesIO(browser.get(f"{address}/files").data))
    assert in_bucket(place) == {f"{folder}/{name}": content.read(name) for name in content.namelist()}
    assert len(content.namelist()) >= 4


def test_a_folder_that_cannot_be_written_stops_the_job_and_going_on_asks_for_the_rights_anew(
    made: World, settings: Settings, place: str, printed: list[str]
) -> None:
    with made.acting("expert") as work:
        job_id = bulk.order(work, Choice(), "ja", "監査", into_folder=True).id
    for wrong, words in (("", "設定されていません"), ("s3://no-such-bucket/x", "書き出せませんでした")):
        bulk_running.Runner(made.database, settings.model_copy(update={"bulk_url": wrong})).look()
        stopped = job(made, job_id)
        assert (stopped.state, len(reports(made))) == ("stopped", 3)
        assert words in stopped.problem["ja"]
        with made.acting("expert") as work:
            bulk.go_on(work, bulk.job(work, job_id))
    hidden = stopped.files[0].project_id
    with made.acting() as work:
        bar_reading(work, work.session.get_one(Project, hidden), made.people["expert"].id)
    bulk_running.Runner(made.database, settings.model_copy(update={"bulk_url": place})).look()
    assert (job(made, job_id).state, len(reports(made)), len(printed)) == ("done", 3, 3)
    found = {path.rpartition("/")[2]: content for path, content in in_bucket(place).items()}
    told = [json.loads(line) for line in found.pop("MANIFEST.jsonl").decode().splitlines()]
    assert [each["state"] for each in told] == ["withheld", "done", "done"]
    assert sorted(found) == sorted(each[key] for each in told[1:] for key in ("file", "proof") if each[key])


def test_mappings_and_extracts_of_the_ledger_are_issued_in_bulk_for_whom_they_are_meant(
    made: World, settings: Settings, runner: bulk_running.Runner, printed: list[str]
) -> None:
    one = first(made)
    for by, kind in (("owner", "ledger"), ("expert", "portfolio")):
        with pytest.raises(Refusal, match=r"bulk\.kind"):
            ordered(made, one, by=by, kind=kind)
    with pytest.raises(Refusal, match="profile"):
        ordered(made, one, kind="mapping", disclosed="none")
    ordered(made, kind="mapping", disclosed="public")
    browser = Visitor(service(made.database, settings.data_dir))
    limiter.reset()
    browser.sign_in("secretariat@test.example", PASSWORD)
    assert 'value="ledger"' in browser.get("/reports/bulk").text
    sent = {"kind": "ledger", "profile": "auditor", "lang": "both", "purpose": "監査"}
    address = browser.post(f"/reports/bulk?q={one}", sent).headers["Location"]
    runner.look()
    found = sorted((row.kind, row.profile, row.lang) for row in reports(made))
    assert found == [("ledger", "auditor", "both"), *[("mapping", "public", "ja")] * 3]
    assert "監査台帳の抜粋" in browser.get(address).text
    content = zipfile.ZipFile(io.BytesIO(browser.get(f"{address}/files").data))
    told = json.loads(content.read("MANIFEST.jsonl"))
    assert (told["kind"], told["state"], told["project"]) == ("ledger", "done", one)
    ordered(made, kind="mapping", disclosed="public", purpose="もう一度")
    runner.look()
    assert (len(reports(made)), len(printed)) == (4, 4), "unchanged ones are issued again"
    drafts, told_less = (ordered(made, one, disclosed=code) for code in ("public", "auditor"))
    runner.look()
    assert [(file.state, "案" in file.problem["ja"]) for file in job(made, drafts).files] == [("failed", True)]
    [file] = job(made, told_less).files
    assert [row.profile for row in reports(made) if row.id == file.report_id] == ["auditor"]


def test_filters_choose_and_only_what_may_be_reported_on_is_offered(made: World) -> None:
    with made.acting("expert", read_only=True) as work:
        row = bulk.choose(work, Choice())[0][1]
        day = row.submitted_at.date()
        assert bulk.choose(work, Choice(Wanted(phase="X"))) == []
        assert bulk.choose(work, Choice(Wanted(sector="industry", route=row.route))) != []
        assert bulk.choose(work, Choice(since=day + timedelta(days=2))) == []
        assert bulk.choose(work, Choice(until=day - timedelta(days=2))) == []
    for name, count in (("owner", 3), ("stranger", 0), ("auditor", 0), ("member", 0)):
        with made.acting(name, read_only=True) as work:
            assert len(bulk.choose(work, Choice())) == count, name
    with made.acting("stranger") as work, pytest.raises(Refusal, match="bulk.nothing"):
        bulk.order(work, Choice(), "ja", "見たい")


def test_rights_are_read_anew_when_a_report_is_made_and_when_it_is_fetched(
    made: World, runner: bulk_running.Runner, printed: list[str]
) -> None:
    before = ordered(made)
    runner.look(1)
    after = ordered(made, lang="en")
    with made.acting("administrator") as work:
        end_role(work, work.session.get_one(User, made.people["expert"].id), "expert")
    runner.look(1)
    assert {file.state for file in job(made, after).files} == {"failed"}
    assert all(
        "権限" in file.problem["ja"] or "見つかりません" in file.problem["ja"] for file in job(made, after).files
    )
    assert len(reports(made)) == 3
    with open_work(made.database, made.actor("stranger"), read_only=True) as work:
        with pytest.raises(Refusal, match="not_found"):
            bulk.job(work, before)
        row = work.session.get_one(BulkJob, before)
        assert [report for _, report in bulk.fetchable(work, row)] == [None] * len(row.files)


def test_one_that_fails_is_told_of_and_keeps_no_other_from_being_made(
    made: World, runner: bulk_running.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = ordered(made)

    def act(call: int) -> Printed:
        if call in (1, 2, 3):
            raise PressFailed("jammed")
        return Printed(b"%PDF-" + os.urandom(8), 1)

    prints(monkeypatch, act)
    runner.look(1)
    done = job(made, job_id)
    assert [file.state for file in done.files] == ["failed", "done", "done"]
    assert "管理者" in done.files[0].problem["ja"]
    with made.acting("expert") as work:
        bulk.go_on(work, bulk.job(work, job_id))
    runner.look(1)
    assert [file.state for file in job(made, job_id).files] == ["done"] * 3
    assert len(reports(made)) == 3


def test_a_full_disk_stops_the_job_and_it_goes_on_later(
    made: World, runner: bulk_running.Runner, printed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = ordered(made)
    real, calls = files._write, []

    def full(*given: Any) -> Any:
        calls.append(1)
        if len(calls) > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*given)

    monkeypatch.setattr(files, "_write", full)
    runner.look(1)
    stopped = job(made, job_id)
    assert stopped.state == "stopped"
    assert "空き容量" in stopped.problem["ja"]
    assert [file.state for file in stopped.files] == ["done", "waiting", "waiting"]
    assert (len(reports(made)), acts(made, "ReportIssued")) == (1, 1)
    monkeypatch.setattr(files, "_write", real)
    with made.acting("expert") as work:
        bulk.go_on(work, bulk.job(work, job_id))
    runner.look(1)
    assert job(made, job_id).state == "done"
    assert len(reports(made)) == 3


def test_cancelled_while_a_report_is_in_hand_that_one_is_not_issued(
    made: World, runner: bulk_running.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = ordered(made)

    def act(call: int) -> Printed:
        if call == 2:
            with made.acting("expert") as work:
                bulk.cancel(work, bulk.job(work, job_id))
        return Printed(b"%PDF-" + os.urandom(8), 1)

    calls = prints(monkeypatch, act)
    runner.look(1)
    ended = job(made, job_id)
    assert (ended.state, len(calls), len(reports(made))) == ("cancelled", 2, 1)
    assert [file.state for file in ended.files] == ["done", "waiting", "waiting"]
    with made.acting("expert") as work, pytest.raises(Refusal, match="bulk.not_stopped"):
        bulk.go_on(work, bulk.job(work, job_id))


def test_a_worker_that_comes_back_after_its_lease_ended_issues_nothing_twice(
    made: World, runner: bulk_running.Runner, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = ordered(made, first(made))
    other = bulk_running.Runner(made.database, settings)

    def act(call: int) -> Printed:
        if call == 1:  # this worker sleeps, its lease ends, and another one makes the file
            run(made.database, made.actor("system"), _end_leases)
            assert other.look(1) == 1
        return Printed(b"%PDF-" + os.urandom(8), 1)

    prints(monkeypatch, act)
    runner.look(1)
    assert [file.state for file in job(made, job_id).files] == ["done"]
    assert (len(reports(made)), acts(made, "ReportIssued")) == (1, 1)


def _end_leases(work: Any) -> None:
    for file in work.session.scalars(select(BulkFile).where(BulkFile.lease != "")):
        file.lease_until = work.now - timedelta(seconds=1)


WORKER = """
import sys
from governance.reports import bulk_running, issuing
from governance.reports.printing import Printed
from governance.settings import load
from governance.storage.database import Database
import os, time
def press(*_, **__):
    print("printing", flush=True)
    time.sleep(0.3)
    return Printed(b"%PDF-" + os.urandom(8), 1)
issuing.print_report = press
settings = load()
bulk_running.Runner(Database(settings.database_url), settings).look(1)
"""


def test_a_worker_killed_in_the_middle_leaves_nothing_half_done(
    made: World, runner: bulk_running.Runner, settings: Settings, printed: list[str]
) -> None:
    job_id = ordered(made)
    environment = {
        **os.environ,
        "GOVERNANCE_DATABASE_URL": settings.database_url,
        "GOVERNANCE_DATA_DIR": str(settings.data_dir),
    }
    worker = subprocess.Popen([sys.executable, "-c", WORKER], env=environment, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    with worker.stdout as said:
        assert [said.readline().strip() for _ in range(2)] == ["printing"] * 2
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    kept = reports(made)
    assert len(kept) == acts(made, "ReportIssued") == 1
    runner.look(1)
    assert job(made, job_id).state == "running"  # the killed worker's lease still holds one file
    run(made.database, made.actor("system"), _end_leases)
    runner.look(1)
    assert job(made, job_id).state == "done"
    assert len(reports(made)) == acts(made, "ReportIssued") == 3
    assert {row.id for row in kept} < {row.id for row in reports(made)}


def test_a_lease_is_renewed_while_a_long_report_is_made(
    made: World, runner: bulk_running.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = ordered(made, first(made))
    monkeypatch.setattr(bulk_running, "RENEWED", 0.05)
    until: list[Any] = []

    def act(_: int) -> Printed:
        for _ in range(2):
            with made.acting("auditor", read_only=True) as work:
                until.append(work.session.scalar(select(BulkFile.lease_until)))
            time.sleep(0.5)
        return Printed(b"%PDF-", 1)

    prints(monkeypatch, act)
    runner.look(1)
    assert until[1] > until[0]
    assert job(made, job_id).state == "done"


def test_the_pages_order_show_cancel_and_belong_to_whoever_asked(
    made: World, settings: Settings, runner: bulk_running.Runner
) -> None:
    app = service(made.database, settings.data_dir)
    limiter.reset()
    expert, other = Visitor(app), Visitor(app)
    expert.sign_in("expert@test.example", PASSWORD)
    other.sign_in("expert2@test.example", PASSWORD)
    assert "3件を発行する" in expert.get("/reports/bulk?sector=industry").text
    assert "案件はありません" in expert.get("/reports/bulk?sector=none").text
    assert expert.get("/reports/bulk?since=yesterday").status_code == 422
    assert expert.post("/reports/bulk", {"lang": "ja", "purpose": ""}).status_code == 422
    sent = expert.post("/reports/bulk?sector=industry", {"lang": "ja", "purpose": "監査部への提出"})
    path = re.sub(r"^https?://[^/]+", "", sent.headers["Location"])
    page = expert.get(path)
    assert "data-hx-trigger" in page.text
    assert "中止する" in page.text
    for each in (path, f"{path}/files"):
        assert other.get(each).status_code == 404
    assert other.post(f"{path}/cancel", {}).status_code == 404
    assert expert.post(f"{path}/cancel", {}).status_code == 303
    assert "中止" in expert.get(path).text
    assert runner.look() == 0


def test_a_worker_that_is_told_to_stop_begins_no_further_report(
    made: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = ordered(made)
    stopping = threading.Event()

    def act(_: int) -> Printed:
        stopping.set()
        return Printed(b"%PDF-" + os.urandom(8), 1)

    prints(monkeypatch, act)
    bulk_running.Runner(made.database, settings, stopping).look(1)
    assert [file.state for file in job(made, job_id).files] == ["done", "waiting", "waiting"]


def test_old_jobs_are_forgotten_and_their_reports_kept(
    made: World, runner: bulk_running.Runner, printed: list[str]
) -> None:
    job_id = ordered(made, first(made))
    runner.look()
    made.now = max(made.now, job(made, job_id).ended_at + bulk.KEPT)
    with made.acting() as work:
        assert bulk.forget(work, made.now.date()) == 1
    with made.acting("expert", read_only=True) as work, pytest.raises(Refusal, match="not_found"):
        bulk.job(work, job_id)
    assert len(reports(made)) == 1
