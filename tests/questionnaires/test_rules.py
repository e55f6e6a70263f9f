"""What may be published: every field fits its kind, every name leads somewhere, and every problem says where and what."""

from __future__ import annotations

import pytest

from governance.questionnaires.rules import check_all
from tests.other_framework import FRAMEWORK, named, text
from tests.questionnaires.small import POINTS, effect, framework, q, sheet

YES = {"question": "T", "is": ["yes"]}
ALL_STEPS = {"full": "1", "half": "1", "nil": "1"}


def found(*questions, setting=None, **more):
    sheets = [sheet("t", q("T")), sheet("s", *questions, kind="screening", phase="idea", **more)]
    return check_all(setting or framework(), sheets)


def codes(problems):
    return {code for _, (code, _, _) in problems}


@pytest.mark.parametrize(
    ("question", "code", "field"),
    [
        (q("A", "single"), "seed.choices", 0),
        (q("A", "multiple", choices=["one"]), "seed.choices", 0),
        (q("A", "single", choices=["one", "one"]), "seed.duplicate", "code"),
        (q("A", "single", choices=["one", "given"]), "seed.reserved", "code"),
        (q("A", "single", choices=["one", "not_applicable"]), "seed.reserved", "code"),
        (q("A", choices=["one", "two"]), "seed.kind", "choices"),
        (q("A", "rows"), "seed.columns", 0),
        (q("A", columns=named("c")), "seed.kind", "columns"),
        (q("A", "rows", columns=named("c", "c")), "seed.duplicate", "code"),
        (q("A", "rows", columns=named("c", kind="single")), "seed.choices", 0),
        (q("A", "rows", columns=named("c", choices=named("x", "y"))), "seed.kind", "choices"),
        (q("A", unit=text("days")), "seed.kind", "unit"),
        (q("A", "date", minimum="1"), "seed.kind", "minimum"),
        (q("A", "date", maximum="1"), "seed.kind", "maximum"),
        (q("A", "number", minimum="2", maximum="1"), "seed.bounds", "minimum"),
        (q("A", "number", max_length=9), "seed.kind", "max_length"),
        (q("A", weight=2), "seed.kind", "weight"),
        (q("A", gate=True), "seed.gate", "gate"),
        (q("A", "scale", not_applicable=True), "seed.kind", "not_applicable"),
        (q("A", roles=["nobody"]), "seed.unknown", "roles"),
        (q("A", mappings={"nothing": ["1"]}), "seed.unknown", "mappings"),
        (q("A", points={"risk": {"yes": "1", "no": "0", "unknown": "1"}}), "seed.unknown", "risk"),
        (q("A", when={"question": "Z", "is": ["yes"]}), "seed.unknown", "question"),
        (q("A", when={"question": "T", "is": ["maybe"]}), "seed.unknown_value", "is"),
        (q("A", when={"question": "T", "includes": "yes"}), "seed.condition_kind", "includes"),
        (q("A", when={"question": "T", "at_least": 1}), "seed.condition_kind", "at_least"),
        (q("A", when={"in_pack": "Z"}), "seed.unknown", "in_pack"),
        (q("A", when={"in_phase": "Z"}), "seed.unknown", "in_phase"),
        (q("A", topic={"ja": "題", "en": " "}), "seed.blank", "en"),
    ],
)
def test_a_question_that_does_not_fit_its_kind_is_refused_at_its_place(question, code, field):
    problems = [each for each in found(question) if each[1][0] == code]
    assert problems
    document, (_, path, said) = problems[0]
    assert document == "s"
    assert path[:4] == ("sections", 0, "questions", 0)
    assert path[-1] == field
    assert said.ja != said.en


@pytest.mark.parametrize("kind", ["number", "date", "text", "long_text", "rows", "file"])
def test_only_chosen_answers_can_be_compared(kind):
    columns = named("c") if kind == "rows" else []
    other = q("B", when={"question": "A", "is": ["given"]})
    assert "seed.condition_kind" in codes(found(q("A", kind, columns=columns), other))


