"""Pages of the expert team's desk: the queue, and the check of one case with rulings, opinion, return, decision and hard stops.

Committee, meeting and condition pages stand in files of their own; this one gathers their blueprints.
"""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from governance.accounts.rules import may
from governance.pages import current_work, page, permission, signed_in
from governance.refusals import NotFound, Refusal
from governance.reviews import (
    amendment_views,
    assigning,
    body_views,
    check_views,
    circulation_views,
    committee_views,
    condition_views,
    executive_views,
    meeting_views,
    minutes_views,
    planning_views,
    precedent_views,
    question_views,
    queue,
    sampling,
    sampling_views,
    services,
    stops,
    verdicts,
)
from governance.reviews.case_page import act_on_case, case_page
from governance.reviews.forms import text
from governance.screenings import services as screenings
from governance.screenings.models import Screening
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("reviews", __name__)
blueprints = (
    blueprint,
    sampling_views.blueprint,
    check_views.blueprint,
    precedent_views.blueprint,
    committee_views.blueprint,
    body_views.blueprint,
    circulation_views.blueprint,
    executive_views.blueprint,
    meeting_views.blueprint,
    minutes_views.blueprint,
    planning_views.blueprint,
    question_views.blueprint,
    condition_views.blueprint,
    amendment_views.blueprint,
)


@blueprint.get("/reviews")
@signed_in()
def desk() -> ResponseReturnValue:
    """Show the queue: what waits, how long, with whom; the address carries filters and order."""
    work = current_work()
    wanted = queue.read(request.args)
    found = queue.queue(work, wanted)
    takes = may(work.actor, "review:take")
    counts = assigning.workload(work) if takes else {}
    return page(
        "reviews/desk.html",
        queue=found,
        wanted=wanted,
        kept=wanted.given(),
        states=queue.WAITING,
        sorts=queue.SORTS,
        takes=takes,
        me=work.actor.id,
        load=[(person, counts[person.id]) for person in assigning.experts(work)] if takes else [],
        samples=sampling.waiting_count(work) if may(work.actor, "sample:check") else 0,
        samples_too=may(work.actor, "sample:check"),
    )


@blueprint.get("/reviews/<screening_id>")
@permission("project:view")
def case(screening_id: str) -> ResponseReturnValue:
    """Show one case as the reviewer checks it."""
    work = current_work()
    return case_page(work, screenings.screening(work, screening_id))


@blueprint.post("/reviews/<screening_id>/take")
@permission("review:take")
def take(screening_id: str) -> ResponseReturnValue:
    """Take a case for review."""
    return act_on_case(
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

    return act_on_case(screening_id, act, Text("判断を記録しました。", "The ruling was recorded."), anchor=key)


@blueprint.post("/reviews/<screening_id>/route")
@permission("review:rule")
def route(screening_id: str) -> ResponseReturnValue:
    """Move the case to another route with a reason."""
    return act_on_case(
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
    given = {name: text(request.form, name) for name in ("recommendation", "opinion", "risks", "open_points")}

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
    return act_on_case(screening_id, act, said)


@blueprint.post("/reviews/<screening_id>/return")
@permission("project:view")
def give_back(screening_id: str) -> ResponseReturnValue:
    """Return the case to the team with a reason."""
    return act_on_case(
        screening_id,
        lambda work, row, rev: services.return_to_team(
            work, row, rev=rev, reason=request.form.get("return_reason", "")
        ),
        Text("差し戻しました。", "The case was returned."),
    )


@blueprint.post("/reviews/<screening_id>/decide")
@permission("project:view", unit="serializable")
def decide(screening_id: str) -> ResponseReturnValue:
    """Decide a light or standard case, or draw the form again with a condition that a finding suggests."""
    if "more" in request.form:
        work = current_work()
        return case_page(work, screenings.screening(work, screening_id))
    return act_on_case(
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
    return act_on_case(
        screening_id,
        lambda work, row, rev: chosen(work, row, stop, rev=rev, reason=request.form.get("reason", "")),
        Text("停止事由についての判断を記録しました。", "The ruling on the hard stop was recorded."),
    )
