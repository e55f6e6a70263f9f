"""Section 13 of a case report: what is watched stands in the record, and the same record gives the same report."""

from __future__ import annotations

import re
from typing import Any

import pytest

from governance.projects.models import Project
from governance.reports.case import read_case
from governance.reports.compose import Imprint, compose
from governance.reports.render import Issue, record_digest, render_html
from governance.screenings.models import Screening
from tests.builders import TODAY, World, answered, opened, registered, submitted
from tests.monitoring.scenes import entered, watched
from tests.monitoring.test_standing import reported


@pytest.fixture
def case(made: World) -> tuple[str, str]:
    project_id = registered(made)
    screening_id = opened(made, project_id)
    answered(made, screening_id)
    submitted(made, screening_id)
    return project_id, screening_id


def content(made: World, case: tuple[str, str]) -> Any:
    with made.acting("auditor", read_only=True) as work:
        project, screening = work.session.get_one(Project, case[0]), work.session.get_one(Screening, case[1])
        return compose(read_case(work, project, screening), Imprint("R-1", 1, "2026-11-20"))


def printed(made: World, case: tuple[str, str], lang: Any = "ja") -> str:
    html = render_html(content(made, case), lang=lang, issue=Issue("R-1", TODAY, "監査"))
    return html[html.index('id="monitoring"') : html.index('id="mapping"')]


def test_without_anything_watched_the_section_says_so(made: World, case: tuple[str, str]) -> None:
    assert content(made, case)["monitoring"]["indicators"] == []
    assert printed(made, case).count("記載なし") >= 2


def test_indicators_readings_alerts_and_incidents_are_printed_with_the_chart(
    made: World, case: tuple[str, str]
) -> None:
    id = watched(made, case[0])
    entered(made, id, (3, "96"), (2, "94"), (1, "97"))
    reported(made, case[0], cause="設定の誤り")
    for lang, words in (
        ("ja", ("正解率", "95%以上", "設定の誤り", "甚大")),
        ("en", ("Accuracy", "95% or more", "Grave")),
    ):
        section = printed(made, case, lang)
        assert all(word in section for word in words), lang
        assert section.count("<svg") == 1
        assert section.count("mark is-out") == 1
        assert "記載なし" not in section.split("<svg")[0].split("</table>")[0]


def test_the_same_record_gives_the_same_report_and_a_new_reading_another(made: World, case: tuple[str, str]) -> None:
    id = watched(made, case[0])
    entered(made, id, (2, "96"))
    before = record_digest(content(made, case))
    made.now = made.now.replace(hour=23)
    assert record_digest(content(made, case)) == before
    entered(made, id, (1, "97"))
    assert record_digest(content(made, case)) != before


def test_a_report_keeps_what_its_chart_needs_of_thousands_with_every_outlier(
    made: World, case: tuple[str, str]
) -> None:
    id = watched(made, case[0])
    pairs = [(number / 100, "80" if number == 1234 else "96.5") for number in range(1, 3001)]
    entered(made, id, *pairs)
    kept = content(made, case)["monitoring"]["indicators"][0]
    assert (kept["count"], kept["out"]) == (3000, 1)
    assert len(kept["readings"]) < 700
    assert [each["value"] for each in kept["readings"] if each["verdict"] == "low"] == ["80"]


def test_people_stand_in_the_record_by_key(made: World, case: tuple[str, str]) -> None:
    entered(made, watched(made, case[0]), (1, "90"))
    found = content(made, case)
    owner = found["monitoring"]["indicators"][0]["owner"]
    assert owner in found["people"]
    assert not re.search("見本 member", str(found["monitoring"]))
