"""A report or a paper of a meeting in other formats, made from its record: Word to work with, a workbook to count with, JSON for programs.

All say what the PDF says, because all are made from the same record, which is checked against its digest first. They are copies:
the proof covers the PDF and the record, and the Word file says so. Rights and profile are those of the PDF.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from governance.refusals import Refusal
from governance.reports import papers
from governance.reports.as_docx import as_docx
from governance.reports.as_xlsx import as_xlsx
from governance.reports.house import UNCONFIGURED, House
from governance.reports.models import Paper, Report
from governance.reports.paper_sources import Source
from governance.reports.redaction import INTERNAL
from governance.reports.render import BrokenContent, Issue, render_html
from governance.reports.rules import CASE, LEDGER, MAPPING, PORTFOLIO
from governance.reports.words import side
from governance.storage.files import Store
from governance.texts import Text

Issued = Report | Paper
_OF_BLOCKS = frozenset({PORTFOLIO, MAPPING, LEDGER})
_NOTE = Text(
    "編集用の写し：報告書 {number} の記録から作成。真正性の証明の対象はPDFと記録（record.json）だけです。",
    "Working copy made from the record of report {number}. Only the PDF and the record (record.json) are proved.",
)


@dataclass(frozen=True)
class Copy:
    """A file to hand out."""

    name: str
    media_type: str
    content: bytes


def copy_of(row: Issued, form: str, store: Store, template: Path | None, house: House = UNCONFIGURED) -> Copy:
    """Return a report in another format (a key of FORMATS). Raises DamagedFile, and Refusal for a record of an older shape.

    `house` names the issuer of a paper, whose record does not.
    """
    media_type, make = FORMATS[form]
    return Copy(
        f"{row.number}.{row.lang}.{form}", media_type, make(row, store.read(row.record_digest), template, house)
    )


def _word(row: Issued, record: bytes, template: Path | None, house: House) -> bytes:
    content = json.loads(record)
    try:
        page = _paper_page(row, content, record, house) if isinstance(row, Paper) else _page(row, content, record)
    except (BrokenContent, TemplateError, KeyError) as error:
        raise Refusal(
            "reports.older_shape",
            "この報告書はWordにできません（質問票の様式か、以前の書式のもの）。PDF、Excel、JSONを使ってください。",
            "This report (a blank form, or one of an older shape) cannot be made into a Word file. Use the PDF, Excel or JSON.",
        ) from error
    note = _NOTE.filled(number=row.number)
    said = f"{note.ja}\n{note.en}" if row.lang == "both" else note.in_(row.lang)
    title = side(content["document"]["title"] if row.kind == CASE else content["title"], row.lang)
    return as_docx(page, number=row.number, title=title, note=said, at=row.issued_at, template=template)


def _page(row: Report, content: Any, record: bytes) -> str:
    """Return the page of a report as it was issued. Raises when its record has another shape than today's pages."""
    issue = Issue(row.number, row.issued_at, row.purpose if row.profile in ("", INTERNAL) else "")
    if row.kind == CASE:
        return render_html(content, lang=row.lang, issue=issue, drawn=False)  # type: ignore[arg-type]
    if row.kind not in _OF_BLOCKS:
        raise BrokenContent(row.kind)
    house = House(Text(**content["issuer"]), Text(**content["classification"]))
    return papers.render(Source(row.kind, "", content, []), papers.Order(row.kind, "", row.lang, house), issue, record)


def _paper_page(row: Paper, content: Any, record: bytes, house: House) -> str:
    """Return the page of a paper as it was issued, with the approvals that its record names."""
    made = Source(row.kind, "", content, [], signs=tuple(content.get("signs", ())))
    order = papers.Order(row.kind, "", row.lang, house, profile=row.profile)
    return papers.render(made, order, Issue(row.number, row.issued_at, ""), record)


def _workbook(row: Issued, record: bytes, _template: Path | None, _house: House) -> bytes:
    return as_xlsx(json.loads(record), title=row.number, at=row.issued_at)


def _json(_row: Issued, record: bytes, _template: Path | None, _house: House) -> bytes:
    return record


FORMATS: Mapping[str, tuple[str, Callable[[Issued, bytes, Path | None, House], bytes]]] = {
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _word),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _workbook),
    "json": ("application/json", _json),
}
