"""Acts on screenings: open, answer, rate, finish the trigger sheet, submit, withdraw.

Draft saves go into the answers' history, not one by one into the ledger; submitting freezes a snapshot and anchors the digest of
that history (design.md §3.8). A save carries the `rev` of each answer it changes, so two people on one page never overwrite each
other unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import cast

from sqlalchemy import BindParameter, Select, and_, bindparam, select
from sqlalchemy.orm import aliased, contains_eager, joinedload

from governance.accounts.rules import authorize
from governance.discussions import services as discussions
from governance.learning.services import require as require_training
from governance.ledger.rules import Code
from governance.projects.life import must_run
from governance.projects.life_rules import check_reason
from governance.projects.models import Project, ProjectMember
from governance.projects.rules import Membership, relations
from governance.projects.services import SEES_ALL, relations_of, seen_by, visible
from governance.questionnaires.definition import Framework
from governance.questionnaires.models import FrameworkVersion
from governance.questionnaires.services import current_framework, current_questionnaires, framework_in
from governance.refusals import NotFound, Problem, Refusal, Refusals
from governance.screenings import confirming, rules, telling
from governance.screenings.carrying import carry_forward
from governance.screenings.filling import summarise, write_summary
from governance.screenings.loading import Filled, load
from governance.screenings.models import Ruling, Screening, ScreeningQuestionnaire, Snapshot
from governance.screenings.result import Score
from governance.screenings.snapshots import freeze as freeze_content
from governance.screenings.workflow import after
from governance.work import UnitOfWork


def screening(work: UnitOfWork, screening_id: str, *, hold: bool = False) -> Screening:
    """Return a screening of a project the actor may see; NotFound otherwise.

    With `hold` it stays held until the unit ends, so that everything that fills one screening at the same time follows each other.
    """
    query = (
        select(Screening)
        .join(Screening.project)
        .join(Screening.framework_version)
        .where(Screening.id == screening_id, visible(work.actor))
        .options(contains_eager(Screening.project), contains_eager(Screening.framework_version))
    )
    row = work.session.scalars(query.with_for_update(of=Screening) if hold else query).one_or_none()
    if row is None:
        raise NotFound
    return row


def screening_read(work: UnitOfWork, screening_id: str) -> Screening:
    """Return a screening as `screening` does, with what it pins and how the actor stands to its project: one statement for a page.

    For a unit that only reads: what it finds about the actor is not looked up again (UnitOfWork.relations).
    """
    of = {"screening": screening_id, "reader": work.actor.id}
    found = work.session.execute(_READ[bool(work.actor.roles & SEES_ALL)], of).unique().all()
    if not found:
        raise NotFound
    row: Screening = found[0].Screening
    if work.read_only:
        work.relations[row.project_id] = relations(cast(Iterable[Membership], found), work.actor.id)
    return row


def _reading(*, sees_all: bool) -> Select[Screening, str, str, bool]:
    reader: BindParameter[str] = bindparam("reader")
    part = aliased(ProjectMember)
    own = and_(part.project_id == Screening.project_id, part.user_id == reader)
    query = select(Screening, part.user_id, part.part, part.left_at.is_(None).label("is_current"))
    query = query.join(Screening.project).join(Screening.framework_version).outerjoin(part, own)
    whole = contains_eager(Screening.project).lazyload(Project.members)
    query = query.options(whole, contains_eager(Screening.framework_version), joinedload(Screening.pins))
    return query.where(Screening.id == bindparam("screening"), seen_by(reader, sees_all=sees_all))


_READ = {sees_all: _reading(sees_all=sees_all) for sees_all in (False, True)}
"""Written out once, because every page of questions asks it."""


def screenings_of(work: UnitOfWork, row: Project) -> list[Screening]:
    """Return the screenings of a project in the order they were opened."""
    return list(
        work.session.scalars(select(Screening).where(Screening.project_id == row.id).order_by(Screening.opened_at))
    )


def filled(work: UnitOfWork, row: Screening) -> Filled:
    """Return the screening loaded and scored."""
    return load(work.session, row)


def score_of(work: UnitOfWork, row: Screening) -> Score:
    """Return the score as it stands, with the rulings in force."""
    return load(work.session, row).score


def framework_of(row: Screening) -> Framework:
    """Return the framework version the screening pinned."""
    return framework_in(row.framework_version)


# ---------------------------------------------------------------- open


def open_screening(work: UnitOfWork, owner: Project, phase: str, *, due_on: date | None = None) -> Screening:
    """Open the screening of a phase, pin the versions in force, and carry answers forward from what was approved before.

    Raises Refusal when one is under way, an earlier phase lacks a valid approval (domain.md §6.1), the project does not run, or the
    phase is approved already: what is approved is screened again for a reason (reopening.py).
    """
    authorize(work.actor, "screening:open", relations_of(work, owner))
    require_training(work, "fill")
    version, framework = begin(work, owner, phase)
    before = screenings_of(work, owner)
    rules.may_open(framework, phase, before, work.now.date())
    if framework.rescreening and phase in rules.standing(before):
        raise Refusal(
            "screenings.reason_needed",
            "「{phase}」は承認されています。見直すときは、理由を選んで再スクリーニングを始めてください。",
            "“{phase}” is approved. To look at it again, choose the reason and start a re-screening.",
            phase=framework.phase(phase).name,
        )
    return draw_up(work, owner, version, phase, before, due_on=due_on)


def begin(work: UnitOfWork, owner: Project, phase: str) -> tuple[FrameworkVersion, Framework]:
    """Return the framework in force, with the project held so that two people who open at once come one after the other.

    Raises NotFound for a phase that it does not have, Refusal when the project does not run.
    """
    work.session.refresh(owner, with_for_update=True)
    must_run(work, owner.id)
    version = current_framework(work, owner.framework_key)
    framework = framework_in(version)
    if phase not in {p.code for p in framework.phases}:
        raise NotFound
    return version, framework


def draw_up(
    work: UnitOfWork,
    owner: Project,
    version: FrameworkVersion,
    phase: str,
    before: Sequence[Screening],
    *,
    due_on: date | None = None,
    opened_by: str = "",
    reasons: Sequence[str] | None = None,
) -> Screening:
    """Store a new screening with what is carried forward; `reasons` are those of a re-screening, None for any other."""
    sequence = 1 + sum(s.phase == phase for s in before)
    row = _drawn_up(work, owner, version, phase, sequence, due_on)
    row.opened_by = opened_by or work.actor.id
    work.session.add(row)
    work.session.flush()
    carry_forward(work, before, row, reasons=reasons)
    summarise(work, row)
    refs = {"framework": version.digest, "questionnaires": [pin.questionnaire.digest for pin in row.pins]}
    codes: dict[str, Code] = {"phase": phase, "sequence": row.sequence}
    work.record("ScreeningOpened", subject=("screening", row.id), project=owner.id, codes=codes, refs=refs, row=row)
    return row


def _drawn_up(
    work: UnitOfWork, owner: Project, version: FrameworkVersion, phase: str, sequence: int, due_on: date | None
) -> Screening:
    """Return a new screening with the versions in force pinned to it, not yet stored."""
    row = Screening(
        project_id=owner.id,
        phase=phase,
        sequence=sequence,
        framework_id=version.id,
        due_on=due_on,
        opened_at=work.now,
        changed_at=work.now,
        project=owner,
        framework_version=version,
    )
    phases = [*framework_of(row).earlier_phases(phase), phase]
    row.pins = [
        ScreeningQuestionnaire(questionnaire_id=q.id, position=place, questionnaire=q)
        for place, q in enumerate(current_questionnaires(work, version.key, phases))
    ]
    return row


# ---------------------------------------------------------------- submit, withdraw


def gaps_of(now: Filled) -> list[Problem]:
    """Return everything that keeps the screening from being submitted; open triggers first, for they decide what is asked."""
    reasons = {item: (r.severity_reason, r.likelihood_reason) for item, r in now.ratings.items()}
    open_ones = rules.trigger_gaps(now.sheet, now.values, now.score.asked) or rules.gaps(
        now.sheet, now.score, now.given(), reasons
    )
    return [*open_ones, *confirming.gaps(now)]


def submit(work: UnitOfWork, row: Screening, *, rev: int, explanation: str = "") -> Snapshot:
    """Submit the screening: check that nothing is missing, freeze the snapshot, raise hard stops, lock the answers.

    A returned screening is submitted as the next revision; `explanation` answers the reviewer's remarks that are still open.
    Raises Refusals listing every gap.
    """
    authorize(work.actor, "screening:submit", relations_of(work, row.project))
    must_run(work, row.project_id)
    rules.must_be_editable(row.state)
    work.expect(row, rev)
    require_training(work, "fill")
    row.revision += row.state == "returned"
    now = load(work.session, row)
    Refusals.raise_any(gaps_of(now))
    discussions.answer_all(work, row, explanation)
    row.submitted_by, row.submitted_at, row.changed_at = work.actor.id, work.now, work.now
    row.state = "blocked" if now.score.stops else "submitted"
    write_summary(row, now)
    work.session.flush()
    snapshot = freeze_content(work, row, load(work.session, row), "submitted")
    _record_submission(work, row, rev, snapshot)
    _raise_stops(work, row, now.score)
    telling.submitted(work, row)
    return snapshot


def _record_submission(work: UnitOfWork, row: Screening, rev: int, snapshot: Snapshot) -> None:
    work.record(
        "ScreeningSubmitted",
        subject=("screening", row.id),
        project=row.project_id,
        rev=(rev, row.rev),
        codes={
            "revision": row.revision,
            "route": row.route,
            "inherent": row.inherent,
            "residual": row.residual,
            "state": row.state,
        },
        refs={"snapshot": snapshot.digest},
        row=snapshot,
    )


def _raise_stops(work: UnitOfWork, row: Screening, score: Score) -> None:
    framework = framework_of(row)
    for stop in score.stops:
        if stop.reason == "release":
            continue
        ruling = Ruling(
            screening_id=row.id,
            revision=row.revision,
            kind="hard_stop",
            target=stop.code,
            outcome="raised",
            reason=framework.name_of("hard_stops", stop.code).ja,
            ruled_by=work.actor.id,
            ruled_at=work.now,
        )
        work.session.add(ruling)
        work.session.flush()
        work.record(
            "HardStopRaised",
            subject=("ruling", ruling.id),
            project=row.project_id,
            codes={"screening": row.id, "stop": stop.code, "reason": stop.reason},
            row=ruling,
        )


def freeze(work: UnitOfWork, row: Screening, stage: str) -> Snapshot:
    """Freeze the screening as it stands after the reviewer's rulings; the act that calls this records the event."""
    now = load(work.session, row)
    write_summary(row, now)
    work.session.flush()
    return freeze_content(work, row, load(work.session, row), stage)


def withdraw(work: UnitOfWork, row: Screening, *, rev: int, reason: str) -> None:
    """Withdraw a screening that is not decided, with the reason; it stays on record, and so does an approval before it."""
    authorize(work.actor, "screening:withdraw", relations_of(work, row.project))
    reason = check_reason(reason)
    work.expect(row, rev)
    row.state, row.changed_at = after(row.state, "withdraw").state, work.now
    work.session.flush()
    work.record(
        "ScreeningWithdrawn",
        subject=("screening", row.id),
        project=row.project_id,
        rev=(rev, row.rev),
        private={"reason": reason},
        row=row,
    )


def latest_snapshot(work: UnitOfWork, row: Screening) -> Snapshot | None:
    """Return the newest snapshot of the current revision (checked before submitted), or None before the first submission."""
    query = select(Snapshot).where(Snapshot.screening_id == row.id, Snapshot.revision == row.revision)
    return work.session.scalars(query.order_by(Snapshot.created_at.desc(), Snapshot.stage)).first()
