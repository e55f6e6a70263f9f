"""Performing an erasure: everything in one transaction, told to the ledger in as many entries as its names need.

The erasure is opened, which lets the guards of the database pass; texts are written over, private values taken away, rows and locked
contents anchored anew; then it is closed for good. Stored files go after the commit: a crash leaves a file too many, never a row
that names one which a rolled-back act removed, and `sweep`, which the worker repeats every day, takes it up again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from governance.accounts.models import FormKey, RoleGrant, User, UserSession
from governance.accounts.services import end_sessions
from governance.erasure.finding import Bit, bits
from governance.erasure.rules import BODY_ROOM
from governance.notifications.models import MailChoice, Notice
from governance.projects.models import Erasure, Evidence
from governance.reports.kept import is_named
from governance.reports.models import Paper, Report
from governance.screenings.models import Screening
from governance.storage.database import Database
from governance.storage.files import Store
from governance.work import SYSTEM, UnitOfWork, open_work

OPEN = "-"
PER_ROW = 130
"""Bytes that the digest of a row takes in an entry."""
PER_NAME = 4
GRACE = timedelta(hours=1)
"""How long a stored file is left alone: far longer than from storing a file to the commit of the row that names it."""
AT_ONCE = 20
"""Screenings whose contents one entry anchors."""


def perform(work: UnitOfWork, row: Erasure, *, by: str, at: datetime, replayed: bool = False) -> None:
    """Erase what the request names, as decided by this person at this time. Raises IntegrityError when the database finds one person.

    Guards, entries and closing stand or fall together with the transaction of the unit of work.
    """
    row.state, row.decided_by, row.decided_at, row.opened = "approved", by, at, OPEN
    work.session.flush()
    counts: Counter[str] = Counter()
    for part in row.parts:
        touched: dict[str, None] = {}
        for chunk in _chunks(bits(work.session, row, part)):
            for bit in chunk:
                bit.take()
                touched |= {bit.screening: None} if bit.screening else {}
            names = [name for bit in chunk for name in bit.names]
            counts[part] += len(names)
            _record(work, row, part, names)
        _anchor(work, row, part, list(touched))
    if row.person_id is not None and "account" in row.parts:
        _close_account(work, row.person_id)
    row.counts = {part: counts[part] for part in row.parts}
    row.state, row.opened = "performed", None
    _record(work, row, "", [], total=counts.total(), replayed=replayed)


def _chunks(found: Iterable[Bit]) -> Iterator[list[Bit]]:
    """Yield the bits in groups whose names and row digests fit into one entry."""
    group: list[Bit] = []
    room = BODY_ROOM
    for bit in list(found):
        need = sum(len(name) + PER_NAME for name in bit.names) + PER_ROW * bit.is_row
        if group and need > room:
            yield group
            group, room = [], BODY_ROOM
        group.append(bit)
        room -= need
    if group:
        yield group


def _anchor(work: UnitOfWork, row: Erasure, part: str, screenings: list[str]) -> None:
    """Anchor the contents of these screenings as they are now; those being drafted have no anchor."""
    for start in range(0, len(screenings), AT_ONCE):
        some = [work.session.get_one(Screening, id) for id in screenings[start : start + AT_ONCE]]
        _record(work, row, part, [], rows=some)


def _record(
    work: UnitOfWork,
    row: Erasure,
    part: str,
    names: list[str],
    *,
    rows: Iterable[Screening] = (),
    **more: int | bool,
) -> None:
    work.record(
        "ErasurePerformed",
        subject=("erasure", row.id),
        project=row.project_id,
        codes={"number": row.number, "part": part, "basis": row.basis, "values": names, **more},
        rows=list(rows),
    )


def _close_account(work: UnitOfWork, person: str) -> None:
    """End everything by which the person could come back or be written to; notices and choices are nobody's now."""
    user = work.session.get_one(User, person)
    user.is_active, user.password_hash = False, ""
    end_sessions(work, person)
    grants = select(RoleGrant).where(RoleGrant.user_id == person, RoleGrant.ended_at.is_(None))
    for grant in work.session.scalars(grants):
        grant.ended_at = work.now
    for model in (Notice, MailChoice, FormKey, UserSession):
        work.session.execute(delete(model).where(model.user_id == person))


# ---------------------------------------------------------------- stored files


def doomed(session: Session) -> set[str]:
    """Return the digests of stored files that only erased rows name. Equal content of another project keeps its file."""
    gone: set[str] = set()
    kept: set[str] = set()
    for digest, erased in session.execute(select(Evidence.digest, Evidence.erased_id).where(Evidence.kind == "file")):
        (kept if erased is None else gone).add(digest)
    for model in (Report, Paper):
        query = select(model.record_digest, model.file_digest, model.erased_id)
        for record, file, erased in session.execute(query):
            (kept if erased is None else gone).update((record, file))
    return gone - kept


def sweep(database: Database, store: Store) -> int:
    """Remove the stored files that erasures left without a name; return how many there were. Harmless to repeat.

    Each is looked up anew just before it goes, and one that was stored within GRACE stays until the next time: the same content may
    have been stored again for a row that is not committed yet.
    """
    with open_work(database, SYSTEM, read_only=True) as work:
        found = sorted(doomed(work.session))
    return sum(_discarded(database, store, digest) for digest in found)


def _discarded(database: Database, store: Store, digest: str) -> bool:
    with open_work(database, SYSTEM, read_only=True) as work:
        return not is_named(work.session, digest) and store.discard(digest, rested=GRACE)
