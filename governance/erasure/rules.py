"""Rules of erasure without HTTP and SQL: what can be erased, on what ground, how long records are kept, what a gone text says.

Two people, a legal basis, no legal hold (assurance.md §3.8). What the reviewing bodies wrote to reason a decision stays: it is the
record that the duty to keep is about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from governance.refusals import Problem
from governance.texts import ERASED, ERASED_BOTH, Text

BLANK = frozenset({"", ERASED.ja, ERASED.en, ERASED_BOTH})
"""What an erased text may say: the guards of the database let nothing else through (migration 0021)."""

NOBODY = Text("（消去された利用者）", "(erased person)")
MOST_REASON = 2000
BODY_ROOM = 9000
"""Bytes of names and row digests that one entry of the ledger takes; the rest goes into further entries."""

PROJECT_PARTS: Mapping[str, tuple[Text, Text]] = {
    "answers": (
        Text("回答の文章", "Texts of the answers"),
        Text(
            "自由記述・補足・評価の理由・対応策・依頼の文。回答の選択肢と点数は残ります。履歴と写しの文章も消えます。",
            "Free texts, remarks, reasons of ratings, measures, notes to colleagues; also in history and snapshots. Choices and"
            " scores stay.",
        ),
    ),
    "comments": (
        Text("コメント", "Comments"),
        Text(
            "スレッドの文章と、訂正前の文章。誰がいつ書いたかは残ります。",
            "What was said in threads, and earlier texts. Who wrote when stays.",
        ),
    ),
    "evidence": (
        Text("証跡", "Evidence"),
        Text(
            "ファイルの内容、題名、ファイル名、リンク先。ほかの案件も使っている同じ内容のファイルは残ります。SHA-256は残ります。",
            "Content of files, titles, names, addresses. A file whose content another project uses stays. The SHA-256 stays.",
        ),
    ),
    "operation": (
        Text("運用の記録の文章", "Texts on operation"),
        Text(
            "事故・ヒヤリハットの記録とその履歴、外部報告の相手、指標と登録キーの名称、測定値の備考、警報の理由。測定値、日付、重大度などの区分は残ります。",
            "Reports of incidents with their history, whom was told, names of indicators and keys, notes of readings, reasons of alerts."
            " Measured values, dates, severities and other codes stay.",
        ),
    ),
    "exercises": (
        Text("KYTの文章", "Texts of KYT sessions"),
        Text(
            "この案件のKYTの題名・場面・危険・対策・行動目標、参加者として書かれた氏名、確定した記録の本文。◎・※の印、人の識別子、日付は残ります。",
            "Title, situation, hazards, measures and goal of the project’s KYT sessions, names of guests, the frozen record. Marks,"
            " identifiers of people and dates stay.",
        ),
    ),
    "reasons": (
        Text("経過の理由とメモ", "Reasons and notes"),
        Text(
            "中断・廃止・変更申請などの理由と、監査台帳に添えた文章。何をいつ誰がしたかは残ります。",
            "Reasons of suspensions, disposals, amendments and so on, and texts kept beside the ledger. What was done, when and by"
            " whom stays.",
        ),
    ),
    "project": (
        Text("案件の名称・概要・顧客", "Name, summary and customer"),
        Text("案件番号、業種、地域などの区分は残ります。", "Number, sector, regions and other codes stay."),
    ),
    "reports": (
        Text("発行した報告書の控え", "Stored copies of reports"),
        Text(
            "保存しているPDFと記録（record.json）。発行の記録とダイジェストは残り、手元のPDFは引き続き検証できます。",
            "Stored PDFs and records (record.json). Register and digests stay; a PDF that somebody holds can still be verified.",
        ),
    ),
}
PERSON_PARTS: Mapping[str, tuple[Text, Text]] = {
    "account": (
        Text("氏名・メールアドレス・部署", "Name, e-mail and department"),
        Text(
            "アカウントは停止し、サインインと役割は終わり、お知らせは消えます。行った操作は、名前のない識別子で残ります。",
            "The account is closed, sign-ins and roles end, notices go. What the person did stays under an identifier without a name.",
        ),
    ),
    "training": (
        Text("受講記録の備考", "Remarks on training"),
        Text(
            "受講記録の備考と、取り消した理由。いつ何を受講したかは残ります。",
            "Remarks on attendances and reasons of withdrawals. Which course was attended when stays.",
        ),
    ),
}
PARTS: Mapping[str, tuple[Text, Text]] = {**PROJECT_PARTS, **PERSON_PARTS}

STAYS = (
    Text(
        "審査結果・審査の意見と判断・投票・議事録・会議資料・付帯条件（保存義務のある記録です）",
        "Decisions, opinions and rulings of reviews, votes, minutes, materials of meetings and conditions (records that must be kept)",
    ),
    Text(
        "監査台帳のイベント（識別子・コード・ダイジェストだけを含み、名前や文章を含みません）",
        "Events of the ledger (identifiers, codes and digests only, no names and no texts)",
    ),
    Text(
        "発行済みで、すでに手元にあるPDF（このサービスからは消せません）",
        "PDFs already held by others (out of reach of this service)",
    ),
    Text(
        "バックアップ（保存期限が来るまで残ります。復元したときは、消去を再実行します）",
        "Backups (until they expire; after a restore, erasures are performed again)",
    ),
)
"""What an erasure leaves, said before it is asked for and before it is approved."""

BASES: Mapping[str, Text] = {
    "request": Text(
        "本人からの請求（個人情報保護法第35条、GDPR第17条など）", "Request of the person (APPI art. 35, GDPR art. 17)"
    ),
    "purpose": Text(
        "利用する必要がなくなった（個人情報保護法第22条など）", "No longer needed (APPI art. 22, GDPR art. 5(1)(e))"
    ),
    "unlawful": Text("誤って、または不適正に登録された", "Entered by mistake or unlawfully"),
    "contract": Text("顧客との契約による返還・消去の義務", "Duty to return or erase under a contract"),
    "order": Text("法令または当局・裁判所の命令", "Law, or an order of an authority or a court"),
    "expired": Text("保存期間の満了", "The retention period has ended"),
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


EVENT_PARTS: Mapping[str, frozenset[str]] = {
    "answers": _words(
        "MeasureAdopted MeasureChanged MeasureDone MeasureDropped QuestionsDelegated DelegationChanged DelegationDone"
        " DelegationWithdrawn"
    ),
    "comments": _words(
        "ThreadOpened CommentWritten CommentCorrected CommentWithdrawn RemarkAnswered ThreadResolved ThreadReopened"
    ),
    "evidence": _words(
        "EvidenceAdded EvidenceAttached EvidenceDetached EvidenceReplaced EvidenceChanged EvidenceRemoved EvidenceWithdrawn"
    ),
    "operation": _words(
        "IncidentReported IncidentChanged IncidentAnalysed IncidentClosed IncidentReopened IncidentAnswered IncidentDutyNoted"
        " ReadingsEntered ReadingCorrected ReadingKeyMade ReadingKeyRevoked IndicatorAdded IndicatorChanged IndicatorRetired"
        " BandChanged AlertOpened AlertScreened AlertAcknowledged AlertSettled"
    ),
    "exercises": _words("KytOpened KytAdvanced KytFinished KytDropped KytPromoted"),
    "training": _words("TrainingRecorded TrainingWithdrawn"),
    "project": frozenset({"ProjectRegistered", "ProjectChanged"}),
}
"""Part → acts whose private values go with it. Every other act's go with `reasons`, but for those of KEPT_ACTS."""

