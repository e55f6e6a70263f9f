"""Small frameworks and questionnaires for tests of scoring and routing: only what a test names differs from the plainest there is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from governance.questionnaires.definition import Framework, Questionnaire
from governance.screenings.routing import Sheet
from tests.other_framework import text
from tests.points_framework import FRAMEWORK, question


def framework(**changes: Any) -> Framework:
    """Return the points framework with other rules: `scoring=…` is merged into its scoring, anything else replaces a field."""
    tree = deepcopy(FRAMEWORK)
    tree["scoring"] |= changes.pop("scoring", {})
    tree |= changes
    return Framework.model_validate_json(json.dumps(tree))


def points(total: str, **given: int | str) -> dict[str, dict[str, str]]:
    """Return the points of choices for one total."""
    return {total: {code: str(value) for code, value in given.items()}}


def questionnaire(*questions: Mapping[str, Any], **head: Any) -> Questionnaire:
    """Return a questionnaire of the design phase; a question without `item` in it belongs to rights."""
    made = [dict(each) for each in questions]
    sections = [
        {
            "key": f"s{n}",
            "item": each.pop("item", "rights"),
            "when": each.pop("section_when", None),
            "questions": [each],
        }
        for n, each in enumerate(made)
    ]
    tree = {
        "key": head.pop("key", "sheet"),
        "version": "1",
        "kind": head.pop("kind", "screening"),
        "framework": "impact-check",
        "title": text("a sheet"),
        "sections": sections,
        **head,
    }
    if tree["kind"] == "screening":
        tree.setdefault("phase", "design")
    return Questionnaire.model_validate_json(json.dumps(tree))


def sheet(*questions: Mapping[str, Any], scoring: Mapping[str, Any] | None = None, **changes: Any) -> Sheet:
    """Return a sheet of one questionnaire under the points framework."""
    return Sheet(framework(scoring=scoring or {}, **changes), "design", (questionnaire(*questions),))


def single(key: str, total: str, item: str = "rights", **given: int | str) -> dict[str, Any]:
    """Return a single choice with its points."""
    return {**question(key, "single", points(total, **given)), "item": item}


def multiple(key: str, total: str, item: str = "rights", **given: int | str) -> dict[str, Any]:
    """Return a multiple choice with its points."""
    return {**question(key, "multiple", points(total, **given)), "item": item}
