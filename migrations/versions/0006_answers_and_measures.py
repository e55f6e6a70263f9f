"""Give answers a place for free text and rows, and create the table of measures that projects adopted.

Revision: 0006, after 0005. The text of an answer stands beside its value, so that it can be erased without the value changing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("answers", sa.Column("text", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "measures",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("question_key", sa.String(length=64), nullable=False),
        sa.Column("title_ja", sa.String(length=300), nullable=False),
        sa.Column("title_en", sa.String(length=300), nullable=False),
        sa.Column("owner_id", sa.String(length=36), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.String(length=36), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('planned', 'done', 'dropped')", name=op.f("ck_measures_state")),
        sa.CheckConstraint("title_ja <> ''", name=op.f("ck_measures_title")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_measures_created_by")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_measures_owner_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_measures_project_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_measures_screening_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["users.id"], name=op.f("fk_measures_settled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measures")),
    )
    op.create_index(op.f("ix_measures_owner_id"), "measures", ["owner_id"], unique=False)
    op.create_index(op.f("ix_measures_project_id"), "measures", ["project_id"], unique=False)
    op.create_index(op.f("ix_measures_screening_id"), "measures", ["screening_id"], unique=False)


def downgrade() -> None:
    op.drop_table("measures")
    op.drop_column("answers", "text")
