"""Bulk issue of reports: the throughput with as many at a time as there are cores beside one at a time, and the memory (performance.md P6).

Run `python -m bench.bulk [sqlite|postgresql] [reports]`. The job runs whole: claimed, composed, sealed, printed, stored, entered, told of.
Half of the cases are issued one at a time and half at once, then the other way about in English, so that both meet the same pages and
the same machine; each issue is a new report. What else the machine has to do is printed as its load.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from bench.report import press, ratio
from bench.stage import empty
from governance.insight.services import Wanted
from governance.reports import bulk, printing
from governance.reports.bulk_running import Runner
from tests import builders

GROUPS = ("alpha", "beta")


def cases(made: builders.World, group: str, count: int) -> None:
    """Submit this many cases whose name holds the word of the group."""
    for number in range(count):
        project = builders.registered(made, replace(builders.PARTICULARS, name=f"計測 {group} {number}"))
        screening = builders.opened(made, project)
        builders.answered(made, screening)
        builders.submitted(made, screening)


def resident(pid: int) -> float:
    """Return the memory of a process in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def made_in(runner: Runner, world: builders.World, group: str, lang: str, most: int) -> tuple[int, float, float]:
    """Order and make the reports of a group; return how many, the seconds, and the memory of worker and press afterwards."""
    with world.acting("expert") as work:
        bulk.order(work, bulk.Choice(Wanted(words=group)), lang, "計測")
    started = time.perf_counter()
    count = runner.look(most)
    seconds = time.perf_counter() - started
    return count, seconds, resident(os.getpid()) + resident(press())


def main(kind: str = "sqlite", reports: int = 40) -> None:
    """Print P6."""
    cores = os.cpu_count() or 1
    print(f"\n== Bulk issue (P6): {reports} reports on {kind}, {cores} at a time beside one ==")
    with empty(kind) as (database, settings):
        world = builders.world(database)
        for group in GROUPS:
            cases(world, group, max(1, reports // 4))
        runner = Runner(database, settings)
        printing.print_report("<title>-</title>", b"{}", identifier="warm", at=world.now)
        told: dict[int, list[tuple[int, float, float]]] = {1: [], cores: []}
        for group, lang, most in (("alpha", "ja", 1), ("beta", "ja", cores), ("alpha", "en", cores), ("beta", "en", 1)):
            told[most].append(made_in(runner, world, group, lang, most))
    speed = {most: sum(n for n, _, _ in rows) / sum(s for _, s, _ in rows) for most, rows in told.items()}
    for most, rows in told.items():
        spread = ", ".join(f"{count} in {seconds:.1f} s" for count, seconds, _ in rows)
        print(f"{most} at a time: {3600 * speed[most]:8.0f} reports/hour   ({spread})")
    memory = [told[1][0][2], told[cores][0][2], told[cores][1][2], told[1][1][2]]
    print("memory of worker and press after each quarter, MiB: " + ", ".join(f"{each:.0f}" for each in memory))
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {cores} cores")
    ratio(f"P6 throughput {cores} / 1", speed[cores] / speed[1], 1.8, least=True)


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:3]))
