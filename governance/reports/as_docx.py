"""A report as a Word file to work with: the same page as the PDF, so that nothing is said in one and missing in the other.

The page of a report is read as it is printed and its headings, paragraphs, lists and tables become Word's own; drawings stay in the
PDF, their numbers stand in the tables beside them. An organisation may give a template of its own (setting `report_word_template`):
its styles, margins, header and footer are kept. The file is a working copy and says so: what is proved is the PDF.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from governance.reports.visible import visible

_VOID = frozenset({"br", "col", "meta", "link", "img", "hr", "input"})
_SKIPPED = frozenset({"head", "style", "svg", "script"})
_HEADINGS = {
    "h1": "Title",
    "h2": "Heading 1",
    "h3": "Heading 2",
    "h4": "Heading 3",
    "caption": "Caption",
    "li": "List Bullet",
}
_TEXT = frozenset({*_HEADINGS, "p", "dt", "dd", "td", "th"})
_BLOCKS = frozenset(
    {*_TEXT, "table", "div", "section", "nav", "ul", "ol", "dl", "tr", "thead", "tbody", "header", "footer"}
)
_BOLD = frozenset({"b", "strong", "th", "dt"})
# Scripts that run from right to left, with the blanks and marks between their words.
_RTL = re.compile(
    "([\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff](?:[^A-Za-z\u3040-\u9fff]*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff])?)"
)
_FONT = "Yu Gothic"


@dataclass
class Node:
    """An element of the page."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Say whether the element has a class."""
        return name in self.attributes.get("class", "").split()

    def all(self, *tags: str) -> Iterator[Node]:
        """Return the elements of these names at any depth, not inside one another."""
        for child in self.children:
            if isinstance(child, Node):
                if child.tag in tags:
                    yield child
                else:
                    yield from child.all(*tags)


class _Reader(HTMLParser):
    """Builds the elements of a page that our own templates have written."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Node("")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in _VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in (node.tag for node in self.open):
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


@dataclass(frozen=True)
class _Look:
    bold: bool = False
    small: bool = False
    mono: bool = False

    def inside(self, node: Node) -> _Look:
        """Return the look of what stands in an element."""
        return _Look(
            self.bold or node.tag in _BOLD, self.small or node.has("sm") or node.has("e"), self.mono or node.has("mono")
        )


def _dress(run: Any, look: _Look, *, turned: bool) -> None:
    """Give a run its look; `turned`: it is read from right to left. What is not set costs nothing."""
    if look.bold:
        run.bold = True
    if look.small:
        run.font.size = Pt(8)
    if look.mono:
        run.font.name = "Consolas"
    if turned:
        run.font.rtl = True


class _Line:
    """One paragraph being written: blanks are drawn together as a page does, lines of entered text are kept."""

    def __init__(self, paragraph: Paragraph) -> None:
        self.paragraph = paragraph
        self.empty = True
        self.blank = False

    def text(self, text: str, look: _Look, *, kept: bool = False) -> None:
        """Write text."""
        for number, line in enumerate(text.split("\n") if kept else [text]):
            if number:
                self.turn()
            plain = re.sub(r"[ \t\r\n]+", " ", line)
            plain = plain.lstrip(" ") if self.empty or self.blank else plain
            if plain:
                self.blank = plain.endswith(" ")
                self._runs(plain, look)

    def _runs(self, text: str, look: _Look) -> None:
        self.empty = False
        for number, part in enumerate(_RTL.split(visible(text))):
            if part:
                _dress(self.paragraph.add_run(part), look, turned=bool(number % 2))

    def turn(self) -> None:
        """Begin a new line."""
        if not self.empty:
            self.paragraph.add_run().add_break()
            self.blank = True

    def write(self, node: Node, look: _Look) -> None:
        """Write what stands in an element, without the blocks in it."""
        for child in node.children:
            if isinstance(child, str):
                self.text(child, look, kept=node.has("u"))
            elif child.tag == "br":
                self.turn()
            elif child.tag not in _SKIPPED and child.tag not in _BLOCKS:
                if child.has("e"):
                    self.turn()
                self.write(child, look.inside(child))
                if child.tag == "i" and node.tag in {"h2", "h3", "a"}:
                    self.text("\u3000", look)


class _Writer:
    """Writes the blocks of a page into a document or a cell."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.styles = {style.name: style.style_id for style in document.styles}

    def blocks(self, place: Any, node: Node) -> None:
        """Write the blocks in an element, in their order."""
        for child in node.children:
            if isinstance(child, str) or child.tag in _SKIPPED:
                continue
            if child.tag == "table":
                self.table(place, child)
            elif child.tag in _TEXT:
                self.line(place.add_paragraph(), child)
                self.blocks(place, child)
            else:
                self.blocks(place, child)

    def line(self, paragraph: Paragraph, node: Node) -> None:
        """Write a heading or paragraph."""
        style = self.styles.get(_HEADINGS.get(node.tag, ""))
        if style:
            paragraph._p.style = style
        _Line(paragraph).write(node, _Look().inside(node))

    def table(self, place: Any, node: Node) -> None:
        """Write a table: spans kept, head repeated on each page."""
        for caption in node.all("caption"):
            self.line(place.add_paragraph(), caption)
        rows = [(row, part.tag == "thead") for part in node.all("thead", "tbody", "tr") for row in _rows(part)]
        width = max((sum(_span(cell, "colspan") for cell in row.all("td", "th")) for row, _ in rows), default=0)
        if not width:
            return
        table = place.add_table(0, width)
        if "Table Grid" in self.styles:
            table._tbl.tblStyle_val = self.styles["Table Grid"]
        table.autofit = True
        spans: dict[int, tuple[int, int]] = {}
        for row, head in rows:
            table._tbl.append(self._row(table, row, width, spans, head=head))
        if isinstance(place, _Cell):
            place.add_paragraph()

    def _row(self, table: Any, row: Node, width: int, spans: dict[int, tuple[int, int]], *, head: bool) -> Any:
        made = OxmlElement("w:tr")
        about = OxmlElement("w:trPr")
        about.append(OxmlElement("w:cantSplit"))
        if head:
            about.append(OxmlElement("w:tblHeader"))
        made.append(about)
        cells, column, above = list(row.all("td", "th")), 0, dict(spans)
        spans.clear()
        while column < width and (cells or any(at >= column for at in above)):
            wide, left = 1, 0
            if column in above:
                wide, left = above[column]
                made.append(_cell_of(wide, "continue"))
            elif cells:
                cell = cells.pop(0)
                wide, left = _span(cell, "colspan"), _span(cell, "rowspan")
                made.append(self._cell(table, cell, wide, left))
            else:
                made.append(_cell_of(1))
            if left > 1:
                spans[column] = (wide, left - 1)
            column += wide
        return made

    def _cell(self, table: Any, node: Node, wide: int, deep: int) -> Any:
        made = _cell_of(wide, "restart" if deep > 1 else "")
        cell = _Cell(made, table)
        self.line(cell.paragraphs[0], node)
        self.blocks(cell, node)
        if len(cell.paragraphs) > 1 and not cell.paragraphs[0].runs:
            made.remove(cell.paragraphs[0]._p)
        return made


