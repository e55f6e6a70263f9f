"""What may be written, how it is read, and what follows what: the pure rules of threads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.discussions import rules
from governance.discussions.rules import Run, named, next_state, opening, runs, written
from governance.refusals import Refusal

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize("empty", ["", "   ", "\n\t", "\u200b\u202e", "　"])
def test_a_comment_says_something(empty: str) -> None:
    with pytest.raises(Refusal, match="discussions.empty"):
        written(empty)


def test_a_long_text_is_refused_with_its_length_and_the_limit() -> None:
    with pytest.raises(Refusal) as refused:
        written("あ" * 100_000)
    assert "100,000文字" in refused.value.text.ja
    assert "5,000" in refused.value.text.en
    assert written("あ" * rules.LONGEST_COMMENT)


@pytest.mark.parametrize("text", ["𠮷田・髙橋 😀👩‍👩‍👧", "שלום עולם", "مرحبا", "一行\n\n二行"])
def test_what_people_write_is_kept_as_it_is(text: str) -> None:
    assert written(text) == text


def test_line_breaks_are_of_one_kind_and_controls_are_gone() -> None:
    assert written("a\r\nb\rc\x07\x1b[31m") == "a\nb\nc[31m"


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("資料は https://wiki.example/a?b=c#d です", "https://wiki.example/a?b=c#d"),
        ("（https://wiki.example/a）を参照", "https://wiki.example/a"),
        ("see https://wiki.example/a.", "https://wiki.example/a"),
        ("HTTPS://WIKI.example/a", "HTTPS://WIKI.example/a"),
    ],
)
def test_web_addresses_become_links(text: str, href: str) -> None:
    assert [run.href for run in runs(text) if run.href] == [href]
    assert "".join(run.text for run in runs(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:text/html,<script>",
        "https://real.example@evil.example/",
        "http://[broken",
        "ftp://files.example/a",
        "<img src=x onerror=alert(1)>",
    ],
)
def test_nothing_else_becomes_a_link(text: str) -> None:
    assert [run for run in runs(text) if run.href] == []


def test_a_link_does_not_swallow_marks_that_turn_the_direction() -> None:
    assert [run.href for run in runs("https://wiki.example/\u202egpj.exe") if run.href] == ["https://wiki.example/"]


@given(st.text(max_size=200), st.lists(st.text(min_size=1, max_size=5), max_size=3))
def test_runs_lose_nothing(text: str, names: list[str]) -> None:
    assert "".join(run.text for run in runs(text, names)) == text


def test_names_behind_an_at_are_found_and_marked() -> None:
    people = {"1": ("見本 花子", "Hanako"), "2": ("見本 花", "Hana"), "3": ("別人", "Other")}
    assert named("＠見本 花子 さん、@Hana も", people) == {"1", "2"}
    assert named("見本 花子（@なし）", people) == set()
    assert runs("@見本 花子さん", ["見本 花子"]) == [Run("@見本 花子", is_name=True), Run("さん")]


@pytest.mark.parametrize(
    ("act", "kind", "state", "after"),
    [
        ("answer", "remark", "open", "answered"),
        ("resolve", "remark", "answered", "resolved"),
        ("resolve", "remark", "open", "resolved"),
        ("resolve", "comment", "open", "resolved"),
        ("reopen", "remark", "answered", "open"),
        ("reopen", "comment", "resolved", "open"),
    ],
)
def test_how_a_thread_goes_on(act: str, kind: str, state: str, after: str) -> None:
    assert next_state(act, kind, state) == after


@pytest.mark.parametrize(
    ("act", "kind", "state"),
    [
        ("answer", "comment", "open"),
        ("answer", "remark", "resolved"),
        ("resolve", "remark", "resolved"),
        ("reopen", "remark", "open"),
    ],
)
def test_how_it_does_not(act: str, kind: str, state: str) -> None:
    with pytest.raises(Refusal, match="discussions.not_now"):
        next_state(act, kind, state)


def test_a_comment_is_corrected_for_a_quarter_of_an_hour() -> None:
    assert rules.may_correct(AT, None, AT + timedelta(minutes=15))
    assert not rules.may_correct(AT, None, AT + timedelta(minutes=15, seconds=1))
    assert not rules.may_correct(AT, AT, AT)


def test_the_opening_of_a_text_is_one_short_line() -> None:
    assert opening("一行目\n二行目") == "一行目 二行目"
    assert len(opening("あ" * 500)) == 80


@pytest.mark.parametrize(
    ("place", "codes"), [("P1a", {"question": "P1a"}), ("", {}), ("rating-safety", {}), ("sheet-triggers", {})]
)
def test_only_a_question_is_named_in_a_notice(place: str, codes: dict[str, str]) -> None:
    assert rules.code_of(place) == codes
