"""Every column of every table in which people write is either erased with a part or kept for a reason that is written down here."""

from __future__ import annotations

from sqlalchemy import String, Text

from governance.erasure.finding import PERSON, PERSON_PLACES, PLACES
from governance.erasure.rules import EVENT_PARTS, KEPT_ACTS
from governance.ledger.rules import EVENT_TYPES
from governance.storage.tables import Base
from governance.worker import Worker  # brings every model with it

KEPT = {
    "the record of reviews and decisions": (
        "rulings reviews review_assignments review_checks challenges case_discussions citations light_samples committee_opinions"
        " consultations circulations circulation_votes body_opinions attendances agenda_items recusals votes motions item_questions"
        " meeting_materials minutes_versions meetings decisions conditions waivers amendments.verdict appeals committees committee_members"
        " committee_rule_versions sampling_shares"
    ),
    "documents of the installation": (
        "framework_versions questionnaire_versions questionnaire_retirements questionnaire_drafts draft_changes courses course_terms"
    ),
    "the register, and erasure itself": "reports papers report_annulments erasures legal_holds",
    "forgotten by itself after a time": "bulk_jobs.purpose",
    "why a machine failed, never a text of somebody": "job_runs.problem ledger_sendings letters.problem",
    "codes, paths and salted digests": (
        "form_keys notices ledger_checkpoints ledger_event ledger_value.path snapshot_texts.path users.password_hash"
    ),
    "no words of people": (
        "snapshots.body answers.value evidence.media_type indicators.unit projects.system_version projects.department"
        " projects.department_en"
    ),
    "erased in a way of its own (finding.py)": "answer_changes.body readings.note snapshot_texts.value",
}
assert Worker
WRITTEN = (String(300).length, None)
"""Lines and long texts; shorter columns hold identifiers, codes and digests."""


def written() -> set[str]:
    """Return every column of every table in which words may stand."""
    return {
        f"{name}.{column.name}"
        for name, table in Base.metadata.tables.items()
        for column in table.columns
        if isinstance(column.type, String | Text) and column.type.length in WRITTEN
    }


def test_every_text_is_erased_with_a_part_or_kept_by_name() -> None:
    places = (*PLACES, *PERSON_PLACES)
    erased = {f"{each.model.__tablename__}.{name}" for each in places for name in each.columns.split()}
    erased |= {f"users.{name}" for name in PERSON}
    kept = {name for names in KEPT.values() for name in names.split()}
    unnamed = {each for each in written() - erased if each not in kept and each.split(".")[0] not in kept}
    assert unnamed == set(), "make it erasable in finding.py, or name it in KEPT and say why it stays"
    assert erased <= written()
    assert {each for each in kept if each not in Base.metadata.tables} <= written()


def test_every_act_named_by_the_rules_is_one_of_the_ledger() -> None:
    assert {act for acts in EVENT_PARTS.values() for act in acts} | KEPT_ACTS <= EVENT_TYPES.keys()
