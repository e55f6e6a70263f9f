"""Everything an administrator of the database can do to the record is found, and the first bad entry is named."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from governance.ledger.audit import verify_database
from governance.ledger.governed import CONTENT_TABLES, GOVERNED
from governance.ledger.services import Head, head
from governance.ledger.verify import Fault, Verdict
from governance.projects.models import Evidence
from governance.storage.database import Database
from governance.storage.files import FileStore
from governance.storage.migrate import downgrade, upgrade
from governance.work import SYSTEM, open_work
from tests.ledger import case
from tests.ledger.admin import entry, rebuild, rewrite, run, unguarded


def first(verdict: Verdict) -> Fault:
    assert verdict.first is not None
    assert verdict.first.ja
    assert verdict.first.en
    return verdict.first


def named(verdict: Verdict) -> tuple[str, int | None]:
    return first(verdict).code, first(verdict).seq


def kept(database: Database) -> Head:
    with database.session(read_only=True) as session:
        return head(session)


def test_an_untouched_ledger_is_whole(written: Database) -> None:
    verdict = verify_database(written, known={case.SIZE: kept(written).root})
    assert (verdict.ok, verdict.size, verdict.first) == (True, case.SIZE, None)
    assert verdict.root == kept(written).root
    assert verdict.rows == len(GOVERNED) + 2 + 1  # three accounts have a role; one screening's content


def test_an_edited_body_is_found(written: Database) -> None:
    with unguarded(written) as admin:
        body, _ = entry(admin, 5)
        run(admin, "UPDATE ledger_event SET body = ? WHERE seq = 5", body.replace(b"2026", b"2025"))
    assert named(verify_database(written)) == ("leaf", 5)


def test_an_edited_body_with_its_hash_renewed_is_found(written: Database) -> None:
    with unguarded(written) as admin:
        rewrite(admin, 5, entry(admin, 5)[0].replace(b'"administrator"', b'"auditor"'))
    found = first(verify_database(written))
    assert (found.code, found.seq, found.until) == ("node", 4, 5)


def test_a_deleted_entry_is_found(written: Database) -> None:
    with unguarded(written) as admin:
        run(admin, "DELETE FROM ledger_event WHERE seq = 6")
    assert named(verify_database(written)) == ("missing", 6)


def test_a_deleted_entry_with_the_gap_closed_is_found(written: Database) -> None:
    with unguarded(written) as admin:
        run(admin, "DELETE FROM ledger_event WHERE seq = 6")
        for seq in range(7, case.SIZE):
            run(admin, "UPDATE ledger_event SET seq = ? WHERE seq = ?", seq - 1, seq)
    assert named(verify_database(written)) == ("number", 6)


def test_an_inserted_entry_is_found(written: Database) -> None:
    with unguarded(written) as admin:
        body, leaf = entry(admin, 9)
        values = "SELECT ?, body, leaf, type, subject, project FROM ledger_event WHERE seq = 9"
        run(admin, f"INSERT INTO ledger_event (seq, body, leaf, type, subject, project) {values}", case.SIZE)
        assert leaf
        assert body
    assert first(verify_database(written)).seq == case.SIZE


def test_reordered_entries_are_found(written: Database) -> None:
    with unguarded(written) as admin:
        (five, _), (six, _) = entry(admin, 5), entry(admin, 6)
        rewrite(admin, 5, six)
        rewrite(admin, 6, five)
        rebuild(admin)
    assert named(verify_database(written)) == ("number", 5)


def test_a_cut_end_is_found_by_what_is_left_of_it(written: Database) -> None:
    with unguarded(written) as admin:
        run(admin, "DELETE FROM ledger_event WHERE seq >= 12")
    found = verify_database(written)
    assert "cut" in {fault.code for fault in found.faults}
    assert first(found).seq == 11


def test_a_clean_cut_is_found_by_the_rows_written_in_it(written: Database) -> None:
    with unguarded(written) as admin:
        cut(admin, 13)
    found = verify_database(written)
    assert {(fault.code, fault.place) for fault in found.faults} >= {
        ("row_unknown", "decisions:d-1"),
        ("row_unknown", "reports:rp-1"),
    }


def test_a_clean_cut_is_found_by_a_root_kept_elsewhere(written: Database) -> None:
    saved = kept(written)
    with unguarded(written) as admin:
        cut(admin, 13)
    assert "shorter" in {fault.code for fault in verify_database(written, known={saved.size: saved.root}).faults}


def cut(admin: object, size: int) -> None:
    run(admin, "DELETE FROM ledger_event WHERE seq >= ?", size)
    run(admin, "DELETE FROM ledger_value WHERE seq >= ?", size)
    run(admin, "DELETE FROM ledger_node WHERE (idx + 1) << level > ?", size)


def test_a_rebuilt_ledger_is_found_by_a_root_kept_elsewhere(written: Database) -> None:
    saved = kept(written)
    with unguarded(written) as admin:
        rewrite(admin, 3, entry(admin, 3)[0].replace(b'"administrator"', b'"auditor"'))
        rebuild(admin)
    assert verify_database(written).ok, "without a kept root a careful rebuild cannot be seen; the handbook says so"
    found = first(verify_database(written, known={saved.size: saved.root}))
    assert found.code == "root"


def test_a_rebuilt_ledger_with_entries_after_the_kept_root_is_found(written: Database) -> None:
    with unguarded(written) as admin:
        rewrite(admin, 3, entry(admin, 3)[0].replace(b'"administrator"', b'"auditor"'))
        rebuild(admin)
    assert first(verify_database(written, known={8: b"\0" * 32})).code == "root"


def test_a_changed_private_value_is_found(written: Database) -> None:
    with unguarded(written) as admin:
        run(admin, "UPDATE ledger_value SET value = ? WHERE seq = 1 AND path = 'private.name'", "別人".encode())
    assert named(verify_database(written)) == ("value", 1)


def test_private_values_swapped_between_entries_are_found(written: Database) -> None:
    with unguarded(written) as admin:
        stored = {
            seq: run(
                admin, "SELECT salt, value FROM ledger_value WHERE seq = ? AND path = 'private.name'", seq
            ).fetchone()
            for seq in (1, 2)
        }
        for seq, other in ((1, 2), (2, 1)):
            salt, value = stored[other]
            run(
                admin,
                "UPDATE ledger_value SET salt = ?, value = ? WHERE seq = ? AND path = 'private.name'",
                salt,
                value,
                seq,
            )
    assert named(verify_database(written)) == ("value", 1)


@pytest.mark.parametrize("path", ["private.name", "rows"])
def test_a_private_value_lost_without_an_erasure_is_found(written: Database, path: str) -> None:
    with unguarded(written) as admin:
        run(admin, "DELETE FROM ledger_value WHERE seq = 2 AND path = ?", path)
    assert named(verify_database(written)) == ("value_missing", 2)


def test_a_private_value_slipped_in_is_found(written: Database) -> None:
    with unguarded(written) as admin:
        run(
            admin, "INSERT INTO ledger_value (seq, path, salt, value) VALUES (7, 'private.note', ?, ?)", b"s" * 32, b"x"
        )
    assert named(verify_database(written)) == ("value_extra", 7)


def test_changed_index_columns_are_found(written: Database) -> None:
    with unguarded(written) as admin:
        for seq, column in ((7, "type"), (8, "subject"), (9, "project")):
            run(admin, f"UPDATE ledger_event SET {column} = 'VoteCast' WHERE seq = ?", seq)
    found = [(fault.code, fault.seq, fault.place) for fault in verify_database(written).faults]
    assert found == [("column", 7, "type"), ("column", 8, "subject"), ("column", 9, "project")]


CHANGES = {
    "role_grants": "role = 'administrator' WHERE id = 'grant-owner'",
    "framework_versions": "effective_on = '2020-01-01'",
    "questionnaire_versions": "title_ja = '別の題'",
    "questionnaire_retirements": "reason = '別の理由'",
    "questionnaire_drafts": "text = 'key: other'",
    "projects": "regions = '[\"japan\"]'",
    "project_members": "part = 'approver'",
    "project_readers": "ended_at = '2026-11-20 03:00:00'",
    "evidence": "title = '別の証跡'",
    "screenings": "residual = 1",
    "measures": "state = 'done'",
    "screening_moves": "to_versions = '[]'",
    "life_acts": "reason = '別の理由'",
    "disposals": "data = '別の処分'",
    "reassessments": "reasons = '[]'",
    "answer_copies": "keys = '[]'",
    "threads": "state = 'answered'",
    "comments": "text = '別のコメント'",
    "comment_corrections": "text = '別の文'",
    "mentions": "user_id = 'u-owner'",
    "delegations": "note = '別の依頼'",
    "rulings": "outcome = 'standard'",
    "snapshots": "revision = 2",
    "reviews": "reviewer_id = 'u-owner'",
    "review_assignments": "reviewer_id = 'u-owner'",
    "review_checks": "outcome = 'not_met'",
    "challenges": "proposed = 'missing'",
    "case_discussions": "topic = '別の論点'",
    "citations": "note = '別の理由'",
    "sampling_shares": "percent = 0",
    "light_samples": "result = 'higher'",
    "committees": "rules = '{\"min_members\": 1}'",
    "committee_members": "side = 'internal'",
    "committee_rule_versions": "effective_on = '2020-01-01'",
    "committee_opinions": "outcome = 'approved'",
    "body_members": "body = 'legal'",
    "consultations": "question = '別の問い'",
    "circulations": "outcome = 'rejected'",
    "circulation_votes": "choice = 'full_board'",
    "body_opinions": "stance = 'objection'",
    "meetings": "number = 2",
    "attendances": "mode = 'in_person'",
    "agenda_items": "motion = 'rejected'",
    "recusals": "reason = '別の理由'",
    "votes": "choice = 'against'",
    "motions": "outcome = 'rejected'",
    "item_questions": "text = '別の質問'",
    "meeting_materials": "sent_by = 'u-owner'",
    "minutes_versions": "reason = '別の理由'",
    "minutes_approvals": "office = 'secretary'",
    "papers": "number = 'AIG-R2-2026-0002'",
    "decisions": "outcome = 'approved'",
    "conditions": "state = 'verified'",
    "waivers": "motion_number = 1",
    "amendments": "scale = 'major'",
    "appeals": "facts = '別の事実'",
    "reports": "purpose = '別の目的'",
    "report_annulments": "reason = '別の理由'",
    "indicators": "opens_screening = false",
    "indicator_bands": "low = '1'",
    "reading_keys": "revoked_at = NULL",
    "reading_batches": "source = 'csv'",
    "alerts": "reason = '別の理由'",
    "incidents": "severity = 1",
    "incident_changes": "changed_by = 'u-expert'",
    "incident_links": "ended_at = '2026-11-20 03:00:00'",
    "incident_duties": "told_on = NULL, due_on = '2026-12-01'",
    "kyt_sessions": "team_goal = '別の目標'",
    "kyt_records": "finished_by = 'u-expert'",
    "kyt_promotions": "promoted_by = 'u-expert'",
    "courses": "title = '別の講座'",
    "course_terms": "mode = 'off'",
    "training_records": "attended_on = '2026-01-01'",
    "erasures": "reason = '別の理由'",
    "legal_holds": "reason = '別の理由'",
}


def test_every_governed_table_has_an_attack() -> None:
    assert set(CHANGES) == set(GOVERNED)


def test_rows_changed_past_the_service_are_found_each_by_name(written: Database) -> None:
    with unguarded(written) as admin:
        for table, change in CHANGES.items():
            run(admin, f"UPDATE {table} SET {change}")
    found = [fault for fault in verify_database(written).faults if fault.code == "row_changed"]
    assert sorted(fault.place.split(":")[0] for fault in found) == sorted(CHANGES)
    assert all(fault.seq is not None for fault in found)


def test_one_row_changed_past_the_service_is_the_only_fault(written: Database) -> None:
    with unguarded(written) as admin:
        run(admin, f"UPDATE votes SET {CHANGES['votes']}")
    assert [(fault.code, fault.place) for fault in verify_database(written).faults] == [("row_changed", "votes:v-1")]


LATER = ("expires_on = '2027-03-31'", "replaces_id = 'e-1'", "removed_by = 'u-owner'", "removed_because = '誤り'")


@pytest.mark.parametrize("change", LATER)
def test_a_later_column_filled_past_the_service_is_found(written: Database, change: str) -> None:
    """An empty later column is left out of the digest; a filled one never is."""
    with unguarded(written) as admin:
        run(admin, f"UPDATE evidence SET {change}")
    assert [(fault.code, fault.place) for fault in verify_database(written).faults] == [("row_changed", "evidence:e-1")]


def test_an_entry_made_before_a_later_column_holds_after_the_migration(written: Database) -> None:
    downgrade(written, "0008")
    upgrade(written)
    assert "evidence:e-1" not in {fault.place for fault in verify_database(written).faults}


READINGS = {
    "changed": "UPDATE readings SET value = '99.5'",
    "moved": "UPDATE readings SET at = '2026-11-19 03:00:00'",
    "judged": "UPDATE readings SET verdict = 'in'",
    "lost": "DELETE FROM readings",
    "added": (
        "INSERT INTO readings (id, batch_id, position, indicator_id, at, turn, value, verdict, note)"
        " SELECT 'rd-2', batch_id, 2, indicator_id, '2026-11-19 03:00:00', 0, value, verdict, note FROM readings"
    ),
}


@pytest.mark.parametrize("change", READINGS.values(), ids=READINGS)
def test_a_reading_that_was_tampered_with_is_found(written: Database, change: str) -> None:
    with unguarded(written) as admin:
        run(admin, change)
    faults = [(fault.code, fault.place) for fault in verify_database(written).faults]
    assert faults == [("batch", "reading_batches:rb-1")]


def test_a_reading_whose_time_cannot_be_read_is_found(written: Database) -> None:
    if written.dialect == "postgresql":
        pytest.skip("PostgreSQL itself keeps a time readable")
    with unguarded(written) as admin:
        run(admin, "UPDATE readings SET at = 'soon'")
    assert [fault.code for fault in verify_database(written).faults] == ["batch"]


def test_rows_taken_away_are_found(written: Database) -> None:
    tables = {"votes", "conditions", "role_grants", "evidence", "rulings"}
    with unguarded(written) as admin:
        for table in tables:
            run(admin, f"DELETE FROM {table}")
    found = {fault.place.split(":")[0] for fault in verify_database(written).faults if fault.code == "row_missing"}
    assert found == tables


def test_a_row_slipped_in_is_found(written: Database) -> None:
    with unguarded(written) as admin:
        columns = "item_id, motion, choice, dissent, cast_at"
        run(admin, f"INSERT INTO votes (id, member_id, {columns}) SELECT 'v-2', 'cm-2', {columns} FROM votes")
    found = first(verify_database(written))
    assert (found.code, found.place) == ("row_unknown", "votes:v-2")


def test_a_row_that_cannot_be_read_is_found_and_the_others_are_still_compared(written: Database) -> None:
    if written.dialect == "postgresql":
        pytest.skip("PostgreSQL itself keeps a JSON column readable")
    with unguarded(written) as admin:
        run(admin, "UPDATE projects SET regions = '['")
        run(admin, "UPDATE votes SET choice = 'against'")
    places = {fault.place for fault in verify_database(written).faults}
    assert places == {"projects:p-1", "votes:v-1"}


CONTENT_CHANGES = {
    "answers": "UPDATE answers SET value = 'planned'",
    "answer_changes": "UPDATE answer_changes SET body = '[]'",
    "answer_evidence": "DELETE FROM answer_evidence",
    "item_ratings": "UPDATE item_ratings SET severity = 1",
    "screening_questionnaires": "UPDATE screening_questionnaires SET position = 2",
}


@pytest.mark.parametrize("table", CONTENT_TABLES)
def test_a_change_of_submitted_content_is_found(written: Database, table: str) -> None:
    with unguarded(written) as admin:
        run(admin, CONTENT_CHANGES[table])
    assert [fault.place for fault in verify_database(written).faults] == ["screening_contents:s-1"]


def test_a_changed_snapshot_body_is_found_even_with_a_new_digest(written: Database) -> None:
    with unguarded(written) as admin:
        run(admin, "UPDATE snapshots SET body = '{}', digest = ?", case.sha("{}"))
        run(admin, "DELETE FROM snapshot_texts")
    places = {(fault.code, fault.place) for fault in verify_database(written).faults}
    assert places == {("row_changed", "snapshots:sn-1"), ("basis", "decisions:d-1")}


def test_a_changed_text_of_a_snapshot_is_found(written: Database) -> None:
    with unguarded(written) as admin:
        run(admin, "UPDATE snapshot_texts SET value = '別の文章'")
    assert first(verify_database(written)).code == "text"


def test_a_text_of_a_snapshot_may_only_go_with_a_recorded_erasure(written: Database) -> None:
    with unguarded(written) as admin:
        run(admin, "DELETE FROM snapshot_texts")
    found = first(verify_database(written))
    assert (found.code, found.place) == ("text_missing", "snapshots:sn-1/answers/0/remark")
    with open_work(written, SYSTEM) as work:
        work.record("ErasurePerformed", subject=("snapshot", "sn-1"), codes={"values": [found.place]})
    assert verify_database(written).ok


def test_a_stored_file_that_was_changed_is_found(written: Database, tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    with unguarded(written) as admin:
        run(admin, "DELETE FROM reports")
        run(admin, "DELETE FROM papers")
    assert not [fault for fault in verify_database(written, files=store).faults if fault.code == "file"]
    stored = store.put(io.BytesIO(b"content"), 10)
    with open_work(written, SYSTEM) as work:
        evidence = Evidence(
            id="e-2", project_id="p-1", kind="file", title="t", filename="t.txt", digest=stored.digest, size=7,
            added_by="u-owner", added_at=work.now,
        )  # fmt: skip
        work.session.add(evidence)
        work.record("EvidenceAdded", subject=("evidence", "e-2"), project="p-1")
    assert "file" not in {fault.code for fault in verify_database(written, files=store).faults}
    store.path(stored.digest).write_bytes(b"changed")
    assert ("file", "evidence:e-2") in {
        (fault.code, fault.place) for fault in verify_database(written, files=store).faults
    }
