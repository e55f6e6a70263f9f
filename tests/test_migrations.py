"""The migrations give exactly the tables of the models on both databases, forwards and back, all or nothing."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

import governance
from governance.ledger.governed import CONTENT_TABLES, GOVERNED
from governance.paths import MIGRATIONS
from governance.storage.database import Database
from governance.storage.migrate import WrongSchema, differences, downgrade, pending, require_current, upgrade
from governance.storage.tables import Base
from tests.ledger import case

for package in pkgutil.iter_modules(governance.__path__, "governance."):
    if package.ispkg and (Path(governance.__path__[0]) / package.name.split(".")[1] / "models.py").exists():
        importlib.import_module(f"{package.name}.models")

STEPS = sorted(MIGRATIONS.glob("versions/*.py"))


def objects(database: Database) -> list[str]:
    """Return everything that lies in the database beside rows, as the database itself writes it."""
    query = "SELECT type || name || coalesce(sql, '') FROM sqlite_master"
    if database.dialect == "postgresql":
        query = (
            "SELECT table_name || column_name || data_type || is_nullable FROM information_schema.columns"
            " WHERE table_schema = 'public' UNION ALL SELECT concat(tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal UNION ALL"
            " SELECT concat(proname, prosrc) FROM pg_proc WHERE proname LIKE 'governance%' UNION ALL"
            " SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL"
            " SELECT concat(conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'\\:\\:regnamespace"
        )
    with database.reading() as connection:
        return sorted(row[0] for row in connection.execute(text(query)))


def test_the_models_and_the_migrated_database_are_equal(database: Database) -> None:
    assert differences(database, Base.metadata) == []


def test_the_migrated_tables_are_written_as_the_models_write_them(database: Database) -> None:
    """Checks and other things that a comparison of columns does not see (SQLite keeps the text of each table)."""
    if database.dialect == "postgresql":
        pytest.skip("PostgreSQL keeps no text of a table; its checks are compared by name below")
    with database.reading() as connection:
        migrated = {
            row[0]: row[1]
            for row in connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
        }
    with database.engine.begin() as connection:
        for name in reversed(Base.metadata.sorted_tables):
            connection.execute(text(f"DROP TABLE {name.name}"))
        Base.metadata.create_all(connection)
        created = {
            row[0]: row[1]
            for row in connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
        }
    assert {name: parts(sql) for name, sql in migrated.items()} == {name: parts(sql) for name, sql in created.items()}


def parts(sql: str) -> list[str]:
    """Return the lines of a table's text in an order of their own: migrations add `rev` elsewhere, and later references inline."""
    sql = re.sub(
        r"(\w+) VARCHAR\(36\) CONSTRAINT (\w+) REFERENCES",
        r"\1 VARCHAR(36), CONSTRAINT \2 FOREIGN KEY(\1) REFERENCES",
        sql,
    )
    return sorted(part.strip(" \t") for part in re.split(r"[\n,]", sql) if part.strip(" \t"))


def test_every_check_of_the_models_is_in_the_database(database: Database) -> None:
    found = inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        wanted = {str(each.name) for each in table.constraints if type(each).__name__ == "CheckConstraint"}
        assert {each["name"] for each in found.get_check_constraints(table.name)} == wanted, table.name


def test_up_down_and_up_again_end_where_they_began(database: Database) -> None:
    before = objects(database)
    downgrade(database, "base")
    tables = set(inspect(database.engine).get_table_names())
    assert tables == {"alembic_version"}
    assert not [each for each in objects(database) if "guard_" in each or "governance_" in each]
    upgrade(database)
    assert objects(database) == before


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_each_step_can_be_taken_alone(database: Database, step: int) -> None:
    names = [path.name.split("_")[0] for path in STEPS]
    downgrade(database, "base")
    for name in names[: step + 1]:
        assert upgrade(database, name) == [name]
    assert pending(database) == names[step + 1 :]
    upgrade(database)


