"""Writing a document as YAML that people can read and change, and that reads back as exactly the same document.

The order is that of the vocabulary, what is at its default is left out, and every text takes one line per language, so that two
versions can be compared line by line with any tool. The emitter is small on purpose: it writes plain words where every reader of
YAML (1.1 or 1.2) takes them for text, and quotes everything else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from governance.questionnaires.definition import Framework, Questionnaire

_WORDS = frozenset(["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf", "~"])
_NUMBER_LIKE = re.compile(r"[-+.]?[0-9][0-9A-Fa-fxobT.,:eE+\-/_ Z]*|[-+]?\.(inf|nan)", re.IGNORECASE)
_OPENING = "（「『【〈《“‘〔［○◎△×※★"
"""Signs besides letters and digits that a plain text may begin with."""

_INDENT = "  "
_FLOW_WIDTH = 100
"""Longest mapping of codes that is written on one line."""


def written(document: Framework | Questionnaire) -> str:
    """Return the document as YAML; `reading.read_text` gives the same document back."""
    return written_tree(plain(document))


def written_tree(tree: dict[str, Any]) -> str:
    """Return plain values as YAML in the order they have: for a draft that is no sound document yet."""
    return "\n".join(_mapping(tree, "")) + "\n"


def plain(part: BaseModel) -> dict[str, Any]:
    """Return a part as plain values in the order of its fields, without what is at its default."""
    values = part.model_dump(mode="json", by_alias=True)
    return _sparse(part, values)


def _sparse(part: BaseModel, values: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in type(part).model_fields.items():
        word = field.alias or name
        if not field.is_required() and _dumped(field.get_default(call_default_factory=True)) == values[word]:
            continue
        found[word] = _inner(getattr(part, name), values[word])
    return found


def _inner(value: Any, dumped: Any) -> Any:
    """Leave defaults out of the parts inside a value too."""
    if isinstance(value, BaseModel):
        return _sparse(value, dumped)
    if isinstance(value, list):
        return [_inner(each, plain_each) for each, plain_each in zip(value, dumped, strict=True)]
    return dumped


def _dumped(default: Any) -> Any:
    """Return a default as it stands in a dump: a number with decimals is written as text there."""
    return default if default is None or isinstance(default, bool | int | str | list | dict) else str(default)


def _mapping(values: dict[str, Any], indent: str) -> Iterator[str]:
    for name, value in values.items():
        word = _scalar(name, flow=True)
        if (line := _on_one_line(value)) is not None:
            yield f"{indent}{word}: {line}"
        elif isinstance(value, dict):
            yield f"{indent}{word}:"
            yield from _mapping(value, indent + _INDENT)
        else:
            yield f"{indent}{word}:"
            yield from _sequence(value, indent + _INDENT)


def _sequence(values: list[Any], indent: str) -> Iterator[str]:
    for value in values:
        if (line := _on_one_line(value)) is not None:
            yield f"{indent}- {line}"
            continue
        lines = _mapping(value, indent + _INDENT) if isinstance(value, dict) else _sequence(value, indent + _INDENT)
        for number, each in enumerate(lines):
            yield f"{indent}- {each.lstrip(' ')}" if number == 0 else each


def _on_one_line(value: Any) -> str | None:
    """Return a value that fits on the line of its name: a single value, codes, or a small mapping of codes; None for others."""
    if not isinstance(value, dict | list):
        return _scalar(value)
    if not value:
        return "{}" if isinstance(value, dict) else "[]"
    inner = list(value.values()) if isinstance(value, dict) else value
    if isinstance(value, dict) and "ja" in value:
        return None
    if any(isinstance(each, dict) or (isinstance(each, list) and _nested(each)) for each in inner):
        return None
    line = _flow(value)
    return line if isinstance(value, list) or len(line) <= _FLOW_WIDTH else None


def _nested(values: list[Any]) -> bool:
    return any(isinstance(each, dict | list) for each in values)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(name, flow=True)}: {_flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value, flow=True)


def _scalar(value: Any, *, flow: bool = False) -> str:
    """Return a single value: words of YAML for true, false and null, digits for whole numbers, text plain or in quotes."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return value if _is_plain(value, flow) else _quoted(value)


def _is_plain(text: str, flow: bool) -> bool:
    """Say whether every reader takes the text, written without quotes, for this very text."""
    if not text or not (text[0].isalnum() or text[0] in _OPENING) or text[-1] in " :":
        return False
    if text.lower() in _WORDS or _NUMBER_LIKE.fullmatch(text):
        return False
    if any(not each.isprintable() and each != "\u3000" for each in text) or text[-1] == "\u3000":
        return False
    return not any(sign in text for sign in (",[]{}:#" if flow else (": ", " #")))


def _quoted(text: str) -> str:
    """Return the text in double quotes; what cannot be seen (controls, direction marks) is written as its number."""
    return "".join(_escaped(each) for each in json.dumps(text, ensure_ascii=False))


def _escaped(sign: str) -> str:
    if sign.isprintable() or sign == "\u3000":
        return sign
    return f"\\u{ord(sign):04X}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08X}"
