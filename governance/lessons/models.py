"""The table that says what became of a line of a KYT session, so that the way leads forth and back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.models import User
from governance.discussions.models import Thread
from governance.learning.models import KytSession
from governance.questionnaires.models import QuestionnaireDraft
from governance.screenings.models import AdoptedMeasure
from governance.storage.tables import Base, Code, Id, ref


class KytPromotion(Base):
    """A key danger or measure of a finished session that became a measure, a remark or a draft question; once for each kind."""

    __tablename__ = "kyt_promotions"
    __table_args__ = (
        UniqueConstraint("line_id", "kind"),
        CheckConstraint("kind IN ('measure', 'remark', 'question')", name="kind"),
        CheckConstraint(
            "(kind = 'measure') = (measure_id IS NOT NULL) AND (kind = 'remark') = (thread_id IS NOT NULL)"
            " AND (kind = 'question') = (draft_id IS NOT NULL)",
            name="target",
        ),
    )

    id: Mapped[Id]
    session_id: Mapped[str] = ref("kyt_sessions.id")
    line_id: Mapped[Code]
    kind: Mapped[Code]
    measure_id: Mapped[str | None] = ref("measures.id")
    thread_id: Mapped[str | None] = ref("threads.id")
    draft_id: Mapped[str | None] = ref("questionnaire_drafts.id")
    question_key: Mapped[Code] = mapped_column(default="")
    promoted_by: Mapped[str] = ref("users.id", index=False)
    promoted_at: Mapped[datetime]

    session: Mapped[KytSession] = relationship()
    promoter: Mapped[User] = relationship()
    measure: Mapped[AdoptedMeasure | None] = relationship()
    thread: Mapped[Thread | None] = relationship()
    draft: Mapped[QuestionnaireDraft | None] = relationship()
