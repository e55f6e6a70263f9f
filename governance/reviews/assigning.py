"""Who reviews a case: assignment by the expert team, with everybody's workload and the conflicts that bar a person.

Taking a case assigns it to oneself. A later assignment needs a reason; the earlier ones stay on record. Nobody bound to the project
can be assigned, whoever assigns (domain.md §6.1 triage, §6.3 separation of duties).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import lazyload

from governance.accounts.models import RoleGrant, User
from governance.accounts.rules import authorize
from governance.learning.services import lacking
from governance.notifications.services import may_see
from governance.refusals import Refusal
from governance.reviews import telling
from governance.reviews.committee import Conflict
from governance.reviews.desk_models import Assignment
from governance.reviews.models import Review
from governance.reviews.people import (
    active_person,
    conflicts_of,
    locked,
    refuse_bound,
    refuse_earlier_lead,
    relations_to,
    ties_of,
)
from governance.reviews.rules import refuse_when
from governance.screenings.models import Screening
from governance.work import UnitOfWork

ASSIGNABLE = ("submitted", "appeal", "triage", "in_review", "discussion")
"""States in which a case has or waits for a reviewer."""
LONGEST_REASON = 1000


@dataclass(frozen=True)
class Candidate:
    """An expert who could review a case: how many cases they have now, and what binds them to this one."""

    person: User
    workload: int
    conflicts: Sequence[Conflict]

    @property
    def is_barred(self) -> bool:
        """True when a conflict of interest keeps the person from reviewing it."""
        return any(conflict.bars for conflict in self.conflicts)


def assignments_of(work: UnitOfWork, screening: Screening) -> list[Assignment]:
    """Return the assignments of the current revision, the first one first."""
    query = select(Assignment).where(Assignment.screening_id == screening.id, Assignment.revision == screening.revision)
    return list(work.session.scalars(query.order_by(Assignment.number)))


def assigned_to(work: UnitOfWork, screenings: Iterable[Screening]) -> dict[str, User]:
    """Return who is to review each of these cases (screening → person), the last assignment of its revision; one statement."""
    found: dict[str, User] = {}
    revisions = {row.id: row.revision for row in screenings}
    query = select(Assignment).where(Assignment.screening_id.in_(revisions)).order_by(Assignment.number)
    for row in work.session.scalars(query):
        if row.revision == revisions[row.screening_id]:
            found[row.screening_id] = row.reviewer
    return found


def experts(work: UnitOfWork) -> list[User]:
    """Return the people of the expert team with an open account, by name."""
    held = select(RoleGrant.user_id).where(RoleGrant.role == "expert", RoleGrant.ended_at.is_(None))
    return list(
        work.session.scalars(select(User).where(User.id.in_(held), User.is_active).order_by(User.name, User.id))
    )


def workload(work: UnitOfWork) -> Counter[str]:
    """Return how many cases each person reviews or is to review now (person → cases)."""
    last = (
        select(Assignment.screening_id, Assignment.revision, func.max(Assignment.number).label("number"))
        .group_by(Assignment.screening_id, Assignment.revision)
        .subquery()
    )
    query = (
        select(Assignment.reviewer_id, Assignment.screening_id)
        .join(
            last,
            (last.c.screening_id == Assignment.screening_id)
            & (last.c.revision == Assignment.revision)
            & (last.c.number == Assignment.number),
        )
        .join(Screening, (Screening.id == Assignment.screening_id) & (Screening.revision == Assignment.revision))
        .where(Screening.state.in_(ASSIGNABLE))
        .options(lazyload("*"))
    )
    return Counter(row.reviewer_id for row in work.session.execute(query))


def candidates(work: UnitOfWork, screening: Screening) -> list[Candidate]:
    """Return the experts for this case: those without a conflict first, and of them those with the least to do."""
    ties, counts = ties_of(work, screening), workload(work)
    found = [Candidate(person, counts[person.id], conflicts_of(person, ties)) for person in experts(work)]
    return sorted(found, key=lambda each: (each.is_barred, bool(each.conflicts), each.workload, each.person.name))


# long: one line for each part of the record
def assign(work: UnitOfWork, screening: Screening, reviewer_id: str, *, rev: int, reason: str = "") -> Assignment:
    """Ask a person of the expert team to review a case, or hand it on with a reason; the person is told.

    Raises Refusal for a person who is bound to the project, lacks required training, or reviews it already; after the opinion.
    """
    authorize(work.actor, "review:assign", relations_to(work, screening))
    locked(work, screening, rev)
    refuse_bound(work, screening)
    review = _open_review(work, screening)
    before = assignments_of(work, screening)
    person = _fit(work, screening, reviewer_id, before)
    text = reason.strip()
    _check_reason(text, bool(before))
    row = noted(work, screening, person.id, text)
    if review is not None:
        review.reviewer_id = person.id
    screening.changed_at = work.now
    work.session.flush()
    work.record(
        "ReviewAssigned",
        subject=("assignment", row.id),
        project=screening.project_id,
        rev=(rev, screening.rev),
        codes={"screening": screening.id, "revision": row.revision, "reviewer": person.id, "number": row.number},
        private={"reason": text} if text else {},
        row=row,
    )
    telling.assigned(work, screening, person.id, before[-1].reviewer_id if before else "")
    return row


def noted(work: UnitOfWork, screening: Screening, reviewer_id: str, reason: str = "") -> Assignment:
    """Add an assignment, flushed but not yet evented; the act that calls this records it."""
    row = Assignment(
        screening_id=screening.id,
        revision=screening.revision,
        number=len(assignments_of(work, screening)) + 1,
        reviewer_id=reviewer_id,
        reason=reason,
        assigned_by=work.actor.id,
        assigned_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    return row


def take(work: UnitOfWork, screening: Screening) -> None:
    """Note that the actor takes a case on; refused while it is assigned to somebody else."""
    before = assignments_of(work, screening)
    if not before:
        noted(work, screening, work.actor.id)
        return
    last = before[-1]
    if last.reviewer_id != work.actor.id:
        raise Refusal(
            "reviews.assigned",
            "この案件の担当は{name}です。代わるときは、理由を書いて割り当て直してください。",
            "This case is assigned to {name}. To take over, assign it anew with the reason.",
            name=last.reviewer.name,
        )


def _open_review(work: UnitOfWork, screening: Screening) -> Review | None:
    """Return the review under way, None before it was taken; refuse where nobody reviews, and after the opinion."""
    query = select(Review).where(Review.screening_id == screening.id, Review.revision == screening.revision)
    review = work.session.scalars(query).one_or_none()
    closed = screening.state not in ASSIGNABLE or (review is not None and review.state == "opined")
    refuse_when(
        closed,
        "assigning_over",
        "担当を割り当てられるのは、提出から専門チームの意見までです。",
        "A reviewer is assigned from the submission until the team's opinion.",
    )
    return review


# long: a table of faults
def _fit(work: UnitOfWork, screening: Screening, reviewer_id: str, before: Sequence[Assignment]) -> User:
    """Return the person when they may review this case; refuse otherwise, with the reason."""
    if not reviewer_id:
        raise Refusal("reviews.reviewer", "担当者を選んでください。", "Choose the reviewer.", place="reviewer")
    person = active_person(work, reviewer_id, "reviewer")
    bars = [conflict for conflict in conflicts_of(person, ties_of(work, screening)) if conflict.bars]
    if bars:
        raise Refusal(
            "reviews.assign_bound",
            "この人は利益相反のため担当できません：{why}。",
            "This person cannot review it because of a conflict of interest: {why}.",
            place="reviewer",
            why=bars[0].text,
        )
    unfit = "expert" not in person.roles or not may_see(work, person, screening.project_id)
    said = (
        "担当できるのは、案件を見られる専門チームの人です。",
        "The reviewer is of the expert team and may see the case.",
    )
    refuse_when(unfit, "no_expert", *said, place="reviewer")
    lacks = [each for each in lacking(work, person.id, "review") if each.is_required]
    if lacks:
        raise Refusal("reviews.training", lacks[0].told().ja, lacks[0].told().en, place="reviewer")
    refuse_earlier_lead(work, screening, person.id, "reviewer")
    again = bool(before) and before[-1].reviewer_id == person.id
    refuse_when(
        again, "same_reviewer", "すでにこの人が担当です。", "This person is the reviewer already.", place="reviewer"
    )
    return person


def _check_reason(text: str, is_change: bool) -> None:
    refuse_when(
        is_change and not text,
        "reason",
        "担当を替える理由を書いてください。",
        "Give the reason for another reviewer.",
        place="assign_reason",
    )
    refuse_when(
        len(text) > LONGEST_REASON,
        "too_long",
        "{limit}文字以内で書いてください。",
        "Use at most {limit} characters.",
        place="assign_reason",
        limit=LONGEST_REASON,
    )
