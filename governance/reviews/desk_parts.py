"""What the desk adds to the page of a case: who reviews it, the checklist with what was found, discussions, challenges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from governance.accounts.models import User
from governance.accounts.rules import may
from governance.questionnaires.definition import Framework
from governance.reviews import assigning, triage
from governance.reviews.challenge_showing import challenged
from governance.reviews.checking import Case
from governance.reviews.discussing import discussions_of
from governance.reviews.people import conflicts_of, ties_of
from governance.reviews.workdays import age
from governance.screenings.models import Screening
from governance.texts import Text
from governance.work import UnitOfWork

Finding = tuple[Text, Sequence[str]]
"""What was found for an item of the checklist, and the questions it is about."""

ANSWERED = Text("尋ねた{n}問すべてに回答があります。", "All {n} questions asked are answered.")
MISSING = Text("{n}問のうち{left}問に回答がありません。", "{left} of {n} questions have no answer.")
CLASHES = Text("食い違う回答が{n}件あります。", "Contradictions between answers: {n}.")
NO_CLASH = Text("食い違う回答は見つかりません。", "No contradiction was found.")
REASONS = Text("該当なしの理由{n}件が判断を待っています。", "Reasons for “not applicable” that wait for a ruling: {n}.")
ROUTED = Text("審査経路は「{route}」です。", "The route is “{route}”.")
UNKNOWN = Text("「分からない」が{n}件あります。", "Triggers answered “unknown”: {n}.")
NO_UNKNOWN = Text("「分からない」はありません。", "None is answered “unknown”.")
PROVEN = Text("★{all}件のうち{n}件に証跡があります。", "{n} of {all} gates (★) have evidence.")
UNPROVEN = Text("証跡のない★：", "Gates without evidence:")
FREE = Text(
    "記録の上では、担当者は案件の部門・関係者・承認者と重なりません。",
    "By the records the reviewer is none of the project's department, people or approvers.",
)


def desk_parts(work: UnitOfWork, row: Screening, case: Case, relations: frozenset[str]) -> dict[str, Any]:
    """Return what the page of a case shows of the desk, and which of its acts the reader may do now."""
    review, results = case.review, triage.results_of(work, case.review)
    mine = review is not None and review.reviewer_id == work.actor.id
    checks = mine and may(work.actor, "review:check", relations)
    assigns = row.state in assigning.ASSIGNABLE and (review is None or review.state != "opined")
    may_assign = assigns and may(work.actor, "review:assign", relations)
    assigned = assigning.assignments_of(work, row)
    return {
        "assigned": assigned,
        "may_assign": may_assign,
        "candidates": assigning.candidates(work, row) if may_assign else [],
        "days": age(row.submitted_at, work.now),
        "checks": triage.CHECKS,
        "check_results": results,
        "check_found": _found(work, row, case) if row.state == "triage" else {},
        "check_left": sum(each.code not in results or results[each.code].outcome != "met" for each in triage.CHECKS),
        "may_check": checks and row.state == "triage",
        "talks": discussions_of(work, review),
        "may_discuss": checks and row.state == "in_review" and review is not None and review.state == "in_review",
        "may_conclude": checks and row.state == "discussion",
        "challenged": challenged(work, row, case.filled, relations),
    }


def _found(work: UnitOfWork, row: Screening, case: Case) -> dict[str, list[Finding]]:
    """Return what the records say about each item of the checklist."""
    reviewer = case.review.reviewer if case.review else None
    return {
        "completeness": _completeness(case),
        "triggers": _triggers(case, row),
        "evidence": _evidence(case),
        "conflicts": _conflicts(work, row, reviewer) if reviewer else [],
    }


def _completeness(case: Case) -> list[Finding]:
    asked = case.score.asked
    left = [key for key in asked if key not in case.filled.values]
    counts = MISSING.filled(n=len(asked), left=len(left)) if left else ANSWERED.filled(n=len(asked))
    clashing = sorted({key for _, _, keys in case.clashes for key in keys})
    found: list[Finding] = [(counts, left)]
    found.append((CLASHES.filled(n=len(case.clashes)), clashing) if case.clashes else (NO_CLASH, []))
    waiting = [q.question.key for sheet in case.sheets for q in sheet.questions if _to_rule(case.framework, q)]
    return [*found, (REASONS.filled(n=len(waiting)), waiting)] if waiting else found


def _to_rule(framework: Framework, question: Any) -> bool:
    step = framework.step(question.value)
    return bool(step and step.is_not_applicable and question.ruling is None)


def _triggers(case: Case, row: Screening) -> list[Finding]:
    unknown = [line.key for line in case.triggers if line.unclear]
    said = UNKNOWN.filled(n=len(unknown)) if unknown else NO_UNKNOWN
    return [(ROUTED.filled(route=case.framework.route(row.route).name), []), (said, unknown)]


def _evidence(case: Case) -> list[Finding]:
    gates = [q for sheet in case.sheets for q in sheet.questions if q.question.gate]
    bare = [q.question.key for q in gates if not q.evidence]
    found: list[Finding] = [(PROVEN.filled(all=len(gates), n=len(gates) - len(bare)), [])]
    return [*found, (UNPROVEN, bare)] if bare else found


def _conflicts(work: UnitOfWork, row: Screening, reviewer: User) -> list[Finding]:
    found = conflicts_of(reviewer, ties_of(work, row))
    return [(conflict.text, ()) for conflict in found] or [(FREE, ())]
