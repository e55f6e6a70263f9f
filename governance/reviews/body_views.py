"""Pages of the bodies: all of them with what they see, one with its cases and people, and a question put to one with its opinion."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from governance.accounts.models import User
from governance.accounts.rules import ROLES, authorize, may
from governance.pages import current_work, page, permission, problems_of, redirect_to, tell
from governance.questionnaires.definition import Body, Framework
from governance.questionnaires.parts import Named
from governance.refusals import Conflict, Forbidden, NotFound, Problem, Refusal, Refusals
from governance.reviews import bodies, consulting
from governance.reviews.case_page import case_page
from governance.reviews.forms import both_names, text
from governance.reviews.people import relations_to
from governance.screenings import services as screenings
from governance.texts import Text, joined
from governance.work import UnitOfWork

blueprint = Blueprint("bodies", __name__)
NOT_REFUSED = (NotFound, Forbidden, Conflict)


def _may_see(work: UnitOfWork) -> None:
    authorize(work.actor, "body:view", frozenset({"body.member"} if bodies.own_bodies(work) else set()))


def scope(framework: Framework, each: Body) -> list[Text]:
    """Return in words which cases a body sees by itself."""
    named: dict[str, tuple[Text, Sequence[Named]]] = {
        "routes": (Text("経路：{names}", "Routes: {names}"), framework.routes),
        "packs": (Text("追加質問群：{names}", "Packs: {names}"), framework.packs),
        "sectors": (Text("セクター：{names}", "Sectors: {names}"), framework.sectors),
        "regions": (Text("地域：{names}", "Regions: {names}"), framework.regions),
    }
    lines = []
    for field, (sentence, parts) in named.items():
        names = [part.name for part in parts if part.code in getattr(each, field)]
        if names:
            lines.append(sentence.filled(names=joined(names)))
    return lines


@blueprint.get("/bodies")
@permission("body:view")
def index() -> ResponseReturnValue:
    """List the bodies with kind, authority, what they see and who belongs to them."""
    work = current_work()
    _may_see(work)
    if not bodies.has_framework(work):
        return page("reviews/bodies.html", rows=[], waiting=[])
    key, framework = bodies.framework_of_bodies(work)
    people = bodies.members(work, key)
    rows = [(each, scope(framework, each), [m for m in people if m.body == each.code]) for each in framework.bodies]
    return page(
        "reviews/bodies.html",
        rows=rows,
        kinds=bodies.KINDS,
        authorities=bodies.AUTHORITIES,
        roles=ROLES,
        own={each.code for each in bodies.own_bodies(work)},
        waiting=consulting.waiting_for_actor(work),
        names={each.code: each.name for each in framework.bodies},
    )


@blueprint.get("/bodies/<code>")
@permission("body:view")
def show(code: str) -> ResponseReturnValue:
    """Show one body with its people and the cases it sees, as far as the reader may know of them."""
    work = current_work()
    _may_see(work)
    return _body_page(work, code)


def _body_page(work: UnitOfWork, code: str, problems: list[Problem] | None = None) -> ResponseReturnValue:
    each = bodies.body(work, code)
    key, framework = bodies.framework_of_bodies(work)
    people = work.session.scalars(select(User).where(User.is_active).order_by(User.name))
    return page(
        "reviews/body.html",
        code=422 if problems else 200,
        body=each,
        scope=scope(framework, each),
        kinds=bodies.KINDS,
        authorities=bodies.AUTHORITIES,
        roles=ROLES,
        members=bodies.members(work, key, code),
        cases=bodies.visible_cases(work, each),
        people=[(person.id, both_names(person)) for person in people],
        may_edit=may(work.actor, "body:edit"),
        problems=problems or [],
    )


@blueprint.post("/bodies/<code>/members")
@permission("body:edit")
def add(code: str) -> ResponseReturnValue:
    """Name a person for a body."""
    work = current_work()
    try:
        bodies.add_member(work, code, request.form.get("user_id", ""))
    except NOT_REFUSED:
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return _body_page(work, code, problems_of(refused))
    tell(Text("メンバーに加えました。", "The person belongs to the body now."))
    return redirect_to("bodies.show", code=code)


@blueprint.post("/bodies/<code>/members/<member_id>/end")
@permission("body:edit")
def end(code: str, member_id: str) -> ResponseReturnValue:
    """End a person's place in a body."""
    bodies.end_member(current_work(), member_id)
    tell(Text("メンバーから外しました。", "The person no longer belongs to the body."))
    return redirect_to("bodies.show", code=code)


# ---------------------------------------------------------------- consultations


@blueprint.post("/reviews/<screening_id>/consultations")
@permission("body:consult")
def ask(screening_id: str) -> ResponseReturnValue:
    """Ask a body for its opinion on a case."""
    work = current_work()
    row = screenings.screening(work, screening_id)
    try:
        due = _day(request.form.get("due_on", ""))
        consulting.ask(work, row, request.form.get("body", ""), question=text(request.form, "question"), due_on=due)
    except NOT_REFUSED:
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return case_page(work, screenings.screening(work, screening_id), refused)
    tell(Text("意見を照会しました。", "The body has been asked."))
    return redirect_to("reviews.case", screening_id=screening_id, _anchor="consultations")


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value.strip()) if value.strip() else None
    except ValueError as error:
        raise Refusal(
            "reviews.date",
            "2026-12-25 のような日付を入力してください。",
            "Enter a date like 2026-12-25.",
            place="due_on",
        ) from error


@blueprint.get("/consultations/<consultation_id>")
@permission("project:view")
def question(consultation_id: str) -> ResponseReturnValue:
    """Show a question put to a body, with its opinion or the form for it."""
    return _question_page(current_work(), consultation_id)


def _question_page(
    work: UnitOfWork, consultation_id: str, problems: list[Problem] | None = None
) -> ResponseReturnValue:
    row = consulting.consultation(work, consultation_id)
    relations = relations_to(work, row.screening) | bodies.relations_to_body(work, row.body)
    open_now = row.opinion is None and row.withdrawn_at is None and row.screening.state in consulting.ASKABLE
    _, framework = bodies.framework_of_bodies(work)
    return page(
        "reviews/consultation.html",
        code=422 if problems else 200,
        row=row,
        screening=row.screening,
        project=row.screening.project,
        names={each.code: each.name for each in framework.bodies},
        stances=consulting.STANCES,
        answers=open_now and may(work.actor, "body:answer", relations),
        withdraws=open_now and may(work.actor, "body:consult", relations),
        problems=problems or [],
        sent=request.form,
    )


@blueprint.post("/consultations/<consultation_id>")
@permission("body:answer")
def answer(consultation_id: str) -> ResponseReturnValue:
    """Give the opinion of the body."""
    work = current_work()
    row = consulting.consultation(work, consultation_id)
    try:
        consulting.answer(work, row, stance=request.form.get("stance", ""), text=text(request.form, "text"))
    except NOT_REFUSED:
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return _question_page(work, consultation_id, problems_of(refused))
    tell(Text("機関の意見を記録しました。", "The opinion of the body is recorded."))
    return redirect_to("bodies.question", consultation_id=consultation_id)


@blueprint.post("/consultations/<consultation_id>/withdrawal")
@permission("body:consult")
def withdraw(consultation_id: str) -> ResponseReturnValue:
    """Take a question back."""
    work = current_work()
    row = consulting.consultation(work, consultation_id)
    consulting.withdraw(work, row)
    tell(Text("照会を取り下げました。", "The question was taken back."))
    return redirect_to("reviews.case", screening_id=row.screening_id, _anchor="consultations")
