"""Acts on committees: set one up with its rules, change the rules, appoint members and end their terms.

Rules are kept with a version; a change takes effect for later meetings only, never inside an open one (domain.md §6.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from governance.accounts.rules import authorize, may
from governance.ledger.rules import Code
from governance.projects.services import end_reading
from governance.refusals import NotFound
from governance.reviews.committee import CommitteeRules, committee_rules
from governance.reviews.models import AgendaItem, Committee, CommitteeMember, Meeting
from governance.reviews.people import active_person, seat_of, standing
from governance.reviews.rules import local_date, refuse_when
from governance.texts import Text
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


def create_committee(  # long: one argument and one column per value
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
    taken = work.session.scalars(select(Committee).where(Committee.key == key)).first() is not None
    refuse_when(
        taken, "committee_key", "この略号の委員会はすでにあります。", "A committee with this key exists.", place="key"
    )
    refuse_when(
        not name.strip(), "committee_name", "委員会の名称を書いてください。", "Give the committee a name.", place="name"
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
    same = version == row.rules_version
    refuse_when(same, "rules_version", "規則の版を改めてください。", "Give the rules a new version.", place="version")
    _refuse_in_session(work, row, "規則", "The rules")
    row.rules, row.authority = dict(rules), read.authority
    row.rules_version, row.rules_effective_on = version, effective_on
    work.session.flush()
    work.record(
        "CommitteeRulesChanged",
        subject=("committee", row.id),
        rev=(rev, row.rev),
        codes={"rules_version": version, "effective_on": effective_on.isoformat(), "authority": row.authority},
        row=row,
    )


@dataclass(frozen=True)
class Appointment:
    """A seat as it is given: side, expertise and term of a person."""

    user_id: str
    side: str
    expertise: Sequence[str]
    term_from: date
    term_until: date | None
    is_chair: bool


def appoint(  # long: one argument per column
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
    given = Appointment(person.id, side, expertise, term_from, term_until, is_chair)
    _check_appointment(row, given)
    seat = CommitteeMember(user=person, position=len(row.members) + 1, **_columns(given))
    row.members.append(seat)
    work.session.flush()
    codes: dict[str, Code] = {
        "committee": row.id,
        "user": person.id,
        "side": side,
        "chair": is_chair,
        "expertise": list(expertise),
    }
    term: dict[str, Code] = {
        "term_from": term_from.isoformat(),
        "term_until": term_until.isoformat() if term_until else None,
    }
    work.record("MemberAppointed", subject=("committee_member", seat.id), codes=codes | term, row=seat)
    return seat


def _columns(given: Appointment) -> dict[str, Any]:
    return {**vars(given), "expertise": list(given.expertise)}


def _check_appointment(row: Committee, given: Appointment) -> None:
    since, until = given.term_from, given.term_until
    then = [m for m in row.members if _overlap(m, since, until)]
    backwards = until is not None and until < since
    seated = any(m.user_id == given.user_id for m in then)
    chaired = given.is_chair and any(m.is_chair for m in then)
    refuse_when(
        given.side not in SIDES, "side", "内部か外部かを選んでください。", "Choose internal or external.", place="side"
    )
    refuse_when(
        backwards, "term", "任期の終わりが始まりより前です。", "The term ends before it begins.", place="term_until"
    )
    refuse_when(
        seated,
        "seated",
        "この人は同じ時期の委員です。",
        "This person already has a seat in that time.",
        place="user_id",
    )
    refuse_when(chaired, "chair", "委員長は同じ時期に1名だけです。", "There is one chair at a time.", place="is_chair")


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
    outside = last_day < max(seat.term_from, today) or (seat.term_until is not None and last_day > seat.term_until)
    refuse_when(
        outside,
        "term",
        "任期の終わりは、今日から任期満了日までの日付にしてください。",
        "The last day lies between today and the end of the term.",
        place="term_until",
    )
    _refuse_in_session(work, row, "任期", "A term")
    seat.term_until = last_day
    work.session.flush()
    codes = {"committee": row.id, "user": seat.user_id, "term_until": last_day.isoformat()}
    work.record("MemberTermEnded", subject=("committee_member", seat.id), codes=codes, row=seat)
    query = select(AgendaItem).join(Meeting).where(Meeting.committee_id == row.id)
    for project in {item.screening.project for item in work.session.scalars(query)}:
        if last_day <= today:
            end_reading(work, project, seat.user_id)


def _refuse_in_session(work: UnitOfWork, row: Committee, ja: str, en: str) -> None:
    """Refuse a change that would alter the counts of a meeting under way."""
    query = select(Meeting).where(Meeting.committee_id == row.id, Meeting.state == "open")
    refuse_when(
        work.session.scalars(query).first() is not None,
        "in_session",
        "開会中は、{what}を変えられません。",
        "{what} cannot change while a meeting is open.",
        what=Text(ja, en),
    )


def seats_on(row: Committee, day: date) -> list[CommitteeMember]:
    """Return the seats whose term covers the day, in order."""
    return [seat for seat in row.members if seat_of(seat).sits_on(day)]
