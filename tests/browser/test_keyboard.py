"""One item page filled without a mouse: the way into the content, the order of the fields, radios by arrow and space, sending by Enter."""

from __future__ import annotations

from collections.abc import Iterator

from tests.browser import filling
from tests.browser.conftest import Towns
from tests.browser.people import Person

_HERE = """() => {
  const here = document.activeElement, style = getComputedStyle(here.closest('.choice') || here), own = getComputedStyle(here);
  const drawn = s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0;
  const box = here.getBoundingClientRect();
  return {
    name: here.name || '', type: here.type || '', key: here.closest('article')?.id || '', href: here.getAttribute('href') || '',
    ringed: drawn(style) || drawn(own), inView: box.bottom > 0 && box.top < innerHeight, press: here.tagName === 'BUTTON',
  };
}"""
FAR = 400
"""More presses of Tab than any page has places to stop."""


def stops(person: Person) -> Iterator[dict[str, object]]:
    """Walk the page by Tab and return each place where it stops; every one shows that it has the focus."""
    for _ in range(FAR):
        person.page.keyboard.press("Tab")
        here = person.page.evaluate(_HERE)
        assert here["ringed"], f"no ring around {here}"
        assert here["inView"], f"focus out of sight at {here}"
        yield here


def test_an_item_page_is_filled_by_keyboard(towns: Towns) -> None:
    with towns("ja") as town:
        owner = town("owner")
        screening = filling.start_planning(owner, filling.register(owner))
        filling.fill_triggers(owner, yes=("T10",))
        owner.press("判定シートを終える")
        owner.open(f"{screening}/items/safety")
        keys = owner.page.keyboard
        skip_to_the_content(owner)
        for here in stops(owner):
            if here["type"] == "radio":
                keys.press("Space")  # the first answer
                if str(here["name"]).startswith("P"):
                    keys.press("ArrowRight")  # 実施済 without evidence
            elif here["type"] == "textarea":
                keys.type("確かめた。")
            elif here["press"] and here["name"] == "next":
                break
        with owner.page.expect_navigation():
            keys.press("Enter")
        assert owner.path.endswith("/items/privacy")
        everything_is_kept(owner, f"{screening}/items/safety")


def skip_to_the_content(person: Person) -> None:
    """The first stop of every page leads past the navigation."""
    first = next(stops(person))
    assert first["href"] == "#main"
    person.page.keyboard.press("Enter")
    assert person.page.evaluate("document.activeElement.id") == "main"


def everything_is_kept(person: Person, path: str) -> None:
    person.open(path)
    questions = person.page.locator("article.question")
    chosen = questions.locator("input[type=radio]:checked")
    assert chosen.evaluate_all("all => all.map(e => e.value)") == ["done"] * questions.count()
    assert person.page.locator('[name="rating-safety-severity"]:checked').input_value() == "1"
    assert person.page.locator('[name="rating-safety-likelihood_reason"]').input_value() == "確かめた。"
