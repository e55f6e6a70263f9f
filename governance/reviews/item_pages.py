"""The page of one item of the agenda: the case, who is there, questions, motion and vote, the decision.

A refused act answers with the page it was sent from, with everything that was entered and the reason beside it. Votes of others stay
unnamed unless the committee's rules name them; where it votes in secret they are never named, on any page (domain.md §6.3).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from governance.accounts.models import User
from governance.accounts.rules import may
from governance.pages import locale, page
from governance.reviews import advising, citing, consulting, motions, questions, verdicts
from governance.reviews import meeting_showing as showing
from governance.reviews.ahead import item_ahead
from governance.reviews.committee import Conflict
from governance.reviews.decisions import choices
from governance.reviews.forms import both_names
from governance.reviews.meeting_pages import Refused, drawn, family_name, frame_of, seated_at
from governance.reviews.meetings import SETTLED, Room, recused_seats, room
from governance.reviews.models import AgendaItem, CommitteeMember, Decision, Recusal, Review, Vote
from governance.reviews.people import conflicts_of, seat_of, standing, ties_on
from governance.reviews.proposing import proposals, with_proposal
from governance.reviews.quorum import Ballot, Quorum, Tally, eligible_to_vote, lawful, tally
from governance.reviews.rules import KINDS, POSTPONED, local_date, valid_until
from governance.screenings import services as screenings
from governance.screenings.explain import level
from governance.screenings.models import Screening
from governance.texts import Text
from governance.work import UnitOfWork

MOTION_STATES = {
    "lost": Text("否決", "Not carried"),
    "withdrawn": Text("取下げ", "Withdrawn"),
    "lapsed": Text("採決に至らず", "Lapsed"),
    "carried": Text("可決", "Carried"),
    "put": Text("採決中", "Put to the vote"),
}


@dataclass(frozen=True)
class Floor:
    """One item as it stands at a moment: the room, who stepped back, the count and the vote."""

    room: Room
    recused: frozenset[str]
    at: datetime
    count: Quorum
    votes: list[Vote]
    result: Tally


# long: one name per value of the page
def item_page(work: UnitOfWork, item: AgendaItem, refused: Refused = None) -> ResponseReturnValue:
    """Answer with one item of the agenda: the case, who is there, the vote, the decision."""
    meeting, screening = item.meeting, item.screening
    frame = frame_of(work, meeting, refused, item)
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
        seats=drawn(lines),
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
        dissents=sorted(v.dissent for v in floor.votes if v.dissent) if settled else [],
        secret=floor.room.rules.voting == "secret",
        motion=motions.motion_of(work, item),
        motions=[each for each in item.motions if each.state not in ("put", "carried")],
        motion_states=MOTION_STATES,
        asked=questions.questions_of(work, item),
        may_ask=_may_ask(work, item, floor, frame),
        may_answer=questions.may_answer(work, item),
        people_names=_names(work, item),
        **_deciding(work, item, floor),
        **citing.beside(work, screening),
        **consulting.beside(work, screening),
        me=work.actor.id,
    )


def _floor(work: UnitOfWork, item: AgendaItem) -> Floor:
    at = item.settled_at or item.meeting.closed_at or work.now
    there, recused = room(work, item.meeting), recused_seats(work, item)
    votes = motions.votes_of(work, item)
    count = there.count(recused, at)
    ballots = lawful(
        [Ballot(v.member_id, v.choice, v.cast_at) for v in votes], there.seats, there.presences, recused, there.rules
    )
    return Floor(there, recused, at, count, votes, tally(ballots, count, there.rules))


def _item_lines(work: UnitOfWork, item: AgendaItem, floor: Floor, frame: Mapping[str, Any]) -> list[showing.SeatLine]:
    own = frame["own"]
    seated = seated_at(item.meeting, floor.at)
    rules = floor.room.rules
    named = rules.votes_shown == showing.NAMED and rules.voting != "secret"
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
    ties, own = ties_on(work, item), frame["own"]
    rules = frame["rules"]
    return {
        seat.id: conflicts_of(seat.user, ties, rules) for seat in seated if frame["runs"] or (own and seat.id == own.id)
    }


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
        conflicts_of(own.user, ties_on(work, item), floor.room.rules),
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
    opinion = advising.opinion_on(work, item)
    return {
        "opinion": opinion,
        "opinion_names": {p.id: p.name_in(locale()) for p in work.session.scalars(select(User))} if opinion else {},
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
    if item.waivers or item.state not in ("discussing", "voting"):
        return {
            "choices": [],
            "not_allowed": [],
            "limit": None,
            "people": [],
            "kinds": KINDS,
            "rows": [],
            "proposals": [],
        }
    screening = item.screening
    framework, score = screenings.framework_of(screening), screenings.score_of(work, screening)
    allowed = [each for each in choices(work, screening) if each.outcome != POSTPONED]
    found = proposals(work, screening)
    return {
        "choices": allowed,
        "not_allowed": showing.not_allowed(framework, score, allowed),
        "kinds": KINDS,
        "rows": with_proposal(_rows(item), request.form.get("more", ""), found, verdicts.ROWS),
        "proposals": found,
        "limit": valid_until(score.residual, local_date(work.now), framework) if score.residual else None,
        "people": _people(work, screening),
    }


def _rows(item: AgendaItem) -> list[dict[str, str]]:
    """Return the rows of conditions: as they were sent, else as they were drafted on the item."""
    drafted = item.drafted or []
    if any(name.startswith("conditions-") for name in request.form) or not drafted:
        return verdicts.rows(request.form, _rows_wanted())
    blank = dict.fromkeys(verdicts.PARTS, "")
    return [*drafted, *[blank] * (max(3, len(drafted) + 1) - len(drafted))][: verdicts.ROWS]


def _rows_wanted() -> int:
    """Return how many rows for conditions the form shows: three, and three more each time that is asked for."""
    shown = sum(f"conditions-{number}-text" in request.form for number in range(verdicts.ROWS))
    return min(verdicts.ROWS, max(3, shown + (3 if "more" in request.form else 0)))


def _people(work: UnitOfWork, screening: Screening) -> list[tuple[str, str]]:
    """Return who can own or verify a condition: the project's people first, then everybody else."""
    team = {m.user_id for m in screening.project.members if m.is_current}
    people = list(work.session.scalars(select(User).where(User.is_active).order_by(User.name)))
    return [(p.id, both_names(p)) for p in sorted(people, key=lambda p: p.id not in team)]


def _may_ask(work: UnitOfWork, item: AgendaItem, floor: Floor, frame: Mapping[str, Any]) -> bool:
    if item.state in SETTLED or item.meeting.state == "closed":
        return False
    return may(work.actor, "question:ask", standing(work, item.meeting.committee, floor.recused))


def _names(work: UnitOfWork, item: AgendaItem) -> dict[str, str]:
    """Return the names of the people in the conditions that are drafted or before the members."""
    rows = [*(item.drafted or []), *(row for each in item.motions for row in each.conditions)]
    ids = {row[part] for row in rows for part in ("owner", "verifier") if row[part]}
    return (
        {p.id: p.name_in(locale()) for p in work.session.scalars(select(User).where(User.id.in_(ids)))} if ids else {}
    )
