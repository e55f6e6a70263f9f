"""Pages of circulations: the form that starts one, and one of them with what each member said."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from governance.accounts.models import User
from governance.accounts.rules import may
from governance.pages import current_work, locale, page, permission, problems_of, redirect_to, tell
from governance.refusals import Conflict, Forbidden, NotFound, Problem, Refusal, Refusals
from governance.reviews import circulating, committees, verdicts
from governance.reviews.forms import both_names, text
from governance.reviews.models import Committee
from governance.reviews.people import own_seat, standing
from governance.reviews.rules import KINDS, OUTCOMES, Choice, local_date
from governance.screenings import services as screenings
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("circulations", __name__)
NOT_REFUSED = (NotFound, Forbidden, Conflict)
OFFERED = [Choice(outcome) for outcome in ("approved", "approved_with_conditions", "returned")]


@blueprint.get("/committees/<committee_id>/circulations/new")
@permission("circulation:start")
def new(committee_id: str) -> ResponseReturnValue:
    """Show the form that puts an expedited matter to the chair and designated members."""
    work = current_work()
    return _form_page(work, committees.committee(work, committee_id))


def _form_page(work: UnitOfWork, row: Committee, problems: list[Problem] | None = None) -> ResponseReturnValue:
    day = local_date(work.now)
    sent = request.form if request.method == "POST" else {"closes_on": (day + timedelta(days=7)).isoformat()}
    people = work.session.scalars(select(User).where(User.is_active).order_by(User.name))
    return page(
        "reviews/circulation_new.html",
        code=422 if problems else 200,
        committee=row,
        rules=committees.rules_of(row, day),
        cases=circulating.circulable(work),
        seats=circulating.designable(work, row),
        chosen=request.form.getlist("members"),
        choices=OFFERED,
        outcomes=OUTCOMES,
        kinds=KINDS,
        people=[(person.id, both_names(person)) for person in people],
        rows=verdicts.rows(sent),
        sent=sent,
        problems=problems or [],
    )


@blueprint.post("/committees/<committee_id>/circulations/new")
@permission("circulation:start", unit="serializable")
def start(committee_id: str) -> ResponseReturnValue:
    """Start a circulation, or draw the form again with what is wrong."""
    work = current_work()
    row = committees.committee(work, committee_id)
    try:
        chosen = request.form.get("screening", "")
        if not chosen:
            raise Refusal("reviews.screening", "案件を選んでください。", "Choose a case.", place="screening")
        made = circulating.start(
            work,
            row,
            screenings.screening(work, chosen),
            verdicts.verdict(request.form),
            members=request.form.getlist("members"),
            closes_on=_day(request.form.get("closes_on", "")),
        )
    except NOT_REFUSED:
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return _form_page(work, committees.committee(work, committee_id), problems_of(refused))
    tell(Text("持ち回りを始めました。", "The circulation has begun."))
    return redirect_to("circulations.show", circulation_id=made.id)


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value.strip())
    except ValueError as error:
        raise Refusal(
            "reviews.date",
            "2026-12-25 のような日付を入力してください。",
            "Enter a date like 2026-12-25.",
            place="closes_on",
        ) from error


@blueprint.get("/circulations/<circulation_id>")
@permission("committee:view")
def show(circulation_id: str) -> ResponseReturnValue:
    """Show what is proposed, to whom, and what each said."""
    return _page(current_work(), circulation_id)


def _page(work: UnitOfWork, circulation_id: str, problems: list[Problem] | None = None) -> ResponseReturnValue:
    row = circulating.circulation(work, circulation_id)
    committee = circulating.committee_of(work, row)
    own, said = own_seat(work, committee), {vote.member_id: vote for vote in row.votes}
    seats = [seat for seat in committee.members if seat.id in row.member_ids]
    in_time = row.state == "open" and local_date(work.now) <= row.closes_on
    return page(
        "reviews/circulation.html",
        code=422 if problems else 200,
        row=row,
        committee=committee,
        screening=row.screening,
        project=row.screening.project,
        seats=[(seat, said.get(seat.id)) for seat in seats],
        answers=in_time and own is not None and own.id in row.member_ids and own.id not in said,
        may_refer=row.state == "open" and may(work.actor, "circulation:start", standing(work, committee)),
        outcomes=OUTCOMES,
        kinds=KINDS,
        names={person.id: person.name_in(locale()) for person in work.session.scalars(select(User))},
        problems=problems or [],
        sent=request.form,
    )


@blueprint.post("/circulations/<circulation_id>")
@permission("meeting:vote", unit="serializable")
def say(circulation_id: str) -> ResponseReturnValue:
    """Agree, or ask for the full committee."""
    work = current_work()
    row = circulating.circulation(work, circulation_id)
    try:
        circulating.say(work, row, request.form.get("choice", ""), remark=text(request.form, "remark"))
    except NOT_REFUSED:
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return _page(work, circulation_id, problems_of(refused))
    tell(Text("回答を記録しました。", "Your answer is recorded."))
    return redirect_to("circulations.show", circulation_id=circulation_id)


@blueprint.post("/circulations/<circulation_id>/referral")
@permission("circulation:start", unit="serializable")
def refer(circulation_id: str) -> ResponseReturnValue:
    """End a circulation that is not complete; the case goes to a meeting."""
    work = current_work()
    circulating.refer(work, circulating.circulation(work, circulation_id))
    tell(Text("会議で審議することにしました。", "The case goes to a meeting."))
    return redirect_to("circulations.show", circulation_id=circulation_id)
