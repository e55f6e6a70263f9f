"""`governance report issue …`: one report of any kind, or one of every kind, written into a folder; and the look of reports.

The parts that need Pango are loaded by the caller's `loaded`, so that the command line starts where they are absent (cli.py).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import product
from pathlib import Path
from typing import Any

import click

from governance.reports.house import House
from governance.reports.house_file import house_of, read_house
from governance.settings import Settings, load
from governance.storage.database import Database
from governance.storage.objects import open_store
from governance.terminal import say
from governance.texts import Text
from governance.work import SYSTEM, Actor, open_work

PURPOSE = "コマンドラインからの発行 / issued on the command line"
KINDS = ("case", "pack", "minutes", "letter", "portfolio", "mapping", "form", "ledger")
LANGUAGES = ("ja", "en", "both")
ISSUED = Text("{number} を {out} に書き出しました。", "{number} written to {out}.")
SHIPPED = Text(
    "問題ありません。組み込みの体裁と同じです。", "Nothing is wrong with it. It is the same as the built-in look."
)
SOUND = Text(
    "問題ありません。体裁のダイジェスト（各報告書の記録に入ります）: {digest}",
    "Nothing is wrong with it. Digest of the look, as the record of every report names it: {digest}",
)
Opened = Callable[[Settings], AbstractContextManager[Database]]
Person = Callable[[Any, str], Any]


def written(target: Path, content: bytes) -> None:
    """Write a file whole or not at all: a disk that fills leaves neither half a report nor an earlier one damaged. Raises OSError."""
    unnamed = target.with_name(f".{target.name}.part")
    try:
        unnamed.write_bytes(content)
        unnamed.replace(target)
    except OSError as error:
        unnamed.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(target)) from error


# long: a command and its options are one function
def issue_command(opened: Opened, loaded: Callable[[str], Any], person: Person) -> click.Command:
    """Return the command; `opened` opens the database, `loaded` loads a module, `person` finds an account by its address."""

    # long: each option is a line, and so is each step from the settings to the file
    @click.command("issue")
    @click.argument("kind", type=click.Choice([*KINDS, "all"]))
    @click.argument("subject", default="")
    @click.option(
        "--lang", "language", type=click.Choice([*LANGUAGES, "all"]), help="言語。Language (default: ja; all: three)."
    )
    @click.option("--profile", default="internal", show_default=True, help="開示範囲。internal, auditor, public.")
    @click.option(
        "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="出力フォルダー。Folder."
    )
    @click.option("--purpose", default=PURPOSE, show_default=True, help="目的。What the report is for.")
    @click.option(
        "--by", "email", default="", help="発行者のメールアドレス。Who issues it (default: owner or secretariat)."
    )
    def issue(kind: str, subject: str, language: str | None, profile: str, out: Path, purpose: str, email: str) -> None:
        """報告書を発行する。KIND は種類、SUBJECT は案件番号・期間・版など。 Issue a report of KIND about SUBJECT into a folder.

        With a profile (auditor, public) what it leaves out is in no part of the file; a board pack knows none.
        portfolio FY2026, FY2026-Q2, 2026-04-01..2026-09-30; form key:version; ledger 0-120, FY2026 or a case; all: one of every kind.
        """
        out.mkdir(parents=True, exist_ok=True)  # what is wrong with the folder is said before anything is issued
        chosen = language or ("all" if kind == "all" else "ja")
        languages = LANGUAGES if chosen == "all" else (chosen,)
        every, settings = loaded("governance.reports.every_kind"), load()
        manner = every.Manner(purpose, profile, house_of(settings), f"{settings.base_url}/verify?d=")
        with opened(settings) as database:
            with open_work(database, SYSTEM, read_only=True) as work:
                wanted = every.asked(work, kind, subject, profile)
                who = person(work, email) if email else every.issuer(work, wanted)
                actor = Actor(who.id, who.roles)
            for each, lang in product(wanted, languages):
                made = every.issue(database, actor, open_store(settings), each, lang, manner)
                target = out / f"{made.number}.{made.kind}.{made.lang}.pdf"
                written(target, made.content)
                say(ISSUED.filled(number=made.number, out=target))

    return issue


@click.group("house")
def house() -> None:
    """報告書の体裁。 How the reports of an installation look."""


@house.command("check")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def house_check(file: Path) -> None:
    """体裁のファイルを調べる。 Say what is wrong with FILE, a description of the look of reports (see docs/house.md)."""
    found = read_house(file, House())
    say(SHIPPED if not found.digest else SOUND.filled(digest=found.digest))
