"""What a part of a document says, field by field in words: for whoever approves a change and sees nothing but the comparison.

An added question is more than its wording. What it weighs, whether it is a gate, when it is asked and what can be answered decide
levels and routes, so each is a line of its own. A text that lacks a language says so in the language of the reader.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from governance.authoring.previewing import BLANK
from governance.authoring.questions import COLUMN_KINDS, KINDS
from governance.questionnaires.conditions import Condition, sentence
from governance.questionnaires.diff import WORDING, Change
from governance.questionnaires.fields import field_name
from governance.texts import Text, both, joined

Label = Callable[[str, str], Text]
CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)
MISSING = {
    BLANK["ja"]: Text("（日本語は未記入）", "(Japanese not written yet)"),
    BLANK["en"]: Text("（英語は未記入）", "(English not written yet)"),
}
"""How a side that stands blank in a draft is named, by what was put in its place."""
QUESTION = (
    "kind", "weight", "gate", "required", "not_applicable", "needs_evidence", "when", "choices", "columns", "points",
    "unit", "minimum", "maximum", "max_length", "max_rows", "roles", "replaces", "mappings",
)  # fmt: skip
"""What of a question is no wording, in the order in which it is read."""
KEYS = frozenset(["key", "code", "term"])
NONE = Text("なし", "none")
ALWAYS = Text("いつでも尋ねる", "always asked")
ANSWERS = {True: Text("はい", "yes"), False: Text("いいえ", "no")}
NEEDED = {True: Text("必要", "needed"), False: Text("任意", "optional")}
LINE = Text("{field}：{said}", "{field}: {said}")
CHANGED = Text("{field}：{before} → {after}", "{field}: {before} → {after}")
OF = {
    "": Text("質問票の{field}", "{field} of the questionnaire"),
    "sections": Text("節の{field}", "{field} of the section"),
}


def facts(table: str, part: Mapping[str, Any], label: Label) -> list[Text]:
    """Return what a part says beside its wording, one line for each field that says something."""
    names: Iterable[str] = (name for name in part if name not in WORDING | KEYS)
    if table == "questions":
        names = (name for name in QUESTION if _counts(part, name))
    held = [(name, part[name]) for name in names if _says(name, part.get(name))]
    key = str(part.get("key", ""))
    return [LINE.filled(field=_capital(field_name(name)), said=said(table, key, name, v, label)) for name, v in held]


def _counts(question: Mapping[str, Any], name: str) -> bool:
    """Say whether the field means anything for a question of this kind; only a scale has a weight and can be a gate as a rule."""
    if name in ("weight", "gate"):
        return question.get("kind") == "scale" or question.get(name) not in (1, False, None)
    return name != "max_rows" or question.get("kind") == "rows"


def _says(name: str, value: Any) -> bool:
    return name in ("weight", "gate", "required") or value not in (None, "", False, 0, [], {})


def changed(change: Change, before: Label, after: Label) -> Text:
    """Return one changed field with its value before and after in words; the values are named by the side they stand on."""
    field = OF[change.table].filled(field=field_name(change.field)) if change.table in OF else field_name(change.field)
    old, new = (
        said(change.table, change.key, change.field, value, label)
        for value, label in ((change.before, before), (change.after, after))
    )
    return shown(CHANGED.filled(field=field, before=old, after=new))


def said(table: str, key: str, name: str, value: Any, label: Label) -> Text:
    """Return the value of a field in words; `label` names the values of questions, `key` is the question it belongs to."""
    if name == "when":
        return (condition(value, label) or plain(value)) if value else ALWAYS
    if name == "points" and isinstance(value, dict):
        return joined([_points(key, total, given, label) for total, given in value.items()]) if value else NONE
    if table == "questions" and name == "kind":
        return KINDS.get(str(value), both(str(value)))
    return NEEDED[value] if name == "required" and isinstance(value, bool) else plain(value)


def condition(value: Any, label: Label) -> Text | None:
    """Return plain values of a condition as a sentence; None when they are none."""
    try:
        return sentence(CONDITION.validate_json(json.dumps(value)), label)
    except ValidationError:
        return None


def _points(key: str, total: str, given: Any, label: Label) -> Text:
    if not isinstance(given, dict):
        return plain(given)
    each = [Text("{name} {n}", "{name} {n}").filled(name=label(key, code), n=n) for code, n in given.items()]
    return Text("{total}（{each}）", "{total} ({each})").filled(total=total, each=joined(each))


def plain(value: Any) -> Text:
    """Return any plain value in one line; a text that lacks a language stands in the other one, and says so."""
    if value is None or value in ("", [], {}):
        return NONE
    if isinstance(value, bool):
        return ANSWERS[value]
    if isinstance(value, list):
        return joined([plain(each) for each in value])
    return _mapping(value) if isinstance(value, dict) else both(str(value))


def _mapping(value: Mapping[str, Any]) -> Text:
    if value.keys() == {"ja", "en"}:
        return _sides(value)
    if "code" in value and "name" in value:
        return _coded(value)
    told = [LINE.filled(field=name, said=plain(each)) for name, each in value.items() if _says("", each)]
    return joined(told, "；", "; ")


def _coded(value: Mapping[str, Any]) -> Text:
    """Return a choice or a column in words: its code, its name, and of a column how it is filled in."""
    line = Text("{code}「{name}」", "{code} “{name}”").filled(code=value["code"], name=plain(value["name"]))
    if "kind" not in value:
        return line
    words = [COLUMN_KINDS.get(str(value["kind"]), both(str(value["kind"])))]
    words += [NEEDED[bool(value["required"])]] if "required" in value else []
    words += [plain(value["choices"])] if value.get("choices") else []
    return Text("{line}（{words}）", "{line} ({words})").filled(line=line, words=joined(words))


def _sides(value: Mapping[str, str]) -> Text:
    ja, en = value["ja"], value["en"]
    if ja == BLANK["ja"] and en != BLANK["en"]:
        return both(f"{en} {ja}")
    return Text(f"{ja}{en}", f"{ja} {en}") if en == BLANK["en"] and ja != BLANK["ja"] else Text(ja, en)


def shown(text: str | Text) -> Text:
    """Return the text with every side that was left blank named in the reader's language."""
    ja, en = (text.ja, text.en) if isinstance(text, Text) else (text, text)
    for blank, words in MISSING.items():
        ja, en = ja.replace(blank, words.ja), en.replace(blank, words.en)
    return Text(ja, en)


def _capital(text: Text) -> Text:
    return Text(text.ja, text.en[:1].upper() + text.en[1:])
