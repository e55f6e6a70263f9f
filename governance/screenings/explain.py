"""The score said in sentences, in both languages: what pages show beside the form and reports print beside the figures.

Each judgement comes with its arithmetic (domain.md §5.6). The sentences are made from the `Score` alone, so a page, a report and a
test of an old snapshot say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from governance.questionnaires.conditions import Condition, sentence
from governance.questionnaires.definition import (
    YES_NO_UNKNOWN,
    Contradiction,
    Effect,
    Framework,
    Question,
    Questionnaire,
    Section,
)
from governance.questionnaires.methods import Matrix, Points
from governance.questionnaires.values import said, step_name, values_of
from governance.screenings.result import Adjustment, ItemScore, Score, TotalScore, shown
from governance.screenings.routing import RouteStep, Sheet, Stop
from governance.texts import Text, both, joined


@dataclass(frozen=True)
class ShownLevel:
    """A level as pages draw it: rank from 1 and the framework's own word."""

    rank: int
    text: Text


def level(framework: Framework, rank: int | None) -> ShownLevel | None:
    """Return a level for display, or None while it is not rated."""
    return ShownLevel(rank, framework.level(rank).name) if rank else None


VERDICTS = {
    "taken": Text(
        "対策の効きが{limit}%に達し、必須（★）も満たすため、{step}下がって「{level}」です。",
        "Controls reach {limit}% and every gate (★) is met, so the level is {step} lower: “{level}”.",
    ),
    "lowest_level": Text(
        "対策前から最も低い区分「{level}」です。", "The level is the lowest, “{level}”, even before controls."
    ),
    "below_threshold": Text(
        "対策の効きが{limit}%に{lack}ポイント届かないため、「{level}」のままです。",
        "Controls are {lack} points short of {limit}%, so the level stays “{level}”.",
    ),
    "gate_open": Text(
        "必須（★）の{gates}が未達のため、「{level}」から下がりません。",
        "The gate {gates} (★) is open, so the level stays “{level}”.",
    ),
    "gate_open_blocks": Text(
        "必須（★）の{gates}が未達のため、「{level}」から下がらず、承認には付帯条件が必要です。",
        "The gate {gates} (★) is open, so the level stays “{level}” and an approval needs a condition.",
    ),
    "summed": Text(
        "リスクの点数は最大の{percent}%で、「{level}」です。", "Risk points are {percent}% of their maximum: “{level}”."
    ),
    "mitigated": Text(
        "リスクの点数は最大の{percent}%です。低減策が基準に達したため{off}%を差し引き、「{level}」です。",
        "Risk points are {percent}% of their maximum; mitigation reached its mark and takes {off}% off: “{level}”.",
    ),
    "nothing_counted": Text(
        "数えられる対策がないため、「{level}」のままです。",
        "There is no control to count, so the level stays “{level}”.",
    ),
}
"""Why an item has its residual level, by the reason of its step."""


def verdict(framework: Framework, item: ItemScore) -> Text:
    """Return one sentence: the residual level and why it is not lower."""
    rules = framework.scoring
    if item.residual is None:
        return UNRATED[rules.method]
    values: dict[str, object] = {"level": framework.level(item.residual).name, "percent": shown(item.effectiveness)}
    if isinstance(rules, Matrix):
        gates = joined([both(key) for key in item.gates_open])
        values |= {"limit": _short(rules.step_down_at_percent), "lack": _lack(rules, item), "gates": gates}
        values |= {"step": _steps(rules.step_down)}
    elif rules.mitigation:
        values |= {"off": _short(rules.mitigation.takes_off_percent)}
    return VERDICTS[item.step_reason].filled(**values)


def _lack(rules: Matrix, item: ItemScore) -> str:
    """Return how many points are missing, rounded up: what is short of the mark never reads as nothing."""
    if item.effectiveness is None:
        return "—"
    return str((rules.step_down_at_percent - item.effectiveness).quantize(Decimal("0.1"), rounding=ROUND_CEILING))


def _steps(count: int) -> Text:
    return Text("一段", "one step") if count == 1 else Text(f"{count}段", f"{count} steps")


UNRATED = {
    "matrix": Text(
        "影響と起こりやすさを選ぶと、リスク区分が決まります。",
        "Choose severity and likelihood to see the risk level.",
    ),
    "points": Text("この項目には点数の付く質問がありません。", "No question of this item carries points."),
}


