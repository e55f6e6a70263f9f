"""What follows an incident: the measures and conditions that answer it, and who outside must be told until when.

Both are ended and never removed, so that the record shows what was once named (domain.md M7b: duties to authorities and customers).
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from governance.accounts.rules import authorize
from governance.monitoring import rules
from governance.monitoring.incidents import record, relations_to
from governance.monitoring.models import Incident, IncidentDuty, IncidentLink
from governance.projects.models import Project
from governance.refusals import NotFound, Problem, Refusal, Refusals
from governance.reviews.models import Condition, Decision
from governance.reviews.rules import local_date
from governance.screenings.measures import of_project
from governance.screenings.models import AdoptedMeasure, Screening
from governance.texts import Text
from governance.work import UnitOfWork

MOST_RECIPIENT, MOST_NOTE = 200, 2000
Target = Literal["measure", "condition"]


def conditions_of(work: UnitOfWork, project: Project) -> list[Condition]:
    """Return the conditions of all decisions of a project, the newest decision first."""
    query = (
        select(Condition)
        .join(Decision, Condition.decision_id == Decision.id)
        .join(Screening, Decision.screening_id == Screening.id)
        .where(Screening.project_id == project.id)
        .options(joinedload(Condition.decision))
    )
    return list(work.session.scalars(query.order_by(Decision.decided_at.desc(), Condition.number)))


def measures_of(work: UnitOfWork, project: Project) -> list[AdoptedMeasure]:
    """Return the measures of a project that were not dropped."""
    return [one for one in of_project(work, project) if one.state != "dropped"]


def name_answer(work: UnitOfWork, one: Incident, target: str) -> IncidentLink:
    """Name a measure or condition of the same project (`measure:<id>`, `condition:<id>`) that answers the incident."""
    _may(work, one)
    kind, _, id = target.partition(":")
    known: dict[str, set[str]] = {
        "measure": {row.id for row in measures_of(work, one.project)},
        "condition": {row.id for row in conditions_of(work, one.project)},
    }
    if id not in known.get(kind, set()):
        raise Refusal(
            "monitoring.answer",
            "この案件の対応策か付帯条件を選んでください。",
            "Choose a measure or condition of this project.",
            place="target",
        )
    if any(id in (link.measure_id, link.condition_id) for link in one.links if link.ended_at is None):
        raise Refusal("monitoring.named", "すでに結び付いています。", "It is named already.", place="target")
    row = IncidentLink(incident_id=one.id, added_by=work.actor.id, added_at=work.now, **{f"{kind}_id": id})
    one.links.append(row)
    work.session.flush()
    record(work, one, "IncidentAnswered", {}, answer=kind, about=id)
    return row


def end_answer(work: UnitOfWork, one: Incident, link_id: str) -> None:
    """End the naming of a measure or condition that was a mistake."""
    _may(work, one)
    row = next((link for link in one.links if link.id == link_id and link.ended_at is None), None)
    if row is None:
        raise NotFound
    if one.state == "analysed" and not one.prevention and sum(link.ended_at is None for link in one.links) == 1:
        raise Refusal(
            "monitoring.last_answer",
            "再発防止の記述がないため、最後の対応は外せません。",
            "Without a text on prevention the last answer stays.",
        )
    row.ended_at = work.now
    work.session.flush()
    record(work, one, "IncidentAnswered", {}, answer="ended", about=row.measure_id or row.condition_id)


# long: one line for each value
def note_duty(
    work: UnitOfWork, one: Incident, *, kind: str, recipient: str, due_on: date | None, told_on: date | None, note: str
) -> IncidentDuty:
    """Note that somebody outside must be told, until when, or that they were told and when."""
    _may(work, one)
    Refusals.raise_any(_wrong(kind, recipient, due_on, told_on, note, one, local_date(work.now)))
    row = IncidentDuty(
        incident_id=one.id,
        kind=kind,
        recipient=recipient.strip(),
        due_on=due_on,
        told_on=told_on,
        note=note.strip(),
        added_by=work.actor.id,
        added_at=work.now,
    )
    one.duties.append(row)
    work.session.flush()
    record(
        work,
        one,
        "IncidentDutyNoted",
        {"recipient": row.recipient, "note": row.note},
        duty=row.kind,
        told=_day(told_on),
    )
    return row


def note_told(work: UnitOfWork, one: Incident, duty_id: str, told_on: date | None, *, rev: int) -> None:
    """Note the day on which somebody outside was told."""
    _may(work, one)
    row = _duty(one, duty_id)
    work.expect(row, rev)
    if row.told_on is not None:
        raise Refusal("monitoring.told", "すでに報告済みです。", "They were told already.")
    found = _wrong_day(told_on, one, local_date(work.now))
    if told_on is None:
        found.append(_problem("told_on", "報告した日を入力してください。", "Enter the day."))
    Refusals.raise_any(found)
    row.told_on = told_on
    work.session.flush()
    record(work, one, "IncidentDutyNoted", {}, duty=row.kind, told=_day(told_on))


def end_duty(work: UnitOfWork, one: Incident, duty_id: str, *, rev: int) -> None:
    """End a duty that was noted by mistake; one that was done stays."""
    _may(work, one)
    row = _duty(one, duty_id)
    work.expect(row, rev)
    if row.told_on is not None:
        raise Refusal("monitoring.told", "報告済みのため外せません。", "It was done and stays on record.")
    row.ended_at = work.now
    work.session.flush()
    record(work, one, "IncidentDutyNoted", {}, duty=row.kind, told="ended")


def _may(work: UnitOfWork, one: Incident) -> None:
    authorize(work.actor, "incident:edit", relations_to(work, one))
    if one.state == "closed":
        raise Refusal("monitoring.state", "終結しています。", "It is closed.")


def _duty(one: Incident, duty_id: str) -> IncidentDuty:
    row = next((duty for duty in one.duties if duty.id == duty_id and duty.ended_at is None), None)
    if row is None:
        raise NotFound
    return row


def _wrong(
    kind: str, recipient: str, due_on: date | None, told_on: date | None, note: str, one: Incident, today: date
) -> list[Problem]:
    found = []
    if kind not in rules.DUTIES:
        found.append(_problem("kind", "報告先の種類を選んでください。", "Choose whom."))
    if not recipient.strip() or len(recipient.strip()) > MOST_RECIPIENT:
        found.append(_problem("recipient", "報告先を入力してください。", "Say who is to be told."))
    if due_on is None and told_on is None:
        found.append(
            _problem("due_on", "期限か、報告した日を入力してください。", "Enter the deadline or the day it was done.")
        )
    if due_on is not None and due_on < one.occurred_on:
        found.append(_problem("due_on", "発生日より前の日付です。", "This is before it happened."))
    if len(note) > MOST_NOTE:
        found.append(_problem("note", "長すぎます。", "This is too long."))
    return [*found, *_wrong_day(told_on, one, today)]


def _wrong_day(told_on: date | None, one: Incident, today: date) -> list[Problem]:
    if told_on is not None and told_on > today:
        return [_problem("told_on", "まだ来ていない日付です。", "This date is still to come.")]
    if told_on is not None and told_on < one.occurred_on:
        return [_problem("told_on", "発生日より前の日付です。", "This is before it happened.")]
    return []


def _problem(place: str, ja: str, en: str) -> Problem:
    return Problem(f"monitoring.{place}", Text(ja, en), place)


def _day(on: date | None) -> str | None:
    return on.isoformat() if on else None
