"""How a governed row, a reading and the content of a screening are written for their digests: one form, the same from both databases.

What counts of each table is in governed.py. An auditor needs no more than these two files to write a row again (assurance.md T2).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from governance.ledger.canonical import canonical
from governance.ledger.governed import ADDED_LATER, CONTENT_TABLES, CONTENTS, GOVERNED
from governance.ledger.rules import moment


def plain(value: Any) -> Any:
    """Return a column value in the one form that is digested, the same from both databases."""
    if isinstance(value, datetime):
        return moment(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, date):
        return value.isoformat()
    return value


def canonical_row(table: str, row: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of a governed row. Raises NotCanonical for a fraction inside of a JSON column."""
    return _written(table, GOVERNED[table].counted(row.get("state")), row)


def canonical_reading(row: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of one reading; the digest of a batch is over these, in order, joined by line feeds."""
    names = {"indicator": "indicator_id", "corrects": "corrects_id"}
    told = ("id", "position", "indicator", "at", "turn", "corrects", "value", "verdict", "note")
    return canonical({name: plain(row[names.get(name, name)]) for name in told})


def canonical_content(table: str, row: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of one row of a screening's content."""
    return _written(table, CONTENT_TABLES[table], row)


def _written(table: str, columns: Sequence[str], row: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of these columns; an empty one that came later is left out."""
    later = ADDED_LATER.get(table, frozenset())
    names = [name for name in columns if row[name] or name not in later]
    return canonical({"table": table, "columns": {name: plain(row[name]) for name in names}})


def canonical_contents(lines: Sequence[bytes]) -> bytes:
    """Return the canonical bytes that stand for the whole content of a locked screening, whatever the order of its rows."""
    digest = hashlib.sha256(b"\n".join(sorted(lines))).hexdigest()
    return canonical({"table": CONTENTS, "count": len(lines), "sha256": digest})