KEPT_ACTS = _words(
    "AppealFiled ScreeningReturned ReviewAssigned ReviewTaken CheckSettled ReviewBegun ChallengeRaised ChallengeAnswered"
    " ChallengeSettled DiscussionOpened DiscussionConcluded PrecedentCited CitationWithdrawn SampleChecked RulingMade OpinionGiven"
    " CaseQueued HardStopRaised HardStopConfirmed HardStopCleared HardStopReleased CommitteeAdvised CirculationStarted"
    " CirculationAnswered CirculationEnded BodyConsulted ConsultationWithdrawn BodyAnswered MeetingPlanned MeetingChanged"
    " MaterialsSent MeetingOpened AttendanceRecorded AgendaItemAdded ItemOpened MemberRecused AgendaReordered QuestionAsked"
    " QuestionAnswered MotionPut MotionLost MotionWithdrawn VoteCast DecisionRecorded ItemDeferred MeetingClosed MinutesWritten"
    " MinutesApproved PaperPrepared PaperIssued ConditionSet ConditionReported ConditionVerified ConditionRejected ConditionWaived"
    " WaiverProposed WaiverVoted"
    " AmendmentAccepted AmendmentRescreened ReportPrepared ReportIssued ReportAnnulled ErasureRequested"
    " ErasureRefused ErasureWithdrawn ErasurePerformed LegalHoldSet LegalHoldLifted"
)

