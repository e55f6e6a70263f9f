"""Create the tables of erasures and legal holds; let the guards pass exactly what an erasure by two people takes away.

Revision: 0021, after 0020. An erasure is `opened` only inside of the transaction that performs it: the mark points at nothing, and a
deferred reference refuses to commit it. While it stands, texts of that project may become empty or say that they were erased,
its private values may go, and its reports may name it; every other column, project and table stays guarded as before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BLANK = "('', '（消去された文）', '(text was erased)', '（消去された文） (text was erased)')"
"""What a text may become; nothing else is an erasure."""
MARK = "'（消去された文） (text was erased)'"

SCREENING = "(SELECT project_id FROM screenings WHERE id = {old}.screening_id)"
OWN = "{old}.project_id"
ISSUED = "id number kind lang project_id record_digest file_digest size pages issued_by issued_at"
TEXTS = {
    "answers": (
        "id screening_id question_key value due_on carried_from to_confirm confirm_because author_id saved_at",
        "text remark",
        SCREENING,
    ),
    "item_ratings": (
        "id screening_id item severity likelihood to_confirm author_id saved_at",
        "severity_reason likelihood_reason",
        SCREENING,
    ),
    "answer_changes": ("id screening_id question_key revision author_id saved_at", "", SCREENING),
    "comments": (
        "id thread_id author_id written_at corrected_at withdrawn_at",
        "text",
        "(SELECT project_id FROM threads WHERE id = {old}.thread_id)",
    ),
    "comment_corrections": (
        "id comment_id replaced_at",
        "text",
        "(SELECT t.project_id FROM threads t JOIN comments c ON c.thread_id = t.id WHERE c.id = {old}.comment_id)",
    ),
    "life_acts": ("id project_id number act office acted_by acted_at", "reason", OWN),
    "disposals": (
        "id project_id act_id not_applicable records_until done_on recorded_by recorded_at",
        "data models access customers records done_by",
        OWN,
    ),
    "reassessments": ("id screening_id basis_id reasons source subject opened_by opened_at", "note", SCREENING),
    "indicator_bands": (
        "id indicator_id version direction low high valid_from set_by set_at",
        "reason",
        "(SELECT project_id FROM indicators WHERE id = {old}.indicator_id)",
    ),
    "reports": (f"{ISSUED} snapshot_digest is_draft purpose scope profile", "", OWN),
    "papers": (f"{ISSUED} meeting_id source_id items", "", OWN),
}
"""Guarded table: the columns that an erasure leaves alone, the texts that it empties, and the project of the row."""

NAMED = ["evidence", "reports", "papers"]
"""Tables whose rows name the erasure under which their stored file went."""
WRITTEN = ["text", "remark", "severity_reason", "likelihood_reason"]
"""Texts within a state of an answer's history, which is JSON."""
LOCKED = ["answers", "item_ratings", "answer_changes"]
FUNCTIONS = {"comments": "keep_comments"}
"""What refuses a change of a row on PostgreSQL, where it is not `refuse_change`."""

KEPT = {
    "erasures": "id number project_id person_id parts basis reason early requested_by requested_at",
    "legal_holds": "id number project_id person_id reason set_by set_at",
}
SETTLED = {
    "erasures": (
        "OLD.state IN ('performed', 'refused', 'withdrawn') OR (NEW.state = 'performed' AND OLD.opened IS NULL)"
        " OR (NEW.opened IS NOT NULL AND EXISTS (SELECT 1 FROM legal_holds h WHERE h.lifted_at IS NULL"
        " AND (h.project_id = NEW.project_id OR h.person_id = NEW.person_id)))"
    ),
    "legal_holds": "OLD.lifted_at IS NOT NULL",
}
FRESH = {
    "erasures": "NEW.state <> 'requested' OR NEW.opened IS NOT NULL",
    "legal_holds": "NEW.lifted_at IS NOT NULL",
}
VALUE = (
    "EXISTS (SELECT 1 FROM erasures e JOIN ledger_event v ON v.seq = OLD.seq WHERE e.opened = '-'"
    " AND (v.project = e.project_id OR v.subject = 'account:' || e.person_id))"
)
SNAPSHOT = (
    "EXISTS (SELECT 1 FROM erasures e JOIN screenings s ON s.project_id = e.project_id JOIN snapshots c ON c.screening_id = s.id"
    " WHERE e.opened = '-' AND c.id = OLD.snapshot_id)"
)
NEWEST = "(SELECT type FROM ledger_event ORDER BY seq DESC LIMIT 1) = 'ErasurePerformed'"
FIRST = "the erasure by two people comes first"


