"""The score said in sentences, in both languages: what pages show beside the form and reports print beside the figures.

Each judgement comes with its arithmetic (domain.md §5.6). The sentences are made from the `Score` alone, so a page, a report and a
test of an old snapshot say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from governance.questionnaires.conditions import sentence
from governance.questionnaires.definition import YES_NO_UNKNOWN, Effect, Framework, Question
from governance.screenings.routing import RouteStep, Sheet, Stop
from governance.screenings.rules import values_of
from governance.screenings.scoring import Adjustment, ItemScore, Score, shown
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
        "対策の効きが{limit}%に達し、必須（★）も満たすため、一段下がって「{level}」です。",
        "Controls reach {limit}% and every gate (★) is met, so the level is one step lower: “{level}”.",
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
    "nothing_counted": Text(
        "数えられる対策がないため、「{level}」のままです。",
        "There is no control to count, so the level stays “{level}”.",
    ),
}
"""Why an item has its residual level, by the reason of its step."""


def verdict(framework: Framework, item: ItemScore) -> Text:
    """Return one sentence: the residual level and why it is not lower."""
    if item.residual is None:
        return Text(
            "影響と起こりやすさを選ぶと、リスク区分が決まります。",
            "Choose severity and likelihood to see the risk level.",
        )
    name = framework.level(item.residual).name
    threshold = framework.scoring.step_down_at_percent
    lack = shown(threshold - item.effectiveness) if item.effectiveness is not None else "—"
    return VERDICTS[item.step_reason].filled(
        level=name, limit=_short(threshold), lack=lack, gates="、".join(item.gates_open)
    )


def fraction(item: ItemScore) -> Text:
    """Return the sum of control effectiveness, "12.6 ÷ 16 = 78.8%"."""
    if item.effectiveness is None:
        return Text("該当する質問なし", "no question counts")
    return both(f"{_short(item.points)} ÷ {item.weight} = {shown(item.effectiveness)}%")


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


def singles(framework: Framework, item: ItemScore) -> list[tuple[str, Text, str]]:
    """Return (question key, what to do, "78.8 → 82.5%") for each act that alone lowers the item."""
    words = {
        step.code: Text(f"{step.name.ja}（{step.note.ja}）", f"{step.name.en}, {step.note.en}")
        if step.note
        else step.name
        for step in framework.scale
    }
    return [
        (
            each.key,
            Text("を「{to}」以上にする", "to “{to}” or better").filled(to=words[each.to]),
            f"{shown(item.effectiveness)} → {shown(each.percent)}%",
        )
        for each in item.singles
    ]


def needed(framework: Framework, item: ItemScore) -> Text | None:
    """Return the smallest set of open controls that lowers the item, as a sentence; None when controls cannot lower it."""
    if not item.needed or item.residual is None:
        return None
    lower = framework.level(max(1, item.residual - framework.scoring.step_down)).name
    return Text(
        "{keys} の{count}問を証跡まで整えると、対策の効きは{percent}%となり「{level}」に下がります（これより少ない組では下がりません）。",
        "Completing {keys} with evidence ({count} in all) brings controls to {percent}% and the level to “{level}”; no smaller set does.",
    ).filled(
        keys=joined([both(key) for key in item.needed]),
        count=len(item.needed),
        percent=shown(item.needed_percent),
        level=lower,
    )


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
        return Text(
            "{key}「{topic}」が「{answer}」→ {route}", "{key} “{topic}” was answered “{answer}” → {route}"
        ).filled(
            key=step.rule,
            topic=topics.get(step.rule, both(step.rule)),
            route=route,
            answer=YES_NO_UNKNOWN.get(answers.get(step.rule, ""), both(answers.get(step.rule, ""))),
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


def asked_because(sheet: Sheet, question: Question, pack: str | None = None) -> Text | None:
    """Return why a question is asked, when that is not plain: its own condition, or the trigger that attached its pack."""
    questions = {q.key: q for each in sheet.questionnaires for _, q in each.questions()}
    if question.when is not None:
        return Text("{reason}ため。", "Because {reason}.").filled(
            reason=sentence(question.when, lambda key, value: _label(sheet.framework, questions.get(key), value))
        )
    return None


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
    for value, said in (
        (effect.likelihood_bump_all, Text("全項目の起こりやすさ ＋{value}", "likelihood of every item +{value}")),
        (effect.floored_bump, Text("下限のある項目の影響 ＋{value}", "severity of items with a floor +{value}")),
        (
            effect.floored_floor,
            Text("下限のある項目の影響の下限 {value}", "severity of items with a floor at least {value}"),
        ),
    ):
        if value:
            yield said.filled(value=value)


def _label(framework: Framework, question: Question | None, value: str) -> Text:
    return values_of(framework, question).get(value, both(value)) if question else both(value)


def _short(value: Decimal) -> str:
    return format(value.normalize(), "f") if value else "0"
