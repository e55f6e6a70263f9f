"""The words of a letter: kinds and numbers of notices, the address of the service, and nothing else.

A mailbox is no place for confidential matter (assurance.md T7): no name of a project, no word that anybody wrote. Numbers of projects
are written only when the installation allows it. The message is the same however often it is sent; its name is that of the letter.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import urlsplit

from governance.notifications.rules import KINDS
from governance.texts import Text

SERVICE = Text("AI倫理ガバナンス", "AI ethics governance")
ONE_KIND = Text("【AI倫理ガバナンス】{kind}のお知らせ（{n}件）", "[AI ethics governance] {kind} ({n})")
SEVERAL = Text("【AI倫理ガバナンス】お知らせ（{n}件）", "[AI ethics governance] Notices ({n})")
OPENING = Text(
    "AI倫理ガバナンスからのお知らせが{n}件あります。", "Notices waiting for you in AI ethics governance: {n}"
)
LINE = Text("・{kind}：{n}件", "- {kind}: {n}")
PROJECTS = Text("　案件番号：{numbers}", "  Projects: {numbers}")
ALL = Text("すべてのお知らせ：", "All notices:")
CLOSING = Text(
    "案件名や本文は、メールには書きません。サインインしてご確認ください。\n"
    "メールの頻度は、次の画面で変えられます（送らないこともできます）。",
    "Mails never carry names of projects or what people wrote; please sign in to read.\n"
    "How often you get mail, if at all, is your choice:",
)
AUTOMATIC = Text(
    "このメールは自動で送っています。返信しても届きません。", "This mail was sent automatically; replies are not read."
)


class BadAddress(ValueError):
    """The recipient's address cannot stand in a mail."""


@dataclass(frozen=True)
class Told:
    """One notice as far as a mail may know it."""

    id: str
    kind: str
    number: str = ""


@dataclass(frozen=True)
class Sender:
    """What an installation puts on every mail: who it is from, where the service is, whether numbers of projects are written."""

    address: str
    base_url: str
    shows_numbers: bool = False


@dataclass(frozen=True)
class Recipient:
    """To whom: the address, the name and the language."""

    email: str
    name: str
    locale: str


def compose(letter_id: str, written_at: datetime, to: Recipient, told: Sequence[Told], sender: Sender) -> EmailMessage:
    """Return the mail of a letter. Raises BadAddress when the person's address is none."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender.address
    message["To"] = _address(to)
    message["Subject"] = _subject(told).in_(to.locale)
    message["Date"] = format_datetime(written_at)
    message["Message-ID"] = f"<{letter_id}@{urlsplit(sender.base_url).hostname}>"
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<{choices_page(sender)}>"
    message.set_content(_body(to, told, sender), cte="base64" if to.locale == "ja" else "quoted-printable")
    message["Content-Language"] = to.locale
    return message


def choices_page(sender: Sender) -> str:
    """Return the address of the page where a person chooses how often to get mail."""
    return f"{sender.base_url}/settings/mail"


def _address(to: Recipient) -> Address:
    name = "".join(letter for letter in to.name if letter.isprintable()).strip()
    try:
        found = Address(name, addr_spec=to.email)
    except (MessageError, ValueError, IndexError) as error:
        raise BadAddress from error
    if not found.addr_spec.isascii() or not found.domain or not to.email.isprintable():
        raise BadAddress
    return found


def _subject(told: Sequence[Told]) -> Text:
    kinds = {each.kind for each in told}
    if len(kinds) == 1:
        return ONE_KIND.filled(kind=KINDS[kinds.pop()].name, n=len(told))
    return SEVERAL.filled(n=len(told))


def _body(to: Recipient, told: Sequence[Told], sender: Sender) -> str:
    ordered = sorted(told, key=lambda each: list(KINDS).index(each.kind))
    groups = [(kind, list(each)) for kind, each in itertools.groupby(ordered, key=lambda each: each.kind)]
    lines = [part for kind, each in groups for part in _lines(kind, each, to.locale, sender)]
    said = [OPENING.filled(n=len(told)), ALL, CLOSING, AUTOMATIC]
    opening, every, closing, automatic = (text.in_(to.locale) for text in said)
    every = f"{every}\n{sender.base_url}/notices"
    return "\n\n".join([opening, "\n".join(lines), every, f"{closing}\n{choices_page(sender)}", automatic]) + "\n"


def _lines(kind: str, told: Sequence[Told], locale: str, sender: Sender) -> list[str]:
    """Return the lines of one kind: how many, of which projects (if allowed), and where they are."""
    numbers = sorted({each.number for each in told if each.number}) if sender.shows_numbers else []
    place = told[0].id if len(told) == 1 else f"?kind={kind}"
    return [
        LINE.filled(kind=KINDS[kind].name, n=len(told)).in_(locale),
        *([PROJECTS.filled(numbers=", ".join(numbers)).in_(locale)] if numbers else []),
        f"  {sender.base_url}/notices{'/' if len(told) == 1 else ''}{place}",
    ]
