"""Pages of the expert team's desk: the queue, and the check of one case with rulings, opinion, return, decision and hard stops.

Committee, meeting and condition pages stand in files of their own; this one gathers their blueprints.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from governance.accounts.models import User
from governance.accounts.rules import may
from governance.pages import current_work, locale, page, permission, problems_of, redirect_to, signed_in, tell
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.reviews import condition_views, meeting_views, services, stops, verdicts
from governance.reviews.checking import Case, checked_case
from governance.reviews.decisions import choices
from governance.reviews.forms import whole
from governance.reviews.people import relations_to
from governance.reviews.rules import KINDS, OUTCOMES, POSTPONED, local_date, valid_until
from governance.screenings import services as screenings
from governance.screenings.models import Screening
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("reviews", __name__)
blueprints = (blueprint, meeting_views.blueprint, condition_views.blueprint)

WAITING = {
    "submitted": Text("提出済", "Submitted"),
    "in_review": Text("審査中", "In review"),
    "blocked": Text("停止", "Blocked"),
    "board_queued": Text("付議待ち", "Waiting for the committee"),
}
Act = Callable[[UnitOfWork, Screening, int], Any]


@blueprint.get("/reviews")
@signed_in()
def desk() -> ResponseReturnValue:
    """Show the cases that wait for a check, those due first."""
    work = current_work()
    state = request.args.get("state", "")
    rows = services.desk(work, [state] if state in WAITING else list(WAITING))
    frameworks = {row.id: screenings.framework_of(row) for row in rows}
    reviewers = {row.id: services.review_of(work, row) for row in rows if row.state == "in_review"}
    takes = may(work.actor, "review:take")
    return page(
        "reviews/desk.html",
        rows=rows,
        frameworks=frameworks,
        reviewers=reviewers,
        states=WAITING,
        chosen=state,
        takes=takes,
        me=work.actor.id,
    )


@blueprint.get("/reviews/<screening_id>")
@permission("project:view")
def case(screening_id: str) -> ResponseReturnValue:
    """Show one case as the reviewer checks it."""
    work = current_work()
    return _case_page(work, screenings.screening(work, screening_id))


@blueprint.post("/reviews/<screening_id>/take")
@permission("review:take")
def take(screening_id: str) -> ResponseReturnValue:
    """Take a case for review."""
    return _act(
        screening_id,
        lambda work, row, rev: services.take_review(work, row, rev=rev),
        Text("審査の担当になりました。", "You are now the reviewer of this case."),
    )


@blueprint.post("/reviews/<screening_id>/rule")
@permission("review:rule")
def rule(screening_id: str) -> ResponseReturnValue:
    """Rule on a 該当なし or on the evidence of an answer."""
    key, outcome, reason = (request.form.get(name, "") for name in ("key", "outcome", "reason"))

    def act(work: UnitOfWork, row: Screening, rev: int) -> None:
        if outcome in ("accepted", "refused"):
            services.rule_not_applicable(work, row, key, rev=rev, accepted=outcome == "accepted", reason=reason)
        elif outcome in ("disproved", "upheld"):
            services.rule_evidence(work, row, key, rev=rev, disproved=outcome == "disproved", reason=reason)
        else:
            raise Refusal("reviews.ruling", "判断を選んでください。", "Choose a ruling.", place=key)

    return _act(screening_id, act, Text("判断を記録しました。", "The ruling was recorded."), anchor=key)


@blueprint.post("/reviews/<screening_id>/route")
@permission("review:rule")
def route(screening_id: str) -> ResponseReturnValue:
    """Move the case to another route with a reason."""
    return _act(
        screening_id,
        lambda work, row, rev: services.override_route(
            work, row, request.form.get("route", ""), rev=rev, reason=request.form.get("reason", "")
        ),
        Text("審査経路を変えました。", "The route was changed."),
    )


@blueprint.post("/reviews/<screening_id>/opinion")
@permission("review:opine")
def opinion(screening_id: str) -> ResponseReturnValue:
    """Keep a draft of the opinion, or give it."""
    given = {"recommendation": request.form.get("recommendation", ""), "opinion": request.form.get("opinion", "")}

    def act(work: UnitOfWork, row: Screening, rev: int) -> None:
        review = services.review_of(work, row)
        if review is None:
            raise NotFound
        (services.save_opinion if "later" in request.form else services.give_opinion)(work, review, rev=rev, **given)

    said = (
        Text("下書きを保存しました。", "The draft was saved.")
        if "later" in request.form
        else Text("意見を出しました。", "The opinion was given.")
    )
    return _act(screening_id, act, said)


@blueprint.post("/reviews/<screening_id>/return")
@permission("project:view")
def give_back(screening_id: str) -> ResponseReturnValue:
    """Return the case to the team with a reason."""
    return _act(
        screening_id,
        lambda work, row, rev: services.return_to_team(
            work, row, rev=rev, reason=request.form.get("return_reason", "")
        ),
        Text("差し戻しました。", "The case was returned."),
    )


@blueprint.post("/reviews/<screening_id>/decide")
@permission("project:view", unit="serializable")
def decide(screening_id: str) -> ResponseReturnValue:
    """Decide a light or standard case."""
    return _act(
        screening_id,
        lambda work, row, rev: services.decide_without_board(work, row, verdicts.verdict(request.form), rev=rev),
        Text("審査結果を記録しました。", "The decision was recorded."),
    )


@blueprint.post("/reviews/<screening_id>/stops/<stop>")
@permission("stop:release")
def stop(screening_id: str, stop: str) -> ResponseReturnValue:
    """Clear, confirm or release a hard stop."""
    acts = {"clear": stops.clear_stop, "confirm": stops.confirm_stop, "release": stops.release_stop}
    chosen = acts.get(request.form.get("act", ""))
    if chosen is None:
        raise NotFound
    return _act(
        screening_id,
        lambda work, row, rev: chosen(work, row, stop, rev=rev, reason=request.form.get("reason", "")),
        Text("停止事由についての判断を記録しました。", "The ruling on the hard stop was recorded."),
    )


def _act(screening_id: str, act: Act, said: Text, anchor: str | None = None) -> ResponseReturnValue:
    """Do one act; a refusal comes back on the same page with everything that was entered."""
    work = current_work()
    row = screenings.screening(work, screening_id)
    try:
        act(work, row, whole(request.form))
    except (NotFound, Forbidden, Conflict):
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return _case_page(work, screenings.screening(work, screening_id), refused)
    tell(said)
    return redirect_to("reviews.case", screening_id=screening_id, _anchor=anchor)


def _case_page(work: UnitOfWork, row: Screening, refused: Refusal | Refusals | None = None) -> ResponseReturnValue:
    case = checked_case(work, row, locale())
    relations = relations_to(work, row)
    residual, people = case.score.residual, select(User).where(User.is_active).order_by(User.name)
    return page(
        "reviews/case.html",
        code=422 if refused else 200,
        case=case,
        screening=row,
        project=row.project,
        framework=case.framework,
        problems=problems_of(refused) if refused else [],
        sent=request.form,
        rows=verdicts.rows(request.form),
        people=[(p.id, p.name_in(locale())) for p in work.session.scalars(people)],
        kinds=KINDS,
        outcomes=OUTCOMES,
        recommendable=[code for code in OUTCOMES if code != POSTPONED],
        bound=bool(relations & {"project.ever"}),
        **_allowed(work, row, relations, case),
        stop_acts=_stop_acts(work, row, relations, case),
        limit=valid_until(residual, local_date(work.now), case.framework) if residual else None,
    )


def _allowed(work: UnitOfWork, row: Screening, relations: frozenset[str], case: Case) -> dict[str, Any]:
    """Return which forms the actor sees: the outcomes to choose from, and each act of a review that may be done now."""
    mine = case.review is not None and case.review.reviewer_id == work.actor.id
    open_review = case.review is not None and case.review.state == "in_review"
    allowed = [each for each in choices(work, row) if each.outcome not in ("returned", POSTPONED)]
    decides = {
        "submitted": may(work.actor, "screening:approve-light", relations),
        "in_review": may(work.actor, "review:decide", relations) and not open_review,
    }.get(row.state, False)
    return {
        "choices": allowed,
        "mine": mine,
        "may_take": row.state == "submitted" and may(work.actor, "review:take", relations),
        "may_rule": row.state == "in_review" and open_review and may(work.actor, "review:rule", relations),
        "may_opine": row.state == "in_review" and open_review and mine,
        "may_return": (row.state in ("in_review", "blocked") and may(work.actor, "review:return", relations))
        or bool(decides and row.state == "submitted"),
        "may_decide": bool(allowed) and decides,
    }


def _stop_acts(work: UnitOfWork, row: Screening, relations: frozenset[str], case: Any) -> dict[str, list[str]]:
    """Return what the actor may do about each open hard stop: clear and confirm (legal), release (legal and team)."""
    found: dict[str, list[str]] = {}
    for each in case.score.stops if row.state == "blocked" else ():
        if each.reason == "suspected" and may(work.actor, "stop:confirm", relations):
            found[each.code] = ["clear", "confirm"]
        elif each.reason == "release" and may(work.actor, "stop:release", relations):
            found[each.code] = ["release"]
    return found
