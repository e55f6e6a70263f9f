"""Create the tables of threads, comments, mentions and delegations.

Revision: 0010, after 0009. What was said stays: earlier texts and mentions are frozen, a comment keeps author, thread and time, is
corrected only with its earlier text kept beside it, and does not change once it is withdrawn.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ["delegations", "mentions", "comment_corrections", "comments", "threads"]
FROZEN = {"mentions": [("id",), ("comment_id", "user_id")], "comment_corrections": [("id",)]}
"""Tables whose rows stay as they were inserted, with every key that an insert could collide on."""
KEPT = {"threads": ("id", "project_id", "screening_id", "place", "kind", "revision", "opened_by", "opened_at")}
KEPT["comments"] = ("id", "thread_id", "author_id", "written_at")
KEPT["delegations"] = ("id", "project_id", "screening_id", "place", "given_by", "given_at")
"""Columns that no update changes; rows of these tables are never deleted."""
SAID = (
    "OLD.withdrawn_at IS NOT NULL OR (NEW.text <> OLD.text AND NOT EXISTS"
    " (SELECT 1 FROM comment_corrections WHERE comment_id = OLD.id AND text = OLD.text))"
)
"""What an update of a comment must not be beside that: a change after it was withdrawn, or of a text that is not kept."""


def upgrade() -> None:
    _threads()
    _comments()
    _delegations()
    for statement in _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql():
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for table in KEPT:
            op.execute(f"DROP FUNCTION governance_keep_{table}()")


def _threads() -> None:
    op.create_table(
        "threads",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.String(length=36), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.String(length=36), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('comment', 'remark')", name=op.f("ck_threads_kind")),
        sa.CheckConstraint("state IN ('open', 'answered', 'resolved')", name=op.f("ck_threads_state")),
        sa.CheckConstraint("(state = 'resolved') = (settled_at IS NOT NULL)", name=op.f("ck_threads_settled")),
        sa.ForeignKeyConstraint(["opened_by"], ["users.id"], name=op.f("fk_threads_opened_by")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_threads_project_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_threads_screening_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["users.id"], name=op.f("fk_threads_settled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threads")),
    )
    op.create_index(op.f("ix_threads_project_id"), "threads", ["project_id"], unique=False)
    op.create_index(op.f("ix_threads_screening_id"), "threads", ["screening_id"], unique=False)


def _comments() -> None:
    op.create_table(
        "comments",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("thread_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("text <> ''", name=op.f("ck_comments_text")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_comments_author_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_comments_thread_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    op.create_index(op.f("ix_comments_thread_id"), "comments", ["thread_id"], unique=False)
    op.create_table(
        "comment_corrections",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("comment_id", sa.String(length=36), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_comment_corrections_comment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment_corrections")),
    )
    op.create_index(op.f("ix_comment_corrections_comment_id"), "comment_corrections", ["comment_id"], unique=False)
    op.create_table(
        "mentions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("comment_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_mentions_comment_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mentions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentions")),
        sa.UniqueConstraint("comment_id", "user_id", name=op.f("uq_mentions_comment_id_user_id")),
    )
    op.create_index(op.f("ix_mentions_user_id"), "mentions", ["user_id"], unique=False)


def _delegations() -> None:
    op.create_table(
        "delegations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("given_by", sa.String(length=36), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.String(length=36), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'done', 'withdrawn')", name=op.f("ck_delegations_state")),
        sa.CheckConstraint("(state = 'open') = (settled_at IS NULL)", name=op.f("ck_delegations_settled")),
        sa.ForeignKeyConstraint(["given_by"], ["users.id"], name=op.f("fk_delegations_given_by")),
        sa.ForeignKeyConstraint(["person_id"], ["users.id"], name=op.f("fk_delegations_person_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_delegations_project_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_delegations_screening_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["users.id"], name=op.f("fk_delegations_settled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
    )
    for column in ("person_id", "project_id", "screening_id"):
        op.create_index(op.f(f"ix_delegations_{column}"), "delegations", [column], unique=False)


def _refused(table: str) -> str:
    """Return what an update of a kept table must not be."""
    changed = " OR ".join(f"CAST(NEW.{each} AS TEXT) <> CAST(OLD.{each} AS TEXT)" for each in KEPT[table])
    return f"({changed})" + (f" OR {SAID}" if table == "comments" else "")


def _sqlite() -> list[str]:
    made = [_guard(table, "UPDATE", _refused(table)) for table in KEPT]
    made += [_guard(table, "UPDATE", "") for table in FROZEN]
    for table, keys in {**{table: [("id",)] for table in KEPT}, **FROZEN}.items():
        taken = (" AND ".join(f"{column} IS NEW.{column}" for column in key) for key in keys)
        exists = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {each})" for each in taken)  # noqa: S608 - names from above
        made += [_guard(table, "DELETE", ""), _guard(table, "INSERT", exists)]
    return made


def _guard(table: str, verb: str, condition: str) -> str:
    when = f" WHEN {condition}" if condition else ""
    said = f"{verb.lower()} of {table} refused: what was said is kept"
    return f"CREATE TRIGGER guard_{table}_{verb.lower()} BEFORE {verb} ON {table}{when} BEGIN SELECT RAISE(ABORT, '{said}'); END"


def _postgresql() -> list[str]:
    """Return the functions and triggers; ENABLE ALWAYS keeps them awake in every replication role."""
    made = [
        f"CREATE FUNCTION governance_keep_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF TG_OP = 'DELETE' OR {_refused(table)} THEN"
        " RAISE EXCEPTION '% of % refused: what was said is kept', lower(TG_OP), TG_TABLE_NAME"
        " USING ERRCODE = 'restrict_violation';"
        " END IF; RETURN NEW; END $$"
        for table in KEPT
    ]
    for table in (*KEPT, *FROZEN):
        for name, verbs, each, function in (
            ("rows", "UPDATE OR DELETE", "ROW", f"keep_{table}" if table in KEPT else "refuse_change"),
            ("truncate", "TRUNCATE", "STATEMENT", "refuse_change"),
        ):
            trigger = f"guard_{table}_{name}"
            made += [
                (
                    f"CREATE TRIGGER {trigger} BEFORE {verbs} ON {table} FOR EACH {each}"
                    f" EXECUTE FUNCTION governance_{function}()"
                ),
                f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}",
            ]
    return made
