"""Let the register of reports hold every kind: portfolio, mapping, form and ledger extract beside the case report.

Revision: 0019, after 0018. A report on the whole house has no case and no snapshot, so both may be null; `scope` says what a report
covers, `profile` what was left out of it. On SQLite the table is written anew, with every row and its guards as they were.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

COLUMNS = (
    "id, number, kind, lang, project_id, snapshot_digest, record_digest, file_digest, size, pages, is_draft, purpose, issued_by,"
    " issued_at"
)
KEYS = [("id",), ("number",)]
OPEN = ("project_id", "snapshot_digest")
ADDED = ("scope", "profile")


def upgrade() -> None:
    """Open the columns and add two."""
    if op.get_bind().dialect.name == "postgresql":
        for column in OPEN:
            op.alter_column("reports", column, nullable=True)
        op.add_column("reports", _scope())
        op.add_column("reports", _profile())
        return
    _anew(nullable=True, more=[_scope(), _profile()])


def downgrade() -> None:
    """Close them again; reports on the whole house have no place in the older table."""
    if op.get_bind().dialect.name == "postgresql":
        for column in ADDED:
            op.drop_column("reports", column)
        for column in OPEN:
            op.alter_column("reports", column, nullable=False)
        return
    _anew(nullable=False, more=[])


def _scope() -> sa.Column[str]:
    return sa.Column("scope", sa.String(length=300), server_default="", nullable=False)


def _profile() -> sa.Column[str]:
    return sa.Column("profile", sa.String(length=64), server_default="", nullable=False)


def _anew(*, nullable: bool, more: list[sa.Column[str]]) -> None:
    op.execute("PRAGMA defer_foreign_keys = ON")  # rows of other tables name reports; they are there again before the commit
    op.execute(f"CREATE TABLE reports_before AS SELECT {COLUMNS} FROM reports")  # noqa: S608 - only names from above
    op.drop_table("reports")
    _table(nullable=nullable, more=more)
    op.execute(f"INSERT INTO reports ({COLUMNS}) SELECT {COLUMNS} FROM reports_before")  # noqa: S608 - only names from above
    op.drop_table("reports_before")
    for verb in ("UPDATE", "DELETE"):
        op.execute(_sqlite_refusal(verb))
    taken = " OR ".join(f"EXISTS (SELECT 1 FROM reports WHERE {key} IS NEW.{key})" for (key,) in KEYS)  # noqa: S608 - only names from above
    op.execute(_sqlite_refusal("INSERT", f" WHEN {taken}"))


def _table(*, nullable: bool, more: list[sa.Column[str]]) -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("lang", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=nullable),
        sa.Column("snapshot_digest", sa.String(length=64), nullable=nullable),
        sa.Column("record_digest", sa.String(length=64), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("is_draft", sa.Boolean(), nullable=False),
        sa.Column("purpose", sa.String(length=300), nullable=False),
        sa.Column("issued_by", sa.String(length=36), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        *more,
        sa.CheckConstraint("lang IN ('ja', 'en', 'both')", name=op.f("ck_reports_lang")),
        sa.ForeignKeyConstraint(["issued_by"], ["users.id"], name=op.f("fk_reports_issued_by")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_reports_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("number", name=op.f("uq_reports_number")),
    )
    op.create_index(op.f("ix_reports_project_id"), "reports", ["project_id"], unique=False)


def _sqlite_refusal(verb: str, when: str = "") -> str:
    message = f"{verb.lower()} of reports refused: the record is frozen"
    return (
        f"CREATE TRIGGER guard_reports_{verb.lower()} BEFORE {verb} ON reports{when}"
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )
