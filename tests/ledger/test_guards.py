"""The database itself refuses what may never happen, whoever asks and in whatever words (assurance.md P4, P5)."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest

from governance.ledger.audit import verify_database
from governance.storage.database import Database
from tests.ledger.admin import direct, run
from tests.ledger.case import SIZE

Refused = (sqlite3.DatabaseError, psycopg.Error)
LEDGER = {"ledger_event": "seq", "ledger_node": "idx", "ledger_value": "seq"}
FROZEN = [
    "snapshots",
    "decisions",
    "votes",
    "answer_changes",
    "framework_versions",
    "questionnaire_versions",
    "questionnaire_retirements",
    "questionnaire_drafts",
    "draft_changes",
    "reports",
    "report_annulments",
    "indicator_bands",
    "reading_batches",
    "readings",
    "incident_changes",
    "kyt_records",
    "kyt_promotions",
    "course_terms",
]
KEPT = ["indicators", "reading_keys", "alerts", "incidents", "incident_links", "incident_duties", "courses", "training_records"]
LOCKED = ["answers", "item_ratings", "answer_evidence", "answer_changes", "screening_questionnaires"]
GUARD = "refused: (the|record|a snapshot)"


def columns(connection: object, table: str) -> str:
    if isinstance(connection, sqlite3.Connection):
        return ", ".join(row[1] for row in run(connection, f"PRAGMA table_info({table})"))
    query = "SELECT column_name FROM information_schema.columns WHERE table_name = ? ORDER BY ordinal_position"
    return ", ".join(row[0] for row in run(connection, query, table))


def attacks(connection: object, table: str, column: str) -> list[str]:
    """Return the statements that would change or remove a row, or write over one."""
    names = columns(connection, table)
    copy = f"INTO {table} ({names}) SELECT {names} FROM {table} LIMIT 1"
    verbs = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
    if isinstance(connection, sqlite3.Connection):
        source = copy.replace("LIMIT 1", "WHERE true LIMIT 1")
        keys = ", ".join(row[1] for row in run(connection, f"PRAGMA table_info({table})") if row[5])
        upsert = f"INSERT {source} ON CONFLICT ({keys}) DO UPDATE SET {column} = excluded.{column}"
        return [*verbs, f"REPLACE {copy}", f"INSERT OR REPLACE {copy}", f"INSERT OR IGNORE {copy}", upsert]
    return [
        *verbs,
        f"INSERT {copy} ON CONFLICT ON CONSTRAINT pk_{table} DO UPDATE SET {column} = excluded.{column}",
        f"TRUNCATE {table} CASCADE",
        f"MERGE INTO {table} t USING {table} s ON t.{column} = s.{column} WHEN MATCHED THEN DELETE",
    ]


@pytest.mark.parametrize("table", [*LEDGER, *FROZEN])
def test_no_verb_changes_a_frozen_row(written: Database, table: str) -> None:
    with direct(written) as connection:
        for statement in attacks(connection, table, LEDGER.get(table, "id")):
            with pytest.raises(Refused, match=GUARD):
                run(connection, statement)
    assert verify_database(written).ok


@pytest.mark.parametrize("table", KEPT)
def test_what_is_watched_may_change_but_never_goes(written: Database, table: str) -> None:
    with direct(written) as connection:
        change, *others = attacks(connection, table, "id")
        run(connection, change)
        for statement in (each for each in others if "DO UPDATE" not in each):
            with pytest.raises(Refused, match=GUARD):
                run(connection, statement)
    assert verify_database(written).ok


@pytest.mark.parametrize("table", ["snapshots", "decisions", "votes", "framework_versions", "reports"])
def test_a_new_identifier_does_not_replace_a_frozen_row_with_the_same_key(written: Database, table: str) -> None:
    if written.dialect == "postgresql":
        pytest.skip("PostgreSQL has no REPLACE; its unique constraints refuse")
    with direct(written) as connection:
        rest = columns(connection, table).removeprefix("id, ")
        with pytest.raises(Refused, match=GUARD):
            run(connection, f"REPLACE INTO {table} (id, {rest}) SELECT 'other', {rest} FROM {table}")


@pytest.mark.parametrize("seq", [-1, 0, 3, SIZE + 1, 1000])
def test_an_entry_gets_the_next_number_only(written: Database, seq: int) -> None:
    statement = "INSERT INTO ledger_event (seq, body, leaf, type, subject) VALUES (?, ?, ?, 'VoteCast', 'vote:v')"
    for words in ("INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE") if written.dialect == "sqlite" else ("INSERT",):
        with direct(written) as connection, pytest.raises(Refused, match=GUARD):
            run(connection, statement.replace("INSERT", words, 1), seq, b"{}", b"l" * 32)


def test_postgresql_keeps_the_guards_awake_in_every_replication_role(written: Database) -> None:
    if written.dialect == "sqlite":
        pytest.skip("SQLite has no replication role")
    with direct(written) as connection:
        run(connection, "SET session_replication_role = replica")
        with pytest.raises(Refused, match=GUARD):
            run(connection, "UPDATE ledger_event SET type = 'VoteCast'")


@pytest.mark.parametrize("table", LOCKED)
@pytest.mark.parametrize("verb", ["insert", "update", "delete"])
def test_the_content_of_a_submitted_screening_is_locked(written: Database, table: str, verb: str) -> None:
    with direct(written) as connection:
        names = columns(connection, table)
        statement = {
            "insert": f"INSERT INTO {table} ({names}) SELECT {names} FROM {table}",
            "update": f"UPDATE {table} SET screening_id = screening_id",
            "delete": f"DELETE FROM {table}",
        }[verb]
        with pytest.raises(Refused, match=GUARD):
            run(connection, statement)


def test_an_answer_cannot_be_moved_into_or_out_of_a_submitted_screening(written: Database) -> None:
    with direct(written) as connection:
        names = columns(connection, "screenings")
        others = names.removeprefix("id, ").replace("sequence", "2").replace("state", "'draft'")
        run(
            connection,
            f"INSERT INTO screenings ({names.replace('id, ', 'id, ', 1)}) SELECT 's-2', {others} FROM screenings",
        )
        with pytest.raises(Refused, match=GUARD):
            run(connection, "UPDATE answers SET screening_id = 's-2'")
        run(connection, "INSERT INTO answers (id, screening_id, question_key, value, remark, author_id, saved_at, rev)"
            " SELECT 'a-2', 's-2', question_key, value, remark, author_id, saved_at, rev FROM answers")  # fmt: skip
        with pytest.raises(Refused, match=GUARD):
            run(connection, "UPDATE answers SET screening_id = 's-1', question_key = 'P1b' WHERE id = 'a-2'")


def test_a_private_value_does_not_go_because_an_entry_says_so(written: Database) -> None:
    with direct(written) as connection:
        insert = (
            "INSERT INTO ledger_event (seq, body, leaf, type, subject) VALUES (?, ?, ?, 'ErasurePerformed', 'user:u')"
        )
        run(connection, insert, SIZE, b"{}", b"l" * 32)
        for statement in ("DELETE FROM ledger_value WHERE seq = 0", "UPDATE ledger_value SET seq = seq"):
            with pytest.raises(Refused, match=GUARD):
                run(connection, statement)


def test_a_text_of_a_snapshot_neither_changes_nor_goes(written: Database) -> None:
    with direct(written) as connection:
        for statement in ("UPDATE snapshot_texts SET value = 'x'", "DELETE FROM snapshot_texts"):
            with pytest.raises(Refused, match=GUARD):
                run(connection, statement)
        if written.dialect == "sqlite":
            with pytest.raises(Refused, match=GUARD):
                run(connection, "REPLACE INTO snapshot_texts SELECT * FROM snapshot_texts")
