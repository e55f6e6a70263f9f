"""Checks a ledger from its rows alone, streaming, and names the first thing that is wrong in both languages.

It stands on merkle.py and canonical.py and nothing else of the service, so that an auditor can read the three files and run them on
rows taken out in any way. What it finds: changed, missing, inserted and reordered entries, a cut end, a broken or rebuilt
tree (the last one needs a size and root kept elsewhere), swapped private values, and governed rows that were changed, slipped in or
taken away past the service. It cannot find an end cut off together with all rows written in it, unless such a kept root is given.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from governance.ledger.canonical import NotCanonical, strict
from governance.ledger.merkle import grow, leaf_hash, root_of

Entry = tuple[int, bytes, bytes, str, str, str | None]
"""seq, body, leaf, type, subject, project — ordered by seq."""
Node = tuple[int, int, bytes]
"""level, idx, hash — ordered by the entry that completes it, then by level."""
Value = tuple[int, str, bytes, bytes]
"""seq, path, salt, value — ordered by seq."""
Row = tuple[str, bytes]
"""table:id and the canonical bytes of a governed row, in any order."""

ROWS_PATH = "rows"
OPTIONAL = "screening_contents:"
"""Anchors of content that is digested only while it is locked: it may lawfully be absent from the present rows."""
SHOWN = 100
"""How many faults are listed; the others are only counted."""

_MESSAGES = {
    "missing": ("記録 {seq} が欠落しています。", "Entry {seq} is missing."),
    "order": ("記録の番号が {seq} の次に正しく続いていません。", "The numbers do not continue after entry {seq}."),
    "leaf": ("記録 {seq} の内容が書き換えられています。", "The content of entry {seq} was changed."),
    "form": ("記録 {seq} は正規の形式ではありません（{place}）。", "Entry {seq} is not in canonical form ({place})."),
    "number": (
        "記録 {seq} の内容は別の番号のものです（{place}）。",
        "The content of entry {seq} belongs to number {place}.",
    ),
    "log": ("記録 {seq} は別の台帳のものです。", "Entry {seq} belongs to another ledger."),
    "type": ("記録 {seq} の種類「{place}」は定義されていません。", "Entry {seq} has the unknown type “{place}”."),
    "column": (
        "記録 {seq} の検索用の列「{place}」が内容と一致しません。",
        "The index column “{place}” of entry {seq} differs from its content.",
    ),
    "node": (
        "ハッシュ木が記録と一致しません。{place} のいずれかが書き換えられています。",
        "The hash tree disagrees with the entries: one of {place} was changed.",
    ),
    "node_missing": ("ハッシュ木の節点（{place}）が欠落しています。", "Node {place} of the hash tree is missing."),
    "cut": (
        "台帳の末尾が切り取られています。現在の最後は記録 {seq} ですが、その先の痕跡（{place}）が残っています。",
        "The end of the ledger was cut off: it ends with entry {seq}, but traces of later ones remain ({place}).",
    ),
    "value": (
        "記録 {seq} の非公開値「{place}」が差し替えられています。",
        "The private value “{place}” of entry {seq} was swapped.",
    ),
    "value_missing": (
        "記録 {seq} の非公開値「{place}」が、消去の記録なしに失われています。",
        "The private value “{place}” of entry {seq} is gone without a recorded erasure.",
    ),
    "value_extra": (
        "記録 {seq} にない非公開値「{place}」が追加されています。",
        "A private value “{place}” was added that entry {seq} does not name.",
    ),
    "row_changed": (
        "「{place}」の現在の内容が、最後の記録 {seq} の時点と異なります。正規の操作以外で変更されています。",
        "“{place}” differs from what entry {seq}, the last about it, recorded: it was changed past the service.",
    ),
    "row_unknown": (
        "「{place}」に対応する記録がありません。正規の操作以外で追加されています。",
        "No entry records “{place}”: it was added past the service.",
    ),
    "row_missing": (
        "記録 {seq} にある「{place}」が存在しません。正規の操作以外で削除されています。",
        "“{place}”, recorded in entry {seq}, is gone: it was removed past the service.",
    ),
    "root": (
        "保管されていた {place} 件時点のルートと一致しません。台帳が作り直されています。",
        "The root kept for size {place} does not match: the ledger was rebuilt.",
    ),
    "shorter": (
        "保管されていた {place} 件より短くなっています。末尾が切り取られています。",
        "The ledger is shorter than the {place} entries known elsewhere: its end was cut off.",
    ),
}


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: a stable code, the entry concerned, what it is about, and a sentence in both languages.

    `until` is set when only a range of entries, `seq … until`, can be named.
    """

    code: str
    seq: int | None
    place: str
    ja: str
    en: str
    until: int | None = None

    @property
    def rank(self) -> tuple[bool, int, bool]:
        """Order of faults: the ledger's own before those of rows, by the last entry concerned, an entry before a range."""
        last = self.seq if self.until is None else self.until
        return last is None or self.code.startswith("row_"), last or 0, self.until is not None


