"""Recording an outcome: the one place that writes a decision, whoever decides.

A decision rests on the frozen snapshot of the current revision, keeps to what the framework allows the body, and carries its
conditions. It is written once per revision and never changed (domain.md §5.3, §5.4; assurance.md T1, T5).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from governance.accounts.models import User
from governance.ledger.rules import Code
from governance.projects.life import must_run
from governance.refusals import Problem, Refusal, Refusals
from governance.reviews import citing, telling
from governance.reviews.models import AgendaItem, Condition, Decision
from governance.reviews.people import active_person, authors_of
from governance.reviews.rules import (
    APPROVALS,
    BOARD,
    POSTPONED,
    Choice,
    ConditionDraft,
    allowed_outcomes,
    check_conditions,
    check_validity,
    local_date,
    require_outcome,
    valid_until,
)
from governance.screenings import services as screenings
from governance.screenings.models import Screening, Snapshot
from governance.screenings.workflow import ACTION_OF_OUTCOME, after
from governance.texts import Text
from governance.work import UnitOfWork

BODY_IN = {"submitted": "department", "in_review": "team", "board_session": "board", "escalated": "executive"}


@dataclass(frozen=True)
class Verdict:
    """What a body decides: outcome and rationale; for approvals the last day (the level's limit when None) and the conditions."""

    outcome: str
    rationale: str
    valid_until: date | None = None
    conditions: tuple[ConditionDraft, ...] = ()
    escalated_to: str = ""


@dataclass(frozen=True)
class Basis:
    """How a committee came to it: the item with its figures and the digest of its votes; empty without a committee."""

    item: AgendaItem | None = None
    quorum: Mapping[str, Any] | None = None
    votes_digest: str = ""


def choices(work: UnitOfWork, screening: Screening) -> tuple[Choice, ...]:
    """Return what may be decided on a screening where it stands now (domain.md §5.3, §5.4)."""
    body = BODY_IN.get(screening.state)
    score = screenings.score_of(work, screening)
    if body is None or score.residual is None:
        return ()
    return allowed_outcomes(
        screenings.framework_of(screening),
        residual=score.residual,
        route=score.route,
        body=body,
        hard_stops=[stop.code for stop in score.stops],
        open_gate=bool(score.needs_condition),
    )


def board_rejected(work: UnitOfWork, screening: Screening) -> bool:
    """Tell whether the newest word of a committee on this phase of the project is a rejection.

    Nobody below or beside it may then approve; only a committee may (domain.md §6.2, 46.112).
    """
    query = (
        select(Decision.outcome)
        .join(Screening, Decision.screening_id == Screening.id)
        .where(Screening.project_id == screening.project_id, Screening.phase == screening.phase, Decision.body == BOARD)
        .order_by(Decision.decided_at.desc())
    )
    return work.session.scalars(query.limit(1)).first() == "rejected"


def basis_snapshot(work: UnitOfWork, screening: Screening) -> Snapshot:
    """Return the snapshot a decision rests on now; refuse when the stored body no longer fits its digest (assurance.md T1)."""
    snapshot = screenings.latest_snapshot(work, screening)
    if snapshot is None or hashlib.sha256(snapshot.body.encode()).hexdigest() != snapshot.digest:
        raise Refusal(
            "reviews.no_snapshot",
            "この改訂の写しがないか、内容が一致しません。監査台帳を検証してください。",
            "This revision has no snapshot, or its content does not fit. Verify the ledger.",
        )
    return snapshot


def settle(
    work: UnitOfWork, screening: Screening, snapshot: Snapshot, verdict: Verdict, basis: Basis = Basis()
) -> Decision:
    """Write the decision with its conditions and move the screening on. The caller has authorised the act and locked the row.

    Raises Refusal(s) for an outcome, validity or condition that the rules do not allow.
    """
    must_run(work, screening.project_id)
    check_verdict(work, screening, snapshot, verdict)
    moved = after(screening.state, ACTION_OF_OUTCOME[verdict.outcome])
    last_day = _last_day(work, screening, verdict)
    decision = _decision(work, screening, snapshot, verdict, basis)
    decision.valid_until = last_day
    work.session.add(decision)
    work.session.flush()
    before = screening.rev
    screening.state, screening.valid_until, screening.changed_at = moved.state, last_day, work.now
    work.session.flush()
    _record_decision(work, screening, decision, (before, screening.rev))
    for number, draft in enumerate(verdict.conditions, 1):
        _set_condition(work, screening, decision, number, draft)
    telling.decided(work, screening, decision)
    return decision


def _record_decision(work: UnitOfWork, screening: Screening, decision: Decision, rev: tuple[int, int]) -> None:
    cited = [each.cited_id for each in citing.citations_of(work, screening)]
    work.record(
        "DecisionRecorded",
        subject=("decision", decision.id),
        project=screening.project_id,
        rev=rev,
        refs={"snapshot": decision.snapshot_digest}
        | ({"votes": decision.votes_digest} if decision.votes_digest else {}),
        codes={
            "screening": screening.id,
            "revision": decision.revision,
            "outcome": decision.outcome,
            "body": decision.body,
            **({"cites": cited} if cited else {}),
        },
        private={"rationale": decision.rationale},
        row=decision,
    )


def _decision(work: UnitOfWork, screening: Screening, snapshot: Snapshot, verdict: Verdict, basis: Basis) -> Decision:
    return Decision(
        screening_id=screening.id,
        revision=screening.revision,
        snapshot_id=snapshot.id,
        snapshot_digest=snapshot.digest,
        body=BODY_IN[screening.state],
        item_id=basis.item.id if basis.item else None,
        outcome=verdict.outcome,
        rationale=verdict.rationale.strip(),
        escalated_to=verdict.escalated_to.strip(),
        quorum=dict(basis.quorum or {}),
        votes_digest=basis.votes_digest,
        decided_by=work.actor.id,
        decided_at=work.now,
    )


def check_verdict(work: UnitOfWork, screening: Screening, snapshot: Snapshot, verdict: Verdict) -> None:
    """Raise Refusal(s) for a verdict that the body cannot give on this snapshot: reason, outcome, conditions (domain.md §5.3)."""
    if snapshot.id != basis_snapshot(work, screening).id:
        raise Refusal(
            "reviews.stale_snapshot",
            "この写しは、いまの改訂のものではありません。資料を更新してください。",
            "This snapshot is not the one of the current revision. Renew the materials.",
        )
    Refusals.raise_any(faults(work, screening, verdict))


def faults(work: UnitOfWork, screening: Screening, verdict: Verdict) -> list[Problem]:
    """Return everything that is wrong with a verdict, each beside its field, so that it is mended in one go."""
    problems: list[Problem] = []
    if not verdict.rationale.strip():
        problems.append(Problem("reviews.rationale", Text("理由を書いてください。", "Give the reason."), "rationale"))
    if verdict.outcome == "escalated" and not verdict.escalated_to.strip():
        text = Text("付議先（経営会議など）を書いてください。", "Name the body it is escalated to.")
        problems.append(Problem("reviews.escalated_to", text, "escalated_to"))
    if verdict.outcome == POSTPONED:
        text = Text(
            "継続審査は審査結果ではありません。議題を継続にしてください。",
            "Deferring is no decision; defer the item instead.",
        )
        return [*problems, Problem("reviews.defer_instead", text, "outcome")]
    try:
        require_outcome(choices(work, screening), verdict.outcome, verdict.rationale or "-")
    except Refusal as refused:
        problems.append(Problem(refused.code, refused.text, refused.place))
    problems += faults_of_conditions(work, screening, verdict.outcome, verdict.conditions)
    return problems + _faults_of_validity(work, screening, verdict)


def faults_of_conditions(
    work: UnitOfWork, screening: Screening, outcome: str, drafts: Sequence[ConditionDraft]
) -> list[Problem]:
    """Return what is wrong with the conditions of an outcome: the rules, and people whose accounts are closed."""
    found = check_conditions(outcome, drafts, local_date(work.now), authors_of(work, screening))
    for number, draft in enumerate(drafts):
        for user_id, field in ((draft.owner, "owner"), (draft.verifier, "verifier")):
            person = work.session.get(User, user_id) if user_id else None
            if user_id and (person is None or not person.is_active):
                text = Text("この人のアカウントは停止しています。", "This person’s account is closed.")
                found.append(Problem("reviews.inactive", text, f"conditions-{number}-{field}"))
    return found


def _faults_of_validity(work: UnitOfWork, screening: Screening, verdict: Verdict) -> list[Problem]:
    residual = screenings.score_of(work, screening).residual
    if verdict.outcome not in APPROVALS or verdict.valid_until is None or residual is None:
        return []
    today = local_date(work.now)
    return check_validity(verdict.valid_until, valid_until(residual, today, screenings.framework_of(screening)), today)


def _last_day(work: UnitOfWork, screening: Screening, verdict: Verdict) -> date | None:
    """Return the last day of an approval, None for other outcomes."""
    if verdict.outcome not in APPROVALS:
        return None
    today = local_date(work.now)
    residual = screenings.score_of(work, screening).residual or 0
    limit = valid_until(residual, today, screenings.framework_of(screening))
    chosen = verdict.valid_until or limit
    Refusals.raise_any(check_validity(chosen, limit, today))
    return chosen


# long: one line per column of the condition
def _set_condition(
    work: UnitOfWork, screening: Screening, decision: Decision, number: int, draft: ConditionDraft
) -> None:
    for user_id, field in ((draft.owner, "owner"), (draft.verifier, "verifier")):
        active_person(work, user_id, f"conditions-{number - 1}-{field}")
    row = Condition(
        decision_id=decision.id,
        decision=decision,
        number=number,
        text=draft.text.strip(),
        text_en=draft.text_en.strip(),
        kind=draft.kind,
        owner_id=draft.owner,
        verifier_id=draft.verifier,
        due_on=draft.due_on,
    )
    work.session.add(row)
    work.session.flush()
    codes: dict[str, Code] = {
        "decision": decision.id,
        "number": number,
        "kind": row.kind,
        "due_on": row.due_on.isoformat(),
    }
    people: dict[str, Code] = {"owner": row.owner_id, "verifier": row.verifier_id}
    subject, project = ("condition", row.id), screening.project_id
    work.record(
        "ConditionSet", subject=subject, project=project, codes=codes | people, private={"text": row.text}, row=row
    )
    telling.condition_set(work, row)
