"""Makes signed checkpoints: reads the ledger, has it signed by the keyring, and keeps the note (assurance.md §3.6).

A checkpoint is made for each issued report, after each decision, when the ledger grew, every day, and when the worker ends. What goes
wrong after a decision is logged and never undoes the decision: the next checkpoint covers it too. A ledger that does not continue
what was signed last is not signed again by anybody (keyring.py).
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from governance.ledger import checkpoints
from governance.ledger.checkpoints import Term, Tree
from governance.ledger.keyring import Keyring, NoKey
from governance.ledger.models import LedgerCheckpoint
from governance.ledger.notes import Checkpoint, Key, peek
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
    }
)
"""Acts after which a checkpoint is made: decisions of board, team, department and executives, waivers, and each issue."""

log = logging.getLogger("governance.notary")


class EmptyLedger(Refusal):
    """There is nothing to sign yet."""

    def __init__(self) -> None:
        super().__init__(
            "ledger.empty",
            "監査台帳にまだ記録がないため、署名できません。先に governance seed を実行してください。",
            "The ledger has no entries yet, so there is nothing to sign. Run governance seed first.",
        )


@dataclass(frozen=True)
class Standing:
    """How signing stands on this machine: the key in force by the ledger, the one in the folder, and the folder."""

    folder: Path
    terms: list[Term]
    present: Key | None

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
        """Return the key in force and the folder it is in; the first key of a ledger is made here. Raises EmptyLedger, NoKey."""
        log_id, known = self._known()
        ring = Keyring(self._keys / log_id)
        if not known:
            made = ring.make(f"{self._name}/{log_id}")
            run(self.database, SYSTEM, lambda work: _introduce(work, made, ring.introduced(made)))
            _, known = self._known()
        ring.follow(known[-1].key.vkey)
        if ring.present() != known[-1].key:
            raise NoKey
        return known[-1].key, ring

    def standing(self) -> Standing:
        """Return how signing stands on this machine; makes nothing. Raises EmptyLedger, NoKey for a file that cannot be read."""
        log_id, known = self._known()
        folder = self._keys / log_id
        return Standing(folder, known, Keyring(folder).present())

    def rotate(self) -> Key:
        """Put a new key into force, signed by both; return it. Raises EmptyLedger, NoKey."""
        before, ring = self.key()
        made, note = ring.next()
        run(self.database, SYSTEM, lambda work: _record(work, made, before, note))
        ring.follow(made.vkey)
        return made

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
