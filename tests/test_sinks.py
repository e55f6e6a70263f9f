"""Checkpoints leave the installation: to a folder and by mail; a place that fails is tried again later and told."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from governance import sinks
from governance.ledger.models import LedgerSending
from governance.ledger.notes import peek
from governance.notary import attach
from governance.settings import Settings
from governance.storage.database import Database
from governance.work import SYSTEM, open_work, run
from governance.worker import Worker
from tests.buckets import bucket, server

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
    log_id, size = note.splitlines()[0].rpartition("/")[2], int(note.splitlines()[1])
    assert [path.name for path in folder.iterdir()] == [f"{log_id}-{size:012}.txt"], "two installations share a folder"
    grow(database)
    assert later(11) == 1, "the folder gets each one, the mailbox one a day"
    assert later(11) == 0
    assert later(24 * 60) == 1
    assert (len(letters), len(list(folder.iterdir()))) == (2, 2)
    shutil.rmtree(folder)


def unsent(database: Database) -> dict[int, str]:
    with open_work(database, SYSTEM, read_only=True) as work:
        return {row.size: row.problem for row in work.session.query(LedgerSending) if row.sent_at is None}


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_a_checkpoint_that_differs_from_the_one_already_there_is_a_fork_and_never_sent(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """Its evidence stays, the ones after it still leave, and one that is the same counts as taken."""
    with ExitStack() as open_until_the_end:
        (tmp_path / "outside").mkdir()
        given: dict[str, object] = {"checkpoint_folder": tmp_path / "outside"}
        if kind == "bucket":
            given = {"checkpoint_url": bucket(open_until_the_end.enter_context(server()), monkeypatch)}
        settings = Settings(data_dir=tmp_path / "var", **given)  # type: ignore[arg-type]
        notary = attach(database, settings)
        grow(database)
        first = notary.checkpoint()
        name = f"{peek(first.note).origin.rpartition('/')[2]}-{first.size:012}.txt"
        (sink,) = sinks.sinks(settings)
        sink.put(name, "another one")
        grow(database)
        second = notary.checkpoint()
        sink.put(name.replace(f"{first.size:012}", f"{second.size:012}"), second.note)
        assert sinks.send(database, settings, NOW) == 1
        assert unsent(database) == {first.size: "fork"}
        assert "FORK" in caplog.text
        grow(database)
        notary.checkpoint()
        assert sinks.send(database, settings, NOW + timedelta(seconds=1)) == 1, "later ones do not wait"
        assert sinks.send(database, settings, NOW + timedelta(days=2)) == 0
        assert unsent(database) == {first.size: "fork"}
        with pytest.raises(sinks.Forked):
            sink.put(name, first.note)
