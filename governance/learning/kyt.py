"""KYT sessions: who may know of them, how one begins, and who takes part (domain.md §2 KYT).

What is said in the rounds is in rounds.py, how a session ends in ending.py. A session is learning: nothing of it is seen by a score.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol, TypeVar

from sqlalchemy import ColumnElement, exists, or_, select

from governance.accounts.models import User
from governance.accounts.rules import authorize, may
from governance.learning import rules
from governance.learning.models import KytParticipant, KytRecord, KytSession
from governance.learning.scenarios import find
from governance.projects.models import Project
from governance.projects.rules import next_number
from governance.projects.services import visible
from governance.refusals import NotFound, Problem, Refusal, Refusals
from governance.texts import Text
from governance.work import UnitOfWork

LEAD, WRITE = "kyt:lead", "kyt:write"
FARTHEST = timedelta(days=366)
"""How long before today a session that is written down afterwards may have been held."""


@dataclass(frozen=True)
class Plan:
    """What a session is about, when and where it is held, and who leads and writes."""

    title: str
    situation: str
    held_on: date | None
    leader_id: str
    scribe_id: str
    place: str = ""
    scenario: str = ""
    project_id: str | None = None


# ---------------------------------------------------------------- finding


def _visible(work: UnitOfWork) -> ColumnElement[bool]:
    """Return the filter for sessions the actor may know of: those of no project, of a visible one, and the own ones."""
    own = or_(
        *(column == work.actor.id for column in (KytSession.leader_id, KytSession.scribe_id, KytSession.created_by))
    )
    takes_part = exists().where(KytParticipant.session_id == KytSession.id, KytParticipant.user_id == work.actor.id)
    of_seen = exists().where(Project.id == KytSession.project_id, visible(work.actor))
    return or_(KytSession.project_id.is_(None), own, takes_part, of_seen)


def session(work: UnitOfWork, session_id: str) -> KytSession:
    """Return a session that the actor may know of; NotFound otherwise."""
    row = work.session.scalars(select(KytSession).where(KytSession.id == session_id, _visible(work))).one_or_none()
    if row is None:
        raise NotFound
    return row


def sessions(work: UnitOfWork) -> list[KytSession]:
    """Return the sessions that the actor may know of, the newest first."""
    query = select(KytSession).where(_visible(work), KytSession.state != "dropped")
    return list(work.session.scalars(query.order_by(KytSession.held_on.desc(), KytSession.number.desc())))


def may_see_project(work: UnitOfWork, row: KytSession) -> bool:
    """Say whether the actor may know of the project of a session: whoever only takes part reads no name of it."""
    if row.project_id is None:
        return False
    return work.session.scalar(select(Project.id).where(Project.id == row.project_id, visible(work.actor))) is not None


def relations_to(work: UnitOfWork, row: KytSession) -> frozenset[str]:
    """Return how the actor stands to a session."""
    found = set()
    if work.actor.id in (row.leader_id, row.scribe_id, row.created_by):
        found.add("kyt.leader")
    if any(each.user_id == work.actor.id for each in row.participants):
        found.add("kyt.participant")
    return frozenset(found)


def may_on(work: UnitOfWork, permission: str, row: KytSession) -> bool:
    """Say whether the actor may do this with the session now."""
    return row.is_running and may(work.actor, permission, relations_to(work, row))


def team_size(row: KytSession) -> int:
    """Return how many people take part, leader and scribe included."""
    return len({row.leader_id, row.scribe_id}) + len(row.participants)


def missing(row: KytSession) -> list[Problem]:
    """Return what keeps the present round from being complete."""
    return rules.missing(row.state, row.hazards, team_size(row), row.team_goal)


def record_of(work: UnitOfWork, row: KytSession) -> KytRecord | None:
    """Return the frozen record of a finished session; None while it is held."""
    return work.session.scalars(select(KytRecord).where(KytRecord.session_id == row.id)).one_or_none()


def version_of(row: KytSession, reader: str) -> str:
    """Return the version of a session as `reader` (person and language) sees it: it changes with every line, mark and person."""
    told: list[object] = [reader, row.rev, row.state, *(each.id for each in row.participants)]
    for each in row.hazards:
        told += [each.id, each.rev, *((one.id, one.rev) for one in each.measures)]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


# ---------------------------------------------------------------- begin, change, people


def begin(work: UnitOfWork, plan: Plan) -> KytSession:
    """Begin a session. Raises Refusals naming what is missing; NotFound for a project the actor may not see."""
    authorize(work.actor, "kyt:open")
    Refusals.raise_any(_wrong(work, plan))
    if plan.project_id and not work.session.scalar(
        select(Project.id).where(Project.id == plan.project_id, visible(work.actor))
    ):
        raise NotFound
    found, year = find(plan.scenario), work.now.year
    taken = work.session.scalars(select(KytSession.number).where(KytSession.number.like(f"KYT-{year}-%")))
    row = KytSession(
        number=next_number(year, taken, "KYT"),
        project_id=plan.project_id or None,
        scenario=plan.scenario if found else "",
        created_by=work.actor.id,
        created_at=work.now,
        state="r1",
    )
    _write(row, plan)
    work.session.add(row)
    work.session.flush()
    record(work, row, "KytOpened", None)
    return row


def change(work: UnitOfWork, row: KytSession, plan: Plan, *, rev: int) -> None:
    """Change what a session says about itself while it is held; scenario and project stay."""
    lead(work, row, rev)
    Refusals.raise_any(_wrong(work, plan))
    if any(each.user_id in (plan.leader_id, plan.scribe_id) for each in row.participants):
        raise _twice("leader_id")
    _write(row, plan)
    work.session.flush()


def _write(row: KytSession, plan: Plan) -> None:
    row.title, row.situation = plan.title.strip(), plan.situation.strip()
    found = find(row.scenario)
    is_ready = found is not None and row.title in (found.title.ja, found.title.en)
    row.title, row.title_en = (found.title.ja, found.title.en) if found and is_ready else (row.title, "")
    is_told = found is not None and " ".join(row.situation.split()) in {
        " ".join(found.situation.in_(side).split()) for side in ("ja", "en")
    }
    row.situation, row.situation_en = (
        (found.situation.ja, found.situation.en) if found and is_told else (row.situation, "")
    )
    assert plan.held_on is not None
    row.held_on, row.place = plan.held_on, plan.place.strip()
    row.leader_id, row.scribe_id = plan.leader_id, plan.scribe_id


def add_person(work: UnitOfWork, row: KytSession, *, user_id: str = "", name: str = "") -> KytParticipant:
    """Add a participant: somebody with an account, or a guest by name. Raises Refusal for whoever takes part already."""
    write_in(work, row)
    name = name.strip()
    if bool(user_id) == bool(name):
        raise refusal(
            "person",
            "利用者を選ぶか、氏名を入力してください（どちらか一方）。",
            "Choose a person or write a name, not both.",
        )
    if user_id and not _is_active(work, user_id):
        raise refusal("person", "利用者を選んでください。", "Choose a person.")
    folded = "".join(name.split()).casefold()
    if user_id in (row.leader_id, row.scribe_id) or any(
        (user_id and each.user_id == user_id) or (folded and "".join(each.name.split()).casefold() == folded)
        for each in row.participants
    ):
        raise _twice("person")
    if team_size(row) >= rules.MOST_PEOPLE or len(name) > rules.MOST_LINE:
        raise refusal("person", f"{rules.MOST_PEOPLE}人までです。", f"At most {rules.MOST_PEOPLE} people.")
    made = KytParticipant(position=following(row.participants), user_id=user_id or None, name=name)
    row.participants.append(made)
    work.session.flush()
    return made


def remove_person(work: UnitOfWork, row: KytSession, participant_id: str) -> None:
    """Take a participant out who was not there."""
    write_in(work, row)
    row.participants.remove(one_of(row.participants, participant_id))
    work.session.flush()


# ---------------------------------------------------------------- shared with the acts of the rounds


def lead(work: UnitOfWork, row: KytSession, rev: int) -> None:
    """Refuse whoever does not lead the session, a stale form, and a session that is settled."""
    authorize(work.actor, LEAD, relations_to(work, row))
    work.session.refresh(row, with_for_update=True)
    work.expect(row, rev)
    _must_run(row)


def may_lead(work: UnitOfWork, row: KytSession) -> None:
    """Refuse whoever does not lead the session, and a session that is settled."""
    authorize(work.actor, LEAD, relations_to(work, row))
    _must_run(row)


def write_in(work: UnitOfWork, row: KytSession) -> None:
    """Refuse whoever takes no part in the session, and a session that is settled; hold it, so that it is not finished meanwhile."""
    authorize(work.actor, WRITE, relations_to(work, row))
    work.session.refresh(row, with_for_update=True)
    _must_run(row)


def _must_run(row: KytSession) -> None:
    if row.state == "finished":
        raise Refusal(
            "learning.finished",
            "このKYTは終了し、記録は確定しています。内容は変えられません。",
            "This session is finished and its record is frozen; nothing can be changed.",
        )
    if row.state == "dropped":
        raise Refusal("learning.dropped", "このKYTは中止されました。", "This session was dropped.")


def wrong_line(text: str, place: str) -> list[Problem]:
    """Return what is wrong with one line of a session."""
    if not text.strip():
        return [Problem(f"learning.{place}", Text("入力してください。", "Write something."), place)]
    if len(text.strip()) > rules.MOST_LINE:
        words = Text("{n}文字以内で書いてください。", "Use at most {n} characters.").filled(n=rules.MOST_LINE)
        return [Problem(f"learning.{place}", words, place)]
    return []


def refusal(place: str, ja: str, en: str) -> Refusal:
    """Return a refusal beside a field."""
    return Refusal(f"learning.{place}", ja, en, place=place)


def following(rows: Sequence[Placed]) -> int:
    """Return the place after the last of these rows."""
    return 1 + max((each.position for each in rows), default=0)


class Placed(Protocol):
    """A row with an identifier and a place."""

    id: str
    position: int


RowT = TypeVar("RowT", bound=Placed)


def one_of(rows: Sequence[RowT], id: str) -> RowT:
    """Return the row with this identifier; NotFound when it is not among them."""
    found = next((each for each in rows if each.id == id), None)
    if found is None:
        raise NotFound
    return found


def record(work: UnitOfWork, row: KytSession, act: str, rev: int | None, **private: str) -> None:
    """Write an entry of the ledger about a session."""
    work.record(
        act,
        subject=("kyt", row.id),
        project=row.project_id,
        rev=(rev, row.rev),
        codes={"number": row.number, "state": row.state, "scenario": row.scenario},
        private={name: text for name, text in private.items() if text},
        row=row,
    )


def _wrong(work: UnitOfWork, plan: Plan) -> list[Problem]:
    found = wrong_line(plan.title, "title")
    if not plan.situation.strip():
        found.append(_problem("situation", "場面を書いてください。", "Describe the situation."))
    if len(plan.situation) > rules.MOST_SITUATION:
        words = f"{rules.MOST_SITUATION}文字以内で書いてください。", f"Use at most {rules.MOST_SITUATION} characters."
        found.append(_problem("situation", *words))
    if plan.place.strip():
        found += wrong_line(plan.place, "place")
    found += _wrong_day(plan.held_on, rules.local_date(work.now))
    for name, ja, en in (("leader_id", "進行役", "leader"), ("scribe_id", "書記", "scribe")):
        if not _is_active(work, getattr(plan, name)):
            found.append(_problem(name, f"{ja}を選んでください。", f"Choose the {en}."))
    return found


def _wrong_day(held_on: date | None, today: date) -> list[Problem]:
    if held_on is None:
        return [_problem("held_on", "実施日を入力してください。", "Enter the day.")]
    if held_on > today:
        words = (
            "まだ来ていない日付です。KYTは、実施する日に始めてください。",
            "This date is still to come; begin on the day itself.",
        )
        return [_problem("held_on", *words)]
    if held_on < today - FARTHEST:
        return [_problem("held_on", "1年より前の日付です。", "This is more than a year ago.")]
    return []


def _is_active(work: UnitOfWork, user_id: str) -> bool:
    return work.session.scalar(select(User.id).where(User.id == user_id, User.is_active)) is not None


def _twice(place: str) -> Refusal:
    return refusal(place, "この人は、すでに参加しています。", "This person takes part already.")


def _problem(place: str, ja: str, en: str) -> Problem:
    return Problem(f"learning.{place}", Text(ja, en), place)
