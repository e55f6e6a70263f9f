"""The pages of a screening as a person uses them: fill, save, be refused without losing anything, submit; on both databases."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from sqlalchemy import select

from governance.projects.models import Evidence, Project
from governance.screenings import filling
from governance.screenings.loading import load
from governance.screenings.models import Answer, Screening
from governance.screenings.rules import Entry
from tests.builders import answered, opened, registered, submitted
from tests.visitor import Visitor, service


@pytest.fixture
def app(made, tmp_path):
    return service(made.database, tmp_path)


@pytest.fixture
def screening(made):
    return opened(made, registered(made))


def visitor(app, name: str) -> Visitor:
    one = Visitor(app)
    one.sign_in(f"{name}@test.example")
    return one


def stored(made, screening, key):
    with made.acting("auditor", read_only=True) as work:
        return work.session.execute(
            select(Answer.value, Answer.remark).where(Answer.screening_id == screening, Answer.question_key == key)
        ).one()


def fields(page) -> dict[str, str]:
    """What a browser would send back: every hidden rev of the page."""
    return dict(re.findall(r'name="([A-Za-z0-9-]+-rev)" value="(\d+)"', page.text))


def test_registering_a_project_and_opening_its_first_screening_needs_nothing_but_the_pages(made, app):
    owner = visitor(app, "owner")
    answer = owner.post(
        "/projects/new",
        {
            "name": "駅の混雑予測",
            "sector": "mobility",
            "regions": ["japan"],
            "own_roles": ["provider"],
            "techniques": ["forecasting"],
        },
    )
    assert answer.status_code == 303
    with made.acting("auditor", read_only=True) as work:
        project = work.session.scalars(select(Project)).one()
        assert re.fullmatch(r"AIG-20\d\d-001", project.number)
        assert project.owner.email == "owner@test.example"
        project_id = project.id
    answer = owner.post(f"/projects/{project_id}/screenings", {"phase": "P"})
    assert answer.status_code == 303
    assert answer.location.endswith("/triggers")
    page = owner.get(answer.location)
    assert page.text.count('type="radio"') == 26 * 3


def test_a_project_without_what_is_needed_comes_back_with_what_was_entered(app):
    owner = visitor(app, "owner")
    page = owner.post("/projects/new", {"name": "", "summary": "夜間の点検に使う𠮷田式", "sector": "mobility"})
    assert page.status_code == 422
    assert "案件の名称を入力してください" in page.text
    assert "夜間の点検に使う𠮷田式" in page.text
    assert "1つ以上選んでください" in page.text


def test_a_trigger_sheet_with_gaps_names_them_and_keeps_the_answers(made, app, screening):
    member = visitor(app, "member")
    page = member.get(f"/screenings/{screening}/triggers")
    sent = {**fields(page), **{f"T{n:02}": "no" for n in range(1, 20)}}
    page = member.post(f"/screenings/{screening}/triggers", sent)
    assert page.status_code == 422
    assert "T20" in page.text
    assert "回答を選んでください" in page.text
    assert stored(made, screening, "T01").value == "no"
    page = member.post(f"/screenings/{screening}/triggers", {**fields(page), **sent, **fields(page), "T20": "unknown"})
    assert page.status_code == 303
    with made.acting("auditor", read_only=True) as work:
        assert load(work.session, work.session.get(Screening, screening)).score.flags == ("discussion",)


def save_a_page_with_a_file(made, app, screening) -> str:
    """Save a page with a rating, two answers, a remark and a file, and return the identifier of the stored piece."""
    answered(made, screening)
    member = visitor(app, "member")
    path = f"/screenings/{screening}/items/safety"
    page = member.get(path)
    sent = {
        **fields(page),
        "rating-safety-severity": "2",
        "rating-safety-likelihood": "2",
        "rating-safety-severity_reason": "指をはさむ",
        "rating-safety-likelihood_reason": "月に1回の接触",
        "P1a": "done_evidenced",
        "P1a-remark": "試験報告書\r\n第2版",
        "P1c": "done",
        "P1a-file": (BytesIO(b"%PDF-1.7 sample"), "試験報告書.pdf"),
        "P1a-title": "安全試験の報告書",
    }
    assert member.post(path, sent).status_code == 303
    with made.acting("auditor", read_only=True) as work:
        return work.session.scalars(select(Evidence)).one().id


def test_saving_one_page_keeps_rating_answer_remark_and_file_together(made, app, screening):
    piece_id = save_a_page_with_a_file(made, app, screening)
    assert (stored(made, screening, "P1a").value, stored(made, screening, "P1a").remark) == (
        "done_evidenced",
        "試験報告書\n第2版",
    )
    with made.acting("auditor", read_only=True) as work:
        piece = work.session.get(Evidence, piece_id)
        assert (piece.title, piece.filename, piece.media_type, piece.size) == (
            "安全試験の報告書",
            "試験報告書.pdf",
            "application/pdf",
            15,
        )


def test_a_stored_file_is_sent_as_an_attachment_and_only_to_who_may_see_the_project(made, app, screening):
    piece_id = save_a_page_with_a_file(made, app, screening)
    file = visitor(app, "auditor").get(f"/evidence/{piece_id}")
    assert file.data == b"%PDF-1.7 sample"
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.mimetype == "application/octet-stream"
    assert visitor(app, "stranger").get(f"/evidence/{piece_id}").status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("写真.svg", b"<svg/>", "受け付けられない種類"),
        ("報告.pdf", b"<html>no pdf", "拡張子と合いません"),
        ("空.txt", b"", "空のファイル"),
        ("page.html", b"<script>alert(1)</script>", "受け付けられない種類"),
        ("表.xlsx", b"\x00\x01", "拡張子と合いません"),
    ],
)
def test_a_refused_file_says_why_and_the_answers_of_the_page_are_still_there(made, app, screening, name, content, said):
    answered(made, screening)
    member = visitor(app, "member")
    path = f"/screenings/{screening}/items/safety"
    sent = {
        **fields(member.get(path)),
        "P1a": "done",
        "P1a-remark": "消えてはいけない補足",
        "P1c": "done",
        "P1a-file": (BytesIO(content), name),
    }
    page = member.post(path, sent)
    assert page.status_code == 422
    assert said in page.text
    assert "消えてはいけない補足" in page.text
    assert stored(made, screening, "P1a").remark == ""


def test_a_file_that_is_too_large_is_refused_with_the_limit(made, screening, tmp_path):
    answered(made, screening)
    member = visitor(service(made.database, tmp_path, max_upload_bytes=1024), "member")
    path = f"/screenings/{screening}/items/safety"
    sent = {
        **fields(member.get(path)),
        "P1a": "done",
        "P1a-remark": "残る",
        "P1c": "done",
        "P1a-file": (BytesIO(b"x" * 2000), "a.txt"),
    }
    page = member.post(path, sent)
    assert page.status_code in (413, 422)
    assert "残る" in page.text


def test_two_people_on_one_page_see_both_versions_and_nothing_is_overwritten(made, app, screening):
    answered(made, screening)
    first, second = visitor(app, "member"), visitor(app, "owner")
    path = f"/screenings/{screening}/items/privacy"
    mine, theirs = fields(first.get(path)), fields(second.get(path))
    assert (
        second.post(path, {**theirs, "P2a": "partial", "P2a-remark": "相手の補足", "P2a-due": "2027-01-29"}).status_code
        == 303
    )
    page = first.post(path, {**mine, "P2a": "done", "P2a-remark": "自分の補足"})
    assert page.status_code == 409
    assert "自分の補足" in page.text
    assert "相手の補足" in page.text
    assert "どちらの内容も失われていません" in page.text
    assert stored(made, screening, "P2a").remark == "相手の補足"
    assert first.post(path, {**fields(page), "P2a": "done", "P2a-remark": "相談して決めた補足"}).status_code == 303
    assert stored(made, screening, "P2a").remark == "相談して決めた補足"


def test_a_date_that_does_not_exist_is_said_beside_its_question(made, app, screening):
    answered(made, screening)
    member = visitor(app, "member")
    path = f"/screenings/{screening}/items/privacy"
    page = member.post(
        path, {**fields(member.get(path)), "P2a": "partial", "P2a-remark": "残り", "P2a-due": "2027-02-30"}
    )
    assert page.status_code == 422
    assert "2027-02-30" in page.text
    assert "という日付はありません" in page.text


def test_hostile_text_is_shown_as_text(made, app, screening):
    answered(made, screening)
    member = visitor(app, "member")
    path = f"/screenings/{screening}/items/privacy"
    hostile = '"><script>alert(1)</script>{{7*7}}<img src=x onerror=alert(1)>\u202e'
    assert member.post(path, {**fields(member.get(path)), "P2a": "done", "P2a-remark": hostile}).status_code == 303
    page = member.get(path)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "{{7*7}}" in page.text


def test_a_hundred_thousand_characters_are_refused_with_the_limit_and_kept_on_the_page(made, app, screening):
    answered(made, screening)
    member = visitor(app, "member")
    path = f"/screenings/{screening}/items/privacy"
    page = member.post(path, {**fields(member.get(path)), "P2a": "done", "P2a-remark": "あ" * 100_000})
    assert page.status_code == 422
    assert "4000文字以内" in page.text
    assert "あ" * 100_000 in page.text


def test_submitting_with_gaps_lists_them_with_links_to_their_questions(made, app, screening):
    answered(made, screening, triggers={"T10": "yes"}, answers={"P1b": "done_evidenced"})
    with made.acting("member") as work:
        filling.save_answers(work, work.session.get(Screening, screening), [Entry("P3d", "", rev=1)])
    owner = visitor(app, "owner")
    page = owner.get(f"/screenings/{screening}/submit")
    rev = re.search(r'name="rev" value="(\d+)"', page.text)
    assert rev is None
    assert "P3d" in page.text
    assert f"/screenings/{screening}/items/fairness#P3d" in page.text


def test_submitting_twice_does_it_once(made, app, screening):
    answered(made, screening)
    owner = visitor(app, "owner")
    page = owner.get(f"/screenings/{screening}/submit")
    sent = {
        "rev": re.search(r'name="rev" value="(\d+)"', page.text)[1],
        "once": re.search(r'name="once" value="([^"]+)"', page.text)[1],
    }
    assert owner.post(f"/screenings/{screening}/submit", sent).status_code == 303
    again = owner.post(f"/screenings/{screening}/submit", sent)
    assert again.status_code < 500
    with made.acting("auditor", read_only=True) as work:
        assert len(work.session.get(Screening, screening).snapshots) == 1


def test_others_read_the_same_pages_without_controls(made, app, screening):
    answered(made, screening)
    submitted(made, screening)
    for name in ("auditor", "expert", "owner"):
        page = visitor(app, name).get(f"/screenings/{screening}/items/safety")
        assert page.status_code == 200
        assert "<textarea" not in page.text
        assert 'type="file"' not in page.text


def test_another_projects_screening_is_not_found_for_a_stranger(app, screening):
    stranger = visitor(app, "stranger")
    for path in ("", "/triggers", "/items/safety", "/submit", "/history/P1a"):
        assert stranger.get(f"/screenings/{screening}{path}").status_code == 404
    assert stranger.post(f"/screenings/{screening}/items/safety", {"P1a-rev": "0", "P1a": "done"}).status_code == 404


def test_the_pages_are_complete_in_english(made, app, screening):
    answered(made, screening, triggers={"T02": "yes", "T10": "unknown"}, answers={"P3b": "partial"}, rate=(3, 3))
    owner = visitor(app, "owner")
    for path in ("", "/triggers", "/items/fairness", "/submit", "/history/P3b"):
        page = owner.get(f"/screenings/{screening}{path}?lang=en")
        assert page.status_code == 200
        assert 'lang="en"' in page.text
        shown = re.sub(r"<textarea.*?</textarea>|<script.*?</script>|<[^>]+>", " ", page.text, flags=re.S)
        japanese = set(re.findall(r"[ぁ-んァ-ヶ一-龠]+", shown)) - {
            "日本語",
            "影響",
            "理由",
            "起",
            "こりやすさの",
            "見本",
            "補足",
            "見本商事",
            "試験部",
        }
        assert not {
            word
            for word in japanese
            if word not in "影響の理由 起こりやすさの理由 見本の補足 日本語 の記録 個人情報保護法"
        }, (path, japanese)
