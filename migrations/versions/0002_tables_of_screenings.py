"""Create the tables of screenings, their answers and snapshots.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "screenings",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("phase", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("framework_id", sa.String(length=36), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("triggers_done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("inherent", sa.Integer(), nullable=True),
        sa.Column("residual", sa.Integer(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.String(length=36), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_by", sa.String(length=36), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["framework_id"], ["framework_versions.id"], name=op.f("fk_screenings_framework_id")),
        sa.ForeignKeyConstraint(["opened_by"], ["users.id"], name=op.f("fk_screenings_opened_by")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_screenings_project_id")),
        sa.ForeignKeyConstraint(["submitted_by"], ["users.id"], name=op.f("fk_screenings_submitted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screenings")),
        sa.UniqueConstraint("project_id", "phase", "sequence", name=op.f("uq_screenings_project_id_phase_sequence")),
    )
    op.create_index(op.f("ix_screenings_project_id"), "screenings", ["project_id"], unique=False)
    op.create_index(op.f("ix_screenings_state"), "screenings", ["state"], unique=False)
    op.create_table(
        "answer_changes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("question_key", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_answer_changes_author_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_answer_changes_screening_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_changes")),
    )
    op.create_index(op.f("ix_answer_changes_question_key"), "answer_changes", ["question_key"], unique=False)
    op.create_index(op.f("ix_answer_changes_screening_id"), "answer_changes", ["screening_id"], unique=False)
    op.create_table(
        "answer_evidence",
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("question_key", sa.String(length=64), nullable=False),
        sa.Column("evidence_id", sa.String(length=36), nullable=False),
        sa.Column("attached_by", sa.String(length=36), nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["attached_by"], ["users.id"], name=op.f("fk_answer_evidence_attached_by")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_answer_evidence_evidence_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_answer_evidence_screening_id")),
        sa.PrimaryKeyConstraint("screening_id", "question_key", "evidence_id", name=op.f("pk_answer_evidence")),
    )
    op.create_index(op.f("ix_answer_evidence_evidence_id"), "answer_evidence", ["evidence_id"], unique=False)
    op.create_index(op.f("ix_answer_evidence_screening_id"), "answer_evidence", ["screening_id"], unique=False)
    op.create_table(
        "answers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("question_key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=300), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("carried_from", sa.String(length=36), nullable=True),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_answers_author_id")),
        sa.ForeignKeyConstraint(["carried_from"], ["screenings.id"], name=op.f("fk_answers_carried_from")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_answers_screening_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
        sa.UniqueConstraint("screening_id", "question_key", name=op.f("uq_answers_screening_id_question_key")),
    )
    op.create_index(op.f("ix_answers_screening_id"), "answers", ["screening_id"], unique=False)
    op.create_table(
        "item_ratings",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=True),
        sa.Column("likelihood", sa.Integer(), nullable=True),
        sa.Column("severity_reason", sa.Text(), nullable=False),
        sa.Column("likelihood_reason", sa.Text(), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("likelihood IS NULL OR likelihood >= 1", name=op.f("ck_item_ratings_likelihood")),
        sa.CheckConstraint("severity IS NULL OR severity >= 1", name=op.f("ck_item_ratings_severity")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_item_ratings_author_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_item_ratings_screening_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_ratings")),
        sa.UniqueConstraint("screening_id", "item", name=op.f("uq_item_ratings_screening_id_item")),
    )
    op.create_index(op.f("ix_item_ratings_screening_id"), "item_ratings", ["screening_id"], unique=False)
    op.create_table(
        "rulings",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ruled_by", sa.String(length=36), nullable=False),
        sa.Column("ruled_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('not_applicable', 'hard_stop', 'route', 'evidence')", name=op.f("ck_rulings_kind")
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_rulings_reason")),
        sa.ForeignKeyConstraint(["ruled_by"], ["users.id"], name=op.f("fk_rulings_ruled_by")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_rulings_screening_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulings")),
    )
    op.create_index(op.f("ix_rulings_screening_id"), "rulings", ["screening_id"], unique=False)
    op.create_table(
        "screening_questionnaires",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("questionnaire_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["questionnaire_id"],
            ["questionnaire_versions.id"],
            name=op.f("fk_screening_questionnaires_questionnaire_id"),
        ),
        sa.ForeignKeyConstraint(
            ["screening_id"], ["screenings.id"], name=op.f("fk_screening_questionnaires_screening_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_questionnaires")),
        sa.UniqueConstraint(
            "screening_id", "questionnaire_id", name=op.f("uq_screening_questionnaires_screening_id_questionnaire_id")
        ),
    )
    op.create_index(
        op.f("ix_screening_questionnaires_screening_id"), "screening_questionnaires", ["screening_id"], unique=False
    )
    op.create_table(
        "snapshots",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("stage IN ('submitted', 'checked')", name=op.f("ck_snapshots_stage")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_snapshots_created_by")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_snapshots_screening_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshots")),
        sa.UniqueConstraint("screening_id", "revision", "stage", name=op.f("uq_snapshots_screening_id_revision_stage")),
    )
    op.create_index(op.f("ix_snapshots_digest"), "snapshots", ["digest"], unique=False)
    op.create_index(op.f("ix_snapshots_screening_id"), "snapshots", ["screening_id"], unique=False)
    op.create_table(
        "snapshot_texts",
        sa.Column("snapshot_id", sa.String(length=36), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_snapshot_texts_snapshot_id")),
        sa.PrimaryKeyConstraint("snapshot_id", "path", name=op.f("pk_snapshot_texts")),
    )
    op.create_index(op.f("ix_snapshot_texts_snapshot_id"), "snapshot_texts", ["snapshot_id"], unique=False)


def downgrade() -> None:
    op.drop_table("snapshot_texts")
    op.drop_table("snapshots")
    op.drop_table("screening_questionnaires")
    op.drop_table("rulings")
    op.drop_table("item_ratings")
    op.drop_table("answers")
    op.drop_table("answer_evidence")
    op.drop_table("answer_changes")
    op.drop_table("screenings")
