"""Answers are saved as they are given: what people see when all goes well, and that nothing is lost when it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from governance.projects import life
from governance.screenings import services
from governance.screenings.models import Answer, Screening
from tests.browser.conftest import Towns
from tests.browser.filling import RARE
from tests.browser.people import PHONE, Person, Town
from tests.builders import answered, opened, registered, submitted

PATIENT = 15_000
"""Milliseconds: the machine may be shared."""
RTL = "مرحبا بالعالم — שלום"
LONG = "長い説明。" * 20_000


@dataclass
class Desk:
    """A town with one filled screening, and what is stored in it."""

    town: Town
    screening: str

    def path(self, place: str = "items/safety") -> str:
        return f"/screenings/{self.screening}/{place}"

    def stored(self, key: str) -> tuple[str, str]:
        """Return value and remark of an answer as the database has them."""
        with self.town.made.acting("auditor", read_only=True) as work:
            rows = work.session.query(Answer).filter_by(screening_id=self.screening, question_key=key).all()
            return (rows[0].value, rows[0].remark) if rows else ("", "")

    def at(self, name: str, place: str = "items/safety") -> Page:
        """Return the page of a person who has opened a page of questions."""
        person = self.town(name)
        person.open(self.path(place))
        return person.page

    def arrived(self, name: str, size: tuple[int, int]) -> Person:
        person = self.town.arrival(name, size=size)
        person.sign_in(name)
        return person


@contextmanager
def desk(towns: Towns, language: str = "ja") -> Iterator[Desk]:
    with towns(language) as town:
        screening = opened(town.made, registered(town.made))
        answered(town.made, screening, triggers={"T05": "yes"}, answers={"P1a": "done"})
        town.mixed = True  # texts of the builders are Japanese
        yield Desk(town, screening)


def state(page: Page, key: str, words: str) -> None:
    """Expect a question to say these words of its state."""
    expect(page.locator(f'[data-unit="{key}"] [data-unit-state]')).to_contain_text(words, timeout=PATIENT)


def remark(page: Page, key: str = "P1a") -> Locator:
    return page.locator(f'[name="{key}-remark"]')


def choose(page: Page, key: str, value: str) -> None:
    page.locator(f'input[name="{key}"][value="{value}"]').check()


def test_an_answer_is_saved_as_it_is_chosen_and_score_and_map_follow(towns: Towns) -> None:
    with desk(towns) as here:
        page = here.at("member")
        choose(page, "P1a", "not_done")
        state(page, "P1a", "保存しました")
        assert here.stored("P1a")[0] == "not_done"
        expect(page.locator('[data-part="score"]')).to_contain_text("P1a が未達")
        expect(page.locator("#saved")).to_contain_text("保存しました")
        expect(page.locator("#said")).to_contain_text("保存しました")
        expect(page.locator('#agenda a[href="#P1a"] use')).to_have_attribute("href", "#i-review")


def test_text_is_saved_after_a_rest_and_each_save_can_be_undone(towns: Towns) -> None:
    with desk(towns, "en") as here:
        page = here.at("member")
        remark(page).press_sequentially("first")
        state(page, "P1a", "Typing")
        state(page, "P1a", "Saved")
        remark(page).fill(f"first, then {RARE}")
        expect(page.locator("#P1a .unit-state")).to_contain_text("Saved", timeout=PATIENT)
        page.wait_for_function("!document.querySelector('#P1a').dataset.stands.match(/typing|saving/)")
        assert here.stored("P1a") == ("done", f"first, then {RARE}")
        page.locator("#P1a").get_by_role("button", name="Undo").click()
        state(page, "P1a", "Put back")
        assert here.stored("P1a") == ("done", "first")
        expect(remark(page)).to_have_value("first")


def test_two_people_on_one_page_choose_between_mine_theirs_and_base(towns: Towns) -> None:
    with desk(towns) as here:
        first, second = here.at("member"), here.at("owner")
        remark(second).fill("倉庫で確かめた。試験は三回。")
        state(second, "P1a", "保存しました")
        remark(first).fill("工場で確かめた。試験は二回。")
        panel = first.locator("#P1a .conflict")
        expect(panel).to_be_visible(timeout=PATIENT)
        expect(panel.locator('[data-side="mine"]')).to_contain_text("工場で確かめた")
        expect(panel.locator('[data-side="theirs"]')).to_contain_text("見本 owner")
        expect(panel.locator('[data-side="theirs"] ins').first).to_be_visible()
        expect(panel.locator('[data-side="base"]')).to_be_visible()
        assert here.stored("P1a")[1] == "倉庫で確かめた。試験は三回。", "nothing was overwritten"
        panel.get_by_role("button", name="自分の入力で保存").focus()
        first.keyboard.press("Enter")
        state(first, "P1a", "保存しました")
        expect(panel).to_have_count(0)
        assert here.stored("P1a")[1] == "工場で確かめた。試験は二回。"


@pytest.mark.parametrize("size", [PHONE], ids=["phone"])
def test_theirs_is_taken_over_and_both_can_be_written_anew(towns: Towns, size: tuple[int, int]) -> None:
    with desk(towns) as here:
        person = here.arrived("member", size)
        page, other = person.page, here.at("owner")
        person.open(here.path())
        for key in ("P1a", "P1b"):
            remark(other, key).fill("相手の文")
            state(other, key, "保存しました")
            remark(page, key).fill("自分の文")
            expect(page.locator(f"#{key} .conflict")).to_be_visible(timeout=PATIENT)
        person.looks_right()
        page.locator("#P1a").get_by_role("button", name="相手の内容にする").click()
        expect(remark(page)).to_have_value("相手の文", timeout=PATIENT)
        page.locator("#P1b").get_by_role("button", name="両方を見て書き直す").click()
        expect(remark(page, "P1b")).to_have_value("自分の文\n\n相手の文")
        expect(remark(page, "P1b")).to_be_focused()
        assert here.stored("P1b")[1] == "相手の文", "nothing is sent before something is written"
        remark(page, "P1b").fill("二人の文")
        state(page, "P1b", "保存しました")
        assert here.stored("P1b")[1] == "二人の文"


def test_ratings_are_saved_refused_and_chosen_between_like_answers(towns: Towns) -> None:
    with desk(towns) as here:
        first, second = here.at("member"), here.at("owner")
        choose(second, "rating-safety-severity", "2")
        state(second, "rating-safety", "保存しました")
        choose(first, "rating-safety-severity", "3")
        panel = first.locator('[data-unit="rating-safety"] .conflict')
        expect(panel.locator('[data-side="theirs"]')).to_contain_text("影響 S 2", timeout=PATIENT)
        expect(panel.locator('[data-side="mine"] ins')).to_contain_text("3")
        panel.get_by_role("button", name="相手の内容にする").click()
        expect(first.locator('input[name="rating-safety-severity"][value="2"]')).to_be_checked(timeout=PATIENT)
        first.locator('[name="rating-safety-severity_reason"]').fill("長" * 3000)
        state(first, "rating-safety", "まだ保存されていません")
        expect(first.locator('[data-unit="rating-safety"] .wrong')).to_contain_text("2000")
        first.locator('[name="rating-safety-severity_reason"]').fill("指をはさむ")
        state(first, "rating-safety", "保存しました")
        expect(first.locator('[data-part="score"]')).to_contain_text("限定的")


def test_a_lost_connection_keeps_entries_on_the_device_and_sends_them_when_it_is_back(towns: Towns) -> None:
    with desk(towns) as here:
        page = here.at("member")
        page.context.set_offline(True)
        remark(page).fill(f"電車の中で書いた {RARE}")
        state(page, "P1a", "オフライン：この端末に保管しました")
        choose(page, "P1b", "not_done")
        state(page, "P1b", "オフライン")
        assert here.stored("P1a") == ("done", "")
        page.context.set_offline(False)
        state(page, "P1a", "保存しました")
        state(page, "P1b", "保存しました")
        assert here.stored("P1a") == ("done", f"電車の中で書いた {RARE}")
        assert page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('unsent:')).length") == 0


def test_entries_that_wait_come_back_into_the_form_after_a_reload(towns: Towns) -> None:
    with desk(towns) as here:
        page = here.at("member")
        cut(page)
        remark(page).fill("再読み込みの前に書いた")
        state(page, "P1a", "保存できません")
        page.reload()
        expect(remark(page)).to_have_value("再読み込みの前に書いた")
        expect(page.locator("#kept-here")).to_contain_text("この端末に残っていた入力を戻しました")
        assert here.stored("P1a") == ("done", "")
        page.evaluate("sessionStorage.reach = 1")
        page.locator("#P1a").get_by_role("button", name="再試行").click(timeout=PATIENT)
        state(page, "P1a", "保存しました")
        assert here.stored("P1a")[1] == "再読み込みの前に書いた"


def test_entries_that_wait_are_sent_from_whichever_page_is_opened_next(towns: Towns) -> None:
    with desk(towns) as here:
        page = here.at("member")
        cut(page)
        remark(page).fill("次の画面から送られる")
        state(page, "P1a", "保存できません")
        page.goto("/health")
        page.evaluate(AGED)
        with page.expect_response("**/save") as sent:
            page.goto("/")
        assert sent.value.status == 200
        assert here.stored("P1a")[1] == "次の画面から送られる"
        expect(page.locator("#notices")).to_contain_text("この端末に残っていた入力を送りました")


AGED = """() => {
  sessionStorage.reach = 1;
  for (const key of Object.keys(localStorage)) if (key.startsWith('unsent:')) {
    const entry = JSON.parse(localStorage[key]);
    localStorage[key] = JSON.stringify({...entry, at: entry.at - 3600e3});
  }
}"""
CUT = """() => {
  const real = window.fetch;
  const isCut = (address) => !sessionStorage.reach && String(address).includes('/save');
  window.fetch = (...all) => isCut(all[0]) ? Promise.reject(new TypeError('cut')) : real(...all);
}"""


def cut(page: Page) -> None:
    """Let nothing through to the server from now on, on the next pages of this tab neither, until `sessionStorage.reach` is set."""
    page.add_init_script(f"({CUT})()")
    page.evaluate(CUT)


def test_an_ended_session_asks_to_sign_in_again_and_then_sends(towns: Towns) -> None:
    with desk(towns) as here:
        page = here.at("member")
        page.context.clear_cookies()
        remark(page).fill("切れたあとに書いた")
        state(page, "P1a", "サインインし直すと送ります")
        with page.context.expect_page() as opened_tab:
            page.locator("#P1a").get_by_role("link", name="サインインする").click()
        tab = Person(here.town, opened_tab.value)
        tab.sign_in("member")
        opened_tab.value.close()
        page.bring_to_front()
        page.evaluate("window.dispatchEvent(new Event('focus'))")
        state(page, "P1a", "保存しました")
        assert here.stored("P1a")[1] == "切れたあとに書いた"


def test_nothing_is_sent_in_the_name_of_somebody_else(towns: Towns) -> None:
    with desk(towns) as here:
        page = here.at("member")
        page.context.clear_cookies()
        tab = Person(here.town, page.context.new_page())
        tab.sign_in("owner")
        remark(page).fill("member が書いた")
        state(page, "P1a", "別の人がサインインしています")
        tab.open("/")
        tab.open(here.path())
        expect(remark(tab.page)).to_have_value("")
        assert here.stored("P1a") == ("done", "")


def test_a_colleague_who_submits_leaves_the_unsaved_text_to_be_copied(towns: Towns) -> None:
    with desk(towns) as here:
        page = here.at("member")
        remark(page).press_sequentially("書きかけの")
        submitted(here.town.made, here.screening)
        remark(page).press_sequentially("補足")
        state(page, "P1a", "いまは入力できません")
        expect(page.locator("#P1a .kept")).to_contain_text("書きかけの補足")
        expect(page.locator("#P1a .kept").get_by_role("button", name="写す")).to_be_visible()
        expect(page.locator('input[name="P1a"][value="done"]')).to_be_disabled()
        page.reload()
        expect(page.locator("#held")).to_contain_text("書きかけの補足")
        page.locator("#held").get_by_role("button", name="捨てる").click()
        page.reload()
        expect(page.locator("#held")).to_have_count(0)


def test_a_second_tab_learns_of_a_save_and_goes_on_without_conflict(towns: Towns) -> None:
    with desk(towns) as here:
        page = here.at("member")
        tab = page.context.new_page()
        tab.goto(here.path())
        remark(page).fill("一つ目の画面")
        state(page, "P1a", "保存しました")
        expect(remark(tab)).to_have_value("一つ目の画面", timeout=PATIENT)
        remark(tab).fill("二つ目の画面")
        state(tab, "P1a", "保存しました")
        expect(remark(page)).to_have_value("二つ目の画面", timeout=PATIENT)
        assert here.stored("P1a")[1] == "二つ目の画面"


def test_what_is_too_long_is_said_at_the_question_and_kept(towns: Towns) -> None:
    with desk(towns) as here:
        page = here.at("member")
        remark(page).fill(LONG)
        state(page, "P1a", "まだ保存されていません")
        expect(page.locator("#P1a .wrong")).to_contain_text("100000")
        page.reload()
        assert remark(page).input_value() == LONG
        remark(page).fill(f"{RARE} {RTL}")
        state(page, "P1a", "保存しました")
        expect(page.locator("#P1a .wrong")).to_have_count(0)
        assert here.stored("P1a")[1] == f"{RARE} {RTL}"


def test_a_date_that_does_not_exist_keeps_the_rest_of_the_question(towns: Towns) -> None:
    with desk(towns) as here:
        page = here.at("member")
        choose(page, "P1a", "partial")
        state(page, "P1a", "保存しました")
        page.locator("#P1a-due").evaluate("e => { e.type = 'text'; }")
        page.locator("#P1a-due").fill("2026-02-30")
        page.locator("#P1a-due").blur()
        expect(page.locator("#P1a .wrong")).to_contain_text("2026-02-30", timeout=PATIENT)
        expect(page.locator("#P1a-due")).to_have_value("2026-02-30")


def test_the_trigger_sheet_follows_every_answer(towns: Towns) -> None:
    with towns("ja") as town:
        screening = opened(town.made, registered(town.made))
        person = town("member")
        person.open(f"/screenings/{screening}/triggers")
        page = person.page
        expect(page.locator("[data-open]")).to_have_text("20")
        choose(page, "T02", "unknown")
        expect(page.locator('[data-part="route"] .tag').first).to_have_text("委員会", timeout=PATIENT)
        expect(page.locator("#T02 .if-unknown")).to_be_visible()
        expect(page.locator("[data-open]")).to_have_text("19")
        expect(page.locator("[data-tally]").first).to_contain_text("1／")
        choose(page, "T02", "no")
        expect(page.locator('[data-part="route"] .tag').first).not_to_have_text("委員会", timeout=PATIENT)


def test_signing_out_asks_while_something_is_unsent_and_then_clears_it(towns: Towns) -> None:
    with desk(towns) as here:
        page = here.at("member")
        page.route("**/save", lambda route: route.abort())
        remark(page).fill("まだ送られていない")
        state(page, "P1a", "保存できません")
        asked: list[str] = []

        def stay(dialog: Dialog) -> None:
            asked.append(dialog.message)
            dialog.dismiss()

        page.once("dialog", stay)
        page.locator(".user-wide summary").click()
        page.locator(".user-wide").get_by_role("button", name="サインアウト").click()
        assert re.search("まだ送られていない入力が1件", asked[0])
        page.on("dialog", lambda dialog: dialog.accept())
        page.locator(".user-wide").get_by_role("button", name="サインアウト").click()
        page.wait_for_url("**/sign-in*")
        assert page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('unsent:')).length") == 0


def test_an_item_page_is_filled_with_its_keys(towns: Towns) -> None:
    with towns("ja") as town:
        screening = opened(town.made, registered(town.made))
        answered(town.made, screening, triggers={"T05": "yes"})
        person = town("member")
        person.open(f"/screenings/{screening}/items/security")
        page, keys = person.page, person.page.keyboard
        questions = page.locator("article[data-unit]").evaluate_all("all => all.map(e => e.id)")
        page.locator("#main").focus()
        for key in questions:
            keys.press("Alt+ArrowDown")
            assert page.evaluate("document.activeElement.name") == key
            keys.press("Alt+g")
            expect(page.locator(f"#{key} details.help")).to_have_attribute("open", "")
            keys.press("ArrowRight")  # the next step of the scale
            keys.press("Control+s")
            state(page, key, "保存しました")
            assert page.evaluate("document.activeElement.name") == key, "the focus stays"
        keys.press("Alt+ArrowUp")
        assert page.evaluate("document.activeElement.name") == questions[-2]
        assert page.evaluate(UNCOVERED)
        keys.press("Alt+n")
        expect(page.locator("#said")).to_contain_text("未回答の質問はありません")


UNCOVERED = """() => {
  const here = document.activeElement.getBoundingClientRect(), bar = document.querySelector('.savebar').getBoundingClientRect();
  return here.top >= 0 && here.bottom <= bar.top;
}"""


def test_going_on_saves_first_and_an_earlier_state_is_put_back_from_the_history(towns: Towns) -> None:
    with desk(towns) as here:
        person = here.town("member")
        page = here.at("member")
        remark(page).fill("一回目")
        person.press("保存して次へ")
        assert page.url.endswith("/items/privacy")
        assert here.stored("P1a")[1] == "一回目"
        person.open(here.path("history/P1a"))
        expect(page.locator(".states ins").first).to_have_text("一回目")
        person.press("この内容に戻す", first=True)
        assert here.stored("P1a") == ("done", "")


def test_a_question_that_an_answer_opens_appears_beside_what_is_being_typed(towns: Towns) -> None:
    with desk(towns) as here:
        page = here.at("member", "items/privacy")
        before = page.locator("article[data-unit]").count()
        with here.town.made.acting("owner") as work:
            row = work.session.get_one(Screening, here.screening)
            assert services.filled(work, row).values["T10"] == "no"
        other = here.at("owner", "triggers")
        choose(other, "T10", "yes")
        state(other, "T10", "保存しました")
        key = page.locator("article[data-unit]").first.get_attribute("id") or ""
        remark(page, key).press_sequentially("書いている途中")
        state(page, key, "保存しました")
        expect(page.locator("article.is-fresh").first).to_contain_text("新しく尋ねる質問", timeout=PATIENT)
        assert page.locator("article[data-unit]").count() > before
        expect(remark(page, key)).to_be_focused()
        expect(page.locator("#said")).to_contain_text("新しく尋ねる質問があります")


def test_a_suspended_project_takes_nothing_more(towns: Towns) -> None:
    with desk(towns) as here:
        page = here.at("member")
        with here.town.made.acting("owner") as work:
            project = work.session.get_one(Screening, here.screening).project
            life.suspend(work, project, reason="取りやめの検討")
        remark(page).fill("間に合わなかった文")
        state(page, "P1a", "いまは入力できません")
        expect(page.locator("#P1a .kept")).to_contain_text("間に合わなかった文")
