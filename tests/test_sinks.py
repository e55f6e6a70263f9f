"""Checkpoints leave the installation: to a folder and by mail; a place that fails is tried again later and told."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from governance import sinks
from governance.ledger.models import LedgerSending
from governance.notary import attach
from governance.settings import Settings
from governance.storage.database import Database
from governance.work import SYSTEM, open_work, run
from governance.worker import Worker

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def grow(database: Database) -> None:
    run(database, SYSTEM, lambda work: work.record("ExportCreated", subject=("ledger", "ledger")))


def test_checkpoints_are_signed_on_a_schedule_and_leave(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters: list[EmailMessage] = []
    monkeypatch.setattr(sinks.Post, "send", lambda self, message: letters.append(message))
    folder, moment = tmp_path / "outside", [NOW]
    given = {"smtp_host": "127.0.0.1", "mail_from": "a@test.example", "checkpoint_mail": ("audit@test.example",)}
    settings = Settings(data_dir=tmp_path / "var", checkpoint_folder=folder, **given)  # type: ignore[arg-type]
    worker = Worker(database, settings, lambda: moment[0])
    assert worker.sign() == 0, "nobody signs without a notary"
    attach(database, settings)
    assert worker.sign() == 0, "an empty ledger is not signed"

    def later(minutes: int) -> int:
        moment[0] += timedelta(minutes=minutes)
        return worker.sign()

    grow(database)
    assert later(5) == 0, "not before ten minutes"
    assert later(6) == 1, "mailed; the folder is not there yet"
    (note,) = [part.get_content().decode() for part in letters[0].iter_attachments()]
    with open_work(database, SYSTEM, read_only=True) as work:
        rows = {row.sink.split(":")[0]: row for row in work.session.query(LedgerSending)}
        assert (rows["folder"].problem, rows["folder"].sent_at) == ("FileNotFoundError", None)
        assert rows["mail"].sent_at == moment[0]
    folder.mkdir()
    assert later(11) == 1
    assert [path.read_text() for path in folder.iterdir()] == [note]
    grow(database)
    assert later(11) == 1, "the folder gets each one, the mailbox one a day"
    assert later(11) == 0
    assert later(24 * 60) == 1
    assert (len(letters), len(list(folder.iterdir()))) == (2, 2)
    shutil.rmtree(folder)
