"""Talks to the mail server; the only place that does.

Encryption that was asked for is never given up when the server does not offer it. What went wrong is told by a short code alone:
answers of a server may hold addresses and are never kept or logged.
"""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from governance.settings import Settings

TIMEOUT = 20
"""Seconds to wait for each answer of the server."""
CLOSING = 421


class Unreachable(Exception):
    """The server could not be talked to: no fault of the letter, which waits. The message is a code."""


class Rejected(Exception):
    """The server would not take this letter; `for_good` when it said so, else it may later. The message is a code."""

    def __init__(self, code: str, *, for_good: bool) -> None:
        self.for_good = for_good
        super().__init__(code)


class Post:
    """A connection to the configured server, opened by the first letter and kept for the next ones."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, message: EmailMessage) -> None:
        """Hand over one message. Raises Unreachable or Rejected."""
        server = self._server or self.open()
        try:
            server.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            code, _ = next(iter(refused.recipients.values()))
            raise self._refused(code) from None
        except smtplib.SMTPServerDisconnected:
            self.close()
            raise Unreachable("disconnected") from None
        except smtplib.SMTPNotSupportedError:
            raise Rejected("address", for_good=True) from None
        except smtplib.SMTPResponseException as refused:
            raise self._refused(refused.smtp_code) from None
        except OSError as error:
            self.close()
            raise Unreachable(type(error).__name__) from None

    def open(self) -> smtplib.SMTP:
        """Connect, encrypt and log in as configured. Raises Unreachable."""
        try:
            self._server = self._connected()
            self._log_in(self._server)
        except smtplib.SMTPAuthenticationError:
            self.close()
            raise Unreachable("login") from None
        except ssl.SSLError:
            self.close()
            raise Unreachable("tls") from None
        except smtplib.SMTPNotSupportedError:
            self.close()
            raise Unreachable("not_offered") from None
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Unreachable(type(error).__name__) from None
        return self._server

    def _connected(self) -> smtplib.SMTP:
        given, name = self.settings, urlsplit(self.settings.base_url).hostname
        if given.smtp_security == "tls":
            return smtplib.SMTP_SSL(given.smtp_host, given.smtp_port, name, timeout=TIMEOUT, context=_trusting())
        server = smtplib.SMTP(given.smtp_host, given.smtp_port, name, timeout=TIMEOUT)
        self._server = server
        if given.smtp_security == "starttls":
            server.starttls(context=_trusting())
        return server

    def _log_in(self, server: smtplib.SMTP) -> None:
        if self.settings.smtp_user:
            password = self.settings.smtp_password
            server.login(self.settings.smtp_user, password.get_secret_value() if password else "")

    def _refused(self, code: int) -> Unreachable | Rejected:
        """Return what a refusal means; with 421 the server closes the whole connection."""
        if code == CLOSING:
            self.close()
            return Unreachable(f"refused.{code}")
        return Rejected(f"refused.{code}", for_good=code >= 500)

    def close(self) -> None:
        """End the connection; a server that is gone already is no fault."""
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()


def _trusting() -> ssl.SSLContext:
    """Return what the machine trusts: certificates are always checked."""
    return ssl.create_default_context()
