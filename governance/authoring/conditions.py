"""The condition builder: a condition as the fields of a form, one press of a button at a time, and back.

Every node has a path (`when`, `when.0`, `when.0.1` …) and says in `<path>.is` whether it is a row or a group. A row looks at one
question, at a pack or at the phase. Reading takes any mixture of fields; what makes no sense is a problem at its path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from governance.authoring.fields import Fields, next_row, one, rows, without
from governance.questionnaires.conditions import NUMBER
from governance.questionnaires.definition import CHOSEN
from governance.texts import Text

ROOT = "when"
GROUPS = {
    "all": Text("次のすべてに当てはまるとき", "When all of these hold"),
    "any": Text("次のどれかに当てはまるとき", "When any of these holds"),
    "not": Text("次のどれにも当てはまらないとき", "When none of these holds"),
}
COMPARISONS = {
    "is": Text("が次のどれか", "is one of"),
    "includes": Text("に次を含む", "includes"),
    "at_least": Text("が次の数以上", "is at least"),
    "answered": Text("に回答がある", "has an answer"),
    "unanswered": Text("に回答がない", "has no answer"),
}
PACK, PHASE = "#pack", "#phase"
DEEPEST, MOST = 8, 120
"""How deep groups may lie in each other, and how many parts a condition may have on the form."""
Condition = dict[str, Any]


@dataclass(frozen=True)
class Known:
    """A question that a condition can look at: its words, its kind and the values it can have."""

    key: str
    topic: Text
    kind: str
    values: dict[str, Text]
    document: Text

    @property
    def comparisons(self) -> list[str]:
        """The ways to compare it, the most usual first."""
        if self.kind == "multiple":
            return ["includes", "answered", "unanswered"]
        if self.kind == "number":
            return ["at_least", "answered", "unanswered"]
        return ["is", "answered", "unanswered"] if self.kind in CHOSEN else ["answered", "unanswered"]


@dataclass
class Node:
    """A part of the builder as it is drawn."""

    path: str
    kind: str
    parts: list[Node] = field(default_factory=list)
    question: str = ""
    comparison: str = ""
    comparisons: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    options: dict[str, Text] = field(default_factory=dict)
    number: str = ""
    wrong: Text | None = None


# ---------------------------------------------------------------- condition → fields


def fields_of(condition: Any) -> Fields:
    """Return the fields that show a condition; a single look stands in a group of its own. {} without a condition."""
    fields: Fields = {}
    if isinstance(condition, dict) and condition:
        is_group = bool(condition.keys() & GROUPS.keys())
        _spread(condition if is_group else {"all": [condition]}, ROOT, fields)
    return fields


def _spread(condition: Any, path: str, fields: Fields) -> None:
    if not isinstance(condition, dict):
        return
    for kind in GROUPS:
        if kind in condition:
            fields[f"{path}.is"] = [kind]
            for number, part in enumerate(_parts(kind, condition[kind])):
                _spread(part, f"{path}.{number}", fields)
            return
    fields.update(_row(condition, path))


def _parts(kind: str, inner: Any) -> list[Any]:
    if kind != "not":
        return inner if isinstance(inner, list) else []
    nested = inner.get("any") if isinstance(inner, dict) else None
    return nested if isinstance(nested, list) and nested else [inner]


def _row(condition: Mapping[str, Any], path: str) -> Fields:
    """Return the fields of one look."""
    fields: Fields = {f"{path}.is": ["row"], f"{path}.question": [str(condition.get("question", ""))]}
    if "in_pack" in condition or "in_phase" in condition:
        word, mark = ("in_pack", PACK) if "in_pack" in condition else ("in_phase", PHASE)
        return fields | {f"{path}.question": [mark], f"{path}.value": [str(condition[word])]}
    if "answered" in condition:
        return fields | {f"{path}.how": ["answered" if condition["answered"] else "unanswered"]}
    for word in ("is", "includes", "at_least"):
        if word in condition:
            values = condition[word] if isinstance(condition[word], list) else [condition[word]]
            return fields | {f"{path}.how": [word], f"{path}.value": [str(each) for each in values]}
    return fields


# ---------------------------------------------------------------- one press of a button


def pressed(fields: Fields, act: str, path: str) -> Fields:
    """Return the fields after a press: `row`, `all`, `any`, `not` add a part to the group at `path`, `remove` takes one off."""
    if act == "remove":
        return without(fields, path)
    if act == "begin":
        return without(fields, ROOT) | {f"{ROOT}.is": ["all"], f"{ROOT}.0.is": ["row"]}
    full = len([name for name in fields if name.startswith(ROOT) and name.endswith(".is")]) >= MOST
    if act not in (*GROUPS, "row") or f"{path}.is" not in fields or full or path.count(".") >= DEEPEST:
        return fields
    new = next_row(fields, path)
    return fields | {f"{new}.is": [act]} | ({f"{new}.0.is": ["row"]} if act != "row" else {})


# ---------------------------------------------------------------- fields → what is drawn


def drawn(
    fields: Fields,
    known: Mapping[str, Known],
    packs: Mapping[str, Text],
    phases: Mapping[str, Text],
    path: str = ROOT,
) -> Node | None:
    """Return the builder's tree below a path; None when there is nothing there."""
    kind = one(fields, f"{path}.is")
    if kind in GROUPS:
        numbers = rows(fields, path) if path.count(".") < DEEPEST else []
        parts = [drawn(fields, known, packs, phases, f"{path}.{number}") for number in numbers]
        return Node(path, kind, [part for part in parts if part is not None])
    if kind != "row":
        return None
    return _drawn_row(fields, known, (packs, phases), path)


