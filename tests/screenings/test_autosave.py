"""Saving while answering: each entry stands alone, nothing is overwritten unseen, and every way to fail has its own answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from governance.screenings import services
from governance.screenings.models import Answer, AnswerChange
from governance.storage.database import Database
from tests.builders import World, answered, opened, registered, submitted
from tests.visitor import Visitor, service

JSON = {"Accept": "application/json"}


@pytest.fixture
def owner(made: World, tmp_path: Path) -> Visitor:
    visitor = Visitor(service(made.database, tmp_path))
    visitor.sign_in("owner@test.example")
    return visitor


@pytest.fixture
def screening(made: World) -> str:
    return opened(made, registered(made))


@pytest.fixture
def filled(made: World, screening: str) -> str:
    answered(made, screening)
    return screening


def save(visitor: Visitor, screening: str, page: str = "safety", **fields: object) -> TestResponse:
    return visitor.post(f"/screenings/{screening}/save", {"page": page, **fields}, **JSON)


def answer_of(database: Database, screening: str, key: str) -> Answer:
    with database.session(read_only=True) as session:
        return session.query(Answer).filter_by(screening_id=screening, question_key=key).one()


def changes_of(database: Database, screening: str, key: str) -> list[AnswerChange]:
    with database.session(read_only=True) as session:
        query = session.query(AnswerChange).filter_by(screening_id=screening, question_key=key)
        return query.order_by(AnswerChange.saved_at).all()


def test_one_answer_is_saved_and_the_page_is_told_how_it_stands(owner: Visitor, filled: str, made: World) -> None:
    rev = answer_of(made.database, filled, "P1a").rev
    told = save(owner, filled, **{"P1a": "not_done", "P1a-rev": rev, "P1a-remark": "手順書を作成した。"})
    assert told.status_code == 200, told.text
    assert told.json is not None
    assert told.json["saved"]["P1a"]["rev"] == rev + 1
    assert told.json["asked"] >= told.json["done"] > 0
    assert "score" in told.json["parts"]
    assert "P1a" in told.json["questions"]
    assert answer_of(made.database, filled, "P1a").remark == "手順書を作成した。"


def test_a_remark_alone_changes_no_part_of_the_page(owner: Visitor, filled: str, made: World) -> None:
    answer = answer_of(made.database, filled, "P1a")
    told = save(owner, filled, **{"P1a": answer.value, "P1a-rev": answer.rev, "P1a-remark": "補足だけ"})
    assert told.status_code == 200
    assert told.json is not None
    assert told.json["asked"] == told.json["done"]
    assert "parts" not in told.json


def test_an_answer_given_on_an_old_page_is_a_conflict_that_shows_mine_theirs_and_base(
    owner: Visitor, filled: str, made: World
) -> None:
    rev = answer_of(made.database, filled, "P1a").rev
    save(owner, filled, **{"P1a": "not_done", "P1a-rev": rev, "P1a-remark": "base"})
    save(owner, filled, **{"P1a": "not_done", "P1a-rev": rev + 1, "P1a-remark": "theirs"})
    told = save(owner, filled, **{"P1a": "not_done", "P1a-rev": rev + 1, "P1a-remark": "mine"})
    assert told.status_code == 409
    assert told.json is not None
    [conflict] = told.json["conflicts"]
    sides = [conflict[side]["remark"] for side in ("mine", "theirs", "base")]
    assert sides == ["mine", "theirs", "base"]
    assert conflict["rev"] == rev + 2
    assert answer_of(made.database, filled, "P1a").remark == "theirs"


def test_a_grade_that_was_taken_away_is_empty_in_a_conflict(owner: Visitor, filled: str) -> None:
    told = save(
        owner, filled, **{"rating-safety-severity": "", "rating-safety-likelihood": "", "rating-safety-rev": "0"}
    )
    assert told.status_code == 409
    assert told.json is not None
    [conflict] = told.json["conflicts"]
    assert (conflict["mine"]["severity"], conflict["theirs"]["severity"].isdigit()) == ("", True)


def test_entries_in_nobodys_way_are_kept_beside_a_conflict_and_a_wrong_one(
    owner: Visitor, filled: str, made: World
) -> None:
    other = answer_of(made.database, filled, "P1c").rev
    told = save(
        owner,
        filled,
        **{"P1a": "done", "P1a-rev": 999, "P1a-remark": "x", "P1c": "not_done", "P1c-rev": other, "P1c-remark": "kept"},
        **{"P2a": "nonsense", "P2a-rev": 1},
    )
    assert told.status_code == 409
    assert told.json is not None
    assert [each["key"] for each in told.json["problems"]] == ["P2a"]
    assert answer_of(made.database, filled, "P1c").remark == "kept"


def test_a_date_that_does_not_exist_is_named_and_nothing_is_saved(owner: Visitor, filled: str, made: World) -> None:
    rev = answer_of(made.database, filled, "P1a").rev
    told = save(owner, filled, **{"P1a": "partial", "P1a-rev": rev, "P1a-remark": "r", "P1a-due": "2026-02-30"})
    assert told.status_code == 422
    assert told.json is not None
    assert "2026-02-30" in told.json["problems"][0]["text"]
    assert answer_of(made.database, filled, "P1a").rev == rev


def test_a_question_that_left_the_questionnaire_is_named(owner: Visitor, filled: str) -> None:
    told = save(owner, filled, **{"Z9z": "done", "Z9z-rev": 1})
    assert told.status_code == 410
    assert told.json is not None
    assert told.json["gone"][0]["key"] == "Z9z"


def test_a_submitted_screening_says_that_it_is_locked(owner: Visitor, filled: str, made: World) -> None:
    submitted(made, filled)
    told = save(owner, filled, **{"P1a": "not_done", "P1a-rev": 1})
    assert told.status_code == 423
    assert told.json is not None
    assert told.json["closed"]


def test_who_is_signed_out_is_told_where_to_sign_in(filled: str, made: World, tmp_path: Path) -> None:
    visitor = Visitor(service(made.database, tmp_path))
    told = save(visitor, filled, **{"P1a": "not_done", "P1a-rev": 1})
    assert told.status_code == 401
    assert told.json is not None
    assert told.json["href"] == "/sign-in"


def test_a_stranger_learns_nothing(filled: str, made: World, tmp_path: Path) -> None:
    visitor = Visitor(service(made.database, tmp_path))
    visitor.sign_in("stranger@test.example")
    assert save(visitor, filled, **{"P1a": "not_done", "P1a-rev": 1}).status_code == 404


def test_a_token_of_another_session_is_refused_and_a_new_one_can_be_had(owner: Visitor, filled: str) -> None:
    owner.token = "old"
    told = save(owner, filled, **{"P1a": "not_done", "P1a-rev": 1})
    assert (told.status_code, told.json) == (403, {"token": True})
    owner.token = owner.get("/token", **JSON).json["token"]  # type: ignore[index]
    assert save(owner, filled, **{"P1a": "not_done", "P1a-rev": 999}).status_code == 409


def test_ratings_are_saved_with_the_level_that_follows(owner: Visitor, filled: str) -> None:
    start = "rating-safety"
    told = save(
        owner,
        filled,
        **{f"{start}-severity": 4, f"{start}-likelihood": 4, f"{start}-severity_reason": "s", f"{start}-rev": 1},
        **{f"{start}-likelihood_reason": "l"},
    )
    assert told.status_code == 200, told.text
    assert told.json is not None
    assert told.json["ratings"][start]["rev"] == 2


def test_an_earlier_state_is_put_back_as_a_new_one(owner: Visitor, filled: str, made: World) -> None:
    rev = answer_of(made.database, filled, "P1a").rev
    save(owner, filled, **{"P1a": "not_done", "P1a-rev": rev, "P1a-remark": "first"})
    save(owner, filled, **{"P1a": "not_done", "P1a-rev": rev + 1, "P1a-remark": "second"})
    first = changes_of(made.database, filled, "P1a")[-2]
    told = owner.post(
        f"/screenings/{filled}/answers/P1a/restore", {"change": first.id, "rev": rev + 2, "page": "safety"}, **JSON
    )
    assert told.status_code == 200, told.text
    assert answer_of(made.database, filled, "P1a").remark == "first"
    assert len(changes_of(made.database, filled, "P1a")) == 4


def test_a_state_of_another_answer_cannot_be_put_back(owner: Visitor, filled: str, made: World) -> None:
    other = changes_of(made.database, filled, "P1c")[0]
    told = owner.post(f"/screenings/{filled}/answers/P1a/restore", {"change": other.id, "rev": 1}, **JSON)
    assert told.status_code == 404


def test_the_trigger_sheet_is_told_its_route(owner: Visitor, screening: str, made: World) -> None:
    told = save(owner, screening, page="triggers", **{"T01": "no", "T01-rev": 0, "T02": "yes", "T02-rev": 0})
    assert told.status_code == 200, told.text
    assert told.json is not None
    assert "route" in told.json["parts"]
    with made.acting("owner") as work:
        assert services.screening(work, screening).route == "board"
