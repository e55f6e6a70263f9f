"""What opening a page of questions costs in a real browser that has never seen the service (performance.md P14).

Run `python -m bench.opening [sqlite|postgresql]`; it needs Chromium (`./run e2e` installs it). Requests and bytes are those on the
wire. "First input" is told by the page itself, from the start of the navigation: its scripts have run, a frame with the question was
drawn, and an answer that is focused and pressed is marked. Afterwards real keys go to the same page: an answer is chosen with the
space bar, a remark is typed, and the page says that they were saved.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench import page
from bench.stage import Seat, served, stage
from tests.browser.looks import CHROMIUM, QUIET

REPEATS = 7
PEER_FIRST_INPUT_S = 0.55
WATCH = """addEventListener("DOMContentLoaded", () => requestAnimationFrame(() => setTimeout(() => {
  const choice = document.querySelector("form[data-autosave] article input[type=radio]:not(:checked)");
  choice.focus();
  choice.click();
  const at = performance.now(), painted = performance.getEntriesByName("first-contentful-paint")[0];
  window.firstInput = { at, focused: document.activeElement === choice, marked: choice.checked, painted: painted?.startTime ?? at };
})))"""
"""Deferred scripts run before DOMContentLoaded; a task after the next frame begins when that frame was handed over for drawing."""

UNIT = "form[data-autosave] article"


def opened(browser: Browser, port: int, seat: Seat) -> tuple[int, int, float, float]:
    """Open the page with an empty cache; return requests, bytes on the wire, and seconds until an answer was marked and until paint."""
    name, _, value = seat.cookie.partition("=")
    context = browser.new_context(locale="ja-JP")
    context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{port}"}])
    tab = context.new_page()
    tab.add_init_script(WATCH)
    wire = context.new_cdp_session(tab)
    wire.send("Network.enable")
    sizes: list[int] = []

    def note(event: dict[str, Any]) -> None:
        sizes.append(int(event["encodedDataLength"]))

    wire.on("Network.loadingFinished", note)
    tab.goto(f"http://127.0.0.1:{port}/screenings/{seat.screening}/items/safety", wait_until="load")
    wait = tab.wait_for_function("window.firstInput")
    ready = wait.json_value()
    assert ready["focused"]
    assert ready["marked"]
    found = len(sizes), sum(sizes), max(ready["at"], ready["painted"]) / 1000, ready["painted"] / 1000
    _typed(tab)
    context.close()
    return found


def _typed(tab: Page) -> None:
    """Answer and write with real keys, and wait until the page says that both were saved."""
    unit = tab.locator(UNIT).nth(1)
    unit.locator("input[type=radio]:not(:checked)").first.focus()
    tab.keyboard.press("Space")
    unit.locator("textarea").first.focus()
    tab.keyboard.type("計測")
    assert unit.locator("textarea").first.input_value().endswith("計測")
    unit.locator("[data-unit-state] .saved").wait_for()


def main(kind: str = "sqlite", questions: int = 30, say: Callable[[str], None] = print) -> None:
    """Open the page several times and print the medians with the goals."""
    with (
        stage(kind, 1, page.documents(questions)) as (_, settings, [seat]),
        served(settings, 1) as port,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        found = [opened(browser, port, seat) for _ in range(REPEATS + 1)][1:]
        browser.close()
    requests, size, first, paint = (statistics.median(each) for each in zip(*found, strict=True))
    say(
        f"cold open of {questions} questions on {kind}: {requests:.0f} requests (goal 8), {size / 1000:.0f} kB (goal 150),"
        f" first input {first:.2f} s = {first / PEER_FIRST_INPUT_S:.2f}x peer (goal 0.5), first paint {paint:.2f} s"
    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "sqlite")
