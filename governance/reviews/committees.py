"""Acts on committees: set one up with its rules, change the rules, appoint members and end their terms.

Rules are kept in versions, each with the day it takes effect; a meeting works by those of the day it opens (domain.md §6.3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from governance.accounts.rules import authorize, may
from governance.ledger.rules import Code
from governance.projects.services import end_reading
from governance.refusals import NotFound, Refusal
from governance.reviews.committee import CommitteeRules, committee_rules
from governance.reviews.models import AgendaItem, Committee, CommitteeMember, CommitteeRuleVersion, Meeting
from governance.reviews.people import active_person, own_seat, seat_of, standing
from governance.reviews.rules import local_date, refuse_when
from governance.texts import Text
from governance.work import UnitOfWork

SIDES = ("internal", "external")
GENDERS = {
    "": Text("申告しない", "No statement"),
    "female": Text("女性", "Female"),
    "male": Text("男性", "Male"),
    "other": Text("その他", "Another"),
}
"""What a member may say about gender, for the warning about the balance alone (domain.md §6.3)."""


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


@dataclass(frozen=True)
class RulesVersion:
    """One version of a committee's rules: the founding one (number 0) or one that was adopted later."""

    number: int
    version: str
    effective_on: date
    values: Mapping[str, Any]
    reason: str = ""
    adopted: CommitteeRuleVersion | None = None

    @property
    def rules(self) -> CommitteeRules:
        """Return the values read exactly, with the defaults of domain.md §6.3 for keys the version does not name."""
        return committee_rules(self.values)


def versions_of(row: Committee) -> list[RulesVersion]:
    """Return all versions in the order they were adopted; the committee's own authority stands in the founding one."""
    founding = RulesVersion(0, row.rules_version, row.rules_effective_on, {**row.rules, "authority": row.authority})
    return [
        founding,
        *(
            RulesVersion(each.number, each.version, each.effective_on, each.rules, each.reason, each)
            for each in row.adopted
        ),
    ]


def version_in_force(row: Committee, on: date) -> RulesVersion:
    """Return the version in force on a day: of those that had taken effect the one with the latest day, the newest of equals.

    Before the first day of the founding version it is the founding one: a committee is never without rules.
    """
    founding, *adopted = versions_of(row)
    begun = [each for each in adopted if each.effective_on <= on]
    return max([founding, *begun], key=lambda each: (each.number > 0, each.effective_on, each.number))


def rules_of(row: Committee, on: date) -> CommitteeRules:
    """Return the rules in force on a day; a meeting works by those of the day it opens (domain.md §6.3)."""
    return version_in_force(row, on).rules


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


def change_rules(  # long: one argument and one column per value
    work: UnitOfWork,
    row: Committee,
    rules: Mapping[str, Any],
    *,
    rev: int,
    version: str,
    effective_on: date,
    reason: str = "",
) -> CommitteeRuleVersion:
    """Adopt a new version of the rules with the day it takes effect; earlier versions stay.

    Refused while a meeting is open, for a day that is past or on which a meeting was opened, and for a version that exists.
    """
    authorize(work.actor, "committee:edit", standing(work, row))
    work.session.refresh(row, with_for_update=True)
    work.expect(row, rev)
    read = committee_rules(rules)
    _refuse_in_session(work, row, "規則", "The rules")
    _check_version(work, row, version.strip(), effective_on)
    adopted = CommitteeRuleVersion(
        committee_id=row.id,
        number=len(row.adopted) + 1,
        version=version.strip(),
        rules=dict(rules),
        effective_on=effective_on,
        reason=reason.strip() or "—",
        adopted_by=work.actor.id,
        adopted_at=work.now,
    )
    row.adopted.append(adopted)
    flag_modified(row, "rules_version")  # a form that was opened before this version is stale
    work.session.flush()
    work.record(
        "CommitteeRulesChanged",
        subject=("committee", row.id),
        rev=(rev, row.rev),
        codes={
            "rules_version": adopted.version,
            "effective_on": effective_on.isoformat(),
            "authority": read.authority,
        },
        private={"reason": adopted.reason},
        row=adopted,
    )
    return adopted


