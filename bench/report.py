"""What a report costs beside headless Chromium and the plain `weasyprint` command on the same page (performance.md P1–P5).

Run `python -m bench.report [questions …] [--pairs N] [--profile]`. The three print the same HTML one after the other, again and
again (A B C A B C); the figures are medians of the CPU of the whole tree of processes. The warm press also attaches the record and
writes PDF/A-3u, which the others do not. `--profile` prints where the press spends its time.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import io
import os
import pstats
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf

from bench.stage import empty
from governance.fonts import CONFIGURATION
from governance.paths import TEMPLATES
from governance.reports import printing, services
from governance.reports.pdf import render_pdf
from governance.reports.render import Issue, record_bytes, render_html
from governance.reports.services import Order
from governance.storage.files import FileStore
from tests import builders
from tests.browser.looks import CHROMIUM, QUIET
from tests.reports import invented
from tests.reviews import scenes

AT = datetime(2026, 10, 30, 4, 0, tzinfo=UTC)
TICK = os.sysconf("SC_CLK_TCK")
GOALS = {42: 0.5, 126: 0.7, 440: 1.2}
WEASYPRINT = str(Path(sys.executable).with_name("weasyprint"))
WHOLE_TREE = """
import ctypes, os, resource, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # whoever loses its parent comes to this process, so nobody's time is lost
code = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).wait()
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
spent = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, spent.ru_utime + spent.ru_stime)
"""


@dataclass
class Way:
    """One way to print: what it does, and what was measured."""

    name: str
    act: Callable[[], float]
    cpu: list[float] = field(default_factory=list)
    memory: float = 0.0
    file: bytes = b""

    @property
    def median(self) -> float:
        """CPU seconds of the whole tree."""
        return statistics.median(self.cpu)

    @property
    def pages(self) -> int:
        """Pages of the last file."""
        with pikepdf.open(io.BytesIO(self.file)) as pdf:
            return len(pdf.pages)


def content(questions: int) -> Any:
    """Return the invented case with this many questions in all."""
    made = invented.case(invented.Sizes(questions=1))
    builder = invented._Builder(invented.Sizes(questions=1))
    rest = questions - sum(len(group["questions"]) for kind in ("carried", "packs") for group in made[kind])
    for number, (item, group) in enumerate(zip(builder.keys, made["details"], strict=True)):
        count = rest // len(builder.keys) + (number < rest % len(builder.keys))
        group["questions"] = [builder.asked(f"B{number + 1}x{n}", item, number + n) for n in range(count)]
    return made


def tree(pid: int) -> list[int]:
    """Return the process and all that stand under it."""
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(each for child in below for each in tree(int(child)))]


def share(pid: int) -> float:
    """Return the proportional share of memory of one process, in MiB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


@contextmanager
def peak(root: Callable[[], int], into: Way) -> Iterator[None]:
    """Keep the greatest memory of a tree while something runs; never together with a measurement of time."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.03):
            into.memory = max(into.memory, sum(share(pid) for pid in tree(root())))

    watching = threading.Thread(target=look)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


def press() -> int:
    """Return the process of the press."""
    return printing._STARTED[-1].pid


def spent(pid: int) -> float:
    """Return the CPU seconds of a process and of the children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(each) for each in fields[11:15]) / TICK


def warm(way: Way, html: str, record: bytes) -> float:
    """Print by the warm press; it waits for its children within a second."""
    before = spent(press())
    way.file = printing.print_report(html, record, identifier="bench", at=AT).file
    time.sleep(1.3)
    return spent(press()) - before


def command(way: Way, out: Path, line: list[str]) -> float:
    """Print by another program, cold, as it is called."""
    environment = {**os.environ, "FONTCONFIG_FILE": str(CONFIGURATION)}
    done = subprocess.run(
        [sys.executable, "-c", WHOLE_TREE, *line], env=environment, stdout=subprocess.PIPE, check=True
    )
    code, cpu = done.stdout.split()
    if int(code) != 0:
        raise RuntimeError(f"{way.name} failed")
    way.file = out.read_bytes()
    return float(cpu)


def ways(folder: Path, html: str, record: bytes) -> list[Way]:
    """Return the three ways to print this page."""
    style = (TEMPLATES / "reports" / "report.css").read_text(encoding="utf-8")
    page = folder / "page.html"
    page.write_text(html.replace("</head>", f"<style>{style}</style></head>", 1), encoding="utf-8")
    pdf = {name: folder / f"{name}.pdf" for name in ("chromium", "weasyprint")}
    browser = [CHROMIUM, "--headless", *QUIET, f"--user-data-dir={folder}/profile", "--no-pdf-header-footer"]
    made = [Way("warm press", float), Way("headless Chromium", float), Way("weasyprint command", float)]
    made[0].act = lambda: warm(made[0], html, record)
    line = [*browser, f"--print-to-pdf={pdf['chromium']}", page.as_uri()]
    made[1].act = lambda: command(made[1], pdf["chromium"], line)
    made[2].act = lambda: command(made[2], pdf["weasyprint"], [WEASYPRINT, str(page), str(pdf["weasyprint"])])
    return made


