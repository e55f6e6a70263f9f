"""A framework that scores by points is loaded, answered, scored, shown, submitted, decided and printed without a line of code for it."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from pathlib import Path

import pytest
from pypdf import PdfReader

from governance.reports import services as reports
from governance.reports.case import read_case
from governance.reports.compose import Imprint, compose
from governance.reports.consistency import gaps
from governance.reports.models import Report
from governance.reviews import services as reviews
from governance.reviews.decisions import Verdict
from governance.screenings import measures, services
from governance.screenings.loading import load
from governance.screenings.models import Screening
from governance.storage.database import Database
from governance.storage.files import FileStore
from tests import points_framework as points
from tests.builders import World, answered, opened, registered, submitted, world
from tests.reviews.scenes import prechecked
from tests.visitor import Visitor, service


@pytest.fixture
def made(database: Database, tmp_path: Path) -> World:
    return world(database, points.write(tmp_path / "seeds"))


@pytest.fixture
def screening(made: World) -> str:
    screening_id = opened(made, registered(made, points.PARTICULARS), "design")
    answered(made, screening_id, {"S1": "middle"}, points.LOW)
    return screening_id


def score_of(made: World, screening: str):
    with made.acting("auditor", read_only=True) as work:
        return services.score_of(work, work.session.get_one(Screening, screening))


def test_totals_levels_and_what_mitigation_takes_off(made: World, screening: str) -> None:
    score = score_of(made, screening)
    assert [(t.total, t.points, t.maximum, t.reached) for t in score.totals] == [
        ("project", 4, 14, False),
        ("impact", 8, 26, False),
        ("shield", 10, 10, True),
    ]
    assert (score.percent, score.residual_percent) == (Decimal(30), Decimal("25.5"))
    assert (score.inherent, score.residual, score.route) == (2, 2, "desk")
    assert score.item("rights").points == 5
    assert score.item("economy").step_reason == "nothing_counted"


def test_nothing_but_answers_is_needed_to_submit(made: World, screening: str) -> None:
    with made.acting("owner", read_only=True) as work:
        assert services.gaps_of(load(work.session, work.session.get_one(Screening, screening))) == []
    submitted(made, screening)


PAGES = ("", "/triggers", "/items/rights", "/items/economy", "/facts", "/submit", "/history/F5")


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_page_works_without_severity_and_threshold(
    made: World, screening: str, tmp_path: Path, lang: str
) -> None:
    owner = Visitor(service(made.database, tmp_path))
    owner.sign_in("owner@test.example")
    for path in PAGES:
        page = owner.get(f"/screenings/{screening}{path}?lang={lang}")
        assert page.status_code == 200, path
        assert not re.search(r">\s*None\s*<|None%", page.text), path
        assert "rating-" not in page.text, path
    page = owner.get(f"/screenings/{screening}?lang={lang}")
    assert "4 ÷ 14 = 28.6%" in page.text
    assert "8 ÷ 26 = 30.8%" in page.text
    project = page.text.partition("/projects/")[2][:36]
    assert owner.get(f"/projects/{project}?lang={lang}").status_code == 200


def test_the_reviewer_sees_totals_contradictions_and_facts(made: World, screening: str, tmp_path: Path) -> None:
    answered(made, screening, {"S1": "small"}, {**points.LOW, "R1": "many"})
    submitted(made, screening)
    expert = Visitor(service(made.database, tmp_path))
    expert.sign_in("expert@test.example")
    page = expert.get(f"/reviews/{screening}?lang=en")
    assert page.status_code == 200
    assert "0 ÷ 14 = 0.0%" in page.text
    assert "a small system that decides about many people (en)" in page.text
    assert "question F5? (en)" in page.text


def test_a_measure_is_offered_where_mitigation_is_missing(made: World, screening: str) -> None:
    answered(made, screening, {"S1": "middle"}, {**points.LOW, "M1": "no"})
    with made.acting("owner", read_only=True) as work:
        row = work.session.get_one(Screening, screening)
        filled = load(work.session, row)
        offered = measures.offers(work, row, filled, filled.score.asked)
    assert [(each.measure.code, each.gaps) for each in offered] == [("appeals", ["M1"])]


def decided(made: World, screening: str) -> str:
    submitted(made, screening)
    with made.acting("expert") as work:
        row = work.session.get_one(Screening, screening)
        review = reviews.take_review(work, row, rev=row.rev)
        prechecked(work, review)
        reviews.give_opinion(work, review, rev=review.rev, recommendation="approved", opinion="問題ありません。")
        reviews.decide_without_board(work, row, Verdict("approved", "低減策がそろっている。"), rev=row.rev)
        return row.project_id


def test_it_is_decided_and_printed_with_totals_levels_and_facts(made: World, screening: str, tmp_path: Path) -> None:
    project_id = decided(made, screening)
    store = FileStore(tmp_path / "files")
    report_id = reports.issue(made.database, made.actor("expert"), store, reports.Order(project_id, "en", "test"))
    with made.acting("auditor", read_only=True) as work:
        file = store.read(work.session.get_one(Report, report_id).file_digest)
    text = " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(file)).pages).split())
    for words in (
        "project risk (en)",
        "4 ÷ 14 = 28.6%",
        "8 ÷ 26 = 30.8%",
        "10 ÷ 10 = 100.0%. It reached 80%, so 15% is taken off",
        "impact 2 (en)",
        "over 25% up to 50%",
        "30.0% of their maximum, 25.5% after mitigation",
        "Questions of no single item",
        "question F5? (en)",
        "place (en): here (en)",
        "R1 few (en)",
    ):
        assert words in text, words


def test_the_content_holds_together_in_every_language(made: World, screening: str) -> None:
    submitted(made, screening)
    with made.acting("auditor", read_only=True) as work:
        row = work.session.get_one(Screening, screening)
        content = compose(read_case(work, row.project, row), Imprint("AIG-R1-2026-0001", 1, "2026-12-01"))
    assert gaps(content) == []
    assert content["risk"]["rated"][0]["severity"] is None
    assert [each["key"] for each in content["loose"]] == ["F1", "F2", "F3", "F4", "F5", "F6"]
    assert content["risk"]["totals"][2]["name"] == {"ja": "mitigation（和）", "en": "mitigation (en)"}


def test_texts_and_rows_are_carried_into_the_next_phase(made: World, screening: str) -> None:
    project_id = decided(made, screening)
    following = opened(made, project_id, "running")
    with made.acting("auditor", read_only=True) as work:
        filled = load(work.session, work.session.get_one(Screening, following))
        assert filled.answers["F4"].text == "見本の記入"
        assert "here" in filled.answers["F5"].text
        assert {"R1", "F4", "F5"} <= set(filled.score.asked)
        assert filled.answers["F5"].carried_from == screening
