"""Acts on committees: set one up with its rules, change the rules, appoint members and end their terms.

Rules are kept with a version; a change takes effect for later meetings only, never inside an open one (domain.md §6.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from governance.accounts.rules import authorize, may
from governance.ledger.rules import Code
from governance.projects.services import end_reading
from governance.refusals import NotFound, Refusal
from governance.reviews.committee import CommitteeRules, committee_rules
from governance.reviews.models import AgendaItem, Committee, CommitteeMember, Meeting
from governance.reviews.people import active_person, seat_of, standing
from governance.reviews.rules import local_date
from governance.work import UnitOfWork

SIDES = ("internal", "external")


def committee(work: UnitOfWork, committee_id: str) -> Committee:
    """Return a committee the actor may see; NotFound otherwise."""
    row = work.session.get(Committee, committee_id)
    if row is None or not may(work.actor, "committee:view", standing(work, row)):
        raise NotFound
    return row


def committees(work: UnitOfWork) -> list[Committee]:
    """Return the committees the actor may see."""
    rows = work.session.scalars(select(Committee).order_by(Committee.name))
    return [row for row in rows if may(work.actor, "committee:view", standing(work, row))]


def rules_of(row: Committee) -> CommitteeRules:
    """Return the rules in force, read into exact values; the committee's own authority wins over the mapping."""
    return committee_rules({**row.rules, "authority": row.authority})


def create_committee(
    work: UnitOfWork,
    *,
    key: str,
    name: str,
    name_en: str = "",
    rules: Mapping[str, Any],
    rules_version: str,
    rules_effective_on: date,
) -> Committee:
    """Set up a committee. `rules` are keys of domain.md §6.3, usually the `committee` part of a framework.

    Raises Refusals naming every rule that makes no sense, Refusal when the key is taken.
    """
    authorize(work.actor, "committee:edit")
    read = committee_rules(rules)
    if work.session.scalars(select(Committee).where(Committee.key == key)).first():
        raise Refusal(
            "reviews.committee_key",
            "この略号の委員会はすでにあります。",
            "A committee with this key exists.",
            place="key",
        )
    if not name.strip():
        raise Refusal(
            "reviews.committee_name", "委員会の名称を書いてください。", "Give the committee a name.", place="name"
        )
    row = Committee(
        key=key,
        name=name.strip(),
        name_en=name_en.strip(),
        authority=read.authority,
        rules=dict(rules),
        rules_version=rules_version,
        rules_effective_on=rules_effective_on,
    )
    work.session.add(row)
    work.session.flush()
    codes = {"key": key, "authority": row.authority, "rules_version": rules_version}
    work.record("CommitteeCreated", subject=("committee", row.id), codes=codes, private={"name": row.name}, row=row)
    return row


def change_rules(
    work: UnitOfWork, row: Committee, rules: Mapping[str, Any], *, rev: int, version: str, effective_on: date
) -> None:
    """Replace the rules by a new version. Refused while a meeting is open, or for a version that was in force already."""
    authorize(work.actor, "committee:edit", standing(work, row))
    work.session.refresh(row, with_for_update=True)
    work.expect(row, rev)
    read = committee_rules(rules)
    if version == row.rules_version:
        raise Refusal(
            "reviews.rules_version", "規則の版を改めてください。", "Give the rules a new version.", place="version"
        )
    if work.session.scalars(select(Meeting).where(Meeting.committee_id == row.id, Meeting.state == "open")).first():
        raise Refusal(
            "reviews.rules_in_meeting",
            "開会中は、規則を変えられません。",
            "The rules cannot change while a meeting is open.",
        )
    row.rules, row.authority, row.rules_version, row.rules_effective_on = (
        dict(rules),
        read.authority,
        version,
        effective_on,
    )
    work.session.flush()
    work.record(
        "CommitteeRulesChanged",
        subject=("committee", row.id),
        rev=(rev, row.rev),
        codes={"rules_version": version, "effective_on": effective_on.isoformat(), "authority": row.authority},
        row=row,
    )


