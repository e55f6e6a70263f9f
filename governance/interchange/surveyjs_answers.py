"""SurveyJS JSON: one question's texts, choices, columns and points, with everything that is wrong gathered by its path."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from governance.interchange.documents import Defaults, Path, at_path, dotted, needs_translation, one_language, spending
from governance.interchange.surveyjs_conditions import Known
from governance.interchange.surveyjs_words import INPUTS, LAYOUT, Element, Tree, custom, rates
from governance.questionnaires.definition import YES_NO_UNKNOWN, Framework
from governance.questionnaires.methods import Points
from governance.refusals import Problem
from governance.texts import Text


class AnswerReader:
    """Reads the parts of single questions; problems and notes are gathered, so that everything wrong is told at once."""

    def __init__(self, defaults: Defaults, framework: Framework | None, totals: Mapping[str, str]) -> None:
        self.defaults, self.framework = defaults, framework
        scoring = framework.scoring if framework else None
        self.totals = dict(totals)
        if isinstance(scoring, Points):
            self.totals = {total.code: total.code for total in scoring.totals} | self.totals
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self.known: dict[str, Known] = {}
        self.arranged: set[str] = set()
        self.own_file = False
        self.places: dict[Path, Path] = {}
        self.spend = spending()

    def refuse(self, path: Path, text: Text) -> None:
        """Keep a refusal with its path."""
        self.problems.append(at_path("surveyjs", dotted(path), text))

    def note(self, path: Path, text: Text) -> None:
        """Keep something the author should look at."""
        self.notes.append(at_path("note", dotted(path), text))

    def _only(self, given: Tree, allowed: frozenset[str], path: Path, own: Sequence[str] = ()) -> None:
        """Refuse every property that is not understood; note once what only arranges the page."""
        for name in given:
            if name in LAYOUT:
                if name not in self.arranged:
                    text = Text(
                        "「{name}」は表示の指定のため、取り込みません。",
                        "“{name}” only arranges the page; it is left out.",
                    )
                    self.note((*path, name), text.filled(name=name))
                self.arranged.add(name)
            elif name not in allowed and name not in {custom(each) for each in own}:
                text = Text("「{name}」は取り込めません。", "“{name}” is not understood.").filled(name=name[:60])
                self.refuse((*path, name), text)

    def _list(self, given: Tree, word: str, path: Path) -> list[Any]:
        value = given.get(word, [])
        if isinstance(value, list):
            return value
        self.refuse((*path, word), Text("一覧ではありません。", "This is not a list."))
        return []

    def _shown(self, given: Tree, path: Path) -> None:
        if given.get("visible", True) is not True:
            text = Text("非表示の要素は取り込めません。", "Elements that are never shown are not understood.")
            self.refuse((*path, "visible"), text)

    def _kind_of_answer(self, given: Tree, path: Path, question: Tree) -> None:
        kind = str(given.get("type", "text"))
        if kind == "text":
            question["kind"] = INPUTS.get(str(given.get("inputType", "text")), "")
            if not question["kind"]:
                text = Text("入力の種類「{kind}」は取り込めません。", "The input type “{kind}” is not understood.")
                self.refuse((*path, "inputType"), text.filled(kind=str(given["inputType"])[:40]))
        for name, word in (("minimum", "min"), ("maximum", "max")):
            if word in given:
                question[name] = str(given[word])
        if "maxLength" in given:
            question["max_length"] = given["maxLength"]
        if kind == "matrixdynamic":
            question["columns"] = [
                self._column(each, (*path, "columns", n)) for n, each in enumerate(self._list(given, "columns", path))
            ]
            question["max_rows"] = given.get("maxRowCount", 1000)
        if kind in ("radiogroup", "dropdown", "checkbox", "boolean", "rating"):
            question["choices"] = self._choices(given, path)

    def _column(self, given: Any, path: Path) -> Tree:
        if not isinstance(given, dict):
            self.refuse(path, Text("オブジェクトではありません。", "This is not an object."))
            return {}
        self._only(
            given, frozenset({"name", "title", "cellType", "inputType", "choices", "isRequired"}), path, ("kind",)
        )
        kind = (
            "single"
            if given.get("cellType") in ("dropdown", "radiogroup")
            else INPUTS.get(str(given.get("inputType", "text")), "")
        )
        if not kind or given.get("cellType", "text") not in ("text", "dropdown", "radiogroup"):
            self.refuse(path, Text("この列の種類は取り込めません。", "This kind of column is not understood."))
        column: Tree = {
            "code": given.get("name"),
            "kind": given.get(custom("kind"), kind),
            "required": bool(given.get("isRequired", False)),
        }
        column["name"] = self.text(given.get("title", str(given.get("name", ""))), (*path, "title"))
        if "choices" in given:
            column["choices"] = self._choices({"type": "dropdown", "choices": given["choices"]}, path)
        return column

    def _choices(self, given: Tree, path: Path) -> list[Tree]:
        choices = []
        for number, (value, code, item) in enumerate(self._values(given)):
            where = (*path, "choices", number)
            choice: Tree = {"code": code, "name": self.text(item.get("text", value), (*where, "text"))}
            if value != code:
                text = Text(
                    "値「{value}」はコードに使えないため、「{code}」にしました。",
                    "The value “{value}” cannot be a code; it became “{code}”.",
                )
                self.note(where, text.filled(value=value[:40], code=code))
            if custom("note") in item:
                choice["note"] = item[custom("note")]
            if item:
                self._only(item, frozenset({"value", "text", "score"}), where, ("note",))
            choices.append(choice)
        return choices

    def _values(self, given: Tree) -> list[tuple[str, str, Tree]]:
        """Return value, code and item of each choice; a value that cannot be a code is numbered."""
        items = _items(given)
        values = [str(item.get("value", "")) for item in items]
        return [
            (value, value if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", value) else f"c{number}", item)
            for number, (value, item) in enumerate(zip(values, items, strict=True), 1)
        ]

    def _fixed_choices(self, given: Tree, path: Path, question: Tree) -> None:
        """The choices of a scale belong to the framework: they come back as they went out, or are refused."""
        if question["kind"] not in ("scale", "yes_no_unknown") or custom("kind") not in given:
            return
        steps = [step.code for step in self.framework.scale] if self.framework else None
        wanted = list(YES_NO_UNKNOWN) if question["kind"] == "yes_no_unknown" else steps
        if wanted is not None and [code for _, code, _ in self._values(given)] != wanted:
            text = Text(
                "この選択肢は枠組みで決まっているため、変えられません。",
                "These choices belong to the framework and cannot be changed here.",
            )
            self.refuse((*path, "choices"), text)
        if custom("choices") not in given:
            question.pop("choices", None)

    def _points(self, element: Element, question: Tree) -> None:
        """Points come from `score`, else from the number at the end of every value; the total from the end of the name."""
        if custom("points") in element.given:
            return
        values = self._values(element.given)
        scores = {code: str(item["score"]) for _, code, item in values if "score" in item}
        total = element.given.get(custom("total")) or self._total(str(element.given.get("name", "")), element.panel)
        if not scores and total and values:
            ends = {code: re.search(r"[-_.](\d+(?:\.\d+)?)$", value) for value, code, _ in values}
            scores = {code: end[1] for code, end in ends.items() if end} if all(ends.values()) else {}
        if not scores:
            return
        if total is None:
            text = Text(
                "点がどの合計に入るか分かりません。質問かパネルの名前の末尾に「-合計のコード」を付けてください。",
                "It is not clear which total the points feed; end the name of the question or its panel with “-” and the total’s code.",
            )
            self.refuse((*element.path, "choices"), text)
        elif total:
            question["points"] = {total: scores}

    def _total(self, name: str, panel: str) -> str | None:
        """Return the total a question feeds, "" when its name says that it is not scored, None when nothing says."""
        for each in (name, panel):
            for suffix in sorted(self.totals, key=len, reverse=True):
                if re.search(rf"[-_.]{re.escape(suffix)}\d*$", each):
                    return self.totals[suffix]
        return next(iter(self.totals.values())) if len(self.totals) == 1 else None

    def text(self, given: Any, path: Path) -> Tree:
        """Return both sides of a text: `ja`, and `en` or `default`; with one language only, both are the same and noted."""
        if isinstance(given, dict) and all(isinstance(words, str) for words in given.values()):
            en, ja = given.get("en") or given.get("default"), given.get("ja")
            if "en" in given and not ja:
                ja = given.get("default")
            for other in given:
                if other not in ("default", "ja", "en"):
                    text = Text("言語「{code}」は取り込めません。", "The language “{code}” is not understood.")
                    self.refuse((*path, other), text.filled(code=other[:20]))
            if ja and en:
                return {"ja": ja, "en": en}
            given = ja or en or ""
        if not isinstance(given, str | int) or given == "":
            self.refuse(path, Text("文章がありません。", "There is no text."))
            return one_language("—")
        self.notes.append(needs_translation(dotted(path)))
        return one_language(str(given))


def _items(given: Tree) -> list[Tree]:
    """Return the choices of an element as SurveyJS shows them, those of booleans and ratings written out."""
    if given.get("type") == "rating":
        return rates(given)
    if given.get("type") == "boolean":
        yes, no = (YES_NO_UNKNOWN[code].as_dict() for code in ("yes", "no"))
        return [
            {"value": given.get("valueTrue", "yes"), "text": given.get("labelTrue", yes)},
            {"value": given.get("valueFalse", "no"), "text": given.get("labelFalse", no)},
        ]
    listed = given.get("choices", [])
    return [each if isinstance(each, dict) else {"value": each} for each in listed] if isinstance(listed, list) else []
