"""Which columns of which tables the ledger answers for; how such a row is written for its digest is in writing.py.

Each entry carries a salted digest of every governed row that its act wrote. Verification writes the present row again and compares
it with the last entry that named it: a change made past the service, a row slipped in and a row taken away are all found.
Names of people and other erasable columns of accounts are not governed; texts of acts are (assurance.md T2, T3).
"""

from __future__ import annotations

from dataclasses import dataclass

from governance.ledger.governed_committees import COMMITTEES
from governance.ledger.governed_desk import DESK
from governance.texts import Text

UNLOCKED_STATES = frozenset({"draft", "returned"})
"""States of a screening in which the team still writes; in all others its answers are locked (assurance.md T1)."""

CONTENTS = "screening_contents"
"""Word for all answers, ratings, attached evidence and history of one screening, anchored together while it is locked."""


@dataclass(frozen=True)
class Governed:
    """A governed table: `columns` always count, `settled` ones only once `state` has left the `open_states` of drafting.

    `digest_of` names a text column and the column with its SHA-256.
    """

    columns: tuple[str, ...]
    label: Text
    settled: tuple[str, ...] = ()
    open_states: frozenset[str] = frozenset()
    digest_of: tuple[str, str] | None = None

    def counted(self, state: str | None) -> tuple[str, ...]:
        """Return the columns that count for a row in this state."""
        return self.columns if state in self.open_states else self.columns + self.settled


