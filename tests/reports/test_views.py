"""The pages of reports, in both languages: ask for one, see it in the register, fetch the file, verify a digest."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

import jsonschema
import pytest
from sqlalchemy import select

from governance.accounts.passwords import hash_password
from governance.pages import limiter
from governance.projects.models import Project
from governance.reports.models import Report
from governance.web import Service
from tests.builders import World
from tests.reviews import scenes
from tests.visitor import PASSWORD, Visitor, service


@pytest.fixture
def app(made: World, tmp_path: Path) -> Service:
    made_app = service(made.database, tmp_path)
    limiter.reset()
    return made_app


def visitor(app: Service, made: World, name: str) -> Visitor:
    """Sign in as somebody of the world."""
    browser = Visitor(app)
    browser.sign_in(f"{name}@test.example")
    return browser


@pytest.fixture(autouse=True)
def _passwords(made: World) -> None:
    """Give everybody the password of the tests."""
    encoded = hash_password(PASSWORD)
    with made.acting() as work:
        for person in made.people.values():
            row = work.session.get_one(type(person), person.id)
            row.password_hash = encoded
        work.session.flush()
        work.record("PasswordChanged", subject=("account", made.people["owner"].id))


class Known(NamedTuple):
    """What a test needs of the one project there is."""

    id: str
    number: str


def project(made: World) -> Known:
    with made.acting("auditor", read_only=True) as work:
        row = work.session.scalars(select(Project)).one()
        return Known(row.id, row.number)


def test_a_report_is_asked_for_listed_fetched_and_verified(app: Service, made: World, printed: list[str]) -> None:
    scenes.decided(made)
    case = project(made)
    expert = visitor(app, made, "expert")
    register = expert.get(f"/reports?project={case.number}")
    assert f"/projects/{case.id}/reports/new" in register.text
    form = expert.get(f"/projects/{case.id}/reports/new")
    screening = re.search(r'<option[^>]*value="([0-9a-f-]{36})"', form.text)
    assert screening
    answer = expert.post(
        f"/projects/{case.id}/reports/new",
        {"screening": screening[1], "profile": "internal", "lang": "both", "purpose": "監査部への提出"},
    )
    assert answer.status_code == 303, answer.text
    shown = expert.get(answer.headers["Location"])
    assert "AIG-R1-" in shown.text
    assert "監査部への提出" in shown.text
    with made.acting("auditor", read_only=True) as work:
        row = work.session.scalars(select(Report)).one()
        number, record, file_digest, report_id = row.number, row.record_digest, row.file_digest, row.id
    fetched = visitor(app, made, "auditor").get(f"/reports/{report_id}/file")
    assert fetched.mimetype == "application/pdf"
    assert fetched.headers["Content-Disposition"] == f"attachment; filename={number}.both.pdf"
    assert hashlib.sha256(fetched.data).hexdigest() == file_digest
    assert number in visitor(app, made, "auditor").get("/reports").text
    copies = {
        form: visitor(app, made, "auditor").get(f"/reports/{report_id}/copy.{form}")
        for form in ("docx", "xlsx", "json")
    }
    assert [each.data[:2] for each in copies.values()] == [b"PK", b"PK", b'{"']
    assert hashlib.sha256(copies["json"].data).hexdigest() == record
    assert copies["docx"].headers["Content-Disposition"] == f"attachment; filename={number}.both.docx"
    assert visitor(app, made, "auditor").get(f"/reports/{report_id}/copy.exe").status_code == 404
    assert visitor(app, made, "stranger").get(f"/reports/{report_id}/copy.json").status_code in (403, 404)
    jsonschema.validate(copies["json"].json, Visitor(app).get("/reports/schema").json)
    anybody = Visitor(app)
    assert number in anybody.get(f"/verify?d={record}").text
    assert "ファイル全体" in anybody.get(f"/verify?d={file_digest.upper()}").text
    assert "一致する発行の記録はありません" in anybody.get(f"/verify?d={'0' * 64}").text
    assert "64桁の16進数" in anybody.get("/verify?d=xyz").text
    assert "見本" not in anybody.get(f"/verify?d={record}").text
    assert "/verify" in printed[0]


def test_what_is_missing_is_said_beside_the_field(app: Service, made: World, printed: list[str]) -> None:
    screening_id = scenes.case(made)
    case = project(made)
    owner = visitor(app, made, "owner")
    answer = owner.post(f"/projects/{case.id}/reports/new", {"screening": screening_id, "lang": "ja", "purpose": ""})
    assert answer.status_code == 422
    assert "発行の目的を書いてください" in answer.text
    assert printed == []


def test_readers_without_the_right_see_no_button_and_no_form(app: Service, made: World) -> None:
    scenes.case(made)
    case = project(made)
    auditor = visitor(app, made, "auditor")
    assert "reports/new" not in auditor.get(f"/reports?project={case.number}").text
    assert auditor.get(f"/projects/{case.id}/reports/new").status_code == 403
    assert visitor(app, made, "stranger").get(f"/reports?project={case.number}").status_code == 404


def test_the_pages_exist_in_english(app: Service, made: World, printed: list[str]) -> None:
    scenes.case(made)
    case = project(made)
    expert = visitor(app, made, "expert")
    for path in ("/reports?lang=en", f"/projects/{case.id}/reports/new?lang=en", "/verify?lang=en&d=x"):
        page = expert.get(path)
        assert page.status_code == 200
        main = page.text[page.text.index("<main") : page.text.index("</main>")]
        assert not re.search(r"[\u3040-\u30ff]", re.sub(r"<[^>]*>", "", main.replace("架空の需要予測AI", "")))


def test_an_office_asks_for_each_kind_on_its_page_and_finds_it_in_the_register(
    app: Service, made: World, printed: list[str]
) -> None:
    secretariat = visitor(app, made, "secretariat")
    page = secretariat.get("/reports/new").text
    for kind in ("portfolio", "mapping", "form", "ledger"):
        assert f'href="/reports/new/{kind}"' in page
        assert secretariat.get(f"/reports/new/{kind}").status_code == 200
    wrong = {"period": "free", "lang": "ja", "profile": "public", "purpose": "年次報告"}
    assert "最初の日と最後の日" in secretariat.post("/reports/new/portfolio", wrong).text
    assert (
        secretariat.post("/reports/new/ledger", {**wrong, "period": "", "project": "AIG-1999-001"}).status_code == 422
    )
    days = {**wrong, "since": "2026-04-01", "until": "2026-09-30"}
    answer = secretariat.post("/reports/new/portfolio", days)
    shown = secretariat.get(answer.headers["Location"]).text
    for words in ("AIG-R3-", "2026-04-01..2026-09-30", "公開要約"):
        assert words in shown
    assert "ポートフォリオ報告書" in secretariat.get("/reports").text
    assert len(printed) == 1
    assert visitor(app, made, "owner").get("/reports/new/portfolio").status_code == 404
