"""What opening a page of questions costs in a real browser that has never seen the service (performance.md P14).

Run `python -m bench.opening [sqlite|postgresql]`; it needs Chromium (`./run e2e` installs it). Requests and bytes are those on the
wire; "first input" is when an answer can be chosen: the page is drawn, its scripts have run, and a click marks the choice.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench import page
from bench.stage import Seat, served, stage
from tests.browser.looks import CHROMIUM, QUIET

REPEATS = 7
PEER_FIRST_INPUT_S = 0.55
READY = """async () => {
  const choice = document.querySelector('main input[type=radio]');
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  choice.click();
  return { at: performance.now(), marked: choice.checked };
}"""


def opened(browser: Browser, port: int, seat: Seat) -> tuple[int, int, float]:
    """Open the page with an empty cache; return requests, bytes on the wire, and seconds until an answer was marked."""
    name, _, value = seat.cookie.partition("=")
    context = browser.new_context(locale="ja-JP")
    context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{port}"}])
    tab = context.new_page()
    wire = context.new_cdp_session(tab)
    wire.send("Network.enable")
    sizes: list[int] = []

    def note(event: dict[str, Any]) -> None:
        sizes.append(int(event["encodedDataLength"]))

    wire.on("Network.loadingFinished", note)
    tab.goto(f"http://127.0.0.1:{port}/screenings/{seat.screening}/items/safety", wait_until="load")
    ready = tab.evaluate(READY)
    assert ready["marked"]
    context.close()
    return len(sizes), sum(sizes), ready["at"] / 1000


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
    requests, size, first = (statistics.median(each) for each in zip(*found, strict=True))
    say(
        f"cold open of {questions} questions on {kind}: {requests:.0f} requests (goal 8), {size / 1000:.0f} kB (goal 150),"
        f" first input {first:.2f} s = {first / PEER_FIRST_INPUT_S:.2f}x peer (goal 0.5)"
    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "sqlite")
