"""報告書の検証 / Checks an issued report against the signed ledger it was entered in, without the service and without a network.

One file; it needs Python 3.11 or later, `cryptography` and `pikepdf`. The formats and the meaning of each verdict are in docs/proofs.md.

    python verify_report.py FILE.pdf --proof FILE.pdf.tlog-proof --key VKEY --checkpoint SAVED [--consistency FILE]
    python verify_report.py --ledger FOLDER --key VKEY        (an exported ledger: all entries, all checkpoints)

Three verdicts, kept apart: RECORD (the attached record is in the signed ledger), FILE (exactly these bytes were issued), HISTORY (the
ledger is still the one whose checkpoint you kept). Codes at the end: 0 all that was asked is OK, 1 something is wrong, 2 the files or
options cannot be used, 3 nothing is wrong but something could not be checked. Take the key from anywhere but the report.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

import pikepdf
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

OK, WRONG, UNCHECKED = "ok", "wrong", "unchecked"
RECORD, EVENT, PROOF, CHECKPOINT, KEYS = "record.json", "event.json", "record.tlog-proof", "checkpoint.txt", "keys.json"
ATTACHED = sorted((RECORD, EVENT, PROOF, CHECKPOINT, KEYS))
PREPARED, ISSUED = ("ReportPrepared", "PaperPrepared"), ("ReportIssued", "PaperIssued")
LARGEST, LONGEST, BODY, INFLATED = 2**53 - 1, 65_536, 16_384, 200_000_000

_NAME, _NUMBER = re.compile(r"[A-Za-z0-9._/-]{1,200}"), re.compile(r"0|[1-9][0-9]{0,15}")
_SIGNATURE = re.compile("— ([A-Za-z0-9._/-]{1,200}) ([A-Za-z0-9+/=]+)")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_BROKEN_PDF = (
    pikepdf.PdfError,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    AttributeError,
    RuntimeError,
    zlib.error,
    OverflowError,
)

# fmt: off
SENTENCES = {
    "record": ("添付の記録は、署名された監査台帳に入っています（番号 {seq}、{size}件中）。",
        "The attached record is in the signed ledger (entry {seq} of {size})."),
    "file": ("このファイルは、発行されたものと1バイトも違いません（番号 {seq}、{size}件中）。",
        "These are exactly the bytes that were issued (entry {seq} of {size})."),
    "history": ("監査台帳は、保管されたチェックポイント（{size}件）と同じ歴史を持っています。",
        "The ledger has the same history as the checkpoint you kept ({size} entries)."),
    "revision": ("PDFが読めないか、発行後に書き足されています。",
        "The PDF cannot be read, or something was added to it after it was issued."),
    "unproven": ("この報告書には証明が添付されていません（証明の機能より前に発行されたものです）。",
        "No proof is attached: the report was issued before there were proofs."),
    "attachments": ("添付ファイルが、あるべき5つと異なります（欠け、重複、差し替え、余分）。",
        "The attachments are not the five that must be there: one is missing, doubled, swapped or too many."),
    "json": ("添付の記録または記録内容が、正規の形式ではありません。",
        "A record or an entry is not in its canonical form."),
    "proof": ("証明ファイルの形式が正しくありません。",
        "The proof is not in its form."),
    "checkpoint": ("添付のチェックポイントが、証明の中のものと異なります。",
        "The attached checkpoint is not the one in the proof."),
    "key": ("信頼する鍵による署名がありません。",
        "There is no signature by a key that you trust."),
    "signature": ("チェックポイントの署名が正しくありません。書き換えられています。",
        "The signature of the checkpoint is wrong: it was changed."),
    "event": ("台帳の記録が、この報告書のものではありません。添付の記録が変わったか、差し替えられています。",
        "The entry of the ledger is not about this report: the attached record was changed, or one of the two swapped."),
    "file_differs": ("このファイルは、発行されたものと異なります。発行後に変更されています。",
        "This file is not the one that was issued: it was changed afterwards."),
    "inclusion": ("記録が、署名された監査台帳に入っていません。",
        "The entry is not in the signed ledger."),
    "no_sidecar": ("証明ファイル（.tlog-proof）がないため、ページの内容までは確かめていません。",
        "Without the sidecar (.tlog-proof) the printed pages were not checked."),
    "no_checkpoint": ("保管したチェックポイントが与えられていないため、確かめていません。",
        "No checkpoint that you kept was given, so this was not checked."),
    "saved": ("保管されたチェックポイントの形式が正しくありません。",
        "The checkpoint you kept is not in its form."),
    "nothing": ("照合できるチェックポイントがありません。",
        "There is no good checkpoint to compare with the one you kept."),
    "origin": ("保管されたチェックポイントは、別の台帳のものです。",
        "The checkpoint you kept is of another ledger."),
    "fork": ("監査台帳が、保管されたチェックポイントの続きではありません。台帳が作り直されています。",
        "The ledger does not continue the checkpoint you kept: it was rebuilt."),
    "no_consistency": ("二つの時点をつなぐ証明（governance ledger prove で作る）を --consistency で与えてください。",
        "The proof between the two checkpoints is missing: give what governance ledger prove writes with --consistency."),
    "consistency": ("二つの時点をつなぐ証明の形式または署名が正しくありません。",
        "A consistency file is out of form or not signed by a trusted key."),
    "no_key": ("矛盾はありませんが、信頼する鍵がないため確かめられません。別に受け取った鍵の指紋と比べてください: {print}",
        "Nothing contradicts, but nothing is proved without a key you trust. Compare this fingerprint with yours: {print}"),
}
# fmt: on


class Wrong(Exception):
    """A check failed; `code` is one of docs/proofs.md §8."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True)
