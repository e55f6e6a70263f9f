"""Committee rules: decision tables of domain.md §6.3 and properties that must hold for every committee (assurance.md T4, T5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.refusals import Refusals
from governance.reviews.committee import (
    CommitteeRules,
    Member,
    Ties,
    committee_rules,
    composition,
    more_than,
    notice,
    sessions,
    suggested_conflicts,
)
from governance.reviews.quorum import (
    Ballot,
    Presence,
    Quorum,
    as_record,
    eligible_to_vote,
    lawful,
    quorum,
    tally,
    votes_digest,
)

RULES = CommitteeRules()
START = datetime(2026, 11, 20, 4, 30, tzinfo=UTC)
LATER = START + timedelta(minutes=30)
TODAY = date(2026, 11, 20)


def seat(
    key: str,
    side: str = "external",
    *expertise: str,
    since: date = date(2026, 4, 1),
    until: date | None = date(2028, 3, 31),
) -> Member:
    return Member(key, f"user-{key}", side, frozenset(expertise), since, until)


# the committee of the meeting page: four external, three internal members
SEVEN = [
    seat("takahashi", "external", "legal_ethics", "humanities"),
    seat("watanabe", "external", "lay"),
    seat("ito", "external", "technical"),
    seat("kato", "external", "medical"),
    seat("nakamura", "internal", "technical"),
    seat("kobayashi", "internal", "quality"),
    seat("yoshida", "internal", "mobility"),
]


def there(*keys: str, mode: str = "in_person", left: datetime | None = None) -> list[Presence]:
    return [Presence(key, mode, START, left) for key in keys]


FIVE = there("takahashi", "watanabe", "ito", "nakamura", "kobayashi")


def ballots(**choices: str) -> list[Ballot]:
    return [Ballot(key, choice, LATER) for key, choice in choices.items()]


def checks(count: Quorum) -> dict[str, bool]:
    return {check.code: check.met for check in count.checks}


def test_the_worked_example_of_the_meeting_page() -> None:
    count = quorum(SEVEN, FIVE, {"yoshida"}, RULES, LATER)
    assert (count.appointed, count.recused, count.eligible, count.need, count.present) == (7, 1, 6, 4, 5)
    assert (count.present_external, count.present_internal, count.lay) == (3, 2, 2)
    assert count.met
    assert "任命7名 − 退席1名 ＝ 6名" in count.checks[0].arithmetic.ja
    assert "more than 1/2 of 6 is 4; 5 present" in count.checks[0].arithmetic.en
    result = tally(
        ballots(takahashi="for", watanabe="against", ito="for", nakamura="for", kobayashi="for"), count, RULES
    )
    assert (result.votes_for, result.against, result.abstain, result.need_for) == (4, 1, 0, 3)
    assert result.carried
    assert result.complete
    assert not result.unanimous


@pytest.mark.parametrize(("whole", "need"), [(0, 1), (1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4), (7, 4)])
def test_more_than_half_is_exclusive(whole: int, need: int) -> None:
    assert more_than(Fraction(1, 2), whole) == need


def test_two_thirds_of_nine_needs_seven() -> None:
    assert more_than(Fraction(2, 3), 9) == 7


def test_half_of_the_eligible_is_no_quorum() -> None:
    members = [seat(str(n), "external", "lay") for n in range(6)]
    assert checks(quorum(members, there("0", "1", "2"), set(), RULES, LATER))["quorum"] is False
    assert checks(quorum(members, there("0", "1", "2", "3"), set(), RULES, LATER))["quorum"] is True


def test_recused_members_leave_numerator_and_denominator() -> None:
    count = quorum(SEVEN, there(*(m.id for m in SEVEN)), {"kato", "yoshida"}, RULES, LATER)
    assert (count.eligible, count.need, count.present) == (5, 3, 5)


def test_leaving_changes_the_count_from_that_moment() -> None:
    gone = there("takahashi", "watanabe", "nakamura", "kobayashi") + there("ito", left=LATER)
    assert quorum(SEVEN, gone, {"yoshida"}, RULES, LATER - timedelta(seconds=1)).met
    after = quorum(SEVEN, gone, {"yoshida"}, RULES, LATER)
    assert after.present == 4
    assert checks(after) == {"quorum": True, "external_majority": False, "lay": True}


def test_arriving_late_counts_from_that_moment_and_returning_counts_again() -> None:
    spells = [Presence("ito", "in_person", START, LATER), Presence("ito", "in_person", LATER + timedelta(minutes=10))]
    seen = [quorum(SEVEN, spells, set(), RULES, START + timedelta(minutes=m)).present for m in (-1, 0, 29, 30, 39, 40)]
    assert seen == [0, 1, 1, 0, 0, 1]


@pytest.mark.parametrize(("counts", "present"), [(True, 1), (False, 0)])
def test_remote_attendance_counts_if_the_rules_say_so(counts: bool, present: int) -> None:
    rules = replace(RULES, remote_counts=counts)
    spells = there("ito", mode="remote")
    assert quorum(SEVEN, spells, set(), rules, LATER).present == present
    assert (eligible_to_vote(SEVEN[2], spells, set(), rules, LATER) is None) is counts


@pytest.mark.parametrize(
    ("since", "until", "counted"),
    [
        (date(2026, 11, 20), None, True),
        (date(2026, 11, 21), None, False),
        (date(2024, 4, 1), date(2026, 11, 20), True),
        (date(2024, 4, 1), date(2026, 11, 19), False),
    ],
)
def test_a_term_counts_from_its_first_to_its_last_day(since: date, until: date | None, counted: bool) -> None:
    member = seat("new", "external", "lay", since=since, until=until)
    count = quorum([member], there("new"), set(), RULES, LATER)
    assert (count.appointed, count.present) == ((1, 1) if counted else (0, 0))
    assert (eligible_to_vote(member, there("new"), set(), RULES, LATER) is None) is counted


def test_as_many_internal_as_external_members_are_no_external_majority() -> None:
    spells = there("takahashi", "watanabe", "nakamura", "kobayashi")
    assert checks(quorum(SEVEN, spells, {"yoshida"}, RULES, LATER))["external_majority"] is False
    relaxed = replace(RULES, external_majority_present=False)
    assert quorum(SEVEN, spells, {"yoshida"}, relaxed, LATER).met


def test_without_a_lay_or_humanities_member_there_is_no_quorum() -> None:
    spells = there("ito", "kato", "nakamura", "kobayashi")
    assert checks(quorum(SEVEN, spells, {"yoshida"}, RULES, LATER))["lay"] is False
    assert "lay" not in checks(quorum(SEVEN, spells, {"yoshida"}, replace(RULES, lay_present=0), LATER))


def test_an_empty_committee_has_no_quorum() -> None:
    assert not quorum([], [], set(), CommitteeRules(external_majority_present=False, lay_present=0), LATER).met


@pytest.mark.parametrize(
    ("votes", "carried", "tied"),
    [
        ({"takahashi": "for", "watanabe": "for", "ito": "for"}, True, False),
        ({"takahashi": "for", "watanabe": "for"}, False, False),
        (
            {"takahashi": "for", "watanabe": "for", "ito": "abstain", "nakamura": "abstain", "kobayashi": "abstain"},
            False,
            False,
        ),
        (
            {"takahashi": "for", "watanabe": "for", "ito": "against", "nakamura": "against", "kobayashi": "abstain"},
            False,
            True,
        ),
        ({"takahashi": "for", "watanabe": "against", "ito": "against", "nakamura": "against"}, False, False),
        ({}, False, False),
    ],
)
def test_abstainers_are_present_but_not_for(votes: dict[str, str], carried: bool, tied: bool) -> None:
    result = tally(ballots(**votes), quorum(SEVEN, FIVE, {"yoshida"}, RULES, LATER), RULES)
    assert (result.carried, result.tied, result.need_for) == (carried, tied, 3)


def test_a_tie_of_all_present_decides_nothing() -> None:
    count = quorum(SEVEN, [*FIVE, *there("kato")], {"yoshida"}, RULES, LATER)
    votes = ballots(takahashi="for", watanabe="for", ito="for", kato="against", nakamura="against", kobayashi="against")
    result = tally(votes, count, RULES)
    assert result.tied
    assert result.complete
    assert not result.carried


def test_nothing_is_carried_without_quorum() -> None:
    spells = there("takahashi", "watanabe", "ito")
    result = tally(
        ballots(takahashi="for", watanabe="for", ito="for"), quorum(SEVEN, spells, {"yoshida"}, RULES, LATER), RULES
    )
    assert result.votes_for == 3
    assert not result.carried


def test_who_leaves_after_voting_has_voted() -> None:
    left = there("takahashi", "ito", "nakamura", "kobayashi") + there("watanabe", left=LATER + timedelta(minutes=5))
    cast = ballots(takahashi="for", watanabe="against", ito="for", nakamura="against", kobayashi="abstain")
    end = LATER + timedelta(minutes=10)
    count = quorum(SEVEN, left, set(), replace(RULES, external_majority_present=False), end)
    result = tally(lawful(cast, SEVEN, left, set(), RULES), count, RULES)
    assert (count.present, result.present, result.against) == (4, 5, 2)
    assert not result.carried


def test_a_recusal_after_the_vote_takes_the_vote_away() -> None:
    cast = ballots(takahashi="for", watanabe="for", ito="for")
    kept = lawful(cast, SEVEN, FIVE, {"ito"}, RULES)
    assert {ballot.member_id for ballot in kept} == {"takahashi", "watanabe"}
    assert tally(cast, quorum(SEVEN, FIVE, {"ito"}, RULES, LATER), RULES).votes_for == 2


def test_a_second_vote_of_the_same_member_does_not_count() -> None:
    twice = [Ballot("ito", "against", LATER), Ballot("ito", "for", LATER + timedelta(seconds=1))]
    assert [b.choice for b in lawful(twice, SEVEN, FIVE, set(), RULES)] == ["against"]


def test_a_stranger_has_no_vote() -> None:
    assert lawful(ballots(nobody="for"), SEVEN, there("nobody"), set(), RULES) == []


FLAGS = ("team", "former", "approvers", "authors", "department", "recused", "absent", "ended", "early")


@pytest.mark.parametrize("flags", list(product([False, True], repeat=len(FLAGS))))
def test_every_combination_of_flags_gives_the_right_to_vote_only_to_the_unbound(flags: tuple[bool, ...]) -> None:
    on = {name for name, flag in zip(FLAGS, flags, strict=True) if flag}
    member = seat(
        "ito",
        since=date(2027, 1, 1) if "early" in on else date(2026, 4, 1),
        until=None if "early" in on else date(2026, 10, 1) if "ended" in on else date(2028, 3, 31),
    )
    ties = Ties("営業部", *(frozenset({member.user_id}) if name in on else frozenset() for name in FLAGS[:4]))
    conflicts = suggested_conflicts(member.user_id, "営業部" if "department" in on else "研究所", ties)
    spells = [] if "absent" in on else there("ito")
    reason = eligible_to_vote(member, spells, {"ito"} if "recused" in on else set(), RULES, LATER, conflicts)
    assert (reason is None) == (on <= {"department"})
    assert ("department" in {c.code for c in conflicts}) == ("department" in on)


def test_an_empty_department_is_no_conflict() -> None:
    assert suggested_conflicts("x", " ", Ties("")) == []


def test_the_reason_names_the_conflict() -> None:
    ties = Ties("", former=frozenset({"user-ito"}))
    reason = eligible_to_vote(SEVEN[2], FIVE, set(), RULES, LATER, suggested_conflicts("user-ito", "", ties))
    assert reason is not None
    assert "以前、案件のメンバー" in reason.text.ja
    assert "before" in reason.text.en


def test_composition_of_a_lawful_committee() -> None:
    assert all(check.met for check in composition(SEVEN, RULES, TODAY))


@pytest.mark.parametrize(
    ("members", "unmet"),
    [
        (SEVEN[:4], {"min_members"}),
        (SEVEN[1:], {"external_share", "expertise.legal_ethics"}),
        ([m for m in SEVEN if m.id != "watanabe"], {"external_share", "expertise.lay"}),
        ([m for m in SEVEN if "technical" not in m.expertise], {"expertise.technical"}),
        ([], {"min_members", "external_share", "expertise.technical", "expertise.legal_ethics", "expertise.lay"}),
    ],
)
def test_composition_names_what_is_missing(members: list[Member], unmet: set[str]) -> None:
    assert {check.code for check in composition(members, RULES, TODAY) if not check.met} == unmet


def test_composition_counts_only_current_terms() -> None:
    past = [replace(m, term_until=date(2026, 10, 31)) for m in SEVEN]
    assert not any(check.met for check in composition(past, RULES, TODAY))


@pytest.mark.parametrize(("sent", "met"), [(date(2026, 11, 13), True), (date(2026, 11, 14), False), (None, False)])
def test_materials_go_out_seven_days_before(sent: date | None, met: bool) -> None:
    assert notice(sent, TODAY, RULES).met is met


@pytest.mark.parametrize(("held", "met"), [(1, False), (2, True)])
def test_two_meetings_a_year_are_the_least(held: int, met: bool) -> None:
    assert sessions(held, RULES).met is met


def test_rules_are_read_from_text_and_defaults() -> None:
    read = committee_rules({"quorum_share": "2/3", "lay_expertise": ["lay"], "min_members": 3, "votes_shown": "totals"})
    assert (read.quorum_share, read.lay_expertise, read.min_members) == (Fraction(2, 3), ("lay",), 3)
    assert read.notice_days == RULES.notice_days


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("quorum_share", 0.5),
        ("quorum_share", "1"),
        ("quorum_share", "1/0"),
        ("quorum_share", "-1/2"),
        ("min_members", -1),
        ("min_members", "5"),
        ("remote_counts", 1),
        ("expertise_required", "lay"),
        ("expertise_required", [1]),
        ("authority", "none"),
        ("tie", "chair"),
        ("tie", 3),
    ],
)
def test_a_senseless_rule_is_refused_by_name(key: str, value: object) -> None:
    with pytest.raises(Refusals) as refused:
        committee_rules({key: value})
    assert {problem.place for problem in refused.value.problems} == {key}


def test_the_record_of_a_decision_is_plain() -> None:
    count = quorum(SEVEN, FIVE, {"yoshida"}, RULES, LATER)
    record = as_record(count, tally(ballots(ito="for"), count, RULES), [notice(TODAY, TODAY, RULES)])
    assert [check["code"] for check in record["checks"]] == ["quorum", "external_majority", "lay", "notice"]
    assert record["need"] == 4
    assert record["votes_for"] == 1
    assert record["checks"][0]["name"] == {"ja": "定足数", "en": "Quorum"}


def test_the_digest_of_votes_changes_with_every_vote() -> None:
    base = [replace(each, id=f"v-{each.member_id}") for each in ballots(ito="for", kato="against")]
    digests = {
        votes_digest("i", "approved", base),
        votes_digest("i", "returned", base),
        votes_digest("j", "approved", base),
        votes_digest("i", "approved", [replace(base[0], id="v-other"), base[1]]),
        votes_digest("i", "approved", base[:1]),
    }
    assert len(digests) == 5
    assert votes_digest("i", "approved", reversed(base)) == votes_digest("i", "approved", base)


# properties over generated committees

Sitting = tuple[list[Member], list[Presence], set[str], list[Ballot], CommitteeRules]


@st.composite
def meetings(draw: st.DrawFn) -> Sitting:
    members = [
        seat(
            str(n),
            draw(st.sampled_from(["external", "internal"])),
            draw(st.sampled_from(["lay", "technical"])),
            since=draw(st.sampled_from([date(2026, 4, 1), date(2027, 4, 1)])),
        )
        for n in range(draw(st.integers(0, 9)))
    ]
    keys = [m.id for m in members] or ["none"]
    minutes = st.integers(-5, 60).map(lambda m: START + timedelta(minutes=m))
    presences = draw(
        st.lists(
            st.builds(
                lambda key, mode, a, b: Presence(key, mode, min(a, b), max(a, b)),
                st.sampled_from(keys),
                st.sampled_from(["in_person", "remote"]),
                minutes,
                minutes,
            ),
            max_size=12,
        )
    )
    choices = st.sampled_from(["for", "against", "abstain"])
    cast = draw(st.lists(st.builds(Ballot, st.sampled_from([*keys, "stranger"]), choices, minutes), max_size=12))
    rules = CommitteeRules(
        external_majority_present=draw(st.booleans()),
        lay_present=draw(st.integers(0, 2)),
        remote_counts=draw(st.booleans()),
    )
    return members, presences, draw(st.sets(st.sampled_from(keys))), cast, rules


@given(meetings())
def test_no_counted_vote_comes_from_an_ineligible_person(given_: Sitting) -> None:
    members, presences, recusals, cast, rules = given_
    seats = {m.id: m for m in members}
    kept = lawful(cast, members, presences, recusals, rules)
    assert len({b.member_id for b in kept}) == len(kept)
    for ballot in kept:
        assert eligible_to_vote(seats[ballot.member_id], presences, recusals, rules, ballot.cast_at) is None


@given(meetings())
def test_no_motion_is_carried_without_quorum_or_against_the_majority(given_: Sitting) -> None:
    members, presences, recusals, cast, rules = given_
    count = quorum(members, presences, recusals, rules, LATER)
    result = tally(lawful(cast, members, presences, recusals, rules), count, rules)
    assert result.votes_for + result.against + result.abstain <= result.present
    assert not (result.carried and result.tied)
    if result.carried:
        assert 2 * count.present > count.eligible > 0
        assert 2 * result.votes_for > result.present
        assert not rules.external_majority_present or count.present_external > count.present_internal
        assert count.lay >= rules.lay_present


@given(meetings())
def test_recusing_a_present_member_never_brings_a_missing_quorum(given_: Sitting) -> None:
    members, presences, recusals, _, rules = given_
    before = quorum(members, presences, recusals, rules, LATER)
    for member_id in before.present_ids:
        after = quorum(members, presences, recusals | {member_id}, rules, LATER)
        assert after.eligible == before.eligible - 1
        assert after.present == before.present - 1
        assert after.lay <= before.lay
        assert checks(before)["quorum"] or not checks(after)["quorum"]


@given(meetings())
def test_eligible_to_vote_agrees_with_the_count(given_: Sitting) -> None:
    members, presences, recusals, _, rules = given_
    count = quorum(members, presences, recusals, rules, LATER)
    assert count.present_ids == {
        m.id for m in members if eligible_to_vote(m, presences, recusals, rules, LATER) is None
    }
