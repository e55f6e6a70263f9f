"""Tables of the ledger: entries, the nodes of their tree, private values behind salted digests, signed checkpoints.

All but the table of sendings only grow; triggers on both databases refuse any change. `ledger_value` alone may lose rows, when
personal content is erased by an event that says so: the tree still verifies, because entries hold only digests (assurance.md
§3.1, §3.8).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.tables import Base, Big, Code, Line


class LedgerEvent(Base):
    """One entry: `body` is the exact canonical JSON that was hashed into `leaf`; `seq` counts from 0 without gaps.

    `type`, `subject` (`kind:id`) and `project` repeat the body so that pages can find entries; verification compares them with it.
    """

    __tablename__ = "ledger_event"
    __table_args__ = (CheckConstraint("length(leaf) = 32", name="leaf"), {"sqlite_strict": True})

    seq: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    leaf: Mapped[bytes] = mapped_column(LargeBinary)
    type: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text, index=True)
    project: Mapped[str | None] = mapped_column(Text, index=True)


class LedgerNode(Base):
    """The root of a complete subtree of 2^level entries, from level 1 up (see merkle.py)."""

    __tablename__ = "ledger_node"
    __table_args__ = (
        CheckConstraint("length(hash) = 32", name="hash"),
        {"sqlite_strict": True, "sqlite_with_rowid": False},
    )

    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class LedgerValue(Base):
    """A private value of an entry with the salt of its digest; `path` is `private.<name>`, or `rows` for the salt of row digests."""

    __tablename__ = "ledger_value"
    __table_args__ = (CheckConstraint("length(salt) = 32", name="salt"), {"sqlite_strict": True})

    seq: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    path: Mapped[str] = mapped_column(Text, primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    value: Mapped[bytes] = mapped_column(LargeBinary)


class LedgerCheckpoint(Base):
    """A signed checkpoint: `note` is its text, byte for byte; size and root repeat it (docs/proofs.md §4)."""

    __tablename__ = "ledger_checkpoints"
    __table_args__ = (CheckConstraint("length(root) = 32", name="root"),)

    size: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]


class LedgerSending(Base):
    """How the sending of one checkpoint to one place outside stands; `problem` is a code, empty when nothing went wrong."""

    __tablename__ = "ledger_sendings"

    size: Mapped[int] = mapped_column(Big, ForeignKey("ledger_checkpoints.size"), primary_key=True, autoincrement=False)
    sink: Mapped[Code] = mapped_column(primary_key=True)
    place: Mapped[Line]
    tries: Mapped[int]
    problem: Mapped[Line]
    tried_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