class Verdict:
    """One of the three answers: a state, a stable code, and a sentence in both languages."""

    state: str
    code: str
    ja: str
    en: str


@dataclass(frozen=True)
class Key:
    """A public key with its name."""

    name: str
    id: bytes
    public: bytes
    vkey: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the vkey line."""
        return hashlib.sha256(self.vkey.encode()).hexdigest()


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True)
class Proof:
    """A tlog-proof as it is written."""

    index: int
    path: list[bytes]
    note: str
    extra: bytes | None


def _verdict(state: str, code: str, sentence: str = "", **values: object) -> Verdict:
    ja, en = SENTENCES[sentence or code]
    return Verdict(state, code, ja.format(**values), en.format(**values))


# -- forms (docs/proofs.md §2) ---------------------------------------------------------------------------------------------------


def _base64(text: str, code: str) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Wrong(code) from None
    if base64.b64encode(content).decode() != text:
        raise Wrong(code)
    return content


def _hash(text: str, code: str) -> bytes:
    content = _base64(text, code)
    if len(content) != 32:
        raise Wrong(code)
    return content


def _number(text: str, code: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > LARGEST:
        raise Wrong(code)
    return int(text)


def _text(content: bytes, code: str) -> str:
    if len(content) > LONGEST:
        raise Wrong(code)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise Wrong(code) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key.encode("utf-16-be") for key, _ in pairs]
    if any(first >= second for first, second in pairwise(keys)):
        raise ValueError("keys out of order")
    return dict(pairs)


def _fraction(written: str) -> NoReturn:
    raise ValueError(written)


def _whole(written: str) -> int:
    if len(written) > 17 or abs(int(written)) > LARGEST:
        raise ValueError(written)
    return int(written)


def canonical(content: bytes, code: str = "json") -> Any:
    """Return the value of canonical JSON. Raises Wrong for bytes in any other form."""
    try:
        value = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_fraction,
            parse_constant=_fraction,
            parse_int=_whole,
        )
        again = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except (ValueError, RecursionError):
        raise Wrong(code) from None
    if again != content:
        raise Wrong(code)
    return value


# -- keys and checkpoints (§3, §4) -------------------------------------------------------------------------------------------------


def read_key(vkey: str) -> Key:
    """Return the key of a vkey line. Raises Wrong."""
    parts = vkey.split("+", 2)
    if len(parts) != 3 or not _NAME.fullmatch(parts[0]):
        raise Wrong("key")
    content = _base64(parts[2], "key")
    id = hashlib.sha256(parts[0].encode() + b"\n" + content).digest()[:4]
    if len(content) != 33 or content[0] != 1 or parts[1] != id.hex():
        raise Wrong("key")
    return Key(parts[0], id, content[1:], vkey)


def trusted(given: Iterable[str]) -> list[Key]:
    """Return the keys of vkey lines, or of files that hold one on each line. Raises Wrong, OSError."""
    keys = []
    for each in given:
        lines = [each] if each.count("+") >= 2 else Path(each).read_text(encoding="utf-8").split()
        keys += [read_key(line) for line in lines]
    return keys


def _split(note: str, code: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the text of a note and its signatures: name and content."""
    text, blank, rest = note.rpartition("\n\n")
    found = [(line, _SIGNATURE.fullmatch(line)) for line in rest[:-1].split("\n")]
    if not blank or not rest.endswith("\n") or not 1 <= len(found) <= 16:
        raise Wrong(code)
    signatures: dict[tuple[str, bytes], bytes] = {}
    for _, match in found:
        content = _base64(match[2], code) if match else b""
        if match is None or not 5 <= len(content) <= 8192 or (match[1], content[:4]) in signatures:
            raise Wrong(code)
        signatures[match[1], content[:4]] = content
    return text + "\n", [(name, content) for (name, _), content in signatures.items()]


