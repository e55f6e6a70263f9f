"""Let the guards pass what an erasure by two people takes away of operation, KYT sessions and training.

Revision: 0025, after 0024. As in 0021: while an erasure is open, texts of that project may say that they were erased, the digest of a
batch of readings may be made anew, and private values about a person's attendances may go; all else stays guarded as before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

BLANK = "('', '（消去された文）', '(text was erased)', '（消去された文） (text was erased)')"
"""What a text may become; nothing else is an erasure."""

OWN = "{old}.project_id"
SESSION = "(SELECT project_id FROM kyt_sessions WHERE id = {old}.session_id)"
TEXTS = {
    "incident_changes": (
        "id incident_id number digest changed_by changed_at",
        "body reason",
        "(SELECT project_id FROM incidents WHERE id = {old}.incident_id)",
    ),
    "readings": (
        "id batch_id position indicator_id at turn corrects_id value band_id verdict",
        "note",
        "(SELECT project_id FROM indicators WHERE id = {old}.indicator_id)",
    ),
    "reading_batches": ("id project_id source key_id size entered_by entered_at", "", OWN),
    "kyt_records": ("id session_id digest finished_by finished_at", "body", SESSION),
    "kyt_sessions": (
        "id number project_id scenario held_on leader_id scribe_id state created_by created_at settled_by settled_at",
        "title title_en situation situation_en place team_goal call dropped_because",
        OWN,
    ),
    "kyt_participants": ("id session_id position user_id", "name", SESSION),
    "kyt_hazards": ("id session_id position mark added_by added_at", "cause event", SESSION),
    "kyt_measures": ("id session_id hazard_id position mark added_by added_at", "text", SESSION),
}
"""Guarded table: the columns that an erasure leaves alone, the texts that it empties, and the project of the row."""

TRIGGERS = {
    **dict.fromkeys(("incident_changes", "readings", "reading_batches", "kyt_records"), ("rows", "DELETE", "refuse_change")),
    "kyt_sessions": ("settled", "", "refuse_kyt_session"),
    **dict.fromkeys(("kyt_participants", "kyt_hazards", "kyt_measures"), ("lock", "INSERT OR DELETE", "refuse_kyt_line")),
}  # fmt: skip
"""On PostgreSQL: the trigger that refuses updates, the other verbs that it refuses, and its function."""

PERSON = "v.subject = 'account:' || e.person_id"
TRAINED = "v.subject IN (SELECT 'training:' || t.id FROM training_records t WHERE t.user_id = e.person_id)"
FIRST = "the erasure by two people comes first"


def upgrade() -> None:
    """Widen the guards."""
    _run(_sqlite_up if _is_sqlite() else _postgresql_up)


def downgrade() -> None:
    """Put them back as they were."""
    _run(_sqlite_down if _is_sqlite() else _postgresql_down)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _run(statements) -> None:  # type: ignore[no-untyped-def]
    for statement in statements():
        op.execute(statement)


def _value(*whose: str) -> str:
    """Return the condition that an erasure is open under which this private value goes."""
    return (
        "EXISTS (SELECT 1 FROM erasures e JOIN ledger_event v ON v.seq = OLD.seq WHERE e.opened = '-'"  # noqa: S608
        f" AND ({' OR '.join(('v.project = e.project_id', *whose))}))"
    )


def _erases(table: str, old: str, new: str, same: str) -> str:
    """Return the condition that an update only erases texts of the project whose erasure is open."""
    kept, texts, project = TEXTS[table]
    equal = [f"CAST({new}.{each} AS TEXT) {same} CAST({old}.{each} AS TEXT)" for each in kept.split()]
    blank = [f"({new}.{each} {same} {old}.{each} OR {new}.{each} IN {BLANK})" for each in texts.split()]
    opened = f"EXISTS (SELECT 1 FROM erasures e WHERE e.opened = '-' AND e.project_id = {project.format(old=old)})"  # noqa: S608
    return " AND ".join([opened, *equal, *blank])


# ---------------------------------------------------------------- SQLite


def _passing() -> list[tuple[str, str]]:
    """Return name and passing condition of every trigger that an erasure passes."""
    return [(f"guard_{table}_update", _erases(table, "OLD", "NEW", "IS")) for table in TEXTS]


def _written(name: str) -> str:
    query = sa.text("SELECT sql FROM sqlite_master WHERE name = :name")
    return str(op.get_bind().execute(query, {"name": name}).scalar_one())


def _sqlite_up() -> list[str]:
    made = []
    for name, passes in _passing():
        head, begin, rest = _written(name).partition(" BEGIN ")
        head, when, condition = head.partition(" WHEN ")
        guarded = f"({condition}) AND NOT ({passes})" if when else f"NOT ({passes})"
        made += [f"DROP TRIGGER {name}", f"{head} WHEN {guarded}{begin}{rest}"]
    return [*made, *_sqlite_values(PERSON, TRAINED)]


def _sqlite_down() -> list[str]:
    made = []
    for name, passes in _passing():
        written = _written(name).replace(f" WHEN NOT ({passes})", "")
        if passes in written:
            written = written.replace(f") AND NOT ({passes})", "").replace(" WHEN (", " WHEN ", 1)
        made += [f"DROP TRIGGER {name}", written]
    return [*made, *_sqlite_values(PERSON)]


def _sqlite_values(*whose: str) -> list[str]:
    made = (
        f"CREATE TRIGGER guard_ledger_value_delete BEFORE DELETE ON ledger_value WHEN NOT {_value(*whose)}"
        f" BEGIN SELECT RAISE(ABORT, 'delete of ledger_value refused: {FIRST}'); END"
    )
    return ["DROP TRIGGER guard_ledger_value_delete", made]


# ---------------------------------------------------------------- PostgreSQL


def _postgresql_up() -> list[str]:
    made = []
    for table, (name, verbs, function) in TRIGGERS.items():
        passes = _erases(table, "o", "n", "IS NOT DISTINCT FROM")
        made.append(
            f"CREATE FUNCTION governance_erases_{table}(o {table}, n {table}) RETURNS boolean LANGUAGE sql AS $$ SELECT {passes} $$"
        )
        made.append(f"DROP TRIGGER guard_{table}_{name} ON {table}")
        made += _trigger(table, name, verbs, function) if verbs else []
        made += _trigger(table, f"{name}_update", "UPDATE", function, f"NOT governance_erases_{table}(OLD, NEW)")
    return [*made, _refuse_erasure(PERSON, TRAINED)]


def _postgresql_down() -> list[str]:
    made = []
    for table, (name, verbs, function) in TRIGGERS.items():
        made.append(f"DROP TRIGGER guard_{table}_{name}_update ON {table}")
        made += [f"DROP TRIGGER guard_{table}_{name} ON {table}"] if verbs else []
        made += _trigger(table, name, verbs.replace("DELETE", "UPDATE OR DELETE") or "UPDATE", function)
        made.append(f"DROP FUNCTION governance_erases_{table}({table}, {table})")
    return [*made, _refuse_erasure(PERSON)]


def _refuse_erasure(*whose: str) -> str:
    return (
        "CREATE OR REPLACE FUNCTION governance_refuse_erasure() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF (TG_OP <> 'DELETE' OR NOT {_value(*whose)}) THEN"
        f" RAISE EXCEPTION '% of % refused: {FIRST}', lower(TG_OP), TG_TABLE_NAME USING ERRCODE = 'restrict_violation';"
        " END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )


def _trigger(table: str, name: str, verbs: str, function: str, when: str = "") -> list[str]:
    """Return a trigger that stays awake in every replication role."""
    trigger, condition = f"guard_{table}_{name}", f" WHEN ({when})" if when else ""
    return [
        f"CREATE TRIGGER {trigger} BEFORE {verbs} ON {table} FOR EACH ROW{condition} EXECUTE FUNCTION governance_{function}()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}",
    ]
