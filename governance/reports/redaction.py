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
PEOPLE = "people"
"""Sort of what names a person: told by name or by role, never left out."""
LEFT_OUT: Bilingual = {"ja": "（開示範囲外）", "en": "(left out)"}
"""What stands where a profile took words away beside others that stay, so that nothing reads as if it had never been stated."""
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
    finals_only: bool
    digest: str

    @property
    def keeps_all(self) -> bool:
        """Say whether nothing is left out."""
        return self.code == INTERNAL

    @property
    def registered(self) -> str:
        """How case reports and papers stand in the register: without a profile when they hold everything, as before there were any."""
        return "" if self.keeps_all else self.code

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
        bool(row.get("finals_only")),
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


def refuse_draft(kept: Profile, is_draft: bool) -> None:
    """Refuse to issue the report of a case without a decision to readers who are told results alone."""
    if is_draft and kept.finals_only:
        raise Refusal(
            "reports.draft_profile",
            "審査結果の前の案は「{name}」では発行できません。審査結果のあとに発行してください。",
            "A draft cannot be issued as “{name}”. Issue it once there is a decision.",
            place="profile",
            name=kept.name,
        )


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
        if sort == PEOPLE or kept.keeps(sort)
    ]
    return {**block, "rows": rows} if rows else None


def _table(block: Block, matter: str | Sequence[str], kept: Profile) -> Block | None:
    sorts = [matter] * len(block["head"]) if isinstance(matter, str) else matter
    stay = [at for at, sort in enumerate(sorts) if sort == PEOPLE or kept.keeps(sort)]
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
    return replaced(value, ordered(roles))


def ordered(roles: Mapping[str, Words]) -> Sequence[tuple[str, Words]]:
    """Return names with their roles in the order in which they are looked for."""
    return [(name, roles[name]) for name in sorted(filter(None, roles), key=len, reverse=True)]


def replaced(value: Any, pairs: Sequence[tuple[str, Words]], locale: str = "ja") -> Any:
    """Return a content with names of an `ordered` list replaced."""
    if isinstance(value, str):
        for name, role in pairs:
            if name in value:
                value = value.replace(name, f"［{_side(role, locale)}］")
        return value
    if isinstance(value, dict):
        return {key: replaced(each, pairs, key if key in ("ja", "en") else locale) for key, each in value.items()}
    return [replaced(each, pairs, locale) for each in value] if isinstance(value, list) else value


def _side(words: Words, locale: str) -> str:
    if isinstance(words, dict):
        pair: Bilingual = words
        return pair["en"] if locale == "en" else pair["ja"]
    return words or "—"
