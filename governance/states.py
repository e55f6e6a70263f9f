"""What the states of the workflow are called and look like, in one table, so that a state has one word and one shape everywhere.

The code stands in tables and in the ledger; the word is for people; icon and tone are for pages (mockups/README.md §1.4).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from governance.texts import Text

Tone = Literal["", "going", "good", "warn", "bad"]


class State(NamedTuple):
    """The icon, the tone and the word of a state."""

    icon: str
    tone: Tone
    text: Text


STATES: dict[str, State] = {
    "none": State("draft", "", Text("未開始", "Not started")),
    "draft": State("draft", "", Text("作成中", "Draft")),
    "submitted": State("sent", "going", Text("提出済", "Submitted")),
    "triage": State("search", "going", Text("事前確認", "Pre-check")),
    "returned": State("return", "warn", Text("差戻し", "Returned")),
    "in_review": State("review", "going", Text("審査中", "In review")),
    "discussion": State("talk", "going", Text("討議", "In discussion")),
    "board_queued": State("clock", "going", Text("付議待ち", "Waiting for the committee")),
    "board_session": State("review", "going", Text("審議中", "Before the committee")),
    "approved": State("check", "good", Text("承認", "Approved")),
    "approved_with_conditions": State("cond", "good", Text("条件付承認", "Approved with conditions")),
    "rejected": State("cross", "bad", Text("不承認", "Rejected")),
    "deferred": State("hold", "warn", Text("継続審査", "Deferred")),
    "escalated": State("up", "warn", Text("上位付議", "Escalated")),
    "appeal": State("up", "going", Text("異議申立て", "Under appeal")),
    "blocked": State("stop", "bad", Text("停止", "Blocked")),
    "withdrawn": State("leave", "", Text("取下げ", "Withdrawn")),
    "superseded": State("return", "", Text("旧版", "Superseded")),
    "expired": State("late", "bad", Text("失効", "Expired")),
    # projects
    "conditions_open": State("cond", "warn", Text("条件対応中", "Conditions open")),
    "active": State("check", "good", Text("運用中", "In operation")),
    "reassessment": State("clock", "warn", Text("定期再評価", "Reassessment due")),
    "suspended": State("hold", "bad", Text("一時停止", "Suspended")),
    "closed": State("check", "", Text("終了", "Closed")),
    "project.suspended": State("hold", "bad", Text("案件の一時停止", "Project suspended")),
    "project.withdrawn": State("leave", "", Text("案件の取下げ", "Project withdrawn")),
    "project.retired": State("check", "", Text("案件の廃止", "Project retired")),
    # reports issued in bulk, and their files
    "bulk.running": State("clock", "going", Text("作成中", "Running")),
    "bulk.stopped": State("stop", "bad", Text("途中で停止", "Stopped")),
    "bulk.cancelled": State("leave", "", Text("中止", "Cancelled")),
    "bulk.done": State("check", "good", Text("完了", "Done")),
    "bulk.waiting": State("draft", "", Text("待機中", "Waiting")),
    "bulk.making": State("clock", "going", Text("作成中", "Being made")),
    "bulk.failed": State("cross", "bad", Text("失敗", "Failed")),
    # erasures
    "erasure.requested": State("clock", "going", Text("承認待ち", "Waiting for approval")),
    "erasure.approved": State("review", "going", Text("実行中", "Being performed")),
    "erasure.performed": State("check", "good", Text("消去済み", "Erased")),
    "erasure.refused": State("cross", "bad", Text("却下", "Refused")),
    "erasure.withdrawn": State("leave", "", Text("取下げ", "Withdrawn")),
    # conditions
    "condition.open": State("draft", "", Text("未着手", "Open")),
    "condition.submitted": State("sent", "going", Text("確認待ち", "Waiting for verification")),
    "condition.verified": State("check", "good", Text("完了", "Verified")),
    "condition.rejected": State("return", "warn", Text("やり直し", "Sent back")),
    "condition.waived": State("leave", "", Text("免除", "Waived")),
    "condition.overdue": State("late", "bad", Text("期限超過", "Overdue")),
    "open": State("draft", "", Text("未着手", "Open")),
    "verified": State("check", "good", Text("完了", "Verified")),
    "waived": State("leave", "", Text("免除", "Waived")),
    "overdue": State("late", "bad", Text("期限超過", "Overdue")),
    # threads and delegations
    "thread.open": State("talk", "warn", Text("未対応", "Open")),
    "thread.answered": State("sent", "going", Text("回答済み", "Answered")),
    "thread.resolved": State("check", "good", Text("解決済み", "Resolved")),
    "delegation.open": State("sent", "going", Text("依頼中", "Asked")),
    "delegation.done": State("check", "good", Text("完了", "Done")),
    "delegation.withdrawn": State("leave", "", Text("取消し", "Withdrawn")),
    "delegation.overdue": State("late", "bad", Text("期限超過", "Overdue")),
    # challenges of a reviewer
    "challenge.open": State("talk", "warn", Text("チームの回答待ち", "Waits for the team")),
    "challenge.answered": State("sent", "going", Text("回答済み・決着待ち", "Answered, to be settled")),
    "challenge.upheld": State("check", "bad", Text("疑義を認めた", "Upheld")),
    "challenge.withdrawn": State("leave", "", Text("疑義を取り下げた", "Withdrawn")),
    "challenge.returned": State("return", "", Text("差戻しで終了", "Ended by the return")),
    # meetings, their items and their members
    "meeting.planned": State("clock", "", Text("予定", "Planned")),
    "meeting.open": State("review", "going", Text("開会中", "In session")),
    "meeting.closed": State("check", "good", Text("閉会", "Closed")),
    "item.queued": State("draft", "", Text("これから", "To come")),
    "item.discussing": State("review", "going", Text("審議中", "In discussion")),
    "item.voting": State("review", "going", Text("投票中", "Voting")),
    "item.decided": State("check", "good", Text("結果確定", "Decided")),
    "item.deferred": State("hold", "warn", Text("継続審査", "Deferred")),
    "presence.in_person": State("check", "good", Text("出席", "Present")),
    "presence.remote": State("check", "good", Text("オンライン", "Online")),
    "presence.absent": State("draft", "", Text("欠席", "Absent")),
    "presence.left": State("leave", "", Text("退室", "Left")),
    "presence.recused": State("leave", "warn", Text("退席", "Recused")),
    # alerts and incidents
    "alert.open": State("late", "bad", Text("未確認", "Open")),
    "alert.acknowledged": State("check", "", Text("確認済み", "Acknowledged")),
    "alert.settled": State("check", "good", Text("解消", "Settled")),
    "incident.open": State("search", "warn", Text("調査中", "Open")),
    "incident.analysed": State("review", "going", Text("分析済み", "Analysed")),
    "incident.closed": State("check", "good", Text("終結", "Closed")),
    # KYT
    "kyt.r1": State("talk", "going", Text("第1ラウンド", "Round 1")),
    "kyt.r2": State("talk", "going", Text("第2ラウンド", "Round 2")),
    "kyt.r3": State("talk", "going", Text("第3ラウンド", "Round 3")),
    "kyt.r4": State("talk", "going", Text("第4ラウンド", "Round 4")),
    "kyt.finished": State("check", "good", Text("終了", "Finished")),
    "kyt.dropped": State("leave", "", Text("中止", "Dropped")),
    # questionnaires, reports, accounts
    "published": State("check", "good", Text("公開中", "Published")),
    "retired": State("leave", "", Text("終了", "Retired")),
    "issued": State("check", "good", Text("発行済", "Issued")),
    "report.superseded": State("return", "warn", Text("旧版", "Superseded")),
    "report.annulled": State("cross", "bad", Text("取消", "Annulled")),
    "replaced": State("return", "warn", Text("差替え済", "Replaced")),
    "account.active": State("check", "good", Text("利用中", "Active")),
    "account.closed": State("leave", "", Text("停止", "Closed")),
}


def state_of(code: str, kind: str = "") -> State:
    """Return how a state is shown; `kind` (`condition`, `meeting`, `item`, `presence`) picks its own word when it has one.

    An unknown code is shown as it is, because a page must not fail on a record.
    """
    return STATES.get(f"{kind}.{code}") or STATES.get(code) or State("draft", "", Text(code, code))
