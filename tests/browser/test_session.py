"""A whole session on five members' own devices: one steps back, one leaves mid-way, one case is decided and one deferred.

Nobody reloads: what happens on one device is read on the others. At the end the minutes are written, approved by two people and issued.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from governance.texts import Text
from tests.browser import deciding
from tests.browser.conftest import Towns
from tests.browser.looks import violations
from tests.browser.people import Person, Town
from tests.browser.test_story import bare
from tests.reviews import scenes

MEMBERS = ("chair", "ext1", "ext2", "int1", "int2")
ON_THE_FIRST = ("chair", "ext1", "ext2", "int1")


@pytest.mark.parametrize(("language", "kind"), [("ja", "sqlite"), ("en", "postgresql")])
def test_session(towns: Towns, language: str, kind: str, tmp_path: Path) -> None:
    with towns(language, kind) as town:
        town.mixed = True
        meeting, first, second = planned(town)
        secretariat = the_meeting_opens(town, meeting)
        the_first_case_is_decided(town, secretariat, meeting, first)
        the_second_is_deferred_when_a_member_leaves(town, secretariat, meeting, second)
        secretariat.open(meeting)
        secretariat.press("閉会する")
        for name in ("chair", "int1"):
            town(name).open(meeting)
            town(name).sees(town.said(Text("閉会しました", "The meeting is closed")))
        the_minutes_are_approved_by_two_and_issued(town, secretariat, meeting, tmp_path)


def planned(town: Town) -> tuple[str, str, str]:
    """Two cases with the team's opinion are on the agenda of a meeting whose materials went out; its day has come."""
    made = town.made
    cases = [scenes.case(made, scenes.BOARD, scenes.HIGH) for _ in range(2)]
    for each in cases:
        scenes.opined(made, each)
    meeting, (first, second) = scenes.planned(made, scenes.board(made), *cases)
    made.now += timedelta(days=8)
    path = f"/meetings/{meeting}"
    return path, f"{path}/items/{first}", f"{path}/items/{second}"


def the_meeting_opens(town: Town, meeting: str) -> Person:
    """The members wait on their own pages; they read of the opening and of who is there without reloading."""
    for name in MEMBERS:
        town(name).open(meeting)
    secretariat = town("secretariat")
    secretariat.open(meeting)
    secretariat.press("開会する")
    for name in MEMBERS:
        line = secretariat.page.locator("tr").filter(has_text=town.made.people[name].name_in(town.language))
        line.locator('input[value="in_person"]').check()
    secretariat.press("選んだ出席を記録する")
    for name in MEMBERS:
        town(name).sees(town.said(Text("開会中", "In session")))
    return secretariat


def the_first_case_is_decided(town: Town, secretariat: Person, meeting: str, item: str) -> None:
    for name in MEMBERS:
        town(name).open(item)
    secretariat.open(item)
    stepped_back(town, secretariat, meeting, item)
    secretariat.open(item)
    secretariat.press("審議を始める")
    secretariat.fill("conditions-0-text", town.said(deciding.CONDITION))
    secretariat.page.locator('[name="conditions-0-kind"]').select_option("pre_launch")
    secretariat.fill("conditions-0-due_on", (town.made.now + timedelta(days=60)).strftime("%Y-%m-%d"))
    for part, name in (("owner", "owner"), ("verifier", "expert2")):
        secretariat.select(f"conditions-0-{part}", town.made.people[name].name_in(town.language))
    secretariat.choose("motion", "approved_with_conditions")
    secretariat.press("採決を始める")
    for name, choice in zip(ON_THE_FIRST, ("for", "against", "for", "for"), strict=True):
        votes(town(name), choice)
    chair = town("chair")
    expect(chair.page.locator('[name="rationale"]')).to_be_visible()  # the last vote opened the form on the chair's device
    chair.fill("rationale", town.said(deciding.RATIONALE))
    chair.choose("read_aloud", "1")
    chair.press_words(town.said(Text("「条件付承認」で確定する", "Record “")))
    for name in ("ext1", "ext2", "int1"):
        town(name).sees(town.said(deciding.RATIONALE))


