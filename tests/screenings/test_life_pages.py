"""The pages of the life of a project as people use them: screen again, suspend and resume, withdraw, retire; and what they refuse."""

from __future__ import annotations

import pytest

from governance.projects import life
from governance.projects.models import Project
from governance.screenings.models import Screening
from tests.builders import TODAY, answered, opened, registered, submitted
from tests.screenings.test_reopening import approved, reopened
from tests.visitor import Visitor, service

DAY = TODAY.date().isoformat()
RECORD = {
    "reason": "役目を終えた",
    "told_data": "学習データを消去した",
    "told_models": "モデルを消去した",
    "told_access": "接続を止めた",
    "told_customers": "利用者はいない",
    "none_customers": "y",
    "told_records": "監査の記録を残す",
    "records_until": "2036-03-31",
    "done_by": "試験部 見本 太郎",
    "done_on": DAY,
}


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


@pytest.fixture
def enter(made, tmp_path):
    app = service(made.database, tmp_path)

    def as_person(name: str) -> Visitor:
        one = Visitor(app)
        one.sign_in(f"{name}@test.example")
        return one

    return as_person


def count(made) -> int:
    with made.acting("auditor", read_only=True) as work:
        return work.session.query(Screening).count()


def test_a_re_screening_starts_from_the_case_page_and_leads_to_the_trigger_sheet(made, project, screening, enter):
    owner = enter("owner")
    assert f"/projects/{project}/reopen" in owner.get(f"/projects/{project}").text
    form = owner.get(f"/projects/{project}/reopen")
    assert "新しいデータの取得元" in form.text
    assert "いまの承認は、再スクリーニングの結果が出るまでそのまま有効です" in form.text
    sent = owner.post(
        f"/projects/{project}/reopen", {"phase": "P", "reasons": ["data", "incident"], "note": "取得元を変えた"}
    )
    assert sent.status_code == 303
    assert sent.headers["Location"].endswith("/triggers")
    page = owner.get(f"/projects/{project}").text
    for words in (
        "再スクリーニング",
        "新しいデータの取得元",
        "事故・ヒヤリハット",
        "取得元を変えた",
        "（手動、見本 owner）",
    ):
        assert words in page
    assert "関門1 開" in page


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"phase": "P", "note": "x"}, "再スクリーニングの理由を、一覧から1つ以上選んでください。"),
        (
            {"phase": "P", "reasons": ["nonsense"], "note": "x"},
            "再スクリーニングの理由を、一覧から1つ以上選んでください。",
        ),
        ({"phase": "P", "reasons": ["data"], "note": " "}, "何が変わったかを書いてください。"),
        ({"phase": "P", "reasons": ["data"], "note": "x", "due_on": "2020-01-01"}, "期限が過去の日付です。"),
        ({"phase": "P", "reasons": ["data"], "note": "x", "due_on": "2027-02-30"}, "2026-12-25 のような日付"),
        ({"phase": "P", "reasons": ["data"], "note": "長" * 2001}, "2000"),
        ({"reasons": ["data"], "note": "x", "phase": ""}, "フェーズを選んでください。"),
    ],
)
def test_what_is_wrong_is_said_beside_the_form_and_nothing_is_opened(made, project, screening, enter, sent, says):
    answer = enter("owner").post(f"/projects/{project}/reopen", sent)
    assert answer.status_code == 422
    assert says in answer.text
    assert count(made) == 1


