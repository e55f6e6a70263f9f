"""Tables of what people say to each other about a case, and of the questions they hand to a colleague.

A thread stands at a place of a screening: a question key, `rating-<item>`, or "" for the case as a whole. What was said is never
changed silently: a correction keeps the earlier text, a withdrawn comment leaves its trace (assurance.md T2, T7).
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.models import User
from governance.storage.tables import Base, Code, Id, Long, Revised, ref


class Thread(Revised, Base):
    """A discussion at one place: a comment of anybody who works on the case, or a remark of a reviewer (審査担当者の指摘).

    `revision` is the revision of the screening at which it began; `changed_at` the last time that anything was said or settled.
    """

    __tablename__ = "threads"
    __table_args__ = (
        CheckConstraint("kind IN ('comment', 'remark')", name="kind"),
        CheckConstraint("state IN ('open', 'answered', 'resolved')", name="state"),
        CheckConstraint("(state = 'resolved') = (settled_at IS NOT NULL)", name="settled"),
    )

    id: Mapped[Id]
    project_id: Mapped[str] = ref("projects.id")
    screening_id: Mapped[str] = ref("screenings.id")
    place: Mapped[Code] = mapped_column(default="")
    kind: Mapped[Code]
    state: Mapped[Code] = mapped_column(default="open")
    revision: Mapped[int]
    opened_by: Mapped[str] = ref("users.id", index=False)
    opened_at: Mapped[datetime]
    settled_by: Mapped[str | None] = ref("users.id", index=False)
    settled_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]

    opener: Mapped[User] = relationship(foreign_keys=[opened_by])
    settler: Mapped[User | None] = relationship(foreign_keys=[settled_by])
    comments: Mapped[list[Comment]] = relationship(back_populates="thread", order_by="(Comment.written_at, Comment.id)")


class Comment(Revised, Base):
    """One thing said in a thread."""

    __tablename__ = "comments"
    __table_args__ = (CheckConstraint("text <> ''", name="text"),)

    id: Mapped[Id]
    thread_id: Mapped[str] = ref("threads.id")
    author_id: Mapped[str] = ref("users.id", index=False)
    text: Mapped[Long]
    written_at: Mapped[datetime]
    corrected_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    thread: Mapped[Thread] = relationship(back_populates="comments")
    author: Mapped[User] = relationship()
    mentions: Mapped[list[Mention]] = relationship(back_populates="comment")
    earlier: Mapped[list[CommentCorrection]] = relationship(order_by="CommentCorrection.replaced_at")


class CommentCorrection(Base):
    """The text of a comment before its author corrected it."""

    __tablename__ = "comment_corrections"

    id: Mapped[Id]
    comment_id: Mapped[str] = ref("comments.id")
    text: Mapped[Long]
    replaced_at: Mapped[datetime]


class Mention(Base):
    """A person whose attention a comment asks for."""

    __tablename__ = "mentions"
    __table_args__ = (UniqueConstraint("comment_id", "user_id"),)

    id: Mapped[Id]
    comment_id: Mapped[str] = ref("comments.id", index=False)
    user_id: Mapped[str] = ref("users.id")

    comment: Mapped[Comment] = relationship(back_populates="mentions")
    person: Mapped[User] = relationship()


class Delegation(Revised, Base):
    """Questions handed to a colleague until a day (依頼).

    `place` is a question key, `rating-<item>`, `item-<item>` for everything of an item, or `sheet-facts` / `sheet-triggers`.
    """

    __tablename__ = "delegations"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'done', 'withdrawn')", name="state"),
        CheckConstraint("(state = 'open') = (settled_at IS NULL)", name="settled"),
    )

    id: Mapped[Id]
    project_id: Mapped[str] = ref("projects.id")
    screening_id: Mapped[str] = ref("screenings.id")
    place: Mapped[Code]
    person_id: Mapped[str] = ref("users.id")
    due_on: Mapped[date | None]
    note: Mapped[Long] = mapped_column(default="")
    state: Mapped[Code] = mapped_column(default="open")
    given_by: Mapped[str] = ref("users.id", index=False)
    given_at: Mapped[datetime]
    settled_by: Mapped[str | None] = ref("users.id", index=False)
    settled_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]

    person: Mapped[User] = relationship(foreign_keys=[person_id])
    giver: Mapped[User] = relationship(foreign_keys=[given_by])
