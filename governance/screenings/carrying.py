"""Carrying content forward into a new screening, because it begins with what the approvals before it rested on.

Everything keeps its author and time and is marked as carried until it is saved anew. Only what changed or expired is marked to be
confirmed: a question that asks otherwise, a planned date that passed, evidence that expired; and in a re-screening the trigger sheet, with
the ratings when the reason touches them (domain.md §4.3). Which answer is carried is decided by what was said last, so that a newer
re-screening of an earlier phase is not undone by an older answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from governance.projects.models import Evidence
from governance.questionnaires.definition import Framework
from governance.screenings.loading import Filled, load, sheet_of
from governance.screenings.models import Answer, AnswerEvidence, ItemRating, Ruling, Screening
from governance.screenings.planning import Step, moved_ratings, steps
from governance.screenings.result import Rating
from governance.screenings.routing import Sheet
from governance.screenings.rules import APPROVED
from governance.work import UnitOfWork


@dataclass(frozen=True)
class Carried:
    """One answer that is carried: from which screening, what happens to it, and what stood there."""

    source: Screening
    filled: Filled
    step: Step
    answer: Answer

    @property
    def evidence(self) -> list[Evidence]:
        """The pieces attached to it."""
        return self.filled.evidence.get(self.answer.question_key, [])


def carry_forward(
    work: UnitOfWork, before: Sequence[Screening], row: Screening, *, reasons: Sequence[str] | None = None
) -> None:
    """Bring answers, evidence, ratings and rulings on 該当なし of the last approvals into `row`, as far as it asks for them.

    `reasons` are the reasons of a re-screening, None for the first screening of a phase.
    """
    sheet = sheet_of(row)
    loaded = [(each, load(work.session, each)) for each in _sources(before, row.phase, sheet.framework)]
    for carried in _chosen(loaded, sheet).values():
        _bring(work, row, sheet, carried, again=reasons is not None)
    if loaded:
        _bring_ratings(work, row, sheet.framework, loaded, reasons or ())
    work.session.flush()


def _sources(before: Sequence[Screening], phase: str, framework: Framework) -> list[Screening]:
    """Return the last approved screening of this phase and of each earlier one, those submitted first in front."""
    newest = {
        each.phase: each
        for each in sorted(before, key=lambda one: one.sequence)
        if each.state in APPROVED and each.phase in {*framework.earlier_phases(phase), phase}
    }
    return sorted(newest.values(), key=_submitted)


def _submitted(row: Screening) -> datetime:
    return row.submitted_at or row.opened_at


def _chosen(loaded: Iterable[tuple[Screening, Filled]], sheet: Sheet) -> dict[str, Carried]:
    """Return for each question the answer that was given last; of equal ones that of the newer screening."""
    found: dict[str, Carried] = {}
    for source, filled in loaded:
        for each in _of_one(source, filled, sheet):
            before = found.get(each.step.question.key)
            if before is None or before.answer.saved_at <= each.answer.saved_at:
                found[each.step.question.key] = each
    return found


def _of_one(source: Screening, filled: Filled, sheet: Sheet) -> Iterator[Carried]:
    for step in steps(filled.sheet, sheet, filled.values):
        answer = filled.answers.get(step.source or step.question.key)
        if step.moved and answer is not None:
            yield Carried(source, filled, step, answer)


def because_of(carried: Carried, *, is_trigger: bool, again: bool, today: date) -> str:
    """Return the code of why a carried answer is to be confirmed, "" when it needs no look (confirming.BECAUSE)."""
    if carried.step.kind == "split":
        return "moved"
    if carried.step.kind == "reworded":
        return "reworded"
    if carried.answer.due_on is not None and carried.answer.due_on < today:
        return "due"
    if any(_ended(piece, today) for piece in carried.evidence):
        return "evidence"
    return "trigger" if is_trigger and again else ""


def _ended(piece: Evidence, today: date) -> bool:
    return piece.removed_at is not None or (piece.expires_on is not None and piece.expires_on < today)


def _bring(work: UnitOfWork, row: Screening, sheet: Sheet, carried: Carried, *, again: bool) -> None:
    """Write one answer with its evidence, and the ruling on it when it is taken over as it was."""
    key, old = carried.step.question.key, carried.answer
    triggers = {q.key for each in sheet.questionnaires if each.kind == "trigger" for _, q in each.questions()}
    because = because_of(carried, is_trigger=key in triggers, again=again, today=work.now.date())
    work.session.add(
        Answer(
            screening_id=row.id,
            question_key=key,
            value=carried.step.moved,
            text=old.text,
            remark=old.remark,
            due_on=old.due_on,
            carried_from=carried.source.id,
            to_confirm=bool(because),
            confirm_because=because,
            author_id=old.author_id,
            saved_at=old.saved_at,
        )
    )
    for piece in carried.evidence:
        if piece.removed_at is None:
            _bring_piece(work, row, key, piece, carried)
    for ruling in carried.filled.rulings:
        if ruling.kind == "not_applicable" and ruling.target == key:
            work.session.add(_ruling(ruling, row))


def _bring_piece(work: UnitOfWork, row: Screening, key: str, piece: Evidence, carried: Carried) -> None:
    query = select(AnswerEvidence).where(
        AnswerEvidence.screening_id == carried.source.id,
        AnswerEvidence.question_key == carried.answer.question_key,
        AnswerEvidence.evidence_id == piece.id,
    )
    link = work.session.scalars(query).one()
    work.session.add(
        AnswerEvidence(
            screening_id=row.id,
            question_key=key,
            evidence_id=piece.id,
            attached_by=link.attached_by,
            attached_at=link.attached_at,
        )
    )


def _bring_ratings(
    work: UnitOfWork,
    row: Screening,
    framework: Framework,
    loaded: Sequence[tuple[Screening, Filled]],
    reasons: Sequence[str],
) -> None:
    """Take over the ratings of this phase's last approval, else of the newest one; a reason that touches them asks for a look."""
    own = [filled for source, filled in loaded if source.phase == row.phase]
    old = (own or [filled for _, filled in loaded])[-1].ratings
    kept = moved_ratings(framework, {item: Rating(each.severity, each.likelihood) for item, each in old.items()})
    touched = any(each.ratings for each in framework.rescreening if each.code in reasons)
    for item, grades in kept.items():
        work.session.add(
            ItemRating(
                screening_id=row.id,
                item=item,
                severity=grades.severity,
                likelihood=grades.likelihood,
                severity_reason=old[item].severity_reason,
                likelihood_reason=old[item].likelihood_reason,
                to_confirm=touched,
                author_id=old[item].author_id,
                saved_at=old[item].saved_at,
            )
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
