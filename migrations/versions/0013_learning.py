"""Create the tables of learning: KYT sessions and their records, courses and attendances; guard what is settled.

Revision: 0013, after 0012. Records of sessions, terms of courses and promotions are only ever added; the lines of a session may change
while it is held and not afterwards. The guards stop the application and accidents; only verification answers an administrator.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

FROZEN = {
    "kyt_records": [("id",), ("session_id",)],
    "course_terms": [("id",), ("course_id", "version")],
    "kyt_promotions": [("id",), ("line_id", "kind")],
}
"""Tables whose rows stay as they were inserted, with every key that an insert could collide on."""

KEPT = {
    "kyt_sessions": [("id",), ("number",)],
    "courses": [("id",), ("code",)],
    "training_records": [("id",)],
}
"""Tables whose rows change but are never taken away."""

LINES = ["kyt_participants", "kyt_hazards", "kyt_measures"]
"""Tables that may change only while their session is held."""

TABLES = [
    "kyt_promotions",
    "training_records",
    "course_terms",
    "courses",
    "kyt_records",
    "kyt_measures",
    "kyt_hazards",
    "kyt_participants",
    "kyt_sessions",
]

HELD = "((SELECT state FROM kyt_sessions WHERE id = {row}.session_id) IN ('r1', 'r2', 'r3', 'r4'))"
SETTLED = "OLD.state IN ('finished', 'dropped')"


def upgrade() -> None:
    _sessions()
    _courses()
    _promotions()
    statements = _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql()
    for statement in statements:
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        for function in ("refuse_kyt_line", "refuse_kyt_session"):
            op.execute(f"DROP FUNCTION governance_{function}()")


def _sessions() -> None:
    op.create_table(
        "kyt_sessions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=True),
        sa.Column("scenario", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("title_en", sa.String(length=300), nullable=False),
        sa.Column("situation", sa.Text(), nullable=False),
        sa.Column("situation_en", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("leader_id", sa.String(length=36), nullable=False),
        sa.Column("scribe_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("team_goal", sa.String(length=300), nullable=False),
        sa.Column("call", sa.String(length=300), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.String(length=36), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_because", sa.Text(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('r1', 'r2', 'r3', 'r4', 'finished', 'dropped')", name=op.f("ck_kyt_sessions_state")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_kyt_sessions_created_by")),
        sa.ForeignKeyConstraint(["leader_id"], ["users.id"], name=op.f("fk_kyt_sessions_leader_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_kyt_sessions_project_id")),
        sa.ForeignKeyConstraint(["scribe_id"], ["users.id"], name=op.f("fk_kyt_sessions_scribe_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["users.id"], name=op.f("fk_kyt_sessions_settled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kyt_sessions")),
        sa.UniqueConstraint("number", name=op.f("uq_kyt_sessions_number")),
    )
    op.create_index(op.f("ix_kyt_sessions_leader_id"), "kyt_sessions", ["leader_id"], unique=False)
    op.create_index(op.f("ix_kyt_sessions_project_id"), "kyt_sessions", ["project_id"], unique=False)
    op.create_index(op.f("ix_kyt_sessions_scribe_id"), "kyt_sessions", ["scribe_id"], unique=False)
    op.create_table(
        "kyt_participants",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["kyt_sessions.id"], name=op.f("fk_kyt_participants_session_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_kyt_participants_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kyt_participants")),
        sa.UniqueConstraint("session_id", "user_id", name=op.f("uq_kyt_participants_session_id_user_id")),
    )
    op.create_index(op.f("ix_kyt_participants_user_id"), "kyt_participants", ["user_id"], unique=False)
    op.create_table(
        "kyt_hazards",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=300), nullable=False),
        sa.Column("event", sa.String(length=300), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("added_by", sa.String(length=36), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("mark IN ('none', 'important', 'key')", name=op.f("ck_kyt_hazards_mark")),
        sa.ForeignKeyConstraint(["added_by"], ["users.id"], name=op.f("fk_kyt_hazards_added_by")),
        sa.ForeignKeyConstraint(["session_id"], ["kyt_sessions.id"], name=op.f("fk_kyt_hazards_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kyt_hazards")),
    )
    op.create_index(op.f("ix_kyt_hazards_session_id"), "kyt_hazards", ["session_id"], unique=False)
    op.create_table(
        "kyt_measures",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("hazard_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("added_by", sa.String(length=36), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("mark IN ('none', 'key')", name=op.f("ck_kyt_measures_mark")),
        sa.ForeignKeyConstraint(["added_by"], ["users.id"], name=op.f("fk_kyt_measures_added_by")),
        sa.ForeignKeyConstraint(["hazard_id"], ["kyt_hazards.id"], name=op.f("fk_kyt_measures_hazard_id")),
        sa.ForeignKeyConstraint(["session_id"], ["kyt_sessions.id"], name=op.f("fk_kyt_measures_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kyt_measures")),
    )
    op.create_index(op.f("ix_kyt_measures_hazard_id"), "kyt_measures", ["hazard_id"], unique=False)
    op.create_index(op.f("ix_kyt_measures_session_id"), "kyt_measures", ["session_id"], unique=False)
    op.create_table(
        "kyt_records",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("finished_by", sa.String(length=36), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["finished_by"], ["users.id"], name=op.f("fk_kyt_records_finished_by")),
        sa.ForeignKeyConstraint(["session_id"], ["kyt_sessions.id"], name=op.f("fk_kyt_records_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kyt_records")),
        sa.UniqueConstraint("session_id", name=op.f("uq_kyt_records_session_id")),
    )


def _courses() -> None:
    op.create_table(
        "courses",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("title_en", sa.String(length=300), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("about_en", sa.Text(), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("place_en", sa.String(length=300), nullable=False),
        sa.Column("url", sa.String(length=300), nullable=False),
        sa.Column("self_record", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_by", sa.String(length=36), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_courses_created_by")),
        sa.ForeignKeyConstraint(["retired_by"], ["users.id"], name=op.f("fk_courses_retired_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courses")),
        sa.UniqueConstraint("code", name=op.f("uq_courses_code")),
    )
    op.create_table(
        "course_terms",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("course_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("valid_months", sa.Integer(), nullable=False),
        sa.Column("acts", sa.JSON(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("mode", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.String(length=36), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mode IN ('off', 'warn', 'require')", name=op.f("ck_course_terms_mode")),
        sa.CheckConstraint("valid_months >= 0", name=op.f("ck_course_terms_valid_months")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_course_terms_course_id")),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name=op.f("fk_course_terms_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_terms")),
        sa.UniqueConstraint("course_id", "version", name=op.f("uq_course_terms_course_id_version")),
    )
    op.create_table(
        "training_records",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("course_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("attended_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("terms_id", sa.String(length=36), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("recorded_by", sa.String(length=36), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=36), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_because", sa.Text(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("source IN ('class', 'self', 'csv')", name=op.f("ck_training_records_source")),
        sa.CheckConstraint(
            "withdrawn_at IS NULL OR withdrawn_because <> ''", name=op.f("ck_training_records_withdrawn")
        ),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_training_records_course_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name=op.f("fk_training_records_recorded_by")),
        sa.ForeignKeyConstraint(["terms_id"], ["course_terms.id"], name=op.f("fk_training_records_terms_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_training_records_user_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["users.id"], name=op.f("fk_training_records_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_records")),
    )
    op.create_index(op.f("ix_training_records_user_id"), "training_records", ["user_id"], unique=False)
    op.create_index(
        "uq_training_records_standing",
        "training_records",
        ["course_id", "user_id", "attended_on"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )


def _promotions() -> None:
    op.create_table(
        "kyt_promotions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("line_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("measure_id", sa.String(length=36), nullable=True),
        sa.Column("thread_id", sa.String(length=36), nullable=True),
        sa.Column("draft_id", sa.String(length=36), nullable=True),
        sa.Column("question_key", sa.String(length=64), nullable=False),
        sa.Column("promoted_by", sa.String(length=36), nullable=False),
        sa.Column("promoted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'measure') = (measure_id IS NOT NULL) AND (kind = 'remark') = (thread_id IS NOT NULL)"
            " AND (kind = 'question') = (draft_id IS NOT NULL)",
            name=op.f("ck_kyt_promotions_target"),
        ),
        sa.CheckConstraint("kind IN ('measure', 'remark', 'question')", name=op.f("ck_kyt_promotions_kind")),
        sa.ForeignKeyConstraint(["draft_id"], ["questionnaire_drafts.id"], name=op.f("fk_kyt_promotions_draft_id")),
        sa.ForeignKeyConstraint(["measure_id"], ["measures.id"], name=op.f("fk_kyt_promotions_measure_id")),
        sa.ForeignKeyConstraint(["promoted_by"], ["users.id"], name=op.f("fk_kyt_promotions_promoted_by")),
        sa.ForeignKeyConstraint(["session_id"], ["kyt_sessions.id"], name=op.f("fk_kyt_promotions_session_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_kyt_promotions_thread_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kyt_promotions")),
        sa.UniqueConstraint("line_id", "kind", name=op.f("uq_kyt_promotions_line_id_kind")),
    )
    op.create_index(op.f("ix_kyt_promotions_draft_id"), "kyt_promotions", ["draft_id"], unique=False)
    op.create_index(op.f("ix_kyt_promotions_measure_id"), "kyt_promotions", ["measure_id"], unique=False)
    op.create_index(op.f("ix_kyt_promotions_session_id"), "kyt_promotions", ["session_id"], unique=False)
    op.create_index(op.f("ix_kyt_promotions_thread_id"), "kyt_promotions", ["thread_id"], unique=False)


def _sqlite() -> list[str]:
    made = []
    for table, keys in FROZEN.items():
        made += [_sqlite_refusal(table, verb, "the record is frozen") for verb in ("UPDATE", "DELETE")]
        made.append(_sqlite_refusal(table, "INSERT", "the record is frozen", _taken(table, keys)))
    for table, keys in KEPT.items():
        made.append(_sqlite_refusal(table, "DELETE", "the record is kept"))
        made.append(_sqlite_refusal(table, "INSERT", "the record is kept", _taken(table, keys)))
    made.append(_sqlite_refusal("kyt_sessions", "UPDATE", "the session is settled", SETTLED))
    for table in LINES:
        for verb, rows in (("INSERT", ["NEW"]), ("UPDATE", ["OLD", "NEW"]), ("DELETE", ["OLD"])):
            condition = " OR ".join(f"{HELD.format(row=row)} IS NOT TRUE" for row in rows)
            made.append(_sqlite_refusal(table, verb, "the session is settled", condition))
    return made


def _sqlite_refusal(table: str, verb: str, reason: str, condition: str = "") -> str:
    when = f" WHEN {condition}" if condition else ""
    message = f"{verb.lower()} of {table} refused: {reason}"
    return (
        f"CREATE TRIGGER guard_{table}_{verb.lower()} BEFORE {verb} ON {table}{when}"
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _taken(table: str, keys: list[tuple[str, ...]]) -> str:
    """Return the condition that a key of the new row is already there."""
    found = [" AND ".join(f"{column} IS NEW.{column}" for column in key) for key in keys]
    return " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {each})" for each in found)  # noqa: S608 - only names from above


def _postgresql() -> list[str]:
    """Return the functions and triggers; ENABLE ALWAYS keeps them awake in every replication role."""
    old, new = (f"{HELD.format(row=row)} IS NOT TRUE" for row in ("OLD", "NEW"))
    made = [
        _function(
            "refuse_kyt_line", f"CASE TG_OP WHEN 'INSERT' THEN {new} WHEN 'DELETE' THEN {old} ELSE {old} OR {new} END"
        ),
        _function("refuse_kyt_session", SETTLED),
    ]
    for tables, verbs in ((FROZEN, "UPDATE OR DELETE"), (KEPT, "DELETE")):
        for table in tables:
            made += _postgresql_trigger(table, "rows", verbs, "ROW", "refuse_change")
            made += _postgresql_trigger(table, "truncate", "TRUNCATE", "STATEMENT", "refuse_change")
    made += _postgresql_trigger("kyt_sessions", "settled", "UPDATE", "ROW", "refuse_kyt_session")
    for table in LINES:
        made += _postgresql_trigger(table, "lock", "INSERT OR UPDATE OR DELETE", "ROW", "refuse_kyt_line")
        made += _postgresql_trigger(table, "truncate", "TRUNCATE", "STATEMENT", "refuse_change")
    return made


def _function(name: str, condition: str) -> str:
    """Return a trigger function that refuses when `condition` holds."""
    return (
        f"CREATE FUNCTION governance_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF ({condition}) THEN"
        " RAISE EXCEPTION '% of % refused: the session is settled', lower(TG_OP), TG_TABLE_NAME"
        " USING ERRCODE = 'restrict_violation';"
        " END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )


def _postgresql_trigger(table: str, name: str, verbs: str, each: str, function: str) -> list[str]:
    trigger = f"guard_{table}_{name}"
    return [
        f"CREATE TRIGGER {trigger} BEFORE {verbs} ON {table} FOR EACH {each} EXECUTE FUNCTION governance_{function}()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}",
    ]
