"""Reads what the home page and the list of projects show: own projects, dates to come, changes, and the filtered register.

Nothing here changes anything, and no number of statements grows with the number of projects (performance.md P9): lists rest on the
summary that each screening keeps of itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import joinedload, lazyload

from governance.accounts.models import User, UserSession
from governance.accounts.rules import PERMISSIONS, ROLES
from governance.insight.desk import named, newest, takes_part
from governance.insight.rules import AHEAD_DAYS, QUIET, RULED, SHOWN, TOGETHER, Date, Line, said, several
from governance.ledger import services as ledger
from governance.ledger.services import Event
from governance.projects.life import stands_at, states_of
from governance.projects.life_rules import Act, State
from governance.projects.models import Project
from governance.projects.services import visible
from governance.questionnaires.definition import Framework
from governance.questionnaires.models import FrameworkVersion
from governance.questionnaires.services import framework_in, parsed_framework
from governance.reviews.models import AgendaItem, Committee, CommitteeMember, Condition, Decision, Meeting
from governance.reviews.rules import OUTCOMES, SETTLED, local_date
from governance.screenings.models import Screening
from governance.screenings.rules import APPROVED, EDITABLE, ENDING, standing
from governance.texts import Text
from governance.work import UnitOfWork

PAGE = 50
LIVES: dict[str, Act] = {"project.suspended": "suspended", "project.retired": "retired"}
"""Filters of the register about the life of a project."""
CHANGES = 8
PARTS = {
    "owner": Text("責任者", "owner"),
    "member": Text("担当者", "member"),
    "approver": Text("部門責任者", "department head"),
}


@dataclass(frozen=True)
class Row:
    """A project with its leading screening, and what of it is late or ended.

    `overdue` is by how many days the screening is late, `until` the last day of the approval that stands in its phase, `life` whether the
    project runs.
    """

    project: Project
    screening: Screening | None
    framework: Framework | None
    late: int = 0
    ended: bool = False
    overdue: int = 0
    until: date | None = None
    life: State = "active"

    @property
    def state(self) -> str:
        """The state to show: an approval past its last day has expired."""
        if self.screening is None:
            return "none"
        return "expired" if self.ended else self.screening.state


# --- own projects, dates to come -------------------------------------------------------------------------------------


def mine(work: UnitOfWork, today: date) -> list[Row]:
    """Return the projects that the actor takes part in, those that moved last first."""
    return _rows(work, _with_newest().where(takes_part(work.actor.id, None)).limit(SHOWN), today)


def _with_newest() -> Select[Project, Screening]:
    joined = and_(Screening.project_id == Project.id, Screening.id.in_(newest()))
    query = (
        select(Project, Screening)
        .outerjoin(Screening, joined)
        .options(lazyload(Project.members), joinedload(Screening.framework_version))
    )
    return query.order_by(func.coalesce(Screening.changed_at, Project.created_at).desc(), Project.number.desc())


def _rows(work: UnitOfWork, query: Select[Project, Screening], today: date) -> list[Row]:
    pairs = work.session.execute(query).all()
    ids = [project.id for project, _ in pairs]
    late, stands, states = _late_conditions(work, ids, today), _standing(work, ids), states_of(work, ids)
    rows = [_row(project, row, late.get(project.id, 0), today) for project, row in pairs]
    return [
        replace(
            row,
            life=states.get(row.project.id, "active"),
            until=stands.get((row.project.id, row.screening.phase)) if row.screening else None,
        )
        for row in rows
    ]


def _row(project: Project, row: Screening | None, late: int, today: date) -> Row:
    if row is None:
        return Row(project, None, None, late)
    ended = row.state in APPROVED and row.valid_until is not None and row.valid_until < today
    is_filled = row.due_on is not None and row.state in EDITABLE
    overdue = max(0, (today - row.due_on).days) if is_filled and row.due_on else 0
    return Row(project, row, framework_in(row.framework_version), late, ended, overdue)


def _standing(work: UnitOfWork, ids: Sequence[str]) -> dict[tuple[str, str], date | None]:
    """Return the last day of the approval that stands, for each project and phase: one statement for a whole list."""
    query = select(Screening).where(Screening.project_id.in_(ids), Screening.state.in_([*APPROVED, *ENDING]))
    held: dict[str, list[Screening]] = defaultdict(list)
    for row in work.session.scalars(query.options(lazyload("*"))) if ids else ():
        held[row.project_id].append(row)
    return {(id, phase): row.valid_until for id, rows in held.items() for phase, row in standing(rows).items()}


def _late_conditions(work: UnitOfWork, ids: Sequence[str], today: date) -> Mapping[str, int]:
    query = (
        select(Screening.project_id, func.count()).join(Decision, Decision.screening_id == Screening.id).join(Condition)
    )
    query = query.where(
        Screening.project_id.in_(ids), Condition.state.not_in([*SETTLED, "submitted"]), Condition.due_on < today
    )
    return dict(work.session.execute(query.group_by(Screening.project_id)).all()) if ids else {}


def ahead(work: UnitOfWork, own: Sequence[Row], today: date) -> list[Date]:
    """Return the dates within the next 90 days: meetings the actor has to do with, and the ends of own approvals."""
    until = today + timedelta(days=AHEAD_DAYS)
    ends = [
        Date(
            row.screening.valid_until,
            Text("承認の期限：{name}", "Approval ends: {name}").filled(name=named(row.project)),
            row.framework.phase(row.screening.phase).name,
            f"/projects/{row.project.id}",
        )
        for row in own
        if row.screening
        and row.framework
        and row.screening.state in APPROVED
        and row.screening.valid_until
        and today <= row.screening.valid_until <= until
    ]
    return sorted([*_meetings(work, today, until), *ends], key=lambda each: each.on)[:SHOWN]


def _meetings(work: UnitOfWork, today: date, until: date) -> list[Date]:
    items = select(func.count()).where(AgendaItem.meeting_id == Meeting.id).correlate(Meeting).scalar_subquery()
    query = select(Meeting, items).where(Meeting.state != "closed", _concerned(work))
    query = (
        query.where(Meeting.starts_at <= work.now + timedelta(days=AHEAD_DAYS)).order_by(Meeting.starts_at).limit(SHOWN)
    )
    query = query.options(joinedload(Meeting.committee).lazyload(Committee.members))
    seats = set(
        work.session.scalars(select(CommitteeMember.committee_id).where(CommitteeMember.user_id == work.actor.id))
    )
    dates = [
        _meeting(meeting, count, opens=_sees_all(work) or meeting.committee_id in seats)
        for meeting, count in work.session.execute(query)
    ]
    return [each for each in dates if today <= each.on <= until]


def meetings_concerned(work: UnitOfWork) -> list[Meeting]:
    """Return the meetings to come or in session that the actor has to do with, the next one first."""
    query = select(Meeting).where(Meeting.state != "closed", _concerned(work)).order_by(Meeting.starts_at)
    return list(work.session.scalars(query.options(joinedload(Meeting.committee).lazyload(Committee.members))))


def _meeting(row: Meeting, items: int, *, opens: bool) -> Date:
    """Return a meeting as a date; a team whose case is on the agenda knows of it, but its page is the committee's."""
    name = Text(row.committee.name, row.committee.name_in("en"))
    what = Text("{name} 第{n}回", "{name}, meeting {n}").filled(name=name, n=row.number)
    note = Text("議題{n}件", "{n} on the agenda").filled(n=items)
    return Date(local_date(row.starts_at), what, note, f"/meetings/{row.id}" if opens else "", row.starts_at)


