"""The world of the review tests, on each database."""

from __future__ import annotations

from functools import cache

import pytest

from governance.questionnaires import services as questionnaires
from governance.storage.database import Database
from tests.builders import World, world

read_once = cache(questionnaires.read_seeds)


@pytest.fixture
def made(database: Database, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world with the published framework and everybody in it; the seed files are read once, as they never change."""
    monkeypatch.setattr(questionnaires, "read_seeds", read_once)
    return world(database)
