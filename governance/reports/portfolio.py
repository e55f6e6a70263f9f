"""The figures of a period over all cases the actor may see: counted by the database, for the portfolio report (domain.md §7 R3).

Shares and spans are computed from moments that were recorded and never from texts. Levels, phases and items belong to one framework,
the one most submissions of the period were made under; how many others there were is said.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, and_, case, distinct, func, or_, select
from sqlalchemy.orm import lazyload

from governance.monitoring.models import Incident
from governance.projects.models import Project
from governance.projects.services import visible
from governance.questionnaires.definition import NOT_APPLICABLE
from governance.questionnaires.models import FrameworkVersion
from governance.reports.periods import Period
from governance.reviews.desk_models import Challenge, LightSample
from governance.reviews.models import Condition, Decision, Review
from governance.reviews.rules import SETTLED, ZONE
from governance.screenings.models import Answer, Ruling, Screening, Snapshot
from governance.screenings.rules import EDITABLE
from governance.work import UnitOfWork

FINAL = ("approved", "approved_with_conditions", "rejected")
_DAY = 86400


@dataclass(frozen=True)
class Span:
    """How long something took, in days: how many cases, the median and the 90th percentile (nearest rank)."""

    count: int
    median: float | None
    ninetieth: float | None


@dataclass(frozen=True)
class Late:
    """A condition that was overdue on the last day: of which case, which number, how late."""

    project: Project
    number: int
    kind: str
    due_on: date
    days: int
    owner: Any


@dataclass(frozen=True)
class Figures:
    """Everything counted for one period; a mapping is code → number."""

    registered: int
    submitted: int
    by_phase: Mapping[str, int]
    by_sector: Mapping[str, int]
    by_region: Mapping[str, int]
    by_route: Mapping[str, int]
    by_inherent: Mapping[int, int]
    by_residual: Mapping[int, int]
    other_frameworks: int
    outcomes: Mapping[str, int]
    bodies: Mapping[str, int]
    spans: Mapping[str, Span]
    months: Mapping[tuple[int, int], tuple[int, int]]
    conditions: Mapping[str, int]
    late: Sequence[Late]
    overridden: tuple[int, int]
    rulings: Mapping[tuple[str, str], int]
    sampled: tuple[int, int]
    unasked: Mapping[str, tuple[int, int]]
    incidents: Mapping[tuple[str, int], int]
    incident_states: Mapping[str, int]
    consequences: Mapping[str, int]


def framework_of_most(work: UnitOfWork, period: Period) -> FrameworkVersion | None:
    """Return the newest version of the framework that most submissions of the period were made under; the newest of all if none were."""
    query = _submitted(work, period, select(FrameworkVersion.key, func.count())).join(
        FrameworkVersion, Screening.framework_id == FrameworkVersion.id
    )
    found = work.session.execute(
        query.group_by(FrameworkVersion.key).order_by(func.count().desc(), FrameworkVersion.key)
    ).first()
    newest = select(FrameworkVersion).order_by(
        FrameworkVersion.effective_on.desc(), FrameworkVersion.published_at.desc()
    )
    if found is not None:
        newest = newest.where(FrameworkVersion.key == found[0])
    return work.session.scalars(newest.limit(1)).first()


# long: one line for each figure
def figures(work: UnitOfWork, period: Period, framework_key: str, today: date) -> Figures:
    """Count a period. `today` ends a period that is still running."""
    on = min(period.last, today)
    own = _framework(framework_key)
    return Figures(
        registered=_registered(work, period),
        submitted=_one(work, _submitted(work, period, select(func.count()))),
        by_phase=_tally(work, period, Screening.phase, own),
        by_sector=_tally(work, period, Project.sector),
        by_region=_regions(work, period),
        by_route=_tally(work, period, Screening.route, own),
        by_inherent=_tally(work, period, Screening.inherent, own),
        by_residual=_tally(work, period, Screening.residual, own),
        other_frameworks=_one(work, _submitted(work, period, select(func.count())).where(~own)),
        outcomes=_decided(work, period, Decision.outcome),
        bodies=_decided(work, period, Decision.body),
        spans=_spans(work, period),
        months=_months(work, period),
        conditions=_conditions(work, period, on),
        late=_late(work, on),
        overridden=_overridden(work, period),
        rulings=_rulings(work, period),
        sampled=_sampled(work, period),
        unasked=_not_applicable(work, period),
        incidents=_incidents(work, period, Incident.kind, Incident.severity),
        incident_states=_incidents(work, period, Incident.state),
        consequences=_incidents(work, period, Incident.consequence),
    )


def _one(work: UnitOfWork, query: Any) -> int:
    return int(work.session.scalar(query) or 0)


def _within(column: Any, period: Period) -> ColumnElement[bool]:
    return and_(column >= period.since, column < period.until)


def _framework(key: str) -> ColumnElement[bool]:
    return Screening.framework_id.in_(select(FrameworkVersion.id).where(FrameworkVersion.key == key))


def _submitted(work: UnitOfWork, period: Period, query: Any) -> Any:
    """Narrow a query to the screenings last submitted within the period."""
    joined = query.select_from(Screening).join(Project, Screening.project_id == Project.id)
    return joined.where(visible(work.actor), _within(Screening.submitted_at, period))


def _registered(work: UnitOfWork, period: Period) -> int:
    query = select(func.count()).select_from(Project).where(visible(work.actor), _within(Project.created_at, period))
    return _one(work, query)


def _tally(work: UnitOfWork, period: Period, column: Any, *also: ColumnElement[bool]) -> dict[Any, int]:
    query = _submitted(work, period, select(column, func.count())).where(*also).group_by(column)
    return {code: count for code, count in work.session.execute(query) if code not in (None, "")}


def _regions(work: UnitOfWork, period: Period) -> dict[str, int]:
    """Count submissions by region; a case in two regions counts in both."""
    query = _submitted(work, period, select(Project.id, Project.regions, func.count())).group_by(Project.id)
    found: Counter[str] = Counter()
    for _, regions, count in work.session.execute(query):
        found.update(dict.fromkeys(regions, count))
    return dict(found)


# -- decisions and how long they took ------------------------------------------------------------------------------------------


def _of_cases(work: UnitOfWork, query: Any, period: Period) -> Any:
    """Narrow a query to decisions recorded within the period on visible cases."""
    joined = query.join(Screening, Decision.screening_id == Screening.id).join(
        Project, Screening.project_id == Project.id
    )
    return joined.where(visible(work.actor), _within(Decision.decided_at, period))


def _decided(work: UnitOfWork, period: Period, column: Any) -> dict[str, int]:
    query = _of_cases(work, select(column, func.count()).select_from(Decision), period).group_by(column)
    return dict(work.session.execute(query).all())


def _spans(work: UnitOfWork, period: Period) -> dict[str, Span]:
    """Return the spans of the cases decided for good in the period, from opening to decision, step by step."""
    first = (
        select(Snapshot.screening_id, func.min(Snapshot.created_at).label("at"))
        .where(Snapshot.stage == "submitted")
        .group_by(Snapshot.screening_id)
        .subquery()
    )
    query = select(Screening.opened_at, first.c.at, Review.started_at, Review.finished_at, Decision.decided_at)
    query = _of_cases(work, query.select_from(Decision), period).join(first, first.c.screening_id == Screening.id)
    reviewed = and_(Review.screening_id == Decision.screening_id, Review.revision == Decision.revision)
    rows = work.session.execute(query.outerjoin(Review, reviewed).where(Decision.outcome.in_(FINAL))).all()
    return {
        "total": _span([(row[1], row[4]) for row in rows]),
        "fill": _span([(row[0], row[1]) for row in rows]),
        "wait": _span([(row[1], row[2]) for row in rows]),
        "review": _span([(row[2], row[3]) for row in rows]),
        "decide": _span([(row[3] or row[1], row[4]) for row in rows]),
    }


def _span(pairs: Sequence[tuple[datetime | None, datetime | None]]) -> Span:
    days = sorted((until - since).total_seconds() / _DAY for since, until in pairs if since and until)
    return Span(len(days), round(median(days), 1) if days else None, round(ninetieth(days), 1) if days else None)


def ninetieth(ordered: Sequence[float]) -> float:
    """Return the 90th percentile by nearest rank: the smallest value that nine tenths do not exceed."""
    return ordered[-(-9 * len(ordered) // 10) - 1]


def _months(work: UnitOfWork, period: Period) -> dict[tuple[int, int], tuple[int, int]]:
    """Return (submitted, decided) for every month of the period."""
    sent = _by_month(work.session.scalars(_submitted(work, period, select(Screening.submitted_at))))
    query = _of_cases(work, select(Decision.decided_at).select_from(Decision), period)
    done = _by_month(work.session.scalars(query))
    return {month: (sent[month], done[month]) for month in period.months()}


def _by_month(moments: Any) -> Counter[tuple[int, int]]:
    local = (at.astimezone(ZONE) for at in moments)
    return Counter((at.year, at.month) for at in local)


# -- conditions ----------------------------------------------------------------------------------------------------------------


def _of_visible(work: UnitOfWork, query: Any) -> Any:
    joined = query.join(Decision, Condition.decision_id == Decision.id)
    joined = joined.join(Screening, Decision.screening_id == Screening.id)
    return joined.join(Project, Screening.project_id == Project.id).where(visible(work.actor))


def _unsettled(on: date) -> ColumnElement[bool]:
    """Return the filter of conditions that existed and were not settled at the end of a day."""
    end = Period(on, on, "").until
    settled = and_(Condition.state.in_(SETTLED), Condition.settled_at < end)
    return and_(Decision.decided_at < end, ~func.coalesce(settled, False))


def _overdue(on: date) -> ColumnElement[bool]:
    """Return the filter of conditions past their date that were not even reported (as the list of conditions counts)."""
    end = Period(on, on, "").until
    reported = and_(Condition.state == "submitted", Condition.submitted_at < end)
    return and_(_unsettled(on), Condition.due_on < on, ~func.coalesce(reported, False))


def _conditions(work: UnitOfWork, period: Period, on: date) -> dict[str, int]:
    asked = {
        "set": _within(Decision.decided_at, period),
        "settled": and_(Condition.state.in_(SETTLED), _within(Condition.settled_at, period)),
        "open": _unsettled(on),
        "overdue": _overdue(on),
    }
    query = _of_visible(
        work, select(*(func.sum(case((each, 1), else_=0)) for each in asked.values())).select_from(Condition)
    )
    return {name: int(count or 0) for name, count in zip(asked, work.session.execute(query).one(), strict=True)}


def _late(work: UnitOfWork, on: date) -> list[Late]:
    query = _of_visible(work, select(Condition, Project).select_from(Condition)).where(_overdue(on))
    rows = work.session.execute(
        query.options(lazyload(Project.members)).order_by(Condition.due_on, Project.number, Condition.number)
    )
    return [Late(project, row.number, row.kind, row.due_on, (on - row.due_on).days, row.owner) for row, project in rows]


# -- what reviewers changed, what was declared not applicable ----------------------------------------------------------------------


def _overridden(work: UnitOfWork, period: Period) -> tuple[int, int]:
    """Return in how many decided cases the reviewer changed the route or upheld a doubt about an answer, and of how many."""
    ruled = (
        select(Ruling.id)
        .where(Ruling.screening_id == Decision.screening_id, Ruling.revision <= Decision.revision)
        .where(Ruling.kind == "route")
    )
    doubted = select(Challenge.id).where(
        Challenge.screening_id == Decision.screening_id,
        Challenge.revision <= Decision.revision,
        Challenge.state == "upheld",
    )
    query = _of_cases(work, select(func.count(distinct(Decision.screening_id))).select_from(Decision), period)
    final = query.where(Decision.outcome.in_(FINAL))
    return _one(work, final.where(or_(ruled.exists(), doubted.exists()))), _one(work, final)


def _rulings(work: UnitOfWork, period: Period) -> dict[tuple[str, str], int]:
    query = select(Ruling.kind, Ruling.outcome, func.count()).select_from(Ruling).join(Screening)
    query = query.join(Project, Screening.project_id == Project.id)
    query = query.where(visible(work.actor), _within(Ruling.ruled_at, period), Ruling.kind != "route")
    return {
        (kind, outcome): n for kind, outcome, n in work.session.execute(query.group_by(Ruling.kind, Ruling.outcome))
    }


def _sampled(work: UnitOfWork, period: Period) -> tuple[int, int]:
    """Return how many light cases drawn for a second look should have gone higher, and how many were looked at."""
    higher = func.sum(case((LightSample.result == "higher", 1), else_=0))
    query = select(higher, func.count()).select_from(LightSample).join(Decision).join(Screening).join(Project)
    found = work.session.execute(query.where(visible(work.actor), _within(LightSample.checked_at, period))).one()
    return int(found[0] or 0), int(found[1] or 0)


def _not_applicable(work: UnitOfWork, period: Period) -> dict[str, tuple[int, int]]:
    """Return question → how often it was declared not applicable, and how often it was answered at all."""
    given = func.sum(case((Answer.value == NOT_APPLICABLE, 1), else_=0))
    query = _submitted(work, period, select(Answer.question_key, given, func.count())).join(
        Answer, Answer.screening_id == Screening.id
    )
    query = query.where(Answer.value != "", Screening.state.not_in(EDITABLE)).group_by(Answer.question_key)
    return {key: (int(given), int(count)) for key, given, count in work.session.execute(query)}


def _incidents(work: UnitOfWork, period: Period, *columns: Any) -> dict[Any, int]:
    query = select(*columns, func.count()).select_from(Incident).join(Project, Incident.project_id == Project.id)
    query = query.where(visible(work.actor), _within(Incident.reported_at, period)).group_by(*columns)
    return {tuple(row[:-1]) if len(columns) > 1 else row[0]: row[-1] for row in work.session.execute(query)}


# -- the highest levels by phase and item, from the frozen scores -------------------------------------------------------------------


def peaks(
    work: UnitOfWork, period: Period, framework_key: str
) -> tuple[dict[tuple[str, str], tuple[int, int]], dict[tuple[str, str], Counter[int]]]:
    """Return (phase, item) → the highest inherent and residual level, and how many cases stand at each residual level.

    Read from the newest snapshot of every screening submitted in the period, one at a time.
    """
    newest = (
        select(Snapshot.screening_id, func.max(Snapshot.created_at).label("at"))
        .group_by(Snapshot.screening_id)
        .subquery()
    )
    query = _submitted(work, period, select(Screening.phase, Snapshot.body)).where(_framework(framework_key))
    query = query.join(Snapshot, Snapshot.screening_id == Screening.id)
    query = query.join(newest, and_(newest.c.screening_id == Snapshot.screening_id, newest.c.at == Snapshot.created_at))
    top: dict[tuple[str, str], tuple[int, int]] = {}
    counts: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for phase, body in work.session.execute(query.execution_options(yield_per=20)):
        for each in json.loads(body)["score"]["items"]:
            if each.get("inherent") and each.get("residual"):
                at = (phase, each["item"])
                high = top.get(at, (0, 0))
                top[at] = (max(high[0], each["inherent"]), max(high[1], each["residual"]))
                counts[at][each["residual"]] += 1
    return top, dict(counts)
