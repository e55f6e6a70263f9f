"""Create the tables of drafts and retirements of questionnaires, and guard what may only grow.

Revision: 0005, after 0004. The saved texts of a draft and the retirement of a version are only ever added; a draft that was published
or discarded stays as it is. As before, the guards stop the application and accidents, and only verification answers an administrator.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FROZEN = {
    "questionnaire_retirements": [("id",), ("version_id",)],
    "draft_changes": [("id",), ("draft_id", "number")],
}
"""Tables whose rows stay as they were inserted, with every key that an insert could collide on."""

TABLES = [*FROZEN, "questionnaire_drafts"]
SETTLED = "OLD.state IN ('published', 'discarded')"


def upgrade() -> None:
    _tables()
    statements = _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql()
    for statement in statements:
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION governance_refuse_settled()")


def _tables() -> None:
    op.create_table(
        "questionnaire_drafts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("based_on", sa.String(length=36), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=36), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_by", sa.String(length=36), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.String(length=36), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_note", sa.Text(), nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('questionnaire', 'framework')", name=op.f("ck_questionnaire_drafts_kind")),
        sa.CheckConstraint(
            "state IN ('draft', 'review', 'published', 'discarded')", name=op.f("ck_questionnaire_drafts_state")
        ),
        sa.ForeignKeyConstraint(["changed_by"], ["users.id"], name=op.f("fk_questionnaire_drafts_changed_by")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_questionnaire_drafts_created_by")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["users.id"], name=op.f("fk_questionnaire_drafts_reviewed_by")),
        sa.ForeignKeyConstraint(["submitted_by"], ["users.id"], name=op.f("fk_questionnaire_drafts_submitted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire_drafts")),
    )
    op.create_index(op.f("ix_questionnaire_drafts_state"), "questionnaire_drafts", ["state"], unique=False)
    op.create_table(
        "draft_changes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("draft_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("changed_by", sa.String(length=36), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["users.id"], name=op.f("fk_draft_changes_changed_by")),
        sa.ForeignKeyConstraint(["draft_id"], ["questionnaire_drafts.id"], name=op.f("fk_draft_changes_draft_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_changes")),
        sa.UniqueConstraint("draft_id", "number", name=op.f("uq_draft_changes_draft_id_number")),
    )
    op.create_table(
        "questionnaire_retirements",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_by", sa.String(length=36), nullable=True),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_questionnaire_retirements_reason")),
        sa.ForeignKeyConstraint(["retired_by"], ["users.id"], name=op.f("fk_questionnaire_retirements_retired_by")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["questionnaire_versions.id"], name=op.f("fk_questionnaire_retirements_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire_retirements")),
        sa.UniqueConstraint("version_id", name=op.f("uq_questionnaire_retirements_version_id")),
    )


def _sqlite() -> list[str]:
    made = []
    for table, keys in FROZEN.items():
        made += [_sqlite_refusal(table, verb, "the record is frozen") for verb in ("UPDATE", "DELETE")]
        made.append(_sqlite_refusal(table, "INSERT", "the record is frozen", _taken(table, keys)))
    drafts = "questionnaire_drafts"
    made.append(_sqlite_refusal(drafts, "UPDATE", "the record is frozen", SETTLED))
    made.append(_sqlite_refusal(drafts, "DELETE", "the record is kept"))
    made.append(_sqlite_refusal(drafts, "INSERT", "the record is kept", _taken(drafts, [("id",)])))
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
    """Return the function and triggers; ENABLE ALWAYS keeps them awake in every replication role."""
    made = [
        (
            "CREATE FUNCTION governance_refuse_settled() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF TG_OP = 'DELETE' OR {SETTLED} THEN"
            " RAISE EXCEPTION '% of % refused: the record is frozen', lower(TG_OP), TG_TABLE_NAME"
            " USING ERRCODE = 'restrict_violation';"
            " END IF; RETURN NEW; END $$"
        )
    ]
    for table in FROZEN:
        made += _postgresql_trigger(table, "rows", "UPDATE OR DELETE", "ROW", "refuse_change")
    made += _postgresql_trigger("questionnaire_drafts", "rows", "UPDATE OR DELETE", "ROW", "refuse_settled")
    for table in TABLES:
        made += _postgresql_trigger(table, "truncate", "TRUNCATE", "STATEMENT", "refuse_change")
    return made


def _postgresql_trigger(table: str, name: str, verbs: str, each: str, function: str) -> list[str]:
    trigger = f"guard_{table}_{name}"
    return [
        f"CREATE TRIGGER {trigger} BEFORE {verbs} ON {table} FOR EACH {each} EXECUTE FUNCTION governance_{function}()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}",
    ]