def measured(questions: int, pairs: int) -> list[Way]:
    """Print a case of this size in the three ways by turns."""
    made = content(questions)
    html, record = render_html(made, lang="ja", issue=Issue("bench", AT, "計測")), record_bytes(made)
    printing.print_report("<title>-</title>", b"{}", identifier="warm", at=AT)
    with tempfile.TemporaryDirectory() as folder:
        found = ways(Path(folder), html, record)
        for way in found:
            with peak(press if way is found[0] else os.getpid, way):
                way.act()
        if press() in tree(os.getpid()):
            for way in found[1:]:
                way.memory -= sum(share(pid) for pid in (os.getpid(), press()))
        for _ in range(pairs):
            for way in found:
                way.cpu.append(way.act())
    return found


def told(questions: int, found: list[Way]) -> float:
    """Print the figures of one size beside the goals; return the CPU of the press for a page."""
    ours, chromium, plain = found
    print(f"\n{questions} questions, {len(ours.cpu)} runs of each by turns; CPU seconds of the whole tree")
    print(f"{'':22}{'median':>8}{'least':>8}{'most':>8}{'pages':>7}{'MiB':>7}{'kB':>7}")
    for way in found:
        spread = f"{way.median:8.2f}{min(way.cpu):8.2f}{max(way.cpu):8.2f}"
        print(f"{way.name:22}{spread}{way.pages:7}{way.memory:7.0f}{len(way.file) / 1000:7.0f}")
    ratio("P1 CPU / Chromium", ours.median / chromium.median, GOALS.get(questions))
    ratio("P2 CPU / weasyprint command", ours.median / plain.median, 0.5)
    ratio("P3 memory / Chromium", ours.memory / chromium.memory, 0.3)
    ratio("P3 file / Chromium", len(ours.file) / len(chromium.file), 0.25)
    return ours.median / ours.pages


def ratio(what: str, value: float, goal: float | None, *, least: bool = False) -> None:
    """Print one ratio and whether the goal was reached: at most, or at least, as much."""
    reached = goal is not None and (value >= goal if least else value <= goal)
    word = "" if goal is None else f"  goal {'≥' if least else '≤'} {goal}: {'reached' if reached else 'NOT reached'}"
    print(f"{what:34}{value:8.3f}{word}")


def again() -> None:
    """Issue a report of a real case, and the same again: P5."""
    with empty("sqlite") as (database, settings):
        made, store = builders.world(database), FileStore(settings.files_dir)
        decided = scenes.decided(made)[0]
        with made.acting("auditor", read_only=True) as work:
            order = Order(work.session.get_one(services.Screening, decided).project_id, "ja", "計測")
        printing.print_report("<title>-</title>", b"{}", identifier="warm", at=AT)
        times, digests = [], []
        for _ in range(6):
            time.sleep(1.3)
            started = time.process_time() + spent(press())
            issued = services.issue(database, made.actor("expert"), store, order)
            time.sleep(1.3)
            times.append(time.process_time() + spent(press()) - started)
            with made.acting("expert", read_only=True) as work:
                digests.append(hashlib.sha256(services.download(work, issued, store)[1]).hexdigest())
    print(
        f"\nP5 issue {times[0]:.2f} s CPU, again {statistics.median(times[1:]):.3f} s; files equal: {len(set(digests)) == 1}"
    )
    ratio("P5 again / first", statistics.median(times[1:]) / times[0], 0.01)


def profile(questions: int) -> None:
    """Print where a render spends its time, by module and by function."""
    made = content(questions)
    html, record = render_html(made, lang="ja", issue=Issue("bench", AT, "計測")), record_bytes(made)
    render_pdf(html, record, identifier="x", at=AT)
    seen = cProfile.Profile()
    seen.runcall(render_pdf, html, record, identifier="x", at=AT)
    stats = pstats.Stats(seen)
    modules: dict[str, float] = {}
    for (file, _, _), (_, _, own, _, _) in stats.stats.items():  # type: ignore[attr-defined]
        name = "/".join(Path(file).parts[-2:])
        modules[name] = modules.get(name, 0.0) + own
    total = sum(modules.values())
    print(f"\nprofile of {questions} questions, share of own time")
    for name, own in sorted(modules.items(), key=lambda each: -each[1])[:14]:
        print(f"{100 * own / total:6.1f} %  {name}")
    stats.sort_stats("tottime").print_stats(18)


def main(sizes: tuple[int, ...] = (42, 126, 440), pairs: int = 5) -> None:
    """Print P1–P5."""
    print("\n== Reports (P1–P5): the warm press, headless Chromium and the weasyprint command on the same page ==")
    page = {questions: told(questions, measured(questions, pairs)) for questions in sizes}
    if {126, 440} <= page.keys():
        ratio("\nP4 CPU per page, 440 / 126", page[440] / page[126], 1.1)
    again()


if __name__ == "__main__":
    wanted = argparse.ArgumentParser()
    wanted.add_argument("questions", nargs="*", type=int, default=[42, 126, 440])
    wanted.add_argument("--pairs", type=int, default=5)
    wanted.add_argument("--profile", action="store_true")
    given = wanted.parse_args()
    main(tuple(given.questions), given.pairs)
    if given.profile:
        profile(126)
