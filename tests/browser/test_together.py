"""A team and its reviewer talk at the questions: a comment with a mention, a remark, the return, the answer, the changes, the end."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from governance.texts import Text
from tests.browser.conftest import Towns
from tests.browser.looks import violations
from tests.browser.people import Person, Town
from tests.builders import answered, opened, registered
from tests.reviews.scenes import MEDIUM

KEY = "P1a"
COMMENT = Text("ここの見方を教えてください。", "please tell me how to read this.")
REMARK = Text("試験の記録がありません。", "There is no record of the test.")
REASON = Text("指摘のとおり直してください。", "Please mend what was remarked.")
MENDED = Text("試験の記録を証跡に加えた。", "Added the record of the test.")
ANSWERED = Text("記録を加えました。", "The record was added.")


@pytest.mark.parametrize(("language", "kind"), [("ja", "sqlite"), ("en", "sqlite"), ("ja", "postgresql")])
def test_talking_until_a_remark_is_resolved(towns: Towns, language: str, kind: str) -> None:
    with towns(language, kind) as town:
        town.mixed = True  # the case is filled in Japanese
        screening_id = opened(town.made, registered(town.made))
        answered(town.made, screening_id, ratings=MEDIUM)
        a_comment_with_a_mention(town("member"), screening_id)
        submitted(town("owner"), screening_id)
        a_remark_and_the_return(town("expert"), screening_id)
        the_answer_and_the_change(town("owner"), screening_id)
        submitted(town("owner"), screening_id)
        the_reviewer_sees_the_change_and_resolves(town("expert2"), screening_id)


def item_page(person: Person, screening_id: str) -> None:
    person.open(f"/screenings/{screening_id}/questions/{KEY}")


def drawer(person: Person, link: str, within: str) -> Locator:
    """Open the discussion beside the page by a link at the question."""
    person.page.locator(within).get_by_role("link", name=re.compile(f"^{re.escape(link)}")).first.click()
    part = person.page.locator("dialog.drawer")
    expect(part.locator("[data-place]")).to_be_visible()
    clean(person)
    return part


def clean(person: Person) -> None:
    found = violations(person.page)
    assert not found, "\n".join(found)
    person.looks_right()


def a_comment_with_a_mention(member: Person, screening_id: str) -> None:
    town = member.town
    item_page(member, screening_id)
    part = drawer(member, town.words("コメントする"), f"article#{KEY}")
    field = part.locator("#text-new")
    field.press_sequentially("@" + town.said(Text("見本", "Sample")))
    options = member.page.locator("[role=listbox] [role=option]")
    expect(options.first).to_be_visible()
    wanted = town.made.people["expert"].name_in(town.language)
    field.press_sequentially(" ".join(["", wanted.split()[1]]).strip())
    expect(options.first).to_have_text(wanted)
    field.press("Enter")
    expect(field).to_have_value(f"@{wanted} ")
    field.press_sequentially(town.said(COMMENT))
    part.get_by_role("button", name=town.words("書き込む")).click()
    expect(part.locator(".talk-text")).to_contain_text(town.said(COMMENT))
    expect(part.locator(".talk-name")).to_have_text(f"@{wanted}")
    expect(member.page.locator(f'[data-talk-line="{KEY}"]')).to_contain_text("1")
    member.page.keyboard.press("Escape")
    expect(part).to_be_hidden()


def submitted(owner: Person, screening_id: str) -> None:
    owner.open(f"/screenings/{screening_id}/submit")
    owner.press("提出する")


def a_remark_and_the_return(expert: Person, screening_id: str) -> None:
    town = expert.town
    expert.open("/")
    expert.open(f"/reviews/{screening_id}")
    expert.press("担当する")
    part = drawer(
        expert, town.words("コメント%(num)s件", num=1) if town.language == "ja" else "1 comment", f"article#{KEY}"
    )
    expect(part.locator(".talk-text")).to_contain_text(town.said(COMMENT))
    expect(part.locator('input[name="kind"][value="remark"]')).to_be_checked()
    part.locator("#text-new").fill(town.said(REMARK))
    part.get_by_role("button", name=town.words("書き込む")).click()
    expect(expert.page.locator(f"article#{KEY} .talk-remark")).to_contain_text(town.said(REMARK))
    part.get_by_role("button", name=re.compile("閉じる|Close")).click()
    expert.fill("return_reason", town.said(REASON))
    expert.press("差し戻す")
    expert.sees(town.said(Text("差し戻しました。", "The case was returned.")))


def the_answer_and_the_change(owner: Person, screening_id: str) -> None:
    town = owner.town
    owner.open(f"/screenings/{screening_id}")
    owner.sees(town.said(REMARK))
    clean(owner)
    owner.page.locator(".talk-list").get_by_role("link", name=KEY, exact=True).click()
    owner.page.wait_for_load_state()
    owner.page.locator(f"#{KEY}-remark").fill(town.said(MENDED))
    part = drawer(owner, town.words("読んで回答する"), f"article#{KEY}")
    answer = part.locator(".talk-thread.is-remark textarea[data-mention]")
    answer.fill(town.said(ANSWERED))
    owner.page.keyboard.press("Escape")
    drawer(owner, town.words("読んで回答する"), f"article#{KEY}")
    expect(answer).to_have_value(town.said(ANSWERED))  # closing the part loses nothing
    part.get_by_role("button", name=town.words("指摘に回答する")).click()
    expect(part.locator(".talk-text").last).to_have_text(town.said(ANSWERED))
    expect(owner.page.locator(f"#{KEY}-remark")).to_have_value(town.said(MENDED))  # talking touches no answer
    owner.page.keyboard.press("Escape")
    owner.page.locator(".savebar").get_by_role("button", name=town.words("保存"), exact=True).click()
    expect(owner.page.locator(f"article#{KEY} [data-unit-state]")).to_contain_text(re.compile("保存しました|Saved"))
    owner.open(f"/screenings/{screening_id}/changes")
    owner.sees(town.said(MENDED))
    clean(owner)


def the_reviewer_sees_the_change_and_resolves(expert: Person, screening_id: str) -> None:
    town = expert.town
    expert.open(f"/reviews/{screening_id}")
    expert.press("担当する")
    expert.sees(town.said(MENDED), within=".change")
    clean(expert)
    part = drawer(expert, town.words("開く"), f"article#{KEY}")
    part.locator(".talk-thread.is-remark").get_by_role("button", name=town.words("解決済みにする")).click()
    expect(part.locator('.talk-thread.is-remark [data-state="thread.resolved"]')).to_be_visible()
    expect(expert.page.locator(f"article#{KEY} .talk-remark")).to_have_count(0)
    the_whole_discussion(expert, screening_id)


def the_whole_discussion(expert: Person, screening_id: str) -> None:
    expert.page.goto(f"/screenings/{screening_id}/discussion")
    clean(expert)
    expert.follow("この案件のコメントをすべて見る")
    clean(expert)
    expert.page.goto(f"{expert.path}?show=all")
    expert.sees(expert.town.said(REMARK))


def test_handing_a_question_on_without_script(towns: Towns) -> None:
    with towns("ja") as town:
        screening_id = opened(town.made, registered(town.made))
        owner = town.arrival("owner", script=False)
        owner.sign_in("owner")
        owner.open(f"/screenings/{screening_id}/questions/{KEY}")
        owner.page.locator(f"article#{KEY}").get_by_role("link", name=re.compile("^依頼する")).click()
        owner.select("person", "見本 member")
        owner.fill("note", "試験部で確かめてください。")
        owner.press("依頼する")
        owner.sees("回答を依頼しました。相手に通知されます。")
        answer_what_was_asked(town)


def answer_what_was_asked(town: Town) -> None:
    member = town("member")
    member.open("/")
    member.page.locator('a[href*="/delegations/"]').first.click()
    member.page.wait_for_url(f"**#{KEY}")
    member.reads("あなたに依頼されています", within=f"article#{KEY}")
    clean(member)
    member.page.locator(f"article#{KEY}").get_by_role("link", name=re.compile("^依頼を見る")).click()
    member.page.wait_for_load_state()
    clean(member)
    member.press("完了にする")
    member.reads("依頼中のものはありません。")
