"""What must hold for the looks of any page: nothing beyond the edge, accessible by the rules of axe, one language."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"]
AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_BEYOND = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_JAPANESE = """() => {
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walk.nextNode());) {
    const here = node.parentElement;
    if (/[\\u3040-\\u30ff\\u4e00-\\u9fff]/.test(node.data) && !here.closest("script, textarea, [lang=ja]")) found.push(node.data.trim());
  }
  return found;
}"""
_ENTERED = ("𠮷", "髙")
"""Characters of names that the story enters on purpose."""


@cache
def axe() -> str:
    """Return the script of axe-core."""
    return AXE.read_text(encoding="utf-8")


def violations(page: Page, rules: list[str] | None = None) -> list[str]:
    """Return what axe finds against WCAG 2.2 AA, or against these rules: rule, what it is about, and the first places."""
    page.evaluate(axe())
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": RULES}
    run: dict[str, Any] = page.evaluate("only => axe.run(document, {runOnly: only, resultTypes: ['violations']})", only)
    return [
        f"{one['id']} ({one['help']}): " + "; ".join(" ".join(map(str, node["target"])) for node in one["nodes"][:3])
        for one in run["violations"]
    ]


def width_beyond(page: Page) -> int:
    """Return by how many pixels the page can be scrolled sideways."""
    return int(page.evaluate(_BEYOND))


def japanese_left(page: Page) -> list[str]:
    """Return the Japanese words on a page that is shown in English, but for names entered on purpose."""
    return [text for text in page.evaluate(_JAPANESE) if not any(mark in text for mark in _ENTERED)]
