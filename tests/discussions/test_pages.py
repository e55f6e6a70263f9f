"""The pages of threads, delegations and changes as people use them; nothing typed is lost, nothing hidden is told."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from governance.discussions import delegating, services
from governance.discussions.models import Comment, Delegation, Thread
from governance.reviews import services as reviews
from governance.screenings import filling
from governance.screenings import services as screenings
from governance.screenings.loading import load
from governance.screenings.rules import Entry
from tests.builders import answered, opened, registered
from tests.reviews.scenes import MEDIUM, case, row, taken
from tests.visitor import Visitor, service

KEY = "P1a"
CANARY = "秘密の文章カナリア"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def app(made, tmp_path):
    return service(made.database, tmp_path)


@pytest.fixture
def drafted(made):
    screening_id = opened(made, registered(made))
    answered(made, screening_id)
    return screening_id


@pytest.fixture
def reviewed(made):
    screening_id = case(made, ratings=MEDIUM)
    taken(made, screening_id)
    return screening_id


def visitor(app, name: str) -> Visitor:
    one = Visitor(app)
    one.sign_in(f"{name}@test.example")
    return one


def begun(made, screening_id, by="member", text=CANARY, **given):
    with made.acting(by) as work:
        place = given.pop("place", KEY)
        return services.open_thread(work, row(work, screening_id), place, text=text, **given).id


def given_back(made, screening_id):
    with made.acting("expert") as work:
        found = row(work, screening_id)
        reviews.return_to_team(work, found, rev=found.rev, reason="証跡が足りません。")


def texts(made) -> list[str]:
    with made.acting("auditor", read_only=True) as work:
        return list(work.session.scalars(select(Comment.text).order_by(Comment.written_at)))


def only(made, model) -> tuple[str, int]:
    """Return identifier and revision of the one row there is."""
    with made.acting("auditor", read_only=True) as work:
        one = work.session.scalars(select(model)).one()
        return one.id, one.rev


# ---------------------------------------------------------------- writing


def test_a_comment_is_written_and_read_at_its_question(made, app, drafted):
    member, where = visitor(app, "member"), f"/screenings/{drafted}/questions/{KEY}/discussion"
    assert "まだ何も書かれていません" in member.get(where).text
    answer = member.post(where, {"text": f"{CANARY}\n二行目 https://wiki.example/a", "to": [made.people["expert"].id]})
    assert (answer.status_code, answer.location) == (303, where)
    page = member.get(where).text
    assert CANARY in page
    assert 'href="https://wiki.example/a" rel="noreferrer noopener nofollow ugc"' in page
    assert "宛先：見本 expert" in page
    shown = member.get(f"/screenings/{drafted}/questions/{KEY}")
    item = member.get(shown.location.partition("#")[0]).text
    assert re.search(r'data-talk-line="P1a".*?コメント1件', item, re.S)


@pytest.mark.parametrize(
    "payload",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7*7 }}",
        "javascript:alert(1)",
        "</textarea><script>",
    ],
)
def test_markup_in_a_comment_is_text(made, app, drafted, payload):
    member, where = visitor(app, "member"), f"/screenings/{drafted}/questions/{KEY}/discussion"
    member.post(where, {"text": payload})
    for page in (member.get(where), member.get(where, **HTMX), visitor(app, "expert").get(where)):
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert 'href="javascript' not in page.text
    assert texts(made) == [payload]


def test_what_is_too_long_comes_back_whole(made, app, drafted):
    member, where = visitor(app, "member"), f"/screenings/{drafted}/questions/{KEY}/discussion"
    words = "長い文章𠮷" * 20_000
    for headers in ({}, HTMX):
        page = member.post(where, {"text": words, "to": [made.people["expert"].id]}, **headers)
        assert page.status_code == 422
        assert words in page.text
        assert "5,000文字以内" in page.text
        assert re.search(rf'value="{made.people["expert"].id}"[^>]* checked', page.text)
    assert texts(made) == []


@pytest.mark.parametrize("words", ["שלום \u202eעולם", "😀👩‍👩‍👧‍👦", "𠮷田と髙橋", "مرحبا"])
def test_every_script_is_shown_as_it_was_written(made, app, drafted, words):
    member, where = visitor(app, "member"), f"/screenings/{drafted}/questions/{KEY}/discussion"
    member.post(where, {"text": words})
    assert re.search(rf'dir="auto">{re.escape(words)}<', member.get(where).text)


def test_a_mention_of_somebody_outside_is_refused_and_the_words_kept(made, app, drafted):
    member, where = visitor(app, "member"), f"/screenings/{drafted}/questions/{KEY}/discussion"
    page = member.post(where, {"text": CANARY, "to": [made.people["stranger"].id]})
    assert page.status_code == 422
    assert "見本 strangerさんはこの案件を閲覧できない" in page.text
    assert CANARY in page.text


def test_a_question_that_is_gone_takes_no_comment_but_loses_none(made, app, drafted):
    member = visitor(app, "member")
    page = member.post(f"/screenings/{drafted}/questions/X99/discussion", {"text": CANARY})
    assert page.status_code == 422
    assert CANARY in page.text
    assert "案件全体へのコメントとして送れます" in page.text
    assert f'action="/screenings/{drafted}/discussion"' in page.text
    assert member.get(f"/screenings/{drafted}/questions/X99/discussion").status_code == 404


def test_a_question_that_is_not_asked_now_says_so(made, app, drafted):
    with made.acting("member", read_only=True) as work:
        filled = load(work.session, row(work, drafted))
        keys = [
            q.key
            for each in filled.sheet.questionnaires
            for _, q in each.questions()
            if q.key not in filled.score.asked
        ]
    member, where = visitor(app, "member"), f"/screenings/{drafted}/questions/{keys[0]}/discussion"
    assert member.post(where, {"text": CANARY}).status_code == 303
    page = member.get(where).text
    assert "いまは尋ねていない質問です" in page
    assert CANARY in page


def test_of_two_who_resolve_at_once_the_second_keeps_their_words(made, app, reviewed):
    thread_id = begun(made, reviewed, "expert", kind="remark")
    _, rev = only(made, Thread)
    assert visitor(app, "expert2").post(f"/threads/{thread_id}", {"act": "resolve", "rev": rev}).status_code == 303
    page = visitor(app, "expert").post(f"/threads/{thread_id}", {"act": "resolve", "rev": rev, "text": CANARY})
    assert page.status_code == 409
    assert "ほかの人が先に内容を変更しました" in page.text
    assert f">{CANARY}</textarea>" in page.text


def test_an_own_comment_is_corrected_and_withdrawn_on_the_page(made, app, drafted):
    member, where = visitor(app, "member"), f"/screenings/{drafted}/questions/{KEY}/discussion"
    member.post(where, {"text": "誤字です"})
    said, rev = only(made, Comment)
    assert member.post(f"/comments/{said}", {"act": "correct", "rev": rev, "text": "正しい字です"}).status_code == 303
    page = member.get(where).text
    assert "訂正済み" in page
    assert "誤字です" in page
    assert visitor(app, "owner").post(f"/comments/{said}", {"act": "withdraw", "rev": rev + 1}).status_code == 403
    assert member.post(f"/comments/{said}", {"act": "withdraw", "rev": rev + 1}).status_code == 303
    page = member.get(where).text
    assert "このコメントは取り下げられました" in page
    assert "正しい字です" not in page
    assert "誤字です" not in page


def test_the_part_beside_the_answers_renews_the_line_of_the_question(made, app, drafted):
    member, where = visitor(app, "member"), f"/screenings/{drafted}/questions/{KEY}/discussion"
    page = member.get(where, **HTMX).text
    assert "<html" not in page
    assert f'<template data-talk-now="{KEY}">' in page
    assert "コメントする" in page
    assert member.post(where, {"text": CANARY}, **HTMX).status_code == 303
    assert "コメント1件" in member.get(where, **HTMX).text


def test_the_answers_form_holds_no_other_form(made, app, drafted):
    begun(made, drafted)
    member = visitor(app, "member")
    shown = member.get(f"/screenings/{drafted}/questions/{KEY}").location.partition("#")[0]
    inside = member.get(shown).text.partition('id="answers"')[2].partition("</form>")[0]
    assert "data-talk-line" in inside
    assert "<form" not in inside


# ---------------------------------------------------------------- who sees what


@pytest.mark.parametrize("who", ["stranger", "int1", "administrator"])
def test_nothing_of_a_hidden_projects_threads_is_told(made, app, drafted, who):
    thread_id = begun(made, drafted, to=[made.people["expert"].id])
    with made.acting("owner") as work:
        found = row(work, drafted)
        asked = delegating.Request(made.people["member"].id, None, CANARY)
        delegation = delegating.delegate(work, found, [KEY], asked, made.now.date())[0].id
        project_id, said = found.project_id, work.session.scalars(select(Comment.id)).one()
    one = visitor(app, who)
    paths = (
        f"/screenings/{drafted}/discussion",
        f"/screenings/{drafted}/questions/{KEY}/discussion",
        f"/screenings/{drafted}/questions/{KEY}",
        f"/screenings/{drafted}/delegations",
        f"/screenings/{drafted}/changes",
        f"/projects/{project_id}/discussion",
        f"/delegations/{delegation}/go",
    )
    for path in paths:
        page = one.get(path)
        assert page.status_code in (403, 404), path
        assert CANARY not in page.text
    for path in (f"/threads/{thread_id}", f"/comments/{said}", f"/delegations/{delegation}"):
        page = one.post(path, {"act": "resolve", "rev": 1, "text": "x"})
        assert page.status_code in (403, 404), path
        assert CANARY not in page.text
    assert CANARY not in one.get("/").text
    assert texts(made) == [CANARY]


def test_an_auditor_reads_and_changes_nothing(made, app, drafted):
    thread_id = begun(made, drafted)
    auditor, where = visitor(app, "auditor"), f"/screenings/{drafted}/questions/{KEY}/discussion"
    page = auditor.get(where).text
    assert CANARY in page
    assert "<textarea" not in page
    assert auditor.post(where, {"text": "x"}).status_code == 403
    assert auditor.post(f"/threads/{thread_id}", {"act": "reply", "text": "x"}).status_code == 403


# ---------------------------------------------------------------- remarks, returned work, changes


def changed(made, screening_id, key=KEY, value="done", remark="記録を加えた。"):
    with made.acting("member") as work:
        found = row(work, screening_id)
        answer = load(work.session, found).answers[key]
        filling.save_answers(work, found, [Entry(key, value, remark, None, answer.rev)])


def test_remarks_are_the_list_of_work_of_a_returned_screening(made, app, reviewed):
    begun(made, reviewed, "expert", text="試験の記録が足りません。", kind="remark")
    owner = visitor(app, "owner")
    assert "試験の記録が足りません" in owner.get(f"/screenings/{reviewed}").text, "at once, not only when returned"
    given_back(made, reviewed)
    page = owner.get(f"/screenings/{reviewed}").text
    assert "未回答の指摘1件" in page
    assert f"/screenings/{reviewed}/questions/{KEY}/discussion#t-" in page
    check = owner.get(f"/screenings/{reviewed}/submit").text
    assert "回答していない指摘が1件あります" in check
    assert 'name="explanation"' in check


def test_resubmitting_asks_for_a_word_and_keeps_it(made, app, reviewed):
    begun(made, reviewed, "expert", text="試験の記録が足りません。", kind="remark")
    given_back(made, reviewed)
    owner = visitor(app, "owner")
    with made.acting("auditor", read_only=True) as work:
        rev = row(work, reviewed).rev
    page = owner.post(f"/screenings/{reviewed}/submit", {"rev": rev, "explanation": " "})
    assert page.status_code == 422
    assert "まとめて説明を書いてください" in page.text
    page = owner.post(f"/screenings/{reviewed}/submit", {"rev": rev, "explanation": "説明" * 4000})
    assert page.status_code == 422
    assert "説明" * 4000 in page.text
    assert owner.post(f"/screenings/{reviewed}/submit", {"rev": rev, "explanation": CANARY}).status_code == 303
    assert texts(made)[-1] == CANARY


def test_what_changed_since_the_return_is_shown_to_both_sides(made, app, reviewed):
    begun(made, reviewed, "expert", text="試験の記録が足りません。", kind="remark")
    where = f"/screenings/{reviewed}/changes"
    assert "比べる版がまだありません" in visitor(app, "owner").get(where).text
    given_back(made, reviewed)
    assert "回答は変わっていません" in visitor(app, "owner").get(where).text
    changed(made, reviewed, value="not_done", remark="試験は12月に行う。")
    page = visitor(app, "owner").get(where).text
    assert "第1版の提出内容と、いまの内容" in page
    assert re.search(r"<del>.*?実施済.*?</del>.*?<ins>.*?未実施.*?</ins>", page, re.S)
    assert "<ins>試験は12月に行う。</ins>" in page
    assert "試験の記録が足りません" in page
    with made.acting("owner") as work:
        found = row(work, reviewed)
        screenings.submit(work, found, rev=found.rev, explanation="そのとおりです。")
    expert = visitor(app, "expert")
    page = expert.get(where).text
    assert "第1版の提出内容と、第2版の提出内容" in page
    assert "試験は12月に行う。" in page
    assert "差戻し後に変わったこと" in expert.get(f"/reviews/{reviewed}").text
    assert expert.get(f"{where}?from=7").status_code == 404
    assert expert.get(f"{where}?from=x").status_code == 404


# ---------------------------------------------------------------- delegations


def test_questions_are_handed_on_answered_and_done(made, app, drafted):
    owner, member = visitor(app, "owner"), visitor(app, "member")
    where = f"/screenings/{drafted}/delegations"
    assert f'value="{KEY}" checked' in owner.get(f"{where}?place={KEY}").text
    given = {"place": [KEY], "person": made.people["member"].id, "due_on": "2099-12-01", "note": "試験部で確かめて"}
    assert owner.post(where, given).status_code == 303
    home = member.get("/").text
    assert "依頼された質問に答える" in home
    shown = member.get(f"/screenings/{drafted}/questions/{KEY}").location
    assert "あなたに依頼されています" in member.get(shown.partition("#")[0]).text
    one, rev = only(made, Delegation)
    assert member.get(f"/delegations/{one}/go").location.endswith(f"#{KEY}")
    assert "すべて回答済み" in owner.get(where).text, "said as a suggestion; the person says that it is done"
    assert member.post(f"/delegations/{one}", {"act": "done", "rev": rev}).status_code == 303
    page = owner.get(where).text
    assert "依頼中のものはありません" in page
    assert "完了" in page
    assert owner.post(f"/delegations/{one}", {"act": "withdraw", "rev": rev}).status_code == 409


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"person": ""}, "依頼する人を選んでください"),
        ({"due_on": "2026-02-30"}, "2026-02-30」という日付はありません"),
        ({"due_on": "2001-01-01"}, "期限は今日より後の日"),
        ({"note": "長" * 2000}, "1,000文字以内"),
        ({"place": []}, "依頼する質問を選んでください"),
        ({"place": ["X99"]}, "依頼する質問を選んでください"),
    ],
)
def test_a_refused_delegation_comes_back_as_it_was_entered(made, app, drafted, sent, said):
    owner, where = visitor(app, "owner"), f"/screenings/{drafted}/delegations"
    given = {"place": [KEY], "person": made.people["member"].id, "due_on": "", "note": CANARY, **sent}
    page = owner.post(where, given)
    assert page.status_code == 422
    assert said in page.text
    assert given["note"] in page.text
    assert given["due_on"] in page.text


def test_a_colleague_joins_in_the_same_step_only_when_it_is_said(made, app, drafted):
    owner, where = visitor(app, "owner"), f"/screenings/{drafted}/delegations"
    given = {"place": [KEY], "person": made.people["stranger"].id}
    assert "担当者に加えてから依頼" in owner.post(where, given).text
    assert owner.post(where, {**given, "join": "1"}).status_code == 303
    assert visitor(app, "stranger").get(f"/screenings/{drafted}").status_code == 200


def test_a_delegation_goes_to_another_person(made, app, drafted):
    owner, where = visitor(app, "owner"), f"/screenings/{drafted}/delegations"
    owner.post(where, {"place": ["item-safety"], "person": made.people["member"].id})
    one, rev = only(made, Delegation)
    answer = owner.post(
        f"/delegations/{one}",
        {"act": "change", "rev": rev, "person": made.people["owner"].id, "note": "代わりに"},
    )
    assert answer.status_code == 303
    assert "あなたに依頼されています" in owner.get(where).text
    assert "このページの質問は、あなたに依頼されています" in owner.get(f"/screenings/{drafted}/items/safety").text
    assert visitor(app, "expert").post(f"/delegations/{one}", {"act": "withdraw", "rev": 2}).status_code == 403


# ---------------------------------------------------------------- the page of a project


def test_the_discussion_of_a_project_gathers_everything(made, app, reviewed):
    begun(made, reviewed, "expert", text="指摘の文", kind="remark")
    begun(made, reviewed, "member", text="全体の話", place="")
    with made.acting("auditor", read_only=True) as work:
        project_id = row(work, reviewed).project_id
    member = visitor(app, "member")
    page = member.get(f"/projects/{project_id}/discussion").text
    assert "指摘の文" in page
    assert "全体の話" in page
    mine = member.get(f"/projects/{project_id}/discussion?show=mine").text
    assert "指摘の文" not in mine
    assert "全体の話" in mine
    assert "全体の話" not in member.get(f"/projects/{project_id}/discussion?show=remarks").text
    for odd in ("?show=none&page=-3", "?page=99999", "?page=x", "?show=asked"):
        assert member.get(f"/projects/{project_id}/discussion{odd}").status_code == 200
