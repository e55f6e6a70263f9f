"""The published JSON Schema of a record, made from the types that the record is composed with, so that the two cannot differ."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Mapping
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from governance.reports.content import SCHEMA, Content

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_PLAIN: Mapping[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
}


@functools.cache
def case_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of `record.json` of a case report."""
    shapes: dict[str, Any] = {}
    whole = _shape(Content, shapes)
    shapes["Content"]["properties"]["schema"] = {"const": SCHEMA}
    return {
        "$schema": DRAFT,
        "$id": f"urn:{SCHEMA.replace('/', ':')}",
        "title": "record.json",
        **whole,
        "$defs": shapes,
    }


def _shape(kind: Any, shapes: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a type; objects are put into `shapes` once and referred to."""
    if kind in _PLAIN:
        return dict(_PLAIN[kind])
    if is_typeddict(kind):
        return _object(kind, shapes)
    origin, given = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"enum": list(given)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_shape(each, shapes) for each in given]}
    if origin is list:
        return {"type": "array", "items": _shape(given[0], shapes)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _shape(given[1], shapes)}
    raise TypeError(f"{kind} has no place in a record")


def _object(kind: Any, shapes: dict[str, Any]) -> dict[str, Any]:
    if kind.__name__ not in shapes:
        made: dict[str, Any] = {"type": "object", "description": inspect.cleandoc(kind.__doc__ or "")}
        shapes[kind.__name__] = made
        hints = get_type_hints(kind, include_extras=True)
        optional = {name: get_args(hint)[0] for name, hint in hints.items() if get_origin(hint) is NotRequired}
        made["properties"] = {name: _shape(hint, shapes) for name, hint in (hints | optional).items()}
        made |= {"required": [name for name in hints if name not in optional], "additionalProperties": False}
    return {"$ref": f"#/$defs/{kind.__name__}"}
