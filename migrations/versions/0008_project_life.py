"""Record the turns in the life of a project, why screenings are opened anew, what was copied from similar projects, and why to confirm.

Revision: 0008, after 0007. The turns, disposals and reasons are frozen; a copy of answers is only undone, once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FROZEN = {
    "life_acts": [("id",), ("project_id", "number")],
    "disposals": [("id",), ("project_id",)],
    "reassessments": [("id",)],
}
"""Tables whose rows stay as they were inserted, with every key that an insert could collide on."""

TABLES = ["answer_copies", "reassessments", "disposals", "life_acts"]
COPIED = ("id", "screening_id", "source_id", "keys", "items", "copied_by", "copied_at")
CHANGED = " OR ".join(f"CAST(NEW.{column} AS TEXT) <> CAST(OLD.{column} AS TEXT)" for column in COPIED)
REFUSED = f"(OLD.undone_at IS NOT NULL OR {CHANGED})"
"""What an update of a copy must not be: a second undoing, or a change of what was copied."""


def upgrade() -> None:
    op.add_column("answers", sa.Column("confirm_because", sa.String(length=64), server_default="", nullable=False))
    op.add_column("item_ratings", sa.Column("to_confirm", sa.Boolean(), server_default=sa.false(), nullable=False))
    _life()
    _reassessments()
    _copies()
    statements = _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql()
    for statement in statements:
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("item_ratings", "to_confirm")
    op.drop_column("answers", "confirm_because")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION governance_refuse_second_copy_undoing()")


def _life() -> None:
    op.create_table(
        "life_acts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("office", sa.String(length=64), nullable=False),
        sa.Column("acted_by", sa.String(length=36), nullable=False),
        sa.Column("acted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("act IN ('suspended', 'resumed', 'withdrawn', 'retired')", name=op.f("ck_life_acts_act")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_life_acts_reason")),
        sa.ForeignKeyConstraint(["acted_by"], ["users.id"], name=op.f("fk_life_acts_acted_by")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_life_acts_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_life_acts")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_life_acts_project_id_number")),
    )
    op.create_table(
        "disposals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("act_id", sa.String(length=36), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("models", sa.Text(), nullable=False),
        sa.Column("access", sa.Text(), nullable=False),
        sa.Column("customers", sa.Text(), nullable=False),
        sa.Column("records", sa.Text(), nullable=False),
        sa.Column("not_applicable", sa.JSON(), nullable=False),
        sa.Column("records_until", sa.Date(), nullable=True),
        sa.Column("done_by", sa.String(length=300), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.String(length=36), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["life_acts.id"], name=op.f("fk_disposals_act_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_disposals_project_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name=op.f("fk_disposals_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposals")),
        sa.UniqueConstraint("project_id", name=op.f("uq_disposals_project_id")),
    )


def _reassessments() -> None:
    op.create_table(
        "reassessments",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("basis_id", sa.String(length=36), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("opened_by", sa.String(length=36), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source IN ('hand', 'date', 'reading', 'incident')", name=op.f("ck_reassessments_source")),
        sa.ForeignKeyConstraint(["basis_id"], ["screenings.id"], name=op.f("fk_reassessments_basis_id")),
        sa.ForeignKeyConstraint(["opened_by"], ["users.id"], name=op.f("fk_reassessments_opened_by")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_reassessments_screening_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reassessments")),
    )
    op.create_index(op.f("ix_reassessments_screening_id"), "reassessments", ["screening_id"], unique=False)
    op.create_index(
        "uq_reassessments_by_date",
        "reassessments",
        ["basis_id"],
        unique=True,
        sqlite_where=sa.text("source = 'date'"),
        postgresql_where=sa.text("source = 'date'"),
    )


def _copies() -> None:
    op.create_table(
        "answer_copies",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("copied_by", sa.String(length=36), nullable=False),
        sa.Column("copied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_by", sa.String(length=36), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["copied_by"], ["users.id"], name=op.f("fk_answer_copies_copied_by")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_answer_copies_screening_id")),
        sa.ForeignKeyConstraint(["source_id"], ["screenings.id"], name=op.f("fk_answer_copies_source_id")),
        sa.ForeignKeyConstraint(["undone_by"], ["users.id"], name=op.f("fk_answer_copies_undone_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_copies")),
    )
    op.create_index(op.f("ix_answer_copies_screening_id"), "answer_copies", ["screening_id"], unique=False)


def _sqlite() -> list[str]:
    made = []
    for table, keys in FROZEN.items():
        made += [_refusal(table, verb, "the record is frozen") for verb in ("UPDATE", "DELETE")]
        made.append(_refusal(table, "INSERT", "the record is frozen", _taken(table, keys)))
    made.append(_refusal("answer_copies", "UPDATE", "a copy is only undone, once", REFUSED))
    made.append(_refusal("answer_copies", "DELETE", "the record is kept"))
    return [*made, _refusal("answer_copies", "INSERT", "the record is kept", _taken("answer_copies", [("id",)]))]


def _refusal(table: str, verb: str, reason: str, condition: str = "") -> str:
    when = f" WHEN {condition}" if condition else ""
    message = f"{verb.lower()} of {table} refused: {reason}"
    return (
        f"CREATE TRIGGER guard_{table}_{verb.lower()} BEFORE {verb} ON {table}{when}"
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _taken(table: str, keys: list[tuple[str, ...]]) -> str:
    """Return the condition that a key of the new row is already there."""
    found = [" AND ".join(f"{column} IS NEW.{column}" for column in key) for key in keys]
    return " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {each})" for each in found)  # noqa: S608 - only names from above


def _postgresql() -> list[str]:
    """Return the function and triggers; ENABLE ALWAYS keeps them awake in every replication role."""
    made = [
        (
            "CREATE FUNCTION governance_refuse_second_copy_undoing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF TG_OP = 'DELETE' OR {REFUSED} THEN"
            " RAISE EXCEPTION '% of % refused: a copy is only undone, once', lower(TG_OP), TG_TABLE_NAME"
            " USING ERRCODE = 'restrict_violation';"
            " END IF; RETURN NEW; END $$"
        )
    ]
    made += _trigger("answer_copies", "rows", "UPDATE OR DELETE", "ROW", "refuse_second_copy_undoing")
    for table in FROZEN:
        made += _trigger(table, "rows", "UPDATE OR DELETE", "ROW", "refuse_change")
    for table in TABLES:
        made += _trigger(table, "truncate", "TRUNCATE", "STATEMENT", "refuse_change")
    return made


def _trigger(table: str, name: str, verbs: str, each: str, function: str) -> list[str]:
    trigger = f"guard_{table}_{name}"
    return [
        f"CREATE TRIGGER {trigger} BEFORE {verbs} ON {table} FOR EACH {each} EXECUTE FUNCTION governance_{function}()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}",
    ]
