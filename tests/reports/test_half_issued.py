"""A disk that fills and a process that is killed while a report is made: nothing is half issued, and the next one is (assurance.md §4)."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from governance import cli_reports
from governance.ledger.audit import verify_database
from governance.ledger.services import events
from governance.projects.models import Project
from governance.refusals import Refusal
from governance.reports import services
from governance.reports.services import Order
from governance.screenings.models import Screening
from governance.storage import files
from governance.storage.files import FileStore
from tests.builders import World
from tests.reviews import scenes

PURPOSE = "監査部への提出"
ISSUER = f"""
import os, signal, sys
from pathlib import Path
from governance.reports import issuing, services
from governance.reports.printing import Printed
from governance.storage.database import Database
from governance.storage.files import FileStore
from governance.work import Actor
url, folder, project, person = sys.argv[1:]
issuing.print_report = lambda *_, **__: Printed(b"%PDF-killed", 1)
keep = issuing.keep
def killed(*given):
    keep(*given)
    os.kill(os.getpid(), signal.SIGKILL)
issuing.keep = killed
order = services.Order(project, "ja", {PURPOSE!r})
services.issue(Database(url), Actor(person, frozenset({{"expert"}})), FileStore(Path(folder)), order)
"""


def project_of(made: World) -> str:
    screening = scenes.case(made)
    with made.acting("auditor", read_only=True) as work:
        return work.session.get_one(Project, work.session.get_one(Screening, screening).project_id).id


def issued(made: World, store: FileStore, project: str) -> str:
    return services.issue(made.database, made.actor("expert"), store, Order(project, "ja", PURPOSE))


def register(made: World) -> tuple[int, int, int]:
    """Count the reports, and what the ledger knows to be prepared and issued."""
    with made.acting("auditor", read_only=True) as work:
        told = (len(events(work.session, type=type)) for type in ("ReportPrepared", "ReportIssued"))
        return len(services.reports(work)), *told  # type: ignore[return-value]


@pytest.mark.parametrize("fits", [0, 1])
def test_a_full_disk_leaves_nothing_half_issued(
    made: World, store: FileStore, printed: list[str], monkeypatch: pytest.MonkeyPatch, fits: int
) -> None:
    project, real, calls = project_of(made), files._write, []

    def full(*given: Any) -> Any:
        calls.append(1)
        if len(calls) > fits:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*given)

    monkeypatch.setattr(files, "_write", full)
    with pytest.raises(Refusal, match=r"files.no_space"):
        issued(made, store, project)
    assert register(made) == (0, 1, 0)
    assert [each for each in (store.root / "tmp").iterdir() if each.name != ".lock"] == []
    monkeypatch.setattr(files, "_write", real)
    issued(made, store, project)
    assert register(made) == (1, 2, 1)
    assert verify_database(made.database, files=store).ok


def test_a_process_killed_before_the_register_knows_leaves_nothing_half_issued(
    made: World, store: FileStore, printed: list[str]
) -> None:
    project, person = project_of(made), made.people["expert"].id
    url = made.database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", ISSUER, url, str(store.root), project, person]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert register(made) == (0, 1, 0)
    report = issued(made, store, project)
    assert register(made) == (1, 2, 1)
    with made.acting("auditor", read_only=True) as work:
        assert services.report(work, report).number.endswith("-0002")
    assert verify_database(made.database, files=store).ok


def test_a_file_is_written_into_a_folder_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, real = tmp_path / "AIG-R1-2026-0001.case.ja.pdf", Path.write_bytes
    cli_reports.written(target, b"%PDF-first")

    def full(path: Path, content: bytes) -> int:
        real(path, content[:4])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space") as caught:
        cli_reports.written(target, b"%PDF-second")
    assert caught.value.filename == str(target)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [(target.name, b"%PDF-first")]
