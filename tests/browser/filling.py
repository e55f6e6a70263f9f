"""How a project team fills a screening: the acts of the pages from registering a project to the check before submitting.

Everything is done by pressing and typing on the page; the same acts serve with and without script, in both languages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import expect

from governance.texts import Text
from tests.browser.people import Person

RARE = "𠮷田・髙橋さん 😀"
"""A surrogate pair, a variant that older character sets lack, and an emoji: they come back as they were typed."""

ITEMS = ("safety", "privacy", "fairness", "proper-use", "transparency", "security", "compliance")
PARTICULARS = {
    "name": Text("架空の融資判断支援AI", "Imaginary credit advice"),
    "summary": Text(f"申込みの確かめを助ける。考案 {RARE}", f"It helps to check applications. Idea: {RARE}"),
    "customer": Text("見本銀行", "Sample Bank"),
    "end_subjects": Text("融資の申込者", "Applicants for credit"),
    "department": Text("設計部", "Design"),
}
REASON = Text("利用部門と確かめた。", "Checked with the users.")
SAMPLE = Text("見本", "Sample")


@dataclass
class Reply:
    """How one question is answered when it is not simply "done"."""

    value: str = "done"
    remark: Text | None = None
    due: str = ""
    file: Path | None = None
    url: str = ""
    title: Text | None = None


@dataclass
class Sheet:
    """How an item page is filled: the replies that differ, questions left open, the two grades."""

    replies: dict[str, Reply] = field(default_factory=dict)
    left_open: tuple[str, ...] = ()
    grades: tuple[int, int] = (1, 1)


def register(owner: Person) -> str:
    """Register a project from the home page; return the path of its case."""
    owner.open("/")
    owner.follow("案件を登録する", first=True)
    for name, text in PARTICULARS.items():
        owner.fill(name, owner.town.said(text))
    owner.fill("name_en", PARTICULARS["name"].en)
    owner.page.locator('select[name="sector"]').select_option("it")
    owner.choose("own_roles", "developer")
    owner.choose("techniques", "forecasting")
    owner.press("登録する")  # no region yet: said beside the field, and nothing typed is lost
    owner.reads("1つ以上選んでください。", within="#regions")
    owner.choose("regions", "japan")
    owner.press("登録する")
    owner.sees(owner.town.said(Text("案件を登録しました。", "Registered.")))
    owner.sees(RARE)
    return owner.path


def invite(owner: Person, case: str, name: str, part: str) -> None:
    """Add a person to the project."""
    owner.open(f"{case}/members")
    shown = owner.town.made.people[name].name_in(owner.town.language)
    owner.select("user_id", f"{shown}　")
    owner.page.locator('select[name="part"]').select_option(part)
    owner.press("加える")
    owner.sees(shown, within="table")


def start_planning(owner: Person, case: str) -> str:
    """Open the planning screening by the next step of the case; return its path."""
    owner.open(case)
    owner.page.locator(".next-step").get_by_role("button").click()
    owner.page.wait_for_url("**/triggers")
    owner.reads("判定シート", within="h1")
    return owner.path.removesuffix("/triggers")


def fill_triggers(person: Person, yes: tuple[str, ...], left_open: str = "") -> None:
    """Answer every question of the trigger sheet that is seen, "no" unless listed, but for one."""
    keys = person.page.locator("article.question").evaluate_all("all => all.map(e => e.id)")
    for key in keys:
        if key != left_open and person.page.locator(f"article#{key}").is_visible():
            person.choose(key, "yes" if key in yes else "no")


def open_follow_up(person: Person) -> None:
    """See a follow-up question open and close with the answer it hangs on, without asking the server."""
    follower = person.page.locator("article#T10a")
    expect(follower).to_be_hidden()
    person.choose("T10", "yes")
    expect(follower).to_be_visible()
    person.choose("T10", "no")
    expect(follower).to_be_hidden()
    person.choose("T10", "unknown")
    expect(follower).to_be_visible()


def fill_item(person: Person, sheet: Sheet) -> None:
    """Fill the item page that is shown: grades with reasons and every question."""
    item = person.path.partition("?")[0].rpartition("/")[2]
    for axis, grade in zip(("severity", "likelihood"), sheet.grades, strict=True):
        person.choose(f"rating-{item}-{axis}", str(grade))
        person.fill(f"rating-{item}-{axis}_reason", person.town.said(REASON))
    for key in person.page.locator("article.question").evaluate_all("all => all.map(e => e.id)"):
        if key not in sheet.left_open:
            answer(person, key, sheet.replies.get(key, Reply()))


def answer(person: Person, key: str, reply: Reply) -> None:
    """Answer one question with remark, date and evidence; a fact that is not asked on the scale gets its first sound value."""
    if person.page.locator(f'input[name="{key}"][value="{reply.value}"]').count():
        person.choose(key, reply.value)
    else:
        state_fact(person, key)
    if reply.remark:
        person.fill(f"{key}-remark", person.town.said(reply.remark))
    if reply.due:
        person.fill(f"{key}-due", reply.due)
    if reply.file or reply.url:
        person.page.locator(f"article#{key} details.fold > summary").click()
        if reply.title:
            person.fill(f"{key}-title", person.town.said(reply.title))
    if reply.file:
        person.page.locator(f"#{key}-file").set_input_files(reply.file)
    if reply.url:
        person.fill(f"{key}-url", reply.url)


def state_fact(person: Person, key: str) -> None:
    """Answer a question that asks for a fact: the first choice, a number, a day, a text, or one row of its table."""
    article = person.page.locator(f"article#{key}")
    choices = article.locator(f'input[type="radio"][name="{key}"], input[type="checkbox"][name="{key}"]')
    if choices.count():
        choices.first.check()
        return
    fields = article.locator(
        f'input[name="{key}"], [name="{key}-text"], input[name^="{key}-1-"], select[name^="{key}-1-"]'
    )
    for box in fields.all():
        if box.evaluate("e => e.tagName") == "SELECT":
            box.select_option(index=1)
        elif box.get_attribute("type") == "date":
            box.fill("2026-11-18")
        else:
            box.fill("1" if box.get_attribute("inputmode") == "decimal" else person.town.said(SAMPLE))


def fill_items(person: Person, screening: str, sheets: dict[str, Sheet]) -> None:
    """Fill all item pages one after the other, each saved by going to the next."""
    person.open(screening)
    person.page.locator(".next-step a").click()
    for item in ITEMS:
        person.page.wait_for_url(f"**/items/{item}*")
        fill_item(person, sheets.get(item, Sheet()))
        person.press("保存して次へ" if item != ITEMS[-1] else "保存して確認へ")
    person.reads("提出前の確認", within="h1")