"""Acts of reviewing bodies and of erasure itself: their reasons are the record that is kept."""


def part_of(act: str) -> str | None:
    """Return the part with which the private values of an act go; None for an act whose values are kept."""
    if act in KEPT_ACTS:
        return None
    return next((part for part, acts in EVENT_PARTS.items() if act in acts), "reasons")


def snapshot_part(path: str) -> str | None:
    """Return the part with which a text of a snapshot goes (`/answers/3/remark`); None for what reviewers ruled."""
    found = {"answers": "answers", "ratings": "answers", "evidence": "evidence", "project": "project"}
    return found.get(path.split("/")[1])


def gone(column: str, has_pair: bool) -> str:
    """Return what an erased text says: its own language where the column has one, else both; an address leads nowhere."""
    if column == "url":
        return ""
    if column.endswith("_en"):
        return ERASED.en
    return ERASED.ja if has_pair else ERASED_BOTH


@dataclass(frozen=True)
class Retention:
    """How long records are kept, counted from the end of a project or the last act of a person; `until` is None before the end."""

    ended_on: date | None
    until: date | None

    def runs(self, today: date) -> bool:
        """Say whether records must still be kept."""
        return self.until is None or today < self.until


def retention(ended_on: date | None, years: int) -> Retention:
    """Return the retention that counts from this day (proposal: ten years; assurance.md §3.8)."""
    if ended_on is None:
        return Retention(None, None)
    day = 28 if (ended_on.month, ended_on.day) == (2, 29) else ended_on.day
    return Retention(ended_on, date(ended_on.year + years, ended_on.month, day))


@dataclass(frozen=True)
class Wish:
    """What is asked for: the parts, the legal basis, why, and why before the retention has ended."""

    parts: tuple[str, ...]
    basis: str
    reason: str
    early: str = ""


def problems(wish: Wish, known: Collection[str], *, is_kept: bool) -> Iterator[Problem]:
    """Yield what is wrong with a request; `is_kept` when the retention of the project or person still runs."""
    if not wish.parts or not set(wish.parts) <= set(known):
        yield Problem("erasure.parts", Text("消去する内容を選んでください。", "Choose what is erased."), "parts")
    if wish.basis not in BASES:
        yield Problem("erasure.basis", Text("法的根拠を選んでください。", "Choose the legal basis."), "basis")
    if not wish.reason.strip():
        yield Problem("erasure.reason", Text("理由を書いてください。", "Say why."), "reason")
    if is_kept and wish.basis == "expired":
        ja, en = "保存期間はまだ満了していません。", "The retention period has not ended yet."
        yield Problem("erasure.not_expired", Text(ja, en), "basis")
    elif is_kept and not wish.early.strip():
        ja, en = (
            "保存期間中に消去する理由を書いてください。",
            "Say why it is erased before the retention period has ended.",
        )
        yield Problem("erasure.early", Text(ja, en), "early")
