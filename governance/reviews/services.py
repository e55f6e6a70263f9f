"""The expert team's check: take a case, rule on its answers, give an opinion, return it, decide without a committee.

Rulings stand beside the answers and never over them. Giving the opinion freezes the checked snapshot; afterwards nothing is ruled
any more, so that what the committee reads is what it decides on (domain.md §5.6, §6.1).
"""

from __future__ import annotations

from sqlalchemy import select

from governance.accounts.rules import authorize
from governance.learning.services import require as require_training
from governance.projects.models import Project
from governance.projects.services import visible
from governance.refusals import Forbidden, NotFound, Refusal
from governance.reviews import assigning, challenges, telling
from governance.reviews.bodies import admit
from governance.reviews.decisions import Verdict, basis_snapshot, board_rejected, settle
from governance.reviews.models import Decision, Review
from governance.reviews.people import locked, refuse_bound, refuse_earlier_lead, relations_to
from governance.reviews.rules import APPROVALS, BOARD, OUTCOMES, POSTPONED, refuse_when
from governance.screenings import services as screenings
from governance.screenings.models import Answer, Ruling, Screening, Snapshot
from governance.screenings.workflow import after
from governance.work import UnitOfWork


def review(work: UnitOfWork, review_id: str) -> Review:
    """Return a review of a project the actor may see; NotFound otherwise."""
    query = select(Review).join(Screening).join(Project).where(Review.id == review_id, visible(work.actor))
    row = work.session.scalars(query).one_or_none()
    if row is None:
        raise NotFound
    return row


def review_of(work: UnitOfWork, screening: Screening) -> Review | None:
    """Return the review of the screening's current revision, or None before it is taken."""
    query = select(Review).where(Review.screening_id == screening.id, Review.revision == screening.revision)
    return work.session.scalars(query).one_or_none()


def take_review(work: UnitOfWork, screening: Screening, *, rev: int) -> Review:
    """Take a submitted screening for review: the pre-check comes first.

    Refused to whoever is or was bound to the project, and to others than the person it is assigned to (domain.md §6.1, §6.3).
    """
    authorize(work.actor, "review:take", relations_to(work, screening))
    require_training(work, "review")
    locked(work, screening, rev)
    moved = after(screening.state, "take")
    refuse_bound(work, screening)
    refuse_earlier_lead(work, screening, work.actor.id)
    assigning.take(work, screening)
    row = review_of(work, screening) or Review(screening=screening, revision=screening.revision)
    work.session.add(row)
    row.reviewer_id, row.state, row.started_at = work.actor.id, "in_review", work.now
    _move(work, screening, moved.state)
    work.record(
        "ReviewTaken",
        subject=("review", row.id),
        project=screening.project_id,
        rev=(rev, screening.rev),
        codes={"screening": screening.id, "revision": screening.revision, "state": screening.state},
        row=row,
    )
    admit(work, screening)
    return row


def rule_not_applicable(
    work: UnitOfWork, screening: Screening, key: str, *, rev: int, accepted: bool, reason: str
) -> Ruling:
    """Accept or refuse a 該当なし: only an accepted one leaves the sum (domain.md §5.2 step 3)."""
    framework = screenings.framework_of(screening)
    _may_rule(work, screening, rev)
    answer = _answer(work, screening, key)
    step = framework.step(answer.value)
    if step is None or not step.is_not_applicable:
        raise Refusal(
            "reviews.nothing_to_rule",
            "{key}の回答は「該当なし」ではありません。",
            "The answer to {key} is not “not applicable”.",
            place=key,
            key=key,
        )
    return _rule(work, screening, rev, "not_applicable", key, "accepted" if accepted else "refused", reason)


def rule_evidence(
    work: UnitOfWork, screening: Screening, key: str, *, rev: int, disproved: bool, reason: str
) -> Ruling:
    """Say that the evidence of an answer is disproved, or take that back; a disproved gate blocks the case (domain.md §5.4 H6)."""
    _may_rule(work, screening, rev)
    _answer(work, screening, key)
    return _rule(work, screening, rev, "evidence", key, "disproved" if disproved else "upheld", reason)


def override_route(work: UnitOfWork, screening: Screening, route: str, *, rev: int, reason: str) -> Ruling:
    """Move a case to another route with a recorded reason; hard stops and a high residual still move it up (domain.md §5.3)."""
    _may_rule(work, screening, rev)
    if route not in {each.code for each in screenings.framework_of(screening).routes}:
        raise Refusal("reviews.route", "審査経路を選んでください。", "Choose a route.", place="route")
    return _rule(work, screening, rev, "route", "route", route, reason)


def save_opinion(
    work: UnitOfWork,
    row: Review,
    *,
    rev: int,
    opinion: str,
    recommendation: str = "",
    risks: str = "",
    open_points: str = "",
) -> None:
    """Keep the draft of an opinion; it counts only once it is given."""
    _own(work, row)
    work.expect(row, rev)
    _must_be_open(row)
    if recommendation:
        _check_recommendation(recommendation)
    row.opinion, row.recommendation = opinion.strip(), recommendation
    row.risks, row.open_points = risks.strip(), open_points.strip()
    work.session.flush()