def fraction(item: ItemScore) -> Text:
    """Return the sum of control effectiveness, "12.6 ÷ 16 = 78.8%"."""
    if item.effectiveness is None:
        return Text("該当する質問なし", "no question counts")
    return both(f"{_short(item.points)} ÷ {_short(item.weight)} = {shown(item.effectiveness)}%")


def product(framework: Framework, item: ItemScore) -> Text:
    """Return "3 × 3 = 9 → 高", or that it is not rated yet."""
    if item.product is None or item.inherent is None:
        return Text("未評価", "not rated")
    return Text("{sum} → {level}", "{sum} → {level}").filled(
        sum=f"{item.severity} × {item.likelihood} = {item.product}", level=framework.level(item.inherent).name
    )


def adjustment(framework: Framework, change: Adjustment) -> Text:
    """Return why S or L differs from what was chosen, naming the trigger."""
    if change.kind == "floor":
        return Text("{rule} により下限 {value}", "minimum {value} because of {rule}").filled(
            rule=change.rule, value=change.value
        )
    return Text("{rule} により ＋{value}", "+{value} because of {rule}").filled(rule=change.rule, value=change.value)


def singles(
    framework: Framework, item: ItemScore, questions: Mapping[str, Question] | None = None
) -> list[tuple[str, Text, str]]:
    """Return (question key, what to do, "78.8 → 82.5%") for each act that alone lowers the item."""
    steps = {step.code: step_name(step) for step in framework.scale}
    found = []
    for each in item.singles:
        question = (questions or {}).get(each.key)
        name = said(framework, question, each.to) if question else steps.get(each.to, both(each.to))
        act = (
            Text("を「{to}」以上にする", "to “{to}” or better")
            if each.to in steps
            else Text("を「{to}」にする", "to “{to}”")
        )
        found.append((each.key, act.filled(to=name), f"{shown(item.effectiveness)} → {shown(each.percent)}%"))
    return found


def needed(framework: Framework, item: ItemScore) -> Text | None:
    """Return the set of answers that lowers the item, as a sentence that claims to be the smallest only when it is proved."""
    if not item.needed or item.residual is None:
        return None
    rules = framework.scoring
    lower = item.residual - (rules.step_down if isinstance(rules, Matrix) else 1)
    told = NEEDED[rules.method].filled(
        keys=joined([both(key) for key in item.needed]),
        count=len(item.needed),
        percent=shown(item.needed_percent),
        level=framework.level(max(1, lower)).name,
    )
    return (NO_SMALLER if item.exact else A_WAY).filled(sentence=told)


NEEDED = {
    "matrix": Text(
        "{keys} の{count}問を証跡まで整えると、対策の効きは{percent}%となり「{level}」に下がります",
        "Completing {keys} with evidence ({count} in all) brings controls to {percent}% and the level to “{level}”",
    ),
    "points": Text(
        "{keys} の{count}問が最も低い点になると、点数は{percent}%となり「{level}」以下に下がります",
        "With the least risky answer to {keys} ({count} in all) points come to {percent}%: “{level}” or lower",
    ),
}
NO_SMALLER = Text("{sentence}（これより少ない組では下がりません）。", "{sentence}; no smaller set does.")
A_WAY = Text("{sentence}。", "{sentence}.")


def case_needed(score: Score) -> Text | None:
    """Return what lowers the whole case by a level, as a sentence; None when nothing can."""
    if not score.needed:
        return None
    return Text(
        "{keys} の{count}問を改めると、案件全体の区分が下がります。",
        "Improving {keys} ({count} in all) lowers the level of the whole case.",
    ).filled(keys=joined([both(key) for key in score.needed]), count=len(score.needed))


def totals(framework: Framework, score: Score) -> list[tuple[Text, Text]]:
    """Return each named total with its sum and what it does, "12 ÷ 40 = 30.0%"; empty under a method without totals."""
    rules = framework.scoring
    return [
        (
            next(each.name for each in rules.totals if each.code == total.total),
            _total(rules, total),
        )
        for total in score.totals
        if isinstance(rules, Points)
    ]


