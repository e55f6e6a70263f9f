"""Carrying a screening's content forward, because the next phase begins with what the last approval rested on.

Everything keeps its author and time; an answer that was carried is marked until it is saved anew.
"""

from __future__ import annotations

from sqlalchemy import select

from governance.screenings.loading import sheet_of
from governance.screenings.models import Answer, AnswerEvidence, ItemRating, Ruling, Screening
from governance.work import UnitOfWork


def carry_forward(work: UnitOfWork, source: Screening, row: Screening) -> None:
    """Copy answers, evidence links, ratings and rulings on 該当なし of questions that `row` knows too."""
    known = {q.key for each in sheet_of(row).questionnaires for _, q in each.questions()}
    for answer in work.session.scalars(select(Answer).where(Answer.screening_id == source.id)):
        if answer.question_key in known and answer.value:
            work.session.add(_answer(answer, row))
    for link in work.session.scalars(select(AnswerEvidence).where(AnswerEvidence.screening_id == source.id)):
        if link.question_key in known:
            work.session.add(_evidence(link, row))
    for rating in work.session.scalars(select(ItemRating).where(ItemRating.screening_id == source.id)):
        work.session.add(_rating(rating, row))
    for ruling in work.session.scalars(
        select(Ruling).where(Ruling.screening_id == source.id, Ruling.kind == "not_applicable")
    ):
        work.session.add(_ruling(ruling, row))
    work.session.flush()


def _answer(old: Answer, row: Screening) -> Answer:
    return Answer(
        screening_id=row.id,
        question_key=old.question_key,
        value=old.value,
        text=old.text,
        remark=old.remark,
        due_on=old.due_on,
        carried_from=old.screening_id,
        author_id=old.author_id,
        saved_at=old.saved_at,
    )


def _evidence(old: AnswerEvidence, row: Screening) -> AnswerEvidence:
    return AnswerEvidence(
        screening_id=row.id,
        question_key=old.question_key,
        evidence_id=old.evidence_id,
        attached_by=old.attached_by,
        attached_at=old.attached_at,
    )


def _rating(old: ItemRating, row: Screening) -> ItemRating:
    return ItemRating(
        screening_id=row.id,
        item=old.item,
        severity=old.severity,
        likelihood=old.likelihood,
        severity_reason=old.severity_reason,
        likelihood_reason=old.likelihood_reason,
        author_id=old.author_id,
        saved_at=old.saved_at,
    )


def _ruling(old: Ruling, row: Screening) -> Ruling:
    return Ruling(
        screening_id=row.id,
        revision=0,
        kind=old.kind,
        target=old.target,
        outcome=old.outcome,
        reason=old.reason,
        ruled_by=old.ruled_by,
        ruled_at=old.ruled_at,
    )
