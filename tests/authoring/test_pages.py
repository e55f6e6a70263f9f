"""The author's pages under bad input, by the wrong people, and when two write at once: nothing is lost and nothing slips through."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import select

from governance.pages import limiter
from governance.questionnaires import drafts
from governance.questionnaires.definition import Framework
from governance.questionnaires.models import QuestionnaireDraft, QuestionnaireVersion
from governance.questionnaires.reading import parse
from governance.questionnaires.services import current_framework, parsed_framework
from governance.web import Service
from tests.builders import World
from tests.visitor import Visitor, service

HOSTILE = "</textarea><script>alert(1)</script>\u202e\U0001f600{{7*7}}"


@pytest.fixture
def app(made: World, tmp_path: Path) -> Service:
    made_here = service(made.database, tmp_path)
    limiter.reset()
    return made_here


def browse(app: Service, name: str) -> Visitor:
    visitor = Visitor(app)
    visitor.sign_in(f"{name}@test.example")
    return visitor


@pytest.fixture
def author(app: Service) -> Visitor:
    return browse(app, "expert")


@pytest.fixture
def draft(made: World) -> str:
    with made.acting("expert") as work:
        id = work.session.scalars(select(QuestionnaireVersion.id).where(QuestionnaireVersion.key == "base-plan")).one()
        return f"/questionnaires/drafts/{drafts.start(work, id).id}"


def stored(made: World, draft: str) -> str:
    with made.acting("expert2", read_only=True) as work:
        return work.session.get_one(QuestionnaireDraft, draft.rpartition("/")[2]).text


def question(made: World, draft: str, key: str) -> dict:
    sections = parse("", stored(made, draft)).tree["sections"]
    return next(each for section in sections for each in section["questions"] if each["key"] == key)


def form_of(page: str, name: str) -> dict[str, object]:
    """Return the fields of the first form with this id as a browser would send them."""
    inside = page[page.index(f'id="{name}"') :].split("</form>", maxsplit=1)[0]
    found: dict[str, object] = {}
    for tag in re.findall(r"<input[^>]*>", inside):
        values = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if values.get("type") != "checkbox" or " checked" in tag:
            found[values["name"]] = unescape(values.get("value", ""))
    for field, body in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', inside, re.DOTALL):
        found[unescape(field)] = unescape(body)
    for field, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', inside, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body) or re.search(r'value="([^"]*)"', body)
        found[field] = chosen[1] if chosen else ""
    found.pop("csrf_token", None)
    return found


def test_a_form_keeps_hostile_text_as_text(made: World, author: Visitor, draft: str) -> None:
    sent = form_of(author.get(f"{draft}/questions/P1b").text, "question-form")
    answer = author.post(f"{draft}/questions/P1b", {**sent, "text.ja": HOSTILE, "do": "save"})
    assert answer.status_code == 303
    assert question(made, draft, "P1b")["text"]["ja"] == HOSTILE
    for page in ("", "/questions/P1b", "/preview", "/changes", "/yaml", "/translation?show=all"):
        shown = author.get(draft + page)
        assert shown.status_code == 200
        assert "<script>alert" not in shown.text


def test_every_wrong_field_is_named_and_nothing_is_lost(made: World, author: Visitor, draft: str) -> None:
    before = stored(made, draft)
    sent = form_of(author.get(f"{draft}/questions/P1b").text, "question-form")
    wrong = {"text.ja": "", "why.ja": " ", "weight": "重い", "kind": "scale", "section": "nowhere", "text.en": "KEPT"}
    answer = author.post(f"{draft}/questions/P1b", {**sent, **wrong, "do": "save"}, **{"Accept-Language": "ja"})
    assert answer.status_code == 422
    for name in ("text.ja", "why.ja", "weight", "section"):
        assert f'id="{name}-error"' in answer.text
    assert "KEPT" in answer.text
    assert 'value="重い"' in answer.text
    assert stored(made, draft) == before


def test_a_taken_key_is_refused_even_from_an_older_version(author: Visitor, draft: str) -> None:
    sent = form_of(author.get(f"{draft}/questions/new").text, "question-form")
    for key in ("P1a", "GEN01", "1x", "", "x" * 70):
        answer = author.post(f"{draft}/questions/new", {**sent, "key": key, "text.ja": "問", "do": "save"})
        assert answer.status_code == 422
        assert 'id="key-error"' in answer.text


def test_two_people_write_different_questions_at_once(app: Service, made: World, author: Visitor, draft: str) -> None:
    other = browse(app, "administrator")
    mine = form_of(author.get(f"{draft}/questions/P1a").text, "question-form")
    theirs = form_of(other.get(f"{draft}/questions/P1b").text, "question-form")
    assert other.post(f"{draft}/questions/P1b", {**theirs, "topic.en": "Theirs", "do": "save"}).status_code == 303
    assert author.post(f"{draft}/questions/P1a", {**mine, "topic.en": "Mine", "do": "save"}).status_code == 303
    assert question(made, draft, "P1a")["topic"]["en"] == "Mine"
    assert question(made, draft, "P1b")["topic"]["en"] == "Theirs"


def test_two_people_write_the_same_question_at_once(app: Service, made: World, author: Visitor, draft: str) -> None:
    other, path = browse(app, "administrator"), f"{draft}/questions/P1b"
    mine, theirs = (form_of(each.get(path).text, "question-form") for each in (author, other))
    assert other.post(path, {**theirs, "topic.en": "Theirs", "do": "save"}).status_code == 303
    clash = author.post(path, {**mine, "topic.en": "Mine", "do": "save"})
    assert clash.status_code == 409
    assert "Theirs" in clash.text
    assert 'value="Mine"' in clash.text
    assert question(made, draft, "P1b")["topic"]["en"] == "Theirs"
    again = form_of(clash.text, "question-form")
    assert author.post(path, {**again, "do": "save"}).status_code == 303
    assert question(made, draft, "P1b")["topic"]["en"] == "Mine"


def test_the_yaml_page_checks_keeps_and_shows_both_sides_of_a_conflict(
    app: Service, made: World, author: Visitor, draft: str
) -> None:
    form = form_of(author.get(f"{draft}/yaml").text, "yaml-form")
    broken = str(form["text"]).replace("kind: screening", "kind: screning")
    checked = author.post(f"{draft}/yaml", {**form, "text": broken, "check": "1"})
    assert checked.status_code == 200
    assert "kind: screning" in checked.text
    assert 'href="#line-3-1"' in checked.text
    assert 'id="line-3-1"' in checked.text
    assert "screning" in author.post(f"{draft}/check", {"text": broken}).text
    assert author.post(f"{draft}/yaml", {**form, "text": broken}).status_code == 303
    clash = browse(app, "administrator").post(f"{draft}/yaml", {**form, "text": str(form["text"]) + "# mine\n"})
    assert clash.status_code == 409
    assert "# mine" in clash.text
    assert "screning" in clash.text
    assert author.get(draft).status_code == 200  # a draft that is no document yet has its page all the same


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[[[[",
        "a: &x 1\nb: *x",
        "key: 1\nkey: 2",
        "- 1",
        "sections: {a: b}",
        "key: base-plan",
        "sections: [{questions: [1, null, {key: [1]}, {key: {a: 1}, kind: [single]}]}]",
    ],
)
def test_a_text_that_is_no_questionnaire_breaks_no_page(author: Visitor, draft: str, text: str) -> None:
    form = form_of(author.get(f"{draft}/yaml").text, "yaml-form")
    assert author.post(f"{draft}/yaml", {**form, "text": text}).status_code == 303
    for page in ("", "/preview", "/changes", "/yaml", "/translation", "/head"):
        assert author.get(draft + page).status_code in (200, 422), page
    assert author.get("/questionnaires").status_code == 200


def test_a_megabyte_is_refused_with_what_was_entered(author: Visitor, draft: str) -> None:
    form = form_of(author.get(f"{draft}/yaml").text, "yaml-form")
    answer = author.post(f"{draft}/yaml", {**form, "text": "# " + "長" * 400_000})
    assert answer.status_code == 422
    assert "長" * 1000 in answer.text
    assert author.post(f"{draft}/yaml", {**form, "text": "# " + "長" * 300_000}).status_code == 303


def test_who_may_not_write_a_draft_neither_reads_nor_changes_it(app: Service, made: World, draft: str) -> None:
    before, reader = stored(made, draft), browse(app, "member")
    for path in ("", "/yaml", "/translation", "/changes", "/preview", "/questions/P1b", "/head"):
        assert reader.get(draft + path).status_code == 403, path
    for path, form in {
        "/questions/P1b": {"do": "save", "text.ja": "x"},
        "/questions": {"do": "up:P1b"},
        "/questions/P1b/remove": {},
        "/yaml": {"rev": "1", "text": "x"},
        "/translation": {"ja:title": "x", "en:title": "x", "was:title": "x"},
        "/submit": {"rev": "1"},
        "/discard": {"rev": "1", "reason": "x"},
    }.items():
        assert reader.post(draft + path, form).status_code == 403, path
    assert stored(made, draft) == before


def test_a_draft_under_review_is_read_and_not_written(app: Service, made: World, author: Visitor, draft: str) -> None:
    rev = re.search(r'name="rev" value="(\d+)"', author.get(draft).text)[1]  # type: ignore[index]
    assert author.post(f"{draft}/submit", {"rev": rev}).status_code == 303
    before = stored(made, draft)
    shown = author.get(f"{draft}/questions/P1b").text
    assert "審査中のため変更できません" in shown
    sent = form_of(shown, "question-form")
    assert author.post(f"{draft}/questions/P1b", {**sent, "topic.en": "x", "do": "save"}).status_code == 422
    assert author.post(f"{draft}/questions", {"do": "up:P1b"}).status_code == 422
    assert author.post(f"{draft}/questions/P1b/remove", {}).status_code == 422
    assert stored(made, draft) == before


def test_an_author_does_not_publish(app: Service, made: World, author: Visitor, draft: str) -> None:
    form = form_of(author.get(f"{draft}/questions/P1b").text, "question-form")
    author.post(f"{draft}/questions/P1b", {**form, "weight": "2", "do": "save"})
    rev = re.search(r'name="rev" value="(\d+)"', author.get(draft).text)[1]  # type: ignore[index]
    assert author.post(f"{draft}/submit", {"rev": rev}).status_code == 303
    rev = str(int(rev) + 1)
    assert author.post(f"{draft}/publish", {"rev": rev}).status_code == 403
    other = browse(app, "expert2")
    assert other.post(f"{draft}/publish", {"rev": rev}).status_code == 303
    changes = other.get("/questionnaires").text
    new = re.findall(r'href="(/questionnaires/[0-9a-f-]{36})"', changes)
    assert any(
        "1.2" in other.get(path + "/changes").text for path in new if other.get(path + "/changes").status_code == 200
    )


def test_a_question_that_is_removed_says_who_uses_it(author: Visitor, made: World, draft: str) -> None:
    page = author.get(f"{draft}/questions/P1b/remove").text
    assert "この質問は使われています" in page
    assert author.post(f"{draft}/questions/P1b/remove", {}).status_code == 303
    assert "P1b" not in [
        each["key"] for s in parse("", stored(made, draft)).tree["sections"] for each in s["questions"]
    ]


def test_an_earlier_text_can_be_taken_again(made: World, author: Visitor, draft: str) -> None:
    before = stored(made, draft)
    author.post(f"{draft}/questions", {"do": "copy:P1b"})
    assert stored(made, draft) != before
    path = re.findall(rf'href="({draft}/history/[0-9a-f-]+)"', author.get(draft).text)[-1]
    rev = re.search(r'name="rev" value="(\d+)"', author.get(path).text)[1]  # type: ignore[index]
    assert author.post(path, {"rev": rev}).status_code == 303
    assert stored(made, draft) == before


# ---------------------------------------------------------------- what changed

ADDED = """
      - key: "NEW1"
        topic: {ja: 新しい話題, en: ""}
        text: {ja: 新しい質問ですか。, en: ""}
        why: {ja: 理由, en: reason}
        kind: single
        required: false
        choices:
          - {code: a, name: {ja: 甲, en: Alpha}}
          - {code: b, name: {ja: 乙, en: ""}}
        when: {all: [{question: "P1a", is: [done]}, {in_phase: P}]}
      - key: "NEW2"
        topic: {ja: 話題, en: topic}
        text: {ja: もう一つの質問ですか。, en: Another question?}
        why: {ja: 理由, en: reason}
        kind: scale
        weight: 7
        gate: true
