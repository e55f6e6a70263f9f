"""Bodies as data: what they are and see, who belongs to them, and what they say when they are asked (domain.md §1.4)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from governance.ledger.audit import verify_database
from governance.projects.models import Project
from governance.projects.services import visible
from governance.questionnaires.definition import Body
from governance.refusals import Forbidden, NotFound, Refusal, Refusals
from governance.reviews import bodies, consulting
from governance.reviews.bodies import CaseFacts, sees
from governance.reviews.body_models import BodyMember, BodyOpinion, Consultation
from governance.reviews.rules import local_date
from governance.texts import both
from tests.builders import SEEDS, World, documents
from tests.reviews.scenes import BOARD, HIGH, case, on_agenda, opined, row, taken
from tests.visitor import Visitor, service

CASE = CaseFacts("board", frozenset({"PRIV", "GEN"}), "life", frozenset({"japan", "europe"}))


def framework():
    return next(each for each in documents(SEEDS)[0] if each.key == "hitachi-ai-ethics")


def body(**scope: object) -> Body:
    return Body(code="b", name=both("b"), **scope)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        ({}, False),
        ({"routes": ["board"]}, True),
        ({"routes": ["light"]}, False),
        ({"packs": ["PRIV"]}, True),
        ({"routes": ["light"], "packs": ["GEN"]}, True),
        ({"sectors": ["life"]}, True),
        ({"sectors": ["energy"]}, False),
        ({"regions": ["europe"]}, True),
        ({"regions": ["china"]}, False),
        ({"routes": ["board"], "regions": ["china"]}, False),
        ({"packs": ["PRIV"], "sectors": ["life"], "regions": ["japan"]}, True),
    ],
)
def test_a_body_sees_its_routes_and_packs_within_its_sectors_and_regions(scope: dict[str, object], seen: bool) -> None:
    assert sees(body(**scope), CASE) is seen


def test_the_framework_names_every_body_of_the_scheme() -> None:
    given = framework()
    names = {each.name.ja for each in given.bodies}
    assert given.version == "1.3"
    for wanted in (
        "AI倫理専門チーム",
        "AI倫理アドバイザリボード（社外有識者）",
        "プライバシー保護諮問委員会",
        "法務部門",
        "品質保証",
        "Lumada Data Science Lab.",
        "日立返仁会",
        "日立技術士会",
    ):
        assert wanted in names
    assert sum(each.kind == "sector" for each in given.bodies) == 5
    assert sum(each.kind == "region" for each in given.bodies) == 4
    assert {each.code for each in given.bodies if each.authority == "advisory"} >= {
        "advisory-board",
        "privacy",
        "legal",
    }


def sees_project(made: World, name: str, screening_id: str) -> bool:
    with made.acting(name, read_only=True) as work:
        query = select(Project.id).where(visible(work.actor))
        return row_project(made, screening_id) in set(work.session.scalars(query))


def row_project(made: World, screening_id: str) -> str:
    with made.acting("auditor", read_only=True) as work:
        return row(work, screening_id).project_id


def join(made: World, code: str, name: str, by: str = "secretariat") -> str:
    with made.acting(by) as work:
        return bodies.add_member(work, code, made.people[name].id).id


def test_a_member_reads_the_cases_of_the_body_from_when_the_team_takes_them(made: World) -> None:
    join(made, "advisory-board", "stranger")
    board_case, light_case = case(made, BOARD, HIGH), case(made)
    assert not sees_project(made, "stranger", board_case)
    taken(made, board_case)
    taken(made, light_case, by="expert2")
    assert sees_project(made, "stranger", board_case)
    assert not sees_project(made, "stranger", light_case)


def test_joining_opens_the_cases_there_are_and_leaving_closes_them(made: World) -> None:
    screening_id = case(made, BOARD, HIGH)
    taken(made, screening_id)
    member_id = join(made, "advisory-board", "stranger")
    assert sees_project(made, "stranger", screening_id)
    with made.acting("secretariat") as work:
        bodies.end_member(work, member_id)
    assert not sees_project(made, "stranger", screening_id)
    with pytest.raises(NotFound), made.acting("secretariat") as work:
        bodies.end_member(work, member_id)
    assert verify_database(made.database).ok


def test_leaving_one_of_two_bodies_keeps_what_the_other_sees(made: World) -> None:
    screening_id = case(made, BOARD, HIGH)
    taken(made, screening_id)
    first = join(made, "advisory-board", "stranger")
    join(made, "board", "stranger")
    with made.acting("secretariat") as work:
        bodies.end_member(work, first)
    assert sees_project(made, "stranger", screening_id)


def test_who_belongs_to_the_project_gets_no_leave_as_a_body(made: World) -> None:
    screening_id = case(made, BOARD, HIGH)
    taken(made, screening_id)
    join(made, "advisory-board", "member")
    with made.acting("auditor", read_only=True) as work:
        held = [r.user_id for r in work.session.scalars(select(BodyMember))]
        assert held == [made.people["member"].id]


def test_a_person_belongs_to_a_body_once_and_only_the_secretariat_names_people(made: World) -> None:
    join(made, "quality", "stranger")
    with pytest.raises(Refusal, match="body_member"):
        join(made, "quality", "stranger")
    with pytest.raises(Forbidden):
        join(made, "quality", "ext1", by="expert")
    with pytest.raises(NotFound):
        join(made, "nobody", "ext1")


# ---------------------------------------------------------------- consultations


def asked(made: World, screening_id: str, code: str = "legal", by: str = "expert", **given: object) -> str:
    with made.acting(by) as work:
        values: dict[str, object] = {"question": "軍民両用に当たるか。"}
        return consulting.ask(work, row(work, screening_id), code, **(values | given)).id  # type: ignore[arg-type]


def answered(
    made: World, consultation_id: str, by: str = "legal", stance: str = "concern", said: str = "懸念がある。"
) -> str:
    with made.acting(by) as work:
        found = consulting.consultation(work, consultation_id)
        return consulting.answer(work, found, stance=stance, text=said).id


def under_review(made: World) -> str:
    screening_id = case(made, BOARD, HIGH)
    taken(made, screening_id)
    return screening_id


def test_a_body_is_asked_and_its_opinion_stands_beside_the_case(made: World) -> None:
    screening_id = under_review(made)
    answered(made, asked(made, screening_id))
    with made.acting("expert", read_only=True) as work:
        shown = consulting.beside(work, row(work, screening_id))
        [found] = shown["consultations"]
        assert found.opinion is not None
        assert (found.body, found.opinion.stance, found.opinion.text) == ("legal", "concern", "懸念がある。")
    assert verify_database(made.database).ok


def test_people_of_a_body_may_read_what_they_are_asked_about(made: World) -> None:
    join(made, "quality", "stranger")
    screening_id = under_review(made)
    assert not sees_project(made, "stranger", screening_id)
    consultation_id = asked(made, screening_id, "quality")
    assert sees_project(made, "stranger", screening_id)
    answered(made, consultation_id, by="stranger", stance="no_objection")


def test_who_joins_later_answers_what_the_body_was_asked_before(made: World) -> None:
    consultation_id = asked(made, under_review(made), "quality")
    member_id = join(made, "quality", "stranger")
    with made.acting("stranger", read_only=True) as work:
        assert [each.id for each in consulting.waiting_for_actor(work)] == [consultation_id]
    with made.acting("secretariat") as work:
        bodies.end_member(work, member_id)
    with pytest.raises(NotFound):
        answered(made, consultation_id, by="stranger")


@pytest.mark.parametrize("by", ["expert", "secretariat", "ext1", "owner", "auditor", "administrator"])
def test_only_the_body_answers(made: World, by: str) -> None:
    consultation_id = asked(made, under_review(made))
    with pytest.raises((Forbidden, NotFound)):
        answered(made, consultation_id, by=by)


@pytest.mark.parametrize("by", ["owner", "legal", "chair", "auditor"])
def test_only_the_team_and_the_secretariat_ask(made: World, by: str) -> None:
    screening_id = under_review(made)
    with pytest.raises(Forbidden):
        asked(made, screening_id, by=by)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"question": " "}, "question"),
        ({"question": "あ" * 8001}, "too_long"),
        ({"code": "team"}, "body_asked"),
    ],
)
def test_an_improper_question_is_refused(made: World, given: dict[str, object], code: str) -> None:
    screening_id = under_review(made)
    with pytest.raises(Refusal, match=code):
        asked(made, screening_id, **given)


def test_a_question_is_not_due_in_the_past_nor_asked_twice(made: World) -> None:
    screening_id = under_review(made)
    with pytest.raises(Refusal, match="due_on"):
        asked(made, screening_id, due_on=local_date(made.now) - timedelta(days=1))
    asked(made, screening_id, due_on=local_date(made.now))
    with pytest.raises(Refusal, match="body_asked"):
        asked(made, screening_id)


def test_a_case_that_was_not_taken_is_put_to_nobody(made: World) -> None:
    screening_id = case(made, BOARD, HIGH)
    with pytest.raises((Refusal, Refusals), match="not_askable"):
        asked(made, screening_id)


def test_an_opinion_is_given_once_and_a_question_taken_back_is_not_answered(made: World) -> None:
    screening_id = under_review(made)
    first = asked(made, screening_id)
    answered(made, first)
    with pytest.raises(Refusal, match="consultation_done"):
        answered(made, first)
    second = asked(made, screening_id)
    with made.acting("expert") as work:
        consulting.withdraw(work, consulting.consultation(work, second))
    with pytest.raises(Refusal, match="consultation_done"):
        answered(made, second)


@pytest.mark.parametrize(("stance", "said", "code"), [("perhaps", "意見", "stance"), ("concern", " ", "text")])
def test_an_empty_opinion_is_refused(made: World, stance: str, said: str, code: str) -> None:
    consultation_id = asked(made, under_review(made))
    with pytest.raises(Refusal, match=code):
        answered(made, consultation_id, stance=stance, said=said)


def test_opinions_are_frozen_and_questions_kept(made: World) -> None:
    answered(made, asked(made, under_review(made)))
    for statement in (
        "UPDATE body_opinions SET stance = 'objection'",
        "DELETE FROM body_opinions",
        "DELETE FROM consultations",
        "DELETE FROM body_members",
    ):
        if "body_members" in statement:
            join(made, "quality", "stranger")
        with pytest.raises(Exception, match="frozen|kept"), made.database.engine.begin() as connection:
            connection.execute(text(statement))


# ---------------------------------------------------------------- pages


def visit(made: World, folder: Path, name: str) -> Visitor:
    visitor = Visitor(service(made.database, folder))
    visitor.sign_in(f"{name}@test.example")
    return visitor


def test_the_pages_of_bodies_show_them_and_name_people(made: World, tmp_path: Path) -> None:
    visitor = visit(made, tmp_path, "secretariat")
    page = visitor.get("/bodies")
    for words in ("プライバシー保護諮問委員会", "経路：", "実際の運用を示すものではありません"):
        assert words in page.text
    visitor.get("/bodies/quality")
    sent = visitor.post("/bodies/quality/members", {"user_id": made.people["stranger"].id})
    assert sent.status_code == 303
    assert "見本 stranger" in visitor.get("/bodies/quality").text
    again = visitor.post("/bodies/quality/members", {"user_id": made.people["stranger"].id})
    assert again.status_code == 422
    assert "すでにメンバーです" in again.text
    assert visit(made, tmp_path, "stranger").get("/bodies/quality").status_code == 200
    assert visit(made, tmp_path, "owner").get("/bodies").status_code == 403


def test_a_body_is_asked_and_answers_on_the_pages_and_the_board_reads_it(made: World, tmp_path: Path) -> None:
    screening_id, meeting_id, item_id = on_agenda(made)
    team = visit(made, tmp_path, "secretariat")
    assert "機関に意見を照会する" in team.get(f"/reviews/{screening_id}").text
    path = f"/reviews/{screening_id}/consultations"
    wrong = team.post(path, {"body": "legal", "question": ""})
    assert wrong.status_code == 422
    assert "照会する内容を書いてください。" in wrong.text
    assert team.post(path, {"body": "legal", "question": "適法か。"}).status_code == 303
    with made.acting("auditor", read_only=True) as work:
        [asked_one] = work.session.scalars(select(Consultation.id))
    legal = visit(made, tmp_path, "legal")
    assert f"/consultations/{asked_one}" in legal.get("/bodies").text
    page = legal.get(f"/consultations/{asked_one}")
    assert "機関の意見を書く" in page.text
    assert legal.post(f"/consultations/{asked_one}", {"stance": "", "text": "意見"}).status_code == 422
    assert (
        legal.post(f"/consultations/{asked_one}", {"stance": "concern", "text": "条項に懸念。"}).status_code == 303
    )
    for name, where in (("chair", f"/meetings/{meeting_id}/items/{item_id}"), ("expert", f"/reviews/{screening_id}")):
        assert "条項に懸念。" in visit(made, tmp_path, name).get(where).text
    with made.acting("auditor", read_only=True) as work:
        assert len(work.session.scalars(select(BodyOpinion)).all()) == 1


def test_a_review_that_gave_its_opinion_may_still_ask_until_the_decision(made: World) -> None:
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    asked(made, screening_id, by="secretariat")
