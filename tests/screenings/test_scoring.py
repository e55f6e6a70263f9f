"""The scoring rules of domain.md §5.2–5.5 on hand-made sheets, and their properties on generated ones."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.paths import SEEDS
from governance.questionnaires.conditions import Is
from governance.questionnaires.definition import Framework, Question, Questionnaire, Section
from governance.questionnaires.services import read_seeds
from governance.screenings.explain import verdict
from governance.screenings.result import Rating, Score, shown
from governance.screenings.routing import Rulings, Sheet
from governance.screenings.scoring import score
from governance.texts import Text

FRAMEWORK, QUESTIONNAIRES = read_seeds(SEEDS)
FRAMEWORK: Framework = FRAMEWORK[0]
TRIGGERS = next(q for q in QUESTIONNAIRES if q.kind == "trigger")
LEVEL = {"low": 1, "medium": 2, "high": 3, "extreme": 4}
VALUE = {"1": "done_evidenced", "0.7": "done", "0.4": "partial", "0": "not_done", "na": "not_applicable", "": ""}
ANY = Text("見本", "sample")


def sheet(item: str, weights: list[int], gates: set[int] = frozenset()) -> Sheet:
    """A sheet with questions Q0, Q1, … of one item beside the real trigger sheet."""
    questions = [
        Question(key=f"Q{n}", topic=ANY, text=ANY, why=ANY, kind="scale", weight=w, gate=n in gates)
        for n, w in enumerate(weights)
    ]
    base = Questionnaire(
        key="base",
        version="1",
        kind="screening",
        framework=FRAMEWORK.key,
        phase="P",
        title=ANY,
        sections=[Section(key="s", item=item, questions=questions)],
    )
    return Sheet(FRAMEWORK, "P", (TRIGGERS, base))


def scored(
    item: str,
    weights: list[int],
    factors: list[str],
    rating: tuple[int, int],
    gates: set[int] = frozenset(),
    accepted: set[str] = frozenset(),
    **triggers: str,
) -> Score:
    answers = {f"Q{n}": VALUE[f] for n, f in enumerate(factors)} | {"T10": "yes"} | triggers
    return score(sheet(item, weights, gates), answers, {item: Rating(*rating)}, Rulings(accepted=frozenset(accepted)))


def test_credit_example_stays_high_at_77_5_and_falls_at_85():
    weights = [3, 2, 2, 1, 1]
    before = scored("fairness", weights, ["1", "0.7", "0.4", "1", "na"], (3, 3), accepted={"Q4"}).item("fairness")
    assert (before.product, before.inherent, shown(before.effectiveness), before.residual) == (
        9,
        LEVEL["high"],
        "77.5",
        LEVEL["high"],
    )
    after = scored("fairness", weights, ["1", "0.7", "0.7", "1", "na"], (3, 3), accepted={"Q4"}).item("fairness")
    assert (shown(after.effectiveness), after.residual) == ("85.0", LEVEL["medium"])


def test_credit_example_goes_to_the_board_while_the_residual_is_high():
    high = scored("fairness", [3, 2, 2, 1, 1], ["1", "0.7", "0.4", "1", "na"], (3, 3), accepted={"Q4"})
    assert high.route == "board"
    assert "discussion" in high.flags


def test_an_open_gate_allows_no_step_down_in_any_case():
    item = scored(
        "fairness", [3, 2, 2, 1, 1], ["0.4", "0.7", "0.7", "1", "na"], (3, 3), gates={0}, accepted={"Q4"}
    ).item("fairness")
    assert (shown(item.effectiveness), item.gates_open, item.residual) == ("62.5", ("Q0",), LEVEL["high"])
    assert item.step_reason == "gate_open_blocks"
    strong = scored("fairness", [3, 9], ["0.4", "1"], (3, 3), gates={0}).item("fairness")
    assert strong.effectiveness > 80
    assert strong.residual == LEVEL["high"]


def test_failure_prediction_gets_the_floor_of_the_actuation_trigger_and_its_route_depends_on_the_strength_of_actuation():
    heavy = scored("safety", [9, 1], ["1", "0"], (2, 2), T03="yes", T03a="yes")
    item = heavy.item("safety")
    assert (item.severity_chosen, item.severity, item.product, item.inherent) == (2, 3, 6, LEVEL["medium"])
    assert (item.effectiveness, item.residual, heavy.route) == (90, LEVEL["low"], "board")
    assert scored("safety", [9, 1], ["1", "0"], (2, 2), T03="yes", T03a="no").route == "standard"


def test_extreme_risk_with_perfect_controls_is_high_and_goes_to_the_board():
    result = scored("safety", [3, 1], ["1", "1"], (4, 4))
    assert (result.item("safety").product, result.inherent, result.residual, result.route) == (
        16,
        LEVEL["extreme"],
        LEVEL["high"],
        "board",
    )


def test_an_unaccepted_not_applicable_counts_as_nothing_so_it_cannot_game_the_level():
    weights = [3, 2, 2, 1]
    assert shown(scored("fairness", weights, ["1", "0.7", "0.4", "1"], (3, 3)).item("fairness").effectiveness) == "77.5"
    claimed = scored("fairness", weights, ["1", "0.7", "na", "1"], (3, 3)).item("fairness")
    assert (shown(claimed.effectiveness), claimed.residual) == ("67.5", LEVEL["high"])
    accepted = scored("fairness", weights, ["1", "0.7", "na", "1"], (3, 3), accepted={"Q2"}).item("fairness")
    assert (shown(accepted.effectiveness), accepted.residual) == ("90.0", LEVEL["medium"])


def test_an_item_where_everything_is_accepted_as_not_applicable_gets_no_step():
    item = scored("security", [2, 1], ["na", "na"], (2, 2), accepted={"Q0", "Q1"}).item("security")
    assert (item.effectiveness, item.step_reason, item.residual) == (None, "nothing_counted", LEVEL["medium"])


def test_the_threshold_is_compared_exactly_before_rounding():
    just_under = scored("safety", [79, 21], ["1", "0"], (2, 2)).item("safety")
    assert (just_under.effectiveness, just_under.residual) == (Decimal(79), LEVEL["medium"])
    exactly = scored("safety", [80, 20], ["1", "0"], (2, 2)).item("safety")
    assert (exactly.effectiveness, exactly.residual) == (Decimal(80), LEVEL["low"])
    rounds_to_80 = scored("safety", [100] * 7 + [99, 100, 100], ["1"] * 8 + ["0", "0"], (2, 2)).item("safety")
    assert shown(rounds_to_80.effectiveness) == "80.0"
    assert rounds_to_80.effectiveness < 80
    assert rounds_to_80.residual == LEVEL["medium"]


def test_level_cuts_of_every_product_that_can_occur():
    reached = {p: FRAMEWORK.level_of_product(p) for p in (1, 2, 3, 4, 6, 8, 9, 12, 16)}
    assert reached == {1: 1, 2: 1, 3: 1, 4: 2, 6: 2, 8: 3, 9: 3, 12: 4, 16: 4}


def test_the_project_takes_the_worst_item_never_the_mean():
    ratings = {item.code: Rating(1, 1) for item in FRAMEWORK.items} | {"privacy": Rating(4, 4)}
    result = score(sheet("safety", [1]), {"Q0": "done", "T10": "no"}, ratings)
    assert (result.inherent, result.index) == (LEVEL["extreme"], 20)  # (6×1 + 16) / 112 = 19.64…, halves up


def test_not_sure_counts_as_yes_for_the_route():
    assert scored("safety", [1], ["1"], (1, 1), T10="no", T02="unknown").route == "board"


@pytest.mark.parametrize(
    ("triggers", "severity", "likelihood"),
    [
        ({"T09": "yes"}, 1, 1),  # nothing else put a floor on safety
        ({"T03": "yes", "T09": "yes"}, 4, 1),  # floor 3, people in a weak position one more
        ({"T03": "yes", "T18": "yes"}, 3, 1),
        ({"T17": "yes"}, 1, 2),
        ({"T19": "yes"}, 1, 2),
        ({"T17": "yes", "T19": "yes"}, 1, 3),
    ],
)
def test_floors_and_bumps_of_the_triggers(triggers, severity, likelihood):
    item = scored("safety", [1], ["1"], (1, 1), **triggers).item("safety")
    assert (item.severity, item.likelihood) == (severity, likelihood)


def test_a_light_case_is_asked_only_the_gates():
    light = scored("safety", [3, 2], ["1", ""], (1, 1), gates={0}, T10="no")
    assert light.route == "light"
    assert "Q0" in light.asked
    assert "Q1" not in light.asked


def test_a_light_route_counts_no_answer_that_it_does_not_ask():
    """Q0 is no gate: answered while more was asked, it neither opens the gate behind it nor counts itself."""
    light = sheet("safety", [2, 3], {1})
    base = light.questionnaires[1]
    first, second = base.sections[0].questions
    behind = second.model_copy(update={"when": Is(question="Q0", is_=["done"])})
    section = base.sections[0].model_copy(update={"questions": [first, behind]})
    of = Sheet(FRAMEWORK, "P", (TRIGGERS, base.model_copy(update={"sections": [section]})))
    answers = {"Q0": "done", "Q1": "not_done"}
    result = score(of, answers, {"safety": Rating(1, 1)})
    assert result.route == "light"
    assert {"Q0", "Q1"}.isdisjoint(result.asked)
    assert score(of, {**answers, "T14": "yes"}, {"safety": Rating(1, 1)}).item("safety").gates_open == ("Q1",)


def test_what_is_short_of_the_mark_never_reads_as_nothing():
    weights = [*[100] * 19, 99, *[100] * 5, 1]
    item = scored("safety", weights, [*["1"] * 20, *["0"] * 6], (2, 2)).item("safety")
    assert shown(item.effectiveness) == "80.0"
    assert "0.1" in verdict(FRAMEWORK, item).en


def test_an_answer_that_is_hidden_never_counts():
    with_hidden = scored("safety", [1], ["1"], (1, 1), T10="no", T03="no", T03a="yes")
    assert with_hidden.route == "light"
    assert "T03a" not in with_hidden.asked
    assert "T03a" not in with_hidden.fired


def test_a_suspected_prohibited_use_blocks_until_legal_clears_it():
    blocked = scored("safety", [1], ["1"], (1, 1), T01="yes")
    assert [(s.code, s.reason) for s in blocked.stops] == [("H1", "suspected")]
    assert blocked.route == "blocked"
    cleared = score(
        sheet("safety", [1]), {"Q0": "done", "T01": "yes"}, {"safety": Rating(1, 1)}, Rulings(cleared=frozenset({"H1"}))
    )
    assert not cleared.stops
    assert cleared.route == "board"
    confirmed = score(
        sheet("safety", [1]),
        {"Q0": "done", "T01": "yes"},
        {},
        Rulings(cleared=frozenset({"H1"}), confirmed=frozenset({"H1"})),
    )
    assert [s.reason for s in confirmed.stops] == ["confirmed"]


def test_a_stop_raised_before_stands_until_it_is_released():
    facts_changed = Rulings(raised_before=frozenset({"H5"}))
    waiting = score(sheet("safety", [1]), {"Q0": "done"}, {"safety": Rating(1, 1)}, facts_changed)
    assert [(s.code, s.reason) for s in waiting.stops] == [("H5", "release")]
    released = Rulings(raised_before=frozenset({"H5"}), released=frozenset({"H5"}))
    assert not score(sheet("safety", [1]), {"Q0": "done"}, {"safety": Rating(1, 1)}, released).stops


def test_disproved_evidence_of_a_gate_counts_as_nothing_and_stops_the_case():
    result = score(
        sheet("safety", [3], {0}),
        {"Q0": "done_evidenced"},
        {"safety": Rating(2, 2)},
        Rulings(disproved=frozenset({"Q0"})),
    )
    assert result.item("safety").effectiveness == 0
    assert [s.code for s in result.stops] == ["H6"]


def test_a_case_moves_down_only_by_a_recorded_override():
    answers = {"Q0": "done", "T02": "yes"}
    assert score(sheet("safety", [1]), answers, {"safety": Rating(1, 1)}).route == "board"
    assert score(sheet("safety", [1]), answers, {"safety": Rating(1, 1)}, Rulings(route="standard")).route == "standard"


def test_the_way_down_names_the_fewest_controls_and_each_single_act():
    item = scored("fairness", [3, 2, 2, 1], ["1", "0.7", "0.4", "0.7"], (3, 3)).item("fairness")  # 5.9 / 8
    assert item.needed == ("Q2",)
    assert shown(item.needed_percent) == "88.8"
    assert [(s.key, s.to, shown(s.percent)) for s in item.singles] == [
        ("Q2", "done", "81.3"),
        ("Q1", "done_evidenced", "81.3"),
    ]


FACTORS = st.sampled_from(["1", "0.7", "0.4", "0", ""])
ORDER = ["", "0", "0.4", "0.7", "1"]
CASES = st.lists(st.tuples(st.integers(1, 3), FACTORS, st.booleans()), min_size=1, max_size=8)


def result_of(case, rating):
    weights, factors = [w for w, _, _ in case], [f for _, f, _ in case]
    return scored("fairness", weights, factors, rating, gates={n for n, (_, _, g) in enumerate(case) if g}).item(
        "fairness"
    )


@given(CASES, st.integers(1, 4), st.integers(1, 4), st.data())
def test_improving_an_answer_never_raises_the_residual(case, s, p, data):
    place = data.draw(st.integers(0, len(case) - 1))
    better = data.draw(st.sampled_from(ORDER[ORDER.index(case[place][1]) :]))
    improved = [(w, better if n == place else f, g) for n, (w, f, g) in enumerate(case)]
    assert result_of(improved, (s, p)).residual <= result_of(case, (s, p)).residual


@given(CASES, st.integers(1, 3), st.integers(1, 3))
def test_raising_severity_or_likelihood_never_lowers_the_residual(case, s, p):
    base = result_of(case, (s, p)).residual
    assert result_of(case, (s + 1, p)).residual >= base
    assert result_of(case, (s, p + 1)).residual >= base


@given(CASES, st.integers(1, 4), st.integers(1, 4))
def test_the_residual_is_the_inherent_level_or_one_step_below(case, s, p):
    item = result_of(case, (s, p))
    assert item.product in {1, 2, 3, 4, 6, 8, 9, 12, 16}
    assert item.inherent - item.residual in (0, 1)
    assert item.residual >= 1


@given(CASES, st.integers(2, 4), st.integers(2, 4))
def test_doing_what_is_named_lowers_the_level_and_nothing_smaller_does(case, s, p):
    item = result_of(case, (s, p))
    if not item.needed:
        return
    done = [(w, "1" if f"Q{n}" in item.needed else f, g) for n, (w, f, g) in enumerate(case)]
    assert result_of(done, (s, p)).residual == item.residual - 1
    for skipped in item.needed:
        fewer = [
            (w, "1" if f"Q{n}" in item.needed and f"Q{n}" != skipped else f, g) for n, (w, f, g) in enumerate(case)
        ]
        assert result_of(fewer, (s, p)).residual == item.residual
