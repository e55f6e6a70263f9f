"""The stand-alone check works from plain tuples, and no single changed bit of a stored ledger escapes it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.ledger import merkle
from governance.ledger.rules import Draft, build
from governance.ledger.verify import Entry, Node, Row, Value, Verdict, verify
from tests.ledger.case import AT

ROWS: list[Row] = [("votes:v-0", b"row 0"), ("votes:v-1", b"row 1"), ("votes:v-2", b"row 2")]


def ledger(*drafts: Draft) -> tuple[list[Entry], list[Node], list[Value]]:
    entries: list[Entry] = []
    nodes: list[Node] = []
    values: list[Value] = []
    peaks: list[bytes] = []
    for seq, draft in enumerate(drafts):
        body, private = build(draft, seq=seq, log="log-1", salt=lambda: b"s" * 32)
        leaf = merkle.leaf_hash(body)
        entries.append((seq, body, leaf, draft.type, ":".join(draft.subject), draft.project))
        nodes += merkle.grow(seq, peaks, leaf)
        values += sorted((seq, value.path, value.salt, value.value) for value in private)
    return entries, nodes, values


def vote(number: int, **more: object) -> Draft:
    actor: dict[str, str | list[str]] = {"id": "u-1", "kind": "user", "roles": [], "session": ""}
    draft = Draft(
        "VoteCast", AT, actor, ("vote", f"v-{number}"), project="p-1", private={"dissent": f"理由{number}"}, **more
    )  # type: ignore[arg-type]
    draft.rows.update([ROWS[number % 3]])
    return draft


SMALL = ledger(*(vote(number) for number in range(4)))


def test_an_empty_ledger_is_whole() -> None:
    assert verify([], []) == Verdict(root=merkle.EMPTY_ROOT)


def test_a_small_ledger_is_whole() -> None:
    verdict = verify(*SMALL, ROWS)
    assert (verdict.ok, verdict.size, verdict.rows) == (True, 4, 3)


@pytest.mark.parametrize("part", [0, 1, 2], ids=["entries", "nodes", "values"])
def test_no_changed_bit_escapes(part: int) -> None:
    """assurance.md L1, exhaustive for every stored byte of a small ledger."""
    escaped = []
    for number, row in enumerate(SMALL[part]):
        for column, cell in enumerate(row):
            if not isinstance(cell, bytes):
                continue
            for bit in range(len(cell) * 8):
                changed = bytearray(cell)
                changed[bit // 8] ^= 1 << bit % 8
                parts = [list(each) for each in SMALL]
                parts[part][number] = (*row[:column], bytes(changed), *row[column + 1 :])  # type: ignore[call-overload]
                if verify(*parts, ROWS).ok:  # type: ignore[arg-type]
                    escaped.append((number, column, bit))
    assert not escaped


@settings(deadline=None)
@given(st.integers(1, 40), st.data())
def test_the_first_missing_entry_is_named(size: int, data: st.DataObject) -> None:
    entries, nodes, values = ledger(*(vote(number) for number in range(size)))
    lost = data.draw(st.integers(0, size - 1))
    verdict = verify([entry for entry in entries if entry[0] != lost], nodes, values)
    assert verdict.first is not None
    last = lost == size - 1
    assert verdict.first.seq == (lost - 1 if last else lost)
    assert verdict.first.code == ("cut" if last else "missing")


@settings(deadline=None)
@given(st.integers(1, 40), st.data())
def test_a_root_kept_at_any_size_holds_for_every_continuation(size: int, data: st.DataObject) -> None:
    entries, nodes, values = ledger(*(vote(number) for number in range(size)))
    kept = data.draw(st.integers(1, size))
    root = verify(entries[:kept], [node for node in nodes if (node[1] + 1) << node[0] <= kept], values).root
    assert "root" not in {fault.code for fault in verify(entries, nodes, values, known={kept: root}).faults}
    assert "root" in {fault.code for fault in verify(entries, nodes, values, known={kept: bytes(32)}).faults}


def test_an_erased_value_is_counted_and_not_a_fault_when_an_entry_says_so() -> None:
    erasure = vote(2, codes={"values": ["0:private.dissent", "1:rows"]})
    erasure.type = "ErasurePerformed"
    entries, nodes, values = ledger(vote(0), vote(1), erasure)
    kept = [value for value in values if value[:2] not in {(0, "private.dissent"), (1, "rows")}]
    verdict = verify(entries, nodes, kept, ROWS)
    assert (verdict.ok, verdict.erased) == (True, 2)
    assert not verify(entries, nodes, kept[1:], ROWS).ok


def test_entries_of_another_ledger_are_found() -> None:
    (one, *_), (other, *_) = SMALL[0], ledger(vote(0), vote(1))[0]
    body, _ = build(vote(1), seq=1, log="log-2", salt=lambda: b"s" * 32)
    foreign: Entry = (1, body, merkle.leaf_hash(body), "VoteCast", "vote:v-1", "p-1")
    assert "log" in {fault.code for fault in verify([one, foreign], []).faults}
    assert other


def test_an_act_outside_of_the_closed_list_is_found() -> None:
    verdict = verify(*SMALL, ROWS, types=frozenset({"DecisionRecorded"}))
    assert verdict.first is not None
    assert verdict.first.code == "type"


@pytest.mark.parametrize("body", [b"{}", b"[]", b"1", b'{"seq":0}', b"\xff", b'{"private":[],"rows":{},"seq":0}'])
def test_a_forged_body_is_a_fault_and_never_an_exception(body: bytes) -> None:
    verdict = verify([(0, body, merkle.leaf_hash(body), "VoteCast", "vote:v-0", None)], [])
    assert verdict.first is not None
    assert verdict.first.seq == 0


def test_only_the_first_faults_are_listed_but_all_are_counted() -> None:
    verdict = verify([], [], rows=[(f"votes:{number}", b"") for number in range(500)])
    assert (len(verdict.faults), verdict.count) == (100, 500)
