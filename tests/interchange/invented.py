"""Questionnaires made up by hypothesis: every kind, every field, conditions nested at will, and texts nobody would wish for."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from hypothesis import strategies as st

from governance.paths import SEEDS
from governance.questionnaires.definition import Framework, Questionnaire
from governance.questionnaires.services import read_seeds

NASTY = (
    *("=1+1", "+81", "-1", "@x", " lead ", "a\nb", "a\r\nb", "yes", "1.0", "001", "TRUE", "髙𠮷😀", "'", '"'),
    *("_x0041_", "\x07\x1f", "\t", "<&>", "{q} = 'x'", "\x85\u2028"),
)


def _fits(text: str) -> bool:
    """Leave out what no cell can hold; a test of its own says that it is refused."""
    return not re.search(r"[\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_?x[0-9A-Fa-f]{4}_", text)


LINES = st.one_of(st.sampled_from(NASTY), st.text(min_size=1, max_size=30).filter(_fits))
TEXTS = st.fixed_dictionaries({"ja": LINES, "en": LINES})
KEYS = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,40}", fullmatch=True)
CODES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,12}", fullmatch=True)
DECIMALS = st.decimals(min_value=0, max_value=1000, places=2).map(str)
LEAVES = st.one_of(
    st.fixed_dictionaries({"question": KEYS, "is": st.lists(CODES, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"question": KEYS, "includes": CODES}),
    st.fixed_dictionaries({"question": KEYS, "at_least": st.integers(-100, 100)}),
    st.fixed_dictionaries({"question": KEYS, "answered": st.booleans()}),
    st.fixed_dictionaries({"in_pack": KEYS}),
    st.fixed_dictionaries({"in_phase": KEYS}),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda part: st.one_of(
        st.fixed_dictionaries({"all": st.lists(part, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(part, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": part}),
    ),
    max_leaves=5,
)
CHOICES = st.lists(
    st.fixed_dictionaries({"code": CODES, "name": TEXTS}, optional={"note": TEXTS}),
    max_size=3,
    unique_by=lambda each: each["code"],
)
COLUMNS = st.lists(
    st.fixed_dictionaries(
        {"code": KEYS, "name": TEXTS},
        optional={
            "kind": st.sampled_from(["text", "number", "date", "single"]),
            "choices": CHOICES,
            "required": st.booleans(),
        },
    ),
    max_size=3,
    unique_by=lambda each: each["code"],
)
KINDS = st.sampled_from(
    ["scale", "yes_no_unknown", "single", "multiple", "number", "date", "text", "long_text", "file", "rows"]
)
QUESTIONS = st.fixed_dictionaries(
    {"topic": TEXTS, "text": TEXTS, "why": TEXTS, "kind": KINDS},
    optional={
        "evidence": TEXTS,
        "weak": TEXTS,
        "strong": TEXTS,
        "required": st.booleans(),
        "not_applicable": st.booleans(),
        "needs_evidence": st.booleans(),
        "replaces": st.lists(KEYS, max_size=2),
        "roles": st.lists(KEYS, max_size=2),
        "weight": st.integers(0, 100),
        "gate": st.booleans(),
        "when": CONDITIONS,
        "choices": CHOICES,
        "unit": TEXTS,
        "minimum": st.integers(-1000, 0).map(str),
        "maximum": DECIMALS,
        "max_length": st.integers(1, 20_000),
        "columns": COLUMNS,
        "max_rows": st.integers(1, 200),
        "points": st.dictionaries(KEYS, st.dictionaries(CODES, DECIMALS, max_size=2), max_size=2),
        "mappings": st.dictionaries(LINES, st.lists(LINES, max_size=2), max_size=2),
    },
)


@st.composite
def questionnaires(draw: st.DrawFn) -> Questionnaire:
    """Draw a questionnaire whose question and section keys are unique."""
    keys = iter(draw(st.lists(KEYS, min_size=12, max_size=12, unique_by=str.lower)))
    sections: list[dict[str, Any]] = [
        {
            **draw(st.fixed_dictionaries({}, optional={"item": KEYS, "title": TEXTS, "when": CONDITIONS})),
            "key": next(keys),
            "questions": [{**draw(QUESTIONS), "key": next(keys)} for _ in range(draw(st.integers(1, 3)))],
        }
        for _ in range(draw(st.integers(1, 3)))
    ]
    head = draw(
        st.fixed_dictionaries(
            {
                "key": KEYS,
                "version": st.sampled_from(["1", "1.0", "2.10", "1.2.3"]),
                "kind": st.sampled_from(["trigger", "screening", "pack"]),
                "framework": KEYS,
                "title": TEXTS,
            },
            optional={"phase": KEYS, "pack": KEYS, "intro": TEXTS, "when": CONDITIONS},
        )
    )
    return Questionnaire.model_validate_json(json.dumps({**head, "sections": sections}))


@cache
def shipped() -> tuple[Framework, tuple[Questionnaire, ...]]:
    """Return the framework and questionnaires that are shipped, read once per process."""
    frameworks, sheets = read_seeds(SEEDS)
    return frameworks[0], tuple(sheets)
