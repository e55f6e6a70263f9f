"""Saving answers one by one as a person gives them: what can be kept is kept, the rest is named, and nothing is ever overwritten unseen.

A page saved by its button is all or nothing (filling.py); here every entry stands alone, because the person has already gone on to
the next question. Contents are read once, changed in memory and concluded from, so a save costs a fixed number of narrow statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import BindParameter, Select, and_, bindparam, select
from sqlalchemy.orm import aliased, lazyload

from governance.accounts.rules import authorize
from governance.learning.services import require as require_training
from governance.projects.life import must_run_after, newest_act
from governance.projects.models import ProjectMember
from governance.projects.rules import Membership, relations
from governance.projects.services import SEES_ALL, seen_by
from governance.refusals import Conflict, NotFound, Problem, Refusal
from governance.screenings import filling, rules
from governance.screenings.loading import Contents, Filled, concluded, contents_for_saving, pinned_sheet
from governance.screenings.models import Answer, ItemRating, Screening
from governance.screenings.routing import Sheet
from governance.screenings.rules import Entry, RatingEntry
from governance.work import UnitOfWork


@dataclass
class Kept:
    """What became of the entries: the rows as they stand for those kept, and a reason for each that was not.

    `filled` is the screening as it now stands; None when nothing that was saved bears on what is asked or on the score.
    """

    filled: Filled | None = None
    answers: dict[str, Answer | None] = field(default_factory=dict)
    ratings: dict[str, ItemRating | None] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Open:
    """A screening held for saving, with what it pins."""

    row: Screening
    sheet: Sheet


def hold(work: UnitOfWork, screening_id: str) -> Open:
    """Return a visible screening that the actor may fill, held until the unit ends: saves and a submission follow each other.

    Raises NotFound, Forbidden; Refusal when it is locked or its project does not run.
    """
    query = _HELD[bool(work.actor.roles & SEES_ALL)]
    found = work.session.execute(query, {"screening": screening_id, "reader": work.actor.id}).all()
    if not found:
        raise NotFound
    row = found[0].Screening
    authorize(work.actor, "screening:answer", relations(cast(Iterable[Membership], found), work.actor.id))
    must_run_after(found[0].turn)
    rules.must_be_editable(row.state)
    return Open(row, pinned_sheet(work.session, row))


def _holding(*, sees_all: bool) -> Select[Screening, str, str, str, bool]:
    """Return the statement that finds a screening for a person, with the person's own parts in the project and its newest turn."""
    reader: BindParameter[str] = bindparam("reader")
    part = aliased(ProjectMember)
    own = and_(part.project_id == Screening.project_id, part.user_id == reader)
    turn = newest_act(Screening.project_id).label("turn")
    current = part.left_at.is_(None).label("is_current")
    query = select(Screening, turn, part.user_id, part.part, current).join(Screening.project)
    query = query.outerjoin(part, own).where(Screening.id == bindparam("screening"))
    return query.where(seen_by(reader, sees_all=sees_all)).options(lazyload("*")).with_for_update(of=Screening)


_HELD = {sees_all: _holding(sees_all=sees_all) for sees_all in (False, True)}
"""Written out once, because every save asks it."""


def keep(work: UnitOfWork, held: Open, entries: Sequence[Entry], ratings: Sequence[RatingEntry] = ()) -> Kept:
    """Save each entry that is right and in nobody's way, and name the others.

    The entries must be of questions that the screening has.
    """
    row, kept = held.row, Kept()
    contents = contents_for_saving(work.session, row, [entry.key for entry in entries], rates=bool(ratings))
    if not contents.answers:
        require_training(work, "fill")
    values = {key: answer.value for key, answer in contents.answers.items()}
    for entry in entries:
        _keep_answer(work, held, contents, kept, entry)
    for rating in ratings:
        _keep_rating(work, held, contents, kept, rating)
    is_changed = bool(work.session.new or work.session.dirty)
    if kept.ratings or contents.rulings or values != {key: answer.value for key, answer in contents.answers.items()}:
        kept.filled = concluded(row, contents, held.sheet)
        filling.write_summary(row, kept.filled)
    if is_changed:
        row.changed_at = work.now
    work.session.flush()
    return kept


def _keep_answer(work: UnitOfWork, held: Open, contents: Contents, kept: Kept, given: Entry) -> None:
    entry = rules.stored_form(rules.question_or_refuse(held.sheet, given.key), given)
    answer = contents.answers.get(entry.key)
    if wrong := filling.problems_of(work, held.row, held.sheet, entry):
        kept.problems += wrong
    elif (conflict := filling.conflict_of(work, held.row, answer, entry)) is not None:
        kept.conflicts.append(conflict)
    else:
        stored = filling.save_answer(work, held.row, answer, filling.with_file(work, held.row, held.sheet, entry))
        kept.answers[entry.key] = stored
        if stored is not None:
            contents.answers[entry.key] = stored


def _keep_rating(work: UnitOfWork, held: Open, contents: Contents, kept: Kept, entry: RatingEntry) -> None:
    try:
        rules.check_rating(held.sheet.framework, entry)
        stored = filling.save_rating(work, held.row, contents.ratings.get(entry.item), entry)
    except Conflict as conflict:
        kept.conflicts.append(conflict)
        return
    except Refusal as refused:
        kept.problems.append(Problem(refused.code, refused.text, f"rating-{entry.item}"))
        return
    kept.ratings[entry.item] = stored
    if stored is not None:
        contents.ratings[entry.item] = stored


def restore(work: UnitOfWork, held: Open, key: str, change_id: str, *, rev: int) -> Kept:
    """Give an answer the content of an earlier state of its history; NotFound when the state is not of this answer.

    It is saved as a new state by the actor: history only grows. `rev` is the one the page shows, so that nobody else's later
    answer is undone unseen.
    """
    value, text, remark, due_on = filling.content_of_change(work, held.row, key, change_id)
    return keep(work, held, [Entry(key, value, remark, due_on, rev, text)])
