"""What differs between two states of an answer is marked where it is, in Japanese as in English, and quickly however long the text."""

from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter

from governance.refusals import Conflict
from governance.screenings.marking import differences, gone_from, new_in, sides_of, states
from governance.texts import Text

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def joined(parts, *kinds):
    return "".join(text for kind, text in parts if kind in kinds)


def test_both_texts_can_be_read_from_the_parts():
    before, after = "12支店のうち5支店まで完了。", "12支店のうち12支店まで完了。𠮷田が確かめた。"
    parts = differences(before, after)
    assert joined(parts, "same", "del") == before
    assert joined(parts, "same", "ins") == after


def test_only_the_changed_words_are_marked():
    assert gone_from("倉庫で確かめた。", "工場で確かめた。") == [("del", "倉庫"), ("same", "で確かめた。")]
    assert new_in("倉庫で確かめた。", "工場で確かめた。") == [("ins", "工場"), ("same", "で確かめた。")]


def test_a_text_written_anew_at_great_length_is_marked_as_a_whole_and_at_once():
    start = perf_counter()
    parts = differences("あa" * 50_000, "いb" * 50_000)
    assert [kind for kind, _ in parts] == ["del", "ins"]
    assert perf_counter() - start < 5, "comparing word by word would take minutes"


def side(said: str, remark: str, **more: str) -> dict[str, str]:
    return {"ja": said, "en": said, "remark": remark, "due_on": "", **more}


def conflict(**sides: dict[str, str]) -> Conflict:
    return Conflict("code", "重なり", "conflict", rev=2, place="P1a", **sides)  # type: ignore[arg-type]


def test_each_side_of_a_conflict_marks_what_it_changed():
    found = sides_of(
        conflict(
            base=side("未実施", "三回の試験"),
            mine=side("未実施", "二回の試験"),
            theirs=side("実施済", "三回の試験", by="見本", by_en="Sample", at=AT.isoformat()),
        ),
        "en",
    )
    assert found is not None
    assert joined(found.mine.remark, "ins") == "二回"
    assert joined(found.theirs.said, "ins") == "実施済"
    assert (found.theirs.by, found.theirs.at) == ("Sample", AT)
    assert found.base is not None
    assert joined(found.base.said, "del") == "未実施"


def test_without_a_known_beginning_the_two_sides_are_compared_with_each_other():
    found = sides_of(conflict(mine=side("", "二回"), theirs=side("", "三回")), "ja")
    assert found is not None
    assert found.base is None
    assert joined(found.mine.remark, "ins") == "二回"


def test_a_conflict_about_something_else_has_no_sides():
    assert sides_of(conflict(mine={"severity": "1"}, theirs={"severity": "2"}), "ja") is None


def change(id: str, words: Text | None, remark: str) -> dict[str, object]:
    return {"id": id, "at": AT, "by": "見本", "revision": 1, "words": words, "remark": remark, "due_on": None}


def test_each_state_of_a_history_is_compared_with_the_one_before_it():
    done, planned = Text("実施済", "Done"), Text("一部", "Partly")
    newest, oldest = states([change("b", done, "二回"), change("a", planned, "二回")], "ja")
    assert (newest.id, joined(newest.said, "ins"), joined(newest.said, "del")) == ("b", "実施済", "一部")
    assert newest.remark == [("same", "二回")]
    assert oldest.said == [("same", "一部")]
    assert states([], "ja") == []
