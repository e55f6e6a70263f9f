"""The one way to write a JSON value as bytes, and the strict way to read it back.

It is RFC 8785 narrowed to what the ledger allows: text, whole numbers below 2^53, true, false, null, arrays and objects, no
fractions. In that range the sorted, compact form of the standard library is RFC 8785 byte for byte (a test compares it with the
`rfc8785` package); keys are ASCII, so that both sort orders agree. Nothing of the service is imported: an auditor can read this alone.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

LARGEST = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly."""


class NotCanonical(ValueError):
    """The value or the bytes are outside of the canonical form."""


def canonical(value: Any) -> bytes:
    """Return the canonical bytes of a JSON value. Raises NotCanonical for anything the ledger does not allow."""
    _allow(value)
    return _dump(value)


def strict(body: bytes) -> Any:
    """Return the value of canonical bytes. Raises NotCanonical when writing it again would not give the same bytes."""
    try:
        value = _DECODER.decode(body.decode("utf-8"))
        same = _dump(value) == body
    except (UnicodeError, ValueError, RecursionError) as error:
        raise NotCanonical(str(error)) from error
    if not same:
        raise NotCanonical("the bytes are not the canonical form of their value")
    return value


def _dump(value: Any) -> bytes:
    try:
        return _ENCODER.encode(value).encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotCanonical("half of a surrogate pair is not text") from error


def _allow(value: Any) -> None:
    """Refuse what has no canonical form here."""
    if value is None or isinstance(value, (bool, str)):
        return
    if isinstance(value, int):
        _whole(str(value))
    elif isinstance(value, dict):
        for key, inner in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise NotCanonical(f"{key!r} is not an ASCII key")
            _allow(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _allow(inner)
    else:
        raise NotCanonical(f"{type(value).__name__} has no canonical form")


def _no_fraction(written: str) -> NoReturn:
    raise NotCanonical(f"{written} is not a whole number")


def _whole(written: str) -> int:
    number = int(written)
    if abs(number) > LARGEST:
        raise NotCanonical(f"{written} is too large to be kept exactly")
    return number


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
_DECODER = json.JSONDecoder(parse_float=_no_fraction, parse_constant=_no_fraction, parse_int=_whole)
