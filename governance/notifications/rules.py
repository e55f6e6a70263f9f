"""What notices say and how often they are mailed, as tables: one sentence per kind, one group per kind, one rhythm per group.

A sentence is made of a kind and of codes alone (the key of a question, the code of a phase), so nothing that people wrote can get
into it; names of projects are added by the page, for readers who may see them. Mails say the kind and a number only (assurance.md T7).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import NamedTuple

from governance.texts import Text

AT_ONCE, DAILY, WEEKLY, NONE = "at_once", "daily", "weekly", "none"
RHYTHMS: dict[str, Text] = {
    AT_ONCE: Text("すぐに", "At once"),
    DAILY: Text("1日1通にまとめる", "One mail a day"),
    WEEKLY: Text("週1通にまとめる（月曜）", "One mail a week (Monday)"),
    NONE: Text("メールしない", "No mail"),
}


class Topic(NamedTuple):
    """A group of kinds that a person chooses a rhythm for."""

    name: Text
    rhythm: str


TOPICS: dict[str, Topic] = {
    "requests": Topic(Text("あなたへの依頼", "Asked of you"), AT_ONCE),
    "talk": Topic(Text("コメントと指摘", "Comments and remarks"), DAILY),
    "dates": Topic(Text("期限と見直し", "Dates and reassessments"), DAILY),
    "results": Topic(Text("提出と審査結果", "Submissions and decisions"), AT_ONCE),
    "watch": Topic(Text("監視と停止", "Monitoring and stops"), AT_ONCE),
}


class Kind(NamedTuple):
    """One kind of notice: its group, its name in filters and mails, and its sentences from the most to the least exact.

    The first sentence whose places can all be filled from the codes is used; a sentence beginning with `about:` in its key is used
    only when the code `about` names it.
    """

    topic: str
    name: Text
    sentences: tuple[tuple[str, Text], ...]


def _kind(topic: str, name: Text, *sentences: tuple[str, str, str]) -> Kind:
    return Kind(topic, name, tuple((about, Text(ja, en)) for about, ja, en in sentences))


KINDS: dict[str, Kind] = {
    "assigned": _kind(
        "requests",
        Text("担当の依頼", "Assigned to you"),
        ("delegation", "質問 {question} の回答を頼まれました。", "You were asked to answer question {question}."),
        ("delegation", "質問への回答を頼まれました。", "You were asked to answer questions."),
        ("owner", "案件の責任者になりました。", "You are now the owner of a project."),
        ("approver", "案件の承認者になりました。", "You are now the approver of a project."),
        ("member", "案件の担当者に加わりました。", "You are now a member of a project."),
        ("condition", "付帯条件 C-{number} の担当になりました。", "You are now the owner of condition C-{number}."),
        (
            "board_question",
            "委員会から質問 Q{number} が届きました。回答してください。",
            "The committee asks question Q{number}. Please answer it.",
        ),
        ("measure", "対応策の担当になりました。", "A measure was assigned to you."),
        ("review", "審査の担当になりました。", "You are now the reviewer of a case."),
        ("review_over", "審査の担当がほかの人に替わりました。", "The review was handed to somebody else."),
        ("", "担当になりました。", "Something was assigned to you."),
    ),
    "returned": _kind(
        "requests",
        Text("差戻し", "Returned"),
        (
            "condition",
            "付帯条件 C-{number} の報告が差し戻されました。",
            "Your report on condition C-{number} was returned.",
        ),
        ("", "スクリーニングが差し戻されました。", "A screening was returned to be mended."),
    ),
    "to_verify": _kind(
        "requests",
        Text("確認の依頼", "To verify"),
        (
            "condition",
            "付帯条件 C-{number} の報告が届きました。確認してください。",
            "A report on condition C-{number} waits for you to verify it.",
        ),
        ("minutes", "議事録の承認を頼まれました。", "Minutes wait for your approval."),
        (
            "erasure",
            "消去第{number}号の申請が、二人目の承認を待っています。",
            "The request for erasure no. {number} waits for the consent of a second person.",
        ),
        ("", "確認を頼まれました。", "Something waits for you to verify it."),
    ),
    "mentioned": _kind(
        "requests",
        Text("メンション", "Mentioned"),
        (
            "",
            "質問 {question} のコメントであなたの名前が挙がりました。",
            "You were mentioned in a comment on question {question}.",
        ),
        ("", "コメントであなたの名前が挙がりました。", "You were mentioned in a comment."),
    ),
    "commented": _kind(
        "talk",
        Text("コメント", "Comment"),
        ("board_question", "質問 Q{number} の回答が届きました。", "Question Q{number} was answered."),
        ("delegation", "頼んだ質問の回答が済みました。", "The questions you asked about were answered."),
        ("", "質問 {question} にコメントがつきました。", "There is a new comment on question {question}."),
        ("", "コメントがつきました。", "There is a new comment."),
    ),
    "remarked": _kind(
        "talk",
        Text("審査者の指摘", "Reviewer’s remark"),
        (
            "resolved",
            "質問 {question} の指摘が解決済みになりました。",
            "The remark on question {question} was resolved.",
        ),
        ("resolved", "指摘が解決済みになりました。", "A remark was resolved."),
        (
            "challenge",
            "質問 {question} の回答に審査者の疑義があります。回答してください。",
            "The reviewer challenges the answer to question {question}. Please answer.",
        ),
        (
            "challenge",
            "影響・起こりやすさの評価に審査者の疑義があります。回答してください。",
            "The reviewer challenges a grade. Please answer.",
        ),
        ("challenge_answered", "疑義への回答が届きました。", "A challenge was answered."),
        ("challenge_settled", "疑義の決着がつきました。", "A challenge was settled."),
        ("", "質問 {question} に審査者の指摘がつきました。", "The reviewer remarked on question {question}."),
        ("", "審査者の指摘がつきました。", "The reviewer made a remark."),
    ),
    "due_soon": _kind(
        "dates",
        Text("期限が近い", "Due soon"),
        ("screening", "スクリーニングの期限は{on}です。", "A screening is due on {on}."),
        (
            "condition",
            "付帯条件 C-{number} の期限は{on}です。",
            "Condition C-{number} is due on {on}.",
        ),
        ("measure", "対応策の期限は{on}です。", "A measure is due on {on}."),
        (
            "delegation",
            "頼まれた質問の期限は{on}です。",
            "Questions you were asked to answer are due on {on}.",
        ),
        ("validity", "承認の有効期限は{on}です。", "An approval ends on {on}."),
        ("", "期限が近づいています。", "Something is due soon."),
    ),
    "overdue": _kind(
        "dates",
        Text("期限超過", "Overdue"),
        ("screening", "スクリーニングの期限は{on}でした。", "A screening was due on {on}."),
        (
            "condition",
            "付帯条件 C-{number} の期限は{on}でした。",
            "Condition C-{number} was due on {on}.",
        ),
        ("measure", "対応策の期限は{on}でした。", "A measure was due on {on}."),
        (
            "delegation",
            "頼まれた質問の期限は{on}でした。",
            "Questions you were asked to answer were due on {on}.",
        ),
        ("review", "{on}から審査を待っている案件があります。", "A case has been waiting for review since {on}."),
        (
            "verify",
            "付帯条件 C-{number} は{on}から確認を待っています。",
            "Condition C-{number} has been waiting to be verified since {on}.",
        ),
        ("validity", "承認の有効期限は{on}でした。", "An approval ended on {on}."),
        ("", "期限を過ぎています。", "Something is overdue."),
    ),
    "evidence_expiring": _kind(
        "dates",
        Text("証跡の期限", "Evidence expiring"),
        ("expired", "証跡の有効期限は{on}でした。", "A piece of evidence expired on {on}."),
        ("", "証跡の有効期限は{on}です。", "A piece of evidence expires on {on}."),
        ("", "証跡の有効期限が近づいています。", "A piece of evidence expires soon."),
    ),
    "training": _kind(
        "dates",
        Text("教育の期限", "Training"),
        (
            "soon",
            "教育 {course} の有効期限は{on}です。受け直してください。",
            "Training {course} is valid until {on}; take it again.",
        ),
        ("expired", "教育 {course} の有効期限は{on}でした。", "Training {course} was valid until {on}."),
        ("missing", "教育 {course} の受講が必要です。", "Training {course} is required of you."),
        ("", "教育の受講状況を確かめてください。", "Look at your training."),
    ),
    "reassessment": _kind(
        "dates",
        Text("再スクリーニング", "Reassessment"),
        ("", "再スクリーニングが必要になりました。", "A re-screening has become necessary."),
    ),
    "submitted": _kind(
        "results",
        Text("提出", "Submitted"),
        (
            "approval",
            "軽易な案件が提出されました。承認を判断してください。",
            "A light case was submitted and waits for your approval.",
        ),
        ("committee", "案件が委員会の付議待ちになりました。", "A case waits for the committee."),
        ("team", "スクリーニングが提出されました。", "A screening was submitted."),
        ("amendment", "変更が申請されました。判断してください。", "A change was filed and waits for your decision."),
        ("appeal", "不承認に対する異議が申し立てられました。", "A rejection was appealed."),
        (
            "executive",
            "案件が上位付議されました。決定を待っています。",
            "A case was referred to the executive for decision.",
        ),
        ("circulation", "持ち回りの回答を求められました。", "You are asked to answer a circulation."),
        ("circulated", "案件が持ち回りで決定されました。", "A case was decided by circulation."),
        ("consulted", "案件への意見を求められました。", "Your body was asked for its opinion on a case."),
        ("answered", "照会した機関から意見が届きました。", "A body you consulted has given its opinion."),
        ("materials", "会議の資料が届きました。", "The materials of a meeting are there."),
        ("agenda", "案件が委員会の議題になりました。", "A case was put on the agenda of the committee."),
        ("", "案件が提出されました。", "A case was submitted."),
    ),
    "decided": _kind(
        "results",
        Text("審査結果", "Decided"),
        ("letter", "審査結果通知書 {number} が発行されました。", "Decision letter {number} was issued."),
        ("annulled", "文書 {number} が取り消されました。", "Document {number} was annulled."),
        ("approved", "審査結果が出ました：承認", "Decided: approved"),
        ("approved_with_conditions", "審査結果が出ました：条件付承認", "Decided: approved with conditions"),
        ("deferred", "審査結果が出ました：継続審査", "Decided: deferred"),
        ("rejected", "審査結果が出ました：不承認", "Decided: not approved"),
        ("escalated", "審査結果が出ました：上位付議", "Decided: escalated"),
        ("condition", "付帯条件 C-{number} の対応が確認されました。", "Condition C-{number} was verified."),
        ("amendment_decided", "変更申請の結果が出ました。", "A change that was filed is decided."),
        ("waived", "付帯条件 C-{number} が免除されました。", "Condition C-{number} was waived."),
        ("erasure_performed", "消去第{number}号が実行されました。", "Erasure no. {number} was performed."),
        (
            "erasure_refused",
            "消去第{number}号の申請が却下されました。",
            "The request for erasure no. {number} was refused.",
        ),
        ("", "審査結果が出ました。", "There is a decision."),
    ),
    "bulk": _kind(
        "results",
        Text("報告書の一括発行", "Bulk issue of reports"),
        ("stopped", "報告書の一括発行が途中で止まりました。", "The bulk issue of reports has stopped."),
        ("", "報告書の一括発行が終わりました。", "The bulk issue of reports is ready."),
    ),
    "alert": _kind(
        "watch",
        Text("監視の警報", "Monitoring alert"),
        ("out", "指標{number}の測定値が許容範囲を外れました。", "A reading of indicator {number} is out of its band."),
        ("overdue", "指標{number}の測定が予定日を過ぎています。", "A reading of indicator {number} is overdue."),
        ("", "監視指標が許容範囲を外れました。", "A monitored reading is out of its band."),
    ),
    "incident": _kind(
        "watch",
        Text("インシデント", "Incident"),
        ("near_miss", "ヒヤリハットが報告されました。", "A near miss was reported."),
        ("", "インシデントが報告されました。", "An incident was reported."),
    ),
    "suspended": _kind(
        "watch",
        Text("停止", "Stopped"),
        ("stop", "停止事項に当たるため、審査が止まりました。", "A hard stop applies; the review has stopped."),
        ("confirmed", "停止が確認されました。", "The hard stop was confirmed."),
        ("released", "停止が解除されました。", "The hard stop was released."),
        (
            "condition",
            "付帯条件 C-{number} の期限超過により、案件が一時停止になりました。",
            "The overdue condition C-{number} has suspended the project.",
        ),
        ("resumed", "案件の停止が解かれました。", "The suspension of a project has ended."),
        ("", "案件が停止されました。", "A project was suspended."),
    ),
}

_CODE = re.compile(r"[A-Za-z0-9_.:/+-]{0,64}")
_PATH = re.compile(r"/[A-Za-z0-9_.:/?=&#+%-]{0,299}")


def topic_of(kind: str) -> str:
    """Return the group of a kind."""
    return KINDS[kind].topic


def kinds_of(topic: str) -> tuple[str, ...]:
    """Return the kinds of a group."""
    return tuple(code for code, kind in KINDS.items() if kind.topic == topic)


def sentence(kind: str, codes: Mapping[str, object]) -> Text:
    """Return what a notice says: the most exact sentence that its codes can fill."""
    given = codes.get("about", "")
    for about, text in KINDS[kind].sentences:
        if about in ("", given) and _places(text) <= codes.keys():
            return text.filled(**codes)
    return KINDS[kind].name


def _places(text: Text) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text.ja) if name}


def check(kind: str, href: str, codes: Mapping[str, str]) -> None:
    """Raise ValueError, a fault of the program, for an unknown kind, an address elsewhere, or a code that could be free text."""
    if kind not in KINDS:
        raise ValueError(f"no such kind of notice: {kind}")
    if not _PATH.fullmatch(href) or href.startswith("//"):
        raise ValueError("a notice leads to a path of the service")
    for name, code in codes.items():
        if not _CODE.fullmatch(code):
            raise ValueError(f"the code {name} of a notice holds more than a code")
