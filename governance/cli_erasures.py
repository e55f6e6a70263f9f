"""`governance erasure …`: keep the list of performed erasures apart from the backups, and perform it again after a restore."""

from __future__ import annotations

import json
from pathlib import Path

import click

from governance.cli_ledger import opened
from governance.erasure.performing import sweep
from governance.erasure.replaying import listed, replay
from governance.refusals import Refusal
from governance.settings import load
from governance.storage.objects import open_store
from governance.terminal import say
from governance.texts import Text
from governance.work import SYSTEM, open_work, run


@click.group("erasure")
def erasure() -> None:
    """消去の一覧と再実行。 The list of erasures, and performing them again."""


@erasure.command("list")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="出力先。Output (default: the terminal).")
def list_command(out: Path | None) -> None:
    """実行した消去の一覧を書き出す。 Write the list of performed erasures."""
    with opened(load()) as database, open_work(database, SYSTEM, read_only=True) as work:
        text = json.dumps(listed(work), ensure_ascii=False, indent=1) + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


@erasure.command("replay")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
def replay_command(file: Path | None) -> None:
    """復元のあと、一覧FILEの消去を再実行する。 After a restore, perform the erasures of FILE again; remove leftover files."""
    settings = load()
    wanted = _read(file) if file else []
    with opened(settings) as database:
        again = sum([run(database, SYSTEM, lambda work, each=each: replay(work, each)) for each in wanted])  # type: ignore[misc]
        files = sweep(database, open_store(settings))
    said = Text(
        "再実行した消去: {again}件、取り除いたファイル: {files}件",
        "Erasures performed again: {again}, files removed: {files}",
    )
    say(said.filled(again=again, files=files))


def _read(file: Path) -> list[dict[str, object]]:
    """Return the entries of a list. Raises Refusal when the file holds none."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Refusal("erasure.no_list", "消去の一覧ではありません。", "This is no list of erasures.")
    return found
