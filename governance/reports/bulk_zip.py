"""The files of a bulk job as one ZIP, written while it is sent: nothing is kept twice, and the memory holds one report at a time.

MANIFEST.jsonl comes last and tells of every report that was ordered: number, digest, size, and why one is not there (withheld,
damaged, erased, annulled).
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from governance.storage.files import DamagedFile, Store

MANIFEST = "MANIFEST.jsonl"
PROOF = ".tlog-proof"
"""What is put behind the name of a file for the proof that covers every byte of it (docs/proofs.md)."""


@dataclass(frozen=True)
class Part:
    """One file of the archive: its name there, its digest in the store, what the manifest says of it, and its proof if there is one."""

    name: str
    digest: str
    told: dict[str, Any]
    proof: bytes | None = None


class _Pipe(io.RawIOBase):
    """Takes what the archive writes and gives it away; it cannot be wound back, as a network cannot."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._written += content
        return len(content)

    def taken(self) -> bytes:
        """Return what was written since the last call."""
        content, self._written = bytes(self._written), bytearray()
        return content


def archive(store: Store, parts: list[Part], at: datetime) -> Iterator[bytes]:
    """Yield the archive piece by piece; a file that is damaged in the store is left out, and the manifest says so."""
    pipe = _Pipe()
    with ZipFile(pipe, "w") as made:
        for name, content in contents(store, parts):
            made.writestr(_entry(name, at, ZIP_DEFLATED if name == MANIFEST else ZIP_STORED), content)
            yield pipe.taken()
    yield pipe.taken()


def contents(store: Store, parts: list[Part]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file, its proof after it, and the manifest last; a file that is damaged is left out."""
    lines = []
    for part in parts:
        told = part.told
        if part.digest:
            try:
                yield part.name, store.read(part.digest)
            except DamagedFile:
                told = {**told, "state": "damaged", "file": None, "proof": None}
            else:
                if part.proof is not None:
                    yield part.name + PROOF, part.proof
        lines.append(json.dumps(told, ensure_ascii=False, sort_keys=True))
    yield MANIFEST, ("\n".join(lines) + "\n").encode()


def _entry(name: str, at: datetime, packed: int) -> ZipInfo:
    """Return the head of an entry: readable by its owner, of the moment of the order."""
    entry = ZipInfo(name, at.timetuple()[:6])
    entry.compress_type, entry.external_attr = packed, 0o600 << 16
    return entry
