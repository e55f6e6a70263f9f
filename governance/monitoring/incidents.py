"""Acts on incidents and near misses: report, correct, analyse, close, reopen; measures and duties that follow; the re-screening.

What was reported is never overwritten: each saved state is a version with its digest, so a correction shows beside what it corrects.
The expert team closes an incident, and never whoever reported it alone (domain.md M1c, §5.4 H5).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from governance.accounts.models import RoleGrant
from governance.accounts.rules import authorize, may
from governance.ledger.canonical import canonical
from governance.monitoring import rules
from governance.monitoring.indicators import framework_of
from governance.monitoring.models import Incident, IncidentChange
from governance.notifications.services import notify
from governance.projects.models import Project
from governance.projects.services import relations_of, visible
from governance.questionnaires.definition import Framework
from governance.refusals import NotFound, Problem, Refusal, Refusals
from governance.reviews.rules import local_date
from governance.screenings import reopening
from governance.screenings.models import Screening
from governance.texts import Text
from governance.work import UnitOfWork

MOST = {"title": 200, "affected": 200}
MOST_TEXT = 4000
MOST_AFFECTED = 10**10
REASON = "incident"
"""The reason of a re-screening that an incident opens, in the list of the framework (domain.md §4.3)."""
SCALE = (Text("軽微", "Slight"), Text("重大", "Serious"))
"""Grades of severity where a framework has none of its own."""


@dataclass(frozen=True)
class Account:
    """What is known of an incident, as it is entered."""

    kind: str
    title: str
    occurred_on: date | None
    found_on: date | None
    happened: str
    severity: int
    occurred_time: str = ""
    effect: str = ""
    affected: str = ""
    affected_count: int | None = None
    cause: str = ""
    immediate: str = ""
    prevention: str = ""
    consequence: str = "none"


_LONG = ("happened", "effect", "cause", "immediate", "prevention")

# ---------------------------------------------------------------- finding


def incident(work: UnitOfWork, incident_id: str) -> Incident:
    """Return an incident of a project the actor may see; NotFound otherwise."""
    query = select(Incident).join(Project).where(Incident.id == incident_id, visible(work.actor))
    row = work.session.scalars(query).one_or_none()
    if row is None:
        raise NotFound
    return row


def incidents_of(work: UnitOfWork, project: Project) -> list[Incident]:
    """Return the incidents of a project: those not closed first, then the newest."""
    query = select(Incident).where(Incident.project_id == project.id).options(joinedload(Incident.reporter))
    order = (Incident.state == "closed", Incident.occurred_on.desc(), Incident.number.desc())
    return list(work.session.scalars(query.order_by(*order)))


def changes_of(work: UnitOfWork, one: Incident) -> list[IncidentChange]:
    """Return the saved states of an incident, the oldest first."""
    query = (
        select(IncidentChange).where(IncidentChange.incident_id == one.id).options(joinedload(IncidentChange.author))
    )
    return list(work.session.scalars(query.order_by(IncidentChange.number)))


def grades(framework: Framework) -> list[Text]:
    """Return the names of the grades of severity, the slightest first."""
    return [grade.name for grade in framework.severity] or list(SCALE)


def relations_to(work: UnitOfWork, one: Incident) -> frozenset[str]:
    """Return how the actor stands to the project and to the incident."""
    reporter = {"incident.reporter"} if one.reported_by == work.actor.id else set()
    return relations_of(work, one.project) | reporter


def may_on(work: UnitOfWork, permission: str, one: Incident) -> bool:
    """Say whether the actor may do this with the incident."""
    return may(work.actor, permission, relations_to(work, one))


# ---------------------------------------------------------------- acts


def report(work: UnitOfWork, project: Project, told: Account) -> Incident:
    """Report an incident or near miss, also of a project that has ended. Raises Refusals naming what is missing."""
    authorize(work.actor, "incident:report", relations_of(work, project))
    Refusals.raise_any(_problems(told, framework_of(work, project), local_date(work.now)))
    work.session.refresh(project, with_for_update=True)
    count = work.session.scalar(select(func.count()).where(Incident.project_id == project.id)) or 0
    row = Incident(
        project_id=project.id,
        number=count + 1,
        reported_by=work.actor.id,
        reported_at=work.now,
        project=project,
        **_columns(told),
    )
    work.session.add(row)
    work.session.flush()
    _keep(work, row, "")
    _record(work, row, "IncidentReported", None, {"title": row.title})
    _tell(work, row)
    return row


def change(work: UnitOfWork, one: Incident, told: Account, reason: str, *, rev: int) -> None:
    """Correct or complete what is known; the state before stays on record. An analysed one falls back when its analysis gets gaps."""
    _may_edit(work, one, rev)
    found = _problems(told, framework_of(work, one.project), local_date(work.now))
    columns = _columns(told)
    if all(getattr(one, name) == value for name, value in columns.items()):
        return
    if one.state == "analysed":
        found += rules.analysis_problems(told.cause, told.immediate, told.prevention, _answers(one))
    if not reason.strip() and any(
        getattr(one, name) not in ("", "none", None, value) for name, value in columns.items()
    ):
        words = Text("記入済みの内容を変える理由を書いてください。", "Say why what was entered changes.")
        found.append(Problem("monitoring.reason", words, "reason"))
    Refusals.raise_any(found)
    for name, value in columns.items():
        setattr(one, name, value)
    work.session.flush()
    _keep(work, one, reason)
    _record(work, one, "IncidentChanged", rev, {"reason": reason.strip()})


def analyse(work: UnitOfWork, one: Incident, *, rev: int) -> None:
    """Say that cause, immediate action and prevention are known. Raises Refusals naming what is missing."""
    _may_edit(work, one, rev)
    _in_state(one, "open")
    Refusals.raise_any(rules.analysis_problems(one.cause, one.immediate, one.prevention, _answers(one)))
    one.state, one.analysed_by, one.analysed_at = "analysed", work.actor.id, work.now
    work.session.flush()
    _keep(work, one, "")
    _record(work, one, "IncidentAnalysed", rev, {})
    _tell(work, one)


def close(work: UnitOfWork, one: Incident, note: str, *, rev: int) -> None:
    """Close an analysed incident: the expert team alone, and never its reporter. Duties to tell others must be done first."""
    authorize(work.actor, "incident:close", relations_to(work, one))
    work.expect(one, rev)
    _in_state(one, "analysed")
    if not note.strip():
        raise Refusal(
            "monitoring.note",
            "何を確かめて終結とするかを書いてください。",
            "Say what was checked before closing.",
            place="note",
        )
    _all_told(one)
    one.state, one.closed_by, one.closed_at, one.closing_note = (
        "closed",
        work.actor.id,
        work.now,
        note.strip()[:MOST_TEXT],
    )
    work.session.flush()
    _keep(work, one, one.closing_note)
    _record(work, one, "IncidentClosed", rev, {"note": one.closing_note})


def _all_told(one: Incident) -> None:
    """Refuse to close while somebody outside has still to be told."""
    if any(duty.told_on is None and duty.ended_at is None for duty in one.duties):
        raise Refusal(
            "monitoring.duties",
            "報告していない外部報告があります。報告した日を記録してから終結してください。",
            "Somebody outside has still to be told; note the day before closing.",
        )


def reopen(work: UnitOfWork, one: Incident, reason: str, *, rev: int) -> None:
    """Open a closed or analysed incident again, with the reason; what was found before stays on record."""
    authorize(work.actor, "incident:edit", relations_to(work, one))
    work.expect(one, rev)
    if one.state == "open":
        raise Refusal("monitoring.state", "すでに調査中です。", "It is open already.")
    if not reason.strip():
        raise Refusal(
            "monitoring.reason", "再開する理由を書いてください。", "Say why it is opened again.", place="reason"
        )
    one.state = "open"
    one.analysed_by = one.analysed_at = one.closed_by = one.closed_at = None
    work.session.flush()
    _keep(work, one, reason)
    _record(work, one, "IncidentReopened", rev, {"reason": reason.strip()})


def screen(work: UnitOfWork, one: Incident, phase: str, *, rev: int) -> Screening:
    """Open the re-screening of a phase because of the incident, or add the reason to the one under way, in one step."""
    authorize(work.actor, "incident:edit", relations_to(work, one))
    work.expect(one, rev)
    if one.screening_id is not None:
        raise Refusal(
            "monitoring.screened", "再スクリーニングはすでに結び付いています。", "A re-screening is linked already."
        )
    framework = framework_of(work, one.project)
    if phase not in {each.code for each in framework.phases}:
        raise Refusal("monitoring.phase", "フェーズを選んでください。", "Choose the phase.", place="phase")
    found = reopening.open_one(work, one.project, phase)
    given: dict[str, Any] = {"reasons": _reasons(framework), "source": "incident", "subject": one.id}
    if found is not None:
        reopening.add_reason(work, found, **given)
    else:
        found = reopening.reopen(work, one.project, phase, **given)
    one.screening_id = found.id
    one.consequence = "screening" if one.consequence == "none" else one.consequence
    work.session.flush()
    _keep(work, one, "")
    _record(work, one, "IncidentChanged", rev, {})
    return found


def _may_edit(work: UnitOfWork, one: Incident, rev: int) -> None:
    authorize(work.actor, "incident:edit", relations_to(work, one))
    work.expect(one, rev)
    if one.state == "closed":
        raise Refusal(
            "monitoring.state",
            "終結しています。変えるときは、理由を書いて再開してください。",
            "It is closed; open it again with a reason to change it.",
        )


def _in_state(one: Incident, state: str) -> None:
    if one.state != state:
        raise Refusal(
            "monitoring.state",
            "この操作は「{state}」のときだけできます。",
            "This can be done only while it is “{state}”.",
            state=rules.INCIDENT_STATES[state],
        )


def _reasons(framework: Framework) -> list[str]:
    codes = [each.code for each in framework.rescreening]
    return [REASON] if REASON in codes else codes[:1]


def _answers(one: Incident) -> int:
    return sum(link.ended_at is None for link in one.links)


# ---------------------------------------------------------------- checks


def _problems(told: Account, framework: Framework, today: date) -> list[Problem]:
    """Return what is missing or does not fit."""
    found = rules.day_problems(told.occurred_on, told.found_on, today)
    choices = {"kind": rules.INCIDENT_KINDS, "consequence": rules.CONSEQUENCES}
    found += [
        _problem(name, "選んでください。", "Choose one.")
        for name, known in choices.items()
        if getattr(told, name) not in known
    ]
    if not 1 <= told.severity <= len(grades(framework)):
        found.append(_problem("severity", "影響の大きさを選んでください。", "Choose the severity."))
    for name, ja, en in (
        ("title", "何が起きたかを一言で書いてください。", "Say in a line what happened."),
        ("happened", "何が起きたかを書いてください。", "Write what happened."),
    ):
        if not getattr(told, name).strip():
            found.append(_problem(name, ja, en))
    if told.affected_count is not None and not 0 <= told.affected_count <= MOST_AFFECTED:
        found.append(_problem("affected_count", "人数が正しくありません。", "This is no number of people."))
    return [*found, *_too_long(told)]


def _too_long(told: Account) -> list[Problem]:
    words = Text("{n}文字以内で書いてください。", "Use at most {n} characters.")
    most = MOST | dict.fromkeys(_LONG, MOST_TEXT)
    return [
        Problem("monitoring.long", words.filled(n=n), name) for name, n in most.items() if len(getattr(told, name)) > n
    ]


def _problem(place: str, ja: str, en: str) -> Problem:
    return Problem(f"monitoring.{place}", Text(ja, en), place)


def _columns(told: Account) -> dict[str, Any]:
    given = {field.name: getattr(told, field.name) for field in fields(told)}
    return {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}


# ---------------------------------------------------------------- history and notices


def _keep(work: UnitOfWork, one: Incident, reason: str) -> None:
    """Keep the state as it now is, as one more version."""
    names = [*(field.name for field in fields(Account)), "state", "screening_id", "closing_note"]
    body = canonical({name: _plain(getattr(one, name)) for name in names}).decode()
    last = work.session.scalar(select(func.max(IncidentChange.number)).where(IncidentChange.incident_id == one.id)) or 0
    row = IncidentChange(
        incident_id=one.id,
        number=last + 1,
        body=body,
        digest=hashlib.sha256(body.encode()).hexdigest(),
        reason=reason.strip()[:MOST_TEXT],
        changed_by=work.actor.id,
        changed_at=work.now,
    )
    work.session.add(row)
    work.session.flush()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def record(work: UnitOfWork, one: Incident, act: str, private: Mapping[str, str], **codes: str | None) -> None:
    """Write an entry of the ledger about something that belongs to an incident."""
    told = {name: text for name, text in private.items() if text}
    work.record(
        act, subject=("incident", one.id), project=one.project_id, codes={"number": one.code, **codes}, private=told
    )


def _record(work: UnitOfWork, one: Incident, act: str, rev: int | None, private: Mapping[str, str]) -> None:
    codes: dict[str, str | int | None] = {
        "number": one.code,
        "kind": one.kind,
        "state": one.state,
        "severity": one.severity,
        "consequence": one.consequence,
        "screening": one.screening_id,
    }
    work.record(
        act,
        subject=("incident", one.id),
        project=one.project_id,
        rev=(rev, one.rev),
        codes=codes,
        private={name: text for name, text in private.items() if text},
        row=one,
    )


def _tell(work: UnitOfWork, one: Incident) -> None:
    """Tell the team, and the expert team of what is serious or waits for it to be closed."""
    people = {m.user_id for m in one.project.members if m.is_current and m.part in ("owner", "member")}
    if one.state == "analysed" or rules.is_serious(one.severity, len(grades(framework_of(work, one.project)))):
        people |= set(_experts(work))
    codes = {"about": one.kind, "number": one.code}
    notify(
        work,
        "incident",
        sorted(people),
        project=one.project,
        href=f"/projects/{one.project_id}/incidents/{one.id}",
        codes=codes,
    )


def _experts(work: UnitOfWork) -> Iterable[str]:
    return work.session.scalars(
        select(RoleGrant.user_id).where(RoleGrant.role == "expert", RoleGrant.ended_at.is_(None)).distinct()
    )
