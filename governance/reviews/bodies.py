"""The bodies of the scheme (機関): what each is and sees, as the framework says, and who belongs to it.

A body sees the cases of its routes, packs, sectors and regions once the expert team has them; its members then have leave to read
them, and nothing else. Roles that stand for a body (legal, privacy) belong to it without being named (domain.md §1.4).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import exists, or_, select

from governance.accounts.models import RoleGrant
from governance.accounts.rules import authorize
from governance.projects.models import Project, ProjectReader
from governance.projects.services import grant_reading, visible
from governance.questionnaires.definition import Body, Framework
from governance.questionnaires.models import FrameworkVersion
from governance.questionnaires.services import current_framework, framework_in
from governance.refusals import NotFound
from governance.reviews.body_models import BodyMember, Consultation
from governance.reviews.models import AgendaItem, CommitteeMember, Meeting
from governance.reviews.people import active_person
from governance.reviews.rules import local_date, refuse_when
from governance.screenings import services as screenings
from governance.screenings.models import Screening
from governance.texts import Text
from governance.work import UnitOfWork

REASON, CONSULTED = "body", "consulted"
KINDS: dict[str, Text] = {
    "office": Text("部門", "Office"),
    "team": Text("チーム", "Team"),
    "committee": Text("委員会", "Committee"),
    "sector": Text("セクター", "Sector"),
    "region": Text("地域", "Region"),
    "working_group": Text("ワーキンググループ", "Working group"),
    "association": Text("会・部会", "Association"),
}
AUTHORITIES: dict[str, Text] = {
    "deciding": Text("決定する", "Decides"),
    "advisory": Text("助言する", "Advises"),
    "executive": Text("執行側として決定する", "Decides as executive"),
    "none": Text("—", "—"),
}
UNSEEN = frozenset({"draft", "submitted", "withdrawn"})
"""States in which only the team and the offices that check it see a case."""


@dataclass(frozen=True)
class CaseFacts:
    """What decides which bodies see a case."""

    route: str
    packs: frozenset[str]
    sector: str
    regions: frozenset[str]


def sees(body: Body, case: CaseFacts) -> bool:
    """Say whether a body sees a case by itself: one of its routes or packs, within its sectors and regions."""
    if body.routes or body.packs:
        matter = case.route in body.routes or bool(case.packs & set(body.packs))
    else:
        matter = bool(body.sectors or body.regions)
    in_sector = not body.sectors or case.sector in body.sectors
    in_region = not body.regions or bool(case.regions & set(body.regions))
    return matter and in_sector and in_region


def facts_of(work: UnitOfWork, screening: Screening) -> CaseFacts:
    """Return what decides which bodies see a screening, as it stands now."""
    score, project = screenings.score_of(work, screening), screening.project
    return CaseFacts(screening.route or score.route, frozenset(score.packs), project.sector, frozenset(project.regions))


def bodies_that_see(framework: Framework, case: CaseFacts) -> list[Body]:
    """Return the bodies that see a case by themselves, in the order of the framework."""
    return [body for body in framework.bodies if sees(body, case)]


def framework_of_bodies(work: UnitOfWork) -> tuple[str, Framework]:
    """Return key and document of the framework whose bodies are in force."""
    version = current_framework(work)
    return version.key, framework_in(version)


def has_framework(work: UnitOfWork) -> bool:
    """Say whether a framework is published at all: an installation begins without one."""
    return work.session.scalars(select(FrameworkVersion.id).limit(1)).first() is not None


def body(work: UnitOfWork, code: str) -> Body:
    """Return a body in force by its code; NotFound when there is none."""
    if not has_framework(work):
        raise NotFound
    _, framework = framework_of_bodies(work)
    found = next((each for each in framework.bodies if each.code == code), None)
    if found is None:
        raise NotFound
    return found


def members(work: UnitOfWork, key: str, code: str = "") -> list[BodyMember]:
    """Return the people of a body, or of all bodies of a framework, who were named and not ended."""
    query = select(BodyMember).where(BodyMember.framework_key == key, BodyMember.ended_at.is_(None))
    return list(
        work.session.scalars((query.where(BodyMember.body == code) if code else query).order_by(BodyMember.added_at))
    )


def own_bodies(work: UnitOfWork) -> list[Body]:
    """Return the bodies the actor belongs to, by name or by role; none before a framework is published."""
    if not has_framework(work):
        return []
    key, framework = framework_of_bodies(work)
    query = select(BodyMember.body).where(
        BodyMember.framework_key == key, BodyMember.user_id == work.actor.id, BodyMember.ended_at.is_(None)
    )
    named = set(work.session.scalars(query))
    return [each for each in framework.bodies if each.code in named or (each.role in work.actor.roles)]


def people_of(work: UnitOfWork, key: str, each: Body) -> set[str]:
    """Return the ids of everybody who belongs to a body, by name or by role."""
    named = {member.user_id for member in members(work, key, each.code)}
    held = select(RoleGrant.user_id).where(RoleGrant.role == each.role, RoleGrant.ended_at.is_(None))
    return named | (set(work.session.scalars(held)) if each.role else set())


def relations_to_body(work: UnitOfWork, code: str) -> frozenset[str]:
    """Return how the actor stands to a body."""
    return frozenset({"body.member"} if code in {each.code for each in own_bodies(work)} else set())


def add_member(work: UnitOfWork, code: str, user_id: str) -> BodyMember:
    """Name a person for a body. From now on they may read the cases the body sees."""
    authorize(work.actor, "body:edit")
    each, (key, _) = body(work, code), framework_of_bodies(work)
    person = active_person(work, user_id, "user_id")
    there = any(member.user_id == person.id for member in members(work, key, code))
    refuse_when(
        there,
        "body_member",
        "この人はすでにメンバーです。",
        "This person belongs to the body already.",
        place="user_id",
    )
    row = BodyMember(
        framework_key=key, body=code, user=person, user_id=person.id, added_by=work.actor.id, added_at=work.now
    )
    work.session.add(row)
    work.session.flush()
    work.record("BodyMemberAdded", subject=("body_member", row.id), codes={"body": code, "user": person.id}, row=row)
    for screening in open_cases(work, key, each):
        _grant(work, screening.project, [person.id], REASON)
    for screening in _asked_about(work, code):
        _grant(work, screening.project, [person.id], CONSULTED)
    return row


def _asked_about(work: UnitOfWork, code: str) -> list[Screening]:
    """Return the cases on which a body was asked and has not answered."""
    query = select(Consultation).where(Consultation.body == code, Consultation.withdrawn_at.is_(None))
    return [each.screening for each in work.session.scalars(query) if each.opinion is None]


def end_member(work: UnitOfWork, member_id: str) -> None:
    """End a person's place in a body; leave to read that rested on it alone ends at once."""
    authorize(work.actor, "body:edit")
    row = work.session.get(BodyMember, member_id)
    if row is None or row.ended_at is not None:
        raise NotFound
    row.ended_by, row.ended_at = work.actor.id, work.now
    work.session.flush()
    codes = {"body": row.body, "user": row.user_id}
    work.record("BodyMemberEnded", subject=("body_member", row.id), codes=codes, row=row)
    _end_reading(work, row)


