"""Changes to the tree of a draft: one plain function per act of the forms, from a document as plain values to the changed one.

They work on what a YAML text says and not on a checked document, because a draft must stay editable while something in it is
wrong. Nothing is changed in place; whatever has an unexpected shape is left exactly as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from pydantic import BaseModel

from governance.questionnaires.definition import Question, Questionnaire, Section
from governance.refusals import NotFound

Tree = dict[str, Any]
KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}")
"""How the key of a question or section may be written."""


# ---------------------------------------------------------------- look


def sections(tree: Tree) -> list[Tree]:
    """Return the sections of the tree, in order; without whatever is no section."""
    found = tree.get("sections")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def asked(section: Tree) -> list[Tree]:
    """Return the questions of a section, in order; without whatever is no question."""
    found = section.get("questions")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def questions(tree: Tree) -> Iterator[tuple[Tree, Tree]]:
    """Yield every question with its section, in order."""
    for section in sections(tree):
        for question in asked(section):
            yield section, question


def keys(tree: Tree) -> list[str]:
    """Return the keys of all questions, in order."""
    return [str(question["key"]) for _, question in questions(tree) if "key" in question]


def found(tree: Tree, key: str) -> tuple[Tree, Tree]:
    """Return the first question with this key, after its section. NotFound when there is none."""
    for section, question in questions(tree):
        if str(question.get("key")) == key:
            return section, question
    raise NotFound


def section_of(tree: Tree, key: str) -> Tree:
    """Return the section with this key. NotFound when there is none."""
    for section in sections(tree):
        if str(section.get("key")) == key:
            return section
    raise NotFound


# ---------------------------------------------------------------- order and defaults


def tidy(values: Mapping[str, Any], kind: type[BaseModel]) -> Tree:
    """Return the values in the order of the vocabulary without what is at its default; unknown fields stay, at the end."""
    placed: Tree = {}
    for name, field in kind.model_fields.items():
        if name not in values:
            continue
        if field.is_required() or values[name] != field.get_default(call_default_factory=True):
            placed[name] = values[name]
    return placed | {name: value for name, value in values.items() if name not in kind.model_fields}


# ---------------------------------------------------------------- questions


def replaced(tree: Tree, key: str, question: Mapping[str, Any]) -> Tree:
    """Return the tree with another question in the place of this one."""
    changed = deepcopy(tree)
    section, old = found(changed, key)
    section["questions"][_place(section["questions"], old)] = tidy(question, Question)
    return changed


def added(tree: Tree, section_key: str, question: Mapping[str, Any], *, after: str = "") -> Tree:
    """Return the tree with a further question: at the end of the section, or behind the question `after` when it is there."""
    changed = deepcopy(tree)
    section = section_of(changed, section_key)
    row = section.setdefault("questions", [])
    behind = [n for n, each in enumerate(row) if isinstance(each, dict) and after and str(each.get("key")) == after]
    row.insert(behind[0] + 1 if behind else len(row), tidy(question, Question))
    return changed


def removed(tree: Tree, key: str) -> Tree:
    """Return the tree without this question; a section goes with its last question."""
    changed = deepcopy(tree)
    section, question = found(changed, key)
    del section["questions"][_place(section["questions"], question)]
    if not section["questions"]:
        del changed["sections"][_place(changed["sections"], section)]
    return changed


def copied(tree: Tree, key: str, new_key: str) -> Tree:
    """Return the tree with a copy of the question under a new key, right behind it."""
    section, question = found(tree, key)
    return added(tree, str(section.get("key")), {**deepcopy(question), "key": new_key}, after=key)


def moved(tree: Tree, key: str, step: int) -> Tree:
    """Return the tree with the question `step` places further down in its section (up when negative), as far as that goes."""
    changed = deepcopy(tree)
    section, question = found(changed, key)
    row = section["questions"]
    place = _place(row, question)
    row.insert(max(0, min(len(row) - 1, place + step)), row.pop(place))
    return changed


def put_in(tree: Tree, key: str, section_key: str) -> Tree:
    """Return the tree with the question at the end of another section; the old section goes when it is left empty."""
    section, question = found(tree, key)
    if section is section_of(tree, section_key):
        return tree
    changed = removed(tree, key)
    return added(changed, section_key, deepcopy(question))


def _place(row: list[Any], wanted: Any) -> int:
    return next(place for place, each in enumerate(row) if each is wanted)


# ---------------------------------------------------------------- sections and the head


def section_added(tree: Tree, section: Mapping[str, Any]) -> Tree:
    """Return the tree with a further section at the end."""
    changed = deepcopy(tree)
    if not isinstance(changed.get("sections"), list):
        changed["sections"] = []
    changed["sections"].append(tidy(section, Section))
    return changed


def section_changed(tree: Tree, key: str, values: Mapping[str, Any]) -> Tree:
    """Return the tree with some fields of a section changed; None takes a field away."""
    changed = deepcopy(tree)
    section = section_of(changed, key)
    fields = {name: value for name, value in {**section, **values}.items() if value is not None}
    changed["sections"][_place(changed["sections"], section)] = tidy(fields, Section)
    return changed


def section_moved(tree: Tree, key: str, step: int) -> Tree:
    """Return the tree with the section `step` places further down, as far as that goes."""
    changed = deepcopy(tree)
    row = changed["sections"]
    place = _place(row, section_of(changed, key))
    row.insert(max(0, min(len(row) - 1, place + step)), row.pop(place))
    return changed


def head_changed(tree: Tree, values: Mapping[str, Any]) -> Tree:
    """Return the tree with some fields of its head changed; None takes a field away."""
    fields = {name: value for name, value in {**deepcopy(tree), **values}.items() if value is not None}
    return tidy(fields, Questionnaire)


# ---------------------------------------------------------------- keys


def suggested(like: str, taken: Iterable[str]) -> str:
    """Return a free key that continues `like`: P1d → P1e, GEN-09 → GEN-10, others with a number behind."""
    used = set(taken)
    candidate = like
    for _ in range(1000):
        candidate = _next(candidate)
        if candidate not in used and KEY.fullmatch(candidate):
            return candidate
    return ""


def _next(key: str) -> str:
    digits = re.search(r"[0-9]+\Z", key)
    if digits:
        number = str(int(digits[0][-9:]) + 1).zfill(len(digits[0]))
        return key[: digits.start()] + number
    letter = re.search(r"(?<=[0-9])[a-y]\Z", key)
    return f"{key[:-1]}{chr(ord(key[-1]) + 1)}" if letter else f"{key}-2"