@dataclass
class Verdict:
    """What the check found. `size` and `root` are recomputed from the entries; `rows` and `erased` count what was compared.

    `erasures` names everything that entries say was erased: `12:private.reason`, or `snapshots:<id>/answers/3/remark`.
    """

    size: int = 0
    root: bytes = b""
    rows: int = 0
    erased: int = 0
    erasures: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    count: int = 0

    @property
    def ok(self) -> bool:
        """True when nothing at all is wrong."""
        return self.count == 0

    @property
    def first(self) -> Fault | None:
        """The fault about the earliest entry."""
        return min(self.faults, key=lambda fault: fault.rank, default=None)

    def add(self, code: str, seq: int | None, place: str = "", until: int | None = None) -> None:
        """Note a fault that one of this module's sentences describes."""
        ja, en = _MESSAGES[code]
        self.note(Fault(code, seq, place, ja.format(seq=seq, place=place), en.format(seq=seq, place=place), until))

    def note(self, fault: Fault) -> None:
        """Note a fault."""
        self.count += 1
        if len(self.faults) < SHOWN:
            self.faults.append(fault)


@dataclass(frozen=True)
class _Anchor:
    """The last entry that recorded a row: its salted digest, or None for a removal; no salt when it was erased."""

    seq: int
    digest: str | None
    salt: bytes | None


def verify(
    entries: Iterable[Entry],
    nodes: Iterable[Node],
    values: Iterable[Value] = (),
    rows: Iterable[Row] = (),
    *,
    types: frozenset[str] | None = None,
    known: Mapping[int, bytes] | None = None,
) -> Verdict:
    """Check a whole ledger and the rows it answers for.

    `types` is the closed list of acts; `known` maps sizes to roots that were kept elsewhere (a printed report, a saved checkpoint).
    """
    verdict = Verdict()
    tree, content = _Tree(verdict, nodes, known or {}), _Content(verdict, values, types)
    expected = 0
    for entry in entries:
        if entry[0] != expected:
            verdict.add("missing" if entry[0] > expected else "order", min(entry[0], expected))
            tree.is_whole = False
        expected = entry[0] + 1
        tree.take(*entry[:3])
        content.take(entry)
    verdict.size = expected
    tree.end(expected)
    content.end(expected)
    content.compare(rows)
    return verdict


class _Tree:
    """Recomputes the inner nodes while entries arrive, and compares them with the stored ones."""

    def __init__(self, verdict: Verdict, nodes: Iterable[Node], known: Mapping[int, bytes]) -> None:
        self.verdict, self.known, self.is_whole = verdict, known, True
        self.peaks: list[bytes] = []
        self.nodes = iter(nodes)
        self.node = next(self.nodes, None)

    def take(self, seq: int, body: bytes, leaf: bytes) -> None:
        """Hash an entry and add its leaf; after a gap the tree can no longer be recomputed."""
        if leaf_hash(body) != leaf:
            self.verdict.add("leaf", seq)
        if not self.is_whole:
            return
        for level, idx, expected in grow(seq, self.peaks, leaf):
            self._compare(level, idx, expected, seq)
        if seq + 1 in self.known and root_of(self.peaks) != self.known[seq + 1]:
            self.verdict.add("root", seq, str(seq + 1))

    def _compare(self, level: int, idx: int, expected: bytes, seq: int) -> None:
        if self.node is None or self.node[:2] != (level, idx):
            self.verdict.add("node_missing", seq, f"{level}/{idx}")
            return
        if self.node[2] != expected:
            first, last = idx << level, ((idx + 1) << level) - 1
            self.verdict.add("node", first, f"{first}–{last}", until=last)
        self.node = next(self.nodes, None)

    def end(self, size: int) -> None:
        """Look for traces of entries beyond the end, and for a ledger shorter than one known elsewhere."""
        self.verdict.root = root_of(self.peaks)
        if self.is_whole and self.node is not None:
            self.verdict.add("cut", size - 1, f"{self.node[0]}/{self.node[1]}")
        for kept in self.known:
            if kept > size:
                self.verdict.add("shorter", size - 1, str(kept))


