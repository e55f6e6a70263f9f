"""The deciding half of a report's content: course of review, committee session, conditions, acceptance and monitoring.

Part of the shape described in `content`, apart from it only for length (sections 9 to 13 of domain.md §7).
"""

from __future__ import annotations

from typing import TypedDict

from governance.reports.words import Coded, Words


class Step(TypedDict):
    """One change of state."""

    at: str
    before: Coded | None
    after: Coded
    actor: str | None
    note: Words


class Comment(TypedDict):
    """A reviewer's comment on a question and the reply."""

    at: str
    by: str
    question: str
    text: Words
    reply: Words


class AnswerDiff(TypedDict):
    """One answer that differs between two revisions."""

    question: str
    before: Words
    after: Words
    effect: Words


class RevisionDiff(TypedDict):
    """What changed from one revision to the next."""

    earlier: int
    later: int
    answers: list[AnswerDiff]


class Course(TypedDict):
    """The course of review."""

    steps: list[Step]
    comments: list[Comment]
    diffs: list[RevisionDiff]


class Member(TypedDict):
    """A committee member in this session; `vote` is null unless policy prints votes by name."""

    name: Words
    side: Coded
    expertise: Words
    attendance: Coded
    vote: Words


class RuleCheck(TypedDict):
    """One rule of the committee with its arithmetic and what came out (`met` null: nothing to meet, a figure only)."""

    rule: Words
    arithmetic: Words
    result: Words
    met: bool | None


class Recusal(TypedDict):
    """Who stepped aside, and why."""

    member: Words
    reason: Words


class Issue(TypedDict):
    """A controverted issue and how it was resolved."""

    topic: Words
    resolution: Words


class Dissent(TypedDict):
    """A dissenting opinion in full; `by` names the member or only the kind of seat."""

    by: Words
    text: Words


class Session(TypedDict):
    """The committee session that decided."""

    name: Words
    session: Words
    on: str
    time: str
    place: Words
    authority: Words
    rules: Words
    members: list[Member]
    checks: list[RuleCheck]
    votes: Words
    recusals: list[Recusal]
    issues: list[Issue]
    minutes: Words
    dissents: list[Dissent]


class Outcome(TypedDict):
    """The decision (審査結果), whoever took it; `by` is null where a committee did."""

    outcome: Coded
    body: Words
    by: str | None
    on: str
    reason: Words
    escalated_to: Words
    valid_until: str | None
    next_review: str | None


class Condition(TypedDict):
    """One condition (付帯条件); `closed` when nothing more has to happen."""

    id: str
    text: Words
    kind: Coded
    finding: str | None
    owner: str
    verifier: str
    due: str
    state: Coded
    closed: bool
    overdue: bool
    evidence: Words
    verdict: Words


class AcceptedRisk(TypedDict):
    """One residual risk that was accepted."""

    item: str
    level: int
    text: Words


class Acceptance(TypedDict):
    """Who accepted the residual risk, why, until when; `by` is null where a committee did."""

    level: int
    body: Words
    by: str | None
    on: str
    id: str | None
    why: Words
    until: str | None
    risks: list[AcceptedRisk]


class Indicator(TypedDict):
    """One monitored figure with its alarm."""

    id: str
    name: Words
    baseline: Words
    alarm: Words
    interval: Words
    action: Words
    owner: str | None


class Monitoring(TypedDict):
    """How we notice when it goes wrong, and when we look again."""

    indicators: list[Indicator]
    next_review: str | None
    basis: Words
    rescreen: list[Words]
    incidents: list[Words]
