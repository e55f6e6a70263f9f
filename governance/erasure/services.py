"""Acts on erasures: ask, refuse, withdraw, approve and perform.

Asking, approving and performing each look for a legal hold; whoever approves is never who asked (assurance.md §3.8, T3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select

from governance.accounts.models import User
from governance.accounts.rules import authorize, may
from governance.erasure import telling
from governance.erasure.finding import bits
from governance.erasure.holding import Target, columns_of, next_number, standing
from governance.erasure.keeping import retention_of
from governance.erasure.performing import perform
from governance.erasure.rules import PERSON_PARTS, PROJECT_PARTS, Retention, Wish, problems
from governance.projects.models import Erasure, LegalHold, Project, ProjectMember
from governance.projects.services import relations_of, visible
from governance.refusals import NotFound, Problem, Refusal, Refusals
from governance.reviews.models import CommitteeMember
from governance.reviews.rules import local_date
from governance.screenings.models import Screening
from governance.texts import Text, both
from governance.work import UnitOfWork

RUNNING = ("submitted", "triage", "in_review", "discussion", "board_queued", "board_session", "escalated", "appeal")
MANY = 200


@dataclass(frozen=True)
class Plan:
    """What an erasure would do, part by part, and what speaks against it."""

    counts: dict[str, int]
    retention: Retention | None
    holds: Sequence[LegalHold]
    running: Sequence[Screening]

    @property
    def total(self) -> int:
        """How many texts, values and files go."""
        return sum(self.counts.values())


# ---------------------------------------------------------------- reading


def erasures(work: UnitOfWork) -> list[Erasure]:
    """Return the newest erasures of what the actor may see, the latest first."""
    authorize(work.actor, "erasure:view")
    query = select(Erasure).outerjoin(Project, Erasure.project_id == Project.id)
    query = query.where(or_(Erasure.project_id.is_(None), visible(work.actor)))
    return list(work.session.scalars(query.order_by(Erasure.number.desc()).limit(MANY)))


def erasure(work: UnitOfWork, erasure_id: str) -> Erasure:
    """Return one erasure; NotFound when its project is not the actor's to see."""
    authorize(work.actor, "erasure:view")
    query = select(Erasure).outerjoin(Project, Erasure.project_id == Project.id).where(Erasure.id == erasure_id)
    row = work.session.scalars(query.where(or_(Erasure.project_id.is_(None), visible(work.actor)))).one_or_none()
    if row is None:
        raise NotFound
    return row


def target_of(work: UnitOfWork, words: str) -> Target:
    """Return the visible project with this number, or the person with this e-mail address. Raises Refusal when there is none."""
    authorize(work.actor, "erasure:view")
    wanted = words.strip()
    either = or_(Project.number == wanted, Project.id == wanted)
    found: Target | None = work.session.scalars(select(Project).where(either, visible(work.actor))).one_or_none()
    if found is None and wanted:
        either = or_(User.email == wanted.lower(), User.id == wanted)
        found = work.session.scalars(select(User).where(either)).one_or_none()
    if found is None:
        raise Refusal(
            "erasure.no_target",
            "その案件番号またはメールアドレスは見つかりません。",
            "There is no project with this number and no person with this e-mail address.",
            place="target",
        )
    return found


def named(target: Target) -> Text:
    """Return how a project or a person is called."""
    name = Text(target.name, target.name_in("en"))
    number = target.number if isinstance(target, Project) else target.email
    return Text("{number}　{name}", "{number} {name}").filled(number=number, name=name)


def parts_for(target: Target) -> dict[str, tuple[Text, Text]]:
    """Return what can be erased of a project, or of a person."""
    return dict(PROJECT_PARTS if isinstance(target, Project) else PERSON_PARTS)


def plan(work: UnitOfWork, target: Target, years: int, parts: Sequence[str] = ()) -> Plan:
    """Return what an erasure of these parts (all when none is given) would do: nothing is changed."""
    draft = Erasure(**columns_of(target))
    with work.session.no_autoflush:
        chosen = parts or list(parts_for(target))
        counts = {part: sum(len(bit.names) for bit in bits(work.session, draft, part)) for part in chosen}
        if not isinstance(target, Project):
            return Plan(counts, retention_of(work, target, years), standing(work, target), ())
        query = select(Screening).where(Screening.project_id == target.id, Screening.state.in_(RUNNING))
        running = list(work.session.scalars(query))
        return Plan(counts, retention_of(work, target, years), standing(work, target), running)


# ---------------------------------------------------------------- asking


def request(work: UnitOfWork, target: Target, wish: Wish, *, years: int, today: date) -> Erasure:
    """Ask for an erasure. Raises Refusals for what is missing; Refusal under a legal hold, or while another request waits."""
    authorize(work.actor, "erasure:request", _relations(work, target))
    _refuse_held(work, target)
    is_kept = (kept := retention_of(work, target, years)) is not None and kept.runs(today)
    Refusals.raise_any(list(problems(wish, list(parts_for(target)), is_kept=is_kept)))
    if isinstance(target, User) and "account" in wish.parts:
        _refuse_needed(work, target)
    _refuse_second(work, target)
    row = Erasure(
        number=next_number(work, Erasure),
        **columns_of(target),
        parts=[part for part in parts_for(target) if part in wish.parts],
        basis=wish.basis,
        reason=wish.reason.strip(),
        early=wish.early.strip() if is_kept else "",
        requested_by=work.actor.id,
        requested_at=work.now,
        counts={},
    )
    work.session.add(row)
    work.session.flush()
    private = {"reason": row.reason, **({"early": row.early} if row.early else {})}
    _record(work, row, "ErasureRequested", private, parts=row.parts)
    telling.asked(work, row)
    return row


