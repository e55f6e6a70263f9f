"""Composing YAML with the limits inside the parser, so that hostile text costs no more than the part up to its first offence.

A document is refused while it is read, not after: at the first anchor, alias, tag or directive, at the first part that is nested too
deeply, and at the first part too many (assurance.md T14). What passes is a plain tree of a bounded size.
"""

from __future__ import annotations

import re
from io import StringIO
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent, NodeEvent
from ruamel.yaml.nodes import Node
from ruamel.yaml.parser import Parser
from ruamel.yaml.scanner import Scanner

from governance.texts import Text

MAX_BYTES, MAX_NODES, MAX_DEPTH = 1_000_000, 10_000, 20
BYTE_ORDER_MARK = "\ufeff"
UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""Characters no document may hold, not even written as an escape: control characters, half pairs, byte order marks."""


class Unfit(Exception):
    """A text cannot be read: a code, a sentence, and the line and column (from 0) where reading stopped."""

    def __init__(self, code: str, text: Text, line: int = 0, column: int = 0) -> None:
        super().__init__(f"{code}: {text.en}")
        self.code, self.text, self.line, self.column = code, text, line, column


def composed(text: str) -> Node | None:
    """Return the node tree of a YAML text, None for an empty one. Raises `Unfit`."""
    _must_be_readable(text)
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner, yaml.Parser = _PlainScanner, _BoundedParser
    try:
        node: Node | None = yaml.compose(StringIO(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        said = Text(f"YAMLとして読めません：{error.problem}", f"Not readable as YAML: {error.problem}")
        raise Unfit("seed.yaml", said, line, column) from error
    except YAMLError as error:
        raise Unfit("seed.yaml", Text("YAMLとして読めません。", "Not readable as YAML.")) from error
    return node


def decoded(raw: bytes) -> str:
    """Return the text of a file. Raises `Unfit` unless it is UTF-8 without a byte order mark and not too large."""
    if len(raw) > MAX_BYTES:
        raise too_large()
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise _marked()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n"), len(before.rpartition(b"\n")[2].decode("utf-8"))
        said = Text(
            "UTF-8の文字ではありません。ファイルをUTF-8で保存し直してください。",
            "This is not UTF-8 text; save the file as UTF-8.",
        )
        raise Unfit("seed.encoding", said, line, column) from error


def too_large() -> Unfit:
    """Return the refusal of a text over the limit."""
    return Unfit("seed.too_large", Text("ファイルが大きすぎます（上限1 MB）。", "The file is too large (limit 1 MB)."))


def unreadable(character: str) -> Text:
    """Return the sentence about a character that no document may hold."""
    number = f"U+{ord(character):04X}"
    return Text(
        f"使えない文字（制御文字など、{number}）が含まれています。取り除いてください。",
        f"There is a character that cannot be used (a control character, {number}); remove it.",
    )


def _marked() -> Unfit:
    said = Text(
        "先頭にBOM（バイト順マーク）があります。BOMなしのUTF-8で保存し直してください。",
        "The text begins with a byte order mark; save the file as UTF-8 without it.",
    )
    return Unfit("seed.encoding", said)


def _must_be_readable(text: str) -> None:
    """Refuse text that is too large or holds what no text holds; characters are counted first, since counting bytes is dear."""
    if text.startswith(BYTE_ORDER_MARK):
        raise _marked()
    if len(text) > MAX_BYTES:
        raise too_large()
    if found := UNREADABLE.search(text):
        before = text[: found.start()]
        line, column = before.count("\n"), len(before.rpartition("\n")[2])
        raise Unfit("seed.character", unreadable(found[0]), line, column)
    if len(text.encode()) > MAX_BYTES:
        raise too_large()


class _PlainScanner(Scanner):
    """Stops at everything that is more than plain values: reading it can cost much more than its length."""

    def _refuse(self) -> NoReturn:
        mark = self.reader.get_mark()
        said = Text(
            "アンカー（&）、エイリアス（*）、タグ（!）、指示（%）は使えません。値をそのまま書き、これらで始まる文は引用符で囲んでください。",
            "Anchors (&), aliases (*), tags (!) and directives (%) are refused; write the value out, "
            "and quote text that begins with one of these.",
        )
        raise Unfit("seed.anchor", said, mark.line, mark.column)

    def fetch_anchor(self) -> None:
        """Refuse `&name`."""
        self._refuse()

    def fetch_alias(self) -> None:
        """Refuse `*name`."""
        self._refuse()

    def fetch_tag(self) -> None:
        """Refuse `!name`."""
        self._refuse()

    def fetch_directive(self) -> None:
        """Refuse `%YAML` and `%TAG`, which change how everything after them is read."""
        self._refuse()


class _BoundedParser(Parser):
    """Counts depth and parts while the tree is built."""

    def __init__(self, loader: Any) -> None:
        super().__init__(loader)
        self.depth = self.nodes = 0

    def get_event(self) -> Any:
        """Return the next event, or refuse the document at the first one over a limit."""
        event = super().get_event()
        self.nodes += isinstance(event, NodeEvent)
        self.depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if self.nodes > MAX_NODES or self.depth > MAX_DEPTH:
            said = Text("項目が多すぎるか、入れ子が深すぎます。", "Too many parts or nested too deeply.")
            raise Unfit("seed.too_complex", said, event.start_mark.line, event.start_mark.column)
        return event