def _concerned(work: UnitOfWork) -> ColumnElement[bool]:
    """Return the filter on `Meeting`: those of the actor's roles and seats, and those with an own project on the agenda."""
    seat = exists().where(
        CommitteeMember.committee_id == Meeting.committee_id, CommitteeMember.user_id == work.actor.id
    )
    on_agenda = exists().where(
        AgendaItem.meeting_id == Meeting.id,
        AgendaItem.screening_id == Screening.id,
        Screening.project_id == Project.id,
        takes_part(work.actor.id, None),
    )
    return Meeting.id.is_not(None) if _sees_all(work) else or_(seat, on_agenda)


def _sees_all(work: UnitOfWork) -> bool:
    """Say whether the actor's office sees every committee; a member sees the committee of the own seat."""
    return bool(work.actor.roles & (PERMISSIONS["committee:view"].holders - {"internal_member", "external_member"}))


# --- changes ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Changes:
    """What others did in the projects the actor may see: the last visit before this one, and the newest acts in words.

    `is_new` says whether they came after that visit; when nothing did, the acts before it are shown.
    """

    since: datetime | None
    lines: list[Line]
    is_new: bool


def changes(work: UnitOfWork) -> Changes:
    """Return the newest acts of others in the visible projects, those since the last visit if there are any."""
    visits = select(func.max(UserSession.seen_at)).where(UserSession.user_id == work.actor.id)
    since = work.session.scalar(visits.where(UserSession.token_digest != work.actor.session))
    seen = select(Project.id).where(visible(work.actor))
    events = ledger.events(work.session, limit=CHANGES * 8, among=seen)
    found = [e for e in events if e.body["actor"]["id"] != work.actor.id]
    new = [e for e in found if since is None or e.at > since]
    return Changes(since, told(work, new, CHANGES) or told(work, found, CHANGES), bool(new))


def told(work: UnitOfWork, events: Sequence[Event], limit: int) -> list[Line]:
    """Return acts as the history of cases tells them: quiet ones left out, several of one kind, person and day in one line."""
    kept = [event for event in events if event.type not in QUIET]
    runs = [list(run) for _, run in groupby(kept, key=_run_of)][:limit]
    lines = in_words(work, [run[0] for run in runs])
    return [several(line, run[0].type, len(run)) for line, run in zip(lines, runs, strict=True)]


