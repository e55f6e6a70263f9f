"""The pages of a meeting and of one item, put together once for every view that answers with them.

A refused act answers with the page it was sent from, with everything that was entered and the reason beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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
from governance.reviews import citing, live, verdicts
from governance.reviews import meeting_showing as showing
from governance.reviews.ahead import item_ahead, meeting_ahead
from governance.reviews.committee import Conflict, composition, sessions
from governance.reviews.committees import rules_of, seats_on
from governance.reviews.decisions import choices
from governance.reviews.forms import both_names
from governance.reviews.meetings import WAITING, Room, notice_of, recused_seats, room, rules_for
from governance.reviews.models import AgendaItem, Committee, CommitteeMember, Decision, Meeting, Recusal, Review, Vote
from governance.reviews.people import conflicts_of, own_seat, seat_of, seats_of, standing, ties_of
from governance.reviews.quorum import Ballot, Quorum, Tally, eligible_to_vote, lawful, tally
from governance.reviews.rules import KINDS, OUTCOMES, POSTPONED, fiscal_year, local_date, valid_until
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


@dataclass(frozen=True)
class Floor:
    """One item as it stands at a moment: the room, who stepped back, the count and the vote."""

    room: Room
    recused: frozenset[str]
    at: datetime
    count: Quorum
    votes: list[Vote]
    result: Tally


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
    frame = _frame(work, row, refused)
    at = row.closed_at or work.now
    there = room(work, row)
    lines = showing.seat_lines(_seated(row, at), there.presences, at)
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
        seats=_drawn(lines),
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


def _seated(row: Meeting, at: datetime) -> list[CommitteeMember]:
    return seats_on(row.committee, local_date(row.starts_at if row.state == "planned" else at))


def _frame(work: UnitOfWork, row: Meeting, refused: Refused, item: AgendaItem | None = None) -> dict[str, Any]:
    """What the pages of a meeting and of its items share."""
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
        "problems": problems_of(refused) if refused else [],
        "sent": request.form,
        "expertise": expertise_names(work),
        "outcomes": OUTCOMES,
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


def expertise_names(work: UnitOfWork) -> dict[str, Text]:
    """Return the names of the expertise codes of the framework in force."""
    return {each.code: each.name for each in framework_in_force(work).expertise}


def framework_in_force(work: UnitOfWork) -> Framework:
    """Return the framework whose codes the committees use."""
    return framework_in(current_framework(work))


def _drawn(lines: list[showing.SeatLine]) -> dict[str, list[dict[str, str]]]:
    """Return the seats for the drawing, by side, under family names."""
    found: dict[str, list[dict[str, str]]] = {"external": [], "internal": []}
    for line in lines:
        found[line.seat.side].append({"name": family_name(line.seat.user), "presence": line.drawn})
    return found


def family_name(person: User) -> str:
    """Return the short name for a drawing: the first part in Japanese order, the last in English."""
    parts = person.name_in(locale()).split() or [""]
    name = parts[-1] if locale() == "en" else parts[0]
    return name if len(name) <= LONGEST_SEAT else f"{name[: LONGEST_SEAT - 1]}…"


# ---------------------------------------------------------------- one item


# long: one name per value of the page
def item_page(work: UnitOfWork, item: AgendaItem, refused: Refused = None) -> ResponseReturnValue:
    """Answer with one item of the agenda: the case, who is there, the vote, the decision."""
    meeting, screening = item.meeting, item.screening
    frame = _frame(work, meeting, refused, item)
    floor = _floor(work, item)
    own, barred = frame["own"], _barred(work, item, frame["own"], floor)
    voted = next((vote for vote in floor.votes if own and vote.member_id == own.id), None)
    lines = _item_lines(work, item, floor, frame)
    conflicted = any(conflict.bars for line in lines for conflict in line.conflicts)
    votes = item.state == "voting" and own is not None and voted is None and barred is None
    ahead = item_ahead(
        item,
        runs=_may_decide(work, item, floor) if item.state == "voting" else frame["runs"],
        votes=votes,
        count=floor.count,
        result=floor.result,
        conflicts=conflicted,
    )
    settled = item.state in ("decided", "deferred")
    return page(
        "reviews/item.html",
        code=422 if refused else 200,
        **frame,
        **_case(work, item),
        item=item,
        screening=screening,
        project=screening.project,
        lines=lines,
        seats=_drawn(lines),
        count=floor.count,
        result=floor.result,
        ahead=ahead,
        settled=settled,
        may_vote=votes,
        barred=barred,
        voted=voted,
        may_decide=_may_decide(work, item, floor),
        shows_tally=bool(item.motion) and (settled or floor.result.complete),
        choice_names=showing.CHOICE_NAMES,
        losing=_losing(item, floor),
        dissents=[v.dissent for v in floor.votes if v.dissent] if settled else [],
        **_deciding(work, item, floor),
        **citing.beside(work, screening),
        me=work.actor.id,
    )


def _floor(work: UnitOfWork, item: AgendaItem) -> Floor:
    at = item.settled_at or item.meeting.closed_at or work.now
    there, recused = room(work, item.meeting), recused_seats(work, item)
    votes = list(
        work.session.scalars(
            select(Vote).where(Vote.item_id == item.id, Vote.motion == item.motion).order_by(Vote.cast_at)
        )
    )
    count = there.count(recused, at)
    ballots = lawful(
        [Ballot(v.member_id, v.choice, v.cast_at) for v in votes], there.seats, there.presences, recused, there.rules
    )
    return Floor(there, recused, at, count, votes, tally(ballots, count, there.rules))


def _item_lines(work: UnitOfWork, item: AgendaItem, floor: Floor, frame: Mapping[str, Any]) -> list[showing.SeatLine]:
    own = frame["own"]
    seated = _seated(item.meeting, floor.at)
    named = floor.room.rules.votes_shown == showing.NAMED
    recusals = list(work.session.scalars(select(Recusal).where(Recusal.item_id == item.id)))
    lines = showing.seat_lines(seated, floor.room.presences, floor.at)
    return showing.item_lines(
        lines,
        item,
        floor.votes,
        recusals,
        showing.Seen(own.id if own else None, named),
        _conflicts(work, item, seated, frame),
    )


def _conflicts(
    work: UnitOfWork, item: AgendaItem, seated: list[CommitteeMember], frame: Mapping[str, Any]
) -> dict[str, list[Conflict]]:
    """Return the conflicts the records show: all of them for the secretariat, their own for a member."""
    if item.state in ("decided", "deferred"):
        return {}
    ties, own = ties_of(work, item.screening), frame["own"]
    rules = frame["rules"]
    return {seat.id: conflicts_of(seat.user, ties, rules) for seat in seated if frame["runs"] or (own and seat.id == own.id)}


def _barred(work: UnitOfWork, item: AgendaItem, own: CommitteeMember | None, floor: Floor) -> Text | None:
    """Return why the reader, being a member, may not vote now."""
    if own is None or item.state != "voting":
        return None
    found = eligible_to_vote(
        seat_of(own),
        floor.room.presences,
        floor.recused,
        floor.room.rules,
        work.now,
        conflicts_of(own.user, ties_of(work, item.screening), floor.room.rules),
    )
    return found.text if found else None


def _may_decide(work: UnitOfWork, item: AgendaItem, floor: Floor) -> bool:
    return item.state == "voting" and may(
        work.actor, "meeting:decide", standing(work, item.meeting.committee, floor.recused)
    )


def _losing(item: AgendaItem, floor: Floor) -> list[str]:
    if item.meeting.state != "open" or item.state in ("decided", "deferred"):
        return []
    seats = showing.losing(
        floor.room.seats, floor.room.presences, floor.recused, floor.room.rules, floor.at, floor.count
    )
    return [family_name(seat.user) for seat in item.meeting.committee.members if seat.id in seats]


def _case(work: UnitOfWork, item: AgendaItem) -> dict[str, Any]:
    """What the head of an item says about its case: levels of the snapshot, the team's opinion, the decision."""
    framework = screenings.framework_of(item.screening)
    score = json.loads(item.snapshot.body)["score"]
    reviewed = select(Review).where(Review.screening_id == item.screening_id, Review.revision == item.snapshot.revision)
    return {
        "framework": framework,
        "phase": framework.phase(item.screening.phase),
        "levels": len(framework.levels),
        "inherent": level(framework, score["inherent"]),
        "residual": level(framework, score["residual"]),
        "review": work.session.scalars(reviewed).one_or_none(),
        "decision": work.session.scalars(select(Decision).where(Decision.item_id == item.id)).one_or_none(),
    }


