"""The English wording of the interface, read from the `.po` files themselves, so that no build step can be forgotten.

Japanese is the language of the source: a sentence is its own key. Every feature keeps one file in
`translations/en/LC_MESSAGES/`; they are merged when the program starts, and a test fails on a missing or empty sentence.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask_babel import Domain, get_locale

from governance.paths import TRANSLATIONS

FOLDER = TRANSLATIONS / "en" / "LC_MESSAGES"


def read(folder: Path = FOLDER) -> Catalog:
    """Return all `.po` files of `folder` as one catalogue; raise `ValueError` when two files disagree on a sentence."""
    merged = Catalog(locale="en")
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            part = read_po(file, locale="en")
        for message in part:
            if not message.id:
                continue
            known = merged.get(message.id)
            if known is not None and known.string != message.string:
                raise ValueError(f"{path.name}: {message.id!r} has another wording in an earlier file")
            merged.add(message.id, message.string, flags=message.flags)
    return merged


@cache
def english() -> Translations:
    """Return the English wording, ready for gettext."""
    compiled = BytesIO()
    write_mo(compiled, read())
    compiled.seek(0)
    return Translations(compiled)


class Wording(Domain):  # type: ignore[misc]
    """The one gettext domain: English from the catalogue, Japanese as written."""

    def get_translations(self) -> NullTranslations:
        """Return the wording for the language of this request."""
        return english() if str(get_locale()) == "en" else NullTranslations()
