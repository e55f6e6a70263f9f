"""The arithmetic of points by hand: bounds, mitigation, maxima, ways of combining, rounding; and what holds whatever the answers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import combinations, pairwise, product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from governance.screenings import points as rules
from governance.screenings.result import Score
from governance.screenings.routing import Sheet
from governance.screenings.scoring import score
from tests.screenings.small import framework, multiple, sheet, single

ALONE = {"totals": [{"code": "impact", "name": {"ja": "計", "en": "sum"}}], "risk": ["impact"], "mitigation": None}


def scored(of: Sheet, **answers: str) -> Score:
    return score(of, answers, {})


# ---------------------------------------------------------------- bounds


@pytest.mark.parametrize(
    ("bound", "given_points", "level"),
    [
        ("inclusive", "0", 1),
        ("inclusive", "24.99", 1),
        ("inclusive", "25", 1),
        ("inclusive", "25.01", 2),
        ("inclusive", "50", 2),
        ("inclusive", "75", 3),
        ("inclusive", "75.01", 4),
        ("inclusive", "100", 4),
        ("exclusive", "24.99", 1),
        ("exclusive", "25", 2),
        ("exclusive", "50", 3),
        ("exclusive", "74.99", 3),
        ("exclusive", "75", 4),
        ("exclusive", "100", 4),
    ],
)
def test_exactly_a_bound_belongs_where_the_framework_says(bound: str, given_points: str, level: int) -> None:
    of = sheet(single("A", "impact", none=0, here=given_points, all=100), scoring={**ALONE, "bound": bound})
    assert scored(of, A="here").residual == level


def test_a_third_is_compared_before_it_is_rounded() -> None:
    """1 of 3 points is 33.33…%: above a bound of 33.33, below one of 33.34."""
    for bound, level in (("33.33", 2), ("33.34", 1)):
        of = sheet(
            single("A", "impact", no=0, yes=1),
            single("B", "impact", no=0, yes=2),
            scoring={**ALONE, "upper_bounds": [bound, "50", "75"]},
        )
        assert scored(of, A="yes", B="no").residual == level


@given(st.fractions(min_value=0, max_value=1), st.sampled_from(["inclusive", "exclusive"]))
def test_every_share_lies_in_exactly_one_level(share: Fraction, bound: str) -> None:
    made = framework(scoring={"bound": bound}).scoring
    bounds = [Fraction(0), *(Fraction(b) / 100 for b in made.upper_bounds), Fraction(1)]
    inside = [
        n
        for n, (low, high) in enumerate(pairwise(bounds), 1)
        if (low < share <= high or (n == 1 and share == 0) if bound == "inclusive" else low <= share < high)
        or (bound == "exclusive" and n == 4 and share == 1)
    ]
    assert inside == [rules.level_of(made, share)]


# ---------------------------------------------------------------- mitigation


@pytest.mark.parametrize(
    ("shield", "reached", "left"), [("79.99", False, 52), ("80", True, "44.2"), ("100", True, "44.2")]
)
def test_mitigation_takes_its_share_off_from_its_mark_on(shield: str, reached: bool, left: str) -> None:
    of = sheet(
        single("A", "impact", none=0, here=52, all=100),
        single("M", "shield", item="economy", none=0, here=shield, all=100),
    )
    found = scored(of, A="here", M="here")
    assert (found.totals[2].reached, found.percent, found.residual_percent) == (reached, 52, Decimal(left))
    assert (found.inherent, found.residual) == (3, 2 if reached else 3)


def test_mitigation_never_erases_a_risk() -> None:
    of = sheet(single("A", "impact", none=0, all=100), single("M", "shield", item="economy", none=0, all=10))
    assert scored(of, A="all", M="all").residual_percent == 85
    assert scored(of, A="all", M="all").residual == 4


def test_points_left_are_rounded_halves_up_where_the_framework_says() -> None:
    """10 points less 15 % are 8.5: 9 when rounded. 30 points less 15 % are 25.5: 26."""
    for most, whole, left in ((10, False, "8.5"), (10, True, "9"), (30, True, "26"), (30, False, "25.5")):
        of = sheet(
            single("A", "impact", none=0, here=most, all=100),
            single("M", "shield", item="economy", none=0, all=10),
            scoring={"round_points": whole},
        )
        assert scored(of, A="here", M="all").residual_percent == Decimal(left)


# ---------------------------------------------------------------- maxima, several choices, combining


def test_a_multiple_choice_gives_the_sum_of_what_was_chosen() -> None:
    of = sheet(multiple("A", "impact", a=1, b=2, c=5), scoring=ALONE)
    assert scored(of, A="a c").totals[0].points == 6
    assert scored(of, A="a c").totals[0].maximum == 8
    assert scored(of, A="a b c").percent == 100
    assert scored(of).totals[0].points == 0


@pytest.mark.parametrize(("over", "maximum", "percent"), [("all", 20, 50), ("asked", 10, 100)])
def test_the_maximum_counts_all_questions_or_only_those_asked(over: str, maximum: int, percent: int) -> None:
    hidden = {**single("B", "impact", none=0, all=10), "when": {"question": "A", "is": ["none"]}}
    totals = [{"code": "impact", "name": {"ja": "計", "en": "sum"}, "maximum_over": over}]
    of = sheet(single("A", "impact", none=0, all=10), hidden, scoring={**ALONE, "totals": totals})
    found = scored(of, A="all", B="all")
    assert found.asked == ("A",)
    assert (found.totals[0].points, found.totals[0].maximum, found.percent) == (10, maximum, percent)


def test_a_factor_scales_the_maximum_exactly() -> None:
    totals = [{"code": "impact", "name": {"ja": "計", "en": "sum"}, "factor": "0.7"}]
    found = scored(sheet(single("A", "impact", none=0, some=7, all=10), scoring={**ALONE, "totals": totals}), A="some")
    assert (found.totals[0].maximum, found.percent) == (7, 100)


@pytest.mark.parametrize(("combine", "percent"), [("worst", "60"), ("sum", "30"), ("mean", "40")])
def test_two_risk_totals_are_combined_as_the_framework_says(combine: str, percent: str) -> None:
    """6 of 10 and 6 of 30: the worst share 60, the share of the sums 12/40 = 30, the mean of the shares (60 + 20) / 2 = 40."""
    of = sheet(
        single("A", "project", none=0, some=6, all=10),
        single("B", "impact", none=0, some=6, all=30),
        scoring={"combine": combine},
    )
    assert scored(of, A="some", B="some").percent == Decimal(percent)


def test_hidden_answers_never_count_and_come_back() -> None:
    follow = {**single("B", "impact", none=0, all=10), "when": {"question": "A", "is": ["yes"]}}
    of = sheet(single("A", "impact", no=0, yes=10), follow, scoring=ALONE)
    assert scored(of, A="no", B="all").percent == 0
    assert scored(of, A="yes", B="all").percent == 100


def test_a_total_that_nothing_feeds_gives_no_level() -> None:
    found = scored(sheet(single("M", "shield", none=0, all=10)), M="all")
    assert (found.percent, found.residual, found.items[0].step_reason) == (None, None, "nothing_counted")


def test_not_applicable_stands_alone_so_it_is_no_part_of_the_sum() -> None:
    """Choices 1 + 2 with 該当なし at 1 give 3 at most; where 該当なし gives more than all choices, it is the most."""
    for alone, maximum in ((1, 3), (5, 5)):
        question = {**multiple("A", "impact", a=1, b=2), "not_applicable": True}
        question["points"]["impact"]["not_applicable"] = str(alone)
        assert scored(sheet(question, scoring=ALONE), A="a b").totals[0].maximum == maximum


def test_mitigation_reached_by_choosing_everything_names_the_question() -> None:
    shield = {**multiple("M", "shield", item="economy", a=1, b=2), "not_applicable": True}
    shield["points"]["shield"]["not_applicable"] = "0"
    of = sheet(single("A", "impact", here=52, all=100), shield)
    assert scored(of, A="here", M="a").needed == ("M",)


def test_not_applicable_is_never_named_as_the_way_down() -> None:
    question = {**single("A", "impact", no=3, yes=10), "not_applicable": True}
    question["points"]["impact"]["not_applicable"] = "0"
    found = scored(sheet(question, scoring=ALONE), A="yes").item("rights")
    assert [(each.key, each.to) for each in found.singles] == [("A", "no")]


def test_whole_points_never_make_an_item_riskier_after_mitigation_than_before() -> None:
    """2.5 of 10 points become 3 of 10 in whole points, before mitigation as after: above a bound of 25 in both."""
    of = sheet(single("A", "impact", none=0, here="2.5", all=10), scoring={**ALONE, "round_points": True})
    item = scored(of, A="here").item("rights")
    assert (item.inherent, item.residual) == (2, 2)


def test_what_the_case_needs_holds_nothing_that_is_not_needed() -> None:
    """Under the worst share only the worst total counts: the larger gain of the other one is of no use."""
    of = sheet(
        single("A", "project", none=0, some=3, all=4),
        single("B", "impact", none=0, some=20, all=100),
        scoring={"combine": "worst", "mitigation": None},
    )
    assert scored(of, A="some", B="some").needed == ("A",)


# ---------------------------------------------------------------- whatever the questions and answers

KEYS = [f"Q{n}" for n in range(5)]


@st.composite
def cases(draw: st.DrawFn) -> tuple[Sheet, dict[str, str]]:
    """Draw five questions with random points and a random answer (or none) to each."""
    questions, answers = [], {}
    for n, key in enumerate(KEYS):
        given_points = {code: draw(st.integers(0, 6)) for code in "abc"}
        total = draw(st.sampled_from(["project", "impact", "shield"])) if n else "impact"
        made = draw(st.sampled_from([single, multiple]))
        questions.append(made(key, total, item=draw(st.sampled_from(["rights", "health"])), **given_points))
        codes = draw(st.lists(st.sampled_from("abc"), unique=True, max_size=3 if made is multiple else 1))
        if codes:
            answers[key] = " ".join(sorted(codes))
    combine, whole = draw(st.sampled_from(["worst", "sum", "mean"])), draw(st.booleans())
    return sheet(*questions, scoring={"combine": combine, "round_points": whole}), answers


@given(cases(), st.randoms())
def test_the_order_of_the_answers_never_matters(case: tuple[Sheet, dict[str, str]], order: object) -> None:
    of, answers = case
    shuffled = list(answers.items())
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert score(of, dict(shuffled), {}) == score(of, answers, {})


@given(cases(), st.sampled_from(KEYS))
def test_a_less_risky_answer_never_raises_a_level(case: tuple[Sheet, dict[str, str]], key: str) -> None:
    of, answers = case
    question = next(q for _, q in of.questionnaires[0].questions() if q.key == key)
    if "shield" in question.points:
        return
    before, now = score(of, answers, {}), rules.given(question, next(iter(question.points)), answers.get(key, ""))
    for value in "abc":
        if rules.given(question, next(iter(question.points)), value) <= now:
            after = score(of, {**answers, key: value}, {})
            assert (after.residual or 0) <= (before.residual or 0)
            assert (after.inherent or 0) <= (before.inherent or 0)


@settings(max_examples=60)
@given(cases())
def test_what_lowers_an_item_does_and_nothing_smaller_would(case: tuple[Sheet, dict[str, str]]) -> None:
    of, answers = case
    before = score(of, answers, {})
    questions = {q.key: q for _, q in of.questionnaires[0].questions()}
    for item in before.items:
        if item.residual is None or item.residual == 1:
            assert item.needed == ()
            continue
        keys = [c.key for c in item.counted]
        smallest = smallest_set(of, answers, item.item, item.residual, keys, before.totals[2].reached)
        assert len(item.needed) == (smallest or 0)
        if item.needed:
            best = {key: rules.least(of.framework.scoring, questions[key])[0] for key in item.needed}
            assert (score(of, {**answers, **best}, {}).item(item.item).residual or 0) < item.residual


def smallest_set(
    of: Sheet, answers: dict[str, str], item: str, residual: int, keys: list[str], reached: bool
) -> int | None:
    """Return by brute force how many answers must change for the item to come down; None when no change does."""
    for count in range(1, len(keys) + 1):
        for chosen in combinations(keys, count):
            for values in product(["a", "b", "c"], repeat=count):
                after = score(of, {**answers, **dict(zip(chosen, values, strict=True))}, {})
                if after.totals[2].reached == reached and (after.item(item).residual or 0) < residual:
                    return count
    return None


@settings(max_examples=60)
@given(cases())
def test_what_lowers_the_case_really_does(case: tuple[Sheet, dict[str, str]]) -> None:
    of, answers = case
    before = score(of, answers, {})
    assume(before.needed and len(before.needed) <= 3)
    values = ["a", "b", "c", "a b", "a c", "b c", "a b c"]
    changes = (dict(zip(before.needed, chosen, strict=True)) for chosen in product(values, repeat=len(before.needed)))
    assert any((score(of, {**answers, **change}, {}).residual or 0) < (before.residual or 0) for change in changes)
