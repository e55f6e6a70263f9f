"""Create the tables of bulk issue: jobs and their files. Work in hand: no guard keeps it.

Revision: 0018, after 0017.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "bulk_jobs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("lang", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=300), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("problem", sa.JSON(), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("lang IN ('ja', 'en', 'both')", name=op.f("ck_bulk_jobs_lang")),
        sa.CheckConstraint("state IN ('running', 'stopped', 'cancelled', 'done')", name=op.f("ck_bulk_jobs_state")),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_bulk_jobs_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_jobs")),
    )
    op.create_index(op.f("ix_bulk_jobs_asked_by"), "bulk_jobs", ["asked_by"], unique=False)
    op.create_index("ix_bulk_jobs_state_asked_at", "bulk_jobs", ["state", "asked_at"], unique=False)
    _files()


def _files() -> None:
    op.create_table(
        "bulk_files",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease", sa.String(length=64), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report_id", sa.String(length=36), nullable=True),
        sa.Column("problem", sa.JSON(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed')", name=op.f("ck_bulk_files_state")),
        sa.ForeignKeyConstraint(["job_id"], ["bulk_jobs.id"], name=op.f("fk_bulk_files_job_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_bulk_files_project_id")),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_bulk_files_report_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_bulk_files_screening_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_files")),
        sa.UniqueConstraint("job_id", "position", name=op.f("uq_bulk_files_job_id_position")),
    )
    for column in ("project_id", "report_id", "screening_id"):
        op.create_index(op.f(f"ix_bulk_files_{column}"), "bulk_files", [column], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("bulk_files")
    op.drop_table("bulk_jobs")
