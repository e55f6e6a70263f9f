"""The way every report takes: prepared and numbered in the ledger, sealed, printed, entered into the register.

Preparing and entering are two short units of work; sealing and printing lie between them, so no lock is held while a report is made
(assurance.md §4 rule 5). The page is written after the ledger knows of the record, so that it can print where the record stands
(assurance.md §3.7). A report whose content has not changed is not made again: the same file is issued again. One that an erasure
overtook is not entered, and its files go.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TypeVar

from governance.ledger.services import head, subject_events
from governance.notary import notary_of
from governance.reports.kept import Overtaken, is_named
from governance.reports.printing import Printed, print_report
from governance.reports.proofs import proved
from governance.reports.sealed import Seal
from governance.reports.signing import signed
from governance.storage.database import Database
from governance.storage.files import Store
from governance.work import SYSTEM, Actor, UnitOfWork, open_work, run

LARGEST_FILE = 200_000_000
PATIENT = 20
"""How often a report is composed anew when others append to the ledger meanwhile: several people issue at once, and all succeed."""
_PREPARING = threading.Lock()
"""Composing keeps one thread of a process busy, so nothing is lost by taking turns, and no two of them meet at the next number."""


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A report ready to print; `again` is the report that already says exactly this, which is then issued again.

    `subject` is the kind of thing it is in the ledger (`report`, `paper`), `record` the bytes that are attached and hashed, `page`
    writes its HTML once the seal is known.
    """

    subject: str
    id: str
    number: str
    at: datetime
    record: bytes
    page: Callable[[Seal], str]
    again: str | None = None


R = TypeVar("R", bound=Ready)
Prepare = Callable[[UnitOfWork], R]
Enter = Callable[[UnitOfWork, R, Printed, str], str]
"""Enters a printed report, whose file has this digest, into the register; returns its id."""
Again = Callable[[UnitOfWork, R], str]


def issue(database: Database, actor: Actor, store: Store, prepare: Prepare[R], enter: Enter[R], again: Again[R]) -> str:
    """Issue a report and return its id. Not for use inside a unit of work."""
    with _PREPARING:
        made = run(database, actor, prepare, serializable=True, attempts=PATIENT)
    if made.again is not None:
        return run(database, actor, lambda work: again(work, made))
    printed = print_sealed(database, made)
    file_digest = keep(store, made, printed)
    try:
        return run(database, actor, lambda work: enter(work, made, printed, file_digest))
    except Overtaken:
        _throw_away(database, store, hashlib.sha256(made.record).hexdigest(), file_digest)
        raise


def _throw_away(database: Database, store: Store, *digests: str) -> None:
    """Remove the files of a report that was not entered, as far as no other report is the same: they may hold erased words."""
    for digest in digests:
        with open_work(database, SYSTEM, read_only=True) as work:
            if not is_named(work.session, digest):
                store.discard(digest)


def print_sealed(database: Database, made: Ready) -> Printed:
    """Return the file of a prepared report, sealed with where its record stands in the ledger, and with the proof of it."""
    sealed = seal(database, made)
    printed = print_report(made.page(sealed), made.record, identifier=made.number, at=made.at, more=sealed.more)
    return Printed(signed(printed.file, database.certificate), printed.pages)


def seal(database: Database, made: Ready) -> Seal:
    """Return where the record of a prepared report stands in the ledger, signed when the database has a notary.

    Raises RolledBack, NoKey: a report that cannot be signed is not issued.
    """
    notary = notary_of(database)
    if notary is not None:
        notary.checkpoint()
    with open_work(database, SYSTEM, read_only=True) as work:
        entry = subject_events(work.session, made.subject, made.id)[0]
        if notary is not None:
            return proved(work.session, entry.seq)
        top = head(work.session)
    return Seal(entry.seq, top.size, top.root)


def keep(store: Store, made: Ready, printed: Printed) -> str:
    """Put record and file into the store; return the digest of the file."""
    store.put(BytesIO(made.record), LARGEST_FILE)
    return store.put(BytesIO(printed.file), LARGEST_FILE).digest