# long: one line per column of the opinion
def give_opinion(
    work: UnitOfWork,
    row: Review,
    *,
    rev: int,
    recommendation: str,
    opinion: str,
    risks: str = "",
    open_points: str = "",
) -> Review:
    """Give the team's opinion — judgement, main risks, open points, recommendation — and freeze the checked snapshot.

    The case is referred to the committee when its route leads there. Raises Refusal without an opinion, while a hard stop stands or a
    challenge is unsettled (domain.md §6.1 guard of board_queued).
    """
    screening = row.screening
    _own(work, row)
    require_training(work, "review")
    work.session.refresh(screening, with_for_update=True)
    work.expect(row, rev)
    _must_be_open(row)
    after(screening.state, "opine")
    _check_opinion(work, screening, recommendation, opinion)
    snapshot = screenings.freeze(work, screening, "checked")
    row.opinion, row.recommendation = opinion.strip(), recommendation
    row.risks, row.open_points = risks.strip(), open_points.strip()
    row.snapshot_id, row.state, row.finished_at = snapshot.id, "opined", work.now
    work.session.flush()
    _record_opinion(work, row, snapshot)
    if screenings.framework_of(screening).route(screening.route).body == BOARD or board_rejected(work, screening):
        _queue(work, screening, snapshot)
    return row


def _record_opinion(work: UnitOfWork, row: Review, snapshot: Snapshot) -> None:
    told = {"opinion": row.opinion, "risks": row.risks, "open_points": row.open_points}
    work.record(
        "OpinionGiven",
        subject=("review", row.id),
        project=row.screening.project_id,
        rev=(row.rev - 1, row.rev),
        refs={"snapshot": snapshot.digest},
        codes={
            "screening": row.screening_id,
            "recommendation": row.recommendation,
            "route": row.screening.route,
        },
        private={name: text for name, text in told.items() if text},
        row=row,
    )


def _queue(work: UnitOfWork, screening: Screening, snapshot: Snapshot) -> None:
    """Refer the case to the committee with the snapshot that was checked."""
    before = screening.rev
    _move(work, screening, after(screening.state, "queue").state)
    subject, refs = ("screening", screening.id), {"snapshot": snapshot.digest}
    rev = (before, screening.rev)
    work.record("CaseQueued", subject=subject, project=screening.project_id, rev=rev, refs=refs, row=screening)
    telling.queued(work, screening)
    admit(work, screening)


def return_to_team(work: UnitOfWork, screening: Screening, *, rev: int, reason: str) -> None:
    """Send the case back with a reason; the team resubmits it as a new revision (domain.md §6.1 returned).

    The expert team returns what it reviews or what is blocked; a department head returns a light case.
    """
    moved = after(screening.state, "return")
    authorize(work.actor, moved.permission, relations_to(work, screening))
    refuse_when(
        screening.state == "board_session",
        "board_returns",
        "審議中の案件は、委員会の審査結果として差し戻します。",
        "While it is before the committee, only the committee returns a case.",
    )
    locked(work, screening, rev)
    refuse_bound(work, screening, allowed="approver" if screening.state == "submitted" else "")
    _need(reason, "reason")
    challenges.lapse(work, screening)
    row = review_of(work, screening)
    if row is not None:
        row.state, row.return_reason, row.finished_at = "returned", reason.strip(), row.finished_at or work.now
    _move(work, screening, moved.state)
    subject, codes = ("screening", screening.id), {"revision": screening.revision}
    private, rev_now = {"reason": reason.strip()}, (rev, screening.rev)
    project = screening.project_id
    work.record(
        "ScreeningReturned", subject=subject, project=project, rev=rev_now, codes=codes, private=private, row=screening
    )
    telling.returned(work, screening)


def decide_without_board(work: UnitOfWork, screening: Screening, verdict: Verdict, *, rev: int) -> Decision:
    """Decide a light case as department head, or a case in review as expert team, as far as the framework allows (domain.md §5.3).

    The team decides on the checked snapshot, so its opinion comes first. To return a case use `return_to_team`.
    """
    permission = {"submitted": "screening:approve-light", "in_review": "review:decide"}.get(screening.state)
    if permission is None:
        after(screening.state, "approve")
        raise Refusal(
            "reviews.board_decides", "この案件は委員会が決定します。", "This case is decided by the committee."
        )
    authorize(work.actor, permission, relations_to(work, screening))
    locked(work, screening, rev)
    if verdict.outcome == "returned":
        raise Refusal(
            "reviews.return_instead",
            "差し戻すときは「差戻し」を使ってください。",
            "To return the case, use “return”.",
            place="outcome",
        )
    refuse_bound(work, screening, allowed="approver" if screening.state == "submitted" else "")
    _refuse_after_rejection(work, screening, verdict)
    snapshot = basis_snapshot(work, screening)
    if screening.state == "in_review" and snapshot.stage != "checked":
        raise Refusal(
            "reviews.opinion_first", "先に専門チームの意見を出してください。", "Give the team's opinion first."
        )
    return settle(work, screening, snapshot, verdict)


