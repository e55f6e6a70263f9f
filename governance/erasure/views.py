"""Pages of erasures: the list, asking with a dry run, one request with what it would do or did, and the legal holds."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from governance.accounts.rules import may
from governance.erasure import holding, services
from governance.erasure.forms import ApproveForm, HoldForm, LiftForm, RefuseForm, RequestForm
from governance.erasure.holding import Target
from governance.erasure.performing import sweep
from governance.erasure.rules import BASES, PARTS, STAYS, Wish
from governance.ledger.services import subject_events
from governance.pages import (
    Form,
    accepted,
    current_work,
    database,
    file_store,
    page,
    permission,
    place,
    redirect_to,
    refusals_beside,
    tell,
    today,
    write,
)
from governance.projects.models import Erasure
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.texts import Text

blueprint = Blueprint("erasures", __name__)


def _years() -> int:
    return int(current_app.config["SETTINGS"].retention_years)


@blueprint.get("/erasures")
@permission("erasure:view")
def index() -> ResponseReturnValue:
    """List the requests and what became of them."""
    work = current_work()
    rows = services.erasures(work)
    return page(
        "erasures/index.html",
        rows=rows,
        waiting=[row for row in rows if services.may_decide(work, row)],
        may_request=may(work.actor, "erasure:request"),
        bases=BASES,
    )


# ---------------------------------------------------------------- asking


@blueprint.route("/erasures/new", methods=["GET", "POST"])
@permission("erasure:request")
def new() -> ResponseReturnValue:
    """Ask which project or person first; then show what would go and what stays, and ask for the erasure."""
    work, words = current_work(), request.args.get("target", "")
    if not words.strip():
        return page("erasures/target.html", words="", problem=None)
    try:
        target = services.target_of(work, words)
    except Refusal as refused:
        return page("erasures/target.html", code=422, words=words, problem=refused.text)
    return _asked(target)


def _asked(target: Target) -> ResponseReturnValue:
    work = current_work()
    plan, parts = services.plan(work, target, _years()), services.parts_for(target)
    is_kept = plan.retention is not None and plan.retention.runs(today())
    form = RequestForm()
    form.offer(parts, plan.counts, is_kept=is_kept)
    if accepted(form):
        with refusals_beside(form):
            early = form.early.data or "" if "early" in form else ""
            wish = Wish(tuple(form.parts.data or ()), form.basis.data or "", form.reason.data or "", early)
            row = services.request(work, target, wish, years=_years(), today=today())
            tell(
                Text(
                    "消去を申請しました。もう一人の承認を待っています。",
                    "The request waits for the consent of a second person.",
                )
            )
            return redirect_to("erasures.show", erasure_id=row.id)
    named = services.named(target)
    return page("erasures/new.html", form=form, plan=plan, parts=parts, named=named, is_kept=is_kept, stays=STAYS)


# ---------------------------------------------------------------- one request


@blueprint.get("/erasures/<erasure_id>")
@permission("erasure:view")
def show(erasure_id: str) -> ResponseReturnValue:
    """Show one request: why, what it would do or did, and who decides."""
    return _page_of(services.erasure(current_work(), erasure_id))


def _page_of(row: Erasure, approving: Form | None = None, refusing: Form | None = None) -> ResponseReturnValue:
    work = current_work()
    form = approving or refusing
    wrong = form is not None and bool(form.errors or form.form_errors)
    return page(
        "erasures/show.html",
        code=422 if wrong else 200,
        row=row,
        **_framed(row),
        approving=approving or ApproveForm(formdata=None, rev=row.rev),
        refusing=refusing or RefuseForm(formdata=None, rev=row.rev),
        sent=form,
        decides=services.may_decide(work, row),
        withdraws=row.state == "requested" and row.requested_by == work.actor.id,
    )


def _framed(row: Erasure) -> dict[str, Any]:
    """What the page shows of a request: the plan while it waits, its entries once it was performed."""
    work = current_work()
    waits = row.state == "requested"
    told = subject_events(work.session, "erasure", row.id) if row.state == "performed" else []
    return {
        "plan": services.plan(work, services.target(row), _years(), row.parts) if waits else None,
        "told": [event for event in told if event.type == "ErasurePerformed"],
        "parts": PARTS,
        "bases": BASES,
        "stays": STAYS,
    }


@blueprint.post("/erasures/<erasure_id>/approve")
@permission("erasure:approve", unit="own")
def approve(erasure_id: str) -> ResponseReturnValue:
    """Approve and perform; the stored files go after the commit, outside of any transaction that writes."""
    form = ApproveForm()
    services.erasure(current_work(), erasure_id)
    if accepted(form):
        try:
            write(lambda work: services.approve(work, services.erasure(work, erasure_id), rev=form.rev.data or 0))
        except (NotFound, Forbidden, Conflict):
            raise
        except (Refusal, Refusals) as refused:
            place(form, refused)
        else:
            sweep(database(), file_store())
            tell(Text("消去しました。監査台帳に記録されています。", "Erased. The ledger says so."))
            return redirect_to("erasures.show", erasure_id=erasure_id)
    return _page_of(services.erasure(current_work(), erasure_id), approving=form)


@blueprint.post("/erasures/<erasure_id>/refuse")
@permission("erasure:approve")
def refuse(erasure_id: str) -> ResponseReturnValue:
    """Refuse a request."""
    row, form = services.erasure(current_work(), erasure_id), RefuseForm()
    if accepted(form):
        with refusals_beside(form):
            services.refuse(current_work(), row, rev=form.rev.data or 0, verdict=form.verdict.data or "")
            tell(Text("申請を却下しました。", "The request is refused."))
            return redirect_to("erasures.show", erasure_id=erasure_id)
    return _page_of(row, refusing=form)


@blueprint.post("/erasures/<erasure_id>/withdraw")
@permission("erasure:request")
def withdraw(erasure_id: str) -> ResponseReturnValue:
    """Take the own request back."""
    row = services.erasure(current_work(), erasure_id)
    services.withdraw(current_work(), row, rev=request.form.get("rev", 0, int))
    tell(Text("申請を取り下げました。", "The request is withdrawn."))
    return redirect_to("erasures.show", erasure_id=erasure_id)


# ---------------------------------------------------------------- legal holds


@blueprint.route("/legal-holds", methods=["GET", "POST"])
@permission("erasure:view")
def holds() -> ResponseReturnValue:
    """List the legal holds; legal counsel sets a new one here."""
    work, form = current_work(), HoldForm()
    if accepted(form):
        with refusals_beside(form):
            holding.set_hold(work, services.target_of(work, form.target.data or ""), form.reason.data or "")
            tell(Text("保全を設定しました。", "The legal hold is set."))
            return redirect_to("erasures.holds")
    may_set = may(work.actor, "hold:set")
    return page("erasures/holds.html", rows=holding.holds(work), form=form, may_set=may_set)


@blueprint.route("/legal-holds/<hold_id>", methods=["GET", "POST"])
@permission("erasure:view")
def hold(hold_id: str) -> ResponseReturnValue:
    """Show one legal hold; legal counsel lifts it here."""
    work = current_work()
    row = holding.hold(work, hold_id)
    form = LiftForm(rev=row.rev)
    if accepted(form):
        with refusals_beside(form):
            holding.lift_hold(work, row, rev=form.rev.data or 0, reason=form.reason.data or "")
            tell(Text("保全を解除しました。", "The legal hold is lifted."))
            return redirect_to("erasures.holds")
    may_lift = row.lifted_at is None and may(work.actor, "hold:set")
    return page("erasures/hold.html", row=row, form=form, may_lift=may_lift)