def stepped_back(town: Town, secretariat: Person, meeting: str, item: str) -> None:
    """A member steps back on the own device; the case is gone from there at once, and the others count without them."""
    member = town("int2")
    member.page.locator("#recusal summary").click()
    member.page.locator('#recusal [name="reason"]').fill(town.said(deciding.RECUSAL))
    with member.page.expect_navigation():
        member.page.locator("#recusal form button[type=submit]").click()
    member.open(meeting)
    member.reads("退席した議題")
    assert member.page.goto(item).status == 404
    for person in (secretariat, town("chair")):
        person.sees(town.said(deciding.RECUSAL) if person is secretariat else town.said(Text("退席", "Recused")))


def votes(member: Person, choice: str) -> None:
    """The form comes up by itself on the member's device."""
    box = member.page.locator(f'input[name="choice"][value="{choice}"]')
    expect(box).to_be_visible()
    box.check()
    if choice == "against":
        member.fill("dissent", member.town.said(deciding.DISSENT))
    member.press("投票する")
    member.sees(member.town.said(Text("投票を記録しました。", "Your vote is recorded.")))


def the_second_is_deferred_when_a_member_leaves(town: Town, secretariat: Person, meeting: str, item: str) -> None:
    """With one external member gone there are two of each side: the external majority fails, and the item is deferred in one step."""
    for name in MEMBERS:
        town(name).open(item)
    secretariat.open(item)
    secretariat.press("審議を始める")
    secretariat.open(meeting)
    line = secretariat.page.locator("tr").filter(has_text=town.made.people["ext1"].name_in(town.language))
    with secretariat.page.expect_navigation():
        line.locator('button[name="leave"]').click()
    left = town.said(Text("外部2名、内部2名", "2 external, 2 internal"))
    for name in ("chair", "int1"):
        town(name).sees(left)
    secretariat.open(item)
    secretariat.press("継続審査にする", first=True)
    for name in ("chair", "ext2", "int1", "int2"):
        town(name).sees(town.said(Text("継続審査", "Deferred")))
    assert re.search(r"要件|requirement", town("chair").page.locator("main").inner_text())


GIST = Text(
    "掲示のほかに拒否の窓口を設けることで一致した。", "Agreed on a contact point for objections besides the notice."
)


def the_minutes_are_approved_by_two_and_issued(town: Town, secretariat: Person, meeting: str, folder: Path) -> None:
    """The secretariat writes what the record does not know; it and the chair approve; the PDF says who voted how many, never who how."""
    path, chair = f"{meeting}/minutes", town("chair")
    secretariat.open(path)
    secretariat.page.locator('textarea[name^="item-"]').first.fill(town.said(GIST))
    secretariat.press("保存する")
    secretariat.press("%(office)sとして承認する", office=town.words("事務局"))
    chair.open(path)
    chair.sees(town.said(GIST))
    chair.press("%(office)sとして承認する", office=town.words("委員長"))
    secretariat.open(f"{meeting}/papers")
    secretariat.page.locator("#minutes-lang").select_option(town.language)
    secretariat.press("議事録（PDF）を発行する", patience=120)
    assert "/papers/" in secretariat.path
    assert not violations(secretariat.page)
    kept = folder / "minutes.pdf"
    with secretariat.page.expect_download() as waiting:
        secretariat.page.locator('main a[href$="/file"]').first.click()
    waiting.value.save_as(kept)
    printed = said_in(kept)
    told = (GIST, deciding.CONDITION, deciding.DISSENT, deciding.RATIONALE, deciding.RECUSAL)
    assert not [words for words in map(town.said, told) if bare(words) not in printed]
    for name in MEMBERS:
        assert bare(town.made.people[name].name_in(town.language)) in printed


def said_in(pdf: Path) -> str:
    return bare("".join(page.extract_text() for page in PdfReader(pdf).pages))
