"""Reading the pages of a screening: many questions in one form, each with its own fields named by its key.

`P1a` carries the value, `P1a-remark`, `P1a-due`, `P1a-rev` the rest; `rating-safety-severity` and so on the ratings. Whatever cannot be
read (a date that does not exist) becomes a problem beside its question; nothing that was entered is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from governance.questionnaires.definition import Question
from governance.refusals import Problem
from governance.screenings.rules import Entry, RatingEntry
from governance.texts import Text

Sent = Mapping[str, str]


def entries(sent: Sent, questions: Iterable[Question]) -> tuple[list[Entry], list[Problem]]:
    """Return an entry for each question that the form carried, and what could not be read."""
    found, problems = [], []
    for question in questions:
        if f"{question.key}-rev" not in sent:
            continue
        due, problem = _day(sent.get(f"{question.key}-due", ""), question.key)
        if problem:
            problems.append(problem)
        found.append(
            Entry(
                question.key,
                sent.get(question.key, ""),
                _text(sent.get(f"{question.key}-remark", "")),
                due,
                _whole(sent.get(f"{question.key}-rev", "")) or 0,
            )
        )
    return found, problems


def rating(sent: Sent, item: str) -> RatingEntry | None:
    """Return the rating of an item that the form carried, or None when it carried none."""
    start = f"rating-{item}"
    if f"{start}-rev" not in sent:
        return None
    return RatingEntry(
        item,
        _whole(sent.get(f"{start}-severity", "")),
        _whole(sent.get(f"{start}-likelihood", "")),
        _text(sent.get(f"{start}-severity_reason", "")),
        _text(sent.get(f"{start}-likelihood_reason", "")),
        _whole(sent.get(f"{start}-rev", "")) or 0,
    )


def revision(sent: Sent) -> int:
    """Return the revision a form was opened with; 0, which no stored record has, when it names none."""
    return _whole(sent.get("rev", "")) or 0


def _day(text: str, key: str) -> tuple[date | None, Problem | None]:
    if not text.strip():
        return None, None
    try:
        return date.fromisoformat(text.strip()), None
    except ValueError:
        said = Text(
            "{key}：「{text}」という日付はありません。2026-12-25 のように入力してください。",
            "{key}: “{text}” is not a date. Enter it like 2026-12-25.",
        ).filled(key=key, text=text[:20])
        return None, Problem("screenings.date", said, key)


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _text(text: str) -> str:
    """Browsers send line ends as CR LF; stored text has LF, so that a digest does not depend on the browser."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
