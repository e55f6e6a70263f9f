"""Create the tables of reviews, committees, decisions and reports.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "committees",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("name_en", sa.String(length=300), nullable=False),
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("rules_version", sa.String(length=64), nullable=False),
        sa.Column("rules_effective_on", sa.Date(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committees")),
        sa.UniqueConstraint("key", name=op.f("uq_committees_key")),
    )
    op.create_table(
        "committee_members",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("committee_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=64), nullable=False),
        sa.Column("expertise", sa.JSON(), nullable=False),
        sa.Column("is_chair", sa.Boolean(), nullable=False),
        sa.Column("term_from", sa.Date(), nullable=False),
        sa.Column("term_until", sa.Date(), nullable=True),
        sa.CheckConstraint("side IN ('internal', 'external')", name=op.f("ck_committee_members_side")),
        sa.CheckConstraint("term_until IS NULL OR term_until >= term_from", name=op.f("ck_committee_members_term")),
        sa.ForeignKeyConstraint(["committee_id"], ["committees.id"], name=op.f("fk_committee_members_committee_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_committee_members_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committee_members")),
    )
    op.create_index(op.f("ix_committee_members_committee_id"), "committee_members", ["committee_id"], unique=False)
    op.create_index(op.f("ix_committee_members_user_id"), "committee_members", ["user_id"], unique=False)
    op.create_table(
        "meetings",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("committee_id", sa.String(length=36), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("place_en", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("materials_sent_on", sa.Date(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("planned_by", sa.String(length=36), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('planned', 'open', 'closed')", name=op.f("ck_meetings_state")),
        sa.ForeignKeyConstraint(["committee_id"], ["committees.id"], name=op.f("fk_meetings_committee_id")),
        sa.ForeignKeyConstraint(["planned_by"], ["users.id"], name=op.f("fk_meetings_planned_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meetings")),
        sa.UniqueConstraint(
            "committee_id", "fiscal_year", "number", name=op.f("uq_meetings_committee_id_fiscal_year_number")
        ),
    )
    op.create_index(op.f("ix_meetings_committee_id"), "meetings", ["committee_id"], unique=False)
    op.create_table(
        "attendances",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("mode", sa.String(length=64), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("mode IN ('in_person', 'remote')", name=op.f("ck_attendances_mode")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_attendances_meeting_id")),
        sa.ForeignKeyConstraint(["member_id"], ["committee_members.id"], name=op.f("fk_attendances_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendances")),
    )
    op.create_index(op.f("ix_attendances_meeting_id"), "attendances", ["meeting_id"], unique=False)
    op.create_index(op.f("ix_attendances_member_id"), "attendances", ["member_id"], unique=False)
    op.create_table(
        "reports",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("lang", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("snapshot_digest", sa.String(length=64), nullable=False),
        sa.Column("record_digest", sa.String(length=64), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("is_draft", sa.Boolean(), nullable=False),
        sa.Column("purpose", sa.String(length=300), nullable=False),
        sa.Column("issued_by", sa.String(length=36), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("lang IN ('ja', 'en', 'both')", name=op.f("ck_reports_lang")),
        sa.ForeignKeyConstraint(["issued_by"], ["users.id"], name=op.f("fk_reports_issued_by")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_reports_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("number", name=op.f("uq_reports_number")),
    )
    op.create_index(op.f("ix_reports_project_id"), "reports", ["project_id"], unique=False)
    op.create_table(
        "agenda_items",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("snapshot_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("motion", sa.String(length=64), nullable=False),
        sa.Column("issues", sa.Text(), nullable=False),
        sa.Column("deferral_reason", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'discussing', 'voting', 'decided', 'deferred')", name=op.f("ck_agenda_items_state")
        ),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_agenda_items_meeting_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_agenda_items_screening_id")),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_agenda_items_snapshot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_items")),
        sa.UniqueConstraint("meeting_id", "screening_id", name=op.f("uq_agenda_items_meeting_id_screening_id")),
    )
    op.create_index(op.f("ix_agenda_items_meeting_id"), "agenda_items", ["meeting_id"], unique=False)
    op.create_index(op.f("ix_agenda_items_screening_id"), "agenda_items", ["screening_id"], unique=False)
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("recommendation", sa.String(length=64), nullable=False),
        sa.Column("return_reason", sa.Text(), nullable=False),
        sa.Column("snapshot_id", sa.String(length=36), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["reviewer_id"], ["users.id"], name=op.f("fk_reviews_reviewer_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_reviews_screening_id")),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_reviews_snapshot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("screening_id", "revision", name=op.f("uq_reviews_screening_id_revision")),
    )
    op.create_index(op.f("ix_reviews_reviewer_id"), "reviews", ["reviewer_id"], unique=False)
    op.create_index(op.f("ix_reviews_screening_id"), "reviews", ["screening_id"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", sa.String(length=36), nullable=False),
        sa.Column("snapshot_digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.String(length=64), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=True),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("escalated_to", sa.String(length=300), nullable=False),
        sa.Column("quorum", sa.JSON(), nullable=False),
        sa.Column("votes_digest", sa.String(length=64), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.String(length=36), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rationale <> ''", name=op.f("ck_decisions_rationale")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_decisions_decided_by")),
        sa.ForeignKeyConstraint(["item_id"], ["agenda_items.id"], name=op.f("fk_decisions_item_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_decisions_screening_id")),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_decisions_snapshot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("screening_id", "revision", name=op.f("uq_decisions_screening_id_revision")),
    )
    op.create_index(op.f("ix_decisions_screening_id"), "decisions", ["screening_id"], unique=False)
    op.create_table(
        "recusals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("declared_by", sa.String(length=36), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_recusals_reason")),
        sa.ForeignKeyConstraint(["declared_by"], ["users.id"], name=op.f("fk_recusals_declared_by")),
        sa.ForeignKeyConstraint(["item_id"], ["agenda_items.id"], name=op.f("fk_recusals_item_id")),
        sa.ForeignKeyConstraint(["member_id"], ["committee_members.id"], name=op.f("fk_recusals_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recusals")),
        sa.UniqueConstraint("item_id", "member_id", name=op.f("uq_recusals_item_id_member_id")),
    )
    op.create_index(op.f("ix_recusals_item_id"), "recusals", ["item_id"], unique=False)
    op.create_index(op.f("ix_recusals_member_id"), "recusals", ["member_id"], unique=False)
    op.create_table(
        "votes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("motion", sa.String(length=64), nullable=False),
        sa.Column("choice", sa.String(length=64), nullable=False),
        sa.Column("dissent", sa.Text(), nullable=False),
        sa.Column("cast_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("choice IN ('for', 'against', 'abstain')", name=op.f("ck_votes_choice")),
        sa.ForeignKeyConstraint(["item_id"], ["agenda_items.id"], name=op.f("fk_votes_item_id")),
        sa.ForeignKeyConstraint(["member_id"], ["committee_members.id"], name=op.f("fk_votes_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_votes")),
        sa.UniqueConstraint("item_id", "member_id", name=op.f("uq_votes_item_id_member_id")),
    )
    op.create_index(op.f("ix_votes_item_id"), "votes", ["item_id"], unique=False)
    op.create_index(op.f("ix_votes_member_id"), "votes", ["member_id"], unique=False)
    op.create_table(
        "conditions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("decision_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("owner_id", sa.String(length=36), nullable=False),
        sa.Column("verifier_id", sa.String(length=36), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("evidence_id", sa.String(length=36), nullable=True),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=36), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('pre_start', 'pre_launch', 'periodic')", name=op.f("ck_conditions_kind")),
        sa.CheckConstraint(
            "state IN ('open', 'submitted', 'verified', 'rejected', 'waived')", name=op.f("ck_conditions_state")
        ),
        sa.CheckConstraint("owner_id <> verifier_id", name=op.f("ck_conditions_separation")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_conditions_decision_id")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_conditions_evidence_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_conditions_owner_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["users.id"], name=op.f("fk_conditions_settled_by")),
        sa.ForeignKeyConstraint(["verifier_id"], ["users.id"], name=op.f("fk_conditions_verifier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conditions")),
        sa.UniqueConstraint("decision_id", "number", name=op.f("uq_conditions_decision_id_number")),
    )
    op.create_index(op.f("ix_conditions_decision_id"), "conditions", ["decision_id"], unique=False)
    op.create_index(op.f("ix_conditions_owner_id"), "conditions", ["owner_id"], unique=False)
    op.create_index(op.f("ix_conditions_verifier_id"), "conditions", ["verifier_id"], unique=False)


def downgrade() -> None:
    op.drop_table("conditions")
    op.drop_table("votes")
    op.drop_table("recusals")
    op.drop_table("decisions")
    op.drop_table("reviews")
    op.drop_table("agenda_items")
    op.drop_table("reports")
    op.drop_table("attendances")
    op.drop_table("meetings")
    op.drop_table("committee_members")
    op.drop_table("committees")
