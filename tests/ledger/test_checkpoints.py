"""Signed checkpoints: made, continued, rotated; seven attacks of an administrator; a signer that remembers what it signed."""

from __future__ import annotations

import json
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from governance.cli import cli
from governance.ledger import checkpoints, merkle, notes
from governance.ledger.audit import verify_database
from governance.ledger.checkpoints import Tree
from governance.ledger.keyring import Keyring, NoKey, RolledBack, RotatedSince
from governance.ledger.models import LedgerCheckpoint
from governance.ledger.notes import BadNote, BadSignature, Checkpoint, SecretKey, UnknownKey
from governance.ledger.services import events, head
from governance.notary import SIGNED_AFTER, EmptyLedger, KeyChanged, Notary, NotRestored
from governance.storage.database import Database
from governance.verifier import verify_report as verifier
from governance.work import SYSTEM, open_work, run
from tests.ledger import case
from tests.ledger.admin import entry, rebuild, rewrite, unguarded
from tests.ledger.admin import run as sql
from tests.ledger.test_attacks import cut


def notary_of(database: Database, tmp_path: Path) -> Notary:
    return Notary(database, tmp_path / "keys", "test.example")


def grow(database: Database) -> None:
    run(database, SYSTEM, lambda work: work.record("ExportCreated", subject=("ledger", "ledger")))


# -- text --------------------------------------------------------------------------------------------------------------------------


def test_a_note_has_one_form_and_every_other_is_refused() -> None:
    secret = SecretKey("test.example/00000000-0000-4000-8000-000000000000", bytes(range(32)))
    said = Checkpoint(secret.name, 7, b"\x01" * 32)
    note = notes.sign(said.text(), [secret])
    assert notes.read_checkpoint(note, [secret.key]) == said
    assert notes.read_key(secret.key.vkey) == secret.key
    assert notes.read_secret(secret.line()) == secret
    other = SecretKey(secret.name, bytes(32))
    both = notes.sign(said.text(), [other, secret])
    assert notes.read_checkpoint(both, [secret.key]) == said, "signatures of others are ignored"
    for wrong in (
        note.replace("\n7\n", "\n07\n"),
        note.replace("\n7\n", "\n+7\n"),
        note.replace("\n", "\r\n"),
        note + "\n",
        note + note.splitlines()[-1] + "\n",
        note.replace("— ", "- "),
        note.replace("=\n\n", "\n\n"),
        note.replace("\n7\n", "\n7\nmore\n"),
        note[:-1],
        f"{note.rpartition('— ')[0]}",
    ):
        with pytest.raises((BadNote, BadSignature)):
            notes.read_checkpoint(wrong, [secret.key])
    with pytest.raises(UnknownKey):
        notes.read_checkpoint(note, [other.key])
    with pytest.raises(BadSignature):
        notes.read_checkpoint(note.replace("\n7\n", "\n8\n"), [secret.key])
    with pytest.raises(BadNote):
        notes.read_key(secret.key.vkey.replace("+", "+0", 1)[:-1])


def test_both_readers_agree_on_flipped_checkpoints() -> None:
    """The service and the verifier share no code; every bit of a checkpoint counts for both."""
    secret = SecretKey("t/00000000-0000-4000-8000-000000000000", bytes(range(32)))
    note = notes.sign(Checkpoint(secret.name, 7, b"\x01" * 32).text(), [secret]).encode()
    theirs = verifier.read_key(secret.key.vkey)
    assert verifier.read_checkpoint(note.decode(), [theirs]).size == 7
    for bit in range(8 * len(note)):
        flipped = bytearray(note)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises((BadNote, BadSignature, UnknownKey, UnicodeDecodeError)):
            notes.read_checkpoint(flipped.decode(), [secret.key])
        with pytest.raises((verifier.Wrong, UnicodeDecodeError)):
            verifier.read_checkpoint(flipped.decode(), [theirs])


