"""What no page of ours sends: numbers no column holds, letters no text holds, files for others, forms sent twice or changed.

Each is answered by a page that says so, on both databases; nothing is half done and nobody is led to believe it was.
"""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from sqlalchemy import func, select

from governance.accounts.models import User
from governance.ledger.services import events
from governance.projects import services as projects
from governance.projects.models import Evidence, Project
from governance.refusals import Forbidden, Refusal
from governance.reports.models import Report
from governance.reviews.models import Condition, Review
from governance.screenings.models import Ruling
from governance.storage.files import FileStore
from governance.web import FILES_AT_ONCE
from tests.builders import PASSWORD, World, answered, opened, registered
from tests.reviews.scenes import case, row, taken
from tests.visitor import Visitor, service

HUGE = "9" * 30
NO_NUMBERS = ["abc", "²", "1.5", "-1", HUGE, "9" * 5000]


@pytest.fixture
def app(made, tmp_path):
    made_app = service(made.database, tmp_path)
    made_app.config["SHOW_FAULTS"] = True
    return made_app


def visitor(app, name: str) -> Visitor:
    one = Visitor(app)
    one.sign_in(f"{name}@test.example")
    return one


def number_of(made: World, model: type) -> int:
    with made.acting(read_only=True) as work:
        return work.session.scalar(select(func.count()).select_from(model))


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize("rev", NO_NUMBERS)
def test_a_revision_that_is_no_number_is_a_stale_form(made, app, rev):
    screening = opened(made, registered(made))
    owner = visitor(app, "owner")
    assert owner.post(f"/screenings/{screening}/submit", {"rev": rev}).status_code == 409
    assert owner.post(f"/screenings/{screening}/withdraw", {"rev": rev, "reason": "やめる"}).status_code == 409
    assert visitor(app, "expert").post(f"/reviews/{screening}/take", {"rev": rev}).status_code == 409


@pytest.mark.parametrize(
    ("name", "path", "code"),
    [
        ("auditor", f"/projects?level={HUGE}", 200),
        ("auditor", "/projects?level=-1", 200),
        ("auditor", f"/projects?page={HUGE}", 200),
        ("auditor", f"/ledger?before={HUGE}", 200),
        ("auditor", "/ledger?before=-1", 200),
        ("auditor", f"/ledger/{HUGE}", 404),
    ],
)
def test_numbers_beyond_the_database_are_no_fault(app, name, path, code):
    assert visitor(app, name).get(path).status_code == code


def test_a_page_of_questions_that_does_not_exist_is_not_found(made, app):
    screening = opened(made, registered(made))
    member = visitor(app, "member")
    for page in ("items/safety?phase=zzz", "items/zzz"):
        assert member.get(f"/screenings/{screening}/{page}").status_code == 404
        assert member.post(f"/screenings/{screening}/{page}").status_code == 404


# ---------------------------------------------------------------- letters


def test_a_nul_character_is_refused_everywhere_and_nothing_is_stored(made, app):
    project = registered(made)
    owner = visitor(app, "owner")
    sent = {"name": "見\0本", "sector": "mobility", "regions": ["japan"], "own_roles": ["provider"]}
    assert owner.post("/projects/new", {**sent, "techniques": ["forecasting"]}).status_code == 400
    assert owner.get("/projects?q=%00").status_code == 400
    assert owner.get("/projects/%00").status_code == 404
    assert owner.post("/sign-in", {"email": "a\0@b.example", "password": "x"}).status_code == 400
    with made.acting(read_only=True) as work:
        assert [each.id for each in work.session.scalars(select(Project))] == [project]


@pytest.mark.parametrize("kept", ['[["a","\\ud800"]]', "[" * 100_000, '[["a"]]', "null", "1e999"])
def test_a_kept_form_that_cannot_be_shown_is_left_out(app, kept):
    one = Visitor(app)
    one.get("/sign-in")
    answer = one.post(
        "/sign-in", {"email": "owner@test.example", "password": PASSWORD, "next": "/projects", "kept": kept}
    )
    assert (answer.status_code, answer.location) == (303, "/projects")


@pytest.mark.parametrize(
    "url", ["http://[::1", "https://x.example/\r\nSet-Cookie: a=b", "javascript:alert(1)", "https://x.example/a b\0"]
)
def test_an_address_that_is_none_comes_back_beside_its_question(made, app, url):
    screening = opened(made, registered(made))
    member = visitor(app, "member")
    answer = member.post(f"/screenings/{screening}/items/safety", {"P1a-rev": "0", "P1a-url": url, "P1a-title": "記録"})
    assert answer.status_code == (400 if "\0" in url else 422)
    assert number_of(made, Evidence) == 0


# ---------------------------------------------------------------- files


def test_a_file_of_somebody_who_may_not_fill_is_not_even_stored(made, app, tmp_path):
    screening = opened(made, registered(made))
    store = FileStore(app.config["SETTINGS"].files_dir)
    for name, code in (("stranger", 404), ("expert", 403), ("auditor", 403)):
        sent = {"P1a-rev": "0", "P1a-file": (BytesIO(name.encode()), "note.txt")}
        assert visitor(app, name).post(f"/screenings/{screening}/items/safety", sent).status_code == code
    assert list(store.digests()) == []