def _columns(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GOVERNED: dict[str, Governed] = {
    "role_grants": Governed(_columns("id user_id role granted_at granted_by ended_at"), Text("役割", "role")),
    "framework_versions": Governed(
        _columns("id key version effective_on body digest published_at published_by"),
        Text("枠組みの版", "framework version"),
        digest_of=("body", "digest"),
    ),
    "questionnaire_versions": Governed(
        _columns(
            "id key version kind framework_key phase pack title_ja title_en body digest published_at published_by"
        ),
        Text("質問票の版", "questionnaire version"),
        digest_of=("body", "digest"),
    ),
    "questionnaire_retirements": Governed(
        _columns("id version_id reason retired_at retired_by"), Text("質問票の廃止", "retirement of a questionnaire")
    ),
    "questionnaire_drafts": Governed(
        _columns(
            "id key kind state created_by created_at submitted_by submitted_at reviewed_by reviewed_at review_note version_id"
        ),
        Text("質問票の下書き", "draft of a questionnaire"),
        settled=_columns("based_on text note changed_by changed_at"),
        open_states=frozenset({"draft"}),
    ),
    "projects": Governed(
        _columns(
            "id number name name_en summary summary_en framework_key sector regions own_roles customer customer_en end_subjects"
            " end_subjects_en techniques system_version department department_en created_by created_at"
        ),
        Text("案件", "project"),
    ),
    "project_members": Governed(
        _columns("id project_id user_id part joined_at left_at"), Text("案件メンバー", "project member")
    ),
    "project_readers": Governed(
        _columns("id project_id user_id reason granted_at ended_at"), Text("閲覧権", "leave to read")
    ),
    "evidence": Governed(
        _columns(
            "id project_id kind title title_en filename url media_type size digest added_by added_at removed_at expires_on"
            " replaces_id removed_by removed_because erased_id"
        ),
        Text("証跡", "evidence"),
    ),
    "screenings": Governed(
        _columns("id project_id phase sequence state revision framework_id valid_until opened_by opened_at"),
        Text("スクリーニング", "screening"),
        settled=_columns("due_on triggers_done_at route inherent residual asked answered submitted_by submitted_at"),
        open_states=UNLOCKED_STATES,
    ),
    "rulings": Governed(
        _columns("id screening_id revision kind target outcome reason ruled_by ruled_at"), Text("判断", "ruling")
    ),
    "measures": Governed(
        _columns(
            "id project_id screening_id code question_key title_ja title_en owner_id due_on state note created_by"
            " created_at settled_by settled_at"
        ),
        Text("対応策", "measure"),
    ),
    "screening_moves": Governed(
        _columns(
            "id screening_id from_framework to_framework from_versions to_versions undo moved_by moved_at undone_by undone_at"
        ),
        Text("新しい版の質問票への移行", "move to newer questionnaires"),
    ),
    "threads": Governed(
        _columns("id project_id screening_id place kind state revision opened_by opened_at settled_by settled_at"),
        Text("スレッド", "thread"),
    ),
    "comments": Governed(
        _columns("id thread_id author_id text written_at corrected_at withdrawn_at"), Text("コメント", "comment")
    ),
    "comment_corrections": Governed(
        _columns("id comment_id text replaced_at"), Text("訂正前のコメント", "earlier text of a comment")
    ),
    "mentions": Governed(_columns("id comment_id user_id"), Text("コメントの宛先", "mention")),
    "delegations": Governed(
        _columns(
            "id project_id screening_id place person_id due_on note state given_by given_at settled_by settled_at"
        ),
        Text("回答の依頼", "delegation"),
    ),
    "life_acts": Governed(
        _columns("id project_id number act reason office acted_by acted_at"),
        Text("案件の中断・再開・終了", "turn in the life of a project"),
    ),
    "disposals": Governed(
        _columns(
            "id project_id act_id data models access customers records not_applicable records_until done_by done_on"
            " recorded_by recorded_at"
        ),
        Text("廃止の記録", "disposal record"),
    ),
    "reassessments": Governed(
        _columns("id screening_id basis_id reasons note source subject opened_by opened_at"),
        Text("再スクリーニングの理由", "reason of a re-screening"),
    ),
    "answer_copies": Governed(
        _columns("id screening_id source_id keys items copied_by copied_at undone_by undone_at"),
        Text("似た案件からの写し", "copy from a similar project"),
    ),
    "snapshots": Governed(
        _columns("id screening_id revision stage body digest created_by created_at"),
        Text("写し", "snapshot"),
        digest_of=("body", "digest"),
    ),
    "reviews": Governed(
        _columns("id screening_id revision reviewer_id state started_at"),
        Text("専門チームの審査", "review"),
        settled=_columns("opinion risks open_points recommendation return_reason snapshot_id finished_at"),
        open_states=frozenset({"in_review"}),
    ),
    **{name: Governed(_columns(columns), label) for name, (columns, label) in {**DESK, **COMMITTEES}.items()},
    "committees": Governed(
        _columns("id key name name_en authority rules rules_version rules_effective_on"), Text("委員会", "committee")
    ),
    "committee_members": Governed(
        _columns("id committee_id user_id position side expertise is_chair term_from term_until alternate_of"),
        Text("委員", "committee member"),
    ),
    "meetings": Governed(
        _columns(
            "id committee_id fiscal_year number starts_at place place_en link state materials_sent_on"
            " late_reason opened_at closed_at planned_by"
        ),
        Text("会議", "meeting"),
    ),
    "attendances": Governed(_columns("id meeting_id member_id mode arrived_at left_at"), Text("出席", "attendance")),
    "agenda_items": Governed(
        _columns("id meeting_id position screening_id snapshot_id state motion motion_number deferral_reason opened_at settled_at"),
        Text("議題", "agenda item"),
        settled=("issues", "drafted"),
        open_states=frozenset({"queued", "discussing", "voting"}),
    ),
    "recusals": Governed(_columns("id item_id member_id reason declared_by declared_at"), Text("退席", "recusal")),
    "votes": Governed(
        _columns("id item_id member_id motion motion_number choice dissent cast_at"), Text("投票", "vote")
    ),
    "motions": Governed(
        _columns("id item_id number outcome conditions digest state reason figures votes_digest put_by put_at settled_at"),
        Text("採決の案", "motion"),
    ),
    "item_questions": Governed(
        _columns("id item_id number text asked_by recorded_by asked_at answer answered_by answered_at"),
        Text("質疑", "question on an item"),
    ),
    "meeting_materials": Governed(
        _columns("id meeting_id body digest sent_by sent_at"),
        Text("会議資料", "materials"),
        digest_of=("body", "digest"),
    ),
    "minutes_versions": Governed(
        _columns("id meeting_id number body digest reason written_by written_at"),
        Text("議事録の版", "version of minutes"),
        digest_of=("body", "digest"),
    ),
    "minutes_approvals": Governed(
        _columns("id version_id office approved_by approved_at"), Text("議事録の承認", "approval of minutes")
    ),
    "papers": Governed(
        _columns("id number kind lang meeting_id project_id source_id items record_digest file_digest size pages issued_by issued_at"
            " profile erased_id"),
        Text("会議の文書", "paper of a meeting"),
    ),
    "decisions": Governed(
        _columns(
            "id screening_id revision snapshot_id snapshot_digest body item_id outcome rationale escalated_to quorum"
            " votes_digest valid_until decided_by decided_at"
        ),
        Text("審査結果", "decision"),
    ),
    "conditions": Governed(
        _columns(
            "id decision_id number text text_en kind owner_id verifier_id due_on state evidence_id report verdict"
            " submitted_at settled_by settled_at"
        ),
        Text("付帯条件", "condition"),
    ),
    "indicators": Governed(
        _columns(
            "id project_id number name name_en unit note every_days owner_id opens_screening phase run_length created_by"
            " created_at retired_by retired_at retired_because"
        ),
        Text("指標", "indicator"),
    ),
    "indicator_bands": Governed(
        _columns("id indicator_id version direction low high valid_from reason set_by set_at"),
        Text("指標の許容範囲", "band of an indicator"),
    ),
    "reading_keys": Governed(
        _columns("id project_id name hint digest made_by made_at revoked_by revoked_at"),
        Text("測定値の登録キー", "key for readings"),
    ),
    "reading_batches": Governed(
        _columns("id project_id source key_id size digest entered_by entered_at"),
        Text("測定値の登録", "entry of readings"),
    ),
    "alerts": Governed(
        _columns(
            "id project_id indicator_id kind state reading_id opened_at outcome screening_id settled_how reason quiet_until"
            " settled_by settled_at"
        ),
        Text("警報", "alert"),
    ),
    "incidents": Governed(
        _columns(
            "id project_id number kind state title occurred_on occurred_time found_on happened effect affected affected_count"
            " severity cause immediate prevention consequence screening_id reported_by reported_at analysed_by analysed_at"
            " closed_by closed_at closing_note"
        ),
        Text("事故・ヒヤリハット", "incident"),
    ),
    "incident_changes": Governed(
        _columns("id incident_id number body digest reason changed_by changed_at"),
        Text("事故の記録の版", "saved state of an incident"),
        digest_of=("body", "digest"),
    ),
    "incident_links": Governed(
        _columns("id incident_id measure_id condition_id added_by added_at ended_at"),
        Text("事故への対応", "answer to an incident"),
    ),
    "incident_duties": Governed(
        _columns("id incident_id kind recipient due_on told_on note added_by added_at ended_at"),
        Text("事故の外部報告", "report of an incident to others"),
    ),
    "kyt_sessions": Governed(
        _columns("id number project_id scenario state created_by created_at"),
        Text("KYT", "KYT session"),
        settled=_columns(
            "title title_en situation situation_en held_on place leader_id scribe_id team_goal call settled_by settled_at"
            " dropped_because"
        ),
        open_states=frozenset({"r1", "r2", "r3", "r4"}),
    ),
    "kyt_records": Governed(
        _columns("id session_id body digest finished_by finished_at"),
        Text("KYTの記録", "record of a KYT session"),
        digest_of=("body", "digest"),
    ),
    "kyt_promotions": Governed(
        _columns("id session_id line_id kind measure_id thread_id draft_id question_key promoted_by promoted_at"),
        Text("KYTの成果の反映", "line of a KYT session carried over"),
    ),
    "courses": Governed(
        _columns(
            "id code title title_en about about_en place place_en url self_record created_by created_at retired_by retired_at"
        ),
        Text("教育講座", "course"),
    ),
    "course_terms": Governed(
        _columns("id course_id version effective_on valid_months acts roles mode reason set_by set_at"),
        Text("受講条件", "terms of a course"),
    ),
    "training_records": Governed(
        _columns(
            "id course_id user_id attended_on source terms_id valid_until note recorded_by recorded_at withdrawn_by"
            " withdrawn_at withdrawn_because"
        ),
        Text("受講記録", "attendance at a course"),
    ),
    "amendments": Governed(
        _columns(
            "id project_id number phase approval_id scale reasons text state filed_by filed_at verdict decided_by decided_at"
            " screening_id"
        ),
        Text("変更申請", "amendment"),
    ),
    "appeals": Governed(
        _columns("id screening_id decision_id revision facts filed_by filed_at"), Text("異議の申立て", "appeal")
    ),
    "reports": Governed(
        _columns(
            "id number kind lang project_id snapshot_digest record_digest file_digest size pages is_draft purpose issued_by issued_at"
            " scope profile erased_id"
        ),
        Text("報告書", "report"),
    ),
    "report_annulments": Governed(
        _columns("id report_id paper_id reason annulled_by annulled_at"), Text("報告書の取消", "annulment of a report")
    ),
    "erasures": Governed(
        _columns(
            "id number project_id person_id parts basis reason early state requested_by requested_at decided_by decided_at"
            " verdict counts"
        ),
        Text("消去", "erasure"),
    ),
    "legal_holds": Governed(
        _columns("id number project_id person_id reason set_by set_at lifted_by lifted_at lifted_because"),
        Text("保全", "legal hold"),
    ),
}
"""Table name → what counts. Identifiers are in every row, so that a row cannot stand in for another."""

CONTENT_TABLES: dict[str, tuple[str, ...]] = {
    "answer_changes": _columns("id question_key revision body author_id saved_at"),
    "answer_evidence": _columns("question_key evidence_id attached_by attached_at"),
    "answers": _columns(
        "id question_key value text remark due_on carried_from to_confirm confirm_because author_id saved_at"
    ),
    "item_ratings": _columns(
        "id item severity likelihood severity_reason likelihood_reason to_confirm author_id saved_at"
    ),
    "screening_questionnaires": _columns("id questionnaire_id position"),
}
"""Tables below a screening, with the columns that count."""

ADDED_LATER = {
    "answers": frozenset({"text", "to_confirm", "confirm_because"}),
    "item_ratings": frozenset({"to_confirm"}),
    "evidence": frozenset({"expires_on", "replaces_id", "removed_by", "removed_because", "erased_id"}),
    "committee_members": frozenset({"alternate_of"}),
    "meetings": frozenset({"link", "late_reason"}),
    "agenda_items": frozenset({"motion_number", "drafted"}),
    "votes": frozenset({"motion_number"}),
    "reviews": frozenset({"risks", "open_points"}),
    "reports": frozenset({"scope", "profile", "erased_id"}),
    "papers": frozenset({"profile", "erased_id"}),
}
"""Columns of governed tables and of contents that came after the first release.

An empty one is left out, so that entries made before still hold.
"""


def row_key(table: str, id: str) -> str:
    """Return the name under which a row stands in an entry."""
    return f"{table}:{id}"
