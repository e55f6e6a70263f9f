"""Sections 6 to 8 and 14 of a content: every question with its answer, packs, findings raised by rule, mapping, evidence."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from governance.questionnaires.conditions import questions_of
from governance.questionnaires.definition import GIVEN, Contradiction, Question, Reference
from governance.questionnaires.methods import Matrix
from governance.questionnaires.values import said as said_value
from governance.questionnaires.values import values_of
from governance.reports import content, sentences
from governance.reports.assessment import AskedQuestion, Carried, Finding, ItemDetail, Pack
from governance.reports.case import Case
from governance.reports.compose_risk import ruling_on
from governance.reports.names import as_text, coded, day_of, decimal, entered, percent, said
from governance.reports.words import Words
from governance.screenings import explain, kinds
from governance.screenings.points import least
from governance.screenings.result import Counted, ItemScore
from governance.texts import ERASED_BOTH, Text, joined

HUNDRED = Decimal(100)


def details(case: Case) -> list[ItemDetail]:
    """Return the questions of this phase by item."""
    found: dict[str, list[AskedQuestion]] = defaultdict(list)
    for sheet, section, question in case.placed("screening"):
        if sheet.phase == case.screening.phase and section.item:
            found[section.item].append(asked(case, question, section.item))
    return [{"item": item.code, "questions": found[item.code]} for item in case.framework.items]


def loose(case: Case) -> list[AskedQuestion]:
    """Return the questions of this phase that belong to no item."""
    return [
        asked(case, question, None)
        for sheet, section, question in case.placed("screening")
        if sheet.phase == case.screening.phase and section.item is None
    ]


def unasked(case: Case) -> list[AskedQuestion]:
    """Return the questions that were answered and are not asked any more: they counted nowhere."""
    seen = set(case.score.asked)
    return [
        asked(case, question, section.item)
        for sheet in case.questionnaires
        for section, question in sheet.questions()
        if question.key not in seen and case.frozen.values.get(question.key)
    ]


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
    return [
        {
            "code": code,
            "name": said(case.framework.name_of("packs", code)),
            "trigger": _cause(case, code),
            "questions": questions,
        }
        for code, questions in found.items()
    ]


def _cause(case: Case, pack: str) -> Words:
    """Return what attached a pack: the triggers that fired, or its own condition in words."""
    fired = [e.trigger for e in case.framework.effects if e.id in case.score.fired and pack in e.packs]
    own = [explain.read_out(case.sheet, each.when) for each in case.questionnaires if each.pack == pack and each.when]
    if fired:
        return ", ".join(dict.fromkeys(fired))
    return said(joined(own)) if own else None


def asked(case: Case, question: Question, item: str | None) -> AskedQuestion:
    """Return one question with its answer, points and evidence."""
    answer = case.answers.get(question.key, {})
    ids = evidence_ids(case)
    value, text = case.frozen.contents.get(question.key, ("", ""))
    on_scale = question.kind == "scale" and case.framework.step(value) is not None
    weight, points = _weighed(case, question)
    return {
        "key": question.key,
        "item": item,
        "gate": question.gate,
        "text": said(question.text),
        "answer": value if on_scale else None,
        "said": None if on_scale or not value else said(said_value(case.framework, question, value)),
        "entries": _entries(question, text) if value == GIVEN else [],
        "due_on": answer.get("due_on"),
        "remark": entered(answer.get("remark")),
        "ruling": ruling_on(case, question.key),
        "weight": weight,
        "points": points,
        "evidence": [ids[each] for each in answer.get("evidence", []) if each in ids],
        "finding": _finding_of(case, question.key),
    }


def _weighed(case: Case, question: Question) -> tuple[str | None, str | None]:
    """Return the weight of a question and its points; nothing for one that carries none."""
    counted = case.counted.get(question.key)
    if counted is None:
        return (str(question.weight) if question.kind == "scale" and case.framework.matrix else None), None
    weight = str(question.weight) if case.framework.matrix else decimal(counted.weight)
    return weight, None if counted.excluded else decimal(counted.points)


def _entries(question: Question, text: str) -> list[Words]:
    """Return what was written: a text as it is, or one line for each row."""
    if question.kind != "rows" or text == ERASED_BOTH:
        return [words] if (words := entered(text)) else []
    return [
        said(
            joined(
                [
                    Text("{column}：{cell}", "{column}: {cell}").filled(column=column.name, cell=cell)
                    for column, cell in zip(question.columns, row, strict=True)
                ],
                "／",
                " / ",
            )
        )
        for row in kinds.rows_shown(question, text)
    ]


def _finding_of(case: Case, key: str) -> str | None:
    """Return the number of the finding that an open gate raised."""
    gates = [gate for item in case.score.items for gate in item.gates_open]
    return f"F{len(case.score.stops) + 1 + gates.index(key)}" if key in gates else None


# -- findings: what a rule finds wrong (domain.md §5.2 step 5, §5.4) --------------------------------------------------------


def findings(case: Case) -> list[Finding]:
    """Return a finding for every standing hard stop, every open gate and every contradiction, numbered in this order."""
    questions = {q.key: q for kind in ("screening", "pack") for _, _, q in case.placed(kind)}
    found = [_stop_finding(case, stop.code) for stop in case.score.stops]
    found += [_gate_finding(case, item, questions[key]) for item in case.score.items for key in item.gates_open]
    found += [_contradiction_finding(case, each) for each in explain.contradictions(case.framework, case.score)]
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


def _contradiction_finding(case: Case, rule: Contradiction) -> Finding:
    keys = [key for key in dict.fromkeys(questions_of(rule.when)) if key in case.score.asked]
    return {
        "id": "",
        "severity": coded("observation", sentences.SEVERITIES["observation"]),
        "title": said(sentences.CONTRADICTION_TITLE.filled(keys=", ".join(keys))),
        "questions": keys,
        "origin": coded("rule", sentences.BY_RULE),
        "fact": said(rule.text),
        "criteria": None,
        "cause": None,
        "impact": None,
        "recommendation": said(rule.advice),
        "owner": _owner(case),
        "due": None,
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
            "kind": said(_evidence_kind(piece)),
            "title": entered(piece["title"] or piece["filename"] or piece["url"], piece["title_en"]),
            "date": day_of(piece["at"]),
            "digest": piece["digest"],
        }
        for piece in case.frozen.body["evidence"]
    ]


def _evidence_kind(piece: Mapping[str, Any]) -> Text:
    """Return file or link, with the version after the first and the last day of those that have one."""
    kind: Text = sentences.EVIDENCE_KINDS[piece["kind"]]
    if piece.get("version"):
        kind = sentences.EVIDENCE_VERSION.filled(kind=kind, n=piece["version"])
    if piece.get("expires_on"):
        kind = sentences.EVIDENCE_UNTIL.filled(kind=kind, on=piece["expires_on"])
    return kind


# -- mapping to outside frameworks --------------------------------------------------------------------------------------------


def mapping(case: Case) -> content.Mapping:
    """Return, for every outside framework, its clauses with the mapped questions and whether all are met."""
    rules = case.framework.matrix
    note = sentences.MAPPING.filled(gate=rules.gate_minimum) if rules else sentences.MAPPING_OF_POINTS
    return {
        "note": said(note),
        "frameworks": [_mapped(case, reference) for reference in case.framework.references],
    }


def _mapped(case: Case, reference: Reference) -> content.Mapped:
    clauses: dict[str, list[str]] = defaultdict(list)
    for kind in ("screening", "pack"):
        for _, _, question in case.placed(kind):
            for clause in question.mappings.get(reference.code, []):
                clauses[clause].append(question.key)
    rows = [_reference(case, clause, keys) for clause, keys in sorted(clauses.items(), key=in_order)]
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


def in_order(clause: tuple[str, object]) -> list[tuple[int, str]]:
    """Return the key that sorts 9(2) before 9(10) and article 10 after article 9."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", clause[0]) if part]


def _reference(case: Case, clause: str, keys: list[str]) -> content.Reference:
    counted = [c for key in keys if (c := case.counted.get(key)) is not None and not c.excluded]
    met = sum(_is_met(case, c) for c in counted)
    state = "none" if not counted else "met" if met == len(counted) else "part" if met else "gap"
    return {"ref": clause, "questions": keys, "met": met, "applicable": len(counted), "state": state}  # type: ignore[typeddict-item]


def _is_met(case: Case, counted: Counted) -> bool:
    """Say whether a mapped question is met: as a gate would be, or under `points` by an answer with the fewest risk points."""
    rules = case.framework.scoring
    if isinstance(rules, Matrix):
        return counted.factor >= rules.gate_minimum
    return bool(counted.value) and counted.points <= least(rules, case.questions[counted.key])[1]


def glossary(case: Case) -> Iterator[tuple[Words, Words]]:
    """Yield the framework's words and their meanings."""
    for word in case.framework.glossary:
        yield said(word.term), said(word.meaning)