def _end_reading(work: UnitOfWork, gone: BodyMember) -> None:
    """End the leaves that rested on the body, but for cases another body of the person sees or that stand on their agenda."""
    key, framework = gone.framework_key, framework_of_bodies(work)[1]
    others = {m.body for m in members(work, key) if m.user_id == gone.user_id}
    kept = [each for each in framework.bodies if each.code in others]
    cases = [case for each in kept for case in (*open_cases(work, key, each), *_asked_about(work, each.code))]
    still = {case.project_id for case in cases}
    query = select(ProjectReader).where(
        ProjectReader.user_id == gone.user_id,
        ProjectReader.reason.in_((REASON, CONSULTED)),
        ProjectReader.ended_at.is_(None),
    )
    for leave in work.session.scalars(query):
        if leave.project_id in still or _on_agenda(work, leave.project_id, gone.user_id):
            continue
        leave.ended_at = work.now
        work.session.flush()
        work.record(
            "ReadingEnded",
            subject=("project_reader", leave.id),
            project=leave.project_id,
            codes={"user": gone.user_id, "reason": leave.reason},
            row=leave,
        )


def _on_agenda(work: UnitOfWork, project_id: str, user_id: str) -> bool:
    seat = exists().where(
        CommitteeMember.committee_id == Meeting.committee_id,
        CommitteeMember.user_id == user_id,
        or_(CommitteeMember.term_until.is_(None), CommitteeMember.term_until >= local_date(work.now)),
    )
    query = select(AgendaItem.id).join(Meeting).join(Screening).where(Screening.project_id == project_id, seat)
    return work.session.scalars(query).first() is not None


def open_cases(work: UnitOfWork, key: str, each: Body) -> list[Screening]:
    """Return the cases a body sees by itself, whoever asks; the caller shows none that the reader may not know of."""
    query = select(Screening).join(Project).where(Project.framework_key == key, Screening.state.not_in(UNSEEN))
    rows = work.session.scalars(query.order_by(Screening.changed_at.desc()))
    return [row for row in rows if sees(each, facts_of(work, row))] if _looks(each) else []


def visible_cases(work: UnitOfWork, each: Body) -> list[Screening]:
    """Return the cases of a body that the actor may know of, newest first."""
    key, _ = framework_of_bodies(work)
    known = set(work.session.scalars(select(Project.id).where(visible(work.actor))))
    return [row for row in open_cases(work, key, each) if row.project_id in known]


def _looks(each: Body) -> bool:
    return bool(each.routes or each.packs or each.sectors or each.regions)


def admit(work: UnitOfWork, screening: Screening) -> None:
    """Give the members of every body that sees a case leave to read it; called when the expert team takes or refers it."""
    key, framework = screening.project.framework_key, screenings.framework_of(screening)
    named = members(work, key)
    if not named:
        return
    case = facts_of(work, screening)
    codes = {each.code for each in bodies_that_see(framework, case)}
    _grant(work, screening.project, [member.user_id for member in named if member.body in codes], REASON)


def admit_asked(work: UnitOfWork, screening: Screening) -> None:
    """Give the people of every body that was asked about a case and has not answered leave to read it."""
    key, framework = framework_of_bodies(work)
    asked = select(Consultation).where(Consultation.screening_id == screening.id, Consultation.withdrawn_at.is_(None))
    codes = {each.body for each in work.session.scalars(asked) if each.opinion is None}
    for each in framework.bodies:
        if each.code in codes:
            _grant(work, screening.project, people_of(work, key, each), CONSULTED)


def _grant(work: UnitOfWork, project: Project, people: Collection[str], reason: str) -> None:
    """Give leave to read to whoever never belonged to the project; others know it or are kept away from it."""
    grant_reading(work, project, [each for each in people if not project.ever_had_member(each)], reason)
