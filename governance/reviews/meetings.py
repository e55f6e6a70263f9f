"""Acts on meetings: plan, send materials, put cases on the agenda, open, record who comes and goes, close.

Presence is recorded at the moment it happens and never dated back, because every count of the meeting rests on it. What happens to
one case on the agenda is in items.py (domain.md §6.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from governance.accounts.rules import authorize, may
from governance.ledger.rules import Code, Ref
from governance.projects.services import grant_reading
from governance.refusals import NotFound, Problem, Refusal, Refusals
from governance.reviews import materials, telling
from governance.reviews.committee import CommitteeRules, Member, RuleCheck, composition, notice
from governance.reviews.committees import rules_of, seats_on, version_in_force
from governance.reviews.decisions import basis_snapshot
from governance.reviews.models import AgendaItem, Attendance, Committee, CommitteeMember, Meeting, Recusal
from governance.reviews.people import conflicts_of, same_seat, seats_of, standing, ties_on
from governance.reviews.quorum import Presence, Quorum, quorum
from governance.reviews.rules import checked_link, fiscal_year, local_date, refuse_when
from governance.screenings.models import Screening, Snapshot
from governance.texts import Text
from governance.work import UnitOfWork

SETTLED = ("decided", "deferred")
WAITING = ("board_queued", "deferred")
"""States of a screening that waits for a meeting: referred for the first time, or put off by an earlier one."""


@dataclass(frozen=True)
class Room:
    """Who is in the room, as the rules see it: the seats, all spells of presence, and the rules in force."""

    seats: list[Member]
    presences: list[Presence]
    rules: CommitteeRules

    def count(self, recusals: frozenset[str], at: datetime) -> Quorum:
        """Return the quorum at a moment without the recused seats."""
        return quorum(self.seats, self.presences, recusals, self.rules, at)


def meeting(work: UnitOfWork, meeting_id: str) -> Meeting:
    """Return a meeting of a committee the actor may see; NotFound otherwise."""
    row = work.session.get(Meeting, meeting_id)
    if row is None or not may(work.actor, "committee:view", standing(work, row.committee)):
        raise NotFound
    return row


def meetings(work: UnitOfWork, committee: Committee) -> list[Meeting]:
    """Return the meetings of a committee, newest first."""
    query = select(Meeting).where(Meeting.committee_id == committee.id).order_by(Meeting.starts_at.desc())
    return list(work.session.scalars(query))


def room(work: UnitOfWork, row: Meeting) -> Room:
    """Return the room as the database holds it now."""
    query = select(Attendance).where(Attendance.meeting_id == row.id).order_by(Attendance.arrived_at)
    spells = work.session.scalars(query.execution_options(populate_existing=True))
    presences = [Presence(a.member_id, a.mode, a.arrived_at, a.left_at) for a in spells]
    return Room(seats_of(row.committee), presences, rules_for(row, work.now))


def rules_day(row: Meeting, at: datetime) -> date:
    """Return the day whose rules a meeting works by: the day it opened, until then the later of its planned day and today."""
    return local_date(row.opened_at or max(row.starts_at, at))


def rules_for(row: Meeting, at: datetime) -> CommitteeRules:
    """Return the rules of a meeting: those of the day it opens, whatever is adopted afterwards (domain.md §6.3)."""
    return rules_of(row.committee, rules_day(row, at))


def rules_version(row: Meeting, at: datetime) -> dict[str, Any]:
    """Return the version of the rules a meeting works by, as a decision keeps it."""
    return {"rules_version": version_in_force(row.committee, rules_day(row, at)).version}


def recused_seats(work: UnitOfWork, item: AgendaItem) -> frozenset[str]:
    """Return the seats that stepped back from an item."""
    return frozenset(work.session.scalars(select(Recusal.member_id).where(Recusal.item_id == item.id)))


def notice_of(row: Meeting, at: datetime) -> RuleCheck:
    """Check the notice of a meeting against the day it opens, opened or was planned for (domain.md §6.3 agenda notice)."""
    return notice(row.materials_sent_on, local_date(row.opened_at or at), rules_for(row, at))


def lock(work: UnitOfWork, row: Meeting, state: str) -> None:
    """Lock the meeting, so that acts in one meeting follow each other (assurance.md §4), and refuse another state."""
    work.session.refresh(row, with_for_update=True)
    if row.state != state:
        words = {
            "planned": Text("開会前の会議だけでできる操作です。", "This can be done only before the meeting opens."),
            "open": Text("開会中の会議だけでできる操作です。", "This can be done only while the meeting is open."),
        }[state]
        raise Refusal("reviews.meeting_state", words.ja, words.en)


# ---------------------------------------------------------------- before


# long: one line per column
def plan_meeting(
    work: UnitOfWork, committee: Committee, *, starts_at: datetime, place: str = "", place_en: str = "", link: str = ""
) -> Meeting:
    """Plan the next meeting; it is numbered within the Japanese fiscal year of its day."""
    authorize(work.actor, "meeting:plan", standing(work, committee))
    work.session.refresh(committee, with_for_update=True)
    past = starts_at <= work.now
    refuse_when(
        past, "past_meeting", "開催日時は、これからの日時にしてください。", "Choose a time to come.", place="starts_at"
    )
    year = fiscal_year(local_date(starts_at))
    row = Meeting(
        committee_id=committee.id,
        committee=committee,
        fiscal_year=year,
        number=_next_number(work, committee, year),
        starts_at=starts_at,
        place=place.strip(),
        place_en=place_en.strip(),
        link=checked_link(link),
        planned_by=work.actor.id,
    )
    work.session.add(row)
    work.session.flush()
    codes: dict[str, Code] = {"committee": committee.id, "fiscal_year": year, "number": row.number}
    work.record("MeetingPlanned", subject=("meeting", row.id), codes=codes, row=row)
    return row


def _next_number(work: UnitOfWork, committee: Committee, year: int) -> int:
    last = select(func.coalesce(func.max(Meeting.number), 0))
    query = last.where(Meeting.committee_id == committee.id, Meeting.fiscal_year == year)
    return work.session.scalars(query).one() + 1


def add_item(work: UnitOfWork, row: Meeting, screening: Screening) -> AgendaItem:
    """Put a referred case on the agenda with the snapshot the members get, and let them read the project.

    Refused after the materials went out, and for a case that waits on another agenda. Members with a conflict get no access.
    """
    authorize(work.actor, "meeting:plan", standing(work, row.committee))
    lock(work, row, "planned")
    work.session.refresh(screening, with_for_update=True)
    _check_item(work, row, screening)
    return place_item(work, row, screening, basis_snapshot(work, screening))


def place_item(work: UnitOfWork, row: Meeting, screening: Screening, snapshot: Snapshot) -> AgendaItem:
    """Put an item at the end of the agenda and let the members read its case. The caller has authorised, locked and checked."""
    query = select(func.coalesce(func.max(AgendaItem.position), 0)).where(AgendaItem.meeting_id == row.id)
    position = work.session.scalars(query).one() + 1
    item = AgendaItem(meeting=row, position=position, screening=screening, snapshot=snapshot)
    work.session.add(item)
    work.session.flush()
    work.record(
        "AgendaItemAdded",
        subject=("agenda_item", item.id),
        project=screening.project_id,
        codes={"meeting": row.id, "screening": screening.id, "position": position},
        refs={"snapshot": snapshot.digest},
        row=item,
    )
    telling.on_agenda(work, item, _let_read(work, item))
    return item


def _let_read(work: UnitOfWork, item: AgendaItem) -> list[str]:
    """Let the members of the day of the meeting read a case on its agenda; those with a conflict get no access."""
    row = item.meeting
    ties, rules = ties_on(work, item), rules_for(row, work.now)
    seats = seats_on(row.committee, local_date(row.opened_at or row.starts_at))
    readers = [seat.user_id for seat in seats if not any(c.bars for c in conflicts_of(seat.user, ties, rules))]
    grant_reading(work, item.screening.project, readers, "agenda")
    return readers


def _check_item(work: UnitOfWork, row: Meeting, screening: Screening) -> None:
    if screening.state not in WAITING:
        raise Refusal(
            "reviews.not_queued",
            "付議された案件だけを議題にできます。",
            "Only a case referred to the committee goes on the agenda.",
        )
    if row.materials_sent_on is not None:
        raise Refusal(
            "reviews.materials_gone",
            "資料の送付後は、議題を加えられません。",
            "After the materials went out no item is added.",
        )
    query = select(AgendaItem).where(AgendaItem.screening_id == screening.id, AgendaItem.state.not_in(SETTLED))
    query = query.where(~AgendaItem.waivers.any())  # whether a condition is waived does not keep its case waiting
    if work.session.scalars(query).first():
        raise Refusal("reviews.on_agenda", "この案件はすでに議題になっています。", "This case is already on an agenda.")


def send_materials(work: UnitOfWork, row: Meeting, *, rev: int) -> None:
    """Freeze the materials, tell the members, and record that they went out today. An agenda without a case has no materials."""
    authorize(work.actor, "meeting:plan", standing(work, row.committee))
    lock(work, row, "planned")
    work.expect(row, rev)
    if not row.items:
        raise Refusal("reviews.empty_agenda", "議題がありません。", "The agenda is empty.")
    if row.materials_sent_on is not None:
        raise Refusal("reviews.materials_gone", "資料はすでに送付済みです。", "The materials went out already.")
    for item in row.items:
        _let_read(work, item)
    row.materials_sent_on = local_date(work.now)
    sent = materials.freeze(work, row, notice_of(row, max(row.starts_at, work.now)))
    refs: dict[str, Ref] = {"materials": sent.digest, "snapshots": [item.snapshot.digest for item in row.items]}
    work.record("MaterialsSent", subject=("meeting", row.id), rev=(rev, row.rev), refs=refs, row=row)
    telling.materials_sent(work, row, [seat.user_id for seat in seats_on(row.committee, local_date(row.starts_at))])


# ---------------------------------------------------------------- in session


def open_meeting(work: UnitOfWork, row: Meeting, *, rev: int, late_reason: str = "") -> None:
    """Open a meeting of a lawfully composed committee.

    Materials that went out late need a recorded reason; the unmet notice stays visible in every decision (domain.md §6.3).
    """
    authorize(work.actor, "meeting:open", standing(work, row.committee))
    lock(work, row, "planned")
    work.expect(row, rev)
    late = _check_opening(work, row, late_reason)
    row.state, row.opened_at = "open", work.now
    row.late_reason = "" if late.met else late_reason.strip()
    work.session.flush()
    work.record(
        "MeetingOpened",
        subject=("meeting", row.id),
        rev=(rev, row.rev),
        codes={"notice_met": late.met, "rules_version": version_in_force(row.committee, local_date(work.now)).version},
        private={} if late.met else {"late_reason": late_reason.strip()},
        row=row,
    )


def _check_opening(work: UnitOfWork, row: Meeting, late_reason: str) -> RuleCheck:
    """Refuse an unlawful composition, or late materials without a reason; return the check of the notice."""
    today = local_date(work.now)
    work.session.refresh(row.committee, with_for_update=True)  # no version of the rules is adopted while it opens
    rules = rules_of(row.committee, today)
    unmet = [check for check in composition(seats_of(row.committee), rules, today) if not check.met]
    Refusals.raise_any([Problem(f"reviews.{c.code}", _said(c)) for c in unmet])
    late = notice(row.materials_sent_on, today, rules)
    refuse_when(
        not late.met and not late_reason.strip(),
        "notice",
        "{rule}。開会するには理由の記録が必要です。",
        "{rule}. Opening needs a recorded reason.",
        place="late_reason",
        rule=_said(late),
    )
    return late


def _said(check: RuleCheck) -> Text:
    return Text("{name}：{arithmetic}", "{name}: {arithmetic}").filled(name=check.name, arithmetic=check.arithmetic)


def record_attendance(work: UnitOfWork, row: Meeting, seat: CommitteeMember, mode: str) -> Attendance:
    """Record that a member is there from now on, in the room or remotely."""
    authorize(work.actor, "meeting:run", standing(work, row.committee))
    lock(work, row, "open")
    if mode not in ("in_person", "remote"):
        raise Refusal("reviews.mode", "出席の方法を選んでください。", "Choose how the member attends.", place="mode")
    if seat.id not in {s.id for s in seats_on(row.committee, local_date(work.now))}:
        raise Refusal(
            "reviews.no_seat",
            "この人は、いまこの委員会の委員ではありません。",
            "This person has no seat on the committee now.",
        )
    if _present(work, row, seat) is not None:
        raise Refusal("reviews.present", "すでに出席しています。", "Already present.")
    _one_of_a_seat(work, row, seat)
    spell = Attendance(meeting=row, member=seat, mode=mode, arrived_at=work.now)
    work.session.add(spell)
    work.session.flush()
    codes = {"member": seat.id, "mode": mode, "act": "arrived"}
    work.record("AttendanceRecorded", subject=("meeting", row.id), codes=codes, row=spell)
    return spell


def _one_of_a_seat(work: UnitOfWork, row: Meeting, seat: CommitteeMember) -> None:
    """Let an alternate in only while the member is absent; when the member comes, the alternate's presence ends (domain.md §6.3)."""
    others = [(each, _present(work, row, each)) for each in row.committee.members if each.id in same_seat(seat)]
    there = [(each, spell) for each, spell in others if spell is not None]
    if seat.alternate_of is not None and there:
        raise Refusal(
            "reviews.alternate_not_needed",
            "代理する委員が出席しているため、代理の出席は記録できません。",
            "The member is present, so the alternate does not stand in.",
            place="mode",
        )
    for _, spell in there:
        _end_spell(work, row, spell)


