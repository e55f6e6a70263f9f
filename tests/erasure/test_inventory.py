"""Every column in which people write below a project is either erased with a part or kept for a reason that is written down here."""

from __future__ import annotations

from sqlalchemy import String, Text

from governance.erasure.finding import PLACES
from governance.erasure.rules import EVENT_PARTS, KEPT_ACTS
from governance.ledger.governed import CONTENT_TABLES, GOVERNED
from governance.ledger.rules import EVENT_TYPES
from governance.storage.tables import Base

KEPT = {
    "the record of reviews and decisions": (
        "rulings reviews review_assignments review_checks challenges case_discussions citations light_samples committee_opinions"
        " consultations circulations circulation_votes body_opinions attendances agenda_items recusals votes motions item_questions"
        " meeting_materials minutes_versions meetings decisions conditions waivers amendments.verdict appeals committees committee_members"
        " committee_rule_versions sampling_shares"
    ),
    "the record of incidents, readings and exercises": (
        "incidents incident_changes incident_duties indicators.name indicators.name_en indicators.unit reading_keys kyt_sessions"
        " kyt_records courses course_terms training_records reading_batches"
    ),
    "documents of the installation": (
        "framework_versions questionnaire_versions questionnaire_retirements questionnaire_drafts"
    ),
    "the register, and erasure itself": "reports papers report_annulments erasures legal_holds",
    "no words of people": (
        "snapshots.body answers.value evidence.media_type projects.system_version projects.department projects.department_en"
    ),
    "erased in a way of its own (finding.py)": "answer_changes.body",
}
WRITTEN = (String(300).length, None)
"""Lines and long texts; shorter columns hold identifiers, codes and digests."""


def written() -> set[str]:
    """Return every column of governed tables in which words may stand."""
    return {
        f"{name}.{column.name}"
        for name, table in Base.metadata.tables.items()
        if name in GOVERNED or name in CONTENT_TABLES
        for column in table.columns
        if isinstance(column.type, String | Text) and column.type.length in WRITTEN
    }


def test_every_text_is_erased_with_a_part_or_kept_by_name() -> None:
    erased = {f"{each.model.__tablename__}.{name}" for each in PLACES for name in each.columns.split()}
    kept = {name for names in KEPT.values() for name in names.split()}
    unnamed = {each for each in written() - erased if each not in kept and each.split(".")[0] not in kept}
    assert unnamed == set()
    assert erased <= written()


def test_every_act_named_by_the_rules_is_one_of_the_ledger() -> None:
    assert {act for acts in EVENT_PARTS.values() for act in acts} | KEPT_ACTS <= EVENT_TYPES.keys()
