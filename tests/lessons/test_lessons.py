"""What a team found goes into a case or a questionnaire once, by whoever may, and the way leads back; no score sees it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from governance.authoring import editing
from governance.authoring import services as authoring
from governance.discussions.models import Thread
from governance.learning import kyt
from governance.learning.models import KytSession
from governance.ledger.audit import verify_database
from governance.lessons import services
from governance.lessons.models import KytPromotion
from governance.pages import limiter
from governance.questionnaires import drafts
from governance.questionnaires.models import QuestionnaireVersion
from governance.refusals import Forbidden, NotFound, Refusal
from governance.screenings.loading import load
from governance.screenings.measures import Plan
from governance.screenings.models import AdoptedMeasure, Screening
from governance.work import UnitOfWork
from tests.builders import World, opened, registered
from tests.learning.scenes import begun, finished, on
from tests.reviews import scenes
from tests.visitor import PASSWORD, Visitor, service


def lines(made: World, session_id: str) -> tuple[str, str, str]:
    """Return the key danger, its key measure, and a danger without a mark."""
    return on(made, session_id, lambda work, row: (row.hazards[0].id, row.hazards[0].measures[0].id, row.hazards[2].id))


def to_measure(made: World, session_id: str, line_id: str, screening: str, who: str = "member") -> str:
    def do(work: UnitOfWork, row: KytSession) -> str:
        one = services.line(work, row, line_id)
        plan = Plan(made.people["member"].id, date(2026, 12, 11), title=one.said())
        case = work.session.get_one(Screening, screening)
        return services.to_measure(work, row, one, case, plan).measure_id or ""

    return on(made, session_id, do, who)


def test_a_key_measure_becomes_a_measure_of_the_case_once(made: World) -> None:
    session_id, screening = finished(made), opened(made, registered(made))
    _, line_id, _ = lines(made, session_id)
    measure_id = to_measure(made, session_id, line_id, screening)
    with pytest.raises(Refusal, match="lessons.twice"):
        to_measure(made, session_id, line_id, screening)
    with made.acting("member", read_only=True) as work:
        measure = work.session.get_one(AdoptedMeasure, measure_id)
        assert measure.title_ja == "雨の日の記録を加える"
        assert services.source_of(work, "measure", measure_id) is kyt.session(work, session_id)
        assert work.session.query(KytPromotion).filter_by(session_id=session_id).one().line_id == line_id
    assert verify_database(made.database).ok


def test_a_score_stays_as_it_was(made: World) -> None:
    session_id, screening = finished(made), opened(made, registered(made))

    def score() -> object:
        with made.acting("member", read_only=True) as work:
            return load(work.session, work.session.get_one(Screening, screening)).score

    before = score()
    to_measure(made, session_id, lines(made, session_id)[1], screening)
    assert score() == before


def test_only_key_lines_of_a_finished_session_go_anywhere(made: World) -> None:
    session_id = finished(made)
    _, _, plain = lines(made, session_id)
    with pytest.raises(NotFound):
        on(made, session_id, lambda work, row: services.line(work, row, plain))
    running = begun(made)
    with pytest.raises(Refusal, match="lessons.unfinished"):
        on(made, running, lambda work, row: services.line(work, row, plain))


def test_the_target_decides_who_may(made: World) -> None:
    session_id, screening = finished(made), opened(made, registered(made))
    hazard, measure, _ = lines(made, session_id)
    with pytest.raises(Forbidden):
        to_measure(made, session_id, measure, screening, "expert")  # checks, and plans nothing for the team

    def remark(work: UnitOfWork, row: KytSession) -> object:
        one = services.line(work, row, hazard)
        return services.to_remark(work, row, one, work.session.get_one(Screening, screening), one.said())

    with pytest.raises(Forbidden):
        on(made, session_id, remark, "auditor")


def test_a_session_of_a_project_goes_to_that_project_alone(made: World) -> None:
    own, other = registered(made), registered(made)
    session_id, screening = finished(made, project_id=own), opened(made, other)
    with pytest.raises(Refusal, match="lessons.project"):
        to_measure(made, session_id, lines(made, session_id)[1], screening)


def test_a_danger_becomes_a_remark_while_the_case_is_reviewed_else_a_comment(made: World) -> None:
    draft, checked = opened(made, registered(made)), scenes.case(made)
    scenes.taken(made, checked)
    kinds = []
    for screening, who in ((draft, "member"), (checked, "expert")):
        session_id = finished(made)
        line_id = lines(made, session_id)[0]

        def do(work: UnitOfWork, row: KytSession, line_id: str = line_id, screening: str = screening) -> str:
            one = services.line(work, row, line_id)
            case = work.session.get_one(Screening, screening)
            made_of = services.to_remark(work, row, one, case, one.said())
            return work.session.get_one(Thread, made_of.thread_id).kind

        kinds.append(on(made, session_id, do, who))
    assert kinds == ["comment", "remark"]


def drafted(made: World) -> str:
    with made.acting("expert") as work:
        version = work.session.query(QuestionnaireVersion).filter_by(key="base-plan").first()
        assert version is not None
        return drafts.start(work, version.id).id


def to_question(made: World, session_id: str, line_id: str, draft_id: str, **changes: str) -> str:
    def do(work: UnitOfWork, row: KytSession) -> str:
        section, _ = next(editing.questions(authoring.opened(work, draft_id).tree or {}))
        words = {"topic": "雨の日", "text": "雨の日の記録がありますか。", "why": "予測を外すため。"}
        given = {"section": str(section["key"]), **changes}
        one = services.line(work, row, line_id)
        return services.to_question(work, row, one, draft_id, given["section"], words, "ja").question_key

    return on(made, session_id, do, "expert")


def test_a_danger_becomes_a_question_of_a_draft(made: World) -> None:
    session_id, draft_id = finished(made), drafted(made)
    line_id = lines(made, session_id)[0]
    key = to_question(made, session_id, line_id, draft_id)
    with made.acting("expert", read_only=True) as work:
        _, question = editing.found(authoring.opened(work, draft_id).tree or {}, key)
        assert question["text"] == {"ja": "雨の日の記録がありますか。"}
        assert services.source_of(work, "question", draft_id, key) is not None
        assert services.source_of(work, "question", draft_id, "P1a") is None
    with pytest.raises(Refusal, match="lessons.twice"):
        to_question(made, session_id, line_id, draft_id)
    other = finished(made)
    with pytest.raises(Refusal, match="lessons.section"):
        to_question(made, other, lines(made, other)[0], draft_id, section="nowhere")
    assert verify_database(made.database).ok


def test_the_way_leads_forth_and_back_on_the_pages(made: World, tmp_path: Path) -> None:

    app = service(made.database, tmp_path)
    limiter.reset()
    project = registered(made)
    session_id, screening = finished(made, project_id=project), opened(made, project)
    line_id = lines(made, session_id)[1]
    member = Visitor(app)
    member.sign_in("member@test.example", PASSWORD)
    room = f"/learning/kyt/{session_id}"
    assert f"{room}/lines/{line_id}" in member.get(room).text
    page = member.get(f"{room}/lines/{line_id}").text
    assert "雨の日の記録を加える" in page
    sent = {"screening_id": screening, "title": "雨の日の記録を加える", "owner_id": made.people["member"].id}
    lacks = member.post(f"{room}/lines/{line_id}/measure?project={project}", sent | {"due_on": ""})
    assert lacks.status_code == 422
    done = member.post(f"{room}/lines/{line_id}/measure?project={project}", sent | {"due_on": "2026-12-25"})
    assert done.status_code == 303
    shown = member.get(room).text
    href = re.search(r'href="(/measures/[^"]+)"', shown)
    assert href is not None
    assert room in member.get(href[1]).text
    twice = member.post(f"{room}/lines/{line_id}/measure?project={project}", sent | {"due_on": "2026-12-25"})
    assert (twice.status_code, "すでに" in twice.text) == (422, True)
    stranger = Visitor(app)
    stranger.sign_in("stranger@test.example", PASSWORD)
    assert stranger.get(f"{room}/lines/{line_id}").status_code == 404


def test_a_choice_that_was_not_offered_is_refused(made: World) -> None:
    with pytest.raises(Refusal, match="lessons.screening"):
        services.chosen_of([], "other")
