"""The calendar: what is due stands on its day, nobody sees more than elsewhere, and what ends soon is named with its re-screening."""

from __future__ import annotations

from datetime import timedelta

import pytest

from governance.insight.calendar import calendar, endings
from governance.reviews.rules import local_date
from governance.screenings import reopening
from tests.builders import World
from tests.reviews import scenes
from tests.visitor import Visitor, service


@pytest.fixture
def screening(made: World) -> str:
    return scenes.decided(made)[0]


def kinds(made: World, who: str, days: int = 365) -> set[str]:
    with made.acting(who, read_only=True) as work:
        return {each.kind for each in calendar(work, local_date(made.now), days)}


def test_the_owner_sees_the_condition_and_the_end_of_the_approval(made: World, screening: str) -> None:
    with made.acting("owner", read_only=True) as work:
        found = calendar(work, local_date(made.now), 365)
    assert {each.kind for each in found} >= {"condition", "approval"}
    assert [each.on for each in found] == sorted(each.on for each in found)
    assert {each.is_mine for each in found if each.kind == "condition"} == {True}


def test_a_stranger_sees_nothing_and_only_the_secretariat_the_terms(made: World, screening: str) -> None:
    assert not kinds(made, "stranger")
    assert "term" not in kinds(made, "owner", 365)


def test_what_is_late_and_not_done_stays(made: World, screening: str) -> None:
    made.now += timedelta(days=100)
    assert "condition" in kinds(made, "owner", 30)


def test_an_approval_that_ends_within_ninety_days_is_named_with_its_rescreening(made: World, screening: str) -> None:
    with made.acting("owner", read_only=True) as work:
        until = scenes.row(work, screening).valid_until
        assert not endings(work, local_date(made.now))
    assert until is not None
    made.now += until - timedelta(days=80) - local_date(made.now)
    with made.acting("owner", read_only=True) as work:
        (found,) = endings(work, local_date(made.now))
        assert (found.until, found.again, found.is_over) == (until, None, False)
    with made.acting("owner") as work:
        project = scenes.row(work, screening).project
        again = reopening.reopen(work, project, "P", reasons=["model"], note="更新のため", source="hand").id
    with made.acting("owner", read_only=True) as work:
        (found,) = endings(work, local_date(made.now))
        assert found.again is not None
        assert found.again.id == again


def test_the_page_is_narrowed_by_kind_and_to_what_is_mine(made: World, screening: str, tmp_path) -> None:
    owner = Visitor(service(made.database, tmp_path))
    owner.sign_in("owner@test.example")
    page = owner.get("/calendar?days=365").text
    assert "付帯条件" in page
    assert "あなたの担当" in page
    assert "C-1" not in owner.get("/calendar?days=365&kind=meeting").text
    assert owner.get("/calendar?days=bogus&kind=none&scope=none").status_code == 200
