"""What both stores promise, folder and bucket: the same content under its digest, once, checked at each reading, or nothing."""

from __future__ import annotations

import hashlib
import io
import os
import time
from datetime import timedelta
from pathlib import Path

import obstore
import pytest
from sqlalchemy import select

from governance import doctor
from governance.ledger.audit import verify_database
from governance.projects.models import Evidence
from governance.refusals import Refusal
from governance.settings import Settings
from governance.storage.files import DamagedFile, FileStore, Store, place_of
from governance.storage.objects import IN_MEMORY, ObjectStore, UnreachableStore, open_store
from tests.builders import World, answered, opened, registered
from tests.visitor import Visitor, service

CONTENT = "試験の記録".encode()
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def damage(store: Store, content: bytes | None) -> None:
    """Change the stored content past the store, or take it away."""
    if isinstance(store, FileStore):
        path = store.path(DIGEST)
        path.write_bytes(content) if content is not None else path.unlink()
    elif isinstance(store, ObjectStore):
        bucket = store._bucket
        obstore.put(bucket, place_of(DIGEST), content) if content is not None else obstore.delete(
            bucket, place_of(DIGEST)
        )


@pytest.mark.parametrize("size", [1, 70_000, IN_MEMORY + 1])
def test_what_is_stored_is_read_back(any_store: Store, size: int) -> None:
    content = b"\x00\xff" * (size // 2) + b"x" * (size % 2)
    stored = any_store.put(io.BytesIO(content), limit=size)
    assert (stored.digest, stored.size) == (hashlib.sha256(content).hexdigest(), size)
    assert any_store.read(stored.digest) == content
    assert any_store.verify(stored.digest)


def test_equal_content_is_stored_once(any_store: Store) -> None:
    assert any_store.put(io.BytesIO(CONTENT), 100) == any_store.put(io.BytesIO(CONTENT), 100)
    other = any_store.put(io.BytesIO(b"other"), 100)
    assert list(any_store.digests()) == sorted([DIGEST, other.digest])


@pytest.mark.parametrize(("content", "code"), [(b"", "files.empty"), (b"x" * 11, "files.too_large")])
def test_nothing_is_kept_of_an_empty_or_too_large_file(any_store: Store, content: bytes, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        any_store.put(io.BytesIO(content), limit=10)
    assert caught.value.code == code
    assert list(any_store.digests()) == []


@pytest.mark.parametrize("change", [CONTENT + b" ", b"", None])
def test_a_changed_or_lost_file_is_never_served_and_is_mended_by_its_content(
    any_store: Store, change: bytes | None
) -> None:
    any_store.put(io.BytesIO(CONTENT), 100)
    damage(any_store, change)
    assert not any_store.verify(DIGEST)
    with pytest.raises(DamagedFile, match="not in the store" if change is None else "changed"):
        any_store.read(DIGEST)
    any_store.put(io.BytesIO(CONTENT), 100)
    assert any_store.read(DIGEST) == CONTENT


def test_what_was_stored_again_a_moment_ago_is_not_discarded(any_store: Store) -> None:
    hour = timedelta(hours=1)
    assert not any_store.discard(DIGEST, rested=hour)
    any_store.put(io.BytesIO(CONTENT), 100)
    assert not any_store.discard(DIGEST, rested=hour)
    if isinstance(any_store, FileStore):
        old = time.time() - 7200
        os.utime(any_store.path(DIGEST), (old, old))
        any_store.put(io.BytesIO(CONTENT), 100)
        assert not any_store.discard(DIGEST, rested=hour)
        os.utime(any_store.path(DIGEST), (old, old))
        assert any_store.discard(DIGEST, rested=hour)
        any_store.put(io.BytesIO(CONTENT), 100)
    else:
        time.sleep(1)  # a bucket tells times in whole seconds
        any_store.put(io.BytesIO(CONTENT), 100)
        assert not any_store.discard(DIGEST, rested=timedelta(seconds=0.9))
    assert any_store.discard(DIGEST)
    assert list(any_store.digests()) == []


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "A" * 64, DIGEST + "\n", "/" + DIGEST])
def test_only_a_digest_names_a_file(any_store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        any_store.read(name)


def test_a_probe_leaves_nothing(any_store: Store) -> None:
    any_store.probe()
    assert list(any_store.digests()) == []


def test_a_bucket_that_is_gone_refuses_to_store_and_says_nothing_of_a_file(bucket_url: str) -> None:
    store = open_store(Settings(files_url=bucket_url.replace("b-", "gone-")))
    with pytest.raises(Refusal, match="unreachable"):
        store.put(io.BytesIO(CONTENT), 100)
    with pytest.raises((UnreachableStore, DamagedFile)):
        store.read(DIGEST)
    with pytest.raises(UnreachableStore):
        store.probe()


def test_a_server_that_does_not_answer_is_no_damaged_file(bucket_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    store = open_store(Settings(files_url=f"{bucket_url}/silent"))
    with pytest.raises(UnreachableStore):
        store.verify(DIGEST)
    with pytest.raises(Refusal, match="unreachable"):
        store.put(io.BytesIO(CONTENT), 100)


def test_the_doctor_writes_to_the_store_and_reads_it(
    bucket_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(**given: object) -> str:
        return next(each.state for each in doctor._files(Settings.model_validate({"data_dir": tmp_path, **given})))

    assert found() == "ok"
    assert found(files_url=bucket_url) == "ok"
    assert found(files_url="s3://no-such-bucket") == "fail"
    (tmp_path / "files" / "tmp").rmdir()
    (tmp_path / "files" / "tmp").write_text("in the way")
    assert found() == "fail"


@pytest.mark.parametrize(
    "url", ["http://bucket", "s3://", "s3://user:key@bucket", "s3://bucket?x=1", "bucket", "file:///x"]
)
def test_only_a_bucket_is_an_address_of_files(url: str) -> None:
    with pytest.raises(ValueError, match="files_url"):
        Settings(files_url=url)


def test_evidence_of_a_page_lies_in_the_bucket_and_comes_from_there(
    made: World, bucket_url: str, tmp_path: Path
) -> None:
    """The whole way with a bucket: upload, download, verification, and what a person reads when the file was changed there."""
    app = service(made.database, tmp_path, files_url=bucket_url)
    app.config["SHOW_FAULTS"] = True
    screening = opened(made, registered(made))
    answered(made, screening)
    member = Visitor(app)
    member.sign_in("member@test.example")
    sent = {"file": (io.BytesIO(CONTENT), "記録.txt")}
    assert member.post(f"/screenings/{screening}/evidence/P1a", sent).status_code == 303
    store = open_store(app.config["SETTINGS"])
    assert list(store.digests()) == [DIGEST]
    assert not (tmp_path / "files").exists()
    with made.acting(read_only=True) as work:
        id = work.session.scalars(select(Evidence.id)).one()
    assert member.get(f"/evidence/{id}").data == CONTENT
    assert verify_database(made.database, files=store).ok
    damage(store, b"changed")
    assert [fault.code for fault in verify_database(made.database, files=store).faults] == ["file"]
    answer = member.get(f"/evidence/{id}")
    assert (answer.status_code, b"changed" in answer.data) == (500, False)
