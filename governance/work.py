"""The unit of work: who acts, when, in which transaction, and what the ledger will say about it.

Services change rows through `work.session` and describe each act with `work.record`. When the unit ends, the acts are appended to the
ledger as the last thing before the commit, with digests of every governed row that was written: change and entry are one
transaction, and a governed change that no act describes is refused (assurance.md R-D, T3, §3.4).
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import event, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction
from sqlalchemy.orm.exc import StaleDataError

from governance.ledger import services as ledger
from governance.ledger.governed import GOVERNED, row_key
from governance.ledger.rows import locked_contents, rows_of
from governance.ledger.rules import Code, Draft, Ref, check
from governance.refusals import Conflict
from governance.storage.database import Database
from governance.storage.tables import Base

ATTEMPTS = 5
"""How often a whole unit is tried when the database asks for it."""

_SQLITE_BUSY = 5
_WORK = "governance.work"
"""Under which a session knows its unit of work."""
_RETRY_STATES = frozenset({"40001", "40P01"})
_TAKEN = frozenset(
    {
        "pk_ledger_event",
        "uq_projects_number",
        "uq_kyt_sessions_number",
        "uq_erasures_number",
        "uq_legal_holds_number",
        "uq_sampling_shares_number",
        "uq_report_annulments_report_id",
        "uq_report_annulments_paper_id",
    }
)
"""Constraints that two units meet when both took the same next number at once, or did the same final act: the later one looks again."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Actor:
    """Who acts: the identifier, the roles held now, and the digest of the session for the ledger."""

    id: str
    roles: frozenset[str]
    kind: Literal["user", "job", "system"] = "user"
    session: str = ""

    def body(self) -> dict[str, str | list[str]]:
        """Return what an entry of the ledger says about the actor: no name, no address."""
        return {"id": self.id, "kind": self.kind, "roles": sorted(self.roles), "session": self.session}


SYSTEM = Actor("system", frozenset({"administrator"}), "system")
"""The service itself: set-up, published seeds, scheduled work."""


class UnrecordedChange(RuntimeError):
    """A governed row was changed without an act that says so: a fault of the program, and nothing is kept."""


@dataclass
class UnitOfWork:
    """One transaction on behalf of one actor; `now` is the same moment for everything in it, `acts` what was appended."""

    session: Session
    actor: Actor
    now: datetime
    read_only: bool = False
    acts: frozenset[str] = frozenset()
    relations: dict[str, frozenset[str]] = field(default_factory=dict)
    """How the actor stands to projects that a reading unit found so: who asks again needs no members (projects/services.py)."""
    _drafts: list[Draft] = field(default_factory=list)
    _changed: dict[str, dict[str, bool]] = field(default_factory=lambda: defaultdict(dict))

    def __post_init__(self) -> None:
        self.session.info[_WORK] = self

    def record(  # noqa: PLR0913 - each part of an entry by its name
        self,
        type: str,
        *,
        subject: tuple[str, str],
        rev: tuple[int | None, int | None] = (None, None),
        project: str | None = None,
        codes: Mapping[str, Code] = {},
        refs: Mapping[str, Ref] = {},
        private: Mapping[str, str] = {},
        row: Any = None,
        rows: Sequence[Any] = (),
    ) -> None:
        """Describe an act for the ledger. Raises BadEvent for an unknown type or free text outside of `private`.

        Call it after the rows were changed: every governed row written since the last call is flushed and its digest goes into
        this entry. `row` and `rows` add some that may not have changed (an act that confirms them).
        """
        self.session.flush()
        draft = Draft(type, self.now, self.actor.body(), subject, rev, project, dict(codes), dict(refs), dict(private))
        check(draft)
        for each in (*rows, *([] if row is None else [row])):
            table = inspect(each).mapper.local_table.name
            self._changed[table].setdefault(each.id, True)
        self._anchor(draft)
        self._drafts.append(draft)

    @property
    def person(self) -> str | None:
        """The actor's account, or None for the service itself: what a `…_by` column may point at."""
        return self.actor.id if self.actor.kind == "user" else None

    def expect(
        self, row: Any, rev: int, *, mine: dict[str, str] | None = None, theirs: dict[str, str] | None = None
    ) -> None:
        """Raise Conflict when `row` is not at the revision that the form was opened with (assurance.md T20)."""
        if row.rev != rev:
            raise _stale(mine, theirs, row.rev)

    def finish(self) -> range:
        """Flush, anchor what was written after the last act, and append the acts; only the commit may follow."""
        self.session.flush()
        if any(self._changed.values()):
            if not self._drafts:
                raise UnrecordedChange(f"no act describes the change of {', '.join(sorted(self._changed))}")
            self._anchor(self._drafts[-1])
        if not self._drafts:
            return range(0)
        numbers = ledger.append(self.session, self._drafts)
        self.acts |= {draft.type for draft in self._drafts}
        self._drafts.clear()
        return numbers

    def _note(self, session: Session) -> None:
        """Remember governed rows of a flush: True for written, False for removed."""
        for obj in session.new:
            self._remember(obj, True)
        for obj in session.dirty:
            if _is_governed_change(obj):
                self._remember(obj, True)
        for obj in session.deleted:
            self._remember(obj, False)

    def _remember(self, obj: Any, exists: bool) -> None:
        table = inspect(obj).mapper.local_table.name
        if table in GOVERNED:
            self._changed[table][obj.id] = exists

    def _anchor(self, draft: Draft) -> None:
        """Put the rows written since the last act into `draft`, as the database now holds them."""
        connection, tables = self.session.connection(), Base.metadata.tables
        for name, ids in self._changed.items():
            written = [id for id, exists in ids.items() if exists]
            draft.rows.update({row_key(name, id): None for id in ids if id not in written})
            if written:
                draft.rows.update(rows_of(connection, tables[name], written))
            if written and name == "screenings":
                draft.rows.update(locked_contents(connection, tables, written))
        self._changed.clear()


