"""Hashes of the ledger's tree exactly as RFC 9162 §2.1 defines them, so that anyone can check the log with other tools.

Pure functions over bytes and integers, importing nothing of the service: an auditor can read this file alone. A stored node
`(level, idx)` is the root of the complete subtree over the entries `idx · 2^level … (idx + 1) · 2^level − 1`; level 0 is the leaf
kept beside its entry. A log of n entries therefore has one *peak* for each 1-bit of n, and its root is folded from the peaks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a log without entries."""

Place = tuple[int, int]
"""Level and index of a node."""


def leaf_hash(body: bytes) -> bytes:
    """Return the hash of one entry."""
    return hashlib.sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def peak_places(size: int) -> list[Place]:
    """Return the places of the peaks of a log of `size` entries, the largest subtree first."""
    return [(level, (size >> level) - 1) for level in range(size.bit_length() - 1, -1, -1) if size >> level & 1]


def grow(size: int, peaks: list[bytes], leaf: bytes) -> list[tuple[int, int, bytes]]:
    """Add entry number `size`: update `peaks` in place and return the inner nodes it completes, lowest level first."""
    completed, idx, level, current = [], size, 0, leaf
    while idx & 1:
        current = node_hash(peaks.pop(), current)
        idx, level = idx >> 1, level + 1
        completed.append((level, idx, current))
    peaks.append(current)
    return completed


def root_of(peaks: Sequence[bytes]) -> bytes:
    """Return the root over the peaks (largest first); the empty root for none."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def split(size: int) -> int:
    """Return the largest power of two smaller than `size` (RFC 9162's k); `size` is at least 2."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(seq: int, size: int, subtree: Callable[[int, int], bytes]) -> list[bytes]:
    """Return the audit path of entry `seq` in the log of `size` entries (RFC 9162 §2.1.3.1), lowest sibling first.

    `subtree(start, end)` returns the root over entries `start … end − 1`. Raises ValueError outside of the log.
    """
    if not 0 <= seq < size:
        raise ValueError("no such entry in a log of this size")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if seq < middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, subtree: Callable[[int, int], bytes]) -> list[bytes]:
    """Return the proof that the log of `new` entries continues the one of `old` entries (RFC 9162 §2.1.4.1)."""
    if not 0 < old <= new:
        raise ValueError("a consistency proof needs 0 < old <= new")
    path, start, end, whole = [], 0, new, True
    while old != end:
        middle = start + split(end - start)
        if old <= middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start, whole = middle, False
    return ([] if whole else [subtree(start, end)]) + path[::-1]


def includes(leaf: bytes, seq: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Check an audit path (RFC 9162 §2.1.3.2)."""
    if not 0 <= seq < size:
        return False
    first, last, current = seq, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if first & 1 or first == last:
            current = node_hash(sibling, current)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and current == root


def continues(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:  # noqa: C901 - the steps of the RFC in their order
    """Check a consistency proof (RFC 9162 §2.1.4.2); an empty old log proves nothing and is refused."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    if not path:
        return False
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    past = now = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            past, now = node_hash(sibling, past), node_hash(sibling, now)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            now = node_hash(now, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and past == old_root and now == new_root
