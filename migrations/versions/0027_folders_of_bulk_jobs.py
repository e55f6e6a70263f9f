"""Let a bulk job name the folder of a bucket that gets its files; jobs of before have none.

Revision: 0027, after 0026. The job is work in hand and not guarded.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("bulk_jobs", sa.Column("folder", sa.String(length=64), server_default="", nullable=False))
    op.add_column("bulk_jobs", sa.Column("written_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("bulk_jobs", "written_at")
    op.drop_column("bulk_jobs", "folder")
