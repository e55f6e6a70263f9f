"""Every kind of page, wide and on a phone, Japanese in light and English in dark colours.

No violation of WCAG 2.2 AA that axe can find, and nothing beyond the edge.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from sqlalchemy import select

from governance.questionnaires.models import QuestionnaireVersion
from governance.reviews.models import Committee, Condition
from governance.screenings.models import Screening
from tests.browser.conftest import Towns
from tests.browser.looks import violations, width_beyond
from tests.browser.people import PHONE, WIDE, Town
from tests.builders import World, answered, opened, registered
from tests.reviews import scenes


@pytest.mark.parametrize(("language", "scheme"), [("ja", "light"), ("en", "dark")])
def test_every_kind_of_page_is_accessible(towns: Towns, language: str, scheme: Literal["light", "dark"]) -> None:
    with towns(language) as town:
        town.scheme, town.mixed = scheme, True
        found = [fault for name, paths in pages(town.made) for fault in faults(town, name, paths)]
        assert not found, "\n".join(found)


def faults(town: Town, name: str, paths: list[str]) -> Iterator[str]:
    """Open each page as this person, wide and on a phone, and return what is wrong with it."""
    page = (town(name) if name else town.arrival()).page
    for path in paths:
        page.goto(path)
        for width, height in (WIDE, PHONE):
            page.set_viewport_size({"width": width, "height": height})
            yield from (f"{path} at {width}: {fault}" for fault in violations(page))
            if width_beyond(page) > 0:
                yield f"{path} at {width}: scrolls sideways by {width_beyond(page)} px"


def pages(made: World) -> list[tuple[str, list[str]]]:
    """Bring a world about that has something on every page; return who sees which."""
    draft = opened(made, registered(made))
    answered(made, draft, {"T10": "yes"}, {"P2b": "not_applicable"})
    checked = scenes.case(made, scenes.BOARD, scenes.HIGH, {"P2b": "not_applicable"})
    scenes.taken(made, checked)
    meeting, settled, voted_on = in_session(made)
    with made.acting("auditor", read_only=True) as work:
        project = work.session.get_one(Screening, draft).project_id
        committee, condition = (work.session.scalars(select(table.id)).one() for table in (Committee, Condition))
        sheet = work.session.scalars(select(QuestionnaireVersion.id).where(QuestionnaireVersion.phase == "P")).one()
    team = [f"/screenings/{draft}{rest}" for rest in ("", "/triggers", "/items/privacy", "/submit", "/history/P2b")]
    board = ["/committees", f"/committees/{committee}", f"/meetings/{meeting}", f"/meetings/{meeting}/items/{settled}"]
    return [
        ("", ["/sign-in", "/verify"]),
        ("owner", ["/", "/projects", "/projects/new", f"/projects/{project}", f"/projects/{project}/members", *team]),
        ("expert", ["/", "/reviews", f"/reviews/{checked}", "/settings", "/settings/mail", "/notices"]),
        ("secretariat", [*board, f"/committees/{committee}/meetings/new", f"/meetings/{meeting}/items/{voted_on}"]),
        ("ext1", [f"/meetings/{meeting}", f"/meetings/{meeting}/items/{voted_on}", "/nowhere"]),
        ("auditor", ["/questionnaires", f"/questionnaires/{sheet}", "/reports", "/ledger", "/ledger/1", "/conditions"]),
        ("expert2", [f"/conditions/{condition}"]),
        ("administrator", ["/people", "/people/new", f"/people/{made.people['expert'].id}"]),
    ]


def in_session(made: World) -> tuple[str, str, str]:
    """Return a meeting with one item that is decided with a condition and one that is being voted on."""
    cases = [scenes.case(made, scenes.BOARD, scenes.HIGH) for _ in range(2)]
    for each in cases:
        scenes.opined(made, each)
    meeting, (first, second) = scenes.planned(made, scenes.board(made), *cases)
    scenes.in_session(made, meeting)
    scenes.voting(made, first)
    for name in ("chair", "ext1", "ext2", "int1", "int2"):
        scenes.vote(made, first, name, "for")
    scenes.decide(made, first, scenes.conditional(made))
    scenes.voting(made, second)
    return meeting, first, second
