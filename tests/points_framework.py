"""A framework that scores by points, as an algorithmic impact assessment does: two risk totals, one of mitigation, four levels.

It rates no severity and no likelihood and asks every kind of question, some of which belong to no item. Written as files into a
folder, so that tests load it the way an installation would: no line of the product knows of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from governance.projects.rules import Particulars
from tests.other_framework import named, text

ITEMS = ["rights", "health", "economy"]
PHASES = ["design", "running"]
PARTICULARS = Particulars(
    name="架空の給付審査AI",
    name_en="Benefit checks",
    sector="office",
    regions=["north"],
    own_roles=["owner"],
    techniques=["rules"],
)

FRAMEWORK: dict[str, Any] = {
    "key": "impact-check",
    "version": "1.0",
    "effective_on": "2026-01-01",
    "title": text("impact check"),
    "notice": text("a test"),
    "phases": [{"code": code, "name": text(code), "statement": text(f"statement of {code}")} for code in PHASES],
    "items": [{"code": code, "name": text(code), "short": text(code)} for code in ITEMS],
    "scale": [
        {"code": "full", "name": text("full"), "mark": "●", "factor": "1"},
        {"code": "nil", "name": text("nil"), "mark": "○", "factor": "0"},
    ],
    "levels": [{"code": f"i{n}", "name": text(f"impact {n}"), "valid_months": 24} for n in range(1, 5)],
    "scoring": {
        "method": "points",
        "version": "1",
        "totals": [
            {"code": "project", "name": text("project risk")},
            {"code": "impact", "name": text("impact risk")},
            {"code": "shield", "name": text("mitigation"), "maximum_over": "asked"},
        ],
        "risk": ["project", "impact"],
        "combine": "sum",
        "upper_bounds": ["25", "50", "75"],
        "bound": "inclusive",
        "mitigation": {"total": "shield", "reaches_percent": "80", "takes_off_percent": "15"},
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
    ],
    "route_by_inherent": {"i1": "desk", "i2": "desk", "i3": "hall", "i4": "hall"},
    "effects": [],
    "contradictions": [
        {
            "code": "X1",
            "when": {"all": [{"question": "S1", "is": ["small"]}, {"question": "R1", "is": ["many"]}]},
            "text": text("a small system that decides about many people"),
            "advice": text("check how many people it concerns"),
        }
    ],
    "measures": [
        {
            "code": "appeals",
            "name": text("appeals desk"),
            "summary": text("people can object"),
            "steps": text("name a person"),
            "shows": text("the record of appeals"),
            "effort": "weeks",
            "questions": ["M1"],
        }
    ],
    "bodies": named("team", "board"),
    "deciders": [
        {
            "residual": f"i{n}",
            "bodies": ["team", "board"],
            "outcomes": ["approved", "approved_with_conditions", "returned", "rejected"],
        }
        for n in range(1, 5)
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
    "sectors": named("office"),
    "regions": named("north"),
    "own_roles": named("owner"),
    "techniques": named("rules"),
    "references": [
        {
            "code": "paper",
            "name": text("a paper"),
            "edition": "1",
            "dated": "2026-01-01",
            "note": text("indicative"),
        }
    ],
}


def question(key: str, kind: str, points: Mapping[str, Mapping[str, str]] | None = None, **more: Any) -> dict[str, Any]:
    """Return a question; `points` is total → choice → points, and the choices are those of the first total."""
    made: dict[str, Any] = {
        "key": key,
        "topic": text(f"topic {key}"),
        "text": text(f"question {key}?"),
        "why": text(f"why {key}"),
        "kind": kind,
        **({"points": {total: dict(given) for total, given in points.items()}} if points else {}),
        **more,
    }
    if kind in ("single", "multiple") and "choices" not in more:
        codes = next(iter((points or {}).values()))
        made["choices"] = [{"code": code, "name": text(f"{key} {code}")} for code in codes]
    return made


def sections() -> list[dict[str, Any]]:
    """Return the questions of a phase: risk 40 points at most (project 14, impact 26), mitigation 10."""
    shield = {"yes": "5", "no": "0", "unknown": "0"}
    return [
        {
            "key": "rights",
            "item": "rights",
            "questions": [
                question("R1", "single", {"impact": {"none": "0", "few": "4", "many": "10"}}),
                question(
                    "R2",
                    "multiple",
                    {"impact": {"names": "1", "health": "3", "money": "2"}},
                    when={"question": "R1", "is": ["few", "many"]},
                    mappings={"paper": ["1"]},
                ),
            ],
        },
        {
            "key": "health",
            "item": "health",
            "questions": [
                question("H1", "single", {"impact": {"none": "0", "slight": "3", "grave": "10"}}),
                question("H2", "yes_no_unknown", {"project": {"yes": "4", "no": "0", "unknown": "4"}}),
            ],
        },
        {
            "key": "economy",
            "item": "economy",
            "questions": [
                question("M1", "yes_no_unknown", {"shield": shield}),
                question("M2", "yes_no_unknown", {"shield": shield}),
            ],
        },
        {
            "key": "facts",
            "title": text("facts of the system"),
            "questions": [
                question("F1", "number", unit={"ja": "人", "en": "people"}, minimum="0", maximum="1000000"),
                question("F2", "date", required=False),
                question("F3", "text", max_length=40, not_applicable=True),
                question("F4", "long_text", required=False),
                question(
                    "F5",
                    "rows",
                    max_rows=3,
                    not_applicable=True,
                    columns=[
                        {"code": "name", "name": text("name")},
                        {"code": "since", "name": text("since"), "kind": "date", "required": False},
                        {"code": "share", "name": text("share"), "kind": "number", "required": False},
                        {
                            "code": "place",
                            "name": text("place"),
                            "kind": "single",
                            "choices": [{"code": code, "name": text(code)} for code in ("here", "abroad")],
                        },
                    ],
                ),
                question("F6", "file", needs_evidence=True, not_applicable=True),
            ],
        },
    ]


def documents() -> dict[str, dict[str, Any]]:
    """Return every document by the path it is written to."""
    head = {"version": "1", "framework": "impact-check"}
    triggers = {
        **head,
        "key": "impact-start",
        "kind": "trigger",
        "title": text("start"),
        "sections": [
            {
                "key": "start",
                "title": text("start"),
                "questions": [question("S1", "single", {"project": {"small": "0", "middle": "4", "large": "10"}})],
            }
        ],
    }
    design = {
        **head,
        "key": "impact-design",
        "kind": "screening",
        "phase": "design",
        "title": text("design questions"),
        "sections": sections(),
    }
    return {"framework/impact.yaml": FRAMEWORK, "questionnaires/a.yaml": triggers, "questionnaires/b.yaml": design}


def write(folder: Path, more: Sequence[tuple[str, dict[str, Any]]] = ()) -> Path:
    """Write framework and questionnaires as YAML (JSON is YAML) and return the folder."""
    (folder / "framework").mkdir(parents=True)
    (folder / "questionnaires").mkdir()
    for name, document in {**documents(), **dict(more)}.items():
        (folder / name).write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    return folder


LOW = {
    "R1": "few",
    "R2": "names",
    "H1": "slight",
    "H2": "no",
    "M1": "yes",
    "M2": "yes",
}
"""With S1 = middle: 12 of 40 points (30 %, level 2), mitigation 10 of 10, so 10.2 points are left (25.5 %)."""
