"""Who hears of an erasure: those who may approve it, then whoever asked. A notice names its number, never what or whose."""

from __future__ import annotations

from sqlalchemy import select

from governance.accounts.models import RoleGrant
from governance.accounts.rules import PERMISSIONS
from governance.notifications.people import strangers
from governance.notifications.services import notify
from governance.projects.models import Erasure
from governance.work import UnitOfWork


def asked(work: UnitOfWork, row: Erasure) -> None:
    """Tell everybody who may approve the request: not who asked, not the person it is about, nobody who belonged to the project."""
    roles = sorted(PERMISSIONS["erasure:approve"].holders)
    if row.project is not None:
        people = strangers(work, row.project, *roles)
    else:
        held = select(RoleGrant.user_id).where(RoleGrant.role.in_(roles), RoleGrant.ended_at.is_(None)).distinct()
        people = list(work.session.scalars(held.where(RoleGrant.user_id != row.person_id)))
    _tell(work, row, "to_verify", people, "erasure")


def settled(work: UnitOfWork, row: Erasure) -> None:
    """Tell whoever asked what became of it."""
    _tell(work, row, "decided", [row.requested_by], f"erasure_{row.state}")


def _tell(work: UnitOfWork, row: Erasure, kind: str, people: list[str], about: str) -> None:
    codes = {"about": about, "number": str(row.number)}
    notify(work, kind, people, project=row.project, href=f"/erasures/{row.id}", codes=codes)
