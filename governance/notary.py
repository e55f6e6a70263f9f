"""Makes signed checkpoints: reads the ledger, has it signed by the keyring, and keeps the note (assurance.md §3.6).

A checkpoint is made for each issued report, after each decision, when the ledger grew, every day, and when the worker ends. What goes
wrong after a decision is logged and never undoes the decision: the next checkpoint covers it too. A ledger that does not continue
what was signed last is not signed again by anybody (keyring.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from governance.ledger import checkpoints
from governance.ledger.checkpoints import Term, Tree
from governance.ledger.keyring import Keyring, NoKey, RolledBack, RotatedSince, is_continued
from governance.ledger.models import LedgerCheckpoint
from governance.ledger.notes import Checkpoint, Key, peek, read_rotation
from governance.ledger.services import events, head
from governance.refusals import Refusal
from governance.settings import Settings
from governance.storage.database import Database
from governance.work import SYSTEM, UnitOfWork, open_work, run

SIGNED_AFTER = frozenset(
    {
        "DecisionRecorded",
        "RulingMade",
        "AmendmentAccepted",
        "CommitteeAdvised",
        "WaiverVoted",
        "ConditionWaived",
        "ReportIssued",
        "PaperIssued",
        "ReportAnnulled",
    }
)
"""Acts after which a checkpoint is made: decisions of board, team, department and executives, waivers, each issue and annulment."""

log = logging.getLogger("governance.notary")


class EmptyLedger(Refusal):
    """There is nothing to sign yet."""

    def __init__(self) -> None:
        super().__init__(
            "ledger.empty",
            "監査台帳にまだ記録がないため、署名できません。先に governance seed を実行してください。",
            "The ledger has no entries yet, so there is nothing to sign. Run governance seed first.",
        )


class NotRestored(Refusal):
    """There is no restore to accept."""

    def __init__(self) -> None:
        super().__init__(
            "ledger.not_restored",
            "監査台帳は、最後に署名したものの続きです。受け入れる復元はありません。何も変更していません。",
            "The ledger continues the one that was signed last: there is no restore to accept. Nothing was changed.",
        )


class KeyChanged(Refusal):
    """Another rotation was recorded first, so the new key would be signed by one that is no longer in force."""

    def __init__(self) -> None:
        super().__init__(
            "ledger.key_changed",
            "署名鍵がほかの場所で同時に交替されたため、交替しませんでした。現在の鍵を確かめてください（governance doctor）。",
            "The signing key was rotated elsewhere at the same time, so nothing was changed. See which one is in force "
            "(governance doctor).",
        )


@dataclass(frozen=True)
class Standing:
    """How signing stands on this machine: the keys by the ledger and its size, the key and the last checkpoint in the folder."""

    folder: Path
    terms: list[Term]
    present: Key | None
    size: int = 0
    last: Checkpoint | None = None
    is_followed: bool = False
    """True when the key in the folder followed the one that the ledger names: the database is from before a rotation."""

    @property
    def is_ready(self) -> bool:
        """True when this machine holds the key in force, or may still make the first one."""
        return not self.terms or (self.present is not None and self.present == self.terms[-1].key)


class Notary:
    """Signs the ledger of one database with the keys of this machine."""

    def __init__(self, database: Database, keys: Path, name: str) -> None:
        self.database, self._keys, self._name = database, keys, name

    def checkpoint(self) -> LedgerCheckpoint:
        """Return a signed checkpoint of the ledger as it stands now. Raises EmptyLedger, NoKey, RolledBack."""
        key, ring = self.key()
        return self._kept(ring.sign(key.name, self._head, self._prove, self._floor(key)))

    def after(self, acts: Collection[str]) -> None:
        """Make a checkpoint when a decision or an issue was among the acts that were just committed; never fails."""
        if SIGNED_AFTER.isdisjoint(acts):
            return
        self.try_checkpoint()

    def try_checkpoint(self) -> LedgerCheckpoint | None:
        """Make a checkpoint; what goes wrong is logged, and None returned."""
        try:
            return self.checkpoint()
        except Refusal as refused:
            log.error("no checkpoint: %s", refused.code)
        except Exception as error:  # a decision stands whatever happens to its checkpoint
            log.error("no checkpoint: %s", type(error).__name__, exc_info=not isinstance(error, SQLAlchemyError))
        return None

    def grown(self) -> LedgerCheckpoint | None:
        """Make a checkpoint when the ledger grew since the newest one; None when it did not."""
        with self._reading() as work:
            size, last = head(work.session).size, checkpoints.newest(work.session)
            if size == 0 or (last is not None and last.size >= size):
                return None
        return self.checkpoint()

    def key(self) -> tuple[Key, Keyring]:
        """Return the key in force and the folder it is in; the first key of a ledger is made here.

        Raises EmptyLedger, NoKey, RotatedSince for a database from before the last rotation.
        """
        log_id, known = self._known()
        ring = Keyring(self._keys / log_id)
        if not known:
            made = ring.make(f"{self._name}/{log_id}")
            run(self.database, SYSTEM, lambda work: _introduce(work, made, ring.introduced(made)))
        with ring.held():
            now = self._known()[1]
            found = _in_force(ring, now)
            ring.keep(term.note for term in now[1:] if term.note)
            return found, ring

    def attest(self, text: Callable[[str], str]) -> str:
        """Return a note with the text for the origin of this ledger, signed by the key in force. Raises EmptyLedger, NoKey."""
        key, ring = self.key()
        return ring.attest(key, text(key.name))

    def trusted(self) -> list[Key]:
        """Return the keys that speak for this ledger: those it names, and the one on this machine that follows them."""
        log_id, known = self._known()
        found = [term.key for term in known]
        present = Keyring(self._keys / log_id).present()
        return [*found, *([present] if present and present.name.rpartition("/")[2] == log_id else [])]

    def standing(self) -> Standing:
        """Return how signing stands on this machine; makes nothing. Raises EmptyLedger, NoKey for a file that cannot be read."""
        log_id, known = self._known()
        folder = self._keys / log_id
        ring = Keyring(folder)
        present = ring.present()
        is_followed = bool(known and present != known[-1].key and ring.since(known[-1].key))
        return Standing(folder, known, present, self._head()[0], ring.last(), is_followed)

    def rotate(self) -> Key:
        """Put a new key into force, signed by both; return it. Raises EmptyLedger, NoKey, KeyChanged.

        The ring is held from the look at the key in force until the new one is in its place, so that two rotations on one folder
        follow each other; one with a copy of the folder is refused by the ledger itself.
        """
        _, ring = self.key()
        with ring.held():
            before = _in_force(ring, self._known()[1])
            made, note = ring.next()
            run(self.database, SYSTEM, lambda work: _follow(work, made, before, note), serializable=True)
            ring.follow(made.vkey)
            ring.keep([note])
        return made

    def accept_restore(self, reason: str, rotations: Sequence[str] = ()) -> tuple[Checkpoint, int]:
        """Record that an older state of this ledger was restored, and let it be signed again; return what was signed last, and the size.

        The entry names both sizes and both roots, and the last checkpoint stays beside the key. When the restored ledger is older than
        a rotation of its key, the rotation is entered again with the note that both keys signed; `rotations` are such notes kept
        elsewhere. A ledger that contradicts the checkpoints in its own database was rewritten, not restored. Raises NotRestored,
        RolledBack, EmptyLedger, NoKey.
        """
        log_id, known = self._known()
        ring = Keyring(self._keys / log_id)
        ring.keep(rotations)
        later = ring.since(known[-1].key) if known else []
        key = later[-1][0] if later else self.key()[0]
        with ring.held():
            now, last, floor = Checkpoint(key.name, *self._head()), ring.last() or self._floor(key), self._floor(key)
            if floor is not None and not is_continued(floor, now, self._prove):
                raise RolledBack(floor.size, now.size)
            is_older = last is not None and last.origin == now.origin and not is_continued(last, now, self._prove)
            if not is_older and not later:
                raise NotRestored
            signed = last or now
            run(self.database, SYSTEM, lambda work: _restored(work, signed, now, reason, later), serializable=True)
            if is_older:
                ring.forget(signed)
        self.checkpoint()
        return signed, now.size

    def _known(self) -> tuple[str, list[Term]]:
        with self._reading() as work:
            last = events(work.session, limit=1)
            if not last:
                raise EmptyLedger
            return last[0].body["log"], checkpoints.terms(work.session)

    def _head(self) -> tuple[int, bytes]:
        with self._reading() as work:
            now = head(work.session)
            return now.size, now.root

    def _prove(self, old: int, new: int) -> list[bytes]:
        with self._reading() as work:
            return Tree(work.session).consistency(old, new)

    def _floor(self, key: Key) -> Checkpoint | None:
        with self._reading() as work:
            last = checkpoints.newest(work.session)
            said = peek(last.note) if last else None
        return said if said and said.origin == key.name else None

    def _kept(self, note: str) -> LedgerCheckpoint:
        """Keep a note; one of the same size was made by another process at the same time, and is the one to use."""
        said = peek(note)

        def keep(work: UnitOfWork) -> LedgerCheckpoint:
            found = work.session.get(LedgerCheckpoint, said.size)
            if found is None:
                found = LedgerCheckpoint(size=said.size, root=said.root, note=note, made_at=datetime.now(UTC))
                work.session.add(found)
            return found

        try:
            return run(self.database, SYSTEM, keep)
        except IntegrityError:
            return run(self.database, SYSTEM, keep)

    def _reading(self) -> AbstractContextManager[UnitOfWork]:
        return open_work(self.database, SYSTEM, read_only=True)


def _restored(
    work: UnitOfWork, last: Checkpoint, now: Checkpoint, reason: str, later: Sequence[tuple[Key, str]]
) -> None:
    """Record a restore, and the keys that followed since. Raises KeyChanged when somebody rotated meanwhile."""
    codes = {"signed_size": last.size, "restored_size": now.size}
    refs = {"signed_root": last.root.hex(), "restored_root": now.root.hex()}
    work.record("RestorePerformed", subject=("ledger", "ledger"), codes=codes, refs=refs, private={"reason": reason})
    rotations = [(key, read_rotation(note)[0], note) for key, note in later]
    if rotations and checkpoints.terms(work.session)[-1].key != rotations[0][1]:
        raise KeyChanged
    for key, before, note in rotations:
        _record(work, key, before, note)


def _in_force(ring: Keyring, known: Sequence[Term]) -> Key:
    """Return the key the ledger names last, put in place if a rotation was cut off.

    Raises NoKey when this machine has another, RotatedSince when that one followed it.
    """
    ring.follow(known[-1].key.vkey)
    if ring.present() != known[-1].key:
        raise RotatedSince if ring.since(known[-1].key) else NoKey
    return known[-1].key


def _follow(work: UnitOfWork, key: Key, before: Key, note: str) -> None:
    """Record a key that takes the place of another, unless that one has lost its place meanwhile. Raises KeyChanged."""
    if checkpoints.terms(work.session)[-1].key != before:
        raise KeyChanged
    _record(work, key, before, note)


def _introduce(work: UnitOfWork, key: Key, note: str) -> None:
    """Record the first key, unless another process has just done so."""
    if not checkpoints.terms(work.session):
        _record(work, key, None, note)


def _record(work: UnitOfWork, key: Key, before: Key | None, note: str) -> None:
    codes = {"vkey": key.vkey, "before": before.vkey if before else None}
    refs = {"fingerprint": key.fingerprint}
    work.record("KeyRotated", subject=("key", key.id.hex()), codes=codes, refs=refs, private={"note": note})


def attach(database: Database, settings: Settings) -> Notary:
    """Let the acts on this database be followed by checkpoints; return the notary that makes them."""
    notary = Notary(database, settings.keys_folder, settings.ledger_name)
    database.notary = notary
    database.certificate = settings.certificate
    return notary


def notary_of(database: Database) -> Notary | None:
    """Return the notary of a database; None where none was attached, as in a trial of a service."""
    found = database.notary
    return found if isinstance(found, Notary) else None
