"""Create the tables of the expert team's desk; guard what may only grow.

Revision: 0016, after 0015. Assignments, results of the checklist, shares and samples are only ever added; challenges, discussions and
citations change until they end and are never taken away. An opinion for the committee has two more parts.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

FROZEN = {
    "review_assignments": [("id",), ("screening_id", "revision", "number")],
    "review_checks": [("id",), ("review_id", "item", "number")],
    "sampling_shares": [("id",), ("number",)],
    "light_samples": [("id",), ("decision_id",)],
}
"""Tables whose rows stay as they were inserted, with every key that an insert could collide on."""

KEPT = {
    "challenges": [("id",), ("screening_id", "revision", "number")],
    "case_discussions": [("id",), ("review_id", "number")],
    "citations": [("id",)],
}
"""Tables whose rows change but are never taken away."""

TABLES = [
    "light_samples",
    "sampling_shares",
    "citations",
    "case_discussions",
    "challenges",
    "review_checks",
    "review_assignments",
]


def upgrade() -> None:
    op.add_column("reviews", sa.Column("risks", sa.Text(), server_default="", nullable=False))
    op.add_column("reviews", sa.Column("open_points", sa.Text(), server_default="", nullable=False))
    _reviewing()
    _deciding()
    statements = _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql()
    for statement in statements:
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    for column in ("open_points", "risks"):
        op.drop_column("reviews", column)


def _reviewing() -> None:
    op.create_table(
        "review_assignments",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("assigned_by", sa.String(length=36), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number = 1 OR reason <> ''", name=op.f("ck_review_assignments_reason")),
        sa.ForeignKeyConstraint(["assigned_by"], ["users.id"], name=op.f("fk_review_assignments_assigned_by")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["users.id"], name=op.f("fk_review_assignments_reviewer_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_review_assignments_screening_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_assignments")),
        sa.UniqueConstraint(
            "screening_id", "revision", "number", name=op.f("uq_review_assignments_screening_id_revision_number")
        ),
    )
    op.create_index(op.f("ix_review_assignments_reviewer_id"), "review_assignments", ["reviewer_id"], unique=False)
    op.create_index(op.f("ix_review_assignments_screening_id"), "review_assignments", ["screening_id"], unique=False)
    op.create_table(
        "review_checks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("review_id", sa.String(length=36), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("settled_by", sa.String(length=36), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("note <> ''", name=op.f("ck_review_checks_note")),
        sa.CheckConstraint("outcome IN ('met', 'not_met')", name=op.f("ck_review_checks_outcome")),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_review_checks_review_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["users.id"], name=op.f("fk_review_checks_settled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_checks")),
        sa.UniqueConstraint("review_id", "item", "number", name=op.f("uq_review_checks_review_id_item_number")),
    )
    op.create_index(op.f("ix_review_checks_review_id"), "review_checks", ["review_id"], unique=False)
    op.create_table(
        "challenges",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("original", sa.String(length=300), nullable=False),
        sa.Column("proposed", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("raised_by", sa.String(length=36), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("replied_by", sa.String(length=36), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("settled_by", sa.String(length=36), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('answer', 'severity', 'likelihood')", name=op.f("ck_challenges_kind")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_challenges_reason")),
        sa.CheckConstraint("state <> 'answered' OR reply <> ''", name=op.f("ck_challenges_reply")),
        sa.CheckConstraint(
            "state IN ('open', 'answered', 'upheld', 'withdrawn', 'returned')", name=op.f("ck_challenges_state")
        ),
        sa.CheckConstraint("proposed <> original", name=op.f("ck_challenges_proposed")),
        sa.ForeignKeyConstraint(["raised_by"], ["users.id"], name=op.f("fk_challenges_raised_by")),
        sa.ForeignKeyConstraint(["replied_by"], ["users.id"], name=op.f("fk_challenges_replied_by")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_challenges_screening_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["users.id"], name=op.f("fk_challenges_settled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenges")),
        sa.UniqueConstraint(
            "screening_id", "revision", "number", name=op.f("uq_challenges_screening_id_revision_number")
        ),
    )
    op.create_index(op.f("ix_challenges_screening_id"), "challenges", ["screening_id"], unique=False)
    op.create_table(
        "case_discussions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("review_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.String(length=36), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("participants", sa.String(length=300), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("record_url", sa.Text(), nullable=False),
        sa.Column("concluded_by", sa.String(length=36), nullable=True),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("concluded_at IS NULL OR outcome <> ''", name=op.f("ck_case_discussions_outcome")),
        sa.CheckConstraint("topic <> ''", name=op.f("ck_case_discussions_topic")),
        sa.ForeignKeyConstraint(["concluded_by"], ["users.id"], name=op.f("fk_case_discussions_concluded_by")),
        sa.ForeignKeyConstraint(["opened_by"], ["users.id"], name=op.f("fk_case_discussions_opened_by")),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_case_discussions_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_discussions")),
        sa.UniqueConstraint("review_id", "number", name=op.f("uq_case_discussions_review_id_number")),
    )
    op.create_index(op.f("ix_case_discussions_review_id"), "case_discussions", ["review_id"], unique=False)


def _deciding() -> None:
    op.create_table(
        "citations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("cited_id", sa.String(length=36), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("cited_by", sa.String(length=36), nullable=False),
        sa.Column("cited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=36), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("note <> ''", name=op.f("ck_citations_note")),
        sa.ForeignKeyConstraint(["cited_by"], ["users.id"], name=op.f("fk_citations_cited_by")),
        sa.ForeignKeyConstraint(["cited_id"], ["decisions.id"], name=op.f("fk_citations_cited_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_citations_screening_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["users.id"], name=op.f("fk_citations_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_citations")),
    )
    op.create_index(op.f("ix_citations_cited_id"), "citations", ["cited_id"], unique=False)
    op.create_index(op.f("ix_citations_screening_id"), "citations", ["screening_id"], unique=False)
    op.create_index(
        "uq_citations_standing",
        "citations",
        ["screening_id", "revision", "cited_id"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "sampling_shares",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.String(length=36), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name=op.f("ck_sampling_shares_percent")),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name=op.f("fk_sampling_shares_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_shares")),
        sa.UniqueConstraint("number", name=op.f("uq_sampling_shares_number")),
    )
    op.create_table(
        "light_samples",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("decision_id", sa.String(length=36), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reopened_id", sa.String(length=36), nullable=True),
        sa.Column("checked_by", sa.String(length=36), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("note <> ''", name=op.f("ck_light_samples_note")),
        sa.CheckConstraint("result IN ('agree', 'higher')", name=op.f("ck_light_samples_result")),
        sa.ForeignKeyConstraint(["checked_by"], ["users.id"], name=op.f("fk_light_samples_checked_by")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_light_samples_decision_id")),
        sa.ForeignKeyConstraint(["reopened_id"], ["screenings.id"], name=op.f("fk_light_samples_reopened_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_light_samples")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_light_samples_decision_id")),
    )


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
