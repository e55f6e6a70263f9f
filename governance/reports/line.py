"""What passes between the service and the press: lists of byte strings, each with its length before it."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable

SOCKET = "press.sock"
BEGUN, PRINTED, FAILED = b"b", b"p", b"f"
MOST = 64
LARGEST = 500_000_000


class LineBroken(ConnectionError):
    """The other end is gone in the middle of a message, or sent what is no message."""


def send(line: socket.socket, parts: Iterable[bytes]) -> None:
    """Send the parts as one message."""
    parts = list(parts)
    line.sendall(struct.pack(f">I{len(parts)}Q", len(parts), *map(len, parts)))
    for part in parts:
        line.sendall(part)


def received(line: socket.socket) -> list[bytes]:
    """Return the parts of the next message. Raises LineBroken when it does not arrive whole."""
    [count] = struct.unpack(">I", exactly(line, 4))
    if count > MOST:
        raise LineBroken("no message of this program")
    sizes = struct.unpack(f">{count}Q", exactly(line, 8 * count))
    if sum(sizes) > LARGEST:
        raise LineBroken("the message is too large")
    return [exactly(line, size) for size in sizes]


def exactly(line: socket.socket, size: int) -> bytes:
    """Return this many bytes. Raises LineBroken when the other end closes before."""
    content = bytearray(size)
    view, got = memoryview(content), 0
    while got < size:
        count = line.recv_into(view[got:])
        if not count:
            raise LineBroken("the other end is gone")
        got += count
    return bytes(content)
