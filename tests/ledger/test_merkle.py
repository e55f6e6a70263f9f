"""The tree is that of RFC 9162: published roots, every small size by definition, and proofs that hold only for what they prove."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.ledger import merkle

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Roots of the first 1 … 8 of LEAVES, as published for Certificate Transparency logs."""

LARGEST = 65


def root_by_definition(leaves: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1 word for word, without the code under test."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + root_by_definition(leaves[:k]) + root_by_definition(leaves[k:])).digest()


def grown(leaves: list[bytes]) -> tuple[list[bytes], dict[merkle.Place, bytes]]:
    peaks: list[bytes] = []
    nodes: dict[merkle.Place, bytes] = {}
    for seq, leaf in enumerate(leaves):
        nodes[0, seq] = merkle.leaf_hash(leaf)
        nodes |= {(level, idx): hash for level, idx, hash in merkle.grow(seq, peaks, merkle.leaf_hash(leaf))}
    return peaks, nodes


NUMBERED = [b"%d" % number for number in range(LARGEST)]


def subtree(start: int, end: int) -> bytes:
    return root_by_definition(NUMBERED[start:end])


@pytest.mark.parametrize("size", range(1, 9))
def test_published_roots(size: int) -> None:
    peaks, _ = grown(LEAVES[:size])
    assert merkle.root_of(peaks).hex() == ROOTS[size - 1]


def test_the_empty_log_has_the_root_of_nothing() -> None:
    assert merkle.root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_a_grown_tree_has_the_root_of_the_definition_and_its_peaks_lie_where_they_are_looked_for(
    leaves: list[bytes],
) -> None:
    peaks, nodes = grown(leaves)
    assert merkle.root_of(peaks) == root_by_definition(leaves)
    assert [nodes[place] for place in merkle.peak_places(len(leaves))] == peaks


def test_only_complete_subtrees_are_stored_about_one_for_each_entry() -> None:
    _, nodes = grown(NUMBERED)
    for (level, idx), hash in nodes.items():
        assert hash == subtree(idx << level, (idx + 1) << level)
    assert len([place for place in nodes if place[0]]) < LARGEST


@pytest.mark.parametrize("size", range(1, LARGEST + 1))
def test_each_entry_is_proved_in_each_size_and_nowhere_else(size: int) -> None:
    root = subtree(0, size)
    for seq in range(size):
        path, leaf = merkle.inclusion_proof(seq, size, subtree), merkle.leaf_hash(NUMBERED[seq])
        assert merkle.includes(leaf, seq, size, path, root)
        assert not merkle.includes(leaf, seq ^ 1, size, path, root)
        assert not merkle.includes(leaf, seq, size, [*path, root], root)
        assert not merkle.includes(merkle.leaf_hash(b"other"), seq, size, path, root)
        if path:
            assert not merkle.includes(leaf, seq, size, path[:-1], root)
            assert not merkle.includes(leaf, seq, size, [*path[:-1], bytes(32)], root)


@pytest.mark.parametrize("new", range(1, LARGEST + 1))
def test_each_size_is_proved_to_continue_each_earlier_one(new: int) -> None:
    root = subtree(0, new)
    for old in range(1, new + 1):
        path = merkle.consistency_proof(old, new, subtree)
        assert merkle.continues(old, subtree(0, old), new, root, path)
        assert not merkle.continues(old, bytes(32), new, root, path)
        assert not merkle.continues(old, subtree(0, old), new, bytes(32), path)
        assert not merkle.continues(old, subtree(0, old), new, root, [*path, root])
        if old < new:
            assert not merkle.continues(old, subtree(0, old), new, root, path[:-1])


def test_nothing_is_proved_about_an_empty_or_future_log() -> None:
    empty = merkle.root_of([])
    assert not merkle.continues(0, empty, 0, empty, [])
    assert not merkle.continues(0, empty, 4, subtree(0, 4), [])
    assert not merkle.continues(5, subtree(0, 5), 4, subtree(0, 4), [])
    assert not merkle.includes(b"", 4, 4, [], b"")
    for ask in (lambda: merkle.inclusion_proof(4, 4, subtree), lambda: merkle.consistency_proof(0, 4, subtree)):
        with pytest.raises(ValueError, match="log|proof"):
            ask()
