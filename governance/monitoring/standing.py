"""How a case stands as far as monitoring knows: counts for the case page, and where an answer does not fit an open serious incident.

The hard stop of unresolved serious incidents follows from an answer (domain.md §5.4 H5). Scoring stays as it is; where the answer says
that nothing is open and the record says otherwise, that is told, like a contradiction between answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from governance.monitoring import rules
from governance.monitoring.alerts import alerts_of
from governance.monitoring.incidents import grades
from governance.monitoring.indicators import framework_of
from governance.monitoring.models import Alert, Incident, Indicator
from governance.projects.models import Project
from governance.questionnaires.conditions import questions_of
from governance.questionnaires.definition import Framework
from governance.screenings.models import Answer, Screening
from governance.screenings.rules import CLOSED
from governance.texts import Text
from governance.work import UnitOfWork


@dataclass(frozen=True)
class Standing:
    """How a case is watched: indicators in use, open alerts, incidents not closed, and how many of those are serious."""

    indicators: int
    alerts: list[Alert]
    incidents: list[Incident]
    serious: int
    notices: list[Notice]


@dataclass(frozen=True)
class Notice:
    """An answer that does not fit an open serious incident."""

    incident: Incident
    question: str
    screening_id: str
    text: Text
    advice: Text


def standing(work: UnitOfWork, project: Project) -> Standing:
    """Return how a case is watched, as its page shows it."""
    active = select(func.count()).where(Indicator.project_id == project.id, Indicator.retired_at.is_(None))
    found = open_incidents(work, project)
    serious = _serious(found, framework_of(work, project))
    alerts = [each for each in alerts_of(work, project) if each.state == "open"]
    return Standing(work.session.scalar(active) or 0, alerts, found, len(serious), notices_of(work, project))


def _serious(rows: Sequence[Incident], framework: Framework) -> list[Incident]:
    scale = len(grades(framework))
    return [each for each in rows if rules.is_serious(each.severity, scale)]


def open_incidents(work: UnitOfWork, project: Project) -> list[Incident]:
    """Return the incidents that are not closed, the gravest first."""
    query = select(Incident).where(Incident.project_id == project.id, Incident.state != "closed")
    return list(work.session.scalars(query.order_by(Incident.severity.desc(), Incident.number)))


def stop_questions(framework: Framework) -> list[str]:
    """Return the questions from which the hard stop of unresolved serious incidents follows; none where a framework has no such stop."""
    stop = next((each for each in framework.hard_stops if each.code == rules.INCIDENT_STOP), None)
    return sorted(questions_of(stop.when)) if stop is not None and stop.when is not None else []


def notices_of(work: UnitOfWork, project: Project) -> list[Notice]:
    """Return the answers of screenings under way that say nothing is open while a serious incident is."""
    if not (found := open_incidents(work, project)):
        return []
    framework = framework_of(work, project)
    serious, keys = _serious(found, framework), stop_questions(framework)
    if not serious or not keys:
        return []
    query = (
        select(Answer)
        .join(Screening, Answer.screening_id == Screening.id)
        .where(
            Screening.project_id == project.id,
            Screening.state.not_in(sorted(CLOSED)),
            Answer.question_key.in_(keys),
            Answer.value.in_(_good(framework)),
        )
    )
    return [_notice(serious[0], answer) for answer in work.session.scalars(query.order_by(Answer.question_key))]


def _good(framework: Framework) -> list[str]:
    """Return the answers of the scale that claim a control works: those that count more than half."""
    return [step.code for step in framework.scale if step.factor is not None and 2 * step.factor > 1]


def _notice(one: Incident, answer: Answer) -> Notice:
    values = {"key": answer.question_key, "number": one.code}
    text = Text(
        "{key}は実施済みですが、重大な事故{number}が未解決です。",
        "{key} is answered as done, but the serious incident {number} is open.",
    )
    advice = Text(
        "事故の原因究明と再発防止を終えて終結するか、{key}の回答を見直してください。",
        "Finish and close the incident, or look at the answer to {key} again.",
    )
    return Notice(one, answer.question_key, answer.screening_id, text.filled(**values), advice.filled(**values))
