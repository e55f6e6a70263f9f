"""While an erasure by two people is open the database lets its texts go, and nothing else; it is opened in no other way."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from governance.storage.database import Database
from tests.ledger.admin import direct, run

Refused = (sqlite3.DatabaseError, psycopg.Error)
NOW = "'2026-11-20 04:00:00'"
OPEN = f"UPDATE erasures SET state = 'approved', decided_by = 'u-external', decided_at = {NOW}, opened = '-'"
PERFORMED = "UPDATE erasures SET state = 'performed', opened = NULL"
GONE = "'（消去された文） (text was erased)'"

LET_THROUGH = [
    f"UPDATE answers SET remark = {GONE}, rev = rev + 1",
    "UPDATE item_ratings SET severity_reason = '', likelihood_reason = ''",
    f"UPDATE comments SET text = {GONE}",
    f"UPDATE comment_corrections SET text = {GONE}",
    f"UPDATE life_acts SET reason = {GONE}",
    "UPDATE disposals SET data = '', done_by = ''",
    "UPDATE reassessments SET note = ''",
    "UPDATE indicator_bands SET reason = ''",
    f"UPDATE incident_changes SET body = {GONE}, reason = ''",
    f"UPDATE readings SET note = {GONE}",
    "UPDATE reading_batches SET digest = 'made anew'",
    f"UPDATE kyt_records SET body = {GONE}",
    f"UPDATE kyt_sessions SET title = {GONE}, situation = '', rev = rev + 1",
    "DELETE FROM snapshot_texts",
    "UPDATE reports SET erased_id = 'er-1'",
    "DELETE FROM ledger_value WHERE path = 'private.name' AND seq IN (SELECT seq FROM ledger_event WHERE project = 'p-1')",
]
REFUSED = [
    "UPDATE answers SET value = 'planned'",
    "UPDATE answers SET remark = '別の文'",
    "DELETE FROM answers",
    "UPDATE item_ratings SET severity = 1",
    'UPDATE answer_changes SET body = \'{"value":"done"}\'',
    "UPDATE comments SET text = '別のコメント'",
    "UPDATE comments SET written_at = '2026-01-01 00:00:00'",
    "DELETE FROM comment_corrections",
    "UPDATE life_acts SET act = 'resumed'",
    "UPDATE incident_changes SET body = '{}x'",
    f"UPDATE incident_changes SET body = {GONE}, digest = ''",
    "UPDATE readings SET value = '1'",
    "UPDATE readings SET note = '別の備考'",
    "UPDATE reading_batches SET size = 2",
    f"UPDATE kyt_records SET body = {GONE}, digest = ''",
    "UPDATE kyt_sessions SET title = '別の題名'",
    "UPDATE kyt_sessions SET state = 'r1'",
    "DELETE FROM kyt_records",
    "UPDATE reports SET number = 'X', erased_id = 'er-1'",
    "UPDATE reports SET erased_id = NULL, purpose = ''",
    "UPDATE decisions SET rationale = ''",
    "UPDATE votes SET dissent = ''",
    "UPDATE snapshots SET body = ''",
    "UPDATE snapshot_texts SET value = ''",
    "DELETE FROM ledger_value WHERE seq = 0",
    "DELETE FROM ledger_event",
    "UPDATE erasures SET reason = ''",
    "UPDATE erasures SET requested_by = 'u-owner'",
    "DELETE FROM erasures",
    "DELETE FROM legal_holds",
    "UPDATE legal_holds SET reason = '別の理由'",
]
NEVER_OPENED = [
    "UPDATE erasures SET opened = '-'",
    OPEN.replace("u-external", "u-expert"),
    OPEN.replace("'u-external'", "NULL"),
    OPEN.replace("'-'", "'er-1'"),
    f"UPDATE erasures SET state = 'performed', decided_by = 'u-external', decided_at = {NOW}",
    "UPDATE erasures SET project_id = NULL, person_id = 'u-owner'",
    (
        "INSERT INTO erasures (id, number, project_id, parts, basis, reason, early, state, requested_by, requested_at, decided_by,"
        f" decided_at, verdict, counts, opened, rev) SELECT 'er-2', 2, project_id, parts, basis, reason, early, 'approved',"
        f" requested_by, requested_at, 'u-external', {NOW}, '', counts, '-', 1 FROM erasures"
    ),
]


@contextmanager
def attempt(connection: Any) -> Iterator[None]:
    """One statement within a transaction that goes on whatever becomes of it."""
    run(connection, "SAVEPOINT attempt")
    try:
        yield
    finally:
        run(connection, "ROLLBACK TO attempt")


@pytest.mark.parametrize("opened", [False, True])
def test_only_what_is_erased_goes_and_only_while_the_erasure_is_open(written: Database, opened: bool) -> None:
    with direct(written) as connection:
        run(connection, "BEGIN")
        if opened:
            run(connection, OPEN)
        for statement in LET_THROUGH:
            with attempt(connection):
                if opened:
                    assert run(connection, statement).rowcount, statement
                else:
                    with pytest.raises(Refused, match="refused"):
                        run(connection, statement)
        for statement in REFUSED:
            with attempt(connection), pytest.raises(Refused, match="refused|constraint"):
                pytest.fail(f"done: {statement}, {run(connection, statement).rowcount}")
        run(connection, "ROLLBACK")


def test_an_erasure_is_opened_by_two_people_only(written: Database) -> None:
    with direct(written) as connection:
        run(connection, "BEGIN")
        for statement in NEVER_OPENED:
            with attempt(connection), pytest.raises(Refused):
                run(connection, statement)
        run(connection, OPEN)
        run(connection, PERFORMED)
        for again in (OPEN, "UPDATE erasures SET state = 'requested', decided_by = NULL"):
            with attempt(connection), pytest.raises(Refused, match="the record is kept"):
                run(connection, again)
        run(connection, "ROLLBACK")


def test_an_open_erasure_is_never_committed(written: Database) -> None:
    with direct(written) as connection:
        if written.dialect == "sqlite":
            run(connection, "PRAGMA foreign_keys = ON")
        run(connection, "BEGIN")
        run(connection, OPEN)
        with pytest.raises(Refused):
            run(connection, "COMMIT")
        if written.dialect == "sqlite":
            run(connection, "ROLLBACK")
        assert run(connection, "SELECT opened FROM erasures").fetchone()[0] is None


def test_nothing_is_opened_under_a_legal_hold(written: Database) -> None:
    with direct(written) as connection:
        columns = "number, project_id, person_id, reason, set_by, set_at, lifted_because, rev"
        run(
            connection,
            f"INSERT INTO legal_holds (id, {columns}) SELECT 'lh-2', 2, 'p-1', NULL, reason, set_by, set_at, '', 1 FROM legal_holds",
        )
        with pytest.raises(Refused, match="the record is kept"):
            run(connection, OPEN)
