"""How the signed checkpoints of the ledger leave the installation: which were made, where each was sent, and what to do when one was not.

A checkpoint proves nothing against an administrator until it lies outside (assurance.md §3.6), so whoever looks after the ledger must
see when it does not. Sending itself is the worker's (sinks.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from governance.ledger.checkpoints import FORK
from governance.ledger.models import LedgerCheckpoint, LedgerSending
from governance.settings_ledger import place_code
from governance.texts import Text

KINDS: Mapping[str, Text] = {
    "folder": Text("フォルダー", "Folder"),
    "bucket": Text("バケット", "Bucket"),
    "mail": Text("メール", "Mail"),
}
PATIENCE = {"folder": timedelta(hours=1), "bucket": timedelta(hours=1), "mail": timedelta(days=2)}
"""How long a new checkpoint may wait before somebody should look whether the worker runs; mail leaves once a day."""

FORKED = Text(
    "同じ件数で内容の異なるチェックポイントが、すでに保管先にあります（台帳の分岐）。両方を残したまま、監査人に知らせてください。",
    "The place already holds a different checkpoint of the same size (a fork of the ledger). Keep both and tell the auditor.",
)
IDLE = Text(
    "送付が止まっています。worker（governance worker）が動いているか確かめてください。",
    "Nothing is being sent. See whether the worker (governance worker) runs.",
)
REMEDIES: Mapping[tuple[str, str], Text] = {
    ("folder", "FileNotFoundError"): Text(
        "フォルダーがありません。作るか、別の機械のフォルダーなら接続を確かめてください。自動で再送します。",
        "The folder is not there. Make it or, if it lies on another machine, see whether it is mounted. It is tried again by itself.",
    ),
    ("folder", "PermissionError"): Text(
        "フォルダーに書き込めません。権限を確かめてください。自動で再送します。",
        "The folder may not be written to. Check its permissions. It is tried again by itself.",
    ),
    ("folder", ""): Text(
        "フォルダーに書き込めません。空き容量と権限を確かめてください。自動で再送します。",
        "The folder cannot be written to. Check its room and its permissions. It is tried again by itself.",
    ),
    ("bucket", ""): Text(
        "バケットに書き込めません。接続先、鍵、作成の権限を確かめてください。自動で再送します。",
        "The bucket cannot be written to. Check its address, the keys and the right to create. It is tried again by itself.",
    ),
    ("mail", ""): Text(
        "メールを送れません。メールの設定と宛先を確かめてください。自動で再送します。",
        "The mail cannot be sent. Check the settings of mail and the addresses. It is tried again by itself.",
    ),
}


@dataclass(frozen=True)
class Place:
    """A place outside as it stands: what it has got, what failed there, and what somebody should do."""

    kind: Text
    place: str
    is_set: bool
    size: int | None = None
    sent_at: datetime | None = None
    problem: str = ""
    tried_at: datetime | None = None
    todo: Text | None = None


def remedy(kind: str, problem: str) -> Text:
    """Return what to do about a sending that failed."""
    if problem == FORK:
        return FORKED
    return REMEDIES.get((kind, problem)) or REMEDIES.get((kind, "")) or REMEDIES["folder", ""]


def places(session: Session, configured: Sequence[tuple[str, str]], now: datetime) -> list[Place]:
    """Return the places that are configured, then those that were sent to before and no longer are."""
    known = {place_code(kind, place): (kind, place) for kind, place in configured}
    before = session.execute(select(LedgerSending.sink, func.max(LedgerSending.place)).group_by(LedgerSending.sink))
    gone = {sink: (sink.partition(":")[0], place) for sink, place in before if sink not in known}
    return [
        *(_place(session, sink, *each, now, is_set=True) for sink, each in known.items()),
        *(_place(session, sink, *each, now, is_set=False) for sink, each in sorted(gone.items())),
    ]


def _place(session: Session, sink: str, kind: str, place: str, now: datetime, *, is_set: bool) -> Place:
    mine = select(LedgerSending).where(LedgerSending.sink == sink).order_by(LedgerSending.size.desc()).limit(1)
    sent = session.scalars(mine.where(LedgerSending.sent_at.is_not(None))).first()
    forked = session.scalars(mine.where(LedgerSending.problem == FORK)).first()
    failed = forked or session.scalars(mine.where(LedgerSending.sent_at.is_(None))).first()
    if failed is not None and failed is not forked and (not is_set or (sent is not None and failed.size < sent.size)):
        failed = None  # nothing more is sent there, or a mail failed once and a later one left
    todo = remedy(kind, failed.problem) if failed is not None else None
    if todo is None and is_set and _is_late(session, kind, sent, now):
        todo = IDLE
    return Place(
        kind=KINDS.get(kind, Text(kind, kind)),
        place=place,
        is_set=is_set,
        size=sent.size if sent else None,
        sent_at=sent.sent_at if sent else None,
        problem=failed.problem if failed else "",
        tried_at=failed.tried_at if failed else None,
        todo=todo,
    )


def _is_late(session: Session, kind: str, sent: LedgerSending | None, now: datetime) -> bool:
    """Say whether a checkpoint has waited for longer than it should."""
    size = sent.size if sent is not None else 0
    waiting = select(func.min(LedgerCheckpoint.made_at)).where(LedgerCheckpoint.size > size)
    since: datetime | None = session.scalar(waiting)
    return since is not None and now > since + PATIENCE[kind]


def made(session: Session, before: int | None, limit: int) -> Sequence[LedgerCheckpoint]:
    """Return the newest checkpoints, below a size if one is given."""
    query = select(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc()).limit(limit)
    return session.scalars(query.where(LedgerCheckpoint.size < before) if before is not None else query).all()


def sendings(session: Session, rows: Sequence[LedgerCheckpoint]) -> Mapping[int, list[LedgerSending]]:
    """Return where each of these checkpoints was sent or should have been, by its size."""
    query = select(LedgerSending).where(LedgerSending.size.in_([row.size for row in rows]))
    found: dict[int, list[LedgerSending]] = defaultdict(list)
    for row in session.scalars(query.order_by(LedgerSending.sink)):
        found[row.size].append(row)
    return found
