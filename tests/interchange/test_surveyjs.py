"""SurveyJS out and in: the round trip is the identity, the subset is understood, and everything else is refused by name and path."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from governance.interchange.documents import Defaults
from governance.interchange.surveyjs import from_json, from_surveyjs, to_json, to_surveyjs
from governance.questionnaires.definition import Framework, Question, Questionnaire
from governance.refusals import Refusals
from tests.interchange.invented import questionnaires, shipped

UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)  # a whole document shrinks for minutes
HERE = Defaults("imported", framework="hitachi-ai-ethics", pack="GEN")
CARS = {
    "title": {"default": "Cars", "ja": "車"},
    "description": "About cars",
    "locale": "ja",
    "pages": [
        {
            "name": "first",
            "title": {"en": "First page", "ja": "最初のページ"},
            "elements": [
                {"type": "html", "name": "intro", "html": "<p>Read <b>this</b> first.</p>"},
                {
                    "type": "radiogroup",
                    "name": "owner",
                    "title": {"default": "Do you own a car?", "ja": "車を持っていますか。"},
                    "choices": ["yes", {"value": "no", "text": {"default": "No", "ja": "いいえ"}}],
                    "isRequired": True,
                    "colCount": 2,
                },
                {
                    "type": "checkbox",
                    "name": "use",
                    "title": "What for?",
                    "choices": ["work", "daily shopping", "leisure"],
                    "visibleIf": "{owner} = 'yes'",
                },
                {
                    "type": "panel",
                    "name": "costs",
                    "title": "Costs",
                    "visibleIf": "{owner} notempty",
                    "elements": [
                        {
                            "type": "text",
                            "name": "price",
                            "title": "Price",
                            "inputType": "number",
                            "min": 0,
                            "max": 99.5,
                        },
                        {
                            "type": "comment",
                            "name": "why_so_much",
                            "title": "Why?",
                            "maxLength": 500,
                            "visibleIf": "{price} >= 50 and !({use} contains 'work' or {use} anyof ['leisure', 'daily shopping'])",
                            "requiredIf": "{price} >= 80",
                        },
                    ],
                },
                {"type": "boolean", "name": "again", "title": "Again?", "labelTrue": "Sure", "labelFalse": "Never"},
            ],
        },
        {
            "name": "second",
            "visibleIf": "{again} = 'yes'",
            "elements": [
                {
                    "type": "rating",
                    "name": "liking",
                    "title": "How much?",
                    "rateMin": 1,
                    "rateMax": 4,
                    "minRateDescription": "Little",
                },
                {
                    "type": "dropdown",
                    "name": "next",
                    "title": "Next one?",
                    "choices": ["red", "blue"],
                    "visibleIf": "{liking} > 2",
                },
                {"type": "text", "name": "on", "title": "When?", "inputType": "date", "visibleIf": "{next} empty"},
            ],
        },
    ],
}


def survey(*elements: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": "x",
        "pages": [{"name": "page", "elements": [{"title": "t", "type": "text", **each} for each in elements]}],
    }


def question(document: Questionnaire, key: str) -> Question:
    return next(each for _, each in document.questions() if each.key == key)


def when(document: Questionnaire, key: str) -> Any:
    return question(document, key).model_dump(by_alias=True, mode="json")["when"]


def refused(document: Any, framework: Framework | None = None) -> dict[str, str]:
    with pytest.raises(Refusals) as caught:
        from_surveyjs(document, HERE, framework)
    return {problem.place or "": problem.text.en for problem in caught.value.problems}


def test_every_shipped_questionnaire_comes_back_the_same() -> None:
    framework, sheets = shipped()
    for sheet in sheets:
        back = from_json(to_json(sheet, framework), HERE, framework)
        assert back.questionnaire == sheet
        assert back.notes == []


@settings(max_examples=20, suppress_health_check=list(HealthCheck), phases=UNSHRUNK)
@given(questionnaires())
def test_any_questionnaire_comes_back_the_same(document: Questionnaire) -> None:
    framework = shipped()[0]
    assert from_json(to_json(document, framework), HERE, framework).questionnaire == document


def test_pages_and_panels_become_sections_in_order() -> None:
    document = from_surveyjs(CARS, HERE).questionnaire
    assert [(section.key, [each.key for each in section.questions]) for section in document.sections] == [
        ("first", ["owner", "use"]),
        ("costs", ["price", "why_so_much"]),
        ("first-2", ["again"]),
        ("second", ["liking", "next", "on"]),
    ]
    assert document.sections[1].title
    assert document.sections[1].title.ja == "最初のページ　Costs"
    assert document.sections[3].model_dump(by_alias=True)["when"] == {"question": "again", "is": ["yes"]}
    assert (document.title.ja, document.title.en) == ("車", "Cars")


def test_kinds_and_bounds_are_understood() -> None:
    document = from_surveyjs(CARS, HERE).questionnaire
    assert {each.key: each.kind for _, each in document.questions()} == {
        "owner": "single",
        "use": "multiple",
        "price": "number",
        "why_so_much": "long_text",
        "again": "single",
        "liking": "single",
        "next": "single",
        "on": "date",
    }
    assert str(question(document, "price").maximum) == "99.5"
    assert [choice.code for choice in question(document, "liking").choices] == ["1", "2", "3", "4"]
    assert question(document, "liking").choices[0].name.en == "1 Little"
    assert question(document, "why_so_much").max_length == 500
    assert question(document, "owner").why.en.startswith("Read this first.\n")


def test_conditions_are_understood_and_values_renamed_in_them_too() -> None:
    document = from_surveyjs(CARS, HERE).questionnaire
    assert when(document, "use") == {"question": "owner", "is": ["yes"]}
    assert when(document, "next") == {"question": "liking", "is": ["3", "4"]}
    assert when(document, "on") == {"question": "next", "answered": False}
    assert when(document, "why_so_much") == {
        "all": [
            {"question": "price", "at_least": 50},
            {
                "not": {
                    "any": [
                        {"question": "use", "includes": "work"},
                        {"any": [{"question": "use", "includes": "leisure"}, {"question": "use", "includes": "c2"}]},
                    ]
                }
            },
        ]
    }


def test_what_the_author_must_look_at_is_noted() -> None:
    notes = {(note.code, note.place) for note in from_surveyjs(CARS, HERE).notes}
    assert ("interchange.needs_translation", "pages[0].elements[2].title") in notes
    assert ("interchange.needs_translation", "description") in notes
    assert ("interchange.needs_translation", "title") not in notes
    places = {place for code, place in notes if code == "interchange.note"}
    assert "pages[0].elements[2].choices[1]" in places  # a value that cannot be a code
    assert "pages[0].elements[3].elements[1].requiredIf" in places
    assert "pages[0].elements[1].colCount" in places
    assert "pages[0].elements[2]" in places  # no reason why it is asked


@pytest.mark.parametrize(
    ("element", "place", "word"),
    [
        ({"name": "a", "type": "signaturepad"}, "pages[0].elements[0].type", "signaturepad"),
        ({"name": "a", "validators": []}, "pages[0].elements[0].validators", "validators"),
        ({"name": "a", "type": "dropdown", "choicesByUrl": {}}, "pages[0].elements[0].choicesByUrl", "choicesByUrl"),
        (
            {"name": "a", "type": "checkbox", "choices": ["a"], "showOtherItem": True},
            "pages[0].elements[0].showOtherItem",
            "show",
        ),
        ({"name": "a", "inputType": "email"}, "pages[0].elements[0].inputType", "email"),
        ({"name": "a", "visible": False}, "pages[0].elements[0].visible", "never shown"),
        ({"name": "a", "title": {"default": "x", "fr": "y"}}, "pages[0].elements[0].title.fr", "fr"),
        ({"name": "a", "title": 3.5}, "pages[0].elements[0].title", "no text"),
        ({"name": "a", "governanceWhat": 1}, "pages[0].elements[0].governanceWhat", "governanceWhat"),
        ({"name": "two words"}, "pages[0].elements[0].key", "two words"),
        (
            {"name": "a", "type": "radiogroup", "choices": [{"value": "x", "enableIf": "y"}]},
            "pages[0].elements[0].choices[0].enableIf",
            "e",
        ),
        ({"name": "a", "governanceWeight": "heavy"}, "pages[0].elements[0].weight", "heavy"),
        (
            {"name": "a", "type": "matrixdynamic", "columns": [{"name": "c", "cellType": "boolean"}]},
            "pages[0].elements[0].columns[0]",
            "col",
        ),
    ],
)
def test_what_is_not_understood_is_refused_by_name_and_path(element: dict[str, Any], place: str, word: str) -> None:
    found = refused(survey(element))
    assert place in found, found
    assert word in found[place]


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        ("{one} = ", "too early"),
        ("iif({one} = 'a', 1, 2)", "iif"),
        ("{one} + 1 = 2", "+"),
        ("!{one}", "{one}"),
        ("{one} = 'zzz'", "zzz"),
        ("{many} = 'a'", "="),
        ("{one} contains 'a'", "contains"),
        ("{amount} > 5", ">"),
        ("{amount} >= 5.5", ">="),
        ("{amount} = 5", "="),
        ("({one} = 'a'", "too early"),
        ("{one} = 'a')", ")"),
        ("(" * 40 + "{one} = 'a'" + ")" * 40, "deeply"),
        ("{one} = 'a' or " * 2000 + "{one} = 'a'", "too long"),
        ("{governancePack-GEN} = false", "="),
    ],
)
def test_expressions_outside_of_the_subset_are_refused(expression: str, word: str) -> None:
    document = survey(
        {"name": "one", "type": "radiogroup", "choices": ["a", "b"]},
        {"name": "many", "type": "checkbox", "choices": ["a", "b"]},
        {"name": "amount", "inputType": "number"},
        {"name": "last", "visibleIf": expression},
    )
    found = refused(document)
    assert word in found["pages[0].elements[3].visibleIf"]


@pytest.mark.parametrize(
    ("expression", "condition"),
    [
        ("{one} == 'a'", {"question": "one", "is": ["a"]}),
        ("{one} <> 'a'", {"not": {"question": "one", "is": ["a"]}}),
        ("{one} anyof ['a', \"b\"]", {"question": "one", "is": ["a", "b"]}),
        ("{one} noneof ['a']", {"not": {"question": "one", "is": ["a"]}}),
        (
            "{many} allof ['a', 'b']",
            {"all": [{"question": "many", "includes": "a"}, {"question": "many", "includes": "b"}]},
        ),
        ("{many} notcontains 'a'", {"not": {"question": "many", "includes": "a"}}),
        (
            "{amount} < 5",
            {"all": [{"question": "amount", "answered": True}, {"not": {"question": "amount", "at_least": 5}}]},
        ),
        (
            "{one} = a && {many} notempty",
            {"all": [{"question": "one", "is": ["a"]}, {"question": "many", "answered": True}]},
        ),
        (
            "negate ({one} = 'a') || {T05} = 'yes'",
            {"any": [{"not": {"question": "one", "is": ["a"]}}, {"question": "T05", "is": ["yes"]}]},
        ),
        ("{one} = 'a' or {one} = 'b' and {T05} = 'no'", None),
        ("{governancePhase} = 'D' and {governancePack-GEN} = true", {"all": [{"in_phase": "D"}, {"in_pack": "GEN"}]}),
    ],
)
def test_expressions_of_the_subset_are_understood(expression: str, condition: Any) -> None:
    document = survey(
        {"name": "one", "type": "radiogroup", "choices": ["a", "b"]},
        {"name": "many", "type": "checkbox", "choices": ["a", "b"]},
        {"name": "amount", "inputType": "number"},
        {"name": "last", "visibleIf": expression},
    )
    found = when(from_surveyjs(document, HERE).questionnaire, "last")
    if condition is None:
        assert [list(part) for part in found["any"]] == [["question", "is"], ["all"]]  # `and` binds closer than `or`
    else:
        assert found == condition


def test_points_come_from_scores_or_the_ends_of_values_and_totals_from_the_ends_of_names() -> None:
    def element(name: str, values: list[Any]) -> dict[str, Any]:
        return {"name": name, "type": "radiogroup", "choices": values, "title": "t"}

    document = {
        "title": "x",
        "pages": [
            {"name": "p1", "elements": [element("q1-RS", [{"value": "a", "score": 2}, {"value": "b", "score": 0.5}])]},
            {
                "name": "p2",
                "elements": [
                    {"type": "panel", "name": "panel-MS", "elements": [element("q2", ["item1-0", "item2-3"])]},
                    element("q3-NS", ["item1-0", "item2-3"]),
                    element("q4", ["item1-0", "item2-3"]),
                ],
            },
        ],
    }
    found = from_surveyjs(document, HERE, None, {"RS": "risk", "MS": "mitigation", "NS": ""}).questionnaire
    points = {
        each.key: {total: {code: str(n) for code, n in given.items()} for total, given in each.points.items()}
        for _, each in found.questions()
    }
    assert points == {
        "q1-RS": {"risk": {"a": "2", "b": "0.5"}},
        "q2": {"mitigation": {"item1-0": "0", "item2-3": "3"}},
        "q3-NS": {},
        "q4": {},
    }


def test_a_score_that_feeds_no_known_total_is_refused() -> None:
    found = refused(survey({"name": "q", "type": "radiogroup", "choices": [{"value": "a", "score": 1}]}))
    assert "total" in found["pages[0].elements[0].choices"]


def test_an_expression_changed_in_a_survey_editor_wins_over_the_condition_that_was_written() -> None:
    framework, sheets = shipped()
    given = to_surveyjs(next(each for each in sheets if each.kind == "trigger"), framework)
    element = next(each for page in given["pages"] for each in page["elements"] if "visibleIf" in each)
    element["visibleIf"] = "{T01} = 'no'"
    document = from_surveyjs(given, HERE, framework).questionnaire
    assert when(document, element["name"]) == {"question": "T01", "is": ["no"]}


def test_the_choices_of_a_scale_cannot_be_changed_on_the_way() -> None:
    framework, sheets = shipped()
    given = to_surveyjs(next(each for each in sheets if each.kind == "screening"), framework)
    given["pages"][0]["elements"][0]["choices"].pop()
    assert "pages[0].elements[0].choices" in refused(given, framework)


def test_one_name_twice_names_both_places() -> None:
    found = refused(survey({"name": "a"}, {"name": "a"}))
    assert "pages[0].elements[0]" in found["pages[0].elements[1].name"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"title": "a", "title": "b"}',
        b'{"title": NaN}',
        b" " * 5_000_001,
        b"[]",
        b'{"pages": {"a": 1}}',
        b'{"pages": [1, [2], null]}',
        b'{"pages": [{"elements": [1, "x", null, []]}]}',
        b'{"title": "x", "elements": []}',
    ],
)
def test_broken_and_hostile_json_is_refused(content: bytes) -> None:
    with pytest.raises(Refusals):
        from_json(content, HERE)


def test_the_documents_are_plain_json() -> None:
    framework, sheets = shipped()
    assert json.loads(to_json(sheets[0], framework)) == to_surveyjs(sheets[0], framework)
