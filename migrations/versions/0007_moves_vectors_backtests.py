"""Mark answers to confirm; create the tables of moves to newer questionnaires, of coded answers, and of back-tests.

Revision: 0007, after 0006. A move is never taken away, only undone once; coded answers and back-tests are derived and free to change.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ["screening_moves", "answer_vectors", "answer_layouts", "backtests"]
CHANGED = " OR ".join(
    f"CAST(NEW.{column} AS TEXT) <> CAST(OLD.{column} AS TEXT)"
    for column in (
        "id",
        "screening_id",
        "from_framework",
        "to_framework",
        "from_versions",
        "to_versions",
        "undo",
        "moved_by",
        "moved_at",
    )
)
REFUSED = f"(OLD.undone_at IS NOT NULL OR {CHANGED})"
"""What an update of a move must not be: a second undoing, or a change of what was moved."""


def upgrade() -> None:
    op.add_column("answers", sa.Column("to_confirm", sa.Boolean(), server_default=sa.false(), nullable=False))
    _moves()
    _vectors()
    _backtests()
    statements = _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql()
    for statement in statements:
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("answers", "to_confirm")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION governance_refuse_second_undoing()")


def _moves() -> None:
    op.create_table(
        "screening_moves",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("from_framework", sa.String(length=36), nullable=False),
        sa.Column("to_framework", sa.String(length=36), nullable=False),
        sa.Column("from_versions", sa.JSON(), nullable=False),
        sa.Column("to_versions", sa.JSON(), nullable=False),
        sa.Column("undo", sa.JSON(), nullable=False),
        sa.Column("moved_by", sa.String(length=36), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_by", sa.String(length=36), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["from_framework"], ["framework_versions.id"], name=op.f("fk_screening_moves_from_framework")
        ),
        sa.ForeignKeyConstraint(["moved_by"], ["users.id"], name=op.f("fk_screening_moves_moved_by")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_screening_moves_screening_id")),
        sa.ForeignKeyConstraint(
            ["to_framework"], ["framework_versions.id"], name=op.f("fk_screening_moves_to_framework")
        ),
        sa.ForeignKeyConstraint(["undone_by"], ["users.id"], name=op.f("fk_screening_moves_undone_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_moves")),
    )
    op.create_index(op.f("ix_screening_moves_screening_id"), "screening_moves", ["screening_id"], unique=False)


def _vectors() -> None:
    op.create_table(
        "answer_layouts",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("framework_id", sa.String(length=36), nullable=False),
        sa.Column("phase", sa.String(length=64), nullable=False),
        sa.Column("questionnaires", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["framework_id"], ["framework_versions.id"], name=op.f("fk_answer_layouts_framework_id")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_answer_layouts")),
    )
    op.create_table(
        "answer_vectors",
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("snapshot_id", sa.String(length=36), nullable=False),
        sa.Column("layout", sa.String(length=64), nullable=False),
        sa.Column("codes", sa.LargeBinary(), nullable=False),
        sa.Column("severity", sa.LargeBinary(), nullable=False),
        sa.Column("likelihood", sa.LargeBinary(), nullable=False),
        sa.Column("marks", sa.LargeBinary(), nullable=False),
        sa.Column("rest", sa.JSON(), nullable=False),
        sa.Column("rulings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["layout"], ["answer_layouts.digest"], name=op.f("fk_answer_vectors_layout")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_answer_vectors_screening_id")),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_answer_vectors_snapshot_id")),
        sa.PrimaryKeyConstraint("screening_id", name=op.f("pk_answer_vectors")),
    )


def _backtests() -> None:
    op.create_table(
        "backtests",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("draft_id", sa.String(length=36), nullable=False),
        sa.Column("text", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("after", sa.String(length=36), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("started_by", sa.String(length=36), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('running', 'done', 'stopped')", name=op.f("ck_backtests_state")),
        sa.ForeignKeyConstraint(["draft_id"], ["questionnaire_drafts.id"], name=op.f("fk_backtests_draft_id")),
        sa.ForeignKeyConstraint(["started_by"], ["users.id"], name=op.f("fk_backtests_started_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backtests")),
    )
    op.create_index(op.f("ix_backtests_draft_id"), "backtests", ["draft_id"], unique=False)


def _sqlite() -> list[str]:
    table, begin = "screening_moves", "BEGIN SELECT RAISE(ABORT,"
    taken = "EXISTS (SELECT 1 FROM screening_moves WHERE id IS NEW.id)"
    return [
        (
            f"CREATE TRIGGER guard_{table}_update BEFORE UPDATE ON {table} WHEN {REFUSED}"
            f" {begin} 'update of {table} refused: a move is only undone, once'); END"
        ),
        (
            f"CREATE TRIGGER guard_{table}_delete BEFORE DELETE ON {table}"
            f" {begin} 'delete of {table} refused: the record is kept'); END"
        ),
        (
            f"CREATE TRIGGER guard_{table}_insert BEFORE INSERT ON {table} WHEN {taken}"
            f" {begin} 'insert of {table} refused: the record is kept'); END"
        ),
    ]


def _postgresql() -> list[str]:
    """Return the function and triggers; ENABLE ALWAYS keeps them awake in every replication role."""
    made = [
        (
            "CREATE FUNCTION governance_refuse_second_undoing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF TG_OP = 'DELETE' OR {REFUSED} THEN"
            " RAISE EXCEPTION '% of % refused: a move is only undone, once', lower(TG_OP), TG_TABLE_NAME"
            " USING ERRCODE = 'restrict_violation';"
            " END IF; RETURN NEW; END $$"
        )
    ]
    for name, verbs, each, function in (
        ("rows", "UPDATE OR DELETE", "ROW", "refuse_second_undoing"),
        ("truncate", "TRUNCATE", "STATEMENT", "refuse_change"),
    ):
        trigger = f"guard_screening_moves_{name}"
        made += [
            (
                f"CREATE TRIGGER {trigger} BEFORE {verbs} ON screening_moves FOR EACH {each}"
                f" EXECUTE FUNCTION governance_{function}()"
            ),
            f"ALTER TABLE screening_moves ENABLE ALWAYS TRIGGER {trigger}",
        ]
    return made
