"""Filling a screening in a browser that runs no script: every form and link of the way from the register to the submission works."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser import filling
from tests.browser.conftest import Towns
from tests.browser.filling import ITEMS, Reply, Sheet
from tests.browser.people import PHONE
from tests.browser.test_story import OUT_OF_SCOPE


def test_a_screening_is_filled_and_submitted_without_script(towns: Towns) -> None:
    with towns("ja") as town:
        owner = town.arrival("owner", size=PHONE, script=False)
        owner.sign_in("owner")
        screening = filling.start_planning(owner, filling.register(owner))
        filling.open_follow_up(owner)  # opened by the style sheet
        filling.fill_triggers(owner, yes=("T10",))
        owner.press("判定シートを終える")
        filling.fill_items(owner, screening, {"privacy": Sheet({"P2b": Reply("not_applicable", OUT_OF_SCOPE)})})
        owner.reads("この内容で提出する")
        owner.press("提出する")
        owner.open(f"{screening}/items/{ITEMS[0]}")
        expect(owner.page.locator("input[type=radio]:enabled")).to_have_count(0)


def test_evidence_is_added_and_taken_off_without_script(towns: Towns) -> None:
    with towns("ja") as town:
        owner = town.arrival("owner", script=False)
        owner.sign_in("owner")
        screening = filling.start_planning(owner, filling.register(owner))
        filling.fill_triggers(owner, yes=("T10",))
        owner.press("判定シートを終える")
        owner.open(f"{screening}/items/safety")
        filling.answer(owner, "P1a", Reply("done_evidenced", url="https://wiki.example/hazards"))
        owner.press("加えて保存", within="article#P1a")
        owner.sees("https://wiki.example/hazards", within="article#P1a")
        owner.press("外す", within="article#P1a")
        owner.reads("この質問の証跡がなくなります")
        owner.press("外す", within="main form")
        owner.reads("まだありません。", within="article#P1a")
        owner.press("この案件の証跡から選ぶ", within="article#P1a")
        owner.page.get_by_role("checkbox", name="https://wiki.example/hazards").check()
        owner.press("選んだ証跡を付ける")
        owner.sees("https://wiki.example/hazards", within="article#P1a")
        assert owner.page.locator('[name="P1a"][value="done_evidenced"]').is_checked()
