"""What is asked and which way a case goes: visible questions, route, flags and hard stops, as pure functions of the answers.

Kept apart from the score of the items, so that the routing rules of domain.md §4.1, §5.3 and §5.4 can be read alone. A hidden answer
counts nowhere; a route only ever grows stricter, except by a recorded ruling.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from governance.questionnaires.conditions import holds
from governance.questionnaires.definition import Effect, Framework, HardStop, Question, Questionnaire


@dataclass(frozen=True)
class Rulings:
    """What reviewers ruled about a revision (domain.md §5.2 step 3, §5.3, §5.4)."""

    accepted: frozenset[str] = frozenset()
    disproved: frozenset[str] = frozenset()
    cleared: frozenset[str] = frozenset()
    confirmed: frozenset[str] = frozenset()
    raised_before: frozenset[str] = frozenset()
    released: frozenset[str] = frozenset()
    route: str = ""


@dataclass(frozen=True)
class Stop:
    """An open hard stop and why it is open: facts, suspected (waits for legal), confirmed, or waits for release."""

    code: str
    reason: str


@dataclass(frozen=True)
class RouteStep:
    """One contribution to the route: `source` is trigger, inherent, residual, stop or override."""

    source: str
    rule: str
    route: str


@dataclass(frozen=True)
class Sheet:
    """What one screening asks, ready to score: pinned questionnaires in order and which were carried from earlier phases."""

    framework: Framework
    phase: str
    questionnaires: tuple[Questionnaire, ...]
    carried: frozenset[str] = frozenset()


# ---------------------------------------------------------------- what is asked

Placed = tuple[str | None, Question]


def visible_answers(sheet: Sheet, answers: Mapping[str, str]) -> dict[str, str]:
    """Return the answers whose question's own condition holds, to a fixed point: a hidden answer counts nowhere."""
    conditions = [(q.key, q.when) for each in sheet.questionnaires for _, q in each.questions() if q.when is not None]
    seen = dict(answers)
    for _ in conditions:
        hidden = [key for key, when in conditions if key in seen and not holds(when, seen)]
        if not hidden:
            break
        seen = {key: value for key, value in seen.items() if key not in hidden}
    return seen


def asked_questions(sheet: Sheet, route: str, fired: Sequence[Effect], answers: Mapping[str, str]) -> list[Placed]:
    """Return the (item, question) pairs that are asked, in order.

    Trigger questions and visible questions of this phase; on a route that asks only gates, the gates of this phase; of earlier
    phases what was carried forward (domain.md §5.2 step 3: current and earlier phases); packs when a fired rule attaches them.
    """
    packs = {pack for effect in fired for pack in effect.packs}
    gates_only = sheet.framework.route(route).asks == "gates"
    return [
        (section.item, question)
        for questionnaire in sheet.questionnaires
        for section, question in questionnaire.questions()
        if holds(question.when, answers) and _is_open(sheet, questionnaire, question, gates_only, packs)
    ]


def _is_open(sheet: Sheet, questionnaire: Questionnaire, question: Question, gates_only: bool, packs: set[str]) -> bool:
    if questionnaire.kind == "trigger":
        return True
    if questionnaire.kind == "pack":
        return questionnaire.pack in packs and not gates_only
    if questionnaire.phase != sheet.phase:
        return question.key in sheet.carried
    return question.gate or not gates_only


# ---------------------------------------------------------------- route, flags, hard stops, index


def base_route(framework: Framework, fired: Sequence[Effect], inherent: int | None) -> tuple[str, list[RouteStep]]:
    """Return the strictest route of the fired triggers and of the inherent level, with each contribution (domain.md §5.3)."""
    steps = [RouteStep("trigger", e.id, e.route) for e in fired if e.route]
    if inherent is not None:
        code = framework.level(inherent).code
        if code in framework.route_by_inherent:
            steps.append(RouteStep("inherent", code, framework.route_by_inherent[code]))
    return framework.stricter(framework.routes[0].code, *(step.route for step in steps)), steps


def final_route(
    framework: Framework, base: str, residual: int | None, stops: Sequence[Stop], rulings: Rulings
) -> tuple[str, list[RouteStep]]:
    """Return the route after moving up by the residual level, a reviewer's ruling, and open hard stops."""
    steps = []
    if residual is not None and (up := framework.move_up_by_residual.get(framework.level(residual).code)):
        steps.append(RouteStep("residual", framework.level(residual).code, up))
    if rulings.route:
        steps.append(RouteStep("override", "", rulings.route))
        base = rulings.route
    steps += [RouteStep("stop", stop.code, framework.routes[-1].code) for stop in stops]
    return framework.stricter(base, *(step.route for step in steps if step.source != "override")), steps


def flags_of(framework: Framework, fired: Sequence[Effect], inherent: int | None) -> tuple[str, ...]:
    """Return what is to be done besides the route, such as a discussion."""
    found = [flag for effect in fired for flag in effect.flags]
    if inherent is not None:
        found += framework.flag_by_inherent.get(framework.level(inherent).code, [])
    return unique(found)


def open_stops(
    framework: Framework, asked: Sequence[Placed], answers: Mapping[str, str], rulings: Rulings
) -> tuple[Stop, ...]:
    """Return the hard stops that stand (domain.md §5.4): no vote can approve past one.

    Only answers of asked questions count. A stop raised in an earlier revision stands until legal and team release it.
    """
    asked_keys = {question.key for _, question in asked}
    seen = {key: value for key, value in answers.items() if key in asked_keys}
    disproved = any(question.gate and question.key in rulings.disproved for _, question in asked)
    stops = [
        Stop(stop.code, reason)
        for stop in framework.hard_stops
        if (reason := _stop_reason(stop, seen, disproved, rulings))
    ]
    return tuple(stops)


def _stop_reason(stop: HardStop, answers: Mapping[str, str], disproved: bool, rulings: Rulings) -> str:
    if stop.code in rulings.confirmed:
        return "confirmed"
    by_facts = (stop.when is not None and holds(stop.when, answers)) or (stop.on_disproved_gate and disproved)
    if stop.clearable:
        return "suspected" if by_facts and stop.code not in rulings.cleared else ""
    if by_facts:
        return "facts"
    return "release" if stop.code in rulings.raised_before and stop.code not in rulings.released else ""


def unique(values: Iterable[str]) -> tuple[str, ...]:
    """Return the values once each, in the order they first appear."""
    return tuple(dict.fromkeys(values))
