"""What a report says of its place in the ledger: plain values that the page, the file and the register share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Seal:
    """Where the record of a report stands: the entry that says it was prepared, in a ledger of `size` entries under `root`."""

    seq: int
    size: int
    root: bytes


@dataclass(frozen=True)
class Attached:
    """A file attached to a report beside its record: what proves that the record stands in the ledger (docs/proofs.md)."""

    name: str
    content: bytes
    description: str
