"""Keeps evidence and reports as files named by the SHA-256 of their content, so that what was shown can be proved later.

A file is complete and on the disk before its name appears; a crash leaves at worst an unnamed file, never a name without content
(assurance.md §4, "Evidence and PDFs"). Equal content is stored once. The original name is kept in the database alone.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from io import BufferedReader
from pathlib import Path
from typing import IO, BinaryIO, NoReturn, Protocol

from governance.refusals import Refusal

CHUNK = 1 << 20
NO_TIME = timedelta(0)
RESERVE = 64 * CHUNK
"""Free space that files leave to the database, which often lies on the same disk (assurance.md §4)."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class DamagedFile(RuntimeError):
    """A stored file is gone, or is no longer what its name says; it is never served."""


@dataclass(frozen=True)
class Stored:
    """A stored file: the SHA-256 of its content in hex, and its size in bytes."""

    digest: str
    size: int


class Store(Protocol):
    """What every store of files does, wherever it keeps them: folder (here) or bucket (objects.py)."""

    def put(self, stream: BinaryIO, limit: int) -> Stored:
        """Store the content of `stream`, all or nothing. Raises Refusal."""
        ...

    def open(self, digest: str) -> AbstractContextManager[IO[bytes]]:
        """Open a stored file for reading after checking its content. Raises DamagedFile."""
        ...

    def read(self, digest: str) -> bytes:
        """Return the checked content of a stored file. Raises DamagedFile."""
        ...

    def verify(self, digest: str) -> bool:
        """Say whether the file is there and its content is what its name says."""
        ...

    def discard(self, digest: str, *, rested: timedelta = NO_TIME) -> bool:
        """Remove a stored file for good, as an erasure does; say whether it went. One that `put` was given since `rested` ago stays."""
        ...

    def digests(self) -> Iterator[str]:
        """Yield the digest of every stored file."""
        ...

    def probe(self) -> None:
        """Write, read and remove something that passes. Raises OSError or RuntimeError when the store is of no use."""
        ...


def place_of(digest: str) -> str:
    """Return the path of a file within a store. Raises ValueError for anything that is no digest."""
    if not _DIGEST.fullmatch(digest):
        raise ValueError("a stored file is named by a SHA-256 in hex")
    return f"sha256/{digest[:2]}/{digest[2:4]}/{digest}"


class FileStore:
    """A folder of files named by their content."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self._new = self.root / "tmp"
        self._new.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, stream: BinaryIO, limit: int) -> Stored:
        """Store the content of `stream` and return its digest and size.

        Raises Refusal when it is empty, has more than `limit` bytes, or the disk is full; nothing is kept then.
        """
        if shutil.disk_usage(self.root).free < RESERVE:
            _refuse_full(None)
        unnamed = self._new / uuid.uuid4().hex
        try:
            stored = _write(stream, unnamed, limit)
            self._name(unnamed, stored)
        except OSError as error:
            if error.errno in _FULL:
                _refuse_full(error)
            raise
        finally:
            with suppress(FileNotFoundError):
                unnamed.unlink()
        return stored

    @contextmanager
    def open(self, digest: str) -> Iterator[BufferedReader]:
        """Open a stored file for reading after checking its content. Raises DamagedFile when that is not what was stored."""
        try:
            file = self.path(digest).open("rb")
        except FileNotFoundError as error:
            raise DamagedFile(f"{digest} is not in the store") from error
        with file:
            if _digest(file) != digest:
                raise DamagedFile(f"the content of {digest} was changed")
            file.seek(0)
            yield file

    def read(self, digest: str) -> bytes:
        """Return the checked content of a stored file. Raises DamagedFile."""
        with self.open(digest) as file:
            return file.read()

    def verify(self, digest: str) -> bool:
        """Say whether the file is there and its content is what its name says."""
        try:
            with self.open(digest):
                return True
        except DamagedFile:
            return False

    def discard(self, digest: str, *, rested: timedelta = NO_TIME) -> bool:
        """Remove a file for good, its content overwritten before its name goes; say whether it went.

        One that was stored, or stored again, since `rested` ago stays: whoever put it may be about to name it. On disks that write
        elsewhere (flash, snapshots) the old blocks may live on until they are used again.
        """
        path = self.path(digest)
        try:
            with self._locked():
                if rested and time.time() - path.stat().st_mtime < rested.total_seconds():
                    return False
                with path.open("r+b") as file:
                    file.write(bytes(path.stat().st_size))
                    file.flush()
                    os.fsync(file.fileno())
                path.unlink()
        except FileNotFoundError:
            return False
        _sync_folder(path.parent)
        return True

    def digests(self) -> Iterator[str]:
        """Yield the digest of every stored file: for backups and for finding what no record names."""
        for path in sorted((self.root / "sha256").glob("??/??/*")):
            yield path.name

    def path(self, digest: str) -> Path:
        """Return where a file with this digest lies. Raises ValueError for anything that is no digest."""
        return self.root / place_of(digest)

    def probe(self) -> None:
        """Write, read and remove a passing file. Raises OSError when one of the three fails."""
        passing, content = self._new / uuid.uuid4().hex, uuid.uuid4().bytes
        try:
            passing.write_bytes(content)
            if passing.read_bytes() != content:
                raise OSError(errno.EIO, "another content came back")
        finally:
            passing.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep naming and removing files apart, in every process that uses this folder."""
        descriptor = os.open(self._new / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _name(self, unnamed: Path, stored: Stored) -> None:
        """Give a complete file its name; a file of that name has the same content, unless it was damaged: then it is mended.

        One that was there counts as stored now, so that no sweep takes it before it is named (`discard`).
        """
        final = self.path(stored.digest)
        final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        is_damaged = final.exists() and not self.verify(stored.digest)
        with self._locked():
            if is_damaged:
                unnamed.replace(final)
            else:
                try:
                    os.link(unnamed, final)
                except FileExistsError:
                    os.utime(final)
        for folder in (final.parent, *final.parent.parents):
            _sync_folder(folder)
            if folder == self.root:
                break


def _write(stream: BinaryIO, path: Path, limit: int) -> Stored:
    """Write the stream to a new file, hashing on the way, and wait until it is on the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        stored = copied(stream, file, limit)
        file.flush()
        os.fsync(file.fileno())
    return stored


def copied(stream: BinaryIO, target: BinaryIO, limit: int) -> Stored:
    """Copy the stream and return its digest and size. Raises Refusal when it is empty or has more than `limit` bytes."""
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > limit:
            _refuse_size(limit)
        digest.update(chunk)
        target.write(chunk)
    if size == 0:
        _refuse_empty()
    return Stored(digest.hexdigest(), size)


def _digest(file: BufferedReader) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_size(limit: int) -> NoReturn:
    raise Refusal(
        "files.too_large",
        "ファイルが大きすぎます（上限 {limit} MB）。分割するか、保管場所へのリンクを登録してください。",
        "The file is too large (limit {limit} MB). Split it, or register a link to where it is kept.",
        limit=f"{limit / 1_000_000:.4g}",
    )


def _refuse_empty() -> NoReturn:
    raise Refusal(
        "files.empty",
        "ファイルが空です。内容のあるファイルを選んでください。",
        "The file is empty. Choose a file with content.",
    )


def _refuse_full(error: OSError | None) -> NoReturn:
    raise Refusal(
        "files.no_space",
        "保存先の空き容量が不足しているため、ファイルを保存できませんでした。何も記録されていません。管理者に連絡してください。",
        "The file could not be stored because the disk is full. Nothing was recorded. Please tell an administrator.",
    ) from error
