"""Reading the file in which an installation says how its reports look (setting `report_house`, seeds/report-house.yaml).

It is read once, when the program starts: whatever is wrong is said then, each fault with its line and what to do, and never while
a report is issued. Nothing of the file is passed on unchecked: colours are `#rrggbb` and readable on white, words are drawn by the
shipped fonts, sections are known, and those that make a report credible are there (domain.md §7).
"""

from __future__ import annotations

import functools
import hashlib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

import rfc8785
from pydantic import BaseModel, ConfigDict

from governance import fonts
from governance.questionnaires.reading import Source, read
from governance.refusals import Problem, Refusals
from governance.reports.glyphs import printable
from governance.reports.house import (
    BY_HAND,
    CASE_APPENDIX,
    CASE_BODY,
    COLOUR,
    MANDATORY,
    SECTIONS,
    Box,
    Colours,
    House,
    Layout,
    Logo,
)
from governance.reports.labels import TITLES
from governance.reports.logos import BadLogo, read_logo
from governance.reports.rules import CASE, NAMES
from governance.settings import Settings
from governance.texts import Text, joined

CONTRAST = 4.5
"""What a colour must keep against white (WCAG 2.2, 1.4.3)."""
MOST_BOXES = 5
LONGEST = {"name": 80, "department": 80, "classification": 60, "label": 40}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class BoxPart(_Part):
    """A box of the signature block."""

    act: Literal["submitted", "reviewed", "decided", "by_hand"]
    label: Text


class ColoursPart(_Part):
    """The colours that differ from the shipped ones."""

    accent: str = Colours.accent
    heading: str = Colours.heading
    mark: str = Colours.mark


class PaperPart(_Part):
    """What differs for a form and for the papers of the meeting room."""

    classification: Text | None = None


class BlocksPart(PaperPart):
    """What differs for a report of sections; `signature` are labels of boxes to be signed by hand."""

    sections: list[str] | None = None
    signature: list[Text] | None = None


class CasePart(PaperPart):
    """What differs for the case report: its sections in body and appendix."""

    body: list[str] | None = None
    appendix: list[str] | None = None


class KindsPart(_Part):
    """What differs for single kinds of report."""

    case: CasePart = CasePart()
    portfolio: BlocksPart = BlocksPart()
    mapping: BlocksPart = BlocksPart()
    ledger: BlocksPart = BlocksPart()
    form: PaperPart = PaperPart()
    pack: PaperPart = PaperPart()
    minutes: PaperPart = PaperPart()
    letter: PaperPart = PaperPart()


class HouseFile(_Part):
    """The whole file; everything may be left out."""

    name: Text | None = None
    department: Text | None = None
    classification: Text | None = None
    logo: str | None = None
    colours: ColoursPart = ColoursPart()
    signature: list[BoxPart] | None = None
    kinds: KindsPart = KindsPart()


def house_of(settings: Settings) -> House:
    """Return the house of an installation. Raises Refusals with everything that is wrong with its file."""
    return _read_once(settings.report_house, settings.organisation, settings.classification)


@functools.cache
def _read_once(path: Path | None, organisation: Text, classification: Text) -> House:
    shipped = House(organisation, classification)
    return read_house(path, shipped) if path else shipped


def read_house(path: Path, shipped: House) -> House:
    """Return the house that a file describes; what it leaves out is that of `shipped`. Raises Refusals, each with its place."""
    try:
        given, source = read(path, HouseFile)
        logo, problems = _logo(path, given, source)
    except OSError as error:
        text = Text(
            "ファイルを読めません（{why}）。場所と権限を確かめてください。",
            "The file cannot be read ({why}). Check place and permissions.",
        )
        raise Refusals(
            [Problem("house.file", text.filled(why=error.strerror or type(error).__name__), str(path))]
        ) from error
    Refusals.raise_any([*problems, *_problems(given, source)])
    found = replace(
        shipped,
        issuer=_issuer(given, shipped.issuer),
        classification=given.classification or shipped.classification,
        colours=Colours(**given.colours.model_dump()),
        logo=logo,
        signature=_signature(given, shipped),
        layouts=_layouts(given.kinds),
    )
    return found if found == shipped else replace(found, digest=_digest(found))


def _issuer(given: HouseFile, otherwise: Text) -> Text:
    name = given.name or otherwise
    return joined([name, given.department], "　", ", ") if given.department else name


def _signature(given: HouseFile, shipped: House) -> tuple[Box, ...]:
    return tuple(Box(box.act, box.label) for box in given.signature) if given.signature else shipped.signature


