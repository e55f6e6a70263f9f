"""Pages of conditions: what is late and what is mine first, and on each condition only the act that is mine.

The owner reports with evidence, the verifier confirms or sends back, the secretariat puts a waiver on the agenda of the committee
(domain.md §6.3). A file is stored before the transaction, so that no lock waits for an upload.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from governance.accounts.rules import authorize, may
from governance.accounts.sessions import claim_form, settle_form
from governance.pages import (
    current_work,
    file_store,
    page,
    permission,
    problems_of,
    redirect_to,
    signed_in,
    tell,
    this_form,
    write,
)
from governance.projects.models import Evidence
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.reviews import conditions, evidence_uses, items, waiving
from governance.reviews.forms import text, whole
from governance.reviews.meetings import meeting
from governance.reviews.models import AgendaItem, Condition
from governance.reviews.overdue import suspension_day
from governance.reviews.people import authors_of
from governance.reviews.rules import CONDITION_STEPS, KINDS, SETTLED, local_date
from governance.screenings.evidence import FileGiven
from governance.screenings.sending import sent
from governance.screenings.services import framework_of
from governance.screenings.uploads import taken
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("conditions", __name__)
evidence_uses.tell_shelf()

SCOPES = {
    "mine": Text("わたしの担当・確認", "Mine to do or verify"),
    "all": Text("閲覧できるもの全部", "All I may see"),
}
STATES = {
    "": Text("すべて", "All"),
    "unsettled": Text("完了以外", "Not settled"),
    "late": Text("期限超過", "Overdue"),
    "submitted": Text("確認待ち", "Waiting for verification"),
    "settled": Text("完了・免除", "Verified or waived"),
}
ROWS = 100


@dataclass(frozen=True)
class Line:
    """A condition in the list: by how many days it is late, what the reader has to do with it, and when it suspends the project."""

    row: Condition
    late: int
    act: str
    mine: bool

    @property
    def shown(self) -> str:
        """The state as shown: an unmet condition past its day is overdue."""
        return "overdue" if self.late and self.row.state != "submitted" else self.row.state


# ---------------------------------------------------------------- the list


@blueprint.get("/conditions")
@signed_in()
def index() -> ResponseReturnValue:
    """List the conditions the reader may see, what is late and theirs first."""
    work = current_work()
    lines = sorted((_line(work, row) for row in conditions.conditions(work)), key=_urgency)
    mine = [line for line in lines if line.mine]
    asked = {name: request.args.get(name, "") for name in ("scope", "kind", "state")}
    scope = asked["scope"] if asked["scope"] in SCOPES else "mine" if mine else "all"
    shown = [line for line in (mine if scope == "mine" else lines) if _fits(line, asked["kind"], asked["state"])]
    first = next((line for line in mine if line.act), None)
    return page(
        "reviews/conditions.html",
        lines=shown[:ROWS],
        total=len(shown),
        all=len(lines),
        mine=len(mine),
        first=first,
        scopes=SCOPES,
        scope=scope,
        kinds=KINDS,
        states=STATES,
        asked=asked,
        suspends=suspension_day(first.row) if first else None,
        rows=ROWS,
    )


def _line(work: UnitOfWork, row: Condition) -> Line:
    return Line(
        row, conditions.lateness(work, row), _act_of(work, row), work.actor.id in (row.owner_id, row.verifier_id)
    )


def _act_of(work: UnitOfWork, row: Condition) -> str:
    """Return what the reader has to do: report, verify or nothing."""
    relations = conditions.relations_to(work, row)
    for act, needs in (("report", "condition:report"), ("verify", "condition:verify")):
        if (row.state, act) in CONDITION_STEPS and may(work.actor, needs, relations):
            return act
    return ""


def _urgency(line: Line) -> tuple[bool, bool, bool, Any, int]:
    return line.row.state in SETTLED, not line.late, not (line.mine and line.act), line.row.due_on, line.row.number


def _fits(line: Line, kind: str, state: str) -> bool:
    settled = line.row.state in SETTLED
    wanted = {
        "unsettled": not settled,
        "settled": settled,
        "late": bool(line.late),
        "submitted": line.row.state == "submitted",
    }
    return (not kind or line.row.kind == kind) and wanted.get(state, True)


# ---------------------------------------------------------------- one condition


@blueprint.get("/conditions/<condition_id>")
@signed_in()
def show(condition_id: str) -> ResponseReturnValue:
    """Show one condition with the act that is the reader's."""
    work = current_work()
    return _page(work, conditions.condition(work, condition_id))


