"""Acts on the life of a project: suspend, resume, withdraw, retire with a disposal record; and the state that every other act asks for.

The newest turn on record is the state; nothing is kept twice. Turns are numbered and frozen, so two people who act at once cannot both
win (domain.md §6.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import get_args

from sqlalchemy import ColumnElement, ScalarSelect, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from governance.accounts.rules import authorize
from governance.projects.life_rules import (
    Act,
    Disposed,
    State,
    after,
    check_reason,
    may_resume,
    must_be_active,
    offices,
    problems_of,
)
from governance.projects.models import Disposal, LifeAct, Project
from governance.projects.services import relations_of
from governance.refusals import Forbidden, Refusals
from governance.work import UnitOfWork

_STATES: dict[str, State] = {
    "suspended": "suspended",
    "resumed": "active",
    "withdrawn": "withdrawn",
    "retired": "retired",
}
EVENTS: dict[Act, str] = {
    "suspended": "ProjectSuspended",
    "resumed": "ProjectResumed",
    "withdrawn": "ProjectWithdrawn",
    "retired": "ProjectRetired",
}
ENDED: frozenset[State] = frozenset({"withdrawn", "retired"})
assert {*EVENTS} == {*get_args(Act)}


def state_of(work: UnitOfWork, project: Project) -> State:
    """Return whether the project runs, is suspended, was withdrawn or was retired."""
    newest = last_act(work, project)
    return state_after([newest] if newest else [])


def state_after(acts: Sequence[LifeAct]) -> State:
    """Return the state that these turns, newest first, lead to."""
    return _STATES[acts[0].act] if acts else "active"


def acts_of(work: UnitOfWork, project: Project) -> list[LifeAct]:
    """Return the turns in the life of the project, newest first."""
    query = select(LifeAct).where(LifeAct.project_id == project.id).order_by(LifeAct.number.desc())
    return list(work.session.scalars(query.options(joinedload(LifeAct.actor))))


def last_act(work: UnitOfWork, project: Project) -> LifeAct | None:
    """Return the newest turn in the life of the project, or None while it simply runs."""
    query = select(LifeAct).where(LifeAct.project_id == project.id).order_by(LifeAct.number.desc())
    return work.session.scalars(query.limit(1)).first()


def states_of(work: UnitOfWork, ids: Iterable[str]) -> dict[str, State]:
    """Return the state of each of these projects that does not simply run: one statement for a whole list."""
    newest = (
        select(LifeAct.project_id, func.max(LifeAct.number).label("number"))
        .where(LifeAct.project_id.in_(list(ids)))
        .group_by(LifeAct.project_id)
        .subquery()
    )
    query = select(LifeAct.project_id, LifeAct.act).join(
        newest, (LifeAct.project_id == newest.c.project_id) & (LifeAct.number == newest.c.number)
    )
    return {row.project_id: _STATES[row.act] for row in work.session.execute(query) if row.act != "resumed"}


def newest_act(project_id: ColumnElement[str] | InstrumentedAttribute[str]) -> ScalarSelect[str]:
    """Return the newest turn in the life of the project of a statement, as a column of it: nothing while it simply runs."""
    query = select(LifeAct.act).where(LifeAct.project_id == project_id).order_by(LifeAct.number.desc()).limit(1)
    return query.correlate_except(LifeAct).scalar_subquery()


def stands_at(*acts: Act) -> ColumnElement[bool]:
    """Return the filter on `Project` for those whose newest turn is one of these."""
    newest = select(func.max(LifeAct.number)).where(LifeAct.project_id == Project.id).correlate(Project)
    return exists().where(
        LifeAct.project_id == Project.id, LifeAct.act.in_(acts), LifeAct.number == newest.scalar_subquery()
    )


def running() -> ColumnElement[bool]:
    """Return the filter on `Project` for those that run: not suspended, withdrawn or retired."""
    return ~stands_at("suspended", "withdrawn", "retired")


def must_run_after(act: str | None) -> None:
    """Refuse an act on a project whose newest turn (`newest_act`) ended or suspended it."""
    must_be_active(_STATES[act] if act else "active")


def must_run(work: UnitOfWork, project_id: str) -> None:
    """Refuse an act on a project that is suspended, withdrawn or retired."""
    must_be_active(states_of(work, [project_id]).get(project_id, "active"))


def disposal_of(work: UnitOfWork, project: Project) -> Disposal | None:
    """Return the disposal record of a retired project, or None."""
    return work.session.scalars(select(Disposal).where(Disposal.project_id == project.id)).one_or_none()


def suspend(work: UnitOfWork, project: Project, *, reason: str) -> LifeAct:
    """Suspend the project: nothing is opened, answered or submitted until it is resumed."""
    relations = relations_of(work, project)
    authorize(work.actor, "project:suspend", relations)
    return _turn(work, project, "suspended", reason, offices(work.actor.roles, relations)[0])


def suspend_by_rule(work: UnitOfWork, project: Project, *, reason: str, decider: str) -> LifeAct:
    """Suspend a project because a rule of its committee says so; `decider` is the person whose decision set what was not kept.

    Only scheduled work does this (domain.md §6.3 overdue condition); the expert team resumes the project.
    """
    if work.person is not None:
        raise Forbidden(
            "projects.rule", "規則による一時停止は、自動で行われます。", "A rule suspends a project by itself."
        )
    return _turn(work, project, "suspended", reason, "rule", decider)


def resume(work: UnitOfWork, project: Project, *, reason: str) -> LifeAct:
    """Let a suspended project go on. Raises Forbidden when the owner resumes what the offices suspended."""
    relations = relations_of(work, project)
    authorize(work.actor, "project:resume", relations)
    before, held = last_act(work, project), offices(work.actor.roles, relations)
    if before is not None and before.act == "suspended" and not may_resume(before.office, held):
        raise Forbidden(
            "projects.not_yours_to_resume",
            "この一時停止は専門チーム・事務局または規則によるものです。再開できるのは専門チームです。",
            "The expert team, the secretariat or a rule suspended this project; only the expert team can resume it.",
        )
    return _turn(work, project, "resumed", reason, held[0] if held else "owner")


def withdraw(work: UnitOfWork, project: Project, *, reason: str) -> LifeAct:
    """Withdraw a project that will not be carried out; its record stays."""
    authorize(work.actor, "project:withdraw", relations_of(work, project))
    return _turn(work, project, "withdrawn", reason, "owner")


def retire(work: UnitOfWork, project: Project, *, reason: str, disposed: Disposed, today: date) -> Disposal:
    """End a project that ran, with the record of what happened to everything. Raises Refusals naming each gap of the record."""
    authorize(work.actor, "project:retire", relations_of(work, project))
    Refusals.raise_any(problems_of(disposed, today))
    act = _noted(work, project, "retired", reason, "owner")
    row = Disposal(
        project_id=project.id,
        act_id=act.id,
        **{topic: text.strip() for topic, text in disposed.told.items()},
        not_applicable=sorted(disposed.not_applicable),
        records_until=None if "records" in disposed.not_applicable else disposed.records_until,
        done_by=disposed.done_by.strip(),
        done_on=disposed.done_on,
        recorded_by=work.actor.id,
        recorded_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    _record(work, project, act)
    return row


def _turn(work: UnitOfWork, project: Project, act: Act, reason: str, office: str, by: str = "") -> LifeAct:
    row = _noted(work, project, act, reason, office, by)
    _record(work, project, row)
    return row


def _noted(work: UnitOfWork, project: Project, act: Act, reason: str, office: str, by: str = "") -> LifeAct:
    """Write the turn down, one after another: who comes second finds the state that the first one left."""
    given = check_reason(reason)
    work.session.refresh(project, with_for_update=True)
    before = last_act(work, project)
    after(state_after([before] if before else []), act)
    row = LifeAct(
        project_id=project.id,
        number=before.number + 1 if before else 1,
        act=act,
        reason=given,
        office=office,
        acted_by=by or work.actor.id,
        acted_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    return row


def _record(work: UnitOfWork, project: Project, row: LifeAct) -> None:
    work.record(
        EVENTS[_act(row)],
        subject=("project", project.id),
        project=project.id,
        codes={"office": row.office, "turn": row.number},
        private={"reason": row.reason},
        row=row,
    )


def _act(row: LifeAct) -> Act:
    return next(act for act in EVENTS if act == row.act)
