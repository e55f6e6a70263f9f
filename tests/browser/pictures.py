"""Takes the two pictures of the README from the demonstration: a page of the service and a page of a report.

`./run pictures` calls it, after `./run demo --no-serve` and with the same settings. The page of the report is drawn by `pdftoppm`
(Debian: poppler-utils).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from threading import Thread

from PIL import Image
from playwright.sync_api import sync_playwright
from pypdf import PdfReader
from werkzeug.serving import make_server

from governance.demo.scenes_cases import PASSWORD
from governance.settings import Settings, load
from governance.storage.database import Database
from governance.web import create_app
from tests.browser.looks import CHROMIUM, QUIET

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
LARGEST = 300 * 1024
COLOURS = 128
SOMEBODY = "jiro@demo.example"
REPORT = "*.dynamic-headway.ja.pdf"
PAGE = "段階を下げたか"
"""Words that only the page of the risk assessment has: a column of its table."""


def main() -> None:
    """Write `home.png` and `report.png`."""
    settings = load()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with serving(settings) as address:
        keep("home.png", home(address))
    keep("report.png", page_of(next((settings.data_dir / "reports").glob(REPORT))))


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Serve the demonstration on a free port while the picture is taken."""
    database = Database(settings.database_url)
    server = make_server("127.0.0.1", 0, create_app(settings, database), threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        database.dispose()


def home(address: str) -> bytes:
    """Return the work that waits for a project owner of the demonstration, one thing of it late."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(locale="ja-JP", timezone_id="Asia/Tokyo", viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/sign-in")
        page.locator("#email").fill(SOMEBODY)
        page.locator("#password").fill(PASSWORD)
        with page.expect_navigation():
            page.locator("form button[type=submit]").click()
        taken = page.screenshot()
        browser.close()
    return taken


def page_of(report: Path) -> bytes:
    """Return the page of a report on which the risk is drawn."""
    pages = PdfReader(report).pages
    number = next(n for n, page in enumerate(pages, 1) if PAGE in page.extract_text())
    command = ["pdftoppm", "-png", "-r", "90", "-f", str(number), "-l", str(number), str(report)]
    return subprocess.run(command, check=True, capture_output=True).stdout


def keep(name: str, taken: bytes) -> None:
    """Write a picture with few colours, so that it stays small."""
    path = FOLDER / name
    Image.open(BytesIO(taken)).convert("RGB").quantize(COLOURS).save(path, optimize=True)
    assert path.stat().st_size < LARGEST, f"{path} is larger than {LARGEST} bytes"


if __name__ == "__main__":
    main()