@blueprint.get("/conditions/<condition_id>/evidence")
@signed_in()
def evidence(condition_id: str) -> ResponseReturnValue:
    """Send the file that the condition was reported with, also to a verifier who has no leave to read the case."""
    work = current_work()
    return sent(conditions.evidence_of(work, conditions.condition(work, condition_id)), file_store())


@blueprint.post("/conditions/<condition_id>/report")
@permission("condition:report", unit="own")
def report(condition_id: str) -> ResponseReturnValue:
    """Report a condition as met, with a file or a link, or with evidence the project already has."""
    reading = current_work()
    relations = conditions.relations_to(reading, conditions.condition(reading, condition_id))
    authorize(reading.actor, "condition:report", relations)  # before a file is stored
    try:
        given = _stored(request.files.get("file"))
        write(lambda work: _report_once(work, condition_id, given))
    except (NotFound, Forbidden, Conflict):
        raise
    except (Refusal, Refusals) as refused:
        work = current_work()
        return _page(work, conditions.condition(work, condition_id), refused)
    tell(Text("確認者に提出しました。", "Handed in to the verifier."))
    return redirect_to("conditions.show", condition_id=condition_id)


def _stored(upload: FileStorage | None) -> FileGiven | None:
    if upload is None or not upload.filename:
        return None
    return taken(upload, file_store(), int(current_app.config["SETTINGS"].max_upload_bytes))


def _report_once(work: UnitOfWork, condition_id: str, given: FileGiven | None) -> None:
    """Report, unless this very form was sent before: a double click is one report."""
    key = request.form.get("once", "")[:36]
    if key and claim_form(work, key, this_form()) is not None:
        return
    _report(work, condition_id, given)
    if key:
        settle_form(work, key, url_for("conditions.show", condition_id=condition_id))


def _report(work: UnitOfWork, condition_id: str, given: FileGiven | None) -> None:
    row, title, url = (
        conditions.condition(work, condition_id),
        text(request.form, "title"),
        request.form.get("url", "").strip(),
    )
    named = request.form.get("evidence_id", "")
    if given is not None:
        named = conditions.add_file(work, row, given, title=title).id
    elif url:
        named = conditions.add_link(work, row, url, title=title).id
    if not named:
        raise Refusal(
            "reviews.condition_evidence",
            "証跡のファイルかリンクを付けてください。",
            "Attach a file or a link as evidence.",
            place="file",
        )
    conditions.report_condition(
        work, row, rev=whole(request.form), report=text(request.form, "report"), evidence_id=named
    )


@blueprint.post("/conditions/<condition_id>/verdict")
@permission("condition:verify")
def judge(condition_id: str) -> ResponseReturnValue:
    """Confirm that the condition is met, or send the report back."""
    acts = {
        "verify": (
            conditions.verify_condition,
            Text("確認しました。条件は完了です。", "Verified. The condition is settled."),
        ),
        "reject": (conditions.reject_condition, Text("担当者に戻しました。", "Sent back to the owner.")),
    }
    if request.form.get("act") not in acts:
        raise NotFound
    act, said = acts[request.form["act"]]
    return _act(
        condition_id,
        lambda work, row: act(work, row, rev=whole(request.form), verdict=text(request.form, "verdict")),
        said,
    )


