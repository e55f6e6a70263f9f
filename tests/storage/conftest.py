"""Both stores, for the tests of what every store promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.settings import Settings
from governance.storage.files import Store
from governance.storage.objects import open_store
from tests import buckets


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Address of a server of the S3 protocol."""
    with buckets.server() as address:
        yield address


@pytest.fixture
def bucket_url(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """URL of a fresh bucket; the environment holds its endpoint and keys."""
    return buckets.bucket(s3_server, monkeypatch)


@pytest.fixture(params=["folder", "bucket"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """One store after the other, opened as the service opens it."""
    url = request.getfixturevalue("bucket_url") if request.param == "bucket" else ""
    return open_store(Settings(data_dir=tmp_path, files_url=url))
