"""A real mail server on this machine that keeps what it is given, refuses when told to, and asks for encryption and login."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

HOST = "127.0.0.1"


@dataclass
class Mailbox:
    """What arrived; `answer` is what the server says to the next letters, `arriving` is called before it answers."""

    port: int
    raw: list[bytes] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    answer: str = "250 OK"
    refused: dict[str, str] = field(default_factory=dict)
    arriving: Callable[[], None] = lambda: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_RCPT(  # noqa: N802 - named by the server
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            with self.lock:
                self.raw.append(envelope.original_content)
                self.to += envelope.rcpt_tos
        self.arriving()
        return self.answer

    @property
    def messages(self) -> list[EmailMessage]:
        """The letters as a mail program reads them."""
        return [message_from_bytes(each, policy=default) for each in self.raw]

    def words(self) -> str:
        """Return every letter as it was sent and as it is read: headers and bodies, decoded."""
        read = [f"{name}: {value}" for message in self.messages for name, value in message.items()]
        bodies = [message.get_content() for message in self.messages]
        return "\n".join([each.decode() for each in self.raw] + read + bodies)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def open_mailbox(box: Mailbox | None = None, **options: Any) -> Iterator[Mailbox]:
    """Run the server; give a closed mailbox to open it again on its port."""
    box = box or Mailbox(free_port())
    controller = Controller(box, hostname=HOST, port=box.port, **options)
    controller.start()
    try:
        yield box
    finally:
        controller.stop(no_assert=True)


def guarded(context: ssl.SSLContext, user: str, password: str) -> dict[str, Any]:
    """Return the options of a server that wants STARTTLS and a login."""

    def check(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        fits = (given.login, given.password) == (user.encode(), password.encode())
        return AuthResult(success=fits, handled=False)

    return {"tls_context": context, "require_starttls": True, "authenticator": check, "auth_required": True}
