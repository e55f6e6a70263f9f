"""A questionnaire library of CISO Assistant (YAML) → a questionnaire; the other direction is not offered.

A library holds a framework whose requirement nodes form a tree by `parent_urn`; nodes may carry questions with choices and a condition
on an earlier question. Nodes with questions become sections. Texts that exist in one language only stand on both sides and are noted.
Whatever has no counterpart (risk matrices, threats, computed results …) is refused by name and path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from governance.interchange.documents import (
    Defaults,
    Imported,
    Path,
    at_path,
    dotted,
    needs_translation,
    spending,
    validated,
)
from governance.questionnaires.definition import Framework
from governance.questionnaires.methods import Points
from governance.questionnaires.reading import Source, parse
from governance.refusals import Problem, Refusals
from governance.texts import Text

Tree = dict[str, Any]
KINDS = {
    "unique_choice": "single",
    "single_choice": "single",
    "multiple_choice": "multiple",
    "text": "long_text",
    "date": "date",
    "number": "number",
    "boolean": "yes_no",
}
LIBRARY = frozenset(
    {
        *(
            "urn",
            "locale",
            "ref_id",
            "name",
            "description",
            "copyright",
            "version",
            "publication_date",
        ),
        *(
            "provider",
            "packager",
            "translations",
            "objects",
            "labels",
        ),
    }
)
FRAMEWORK = frozenset(
    {
        *(
            "urn",
            "ref_id",
            "name",
            "description",
            "translations",
            "requirement_nodes",
        ),
    }
)
NODE = frozenset(
    {
        *(
            "urn",
            "parent_urn",
            "ref_id",
            "name",
            "description",
            "annotation",
            "typical_evidence",
        ),
        *(
            "assessable",
            "depth",
            "questions",
            "translations",
        ),
    }
)
QUESTION = frozenset(
    {
        *(
            "urn",
            "type",
            "text",
            "choices",
            "depends_on",
            "translations",
        ),
    }
)
CHOICE = frozenset(
    {
        *(
            "urn",
            "value",
            "ref_id",
            "description",
            "add_score",
            "color",
            "translations",
        ),
    }
)
WHY = {"ja": "（なぜ尋ねるかを書いてください）", "en": "(Say why this is asked.)"}


def read_library(content: bytes, defaults: Defaults, framework: Framework | None = None) -> Imported:
    """Return the questionnaire of a library file and what needs translation or a look.

    Raises Refusals with `file:line:column` for what is no YAML, else with the path of everything that is not understood.
    """
    source = parse("library.yaml", decoded(content))
    reading = _Reading(source, defaults, framework)
    tree = reading.tree()
    Refusals.raise_any(reading.problems)
    return Imported(validated(tree, reading.found), reading.notes)


def decoded(content: bytes) -> str:
    """Return a file as text; Refusals when it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text = Text("UTF-8のテキストではありません。", "This is not UTF-8 text.")
        raise Refusals([Problem("interchange.unreadable", text)]) from error