def _refuse_after_rejection(work: UnitOfWork, screening: Screening, verdict: Verdict) -> None:
    refuse_when(
        verdict.outcome in APPROVALS and board_rejected(work, screening),
        "rejected_by_board",
        "委員会が不承認としたフェーズのため、承認できるのは委員会だけです。専門チームが意見を付けて付議します。",
        "A committee rejected this phase, so only a committee can approve it; the expert team refers it with its opinion.",
        place="outcome",
    )


# ---------------------------------------------------------------- shared steps


def _move(work: UnitOfWork, screening: Screening, state: str) -> None:
    screening.state, screening.changed_at = state, work.now
    work.session.flush()


def _own(work: UnitOfWork, row: Review) -> None:
    """Only the reviewer who took the case writes its opinion."""
    authorize(work.actor, "review:opine", relations_to(work, row.screening))
    if row.reviewer_id != work.actor.id:
        raise Forbidden(
            "reviews.not_yours",
            "意見を出せるのは、この審査の担当者だけです。",
            "Only the reviewer of this case gives its opinion.",
        )


def _must_be_open(row: Review) -> None:
    if row.state != "in_review":
        raise Refusal(
            "reviews.finished", "専門チームの確認はすでに終わっています。", "The team's check has already ended."
        )


def _check_opinion(work: UnitOfWork, screening: Screening, recommendation: str, opinion: str) -> None:
    require_training(work, "review")
    _need(opinion, "opinion")
    _check_recommendation(recommendation)
    refuse_when(
        bool(screenings.score_of(work, screening).stops),
        "stopped",
        "停止要件が残っているため、意見を出せません。",
        "A hard stop stands, so no opinion can be given.",
    )
    challenges.must_be_settled(work, screening)


def _check_recommendation(recommendation: str) -> None:
    unknown = recommendation not in OUTCOMES.keys() - {POSTPONED}
    refuse_when(unknown, "recommendation", "勧告を選んでください。", "Choose a recommendation.", place="recommendation")


def _need(text: str, place: str) -> None:
    if not text.strip():
        raise Refusal("reviews.reason", "理由・内容を書いてください。", "Write the reason or text.", place=place)


def _may_rule(work: UnitOfWork, screening: Screening, rev: int) -> None:
    authorize(work.actor, "review:rule", relations_to(work, screening))
    locked(work, screening, rev)
    refuse_bound(work, screening)
    row = review_of(work, screening)
    if screening.state not in ("triage", "in_review") or row is None:
        raise Refusal(
            "reviews.not_in_review",
            "審査中の案件だけに判断を記録できます。",
            "Rulings are made only on a case in review.",
        )
    _must_be_open(row)


def _answer(work: UnitOfWork, screening: Screening, key: str) -> Answer:
    query = select(Answer).where(Answer.screening_id == screening.id, Answer.question_key == key)
    answer = work.session.scalars(query).one_or_none()
    if answer is None:
        raise NotFound
    return answer


def _rule(
    work: UnitOfWork, screening: Screening, rev: int, kind: str, target: str, outcome: str, reason: str
) -> Ruling:
    _need(reason, "reason")
    row = add_ruling(work, screening, kind, target, outcome, reason)
    _rescore(work, screening)
    work.record(
        "RulingMade",
        subject=("ruling", row.id),
        project=screening.project_id,
        rev=(rev, screening.rev),
        codes={"screening": screening.id, "kind": kind, "target": target, "outcome": outcome},
        private={"reason": row.reason},
        row=row,
    )
    _block_when_stopped(work, screening)
    return row


def add_ruling(work: UnitOfWork, screening: Screening, kind: str, target: str, outcome: str, reason: str) -> Ruling:
    """Add a ruling row on the current revision, flushed but not yet evented."""
    row = Ruling(
        screening_id=screening.id,
        revision=screening.revision,
        kind=kind,
        target=target,
        outcome=outcome,
        reason=reason.strip(),
        ruled_by=work.actor.id,
        ruled_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    return row


def _rescore(work: UnitOfWork, screening: Screening) -> None:
    """Bring the summary up to date, so that lists show what the rulings changed; the row always moves to a new revision."""
    score = screenings.score_of(work, screening)
    screening.route, screening.inherent, screening.residual = score.route, score.inherent, score.residual
    screening.changed_at = work.now
    work.session.flush()


def _block_when_stopped(work: UnitOfWork, screening: Screening) -> None:
    """Block the case when a ruling brought up a hard stop (domain.md §5.4)."""
    stops = screenings.score_of(work, screening).stops
    if not stops:
        return
    framework, before = screenings.framework_of(screening), screening.rev
    _move(work, screening, after(screening.state, "block").state)
    for stop in stops:
        row = add_ruling(
            work, screening, "hard_stop", stop.code, "raised", framework.name_of("hard_stops", stop.code).ja
        )
        work.record(
            "HardStopRaised",
            subject=("ruling", row.id),
            project=screening.project_id,
            rev=(before, screening.rev),
            codes={"screening": screening.id, "stop": stop.code, "reason": stop.reason},
            row=row,
        )
    telling.stopped(work, screening)
