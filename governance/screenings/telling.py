"""Who hears that a screening was submitted: whoever decides or checks it next, and the team."""

from __future__ import annotations

from governance.notifications.people import parts, strangers, team
from governance.notifications.services import notify
from governance.questionnaires.services import framework_in
from governance.screenings.models import Screening
from governance.work import UnitOfWork

DEPARTMENT = "department"


def submitted(work: UnitOfWork, row: Screening) -> None:
    """Tell the approver of a light case or the expert team; legal too, and of a stop, when a hard stop holds the case."""
    project, review, case = row.project, f"/reviews/{row.id}", f"/projects/{row.project_id}"
    if row.state == "blocked":
        stop = {"about": "stop"}
        notify(work, "suspended", strangers(work, project, "expert", "legal"), project=project, href=review, codes=stop)
        notify(work, "suspended", team(project), project=project, href=case, codes=stop)
        return
    notify(work, "submitted", team(project), project=project, href=case, codes={"about": "team"})
    if framework_in(row.framework_version).route(row.route).body == DEPARTMENT:
        people = parts(project, "approver")
        notify(work, "submitted", people, project=project, href=review, codes={"about": "approval"})
    else:
        notify(work, "submitted", strangers(work, project, "expert"), project=project, href=review)
