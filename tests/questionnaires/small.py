"""A small framework and questionnaires for the checks: every test states only what it is about."""

from __future__ import annotations

import copy
import json

from governance.questionnaires.definition import Framework, Questionnaire
from tests.other_framework import FRAMEWORK, named, text

POINTS = {
    "method": "points",
    "version": "1",
    "totals": [{"code": "risk", "name": text("risk")}, {"code": "ease", "name": text("ease")}],
    "risk": ["risk"],
    "combine": "worst",
    "upper_bounds": ["20", "40", "60", "80"],
    "bound": "inclusive",
    "mitigation": {"total": "ease", "reaches_percent": "80", "takes_off_percent": "15"},
}


def framework(**changes) -> Framework:
    """Return the town framework with two packs and a role, changed at the top."""
    document = copy.deepcopy(FRAMEWORK) | {"effects": [], "packs": named("X", "Y"), "answer_roles": named("clerk")}
    return Framework.model_validate_json(json.dumps(document | changes))


def effect(code: str, when: dict, **more) -> dict:
    return {"id": code, "trigger": "T", "when": when, **more}


def q(key: str, kind: str = "yes_no_unknown", **more) -> dict:
    """Return a question; choices may be given as codes."""
    if "choices" in more:
        more["choices"] = named(*more["choices"])
    return {"key": key, "topic": text(key), "text": text(key), "why": text(key), "kind": kind, **more}


def sheet(key: str, *questions: dict, kind: str = "trigger", section_when: dict | None = None, **more) -> Questionnaire:
    """Return a questionnaire of one section."""
    document = {
        "key": key,
        "version": "1",
        "kind": kind,
        "framework": "town-ai",
        "title": text(key),
        "sections": [{"key": f"{key}-s", "questions": list(questions), "when": section_when}],
        **more,
    }
    return Questionnaire.model_validate_json(json.dumps(document))
