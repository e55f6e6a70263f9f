"""Create the versions of committees' rules, the opinions of committees and bodies, and the members of bodies.

Revision: 0014, after 0013. Versions of rules and opinions are only ever added. Seats may be alternates; what a member says about
gender is theirs and may be taken back.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

FROZEN: dict[str, list[tuple[str, ...]]] = {
    "committee_rule_versions": [("id",), ("committee_id", "number"), ("committee_id", "version")],
    "committee_opinions": [("id",), ("item_id",), ("screening_id", "revision")],
    "body_opinions": [("id",), ("consultation_id",)],
    "circulation_votes": [("id",), ("circulation_id", "member_id")],
}
"""Tables whose rows stay as they were inserted, with every key that an insert could collide on."""

KEPT: dict[str, list[tuple[str, ...]]] = {
    "body_members": [("id",)],
    "consultations": [("id",)],
    "circulations": [("id",)],
}
"""Tables whose rows change but are never taken away."""

TABLES = [
    "circulation_votes",
    "circulations",
    "body_opinions",
    "consultations",
    "body_members",
    "committee_opinions",
    "committee_rule_versions",
]


def upgrade() -> None:
    _seats()
    _rules()
    _opinions()
    _bodies()
    _circulations()
    statements = _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql()
    for statement in statements:
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_index(op.f("ix_committee_members_alternate_of"), table_name="committee_members")
    for name in ("alternate_of", "gender"):
        op.drop_column("committee_members", name)


def _seats() -> None:
    constraint = "CONSTRAINT fk_committee_members_alternate_of REFERENCES committee_members (id)"
    op.execute(f"ALTER TABLE committee_members ADD COLUMN alternate_of VARCHAR(36) {constraint}")
    op.add_column("committee_members", sa.Column("gender", sa.String(length=64), server_default="", nullable=False))
    op.create_index(op.f("ix_committee_members_alternate_of"), "committee_members", ["alternate_of"], unique=False)


def _rules() -> None:
    op.create_table(
        "committee_rule_versions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("committee_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("adopted_by", sa.String(length=36), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_committee_rule_versions_reason")),
        sa.ForeignKeyConstraint(["adopted_by"], ["users.id"], name=op.f("fk_committee_rule_versions_adopted_by")),
        sa.ForeignKeyConstraint(
            ["committee_id"], ["committees.id"], name=op.f("fk_committee_rule_versions_committee_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committee_rule_versions")),
        sa.UniqueConstraint("committee_id", "number", name=op.f("uq_committee_rule_versions_committee_id_number")),
        sa.UniqueConstraint("committee_id", "version", name=op.f("uq_committee_rule_versions_committee_id_version")),
    )


def _opinions() -> None:
    op.create_table(
        "committee_opinions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("snapshot_id", sa.String(length=36), nullable=False),
        sa.Column("snapshot_digest", sa.String(length=64), nullable=False),
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("escalated_to", sa.String(length=300), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("quorum", sa.JSON(), nullable=False),
        sa.Column("votes_digest", sa.String(length=64), nullable=False),
        sa.Column("recorded_by", sa.String(length=36), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("authority IN ('deciding', 'advisory')", name=op.f("ck_committee_opinions_authority")),
        sa.CheckConstraint("rationale <> ''", name=op.f("ck_committee_opinions_rationale")),
        sa.ForeignKeyConstraint(["item_id"], ["agenda_items.id"], name=op.f("fk_committee_opinions_item_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name=op.f("fk_committee_opinions_recorded_by")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_committee_opinions_screening_id")),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_committee_opinions_snapshot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committee_opinions")),
        sa.UniqueConstraint("item_id", name=op.f("uq_committee_opinions_item_id")),
        sa.UniqueConstraint("screening_id", "revision", name=op.f("uq_committee_opinions_screening_id_revision")),
    )


def _bodies() -> None:
    op.create_table(
        "body_members",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("framework_key", sa.String(length=64), nullable=False),
        sa.Column("body", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("added_by", sa.String(length=36), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(length=36), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_body_members_ended")),
        sa.ForeignKeyConstraint(["added_by"], ["users.id"], name=op.f("fk_body_members_added_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["users.id"], name=op.f("fk_body_members_ended_by")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_body_members_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_body_members")),
    )
    op.create_index(op.f("ix_body_members_user_id"), "body_members", ["user_id"], unique=False)
    op.create_table(
        "consultations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(length=64), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=36), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("question <> ''", name=op.f("ck_consultations_question")),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name=op.f("ck_consultations_withdrawn")),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_consultations_asked_by")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_consultations_screening_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["users.id"], name=op.f("fk_consultations_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultations")),
    )
    op.create_index(op.f("ix_consultations_screening_id"), "consultations", ["screening_id"], unique=False)
    op.create_table(
        "body_opinions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("consultation_id", sa.String(length=36), nullable=False),
        sa.Column("stance", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("snapshot_id", sa.String(length=36), nullable=False),
        sa.Column("given_by", sa.String(length=36), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("text <> ''", name=op.f("ck_body_opinions_text")),
        sa.CheckConstraint(
            "stance IN ('no_objection', 'with_remarks', 'concern', 'objection')", name=op.f("ck_body_opinions_stance")
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultations.id"], name=op.f("fk_body_opinions_consultation_id")
        ),
        sa.ForeignKeyConstraint(["given_by"], ["users.id"], name=op.f("fk_body_opinions_given_by")),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_body_opinions_snapshot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_body_opinions")),
        sa.UniqueConstraint("consultation_id", name=op.f("uq_body_opinions_consultation_id")),
    )


def _circulations() -> None:
    op.create_table(
        "circulations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("committee_id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", sa.String(length=36), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("member_ids", sa.JSON(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("rules_version", sa.String(length=64), nullable=False),
        sa.Column("started_by", sa.String(length=36), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("(settled_at IS NULL) = (state = 'open')", name=op.f("ck_circulations_settled")),
        sa.CheckConstraint("rationale <> ''", name=op.f("ck_circulations_rationale")),
        sa.CheckConstraint("state IN ('open', 'carried', 'referred')", name=op.f("ck_circulations_state")),
        sa.ForeignKeyConstraint(["committee_id"], ["committees.id"], name=op.f("fk_circulations_committee_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_circulations_screening_id")),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_circulations_snapshot_id")),
        sa.ForeignKeyConstraint(["started_by"], ["users.id"], name=op.f("fk_circulations_started_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circulations")),
    )
    op.create_index(op.f("ix_circulations_committee_id"), "circulations", ["committee_id"], unique=False)
    op.create_index(op.f("ix_circulations_screening_id"), "circulations", ["screening_id"], unique=False)
    op.create_table(
        "circulation_votes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("circulation_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("choice", sa.String(length=64), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("cast_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("choice IN ('agree', 'full_board')", name=op.f("ck_circulation_votes_choice")),
        sa.ForeignKeyConstraint(
            ["circulation_id"], ["circulations.id"], name=op.f("fk_circulation_votes_circulation_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["committee_members.id"], name=op.f("fk_circulation_votes_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circulation_votes")),
        sa.UniqueConstraint("circulation_id", "member_id", name=op.f("uq_circulation_votes_circulation_id_member_id")),
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