def _total(rules: Points, total: TotalScore) -> Text:
    line = both(f"{_short(total.points)} ÷ {_short(total.maximum)} = {shown(total.percent)}%")
    rule = rules.mitigation
    if rule is None or rule.total != total.total:
        return line
    words = Text(
        "{line}。{reaches}%に達したため、リスクの点数から{off}%を差し引きます。",
        "{line}. It reached {reaches}%, so {off}% is taken off the risk points.",
    )
    if not total.reached:
        words = Text(
            "{line}。{reaches}%に達すると、リスクの点数から{off}%を差し引きます。",
            "{line}. At {reaches}%, {off}% would be taken off the risk points.",
        )
    return words.filled(line=line, reaches=_short(rule.reaches_percent), off=_short(rule.takes_off_percent))


def contradictions(framework: Framework, score: Score) -> list[Contradiction]:
    """Return the contradiction rules that hold: each says what does not fit and what to check."""
    return [each for each in framework.contradictions if each.code in score.contradictions]


def route_reasons(
    framework: Framework, score: Score, topics: Mapping[str, Text], answers: Mapping[str, str]
) -> list[Text]:
    """Return why the route came out, strictest reasons first, one sentence each (domain.md §5.6 ①)."""
    steps = sorted(score.route_steps, key=lambda step: -framework.route_rank(step.route))
    return [_route_reason(framework, step, topics, answers) for step in steps]


def _route_reason(
    framework: Framework, step: RouteStep, topics: Mapping[str, Text], answers: Mapping[str, str]
) -> Text:
    route = framework.route(step.route).name
    if step.source == "trigger":
        key = step.rule if step.rule in topics else _trigger_of(framework, step.rule)
        return Text(
            "{key}「{topic}」が「{answer}」→ {route}", "{key} “{topic}” was answered “{answer}” → {route}"
        ).filled(
            key=key,
            topic=topics.get(key, both(key)),
            route=route,
            answer=YES_NO_UNKNOWN.get(answers.get(key, ""), both(answers.get(key, ""))),
        )
    if step.source == "stop":
        return Text("停止事由 {code}「{name}」→ {route}", "Hard stop {code} “{name}” → {route}").filled(
            code=step.rule, name=framework.name_of("hard_stops", step.rule), route=route
        )
    words = {
        "inherent": Text("対策前のリスク「{level}」→ {route}", "Inherent risk “{level}” → {route}"),
        "residual": Text("残余リスク「{level}」→ {route}に上げる", "Residual risk “{level}” → moved up to {route}"),
        "override": Text("審査者の判断 → {route}", "Ruling of the reviewer → {route}"),
    }
    return words[step.source].filled(level=framework.name_of("levels", step.rule), route=route)


def _trigger_of(framework: Framework, rule: str) -> str:
    return next((effect.trigger for effect in framework.effects if effect.id == rule), rule)


def stop_reason(framework: Framework, stop: Stop) -> tuple[Text, Text]:
    """Return (what stands, what to do) of an open hard stop."""
    rule = next(each for each in framework.hard_stops if each.code == stop.code)
    states = {
        "facts": Text("回答された事実によるものです。", "It follows from the answers."),
        "suspected": Text("法務部門の確認を待っています。", "It waits for a ruling of the legal department."),
        "confirmed": Text("法務部門が該当すると判断しました。", "The legal department ruled that it applies."),
        "release": Text(
            "事実は改められました。法務部門と専門チームの解除を待っています。",
            "The facts have changed; legal and the expert team have to release it.",
        ),
    }
    head = Text("{code} {name}。{state}", "{code} {name}. {state}").filled(
        code=rule.code, name=rule.name, state=states[stop.reason]
    )
    return head, rule.advice


def asked_because(
    sheet: Sheet, question: Question, fired: Sequence[str] = (), answers: Mapping[str, str] | None = None
) -> Text | None:
    """Return why a question is asked, when that is not plain: the trigger that attached its pack, and the conditions that hold.

    `fired` are the effects that fired; `answers` let the trigger be quoted as it was answered.
    """
    home = _home(sheet, question)
    if home is None:
        return None
    each, section = home
    return _because([*_pack_reasons(sheet, each, fired, answers or {}), *_own_reasons(sheet, section, question)])


def question_because(sheet: Sheet, section: Section, question: Question) -> Text | None:
    """Return the conditions of a question and its section alone: what stands beside it under a heading that explains its pack."""
    return _because(_own_reasons(sheet, section, question))


