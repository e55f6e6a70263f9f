"""The `governance` command: set up, fill, serve, verify and report, for the administrator and for scripts.

Refusals are printed in both languages and end with code 2; a broken ledger or an unfit machine ends with code 1. Modules that need
Pango (the reports, and the demo that writes them) are loaded by the command that uses them, through `_loaded`: on a machine without
Pango that import raises OSError, and `governance doctor` must still start there to say so.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from governance import __version__, doctor, worker
from governance.accounts import services as accounts
from governance.accounts.models import User
from governance.accounts.rules import ROLES
from governance.cli_erasures import erasure
from governance.cli_ledger import BROKEN, ledger, opened, report_verify
from governance.cli_questionnaires import questionnaire
from governance.cli_reports import house, issue_command
from governance.paths import SEEDS
from governance.projects.models import Project
from governance.questionnaires.services import seed as publish
from governance.refusals import NotFound, Refusal, Refusals
from governance.reports.house_file import house_of
from governance.reports.printing import shared_press
from governance.settings import PREFIX, Settings, load, settings_table
from governance.storage.database import Database, UnsafeDatabase
from governance.storage.migrate import WrongSchema, upgrade
from governance.terminal import languages, say
from governance.texts import LOCALES, Text, both
from governance.web import Service, create_app
from governance.work import SYSTEM, UnitOfWork, open_work, run

REFUSED = 2
THREADS = 4
"""Requests that one worker answers at a time; SQLite has one writer anyway, and each thread holds a connection."""

Result = TypeVar("Result")

NO_DATABASE = Text(
    "データベースを使えません（{kind}）。governance doctor で確かめてください。",
    "The database cannot be used ({kind}). Look with governance doctor.",
)
NO_FILE = Text("ファイルを扱えません: {name}（{reason}）", "The file cannot be used: {name} ({reason})")
NEWER = Text(
    "データベースの構造がこの版より新しいため使えません。新しい版を導入してください。",
    "The database has a structure newer than this release. Install the newer release.",
)


class Refusing(click.Group):
    """A group whose commands refuse in sentences of both languages instead of tracebacks."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; print what it was refused for and end with code 2."""
        try:
            return super().invoke(ctx)
        except Refusal as refused:
            _deny(refused.text)
        except Refusals as refused:
            for problem in refused.problems:
                _deny(problem.text, f"{problem.place}: " if problem.place else "")
        except WrongSchema:
            _deny(NEWER)
        except (DBAPIError, UnsafeDatabase) as error:
            _deny(NO_DATABASE.filled(kind=type(error).__name__))
        except OSError as error:
            _deny(NO_FILE.filled(name=error.filename or "", reason=error.strerror or type(error).__name__))
        return ctx.exit(REFUSED)


def _deny(text: Text, place: str = "") -> None:
    """Print one refusal on the error stream: Japanese, then English."""
    for language in LOCALES:
        click.echo(f"{place}{text.in_(language)}", err=True)


def _loaded(module: str) -> Any:
    """Return a module that needs Pango; refuse with the way out where it cannot be loaded (see the head of this file)."""
    try:
        return import_module(module)
    except (ImportError, OSError) as error:
        raise Refusal(
            "cli.not_loaded",
            "{module} を読み込めません（{reason}）。governance doctor で足りないものを確かめてください。",
            "{module} cannot be loaded ({reason}). See with governance doctor what is missing.",
            module=module,
            reason=str(error).splitlines()[0] if str(error) else type(error).__name__,
        ) from error


def _write(act: Callable[[UnitOfWork], Result]) -> Result:
    """Run an act of the installation itself on the configured database."""
    with opened(load()) as database:
        return run(database, SYSTEM, act)


def application() -> Service:
    """Return the application of the settings in the environment: what each worker of a WSGI server calls."""
    return create_app(load())


@click.group(cls=Refusing, name="governance")
@click.option("--lang", type=click.Choice(LOCALES), help="表示の言語。Language of what is printed.")
@click.version_option(__version__, prog_name="governance")
def cli(lang: str | None) -> None:
    """AI倫理ガバナンスの管理。 Administer the AI-ethics governance service."""


cli.add_command(questionnaire)
cli.add_command(erasure)
cli.add_command(ledger)


def main() -> None:
    """Run the command line."""
    cli(prog_name="governance")


@cli.command()
def migrate() -> None:
    """データベースの構造を最新にする。 Bring the database to the current structure."""
    database = Database(load().database_url)
    try:
        _migrated(database)
    finally:
        database.dispose()


def _migrated(database: Database) -> None:
    for step in upgrade(database):
        say(Text("適用しました: {step}", "Applied: {step}").filled(step=step))
    say(Text("データベースの構造は最新です。", "The database has the current structure."))


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=SEEDS)
def seed(folder: Path) -> None:
    """枠組みと質問票を公開する。 Publish the framework and questionnaires of FOLDER (default: the shipped ones)."""
    published = _write(lambda work: publish(work, folder))
    for name in published:
        say(Text("公開しました: {name}", "Published: {name}").filled(name=name))
    if not published:
        say(
            Text("公開済みの内容と同じため、何もしませんでした。", "Everything was published already; nothing changed.")
        )


@cli.command("doctor")
@click.pass_context
def doctor_command(ctx: click.Context) -> None:
    """この機械と設定を調べる。 Examine this machine and its settings."""
    findings = doctor.examine(load())
    for language in languages():
        click.echo(doctor.render(findings, language))
    ctx.exit(0 if doctor.is_fit(findings) else BROKEN)


