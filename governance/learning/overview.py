"""Who must have which training and who has it, counted by course; and the reminders thirty days before an attendance ends.

Who needs a course follows from the terms in force today and the roles held today (rules.needed_by). These numbers are about training
alone and are never part of a score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from governance.accounts.models import User
from governance.accounts.rules import authorize
from governance.learning.models import Course, CourseTerms
from governance.learning.rules import STANDINGS, Standing, local_date, needed_by, standing
from governance.learning.services import attendances, courses, terms_on
from governance.notifications.services import notify
from governance.work import UnitOfWork


@dataclass(frozen=True)
class Need:
    """A course somebody needs or has taken, the terms in force, and how they stand to it."""

    course: Course
    terms: CourseTerms | None
    standing: Standing
    is_needed: bool


@dataclass(frozen=True)
class Row:
    """One person with how they stand to each course, in the order of the courses; None where it is not needed and not taken."""

    user: User
    needs: list[Need | None]


@dataclass(frozen=True)
class Count:
    """How many people need a course, and how they stand to it."""

    course: Course
    terms: CourseTerms | None
    needed: int
    states: dict[str, int]

    @property
    def share(self) -> int | None:
        """Return how many percent of those who need it have it, rounded down; None when nobody needs it."""
        return 100 * (self.states["valid"] + self.states["soon"]) // self.needed if self.needed else None


def of_person(work: UnitOfWork, user: User, every: Sequence[Course] | None = None) -> list[Need]:
    """Return every course in use with how this person stands to it; those needed first."""
    today, held = local_date(work.now), attendances(work, [user.id])
    rows = courses(work) if every is None else every
    found = [_need(each, user, held.get((user.id, each.id), []), today) for each in rows]
    return sorted(found, key=lambda need: (not need.is_needed, need.standing.counts, need.course.code))


def _need(course: Course, user: User, taken: Sequence, today: date) -> Need:  # type: ignore[type-arg]
    terms = terms_on(course, today)
    needed = terms is not None and needed_by(terms, user.roles)
    return Need(course, terms, standing(taken, today), needed)


def own(work: UnitOfWork) -> list[Need]:
    """Return the courses of the actor."""
    user = work.session.get(User, work.actor.id)
    return of_person(work, user) if user is not None else []


def wanting(work: UnitOfWork) -> list[Need]:
    """Return the courses that the actor needs and lacks, or whose attendance ends soon; one statement where there are no courses."""
    every = courses(work)
    user = work.session.get(User, work.actor.id) if every else None
    found = of_person(work, user, every) if user is not None else []
    return [each for each in found if each.is_needed and each.standing.state != "valid"]


def table(work: UnitOfWork) -> tuple[list[Course], list[Row], list[Count]]:
    """Return the courses in use, every active person with how they stand to each, and the counts by course."""
    authorize(work.actor, "training:overview")
    every, today, held = courses(work), local_date(work.now), attendances(work)
    users = work.session.scalars(
        select(User).where(User.is_active).options(selectinload(User.grants)).order_by(User.department, User.name)
    )
    rows = []
    for user in users:
        needs = [_need(each, user, held.get((user.id, each.id), []), today) for each in every]
        rows.append(Row(user, [need if need.is_needed or need.standing.state != "missing" else None for need in needs]))
    counts = [_count(each, [row.needs[place] for row in rows], today) for place, each in enumerate(every)]
    return every, rows, counts


def _count(course: Course, needs: Sequence[Need | None], today: date) -> Count:
    tally = Counter(need.standing.state for need in needs if need is not None and need.is_needed)
    return Count(course, terms_on(course, today), sum(tally.values()), {state: tally[state] for state in STANDINGS})


def remind(work: UnitOfWork, today: date) -> int:
    """Tell people once that an attendance they need ends within thirty days, has ended, or is missing where it is required.

    A daily job; returns how many people and courses were looked at.
    """
    every, held, looked = courses(work), attendances(work), 0
    users = work.session.scalars(select(User).where(User.is_active).options(selectinload(User.grants))).all()
    for user in users if every else ():
        for course in every:
            need = _need(course, user, held.get((user.id, course.id), []), today)
            if need.is_needed and need.standing.state != "valid":
                looked += 1
                _tell(work, user, need)
    return looked


def _tell(work: UnitOfWork, user: User, need: Need) -> None:
    state, until = need.standing.state, need.standing.until
    if need.terms is None or (state == "missing" and need.terms.mode != "require"):
        return
    codes = {"about": state, "course": need.course.code} | ({"on": until.isoformat()} if until else {})
    once = f"training:{need.course.id}:{until.isoformat() if until else need.terms.id}:{state}"
    notify(work, "training", [user.id], href="/learning/mine", codes=codes, once=once)
