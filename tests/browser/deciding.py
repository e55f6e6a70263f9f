"""How a case is checked, decided and followed up: the acts of the expert, the secretariat, the members and the condition's people."""

from __future__ import annotations

from datetime import timedelta

from governance.texts import Text
from tests.browser.people import Person, Town

OPINION = Text(
    "条件を付ければ実施できる。説明の記録を求める。", "Acceptable with a condition: records of explanations."
)
ISSUES = Text("論点：拒否の機会。解決：窓口を設ける。", "Issue: a chance to object. Resolved: a contact point.")
DISSENT = Text("掲示だけでは拒否の機会にならない。", "A notice alone gives nobody a chance to object.")
RATIONALE = Text("用途の限定により、残る影響を許容できる。", "With the narrow use the remaining impact is acceptable.")
CONDITION = Text("説明した内容を記録し、3か月分を示す", "Record what was explained and show three months of it")
RECUSAL = Text("設計部で開発を支援したため", "Supported the development in Design")
REPORT = Text("8月から10月の説明を記録し、一覧にした。", "Explanations from August to October are recorded and listed.")
VERDICT = Text("記録と一覧を照らし、欠けがないことを確かめた。", "Records and list compared; nothing is missing.")
PRESENT = {
    "chair": "in_person",
    "ext1": "in_person",
    "ext2": "remote",
    "ext3": "in_person",
    "int1": "in_person",
    "int2": "in_person",
}


def check_case(expert: Person, screening: str, not_applicable: str) -> None:
    """Take the case from the desk, accept the reason of a 該当なし, and recommend an approval with conditions."""
    town = expert.town
    expert.open("/reviews")
    expert.page.locator(f'a[href$="{screening.replace("screenings", "reviews")}"]').first.click()
    expert.page.wait_for_url("**/reviews/*")
    expert.looks_right()
    expert.press("担当する")
    expert.sees(town.said(Text("審査の担当になりました。", "You are now the reviewer of this case.")))
    pre_check(expert)
    ruling = f"article#{not_applicable}"
    expert.page.locator(f"{ruling} [name=reason]").fill(
        town.said(Text("対象の外であることを確かめた。", "Confirmed: out of scope."))
    )
    expert.press("理由を受理する", within=ruling)
    expert.sees(town.said(Text("判断を記録しました。", "The ruling was recorded.")))
    expert.choose("recommendation", "approved_with_conditions")
    expert.press("意見を出す")  # without a word: refused, and the choice stays
    assert expert.page.locator('[value="approved_with_conditions"]').is_checked()
    expert.fill("opinion", town.said(OPINION))
    expert.press("意見を出す")
    expert.sees(town.said(Text("意見を出しました。", "The opinion was given.")))


def pre_check(expert: Person) -> None:
    """Settle the checklist; without a note nothing begins."""
    town = expert.town
    expert.press("事前確認を終えて審査を始める")
    expert.looks_right()
    for item in ("completeness", "triggers", "evidence", "conflicts"):
        expert.choose(f"check-{item}", "met")
        expert.fill(f"check-{item}-note", town.said(Text("開いて確かめた。", "Opened and checked.")))
    expert.press("事前確認を終えて審査を始める")
    expert.sees(town.said(Text("事前確認を終えました。", "The pre-check is done")))


