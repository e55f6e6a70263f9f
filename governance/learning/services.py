"""What a person lacks before an act, and the one call that refuses it: asked by screenings and reviews, which stand above.

A fresh installation has no course, so nothing is asked for until an administrator says so. Training opens acts and never enters a score.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from governance.accounts.models import RoleGrant
from governance.learning.models import Course, CourseTerms, TrainingRecord
from governance.learning.rules import ACTS, Act, Standing, asked_for, local_date, standing
from governance.refusals import Refusal
from governance.texts import Text, joined
from governance.work import UnitOfWork


@dataclass(frozen=True)
class Lack:
    """A course that is asked for before an act and that a person has not, or no longer."""

    course: Course
    terms: CourseTerms
    standing: Standing

    @property
    def is_required(self) -> bool:
        """Say whether the act is refused without it."""
        return self.terms.mode == "require"

    def told(self) -> Text:
        """Return which course it is, what is wrong, and where it is taken."""
        code, name, where = self.course.code, self.course.called(), self.course.taken_at()
        ja = f"教育「{code} {name.ja}」" + (
            "は未受講です。" if self.standing.until is None else f"の有効期限は{self.standing.until}まででした。"
        )
        en = f"The course “{code} {name.en}”" + (
            " was not taken." if self.standing.until is None else f" was valid until {self.standing.until}."
        )
        ja += f"受講先：{where.ja}。" if where.ja else "受講方法は、「学習」の講座のページにあります。"
        en += f" Take it here: {where.en}." if where.en else " Its page under “Learning” says how to take it."
        return Text(ja, en)


# ---------------------------------------------------------------- terms and attendances


def courses(work: UnitOfWork, *, retired: bool = False) -> list[Course]:
    """Return the courses by code, with their terms; the ended ones only when asked for."""
    query = select(Course).options(selectinload(Course.terms)).order_by(Course.code)
    if not retired:
        query = query.where(Course.retired_at.is_(None))
    return list(work.session.scalars(query))


def terms_on(course: Course, on: date) -> CourseTerms | None:
    """Return the terms of a course in force on a day; None before the first ones take effect."""
    return max(
        (each for each in course.terms if each.effective_on <= on),
        key=lambda each: (each.effective_on, each.version),
        default=None,
    )


def attendances(work: UnitOfWork, users: Collection[str] | None = None) -> dict[tuple[str, str], list[TrainingRecord]]:
    """Return the attendances that stand, by (person, course); of all people when none are named."""
    query = select(TrainingRecord).where(TrainingRecord.withdrawn_at.is_(None))
    if users is not None:
        query = query.where(TrainingRecord.user_id.in_(users))
    found: dict[tuple[str, str], list[TrainingRecord]] = {}
    for row in work.session.scalars(query.order_by(TrainingRecord.attended_on)):
        found.setdefault((row.user_id, row.course_id), []).append(row)
    return found


def standings(work: UnitOfWork, user_id: str, wanted: Iterable[Course]) -> dict[str, Standing]:
    """Return how a person stands to these courses today, by course."""
    held, today = attendances(work, [user_id]), local_date(work.now)
    return {each.id: standing(held.get((user_id, each.id), []), today) for each in wanted}


# ---------------------------------------------------------------- the gate


def lacking(work: UnitOfWork, user_id: str, act: Act) -> list[Lack]:
    """Return the courses asked for before this act that the person lacks today, those that stop it first."""
    asked = _asked(work, user_id, act)
    if not asked:
        return []
    held = standings(work, user_id, [course for course, _ in asked])
    found = [Lack(course, terms, held[course.id]) for course, terms in asked if not held[course.id].counts]
    return sorted(found, key=lambda lack: (not lack.is_required, lack.course.code))


def _asked(work: UnitOfWork, user_id: str, act: Act) -> list[tuple[Course, CourseTerms]]:
    """Return the courses in force that somebody may be asked for, with their terms; one statement where there are none."""
    today = local_date(work.now)
    in_force = [(course, terms) for course in courses(work) if (terms := terms_on(course, today)) is not None]
    in_force = [(course, terms) for course, terms in in_force if terms.mode != "off" and act in terms.acts]
    if not in_force:
        return []
    roles = _roles(work, user_id)
    return [(course, terms) for course, terms in in_force if asked_for(terms, act, roles)]


def _roles(work: UnitOfWork, user_id: str) -> frozenset[str]:
    if user_id == work.actor.id:
        return work.actor.roles
    held = select(RoleGrant.role).where(RoleGrant.user_id == user_id, RoleGrant.ended_at.is_(None))
    return frozenset(work.session.scalars(held))


def require(work: UnitOfWork, act: Act) -> None:
    """Refuse the act when the actor lacks training that is required for it; the refusal says which courses and where to take them.

    The service itself (jobs, set-up) is never asked.
    """
    lacks = [each for each in lacking(work, work.person, act) if each.is_required] if work.person is not None else []
    if lacks:
        told = joined((each.told() for each in lacks), "", " ")
        raise Refusal(
            "learning.training",
            "「{act}」には教育の受講が必要です。{told}受講が記録されると、続けられます。入力した内容は失われません。",
            "Training is required for this: {act}. {told} Once your attendance is recorded you can go on.",
            act=ACTS[act],
            told=told,
        )


def notices(work: UnitOfWork, act: Act) -> Sequence[Lack]:
    """Return what the pages of an act tell the reader about missing training (modes warn and require)."""
    return lacking(work, work.person, act) if work.person is not None else []
