"""Every date that somebody has to keep, in one list: meetings, conditions, ends of approvals, screenings, measures, evidence, terms.

Each kind is read with the filter that guards its own pages, so the calendar shows nobody more than they see elsewhere
(assurance.md R-A). The ends of approvals also stand in a list of their own, with the re-screening that renews them (domain.md §6.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import joinedload, lazyload

from governance.accounts.rules import may
from governance.insight.desk import TEAM, framework_of, named, takes_part
from governance.insight.rules import AHEAD_DAYS
from governance.insight.services import meetings_concerned
from governance.projects.life import ENDED, states_of
from governance.projects.models import Evidence, Project
from governance.projects.services import visible
from governance.reviews.committees import committees
from governance.reviews.conditions import conditions
from governance.reviews.rules import local_date
from governance.screenings.models import AdoptedMeasure, Screening
from governance.screenings.rules import APPROVED, EDITABLE, is_valid, standing, under_way
from governance.texts import Text
from governance.work import UnitOfWork

KINDS: Mapping[str, Text] = {
    "meeting": Text("会議", "Meetings"),
    "condition": Text("付帯条件", "Conditions"),
    "approval": Text("承認の期限", "Ends of approvals"),
    "screening": Text("スクリーニングの期限", "Screenings due"),
    "measure": Text("対応策", "Measures"),
    "evidence": Text("証跡の有効期限", "Evidence expiring"),
    "term": Text("委員の任期", "Terms of members"),
}
SPANS = (30, AHEAD_DAYS, 365)
"""Days ahead that can be chosen."""
BACK = 90
"""Days back for what is late and not yet done."""


@dataclass(frozen=True)
class Dated:
    """A day with what is due on it; `is_mine` when the reader is the one who has to see to it."""

    on: date
    kind: str
    what: Text
    project: Text | None
    href: str
    is_mine: bool = False


@dataclass(frozen=True)
class Ending:
    """An approval that ends soon or has ended, with the re-screening that is to renew it, if it has begun."""

    row: Screening
    phase: Text
    until: date
    again: Screening | None
    is_over: bool


@dataclass(frozen=True)
class Span:
    """The days that are looked at, for one reader."""

    work: UnitOfWork
    today: date
    until: date

    @property
    def since(self) -> date:
        """The first day: what is late and open is shown for a while."""
        return self.today - timedelta(days=BACK)

    def holds(self, day: date | None) -> bool:
        """Say whether a day lies within the span."""
        return day is not None and self.since <= day <= self.until


def calendar(work: UnitOfWork, today: date, days: int, kinds: Sequence[str] = ()) -> list[Dated]:
    """Return what is due within so many days, and what is late, in order of the day; `kinds` narrows it."""
    span = Span(work, today, today + timedelta(days=days))
    wanted = [find for kind, find in FINDERS.items() if not kinds or kind in kinds]
    return sorted((each for find in wanted for each in find(span)), key=lambda each: (each.on, each.kind))


def by_month(found: Iterable[Dated]) -> list[tuple[date, list[Dated]]]:
    """Return the days by month, each with the first day of its month."""
    return [(first, list(days)) for first, days in groupby(found, key=lambda each: each.on.replace(day=1))]


def endings(work: UnitOfWork, today: date, days: int = AHEAD_DAYS) -> list[Ending]:
    """Return the approvals that end within so many days or have ended, the earliest first: what is to be reassessed."""
    until = today + timedelta(days=days)
    ids = select(Screening.project_id).where(Screening.state.in_(APPROVED), Screening.valid_until <= until)
    query = select(Screening).join(Project).where(Screening.project_id.in_(ids), visible(work.actor))
    held: dict[str, list[Screening]] = {}
    for row in work.session.scalars(query.options(joinedload(Screening.project).lazyload("*"))):
        held.setdefault(row.project_id, []).append(row)
    stopped = states_of(work, held)
    found = []
    for rows in (rows for project, rows in held.items() if stopped.get(project) not in ENDED):
        for phase, row in standing(rows).items():
            if row.valid_until is not None and row.valid_until <= until:
                name = framework_of(row).phase(phase).name
                over = not is_valid(row, today)
                found.append(Ending(row, name, row.valid_until, under_way(rows, phase), over))
    return sorted(found, key=lambda each: each.until)


# ---------------------------------------------------------------- one kind each


def _meetings(span: Span) -> Iterable[Dated]:
    for row in meetings_concerned(span.work):
        day = local_date(row.starts_at)
        if row.state != "closed" and span.holds(day):
            name = Text(row.committee.name, row.committee.name_in("en"))
            what = Text("{name} 第{n}回", "{name}, meeting {n}").filled(name=name, n=row.number)
            yield Dated(day, "meeting", what, None, f"/meetings/{row.id}")


def _conditions(span: Span) -> Iterable[Dated]:
    me = span.work.actor.id
    for row in conditions(span.work, unsettled=True):
        if span.holds(row.due_on):
            what = Text("C-{n} {text}", "C-{n} {text}").filled(
                n=row.number, text=Text(row.text, row.text_en or row.text)
            )
            mine = row.owner_id == me if row.state != "submitted" else row.verifier_id == me
            project = row.decision.screening.project
            yield Dated(row.due_on, "condition", what, named(project), f"/conditions/{row.id}", mine)


def _approvals(span: Span) -> Iterable[Dated]:
    own = _own(span.work)
    for each in endings(span.work, span.today, (span.until - span.today).days):
        if span.holds(each.until):
            project = each.row.project
            href = f"/projects/{project.id}"
            yield Dated(each.until, "approval", each.phase, named(project), href, project.id in own)


def _screenings(span: Span) -> Iterable[Dated]:
    own = _own(span.work)
    wanted = (Screening.state.in_(EDITABLE), Screening.due_on.between(span.since, span.until), visible(span.work.actor))
    for row in span.work.session.scalars(select(Screening).join(Project).where(*wanted)):
        if row.due_on is not None:
            what = Text("「{phase}」の提出", "Submit “{phase}”").filled(phase=framework_of(row).phase(row.phase).name)
            mine = row.project_id in own
            yield Dated(row.due_on, "screening", what, named(row.project), f"/screenings/{row.id}", mine)


def _measures(span: Span) -> Iterable[Dated]:
    wanted = (AdoptedMeasure.state == "planned", AdoptedMeasure.due_on.between(span.since, span.until))
    query = select(AdoptedMeasure).join(Project, AdoptedMeasure.project_id == Project.id)
    for row in span.work.session.scalars(query.where(*wanted, visible(span.work.actor))):
        what, mine = Text(row.title_ja, row.title_en or row.title_ja), row.owner_id == span.work.actor.id
        yield Dated(row.due_on, "measure", what, named(row.project), f"/measures/{row.id}", mine)


def _evidence(span: Span) -> Iterable[Dated]:
    own = _own(span.work)
    newer = select(Evidence.replaces_id).where(Evidence.replaces_id.is_not(None))
    wanted = (
        Evidence.expires_on.between(span.since, span.until),
        Evidence.removed_at.is_(None),
        Evidence.id.not_in(newer),
    )
    query = select(Evidence, Project).join(Project, Evidence.project_id == Project.id).options(lazyload("*"))
    for row, project in span.work.session.execute(query.where(*wanted, visible(span.work.actor))):
        what, href = Text(row.title, row.title_in("en")), f"/projects/{project.id}/evidence/{row.id}"
        yield Dated(row.expires_on or span.until, "evidence", what, named(project), href, project.id in own)


def _terms(span: Span) -> Iterable[Dated]:
    if not may(span.work.actor, "committee:edit"):
        return
    for row in committees(span.work):
        for seat in row.members:
            if seat.term_until is not None and span.holds(seat.term_until):
                name = Text(seat.user.name, seat.user.name_in("en"))
                what = Text("{who}の任期満了", "Term of {who} ends").filled(who=name)
                yield Dated(seat.term_until, "term", what, None, f"/committees/{row.id}")


def _own(work: UnitOfWork) -> set[str]:
    """Return the projects in which the reader is owner or member."""
    return set(work.session.scalars(select(Project.id).where(takes_part(work.actor.id, TEAM))))


FINDERS: Mapping[str, Callable[[Span], Iterable[Dated]]] = {
    "meeting": _meetings,
    "condition": _conditions,
    "approval": _approvals,
    "screening": _screenings,
    "measure": _measures,
    "evidence": _evidence,
    "term": _terms,
}