def test_a_form_sent_twice_opens_one(made, project, screening, enter):
    owner = enter("owner")
    form = {"phase": "P", "reasons": ["data"], "note": "変更", "once": "a-key-of-this-form"}
    first, second = (owner.post(f"/projects/{project}/reopen", form) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"]
    assert count(made) == 2


def test_who_comes_second_is_told_that_it_is_under_way(made, project, screening, enter):
    member = enter("member")
    reopened(made, project)
    answer = member.post(f"/projects/{project}/reopen", {"phase": "P", "reasons": ["data"], "note": "変更"})
    assert answer.status_code == 422
    assert "「計画」のスクリーニングが進行中です" in member.get(f"/projects/{project}/reopen").text


def test_an_approved_phase_is_not_opened_by_the_plain_button(made, project, screening, enter):
    answer = enter("owner").post(f"/projects/{project}/screenings", {"phase": "P"})
    assert answer.status_code == 422
    assert "理由を選んで再スクリーニングを始めてください" in answer.text


def test_suspending_stops_the_work_and_the_one_who_types_is_told(made, project, enter):
    first = opened(made, project)
    member, expert = enter("member"), enter("expert")
    assert expert.post(f"/projects/{project}/suspend", {"reason": "事故の調査"}).status_code == 303
    saved = member.post(f"/screenings/{first}/save", {"page": "triggers", "T01": "no", "T01-rev": "0"})
    assert saved.status_code == 423
    assert "この案件は一時停止中です" in saved.get_json()["closed"]
    page = member.get(f"/projects/{project}").text
    assert "事故の調査" in page
    assert "案件は一時停止中です" in page
    assert f"/projects/{project}/resume" not in page
    assert "一時停止" in member.get("/projects").text
    assert "判定シートに答える" not in member.get("/").text.split("あなたの案件")[0]


def test_the_owner_does_not_resume_what_an_office_suspended(made, project, enter):
    with made.acting("secretariat") as work:
        life.suspend(work, work.session.get(Project, project), reason="条件の期限超過")
    owner = enter("owner")
    refused = owner.post(f"/projects/{project}/resume", {"reason": "直した"})
    assert refused.status_code == 403
    assert "再開できるのは専門チームです" in refused.text
    assert enter("expert").post(f"/projects/{project}/resume", {"reason": "確認した"}).status_code == 303
    assert "案件は一時停止中です" not in owner.get(f"/projects/{project}").text


@pytest.mark.parametrize("turn", ["suspend", "withdraw"])
def test_a_turn_without_a_reason_is_refused(made, project, enter, turn):
    answer = enter("owner").post(f"/projects/{project}/{turn}", {"reason": "　"})
    assert answer.status_code == 422
    assert "理由を書いてください。" in answer.text


def test_retiring_needs_the_whole_record_and_shows_it(made, project, screening, enter):
    owner = enter("owner")
    for gap in ("told_data", "told_customers", "done_by", "done_on", "records_until", "reason"):
        answer = owner.post(f"/projects/{project}/retire", {k: v for k, v in RECORD.items() if k != gap})
        assert answer.status_code == 422, gap
        assert "学習データを消去した" in answer.text or gap == "told_data", "what was written is kept"
    for wrong in ({"done_on": "2036-01-01"}, {"records_until": "2020-01-01"}, {"done_on": "2026-02-30"}):
        assert owner.post(f"/projects/{project}/retire", {**RECORD, **wrong}).status_code == 422
    assert owner.post(f"/projects/{project}/retire", RECORD).status_code == 303
    page = owner.get(f"/projects/{project}").text
    for words in (
        "廃止の記録",
        "該当なし",
        "利用者はいない",
        "2036-03-31まで保存",
        "試験部 見本 太郎",
        "案件は廃止されました",
    ):
        assert words in page
    assert "案件の廃止" in owner.get("/projects?state=project.retired").text
    assert "架空の需要予測AI" not in owner.get("/projects?state=project.suspended").text
    for path in ("suspend", "reopen", "retire"):
        sent = {**RECORD} if path == "retire" else {"reason": "x"}
        assert owner.post(f"/projects/{project}/{path}", sent).status_code in (400, 422), path
    assert "Disposal record" in owner.get(f"/projects/{project}?lang=en").text


def test_the_acts_are_for_those_who_may(made, project, enter):
    stranger, member, auditor = enter("stranger"), enter("member"), enter("auditor")
    for path in ("suspend", "withdraw", "retire", "resume", "reopen"):
        assert stranger.get(f"/projects/{project}/{path}").status_code == 404
        assert auditor.get(f"/projects/{project}/{path}").status_code == 403
    assert member.get(f"/projects/{project}/suspend").status_code == 403
    assert "案件の状態を変える" not in member.get(f"/projects/{project}").text


def test_a_screening_is_withdrawn_with_a_reason_only(made, project, enter):
    first = opened(made, project)
    owner = enter("owner")
    with made.acting("auditor", read_only=True) as work:
        rev = str(work.session.get(Screening, first).rev)
    assert owner.post(f"/screenings/{first}/withdraw", {"rev": rev, "reason": " "}).status_code == 422
    assert owner.post(f"/screenings/{first}/withdraw", {"rev": rev, "reason": "中止"}).status_code == 303
    page = owner.get(f"/projects/{project}").text
    assert "必要になったら、改めて始められます。" in page
    assert owner.post(f"/projects/{project}/screenings", {"phase": "P"}).status_code == 303


def test_all_that_waits_is_confirmed_page_by_page(made, project, screening, enter):
    again = reopened(made, project, reasons=["incident"])
    member = enter("member")
    page = member.get(f"/screenings/{again}/confirm").text
    assert "判定シート" in page
    assert "再スクリーニングの理由が影響や起こりやすさに関わります" in page
    rating = page.split('name="rating-safety-rev" value="')[1].split('"')[0]
    sent = {"rating-safety-rev": rating, "key": ["rating-safety"]}
    assert member.post(f"/screenings/{again}/confirm", sent).status_code == 303
    page = member.get(f"/screenings/{again}/confirm").text
    assert "rating-safety-rev" not in page
    stale = member.post(f"/screenings/{again}/confirm", {"rating-privacy-rev": "99", "all": "1"})
    assert stale.status_code == 409