def pack_because(sheet: Sheet, each: Questionnaire, fired: Sequence[str], answers: Mapping[str, str]) -> Text | None:
    """Return why a pack is asked: the trigger that attached it, as it was answered, and its own condition."""
    return _because(_pack_reasons(sheet, each, fired, answers))


def _because(reasons: Sequence[Text]) -> Text | None:
    if not reasons:
        return None
    return Text("{reason}ため。", "Because {reason}.").filled(reason=joined(reasons, "、かつ", " and "))


def _pack_reasons(sheet: Sheet, each: Questionnaire, fired: Sequence[str], answers: Mapping[str, str]) -> list[Text]:
    """Return why the pack is attached: a trigger, or else its own condition; either suffices."""
    by_trigger = _pack_reason(sheet, each.pack, fired, answers) if each.kind == "pack" and each.pack else None
    if by_trigger is not None:
        return [by_trigger]
    return [read_out(sheet, each.when)] if each.when is not None else []


def _own_reasons(sheet: Sheet, section: Section, question: Question) -> list[Text]:
    return [read_out(sheet, when) for when in (section.when, question.when) if when is not None]


def _home(sheet: Sheet, question: Question) -> tuple[Questionnaire, Section] | None:
    for each in sheet.questionnaires:
        for section, found in each.questions():
            if found.key == question.key:
                return each, section
    return None


def _pack_reason(sheet: Sheet, pack: str, fired: Sequence[str], answers: Mapping[str, str]) -> Text | None:
    """Return which trigger attached the pack, "T11「生成AIの利用」が「はい」"."""
    keys = {q.key: q for each in sheet.questionnaires for _, q in each.questions()}
    effect = next((e for e in sheet.framework.effects if e.id in fired and pack in e.packs), None)
    if effect is None or effect.trigger not in keys:
        return None
    question = keys[effect.trigger]
    return Text("{key}「{topic}」が「{answer}」である", "{key} “{topic}” was answered “{answer}”").filled(
        key=question.key, topic=question.topic, answer=said(sheet.framework, question, answers.get(question.key, ""))
    )


def read_out(sheet: Sheet, when: Condition) -> Text:
    """Return a condition as a sentence, with values named as the filler saw them."""
    questions = {q.key: q for each in sheet.questionnaires for _, q in each.questions()}
    phases = {phase.code: phase.name for phase in sheet.framework.phases}
    return sentence(
        when,
        lambda key, value: (
            _label(sheet.framework, questions.get(key), value) if key else phases.get(value, both(value))
        ),
    )


def effect_of(framework: Framework, effect: Effect) -> Text:
    """Return what a fired rule does, in one line: route, floors, bumps, packs, flags."""
    parts = [framework.route(effect.route).name] if effect.route else []
    parts += [*_on_items(framework, effect), *_on_all_items(effect)]
    parts += [Text("追加質問群 {pack}", "pack {pack}").filled(pack=pack) for pack in effect.packs]
    parts += [framework.name_of("flags", flag) for flag in effect.flags]
    return joined(parts, "、", "; ")


def _on_items(framework: Framework, effect: Effect) -> Iterator[Text]:
    for code, value in effect.severity_floors.items():
        said = Text("{item}の影響の下限 {value}", "{item}: severity at least {value}")
        yield said.filled(item=framework.item(code).short, value=value)
    for code, value in effect.likelihood_bumps.items():
        said = Text("{item}の起こりやすさ ＋{value}", "{item}: likelihood +{value}")
        yield said.filled(item=framework.item(code).short, value=value)


def _on_all_items(effect: Effect) -> Iterator[Text]:
    for value, words in (
        (effect.likelihood_bump_all, Text("全項目の起こりやすさ ＋{value}", "likelihood of every item +{value}")),
        (effect.floored_bump, Text("下限のある項目の影響 ＋{value}", "severity of items with a floor +{value}")),
        (
            effect.floored_floor,
            Text("下限のある項目の影響の下限 {value}", "severity of items with a floor at least {value}"),
        ),
    ):
        if value:
            yield words.filled(value=value)


def _label(framework: Framework, question: Question | None, value: str) -> Text:
    return values_of(framework, question).get(value, both(value)) if question else both(value)


def _short(value: Decimal) -> str:
    return format(value.normalize(), "f") if value else "0"
