"""Acts on conditions: the owner reports with evidence, another person verifies or sends back; a committee waives (waiving.py).

The verifier is never the owner and never wrote or submitted the answers (domain.md §6.3 separation of duties).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sqlalchemy import Select, and_, or_, select

from governance.accounts.rules import authorize
from governance.ledger.rules import Code, Ref
from governance.projects.files import check_link, clean_name
from governance.projects.models import Evidence, Project
from governance.projects.services import visible
from governance.refusals import NotFound, Refusal
from governance.reviews import telling
from governance.reviews.models import AgendaItem, Condition, Decision, Waiver
from governance.reviews.people import authors_of
from governance.reviews.room_models import Motion
from governance.reviews.rules import SETTLED, after_condition, days_overdue, local_date
from governance.screenings.evidence import FileGiven
from governance.screenings.models import Screening
from governance.work import UnitOfWork

EVENTS = {
    "report": "ConditionReported",
    "verify": "ConditionVerified",
    "reject": "ConditionRejected",
    "waive": "ConditionWaived",
}


def condition(work: UnitOfWork, condition_id: str) -> Condition:
    """Return a condition of a visible project, or one the actor owns or verifies; NotFound otherwise."""
    row = work.session.scalars(_seen(work).where(Condition.id == condition_id)).one_or_none()
    if row is None:
        raise NotFound
    return row


def conditions(work: UnitOfWork, *, mine: bool = False, unsettled: bool = False) -> list[Condition]:
    """Return the conditions the actor may see, those due first; `mine` keeps what they own or verify."""
    query = _seen(work)
    if mine:
        query = query.where(or_(Condition.owner_id == work.actor.id, Condition.verifier_id == work.actor.id))
    if unsettled:
        query = query.where(Condition.state.not_in(SETTLED))
    return list(work.session.scalars(query.order_by(Condition.due_on, Condition.number)))


def _seen(work: UnitOfWork) -> Select[Condition]:
    part = or_(visible(work.actor), Condition.owner_id == work.actor.id, Condition.verifier_id == work.actor.id)
    return (
        select(Condition)
        .join(Decision)
        .join(Screening, Decision.screening_id == Screening.id)
        .join(Project)
        .where(part)
    )


def lateness(work: UnitOfWork, row: Condition) -> int:
    """Return by how many days the condition is late today."""
    reported = local_date(row.submitted_at) if row.submitted_at else None
    return days_overdue(row.state, row.due_on, local_date(work.now), reported)


def relations_to(work: UnitOfWork, row: Condition) -> frozenset[str]:
    """Return how the actor stands to the condition."""
    held = {"condition.owner": row.owner_id, "condition.verifier": row.verifier_id}
    return frozenset(relation for relation, user_id in held.items() if user_id == work.actor.id)


def add_link(work: UnitOfWork, row: Condition, url: str, *, title: str = "", title_en: str = "") -> Evidence:
    """Record a link as evidence for a condition; its digest is of the address. Only the owner, while it can be reported."""
    address = check_link(url)
    digest = hashlib.sha256(address.encode()).hexdigest()
    return _add(
        work,
        row,
        Evidence(
            kind="link", title=(title.strip() or address)[:300], title_en=title_en.strip(), url=address, digest=digest
        ),
    )


def add_file(work: UnitOfWork, row: Condition, given: FileGiven, *, title: str = "", title_en: str = "") -> Evidence:
    """Record a stored file as evidence for a condition. Only the owner, while it can be reported."""
    name = clean_name(given.filename)
    piece = Evidence(
        kind="file",
        title=(title.strip() or name)[:300],
        title_en=title_en.strip(),
        filename=name,
        media_type=given.media_type,
        size=given.stored.size,
        digest=given.stored.digest,
    )
    return _add(work, row, piece)


def _add(work: UnitOfWork, row: Condition, piece: Evidence) -> Evidence:
    authorize(work.actor, "condition:report", relations_to(work, row))
    after_condition(row.state, "report")
    piece.project_id, piece.added_by, piece.added_at = row.decision.screening.project_id, work.actor.id, work.now
    work.session.add(piece)
    work.session.flush()
    work.record(
        "EvidenceAdded",
        subject=("evidence", piece.id),
        project=piece.project_id,
        codes={"condition": row.id, "kind": piece.kind},
        refs={"file": piece.digest},
        row=piece,
    )
    return piece


def evidence_of(work: UnitOfWork, row: Condition) -> Evidence:
    """Return the file that the condition was reported with: its verifier reads it without leave to read the case, and nothing else.

    Whoever may see the project reads it too, and whoever added it; NotFound for others (domain.md §6.3: the verifier is independent).
    """
    piece = work.session.get(Evidence, row.evidence_id) if row.evidence_id else None
    mine = piece is not None and work.actor.id in (row.verifier_id, piece.added_by)
    if piece is None or piece.kind != "file" or not (mine or reads_case(work, row)):
        raise NotFound
    return piece


def reads_case(work: UnitOfWork, row: Condition) -> bool:
    """Say whether the actor may see the project: owner and verifier of a condition need not belong to it."""
    query = select(Project.id).where(Project.id == row.decision.screening.project_id, visible(work.actor))
    return work.session.scalars(query).first() is not None


def known_evidence(work: UnitOfWork, row: Condition) -> list[Evidence]:
    """Return the evidence that the actor can report with: what they added, or all of the project when they may see it; newest first."""
    standing = (Evidence.project_id == row.decision.screening.project_id, Evidence.removed_at.is_(None))
    query = select(Evidence).where(*standing, *(() if reads_case(work, row) else (Evidence.added_by == work.actor.id,)))
    return list(work.session.scalars(query.order_by(Evidence.added_at.desc())))


def report_condition(work: UnitOfWork, row: Condition, *, rev: int, report: str, evidence_id: str) -> None:
    """Report a condition as met, with a piece of evidence of the same project that still stands and that the owner may read."""
    authorize(work.actor, "condition:report", relations_to(work, row))
    _lock(work, row, rev)
    state = after_condition(row.state, "report")
    _need(report, "report")
    evidence = next((each for each in known_evidence(work, row) if each.id == evidence_id), None)
    if evidence is None:
        raise Refusal(
            "reviews.condition_evidence",
            "この案件の証跡を選んでください。",
            "Choose evidence of this project.",
            place="evidence_id",
        )
    row.state, row.report, row.evidence_id, row.submitted_at = state, report.strip(), evidence.id, work.now
    row.verdict, row.settled_by, row.settled_at = "", None, None
    _record(work, row, "report", rev, {"report": row.report}, refs={"evidence": evidence.digest})


def verify_condition(work: UnitOfWork, row: Condition, *, rev: int, verdict: str) -> None:
    """Confirm that the condition is met."""
    _judge(work, row, "verify", rev, verdict)


def reject_condition(work: UnitOfWork, row: Condition, *, rev: int, verdict: str) -> None:
    """Send the report back: the owner reports again."""
    _judge(work, row, "reject", rev, verdict)


def _judge(work: UnitOfWork, row: Condition, act: str, rev: int, verdict: str) -> None:
    authorize(work.actor, "condition:verify", relations_to(work, row))
    _lock(work, row, rev)
    state = after_condition(row.state, act)
    _refuse_voted_on(work, row)
    if work.actor.id in authors_of(work, row.decision.screening):
        raise Refusal(
            "reviews.condition_author",
            "回答・提出をした人は、条件を確認できません。",
            "A person who answered or submitted cannot verify.",
        )
    _need(verdict, "verdict")
    row.state, row.verdict, row.settled_by, row.settled_at = state, verdict.strip(), work.actor.id, work.now
    _record(work, row, act, rev, {"verdict": row.verdict})


def _refuse_voted_on(work: UnitOfWork, row: Condition) -> None:
    """Refuse to judge a report while members vote on waiving the condition: what was put to the vote stays as it is until they are done."""
    query = select(Motion).join(
        AgendaItem, and_(Motion.item_id == AgendaItem.id, Motion.number == AgendaItem.motion_number)
    )
    query = query.join(Waiver, Waiver.item_id == AgendaItem.id)
    put = work.session.scalars(query.where(Waiver.condition_id == row.id, AgendaItem.state == "voting"))
    if any(row.id == each.get("condition") for motion in put for each in motion.conditions):
        raise Refusal(
            "reviews.condition_voted_on",
            "この条件の免除を委員会が採決しています。採決が終わってから確認してください。",
            "A committee is voting on waiving this condition. Judge the report when the vote is over.",
        )


def set_waived(work: UnitOfWork, row: Condition, reason: str, *, codes: Mapping[str, Code], votes: str) -> None:
    """Let a condition be waived, on the vote that `codes` and `votes` name. The caller has authorised the act and counted."""
    work.session.refresh(row, with_for_update=True)
    rev, state = row.rev, after_condition(row.state, "waive")
    _need(reason, "reason")
    row.state, row.verdict, row.settled_by, row.settled_at = state, reason.strip(), work.actor.id, work.now
    _record(work, row, "waive", rev, {"reason": row.verdict}, refs={"votes": votes}, codes=codes)


def _lock(work: UnitOfWork, row: Condition, rev: int) -> None:
    work.session.refresh(row, with_for_update=True)
    work.expect(row, rev)


def _need(text: str, place: str) -> None:
    if not text.strip():
        raise Refusal("reviews.reason", "内容を書いてください。", "Write what was done or found.", place=place)


# long: one argument for each part of an entry
def _record(
    work: UnitOfWork,
    row: Condition,
    act: str,
    rev: int,
    private: dict[str, str],
    *,
    refs: Mapping[str, Ref] | None = None,
    codes: Mapping[str, Code] | None = None,
) -> None:
    work.session.flush()
    work.record(
        EVENTS[act],
        subject=("condition", row.id),
        project=row.decision.screening.project_id,
        rev=(rev, row.rev),
        codes={"state": row.state, **(codes or {})},
        refs=dict(refs or {}),
        private=private,
        row=row,
    )
    telling.condition_moved(work, row, act)
