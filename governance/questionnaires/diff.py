"""What changed between two versions of a document, change by change, so that people and migrations can judge each one.

Questions and sections are told apart by their permanent keys, parts of a framework by their codes: what kept its key was reworded,
rescored, moved or changed, never removed and added. The list is complete: applied to the first document it gives the second.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin

from governance.questionnaires.definition import Framework, Questionnaire
from governance.questionnaires.fields import field_name, part_name
from governance.questionnaires.parts import Part
from governance.texts import Text, both

Kind = Literal["added", "removed", "reworded", "rescored", "moved", "changed"]
DocumentT = TypeVar("DocumentT", Framework, Questionnaire)
Values = dict[str, Any]

WORDING = frozenset(
    {
        "topic",
        "text",
        "why",
        "evidence",
        "weak",
        "strong",
        "unit",
        "title",
        "intro",
        "name",
        "note",
        "notice",
        "statement",
    }
    | {"short", "mark", "anchor", "advice", "summary", "steps", "shows", "description", "term", "meaning", "basis"}
)
"""Fields that are words and nothing else."""
SCORING = frozenset(
    {"weight", "gate", "points", "scoring", "route_by_inherent", "flag_by_inherent", "move_up_by_residual"}
)
"""Fields that only change what an answer counts or leads to."""
SCORING_PARTS = frozenset(["effects", "levels", "scale"])
CONFIRMED = frozenset(["text", "kind", "choices", "columns", "unit", "minimum", "maximum"])
"""Fields of a question that change what an answer given before means, or whether it can still stand."""
CONFIRMED_PARTS = frozenset(["scale", "severity", "likelihood"])
"""Parts of a framework that answers and ratings are chosen from."""


@dataclass(frozen=True)
class Place:
    """Where a part stands: the section of a question ("" for all other parts) and its place in it, from 0."""

    group: str
    index: int


@dataclass(frozen=True)
class Change:
    """One change. `table` is the list the part is in ("questions", "sections", "levels", …; "" for the document itself).

    `before` and `after` are plain values as they stand in a file; an added or removed part is there as a whole, a section without its
    questions. `place` says where an added or moved part goes, or where a removed one was. `needs_confirmation` says that an
    answer given to the question before should be looked at again.
    """

    kind: Kind
    table: str
    key: str
    field: str
    before: Any
    after: Any
    place: Place | None = None
    needs_confirmation: bool = False

    @property
    def sentence(self) -> Text:
        """The change in words."""
        return _sentence(self)


def diff(a: DocumentT, b: DocumentT) -> list[Change]:
    """Return the changes that lead from `a` to `b`: the document first, then its parts in the order of `b`."""
    old, new = _plain(a), _plain(b)
    whole = _unkeyed(type(a), old) | _unkeyed(type(a), new)
    if _method(old) != _method(new):
        whole.add("scoring")
    before, after = _Sheet.of(type(a), old, whole), _Sheet.of(type(a), new, whole)
    found = [
        _changed("", "", field, before.head[field], value)
        for field, value in after.head.items()
        if before.head[field] != value
    ]
    for table in after.parts:
        found += _parts_changed(table, before, after)
    return found


def apply(a: DocumentT, changes: Iterable[Change]) -> DocumentT:
    """Return the document that the changes lead to. Raises KeyError or ValidationError for changes of another document."""
    changes = list(changes)
    values = _plain(a)
    whole = _unkeyed(type(a), values) | {each.field for each in changes if not each.table}
    sheet: _Sheet = _Sheet.of(type(a), values, whole)
    for table in ["", *sheet.parts]:
        sheet.apply(table, [each for each in changes if each.table == table])
    return type(a).model_validate_json(json.dumps(sheet.joined()))


def to_confirm(changes: Iterable[Change]) -> frozenset[str]:
    """Return the keys of the questions whose earlier answers should be looked at again."""
    return frozenset(each.key for each in changes if each.table == "questions" and each.needs_confirmation)


# ---------------------------------------------------------------- documents as sheets


def _plain(document: Framework | Questionnaire) -> Values:
    return document.model_dump(mode="json", by_alias=True)


def _method(values: Values) -> str:
    """Return the scoring method of a framework's values; "" for a questionnaire."""
    return str(values.get("scoring", {}).get("method", ""))


def _tables(model: type[Framework] | type[Questionnaire]) -> dict[str, str]:
    """Return the lists of parts of a kind of document, each with the field that tells its parts apart ("" = their place)."""
    if model is Questionnaire:
        return {"sections": "key"}
    found = {}
    for name, field in Framework.model_fields.items():
        inner = get_args(field.annotation)
        if get_origin(field.annotation) is list and isinstance(inner[0], type) and issubclass(inner[0], Part):
            named = (each for each in ("code", "id", "residual", "term") if each in inner[0].model_fields)
            found[name] = next(named, "")
    return found


def _keys(parts: Sequence[Values], field: str) -> list[str]:
    if not field:
        return [str(number) for number, _ in enumerate(parts, 1)]
    return [part[field] if isinstance(part[field], str) else part[field]["ja"] for part in parts]


