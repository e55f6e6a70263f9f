"""Takes out of the content of a case report what its profile leaves out, before the record is made.

A new content is built field by field from the published shape (content.py): a field stays when the profile keeps its sort of matter
(case_matter.py), people stay as roles, and names inside texts become roles. Words taken away beside others that stay are replaced by
`LEFT_OUT`, so that the report never says "none stated" of what was stated. Sections with nothing left go. Pure.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

from governance.reports.case_matter import FACTS, MATTER, PARTS, SCOPE, inner
from governance.reports.content import Content
from governance.reports.redaction import LEFT_OUT, PEOPLE, UNSORTED, Profile, ordered, replaced
from governance.reports.words import Bilingual, Words, is_blank, side

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PLAIN = frozenset({"product", "figures", "digests"})
"""Sorts that hold nothing people wrote, where no name is looked for."""
_PRINTS = {"questions": "details"}
"""Sections that print a part of the content of another name."""
_MORE = frozenset({"triggers"})
"""Sections that print more than the part they are named after."""
_KINDS = frozenset({"user", "job", "system"})
"""What stands in place of an actor who is no person."""


@dataclass(frozen=True)
class Roles:
    """What stands in place of people: `names` by every name of theirs, also within texts, `parts` by their id in the content."""

    names: Mapping[str, Words]
    parts: Mapping[str, Words]


def redacted_case(content: Content, kept: Profile, roles: Roles) -> Content:
    """Return the content as a profile tells it; the same content when it holds everything."""
    if kept.keeps_all:
        return content
    walk = _Walk(kept, roles)
    made = walk.told(Content, content)
    made["people"] = {new: {"name": None, "role": roles.parts.get(old)} for old, new in walk.people.items()}
    made["profile"] = kept.stamp()
    if kept.marked:
        made["document"]["classification"] = {"ja": kept.marked.ja, "en": kept.marked.en}
    made["sections"] = [each for each in made["sections"] if _stays(each["key"], content, made, kept)]
    return made  # type: ignore[return-value]


def _stays(key: str, content: Any, made: Any, kept: Profile) -> bool:
    """Say whether a section has anything to tell: its part was not left out as a whole, nor emptied."""
    name = _PRINTS.get(key, key)
    sort = MATTER["Content"].get(name, PARTS)
    if name not in content or name in _MORE:
        return True
    return (sort in (PARTS, FACTS, PEOPLE) or kept.keeps(sort)) and bool(made[name]) >= bool(content[name])


@dataclass
class _Walk:
    kept: Profile
    roles: Roles
    people: dict[str, str] = field(default_factory=dict)

    @functools.cached_property
    def names(self) -> Any:
        return ordered(self.roles.names)

    def told(self, kind: type, value: Any) -> dict[str, Any]:
        """Return an object of a shape with the fields of the shape alone."""
        sorts = MATTER.get(kind.__name__, {})
        return {
            name: self.value(hint, value[name], sorts.get(name, UNSORTED))
            for name, hint in _fields(kind).items()
            if name in value
        }

    def value(self, hint: Any, value: Any, sort: str) -> Any:
        """Return the value of a field as the profile tells it."""
        shape = inner(hint)
        if value is None or (shape is not None and sort == PEOPLE):
            return value if value is None else {}
        if sort == PEOPLE:
            return self.person(hint, value)
        if sort == FACTS:
            return [told for each in value if (told := self.fact(each)) is not None]
        if sort != PARTS and not self.kept.keeps(sort):
            return _emptied(hint, value)
        if shape is None:
            return value if sort in _PLAIN else replaced(value, self.names)
        return self.objects(shape, value)

    def objects(self, shape: type, value: Any) -> Any:
        if not isinstance(value, list):
            return None if value is None else self.told(shape, value)
        found = [self.objects(shape, each) for each in value]
        return [each for each in found if not self.tells_a_digest(each)]

    def tells_a_digest(self, value: Any) -> bool:
        """Say whether a fact is nothing but a digest, which this profile leaves out."""
        text = value.get("text") if isinstance(value, dict) and value.keys() == {"term", "text"} else None
        return isinstance(text, str) and bool(_DIGEST.fullmatch(text)) and not self.kept.keeps("digests")

    def fact(self, value: Any) -> Any:
        """Return a row of section 2, or nothing: the title says what it tells of."""
        sort = SCOPE.get(side(value["term"], "ja"), UNSORTED)
        if not self.kept.keeps(sort):
            return None
        text = value["text"]
        return {"term": value["term"], "text": text if sort in _PLAIN else replaced(text, self.names)}

    def person(self, hint: Any, value: Any) -> Any:
        """Return what stands for a person: a number in this report for an id, the role for a name."""
        if Bilingual not in get_args(hint):
            return self.people.setdefault(value, f"P{len(self.people) + 1}")
        found = self.roles.names.get(side(value, "ja"))
        nobody = isinstance(value, str) and value in _KINDS
        return value if found is None and nobody else found or LEFT_OUT


@functools.cache
def _fields(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _emptied(hint: Any, value: Any) -> Any:
    """Return what stands in place of a value that is left out: nothing, and of words that there were some."""
    options = get_args(hint)
    if Bilingual in options:
        return None if value is None or is_blank(value) else LEFT_OUT
    if get_origin(hint) is list:
        return [LEFT_OUT] if value and Bilingual in get_args(options[0]) else []
    if type(None) in options or hint is type(None):
        return None
    if is_typeddict(hint):
        return {name: _emptied(each, None) for name, each in _fields(hint).items()}
    if get_origin(hint) is Literal:
        return options[0]
    return {} if get_origin(hint) is dict else "" if hint is str else hint(0)
