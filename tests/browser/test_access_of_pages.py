"""Every page of the service, wide and on a phone, in both languages, in light and in dark colours.

No violation of WCAG 2.2 AA that axe can find, and nothing beyond the edge. A page that nobody walks to is missed here by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Towns
from tests.browser.looks import violations, width_beyond
from tests.browser.people import PHONE, WIDE, Town
from tests.browser.places import Places, everything
from tests.builders import answered, opened, registered
from tests.visitor import service

COLOURS = ["color-contrast"]
"""The only rule of axe for which light or dark matters."""
NO_PAGE = {
    "health", "screenings.token", "scripts", "static", "ledger.verify_again", "notifications.go", "screenings.place",
    "screenings.to_delegated", "interchange.answers_file", "interchange.download", "monitoring.readings_file",
    "reports.file", "screenings.download", "conditions.evidence", "learning.picture", "lessons.blank_sheet",
    "lessons.record_sheet", "bulk.files", "ledger.checkpoint", "learning.kyt_live", "report_copies.copy", "report_copies.of_paper",
    "report_copies.schema",
    "meetings.live", "meetings.item.live", "papers.file", "proofs.of_report", "proofs.of_paper", "proofs.verifier", "proofs.keys",
}  # fmt: skip
"""Endpoints that answer with a file, with what a machine reads, or with the way to another page."""
ELSEWHERE = {"reports.show", "papers.show", "screenings.facts"}
"""Pages looked at in other stories (test_story, test_session), and the page of questions outside all items, drawn like an item page."""


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_page_is_accessible(towns: Towns, language: str, tmp_path: Path) -> None:
    with towns(language) as town:
        town.mixed = True
        places = everything(town.made)
        assert not unseen(town, places, tmp_path)
        found = [fault for name, paths in places for fault in faults(town, name, paths)]
        assert not found, "\n".join(found)


def unseen(town: Town, places: Places, folder: Path) -> set[str]:
    """Return the endpoints of pages that the walk does not reach."""
    rules = service(town.made.database, folder).url_map
    bound = rules.bind("localhost")
    paths = [path.partition("?")[0] for _, paths in places for path in paths]
    seen = {bound.match(path)[0] for path in paths if bound.test(path)}
    return {rule.endpoint for rule in rules.iter_rules() if "GET" in (rule.methods or ())} - seen - NO_PAGE - ELSEWHERE


def faults(town: Town, name: str, paths: list[str]) -> Iterator[str]:
    """Open each page as this person and return what is wrong with it."""
    page = (town(name) if name else town.arrival()).page
    for path in paths:
        page.goto(path, timeout=30_000)
        yield from (f"{path} {fault}" for fault in wrong_with(page, town.language))


def wrong_with(page: Page, language: str) -> Iterator[str]:
    """Look at a page at both widths in one colour scheme, and at its contrast in the other; return what is wrong."""
    main, other = schemes(language)
    page.emulate_media(color_scheme=main, reduced_motion="reduce")
    for width, height in (PHONE, WIDE):
        page.set_viewport_size({"width": width, "height": height})
        yield from (f"at {width} {main}: {fault}" for fault in violations(page))
        if width_beyond(page) > 0:
            yield f"at {width}: scrolls sideways by {width_beyond(page)} px"
    page.emulate_media(color_scheme=other)
    yield from (f"{other}: {fault}" for fault in violations(page, COLOURS))


def schemes(language: str) -> tuple[Literal["light", "dark"], Literal["light", "dark"]]:
    return ("light", "dark") if language == "ja" else ("dark", "light")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_conflict_and_what_is_unsaved_are_accessible(towns: Towns, language: str) -> None:
    with towns(language) as town:
        town.mixed = True
        path = f"/screenings/{half_filled(town)}/items/safety"
        mine, theirs = (town(name).page for name in ("member", "owner"))
        for page in (mine, theirs):
            page.goto(path)
        theirs.locator('[name="P1a-remark"]').fill("倉庫で確かめた。試験は三回。")
        expect(theirs.locator("#P1a[data-stands=saved]")).to_be_visible(timeout=20_000)
        mine.locator('[name="P1a-remark"]').fill("工場で確かめた。試験は二回。")
        expect(mine.locator("#P1a .conflict")).to_be_visible(timeout=20_000)
        mine.route("**/save", lambda route: route.abort())
        mine.locator('[name="P1b-remark"]').fill("まだ送られていない。")
        expect(mine.locator("#P1b[data-stands]:not([data-stands=typing], [data-stands=saving])")).to_be_visible()
        found = list(wrong_with(mine, language))
        assert not found, "\n".join(found)


def half_filled(town: Town) -> str:
    screening = opened(town.made, registered(town.made))
    answered(town.made, screening, triggers={"T05": "yes"}, answers={"P1a": "done"})
    return screening
