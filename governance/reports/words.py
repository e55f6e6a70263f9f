"""Words of a report: a sentence in both languages, a person's own words in one, or nothing.

Templates ask these functions what to print, so that a missing half or an empty value is treated alike everywhere.
"""

from __future__ import annotations

import re
from typing import TypedDict

# Kana, ideographs, full-width forms: enough to tell a Japanese sentence from an English one for the `lang` attribute.
_JAPANESE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uff01-\uff9f\U00020000-\U0003ffff]")


class Bilingual(TypedDict):
    """One sentence in both languages."""

    ja: str
    en: str


Words = str | Bilingual | None


class Coded(TypedDict):
    """A stable code with the words it had when the content was frozen."""

    code: str
    name: Words


def side(words: Words, locale: str) -> str:
    """Return the words for one language; the other language where that half is missing, "" for nothing."""
    if words is None or isinstance(words, str):
        return words or ""
    return (words["en"] or words["ja"]) if locale == "en" else (words["ja"] or words["en"])


def is_blank(words: Words) -> bool:
    """Say whether there is nothing to print, so that 「記載なし」 must be."""
    return not side(words, "ja").strip()


def is_pair(words: Words) -> bool:
    """Say whether the two halves exist and differ, so that a report in both languages prints both."""
    return (
        isinstance(words, dict)
        and bool(words["ja"].strip())
        and bool(words["en"].strip())
        and words["ja"] != words["en"]
    )


def tongue(text: str) -> str:
    """Return the language of a sentence somebody entered, for line breaking and reading aloud."""
    return "ja" if _JAPANESE.search(text) else "en"


def wants_mark(text: str, locale: str) -> bool:
    """Say whether entered text needs its own element: it has lines of its own, or is a sentence in the other language."""
    return "\n" in text or (len(text) > 2 and tongue(text) != locale and (locale == "en" or len(text) > 60))
