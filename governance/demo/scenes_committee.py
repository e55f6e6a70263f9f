"""The scenes of the committee: founding it, its meetings and votes, and what becomes of the conditions it sets."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from governance.demo.content import Committee, Seat
from governance.demo.meetings import Absence, Item, Session
from governance.demo.scenes_reviews import drafts
from governance.demo.stage import NOTE, Stage
from governance.demo.written import Done, Verdict
from governance.questionnaires.services import current_framework, framework_in
from governance.reviews import committees, conditions, items, meetings, minutes
from governance.reviews.decisions import Verdict as Outcome
from governance.reviews.models import AgendaItem, Condition, Decision, Meeting
from governance.reviews.models import CommitteeMember as SeatRow
from governance.work import UnitOfWork


def found(stage: Stage, work: UnitOfWork, committee: Committee) -> None:
    """Set the committee up with the rules of the framework and appoint its members."""
    version = current_framework(work)
    rules = framework_in(version).committee
    row = committees.create_committee(
        work,
        key=committee.key,
        name=committee.name,
        name_en=committee.name_en,
        rules=dict(rules),
        rules_version=version.version,
        rules_effective_on=stage.calendar.day(committee.created),
    )
    stage.ids["committee", ""] = row.id
    for seat in committee.members:
        _appoint(stage, work, seat)


def _appoint(stage: Stage, work: UnitOfWork, seat: Seat) -> None:
    row = committees.committee(work, stage.ids["committee", ""])
    made = committees.appoint(
        work,
        row,
        stage.ids["person", seat.person],
        side=seat.side,
        expertise=seat.expertise,
        is_chair=seat.is_chair,
        term_from=stage.calendar.day(seat.term_from),
        term_until=stage.calendar.day(seat.term_until),
        alternate_of=_seat(stage, work, seat.alternate_of) if seat.alternate_of else None,
    )
    stage.ids["seat", seat.person] = made.id


def plan(stage: Stage, work: UnitOfWork, session: Session, starts_at: datetime) -> None:
    """Plan a meeting."""
    row = committees.committee(work, stage.ids["committee", ""])
    made = meetings.plan_meeting(work, row, starts_at=starts_at, place=session.place, place_en=session.place_en)
    stage.ids["meeting", session.key] = made.id


def add_item(stage: Stage, work: UnitOfWork, session: Session, item: Item) -> None:
    """Put a case on the agenda."""
    row = meetings.add_item(work, _meeting(stage, work, session), stage.screening(work, item.project, item.phase))
    stage.ids["item", session.key, item.project, item.phase] = row.id


def send(stage: Stage, work: UnitOfWork, session: Session) -> None:
    """Send the materials."""
    row = _meeting(stage, work, session)
    meetings.send_materials(work, row, rev=row.rev)


def open_meeting(stage: Stage, work: UnitOfWork, session: Session) -> None:
    """Open the meeting."""
    row = _meeting(stage, work, session)
    meetings.open_meeting(work, row, rev=row.rev)


def attend(stage: Stage, work: UnitOfWork, session: Session) -> None:
    """Record who is there."""
    row = _meeting(stage, work, session)
    for mode, people in (("in_person", session.attendance.in_person), ("remote", session.attendance.remote)):
        for person in people:
            meetings.record_attendance(work, row, _seat(stage, work, person), mode)


def open_item(stage: Stage, work: UnitOfWork, session: Session, item: Item) -> None:
    """Open the discussion of a case."""
    row = _item(stage, work, session, item)
    items.open_item(work, row, rev=row.rev)


def recuse(stage: Stage, work: UnitOfWork, session: Session, item: Item, absence: Absence) -> None:
    """Let a member step back."""
    row = _item(stage, work, session, item)
    items.recuse(work, row, _seat(stage, work, absence.person), rev=row.rev, reason=absence.reason)


def note(stage: Stage, work: UnitOfWork, session: Session, item: Item) -> None:
    """Note the issues of the discussion."""
    row = _item(stage, work, session, item)
    items.note_issues(work, row, item.issues, rev=row.rev)


def move(stage: Stage, work: UnitOfWork, session: Session, item: Item) -> None:
    """Put the motion to the vote."""
    row = _item(stage, work, session, item)
    voted_on = () if item.above else drafts(stage, item.conditions)
    items.put_motion(work, row, item.motion or "", rev=row.rev, conditions=voted_on)


def vote(stage: Stage, work: UnitOfWork, session: Session, item: Item, voter: str, choice: str) -> None:
    """Cast a vote."""
    row = _item(stage, work, session, item)
    items.cast_vote(work, row, choice, rev=row.rev, dissent=item.dissent.get(voter, ""))


def decide(stage: Stage, work: UnitOfWork, session: Session, item: Item) -> None:
    """Record the decision of the committee."""
    row = _item(stage, work, session, item)
    voted_on = () if item.above else drafts(stage, item.conditions)
    verdict = Outcome(item.motion or "", item.rationale, conditions=voted_on, escalated_to=item.escalated_to)
    decision = items.record_decision(work, row, verdict, rev=row.rev)
    if not item.above:
        stage.ids["decision", item.project, item.phase] = decision.id


def defer(stage: Stage, work: UnitOfWork, session: Session, item: Item) -> None:
    """Put a case off."""
    row = _item(stage, work, session, item)
    items.defer_item(work, row, rev=row.rev, reason=item.deferral)


def close(stage: Stage, work: UnitOfWork, session: Session) -> None:
    """Close the meeting."""
    row = _meeting(stage, work, session)
    meetings.close_meeting(work, row, rev=row.rev)


def write_minutes(stage: Stage, work: UnitOfWork, session: Session) -> None:
    """Keep the minutes as they follow from the record."""
    row = _meeting(stage, work, session)
    minutes.write(work, row, minutes.texts_of(work, row), seen=0)


def approve_minutes(stage: Stage, work: UnitOfWork, session: Session, office: str) -> None:
    """Approve the minutes."""
    minutes.approve(work, _meeting(stage, work, session), office, seen=1)


def report(stage: Stage, work: UnitOfWork, project: str, phase: str, number: int, done: Done) -> None:
    """Report a condition as met, with evidence."""
    row = _condition(stage, work, project, phase, number)
    text = stage.calendar.text(done.report)
    name = next(case.project.name for case in stage.content.cases if case.key == project)
    given = stage.store(done.evidence, [done.evidence.title, name, "", NOTE["ja"], "", text])
    piece = conditions.add_file(work, row, given, title=done.evidence.title, title_en=done.evidence.title_en)
    conditions.report_condition(work, row, rev=row.rev, report=text, evidence_id=piece.id)


def verify(stage: Stage, work: UnitOfWork, project: str, phase: str, number: int, verdict: Verdict) -> None:
    """Confirm a condition."""
    row = _condition(stage, work, project, phase, number)
    conditions.verify_condition(work, row, rev=row.rev, verdict=stage.calendar.text(verdict.verdict))


def reject(stage: Stage, work: UnitOfWork, project: str, phase: str, number: int, verdict: Verdict) -> None:
    """Send the report of a condition back."""
    row = _condition(stage, work, project, phase, number)
    conditions.reject_condition(work, row, rev=row.rev, verdict=stage.calendar.text(verdict.verdict))


def _meeting(stage: Stage, work: UnitOfWork, session: Session) -> Meeting:
    return meetings.meeting(work, stage.ids["meeting", session.key])


def _item(stage: Stage, work: UnitOfWork, session: Session, item: Item) -> AgendaItem:
    return work.session.get_one(AgendaItem, stage.ids["item", session.key, item.project, item.phase])


def _seat(stage: Stage, work: UnitOfWork, person: str) -> SeatRow:
    return work.session.get_one(SeatRow, stage.ids["seat", person])


def _condition(stage: Stage, work: UnitOfWork, project: str, phase: str, number: int) -> Condition:
    query = (
        select(Condition)
        .join(Decision)
        .where(Decision.screening_id == stage.ids["screening", project, phase], Condition.number == number)
    )
    found = work.session.scalars(query).one()
    return conditions.condition(work, found.id)
