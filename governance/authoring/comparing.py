"""Two versions side by side: every change with its words marked, and what it means for answers already given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from governance.authoring.describing import MISSING, Label, condition, facts, shown
from governance.authoring.questions import KINDS as QUESTION_KINDS
from governance.questionnaires.diff import Change
from governance.questionnaires.fields import field_name
from governance.texts import Text, both

Piece = tuple[str, str | Text]
"""How a run of text stands, "same", "gone" or "new", and the text; a `Text` where the page has words of its own."""
Line = list[Piece]
KINDS = {
    "added": Text("追加", "Added"),
    "removed": Text("削除", "Removed"),
    "reworded": Text("文言", "Reworded"),
    "rescored": Text("評点", "Scoring"),
    "moved": Text("移動", "Moved"),
    "changed": Text("変更", "Changed"),
}
WORD = re.compile(
    "|".join(map(re.escape, MISSING))
    + "|[\u4e00-\u9fff々]+|[\u3040-\u309f]+|[\u30a0-\u30ff]+|[A-Za-z]+|[0-9.,]+|\\s+|.",
    re.DOTALL,
)
MOST_WORDS = 1500
MEANS = {
    "added": Text("未回答になります", "Unanswered at first"),
    "removed": Text("回答は記録に残り、評点から外れます", "Answers stay on record and no longer count"),
    "rescored": Text("回答はそのまま、評点を計算し直します", "Answers stay; scores are worked out anew"),
    "confirm": Text("回答を引き継ぎ、確認を求めます", "Answers are carried over and asked to be confirmed"),
    "condition": Text("尋ねるかどうかを判定し直します", "Whether it is asked is decided anew"),
    "none": Text("変わりません", "No difference"),
}


@dataclass(frozen=True)
class Row:
    """One change as it is drawn: both sides as lines of marked words."""

    change: Change
    kind: Text
    field: Text | None
    before: list[Line]
    after: list[Line]
    means: Text


def rows(changes: Iterable[Change], label: Label) -> list[Row]:
    """Return the changes ready to draw; `label` names the values that conditions look at."""
    return [_row(change, label) for change in changes]


def counts(changes: Sequence[Change]) -> dict[str, int]:
    """Return how many changes there are of each kind that occurs."""
    return {kind: n for kind in KINDS if (n := sum(each.kind == kind for each in changes))}


def _row(change: Change, label: Label) -> Row:
    old, new = _lines(change, change.before, label), _lines(change, change.after, label)
    if change.kind in ("added", "removed", "moved"):
        before = _whole(change, old, change.before, "gone" if change.kind == "removed" else "same", label)
        after = _whole(change, new, change.after, "new" if change.kind == "added" else "same", label)
    else:
        before, after = _aligned(old, new)
    field = field_name(change.field.split(".")[-1]) if change.field else None
    return Row(change, KINDS[change.kind], field, _told(before), _told(after), _means(change))


def _whole(change: Change, lines: list[str], part: Any, how: str, label: Label) -> list[Line]:
    """Return a part that stands on one side only: what it is called, then all that scores or steers."""
    rest = facts(change.table, part, label) if change.kind != "moved" and isinstance(part, dict) else []
    every: list[str | Text] = [*lines, *rest]
    return [[(how, text)] for text in every]


def _told(lines: list[Line]) -> list[Line]:
    """Name what a draft leaves blank in the reader's language."""
    return [[(how, shown(text)) for how, text in line] for line in lines]


def _means(change: Change) -> Text:
    if change.table not in ("questions", "sections"):
        return MEANS["rescored"] if change.kind == "rescored" else MEANS["none"]
    if change.field == "when":
        return MEANS["condition"]
    if change.needs_confirmation:
        return MEANS["confirm"]
    return MEANS.get(change.kind, MEANS["none"]) if change.table == "questions" else MEANS["none"]


def _aligned(before: list[str], after: list[str]) -> tuple[list[Line], list[Line]]:
    """Mark what differs line by line; lines that stand on one side only are marked as a whole."""
    matcher = SequenceMatcher(a=before, b=after, autojunk=False)
    left: list[Line] = []
    right: list[Line] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        old, new = before[a:b], after[c:d]
        pairs = min(len(old), len(new)) if kind == "replace" else 0
        for one, other in zip(old[:pairs], new[:pairs], strict=True):
            gone, come = marked(one, other)
            left.append(gone)
            right.append(come)
        left += [[("same" if kind == "equal" else "gone", text)] for text in old[pairs:]]
        right += [[("same" if kind == "equal" else "new", text)] for text in new[pairs:]]
    return left, right


def marked(before: str, after: str) -> tuple[Line, Line]:
    """Return both texts in pieces, with the words that differ marked."""
    old, new = WORD.findall(before), WORD.findall(after)
    if max(len(old), len(new)) > MOST_WORDS:
        return [("gone", before)], [("new", after)]
    left: Line = []
    right: Line = []
    for kind, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if a < b:
            left.append(("same" if kind == "equal" else "gone", "".join(old[a:b])))
        if c < d:
            right.append(("same" if kind == "equal" else "new", "".join(new[c:d])))
    return left, right


# ---------------------------------------------------------------- a value as lines


def _lines(change: Change, value: Any, label: Label) -> list[str]:
    """Return a value as lines of text; of a bilingual text both languages."""
    if value is None:
        return []
    if change.field == "when":
        told = condition(value, label)
        return [told.ja, told.en] if told else plain_lines(value)
    if change.table == "questions" and change.field == "kind" and value in QUESTION_KINDS:
        return [QUESTION_KINDS[value].ja, QUESTION_KINDS[value].en]
    if change.kind == "moved" and isinstance(value, list):
        return [" ".join(str(each) for each in value if each != "")]
    if change.kind in ("added", "removed") and isinstance(value, dict):
        named = next((value[name] for name in ("text", "name", "title", "term") if value.get(name)), None)
        return plain_lines(named) if named else plain_lines(value.get("item") or change.key)
    return plain_lines(value)


def plain_lines(value: Any) -> list[str]:
    """Return any plain value as lines."""
    if isinstance(value, dict):
        if value.keys() == {"ja", "en"}:
            return [value["ja"], value["en"]]
        return [f"{name}: {', '.join(plain_lines(each))}" for name, each in value.items() if each not in (None, [], {})]
    if isinstance(value, list):
        return [", ".join(_short(each)) for each in value]
    if isinstance(value, bool):
        return ["✓" if value else "—"]
    return [str(value)]


def _short(value: Any) -> list[str]:
    """Return a part of a list in one line: its code and its name where it has them."""
    if isinstance(value, dict) and "code" in value:
        name = value.get("name")
        return [str(value["code"]), *(plain_lines(name) if name else ())]
    return plain_lines(value)


def label_of(key: str, value: str) -> Text:
    """Name a value by its code: for a condition whose questions are not known."""
    return both(value)


def lines_apart(before: str, after: str, most: int = 200) -> list[tuple[int, Line, Line]]:
    """Return the lines of two texts that differ, at most so many: the number in `after`, and both sides marked."""
    old, new = before.split("\n"), after.split("\n")
    found: list[tuple[int, Line, Line]] = []
    for kind, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=len(old) + len(new) > MOST_WORDS).get_opcodes():
        if kind == "equal":
            continue
        for step in range(max(b - a, d - c)):
            one, other = old[a + step] if a + step < b else "", new[c + step] if c + step < d else ""
            found.append((min(c + step, d) + 1, *marked(one, other)))
    return found[:most]