def plan_meeting(secretariat: Person, project: str) -> str:
    """Plan a meeting in nine days, put the case on its agenda and send the materials; return its path."""
    town = secretariat.town
    secretariat.open("/committees")
    secretariat.page.locator('main a[href^="/committees/"]').first.click()
    secretariat.page.wait_for_url("**/committees/*")
    secretariat.follow("会議を計画する", first=True)
    starts = (town.made.now + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M")
    for name, value in (("starts_at", starts), ("place", "第2会議室"), ("place_en", "Room 2")):
        secretariat.fill(name, value)
    secretariat.press("計画する")
    secretariat.press("議題に加える")
    secretariat.sees(project, within="nav.rail")
    secretariat.press("資料を送付する")
    secretariat.sees(town.said(Text("資料の送付を記録しました。", "The materials went out.")))
    return secretariat.path


def open_meeting(secretariat: Person, meeting: str) -> str:
    """Open the meeting, record who came and go to the first item; return its path."""
    secretariat.again("secretariat", meeting)
    secretariat.press("開会する")
    for name, mode in PRESENT.items():
        shown = secretariat.town.made.people[name].name_in(secretariat.town.language)
        line = secretariat.page.locator("tr").filter(has_text=shown)
        line.locator(f'input[value="{mode}"]').check()
    secretariat.press("選んだ出席を記録する")
    secretariat.follow("議題を開く")
    return secretariat.path


def recuse(secretariat: Person, name: str) -> None:
    """Record that a member steps back: the same department is shown as a possible conflict."""
    shown = secretariat.town.made.people[name].name_in(secretariat.town.language)
    box = secretariat.page.locator("#recusal form.notice").filter(has_text=shown)
    box.locator('[name="reason"]').fill(secretariat.town.said(RECUSAL))
    with secretariat.page.expect_navigation():
        box.get_by_role("button").click()
    secretariat.sees(secretariat.town.said(RECUSAL), within="section[aria-labelledby=attendance]")


def put_to_vote(secretariat: Person, owner: str, verifier: str) -> None:
    """Open the discussion, keep its issues, and put an approval with one condition to the vote; the condition is bound to it."""
    town = secretariat.town
    secretariat.press("審議を始める")
    secretariat.fill("issues", town.said(ISSUES))
    secretariat.press("論点を保存する")
    secretariat.choose("motion", "approved_with_conditions")
    secretariat.fill("conditions-0-text", town.said(CONDITION))
    secretariat.page.locator('[name="conditions-0-kind"]').select_option("pre_launch")
    secretariat.fill("conditions-0-due_on", (town.made.now + timedelta(days=60)).strftime("%Y-%m-%d"))
    for part, name in (("owner", owner), ("verifier", verifier)):
        secretariat.select(f"conditions-0-{part}", town.made.people[name].name_in(town.language))
    secretariat.press("採決を始める")
    secretariat.sees(town.said(Text("採決を始めました。", "The vote is open.")))


def vote(town: Town, item: str, choices: dict[str, str]) -> None:
    """Let the members vote on their own devices; who votes against says why."""
    for name, choice in choices.items():
        member = town(name)
        member.open(item)
        member.choose("choice", choice)
        if choice == "against":
            member.fill("dissent", town.said(DISSENT))
        member.press("投票する")
        member.sees(town.said(Text("投票を記録しました。", "Your vote is recorded.")))


def decide(chair: Person, item: str) -> None:
    """Record the decision with the condition that was voted on; it is refused until it was read aloud, and nothing is lost."""
    town = chair.town
    chair.open(item)
    chair.fill("rationale", town.said(RATIONALE))
    chair.sees(town.said(CONDITION), within="#conditions")
    sure = town.said(Text("「条件付承認」で確定する", "Record “"))
    chair.press_words(sure)
    chair.reads("記録できませんでした。理由は次の%(num)s件です", num=1)
    assert chair.page.locator('[name="rationale"]').input_value() == town.said(RATIONALE)
    chair.choose("read_aloud", "1")
    chair.press_words(sure)
    chair.sees(town.said(Text("審査結果を確定しました。", "The decision is recorded.")))


def report_condition(owner: Person, condition: str) -> None:
    """Report on the condition with a link; the one who reports finds no way to verify."""
    owner.open(condition)
    owner.fill("report", owner.town.said(REPORT))
    owner.fill("url", "https://wiki.example/explanations")
    owner.fill("title", owner.town.said(Text("説明の一覧", "List of explanations")))
    owner.press("確認者に提出する")
    assert not owner.page.locator('[value="verify"]').count()


def verify_condition(verifier: Person, condition: str) -> None:
    """Verify the condition."""
    verifier.open(condition)
    verifier.sees(verifier.town.said(REPORT))
    verifier.fill("verdict", verifier.town.said(VERDICT))
    verifier.press("条件を満たしていると確認する")
    verifier.reads("この条件は完了しています")
