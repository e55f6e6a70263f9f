"""A unit of work keeps change and entry together, loses nothing to others at the same time, and leaves nothing half done."""

# ruff: noqa: PT012 - a refused unit of work is one block

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import UniqueConstraint, event, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from governance.accounts.models import RoleGrant, User
from governance.ledger.audit import verify_database
from governance.ledger.models import LedgerEvent
from governance.ledger.rules import BadEvent
from governance.ledger.services import Event, events, head, project_events, subject_events
from governance.ledger.services import event as entry
from governance.projects.models import Project
from governance.refusals import Conflict
from governance.screenings.models import Screening
from governance.storage.database import Database
from governance.storage.tables import Base
from governance.work import ATTEMPTS, SYSTEM, Actor, UnitOfWork, UnrecordedChange, may_retry, open_work, run
from tests.ledger import case

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
CHAIR = Actor("u-chair", frozenset({"chair", "external_member"}), session="ab" * 32)


def granted(work: UnitOfWork, name: str = "a") -> RoleGrant:
    user = User(id=f"u-{name}", email=f"{name}@test.example", name="見本", created_at=work.now)
    grant = RoleGrant(id=f"g-{name}", user=user, role="expert", granted_at=work.now)
    work.session.add_all([user, grant])
    return grant


def grant(work: UnitOfWork, name: str = "a") -> None:
    granted(work, name)
    work.record("RoleGranted", subject=("role_grant", f"g-{name}"), private={"name": "見本"})


def all_events(database: Database) -> list[Event]:
    with open_work(database, SYSTEM, read_only=True) as work:
        return events(work.session)[::-1]


def test_change_and_entry_are_committed_together(database: Database) -> None:
    with open_work(database, CHAIR, at=AT) as work:
        grant(work)
    [written] = all_events(database)
    assert (written.seq, written.type, written.at, written.private) == (0, "RoleGranted", AT, {"name": "見本"})
    assert written.body["actor"] == {
        "id": "u-chair", "kind": "user", "roles": ["chair", "external_member"], "session": "ab" * 32,
    }  # fmt: skip
    assert list(written.body["rows"]) == ["role_grants:g-a"]
    assert verify_database(database).ok


def test_an_exception_leaves_neither_change_nor_entry(database: Database) -> None:
    with pytest.raises(LookupError), open_work(database, SYSTEM) as work:
        grant(work)
        raise LookupError
    with open_work(database, SYSTEM, read_only=True) as work:
        assert work.session.get(User, "u-a") is None
        assert head(work.session).size == 0


def test_a_governed_change_without_an_act_is_refused(database: Database) -> None:
    with pytest.raises(UnrecordedChange, match="role_grants"), open_work(database, SYSTEM) as work:
        granted(work)
    with open_work(database, SYSTEM) as work:
        grant(work)
    with pytest.raises(UnrecordedChange), open_work(database, SYSTEM) as work:
        work.session.get_one(RoleGrant, "g-a").ended_at = work.now
    with pytest.raises(UnrecordedChange), open_work(database, SYSTEM) as work:
        work.session.delete(work.session.get_one(RoleGrant, "g-a"))
    assert verify_database(database).ok


def test_a_change_that_is_not_governed_needs_no_act(database: Database) -> None:
    with open_work(database, SYSTEM) as work:
        grant(work)
    with open_work(database, SYSTEM) as work:
        work.session.get_one(User, "u-a").name = "別名"
    assert len(all_events(database)) == 1
    assert verify_database(database).ok


@pytest.mark.parametrize(
    "statement",
    [
        update(RoleGrant).values(role="chair"),
        insert(RoleGrant).values(id="g-2", user_id="u-a", role="chair", granted_at=AT),
    ],
    ids=["update", "insert"],
)
def test_bulk_statements_on_governed_tables_are_refused(database: Database, statement: Any) -> None:
    with pytest.raises(UnrecordedChange, match="governed"), open_work(database, SYSTEM) as work:
        grant(work)
        work.session.execute(statement)


def test_each_act_carries_the_rows_written_since_the_last_one(database: Database) -> None:
    with open_work(database, SYSTEM) as work:
        grant(work, "a")
        grant(work, "b")
        work.session.get_one(RoleGrant, "g-a").ended_at = work.now
    first, second = all_events(database)
    assert list(first.body["rows"]) == ["role_grants:g-a"]
    assert sorted(second.body["rows"]) == ["role_grants:g-a", "role_grants:g-b"]
    assert verify_database(database).ok


def test_a_row_can_be_named_though_it_did_not_change(database: Database) -> None:
    with open_work(database, SYSTEM) as work:
        grant(work)
    with open_work(database, SYSTEM) as work:
        work.record("RoleGranted", subject=("role_grant", "g-a"), row=work.session.get_one(RoleGrant, "g-a"))
    assert list(all_events(database)[1].body["rows"]) == ["role_grants:g-a"]


def test_a_removed_row_is_recorded_as_removed(database: Database) -> None:
    with open_work(database, SYSTEM) as work:
        grant(work)
    with open_work(database, SYSTEM) as work:
        work.session.delete(work.session.get_one(RoleGrant, "g-a"))
        work.record("RoleEnded", subject=("role_grant", "g-a"))
    assert all_events(database)[1].body["rows"] == {"role_grants:g-a": None}
    assert verify_database(database).ok


