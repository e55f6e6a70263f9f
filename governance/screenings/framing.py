"""What the pages of a screening share: the frame around their matter, and putting a refused save back beside its questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import current_app, request, url_for

from governance.accounts.rules import may
from governance.pages import problems_of, write
from governance.projects.services import relations_of
from governance.questionnaires.definition import Question, Section
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.screenings import showing
from governance.screenings.explain import level, stop_reason
from governance.screenings.loading import Filled
from governance.screenings.models import Screening
from governance.screenings.rules import EDITABLE
from governance.texts import Text
from governance.work import UnitOfWork


def attempt(act: Callable[[UnitOfWork], None]) -> Refusal | Refusals | None:
    """Run the act in a writing unit; return the refusal to show on the same page, if it is one that the person can mend there."""
    try:
        write(act)
    except (NotFound, Forbidden):
        raise
    except (Refusal, Refusals) as refused:
        return refused
    return None


def beside(
    shown: Sequence[showing.ShownQuestion], refused: Refusal | Refusals | None
) -> list[tuple[str | None, Text, str | None]]:
    """Put what was sent and what is wrong beside the questions; return the lines of the error summary."""
    if refused is None:
        return []
    showing.sent_back(shown, request.form)
    by_key = {each.question.key: each for each in shown}
    for problem in problems_of(refused):
        if problem.place in by_key:
            by_key[problem.place].error = problem.text
    if isinstance(refused, Conflict) and refused.place in by_key:
        by_key[refused.place].rev, by_key[refused.place].theirs = refused.rev, refused.theirs
    return [
        (problem.place if problem.place in by_key else None, problem.text, problem.place)
        for problem in problems_of(refused)
    ]


def frame(work: UnitOfWork, row: Screening, filled: Filled) -> dict[str, Any]:
    """What every page of a screening shows around its matter."""
    framework, score = filled.sheet.framework, filled.score
    relations = relations_of(work, row.project)
    return {
        "screening": row,
        "project": row.project,
        "framework": framework,
        "score": score,
        "phase": framework.phase(row.phase),
        "route": framework.route(score.route),
        "levels": len(framework.levels),
        "inherent": level(framework, score.inherent),
        "residual": level(framework, score.residual),
        "stops": [stop_reason(framework, stop) for stop in score.stops],
        "editable": row.state in EDITABLE and may(work.actor, "screening:answer", relations),
        "may_submit": row.state in EDITABLE and may(work.actor, "screening:submit", relations),
        "threshold": int(framework.matrix.step_down_at_percent) if framework.matrix else None,
        "own_questionnaires": [pin.questionnaire for pin in row.pins],
    }


def shown_items(filled: Filled) -> list[showing.ShownItem]:
    """Return the score of every item ready to show."""
    return [showing.shown_item(filled.sheet.framework, each) for each in filled.score.items]


def topics(filled: Filled) -> dict[str, Text]:
    """Return the short name of every question of the screening."""
    return {q.key: q.topic for _, q in every_question(filled)}


def every_question(filled: Filled) -> list[tuple[Section, Question]]:
    """Return every question with its section, asked or not."""
    return [pair for each in filled.sheet.questionnaires for pair in each.questions()]


def href_of(row: Screening) -> Any:
    """Return what makes the address of an item and phase, for the progress map."""
    return lambda item, phase: url_for(
        "screenings.item", screening_id=row.id, item=item, phase=None if phase == row.phase else phase
    )


def next_item(filled: Filled, item: str, step: int = 1) -> str | None:
    """Return the item after (or before) this one, or None at the end."""
    codes = [each.code for each in filled.sheet.framework.items]
    place = codes.index(item) + step if item in codes else -1
    return codes[place] if 0 <= place < len(codes) else None


def upload_limit() -> int:
    """Return how many bytes an evidence file may have."""
    return int(current_app.config["SETTINGS"].max_upload_bytes)
