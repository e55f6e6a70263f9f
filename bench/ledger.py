"""What the ledger costs: appending beside a plain insert, and verifying beside bare SHA-256 chaining (performance.md P12).

Run `python bench/ledger.py [entries]`. Each figure is a ratio of two things measured in turn on the same machine; the database lies in a
temporary folder with the settings of the service.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from governance.ledger import merkle
from governance.ledger.audit import verify_database
from governance.ledger.rules import Draft, build
from governance.ledger.services import append
from governance.ledger.verify import verify
from governance.storage.database import Database
from governance.storage.migrate import upgrade

ROUNDS = 5
UNITS = 60
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def draft(number: int) -> Draft:
    """Return one ordinary act."""
    actor: dict[str, str | list[str]] = {"id": "u-1", "kind": "user", "roles": ["expert"], "session": ""}
    return Draft("VoteCast", NOW, actor, ("vote", f"v-{number}"), project="p-1", codes={"choice": "for"})


def seconds(act: Callable[[], object]) -> float:
    """Return how long `act` takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def insert(database: Database, with_ledger: bool) -> None:
    """Run units of one ordinary insert each, with or without an entry of the ledger."""
    for number in range(UNITS):
        with database.session() as session:
            session.execute(text("INSERT INTO bench (at) VALUES (:at)"), {"at": str(number)})
            if with_ledger:
                append(session, [draft(number)])
            session.commit()


def appending(database: Database) -> None:
    """Compare appending with the plain insert, in turn."""
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE bench (id INTEGER PRIMARY KEY, at TEXT)"))
    plain, ledger = [], []
    for _ in range(ROUNDS):
        plain.append(seconds(lambda: insert(database, False)))
        ledger.append(seconds(lambda: insert(database, True)))
    report("append to the ledger / the same insert without it", ledger, plain, UNITS, "units")


def verifying(entries: int) -> None:
    """Compare checking with bare chaining, in turn."""
    peaks: list[bytes] = []
    rows, nodes = [], []
    for seq in range(entries):
        body, _ = build(draft(seq), seq=seq, log="bench", salt=lambda: bytes(32))
        leaf = merkle.leaf_hash(body)
        rows.append((seq, body, leaf, "VoteCast", f"vote:v-{seq}", "p-1"))
        nodes += merkle.grow(seq, peaks, leaf)
    bodies = [row[1] for row in rows]
    bare, tree, full = [], [], []
    for _ in range(ROUNDS):
        bare.append(seconds(lambda: chain(bodies)))
        tree.append(seconds(lambda: grown(bodies)))
        full.append(seconds(lambda: verify(rows, nodes)))
    report("hash the tree / bare SHA-256 chain", tree, bare, entries, "entries")
    report("verify everything, bodies read strictly / bare SHA-256 chain", full, bare, entries, "entries")


def chain(bodies: list[bytes]) -> bytes:
    """Hash each body with the hash before it: the least that any chain costs."""
    last = b""
    for body in bodies:
        last = hashlib.sha256(last + body).digest()
    return last


def grown(bodies: list[bytes]) -> bytes:
    """Hash the bodies into the tree."""
    peaks: list[bytes] = []
    for seq, body in enumerate(bodies):
        merkle.grow(seq, peaks, merkle.leaf_hash(body))
    return merkle.root_of(peaks)


def report(what: str, ours: list[float], theirs: list[float], count: int, unit: str) -> None:
    """Print the median of the paired ratios."""
    ratio = statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))
    spread = f"{min(ours):.3f}–{max(ours):.3f} s"
    print(f"{what}: {ratio:.2f}× ({count / statistics.median(ours):,.0f} {unit}/s; {spread})")


def main(entries: int = 20_000) -> None:
    """Run all comparisons."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'bench.sqlite3'}")
        upgrade(database)
        appending(database)
        print(f"verify_database of {ROUNDS * UNITS} entries: {seconds(lambda: verify_database(database)):.2f} s")
        database.dispose()
    verifying(entries)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
