"""Trying a condition out: answers entered for the purpose, and for each part whether it holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from governance.authoring.conditions import PACK, PHASE, Known
from governance.authoring.fields import Fields, one
from governance.questionnaires.conditions import Condition, InPack, InPhase, holds, leaves, sentence
from governance.questionnaires.definition import CHOSEN
from governance.texts import Text, both

CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)
MOST_DEEP = 20


class Asked(NamedTuple):
    """One thing to enter: its name on the form, what it is, what can be chosen ({} = type it), what was entered."""

    name: str
    label: Text
    options: dict[str, Text]
    values: list[str]
    several: bool


class Part(NamedTuple):
    """One simple look and whether it holds."""

    said: Text
    holds: bool


class Trial(NamedTuple):
    """What came out: part by part, and whether the question is asked."""

    asked: list[Asked]
    parts: list[Part]
    holds: bool


def read(values: Any) -> Condition | None:
    """Return plain values as a condition; None when they are none."""
    try:
        return CONDITION.validate_json(json.dumps(values)) if values else None
    except (ValidationError, RecursionError):
        return None


def trial(
    condition: Condition,
    fields: Fields,
    known: Mapping[str, Known],
    packs: Mapping[str, Text],
    phases: Mapping[str, Text],
    named: Mapping[str, Text],
) -> Trial:
    """Return what the condition comes to for the answers on the form; `named` are the phases by code for the sentences."""
    looks = list(leaves(condition))
    attached, phase = fields.get(f"try.{PACK}", []), one(fields, f"try.{PHASE}")
    answers = {}
    for key in dict.fromkeys(each.question for each in looks if not isinstance(each, InPack | InPhase)):
        values = [value for value in fields.get(f"try.{key}", []) if value]
        if values:
            answers[key] = " ".join(values)

    def label(key: str, value: str) -> Text:
        if not key:
            return named.get(value, both(value))
        return known[key].values.get(value, both(value)) if key in known else both(value)

    parts = [Part(sentence(look, label), holds(look, answers, attached, phase)) for look in looks]
    asked = list(_asked(looks, fields, known, packs, phases))
    return Trial(asked, parts, holds(condition, answers, attached, phase))


def _asked(
    looks: list[Any], fields: Fields, known: Mapping[str, Known], packs: Mapping[str, Text], phases: Mapping[str, Text]
) -> Iterator[Asked]:
    """Yield what must be entered to try the looks, each once."""
    seen = set()
    for look in looks:
        key = PACK if isinstance(look, InPack) else PHASE if isinstance(look, InPhase) else look.question
        if key in seen:
            continue
        seen.add(key)
        name = f"try.{key}"
        values = fields.get(name, [])
        if key == PACK:
            yield Asked(name, Text("付いている追加質問群", "Packs attached"), dict(packs), values, True)
        elif key == PHASE:
            yield Asked(name, Text("フェーズ", "Phase"), dict(phases), values, False)
        elif key in known:
            each = known[key]
            label = Text("{key}　{topic}", "{key} {topic}").filled(key=key, topic=each.topic)
            options = each.values if each.kind in CHOSEN else {}
            yield Asked(name, label, options, values, each.kind == "multiple")
        else:
            yield Asked(name, both(key), {}, values, False)
