"""Frameworks, questionnaires and answers made up at random for one seed: the ground on which two ways of scoring are compared.

Conditions look only at earlier questions, so nothing is circular; everything else is as odd as the documents allow.
"""

from __future__ import annotations

import json
from decimal import Decimal
from random import Random

from governance.questionnaires.definition import Framework, Question, Questionnaire
from governance.screenings.result import Rating
from governance.screenings.routing import Rulings, Sheet
from tests.other_framework import FRAMEWORK, named, text

PACKS = ["A", "B", "C"]
PHASES = ["idea", "build", "trial", "city"]
ITEMS = ["calm", "clean", "clear"]
NUMBERS = ["0", "3", "7", "12.5", "-4"]


class Inventor:
    """Makes everything for one seed."""

    def __init__(self, seed: int, *, points: bool = False) -> None:
        self.random = Random(seed)
        self.points = points
        self.questions: list[dict] = []

    def some(self, values: list) -> list:
        return [each for each in values if self.random.random() < 0.5]

    def condition(self, depth: int = 2) -> dict:
        if depth and self.random.random() < 0.4:
            parts = [self.condition(depth - 1) for _ in range(self.random.randint(1, 2))]
            return self.random.choice([{"all": parts}, {"any": parts}, {"not": parts[0]}])
        return self.leaf()

    def leaf(self) -> dict:
        if not self.questions or self.random.random() < 0.05:
            return {"in_phase": self.random.choice(PHASES)}
        asked = self.random.choice(self.questions)
        answers = values(asked)
        if asked["kind"] == "number":
            return {"question": asked["key"], "at_least": self.random.choice([3, 7, 10])}
        if asked["kind"] == "multiple":
            return {"question": asked["key"], "includes": self.random.choice(answers)}
        if not answers or self.random.random() < 0.1:
            return {"question": asked["key"], "answered": self.random.random() < 0.7}
        return {"question": asked["key"], "is": self.some(answers) or answers[:1]}

    def framework(self) -> Framework:
        random = self.random
        tree = {**FRAMEWORK, "items": [{"code": c, "name": text(c), "short": text(c)} for c in ITEMS]}
        tree["packs"] = named(*PACKS)
        tree["routes"] = [{**route, "asks": random.choice(["all", "gates"])} for route in FRAMEWORK["routes"]]
        tree["move_up_by_residual"] = random.choice([{}, {"l3": "hall"}, {"l2": "hall", "l5": "shut"}])
        routes = [route["code"] for route in FRAMEWORK["routes"]]
        tree["effects"] = [self.effect(n, routes) for n in range(random.randint(0, 6))]
        tree["hard_stops"] = [
            {
                **named(f"H{n}")[0],
                "advice": text("stop"),
                "clearable": random.random() < 0.5,
                "on_disproved_gate": random.random() < 0.4,
                **({"when": {"all": [self.condition(), {"in_pack": "A"}]}} if random.random() < 0.5 else {}),
            }
            for n in range(random.randint(0, 2))
        ]
        tree["scoring"] = self.scoring()
        return Framework.model_validate_json(dumps(tree))

    def effect(self, number: int, routes: list[str]) -> dict:
        random = self.random
        return {
            "id": f"E{number}",
            "trigger": self.questions[0]["key"],
            "when": self.condition(),
            **({"route": random.choice(routes)} if random.random() < 0.6 else {}),
            "severity_floors": {item: random.randint(1, 5) for item in self.some(ITEMS)},
            "likelihood_bumps": dict.fromkeys(self.some(ITEMS), 1),
            "likelihood_bump_all": random.choice([0, 0, 1]),
            "floored_bump": random.choice([0, 0, 1]),
            "floored_floor": random.choice([0, 0, 3]),
            "packs": self.some(PACKS[:2]),
        }

    def scoring(self) -> dict:
        random = self.random
        if not self.points:
            return {
                **FRAMEWORK["scoring"],
                "step_down_at_percent": random.choice(["60", "33.3", "100"]),
                "gate_minimum": random.choice(["0.5", "0", "1"]),
            }
        mitigation = {"total": "safe", "reaches_percent": random.choice(["50", "80"]), "takes_off_percent": "15"}
        return {
            "method": "points",
            "version": "1",
            "totals": [
                {**each, "maximum_over": random.choice(["all", "asked"]), "factor": random.choice(["1", "0.5"])}
                for each in named("harm", "reach", "safe")
            ],
            "risk": ["harm", "reach"],
            "combine": random.choice(["worst", "sum", "mean"]),
            "upper_bounds": ["20", "40", "60", "80"],
            "bound": random.choice(["inclusive", "exclusive"]),
            "round_points": random.random() < 0.5,
            **({"mitigation": mitigation} if random.random() < 0.8 else {}),
        }

    def question(self, key: str) -> dict:
        random = self.random
        kind = random.choice(["scale", "scale", "yes_no_unknown", "single", "multiple", "number", "date", "text"])
        made = {"key": key, "topic": text(key), "text": text(key), "why": text(key), "kind": kind}
        made |= {"weight": random.choice([0, 1, 2, 3]), "gate": random.random() < 0.3}
        if kind in ("single", "multiple"):
            size = random.choice([2, 3, 11])
            made["choices"] = [{"code": f"c{n}", "name": text(f"c{n}")} for n in range(size)]
        if self.questions and random.random() < 0.3:
            made["when"] = self.condition()
        if kind != "scale" and random.random() < 0.2:
            made["not_applicable"] = True
        given = {value: str(random.choice([0, 1, 2, Decimal("0.5")])) for value in values(made)}
        if self.points and kind not in ("number", "date", "text"):
            made["points"] = dict.fromkeys(self.some(["harm", "reach", "safe"]), given)
        self.questions.append(made)
        return made

    def document(self, key: str, kind: str, **more: object) -> Questionnaire:
        random = self.random
        sections = []
        for n in range(random.randint(1, 2)):
            section = {
                "key": f"s{n}",
                "questions": [self.question(f"{key}.{n}{m}") for m in range(random.randint(1, 5))],
            }
            if kind != "trigger" and random.random() < 0.9:
                section["item"] = random.choice(ITEMS)
            sections.append(section)
        tree = {
            "key": key,
            "version": "1",
            "kind": kind,
            "framework": "town-ai",
            "title": text(key),
            "sections": sections,
        }
        return Questionnaire.model_validate_json(dumps(tree | more))

    def sheet(self) -> Sheet:
        """Make a trigger sheet, questions of three phases and packs; effects look at all of them, also at later ones."""
        documents = [
            self.document("T", "trigger"),
            *(self.document(f"Q{phase}", "screening", phase=phase) for phase in PHASES[:2]),
        ]
        before = list(self.questions)
        reasons = [{"when": self.condition()} if self.random.random() < 0.3 else {} for _ in PACKS]
        documents += [
            self.document(f"P{pack}", "pack", pack=pack, **reason) for pack, reason in zip(PACKS, reasons, strict=True)
        ]
        self.questions = before  # what attaches a pack does not look into packs
        framework = self.framework()
        return Sheet(framework, "build", tuple(documents))

    def answers(self, sheet: Sheet) -> dict[str, str]:
        found = {}
        for questionnaire in sheet.questionnaires:
            for _, question in questionnaire.questions():
                value = self.answer(sheet.framework, question)
                if value and self.random.random() < 0.85:
                    found[question.key] = value
        return found

    def answer(self, framework: Framework, question: Question) -> str:
        random = self.random
        if question.not_applicable and random.random() < 0.2:
            return "not_applicable"
        if question.kind == "scale":
            return random.choice(framework.scale).code
        if question.kind == "yes_no_unknown":
            return random.choice(["yes", "no", "unknown"])
        if question.kind in ("single", "multiple"):
            codes = [choice.code for choice in question.choices]
            return " ".join(self.some(codes)) if question.kind == "multiple" else random.choice(codes)
        return {"number": random.choice(NUMBERS), "date": "2026-11-18"}.get(question.kind, "given")

    def ratings(self, sheet: Sheet) -> dict[str, Rating]:
        grades = [None, 1, 2, 3, 4, 5]
        return {i.code: Rating(self.random.choice(grades), self.random.choice(grades)) for i in sheet.framework.items}

    def rulings(self, sheet: Sheet) -> tuple[Rulings, frozenset[str]]:
        """Return rulings, mostly none, and what was carried forward."""
        keys = [q.key for each in sheet.questionnaires for _, q in each.questions()]
        carried = frozenset(self.some([key for key in keys if key.startswith("Qidea")]))
        if self.random.random() < 0.4:
            return Rulings(), carried
        stops = [stop.code for stop in sheet.framework.hard_stops]
        lists = {name: frozenset(self.some(stops)) for name in ("cleared", "confirmed", "raised_before", "released")}
        route = self.random.choice(["", "", *(route.code for route in sheet.framework.routes)])
        return Rulings(frozenset(self.some(keys)), frozenset(self.some(keys)), route=route, **lists), carried


def values(question: dict) -> list[str]:
    """Return what a question in the making can be answered with."""
    known = {"scale": ["full", "half", "nil"], "yes_no_unknown": ["yes", "no", "unknown"]}
    return known.get(question["kind"]) or [choice["code"] for choice in question.get("choices", [])]


dumps = json.dumps