def read_checkpoint(note: str, keys: Sequence[Key], code: str = "proof") -> Checkpoint:
    """Return what a signed checkpoint says. Raises Wrong: `code` for its form, `key`, `signature`."""
    if len(note.encode("utf-8", "surrogatepass")) > LONGEST:
        raise Wrong(code)
    text, signatures = _split(note, code)
    said, good = _said(text, code), 0
    known = {(key.name, key.id): key for key in keys if key.name == said.origin}
    for name, content in signatures:
        key = known.get((name, content[:4]))
        if key is not None:
            _check_signature(key, text.encode(), content[4:])
            good += 1
    if not good:
        raise Wrong("key")
    return said


def _said(text: str, code: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not _NAME.fullmatch(lines[0]) or not _UUID.fullmatch(lines[0].rpartition("/")[2]):
        raise Wrong(code)
    said = Checkpoint(lines[0], _number(lines[1], code), _hash(lines[2], code))
    if "/" not in said.origin or said.size < 1:
        raise Wrong(code)
    return said


def _check_signature(key: Key, text: bytes, signature: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text)
    except (InvalidSignature, ValueError):
        raise Wrong("signature") from None


# -- proofs (§5, §7) ---------------------------------------------------------------------------------------------------------------


def read_proof(content: bytes) -> Proof:
    """Return a tlog-proof. Raises Wrong."""
    lines, note = _headed(content, "proof")
    if lines[0] != "c2sp.org/tlog-proof@v1":
        raise Wrong("proof")
    extra = None
    if len(lines) > 1 and lines[1].startswith("extra "):
        extra = _base64(lines.pop(1)[6:], "proof")
    if len(lines) < 2 or not lines[1].startswith("index ") or len(lines) > 65:
        raise Wrong("proof")
    return Proof(_number(lines[1][6:], "proof"), [_hash(line, "proof") for line in lines[2:]], note, extra)


def _headed(content: bytes, code: str) -> tuple[list[str], str]:
    """Return the lines before the first empty one, and the note after it."""
    head, blank, note = _text(content, code).partition("\n\n")
    if not blank:
        raise Wrong(code)
    return head.split("\n"), note


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Check a path of inclusion, going down from the root as RFC 9162 §2.1.3.1 builds it."""
    turns, start, end = [], 0, size
    if not 0 <= index < size:
        return False
    while end - start > 1:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        turns.append(index >= middle)
        start, end = (middle, end) if index >= middle else (start, middle)
    if len(path) != len(turns):
        return False
    for sibling, is_right in zip(path, reversed(turns), strict=True):
        leaf = _node(sibling, leaf) if is_right else _node(leaf, sibling)
    return leaf == root


def continues(old: Checkpoint, new: Checkpoint, path: Sequence[bytes]) -> bool:
    """Check a consistency proof by rebuilding both roots from it, the way RFC 9162 §2.1.4.1 takes it apart."""
    if not 0 < old.size < new.size:
        return False
    rest = list(path)

    def rebuilt(size: int, count: int, whole: bool) -> tuple[bytes, bytes]:
        """Return the roots of the old part and of all `count` entries of a subtree; the last hash of the path is the topmost."""
        if size == count:
            both = old.root if whole else rest.pop()
            return both, both
        middle = 1 << (count - 1).bit_length() - 1
        sibling = rest.pop()
        if size <= middle:
            before, now = rebuilt(size, middle, whole)
            return before, _node(now, sibling)
        before, now = rebuilt(size - middle, count - middle, False)
        return _node(sibling, before), _node(sibling, now)

    try:
        before, now = rebuilt(old.size, new.size, True)
    except IndexError:
        return False
    return not rest and before == old.root and now == new.root


def _body(content: bytes | None, index: int, origin: str, types: Sequence[str]) -> dict[str, Any]:
    """Return the `refs` of an entry's body. Raises Wrong."""
    if content is None or len(content) > BODY:
        raise Wrong("event")
    body = canonical(content)
    if not isinstance(body, dict) or not isinstance(body.get("refs"), dict):
        raise Wrong("event")
    found = (body.get("v"), body.get("log"), body.get("seq"))
    if found != (1, origin.rpartition("/")[2], index) or body.get("v") is True or body.get("type") not in types:
        raise Wrong("event")
    refs: dict[str, Any] = body["refs"]
    return refs


def _included(content: bytes, proof: Proof, said: Checkpoint) -> None:
    leaf = hashlib.sha256(b"\x00" + content).digest()
    if not includes(leaf, proof.index, said.size, proof.path, said.root):
        raise Wrong("inclusion")


# -- the PDF (§6) ------------------------------------------------------------------------------------------------------------------


def attachments(file: bytes) -> dict[str, bytes]:
    """Return the five attachments of a report. Raises Wrong: `revision`, `unproven`, `attachments`."""
    whole = file.startswith(b"%PDF-1.7\n") and file.endswith(b"%%EOF\n")
    if not whole or file.count(b"%%EOF") != 1 or file.count(b"startxref") != 1:
        raise Wrong("revision")
    try:
        pdf = pikepdf.open(BytesIO(file), attempt_recovery=False, suppress_warnings=True)
    except (*_BROKEN_PDF, pikepdf.PasswordError):
        raise Wrong("revision") from None
    with pdf:
        if pdf.is_encrypted or any(name in pdf.trailer for name in ("/Prev", "/Encrypt", "/XRefStm")):
            raise Wrong("revision")
        if any(name in _trailer(file) for name in (b"/Prev", b"/Encrypt", b"/XRefStm")):
            raise Wrong("revision")
        try:
            return _embedded(pdf)
        except _BROKEN_PDF:
            raise Wrong("attachments") from None


def _trailer(file: bytes) -> bytes:
    """Return the cross-reference with its dictionary as it is written: the library may hide what it has dealt with."""
    before, _, place = file.rpartition(b"startxref")
    if not re.fullmatch(rb"\n[0-9]{1,12}\n%%EOF\n", place):
        raise Wrong("revision")
    section = before[int(place.split()[0]) :]
    return section if section.startswith(b"xref") else section.partition(b"stream")[0]


def _embedded(pdf: pikepdf.Pdf) -> dict[str, bytes]:
    tree = pdf.Root["/Names"]["/EmbeddedFiles"]
    listed = list(tree["/Names"])
    names = [str(each) for each in listed[::2]]
    if names == [RECORD]:
        raise Wrong("unproven")
    specifications = listed[1::2]
    associated = [each.objgen for each in pdf.Root["/AF"]]
    if "/Kids" in tree or names != ATTACHED or len(listed) != 2 * len(names):
        raise Wrong("attachments")
    if sorted(associated) != sorted(each.objgen for each in specifications) or len(set(associated)) != len(names):
        raise Wrong("attachments")
    streams = [_stream_of(name, each) for name, each in zip(names, specifications, strict=True)]
    if len({each.objgen for each in streams}) != len(names):
        raise Wrong("attachments")
    return {name: _inflated(each) for name, each in zip(names, streams, strict=True)}


def _stream_of(name: str, specification: Any) -> Any:
    files = specification["/EF"]
    if (str(specification["/F"]), str(specification["/UF"])) != (name, name) or set(files.keys()) - {"/F", "/UF"}:
        raise Wrong("attachments")
    if "/UF" in files and files["/UF"].objgen != files["/F"].objgen:
        raise Wrong("attachments")
    return files["/F"]


def _inflated(stream: Any) -> bytes:
    raw: bytes = stream.read_raw_bytes()
    if "/DecodeParms" in stream or "/F" in stream:
        raise Wrong("attachments")
    if "/Filter" not in stream:
        return raw
    if stream["/Filter"] != pikepdf.Name.FlateDecode:
        raise Wrong("attachments")
    reader = zlib.decompressobj()
    content = reader.decompress(raw, INFLATED)
    if not reader.eof or reader.unused_data not in (b"", b"\n", b"\r\n"):
        raise Wrong("attachments")
    return content


# -- verdicts (§8) -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """A verdict with the checkpoint it rests on, when it is ok."""

    verdict: Verdict
    checkpoint: Checkpoint | None = None


def _untrusted(held: dict[str, bytes]) -> list[Key]:
    """Return the keys that come with the report: good for nothing but to say that nothing contradicts."""
    listed = canonical(held.get(KEYS, b""))
    if not isinstance(listed, dict) or set(listed) != {"keys", "origin"} or not isinstance(listed["keys"], list):
        raise Wrong("json")
    if not isinstance(listed["origin"], str) or not all(map(_is_term, listed["keys"])):
        raise Wrong("json")
    try:
        return [read_key(each["vkey"]) for each in listed["keys"]]
    except Wrong:
        raise Wrong("json") from None


def _is_term(each: Any) -> bool:
    if not isinstance(each, dict) or set(each) != {"from", "until", "vkey"}:
        return False
    since, until, vkey = each["from"], each["until"], each["vkey"]
    return all(isinstance(one, str) for one in (since, vkey, until or "")) and all(
        _TIME.fullmatch(one) for one in (since, *(() if until is None else (until,)))
    )


def _concluded(kind: str, proof: Proof, said: Checkpoint, keys: Sequence[Key], used: Sequence[Key]) -> Found:
    if keys:
        return Found(_verdict(OK, "ok", kind, seq=proof.index, size=said.size), said)
    named = [key for key in used if key.name == said.origin]
    return Found(_verdict(UNCHECKED, "no_key", print=", ".join(key.fingerprint for key in named)))


def check_record(held: dict[str, bytes], keys: Sequence[Key]) -> Found:
    """Check that the attached record is in the signed ledger. Raises Wrong."""
    canonical(held[RECORD])
    canonical(held[EVENT])
    used = _untrusted(held)
    proof = read_proof(held[PROOF])
    if proof.extra is not None or held[CHECKPOINT] != proof.note.encode():
        _said(_split(proof.note, "proof")[0], "proof")
        raise Wrong("proof" if proof.extra is not None else "checkpoint")
    said = read_checkpoint(proof.note, keys or used)
    refs = _body(held[EVENT], proof.index, said.origin, PREPARED)
    if refs.get("record") != hashlib.sha256(held[RECORD]).hexdigest():
        raise Wrong("event")
    _included(held[EVENT], proof, said)
    return _concluded("record", proof, said, keys, used)


def check_file(file: bytes, sidecar: bytes, keys: Sequence[Key], used: Sequence[Key]) -> Found:
    """Check that exactly these bytes were issued. Raises Wrong."""
    proof = read_proof(sidecar)
    if proof.extra is None:
        raise Wrong("proof")
    canonical(proof.extra)
    said = read_checkpoint(proof.note, keys or used)
    refs = _body(proof.extra, proof.index, said.origin, ISSUED)
    if refs.get("file") != hashlib.sha256(file).hexdigest():
        raise Wrong("file")
    _included(proof.extra, proof, said)
    return _concluded("file", proof, said, keys, used)


def check_history(saved: str, compared: Sequence[Checkpoint], keys: Sequence[Key], links: Sequence[bytes]) -> Verdict:
    """Check that what the report rests on has one history with the checkpoint that was kept. Raises Wrong."""
    kept = read_checkpoint(saved, keys, "saved")
    if not compared:
        return _verdict(UNCHECKED, "nothing")
    bridges = [_bridge(link, keys) for link in links]
    missing = [each for each in compared if not _is_compared(kept, each, bridges)]
    return _verdict(UNCHECKED, "no_consistency") if missing else _verdict(OK, "ok", "history", size=kept.size)


def _is_compared(kept: Checkpoint, each: Checkpoint, bridges: Sequence[tuple[int, list[bytes], Checkpoint]]) -> bool:
    """Say whether two checkpoints could be compared. Raises Wrong when they are not of one history."""
    if kept.origin != each.origin:
        raise Wrong("origin")
    if kept.size == each.size:
        if kept.root != each.root:
            raise Wrong("fork")
        return True
    old, new = sorted((kept, each), key=lambda one: one.size)
    paths = [path for size, path, to in bridges if size == old.size and to == new]
    if not all(continues(old, new, path) for path in paths):
        raise Wrong("fork")
    return bool(paths)


def _bridge(content: bytes, keys: Sequence[Key]) -> tuple[int, list[bytes], Checkpoint]:
    lines, note = _headed(content, "consistency")
    if lines[0] != "governance/tlog-consistency@v1" or not 2 <= len(lines) <= 130 or not lines[1].startswith("old "):
        raise Wrong("consistency")
    try:
        newer = read_checkpoint(note, keys, "consistency")
    except Wrong:
        raise Wrong("consistency") from None
    return _number(lines[1][4:], "consistency"), [_hash(line, "consistency") for line in lines[2:]], newer


@dataclass(frozen=True)
class Asked:
    """What is to be checked: the file, and what was kept beside it."""

    file: bytes
    keys: Sequence[Key] = ()
    sidecar: bytes | None = None
    saved: bytes | None = None
    links: Sequence[bytes] = ()


def check(asked: Asked) -> dict[str, Verdict]:
    """Return the three verdicts, by name: RECORD, FILE, HISTORY."""
    held: dict[str, bytes] = {}
    record = file = Found(_verdict(UNCHECKED, "no_sidecar"))
    try:
        held = attachments(asked.file)
        record = check_record(held, asked.keys)
    except Wrong as wrong:
        record = Found(_failed(wrong))
    if asked.sidecar is not None:
        try:
            file = check_file(asked.file, asked.sidecar, asked.keys, _claimed(held))
        except Wrong as wrong:
            file = Found(_failed(wrong))
    good = [each.checkpoint for each in (record, file) if each.checkpoint is not None]
    return {"RECORD": record.verdict, "FILE": file.verdict, "HISTORY": _history(asked, good)}


def _claimed(held: dict[str, bytes]) -> list[Key]:
    try:
        return _untrusted(held)
    except Wrong:
        return []


def _failed(wrong: Wrong) -> Verdict:
    return _verdict(WRONG, wrong.code, "file_differs" if wrong.code == "file" else wrong.code)


def _history(asked: Asked, good: Sequence[Checkpoint]) -> Verdict:
    if asked.saved is None:
        return _verdict(UNCHECKED, "no_checkpoint")
    if not asked.keys:
        return _verdict(UNCHECKED, "no_key", print="–")
    try:
        return check_history(_text(asked.saved, "saved"), good, asked.keys, asked.links)
    except Wrong as wrong:
        return _failed(wrong)


def note_in(content: bytes) -> str:
    """Return the checkpoint in a file: one by itself, at the end of a proof or a consistency file, or in a report. Raises Wrong."""
    if content.startswith(b"%PDF"):
        content = attachments(content)[CHECKPOINT]
    text = _text(content, "saved")
    if text.startswith(("c2sp.org/tlog-proof@v1\n", "governance/tlog-consistency@v1\n")):
        return _headed(content, "saved")[1]
    return text


# -- an exported ledger --------------------------------------------------------------------------------------------------------------


def check_ledger(folder: Path, keys: Sequence[Key]) -> Verdict:
    """Recompute the tree of an exported ledger and compare it with each of its checkpoints. Raises OSError.

    Entries beyond the largest checkpoint are under no signature: they are refused, not counted.
    """
    notes = {path.name: path.read_bytes() for path in sorted((folder / "checkpoints").iterdir())}
    try:
        said = [read_checkpoint(_text(note, "saved"), keys, "saved") for note in notes.values()]
        wanted = _wanted(said)
        last, peaks, size = max(wanted), list[tuple[int, bytes]](), 0
        with (folder / "entries.jsonl").open("rb") as lines:
            for size, line in enumerate(lines, 1):
                _grow(peaks, _leaf(line, size - 1, said[0].origin))
                if size in wanted and wanted.pop(size) != _root(peaks):
                    raise Wrong("fork")
                if size > last:
                    raise Wrong("inclusion")
        if wanted:
            raise Wrong("inclusion")
    except Wrong as wrong:
        return _failed(wrong)
    return _verdict(OK, "ok", "history", size=size)


def _wanted(said: Sequence[Checkpoint]) -> dict[int, bytes]:
    """Return size and root of the checkpoints. Raises Wrong when there is none, or they are not of one ledger and one history."""
    wanted: dict[int, bytes] = {}
    for each in said:
        if each.origin != said[0].origin:
            raise Wrong("origin")
        if wanted.setdefault(each.size, each.root) != each.root:
            raise Wrong("fork")
    if not wanted:
        raise Wrong("nothing")
    return wanted


def _leaf(line: bytes, seq: int, origin: str) -> bytes:
    body = canonical(line.removesuffix(b"\n"))
    if not isinstance(body, dict) or body.get("seq") != seq or body.get("log") != origin.rpartition("/")[2]:
        raise Wrong("event")
    return hashlib.sha256(b"\x00" + line.removesuffix(b"\n")).digest()


def _grow(peaks: list[tuple[int, bytes]], leaf: bytes) -> None:
    level = 0
    while peaks and peaks[-1][0] == level:
        leaf, level = _node(peaks.pop()[1], leaf), level + 1
    peaks.append((level, leaf))


def _root(peaks: Sequence[tuple[int, bytes]]) -> bytes:
    root = peaks[-1][1]
    for _, peak in reversed(peaks[:-1]):
        root = _node(peak, root)
    return root


# -- the command ---------------------------------------------------------------------------------------------------------------------


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="verify_report", description="報告書の検証 / Check an issued report.")
    parser.add_argument("file", nargs="?", type=Path, help="報告書 / the report (PDF)")
    parser.add_argument("--proof", type=Path, help="証明ファイル / the sidecar (.tlog-proof)")
    parser.add_argument(
        "--key", action="append", default=[], help="公開鍵かそのファイル / a key you trust (vkey), or a file of keys"
    )
    parser.add_argument(
        "--checkpoint", type=Path, help="保管したチェックポイント / a checkpoint you kept (or a report, or a proof)"
    )
    parser.add_argument(
        "--consistency", type=Path, action="append", default=[], help="二つの時点をつなぐ証明 / a consistency file"
    )
    parser.add_argument("--ledger", type=Path, help="書き出された台帳 / folder of an exported ledger")
    parser.add_argument("--json", action="store_true", help="JSONで出力 / print JSON")
    options = parser.parse_args(arguments)
    if (options.file is None) == (options.ledger is None):
        parser.error("報告書か台帳を一つ指定してください。 / Name one report, or one exported ledger.")
    return options


