"""The way of a screening through review, as one table that can be printed, drawn and tested exhaustively.

Services ask `after(state, action)` and never write a state of their own; whatever the table does not list is refused
(design.md §3.6, domain.md §6.1). A committee that votes to return decides; a department head or the expert team that returns
only sends back.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from governance.refusals import Refusal
from governance.texts import Text, both

STATES: Mapping[str, Text] = MappingProxyType(
    {
        "draft": Text("作成中", "Draft"),
        "submitted": Text("提出済", "Submitted"),
        "triage": Text("事前確認", "Pre-check"),
        "returned": Text("差戻し", "Returned"),
        "in_review": Text("審査中", "In review"),
        "discussion": Text("討議", "In discussion"),
        "board_queued": Text("付議待ち", "Waiting for the committee"),
        "board_session": Text("審議中", "Before the committee"),
        "deferred": Text("継続審査", "Deferred"),
        "approved": Text("承認", "Approved"),
        "approved_with_conditions": Text("条件付承認", "Approved with conditions"),
        "rejected": Text("不承認", "Rejected"),
        "escalated": Text("上位付議", "Escalated"),
        "appeal": Text("異議申立て", "Under appeal"),
        "blocked": Text("停止", "Blocked"),
        "withdrawn": Text("取下げ", "Withdrawn"),
    }
)

ACTIONS: Mapping[str, Text] = MappingProxyType(
    {
        "submit": Text("提出", "submit"),
        "take": Text("審査の引き受け", "take for review"),
        "begin": Text("事前確認の完了", "finish the pre-check"),
        "return": Text("差戻し", "return to the team"),
        "discuss": Text("討議の開始", "open a discussion"),
        "conclude": Text("討議の終了", "conclude the discussion"),
        "opine": Text("専門チームの意見", "give an opinion"),
        "queue": Text("委員会への付議", "refer to the committee"),
        "open": Text("審議の開始", "open the item"),
        "defer": Text("継続審査", "defer"),
        "approve": Text("承認", "approve"),
        "approve_with_conditions": Text("条件付承認", "approve with conditions"),
        "reject": Text("不承認", "reject"),
        "escalate": Text("上位付議", "escalate"),
        "appeal": Text("異議の申立て", "appeal"),
        "block": Text("停止", "block"),
        "release": Text("停止の解除", "release the block"),
        "withdraw": Text("取下げ", "withdraw"),
    }
)

ACTION_OF_OUTCOME: Mapping[str, str] = MappingProxyType(
    {
        "approved": "approve",
        "approved_with_conditions": "approve_with_conditions",
        "returned": "return",
        "deferred": "defer",
        "rejected": "reject",
        "escalated": "escalate",
    }
)


class Transition(NamedTuple):
    """Where an action leads, which permission it needs, which event it leaves in the ledger, what must hold, and whom it tells.

    `guard` is said in words, because the services check it on more than the state; `notice` is a kind of notifications.rules.
    """

    state: str
    permission: str
    event: str
    guard: Text = Text("", "")
    notice: str = ""


ANSWERED = Text("必須の回答、該当なしの理由、写し", "required answers, reasons for “not applicable”, a snapshot")
UNBOUND = Text("案件に関わっていない人", "nobody bound to the project")
REASON = Text("理由の記録", "a recorded reason")
CHECKED = Text("事前確認の完了", "the pre-check is settled")
OPINION = Text("専門チームの意見、停止事由がないこと", "the team's opinion and no hard stop")
LIGHT = Text("残余リスク「低」、停止事由がないこと", "a low residual risk and no hard stop")
MEDIUM = Text(
    "残余リスク「中」以下、意見と確認済みの写し", "at most a medium residual risk, the opinion and its snapshot"
)
ON_AGENDA = Text("開会中、配布した写しがいまの改訂のもの", "the meeting is open and the snapshot is of this revision")
CARRIED = Text(
    "定足数、退席の記録、全員の投票、可決", "quorum, recusals recorded, all have voted, the motion is carried"
)
TWO = Text("法務と専門チームの二人の確認", "two persons: legal and the expert team")
ADVISED = Text("委員会の意見または上位付議の記録", "the committee's opinion or its referral is on record")
NEW_FACTS = Text(
    "不承認から期限内に一度、新しい事実、前と違う担当者", "once, in time, on new facts, with another lead reviewer"
)

TRANSITIONS: Mapping[tuple[str, str], Transition] = MappingProxyType(
    {
        ("draft", "submit"): Transition("submitted", "screening:submit", "ScreeningSubmitted", ANSWERED, "submitted"),
        ("returned", "submit"): Transition(
            "submitted", "screening:submit", "ScreeningSubmitted", ANSWERED, "submitted"
        ),
        ("submitted", "take"): Transition("triage", "review:take", "ReviewTaken", UNBOUND),
        ("submitted", "approve"): Transition(
            "approved", "screening:approve-light", "DecisionRecorded", LIGHT, "decided"
        ),
        ("submitted", "return"): Transition(
            "returned", "screening:approve-light", "ScreeningReturned", REASON, "returned"
        ),
        ("triage", "begin"): Transition("in_review", "review:check", "ReviewBegun", CHECKED),
        ("triage", "return"): Transition("returned", "review:return", "ScreeningReturned", REASON, "returned"),
        ("triage", "block"): Transition("blocked", "review:rule", "HardStopRaised", Text("", ""), "suspended"),
        ("in_review", "return"): Transition("returned", "review:return", "ScreeningReturned", REASON, "returned"),
        ("in_review", "discuss"): Transition("discussion", "review:check", "DiscussionOpened"),
        ("in_review", "opine"): Transition("in_review", "review:opine", "OpinionGiven", OPINION),
        ("in_review", "queue"): Transition("board_queued", "review:opine", "CaseQueued", OPINION, "submitted"),
        ("in_review", "approve"): Transition("approved", "review:decide", "DecisionRecorded", MEDIUM, "decided"),
        ("in_review", "approve_with_conditions"): Transition(
            "approved_with_conditions", "review:decide", "DecisionRecorded", MEDIUM, "decided"
        ),
        ("in_review", "block"): Transition("blocked", "review:rule", "HardStopRaised", Text("", ""), "suspended"),
        ("discussion", "conclude"): Transition("in_review", "review:check", "DiscussionConcluded"),
        ("discussion", "return"): Transition("returned", "review:return", "ScreeningReturned", REASON, "returned"),
        ("board_queued", "open"): Transition("board_session", "meeting:run", "ItemOpened", ON_AGENDA),
        ("deferred", "open"): Transition("board_session", "meeting:run", "ItemOpened", ON_AGENDA),
        ("board_session", "approve"): Transition("approved", "meeting:decide", "DecisionRecorded", CARRIED, "decided"),
        ("board_session", "approve_with_conditions"): Transition(
            "approved_with_conditions", "meeting:decide", "DecisionRecorded", CARRIED, "decided"
        ),
        ("board_session", "return"): Transition("returned", "meeting:decide", "DecisionRecorded", CARRIED, "decided"),
        ("board_session", "reject"): Transition("rejected", "meeting:decide", "DecisionRecorded", CARRIED, "decided"),
        ("board_session", "escalate"): Transition(
            "escalated", "meeting:decide", "DecisionRecorded", CARRIED, "decided"
        ),
        ("board_session", "defer"): Transition("deferred", "meeting:run", "ItemDeferred", REASON, "decided"),
        ("escalated", "approve"): Transition(
            "approved", "case:decide-executive", "DecisionRecorded", ADVISED, "decided"
        ),
        ("escalated", "approve_with_conditions"): Transition(
            "approved_with_conditions", "case:decide-executive", "DecisionRecorded", ADVISED, "decided"
        ),
        ("escalated", "return"): Transition(
            "returned", "case:decide-executive", "DecisionRecorded", ADVISED, "decided"
        ),
        ("escalated", "reject"): Transition(
            "rejected", "case:decide-executive", "DecisionRecorded", ADVISED, "decided"
        ),
        ("rejected", "appeal"): Transition("appeal", "screening:appeal", "AppealFiled", NEW_FACTS, "submitted"),
        ("appeal", "take"): Transition("triage", "review:take", "ReviewTaken", UNBOUND),
        ("blocked", "release"): Transition("submitted", "stop:release", "HardStopReleased", TWO, "suspended"),
        ("blocked", "return"): Transition("returned", "review:return", "ScreeningReturned", REASON, "returned"),
        **{
            (state, "withdraw"): Transition("withdrawn", "screening:withdraw", "ScreeningWithdrawn", REASON)
            for state in (
                "draft",
                "submitted",
                "returned",
                "triage",
                "in_review",
                "discussion",
                "board_queued",
                "deferred",
                "blocked",
            )
        },
    }
)


def after(state: str, action: str) -> Transition:
    """Return what `action` does to a screening in `state` (domain.md §6.1); refuse what the table does not list."""
    found = TRANSITIONS.get((state, action))
    if found is None:
        raise Refusal(
            "reviews.not_now",
            "「{state}」の案件には、「{action}」の操作はできません。画面を開き直して、いまの状態を確かめてください。",
            "This screening is “{state}”, so it is not possible to {action}. Reload the page to see where it stands.",
            state=STATES.get(state, both(state)),
            action=ACTIONS.get(action, both(action)),
        )
    return found


def actions_in(state: str) -> tuple[str, ...]:
    """Return the actions that are possible in `state`, in the order of the table."""
    return tuple(action for here, action in TRANSITIONS if here == state)
