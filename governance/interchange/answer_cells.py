"""How an answer stands in a cell and is read back: choices by their names, dates as dates, numbers as text that keeps every digit.

A name that two choices share is written with its code. Reading takes the names of both languages and the codes, and leaves what cannot
be read to the screening's own rules, which know the sentences for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from governance.interchange.reading_sheets import NOT_DAY, NOT_TEXT, Refused, day_of
from governance.interchange.workbook import Value
from governance.questionnaires.definition import CHOSEN, GIVEN, NOT_APPLICABLE, Column, Framework, Question
from governance.questionnaires.values import GIVEN_NAME, values_of
from governance.screenings import kinds
from governance.texts import LOCALES, Text

BY_PAGE = Text("証跡は画面で付けます。", "Attach evidence on the page.")
BY_SHEET = Text("シート「{sheet}」に記入します。", "Fill in sheet “{sheet}”.")


def labels(names: Mapping[str, Text], locale: str) -> dict[str, str]:
    """Return code → what the cell shows, each one different."""
    shown = {code: " ".join(name.in_(locale).split()) for code, name in names.items()}
    taken = [*shown.values(), *shown]
    return {
        code: f"{label} [{code}]" if taken.count(label) > 1 and label != code else label
        for code, label in shown.items()
    }


def codes(names: Mapping[str, Text], locale: str) -> dict[str, str]:
    """Return label → code for everything that is understood: this language first, then the other one, then the codes."""
    other = next(each for each in LOCALES if each != locale)
    known: dict[str, str] = {}
    for language in (locale, other):
        for code, label in labels(names, language).items():
            known.setdefault(label, code)
    for code in names:
        known.setdefault(code, code)
    return known


def shown(framework: Framework, question: Question, value: str, text: str, locale: str) -> object:
    """Return what the answer cell of a question shows."""
    if question.kind in CHOSEN:
        known = labels(values_of(framework, question), locale)
        several = value.split(" ") if question.kind == "multiple" else [value]
        return "\n".join(known.get(code, code) for code in several)
    if value == NOT_APPLICABLE:
        return text or None
    if question.kind == "date":
        return date.fromisoformat(value) if kinds.is_day(value) else value
    if question.kind == "file":
        return GIVEN_NAME.in_(locale) if value else None
    return text if question.kind in ("text", "long_text") else value


def given(framework: Framework, question: Question, value: Value, locale: str) -> tuple[str, str]:
    """Return value and text of an answer cell. Raises Refused when the cell holds another kind of thing."""
    if value == "":
        return "", ""
    if question.kind in CHOSEN:
        return _chosen(codes(values_of(framework, question), locale), value, several=question.kind == "multiple"), ""
    match question.kind:
        case "date":
            return day(value), ""
        case "number":
            return number(value), ""
        case "file":
            return GIVEN, ""
    if not isinstance(value, str):
        raise Refused(NOT_TEXT)
    return GIVEN, value


def _chosen(known: Mapping[str, str], value: Value, *, several: bool) -> str:
    lines = words(value).split("\n") if several else [words(value)]
    return " ".join(known.get(line.strip(), line.strip()) for line in lines if line.strip())


def words(value: Value) -> str:
    """Return text, and a whole number as its digits; Refused for dates and other things."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and value == int(value):
        return str(int(value))
    raise Refused(NOT_TEXT)


def number(value: Value) -> str:
    """Return a number in the form it is stored in; Refused for dates."""
    if isinstance(value, str):
        return kinds.number(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(NOT_TEXT)
    return kinds.number(str(int(value)) if value == int(value) else repr(value))


def day(value: Value) -> str:
    """Return a date as 2026-12-25; Refused for a bare number and for text that is no date."""
    if not isinstance(value, str):
        return _iso(day_of(value))
    plain = kinds.day(value)
    if not kinds.is_day(plain):
        raise Refused(NOT_DAY)
    return plain


def _iso(found: date | None) -> str:
    return found.isoformat() if found else ""


# ---------------------------------------------------------------- rows


def column_shown(column: Column, value: str, locale: str) -> object:
    """Return what a cell of a small table shows."""
    if column.kind == "single":
        return labels({choice.code: choice.name for choice in column.choices}, locale).get(value, value)
    return date.fromisoformat(value) if column.kind == "date" and kinds.is_day(value) else value


def column_given(column: Column, value: Value, locale: str) -> str:
    """Return the value of a cell of a small table. Raises Refused when it holds another kind of thing."""
    if value == "":
        return ""
    match column.kind:
        case "single":
            return codes({choice.code: choice.name for choice in column.choices}, locale).get(
                words(value).strip(), words(value)
            )
        case "date":
            return day(value)
        case "number":
            return number(value)
    if not isinstance(value, str):
        raise Refused(NOT_TEXT)
    return value


def how(framework: Framework, question: Question, locale: str, sheet: str = "") -> str:
    """Return in a few words how a question is answered in this workbook."""
    said: list[Text] = []
    match question.kind:
        case "multiple":
            listed = labels(values_of(framework, question), locale)
            said = [Text("当てはまるものを、1行に1つずつ書きます。", "Write all that apply, one on each line.")]
            return "\n".join([said[0].in_(locale), *(f"・{label}" for label in listed.values())])
        case "scale" | "yes_no_unknown" | "single":
            said = [Text("一覧から選びます。", "Choose from the list.")]
        case "number":
            said = [Text("数", "A number"), *([question.unit] if question.unit else [])]
        case "date":
            said = [Text("日付（2026-12-25）", "A date (2026-12-25)")]
        case "file":
            said = [BY_PAGE]
        case "rows":
            said = [BY_SHEET.filled(sheet=sheet)]
        case _:
            said = [Text("文章で書きます。", "Write in words.")]
    return " ".join(text.in_(locale) for text in said)


def as_rows(columns: Sequence[Column], cells: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as the canonical text that is stored, without those that are empty."""
    rows = [{column.code: str(row.get(column.code, "")) for column in columns} for row in cells]
    return kinds.rows_text([row for row in rows if any(row.values())])