def _asked(options: argparse.Namespace) -> Asked:
    saved = note_in(options.checkpoint.read_bytes()).encode() if options.checkpoint else None
    sidecar = options.proof.read_bytes() if options.proof else None
    links = [path.read_bytes() for path in options.consistency]
    return Asked(options.file.read_bytes(), trusted(options.key), sidecar, saved, links)


def _ledger(options: argparse.Namespace) -> dict[str, Verdict]:
    return {"LEDGER": check_ledger(options.ledger, trusted(options.key))}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = _options(arguments)
    try:
        verdicts = _ledger(options) if options.ledger else check(_asked(options))
    except Wrong as wrong:
        print(" / ".join(SENTENCES[wrong.code]), file=sys.stderr)
        return 2
    except (OSError, UnicodeError) as error:
        print(f"ファイルを読めません。 / A file cannot be read: {error}", file=sys.stderr)
        return 2
    _print(verdicts, options.json)
    return _code(verdicts, options)


def _print(verdicts: dict[str, Verdict], as_json: bool) -> None:
    if as_json:
        told = {name: {"state": each.state, "code": each.code} for name, each in verdicts.items()}
        print(json.dumps(told))
        return
    for name, each in verdicts.items():
        label = {OK: "OK", WRONG: "WRONG", UNCHECKED: "unchecked"}[each.state]
        print(f"{name} {label}\n  {each.ja}\n  {each.en}")


def _code(verdicts: dict[str, Verdict], options: argparse.Namespace) -> int:
    states = {name: each.state for name, each in verdicts.items()}
    asked = [name for name in states if name not in ("FILE", "HISTORY")]
    asked += ["FILE"] * bool(options.proof) + ["HISTORY"] * bool(options.checkpoint)
    if WRONG in states.values():
        return 1
    return 0 if all(states[name] == OK for name in asked) else 3


if __name__ == "__main__":
    sys.exit(main())