def _unkeyed(model: type[Framework] | type[Questionnaire], values: Values) -> set[str]:
    """Return the lists in which a key stands twice (a document not yet sound): they are compared as a whole."""
    lists = {table: _keys(values[table], field) for table, field in _tables(model).items()}
    found = {table for table, keys in lists.items() if len(keys) != len(set(keys))}
    if model is Questionnaire:
        questions = [question["key"] for section in values["sections"] for question in section["questions"]]
        found |= {"sections"} if len(questions) != len(set(questions)) else set()
    return found


@dataclass
class _Sheet:
    """A document taken apart: its own fields, the fields of every part by key, and the order of the parts by group."""

    head: Values
    parts: dict[str, dict[str, Values]]
    order: dict[str, dict[str, list[str]]]

    @classmethod
    def of(cls, model: type[Framework] | type[Questionnaire], values: Values, whole: set[str]) -> _Sheet:
        """Take plain values apart, but for the lists that are compared as a whole."""
        tables = {table: field for table, field in _tables(model).items() if table not in whole}
        sheet = cls({name: value for name, value in values.items() if name not in tables}, {}, {})
        if model is Framework and "scoring" not in whole:
            sheet.head |= {f"scoring.{name}": value for name, value in sheet.head.pop("scoring").items()}
        for table, field in tables.items():
            keys = _keys(values[table], field)
            sheet.parts[table] = dict(zip(keys, values[table], strict=True))
            sheet.order[table] = {"": keys}
        if model is Questionnaire and "sections" in tables:
            sheet.lift_questions()
        return sheet

    def lift_questions(self) -> None:
        """Take the questions out of the sections: they keep their keys when they move to another one."""
        questions = {key: section["questions"] for key, section in self.parts["sections"].items()}
        self.parts["sections"] = {
            key: {name: value for name, value in section.items() if name != "questions"}
            for key, section in self.parts["sections"].items()
        }
        self.parts["questions"] = {each["key"]: each for group in questions.values() for each in group}
        self.order["questions"] = {key: [each["key"] for each in group] for key, group in questions.items()}

    def apply(self, table: str, changes: Sequence[Change]) -> None:
        """Make the changes of one list (or, for "", of the document itself)."""
        if table == "questions":
            groups = self.order["sections"][""]
            gone = {key for group, keys in self.order[table].items() if group not in groups for key in keys}
            self.order[table] = {group: self.order[table].get(group, []) for group in groups}
            if lost := gone - {each.key for each in changes}:
                raise KeyError(f"{lost} lie in a section that goes, and are neither moved nor removed")
        for change in changes:
            if not table:
                self.head[change.field] = change.after
            elif change.kind in ("added", "removed", "moved"):
                self._take_out(change)
            else:
                self.parts[table][change.key] = {**self.parts[table][change.key], change.field: change.after}
        placed = [(each.place, each.key) for each in changes if each.kind in ("added", "moved") and each.place]
        for place, key in sorted(placed, key=lambda each: each[0].index):
            self.order[table][place.group].insert(place.index, key)

    def _take_out(self, change: Change) -> None:
        """Take a part out of its place, and put in or drop what it says."""
        order = self.order[change.table]
        self.order[change.table] = {group: [key for key in keys if key != change.key] for group, keys in order.items()}
        if change.kind == "removed":
            del self.parts[change.table][change.key]
        elif change.kind == "added":
            self.parts[change.table][change.key] = change.after

    def joined(self) -> Values:
        """Return the plain values of the whole document."""
        values: Values = {}
        for name, value in self.head.items():
            outer, _, inner = name.rpartition(".")
            (values.setdefault(outer, {}) if outer else values)[inner] = value
        for table, parts in self.parts.items():
            if table != "questions":
                values[table] = [parts[key] for key in self.order[table][""]]
        if "questions" in self.parts:
            questions = self.parts["questions"]
            values["sections"] = [
                {**section, "questions": [questions[key] for key in self.order["questions"][section["key"]]]}
                for section in values["sections"]
            ]
        return values


# ---------------------------------------------------------------- comparing


def _parts_changed(table: str, before: _Sheet, after: _Sheet) -> Iterator[Change]:
    """Yield the changes of one list: what is gone, then part by part in the new order."""
    old, new = before.parts[table], after.parts[table]
    stands = _places(before.order[table])
    for key, place in stands.items():
        if key not in new:
            confirm = table in CONFIRMED_PARTS
            yield Change("removed", table, key, "", old[key], None, place, confirm)
    moved = _moved(before.order[table], after.order[table])
    for key, place in _places(after.order[table]).items():
        if key not in old:
            yield Change("added", table, key, "", None, new[key], place, table in CONFIRMED_PARTS)
            continue
        if key in moved:
            yield Change("moved", table, key, "", _at(stands[key]), _at(place), place)
        for field, value in new[key].items():
            if old[key][field] != value:
                yield _changed(table, key, field, old[key][field], value)


def _at(place: Place) -> list[str | int]:
    """Return a place as a plain value: the section and the place in it, counted from 1."""
    return [place.group, place.index + 1]


