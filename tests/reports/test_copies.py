"""Word, workbook and JSON of a report say what the PDF says, whatever letters people entered."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import jsonschema
import pytest
from docx import Document
from docx.oxml.ns import qn
from python_calamine import CalamineWorkbook

from governance.reports.as_docx import as_docx
from governance.reports.as_xlsx import as_xlsx
from governance.reports.record_schema import case_schema
from governance.reports.render import Issue, render_html
from governance.reports.visible import visible
from tests.reports.invented import case

AT = datetime(2026, 11, 2, 3, tzinfo=UTC)
HOSTILE = "𠮷野家 髙﨑 <b>=1+1</b> مرحبا بالعالم 🙂\x01\u202e 終わり & _x0041_"


@pytest.fixture(scope="module")
def content() -> Any:
    """A case with texts that files do not like."""
    made = copy.deepcopy(case())
    made["details"][0]["summary"] = HOSTILE
    made["scope"][0]["text"] = HOSTILE
    return made


class Words(HTMLParser):
    """The words of a page as a reader meets them, drawings left out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.skipped = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.skipped += tag in ("svg", "head")

    def handle_endtag(self, tag: str) -> None:
        self.skipped -= tag in ("svg", "head")

    def handle_data(self, data: str) -> None:
        if not self.skipped:
            self.found.append(data)


def close(text: str) -> str:
    """Return a text without blanks."""
    return re.sub(r"\s", "", text)


def texts(value: Any) -> Iterator[str]:
    """Return every text of a record."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("lang", ["ja", "both"])
def test_the_word_file_says_what_the_page_says(content: Any, lang: Any) -> None:
    page = render_html(content, lang=lang, issue=Issue("N-1", AT, "提出"), drawn=False)
    document = Document(BytesIO(as_docx(page, number="N-1", title="T", note="写し", at=AT)))
    said = Words()
    said.feed(page)
    written = close("".join(node.text or "" for node in document.element.body.iter(qn("w:t"))))
    assert written == close("写し" + visible("".join(said.found)))
    assert close(visible(HOSTILE)) in written
    assert "〔U+0001〕〔U+202E〕" in written
    turned = [
        run for run in document.element.body.iter(qn("w:r")) if run.find(f"{qn('w:rPr')}/{qn('w:rtl')}") is not None
    ]
    assert any("مرحبا" in "".join(run.itertext()) for run in turned)
    assert [each.style.name for each in document.paragraphs if each.style.name == "Heading 1"]
    assert not document.element.body.findall(f".//{qn('w:instrText')}")


def test_the_template_of_the_house_is_kept(content: Any, tmp_path: Any) -> None:
    house = Document()
    house.sections[0].header.paragraphs[0].text = "架空電機の用紙"
    house.styles["Heading 1"].font.name = "House Font"
    house.save(tmp_path / "house.docx")
    page = render_html(content, lang="ja", issue=Issue("N-1", AT, "提出"))
    made = as_docx(page, number="N-1", title="T", note="写し", at=AT, template=tmp_path / "house.docx")
    document = Document(BytesIO(made))
    assert document.sections[0].header.paragraphs[0].text == "架空電機の用紙"
    assert document.styles["Heading 1"].font.name == "House Font"


def test_every_value_of_the_record_stands_in_the_workbook_as_text(content: Any) -> None:
    long = copy.deepcopy(content)
    long["scope"][1]["text"] = "長" * 40_000
    book = CalamineWorkbook.from_filelike(BytesIO(as_xlsx(long, title="T", at=AT)))
    cells = {str(cell) for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for cell in row}
    missing = [
        text
        for text in texts(long)
        if len(text) in range(1, 40_000) and text not in cells and visible(text) not in cells
    ]
    assert missing == []
    assert any(cell.endswith("the whole text is in record.json〕") for cell in cells)


def test_the_record_keeps_its_published_shape() -> None:
    schema = case_schema()
    checker = jsonschema.Draft202012Validator(schema)
    checker.check_schema(schema)
    record: Any = case()
    checker.validate(record)
    for wrong in (
        record | {"more": 1},
        {key: record[key] for key in record if key != "risk"},
        record | {"schema": "other"},
    ):
        assert not checker.is_valid(wrong)