def record_leave(work: UnitOfWork, row: Meeting, seat: CommitteeMember) -> Attendance:
    """Record that a member leaves now; from this moment the counts are without them."""
    authorize(work.actor, "meeting:run", standing(work, row.committee))
    lock(work, row, "open")
    spell = _present(work, row, seat)
    if spell is None:
        raise Refusal("reviews.not_present", "出席していません。", "Not present.")
    _end_spell(work, row, spell)
    return spell


def _present(work: UnitOfWork, row: Meeting, seat: CommitteeMember) -> Attendance | None:
    query = select(Attendance).where(
        Attendance.meeting_id == row.id, Attendance.member_id == seat.id, Attendance.left_at.is_(None)
    )
    return work.session.scalars(query).one_or_none()


def _end_spell(work: UnitOfWork, row: Meeting, spell: Attendance) -> None:
    spell.left_at = work.now
    work.session.flush()
    codes = {"member": spell.member_id, "mode": spell.mode, "act": "left"}
    work.record("AttendanceRecorded", subject=("meeting", row.id), codes=codes, row=spell)


def close_meeting(work: UnitOfWork, row: Meeting, *, rev: int) -> None:
    """Close a meeting when every item is decided or deferred (domain.md §6.2 V:41); who is still there leaves now."""
    authorize(work.actor, "meeting:close", standing(work, row.committee))
    lock(work, row, "open")
    work.expect(row, rev)
    query = (
        select(AgendaItem)
        .where(AgendaItem.meeting_id == row.id, AgendaItem.state.not_in(SETTLED))
        .order_by(AgendaItem.position)
    )
    left = [str(item.position) for item in work.session.scalars(query)]
    if left:
        raise Refusal(
            "reviews.unsettled",
            "結果の決まっていない議題があるため、閉会できません：議題{items}。",
            "The meeting cannot close while items are unsettled: {items}.",
            items="、".join(left),
        )
    for spell in work.session.scalars(
        select(Attendance).where(Attendance.meeting_id == row.id, Attendance.left_at.is_(None))
    ):
        _end_spell(work, row, spell)
    row.state, row.closed_at = "closed", work.now
    work.session.flush()
    work.record("MeetingClosed", subject=("meeting", row.id), rev=(rev, row.rev), row=row)
