"""Settings are read once, checked at once, and explained in both languages."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from governance import settings as module
from governance.refusals import Refusals
from governance.settings import PREFIX, Settings, explained, load, secret_key, settings_table

DOCUMENT = Path(__file__).parent.parent / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment in which nothing is set but the data folder."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GOVERNANCE_DATA_DIR", str(tmp_path / "var"))
    return monkeypatch


def places(refusals: Refusals) -> list[str | None]:
    return [problem.place for problem in refusals.problems]


def test_nothing_needs_to_be_set(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.delenv("GOVERNANCE_DATA_DIR")
    environment.chdir(tmp_path)
    settings = load()
    assert settings.database_url == f"sqlite:///{tmp_path}/var/governance.sqlite3"
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.trusted_hosts == ("127.0.0.1", "localhost")
    assert (settings.default_locale, settings.time_zone, settings.secure_cookies) == ("ja", "Asia/Tokyo", False)


def test_the_data_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    assert stat.S_IMODE(load().data_dir.stat().st_mode) == 0o700


def test_an_https_address_makes_cookies_secure_and_its_host_trusted(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("GOVERNANCE_BASE_URL", "https://ethics.example/ai/")
    settings = load()
    assert settings.base_url == "https://ethics.example/ai"
    assert settings.secure_cookies
    assert settings.trusted_hosts == ("ethics.example", "127.0.0.1", "localhost")


def test_listening_everywhere_gives_no_address_that_nobody_can_open(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("GOVERNANCE_HOST", "0.0.0.0")
    environment.setenv("GOVERNANCE_PORT", "9000")
    assert load().base_url == "http://127.0.0.1:9000"


def test_trusted_hosts_are_separated_by_commas(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("GOVERNANCE_TRUSTED_HOSTS", "a.example, b.example,")
    assert load().trusted_hosts == ("a.example", "b.example")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_postgresql_address_gets_its_driver_and_keeps_its_password(
    environment: pytest.MonkeyPatch, scheme: str
) -> None:
    environment.setenv("GOVERNANCE_DATABASE_URL", f"{scheme}://app:pass@db/governance")
    settings = load()
    assert settings.database_url == "postgresql+psycopg://app:pass@db/governance"
    assert "pass@" not in repr(settings)


def test_an_unknown_variable_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("GOVERNANCE_SESION_HOURS", "8")
    with pytest.raises(Refusals) as caught:
        load()
    [problem] = caught.value.problems
    assert problem.code == "settings.unknown"
    assert "GOVERNANCE_SESION_HOURS" in problem.text.ja
    assert "GOVERNANCE_SESION_HOURS" in problem.text.en


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "eighty"),
        ("DEFAULT_LOCALE", "fr"),
        ("TIME_ZONE", "Asia/Edo"),
        ("DATABASE_URL", "mysql://db/governance"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "not an address"),
        ("BASE_URL", "ftp://host"),
        ("BASE_URL", "https://host/?query"),
        ("SECRET_KEY", "too short"),
        ("SECURE_COOKIES", "perhaps"),
        ("TRUSTED_HOSTS", ","),
        ("MAX_UPLOAD_BYTES", "-1"),
        ("SESSION_HOURS", "1000"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    environment.setenv(PREFIX + name, value)
    with pytest.raises(Refusals) as caught:
        load()
    [problem] = caught.value.problems
    assert (problem.code, problem.place) == ("settings.invalid", PREFIX + name)
    assert explained(name.lower()).allowed.ja in problem.text.ja
    assert explained(name.lower()).allowed.en in problem.text.en


def test_all_mistakes_are_told_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("GOVERNANCE_PORT", "x")
    environment.setenv("GOVERNANCE_TIME_ZONE", "x")
    environment.setenv("GOVERNANCE_PROT", "80")
    with pytest.raises(Refusals) as caught:
        load()
    assert places(caught.value) == ["GOVERNANCE_PROT", "GOVERNANCE_PORT", "GOVERNANCE_TIME_ZONE"]


def test_a_wrong_secret_is_not_repeated(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("GOVERNANCE_SECRET_KEY", "hunter2")
    environment.setenv("GOVERNANCE_DATABASE_URL", "mysql://app:hunter2@db/x")
    with pytest.raises(Refusals) as caught:
        load()
    assert "hunter2" not in str(caught.value)


def test_a_data_folder_that_cannot_be_made_is_a_wrong_value(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    environment.setenv("GOVERNANCE_DATA_DIR", str(tmp_path / "file" / "var"))
    with pytest.raises(Refusals) as caught:
        load()
    assert places(caught.value) == ["GOVERNANCE_DATA_DIR"]


def test_a_given_secret_is_used_and_none_is_made(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("GOVERNANCE_SECRET_KEY", "s" * 32)
    settings = load()
    assert secret_key(settings) == "s" * 32
    assert list(settings.data_dir.iterdir()) == []


def test_the_secret_is_made_once_and_only_its_owner_can_read_it() -> None:
    settings = load()
    first = secret_key(settings)
    kept = settings.data_dir / "secret.key"
    assert len(first) >= 32
    assert secret_key(settings) == first == kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert list(settings.data_dir.iterdir()) == [kept]


def test_processes_that_start_together_agree_on_the_secret() -> None:
    settings = load()
    found: list[str] = []
    together = threading.Barrier(8)

    def start() -> None:
        together.wait()
        found.append(secret_key(settings))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_every_setting_is_explained_in_both_languages() -> None:
    for name in Settings.model_fields:
        told = explained(name)
        assert all([told.about.ja, told.about.en, told.allowed.ja, told.allowed.en]), name


def test_the_document_lists_the_settings_as_they_are() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    for locale in ("ja", "en"):
        assert settings_table(locale) in document, f"paste the output of {module.__name__}.settings_table('{locale}')"
