"""Every kind of question on its page: filled in without script, refused without losing anything, carried, frozen and read back."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select

from governance.screenings import filling, services
from governance.screenings.loading import load
from governance.screenings.models import Answer, Screening
from governance.screenings.rules import Entry
from governance.screenings.snapshots import thaw
from governance.storage.database import Database
from tests import points_framework as points
from tests.builders import World, answered, opened, registered, submitted, world
from tests.visitor import Visitor, service

ROW = {"F5-1-name": "見本社", "F5-1-since": "2026/11/18", "F5-1-share": "１２", "F5-1-place": "here"}


@pytest.fixture
def made(database: Database, tmp_path: Path) -> World:
    return world(database, points.write(tmp_path / "seeds"))


@pytest.fixture
def screening(made: World) -> str:
    return opened(made, registered(made, points.PARTICULARS), "design")


@pytest.fixture
def app(made: World, tmp_path: Path):
    return service(made.database, tmp_path)


def visitor(app, name: str = "member") -> Visitor:
    one = Visitor(app)
    one.sign_in(f"{name}@test.example")
    return one


def fields(page) -> dict[str, str]:
    return dict(re.findall(r'name="([A-Za-z0-9-]+-rev)" value="(\d+)"', page.text))


def cells(page) -> int:
    """Count the fields of the table of rows."""
    return len(re.findall(r'name="F5-[0-9]+-', page.text))


def stored(made: World, screening: str) -> dict[str, tuple[str, str]]:
    with made.acting("auditor", read_only=True) as work:
        rows = work.session.scalars(select(Answer).where(Answer.screening_id == screening))
        return {a.question_key: (a.value, a.text) for a in rows}


def test_every_kind_is_saved_in_one_press(made: World, app, screening: str) -> None:
    member, path = visitor(app), f"/screenings/{screening}/facts"
    sent = {
        **fields(member.get(path)),
        "F1": "１，２００人",
        "F2": "2026年11月18日",
        "F3-text": "見本の方式",
        "F4-text": "一行目\r\n二行目",
        **ROW,
        "F6-file": (BytesIO(b"%PDF-1.7 sample"), "構成図.pdf"),
    }
    assert member.post(path, sent).status_code == 303
    found = stored(made, screening)
    assert (found["F1"], found["F2"]) == (("1200", ""), ("2026-11-18", ""))
    assert (found["F3"], found["F4"]) == (("given", "見本の方式"), ("given", "一行目\n二行目"))
    assert json.loads(found["F5"][1]) == [{"name": "見本社", "place": "here", "share": "12", "since": "2026-11-18"}]
    assert found["F6"] == ("given", "")
    page = member.get(path)
    assert 'value="1200"' in page.text
    assert "6問中6問に回答済みです" in page.text


def test_a_refused_page_keeps_everything_and_names_row_and_column(made: World, app, screening: str) -> None:
    member, path = visitor(app), f"/screenings/{screening}/facts"
    sent = {
        **fields(member.get(path)),
        "F1": "たくさん",
        "F2": "2026-02-30",
        "F3-text": "消えてはいけない",
        "F5-1-name": "一社目",
        "F5-1-place": "here",
        "F5-3-name": "三行目に書いた",
    }
    page = member.post(path, sent)
    assert page.status_code == 422
    for words in ("「たくさん」は数として読めません", "2026-02-30」という日付はありません", "F5：2行目「place（和）」"):
        assert words in page.text, words
    for kept in ('value="たくさん"', 'value="2026-02-30"', "消えてはいけない", "一社目", "三行目に書いた"):
        assert kept in page.text, kept
    assert stored(made, screening) == {}


def test_adding_rows_saves_and_offers_more_up_to_the_limit(made: World, app, screening: str) -> None:
    member, path = visitor(app), f"/screenings/{screening}/facts"
    page = member.get(path)
    assert cells(page) == 2 * 4
    answer = member.post(path, {**fields(page), **ROW, "add": "F5"})
    assert answer.status_code == 303
    assert answer.location.endswith("/facts#F5")
    page = member.get(path)
    assert cells(page) == 3 * 4
    assert 'aria-label="2行目 name（和）"' in page.text


def test_not_applicable_and_something_written_is_asked_back(made: World, app, screening: str) -> None:
    member, path = visitor(app), f"/screenings/{screening}/facts"
    page = member.post(path, {**fields(member.get(path)), "F3-text": "書いたもの", "F3-na": "1"})
    assert page.status_code == 422
    assert "記入した内容を消してください" in page.text
    assert "書いたもの" in page.text
    assert member.post(path, {**fields(member.get(path)), "F3-na": "1"}).status_code == 303
    assert stored(made, screening)["F3"] == ("not_applicable", "")


def test_a_file_question_follows_its_evidence(made: World, app, screening: str) -> None:
    member, path = visitor(app), f"/screenings/{screening}/facts"
    sent = {**fields(member.get(path)), "F6-url": "https://wiki.example/diagram", "F6-title": "構成図"}
    assert member.post(path, sent).status_code == 303
    assert stored(made, screening)["F6"] == ("given", "")
    page = member.get(path)
    asked = re.search(r'name="go" value="(detach:F6:[^"]+)"', page.text)[1]
    answer = member.post(path, {**fields(page), "go": asked})
    assert answer.status_code == 303
    assert stored(made, screening)["F6"] == ("given", "")
    assert "この質問の証跡がなくなります" in member.get(answer.location).text
    assert member.post(answer.location).status_code == 303
    assert stored(made, screening)["F6"] == ("", "")


def test_two_people_see_both_texts(made: World, app, screening: str) -> None:
    first, second, path = visitor(app), visitor(app, "owner"), f"/screenings/{screening}/facts"
    mine, theirs = fields(first.get(path)), fields(second.get(path))
    assert second.post(path, {**theirs, "F4-text": "相手の文"}).status_code == 303
    page = first.post(path, {**mine, "F4-text": "自分の文"})
    assert page.status_code == 409
    assert "相手の文" in page.text
    assert "自分の文" in page.text
    assert first.post(path, {**fields(page), "F4-text": "相談した文"}).status_code == 303
    history = re.sub(r"</?(ins|del)>", "", first.get(f"/screenings/{screening}/history/F4").text)
    assert "相手の文" in history
    assert "相談した文" in history


def test_several_choices_are_marked_again(made: World, app, screening: str) -> None:
    member, path = visitor(app), f"/screenings/{screening}/items/rights"
    assert member.post(path, {**fields(member.get(path)), "R1": "many"}).status_code == 303
    sent = {**fields(member.get(path)), "R1": "many", "R2": ["money", "names"]}
    assert member.post(path, sent).status_code == 303
    assert stored(made, screening)["R2"] == ("names money", "")
    assert len(re.findall(r'name="R2" value="(?:names|money)" checked', member.get(path).text)) == 2


def test_hidden_answers_are_kept_listed_and_come_back(made: World, app, screening: str) -> None:
    answered(made, screening, {"S1": "middle"}, points.LOW)
    with made.acting("member") as work:
        row = work.session.get_one(Screening, screening)
        filling.save_answers(work, row, [Entry("R1", "none", rev=1)])
        assert "R2" not in load(work.session, row).score.asked
    page = visitor(app, "owner").get(f"/screenings/{screening}/submit")
    assert "尋ねなくなった質問への回答" in page.text
    assert "R2 names（和）" in page.text
    with made.acting("member") as work:
        row = work.session.get_one(Screening, screening)
        assert filling.save_answers(work, row, [Entry("R1", "few", rev=2)]).item("rights").points == 5


def test_contradictions_are_shown_with_their_questions_and_block_nothing(made: World, app, screening: str) -> None:
    answered(made, screening, {"S1": "small"}, {**points.LOW, "R1": "many"})
    owner = visitor(app, "owner")
    for path in ("", "/triggers", "/items/rights", "/submit"):
        page = owner.get(f"/screenings/{screening}{path}")
        assert "a small system that decides about many people（和）" in page.text, path
        assert f"/screenings/{screening}/items/rights#R1" in page.text, path
    assert "a small system" not in owner.get(f"/screenings/{screening}/items/health").text
    submitted(made, screening)


def test_texts_are_frozen_as_commitments_and_read_back(made: World, screening: str) -> None:
    answered(made, screening, {"S1": "middle"}, points.LOW)
    submitted(made, screening)
    with made.acting("auditor", read_only=True) as work:
        row = work.session.get_one(Screening, screening)
        snapshot = services.latest_snapshot(work, row)
        assert "見本の記入" not in snapshot.body
        told = {answer["key"]: answer.get("text") for answer in thaw(work.session, snapshot)["answers"]}
    assert told["F4"] == "見本の記入"
    assert json.loads(told["F5"])[0]["place"] == "here"
    assert told["R1"] is None


def test_a_locked_screening_shows_answers_without_fields(made: World, app, screening: str) -> None:
    answered(made, screening, {"S1": "middle"}, points.LOW)
    submitted(made, screening)
    page = visitor(app, "owner").get(f"/screenings/{screening}/facts")
    assert 'name="F1"' not in page.text
    assert "見本の記入" in page.text
    assert "<td>here（和）</td>" in page.text
