"""Pages that annul an issued report or paper: what it means is said before, and the reason is asked for."""

from __future__ import annotations

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from governance.pages import accepted, current_work, page, permission, refusals_beside, see, tell
from governance.reports import annulling
from governance.reports.forms import AnnulForm
from governance.reports.models import Paper, Report
from governance.texts import Text

blueprint = Blueprint("annulling", __name__)


@blueprint.route("/reports/<report_id>/annul", methods=["GET", "POST"])
@permission("report:annul")
def report(report_id: str) -> ResponseReturnValue:
    """Ask why a report is annulled, and annul it."""
    return _annul(annulling.annullable_report(current_work(), report_id), url_for("reports.show", report_id=report_id))


@blueprint.route("/papers/<paper_id>/annul", methods=["GET", "POST"])
@permission("report:annul")
def paper(paper_id: str) -> ResponseReturnValue:
    """Ask why a paper of a meeting is annulled, and annul it."""
    return _annul(annulling.annullable_paper(current_work(), paper_id), url_for("papers.show", paper_id=paper_id))


def _annul(row: Report | Paper, own: str) -> ResponseReturnValue:
    form = AnnulForm()
    if accepted(form):
        with refusals_beside(form):
            annulling.annul(current_work(), row, form.reason.data or "")
            tell(Text("取り消しました。", "It was annulled."))
            return see(own)
    return page("reports_pages/annul.html", form=form, row=row, own=own)
