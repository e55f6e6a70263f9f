"""The meeting room: remote link, questions, motions and their conditions, secret votes, minutes."""

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Take the tables away again."""
