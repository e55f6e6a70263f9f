"""Keys with which machines enter readings of one project: made and revoked by its owner, shown once, kept as a digest.

A key is 256 random bits, so its SHA-256 needs no slow hashing; it opens one project and one act. Every call is counted, used or not,
and a key that calls too often waits (assurance.md T6, T9).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from governance.accounts.rules import authorize
from governance.monitoring.models import ReadingKey
from governance.projects.models import Project
from governance.projects.services import relations_of
from governance.refusals import NotFound, Refusal
from governance.work import UnitOfWork

PREFIX = "gvr_"
MOST_KEYS = 20
MOST_NAME = 100
CALLS, PER = 60, timedelta(minutes=1)
"""How often one key may call."""


@dataclass(frozen=True)
class Claimed:
    """A key that may call now, and the number of its project; or how many seconds it has to wait."""

    key_id: str
    number: str
    wait: int = 0


def digest_of(secret: str) -> str:
    """Return what is kept of a key."""
    return hashlib.sha256(secret.encode()).hexdigest()


def keys_of(work: UnitOfWork, project: Project) -> list[ReadingKey]:
    """Return the keys of a project, the newest first, revoked ones at the end."""
    query = select(ReadingKey).where(ReadingKey.project_id == project.id).options(joinedload(ReadingKey.maker))
    return list(work.session.scalars(query.order_by(ReadingKey.revoked_at.is_not(None), ReadingKey.made_at.desc())))


def _may_make(work: UnitOfWork, project: Project, name: str) -> None:
    """Refuse a key without a name, and one too many."""
    if not name.strip() or len(name.strip()) > MOST_NAME:
        raise Refusal(
            "monitoring.key_name",
            "何のためのキーかを{most}文字以内で書いてください。",
            "Say in at most {most} characters what the key is for.",
            place="name",
            most=MOST_NAME,
        )
    active = select(func.count()).where(ReadingKey.project_id == project.id, ReadingKey.revoked_at.is_(None))
    if (work.session.scalar(active) or 0) >= MOST_KEYS:
        raise Refusal(
            "monitoring.many_keys",
            "使えるキーは{most}個までです。使っていないキーを失効させてください。",
            "There can be at most {most} keys in use; revoke one that is not needed.",
            most=MOST_KEYS,
        )


def make(work: UnitOfWork, project: Project, name: str) -> tuple[ReadingKey, str]:
    """Make a key and return it with its secret, which is never known again."""
    authorize(work.actor, "reading:keys", relations_of(work, project))
    work.session.refresh(project, with_for_update=True)
    _may_make(work, project, name)
    secret = PREFIX + secrets.token_urlsafe(32)
    row = ReadingKey(
        project_id=project.id,
        name=name.strip(),
        hint=secret[: len(PREFIX) + 4],
        digest=digest_of(secret),
        made_by=work.actor.id,
        made_at=work.now,
        project=project,
    )
    work.session.add(row)
    work.session.flush()
    _record(work, row, "ReadingKeyMade")
    return row, secret


def revoke(work: UnitOfWork, project: Project, key_id: str) -> None:
    """Revoke a key of a project: calls with it are refused from now on. Revoking twice changes nothing."""
    authorize(work.actor, "reading:keys", relations_of(work, project))
    row = work.session.get(ReadingKey, key_id)
    if row is None or row.project_id != project.id:
        raise NotFound
    if row.revoked_at is None:
        row.revoked_by, row.revoked_at = work.actor.id, work.now
        work.session.flush()
        _record(work, row, "ReadingKeyRevoked")


def _record(work: UnitOfWork, row: ReadingKey, act: str) -> None:
    private = {"name": row.name}
    work.record(act, subject=("reading_key", row.id), project=row.project_id, private=private, row=row)


def is_kept(row: ReadingKey) -> bool:
    """Say whether the maker of the key still has an account and belongs to the team."""
    team = (each for each in row.project.members if each.is_current and each.part in ("owner", "member"))
    return row.maker.is_active and any(each.user_id == row.maker.id for each in team)


def claim(work: UnitOfWork, secret: str) -> Claimed | None:
    """Return the key that this secret opens, counting the call; None for an unknown, a revoked or an orphaned one.

    A key whose maker left the project or the service is orphaned: whoever left may still know it, so the owner makes a new one.
    """
    query = select(ReadingKey).where(ReadingKey.digest == digest_of(secret)).with_for_update()
    row = work.session.scalars(query).one_or_none()
    if row is None or row.revoked_at is not None or not is_kept(row):
        return None
    if row.calls_from is None or work.now - row.calls_from >= PER:
        row.calls_from, row.calls = work.now, 0
    row.calls += 1
    row.last_used_at = work.now
    left = row.calls_from + PER - work.now
    work.session.flush()
    return Claimed(row.id, row.project.number, max(1, int(left.total_seconds())) if row.calls > CALLS else 0)
