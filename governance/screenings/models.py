"""Tables of screenings: answers with their history, S/L ratings, rulings of reviewers, and immutable snapshots.

A screening pins the versions of framework and questionnaires it was opened with. Submitting freezes a snapshot; answers of a
revision that is not in `draft` or `returned` are locked, in the service and by triggers in the database (assurance.md T1).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, column, exists, false, table
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from governance.accounts.models import User
from governance.projects.models import Evidence, Project
from governance.questionnaires.models import FrameworkVersion, QuestionnaireVersion
from governance.storage.tables import Base, Code, Digest, Id, Line, Long, Revised, ref
from governance.texts import Text


class Screening(Revised, Base):
    """One filling-in of one phase by one project; `revision` grows with each resubmission after a return."""

    __tablename__ = "screenings"
    __table_args__ = (UniqueConstraint("project_id", "phase", "sequence"),)

    id: Mapped[Id]
    project_id: Mapped[str] = ref("projects.id")
    phase: Mapped[Code]
    sequence: Mapped[int] = mapped_column(default=1)
    state: Mapped[Code] = mapped_column(default="draft", index=True)
    revision: Mapped[int] = mapped_column(default=1)
    framework_id: Mapped[str] = ref("framework_versions.id", index=False)
    due_on: Mapped[date | None]
    triggers_done_at: Mapped[datetime | None]
    # a summary kept in the saving transaction, so that lists and portfolios never re-score (performance.md P9)
    route: Mapped[Code] = mapped_column(default="")
    inherent: Mapped[int | None]
    residual: Mapped[int | None]
    valid_until: Mapped[date | None]
    asked: Mapped[int] = mapped_column(default=0)
    answered: Mapped[int] = mapped_column(default=0)
    opened_by: Mapped[str] = ref("users.id", index=False)
    opened_at: Mapped[datetime]
    submitted_by: Mapped[str | None] = ref("users.id", index=False)
    submitted_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]

    project: Mapped[Project] = relationship()
    framework_version: Mapped[FrameworkVersion] = relationship()
    pins: Mapped[list[ScreeningQuestionnaire]] = relationship(
        back_populates="screening", order_by="ScreeningQuestionnaire.position"
    )
    snapshots: Mapped[list[Snapshot]] = relationship(back_populates="screening", order_by="Snapshot.created_at")


class ScreeningQuestionnaire(Base):
    """A questionnaire version that a screening asks: trigger sheet, base questions of this and earlier phases, packs."""

    __tablename__ = "screening_questionnaires"
    __table_args__ = (UniqueConstraint("screening_id", "questionnaire_id"),)

    id: Mapped[Id]
    screening_id: Mapped[str] = ref("screenings.id")
    questionnaire_id: Mapped[str] = ref("questionnaire_versions.id", index=False)
    position: Mapped[int]

    screening: Mapped[Screening] = relationship(back_populates="pins")
    questionnaire: Mapped[QuestionnaireVersion] = relationship(lazy="joined")


class Answer(Revised, Base):
    """The answer to one question: value, remark, planned date, author, time.

    `text` holds the content of a free text or of rows (JSON), whose value says only that something was given. `to_confirm` marks an
    answer that was brought along and nobody has looked at since; `confirm_because` says why it is to be looked at (confirming.py).
    """

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("screening_id", "question_key"),)

    id: Mapped[Id]
    screening_id: Mapped[str] = ref("screenings.id")
    question_key: Mapped[Code]
    value: Mapped[Line] = mapped_column(default="")
    text: Mapped[Long] = mapped_column(default="", server_default="")
    remark: Mapped[Long] = mapped_column(default="")
    due_on: Mapped[date | None]
    carried_from: Mapped[str | None] = ref("screenings.id", index=False)
    to_confirm: Mapped[bool] = mapped_column(default=False, server_default=false())
    confirm_because: Mapped[Code] = mapped_column(default="", server_default="")
    author_id: Mapped[str] = ref("users.id", index=False)
    saved_at: Mapped[datetime]

    author: Mapped[User] = relationship()


class AnswerChange(Base):
    """One saved state of an answer or rating: the append-only history that submitting anchors by digest (design.md §3.8)."""

    __tablename__ = "answer_changes"

    id: Mapped[Id]
    screening_id: Mapped[str] = ref("screenings.id")
    question_key: Mapped[Code] = mapped_column(index=True)
    revision: Mapped[int]
    body: Mapped[Long]
    author_id: Mapped[str] = ref("users.id", index=False)
    saved_at: Mapped[datetime]


class AnswerEvidence(Base):
    """Evidence attached to an answer; one piece of evidence may support several answers."""

    __tablename__ = "answer_evidence"

    screening_id: Mapped[str] = ref("screenings.id", primary_key=True)
    question_key: Mapped[Code] = mapped_column(primary_key=True)
    evidence_id: Mapped[str] = ref("evidence.id", primary_key=True)
    attached_by: Mapped[str] = ref("users.id", index=False)
    attached_at: Mapped[datetime]

    evidence: Mapped[Evidence] = relationship(lazy="joined")


class ItemRating(Revised, Base):
    """Severity and likelihood of one item as the team chose them, with reasons (domain.md §5.2 step 1)."""

    __tablename__ = "item_ratings"
    __table_args__ = (
        UniqueConstraint("screening_id", "item"),
        CheckConstraint("severity IS NULL OR severity >= 1", name="severity"),
        CheckConstraint("likelihood IS NULL OR likelihood >= 1", name="likelihood"),
    )

    id: Mapped[Id]
    screening_id: Mapped[str] = ref("screenings.id")
    item: Mapped[Code]
    severity: Mapped[int | None]
    likelihood: Mapped[int | None]
    severity_reason: Mapped[Long] = mapped_column(default="")
    likelihood_reason: Mapped[Long] = mapped_column(default="")
    to_confirm: Mapped[bool] = mapped_column(default=False, server_default=false())
    author_id: Mapped[str] = ref("users.id", index=False)
    saved_at: Mapped[datetime]


class Ruling(Base):
    """What a reviewer ruled about a submitted revision, beside the answers and never over them.

    `kind`: `not_applicable` (accept or refuse a 該当なし), `hard_stop` (confirm, clear or release), `route` (override, domain.md §5.3),
    `evidence` (a gate's evidence disproved).
    """

    __tablename__ = "rulings"
    __table_args__ = (
        CheckConstraint("kind IN ('not_applicable', 'hard_stop', 'route', 'evidence')", name="kind"),
        CheckConstraint("reason <> ''", name="reason"),
    )

    id: Mapped[Id]
    screening_id: Mapped[str] = ref("screenings.id")
    revision: Mapped[int]
    kind: Mapped[Code]
    target: Mapped[Code]
    outcome: Mapped[Code]
    reason: Mapped[Long]
    ruled_by: Mapped[str] = ref("users.id", index=False)
    ruled_at: Mapped[datetime]

    ruler: Mapped[User] = relationship()


class AdoptedMeasure(Revised, Base):
    """What a project decided to do about a gap (対応策): from the catalogue of the framework (`code`) or in its own words.

    It never counts in a score; what it brought about is seen in the answers.
    """

    __tablename__ = "measures"
    __table_args__ = (
        CheckConstraint("state IN ('planned', 'done', 'dropped')", name="state"),
        CheckConstraint("title_ja <> ''", name="title"),
    )

    id: Mapped[Id]
    project_id: Mapped[str] = ref("projects.id")
    screening_id: Mapped[str] = ref("screenings.id")
    code: Mapped[Code] = mapped_column(default="")
    question_key: Mapped[Code] = mapped_column(default="")
    title_ja: Mapped[Line]
    title_en: Mapped[Line]
    owner_id: Mapped[str] = ref("users.id")
    due_on: Mapped[date]
    state: Mapped[Code] = mapped_column(default="planned")
    note: Mapped[Long] = mapped_column(default="")
    created_by: Mapped[str] = ref("users.id", index=False)
    created_at: Mapped[datetime]
    settled_by: Mapped[str | None] = ref("users.id", index=False)
    settled_at: Mapped[datetime | None]

    project: Mapped[Project] = relationship()
    screening: Mapped[Screening] = relationship()
    owner: Mapped[User] = relationship(foreign_keys=[owner_id])

    def title(self) -> Text:
        """Return what is to be done, in both languages."""
        return Text(self.title_ja, self.title_en or self.title_ja)


class Snapshot(Base):
    """The frozen content a decision rests on (写し): canonical JSON and its SHA-256, immutable by trigger."""

    __tablename__ = "snapshots"
    __table_args__ = (
        UniqueConstraint("screening_id", "revision", "stage"),
        CheckConstraint("stage IN ('submitted', 'checked')", name="stage"),
    )

    id: Mapped[Id]
    screening_id: Mapped[str] = ref("screenings.id")
    revision: Mapped[int]
    stage: Mapped[Code]
    body: Mapped[Long]
    digest: Mapped[Digest] = mapped_column(index=True)
    created_by: Mapped[str] = ref("users.id", index=False)
    created_at: Mapped[datetime]

    screening: Mapped[Screening] = relationship(back_populates="snapshots")


class SnapshotText(Base):
    """The free text a snapshot commits to: the body holds only a salted digest, so that the text can be erased later.

    `path` is the place in the body ("answers/3/remark"); erasing a row leaves body, digest and ledger verifiable.
    """

    __tablename__ = "snapshot_texts"

    snapshot_id: Mapped[str] = ref("snapshots.id", primary_key=True)
    path: Mapped[Line] = mapped_column(primary_key=True)
    salt: Mapped[bytes]
    value: Mapped[Long]


class ScreeningMove(Base):
    """That an open screening was moved to newer versions: what was pinned before and after, and what is needed to undo it.

    `undo` holds what the move changed: answers and grades that the new versions cannot express, suggested answers, marks.
    """

    __tablename__ = "screening_moves"

    id: Mapped[Id]
    screening_id: Mapped[str] = ref("screenings.id")
    from_framework: Mapped[str] = ref("framework_versions.id", index=False)
    to_framework: Mapped[str] = ref("framework_versions.id", index=False)
    from_versions: Mapped[list[str]]
    to_versions: Mapped[list[str]]
    undo: Mapped[dict[str, Any]]
    moved_by: Mapped[str] = ref("users.id", index=False)
    moved_at: Mapped[datetime]
    undone_by: Mapped[str | None] = ref("users.id", index=False)
    undone_at: Mapped[datetime | None]


class Reassessment(Base):
    """Why a screening was opened anew, once or for several reasons after another (再スクリーニング; domain.md §4.3).

    `basis_id` is the approval that is looked at again, `source` says who or what asked for it, `subject` the reading or incident behind
    it. What comes by date comes once for an approval.
    """

    __tablename__ = "reassessments"
    __table_args__ = (
        CheckConstraint("source IN ('hand', 'date', 'reading', 'incident')", name="source"),
        Index(
            "uq_reassessments_by_date",
            "basis_id",
            unique=True,
            sqlite_where=sql("source = 'date'"),
            postgresql_where=sql("source = 'date'"),
        ),
    )

    id: Mapped[Id]
    screening_id: Mapped[str] = ref("screenings.id")
    basis_id: Mapped[str | None] = ref("screenings.id", index=False)
    reasons: Mapped[list[str]]
    note: Mapped[Long] = mapped_column(default="")
    source: Mapped[Code]
    subject: Mapped[Code] = mapped_column(default="")
    opened_by: Mapped[str] = ref("users.id", index=False)
    opened_at: Mapped[datetime]

    opener: Mapped[User] = relationship()


class AnswerCopy(Base):
    """That answers were copied from the screening of a similar project, and what is needed to undo it (similar.py).

    `keys` are the questions that were answered so, `items` the ratings; nothing that was there before is ever replaced.
    """

    __tablename__ = "answer_copies"

    id: Mapped[Id]
    screening_id: Mapped[str] = ref("screenings.id")
    source_id: Mapped[str] = ref("screenings.id", index=False)
    keys: Mapped[list[str]]
    items: Mapped[list[str]]
    copied_by: Mapped[str] = ref("users.id", index=False)
    copied_at: Mapped[datetime]
    undone_by: Mapped[str | None] = ref("users.id", index=False)
    undone_at: Mapped[datetime | None]

    source: Mapped[Screening] = relationship(foreign_keys=[source_id])


class AnswerLayout(Base):
    """The documents by whose order coded answers stand: one row for all screenings of a phase that pinned the same versions."""

    __tablename__ = "answer_layouts"

    digest: Mapped[Digest] = mapped_column(primary_key=True)
    framework_id: Mapped[str] = ref("framework_versions.id", index=False)
    phase: Mapped[Code]
    questionnaires: Mapped[list[str]]


class AnswerVector(Base):
    """The answers of a screening's newest snapshot as codes (vectors.py): derived from it, and made again when it is missing."""

    __tablename__ = "answer_vectors"

    screening_id: Mapped[str] = ref("screenings.id", index=False, primary_key=True)
    snapshot_id: Mapped[str] = ref("snapshots.id", index=False)
    layout: Mapped[str] = mapped_column(String(64), ForeignKey("answer_layouts.digest"))
    codes: Mapped[bytes]
    severity: Mapped[bytes]
    likelihood: Mapped[bytes]
    marks: Mapped[bytes]
    rest: Mapped[dict[str, Any]]
    rulings: Mapped[dict[str, Any]]


_appeals = table("appeals", column("screening_id"))
Screening.is_appealed = column_property(
    exists().where(_appeals.c.screening_id == Screening.id).correlate_except(_appeals)
)
"""Whether a rejection of the screening was ever appealed: the approval that the rejection ended does not come back by that."""
