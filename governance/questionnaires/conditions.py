"""Conditions as data: a small closed vocabulary that decides when a question is asked or a rule fires.

There is no expression language (design.md §3.3): a condition is a tree of `all / any / not / is / includes / at_least /
answered / in_pack / in_phase`, so it can be validated, read out as a sentence in both languages, and evaluated without running
anybody's code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from governance.texts import Text, joined

NUMBER = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,6})?")
"""How a number stands in an answer: digits, at most six after the point."""


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
    """Holds when the answer is a number not below the bound."""

    question: str
    at_least: int


class Answered(_Node):
    """Holds when the question has an answer (or has none, for `answered: false`)."""

    question: str
    answered: bool


class InPack(_Node):
    """Holds when the pack is attached to the screening."""

    in_pack: str


class InPhase(_Node):
    """Holds when the screening is one of this phase."""

    in_phase: str


WORDS = ("all", "any", "not", "is", "includes", "at_least", "answered", "in_pack", "in_phase")


def _kind(value: Any) -> str | None:
    fields = value if isinstance(value, dict) else getattr(type(value), "model_fields", ())
    keys = fields if isinstance(value, dict) else {k.removesuffix("_") for k in fields}
    return next((name for name in WORDS if name in keys), None)


Condition = Annotated[
    Annotated[All, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[Is, Tag("is")]
    | Annotated[Includes, Tag("includes")]
    | Annotated[AtLeast, Tag("at_least")]
    | Annotated[Answered, Tag("answered")]
    | Annotated[InPack, Tag("in_pack")]
    | Annotated[InPhase, Tag("in_phase")],
    Discriminator(_kind),
]

for _model in (All, AnyOf, Not):
    _model.model_rebuild()


Leaf = Is | Includes | AtLeast | Answered


def holds(  # noqa: PLR0911 — one line per word of the vocabulary
    condition: Condition | None, answers: Mapping[str, str], packs: Container[str] = (), phase: str = ""
) -> bool:
    """Say whether the condition is met; no condition is always met.

    `answers` maps question key → value code, `packs` are those attached, `phase` is that of the screening.
    """
    match condition:
        case None:
            return True
        case All(all=parts):
            return all(holds(part, answers, packs, phase) for part in parts)
        case AnyOf(any=parts):
            return any(holds(part, answers, packs, phase) for part in parts)
        case Not(not_=part):
            return not holds(part, answers, packs, phase)
        case InPack(in_pack=pack):
            return pack in packs
        case InPhase(in_phase=wanted):
            return wanted == phase
        case _:
            return leaf_holds(condition, answers.get(condition.question, ""))


def leaf_holds(leaf: Leaf, value: str) -> bool:
    """Say whether a look at one question holds for its value ("" = not answered)."""
    match leaf:
        case Is(is_=values):
            return value in values
        case Includes(includes=wanted):
            return wanted in value.split()
        case AtLeast(at_least=bound):
            return bool(NUMBER.fullmatch(value)) and Decimal(value) >= bound
        case Answered(answered=wanted_state):
            return bool(value) == wanted_state


def leaves(condition: Condition | None) -> Iterator[Leaf | InPack | InPhase]:
    """Yield every simple look of the condition, in order."""
    match condition:
        case None:
            return
        case All(all=parts) | AnyOf(any=parts):
            for part in parts:
                yield from leaves(part)
        case Not(not_=part):
            yield from leaves(part)
        case _:
            yield condition


def questions_of(condition: Condition | None) -> Iterator[str]:
    """Yield every question key the condition looks at."""
    for leaf in leaves(condition):
        if not isinstance(leaf, InPack | InPhase):
            yield leaf.question


def packs_of(condition: Condition | None) -> Iterator[str]:
    """Yield every pack the condition looks at."""
    return (leaf.in_pack for leaf in leaves(condition) if isinstance(leaf, InPack))


def sentence(condition: Condition, label: Callable[[str, str], Text]) -> Text:
    """Read the condition out in both languages.

    `label(question, value)` names a value as the filler saw it; `label("", phase)` names a phase.
    """
    match condition:
        case All(all=parts):
            return joined([_inner_sentence(part, label) for part in parts], "、かつ", " and ")
        case AnyOf(any=parts):
            return joined([_inner_sentence(part, label) for part in parts], "、または", " or ")
        case Not(not_=part):
            return Text("「{part}」ではない", "not ({part})").filled(part=sentence(part, label))
        case InPack(in_pack=pack):
            return Text(f"追加質問群 {pack} が付いている", f"pack {pack} is attached")
        case InPhase(in_phase=phase):
            name = label("", phase)
            return Text(f"フェーズが「{name.ja}」", f"the phase is “{name.en}”")
        case _:
            return _leaf_sentence(condition, label)


def _inner_sentence(part: Condition, label: Callable[[str, str], Text]) -> Text:
    """Return the sentence of a part; a group of several is put in brackets, so that it reads in only one way."""
    said = sentence(part, label)
    several = len(part.all) > 1 if isinstance(part, All) else isinstance(part, AnyOf) and len(part.any) > 1
    return Text("（{said}）", "({said})").filled(said=said) if several else said


def _leaf_sentence(leaf: Leaf, label: Callable[[str, str], Text]) -> Text:
    """Return the sentence of one look at a question."""
    key = leaf.question
    match leaf:
        case Is(is_=values):
            names = joined([label(key, value) for value in values], "」または「", "” or “")
            return Text("{key}が「{names}」", "{key} was answered “{names}”").filled(key=key, names=names)
        case Includes(includes=value):
            name = label(key, value)
            return Text("{key}に「{name}」を含む", "{key} includes “{name}”").filled(key=key, name=name)
        case AtLeast(at_least=bound):
            return Text("{key}が{bound}以上", "{key} is at least {bound}").filled(key=key, bound=bound)
        case Answered(answered=wanted):
            said = Text("{key}に回答がある", "{key} was answered")
            return (said if wanted else Text("{key}に回答がない", "{key} was not answered")).filled(key=key)