# long: a table of reasons
def _check_version(work: UnitOfWork, row: Committee, version: str, effective_on: date) -> None:
    """Refuse a version that exists or has no proper name, and a day that would change the rules of a meeting already opened."""
    today = local_date(work.now)
    names = {each.version for each in versions_of(row)}
    query = select(Meeting.opened_at).where(Meeting.committee_id == row.id, Meeting.opened_at.is_not(None))
    opened = {local_date(at) for at in work.session.scalars(query) if at is not None}
    past, held = effective_on < today, effective_on in opened
    unnamed = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,29}", version) is None
    refuse_when(
        version in names,
        "rules_version",
        "この版はすでにあります。規則の版を改めてください。",
        "This version exists. Give the rules a new version.",
        place="version",
    )
    refuse_when(
        unnamed,
        "rules_version_name",
        "版は「2.0」のような英数字で書いてください。",
        "Write the version in letters and digits, such as “2.0”.",
        place="version",
    )
    refuse_when(
        past, "effective_on", "施行日は今日以降にしてください。", "Choose today or a later day.", place="effective_on"
    )
    refuse_when(
        held,
        "effective_in_session",
        "この日に開いた会議があるため、施行日は翌日以降にしてください。",
        "A meeting was opened on this day; choose a later one.",
        place="effective_on",
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
    alternate_of: str | None = None


# long: one argument per column
def appoint(  # noqa: PLR0913 - one argument per column
    work: UnitOfWork,
    row: Committee,
    user_id: str,
    *,
    side: str,
    expertise: Sequence[str],
    term_from: date,
    term_until: date | None = None,
    is_chair: bool = False,
    alternate_of: CommitteeMember | None = None,
) -> CommitteeMember:
    """Appoint a person for a term. One person holds one seat at a time, so nobody votes twice (assurance.md T4).

    An alternate stands in for one seat of the same side, is never the chair, and there is one for a seat at a time (domain.md §6.3).
    """
    authorize(work.actor, "committee:edit", standing(work, row))
    work.session.refresh(row, with_for_update=True)
    person = active_person(work, user_id, "user_id")
    stood_for = alternate_of.id if alternate_of else None
    given = Appointment(person.id, side, expertise, term_from, term_until, is_chair, stood_for)
    _check_appointment(row, given)
    if alternate_of is not None:
        _check_alternate(row, given, alternate_of)
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
    if stood_for:
        codes["alternate_of"] = stood_for
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


def _check_alternate(row: Committee, given: Appointment, member: CommitteeMember) -> None:
    """Refuse an alternate who could not stand in for the seat."""
    seated = member.committee_id == row.id and member.alternate_of is None and seat_of(member).sits_on(given.term_from)
    taken = any(m.alternate_of == member.id and _overlap(m, given.term_from, given.term_until) for m in row.members)
    wrong = (
        (not seated, "alternate_seat", Text("任期中の委員を選んでください。", "Choose a member whose term runs.")),
        (given.is_chair, "alternate_chair", Text("代理は委員長になれません。", "An alternate is not the chair.")),
        (
            given.side != member.side,
            "alternate_side",
            Text(
                "代理の内部・外部は、委員と同じにしてください。", "An alternate comes from the same side as the member."
            ),
        ),
        (taken, "alternate_taken", Text("この委員には同じ時期の代理がいます。", "This member has an alternate then.")),
    )
    for found, code, text in wrong:
        if found:
            raise Refusal(f"reviews.{code}", text.ja, text.en, place="alternate_of")


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


def state_gender(work: UnitOfWork, row: Committee, gender: str) -> None:
    """Keep what the actor says about their own gender, or take it back; nobody else can, and it is no part of any record."""
    authorize(work.actor, "committee:view", standing(work, row))
    seat = own_seat(work, row)
    if seat is None or gender not in GENDERS:
        raise NotFound
    seat.gender = gender
    work.session.flush()


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