def test_the_verifier_checks_trees_as_the_ledger_builds_them() -> None:
    """Another way of checking than merkle.py's: all sizes to 24, all entries, all pairs; then each with something wrong."""
    leaves = [merkle.leaf_hash(b"%d" % n) for n in range(24)]

    def subtree(start: int, end: int) -> bytes:
        if end - start == 1:
            return leaves[start]
        middle = start + merkle.split(end - start)
        return merkle.node_hash(subtree(start, middle), subtree(middle, end))

    at = [None, *(verifier.Checkpoint("o", n, subtree(0, n)) for n in range(1, 25))]
    for size in range(1, 25):
        now = at[size]
        assert now is not None
        for seq in range(size):
            path = merkle.inclusion_proof(seq, size, subtree)
            assert verifier.includes(leaves[seq], seq, size, path, now.root)
            assert not verifier.includes(leaves[seq], seq, size, [*path, path[0] if path else b"0" * 32], now.root)
            assert not verifier.includes(leaves[(seq + 1) % 24], seq, size, path, now.root)
        for old in range(1, size):
            before, path = at[old], merkle.consistency_proof(old, size, subtree)
            assert before is not None
            assert (
                verifier.continues(before, now, path)
                == merkle.continues(old, before.root, size, now.root, path)
                is True
            )
            assert not verifier.continues(before, now, path[:-1])
            assert not verifier.continues(before, now, [*path, b"0" * 32])
            assert not verifier.continues(verifier.Checkpoint("o", old, b"0" * 32), now, path)


# -- signing -----------------------------------------------------------------------------------------------------------------------


def test_checkpoints_are_signed_kept_and_continue_each_other(written: Database, tmp_path: Path) -> None:
    notary = notary_of(written, tmp_path)
    first = notary.checkpoint()
    assert first.size == case.SIZE + 1, "the key is named in the ledger before it signs"
    assert notary.checkpoint().size == first.size
    assert notary.grown() is None
    grow(written)
    second = notary.grown()
    assert second is not None
    assert second.size == first.size + 1
    with open_work(written, SYSTEM, read_only=True) as work:
        (term,) = checkpoints.terms(work.session)
        for each in checkpoints.all_until(work.session, second.size):
            said = notes.read_checkpoint(each.note, [term.key])
            assert (said.size, said.root) == (each.size, Tree(work.session).root(each.size))
        assert checkpoints.covering(work.session, case.SIZE).size == first.size
        assert head(work.session).root == second.root
    folder = notary.standing().folder
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "signing.key")] == [0o700, 0o600]
    assert verify_database(written).ok
    run(written, SYSTEM, lambda work: work.record("RulingMade", subject=("ledger", "ledger")))
    with open_work(written, SYSTEM, read_only=True) as work:
        assert checkpoints.newest(work.session).size == second.size, "no notary is attached to this database"
    written.notary = notary
    run(written, SYSTEM, lambda work: work.record("RulingMade", subject=("ledger", "ledger")))
    with open_work(written, SYSTEM, read_only=True) as work:
        assert checkpoints.newest(work.session).size == head(work.session).size, "made after a decision"


def test_a_ledger_without_entries_is_not_signed(database: Database, tmp_path: Path) -> None:
    with pytest.raises(EmptyLedger):
        notary_of(database, tmp_path).checkpoint()


def test_keys_are_rotated_by_both_and_old_checkpoints_stay_good(written: Database, tmp_path: Path) -> None:
    notary = notary_of(written, tmp_path)
    old = notary.checkpoint()
    before, _ = notary.key()
    after = notary.rotate()
    new = notary.checkpoint()
    with open_work(written, SYSTEM, read_only=True) as work:
        one, two = checkpoints.terms(work.session)
        listed = json.loads(checkpoints.key_list([one, two]))
        assert notes.open_note(two.note, [before]) == notes.open_note(two.note, [after])
    assert (one.key, two.key, one.until) == (before, after, two.since)
    assert [each["vkey"] for each in listed["keys"]] == [before.vkey, after.vkey]
    assert notes.read_checkpoint(old.note, [before])
    assert notes.read_checkpoint(new.note, [after])
    with pytest.raises(UnknownKey):
        notes.read_checkpoint(new.note, [before])
    assert verify_database(written).ok


