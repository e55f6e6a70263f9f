"""HTML of a report → PDF/A-3u with its record attached: the only module that imports WeasyPrint.

The page may name assets of the report and hold a logo as logos.py makes it: every other address, whatever its scheme, stops the
rendering before anything is opened (assurance.md T10). Dates and identifier are given, so the same input gives the same text and
the same record. The function may be called from a forked child of a process that has imported this module (performance.md).
"""

from __future__ import annotations

import functools
import gc
import hashlib
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from governance import fonts  # points fontconfig to the shipped fonts before WeasyPrint is imported
from governance.paths import TEMPLATES
from governance.reports.content import RECORD_NAME
from governance.reports.logos import drawable
from governance.reports.sealed import Attached

from weasyprint import CSS, HTML, Attachment  # isort: skip
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse  # isort: skip

VARIANT = "pdf/a-3u"
_FOLDER = TEMPLATES / "reports"
_ASSETS = {"asset:/watermark.svg": ("watermark.svg", "image/svg+xml")}


class ForbiddenAddress(RuntimeError):
    """The page names an address that is no asset of the report; nothing was opened and no PDF was made."""


class MissingFonts(RuntimeError):
    """The shipped fonts are not there; WeasyPrint would crash the process (performance.md)."""


class _Closed(URLFetcher):  # type: ignore[misc]
    """Serves the assets by their id and a logo inside of the page; refuses everything else without touching network or disk."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        if (logo := drawable(url)) is not None:
            return URLFetcherResponse(url, logo[1], {"Content-Type": logo[0]})
        if url not in _ASSETS:
            raise FatalURLFetchingError(f"not an asset of the report: {url[:120]}")
        name, media_type = _ASSETS[url]
        return URLFetcherResponse(url, (_FOLDER / name).read_bytes(), {"Content-Type": media_type})


@functools.cache
def _stylesheet() -> CSS:
    """Parse the stylesheet once per process instead of once per report."""
    text = (_FOLDER / "report.css").read_text(encoding="utf-8")
    return CSS(string=text, base_url="asset:/", url_fetcher=_Closed())


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the garbage collector off during a render: it costs a quarter and finds nothing to free (performance.md).

    WeasyPrint leaves the handle of its colour profile to be closed by the interpreter, which is no news to anybody.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            yield
    finally:
        if was_on:
            gc.enable()


def _finish(_document: Any, pdf: Any) -> None:
    """Name the attachment once: WeasyPrint lists it twice among the associated files, which a strict reader refuses."""
    pdf.catalog["AF"][:] = dict.fromkeys(pdf.catalog["AF"])


def _attachment(one: Attached, stamp: datetime) -> Attachment:
    return Attachment(
        string=one.content,
        name=one.name,
        description=one.description,
        url_fetcher=_Closed(),
        created=stamp,
        modified=stamp,
        relationship="Source" if one.name == RECORD_NAME else "Data",
    )


# long: the arguments of the record and of the file, one on each line
def render_pdf(
    html: str, record_bytes: bytes, *, identifier: str, at: datetime, more: Sequence[Attached] = ()
) -> bytes:
    """Return the PDF/A-3u file of a page, with `record_bytes` attached as `record.json` (relationship Source) and `more` (Data).

    Attachments stand in the order of their names, as a name tree wants them. `identifier` names the file (its digest becomes the
    PDF identifier), `at` is the aware time written into all metadata.
    Raises `ForbiddenAddress` when the page names anything but an asset, `MissingFonts` when the fonts are not shipped.
    """
    if fonts.missing():
        raise MissingFonts(", ".join(fonts.missing()))
    stamp = at.astimezone(UTC)
    record = Attached(RECORD_NAME, record_bytes, "Frozen content of this report")
    options: dict[str, Any] = {
        "stylesheets": [_stylesheet()],
        "pdf_variant": VARIANT,
        "attachments": [_attachment(one, stamp) for one in sorted([record, *more], key=lambda one: one.name)],
        "pdf_identifier": hashlib.sha256(identifier.encode()).digest()[:16],
    }
    try:
        with _undisturbed():
            document = HTML(string=html, base_url="asset:/", url_fetcher=_Closed()).render(**options)
            document.metadata.created = document.metadata.modified = stamp.strftime("%Y-%m-%dT%H:%M:%SZ")
            document.metadata.generator = None
            return bytes(document.write_pdf(finisher=_finish, **options))
    except FatalURLFetchingError as refused:
        raise ForbiddenAddress(str(refused)) from None