def _drawn_row(
    fields: Fields,
    known: Mapping[str, Known],
    lists: tuple[Mapping[str, Text], Mapping[str, Text]],
    path: str,
) -> Node:
    """Return one row with the comparisons and values its question allows."""
    question, values = one(fields, f"{path}.question"), fields.get(f"{path}.value", [])
    node = Node(path, "row", question=question, values=values, number=values[0] if values else "")
    if question in (PACK, PHASE):
        node.comparison, node.options = question, dict(lists[question == PHASE])
        return node
    looked_at = known.get(question)
    node.comparisons = looked_at.comparisons if looked_at else list(COMPARISONS)
    how = one(fields, f"{path}.how")
    node.comparison = how if how in node.comparisons else node.comparisons[0]
    node.options = dict(looked_at.values) if looked_at else {}
    if looked_at is None and question:
        node.options = {value: Text(value, value) for value in values if value}
    return node


# ---------------------------------------------------------------- what is drawn → condition


def condition_of(node: Node | None, known: Mapping[str, Known], stops: list[Node]) -> Condition | None:
    """Return the condition that the builder says; every part says itself what is wrong with it.

    `stops` collects the parts that cannot be kept as they are (nothing chosen). What is only unknown is kept: the draft says it too.
    """
    if node is None or (node.path == ROOT and not node.parts):
        return None
    if node.kind == "row":
        return _look(node, known, stops)
    held = [part for part in (condition_of(each, known, stops) for each in node.parts) if part is not None]
    if not node.parts:
        _stop(
            node,
            stops,
            "条件を1つ以上加えるか、このまとまりを除いてください。",
            "Add a condition, or remove this group.",
        )
    if not held:
        return None
    if node.kind == "not":
        return {"not": held[0] if len(held) == 1 else {"any": held}}
    return held[0] if len(held) == 1 and node.path == ROOT else {node.kind: held}


def _stop(node: Node, stops: list[Node], ja: str, en: str) -> None:
    node.wrong = Text(ja, en)
    stops.append(node)


def _look(node: Node, known: Mapping[str, Known], stops: list[Node]) -> Condition | None:
    if not node.question:
        _stop(node, stops, "質問を選んでください。", "Choose a question.")
        return None
    if node.question in (PACK, PHASE):
        word = "in_pack" if node.question == PACK else "in_phase"
        return {word: node.number} if _chosen(node, node.values[:1], stops) else None
    if node.question not in known:
        node.wrong = Text(
            "「{key}」という質問はありません。ほかの質問を選んでください。",
            "There is no question “{key}”. Choose another one.",
        ).filled(key=node.question[:40])
    return _compared(node, stops)


def _compared(node: Node, stops: list[Node]) -> Condition | None:
    """Return the look at a question with its comparison."""
    start = {"question": node.question}
    if node.comparison in ("answered", "unanswered"):
        return {**start, "answered": node.comparison == "answered"}
    if node.comparison == "at_least":
        if not NUMBER.fullmatch(node.number) or "." in node.number:
            _stop(node, stops, "整数で入力してください。", "Enter a whole number.")
            return None
        return {**start, "at_least": int(node.number)}
    values = node.values if node.comparison == "is" else node.values[:1]
    if not _chosen(node, values, stops):
        return None
    return {**start, "is": values} if node.comparison == "is" else {**start, "includes": values[0]}


def _chosen(node: Node, values: list[str], stops: list[Node]) -> bool:
    """Say whether values are chosen; note one that does not exist."""
    if not any(values):
        _stop(node, stops, "値を選んでください。", "Choose a value.")
        return False
    strange = [value for value in values if value not in node.options]
    if strange:
        node.wrong = Text(
            "「{value}」という値はありません。選び直してください。", "There is no value “{value}”. Choose again."
        ).filled(value=strange[0][:40])
        node.options |= {value: Text(value[:40], value[:40]) for value in strange}
    return True
