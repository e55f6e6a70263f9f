"""The world of the review tests, on each database."""

from __future__ import annotations

import pytest

from governance.storage.database import Database
from tests.builders import World, world


@pytest.fixture
def made(database: Database) -> World:
    """A world with the published framework and everybody in it."""
    return world(database)
