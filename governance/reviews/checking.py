"""What the check page of one case shows, gathered once: score in sentences, triggers, answers with gaps, what changed, decision.

No HTTP here; the page decides who sees which form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from governance.discussions import talk
from governance.discussions.talk import Whole
from governance.questionnaires.conditions import questions_of
from governance.questionnaires.definition import Framework, Item
from governance.questionnaires.values import said
from governance.reviews.models import Decision, Review
from governance.reviews.services import review_of
from governance.screenings import showing
from governance.screenings.explain import (
    ShownLevel,
    contradictions,
    effect_of,
    level,
    route_reasons,
    stop_reason,
    totals,
)
from governance.screenings.loading import Filled, load
from governance.screenings.models import Screening, Snapshot
from governance.screenings.result import Score
from governance.screenings.revisions import Compared, compared
from governance.screenings.routing import Stop
from governance.screenings.showing import ShownItem, ShownQuestion
from governance.texts import Text, both
from governance.work import UnitOfWork


@dataclass(frozen=True)
class TriggerLine:
    """One trigger with its answer and what it did."""

    key: str
    topic: Text
    answer: Text
    fired: bool
    unclear: bool
    effect: Text | None


@dataclass(frozen=True)
class ItemSheet:
    """One item: its score and its answers, with what needs the reviewer's judgement first.

    The last sheet holds the questions that belong to no item; it has neither item nor score.
    """

    key: str
    name: Text
    item: Item | None
    shown: ShownItem | None
    questions: list[ShownQuestion]
    to_rule: int


@dataclass(frozen=True)
class Case:
    """Everything the page shows about one case."""

    framework: Framework
    filled: Filled
    score: Score
    inherent: ShownLevel | None
    residual: ShownLevel | None
    reasons: list[Text]
    stops: list[tuple[Stop, Text, Text]]
    triggers: list[TriggerLine]
    sheets: list[ItemSheet]
    ratings: dict[str, Any]
    findings: list[tuple[str, Text]]
    clashes: list[tuple[Text, Text, list[str]]]
    unasked: list[ShownQuestion]
    totals: list[tuple[Text, Text]]
    compared: Compared | None
    talk: Whole
    review: Review | None
    decision: Decision | None
    snapshot: Snapshot | None


# long: one line for each part of the page
def checked_case(work: UnitOfWork, row: Screening, locale: str) -> Case:
    """Gather the check page of a screening."""
    filled = load(work.session, row)
    framework, score = filled.sheet.framework, filled.score
    topics = {q.key: q.topic for each in filled.sheet.questionnaires for _, q in each.questions()}
    decision = work.session.scalars(
        select(Decision).where(Decision.screening_id == row.id, Decision.revision == row.revision)
    ).one_or_none()
    snapshots = [s for s in row.snapshots if s.revision == row.revision]
    return Case(
        framework=framework,
        filled=filled,
        score=score,
        inherent=level(framework, score.inherent),
        residual=level(framework, score.residual),
        reasons=route_reasons(framework, score, topics, filled.values),
        stops=[(s, *stop_reason(framework, s)) for s in score.stops],
        triggers=_triggers(filled),
        sheets=[_sheet(filled, item, locale) for item in framework.items] + _loose(filled, locale),
        ratings=filled.ratings,
        findings=_findings(filled),
        clashes=_clashes(filled),
        unasked=showing.unasked(filled, locale),
        totals=totals(framework, score),
        compared=compared(work, row, filled, locale),
        talk=talk.summary(work, row),
        review=review_of(work, row),
        decision=decision,
        snapshot=snapshots[-1] if snapshots else None,
    )


def _triggers(filled: Filled) -> list[TriggerLine]:
    fired = {effect.id: effect for effect in filled.sheet.framework.effects if effect.id in filled.score.fired}
    lines = []
    for _, questions in showing.trigger_sections(filled):
        for question in questions:
            if question.key in filled.score.asked:
                value = filled.values.get(question.key, "")
                effect = fired.get(question.key)
                lines.append(
                    TriggerLine(
                        question.key,
                        question.topic,
                        said(filled.sheet.framework, question, value) if value else both("—"),
                        effect is not None,
                        value == "unknown",
                        effect_of(filled.sheet.framework, effect) if effect else None,
                    )
                )
    return sorted(lines, key=lambda line: (not line.fired, line.key))


def _sheet(filled: Filled, item: Item, locale: str) -> ItemSheet:
    framework = filled.sheet.framework
    questions = _questions(filled, item.code, locale)
    waiting = sum(
        1 for q in questions if (step := framework.step(q.value)) and step.is_not_applicable and q.ruling is None
    )
    shown = showing.shown_item(framework, filled.score.item(item.code))
    return ItemSheet(item.code, item.name, item, shown, questions, waiting)


def _questions(filled: Filled, item: str | None, locale: str) -> list[ShownQuestion]:
    pairs = []
    for phase in [*filled.sheet.framework.earlier_phases(filled.sheet.phase), filled.sheet.phase]:
        pairs += showing.sections_for(filled, item, phase)
    return showing.shown_questions(filled, pairs, locale)


def _loose(filled: Filled, locale: str) -> list[ItemSheet]:
    """Return the sheet of the questions that belong to no item, when there are any."""
    questions = _questions(filled, None, locale)
    return [ItemSheet("-", showing.FACTS, None, None, questions, 0)] if questions else []


def _clashes(filled: Filled) -> list[tuple[Text, Text, list[str]]]:
    """Return the answers that do not fit together: what, what to check, and the asked questions."""
    asked = filled.score.asked
    return [
        (each.text, each.advice, [key for key in dict.fromkeys(questions_of(each.when)) if key in asked])
        for each in contradictions(filled.sheet.framework, filled.score)
    ]


def _findings(filled: Filled) -> list[tuple[str, Text]]:
    """Return what the rules find by themselves: each gate that is not met (domain.md §5.2 step 5)."""
    found = []
    for each in filled.score.items:
        for key in each.gates_open:
            said = Text("{item}：必須（★）の{key}が実施されていません。", "{item}: the gate {key} (★) is not met.")
            found.append((key, said.filled(item=filled.sheet.framework.item(each.item).name, key=key)))
    return found
