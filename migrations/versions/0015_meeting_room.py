"""Create the tables of the meeting room: motions, questions, materials, minutes, papers; let an item have several motions.

Revision: 0015, after 0014. A vote belongs to a motion of an item, so a member votes once per motion: on SQLite the table is written
anew for the other key, with every row as it was. What was sent, minutes, approvals and papers are only ever added.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

FROZEN = {
    "meeting_materials": [("id",), ("meeting_id",)],
    "minutes_versions": [("id",), ("meeting_id", "number")],
    "minutes_approvals": [("id",), ("version_id", "office"), ("version_id", "approved_by")],
    "papers": [("id",), ("number",)],
}
"""Tables whose rows stay as they were inserted, with every key that an insert could collide on."""

KEPT = {"motions": [("id",), ("item_id", "number")], "item_questions": [("id",), ("item_id", "number")]}
"""Tables whose rows change but are never taken away."""

TABLES = ["papers", "minutes_approvals", "minutes_versions", "meeting_materials", "item_questions", "motions"]

OLD_KEY = ("item_id", "member_id")
NEW_KEY = ("item_id", "motion_number", "member_id")
COLUMNS = "id, item_id, member_id, motion, choice, dissent, cast_at"


def upgrade() -> None:
    """Make the tables."""
    op.add_column("meetings", sa.Column("link", sa.String(length=300), server_default="", nullable=False))
    op.add_column("meetings", sa.Column("late_reason", sa.Text(), server_default="", nullable=False))
    op.add_column("agenda_items", sa.Column("motion_number", sa.Integer(), server_default="0", nullable=False))
    op.add_column("agenda_items", sa.Column("drafted", sa.JSON(), nullable=True))
    _votes_of_motions()
    _motions()
    _questions()
    _materials()
    _minutes()
    _approvals()
    _papers()
    statements = _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql()
    for statement in statements:
        op.execute(statement)


def downgrade() -> None:
    """Take the tables away again; several motions on one item have no place in the older table."""
    for table in TABLES:
        op.drop_table(table)
    _votes_of_items()
    op.drop_column("agenda_items", "drafted")
    op.drop_column("agenda_items", "motion_number")
    op.drop_column("meetings", "late_reason")
    op.drop_column("meetings", "link")


def _votes_of_motions() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("votes", sa.Column("motion_number", sa.Integer(), server_default="0", nullable=False))
        op.drop_constraint("uq_votes_item_id_member_id", "votes", type_="unique")
        op.create_unique_constraint("uq_votes_item_id_motion_number_member_id", "votes", list(NEW_KEY))
        return
    op.execute(f"CREATE TABLE votes_before AS SELECT {COLUMNS} FROM votes")  # noqa: S608 - only names from above
    op.drop_table("votes")
    _new_votes()
    _copy_back(NEW_KEY)


def _votes_of_items() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("uq_votes_item_id_motion_number_member_id", "votes", type_="unique")
        op.create_unique_constraint("uq_votes_item_id_member_id", "votes", list(OLD_KEY))
        op.drop_column("votes", "motion_number")
        return
    op.execute(f"CREATE TABLE votes_before AS SELECT {COLUMNS} FROM votes")  # noqa: S608 - only names from above
    op.drop_table("votes")
    _old_votes()
    _copy_back(OLD_KEY)


def _copy_back(key: tuple[str, ...]) -> None:
    op.execute(f"INSERT INTO votes ({COLUMNS}) SELECT {COLUMNS} FROM votes_before")  # noqa: S608 - only names from above
    op.drop_table("votes_before")
    for verb in ("UPDATE", "DELETE"):
        op.execute(_sqlite_refusal("votes", verb, "the record is frozen"))
    op.execute(_sqlite_refusal("votes", "INSERT", "the record is frozen", _taken("votes", [("id",), key])))


def _new_votes() -> None:
    op.create_table(
        "votes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("motion", sa.String(length=64), nullable=False),
        sa.Column("motion_number", sa.Integer(), server_default="0", nullable=False),
        sa.Column("choice", sa.String(length=64), nullable=False),
        sa.Column("dissent", sa.Text(), nullable=False),
        sa.Column("cast_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("choice IN ('for', 'against', 'abstain')", name=op.f("ck_votes_choice")),
        sa.ForeignKeyConstraint(["item_id"], ["agenda_items.id"], name=op.f("fk_votes_item_id")),
        sa.ForeignKeyConstraint(["member_id"], ["committee_members.id"], name=op.f("fk_votes_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_votes")),
        sa.UniqueConstraint(
            "item_id", "motion_number", "member_id", name=op.f("uq_votes_item_id_motion_number_member_id")
        ),
    )
    op.create_index(op.f("ix_votes_item_id"), "votes", ["item_id"], unique=False)
    op.create_index(op.f("ix_votes_member_id"), "votes", ["member_id"], unique=False)


def _old_votes() -> None:
    op.create_table(
        "votes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("motion", sa.String(length=64), nullable=False),
        sa.Column("choice", sa.String(length=64), nullable=False),
        sa.Column("dissent", sa.Text(), nullable=False),
        sa.Column("cast_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("choice IN ('for', 'against', 'abstain')", name=op.f("ck_votes_choice")),
        sa.ForeignKeyConstraint(["item_id"], ["agenda_items.id"], name=op.f("fk_votes_item_id")),
        sa.ForeignKeyConstraint(["member_id"], ["committee_members.id"], name=op.f("fk_votes_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_votes")),
        sa.UniqueConstraint("item_id", "member_id", name=op.f("uq_votes_item_id_member_id")),
    )
    op.create_index(op.f("ix_votes_item_id"), "votes", ["item_id"], unique=False)
    op.create_index(op.f("ix_votes_member_id"), "votes", ["member_id"], unique=False)


def _motions() -> None:
    op.create_table(
        "motions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("votes_digest", sa.String(length=64), nullable=False),
        sa.Column("put_by", sa.String(length=36), nullable=False),
        sa.Column("put_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('put', 'carried', 'lost', 'withdrawn', 'lapsed')", name=op.f("ck_motions_state")),
        sa.ForeignKeyConstraint(["item_id"], ["agenda_items.id"], name=op.f("fk_motions_item_id")),
        sa.ForeignKeyConstraint(["put_by"], ["users.id"], name=op.f("fk_motions_put_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_motions")),
        sa.UniqueConstraint("item_id", "number", name=op.f("uq_motions_item_id_number")),
    )


def _questions() -> None:
    op.create_table(
        "item_questions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("recorded_by", sa.String(length=36), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.String(length=36), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("text <> ''", name=op.f("ck_item_questions_text")),
        sa.ForeignKeyConstraint(["answered_by"], ["users.id"], name=op.f("fk_item_questions_answered_by")),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_item_questions_asked_by")),
        sa.ForeignKeyConstraint(["item_id"], ["agenda_items.id"], name=op.f("fk_item_questions_item_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name=op.f("fk_item_questions_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_questions")),
        sa.UniqueConstraint("item_id", "number", name=op.f("uq_item_questions_item_id_number")),
    )


def _materials() -> None:
    op.create_table(
        "meeting_materials",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sent_by", sa.String(length=36), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_meeting_materials_meeting_id")),
        sa.ForeignKeyConstraint(["sent_by"], ["users.id"], name=op.f("fk_meeting_materials_sent_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_materials")),
        sa.UniqueConstraint("meeting_id", name=op.f("uq_meeting_materials_meeting_id")),
    )


def _minutes() -> None:
    op.create_table(
        "minutes_versions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("written_by", sa.String(length=36), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_minutes_versions_meeting_id")),
        sa.ForeignKeyConstraint(["written_by"], ["users.id"], name=op.f("fk_minutes_versions_written_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_versions")),
        sa.UniqueConstraint("meeting_id", "number", name=op.f("uq_minutes_versions_meeting_id_number")),
    )


def _approvals() -> None:
    op.create_table(
        "minutes_approvals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("office", sa.String(length=64), nullable=False),
        sa.Column("approved_by", sa.String(length=36), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("office IN ('chair', 'secretary')", name=op.f("ck_minutes_approvals_office")),
        sa.ForeignKeyConstraint(["approved_by"], ["users.id"], name=op.f("fk_minutes_approvals_approved_by")),
        sa.ForeignKeyConstraint(["version_id"], ["minutes_versions.id"], name=op.f("fk_minutes_approvals_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_approvals")),
        sa.UniqueConstraint("version_id", "approved_by", name=op.f("uq_minutes_approvals_version_id_approved_by")),
        sa.UniqueConstraint("version_id", "office", name=op.f("uq_minutes_approvals_version_id_office")),
    )


def _papers() -> None:
    op.create_table(
        "papers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("lang", sa.String(length=64), nullable=False),
        sa.Column("meeting_id", sa.String(length=36), nullable=True),
        sa.Column("project_id", sa.String(length=36), nullable=True),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("record_digest", sa.String(length=64), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("issued_by", sa.String(length=36), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('pack', 'minutes', 'letter')", name=op.f("ck_papers_kind")),
        sa.CheckConstraint("lang IN ('ja', 'en', 'both')", name=op.f("ck_papers_lang")),
        sa.ForeignKeyConstraint(["issued_by"], ["users.id"], name=op.f("fk_papers_issued_by")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_papers_meeting_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_papers_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_papers")),
        sa.UniqueConstraint("number", name=op.f("uq_papers_number")),
    )
    op.create_index(op.f("ix_papers_source_id"), "papers", ["source_id"], unique=False)
    op.create_index(op.f("ix_papers_project_id"), "papers", ["project_id"], unique=False)
    op.create_index(op.f("ix_papers_meeting_id"), "papers", ["meeting_id"], unique=False)


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
