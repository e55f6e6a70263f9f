"""The document of the workflow says what the tables say."""

from __future__ import annotations

from governance.paths import PACKAGE
from governance.reviews.drawing import document


def test_the_document_is_drawn_from_the_tables() -> None:
    told = (PACKAGE.parent / "docs" / "workflow.md").read_text(encoding="utf-8")
    assert told == document(), "write it again: python -m governance.reviews.drawing > docs/workflow.md"
