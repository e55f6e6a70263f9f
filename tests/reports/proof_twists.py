"""Ways to twist a report and what belongs to it, at random, for the two verifiers to agree on."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from tests.reports.proof_cases import NAMES, ORIGIN, OTHER, OURS, UUID, WITNESS, Case, Layout, Parts, case, placed


def random_parts(rng: random.Random) -> Parts:
    """Return the parts of a true report at a random place of a small ledger."""
    last = rng.randint(2, 12)
    prepared = rng.randint(0, last - 2)
    issued = rng.randint(prepared + 1, last - 1)
    return placed(rng, prepared, rng.randint(prepared + 1, issued), issued, last, rng.randint(1, last))


TEXTS = (
    *NAMES,
    "event file",
    "note",
    "sidecar",
    "issued",
    "saved",
    "consistency",
)


def flipped(rng: random.Random) -> Callable[[bytes], bytes]:
    """Return what flips one bit."""
    at = rng.random()

    def flip(data: bytes) -> bytes:
        changed, bit = bytearray(data), int(at * len(data) * 8)
        changed[bit // 8] ^= 1 << bit % 8
        return bytes(changed)

    return flip


def mended(rng: random.Random) -> Callable[[bytes], bytes]:
    """Return what keeps the meaning of a text and breaks its one form, or swaps, cuts and doubles parts of it."""
    lines = lambda data: data.split(b"\n")  # noqa: E731 - used in one line each
    at = rng.random()
    pick = lambda data: int(at * len(lines(data)))  # noqa: E731
    turned = [
        lambda d: d + b"\n",
        lambda d: d[:-1],
        lambda d: d[: int(at * len(d))],
        lambda d: d.replace(b"\n", b"\r\n"),
        lambda d: b"\xef\xbb\xbf" + d,
        lambda d: d.replace(b"index ", b"index 0"),
        lambda d: d.replace(b"index ", b"index +"),
        lambda d: d.replace(b"index ", b"index  "),
        lambda d: d.replace(b"=\n", b"\n", 1),
        lambda d: d.replace(b"=\n", b"==\n", 1),
        lambda d: d.replace(b"=\n", b"=\n" + b"\n".join(lines(d)[2:3]) + b"\n", 1),
        lambda d: b"\n".join(lines(d)[: pick(d)] + lines(d)[pick(d) + 1 :]),
        lambda d: b"\n".join(lines(d)[: pick(d)] + lines(d)[pick(d) : pick(d) + 1] * 2 + lines(d)[pick(d) + 1 :]),
        lambda d: b"\n".join(sorted(lines(d))),
        lambda d: d.replace("— ".encode(), b"-- "),
        lambda d: d.replace(b'"v":1', b'"v":true'),
        lambda d: d.replace(b'"v":1', b'"v":1.0'),
        lambda d: d.replace(b'"v":1', b'"v":1e0'),
        lambda d: d.replace(b'"v":1', b'"v":"1"'),
        lambda d: d.replace(b'"v":1', b'"v":2'),
        lambda d: d.replace(b'"seq":', b'"seq":1'),
        lambda d: d.replace(b'"seq":', b'"seq":-'),
        lambda d: d.replace(b"{", b'{"aa":9007199254740992,', 1),
        lambda d: d.replace(b"{", b'{"aa":9007199254740991,', 1),
        lambda d: d.replace(b"{", b'{"aa":-0,', 1),
        lambda d: d.replace(b"{", b'{"aa":0.5,', 1),
        lambda d: d.replace(b"{", b'{"a":1,"a":1,', 1),
        lambda d: d.replace(b"{", b"{ ", 1),
        lambda d: d.replace(b"{", b'{"\xef\xbd\x81":1,"\xf0\xa0\xae\xb7":2,', 1),
        lambda d: b'{"\xf0\xa0\xae\xb7":2,"\xef\xbd\x81":1}',
        lambda d: b'{"\xef\xbd\x81":1,"\xf0\xa0\xae\xb7":2}',
        lambda d: b'{"__proto__":1,"toString":null}',
        lambda d: b'{"a":"\\ud842\\udfb7"}',
        lambda d: b'{"a":"\\ud842"}',
        lambda d: b'{"a":"\xed\xa1\x82"}',
        lambda d: b'{"a":"\\u001F\\/\x7f"}',
        lambda d: b'{"a":"\\u001f\\b\\f\x7f\xe2\x80\xa8"}',
        lambda d: b"[" * 5000 + b"]" * 5000,
        lambda d: b"NaN",
        lambda d: b"null",
        lambda d: b"[1]",
        lambda d: b"",
        lambda d: d.replace(b"a", b"A", 1),
        lambda d: d.replace(b":", b": ", 1),
        lambda d: d + b" " * (70_000 - len(d)),
        lambda d: d.replace(UUID.encode(), UUID.upper().encode()),
        lambda d: d.replace(UUID.encode(), UUID[:-1].encode() + b"0"),
        lambda d: d.replace(b"Report", b"Paper"),
        lambda d: d.replace(b"Issued", b"Prepared"),
        lambda d: d.replace(b"Prepared", b"Issued"),
        lambda d: d.replace(b'"refs":{', b'"refs":[],"x":{'),
        lambda d: d.replace(b'"until":null', b'"until":"2027-01-01T00:00:00Z"'),
        lambda d: d.replace(b'"until":null', b'"until":"2027-01-01T00:00:00.000000Z"'),
    ]  # fmt: skip
    return rng.choice(turned)


def relaid(rng: random.Random, parts: Parts) -> Parts:
    """Twist how the file is written."""
    swap = lambda files: [(name, files[(i + 1) % len(files)][1]) for i, (name, _) in enumerate(files)]  # noqa: E731
    layouts = [
        Layout(head=b"%PDF-1.6\n"), Layout(head=b"\n%PDF-1.7\n"), Layout(tail=b"%%EOF"), Layout(tail=b"%%EOF\n\n"), Layout(tail=b""),
        Layout(tail=b"%%EOF\n% more\n%%EOF\n"), Layout(trailer=b"/Prev 9 "), Layout(trailer=b"/Encrypt 2 0 R "), Layout(packed=True),
        Layout(packed=True, trailer=b"/Prev 9 "), Layout(af=()), Layout(af=(4, 5, 6, 7)), Layout(af=(4, 5, 6, 7, 8, 8)),
        Layout(af=(4, 5, 6, 7, 7)), Layout(af=(8, 7, 6, 5, 4)), Layout(uf={"keys.json": "key.json"}), Layout(kids=True),
        Layout(after_zlib=b"\n"), Layout(after_zlib=b"\r\n"), Layout(after_zlib=b"x"), Layout(after_zlib=b"\n\n"), Layout(filter=b""),
        Layout(shared=True), Layout(filter=b"/Filter [/FlateDecode] "),
        Layout(filter=b"/Filter /FlateDecode /DecodeParms << /Predictor 12 >> "),
    ]  # fmt: skip
    orders: list[Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]]] = [
        lambda files: files[:-1], lambda files: files[::-1], lambda files: [*files, files[-1]], lambda files: [*files, ("zzz", b"{}")],
        swap, lambda files: [*files[:3], files[3], files[3], files[4]], lambda files: [*files[:-1], ("record.tlog-prooF", files[-1][1])],
        lambda files: [], lambda files: files[:1],
    ]  # fmt: skip
    if rng.random() < 0.3:
        return replace(parts, files=rng.choice(orders), name="order")
    return replace(parts, layout=rng.choice(layouts), name="layout")


def signed(rng: random.Random, parts: Parts) -> Parts:
    """Twist who signed and whom the verifier trusts."""
    return replace(
        parts,
        name="keys",
        signers=rng.choice([(OURS,), (OTHER,), (OURS, WITNESS), (WITNESS, OURS), (OURS, OTHER), (OURS, OURS), ()]),
        keys=rng.choice(
            [(), (OURS.vkey,), (OTHER.vkey,), (WITNESS.vkey,), (OTHER.vkey, OURS.vkey), (OURS.vkey, WITNESS.vkey)]
        ),
        origin=rng.choice(
            [ORIGIN, ORIGIN, ORIGIN, f"other/{UUID}", "governance", f"governance/{UUID.upper()}", f"go vernance/{UUID}"]
        ),
        layout=_quick(rng),
    )


def _quick(rng: random.Random) -> Layout:
    """Return a layout: most cases are about other parts, and packing them takes most of the time."""
    return (
        Layout(packed=True)
        if rng.random() < 0.05
        else Layout(filter=b"/Filter /FlateDecode " if rng.random() < 0.05 else b"")
    )


def random_case(rng: random.Random) -> Case:
    """Return a case: one in eight true, the others twisted in one way, a few in two."""
    parts = random_parts(rng)
    parts.layout = _quick(rng)
    parts.forked, parts.lone = rng.random() < 0.1, rng.random() < 0.01
    kind = rng.random()
    if kind < 0.1:
        parts = relaid(rng, parts)
    elif kind < 0.3:
        parts = signed(rng, parts)
    elif kind < 0.88:
        for _ in range(1 if rng.random() < 0.8 else 2):
            where = rng.choice(TEXTS)
            parts.twist[where] = flipped(rng) if rng.random() < 0.5 else mended(rng)
            parts.name = f"{parts.name} {where}"
    elif kind < 0.9:
        parts.twist["pdf" if rng.random() < 0.5 else "file"] = flipped(rng)
        parts.name = "bits of the file"
    made = case(parts)
    return _less(rng, made)


def _less(rng: random.Random, made: Case) -> Case:
    """Take away, sometimes, what need not be given."""
    if rng.random() < 0.2:
        made.sidecar = None
    if rng.random() < 0.2:
        made.saved = None
    if rng.random() < 0.2:
        made.consistency = made.consistency[: rng.randint(0, 1)]
    return made
