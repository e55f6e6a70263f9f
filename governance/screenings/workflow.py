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
        "returned": Text("差戻し", "Returned"),
        "in_review": Text("審査中", "In review"),
        "board_queued": Text("付議待ち", "Waiting for the committee"),
        "board_session": Text("審議中", "Before the committee"),
        "approved": Text("承認", "Approved"),
        "approved_with_conditions": Text("条件付承認", "Approved with conditions"),
        "rejected": Text("不承認", "Rejected"),
        "escalated": Text("上位付議", "Escalated"),
        "blocked": Text("停止", "Blocked"),
        "withdrawn": Text("取下げ", "Withdrawn"),
    }
)

ACTIONS: Mapping[str, Text] = MappingProxyType(
    {
        "submit": Text("提出", "submit"),
        "take": Text("審査の引き受け", "take for review"),
        "return": Text("差戻し", "return to the team"),
        "opine": Text("専門チームの意見", "give an opinion"),
        "queue": Text("委員会への付議", "refer to the committee"),
        "open": Text("審議の開始", "open the item"),
        "defer": Text("継続審査", "defer"),
        "approve": Text("承認", "approve"),
        "approve_with_conditions": Text("条件付承認", "approve with conditions"),
        "reject": Text("不承認", "reject"),
        "escalate": Text("上位付議", "escalate"),
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
    """Where an action leads, which permission it needs and which event it leaves in the ledger."""

    state: str
    permission: str
    event: str


TRANSITIONS: Mapping[tuple[str, str], Transition] = MappingProxyType(
    {
        ("draft", "submit"): Transition("submitted", "screening:submit", "ScreeningSubmitted"),
        ("returned", "submit"): Transition("submitted", "screening:submit", "ScreeningSubmitted"),
        ("submitted", "take"): Transition("in_review", "review:take", "ReviewTaken"),
        ("submitted", "approve"): Transition("approved", "screening:approve-light", "DecisionRecorded"),
        ("submitted", "return"): Transition("returned", "screening:approve-light", "ScreeningReturned"),
        ("in_review", "return"): Transition("returned", "review:return", "ScreeningReturned"),
        ("in_review", "opine"): Transition("in_review", "review:opine", "OpinionGiven"),
        ("in_review", "queue"): Transition("board_queued", "review:opine", "CaseQueued"),
        ("in_review", "approve"): Transition("approved", "review:decide", "DecisionRecorded"),
        ("in_review", "approve_with_conditions"): Transition(
            "approved_with_conditions", "review:decide", "DecisionRecorded"
        ),
        ("in_review", "block"): Transition("blocked", "review:rule", "HardStopRaised"),
        ("board_queued", "open"): Transition("board_session", "meeting:run", "ItemOpened"),
        ("board_session", "approve"): Transition("approved", "meeting:decide", "DecisionRecorded"),
        ("board_session", "approve_with_conditions"): Transition(
            "approved_with_conditions", "meeting:decide", "DecisionRecorded"
        ),
        ("board_session", "return"): Transition("returned", "meeting:decide", "DecisionRecorded"),
        ("board_session", "reject"): Transition("rejected", "meeting:decide", "DecisionRecorded"),
        ("board_session", "escalate"): Transition("escalated", "meeting:decide", "DecisionRecorded"),
        ("board_session", "defer"): Transition("board_queued", "meeting:run", "ItemDeferred"),
        ("blocked", "release"): Transition("submitted", "stop:release", "HardStopReleased"),
        ("blocked", "return"): Transition("returned", "review:return", "ScreeningReturned"),
        ("draft", "withdraw"): Transition("withdrawn", "screening:withdraw", "ScreeningWithdrawn"),
        ("submitted", "withdraw"): Transition("withdrawn", "screening:withdraw", "ScreeningWithdrawn"),
        ("returned", "withdraw"): Transition("withdrawn", "screening:withdraw", "ScreeningWithdrawn"),
        ("in_review", "withdraw"): Transition("withdrawn", "screening:withdraw", "ScreeningWithdrawn"),
        ("board_queued", "withdraw"): Transition("withdrawn", "screening:withdraw", "ScreeningWithdrawn"),
        ("blocked", "withdraw"): Transition("withdrawn", "screening:withdraw", "ScreeningWithdrawn"),
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