class _Reading:
    """Reads one library; problems and notes are gathered."""

    def __init__(self, source: Source, defaults: Defaults, framework: Framework | None) -> None:
        self.source, self.defaults = source, defaults
        scoring = framework.scoring if framework else None
        self.totals = [total.code for total in scoring.totals] if isinstance(scoring, Points) else []
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self.locale = "en"
        self.codes: dict[str, dict[str, str]] = {}
        self.keys: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self.places: dict[Path, Path] = {}
        self.spend = spending()

    def _place(self, path: Path) -> str:
        return f"{self.source.place(path)} {dotted(path)}"

    def refuse(self, path: Path, text: Text) -> None:
        self.problems.append(at_path("ciso", self._place(path), text))

    def found(self, code: str, path: Path, text: Text) -> Problem:
        """Return a problem of the model at the part of the library it comes from."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return at_path(code, self._place((*self.places[path[:length]], *path[length:])), text)
        return at_path(code, dotted(path), text)

    def _only(self, given: Tree, allowed: frozenset[str], path: Path) -> None:
        for name in given:
            if name not in allowed and given[name] not in (None, [], {}, ""):
                text = Text("「{name}」は取り込めません。", "“{name}” is not understood.").filled(name=name[:60])
                self.refuse((*path, name), text)

    def _mapping(self, value: Any, path: Path) -> Tree:
        if isinstance(value, dict):
            return value
        self.refuse(path, Text("「項目: 値」の形ではありません。", "This is not a mapping."))
        return {}

    def _several(self, value: Any, path: Path) -> list[Tree]:
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse(path, Text("一覧ではありません。", "This is not a list."))
            return []
        return [self._mapping(each, (*path, number)) for number, each in enumerate(value)]

    # ------------------------------------------------ library, nodes

    def tree(self) -> Tree:
        library = self.source.tree
        self._only(library, LIBRARY, ())
        self.locale = "ja" if library.get("locale") == "ja" else "en"
        self._note_source(library)
        objects = self._mapping(library.get("objects", {}), ("objects",))
        self._only(objects, frozenset({"framework"}), ("objects",))
        path: Path = ("objects", "framework")
        framework = self._mapping(objects.get("framework", {}), path)
        self._only(framework, FRAMEWORK, path)
        tree = self.defaults.head()
        tree["title"] = self._text(framework if framework.get("name") else library, "name", path)
        described = (framework, path) if framework.get("description") else (library, ())
        if described[0].get("description"):
            tree["intro"] = self._text(described[0], "description", described[1])
        nodes = self._several(framework.get("requirement_nodes"), (*path, "requirement_nodes"))
        for number, node in enumerate(nodes):
            self._learn(node, (*path, "requirement_nodes", number))
        tree["sections"] = self._sections(nodes, (*path, "requirement_nodes"))
        return tree

    def _note_source(self, library: Tree) -> None:
        """Say whose text this is, since the questionnaire itself cannot."""
        whose = [str(library[name]) for name in ("urn", "version", "provider", "copyright") if library.get(name)]
        if whose:
            text = Text("出典：{whose}。利用条件を確かめてください。", "Source: {whose}. Check the terms of use.")
            self.notes.append(at_path("note", self._place(()), text.filled(whose=" / ".join(whose)[:300])))

    def _sections(self, nodes: Sequence[Tree], path: Path) -> list[Tree]:
        by_urn = {str(node.get("urn", "")): (node, (*path, number)) for number, node in enumerate(nodes)}
        parents = {str(node.get("parent_urn", "")) for node in nodes}
        sections: list[Tree] = []
        for number, node in enumerate(nodes):
            where: Path = (*path, number)
            self._only(node, NODE, where)
            if node.get("questions"):
                sections.append(self._section(node, where, by_urn, len(sections)))
            elif node.get("assessable") or str(node.get("urn")) not in parents:
                text = Text(
                    "質問のない要求事項は取り込めません。", "A requirement without questions is not understood."
                )
                self.refuse(where, text)
        return sections

    def _section(self, node: Tree, path: Path, by_urn: Mapping[str, tuple[Tree, Path]], place: int) -> Tree:
        chain, seen = [(node, path)], {id(node)}
        while (found := by_urn.get(str(chain[0][0].get("parent_urn", "")))) and id(found[0]) not in seen:
            chain.insert(0, found)
            seen.add(id(found[0]))
        self.spend(*(str(each.get("name")) for each, _ in chain))
        titles = [self._text(each, "name", where) for each, where in chain if each.get("name")]
        section: Tree = {"key": _key(node)}
        if titles:
            section["title"] = {side: "　".join(title[side] for title in titles) for side in ("ja", "en")}
        if self.defaults.item:
            section["item"] = self.defaults.item
        self.places["sections", place] = path
        help_ = {
            name: self._text(node, name, path)
            for name in ("description", "annotation", "typical_evidence")
            if node.get(name)
        }
        section["questions"] = []
        for urn, given in self._mapping(node["questions"], (*path, "questions")).items():
            where = (*path, "questions", urn)
            self.places["sections", place, "questions", len(section["questions"])] = where
            section["questions"].append(self._question(urn, self._mapping(given, where), where, help_))
        return section

    # ------------------------------------------------ questions

    def _learn(self, node: Tree, path: Path) -> None:
        """Give every question its key and every choice its code, before conditions are read."""
        for urn, given in self._mapping(node.get("questions") or {}, (*path, "questions")).items():
            if isinstance(given, dict):
                last = urn.rsplit(":", 1)[-1]
                self.keys[urn] = _key_of(last) if re.match(r"[A-Za-z]", last) else f"{_key(node)}-{last}"[:63]
                self.kinds[urn] = KINDS.get(str(given.get("type")), "")
                choices = given.get("choices") or []
                self.codes[urn] = {
                    str(choice.get("urn", choice.get("value"))): _code(choice, number)
                    for number, choice in enumerate(choices if isinstance(choices, list) else [], 1)
                    if isinstance(choice, dict)
                }

    def _question(self, urn: str, given: Tree, path: Path, help_: Mapping[str, Tree]) -> Tree:
        self._only(given, QUESTION, path)
        kind = KINDS.get(str(given.get("type")), "")
        if not kind:
            text = Text("種類「{type}」は取り込めません。", "The type “{type}” is not understood.")
            self.refuse((*path, "type"), text.filled(type=str(given.get("type"))[:40]))
        asked = self._text(given, "text", path)
        question: Tree = {"key": self.keys.get(urn, urn), "kind": kind, "text": asked}
        question["topic"] = {side: words[:40] for side, words in asked.items()}
        self._help(question, path, help_)
        if kind == "yes_no":
            question |= {"kind": "single", "choices": _YES_NO}
        elif kind in ("single", "multiple"):
            question["choices"] = self._choices(given, path, question)
        where: Path = (*path, "depends_on")
        if given.get("depends_on"):
            question["when"] = self._condition(self._mapping(given["depends_on"], where), where)
        return question

    def _help(self, question: Tree, path: Path, help_: Mapping[str, Tree]) -> None:
        """Put description and evidence of the requirement into the help of each of its questions."""
        question["why"] = _together(help_.get("description"), help_.get("annotation")) or WHY
        if question["why"] is WHY:
            text = Text(
                "「なぜ尋ねるか」がありません。書き足してください。",
                "There is no reason why it is asked; please write one.",
            )
            self.notes.append(at_path("note", self._place(path), text))
        if "typical_evidence" in help_:
            question["evidence"] = help_["typical_evidence"]

    def _choices(self, given: Tree, path: Path, question: Tree) -> list[Tree]:
        choices, scores = [], {}
        for number, choice in enumerate(self._several(given.get("choices"), (*path, "choices"))):
            where: Path = (*path, "choices", number)
            self._only(choice, CHOICE, where)
            code = _code(choice, number + 1)
            choices.append({"code": code, "name": self._text(choice, "value", where)})
            if choice.get("description"):
                choices[-1]["note"] = self._text(choice, "description", where)
            if choice.get("add_score") is not None:
                scores[code] = str(choice["add_score"])
        if scores and len(self.totals) == 1:
            question["points"] = {self.totals[0]: scores}
        elif scores and self.totals:
            text = Text("点がどの合計に入るか分かりません。", "It is not clear which total the points feed.")
            self.refuse((*path, "choices"), text)
        elif scores:
            text = Text(
                "枠組みが点数を使わないため、点は取り込みません。", "The framework counts no points; they are left out."
            )
            self.notes.append(at_path("note", self._place((*path, "choices")), text))
        return choices

    def _condition(self, given: Tree, path: Path) -> Tree:
        self._only(given, frozenset({"question", "answers", "condition"}), path)
        urn = next((each for each in self.keys if str(given.get("question")) in (each, each.rsplit(":", 1)[-1])), "")
        answers = given.get("answers")
        if (
            not urn
            or not isinstance(answers, list)
            or not answers
            or given.get("condition", "any") not in ("any", "all")
        ):
            self.refuse(path, Text("条件を取り込めません。", "The condition is not understood."))
            return {}
        known = self.codes[urn] | {each.rsplit(":", 1)[-1]: code for each, code in self.codes[urn].items()}
        unknown = [answer for answer in answers if str(answer) not in known]
        if unknown:
            text = Text("「{code}」という選択肢はありません。", "There is no choice “{code}”.").filled(
                code=str(unknown[0])[:60]
            )
            self.refuse((*path, "answers"), text)
            return {}
        codes = [known[str(answer)] for answer in answers]
        if self.kinds[urn] != "multiple":
            return {"question": self.keys[urn], "is": codes}
        parts: list[Tree] = [{"question": self.keys[urn], "includes": code} for code in codes]
        return parts[0] if len(parts) == 1 else {str(given.get("condition", "any")): parts}

    def _text(self, part: Tree, name: str, path: Path) -> Tree:
        """Return both sides of a text; where only one language is there it stands on both and is noted."""
        own = part.get(name)
        if not isinstance(own, str) or not own.strip():
            self.refuse((*path, name), Text("文章がありません。", "There is no text."))
            return {"ja": "—", "en": "—"}
        translations = part.get("translations")
        other = "ja" if self.locale == "en" else "en"
        given = translations.get(other) if isinstance(translations, dict) else None
        translated = given.get(name) if isinstance(given, dict) else None
        if isinstance(translated, str) and translated.strip():
            return {self.locale: own, other: translated}
        self.notes.append(needs_translation(self._place((*path, name))))
        return {"ja": own, "en": own}


_YES_NO = [{"code": "yes", "name": {"ja": "はい", "en": "Yes"}}, {"code": "no", "name": {"ja": "いいえ", "en": "No"}}]


def _key(node: Tree) -> str:
    """Return the key of a section: its ref_id, else the end of its urn."""
    return _key_of(str(node.get("ref_id") or node.get("urn", "")))


def _key_of(urn: str) -> str:
    """Return a key from the last part of a urn."""
    key = re.sub(r"[^A-Za-z0-9_.-]+", "-", urn.rsplit(":", 1)[-1])[:62]
    return key if re.match(r"[A-Za-z]", key) else f"Q{key}"


def _code(choice: Tree, number: int) -> str:
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", str(choice.get("ref_id") or choice.get("urn", "")).rsplit(":", 1)[-1])[:63]
    return name if re.match(r"[A-Za-z0-9]", name) else f"c{number}"


def _together(*texts: Tree | None) -> Tree | None:
    given = [text for text in texts if text]
    return {side: "\n".join(text[side] for text in given) for side in ("ja", "en")} if given else None
