"""Deciding by circulation (持ち回り): only expedited matters, only where the rules allow it, never to disapprove (domain.md §6.2, §6.3).

The chair and designated internal members say on their own whether they agree. When all agree it is decided; as soon as one asks for
the full committee, or the day is over, the case goes to a meeting. All members are told, and the next meeting lists it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import rfc8785
from sqlalchemy import select

from governance.accounts.rules import authorize
from governance.projects.models import Project
from governance.projects.services import grant_reading, visible
from governance.questionnaires.definition import Framework
from governance.refusals import Forbidden, NotFound, Refusal
from governance.reviews import telling
from governance.reviews.circulation_models import Circulation, CirculationVote
from governance.reviews.committees import rules_of, seats_on, version_in_force
from governance.reviews.decisions import Basis, Verdict, basis_snapshot, check_verdict, settle
from governance.reviews.meetings import WAITING
from governance.reviews.models import Committee, CommitteeMember, Meeting
from governance.reviews.people import conflicts_of, own_seat, standing, ties_of
from governance.reviews.rules import BOARD, ConditionDraft, local_date, refuse_when
from governance.screenings import services as screenings
from governance.screenings.models import Screening
from governance.screenings.workflow import after
from governance.work import UnitOfWork

CHOICES = ("agree", "full_board")
NEVER = frozenset({"rejected", "escalated", "deferred"})
"""Outcomes that need the full committee: expedited reviewers do not disapprove (domain.md §6.2)."""


def is_expedited(framework: Framework, residual: int | None, stops: Sequence[object]) -> bool:
    """Say whether a matter may be circulated: no hard stop, and a residual level that does not itself lead to the committee."""
    if residual is None or stops:
        return False
    route = framework.move_up_by_residual.get(framework.level(residual).code)
    return route is None or framework.route(route).body != BOARD


def circulation(work: UnitOfWork, circulation_id: str) -> Circulation:
    """Return a circulation on a case the actor may see; NotFound otherwise."""
    query = (
        select(Circulation).join(Screening).join(Project).where(Circulation.id == circulation_id, visible(work.actor))
    )
    row = work.session.scalars(query).one_or_none()
    if row is None:
        raise NotFound
    return row


def committee_of(work: UnitOfWork, row: Circulation) -> Committee:
    """Return the committee of a circulation."""
    return work.session.get_one(Committee, row.committee_id)


def circulable(work: UnitOfWork) -> list[Screening]:
    """Return the visible cases that wait for the committee and may be decided by circulation."""
    query = select(Screening).join(Project).where(Screening.state.in_(WAITING), visible(work.actor))
    return [row for row in work.session.scalars(query.order_by(Screening.changed_at)) if _expedited(work, row)]


def _expedited(work: UnitOfWork, row: Screening) -> bool:
    score = screenings.score_of(work, row)
    return is_expedited(screenings.framework_of(row), score.residual, score.stops)


def designable(work: UnitOfWork, committee: Committee) -> list[CommitteeMember]:
    """Return the internal members who may be designated: in their term, not the chair, no alternate."""
    seats = seats_on(committee, local_date(work.now))
    return [seat for seat in seats if seat.side == "internal" and not seat.is_chair and seat.alternate_of is None]


# long: one line per fact of the record
def start(
    work: UnitOfWork,
    committee: Committee,
    screening: Screening,
    verdict: Verdict,
    *,
    members: Sequence[str],
    closes_on: date,
) -> Circulation:
    """Put an expedited matter to the chair and the designated internal members.

    Raises Refusal(s) when the rules allow no circulation, the matter is not expedited, the outcome would disapprove, the members are
    not the right ones, or one of them is bound to the project.
    """
    authorize(work.actor, "circulation:start", standing(work, committee))
    work.session.refresh(committee, with_for_update=True)
    work.session.refresh(screening, with_for_update=True)
    _check_matter(work, committee, screening, verdict, closes_on)
    seats = _members(work, committee, screening, members)
    screening.state, screening.changed_at = after(screening.state, "open").state, work.now
    work.session.flush()
    check_verdict(work, screening, basis_snapshot(work, screening), verdict)
    row = _circulation(work, committee, screening, verdict, seats, closes_on)
    work.session.add(row)
    work.session.flush()
    work.record(
        "CirculationStarted",
        subject=("circulation", row.id),
        project=screening.project_id,
        codes={"committee": committee.id, "screening": screening.id, "outcome": row.outcome, "members": row.member_ids},
        refs={"snapshot": row.snapshot.digest},
        private={"rationale": row.rationale},
        row=row,
    )
    people = [seat.user_id for seat in seats]
    grant_reading(work, screening.project, people, "agenda")
    telling.circulated(work, screening, people, row.id, "circulation")
    return row


# long: a table of reasons
def _check_matter(
    work: UnitOfWork, committee: Committee, screening: Screening, verdict: Verdict, closes_on: date
) -> None:
    today = local_date(work.now)
    rules = rules_of(committee, today)
    refuse_when(
        rules.circulation != "expedited_only" or rules.authority != "deciding",
        "no_circulation",
        "この委員会の規則では、持ち回りで決定できません。",
        "Under its rules this committee does not decide by circulation.",
    )
    refuse_when(
        screening.state not in WAITING,
        "not_queued",
        "付議を待つ案件だけを持ち回りにできます。",
        "Only a case that waits for the committee is circulated.",
    )
    refuse_when(
        not _expedited(work, screening),
        "not_expedited",
        "迅速審査の対象ではありません（残余リスクが高いか、停止事由があります）。会議で審議してください。",
        "Not an expedited matter: its residual risk is high or a hard stop stands. Deliberate it in a meeting.",
        place="screening",
    )
    refuse_when(
        verdict.outcome in NEVER,
        "circulation_outcome",
        "不承認・上位付議は、持ち回りでは決定できません。",
        "Nothing is rejected or escalated by circulation.",
        place="outcome",
    )
    refuse_when(
        closes_on < today,
        "closes_on",
        "期限は今日以降にしてください。",
        "Choose today or a later day.",
        place="closes_on",
    )


# long: a table of reasons
def _members(
    work: UnitOfWork, committee: Committee, screening: Screening, chosen: Sequence[str]
) -> list[CommitteeMember]:
    """Return the chair and the designated members; refuse another number, others than internal members, or a conflict."""
    rules = rules_of(committee, local_date(work.now))
    chairs = [seat for seat in seats_on(committee, local_date(work.now)) if seat.is_chair]
    refuse_when(
        len(chairs) != 1,
        "no_chair",
        "委員長がいないため、持ち回りにできません。",
        "Without a chair nothing is circulated.",
    )
    offered = {seat.id: seat for seat in designable(work, committee)}
    unknown, number = set(chosen) - offered.keys(), rules.circulation_members
    refuse_when(
        bool(unknown) or len(set(chosen)) != number,
        "designated",
        "委員長のほかに、内部委員をちょうど{n}名選んでください。",
        "Besides the chair, choose exactly {n} internal members.",
        place="members",
        n=number,
    )
    seats, ties = [*chairs, *(offered[id] for id in dict.fromkeys(chosen))], ties_of(work, screening)
    for seat in seats:
        bars = [c for c in conflicts_of(seat.user, ties, rules) if c.bars]
        refuse_when(
            bool(bars),
            "circulation_conflict",
            "利益相反のある委員は持ち回りに加われません（{who}）。",
            "A member with a conflict of interest takes no part ({who}).",
            place="members",
            who=seat.user.name,
        )
    return seats


def _circulation(
    work: UnitOfWork,
    committee: Committee,
    screening: Screening,
    verdict: Verdict,
    seats: Sequence[CommitteeMember],
    closes_on: date,
) -> Circulation:
    drafts = [{**asdict(draft), "due_on": draft.due_on.isoformat()} for draft in verdict.conditions]
    return Circulation(
        committee_id=committee.id,
        screening=screening,
        screening_id=screening.id,
        revision=screening.revision,
        snapshot=basis_snapshot(work, screening),
        outcome=verdict.outcome,
        rationale=verdict.rationale.strip(),
        conditions={"list": drafts},
        member_ids=[seat.id for seat in seats],
        closes_on=closes_on,
        rules_version=version_in_force(committee, local_date(work.now)).version,
        started_by=work.actor.id,
        started_at=work.now,
    )


def say(work: UnitOfWork, row: Circulation, choice: str, *, remark: str = "") -> CirculationVote:
    """Agree, or ask for the full committee, as one of those it was put to. All agreeing decides; one wish for a meeting refers it."""
    committee = committee_of(work, row)
    authorize(work.actor, "meeting:vote", standing(work, committee))
    _lock(work, row)
    seat = own_seat(work, committee)
    if seat is None or seat.id not in row.member_ids:
        raise Forbidden(
            "reviews.not_designated",
            "この持ち回りに加わっているのは、委員長と指名された委員だけです。",
            "Only the chair and the designated members take part in this circulation.",
        )
    late = local_date(work.now) > row.closes_on
    refuse_when(
        late, "circulation_over", "期限を過ぎています。会議で審議します。", "The day is over; it goes to a meeting."
    )
    refuse_when(choice not in CHOICES, "choice", "どちらかを選んでください。", "Choose one.", place="choice")
    said = seat.id in {vote.member_id for vote in row.votes}
    refuse_when(said, "voted", "すでに回答しています。変えられません。", "You have answered; it cannot be changed.")
    needs = choice == "full_board" and not remark.strip()
    refuse_when(needs, "remark", "会議で審議する理由を書いてください。", "Say why it needs a meeting.", place="remark")
    vote = _vote(work, row, seat, choice, remark.strip())
    _settle_when_done(work, row)
    return vote


def _vote(work: UnitOfWork, row: Circulation, seat: CommitteeMember, choice: str, remark: str) -> CirculationVote:
    vote = CirculationVote(circulation=row, member_id=seat.id, choice=choice, remark=remark, cast_at=work.now)
    work.session.add(vote)
    work.session.flush()
    work.record(
        "CirculationAnswered",
        subject=("circulation", row.id),
        project=row.screening.project_id,
        codes={"member": seat.id, "choice": choice},
        private={"remark": remark} if remark else {},
        row=vote,
    )
    return vote


def _settle_when_done(work: UnitOfWork, row: Circulation) -> None:
    if any(vote.choice == "full_board" for vote in row.votes):
        _refer(work, row)
    elif {vote.member_id for vote in row.votes} >= set(row.member_ids):
        _decide(work, row)


def refer(work: UnitOfWork, row: Circulation) -> None:
    """End a circulation that is not complete: the case goes to a meeting."""
    authorize(work.actor, "circulation:start", standing(work, committee_of(work, row)))
    _lock(work, row)
    _refer(work, row)


def _refer(work: UnitOfWork, row: Circulation) -> None:
    _end(work, row, "referred")
    row.screening.state, row.screening.changed_at = after(row.screening.state, "defer").state, work.now
    work.session.flush()
    _record_end(work, row)


def _decide(work: UnitOfWork, row: Circulation) -> None:
    """Record the decision all agreed on, with what each said bound to it, and report it to all members."""
    committee = committee_of(work, row)
    conditions = tuple(
        ConditionDraft(**{**draft, "due_on": date.fromisoformat(draft["due_on"])}) for draft in row.conditions["list"]
    )
    if not _expedited(work, row.screening):
        raise Refusal(
            "reviews.not_expedited", "迅速審査の対象ではなくなりました。", "It is not an expedited matter any more."
        )
    _end(work, row, "carried")
    _record_end(work, row)
    figures: dict[str, Any] = {
        "circulation": row.id,
        "members": len(row.member_ids),
        "rules_version": row.rules_version,
    }
    said = sorted([vote.member_id, vote.choice, vote.cast_at.isoformat()] for vote in row.votes)
    digest = hashlib.sha256(rfc8785.dumps({"circulation": row.id, "votes": said})).hexdigest()
    verdict = Verdict(row.outcome, row.rationale, None, conditions)
    settle(work, row.screening, row.snapshot, verdict, Basis(None, figures, digest))
    people = [seat.user_id for seat in seats_on(committee, local_date(work.now))]
    telling.circulated(work, row.screening, people, row.id, "circulated")


def _end(work: UnitOfWork, row: Circulation, state: str) -> None:
    row.state, row.settled_at = state, work.now
    work.session.flush()


def _record_end(work: UnitOfWork, row: Circulation) -> None:
    work.record(
        "CirculationEnded",
        subject=("circulation", row.id),
        project=row.screening.project_id,
        codes={"state": row.state, "screening": row.screening_id},
        row=row,
    )


def _lock(work: UnitOfWork, row: Circulation) -> None:
    work.session.refresh(row, with_for_update=True)
    work.session.refresh(row.screening, with_for_update=True)
    refuse_when(
        row.state != "open", "circulation_done", "この持ち回りは終わっています。", "This circulation has ended."
    )


def circulations(work: UnitOfWork, committee: Committee) -> list[Circulation]:
    """Return the circulations of a committee on cases the actor may see, newest first."""
    query = (
        select(Circulation)
        .join(Screening)
        .join(Project)
        .where(Circulation.committee_id == committee.id, visible(work.actor))
    )
    return list(work.session.scalars(query.order_by(Circulation.started_at.desc())))


def waiting_for_actor(work: UnitOfWork) -> list[Circulation]:
    """Return the open circulations that wait for the actor's answer, those due first."""
    seats = set(work.session.scalars(select(CommitteeMember.id).where(CommitteeMember.user_id == work.actor.id)))
    if not seats:
        return []
    rows = work.session.scalars(select(Circulation).where(Circulation.state == "open").order_by(Circulation.closes_on))
    mine = [row for row in rows if seats & set(row.member_ids)]
    return [row for row in mine if not seats & {vote.member_id for vote in row.votes}]


def reported_at(work: UnitOfWork, meeting: Meeting) -> list[Circulation]:
    """Return what was decided by circulation since the meeting before, which this one lists (domain.md §6.2)."""
    before = select(Meeting.opened_at).where(
        Meeting.committee_id == meeting.committee_id,
        Meeting.opened_at.is_not(None),
        Meeting.id != meeting.id,
        Meeting.starts_at < meeting.starts_at,
    )
    since = max((at for at in work.session.scalars(before) if at is not None), default=None)
    until = meeting.opened_at or max(meeting.starts_at, work.now)
    rows = work.session.scalars(
        select(Circulation).where(Circulation.committee_id == meeting.committee_id, Circulation.state == "carried")
    )
    found = [
        row for row in rows if row.settled_at and (since is None or row.settled_at > since) and row.settled_at <= until
    ]
    known = set(work.session.scalars(select(Project.id).where(visible(work.actor))))
    return sorted((row for row in found if row.screening.project_id in known), key=lambda row: row.started_at)
