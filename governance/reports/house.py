"""The house that issues reports: its names, marks, signature block, colours and logo, and the order of its sections.

Values without files: the file they come from is read in house_file.py, the logo in logos.py. A house that differs from the shipped
look is named in every record by its digest, so that the same house gives the same report again and another house a new one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any

from governance.reports import sentences
from governance.reports.content import HouseStamp, Section
from governance.reports.labels import TITLES
from governance.reports.redaction import Block
from governance.reports.rules import CASE, FORM, LEDGER, MAPPING, PORTFOLIO
from governance.reports.words import Bilingual
from governance.texts import Text

COLOUR = re.compile("#[0-9a-f]{6}")
BY_HAND = "by_hand"
"""A box of the signature block that is left empty, to be signed or sealed on paper."""
_OF_APPENDIX = ("glossary", "evidence", "ledger", "kyt", "versions", "verification")
_NOT_KEPT = frozenset({"kyt"})  # learning records are not part of a case
CASE_BODY = tuple(key for key in TITLES if key not in _OF_APPENDIX)
CASE_APPENDIX = tuple(key for key in TITLES if key in _OF_APPENDIX and key not in _NOT_KEPT)
SECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        CASE: (*CASE_BODY, *CASE_APPENDIX),
        PORTFOLIO: (
            "summary", "cases", "risk", "decisions", "conditions", "committees", "changes", "incidents", "definitions",
        ),
        MAPPING: ("coverage", "clauses", "questions"),
        LEDGER: ("head", "entries", "comparing"),
    }
)  # fmt: skip
"""The sections of each kind in the order in which they are composed."""
MANDATORY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        CASE: ("summary", "method", "limits", "verification"),
        PORTFOLIO: ("summary", "definitions"),
        MAPPING: ("coverage",),
        LEDGER: ("head", "entries", "comparing"),
    }
)
"""What a report may not do without: what it says, how it was found, where its limits are, how it is checked (domain.md §7)."""
PAPERS = ("pack", "minutes", "letter")
KINDS = (CASE, PORTFOLIO, MAPPING, FORM, LEDGER, *PAPERS)


@dataclass(frozen=True)
class Colours:
    """Colours of rules and numbers, of titles and headings, and of the classification mark, each `#rrggbb`."""

    accent: str = "#1b365d"
    heading: str = "#16191d"
    mark: str = "#16191d"


@dataclass(frozen=True)
class Logo:
    """A logo ready to print: the digest of the file it was made from, and its address inside of a page."""

    digest: str
    uri: str


@dataclass(frozen=True)
class Box:
    """One box of the signature block of a case report: the act whose person and day it shows, and what stands above it."""

    act: str
    label: Text


SIGNATURE = tuple(Box(act, label) for act, label in sentences.STEPS.items())


@dataclass(frozen=True)
class Layout:
    """What differs for one kind: its classification, its sections (none: as composed), and boxes to be signed by hand."""

    classification: Text | None = None
    body: tuple[str, ...] = ()
    appendix: tuple[str, ...] = ()
    boxes: tuple[Text, ...] = ()


@dataclass(frozen=True)
class House:
    """Who issues reports and how they look, as the installation has it configured; `digest` is empty for the shipped look."""

    issuer: Text = sentences.ISSUER
    classification: Text = sentences.CLASSIFICATION
    colours: Colours = Colours()
    logo: Logo | None = None
    signature: tuple[Box, ...] = SIGNATURE
    layouts: Mapping[str, Layout] = field(default_factory=dict)
    digest: str = ""

    def layout(self, kind: str) -> Layout:
        """Return what differs for a kind."""
        return self.layouts.get(kind, Layout())

    def marked(self, kind: str, mark: Text | None = None) -> House:
        """Return the house with the classification that counts for a kind, or with `mark`, which stands above it."""
        mark = mark or self.layout(kind).classification
        return replace(self, classification=mark, layouts={}) if mark else self

    def stamp(self, kind: str, titles: Sequence[Bilingual] = ()) -> HouseStamp | None:
        """Return what a record says of the house, with the titles of sections it leaves out; nothing for the shipped look."""
        if not self.digest:
            return None
        return {
            "digest": self.digest,
            "logo": self.logo.digest if self.logo else None,
            "colours": asdict(self.colours),
            "acts": [box.act for box in self.signature] if kind == CASE else [],
            "boxes": [_said(label) for label in self.layout(kind).boxes],
            "left_out": list(titles),
        }

    def part(self, kind: str, titles: Sequence[Bilingual] = ()) -> dict[str, Any]:
        """Return what is added to a content: the stamp, or nothing."""
        stamp = self.stamp(kind, titles)
        return {"house": stamp} if stamp else {}


UNCONFIGURED = House()
"""The shipped look, of an installation that says nothing of itself."""


def _said(text: Text) -> Bilingual:
    return {"ja": text.ja, "en": text.en}


# -- sections in the order of the house ----------------------------------------------------------------------------------------


def case_sections(house: House) -> list[Section]:
    """Return the sections of a case report; a house may move them between body and appendix and leave out what it need not print."""
    layout = house.layout(CASE)
    body, appendix = (layout.body, layout.appendix) if layout.body else (CASE_BODY, CASE_APPENDIX)
    printed: list[Section] = [{"key": key, "part": "body", "title": _said(TITLES[key])} for key in body]
    return printed + [{"key": key, "part": "appendix", "title": _said(TITLES[key])} for key in appendix]


def case_left_out(house: House) -> list[Bilingual]:
    """Return the titles of the sections that a case report of this house does not print."""
    printed = {section["key"] for section in case_sections(house)}
    return [_said(TITLES[key]) for key in SECTIONS[CASE] if key not in printed]


def arranged(house: House, kind: str, sections: Sequence[Block]) -> tuple[list[Block], list[Bilingual]]:
    """Return the sections of a report made of blocks in the order of the house, and the titles of those left out."""
    order = house.layout(kind).body
    if not order:
        return list(sections), []
    keyed = list(zip(_keys(kind, len(sections)), sections, strict=True))
    kept = [section for wanted in order for key, section in keyed if key == wanted]
    if kept and any(section["new"] for section in sections):
        kept[0] = {**kept[0], "new": True}
    return kept, [section["title"] for key, section in keyed if key not in order]


def _keys(kind: str, count: int) -> Sequence[str]:
    """Return the key of each section; in a mapping every framework has a section between the first and the last."""
    if kind == MAPPING:
        first, between, last = SECTIONS[MAPPING]
        return [first, *[between] * (count - 2), last]
    return SECTIONS[kind]


# -- what the page shows -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Livery:
    """The colours and the logo of a house as a page takes them; both empty for the shipped look."""

    css: str
    logo: str


PLAIN = Livery("", "")


def livery(house: House) -> Livery:
    """Return colours and logo for a page. Raises ValueError for a colour that is none, so that nothing else gets into a stylesheet."""
    for colour in asdict(house.colours).values():
        if not COLOUR.fullmatch(colour):
            raise ValueError("not a colour")
    given, shipped = house.colours, Colours()
    rules = []
    if given.accent != shipped.accent:
        rules.append(f"h2,.subject{{border-top-color:{given.accent}}}")
        rules.append(f"h2 i,h3 i,.toc i,.q1 .no,.cond{{color:{given.accent}}}")
    if given.heading != shipped.heading:
        rules.append(f"h1,h2,h3,.subject{{color:{given.heading}}}")
    if given.mark != shipped.mark:
        rules.append(f".stamp{{color:{given.mark};border-color:{given.mark}}}")
    return Livery("".join(rules), house.logo.uri if house.logo else "")
