"""What an entry of the ledger says: the closed list of acts and the canonical body of one entry (version 1).

A body holds identifiers, codes, numbers and digests only. Names, reasons and other free text enter as salted digests
(HMAC-SHA-256 under 32 random bytes), so that they can be erased later while the tree still verifies (assurance.md §3.2–3.3, §3.8).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import rfc8785

from governance.texts import Text

BODY_VERSION = 1
BODY_LIMIT = 16 * 1024
"""Largest body in bytes; anything longer belongs into a file or row whose digest is recorded."""

ROWS_PATH = "rows"
"""Path of the ledger value that holds the salt of an entry's row digests."""

Code = str | int | bool | None | Sequence[str | int | bool | None]
Ref = str | Sequence[str]

EVENT_TYPES: dict[str, Text] = {
    "AccountCreated": Text("利用者の登録", "Account created"),
    "AccountChanged": Text("利用者情報の変更", "Account changed"),
    "AccountClosed": Text("利用者の停止", "Account closed"),
    "AccountReopened": Text("利用者の再開", "Account reopened"),
    "PasswordChanged": Text("パスワードの変更", "Password changed"),
    "RoleGranted": Text("役割の付与", "Role granted"),
    "RoleEnded": Text("役割の終了", "Role ended"),
    "FrameworkPublished": Text("枠組みの公開", "Framework published"),
    "QuestionnaireDrafted": Text("質問票の下書きの作成", "Draft of a questionnaire begun"),
    "QuestionnaireSubmitted": Text("質問票の下書きの審査依頼", "Draft of a questionnaire submitted for review"),
    "QuestionnaireReturned": Text("質問票の下書きの差戻し", "Draft of a questionnaire returned"),
    "DraftDiscarded": Text("質問票の下書きの破棄", "Draft of a questionnaire discarded"),
    "QuestionnairePublished": Text("質問票の公開", "Questionnaire published"),
    "QuestionnaireRetired": Text("質問票の廃止", "Questionnaire retired"),
    "ProjectRegistered": Text("案件の登録", "Project registered"),
    "ProjectChanged": Text("案件情報の変更", "Project changed"),
    "ProjectSuspended": Text("案件の一時停止", "Project suspended"),
    "ProjectResumed": Text("案件の再開", "Project resumed"),
    "ProjectWithdrawn": Text("案件の取下げ", "Project withdrawn"),
    "ProjectRetired": Text("案件の廃止", "Project retired"),
    "MemberJoined": Text("案件メンバーの参加", "Member joined the project"),
    "MemberLeft": Text("案件メンバーの離任", "Member left the project"),
    "ReadingGranted": Text("閲覧権の付与", "Reading granted"),
    "ReadingEnded": Text("閲覧権の終了", "Reading ended"),
    "ScreeningOpened": Text("スクリーニングの開始", "Screening opened"),
    "ReassessmentOpened": Text("再スクリーニングの開始", "Re-screening opened"),
    "ReasonAdded": Text("再スクリーニングの理由の追加", "Reason added to a re-screening"),
    "AnswersCopied": Text("似た案件からの回答の写し", "Answers copied from a similar project"),
    "AnswersCopyUndone": Text("回答の写しの取消し", "Copy of answers undone"),
    "TriggersAnswered": Text("判定項目への回答", "Triggers answered"),
    "AmendmentFiled": Text("変更申請", "Amendment filed"),
    "AmendmentAccepted": Text("変更申請の承認", "Amendment accepted"),
    "AmendmentRescreened": Text("変更申請による再スクリーニング", "Amendment screened again"),
    "AmendmentWithdrawn": Text("変更申請の取下げ", "Amendment withdrawn"),
    "AppealFiled": Text("異議の申立て", "Appeal filed"),
    "EvidenceAdded": Text("証跡の追加", "Evidence added"),
    "EvidenceAttached": Text("回答への証跡の添付", "Evidence attached to an answer"),
    "EvidenceDetached": Text("回答からの証跡の取外し", "Evidence detached from an answer"),
    "EvidenceReplaced": Text("証跡の新しい版", "New version of evidence"),
    "EvidenceChanged": Text("証跡の題名・有効期限の変更", "Title or last day of evidence changed"),
    "EvidenceRemoved": Text("証跡の削除", "Evidence removed"),
    "EvidenceWithdrawn": Text("証跡の使用の取りやめ", "Evidence withdrawn from use"),
    "ScreeningSubmitted": Text("スクリーニングの提出", "Screening submitted"),
    "ScreeningWithdrawn": Text("スクリーニングの取下げ", "Screening withdrawn"),
    "ScreeningReturned": Text("差戻し", "Screening returned"),
    "ScreeningReopened": Text("再提出に向けた再開", "Screening reopened"),
    "ScreeningMigrated": Text("新しい版の質問票への移行", "Screening moved to newer questionnaires"),
    "ScreeningMigrationUndone": Text("質問票の移行の取消し", "Move to newer questionnaires undone"),
    "MeasureAdopted": Text("対応策の採用", "Measure adopted"),
    "MeasureChanged": Text("対応策の変更", "Measure changed"),
    "MeasureDone": Text("対応策の完了", "Measure done"),
    "MeasureDropped": Text("対応策の取りやめ", "Measure dropped"),
    "ThreadOpened": Text("スレッドの開始", "Thread opened"),
    "CommentWritten": Text("コメントの記入", "Comment written"),
    "CommentCorrected": Text("コメントの訂正", "Comment corrected"),
    "CommentWithdrawn": Text("コメントの取下げ", "Comment withdrawn"),
    "RemarkAnswered": Text("指摘への回答", "Remark answered"),
    "ThreadResolved": Text("スレッドの解決", "Thread resolved"),
    "ThreadReopened": Text("スレッドの再開", "Thread reopened"),
    "QuestionsDelegated": Text("回答の依頼", "Questions delegated"),
    "DelegationChanged": Text("依頼の変更", "Delegation changed"),
    "DelegationDone": Text("依頼の完了", "Delegation done"),
    "DelegationWithdrawn": Text("依頼の取消し", "Delegation withdrawn"),
    "ReviewAssigned": Text("審査の担当の割当て", "Reviewer assigned"),
    "ReviewTaken": Text("専門チームによる審査の引き受け", "Review taken"),
    "CheckSettled": Text("事前確認の項目の確認", "Item of the pre-check settled"),
    "ReviewBegun": Text("事前確認の完了・審査の開始", "Pre-check done, review begun"),
    "ChallengeRaised": Text("回答・評価への疑義", "Challenge raised"),
    "ChallengeAnswered": Text("疑義への回答", "Challenge answered"),
    "ChallengeSettled": Text("疑義の決着", "Challenge settled"),
    "DiscussionOpened": Text("討議の開始", "Discussion opened"),
    "DiscussionConcluded": Text("討議の終了", "Discussion concluded"),
    "PrecedentCited": Text("先例の引用", "Precedent cited"),
    "CitationWithdrawn": Text("先例の引用の取消し", "Citation withdrawn"),
    "SamplingShareSet": Text("抜き取りの割合の変更", "Share of the sample set"),
    "SampleChecked": Text("抜き取り確認", "Sample checked"),
    "RulingMade": Text("審査担当者の判断", "Ruling made"),
    "OpinionGiven": Text("専門チームの意見", "Opinion given"),
    "CaseQueued": Text("委員会への付議", "Case queued for the committee"),
    "HardStopRaised": Text("停止要件の検出", "Hard stop raised"),
    "HardStopConfirmed": Text("停止要件の確認", "Hard stop confirmed"),
    "HardStopCleared": Text("停止要件の非該当判断", "Hard stop cleared"),
    "HardStopReleased": Text("停止の解除", "Hard stop released"),
    "CommitteeCreated": Text("委員会の設置", "Committee created"),
    "CommitteeRulesChanged": Text("委員会規程の変更", "Committee rules changed"),
    "CommitteeAdvised": Text("委員会の意見の記録", "Opinion of the committee recorded"),
    "CirculationStarted": Text("持ち回りの開始", "Circulation started"),
    "CirculationAnswered": Text("持ち回りの回答", "Circulation answered"),
    "CirculationEnded": Text("持ち回りの終了", "Circulation ended"),
    "BodyMemberAdded": Text("機関のメンバーの追加", "Member of a body added"),
    "BodyMemberEnded": Text("機関のメンバーの終了", "Member of a body ended"),
    "BodyConsulted": Text("機関への意見照会", "Body consulted"),
    "ConsultationWithdrawn": Text("意見照会の取下げ", "Consultation withdrawn"),
    "BodyAnswered": Text("機関の意見", "Opinion of a body given"),
    "MemberAppointed": Text("委員の任命", "Committee member appointed"),
    "MemberTermEnded": Text("委員の任期終了", "Committee member's term ended"),
    "MeetingPlanned": Text("会議の招集", "Meeting planned"),
    "MeetingChanged": Text("会議予定の変更", "Meeting changed"),
    "MaterialsSent": Text("会議資料の送付", "Materials sent"),
    "MeetingOpened": Text("開会", "Meeting opened"),
    "AttendanceRecorded": Text("出席の記録", "Attendance recorded"),
    "AgendaItemAdded": Text("議題の追加", "Agenda item added"),
    "ItemOpened": Text("議題の審議開始", "Agenda item opened"),
    "MemberRecused": Text("利益相反による退席", "Member recused"),
    "AgendaReordered": Text("議題の順の変更", "Agenda reordered"),
    "QuestionAsked": Text("議題への質問", "Question asked on an item"),
    "QuestionAnswered": Text("議題の質問への回答", "Question on an item answered"),
    "MotionPut": Text("採決の発議", "Motion put"),
    "MotionLost": Text("否決", "Motion lost"),
    "MotionWithdrawn": Text("採決の取下げ", "Motion withdrawn"),
    "VoteCast": Text("投票", "Vote cast"),
    "DecisionRecorded": Text("審査結果の記録", "Decision recorded"),
    "ItemDeferred": Text("継続審査", "Agenda item deferred"),
    "MeetingClosed": Text("閉会", "Meeting closed"),
    "MinutesWritten": Text("議事録の作成・訂正", "Minutes written"),
    "MinutesApproved": Text("議事録の承認", "Minutes approved"),
    "PaperPrepared": Text("会議の文書の作成", "Paper of a meeting prepared"),
    "PaperIssued": Text("会議の文書の発行", "Paper of a meeting issued"),
    "ConditionSet": Text("付帯条件の設定", "Condition set"),
    "ConditionReported": Text("付帯条件の完了報告", "Condition reported"),
    "ConditionVerified": Text("付帯条件の確認", "Condition verified"),
    "ConditionRejected": Text("付帯条件の報告の差戻し", "Condition report rejected"),
    "WaiverProposed": Text("付帯条件の免除の付議", "Waiver of a condition put on an agenda"),
    "WaiverVoted": Text("付帯条件の免除の可決", "Waiver of conditions carried"),
    "ConditionWaived": Text("付帯条件の免除", "Condition waived"),
    "IndicatorAdded": Text("指標の登録", "Indicator added"),
    "IndicatorChanged": Text("指標の変更", "Indicator changed"),
    "BandChanged": Text("指標の許容範囲の変更", "Band of an indicator changed"),
    "IndicatorRetired": Text("指標の終了", "Indicator retired"),
    "ReadingsEntered": Text("測定値の登録", "Readings entered"),
    "ReadingCorrected": Text("測定値の訂正", "Reading corrected"),
    "ReadingKeyMade": Text("測定値の登録キーの発行", "Key for readings made"),
    "ReadingKeyRevoked": Text("測定値の登録キーの失効", "Key for readings revoked"),
    "AlertOpened": Text("警報の発生", "Alert opened"),
    "AlertScreened": Text("警報からの再スクリーニング", "Re-screening from an alert"),
    "AlertAcknowledged": Text("警報の確認", "Alert acknowledged"),
    "AlertSettled": Text("警報の解消", "Alert settled"),
    "IncidentReported": Text("事故・ヒヤリハットの報告", "Incident reported"),
    "IncidentChanged": Text("事故・ヒヤリハットの記録の変更", "Record of an incident changed"),
    "IncidentAnalysed": Text("事故・ヒヤリハットの分析の完了", "Incident analysed"),
    "IncidentClosed": Text("事故・ヒヤリハットの終結", "Incident closed"),
    "IncidentReopened": Text("事故・ヒヤリハットの再開", "Incident reopened"),
    "IncidentAnswered": Text("事故への対応の登録", "Answer to an incident named"),
    "IncidentDutyNoted": Text("事故の外部報告の記録", "Report of an incident to others noted"),
    "KytOpened": Text("KYTの開始", "KYT session begun"),
    "KytAdvanced": Text("KYTのラウンドの移行", "KYT session moved to another round"),
    "KytFinished": Text("KYTの終了と記録の確定", "KYT session finished"),
    "KytDropped": Text("KYTの中止", "KYT session dropped"),
    "KytPromoted": Text("KYTの成果の反映", "Line of a KYT session carried over"),
    "CourseAdded": Text("教育講座の登録", "Course added"),
    "CourseChanged": Text("教育講座の変更", "Course changed"),
    "CourseTermsSet": Text("教育講座の受講条件の設定", "Terms of a course set"),
    "CourseRetired": Text("教育講座の終了", "Course retired"),
    "TrainingRecorded": Text("受講の記録", "Attendance at a course recorded"),
    "TrainingWithdrawn": Text("受講記録の取消し", "Attendance at a course withdrawn"),
    "ReportPrepared": Text("報告書の作成", "Report prepared"),
    "ReportIssued": Text("報告書の発行", "Report issued"),
    "ReportAnnulled": Text("報告書・文書の取消", "Report or paper annulled"),
    "KeyRotated": Text("台帳の署名鍵の設定・交替", "Signing key of the ledger set or changed"),
    "ExportCreated": Text("データの書出し", "Export created"),
    "ErasureRequested": Text("消去の申請", "Erasure requested"),
    "ErasureRefused": Text("消去の申請の却下", "Erasure refused"),
    "ErasureWithdrawn": Text("消去の申請の取下げ", "Request for an erasure withdrawn"),
    "ErasurePerformed": Text("個人に関する内容の消去", "Personal content erased"),
    "LegalHoldSet": Text("保全の設定", "Legal hold set"),
    "LegalHoldLifted": Text("保全の解除", "Legal hold lifted"),
    "RestorePerformed": Text("バックアップからの復元", "Restored from a backup"),
    "ClockAnomaly": Text("時計の逆行の検出", "Clock went backwards"),
}
"""Every act that the ledger knows, with its name in both languages; past tense, one word per act."""

