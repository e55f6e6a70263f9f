"""What differs between two states of an answer, part by part: shown in the history of an answer and where two people changed it at once.

A part is one word or one run of letters of one script, so that a change inside a Japanese sentence is marked where it is and not
as a whole line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any, Literal

from governance.refusals import Conflict
from governance.texts import Text

Kind = Literal["same", "ins", "del"]
Part = tuple[Kind, str]

WORDS = re.compile(
    r"[A-Za-z0-9]+|[\u3040-\u309f]+|[\u30a0-\u30ff]+|[\u3400-\u9fff\U00020000-\U0003ffff々]+|\s+|.", re.DOTALL
)
MOST_WORDS = 4000
"""Beyond this many differing words a text counts as written anew: comparing them would take seconds."""


def differences(before: str, after: str) -> list[Part]:
    """Return the parts of both texts in order: what stayed, what is gone, what is new."""
    old, new = WORDS.findall(before), WORDS.findall(after)
    start, end = _alike(old, new)
    inner_old, inner_new = old[start : len(old) - end], new[start : len(new) - end]
    parts: list[Part] = [("same", "".join(old[:start]))]
    if len(inner_old) + len(inner_new) > MOST_WORDS:
        parts += [("del", "".join(inner_old)), ("ins", "".join(inner_new))]
    else:
        for code, a, b, c, d in SequenceMatcher(None, inner_old, inner_new, autojunk=False).get_opcodes():
            if code == "equal":
                parts.append(("same", "".join(inner_old[a:b])))
            else:
                parts += [("del", "".join(inner_old[a:b])), ("ins", "".join(inner_new[c:d]))]
    return [part for part in [*parts, ("same", "".join(old[len(old) - end :]))] if part[1]]


def _alike(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """Return how many words agree at the beginning and, of the rest, at the end."""
    most = min(len(old), len(new))
    start = next((i for i in range(most) if old[i] != new[i]), most)
    end = next((i for i in range(most - start) if old[-1 - i] != new[-1 - i]), most - start)
    return start, end


def new_in(before: str, after: str) -> list[Part]:
    """Return the later text with what is new in it marked."""
    return [part for part in differences(before, after) if part[0] != "del"]


def gone_from(before: str, after: str) -> list[Part]:
    """Return the earlier text with what is gone from it marked."""
    return [part for part in differences(before, after) if part[0] != "ins"]


@dataclass(frozen=True)
class Side:
    """One of the states of an answer that two people changed at once; `by` and `at` are those of who saved it."""

    said: list[Part]
    remark: list[Part]
    due_on: str
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class State:
    """One saved state of an answer, with what it changed against the one before it."""

    id: str
    at: datetime
    by: str
    revision: int
    said: list[Part]
    remark: list[Part]
    due_on: list[Part]


def states(changes: Sequence[Mapping[str, Any]], locale: str) -> list[State]:
    """Return the history of an answer, newest first as it came, each state compared with the one before it."""
    befores: list[Mapping[str, Any]] = [*changes[1:], {}]
    return [_state(change, before, locale) for change, before in zip(changes, befores, strict=True)] if changes else []


def _state(change: Mapping[str, Any], before: Mapping[str, Any], locale: str) -> State:
    def parts(name: str) -> list[Part]:
        after = _words(change, name, locale)
        return differences(_words(before, name, locale) if before else after, after)

    said, remark, due_on = map(parts, ("words", "remark", "due_on"))
    return State(change["id"], change["at"], change["by"], change["revision"], said, remark, due_on)


def _words(change: Mapping[str, Any], name: str, locale: str) -> str:
    value = change.get(name) or ""
    return value.in_(locale) if isinstance(value, Text) else str(value)


@dataclass(frozen=True)
class Sides:
    """What was entered here, what somebody else saved, and what both began from; `base` is None when the history does not tell."""

    mine: Side
    theirs: Side
    base: Side | None


def sides_of(conflict: Conflict, locale: str) -> Sides | None:
    """Return the sides of a conflict about an answer, each with its own changes marked; None for one about anything else."""
    mine, theirs, base = conflict.mine, conflict.theirs, conflict.base
    if "remark" not in theirs:
        return None
    ground = base or theirs
    at = theirs.get("at", "")
    return Sides(
        _side(ground, mine, locale),
        _side(base or mine, theirs, locale, _by(theirs, locale), datetime.fromisoformat(at) if at else None),
        _ground(base, theirs if theirs != base else mine, locale) if base else None,
    )


def _side(
    before: Mapping[str, str], after: Mapping[str, str], locale: str, by: str = "", at: datetime | None = None
) -> Side:
    said = new_in(before.get(locale, ""), after.get(locale, ""))
    return Side(said, new_in(before["remark"], after["remark"]), after["due_on"], by, at)


def _ground(base: Mapping[str, str], after: Mapping[str, str], locale: str) -> Side:
    said = gone_from(base.get(locale, ""), after.get(locale, ""))
    return Side(said, gone_from(base["remark"], after["remark"]), base["due_on"])


def _by(theirs: Mapping[str, str], locale: str) -> str:
    return theirs.get("by_en" if locale == "en" else "by", "") or theirs.get("by", "")
