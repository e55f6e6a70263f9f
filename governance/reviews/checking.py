"""What the check page of one case shows, gathered once: score in sentences, triggers, answers with gaps, what changed, decision.

No HTTP here; the page decides who sees which form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from governance.questionnaires.definition import YES_NO_UNKNOWN, Framework, Item
from governance.reviews.models import Decision, Review
from governance.reviews.services import review_of
from governance.screenings import showing
from governance.screenings.explain import ShownLevel, effect_of, level, route_reasons, stop_reason
from governance.screenings.loading import Filled, load
from governance.screenings.models import Screening, Snapshot
from governance.screenings.result import Score
from governance.screenings.routing import Stop
from governance.screenings.showing import ShownItem, ShownQuestion
from governance.screenings.snapshots import thaw
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
    """One item: its score and its answers, with what needs the reviewer's judgement first."""

    item: Item
    shown: ShownItem
    questions: list[ShownQuestion]
    to_rule: int


@dataclass(frozen=True)
class Case:
    """Everything the page shows about one case."""

    framework: Framework
    score: Score
    inherent: ShownLevel | None
    residual: ShownLevel | None
    reasons: list[Text]
    stops: list[tuple[Stop, Text, Text]]
    triggers: list[TriggerLine]
    sheets: list[ItemSheet]
    ratings: dict[str, Any]
    findings: list[tuple[str, Text]]
    changes: list[tuple[str, str, str]]
    review: Review | None
    decision: Decision | None
    snapshot: Snapshot | None


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
        score=score,
        inherent=level(framework, score.inherent),
        residual=level(framework, score.residual),
        reasons=route_reasons(framework, score, topics, filled.values),
        stops=[(s, *stop_reason(framework, s)) for s in score.stops],
        triggers=_triggers(filled),
        sheets=[_sheet(filled, item, locale) for item in framework.items],
        ratings=filled.ratings,
        findings=_findings(filled),
        changes=_changes(work, row, filled),
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
                        YES_NO_UNKNOWN.get(value, both("—")),
                        effect is not None,
                        value == "unknown",
                        effect_of(filled.sheet.framework, effect) if effect else None,
                    )
                )
    return sorted(lines, key=lambda line: (not line.fired, line.key))


def _sheet(filled: Filled, item: Item, locale: str) -> ItemSheet:
    framework, pairs = filled.sheet.framework, []
    for phase in [*framework.earlier_phases(filled.sheet.phase), filled.sheet.phase]:
        pairs += showing.sections_for(filled, item.code, phase)
    questions = showing.shown_questions(filled, pairs, locale)
    waiting = sum(
        1 for q in questions if (step := framework.step(q.value)) and step.is_not_applicable and q.ruling is None
    )
    return ItemSheet(item, showing.shown_item(framework, filled.score.item(item.code)), questions, waiting)


def _findings(filled: Filled) -> list[tuple[str, Text]]:
    """Return what the rules find by themselves: each gate that is not met (domain.md §5.2 step 5)."""
    found = []
    for each in filled.score.items:
        for key in each.gates_open:
            said = Text("{item}：必須（★）の{key}が実施されていません。", "{item}: the gate {key} (★) is not met.")
            found.append((key, said.filled(item=filled.sheet.framework.item(each.item).name, key=key)))
    return found


def _changes(work: UnitOfWork, row: Screening, filled: Filled) -> list[tuple[str, str, str]]:
    """Return (question, before, now) of every answer that differs from the previous submitted revision."""
    earlier = [s for s in row.snapshots if s.revision < row.revision and s.stage == "submitted"]
    if not earlier:
        return []
    before = {a["key"]: a["value"] for a in thaw(work.session, earlier[-1])["answers"] if a["asked"]}
    now = {key: value for key, value in filled.values.items() if key in filled.score.asked}
    return [
        (key, before.get(key, ""), now.get(key, ""))
        for key in sorted({*before, *now})
        if before.get(key, "") != now.get(key, "")
    ]
