"""Has a page printed by the press, a process apart, and returns the file: what services and views use instead of the PDF library."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from governance.refusals import Refusal
from governance.reports.sealed import Attached

LONGEST_SECONDS = 300
# The press needs to find itself, its fonts and a folder for the font cache; it gets no secret of the service.
_PASSED_ON = ("PATH", "HOME", "XDG_CACHE_HOME", "LANG", "LC_ALL", "PYTHONPATH", "TMPDIR", "SYSTEMROOT")


@dataclass(frozen=True)
class Printed:
    """A finished file and its number of pages."""

    file: bytes
    pages: int


class PressFailed(RuntimeError):
    """The press ended without a file; its own words are in the message, for the log and never for the page."""


# long: the call of the press, one argument on each line
def print_report(html: str, record: bytes, *, identifier: str, at: datetime, more: Sequence[Attached] = ()) -> Printed:
    """Return the PDF of a page with its record and `more` files attached.

    Raises Refusal when it takes too long, PressFailed when it fails.
    """
    page = html.encode()
    header = {
        "html": len(page),
        "record": len(record),
        "more": [(one.name, one.description, len(one.content)) for one in more],
        "identifier": identifier,
        "at": at.isoformat(),
    }
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "governance.reports.press"],
            input=json.dumps(header).encode() + b"\n" + page + record + b"".join(one.content for one in more),
            capture_output=True,
            env=environment,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Refusal(
            "reports.too_slow",
            "報告書の作成に時間がかかりすぎたため、中止しました。しばらくしてから、もう一度お試しください。",
            "Making the report took too long and was stopped. Please try again later.",
        ) from error
    if done.returncode != 0:
        raise PressFailed(done.stderr.decode(errors="replace")[-2000:])
    pages, _, file = done.stdout.partition(b"\n")
    return Printed(file, int(pages))