def _deciding(work: UnitOfWork, item: AgendaItem, floor: Floor) -> dict[str, Any]:
    """What the forms of motion and decision offer while an item is before the committee."""
    if item.state not in ("discussing", "voting"):
        return {"choices": [], "not_allowed": [], "limit": None, "people": [], "kinds": KINDS, "rows": []}
    screening = item.screening
    framework, score = screenings.framework_of(screening), screenings.score_of(work, screening)
    allowed = [each for each in choices(work, screening) if each.outcome != POSTPONED]
    return {
        "choices": allowed,
        "not_allowed": showing.not_allowed(framework, score, allowed),
        "kinds": KINDS,
        "rows": verdicts.rows(request.form, _rows_wanted()),
        "limit": valid_until(score.residual, local_date(work.now), framework) if score.residual else None,
        "people": _people(work, screening) if item.state == "voting" else [],
    }


def _rows_wanted() -> int:
    """Return how many rows for conditions the form shows: three, and three more each time that is asked for."""
    shown = sum(f"conditions-{number}-text" in request.form for number in range(verdicts.ROWS))
    return min(verdicts.ROWS, max(3, shown + (3 if "more" in request.form else 0)))


def _people(work: UnitOfWork, screening: Screening) -> list[tuple[str, str]]:
    """Return who can own or verify a condition: the project's people first, then everybody else."""
    team = {m.user_id for m in screening.project.members if m.is_current}
    people = list(work.session.scalars(select(User).where(User.is_active).order_by(User.name)))
    return [(p.id, both_names(p)) for p in sorted(people, key=lambda p: p.id not in team)]
