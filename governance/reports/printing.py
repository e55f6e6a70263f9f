"""Has a page printed by the press, a process apart, and returns the file: what services and views use instead of the PDF library.

The first report starts the press; it is found at a socket in a private folder. `shared_press` makes that folder known to all
processes of the service on this machine, so that they have one press; a program that does not call it has its own. A press that
was killed is started again by whoever needs it next.
"""

from __future__ import annotations

import atexit
import fcntl
import functools
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from governance.refusals import Refusal
from governance.reports.line import BEGUN, PRINTED, SOCKET, LineBroken, received, send
from governance.reports.sealed import Attached

LONGEST_SECONDS = 300
"""How long a report may wait for the press, and how long it may then take."""
LONGEST_FOLDER = 80
"""A longer path has no room for the name of a socket, which the system keeps to about a hundred bytes."""
ATTEMPTS = 3
_PLACE = "AI_ETHICS_PRESS"
# The press needs to find itself, its fonts and a folder for the font cache; it gets no secret of the service.
_PASSED_ON = ("PATH", "HOME", "XDG_CACHE_HOME", "LANG", "LC_ALL", "PYTHONPATH", "TMPDIR", "SYSTEMROOT")

log = logging.getLogger("governance.press")


@dataclass(frozen=True)
class Printed:
    """A finished file and its number of pages."""

    file: bytes
    pages: int


class PressFailed(RuntimeError):
    """The press ended without a file; its own words are in the message, for the log and never for the page."""


# long: the refusal in both languages
def print_report(html: str, record: bytes, *, identifier: str, at: datetime, more: Sequence[Attached] = ()) -> Printed:
    """Return the PDF of a page with its record and `more` files attached.

    Raises Refusal when it takes too long or the press cannot be started, PressFailed when this page cannot be printed.
    """
    header = {
        "identifier": identifier,
        "at": at.isoformat(),
        "seconds": LONGEST_SECONDS,
        "more": [(one.name, one.description) for one in more],
    }
    try:
        with _begun() as line:
            send(line, (json.dumps(header).encode(), html.encode(), record, *(one.content for one in more)))
            result, pages, file = received(line)
    except TimeoutError as error:
        raise Refusal(
            "reports.too_slow",
            "報告書の作成に時間がかかりすぎたため、中止しました。しばらくしてから、もう一度お試しください。",
            "Making the report took too long and was stopped. Please try again later.",
        ) from error
    except ConnectionError as error:
        raise PressFailed(f"the process that printed it ended before it was done: {error}") from error
    if result != PRINTED:
        raise PressFailed(file.decode(errors="replace"))
    return Printed(file, int(pages))


def _begun() -> socket.socket:
    """Return a line to a child of the press that waits for its page; a press that ended meanwhile is started again."""
    for _ in range(ATTEMPTS):
        line = _connected()
        line.settimeout(LONGEST_SECONDS)
        try:
            if line.recv(1) == BEGUN:
                return line
        except ConnectionError:
            pass
        except TimeoutError:
            line.close()
            raise
        line.close()
    raise LineBroken("the press did not begin")


# -- where the press is ----------------------------------------------------------------------------------------------


def shared_press() -> None:
    """Let this process own the press, and all processes that it starts use the same one."""
    os.environ[_PLACE] = f"{os.getpid()}:{_own_folder()}"


@functools.cache
def _own_folder() -> Path:
    """Return a new folder that only this account can enter; it goes with this process."""
    too_deep = len(tempfile.gettempdir()) > LONGEST_FOLDER
    folder = Path(tempfile.mkdtemp(prefix="press-", dir="/tmp" if too_deep else None))  # noqa: S108 - made with mode 0700
    mine = os.getpid()
    atexit.register(lambda: None if os.getpid() != mine else shutil.rmtree(folder, ignore_errors=True))
    return folder


def _place() -> tuple[int, Path]:
    """Return the process that owns the press, and its folder."""
    owner, _, folder = os.environ.get(_PLACE, "").partition(":")
    if owner.isdecimal() and Path(folder).is_dir():
        return int(owner), Path(folder)
    return os.getpid(), _own_folder()


def _connected() -> socket.socket:
    owner, folder = _place()
    if (line := _line(folder)) is not None:
        return line
    with (folder / "lock").open("w") as lock:  # one starts the press, the others find it started
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (line := _line(folder)) is not None:
            return line
        _start(folder, owner)
    if (line := _line(folder)) is None:
        raise LineBroken("the press ended at once")
    return line


def _line(folder: Path) -> socket.socket | None:
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(str(folder / SOCKET))
    except (FileNotFoundError, ConnectionRefusedError):
        line.close()
        return None
    return line


def _start(folder: Path, owner: int) -> None:
    """Start the press and wait until it is warm. Raises Refusal with its reason when it cannot be."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    started = subprocess.Popen(  # noqa: S603 - this program itself
        [sys.executable, "-m", "governance.reports.press", str(folder), str(owner)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    )
    assert started.stdout is not None
    with started.stdout as said:
        word = said.readline().strip()
    if word == "ready":
        _STARTED.append(started)
        return
    code = started.wait()
    log.error("the press cannot be started: %s (exit code %s)", word, code)
    raise Refusal(
        "reports.no_press",
        "報告書を作るプロセスを起動できません（{reason}）。管理者は governance doctor で確かめてください。",
        "The process that makes reports cannot be started ({reason}). An administrator can look with governance doctor.",
        reason=word.partition(":")[0] or f"exit code {code}",
    )


_STARTED: list[subprocess.Popen[str]] = []
"""Presses this process started: kept so that one that was killed is no error at exit."""
