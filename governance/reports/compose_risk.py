"""Sections 4 and 5 of a content: triggers, route, levels with their arithmetic, changes, hard stops, heat map."""

from __future__ import annotations

import fractions
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from governance.questionnaires.definition import Effect, Level, Question
from governance.questionnaires.methods import Points
from governance.reports import sentences
from governance.reports.assessment import (
    Change,
    Counterfactual,
    Fraction,
    GridRow,
    RatedItem,
    Rating,
    Risk,
    Route,
    Stop,
    Trigger,
)
from governance.reports.case import Case, PhaseState
from governance.reports.names import as_text, coded, day_of, decimal, entered, percent, person_name, said
from governance.reports.words import Words
from governance.reviews.rules import OUTCOMES
from governance.screenings import explain, kinds
from governance.screenings.points import level_of
from governance.screenings.result import Adjustment, ItemScore, shown
from governance.states import state_of
from governance.texts import Text, both, joined


def triggers(case: Case) -> list[Trigger]:
    """Return every trigger question that was asked, with answer, reason and what it set off."""
    fired = {effect.id: effect for effect in case.framework.effects if effect.id in case.score.fired}
    return [
        _trigger(case, question, case.answers.get(question.key), fired) for _, _, question in case.placed("trigger")
    ]


def _trigger(case: Case, question: Question, answer: dict[str, Any] | None, fired: dict[str, Effect]) -> Trigger:
    own = [
        effect
        for effect in fired.values()
        if question.key == effect.id or (question.key == effect.trigger and effect.id not in _keys(case))
    ]
    value = answer["value"] if answer else ""
    lines = [explain.effect_of(case.framework, effect) for effect in own]
    return {
        "id": question.key,
        "text": said(question.text),
        "answer": said(kinds.in_words(case.framework, question, value, (answer or {}).get("text") or ""))
        if value
        else None,
        "fired": bool(own),
        "unsure": value == "unknown",
        "reason": entered(answer["remark"]) if answer else None,
        "confirmed": None,
        "effects": [said(line) for line in lines if line.ja],
    }


def _keys(case: Case) -> set[str]:
    return {question.key for _, _, question in case.placed("trigger")}


def route(case: Case) -> Route:
    """Return the route with the reasons that led to it and who may decide at this residual level."""
    framework, score = case.framework, case.score
    topics = {question.key: question.topic for _, _, question in case.placed("trigger")}
    rows = [
        row for row in framework.deciders if score.residual and row.residual == framework.level(score.residual).code
    ]
    return {
        "result": coded(score.route, framework.route(score.route).name),
        "steps": [said(reason) for reason in explain.route_reasons(framework, score, topics, case.frozen.values)],
        "deciders": said(joined([_row(case, row.bodies, row.outcomes) for row in rows], "。", ". ")) if rows else None,
    }


def _row(case: Case, bodies: list[str], outcomes: list[str]) -> Text:
    who = joined([case.framework.name_of("bodies", code) for code in bodies], "・", ", ")
    what = joined([OUTCOMES.get(code, both(code)) for code in outcomes], "・", ", ")
    return Text("{who}：{what}", "{who}: {what}").filled(who=who, what=what)


def risk(case: Case) -> Risk:
    """Return the assessment of every item and of the case."""
    score = case.score
    return {
        "rated": [_rated(case, item) for item in score.items],
        "inherent": score.inherent or 1,
        "residual": score.residual or 1,
        "aggregate": said(_aggregate(case)),
        "totals": [{"name": said(name), "text": said(text)} for name, text in explain.totals(case.framework, score)],
        "index": None if score.index is None else str(score.index),
        "changes": [*_adjustments(case), *_rulings(case)],
        "stops": _stops(case),
    }


def _aggregate(case: Case) -> Text:
    score = case.score
    if case.framework.matrix:
        return sentences.AGGREGATE.filled(n=len(score.items))
    return sentences.AGGREGATE_OF_POINTS.filled(before=shown(score.percent), after=shown(score.residual_percent))


