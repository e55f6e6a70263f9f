"""What a question can be answered with, and how an answer reads: the one place that knows each kind's values.

Pages, workbooks, reports and checks all ask here, so a value is named the same way everywhere (domain.md §4.1, §5.2).
"""

from __future__ import annotations

from collections.abc import Sequence

from governance.questionnaires.definition import (
    GIVEN,
    NOT_APPLICABLE,
    WRITTEN,
    YES_NO_UNKNOWN,
    Framework,
    Question,
    Step,
)
from governance.texts import Text, both, joined

NOT_APPLICABLE_NAME = Text("該当なし", "Not applicable")
GIVEN_NAME = Text("記入あり", "Filled in")


def values_of(framework: Framework, question: Question) -> dict[str, Text]:
    """Return the codes a question can be answered with, in order, with their names; empty for kinds that are not chosen.

    該当なし stands last where the question offers it. A scale question lists every step, also the one a gate may not use.
    """
    if question.kind == "scale":
        return {step.code: step_name(step) for step in framework.scale}
    found = dict(YES_NO_UNKNOWN) if question.kind == "yes_no_unknown" else {c.code: c.name for c in question.choices}
    if question.not_applicable:
        found[NOT_APPLICABLE] = NOT_APPLICABLE_NAME
    return found


def step_name(step: Step) -> Text:
    """Return a step of the answer scale with its note: "実施済（証跡あり）"."""
    if step.note is None:
        return step.name
    return Text(f"{step.name.ja}（{step.note.ja}）", f"{step.name.en}, {step.note.en}")


def chosen(question: Question, value: str) -> Sequence[str]:
    """Return the codes in a stored value: several for a multiple choice, else the value itself."""
    if not value:
        return ()
    return value.split(" ") if question.kind == "multiple" else (value,)


def said(framework: Framework, question: Question, value: str) -> Text:
    """Return a stored value as words; codes that no longer exist read as they are."""
    names = values_of(framework, question)
    if value in names:
        return names[value]
    if question.kind == "multiple":
        return joined([names.get(code, both(code)) for code in chosen(question, value)])
    if question.kind == "number" and question.unit and value:
        return Text("{value} {unit}", "{value} {unit}").filled(value=value, unit=question.unit)
    if value == GIVEN and (question.kind in WRITTEN or question.kind == "file"):
        return GIVEN_NAME
    return both(value)
