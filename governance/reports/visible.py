"""Letters that files of other programs cannot hold, or that could make a text read as another one, written so that they are seen."""

from __future__ import annotations

import re

# Control letters, what turns the direction of reading, halves of pairs, and no letters at all; line ends and tabs stay.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def visible(text: str) -> str:
    """Return the text with such letters as 〔U+0001〕, the way a report prints them."""
    return _HIDDEN.sub(lambda found: f"〔U+{ord(found[0]):04X}〕", text)