def withdraw(work: UnitOfWork, row: Erasure, *, rev: int) -> None:
    """Take a request back; only who made it."""
    authorize(work.actor, "erasure:request", _relations(work, target(row)))
    if row.requested_by != work.actor.id:
        raise Refusal("erasure.not_yours", "申請した人だけが取り下げられます。", "Only who asked can take it back.")
    _settle(work, row, rev, "withdrawn", "")


def refuse(work: UnitOfWork, row: Erasure, *, rev: int, verdict: str) -> None:
    """Refuse a request and say why."""
    authorize(work.actor, "erasure:approve", relations(work, row))
    if not verdict.strip():
        problem = Problem(
            "erasure.verdict", Text("却下する理由を書いてください。", "Say why it is refused."), "verdict"
        )
        raise Refusals([problem])
    _settle(work, row, rev, "refused", verdict)


def _settle(work: UnitOfWork, row: Erasure, rev: int, state: str, verdict: str) -> None:
    work.expect(row, rev)
    _must_wait(row)
    row.state, row.decided_by, row.decided_at, row.verdict = state, work.actor.id, work.now, verdict.strip()
    work.session.flush()
    act = {"withdrawn": "ErasureWithdrawn", "refused": "ErasureRefused"}[state]
    _record(work, row, act, {"verdict": row.verdict} if row.verdict else {})
    telling.settled(work, row)


def approve(work: UnitOfWork, row: Erasure, *, rev: int) -> None:
    """Approve a request and perform it in the same transaction; stored files are swept by the caller after the commit.

    Raises Forbidden for who asked, Refusal under a legal hold.
    """
    authorize(work.actor, "erasure:approve", relations(work, row))
    work.expect(row, rev)
    _must_wait(row)
    about = target(row)
    work.session.refresh(about, with_for_update=True)
    _refuse_held(work, about)
    if isinstance(about, User) and "account" in row.parts:
        _refuse_needed(work, about)
    perform(work, row, by=work.actor.id, at=work.now)
    telling.settled(work, row)


def relations(work: UnitOfWork, row: Erasure) -> frozenset[str]:
    """Return how the actor stands to an erasure: asked for it, is the person, belongs or belonged to the project."""
    mine = {"erasure.requester"} if row.requested_by == work.actor.id else set()
    return frozenset(mine) | _relations(work, target(row))


def may_decide(work: UnitOfWork, row: Erasure) -> bool:
    """Say whether the actor may approve or refuse this request."""
    return row.state == "requested" and may(work.actor, "erasure:approve", relations(work, row))


def _relations(work: UnitOfWork, target: Target) -> frozenset[str]:
    if isinstance(target, Project):
        return relations_of(work, target)
    return frozenset({"erasure.subject"}) if target.id == work.actor.id else frozenset()


def target(row: Erasure) -> Target:
    """Return the project or person of an erasure."""
    found = row.project or row.person
    assert found is not None
    return found


def _must_wait(row: Erasure) -> None:
    if row.state != "requested":
        raise Refusal("erasure.settled", "この申請は、すでに終わっています。", "This request is settled already.")


def _refuse_held(work: UnitOfWork, target: Target) -> None:
    found = standing(work, target)
    if found:
        raise Refusal(
            "erasure.held",
            "保全（第{number}号）が設定されているため、消去できません。理由：{reason}",
            "A legal hold (no. {number}) stands, so nothing can be erased. Reason: {reason}",
            number=found[0].number,
            reason=both(found[0].reason),
        )


def _refuse_second(work: UnitOfWork, target: Target) -> None:
    column = Erasure.project_id if isinstance(target, Project) else Erasure.person_id
    other = work.session.scalars(select(Erasure).where(column == target.id, Erasure.state == "requested")).first()
    if other is not None:
        raise Refusal(
            "erasure.waiting",
            "同じ対象の申請（第{number}号）が承認を待っています。",
            "Another request for the same (no. {number}) waits for approval.",
            number=other.number,
        )


def _refuse_needed(work: UnitOfWork, person: User) -> None:
    """Refuse while somebody answers for a project or sits in a committee: a successor is named first."""
    member = select(ProjectMember.id).where(ProjectMember.user_id == person.id, ProjectMember.left_at.is_(None))
    seat = select(CommitteeMember.id).where(
        CommitteeMember.user_id == person.id,
        or_(CommitteeMember.term_until.is_(None), CommitteeMember.term_until >= local_date(work.now)),
    )
    owns = work.session.scalars(member.where(ProjectMember.part.in_(("owner", "approver"))).limit(1)).first()
    if owns is not None or work.session.scalars(seat.limit(1)).first() is not None or "administrator" in person.roles:
        raise Refusal(
            "erasure.needed",
            "この人は、いまも案件の責任者・部門責任者、委員、管理者のいずれかです。先に交代を登録してください。",
            "This person still answers for a project, sits in a committee or is an administrator. Name a successor first.",
        )


def _record(work: UnitOfWork, row: Erasure, act: str, private: dict[str, str], **codes: Any) -> None:
    work.record(
        act,
        subject=("erasure", row.id),
        project=row.project_id,
        codes={"number": row.number, "basis": row.basis, "account": row.person_id, **codes},
        private=private,
        row=row,
    )