def appoint(
    work: UnitOfWork,
    row: Committee,
    user_id: str,
    *,
    side: str,
    expertise: Sequence[str],
    term_from: date,
    term_until: date | None = None,
    is_chair: bool = False,
) -> CommitteeMember:
    """Appoint a person for a term. One person holds one seat at a time, so nobody votes twice (assurance.md T4)."""
    authorize(work.actor, "committee:edit", standing(work, row))
    work.session.refresh(row, with_for_update=True)
    person = active_person(work, user_id, "user_id")
    if side not in SIDES:
        raise Refusal("reviews.side", "内部か外部かを選んでください。", "Choose internal or external.", place="side")
    if term_until is not None and term_until < term_from:
        raise Refusal(
            "reviews.term", "任期の終わりが始まりより前です。", "The term ends before it begins.", place="term_until"
        )
    if any(m.user_id == person.id and _overlap(m, term_from, term_until) for m in row.members):
        raise Refusal(
            "reviews.seated",
            "この人は同じ時期の委員です。",
            "This person already has a seat in that time.",
            place="user_id",
        )
    if is_chair and any(m.is_chair and _overlap(m, term_from, term_until) for m in row.members):
        raise Refusal(
            "reviews.chair", "委員長は同じ時期に1名だけです。", "There is one chair at a time.", place="is_chair"
        )
    seat = CommitteeMember(
        committee_id=row.id,
        user_id=person.id,
        user=person,
        position=len(row.members) + 1,
        side=side,
        expertise=list(expertise),
        is_chair=is_chair,
        term_from=term_from,
        term_until=term_until,
    )
    row.members.append(seat)
    work.session.flush()
    codes: dict[str, Code] = {"committee": row.id, "user": person.id, "side": side, "expertise": list(expertise), "chair": is_chair}
    term: dict[str, Code] = {"term_from": term_from.isoformat(), "term_until": term_until.isoformat() if term_until else None}
    work.record("MemberAppointed", subject=("committee_member", seat.id), codes=codes | term, row=seat)
    return seat


def _overlap(seat: CommitteeMember, since: date, until: date | None) -> bool:
    return (until is None or seat.term_from <= until) and (seat.term_until is None or since <= seat.term_until)


def end_term(work: UnitOfWork, seat: CommitteeMember, *, last_day: date) -> None:
    """End a member's term with a last day; the seat stays on record. From today on the person reads no more cases.

    Refused while a meeting is open, because the count of its items would change under way.
    """
    row = seat.committee
    authorize(work.actor, "committee:edit", standing(work, row))
    work.session.refresh(row, with_for_update=True)
    today = local_date(work.now)
    if last_day < max(seat.term_from, today) or (seat.term_until is not None and last_day > seat.term_until):
        raise Refusal(
            "reviews.term",
            "任期の終わりは、今日から任期満了日までの日付にしてください。",
            "The last day lies between today and the end of the term.",
            place="term_until",
        )
    if work.session.scalars(select(Meeting).where(Meeting.committee_id == row.id, Meeting.state == "open")).first():
        raise Refusal(
            "reviews.term_in_meeting",
            "開会中は、任期を変えられません。",
            "A term cannot change while a meeting is open.",
        )
    seat.term_until = last_day
    work.session.flush()
    codes = {"committee": row.id, "user": seat.user_id, "term_until": last_day.isoformat()}
    work.record("MemberTermEnded", subject=("committee_member", seat.id), codes=codes, row=seat)
    query = select(AgendaItem).join(Meeting).where(Meeting.committee_id == row.id)
    for project in {item.screening.project for item in work.session.scalars(query)}:
        if last_day <= today:
            end_reading(work, project, seat.user_id)


def seats_on(row: Committee, day: date) -> list[CommitteeMember]:
    """Return the seats whose term covers the day, in order."""
    return [seat for seat in row.members if seat_of(seat).sits_on(day)]