@event.listens_for(Session, "after_flush")
def _note(session: Session, context: UOWTransaction) -> None:
    """Let the unit of work of this session, when it has one, see what was written."""
    work: UnitOfWork | None = session.info.get(_WORK)
    if work is not None:
        work._note(session)


def _is_governed_change(obj: Any) -> bool:
    """Say whether a column that counts was changed in a dirty object."""
    state = inspect(obj)
    governed = GOVERNED.get(state.mapper.local_table.name)
    if governed is None:
        return False
    counted = governed.counted(getattr(obj, "state", None))
    return any(state.attrs[name].history.has_changes() for name in counted)


@event.listens_for(Session, "do_orm_execute")
def _refuse_bulk(execute: ORMExecuteState) -> None:
    """Refuse statements that would change governed rows past the unit of work (assurance.md §4 rule 8)."""
    if execute.is_select or _WORK not in execute.session.info:
        return
    if not (execute.is_update or execute.is_delete or execute.is_insert):
        return
    table = getattr(execute.statement, "table", None)
    name = getattr(table, "name", "")
    if name in GOVERNED or name.startswith("ledger_"):
        raise UnrecordedChange(f"{name} is governed: change it through objects, not through a bulk statement")


@contextmanager
def open_work(
    database: Database, actor: Actor, *, read_only: bool = False, serializable: bool = False, at: datetime | None = None
) -> Iterator[UnitOfWork]:
    """Open a unit of work: commits at the end, rolls back on any exception.

    `serializable` is for votes, quorum and decisions (PostgreSQL; SQLite always is). `at` sets the moment for set-up and demo acts.
    Raises Conflict when a row was changed by somebody else meanwhile.
    """
    session = database.session(read_only=read_only, serializable=serializable)
    turn = ExitStack()
    try:
        if not read_only:
            turn.enter_context(database.turn())
        session.connection()
        work = UnitOfWork(
            session, actor, at or datetime.now(UTC), read_only
        )  # the moment at which the transaction began
        yield work
        if not read_only:
            work.finish()
            session.commit()
    except StaleDataError as error:
        raise _stale() from error
    finally:
        session.rollback()
        session.close()
        turn.close()
    if work.acts and database.notary is not None:
        database.notary.after(work.acts)


def _stale(mine: dict[str, str] | None = None, theirs: dict[str, str] | None = None, rev: int = 0) -> Conflict:
    return Conflict(
        "work.stale",
        "ほかの人が先に内容を変更しました。最新の内容を確認してから、もう一度操作してください。",
        "Somebody else changed this first. Check the latest content and try again.",
        mine=mine or {},
        theirs=theirs or {},
        rev=rev,
    )


def run(
    database: Database,
    actor: Actor,
    act: Callable[[UnitOfWork], Result],
    *,
    serializable: bool = False,
    at: datetime | None = None,
    attempts: int = ATTEMPTS,
) -> Result:
    """Run `act` in a unit of its own; try the whole unit again when the database was busy or found no serial order.

    A long serializable unit meets every entry that others append to the ledger meanwhile, and asks for more `attempts`.
    """
    for attempt in range(attempts):
        try:
            with open_work(database, actor, serializable=serializable, at=at) as work:
                return act(work)
        except DBAPIError as error:
            if attempt == attempts - 1 or not may_retry(error):
                raise
        time.sleep(random.uniform(0, 0.02 * 2 ** min(attempt, ATTEMPTS)))  # noqa: S311 - spreads the attempts, hides nothing
    raise AssertionError("unreachable")


def may_retry(error: DBAPIError) -> bool:
    """Say whether the unit did nothing wrong and only met another one (SQLITE_BUSY, 40001, 40P01, the same next number)."""
    origin: Any = error.orig
    if getattr(origin, "sqlite_errorcode", 0) & 0xFF == _SQLITE_BUSY:
        return True
    if getattr(origin, "sqlstate", None) in _RETRY_STATES:
        return True
    return getattr(getattr(origin, "diag", None), "constraint_name", None) in _TAKEN
