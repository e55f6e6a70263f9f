"""`governance erasure …`: keep the list of performed erasures apart from the backups, and perform it again after a restore."""

from __future__ import annotations

from pathlib import Path

import click

from governance.cli_ledger import opened
from governance.erasure import listing
from governance.erasure.performing import sweep
from governance.erasure.replaying import listed, replay
from governance.notary import attach
from governance.refusals import Problem, Refusal
from governance.settings import load
from governance.storage.database import Database
from governance.storage.objects import open_store
from governance.terminal import say, say_problem
from governance.texts import Text
from governance.work import SYSTEM, open_work, run

NOT_ALL = 1
"""The exit code when an erasure of the list could not be repeated."""


@click.group("erasure")
def erasure() -> None:
    """消去の一覧と再実行。 The list of erasures, and performing them again."""


@erasure.command("list")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="出力先。Output (default: the terminal).")
def list_command(out: Path | None) -> None:
    """実行した消去の一覧を、台帳の鍵で署名して書き出す。 Write the list of performed erasures, signed with the key of the ledger."""
    settings = load()
    with opened(settings) as database:
        with open_work(database, SYSTEM, read_only=True) as work:
            told = listed(work)
        text = listing.file(told, attach(database, settings).attest(lambda origin: listing.text(origin, told)))
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


@erasure.command("replay")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@click.pass_context
def replay_command(ctx: click.Context, file: Path | None) -> None:
    """復元のあと、一覧FILEの消去を再実行する。 After a restore, perform the erasures of FILE again; remove leftover files.

    FILE must be signed by a key of this ledger, whole and unchanged. One that cannot be repeated is listed and holds up no other.
    """
    settings = load()
    with opened(settings) as database:
        wanted = listing.read(_content(file), attach(database, settings).trusted()) if file else []
        outcomes = [_repeat(database, each) for each in wanted]
        files = sweep(database, open_store(settings))
    refused = [each for each in outcomes if isinstance(each, Problem)]
    said = Text(
        "再実行した消去: {again}件、再実行できなかった消去: {refused}件、取り除いたファイル: {files}件",
        "Erasures performed again: {again}, not performed: {refused}, files removed: {files}",
    )
    say(said.filled(again=outcomes.count(True), refused=len(refused), files=files))
    for each in refused:
        say_problem(each)
    ctx.exit(NOT_ALL if refused else 0)


def _repeat(database: Database, told: dict[str, object]) -> bool | Problem:
    """Perform one erasure again in a unit of its own; return whether anything was done, or why it could not be."""
    try:
        return run(database, SYSTEM, lambda work: replay(work, told))
    except Refusal as refused:
        place = f"#{told.get('number', '?')} {told.get('id', '?')}"
        return Problem(refused.code, refused.text, place)


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeError:
        return ""