def test_a_rotation_cut_off_half_way_is_finished(
    written: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notary = notary_of(written, tmp_path)
    before, ring = notary.key()
    ring.next()  # the file of the new key is there, the ledger does not know it
    assert notary.checkpoint().size == case.SIZE + 1
    monkeypatch.setattr("governance.ledger.keyring.Keyring.follow", lambda self, vkey: None)
    made = notary.rotate()  # the ledger knows it, the file was not put in place
    with pytest.raises(NoKey):
        notary.checkpoint()
    monkeypatch.undo()
    assert notary.checkpoint()
    assert notary.key()[0] == made != before


def test_two_rotations_at_once_follow_each_other(
    written: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one begins when the first has made its key and the ledger does not know it yet."""
    notary = notary_of(written, tmp_path)
    first, _ = notary.key()
    make, others = Keyring.next, list[threading.Thread]()

    def interrupted(ring: Keyring) -> tuple[notes.Key, str]:
        made = make(ring)
        if not others:
            others.append(threading.Thread(target=notary_of(written, tmp_path).rotate))
            others[0].start()
            others[0].join(0.5)
        return made

    monkeypatch.setattr(Keyring, "next", interrupted)
    second = notary.rotate()
    others[0].join()
    assert verify_database(written).ok
    with open_work(written, SYSTEM, read_only=True) as work:
        known = [term.key for term in checkpoints.terms(work.session)]
    assert (len(set(known)), known[:2]) == (3, [first, second])
    assert notary.key()[0] == known[2]
    assert notes.read_checkpoint(notary.checkpoint().note, [known[2]])


def test_a_rotation_with_a_copy_of_the_keys_is_refused_when_another_came_first(
    written: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notary = notary_of(written, tmp_path)
    notary.checkpoint()
    shutil.copytree(tmp_path / "keys", tmp_path / "copy")
    make = Keyring.next

    def overtaken(ring: Keyring) -> tuple[notes.Key, str]:
        monkeypatch.setattr(Keyring, "next", make)
        Notary(written, tmp_path / "copy", "test.example").rotate()
        return make(ring)

    monkeypatch.setattr(Keyring, "next", overtaken)
    with pytest.raises(KeyChanged):
        notary.rotate()
    assert verify_database(written).ok
    assert Notary(written, tmp_path / "copy", "test.example").checkpoint()


def test_another_machine_makes_no_key_of_its_own(written: Database, tmp_path: Path) -> None:
    notary_of(written, tmp_path).checkpoint()
    with pytest.raises(NoKey, match="signing key"):
        Notary(written, tmp_path / "elsewhere", "test.example").checkpoint()


def test_the_signer_refuses_a_ledger_brought_back_to_an_older_state(written: Database, tmp_path: Path) -> None:
    """The database of yesterday is put back while the folder of keys remembers today (sqlite); a row cut away (postgresql)."""
    notary = notary_of(written, tmp_path)
    notary.checkpoint()
    saved = tmp_path / "yesterday"
    if written.dialect == "sqlite":
        shutil.copyfile(str(written.url.database), saved)
    grow(written)
    last = notary.checkpoint()
    if written.dialect == "sqlite":
        written.dispose()
        shutil.copyfile(saved, str(written.url.database))
    else:
        with unguarded(written) as admin:
            sql(admin, "DELETE FROM ledger_checkpoints WHERE size = ?", last.size)
            cut(admin, last.size - 1)
    with pytest.raises(RolledBack, match="古いバックアップ"):
        notary.checkpoint()
    grow(written)  # the same size again, with another entry
    with pytest.raises(RolledBack):
        notary.checkpoint()
    assert notary.try_checkpoint() is None
    with open_work(written, SYSTEM, read_only=True) as work:
        size = head(work.session).size
    signed, restored = notary.accept_restore("火災のあと")
    assert (signed, restored) == (notes.peek(last.note), size)
    with open_work(written, SYSTEM, read_only=True) as work:
        told = events(work.session, type="RestorePerformed")[0]
        assert checkpoints.newest(work.session).size == size + 1
    assert told.body["codes"] == {"signed_size": last.size, "restored_size": size}
    assert told.body["refs"]["signed_root"] == bytes(last.root).hex()
    assert told.private == {"reason": "火災のあと"}
    (aside,) = notary.standing().folder.glob("last-checkpoint-*")
    assert aside.read_text() == last.note, "the evidence stays"
    grow(written)
    assert notary.checkpoint()
    assert verify_database(written).ok
    with pytest.raises(NotRestored):
        notary.accept_restore("もう一度")


def test_a_backup_from_before_two_rotations_goes_on_with_the_notes_both_keys_signed(
    written: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The present key alone is left of three; the notes of the rotations lead from the key of the backup to it."""
    if written.dialect != "sqlite":
        pytest.skip("putting a file back is enough; the rule is the same on a server")
    notary = notary_of(written, tmp_path)
    first, ring = notary.key()
    size = notary.checkpoint().size
    saved, backup = tmp_path / "backup", str(written.url.database)
    shutil.copyfile(backup, saved)
    notary.rotate()
    third = notary.rotate()
    last = notary.checkpoint()
    written.dispose()
    shutil.copyfile(saved, backup)
    for refused in (notary.checkpoint, notary.rotate):
        with pytest.raises(RotatedSince, match="accept-restore"):
            refused()
    assert notary.trusted() == [first, third]
    assert notary.standing().is_followed
    kept = sorted(ring.folder.glob("rotation-*.txt"))
    given = [path.read_text() for path in kept]
    kept[0].unlink()
    with pytest.raises(NoKey):
        notary.accept_restore("一つ足りない")
    monkeypatch.setenv("GOVERNANCE_DATABASE_URL", written.url.render_as_string(hide_password=False))
    monkeypatch.setenv("GOVERNANCE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GOVERNANCE_LEDGER_NAME", "test.example")
    words = ["--lang", "en", "ledger", "accept-restore", "--reason", "ransom"]
    (tmp_path / "key-001.txt").write_text(last.note)
    wrong = CliRunner().invoke(cli, [*words, "--rotation", str(tmp_path / "key-001.txt")])
    assert "no note of a rotation" in wrong.output + wrong.stderr
    for n, note in enumerate(given):
        (tmp_path / f"key-{n}.txt").write_text(note)
        words += ["--rotation", str(tmp_path / f"key-{n}.txt")]
    accepted = CliRunner().invoke(cli, words)
    assert accepted.exit_code == 0, accepted.output + accepted.stderr
    with open_work(written, SYSTEM, read_only=True) as work:
        assert [term.key for term in checkpoints.terms(work.session)][::2] == [first, third]
        told = events(work.session, type="RestorePerformed")[0].body
        assert (told["codes"]["signed_size"], told["codes"]["restored_size"]) == (last.size, size)
    assert notes.read_checkpoint(notary.checkpoint().note, [third])
    assert verify_database(written, known={size: notes.peek(_kept(written, size)).root}).ok
    with pytest.raises(NotRestored):
        notary.accept_restore("もう一度")


def _kept(database: Database, size: int) -> str:
    with open_work(database, SYSTEM, read_only=True) as work:
        return next(each.note for each in checkpoints.all_until(work.session, size) if each.size == size)


# -- seven attacks -------------------------------------------------------------------------------------------------------------------


def edit(admin: object) -> None:
    rewrite(admin, 5, entry(admin, 5)[0].replace(b"2026", b"2025"))


def delete(admin: object) -> None:
    sql(admin, "DELETE FROM ledger_event WHERE seq = 6")


def reorder(admin: object) -> None:
    (five, _), (six, _) = entry(admin, 5), entry(admin, 6)
    rewrite(admin, 5, six)
    rewrite(admin, 6, five)
    rebuild(admin)


def insert(admin: object) -> None:
    values = "SELECT ?, body, leaf, type, subject, project FROM ledger_event WHERE seq = 9"
    size = sql(admin, "SELECT max(seq) + 1 FROM ledger_event").fetchone()[0]
    sql(admin, f"INSERT INTO ledger_event (seq, body, leaf, type, subject, project) {values}", size)


def truncate(admin: object) -> None:
    """Cut the end with everything that would tell of it, an entry that anchors no row, and the checkpoints."""
    size = sql(admin, "SELECT max(seq) FROM ledger_event").fetchone()[0]
    sql(admin, "DELETE FROM ledger_checkpoints WHERE size > ?", size)
    cut(admin, size)


def remake(admin: object) -> None:
    """Rewrite the past and hash everything anew; drop the checkpoints, which cannot be signed anew."""
    rewrite(admin, 3, entry(admin, 3)[0].replace(b'"administrator"', b'"auditor"'))
    rebuild(admin)
    sql(admin, "DELETE FROM ledger_checkpoints")


def swap(admin: object) -> None:
    """Put another key into the entry that names it, and its signature under every checkpoint."""
    body, _ = entry(admin, case.SIZE)
    old = json.loads(body)["codes"]["vkey"]
    mine = SecretKey.new(old.split("+")[0])
    note = notes.sign(notes.rotation(mine.name, None, mine.key), [mine])
    said = json.loads(body)
    body = body.replace(old.encode(), mine.key.vkey.encode()).replace(
        said["refs"]["fingerprint"].encode(), mine.key.fingerprint.encode()
    )
    sql(admin, "UPDATE ledger_value SET value = ? WHERE seq = ? AND path = 'private.note'", note.encode(), case.SIZE)
    rewrite(admin, case.SIZE, body)
    rebuild(admin)
    for size, root in sql(admin, "SELECT size, root FROM ledger_checkpoints").fetchall():
        said_again = notes.sign(Checkpoint(mine.name, size, bytes(root)).text(), [mine])
        sql(admin, "UPDATE ledger_checkpoints SET note = ? WHERE size = ?", said_again, size)


CODES = {
    edit: "node",
    delete: "missing",
    reorder: "number",
    insert: "number",
    truncate: "shorter",
    remake: "root",
    swap: "value",
}


@pytest.mark.parametrize("attack", CODES, ids=lambda attack: attack.__name__)
def test_seven_attacks_of_an_administrator_are_found(
    written: Database, tmp_path: Path, attack: Callable[[object], None]
) -> None:
    notary = notary_of(written, tmp_path)
    notary.checkpoint()
    grow(written)
    saved = notary.checkpoint()
    with unguarded(written) as admin:
        attack(admin)
    found = verify_database(written, known={saved.size: bytes(saved.root)})
    assert not found.ok
    assert CODES[attack] in {fault.code for fault in found.faults}
    assert all(fault.ja and fault.en for fault in found.faults)
    if attack in (truncate, remake):
        assert verify_database(written).ok or attack is remake, "unseen without what was kept elsewhere"
        with pytest.raises(RolledBack, match="accept-restore"):
            notary.checkpoint()


def test_a_changed_checkpoint_is_found(written: Database, tmp_path: Path) -> None:
    made = notary_of(written, tmp_path).checkpoint()
    with unguarded(written) as admin:
        sql(
            admin, "UPDATE ledger_checkpoints SET note = ? WHERE size = ?", made.note.replace("test", "tost"), made.size
        )
    assert [fault.code for fault in verify_database(written).faults] == ["checkpoint"]


def test_checkpoints_are_only_ever_added(written: Database, tmp_path: Path) -> None:
    made = notary_of(written, tmp_path).checkpoint()
    with pytest.raises(Exception, match="refused"), open_work(written, SYSTEM) as work:
        work.session.get_one(LedgerCheckpoint, made.size).note = "x"
    with pytest.raises(Exception, match="refused"), open_work(written, SYSTEM) as work:
        work.session.delete(work.session.get_one(LedgerCheckpoint, made.size))
    with open_work(written, SYSTEM, read_only=True) as work:
        assert events(work.session, limit=1)[0].type == "KeyRotated"


def test_a_waiver_is_signed_like_a_decision(written: Database, tmp_path: Path) -> None:
    assert set(SIGNED_AFTER) >= {"DecisionRecorded", "WaiverVoted", "ConditionWaived"}
    notary = notary_of(written, tmp_path)
    notary.after({"EvidenceAdded"})
    assert notary.grown() is not None
    grow(written)
    notary.after({"ConditionWaived"})
    assert notary.grown() is None