def _rated(case: Case, item: ItemScore) -> RatedItem:
    reasons = case.rating_reasons.get(item.item, {})
    control: Fraction | None = None
    if item.effectiveness is not None and case.framework.matrix:
        control = {"num": decimal(item.points), "den": decimal(item.weight), "pct": percent(item.effectiveness)}
    return {
        "item": item.item,
        "severity": _rating(item.severity_chosen, item.severity, reasons.get("severity_reason")),
        "likelihood": _rating(item.likelihood_chosen, item.likelihood, reasons.get("likelihood_reason")),
        "ground": _ground_of(case, item),
        "inherent": item.inherent,
        "control": control,
        "residual": item.residual,
        "why": said(explain.verdict(case.framework, item)),
        "counterfactual": _counterfactual(case, item),
    }


def _ground_of(case: Case, item: ItemScore) -> Words:
    """Return in figures how the inherent level came about: the product, or the points."""
    if case.framework.matrix is None:
        return said(explain.fraction(item))
    return None if item.product is None else str(item.product)


def _rating(chosen: int | None, final: int | None, reason: str | None) -> Rating | None:
    return None if chosen is None or final is None else {"chosen": chosen, "final": final, "reason": entered(reason)}


def _counterfactual(case: Case, item: ItemScore) -> Counterfactual | None:
    """Return the smallest set of controls that lowers the item, with the fraction it would give (domain.md §5.6 ③)."""
    rules = case.framework.scoring
    if not item.needed or item.residual is None or item.needed_percent is None:
        return None
    if isinstance(rules, Points):
        return _fewer_points(rules, item, item.needed_percent)
    best = max(
        (step for step in case.framework.scale if step.factor is not None), key=lambda step: step.factor or Decimal(0)
    )
    gain = sum(
        (c.weight * ((best.factor or Decimal(0)) - c.factor) for c in item.counted if c.key in item.needed), Decimal(0)
    )
    return {
        "questions": list(item.needed),
        "to": said(best.name),
        "control": {
            "num": decimal(item.points + gain),
            "den": decimal(item.weight),
            "pct": percent(item.needed_percent),
        },
        "residual": max(1, item.residual - rules.step_down),
    }


def _fewer_points(rules: Points, item: ItemScore, percent_then: Decimal) -> Counterfactual:
    """Return the smallest set of answers that lowers an item under `points`, with the points left then."""
    left = (item.weight * percent_then / 100).quantize(Decimal("0.01"))
    return {
        "questions": list(item.needed),
        "to": said(sentences.LEAST),
        "control": {"num": decimal(left), "den": decimal(item.weight), "pct": percent(percent_then)},
        "residual": level_of(rules, fractions.Fraction(percent_then) / 100) or 1,
    }


def _adjustments(case: Case) -> Iterator[Change]:
    """Yield a row for every minimum and increment that a trigger put on an item."""
    for item in case.score.items:
        for change in item.adjustments:
            chosen, final = (
                (item.severity_chosen, item.severity)
                if change.axis == "severity"
                else (item.likelihood_chosen, item.likelihood)
            )
            yield {
                "kind": said(sentences.CHANGE_KINDS[change.kind]),
                "subject": said(case.framework.item(item.item).name),
                "change": f"{change.axis[0].upper()} {chosen} → {final}",
                "ground": said(_ground(case, change)),
                "by": None,
                "on": None,
            }


def _ground(case: Case, change: Adjustment) -> Text:
    basis = next((effect.basis for effect in case.framework.effects if effect.id == change.rule), "")
    sentence = explain.adjustment(case.framework, change)
    return Text("{said}（{basis}）", "{said} ({basis})").filled(said=sentence, basis=basis) if basis else sentence


