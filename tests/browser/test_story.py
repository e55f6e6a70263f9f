"""The whole story in the browser, in Japanese and again in English: a project member fills, the owner submits, the expert checks, the
committee decides with a recusal, a condition is closed by its verifier, and the auditor downloads the PDF and verifies the ledger.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pypdf import PdfReader

from governance.texts import Text
from tests.browser import deciding, filling
from tests.browser.conftest import Towns
from tests.browser.filling import RARE, Reply, Sheet
from tests.browser.looks import violations
from tests.browser.people import Person, Town
from tests.reviews.scenes import board

OUT_OF_SCOPE = Text("本人のほかの個人情報は扱わない。", "No personal data of anybody else.")
REMARK = Text(f"{RARE} が残りを進める。", f"{RARE} does the rest.")
PLAN = Text("説明計画の版", "Plan of explanations")
VOTES = {"chair": "for", "ext1": "against", "ext2": "for", "ext3": "for", "int1": "for"}


@pytest.mark.parametrize(("language", "kind"), [("ja", "sqlite"), ("en", "sqlite"), ("ja", "postgresql")])
def test_story(towns: Towns, language: str, kind: str, tmp_path: Path) -> None:
    with towns(language, kind) as town:
        board(town.made)
        case, screening = the_team_fills_and_submits(town, tmp_path)
        deciding.check_case(town("expert"), screening, "P2b")
        condition = the_board_decides(town, screening)
        deciding.report_condition(town("owner"), condition)
        deciding.verify_condition(town("expert2"), condition)
        the_auditor_takes_the_report(town, case, tmp_path)
        the_ledger_is_whole(town("auditor"))


# --- the team --------------------------------------------------------------------------------------------------------


def the_team_fills_and_submits(town: Town, folder: Path) -> tuple[str, str]:
    owner = town("owner")
    case = filling.register(owner)
    filling.invite(owner, case, "member", "member")
    filling.invite(owner, case, "approver", "approver")
    screening = filling.start_planning(owner, case)
    member = town("member")
    the_triggers_lead_to_the_board(member, screening)
    filling.fill_items(member, screening, sheets(folder))
    the_gap_is_named_and_filled(member)
    what_was_entered_is_there(member, screening)
    owner.open(f"{screening}/submit")
    owner.press("提出する")
    owner.sees(town.said(Text("専門チームの審査を待っています", "It waits for the expert team")))
    return case, screening


def sheets(folder: Path) -> dict[str, Sheet]:
    proof = folder / "hazards.txt"
    proof.write_text("危害の一覧", encoding="utf-8")
    return {
        "safety": Sheet({"P1a": Reply("done_evidenced", file=proof)}),
        "privacy": Sheet(
            {"P2b": Reply("not_applicable", OUT_OF_SCOPE), "P2c": Reply("partial", REMARK, due="2027-01-29")}
        ),
        "fairness": Sheet(grades=(3, 3)),
        "transparency": Sheet({"P5a": Reply("done_evidenced", url="https://wiki.example/plan", title=PLAN)}),
        "compliance": Sheet(left_open=("P7d",)),
    }


def the_triggers_lead_to_the_board(member: Person, screening: str) -> None:
    member.open(f"{screening}/triggers")
    filling.open_follow_up(member)
    filling.fill_triggers(member, yes=("T02", "T10"), left_open="T19")
    member.press("判定シートを終える")
    member.reads("まだ提出できません。%(n)sか所を直してください。ほかの回答は保存されています", n=1)
    member.page.locator(".error-summary a").click()
    member.choose("T19", "no")
    member.press("判定シートを終える")
    member.sees(member.town.said(Text("委員会", "Board")), within="aside")


def the_gap_is_named_and_filled(member: Person) -> None:
    member.reads("まだ提出できません。%(num)sか所を直してください", num=1)
    member.page.locator('.error-summary a[href$="#P7d"]').click()
    member.page.wait_for_url("**/items/compliance*#P7d")
    member.choose("P7d", "done")
    member.press("保存して確認へ")
    member.reads("責任者の提出を待っています")


def what_was_entered_is_there(member: Person, screening: str) -> None:
    member.open(f"{screening}/items/privacy")
    assert member.page.locator("#P2c-remark").input_value() == member.town.said(REMARK)
    assert member.page.locator("#P2c-due").input_value() == "2027-01-29"
    member.open(f"{screening}/items/safety")
    member.sees("hazards.txt", within="article#P1a")


# --- the committee ---------------------------------------------------------------------------------------------------


def the_board_decides(town: Town, screening: str) -> str:
    secretariat = town("secretariat")
    meeting = deciding.plan_meeting(secretariat, town.said(filling.PARTICULARS["name"]))
    town.days_later(9)
    item = deciding.open_meeting(secretariat, meeting)
    deciding.recuse(secretariat, "int2")
    deciding.put_to_vote(secretariat, owner="owner", verifier="expert2")
    the_recused_member_sees_nothing(town("int2"), meeting, item)
    deciding.vote(town, item, VOTES)
    chair = town("chair")
    deciding.decide(chair, item)
    chair.sees(town.said(deciding.RATIONALE))
    path = chair.page.locator('main a[href^="/conditions/"]').first.get_attribute("href")
    secretariat.open(meeting)
    secretariat.press("閉会する")
    assert path
    return path


def the_recused_member_sees_nothing(member: Person, meeting: str, item: str) -> None:
    member.open(meeting)
    member.reads("退席した議題")
    member.sees_none(member.town.said(filling.PARTICULARS["name"]))
    assert member.page.goto(item).status == 404


# --- the auditor -----------------------------------------------------------------------------------------------------


def the_auditor_takes_the_report(town: Town, case: str, folder: Path) -> None:
    the_secretariat_issues(town("secretariat"), case)
    auditor = town("auditor")
    auditor.open("/reports")
    auditor.page.locator('main table a[href^="/reports/"]').first.click()
    auditor.page.wait_for_url("**/reports/*")
    auditor.looks_right()
    assert not violations(auditor.page)
    digest = auditor.page.locator("dd .mono").first.inner_text()
    with auditor.page.expect_download() as waiting:
        auditor.page.locator('a[href$="/file"]').first.click()
    kept = folder / "report.pdf"
    waiting.value.save_as(kept)
    printed = bare("".join(page.extract_text() for page in PdfReader(kept).pages))
    said = [deciding.RATIONALE, deciding.CONDITION, deciding.DISSENT, deciding.ISSUES, deciding.OPINION, OUT_OF_SCOPE]
    said.append(Text("条件付承認", "Approved with conditions"))
    missing = [words for words in map(town.said, said) if bare(words) not in printed]
    assert not missing
    assert (
        bare("𠮷田・髙橋さん〔U+1F600〕") in printed
    )  # the fonts have no emoji; its number is printed, the record keeps it
    assert bare(digest) in printed


def the_secretariat_issues(secretariat: Person, case: str) -> None:
    secretariat.open(case)
    secretariat.follow("報告書を作る")
    secretariat.fill("purpose", secretariat.town.said(Text("内部監査への提出", "For the internal audit")))
    secretariat.choose("lang", secretariat.town.language)
    secretariat.press("発行する", patience=120)
    secretariat.sees(secretariat.town.said(Text("報告書を発行しました。", "The report was issued.")))


def the_ledger_is_whole(auditor: Person) -> None:
    auditor.open("/ledger")
    auditor.press("検証する", patience=60)
    auditor.reads("監査台帳は完全です")


def bare(text: str) -> str:
    """Return the text without blanks: a PDF breaks lines where it likes."""
    return re.sub(r"\s", "", text)
