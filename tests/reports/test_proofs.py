"""Issued reports prove themselves without the service: every changed bit is found, and what is wrong is said rightly."""

from __future__ import annotations

import hashlib
import io
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from governance.ledger import checkpoints, notes
from governance.notary import Notary
from governance.reports import issuing, proofs
from governance.reports.issuing import Ready
from governance.storage.database import Database
from governance.storage.files import FileStore
from governance.verifier import verify_report as verifier
from governance.verifier.verify_report import Asked, Wrong, check
from governance.work import SYSTEM, UnitOfWork, open_work, run
from tests.conftest import FreshDatabase

GOLDEN = Path(__file__).parent.parent / "golden"
FLIPS = 20_000
RECORD = '{"名":"見本","n":[1,2,3],"z":null}'.replace("名", "a").encode()


@dataclass(frozen=True)
class Kept:
    """What an auditor has: the report with its sidecar, the key, an early checkpoint, and the two links from it."""

    asked: Asked
    secret: notes.SecretKey
    folder: Path


def noted(work: UnitOfWork) -> None:
    work.record("ExportCreated", subject=("ledger", "ledger"))


def prepare(work: UnitOfWork) -> Ready:
    digest = hashlib.sha256(RECORD).hexdigest()
    work.record("ReportPrepared", subject=("report", "r-1"), codes={"number": "N-1"}, refs={"record": digest})
    page = "<html lang=ja><title>t</title><p>{}</p>"
    return Ready(
        subject="report", id="r-1", number="N-1", at=datetime(2026, 11, 21, tzinfo=UTC), record=RECORD,
        page=lambda seal: page.format(seal.line("N-1")),
    )  # fmt: skip


def enter(work: UnitOfWork, made: Ready, printed: Any, digest: str) -> str:
    work.record("ReportIssued", subject=("report", made.id), refs={"file": digest})
    return digest


