"""What the pages of a screening share: the frame around their matter, and putting a refused save back beside its questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, request, url_for

from governance.accounts.rules import may
from governance.discussions import talk
from governance.pages import locale, problems_of, write
from governance.projects.services import relations_of
from governance.questionnaires.conditions import questions_of
from governance.questionnaires.definition import Question, Section
from governance.refusals import Conflict, Forbidden, NotFound, Problem, Refusal, Refusals
from governance.screenings import showing
from governance.screenings.explain import case_needed, contradictions, level, stop_reason, totals
from governance.screenings.loading import Filled
from governance.screenings.marking import sides_of
from governance.screenings.models import Screening
from governance.screenings.rules import EDITABLE
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("screenings", __name__)
"""All pages of a screening, whichever file they stand in."""


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
        by_key[refused.place].rev, by_key[refused.place].sides = refused.rev, sides_of(refused, locale())
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
        "may_adopt": may(work.actor, "screening:answer", relations),
        "may_submit": row.state in EDITABLE and may(work.actor, "screening:submit", relations),
        "threshold": int(framework.matrix.step_down_at_percent) if framework.matrix else None,
        "totals": totals(framework, score),
        "case_needed": case_needed(score) if framework.matrix is None else None,
        "talk": talk.summary(work, row),
        "own_questionnaires": [pin.questionnaire for pin in row.pins],
    }


def shown_items(filled: Filled) -> list[showing.ShownItem]:
    """Return the score of every item ready to show."""
    questions = questions_by_key(filled)
    return [showing.shown_item(filled.sheet.framework, each, questions) for each in filled.score.items]


def topics(filled: Filled) -> dict[str, Text]:
    """Return the short name of every question of the screening."""
    return {q.key: q.topic for _, q in every_question(filled)}


def every_question(filled: Filled) -> list[tuple[Section, Question]]:
    """Return every question with its section, asked or not."""
    return [pair for each in filled.sheet.questionnaires for pair in each.questions()]


def questions_by_key(filled: Filled) -> dict[str, Question]:
    """Return every question by its key."""
    return {question.key: question for _, question in every_question(filled)}


# ---------------------------------------------------------------- addresses


def page_href(row: Screening, item: str | None, phase: str | None = None, anchor: str | None = None) -> str:
    """Return the address of a page of questions: that of an item, or of the questions that belong to none."""
    more: dict[str, Any] = {"screening_id": row.id, "phase": None if phase == row.phase else phase}
    if anchor:
        more["_anchor"] = anchor
    return url_for("screenings.item", item=item, **more) if item else url_for("screenings.facts", **more)


def check_href(row: Screening) -> str:
    """Return the address of the check before submitting."""
    return url_for("screenings.check", screening_id=row.id)


def href_of(row: Screening) -> showing.Href:
    """Return what makes the address of an item and phase, for the progress map."""
    return lambda item, phase: page_href(row, item, phase)


def neighbour(row: Screening, filled: Filled, item: str | None, step: int) -> str | None:
    """Return the address of the page of questions after (or before) this one, or None at the end."""
    pages = showing.pages_of(filled)
    place = pages.index(item) + step if item in pages else -1
    return page_href(row, pages[place]) if 0 <= place < len(pages) else None


def question_href(row: Screening, filled: Filled, key: str) -> str:
    """Return the address of a question on the page where it is answered; the trigger sheet for one that stands nowhere else."""
    if key.startswith("rating-"):
        return page_href(row, key.removeprefix("rating-"), anchor=key)
    if key in {item.code for item in filled.sheet.framework.items}:
        return page_href(row, key)
    for each in filled.sheet.questionnaires:
        for section, question in each.questions():
            if question.key == key and each.kind != "trigger":
                return page_href(row, section.item, each.phase, anchor=key)
    return url_for("screenings.triggers", screening_id=row.id, _anchor=key)


# ---------------------------------------------------------------- what is still missing, page by page


@dataclass(frozen=True)
class Gaps:
    """What one page still lacks: its name and address, and each gap with the address of its question."""

    name: Text
    href: str
    rows: list[tuple[Problem, str]]


TRIGGER_SHEET = Text("判定シート", "Trigger sheet")


def gaps_by_page(row: Screening, filled: Filled, problems: Iterable[Problem]) -> list[Gaps]:
    """Return what is missing in the order of the pages: the trigger sheet, the questions of no item, the items."""
    found: dict[str, Gaps] = {}
    homes = _homes(row, filled)
    for problem in problems:
        place = (problem.place or "").removeprefix("rating-")
        name, href = homes.get(place, homes[""])
        found.setdefault(href, Gaps(name, href, [])).rows.append(
            (problem, question_href(row, filled, problem.place or ""))
        )
    order = list(dict.fromkeys(href for _, href in homes.values()))
    return sorted(found.values(), key=lambda each: order.index(each.href))


def _homes(row: Screening, filled: Filled) -> dict[str, tuple[Text, str]]:
    """Return name and address of the page of every question and every item; that of the trigger sheet also for what has none."""
    framework = filled.sheet.framework
    homes = {"": (TRIGGER_SHEET, url_for("screenings.triggers", screening_id=row.id))}
    homes |= {
        item or "facts": (showing.page_name(framework, item), page_href(row, item)) for item in showing.pages_of(filled)
    }
    for each in filled.sheet.questionnaires:
        for section, question in each.questions():
            homes[question.key] = homes["" if each.kind == "trigger" else section.item or "facts"]
    return homes


# ---------------------------------------------------------------- answers that contradict each other


@dataclass(frozen=True)
class Clash:
    """Answers that cannot all be true: what does not fit, what to check, and where the questions stand."""

    text: Text
    advice: Text
    questions: list[tuple[str, str, Text]]
    """Key, address and topic of each question concerned."""

    def concerns(self, keys: Sequence[str]) -> bool:
        """Say whether one of the questions is among these."""
        return any(key in keys for key, _, _ in self.questions)


def clashes(row: Screening, filled: Filled) -> list[Clash]:
    """Return the contradictions in the answers as they stand, with the address of each question concerned."""
    asked, names = set(filled.score.asked), topics(filled)
    return [
        Clash(
            each.text,
            each.advice,
            [
                (key, question_href(row, filled, key), names[key])
                for key in dict.fromkeys(questions_of(each.when))
                if key in asked
            ],
        )
        for each in contradictions(filled.sheet.framework, filled.score)
    ]


def upload_limit() -> int:
    """Return how many bytes an evidence file may have."""
    return int(current_app.config["SETTINGS"].max_upload_bytes)
