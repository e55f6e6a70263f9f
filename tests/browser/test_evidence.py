"""Evidence in the browser: two files dropped on a question beside unsaved text, one replaced by a new version, one taken off after a
warning, a wrong file told of — in both languages, on a wide screen and on a phone, and without a fault for axe.
"""

from __future__ import annotations

import re
from base64 import b64encode

import pytest
from playwright.sync_api import Locator, expect

from governance.projects.models import Evidence
from governance.texts import Text
from tests.browser.conftest import Towns
from tests.browser.looks import violations
from tests.browser.people import PHONE, WIDE, Person
from tests.builders import answered, opened, registered
from tests.screenings.shelves import row, supports

KEY, OTHER = "P1a", "P1c"
PDF = b"%PDF-1.7 sample"
TYPED = Text("書きかけの補足", "A remark not saved yet")
DROP = """([zone, files]) => {
  const carried = new DataTransfer();
  for (const [name, content] of files) {
    carried.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name));
  }
  const told = { bubbles: true, cancelable: true, dataTransfer: carried };
  for (const kind of ['dragover', 'drop']) zone.dispatchEvent(new DragEvent(kind, told));
}"""


@pytest.mark.parametrize(
    ("language", "kind", "size"), [("ja", "sqlite", WIDE), ("en", "sqlite", PHONE), ("ja", "postgresql", PHONE)]
)
def test_evidence_of_a_question(towns: Towns, language: str, kind: str, size: tuple[int, int]) -> None:
    with towns(language, kind) as town:
        screening = opened(town.made, registered(town.made))
        answered(town.made, screening)
        member = town.arrival("member", size)
        member.sign_in("member")
        two_files_are_dropped(member, screening)
        a_wrong_file_is_told_of(member)
        one_supports_another_question(member, screening)
        one_is_replaced(member, screening)
        one_is_taken_off_after_a_warning(member, screening)
        the_register_shows_all(member, screening)


def question(member: Person, key: str = KEY) -> Locator:
    return member.page.locator(f"article#{key} [data-evidence]")


def pieces(member: Person, key: str = KEY) -> Locator:
    return question(member, key).locator("[data-pieces] li")


def dropped(member: Person, *files: tuple[str, bytes]) -> None:
    zone = question(member).locator(".drop").element_handle()
    member.page.evaluate(DROP, [zone, [[name, b64encode(content).decode()] for name, content in files]])


def clean(member: Person) -> None:
    found = violations(member.page)
    assert not found, "\n".join(found)
    member.looks_right()


def two_files_are_dropped(member: Person, screening: str) -> None:
    town = member.town
    member.open(f"/screenings/{screening}/items/safety")
    member.fill(f"{KEY}-remark", town.said(TYPED))
    dropped(member, ("report-1.pdf", PDF), ("report-2.txt", b"text"))
    expect(pieces(member)).to_have_count(2)
    expect(member.page.locator(f'[name="{KEY}-remark"]')).to_have_value(town.said(TYPED))
    assert len(supports(town.made, screening)[KEY]) == 2
    clean(member)


def a_wrong_file_is_told_of(member: Person) -> None:
    dropped(member, ("page.html", b"<html>"), ("empty.pdf", b""))
    told = question(member).locator(".sending-one.is-bad")
    expect(told).to_have_count(2)
    expect(told.first).to_contain_text(re.compile(r"(page\.html|empty\.pdf)"))
    expect(pieces(member)).to_have_count(2)
    clean(member)
    for _ in range(2):
        told.first.get_by_role("button").last.click()
    expect(told).to_have_count(0)


def one_supports_another_question(member: Person, screening: str) -> None:
    town = member.town
    question(member, OTHER).get_by_role("button", name=re.compile(f"^{town.words('この案件の証跡から選ぶ')}")).click()
    ask = member.page.locator("dialog.ask")
    expect(ask.get_by_role("checkbox")).to_have_count(2)
    clean(member)
    ask.get_by_role("checkbox", name=re.compile("report-1")).check()
    ask.get_by_role("button", name=town.words("選んだ証跡を付ける")).click()
    expect(ask).to_have_count(0)
    expect(pieces(member, OTHER)).to_have_count(1)
    shared = set(supports(town.made, screening)[KEY]) & set(supports(town.made, screening)[OTHER])
    assert len(shared) == 1


def one_is_replaced(member: Person, screening: str) -> None:
    town = member.town
    first = pieces(member).filter(has_text="report-1")
    replace = town.words("差し替える")
    with member.page.expect_navigation():
        first.get_by_role("button", name=re.compile(f"^{replace}")).click()
    member.looks_right()
    clean(member)
    member.page.locator("#file").set_input_files(
        {"name": "report-1b.pdf", "mimeType": "application/pdf", "buffer": PDF + b" again"}
    )
    assert member.page.locator('[name="move"]:checked').count() == 2
    member.press("差し替える")
    expect(pieces(member).filter(has_text=town.words("第 %(n)s 版", n=2))).to_have_count(1)
    expect(member.page.locator(f'[name="{KEY}-remark"]')).to_have_value(town.said(TYPED))
    held = supports(town.made, screening)
    with town.made.acting(read_only=True) as work:
        assert {work.session.get_one(Evidence, id).filename for id in held[OTHER]} == {"report-1b.pdf"}


def one_is_taken_off_after_a_warning(member: Person, screening: str) -> None:
    town = member.town
    button = pieces(member, OTHER).get_by_role("button", name=re.compile(f"^{town.words('外す')}"))
    button.click()
    ask = member.page.locator("dialog.ask")
    expect(ask.get_by_text(town.words("この質問の証跡がなくなります"))).to_be_visible()
    expect(ask.get_by_role("link", name=re.compile(KEY))).to_be_visible()
    clean(member)
    member.page.keyboard.press("Escape")
    expect(ask).to_have_count(0)
    expect(pieces(member, OTHER)).to_have_count(1)
    button.click()
    ask.get_by_role("button", name=town.words("外す"), exact=True).click()
    expect(pieces(member, OTHER)).to_have_count(0)
    assert OTHER not in supports(town.made, screening)


def the_register_shows_all(member: Person, screening: str) -> None:
    town = member.town
    with town.made.acting(read_only=True) as work:
        project = row(work, screening).project_id
    member.open(f"/projects/{project}/evidence")
    expect(member.page.locator("tbody tr")).to_have_count(2)
    clean(member)
    member.page.locator("tbody a").filter(has_text="report-1").first.click()
    member.page.wait_for_load_state()
    member.reads("版")
    clean(member)
    member.follow("削除・使用をやめる")
    member.reads("この証跡が支えているもの")
    clean(member)
