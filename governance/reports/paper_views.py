"""Pages of the papers of a meeting: what can be issued, what was issued, the files."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from flask import Blueprint, current_app, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from governance.accounts.rules import may
from governance.accounts.sessions import claim_form, settle_form
from governance.pages import (
    close_units,
    current_actor,
    current_work,
    database,
    file_store,
    locale,
    page,
    permission,
    problems_of,
    see,
    signed_in,
    tell,
    this_form,
    write,
)
from governance.projects.erased import refuse_erased
from governance.projects.services import relations_of
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.reports import annulling, papers
from governance.reports.house import House
from governance.reports.house_file import house_of
from governance.reports.models import Paper
from governance.reports.paper_sources import LETTER, MINUTES, PACK, decision_for, decisions_of, readable
from governance.reports.papers import Order
from governance.reports.proofs import sidecar
from governance.reports.redaction import profile, profiles
from governance.reports.rules import LANGUAGES
from governance.reports.validity import Newer, newer
from governance.reviews import letters, materials, minutes
from governance.reviews.meetings import meeting
from governance.reviews.people import standing
from governance.reviews.rules import OUTCOMES
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("papers", __name__)
NAMES = {
    PACK: Text("会議資料一式", "Board pack"),
    MINUTES: Text("議事録", "Minutes"),
    LETTER: Text("審査結果通知書", "Decision letter"),
}


@blueprint.get("/meetings/<meeting_id>/papers")
@permission("committee:view")
def index(meeting_id: str) -> ResponseReturnValue:
    """Show what can be issued of a meeting, and what was."""
    return _index(meeting_id)


def _index(meeting_id: str, refused: Refusal | Refusals | None = None) -> ResponseReturnValue:
    work = current_work()
    row = meeting(work, meeting_id)
    versions = minutes.versions_of(work, row)
    issues = may(work.actor, "paper:issue", standing(work, row.committee))
    made = papers.of_meeting(work, row.id)
    return page(
        "reports_pages/papers.html",
        code=422 if refused else 200,
        meeting=row,
        papers=made,
        newer=newer(work.session, made),
        may_print=may(work.actor, "paper:print", standing(work, row.committee))
        and materials.sent_materials(work, row) is not None,
        minutes_ready=issues and bool(versions) and minutes.is_final(versions[0]),
        decisions=decisions_of(work, row),
        names=NAMES,
        outcomes=OUTCOMES,
        languages=LANGUAGES,
        profiles=profiles(),
        chosen=locale(),
        problems=problems_of(refused) if refused else [],
    )


@blueprint.post("/meetings/<meeting_id>/papers")
@permission("paper:print", unit="own")
def make(meeting_id: str) -> ResponseReturnValue:
    """Make a paper of a meeting: the pack for whoever reads it, the minutes by the secretariat."""
    kind = request.form.get("kind", "")
    if kind not in (PACK, MINUTES):
        raise NotFound
    meeting(current_work(), meeting_id)
    again = url_for("papers.index", meeting_id=meeting_id)
    return _print(kind, meeting_id, again, lambda refused: _index(meeting_id, refused))


@blueprint.get("/decisions/<decision_id>/letter")
@permission("project:view")
def letter(decision_id: str) -> ResponseReturnValue:
    """Show the letter of a decision as it is issued, and what was issued."""
    return _letter(decision_id)


@blueprint.post("/decisions/<decision_id>/letter")
@permission("paper:issue", unit="own")
def issue_letter(decision_id: str) -> ResponseReturnValue:
    """Issue the letter of a decision; the team is told."""
    again = url_for("papers.letter", decision_id=decision_id)
    return _print(LETTER, decision_id, again, lambda refused: _letter(decision_id, refused))


def _letter(decision_id: str, refused: Refusal | Refusals | None = None) -> ResponseReturnValue:
    work = current_work()
    row = decision_for(work, decision_id)
    project = row.screening.project
    made = [each for each in papers.of_project(work, project.id) if each.source_id == row.id]
    return page(
        "reports_pages/letter.html",
        code=422 if refused else 200,
        decision=row,
        project=project,
        sections=letters.compose(row)["sections"],
        papers=made,
        newer=newer(work.session, made),
        may_issue=may(work.actor, "paper:issue", relations_of(work, project)),
        languages=LANGUAGES,
        profiles=profiles(),
        chosen=locale(),
        problems=problems_of(refused) if refused else [],
    )


def _print(
    kind: str, key: str, again: str, refused_page: Callable[[Refusal | Refusals], ResponseReturnValue]
) -> ResponseReturnValue:
    """Make a paper and lead to it; a refusal comes back on the page it was asked on."""
    address = f"{current_app.config['SETTINGS'].base_url}/verify?d="
    order = Order(kind, key, request.form.get("lang", ""), _house(), address, request.form.get("profile", ""))
    close_units()
    if (before := _asked_before()) is not None:
        return see(before or again)
    try:
        return _made(order)
    except (NotFound, Forbidden, Conflict):
        raise
    except (Refusal, Refusals) as refused:
        return refused_page(refused)


def _made(order: Order) -> ResponseReturnValue:
    once, location = request.form.get("once", "")[:36], None
    try:
        made = papers.issue(database(), current_actor(), file_store(), order)
        location = url_for("papers.show", paper_id=made)
    finally:
        write(lambda work: settle_form(work, once, location))
    tell(Text("文書を作りました。", "The paper is ready."))
    return see(location)


def _asked_before() -> str | None:
    """Claim the form in a unit of its own, since printing lies between two units: a double click makes one paper."""
    once = request.form.get("once", "")[:36]
    try:
        return write(lambda work: claim_form(work, once, this_form())) if once else None
    except IntegrityError:
        return ""


def _house() -> House:
    return house_of(current_app.config["SETTINGS"])


@blueprint.get("/papers/<paper_id>")
@signed_in()
def show(paper_id: str) -> ResponseReturnValue:
    """Show one paper: what it is, its digests, its file."""
    work = current_work()
    row = papers.paper(work, paper_id)
    found = newer(work.session, [row])
    return page(
        "reports_pages/paper.html",
        paper=row,
        newer=found,
        next_href=_address(work, found.get(row.id)),
        names=NAMES,
        languages=LANGUAGES,
        kept=profile(row.profile),
        seen=_seen(row.meeting_id),
        has_proof=sidecar(work.session, "paper", row.id, row.file_digest) is not None,
        may_annul=row.annulment is None and may(work.actor, annulling.ANNUL, annulling.standing(work, row)),
    )


def _address(work: UnitOfWork, one: Newer | None) -> str | None:
    """Return where a newer paper is, for a reader who may have it: a pack may tell of items that this reader stepped back from."""
    row = work.session.get(Paper, one.id) if one else None
    return url_for("papers.show", paper_id=row.id) if row is not None and readable(work, row) else None


def _seen(meeting_id: str | None) -> bool:
    """Say whether the reader sees the meeting of a paper, so that a link may lead there."""
    try:
        return meeting_id is not None and bool(meeting(current_work(), meeting_id))
    except NotFound:
        return False


@blueprint.get("/papers/<paper_id>/file")
@signed_in()
def file(paper_id: str) -> ResponseReturnValue:
    """Hand out the file, checked against its digest, never shown inside the page."""
    row = papers.paper(current_work(), paper_id)
    refuse_erased(row.erasure)
    content = file_store().read(row.file_digest)
    name = f"{row.number}.{row.lang}.pdf"
    answer = send_file(BytesIO(content), mimetype="application/pdf", as_attachment=True, download_name=name)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
