"""How people stand to a case under review: who is bound to its project, who wrote it, which seat an actor holds.

Relations are computed here at the moment of the act, from the records as they are, and given to `authorize` (assurance.md T4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import func, select

from governance.accounts.models import User
from governance.projects.life import must_run
from governance.projects.services import relations_of
from governance.refusals import NotFound, Refusal
from governance.reviews.amendment_models import Appeal
from governance.reviews.committee import DEFAULT_RULES, CommitteeRules, Conflict, Member, Ties, suggested_conflicts
from governance.reviews.models import AgendaItem, Committee, CommitteeMember, Review
from governance.reviews.rules import local_date, refuse_when
from governance.screenings.models import AnswerChange, Screening
from governance.work import UnitOfWork


def authors_of(work: UnitOfWork, screening: Screening) -> frozenset[str]:
    """Return everybody who ever wrote an answer or rating of this screening, opened it or submitted it."""
    written = work.session.scalars(
        select(AnswerChange.author_id).where(AnswerChange.screening_id == screening.id).distinct()
    )
    return frozenset({*written, screening.opened_by} | ({screening.submitted_by} if screening.submitted_by else set()))


def ties_of(work: UnitOfWork, screening: Screening) -> Ties:
    """Return who is bound to the case: team now and before, approvers, authors of any screening of the project."""
    project = screening.project
    siblings = list(work.session.scalars(select(Screening).where(Screening.project_id == project.id)))
    parts = [(m.user_id, m.part, m.is_current) for m in project.members]
    return Ties(
        department=project.department,
        department_en=project.department_en,
        team=frozenset(user for user, part, current in parts if current and part != "approver"),
        former=frozenset(user for user, part, current in parts if not current and part != "approver"),
        approvers=frozenset(user for user, part, _ in parts if part == "approver"),
        authors=frozenset({project.created_by}.union(*(authors_of(work, sibling) for sibling in siblings))),
    )


def ties_on(work: UnitOfWork, item: AgendaItem) -> Ties:
    """Return who is bound to what an item is about: to its case, and as owner to a condition that is to be waived."""
    return replace(ties_of(work, item.screening), owners=frozenset(each.condition.owner_id for each in item.waivers))


def conflicts_of(person: User, ties: Ties, rules: CommitteeRules = DEFAULT_RULES) -> list[Conflict]:
    """Return the conflicts of interest that the records show for a person, as far as the committee's rules look for them."""
    return suggested_conflicts(person.id, person.department, ties, person.department_en, rules)


def refuse_earlier_lead(work: UnitOfWork, screening: Screening, user_id: str, place: str | None = None) -> None:
    """Refuse whoever led the review that an appeal is against: somebody else leads it now (domain.md §6.3 appeal)."""
    appealed = select(func.max(Appeal.revision)).where(Appeal.screening_id == screening.id).scalar_subquery()
    led = select(Review.id).where(
        Review.screening_id == screening.id, Review.revision <= appealed, Review.reviewer_id == user_id
    )
    refuse_when(
        work.session.scalars(led).first() is not None,
        "earlier_lead",
        "異議のあった案件は、前と違う担当者が審査します。",
        "An appealed case is reviewed by somebody else than before.",
        place=place,
    )


def refuse_bound(work: UnitOfWork, screening: Screening, *, allowed: str = "") -> None:
    """Refuse the actor when they are bound to the project: author ≠ reviewer (domain.md §6.3 separation of duties).

    `allowed` names the one bond the act is meant for: the approver decides a light case.
    """
    found = suggested_conflicts(work.actor.id, "", ties_of(work, screening))
    bound = [conflict for conflict in found if conflict.bars and conflict.code != allowed]
    if bound:
        raise Refusal(
            "reviews.conflict",
            "利益相反のため、この案件の審査はできません：{why}。",
            "You cannot review this case because of a conflict of interest: {why}.",
            why=bound[0].text,
        )


def locked(work: UnitOfWork, screening: Screening, rev: int) -> None:
    """Lock the screening's row for a change of its state; refuse a stale form, and a project that does not run (assurance.md §4)."""
    must_run(work, screening.project_id)
    work.session.refresh(screening, with_for_update=True)
    work.expect(screening, rev)


def relations_to(work: UnitOfWork, screening: Screening) -> frozenset[str]:
    """Return how the actor stands to the project of a screening."""
    return relations_of(work, screening.project)


def seats_of(committee: Committee) -> list[Member]:
    """Return the committee's seats, past ones included, as the rules see them."""
    return [seat_of(row) for row in committee.members]


def seat_of(row: CommitteeMember) -> Member:
    """Return one seat as the rules see it."""
    return Member(
        row.id, row.user_id, row.side, frozenset(row.expertise), row.term_from, row.term_until, row.alternate_of
    )


def same_seat(row: CommitteeMember) -> frozenset[str]:
    """Return the other rows that speak for the same seat: the member for an alternate, the alternates for a member."""
    own = row.alternate_of or row.id
    return frozenset(each.id for each in row.committee.members if own in (each.id, each.alternate_of)) - {row.id}


def principal_of(row: CommitteeMember) -> CommitteeMember | None:
    """Return the member whom an alternate stands in for; None for a member."""
    if row.alternate_of is None:
        return None
    return next((each for each in row.committee.members if each.id == row.alternate_of), None)


def own_seat(work: UnitOfWork, committee: Committee) -> CommitteeMember | None:
    """Return the seat that the actor holds today, or None."""
    today = local_date(work.now)
    return next(
        (row for row in committee.members if row.user_id == work.actor.id and seat_of(row).sits_on(today)), None
    )


def standing(work: UnitOfWork, committee: Committee, recused: Sequence[str] | frozenset[str] = ()) -> frozenset[str]:
    """Return the actor's relations to a committee and, given the recused seats of an item, to that item."""
    held = {row.id for row in committee.members if row.user_id == work.actor.id}
    found = {"committee.member"} if own_seat(work, committee) else set()
    return frozenset(found | ({"item.recused"} if held & set(recused) else set()))


def active_person(work: UnitOfWork, user_id: str, place: str) -> User:
    """Return a person with an open account; a refusal at `place` for a closed one, NotFound for none."""
    person = work.session.get(User, user_id)
    if person is None:
        raise NotFound
    if not person.is_active:
        raise Refusal(
            "reviews.inactive", "この人のアカウントは停止しています。", "This person’s account is closed.", place=place
        )
    return person
