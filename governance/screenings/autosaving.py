"""Saving answers one by one as a person gives them: what can be kept is kept, the rest is named, and nothing is ever overwritten unseen.

A page saved by its button is all or nothing (filling.py); here every entry stands alone, because the person has already gone on to
the next question. Contents are read once, changed in memory and concluded from, so a save costs a fixed number of statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload

from governance.projects.services import visible
from governance.refusals import Conflict, NotFound, Problem
from governance.screenings import filling, rules
from governance.screenings.loading import Contents, Filled, concluded, contents_of, sheet_of
from governance.screenings.models import Answer, ItemRating, Screening, ScreeningQuestionnaire
from governance.screenings.rules import Entry, RatingEntry
from governance.work import UnitOfWork


@dataclass
class Kept:
    """What became of the entries: the rows as they stand for those kept, and a reason for each that was not."""

    answers: dict[str, Answer | None] = field(default_factory=dict)
    ratings: dict[str, ItemRating | None] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def locked(work: UnitOfWork, screening_id: str) -> Screening:
    """Return a visible screening, held until the unit ends, so that saves and a submission follow each other. NotFound."""
    query = (
        select(Screening)
        .join(Screening.project)
        .where(Screening.id == screening_id, visible(work.actor))
        .options(
            contains_eager(Screening.project),
            joinedload(Screening.framework_version, innerjoin=True),
            joinedload(Screening.pins).joinedload(ScreeningQuestionnaire.questionnaire, innerjoin=True),
        )
        .with_for_update(of=Screening)
        .execution_options(populate_existing=True)
    )
    row = work.session.scalars(query).unique().one_or_none()
    if row is None:
        raise NotFound
    return row


def keep(
    work: UnitOfWork, row: Screening, entries: Sequence[Entry], ratings: Sequence[RatingEntry] = ()
) -> tuple[Filled, Kept]:
    """Save each entry that is right and in nobody's way, name the others, and return the screening as it then stands.

    `row` comes from `locked`. Raises Refusal when the screening is locked; the entries must be of questions that it has.
    """
    filling.may_fill(work, row)
    contents, kept = contents_of(work.session, row), Kept()
    for entry in entries:
        _keep_answer(work, row, contents, kept, entry)
    for rating in ratings:
        _keep_rating(work, row, contents, kept, rating)
    is_changed = bool(work.session.new or work.session.dirty)
    filled = concluded(row, contents)
    if is_changed:
        filling.write_summary(row, filled)
        row.changed_at = work.now
    work.session.flush()
    return filled, kept


def _keep_answer(work: UnitOfWork, row: Screening, contents: Contents, kept: Kept, given: Entry) -> None:
    sheet = sheet_of(row)
    entry = rules.stored_form(rules.question_or_refuse(sheet, given.key), given)
    answer = contents.answers.get(entry.key)
    if wrong := filling.problems_of(work, row, sheet, entry):
        kept.problems += wrong
    elif (conflict := filling.conflict_of(work, row, answer, entry)) is not None:
        kept.conflicts.append(conflict)
    else:
        stored = filling.save_answer(work, row, answer, filling.with_file(work, row, sheet, entry))
        kept.answers[entry.key] = stored
        if stored is not None:
            contents.answers[entry.key] = stored


def _keep_rating(work: UnitOfWork, row: Screening, contents: Contents, kept: Kept, entry: RatingEntry) -> None:
    rules.check_rating(sheet_of(row).framework, entry)
    try:
        stored = filling.save_rating(work, row, contents.ratings.get(entry.item), entry)
    except Conflict as conflict:
        kept.conflicts.append(conflict)
        return
    kept.ratings[entry.item] = stored
    if stored is not None:
        contents.ratings[entry.item] = stored


def restore(work: UnitOfWork, row: Screening, key: str, change_id: str, *, rev: int) -> tuple[Filled, Kept]:
    """Give an answer the content of an earlier state of its history; NotFound when the state is not of this answer.

    It is saved as a new state by the actor: history only grows. `rev` is the one the page shows, so that nobody else's later
    answer is undone unseen.
    """
    value, text, remark, due_on = filling.content_of_change(work, row, key, change_id)
    return keep(work, row, [Entry(key, value, remark, due_on, rev, text)])
