"""Create the table of waivers on an agenda; guard what is never taken away.

Revision: 0022, after 0021. A waiver is put on an agenda once and later names the vote that carried it. As before, the guards stop the
application and accidents, and only verification answers an administrator.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

KEPT = {"waivers": [("id",), ("item_id", "condition_id")]}
"""Tables whose rows change but are never taken away."""


def upgrade() -> None:
    """Create the table and its guards."""
    _waivers()
    for statement in _postgresql() if op.get_bind().dialect.name == "postgresql" else _sqlite():
        op.execute(statement)


def downgrade() -> None:
    """Drop it; its guards go with it."""
    op.drop_table("waivers")


def _waivers() -> None:
    op.create_table(
        "waivers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("condition_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("motion_number", sa.Integer(), nullable=True),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_waivers_reason")),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_waivers_asked_by")),
        sa.ForeignKeyConstraint(["condition_id"], ["conditions.id"], name=op.f("fk_waivers_condition_id")),
        sa.ForeignKeyConstraint(["item_id"], ["agenda_items.id"], name=op.f("fk_waivers_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waivers")),
        sa.UniqueConstraint("item_id", "condition_id", name=op.f("uq_waivers_item_id_condition_id")),
    )
    op.create_index(op.f("ix_waivers_condition_id"), "waivers", ["condition_id"], unique=False)


def _sqlite() -> list[str]:
    made = []
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
    for table in KEPT:
        made += _postgresql_trigger(table, "rows", "DELETE", "ROW")
        made += _postgresql_trigger(table, "truncate", "TRUNCATE", "STATEMENT")
    return made


def _postgresql_trigger(table: str, name: str, verbs: str, each: str) -> list[str]:
    trigger = f"guard_{table}_{name}"
    return [
        f"CREATE TRIGGER {trigger} BEFORE {verbs} ON {table} FOR EACH {each} EXECUTE FUNCTION governance_refuse_change()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}",
    ]
