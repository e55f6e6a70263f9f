"""What all converters share: a plain tree becomes a questionnaire, and every problem says where in the imported file it lies.

A converter builds the same tree that a YAML file gives and hands it over together with a function that finds the place of a part; so
an imported document is checked by exactly the model a written one is checked by.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from governance.questionnaires.definition import Questionnaire
from governance.questionnaires.plain_yaml import unreadable
from governance.questionnaires.reading import OTHERWISE, SAID
from governance.refusals import Problem, Refusals
from governance.texts import Text, both

MAX_BYTES = 5_000_000
MAX_DEPTH = 60
HALF = re.compile("[\ud800-\udfff]")
MAX_AROUND = 2_000_000
"""How many characters the titles and conditions of sections may have together, each with those of everything around it."""
Path = tuple[str | int, ...]
Found = Callable[[str, Path, Text], Problem]
"""Makes a problem of a code, the path of a part of the tree, and a sentence: puts the place where the sentence belongs."""


@dataclass(frozen=True)
class Imported:
    """A converted questionnaire and what its author should look at: each note names the place it speaks of."""

    questionnaire: Questionnaire
    notes: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Defaults:
    """What a foreign format cannot say about a questionnaire; chosen by the person who imports it."""

    key: str
    version: str = "1.0"
    kind: str = "pack"
    framework: str = "hitachi-ai-ethics"
    phase: str | None = None
    pack: str | None = None
    item: str | None = None

    def head(self) -> dict[str, Any]:
        """Return the head of a questionnaire tree."""
        given = {
            "key": self.key,
            "version": self.version,
            "kind": self.kind,
            "framework": self.framework,
            "phase": self.phase,
            "pack": self.pack,
        }
        return {name: value for name, value in given.items() if value is not None}


def validated(tree: Any, found: Found) -> Questionnaire:
    """Return the questionnaire of a tree; raise Refusals with every problem at its place."""
    try:
        return Questionnaire.model_validate_json(json.dumps(tree, ensure_ascii=False))
    except ValidationError as error:
        raise Refusals([_problem(each, found) for each in error.errors()]) from error


def _problem(error: Any, found: Found) -> Problem:
    path: Path = tuple(part for part in error["loc"] if part != "Text")
    values = {
        "field": ".".join(str(part) for part in path[-2:]) or "—",
        "input": str(error.get("input"))[:60],
        "message": error["msg"],
        "expected": error.get("ctx", {}).get("expected", ""),
    }
    return found(error["type"], path, SAID.get(error["type"], OTHERWISE).filled(**values))


def at_path(code: str, place: str, text: Text) -> Problem:
    """Return a problem whose place is a path inside a JSON or YAML document."""
    return Problem(
        f"interchange.{code}", Text("{place}：{text}", "{place}: {text}").filled(place=place, text=text), place
    )


def dotted(path: Path) -> str:
    """Return a path as people write it: pages[0].elements[2].title."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".") or "—"


def parsed_json(content: bytes) -> Any:
    """Return a JSON document that was sent as bytes; raise Refusals when it is too large, too deep, or says one thing twice."""
    if len(content) > MAX_BYTES:
        raise _unreadable(Text("ファイルが大きすぎます（上限5 MB）。", "The file is too large (limit 5 MB)."))
    try:
        text = content.decode("utf-8-sig")
        _must_be_flat(text)
        found = json.loads(text, object_pairs_hook=once, parse_float=str, parse_constant=_no_number)
        _must_be_letters(found)
        return found
    except json.JSONDecodeError as error:
        said = Text(
            "JSONとして読めません（{line}行{column}列）。", "Not readable as JSON (line {line}, column {column})."
        )
        raise _unreadable(said.filled(line=error.lineno, column=error.colno)) from error
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise _unreadable(Text("JSONとして読めません。", "Not readable as JSON.")) from error


def _unreadable(text: Text) -> Refusals:
    return Refusals([Problem("interchange.unreadable", text)])


def _must_be_flat(text: str) -> None:
    """Refuse brackets nested beyond any sensible document before a parser follows them; quotes do not matter for a bound."""
    depth = deepest = 0
    for letter in text:
        if letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}":
            depth -= 1
    if deepest > MAX_DEPTH * 4:
        raise _unreadable(Text("入れ子が深すぎます。", "The document is nested too deeply."))


def _must_be_letters(found: Any) -> None:
    """Refuse half pairs, which JSON can write as an escape and no text can hold."""
    rest = [found]
    while rest:
        part = rest.pop()
        if isinstance(part, dict):
            rest += [*part, *part.values()]
        elif isinstance(part, list):
            rest += part
        elif isinstance(part, str) and (wrong := HALF.search(part)):
            raise _unreadable(unreadable(wrong[0]))


def spending() -> Callable[..., None]:
    """Return what counts the texts a section repeats from around it; it raises Refusals beyond MAX_AROUND."""
    left = MAX_AROUND

    def spend(*texts: str) -> None:
        nonlocal left
        left -= sum(50 + len(text) for text in texts)
        if left < 0:
            raise _unreadable(
                Text("入れ子が深すぎるか、題名が長すぎます。", "Nested too deeply, or the titles are too long.")
            )

    return spend


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the mapping of a JSON object; raise Refusals when a name stands in it twice."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            said = Text("「{key}」が二度書かれています。", "“{key}” is written twice.").filled(key=key[:60])
            raise _unreadable(said)
        found[key] = value
    return found


def _no_number(word: str) -> Any:
    raise ValueError(word)


def one_language(text: str) -> dict[str, str]:
    """Return a text of which only one language is there, on both sides; the importer notes that it needs translation."""
    return both(text).as_dict()


def needs_translation(place: str) -> Problem:
    """Return the note for a text that came in one language only."""
    said = Text("片方の言語しかありません。訳が必要です。", "Only one language is there; it needs translation.")
    return at_path("needs_translation", place, said)