def _rows(part: Node) -> Iterator[Node]:
    return iter([part]) if part.tag == "tr" else part.all("tr")


def _span(cell: Node, name: str) -> int:
    return int(cell.attributes.get(name) or 1)


def _cell_of(wide: int, merged: str = "") -> Any:
    made, about = OxmlElement("w:tc"), OxmlElement("w:tcPr")
    if wide > 1:
        span = OxmlElement("w:gridSpan")
        span.set(qn("w:val"), str(wide))
        about.append(span)
    if merged:
        merge = OxmlElement("w:vMerge")
        merge.set(qn("w:val"), merged)
        about.append(merge)
    made.append(about)
    made.append(OxmlElement("w:p"))
    return made


def as_docx(page: str, *, number: str, title: str, note: str, at: datetime, template: Path | None = None) -> bytes:
    """Return the Word file of a page. `note` is printed first and says what the file is; `at` is the time of the issue."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    document = Document(str(template)) if template else _plain(number)
    writer = _Writer(document)
    document.add_paragraph(visible(note))
    for body in reader.root.all("body"):
        writer.blocks(document, body)
    told = document.core_properties
    told.title, told.subject, told.author, told.comments = visible(title), number, "", visible(note)
    told.created = told.modified = at.replace(tzinfo=None)
    target = BytesIO()
    document.save(target)
    return target.getvalue()


def _plain(number: str) -> Any:
    """Return an empty A4 document in a Japanese font, with the number at its head and n / N at its foot."""
    document = Document()
    for style in document.styles:
        if getattr(style, "font", None) is not None and style.name in {*_HEADINGS.values(), "Normal"}:
            style.font.name = _FONT
            style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _FONT)
    document.styles["Normal"].font.size = Pt(9.5)
    document.styles["Normal"].paragraph_format.space_after = Pt(3)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(20)
    section.header.paragraphs[0].text = number
    foot = section.footer.paragraphs[0]
    for part in ("PAGE", " / ", "NUMPAGES"):
        _field(foot, part) if part.isalpha() else foot.add_run(part)
    return document


def _field(paragraph: Paragraph, code: str) -> None:
    made = OxmlElement("w:fldSimple")
    made.set(qn("w:instr"), code)
    run = deepcopy(paragraph.add_run("1")._r)
    paragraph._p.remove(paragraph.runs[-1]._r)
    made.append(run)
    paragraph._p.append(made)
