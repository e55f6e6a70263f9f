"""A draft as the filler will see it, drawn with the very macros of the screening pages.

A question that is not complete yet is shown with what is there; what is missing reads 「（未記入）」. One that cannot be drawn at all
is left out, with the reason beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from governance.authoring.editing import asked, sections
from governance.pages import speaking
from governance.questionnaires.definition import Framework, Question, Questionnaire
from governance.screenings.showing import ShownQuestion, options_of
from governance.texts import LOCALES, Text

Tree = dict[str, Any]
BLANK = {"ja": "（未記入）", "en": "(not written yet)"}


@dataclass(frozen=True)
class Page:
    """One section as it is filled in: its title, and its questions."""

    key: str
    title: Text
    questions: list[tuple[str, ShownQuestion]]
    left_out: list[str]


def in_language(code: str, caller: Callable[[], str]) -> str:
    """Draw what is inside a call block in a language of its own, whatever the language of the page."""
    with speaking("en" if code == "en" else "ja"):
        return caller()


def pages(tree: Tree, framework: Framework) -> list[Page]:
    """Return the sections of a draft ready to draw."""
    found = []
    for number, section in enumerate(sections(tree), 1):
        shown = [(str(each.get("key")), question(each, framework, "p-")) for each in asked(section)]
        found.append(
            Page(
                str(section.get("key") or number),
                section_title(section, framework),
                [(key, each) for key, each in shown if each is not None],
                [key for key, each in shown if each is None],
            )
        )
    return found


def section_title(section: Tree, framework: Framework | None) -> Text:
    """Return what a section is called: its title, the name of its item, or its key."""
    if isinstance(section.get("title"), dict):
        sides = _filled(section["title"])
        return Text(sides["ja"], sides["en"])
    codes = {item.code: item.name for item in framework.items} if framework else {}
    key = str(section.get("key") or "–")
    return codes.get(str(section.get("item")), Text(key, key))


def question(values: Tree, framework: Framework, start: str) -> ShownQuestion | None:
    """Return one question ready to draw, without an answer; None when it cannot be drawn.

    `start` stands before its key, so that its fields are told apart from those of another sample on the page.
    """
    complete = complete_question({**values, "key": f"{start}{values.get('key') or 'x'}"[:63]})
    if complete is None:
        return None
    return ShownQuestion(
        question=complete,
        options=options_of(framework, complete),
        value="",
        remark="",
        due_on="",
        rev=0,
        author="",
        saved_at=None,
        evidence=[],
        why_asked=None,
        carried=False,
    )


def complete_question(values: Tree) -> Question | None:
    """Return plain values as a question, with blanks named as such; None when they are none even then."""
    filled = {name: _deep(value) for name, value in values.items() if name not in ("when", "points")}
    for name in ("topic", "text", "why"):
        filled.setdefault(name, dict(BLANK))
    try:
        return Question.model_validate_json(json.dumps(filled))
    except (ValidationError, ValueError):
        return None


def complete_document(tree: Tree) -> Questionnaire | None:
    """Return a whole tree as a questionnaire, with blanks named as such; None when it is none even then."""
    try:
        return Questionnaire.model_validate_json(json.dumps(_deep(tree)))
    except (ValidationError, ValueError):
        return None


def _deep(value: Any) -> Any:
    """Fill the blank sides of every text inside a value."""
    if isinstance(value, dict):
        if value and value.keys() <= {"ja", "en"}:
            return _filled(value)
        return {name: _deep(each) for name, each in value.items()}
    return [_deep(each) for each in value] if isinstance(value, list) else value


def _filled(text: Tree) -> dict[str, str]:
    return {side: str(text.get(side) or "").strip() or BLANK[side] for side in LOCALES}
