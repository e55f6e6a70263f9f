"""The page of one case under review, put together once for every view that answers with it.

A refused act comes back on the same page with everything that was entered and the reason beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from governance.accounts.models import User
from governance.accounts.rules import may
from governance.pages import current_work, locale, page, problems_of, redirect_to, tell
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.reviews import advising, citing, consulting, verdicts
from governance.reviews.challenge_showing import choices_for
from governance.reviews.checking import Case, checked_case
from governance.reviews.decisions import choices
from governance.reviews.desk_parts import desk_parts
from governance.reviews.forms import whole
from governance.reviews.people import relations_to
from governance.reviews.proposing import proposals, with_proposal
from governance.reviews.rules import KINDS, OUTCOMES, POSTPONED, local_date, valid_until
from governance.screenings import services as screenings
from governance.screenings.models import Screening
from governance.texts import Text
from governance.work import UnitOfWork

Act = Callable[[UnitOfWork, Screening, int], Any]


def act_on_case(screening_id: str, act: Act, said: Text, anchor: str | None = None) -> ResponseReturnValue:
    """Do one act; a refusal comes back on the same page with everything that was entered."""
    work = current_work()
    row = screenings.screening(work, screening_id)
    try:
        act(work, row, whole(request.form))
    except (NotFound, Forbidden, Conflict):
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return case_page(work, screenings.screening(work, screening_id), refused)
    tell(said)
    return redirect_to("reviews.case", screening_id=screening_id, _anchor=anchor)


# long: one line per part of the page
def case_page(work: UnitOfWork, row: Screening, refused: Refusal | Refusals | None = None) -> ResponseReturnValue:
    """Answer with the case; 422 with what was refused."""
    case = checked_case(work, row, locale())
    relations = relations_to(work, row)
    found = proposals(work, row) if row.state in ("submitted", "in_review") else []
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
        rows=with_proposal(verdicts.rows(request.form), request.form.get("more", ""), found, verdicts.ROWS),
        proposals=found,
        people=[(p.id, p.name_in(locale())) for p in work.session.scalars(people)],
        kinds=KINDS,
        outcomes=OUTCOMES,
        recommendable=[code for code in OUTCOMES if code != POSTPONED],
        me=work.actor.id,
        answer_choices=lambda key: choices_for(case.filled, key),
        grade_choices=lambda grades, now: [(str(n), each.name) for n, each in enumerate(grades, 1) if n != now],
        bound=bool(relations & {"project.ever"}),
        **_allowed(work, row, relations, case),
        stop_acts=_stop_acts(work, row, relations, case),
        limit=valid_until(residual, local_date(work.now), case.framework) if residual else None,
        **citing.beside(work, row),
        **desk_parts(work, row, case, relations),
        **consulting.beside(work, row),
        **_advice(work, row),
    )


def _advice(work: UnitOfWork, row: Screening) -> dict[str, Any]:
    """Return what a committee advised on this revision, with the names of the people its conditions name."""
    opinion = advising.opinion_of(work, row)
    names = {p.id: p.name_in(locale()) for p in work.session.scalars(select(User))} if opinion else {}
    return {"advice": opinion, "advice_names": names}


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
        "may_take": row.state in ("submitted", "appeal") and may(work.actor, "review:take", relations),
        "may_rule": row.state in ("triage", "in_review") and open_review and may(work.actor, "review:rule", relations),
        "may_opine": row.state == "in_review" and open_review and mine,
        "may_return": (
            row.state in ("triage", "in_review", "discussion", "blocked")
            and may(work.actor, "review:return", relations)
        )
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
