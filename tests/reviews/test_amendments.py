"""Changes to what was approved, and appeals against rejections: who decides, what opens anew, and every way that is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from governance.projects.models import Project
from governance.refusals import Conflict, Forbidden, Refusal, Refusals
from governance.reviews import amendments, appeals, meetings, services
from governance.reviews.amendment_models import Amendment, Appeal
from governance.reviews.decisions import Verdict
from governance.reviews.models import Decision, Meeting
from governance.screenings.models import Screening
from governance.screenings.rules import standing
from governance.work import UnitOfWork
from tests.builders import World
from tests.reviews import scenes
from tests.visitor import Visitor, service


@dataclass(frozen=True)
class Scene:
    screening_id: str
    project_id: str

    def row(self, work: UnitOfWork) -> Screening:
        return scenes.row(work, self.screening_id)

    def project(self, work: UnitOfWork) -> Project:
        return self.row(work).project


def scene(made: World, screening_id: str) -> Scene:
    with made.acting("auditor", read_only=True) as work:
        return Scene(screening_id, scenes.row(work, screening_id).project_id)


@pytest.fixture
def case(made: World) -> Scene:
    return scene(made, scenes.decided(made)[0])


def filed(made: World, case: Scene, scale: str = "minor", reasons: tuple[str, ...] = ("model",)) -> str:
    with made.acting("owner") as work:
        row = amendments.file_amendment(
            work, case.project(work), "P", scale=scale, reasons=reasons, text="画面の文言を直す。"
        )
        return row.id


def decided(made: World, id: str, act: str, who: str = "expert", verdict: str = "影響はない。") -> None:
    with made.acting(who) as work:
        row = amendments.amendment(work, id)
        amendments.decide_amendment(work, row, act, rev=row.rev, verdict=verdict)


def amendment(made: World, id: str) -> Amendment:
    with made.acting("auditor", read_only=True) as work:
        row = work.session.get_one(Amendment, id)
        work.session.expunge(row)
        return row


def test_a_minor_change_is_decided_by_the_expert_team_and_the_approval_stands(made: World, case: Scene) -> None:
    id = filed(made, case)
    assert amendment(made, id).state == "filed"
    decided(made, id, "accept")
    assert (amendment(made, id).state, amendment(made, id).screening_id) == ("accepted", None)
    with made.acting("auditor", read_only=True) as work:
        assert case.row(work).state in ("approved", "approved_with_conditions")


def test_what_was_accepted_is_reported_to_the_next_meeting_of_the_committee(made: World, tmp_path) -> None:
    screening, _, first = scenes.decided(made)
    case = scene(made, screening)
    with made.acting("secretariat") as work:
        meeting = work.session.get_one(Meeting, first)
        meetings.close_meeting(work, meeting, rev=meeting.rev)
    decided(made, filed(made, case), "accept")
    with made.acting("secretariat") as work:
        committee = work.session.get_one(Meeting, first).committee
        later = meetings.plan_meeting(work, committee, starts_at=made.now + timedelta(days=20)).id
    app = service(made.database, tmp_path)
    for name, sees in (("secretariat", True), ("chair", True), ("owner", False)):
        one = Visitor(app)
        one.sign_in(f"{name}@test.example")
        assert ("報告事項" in one.get(f"/meetings/{later}").text) is sees
    assert "報告事項" not in one.get(f"/meetings/{first}").text


def test_a_major_change_opens_the_rescreening_at_once(made: World, case: Scene) -> None:
    row = amendment(made, filed(made, case, "major", ("use",)))
    assert row.state == "rescreened"
    with made.acting("auditor", read_only=True) as work:
        opened = work.session.get_one(Screening, row.screening_id)
        assert (opened.phase, opened.state) == ("P", "draft")


def test_what_bears_on_severity_is_never_minor(made: World, case: Scene) -> None:
    with pytest.raises(Refusals, match="軽微な変更にできません"):
        filed(made, case, "minor", ("use",))


def test_the_expert_team_may_send_a_change_to_a_rescreening(made: World, case: Scene) -> None:
    id = filed(made, case)
    decided(made, id, "rescreen")
    assert amendment(made, id).screening_id


def test_a_second_change_waits_for_the_first(made: World, case: Scene) -> None:
    id = filed(made, case)
    with pytest.raises(Refusal, match="判断を待っています"):
        filed(made, case)
    with made.acting("owner") as work:
        amendments.withdraw_amendment(work, amendments.amendment(work, id), rev=1)
    assert filed(made, case) != id


def test_what_is_decided_is_not_decided_again(made: World, case: Scene) -> None:
    id = filed(made, case)
    decided(made, id, "rescreen")
    with pytest.raises(Refusal, match="再スクリーニングへ"):
        decided(made, id, "accept")


def test_the_expedited_way_cannot_disapprove(made: World, case: Scene) -> None:
    id = filed(made, case)
    with pytest.raises(Refusal, match="この操作はできません"):
        decided(made, id, "refuse")
    assert amendment(made, id).state == "filed"


def test_the_team_does_not_decide_its_own_change(made: World, case: Scene) -> None:
    id = filed(made, case)
    for who in ("owner", "member", "auditor"):
        with pytest.raises(Forbidden):
            decided(made, id, "accept", who)
    assert amendment(made, id).state == "filed"


def test_a_phase_without_approval_has_nothing_to_amend(made: World, case: Scene) -> None:
    with made.acting("owner") as work, pytest.raises(Refusal, match="有効な承認"):
        amendments.file_amendment(
            work, case.project(work), "D", scale="minor", reasons=("model",), text="まだ何もない。"
        )


def test_the_pages_of_a_change_from_filing_to_verdict(made: World, case: Scene, tmp_path) -> None:
    app = service(made.database, tmp_path)
    owner, expert = Visitor(app), Visitor(app)
    owner.sign_in("owner@test.example")
    expert.sign_in("expert@test.example")
    path = f"/projects/{case.project_id}/amendments"
    assert "変更を申請する" in owner.get(path).text
    wrong = owner.post(path, {"phase": "P", "reasons": ["use"], "scale": "minor", "text": "用途を広げる。"})
    assert wrong.status_code == 422
    assert "軽微な変更にできません" in wrong.text
    assert "用途を広げる。" in wrong.text
    sent = owner.post(path, {"phase": "P", "reasons": ["model"], "scale": "minor", "text": "文言だけ直す。"})
    assert sent.status_code == 303
    shown = expert.get(sent.location)
    assert "判断を記録する" in shown.text
    assert "判断を記録する" not in owner.get(sent.location).text
    done = expert.post(sent.location, {"act": "accept", "verdict": "影響はない。", "rev": "1"})
    assert done.status_code == 303
    assert "認めた" in owner.get(sent.location).text


# ---------------------------------------------------------------- appeals


@pytest.fixture
def lost(made: World) -> Scene:
    screening_id, _, item_id = scenes.on_agenda(made)
    scenes.voting(made, item_id, "rejected")
    for name in ("chair", "ext1", "ext2", "int1", "int2"):
        scenes.vote(made, item_id, name, "for")
    scenes.decide(made, item_id, Verdict("rejected", "差の原因が説明されていない。"))
    return scene(made, screening_id)


def appeal(made: World, case: Scene, facts: str = "独立した測定で、差が縮まったことが分かった。") -> None:
    with made.acting("owner") as work:
        row = case.row(work)
        appeals.appeal(work, row, rev=row.rev, facts=facts)


def test_a_rejection_is_appealed_on_new_facts_and_reviewed_by_somebody_else(made: World, lost: Scene) -> None:
    appeal(made, lost)
    with made.acting("expert") as work:
        row = lost.row(work)
        with pytest.raises(Refusal, match="前と違う担当者"):
            services.take_review(work, row, rev=row.rev)
    with made.acting("expert2") as work:
        row = lost.row(work)
        assert (row.state, row.revision) == ("appeal", 2)
        services.take_review(work, row, rev=row.rev)
    with made.acting("auditor", read_only=True) as work:
        kept = work.session.scalars(select(Decision).where(Decision.screening_id == lost.screening_id)).all()
        assert [each.outcome for each in kept] == ["rejected"]


def test_an_appeal_is_filed_once_and_in_time(made: World, lost: Scene) -> None:
    appeal(made, lost)
    with pytest.raises(Refusal):
        appeal(made, lost)
    with made.acting("auditor", read_only=True) as work:
        assert len(work.session.scalars(select(Appeal)).all()) == 1


def test_an_appeal_after_the_last_day_names_the_day(made: World, lost: Scene) -> None:
    made.now += timedelta(days=31)
    with pytest.raises(Refusal, match="30日以内"):
        appeal(made, lost)


def test_an_appeal_needs_facts_and_the_owner(made: World, lost: Scene) -> None:
    with pytest.raises(Refusal, match="新しい事実"):
        appeal(made, lost, "  ")
    for who in ("member", "expert", "chair"):
        with made.acting(who) as work:
            row = lost.row(work)
            with pytest.raises(Forbidden):
                appeals.appeal(work, row, rev=row.rev, facts="新しい事実")
    with made.acting("owner") as work:
        row = lost.row(work)
        with pytest.raises(Conflict):
            appeals.appeal(work, row, rev=row.rev - 1, facts="新しい事実")


def test_an_approved_case_cannot_be_appealed(made: World, case: Scene) -> None:
    with pytest.raises(Refusal, match="異議の申立て"):
        appeal(made, case)


def test_the_page_of_an_appeal(made: World, lost: Scene, tmp_path) -> None:
    owner = Visitor(service(made.database, tmp_path))
    owner.sign_in("owner@test.example")
    assert "異議を申し立てる" in owner.get(f"/projects/{lost.project_id}").text
    path = f"/screenings/{lost.screening_id}/appeal"
    page = owner.get(path)
    assert "新しい事実" in page.text
    with made.acting("auditor", read_only=True) as work:
        rev = lost.row(work).rev
    assert owner.post(path, {"facts": "", "rev": str(rev)}).status_code == 422
    assert owner.post(path, {"facts": "測定をやり直した。", "rev": str(rev)}).status_code == 303
    assert "異議申立て" in owner.get(f"/projects/{lost.project_id}").text


def test_an_appeal_neither_brings_the_approval_back_nor_lets_the_team_approve_alone(made: World, lost: Scene) -> None:
    appeal(made, lost)
    with made.acting("auditor", read_only=True) as work:
        assert "P" not in standing([lost.row(work)])
    scenes.taken(made, lost.screening_id, "expert2")
    with made.acting("expert2") as work:
        services.override_route(work, lost.row(work), "standard", rev=lost.row(work).rev, reason="影響は小さい。")
    with made.acting("expert2") as work:
        review = services.review_of(work, lost.row(work))
        assert review is not None
        services.give_opinion(work, review, rev=review.rev, recommendation="approved", opinion="実施できる。")
        assert lost.row(work).state == "board_queued"
