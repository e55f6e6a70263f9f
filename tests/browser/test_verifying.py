"""The check page in a real browser: a report is judged there, by whoever has it, and nothing of it leaves the device."""

from __future__ import annotations

import random

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import Towns
from tests.reports.proof_cases import OURS, Case, Layout, case, placed
from tests.reports.proof_twists import flipped


def given(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def states(page: Page) -> list[str | None]:
    return [page.locator(f"[data-part={kind}]").get_attribute("data-state") for kind in ("record", "file", "history")]


def true_case() -> Case:
    parts = placed(random.Random(3), 3, 5, 6, 9, 7)
    parts.layout = Layout(packed=True)
    return case(parts)


def test_a_report_is_checked_in_the_browser_and_sent_nowhere(towns: Towns) -> None:
    made = true_case()
    assert made.sidecar
    assert made.saved
    with towns("ja") as town:
        auditor = town.arrival("auditor")
        auditor.open("/verify")
        page = auditor.page
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        expect(page.locator("[data-part=result]")).to_be_hidden()
        page.locator("[data-part=pdf]").set_input_files(given("AIG-1.ja.pdf", made.pdf))
        auditor.reads("信頼する鍵")
        expect(page.locator("[data-part=record]")).to_have_attribute("data-code", "no_key")
        page.locator("[data-part=key]").fill(OURS.vkey)
        page.locator("[data-part=key]").blur()
        expect(page.locator("[data-part=record]")).to_have_attribute("data-state", "ok")
        assert states(page) == ["ok", "unchecked", "unchecked"]
        page.locator("[data-part=sidecar]").set_input_files(given("AIG-1.ja.pdf.tlog-proof", made.sidecar))
        page.locator("[data-part=saved]").set_input_files(given("checkpoint.txt", made.saved))
        page.locator("[data-part=consistency]").set_input_files(
            [given(f"{i}", each) for i, each in enumerate(made.consistency)]
        )
        expect(page.locator("[data-part=history]")).to_have_attribute("data-state", "ok")
        assert states(page) == ["ok", "ok", "ok"]
        auditor.looks_right()
        page.locator("[data-part=pdf]").set_input_files(given("AIG-1.ja.pdf", flipped(random.Random(5))(made.pdf)))
        expect(page.locator("[data-part=file]")).to_have_attribute("data-code", "file")
        auditor.reads("発行後に変えられたか")
        page.locator("[data-part=pdf]").set_input_files(given("note.pdf", b"no report"))
        expect(page.locator("[data-part=record]")).to_have_attribute("data-code", "revision")
        assert asked == []
