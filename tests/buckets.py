"""A server of the S3 protocol on this machine, and fresh buckets on it: what tests of the store of files talk to."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import Request, urlopen

import pytest
from moto.server import ThreadedMotoServer

KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_ALLOW_HTTP": "true",
}


@contextmanager
def server() -> Iterator[str]:
    """Yield the address of a server that lives as long as the block."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    try:
        host, port = running.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        running.stop()


def bucket(address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Create a bucket, point the environment at it and return its URL with a prefix."""
    name = f"b-{uuid.uuid4().hex}"
    urlopen(Request(f"{address}/{name}", method="PUT"), timeout=10).close()
    for key, value in {**KEYS, "AWS_ENDPOINT_URL": address}.items():
        monkeypatch.setenv(key, value)
    return f"s3://{name}/kept"
