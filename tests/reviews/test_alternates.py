"""Alternates: appointed for a seat, counted and voting only while that member is absent, and never both (domain.md §6.3)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from governance.refusals import Refusal, Refusals
from governance.reviews import committees, items, meetings
from governance.reviews.committee import DEFAULT_RULES, Member, composition
from governance.reviews.models import CommitteeMember, Meeting
from governance.reviews.quorum import Ballot, Presence, eligible_to_vote, lawful, quorum, tally
from tests.builders import TODAY, World
from tests.reviews import scenes
from tests.reviews.scenes import BOARD, HIGH, agenda_item, board, case, in_session, opined, planned, seat, vote, voting

SINCE = date(2026, 4, 1)
AT = TODAY + timedelta(hours=2)


def member(id: str, side: str = "external", *expertise: str, alternate_of: str | None = None) -> Member:
    return Member(id, f"u-{id}", side, frozenset(expertise or ("lay",)), SINCE, None, alternate_of)


FIVE = [
    member("a", "external", "lay"),
    member("b", "external", "technical"),
    member("c", "external", "legal_ethics"),
    member("d", "internal", "technical"),
    member("e", "internal", "technical"),
]
ALTERNATE = member("x", "external", "technical", alternate_of="a")
WITH = [*FIVE, ALTERNATE]


def here(*ids: str) -> list[Presence]:
    return [Presence(id, "in_person", TODAY) for id in ids]


def test_an_alternate_adds_nobody_to_the_committee() -> None:
    assert composition(WITH, DEFAULT_RULES, AT.date()) == composition(FIVE, DEFAULT_RULES, AT.date())


def test_an_alternate_counts_while_the_member_is_absent() -> None:
    count = quorum(WITH, here("x", "b", "d"), (), DEFAULT_RULES, AT)
    assert (count.appointed, count.eligible, count.present, count.present_external) == (5, 5, 3, 2)
    assert count.present_ids == {"x", "b", "d"}
    assert count.lay == 0  # the expertise of whoever is there counts


def test_an_alternate_beside_the_member_is_not_counted() -> None:
    count = quorum(WITH, here("a", "x", "b"), (), DEFAULT_RULES, AT)
    assert (count.present, count.present_ids) == (2, {"a", "b"})


def test_an_alternate_does_not_stand_in_for_a_member_who_stepped_back() -> None:
    count = quorum(WITH, here("x", "b", "d"), {"a"}, DEFAULT_RULES, AT)
    assert (count.eligible, count.present) == (4, 2)


def test_an_alternate_who_stepped_back_leaves_the_seat_absent() -> None:
    count = quorum(WITH, here("x", "b", "d"), {"x"}, DEFAULT_RULES, AT)
    assert (count.eligible, count.present) == (5, 2)


def test_an_alternate_of_a_seat_whose_term_is_over_is_not_counted() -> None:
    gone = Member("a", "u-a", "external", frozenset({"lay"}), SINCE, AT.date() - timedelta(days=1))
    there = [*FIVE[1:], gone, ALTERNATE]
    assert quorum(there, here("x", "b"), (), DEFAULT_RULES, AT).present == 1
    barred = eligible_to_vote(ALTERNATE, here("x"), (), DEFAULT_RULES, AT, members=there)
    assert barred is not None
    assert barred.code == "reviews.alternate_seat"


@pytest.mark.parametrize(
    ("present", "recused", "code"),
    [
        (("x", "b"), (), None),
        (("x", "a"), (), "reviews.alternate_not_needed"),
        (("x",), ("a",), "reviews.alternate_seat"),
        (("b",), (), "reviews.absent"),
    ],
)
def test_when_an_alternate_may_vote(present: tuple[str, ...], recused: tuple[str, ...], code: str | None) -> None:
    barred = eligible_to_vote(ALTERNATE, here(*present), recused, DEFAULT_RULES, AT, members=WITH)
    assert (barred.code if barred else None) == code


def test_a_seat_has_one_vote_whoever_casts_it() -> None:
    early, late = TODAY + timedelta(minutes=10), TODAY + timedelta(minutes=40)
    spells = [
        Presence("x", "in_person", TODAY, TODAY + timedelta(minutes=20)),
        Presence("a", "in_person", TODAY + timedelta(minutes=20)),
        *here("b", "d"),
    ]
    votes = [
        Ballot("x", "for", early),
        Ballot("a", "against", late),
        Ballot("b", "for", late),
        Ballot("d", "for", late),
    ]
    kept = lawful(votes, WITH, spells, (), DEFAULT_RULES)
    assert {(b.member_id, b.choice) for b in kept} == {("x", "for"), ("b", "for"), ("d", "for")}
    count = quorum(WITH, spells, (), DEFAULT_RULES, AT)
    result = tally(kept, count, DEFAULT_RULES)
    assert (result.votes_for, result.against, result.present, result.complete) == (3, 0, 3, True)


def stand_in(made: World, committee_id: str, name: str, of: str, **changes: object) -> str:
    with made.acting("secretariat") as work:
        row = committees.committee(work, committee_id)
        values: dict[str, object] = {"side": "external", "expertise": ["lay"], "term_from": SINCE}
        given = values | changes
        return committees.appoint(
            work,
            row,
            made.people[name].id,
            alternate_of=seat(work, made, of),
            **given,  # type: ignore[arg-type]
        ).id


@pytest.mark.parametrize(
    ("name", "of", "changes", "code"),
    [
        ("legal", "ext1", {"side": "internal"}, "alternate_side"),
        ("legal", "ext1", {"is_chair": True, "term_from": date(2028, 4, 1)}, "alternate_seat"),
        ("ext2", "ext1", {}, "seated"),
    ],
)
def test_an_unfit_alternate_is_refused(made: World, name: str, of: str, changes: dict[str, object], code: str) -> None:
    committee_id = board(made)
    with pytest.raises(Refusal, match=code):
        stand_in(made, committee_id, name, of, **changes)


def test_a_seat_has_one_alternate_and_an_alternate_none(made: World) -> None:
    committee_id = board(made)
    stand_in(made, committee_id, "legal", "ext1")
    with pytest.raises(Refusal, match="alternate_taken"):
        stand_in(made, committee_id, "expert2", "ext1")
    with pytest.raises(Refusal, match="alternate_seat"):
        stand_in(made, committee_id, "expert2", "legal")


def with_alternate(made: World, present: tuple[str, ...]) -> tuple[str, str]:
    """Return meeting and item of an open meeting in which `legal` may stand in for ext1."""
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    committee_id = board(made)
    stand_in(made, committee_id, "legal", "ext1")
    meeting_id, (item_id,) = planned(made, committee_id, screening_id)
    in_session(made, meeting_id, present)
    return meeting_id, item_id


def arrive(made: World, meeting_id: str, name: str) -> None:
    with made.acting("secretariat") as work:
        row: Meeting = work.session.get_one(Meeting, meeting_id)
        held: CommitteeMember = seat(work, made, name)
        meetings.record_attendance(work, row, held, "in_person")


def present(made: World, item_id: str) -> set[str]:
    with made.acting("auditor", read_only=True) as work:
        count = items.count_of(work, agenda_item(work, item_id))
        people = {each.id: each.user_id for each in agenda_item(work, item_id).meeting.committee.members}
        names = {person.id: name for name, person in made.people.items()}
        return {names[people[id]] for id in count.present_ids}


def test_the_alternate_is_not_recorded_beside_the_member(made: World) -> None:
    meeting_id, _ = with_alternate(made, ("chair", "ext1", "ext2", "int1", "int2"))
    with pytest.raises(Refusal, match="alternate_not_needed"):
        arrive(made, meeting_id, "legal")


def test_the_alternate_leaves_when_the_member_comes_and_the_seat_votes_once(made: World) -> None:
    meeting_id, item_id = with_alternate(made, ("chair", "ext2", "int1", "ext3", "legal"))
    assert present(made, item_id) == {"chair", "ext2", "int1", "ext3", "legal"}
    voting(made, item_id)
    vote(made, item_id, "legal", "for")
    arrive(made, meeting_id, "ext1")
    assert present(made, item_id) == {"chair", "ext2", "int1", "ext3", "ext1"}
    with pytest.raises(Refusal, match="seat_voted"):
        vote(made, item_id, "ext1", "against")
    for name in ("chair", "ext2", "int1", "ext3"):
        vote(made, item_id, name, "for")
    scenes.decide(made, item_id, scenes.conditional(made))


def test_an_alternate_does_not_vote_once_the_member_is_there(made: World) -> None:
    meeting_id, item_id = with_alternate(made, ("chair", "ext2", "int1", "ext3", "legal"))
    voting(made, item_id)
    arrive(made, meeting_id, "ext1")
    with pytest.raises((Refusal, Refusals), match="alternate_not_needed"):
        vote(made, item_id, "legal", "for")