@pytest.fixture(scope="module")
def kept(fresh_database: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("kept")
    with fresh_database() as url:
        database = Database(url)
        run(database, SYSTEM, noted)
        notary = Notary(database, folder / "keys", "test.example")
        early = notary.checkpoint()
        database.notary = notary
        store = FileStore(folder / "files")
        digest = issuing.issue(database, SYSTEM, store, prepare, enter, lambda work, made: "")
        for _ in range(3):
            run(database, SYSTEM, noted)
        key, ring = notary.key()
        with open_work(database, SYSTEM, read_only=True) as work:
            sidecar = proofs.sidecar(work.session, "report", "r-1", digest)
            links = [
                checkpoints.between(work.session, early.size, each).encode()
                for each in checkpoints.all_until(work.session, 100)[1:]
            ]
        asked = Asked(store.read(digest), verifier.trusted([key.vkey]), sidecar, early.note.encode(), links)
        secret = notes.read_secret((ring.folder / "signing.key").read_text())
        for name, content in (("r.pdf", asked.file), ("r.proof", sidecar), ("early.txt", asked.saved)):
            (folder / name).write_bytes(content or b"")
        yield Kept(asked, secret, folder)
        database.dispose()


def said(asked: Asked) -> dict[str, str]:
    verdicts = check(asked)
    assert all(each.ja and each.en and "{" not in each.ja + each.en for each in verdicts.values())
    return {name: each.code for name, each in verdicts.items()}


def test_a_report_proves_record_file_and_history(kept: Kept) -> None:
    asked = kept.asked
    assert said(asked) == {"RECORD": "ok", "FILE": "ok", "HISTORY": "ok"}
    assert len(verifier.attachments(asked.file)["record.tlog-proof"]) < 2048
    assert said(replace(asked, sidecar=None, links=asked.links[:1])) == {
        "RECORD": "ok",
        "FILE": "no_sidecar",
        "HISTORY": "ok",
    }
    assert said(replace(asked, saved=None))["HISTORY"] == "no_checkpoint"
    assert said(replace(asked, links=()))["HISTORY"] == "no_consistency"
    assert said(replace(asked, keys=())) == {"RECORD": "no_key", "FILE": "no_key", "HISTORY": "no_key"}
    other = verifier.read_key(notes.SecretKey(kept.secret.name, bytes(32)).key.vkey)
    assert said(replace(asked, keys=[other])) == {"RECORD": "key", "FILE": "key", "HISTORY": "key"}
    itself = verifier.attachments(asked.file)["checkpoint.txt"]
    assert said(replace(asked, saved=itself, sidecar=None, links=()))["HISTORY"] == "ok"


def flips(content: bytes, bits: Any = None) -> Iterator[bytes]:
    for bit in range(8 * len(content)) if bits is None else bits:
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        yield bytes(flipped)


def test_every_bit_of_record_entry_proof_checkpoint_and_sidecar_counts(kept: Kept, database_kind: str) -> None:
    if database_kind != "sqlite":
        pytest.skip("bits are the same from both databases")
    held = verifier.attachments(kept.asked.file)
    for name in (verifier.RECORD, verifier.EVENT, verifier.PROOF, verifier.CHECKPOINT):
        for flipped in flips(held[name]):
            with pytest.raises(Wrong):
                verifier.check_record({**held, name: flipped}, kept.asked.keys)
    assert kept.asked.sidecar is not None
    for flipped in flips(kept.asked.sidecar):
        with pytest.raises(Wrong):
            verifier.check_file(kept.asked.file, flipped, kept.asked.keys, ())


def test_every_bit_of_the_file_counts_with_the_sidecar(kept: Kept, database_kind: str) -> None:
    """The verdict hangs on the digest alone, which is computed for every bit; some bits go the whole way, the structural ones too."""
    if database_kind != "sqlite":
        pytest.skip("bits are the same from both databases")
    chance, file, whole = random.Random(20261121), kept.asked.file, hashlib.sha256(kept.asked.file).digest()
    assert 8 * len(file) > FLIPS
    assert all(hashlib.sha256(flipped).digest() != whole for flipped in flips(file))
    start = file.rindex(b"obj", 0, file.index(b"/XRef"))
    structure = [*range(8 * 12), *range(8 * start, 8 * start + 400), *range(8 * len(file) - 160, 8 * len(file))]
    seen = set()
    for flipped in flips(file, [*structure, *chance.sample(range(8 * len(file)), 200)]):
        found = said(replace(kept.asked, file=flipped, saved=None))
        assert found["FILE"] == "file"
        seen.add(found["RECORD"])
    assert seen <= {"ok", "revision", "unproven", "attachments", "json", "event", "proof", "checkpoint"}


def changed(kept: Kept, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    """Return the report as somebody would write it anew after a change, in one revision."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(kept.asked.file)) as pdf:
        change(pdf)
        pdf.save(target, force_version="1.7")
    return target.getvalue()


def names(pdf: pikepdf.Pdf) -> Any:
    return pdf.Root.Names.EmbeddedFiles.Names


def swapped(pdf: pikepdf.Pdf) -> None:
    names(pdf)[7].EF.F.write(RECORD.replace(b"1", b"9"))


def doubled(pdf: pikepdf.Pdf) -> None:
    names(pdf).append(pikepdf.String("record.json"))
    names(pdf).append(names(pdf)[7])


def crossed(pdf: pikepdf.Pdf) -> None:
    names(pdf)[3].EF.F = names(pdf)[7].EF.F


def dropped(pdf: pikepdf.Pdf) -> None:
    del names(pdf)[0:2]


def added(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["zzz.txt"] = b"more"


def repainted(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].contents_add(b"0 0 100 100 re f")


def test_a_report_written_anew_is_told_from_the_one_issued(kept: Kept) -> None:
    """A changed page with the true record keeps RECORD and loses FILE: what docs/proofs.md §9 says."""
    found = {
        change.__name__: said(replace(kept.asked, file=changed(kept, change)))
        for change in (swapped, doubled, crossed, dropped, added, repainted)
    }
    assert {name: each["RECORD"] for name, each in found.items()} == {
        "swapped": "event", "doubled": "attachments", "crossed": "attachments", "dropped": "attachments",
        "added": "attachments", "repainted": "ok",
    }  # fmt: skip
    assert {each["FILE"] for each in found.values()} == {"file"}


def test_a_second_revision_is_refused_whatever_it_changes(kept: Kept) -> None:
    file = kept.asked.file
    for later in (
        file + b"%%EOF\n",
        file + b"\n",
        file[:-1],
        b"\n" + file,
        file.replace(b"%PDF-1.7", b"%PDF-1.4"),
        b"",
        b"%PDF-1.7\n%%EOF\n",
    ):
        assert said(replace(kept.asked, file=later))["RECORD"] == "revision"
    locked = io.BytesIO()
    with pikepdf.open(io.BytesIO(file)) as pdf:
        pdf.save(locked, encryption=pikepdf.Encryption(owner="o", user=""))
    assert said(replace(kept.asked, file=locked.getvalue()))["RECORD"] == "revision"


def test_only_canonical_json_is_read() -> None:
    assert verifier.canonical('{"a":"あ\\n\\u001f","b":[1,-2,true,null]}'.encode())
    for wrong in (
        b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'{"a": 1}', b'{"a":1.0}', b'{"a":1e3}', b'{"a":-0}', b'{"a":01}', b'{"a":NaN}',
        b'{"a":9007199254740992}', b'{"a":"\\u0041"}', b'{"a":"\\/"}', b'{"a":"\\ud800"}', b"\xef\xbb\xbf{}", b"{}\n", b'{"a":"\xff"}',
        b"[" * 100_000, b'{"a":"\\u001F"}', b"",
    ):  # fmt: skip
        with pytest.raises(Wrong, match="json"):
            verifier.canonical(wrong)


def test_a_fork_is_seen_by_whoever_kept_a_checkpoint(kept: Kept) -> None:
    """Somebody with the key writes another ledger: the report of the true one does not continue what the false one signed."""
    asked, origin = kept.asked, kept.secret.name
    early = notes.peek(str((asked.saved or b"").decode()))

    def signed(size: int, root: bytes, name: str = origin) -> bytes:
        return notes.sign(notes.Checkpoint(name, size, root).text(), [kept.secret]).encode()

    inside = notes.peek(verifier.attachments(asked.file)["checkpoint.txt"].decode())
    assert said(replace(asked, saved=signed(early.size, b"\1" * 32)))["HISTORY"] == "fork"
    assert said(replace(asked, saved=signed(inside.size, b"\1" * 32)))["HISTORY"] == "fork"
    assert said(replace(asked, saved=signed(early.size, early.root, "other/" + origin[-36:])))["HISTORY"] == "key"
    assert said(replace(asked, saved=b"nothing"))["HISTORY"] == "saved"
    assert said(replace(asked, links=[asked.links[0][:-1]]))["HISTORY"] == "consistency"
    assert said(replace(asked, file=asked.file + b"\n", sidecar=None))["HISTORY"] == "nothing"
    assert said(replace(asked, saved=(asked.saved or b"").replace(b"\n2\n", b"\n3\n")))["HISTORY"] == "signature"


def test_a_proof_of_another_entry_or_ledger_proves_nothing(kept: Kept) -> None:
    held = verifier.attachments(kept.asked.file)
    assert kept.asked.sidecar is not None
    body = json.loads(held["event.json"])
    for change in ({"seq": body["seq"] + 1}, {"log": "0" * 36}, {"type": "ReportIssued"}, {"v": True}):
        event = json.dumps({**body, **change}, separators=(",", ":"), sort_keys=True).encode()
        with pytest.raises(Wrong, match="event"):
            verifier.check_record({**held, "event.json": event}, kept.asked.keys)
    event = json.dumps({**body, "project": "other"}, separators=(",", ":"), sort_keys=True).encode()
    with pytest.raises(Wrong, match="inclusion"):
        verifier.check_record({**held, "event.json": event}, kept.asked.keys)
    with pytest.raises(Wrong, match="proof"):
        verifier.check_record({**held, "record.tlog-proof": kept.asked.sidecar}, kept.asked.keys)


def test_the_command_says_it_by_its_exit_code(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    folder = kept.folder
    file, proof, saved = (str(folder / name) for name in ("r.pdf", "r.proof", "early.txt"))
    key, links = ["--key", kept.secret.key.vkey], []
    for turn, link in enumerate(kept.asked.links):
        (folder / f"{turn}.link").write_bytes(link)
        links += ["--consistency", str(folder / f"{turn}.link")]
    assert verifier.main([file, "--proof", proof, *key, "--checkpoint", saved, *links]) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if line[0] != " "] == [
        "RECORD OK",
        "FILE OK",
        "HISTORY OK",
    ]
    assert verifier.main([file, *key, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["FILE"] == {"state": "unchecked", "code": "no_sidecar"}
    assert verifier.main([file]) == 3
    assert verifier.main([file, *key, "--checkpoint", saved]) == 3
    (folder / "bad.pdf").write_bytes(kept.asked.file + b"\n")
    assert verifier.main([str(folder / "bad.pdf"), *key]) == 1
    assert verifier.main([str(folder / "missing.pdf"), *key]) == 2
    assert verifier.main([file, "--key", "a+b+c"]) == 2


def test_the_golden_report_verifies_for_ever() -> None:
    """Issued by the release that first had proofs; kept with its key, an earlier checkpoint and the links from it."""
    asked = Asked(
        (GOLDEN / "report.pdf").read_bytes(),
        verifier.trusted([str(GOLDEN / "key.txt")]),
        (GOLDEN / "report.pdf.tlog-proof").read_bytes(),
        (GOLDEN / "checkpoint.txt").read_bytes(),
        [(GOLDEN / name).read_bytes() for name in ("record.link", "file.link")],
    )
    assert said(asked) == {"RECORD": "ok", "FILE": "ok", "HISTORY": "ok"}
