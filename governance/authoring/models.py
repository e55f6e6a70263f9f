"""The table of back-tests: how far the re-scoring of past screenings under a draft has come, and what it found so far.

A back-test is worked off a slice per request, by whichever worker is asked; its row is all that is kept between two requests.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.models import User
from governance.storage.tables import Base, Code, Digest, Id, Revised, ref


class Backtest(Revised, Base):
    """One run over all submitted screenings (遡り検証). `text` is the digest of the draft's text that it runs under.

    `after` is the last screening that was re-scored, `counts` what was found so far (authoring/backtest.py).
    """

    __tablename__ = "backtests"
    __table_args__ = (CheckConstraint("state IN ('running', 'done', 'stopped')", name="state"),)

    id: Mapped[Id]
    draft_id: Mapped[str] = ref("questionnaire_drafts.id")
    text: Mapped[Digest]
    state: Mapped[Code] = mapped_column(default="running")
    after: Mapped[str] = mapped_column(String(36), default="")
    total: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]]
    started_by: Mapped[str] = ref("users.id", index=False)
    started_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    starter: Mapped[User] = relationship()
