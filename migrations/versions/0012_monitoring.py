"""Create the tables of indicators, readings, alerts and incidents; guard what may only grow.

Revision: 0012, after 0011. Bands, readings with their batches, and the history of incidents are only ever added; nothing of the other
tables is taken away. As before, the guards stop the application and accidents, and only verification answers an administrator.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

FROZEN = {
    "indicator_bands": [("id",), ("indicator_id", "version")],
    "reading_batches": [("id",)],
    "readings": [("id",), ("indicator_id", "at", "turn")],
    "incident_changes": [("id",), ("incident_id", "number")],
}
"""Tables whose rows stay as they were inserted, with every key that an insert could collide on."""

KEPT = {
    "indicators": [("id",), ("project_id", "number")],
    "reading_keys": [("id",), ("digest",)],
    "alerts": [("id",)],
    "incidents": [("id",), ("project_id", "number")],
    "incident_links": [("id",)],
    "incident_duties": [("id",)],
}
"""Tables whose rows change but are never taken away."""

TABLES = [
    "incident_links",
    "incident_duties",
    "incident_changes",
    "incidents",
    "alerts",
    "readings",
    "reading_batches",
    "reading_keys",
    "indicator_bands",
    "indicators",
]


def upgrade() -> None:
    _indicators()
    _readings()
    _alerts()
    _incidents()
    _answers_to_incidents()
    statements = _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql()
    for statement in statements:
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)


def _indicators() -> None:
    op.create_table(
        "indicators",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("name_en", sa.String(length=300), nullable=False),
        sa.Column("unit", sa.String(length=300), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("every_days", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.String(length=36), nullable=False),
        sa.Column("opens_screening", sa.Boolean(), nullable=False),
        sa.Column("phase", sa.String(length=64), nullable=False),
        sa.Column("run_length", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_by", sa.String(length=36), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_because", sa.Text(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("every_days >= 1", name=op.f("ck_indicators_every_days")),
        sa.CheckConstraint("run_length >= 1", name=op.f("ck_indicators_run_length")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_indicators_created_by")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_indicators_owner_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_indicators_project_id")),
        sa.ForeignKeyConstraint(["retired_by"], ["users.id"], name=op.f("fk_indicators_retired_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicators")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_indicators_project_id_number")),
    )
    op.create_index(op.f("ix_indicators_owner_id"), "indicators", ["owner_id"], unique=False)
    op.create_table(
        "indicator_bands",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("indicator_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=64), nullable=False),
        sa.Column("low", sa.String(length=64), nullable=False),
        sa.Column("high", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.String(length=36), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("direction IN ('up', 'down', 'within')", name=op.f("ck_indicator_bands_direction")),
        sa.CheckConstraint("low <> '' OR high <> ''", name=op.f("ck_indicator_bands_bounds")),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicators.id"], name=op.f("fk_indicator_bands_indicator_id")),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name=op.f("fk_indicator_bands_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_bands")),
        sa.UniqueConstraint("indicator_id", "version", name=op.f("uq_indicator_bands_indicator_id_version")),
    )


def _readings() -> None:
    op.create_table(
        "reading_keys",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("hint", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=36), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_by", sa.String(length=36), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calls_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_reading_keys_made_by")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_reading_keys_project_id")),
        sa.ForeignKeyConstraint(["revoked_by"], ["users.id"], name=op.f("fk_reading_keys_revoked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_reading_keys_digest")),
    )
    op.create_index(op.f("ix_reading_keys_project_id"), "reading_keys", ["project_id"], unique=False)
    op.create_table(
        "reading_batches",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=36), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("entered_by", sa.String(length=36), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(source = 'api') = (key_id IS NOT NULL)", name=op.f("ck_reading_batches_key")),
        sa.CheckConstraint("source IN ('hand', 'csv', 'api')", name=op.f("ck_reading_batches_source")),
        sa.ForeignKeyConstraint(["entered_by"], ["users.id"], name=op.f("fk_reading_batches_entered_by")),
        sa.ForeignKeyConstraint(["key_id"], ["reading_keys.id"], name=op.f("fk_reading_batches_key_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_reading_batches_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_batches")),
    )
    op.create_index(op.f("ix_reading_batches_project_id"), "reading_batches", ["project_id"], unique=False)
    op.create_table(
        "readings",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("indicator_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("corrects_id", sa.String(length=36), nullable=True),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("band_id", sa.String(length=36), nullable=True),
        sa.Column("verdict", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("value <> '' OR turn > 0", name=op.f("ck_readings_value")),
        sa.CheckConstraint("verdict IN ('in', 'low', 'high', '')", name=op.f("ck_readings_verdict")),
        sa.CheckConstraint("(turn > 0) = (corrects_id IS NOT NULL)", name=op.f("ck_readings_turn")),
        sa.ForeignKeyConstraint(["band_id"], ["indicator_bands.id"], name=op.f("fk_readings_band_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["reading_batches.id"], name=op.f("fk_readings_batch_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["readings.id"], name=op.f("fk_readings_corrects_id")),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicators.id"], name=op.f("fk_readings_indicator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readings")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_readings_corrects_id")),
        sa.UniqueConstraint("indicator_id", "at", "turn", name=op.f("uq_readings_indicator_id_at_turn")),
    )
    op.create_index(op.f("ix_readings_batch_id"), "readings", ["batch_id"], unique=False)


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("indicator_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("reading_id", sa.String(length=36), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=True),
        sa.Column("settled_how", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("quiet_until", sa.Date(), nullable=True),
        sa.Column("settled_by", sa.String(length=36), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('out', 'overdue')", name=op.f("ck_alerts_kind")),
        sa.CheckConstraint(
            "outcome IN ('none', 'waiting', 'opened', 'linked', 'refused')", name=op.f("ck_alerts_outcome")
        ),
        sa.CheckConstraint("state <> 'acknowledged' OR reason <> ''", name=op.f("ck_alerts_reason")),
        sa.CheckConstraint("state IN ('open', 'acknowledged', 'settled')", name=op.f("ck_alerts_state")),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicators.id"], name=op.f("fk_alerts_indicator_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_alerts_project_id")),
        sa.ForeignKeyConstraint(["reading_id"], ["readings.id"], name=op.f("fk_alerts_reading_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_alerts_screening_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["users.id"], name=op.f("fk_alerts_settled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(op.f("ix_alerts_indicator_id"), "alerts", ["indicator_id"], unique=False)
    op.create_index(op.f("ix_alerts_project_id"), "alerts", ["project_id"], unique=False)
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["indicator_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("occurred_time", sa.String(length=64), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("happened", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("affected", sa.String(length=300), nullable=False),
        sa.Column("affected_count", sa.Integer(), nullable=True),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("immediate", sa.Text(), nullable=False),
        sa.Column("prevention", sa.Text(), nullable=False),
        sa.Column("consequence", sa.String(length=64), nullable=False),
        sa.Column("screening_id", sa.String(length=36), nullable=True),
        sa.Column("reported_by", sa.String(length=36), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("analysed_by", sa.String(length=36), nullable=True),
        sa.Column("analysed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=36), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closing_note", sa.Text(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("consequence IN ('none', 'screening', 'suspension')", name=op.f("ck_incidents_consequence")),
        sa.CheckConstraint("kind IN ('incident', 'near_miss')", name=op.f("ck_incidents_kind")),
        sa.CheckConstraint("state <> 'closed' OR closing_note <> ''", name=op.f("ck_incidents_closed")),
        sa.CheckConstraint("state IN ('open', 'analysed', 'closed')", name=op.f("ck_incidents_state")),
        sa.CheckConstraint("severity >= 1", name=op.f("ck_incidents_severity")),
        sa.ForeignKeyConstraint(["analysed_by"], ["users.id"], name=op.f("fk_incidents_analysed_by")),
        sa.ForeignKeyConstraint(["closed_by"], ["users.id"], name=op.f("fk_incidents_closed_by")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_incidents_project_id")),
        sa.ForeignKeyConstraint(["reported_by"], ["users.id"], name=op.f("fk_incidents_reported_by")),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_incidents_screening_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_incidents_project_id_number")),
    )
    op.create_table(
        "incident_changes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("incident_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.String(length=36), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["users.id"], name=op.f("fk_incident_changes_changed_by")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_incident_changes_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_changes")),
        sa.UniqueConstraint("incident_id", "number", name=op.f("uq_incident_changes_incident_id_number")),
    )


def _answers_to_incidents() -> None:
    op.create_table(
        "incident_links",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("incident_id", sa.String(length=36), nullable=False),
        sa.Column("measure_id", sa.String(length=36), nullable=True),
        sa.Column("condition_id", sa.String(length=36), nullable=True),
        sa.Column("added_by", sa.String(length=36), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(measure_id IS NULL) <> (condition_id IS NULL)", name=op.f("ck_incident_links_one")),
        sa.ForeignKeyConstraint(["added_by"], ["users.id"], name=op.f("fk_incident_links_added_by")),
        sa.ForeignKeyConstraint(["condition_id"], ["conditions.id"], name=op.f("fk_incident_links_condition_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_incident_links_incident_id")),
        sa.ForeignKeyConstraint(["measure_id"], ["measures.id"], name=op.f("fk_incident_links_measure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_links")),
    )
    op.create_index(op.f("ix_incident_links_incident_id"), "incident_links", ["incident_id"], unique=False)
    op.create_table(
        "incident_duties",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("incident_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("recipient", sa.String(length=300), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("added_by", sa.String(length=36), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('authority', 'customer', 'affected', 'other')", name=op.f("ck_incident_duties_kind")
        ),
        sa.CheckConstraint("due_on IS NOT NULL OR told_on IS NOT NULL", name=op.f("ck_incident_duties_dates")),
        sa.ForeignKeyConstraint(["added_by"], ["users.id"], name=op.f("fk_incident_duties_added_by")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_incident_duties_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_duties")),
    )
    op.create_index(op.f("ix_incident_duties_incident_id"), "incident_duties", ["incident_id"], unique=False)


def _sqlite() -> list[str]:
    made = []
    for table, keys in FROZEN.items():
        made += [_sqlite_refusal(table, verb, "the record is frozen") for verb in ("UPDATE", "DELETE")]
        made.append(_sqlite_refusal(table, "INSERT", "the record is frozen", _taken(table, keys)))
    for table, keys in KEPT.items():
        made.append(_sqlite_refusal(table, "DELETE", "the record is kept"))
        made.append(_sqlite_refusal(table, "INSERT", "the record is kept", _taken(table, keys)))
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
    """Return the triggers; ENABLE ALWAYS keeps them awake in every replication role."""
    made = []
    for tables, verbs in ((FROZEN, "UPDATE OR DELETE"), (KEPT, "DELETE")):
        for table in tables:
            made += _postgresql_trigger(table, "rows", verbs, "ROW")
            made += _postgresql_trigger(table, "truncate", "TRUNCATE", "STATEMENT")
    return made


def _postgresql_trigger(table: str, name: str, verbs: str, each: str) -> list[str]:
    trigger = f"guard_{table}_{name}"
    return [
        f"CREATE TRIGGER {trigger} BEFORE {verbs} ON {table} FOR EACH {each} EXECUTE FUNCTION governance_refuse_change()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}",
    ]
