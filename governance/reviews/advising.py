"""From the opinion of a committee to the decision of the executive: both are recorded, and neither stands for the other.

An advisory committee's carried motion is an opinion; so is the escalation by a deciding one. The case then waits for the executive,
who decides within the same table of outcomes and never approves what a deciding committee rejected (domain.md §5.3, §6.2, §6.3).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import select

from governance.accounts.rules import authorize
from governance.projects.models import Project
from governance.projects.services import visible
from governance.refusals import NotFound, Refusal
from governance.reviews import telling
from governance.reviews.body_models import CommitteeOpinion
from governance.reviews.decisions import Basis, Verdict, basis_snapshot, board_rejected, check_verdict, settle
from governance.reviews.models import AgendaItem, Decision
from governance.reviews.people import refuse_bound, relations_to
from governance.reviews.rules import APPROVALS
from governance.screenings.models import Screening
from governance.screenings.workflow import after
from governance.work import UnitOfWork

ESCALATED = "escalated"


def advises(authority: str, outcome: str) -> bool:
    """Say whether a carried motion is an opinion for the executive instead of a decision (domain.md §6.3 authority)."""
    return authority != "deciding" or outcome == ESCALATED


def record_opinion(
    work: UnitOfWork, item: AgendaItem, verdict: Verdict, basis: Basis, authority: str
) -> CommitteeOpinion:
    """Write what a committee advises and hand the case to the executive. The caller has authorised, locked and counted.

    Raises Refusal(s) for an opinion that the committee could not have given as a decision either.
    """
    screening = item.screening
    check_verdict(work, screening, item.snapshot, verdict)
    moved, before = after(screening.state, "escalate"), screening.rev
    row = _opinion(work, item, verdict, basis, authority)
    work.session.add(row)
    work.session.flush()
    screening.state, screening.changed_at = moved.state, work.now
    work.session.flush()
    work.record(
        "CommitteeAdvised",
        subject=("committee_opinion", row.id),
        project=screening.project_id,
        rev=(before, screening.rev),
        refs={"snapshot": row.snapshot_digest, "votes": row.votes_digest},
        codes={"screening": screening.id, "revision": row.revision, "outcome": row.outcome, "authority": authority},
        private={"rationale": row.rationale},
        row=row,
    )
    telling.escalated(work, screening)
    return row


def _opinion(work: UnitOfWork, item: AgendaItem, verdict: Verdict, basis: Basis, authority: str) -> CommitteeOpinion:
    drafts = [{**asdict(draft), "due_on": draft.due_on.isoformat()} for draft in verdict.conditions]
    return CommitteeOpinion(
        screening_id=item.screening_id,
        revision=item.screening.revision,
        item_id=item.id,
        snapshot_id=item.snapshot_id,
        snapshot_digest=item.snapshot.digest,
        authority=authority,
        outcome=verdict.outcome,
        rationale=verdict.rationale.strip(),
        escalated_to=verdict.escalated_to.strip(),
        conditions={"list": drafts},
        quorum=dict(basis.quorum or {}),
        votes_digest=basis.votes_digest,
        recorded_by=work.actor.id,
        recorded_at=work.now,
    )


def opinion_of(work: UnitOfWork, screening: Screening) -> CommitteeOpinion | None:
    """Return what a committee advised on the screening's current revision, if it did."""
    query = select(CommitteeOpinion).where(
        CommitteeOpinion.screening_id == screening.id, CommitteeOpinion.revision == screening.revision
    )
    return work.session.scalars(query).one_or_none()


def opinion_on(work: UnitOfWork, item: AgendaItem) -> CommitteeOpinion | None:
    """Return the opinion that came of an agenda item, if one did."""
    return work.session.scalars(select(CommitteeOpinion).where(CommitteeOpinion.item_id == item.id)).one_or_none()


def waiting(work: UnitOfWork) -> list[Screening]:
    """Return the visible cases that wait for the executive, the oldest first."""
    query = select(Screening).join(Project).where(Screening.state == ESCALATED, visible(work.actor))
    return list(work.session.scalars(query.order_by(Screening.changed_at)))


def decided_by_executive(work: UnitOfWork, limit: int = 20) -> list[Decision]:
    """Return the visible decisions of the executive, newest first."""
    query = select(Decision).join(Screening).join(Project).where(Decision.body == "executive", visible(work.actor))
    return list(work.session.scalars(query.order_by(Decision.decided_at.desc()).limit(limit)))


def decide_as_executive(work: UnitOfWork, screening: Screening, verdict: Verdict, *, rev: int) -> Decision:
    """Decide a case that a committee referred, on the snapshot it judged, with its figures kept beside the decision.

    Raises Refusal when no opinion stands for this revision, when a deciding committee rejected the case before and this would
    approve it, and for an outcome the level does not allow.
    """
    authorize(work.actor, "case:decide-executive", relations_to(work, screening))
    work.session.refresh(screening, with_for_update=True)
    work.expect(screening, rev)
    after(screening.state, "reject")
    refuse_bound(work, screening)
    opinion = opinion_of(work, screening)
    if opinion is None:
        raise Refusal(
            "reviews.no_opinion",
            "この改訂には委員会の意見の記録がないため、決定できません。",
            "No committee's opinion is on record for this revision, so it cannot be decided.",
        )
    _refuse_approving_a_rejection(work, screening, verdict)
    item = work.session.get(AgendaItem, opinion.item_id)
    if item is None:
        raise NotFound
    figures: dict[str, Any] = {**opinion.quorum, "advised": opinion.outcome, "authority": opinion.authority}
    return settle(work, screening, basis_snapshot(work, screening), verdict, Basis(item, figures, opinion.votes_digest))


def _refuse_approving_a_rejection(work: UnitOfWork, screening: Screening, verdict: Verdict) -> None:
    """Keep a deciding committee's rejection: the executive may disapprove, never approve instead (domain.md §6.2, 46.112)."""
    if verdict.outcome in APPROVALS and board_rejected(work, screening):
        raise Refusal(
            "reviews.rejected_by_board",
            "決定機関である委員会が不承認とした案件を、執行側が承認することはできません。",
            "The executive cannot approve a case that a deciding committee rejected.",
            place="outcome",
        )
