"""A questionnaire as SurveyJS JSON and back (a documented subset; surveyjs_reading.py says what is understood).

Each part is written with SurveyJS' own words first and then read back on the spot; whatever did not come back the same goes along as a
property whose name begins with `governance`. So the round trip is the identity by construction, and nothing is carried twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from governance.interchange.documents import Defaults, Imported, parsed_json, validated
from governance.interchange.surveyjs_conditions import NAME, printed
from governance.interchange.surveyjs_reading import Reader
from governance.interchange.surveyjs_words import Element, Part, Tree, custom
from governance.questionnaires.conditions import Condition, questions_of
from governance.questionnaires.definition import YES_NO_UNKNOWN, Framework, Question, Questionnaire, Section
from governance.questionnaires.values import step_name
from governance.refusals import Refusals

ELEMENTS = {
    "scale": "radiogroup",
    "yes_no_unknown": "radiogroup",
    "single": "radiogroup",
    "multiple": "checkbox",
    "number": "text",
    "date": "text",
    "text": "text",
    "long_text": "comment",
    "file": "file",
    "rows": "matrixdynamic",
}
COLUMN_CELLS = {"single": {"cellType": "dropdown"}, "text": {"cellType": "text"}}
INEXACT = {"minimum": "min", "maximum": "max"}
"""Fields that are left out of SurveyJS' own words where they would not come back exactly."""

_SCRATCH = Defaults(key="x")


def from_json(
    content: bytes, defaults: Defaults, framework: Framework | None = None, totals: Mapping[str, str] | None = None
) -> Imported:
    """Return the questionnaire of a SurveyJS file. Raises Refusals naming the path of everything that is not understood."""
    return from_surveyjs(parsed_json(content), defaults, framework, totals)


def from_surveyjs(
    survey: Any, defaults: Defaults, framework: Framework | None = None, totals: Mapping[str, str] | None = None
) -> Imported:
    """Return the questionnaire of a SurveyJS document and what its author should look at.

    `totals` maps the ends of names (`RS`) to totals of the framework; the totals' own codes are known without it.
    Raises Refusals naming the path of everything that is not understood.
    """
    reader = Reader(defaults, framework, totals or {})
    tree = reader.tree(survey)
    Refusals.raise_any(reader.problems)
    return Imported(validated(tree, reader.found), reader.notes)


def to_surveyjs(questionnaire: Questionnaire, framework: Framework) -> Tree:
    """Return the SurveyJS document of a questionnaire; the choices of the answer scale come from `framework`."""
    tree = json.loads(questionnaire.model_dump_json(by_alias=True))
    survey: Tree = {"title": _text(tree["title"])}
    if tree["intro"]:
        survey["description"] = _text(tree["intro"])
    head = [name for name in Questionnaire.model_fields if name not in ("sections", "title", "intro")]
    survey |= {custom(name): tree[name] for name in head if tree[name] is not None}
    survey["pages"] = [
        _page(section, part, framework, _known(questionnaire, framework))
        for section, part in zip(questionnaire.sections, tree["sections"], strict=True)
    ]
    return survey


def to_json(questionnaire: Questionnaire, framework: Framework) -> bytes:
    """Return the SurveyJS file of a questionnaire."""
    return (json.dumps(to_surveyjs(questionnaire, framework), ensure_ascii=False, indent=2) + "\n").encode()


def _known(questionnaire: Questionnaire, framework: Framework) -> Reader:
    """Return a reader that knows every question already, as the one that reads the whole file will."""
    reader = Reader(_SCRATCH, framework, {})
    for section in questionnaire.sections:
        for question in section.questions:
            element = _native(question, json.loads(question.model_dump_json(by_alias=True)), framework)
            element |= {custom("kind"): question.kind}
            reader.know(Element(element, (), section.key))
    return reader


def _page(section: Section, part: Tree, framework: Framework, reader: Reader) -> Tree:
    page: Tree = {"name": section.key}
    if part["title"]:
        page["title"] = _text(part["title"])
    if section.item:
        page[custom("item")] = section.item
    page |= _condition(section.when, part["when"], reader)
    page["elements"] = [
        _element(question, given, section.key, framework, reader)
        for question, given in zip(section.questions, part["questions"], strict=True)
    ]
    return page


def _condition(when: Condition | None, given: Any, reader: Reader) -> Tree:
    """Return visibleIf, and the condition itself where the expression would come back otherwise."""
    if when is None:
        return {}
    said = all(NAME.fullmatch(name) for name in questions_of(when))
    expression = printed(when) if said else ""
    before = len(reader.problems)
    back = reader.condition(expression, ())
    del reader.problems[before:]
    shown = {"visibleIf": expression} if expression else {}
    return shown if back == given else {**shown, custom("when"): given}


