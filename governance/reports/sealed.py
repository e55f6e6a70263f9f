"""What a report says of its place in the ledger: plain values that the page, the file and the register share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Attached:
    """A file attached to a report beside its record: what proves that the record stands in the ledger (docs/proofs.md)."""

    name: str
    content: bytes
    description: str


@dataclass(frozen=True)
class Seal:
    """Where the record of a report stands: the entry that says it was prepared, in a ledger of `size` entries under `root`.

    `vkey` is the key that signed so, and `more` what proves it (docs/proofs.md); without a notary there is neither.
    """

    seq: int
    size: int
    root: bytes
    vkey: str = ""
    more: tuple[Attached, ...] = ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key's line, in hex; empty without a key."""
        return hashlib.sha256(self.vkey.encode()).hexdigest() if self.vkey else ""

    def line(self, number: str) -> str:
        """Return what the foot of every page says; empty for a report that is not signed."""
        if not self.vkey:
            return ""
        return f"{number}　#{self.seq} / {self.size}　root {self.root.hex()[:16]}　key {self.fingerprint[:16]}"
