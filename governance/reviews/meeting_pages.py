"""The page of a meeting, put together once for every view that answers with it; that of an item is in item_pages.py.

A refused act answers with the page it was sent from, with everything that was entered and the reason beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from governance.accounts.models import User
from governance.accounts.rules import may
from governance.pages import locale, page, problems_of
from governance.projects.models import Project
from governance.projects.services import visible
from governance.questionnaires.definition import Framework
from governance.questionnaires.services import current_framework, framework_in
from governance.refusals import Refusal, Refusals
from governance.reviews import circulating, leaving, live, minutes
from governance.reviews import meeting_showing as showing
from governance.reviews.ahead import meeting_ahead
from governance.reviews.amendments import reported_to
from governance.reviews.committee import composition, sessions
from governance.reviews.committees import rules_of, seats_on, version_in_force
from governance.reviews.meetings import WAITING, Room, notice_of, room, rules_day, rules_for
from governance.reviews.models import AgendaItem, Committee, CommitteeMember, Meeting, Recusal
from governance.reviews.people import own_seat, seats_of, standing
from governance.reviews.rules import MOTIONS, fiscal_year, local_date
from governance.screenings import services as screenings
from governance.screenings.explain import ShownLevel, level
from governance.screenings.models import Screening
from governance.texts import Text
from governance.work import UnitOfWork

Refused = Refusal | Refusals | None
LONGEST_SEAT = 6  # letters that fit under a seat of the drawing


@dataclass(frozen=True)
class AgendaLine:
    """One entry of the agenda; a case the reader may not see has neither name nor link."""

    item: AgendaItem
    phase: Text
    seen: bool
    recused: bool


def version_answer(work: UnitOfWork, row: Meeting) -> ResponseReturnValue:
    """Answer a device that asks whether anything happened: 304 without a body when not."""
    version = seen_version(work, row)
    answer = jsonify(version=version)
    answer.set_etag(version)
    return answer.make_conditional(request)


# ---------------------------------------------------------------- a meeting


# long: one name per value of the page
def meeting_page(work: UnitOfWork, row: Meeting, refused: Refused = None) -> ResponseReturnValue:
    """Answer with the meeting: next step, agenda, attendance, the acts of the secretariat."""
    frame = frame_of(work, row, refused)
    at = row.closed_at or work.now
    there = room(work, row)
    lines = showing.seat_lines(seated_at(row, at), there.presences, at)
    present = sum(line.is_present for line in lines)
    notice = frame["materials"]
    ahead = meeting_ahead(
        row.state, row.items, runs=frame["runs"], sent=row.materials_sent_on is not None, notice=notice, present=present
    )
    unsettled = [item for item in row.items if item.state not in ("decided", "deferred")]
    target = next((item for item in unsettled if item.state != "queued"), unsettled[0] if unsettled else None)
    return page(
        "reviews/meeting.html",
        code=422 if refused else 200,
        **frame,
        lines=lines,
        ahead=ahead,
        target=target,
        unsettled=unsettled,
        count=there.count(frozenset(), work.now) if row.state == "open" else None,
        attended=_attended(row, there),
        checks=composition(seats_of(row.committee), there.rules, local_date(row.opened_at or work.now)),
        waiting=waiting_cases(work, row) if row.state == "planned" and frame["runs"] else [],
        seats=drawn(lines),
        reported=reported_to(work, row),
        circulated=circulating.reported_at(work, row),
        send_by=local_date(row.starts_at) - timedelta(days=there.rules.notice_days),
        minutes_shown=row.state == "closed" and (frame["runs"] or bool(minutes.versions_of(work, row))),
        held=sessions_check(work, row.committee, row.fiscal_year),
    )


def waiting_cases(work: UnitOfWork, row: Meeting) -> list[tuple[Screening, ShownLevel | None, int]]:
    """Return the visible cases that were referred and stand on no open agenda, those due first, each with its residual level."""
    taken = select(AgendaItem.screening_id).where(AgendaItem.state.not_in(("decided", "deferred")))
    query = (
        select(Screening)
        .join(Project)
        .where(Screening.state.in_(WAITING), Screening.id.not_in(taken), visible(work.actor))
    )
    here = {item.screening_id for item in row.items}
    found = work.session.scalars(query.order_by(Screening.due_on.is_(None), Screening.due_on, Screening.changed_at))
    return [(case, *_residual(case)) for case in found if case.id not in here]


def _residual(case: Screening) -> tuple[ShownLevel | None, int]:
    framework = screenings.framework_of(case)
    return level(framework, case.residual), len(framework.levels)


def sessions_check(work: UnitOfWork, committee: Committee, year: int) -> Any:
    """Check how many meetings of a fiscal year were held."""
    query = select(Meeting.id).where(
        Meeting.committee_id == committee.id, Meeting.fiscal_year == year, Meeting.state != "planned"
    )
    return sessions(len(list(work.session.scalars(query))), rules_of(committee, local_date(work.now)))


def _attended(row: Meeting, there: Room) -> dict[str, str]:
    """Return how each member attended a closed meeting: the mode of the first spell."""
    spells = sorted(there.presences, key=lambda p: p.arrived_at, reverse=True)
    return {spell.member_id: spell.mode for spell in spells} if row.state == "closed" else {}


def seated_at(row: Meeting, at: datetime) -> list[CommitteeMember]:
    """Return who holds a seat in the meeting."""
    return seats_on(row.committee, local_date(row.starts_at if row.state == "planned" else at))


def frame_of(work: UnitOfWork, row: Meeting, refused: Refused, item: AgendaItem | None = None) -> dict[str, Any]:
    """Return what the pages of a meeting and of its items share."""
    committee, own = row.committee, own_seat(work, row.committee)
    relations = standing(work, committee)
    return {
        "meeting": row,
        "committee": committee,
        "runs": may(work.actor, "meeting:run", relations),
        "own": own,
        "agenda": _agenda(work, row, own),
        "here": item.id if item else None,
        "materials": notice_of(row, _opening(row, work)),
        "rules": rules_for(row, work.now),
        "ruled_by": version_in_force(committee, rules_day(row, work.now)),
        "problems": problems_of(refused) if refused else [],
        "sent": request.form,
        "expertise": expertise_names(work),
        "outcomes": MOTIONS,
        "this_year": fiscal_year(local_date(work.now)),
        "version": seen_version(work, row),
    }


def seen_version(work: UnitOfWork, row: Meeting) -> str:
    """Return the version of the meeting as this reader sees it, in this language."""
    return live.version_of(work, row, f"{work.actor.id} {locale()}")


def _opening(row: Meeting, work: UnitOfWork) -> datetime:
    """The moment the notice is counted back from: the planned one while it lies ahead."""
    return max(row.starts_at, work.now) if row.state == "planned" else work.now


def _agenda(work: UnitOfWork, row: Meeting, own: CommitteeMember | None) -> list[AgendaLine]:
    query = (
        select(AgendaItem.id).join(Screening).join(Project).where(AgendaItem.meeting_id == row.id, visible(work.actor))
    )
    seen = set(work.session.scalars(query))
    left = set(work.session.scalars(select(Recusal.item_id).where(Recusal.member_id == own.id))) if own else set()
    return [
        AgendaLine(
            item,
            screenings.framework_of(item.screening).phase(item.screening.phase).name,
            item.id in seen,
            item.id in left,
        )
        for item in row.items
    ]


def hidden_items(work: UnitOfWork, row: Meeting) -> frozenset[str]:
    """Return the items of a meeting whose project the actor may not see, or from which they stepped back."""
    return frozenset(
        line.item.id for line in _agenda(work, row, own_seat(work, row.committee)) if not line.seen or line.recused
    )


def hidden_in_minutes(work: UnitOfWork, row: Meeting) -> frozenset[str]:
    """Return the items whose part of the minutes the actor may not read: as above, but members keep those of their own meeting."""
    hidden = hidden_items(work, row)
    kept = leaving.may_read_minutes_of(work, [item.screening.project_id for item in row.items])
    stays = {item.id for item in row.items if item.screening.project_id in kept}
    return hidden - stays if own_seat(work, row.committee) else hidden


def expertise_names(work: UnitOfWork) -> dict[str, Text]:
    """Return the names of the expertise codes of the framework in force."""
    return {each.code: each.name for each in framework_in_force(work).expertise}


def framework_in_force(work: UnitOfWork) -> Framework:
    """Return the framework whose codes the committees use."""
    return framework_in(current_framework(work))


def drawn(lines: list[showing.SeatLine]) -> dict[str, list[dict[str, str]]]:
    """Return the seats for the drawing, by side, under family names."""
    found: dict[str, list[dict[str, str]]] = {"external": [], "internal": []}
    acting = {line.seat.alternate_of for line in lines if line.seat.alternate_of and line.is_present}
    for line in lines:
        if line.seat.id in acting or (line.seat.alternate_of and not line.is_present):
            continue  # one seat, one drawing: whoever speaks for it
        found[line.seat.side].append({"name": family_name(line.seat.user), "presence": line.drawn})
    return found


def family_name(person: User) -> str:
    """Return the short name for a drawing: the first part in Japanese order, the last in English."""
    parts = person.name_in(locale()).split() or [""]
    name = parts[-1] if locale() == "en" else parts[0]
    return name if len(name) <= LONGEST_SEAT else f"{name[: LONGEST_SEAT - 1]}…"