def test_an_up_to_date_database_is_left_alone(database: Database) -> None:
    case.written(database)
    before = objects(database)
    assert upgrade(database) == []
    require_current(database)
    assert objects(database) == before


def test_an_old_database_is_not_served(database: Database) -> None:
    downgrade(database, "0003")
    assert pending(database) == [path.name.split("_")[0] for path in STEPS[3:]]
    with pytest.raises(WrongSchema, match="governance migrate"):
        require_current(database)


def test_a_database_of_a_later_release_is_not_served(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(WrongSchema, match="newer release"):
        require_current(database)


def test_a_step_that_fails_leaves_the_old_schema(database: Database) -> None:
    downgrade(database, "base")
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE votes (id INTEGER)"))
    before = objects(database)
    with pytest.raises(Exception, match="votes"):
        upgrade(database)
    assert objects(database) == before
    assert len(pending(database)) == len(STEPS)


def test_the_steps_form_one_line_and_import_nothing_of_the_service() -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    assert script.get_heads() == [STEPS[-1].name.split("_")[0]]
    for path in [*STEPS, MIGRATIONS / "env.py"]:
        assert "import governance" not in path.read_text()
        assert "from governance" not in path.read_text()


def test_later_steps_never_touch_the_ledger() -> None:
    """assurance.md §3.5: no UPDATE, DELETE, DROP or ALTER of a ledger table in an upgrade."""
    for path in STEPS:
        upgrading = path.read_text().split("def downgrade")[0]
        assert not re.search(
            r"(?i)\b(update|delete from|drop table|alter table|drop_table|drop_column|alter_column)\W+ledger_",
            upgrading,
        )


def test_every_governed_column_exists_in_the_models() -> None:
    tables = Base.metadata.tables
    for name, governed in GOVERNED.items():
        assert set(governed.columns + governed.settled) <= set(tables[name].c.keys()), name
        assert ("state" in tables[name].c) or not governed.settled
    for name, columns in CONTENT_TABLES.items():
        assert set(columns) | {"screening_id"} <= set(tables[name].c.keys()), name


NOT_GOVERNED = {
    "users": {
        "email",
        "name",
        "name_en",
        "department",
        "department_en",
        "locale",
        "password_hash",
        "is_active",
        "created_at",
    },
    "user_sessions": None,
    "form_keys": None,
    "notices": None,  # with letters, mail_choices and job_runs: they tell of recorded acts and are no record themselves
    "letters": None,
    "mail_choices": None,
    "job_runs": None,
    "bulk_jobs": None,  # with bulk_files: work in hand; what it leads to, the issued reports, is governed
    "bulk_files": None,
    "readings": None,  # compared with the digest of their batch, which is governed
    "draft_changes": None,
    "snapshot_texts": None,
    "answer_layouts": None,  # with answer_vectors: derived from snapshots, which are governed
    "answer_vectors": None,
    "backtests": None,  # a calculation that can be run again
    "kyt_participants": None,  # with hazards and measures: free while a session is held, then frozen in its governed record
    "kyt_hazards": None,
    "kyt_measures": None,
    "ledger_event": None,
    "ledger_node": None,
    "ledger_value": None,
    "ledger_checkpoints": None,  # each is signed; verification compares them with the entries
    "ledger_sendings": None,
}
"""What the ledger does not answer for, listed so that nobody forgets a new table or column."""

FREE_COLUMNS = {"rev", "screening_id", "changed_at", "last_used_at", "calls_from", "calls", "gender", "opened"}


def test_every_table_and_column_is_governed_or_listed_as_free() -> None:
    for name, table in Base.metadata.tables.items():
        if name in NOT_GOVERNED:
            continue
        covered = (
            set(CONTENT_TABLES[name])
            if name in CONTENT_TABLES
            else set(GOVERNED[name].columns + GOVERNED[name].settled)
        )
        assert set(table.c.keys()) - covered <= FREE_COLUMNS, name
