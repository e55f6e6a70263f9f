"""The page of the sample of light cases: what was drawn, what was found, the figures, and the share with its history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from governance.pages import current_work, page, permission, problems_of, redirect_to, tell, today
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.reviews import sampling
from governance.reviews.forms import text
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("sampling", __name__, url_prefix="/reviews/sampling")


@blueprint.get("")
@permission("sample:check")
def show() -> ResponseReturnValue:
    """Show the drawn cases, those that wait first, and the figures of the fiscal year."""
    return _page(current_work())


@blueprint.post("/<decision_id>")
@permission("sample:check")
def check(decision_id: str) -> ResponseReturnValue:
    """Record what was found in one drawn case."""
    sent = request.form
    return _act(
        lambda work: sampling.record_result(
            work,
            decision_id,
            sent.get("result", ""),
            note=text(sent, "note"),
            reasons=sent.getlist("reasons"),
        ),
        Text("抜き取り確認の結果を記録しました。", "The result of the sample is recorded."),
    )


@blueprint.post("/share")
@permission("sample:check")
def share() -> ResponseReturnValue:
    """Set the share from a day on."""
    return _act(_set_share, Text("抜き取りの割合を変えました。", "The share was changed."))


def _set_share(work: UnitOfWork) -> object:
    percent, on = request.form.get("percent", ""), request.form.get("effective_on", "")
    try:
        day = date.fromisoformat(on)
    except ValueError:
        raise Refusal(
            "reviews.date",
            "2026-12-25 のような日付を入力してください。",
            "Enter a date like 2026-12-25.",
            place="effective_on",
        ) from None
    number = int(percent) if percent.isascii() and percent.isdigit() and len(percent) <= 3 else -1
    return sampling.set_share(work, number, effective_on=day, reason=text(request.form, "share_reason"))


def _act(act: Callable[[UnitOfWork], object], said: Text) -> ResponseReturnValue:
    work = current_work()
    try:
        act(work)
    except (NotFound, Forbidden, Conflict):
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return _page(work, refused)
    tell(said)
    return redirect_to("sampling.show")


def _page(work: UnitOfWork, refused: Refusal | Refusals | None = None) -> ResponseReturnValue:
    rows, year = sampling.drawn(work), sampling.this_year(work.now)
    held = sampling.shares(work)
    return page(
        "reviews/sampling.html",
        code=422 if refused else 200,
        waiting=[each for each in rows if each.sample is None],
        done=[each for each in reversed(rows) if each.sample is not None],
        frameworks={each.decision.id: sampling.framework_of(each) for each in rows},
        figures_of=sampling.statistics(work, year),
        figures_all=sampling.statistics(work),
        year=year,
        shares=held,
        percent=sampling.share_on(held, today()),
        first_share=sampling.FIRST_SHARE,
        problems=problems_of(refused) if refused else [],
        sent=request.form,
        here=(request.view_args or {}).get("decision_id", ""),
    )
