"""Starting from a similar project: ranked with reasons, never from what one may not see, copied where nothing is, undone in one press."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from governance.ledger.audit import verify_database
from governance.projects.models import Evidence, Project
from governance.refusals import Forbidden, NotFound, Refusal
from governance.screenings import confirming, filling, similar
from governance.screenings.loading import load
from governance.screenings.models import Answer, AnswerCopy, AnswerEvidence, Screening
from governance.screenings.rules import Entry
from governance.screenings.similar import Traits, likeness
from tests.builders import PARTICULARS, World, answered, opened, registered, submitted
from tests.visitor import Visitor, service


def sent(made: World, name: str, triggers=None, **changes) -> str:
    """Return a submitted screening of another project of the same people."""
    screening = opened(made, registered(made, replace(PARTICULARS, name=name, name_en=f"{name} EN", **changes)))
    answered(made, screening, triggers=triggers, answers={"P1a": "done_evidenced", "P2a": "partial"}, rate=(2, 1))
    submitted(made, screening)
    return screening


@pytest.fixture
def blank(made) -> str:
    return opened(made, registered(made))


def row_of(work, screening_id: str) -> Screening:
    return work.session.get(Screening, screening_id)


def copied(made: World, blank: str, source: str, **more) -> None:
    with made.acting("member") as work:
        row = row_of(work, blank)
        similar.copy(work, row, similar.source_of(work, row, source), **more)


@pytest.mark.parametrize(
    ("other", "points"),
    [
        (Traits(["bank"], ["llm"], ["user"], ["eu"]), 0),
        (Traits(["rail"], [], [], []), 3),
        (Traits(["rail"], ["vision", "llm"], ["developer"], ["japan"]), 3 + 2 + 1 + 1),
        (Traits([], [], [], [], ["T02", "T10"]), 4),
        (Traits([], [], [], [], ["T02", "T10", "T11", "T14"]), 6),
    ],
)
def test_likeness_adds_up_what_is_shared_and_no_kind_outweighs_the_rest(other, points):
    own = Traits(["rail"], ["vision"], ["developer"], ["japan"], ["T02", "T10", "T11", "T14"])
    assert likeness(own.common(other)) == points


def test_the_most_similar_comes_first_and_says_why(made, blank):
    far = sent(made, "遠い案件", sector="mobility", techniques=["simulation"])
    near = sent(made, "近い案件", triggers={"T10": "yes"})
    with made.acting("member") as work:
        row = row_of(work, blank)
        filling.save_answers(work, row, [Entry("T10", "unknown")])
    with made.acting("member", read_only=True) as work:
        row = row_of(work, blank)
        found = similar.candidates(work, row)
        assert [each.screening.id for each in found] == [near, far]
        words = [each.ja for each in found[0].reasons(load(work.session, row).sheet.framework)]
        assert words[0] == "同じ分野（インダストリー）"
        assert "同じ判定項目に該当（T10）" in words
        assert found[0].answers > 10


def test_a_project_that_one_may_not_see_is_neither_listed_nor_copied_from(made, blank):
    hidden = hidden_case(made)
    with made.acting("member", read_only=True) as work:
        row = row_of(work, blank)
        assert hidden not in {each.screening.id for each in similar.candidates(work, row)}
        with pytest.raises(NotFound):
            similar.source_of(work, row, hidden)


def hidden_case(made: World) -> str:
    """Return a submitted screening of a project that nobody belongs to any more."""
    screening = sent(made, "他部門の案件")
    with made.acting() as work:
        project = row_of(work, screening).project
        for member in project.members:
            member.left_at = work.now
        work.record("MemberLeft", subject=("project", project.id), project=project.id)
    return screening


@pytest.mark.parametrize("state", ["draft", "rejected", "withdrawn", "returned"])
def test_only_what_somebody_answers_for_is_offered(made, blank, state):
    other = sent(made, "別の案件")
    with made.acting() as work:
        row_of(work, other).state = state
        work.record("ScreeningReturned", subject=("screening", other))
    with made.acting("member", read_only=True) as work:
        assert similar.candidates(work, row_of(work, blank)) == []
        with pytest.raises(NotFound):
            similar.source_of(work, row_of(work, blank), other)


def test_copying_fills_what_is_empty_and_waits_to_be_confirmed(made, blank):
    source = sent(made, "近い案件")
    with made.acting("owner") as work:
        filling.save_answers(work, row_of(work, blank), [Entry("P1c", "not_done")])
    copied(made, blank, source)
    with made.acting("member", read_only=True) as work:
        row = row_of(work, blank)
        now = load(work.session, row)
        assert now.answers["P1c"].value == "not_done", "what was there stays"
        assert (now.answers["P2a"].value, now.answers["P2a"].due_on) == ("partial", None)
        assert {now.answers[key].confirm_because for key in ("P1a", "P2a", "T01")} == {"similar"}
        assert now.ratings == {}, "ratings only when asked for"
        assert list(work.session.scalars(select(AnswerEvidence).where(AnswerEvidence.screening_id == blank))) == []
        assert similar.marks(work, row, ["P2a", "P1c"])["P2a"].ja.startswith("「近い案件」から写した回答です。")
        assert "P1c" not in similar.marks(work, row, ["P2a", "P1c"])
    assert verify_database(made.database).ok


def test_who_may_not_see_the_other_project_does_not_learn_its_name(made, blank):
    source = sent(made, "近い案件")
    copied(made, blank, source)
    with made.acting() as work:
        project = row_of(work, source).project
        for member in project.members:
            member.left_at = work.now
        work.record("MemberLeft", subject=("project", project.id), project=project.id)
    with made.acting("member", read_only=True) as work:
        words = similar.marks(work, row_of(work, blank), ["P2a"])["P2a"]
    assert "近い案件" not in words.ja + words.en


def test_ratings_come_with_their_reasons_when_asked_for(made, blank):
    source = sent(made, "近い案件")
    copied(made, blank, source, ratings=True)
    with made.acting("member", read_only=True) as work:
        now = load(work.session, row_of(work, blank))
        assert (now.ratings["safety"].severity, now.ratings["safety"].severity_reason) == (2, "影響の理由")
        assert len(confirming.ratings_waiting(now)) == 7


def test_a_copy_is_undone_until_something_of_it_is_confirmed(made, blank):
    source = sent(made, "近い案件")
    copied(made, blank, source, ratings=True)
    with made.acting("member") as work:
        similar.undo(work, row_of(work, blank))
    with made.acting("member", read_only=True) as work:
        now = load(work.session, row_of(work, blank))
        assert (now.values, confirming.count(now)) == ({}, 0)
        assert {each.severity for each in now.ratings.values()} == {None}
    copied(made, blank, source)
    with made.acting("member") as work:
        row = row_of(work, blank)
        confirming.confirm(work, row, {"T01": load(work.session, row).answers["T01"].rev})
    with made.acting("member") as work, pytest.raises(Refusal, match="no_copy"):
        similar.undo(work, row_of(work, blank))
    assert verify_database(made.database).ok


def test_copying_twice_finds_nothing_left(made, blank):
    source = sent(made, "近い案件")
    copied(made, blank, source)
    with pytest.raises(Refusal, match="nothing_to_copy"):
        copied(made, blank, source)


def test_two_people_who_copy_at_once_copy_once(made, blank):
    source = sent(made, "近い案件")

    def attempt(_: int) -> str:
        try:
            copied(made, blank, source)
        except Refusal as refused:
            return refused.code
        return "copied"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, range(2))) == ["copied", "screenings.nothing_to_copy"]


def test_only_who_may_answer_copies(made, blank):
    source = sent(made, "近い案件")
    with made.acting("expert") as work, pytest.raises(Forbidden):
        similar.copy(work, row_of(work, blank), row_of(work, source))


def test_the_pages_lead_from_the_list_to_the_copy_and_back(made, blank, tmp_path):
    source = sent(made, "近い案件")
    person = Visitor(service(made.database, tmp_path))
    person.sign_in("member@test.example")
    assert "近い案件" in person.get(f"/screenings/{blank}/similar").text
    shown = person.get(f"/screenings/{blank}/similar/{source}").text
    assert "写した文章は、この案件を閲覧できる人すべてに見えます。" in shown
    assert person.post(f"/screenings/{blank}/similar/{source}", {"ratings": "1"}).status_code == 303
    assert "近い案件」から写した回答です" in person.get(f"/screenings/{blank}/items/privacy").text
    assert person.get(f"/screenings/{blank}/confirm").status_code == 200
    assert "写しを取り消す" in person.get(f"/screenings/{blank}/similar").text
    assert person.post(f"/screenings/{blank}/similar/undo", {}).status_code == 303
    assert person.get(f"/screenings/{blank}/similar/{blank}").status_code == 404
    english = person.get(f"/screenings/{blank}/similar?lang=en").text
    assert "same sector" in english
    with made.acting("auditor", read_only=True) as work:
        assert work.session.scalars(select(AnswerCopy)).one().undone_at is not None
        assert work.session.scalars(select(Answer).where(Answer.screening_id == blank, Answer.value != "")).all() == []
        assert list(work.session.scalars(select(Evidence).join(Project).where(Project.name == PARTICULARS.name))) == []
