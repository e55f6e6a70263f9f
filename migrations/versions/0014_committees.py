"""Bodies, versions of a committee's rules, alternates, opinions of advisory bodies."""

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Take the tables away again."""
