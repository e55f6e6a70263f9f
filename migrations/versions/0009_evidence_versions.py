"""Give evidence versions, a day on which it expires, a reason for its removal, and a revision of its own.

Revision: 0009, after 0008. One version follows another in a line: a piece is replaced at most once. References are written inline,
because SQLite takes a constraint of an existing table in no other way.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

REFERENCES = {"replaces_id": "evidence", "removed_by": "users"}


def upgrade() -> None:
    op.add_column("evidence", sa.Column("expires_on", sa.Date(), nullable=True))
    op.add_column("evidence", sa.Column("removed_because", sa.Text(), server_default="", nullable=False))
    op.add_column("evidence", sa.Column("rev", sa.Integer(), server_default="1", nullable=False))
    for name, table in REFERENCES.items():
        constraint = f"CONSTRAINT fk_evidence_{name} REFERENCES {table} (id)"
        op.execute(f"ALTER TABLE evidence ADD COLUMN {name} VARCHAR(36) {constraint}")
    op.create_index(op.f("ix_evidence_replaces_id"), "evidence", ["replaces_id"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_evidence_replaces_id"), "evidence")
    for name in [*REFERENCES, "expires_on", "removed_because", "rev"]:
        op.drop_column("evidence", name)
