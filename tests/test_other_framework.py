"""Nothing about three phases and seven items is in code: a framework of another shape is loaded, answered, scored, decided, printed.

The framework of tests/other_framework.py has four phases, eleven items, three answers, five levels and a step of two (design.md §3.1).
"""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from governance.accounts.models import User
from governance.paths import PACKAGE, SEEDS
from governance.projects import services as projects
from governance.projects.models import Project
from governance.projects.rules import Particulars
from governance.questionnaires import services as questionnaires
from governance.reports import services as reports
from governance.reports.models import Report
from governance.reviews import services as reviews
from governance.reviews.decisions import Verdict
from governance.screenings import filling, services
from governance.screenings.loading import load
from governance.screenings.models import Screening
from governance.screenings.rules import Entry, RatingEntry
from governance.storage.files import FileStore
from tests.builders import World
from tests.other_framework import ITEMS, PHASES, write
from tests.reviews.scenes import prechecked
from tests.visitor import Visitor, service

GIVEN = Particulars(
    name="見本の図書館AI",
    name_en="Library AI",
    sector="library",
    regions=["east"],
    own_roles=["owner"],
    techniques=["rules"],
)


@pytest.fixture
def town(made: World, tmp_path: Path) -> World:
    with made.acting() as work:
        assert len(questionnaires.seed(work, write(tmp_path / "seeds"))) == 6
    return made


@pytest.fixture
def screening(town: World) -> str:
    with town.acting("owner") as work:
        row = projects.register(work, GIVEN, framework_key="town-ai")
        projects.add_member(work, row, work.session.get(User, town.people["member"].id), "member")
        return services.open_screening(work, row, "idea").id


def fill(town: World, screening: str, **answers: str) -> None:
    with town.acting("member") as work:
        row = work.session.get(Screening, screening)
        filling.finish_triggers(work, row, [Entry("K1", answers.get("K1", "no"))])
        filling.save_ratings(work, row, [RatingEntry(item, 3, 2, "理由", "理由") for item in ITEMS])
        keys = [key for key in load(work.session, row).score.asked if key != "K1"]
        filling.save_answers(work, row, [Entry(key, answers.get(key, "full")) for key in keys])
    with town.acting("owner") as work:
        row = work.session.get(Screening, screening)
        services.submit(work, row, rev=row.rev)


def test_it_is_answered_and_scored_by_its_own_rules(town: World, screening: str) -> None:
    fill(town, screening, K1="yes", X1fairb="nil", X1faira="half", X1safea="nil")
    with town.acting("expert", read_only=True) as work:
        score = services.score_of(work, work.session.get(Screening, screening))
    assert len(score.items) == 11
    assert len(score.asked) == 23
    assert (score.item("calm").inherent, score.item("calm").residual) == (2, 1)  # 6 → level 2, two steps, never below 1
    assert (score.item("kind").severity, score.item("kind").product, score.item("kind").inherent) == (4, 8, 2)
    assert (score.item("fair").stepped, score.item("fair").step_reason) == (
        False,
        "below_threshold",
    )  # 1 of 3 is below 60 %
    assert score.item("safe").step_reason == "gate_open"
    assert score.route == "hall"


def test_it_is_shown_with_its_own_words(town: World, screening: str, tmp_path: Path) -> None:
    member = Visitor(service(town.database, tmp_path))
    member.sign_in("member@test.example")
    page = member.get(f"/screenings/{screening}/items/kind?lang=en")
    assert page.status_code == 200
    assert "question X1kinda? (en)" in page.text
    assert "severity 5 (en)" in page.text
    assert "trial (en)" in page.text
    assert page.text.count('name="X1kinda"') == 3


def test_it_is_decided_and_printed(town: World, screening: str, tmp_path: Path) -> None:
    fill(town, screening)
    with town.acting("expert") as work:
        row = work.session.get(Screening, screening)
        review = reviews.take_review(work, row, rev=row.rev)
        prechecked(work, review)
        reviews.give_opinion(work, review, rev=review.rev, recommendation="approved", opinion="問題ありません。")
        decision = reviews.decide_without_board(work, row, Verdict("approved", "対策がそろっている。"), rev=row.rev)
        assert decision.valid_until
        assert decision.valid_until > (town.now + timedelta(days=300)).date()
        project_id = row.project_id
    store = FileStore(tmp_path / "files")
    text = printed(town, store, project_id)
    assert all(f"{phase} (en)" in text for phase in PHASES)
    assert all(f"{item} (en)" in text for item in ITEMS)
    assert "question X1safea? (en)" in text
    assert "level 2 (en)" in text
    assert "Library AI" in text


def printed(town: World, store: FileStore, project_id: str) -> str:
    report_id = reports.issue(town.database, town.actor("expert"), store, reports.Order(project_id, "en", "test"))
    with town.acting("auditor", read_only=True) as work:
        file = store.read(work.session.get_one(Report, report_id).file_digest)
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(file)).pages)


def test_the_next_of_four_phases_opens_after_the_first(town: World, screening: str) -> None:
    fill(town, screening)
    with town.acting("expert") as work:
        row = work.session.get(Screening, screening)
        review = reviews.take_review(work, row, rev=row.rev)
        prechecked(work, review)
        reviews.give_opinion(work, review, rev=review.rev, recommendation="approved", opinion="よい。")
        reviews.decide_without_board(work, row, Verdict("approved", "よい。"), rev=row.rev)
        project = row.project_id
    with town.acting("owner") as work:
        second = services.open_screening(work, work.session.get(Project, project), "build")
        score = services.score_of(work, second)
        assert len([key for key in score.asked if key.startswith("X1")]) == 22
        assert len([key for key in score.asked if key.startswith("X2")]) == 22


def test_no_phase_and_no_item_of_the_shipped_framework_stands_in_a_python_file() -> None:
    framework = questionnaires.read_seeds(SEEDS)[0][0]
    words = (
        [part.name.ja for part in framework.items]
        + [part.statement.ja for part in framework.phases]
        + [part.name.en for part in framework.items]
    )
    found = [
        (path.name, word)
        for path in PACKAGE.rglob("*.py")
        for word in words
        if f'"{word}"' in path.read_text(encoding="utf-8")
    ]
    assert not found
