"""Reads one case as its page tells it: phases and gates, risk per item, the decision that stands, conditions, people, history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from governance.accounts.rules import may
from governance.insight.rules import Line, Task
from governance.insight.services import told
from governance.insight.track import Gate, Leg, Rows, gates, late_days, legs
from governance.insight.waiting import tasks
from governance.ledger import services as ledger
from governance.projects.life import acts_of, disposal_of, state_after
from governance.projects.life_rules import AFTER, State, may_resume, offices
from governance.projects.models import Disposal, Evidence, LifeAct, Project
from governance.projects.services import relations_of
from governance.questionnaires.definition import Framework
from governance.questionnaires.services import current_framework, parsed_framework
from governance.reviews.appeals import can_appeal
from governance.reviews.models import Condition, Decision, Review
from governance.screenings.loading import Filled, load
from governance.screenings.measures import of_project
from governance.screenings.models import AdoptedMeasure, Screening
from governance.screenings.reopening import reasons_of
from governance.screenings.rules import APPROVED, CLOSED, gate_shut_by, standing, under_way
from governance.texts import Text, joined
from governance.work import UnitOfWork

HISTORY = 40

__all__ = ["Case", "case", "late_days", "leading", "people"]

WAITS = {
    "submitted": Text("専門チームの審査を待っています", "It waits for the expert team"),
    "triage": Text("専門チームが事前確認をしています", "The expert team is doing the pre-check"),
    "discussion": Text("討議しています", "It is being discussed"),
    "deferred": Text("継続審査です。次の会議を待っています", "It was deferred and waits for the next meeting"),
    "appeal": Text("異議を申し立てています", "An appeal was filed"),
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
class Case:
    """Everything the case page shows."""

    project: Project
    framework: Framework
    legs: list[Leg]
    gates: list[Gate]
    life: State
    turns: list[LifeAct]
    disposal: Disposal | None
    may_turn: tuple[str, ...]
    may_reopen: bool
    is_approved: bool
    appealed: Screening | None
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
    newest = leading(screenings)
    framework = parsed_framework(
        newest.framework_version.body if newest else current_framework(work, project.framework_key).body
    )
    decisions = _decisions(work, project)
    conditions = [condition for decision in decisions for condition in decision.conditions]
    waiting = tasks(work, today, project.id)
    relations = relations_of(work, project)
    turns = acts_of(work, project)
    state = state_after(turns)
    rows = Rows(framework, screenings, decisions, reasons_of(work, screenings), state, today)
    return Case(
        project=project,
        framework=framework,
        legs=legs(rows),
        gates=gates(rows, conditions),
        life=state,
        turns=turns,
        disposal=disposal_of(work, project) if state == "retired" else None,
        may_turn=tuple(_may_turn(work, turns, state, relations)),
        may_reopen=_may_reopen(work, screenings, state, relations),
        is_approved=bool(standing(screenings)),
        appealed=_to_appeal(work, screenings, state, relations),
        newest=newest,
        filled=load(work.session, newest) if newest else None,
        decision=decisions[-1] if decisions else None,
        conditions=conditions,
        measures=of_project(work, project),
        reviewer=_reviewer(work, newest),
        evidence=_evidence(work, project),
        history=_history(work, project),
        next=waiting[0] if waiting else None,
        others=max(0, len(waiting) - 1),
        relations=relations,
        may_begin=_may_begin(work, framework, screenings, relations, today) if state == "active" else [],
    )


def leading(screenings: Sequence[Screening]) -> Screening | None:
    """Return the screening that the page is about: the one opened last that was not withdrawn, else the last one."""
    kept = [row for row in screenings if row.state != "withdrawn"]
    return next(reversed(kept or list(screenings)), None)


def _may_turn(work: UnitOfWork, turns: Sequence[LifeAct], state: State, relations: frozenset[str]) -> Iterator[str]:
    """Yield the turns that the actor may take now: suspend, resume, withdraw, retire."""
    for turn, act in (
        ("suspend", "suspended"),
        ("resume", "resumed"),
        ("withdraw", "withdrawn"),
        ("retire", "retired"),
    ):
        if (state, act) not in AFTER or not may(work.actor, f"project:{turn}", relations):
            continue
        if turn != "resume" or may_resume(turns[0].office, offices(work.actor.roles, relations)):
            yield turn


def _to_appeal(
    work: UnitOfWork, screenings: Sequence[Screening], state: State, relations: frozenset[str]
) -> Screening | None:
    """Return the rejected screening that the actor may appeal against now."""
    if state != "active" or not may(work.actor, "screening:appeal", relations):
        return None
    for row in screenings:
        if row.state == "rejected" and can_appeal(work, row):
            return row
    return None


def _may_reopen(work: UnitOfWork, screenings: Sequence[Screening], state: State, relations: frozenset[str]) -> bool:
    """Say whether the actor may start a re-screening of some phase now."""
    phases = {row.phase for row in screenings if row.state in CLOSED}
    can = any(not under_way(screenings, phase) for phase in phases)
    return state == "active" and can and may(work.actor, "screening:reopen", relations)


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


def _may_begin(
    work: UnitOfWork, framework: Framework, screenings: Sequence[Screening], relations: frozenset[str], today: date
) -> list[tuple[str, Text]]:
    """Return the phases whose first screening, or one after a withdrawal or a rejection, the actor may open now."""
    if not may(work.actor, "screening:open", relations):
        return []
    stands = standing(screenings)
    return [
        (phase.code, phase.name)
        for phase in framework.phases
        if phase.code not in stands
        and under_way(screenings, phase.code) is None
        and not gate_shut_by(framework, phase.code, screenings, today)
    ]


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
    """Count the pieces in use: what was removed or replaced by a later version is on the register, but not in use."""
    replaced = select(Evidence.replaces_id).where(Evidence.replaces_id.is_not(None))
    return (
        work.session.scalar(
            select(func.count()).where(
                Evidence.project_id == project.id, Evidence.removed_at.is_(None), Evidence.id.not_in(replaced)
            )
        )
        or 0
    )


def _history(work: UnitOfWork, project: Project) -> list[Line]:
    found = ledger.project_events(work.session, project.id, limit=HISTORY * 5)
    return told(work, list(reversed(found)), HISTORY)


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