class _Content:
    """Reads each body, checks the private values behind its digests, and remembers the last anchor of each row."""

    def __init__(self, verdict: Verdict, values: Iterable[Value], types: frozenset[str] | None) -> None:
        self.verdict, self.types = verdict, types
        self.values = iter(values)
        self.value = next(self.values, None)
        self.log: str | None = None
        self.anchors: dict[str, _Anchor] = {}
        self.lost: dict[str, tuple[int, str]] = {}

    def take(self, entry: Entry) -> None:
        """Check one entry's content."""
        seq = entry[0]
        values = self._values_of(seq)
        try:
            body = strict(entry[1])
            self._identity(entry, body)
            self._private(seq, body["private"], values)
            self._rows(seq, body["rows"], body["seal"], values.pop(ROWS_PATH, None))
            for path in values:
                self.verdict.add("value_extra", seq, path)
            if body["type"] == "ErasurePerformed":
                self.verdict.erasures.update(body["codes"]["values"])
        except (NotCanonical, KeyError, TypeError, ValueError, AttributeError) as error:
            self.verdict.add("form", seq, f"{type(error).__name__}: {error}"[:120])

    def _identity(self, entry: Entry, body: dict[str, Any]) -> None:
        """Compare number, ledger, type and the columns beside the body."""
        seq, _, _, kind, subject, project = entry
        if body["seq"] != seq:
            self.verdict.add("number", seq, str(body["seq"]))
        self.log = self.log or body["log"]
        if body["log"] != self.log:
            self.verdict.add("log", seq)
        if self.types is not None and body["type"] not in self.types:
            self.verdict.add("type", seq, body["type"])
        about = f"{body['subject']['kind']}:{body['subject']['id']}"
        columns = (("type", kind, body["type"]), ("subject", subject, about), ("project", project, body["project"]))
        for name, column, written in columns:
            if column != written:
                self.verdict.add("column", seq, name)

    def _values_of(self, seq: int) -> dict[str, tuple[bytes, bytes]]:
        """Return the private values of this entry; those before it belong to no entry."""
        found: dict[str, tuple[bytes, bytes]] = {}
        while self.value is not None and self.value[0] <= seq:
            if self.value[0] < seq:
                self.verdict.add("value_extra", self.value[0], self.value[1])
            else:
                found[self.value[1]] = (self.value[2], self.value[3])
            self.value = next(self.values, None)
        return found

    def _private(self, seq: int, private: dict[str, str], values: dict[str, tuple[bytes, bytes]]) -> None:
        """Check the values behind the salted digests of an entry, taking them out of `values`."""
        for name, digest in private.items():
            salt, value = values.pop(f"private.{name}", (None, b""))
            if salt is None:
                self._lose(seq, f"private.{name}")
            elif hmac.digest(salt, value, "sha256").hex() != digest:
                self.verdict.add("value", seq, f"private.{name}")

    def _rows(self, seq: int, rows: dict[str, str | None], seal: str | None, value: tuple[bytes, bytes] | None) -> None:
        """Remember the rows an entry anchors, with the salt of their digests."""
        salt, rest = value or (None, b"")
        if salt is None and rows:
            self._lose(seq, ROWS_PATH)
        if salt is not None and (hashlib.sha256(salt).hexdigest() != seal or rest):
            self.verdict.add("value", seq, ROWS_PATH)
        for key, digest in rows.items():
            self.anchors[key] = _Anchor(seq, digest, salt)

    def _lose(self, seq: int, path: str) -> None:
        self.lost[f"{seq}:{path}"] = (seq, path)

    def end(self, size: int) -> None:
        """Excuse values that a later entry says were erased; report the others, and values beyond the end."""
        for name, (seq, path) in self.lost.items():
            if name not in self.verdict.erasures:
                self.verdict.add("value_missing", seq, path)
        self.verdict.erased = sum(name in self.verdict.erasures for name in self.lost)
        if self.value is not None:
            self.verdict.add("cut", size - 1, f"{self.value[0]}: {self.value[1]}")

    def compare(self, rows: Iterable[Row]) -> None:
        """Compare the present rows with the last entries about them."""
        for key, row in rows:
            self.verdict.rows += 1
            anchor = self.anchors.pop(key, None)
            if anchor is None or anchor.digest is None:
                self.verdict.add("row_unknown", anchor.seq if anchor else None, key)
            elif anchor.salt is not None and hmac.digest(anchor.salt, row, "sha256").hex() != anchor.digest:
                self.verdict.add("row_changed", anchor.seq, key)
        for key, anchor in self._leftover():
            self.verdict.add("row_missing", anchor.seq, key)

    def _leftover(self) -> Iterator[tuple[str, _Anchor]]:
        for key, anchor in self.anchors.items():
            if anchor.digest is not None and not key.startswith(OPTIONAL):
                yield key, anchor
