"""The smallest parts of every document: keys, versions, exact numbers, days, and what has a code and a name.

They stand apart so that the vocabulary of questions, of frameworks and of scoring methods can each be read alone. Everything is
strict and frozen: a value of the wrong kind is refused where it is read, and nothing changes after that.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints

from governance.texts import Text

Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,62}$")]
ValueCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9}){0,2}$")]

PLAIN_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
"""How exact numbers are written, and written back. No exponents: exact arithmetic on 1e-999999999 would need a billion digits."""


def _decimal(value: object) -> object:
    """Accept decimals written as text, so that no binary fraction comes into the score."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return value
    if not PLAIN_DECIMAL.fullmatch(value):
        raise ValueError("not a decimal number")
    return Decimal(value)


def _day(value: object) -> object:
    return date.fromisoformat(value) if isinstance(value, str) else value


Exact = Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0, le=1000)]
Bound = Annotated[Decimal, BeforeValidator(_decimal), Field(ge=-(10**12), le=10**12), PlainSerializer(str)]
Day = Annotated[date, BeforeValidator(_day)]


class Part(BaseModel):
    """A part of a document: unknown fields are refused, nothing is converted, nothing changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Named(Part):
    """Anything with a code and a name in both languages."""

    code: Key
    name: Text


NamedT = TypeVar("NamedT", bound=Named)


def find(parts: list[NamedT], code: str) -> NamedT:
    """Return the part with this code; KeyError when there is none."""
    for part in parts:
        if part.code == code:
            return part
    raise KeyError(code)
