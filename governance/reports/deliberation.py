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


class Consulted(TypedDict):
    """What a body was asked about the case, and what it said; `stance` null while it has not answered."""

    body: Words
    at: str
    question: Words
    stance: Words
    answered_at: str | None
    text: Words


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
    consulted: list[Consulted]
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


class Precedent(TypedDict):
    """An earlier decision that was cited: its number and outcome, nothing of what the case is about; and what follows from it."""

    number: str
    on: str
    outcome: Coded
    session: Words
    note: Words


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
    precedents: list[Precedent]


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


class Measured(TypedDict):
    """One reading of the chart: a time, an exact value, and how it stood to the band that was in force (in, low, high or nothing)."""

    at: str
    value: str
    verdict: str


class Limit(TypedDict):
    """A band from a moment on; an open side is empty."""

    since: str
    low: str
    high: str


class Indicator(TypedDict):
    """One monitored figure with its band. `readings` are those a chart of this size needs; `count` and `out` are of all."""

    id: str
    name: Words
    unit: str
    latest: Words
    alarm: Words
    interval: Words
    every_days: int
    action: Words
    owner: str | None
    title: Words
    count: int
    out: int
    readings: list[Measured]
    bands: list[Limit]


class AlertLine(TypedDict):
    """That an indicator left its band or went unread, what followed, and why it may rest."""

    on: str
    indicator: str
    text: Words
    state: Words
    reason: Words


class IncidentLine(TypedDict):
    """An incident or near miss since the last decision, or one that is still open."""

    id: str
    kind: Words
    on: str
    title: Words
    severity: Words
    state: Words
    effect: Words
    cause: Words
    prevention: Words
    consequence: Words
    told: list[Words]


class Monitoring(TypedDict):
    """How we notice when it goes wrong, when we look again, and what happened since the decision before (null: since the start)."""

    indicators: list[Indicator]
    next_review: str | None
    basis: Words
    rescreen: list[Words]
    since: str | None
    alerts: list[AlertLine]
    incidents: list[IncidentLine]
