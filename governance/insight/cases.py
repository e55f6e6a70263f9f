"""Reads one case as its page tells it: phases and gates, risk per item, the decision that stands, conditions, people, history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from governance.accounts.rules import may
from governance.insight.rules import Line, Task
from governance.insight.services import told
from governance.insight.waiting import tasks
from governance.ledger import services as ledger
from governance.projects.models import Evidence, Project
from governance.projects.services import relations_of
from governance.questionnaires.definition import Framework
from governance.questionnaires.services import current_framework, parsed_framework
from governance.refusals import Refusal
from governance.reviews.models import Condition, Decision, Review
from governance.reviews.rules import SETTLED, days_overdue, local_date
from governance.screenings.explain import ShownLevel, level
from governance.screenings.loading import Filled, load
from governance.screenings.measures import of_project
from governance.screenings.models import AdoptedMeasure, Screening
from governance.screenings.rules import APPROVED, may_open
from governance.texts import Text, joined
from governance.work import UnitOfWork

HISTORY = 40

WAITS = {
    "submitted": Text("専門チームの審査を待っています", "It waits for the expert team"),
    "in_review": Text("専門チームが審査しています", "The expert team is reviewing it"),
    "board_queued": Text("委員会への付議を待っています", "It waits for a committee meeting"),
    "board_session": Text("委員会が審議しています", "It is before the committee"),
    "blocked": Text("停止事由があるため、審査は止まっています", "A hard stop keeps it from being reviewed"),
    "draft": Text("案件の担当者が回答しています", "The team is answering"),
    "returned": Text("差戻しになり、案件の担当者が直しています", "It was returned; the team is mending it"),
    "rejected": Text("不承認となりました", "It was rejected"),
    "escalated": Text("上位の機関に付議されました", "It was escalated"),
    "withdrawn": Text("取り下げられました", "It was withdrawn"),
}
SEALS = {
    "department": Text("部門責任者", "Department"),
    "team": Text("専門チーム", "Expert team"),
    "board": Text("委員会", "Committee"),
}
"""Words short enough for the seal; another body is named as its framework names it."""

LIGHT_WAITS = Text("部門責任者の承認を待っています", "It waits for the head of the department")


@dataclass(frozen=True)
class Step:
    """One phase of the track: its newest screening and decision, and whether it is done, now or ahead."""

    name: Text
    tone: str
    screening: Screening | None
    decision: Decision | None
    state: str
    before: ShownLevel | None
    after: ShownLevel | None


@dataclass(frozen=True)
class Gate:
    """The way into the next phase: open with a valid approval (domain.md §6.1).

    `missing` says what keeps it shut, `open_conditions` the conditions that should be met before the start.
    """

    name: Text
    is_open: bool
    missing: Text | None
    open_conditions: list[int]


@dataclass(frozen=True)
class Case:
    """Everything the case page shows."""

    project: Project
    framework: Framework
    steps: list[Step]
    gates: list[Gate]
    newest: Screening | None
    filled: Filled | None
    decision: Decision | None
    conditions: list[Condition]
    measures: list[AdoptedMeasure]
    reviewer: Review | None
    evidence: int
    history: list[Line]
    next: Task | None
    others: int
    relations: frozenset[str]
    may_begin: list[tuple[str, Text]]

    @property
    def waits(self) -> Text:
        """What the case waits for, when nothing waits for the reader."""
        if self.newest is None:
            return Text("スクリーニングはまだ始まっていません", "No screening was started yet")
        if self.newest.state == "submitted" and self.framework.route(self.newest.route).body == "department":
            return LIGHT_WAITS
        phase = self.framework.phase(self.newest.phase).name
        done = Text("「{phase}」は承認されています", "“{phase}” is approved").filled(phase=phase)
        return done if self.newest.state in APPROVED else WAITS.get(self.newest.state, done)


def case(work: UnitOfWork, project: Project, today: date) -> Case:  # long: one field per part of the page
    """Return a project (which the caller found through `visible`) as its page tells it."""
    screenings = list(
        work.session.scalars(
            select(Screening)
            .where(Screening.project_id == project.id)
            .options(joinedload(Screening.framework_version))
            .order_by(Screening.opened_at)
        )
    )
    newest = screenings[-1] if screenings else None
    framework = parsed_framework(
        newest.framework_version.body if newest else current_framework(work, project.framework_key).body
    )
    decisions = _decisions(work, project)
    conditions = [condition for decision in decisions for condition in decision.conditions]
    latest = {row.phase: row for row in screenings}
    waiting = tasks(work, today, project.id)
    filled = load(work.session, newest) if newest else None
    relations = relations_of(work, project)
    return Case(
        project=project,
        framework=framework,
        steps=_steps(framework, latest, decisions, newest, today),
        gates=_gates(framework, latest, conditions, today),
        newest=newest,
        filled=filled,
        decision=decisions[-1] if decisions else None,
        conditions=conditions,
        measures=of_project(work, project),
        reviewer=_reviewer(work, newest),
        evidence=_evidence(work, project),
        history=_history(work, project),
        next=waiting[0] if waiting else None,
        others=max(0, len(waiting) - 1),
        relations=relations,
        may_begin=_may_begin(work, framework, latest, relations, today),
    )


def _decisions(work: UnitOfWork, project: Project) -> list[Decision]:
    query = (
        select(Decision)
        .join(Decision.screening)
        .where(Screening.project_id == project.id)
        .order_by(Decision.decided_at)
    )
    query = query.options(
        joinedload(Decision.conditions).joinedload(Condition.owner),
        joinedload(Decision.conditions).joinedload(Condition.verifier),
        joinedload(Decision.screening),
        joinedload(Decision.item),
    )
    return list(work.session.scalars(query).unique())


def _steps(
    framework: Framework,
    latest: dict[str, Screening],
    decisions: Sequence[Decision],
    newest: Screening | None,
    today: date,
) -> list[Step]:
    steps = []
    for phase in framework.phases:
        row = latest.get(phase.code)
        if row is None:
            steps.append(Step(phase.name, "ahead", None, None, "none", None, None))
            continue
        decided = next((d for d in reversed(decisions) if (d.screening_id, d.revision) == (row.id, row.revision)), None)
        tone = "now" if row is newest and row.state not in APPROVED else "done"
        before, after = level(framework, row.inherent), level(framework, row.residual)
        steps.append(
            Step(phase.name, tone, row, decided, "expired" if _ended(row, today) else row.state, before, after)
        )
    return steps


def _ended(row: Screening, today: date) -> bool:
    return row.state in APPROVED and row.valid_until is not None and row.valid_until < today


def _gates(
    framework: Framework, latest: dict[str, Screening], conditions: Sequence[Condition], today: date
) -> list[Gate]:
    """Return the gates between the phases, by the rule that opening a phase asks (screenings/rules.py may_open)."""
    gates = []
    for number, before in enumerate(framework.phases[:-1], 1):
        row = latest.get(before.code)
        approved = row is not None and row.state in APPROVED
        valid = row is not None and approved and not _ended(row, today)
        missing = (
            None
            if valid
            else Text("承認の期限切れ", "the approval has ended")
            if approved
            else Text("審査結果", "a decision")
        )
        due = [
            c.number
            for c in conditions
            if row and c.decision.screening_id == row.id and c.kind == "pre_start" and c.state not in SETTLED
        ]
        gates.append(Gate(Text("関門{n}", "Gate {n}").filled(n=number), valid, missing, due))
    return gates


def _may_begin(
    work: UnitOfWork, framework: Framework, latest: dict[str, Screening], relations: frozenset[str], today: date
) -> list[tuple[str, Text]]:
    """Return the phases whose screening the actor may open now."""
    if not may(work.actor, "screening:open", relations):
        return []
    rows = list(latest.values())
    return [(phase.code, phase.name) for phase in framework.phases if _may_open(framework, phase.code, rows, today)]


def _may_open(framework: Framework, phase: str, rows: list[Screening], today: date) -> bool:
    try:
        may_open(framework, phase, rows, today)
    except Refusal:
        return False
    return True


def _reviewer(work: UnitOfWork, row: Screening | None) -> Review | None:
    if row is None:
        return None
    query = (
        select(Review)
        .where(Review.screening_id == row.id)
        .options(joinedload(Review.reviewer))
        .order_by(Review.revision.desc())
    )
    return work.session.scalars(query.limit(1)).first()


def _evidence(work: UnitOfWork, project: Project) -> int:
    return (
        work.session.scalar(
            select(func.count()).where(Evidence.project_id == project.id, Evidence.removed_at.is_(None))
        )
        or 0
    )


def _history(work: UnitOfWork, project: Project) -> list[Line]:
    found = ledger.project_events(work.session, project.id, limit=HISTORY * 5)
    return told(work, list(reversed(found)), HISTORY)


def late_days(row: Condition, today: date) -> int:
    """Return by how many days a condition is late today."""
    return days_overdue(row.state, row.due_on, today, local_date(row.submitted_at) if row.submitted_at else None)


def people(project: Project, review: Review | None) -> list[tuple[Text, Text]]:
    """Return who has to do with the case, part by part."""

    def those(*parts: str) -> Text | None:
        names = [Text(m.user.name, m.user.name_in("en")) for m in project.members if m.is_current and m.part in parts]
        return joined(names) if names else None

    rows = [
        (Text("責任者", "Owner"), those("owner")),
        (Text("担当者", "Members"), those("member")),
        (Text("部門責任者（承認者）", "Department head (approver)"), those("approver")),
    ]
    if review is not None:
        rows.append((Text("審査担当", "Reviewer"), Text(review.reviewer.name, review.reviewer.name_in("en"))))
    return [(label, names) for label, names in rows if names is not None]
