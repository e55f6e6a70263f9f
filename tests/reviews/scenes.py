"""Scenes for the tests of reviews: a case at each stage, a committee of seven, a meeting in session — made through the services."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from governance.reviews import committees, items, meetings, services, triage
from governance.reviews.decisions import Verdict
from governance.reviews.models import AgendaItem, Committee, CommitteeMember, Meeting, Review
from governance.reviews.rules import ConditionDraft, local_date
from governance.screenings.models import Screening
from governance.work import UnitOfWork
from tests.builders import World, answered, opened, registered, submitted
from tests.stages import staged

SEATS = {
    "chair": ("external", ["legal_ethics", "humanities"]),
    "ext1": ("external", ["lay"]),
    "ext2": ("external", ["technical"]),
    "ext3": ("external", ["medical"]),
    "int1": ("internal", ["technical"]),
    "int2": ("internal", ["quality"]),
    "int3": ("internal", ["legal_ethics"]),
}
BOARD = {"T02": "yes"}
MEDIUM = {"fairness": (3, 2)}
HIGH = {"fairness": (3, 3)}


@staged
def case(
    made: World,
    triggers: Mapping[str, str] | None = None,
    ratings: Mapping[str, tuple[int, int]] | None = None,
    answers: Mapping[str, str] | None = None,
) -> str:
    """Return a submitted screening."""
    screening_id = opened(made, registered(made))
    answered(made, screening_id, triggers, answers, ratings=ratings)
    submitted(made, screening_id)
    return screening_id


def row(work: UnitOfWork, screening_id: str) -> Screening:
    found = work.session.get(Screening, screening_id)
    assert found is not None
    return found


def state(made: World, screening_id: str) -> str:
    with made.acting("auditor", read_only=True) as work:
        return row(work, screening_id).state


def in_triage(made: World, screening_id: str, by: str = "expert") -> str:
    """Take the case for its pre-check; return the review."""
    with made.acting(by) as work:
        screening = row(work, screening_id)
        return services.take_review(work, screening, rev=screening.rev).id


@staged
def taken(made: World, screening_id: str, by: str = "expert") -> str:
    """Take the case and finish the pre-check, so that the review has begun; return it."""
    review_id = in_triage(made, screening_id, by)
    with made.acting(by) as work:
        prechecked(work, work.session.get_one(Review, review_id))
    return review_id


def prechecked(work: UnitOfWork, review: Review) -> None:
    """Settle the whole checklist and begin the review."""
    screening = review.screening
    if screening.state == "triage":
        triage.settle(work, review, {each.code: ("met", "確かめた。") for each in triage.CHECKS}, rev=screening.rev)
        triage.begin(work, review, rev=screening.rev)


@staged
def opined(made: World, screening_id: str, by: str = "expert") -> str:
    """Take the case and give the opinion on it; return the review."""
    review_id = taken(made, screening_id, by)
    with made.acting(by) as work:
        review = work.session.get(Review, review_id)
        assert review is not None
        services.give_opinion(
            work,
            review,
            rev=review.rev,
            recommendation="approved_with_conditions",
            opinion="条件を付ければ実施できる。",
        )
    return review_id


@staged
def board(made: World, rules: Mapping[str, object] | None = None) -> str:
    """Return a committee of seven under the framework's rules."""
    with made.acting("secretariat") as work:
        found = committees.create_committee(
            work,
            key="ethics",
            name="AI倫理委員会",
            name_en="AI ethics committee",
            rules={"notice_days": 7, **(rules or {})},
            rules_version="1.0",
            rules_effective_on=date(2026, 4, 1),
        )
        for name, (side, expertise) in SEATS.items():
            committees.appoint(
                work,
                found,
                made.people[name].id,
                side=side,
                expertise=expertise,
                term_from=date(2026, 4, 1),
                term_until=date(2028, 3, 31),
                is_chair=name == "chair",
            )
        return found.id


def seat(work: UnitOfWork, made: World, name: str) -> CommitteeMember:
    query = work.session.query(CommitteeMember).filter_by(user_id=made.people[name].id)
    return query.one()


