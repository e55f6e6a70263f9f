"""A screening through the real services on both databases: opening, filling together, submitting, and what is refused."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from governance.ledger.audit import verify_database
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from governance.screenings import evidence, filling, services
from governance.screenings.loading import load
from governance.screenings.models import Screening
from governance.screenings.rules import Entry, RatingEntry
from governance.screenings.snapshots import thaw
from tests.builders import World, answered, opened, registered, submitted


@pytest.fixture
def screening(made):
    return opened(made, registered(made))


def row_of(work, screening_id):
    return work.session.get(Screening, screening_id)


def codes(refused) -> set[str]:
    return {problem.code for problem in refused.value.problems}


def save(made: World, screening_id: str, entry: Entry, by: str = "member"):
    with made.acting(by) as work:
        return filling.save_answers(work, row_of(work, screening_id), [entry])


def test_a_light_case_asks_the_nine_gates_and_is_submitted(made, screening):
    answered(made, screening)
    submitted(made, screening)
    with made.acting("expert", read_only=True) as work:
        row = row_of(work, screening)
        assert (row.state, row.route, row.inherent, row.residual) == ("submitted", "light", 1, 1)
        asked = [key for key in load(work.session, row).score.asked if not key.startswith("T")]
        assert len(asked) == 9
        assert (row.answered, row.asked) == (row.asked, row.asked)


def test_a_trigger_opens_the_whole_questionnaire(made, screening):
    answered(made, screening, triggers={"T10": "yes"})
    with made.acting("member", read_only=True) as work:
        score = load(work.session, row_of(work, screening)).score
        assert score.route == "standard"
        assert len([k for k in score.asked if k.startswith("P") and not k.startswith("PRIV")]) == 30
        assert score.packs == ("PRIV",)
        assert [k for k in score.asked if k.startswith("PRIV")]
        assert "T10a" in score.asked
        assert "T03a" not in score.asked


def test_submitting_with_gaps_names_every_gap_and_changes_nothing(made, screening):
    answered(made, screening, triggers={"T02": "yes"})
    save(made, screening, Entry("P1b", "", rev=1))
    save(made, screening, Entry("P1d", "done_evidenced", rev=1))
    save(made, screening, Entry("P2b", "partial", rev=1))
    save(made, screening, Entry("P2c", "not_applicable", rev=1))
    with pytest.raises(Refusals) as refused, made.acting("owner") as work:
        services.submit(work, row_of(work, screening), rev=row_of(work, screening).rev)
    found = {(p.code, p.place) for p in refused.value.problems}
    assert found == {
        ("screenings.unanswered", "P1b"),
        ("screenings.no_evidence", "P1d"),
        ("screenings.no_remark", "P2b"),
        ("screenings.no_due", "P2b"),
        ("screenings.no_remark", "P2c"),
    }
    assert all(p.text.ja and p.text.en for p in refused.value.problems)
    with made.acting("owner", read_only=True) as work:
        assert row_of(work, screening).state == "draft"
        assert not row_of(work, screening).snapshots


def test_ratings_without_reasons_are_gaps(made, screening):
    answered(made, screening)
    with made.acting("member") as work:
        filling.save_ratings(work, row_of(work, screening), [RatingEntry("safety", 1, None, "", "", 1)])
    with pytest.raises(Refusals) as refused, made.acting("owner") as work:
        services.submit(work, row_of(work, screening), rev=row_of(work, screening).rev)
    assert codes(refused) == {"screenings.unrated", "screenings.no_reason"}


def test_an_unknown_question_is_refused_by_its_key(made, screening):
    with pytest.raises(Refusal) as refused:
        save(made, screening, Entry("Z9z", "done"))
    assert refused.value.code == "screenings.unknown_question"
    assert "Z9z" in refused.value.text.en


@pytest.mark.parametrize(("key", "value"), [("P1b", "yes"), ("T02", "done"), ("P1b", "<script>")])
def test_an_answer_of_the_wrong_kind_is_refused(made, screening, key, value):
    with pytest.raises(Refusal) as refused:
        save(made, screening, Entry(key, value))
    assert refused.value.code == "screenings.value"


def test_a_gate_cannot_be_declared_not_applicable(made, screening):
    with pytest.raises(Refusal) as refused:
        save(made, screening, Entry("P1a", "not_applicable", "対象外"))
    assert refused.value.code == "screenings.gate_not_applicable"
    assert refused.value.place == "P1a"


def test_a_stale_answer_is_a_conflict_that_shows_both_sides_and_overwrites_nothing(made, screening):
    save(made, screening, Entry("P1b", "done", "先に書いた"))
    with pytest.raises(Conflict) as conflict:
        save(made, screening, Entry("P1b", "partial", "後から書いた", rev=0), by="owner")
    assert conflict.value.theirs["remark"] == "先に書いた"
    assert conflict.value.mine["remark"] == "後から書いた"
    with made.acting("member", read_only=True) as work:
        assert load(work.session, row_of(work, screening)).answers["P1b"].remark == "先に書いた"


def test_two_people_on_different_questions_of_one_page_both_keep_their_work(made, screening):
    save(made, screening, Entry("P1b", "done", "甲"))
    with made.acting("owner") as work:
        filling.save_answers(
            work, row_of(work, screening), [Entry("P1b", "done", "甲", rev=0), Entry("P1d", "done", "乙", rev=0)]
        )
    with made.acting("member", read_only=True) as work:
        answers = load(work.session, row_of(work, screening)).answers
        assert (answers["P1b"].author_id, answers["P1d"].author_id) == (
            made.people["member"].id,
            made.people["owner"].id,
        )


def test_one_wrong_answer_in_a_page_saves_none_of_it(made, screening):
    with pytest.raises(Refusal), made.acting("member") as work:
        filling.save_answers(work, row_of(work, screening), [Entry("P1b", "done"), Entry("P1d", "nonsense")])
    with made.acting("member", read_only=True) as work:
        assert "P1b" not in load(work.session, row_of(work, screening)).answers


def test_a_submitted_revision_is_locked_in_the_service_and_in_the_database(made, screening):
    answered(made, screening)
    submitted(made, screening)
    with pytest.raises(Refusal) as refused:
        save(made, screening, Entry("P1a", "not_done", rev=1))
    assert refused.value.code == "screenings.locked"
    with pytest.raises(Exception, match="(?i)lock|submitted"), made.database.engine.begin() as connection:
        connection.execute(text("UPDATE answers SET value = 'not_done' WHERE question_key = 'P1a'"))


def test_submitting_twice_is_refused_the_second_time(made, screening):
    answered(made, screening)
    with made.acting("owner", read_only=True) as work:
        rev = row_of(work, screening).rev
    submitted(made, screening)
    with pytest.raises((Conflict, Refusal)), made.acting("owner") as work:
        services.submit(work, row_of(work, screening), rev=rev)
    with made.acting("expert", read_only=True) as work:
        assert len(row_of(work, screening).snapshots) == 1


def test_only_the_owner_submits_and_a_stranger_does_not_even_know_of_it(made, screening):
    answered(made, screening)
    with pytest.raises(Forbidden), made.acting("member") as work:
        services.submit(work, services.screening(work, screening), rev=1)
    with pytest.raises(NotFound), made.acting("stranger") as work:
        services.screening(work, screening)
    for reader in ("auditor", "administrator", "expert"):
        with pytest.raises(Forbidden), made.acting(reader) as work:
            filling.save_answers(work, row_of(work, screening), [Entry("P1b", "done")])


def test_a_suspected_prohibited_use_is_blocked_on_submission(made, screening):
    answered(made, screening, triggers={"T01": "unknown"})
    submitted(made, screening)
    with made.acting("legal", read_only=True) as work:
        row = row_of(work, screening)
        assert (row.state, row.route) == ("blocked", "blocked")
        assert [s.code for s in load(work.session, row).score.stops] == ["H1"]


def test_the_next_phase_waits_for_an_approval(made, screening):
    with pytest.raises(Refusal) as refused, made.acting("owner") as work:
        services.open_screening(work, row_of(work, screening).project, "D")
    assert refused.value.code == "screenings.gate_shut"
    assert "計画" in refused.value.text.ja
    with pytest.raises(Refusal) as refused, made.acting("owner") as work:
        services.open_screening(work, row_of(work, screening).project, "P")
    assert refused.value.code == "screenings.already_open"


def test_the_snapshot_holds_everything_the_decision_rests_on_and_its_texts_match_their_commitments(made, screening):
    answered(made, screening, triggers={"T10": "yes"}, answers={"P1a": "done_evidenced", "P1b": "partial"})
    save(made, screening, Entry("P4a", "done", "𠮷田・髙橋と協議🙂", rev=1))
    submitted(made, screening)
    with made.acting("expert", read_only=True) as work:
        snapshot = services.latest_snapshot(work, row_of(work, screening))
        assert "協議" not in snapshot.body
        frozen = thaw(work.session, snapshot)
        answers = {a["key"]: a for a in frozen["answers"]}
        assert answers["P4a"]["remark"] == "𠮷田・髙橋と協議🙂"
        assert len(answers["P1a"]["evidence"]) == 1
        assert frozen["evidence"][0]["digest"]
        assert frozen["score"]["route"] == "standard"
        assert frozen["questionnaires"][0]["digest"]
        assert frozen["history"]["changes"] > 30
    assert verify_database(made.database).ok


def test_evidence_of_another_project_cannot_be_attached(made, screening):
    other = opened(made, registered(made))
    with made.acting("member") as work:
        piece = evidence.add_link(work, row_of(work, other), "P1a", "https://wiki.example/a").id
    with pytest.raises(NotFound), made.acting("member") as work:
        evidence.attach(work, row_of(work, screening), "P1a", piece)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "wiki", "https://", "data:text/html,x"])
def test_a_link_that_is_no_web_address_is_refused(made, screening, url):
    with pytest.raises(Refusal) as refused, made.acting("member") as work:
        evidence.add_link(work, row_of(work, screening), "P1a", url)
    assert refused.value.code == "evidence.link"


def test_adding_the_same_file_twice_to_one_answer_keeps_one_piece(made, screening):
    with made.acting("member") as work:
        first = evidence.add_link(work, row_of(work, screening), "P1a", "https://wiki.example/a").id
    with made.acting("owner") as work:
        again = evidence.add_link(work, row_of(work, screening), "P1a", "https://wiki.example/a").id
    assert first == again


def test_a_withdrawn_case_cannot_be_withdrawn_again(made, screening):
    answered(made, screening)
    submitted(made, screening)

    def withdraw():
        with made.acting("owner") as work:
            row = row_of(work, screening)
            services.withdraw(work, row, rev=row.rev, reason="計画の中止")
            return row.state

    assert withdraw() == "withdrawn"
    with pytest.raises(Refusal) as refused:
        withdraw()
    assert refused.value.code == "reviews.not_now"
