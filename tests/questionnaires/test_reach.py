"""Circles are named in order, and a question is reported as never asked exactly when no answers show it."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.questionnaires.conditions import holds, packs_of, questions_of
from governance.questionnaires.definition import GIVEN, NOT_APPLICABLE
from governance.questionnaires.reach import problems
from governance.questionnaires.values import values_of
from tests.questionnaires.small import effect, framework, q, sheet


def yes(key):
    return {"question": key, "is": ["yes"]}


def codes(found):
    return [code for _, (code, _, _) in found]


def never(*sheets, setting=None):
    """Return the keys reported as never asked."""
    found = problems(setting or framework(), sheets)
    assert set(codes(found)) <= {"seed.unreachable"}, found
    return [said.ja.split("「")[1].split("」")[0] for _, (_, _, said) in found]


# ---------------------------------------------------------------- circles


def test_a_circle_names_its_questions_in_order_and_stands_at_the_first():
    sheets = [sheet("t", q("C", when=yes("A")), q("A", when=yes("B")), q("B", when=yes("C")), q("D", when=yes("A")))]
    ((document, (code, path, said)),) = problems(framework(), sheets)
    assert (document, code) == ("t", "seed.circle")
    assert path == ("sections", 0, "questions", 0, "when")
    assert "C → A → B → C" in said.ja
    assert "C → A → B → C" in said.en


def test_a_question_that_waits_for_itself_is_a_circle_also_by_its_section():
    assert "A → A" in problems(framework(), [sheet("t", q("A", when=yes("A")))])[0][1][2].en
    (_, (_, path, said)) = problems(framework(), [sheet("t", q("T"), q("A"), section_when=yes("A"))])[0]
    assert path == ("sections", 0, "when")
    assert "A → A" in said.en


def test_a_circle_through_a_pack_names_the_pack():
    setting = framework(effects=[effect("E", yes("T"), packs=["X"])])
    sheets = [sheet("t", q("T", when=yes("X1"))), sheet("x", q("X1"), kind="pack", pack="X")]
    ((_, (_, _, said)),) = problems(setting, sheets)
    assert "T → X1 → 追加質問群 X → T" in said.ja
    assert "T → X1 → pack X → T" in said.en


def test_a_pack_that_waits_for_itself_is_a_circle():
    ((document, (code, path, _)),) = problems(
        framework(), [sheet("x", q("X1"), kind="pack", pack="X", when={"in_pack": "X"})]
    )
    assert (document, code, path) == ("x", "seed.circle", ("when",))


def test_every_knot_is_reported():
    asked = [q("A", when=yes("B")), q("B", when=yes("A")), q("C", when=yes("D")), q("D", when=yes("C"))]
    assert codes(problems(framework(), [sheet("t", *asked)])) == ["seed.circle"] * 2


# ---------------------------------------------------------------- never asked


@pytest.mark.parametrize(
    ("when", "is_never"),
    [
        ({"all": [yes("T"), {"question": "T", "is": ["no"]}]}, True),
        ({"question": "T", "is": ["maybe"]}, True),
        ({"question": "Z", "answered": True}, True),
        ({"question": "Z", "answered": False}, False),
        ({"in_pack": "Y"}, True),
        ({"not": {"in_pack": "Y"}}, False),
        ({"in_phase": "build"}, True),
        ({"in_phase": "idea"}, False),
        ({"question": "N", "at_least": 11}, True),
        ({"question": "N", "at_least": 10}, False),
        ({"all": [{"question": "N", "at_least": 5}, {"not": {"question": "N", "at_least": 6}}]}, False),
        ({"all": [{"question": "N", "answered": True}, {"not": {"question": "N", "at_least": 1}}]}, True),
        ({"question": "G", "is": ["na"]}, True),
        ({"question": "S", "is": ["na"]}, False),
        ({"question": "T1", "is": ["yes"]}, False),
        ({"all": [{"question": "T1", "is": ["yes"]}, {"question": "T", "is": ["no"]}]}, True),
        ({"all": [{"question": "T1", "answered": False}, {"question": "T", "is": ["no"]}]}, False),
        ({"all": [{"question": "M", "includes": "a"}, {"question": "M", "includes": "b"}]}, False),
        ({"all": [{"question": "M", "includes": "a"}, {"question": "M", "is": ["b"]}]}, True),
        (
            {
                "all": [
                    {"question": "M", "answered": True},
                    {"not": {"any": [{"question": "M", "includes": c} for c in "ab"]}},
                ]
            },
            True,
        ),
        ({"question": "L", "answered": True}, True),
    ],
)
def test_what_can_never_hold_is_told_from_what_can(when, is_never):
    setting = framework(
        scale=[
            {"code": c, "name": {"ja": c, "en": c}, "mark": "o", "factor": f} for c, f in (("full", "1"), ("na", None))
        ]
    )
    sheets = [
        sheet("t", q("T"), q("T1", when=yes("T")), q("N", "number", minimum="1", maximum="10")),
        sheet("s", q("G", "scale", gate=True), q("S", "scale"), q("A", when=when), kind="screening", phase="idea"),
        sheet("m", q("M", "multiple", choices=["a", "b"])),
        sheet("l", q("L"), kind="screening", phase="city"),
    ]
    assert never(*sheets, setting=setting) == (["A"] if is_never else [])


def test_a_pack_nobody_attaches_is_never_asked_and_one_attached_by_either_way_is():
    pack = sheet("x", q("X1"), kind="pack", pack="X")
    assert never(sheet("t", q("T")), pack) == ["X1"]
    assert never(sheet("t", q("T")), pack, setting=framework(effects=[effect("E", yes("T"), packs=["X"])])) == []
    assert never(sheet("t", q("T")), sheet("x", q("X1"), kind="pack", pack="X", when=yes("T"))) == []


def test_the_sentence_names_question_and_condition_in_both_languages():
    ((document, (_, path, said)),) = problems(
        framework(), [sheet("t", q("T"), q("A", when={"all": [yes("T"), {"question": "T", "is": ["no"]}]}))]
    )
    assert (document, path) == ("t", ("sections", 0, "questions", 1, "when"))
    assert "質問「A」" in said.ja
    assert "Tが「はい」、かつTが「いいえ」" in said.ja
    assert "T was answered “Yes” and T was answered “No”" in said.en


# ---------------------------------------------------------------- bounds


def test_a_search_that_reaches_its_bound_says_so():
    hard = {"all": [{"any": [yes(f"T{n}"), yes(f"T{n + 1}")]} for n in range(8)]}
    asked = [q(f"T{n}") for n in range(9)]
    found = problems(framework(), [sheet("t", *asked, q("A", when=hard))], steps=(5, 100))
    assert codes(found) == ["seed.reach_undecided"]
    assert "「A」" in found[0][1][2].ja
    assert never(sheet("t", *asked, q("A", when=hard))) == []


def pigeons(holes):
    """One more bird than holes, no two in one hole: the classic that backtracking cannot refute quickly."""
    put = {(b, h): yes(f"B{b}H{h}") for b in range(holes + 1) for h in range(holes)}
    somewhere = [{"any": [put[b, h] for h in range(holes)]} for b in range(holes + 1)]
    alone = [
        {"not": {"all": [put[a, h], put[b, h]]}}
        for h in range(holes)
        for a, b in itertools.combinations(range(holes + 1), 2)
    ]
    return [q(f"B{b}H{h}") for b, h in put], {"all": somewhere + alone}


def test_hostile_conditions_end_within_the_bound():
    small, impossible = pigeons(3)
    assert never(sheet("t", *small, q("A", when=impossible))) == ["A"]
    large, hopeless = pigeons(9)
    began = time.process_time()
    assert codes(problems(framework(), [sheet("t", *large, q("A", when=hopeless))])) == ["seed.reach_undecided"]
    assert time.process_time() - began < 2


@pytest.mark.parametrize("start", [None, {"question": "T", "is": ["maybe"]}])
def test_a_chain_of_a_thousand_questions_is_decided(start):
    chain = [q("T"), q("Q0", when=start), *(q(f"Q{n}", when=yes(f"Q{n - 1}")) for n in range(1, 1000))]
    began = time.process_time()
    assert len(never(sheet("t", *chain))) == (1000 if start else 0)
    assert time.process_time() - began < 2


# ---------------------------------------------------------------- against brute force

KEYS = ["T0", "A0", "A1", "X0"]


def looks(keys):
    one = st.sampled_from(keys)
    return st.one_of(
        st.builds(lambda k, v: {"question": k, "is": v}, one, st.lists(st.sampled_from("ab"), min_size=1, max_size=2)),
        st.builds(lambda k, v: {"question": k, "includes": v}, one, st.sampled_from("ab")),
        st.builds(lambda k, v: {"question": k, "answered": v}, one, st.booleans()),
        st.builds(lambda p: {"in_pack": p}, st.sampled_from(["X", "Y"])),
        st.builds(lambda p: {"in_phase": p}, st.sampled_from(["idea", "build"])),
        st.builds(lambda k, n: {"question": k, "at_least": n}, one, st.integers(0, 4)),
    )


def conditions(keys):
    return st.recursive(
        looks(keys),
        lambda inner: st.one_of(
            st.builds(lambda p: {"all": p}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda p: {"any": p}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda p: {"not": p}, inner),
        ),
        max_leaves=5,
    )


ASKED = {
    "single": {"choices": ["a", "b"]},
    "multiple": {"choices": ["a", "b"]},
    "number": {"minimum": "1", "maximum": "3"},
    "text": {},
}


@st.composite
def cases(draw):
    def question(key):
        kind = draw(st.sampled_from(sorted(ASKED)))
        return q(key, kind, when=draw(st.none() | conditions(KEYS)), not_applicable=draw(st.booleans()), **ASKED[kind])

    maybe = st.none() | conditions(KEYS)
    sheets = [
        sheet("t", question("T0")),
        sheet("s", question("A0"), question("A1"), kind="screening", phase="build", section_when=draw(maybe)),
        sheet("x", question("X0"), kind="pack", pack="X", when=draw(maybe)),
    ]
    effects = [effect("E", draw(looks(["T0"])), packs=["X"])] if draw(st.booleans()) else []
    return framework(effects=effects), sheets


class Plain:
    """Visibility worked out directly from its definition, one phase and one assignment after the other."""

    def __init__(self, setting, sheets):
        self.setting, self.sheets = setting, sheets
        self.places = {question.key: (each, s, question) for each in sheets for s, question in each.questions()}
        self.named = {}

    def at(self, phase, answers):
        self.phase, self.answers, self.known = phase, answers, {}
        return self

    def visible(self, key):
        if key not in self.known:
            each, section, question = self.places[key]
            asked = each.kind != "screening" or self.phase != "idea"
            attached = each.kind != "pack" or self.attached(each.pack)
            self.known[key] = asked and attached and self.holds(section.when) and self.holds(question.when)
        return self.known[key]

    def holds(self, when):
        if when is None:
            return True
        if id(when) not in self.named:
            self.named[id(when)] = set(questions_of(when)), set(packs_of(when))
        keys, packs = self.named[id(when)]
        seen = {key: self.answers[key] for key in keys if self.answers[key] and self.visible(key)}
        return holds(when, seen, {pack for pack in packs if self.attached(pack)}, self.phase)

    def attached(self, pack):
        ways = [e.when for e in self.setting.effects if pack in e.packs]
        ways += [each.when for each in self.sheets if each.pack == pack and each.when is not None]
        return any(self.holds(way) for way in ways)


def possible(setting, question):
    chosen = [c.code for c in question.choices]
    values = {
        "single": chosen,
        "multiple": [" ".join(c) for n in (1, 2) for c in itertools.combinations(chosen, n)],
        "number": ["1", "1.5", "2", "3"],
        "text": [GIVEN],
    }[question.kind]
    assert set(chosen) <= set(values_of(setting, question))
    return ["", *values, *([NOT_APPLICABLE] if question.not_applicable else [])]


@settings(max_examples=25, deadline=None)
@given(cases())
def test_reported_exactly_when_no_answers_show_it(case):
    setting, sheets = case
    found = problems(setting, sheets)
    if "seed.circle" in codes(found):
        return
    reported = {said.ja.split("「")[1].split("」")[0] for _, (_, _, said) in found}
    plain = Plain(setting, sheets)
    values = [possible(setting, plain.places[key][2]) for key in KEYS]
    shown = set()
    for phase, answers in itertools.product(("build", "idea"), itertools.product(*values)):
        plain.at(phase, dict(zip(KEYS, answers, strict=True)))
        shown |= {
            key for key in KEYS if key not in shown and (key[0] != "A" or phase == "build") and plain.visible(key)
        }
        if len(shown) == len(KEYS):
            break
    assert shown == set(KEYS) - reported


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from("ABCDEF"), st.lists(st.sampled_from("ABCDEF"), max_size=2), min_size=1))
def test_accepted_exactly_when_an_order_exists(rests):
    asked = [
        q(key, when={"any": [{"question": other, "answered": False} for other in on]} if on else None)
        for key, on in rests.items()
    ]
    left = {key: {other for other in on if other in rests} for key, on in rests.items()}
    while free := [key for key, on in left.items() if not on]:
        left = {key: on - set(free) for key, on in left.items() if key not in free}
    assert ("seed.circle" in codes(problems(framework(), [sheet("t", *asked)]))) == bool(left)
