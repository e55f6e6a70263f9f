"""Prints one report in a process of its own: reads the page and the record, writes the PDF, and ends.

The web processes never load the PDF library, and a page that would hang or crash the renderer takes nothing with it (performance.md
P16, assurance.md T10). Run as `python -m governance.reports.press`; printing.py is the other end of the pipe.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from io import BytesIO
from typing import BinaryIO

import pikepdf

from governance.reports.pdf import render_pdf
from governance.reports.sealed import Attached


def print_one(source: BinaryIO, target: BinaryIO) -> None:
    """Read a header line, the page, the record and what else is attached; write the number of pages as a line, then the file."""
    header = json.loads(source.readline())
    html = source.read(header["html"]).decode()
    record = source.read(header["record"])
    more = [Attached(name, source.read(size), description) for name, description, size in header["more"]]
    at = datetime.fromisoformat(header["at"])
    file = render_pdf(html, record, identifier=header["identifier"], at=at, more=more)
    with pikepdf.open(BytesIO(file)) as made:
        target.write(b"%d\n" % len(made.pages))
    target.write(file)


if __name__ == "__main__":
    print_one(sys.stdin.buffer, sys.stdout.buffer)
