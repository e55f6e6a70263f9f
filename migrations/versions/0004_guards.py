"""Guard what may never change: the ledger, frozen records, and the answers of a screening that was submitted.

Revision: 0004, after 0003. The guards repeat in the database what services already refuse, so that a mistake or a direct statement
is refused too. They stop the application and accidents; only verification of the ledger answers an administrator of the database.
On SQLite `REPLACE` removes rows without asking delete triggers unless the connection sets recursive_triggers, therefore
an insert that would hit an existing key is refused before it happens.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FROZEN = {
    "ledger_node": [("level", "idx")],
    "snapshots": [("id",), ("screening_id", "revision", "stage")],
    "decisions": [("id",), ("screening_id", "revision")],
    "votes": [("id",), ("item_id", "member_id")],
    "answer_changes": [("id",)],
    "framework_versions": [("id",), ("key", "version")],
    "questionnaire_versions": [("id",), ("key", "version")],
    "reports": [("id",), ("number",)],
}
"""Tables whose rows stay as they were inserted, with every key that an insert could collide on."""

LOCKED = ["answers", "item_ratings", "answer_evidence", "answer_changes", "screening_questionnaires"]
"""Tables that may change only while their screening is being drafted."""

NEXT = "SELECT coalesce(max(seq) + 1, 0) FROM ledger_event"
NEWEST_IS_ERASURE = "(SELECT type FROM ledger_event ORDER BY seq DESC LIMIT 1) = 'ErasurePerformed'"
DRAFTED = "((SELECT state FROM screenings WHERE id = {row}.screening_id) IN ('draft', 'returned'))"


def upgrade() -> None:
    statements = _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql()
    for statement in statements:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in [statement.split()[2] for statement in _sqlite()]:
            op.execute(f"DROP TRIGGER {name}")
        return
    for table in ["ledger_event", "ledger_value", "snapshot_texts", *FROZEN]:
        op.execute(f"DROP TRIGGER guard_{table}_rows ON {table}")
        op.execute(f"DROP TRIGGER guard_{table}_truncate ON {table}")
    op.execute("DROP TRIGGER guard_ledger_event_next ON ledger_event")
    for table in LOCKED:
        op.execute(f"DROP TRIGGER guard_{table}_lock ON {table}")
    for function in ("refuse_change", "refuse_gap", "refuse_erasure", "refuse_locked"):
        op.execute(f"DROP FUNCTION governance_{function}()")


def _sqlite() -> list[str]:
    """Return the triggers of SQLite; the third word of each is its name."""
    made = [_sqlite_refusal("ledger_event", verb, "the ledger only grows") for verb in ("UPDATE", "DELETE")]
    made.append(_sqlite_refusal("ledger_event", "INSERT", "the next number only", f"NEW.seq IS NOT ({NEXT})"))
    made.append(_sqlite_refusal("ledger_value", "UPDATE", "the ledger only grows"))
    made.append(
        _sqlite_refusal("ledger_value", "DELETE", "record the erasure first", f"{NEWEST_IS_ERASURE} IS NOT TRUE")
    )
    made.append(
        _sqlite_refusal("ledger_value", "INSERT", "the ledger only grows", _taken("ledger_value", [("seq", "path")]))
    )
    made.append(_sqlite_refusal("snapshot_texts", "UPDATE", "a snapshot never changes"))
    made.append(
        _sqlite_refusal(
            "snapshot_texts", "INSERT", "a snapshot never changes", _taken("snapshot_texts", [("snapshot_id", "path")])
        )
    )
    for table, keys in FROZEN.items():
        made += [_sqlite_refusal(table, verb, "the record is frozen") for verb in ("UPDATE", "DELETE")]
        made.append(_sqlite_refusal(table, "INSERT", "the record is frozen", _taken(table, keys)))
    for table in LOCKED:
        for verb, rows in (("INSERT", ["NEW"]), ("UPDATE", ["OLD", "NEW"]), ("DELETE", ["OLD"])):
            condition = " OR ".join(f"{DRAFTED.format(row=row)} IS NOT TRUE" for row in rows)
            made.append(_sqlite_refusal(table, verb, "the screening is locked", condition, suffix="_lock"))
    return made


def _sqlite_refusal(table: str, verb: str, reason: str, condition: str = "", suffix: str = "") -> str:
    when = f" WHEN {condition}" if condition else ""
    name = f"guard_{table}_{verb.lower()}{suffix}"
    message = f"{verb.lower()} of {table} refused: {reason}"
    return f"CREATE TRIGGER {name} BEFORE {verb} ON {table}{when} BEGIN SELECT RAISE(ABORT, '{message}'); END"


def _taken(table: str, keys: list[tuple[str, ...]]) -> str:
    """Return the condition that a key of the new row is already there."""
    found = [" AND ".join(f"{column} IS NEW.{column}" for column in key) for key in keys]
    return " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {each})" for each in found)  # noqa: S608 - only names from above


def _function(name: str, condition: str, reason: str) -> str:
    """Return a trigger function that refuses when `condition` holds."""
    return (
        f"CREATE FUNCTION governance_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF ({condition}) THEN"
        f" RAISE EXCEPTION '% of % refused: {reason}', lower(TG_OP), TG_TABLE_NAME USING ERRCODE = 'restrict_violation';"
        " END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )


def _postgresql() -> list[str]:
    """Return the functions and triggers of PostgreSQL; ENABLE ALWAYS keeps them awake in every replication role."""
    old_locked, new_locked = (f"{DRAFTED.format(row=row)} IS NOT TRUE" for row in ("OLD", "NEW"))
    made = [
        _function("refuse_change", "TRUE", "the record is frozen"),
        _function("refuse_gap", f"NEW.seq IS DISTINCT FROM ({NEXT})", "the next number only"),
        _function(
            "refuse_erasure", f"TG_OP <> 'DELETE' OR {NEWEST_IS_ERASURE} IS NOT TRUE", "record the erasure first"
        ),
        _function(
            "refuse_locked",
            f"CASE TG_OP WHEN 'INSERT' THEN {new_locked} WHEN 'DELETE' THEN {old_locked} ELSE {old_locked} OR {new_locked} END",
            "the screening is locked",
        ),
    ]
    made += _postgresql_trigger("ledger_event", "next", "INSERT", "ROW", "refuse_gap")
    made += _postgresql_trigger("ledger_value", "rows", "UPDATE OR DELETE", "ROW", "refuse_erasure")
    made += _postgresql_trigger("snapshot_texts", "rows", "UPDATE", "ROW", "refuse_change")
    for table in ["ledger_event", *FROZEN]:
        made += _postgresql_trigger(table, "rows", "UPDATE OR DELETE", "ROW", "refuse_change")
    for table in ["ledger_event", "ledger_value", "snapshot_texts", *FROZEN]:
        made += _postgresql_trigger(table, "truncate", "TRUNCATE", "STATEMENT", "refuse_change")
    for table in LOCKED:
        made += _postgresql_trigger(table, "lock", "INSERT OR UPDATE OR DELETE", "ROW", "refuse_locked")
    return made


def _postgresql_trigger(table: str, name: str, verbs: str, each: str, function: str) -> list[str]:
    trigger = f"guard_{table}_{name}"
    return [
        f"CREATE TRIGGER {trigger} BEFORE {verbs} ON {table} FOR EACH {each} EXECUTE FUNCTION governance_{function}()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}",
    ]
