"""The report of a project that was screened again, suspended or retired: it still composes, and says so."""

from __future__ import annotations

import json

import pytest

from governance.projects import life
from governance.projects.models import Project
from governance.reports import services
from governance.reports.case import read_case
from governance.reports.compose import House, Imprint, compose
from governance.reports.consistency import gaps
from governance.reports.models import Report
from governance.reports.validity import newer
from governance.screenings import confirming
from governance.screenings.loading import load
from governance.screenings.models import Screening
from governance.texts import Text
from tests.builders import answered, opened, registered, submitted
from tests.projects.test_life import DISPOSED, TODAY
from tests.screenings.test_reopening import approved, reopened

IMPRINT = Imprint("AIG-R1-2026-0001", 1, "2026-12-01")


@pytest.fixture
def project(made) -> str:
    return registered(made)


@pytest.fixture
def screening(made, project) -> str:
    first = opened(made, project)
    answered(made, first)
    submitted(made, first)
    approved(made, first)
    return first


def composed(made, screening_id: str) -> dict:
    with made.acting("auditor", read_only=True) as work:
        row = work.session.get(Screening, screening_id)
        return compose(read_case(work, row.project, row), IMPRINT)


def scope(content: dict) -> str:
    return json.dumps(content["scope"], ensure_ascii=False)


def test_a_draft_re_screening_does_not_hide_what_was_decided(made, project, screening):
    reopened(made, project)
    content = composed(made, screening)
    assert gaps(content) == []
    assert "承認" in content["grid"][0]["state"]["ja"]
    assert any(content["grid"][0]["cells"])
    assert "再スクリーニング" not in scope(content), "the first screening was not one"


def test_the_second_screening_of_a_phase_says_why_it_was_opened(made, project, screening):
    again = reopened(made, project, reasons=["incident"], note="誤判定の問い合わせ")
    answered(made, again)
    confirmed(made, again)
    submitted(made, again)
    said = scope(composed(made, again))
    assert "事故・ヒヤリハット" in said
    assert "誤判定の問い合わせ" in said
    assert "Incident or near miss" in said


def confirmed(made, screening_id: str) -> None:
    with made.acting("member") as work:
        row = work.session.get(Screening, screening_id)
        now = load(work.session, row)
        answers = {each.question_key: each.rev for each in confirming.waiting(now)}
        confirming.confirm(work, row, answers, {each.item: each.rev for each in confirming.ratings_waiting(now)})


@pytest.mark.parametrize("turn", ["suspend", "retire"])
def test_a_stopped_project_still_has_its_report_which_says_so(made, project, screening, turn):
    with made.acting("owner") as work:
        row = work.session.get(Project, project)
        if turn == "retire":
            life.retire(work, row, reason="役目を終えた", disposed=DISPOSED, today=TODAY)
        else:
            life.suspend(work, row, reason="事故の調査")
    said = scope(composed(made, screening))
    if turn == "suspend":
        assert "一時停止" in said
        assert "廃止の記録" not in said
    else:
        assert "該当なし：利用者はいない。" in said
        assert "2031-03-31まで保存" in said


def test_a_report_of_the_next_phase_takes_no_place_of_an_earlier_one(made, project, screening, store, printed):
    following = opened(made, project, "D")
    answered(made, following)
    confirmed(made, following)
    submitted(made, following)

    def issued(which: str, house: str) -> str:
        order = services.Order(project, "ja", "監査", which, House(Text(house, house)))
        return services.issue(made.database, made.actor("expert"), store, order)

    def replaced_by(id: str) -> str | None:
        with made.acting("auditor", read_only=True) as work:
            found = newer(work.session, [work.session.get(Report, id)]).get(id)
            return found.id if found else None

    first = issued(screening, "前")
    issued(following, "前")
    assert replaced_by(first) is None
    newest = issued(screening, "後")
    assert replaced_by(first) == newest
