"""Back-tests: what changes under a draft, counted and explained, in slices, on the page and on the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import delete

from governance.authoring import backtest
from governance.authoring.backtest import Tally, Trial
from governance.cli import cli
from governance.questionnaires import drafts
from governance.questionnaires.definition import Questionnaire
from governance.questionnaires.models import QuestionnaireDraft, QuestionnaireVersion
from governance.questionnaires.services import current_questionnaires, parsed_questionnaire
from governance.questionnaires.writing import written
from governance.refusals import Forbidden, Refusals
from governance.screenings.models import AnswerVector, Screening
from tests.builders import World, answered, opened, registered, submitted
from tests.visitor import PASSWORD, Visitor, service


def submitted_case(made: World, **answers) -> str:
    screening_id = opened(made, registered(made))
    answered(made, screening_id, **answers)
    submitted(made, screening_id)
    return screening_id


def version_of(work, key: str) -> QuestionnaireVersion:
    return next(each for each in current_questionnaires(work, "hitachi-ai-ethics", ["P"]) if each.key == key)


def changed(document: Questionnaire, key: str, **changes) -> Questionnaire:
    """Return the questionnaire with one question changed."""
    sections = [
        section.model_copy(
            update={"questions": [q.model_copy(update=changes) if q.key == key else q for q in section.questions]}
        )
        for section in document.sections
    ]
    return document.model_copy(update={"sections": sections})


@pytest.fixture
def cases(made) -> dict[str, str]:
    """Three submitted cases: one on the edge of its threshold, one light, one far above."""
    half = {"P1b": "done_evidenced", "P1c": "done_evidenced"}
    return {
        "edge": submitted_case(made, triggers={"T17": "yes"}, answers=half, default="done_evidenced", rate=(2, 2)),
        "light": submitted_case(made),
        "low": submitted_case(made, triggers={"T17": "yes"}, default="partial", rate=(2, 2)),
    }


def draft_of(made: World, key: str, change) -> str:
    """Write a draft of a published questionnaire with a change to its document; return its id."""
    with made.acting("expert") as work:
        row = drafts.start(work, version_of(work, key).id)
        document = backtest.document_of(work, row)
        return drafts.save(work, row, rev=row.rev, text=written(change(document))).id


def harder(document: Questionnaire) -> Questionnaire:
    """Add a heavy question without any answer to the first section with an item."""
    section = next(each for each in document.sections if each.item)
    new = section.questions[0].model_copy(update={"key": "P1z", "weight": 50, "gate": False})
    sections = [
        each.model_copy(update={"questions": [*each.questions, new]}) if each is section else each
        for each in document.sections
    ]
    return document.model_copy(update={"sections": sections})


def all_of(work, draft: QuestionnaireDraft, page: int = 500) -> Tally:
    tally = Tally()
    backtest.advance(work.session, Trial(backtest.document_of(work, draft)), tally, "", lambda: True, page)
    return tally


def test_a_draft_without_a_change_changes_nothing(made, cases):
    draft = draft_of(made, "base-plan", lambda document: document)
    with made.acting("expert", read_only=True) as work:
        tally = all_of(work, drafts.draft(work, draft))
    assert (tally.seen, tally.concerned, tally.changed, tally.listed) == (3, 3, 0, [])
    assert tally.assumed == {}
    assert sum(tally.moves["residual"].values()) == 3


def test_a_heavy_new_question_moves_the_cases_that_rest_on_the_step(made, cases):
    draft = draft_of(made, "base-plan", harder)
    with made.acting("expert", read_only=True) as work:
        row = drafts.draft(work, draft)
        tally = all_of(work, row)
        assert [each[0] for each in tally.listed] == [cases["edge"]]
        assert tally.listed[0][1:] == [["medium", "low", "standard"], ["medium", "medium", "standard"]]
        assert tally.counts == {"inherent": 0, "residual": 1, "route": 0}
        assert (tally.assumed["best"]["changed"], tally.assumed["worst"]["changed"]) == (0, 1)
        found = backtest.explained(work.session, backtest.trial_of(backtest.document_of(work, row)), cases["edge"])
        assert "P1z" in found.reasons[0].ja
        assert "without an answer" in found.reasons[0].en


def test_it_says_the_same_in_pages_of_one_and_from_snapshots_alone(made, cases):
    draft = draft_of(made, "base-plan", harder)
    with made.acting("expert") as work:
        row = drafts.draft(work, draft)
        whole = all_of(work, row)
        assert all_of(work, row, page=1) == whole
        work.session.execute(delete(AnswerVector))
        assert all_of(work, row, page=2) == whole


def test_another_route_of_a_trigger_is_explained(made, cases):
    with made.acting("expert", read_only=True) as work:
        screening = work.session.get(Screening, cases["edge"])
        framework = backtest.past.layout_of(work.session, work.session.get(AnswerVector, screening.id).layout).sheet
        effects = [e.model_copy(update={"route": "board"}) if e.id == "T17" else e for e in framework.framework.effects]
        trial = Trial(framework.framework.model_copy(update={"effects": effects, "version": "9.9"}))
        tally = Tally()
        backtest.advance(work.session, trial, tally, "", lambda: True)
        assert tally.moves["route"] == {"standard>board": 2, "light>light": 1}
        reasons = backtest.explained(work.session, trial, cases["edge"]).reasons
        assert any("経路が変わる理由：T17" in reason.ja for reason in reasons)


def test_a_questionnaire_of_another_phase_concerns_nobody(made, cases):
    with made.acting("expert", read_only=True) as work:
        document = next(
            parsed_questionnaire(each.body)
            for each in current_questionnaires(work, "hitachi-ai-ethics", ["P", "D", "M"])
            if each.phase == "M"
        )
        tally = Tally()
        backtest.advance(work.session, Trial(document), tally, "", lambda: True)
    assert (tally.seen, tally.concerned) == (3, 0)


def test_a_run_goes_on_where_it_was_left_and_stops_when_the_draft_changes(made, cases, monkeypatch):
    monkeypatch.setattr(backtest, "PAGE", 1)
    monkeypatch.setattr(backtest.advance, "__defaults__", (1,))
    draft = draft_of(made, "base-plan", harder)
    with made.acting("expert") as work:
        backtest.start(work, drafts.draft(work, draft))
    states = []
    for _ in range(5):
        with made.acting("expert2", read_only=True) as work:
            row = backtest.latest(work, drafts.draft(work, draft))
            found = backtest.work_off(work, drafts.draft(work, draft), row, lambda: False)
        with made.acting("expert2") as work:
            states.append(backtest.keep(work, found).state)
            assert backtest.keep(work, found).state == states[-1]
    assert states == ["running", "running", "running", "done", "done"]
    with made.acting("expert") as work:
        row = backtest.latest(work, drafts.draft(work, draft))
        assert backtest.tally_of(row).seen == 3
        again = backtest.start(work, drafts.draft(work, draft))
        source = drafts.draft(work, draft)
        drafts.save(work, source, rev=source.rev, text=source.text + "\n# changed\n")
        assert backtest.work_off(work, source, again, lambda: True).state == "stopped"


def test_a_draft_with_problems_is_not_tried_and_only_authors_may_try(made, cases):
    draft = draft_of(made, "base-plan", harder)
    with made.acting("expert") as work:
        row = drafts.draft(work, draft)
        drafts.save(work, row, rev=row.rev, text="key: ?")
        with pytest.raises(Refusals):
            backtest.start(work, row)
    with made.acting("owner") as work, pytest.raises(Forbidden):
        backtest.latest(work, drafts.draft(work, draft))


# ---------------------------------------------------------------- pages and command


@pytest.fixture
def visitor(made, tmp_path):
    return Visitor(service(made.database, tmp_path))


def test_the_page_runs_the_test_and_names_only_what_the_reader_may_see(made, cases, visitor):
    draft = draft_of(made, "base-plan", harder)
    visitor.sign_in("expert@test.example", PASSWORD)
    path = f"/questionnaires/drafts/{draft}/backtest"
    assert "検証を始める" in visitor.get(path).text
    assert visitor.post(path, {}).status_code == 303
    assert "続ける" in visitor.get(path).text
    visitor.post(f"{path}/next", {})
    page = visitor.get(path).text
    assert "架空の需要予測AI" in page
    assert "P1z" in page
    assert "リスクが最も低い回答" in page
    other = Visitor(visitor.app)
    other.sign_in("administrator@test.example", PASSWORD)
    page = other.get(path).text
    assert "架空の需要予測AI" not in page
    assert "閲覧できない案件が1件あります" in page
    assert "Least risky answer" in other.get(f"{path}?lang=en").text


def test_a_member_of_a_project_has_no_back_test(made, cases, visitor):
    draft = draft_of(made, "base-plan", harder)
    visitor.sign_in("owner@test.example", PASSWORD)
    assert visitor.get(f"/questionnaires/drafts/{draft}/backtest").status_code == 403


def test_the_command_prints_the_result_and_changes_nothing(made, cases, tmp_path, monkeypatch):
    with made.acting("expert", read_only=True) as work:
        document = parsed_questionnaire(version_of(work, "base-plan").body)
    file = tmp_path / "draft.yaml"
    file.write_text(written(harder(document).model_copy(update={"version": "9.0"})), encoding="utf-8")
    monkeypatch.setenv("GOVERNANCE_DATABASE_URL", made.database.url.render_as_string(hide_password=False))
    monkeypatch.setenv("GOVERNANCE_DATA_DIR", str(tmp_path))
    told = CliRunner().invoke(cli, ["--lang", "en", "questionnaire", "backtest", str(file)])
    assert told.exit_code == 0, told.output
    assert "Of the 3 screenings concerned, 1 change" in told.stdout
    asked = CliRunner().invoke(cli, ["questionnaire", "backtest", str(file), "--json"])
    found = json.loads(asked.stdout)
    assert found["counts"] == {"inherent": 0, "residual": 1, "route": 0}
    assert found["screenings"][0]["after"] == {"inherent": "medium", "residual": "medium", "route": "standard"}
    assert found["screenings"][0]["reasons"][0]["en"]
