"""The page of a back-test: begun with a press, worked off about a second per request, readable at any time in between.

With script each answer asks for the next slice by itself; without, a press goes on. The work is read-only and holds no lock; only what it
found is written, in a unit of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from governance.authoring import backtest, services
from governance.authoring.backtest import Tally
from governance.authoring.backtest_words import WORDS, assumptions, grids, name_of, summary
from governance.authoring.draft_views import frame
from governance.authoring.models import Backtest
from governance.pages import current_work, is_htmx, page, permission, problems_of, redirect_to, write
from governance.questionnaires import drafts
from governance.questionnaires.definition import Framework, Questionnaire
from governance.questionnaires.models import QuestionnaireDraft
from governance.questionnaires.services import current_framework, framework_in
from governance.refusals import NotFound, Refusal, Refusals
from governance.screenings.differing import Scored
from governance.screenings.explain import level
from governance.work import UnitOfWork

blueprint = Blueprint("backtests", __name__, url_prefix="/questionnaires/drafts/<draft_id>/backtest")
SLICE_SECONDS = 0.8
SHOWN = 20


@blueprint.get("")
@permission("questionnaire:edit")
def show(draft_id: str) -> ResponseReturnValue:
    """Show the newest run of the draft, or how to begin one."""
    return _page(current_work(), draft_id)


@blueprint.post("")
@permission("questionnaire:edit")
def start(draft_id: str) -> ResponseReturnValue:
    """Begin a run under the draft as it is now."""
    work = current_work()
    draft = drafts.draft(work, draft_id)
    try:
        backtest.start(work, draft)
    except (Refusal, Refusals) as refused:
        work.session.rollback()
        return _page(work, draft_id, refused)
    return redirect_to("backtests.show", draft_id=draft.id)


@blueprint.post("/next")
@permission("questionnaire:edit", unit="own")
def advance(draft_id: str) -> ResponseReturnValue:
    """Work off the next slice."""
    work = current_work()
    draft = drafts.draft(work, draft_id)
    row = _run_of(work, draft)
    if row.state == "running":
        found = backtest.work_off(work, draft, row, _until(SLICE_SECONDS))
        row = write(lambda unit: backtest.keep(unit, found))
    if not is_htmx() or row.state != "running":
        return redirect_to("backtests.show", draft_id=draft_id)
    return page("authoring/_backtest_run.html", draft=draft, run=row, counts=backtest.tally_of(row))


@blueprint.post("/stop")
@permission("questionnaire:edit")
def stop(draft_id: str) -> ResponseReturnValue:
    """End the run; what was found so far stays."""
    work = current_work()
    backtest.stop(work, _run_of(work, drafts.draft(work, draft_id)))
    return redirect_to("backtests.show", draft_id=draft_id)


def _run_of(work: UnitOfWork, draft: QuestionnaireDraft) -> Backtest:
    row = backtest.latest(work, draft)
    if row is None:
        raise NotFound
    return row


def _until(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


def _page(work: UnitOfWork, draft_id: str, refused: Refusal | Refusals | None = None) -> ResponseReturnValue:
    found = services.opened(work, draft_id)
    row = backtest.latest(work, found.row)
    tally = backtest.tally_of(row) if row else Tally()
    framework = _framework(work, found.row, services.verdict(work, found.row.text, found.row.kind).document)
    return page(
        "authoring/backtest.html",
        code=422 if refused else 200,
        **frame(work, found),
        run=row,
        counts=tally,
        is_current=row is not None and row.text == backtest.text_digest(found.row),
        problems=problems_of(refused) if refused else [],
        summary=summary(tally),
        grids=grids(framework, tally),
        words=WORDS,
        assumptions=assumptions(tally),
        **_cases(work, found.row, row, framework, tally),
    )


def _framework(work: UnitOfWork, draft: QuestionnaireDraft, document: Framework | Questionnaire | None) -> Framework:
    """Return the framework whose names the page shows: the draft itself, or the one in force that the draft belongs to."""
    if isinstance(document, Framework):
        return document
    key = document.framework if document else draft.key if draft.kind == "framework" else None
    return framework_in(current_framework(work, key))


def _cases(
    work: UnitOfWork, draft: QuestionnaireDraft, row: Backtest | None, framework: Framework, tally: Tally
) -> dict[str, Any]:
    """Return the changed screenings that the reader may see, a page of them with the reasons."""
    named = backtest.named(work, tally)
    first = max(0, request.args.get("from", 0, type=int))
    told = named[first : first + SHOWN] if row is not None and row.text == backtest.text_digest(draft) else []
    trial = backtest.trial_of(backtest.document_of(work, draft)) if told else None
    cases = []
    for each in told:
        found = backtest.explained(work.session, trial, each.screening.id) if trial else None
        if found:
            cases.append({"listed": each, "reasons": found.reasons, **_sides(found.before, found.after)})
    return {
        "cases": cases,
        "first": first,
        "named": len(named),
        "unseen": len(tally.listed) - len(named),
        "unlisted": tally.changed - len(tally.listed),
        "shown": SHOWN,
        "route_name": lambda code: name_of(framework, "route", code),
        "phase_name": lambda code: framework.name_of("phases", code),
    }


def _sides(before: Scored, after: Scored) -> dict[str, Any]:
    return {
        name: [level(side.framework, getattr(side.score, name)) for side in (before, after)]
        for name in ("inherent", "residual")
    } | {"levels": len(after.framework.levels)}