def _layouts(kinds: KindsPart) -> dict[str, Layout]:
    """Return what differs by kind; an order that is the shipped one is no difference."""
    found: dict[str, Layout] = {}
    for kind in KindsPart.model_fields:
        part = getattr(kinds, kind)
        body, appendix = _order(part)
        boxes = tuple(part.signature or ()) if isinstance(part, BlocksPart) else ()
        layout = Layout(part.classification, body, appendix, boxes)
        if (body, appendix) == ((CASE_BODY, CASE_APPENDIX) if kind == CASE else (SECTIONS.get(kind), ())):
            layout = replace(layout, body=(), appendix=())
        if layout != Layout():
            found[kind] = layout
    return found


def _order(part: PaperPart) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return body and appendix in the order asked for; of a case, whichever is left out is as shipped, without what was moved."""
    if isinstance(part, BlocksPart):
        return tuple(part.sections or ()), ()
    if not isinstance(part, CasePart) or (part.body is None and part.appendix is None):
        return (), ()
    body = part.body if part.body is not None else [key for key in CASE_BODY if key not in (part.appendix or ())]
    appendix = part.appendix if part.appendix is not None else [key for key in CASE_APPENDIX if key not in body]
    return tuple(body), tuple(appendix)


def _digest(house: House) -> str:
    """Return the SHA-256 of what a house says: comments and the way of writing it do not count."""
    told = asdict(replace(house, logo=None)) | {"logo": house.logo.digest if house.logo else None}
    return hashlib.sha256(rfc8785.dumps(told)).hexdigest()


# -- what may be wrong with it -------------------------------------------------------------------------------------------------


def _problems(given: HouseFile, source: Source) -> list[Problem]:
    """Return everything that is wrong beside the shape of the file and the logo."""
    found = [*_wrong_words(given), *_wrong_colours(given.colours), *_wrong_boxes(given), *_wrong_sections(given.kinds)]
    return [Problem(code, text, source.place(path)) for code, text, path in found]


Wrong = tuple[str, Text, Sequence[str | int]]


def _words(given: HouseFile) -> Iterator[tuple[str, Text, Sequence[str | int]]]:
    """Yield every text of the file with what it is and where it stands."""
    for name in ("name", "department", "classification"):
        if (text := getattr(given, name)) is not None:
            yield name, text, (name,)
    for n, box in enumerate(given.signature or ()):
        yield "label", box.label, ("signature", n, "label")
    for kind in KindsPart.model_fields:
        part = getattr(given.kinds, kind)
        if part.classification is not None:
            yield "classification", part.classification, ("kinds", kind, "classification")
        for n, label in enumerate((part.signature or ()) if isinstance(part, BlocksPart) else ()):
            yield "label", label, ("kinds", kind, "signature", n)


def _wrong_words(given: HouseFile) -> Iterator[Wrong]:
    for name, text, path in _words(given):
        for side, words in text.as_dict().items():
            if len(words) > LONGEST[name]:
                said = Text("{n}文字以内で書いてください。", "Write at most {n} characters.").filled(n=LONGEST[name])
                yield "house.long", said, (*path, side)
            if bad := _unprintable(words):
                said = Text(
                    "印刷できない文字（{bad}）があります。書き直してください。",
                    "There are characters that cannot be printed ({bad}). Write it without them.",
                )
                yield "house.letters", said.filled(bad=bad), (*path, side)


def _unprintable(words: str) -> str:
    """Return the characters of a text that the shipped fonts cannot draw, or that would not be seen, by their numbers."""
    drawn = not fonts.missing()
    bad = [
        letter
        for letter in dict.fromkeys(words)
        if unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") or (drawn and printable(letter) != letter)
    ]
    return ", ".join(f"U+{ord(letter):04X}" for letter in bad) or ("U+0020" if not words.strip() else "")


def _wrong_colours(colours: ColoursPart) -> Iterator[Wrong]:
    for name, colour in colours.model_dump().items():
        if not COLOUR.fullmatch(colour):
            said = Text(
                '色は「"#1b365d"」のように、#と小文字の16進数6桁を引用符で囲んで書いてください。',
                'Write a colour as "#1b365d": # and six hexadecimal digits in lower case, in quotes.',
            )
            yield "house.colour", said, ("colours", name)
        elif (ratio := contrast(colour)) < CONTRAST:
            said = Text(
                "色 {colour} は白い紙の上で読みにくい色です（コントラスト比 {ratio}、必要なのは {least}以上）。濃くしてください。",
                "The colour {colour} is hard to read on white (contrast {ratio}, needed {least} or more). Make it darker.",
            )
            yield "house.contrast", said.filled(colour=colour, ratio=ratio, least=CONTRAST), ("colours", name)


def contrast(colour: str) -> float:
    """Return the contrast of a colour `#rrggbb` against white by WCAG 2.2, rounded down to one place."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return int(10.5 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)) / 10


