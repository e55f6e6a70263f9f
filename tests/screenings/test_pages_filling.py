"""The pages of filling without script: conflicts with all three sides, histories that can be gone back in, what is missing by page."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from governance.screenings.models import Answer
from tests.builders import answered, opened, registered
from tests.visitor import Visitor, service


@pytest.fixture
def app(made, tmp_path):
    return service(made.database, tmp_path)


@pytest.fixture
def screening(made):
    return opened(made, registered(made))


def visitor(app, name: str) -> Visitor:
    one = Visitor(app)
    one.sign_in(f"{name}@test.example")
    return one


def fields(page) -> dict[str, str]:
    return dict(re.findall(r'name="([A-Za-z0-9-]+-rev)" value="(\d+)"', page.text))


def plain(page) -> str:
    """The page without the marks of what changed."""
    return re.sub(r"</?(ins|del)>", "", page.text)


def remark_of(made, screening, key="P1a") -> str:
    with made.acting("auditor", read_only=True) as work:
        query = select(Answer.remark).where(Answer.screening_id == screening, Answer.question_key == key)
        return work.session.scalars(query).one()


def test_a_conflict_without_script_shows_mine_theirs_and_what_both_began_from(made, app, screening):
    answered(made, screening, answers={"P1a": "done"})
    path = f"/screenings/{screening}/items/safety"
    first, second = visitor(app, "member"), visitor(app, "owner")
    begun = fields(first.get(path))
    assert first.post(path, {**begun, "P1a": "done", "P1a-remark": "もとの文"}).status_code == 303
    mine, theirs = fields(first.get(path)), fields(second.get(path))
    assert second.post(path, {**theirs, "P1a": "done", "P1a-remark": "相手が直した文"}).status_code == 303
    page = first.post(path, {**mine, "P1a": "done", "P1a-remark": "自分で直した文"})
    assert page.status_code == 409
    for words in (
        "あなたの入力",
        "自分で直した文",
        "ほかの人の保存",
        "見本 owner",
        "相手が直した文",
        "開いたときの内容",
        "もとの文",
    ):
        assert words in plain(page)
    assert remark_of(made, screening) == "相手が直した文"


def test_an_earlier_state_is_put_back_from_the_history_and_the_present_one_stays_in_it(made, app, screening):
    answered(made, screening, answers={"P1a": "done"})
    path, member = f"/screenings/{screening}/items/safety", visitor(app, "member")
    for remark in ("一つ目", "二つ目"):
        assert member.post(path, {**fields(member.get(path)), "P1a": "done", "P1a-remark": remark}).status_code == 303
    history = member.get(f"/screenings/{screening}/history/P1a")
    assert "<ins>二つ目</ins>" in history.text or "<ins>二</ins>" in history.text
    change = re.findall(r'name="change" value="([^"]+)"', history.text)[0]
    rev = re.search(r'name="rev" value="(\d+)"', history.text)
    assert rev is not None
    back = member.post(f"/screenings/{screening}/answers/P1a/restore", {"change": change, "rev": rev[1]})
    assert back.status_code == 303
    assert remark_of(made, screening) == "一つ目"
    assert plain(member.get(f"/screenings/{screening}/history/P1a")).count("二つ目") >= 1


def test_whoever_may_not_fill_reads_the_history_without_buttons(made, app, screening):
    answered(made, screening)
    page = visitor(app, "approver").get(f"/screenings/{screening}/history/P1a")
    assert page.status_code == 200
    assert "/restore" not in page.text


def test_what_is_missing_stands_below_the_page_where_it_is_mended(made, app, screening):
    answered(made, screening, answers={"P1a": "", "P6a": ""}, triggers={"T05": "yes"})
    page = visitor(app, "owner").get(f"/screenings/{screening}/submit")
    heads = re.findall(r'<h3 id="gap-\d+"><a href="([^"]+)">([^<]+)</a>', page.text)
    assert [name for _, name in heads] == ["安全重視", "セキュリティ重視"]
    assert heads[0][0].endswith("/items/safety")
    assert "まだ提出できません。2か所" in page.text


def test_contradictions_name_what_their_questions_are_about(made, app, screening):
    answered(made, screening, triggers={"T05": "yes", "T10": "no"})
    page = visitor(app, "member").get(f"/screenings/{screening}")
    assert "食い違う回答があります" in page.text
    assert re.search(r">T10　パーソナルデータ</a>", page.text)


def test_a_fresh_trigger_sheet_counts_what_is_open_and_offers_a_start_from_a_similar_project(app, screening):
    page = visitor(app, "member").get(f"/screenings/{screening}/triggers")
    assert "<strong data-open>20</strong>" in page.text
    assert f'href="/screenings/{screening}/similar"' in page.text


def test_a_sheet_is_finished_although_one_of_its_answers_was_just_saved_by_itself(app, made, screening):
    member = visitor(app, "member")
    path = f"/screenings/{screening}/triggers"
    begun = fields(member.get(path))
    keys = {name.removesuffix("-rev") for name in begun}
    given = dict.fromkeys(keys, "no") | begun
    told = member.post(
        f"/screenings/{screening}/save",
        {"page": "triggers", "T19": "no", "T19-rev": begun["T19-rev"]},
        Accept="application/json",
    )
    assert told.status_code == 200
    assert member.post(path, given).status_code == 303


def test_pages_of_questions_name_what_the_script_needs_and_readers_get_none_of_it(made, app, screening):
    answered(made, screening)
    path = f"/screenings/{screening}/items/safety"
    page = visitor(app, "member").get(path)
    assert f'data-autosave="{screening}"' in page.text
    assert 'data-unit="rating-safety"' in page.text
    assert 'id="filling-words"' in page.text
    assert "autosave" not in visitor(app, "auditor").get(path).text