@staged
def planned(made: World, committee_id: str, *screenings: str) -> tuple[str, list[str]]:
    """Plan a meeting in eight days with the cases on its agenda and send the materials."""
    with made.acting("secretariat") as work:
        committee = work.session.get(Committee, committee_id)
        assert committee is not None
        meeting = meetings.plan_meeting(
            work, committee, starts_at=made.now + timedelta(days=8), place="第2会議室", place_en="Room 2"
        )
        added = [meetings.add_item(work, meeting, row(work, each)).id for each in screenings]
        meetings.send_materials(work, meeting, rev=meeting.rev)
        return meeting.id, added


@staged
def in_session(
    made: World, meeting_id: str, present: tuple[str, ...] = ("chair", "ext1", "ext2", "int1", "int2")
) -> None:
    """Let the day come, open the meeting and record who is there."""
    made.now += timedelta(days=8)
    with made.acting("secretariat") as work:
        meeting = work.session.get(Meeting, meeting_id)
        assert meeting is not None
        meetings.open_meeting(work, meeting, rev=meeting.rev)
        for name in present:
            meetings.record_attendance(
                work, meeting, seat(work, made, name), "remote" if name == "ext2" else "in_person"
            )


def agenda_item(work: UnitOfWork, item_id: str) -> AgendaItem:
    found = work.session.get(AgendaItem, item_id)
    assert found is not None
    return found


def discussing(made: World, item_id: str) -> None:
    with made.acting("secretariat") as work:
        found = agenda_item(work, item_id)
        items.open_item(work, found, rev=found.rev)


@staged
def voting(made: World, item_id: str, motion: str = "approved_with_conditions") -> None:
    discussing(made, item_id)
    with made.acting("secretariat") as work:
        found = agenda_item(work, item_id)
        items.put_motion(
            work,
            found,
            motion,
            rev=found.rev,
            conditions=conditions(made) if motion == "approved_with_conditions" else (),
        )


def vote(made: World, item_id: str, name: str, choice: str, dissent: str = "") -> None:
    with made.acting(name) as work:
        found = agenda_item(work, item_id)
        items.cast_vote(work, found, choice, rev=found.rev, dissent=dissent)


def conditions(made: World, verifier: str = "expert2", owner: str = "owner") -> tuple[ConditionDraft, ...]:
    return (
        ConditionDraft(
            "特徴量を24時間で消去し、消去の記録を示す",
            "pre_launch",
            made.people[owner].id,
            made.people[verifier].id,
            local_date(made.now) + timedelta(days=90),
        ),
    )


def conditional(made: World, **changes: object) -> Verdict:
    values: dict[str, object] = {
        "outcome": "approved_with_conditions",
        "rationale": "用途の限定により、残る影響を許容できるため。",
        "conditions": conditions(made),
    }
    return Verdict(**(values | changes))  # type: ignore[arg-type]


def decide(made: World, item_id: str, verdict: Verdict, by: str = "chair") -> str:
    with made.acting(by) as work:
        found = agenda_item(work, item_id)
        return items.record_decision(work, found, verdict, rev=found.rev).id


@staged
def on_agenda(
    made: World, ratings: Mapping[str, tuple[int, int]] | None = None, rules: Mapping[str, object] | None = None
) -> tuple[str, str, str]:
    """Return screening, meeting and item of a case in a meeting that is open."""
    screening_id = case(made, BOARD, ratings or HIGH)
    opined(made, screening_id)
    meeting_id, (item_id,) = planned(made, board(made, rules), screening_id)
    in_session(made, meeting_id)
    return screening_id, meeting_id, item_id


@staged
def decided(made: World) -> tuple[str, str, str]:
    """Return screening, decision and meeting of a case approved with one condition, four to one."""
    screening_id, meeting_id, item_id = on_agenda(made)
    voting(made, item_id)
    for name, choice in {"chair": "for", "ext1": "against", "ext2": "for", "int1": "for", "int2": "for"}.items():
        vote(made, item_id, name, choice, dissent="掲示だけでは拒否の機会にならない。" if choice == "against" else "")
    return screening_id, decide(made, item_id, conditional(made)), meeting_id
