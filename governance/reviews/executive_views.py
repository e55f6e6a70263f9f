"""Pages of the executive: the cases a committee referred, and one of them with the committee's opinion and the form of decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from governance.accounts.models import User
from governance.accounts.rules import may
from governance.pages import current_work, locale, page, permission, problems_of, redirect_to, tell
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.reviews import advising, consulting, verdicts
from governance.reviews.body_models import CommitteeOpinion
from governance.reviews.decisions import choices
from governance.reviews.forms import both_names, whole
from governance.reviews.models import AgendaItem, Decision, Review, Vote
from governance.reviews.people import relations_to
from governance.reviews.rules import KINDS, OUTCOMES, local_date, valid_until
from governance.screenings import services as screenings
from governance.screenings.explain import level
from governance.screenings.models import Screening
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("executive", __name__)


@blueprint.get("/executive")
@permission("case:decide-executive")
def index() -> ResponseReturnValue:
    """List the cases that wait for the executive, and what it decided before."""
    work = current_work()
    rows = [(row, advising.opinion_of(work, row)) for row in advising.waiting(work)]
    decided = advising.decided_by_executive(work)
    return page("reviews/executive.html", rows=rows, decided=decided, outcomes=OUTCOMES)


@blueprint.get("/executive/<screening_id>")
@permission("case:decide-executive")
def case(screening_id: str) -> ResponseReturnValue:
    """Show a referred case with the committee's opinion; the executive decides here."""
    work = current_work()
    return _page(work, screenings.screening(work, screening_id))


@blueprint.post("/executive/<screening_id>")
@permission("case:decide-executive", unit="serializable")
def decide(screening_id: str) -> ResponseReturnValue:
    """Record the decision of the executive, or draw the form again with what is wrong."""
    work = current_work()
    row = screenings.screening(work, screening_id)
    try:
        advising.decide_as_executive(work, row, verdicts.verdict(request.form), rev=whole(request.form))
    except (NotFound, Forbidden, Conflict):
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return _page(work, screenings.screening(work, screening_id), refused)
    tell(Text("執行側の決定を記録しました。", "The decision of the executive is recorded."))
    return redirect_to("executive.case", screening_id=screening_id)


# long: one name per value of the page
def _page(work: UnitOfWork, row: Screening, refused: Refusal | Refusals | None = None) -> ResponseReturnValue:
    opinion = advising.opinion_of(work, row)
    decision = work.session.scalars(
        select(Decision).where(Decision.screening_id == row.id, Decision.revision == row.revision)
    ).one_or_none()
    if opinion is None and (decision is None or decision.body != "executive"):
        raise NotFound
    framework, score = screenings.framework_of(row), screenings.score_of(work, row)
    sent: Mapping[str, str] = request.form if request.method == "POST" else _proposed(opinion)
    people = work.session.scalars(select(User).where(User.is_active).order_by(User.name))
    waits = row.state == advising.ESCALATED and decision is None
    reviewed = select(Review).where(Review.screening_id == row.id, Review.revision == row.revision)
    item = work.session.get(AgendaItem, opinion.item_id) if opinion else None
    return page(
        "reviews/executive_case.html",
        code=422 if refused else 200,
        screening=row,
        project=row.project,
        opinion=opinion,
        item=item,
        dissents=_dissents(work, opinion),
        **consulting.beside(work, row),
        review=work.session.scalars(reviewed).one_or_none(),
        decision=decision,
        inherent=level(framework, score.inherent),
        residual=level(framework, score.residual),
        levels=len(framework.levels),
        phase=framework.phase(row.phase),
        outcomes=OUTCOMES,
        kinds=KINDS,
        choices=choices(work, row) if waits else [],
        may_decide=waits and may(work.actor, "case:decide-executive", relations_to(work, row)),
        limit=valid_until(score.residual, local_date(work.now), framework) if score.residual else None,
        problems=problems_of(refused) if refused else [],
        sent=sent,
        rows=verdicts.rows(sent),
        people=[(person.id, both_names(person)) for person in people],
        names={person.id: person.name_in(locale()) for person in work.session.scalars(select(User))},
    )


def _dissents(work: UnitOfWork, opinion: CommitteeOpinion | None) -> list[str]:
    """Return the dissent recorded with the votes, without names (domain.md §6.3)."""
    if opinion is None:
        return []
    query = select(Vote.dissent).join(AgendaItem, Vote.item_id == AgendaItem.id)
    query = query.where(
        Vote.item_id == opinion.item_id, Vote.dissent != "", Vote.motion_number == AgendaItem.motion_number
    )
    return sorted(work.session.scalars(query))


def _proposed(opinion: CommitteeOpinion | None) -> dict[str, Any]:
    """Return the conditions the committee proposed as the fields of the form; the outcome is the executive's own to choose."""
    drafts = opinion.conditions["list"] if opinion else []
    return {f"conditions-{n}-{part}": draft.get(part, "") for n, draft in enumerate(drafts) for part in verdicts.PARTS}
