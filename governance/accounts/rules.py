"""Who may do what: roles, permissions and the one function that decides, kept apart from HTTP and SQL so that it can be read.

A permission is held by role codes (`expert`) and by relations to the object (`project.owner`), which the feature of the object
computes. `never` wins over every holder: it carries the separation of duties (assurance.md T3–T5, domain.md §6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from governance.refusals import Forbidden
from governance.texts import Text, joined

ROLES: dict[str, Text] = {
    "member": Text("案件の担当者", "Project member"),
    "owner": Text("案件責任者", "Project owner"),
    "approver": Text("部門責任者", "Department approver"),
    "expert": Text("AI倫理専門チーム", "AI ethics expert team"),
    "secretariat": Text("委員会事務局", "Committee secretariat"),
    "chair": Text("委員長", "Committee chair"),
    "internal_member": Text("内部委員", "Internal committee member"),
    "external_member": Text("外部委員", "External committee member"),
    "legal": Text("法務担当", "Legal counsel"),
    "privacy": Text("プライバシー保護諮問委員会", "Privacy advisory committee"),
    "executive": Text("執行責任者（経営層）", "Executive"),
    "auditor": Text("監査人", "Auditor"),
    "administrator": Text("システム管理者", "Administrator"),
}

RELATIONS: dict[str, Text] = {
    "project.owner": Text("その案件の責任者", "the owner of the project"),
    "project.member": Text("その案件の担当者", "a member of the project"),
    "project.approver": Text("その案件の部門責任者", "the department approver of the project"),
    "project.ever": Text("その案件に関わったことのある人", "anybody who ever belonged to the project"),
    "review.reviewer": Text("その審査の担当者", "the reviewer of the case"),
    "committee.member": Text("その委員会の委員", "a member of the committee"),
    "item.recused": Text("その議題から退席した委員", "a member recused from the item"),
    "condition.owner": Text("その条件の担当者", "the owner of the condition"),
    "condition.verifier": Text("その条件の確認者", "the verifier of the condition"),
    "incident.reporter": Text("その事故の報告者", "whoever reported the incident"),
    "body.member": Text("その機関のメンバー", "a member of the body"),
    "draft.author": Text("その下書きを書いた人", "whoever wrote a part of the draft"),
    "erasure.requester": Text("その消去を申請した人", "whoever asked for the erasure"),
    "erasure.subject": Text("その消去の対象である本人", "the person whom the erasure is about"),
    "kyt.leader": Text("そのKYTの進行役と書記", "leader and scribe of the KYT session"),
    "kyt.participant": Text("そのKYTの参加者", "whoever takes part in the KYT session"),
}

_TEAM = frozenset({"project.owner", "project.member"})
_CASE_STAFF = frozenset({"expert", "secretariat", "chair", "legal", "privacy", "executive", "auditor"})
_BOARD = frozenset({"chair", "internal_member", "external_member"})
_OBSERVER_FREE = frozenset({"auditor", "administrator"})
_AUDITOR = frozenset({"auditor"})  # reads all and changes nothing, whatever else they are
EVERYONE = frozenset(ROLES)


@dataclass(frozen=True)
class Permission:
    """One row of the table: what it allows, who holds it, who is barred even so."""

    text: Text
    holders: frozenset[str]
    never: frozenset[str] = frozenset()


def _row(
    ja: str, en: str, holders: frozenset[str] | set[str], never: frozenset[str] | set[str] = frozenset()
) -> Permission:
    return Permission(Text(ja, en), frozenset(holders), frozenset(never))


PERMISSIONS: dict[str, Permission] = {
    "project:register": _row("案件の登録", "Register a project", {"owner"}, _AUDITOR),
    "project:view": _row(
        "案件の閲覧", "See a project", _TEAM | _CASE_STAFF | {"project.approver", "committee.member"}, {"item.recused"}
    ),
    "project:edit": _row("案件の変更", "Change a project", {"project.owner"}, _AUDITOR),
    "project:members": _row("担当者の変更", "Change the members of a project", {"project.owner"}, _AUDITOR),
    "project:suspend": _row(
        "案件の一時停止", "Suspend a project", {"project.owner", "expert", "secretariat"}, _OBSERVER_FREE
    ),
    "project:resume": _row("案件の再開", "Resume a project", {"project.owner", "expert"}, _OBSERVER_FREE),
    "project:withdraw": _row("案件の取下げ", "Withdraw a project", {"project.owner"}, _OBSERVER_FREE),
    "project:retire": _row("案件の廃止", "Retire a project", {"project.owner"}, _OBSERVER_FREE),
    "screening:reopen": _row("再スクリーニングの開始", "Open a re-screening", _TEAM | {"expert"}, _OBSERVER_FREE),
    "screening:open": _row("スクリーニングの開始", "Open a screening", _TEAM, _AUDITOR),
    "screening:answer": _row("回答の入力", "Answer questions", _TEAM, _OBSERVER_FREE),
    "screening:submit": _row("スクリーニングの提出", "Submit a screening", {"project.owner"}, _OBSERVER_FREE),
    "screening:withdraw": _row("スクリーニングの取下げ", "Withdraw a screening", {"project.owner"}, _AUDITOR),
    "screening:approve-light": _row(
        "軽易な案件の承認",
        "Approve a light case",
        {"project.approver"},
        _OBSERVER_FREE | {"project.owner", "project.member"},
    ),
    "screening:appeal": _row("異議の申立て", "Appeal against a rejection", {"project.owner"}, _OBSERVER_FREE),
    "amendment:file": _row("変更の申請", "File an amendment", _TEAM, _OBSERVER_FREE),
    "amendment:decide": _row(
        "軽微な変更の判断", "Decide a minor amendment", {"expert"}, _OBSERVER_FREE | {"project.ever"}
    ),
    "discussion:write": _row(
        "コメントの記入",
        "Write in a discussion",
        _TEAM | {"project.approver", "expert", "legal", "privacy", "secretariat"},
        _OBSERVER_FREE | {"item.recused"},
    ),
    "delegation:give": _row("回答の依頼", "Ask a colleague to answer", _TEAM, _OBSERVER_FREE),
    "review:take": _row("審査の担当", "Take a case for review", {"expert"}, _OBSERVER_FREE | {"project.ever"}),
    "review:check": _row("回答の確認", "Check the answers", {"expert"}, _OBSERVER_FREE | {"project.ever"}),
    "review:return": _row("差戻し", "Return a case", {"expert"}, _OBSERVER_FREE | {"project.ever"}),
    "review:opine": _row("専門チームの意見", "Give the expert opinion", {"expert"}, _OBSERVER_FREE | {"project.ever"}),
    "review:rule": _row(
        "該当なしの判断", "Rule on a not-applicable answer", {"expert"}, _OBSERVER_FREE | {"project.ever"}
    ),
    "review:decide": _row("標準の案件の決定", "Decide a standard case", {"expert"}, _OBSERVER_FREE | {"project.ever"}),
    "precedent:cite": _row(
        "先例の引用",
        "Cite a precedent",
        {"expert", "secretariat", "chair", "committee.member", "project.approver"},
        _OBSERVER_FREE | {"project.owner", "project.member", "item.recused"},
    ),
    "review:assign": _row("審査の担当の割当て", "Assign a reviewer", {"expert"}, _OBSERVER_FREE | {"project.ever"}),
    "challenge:raise": _row(
        "回答・評価への疑義", "Challenge an answer or grade", {"expert"}, _OBSERVER_FREE | {"project.ever"}
    ),
    "challenge:answer": _row("疑義への回答", "Answer a challenge", _TEAM, _OBSERVER_FREE),
    "sample:check": _row(
        "抜き取り確認", "Check a sample of light cases", {"expert"}, _OBSERVER_FREE | {"project.ever"}
    ),
    "stop:confirm": _row("停止の確認", "Confirm a hard stop", {"legal"}, _OBSERVER_FREE | {"project.ever"}),
    "stop:release": _row("停止の解除", "Release a hard stop", {"legal", "expert"}, _OBSERVER_FREE | {"project.ever"}),
    "committee:view": _row(
        "委員会の閲覧", "See a committee", _CASE_STAFF | _BOARD | {"administrator", "committee.member"}
    ),
    "committee:edit": _row(
        "委員会と委員の変更", "Change a committee and its members", {"secretariat", "administrator"}, _AUDITOR
    ),
    "meeting:plan": _row("会議の計画", "Plan a meeting", {"secretariat"}, _OBSERVER_FREE),
    "meeting:open": _row("開会", "Open a meeting", {"secretariat"}, _OBSERVER_FREE),
    "meeting:run": _row("議事の進行", "Run a meeting", {"secretariat"}, _OBSERVER_FREE),
    "meeting:close": _row("閉会", "Close a meeting", {"secretariat"}, _OBSERVER_FREE),
    "question:ask": _row(
        "議題への質問", "Ask on an item", {"committee.member", "secretariat"}, _OBSERVER_FREE | {"item.recused"}
    ),
    "question:answer": _row(
        "議題の質問への回答",
        "Answer questions on an item",
        _TEAM | {"expert", "secretariat"},
        _OBSERVER_FREE | {"item.recused"},
    ),
    "minutes:write": _row("議事録の編集", "Write minutes", {"secretariat"}, _OBSERVER_FREE),
    "minutes:approve": _row("議事録の承認", "Approve minutes", {"secretariat", "chair"}, _OBSERVER_FREE),
    "paper:print": _row(
        "会議資料の印刷", "Print the board pack", _BOARD | {"secretariat", "expert", "committee.member"}, _OBSERVER_FREE
    ),
    "paper:issue": _row("会議の文書の発行", "Issue papers of a meeting", {"secretariat", "expert"}, _OBSERVER_FREE),
    "meeting:vote": _row("投票", "Vote", {"committee.member"}, _OBSERVER_FREE | {"item.recused"}),
    "meeting:decide": _row(
        "審査結果の確定", "Record a decision", {"chair", "secretariat"}, _OBSERVER_FREE | {"item.recused"}
    ),
    "case:decide-executive": _row(
        "上位付議された案件の決定",
        "Decide a case referred to the executive",
        {"executive"},
        _OBSERVER_FREE | {"project.ever"},
    ),
    "circulation:start": _row("持ち回りの開始", "Start a circulation", {"secretariat"}, _OBSERVER_FREE),
    "body:view": _row("機関の閲覧", "See the bodies", _CASE_STAFF | _BOARD | {"administrator", "body.member"}),
    "body:edit": _row(
        "機関のメンバーの変更", "Change the members of a body", {"secretariat", "administrator"}, _AUDITOR
    ),
    "body:consult": _row(
        "機関への意見照会", "Ask a body for its opinion", {"expert", "secretariat"}, _OBSERVER_FREE | {"project.ever"}
    ),
    "body:answer": _row(
        "機関の意見の記録", "Give the opinion of a body", {"body.member"}, _OBSERVER_FREE | {"project.ever"}
    ),
    "item:recuse": _row("退席の記録", "Record a recusal", {"secretariat", "committee.member"}, _OBSERVER_FREE),
    "condition:report": _row("条件の対応の報告", "Report on a condition", {"condition.owner"}, _OBSERVER_FREE),
    "condition:verify": _row(
        "条件の確認", "Verify a condition", {"condition.verifier"}, _OBSERVER_FREE | {"condition.owner"}
    ),
    "condition:waive": _row("条件の免除の記録", "Record the waiver of a condition", {"secretariat"}, _OBSERVER_FREE),
    "report:issue": _row("報告書の発行", "Issue a report", {"expert", "secretariat", "project.owner"}, _OBSERVER_FREE),
    "report:issue-house": _row(
        "全社の報告書の発行", "Issue a report on the whole house", {"secretariat", "auditor"}, {"administrator"}
    ),
    "report:view-house": _row(
        "全社の報告書の閲覧", "See reports on the whole house", {"secretariat", "auditor", "executive"}, {"administrator"}
    ),
    "report:download": _row(
        "報告書の取得",
        "Download a report",
        _TEAM | _CASE_STAFF | {"project.approver", "committee.member"},
        {"item.recused"},
    ),
    "report:annul": _row(
        "報告書の取消",
        "Annul an issued report",
        {"secretariat", "legal"},
        _OBSERVER_FREE | {"item.recused", "project.ever"},
    ),
    "ledger:view": _row("監査台帳の閲覧", "See the audit ledger", {"auditor", "secretariat", "administrator"}),
    "ledger:verify": _row("監査台帳の検証", "Verify the audit ledger", {"auditor", "secretariat", "administrator"}),
    "questionnaire:view": _row("質問票の閲覧", "See questionnaires", EVERYONE),
    "questionnaire:edit": _row("質問票の作成と変更", "Write a questionnaire", {"expert", "administrator"}, _AUDITOR),
    "questionnaire:publish": _row(
        "質問票の公開", "Publish a questionnaire", {"expert", "administrator"}, _AUDITOR | {"draft.author"}
    ),
    "screening:migrate": _row(
        "新しい版の質問票への移行",
        "Move a screening to newer questionnaires",
        {"expert", "project.owner"},
        _OBSERVER_FREE,
    ),
    "indicator:edit": _row("指標の登録と変更", "Write the indicators of a project", _TEAM, _OBSERVER_FREE),
    "reading:enter": _row("測定値の入力", "Enter readings", _TEAM, _OBSERVER_FREE),
    "reading:keys": _row(
        "測定値の登録キーの発行と失効", "Make and revoke keys for readings", {"project.owner"}, _OBSERVER_FREE
    ),
    "alert:acknowledge": _row("警報の確認", "Acknowledge an alert", _TEAM | {"expert"}, _OBSERVER_FREE),
    "incident:report": _row(
        "事故・ヒヤリハットの報告",
        "Report an incident or near miss",
        _TEAM | {"project.approver", "expert", "legal", "privacy"},
        _OBSERVER_FREE,
    ),
    "incident:edit": _row(
        "事故・ヒヤリハットの調査と記録", "Investigate an incident", _TEAM | {"expert"}, _OBSERVER_FREE
    ),
    "incident:close": _row(
        "事故・ヒヤリハットの終結",
        "Close an incident",
        {"expert"},
        _OBSERVER_FREE | {"project.ever", "incident.reporter"},
    ),
    "kyt:view": _row("KYTの閲覧", "See KYT sessions", EVERYONE),
    "kyt:open": _row("KYTの開始", "Begin a KYT session", EVERYONE, _AUDITOR),
    "kyt:write": _row("KYTへの記入", "Write in a KYT session", {"kyt.leader", "kyt.participant"}, _AUDITOR),
    "kyt:lead": _row("KYTの進行", "Lead a KYT session", {"kyt.leader"}, _AUDITOR),
    "training:view": _row("教育講座の閲覧", "See courses", EVERYONE),
    "training:attend": _row("自分の受講の記録", "Record the own attendance", EVERYONE, _AUDITOR),
    "training:overview": _row("受講状況の閲覧", "See who attended what", {"secretariat", "administrator", "auditor"}),
    "training:manage": _row(
        "教育講座と受講記録の管理", "Manage courses and attendances", {"secretariat", "administrator"}, _AUDITOR
    ),
    "erasure:view": _row(
        "消去の記録の閲覧", "See erasures and legal holds", {"privacy", "legal", "secretariat", "auditor"}
    ),
    "erasure:request": _row(
        "消去の申請", "Ask for an erasure", {"privacy", "legal", "secretariat"}, _OBSERVER_FREE | {"erasure.subject"}
    ),
    "erasure:approve": _row(
        "消去の承認と実行",
        "Approve and perform an erasure",
        {"privacy", "legal"},
        _OBSERVER_FREE | {"erasure.requester", "erasure.subject", "project.ever"},
    ),
    "hold:set": _row("保全の設定と解除", "Set and lift a legal hold", {"legal"}, _OBSERVER_FREE),
    "account:manage": _row("利用者と役割の管理", "Manage people and roles", {"administrator"}),
    "mail:manage": _row("メールの送信状況の確認と再送", "See the sending of mail and send again", {"administrator"}),
}


class Holder(Protocol):
    """Whoever acts: only the roles matter here."""

    @property
    def roles(self) -> frozenset[str]: ...


def may(actor: Holder, permission: str, relations: frozenset[str] = frozenset()) -> bool:
    """Tell whether the actor, standing in these relations to the object, holds the permission and is not barred."""
    row = PERMISSIONS[permission]
    held = actor.roles | relations
    return bool(held & row.holders) and not held & row.never


def may_ever(actor: Holder, permission: str) -> bool:
    """Tell whether there could be an object on which the actor holds the permission (menus, and the door of a page)."""
    row = PERMISSIONS[permission]
    by_relation = bool(row.holders & RELATIONS.keys()) and bool(actor.roles)
    return (bool(actor.roles & row.holders) or by_relation) and not actor.roles & row.never


def authorize(actor: Holder, permission: str, relations: frozenset[str] = frozenset()) -> None:
    """Raise Forbidden, in plain words, unless the actor may. Every service calls this first (assurance.md R-A)."""
    if may(actor, permission, relations):
        return
    row = PERMISSIONS[permission]
    barred = (actor.roles | relations) & row.never
    if barred and (actor.roles | relations) & row.holders:
        raise Forbidden(
            "accounts.barred",
            "「{act}」はできません。公正さを保つため、次の立場の人は除かれます：{who}。",
            "You cannot do this: {act}. To keep it fair, these are excluded: {who}.",
            act=row.text,
            who=names(frozenset(barred)),
        )
    raise Forbidden(
        "accounts.not_permitted",
        "「{act}」の権限がありません。できるのは次の人です：{who}。",
        "You are not permitted to do this: {act}. It can be done by: {who}.",
        act=row.text,
        who=names(row.holders),
    )


def names(holders: frozenset[str]) -> Text:
    """Return the holders in words, in the order of the tables above."""
    known = {**ROLES, **RELATIONS}
    return joined(known[code] for code in known if code in holders)
