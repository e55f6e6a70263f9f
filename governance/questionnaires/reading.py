"""Reading questionnaire and framework files, and others like them: YAML kept small and plain, and errors that say where they are.

Files come from people, so every problem is reported with file, line and column in both languages. Anchors, aliases, tags,
duplicate keys and oversized documents are refused before anything is built from them (assurance.md T14).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from governance.questionnaires.conditions import WORDS
from governance.questionnaires.finding import short
from governance.questionnaires.plain_yaml import MAX_BYTES, UNREADABLE, Unfit, composed, decoded, unreadable
from governance.refusals import Problem, Refusals
from governance.texts import Text

MAX_PROBLEMS = 100
CORE = "tag:yaml.org,2002:"
WHOLE = re.compile("[-+]?[0-9]{1,18}")
SCALARS: dict[str, Callable[[str], Any]] = {
    f"{CORE}int": int,
    f"{CORE}bool": lambda text: text.lower() == "true",
    f"{CORE}null": lambda text: None,
    f"{CORE}float": str,
}
TAGS = {*SCALARS, *(CORE + word for word in ("str", "map", "seq", "timestamp"))}
DocumentT = TypeVar("DocumentT", bound=BaseModel)
__all__ = ["MAX_BYTES", "OTHERWISE", "SAID", "DocumentT", "Source", "parse", "read", "read_text", "text_of"]


@dataclass(frozen=True)
class Source:
    """A parsed file: its plain tree and the node tree that knows where each part stands."""

    name: str
    tree: Any
    root: Node

    def place(self, path: Sequence[str | int]) -> str:
        """Return `file:line:column` of the deepest part of `path` that exists."""
        node, mark = self.root, self.root.start_mark
        for part in path:
            found = _child(node, part)
            if found is None:
                continue
            node, mark = found
        return f"{self.name}:{mark.line + 1}:{mark.column + 1}"


def read(path: Path, kind: type[DocumentT]) -> tuple[DocumentT, Source]:
    """Read one file as a document of this kind; raise `Refusals` with every problem and its place."""
    return read_text(path.name, text_of(path), kind)


def text_of(path: Path) -> str:
    """Return the text of a file, reading no more than the limit. Raises `Refusals` when it is too large or not UTF-8."""
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    try:
        return decoded(raw)
    except Unfit as unfit:
        raise _refusals(path.name, unfit) from unfit


def read_text(name: str, text: str, kind: type[DocumentT]) -> tuple[DocumentT, Source]:
    """Read a YAML text as a document of this kind; `name` stands in front of the places. Raises `Refusals`."""
    source = parse(name, text)
    try:
        return kind.model_validate_json(json.dumps(source.tree, ensure_ascii=False)), source
    except ValidationError as error:
        raise Refusals(_problems(source, error)) from error


def parse(name: str, text: str) -> Source:
    """Return the plain tree of a YAML text, or raise `Refusals` naming line and column."""
    try:
        root = composed(text)
    except Unfit as unfit:
        raise _refusals(name, unfit) from unfit
    if not isinstance(root, MappingNode):
        said = Text("先頭は「項目: 値」の形にしてください。", "The document must be a mapping.")
        raise Refusals([_at(name, 0, 0, "seed.not_mapping", said)])
    return Source(name, _Planter(name).plain(root), root)


class _Planter:
    """Turns YAML nodes into plain values in one walk, refusing what a seed may not hold."""

    def __init__(self, name: str) -> None:
        self.name = name

    def plain(self, node: Node) -> Any:
        """Return the plain value of a node and all below it."""
        if isinstance(node, SequenceNode):
            return [self.plain(part) for part in node.value]
        if isinstance(node, MappingNode):
            return self._mapping(node)
        return self._scalar(node)

    def _scalar(self, node: Node) -> Any:
        tag, value = str(node.tag), node.value
        if tag not in TAGS:
            said = Text(
                "この書き方は使えません。値を引用符で囲んでください。", "This cannot be written here; quote the value."
            )
            self._refuse(node, "seed.anchor", said)
        if found := UNREADABLE.search(value):
            self._refuse(node, "seed.character", unreadable(found[0]))
        if tag == f"{CORE}int" and not WHOLE.fullmatch(value):
            said = Text(
                "整数は18桁までの10進数で書いてください。文字なら引用符で囲んでください。",
                "Write a whole number in decimal, up to 18 digits; quote it if it is text.",
            )
            self._refuse(node, "seed.number", said)
        return SCALARS.get(tag, str)(value)

    def _mapping(self, node: MappingNode) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            word = self.plain(key)
            if not isinstance(word, str) or word in found:
                word = short(word)
                said = Text(
                    f"「{word}」が二度書かれているか、名前になっていません。",
                    f"“{word}” is written twice or is no name.",
                )
                self._refuse(key, "seed.duplicate_key", said)
            found[word] = self.plain(value)
        return found

    def _refuse(self, node: Node, code: str, text: Text) -> NoReturn:
        raise Refusals([_at(self.name, node.start_mark.line, node.start_mark.column, code, text)])


def _child(node: Node, part: str | int) -> tuple[Node, Any] | None:
    if isinstance(node, MappingNode):
        return next(
            (
                (value, key.start_mark)
                for key, value in node.value
                if isinstance(key, ScalarNode) and key.value == str(part)
            ),
            None,
        )
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part].start_mark
    return None


SAID = {
    "missing": Text("「{field}」がありません。", "“{field}” is missing."),
    "extra_forbidden": Text(
        "「{field}」という項目はありません。つづりを確かめてください。",
        "There is no field “{field}”; check the spelling.",
    ),
    "string_too_short": Text("「{field}」が空です。", "“{field}” is empty."),
    "string_pattern_mismatch": Text(
        "「{field}」の書き方が正しくありません（値：{input}）。", "“{field}” is not written correctly (value: {input})."
    ),
    "literal_error": Text(
        "「{field}」に使えない値です：{input}。使える値：{expected}。",
        "“{field}” cannot be {input}; use one of {expected}.",
    ),
    "union_tag_not_found": Text(
        "条件「{field}」は all / any / not / is / includes / at_least / answered / in_pack / in_phase のどれかで書いてください。",
        "Write the condition “{field}” with all / any / not / is / includes / at_least / answered / in_pack / in_phase.",
    ),
    "string_type": Text(
        "「{field}」は文字で書いてください。数やtrue・falseは引用符で囲みます（値：{input}）。",
        "“{field}” must be text; quote numbers, true and false (value: {input}).",
    ),
    "list_type": Text(
        "「{field}」は [値, 値] の並びで書いてください（値：{input}）。",
        "Write “{field}” as a list, [value, value] (value: {input}).",
    ),
    "bool_type": Text(
        "「{field}」は true か false で書いてください（値：{input}）。",
        "“{field}” must be true or false (value: {input}).",
    ),
    "int_type": Text(
        "「{field}」は引用符なしの整数で書いてください（値：{input}）。",
        "“{field}” must be a whole number without quotes (value: {input}).",
    ),
    "too_short": Text("「{field}」には1つ以上の値が要ります。", "“{field}” needs at least one value."),
    "dataclass_type": Text(
        "「{field}」は {{ja: 日本語の文, en: 英語の文}} の形で書いてください（値：{input}）。",
        "Write “{field}” as {{ja: Japanese text, en: English text}} (value: {input}).",
    ),
}
OTHERWISE = Text(
    "「{field}」の値が正しくありません（値：{input}、{message}）。",
    "“{field}” is not valid (value: {input}; {message}).",
)
UNTRANSLATED = Text(
    "「{field}」がありません：{language}の文を書いてください。", "“{field}” is missing: write the {language} text."
)
TWO_WORDS = Text(
    "一つの条件に「{field}」まで書くことはできません。条件を分け、all か any でまとめてください。",
    "One condition cannot hold “{field}” as well; write two and join them with all or any.",
)
LANGUAGES = {"ja": Text("日本語（ja）", "Japanese (ja)"), "en": Text("英語（en）", "English (en)")}


def _problems(source: Source, error: ValidationError) -> list[Problem]:
    """Return the problems of a document that has the wrong shape; of very many only the first and how many more there are."""
    errors = error.errors(include_url=False, include_input=False)
    found = [_problem(source, each) for each in errors[:MAX_PROBLEMS]]
    if more := len(errors) - len(found):
        said = Text(f"ほかに{more}件あります。", f"There are {more} more problems.")
        found.append(Problem("seed.more", said, source.place(())))
    return found


def _problem(source: Source, error: Any) -> Problem:
    path, in_condition = _path(error["loc"])
    values = {
        "field": short(".".join(str(part) for part in path) or source.name, 120),
        "input": _input(source.tree, path),
        "message": error["msg"],
        "expected": error.get("ctx", {}).get("expected", ""),
    }
    said, last = SAID.get(error["type"], OTHERWISE), path[-1] if path else ""
    if error["type"] in ("missing", "string_too_short") and last in LANGUAGES:
        said, values["language"] = UNTRANSLATED, LANGUAGES[str(last)]
    elif error["type"] == "extra_forbidden" and in_condition and last in (*WORDS, "question"):
        said = TWO_WORDS
    return Problem(f"seed.{error['type']}", said.filled(**values), source.place(path))


def _path(where: Sequence[str | int]) -> tuple[list[str | int], bool]:
    """Return the path in the document, without the names of alternatives, and whether its last part is a word of a condition."""
    path: list[str | int] = []
    is_name = was_name = in_condition = False
    for part in where:
        if is_name or part == "Text":
            was_name, is_name = is_name, False
            continue
        among = len(path) > 0 and path[-1] in ("all", "any") and isinstance(part, int)
        path.append(part)
        in_condition, was_name = was_name, False
        is_name = among or part in ("when", "not", "scoring")
    return path, in_condition


def _input(tree: Any, path: Sequence[str | int]) -> str:
    """Return the value at the path as it can be shown: short, and of a group only that it is one."""
    for part in path:
        is_there = part in tree if isinstance(tree, dict) else isinstance(tree, list) and isinstance(part, int)
        if not is_there:
            return ""
        tree = tree[part]
    return "{…}" if isinstance(tree, dict) else "[…]" if isinstance(tree, list) else short(tree, 60)


def _refusals(name: str, unfit: Unfit) -> Refusals:
    return Refusals([_at(name, unfit.line, unfit.column, unfit.code, unfit.text)])


def _at(name: str, line: int, column: int, code: str, text: Text) -> Problem:
    return Problem(code, text, f"{name}:{line + 1}:{column + 1}")