_CODE = re.compile(r"[A-Za-z0-9_.:/+\-]{0,200}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class BadEvent(ValueError):
    """A service described an act in a way the ledger does not accept: a fault of the program, never of a user."""


@dataclass
class Draft:
    """One act of a unit of work, not yet numbered. `rows` maps `table:id` to the canonical row, or None when it was removed."""

    type: str
    at: datetime
    actor: Mapping[str, str | list[str]]
    subject: tuple[str, str]
    rev: tuple[int | None, int | None] = (None, None)
    project: str | None = None
    codes: Mapping[str, Code] = field(default_factory=dict)
    refs: Mapping[str, Ref] = field(default_factory=dict)
    private: Mapping[str, str] = field(default_factory=dict)
    rows: dict[str, bytes | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Value:
    """A private value with the salt of its digest, kept beside the entry so that it can be shown, or erased."""

    path: str
    salt: bytes
    value: bytes


def moment(at: datetime) -> str:
    """Return the one written form of a time: UTC with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def commitment(salt: bytes, value: bytes) -> str:
    """Return the salted digest of a value: HMAC-SHA-256 under the salt, in hex."""
    return hmac.digest(salt, value, "sha256").hex()


def check(draft: Draft) -> None:
    """Refuse an act that is not in the list, or that would bring free text into a body. Raises BadEvent."""
    if draft.type not in EVENT_TYPES:
        raise BadEvent(f"{draft.type} is not an event type (governance/ledger/rules.py)")
    if not draft.subject[1]:
        raise BadEvent(f"{draft.type}: the subject has no identifier yet; flush first")
    for name in (*draft.codes, *draft.refs, *draft.private):
        _match(_NAME, name, draft.type, "a lower-case name")
    for value in (*draft.subject, draft.project or "", *_flat(draft.codes)):
        if isinstance(value, str):
            _match(_CODE, value, draft.type, "a code; put free text into private")
    for value in _flat(draft.refs):
        _match(_DIGEST, value, draft.type, "a SHA-256 in hex")


def _flat(values: Mapping[str, Code]) -> list[str | int | bool | None]:
    """Return all single values of a mapping whose values may be lists."""
    flat: list[str | int | bool | None] = []
    for value in values.values():
        flat.extend([value] if isinstance(value, str) or not isinstance(value, Sequence) else value)
    return flat


def _match(pattern: re.Pattern[str], value: object, act: str, what: str) -> None:
    if not (isinstance(value, str) and pattern.fullmatch(value)):
        raise BadEvent(f"{act}: {value!r} is not {what}")


def build(draft: Draft, *, seq: int, log: str, salt: Callable[[], bytes]) -> tuple[bytes, list[Value]]:
    """Return the canonical body of entry `seq` and the private values that belong to it.

    `log` names the ledger, `salt` gives 32 fresh random bytes; `seal` in the body fixes the
    salt of the row digests. Raises BadEvent for an act the ledger does not accept.
    """
    check(draft)
    values = [Value(f"private.{name}", salt(), text.encode()) for name, text in sorted(draft.private.items())]
    private = {value.path.removeprefix("private."): commitment(value.salt, value.value) for value in values}
    rows: dict[str, str | None] = {}
    seal = Value(ROWS_PATH, salt(), b"") if draft.rows else None
    if seal is not None:
        rows = {key: None if row is None else commitment(seal.salt, row) for key, row in draft.rows.items()}
        values.append(seal)
    body = rfc8785.dumps(
        {
            "v": BODY_VERSION,
            "log": log,
            "seq": seq,
            **_said(draft),
            "private": private,
            "rows": rows,
            "seal": None if seal is None else hashlib.sha256(seal.salt).hexdigest(),
        }
    )
    if len(body) > BODY_LIMIT:
        raise BadEvent(
            f"{draft.type}: the entry has {len(body)} bytes; record rows and digests with more, smaller events"
        )
    return body, values


def _said(draft: Draft) -> dict[str, Any]:
    """Return the parts of a body that the act itself gives."""
    (kind, id), (before, after) = draft.subject, draft.rev
    return {
        "at": moment(draft.at),
        "type": draft.type,
        "actor": dict(draft.actor),
        "subject": {"kind": kind, "id": id, "rev0": before, "rev1": after},
        "project": draft.project,
        "codes": {name: _listed(value) for name, value in draft.codes.items()},
        "refs": {name: _listed(value) for name, value in draft.refs.items()},
    }


def _listed(value: Code | Ref) -> Any:
    return value if isinstance(value, str) or not isinstance(value, Sequence) else list(value)