def upgrade() -> None:
    """Create the tables, then widen the guards."""
    _tables()
    for table in NAMED:
        constraint = f"CONSTRAINT fk_{table}_erased_id REFERENCES erasures (id)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN erased_id VARCHAR(36) {constraint}")
    _run(_sqlite_up if _is_sqlite() else _postgresql_up)


def downgrade() -> None:
    """Put the guards back as they were and drop the tables."""
    _run(_sqlite_down if _is_sqlite() else _postgresql_down)
    for table in NAMED:
        op.drop_column(table, "erased_id")
    for table in ("erasures", "legal_holds"):
        op.drop_table(table)
    if not _is_sqlite():
        for table in KEPT:
            op.execute(f"DROP FUNCTION governance_fresh_{table}()")
            op.execute(f"DROP FUNCTION governance_keep_{table}()")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _run(statements) -> None:  # type: ignore[no-untyped-def]
    for statement in statements():
        op.execute(statement)


# long: the tables are written out
def _tables() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=True),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("basis", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("early", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("requested_by", sa.String(length=36), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("opened", sa.String(length=36), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("(project_id IS NULL) <> (person_id IS NULL)", name=op.f("ck_erasures_target")),
        sa.CheckConstraint(
            "state IN ('requested', 'approved', 'performed', 'refused', 'withdrawn')", name=op.f("ck_erasures_state")
        ),
        sa.CheckConstraint("(state = 'requested') = (decided_by IS NULL)", name=op.f("ck_erasures_decided")),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'performed') OR decided_by <> requested_by", name=op.f("ck_erasures_two")
        ),
        sa.CheckConstraint("opened IS NULL OR (opened = '-' AND state = 'approved')", name=op.f("ck_erasures_opened")),
        sa.CheckConstraint("id <> '-' AND reason <> ''", name=op.f("ck_erasures_reason")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_erasures_project_id")),
        sa.ForeignKeyConstraint(["person_id"], ["users.id"], name=op.f("fk_erasures_person_id")),
        sa.ForeignKeyConstraint(["requested_by"], ["users.id"], name=op.f("fk_erasures_requested_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_erasures_decided_by")),
        sa.ForeignKeyConstraint(
            ["opened"], ["erasures.id"], name=op.f("fk_erasures_opened"), deferrable=True, initially="DEFERRED"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("number", name=op.f("uq_erasures_number")),
    )
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=True),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.String(length=36), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.String(length=36), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_because", sa.Text(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("(project_id IS NULL) <> (person_id IS NULL)", name=op.f("ck_legal_holds_target")),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name=op.f("ck_legal_holds_lifted")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_legal_holds_reason")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_legal_holds_project_id")),
        sa.ForeignKeyConstraint(["person_id"], ["users.id"], name=op.f("fk_legal_holds_person_id")),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name=op.f("fk_legal_holds_set_by")),
        sa.ForeignKeyConstraint(["lifted_by"], ["users.id"], name=op.f("fk_legal_holds_lifted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
        sa.UniqueConstraint("number", name=op.f("uq_legal_holds_number")),
    )
    for table in ("erasures", "legal_holds"):
        for column in ("project_id", "person_id"):
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


# ---------------------------------------------------------------- what an erasure may change


def _erases(table: str, old: str, new: str, same: str) -> str:
    """Return the condition that an update only erases texts of the project whose erasure is open."""
    kept, texts, project = TEXTS[table]
    equal = [f"CAST({new}.{each} AS TEXT) {same} CAST({old}.{each} AS TEXT)" for each in kept.split()]
    blank = [f"({new}.{each} {same} {old}.{each} OR {new}.{each} IN {BLANK})" for each in texts.split()]
    named = f" AND {old}.erased_id IS NULL AND {new}.erased_id = e.id" if table in NAMED else ""
    target = f"e.project_id = {project.format(old=old)}{named}"
    opened = f"EXISTS (SELECT 1 FROM erasures e WHERE e.opened = '-' AND {target})"  # noqa: S608 - names from above
    said = [_said(old, new)] if table == "answer_changes" else []
    return " AND ".join([opened, *equal, *blank, *said])


def _said(old: str, new: str) -> str:
    """Return the condition that a state of an answer differs in its texts alone, and that they are gone.

    SQLite trusts no function on JSON within a trigger: there the earlier state must read the same around what says that it was erased.
    """
    if _is_sqlite():
        return f"{old}.body GLOB replace({new}.body, {MARK}, '*')"
    without = "".join(f" - '{each}'" for each in WRITTEN)
    gone = [f"coalesce({new}.body::jsonb ->> '{each}', '') IN {BLANK}" for each in WRITTEN]
    return " AND ".join([f"({new}.body::jsonb{without}) = ({old}.body::jsonb{without})", *gone])


def _changed(table: str) -> str:
    """Return what an update of the new tables must not be."""
    columns = KEPT[table].split()
    differs = [f"coalesce(CAST(NEW.{c} AS TEXT), '') <> coalesce(CAST(OLD.{c} AS TEXT), '')" for c in columns]
    return " OR ".join([*differs, SETTLED[table]])


# ---------------------------------------------------------------- SQLite


def _widened() -> list[tuple[str, str]]:
    """Return name and passing condition of every trigger that an erasure passes."""
    passes = {table: _erases(table, "OLD", "NEW", "IS") for table in TEXTS}
    frozen = [(f"guard_{table}_update", passes[table]) for table in TEXTS if table not in ("answers", "item_ratings")]
    return [*frozen, *((f"guard_{table}_update_lock", passes[table]) for table in LOCKED)]


def _written(name: str) -> str:
    query = sa.text("SELECT sql FROM sqlite_master WHERE name = :name")
    return str(op.get_bind().execute(query, {"name": name}).scalar_one())


def _sqlite_up() -> list[str]:
    made = []
    for name, passes in _widened():
        head, begin, rest = _written(name).partition(" BEGIN ")
        head, when, condition = head.partition(" WHEN ")
        guarded = f"({condition}) AND NOT ({passes})" if when else f"NOT ({passes})"
        made += [f"DROP TRIGGER {name}", f"{head} WHEN {guarded}{begin}{rest}"]
    made += ["DROP TRIGGER guard_ledger_value_delete", _refusal("ledger_value", "DELETE", FIRST, f"NOT {VALUE}")]
    made.append(_refusal("snapshot_texts", "DELETE", FIRST, f"NOT {SNAPSHOT}"))
    for table in KEPT:
        taken = f"EXISTS (SELECT 1 FROM {table} WHERE id IS NEW.id OR number IS NEW.number)"  # noqa: S608 - names from above
        made.append(_refusal(table, "INSERT", "the record is kept", f"{taken} OR {FRESH[table]}"))
        made.append(_refusal(table, "UPDATE", "the record is kept", _changed(table)))
        made.append(_refusal(table, "DELETE", "the record is kept"))
    return made


def _sqlite_down() -> list[str]:
    made = []
    for name, passes in _widened():
        written = _written(name).replace(f" WHEN NOT ({passes})", "")
        if passes in written:
            written = written.replace(f") AND NOT ({passes})", "").replace(" WHEN (", " WHEN ", 1)
        made += [f"DROP TRIGGER {name}", written]
    made += ["DROP TRIGGER guard_ledger_value_delete", "DROP TRIGGER guard_snapshot_texts_delete"]
    made.append(_refusal("ledger_value", "DELETE", "record the erasure first", f"{NEWEST} IS NOT TRUE"))
    return made


def _refusal(table: str, verb: str, reason: str, condition: str = "") -> str:
    when = f" WHEN {condition}" if condition else ""
    message = f"{verb.lower()} of {table} refused: {reason}"
    return (
        f"CREATE TRIGGER guard_{table}_{verb.lower()} BEFORE {verb} ON {table}{when}"
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


# ---------------------------------------------------------------- PostgreSQL


def _divided() -> list[tuple[str, str, str, str]]:
    """Return table, name, remaining verbs and function of every trigger whose updates an erasure passes."""
    rows = [
        (table, "rows", "DELETE", FUNCTIONS.get(table, "refuse_change"))
        for table in TEXTS
        if table not in ("answers", "item_ratings")
    ]
    return [*rows, *((table, "lock", "INSERT OR DELETE", "refuse_locked") for table in LOCKED)]


def _postgresql_up() -> list[str]:
    made = [
        f"CREATE FUNCTION governance_erases_{table}(o {table}, n {table}) RETURNS boolean LANGUAGE sql AS"
        f" $$ SELECT {_erases(table, 'o', 'n', 'IS NOT DISTINCT FROM')} $$"
        for table in TEXTS
    ]
    for table, name, verbs, function in _divided():
        made.append(f"DROP TRIGGER guard_{table}_{name} ON {table}")
        made += _trigger(table, name, verbs, function)
        made += _trigger(table, f"{name}_update", "UPDATE", function, f"NOT governance_erases_{table}(OLD, NEW)")
    made.append(_function("refuse_erasure", f"TG_OP <> 'DELETE' OR NOT {VALUE}", FIRST))
    made.append(_function("refuse_loss", f"NOT {SNAPSHOT}", FIRST))
    made += _trigger("snapshot_texts", "loss", "DELETE", "refuse_loss")
    for table in KEPT:
        made.append(_function(f"fresh_{table}", FRESH[table], "the record is kept"))
        made.append(_function(f"keep_{table}", f"TG_OP = 'DELETE' OR {_changed(table)}", "the record is kept"))
        made += _trigger(table, "fresh", "INSERT", f"fresh_{table}")
        made += _trigger(table, "rows", "UPDATE OR DELETE", f"keep_{table}")
        made += _trigger(table, "truncate", "TRUNCATE", "refuse_change", each="STATEMENT")
    return made


def _postgresql_down() -> list[str]:
    made = []
    for table, name, verbs, function in _divided():
        made += [
            f"DROP TRIGGER guard_{table}_{name}_update ON {table}",
            f"DROP TRIGGER guard_{table}_{name} ON {table}",
        ]
        made += _trigger(table, name, verbs.replace("DELETE", "UPDATE OR DELETE"), function)
    made += [f"DROP FUNCTION governance_erases_{table}({table}, {table})" for table in TEXTS]
    made += ["DROP TRIGGER guard_snapshot_texts_loss ON snapshot_texts", "DROP FUNCTION governance_refuse_loss()"]
    refused = f"TG_OP <> 'DELETE' OR {NEWEST} IS NOT TRUE"
    return [*made, _function("refuse_erasure", refused, "record the erasure first")]


def _function(name: str, condition: str, reason: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION governance_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF ({condition}) THEN"
        f" RAISE EXCEPTION '% of % refused: {reason}', lower(TG_OP), TG_TABLE_NAME USING ERRCODE = 'restrict_violation';"
        " END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )


def _trigger(table: str, name: str, verbs: str, function: str, when: str = "", each: str = "ROW") -> list[str]:
    """Return a trigger that stays awake in every replication role."""
    trigger, condition = f"guard_{table}_{name}", f" WHEN ({when})" if when else ""
    return [
        f"CREATE TRIGGER {trigger} BEFORE {verbs} ON {table} FOR EACH {each}{condition} EXECUTE FUNCTION governance_{function}()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}",
    ]