@blueprint.post("/conditions/<condition_id>/waiver")
@permission("condition:waive", unit="serializable")
def propose_waiver(condition_id: str) -> ResponseReturnValue:
    """Put the waiver of the condition on the agenda of a meeting, where it is voted on."""

    def act(work: UnitOfWork, row: Condition) -> None:
        chosen = request.form.get("meeting", "")
        found = next((each for each in waiving.sessions_for(work, row) if each.id == chosen), None)
        if found is None:
            raise Refusal(
                "reviews.no_session",
                "条件を付けた委員会の、資料を送付する前の会議を選んでください。",
                "Choose a meeting of the committee that set it, before its materials go out.",
                place="meeting",
            )
        waiving.propose(work, row, found, rev=whole(request.form), reason=text(request.form, "reason"))

    return _act(condition_id, act, Text("免除を会議の議題に加えました。", "The waiver is on the agenda."))


@blueprint.post("/conditions/<condition_id>/waiver/executive")
@permission("case:decide-executive", unit="serializable")
def waive(condition_id: str) -> ResponseReturnValue:
    """Waive a condition as the executive, on the opinion of an advisory committee."""

    def act(work: UnitOfWork, row: Condition) -> None:
        waiving.waive_as_executive(work, row, rev=whole(request.form), reason=text(request.form, "reason"))

    return _act(condition_id, act, Text("条件を免除しました。", "The condition is waived."))


def _act(condition_id: str, act: Callable[[UnitOfWork, Condition], None], said: Text) -> ResponseReturnValue:
    """Do one act; a refusal comes back on the page of the condition with everything that was entered."""
    work = current_work()
    try:
        act(work, conditions.condition(work, condition_id))
    except (NotFound, Forbidden, Conflict):
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return _page(work, conditions.condition(work, condition_id), refused)
    tell(said)
    return redirect_to("conditions.show", condition_id=condition_id)


def _page(work: UnitOfWork, row: Condition, refused: Refusal | Refusals | None = None) -> ResponseReturnValue:
    project, framework = row.decision.screening.project, framework_of(row.decision.screening)
    act = _act_of(work, row)
    author = act == "verify" and work.actor.id in authors_of(work, row.decision.screening)
    return page(
        "reviews/condition.html",
        code=422 if refused else 200,
        condition=row,
        project=project,
        decision=row.decision,
        phase=framework.phase(row.decision.screening.phase),
        body=framework.name_of("bodies", row.decision.body),
        line=_line(work, row),
        kinds=KINDS,
        act=act,
        reads=conditions.reads_case(work, row),
        author=author,
        suspends=suspension_day(row),
        evidence=work.session.get(Evidence, row.evidence_id) if row.evidence_id else None,
        known=conditions.known_evidence(work, row) if act == "report" else [],
        problems=problems_of(refused) if refused else [],
        sent=request.form,
        **_waiver(work, row),
        yesterday=local_date(work.now) - timedelta(days=1),
    )


def _opens(work: UnitOfWork, row: AgendaItem) -> bool:
    """Say whether the reader may open the page of an agenda item, as that page itself decides."""
    try:
        return items.item(work, row.id).meeting == meeting(work, row.meeting_id)
    except NotFound:
        return False


def _waiver(work: UnitOfWork, row: Condition) -> dict[str, Any]:
    """Return where the waiver of a condition stands, and what the reader can do about it."""
    found, settled = waiving.waivers_of(work, row), row.state in SETTLED
    waits = any(each.item.state not in ("decided", "deferred") for each in found)
    proposes = may(work.actor, "condition:waive") and not settled and not waits
    opinion = None if settled else waiving.advised(work, row)
    executive = opinion is not None and row.owner_id != work.actor.id and may(work.actor, "case:decide-executive")
    return {
        "waivers": found,
        "opens": {each.id for each in (row.decision.item, *(one.item for one in found)) if each and _opens(work, each)},
        "proposes": proposes,
        "any_committee": waiving.committee_of(work, row.decision) is None,
        "sessions": waiving.sessions_for(work, row) if proposes else [],
        "executive": executive,
        "advised": opinion,
    }
