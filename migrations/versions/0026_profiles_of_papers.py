"""Let the register of papers say what was left out of a paper.

Revision: 0026, after 0025. Papers from before, and those that hold everything, have no profile; the guards stay as they are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("papers", sa.Column("profile", sa.String(length=64), server_default="", nullable=False))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("papers", "profile")