def _wrong_boxes(given: HouseFile) -> Iterator[Wrong]:
    blocks = {kind: getattr(given.kinds, kind) for kind in KindsPart.model_fields}
    counted: list[tuple[int, Sequence[str]]] = (
        [(len(given.signature), ("signature",))] if given.signature is not None else []
    )
    for kind, part in blocks.items():
        if isinstance(part, BlocksPart) and part.signature is not None:
            counted.append((len(part.signature), ("kinds", kind, "signature")))
    for count, path in counted:
        if not 1 <= count <= MOST_BOXES:
            said = Text("署名欄は{least}～{most}個にしてください。", "The signature block has {least} to {most} boxes.")
            yield "house.boxes", said.filled(least=1, most=MOST_BOXES), path
    acts = [box.act for box in given.signature or ()]
    for n, act in enumerate(acts):
        if act != BY_HAND and act in acts[:n]:
            said = Text("「{act}」の欄が二つあります。", "There are two boxes for “{act}”.").filled(act=act)
            yield "house.act", said, ("signature", n, "act")


def _wrong_sections(kinds: KindsPart) -> Iterator[Wrong]:
    for kind in SECTIONS:
        part = getattr(kinds, kind)
        body, appendix = _order(part)
        if not body and (part.sections if isinstance(part, BlocksPart) else part.body) is None:
            continue
        yield from _unknown(kind, part)
        if missing := [key for key in MANDATORY[kind] if key not in (*body, *appendix)]:
            said = Text(
                "「{names}」は{kind}から省けません。{keys} を加えてください。",
                "A report of the kind “{kind}” must have {names}. Add {keys}.",
            )
            names = joined([section_name(kind, key) for key in missing])
            yield (
                "house.mandatory",
                said.filled(names=names, kind=NAMES[kind], keys=", ".join(missing)),
                ("kinds", kind),
            )
        if kind == CASE and "summary" in appendix:
            said = Text("要旨（summary）は本文（body）に置いてください。", "The summary must stand in the body.")
            yield "house.summary", said, ("kinds", kind, "appendix")


def _unknown(kind: str, part: PaperPart) -> Iterator[Wrong]:
    """Yield keys that are no section of the kind, and those that stand there twice."""
    seen: set[str] = set()
    for name in ("sections", "body", "appendix"):
        for n, key in enumerate(getattr(part, name, None) or ()):
            if key not in SECTIONS[kind]:
                said = Text(
                    "「{key}」という節はありません。使えるのは {known} です。",
                    "There is no section “{key}”. Use {known}.",
                )
                yield (
                    "house.section",
                    said.filled(key=key[:40], known=", ".join(SECTIONS[kind])),
                    ("kinds", kind, name, n),
                )
            elif key in seen:
                said = Text("節「{key}」が二度書かれています。", "The section “{key}” is written twice.").filled(
                    key=key
                )
                yield "house.twice", said, ("kinds", kind, name, n)
            seen.add(key)


def section_name(kind: str, key: str) -> Text:
    """Return how a section is called."""
    return TITLES[key] if kind == CASE else _NAMED.get(key, TITLES.get(key, Text(key, key)))


_NAMED: Mapping[str, Text] = {
    "definitions": Text("数値の定義", "what the figures mean"),
    "coverage": Text("網羅率と注記", "coverage with its note"),
    "head": Text("範囲と台帳の先頭", "what it covers and the head of the ledger"),
    "entries": Text("監査イベント", "entries"),
    "comparing": Text("照合の方法", "how to compare"),
}


# long: each way in which it cannot be used has its sentence
def _logo(path: Path, given: HouseFile, source: Source) -> tuple[Logo | None, list[Problem]]:
    """Return the logo, which lies beside the file, or what is wrong with it."""
    if given.logo is None:
        return None, []
    place, folder = source.place(("logo",)), path.resolve().parent
    file = (folder / given.logo).resolve()
    if Path(given.logo).is_absolute() or not file.is_relative_to(folder):
        text = Text(
            "ロゴは、このファイルと同じフォルダーかその下に置き、ファイル名で書いてください。",
            "Keep the logo in the folder of this file or below it, and write its name.",
        )
        return None, [Problem("house.logo", text, place)]
    try:
        return read_logo(file), []
    except BadLogo as bad:
        why = bad.text
    except FileNotFoundError:
        why = Text("この名前のファイルがありません。", "there is no file of this name.")
    except OSError as error:
        why = Text("読めません（{why}）。", "it cannot be read ({why}).").filled(
            why=error.strerror or type(error).__name__
        )
    text = Text("ロゴ「{name}」：{why}", "Logo “{name}”: {why}").filled(name=given.logo[:60], why=why)
    return None, [Problem("house.logo", text, place)]
