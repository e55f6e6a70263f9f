"""Create the tables of amendments and appeals; guard what may only grow.

Revision: 0017, after 0016. Appeals are only ever added; amendments change their state and are never taken away. As before, the guards
stop the application and accidents, and only verification answers an administrator.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

FROZEN = {"appeals": [("id",), ("decision_id",)]}
"""Tables whose rows stay as they were inserted, with every key that an insert could collide on."""

KEPT = {"amendments": [("id",), ("project_id", "number")]}
"""Tables whose rows change but are never taken away."""

TABLES = ["appeals", "amendments"]


def upgrade() -> None:
    """Create the tables and their guards."""
    _amendments()
    _appeals()
    for statement in _postgresql() if op.get_bind().dialect.name == "postgresql" else _sqlite():
        op.execute(statement)


def downgrade() -> None:
    """Drop them; their guards go with them."""
    for table in TABLES:
        op.drop_table(table)


def _amendments() -> None:
    op.create_table(
        "amendments",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(length=64), nullable=False),
        sa.Column("approval_id", sa.String(length=36), nullable=False),
        sa.Column("scale", sa.String(length=64), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("filed_by", sa.String(length=36), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("screening_id", sa.String(length=36), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("scale IN ('minor', 'major')", name=op.f("ck_amendments_scale")),
        sa.CheckConstraint("state <> 'rescreened' OR screening_id IS NOT NULL", name=op.f("ck_amendments_rescreened")),
        sa.CheckConstraint(
            "state IN ('filed', 'accepted', 'rescreened', 'withdrawn')", name=op.f("ck_amendments_state")
        ),
        sa.CheckConstraint("text <> ''", name=op.f("ck_amendments_text")),
        sa.ForeignKeyConstraint(["approval_id"], ["screenings.id"], name=op.f("fk_amendments_approval_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_amendments_decided_by")),
        sa.ForeignKeyConstraint(["filed_by"], ["users.id"], name=op.f("fk_amendments_filed_by")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_amendments_project_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_amendments_screening_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendments")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_amendments_project_id_number")),
    )
    op.create_index(op.f("ix_amendments_approval_id"), "amendments", ["approval_id"], unique=False)


def _appeals() -> None:
    op.create_table(
        "appeals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("decision_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("filed_by", sa.String(length=36), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("facts <> ''", name=op.f("ck_appeals_facts")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_appeals_decision_id")),
        sa.ForeignKeyConstraint(["filed_by"], ["users.id"], name=op.f("fk_appeals_filed_by")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_appeals_screening_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_appeals_decision_id")),
    )
    op.create_index(op.f("ix_appeals_screening_id"), "appeals", ["screening_id"], unique=False)


def _sqlite() -> list[str]:
    made = []
    for table, keys in FROZEN.items():
        made += [_sqlite_refusal(table, verb, "the record is frozen") for verb in ("UPDATE", "DELETE")]
        made.append(_sqlite_refusal(table, "INSERT", "the record is frozen", _taken(table, keys)))
    for table, keys in KEPT.items():
        made.append(_sqlite_refusal(table, "DELETE", "the record is kept"))
        made.append(_sqlite_refusal(table, "INSERT", "the record is kept", _taken(table, keys)))
    return made


def _sqlite_refusal(table: str, verb: str, reason: str, condition: str = "") -> str:
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
    """Return the triggers; ENABLE ALWAYS keeps them awake in every replication role."""
    made = []
    for tables, verbs in ((FROZEN, "UPDATE OR DELETE"), (KEPT, "DELETE")):
        for table in tables:
            made += _postgresql_trigger(table, "rows", verbs, "ROW")
            made += _postgresql_trigger(table, "truncate", "TRUNCATE", "STATEMENT")
    return made


def _postgresql_trigger(table: str, name: str, verbs: str, each: str) -> list[str]:
    trigger = f"guard_{table}_{name}"
    return [
        f"CREATE TRIGGER {trigger} BEFORE {verbs} ON {table} FOR EACH {each} EXECUTE FUNCTION governance_refuse_change()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}",
    ]
