"""Re-screening (再スクリーニング): a phase is looked at again for a reason — by hand, by date, by a reading or by an incident.

The approval stands until the re-screening is decided; nothing here touches it. Every reason is a row of its own that stays
(domain.md §4.3, §6.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from governance.accounts.rules import authorize
from governance.learning.services import require as require_training
from governance.notifications.services import notify
from governance.projects.life import states_of
from governance.projects.models import Project
from governance.projects.services import relations_of, visible
from governance.questionnaires.definition import Framework
from governance.questionnaires.services import current_framework, parsed_framework
from governance.refusals import Refusal
from governance.screenings import rules, services
from governance.screenings.models import Reassessment, Screening
from governance.work import UnitOfWork

Source = Literal["hand", "date", "reading", "incident"]
EXPIRY = "expiry"
"""The reason of what is opened by date."""
MAX_NOTE = 2000


@dataclass(frozen=True)
class Why:
    """Why a phase is looked at again: reasons of the framework, a note, and who or what asked for it."""

    reasons: list[str]
    note: str
    source: Source
    subject: str


def reopen(
    work: UnitOfWork,
    project: Project,
    phase: str,
    *,
    reasons: Sequence[str],
    note: str = "",
    source: Source = "hand",
    subject: str = "",
    due_on: date | None = None,
) -> Screening:
    """Open a screening of the phase for these reasons and return it.

    Raises Refusal for a screening of the phase that is under way, a project that does not run, no reason or one that the framework does
    not know, a day that is past; and for a phase that was never approved when an earlier one lacks its approval.
    """
    _may(work, project)
    version, framework = services.begin(work, project, phase)
    why = Why(_reasons(framework, reasons), _note(note), source, subject)
    before = services.screenings_of(work, project)
    rules.must_not_be_under_way(framework, phase, before)
    basis = rules.standing(before).get(phase)
    if basis is None:
        rules.may_open(framework, phase, before, work.now.date())
    _check_due(due_on, work.now.date())
    opener = _opener(work, project)
    row = services.draw_up(work, project, version, phase, before, due_on=due_on, opened_by=opener, reasons=why.reasons)
    _give(work, row, why, basis, "ReassessmentOpened")
    _tell(work, row)
    return row


def add_reason(
    work: UnitOfWork,
    row: Screening,
    *,
    reasons: Sequence[str],
    note: str = "",
    source: Source = "hand",
    subject: str = "",
) -> Reassessment:
    """Add a further reason to a screening that is under way, such as a second incident: kept beside the first ones."""
    _may(work, row.project)
    why = Why(_reasons(services.framework_of(row), reasons), _note(note), source, subject)
    if row.state in rules.CLOSED:
        raise Refusal(
            "screenings.decided",
            "このスクリーニングは終わっています。新しい再スクリーニングを始めてください。",
            "This screening is closed. Start a new re-screening.",
        )
    return _give(work, row, why, None, "ReasonAdded")


def open_one(work: UnitOfWork, project: Project, phase: str) -> Screening | None:
    """Return the screening of the phase that is neither decided nor withdrawn, or None."""
    return rules.under_way(services.screenings_of(work, project), phase)


def reasons_of(work: UnitOfWork, rows: Iterable[Screening]) -> dict[str, list[Reassessment]]:
    """Return why each of these screenings was opened anew, oldest reason first; one that is not a re-screening is missing."""
    query = select(Reassessment).where(Reassessment.screening_id.in_([row.id for row in rows]))
    found: dict[str, list[Reassessment]] = {}
    order = query.options(joinedload(Reassessment.opener)).order_by(Reassessment.opened_at, Reassessment.id)
    for each in work.session.scalars(order):
        found.setdefault(each.screening_id, []).append(each)
    return found


def _may(work: UnitOfWork, project: Project) -> None:
    if work.actor.kind == "user":
        authorize(work.actor, "screening:reopen", relations_of(work, project))
        require_training(work, "fill")


def _reasons(framework: Framework, reasons: Sequence[str]) -> list[str]:
    """Return the reasons in the order of the framework; one that knows none takes none (frameworks before the list)."""
    known = [each.code for each in framework.rescreening]
    unknown = [code for code in reasons if code not in known]
    if not known:
        return []
    if unknown or not reasons:
        raise Refusal(
            "screenings.reasons",
            "再スクリーニングの理由を、一覧から1つ以上選んでください。",
            "Choose at least one reason from the list.",
            place="reasons",
        )
    return [code for code in known if code in reasons]


def _note(note: str) -> str:
    if len(note.strip()) > MAX_NOTE:
        raise Refusal(
            "screenings.too_long",
            "{limit}文字以内で書いてください（いま{now}文字）。",
            "Use at most {limit} characters (now {now}).",
            place="note",
            limit=MAX_NOTE,
            now=len(note.strip()),
        )
    return note.strip()


def _check_due(due_on: date | None, today: date) -> None:
    if due_on is not None and due_on < today:
        raise Refusal(
            "screenings.due_past",
            "期限が過去の日付です。今日以降の日付を入力してください。",
            "The due date is past. Enter today or a later day.",
            place="due_on",
        )


def _opener(work: UnitOfWork, project: Project) -> str:
    """Return who stands as having opened it: the person, or for scheduled work the owner of the project."""
    return work.person or (project.owner.id if project.owner else project.created_by)


def _give(work: UnitOfWork, row: Screening, why: Why, basis: Screening | None, event: str) -> Reassessment:
    """Write a reason down and record it."""
    given = Reassessment(
        screening_id=row.id,
        basis_id=basis.id if basis else None,
        **asdict(why),
        opened_by=_opener(work, row.project),
        opened_at=work.now,
    )
    work.session.add(given)
    work.session.flush()
    told = {"reasons": why.reasons, "source": why.source, "about": why.subject}
    work.record(
        event,
        subject=("screening", row.id),
        project=row.project_id,
        codes={"phase": row.phase, "sequence": row.sequence, **told},
        private={"note": why.note} if why.note else {},
        row=given,
    )
    return given


def _tell(work: UnitOfWork, row: Screening) -> None:
    team = [m.user_id for m in row.project.members if m.is_current and m.part in ("owner", "member")]
    notify(
        work,
        "reassessment",
        team,
        project=row.project,
        href=f"/screenings/{row.id}",
        codes={"phase": row.phase},
    )


# ---------------------------------------------------------------- by date


def open_due(work: UnitOfWork, today: date) -> int:
    """Open the re-screening of each approval that ends soon, once for each, and return how many were opened.

    An approval is renewed for the phase that a project has reached; a project that does not run, or whose phase is screened again
    already, is left alone. Two workers at once open one: the project is held while it is looked at.
    """
    opened = 0
    for project in _with_approvals(work, today):
        framework = parsed_framework(current_framework(work, project.framework_key).body)
        row = ending(framework, services.screenings_of(work, project), today)
        if row is not None and _open_by_date(work, project, row, framework, today):
            opened += 1
    return opened


def ending(framework: Framework, held: Sequence[Screening], today: date) -> Screening | None:
    """Return the approval that is to be renewed now: of the last phase with one, ending within the framework's lead time.

    None while that phase is screened again, or a later one is under way, which will ask everything anew.
    """
    codes = [phase.code for phase in framework.phases]
    stands = rules.standing(held)
    reached = max((code for code in stands if code in codes), key=codes.index, default=None)
    if reached is None or any(rules.under_way(held, code) for code in codes[codes.index(reached) :]):
        return None
    row, until = stands[reached], stands[reached].valid_until
    soon = until is not None and until <= today + timedelta(days=framework.rescreening_days)
    return row if soon else None


def _with_approvals(work: UnitOfWork, today: date) -> list[Project]:
    """Return the running projects with an approval that ends within the longest lead time a framework may name."""
    latest = today + timedelta(days=365)
    ids = select(Screening.project_id).where(Screening.state.in_(rules.APPROVED), Screening.valid_until <= latest)
    found = list(
        work.session.scalars(select(Project).where(Project.id.in_(ids), visible(work.actor)).order_by(Project.id))
    )
    stopped = states_of(work, [each.id for each in found])
    return [each for each in found if each.id not in stopped]


def _open_by_date(work: UnitOfWork, project: Project, basis: Screening, framework: Framework, today: date) -> bool:
    """Open it unless it was opened by date before, also when that one was withdrawn; say whether it was opened."""
    work.session.refresh(project, with_for_update=True)
    once = select(Reassessment.id).where(Reassessment.basis_id == basis.id, Reassessment.source == "date")
    if work.session.scalars(once).first() or open_one(work, project, basis.phase):
        return False
    codes = [each.code for each in framework.rescreening]
    until = basis.valid_until
    due = until if until is not None and until >= today else None
    reopen(work, project, basis.phase, reasons=[EXPIRY] if EXPIRY in codes else codes[:1], source="date", due_on=due)
    return True
