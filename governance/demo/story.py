"""The demonstration as a story: everything the written content says, as acts of people in the order in which they happened.

The ledger keeps the order of acts, so they must be played by time and never project by project. Days at the weekend move to the
Friday before, in the same order; teams and reviewers act in the morning, committees meet in the afternoon; today's meeting began
some minutes before now.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from governance.demo.cases import Case, Decided, Event, Filling, Resubmitted
from governance.demo.content import Content
from governance.demo.doings import Doing, Doings
from governance.demo.learning import Learning
from governance.demo.meetings import Circulated, Item, Session
from governance.demo.written import Condition

STARTED_AGO = timedelta(minutes=55)
"""How long ago the meeting began that is open now."""

SYSTEM = "system"
_PLACE = re.compile(r"\{(-?\d+)\}")
_MORNING = 9 * 60 + 5
_EVENING = 18 * 60
_ROUND = 11
_STEP = timedelta(seconds=40)
LOOKS = (-2,)
"""Days on which the daily jobs are played; others would leave the same reminders."""


@dataclass(frozen=True)
class Act:
    """One act: when, by whom (key of a person), what (name of a scene of the builder) and on what."""

    at: datetime
    actor: str
    name: str
    what: tuple[object, ...] = ()


@dataclass(frozen=True)
class Calendar:
    """Turns the day offsets of the content into days and moments as seen from `now` (aware)."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The day of building."""
        return self.now.astimezone(self.zone).date()

    def day(self, offset: int) -> date:
        """Return the working day of an offset: a day at the weekend moves to Friday. Today stays today."""
        return self._working(self.today + timedelta(days=offset))

    def _working(self, day: date) -> date:
        return day - timedelta(days=max(0, day.weekday() - 4)) if day != self.today else day

    def moment(self, offset: int, minutes: int) -> datetime:
        """Return the moment `minutes` after midnight of a day as it stands in the story, at a weekend too."""
        return datetime.combine(self.today + timedelta(days=offset), time(), self.zone) + timedelta(minutes=minutes)

    def date_of(self, moment: datetime) -> date:
        """Return the day of a moment where the story takes place."""
        return moment.astimezone(self.zone).date()

    def settled(self, moment: datetime) -> datetime:
        """Return the moment with its day moved to a working day."""
        day = moment.astimezone(self.zone).date()
        return moment - (day - self._working(day))

    def text(self, written: str, language: str = "ja") -> str:
        """Return the text with each `{-12}` written out as a date."""
        def shown(place: re.Match[str]) -> str:
            day = self.day(int(place[1]))
            return f"{day.month}月{day.day}日" if language == "ja" else f"{day.day} {day:%B %Y}"

        return _PLACE.sub(shown, written)


def acts(content: Content, calendar: Calendar) -> list[Act]:
    """Return every act of the story in order of time, each at least some seconds after the one before."""
    found = [*_opening(content, calendar)]
    chair = next(seat.person for seat in content.committee.members if seat.is_chair)
    for number, case in enumerate(content.cases):
        found += _case(case, calendar, _MORNING + 5 * number)
    for session in content.meetings:
        found += _session(session, calendar, secretary(content), chair)
    for one in content.circulations:
        found += _circulation(one, calendar, secretary(content))
    for about in content.doings:
        found += (_doing(about, one, calendar) for one in about.doings)
    found += _learning(content.learning, calendar, secretary(content))
    found += (Act(calendar.moment(each.day, _EVENING), each.person, "read_notices") for each in content.readings)
    found += (Act(calendar.moment(day, _EVENING - 60), SYSTEM, "look", (calendar.day(day),)) for day in LOOKS)
    found.sort(key=lambda act: act.at)
    played: list[Act] = []
    for act in found:
        at = calendar.settled(act.at)
        at = max(at, played[-1].at + _STEP) if played else at
        played.append(Act(at, act.actor, act.name, act.what))
    return played


def _opening(content: Content, calendar: Calendar) -> Iterator[Act]:
    first = content.committee.created
    yield Act(calendar.moment(first - 2, 9 * 60), SYSTEM, "publish")
    yield Act(calendar.moment(first - 1, 9 * 60), SYSTEM, "welcome", (content.people,))
    yield Act(calendar.moment(first, 9 * 60), secretary(content), "found", (content.committee,))
    for rules in content.committee.rules:
        yield Act(calendar.moment(rules.day, 9 * 60 + 30), secretary(content), "adopt", (content.committee, rules))


def _learning(content: Learning, calendar: Calendar, secretary: str) -> Iterator[Act]:
    for course in content.courses:
        for number, terms in enumerate(course.terms):
            yield Act(calendar.moment(terms.day, 8 * 60 + 40), secretary, "teach", (course, terms, number == 0))
        for each in course.attended:
            for by in [secretary] if each.source == "class" else each.people:
                yield Act(calendar.moment(each.day, 17 * 60 + 20), by, "attend_course", (course, each))
    for one in content.sessions:
        hour, minute = map(int, one.time.split(":"))
        for number in range(1, 5):
            yield Act(calendar.moment(one.day, 60 * hour + minute + _ROUND * number), one.leader, "foresee", (one, number))
        if one.carry is not None:
            yield Act(calendar.moment(one.carry.day, 11 * 60 + 40), one.carry.by, "carry", (one,))


def secretary(content: Content) -> str:
    """Return who plans and runs the meetings."""
    return next(person.key for person in content.people if "secretariat" in person.roles)


def _case(case: Case, calendar: Calendar, minutes: int) -> Iterator[Act]:
    yield Act(calendar.moment(case.registered, minutes), case.owner, "register", (case,))
    for member in case.members:
        yield Act(calendar.moment(member.from_, minutes), case.owner, "join", (case, member.person, "member"))
        if member.until is not None:
            yield Act(calendar.moment(member.until, minutes), case.owner, "leave", (case, member.person))
    yield Act(calendar.moment(case.registered, minutes + 5), case.owner, "join", (case, case.approver, "approver"))
    for filling in case.screenings:
        yield from _filling(case, filling, calendar, minutes)


