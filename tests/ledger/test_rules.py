"""An entry's body is the same bytes for the same act, and never holds a name or free text."""

from __future__ import annotations

import hmac
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from governance.ledger.canonical import canonical, strict
from governance.ledger.governed import ADDED_LATER, CONTENT_TABLES, GOVERNED
from governance.ledger.rules import BODY_LIMIT, EVENT_TYPES, BadEvent, Draft, build
from governance.ledger.writing import canonical_row, plain

AT = datetime(2026, 11, 20, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=9)))
ACTOR: dict[str, str | list[str]] = {"id": "u-1", "kind": "user", "roles": ["chair"], "session": ""}
DIGEST = "ab" * 32


def draft(**changes: Any) -> Draft:
    given: dict[str, Any] = {"type": "VoteCast", "at": AT, "actor": ACTOR, "subject": ("vote", "v-1")} | changes
    return Draft(**given)


def built(**changes: Any) -> bytes:
    return build(draft(**changes), seq=7, log="log-1", salt=lambda: b"s" * 32)[0]


def test_the_bytes_of_a_body_never_change() -> None:
    body = built(
        rev=(1, 2),
        project="p-1",
        codes={"choice": "for", "count": 3, "kinds": ["a", None, True]},
        refs={"snapshot": DIGEST},
    )
    assert body.decode() == (
        '{"actor":{"id":"u-1","kind":"user","roles":["chair"],"session":""},"at":"2026-11-20T03:00:00.000005Z",'
        '"codes":{"choice":"for","count":3,"kinds":["a",null,true]},"log":"log-1","private":{},"project":"p-1",'
        f'"refs":{{"snapshot":"{DIGEST}"}},"rows":{{}},"seal":null,"seq":7,'
        '"subject":{"id":"v-1","kind":"vote","rev0":1,"rev1":2},"type":"VoteCast","v":1}'
    )
    assert strict(body)["seq"] == 7


def test_private_text_enters_as_a_salted_digest_and_is_kept_beside() -> None:
    body, values = build(draft(private={"dissent": "反対の理由"}), seq=0, log="l", salt=lambda: b"s" * 32)
    assert "反対" not in body.decode()
    assert strict(body)["private"] == {"dissent": hmac.digest(b"s" * 32, "反対の理由".encode(), "sha256").hex()}
    assert [(value.path, value.value.decode()) for value in values] == [("private.dissent", "反対の理由")]


def test_rows_enter_under_one_fresh_salt_and_a_removed_row_as_null() -> None:
    body, values = build(draft(rows={"votes:v-1": b"row", "votes:v-0": None}), seq=0, log="l", salt=lambda: b"r" * 32)
    assert strict(body)["rows"] == {"votes:v-1": hmac.digest(b"r" * 32, b"row", "sha256").hex(), "votes:v-0": None}
    assert [(value.path, value.salt, value.value) for value in values] == [("rows", b"r" * 32, b"")]


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "votecast"},
        {"subject": ("vote", "")},
        {"subject": ("vote", "山田")},
        {"codes": {"reason": "部門が同じため"}},
        {"codes": {"reason": "two words"}},
        {"codes": {"list": ["ok", "not ok"]}},
        {"codes": {"Reason": "ok"}},
        {"refs": {"snapshot": "AB" * 32}},
        {"refs": {"snapshot": ["short"]}},
        {"private": {"Name": "x"}},
        {"project": "案件"},
    ],
)
def test_free_text_and_unknown_acts_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadEvent):
        built(**changes)


def test_a_body_that_is_too_long_is_refused() -> None:
    with pytest.raises(BadEvent, match="bytes"):
        built(codes={"list": ["x" * 190] * (BODY_LIMIT // 190)})


def test_every_act_and_every_governed_table_has_a_name_in_both_languages() -> None:
    for name, text in [*EVENT_TYPES.items(), *((table, governed.label) for table, governed in GOVERNED.items())]:
        assert text.ja, name
        assert text.en, name
        assert text.ja != text.en, name


def test_a_row_is_written_alike_whatever_the_zone_of_its_times() -> None:
    row = {"id": "g", "user_id": "u", "role": "chair", "granted_by": None, "ended_at": None}
    written = {
        canonical_row("role_grants", row | {"granted_at": at})
        for at in (AT, AT.astimezone(UTC), AT.astimezone(UTC).replace(tzinfo=None))
    }
    assert len(written) == 1


def test_columns_of_a_draft_count_only_once_it_is_settled() -> None:
    assert "residual" not in GOVERNED["screenings"].counted("draft")
    assert "residual" in GOVERNED["screenings"].counted("submitted")


EVIDENCE_BEFORE = {
    "id": "e-1", "project_id": "p-1", "kind": "link", "title": "試験の記録", "title_en": "", "filename": "",
    "url": "https://wiki.example/1", "media_type": "", "size": 0, "digest": "1" * 64, "added_by": "u-1", "added_at": AT,
    "removed_at": None,
}  # fmt: skip
"""A row of evidence with the columns of the first release."""


def test_a_row_written_before_a_column_came_keeps_its_digest() -> None:
    before = canonical(
        {"table": "evidence", "columns": {name: plain(value) for name, value in EVIDENCE_BEFORE.items()}}
    )
    empty = {"expires_on": None, "replaces_id": None, "removed_by": None, "removed_because": "", "erased_id": None}
    assert canonical_row("evidence", EVIDENCE_BEFORE | empty) == before
    for name, value in (("expires_on", date(2027, 3, 31)), ("replaces_id", "e-0"), ("removed_because", "誤り")):
        assert canonical_row("evidence", EVIDENCE_BEFORE | empty | {name: value}) != before


def test_every_column_that_came_later_counts_somewhere() -> None:
    for table, names in ADDED_LATER.items():
        counted = CONTENT_TABLES.get(table) or GOVERNED[table].counted("submitted")
        assert names <= set(counted), table