def test_sound_questions_of_every_kind_pass():
    sound = [
        q("A1", "scale", weight=3, gate=True, roles=["clerk"]),
        q("A2", "single", choices=["one", "two"], not_applicable=True, when=YES),
        q("A3", "multiple", choices=["one", "two"], when={"question": "A2", "is": ["not_applicable"]}),
        q("A4", "number", unit=text("days"), minimum="0", maximum="9", when={"question": "A3", "includes": "one"}),
        q("A5", "date", when={"question": "A4", "at_least": 9}),
        q("A6", "text", max_length=9, when={"question": "A5", "answered": True}),
        q("A7", "rows", columns=[*named("a"), *named("b", kind="single", choices=named("x", "y"))]),
        q("A8", "file", when={"in_phase": "idea"}),
    ]
    assert found(*sound) == []


def test_the_place_of_a_nested_condition_is_the_look_itself():
    when = {"all": [YES, {"not": {"any": [{"question": "Z", "answered": True}, {"in_pack": "X"}]}}]}
    ((_, (_, path, _)),) = found(q("A", when=when))
    assert path == ("sections", 0, "questions", 0, "when", "all", 1, "not", "any", 0, "question")


# ---------------------------------------------------------------- points


def test_under_points_a_choice_without_points_is_named():
    setting = framework(scoring=POINTS)
    question = q("A", "single", choices=["one", "two"], points={"risk": {"one": "1"}})
    ((_, (code, path, said)),) = found(question, setting=setting)
    assert (code, path[-2:]) == ("seed.no_points", ("points", "risk"))
    assert "two" in said.ja
    assert "one" not in said.en.split(":")[-1]


@pytest.mark.parametrize(
    ("question", "problems"),
    [
        (q("A", "scale", points={"risk": ALL_STEPS}), set()),
        (q("A", "scale", points={"risk": {"full": "1", "half": "1"}}), {"seed.no_points"}),
        (q("A", points={"risk": {"yes": "1", "no": "0"}}), {"seed.no_points"}),
        (q("A", points={"risk": {"yes": "1", "no": "0", "unknown": "1", "perhaps": "1"}}), {"seed.unknown"}),
        (q("A", points={"other": {"yes": "1", "no": "0", "unknown": "1"}}), {"seed.unknown"}),
        (q("A", "number", points={"risk": {"one": "1"}}), {"seed.kind"}),
        (q("A", gate=True), set()),
    ],
)
def test_points_cover_every_answer_of_a_known_total(question, problems):
    assert codes(found(question, setting=framework(scoring=POINTS))) == problems


@pytest.mark.parametrize(
    "change",
    [
        {"upper_bounds": ["20", "40", "60"]},
        {"upper_bounds": ["20", "40", "40", "80"]},
        {"upper_bounds": ["20", "40", "60", "101"]},
        {"risk": ["other"]},
        {"risk": ["risk", "risk"]},
        {"mitigation": {"total": "risk", "reaches_percent": "80", "takes_off_percent": "15"}},
        {"mitigation": {"total": "other", "reaches_percent": "80", "takes_off_percent": "15"}},
        {"mitigation": {"total": "ease", "reaches_percent": "101", "takes_off_percent": "15"}},
        {"totals": [*named("risk", "ease"), *named("ease")]},
        {"totals": [*named("risk"), *named("ease", factor="0")]},
    ],
)
def test_the_figures_of_points_must_give_one_level_to_every_share(change):
    problems = found(q("A"), setting=framework(scoring=POINTS | change))
    assert [path[0] for _, (_, path, _) in problems] == ["scoring"]


def test_under_points_every_route_asks_everything():
    routes = [{**route, "asks": "gates"} if not n else route for n, route in enumerate(FRAMEWORK["routes"])]
    assert "seed.asks" in codes(found(q("A"), setting=framework(scoring=POINTS, routes=routes)))
    assert "seed.asks" not in codes(found(q("A"), setting=framework(routes=routes)))


# ---------------------------------------------------------------- framework


