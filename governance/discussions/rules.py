"""What may be said and settled in a thread, and how its text is read: pure rules, apart from HTTP and SQL.

A text is plain: what a page shows of it are runs of words, addresses that became links, and names of people whose attention was
asked for. Nothing in it is ever taken as markup (assurance.md T12).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from governance.refusals import Refusal

LONGEST_COMMENT = 5_000
LONGEST_NOTE = 1_000
CORRECTION = timedelta(minutes=15)
"""How long an author may correct what was written; afterwards only a new comment or a withdrawal says something else."""

COMMENT, REMARK = "comment", "remark"
OPEN, ANSWERED, RESOLVED = "open", "answered", "resolved"
DONE, WITHDRAWN = "done", "withdrawn"
REMARKED = frozenset(
    {"submitted", "triage", "in_review", "discussion", "blocked", "returned", "board_queued", "deferred", "appeal"}
)
"""States of a screening in which a reviewer makes remarks: from the first submission until a decision."""

RATING, ITEM, SHEET = "rating-", "item-", "sheet-"
"""What a place begins with when it is no question: the grades of an item, everything of an item, a sheet of its own."""

_SAID = {"answer": ({OPEN}, ANSWERED), "resolve": ({OPEN, ANSWERED}, RESOLVED), "reopen": ({ANSWERED, RESOLVED}, OPEN)}
_WEB = re.compile(r"https?://[^\s<>\"'「」（）、。，．｡､\u202a-\u202e\u2066-\u2069]+", re.IGNORECASE)
_TAIL = ".,;:!?)]}"
_KEPT_CONTROLS = frozenset("\n\t")


def cleaned(text: str) -> str:
    """Return a text with the line breaks of one system and without control characters; right-to-left marks stay."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c in _KEPT_CONTROLS or unicodedata.category(c) != "Cc").strip()


def written(text: str, limit: int = LONGEST_COMMENT, place: str = "text") -> str:
    """Return the text of a comment as it is kept. Raises Refusal for none, and for one that is too long."""
    kept = cleaned(text)
    if not any(unicodedata.category(c) not in ("Cf", "Zs", "Zl", "Zp", "Cc") for c in kept):
        raise Refusal("discussions.empty", "コメントを書いてください。", "Write a comment.", place=place)
    return fitting(kept, limit, place)


def fitting(text: str, limit: int, place: str) -> str:
    """Return the text when it is short enough. Raises Refusal that says the limit and the length."""
    kept = cleaned(text)
    if len(kept) > limit:
        raise Refusal(
            "discussions.too_long",
            "{limit}文字以内で書いてください（いまは{n}文字です）。長い資料は証跡として加えてください。",
            "Use at most {limit} characters (there are {n}). Add long material as evidence.",
            place=place,
            limit=f"{limit:,}",
            n=f"{len(kept):,}",
        )
    return kept


def next_state(act: str, kind: str, state: str) -> str:
    """Return the state of a thread after an act. Raises Refusal for what cannot be done with it now."""
    wanted, after = _SAID[act]
    if state not in wanted or (act == "answer" and kind != REMARK):
        raise Refusal(
            "discussions.not_now",
            "このスレッドの状態は、すでに変わっています。いまの内容を確かめてください。",
            "The thread has changed meanwhile; look at how it stands now.",
        )
    return after


def may_correct(written_at: datetime, withdrawn_at: datetime | None, now: datetime) -> bool:
    """Say whether a comment may still be corrected by its author."""
    return withdrawn_at is None and now - written_at <= CORRECTION


# ---------------------------------------------------------------- people in a text


def named(text: str, people: Mapping[str, Sequence[str]]) -> set[str]:
    """Return whose names stand behind an @ in the text. `people`: id → the names that a person is known by.

    A longer name wins over a shorter one that it begins with.
    """
    found: set[str] = set()
    left = text.replace("＠", "@")
    for name, id in sorted(
        ((n, id) for id, names in people.items() for n in names if n), key=lambda each: -len(each[0])
    ):
        if f"@{name}" in left:
            found.add(id)
            left = left.replace(f"@{name}", " ")
    return found


# ---------------------------------------------------------------- a text to show


class Run(NamedTuple):
    """A part of a text: plain words, a link (`href`), or a name (`is_name`)."""

    text: str
    href: str = ""
    is_name: bool = False


def runs(text: str, names: Iterable[str] = ()) -> list[Run]:
    """Return a text in the runs that a page shows: web addresses as links, the names that were mentioned marked."""
    found: list[Run] = []
    at = 0
    for match in _WEB.finditer(text):
        address = match.group().rstrip(_TAIL)
        if not _is_web(address):
            continue
        found += _with_names(text[at : match.start()], names)
        found.append(Run(address, href=address))
        at = match.start() + len(address)
    return found + _with_names(text[at:], names)


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def _with_names(text: str, names: Iterable[str]) -> list[Run]:
    wanted = sorted((name for name in names if name), key=len, reverse=True)
    if not text:
        return []
    if not wanted:
        return [Run(text)]
    parts = re.split("([@＠](?:" + "|".join(re.escape(name) for name in wanted) + "))", text)
    return [Run(part, is_name=bool(number % 2)) for number, part in enumerate(parts) if part]


def opening(text: str, length: int = 80) -> str:
    """Return the beginning of a text in one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


# ---------------------------------------------------------------- places


def item_of(place: str) -> str | None:
    """Return the item that a place names, or None for a question, a sheet, or the case as a whole."""
    for start in (RATING, ITEM):
        if place.startswith(start):
            return place.removeprefix(start)
    return None


def code_of(place: str) -> dict[str, str]:
    """Return the code of a notice that names the place: only a question has a key that readers know."""
    return {"question": place} if place and not place.startswith((RATING, ITEM, SHEET)) else {}
