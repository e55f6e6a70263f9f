"""The scenes of what runs: indicators and readings, incidents, screening again, stopping and ending, and the daily jobs."""

from __future__ import annotations

from datetime import date

from governance.demo.doings import (
    Analyse,
    Close,
    Doings,
    Done,
    Duty,
    Measure,
    Remedy,
    Reopen,
    Report,
    Retire,
    Suspend,
    Watch,
)
from governance.demo.stage import Stage
from governance.insight import reminding
from governance.learning import overview
from governance.monitoring import alerts, following, incidents, indicators, readings
from governance.monitoring.models import Incident, Indicator
from governance.projects import life
from governance.projects.life_rules import Disposed
from governance.screenings import evidence_life, measures, reopening, services
from governance.screenings.models import AdoptedMeasure
from governance.work import UnitOfWork

DAILY = (
    reminding.screenings, reminding.conditions, reminding.delegations, reminding.reviews,
    alerts.overdue_readings, evidence_life.expiring, overview.remind,
)
"""The daily jobs that leave something to see."""


def reopen(stage: Stage, work: UnitOfWork, about: Doings, one: Reopen) -> None:
    """Screen a phase again for reasons."""
    note = stage.calendar.text(one.note, about.language)
    project, due = stage.project(work, about.project), stage.calendar.day(one.due)
    row = reopening.reopen(work, project, one.phase, reasons=one.reasons, note=note, due_on=due)
    stage.ids["screening", about.project, one.key] = row.id


def suspend(stage: Stage, work: UnitOfWork, about: Doings, one: Suspend) -> None:
    """Suspend the project."""
    life.suspend(work, stage.project(work, about.project), reason=stage.calendar.text(one.reason, about.language))


def retire(stage: Stage, work: UnitOfWork, about: Doings, one: Retire) -> None:
    """End the project with its disposal record."""
    told = {topic: stage.calendar.text(text, about.language) for topic, text in one.told.items()}
    day = stage.calendar.day
    disposed = Disposed(told, frozenset(one.not_applicable), day(one.records_until), one.done_by, day(one.done))
    project, reason = stage.project(work, about.project), stage.calendar.text(one.reason, about.language)
    life.retire(work, project, reason=reason, disposed=disposed, today=stage.calendar.date_of(work.now))


def watch(stage: Stage, work: UnitOfWork, about: Doings, one: Watch) -> None:
    """Register an indicator with its range."""
    told = indicators.Particulars(
        one.name, one.every, stage.ids["person", one.owner], one.name_en, one.unit, one.note, one.opens_screening, run_length=one.run
    )
    limits = indicators.Limits(one.direction, one.low, one.high, stage.calendar.moment(one.valid_from, 0))
    made = indicators.add(work, stage.project(work, about.project), told, limits)
    stage.ids["indicator", about.project, one.key] = made.id


def measure(stage: Stage, work: UnitOfWork, about: Doings, one: Measure) -> None:
    """Enter readings, each at nine in the morning of its day."""
    indicator = work.session.get_one(Indicator, stage.ids["indicator", about.project, one.indicator])
    entries = [
        readings.Entry(indicator, stage.calendar.settled(stage.calendar.moment(day, 9 * 60)), value, one.note)
        for day, value in one.values
    ]
    readings.enter(work, stage.project(work, about.project), entries, source=one.source)


def incident(stage: Stage, work: UnitOfWork, about: Doings, one: Report) -> None:
    """Report an incident or near miss."""
    day = stage.calendar.day(one.occurred)
    plain = {name: stage.calendar.text(getattr(one, name), about.language) for name in (
        "title", "happened", "effect", "affected", "cause", "immediate", "prevention")}
    account = incidents.Account(
        kind=one.kind, occurred_on=day, found_on=day, severity=one.severity, occurred_time=one.occurred_time,
        affected_count=one.affected_count, **plain,
    )
    made = incidents.report(work, stage.project(work, about.project), account)
    stage.ids["incident", about.project, one.key] = made.id


def duty(stage: Stage, work: UnitOfWork, about: Doings, one: Duty) -> None:
    """Note that somebody outside was told."""
    due, told = stage.calendar.day(one.due), stage.calendar.day(one.told)
    following.note_duty(
        work, _incident(stage, work, about, one.incident), kind=one.kind, recipient=one.recipient, due_on=due, told_on=told, note=""
    )


def remedy(stage: Stage, work: UnitOfWork, about: Doings, one: Remedy) -> None:
    """Adopt a measure and name it as what answers the incident."""
    row = stage.screening(work, about.project, one.phase)
    plan = measures.Plan(stage.ids["person", one.owner], stage.calendar.day(one.due), title=one.title)
    made = measures.adopt(work, row, services.framework_of(row), plan)
    following.name_answer(work, _incident(stage, work, about, one.incident), f"measure:{made.id}")
    stage.ids["measure", about.project, one.key] = made.id


def done(stage: Stage, work: UnitOfWork, about: Doings, one: Done) -> None:
    """Note that a measure was carried out."""
    made = work.session.get_one(AdoptedMeasure, stage.ids["measure", about.project, one.measure])
    measures.settle(work, made, rev=made.rev, is_done=True, note=stage.calendar.text(one.note, about.language))


def analyse(stage: Stage, work: UnitOfWork, about: Doings, one: Analyse) -> None:
    """Say that an incident is analysed."""
    row = _incident(stage, work, about, one.incident)
    incidents.analyse(work, row, rev=row.rev)


def close_incident(stage: Stage, work: UnitOfWork, about: Doings, one: Close) -> None:
    """Close an incident as the expert team."""
    row = _incident(stage, work, about, one.incident)
    incidents.close(work, row, stage.calendar.text(one.note, about.language), rev=row.rev)


def _incident(stage: Stage, work: UnitOfWork, about: Doings, key: str) -> Incident:
    return incidents.incident(work, stage.ids["incident", about.project, key])


def look(stage: Stage, work: UnitOfWork, today: date) -> None:
    """Do the daily jobs of a day, as the service itself."""
    for job in DAILY:
        job(work, today)
