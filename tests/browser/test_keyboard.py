"""A whole phase filled without a mouse, wide and on a phone: trigger sheet, every item page with ratings and remarks, submission.

The way leads by Tab through every place where the page stops; each shows the focus, in sight and not under a bar, while answers
are being saved beside the typing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from governance.screenings.models import Answer, Screening
from governance.screenings.rules import EDITABLE
from tests.browser.conftest import Towns
from tests.browser.filling import ITEMS, REASON, SAMPLE
from tests.browser.people import PHONE, WIDE, Person
from tests.builders import opened, registered

_HERE = """() => {
  const here = document.activeElement, style = getComputedStyle(here.closest('.choice') || here), own = getComputedStyle(here);
  const drawn = s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0;
  const box = here.getBoundingClientRect();
  const y = (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2;
  const bar = document.elementFromPoint(box.left + box.width / 2, y)?.closest('.savebar, .site-head, .stick');
  const group = here.type === 'radio' ? [...document.querySelectorAll(`input[name="${here.name}"]`)] : [];
  return {
    name: here.name || '', kind: here.type || '', tag: here.tagName, href: here.getAttribute('href') || '',
    values: group.map(e => e.value), ringed: drawn(style) || drawn(own), inView: box.bottom > 0 && box.top < innerHeight,
    covered: Boolean(bar && !bar.contains(here)), number: here.inputMode === 'decimal', words: here.textContent.trim().slice(0, 40),
  };
}"""
_MICE = """() => {
  window.mice = Number(sessionStorage.mice || 0);
  addEventListener('pointerdown', () => { sessionStorage.mice = ++window.mice; }, true);
}"""
FAR = 400
"""More presses of Tab than any page has places to stop."""
YES = ("T10",)


@dataclass(frozen=True)
class Stop:
    """Where the focus stands, and how it is seen."""

    name: str
    kind: str
    tag: str
    href: str
    values: list[str]
    ringed: bool
    inView: bool  # noqa: N815 as the page says it
    covered: bool
    number: bool
    words: str

    @property
    def key(self) -> str:
        """The question of this field."""
        return self.name.partition("-")[0]


@pytest.mark.parametrize(("language", "size"), [("ja", WIDE), ("en", PHONE)], ids=["ja-wide", "en-phone"])
def test_a_phase_is_filled_and_submitted_by_keyboard(towns: Towns, language: str, size: tuple[int, int]) -> None:
    with towns(language) as town:
        town.mixed = True  # the project was registered in Japanese
        screening = opened(town.made, registered(town.made))
        owner = town.arrival("owner", size)
        owner.sign_in("owner")
        owner.page.add_init_script(f"({_MICE})()")
        owner.open(f"/screenings/{screening}/triggers")
        skip_to_the_content(owner)
        leave_by(owner, fill(owner))
        owner.open(f"/screenings/{screening}/items/{ITEMS[0]}")
        for place, item in enumerate(ITEMS):
            owner.page.wait_for_url(f"**/items/{item}*")
            leave = fill(owner)
            saved_meanwhile(owner)
            leave_by(owner, leave)
            assert place + 1 < len(ITEMS) or owner.path.endswith("/submit")
        submit(owner)
        assert not owner.page.evaluate("Number(sessionStorage.mice || 0)")
        what_was_typed_is_there(owner, screening)


def stops(person: Person) -> Iterator[Stop]:
    """Walk the page by Tab and return each place where it stops; every one shows that it has the focus."""
    for _ in range(FAR):
        person.page.keyboard.press("Tab")
        here = Stop(**person.page.evaluate(_HERE))
        assert here.ringed or here.kind == "date", (
            f"no ring around {here}"
        )  # the parts of a date are ringed by the browser
        assert here.inView, f"focus out of sight at {here}"
        assert not here.covered, f"focus under a bar at {here}"
        yield here
    raise AssertionError("the way through the page does not end")


def skip_to_the_content(person: Person) -> None:
    """The first stop of every page leads past the navigation."""
    first = next(stops(person))
    assert first.href == "#main"
    person.page.keyboard.press("Enter")
    assert person.page.evaluate("document.activeElement.id") == "main"


def fill(person: Person) -> Stop:
    """Answer every question on the way through the page; return the button that leads on."""
    done: set[str] = set()
    end = person.town.words("判定シートを終える")
    for here in stops(person):
        if here.tag == "BUTTON" and (here.name == "next" or here.words == end):
            return here
        if here.name and (here.name not in done or here.kind == "date"):
            done.add(here.name)
            enter(person, here)
    raise AssertionError("no button leads on")


def enter(person: Person, here: Stop) -> None:
    """Answer the field that has the focus: arrows for a choice, words for a text."""
    keys = person.page.keyboard
    if here.kind == "radio":
        keys.press("Space")
        for _ in range(here.values.index(wanted(here))):
            keys.press("ArrowRight")
    elif here.kind == "checkbox" and here.name == here.key:
        keys.press("Space")
    elif here.kind == "textarea":
        keys.insert_text(person.town.said(REASON))
    elif here.kind == "text" and not here.name.endswith(("-url", "-title", "-due")):
        keys.insert_text("1" if here.number else person.town.said(SAMPLE))
    elif here.kind == "select-one":
        keys.press("ArrowDown")
    elif here.kind == "date":
        keys.press("ArrowUp")  # year, month and day are stops of their own


def wanted(here: Stop) -> str:
    """Return the answer to a group of choices: controls in place, no trigger but those listed, the lowest grade, else the first."""
    plain = "yes" if here.name in YES else "no"
    return next((value for value in ("done", plain) if value in here.values), here.values[0])


def saved_meanwhile(person: Person) -> None:
    """What was answered first has been saved by itself by now."""
    expect(person.page.locator("article[data-unit]").first).to_have_attribute("data-stands", "saved", timeout=20_000)


def leave_by(person: Person, button: Stop) -> None:
    """Press the button that has the focus and look at the page that comes."""
    assert button.tag == "BUTTON"
    with person.page.expect_navigation(timeout=60_000):
        person.page.keyboard.press("Enter")
    person.looks_right()


def submit(person: Person) -> None:
    assert not person.page.locator(".error-summary li").all_inner_texts()
    send = person.town.words("提出する")
    leave_by(person, next(here for here in stops(person) if here.tag == "BUTTON" and here.words == send))


def what_was_typed_is_there(person: Person, screening: str) -> None:
    with person.town.made.acting("auditor", read_only=True) as work:
        row = work.session.get_one(Screening, screening)
        assert row.state not in EDITABLE
        held = work.session.query(Answer).filter_by(screening_id=screening)
        values = {each.question_key: each.value for each in held}
        remarks = {each.remark for each in held if not each.question_key.startswith("T")}
    assert [key for key, value in values.items() if value == "yes" and key.startswith("T")] == list(YES)
    assert {value for key, value in values.items() if key.startswith("P1")} == {"done"}
    assert remarks == {person.town.said(REASON)}
