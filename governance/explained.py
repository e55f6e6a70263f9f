"""How settings are explained: what one means, which values it takes, and what holds without it, in both languages.

Kept beside the fields, so that `docs/settings.md`, which is generated from it, cannot fall behind.
"""

from __future__ import annotations

from typing import NamedTuple

from governance.texts import Text

NUMBER = "{low}から{high}までの整数", "a whole number from {low} to {high}"
TRUTH = Text("true または false", "true or false")
TEXT = Text("文字列", "text")


class Explained(NamedTuple):
    """What a setting means and which values it takes; `default` says in words what cannot be shown as a value."""

    about: Text
    allowed: Text
    default: Text | None = None
