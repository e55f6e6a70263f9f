"""Changes of a tree leave everything else as it was, whatever shape the rest has."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from governance.authoring import conditions, editing, fields, questions, translating
from governance.authoring.conditions import Known
from governance.paths import SEEDS
from governance.questionnaires.definition import Framework, Question
from governance.questionnaires.reading import parse, read
from governance.questionnaires.writing import written_tree
from governance.refusals import NotFound
from governance.texts import Text, both

FRAMEWORK = read(next((SEEDS / "framework").glob("*.yaml")), Framework)[0]
FILES = sorted((SEEDS / "questionnaires").glob("*.yaml"))


def tree(*keys: str) -> dict[str, Any]:
    """Return a tree with one section per first letter of the keys."""
    sections: dict[str, Any] = {}
    for key in keys:
        section = sections.setdefault(key[0], {"key": key[0], "questions": []})
        section["questions"].append({"key": key, "text": both(key).as_dict()})
    return {"key": "q", "sections": list(sections.values())}


def order(values: dict[str, Any]) -> list[str]:
    return editing.keys(values)


def test_questions_are_added_copied_moved_and_removed() -> None:
    before = tree("A1", "A2", "B1")
    kept = deepcopy(before)
    assert order(editing.added(before, "A", {"key": "A3"})) == ["A1", "A2", "A3", "B1"]
    assert order(editing.added(before, "A", {"key": "A3"}, after="A1")) == ["A1", "A3", "A2", "B1"]
    assert order(editing.copied(before, "A1", "A9")) == ["A1", "A9", "A2", "B1"]
    assert order(editing.moved(before, "A2", -1)) == ["A2", "A1", "B1"]
    assert order(editing.moved(before, "A1", -5)) == ["A1", "A2", "B1"]
    assert order(editing.put_in(before, "A1", "B")) == ["A2", "B1", "A1"]
    assert order(editing.put_in(before, "A1", "A")) == ["A1", "A2", "B1"]
    assert order(editing.removed(before, "A1")) == ["A2", "B1"]
    assert [each["key"] for each in editing.removed(before, "B1")["sections"]] == ["A"]
    assert [each["key"] for each in editing.section_moved(before, "B", -1)["sections"]] == ["B", "A"]
    assert before == kept


@pytest.mark.parametrize("values", [{}, {"sections": None}, {"sections": [3, {"questions": "x"}]}, {"sections": {}}])
def test_a_tree_of_any_shape_has_questions_or_none(values: dict[str, Any]) -> None:
    assert order(values) == []
    with pytest.raises(NotFound):
        editing.found(values, "A1")


def test_keys_are_suggested_in_the_manner_of_the_last_one() -> None:
    assert editing.suggested("P1d", {"P1e"}) == "P1f"
    assert editing.suggested("GEN-09", set()) == "GEN-10"
    assert editing.suggested("P1z", set()) == "P1z-2"
    assert editing.suggested("x" * 63, set()) == ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_question_that_goes_through_the_form_stays_the_same(path: Path) -> None:
    source = parse("", path.read_text(encoding="utf-8"))
    for _, question in editing.questions(source.tree):
        again, problems = questions.question_of(questions.fields_of(question), question, FRAMEWORK)
        assert not problems
        tidy = editing.tidy(again, Question)
        for row in tidy.get("columns", []):
            row.setdefault("kind", "text")
        plain = deepcopy(editing.tidy(question, Question))
        for row in plain.get("columns", []):
            row.setdefault("kind", "text")
        assert tidy == plain, question["key"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_condition_that_goes_through_the_builder_stays_the_same(path: Path) -> None:
    source = parse("", path.read_text(encoding="utf-8"))
    for _, question in editing.questions(source.tree):
        if "when" in question:
            node = conditions.drawn(conditions.fields_of(question["when"]), {}, {}, {})
            assert conditions.condition_of(node, {}, []) == question["when"]


def test_a_text_written_from_a_tree_reads_back_as_the_tree() -> None:
    for path in FILES:
        source = parse("", path.read_text(encoding="utf-8"))
        assert parse("", written_tree(source.tree)).tree == source.tree


# ---------------------------------------------------------------- the builder

T02 = Known("T02", both("T02"), "yes_no_unknown", {"yes": both("はい"), "no": both("いいえ")}, both("sheet"))
SIZE = Known("SIZE", both("size"), "number", {}, both("sheet"))
KNOWN = {"T02": T02, "SIZE": SIZE}


def built(sent: fields.Fields) -> tuple[Any, list[conditions.Node]]:
    stops: list[conditions.Node] = []
    node = conditions.drawn(sent, KNOWN, {"GEN": both("GEN")}, {"P": both("計画")})
    return conditions.condition_of(node, KNOWN, stops), stops


def test_a_condition_is_built_press_by_press() -> None:
    sent = conditions.pressed({}, "begin", "when")
    sent |= {"when.0.question": ["T02"], "when.0.how": ["is"], "when.0.value": ["yes", "no"]}
    sent = conditions.pressed(sent, "not", "when")
    sent |= {"when.1.0.question": ["SIZE"], "when.1.0.value": ["1000"]}
    sent = conditions.pressed(sent, "row", "when.1")
    sent |= {"when.1.1.question": ["#pack"], "when.1.1.value": ["GEN"]}
    assert built(sent) == (
        {
            "all": [
                {"question": "T02", "is": ["yes", "no"]},
                {"not": {"any": [{"question": "SIZE", "at_least": 1000}, {"in_pack": "GEN"}]}},
            ]
        },
        [],
    )
    assert built(conditions.pressed(sent, "remove", "when.1")) == ({"question": "T02", "is": ["yes", "no"]}, [])
    assert built(conditions.pressed(sent, "remove", "when")) == (None, [])


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"when.0.question": ["T02"]},
        {"when.0.question": ["SIZE"], "when.0.value": ["many"]},
        {"when.0.question": ["#phase"]},
    ],
)
def test_a_row_that_is_not_done_says_so(row: fields.Fields) -> None:
    condition, stops = built(conditions.pressed({}, "begin", "when") | row)
    assert condition is None
    assert [(node.path, node.wrong is not None) for node in stops] == [("when.0", True)]


def test_what_does_not_exist_any_more_is_kept_and_marked() -> None:
    gone = {"all": [{"question": "T99", "is": ["yes"]}, {"question": "T02", "is": ["perhaps"]}]}
    node = conditions.drawn(conditions.fields_of(gone), KNOWN, {}, {})
    stops: list[conditions.Node] = []
    assert conditions.condition_of(node, KNOWN, stops) == gone
    assert not stops
    assert node is not None
    assert all(part.wrong is not None for part in node.parts)


def test_a_builder_neither_grows_nor_deepens_without_end() -> None:
    sent, path = conditions.pressed({}, "begin", "when"), "when"
    for _ in range(40):
        sent = conditions.pressed(sent, "any", path)
        path = f"{path}.0" if f"{path}.0.is" in sent and sent[f"{path}.0.is"] != ["row"] else f"{path}.1"
    assert len(sent) < 60
    for _ in range(300):
        sent = conditions.pressed(sent, "row", "when")
    assert len(sent) < 200


# ---------------------------------------------------------------- translation


def test_missing_comes_before_stale_and_a_confirmed_text_is_fine() -> None:
    base = {"title": {"ja": "題", "en": "Title"}, "intro": {"ja": "前", "en": "Before"}}
    now = {"title": {"ja": "新しい題", "en": "Title"}, "intro": {"ja": "前", "en": ""}}
    found = translating.entries(now, base, {})
    assert [(each.path, each.state) for each in found] == [("intro", "missing"), ("title", "stale")]
    assert found[1].before == "題"
    kept = {"title": found[1].digest}
    assert translating.counts(translating.entries(now, base, kept)) == (1, 0)
    text = translating.with_confirmed("key: q\n", kept)
    assert translating.confirmed_in(text) == kept
    assert parse("", text).tree == {"key": "q"}
    now["title"]["ja"] = "さらに新しい題"
    assert translating.counts(translating.entries(now, base, kept)) == (1, 1)


def test_japanese_copied_into_the_english_is_missing() -> None:
    [entry] = translating.entries({"title": {"ja": "題", "en": "題"}}, None, {})
    assert entry.state == "missing"


def test_texts_are_changed_by_path_even_when_keys_repeat() -> None:
    values = {
        "sections": [{"key": "A", "title": Text("一", "1").as_dict()}, {"key": "A", "title": both("x").as_dict()}]
    }
    again = translating.changed(values, {"sections/A#2/title": ("二", "2"), "nowhere": ("三", "3")})
    assert [each["title"]["en"] for each in again["sections"]] == ["1", "2"]
