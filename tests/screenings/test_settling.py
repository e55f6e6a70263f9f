"""What is asked settles to one answer whatever rests on what: conditions, packs of effects, packs' own conditions, phases."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from governance.screenings.explain import needed
from governance.screenings.routing import Sheet, settled
from governance.screenings.scoring import score
from tests.other_framework import named
from tests.screenings.small import framework, questionnaire, sheet, single


def chain_of(*keys: str, **extra: object) -> list[dict]:
    """Return questions each asked only when the one before was answered yes."""
    made = [single(key, "impact", no=0, yes=5) for key in keys]
    for before, each in zip(keys, made[1:], strict=False):
        each["when"] = {"question": before, "is": ["yes"]}
    return made


def test_a_hidden_answer_hides_what_rests_on_it_and_all_come_back() -> None:
    of = sheet(*chain_of("A", "B", "C"))
    every = {"A": "yes", "B": "yes", "C": "yes"}
    assert score(of, every, {}).asked == ("A", "B", "C")
    assert score(of, {**every, "A": "no"}, {}).asked == ("A",)
    assert score(of, every, {}).percent == 100


def test_a_not_condition_is_met_by_an_answer_that_is_hidden() -> None:
    first, second, third = chain_of("A", "B", "C")
    third["when"] = {"not": {"question": "B", "is": ["yes"]}}
    of = sheet(first, second, third)
    assert score(of, {"A": "yes", "B": "yes"}, {}).asked == ("A", "B")
    assert score(of, {"A": "no", "B": "yes"}, {}).asked == ("A", "C")


def with_pack(**changes: object) -> Sheet:
    base = framework(packs=named("EXTRA", "MORE"), **changes)
    extra = questionnaire(
        single("E", "impact", no=0, yes=5),
        key="extra",
        kind="pack",
        pack="EXTRA",
        when={"question": "A", "is": ["yes"]},
    )
    more = questionnaire(
        single("F", "impact", no=0, yes=5), key="more", kind="pack", pack="MORE", when={"in_pack": "EXTRA"}
    )
    return Sheet(base, "design", (questionnaire(single("A", "impact", no=0, yes=5)), extra, more))


def test_a_pack_is_attached_by_its_own_condition_and_by_another_pack() -> None:
    of = with_pack()
    assert score(of, {"A": "no", "E": "yes"}, {}).packs == ()
    found = score(of, {"A": "yes", "E": "yes"}, {})
    assert found.packs == ("EXTRA", "MORE")
    assert found.asked == ("A", "E", "F")
    assert found.totals[1].points == 10


def test_packs_that_attach_each_other_settle_with_the_questions_that_rest_on_them_in_turn() -> None:
    """Six packs attach one after the other; then their questions show one after the other, from the last to the first."""
    packs, of = [f"K{n}" for n in range(6)], []
    for n, pack in enumerate(packs):
        asked = single(f"Q{n}", "impact", no=0, yes=5)
        if n < 5:
            asked["when"] = {"question": f"Q{n + 1}", "is": ["yes"]}
        when = {"in_pack": packs[n - 1]} if n else {"question": "A", "is": ["yes"]}
        of.append(questionnaire(asked, key=pack.lower(), kind="pack", pack=pack, when=when))
    whole = Sheet(framework(packs=named(*packs)), "design", (questionnaire(single("A", "impact", no=0, yes=5)), *of))
    every = {"A": "yes", **{f"Q{n}": "yes" for n in range(6)}}
    assert settled(whole, every).answers == every
    assert score(whole, every, {}).asked == tuple(every)


def test_an_effect_that_rests_on_a_question_of_a_pack_fires_only_while_the_pack_is_attached() -> None:
    effect = {"id": "X", "trigger": "E", "when": {"question": "E", "is": ["yes"]}, "route": "hall"}
    of = with_pack(effects=[effect])
    assert score(of, {"A": "yes", "E": "yes"}, {}).route == "hall"
    assert score(of, {"A": "no", "E": "yes"}, {}).route == "desk"


def test_a_question_of_one_phase_is_not_asked_in_another() -> None:
    here = {**single("A", "impact", no=0, yes=5), "section_when": {"in_phase": "design"}}
    there = {**single("B", "impact", no=0, yes=5), "when": {"in_phase": "running"}}
    assert score(sheet(here, there), {}, {}).asked == ("A",)


def test_contradictions_look_only_at_what_is_asked() -> None:
    rule = {
        "code": "X",
        "when": {"all": [{"question": "A", "is": ["no"]}, {"question": "B", "is": ["yes"]}]},
        "text": {"ja": "食い違い", "en": "does not fit"},
        "advice": {"ja": "確かめる", "en": "check"},
    }
    of = sheet(*(single(key, "impact", no=0, yes=5) for key in "AB"), contradictions=[rule])
    assert score(of, {"A": "no", "B": "yes"}, {}).contradictions == ("X",)
    hidden = sheet(*chain_of("A", "B"), contradictions=[rule])
    assert score(hidden, {"A": "no", "B": "yes"}, {}).contradictions == ()


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    """Draw questions whose conditions look only back, so that they hold no circle."""
    keys, questions = [f"Q{n}" for n in range(6)], []
    for n, key in enumerate(keys):
        made = single(key, "impact", no=0, yes=5)
        if n and draw(st.booleans()):
            look = {"question": draw(st.sampled_from(keys[:n])), "is": [draw(st.sampled_from(["yes", "no"]))]}
            made["when"] = {"not": look} if draw(st.booleans()) else look
        questions.append(made)
    return sheet(*questions)


@given(sheets(), st.dictionaries(st.sampled_from([f"Q{n}" for n in range(6)]), st.sampled_from(["yes", "no"])))
def test_what_settled_stays_as_it_is(of: Sheet, answers: dict[str, str]) -> None:
    """Asking again with what counted changes nothing, and every question is visible exactly when its condition holds."""
    first = settled(of, answers)
    assert settled(of, first.answers).answers == first.answers
    for _, question in of.questionnaires[0].questions():
        if question.when is None:
            assert (question.key in first.answers) == (question.key in answers)


def test_where_answers_decide_what_is_asked_no_set_is_called_the_smallest() -> None:
    """A=yes opens B and C: the sum says B and C, one answer to A does more; so the set is tried and no claim is made."""
    first, second, third = chain_of("A", "B", "C")
    third["when"] = second["when"]
    of = sheet(first, second, third)
    answers = {"A": "yes", "B": "yes", "C": "yes"}
    found = score(of, answers, {})
    (item,) = [each for each in found.items if each.counted]
    assert not item.exact
    assert "no smaller" not in needed(of.framework, item).en
    better = score(of, {**answers, **dict.fromkeys(item.needed, "no")}, {})
    assert better.item(item.item).residual is None or better.item(item.item).residual < item.residual


def test_an_answer_that_opens_a_risk_is_no_way_down() -> None:
    """Answering A with no opens D: the level would stay, so A is not offered."""
    first, opened = single("A", "impact", no=0, yes=1), single("D", "impact", no=0, yes=5)
    opened["when"] = {"question": "A", "is": ["no"]}
    of = sheet(first, opened)
    found = score(of, {"A": "yes", "D": "yes"}, {})
    (item,) = [each for each in found.items if each.counted]
    assert (item.needed, item.singles, found.needed) == ((), (), ())
