"""Precedents: what makes two cases alike and how it is said, who may know of which one, and citing one in a decision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from governance.accounts.models import User
from governance.ledger.services import project_events
from governance.projects import services as projects
from governance.projects.services import bar_reading
from governance.refusals import Forbidden, NotFound, Refusal
from governance.reviews import citing, items, precedents
from governance.reviews.desk_models import Citation
from governance.reviews.likeness import LEAST, Traits, alike, rarity, words_of
from governance.reviews.models import Committee, Decision
from tests.builders import PARTICULARS, World, answered, opened, registered, submitted
from tests.reviews.browsing import browsers, send
from tests.reviews.scenes import (
    BOARD,
    HIGH,
    agenda_item,
    board,
    case,
    conditional,
    conditions,
    decide,
    discussing,
    in_session,
    opined,
    planned,
    row,
    vote,
    voting,
)

PLAIN = Traits("P", "industry", frozenset({"T02"}), frozenset({"priv"}), {"fairness": 3}, {"fairness": 2}, frozenset())
NOTE = "前例と同じく、消去の期限を条件とする。"


def decided_before(made: World, **changes: object) -> tuple[str, str]:
    """Let a committee decide a case of another project, four to one; return its screening and the committee."""
    committee_id = board(made)
    return decided_by(made, committee_id, **changes), committee_id


def decided_by(made: World, committee_id: str, **changes: object) -> str:
    project_id = registered(made, replace(PARTICULARS, name="顔画像の照合", **changes))  # type: ignore[arg-type]
    screening_id = opened(made, project_id)
    answered(made, screening_id, BOARD, ratings=HIGH)
    submitted(made, screening_id)
    opined(made, screening_id)
    meeting_id, (item_id,) = planned(made, committee_id, screening_id)
    in_session(made, meeting_id)
    voting(made, item_id)
    for name, choice in {"chair": "for", "ext1": "against", "ext2": "for", "int1": "for", "int2": "for"}.items():
        vote(made, item_id, name, choice, dissent="掲示だけでは足りない。" if choice == "against" else "")
    decide(made, item_id, conditional(made))
    return screening_id


def before_the_board(made: World, committee_id: str) -> tuple[str, str, str]:
    """Bring a second case before the committee; return screening, meeting and item under discussion."""
    screening_id = case(made, BOARD, HIGH)
    opined(made, screening_id)
    meeting_id, (item_id,) = planned(made, committee_id, screening_id)
    in_session(made, meeting_id)
    discussing(made, item_id)
    return screening_id, meeting_id, item_id


@contextmanager
def found_by(made: World, name: str, screening_id: str) -> Iterator[list[precedents.Precedent]]:
    with made.acting(name, read_only=True) as work:
        yield precedents.similar(work, row(work, screening_id))


def count_for(made: World, name: str, screening_id: str) -> int:
    with found_by(made, name, screening_id) as found:
        return len(found)


def decision_of(made: World, screening_id: str) -> str:
    with made.acting("auditor", read_only=True) as work:
        return work.session.scalars(select(Decision.id).where(Decision.screening_id == screening_id)).one()


# ---------------------------------------------------------------- the rules


def test_what_is_the_same_counts_and_what_differs_does_not() -> None:
    same = alike(PLAIN, PLAIN, {})
    other = alike(PLAIN, replace(PLAIN, sector="health", triggers=frozenset({"T09"}), packs=frozenset()), {})
    assert same.percent > other.percent
    assert (other.triggers, other.packs) == ((), ())
    assert same.items == ("fairness",)


def test_japanese_is_compared_by_pairs_of_letters_and_the_words_are_joined_again() -> None:
    one, two = words_of("映像から作業者の転倒を見つける"), words_of("作業者の位置を映像で追う")
    assert "作業" in one & two
    assert not any(word in one for word in ("から", "を見"))
    cases = [replace(PLAIN, words=words) for words in (one, two)]
    assert set(alike(cases[0], cases[1], rarity(cases)).words) == {"作業者", "映像"}


def test_english_is_compared_by_words_without_the_common_ones() -> None:
    assert words_of("The AI system detects falls from video", "falls") == {"detects", "falls", "video"}


def test_levels_are_alike_only_where_they_are_above_the_lowest() -> None:
    low = replace(PLAIN, inherent={"fairness": 1}, residual={"fairness": 1})
    assert alike(low, low, {}).points["levels"] == 0
    near = alike(PLAIN, replace(PLAIN, inherent={"fairness": 2}), {}).points["levels"]
    far = alike(PLAIN, replace(PLAIN, inherent={"fairness": 1}), {}).points["levels"]
    assert near > far


codes = st.frozensets(st.sampled_from(["a", "b", "c", "d"]))
ranks = st.fixed_dictionaries({"fairness": st.integers(0, 4), "safety": st.integers(0, 4)})
cases = st.builds(Traits, st.sampled_from("PDM"), st.sampled_from("xy"), codes, codes, ranks, ranks, codes, codes)


@given(cases, cases)
def test_likeness_is_symmetric_and_lies_between_nothing_and_a_hundred(one: Traits, two: Traits) -> None:
    rare = rarity([one, two])
    assert alike(one, two, rare).points == pytest.approx(dict(alike(two, one, rare).points))
    assert 0 <= alike(one, two, rare).percent <= 100
    assert alike(one, one, rare).percent >= alike(one, two, rare).percent - 1


# ---------------------------------------------------------------- who may know


def test_the_expert_team_sees_a_similar_case_with_decision_condition_and_dissent(made: World) -> None:
    past, _ = decided_before(made)
    now = case(made, BOARD, HIGH)
    with found_by(made, "expert", now) as (found,):
        assert found.decision.screening_id == past
        assert found.is_open
        assert found.alike.percent >= LEAST
        assert "T02" in found.why.ja
        assert found.why.ja.endswith("。")
        assert found.why.en.startswith("Alike in: ")
        assert [each.text for each in found.conditions] == ["特徴量を24時間で消去し、消去の記録を示す"]
        assert list(found.dissents) == ["掲示だけでは足りない。"]
        assert found.votes == (4, 1, 0)


def test_undecided_cases_and_the_history_of_the_project_itself_are_no_precedents(made: World) -> None:
    case(made, BOARD, HIGH)
    now = case(made, BOARD, HIGH)
    assert count_for(made, "expert", now) == 0
    past, _ = decided_before(made)
    assert count_for(made, "expert", past) == 0


def test_a_member_sees_the_decisions_of_their_committee_closed(made: World) -> None:
    _, committee_id = decided_before(made)
    now, _, _ = before_the_board(made, committee_id)
    with made.acting("int1") as work:  # the first case lies long behind: its leave to read has ended
        for each in work.session.scalars(select(Decision)):
            projects.end_reading(work, each.screening.project, work.actor.id)
    with found_by(made, "int1", now) as (found,):
        assert not found.is_open
        assert "T02" not in found.why.ja
        assert "件該当" in found.why.ja
        assert found.conditions


def test_who_stepped_back_from_a_case_does_not_meet_it_again_as_a_precedent(made: World) -> None:
    past, committee_id = decided_before(made)
    now, _, _ = before_the_board(made, committee_id)
    decision_id = decision_of(made, past)
    with made.acting("secretariat") as work:
        bar_reading(work, row(work, past).project, made.people["int1"].id)
    assert count_for(made, "int1", now) == 0
    assert count_for(made, "ext1", now) == 1
    with made.acting("int1") as work, pytest.raises(NotFound):
        citing.cite(work, row(work, now), decision_id, note=NOTE)
    with made.acting("secretariat", read_only=True) as work:
        committee = work.session.get_one(Committee, committee_id)
        assert precedents.for_board(work, row(work, now), committee) == []


def test_a_paper_for_all_members_shows_closed_precedents_of_that_committee(made: World) -> None:
    _, committee_id = decided_before(made)
    now = case(made, BOARD, HIGH)
    with made.acting("secretariat", read_only=True) as work:
        (found,) = precedents.for_board(work, row(work, now), work.session.get_one(Committee, committee_id))
        assert not found.is_open


def test_a_department_head_sees_only_what_they_may_open(made: World) -> None:
    past, _ = decided_before(made)
    now = case(made)
    with found_by(made, "approver", now) as found:
        assert all(each.is_open for each in found)
    with made.acting("stranger", read_only=True) as work, pytest.raises(NotFound):
        precedents.known(work, decision_of(made, past))


# ---------------------------------------------------------------- citing


def test_a_member_cites_a_precedent_and_it_is_kept_with_the_decision(made: World) -> None:
    past, committee_id = decided_before(made)
    now, _, item_id = before_the_board(made, committee_id)
    cited = decision_of(made, past)
    with made.acting("ext1") as work:
        citing.cite(work, row(work, now), cited, note=NOTE)
    with made.acting("secretariat") as work:
        item = agenda_item(work, item_id)
        items.put_motion(work, item, "approved_with_conditions", rev=item.rev, conditions=conditions(made))
    for name in ("chair", "ext1", "ext2", "int1", "int2"):
        vote(made, item_id, name, "for")
    decide(made, item_id, conditional(made))
    with made.acting("auditor", read_only=True) as work:
        (kept,) = citing.citations_of(work, row(work, now))
        assert (kept.cited_id, kept.note, kept.citer.id) == (cited, NOTE, made.people["ext1"].id)
        events = project_events(work.session, row(work, now).project_id)
        kept_id = kept.id
        (recorded,) = [each for each in events if each.type == "DecisionRecorded"]
        assert recorded.body["codes"]["cites"] == [cited]
    with made.acting("secretariat") as work, pytest.raises(Refusal, match="citing_over"):
        citing.take_back(work, row(work, now), kept_id)


def test_a_precedent_is_cited_once_with_a_note_and_can_be_taken_back(made: World) -> None:
    past, _ = decided_before(made)
    now, cited = case(made, BOARD, HIGH), decision_of(made, past)
    with made.acting("expert") as work, pytest.raises(Refusal, match="citation_note"):
        citing.cite(work, row(work, now), cited, note="  ")
    with made.acting("expert") as work:
        first = citing.cite(work, row(work, now), cited, note=NOTE).id
    with made.acting("expert2") as work, pytest.raises(Refusal, match="cited"):
        citing.cite(work, row(work, now), cited, note=NOTE)
    with made.acting("expert2") as work, pytest.raises(Refusal, match="own_citation"):
        citing.take_back(work, row(work, now), first)
    with made.acting("expert") as work:
        citing.take_back(work, row(work, now), first)
    with made.acting("expert2") as work:
        citing.cite(work, row(work, now), cited, note=NOTE)
    with made.acting("auditor", read_only=True) as work:
        assert len(list(work.session.scalars(select(Citation)))) == 2
        assert len(citing.citations_of(work, row(work, now))) == 1


@pytest.mark.parametrize("name", ["owner", "member", "stranger", "auditor", "administrator", "ext1"])
def test_the_team_and_strangers_cite_nothing(made: World, name: str) -> None:
    past, _ = decided_before(made)
    now, cited = case(made, BOARD, HIGH), decision_of(made, past)
    with made.acting(name) as work, pytest.raises(Forbidden):
        citing.cite(work, row(work, now), cited, note=NOTE)


def test_the_pages_show_cite_and_take_back(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    past, committee_id = decided_before(made)
    now, meeting_id, item_id = before_the_board(made, committee_id)
    open_for = browsers(made, tmp_path, monkeypatch)
    page, cited = f"/meetings/{meeting_id}/items/{item_id}", decision_of(made, past)
    member = open_for("ext1")
    shown = member.get(page).text
    assert "似た過去の案件" in shown
    refused = send(member, page, "/citations", {"cited": cited, "note": " "})
    assert refused.status_code == 422
    assert "この先例から何が言えるか" in refused.text
    assert send(member, page, "/citations", {"cited": cited, "note": NOTE}).headers["Location"].startswith(page)
    assert NOTE in open_for("chair").get(page).text
    assert NOTE in open_for("expert").get(f"/reviews/{now}").text
    assert NOTE in open_for("owner").get(f"/reviews/{now}").text
    assert send(member, page, "/withdraw").status_code == 303
    assert NOTE not in member.get(page).text


def test_many_decisions_are_compared_within_a_fixed_number_of_statements(made: World) -> None:
    committee_id = board(made)
    for _ in range(3):
        decided_by(made, committee_id)
        made.now += timedelta(days=1)
    now = case(made, BOARD, HIGH)
    with made.acting("expert", read_only=True) as work:
        found = precedents.similar(work, row(work, now), limit=2)
        assert work.session.get(User, work.actor.id)
    assert [each.alike.percent for each in found] == sorted((each.alike.percent for each in found), reverse=True)
    assert len(found) == 2
