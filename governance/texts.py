"""Bilingual text as one value, because every sentence the product shows exists in Japanese and in English.

Questionnaires, frameworks, refusals and reports all carry such pairs; the page or report chooses one side, or both, when it
is shown. Interface labels of templates use gettext instead (docs/decisions).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Locale = Literal["ja", "en"]
LOCALES: tuple[Locale, ...] = ("ja", "en")


class Text(NamedTuple):
    """One sentence or label in both languages."""

    ja: str
    en: str

    def in_(self, locale: str) -> str:
        """Return the side for `locale`; Japanese for anything that is not English."""
        return self.en if locale == "en" else self.ja

    def filled(self, **values: object) -> Text:
        """Return the text with `{name}` places filled on both sides; a `Text` value gives its own side."""
        sides = [{key: value.in_(side) if isinstance(value, Text) else value for key, value in values.items()} for side in LOCALES]
        return Text(self.ja.format_map(sides[0]), self.en.format_map(sides[1]))
