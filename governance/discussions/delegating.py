"""Handing questions to a colleague: ask, change, take back, and say that it is done.

Whoever is asked answers as a member of the project; an owner may add a colleague in the same step. That every question is answered
is only a suggestion that the work is done: the person says so (issue of the team, not of the machine).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from governance.accounts.models import User
from governance.accounts.rules import authorize, may
from governance.discussions import rules
from governance.discussions.models import Delegation
from governance.discussions.people import team_of
from governance.discussions.services import Case
from governance.notifications.services import notify
from governance.projects import services as projects
from governance.projects.life import must_run
from governance.projects.models import Project
from governance.projects.services import relations_of, visible
from governance.refusals import Forbidden, NotFound, Refusal
from governance.work import UnitOfWork

GIVE = "delegation:give"
FILLED_IN = frozenset({"draft", "returned"})


@dataclass(frozen=True)
class Request:
    """What somebody is asked: who, until when, with which words; `join` adds the person to the project first."""

    person_id: str
    due_on: date | None = None
    note: str = ""
    join: bool = False


def may_give(work: UnitOfWork, case: Case) -> bool:
    """Say whether the actor may hand out questions of the case now."""
    return case.state in FILLED_IN and may(work.actor, GIVE, relations_of(work, case.project))


def delegation(work: UnitOfWork, delegation_id: str) -> Delegation:
    """Return a delegation of a project the actor may see; NotFound otherwise."""
    query = select(Delegation).join(Project, Project.id == Delegation.project_id).where(Delegation.id == delegation_id)
    found = work.session.scalars(query.where(visible(work.actor))).one_or_none()
    if found is None:
        raise NotFound
    return found


def delegations_of(work: UnitOfWork, case: Case) -> list[Delegation]:
    """Return all delegations of a screening, those due first."""
    query = select(Delegation).where(Delegation.screening_id == case.id)
    query = query.options(joinedload(Delegation.person), joinedload(Delegation.giver))
    return list(
        work.session.scalars(query.order_by(Delegation.due_on.is_(None), Delegation.due_on, Delegation.given_at))
    )


def delegate(work: UnitOfWork, case: Case, places: Sequence[str], asked: Request, today: date) -> list[Delegation]:
    """Ask a person to answer the questions at these places, one delegation each.

    Raises Refusal for somebody who may not answer, for a day in the past, and for what this person was asked already.
    """
    _authorize(work, case)
    person = _person(work, case, asked)
    note = _checked(asked, today)
    held = _places_of(work, case, person)
    if not places or set(places) <= held:
        raise _asked_already(person)
    made = [_ask(work, case, place, person, asked.due_on, note) for place in places if place not in held]
    _tell(work, case, person.id, made)
    return made


def _places_of(work: UnitOfWork, case: Case, person: User) -> set[str]:
    """Return what this person is asked to answer and has not done yet."""
    found = delegations_of(work, case)
    return {each.place for each in found if each.state == rules.OPEN and each.person_id == person.id}


def _asked_already(person: User) -> Refusal:
    return Refusal(
        "discussions.asked_already",
        "{name}さんには、すでに依頼しています。期限や内容は「依頼を変える」で直せます。",
        "{name} was asked already. Change the day or the words of that request instead.",
        place="person",
        name=person.name,
    )


def _ask(work: UnitOfWork, case: Case, place: str, person: User, due_on: date | None, note: str) -> Delegation:
    row = Delegation(
        project_id=case.project_id,
        screening_id=case.id,
        place=place,
        person_id=person.id,
        due_on=due_on,
        note=note,
        given_by=work.actor.id,
        given_at=work.now,
        changed_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    _note(work, row, "QuestionsDelegated", None)
    return row


def change(work: UnitOfWork, case: Case, row: Delegation, asked: Request, today: date, *, rev: int) -> None:
    """Hand an open delegation to somebody else, or change its day and words."""
    _authorize(work, case)
    work.expect(row, rev)
    _must_be_open(row)
    person = _person(work, case, asked)
    is_new, before = person.id != row.person_id, row.rev
    if is_new and row.place in _places_of(work, case, person):
        raise _asked_already(person)
    unchanged_day = row.due_on if not is_new and asked.due_on == row.due_on else None
    row.note = _checked(asked, unchanged_day or today)
    row.person_id, row.due_on, row.changed_at = person.id, asked.due_on, work.now
    work.session.flush()
    _note(work, row, "DelegationChanged", before)
    if is_new:
        _tell(work, case, person.id, [row])


def finish(work: UnitOfWork, case: Case, row: Delegation, *, rev: int) -> None:
    """Say that what was asked is done: the person who was asked, or who asked."""
    if work.actor.id not in (row.person_id, row.given_by) and not may_give(work, case):
        raise Forbidden(
            "discussions.not_asked",
            "完了にできるのは、依頼された人と依頼した側だけです。",
            "Only who was asked and who asked can say that it is done.",
        )
    authorize(work.actor, GIVE, relations_of(work, case.project))
    _settle(work, row, rev, rules.DONE, "DelegationDone")
    if work.actor.id == row.person_id:
        where = f"/screenings/{case.id}/delegations"
        notify(work, "commented", [row.given_by], project=case.project, href=where, codes={"about": "delegation"})


def withdraw(work: UnitOfWork, case: Case, row: Delegation, *, rev: int) -> None:
    """Take a delegation back; it stays on record."""
    authorize(work.actor, GIVE, relations_of(work, case.project))
    _settle(work, row, rev, rules.WITHDRAWN, "DelegationWithdrawn")


def _settle(work: UnitOfWork, row: Delegation, rev: int, state: str, event: str) -> None:
    work.expect(row, rev)
    _must_be_open(row)
    before = row.rev
    row.state, row.settled_by, row.settled_at, row.changed_at = state, work.actor.id, work.now, work.now
    work.session.flush()
    _note(work, row, event, before)


def _must_be_open(row: Delegation) -> None:
    if row.state != rules.OPEN:
        raise Refusal(
            "discussions.settled",
            "この依頼は、すでに完了したか取り消されています。",
            "This request has been done or taken back already.",
        )


def _authorize(work: UnitOfWork, case: Case) -> None:
    authorize(work.actor, GIVE, relations_of(work, case.project))
    must_run(work, case.project.id)
    if case.state not in FILLED_IN:
        raise Refusal(
            "discussions.locked",
            "回答を依頼できるのは、作成中か差戻し中のスクリーニングだけです。",
            "Questions are handed out only while the screening is drafted or returned.",
        )


def _person(work: UnitOfWork, case: Case, asked: Request) -> User:
    person = work.session.get(User, asked.person_id) if asked.person_id else None
    if person is None or not person.is_active:
        raise Refusal("discussions.whom", "依頼する人を選んでください。", "Choose whom to ask.", place="person")
    if person.id not in team_of(case.project):
        if not asked.join:
            raise Refusal(
                "discussions.not_in_team",
                "{name}さんは案件の担当者ではないため、回答できません。担当者に加えてから依頼してください。",
                "{name} is not in the project team and cannot answer. Add them as a member first.",
                place="person",
                name=person.name,
            )
        projects.add_member(work, case.project, person, "member")
    return person


def _checked(asked: Request, earliest: date) -> str:
    if asked.due_on is not None and asked.due_on < earliest:
        raise Refusal(
            "discussions.past", "期限は今日より後の日にしてください。", "Choose a day from today on.", place="due_on"
        )
    return rules.fitting(asked.note, rules.LONGEST_NOTE, "note")


def _note(work: UnitOfWork, row: Delegation, event: str, before: int | None) -> None:
    work.record(
        event,
        subject=("delegation", row.id),
        project=row.project_id,
        rev=(before, row.rev),
        codes={
            "screening": row.screening_id,
            "place": row.place,
            "person": row.person_id,
            "due_on": row.due_on.isoformat() if row.due_on else None,
        },
        private={"note": row.note} if row.note else {},
        row=row,
    )


def _tell(work: UnitOfWork, case: Case, person_id: str, made: Sequence[Delegation]) -> None:
    """Leave one notice for all that was asked at once; it leads to the first open question."""
    codes = {"about": "delegation", **(rules.code_of(made[0].place) if len(made) == 1 else {})}
    notify(work, "assigned", [person_id], project=case.project, href=go(made[0]), codes=codes)


def go(row: Delegation) -> str:
    """Return the address that leads to the first open question of a delegation."""
    return f"/delegations/{row.id}/go"
