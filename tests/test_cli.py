"""The command line does what it says on a real database, and refuses in sentences, never with a traceback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import rfc8785
from click.testing import CliRunner, Result
from sqlalchemy import select, text

from governance import cli as module
from governance.accounts.models import User
from governance.accounts.passwords import matches
from governance.cli import cli
from governance.ledger.notes import Checkpoint, peek, read_secret, sign
from governance.settings import PREFIX
from governance.storage.database import Database
from governance.verifier.verify_report import check_ledger, trusted
from governance.work import SYSTEM, open_work

COMMAND = [sys.executable, "-m", "governance"]
PHRASE = "a long phrase for tests"
Call = Callable[..., Result]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> dict[str, str]:
    """The environment of an installation on the fresh database of this test."""
    for name in [name for name in os.environ if name.startswith((PREFIX, "LC_", "LANG"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GOVERNANCE_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("GOVERNANCE_DATABASE_URL", database_url)
    return dict(os.environ)


@pytest.fixture
def call(environment: dict[str, str]) -> Iterator[Call]:
    """Run a command in this process; a traceback fails the test."""

    def run(*words: str, given: str = "", lang: str = "en") -> Result:
        result = CliRunner().invoke(cli, [*(["--lang", lang] if lang else []), *words], input=given)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result

    return run


def test_what_lies_between_the_release_and_the_database_is_applied_once(call: Call, database: Database) -> None:
    assert call("migrate").output == "The database has the current structure.\n"


def test_nothing_is_served_from_a_database_that_lacks_steps(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOVERNANCE_DATABASE_URL", f"sqlite:///{tmp_path}/empty.sqlite3")
    for words in (["serve"], ["seed"], ["ledger", "verify"]):
        refused = call(*words)
        assert refused.exit_code == module.REFUSED
        assert "governance migrate を実行してください" in refused.stderr
        assert "Run governance migrate first." in refused.stderr
    assert "0001" in call("migrate").output


def test_a_database_of_a_later_release_is_refused(call: Call, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    refused = call("seed")
    assert refused.exit_code == module.REFUSED
    assert "newer than this release" in refused.stderr


def test_a_database_that_cannot_be_reached_is_a_sentence(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOVERNANCE_DATABASE_URL", "sqlite:////no/such/folder/x.sqlite3")
    refused = call("seed")
    assert refused.exit_code == module.REFUSED
    assert "governance doctor" in refused.stderr


def test_a_wrong_setting_is_named_in_both_languages(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOVERNANCE_PORT", "many")
    refused = call("doctor")
    assert refused.exit_code == module.REFUSED
    assert "GOVERNANCE_PORT の値が正しくありません" in refused.stderr
    assert "GOVERNANCE_PORT has a wrong value" in refused.stderr


def test_the_shipped_documents_are_published_once(call: Call) -> None:
    assert "Published: hitachi-ai-ethics" in call("seed").output
    assert "nothing changed" in call("seed").output


def test_a_mistake_in_a_seed_is_shown_with_its_place(call: Call, tmp_path: Path) -> None:
    (tmp_path / "framework").mkdir()
    (tmp_path / "framework" / "bad.yaml").write_text("key: x\nkey: y\n", encoding="utf-8")
    refused = call("seed", str(tmp_path))
    assert refused.exit_code == module.REFUSED
    assert refused.stderr.count("bad.yaml:2:1: ") == 2
    assert "is written twice" in refused.stderr


def test_saved_checkpoints_of_a_fork_or_of_another_ledger_are_all_compared(call: Call, tmp_path: Path) -> None:
    call("seed")
    good, fork, other = (tmp_path / name for name in ("good.txt", "fork.txt", "other.txt"))
    note = call("ledger", "checkpoint", "--out", str(good)).output
    origin, size, root = note.splitlines()[:3]
    fork.write_text(note.replace(root, "A" * 43 + "="), encoding="utf-8")
    other.write_text(note.replace(origin, origin[:-1] + ("1" if origin[-1] == "0" else "0")), encoding="utf-8")

    def told(*saved: Path) -> Result:
        return call("ledger", "verify", *(word for path in saved for word in ("--checkpoint", str(path))))

    assert "It continues the checkpoints kept elsewhere." in told(good, good).output
    for saved in ((fork, good), (good, fork)):
        assert told(*saved).exit_code == 1
        assert f"Two of the saved checkpoints of {size} entries have different roots" in told(*saved).output
    assert told(fork).exit_code == 1
    assert (told(other, good).exit_code, "belongs to another one" in told(other, good).output) == (1, True)


def test_the_way_on_after_a_restore_is_a_command_and_the_doctor_tells_of_keys(call: Call, tmp_path: Path) -> None:
    call("seed")
    made = call("ledger", "key", "new").output
    call("ledger", "checkpoint")
    folder = next((tmp_path / "var" / "keys").iterdir())
    told = call("doctor").output
    assert f"Key of the ledger: {folder} (fingerprint {made.split()[-1]}, last checkpoint: " in told
    assert "[warn] No checkpoint leaves this installation." in told
    assert "no restore to accept" in call("ledger", "accept-restore", "--reason", "fire").stderr
    assert "Say why" in call("ledger", "accept-restore", "--reason", " ").stderr
    secret, note = read_secret((folder / "signing.key").read_text()), (folder / "last-checkpoint").read_text()
    ahead = Checkpoint(secret.name, peek(note).size + 5, bytes(32))
    (folder / "last-checkpoint").write_text(sign(ahead.text(), [secret]))
    assert f"The ledger does not continue the one that was signed last ({ahead.size} entries" in call("doctor").output
    assert "accept-restore" in call("ledger", "checkpoint").stderr
    accepted = call("ledger", "accept-restore", "--reason", "fire")
    assert (accepted.exit_code, f"signed before: {ahead.size} entries" in accepted.output) == (0, True)
    assert call("ledger", "checkpoint").exit_code == 0
    (folder / "signing.key").rename(folder / "away")
    assert f"The key that signs the ledger is not in {folder}" in call("doctor").output


def test_an_exported_ledger_is_proved_up_to_its_newest_checkpoint_and_no_further(call: Call, tmp_path: Path) -> None:
    call("seed")
    key = call("ledger", "key", "new").output.splitlines()[0]
    out = tmp_path / "out"
    call("ledger", "export", str(out))
    (saved,) = (out / "checkpoints").iterdir()
    secret = read_secret(next((tmp_path / "var" / "keys").rglob("signing.key")).read_text())

    def told() -> str:
        return check_ledger(out, trusted([key])).code

    assert told() == "ok"
    entries = out / "entries.jsonl"
    whole = entries.read_bytes()
    first = peek(saved.read_text())
    more = json.loads(whole.splitlines()[-1]) | {"seq": first.size}
    entries.write_bytes(whole + rfc8785.dumps(more) + b"\n")
    assert told() == "inclusion", "an entry that nobody signed"
    entries.write_bytes(whole)
    for name in ("0-fork.txt", "z-fork.txt"):
        path = out / "checkpoints" / name
        path.write_text(sign(Checkpoint(first.origin, first.size, bytes(32)).text(), [secret]))
        assert told() == "fork"
        path.unlink()
    assert told() == "ok"


def test_a_whole_ledger_verifies(call: Call) -> None:
    call("seed")
    verified = call("ledger", "verify")
    assert verified.exit_code == 0
    assert verified.output.startswith("The ledger is whole: ")
    assert "監査台帳は完全です。" in call("ledger", "verify", lang="ja").output


def test_a_changed_entry_is_named(call: Call, database: Database) -> None:
    call("seed")
    with database.engine.begin() as connection:
        if database.dialect == "sqlite":
            triggers = connection.execute(
                text("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='ledger_event'")
            )
            for name in triggers.scalars().all():
                connection.execute(text(f'DROP TRIGGER "{name}"'))
        else:
            connection.execute(text("ALTER TABLE ledger_event DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE ledger_event SET type = 'AccountCreated' WHERE seq = 1"))
    broken = call("ledger", "verify")
    assert broken.exit_code == module.BROKEN
    assert broken.output.startswith("The ledger is broken")
    assert "#1: " in broken.output.splitlines()[1]


def test_the_first_administrator_is_made_with_a_password_from_the_terminal(call: Call, database: Database) -> None:
    made = call(
        "account",
        "create",
        "--email",
        "Root@Test.example",
        "--name",
        "管理 見本",
        "--role",
        "administrator",
        given=f"{PHRASE}\n{PHRASE}\n",
    )
    assert made.exit_code == 0, made.output
    assert PHRASE not in made.output
    with open_work(database, SYSTEM) as work:
        made_now = work.session.scalars(select(User)).one()
        assert (made_now.email, made_now.roles) == ("root@test.example", {"administrator"})
        assert matches(made_now.password_hash, PHRASE)


def test_an_account_is_refused_like_on_the_page(call: Call) -> None:
    refused = call("account", "create", "--email", "a@test.example", "--name", "見本", given="short\nshort\n")
    assert refused.exit_code == module.REFUSED
    assert refused.stderr.strip()


def test_roles_and_passwords_can_be_mended(call: Call) -> None:
    call("account", "create", "--email", "a@test.example", "--name", "見本", given=f"{PHRASE}\n{PHRASE}\n")
    assert "Role given: AI ethics expert team" in call("account", "role", "a@test.example", "expert").output
    assert call("account", "role", "a@test.example", "expert").exit_code == module.REFUSED
    assert "Role ended" in call("account", "role", "a@test.example", "expert", "--end").output
    assert "is set" in call("account", "password", "a@test.example", given=f"{PHRASE}er\n{PHRASE}er\n").output
    assert call("account", "password", "nobody@test.example").exit_code == module.REFUSED


def test_the_settings_are_listed(call: Call) -> None:
    assert "`GOVERNANCE_WORKERS`" in call("settings").output


def test_without_a_language_both_are_printed_and_the_terminal_decides(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(call("migrate", lang="").output.splitlines()) == 2
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    assert call("migrate", lang="").output == "データベースの構造は最新です。\n"


def test_a_module_that_needs_an_absent_library_is_refused_with_the_way_out(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> None:
        raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(module, "import_module", broken)
    refused = call("report", "issue", "case", "AIG-2026-001", "--out", ".")
    assert refused.exit_code == module.REFUSED
    assert "governance doctor" in refused.stderr


def test_the_doctor_starts_without_the_libraries_of_the_reports(environment: dict[str, str]) -> None:
    script = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'weasyprint': raise OSError('no Pango')\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from governance.cli import cli\n"
        "cli(['--lang', 'en', 'doctor'])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[ok] Python" in done.stdout


def test_the_service_answers_when_it_is_served(environment: dict[str, str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    served = subprocess.Popen([*COMMAND, "serve", "--port", str(port)], env=environment)
    try:
        assert answer_of(f"http://127.0.0.1:{port}/health") == 200
        assert len(workers_of(served.pid)) == 1
    finally:
        served.terminate()
        served.wait(20)
    assert workers_of(served.pid) == []


def workers_of(server: int) -> list[Path]:
    """Return the processes of workers that run beside a server."""
    wanted = f"worker\0--parent\0{server}\0"
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found += [process] if wanted in (process / "cmdline").read_text() else []
        except OSError:
            continue  # it ended meanwhile
    return found


def test_a_worker_looks_once_and_says_what_it_did(call: Call) -> None:
    assert "Mails sent: 0." in call("worker", "--once").output


def test_a_worker_ends_with_the_process_that_started_it(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("governance.worker.signal.signal", lambda *_: None)  # those of this process are pytest's
    call("worker", "--parent", "1")  # not the parent of this one: it ends at once


def answer_of(address: str, patience: float = 30) -> int:
    """Return the code that the address answers with, once it answers."""
    until = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return int(answer.status)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
