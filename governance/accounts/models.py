"""Tables of people: accounts, their roles over time, their sessions and the forms they sent.

A user is known to the ledger by `users.id` alone; the name stays here, so that it can be erased while the ledger still verifies.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.storage.tables import Base, Code, Digest, Id, Line, Revised, ref


class User(Revised, Base):
    """One person. `name` is shown as entered; `name_en` in English pages and reports when it is given."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("email"), CheckConstraint("locale IN ('ja', 'en')", name="locale"))

    id: Mapped[Id]
    email: Mapped[Line]
    name: Mapped[Line]
    name_en: Mapped[Line] = mapped_column(default="")
    department: Mapped[Line] = mapped_column(default="")
    department_en: Mapped[Line] = mapped_column(default="")
    locale: Mapped[Code] = mapped_column(default="ja")
    password_hash: Mapped[Line] = mapped_column(default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    grants: Mapped[list[RoleGrant]] = relationship(
        back_populates="user", order_by="RoleGrant.granted_at", foreign_keys="RoleGrant.user_id"
    )

    @property
    def roles(self) -> frozenset[str]:
        """Codes of the roles held now (domain.md §6)."""
        return frozenset(grant.role for grant in self.grants if grant.ended_at is None)

    def name_in(self, locale: str) -> str:
        """Return the name as shown to a reader of `locale`."""
        return self.name_en if locale == "en" and self.name_en else self.name


class RoleGrant(Base):
    """A role given to a person, from when until when; never deleted, so that past authority can be shown."""

    __tablename__ = "role_grants"

    id: Mapped[Id]
    user_id: Mapped[str] = ref("users.id")
    role: Mapped[Code]
    granted_at: Mapped[datetime]
    granted_by: Mapped[str | None] = ref("users.id", index=False)
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(back_populates="grants", foreign_keys=[user_id])


class UserSession(Base):
    """One signed-in browser: only the SHA-256 of its token is stored (assurance.md T17)."""

    __tablename__ = "user_sessions"

    id: Mapped[Id]
    user_id: Mapped[str] = ref("users.id")
    token_digest: Mapped[Digest] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class FormKey(Base):
    """A form that was sent and acted on: the same form sent twice (double click, back button) is answered, not repeated."""

    __tablename__ = "form_keys"

    user_id: Mapped[str] = mapped_column(String(36), ForeignKey("users.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(36), primary_key=True)
    path: Mapped[Line]
    location: Mapped[Line]
    created_at: Mapped[datetime]
