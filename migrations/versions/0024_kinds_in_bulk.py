"""Let a bulk job name the kind of its reports and what they may disclose; jobs of before are of case reports.

Revision: 0024, after 0023. The job is work in hand and not guarded; the reports it leads to are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("bulk_jobs", sa.Column("kind", sa.String(length=64), server_default="case", nullable=False))
    op.add_column("bulk_jobs", sa.Column("profile", sa.String(length=64), server_default="", nullable=False))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("bulk_jobs", "profile")
    op.drop_column("bulk_jobs", "kind")
