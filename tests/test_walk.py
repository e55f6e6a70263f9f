"""The pages that people are led to answer on both engines, in a world with a decided case: the tests of single pages run on one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import World
from tests.reviews.browsing import browsers
from tests.reviews.scenes import case, decided, opined
from tests.walk import walk

WALKERS = ("secretariat", "administrator", "owner", "expert", "ext1", "auditor")
FEWEST, FAULT = 70, 500
"""Kinds of pages; fewer say that the walk no longer gets anywhere."""


def test_every_page_that_somebody_is_led_to_answers(
    made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browse = browsers(made, tmp_path, monkeypatch)
    decided(made)
    opined(made, case(made))
    begun = {name: set[str]() for name in WALKERS}
    faults = {name: walk(browse(name), begun[name]) for name in WALKERS}
    assert not faults["secretariat"] | faults["administrator"], "both are led nowhere that they may not go"
    assert {name: found for name, found in faults.items() if max(found.values(), default=0) >= FAULT} == {}
    assert len(set().union(*begun.values())) > FEWEST
