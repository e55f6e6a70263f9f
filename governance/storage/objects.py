"""Keeps evidence and reports in a bucket that speaks the S3 protocol, with the same promises as the local folder (files.py).

An object is written whole or not at all, under the digest of its content, and only where none stands yet; each reading checks the
digest again, for a bucket is somebody else's disk. `open_store` is the one place that chooses between folder and bucket.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO, NoReturn, cast

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError, PreconditionError
from obstore.store import S3Store

from governance.refusals import Refusal
from governance.settings import Settings
from governance.storage.files import CHUNK, NO_TIME, DamagedFile, FileStore, Store, Stored, copied, place_of

IN_MEMORY = 8 * CHUNK
"""Up to this size a file passes through memory alone, a larger one through a file without a name."""

_EXISTS = (AlreadyExistsError, PreconditionError)
_FAULTS = (BaseError, OSError)
_PATIENCE: Any = {"connect_timeout": timedelta(seconds=5), "timeout": timedelta(seconds=60)}
_RETRY: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}


class UnreachableStore(RuntimeError):
    """The bucket did not answer as it should; nothing is known of the file that was asked for."""


class ObjectStore:
    """Objects of a bucket named by their content."""

    def __init__(self, bucket: S3Store) -> None:
        self._bucket = bucket

    def put(self, stream: BinaryIO, limit: int) -> Stored:
        """Store the content of `stream` and return its digest and size.

        Raises Refusal when it is empty, has more than `limit` bytes, or the bucket does not take it; nothing is kept then.
        """
        with SpooledTemporaryFile(IN_MEMORY) as passing:
            stored = copied(stream, cast(BinaryIO, passing), limit)
            passing.seek(0)
            try:
                self._name(stored.digest, passing.read())
            except (*_FAULTS, UnreachableStore) as error:
                _refuse_unreachable(error)
        return stored

    def _name(self, digest: str, content: bytes) -> None:
        """Write the object where none stands; one that stands is written again: it may be damaged, and counts as stored now.

        So no sweep takes it before it is named (`discard`).
        """
        try:
            obstore.put(self._bucket, place_of(digest), content, mode="create")
        except _EXISTS:
            obstore.put(self._bucket, place_of(digest), content)

    @contextmanager
    def open(self, digest: str) -> Iterator[IO[bytes]]:
        """Open a stored file for reading after checking its content. Raises DamagedFile when that is not what was stored."""
        with SpooledTemporaryFile(IN_MEMORY) as passing:
            if self._fetch(place_of(digest), passing) != digest:
                raise DamagedFile(f"the content of {digest} was changed")
            passing.seek(0)
            yield passing

    def _fetch(self, place: str, passing: SpooledTemporaryFile[bytes]) -> str:
        """Copy an object into `passing` and return the digest of what arrived."""
        found = hashlib.sha256()
        try:
            for chunk in obstore.get(self._bucket, place).stream(CHUNK):
                found.update(chunk)
                passing.write(bytes(chunk))
        except (NotFoundError, FileNotFoundError) as error:
            raise DamagedFile(f"{place} is not in the store") from error
        except _FAULTS as error:
            raise UnreachableStore(f"the store of files does not answer: {type(error).__name__}") from error
        return found.hexdigest()

    def read(self, digest: str) -> bytes:
        """Return the checked content of a stored file. Raises DamagedFile."""
        with self.open(digest) as file:
            return file.read()

    def verify(self, digest: str) -> bool:
        """Say whether the file is there and its content is what its name says. Raises UnreachableStore when nobody can tell."""
        try:
            with self.open(digest):
                return True
        except DamagedFile:
            return False

    def discard(self, digest: str, *, rested: timedelta = NO_TIME) -> bool:
        """Remove an object for good; say whether it went. One that was stored, or stored again, since `rested` ago stays.

        Raises UnreachableStore. Versions that a bucket keeps are its own.
        """
        stored = self._stored_at(digest)
        if stored is None or (rested and datetime.now(UTC) - stored < rested):
            return False
        try:
            obstore.delete(self._bucket, place_of(digest))
        except _FAULTS as error:
            raise UnreachableStore(type(error).__name__) from error
        return True

    def _stored_at(self, digest: str) -> datetime | None:
        """Return when an object was written last; None when there is none."""
        try:
            return obstore.head(self._bucket, place_of(digest))["last_modified"]
        except (NotFoundError, FileNotFoundError):
            return None
        except _FAULTS as error:
            raise UnreachableStore(type(error).__name__) from error

    def digests(self) -> Iterator[str]:
        """Yield the digest of every stored file: for backups and for finding what no record names."""
        names = [
            str(each["path"]).rsplit("/", 1)[-1] for batch in obstore.list(self._bucket, "sha256") for each in batch
        ]
        yield from sorted(names)

    def probe(self) -> None:
        """Write, read and remove a passing object. Raises UnreachableStore when one of the three fails."""
        place, content = f"tmp/{uuid.uuid4().hex}", uuid.uuid4().bytes
        try:
            obstore.put(self._bucket, place, content, mode="create")
            came = bytes(obstore.get(self._bucket, place).bytes())
            obstore.delete(self._bucket, place)
        except _FAULTS as error:
            raise UnreachableStore(type(error).__name__) from error
        if came != content:
            raise UnreachableStore("another content came back")


def open_store(settings: Settings) -> Store:
    """Return the store of evidence files and issued reports: the bucket of FILES_URL, else the folder in DATA_DIR."""
    return _bucket(settings.files_url) if settings.files_url else FileStore(settings.files_dir)


@lru_cache(maxsize=4)
def _bucket(url: str) -> ObjectStore:
    """Return the bucket at this address; endpoint, region and keys are those of the environment (AWS_ENDPOINT_URL and so on).

    Every content is sent with its SHA-256, so that one damaged on the way is refused at the other end. A plain connection is used
    only when AWS_ALLOW_HTTP says so.
    """
    return ObjectStore(bucket(url))


def bucket(url: str) -> S3Store:
    """Return the bare bucket at this address, for what is not named by its content."""
    plain = os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true"
    options: Any = {**_PATIENCE, "allow_http": plain}
    return S3Store.from_url(url, checksum_algorithm="sha256", client_options=options, retry_config=_RETRY)


def _refuse_unreachable(error: Exception) -> NoReturn:
    raise Refusal(
        "files.unreachable",
        "ファイルの保存先に書き込めないため、保存できませんでした。何も記録されていません。管理者に連絡してください。",
        "The file could not be stored because the store cannot be written to. Nothing was recorded. Please tell an administrator.",
    ) from error
