"""What is asked and which way a case goes: visible questions, route, flags and hard stops, as pure functions of the answers.

Kept apart from the score of the items, so that the routing rules of domain.md §4.1, §5.3 and §5.4 can be read alone. A hidden answer
counts nowhere; a route only ever grows stricter, except by a recorded ruling.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from governance.questionnaires.conditions import Condition, holds, questions_of
from governance.questionnaires.definition import Effect, Framework, HardStop, Question, Questionnaire, Section


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


Conditions = tuple[str, list[Condition]]


@dataclass(frozen=True)
class Sheet:
    """What one screening asks, ready to score: pinned questionnaires in order and which were carried from earlier phases."""

    framework: Framework
    phase: str
    questionnaires: tuple[Questionnaire, ...]
    carried: frozenset[str] = frozenset()

    def carrying(self, carried: frozenset[str]) -> Sheet:
        """Return the sheet with these questions carried forward; what was found out about its documents stays known."""
        made = replace(self, carried=carried)
        vars(made).update({**vars(self), "carried": carried})
        return made

    # What follows are facts about the documents alone, found once: a sheet is kept as long as the process (loading.py).

    @cached_property
    def by_key(self) -> Mapping[str, Question]:
        """Question key → question, of every question whether asked or not."""
        return {q.key: q for each in self.questionnaires for _, q in each.questions()}

    @cached_property
    def optional(self) -> frozenset[str]:
        """Keys of the questions that may stay empty."""
        return frozenset(q.key for each in self.questionnaires for _, q in each.questions() if not q.required)

    @cached_property
    def pages(self) -> Mapping[tuple[str | None, str], Sequence[tuple[Questionnaire, Section, Question]]]:
        """(item or None, phase) → the questions that could stand on that page, in order; those of packs in the sheet's own phase."""
        found: dict[tuple[str | None, str], list[tuple[Questionnaire, Section, Question]]] = defaultdict(list)
        for each in self.questionnaires:
            for section, question in each.questions() if each.kind != "trigger" else ():
                found[section.item, each.phase or self.phase].append((each, section, question))
        return found

    @cached_property
    def every(self) -> Sequence[tuple[Questionnaire, Section, Question]]:
        """Every question with its section and document, in order, whether asked or not."""
        return [(each, section, question) for each in self.questionnaires for section, question in each.questions()]

    @cached_property
    def conditions(self) -> Mapping[str, Conditions]:
        """Per question the pack it belongs to ("" for none) and the conditions on itself and its section."""
        return {
            question.key: (
                (each.pack or "") if each.kind == "pack" else "",
                [when for when in (section.when, question.when) if when is not None],
            )
            for each, section, question in self.every
        }

    @cached_property
    def steering(self) -> frozenset[str]:
        """The questions whose answers decide what else is asked or fires: those that any condition looks at."""
        conditions = [effect.when for effect in self.framework.effects]
        conditions += [each.when for each in self.questionnaires if each.when]
        conditions += [when for _, own in self.conditions.values() for when in own]
        return frozenset(key for when in conditions for key in questions_of(when))


# ---------------------------------------------------------------- what is asked

Placed = tuple[str | None, Question]


@dataclass(frozen=True)
class Case:
    """The answers as they count: those of visible questions, the effects they fire, and the packs attached."""

    answers: Mapping[str, str]
    fired: tuple[Effect, ...]
    packs: tuple[str, ...]


def settled(sheet: Sheet, answers: Mapping[str, str]) -> Case:
    """Return what counts of the answers, to a fixed point: a hidden answer counts nowhere, and shows again when its reason returns.

    Which questions are visible, which effects fire and which packs are attached rest on each other. Published documents hold no
    circle (questionnaires/reach.py), so the rounds settle after at most one per question and pack.
    """
    conditioned = sheet.conditions
    known = {key: value for key, value in answers.items() if key in conditioned}
    seen, fired = known, _fired(sheet, known)
    packs = _attached(sheet, fired, known)
    for _ in range(len(conditioned) + len(sheet.questionnaires) + 2):
        now = {key: value for key, value in known.items() if _is_visible(conditioned[key], seen, packs, sheet.phase)}
        fired = _fired(sheet, now)
        before, seen, packs = (seen, packs), now, _attached(sheet, fired, now, packs)
        if (seen, packs) == before:
            break
    return Case(seen, fired, packs)