def _run_of(event: Event) -> tuple[object, ...]:
    together = event.type in TOGETHER
    return (
        (event.type, event.body["project"], event.body["actor"]["id"], local_date(event.at))
        if together
        else (event.seq,)
    )


def in_words(work: UnitOfWork, events: Sequence[Event]) -> list[Line]:
    """Return acts of the ledger as lines: three statements whatever their number."""
    projects = {
        row.id: row
        for row in work.session.scalars(
            select(Project)
            .where(Project.id.in_({e.body["project"] for e in events if e.body["project"]}), visible(work.actor))
            .options(lazyload(Project.members))
        )
    }
    people = {
        user.id: user
        for user in work.session.scalars(select(User).where(User.id.in_({e.body["actor"]["id"] for e in events})))
    }
    phases = _phases(work, events)
    return [_line(event, projects, people, phases) for event in events]


def _line(
    event: Event,
    projects: Mapping[str, Project],
    people: Mapping[str, User],
    phases: Mapping[str, tuple[str, Framework]],
) -> Line:
    body = event.body
    project, person = projects.get(body["project"] or ""), people.get(body["actor"]["id"])
    code, framework = phases.get(_screening_of(event), ("", None))
    if framework is None and project is not None:
        framework = next((f for _, f in phases.values() if f.key == project.framework_key), None)
    text = said(
        event.type, body["codes"], _names(framework), framework.phase(code).name if framework and code else None
    )
    by = Text(person.name, person.name_in("en")) if person else Text("システム", "System")
    return Line(event.seq, event.at, text, by, named(project) if project else None, project.id if project else "")


def _names(framework: Framework | None) -> dict[str, Text]:
    routes = {route.code: route.name for route in framework.routes} if framework else {}
    return {**routes, **ROLES, **PARTS, **RULED, **OUTCOMES}


def _screening_of(event: Event) -> str:
    subject = event.body["subject"]
    return str(subject["id"] if subject["kind"] == "screening" else event.body["codes"].get("screening") or "")


def _phases(work: UnitOfWork, events: Sequence[Event]) -> dict[str, tuple[str, Framework]]:
    ids = {id for id in map(_screening_of, events) if id}
    query = (
        select(Screening.id, Screening.phase, FrameworkVersion.body).join(FrameworkVersion).where(Screening.id.in_(ids))
    )
    return {id: (phase, parsed_framework(body)) for id, phase, body in work.session.execute(query)} if ids else {}


# --- the register of projects ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """What a person looks for in the register; empty means anything."""

    words: str = ""
    phase: str = ""
    state: str = ""
    route: str = ""
    level: int | None = None
    sector: str = ""


@dataclass(frozen=True)
class Found:
    """One page of the register."""

    rows: list[Row]
    first: int
    total: int

    @property
    def last(self) -> int:
        """The number of the last row on this page."""
        return self.first + len(self.rows) - 1


def register(work: UnitOfWork, wanted: Wanted, today: date, page: int = 1) -> Found:
    """Return one page of the visible projects that fit, those that moved last first."""
    query = _with_newest().where(visible(work.actor), *_fits(wanted, today))
    total = (
        work.session.scalar(
            select(func.count()).select_from(query.order_by(None).with_only_columns(Project.id).subquery())
        )
        or 0
    )
    start = min(max(page, 1) - 1, max(0, total - 1) // PAGE) * PAGE
    return Found(_rows(work, query.limit(PAGE).offset(start), today), start + 1, total)


def fitting(work: UnitOfWork, wanted: Wanted, today: date, limit: int) -> list[tuple[Project, Screening]]:
    """Return the visible projects that fit and have a screening, with the newest one: at most `limit`, by number."""
    query = _with_newest().where(visible(work.actor), Screening.id.is_not(None), *_fits(wanted, today))
    return [
        (project, row)
        for project, row in work.session.execute(query.order_by(None).order_by(Project.number).limit(limit))
    ]


def _fits(wanted: Wanted, today: date) -> list[ColumnElement[bool]]:
    exact = (
        (Screening.phase, wanted.phase),
        (Screening.route, wanted.route),
        (Screening.residual, wanted.level),
        (Project.sector, wanted.sector),
    )
    found = [column == value for column, value in exact if value]
    expired = and_(Screening.state.in_(APPROVED), Screening.valid_until < today)
    if wanted.state in LIVES:
        found.append(stands_at(LIVES[wanted.state]))
    elif wanted.state == "none":
        found.append(Screening.id.is_(None))
    elif wanted.state == "expired":
        found.append(expired)
    elif wanted.state:
        found.append(and_(Screening.state == wanted.state, ~func.coalesce(expired, False)))
    return [*found, *_words_fit(wanted.words)]


def _words_fit(words: str) -> list[ColumnElement[bool]]:
    """Return one condition per word: each stands in a name, the number, the customer or the department."""
    columns = (
        Project.name,
        Project.name_en,
        Project.number,
        Project.customer,
        Project.customer_en,
        Project.department,
        Project.department_en,
    )
    return [or_(*(column.icontains(word, autoescape=True) for column in columns)) for word in words.split()[:5]]
