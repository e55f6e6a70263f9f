"""Legal holds (保全): ordered and lifted by legal counsel; while one stands, nothing of its project or person is erased."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, or_, select

from governance.accounts.models import User
from governance.accounts.rules import authorize
from governance.projects.models import LegalHold, Project
from governance.projects.services import visible
from governance.refusals import NotFound, Problem, Refusal, Refusals
from governance.texts import Text
from governance.work import UnitOfWork

MANY = 200
Target = Project | User


def holds(work: UnitOfWork) -> list[LegalHold]:
    """Return the legal holds on what the actor may see, standing ones first."""
    authorize(work.actor, "erasure:view")
    query = select(LegalHold).outerjoin(Project, LegalHold.project_id == Project.id)
    query = query.where(or_(LegalHold.project_id.is_(None), visible(work.actor)))
    order = (LegalHold.lifted_at.is_not(None), LegalHold.number.desc())
    return list(work.session.scalars(query.order_by(*order).limit(MANY)))


def hold(work: UnitOfWork, hold_id: str) -> LegalHold:
    """Return one legal hold; NotFound when it is not there."""
    row = next((each for each in holds(work) if each.id == hold_id), None)
    if row is None:
        raise NotFound
    return row


def standing(work: UnitOfWork, target: Target) -> list[LegalHold]:
    """Return the legal holds that stand on a project or a person."""
    column = LegalHold.project_id if isinstance(target, Project) else LegalHold.person_id
    query = select(LegalHold).where(column == target.id, LegalHold.lifted_at.is_(None))
    return list(work.session.scalars(query.order_by(LegalHold.number)))


def columns_of(target: Target) -> dict[str, str]:
    """Return the column that points at a project or a person."""
    return {"project_id" if isinstance(target, Project) else "person_id": target.id}


def next_number(work: UnitOfWork, model: Any) -> int:
    """Return the next number of erasures or holds."""
    return int(work.session.scalar(select(func.coalesce(func.max(model.number), 0) + 1)) or 1)


def set_hold(work: UnitOfWork, target: Target, reason: str) -> LegalHold:
    """Order that everything of a project or a person is kept."""
    authorize(work.actor, "hold:set")
    if not reason.strip():
        ja, en = "保全の理由を書いてください。", "Say why everything is to be kept."
        raise Refusals([Problem("hold.reason", Text(ja, en), "reason")])
    row = LegalHold(
        number=next_number(work, LegalHold),
        **columns_of(target),
        reason=reason.strip(),
        set_by=work.actor.id,
        set_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    _note(work, row, "LegalHoldSet", row.reason)
    return row


def lift_hold(work: UnitOfWork, row: LegalHold, *, rev: int, reason: str) -> None:
    """End a hold and say why."""
    authorize(work.actor, "hold:set")
    work.expect(row, rev)
    if row.lifted_at is not None:
        raise Refusal("hold.lifted", "この保全は、すでに解除されています。", "This hold was lifted already.")
    if not reason.strip():
        ja, en = "解除の理由を書いてください。", "Say why it is lifted."
        raise Refusals([Problem("hold.because", Text(ja, en), "reason")])
    row.lifted_by, row.lifted_at, row.lifted_because = work.actor.id, work.now, reason.strip()
    work.session.flush()
    _note(work, row, "LegalHoldLifted", row.lifted_because)


def _note(work: UnitOfWork, row: LegalHold, act: str, reason: str) -> None:
    work.record(
        act,
        subject=("legal_hold", row.id),
        project=row.project_id,
        codes={"number": row.number, "account": row.person_id},
        private={"reason": reason},
        row=row,
    )