def settled_on(sheet: Sheet, route: str, answers: Mapping[str, str], case: Case) -> Case:
    """Return what counts on a route: one that asks only gates leaves every answer out that it does not ask for.

    The effects that led to the route stay: they rest on the trigger sheet, which every route asks.
    """
    if sheet.framework.route(route).asks != "gates":
        return case
    open_keys = {
        question.key
        for questionnaire, _, question in sheet.every
        if _is_open(sheet, questionnaire, question, gates_only=True)
    }
    kept = settled(sheet, {key: value for key, value in answers.items() if key in open_keys})
    return Case(kept.answers, case.fired, kept.packs)


def _is_visible(conditions: Conditions, answers: Mapping[str, str], packs: Sequence[str], phase: str) -> bool:
    pack, conditions_own = conditions
    return (not pack or pack in packs) and all(holds(when, answers, packs, phase) for when in conditions_own)


def _attached(
    sheet: Sheet, fired: Sequence[Effect], answers: Mapping[str, str], packs: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the packs that fired effects attach or whose own condition holds, in the order of the effects and documents."""
    by_effect = [pack for effect in fired for pack in effect.packs]
    by_condition = [
        each.pack
        for each in sheet.questionnaires
        if each.kind == "pack" and each.pack and each.when and holds(each.when, answers, packs, sheet.phase)
    ]
    return unique([*by_effect, *by_condition])


def _fired(sheet: Sheet, answers: Mapping[str, str]) -> tuple[Effect, ...]:
    return tuple(effect for effect in sheet.framework.effects if holds(effect.when, answers, (), sheet.phase))


def asked_questions(sheet: Sheet, route: str, case: Case) -> list[Placed]:
    """Return the (item, question) pairs that are asked, in order.

    Trigger questions and visible questions of this phase; on a route that asks only gates, the gates of this phase; of earlier
    phases what was carried forward (domain.md §5.2 step 3: current and earlier phases); packs when they are attached.
    """
    gates_only = sheet.framework.route(route).asks == "gates"
    return [
        (section.item, question)
        for questionnaire, section, question in sheet.every
        if _is_visible(sheet.conditions[question.key], case.answers, case.packs, sheet.phase)
        and _is_open(sheet, questionnaire, question, gates_only)
    ]


def _is_open(sheet: Sheet, questionnaire: Questionnaire, question: Question, gates_only: bool) -> bool:
    if questionnaire.kind == "trigger":
        return True
    if questionnaire.kind == "pack":
        return not gates_only
    if questionnaire.phase != sheet.phase:
        return question.key in sheet.carried
    return question.gate or not gates_only


def contradictions_of(sheet: Sheet, case: Case, asked: Sequence[Placed]) -> tuple[str, ...]:
    """Return the codes of the contradiction rules that hold for the answers of asked questions."""
    keys = {question.key for _, question in asked}
    seen = {key: value for key, value in case.answers.items() if key in keys}
    return tuple(c.code for c in sheet.framework.contradictions if holds(c.when, seen, case.packs, sheet.phase))


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


def open_stops(sheet: Sheet, asked: Sequence[Placed], case: Case, rulings: Rulings) -> tuple[Stop, ...]:
    """Return the hard stops that stand (domain.md §5.4): no vote can approve past one.

    Only answers of asked questions count. A stop raised in an earlier revision stands until legal and team release it.
    """
    asked_keys = {question.key for _, question in asked}
    seen = {key: value for key, value in case.answers.items() if key in asked_keys}
    disproved = any(question.gate and question.key in rulings.disproved for _, question in asked)
    stops = [
        Stop(stop.code, reason)
        for stop in sheet.framework.hard_stops
        if (reason := _stop_reason(stop, Case(seen, case.fired, case.packs), sheet.phase, disproved, rulings))
    ]
    return tuple(stops)


def _stop_reason(stop: HardStop, case: Case, phase: str, disproved: bool, rulings: Rulings) -> str:
    if stop.code in rulings.confirmed:
        return "confirmed"
    by_facts = (stop.when is not None and holds(stop.when, case.answers, case.packs, phase)) or (
        stop.on_disproved_gate and disproved
    )
    if stop.clearable:
        return "suspected" if by_facts and stop.code not in rulings.cleared else ""
    if by_facts:
        return "facts"
    return "release" if stop.code in rulings.raised_before and stop.code not in rulings.released else ""


def unique(values: Iterable[str]) -> tuple[str, ...]:
    """Return the values once each, in the order they first appear."""
    return tuple(dict.fromkeys(values))
