"""A stored file is exactly what was given, complete, under the digest of its content, or it is not there at all."""

from __future__ import annotations

import errno
import hashlib
import io
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.refusals import Refusal
from governance.storage.files import DamagedFile, FileStore

CONTENT = "試験の記録".encode()
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


def left(store: FileStore) -> list[Path]:
    """Return every file but the empty one that processes lock."""
    return [path for path in store.root.rglob("*") if path.is_file() and path.name != ".lock"]


@given(content=st.binary(min_size=1, max_size=3000))
def test_what_is_stored_is_read_back(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    store = FileStore(tmp_path_factory.mktemp("store"))
    stored = store.put(io.BytesIO(content), limit=3000)
    assert (stored.digest, stored.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert store.read(stored.digest) == content
    assert store.verify(stored.digest)


def test_equal_content_is_stored_once_and_only_for_its_owner(store: FileStore) -> None:
    assert store.put(io.BytesIO(CONTENT), 100) == store.put(io.BytesIO(CONTENT), 100)
    assert left(store) == [store.path(DIGEST)]
    assert list(store.digests()) == [DIGEST]
    assert store.path(DIGEST).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("content", "code"), [(b"", "files.empty"), (b"x" * 11, "files.too_large")])
def test_nothing_is_kept_of_an_empty_or_too_large_file(store: FileStore, content: bytes, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        store.put(io.BytesIO(content), limit=10)
    assert caught.value.code == code
    assert left(store) == []


def test_an_endless_stream_is_cut_at_the_limit(store: FileStore) -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return b"x" * size

    with pytest.raises(Refusal, match="too_large"):
        store.put(Endless(), limit=5_000_000)  # type: ignore[arg-type]
    assert left(store) == []


@pytest.mark.parametrize("call", ["fsync", "link", "open"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_full_or_broken_disk_keeps_nothing(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    def fail(*rest: Any, **more: Any) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(os, call, fail)
        with pytest.raises(OSError if number == errno.EIO else Refusal) as caught:
            store.put(io.BytesIO(CONTENT), 100)
    if isinstance(caught.value, Refusal):
        assert caught.value.code == "files.no_space"
    assert left(store) == []
    assert store.put(io.BytesIO(CONTENT), 100).digest == DIGEST


def test_the_file_is_on_the_disk_before_its_name_and_the_name_before_the_answer(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    real_sync, real_link = os.fsync, os.link

    def sync(descriptor: int) -> None:
        order.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")  # noqa: PTH112 - a descriptor
        real_sync(descriptor)

    def link(source: Any, target: Any) -> None:
        order.append("name")
        real_link(source, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "link", link)
    store.put(io.BytesIO(CONTENT), 100)
    assert order[:3] == ["file", "name", "folder"]
    assert order.count("folder") == 4


def test_a_changed_or_lost_file_is_never_served(store: FileStore) -> None:
    store.put(io.BytesIO(CONTENT), 100)
    store.path(DIGEST).write_bytes(CONTENT + b" ")
    assert not store.verify(DIGEST)
    with pytest.raises(DamagedFile, match="changed"):
        store.read(DIGEST)
    store.path(DIGEST).unlink()
    with pytest.raises(DamagedFile, match="not in the store"):
        store.read(DIGEST)


def test_storing_the_content_again_mends_a_damaged_file(store: FileStore) -> None:
    store.put(io.BytesIO(CONTENT), 100)
    store.path(DIGEST).write_bytes(b"damaged")
    store.put(io.BytesIO(CONTENT), 100)
    assert store.read(DIGEST) == CONTENT


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "A" * 64, DIGEST + "\n", "/" + DIGEST])
def test_only_a_digest_names_a_file(store: FileStore, name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        store.path(name)
