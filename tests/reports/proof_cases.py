"""Reports with their proofs, true and twisted, built from docs/proofs.md alone for the two verifiers to judge.

Nothing of the service or of a verifier is used here: a mistake of theirs must not be able to hide in what they are tested with.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import random
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

UUID = "0190d0a7-54c0-7cc3-98c4-dc0c0c07398f"
ORIGIN = f"governance/{UUID}"
NAMES = ("checkpoint.txt", "event.json", "keys.json", "record.json", "record.tlog-proof")
FROM = "2026-04-01T00:00:00.000000Z"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def plain(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


# -- the tree, by the definition of RFC 9162 §2.1 ----------------------------------------------------------------------------


def root_of(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\x01" + root_of(leaves[:k]) + root_of(leaves[k:]))


def path_of(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if m < k:
        return [*path_of(m, leaves[:k]), root_of(leaves[k:])]
    return [*path_of(m - k, leaves[k:]), root_of(leaves[:k])]


def bridge_of(m: int, leaves: Sequence[bytes], whole: bool = True) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [root_of(leaves)]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if m <= k:
        return [*bridge_of(m, leaves[:k], whole), root_of(leaves[k:])]
    return [*bridge_of(m - k, leaves[k:], False), root_of(leaves[:k])]


def leaf(body: bytes) -> bytes:
    return sha(b"\x00" + body)


# -- keys, notes, proofs -------------------------------------------------------------------------------------------------------


class Key:
    """A signing key with its name."""

    def __init__(self, seed: str, name: str = ORIGIN) -> None:
        self.name = name
        self.private = Ed25519PrivateKey.from_private_bytes(sha(seed.encode()))
        public = b"\x01" + self.private.public_key().public_bytes_raw()
        self.id = sha(name.encode() + b"\n" + public)[:4]
        self.vkey = f"{name}+{self.id.hex()}+{b64(public)}"

    @functools.cache  # noqa: B019 - the three keys live as long as the test
    def line(self, text: str) -> str:
        return f"— {self.name} {b64(self.id + self.private.sign(text.encode()))}\n"


OURS, OTHER = Key("ours"), Key("other")
WITNESS = Key("witness", "witness.example/w")


def note_of(size: int, root: bytes, *keys: Key, origin: str = ORIGIN) -> str:
    text = f"{origin}\n{size}\n{b64(root)}\n"
    return text + "\n" + "".join(key.line(text) for key in keys)


def proof_of(index: int, path: Sequence[bytes], note: str, extra: bytes | None = None) -> str:
    more = "" if extra is None else f"extra {b64(extra)}\n"
    return f"c2sp.org/tlog-proof@v1\n{more}index {index}\n" + "".join(f"{b64(each)}\n" for each in path) + "\n" + note


# -- the PDF -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layout:
    """How a file is written; each field may be twisted."""

    head: bytes = b"%PDF-1.7\n"
    tail: bytes = b"%%EOF\n"
    packed: bool = False
    trailer: bytes = b""
    names: tuple[str, ...] = ()
    af: tuple[int, ...] | None = None
    uf: dict[str, str] = field(default_factory=dict)
    shared: bool = False
    kids: bool = False
    after_zlib: bytes = b""
    filter: bytes = b"/Filter /FlateDecode "


def pdf_of(files: Sequence[tuple[str, bytes]], how: Layout) -> bytes:
    """Write a file of one page with these attachments: with a table of references, or with packed objects and a stream."""
    count = len(files)
    specs, streams = [4 + i for i in range(count)], [4 + count + i for i in range(count)]
    if how.shared:
        streams[-1] = streams[0]
    af = how.af if how.af is not None else tuple(specs)
    tree = (
        b"/Names ["
        + b" ".join(b"(%s) %d 0 R" % (name.encode(), spec) for (name, _), spec in zip(files, specs, strict=True))
        + b"]"
    )
    objects: dict[int, bytes] = {
        1: b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << %s >> >> /AF [%s] >>"
        % (b"/Kids [ << %s >> ]" % tree if how.kids else tree, b" ".join(b"%d 0 R" % spec for spec in af)),
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>",
    }
    raw: dict[int, bytes] = {}
    for (name, content), spec, stream in zip(files, specs, streams, strict=True):
        objects[spec] = b"<< /Type /Filespec /F (%s) /UF (%s) /EF << /F %d 0 R >> >>" % (
            name.encode(),
            how.uf.get(name, name).encode(),
            stream,
        )
        data = zlib.compress(content) + how.after_zlib if how.filter else content
        raw[stream] = b"<< %s/Length %d >>\nstream\n%s\nendstream" % (how.filter, len(data), data)
    return _written(objects, raw, how)


def _written(objects: dict[int, bytes], raw: dict[int, bytes], how: Layout) -> bytes:
    out, places = bytearray(how.head), {}
    whole = raw if how.packed else {**objects, **raw}
    for number, body in sorted(whole.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    size = max([*objects, *raw]) + 1
    start = len(out)
    if not how.packed:
        rows = b"".join(
            b"%010d 00000 n \n" % places[n] if n in places else b"0000000000 65535 f \n" for n in range(size)
        )
        out += b"xref\n0 %d\n%strailer\n<< /Size %d /Root 1 0 R %s>>\n" % (size, rows, size, how.trailer)
    else:
        start = _packed(out, objects, places, size, how)
    return bytes(out) + b"startxref\n%d\n" % start + how.tail


def _packed(out: bytearray, objects: dict[int, bytes], places: dict[int, int], size: int, how: Layout) -> int:
    heads, bodies = [], b""
    for number, body in objects.items():
        heads.append(b"%d %d" % (number, len(bodies)))
        bodies += body + b"\n"
    head = b" ".join(heads) + b"\n"
    data = zlib.compress(head + bodies)
    places[size] = len(out)
    out += b"%d 0 obj\n<< /Type /ObjStm /N %d /First %d /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (
        size, len(objects), len(head), len(data), data,
    )  # fmt: skip
    start = places[size + 1] = len(out)
    order = list(objects)
    rows = b"".join(
        bytes([2]) + size.to_bytes(4) + order.index(n).to_bytes(2)
        if n in objects
        else bytes([1 if n in places else 0]) + places.get(n, 0).to_bytes(4) + bytes(2)
        for n in range(size + 2)
    )
    rows = zlib.compress(rows)
    out += b"%d 0 obj\n<< /Type /XRef /W [1 4 2] /Size %d /Root 1 0 R %s/Filter /FlateDecode " % (
        size + 1,
        size + 2,
        how.trailer,
    )
    out += b"/Length %d >>\nstream\n%s\nendstream\nendobj\n" % (
        len(rows), rows,
    )  # fmt: skip
    return start


# -- a case --------------------------------------------------------------------------------------------------------------------


@dataclass
class Case:
    """What a verifier is given. `name` says what was twisted, for the message of a test."""

    name: str
    pdf: bytes
    sidecar: bytes | None
    keys: tuple[str, ...]
    saved: bytes | None
    consistency: tuple[bytes, ...]


@dataclass
class Parts:
    """The parts of a report before they are put together; each step of `case` may be twisted by changing the parts first."""

    name: str
    record: bytes
    bodies: list[dict[str, Any]]
    prepared: int
    size: int
    issued: int
    last: int
    saved_size: int
    signers: tuple[Key, ...] = (OURS,)
    keys: tuple[str, ...] = (OURS.vkey,)
    origin: str = ORIGIN
    layout: Layout = Layout()
    twist: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)
    files: Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]] = lambda files: files
    forked: bool = False
    lone: bool = False


def placed(rng: random.Random, prepared: int, size: int, issued: int, last: int, saved: int) -> Parts:
    """Return the parts of a true report: prepared and issued as these entries, sealed at `size`, proved at `last`, kept at `saved`."""
    record = plain(
        {"title": "試験𠮷髙\n" + "x" * rng.randint(1, 40), "no": rng.randint(-9, 9), "rows": [None, True, {"a": []}]}
    )
    bodies = [{"v": 1, "log": UUID, "seq": seq, "type": "CaseOpened", "refs": {}} for seq in range(last)]
    kind = rng.choice(["Report", "Paper"])
    number = f"AIG-{rng.randint(1, 99)}"
    bodies[prepared] |= {"type": f"{kind}Prepared", "refs": {"record": sha(record).hex()}, "codes": {"number": number}}
    bodies[issued] |= {"type": f"{kind}Issued", "refs": {"file": ""}, "codes": {"number": number}}
    return Parts("true", record, bodies, prepared, size, issued, last, saved)


def case(parts: Parts) -> Case:
    """Put a report together."""
    step = lambda name, data: parts.twist.get(name, lambda same: same)(data)  # noqa: E731 - one name for each place of a twist
    event = step("event.json", plain(parts.bodies[parts.prepared]))
    early = [leaf(plain(body)) for body in parts.bodies[: parts.size]]
    early[parts.prepared] = leaf(event)
    note = note_of(parts.size, root_of(early), *parts.signers, origin=parts.origin)
    note = step("note", note.encode()).decode(errors="surrogateescape")
    proof = proof_of(parts.prepared, path_of(parts.prepared, early), note)
    keys = plain({"keys": [{"from": FROM, "until": None, "vkey": key.vkey} for key in parts.signers], "origin": ORIGIN})
    files = {
        "checkpoint.txt": step("checkpoint.txt", note.encode(errors="surrogateescape")),
        "event.json": step("event file", event),
        "keys.json": step("keys.json", keys),
        "record.json": step("record.json", parts.record),
        "record.tlog-proof": step("record.tlog-proof", proof.encode(errors="surrogateescape")),
    }
    listed = [("record.json", files["record.json"])] if parts.lone else parts.files(sorted(files.items()))
    pdf = step("pdf", pdf_of(listed, parts.layout))
    return _beside(parts, pdf, early, step)


def _beside(parts: Parts, pdf: bytes, early: list[bytes], step: Callable[[str, bytes], bytes]) -> Case:
    """Add what lies beside the PDF: sidecar, saved checkpoint, consistency files."""
    body = dict(parts.bodies[parts.issued])
    body["refs"] = {"file": sha(pdf).hex()}
    issued = step("issued", plain(body))
    leaves = [*early, *(leaf(plain(each)) for each in parts.bodies[parts.size :])]
    leaves[parts.issued] = leaf(issued)
    late = note_of(parts.last, root_of(leaves), *parts.signers, origin=parts.origin)
    sidecar = step("sidecar", proof_of(parts.issued, path_of(parts.issued, leaves), late, issued).encode())
    kept = [leaf(b"forged"), *leaves[1:]] if parts.forked else leaves
    saved = note_of(parts.saved_size, root_of(kept[: parts.saved_size]), *parts.signers, origin=parts.origin)
    bridges = [
        _bridge(min(size, parts.saved_size), max(size, parts.saved_size), leaves, parts)
        for size in {parts.size, parts.last}
    ]
    consistency = tuple(step("consistency", each) for each in bridges if each)
    return Case(parts.name, step("file", pdf), sidecar, parts.keys, step("saved", saved.encode()), consistency)


def _bridge(old: int, new: int, leaves: list[bytes], parts: Parts) -> bytes:
    if old == new:
        return b""
    path = "".join(f"{b64(each)}\n" for each in bridge_of(old, leaves[:new]))
    note = note_of(new, root_of(leaves[:new]), *parts.signers, origin=parts.origin)
    return f"governance/tlog-consistency@v1\nold {old}\n{path}\n{note}".encode()
