"""A deon checklist (YAML) → a questionnaire: each section a section, each line a question on the answer scale.

The format knows title, sections and lines in one language; both sides get the same text, and every text is noted for translation.
"""

from __future__ import annotations

import re
from typing import Any

from governance.interchange.ciso import WHY, decoded
from governance.interchange.documents import (
    Defaults,
    Imported,
    Path,
    at_path,
    dotted,
    needs_translation,
    one_language,
    validated,
)
from governance.questionnaires.reading import Source, parse
from governance.refusals import Problem, Refusals
from governance.texts import Text

Tree = dict[str, Any]


def read_checklist(content: bytes, defaults: Defaults) -> Imported:
    """Return the questionnaire of a checklist file and what needs translation.

    Raises Refusals with `file:line:column` for what is no YAML, is missing, or is not part of the format.
    """
    reading = _Reading(parse("checklist.yml", decoded(content)), defaults)
    tree = reading.tree()
    Refusals.raise_any(reading.problems)
    return Imported(validated(tree, reading.found), reading.notes)


class _Reading:
    """Reads one checklist; problems and notes are gathered."""

    def __init__(self, source: Source, defaults: Defaults) -> None:
        self.source, self.defaults = source, defaults
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []

    def _place(self, path: Path) -> str:
        return f"{self.source.place(path)} {dotted(path)}"

    def found(self, code: str, path: Path, text: Text) -> Problem:
        """Return a problem of the model at the line of the checklist it comes from."""
        return at_path(code, self._place(tuple("lines" if part == "questions" else part for part in path)), text)

    def tree(self) -> Tree:
        self._only(self.source.tree, {"title", "sections"}, ())
        tree = self.defaults.head()
        tree["title"] = self._text(self.source.tree, "title", ())
        tree["sections"] = [
            self._section(each, ("sections", number))
            for number, each in enumerate(self._list(self.source.tree, "sections", ()))
        ]
        return tree

    def _section(self, given: Tree, path: Path) -> Tree:
        self._only(given, {"title", "section_id", "lines"}, path)
        section: Tree = {"key": self._key(given, "section_id", path, "S"), "title": self._text(given, "title", path)}
        if self.defaults.item:
            section["item"] = self.defaults.item
        lines = self._list(given, "lines", path)
        section["questions"] = [self._question(each, (*path, "lines", number)) for number, each in enumerate(lines)]
        return section

    def _question(self, given: Tree, path: Path) -> Tree:
        self._only(given, {"line_id", "line_summary", "line"}, path)
        text = Text(
            "「なぜ尋ねるか」がありません。書き足してください。",
            "There is no reason why it is asked; please write one.",
        )
        self.notes.append(at_path("note", self._place(path), text))
        return {
            "key": self._key(given, "line_id", path, "Q"),
            "kind": "scale",
            "topic": self._text(given, "line_summary", path),
            "text": self._text(given, "line", path),
            "why": WHY,
        }

    def _key(self, given: Tree, name: str, path: Path, start: str) -> str:
        key = str(given.get(name, "")).strip()
        if re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", key):
            return key if key[0].isalpha() else f"{start}{key}"
        said = Text(
            "「{name}」がないか、使えない文字があります。", "“{name}” is missing or has letters a key cannot have."
        )
        self.problems.append(at_path("deon", self._place((*path, name)), said.filled(name=name)))
        return start

    def _text(self, given: Tree, name: str, path: Path) -> Tree:
        words = given.get(name)
        if not isinstance(words, str) or not words.strip():
            said = Text("「{name}」がありません。", "“{name}” is missing.").filled(name=name)
            self.problems.append(at_path("deon", self._place((*path, name)), said))
            return one_language("—")
        self.notes.append(needs_translation(self._place((*path, name))))
        return one_language(words)

    def _list(self, given: Tree, name: str, path: Path) -> list[Tree]:
        found = given.get(name)
        if isinstance(found, list) and found and all(isinstance(each, dict) for each in found):
            return found
        said = Text("「{name}」は1つ以上の項目の一覧にしてください。", "“{name}” must be a list of at least one entry.")
        self.problems.append(at_path("deon", self._place((*path, name)), said.filled(name=name)))
        return []

    def _only(self, given: Tree, allowed: set[str], path: Path) -> None:
        for name in given:
            if name not in allowed:
                said = Text("「{name}」は取り込めません。", "“{name}” is not understood.").filled(name=name[:60])
                self.problems.append(at_path("deon", self._place((*path, name)), said))