def _rulings(case: Case) -> Iterator[Change]:
    """Yield a row for every ruling of a reviewer: beside the values, never over them."""
    for ruling in case.frozen.body["rulings"]:
        outcome = sentences.RULED.get(ruling["outcome"])
        named = (
            case.framework.name_of("routes", ruling["outcome"])
            if ruling["kind"] == "route"
            else both(ruling["outcome"])
        )
        yield {
            "kind": said(sentences.CHANGE_KINDS.get(ruling["kind"], both(ruling["kind"]))),
            "subject": said(case.framework.name_of("hard_stops", ruling["target"]))
            if ruling["kind"] == "hard_stop"
            else ruling["target"],
            "change": said(outcome or named),
            "ground": entered(ruling["reason"]),
            "by": ruling["by"] if ruling["by"] in case.people else None,
            "on": day_of(ruling["at"]),
        }


def ruling_on(case: Case, key: str) -> Words:
    """Return what a reviewer last ruled about one answer, as a sentence; nothing when nobody did."""
    found = [
        r for r in case.frozen.body["rulings"] if r["target"] == key and r["kind"] in {"not_applicable", "evidence"}
    ]
    if not found:
        return None
    last = found[-1]
    return said(
        sentences.RULING.filled(
            kind=sentences.CHANGE_KINDS[last["kind"]],
            outcome=sentences.RULED.get(last["outcome"], both(last["outcome"])),
            who=person_name(case, last["by"]),
            on=day_of(last["at"]),
            reason=as_text(entered(last["reason"])),
        )
    )


def _stops(case: Case) -> list[Stop]:
    standing = {stop.code: stop for stop in case.score.stops}
    return [
        {
            "id": rule.code,
            "text": said(rule.name),
            "hit": rule.code in standing,
            "note": said(rule.advice) if rule.code in standing else None,
        }
        for rule in case.framework.hard_stops
    ]


def grid(case: Case) -> list[GridRow]:
    """Return inherent and residual level of every item in every phase: this report's phase from its own snapshot."""
    known = {each.phase: each for each in case.phases}
    return [_row_of(case, phase.code, known.get(phase.code)) for phase in case.framework.phases]


def _row_of(case: Case, phase: str, found: PhaseState | None) -> GridRow:
    score = case.score if phase == case.screening.phase else found.score if found else None
    levels = {item.item: item for item in score.items} if score else {}
    state = state_of(found.state if found else "none").text
    if found and found.decided_on:
        state = Text("{state} {on}", "{state} {on}").filled(state=state, on=found.decided_on.isoformat())
    cells = [levels.get(item.code) for item in case.framework.items]
    return {
        "phase": phase,
        "state": said(state),
        "cells": [
            {"inherent": cell.inherent, "residual": cell.residual} if cell and cell.inherent and cell.residual else None
            for cell in cells
        ],
    }


def cut_words(case: Case) -> Words:
    """Return how products are read as levels, "1–3 Low, 4–7 Medium, …"."""
    levels: list[Level] = case.framework.levels
    rules = case.framework.scoring
    if isinstance(rules, Points):
        return said(sentences.SHARES.filled(cuts=joined(_share_cuts(rules, levels))))
    highest = len(case.framework.severity) * len(case.framework.likelihood)
    tops = [level.at_least - 1 for level in levels[1:]] + [highest]
    cuts = [
        sentences.CUT.filled(low=level.at_least, high=top, level=level.name)
        for level, top in zip(levels, tops, strict=True)
        if level.at_least <= top
    ]
    return said(sentences.CUTS.filled(cuts=joined(cuts)))


def _share_cuts(rules: Points, levels: list[Level]) -> list[Text]:
    """Return how shares are read as levels, "25%以下をⅠ"."""
    first, between, last = sentences.BOUNDS[rules.bound]
    bounds = [format(bound.normalize(), "f") for bound in rules.upper_bounds]
    words = [first, *[between] * (len(bounds) - 1), last]
    return [
        form.filled(low=low, high=high, level=level.name)
        for form, low, high, level in zip(words, ["", *bounds], [*bounds, ""], levels, strict=True)
    ]
