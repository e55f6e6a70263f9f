"""The scenes of learning: courses, attendances, the rounds of KYT sessions, and what is carried over from them."""

from __future__ import annotations

from governance.demo.learning import Attended, Foresight, Stated, Taught
from governance.demo.stage import Stage
from governance.learning import attending, courses, ending, kyt, rounds
from governance.learning.courses import Conditions, Particulars
from governance.learning.kyt import Plan
from governance.learning.models import KytSession
from governance.learning.scenarios import scenario
from governance.lessons import services as lessons
from governance.screenings.measures import Plan as MeasurePlan
from governance.work import UnitOfWork


def teach(stage: Stage, work: UnitOfWork, course: Taught, terms: Stated, is_first: bool) -> None:
    """Add a course with its first terms, or set later ones."""
    given = Conditions(
        stage.calendar.date_of(work.now), terms.months, list(terms.acts), list(terms.roles), terms.mode, terms.reason
    )
    if not is_first:
        row = courses.course(work, stage.ids["course", course.code])
        courses.set_terms(work, row, given, rev=row.rev)
        return
    told = Particulars(
        course.title,
        course.title_en,
        course.about,
        course.about_en,
        course.place,
        course.place_en,
        self_record=course.self_record,
    )
    stage.ids["course", course.code] = courses.add(work, course.code, told, given).id


def attend_course(stage: Stage, work: UnitOfWork, course: Taught, each: Attended) -> None:
    """Record who attended a class, or the own attendance."""
    row, on = courses.course(work, stage.ids["course", course.code]), stage.calendar.date_of(work.now)
    if each.source == "self":
        attending.record_own(work, row, on)
        return
    attending.record(work, row, [stage.ids["person", key] for key in each.people], on, note=each.note)


def foresee(stage: Stage, work: UnitOfWork, one: Foresight, number: int) -> None:
    """Go through one round of a session to its end."""
    row = _begun(stage, work, one) if number == 1 else kyt.session(work, stage.ids["kyt", one.key])
    {1: _find, 2: _choose, 3: _plan, 4: _commit}[number](work, row, one)
    ending.advance(work, row, rev=row.rev)


def _begun(stage: Stage, work: UnitOfWork, one: Foresight) -> KytSession:
    found = scenario(one.scenario)
    plan = Plan(
        title=found.title.ja,
        situation=found.situation.ja,
        held_on=stage.calendar.date_of(work.now),
        leader_id=stage.ids["person", one.leader],
        scribe_id=stage.ids["person", one.scribe],
        place=one.place,
        scenario=one.scenario,
        project_id=stage.ids["project", one.project] if one.project else None,
    )
    row = kyt.begin(work, plan)
    stage.ids["kyt", one.key] = row.id
    for key in one.people:
        kyt.add_person(work, row, user_id=stage.ids["person", key])
    return row


def _find(work: UnitOfWork, row: KytSession, one: Foresight) -> None:
    for each in one.hazards:
        rounds.add_hazard(work, row, each.cause, each.event)


def _choose(work: UnitOfWork, row: KytSession, one: Foresight) -> None:
    for hazard, each in zip(row.hazards, one.hazards, strict=True):
        rounds.mark_hazard(work, row, hazard.id, each.mark)


def _plan(work: UnitOfWork, row: KytSession, one: Foresight) -> None:
    for hazard, each in zip(row.hazards, one.hazards, strict=True):
        for measure in each.measures:
            rounds.add_measure(work, row, hazard.id, measure.text)


def _commit(work: UnitOfWork, row: KytSession, one: Foresight) -> None:
    wanted = [measure.key for each in one.hazards for measure in each.measures]
    said = [measure for hazard in row.hazards for measure in hazard.measures]
    for measure, is_key in zip(said, wanted, strict=True):
        if is_key:
            rounds.mark_measure(work, row, measure.id, "key")
    rounds.set_goal(work, row, one.goal, one.call, rev=row.rev)


def carry(stage: Stage, work: UnitOfWork, one: Foresight) -> None:
    """Make the first key measure a measure of the project."""
    assert one.carry is not None
    row = kyt.session(work, stage.ids["kyt", one.key])
    first = next(each for hazard in row.hazards for each in hazard.measures if each.mark == "key")
    line = lessons.line(work, row, first.id)
    due = stage.calendar.day(one.carry.due)
    plan = MeasurePlan(stage.ids["person", one.carry.owner], due, title=line.text, note=row.number)
    lessons.to_measure(work, row, line, stage.screening(work, one.project, one.carry.phase), plan)
