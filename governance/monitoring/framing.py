"""What all pages of monitoring share: their blueprint, and the way from an address to what it names, checked against its parent."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from governance.monitoring.incidents import incident
from governance.monitoring.indicators import indicator
from governance.monitoring.models import Incident, Indicator
from governance.monitoring.standing import notices_of
from governance.pages import current_work
from governance.projects import services
from governance.projects.models import Project
from governance.refusals import NotFound
from governance.work import UnitOfWork

blueprint = Blueprint("monitoring", __name__)


def project_of(work: UnitOfWork, project_id: str) -> Project:
    """Return the project of an address; NotFound when the reader may not know of it."""
    return services.project(work, project_id)


def indicator_in(work: UnitOfWork, project_id: str, indicator_id: str) -> Indicator:
    """Return an indicator of this very project (assurance.md T6: nested names are checked against their parent)."""
    one = indicator(work, indicator_id)
    if one.project_id != project_id:
        raise NotFound
    return one


def incident_in(work: UnitOfWork, project_id: str, incident_id: str) -> Incident:
    """Return an incident of this very project."""
    one = incident(work, incident_id)
    if one.project_id != project_id:
        raise NotFound
    return one


@blueprint.app_context_processor
def offered() -> dict[str, Any]:
    """Let the pages of screenings and reviews, which know nothing of monitoring, tell where an answer does not fit an open incident."""
    return {"incident_notices_of": lambda project: notices_of(current_work(), project)}
