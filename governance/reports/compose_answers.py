"""Sections 6 to 8 and 14 of a content: every question with its answer, packs, findings raised by rule, mapping, evidence."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from governance.questionnaires.definition import Question, Reference
from governance.questionnaires.values import values_of
from governance.reports import content, sentences
from governance.reports.assessment import AskedQuestion, Carried, Finding, ItemDetail, Pack
from governance.reports.case import Case
from governance.reports.compose_risk import ruling_on
from governance.reports.names import as_text, coded, day_of, decimal, entered, percent, said
from governance.reports.words import Words
from governance.screenings.result import ItemScore
from governance.texts import Text, joined

HUNDRED = Decimal(100)


def details(case: Case) -> list[ItemDetail]:
    """Return the questions of this phase by item."""
    found: dict[str, list[AskedQuestion]] = defaultdict(list)
    for sheet, section, question in case.placed("screening"):
        if sheet.phase == case.screening.phase and section.item:
            found[section.item].append(asked(case, question, section.item))
    return [{"item": item.code, "questions": found[item.code]} for item in case.framework.items]


def carried(case: Case) -> list[Carried]:
    """Return the answers of earlier phases that count in the fractions, phase by phase."""
    found: dict[str, list[AskedQuestion]] = defaultdict(list)
    for sheet, section, question in case.placed("screening"):
        if sheet.phase and sheet.phase != case.screening.phase:
            found[sheet.phase].append(asked(case, question, section.item))
    return [
        {"phase": phase.code, "note": None, "questions": found[phase.code]}
        for phase in case.framework.phases
        if found[phase.code]
    ]


def packs(case: Case) -> list[Pack]:
    """Return the additional packs with the rule that attached each."""
    found: dict[str, list[AskedQuestion]] = defaultdict(list)
    for sheet, section, question in case.placed("pack"):
        found[sheet.pack or sheet.key].append(asked(case, question, section.item))
    causes = {
        code: ", ".join(
            dict.fromkeys(
                effect.trigger
                for effect in case.framework.effects
                if effect.id in case.score.fired and code in effect.packs
            )
        )
        for code in found
    }
    return [
        {
            "code": code,
            "name": said(case.framework.name_of("packs", code)),
            "trigger": causes[code] or None,
            "questions": questions,
        }
        for code, questions in found.items()
    ]


def asked(case: Case, question: Question, item: str | None) -> AskedQuestion:
    """Return one question with its answer, points and evidence."""
    answer = case.answers.get(question.key, {})
    counted = case.counted.get(question.key)
    ids = evidence_ids(case)
    return {
        "key": question.key,
        "item": item,
        "gate": question.gate,
        "text": said(question.text),
        "answer": answer.get("value") or None,
        "due_on": answer.get("due_on"),
        "remark": entered(answer.get("remark")),
        "ruling": ruling_on(case, question.key),
        "weight": str(question.weight),
        "points": decimal(counted.points) if counted and not counted.excluded else None,
        "evidence": [ids[each] for each in answer.get("evidence", []) if each in ids],
        "finding": _finding_of(case, question.key),
    }


def _finding_of(case: Case, key: str) -> str | None:
    """Return the number of the finding that an open gate raised."""
    gates = [gate for item in case.score.items for gate in item.gates_open]
    return f"F{len(case.score.stops) + 1 + gates.index(key)}" if key in gates else None


# -- findings: what a rule finds wrong (domain.md §5.2 step 5, §5.4) --------------------------------------------------------


def findings(case: Case) -> list[Finding]:
    """Return a finding for every standing hard stop and every open gate, numbered in this order."""
    questions = {q.key: q for kind in ("screening", "pack") for _, _, q in case.placed(kind)}
    found = [_stop_finding(case, stop.code) for stop in case.score.stops]
    found += [_gate_finding(case, item, questions[key]) for item in case.score.items for key in item.gates_open]
    return [{**finding, "id": f"F{number}"} for number, finding in enumerate(found, 1)]


def _owner(case: Case) -> str | None:
    return next(
        (
            m["user"]
            for m in case.frozen.body["project"]["members"]
            if m["part"] == "owner" and m["user"] in case.people
        ),
        None,
    )


def _stop_finding(case: Case, code: str) -> Finding:
    rule = next(each for each in case.framework.hard_stops if each.code == code)
    return {
        "id": "",
        "severity": coded("critical", sentences.SEVERITIES["critical"]),
        "title": said(sentences.STOP_TITLE.filled(code=code, name=rule.name)),
        "questions": [],
        "origin": coded("rule", sentences.BY_RULE),
        "fact": said(rule.name),
        "criteria": said(case.framework.title),
        "cause": None,
        "impact": None,
        "recommendation": said(rule.advice),
        "owner": _owner(case),
        "due": None,
        "condition": None,
    }


def _gate_finding(case: Case, item: ItemScore, question: Question) -> Finding:
    answer = case.answers.get(question.key, {})
    severity = "major" if item.step_reason == "gate_open_blocks" else "minor"
    labels = values_of(case.framework, question)
    reason = case.rating_reasons.get(item.item, {}).get("severity_reason")
    given = labels.get(answer.get("value", ""), Text("未回答", "not answered"))
    fact = [sentences.GATE_FACT.filled(answer=given)] + ([as_text(answer["remark"])] if answer.get("remark") else [])
    return {
        "id": "",
        "severity": coded(severity, sentences.SEVERITIES[severity]),
        "title": said(sentences.GATE_TITLE.filled(key=question.key, topic=question.topic)),
        "questions": [question.key],
        "origin": coded("rule", sentences.BY_RULE),
        "fact": said(joined(fact, "", " ")),
        "criteria": said(sentences.GATE_CRITERIA.filled(key=question.key, text=question.text)),
        "cause": None,
        "impact": entered(reason),
        "recommendation": said(sentences.GATE_ADVICE.filled(key=question.key)),
        "owner": _owner(case),
        "due": answer.get("due_on"),
        "condition": None,
    }


# -- evidence ----------------------------------------------------------------------------------------------------------------


def evidence_ids(case: Case) -> dict[str, str]:
    """Return the short number of every piece of evidence, in the order it was added."""
    return {piece["id"]: f"E{number:02}" for number, piece in enumerate(case.frozen.body["evidence"], 1)}


def evidence(case: Case) -> list[content.Evidence]:
    """Return references to the evidence: title, date and digest, never its content."""
    ids = evidence_ids(case)
    return [
        {
            "id": ids[piece["id"]],
            "kind": said(sentences.EVIDENCE_KINDS[piece["kind"]]),
            "title": entered(piece["title"] or piece["filename"] or piece["url"], piece["title_en"]),
            "date": day_of(piece["at"]),
            "digest": piece["digest"],
        }
        for piece in case.frozen.body["evidence"]
    ]


# -- mapping to outside frameworks --------------------------------------------------------------------------------------------


def mapping(case: Case) -> content.Mapping:
    """Return, for every outside framework, its clauses with the mapped questions and whether all are met."""
    gate = case.framework.scoring.gate_minimum
    return {
        "note": said(sentences.MAPPING.filled(gate=gate)),
        "frameworks": [_mapped(case, reference) for reference in case.framework.references],
    }


def _mapped(case: Case, reference: Reference) -> content.Mapped:
    clauses: dict[str, list[str]] = defaultdict(list)
    for kind in ("screening", "pack"):
        for _, _, question in case.placed(kind):
            for clause in question.mappings.get(reference.code, []):
                clauses[clause].append(question.key)
    rows = [_reference(case, clause, keys) for clause, keys in sorted(clauses.items(), key=_in_order)]
    counting = [row for row in rows if row["applicable"]]
    met = sum(row["state"] == "met" for row in counting)
    return {
        "name": said(reference.name),
        "note": said(
            sentences.EDITION.filled(edition=reference.edition, dated=reference.dated.isoformat(), note=reference.note)
        ),
        "references": rows,
        "met": met,
        "mapped": len(counting),
        "coverage": percent(HUNDRED * met / len(counting)) if counting else None,
    }


def _in_order(clause: tuple[str, list[str]]) -> list[tuple[int, str]]:
    """Return the key that sorts 9(2) before 9(10) and article 10 after article 9."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", clause[0]) if part]


def _reference(case: Case, clause: str, keys: list[str]) -> content.Reference:
    counted = [c for key in keys if (c := case.counted.get(key)) is not None and not c.excluded]
    met = sum(c.factor >= case.framework.scoring.gate_minimum for c in counted)
    state = "none" if not counted else "met" if met == len(counted) else "part" if met else "gap"
    return {"ref": clause, "questions": keys, "met": met, "applicable": len(counted), "state": state}  # type: ignore[typeddict-item]


def glossary(case: Case) -> Iterator[tuple[Words, Words]]:
    """Yield the framework's words and their meanings."""
    for word in case.framework.glossary:
        yield said(word.term), said(word.meaning)
