"""What an answer may be, kind by kind: brought into its stored form as people type it, and checked with sentences they understand.

Full-width digits, 2026/11/18 and 1,200 are what a person in Japan types, so they are read and not refused. Whatever cannot be read
stays as it was entered and is refused by name. Values and texts are those of domain.md §4.1: a chosen code, a plain number or date,
or `given` with the text beside it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import chain

import rfc8785

from governance.questionnaires.conditions import NUMBER
from governance.questionnaires.definition import (
    CHOSEN,
    GIVEN,
    NOT_APPLICABLE,
    WRITTEN,
    Column,
    Framework,
    Question,
)
from governance.questionnaires.values import chosen, said, values_of
from governance.refusals import Problem
from governance.texts import Text, both, joined

MOST = {"text": 300, "long_text": 4000}
"""Characters of a free text where the question does not say."""
MOST_IN_A_CELL = 500
MOST_IN_A_VALUE = 300

Row = dict[str, str]

# ---------------------------------------------------------------- the stored form


def stored_form(question: Question, value: str, text: str) -> tuple[str, str]:
    """Return value and text as they are stored. Never refuses: what cannot be read is left for `problems` to name."""
    if value == NOT_APPLICABLE:
        return value, text.strip()
    if question.kind in WRITTEN:
        text = _written(question, text)
        return GIVEN if text else "", text
    return _plain(question, value), ""


def _written(question: Question, text: str) -> str:
    if question.kind == "rows":
        return _rows_stored(question, text)
    return (text if question.kind == "long_text" else " ".join(text.split("\n"))).strip()


def _plain(question: Question, value: str) -> str:
    match question.kind:
        case "number":
            return number(value, question.unit)
        case "date":
            return day(value)
        case "multiple":
            return _in_order(question, value)
        case _:
            return value


def number(typed: str, unit: Text | None = None) -> str:
    """Return a number as it is stored: half-width, without thousands separators, unit and needless zeros."""
    plain = unicodedata.normalize("NFKC", typed).strip().replace("−", "-")
    for side in (unit.ja, unit.en) if unit else ():
        plain = plain.removesuffix(side).strip()
    if re.fullmatch(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", plain):
        plain = plain.replace(",", "")
    if not re.fullmatch(r"[-+]?[0-9]{1,30}(\.[0-9]{1,30})?", plain):
        return plain
    exact = Decimal(plain).normalize()
    return format(exact, "f") if exact else "0"


def day(typed: str) -> str:
    """Return a date as it is stored, 2026-11-18; 2026/11/18, ２０２６年１１月１８日 and 20261118 read the same."""
    plain = unicodedata.normalize("NFKC", typed).strip()
    found = re.fullmatch(r"([0-9]{4})\s*[-/.年−]\s*([0-9]{1,2})\s*[-/.月−]\s*([0-9]{1,2})\s*日?", plain)
    found = found or re.fullmatch(r"([0-9]{4})([0-9]{2})([0-9]{2})", plain)
    return "{}-{:0>2}-{:0>2}".format(*found.groups()) if found else plain


def rows_of(text: str) -> list[Row]:
    """Return the rows of a `rows` answer; no rows for a text that holds none."""
    try:
        found = json.loads(text) if text.strip() else []
    except (ValueError, RecursionError):
        return []
    rows = found if isinstance(found, list) else []
    return [{str(k): str(v) for k, v in row.items() if v is not None} for row in rows if isinstance(row, dict)]


def rows_text(rows: Sequence[Row]) -> str:
    """Return rows as the canonical text that is stored; nothing for no rows."""
    return rfc8785.dumps([dict(row) for row in rows]).decode() if rows else ""


def _rows_stored(question: Question, text: str) -> str:
    rows = [
        {column.code: _cell_stored(column, row.get(column.code, "")) for column in question.columns}
        for row in rows_of(text)
    ]
    return rows_text([row for row in rows if any(row.values())])


def _cell_stored(column: Column, typed: str) -> str:
    match column.kind:
        case "number":
            return number(typed)
        case "date":
            return day(typed)
        case _:
            return " ".join(typed.split())


def _in_order(question: Question, value: str) -> str:
    """Return the chosen codes once each, in the order of the definition; unknown ones last, to be refused."""
    wanted = dict.fromkeys(value.split())
    known = [choice.code for choice in question.choices]
    return " ".join([*(code for code in known if code in wanted), *(code for code in wanted if code not in known)])


# ---------------------------------------------------------------- what is wrong with it


def problems(framework: Framework, question: Question, value: str, text: str) -> Iterator[Problem]:
    """Yield what is wrong with an answer in its stored form; nothing for one that was left empty."""
    if value == NOT_APPLICABLE and question.kind != "scale":
        yield from _declared(question, text)
    elif question.kind in CHOSEN:
        yield from _chosen(framework, question, value)
    elif question.kind == "number" and value:
        yield from _number(question, value)
    elif question.kind == "date" and value:
        yield from _date(question, value)
    elif question.kind in ("text", "long_text"):
        yield from _length(question, text)
    elif question.kind == "rows":
        yield from _rows(question, text)
    elif value and not (question.kind == "file" and value == GIVEN):
        yield _not_a_choice(question, value)


def _problem(question: Question, code: str, words: Text, **values: object) -> Problem:
    return Problem(f"screenings.{code}", words.filled(key=question.key, **values), question.key)


def _not_a_choice(question: Question, value: str) -> Problem:
    words = Text("{key}：「{value}」は選べる値ではありません。", "{key}: “{value}” is not one of the choices.")
    return _problem(question, "value", words, value=value[:40])


def _declared(question: Question, text: str) -> Iterator[Problem]:
    if not question.not_applicable:
        yield _not_a_choice(question, NOT_APPLICABLE)
    elif text:
        words = Text(
            "{key}：「該当なし」にするときは、記入した内容を消してください。内容を残すときは「該当なし」を外してください。",
            "{key}: clear what was entered to say “not applicable”, or untick “not applicable” to keep it.",
        )
        yield _problem(question, "both", words)


def _chosen(framework: Framework, question: Question, value: str) -> Iterator[Problem]:
    known = values_of(framework, question)
    for code in chosen(question, value):
        if code not in known:
            yield _not_a_choice(question, code)
    if question.kind == "multiple" and NOT_APPLICABLE in value.split() and value != NOT_APPLICABLE:
        words = Text(
            "{key}：「該当なし」は、ほかの選択肢と一緒には選べません。",
            "{key}: “not applicable” cannot be chosen together with another choice.",
        )
        yield _problem(question, "both", words)
    if len(value) > MOST_IN_A_VALUE:
        words = Text("{key}：選んだものが多すぎます。", "{key}: too many choices.")
        yield _problem(question, "value", words)


def _number(question: Question, value: str) -> Iterator[Problem]:
    unit = Text("（単位：{unit}）", " (in {unit})").filled(unit=question.unit) if question.unit else both(" ")
    unit = Text(unit.ja.strip(), unit.en.rstrip())
    if not NUMBER.fullmatch(value):
        words = Text(
            "{key}：「{value}」は数として読めません。数字で入力してください{unit}。",
            "{key}: “{value}” is not a number. Enter digits{unit}.",
        )
        yield _problem(question, "number", words, value=value[:40], unit=unit)
        return
    low, high, exact = question.minimum, question.maximum, Decimal(value)
    if (low is not None and exact < low) or (high is not None and exact > high):
        words = Text(
            "{key}：{bounds}の数を入力してください{unit}。いまは{value}です。",
            "{key}: enter a number {bounds}{unit}; it is {value} now.",
        )
        yield _problem(question, "bounds", words, bounds=bounds(question), unit=unit, value=value)


def what_fits(question: Question) -> Text | None:
    """Return what a field takes, to stand beside it: the bounds of a number, the stated length of a text."""
    if question.kind == "number" and (question.minimum, question.maximum) != (None, None):
        return bounds(question)
    if question.kind in MOST and question.max_length:
        return Text("{n}文字以内", "at most {n} characters").filled(n=question.max_length)
    return None


def bounds(question: Question) -> Text:
    """Return the bounds of a number in words, "0以上36500以下"."""
    low, high = question.minimum, question.maximum
    ja = (f"{low:f}以上" if low is not None else "") + (f"{high:f}以下" if high is not None else "")
    if low is not None and high is not None:
        return Text(ja, f"from {low:f} to {high:f}")
    return Text(ja, f"of at least {low:f}" if low is not None else f"of at most {high:f}")


def _date(question: Question, value: str) -> Iterator[Problem]:
    if not is_day(value):
        words = Text(
            "{key}：「{value}」という日付はありません。2026-12-25 のように入力してください。",
            "{key}: “{value}” is not a date. Enter it like 2026-12-25.",
        )
        yield _problem(question, "date", words, value=value[:20])


def is_day(value: str) -> bool:
    """Say whether the text is a day of the calendar in the form 2026-11-18."""
    try:
        return bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def most_characters(question: Question) -> int:
    """Return how many characters a free text may have."""
    return question.max_length or MOST[question.kind]


def _length(question: Question, text: str) -> Iterator[Problem]:
    limit = most_characters(question)
    if len(text) > limit:
        words = Text(
            "{key}：{limit}文字以内で書いてください（いま{now}文字）。",
            "{key}: use at most {limit} characters (now {now}).",
        )
        yield _problem(question, "too_long", words, limit=limit, now=len(text))


# ---------------------------------------------------------------- rows


def _rows(question: Question, text: str) -> Iterator[Problem]:
    rows = rows_of(text)
    if len(rows) > question.max_rows:
        words = Text("{key}：{limit}行までです（いま{now}行）。", "{key}: at most {limit} rows (now {now}).")
        yield _problem(question, "too_many_rows", words, limit=question.max_rows, now=len(rows))
    found = (_cell(question, column, place, row) for place, row in enumerate(rows, 1) for column in question.columns)
    yield from chain.from_iterable(found)


def _cell(question: Question, column: Column, place: int, row: Row) -> Iterator[Problem]:
    value = row.get(column.code, "")
    wrong = _wrong_cell(column, value)
    if wrong:
        words = Text("{key}：{row}行目「{column}」：{wrong}", "{key}: row {row}, “{column}”: {wrong}")
        yield _problem(question, "cell", words, row=place, column=column.name, wrong=wrong)


def _wrong_cell(column: Column, value: str) -> Text | None:
    if not value:
        return Text("入力してください。", "fill it in.") if column.required else None
    if len(value) > MOST_IN_A_CELL:
        return Text("{n}文字以内で書いてください。", "use at most {n} characters.").filled(n=MOST_IN_A_CELL)
    sound = {
        "number": lambda: bool(NUMBER.fullmatch(value)),
        "date": lambda: is_day(value),
        "single": lambda: value in {choice.code for choice in column.choices},
    }
    if column.kind not in sound or sound[column.kind]():
        return None
    return WRONG_CELLS[column.kind].filled(value=value[:40])


WRONG_CELLS = {
    "number": Text("「{value}」は数として読めません。", "“{value}” is not a number."),
    "date": Text(
        "「{value}」という日付はありません。2026-12-25 のように入力してください。",
        "“{value}” is not a date. Enter it like 2026-12-25.",
    ),
    "single": Text("「{value}」は選べる値ではありません。", "“{value}” is not one of the choices."),
}


def rows_shown(question: Question, text: str) -> list[list[Text]]:
    """Return the rows with their cells in words, in the order of the columns."""
    names = {column.code: {choice.code: choice.name for choice in column.choices} for column in question.columns}
    return [
        [names[c.code].get(row.get(c.code, ""), both(row.get(c.code, "") or "—")) for c in question.columns]
        for row in rows_of(text)
    ]


# ---------------------------------------------------------------- an answer in words


def in_words(framework: Framework, question: Question, value: str, text: str = "") -> Text:
    """Return a whole answer in one line of words: the text itself where it was kept, else the value as it was chosen."""
    if value == GIVEN and question.kind in WRITTEN and text:
        rows = [joined(row, "／", " / ") for row in rows_shown(question, text)] if question.kind == "rows" else []
        return joined(rows, "\n", "\n") if rows else both(text)
    return said(framework, question, value)