def test_a_page_may_bring_a_file_for_each_of_its_questions(app):
    assert app.config["MAX_CONTENT_LENGTH"] > FILES_AT_ONCE * app.config["SETTINGS"].max_upload_bytes


def test_several_files_in_one_press_each_within_the_limit_get_through_and_a_larger_one_keeps_the_page(made, tmp_path):
    app = service(made.database, tmp_path, max_upload_bytes=100_000)
    screening = opened(made, registered(made))
    member, path = visitor(app, "member"), f"/screenings/{screening}/items/safety"
    both = {f"{key}-file": (BytesIO(b"x" * 90_000), f"{key}.txt") for key in ("P1a", "P1b")}
    answered(made, screening)
    page = member.get(path)
    revs = dict(re.findall(r'name="(P1[abc]-rev)" value="([^"]+)"', page.text))
    assert member.post(path, {**revs, "P1a": "done", "P1b": "done", "P1c": "done", **both}).status_code == 303
    large = {"P1c-remark": "書きかけの補足", "P1c-file": (BytesIO(b"x" * 150_000), "large.txt")}
    answer = member.post(path, {**revs, **large})
    assert answer.status_code == 422
    assert "書きかけの補足" in answer.text


# ---------------------------------------------------------------- forms sent again


def keys(page) -> dict[str, str]:
    return dict(re.findall(r'name="(once|rev)" value="([^"]+)"', page.text))


def test_a_form_changed_after_going_back_is_not_taken_for_the_one_sent_before(made, app):
    project = registered(made)
    owner = visitor(app, "owner")
    path = f"/projects/{project}/edit"
    told = {"name": "一つめ", "sector": "industry", "regions": ["japan"], "own_roles": ["provider"]}
    sent = {**keys(owner.get(path)), **told, "techniques": ["forecasting"]}
    assert owner.post(path, sent).status_code == 303
    assert owner.post(path, sent).status_code == 303
    answer = owner.post(path, {**sent, "name": "直した名称"})
    assert answer.status_code == 409
    assert "直した名称" in answer.text
    with made.acting(read_only=True) as work:
        assert work.session.get(Project, project).name == "一つめ"


def test_a_report_asked_for_twice_by_one_form_is_made_once(made, app):
    screening = case(made)
    with made.acting(read_only=True) as work:
        project = row(work, screening).project_id
    owner, path = visitor(app, "owner"), f"/projects/{project}/reports/new"
    asked = {"screening": screening, "lang": "ja", "purpose": "確認", "profile": "internal"}
    sent = {"once": keys(owner.get(path))["once"], **asked}
    first, second = (owner.post(path, sent) for _ in range(2))
    assert (first.status_code, second.status_code, first.location) == (303, 303, second.location)
    assert number_of(made, Report) == 1
    with made.acting(read_only=True) as work:
        assert len(events(work.session, type="ReportIssued")) == 1


# ---------------------------------------------------------------- values nobody offered


def test_a_ruling_nobody_offered_is_not_recorded_as_another_one(made, app):
    screening = case(made, {"T01": "no"})
    taken(made, screening)
    expert = visitor(app, "expert")
    with made.acting(read_only=True) as work:
        rev = row(work, screening).rev
    sent = {"rev": str(rev), "key": "P1a", "outcome": "whatever", "reason": "理由"}
    assert expert.post(f"/reviews/{screening}/rule", sent).status_code == 422
    assert number_of(made, Ruling) == 0


def test_a_draft_of_an_opinion_keeps_only_a_recommendation_that_exists(made, app):
    screening = case(made)
    review = taken(made, screening)
    expert = visitor(app, "expert")
    sent = {"rev": "1", "opinion": "書きかけ", "recommendation": "z" * 80, "later": "1"}
    assert expert.post(f"/reviews/{screening}/opinion", sent).status_code == 422
    answer = expert.post(f"/reviews/{screening}/opinion", {**sent, "recommendation": ""})
    assert answer.status_code == 303
    with made.acting(read_only=True) as work:
        assert work.session.get(Review, review).opinion == "書きかけ"


# ---------------------------------------------------------------- who may


def test_an_approver_is_somebody_an_administrator_made_one(made):
    project = registered(made)
    with pytest.raises(Refusal, match="部門責任者"), made.acting("owner") as work:
        projects.add_member(
            work, work.session.get(Project, project), work.session.get(User, made.people["stranger"].id), "approver"
        )


def test_a_report_of_a_condition_by_somebody_else_stores_no_file(made, app, tmp_path):
    assert number_of(made, Condition) == 0
    answer = visitor(app, "owner").post("/conditions/none/report", {"file": (BytesIO(b"x"), "x.txt")})
    assert answer.status_code == 404
    assert list(FileStore(app.config["SETTINGS"].files_dir).digests()) == []


def test_an_auditor_changes_nothing_even_as_the_owner_of_a_project(made):
    project = registered(made)
    with made.acting("owner") as work:
        auditor = work.session.get(User, made.people["auditor"].id)
        projects.add_member(work, work.session.get(Project, project), auditor, "owner")
    with made.acting("auditor") as work:
        held = work.session.get(Project, project)
        with pytest.raises(Forbidden):
            projects.change(work, held, projects.particulars_of(held), rev=held.rev)
