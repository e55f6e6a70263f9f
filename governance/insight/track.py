"""The life of a project as a track (計画 → 社会実装 → 維持管理): what is decided in each phase, until when, what is open, what comes next.

Made from rows that were loaded, without a statement of its own, so that every case of it can be tested alone (domain.md §6.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from governance.projects.life_rules import STATES as LIFE
from governance.projects.life_rules import State
from governance.questionnaires.definition import Framework, Phase
from governance.reviews.models import Condition, Decision
from governance.reviews.rules import SETTLED, days_overdue, local_date
from governance.screenings.explain import ShownLevel, level
from governance.screenings.models import Reassessment, Screening
from governance.screenings.rules import APPROVED, EDITABLE, gate_shut_by, is_valid, standing, under_way
from governance.texts import Text

SOURCES = {
    "hand": Text("手動", "by hand"),
    "date": Text("期限による自動", "by date"),
    "reading": Text("測定値による自動", "by a reading"),
    "incident": Text("事故・ヒヤリハットから", "from an incident"),
}
NEXT = {
    "stopped": Text("案件が「{state}」のため、進みません。", "Nothing goes on: the project is “{state}”."),
    "shut": Text("「{earlier}」が承認されると始められます。", "It can begin once “{earlier}” is approved."),
    "begin": Text("いま始められます。", "It can begin now."),
    "sheet": Text("判定シートに答えます。", "Answer the trigger sheet."),
    "answer": Text("残り{left}問に答えて提出します。", "Answer the {left} questions left and submit."),
    "submit": Text("内容を確かめて提出します。", "Check the content and submit."),
    "mend": Text("指摘を直して再提出します。", "Mend what was returned and submit again."),
    "approver": Text("部門責任者の承認を待ちます。", "It waits for the head of the department."),
    "submitted": Text("専門チームの審査を待ちます。", "It waits for the expert team."),
    "triage": Text("専門チームの事前確認を待ちます。", "It waits for the pre-check of the expert team."),
    "discussion": Text("討議の結論を待ちます。", "It waits for the discussion to conclude."),
    "deferred": Text("継続審査です。次の会議を待ちます。", "It was deferred and waits for the next meeting."),
    "appeal": Text("異議を受けた再審査を待ちます。", "The appeal waits for another review."),
    "in_review": Text("専門チームの意見を待ちます。", "It waits for the opinion of the expert team."),
    "board_queued": Text("委員会の会議を待ちます。", "It waits for a meeting of the committee."),
    "board_session": Text("委員会の審査結果を待ちます。", "It waits for the decision of the committee."),
    "blocked": Text("停止事由を解くまで審査は進みません。", "The review goes on once the hard stop is lifted."),
    "rejected": Text(
        "不承認の理由に応え、改めてスクリーニングを始めます。",
        "Answer the reasons of the rejection, then screen again.",
    ),
    "escalated": Text(
        "上位の機関の判断を受けて、改めてスクリーニングを始めます。", "Screen again after the higher body has ruled."
    ),
    "withdrawn": Text("必要になったら、改めて始められます。", "It can be begun again when it is needed."),
    "expired": Text(
        "承認の期限が切れています。再スクリーニングを始めてください。", "The approval has ended. Start a re-screening."
    ),
    "conditions": Text("付帯条件{n}件を期限までに終えます。", "Meet {n} conditions by their dates."),
    "renew": Text("{on}までに再スクリーニングの承認を受けます。", "Have the re-screening approved by {on}."),
    "live": Text("{on}から再スクリーニングの時期です。", "The next re-screening is due from {on}."),
    "passed": Text("次のフェーズに進んでいます。", "The next phase has begun."),
    "ahead": Text("次のフェーズを始められます。", "The next phase can begin."),
    "settled": Text(
        "期限のない承認です。変わったことがあれば見直します。",
        "The approval has no end; look again when something changes.",
    ),
}


@dataclass(frozen=True)
class Round:
    """One screening of a phase: its place in the row of screenings, why it was opened anew, and how it stands."""

    screening: Screening
    decision: Decision | None
    reasons: tuple[Reason, ...]
    state: str


@dataclass(frozen=True)
class Reason:
    """Why a screening was opened anew: names of the reasons, who or what asked for it, and the note."""

    names: tuple[Text, ...]
    source: Text
    note: str
    by: Text


@dataclass(frozen=True)
class Leg:
    """One phase of the track. `rounds` are its screenings, the newest first; `tone` is done, now or ahead.

    `screening` is what leads: the one under way, else the one whose approval stands, else the newest. `approval` is the decision that
    stands with `until` and `days` left (negative when it ended).
    """

    phase: Phase
    tone: str
    screening: Screening | None
    state: str
    before: ShownLevel | None
    after: ShownLevel | None
    approval: Decision | None
    until: date | None
    days: int | None
    running: Screening | None
    late: int
    open_conditions: int
    late_conditions: int
    next: Text
    rounds: tuple[Round, ...]

    @property
    def is_again(self) -> bool:
        """Say whether a re-screening is under way while an approval stands."""
        return self.running is not None and self.approval is not None


@dataclass(frozen=True)
class Gate:
    """The way into the next phase: open with the approvals that stand (domain.md §6.1).

    `missing` says what keeps it shut, `open_conditions` the conditions that should be met before the start.
    """

    name: Text
    is_open: bool
    missing: Text | None
    open_conditions: list[int]


@dataclass(frozen=True)
class Rows:
    """What a track is made from: the framework, the screenings with decisions and reasons, and the state of the project."""

    framework: Framework
    screenings: Sequence[Screening]
    decisions: Sequence[Decision]
    reasons: Mapping[str, Sequence[Reassessment]]
    life: State
    today: date


def late_days(row: Condition, today: date) -> int:
    """Return by how many days a condition is late today."""
    return days_overdue(row.state, row.due_on, today, local_date(row.submitted_at) if row.submitted_at else None)


def legs(rows: Rows) -> list[Leg]:
    """Return the phases of the track, in order."""
    last = next((p.code for p in reversed(rows.framework.phases) if under_way(rows.screenings, p.code)), None)
    return [_leg(rows, phase, is_now=phase.code == last) for phase in rows.framework.phases]


def _leg(rows: Rows, phase: Phase, *, is_now: bool) -> Leg:
    own = sorted((s for s in rows.screenings if s.phase == phase.code), key=lambda s: -s.sequence)
    running, stands = under_way(own, phase.code), standing(own).get(phase.code)
    kept = [s for s in own if s.state != "withdrawn"]
    lead = running or stands or next(iter(kept or own), None)
    decision = _decision(rows.decisions, stands) if stands else None
    until = stands.valid_until if stands else None
    open_ones = [c for c in decision.conditions if c.state not in SETTLED] if decision else []
    return Leg(
        phase=phase,
        tone="ahead" if lead is None else "now" if is_now else "done",
        screening=lead,
        state=_state(lead, rows.today),
        before=level(rows.framework, lead.inherent) if lead else None,
        after=level(rows.framework, lead.residual) if lead else None,
        approval=decision,
        until=until,
        days=(until - rows.today).days if until else None,
        running=running,
        late=_late(running, rows.today),
        open_conditions=len(open_ones),
        late_conditions=sum(1 for c in open_ones if late_days(c, rows.today)),
        next=what_next(rows, phase, running, stands, own, len(open_ones)),
        rounds=tuple(_round(rows, each) for each in own),
    )


def _state(row: Screening | None, today: date) -> str:
    if row is None:
        return "none"
    return "expired" if row.state in APPROVED and not is_valid(row, today) else row.state


def _late(row: Screening | None, today: date) -> int:
    """Return by how many days a screening that the team still fills is late."""
    if row is None or row.due_on is None or row.state not in EDITABLE:
        return 0
    return max(0, (today - row.due_on).days)


def _decision(decisions: Sequence[Decision], row: Screening) -> Decision | None:
    return next((d for d in reversed(decisions) if (d.screening_id, d.revision) == (row.id, row.revision)), None)


def _round(rows: Rows, row: Screening) -> Round:
    names = rows.framework
    reasons = tuple(
        Reason(
            tuple(names.name_of("rescreening", code) for code in each.reasons),
            SOURCES[each.source],
            each.note,
            Text(each.opener.name, each.opener.name_in("en")),
        )
        for each in rows.reasons.get(row.id, ())
    )
    return Round(row, _decision(rows.decisions, row), reasons, _state(row, rows.today))


# ---------------------------------------------------------------- what comes next


def what_next(
    rows: Rows,
    phase: Phase,
    running: Screening | None,
    stands: Screening | None,
    own: Sequence[Screening],
    open_conditions: int,
) -> Text:
    """Return in one sentence what comes next in a phase."""
    if rows.life != "active":
        return NEXT["stopped"].filled(state=LIFE[rows.life])
    if running is not None:
        return _next_of_running(rows.framework, running)
    if stands is not None:
        return _next_of_approved(rows, phase, stands, open_conditions)
    if own and own[0].state != "withdrawn":
        return NEXT[own[0].state]
    shut = gate_shut_by(rows.framework, phase.code, rows.screenings, rows.today)
    if shut:
        return NEXT["shut"].filled(earlier=rows.framework.phase(shut[0]).name)
    return NEXT["withdrawn" if own else "begin"]


def _next_of_running(framework: Framework, row: Screening) -> Text:
    if row.state == "returned":
        return NEXT["mend"]
    if row.state == "draft":
        if row.triggers_done_at is None:
            return NEXT["sheet"]
        left = row.asked - row.answered
        return NEXT["answer"].filled(left=left) if left > 0 else NEXT["submit"]
    if row.state == "submitted" and framework.route(row.route).body == "department":
        return NEXT["approver"]
    return NEXT[row.state]


def _next_of_approved(rows: Rows, phase: Phase, stands: Screening, open_conditions: int) -> Text:
    codes = [each.code for each in rows.framework.phases]
    later = codes[codes.index(phase.code) + 1 :]
    if any(s.phase in later and s.state != "withdrawn" for s in rows.screenings):
        return NEXT["conditions"].filled(n=open_conditions) if open_conditions else NEXT["passed"]
    if not is_valid(stands, rows.today):
        return NEXT["expired"]
    if open_conditions:
        return NEXT["conditions"].filled(n=open_conditions)
    if stands.valid_until is not None:
        begins = stands.valid_until - timedelta(days=rows.framework.rescreening_days)
        if begins <= rows.today:
            return NEXT["renew"].filled(on=stands.valid_until)
        return NEXT["live"].filled(on=begins) if not later else NEXT["ahead"]
    return NEXT["ahead"] if later else NEXT["settled"]


# ---------------------------------------------------------------- gates


def gates(rows: Rows, conditions: Sequence[Condition]) -> list[Gate]:
    """Return the gates between the phases, by the rule that opening a phase asks (screenings/rules.py may_open)."""
    found = []
    stands = standing(rows.screenings)
    for number, (before, after) in enumerate(zip(rows.framework.phases, rows.framework.phases[1:], strict=False), 1):
        shut = gate_shut_by(rows.framework, after.code, rows.screenings, rows.today)
        row = stands.get(before.code)
        due = [
            c.number
            for c in conditions
            if row and c.decision.screening_id == row.id and c.kind == "pre_start" and c.state not in SETTLED
        ]
        missing = _missing(rows, before, shut)
        found.append(Gate(Text("関門{n}", "Gate {n}").filled(n=number), missing is None, missing, due))
    return found


def _missing(rows: Rows, before: Phase, shut: Sequence[str]) -> Text | None:
    """Return what keeps a gate shut; None when it is open."""
    if rows.life != "active":
        return LIFE[rows.life]
    if not shut:
        return None
    if before.code in shut and before.code in standing(rows.screenings):
        return Text("承認の期限切れ", "the approval has ended")
    if before.code in shut:
        return Text("審査結果", "a decision")
    return Text("「{phase}」の有効な承認", "a valid approval of “{phase}”").filled(
        phase=rows.framework.phase(shut[0]).name
    )
