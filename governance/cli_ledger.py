"""The commands of the ledger and of proofs: sign a checkpoint, prove, verify, export, keys; and check an issued report.

`governance report verify` runs the same file that an auditor downloads (governance/verifier/verify_report.py), so what it says here is
what it says there.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from governance.ledger import checkpoints
from governance.ledger.audit import verify_database
from governance.ledger.models import LedgerCheckpoint
from governance.ledger.notes import BadNote, BadSignature, Checkpoint, UnknownKey, peek, read_rotation
from governance.ledger.verify import Fault, Verdict
from governance.notary import Notary, attach
from governance.refusals import Refusal
from governance.settings import Settings, load
from governance.storage.database import Database
from governance.storage.migrate import pending
from governance.storage.objects import open_store
from governance.terminal import say
from governance.texts import Text
from governance.verifier import verify_report as verifier
from governance.work import SYSTEM, open_work

BROKEN = 1


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """Open the configured database, with its notary; refuse one that lacks steps of its structure."""
    database = Database(settings.database_url)
    try:
        _require_current(database)
        attach(database, settings)
        yield database
    finally:
        database.dispose()


@contextmanager
def _signing(settings: Settings) -> Iterator[tuple[Database, Notary]]:
    with opened(settings) as database:
        yield database, attach(database, settings)


def _require_current(database: Database) -> None:
    missing = pending(database)
    if missing:
        raise Refusal(
            "cli.pending",
            "データベースの構造が古いままです（未適用: {steps}）。先に governance migrate を実行してください。",
            "The database lacks steps of its structure ({steps}). Run governance migrate first.",
            steps=", ".join(missing),
        )


@click.group()
def ledger() -> None:
    """監査台帳。 The audit ledger."""


@ledger.command("checkpoint")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="出力先。Also write it to a file.")
def ledger_checkpoint(out: Path | None) -> None:
    """チェックポイントに署名し、表示する。 Sign a checkpoint of the ledger as it stands now, and print it."""
    with _signing(load()) as (_, notary):
        made = notary.checkpoint()
    if out:
        out.write_text(made.note, encoding="utf-8")
    click.echo(made.note, nl=False)


@ledger.command("prove")
@click.option("--from", "saved", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True)
@click.option("--to", "other", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="出力先。Output.")
def ledger_prove(saved: Path, other: Path | None, out: Path) -> None:
    """保管したチェックポイントと別のもの（報告書、証明ファイル、既定は最新）の間の証明を書き出す。

    Write the proof that one checkpoint continues another: from the one that was saved to that of a report, a proof file or another
    checkpoint (without --to: to one signed now). The older and the newer one may be given either way round.
    """
    with _signing(load()) as (database, notary):
        first = _claimed(saved)
        second = _claimed(other) if other else peek(notary.checkpoint().note)
        with open_work(database, SYSTEM, read_only=True) as work:
            old, new = sorted((first, second), key=lambda each: each.size)
            tree = checkpoints.Tree(work.session)
            for each in (old, new):
                if checkpoints.head_size(work.session) < each.size or tree.root(each.size) != each.root:
                    raise _foreign(each)
            kept = work.session.get(LedgerCheckpoint, new.size)
            if kept is None or old.size == new.size:
                raise _foreign(new) if kept is None else _same()
            content = checkpoints.between(work.session, old.size, kept)
    out.write_text(content, encoding="utf-8")
    text = Text(
        "{old}件から{new}件への証明を {out} に書き出しました。", "The proof from {old} to {new} entries is in {out}."
    )
    say(text.filled(old=old.size, new=new.size, out=out))


def _claimed(path: Path) -> Checkpoint:
    """Return the checkpoint that a file holds: one by itself, at the end of a proof, or in a report."""
    try:
        return peek(verifier.note_in(path.read_bytes()))
    except (BadNote, verifier.Wrong, UnicodeError):
        raise Refusal(
            "cli.no_checkpoint",
            "{name} からチェックポイントを読み取れません。",
            "No checkpoint can be read from {name}.",
            name=path.name,
        ) from None


def _foreign(each: Checkpoint) -> Refusal:
    return Refusal(
        "cli.foreign",
        "{size}件のチェックポイントは、この台帳のものではありません。台帳が作り直されたか、別の台帳のものです。",
        "The checkpoint of {size} entries is not one of this ledger: the ledger was rebuilt, or it belongs to another one.",
        size=each.size,
    )


def _same() -> Refusal:
    return Refusal(
        "cli.same",
        "二つのチェックポイントは同じ時点のものなので、証明は要りません。",
        "Both checkpoints are of the same size; no proof is needed.",
    )


@ledger.command("verify")
@click.option("--no-files", is_flag=True, help="ファイルは照合しない。Leave stored files out.")
@click.option(
    "--checkpoint",
    "saved",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="保管したチェックポイント、報告書、証明ファイル（複数可）。Checkpoints kept elsewhere, also in reports and proofs.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    help="保管した公開鍵（vkey）。Keys kept elsewhere; then the saved ones must be signed.",
)
@click.pass_context
def ledger_verify(ctx: click.Context, no_files: bool, saved: tuple[Path, ...], keys: tuple[str, ...]) -> None:
    """台帳、記録、ファイルを照合する。 Check the ledger, the records, the stored files, and checkpoints kept elsewhere."""
    settings = load()
    kept = [_kept_checkpoint(path, keys) for path in saved]
    with opened(settings) as database:
        own, strange = _sorted_out(database, kept)
        known = {each.size: each.root for each in own}
        verdict = verify_database(database, known=known, files=None if no_files else open_store(settings))
    for fault in strange:
        verdict.note(fault)
    for line in verdict_lines(verdict):
        say(line)
    if verdict.ok and kept:
        say(Text("保管されたチェックポイントの続きです。", "It continues the checkpoints kept elsewhere."))
    ctx.exit(0 if verdict.ok else BROKEN)


def _sorted_out(database: Database, kept: Sequence[Checkpoint]) -> tuple[list[Checkpoint], list[Fault]]:
    """Return the checkpoints that can be compared with the ledger, and a fault for each that by itself says something is wrong.

    One with the origin of another ledger is not compared; two roots of one size are a fork whichever of them the ledger has.
    """
    with open_work(database, SYSTEM, read_only=True) as work:
        origins = {term.key.name for term in checkpoints.terms(work.session)}
    strange = [_fault(_foreign(each), each) for each in kept if each.origin not in origins]
    own, forked = dict[int, Checkpoint](), set[int]()
    for each in (one for one in kept if one.origin in origins):
        if own.setdefault(each.size, each).root != each.root and each.size not in forked:
            forked.add(each.size)
            strange.append(_fault(_forked(each), each))
    return list(own.values()), strange


def _fault(said: Refusal, about: Checkpoint) -> Fault:
    return Fault(said.code.removeprefix("cli."), None, str(about.size), said.text.ja, said.text.en)


def _forked(each: Checkpoint) -> Refusal:
    return Refusal(
        "cli.fork",
        "保管された{size}件のチェックポイントに、異なる根が二つあります。台帳が枝分かれしています。どちらも保管してください。",
        "Two of the saved checkpoints of {size} entries have different roots: the ledger was forked. Keep both of them.",
        size=each.size,
    )


def _kept_checkpoint(path: Path, keys: tuple[str, ...]) -> Checkpoint:
    if not keys:
        return _claimed(path)
    try:
        said = verifier.read_checkpoint(verifier.note_in(path.read_bytes()), verifier.trusted(keys), "saved")
        return Checkpoint(said.origin, said.size, said.root)
    except (verifier.Wrong, UnicodeError):
        raise Refusal(
            "cli.not_signed",
            "{name} のチェックポイントには、指定された鍵の正しい署名がありません。",
            "The checkpoint in {name} has no good signature by a given key.",
            name=path.name,
        ) from None


def verdict_lines(verdict: Verdict) -> list[Text]:
    """Return what a check found, in sentences: the verdict, the first fault, and how many more."""
    root = Text("根のダイジェスト: {root}", "Root: {root}").filled(root=verdict.root.hex())
    if verdict.ok:
        head = Text(
            "監査台帳は完全です。{size}件の監査イベントと{rows}件の記録が一致しました（記録された消去：{erased}件）。",
            "The ledger is whole: {size} events and {rows} records agree (recorded erasures: {erased}).",
        )
        return [head.filled(size=verdict.size, rows=verdict.rows, erased=verdict.erased), root]
    head = Text("監査台帳に矛盾があります（{count}件）。", "The ledger is broken ({count} faults).")
    faults = sorted(verdict.faults, key=lambda each: each.rank)
    numbers = [f"#{fault.seq}: " if fault.seq is not None else "" for fault in faults]
    lines = [Text(f"{number}{fault.ja}", f"{number}{fault.en}") for number, fault in zip(numbers, faults, strict=True)]
    return [head.filled(count=verdict.count), *lines, root]


@ledger.command("accept-restore")
@click.option("--reason", required=True, help="理由（台帳に残る）。Why; it stays in the ledger.")
@click.option(
    "--rotation",
    "rotations",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="鍵の交替の記録（ledger export の key-NNN.txt、複数可）。Notes of rotations of the key, from a ledger export.",
)
def ledger_accept_restore(reason: str, rotations: tuple[Path, ...]) -> None:
    """正当な復元を台帳に記録し、署名を再開する。 Record a lawful restore of an older backup, and let the ledger be signed again.

    For the administrator, after an auditor has looked: what was entered since the backup is lost, and reports issued since then no
    longer have this ledger's history. Rotations of the key since the backup are entered again from the notes in the folder of keys;
    give them with --rotation where that folder does not have them.
    """
    if not reason.strip():
        raise Refusal("cli.no_reason", "復元の理由を書いてください。", "Say why the backup was restored.")
    notes = [_rotation(path) for path in rotations]
    with _signing(load()) as (_, notary):
        signed, size = notary.accept_restore(reason.strip(), notes)
    text = Text(
        "復元を台帳に記録しました（署名済み: {signed}件、復元後: {size}件）。署名を再開しました。"
        "governance erasure replay も実行してください。",
        "The restore is in the ledger (signed before: {signed} entries, restored: {size}), which is signed again. "
        "Run governance erasure replay too.",
    )
    say(text.filled(signed=signed.size, size=size))


def _rotation(path: Path) -> str:
    """Return a note by which one key followed another. Raises Refusal for a file that holds none."""
    try:
        note = path.read_text(encoding="utf-8")
        read_rotation(note)
    except (BadNote, BadSignature, UnknownKey, UnicodeError):
        raise Refusal(
            "cli.no_rotation",
            "{name} は、両方の鍵が署名した鍵の交替の記録ではありません。",
            "{name} is no note of a rotation that both keys signed.",
            name=path.name,
        ) from None
    return note


@ledger.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def ledger_export(folder: Path) -> None:
    """全エントリーとチェックポイントを FOLDER に書き出す。 Write all entries and checkpoints as files that can be verified offline."""
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder))
    (folder / "checkpoints").mkdir(parents=True)
    with _signing(load()) as (database, notary):
        newest = notary.checkpoint()
        with open_work(database, SYSTEM, read_only=True) as work:
            with (folder / "entries.jsonl").open("wb") as lines:
                count = sum(lines.write(body + b"\n") > 0 for body in checkpoints.bodies(work.session, newest.size))
            for each in checkpoints.all_until(work.session, newest.size):
                (folder / "checkpoints" / f"{each.size:012}.txt").write_text(each.note, encoding="utf-8")
            found = checkpoints.terms(work.session)
            (folder / checkpoints.KEYS_NAME).write_bytes(checkpoints.key_list(found))
            for turn, term in enumerate(found):
                (folder / f"key-{turn:03}.txt").write_text(term.note, encoding="utf-8")
    text = Text(
        "{count}件のエントリーを {folder} に書き出しました。検証: verify_report.py --ledger {folder} --key 公開鍵",
        "{count} entries are in {folder}. Verify with: verify_report.py --ledger {folder} --key VKEY",
    )
    say(text.filled(count=count, folder=folder))


@ledger.group()
def key() -> None:
    """台帳に署名する鍵。 The keys that sign the ledger."""


@key.command("new")
def key_new() -> None:
    """最初の鍵を作り、公開鍵を表示する。 Make the first key (or find it), and print its public half to be kept elsewhere."""
    with _signing(load()) as (_, notary):
        made, ring = notary.key()
    click.echo(made.vkey)
    say(
        Text("鍵の場所: {folder}　指紋: {print}", "Key in {folder}, fingerprint {print}").filled(
            folder=ring.folder, print=made.fingerprint
        )
    )


@key.command("rotate")
def key_rotate() -> None:
    """鍵を交替し、新しい公開鍵を表示する。 Put a new key into force, signed by both, and print its public half."""
    with _signing(load()) as (_, notary):
        made = notary.rotate()
        notary.checkpoint()
    click.echo(made.vkey)
    say(
        Text("鍵を交替しました。指紋: {print}", "The key was rotated; fingerprint {print}").filled(
            print=made.fingerprint
        )
    )


@click.command("verify", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def report_verify(ctx: click.Context, arguments: tuple[str, ...]) -> None:
    """報告書を検証する（--help で引数）。 Check an issued report, as the downloadable verifier does.

    FILE [--proof SIDECAR] [--key VKEY] [--checkpoint SAVED] [--consistency FILE]
    """
    sys.stdout.flush()
    ctx.exit(verifier.main(list(arguments)))
