"""Conditions as data: a small closed vocabulary that decides when a question is asked or a rule fires.

There is no expression language (design.md §3.3): a condition is a tree of `all / any / not / is / includes / at_least /
answered`, so it can be validated, read out as a sentence in both languages, and evaluated without running anybody's code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from governance.texts import Text, joined


class _Node(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class All(_Node):
    """Holds when every part holds."""

    all: list[Condition] = Field(min_length=1)


class AnyOf(_Node):
    """Holds when at least one part holds."""

    any: list[Condition] = Field(min_length=1)


class Not(_Node):
    """Holds when the part does not."""

    not_: Condition = Field(alias="not")


class Is(_Node):
    """Holds when the question was answered with one of the values; an unanswered question never holds."""

    question: str
    is_: list[str] = Field(alias="is", min_length=1)


class Includes(_Node):
    """Holds when the chosen values of a multiple choice (separated by a space) include the value."""

    question: str
    includes: str


class AtLeast(_Node):
    """Holds when the answer is a whole number not below the bound."""

    question: str
    at_least: int


class Answered(_Node):
    """Holds when the question has an answer (or has none, for `answered: false`)."""

    question: str
    answered: bool


def _kind(value: Any) -> str | None:
    keys = (
        value
        if isinstance(value, dict)
        else {"not" if k == "not_" else "is" if k == "is_" else k for k in type(value).model_fields}
    )
    return next(
        (name for name in ("all", "any", "not", "is", "includes", "at_least", "answered") if name in keys), None
    )


Condition = Annotated[
    Annotated[All, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[Is, Tag("is")]
    | Annotated[Includes, Tag("includes")]
    | Annotated[AtLeast, Tag("at_least")]
    | Annotated[Answered, Tag("answered")],
    Discriminator(_kind),
]

for _model in (All, AnyOf, Not):
    _model.model_rebuild()


def holds(condition: Condition | None, answers: Mapping[str, str]) -> bool:
    """Say whether the condition is met by `answers` (question key → value code); no condition is always met."""
    match condition:
        case None:
            return True
        case All(all=parts):
            return all(holds(part, answers) for part in parts)
        case AnyOf(any=parts):
            return any(holds(part, answers) for part in parts)
        case Not(not_=part):
            return not holds(part, answers)
        case _:
            return _leaf_holds(condition, answers.get(condition.question, ""))


def _leaf_holds(leaf: Is | Includes | AtLeast | Answered, value: str) -> bool:
    match leaf:
        case Is(is_=values):
            return value in values
        case Includes(includes=wanted):
            return wanted in value.split()
        case AtLeast(at_least=bound):
            return value.lstrip("-").isdecimal() and int(value) >= bound
        case Answered(answered=wanted_state):
            return bool(value) == wanted_state


def questions_of(condition: Condition | None) -> Iterator[str]:
    """Yield every question key the condition looks at."""
    match condition:
        case None:
            return
        case All(all=parts) | AnyOf(any=parts):
            for part in parts:
                yield from questions_of(part)
        case Not(not_=part):
            yield from questions_of(part)
        case _:
            yield condition.question


def sentence(condition: Condition, label: Callable[[str, str], Text]) -> Text:
    """Read the condition out in both languages; `label(question, value)` names a value as the filler saw it."""
    match condition:
        case All(all=parts):
            return joined([sentence(part, label) for part in parts], "、かつ", " and ")
        case AnyOf(any=parts):
            return joined([sentence(part, label) for part in parts], "、または", " or ")
        case Not(not_=part):
            return Text("「{part}」ではない", "not ({part})").filled(part=sentence(part, label))
        case _:
            return _leaf_sentence(condition, label).filled(key=condition.question)


def _leaf_sentence(leaf: Is | Includes | AtLeast | Answered, label: Callable[[str, str], Text]) -> Text:
    """Return the sentence of one look at a question; `{key}` is left for its key."""
    match leaf:
        case Is(question=key, is_=values):
            names = joined([label(key, value) for value in values], "」または「", "” or “")
            return Text(f"{{key}}が「{names.ja}」", f"{{key}} was answered “{names.en}”")
        case Includes(question=key, includes=value):
            name = label(key, value)
            return Text(f"{{key}}に「{name.ja}」を含む", f"{{key}} includes “{name.en}”")
        case AtLeast(at_least=bound):
            return Text(f"{{key}}が{bound}以上", f"{{key}} is at least {bound}")
        case Answered(answered=wanted):
            said = Text("{key}に回答がある", "{key} was answered")
            return said if wanted else Text("{key}に回答がない", "{key} was not answered")