def _filling(case: Case, filling: Filling, calendar: Calendar, minutes: int) -> Iterator[Act]:
    helper = case.members[0].person if case.members else case.owner
    until = filling.submitted if filling.submitted is not None else min(filling.opened + 6, -1)
    third = (until - filling.opened) // 3
    on = (case, filling)
    yield Act(calendar.moment(filling.opened, minutes), case.owner, "open", on)
    yield Act(calendar.moment(filling.opened, minutes + 12), case.owner, "sort_out", on)
    if not filling.ratings:
        return
    yield Act(calendar.moment(filling.opened + third, minutes), helper, "rate", on)
    yield Act(calendar.moment(filling.opened + third, minutes + 40), helper, "answer", (*on, 0))
    yield Act(calendar.moment(filling.opened + 2 * third, minutes), case.owner, "answer", (*on, 1))
    if filling.submitted is not None:
        yield Act(calendar.moment(filling.submitted, minutes), case.owner, "submit", on)
    for number, event in enumerate(filling.events):
        at = calendar.moment(event.day, minutes + 60 + 2 * number)
        yield Act(at, _actor(case, event), event.act, (*on, event))
        if isinstance(event, Decided):
            yield from _followed(case.key, filling.phase, event.conditions, calendar)


def _doing(about: Doings, one: Doing, calendar: Calendar) -> Act:
    hour, minute = map(int, one.time.split(":"))
    return Act(calendar.moment(one.day, 60 * hour + minute), one.by, one.act, (about, one))


def _actor(case: Case, event: Event) -> str:
    return case.owner if isinstance(event, Resubmitted) else event.by


def _followed(project: str, phase: str, conditions: list[Condition], calendar: Calendar) -> Iterator[Act]:
    for number, condition in enumerate(conditions, 1):
        on = (project, phase, number)
        if condition.reported:
            yield Act(calendar.moment(condition.reported.day, 12 * 60 + 15), condition.owner, "report", (*on, condition.reported))
        if condition.rejected:
            yield Act(calendar.moment(condition.rejected.day, 12 * 60 + 20), condition.verifier, "reject", (*on, condition.rejected))
        if condition.verified:
            yield Act(calendar.moment(condition.verified.day, 12 * 60 + 25), condition.verifier, "verify", (*on, condition.verified))


def _session(session: Session, calendar: Calendar, secretary: str, chair: str) -> Iterator[Act]:
    start = starts_at(session, calendar)
    yield Act(calendar.moment(session.planned, 10 * 60), secretary, "plan", (session, calendar.settled(start)))
    for number, item in enumerate(session.items):
        name = "propose" if item.waives else "add_item"
        yield Act(calendar.moment(session.materials_sent, 10 * 60 + number), secretary, name, (session, item))
    yield Act(calendar.moment(session.materials_sent, 11 * 60), secretary, "send", (session,))
    yield Act(start, secretary, "open_meeting", (session,))
    yield Act(start + timedelta(minutes=2), secretary, "attend", (session,))
    at = start + timedelta(minutes=5)
    for item in session.items:
        if item.votes or item.deferral:
            yield from _item(session, item, at, secretary, chair)
            at += timedelta(minutes=50)
        yield from _followed(item.project, item.phase, item.conditions, calendar)
        if item.above is not None:
            yield Act(calendar.moment(item.above.day, 15 * 60), item.above.by, "decide_above", (session, item))
    if session.time:
        yield Act(at, secretary, "close", (session,))
        yield Act(calendar.moment(session.day + 2, 10 * 60), secretary, "write_minutes", (session,))
        yield Act(calendar.moment(session.day + 4, 10 * 60), secretary, "approve_minutes", (session, "secretary"))
        yield Act(calendar.moment(session.day + 4, 11 * 60), chair, "approve_minutes", (session, "chair"))


def starts_at(session: Session, calendar: Calendar) -> datetime:
    """Return when a meeting begins in the story: its clock time, or some minutes before now for the one that is open."""
    if session.time:
        hour, minute = map(int, session.time.split(":"))
        return calendar.moment(session.day, 60 * hour + minute)
    start = calendar.now - STARTED_AGO
    return start.replace(minute=start.minute - start.minute % 5, second=0, microsecond=0)


def _item(session: Session, item: Item, at: datetime, secretary: str, chair: str) -> Iterator[Act]:
    on = (session, item)

    def after(minutes: int) -> datetime:
        return at + timedelta(minutes=minutes)

    yield Act(after(0), secretary, "open_item", on)
    for absence in item.recusals:
        yield Act(after(1), absence.person, "recuse", (*on, absence))
    if item.issues:
        yield Act(after(28), secretary, "note", on)
    if item.deferral:
        yield Act(after(30), secretary, "defer", on)
    if item.votes:
        yield Act(after(32), secretary, "move_waiver" if item.waives else "move", on)
        yield from (Act(after(34), voter, "vote", (*on, voter, choice)) for voter, choice in item.votes.ballots())
    if item.rationale:
        yield Act(after(44), chair, "waive" if item.waives else "decide", on)


def _circulation(one: Circulated, calendar: Calendar, secretary: str) -> Iterator[Act]:
    yield Act(calendar.moment(one.day, 13 * 60 + 30), secretary, "circulate", (one,))
    for number, each in enumerate(one.answers):
        yield Act(calendar.moment(each.day, 16 * 60 + number), each.person, "answer_circulation", (one, each))
    yield from _followed(one.project, one.phase, one.conditions, calendar)