def step(code: str, factor: str | None) -> dict:
    return {"code": code, "name": text(code), "mark": code, "factor": factor}


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        ({"severity": []}, "seed.grades", ("severity",)),
        ({"likelihood": []}, "seed.grades", ("likelihood",)),
        ({"effects": [effect("E", {"question": "A", "is": ["yes"]})]}, "seed.effect_question", ("effects", 0, "when")),
        ({"effects": [effect("E", {"in_pack": "X"})]}, "seed.effect_pack", ("effects", 0, "when")),
        ({"effects": [effect("E", YES, packs=["Z"])]}, "seed.unknown", ("effects", 0, "packs")),
        (
            {"effects": [effect("E", {"question": "T", "is": ["so"]})]},
            "seed.unknown_value",
            ("effects", 0, "when", "is"),
        ),
        ({"effects": [effect("E", YES), effect("E", YES)]}, "seed.duplicate", ("effects", 1, "id")),
        ({"effects": [effect("E", YES, trigger="A")]}, "seed.unknown", ("effects", 0, "trigger")),
        ({"scale": [step("a", None), step("b", None)]}, "seed.scale", ("scale",)),
        ({"scale": [step("a", "0.4"), step("b", "0")]}, "seed.gate_minimum", ("scoring", "gate_minimum")),
    ],
)
def test_a_framework_that_could_not_be_evaluated_is_refused(change, code, place):
    assert [(c, path) for _, (c, path, _) in found(q("A"), setting=framework(**change))] == [(code, place)]


def test_what_contradictions_hard_stops_and_measures_look_at_must_exist():
    measure = {"summary": text("a"), "steps": text("b"), "shows": text("c"), "effort": "days"}
    setting = framework(
        contradictions=[{"code": "C", "when": {"in_phase": "Z"}, "text": text("a"), "advice": text("b")}] * 2,
        hard_stops=named("H", when={"question": "T", "is": ["never"]}, advice=text("a")),
        measures=named("m", "m", questions=["T", "Z"], **measure),
    )
    assert [(code, path[:2]) for _, (code, path, _) in found(q("A"), setting=setting)] == [
        ("seed.duplicate", ("contradictions", 1)),
        ("seed.duplicate", ("measures", 1)),
        ("seed.unknown", ("contradictions", 0)),
        ("seed.unknown", ("contradictions", 1)),
        ("seed.unknown_value", ("hard_stops", 0)),
        ("seed.unknown", ("measures", 0)),
        ("seed.unknown", ("measures", 1)),
    ]


# ---------------------------------------------------------------- keys and heads


def test_a_question_in_two_questionnaires_names_both_places():
    sheets = [sheet("t", q("T"), q("A")), sheet("s", q("B"), q("A"), kind="screening", phase="idea")]
    problems = check_all(framework(), sheets)
    assert [(document, path[3], path[4]) for document, (_, path, _) in problems] == [("t", 1, "key"), ("s", 1, "key")]
    assert "：s。" in problems[0][1][2].ja
    assert ": t." in problems[1][1][2].en


@pytest.mark.parametrize("other", ["t", "town-ai"])
def test_two_documents_with_one_key_are_refused(other):
    problems = check_all(framework(), [sheet("t", q("T")), sheet(other, q("U"))])
    assert [(key, code) for key, (code, _, _) in problems] == [(other, "seed.duplicate_document")]


@pytest.mark.parametrize(
    ("head", "codes_found"),
    [
        ({"kind": "screening"}, {"seed.no_phase"}),
        ({"kind": "pack", "when": YES}, {"seed.no_pack"}),
        ({"kind": "trigger", "pack": "X"}, {"seed.kind"}),
        ({"kind": "trigger", "phase": "idea"}, {"seed.kind"}),
        ({"kind": "trigger", "when": YES}, {"seed.kind"}),
        ({"kind": "pack", "pack": "X", "when": YES}, set()),
    ],
)
def test_phase_pack_and_condition_belong_to_their_kind_of_questionnaire(head, codes_found):
    assert codes(check_all(framework(), [sheet("t", q("T")), sheet("h", q("A"), **head)])) == codes_found


# ---------------------------------------------------------------- the trigger sheet, deciders


def test_the_trigger_sheet_looks_at_nothing_but_itself():
    beyond = {**q("T1"), "when": {"question": "A", "is": ["yes"]}}
    problems = check_all(framework(), [sheet("t", beyond), sheet("s", q("A"), kind="screening", phase="idea")])
    assert "seed.trigger_condition" in {code for _, (code, _, _) in problems}


def test_every_level_has_somebody_who_may_decide():
    deciders = [row for row in FRAMEWORK["deciders"] if row["residual"] != "l2"]
    problems = found(q("A"), setting=framework(deciders=deciders))
    assert [(code, path) for _, (code, path, _) in problems] == [("seed.no_decider", ("levels", 1))]


def test_a_share_is_a_fraction_of_one():
    scoring = {**FRAMEWORK["scoring"], "not_applicable_share": {"desk": "30"}}
    assert codes(found(q("A"), setting=framework(scoring=scoring))) == {"seed.share"}