def _places(order: Mapping[str, Sequence[str]]) -> dict[str, Place]:
    return {key: Place(group, index) for group, keys in order.items() for index, key in enumerate(keys)}


def _moved(before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the fewest keys that must move: those in another group, and those outside the longest run that kept its order."""
    stood = _places(before)
    moved = set()
    for group, keys in after.items():
        common = [key for key in keys if key in stood]
        stayed = [key for key in common if stood[key].group == group]
        kept = _longest_growing([stood[key].index for key in stayed])
        moved |= set(common) - {key for key in stayed if stood[key].index in kept}
    return moved


def _longest_growing(numbers: Sequence[int]) -> set[int]:
    """Return the numbers of a longest growing subsequence (all numbers differ)."""
    ends: list[int] = []
    previous: dict[int, int | None] = {}
    for number in numbers:
        place = bisect_left(ends, number)
        previous[number] = ends[place - 1] if place else None
        ends[place : place + 1] = [number]
    found: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        found.add(last)
        last = previous[last]
    return found


def _changed(table: str, key: str, field: str, before: Any, after: Any) -> Change:
    """Return the change of one field, with its kind."""
    kind: Kind = "changed"
    if field in WORDING or (field in ("choices", "columns") and _codes(before) == _codes(after)):
        kind = "reworded"
    elif field.partition(".")[0] in SCORING or table in SCORING_PARTS:
        kind = "rescored"
    confirm = table == "questions" and field in CONFIRMED
    confirm = confirm or (table in CONFIRMED_PARTS and kind == "reworded")
    return Change(kind, table, key, field, before, after, needs_confirmation=confirm)


def _codes(parts: Sequence[Values]) -> list[Values]:
    """Return what of choices or columns is no wording."""
    return [{name: value for name, value in part.items() if name not in ("name", "note")} for part in parts]


# ---------------------------------------------------------------- sentences

_SENTENCES = {
    "added": Text("{part}を追加しました。", "{part} was added."),
    "added_to": Text("{part}を節「{group}」に追加しました。", "{part} was added to section “{group}”."),
    "removed": Text("{part}を削除しました。", "{part} was removed."),
    "moved": Text("{part}を{place}番目に移しました。", "{part} moved to place {place}."),
    "moved_to": Text(
        "{part}を節「{group}」の{place}番目に移しました。", "{part} moved to place {place} of section “{group}”."
    ),
    "reworded": Text("{part}：{field}を書き換えました。", "{part}: {field} reworded."),
    "changed": Text("{part}：{field}を変更しました。", "{part}: {field} changed."),
    "valued": Text(
        "{part}：{field}を「{before}」から「{after}」に変更しました。",
        "{part}: {field} changed from “{before}” to “{after}”.",
    ),
    "coded": Text(
        "{part}：{field}を変更しました（追加：{added}、削除：{removed}）。",
        "{part}: {field} changed (added: {added}; removed: {removed}).",
    ),
}
_NONE = Text("なし", "none")
_LONGEST_SHOWN = 60


def _sentence(change: Change) -> Text:
    name, values = change.kind, _said_values(change)
    if change.kind in ("added", "moved") and change.place and change.place.group:
        return _SENTENCES[f"{name}_to"].filled(**values)
    if change.kind in ("rescored", "changed"):
        coded = _coded(change.before, change.after)
        if coded is not None:
            return _SENTENCES["coded"].filled(**values, added=coded[0], removed=coded[1])
        before, after = _shown(change.before), _shown(change.after)
        if before is None or after is None:
            return _SENTENCES["changed"].filled(**values)
        return _SENTENCES["valued"].filled(**values, before=before, after=after)
    return _SENTENCES[name].filled(**values)


def _said_values(change: Change) -> dict[str, object]:
    place = change.place or Place("", 0)
    part = Text("文書", "The document")
    if change.table:
        part = Text("{part}「{key}」", "{part} “{key}”").filled(part=_capital(part_name(change.table)), key=change.key)
    return {
        "part": part,
        "field": field_name(change.field.split(".")[-1]),
        "group": place.group,
        "place": place.index + 1,
    }


def _capital(text: Text) -> Text:
    return Text(text.ja, text.en[:1].upper() + text.en[1:])


def _coded(before: Any, after: Any) -> tuple[Text, Text] | None:
    """Return the codes that were added and removed in a list of coded parts or of codes; None for other values."""
    if not (isinstance(before, list) and isinstance(after, list)):
        return None
    old, new = (
        [str(each.get("code")) if isinstance(each, dict) else str(each) for each in side] for side in (before, after)
    )
    if set(old) == set(new):
        return None
    added, removed = [each for each in new if each not in old], [each for each in old if each not in new]
    return _listed(added), _listed(removed)


def _listed(codes: Sequence[str]) -> Text:
    return both(", ".join(codes)) if codes else _NONE


def _shown(value: Any) -> Text | None:
    """Return a short value as text; None for one that does not fit into a sentence."""
    if value is None:
        return _NONE
    if isinstance(value, bool):
        return Text("はい", "yes") if value else Text("いいえ", "no")
    if isinstance(value, int | str):
        return both(str(value)) if len(str(value)) <= _LONGEST_SHOWN else None
    return None
