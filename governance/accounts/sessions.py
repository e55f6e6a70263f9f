"""Signing in and out: sessions kept on the server, of which only the digest of the random token is stored (assurance.md T17).

A session ends after a time without use, after a longest time in any case, at sign-out, when the account is closed and when the
password changes. Roles are read anew at every request, so a role that ended has no effect from the next click on.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, select

from governance.accounts.models import FormKey, RoleGrant, User, UserSession
from governance.accounts.passwords import hash_password, is_outdated, matches
from governance.accounts.services import normal_email
from governance.work import Actor, UnitOfWork

SEEN_EVERY = timedelta(seconds=60)

_PERSON = (
    select(User.id, User.name, User.name_en, User.locale, UserSession.seen_at, UserSession.expires_at, RoleGrant.role)
    .join(UserSession, UserSession.user_id == User.id)
    .outerjoin(RoleGrant, and_(RoleGrant.user_id == User.id, RoleGrant.ended_at.is_(None)))
    .where(UserSession.token_digest == bindparam("token_digest"), UserSession.ended_at.is_(None), User.is_active)
)
"""Written out once, because every request asks it."""


@dataclass(frozen=True)
class SessionUser:
    """The signed-in person as the pages see them; free of the database, so that it outlives the unit of work."""

    id: str
    name: str
    name_en: str
    locale: str
    roles: frozenset[str]
    session: str
    seen_at: datetime

    def name_in(self, locale: str) -> str:
        """Return the name as shown to a reader of `locale`."""
        return self.name_en if locale == "en" and self.name_en else self.name


def digest_of(token: str) -> str:
    """Return the SHA-256 under which a session token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def recognise(work: UnitOfWork, email: str, password: str) -> Actor | None:
    """Return who has this address and password, else None: unknown, closed and wrong look and last the same."""
    user = work.session.scalars(select(User).where(User.email == normal_email(email))).one_or_none()
    usable = user is not None and user.is_active and user.password_hash
    fits = matches(user.password_hash if user and usable else None, password)
    return Actor(user.id, user.roles) if user is not None and fits else None


def sign_in(work: UnitOfWork, *, longest: timedelta, password: str | None = None) -> str:
    """Open a session for the recognised actor and return its token, which is stored nowhere.

    `password` is given to renew a hash made with an older cost.
    """
    user = work.session.get_one(User, work.actor.id)
    if password is not None and is_outdated(user.password_hash):
        user.password_hash = hash_password(password)
    token = secrets.token_urlsafe(32)
    work.session.add(
        UserSession(
            user_id=user.id,
            token_digest=digest_of(token),
            created_at=work.now,
            seen_at=work.now,
            expires_at=work.now + longest,
        )
    )
    return token


def session_user(work: UnitOfWork, token: str, *, idle: timedelta) -> SessionUser | None:
    """Return the person of a session that is open, in use and whose account is open; else None. One statement: every request asks."""
    digest = digest_of(token)
    rows = work.session.execute(_PERSON, {"token_digest": digest}).all()
    if not rows or work.now >= min(rows[0].expires_at, rows[0].seen_at + idle):
        return None
    found, roles = rows[0], frozenset(row.role for row in rows if row.role)
    return SessionUser(found.id, found.name, found.name_en, found.locale, roles, digest, found.seen_at)


def mark_seen(work: UnitOfWork, digest: str) -> None:
    """Note that a session is in use."""
    session = work.session.scalars(select(UserSession).where(UserSession.token_digest == digest)).one_or_none()
    if session is not None:
        session.seen_at = work.now


def sign_out(work: UnitOfWork, digest: str) -> None:
    """End one session; nothing happens when it has ended."""
    session = work.session.scalars(select(UserSession).where(UserSession.token_digest == digest)).one_or_none()
    if session is not None and session.ended_at is None:
        session.ended_at = work.now


def claim_form(work: UnitOfWork, key: str, path: str) -> str | None:
    """Return where the actor was sent when this very form was sent before; else claim it, before anything is done, and return None.

    A second request with the same form waits here for the first one on PostgreSQL and then finds its answer.
    """
    found = work.session.get(FormKey, (work.actor.id, key))
    if found is not None:
        return found.location if found.path == path[:300] else None
    claim = FormKey(user_id=work.actor.id, key=key, path=path[:300], location="", created_at=work.now)
    work.session.add(claim)
    work.session.flush()
    return None


def settle_form(work: UnitOfWork, key: str, location: str | None) -> None:
    """Remember where the claimed form led, in the same transaction as its act; free it when it led nowhere."""
    claim = work.session.get(FormKey, (work.actor.id, key))
    if claim is None:
        return
    if location:
        claim.location = location[:300]
    else:
        work.session.delete(claim)
