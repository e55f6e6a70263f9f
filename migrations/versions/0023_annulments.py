"""Create the table of annulled reports and papers; guard it, for what was annulled stays annulled.

Revision: 0023, after 0022. One row for a report or a paper, never changed and never taken away. As before, the guards stop the
application and accidents, and only verification answers an administrator.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TABLE = "report_annulments"
KEYS = ("id", "report_id", "paper_id")
"""Every key that an insert could collide on."""


def upgrade() -> None:
    """Create the table and its guards."""
    _annulments()
    for statement in _postgresql() if op.get_bind().dialect.name == "postgresql" else _sqlite():
        op.execute(statement)


def downgrade() -> None:
    """Drop it; its guards go with it."""
    op.drop_table(TABLE)


def _annulments() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("report_id", sa.String(length=36), nullable=True),
        sa.Column("paper_id", sa.String(length=36), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("annulled_by", sa.String(length=36), nullable=False),
        sa.Column("annulled_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(report_id IS NULL) <> (paper_id IS NULL)", name=op.f("ck_report_annulments_target")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_report_annulments_reason")),
        sa.ForeignKeyConstraint(["annulled_by"], ["users.id"], name=op.f("fk_report_annulments_annulled_by")),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_report_annulments_paper_id")),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_report_annulments_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_annulments")),
        sa.UniqueConstraint("paper_id", name=op.f("uq_report_annulments_paper_id")),
        sa.UniqueConstraint("report_id", name=op.f("uq_report_annulments_report_id")),
    )


def _sqlite() -> list[str]:
    taken = " OR ".join(f"{key} = NEW.{key}" for key in KEYS)
    made = [_sqlite_refusal(verb) for verb in ("UPDATE", "DELETE")]
    made.append(_sqlite_refusal("INSERT", f" WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE {taken})"))  # noqa: S608 - only names from above
    return made


def _sqlite_refusal(verb: str, when: str = "") -> str:
    message = f"{verb.lower()} of {TABLE} refused: the record is frozen"
    return (
        f"CREATE TRIGGER guard_{TABLE}_{verb.lower()} BEFORE {verb} ON {TABLE}{when}"
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _postgresql() -> list[str]:
    """Return the triggers; ENABLE ALWAYS keeps them awake in every replication role."""
    return [
        *_postgresql_trigger("rows", "UPDATE OR DELETE", "ROW"),
        *_postgresql_trigger("truncate", "TRUNCATE", "STATEMENT"),
    ]


def _postgresql_trigger(name: str, verbs: str, each: str) -> list[str]:
    trigger = f"guard_{TABLE}_{name}"
    return [
        f"CREATE TRIGGER {trigger} BEFORE {verbs} ON {TABLE} FOR EACH {each} EXECUTE FUNCTION governance_refuse_change()",
        f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {trigger}",
    ]
