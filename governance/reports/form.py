"""A questionnaire as a blank form on paper (PDF): check boxes, lines to write on, conditions as sentences.

It is printed by the press of the reports, with their fonts; the definition itself lies inside as a record, and every page names
version and digest, so that a sheet found years later can be matched to the questions it asked.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from governance.paths import TEMPLATES
from governance.questionnaires.conditions import Condition, sentence
from governance.questionnaires.definition import (
    NOT_APPLICABLE,
    Column,
    Framework,
    Question,
    Questionnaire,
    Section,
    canonical,
    digest_of,
)
from governance.questionnaires.values import NOT_APPLICABLE_NAME, said, values_of
from governance.reports.glyphs import printable
from governance.reports.house import PLAIN, Livery
from governance.reports.printing import Printed, print_report
from governance.screenings.kinds import bounds
from governance.texts import Text, both

ROWS_ON_PAPER = 5
WORDS = {
    "form": Text("記入用紙", "Form"),
    "version": Text("第{version}版", "version {version}"),
    "case": Text("案件名", "Case"),
    "by": Text("記入者", "Filled in by"),
    "department": Text("所属", "Department"),
    "on": Text("記入日", "Date"),
    "how": Text(
        "当てはまるものの□に印を付けます。★は必ず満たす質問です。",
        "Tick the boxes that apply. A star (★) marks what must be met.",
    ),
    "when_part": Text(
        "「尋ねる条件」に当てはまらない質問は、空けておきます。",
        "Leave a question empty when its condition does not hold.",
    ),
    "when": Text("尋ねる条件：", "Asked when: "),
    "when_section": Text("この区分を尋ねる条件：", "This section is asked when: "),
    "why": Text("なぜ尋ねるか：", "Why: "),
    "choose_many": Text("当てはまるものをすべて選びます", "Choose all that apply"),
    "evidence": Text("証跡（文書名・保管場所）", "Evidence (document, where it is kept)"),
    "due": Text("完了予定日", "Planned date"),
    "remark": Text("補足", "Remark"),
    "attached": Text("添付した文書", "Document attached"),
    "optional": Text("任意", "Optional"),
    "digest": Text("この質問票の内容のダイジェスト（SHA-256）", "Digest of this questionnaire (SHA-256)"),
    "no_more": Text(
        "行が足りないときは、別紙に続けます。", "Continue on a separate sheet when there are not enough lines."
    ),
}


@dataclass(frozen=True)
class Asked:
    """A question as the form prints it: its choices or lines, and when it is asked."""

    question: Question
    boxes: list[Text]
    when: Text | None
    lines: int
    hint: Text | None


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES / "interchange"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def blank_form(
    questionnaire: Questionnaire,
    framework: Framework,
    locale: str,
    *,
    known: Mapping[str, Question] | None = None,
    at: datetime | None = None,
) -> Printed:
    """Return the form as PDF with its number of pages; `known` are the questions of other questionnaires that conditions name.

    Raises Refusal when printing takes too long.
    """
    body = canonical(questionnaire)
    page = form_html(questionnaire, framework, locale, known=known)
    identifier = f"form {questionnaire.key} {questionnaire.version} {locale} {digest_of(body)}"
    return print_report(page, body, identifier=identifier, at=at or datetime.now(UTC))


# long: one line for each thing the template may use
def form_html(
    questionnaire: Questionnaire,
    framework: Framework,
    locale: str,
    *,
    known: Mapping[str, Question] | None = None,
    number: str = "",
    livery: Livery = PLAIN,
    issuer: Text | None = None,
    mark: Text | None = None,
) -> str:
    """Return the page of a form in one language, or in both (`both`); `number` is that of the register, when it was issued.

    A house prints its logo (`livery`) and `issuer` above the title, and a classification (`mark`) where it has one for forms.
    """
    maker = _Maker(questionnaire, framework, known or {})
    page = (
        _environment()
        .get_template("form.html.j2")
        .render(
            document=questionnaire,
            digest=digest_of(canonical(questionnaire)),
            sections=[maker.section(section) for section in questionnaire.sections],
            when=maker.when(questionnaire.when),
            has_conditions=any(q.when or s.when for s, q in questionnaire.questions()),
            word=lambda name, **values: _in(WORDS[name].filled(**values), locale),
            t=lambda text: _in(text, locale),
            locale="ja" if locale == "both" else locale,
            number=number,
            livery=livery,
            issuer=issuer,
            mark=mark,
        )
    )
    return printable(page)


def _in(text: Text, locale: str) -> str:
    """Return a text in one language, or the two on one line where they differ."""
    if locale != "both":
        return text.in_(locale)
    return f"{text.ja} / {text.en}" if text.ja != text.en else text.ja


class _Maker:
    """Turns sections and questions into what the page shows."""

    def __init__(self, document: Questionnaire, framework: Framework, known: Mapping[str, Question]) -> None:
        self.framework = framework
        self.known = {**known, **{question.key: question for _, question in document.questions()}}

    def section(self, section: Section) -> dict[str, Any]:
        """Return a section: its heading, when it is asked, its questions."""
        item = next((item for item in self.framework.items if item.code == section.item), None)
        title = section.title or (item.name if item else both(section.key))
        questions = [self._asked(question) for question in section.questions]
        return {"key": section.key, "title": title, "when": self.when(section.when), "questions": questions}

    def when(self, condition: Condition | None) -> Text | None:
        """Return a condition as a sentence whose values read as on the form."""
        return sentence(condition, self._label) if condition else None

    def _label(self, key: str, value: str) -> Text:
        if not key:
            return next((phase.name for phase in self.framework.phases if phase.code == value), both(value))
        question = self.known.get(key)
        return said(self.framework, question, value) if question else both(value)

    def _asked(self, question: Question) -> Asked:
        boxes = list(values_of(self.framework, question).values())
        if question.kind == "scale" and question.gate:  # a gate cannot be declared not applicable
            boxes = [text for code, text in values_of(self.framework, question).items() if code != NOT_APPLICABLE]
        if not boxes and question.not_applicable:
            boxes = [NOT_APPLICABLE_NAME]
        lines = {"long_text": 4, "text": 1}.get(question.kind, 0)
        return Asked(question, boxes, self.when(question.when), lines, _hint(question))


def _hint(question: Question) -> Text | None:
    """Return what a number or a text may be."""
    if question.kind == "number" and (question.minimum is not None or question.maximum is not None):
        return bounds(question)
    if question.max_length and question.kind in ("text", "long_text"):
        return Text("{n}文字以内", "at most {n} characters").filled(n=question.max_length)
    return None


def paper_rows(question: Question) -> range:
    """Return the empty rows that a table question gets on paper."""
    return range(min(question.max_rows, ROWS_ON_PAPER))


def heading(column: Column) -> Text:
    """Return the heading of a column with its choices, since paper has no list to choose from."""
    if not column.choices:
        return column.name
    listed = [choice.name for choice in column.choices]
    return Text(
        f"{column.name.ja}（{'・'.join(name.ja for name in listed)}）",
        f"{column.name.en} ({', '.join(name.en for name in listed)})",
    )


_environment().globals.update(paper_rows=paper_rows, heading=heading)
