"""Acts on projects: register, change, members, and the one filter that says which projects a person may know of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache

from sqlalchemy import BindParameter, ColumnElement, and_, exists, or_, select, true

from governance.accounts.models import User
from governance.accounts.rules import authorize, may
from governance.projects.models import Project, ProjectMember, ProjectReader
from governance.projects.rules import Particulars, check_particulars, next_number, relations
from governance.questionnaires.services import current_framework, framework_in
from governance.refusals import NotFound, Refusal, Refusals
from governance.work import Actor, UnitOfWork

SEES_ALL = frozenset({"expert", "secretariat", "chair", "legal", "privacy", "executive", "auditor"})
RECUSED = "recused"
"""The reason of a leave that was ended for good: its holder stepped back from the case and reads it under no office."""


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the filter on `Project` for what the actor may know of; pages, search, jobs and exports all use it (R-A).

    Expert team, secretariat, chair, legal, privacy committee, executives and auditors see every project but those they stepped back from as
    committee members; everybody sees the projects they belong to, and those they were given leave to read (a committee member
    while the case is on the agenda, domain.md §6.3).
    """
    return true() if actor.kind != "user" else seen_by(actor.id, sees_all=bool(actor.roles & SEES_ALL))


@lru_cache(maxsize=1_000)
def seen_by(reader: str | BindParameter[str], *, sees_all: bool) -> ColumnElement[bool]:
    """Return the filter of `visible` for a person; with a parameter in place of the person a statement can be written out once."""
    belongs = exists().where(
        and_(ProjectMember.project_id == Project.id, ProjectMember.user_id == reader, ProjectMember.left_at.is_(None))
    )
    reads = exists().where(
        and_(ProjectReader.project_id == Project.id, ProjectReader.user_id == reader, ProjectReader.ended_at.is_(None))
    )
    if sees_all:
        stepped_back = exists().where(
            and_(
                ProjectReader.project_id == Project.id,
                ProjectReader.user_id == reader,
                ProjectReader.reason == RECUSED,
            )
        )
        return or_(belongs, ~stepped_back)
    return or_(belongs, reads)


def project(work: UnitOfWork, project_id: str) -> Project:
    """Return a project the actor may see; NotFound otherwise, the same as for one that does not exist."""
    row = work.session.scalars(select(Project).where(Project.id == project_id, visible(work.actor))).one_or_none()
    if row is None:
        raise NotFound
    return row


def by_number(work: UnitOfWork, number: str) -> Project:
    """Return the project with this number or identifier, if the actor may see it; NotFound otherwise."""
    matches = or_(Project.number == number, Project.id == number)
    row = work.session.scalars(select(Project).where(matches, visible(work.actor))).one_or_none()
    if row is None:
        raise NotFound
    return row


def projects(work: UnitOfWork, words: str = "") -> list[Project]:
    """Return the visible projects, newest first, whose name or number contains `words`."""
    query = select(Project).where(visible(work.actor))
    if words.strip():
        like = f"%{_escaped(words.strip())}%"
        query = query.where(
            or_(
                *(
                    column.ilike(like, escape="\\")
                    for column in (Project.name, Project.name_en, Project.number, Project.customer)
                )
            )
        )
    return list(work.session.scalars(query.order_by(Project.created_at.desc(), Project.number.desc())))


def relations_of(work: UnitOfWork, row: Project) -> frozenset[str]:
    """Return how the actor stands to the project (see rules.relations)."""
    known = work.relations.get(row.id)
    return relations(row.members, work.actor.id) if known is None else known


def register(work: UnitOfWork, particulars: Particulars, *, framework_key: str | None = None) -> Project:
    """Register a project with the actor as its owner. Raises Refusals naming every missing or unknown value."""
    authorize(work.actor, "project:register")
    version = current_framework(work, framework_key)
    Refusals.raise_any(check_particulars(framework_in(version), particulars))
    year = work.now.year
    taken = work.session.scalars(select(Project.number).where(Project.number.like(f"AIG-{year}-%")))
    row = Project(
        number=next_number(year, taken),
        framework_key=version.key,
        created_by=work.actor.id,
        created_at=work.now,
        **_columns(particulars),
    )
    work.session.add(row)
    work.session.flush()
    work.record(
        "ProjectRegistered",
        subject=("project", row.id),
        project=row.id,
        codes={"number": row.number, "sector": row.sector},
        private={"name": row.name},
        row=row,
    )
    _join(work, row, work.actor.id, "owner")
    return row


def change(work: UnitOfWork, row: Project, particulars: Particulars, *, rev: int) -> None:
    """Change what a project says about itself; `rev` is the one the form was opened with."""
    authorize(work.actor, "project:edit", relations_of(work, row))
    work.expect(row, rev, mine=_shown(particulars), theirs=_shown_row(row))
    Refusals.raise_any(check_particulars(framework_in(current_framework(work, row.framework_key)), particulars))
    for name, value in _columns(particulars).items():
        setattr(row, name, value)
    work.session.flush()
    work.record("ProjectChanged", subject=("project", row.id), project=row.id, rev=(rev, row.rev), row=row)


def add_member(work: UnitOfWork, row: Project, person: User, part: str) -> ProjectMember:
    """Add a person to the project as owner, member or approver; the former owner becomes a member."""
    authorize(work.actor, "project:members", relations_of(work, row))
    _may_join(row, person, part)
    if part == "owner":
        for former in [m for m in row.members if m.is_current and m.part == "owner"]:
            _leave(work, row, former)
            _join(work, row, former.user_id, "member")
    for own in [m for m in row.members if m.is_current and m.user_id == person.id]:
        _leave(work, row, own)
    return _join(work, row, person.id, part)


