"""Somebody who knows nothing of YAML changes a questionnaire: draft, new question with a condition, translation, preview, review.

A second person publishes it, and the next screening asks the question where its condition holds and not otherwise.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import filling
from tests.browser.conftest import Towns
from tests.browser.looks import violations
from tests.browser.people import PHONE, Person, Town

JA = {
    "topic": "判断を受ける人への連絡",
    "text": "判断を受ける人が問い合わせる窓口を、計画書に書きましたか。",
    "why": "窓口がないと、誤りに気づいた人が伝えられません。",
}
EN = {
    "topic": "Contact for those concerned",
    "text": "Does the plan name whom people can ask about a decision?",
    "why": "Without a contact, those who notice a mistake cannot say so.",
}


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_question_is_written_checked_published_and_asked(towns: Towns, script: bool) -> None:
    with towns("ja") as town:
        author = town("expert") if script else without_script(town)
        draft = begins_a_draft(author)
        key = adds_a_question(author, draft, script)
        translates(author, draft, key, script)
        previews(author, draft, key)
        looks_back(author, draft, script)
        submits(author, draft)
        publishes(town("expert2"), draft)
        if script:
            it_is_asked_where_the_condition_holds(town, key)


def without_script(town: Town) -> Person:
    person = town.arrival("expert", PHONE, script=False)
    person.sign_in("expert")
    return person


def fine(person: Person, script: bool = True) -> None:
    """Check a page by the rules of axe, which need script."""
    if script:
        assert not violations(person.page), person.path


def begins_a_draft(author: Person) -> str:
    author.open("/questionnaires")
    author.follow("計画の基本質問")
    author.press("この版から下書きを作る")
    author.reads("質問を選んで書き換える")
    return author.path


def adds_a_question(author: Person, draft: str, script: bool) -> str:
    author.follow("質問を加える", first=True)
    page = author.page
    key = page.locator('[name="key"]').input_value()
    page.locator('[name="section"]').select_option("P1")
    for name in ("topic", "text"):
        author.fill(f"{name}.ja", JA[name])
    fine(author, script)
    press(author, "条件を付ける")
    page.locator('[name="when.0.question"]').select_option("T02")
    if not script:
        press(author, "値の選択肢を出す")
    page.locator('input[name="when.0.value"][value="yes"]').check()
    page.locator('input[name="when.0.value"][value="unknown"]').check()
    tries_the_condition(author, script)
    press(author, "下書きに保存")
    author.reads("保存できません。%(num)sか所を直してください", num=1)
    assert page.locator('[name="text.ja"]').input_value().strip() == JA["text"]
    fine(author, script)
    author.fill("why.ja", JA["why"])
    press(author, "下書きに保存")
    author.sees(f"{key}を保存しました。")
    assert author.path == draft
    fine(author, script)
    return key


def press(person: Person, words: str) -> None:
    """Press a button that may answer with the same page, and wait for what comes."""
    person.press_words(words, first=True)


def tries_the_condition(author: Person, script: bool) -> None:
    page = author.page
    if script:
        page.locator('[name="text.ja"]').press("End")  # typing renews preview, sentence and trial by itself
        page.locator('[name="text.ja"]').press_sequentially(" ")
        expect(page.locator('[name="try.T02"]')).to_be_visible()
    else:
        press(author, "プレビューを更新")
    page.locator('[name="try.T02"]').select_option("yes")
    press(author, "試す")
    expect(page.locator("#outcome")).to_have_text("尋ねる")
    page.locator('[name="try.T02"]').select_option("no")
    press(author, "試す")
    expect(page.locator("#outcome")).to_have_text("尋ねない")
    author.sees("次のときに尋ねます：T02が「はい」または「分からない」。")
    fine(author, script)


def translates(author: Person, draft: str, key: str, script: bool) -> None:
    author.open(f"{draft}/translation")
    for name, words in EN.items():
        field = author.page.locator(f'textarea[name$="/{key}/{name}"][name^="en:"]')
        field.fill(words)
    fine(author, script)
    author.press("訳を保存")
    author.sees("未訳も古い訳もありません。")


def previews(author: Person, draft: str, key: str) -> None:
    author.open(f"{draft}/preview?in=en&width=phone")
    author.sees(EN["text"])
    author.open(f"{draft}/preview")
    author.sees(JA["text"])
    author.open(f"{draft}/changes")
    author.sees(key, within="table")
    author.open(f"{draft}/yaml")
    author.press("確かめる")
    author.sees("問題はありません。公開中のほかの質問票とも矛盾しません。")


def looks_back(author: Person, draft: str, script: bool) -> None:
    author.open(draft)
    author.follow("遡り検証", first=True)
    assert author.path == f"{draft}/backtest"
    fine(author, script)


def submits(author: Person, draft: str) -> None:
    author.open(draft)
    author.press("審査に出す", within=".next-step")
    author.sees("作成者以外の人の確認を待っています")
    assert not author.page.get_by_role("button", name="公開する").count()


def publishes(reviewer: Person, draft: str) -> None:
    reviewer.open("/questionnaires")
    reviewer.follow("下書きを開く")
    assert reviewer.path == draft
    fine(reviewer)
    reviewer.press("公開する")
    reviewer.reads("公開済みです")
    reviewer.follow("公開した版を見る")
    fine(reviewer)
    reviewer.sees(JA["text"])


def it_is_asked_where_the_condition_holds(town: Town, key: str) -> None:
    owner = town("owner")
    case = filling.register(owner)
    screening = filling.start_planning(owner, case)
    for answered, times in ((("T02",), 1), ((), 0)):
        owner.open(f"{screening}/triggers")
        filling.fill_triggers(owner, yes=answered)
        owner.press("判定シートを終える")
        owner.open(f"{screening}/items/safety")
        assert owner.page.locator(f"article#{key}").count() == times
