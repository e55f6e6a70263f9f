"""Asking, approving and looking back in the browser: what is shown before, who may do what, and what stands where something went."""

from __future__ import annotations

from pathlib import Path

import pytest

from governance.erasure import holding
from governance.pages import limiter
from governance.projects.models import Project
from governance.reports.models import Report
from governance.storage.objects import open_store
from governance.web import Service
from tests.erasure.conftest import SECRET, Case
from tests.visitor import PASSWORD, Visitor, account, service


@pytest.fixture(scope="module")
def app(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Service:
    account(case.made.database, "second@test.example", "privacy")
    account(case.made.database, "third@test.example", "secretariat")
    made = service(case.made.database, Path(tmp_path_factory.mktemp("data")))
    store = open_store(made.config["SETTINGS"])
    for digest in case.store.digests():
        with case.store.open(digest) as file:
            store.put(file, 10_000_000)
    return made


def visitor(app: Service, name: str, lang: str = "ja") -> Visitor:
    limiter.reset()
    found = Visitor(app)
    assert found.sign_in(f"{name}@test.example", PASSWORD).status_code == 303
    found.get(f"/?lang={lang}")
    return found


def number(case: Case) -> str:
    with case.made.acting(read_only=True) as work:
        return work.session.get_one(Project, case.project).number


def test_from_the_request_to_what_is_left(case: Case, app: Service) -> None:
    legal, wanted = visitor(app, "legal"), number(case)
    assert "見つかりません" in legal.get("/erasures/new?target=AIG-1999-1").text
    page = legal.get(f"/erasures/new?target={wanted}").text
    for words in (
        "残るもの",
        "バックアップ",
        "手元にあるPDF",
        "保存期間の途中です",
        "審査中のスクリーニング",
        "回答の文章（",
    ):
        assert words in page, words
    path = f"/erasures/new?target={wanted}"
    assert legal.post(path, {"basis": "request", "reason": "x"}).status_code == 422
    parts = ["answers", "comments", "evidence", "operation", "exercises", "reasons", "project", "reports"]
    sent = {"parts": parts, "basis": "contract", "reason": "契約第9条", "early": "契約が優先する"}
    answer = legal.post(path, sent)
    assert answer.status_code == 303, answer.text
    shown = answer.headers["Location"]
    page = legal.get(shown).text
    assert "もう一人の承認を待っています" in page
    assert "承認して消去する" not in page
    assert legal.post(f"{shown}/approve", {"rev": 1, "sure": "y"}).status_code == 403

    assert shown not in legal.get("/notices").text
    second = visitor(app, "second", "en")
    notices = second.get("/notices").text
    assert "The request for erasure no. 1 waits for the consent of a second person." in notices
    assert "契約第9条" not in notices
    page = second.get(shown).text
    assert "Approve and erase" in page
    assert second.post(f"{shown}/approve", {"rev": 1}).status_code == 422
    assert second.post(f"{shown}/approve", {"rev": 1, "sure": "y"}).status_code == 303
    page = second.get(shown).text
    assert "Erasure no. 1" in page
    assert SECRET not in page
    assert second.post(f"{shown}/approve", {"rev": 2, "sure": "y"}).status_code in (409, 422)
    assert second.get("/erasures?lang=ja").text.count("消去済み") == 1
    assert "消去第1号が実行されました。" in legal.get("/notices?lang=ja").text


def test_every_page_says_what_is_gone_and_the_old_report_still_verifies(case: Case, app: Service) -> None:
    expert, anybody = visitor(app, "expert"), Visitor(app)
    with case.made.acting(read_only=True) as work:
        report = work.session.get_one(Report, case.report)
        issued, digest = report.number, report.file_digest
    page = anybody.get(f"/verify?d={digest}").text
    assert issued in page
    assert "消去第1号" in page
    assert "お手元のファイルが発行時のままであることは" in page
    page = expert.get(f"/reports/{case.report}").text
    assert "保存していた内容は消去されました" in page
    assert expert.get(f"/reports/{case.report}/file").status_code == 422
    assert "控えは消去済み" in expert.get("/reports").text
    assert expert.get(f"/evidence/{case.file}").status_code == 422
    piece = expert.get(f"/projects/{case.project}/evidence/{case.file}").text
    assert "内容は消去されています" in piece
    paths = [
        f"/projects/{case.project}", f"/projects/{case.project}/evidence", f"/screenings/{case.screening}", "/reports", "/projects",
        f"/screenings/{case.screening}/items/P1", f"/screenings/{case.screening}/items/P1/questions/P1a/history",
        f"/projects?q={SECRET[:2]}", "/ledger", "/insight",
    ]  # fmt: skip
    for path in paths:
        answer = expert.get(path)
        assert answer.status_code < 500, path
        assert SECRET not in answer.text.replace(f'value="{SECRET[:2]}"', ""), path
    for path in (
        f"/projects/{case.project}",
        f"/projects/{case.project}/incidents/{case.incident}",
        f"/projects/{case.project}/monitoring",
        f"/learning/kyt/{case.kyt}",
    ):
        answer = expert.get(path)
        assert (path, answer.status_code, "（消去された文）" in answer.text) == (path, 200, True)
        assert SECRET not in answer.text


def test_holds_are_set_and_lifted_by_legal_counsel(case: Case, app: Service) -> None:
    legal, third = visitor(app, "legal"), visitor(app, "third")
    form = {"target": "leaver@test.example", "reason": "調査中"}
    assert third.post("/legal-holds", form).status_code == 403
    assert legal.post("/legal-holds", {**form, "target": "nobody"}).status_code == 422
    assert legal.post("/legal-holds", form).status_code == 303
    page = third.get("/erasures/new?target=leaver@test.example").text
    assert "保全（第1号）" in page
    assert "申請する" not in page.split("</main>")[0].split("残るもの")[1]
    with case.made.acting("legal", read_only=True) as work:
        hold = holding.holds(work)[0].id
    assert "保全を解除する" not in third.get(f"/legal-holds/{hold}").text
    assert legal.post(f"/legal-holds/{hold}", {"rev": 1, "reason": ""}).status_code == 422
    assert legal.post(f"/legal-holds/{hold}", {"rev": 1, "reason": "終結"}).status_code == 303
    for name in ("owner", "expert", "administrator"):
        assert visitor(app, name).get("/erasures").status_code == 403