def test_drafting_needs_no_act_and_leaves_the_ledger_whole(database: Database) -> None:
    for act in (case.people, case.publish, case.register, case.draft):
        with open_work(database, SYSTEM) as work:
            act(work)
    size = len(all_events(database))
    with open_work(database, SYSTEM) as work:
        row = work.session.get_one(Screening, "s-1")
        row.answered, row.residual, row.changed_at = 5, 3, work.now
    assert len(all_events(database)) == size
    assert verify_database(database).ok


def test_a_locked_screening_no_longer_changes_without_an_act(database: Database) -> None:
    for act in (case.people, case.publish, case.register, case.draft, case.submit):
        with open_work(database, SYSTEM) as work:
            act(work)
    with pytest.raises(UnrecordedChange), open_work(database, SYSTEM) as work:
        work.session.get_one(Screening, "s-1").residual = 1
    assert verify_database(database).ok


def test_a_bad_act_keeps_nothing(database: Database) -> None:
    with pytest.raises(BadEvent), open_work(database, SYSTEM) as work:
        granted(work)
        work.record("Granted", subject=("role_grant", "g-a"))
    assert not all_events(database)


def test_a_reading_unit_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError), open_work(database, SYSTEM, read_only=True) as work:
        granted(work)
        work.session.flush()
    with open_work(database, SYSTEM) as work:
        grant(work)
    assert len(all_events(database)) == 1


def test_a_stale_form_is_refused_with_both_sides(database: Database) -> None:
    with open_work(database, SYSTEM) as work:
        grant(work)
    with pytest.raises(Conflict) as caught, open_work(database, SYSTEM) as work:
        user = work.session.get_one(User, "u-a")
        work.expect(user, user.rev)
        work.expect(user, user.rev + 1, mine={"name": "甲"}, theirs={"name": "乙"})
    assert (caught.value.code, caught.value.mine, caught.value.rev) == ("work.stale", {"name": "甲"}, 1)


def test_a_row_changed_meanwhile_is_a_conflict(database: Database) -> None:
    with open_work(database, SYSTEM) as work:
        grant(work)
    with database.session(read_only=True) as session:
        stale = session.get_one(User, "u-a")
    with open_work(database, SYSTEM) as work:
        work.session.get_one(User, "u-a").name = "先"
    with pytest.raises(Conflict), open_work(database, SYSTEM) as work:
        stale.name = "後"
        work.session.add(stale)


def test_a_clock_that_runs_backwards_is_recorded_and_the_order_stays(database: Database) -> None:
    for minutes in (5, 4, 4):
        with open_work(database, SYSTEM, at=AT + timedelta(minutes=minutes)) as work:
            work.record("RoleEnded", subject=("role_grant", "g"))
    with open_work(database, SYSTEM, at=AT + timedelta(minutes=4, seconds=-1)) as work:
        work.record("RoleEnded", subject=("role_grant", "g"))
    assert [each.type for each in all_events(database)] == [
        "RoleEnded",
        "ClockAnomaly",
        "RoleEnded",
        "RoleEnded",
        "RoleEnded",
    ]
    assert verify_database(database).ok


def test_entries_are_found_by_project_subject_type_and_number(database: Database) -> None:
    case.written(database)
    with open_work(database, SYSTEM, read_only=True) as work:
        session = work.session
        assert [each.seq for each in project_events(session, "p-1")] == [5, 6, 7, 8, 9, 12, 13, 14, 16, 17, 19, 20]
        assert [each.seq for each in project_events(session, "p-1", limit=2)] == [19, 20]
        assert [each.type for each in subject_events(session, "screening", "s-1")] == [
            "ScreeningOpened", "ScreeningSubmitted", "OpinionGiven",
        ]  # fmt: skip
        assert [each.seq for each in events(session, type="AccountCreated")] == [2, 1, 0]
        assert [each.seq for each in events(session, before=3, limit=2)] == [2, 1]
        found = entry(session, 13)
        assert found is not None
        assert found.private == {"rationale": "条件を満たす"}
        assert entry(session, 99) is None


@pytest.fixture
def seen(database: Database) -> Iterator[list[str]]:
    """Every statement that the engine runs."""
    statements: list[str] = []
    listener = lambda connection, cursor, statement, *rest: statements.append(statement)  # noqa: E731
    event.listen(database.engine, "before_cursor_execute", listener)
    yield statements
    event.remove(database.engine, "before_cursor_execute", listener)


