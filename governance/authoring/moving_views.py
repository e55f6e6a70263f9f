"""Pages of moving open screenings to newer versions: what would change, the move and its undoing, answers to confirm, and who is behind."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from governance.accounts.rules import authorize, may
from governance.authoring.describing import changed
from governance.pages import current_work, page, permission, redirect_to, tell
from governance.projects.services import relations_of
from governance.questionnaires.finding import Catalogue
from governance.questionnaires.values import said
from governance.refusals import NotFound
from governance.screenings import confirming as waiting
from governance.screenings import differing, moving, services
from governance.screenings.differing import Scored
from governance.screenings.explain import level
from governance.screenings.forms import revision
from governance.screenings.framing import frame, question_href
from governance.screenings.models import Screening
from governance.screenings.moving import Plan
from governance.screenings.planning import KINDS, Step, questions_of
from governance.screenings.rules import EDITABLE
from governance.texts import Text

blueprint = Blueprint("moving", __name__)
RATING = "rating-"
"""What a rating is called in forms, before the code of its item."""


@blueprint.get("/screenings/<screening_id>/move")
@permission("project:view")
def show(screening_id: str) -> ResponseReturnValue:
    """Show what a move to the versions in force would do, or the last move and its undoing."""
    work = current_work()
    row = services.screening(work, screening_id)
    planned = moving.plan(work, row)
    return page(
        "authoring/moving.html",
        **frame(work, row, services.filled(work, row)),
        plan=planned,
        last=moving.last_move(work, row),
        may_move=row.state in EDITABLE and may(work.actor, "screening:migrate", relations_of(work, row.project)),
        kinds=KINDS,
        **(_planned(row, planned) if planned else {}),
    )


@blueprint.post("/screenings/<screening_id>/move")
@permission("screening:migrate")
def move(screening_id: str) -> ResponseReturnValue:
    """Move the screening to the versions in force."""
    work = current_work()
    row = services.screening(work, screening_id)
    moving.move(work, row, rev=revision(request.form))
    tell(Text("新しい版に移しました。確認を待つ回答を確かめてください。", "Moved. Confirm the answers that wait."))
    if waiting.waiting(services.filled(work, row)):
        return redirect_to("moving.confirming", screening_id=row.id)
    return redirect_to("screenings.overview", screening_id=row.id)


@blueprint.post("/screenings/<screening_id>/move/undo")
@permission("screening:migrate")
def undo(screening_id: str) -> ResponseReturnValue:
    """Go back to the versions before the last move."""
    work = current_work()
    row = services.screening(work, screening_id)
    moving.undo(work, row, rev=revision(request.form))
    tell(Text("移行を取り消し、前の版に戻しました。", "The move was undone; the former versions are used again."))
    return redirect_to("screenings.overview", screening_id=row.id)


@blueprint.get("/screenings/<screening_id>/confirm")
@permission("project:view")
def confirming(screening_id: str) -> ResponseReturnValue:
    """Show the answers that wait for somebody to look at them."""
    work = current_work()
    row = services.screening(work, screening_id)
    filled = services.filled(work, row)
    questions = questions_of(filled.sheet)
    return page(
        "authoring/moving_confirm.html",
        **frame(work, row, filled),
        groups=waiting.groups(filled),
        questions=questions,
        said=lambda answer: said(filled.sheet.framework, questions[answer.question_key], answer.value),
        because=lambda code: waiting.BECAUSE.get(code, waiting.BECAUSE[""]),
        pieces=filled.evidence,
        grade=lambda name, number: getattr(filled.sheet.framework, name)[number - 1].name,
        href=lambda key: question_href(row, filled, key),
        last=moving.last_move(work, row),
    )


@blueprint.post("/screenings/<screening_id>/confirm")
@permission("screening:answer")
def confirm(screening_id: str) -> ResponseReturnValue:
    """Confirm the ticked answers and ratings, or all of one page, each at the revision that was shown."""
    work = current_work()
    row = services.screening(work, screening_id)
    authorize(work.actor, "screening:answer", relations_of(work, row.project))
    shown = [name.removesuffix("-rev") for name in request.form if name.endswith("-rev")]
    ticked = {key: _rev(key) for key in (shown if "all" in request.form else request.form.getlist("key"))}
    ratings = {key.removeprefix(RATING): rev for key, rev in ticked.items() if key.startswith(RATING)}
    answers = {key: rev for key, rev in ticked.items() if not key.startswith(RATING)}
    waiting.confirm(work, row, answers, ratings)
    left = waiting.groups(services.filled(work, row))
    if ticked:
        tell(Text("確認しました。", "Confirmed."))
    return redirect_to("moving.confirming" if left else "screenings.overview", screening_id=row.id)


def _rev(key: str) -> int:
    number = request.form.get(f"{key}-rev", "")
    if not (number.isascii() and number.isdigit() and len(number) < 6):
        raise NotFound
    return int(number)


@blueprint.get("/questionnaires/behind")
@permission("questionnaire:edit")
def behind() -> ResponseReturnValue:
    """List the open screenings that do not use the versions in force."""
    work = current_work()
    rows = moving.outdated(work)
    return page("authoring/moving_list.html", rows=[(row, services.framework_of(row).phase(row.phase)) for row in rows])


# ---------------------------------------------------------------- what the plan page draws


def _planned(row: Screening, plan: Plan) -> dict[str, Any]:
    labels = [Catalogue(side.framework, side.sheet.questionnaires).label for side in (plan.before, plan.after)]
    return {
        "rows": [
            _row(plan, step) | {"changes": [changed(each, labels[0], labels[1]) for each in step.changes]}
            for step in plan.shown
        ],
        "graded": plan.after.framework.matrix is not None,
        "versions": _versions(row, plan),
        "differences": [each for each in differing.items(plan.before, plan.after) if each.before or each.after],
        "sides": {name: _levels(plan, name) for name in ("inherent", "residual")},
        "item_level": lambda side, item, name: _level_of((plan.before, plan.after)[side], item, name),
        "routes": [side.framework.route(side.score.route).name for side in (plan.before, plan.after)],
        "reasons": differing.reasons(plan.before, plan.after),
        "after_levels": len(plan.after.framework.levels),
    }


def _levels(plan: Plan, name: str) -> list[Any]:
    return [level(side.framework, getattr(side.score, name)) for side in (plan.before, plan.after)]


def _level_of(side: Scored, item: str, name: str) -> Any:
    found = side.item(item)
    return level(side.framework, getattr(found, name)) if found else None


def _row(plan: Plan, step: Step) -> dict[str, Any]:
    """Return one line: the wording before and after, the answer before and after."""
    old, new = plan.before.framework, plan.after.framework
    dropped = step.kind == "dropped"
    return {
        "step": step,
        "was": step.before.text if step.before else None,
        "now": None if dropped else step.question.text,
        "same_words": bool(step.before and not dropped and step.before.text == step.question.text),
        "value": said(old, step.before or step.question, step.value) if step.value else None,
        "moved": said(new, step.question, step.moved) if step.moved else None,
    }


def _versions(row: Screening, plan: Plan) -> list[tuple[Text, str, str, str]]:
    """Return title, version before, version after and the page of the differences of every document that changes.

    A version is "" for one that comes or goes; there is no page for that, nor for a framework.
    """
    old = {each.key: each for each in plan.before.sheet.questionnaires}
    new = {each.key: each for each in plan.after.sheet.questionnaires}
    pages = _pages(row, plan)
    found = [(plan.after.framework.title, plan.before.framework.version, plan.after.framework.version, "")]
    found += [
        (
            (new.get(key) or old[key]).title,
            old[key].version if key in old else "",
            new[key].version if key in new else "",
            pages.get(key, ""),
        )
        for key in dict.fromkeys([*new, *old])
    ]
    return [each for each in found if each[1] != each[2]]


def _pages(row: Screening, plan: Plan) -> dict[str, str]:
    """Return the page that compares the two versions, for every questionnaire that stands on both sides."""
    before: dict[str, dict[str, Any]] = {pin.questionnaire.key: {"from": pin.questionnaire_id} for pin in row.pins}
    return {
        each.key: url_for("questionnaires.changes", questionnaire_id=each.id, **before[each.key])
        for each in plan.newer.versions
        if each.key in before
    }
