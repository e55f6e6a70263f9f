"""Random documents: every kind of question, every word of a condition, and texts that YAML would rather misread."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from hypothesis import strategies as st

from governance.paths import SEEDS
from governance.questionnaires.definition import Framework, Questionnaire
from governance.questionnaires.reading import read

NASTY = [
    *("yes", "No", "on", "OFF", "null", "~", "true", "y", "n", "NaN", ".inf", "1", "1.0", "-1", "+1", ".5", "1e3", "0x1F", "0o17"),
    *("1_000", "12:30:00", "2024-04-01", "2001-12-14t21:59:43.10-05:00", "=", "<<", "---", "...", "- a", "-", "? a", "?", ": a"),
    *("a: b", "a:", "a #b", "#a", "'", '"', "it's", "{a}", "[a]", "a, b", "&a", "*a", "!a", "!!str a", "|", ">", "%a", "@a", "`a"),
    *("a\nb", "\n", "\ta", " a", "a ", "　", "a　", "\x85", "\u2028", "\u200e", "\xa0", "\u200b", "😀", "\U0010ffff"),
    *("\\", "\\n", "C:\\temp", "：", "9月12日に、23件を一覧にした。", "「引用」", "…", "１２３", "a\r\nb", "key: {ja: x}", "${a}"),
]  # fmt: skip
signs = st.characters(
    exclude_categories=["Cs", "Cc"], include_characters="\t\n\r\x85", exclude_characters="\ufeff\ufffe\uffff"
)
"""Every character that a document may hold (reading refuses the others)."""
sides = st.sampled_from(NASTY) | st.text(signs, min_size=1, max_size=20)
texts = st.builds(lambda ja, en: {"ja": ja, "en": en}, sides, sides)
codes = st.sampled_from(["a", "b", "yes", "no", "null", "1", "2024-04-01", "0x1F", "c-1", "N", "on", "1.0", "1e5"])
keys = st.sampled_from(["P", "yes", "null", "K-1", "e1", "No", "true", "z.9"])
QUESTIONS = [f"Q{number}" for number in range(9)]
SECTIONS = [f"S{number}" for number in range(5)]
exact = st.sampled_from(["0", "1.0", "0.70", "0.7", "12", "1000", "3.000001"])
bounds = st.sampled_from(["-5", "0", "1.50", "1000000000000"])


def leaves() -> st.SearchStrategy[Any]:
    question = st.sampled_from(QUESTIONS) | sides
    return st.one_of(
        st.fixed_dictionaries({"question": question, "is": st.lists(codes | sides, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"question": question, "includes": codes}),
        st.fixed_dictionaries({"question": question, "at_least": st.integers(-(10**6), 10**6)}),
        st.fixed_dictionaries({"question": question, "answered": st.booleans()}),
        st.fixed_dictionaries({"in_pack": keys}),
        st.fixed_dictionaries({"in_phase": keys}),
    )


def _branches(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    return (
        several.map(lambda parts: {"all": parts})
        | several.map(lambda parts: {"any": parts})
        | inner.map(lambda part: {"not": part})
    )


conditions = st.recursive(leaves(), _branches, max_leaves=4)
choices = st.lists(
    st.fixed_dictionaries({"code": codes, "name": texts}, optional={"note": texts}),
    max_size=3,
    unique_by=lambda c: c["code"],
)
columns = st.lists(
    st.fixed_dictionaries(
        {"code": keys, "name": texts},
        optional={
            "kind": st.sampled_from(["text", "number", "date", "single"]),
            "choices": choices,
            "required": st.booleans(),
        },
    ),
    max_size=2,
)
KINDS = ["scale", "yes_no_unknown", "single", "multiple", "number", "date", "text", "long_text", "file", "rows"]
question_fields = st.fixed_dictionaries(
    {"topic": texts, "text": texts, "why": texts, "kind": st.sampled_from(KINDS)},
    optional={
        "evidence": texts,
        "weak": texts,
        "strong": texts,
        "required": st.booleans(),
        "not_applicable": st.booleans(),
        "roles": st.lists(keys, max_size=2),
        "weight": st.integers(0, 100),
        "gate": st.booleans(),
        "when": conditions,
        "choices": choices,
        "unit": texts,
        "minimum": bounds,
        "maximum": bounds,
        "max_length": st.integers(1, 20_000),
        "columns": columns,
        "max_rows": st.integers(1, 200),
        "points": st.dictionaries(keys, st.dictionaries(codes, exact, max_size=2), max_size=2),
        "mappings": st.dictionaries(keys | sides, st.lists(sides, max_size=2), max_size=2),
    },
)


@st.composite
def questionnaires(draw: st.DrawFn, doubled: bool = False) -> Questionnaire:
    """Return a questionnaire; all draw their keys from one small pool, so that two of them share many."""
    names = draw(st.permutations(QUESTIONS))[: draw(st.integers(1, 7))]
    groups = draw(st.permutations(SECTIONS))[: draw(st.integers(1, min(4, len(names))))]
    held: dict[str, list[str]] = {group: [name] for group, name in zip(groups, names, strict=False)}
    for name in names[len(groups) :]:
        held[draw(st.sampled_from(groups))].append(name)
    if doubled and draw(st.booleans()):
        held[groups[-1]].append(names[0])
    optional = {"item": keys, "title": texts, "when": conditions}
    sections = [
        {"key": group, **draw(st.fixed_dictionaries({}, optional=optional)),
         "questions": [{"key": name, **draw(question_fields)} for name in inside]}
        for group, inside in held.items()
    ]  # fmt: skip
    head = st.fixed_dictionaries(
        {"key": keys, "version": st.sampled_from(["1", "1.0", "2.10.3"]), "kind": st.sampled_from(["trigger", "screening", "pack"]),
         "framework": keys, "title": texts},
        optional={"phase": keys, "pack": keys, "intro": texts, "when": conditions},
    )  # fmt: skip
    return Questionnaire.model_validate_json(json.dumps({**draw(head), "sections": sections}))


@cache
def shipped() -> list[Framework | Questionnaire]:
    """Return every shipped document."""
    frameworks = [read(path, Framework)[0] for path in sorted((SEEDS / "framework").glob("*.yaml"))]
    return [*frameworks, *(read(path, Questionnaire)[0] for path in sorted((SEEDS / "questionnaires").glob("*.yaml")))]


POINTS = {
    "method": "points",
    "version": "1.0",
    "totals": [{"code": "risk", "name": {"ja": "危険", "en": "Risk"}, "maximum_over": "asked", "factor": "1.0"}],
    "risk": ["risk"],
    "combine": "worst",
    "upper_bounds": ["25", "50.0", "75"],
    "bound": "inclusive",
    "mitigation": {"total": "risk", "reaches_percent": "80", "takes_off_percent": "15"},
}


@st.composite
def frameworks(draw: st.DrawFn) -> Framework:
    """Return a framework made from the first parts of the shipped one: lists cut, shuffled and doubled, texts and conditions replaced."""
    values = {
        name: value[:4] if isinstance(value, list) else value
        for name, value in shipped()[0].model_dump(mode="json", by_alias=True).items()
    }
    for name in draw(st.lists(st.sampled_from(sorted(values)), unique=True, max_size=5)):
        parts = values[name]
        if isinstance(parts, list) and parts and isinstance(parts[0], dict):
            parts = draw(st.permutations(parts))[: draw(st.integers(2, max(2, len(parts))))]
            parts = [_touched(draw, part) for part in parts]
            values[name] = parts + ([parts[0]] if draw(st.booleans()) else [])
    if draw(st.booleans()):
        values["scoring"] = POINTS
    values["notice"] = draw(texts)
    return Framework.model_validate_json(json.dumps(values))


def _touched(draw: st.DrawFn, part: dict[str, Any]) -> dict[str, Any]:
    fields = {"name": texts, "when": conditions, "valid_months": st.integers(1, 99), "text": texts}
    field = draw(st.sampled_from(sorted(fields)))
    return {**part, field: draw(fields[field])} if field in part and draw(st.booleans()) else part


SMALL = """key: small
version: "1.0"
kind: pack
framework: hitachi-ai-ethics
title: {ja: 題, en: title}
sections:
  - key: S
    questions:
      - key: Q
        topic: {ja: 話題, en: topic}
        text: {ja: 文, en: text}
        why: {ja: 理由, en: why}
        kind: single
        choices:
          - {code: a, name: {ja: あ, en: A}}
          - {code: b, name: {ja: い, en: B}}
"""
