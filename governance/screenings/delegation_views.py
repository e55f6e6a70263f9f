"""Pages of delegations: hand questions to a colleague, see who has what until when, change it, take it back, say that it is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from governance.accounts.models import User
from governance.discussions import delegating, rules
from governance.pages import current_work, locale, page, permission, problems_of, redirect_to, see, tell, today
from governance.projects.services import may_change_members
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.screenings import forms, kinds, services
from governance.screenings.framing import blueprint
from governance.screenings.models import Screening
from governance.screenings.places import Places
from governance.texts import Text
from governance.work import UnitOfWork

ACTS = {
    "change": Text("依頼を変えました。", "The request was changed."),
    "done": Text("依頼を完了にしました。", "The request is done."),
    "withdraw": Text("依頼を取り消しました。", "The request was taken back."),
}


@blueprint.get("/screenings/<screening_id>/delegations")
@permission("project:view")
def delegations(screening_id: str) -> ResponseReturnValue:
    """Show who has what until when, and the form to hand out more."""
    work = current_work()
    return _page(work, services.screening(work, screening_id))


@blueprint.post("/screenings/<screening_id>/delegations")
@permission("delegation:give")
def delegate(screening_id: str) -> ResponseReturnValue:
    """Ask a colleague to answer at the chosen places."""

    def act(work: UnitOfWork, row: Screening) -> Text:
        places = Places(row, services.filled(work, row))
        wanted = [key for key in dict.fromkeys(request.form.getlist("place")) if places.at(key).is_known and key]
        if not wanted:
            raise Refusal(
                "discussions.what", "依頼する質問を選んでください。", "Choose what to hand over.", place="place"
            )
        delegating.delegate(work, row, wanted, _request(), today())
        return Text("回答を依頼しました。相手に通知されます。", "Asked. Your colleague is notified.")

    return _done(screening_id, act)


@blueprint.post("/delegations/<delegation_id>")
@permission("delegation:give")
def change_delegation(delegation_id: str) -> ResponseReturnValue:
    """Change a delegation, take it back, or say that it is done."""
    found = delegating.delegation(current_work(), delegation_id)
    chosen = request.form.get("act", "")
    if chosen not in ACTS:
        raise NotFound

    def act(work: UnitOfWork, row: Screening) -> Text:
        one, rev = delegating.delegation(work, delegation_id), forms.revision(request.form)
        if chosen == "change":
            delegating.change(work, row, one, _request(), today(), rev=rev)
        elif chosen == "done":
            delegating.finish(work, row, one, rev=rev)
        else:
            delegating.withdraw(work, row, one, rev=rev)
        return ACTS[chosen]

    return _done(found.screening_id, act, delegation_id)


@blueprint.get("/delegations/<delegation_id>/go")
@permission("project:view")
def to_delegated(delegation_id: str) -> ResponseReturnValue:
    """Lead to the first open question of what was asked."""
    work = current_work()
    found = delegating.delegation(work, delegation_id)
    row = services.screening(work, found.screening_id)
    return see(Places(row, services.filled(work, row)).first_open(found.place))


def _request() -> delegating.Request:
    text = request.form.get("due_on", "").strip()
    day = kinds.day(text)
    if text and not kinds.is_day(day):
        raise Refusal(
            "discussions.no_day",
            "「{text}」という日付はありません。2026-12-25 のように入力してください。",
            "“{text}” is not a date. Write it like 2026-12-25.",
            place="due_on",
            text=text[:40],
        )
    due_on, given = date.fromisoformat(day) if text else None, request.form.get
    return delegating.Request(given("person", ""), due_on, given("note", ""), join=bool(given("join")))


def _done(
    screening_id: str, act: Callable[[UnitOfWork, Screening], Text], delegation_id: str = ""
) -> ResponseReturnValue:
    """Do one act; a refusal comes back on the page with what was entered."""
    work = current_work()
    row = services.screening(work, screening_id)
    try:
        said = act(work, row)
    except (NotFound, Forbidden):
        raise
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return _page(work, services.screening(work, screening_id), refused, delegation_id)
    tell(said)
    return redirect_to("screenings.delegations", screening_id=screening_id)


# long: one line for each thing the page shows
def _page(
    work: UnitOfWork, row: Screening, refused: Refusal | Refusals | None = None, delegation_id: str = ""
) -> ResponseReturnValue:
    places = Places(row, services.filled(work, row))
    rows = delegating.delegations_of(work, row)
    chosen = request.form.getlist("place") if refused else request.args.getlist("place")
    return page(
        "discussions/delegations.html",
        code=200 if refused is None else 409 if isinstance(refused, Conflict) else 422,
        screening=row,
        project=row.project,
        framework=places.framework,
        open_ones=[(each, places.at(each.place), places.left(each.place)) for each in rows if each.state == rules.OPEN],
        settled=[(each, places.at(each.place)) for each in rows if each.state != rules.OPEN],
        offered=_offered(places, chosen),
        chosen=chosen or [],
        may_give=delegating.may_give(work, row),
        team=[m.user for m in row.project.members if m.is_current and m.part in ("owner", "member")],
        others=_others(work, row) if may_change_members(work, row.project) else [],
        me=work.actor.id,
        problems=problems_of(refused) if refused else [],
        sent=request.form if refused else {},
        sent_for=delegation_id,
        limit=rules.LONGEST_NOTE,
    )


def _offered(places: Places, chosen: list[str]) -> list[tuple[str, Text]]:
    """Return what can be handed out: around the chosen question and, below it, every item and sheet."""
    found: dict[str, Text] = {}
    for key in [*chosen, ""]:
        found.update(places.to_hand_out(key))
    return list(found.items())


def _others(work: UnitOfWork, row: Screening) -> list[tuple[str, str]]:
    """Return the colleagues outside of the project whom its owner may add in the same step."""
    inside = {m.user_id for m in row.project.members if m.is_current}
    people = work.session.scalars(select(User).where(User.is_active).order_by(User.name))
    return [(p.id, p.name_in(locale())) for p in people if p.id not in inside]
