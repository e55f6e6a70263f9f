"""Acts on amendments: the team files a change to what was approved; the expert team decides a minor one; a major one is screened again.

The approval stands meanwhile. What was accepted by the expedited way is reported to the committee that gave the approval
(domain.md §6.1 amendment, §6.2 expedited).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from governance.accounts.rules import authorize
from governance.notifications.people import strangers, team
from governance.notifications.services import notify
from governance.projects.life import must_run
from governance.projects.models import Project
from governance.projects.services import relations_of, visible
from governance.questionnaires.services import current_framework, parsed_framework
from governance.refusals import NotFound, Problem, Refusal, Refusals
from governance.reviews.amendment_models import Amendment
from governance.reviews.amendment_rules import MOST_TEXT, after_amendment, problem_of_scale
from governance.reviews.models import AgendaItem, Decision, Meeting
from governance.reviews.people import refuse_bound
from governance.screenings import reopening, services
from governance.screenings.models import Screening
from governance.screenings.rules import standing
from governance.texts import Text
from governance.work import UnitOfWork

EVENTS = {
    "accept": "AmendmentAccepted",
    "rescreen": "AmendmentRescreened",
    "withdraw": "AmendmentWithdrawn",
}


def amendment(work: UnitOfWork, amendment_id: str) -> Amendment:
    """Return an amendment of a project the actor may see; NotFound otherwise."""
    query = select(Amendment).join(Project, Amendment.project_id == Project.id)
    row = work.session.scalars(query.where(Amendment.id == amendment_id, visible(work.actor))).one_or_none()
    if row is None:
        raise NotFound
    return row


def amendments_of(work: UnitOfWork, project: Project) -> list[Amendment]:
    """Return the amendments of a project, the latest first."""
    query = select(Amendment).where(Amendment.project_id == project.id).order_by(Amendment.number.desc())
    return list(work.session.scalars(query))


def waiting(work: UnitOfWork) -> list[Amendment]:
    """Return the minor amendments of visible projects that wait for the expert team, the oldest first."""
    query = select(Amendment).join(Project, Amendment.project_id == Project.id)
    return list(
        work.session.scalars(
            query.where(Amendment.state == "filed", visible(work.actor)).order_by(Amendment.filed_at, Amendment.id)
        )
    )


def reported_to(work: UnitOfWork, row: Meeting) -> list[Amendment]:
    """Return what was accepted by the expedited way since the meeting before, of approvals that this committee gave (domain.md §6.2).

    Only of projects the actor may see: whoever stepped back from one does not read its changes either.
    """
    before = select(func.max(Meeting.closed_at)).where(
        Meeting.committee_id == row.committee_id, Meeting.id != row.id, Meeting.starts_at < row.starts_at
    )
    since = work.session.scalar(before)
    given = (
        select(Decision.screening_id)
        .join(AgendaItem, Decision.item_id == AgendaItem.id)
        .join(Meeting, AgendaItem.meeting_id == Meeting.id)
        .where(Meeting.committee_id == row.committee_id)
    )
    query = select(Amendment).join(Project, Amendment.project_id == Project.id)
    query = query.where(
        Amendment.state == "accepted",
        Amendment.approval_id.in_(given),
        visible(work.actor),
    )
    if since is not None:
        query = query.where(Amendment.decided_at > since)
    if row.closed_at is not None:
        query = query.where(Amendment.decided_at <= row.closed_at)
    return list(work.session.scalars(query.order_by(Amendment.decided_at, Amendment.id)))


def file_amendment(  # long: one line per column
    work: UnitOfWork, project: Project, phase: str, *, scale: str, reasons: Sequence[str], text: str
) -> Amendment:
    """File a change to an approved phase. A major one opens the re-screening at once.

    Raises Refusals for what is missing; Refusal without an approval, or while another change of the phase waits.
    """
    authorize(work.actor, "amendment:file", relations_of(work, project))
    must_run(work, project.id)
    work.session.refresh(project, with_for_update=True)
    approval = _approval(work, project, phase)
    _check(work, project, scale, reasons, text)
    _refuse_second(work, project, phase)
    row = Amendment(
        project_id=project.id,
        project=project,
        number=len(amendments_of(work, project)) + 1,
        phase=phase,
        approval_id=approval.id,
        scale=scale,
        reasons=list(reasons),
        text=text.strip(),
        filed_by=work.actor.id,
        filed_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    _record(work, row, "AmendmentFiled", None, {"text": row.text})
    if scale == "major":
        _rescreen(work, row)
    else:
        _tell(work, row, strangers(work, project, "expert"), "amendment")
    return row


def _approval(work: UnitOfWork, project: Project, phase: str) -> Screening:
    found = standing(services.screenings_of(work, project)).get(phase)
    if found is None:
        raise Refusal(
            "reviews.no_approval",
            "有効な承認のあるフェーズだけ、変更を申請できます。",
            "A change can be filed only for a phase with a valid approval.",
            place="phase",
        )
    return found


def _check(work: UnitOfWork, project: Project, scale: str, reasons: Sequence[str], text: str) -> None:
    occasions = parsed_framework(current_framework(work, project.framework_key).body).rescreening
    problems = []
    if occasions and not set(reasons) & {each.code for each in occasions}:
        words = Text("変わることを、一覧から1つ以上選んでください。", "Choose at least one thing that changes.")
        problems.append(Problem("reviews.reasons", words, "reasons"))
    if (wrong := problem_of_scale(scale, occasions, reasons)) is not None:
        problems.append(wrong)
    if not text.strip():
        problems.append(
            Problem("reviews.text", Text("何をどう変えるかを書いてください。", "Say what changes and how."), "text")
        )
    elif len(text.strip()) > MOST_TEXT:
        long = Text("{limit}文字以内で書いてください。", "Use at most {limit} characters.").filled(limit=MOST_TEXT)
        problems.append(Problem("reviews.too_long", long, "text"))
    Refusals.raise_any(problems)


def _refuse_second(work: UnitOfWork, project: Project, phase: str) -> None:
    query = select(func.count()).where(
        Amendment.project_id == project.id, Amendment.phase == phase, Amendment.state == "filed"
    )
    if work.session.scalar(query):
        raise Refusal(
            "reviews.amendment_waits",
            "このフェーズの変更申請が判断を待っています。結果が出るか、取り下げてから申請してください。",
            "A change of this phase waits for a decision. File the next one when it is settled or withdrawn.",
            place="phase",
        )


def decide_amendment(work: UnitOfWork, row: Amendment, act: str, *, rev: int, verdict: str) -> None:
    """Accept a minor change, or send it to a re-screening (`act`: accept, rescreen), with the reason."""
    authorize(work.actor, "amendment:decide", relations_of(work, row.project))
    must_run(work, row.project_id)
    _lock(work, row, rev)
    after_amendment(row.state, act)
    refuse_bound(work, row.approval)
    if not verdict.strip():
        raise Refusal("reviews.reason", "理由を書いてください。", "Give the reason.", place="verdict")
    row.verdict, row.decided_by, row.decided_at = verdict.strip(), work.actor.id, work.now
    if act == "rescreen":
        _rescreen(work, row)
    else:
        _move(work, row, act)
    _tell(work, row, team(row.project), "amendment_decided")


def withdraw_amendment(work: UnitOfWork, row: Amendment, *, rev: int) -> None:
    """Take back a change that nobody has decided yet."""
    authorize(work.actor, "amendment:file", relations_of(work, row.project))
    _lock(work, row, rev)
    _move(work, row, "withdraw")


def _rescreen(work: UnitOfWork, row: Amendment) -> None:
    opened = reopening.reopen(
        work, row.project, row.phase, reasons=row.reasons, note=row.text, source="hand", subject=row.id
    )
    row.screening_id, row.screening = opened.id, opened
    _move(work, row, "rescreen")


def _lock(work: UnitOfWork, row: Amendment, rev: int) -> None:
    work.session.refresh(row, with_for_update=True)
    work.expect(row, rev)


def _move(work: UnitOfWork, row: Amendment, act: str) -> None:
    before, row.state = row.rev, after_amendment(row.state, act)
    work.session.flush()
    _record(work, row, EVENTS[act], before, {"verdict": row.verdict} if row.verdict else {})


def _record(work: UnitOfWork, row: Amendment, event: str, before: int | None, private: dict[str, str]) -> None:
    work.record(
        event,
        subject=("amendment", row.id),
        project=row.project_id,
        rev=(before, row.rev),
        codes={"phase": row.phase, "scale": row.scale, "reasons": list(row.reasons), "screening": row.screening_id},
        private=private,
        row=row,
    )


def _tell(work: UnitOfWork, row: Amendment, people: Sequence[str] | set[str], about: str) -> None:
    kind = "submitted" if about == "amendment" else "decided"
    notify(work, kind, people, project=row.project, href=f"/amendments/{row.id}", codes={"about": about})
