"""The written form is RFC 8785, and what is not exactly in that form is refused."""

from __future__ import annotations

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from governance.ledger.canonical import LARGEST, NotCanonical, canonical, strict

KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
SCALARS = (
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | st.text(st.characters(exclude_categories=("Cs",)))
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20
)


@given(VALUES)
def test_it_writes_the_bytes_of_rfc_8785_and_reads_them_back(value: object) -> None:
    body = canonical(value)
    assert body == rfc8785.dumps(value)  # type: ignore[arg-type]
    assert strict(body) == value


@given(VALUES)
def test_any_other_spelling_is_refused(value: object) -> None:
    spelled = json.dumps(value, indent=1, ensure_ascii=True).encode() + b"\n"
    with pytest.raises(NotCanonical):
        strict(spelled)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":1}', b'{"b":1,"a":1}', b'{"a": 1}', b'{"a":1.0}', b'{"a":1e3}', b'{"a":NaN}', b'{"a":-0}', b"\xff", b"",
        b'"\\u0041"', b'"\\ud800"', b"9007199254740993", b"[" * 100_000, b"9" * 5000, b'{"a":1}{', b"\xef\xbb\xbf{}",
    ],
)  # fmt: skip
def test_hostile_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(NotCanonical):
        strict(body)


@pytest.mark.parametrize("value", [1.5, {"a": 0.1}, LARGEST + 1, {"鍵": 1}, {1: 1}, {1, 2}, "\ud800", b"x", object()])
def test_what_has_no_one_form_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)
