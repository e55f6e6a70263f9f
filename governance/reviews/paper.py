"""What a paper of the meeting room is made of: sections of facts, tables and texts in both languages, as plain JSON.

The same content is frozen in the database, shown on pages and printed, so page and PDF cannot differ. A section names the agenda item
it tells of, so that whoever stepped back from that item is not shown it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from governance.questionnaires.definition import Framework
from governance.reviews.rules import ZONE
from governance.texts import Text

Words = Mapping[str, str] | str | None
Block = dict[str, Any]
NOTHING: Words = None


def said(ja: str, en: str, **values: object) -> Words:
    """Return words of the product in both languages, with their places filled."""
    return worded(Text(ja, en).filled(**values)) if values else {"ja": ja, "en": en}


def worded(text: Text) -> Words:
    """Return a text of the product or of a document."""
    return {"ja": text.ja, "en": text.en}


def entered(ja: str | None, en: str | None = "") -> Words:
    """Return what a person wrote: both languages when they gave both, else the one they gave; nothing for nothing."""
    if ja and en and ja != en:
        return {"ja": ja, "en": en}
    return ja or en or None


def text_of(words: Words) -> Text:
    """Return words as a text that can fill a sentence; a dash for nothing."""
    return Text(words["ja"], words["en"]) if isinstance(words, Mapping) else Text(words or "—", words or "—")


def facts(*rows: tuple[Words, Words]) -> Block:
    """Return labels with what they say."""
    return {"kind": "facts", "rows": [[label, value] for label, value in rows]}


def table(head: Sequence[Words], rows: Iterable[Sequence[Words]]) -> Block:
    """Return a table; without rows it says that there is nothing."""
    return {"kind": "table", "head": list(head), "rows": [list(row) for row in rows]}


def prose(*paragraphs: Words) -> Block:
    """Return paragraphs."""
    return {"kind": "prose", "paragraphs": list(paragraphs)}


def listed(points: Iterable[Words]) -> Block:
    """Return a list of points."""
    return {"kind": "list", "points": list(points)}


def part(title: Words, *blocks: Block) -> Block:
    """Return a part of a section under a heading of its own."""
    return {"kind": "part", "title": title, "blocks": list(blocks)}


def section(title: Words, *blocks: Block, item: str | None = None, new: bool = False) -> Block:
    """Return a section; `new` begins a page, `item` names the agenda item that it tells of."""
    return {"title": title, "item": item, "new": new, "blocks": list(blocks)}


def for_reader(sections: Iterable[Block], hidden: Collection[str]) -> list[Block]:
    """Return the sections without those of items that the reader may not see."""
    return [each for each in sections if each["item"] is None or each["item"] not in hidden]


def at(moment: datetime | None) -> Words:
    """Return a time as papers print it: day and clock in Japan."""
    return f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M} JST" if moment else None


def clock(moment: datetime | None) -> str:
    """Return the time of day in Japan."""
    return f"{moment.astimezone(ZONE):%H:%M}" if moment else ""


def level_name(framework: Framework, rank: int | None) -> Words:
    """Return the name of a level; that it was not rated when there is none."""
    return worded(framework.level(rank).name) if rank else said("未評価", "Not rated")