def _element(question: Question, given: Tree, page: str, framework: Framework, reader: Reader) -> Tree:
    """Return one element: SurveyJS' words, then what did not come back the same."""
    plain = _native(question, given, framework)
    scored = _scored(question, plain)
    element = scored if _read_back(scored, page, framework, reader)["points"] == given["points"] else plain
    back = _read_back(element, page, framework, reader)
    changed = [name for name in Question.model_fields if name != "when" and back[name] != given[name]]
    if question.kind in ("scale", "yes_no_unknown") and not question.choices:
        changed.remove("choices")  # reading leaves out the choices of a scale by itself
    said = {name: value for name, value in element.items() if name not in {INEXACT.get(each) for each in changed}}
    said |= _condition(question.when, given["when"], reader)
    return said | {custom(name): given[name] for name in changed}


def _read_back(element: Tree, page: str, framework: Framework, reader: Reader) -> Tree:
    """Return the fields that come back from an element, defaults filled in."""
    again = Reader(_SCRATCH, framework, {})
    again.known = reader.known
    part = Part(page, {}, (), [], [], [Element(element, (), page)])
    found = next(iter(again.questions(part)))
    defaults = {name: each.get_default(call_default_factory=True) for name, each in Question.model_fields.items()}
    return {name: _plain(found.get(name, defaults[name])) for name in Question.model_fields}


def _plain(value: Any) -> Any:
    """Return a value as canonical JSON has it, with the defaults of choices and columns filled in."""
    if isinstance(value, list):
        return [_filled(each) if isinstance(each, dict) else each for each in value]
    return value


def _filled(part: Tree) -> Tree:
    if "kind" in part:
        return {"choices": [], **part, **({"choices": _plain(part["choices"])} if "choices" in part else {})}
    return {"note": None, **part}


def _native(question: Question, given: Tree, framework: Framework) -> Tree:
    element: Tree = {"type": ELEMENTS[question.kind], "name": question.key, "title": _text(given["text"])}
    element |= {"description": _text(given["why"]), "isRequired": question.required}
    if question.kind in ("number", "date"):
        element["inputType"] = question.kind
    if ELEMENTS[question.kind] == "text":
        bounds = {"min": _number(given["minimum"]), "max": _number(given["maximum"])}
        element |= {name: number for name, number in bounds.items() if number is not None}
    if ELEMENTS[question.kind] in ("text", "comment") and question.max_length:
        element["maxLength"] = question.max_length
    if question.kind == "rows":
        element["columns"] = [_column(column) for column in given["columns"]]
        element["maxRowCount"] = question.max_rows
    if ELEMENTS[question.kind] in ("radiogroup", "checkbox"):
        element["choices"] = _choices(question, given, framework)
    return element


def _choices(question: Question, given: Tree, framework: Framework) -> list[Tree]:
    if question.kind == "scale":
        return [_item({"code": step.code, "name": step_name(step).as_dict()}) for step in framework.scale]
    if question.kind == "yes_no_unknown":
        return [_item({"code": code, "name": name.as_dict()}) for code, name in YES_NO_UNKNOWN.items()]
    return [_item(choice) for choice in given["choices"]]


def _item(choice: Tree) -> Tree:
    item: Tree = {"value": choice["code"], "text": _text(choice["name"])}
    return {**item, custom("note"): choice["note"]} if choice.get("note") else item


def _column(column: Tree) -> Tree:
    given: Tree = {"name": column["code"], "title": _text(column["name"]), "isRequired": column["required"]}
    given |= COLUMN_CELLS.get(column["kind"], {"cellType": "text", "inputType": column["kind"]})
    if column["choices"]:
        given["choices"] = [_item(choice) for choice in column["choices"]]
    if column["kind"] == "single" or not column["choices"]:
        return given
    return {**given, custom("kind"): column["kind"]}


def _scored(question: Question, element: Tree) -> Tree:
    """Return the element with a `score` per choice, where the points are those of one total and every figure is exact."""
    if len(question.points) != 1 or "choices" not in element:
        return element
    ((total, points),) = question.points.items()
    scores = {code: _number(str(value)) for code, value in points.items()}
    if not scores or None in scores.values() or set(scores) - {item["value"] for item in element["choices"]}:
        return element
    choices = [
        {**item, "score": scores[item["value"]]} if item["value"] in scores else item for item in element["choices"]
    ]
    return {**element, "choices": choices, custom("total"): total}


def _text(text: Mapping[str, str]) -> Tree:
    return {"default": text["en"], "ja": text["ja"]}


def _number(text: str | None) -> int | float | None:
    """Return a decimal as a JSON number when that is exact, else None."""
    if text is None or not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,6})?", text):
        return None
    number = float(text)
    return int(text) if re.fullmatch(r"-?[0-9]+", text) else number if Decimal(repr(number)) == Decimal(text) else None
