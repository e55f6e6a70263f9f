"""Run the short form of every benchmark and write what they print to `bench/results.md` beside the machine they ran on."""

from __future__ import annotations

import contextlib
import io
import os
import platform
from pathlib import Path

from bench import autosave, backtest, ledger, opening, page, report

RESULTS = Path(__file__).parent / "results.md"


def main() -> None:
    """Run each benchmark, show its lines, and keep them."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        ledger.main(5_000)
        backtest.main(20_000, 2_000)
        for kind in ("sqlite", "postgresql"):
            autosave.main(kind, 15.0)
            page.main(kind)
            opening.main(kind)
        report.main((126,), 3)
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    text = f"# Benchmarks\n\n{machine}\n\n```\n{out.getvalue()}```\n"
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
