"""A case → the content of its report: sections 1 to 3, the document itself, and everything the other composers make.

What is composed is a plain value; the same case with the same imprint gives the same content to the byte, so an unchanged report is
recognised and served again instead of being issued twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from governance.questionnaires.methods import Matrix, Points
from governance.questionnaires.parts import Named
from governance.reports import compose_answers, compose_life, compose_review, compose_risk, compose_watch, sentences
from governance.reports.case import Case
from governance.reports.content import (
    SCHEMA,
    Approval,
    Content,
    Document,
    Fact,
    Framework,
    Method,
    Summary,
    Version,
)
from governance.reports.house import BY_HAND, Box, House, case_left_out, case_sections
from governance.reports.names import as_text, day_of, entered, moment, people_of, said
from governance.reports.redaction import INTERNAL, profile
from governance.reports.rules import CASE
from governance.reports.words import Words
from governance.reviews.rules import OUTCOMES
from governance.screenings.routing import RouteStep
from governance.texts import Text, both, joined

_TOP_RISKS = 3


@dataclass(frozen=True)
class Imprint:
    """What a report gets when it is first issued and keeps when it is issued again: number, version, date, issuer, and the
    size and root of the ledger at that moment (null: the present ones)."""

    number: str
    version: int
    dated: str
    by: str | None = None
    ledger: tuple[int, str] | None = None
    house: House = field(default_factory=House)


# long: one line for each part of the content
def compose(case: Case, imprint: Imprint) -> Content:
    """Return the content of the report of a case."""
    parts: dict[str, Any] = {
        "schema": SCHEMA,
        "profile": profile(INTERNAL).stamp(),
        "document": _document(case, imprint),
        "sections": case_sections(imprint.house),
        "framework": _framework(case),
        "summary": _summary(case),
        "decision": compose_review.decision(case),
        "scope": _scope(case),
        "method": _method(case),
        "triggers": compose_risk.triggers(case),
        "route": compose_risk.route(case),
        "risk": compose_risk.risk(case),
        "grid": compose_risk.grid(case),
        "details": compose_answers.details(case),
        "loose": compose_answers.loose(case),
        "carried": compose_answers.carried(case),
        "unasked": compose_answers.unasked(case),
        "packs": compose_answers.packs(case),
        "findings": compose_answers.findings(case),
        "course": compose_review.course(case),
        "committee": compose_review.committee(case),
        "conditions": compose_review.conditions(case),
        "acceptance": compose_review.acceptance(case),
        "monitoring": compose_watch.monitoring(case),
        "mapping": compose_answers.mapping(case),
        "limits": [said(text) for text in sentences.LIMITS] + [said(case.framework.notice)],
        "glossary": [{"term": term, "text": text} for term, text in compose_answers.glossary(case)],
        "evidence": compose_answers.evidence(case),
        "ledger": _pinned(compose_review.ledger(case), imprint),
        "kyt": [],
        "versions": _versions(case, imprint),
        **imprint.house.part(CASE, case_left_out(imprint.house)),
    }
    return {**parts, "people": people_of(case, parts)}  # type: ignore[typeddict-item]


def _pinned(excerpt: Any, imprint: Imprint) -> Any:
    """Keep the size and root of the first issue: the ledger grows by other cases too, which changes nothing about this one."""
    if excerpt is None or imprint.ledger is None:
        return excerpt
    size, root = imprint.ledger
    return {**excerpt, "size": size, "root": root}


# -- the document ------------------------------------------------------------------------------------------------------------


def _document(case: Case, imprint: Imprint) -> Document:
    project, house = case.frozen.body["project"], imprint.house.marked(CASE)
    return {
        "number": imprint.number,
        "version": imprint.version,
        "case_revision": case.frozen.snapshot.revision,
        "title": said(sentences.TITLE),
        "subject": entered(project["name"], project["name_en"]),
        "case": project["number"],
        "phase": case.screening.phase,
        "classification": said(house.classification),
        "issuer": said(house.issuer),
        "addressees": [],
        "dated": imprint.dated,
        "frozen_at": moment(case.frozen.snapshot.created_at),
        "state": "draft" if case.is_draft else "final",
        "retention": None,
        "disclaimer": said(sentences.DISCLAIMER),
        "approvals": _approvals(case, house),
    }


def _approvals(case: Case, house: House) -> list[Approval]:
    """Return who submitted, who checked and who decided, each with the day; an act that is still to come is unsigned."""
    frozen, review, decision = case.frozen.body["screening"], case.review, case.decision
    done: dict[str, tuple[str | None, str | datetime | None]] = {
        "submitted": (frozen["submitted_by"], frozen["submitted_at"]),
        "reviewed": (review.reviewer_id, review.finished_at) if review and review.finished_at else (None, None),
        "decided": (decision.decided_by, decision.decided_at) if decision else (None, None),
    }
    return [_approval(box, *done.get(box.act, (None, None))) for box in house.signature]


def _approval(box: Box, person: str | None, at: str | datetime | None) -> Approval:
    made: Approval = {"step": said(box.label), "person": person, "on": day_of(at) if at else None, "id": None}
    return {**made, "by_hand": True} if box.act == BY_HAND else made


def _versions(case: Case, imprint: Imprint) -> list[Version]:
    """Return the reports issued before about this screening, and this one."""
    rows: list[Version] = [
        {
            "version": n,
            "on": day_of(row.issued_at),
            "by": row.issued_by,
            "text": said(_version_note(row.number, row.is_draft)),
        }
        for n, row in enumerate(case.reports[: imprint.version - 1], 1)
    ]
    note = _version_note(imprint.number, case.is_draft)
    return [*rows, {"version": imprint.version, "on": imprint.dated, "by": imprint.by, "text": said(note)}]


def _version_note(number: str, is_draft: bool) -> Text:
    return joined([both(number), sentences.VERSION_NOTES[is_draft]], "　", " ")


# long: one line for each part of the framework
def _framework(case: Case) -> Framework:
    framework = case.framework
    return {
        "phases": [{"code": phase.code, "name": said(phase.name)} for phase in framework.phases],
        "items": [
            {"key": item.code, "no": n, "name": said(item.name), "short": said(item.short)}
            for n, item in enumerate(framework.items, 1)
        ],
        "levels": [{"rank": n, "name": said(level.name)} for n, level in enumerate(framework.levels, 1)],
        "answers": [
            {
                "code": step.code,
                "mark": step.mark,
                "coefficient": None if step.factor is None else str(step.factor),
                "name": _step_name(step),
            }
            for step in framework.scale
        ],
        "severity": [{"value": n, "text": said(_anchored(grade))} for n, grade in enumerate(framework.severity, 1)],
        "likelihood": [{"value": n, "text": said(_anchored(grade))} for n, grade in enumerate(framework.likelihood, 1)],
        "matrix": [
            [
                {"value": str(s * p), "level": framework.level_of_product(s * p)}
                for p in range(1, len(framework.likelihood) + 1)
            ]
            for s in range(1, len(framework.severity) + 1)
        ],
        "cuts": compose_risk.cut_words(case),
    }


def _step_name(step: Any) -> Words:
    return said(
        Text("{name}（{note}）", "{name}, {note}").filled(name=step.name, note=step.note) if step.note else step.name
    )


def _anchored(grade: Any) -> Text:
    return Text("{name}：{anchor}", "{name}: {anchor}").filled(name=grade.name, anchor=grade.anchor)


# -- summary, scope, method ---------------------------------------------------------------------------------------------------


def _summary(case: Case) -> Summary:
    steps = case.score.route_steps
    leading = [_leading(case, step) for step in steps if step.route == case.score.route]
    return {"message": said(_message(case)), "route_by": said(joined(leading)) if leading else None, "top": _top(case)}


def _leading(case: Case, step: RouteStep) -> Text:
    """Return what led to the route in a few words: the trigger, the level, the ruling."""
    words = sentences.LEADING[step.source]
    named = case.framework.name_of("levels", step.rule) if step.source in {"inherent", "residual"} else both(step.rule)
    return words.filled(rule=named)


def _message(case: Case) -> Text:
    project, score, framework = case.frozen.body["project"], case.score, case.framework
    values = {
        "project": as_text(entered(project["name"], project["name_en"])),
        "phase": framework.phase(case.screening.phase).name,
        "residual": framework.level(score.residual or 1).name,
        "inherent": framework.level(score.inherent or 1).name,
    }
    parts = [sentences.UNDECIDED.filled(**values)]
    if case.decision:
        body = compose_review.body_words(case, case.decision)
        parts = [sentences.DECIDED.filled(**values, body=body, outcome=OUTCOMES[case.decision.outcome])]
    if conditions := compose_review.conditions(case):
        parts.append(
            sentences.OPEN_CONDITIONS.filled(all=len(conditions), open=sum(not c["closed"] for c in conditions))
        )
    if score.stops:
        parts.append(sentences.STOPPED.filled(codes=", ".join(stop.code for stop in score.stops)))
    return joined(parts, "", " ")


def _top(case: Case) -> list[Any]:
    """Return the items with the highest residual level above the lowest, with what may happen and the findings about them."""
    findings = compose_answers.findings(case)
    placed = {
        question.key: section.item for kind in ("screening", "pack") for _, section, question in case.placed(kind)
    }
    risky = sorted(
        (item for item in case.score.items if (item.residual or 1) > 1),
        key=lambda item: (-(item.residual or 1), -(item.product or 0)),
    )
    return [
        {
            "item": item.item,
            "text": entered(case.rating_reasons.get(item.item, {}).get("severity_reason")),
            "treatment": ", ".join(
                f["id"] for f in findings if any(placed.get(key) == item.item for key in f["questions"])
            )
            or None,
        }
        for item in risky[:_TOP_RISKS]
    ]


def _scope(case: Case) -> list[Fact]:
    project, framework = case.frozen.body["project"], case.framework
    frozen = case.frozen.body["screening"]
    pairs = {
        name: entered(project[name], project.get(f"{name}_en"))
        for name in ("name", "summary", "customer", "end_subjects", "department")
    }
    values: dict[str, Words] = {
        **pairs,
        "phase": said(framework.phase(case.screening.phase).name),
        "system_version": entered(project["system_version"]),
        "sector": said(framework.name_of("sectors", project["sector"])),
        **{kind: _listed(getattr(framework, kind), project[kind]) for kind in ("own_roles", "regions", "techniques")},
        "period": "–".join(day_of(at) for at in (frozen["opened_at"], frozen["submitted_at"]) if at),
    }
    facts: list[Fact] = [{"term": said(label), "text": values[name]} for name, label in sentences.SCOPE.items()]
    return [*facts, *compose_life.facts(case)]


def _listed(names: list[Named], codes: list[str]) -> Words:
    known = {named.code: named.name for named in names}
    return said(joined([known.get(code, both(code)) for code in codes])) if codes else None


def _by_matrix(rules: Matrix) -> list[Text]:
    """Return how levels come about from severity, likelihood and controls."""
    limit = format(rules.step_down_at_percent.normalize(), "f")
    control = sentences.CONTROL.filled(limit=limit, gate=rules.gate_minimum, step=rules.step_down)
    return [sentences.INHERENT, control, sentences.NOT_APPLICABLE]


def _by_points(rules: Points) -> list[Text]:
    """Return how levels come about from totals of points and from what mitigation takes off."""
    names = {total.code: total.name for total in rules.totals}
    found = [sentences.POINTS.filled(totals=joined([names[code] for code in rules.risk], "、", ", "))]
    found.append(sentences.COMBINED[rules.combine])
    if rule := rules.mitigation:
        reaches, off = (format(n.normalize(), "f") for n in (rule.reaches_percent, rule.takes_off_percent))
        found.append(sentences.MITIGATION.filled(total=names[rule.total], reaches=reaches, off=off))
    if rules.round_points:
        found.append(sentences.ROUNDED)
    return [*found, sentences.POINTS_ONLY_ASKED]


# long: one line for each paragraph and version
def _method(case: Case) -> Method:
    rules = case.framework.scoring
    frozen = case.frozen.snapshot
    paragraphs = [
        sentences.SEPARATION,
        *(_by_matrix(rules) if isinstance(rules, Matrix) else _by_points(rules)),
        sentences.FROZEN.filled(revision=frozen.revision, stage=sentences.STAGES[frozen.stage]),
    ]
    named = [
        (
            "framework",
            f"{case.framework_version.key} {case.framework_version.version} ({case.framework_version.digest[:12]})",
        )
    ]
    named += [("questionnaire", f"{row.key} {row.version} ({row.digest[:12]})") for row in case.questionnaire_versions]
    named += [("scoring", f"{case.score.method} {case.score.version}"), ("snapshot", frozen.digest)]
    return {
        "paragraphs": [said(text) for text in paragraphs],
        "versions": [{"term": said(sentences.VERSIONS[kind]), "text": text} for kind, text in named],
    }
