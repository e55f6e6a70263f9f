"""Reading questionnaire and framework files: YAML that is kept small and plain, and errors that say where they are.

Files come from people, so every problem is reported with file, line and column in both languages. Anchors, aliases, tags,
duplicate keys and oversized documents are refused before anything is built from them (assurance.md T14).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from governance.questionnaires.definition import Framework, Questionnaire
from governance.refusals import Problem, Refusals
from governance.texts import Text

MAX_BYTES, MAX_NODES, MAX_DEPTH = 1_000_000, 20_000, 20
CORE = "tag:yaml.org,2002:"
SCALARS: dict[str, Callable[[str], Any]] = {
    f"{CORE}int": int,
    f"{CORE}bool": lambda text: text.lower() == "true",
    f"{CORE}null": lambda text: None,
    f"{CORE}float": str,
}
TAGS = {*SCALARS, *(CORE + word for word in ("str", "map", "seq", "timestamp"))}
DocumentT = TypeVar("DocumentT", Framework, Questionnaire)


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
    """Read one file as a framework or questionnaire; raise `Refusals` with every problem and its place."""
    return read_text(path.name, path.read_text(encoding="utf-8"), kind)


def read_text(name: str, text: str, kind: type[DocumentT]) -> tuple[DocumentT, Source]:
    """Read a YAML text as a framework or questionnaire; `name` stands in front of the places. Raises `Refusals`."""
    source = parse(name, text)
    try:
        return kind.model_validate_json(json.dumps(source.tree, ensure_ascii=False)), source
    except ValidationError as error:
        raise Refusals([_problem(source, each) for each in error.errors()]) from error


def parse(name: str, text: str) -> Source:
    """Return the plain tree of a YAML text, or raise `Refusals` naming line and column."""
    if len(text.encode()) > MAX_BYTES:
        said = Text("ファイルが大きすぎます（上限1 MB）。", "The file is too large (limit 1 MB).")
        raise Refusals([_at(name, 0, 0, "seed.too_large", said)])
    root = _composed(name, text)
    if not isinstance(root, MappingNode):
        said = Text("先頭は「項目: 値」の形にしてください。", "The document must be a mapping.")
        raise Refusals([_at(name, 0, 0, "seed.not_mapping", said)])
    return Source(name, _Planter(name).plain(root), root)


def _composed(name: str, text: str) -> Any:
    """Return the node tree of a YAML text; the refusal says where reading stopped."""
    try:
        return YAML(typ="safe", pure=True).compose(StringIO(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        said = Text(f"YAMLとして読めません：{error.problem}", f"Not readable as YAML: {error.problem}")
        raise Refusals([_at(name, line, column, "seed.yaml", said)]) from error
    except (YAMLError, RecursionError) as error:
        said = Text("YAMLとして読めません。", "Not readable as YAML.")
        raise Refusals([_at(name, 0, 0, "seed.yaml", said)]) from error


class _Planter:
    """Turns YAML nodes into plain values in one walk, refusing what a seed may not hold."""

    def __init__(self, name: str) -> None:
        self.name, self.nodes = name, 0

    def plain(self, node: Node, depth: int = 0) -> Any:
        self.nodes += 1
        if node.anchor or node.tag not in TAGS:
            self._refuse(
                node,
                "seed.anchor",
                "アンカー、エイリアス、タグは使えません。値をそのまま書いてください。",
                "Anchors, aliases and tags are refused; write the value out.",
            )
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            self._refuse(
                node,
                "seed.too_complex",
                "項目が多すぎるか、入れ子が深すぎます。",
                "Too many parts or nested too deeply.",
            )
        if isinstance(node, SequenceNode):
            return [self.plain(part, depth + 1) for part in node.value]
        if isinstance(node, MappingNode):
            return self._mapping(node, depth)
        return SCALARS.get(node.tag, str)(node.value)

    def _mapping(self, node: MappingNode, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            word = self.plain(key, depth + 1)
            if not isinstance(word, str) or word in found:
                self._refuse(
                    key,
                    "seed.duplicate_key",
                    f"「{word}」が二度書かれているか、名前になっていません。",
                    f"“{word}” is written twice or is no name.",
                )
            found[word] = self.plain(value, depth + 1)
        return found

    def _refuse(self, node: Node, code: str, ja: str, en: str) -> NoReturn:
        raise Refusals([_at(self.name, node.start_mark.line, node.start_mark.column, code, Text(ja, en))])


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
}
OTHERWISE = Text(
    "「{field}」の値が正しくありません（値：{input}、{message}）。",
    "“{field}” is not valid (value: {input}; {message}).",
)


def _problem(source: Source, error: Any) -> Problem:
    path = [part for part in error["loc"] if not (isinstance(part, str) and part in {"Text"})]
    values = {
        "field": ".".join(str(part) for part in path) or source.name,
        "input": str(error.get("input"))[:60],
        "message": error["msg"],
        "expected": error.get("ctx", {}).get("expected", ""),
    }
    return Problem(f"seed.{error['type']}", SAID.get(error["type"], OTHERWISE).filled(**values), source.place(path))


def _at(name: str, line: int, column: int, code: str, text: Text) -> Problem:
    return Problem(code, text, f"{name}:{line + 1}:{column + 1}")
