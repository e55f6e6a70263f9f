"""A framework that shares nothing with the shipped one: four phases, eleven items, three answers, five levels, other words.

Written as files into a folder, so that tests load it the way an installation would: no line of the product knows of it.
"""

from __future__ import annotations

import json
from pathlib import Path

PHASES = ["idea", "build", "trial", "city"]
ITEMS = ["calm", "clean", "clear", "fair", "green", "kind", "lawful", "open", "safe", "secret", "shared"]


def text(word: str) -> dict[str, str]:
    return {"ja": f"{word}（和）", "en": f"{word} (en)"}


def named(*codes: str, **more: object) -> list[dict]:
    return [{"code": code, "name": text(code), **more} for code in codes]


FRAMEWORK = {
    "key": "town-ai",
    "version": "3.1",
    "effective_on": "2026-01-01",
    "title": text("town framework"),
    "notice": text("a test"),
    "phases": [{"code": code, "name": text(code), "statement": text(f"statement of {code}")} for code in PHASES],
    "items": [{"code": code, "name": text(code), "short": text(code)} for code in ITEMS],
    "scale": [
        {"code": "full", "name": text("full"), "mark": "●", "factor": "1"},
        {"code": "half", "name": text("half"), "mark": "◐", "factor": "0.5"},
        {"code": "nil", "name": text("nil"), "mark": "○", "factor": "0"},
    ],
    "levels": [
        {"code": f"l{n}", "name": text(f"level {n}"), "at_least": bound, "valid_months": 12}
        for n, bound in enumerate((1, 4, 9, 16, 25), 1)
    ],
    "severity": [{"name": text(f"s{n}"), "anchor": text(f"severity {n}")} for n in range(1, 6)],
    "likelihood": [{"name": text(f"p{n}"), "anchor": text(f"likelihood {n}")} for n in range(1, 6)],
    "scoring": {
        "method": "matrix",
        "version": "2",
        "step_down_at_percent": "60",
        "step_down": 2,
        "gate_minimum": "0.5",
        "gate_blocks_from_level": "l4",
    },
    "routes": [
        {"code": "desk", "name": text("desk"), "asks": "all", "body": "team", "description": text("a clerk decides")},
        {
            "code": "hall",
            "name": text("hall"),
            "asks": "all",
            "body": "board",
            "description": text("the council decides"),
        },
        {"code": "shut", "name": text("shut"), "asks": "all", "body": "board", "description": text("nothing goes on")},
    ],
    "route_by_inherent": {"l1": "desk", "l2": "desk", "l3": "hall", "l4": "hall", "l5": "hall"},
    "packs": [],
    "flags": [],
    "hard_stops": [],
    "effects": [
        {
            "id": "K1",
            "trigger": "K1",
            "when": {"question": "K1", "is": ["yes", "unknown"]},
            "route": "hall",
            "severity_floors": {"kind": 4},
        }
    ],
    "bodies": named("team", "board"),
    "deciders": [
        {
            "residual": f"l{n}",
            "bodies": ["team", "board"],
            "outcomes": ["approved", "approved_with_conditions", "returned", "rejected"],
        }
        for n in range(1, 6)
    ],
    "expertise": named("technical", "legal_ethics", "lay"),
    "committee": {
        "min_members": 3,
        "external_share": "1/3",
        "quorum_share": "1/2",
        "decision_share": "1/2",
        "external_majority_present": False,
        "lay_present": 0,
        "notice_days": 0,
        "authority": "deciding",
        "min_sessions_per_fiscal_year": 1,
        "remote_counts": True,
    },
    "sectors": named("library", "park"),
    "regions": named("east", "west"),
    "own_roles": named("owner"),
    "techniques": named("rules"),
    "references": [],
}


def question(key: str, gate: bool) -> dict:
    return {
        "key": key,
        "topic": text(f"topic {key}"),
        "text": text(f"question {key}?"),
        "why": text(f"why {key}"),
        "kind": "scale",
        "weight": 2 if gate else 1,
        "gate": gate,
    }


def triggers() -> dict:
    """Return the trigger sheet: one question."""
    asked = {
        "key": "K1",
        "topic": text("many"),
        "text": text("many people?"),
        "why": text("because"),
        "kind": "yes_no_unknown",
    }
    return {
        "key": "town-triggers",
        "version": "1",
        "kind": "trigger",
        "framework": "town-ai",
        "title": text("town triggers"),
        "sections": [{"key": "only", "title": text("only"), "questions": [asked]}],
    }


def sheet(number: int, phase: str) -> dict:
    """Return the questionnaire of a phase: a gate and a plain question per item."""
    return {
        "key": f"town-{phase}",
        "version": "1",
        "kind": "screening",
        "framework": "town-ai",
        "phase": phase,
        "title": text(f"{phase} questions"),
        "sections": [
            {
                "key": f"{phase}-{item}",
                "item": item,
                "questions": [question(f"X{number}{item}a", True), question(f"X{number}{item}b", False)],
            }
            for item in ITEMS
        ],
    }


def write(folder: Path) -> Path:
    """Write the framework and its five questionnaires as YAML (JSON is YAML) and return the folder."""
    (folder / "framework").mkdir(parents=True)
    (folder / "questionnaires").mkdir()
    documents = {"framework/town.yaml": FRAMEWORK, "questionnaires/sheet.yaml": triggers()}
    documents |= {f"questionnaires/{phase}.yaml": sheet(number, phase) for number, phase in enumerate(PHASES, 1)}
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    return folder
