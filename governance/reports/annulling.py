"""Annulling issued reports and papers (取消): a final act with a written reason, entered into the ledger and told to those concerned.

What was issued stays in the register and can still be fetched, for it is a record; every page of it, the register and the check page
say that it was annulled. The same content issued again makes a new report. Only the document is annulled: what follows for a decision
that an annulled letter tells of, or for a meeting whose minutes were annulled, stays a matter of the board and its own acts.

It is the act of secretariat or legal counsel, never of the project's own people, and never silent: the team, whoever issued it and the
auditors are told.
"""

from __future__ import annotations

from governance.accounts.rules import authorize
from governance.notifications.people import holders, team
from governance.notifications.services import notify
from governance.projects.models import Project
from governance.projects.services import relations_of
from governance.refusals import Refusal
from governance.reports import papers, services
from governance.reports.models import Paper, Report, ReportAnnulment
from governance.reports.rules import check_reason
from governance.work import UnitOfWork

ANNUL = "report:annul"


def annullable_report(work: UnitOfWork, report_id: str) -> Report:
    """Return a report that the actor may annul. Raises NotFound, Forbidden, and Refusal when it was annulled before."""
    row = services.report(work, report_id)
    authorize(work.actor, ANNUL, standing(work, row))
    _refuse_second(row)
    return row


def annullable_paper(work: UnitOfWork, paper_id: str) -> Paper:
    """Return a paper that the actor may annul. Raises NotFound, Forbidden, and Refusal when it was annulled before."""
    row = papers.paper(work, paper_id)
    authorize(work.actor, ANNUL, standing(work, row))
    _refuse_second(row)
    return row


def standing(work: UnitOfWork, row: Report | Paper) -> frozenset[str]:
    """Return how the actor stands to what a report or paper is about."""
    project = _project(work, row)
    if project is None:
        return frozenset()
    return services.standing(work, project) if isinstance(row, Report) else relations_of(work, project)


def annul(work: UnitOfWork, row: Report | Paper, reason: str) -> None:
    """Annul a report or paper that annullable_report or annullable_paper gave. Raises Refusals for a reason that says nothing."""
    check_reason(reason)
    is_report = isinstance(row, Report)
    made = ReportAnnulment(reason=reason.strip(), annulled_by=work.actor.id, annulled_at=work.now)
    row.annulment = made
    work.session.add(made)
    work.session.flush()
    work.record(
        "ReportAnnulled",
        subject=("report" if is_report else "paper", row.id),
        project=row.project_id,
        codes={"number": row.number, "kind": row.kind, "lang": row.lang},
        refs={"record": row.record_digest, "file": row.file_digest},
        private={"reason": reason.strip()},
        row=row,
    )
    project = _project(work, row)
    people = {*(team(project) if project else []), row.issued_by, *holders(work, "auditor")}
    href = f"/reports/{row.id}" if is_report else f"/papers/{row.id}"
    notify(work, "decided", people, project=project, href=href, codes={"about": "annulled", "number": row.number})


def _project(work: UnitOfWork, row: Report | Paper) -> Project | None:
    return work.session.get(Project, row.project_id) if row.project_id else None


def _refuse_second(row: Report | Paper) -> None:
    if row.annulment is not None:
        raise Refusal(
            "reports.annulled_before",
            "すでに取り消されています。取消は元に戻せません。必要なら新しく発行してください。",
            "It was annulled before, and an annulment is final. Issue a new one if it is needed.",
        )
