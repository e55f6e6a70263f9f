"""A stored score read back into the value it was made from, so that a report says about an old snapshot what the pages said then.

Snapshots hold the score as plain JSON with decimals as text (screenings/snapshots.py `plain`); the sentences that explain it are
made from the `Score` alone (screenings/explain.py).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from governance.screenings.result import Score


def revived(plain: Mapping[str, Any]) -> Score:
    """Return the score of a snapshot. Parts that a later version of the program no longer knows are left out."""
    return _value(Score, plain)  # type: ignore[no-any-return]


@functools.cache
def _hints(kind: type) -> Mapping[str, Any]:
    """Return the annotations of a dataclass: worked out once, for they are compiled from text each time."""
    return get_type_hints(kind)


def _value(kind: Any, plain: Any) -> Any:
    """Return a plain value as the annotated kind: dataclass, tuple, decimal, optional or as it is."""
    if get_origin(kind) in {Union, UnionType}:
        return None if plain is None else _value(next(arg for arg in get_args(kind) if arg is not NoneType), plain)
    if get_origin(kind) is tuple:
        return tuple(_value(get_args(kind)[0], part) for part in plain)
    if kind is Decimal:
        return Decimal(plain)
    if is_dataclass(kind):
        hints = _hints(kind)  # type: ignore[arg-type]
        return kind(
            **{each.name: _value(hints[each.name], plain[each.name]) for each in fields(kind) if each.name in plain}
        )  # type: ignore[operator]
    return plain