"""


def lines_of(page: str, key: str) -> list[str]:
    """Return what the row of a question says on the side of the new version."""
    row = next(each for each in page.split("<tr")[1:] if f">{key}</a>" in each)
    return [unescape(each) for each in re.findall(r"<ins>(.*?)</ins>", row, re.DOTALL)]


def test_an_added_question_shows_all_that_scores_or_steers(made: World, author: Visitor, draft: str) -> None:
    form = form_of(author.get(f"{draft}/yaml").text, "yaml-form")
    text = str(form["text"])
    at = text.index("    questions:") + len("    questions:")
    added = ADDED.rstrip()
    assert author.post(f"{draft}/yaml", {**form, "text": text[:at] + added + text[at:]}).status_code == 303
    step = next(each for each in framework_of(made).scale if each.code == "done")
    japanese = author.get(f"{draft}/changes?kind=added").text
    said = lines_of(japanese, "NEW1")
    assert said[:2] == ["新しい質問ですか。", "（英語は未記入）"]
    assert {"種類：1つ選ぶ", "回答の要否：任意", "選択肢：a「甲」、b「乙（英語は未記入）」"} <= set(said)
    when = next(each for each in said if each.startswith("尋ねる条件："))
    assert "P1aが「" + step.name.ja in when
    assert "フェーズが「計画" in when
    assert not any(each.startswith(("重み", "必須（★）")) for each in said)
    assert {"種類：尺度（実施の度合い）", "重み：7", "必須（★）：はい", "回答の要否：必要"} <= set(
        lines_of(japanese, "NEW2")
    )
    assert "not written yet" not in japanese
    english = lines_of(author.get(f"{draft}/changes?kind=added&lang=en").text, "NEW1")
    assert english[:2] == ["新しい質問ですか。", "(English not written yet)"]
    assert {"Kind: Choose one", "Choices: a “Alpha”, b “乙 (English not written yet)”"} <= set(english)
    assert {"Weight: 7", "Gate (★): yes"} <= set(lines_of(author.get(f"{draft}/changes?lang=en").text, "NEW2"))


def test_a_removed_question_shows_what_it_scored(made: World, author: Visitor, draft: str) -> None:
    gone = question(made, draft, "P1a")
    author.post(f"{draft}/questions/P1a/remove", {})
    page = author.get(f"{draft}/changes?kind=removed").text
    assert f"<del>重み：{gone.get('weight', 1)}</del>" in page
    assert "<del>種類：尺度（実施の度合い）</del>" in page
    assert f"<del>必須（★）：{'はい' if gone.get('gate') else 'いいえ'}</del>" in page


def framework_of(made: World) -> Framework:
    with made.acting("expert", read_only=True) as work:
        return parsed_framework(current_framework(work).body)
