"""What an uploaded workbook of answers would change, ready to show: each row as words before and after."""

from __future__ import annotations

from dataclasses import dataclass

from governance.interchange.xlsx_answers import Difference, grade_label
from governance.questionnaires.definition import GIVEN, Framework, Question
from governance.questionnaires.values import said
from governance.screenings.kinds import rows_of
from governance.screenings.routing import Sheet
from governance.screenings.rules import Entry, RatingEntry
from governance.texts import LOCALES, Text, both, joined

KINDS = {
    "added": Text("新しい回答", "New answer"),
    "changed": Text("変更", "Changed"),
    "cleared": Text("取り消し", "Cleared"),
    "conflict": Text("ほかの人が変更済み", "Changed by somebody else"),
}
NOTHING = Text("（回答なし）", "(no answer)")


@dataclass(frozen=True)
class Shown:
    """One row of the preview."""

    key: str
    name: Text
    kind: Text
    before: Text
    after: Text


def shown(sheet: Sheet, change: Difference) -> Shown:
    """Return a difference in words."""
    framework = sheet.framework
    if isinstance(change.after, RatingEntry):
        name = framework.item(change.key).name
        before, after = (_rating(framework, each) for each in (change.before, change.after))
        return Shown("", name, KINDS[change.kind], before, after)
    question = next(q for each in sheet.questionnaires for _, q in each.questions() if q.key == change.key)
    before, after = (_answer(framework, question, each) for each in (change.before, change.after))
    return Shown(change.key, question.topic, KINDS[change.kind], before, after)


def _answer(framework: Framework, question: Question, entry: object) -> Text:
    if not isinstance(entry, Entry):
        return NOTHING
    words = said(framework, question, entry.value) if entry.value else NOTHING
    if entry.value == GIVEN and entry.text:
        words = _rows(entry.text) if question.kind == "rows" else both(entry.text)
    parts = [words]
    if entry.remark:
        parts.append(Text("補足：{text}", "Remark: {text}").filled(text=entry.remark))
    if entry.due_on:
        parts.append(Text("予定日：{day}", "Planned: {day}").filled(day=entry.due_on.isoformat()))
    return joined(parts, "\n", "\n")


def _rows(text: str) -> Text:
    return both("\n".join(" / ".join(row.values()) for row in rows_of(text)))


def _rating(framework: Framework, entry: object) -> Text:
    if not isinstance(entry, RatingEntry):
        return NOTHING
    axes = (
        (Text("影響", "Severity"), framework.severity, entry.severity, entry.severity_reason),
        (Text("起こりやすさ", "Likelihood"), framework.likelihood, entry.likelihood, entry.likelihood_reason),
    )
    said_axes = [
        Text(*(f"{word.in_(side)} {grade_label(grades, rank, side) or '–'} {reason}".strip() for side in LOCALES))
        for word, grades, rank, reason in axes
    ]
    return joined(said_axes, "\n", "\n")
