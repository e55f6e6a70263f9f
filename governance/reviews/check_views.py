"""Forms of the check of one case: assignment, checklist, discussion, challenges; each comes back to the page of the case."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from governance.pages import permission
from governance.refusals import NotFound
from governance.reviews import assigning, challenges, discussing, services, triage
from governance.reviews.case_page import act_on_case
from governance.reviews.desk_models import Challenge
from governance.reviews.forms import text, whole
from governance.reviews.models import Review
from governance.screenings.models import Screening
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("checks", __name__, url_prefix="/reviews/<screening_id>")


@blueprint.post("/assign")
@permission("review:assign")
def assign(screening_id: str) -> ResponseReturnValue:
    """Assign the reviewer, or hand the case on."""
    sent = request.form
    return act_on_case(
        screening_id,
        lambda work, row, rev: assigning.assign(
            work, row, sent.get("reviewer", ""), rev=rev, reason=text(sent, "assign_reason")
        ),
        Text("担当を割り当てました。本人に知らせています。", "The reviewer is assigned and was told."),
        anchor="assignment",
    )


@blueprint.post("/check")
@permission("review:check")
def check(screening_id: str) -> ResponseReturnValue:
    """Keep the checklist, and begin the review unless it was only to be kept."""
    later = "later" in request.form

    def act(work: UnitOfWork, row: Screening, rev: int) -> None:
        review = _review(work, row)
        triage.settle(work, review, _given(), rev=rev)
        if not later:
            triage.begin(work, review, rev=row.rev)

    said = (
        Text("事前確認を保存しました。", "The pre-check was saved.")
        if later
        else Text("事前確認を終えました。審査を始めます。", "The pre-check is done; the review has begun.")
    )
    return act_on_case(screening_id, act, said, anchor="triage" if later else None)


def _given() -> dict[str, tuple[str, str]]:
    """Return the items of the checklist that the form says something about."""
    pairs = {
        each.code: (request.form.get(f"check-{each.code}", ""), text(request.form, f"check-{each.code}-note"))
        for each in triage.CHECKS
    }
    return {code: pair for code, pair in pairs.items() if any(part.strip() for part in pair)}


@blueprint.post("/discuss")
@permission("review:check")
def discuss(screening_id: str) -> ResponseReturnValue:
    """Let the review wait for a discussion."""
    return act_on_case(
        screening_id,
        lambda work, row, rev: discussing.open_discussion(
            work, _review(work, row), text(request.form, "topic"), rev=rev
        ),
        Text("討議に移しました。", "The case is in discussion."),
        anchor="discussion",
    )


@blueprint.post("/conclude")
@permission("review:check")
def conclude(screening_id: str) -> ResponseReturnValue:
    """Bring the case back from a discussion."""
    sent = request.form
    return act_on_case(
        screening_id,
        lambda work, row, rev: discussing.conclude(
            work,
            _review(work, row),
            rev=rev,
            outcome=text(sent, "outcome_of_talk"),
            participants=text(sent, "participants"),
            record_url=sent.get("record_url", ""),
        ),
        Text("討議の結論を記録しました。", "The outcome of the discussion is recorded."),
        anchor="discussion",
    )


@blueprint.post("/challenges")
@permission("challenge:raise")
def challenge(screening_id: str) -> ResponseReturnValue:
    """Challenge an answer or a grade."""
    sent = request.form
    kind, target = sent.get("kind", ""), sent.get("target", "")
    return act_on_case(
        screening_id,
        lambda work, row, rev: challenges.raise_challenge(
            work,
            row,
            kind,
            target,
            proposed=sent.get("proposed", ""),
            reason=text(sent, "challenge_reason"),
            rev=rev,
        ),
        Text("疑義を記録しました。チームに知らせています。", "The challenge is recorded; the team was told."),
        anchor=target if kind == "answer" else f"item-{target}",
    )


@blueprint.post("/challenges/<challenge_id>/answer")
@permission("challenge:answer")
def answer(screening_id: str, challenge_id: str) -> ResponseReturnValue:
    """Answer a challenge for the team."""
    return act_on_case(
        screening_id,
        lambda work, row, rev: challenges.answer(
            work, _challenge(work, row, challenge_id), text(request.form, "reply"), rev=whole(request.form)
        ),
        Text("疑義に回答しました。", "Your answer is recorded."),
        anchor="challenges",
    )


@blueprint.post("/challenges/<challenge_id>/settle")
@permission("challenge:raise")
def settle(screening_id: str, challenge_id: str) -> ResponseReturnValue:
    """Uphold or withdraw a challenge."""
    upheld = request.form.get("act", "")
    if upheld not in ("uphold", "withdraw"):
        raise NotFound
    return act_on_case(
        screening_id,
        lambda work, row, rev: challenges.settle(
            work,
            _challenge(work, row, challenge_id),
            upheld=upheld == "uphold",
            verdict=text(request.form, "verdict"),
            rev=whole(request.form),
        ),
        Text("疑義の決着を記録しました。", "The challenge is settled."),
        anchor="challenges",
    )


def _review(work: UnitOfWork, row: Screening) -> Review:
    found = services.review_of(work, row)
    if found is None:
        raise NotFound
    return found


def _challenge(work: UnitOfWork, row: Screening, challenge_id: str) -> Challenge:
    found = challenges.challenge(work, challenge_id)
    if found.screening_id != row.id:
        raise NotFound
    return found
