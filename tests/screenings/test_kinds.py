"""What an answer of each kind may be: read as people in Japan type it, refused with a sentence that says what and where."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.questionnaires.definition import Question
from governance.refusals import Refusal
from governance.screenings import kinds, rules
from governance.screenings.rules import Entry, Given
from tests.points_framework import question
from tests.screenings.small import framework, points

FRAMEWORK = framework()
COLUMNS = [
    {"code": "name", "name": {"ja": "名称", "en": "Name"}},
    {"code": "country", "name": {"ja": "国", "en": "Country"}, "kind": "single", "choices": [
        {"code": "jp", "name": {"ja": "日本", "en": "Japan"}}, {"code": "fr", "name": {"ja": "フランス", "en": "France"}}]},
    {"code": "until", "name": {"ja": "期限", "en": "Until"}, "kind": "date", "required": False},
    {"code": "n", "name": {"ja": "人数", "en": "People"}, "kind": "number", "required": False},
]  # fmt: skip


def made(kind: str, **more: object) -> Question:
    given_points = points("impact", a=1, b=2, c=3) if kind in ("single", "multiple") else None
    return Question.model_validate_json(json.dumps(question("Q1", kind, given_points, **more)))


def stored(of: Question, value: str = "", text: str = "") -> tuple[str, str]:
    entry = rules.stored_form(of, Entry("Q1", value, text=text))
    for problem in rules.entry_problems(FRAMEWORK, of, entry):
        raise rules.refusal(problem)
    return entry.value, entry.text


def refused(of: Question, value: str = "", text: str = "") -> str:
    with pytest.raises(Refusal) as caught:
        stored(of, value, text)
    assert caught.value.place == "Q1"
    assert caught.value.text.en != caught.value.text.ja
    return caught.value.text.ja


# ---------------------------------------------------------------- numbers and dates


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("12", "12"),
        ("１２", "12"),
        (" １，２００ ", "1200"),
        ("1,200,000", "1200000"),
        ("３０日", "30"),
        ("30 days", "30"),
        ("1.50", "1.5"),
        ("－３", "-3"),
        ("007", "7"),
        ("-0", "0"),
        ("0.000001", "0.000001"),
    ],
)
def test_numbers_are_read_as_they_are_typed(typed: str, kept: str) -> None:
    assert stored(made("number", unit={"ja": "日", "en": "days"}), typed) == (kept, "")


@pytest.mark.parametrize("typed", ["十二", "1,2", "12abc", "1e3", "0x10", "1.2.3", "NaN", "∞", "1" * 40, "0.0000001"])
def test_what_is_no_number_is_refused_as_it_was_typed(typed: str) -> None:
    said = refused(made("number", unit={"ja": "日", "en": "days"}), typed)
    assert "数として読めません" in said
    assert "（単位：日）" in said


def test_bounds_are_said_with_the_unit() -> None:
    of = made("number", unit={"ja": "日", "en": "days"}, minimum="0", maximum="36500")
    assert stored(of, "36500") == ("36500", "")
    assert refused(of, "36501") == "Q1：0以上36500以下の数を入力してください（単位：日）。いまは36501です。"
    assert "0以上の" in refused(made("number", minimum="0"), "-1")
    assert "10以下の" in refused(made("number", maximum="10"), "10.5")


@pytest.mark.parametrize(
    "typed",
    ["2026-11-18", "2026/11/18", "２０２６／１１／１８", "2026年11月18日", "20261118", "2026.11.18", " 2026-11-18 "],
)
def test_dates_are_read_as_they_are_typed(typed: str) -> None:
    assert stored(made("date"), typed) == ("2026-11-18", "")


@pytest.mark.parametrize("typed", ["2026-02-30", "2026/13/01", "2025-02-29", "明日", "18.11.2026", "2026-W01-1"])
def test_days_that_do_not_exist_are_refused_in_words(typed: str) -> None:
    assert "という日付はありません" in refused(made("date"), typed)


@given(st.dates())
def test_every_day_of_the_calendar_is_kept(day: object) -> None:
    assert stored(made("date"), f"{day}") == (f"{day}", "")


@given(st.integers(-(10**13) + 1, 10**13 - 1), st.integers(0, 999_999))
def test_every_number_is_kept_exactly(whole: int, millionths: int) -> None:
    value, _ = stored(made("number"), f"{whole}.{millionths:06}")
    assert stored(made("number"), value) == (value, "")


# ---------------------------------------------------------------- choices


def test_choices_stand_once_each_in_the_order_of_the_definition() -> None:
    assert stored(made("multiple"), "c a c") == ("a c", "")
    assert stored(made("single"), "b") == ("b", "")
    assert "「z」は選べる値ではありません" in refused(made("multiple"), "a z")
    assert "選べる値ではありません" in refused(made("single"), "a b")


def test_not_applicable_stands_alone_and_only_where_it_is_offered() -> None:
    assert stored(made("multiple", not_applicable=True), "not_applicable") == ("not_applicable", "")
    assert "一緒には選べません" in refused(made("multiple", not_applicable=True), "a not_applicable")
    for kind in ("single", "number", "date", "text", "file"):
        assert "選べる値ではありません" in refused(made(kind), "not_applicable")
    assert "記入した内容を消してください" in refused(made("text", not_applicable=True), "not_applicable", "書いた")


# ---------------------------------------------------------------- texts and rows


def test_a_text_is_kept_beside_its_value() -> None:
    assert stored(made("text"), text="  𠮷田\n式 ") == ("given", "𠮷田 式")
    assert stored(made("long_text"), text="一行目\n\n三行目\n") == ("given", "一行目\n\n三行目")
    assert stored(made("text"), "given", "   ") == ("", "")
    assert refused(made("text", max_length=5), text="六文字である") == "Q1：5文字以内で書いてください（いま6文字）。"
    assert "4000文字以内" in refused(made("long_text"), text="あ" * 4001)


def rows(*given: dict[str, str]) -> str:
    return json.dumps(given, ensure_ascii=False)


def test_rows_are_kept_in_one_form_without_empty_ones() -> None:
    of = made("rows", columns=COLUMNS)
    value, text = stored(
        of, text=rows({}, {"name": " 見本 ", "country": "jp", "until": "2026/11/18", "n": "１２"}, {"name": " "})
    )
    assert value == "given"
    assert json.loads(text) == [{"country": "jp", "n": "12", "name": "見本", "until": "2026-11-18"}]
    assert stored(of, text=text) == (value, text)
    assert stored(of, text="[]") == ("", "")
    assert stored(of, text="これは表ではない") == ("", "")
    words = kinds.in_words(FRAMEWORK, of, value, text)
    assert (words.ja, words.en) == ("見本／日本／2026-11-18／12", "見本 / Japan / 2026-11-18 / 12")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"name": "あり"}, "2行目「国」：入力してください。"),
        ({"country": "jp"}, "2行目「名称」：入力してください。"),
        ({"name": "あり", "country": "de"}, "2行目「国」：「de」は選べる値ではありません。"),
        (
            {"name": "あり", "country": "jp", "until": "2026-02-30"},
            "2行目「期限」：「2026-02-30」という日付はありません。",
        ),
        ({"name": "あり", "country": "jp", "n": "多い"}, "2行目「人数」：「多い」は数として読めません。"),
        ({"name": "あ" * 501, "country": "jp"}, "2行目「名称」：500文字以内"),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(row: dict[str, str], said: str) -> None:
    of = made("rows", columns=COLUMNS)
    assert f"Q1：{said}" in refused(of, text=rows({"name": "よい", "country": "fr"}, row))


def test_too_many_rows_are_refused_and_counted() -> None:
    of = made("rows", columns=COLUMNS, max_rows=2)
    assert refused(of, text=rows(*[{"name": "よい", "country": "fr"}] * 3)) == "Q1：2行までです（いま3行）。"


@given(st.sampled_from(["number", "date", "multiple", "text", "long_text", "single", "rows"]), st.text(max_size=40))
def test_the_stored_form_is_stored_unchanged(kind: str, typed: str) -> None:
    of = made(kind, **({"columns": COLUMNS} if kind == "rows" else {}))
    value, text = kinds.stored_form(of, typed, typed)
    assert kinds.stored_form(of, value, text) == (value, text)
    list(kinds.problems(FRAMEWORK, of, value, text))


# ---------------------------------------------------------------- what keeps from submitting


def gaps_of(of: Question, value: str = "", remark: str = "", evidence: int = 0) -> list[str]:
    return [p.code for p in rules._gaps_of_answer(FRAMEWORK, of, Given(value, remark, None, evidence))]


def test_what_is_missing_depends_on_the_question() -> None:
    assert gaps_of(made("number")) == ["screenings.unanswered"]
    assert gaps_of(made("number", required=False)) == []
    assert gaps_of(made("number", not_applicable=True), "not_applicable") == ["screenings.no_remark"]
    assert gaps_of(made("number", not_applicable=True), "not_applicable", "扱わない") == []
    assert gaps_of(made("single", needs_evidence=True), "a") == ["screenings.no_evidence"]
    assert gaps_of(made("single", needs_evidence=True), "a", evidence=1) == []
    assert gaps_of(made("file")) == ["screenings.unanswered"]
    assert gaps_of(made("file"), "given", evidence=1) == []
