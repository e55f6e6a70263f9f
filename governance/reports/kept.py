"""Stored files and what overtakes them: which files a row still names, and reports erased or annulled while they were being made."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from governance.ledger.services import events, subject_events
from governance.projects.models import Evidence
from governance.refusals import Refusal
from governance.reports.models import Paper, Report
from governance.work import UnitOfWork


class Overtaken(Refusal):
    """The project was erased after the report had been composed: what was composed may hold erased words."""


def refuse_overtaken(work: UnitOfWork, subject: str, id: str, project: str | None) -> None:
    """Refuse to enter a report that was prepared before an erasure of its project. Raises Overtaken.

    Called once its row was written: the row waits for an erasure that holds the project, which is then seen here (assurance.md §3.8).
    """
    if project is None:
        return
    erased = events(work.session, type="ErasurePerformed", among=[project], limit=1)
    if erased and erased[0].seq > subject_events(work.session, subject, id)[0].seq:
        raise Overtaken(
            "reports.overtaken",
            "作成している間に、この案件の内容が消去されました。この報告書は発行していません。もう一度作成してください。",
            "Content of this project was erased while the report was being made. It was not issued. Please make it again.",
        )


def refuse_annulled(row: Report | Paper) -> None:
    """Refuse to issue again what was annulled after it had been found unchanged."""
    if row.annulment is not None:
        raise Refusal(
            "reports.annulled",
            "作成している間に、同じ内容の発行済みの文書が取り消されました。もう一度作成してください。",
            "The document issued before with this content was annulled just now. Please make it again.",
        )


def is_named(session: Session, digest: str) -> bool:
    """Say whether a row that was not erased names a stored file."""
    pieces = select(Evidence.id).where(Evidence.digest == digest, Evidence.erased_id.is_(None))
    if session.scalars(pieces.limit(1)).first() is not None:
        return True
    return any(
        session.scalars(
            select(model.id)
            .where(or_(model.record_digest == digest, model.file_digest == digest), model.erased_id.is_(None))
            .limit(1)
        ).first()
        is not None
        for model in (Report, Paper)
    )