def _may_join(row: Project, person: User, part: str) -> None:
    """Refuse an unknown part, a closed account, a part held already, and an approver who takes part otherwise."""
    if part not in ("owner", "member", "approver"):
        raise Refusal("projects.part", "役割を選んでください。", "Choose the part.", place="part")
    if not person.is_active:
        raise Refusal(
            "projects.inactive",
            "この人のアカウントは停止しています。",
            "This person’s account is closed.",
            place="user_id",
        )
    held = {m.part for m in row.members if m.is_current and m.user_id == person.id}
    if part in held or ("owner" in held and part == "member"):
        raise Refusal(
            "projects.already", "この人はすでに加わっています。", "This person already takes part.", place="user_id"
        )
    if (part == "approver" and held) or "approver" in held:
        raise Refusal(
            "projects.separation",
            "承認者は、案件の責任者や担当者を兼ねられません（職務の分離）。",
            "The approver cannot be the owner or a member (separation of duties).",
            place="user_id",
        )
    if part == "approver":
        _may_approve(person)


def _may_approve(person: User) -> None:
    """Refuse a person whom no administrator made an approver: the owner does not choose just anybody to approve the own case."""
    if "approver" not in person.roles:
        raise Refusal(
            "projects.no_approver",
            "部門責任者（承認者）にできるのは、「部門責任者」の役割をもつ人だけです。役割はシステム管理者が付けます。",
            "Only a person with the role of department approver can be the approver; an administrator gives the role.",
            place="user_id",
        )


def remove_member(work: UnitOfWork, row: Project, member: ProjectMember) -> None:
    """Let a person leave; the membership stays on record. The owner can only be replaced."""
    authorize(work.actor, "project:members", relations_of(work, row))
    if member.project_id != row.id or not member.is_current:
        raise NotFound
    if member.part == "owner":
        raise Refusal(
            "projects.owner",
            "責任者は外せません。先に別の人を責任者にしてください。",
            "The owner cannot leave; make somebody else the owner first.",
        )
    _leave(work, row, member)


def particulars_of(row: Project) -> Particulars:
    """Return what a stored project says about itself."""
    return Particulars(**{name: getattr(row, name) for name in Particulars.__dataclass_fields__})


def may_change_members(work: UnitOfWork, row: Project) -> bool:
    """Say whether the actor may add and remove people."""
    return may(work.actor, "project:members", relations_of(work, row))


def grant_reading(work: UnitOfWork, row: Project, user_ids: Sequence[str], reason: str) -> None:
    """Give people leave to read the project; who has it already, or stepped back from it, is left as is.

    Called by acts that authorised it.
    """
    kept = or_(ProjectReader.ended_at.is_(None), ProjectReader.reason == RECUSED)
    query = select(ProjectReader.user_id).where(ProjectReader.project_id == row.id, kept)
    held = set(work.session.scalars(query))
    for user_id in sorted(set(user_ids) - held):
        leave = ProjectReader(project_id=row.id, user_id=user_id, reason=reason, granted_at=work.now)
        work.session.add(leave)
        work.session.flush()
        work.record(
            "ReadingGranted",
            subject=("project_reader", leave.id),
            project=row.id,
            codes={"user": user_id, "reason": reason},
            row=leave,
        )


def bar_reading(work: UnitOfWork, row: Project, user_id: str) -> None:
    """End a person's leave to read the project for good, as a recusal does at once: no office and no later agenda gives it back."""
    end_reading(work, row, user_id)
    bar = ProjectReader(project_id=row.id, user_id=user_id, reason=RECUSED, granted_at=work.now, ended_at=work.now)
    work.session.add(bar)
    work.session.flush()
    codes = {"user": user_id, "reason": RECUSED}
    work.record("ReadingEnded", subject=("project_reader", bar.id), project=row.id, codes=codes, row=bar)


def end_reading(work: UnitOfWork, row: Project, user_id: str) -> None:
    """End a person's leave to read the project, as the end of a term does."""
    query = select(ProjectReader).where(
        ProjectReader.project_id == row.id, ProjectReader.user_id == user_id, ProjectReader.ended_at.is_(None)
    )
    for leave in work.session.scalars(query):
        leave.ended_at = work.now
        work.session.flush()
        work.record(
            "ReadingEnded", subject=("project_reader", leave.id), project=row.id, codes={"user": user_id}, row=leave
        )


def _join(work: UnitOfWork, row: Project, user_id: str, part: str) -> ProjectMember:
    member = ProjectMember(project_id=row.id, user_id=user_id, part=part, joined_at=work.now)
    row.members.append(member)
    work.session.flush()
    work.record(
        "MemberJoined",
        subject=("project_member", member.id),
        project=row.id,
        codes={"part": part, "user": user_id},
        row=member,
    )
    return member


def _leave(work: UnitOfWork, row: Project, member: ProjectMember) -> None:
    member.left_at = work.now
    work.session.flush()
    work.record(
        "MemberLeft",
        subject=("project_member", member.id),
        project=row.id,
        codes={"part": member.part, "user": member.user_id},
        row=member,
    )


def _columns(particulars: Particulars) -> dict[str, object]:
    return {
        name: list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value.strip()
        for name, value in asdict(particulars).items()
    }


def _shown(particulars: Particulars) -> dict[str, str]:
    return {
        name: "、".join(value) if not isinstance(value, str) else value for name, value in asdict(particulars).items()
    }


def _shown_row(row: Project) -> dict[str, str]:
    return {
        name: "、".join(value) if isinstance(value := getattr(row, name), list) else value
        for name in Particulars.__dataclass_fields__
    }


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
