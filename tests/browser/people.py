"""People with browsers: each has a context of their own, signs in through the page and reads what the page shows.

Words are given in Japanese, the language of the source, and looked for in the language of the run.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from governance.catalogue import english
from governance.pages import limiter
from governance.texts import Text
from tests.browser.looks import japanese_left, width_beyond
from tests.builders import PASSWORD, World

WIDE, PHONE = (1280, 900), (390, 844)
PATIENCE = 10_000
"""Milliseconds until something expected counts as missing: two test runs may share the machine."""


class Town:
    """The people of one world; `town("owner")` is that person's browser, opened and signed in when first asked for."""

    def __init__(self, browser: Browser, address: str, made: World, language: str) -> None:
        self.browser = browser
        self.address = address
        self.made = made
        self.language = language
        self.scheme: Literal["light", "dark"] = "light"
        self.mixed = False  # whether texts were entered in the other language
        self.there: dict[str, Person] = {}

    def __call__(self, name: str) -> Person:
        person = self.there.get(name) or self.arrival(name)
        if not person.is_in:
            person.sign_in(name)
        return person

    def arrival(self, name: str = "", size: tuple[int, int] = WIDE, script: bool = True) -> Person:
        """Return a fresh browser that nobody has signed in with yet."""
        context = self.browser.new_context(
            base_url=self.address,
            locale={"ja": "ja-JP", "en": "en-GB"}[self.language],
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=script,
            color_scheme=self.scheme,
            timezone_id="Asia/Tokyo",
            accept_downloads=True,
        )
        context.set_default_timeout(PATIENCE)
        arrived = Person(self, context.new_page())
        self.there[name or f"visitor-{len(self.there)}"] = arrived
        return arrived

    def words(self, ja: str, **values: object) -> str:
        """Return a sentence of the interface in the language of the run."""
        said = english().gettext(ja) if self.language == "en" else ja
        return said % values if values else said.replace("%%", "%")

    def said(self, text: Text) -> str:
        """Return the side of a text that is read here."""
        return text.in_(self.language)

    def days_later(self, days: int) -> None:
        """Let days pass; everybody's sign-in has ended by then."""
        self.made.now += timedelta(days=days)
        for person in self.there.values():
            person.is_in = False

    def pictures(self, folder: Path) -> None:
        """Keep what everybody sees, to find out why a test failed."""
        for name, person in self.there.items():
            person.page.screenshot(path=folder / f"{name}.png", full_page=True)

    def leave(self) -> None:
        """Close all browsers; fail when a script failed or was blocked in one of them."""
        complaints = {name: person.complaints for name, person in self.there.items() if person.complaints}
        for person in self.there.values():
            person.page.context.close()
        assert not complaints


class Person:
    """One person's browser."""

    def __init__(self, town: Town, page: Page) -> None:
        self.town = town
        self.page = page
        self.is_in = False
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen)
        expect.set_options(PATIENCE)

    def _listen(self, message: ConsoleMessage) -> None:
        # an answer of 4xx is an answer; Chromium reports it as an error of the page
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    # ------------------------------------------------------------ going

    def sign_in(self, name: str, password: str = PASSWORD) -> None:
        """Sign in on the page that is shown, or on the page for it."""
        limiter.reset()  # many people sign in from one address here
        if not self.page.locator("#password").count():
            self.page.goto("/sign-in")
        self.page.locator("#email").fill(f"{name}@test.example")
        self.page.locator("#password").fill(password)
        self.press("サインインする")
        self.is_in = True

    def open(self, path: str) -> None:
        """Go to an address of the service."""
        self.page.goto(path)
        self.looks_right()

    def again(self, name: str, path: str) -> None:
        """Come back after the sign-in has ended: the page asks to sign in and then leads to where one was going."""
        self.page.goto(path)
        self.reads("サインインする")
        self.sign_in(name)
        assert self.path == path

    @property
    def path(self) -> str:
        """The address shown, without host and fragment."""
        return self.page.url.removeprefix(self.town.address).partition("#")[0]

    # ------------------------------------------------------------ acting

    def within(self, place: str | None) -> Page | Locator:
        """Return the part of the page that is meant, by a selector."""
        return self.page.locator(place) if place else self.page

    def press(
        self, ja: str, *, within: str | None = None, first: bool = False, patience: int = 30, **values: object
    ) -> None:
        """Press the button of these words and wait up to `patience` seconds for the next page."""
        self.press_words(self.town.words(ja, **values), within=within, first=first, patience=patience)

    def press_words(self, words: str, *, within: str | None = None, first: bool = False, patience: int = 30) -> None:
        """Press the button whose name begins with these words, as they are shown."""
        button = self.within(within).get_by_role("button", name=re.compile(f"^{re.escape(words)}"))
        with self.page.expect_navigation(timeout=patience * 1000):
            (button.first if first else button).click(timeout=patience * 1000)
        self.looks_right()

    def follow(self, ja: str, *, within: str | None = None, first: bool = False, **values: object) -> None:
        """Follow the link of these words."""
        link = self.within(within).get_by_role("link", name=self.town.words(ja, **values))
        (link.first if first else link).click()
        self.page.wait_for_load_state()
        self.looks_right()

    def fill(self, name: str, value: str) -> None:
        """Fill the field with this name."""
        self.page.locator(f'[name="{name}"]').fill(value)

    def choose(self, name: str, value: str) -> None:
        """Press the radio button or check box with this name and value."""
        self.page.locator(f'input[name="{name}"][value="{value}"]').check()

    def select(self, name: str, words: str) -> None:
        """Select the option whose words begin so."""
        box = self.page.locator(f'select[name="{name}"]')
        option = box.locator("option").filter(has_text=re.compile(f"^{re.escape(words)}"))
        box.select_option(value=option.first.get_attribute("value"))

    # ------------------------------------------------------------ reading

    def reads(self, ja: str, *, within: str | None = None, **values: object) -> None:
        """Expect a sentence of the interface to be visible."""
        self.sees(self.town.words(ja, **values), within=within)

    def sees(self, words: str, *, within: str | None = None) -> None:
        """Expect exactly these words, which somebody entered or the test spells out, to be visible somewhere."""
        expect(self.within(within).get_by_text(words).filter(visible=True).first).to_be_visible()

    def sees_none(self, words: str) -> None:
        """Expect these words nowhere on the page, seen or unseen."""
        assert words not in self.page.content()

    def looks_right(self) -> None:
        """Check what holds for every page: its language, a title, nothing beyond the right edge, no foreign words."""
        if not self.page.evaluate("document.documentElement.lang"):
            return
        assert self.page.evaluate("document.documentElement.lang") == self.town.language
        beyond = width_beyond(self.page)
        assert beyond <= 0, f"{self.page.url} scrolls sideways by {beyond}px"
        if self.town.language == "en" and not self.town.mixed:
            left = japanese_left(self.page)
            assert not left, f"{self.page.url} has Japanese words: {left}"
