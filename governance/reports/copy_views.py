"""Handing out reports in other formats than the PDF, and the schema of the record."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, current_app, send_file
from flask.typing import ResponseReturnValue

from governance.pages import current_work, file_store, permission, public, signed_in
from governance.projects.erased import refuse_erased
from governance.refusals import NotFound
from governance.reports import papers, services
from governance.reports.copies import FORMATS, Issued, copy_of
from governance.reports.house_file import house_of
from governance.reports.record_schema import case_schema

blueprint = Blueprint("report_copies", __name__)


@blueprint.get("/reports/<report_id>/copy.<form>")
@permission("report:download")
def copy(report_id: str, form: str) -> ResponseReturnValue:
    """Hand out a report as Word file, workbook or JSON to whoever may have the PDF."""
    return _handed_out(services.report(current_work(), report_id), form)


@blueprint.get("/papers/<paper_id>/copy.<form>")
@signed_in()
def of_paper(paper_id: str, form: str) -> ResponseReturnValue:
    """Hand out a paper of a meeting as Word file, workbook or JSON to whoever may have the PDF."""
    return _handed_out(papers.paper(current_work(), paper_id), form)


def _handed_out(row: Issued, form: str) -> Response:
    if form not in FORMATS:
        raise NotFound
    refuse_erased(row.erasure)
    settings = current_app.config["SETTINGS"]
    made = copy_of(row, form, file_store(), settings.report_word_template, house_of(settings))
    answer: Response = send_file(
        BytesIO(made.content), mimetype=made.media_type, as_attachment=True, download_name=made.name
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@blueprint.get("/reports/schema")
@public()
def schema() -> ResponseReturnValue:
    """Publish the JSON Schema of the record of a case report: it tells of no case, so anybody may read it."""
    answer = current_app.json.response(case_schema())
    answer.mimetype = "application/schema+json"
    return answer
