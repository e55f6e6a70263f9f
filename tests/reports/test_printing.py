"""The press: one process that forks a child for each report. What dies or hangs takes nothing with it (assurance.md T10)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from governance import paths
from governance.refusals import Refusal
from governance.reports import printing
from governance.reports.printing import PressFailed, print_report

AT = datetime(2026, 10, 30, 4, 0, tzinfo=UTC)
SMALL = "<html lang=ja><meta charset=utf-8><title>t</title><p>別の過程"
LARGE = SMALL + "<table>" + "<tr><td>長い頁の一行<td>もう一つ</tr>" * 500


def printed(html: str = SMALL) -> printing.Printed:
    return print_report(html, b"{}", identifier="x", at=AT)


def press() -> int:
    return printing._STARTED[-1].pid


def children(pid: int) -> list[int]:
    """Return those that run: one that has ended stands in the list until it is asked for."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in found if _runs(each)]


def _runs(pid: str) -> bool:
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except (FileNotFoundError, ProcessLookupError):  # it ended between the two looks
        return False


def until(told: Callable[[], Any], seconds: float = 20) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := told():
            return answer
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


@pytest.fixture
def beginning() -> Iterator[list[Any]]:
    """Begin a long report in a thread, and return what became of it once it is known."""
    printed()
    until(lambda: not children(press()))
    became: list[Any] = []

    def begin() -> None:
        try:
            became.append(printed(LARGE))
        except (PressFailed, Refusal) as error:
            became.append(error)

    thread = threading.Thread(target=begin)
    thread.start()
    until(lambda: children(press()))
    yield became
    thread.join(60)


def test_many_reports_come_from_one_press_and_are_equal_to_the_byte() -> None:
    first = printed()
    pid = press()
    assert first.pages == 1
    assert all(printed() == first for _ in range(3))
    assert press() == pid
    assert "weasyprint" not in Path(printing.__file__).read_text(encoding="utf-8").lower()


def test_a_child_that_is_killed_fails_its_own_report_alone(beginning: list[Any]) -> None:
    pid = press()
    [child] = until(lambda: children(pid))
    assert printed().pages == 1  # beside the long one
    os.kill(child, signal.SIGKILL)
    assert isinstance(until(lambda: beginning)[0], PressFailed)
    assert printed().pages == 1
    assert press() == pid


def test_a_press_that_is_killed_is_started_again_and_the_report_in_hand_is_finished(beginning: list[Any]) -> None:
    pid = press()
    os.kill(pid, signal.SIGKILL)
    printing._STARTED[-1].wait(10)
    assert printed().pages == 1
    assert press() != pid
    assert until(lambda: beginning, 60)[0].pages > 7


def test_a_page_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    printed()
    monkeypatch.setattr(printing, "LONGEST_SECONDS", 1)
    with pytest.raises(Refusal, match="reports.too_slow"):
        printed(LARGE)
    until(lambda: not children(press()))
    assert printed().pages == 1


@pytest.mark.parametrize("address", ["file:///etc/hostname", "http://127.0.0.1:9/x"])
def test_an_address_fails_the_report_with_the_words_of_the_press(address: str) -> None:
    with pytest.raises(PressFailed, match="ForbiddenAddress"):
        printed(f"{SMALL}<img src='{address}'>")


def test_more_reports_than_cores_wait_for_their_turn() -> None:
    printed()
    most, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            most[0] = max(most[0], len(children(press())))

    watching = threading.Thread(target=watch)
    watching.start()
    page = SMALL + "<p>一行" * 200
    threads = [threading.Thread(target=printed, args=(page,)) for _ in range(3 * (os.cpu_count() or 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    done.set()
    watching.join()
    assert 1 <= most[0] <= (os.cpu_count() or 1)


OWNER = f"""
import sys
sys.path.insert(0, {str(paths.PACKAGE.parent)!r})
from datetime import UTC, datetime
from governance.reports import printing
printing.shared_press()
printing.print_report("<title>t</title><p>x", b"{{}}", identifier="x", at=datetime(2026, 10, 30, tzinfo=UTC))
print(printing._STARTED[-1].pid, printing._own_folder(), flush=True)
sys.stdin.read()
"""


def test_the_press_ends_with_its_owner_even_when_that_is_killed() -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert owner.stdin is not None
    pid, folder = owner.stdout.readline().split()
    assert Path(folder).stat().st_mode & 0o777 == 0o700
    owner.kill()
    until(lambda: not Path(folder).exists())
    until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text())
    owner.wait()
    owner.stdin.close()
    owner.stdout.close()


def test_a_press_that_cannot_be_started_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AI_ETHICS_PRESS", f"{os.getpid()}:{tmp_path}")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "pikepdf.py").write_text("raise SystemExit(3)")
    with pytest.raises(Refusal, match="reports.no_press"):
        printed()
