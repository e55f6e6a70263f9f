"""The written content of the demonstration: complete in both languages, believable, and scored as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from governance.demo.cases import Case, Filling
from governance.demo.content import Content, read_content
from governance.paths import SEEDS
from governance.questionnaires.definition import Framework, Questionnaire
from governance.questionnaires.services import read_seeds
from governance.refusals import Refusals

FOLDER = SEEDS / "demo"
MENTIONED = re.compile(r"[PDM][1-9][a-z]")


@pytest.fixture(scope="module")
def content() -> Content:
    return read_content(FOLDER)


@pytest.fixture(scope="module")
def seeds() -> tuple[Framework, dict[str, set[str]]]:
    frameworks, questionnaires = read_seeds(SEEDS)
    packs = {"packs": {pack.code for pack in frameworks[0].packs}}
    return frameworks[0], {each.key: _keys(each) for each in questionnaires} | packs


def _keys(questionnaire: Questionnaire) -> set[str]:
    return {question.key for _, question in questionnaire.questions()}


def _fillings(content: Content) -> list[tuple[Case, Filling]]:
    return [(case, one) for case in content.cases for one in case.screenings]


def test_there_are_enough_cases_from_different_rows_and_sectors(content: Content) -> None:
    assert len(content.cases) >= 12
    assert len({case.case for case in content.cases}) == len(content.cases)
    assert {case.project.sector for case in content.cases} >= {"mobility", "life", "industry", "energy", "it"}


def test_people_are_plainly_invented(content: Content) -> None:
    assert all(person.email.endswith("@demo.example") for person in content.people)
    assert len({person.email for person in content.people}) == len(content.people)


def test_the_committee_has_an_external_majority(content: Content) -> None:
    sides = [seat.side for seat in content.committee.members if seat.alternate_of is None]
    assert (sides.count("external"), sides.count("internal")) == (4, 3)
    assert [seat.side for seat in content.committee.members if seat.is_chair] == ["external"]


def test_the_wanted_states_are_planned(content: Content) -> None:
    states = {one.expect.state for _, one in _fillings(content)}
    assert states >= {
        "draft",
        "submitted",
        "returned",
        "in_review",
        "board_queued",
        "board_session",
        "approved",
        "approved_with_conditions",
        "rejected",
        "blocked",
    }
    assert {one.expect.route for _, one in _fillings(content)} == {"light", "standard", "board", "blocked"}


def test_every_rated_screening_is_backed_by_remarks_and_papers(content: Content) -> None:
    rated = [(case, one) for case, one in _fillings(content) if one.ratings]
    assert len({case.key for case, _ in rated}) >= 12
    for case, one in rated:
        light = one.expect.route == "light"
        assert len(one.answers) >= (9 if light else 10), case.key
        assert len(one.evidence) >= 5, case.key
        assert len({paper.key for paper in one.evidence}) == len(one.evidence), case.key


def test_every_key_that_is_used_exists(content: Content, seeds: tuple[Framework, dict[str, set[str]]]) -> None:
    framework, keys = seeds
    known = set().union(*keys.values())
    for case, one in _fillings(content):
        used = {*one.answers, *one.triggers, *(key for paper in one.evidence for key in paper.supports)}
        assert used <= known, (case.key, used - known)
        assert {*one.ratings} <= {item.code for item in framework.items}
        texts = [getattr(event, "opinion", "") + getattr(event, "reason", "") for event in one.events]
        assert set(MENTIONED.findall(" ".join(texts))) <= known, case.key


def test_a_partial_answer_has_a_date_and_an_evidenced_one_its_paper(content: Content) -> None:
    for case, one in _fillings(content):
        for key, reply in one.answers.items():
            assert one.value(key) != "partial" or reply.due is not None, (case.key, key)
            assert one.value(key) != "done_evidenced" or any(paper.backs(key) for paper in one.evidence), (
                case.key,
                key,
            )


def test_a_name_that_nobody_has_is_refused_with_its_place(tmp_path: Path, content: Content) -> None:
    for name in ("projects", "doings"):
        (tmp_path / name).mkdir()
    for path in FOLDER.rglob("*.yaml"):
        (tmp_path / path.relative_to(FOLDER)).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    file = tmp_path / "projects" / "01-dynamic-headway.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("owner: mihon", "owner: nobody"), encoding="utf-8")
    with pytest.raises(Refusals, match="nobody"):
        read_content(tmp_path)
    file.write_text(file.read_text(encoding="utf-8").replace("owner: nobody", "oner: mihon"), encoding="utf-8")
    with pytest.raises(Refusals, match=r"01-dynamic-headway\.yaml:\d+"):
        read_content(tmp_path)
