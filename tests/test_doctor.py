"""`governance doctor` tells in plain words what is wrong with a machine, and fails for nothing less."""

from __future__ import annotations

import sqlite3
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from governance import doctor, fonts
from governance.doctor import Finding, examine, is_fit, render
from governance.settings import Settings
from governance.storage import database as storage
from governance.texts import Text
from tests.notifications.mailbox import open_mailbox

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=database_url, data_dir=tmp_path)


def states(settings: Settings) -> dict[str, str]:
    return {finding.code: finding.state for finding in examine(settings)}


def test_a_machine_that_was_set_up_is_fit(settings: Settings) -> None:
    findings = examine(settings)
    assert is_fit(findings), render(findings, "en")
    assert {"python", "pango", "harfbuzz", "fonts", "front_end", "data_dir", "space", "database", "schema"} <= set(
        states(settings)
    )


def test_a_python_that_was_never_tried_is_a_failure(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 15, 0))
    assert states(settings)["python"] == "fail"


@pytest.mark.parametrize(
    ("library", "code", "state"),
    [
        ("libpango-1.0.so.0", "pango", "fail"),
        ("libpangoft2-1.0.so.0", "pango", "fail"),
        ("libharfbuzz-subset.so.0", "harfbuzz", "warn"),
    ],
)
def test_an_absent_library_is_noticed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, library: str, code: str, state: str
) -> None:
    monkeypatch.setattr(doctor, "_loads", lambda name: name != library)
    assert states(settings)[code] == state


def test_a_library_that_does_not_exist_does_not_load() -> None:
    assert not doctor._loads("libno-such-thing.so.0")


def test_absent_fonts_are_named(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fonts, "FILES", (tmp_path / "NotoSansJP_400Regular.ttf",))
    [finding] = [finding for finding in examine(settings) if finding.code == "fonts"]
    assert finding.state == "fail"
    assert "NotoSansJP_400Regular.ttf" in finding.text.ja


def test_absent_front_end_files_are_a_warning(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "VENDOR", tmp_path)
    assert states(settings)["front_end"] == "warn"


def test_an_absent_data_folder_is_a_failure(settings: Settings, tmp_path: Path) -> None:
    found = states(settings.model_copy(update={"data_dir": tmp_path / "none"}))
    assert found["data_dir"] == "fail"
    assert "space" not in found


@pytest.mark.parametrize(
    ("total", "free", "state"),
    [(100, 10, "ok"), (100, 9, "warn"), (5, 0.9, "warn"), (5, 1, "ok")],
)
def test_scarce_space_is_a_warning(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, total: float, free: float, state: str
) -> None:
    gib = 1024**3
    monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage(total * gib, (total - free) * gib, free * gib))
    assert states(settings)["space"] == state


@pytest.mark.parametrize(
    ("version", "warned"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
    ],
)
def test_a_sqlite_that_can_lose_commits_is_a_warning_because_the_slower_safe_mode_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int], warned: bool
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    settings = Settings(database_url=f"sqlite:///{tmp_path}/fresh.sqlite3", data_dir=tmp_path)
    assert (states(settings).get("durability") == "warn") == warned
    assert storage.loses_commits_in_wal(version) == warned


def test_a_database_that_cannot_be_reached_is_a_failure_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://app:hunter2@/governance?host={tmp_path}"
    findings = examine(Settings(database_url=url, data_dir=tmp_path))
    assert not is_fit(findings)
    assert {finding.code: finding.state for finding in findings}["database"] == "fail"
    assert "hunter2" not in render(findings, "ja") + render(findings, "en")


def test_a_database_without_its_tables_is_a_failure(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/empty.sqlite3", data_dir=tmp_path)
    assert states(settings)["schema"] == "fail"


def test_a_database_of_a_later_release_is_a_failure(settings: Settings, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert states(settings)["schema"] == "fail"


def test_only_a_failure_makes_a_machine_unfit() -> None:
    findings = [Finding("a", "ok", Text("良", "fine")), Finding("b", "warn", Text("遅い", "slow"))]
    assert is_fit(findings)
    assert not is_fit([*findings, Finding("c", "fail", Text("無い", "absent"))])


def test_findings_are_told_in_either_language() -> None:
    findings = [Finding("a", "ok", Text("良", "fine")), Finding("c", "fail", Text("無い", "absent"))]
    assert render(findings, "ja") == "[正常] 良\n[異常] 無い"
    assert render(findings, "en") == "[ok] fine\n[FAIL] absent"


def mail(database_url: str, folder: Path, **given: object) -> dict[str, str]:
    usual = {"smtp_host": "127.0.0.1", "smtp_security": "none", "mail_from": "a@b.example"}
    found = examine(Settings.model_validate({"database_url": database_url, "data_dir": folder, **usual, **given}))
    assert is_fit(found)
    return {each.code: each.state for each in found if each.code.startswith("mail")}


def test_the_mail_server_is_tried_when_mail_is_wanted(database_url: str, tmp_path: Path) -> None:
    with open_mailbox() as box:
        assert mail(database_url, tmp_path, smtp_port=box.port) == {"mail": "ok"}
        assert mail(database_url, tmp_path, smtp_port=box.port, smtp_security="starttls") == {"mail": "warn"}
    assert mail(database_url, tmp_path, smtp_port=box.port) == {"mail": "warn"}
    assert mail(database_url, tmp_path, mail_from="") == {"mail": "warn"}
    assert mail(database_url, tmp_path, smtp_host="", mail_from="") == {}
