"""Create the tables of signed checkpoints and of where they were sent; guard the checkpoints, which may only grow.

Revision: 0020, after 0019. As before, the guards stop the application and accidents; against an administrator of the database stand the
checkpoints that have left it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

FROZEN = {"ledger_checkpoints": [("size",)]}
"""Tables whose rows stay as they were inserted, with every key that an insert could collide on."""

KEPT = {"ledger_sendings": [("size", "sink")]}
"""Tables whose rows change but are never taken away."""

TABLES = ["ledger_sendings", "ledger_checkpoints"]
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables and their guards."""
    op.create_table(
        "ledger_checkpoints",
        sa.Column("size", BIG, autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(root) = 32", name=op.f("ck_ledger_checkpoints_root")),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_ledger_checkpoints")),
    )
    op.create_table(
        "ledger_sendings",
        sa.Column("size", BIG, autoincrement=False, nullable=False),
        sa.Column("sink", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=300), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["size"], ["ledger_checkpoints.size"], name=op.f("fk_ledger_sendings_size")),
        sa.PrimaryKeyConstraint("size", "sink", name=op.f("pk_ledger_sendings")),
    )
    for statement in _postgresql() if op.get_bind().dialect.name == "postgresql" else _sqlite():
        op.execute(statement)


def downgrade() -> None:
    """Drop them; their guards go with them."""
    for table in TABLES:
        op.drop_table(table)


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
