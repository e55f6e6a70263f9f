"""SurveyJS JSON → the tree of a questionnaire: the documented subset, everything else refused by name and path.

Pages and panels become sections, elements become questions. What this product says and SurveyJS cannot comes back from properties
whose names begin with `governance` (surveyjs.py writes them).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from governance.interchange.documents import Path, at_path, dotted, one_language
from governance.interchange.surveyjs_answers import AnswerReader
from governance.interchange.surveyjs_conditions import NAME, Known, NotUnderstood, parsed, printed
from governance.interchange.surveyjs_words import (
    INPUTS,
    PAGE,
    SURVEY,
    TYPES,
    Element,
    Part,
    Tree,
    custom,
    is_text,
    joined,
    plain_words,
)
from governance.questionnaires.conditions import Condition, questions_of
from governance.questionnaires.definition import Question, Questionnaire, Section
from governance.refusals import Problem
from governance.texts import Text

CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)


class Reader(AnswerReader):
    """Reads one survey: its pages, panels, questions and conditions."""

    def tree(self, survey: Any) -> Tree:
        """Return the tree of the questionnaire; what is wrong stands in `problems`."""
        if not isinstance(survey, dict):
            self.refuse((), Text("JSONの先頭はオブジェクトにしてください。", "The JSON document must be an object."))
            return {}
        tree = self._head(survey)
        parts = list(self._parts(survey))
        for part in parts:
            for element in part.elements:
                self.know(element)
        self._must_be_single([element for part in parts for element in part.elements])
        tree["sections"] = [self._section(part) for part in parts]
        self._remember(parts)
        return tree

    def _head(self, survey: Tree) -> Tree:
        """Return everything but the sections."""
        head = [name for name in Questionnaire.model_fields if name != "sections"]
        self._only(survey, SURVEY, (), head)
        self.own_file = custom("key") in survey
        tree = {} if self.own_file else self.defaults.head()
        if "title" in survey:
            tree["title"] = self.text(survey["title"], ("title",))
        if "description" in survey:
            tree["intro"] = self.text(survey["description"], ("description",))
        tree.update(self._own(survey, head))
        if "title" not in tree:
            self.note(
                ("title",),
                Text("題名がありません。キーを仮の題名にしました。", "There is no title; the key stands in."),
            )
            tree["title"] = one_language(str(tree.get("key", "")))
        return tree

    def _remember(self, parts: Sequence[Part]) -> None:
        """Keep where in the survey each section and question stands, for what the model finds later."""
        for number, part in enumerate(parts):
            self.places["sections", number] = part.path
            asked = [element for element in part.elements if element.given.get("type") != "html"]
            for place, element in enumerate(asked):
                self.places["sections", number, "questions", place] = element.path

    def found(self, code: str, path: Path, text: Text) -> Problem:
        """Return a problem of the model at the place in the survey that it comes from."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return at_path(code, dotted((*self.places[path[:length]], *path[length:])), text)
        return at_path(code, dotted(path), text)

    def _own(self, given: Tree, fields: Sequence[str]) -> Tree:
        return {name: given[custom(name)] for name in fields if custom(name) in given}

    def _must_be_single(self, elements: Sequence[Element]) -> None:
        first: dict[str, Path] = {}
        for element in elements:
            name = str(element.given.get("name", ""))
            if name in first:
                text = Text("「{name}」は {first} にもあります。", "“{name}” is also at {first}.")
                self.refuse((*element.path, "name"), text.filled(name=name[:60], first=dotted(first[name])))
            first.setdefault(name, element.path)

    def _parts(self, survey: Tree) -> Iterator[Part]:
        """Yield the runs of questions in order: pages, and panels as sections of their own."""
        if "pages" not in survey:
            yield from self._inside(survey, (), Part("page1", {}, (), [], []))
            return
        for number, page in enumerate(self._list(survey, "pages", ())):
            found = list(self._page(page, ("pages", number), f"page{number + 1}", [], []))
            if not found:
                self.note(
                    ("pages", number),
                    Text("質問のないページです。取り込みません。", "This page has no questions; it is left out."),
                )
            yield from found

    def _page(
        self, page: Any, path: Path, name: str, titles: list[Any], visible: list[tuple[Path, str]]
    ) -> Iterator[Part]:
        if not isinstance(page, dict):
            self.refuse(path, Text("オブジェクトではありません。", "This is not an object."))
            return
        self._only(page, PAGE, path, [*Section.model_fields])
        self._shown(page, path)
        own = [(((*path, "title"), page["title"]))] if "title" in page else []
        condition = [((*path, "visibleIf"), page["visibleIf"])] if page.get("visibleIf") else []
        part = Part(str(page.get("name", name)), page, path, titles + own, visible + condition)
        yield from self._inside(page, path, part)

    def _inside(self, given: Tree, path: Path, part: Part) -> Iterator[Part]:
        """Yield the questions directly inside as sections, cut where a panel stands between them."""
        word = next((word for word in ("elements", "questions") if word in given), "elements")
        run, runs = Part(part.name, part.given, part.path, part.titles, part.visible), 1
        for number, each in enumerate(self._list(given, word, path)):
            where: Path = (*path, word, number)
            if isinstance(each, dict) and each.get("type") == "panel":
                if run.elements:
                    yield run
                    runs += 1
                    run = Part(f"{part.name}-{runs}", {}, part.path, part.titles, part.visible)
                yield from self._page(each, where, f"{part.name}-panel{number + 1}", part.titles, part.visible)
            elif isinstance(each, dict):
                run.elements.append(Element(each, where, part.name))
            else:
                self.refuse(where, Text("オブジェクトではありません。", "This is not an object."))
        if run.elements:
            yield run

    def _section(self, part: Part) -> Tree:
        section: Tree = {"key": part.name}
        self.spend(*(str(words) for _, words in (*part.titles, *part.visible)))
        titles = [self.text(title, path) for path, title in part.titles]
        if titles:
            section["title"] = {
                side: "　".join(dict.fromkeys(title[side] for title in titles)) for side in ("ja", "en")
            }
        if self.defaults.item and not self.own_file:
            section["item"] = self.defaults.item
        exact = self._exact(part.given)
        conditions = (
            [exact]
            if exact is not None
            else [when for path, given in part.visible if (when := self.condition(given, path))]
        )
        if conditions:
            section["when"] = conditions[0] if len(conditions) == 1 else {"all": conditions}
        section.update(
            self._own(part.given, [name for name in Section.model_fields if name not in ("questions", "when")])
        )
        section["questions"] = list(self.questions(part))
        return section

    def _exact(self, given: Tree) -> Any:
        """Return the condition as it was written here; None when there is none or its expression was changed since."""
        own = given.get(custom("when"))
        if own is None:
            return None
        try:
            condition = CONDITION.validate_python(own)
        except ValidationError:
            return own  # the model says what is wrong with it, at its place
        names = questions_of(condition)
        expression = printed(condition) if all(NAME.fullmatch(name) for name in names) else ""
        return own if expression == given.get("visibleIf", "") else None

    def questions(self, part: Part) -> Iterator[Tree]:
        """Yield the questions of a section; text between questions is put before the reason of the next one."""
        waiting: list[Tree] = []
        last: Tree | None = None
        for element in part.elements:
            if element.given.get("type") == "html":
                waiting += self._html(element)
                continue
            last = self._question(element)
            for words in reversed(waiting):
                last["why"] = joined(words, last["why"])
            waiting = []
            yield last
        if last is None and waiting:
            text = Text(
                "質問のないページの文章は取り込めません。", "Text on a page without questions is not understood."
            )
            self.refuse(part.path, text)
        for words in waiting:
            if last is not None:
                last["why"] = joined(last["why"], words)

    def _html(self, element: Element) -> list[Tree]:
        self._only(element.given, frozenset({"type", "name", "html"}), element.path)
        path = (*element.path, "html")
        given = self.text(element.given.get("html", ""), path)
        try:
            text = {side: plain_words(words) for side, words in given.items()}
        except ValueError:
            self.refuse(path, Text("HTMLとして読めません。", "Not readable as HTML."))
            return []
        if not all(text.values()):
            return []
        self.note(
            path,
            Text(
                "文章を次の質問の「なぜ尋ねるか」に入れました。",
                "The text was put before the reason of the next question.",
            ),
        )
        return [text]

    def know(self, element: Element) -> None:
        """Learn kind and values of a question, before any expression is read."""
        kind, _ = TYPES.get(str(element.given.get("type", "text")), ("", frozenset()))
        if kind == "text":
            kind = INPUTS.get(str(element.given.get("inputType", "text")), "text")
        own = element.given.get(custom("kind"), kind)
        codes = {value: code for value, code, _ in self._values(element.given)}
        self.known[str(element.given.get("name", ""))] = Known(
            "single" if own in ("scale", "yes_no_unknown") else own, codes
        )

    def _question(self, element: Element) -> Tree:
        given, path = element.given, element.path
        kind, allowed = TYPES.get(str(given.get("type", "text")), ("", frozenset()))
        if not kind:
            text = Text("種類「{type}」は取り込めません。", "The type “{type}” is not understood.")
            self.refuse((*path, "type"), text.filled(type=str(given.get("type"))[:40]))
            return {"key": given.get("name"), "why": one_language("—")}
        self._only(given, allowed, path, [*Question.model_fields, "total"])
        self._shown(given, path)
        question: Tree = {"key": given.get("name"), "kind": kind, "required": bool(given.get("isRequired", False))}
        question["text"] = self.text(given.get("title", str(given.get("name", ""))), (*path, "title"))
        if "description" in given:
            question["why"] = self.text(given["description"], (*path, "description"))
        self._conditions(given, path, question)
        self._kind_of_answer(given, path, question)
        fields = [name for name in Question.model_fields if name not in ("when", "key")]
        question.update(self._texts(self._own(given, fields), path))
        self._points(element, question)
        self._fixed_choices(given, path, question)
        return self._completed(question, path)

    def _texts(self, own: Tree, path: Path) -> Tree:
        """Return the fields without the texts that are none; those are refused."""
        wrong = [name for name in ("text", "why", "topic") if name in own and not is_text(own[name])]
        for name in wrong:
            self.refuse((*path, custom(name)), Text("文章がありません。", "There is no text."))
        return {name: value for name, value in own.items() if name not in wrong}

    def _conditions(self, given: Tree, path: Path, question: Tree) -> None:
        when = self._exact(given)
        if when is None and given.get("visibleIf"):
            when = self.condition(given["visibleIf"], (*path, "visibleIf"))
        if when is not None:
            question["when"] = when
        if given.get("requiredIf"):
            wanted = self.condition(given["requiredIf"], (*path, "requiredIf"))
            if wanted is not None and wanted != question.get("when"):
                text = Text(
                    "条件付きの必須は表せないため、尋ねるときは常に必須にしました。",
                    "Being required only sometimes cannot be said here; it is required whenever it is asked.",
                )
                self.note((*path, "requiredIf"), text)
            question["required"] = True

    def condition(self, expression: Any, path: Path) -> Tree | None:
        """Return the condition of an expression; None when it is refused."""
        try:
            return dict(CONDITION.dump_python(parsed(str(expression), self.known), by_alias=True))
        except NotUnderstood as reason:
            text = Text("条件を取り込めません：{reason}。", "The condition is not understood: {reason}.")
            self.refuse(path, text.filled(reason=reason.text))
            return None

    def _completed(self, question: Tree, path: Path) -> Tree:
        """Fill in what the model requires and SurveyJS does not know, and note it."""
        if "topic" not in question:
            question["topic"] = {side: words[:40] for side, words in question["text"].items()}
        if "why" not in question:
            self.note(
                path,
                Text(
                    "「なぜ尋ねるか」がありません。書き足してください。",
                    "There is no reason why it is asked; please write one.",
                ),
            )
            question["why"] = {"ja": "（なぜ尋ねるかを書いてください）", "en": "(Say why this is asked.)"}
        return question
