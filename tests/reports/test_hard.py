"""Every kind of report of a case that strains it: nothing is lost, clipped, fetched or drawn as a blank box (assurance.md T10)."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from governance.reports.glyphs import printable
from governance.storage.database import Database
from governance.storage.files import FileStore
from governance.storage.migrate import upgrade
from tests.builders import world
from tests.reports import drawn, hard

MADE = [
    *(("case", lang) for lang in ("ja", "en", "both")),
    ("pack", "both"),
    ("minutes", "ja"),
    ("letter", "en"),
    ("portfolio", "both"),
    ("mapping", "ja"),
    ("form", "both"),
    ("ledger", "en"),
]
MILLIMETRE = 72 / 25.4
Printed = Callable[[str, str], drawn.File]


@pytest.fixture(scope="module")
def strained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[hard.Strained]:
    """Take the case through its way once, on SQLite: what is drawn does not depend on where it was kept."""
    folder = tmp_path_factory.mktemp("strained")
    database = Database(f"sqlite:///{folder}/hard.sqlite3")
    upgrade(database)
    yield hard.strained(world(database), FileStore(folder / "files"))
    database.dispose()


@pytest.fixture(scope="module")
def printed(strained: hard.Strained) -> Printed:
    """Return what prints a report once for all tests of this module."""
    return functools.cache(lambda kind, lang: drawn.read(strained.printed(kind, lang)))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", printable(text))


@pytest.mark.parametrize(("kind", "lang"), MADE)
def test_each_letter_is_drawn_inside_the_page_and_none_is_a_blank_box(printed: Printed, kind: str, lang: str) -> None:
    file = printed(kind, lang)
    assert file.is_sound
    assert file.fonts_are_embedded
    for number, page in enumerate(file.pages, 1):
        for piece in page.pieces:
            assert not piece.missing, (number, piece)
            assert piece.left > 17.5 * MILLIMETRE, (number, piece)
            assert piece.right < page.width - 17.5 * MILLIMETRE, (number, piece)
            assert 5 * MILLIMETRE < piece.baseline < page.height - 5 * MILLIMETRE, (number, piece)
        lines = sorted(
            (p for p in page.pieces if p.level and p.text.strip()), key=lambda p: (round(p.baseline), p.left)
        )
        for first, second in pairwise(lines):
            if round(first.baseline) == round(second.baseline):
                assert first.right < second.left + 0.5, (number, first, second)


@pytest.mark.parametrize(("kind", "lang"), MADE)
def test_no_page_ends_with_a_heading_or_holds_nothing_else(printed: Printed, kind: str, lang: str) -> None:
    for number, page in enumerate(printed(kind, lang).pages[1:], 2):
        last = min((each for each in page.body if each.level), key=lambda each: each.baseline)
        assert not (last.bold and last.size > 10), (number, last)


@pytest.mark.parametrize("lang", ["ja", "en", "both"])
def test_every_answer_is_found_and_a_very_long_one_runs_on(
    strained: hard.Strained, printed: Printed, lang: str
) -> None:
    file, told = printed("case", lang), strained.content(lang)
    ends = [end for answer in hard.answers(told) for end in re.findall(r"[始終][A-Z]+\d+[a-z]?\b", str(answer))]
    assert len(ends) > 60
    assert [end for end in ends if end not in file.text] == []
    groups = re.findall(r"検\d{4}査", hard.LONG) if lang == "ja" else re.findall(r"chk\d{4}z", hard.LONG_EN)
    lost = [group for group in groups if group not in file.text]
    assert len(lost) <= sum(bool(re.search(f"{groups[0][0]}\\d+", page.text)) for page in file.pages)
    for evidence in told["evidence"]:
        assert evidence["digest"] in file.text
    for n in range(hard.CONDITIONS):
        assert f"条件{n:02}" in file.text
    for n in range(1, hard.FINDINGS + 1):
        assert f"F{n}{squeezed(hard.RARE)}" in file.text


def test_the_head_of_a_table_stands_on_each_of_its_pages(printed: Printed) -> None:
    pages = [
        page.text for page in printed("case", "ja").pages if len(re.findall(r"X\d+リンク証跡\d{3}", page.text)) > 3
    ]
    assert len(pages) > 10
    assert all("SHA-256" in page for page in pages)


def test_what_was_entered_is_printed_as_words_and_never_as_a_page(printed: Printed) -> None:
    letter = printed("letter", "en")
    assert squeezed(hard.MARKUP) in letter.text
    assert {(round(page.width), round(page.height)) for page in letter.pages} == {(595, 842)}
