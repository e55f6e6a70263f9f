"""Cases for the tests of composing and issuing: made once through the services, as an installation would have them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from governance.questionnaires import services as questionnaires
from governance.reports import issuing
from governance.reports.printing import Printed
from governance.storage.database import Database
from governance.storage.files import FileStore
from tests.builders import World, world

read_once = cache(questionnaires.read_seeds)


@pytest.fixture
def made(database: Database, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(questionnaires, "read_seeds", read_once)
    return world(database)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the press by one that keeps the pages it was given: the PDF itself is tested in test_pdf.py."""
    pages: list[str] = []

    def press(html: str, record: bytes, **_: object) -> Printed:
        pages.append(html)
        return Printed(b"%PDF-" + record, 7)

    monkeypatch.setattr(issuing, "print_report", press)
    return pages
