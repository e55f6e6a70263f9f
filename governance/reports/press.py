"""The press: a process apart that has loaded the PDF library, the stylesheet and the fonts once, and forks a child for each report.

Loading costs a second and the collector a quarter of each render, so both are paid once (performance.md); the web processes never
load the library (P16). A child has a limited time, memory and no way to the network, and takes nothing with it when it hangs or
crashes (assurance.md T10). At most as many children run as there are cores; the next ones wait at the socket. The press ends with
the process that owns it. Run as `python -m governance.reports.press FOLDER OWNER`; printing.py is the other end.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import select
import shutil
import signal
import socket
import sys
import traceback
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

import pikepdf

from governance.reports.line import BEGUN, FAILED, PRINTED, SOCKET, received, send
from governance.reports.pdf import render_pdf
from governance.reports.sealed import Attached

LONGEST_SECONDS = 330
"""How long a child lives at most; whoever asks may give it less."""
SPARE_SECONDS = 2
LARGEST_MEMORY = 4 * 1024**3
WAITING = 128
_TO_WARM = (
    "<html lang=ja><meta charset=utf-8><title>準備</title><body data-docno=1 data-disclaimer=2><h2 data-s=1>準備 <i>A</i></h2>"
    "<table><thead><tr><th>項目<th>Item<tbody><tr><td>あいう漢字<td><b>0123</b></table><svg width=9 height=9><text>図</text></svg>"
)
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def main(folder: Path, owner: int) -> None:
    """Warm up, say `ready` (or why not) on the standard output, and serve until the owner is gone."""
    alive = os.pidfd_open(owner) if hasattr(os, "pidfd_open") else None
    try:
        _leave_network()
        render_pdf(_TO_WARM, b"{}", identifier="warm", at=datetime(2000, 1, 1, tzinfo=UTC))
        listener = _listener(folder / SOCKET)
    except Exception as error:  # noqa: BLE001 - told to whoever started the press, which ends here
        print(f"{type(error).__name__}: {error}", flush=True)
        sys.exit(1)
    gc.collect()
    gc.freeze()
    gc.disable()
    print("ready", flush=True)
    os.dup2(2, 1)  # what a library prints by itself goes to the log
    _serve(listener, alive, owner)
    shutil.rmtree(folder, ignore_errors=True)


def _leave_network() -> None:
    """Leave the network where the system lets a process do so; the page could not name an address anyway (pdf.py)."""
    unshare = getattr(ctypes.CDLL(None), "unshare", None)
    if unshare is not None and unshare(_CLONE_NEWNET) != 0:
        unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _listener(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(WAITING)
    return listener


def _serve(listener: socket.socket, alive: int | None, owner: int) -> None:
    """Take one report after the other, never more at a time than there are cores."""
    running = 0
    watched: list[Any] = [listener] if alive is None else [listener, alive]
    while True:
        ready = select.select(watched, [], [], 1.0)[0]
        if alive in ready or (alive is None and not _is_there(owner)):
            return
        if listener in ready:
            connection = listener.accept()[0]
            if os.fork() == 0:
                _print_and_end(connection)
            running += 1
            connection.close()
        running = _left(running, wait=running >= (os.cpu_count() or 1))


def _is_there(owner: int) -> bool:
    try:
        os.kill(owner, 0)
    except ProcessLookupError:
        return False
    return True


def _left(running: int, *, wait: bool) -> int:
    """Return how many children still run; wait until one has ended when the cores are all taken."""
    while running and os.waitpid(-1, 0 if wait else os.WNOHANG)[0]:
        running, wait = running - 1, False
    return running


def _print_and_end(connection: socket.socket) -> NoReturn:
    """Print one report in the child and end without running anything of the parent's."""
    code = 1
    try:
        _confine(connection.fileno())
        _print_one(connection)
        code = 0
    except OSError:
        traceback.print_exc()  # whoever asked is gone
    finally:
        os._exit(code)


def _confine(keep: int) -> None:
    """Bound what the child may use. The alarm ends it even when it hangs inside a library, with or without its parent."""
    signal.alarm(LONGEST_SECONDS)
    os.closerange(3, keep)
    os.closerange(keep + 1, 65536)
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_SECONDS, LONGEST_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST_MEMORY, LARGEST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_refuse)


def _refuse(event: str, _: object) -> None:
    """Let a child open no connection and start no program, whatever a page makes a library try."""
    if event in {"socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"}:
        raise PermissionError(event)


def _print_one(connection: socket.socket) -> None:
    """Say that the work begins, read the page, the record and what is attached, answer with the file or with why there is none."""
    connection.sendall(BEGUN)
    header, html, record, *contents = received(connection)
    order = json.loads(header)
    try:
        signal.alarm(order["seconds"] + SPARE_SECONDS)
        at = datetime.fromisoformat(order["at"])
        more = [Attached(name, content, about) for (name, about), content in zip(order["more"], contents, strict=True)]
        file = render_pdf(html.decode(), record, identifier=order["identifier"], at=at, more=more)
        with pikepdf.open(BytesIO(file)) as made:
            answer = (PRINTED, str(len(made.pages)).encode(), file)
    except Exception:  # noqa: BLE001 - the reason goes to the log of whoever asked
        answer = (FAILED, b"", traceback.format_exc()[-2000:].encode())
    send(connection, answer)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
