"""Where a question is used: what would change its meaning, or be lost, when it is reworded or removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from governance.authoring.editing import questions, sections
from governance.questionnaires.conditions import Condition, questions_of
from governance.questionnaires.definition import Framework, Questionnaire
from governance.texts import Text, both

Tree = dict[str, Any]


class Use(NamedTuple):
    """One place that looks at a question: what kind of place, and which."""

    kind: Text
    where: Text


CONDITION = Text("表示する条件", "Condition")
EFFECT = Text("判定の規則", "Effect")
STOP = Text("停止事由", "Hard stop")
CONTRADICTION = Text("矛盾する回答", "Contradiction")
MEASURE = Text("対応策", "Measure")
MAPPING = Text("外部の枠組みとの対応", "Mapping")
REPLACED = Text("置き換える質問", "Replaced by")


def uses(key: str, framework: Framework | None, others: Sequence[Questionnaire], tree: Tree) -> list[Use]:
    """Return every place that looks at the question: in its own draft, in the other questionnaires, in the framework."""
    found = [*_in_tree(key, tree)]
    for each in others:
        found += _in_questionnaire(key, each)
    return [*found, *(_in_framework(key, framework) if framework else ())]


def _looks(key: str, condition: Any) -> bool:
    """Say whether plain values of a condition look at the question."""
    if isinstance(condition, dict):
        return condition.get("question") == key or any(_looks(key, part) for part in condition.values())
    return isinstance(condition, list) and any(_looks(key, part) for part in condition)


def _in_tree(key: str, tree: Tree) -> Iterator[Use]:
    if _looks(key, tree.get("when")):
        yield Use(CONDITION, Text("この質問票", "This questionnaire"))
    for section in sections(tree):
        if _looks(key, section.get("when")):
            yield Use(CONDITION, Text("節 {key}", "Section {key}").filled(key=section.get("key")))
    for _, question in questions(tree):
        if _looks(key, question.get("when")):
            yield Use(CONDITION, both(str(question.get("key"))))
        if key in (question.get("replaces") or []) and question.get("key") != key:
            yield Use(REPLACED, both(str(question.get("key"))))
        mappings = question.get("mappings")
        if question.get("key") == key and isinstance(mappings, dict) and mappings:
            yield Use(MAPPING, both("、".join(map(str, mappings))))


def _in_questionnaire(key: str, document: Questionnaire) -> Iterator[Use]:
    if _in(key, document.when):
        yield Use(CONDITION, document.title)
    for section in document.sections:
        if _in(key, section.when):
            yield Use(CONDITION, _of(document, section.key))
        for question in section.questions:
            if _in(key, question.when):
                yield Use(CONDITION, _of(document, question.key))


def _of(document: Questionnaire, key: str) -> Text:
    return Text("{key}（{title}）", "{key} ({title})").filled(key=key, title=document.title)


def _in(key: str, condition: Condition | None) -> bool:
    return key in questions_of(condition)


def _in_framework(key: str, framework: Framework) -> Iterator[Use]:
    looking: list[tuple[Text, Text, Condition | None]] = [
        *((STOP, stop.name, stop.when) for stop in framework.hard_stops),
        *((CONTRADICTION, rule.text, rule.when) for rule in framework.contradictions),
    ]
    for effect in framework.effects:
        if effect.trigger == key or _in(key, effect.when):
            yield Use(EFFECT, both(effect.id))
    yield from (Use(kind, name) for kind, name, when in looking if _in(key, when))
    yield from (Use(MEASURE, measure.name) for measure in framework.measures if key in measure.questions)
