"""Bilingual text as one value, because every sentence the product shows exists in Japanese and in English.

Questionnaires, frameworks, refusals and reports all carry such pairs; the page or report chooses one side, or both, when it
is shown. Interface labels of templates use gettext instead (docs/decisions).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

Locale = Literal["ja", "en"]
LOCALES: tuple[Locale, ...] = ("ja", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or label in both languages; neither side may be empty."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "str_min_length": 1, "strict": True}

    ja: str
    en: str

    def in_(self, locale: str) -> str:
        """Return the side for `locale`; Japanese for anything that is not English."""
        return self.en if locale == "en" else self.ja

    def filled(self, **values: object) -> Text:
        """Return the text with `{name}` places filled on both sides; a `Text` value gives its own side."""
        ja, en = (
            {key: value.in_(side) if isinstance(value, Text) else value for key, value in values.items()}
            for side in LOCALES
        )
        return Text(self.ja.format_map(ja), self.en.format_map(en))

    def as_dict(self) -> dict[str, str]:
        """Return `{"ja": …, "en": …}`, the form in snapshots and reports."""
        return {"ja": self.ja, "en": self.en}


def both(value: str) -> Text:
    """Return text that reads the same in both languages (a key, a number, a name entered once)."""
    return Text(value, value)


def joined(texts: Iterable[Text], ja: str = "、", en: str = ", ") -> Text:
    """Return the texts in one line, with the separator of each language."""
    texts = list(texts)
    return Text(ja.join(t.ja for t in texts), en.join(t.en for t in texts))


ERASED = Text("（消去された文）", "(text was erased)")
"""What stands where a text was erased."""
ERASED_BOTH = f"{ERASED.ja} {ERASED.en}"
"""The same in a stored text that both languages show."""
