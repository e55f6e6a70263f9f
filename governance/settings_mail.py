"""What an administrator can set about mail and about the worker that sends it; part of `Settings`.

Mail is on when both the server (SMTP_HOST) and the sender (MAIL_FROM) are given. Nothing is ever sent over a plain connection when
an encrypted one was asked for.
"""

from __future__ import annotations

from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr

from governance.explained import NUMBER, TEXT, TRUTH, Explained
from governance.settings_reports import ReportSettings
from governance.texts import Text

PORTS = {"starttls": 587, "tls": 465, "none": 25}


def address(value: str) -> str:
    """Return the address, with or without a name; raise `ValueError` for anything that is no single plain address."""
    if not value:
        return value
    name, address = parseaddr(value)
    try:
        Address(name, addr_spec=address)
    except (MessageError, IndexError) as error:
        raise ValueError("no mail address") from error
    if not value.isprintable() or not address.isascii() or "@" not in address:
        raise ValueError("no mail address")
    return value


def _usual_port(given: dict[str, Any]) -> int:
    return PORTS[given["smtp_security"]]


class MailSettings(ReportSettings):
    """The settings of mail and of the worker."""

    smtp_host: Annotated[
        str,
        Explained(
            Text("メールサーバー。空のときはメールを送らない。", "Mail server; without it no mail is sent."),
            Text("ホスト名またはIPアドレス", "host name or IP address"),
            Text("なし", "none"),
        ),
    ] = ""
    smtp_security: Annotated[
        Literal["starttls", "tls", "none"],
        Explained(
            Text("メールサーバーとの通信の暗号化。", "Encryption of the connection to the mail server."),
            Text("starttls, tls, none（暗号化しない）", "starttls, tls, none (not encrypted)"),
        ),
    ] = "starttls"
    smtp_port: Annotated[
        int,
        Field(ge=1, le=65535),
        Explained(
            Text("メールサーバーのポート。", "Port of the mail server."),
            Text(*NUMBER).filled(low=1, high=65535),
            Text("starttls なら587、tls なら465、none なら25", "587 with starttls, 465 with tls, 25 with none"),
        ),
    ] = Field(default_factory=_usual_port)
    smtp_user: Annotated[
        str,
        Explained(
            Text("メールサーバーにログインする名前。", "Name to log in to the mail server with."),
            TEXT,
            Text("なし（ログインしない）", "none (no login)"),
        ),
    ] = ""
    smtp_password: Annotated[
        SecretStr | None,
        Explained(
            Text("メールサーバーにログインするパスワード。", "Password to log in to the mail server with."),
            TEXT,
            Text("なし", "none"),
        ),
    ] = None
    mail_from: Annotated[
        str,
        AfterValidator(address),
        Explained(
            Text("メールの差出人。空のときはメールを送らない。", "Sender of the mails; without it no mail is sent."),
            Text("name@example.com または 名前 <name@example.com>", "name@example.com or Name <name@example.com>"),
            Text("なし", "none"),
        ),
    ] = ""
    mail_digest_hour: Annotated[
        int,
        Field(ge=1, le=23),
        Explained(
            Text(
                "まとめのメールを送る時刻（時、TIME_ZONE）。毎日の仕事はその1時間前に行う。",
                "Hour at which mails that sum up are sent (in TIME_ZONE); the daily jobs run an hour before.",
            ),
            Text(*NUMBER).filled(low=1, high=23),
        ),
    ] = 8
    mail_shows_numbers: Annotated[
        bool,
        Explained(
            Text(
                "メールに案件番号を書く。案件があることが受信箱から分かる。案件名は常に書かない。",
                "Write the numbers of projects into mails, which shows in a mailbox that they exist; never their names.",
            ),
            TRUTH,
        ),
    ] = False
    worker: Annotated[
        bool,
        Explained(
            Text(
                "serve と一緒に worker（メールの送信と毎日の仕事）を動かす。別に動かすときは false。",
                "Run the worker (mail and daily jobs) beside serve; false when it is run apart.",
            ),
            TRUTH,
        ),
    ] = True

    @property
    def mail_is_on(self) -> bool:
        """Say whether mail can be sent: server and sender are given."""
        return bool(self.smtp_host and self.mail_from)