@cli.command("settings")
def settings_command() -> None:
    """設定の一覧を表示する。 Print the table of settings."""
    click.echo("\n\n".join(settings_table(language) for language in languages()))


@cli.command()
@click.option("--host", help="待ち受けるアドレス。Address to listen on.")
@click.option("--port", type=int, help="待ち受けるポート。Port to listen on.")
@click.option("--workers", type=int, help="プロセスの数。Number of processes.")
def serve(**given: str | int | None) -> None:
    """サービスを動かす。 Serve on the configured database; options stand above the settings."""
    # workers read the settings in processes of their own, so an option is handed to them as the setting it replaces
    os.environ.update({f"{PREFIX}{name.upper()}": str(value) for name, value in given.items() if value is not None})
    _serve(load())


def _serve(settings: Settings) -> None:
    with opened(settings):
        house_of(settings)
    say(Text("サービスを開始します: {url}", "Serving at {url}").filled(url=settings.base_url))
    server = Granian(
        "governance.cli:application",
        factory=True,
        interface=Interfaces.WSGI,
        websockets=False,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        blocking_threads=THREADS,
        log_level=LogLevels(settings.log_level.lower()),
        respawn_failed_workers=True,
    )
    shared_press()
    if settings.worker:
        worker.beside(server)
    server.serve()


@cli.command("worker")
@click.option("--once", is_flag=True, help="一度だけ。Look once and end.")
@click.option("--parent", type=int, hidden=True)
def worker_command(once: bool, parent: int | None) -> None:
    """メールを送り、毎日の仕事を行う。 Send mail and run the daily jobs, until stopped."""
    settings = load()
    with opened(settings) as database:
        worker.attend(database, settings, once=once, parent=parent)


@cli.command()
@click.option("--serve/--no-serve", "then_serve", default=False, help="作成後に動かす。Serve afterwards.")
def demo(then_serve: bool) -> None:
    """見本の案件、会議、報告書を作る。 Build the demonstration with its cases, meetings and reports."""
    settings = load()
    database = Database(settings.database_url)
    try:
        _migrated(database)
        for line in _demonstration(database, settings):
            say(line)
    finally:
        database.dispose()
    if then_serve:
        _serve(settings)


def _demonstration(database: Database, settings: Settings) -> list[Text]:
    """Build the demo once; a database that has projects is left as it is, so that it can be served again."""
    with open_work(database, SYSTEM, read_only=True) as work:
        there = work.session.scalar(select(func.count()).select_from(Project))
    if there:
        text = Text(
            "案件が{n}件あるため、見本は作らず、いまの内容を使います。",
            "The database holds {n} projects; it is used as it is.",
        )
        return [text.filled(n=there)]
    say(Text("見本を作っています。1分ほどかかります。", "Building the demonstration; this takes about a minute."))
    lines = _loaded("governance.demo.builder").build(database, settings)
    return [line if isinstance(line, Text) else both(str(line)) for line in lines or []]


@cli.group()
def report() -> None:
    """報告書。 Reports."""


report.add_command(report_verify)
report.add_command(house)


@cli.group()
def account() -> None:
    """利用者。 Accounts; the first administrator of an installation is made here."""


@account.command("create")
@click.option("--email", required=True, help="メールアドレス。E-mail address.")
@click.option("--name", required=True, help="氏名。Name.")
@click.option("--name-en", default="", help="氏名（英語）。Name in English.")
@click.option("--department", default="", help="所属。Department.")
@click.option("--locale", type=click.Choice(LOCALES), default="ja", show_default=True, help="言語。Language.")
@click.option("--role", "roles", multiple=True, type=click.Choice(list(ROLES)), help="役割（複数可）。Roles.")
def account_create(**given: Any) -> None:
    """利用者を登録する。パスワードは端末で尋ねる。 Create an account; the password is asked on the terminal."""
    password = _asked_password()
    _write(lambda work: accounts.create_user(work, password=password, **given).id)
    say(Text("登録しました: {email}", "Created: {email}").filled(email=accounts.normal_email(given["email"])))


@account.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice(list(ROLES)))
@click.option("--end", is_flag=True, help="役割を終える。End the role instead of giving it.")
def account_role(email: str, role: str, end: bool) -> None:
    """役割を付ける、または終える。 Give EMAIL a role, or end it."""
    change = accounts.end_role if end else accounts.grant_role
    _write(lambda work: change(work, _account(work, email), role) and None)
    ended, given = (
        Text("役割を終えました: {role}", "Role ended: {role}"),
        Text("役割を付けました: {role}", "Role given: {role}"),
    )
    say((ended if end else given).filled(role=ROLES[role]))


@account.command("password")
@click.argument("email")
def account_password(email: str) -> None:
    """パスワードを設定する。 Set the password of EMAIL and end its sign-ins; it is asked on the terminal."""
    _write(lambda work: _account(work, email).id)
    password = _asked_password()
    _write(lambda work: accounts.set_password(work, _account(work, email), password))
    say(Text("パスワードを設定しました。", "The password is set."))


def _asked_password() -> str:
    """Ask twice on the terminal: an argument would stand in the list of processes and in the shell's history."""
    return str(click.prompt("パスワード / Password", hide_input=True, confirmation_prompt="もう一度 / Again"))


def _account(work: UnitOfWork, email: str) -> User:
    found = work.session.scalars(select(User).where(User.email == accounts.normal_email(email))).one_or_none()
    if found is None:
        raise NotFound
    return found


report.add_command(issue_command(opened, _loaded, _account))
