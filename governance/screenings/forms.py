"""Reading the pages of a screening: many questions in one form, each with its own fields named by its key.

`P1a` carries the value (several for a multiple choice), `P1a-text`, `P1a-0-country`, `P1a-na`, `P1a-remark`, `P1a-due`, `P1a-rev` the
rest; `rating-safety-severity` and so on the ratings. Whatever cannot be read (a date that does not exist) becomes a problem beside
its question; nothing that was entered is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from werkzeug.datastructures import MultiDict

from governance.questionnaires.definition import GIVEN, NOT_APPLICABLE, WRITTEN, Question
from governance.refusals import Problem
from governance.screenings import kinds
from governance.screenings.rules import Entry, RatingEntry
from governance.texts import Text

Sent = MultiDict[str, str]


def entries(sent: Sent, questions: Iterable[Question]) -> tuple[list[Entry], list[Problem]]:
    """Return an entry for each question that the form carried, and what could not be read."""
    found, problems = [], []
    for question in questions:
        if f"{question.key}-rev" not in sent:
            continue
        due, problem = _day(sent.get(f"{question.key}-due", ""), question.key)
        if problem:
            problems.append(problem)
        value, text = content(sent, question)
        remark = _text(sent.get(f"{question.key}-remark", ""))
        rev = whole(sent.get(f"{question.key}-rev", "")) or 0
        confirmed = f"{question.key}-confirm" in sent
        found.append(Entry(question.key, value, remark, due, rev, text, confirmed))
    return found, problems


def content(sent: Sent, question: Question) -> tuple[str, str]:
    """Return value and text of one question as they were sent.

    該当なし that was ticked beside something written keeps what was written as the text, to be refused and shown again.
    """
    value, text = _entered(sent, question)
    if f"{question.key}-na" in sent:
        return NOT_APPLICABLE, text if question.kind in WRITTEN else value
    return value, text


def _entered(sent: Sent, question: Question) -> tuple[str, str]:
    key = question.key
    if question.kind == "multiple":
        return " ".join(sent.getlist(key)), ""
    if question.kind not in WRITTEN:
        return _text(sent.get(key, "")), ""
    text = _rows(sent, question) if question.kind == "rows" else _text(sent.get(f"{key}-text", ""))
    return GIVEN if text.strip() else "", text


def _rows(sent: Sent, question: Question) -> str:
    """Return the rows of the table that have anything in them, in the order of the page."""
    shape = re.compile(re.escape(question.key) + r"-([0-9]{1,4})-")
    numbers = sorted({int(found[1]) for name in sent if (found := shape.match(name))})
    columns = [column.code for column in question.columns]
    rows = [{code: _text(sent.get(f"{question.key}-{number}-{code}", "")) for code in columns} for number in numbers]
    return kinds.rows_text([row for row in rows if any(cell.strip() for cell in row.values())])


def rating(sent: Sent, item: str) -> RatingEntry | None:
    """Return the rating of an item that the form carried, or None when it carried none."""
    start = f"rating-{item}"
    if f"{start}-rev" not in sent:
        return None
    return RatingEntry(
        item,
        whole(sent.get(f"{start}-severity", "")),
        whole(sent.get(f"{start}-likelihood", "")),
        _text(sent.get(f"{start}-severity_reason", "")),
        _text(sent.get(f"{start}-likelihood_reason", "")),
        whole(sent.get(f"{start}-rev", "")) or 0,
    )


def revision(sent: Sent) -> int:
    """Return the revision a form was opened with; 0, which no stored record has, when it names none."""
    return whole(sent.get("rev", "")) or 0


def _day(text: str, key: str) -> tuple[date | None, Problem | None]:
    if not text.strip():
        return None, None
    plain = kinds.day(text)
    if kinds.is_day(plain):
        return date.fromisoformat(plain), None
    said = Text(
        "{key}：「{text}」という日付はありません。2026-12-25 のように入力してください。",
        "{key}: “{text}” is not a date. Enter it like 2026-12-25.",
    ).filled(key=key, text=text[:20])
    return None, Problem("screenings.date", said, key)


def whole(text: str) -> int | None:
    """Return a small whole number that a form carried, or None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _text(text: str) -> str:
    """Browsers send line ends as CR LF; stored text has LF, so that a digest does not depend on the browser."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
