"""Pages of reports: the register, issuing one, one issued report, its file, and the page that verifies a digest."""

from __future__ import annotations

import re
from io import BytesIO

from flask import Blueprint, Response, current_app, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from governance.accounts.rules import may
from governance.accounts.sessions import claim_form, settle_form
from governance.pages import (
    accepted,
    current_actor,
    current_work,
    database,
    file_store,
    limiter,
    locale,
    page,
    permission,
    place,
    public,
    see,
    tell,
    this_form,
    write,
)
from governance.pages import close_units as end_reading
from governance.projects.models import Project
from governance.projects.services import by_number, relations_of
from governance.projects.services import project as visible_project
from governance.questionnaires.services import framework_in
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.reports import (
    annul_views,
    annulling,
    bulk_views,
    copy_views,
    document_views,
    paper_views,
    papers,
    proof_views,
    services,
)
from governance.reports.case import reportable
from governance.reports.forms import IssueForm
from governance.reports.house import House
from governance.reports.house_file import house_of
from governance.reports.models import Paper, Report
from governance.reports.proof_views import proof_of, published, verifier_digest
from governance.reports.redaction import INTERNAL, profiles
from governance.reports.rules import LANGUAGES, NAMES
from governance.reports.services import Order
from governance.reports.validity import newer
from governance.screenings.models import Screening
from governance.states import state_of
from governance.texts import Text

blueprint = Blueprint("reports", __name__)
blueprints = (
    blueprint,
    paper_views.blueprint,
    bulk_views.blueprint,
    document_views.blueprint,
    copy_views.blueprint,
    proof_views.blueprint,
    annul_views.blueprint,
)
_DIGEST = re.compile(r"[0-9a-f]{64}")


@blueprint.get("/reports")
@permission("report:download")
def index() -> ResponseReturnValue:
    """Show the register of issued reports, of all projects or of one."""
    work, wanted = current_work(), request.args.get("project", "").strip()
    project = by_number(work, wanted) if wanted else None
    rows, letters = services.reports(work, project), papers.of_project(work, project.id) if project else []
    return page(
        "reports_pages/index.html",
        reports=rows,
        newer=newer(work.session, [*rows, *letters]),
        project=project,
        names=NAMES,
        profiles=profiles(),
        internal=INTERNAL,
        languages=LANGUAGES,
        letters=letters,
        may_issue=project is not None
        and may(work.actor, "report:issue", relations_of(work, project))
        and reportable(work, project),
    )


def _house() -> House:
    return house_of(current_app.config["SETTINGS"])


@blueprint.route("/projects/<project_id>/reports/new", methods=["GET", "POST"])
@permission("report:issue", unit="own")
def issue(project_id: str) -> ResponseReturnValue:
    """Ask for a report and make it."""
    work = current_work()
    project = visible_project(work, project_id)
    choices = [(row.id, _named(row)) for row in reportable(work, project)]
    form = IssueForm()
    form.offer(choices, locale())
    if accepted(form):
        order = Order(
            project.id, form.lang.data, form.purpose.data or "", form.screening.data, _house(), form.profile.data
        )
        register = url_for("reports.index", project=project.number)
        end_reading()
        if (before := _asked_before()) is not None:
            return see(before or register)
        try:
            return _issued(order)
        except (NotFound, Forbidden, Conflict):
            raise
        except (Refusal, Refusals) as refused:
            place(form, refused)
        project = visible_project(current_work(), project_id)
    return page("reports_pages/issue.html", form=form, project=project, offered=bool(choices))


def _issued(order: Order) -> ResponseReturnValue:
    """Make the report and lead to it; a form whose report could not be made may be sent again."""
    key, location = _once(), None
    try:
        made = services.issue(database(), current_actor(), file_store(), order, verify=_verify_address())
        location = url_for("reports.show", report_id=made)
    finally:
        write(lambda work: settle_form(work, key, location))
    tell(Text("報告書を発行しました。", "The report was issued."))
    return see(location)


def _once() -> str:
    return request.form.get("once", "")[:36]


def _asked_before() -> str | None:
    """Claim the form in a unit of its own, since printing lies between two units: a double click makes one report.

    Returns None for a form sent for the first time, else where it led: nothing yet while the report is being made.
    """
    try:
        return write(lambda work: claim_form(work, _once(), this_form())) if _once() else None
    except IntegrityError:
        return ""


def _named(row: Screening) -> Text:
    """Return how a screening is called in the list: phase, revision, state."""
    phase = framework_in(row.framework_version).phase(row.phase).name
    words = Text("{phase}　改訂{revision}　{state}", "{phase}, revision {revision}, {state}")
    return words.filled(phase=phase, revision=row.revision, state=state_of(row.state).text)


def _verify_address() -> str:
    return f"{current_app.config['SETTINGS'].base_url}/verify?d="


@blueprint.get("/reports/<report_id>")
@permission("report:download")
def show(report_id: str) -> ResponseReturnValue:
    """Show one issued report: what it is, its digests, how to check it."""
    work = current_work()
    row = services.report(work, report_id)
    return page(
        "reports_pages/show.html",
        report=row,
        project=work.session.get(Project, row.project_id) if row.project_id else None,
        has_proof=proof_of(work, row) is not None,
        newer=newer(work.session, [row]),
        may_annul=row.annulment is None and may(work.actor, annulling.ANNUL, annulling.standing(work, row)),
        names=NAMES,
        profiles=profiles(),
        internal=INTERNAL,
        languages=LANGUAGES,
    )


@blueprint.get("/reports/<report_id>/file")
@permission("report:download")
def file(report_id: str) -> ResponseReturnValue:
    """Hand out the file, checked against its digest, never shown inside the page."""
    row, content = services.download(current_work(), report_id, file_store())
    name = f"{row.number}.{row.lang}.pdf"
    answer: Response = send_file(BytesIO(content), mimetype="application/pdf", as_attachment=True, download_name=name)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@blueprint.get("/verify")
@public()
@limiter.limit("60/minute")
def verify() -> ResponseReturnValue:
    """Say which issued report has a digest, and whether it was replaced or annulled since.

    Numbers and dates only, nothing of the content and no reason: whoever holds the report may ask.
    """
    digest = re.sub(r"\s", "", request.args.get("d", "")).lower()
    work, known = current_work(), bool(_DIGEST.fullmatch(digest))
    found: list[Report | Paper] = []
    if known:
        found = [*services.matching(work, digest), *papers.matching(work, digest)]
    return page(
        "reports_pages/verify.html",
        digest=digest[:64],
        wrong=bool(digest) and not known,
        found=found if known else None,
        languages=LANGUAGES,
        here=url_for("reports.verify"),
        published=published(work),
        newer=newer(work.session, found),
        asked_at=work.now,
        verifier_digest=verifier_digest(),
    )
