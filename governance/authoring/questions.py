"""A question as the fields of a form, and back to plain values for the tree of the draft.

Whatever was typed stays on the form; what cannot become part of a question is a problem beside its field. A text may still lack
one language: the draft then says so, and the translator sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from decimal import Decimal, InvalidOperation
from typing import Any, get_args

from governance.authoring.editing import tidy
from governance.authoring.fields import LONGEST, Fields, one, rows, shifted, without
from governance.questionnaires.definition import CHOSEN, Choice, Column, Framework, Kind
from governance.texts import LOCALES, Text

TEXTS = {
    "topic": Text("見出し", "Topic"),
    "text": Text("質問文", "Question"),
    "why": Text("なぜ大切か", "Why it matters"),
    "evidence": Text("よい証跡", "Good evidence"),
    "weak": Text("弱い回答の例", "Example of a weak answer"),
    "strong": Text("しっかりした回答の例", "Example of a strong answer"),
}
NEEDED = ("topic", "text", "why")
KINDS = {
    "scale": Text("尺度（実施の度合い）", "Answer scale"),
    "yes_no_unknown": Text("はい・いいえ・分からない", "Yes / no / not sure"),
    "single": Text("1つ選ぶ", "Choose one"),
    "multiple": Text("いくつでも選ぶ", "Choose any number"),
    "number": Text("数", "Number"),
    "date": Text("日付", "Date"),
    "text": Text("短い文", "Short text"),
    "long_text": Text("長い文", "Long text"),
    "file": Text("ファイル", "File"),
    "rows": Text("表（行を加える）", "Small table (rows)"),
}
assert tuple(KINDS) == get_args(Kind)
COLUMN_KINDS = {
    "text": Text("文", "Text"),
    "number": Text("数", "Number"),
    "date": Text("日付", "Date"),
    "single": Text("1つ選ぶ", "Choose one"),
}
FLAGS = ("required", "not_applicable", "needs_evidence", "gate")
Tree = dict[str, Any]
Problems = dict[str, Text]


# ---------------------------------------------------------------- question → fields


def fields_of(question: Mapping[str, Any]) -> Fields:
    """Return the fields that show a question, but for its condition."""
    fields: Fields = {"kind": [str(question.get("kind", ""))], "weight": [str(question.get("weight", 1))]}
    for name in (*TEXTS, "unit"):
        fields |= _sides(question.get(name), name)
    for name in FLAGS:
        if question.get(name, name == "required") is True:
            fields[name] = ["1"]
    for name in ("minimum", "maximum", "max_length", "max_rows"):
        if question.get(name) is not None:
            fields[name] = [str(question[name])]
    fields["roles"] = [str(each) for each in _listed(question.get("roles"))]
    for number, choice in enumerate(_dicts(question.get("choices"))):
        start = f"choices.{number}"
        fields |= {f"{start}.code": [str(choice.get("code", ""))], f"{start}.was": [str(number)]}
        fields |= _sides(choice.get("name"), f"{start}.name") | _sides(choice.get("note"), f"{start}.note")
    for number, column in enumerate(_dicts(question.get("columns"))):
        start = f"columns.{number}"
        fields |= {f"{start}.code": [str(column.get("code", ""))], f"{start}.was": [str(number)]}
        fields |= {f"{start}.kind": [str(column.get("kind", "text"))]} | _sides(column.get("name"), f"{start}.name")
        fields |= {f"{start}.required": ["1"]} if column.get("required", True) is True else {}
    return fields | _points(question) | _mappings(question)


def _sides(text: Any, name: str) -> Fields:
    sides = text if isinstance(text, dict) else {}
    return {f"{name}.{side}": [str(sides.get(side, ""))] for side in LOCALES}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: Any) -> list[Tree]:
    return [each for each in _listed(value) if isinstance(each, dict)]


def _points(question: Mapping[str, Any]) -> Fields:
    totals = question.get("points")
    found: Fields = {}
    for total, shares in totals.items() if isinstance(totals, dict) else ():
        for value, points in shares.items() if isinstance(shares, dict) else ():
            found[f"points.{total}.{value}"] = [str(points)]
    return found


def _mappings(question: Mapping[str, Any]) -> Fields:
    places = question.get("mappings")
    return {
        f"mappings.{code}": ["、".join(str(each) for each in _listed(found))]
        for code, found in (places.items() if isinstance(places, dict) else ())
    }


# ---------------------------------------------------------------- one press of a button


def pressed(fields: Fields, act: str, path: str) -> Fields:
    """Return the fields after a press on a list of choices or columns: add, remove, up, down."""
    start, _, number = path.rpartition(".")
    match act:
        case "add" if path in ("choices", "columns"):
            numbers = rows(fields, path)
            new = f"{path}.{int(numbers[-1]) + 1 if numbers else 0}"
            return fields | {f"{new}.code": [""], f"{new}.required": ["1"]}
        case "remove":
            return without(fields, path)
        case "up" | "down":
            return shifted(fields, start, number, -1 if act == "up" else 1)
    return fields


# ---------------------------------------------------------------- fields → question


def question_of(fields: Fields, before: Mapping[str, Any], framework: Framework | None) -> tuple[Tree, Problems]:
    """Return the question that the fields say, on the ground of the one before, and what keeps it from being saved.

    The condition is not among it. What the form does not show of `before` is kept.
    """
    question, problems = deepcopy(dict(before)), Problems()
    kind = one(fields, "kind")
    if kind not in KINDS:
        problems["kind"] = Text("答え方を選んでください。", "Choose how it is answered.")
    question["kind"] = kind
    for name in TEXTS:
        _put_text(question, fields, name, name in NEEDED, problems)
    for name in FLAGS:
        question[name] = bool(one(fields, name))
    question["roles"] = _in_old_order([each for each in fields.get("roles", []) if each], before.get("roles"))
    question["weight"] = _whole(fields, "weight", 0, 100, problems)
    _put_kind(question, fields, kind, problems)
    question["points"] = _points_of(fields, problems) if kind in CHOSEN else {}
    question["mappings"] = _mappings_of(fields, question, framework)
    if kind != "scale":
        question["weight"], question["gate"] = 1, False
    else:
        question["not_applicable"] = False
    return question, problems


def _in_old_order(ticked: list[str], before: Any) -> list[str]:
    """Return what is ticked in the order it had before; what is new comes behind. The order of the boxes changes nothing."""
    old = [each for each in _listed(before) if each in ticked]
    return old + [each for each in ticked if each not in old]


def _put_text(values: Tree, fields: Fields, name: str, needed: bool, problems: Problems, path: str = "") -> None:
    """Put a bilingual text; without either side it goes, or is missing when it is needed."""
    path = path or name
    sides = {side: one(fields, f"{path}.{side}") for side in LOCALES}
    for side, text in sides.items():
        if len(text) > LONGEST:
            problems[f"{path}.{side}"] = Text("2万字以内で入力してください。", "Write at most 20,000 characters.")
    if any(sides.values()):
        values[name] = sides
    else:
        values.pop(name, None)
    if needed and not sides["ja"]:
        problems[f"{path}.ja"] = Text("日本語を入力してください。", "Enter the Japanese text.")


def _put_kind(question: Tree, fields: Fields, kind: str, problems: Problems) -> None:
    """Put what only some kinds have, and take off what this kind has not."""
    for name in ("unit", "minimum", "maximum", "max_length", "columns", "choices", "max_rows"):
        if not _belongs(name, kind):
            question.pop(name, None)
    if kind == "number":
        _put_text(question, fields, "unit", False, problems)
        for name in ("minimum", "maximum"):
            _put_number(question, fields, name, problems)
    if kind in ("text", "long_text"):
        question["max_length"] = _whole(fields, "max_length", 1, LONGEST, problems, empty=None)
    if kind == "rows":
        question["max_rows"] = _whole(fields, "max_rows", 1, 200, problems, empty=20)
        question["columns"] = _list_of(question.get("columns"), fields, "columns", problems)
    if kind in ("single", "multiple"):
        question["choices"] = _list_of(question.get("choices"), fields, "choices", problems)


def _belongs(name: str, kind: str) -> bool:
    return kind in {
        "choices": ("single", "multiple"),
        "columns": ("rows",),
        "max_rows": ("rows",),
        "max_length": ("text", "long_text"),
    }.get(name, ("number",))


def _put_number(question: Tree, fields: Fields, name: str, problems: Problems) -> None:
    text = one(fields, name)
    try:
        question[name] = str(Decimal(text)) if text else None
        if text and not Decimal(text).is_finite():
            raise InvalidOperation
    except InvalidOperation:
        problems[name] = Text("数を半角で入力してください（例：0、99.5）。", "Enter a number such as 0 or 99.5.")


def _whole(fields: Fields, name: str, low: int, high: int, problems: Problems, *, empty: int | None = 1) -> int | None:
    """Return a whole number within bounds; `empty` for a field left empty."""
    text = one(fields, name)
    if not text:
        return empty
    if not (text.isascii() and text.isdigit() and len(text) < 7 and low <= int(text) <= high):
        problems[name] = Text(
            "{low}から{high}までの整数を半角で入力してください。", "Enter a whole number from {low} to {high}."
        ).filled(low=low, high=high)
        return empty
    return int(text)


def _list_of(before: Any, fields: Fields, start: str, problems: Problems) -> list[Tree]:
    """Return the choices or columns as the rows say, each on the ground of the one it was."""
    old, found = _dicts(before), []
    for number in rows(fields, start):
        path = f"{start}.{number}"
        was = one(fields, f"{path}.was")
        row = deepcopy(old[int(was)]) if was.isdigit() and len(was) < 5 and int(was) < len(old) else {}
        row = {"code": one(fields, f"{path}.code"), **{k: v for k, v in row.items() if k != "code"}}
        _put_text(row, fields, "name", True, problems, f"{path}.name")
        if not row["code"]:
            problems[f"{path}.code"] = Text("コードを英数字で入力してください。", "Enter a code of letters and digits.")
        if start == "choices":
            _put_text(row, fields, "note", False, problems, f"{path}.note")
        else:
            row["kind"] = one(fields, f"{path}.kind") or "text"
            row["required"] = bool(one(fields, f"{path}.required"))
        found.append(tidy(row, Choice if start == "choices" else Column))
    return found


def _points_of(fields: Fields, problems: Problems) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name in fields:
        word, _, rest = name.partition(".")
        total, _, value = rest.partition(".")
        points = one(fields, name)
        if word != "points" or not value or not points:
            continue
        try:
            fine = 0 <= Decimal(points) <= 1000
        except InvalidOperation:
            fine = False
        if not fine:
            problems[name] = Text("0から1000までの数を入力してください。", "Enter a number from 0 to 1000.")
        found.setdefault(total, {})[value] = points
    return found


def _mappings_of(fields: Fields, before: Tree, framework: Framework | None) -> dict[str, list[str]]:
    """Return the places per reference, separated by commas on the form; of references that the form cannot show those before."""
    known = [each.code for each in framework.references] if framework else []
    old = before.get("mappings")
    kept = {code: places for code, places in (old.items() if isinstance(old, dict) else ()) if code not in known}
    found = {}
    for code in known:
        places = one(fields, f"mappings.{code}").replace("、", ",").replace("，", ",").split(",")
        if named := [each.strip() for each in places if each.strip()]:
            found[code] = named
    return found | kept
