"""Who hears of what happens in review: one function per act, called by the services beside the record of the act.

Notices hold codes alone. Owners and verifiers of conditions may be people who do not see the project: they are told of the condition
without it (domain.md §6.3).
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from governance.notifications.people import parts, strangers, team
from governance.notifications.services import notify, sees
from governance.projects.models import Project
from governance.reviews.desk_models import Challenge
from governance.reviews.models import AgendaItem, Condition, Decision, Meeting, Review
from governance.reviews.room_models import ItemQuestion
from governance.screenings.models import Screening
from governance.work import UnitOfWork

CONDITION_KINDS = {"report": "to_verify", "verify": "decided", "reject": "returned", "waive": "decided"}


def returned(work: UnitOfWork, row: Screening) -> None:
    """Tell the team that the case came back."""
    notify(work, "returned", team(row.project), project=row.project, href=f"/screenings/{row.id}")


def queued(work: UnitOfWork, row: Screening) -> None:
    """Tell the secretariat that a case waits for the committee, and the team where it stands."""
    given = {"about": "committee"}
    notify(work, "submitted", team(row.project), project=row.project, href=f"/projects/{row.project_id}", codes=given)
    people = strangers(work, row.project, "secretariat")
    notify(work, "submitted", people, project=row.project, href="/committees", codes=given)


def on_agenda(work: UnitOfWork, item: AgendaItem, readers: Iterable[str]) -> None:
    """Tell the members who may read the case that it is on the agenda."""
    href, given = f"/meetings/{item.meeting_id}", {"about": "agenda"}
    notify(work, "submitted", readers, project=item.screening.project, href=href, codes=given)


def materials_sent(work: UnitOfWork, row: Meeting, members: Iterable[str]) -> None:
    """Tell the members that the materials of a meeting are there."""
    notify(work, "submitted", members, project=None, href=f"/meetings/{row.id}/materials", codes={"about": "materials"})


def minutes_to_approve(work: UnitOfWork, row: Meeting, chairs: Iterable[str]) -> None:
    """Tell the chair that a version of the minutes waits for approval."""
    notify(work, "to_verify", chairs, project=None, href=f"/meetings/{row.id}/minutes", codes={"about": "minutes"})


def asked(work: UnitOfWork, item: AgendaItem, number: int) -> None:
    """Tell the team that a committee asked something about the case."""
    given = {"about": "board_question", "number": str(number)}
    project, href = item.screening.project, f"/screenings/{item.screening_id}/board-questions"
    notify(work, "assigned", team(project), project=project, href=href, codes=given)


def answered(work: UnitOfWork, item: AgendaItem, question: ItemQuestion) -> None:
    """Tell whoever asked that the answer is there."""
    given = {"about": "board_question", "number": str(question.number)}
    href = f"/meetings/{item.meeting_id}/items/{item.id}"
    notify(work, "commented", [question.asked_by], project=item.screening.project, href=href, codes=given)


def stopped(work: UnitOfWork, row: Screening, about: str = "stop") -> None:
    """Tell the team, legal and the expert team that a hard stop was raised, confirmed, or released."""
    given = {"about": about}
    notify(work, "suspended", team(row.project), project=row.project, href=f"/projects/{row.project_id}", codes=given)
    offices = strangers(work, row.project, "expert", "legal")
    notify(work, "suspended", offices, project=row.project, href=f"/reviews/{row.id}", codes=given)


def decided(work: UnitOfWork, row: Screening, decision: Decision) -> None:
    """Tell the team and the approver of the outcome; a case that a committee returned is returned."""
    if decision.outcome == "returned":
        returned(work, row)
    else:
        _outcome(work, row, decision.outcome)


def escalated(work: UnitOfWork, row: Screening) -> None:
    """Tell the team that the case went to the executive, and the executive that it waits for a decision."""
    _outcome(work, row, "escalated")
    people = strangers(work, row.project, "executive")
    notify(work, "submitted", people, project=row.project, href=f"/executive/{row.id}", codes={"about": "executive"})


def consulted(work: UnitOfWork, project: Project, people: Iterable[str], href: str, about: str) -> None:
    """Tell the people of a body that it was asked, or who asked that it has answered."""
    notify(work, "submitted", people, project=project, href=href, codes={"about": about})


def circulated(work: UnitOfWork, row: Screening, people: Iterable[str], circulation_id: str, about: str) -> None:
    """Tell members that they are asked by circulation, or all members of what was decided by it.

    Who does not see the case hears of it without its name.
    """
    for user_id in people:
        seen = sees(work, user_id, row.project_id)
        href = f"/circulations/{circulation_id}" if seen else "/committees"
        notify(work, "submitted", [user_id], project=row.project if seen else None, href=href, codes={"about": about})


def deferred(work: UnitOfWork, row: Screening) -> None:
    """Tell the team and the approver that the case waits for another meeting."""
    _outcome(work, row, "deferred")


def _outcome(work: UnitOfWork, row: Screening, outcome: str) -> None:
    people, href = parts(row.project, "owner", "member", "approver"), f"/projects/{row.project_id}"
    notify(work, "decided", people, project=row.project, href=href, codes={"about": outcome})


def assigned(work: UnitOfWork, row: Screening, reviewer: str, before: str) -> None:
    """Tell who is to review a case that it is theirs, and who was before that it no longer is."""
    href = f"/reviews/{row.id}"
    notify(work, "assigned", [reviewer], project=row.project, href=href, codes={"about": "review"})
    if before:
        notify(work, "assigned", [before], project=row.project, href=href, codes={"about": "review_over"})


def challenged(work: UnitOfWork, row: Challenge, about: str) -> None:
    """Tell the team that something of theirs was challenged, or how a challenge ended."""
    _challenge(work, row, team(row.screening.project), about)


def challenge_answered(work: UnitOfWork, row: Challenge) -> None:
    """Tell who made a challenge, and the reviewer, that the team has answered it."""
    review = select(Review.reviewer_id).where(Review.screening_id == row.screening_id, Review.revision == row.revision)
    _challenge(work, row, sorted({row.raised_by, *work.session.scalars(review)}), "challenge_answered")


def _challenge(work: UnitOfWork, row: Challenge, people: Iterable[str], about: str) -> None:
    place = row.target if row.kind == "answer" else f"item-{row.target}"
    codes = {"about": about, "question": row.target} if row.kind == "answer" else {"about": about}
    href = f"/reviews/{row.screening_id}#{place}"
    notify(work, "remarked", people, project=row.screening.project, href=href, codes=codes)


def condition_set(work: UnitOfWork, row: Condition) -> None:
    """Tell the owner of a condition that it is theirs."""
    _condition(work, row, "assigned", [row.owner_id], "condition")


def condition_moved(work: UnitOfWork, row: Condition, act: str) -> None:
    """Tell the verifier of a report, and the owner of what came of it."""
    people = [row.verifier_id] if act == "report" else [row.owner_id]
    _condition(work, row, CONDITION_KINDS[act], people, "waived" if act == "waive" else "condition")


def _condition(work: UnitOfWork, row: Condition, kind: str, people: Iterable[str], about: str) -> None:
    href, codes = f"/conditions/{row.id}", {"about": about, "number": str(row.number)}
    for user_id in people:
        project = row.decision.screening.project
        seen = project if sees(work, user_id, project.id) else None
        notify(work, kind, [user_id], project=seen, href=href, codes=codes)
