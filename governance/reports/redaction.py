"""Takes content out of a report before its record is made, so that a profile never only hides what it must not tell.

Composers say of every block what sort of matter it is; a profile keeps the sorts it names and nothing else, so whatever nobody has
sorted is left out (seeds/report-profiles.yaml). Pure: content in, content out; the same profile gives the same content.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785
from ruamel.yaml import YAML

from governance.paths import SEEDS
from governance.refusals import Refusal
from governance.reports.words import Bilingual, Words
from governance.texts import Text

FILE = SEEDS / "report-profiles.yaml"
INTERNAL = "internal"
UNSORTED = ""
Block = dict[str, Any]


@dataclass(frozen=True)
class Profile:
    """What a profile keeps; `digest` is of its definition, `marked` the classification that replaces that of the house."""

    code: str
    name: Text
    about: Text
    matter: frozenset[str]
    names_people: bool
    marked: Text | None
    digest: str

    @property
    def keeps_all(self) -> bool:
        """Say whether nothing is left out."""
        return self.code == INTERNAL

    def keeps(self, matter: str) -> bool:
        """Say whether content of this sort stays."""
        return self.keeps_all or matter in self.matter

    def stamp(self) -> dict[str, Any]:
        """Return what a record says of its profile."""
        return {"code": self.code, "name": {"ja": self.name.ja, "en": self.name.en}, "digest": self.digest}


@functools.cache
def profiles(file: Path = FILE) -> Mapping[str, Profile]:
    """Return the profiles by code, in the order of the file."""
    given = YAML(typ="safe").load(file.read_text(encoding="utf-8"))["profiles"]
    return {code: _profile(code, row) for code, row in given.items()}


def _profile(code: str, row: Mapping[str, Any]) -> Profile:
    marked = row.get("marked")
    return Profile(
        code,
        Text(**row["name"]),
        Text(**row["about"]),
        frozenset(row["matter"]),
        row["people"] == "names",
        Text(**marked) if marked else None,
        hashlib.sha256(rfc8785.dumps({"code": code, **row})).hexdigest(),
    )


def profile(code: str) -> Profile:
    """Return a profile by its code; the one that holds everything for none. Raises Refusal for an unknown one."""
    found = profiles().get(code or INTERNAL)
    if found is None:
        raise Refusal(
            "reports.profile", "開示範囲を選んでください。", "Choose what the report may disclose.", place="profile"
        )
    return found


# -- blocks: facts, tables, texts, figures -------------------------------------------------------------------------------------


def redacted(sections: Iterable[Block], kept: Profile, roles: Mapping[str, Words] | None = None) -> list[Block]:
    """Return the sections as a profile tells them, without those of which nothing is left.

    `roles` maps names of people to their roles, for names that somebody wrote into a text.
    """
    found = []
    for section in sections:
        blocks = [each for each in (_block(block, kept) for block in section["blocks"]) if each is not None]
        if blocks:
            found.append({**section, "blocks": blocks})
    return found if kept.names_people or not roles else unnamed(found, roles)


def _block(block: Block, kept: Profile) -> Block | None:
    kind = block["kind"]
    if kind == "part":
        inner = [each for each in (_block(one, kept) for one in block["blocks"]) if each is not None]
        return {**block, "blocks": inner} if inner else None
    plain = {name: value for name, value in block.items() if name != "matter"}
    matter = block.get("matter", UNSORTED)
    if kind == "facts":
        return _facts(plain, matter, kept)
    if kind == "table":
        return _table(plain, matter, kept)
    return plain if kept.keeps(matter) else None


def _facts(block: Block, matter: str | Sequence[str], kept: Profile) -> Block | None:
    sorts = [matter] * len(block["rows"]) if isinstance(matter, str) else matter
    rows = [
        [label, _told(value, kept)]
        for (label, value), sort in zip(block["rows"], sorts, strict=True)
        if sort == "people" or kept.keeps(sort)
    ]
    return {**block, "rows": rows} if rows else None


def _table(block: Block, matter: str | Sequence[str], kept: Profile) -> Block | None:
    sorts = [matter] * len(block["head"]) if isinstance(matter, str) else matter
    stay = [at for at, sort in enumerate(sorts) if sort == "people" or kept.keeps(sort)]
    if not stay:
        return None
    made = {
        **block,
        "head": [block["head"][at] for at in stay],
        "rows": [[_told(row[at], kept) for at in stay] for row in block["rows"]],
    }
    if "widths" in block:
        made["widths"] = [block["widths"][at] for at in stay]
    return made


def _told(value: Any, kept: Profile) -> Any:
    """Return a cell; a person is told by name or by role."""
    if isinstance(value, dict) and "person" in value:
        return value["person"] if kept.names_people and value["person"] else value["role"]
    return value


# -- names of people inside of texts ---------------------------------------------------------------------------------------------


def unnamed(value: Any, roles: Mapping[str, Words]) -> Any:
    """Return a content in which every name of `roles` stands as its role, wherever in a text it is; the longest names first."""
    ordered = sorted((name for name in roles if name), key=len, reverse=True)
    return _replaced(value, [(name, roles[name]) for name in ordered], "ja")


def _replaced(value: Any, pairs: Sequence[tuple[str, Words]], locale: str) -> Any:
    if isinstance(value, str):
        for name, role in pairs:
            if name in value:
                value = value.replace(name, f"［{_side(role, locale)}］")
        return value
    if isinstance(value, dict):
        return {key: _replaced(each, pairs, key if key in ("ja", "en") else locale) for key, each in value.items()}
    return [_replaced(each, pairs, locale) for each in value] if isinstance(value, list) else value


def _side(words: Words, locale: str) -> str:
    if isinstance(words, dict):
        pair: Bilingual = words
        return pair["en"] if locale == "en" else pair["ja"]
    return words or "—"