def test_a_fault_at_any_statement_leaves_neither_change_nor_entry(database: Database, seen: list[str]) -> None:
    """assurance.md R6: fail the n-th statement, for every n, and look at what is left."""
    with open_work(database, SYSTEM) as work:
        grant(work)
    total = len(seen)
    assert total > 5
    for number in range(1, total + 1):
        name = f"n{number}"
        left = [number]

        def fail(*rest: Any, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise OSError("no space left")

        event.listen(database.engine, "before_cursor_execute", fail)
        try:
            with pytest.raises(OSError, match="no space"), open_work(database, SYSTEM) as work:
                grant(work, name)
        finally:
            event.remove(database.engine, "before_cursor_execute", fail)
        with open_work(database, SYSTEM, read_only=True) as work:
            assert work.session.get(User, f"u-{name}") is None
            assert head(work.session).size == 1
    assert verify_database(database).ok


def test_the_ledger_is_written_last(database: Database, seen: list[str]) -> None:
    with open_work(database, SYSTEM) as work:
        grant(work)
    start = next(number for number, statement in enumerate(seen) if "INSERT INTO ledger" in statement)
    assert all("INSERT INTO ledger" in statement for statement in seen[start:])


@pytest.mark.parametrize("serializable", [False, True])
def test_writers_at_the_same_time_lose_nothing(database: Database, serializable: bool) -> None:
    """assurance.md P1, P2, R1 in small: read, add one, write, from four threads."""
    with open_work(database, SYSTEM) as work:
        work.session.add(User(id="u", email="u@test.example", name="0", created_at=work.now))
    acts, workers = 8, 4

    def count(number: int) -> int:
        done = 0
        for _ in range(acts):
            try:
                run(database, SYSTEM, add_one, serializable=serializable)
                done += 1
            except (Conflict, DBAPIError):
                continue
        return done

    def add_one(work: UnitOfWork) -> None:
        user = work.session.get_one(User, "u")
        user.name = str(int(user.name) + 1)
        work.record("AccountChanged", subject=("account", "u"), codes={"value": user.name})

    with ThreadPoolExecutor(workers) as pool:
        done = sum(pool.map(count, range(workers)))
    with open_work(database, SYSTEM, read_only=True) as work:
        assert int(work.session.get_one(User, "u").name) == done
        assert work.session.scalar(select(func.count()).select_from(LedgerEvent)) == done
        assert done >= acts
    verdict = verify_database(database)
    assert (verdict.ok, verdict.size) == (True, done)


def test_writers_that_share_no_row_wait_for_each_other_and_never_fail(database: Database) -> None:
    """The writers' lock of the ledger puts them in one line; nothing has to be tried again."""
    meet = threading.Barrier(4, timeout=20)

    def act(name: str) -> None:
        meet.wait()
        for number in range(4):
            with open_work(database, SYSTEM) as work:
                work.record("RoleEnded", subject=("role_grant", f"{name}{number}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(act, "abcd"))
    verdict = verify_database(database)
    assert (verdict.ok, verdict.size) == (True, 16)


def test_two_chairs_deciding_at_once_make_one_decision(database: Database) -> None:
    """assurance.md P3: check, then insert, in serializable units."""
    meet, decided = threading.Barrier(2, timeout=20), []

    def decide(name: str) -> None:
        meet.wait()
        run(database, SYSTEM, lambda work: once(work, name), serializable=True)

    def once(work: UnitOfWork, name: str) -> None:
        if work.session.scalar(select(func.count()).select_from(Project)):
            return
        work.session.add(
            Project(
                id=name, number=name, name=name, framework_key="k", sector="s", regions=[], own_roles=[], techniques=[],
                created_by="u-a", created_at=work.now,
            )
        )  # fmt: skip
        work.record("ProjectRegistered", subject=("project", name), project=name)
        decided.append(name)

    with open_work(database, SYSTEM) as work:
        grant(work)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(decide, ["p-1", "p-2"]))
    with open_work(database, SYSTEM, read_only=True) as work:
        assert work.session.scalar(select(func.count()).select_from(Project)) == 1
    assert verify_database(database).ok


def test_a_unit_is_tried_again_a_few_times_and_only_for_the_right_reason(database: Database) -> None:
    tried: list[int] = []

    class Busy(Exception):
        sqlite_errorcode = 5
        sqlstate = "40001"

    def act(work: UnitOfWork, wrong: BaseException) -> None:
        tried.append(1)
        raise DBAPIError("", None, wrong)

    with pytest.raises(DBAPIError):
        run(database, SYSTEM, lambda work: act(work, Busy()))
    assert len(tried) == ATTEMPTS
    tried.clear()
    with pytest.raises(DBAPIError):
        run(database, SYSTEM, lambda work: act(work, ValueError()))
    assert len(tried) == 1


def test_the_service_itself_is_no_person() -> None:
    work = UnitOfWork.__new__(UnitOfWork)
    for actor, person in ((SYSTEM, None), (CHAIR, "u-chair")):
        work.actor = actor
        assert work.person == person


def test_a_number_that_was_taken_meanwhile_is_tried_again() -> None:
    names = {
        str(each.name)
        for table in Base.metadata.tables.values()
        for each in table.constraints
        if isinstance(each, UniqueConstraint) and [column.name for column in each.columns] == ["number"]
    }
    counted = {f"uq_{table}_number" for table in ("projects", "erasures", "legal_holds", "sampling_shares")}
    assert counted <= names
    for name in counted:
        origin = Exception()
        origin.diag = SimpleNamespace(constraint_name=name)  # type: ignore[attr-defined]
        assert may_retry(DBAPIError("", {}, origin)), name
