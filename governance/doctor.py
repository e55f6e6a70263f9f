"""Is this machine fit to run the service? Each thing that has gone wrong at a start, looked at and told in plain words.

`governance doctor` prints the findings in both languages and ends with an error when one of them is a failure; a warning is
something that works, but slower or less safely than it could.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Literal

from sqlalchemy.exc import SQLAlchemyError

from governance import fonts
from governance.ledger.keyring import RolledBack, RotatedSince
from governance.ledger.notes import Key
from governance.notary import EmptyLedger, Notary, Standing
from governance.notifications.posting import Post, Unreachable
from governance.paths import VENDOR
from governance.refusals import Refusal, Refusals
from governance.reports.house_file import house_of
from governance.reports.printing import PressFailed, print_report
from governance.reviews import workdays
from governance.settings import Settings
from governance.sinks import sinks
from governance.storage.database import Database, UnsafeDatabase
from governance.storage.migrate import WrongSchema, pending
from governance.storage.objects import open_store
from governance.texts import Text

State = Literal["ok", "warn", "fail"]

SPARE_BYTES = 1024**3
"""Free space below which evidence and reports may soon find no room (assurance.md §4 keeps a reserve)."""

CALENDAR_AHEAD = timedelta(days=90)
"""How long before a year its public holidays should be listed."""

_MARKS = {"ok": Text("正常", "ok"), "warn": Text("注意", "warn"), "fail": Text("異常", "FAIL")}


@dataclass(frozen=True)
class Finding:
    """What was seen of one subject (`code`), how bad it is, and in `text` what it means and what to do."""

    code: str
    state: State
    text: Text


def _python(settings: Settings) -> list[Finding]:
    version = platform.python_version()
    if (3, 11) <= sys.version_info < (3, 15):
        return [Finding("python", "ok", Text(f"Python {version}", f"Python {version}"))]
    text = Text(
        "Python {version} では動作を確かめていません。3.11から3.14を使ってください。",
        "Python {version} has not been tried. Use 3.11 to 3.14.",
    )
    return [Finding("python", "fail", text.filled(version=version))]


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _pango(settings: Settings) -> list[Finding]:
    if all(_loads(name) for name in ("libpango-1.0.so.0", "libpangoft2-1.0.so.0")):
        return [Finding("pango", "ok", Text("Pango を読み込めます。", "Pango can be loaded."))]
    text = Text(
        "Pango を読み込めないため報告書を作れません。libpango-1.0-0 と libpangoft2-1.0-0 を導入してください。",
        "Pango cannot be loaded, so no report can be made. Install libpango-1.0-0 and libpangoft2-1.0-0.",
    )
    return [Finding("pango", "fail", text)]


def _harfbuzz(settings: Settings) -> list[Finding]:
    if _loads("libharfbuzz-subset.so.0"):
        text = Text("HarfBuzz のサブセット機能を使えます。", "The subset library of HarfBuzz can be loaded.")
        return [Finding("harfbuzz", "ok", text)]
    text = Text(
        "libharfbuzz-subset がないため、報告書の作成に数倍の時間がかかります。libharfbuzz-subset0 を導入してください。",
        "libharfbuzz-subset is missing, so a report takes several times as long. Install libharfbuzz-subset0.",
    )
    return [Finding("harfbuzz", "warn", text)]


def _fonts(settings: Settings) -> list[Finding]:
    absent = fonts.missing()
    if not absent:
        return [Finding("fonts", "ok", Text("報告書のフォントがあります。", "The fonts of the reports are there."))]
    text = Text(
        "報告書のフォントがありません: {names}。./run setup を実行してください。",
        "Fonts of the reports are missing: {names}. Run ./run setup.",
    )
    return [Finding("fonts", "fail", text.filled(names=", ".join(absent)))]


def _press(settings: Settings) -> list[Finding]:
    """Start the press and print a page of one word, as every report is printed; no finding where something it needs is missing."""
    if fonts.missing() or _pango(settings)[0].state == "fail":
        return []
    try:
        print_report("<title>-</title><p>確認", b"{}", identifier="doctor", at=datetime.now(UTC))
        began = time.perf_counter()
        print_report("<title>-</title><p>確認", b"{}", identifier="doctor", at=datetime.now(UTC))
    except (PressFailed, Refusal) as error:
        reason = str(error).strip().splitlines()[-1]
        text = Text("報告書を印刷できません: {reason}", "A report cannot be printed: {reason}")
        return [Finding("press", "fail", text.filled(reason=reason))]
    text = Text(
        "報告書を印刷できます（WeasyPrint {version}、1ページに{ms}ミリ秒）。",
        "Reports can be printed (WeasyPrint {version}, one page in {ms} ms).",
    )
    took = f"{(time.perf_counter() - began) * 1000:.0f}"
    return [Finding("press", "ok", text.filled(version=version("weasyprint"), ms=took))]


def _front_end(settings: Settings) -> list[Finding]:
    if (VENDOR / "htmx.min.js").is_file():
        text = Text("画面用のファイルがあります。", "The front-end files are there.")
        return [Finding("front_end", "ok", text)]
    text = Text(
        "htmx.min.js がないため自動保存が働きません。画面自体は使えます。./run setup を実行してください。",
        "htmx.min.js is missing: pages work, but do not save by themselves. Run ./run setup.",
    )
    return [Finding("front_end", "warn", text)]


def _data_dir(settings: Settings) -> list[Finding]:
    folder = settings.data_dir
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        text = Text("データ用フォルダー {folder} に書き込めます。", "The data folder {folder} is writable.")
        return [Finding("data_dir", "ok", text.filled(folder=folder)), _space(settings)]
    text = Text(
        "データ用フォルダー {folder} に書き込めません。作成するか権限を直してください。",
        "The data folder {folder} cannot be written to. Make it or mend its permissions.",
    )
    return [Finding("data_dir", "fail", text.filled(folder=folder))]


def _calendar(settings: Settings) -> list[Finding]:
    """Look whether the calendar of days off can be read and tells of the months ahead (reviews/workdays.py)."""
    path = settings.calendar_file or workdays.OURS
    try:
        years = workdays.read(path).years
    except Refusal as refused:
        return [Finding("calendar", "fail", refused.text)]
    ahead = (datetime.now(settings.zone) + CALENDAR_AHEAD).year
    if ahead not in years:
        text = Text(
            "休日の暦 {path} に{year}年の祝日がありません。書き加えるまで、祝日も営業日に数えます。",
            "The calendar {path} lists no public holidays of {year}. Until they are added, they count as working days.",
        )
        return [Finding("calendar", "warn", text.filled(path=path, year=ahead))]
    known = Text("休日の暦は{year}年まであります。", "The calendar of days off reaches to {year}.").filled(
        year=max(years)
    )
    return [Finding("calendar", "ok", known)]


def _house(settings: Settings) -> list[Finding]:
    """Look whether the file that says how reports look can be used; no finding where there is none."""
    if settings.report_house is None:
        return []
    try:
        house_of(settings)
    except Refusals as refused:
        place = Text("報告書の体裁 {place}：{text}", "Look of reports, {place}: {text}")
        return [Finding("house", "fail", place.filled(place=each.place, text=each.text)) for each in refused.problems]
    text = Text("報告書の体裁 {path} に問題はありません。", "The look of reports, {path}, can be used.")
    return [Finding("house", "ok", text.filled(path=settings.report_house))]


def _space(settings: Settings) -> Finding:
    usage = shutil.disk_usage(settings.data_dir)
    scarce = usage.free < SPARE_BYTES or usage.free < usage.total / 10
    text = Text("空き容量は {free} GiB です。", "{free} GiB are free.")
    if scarce:
        text = Text(
            "空き容量が {free} GiB しかありません。10%かつ1 GiB以上を空けてください。",
            "Only {free} GiB are free. Keep 10 % and at least 1 GiB.",
        )
    return Finding("space", "warn" if scarce else "ok", text.filled(free=f"{usage.free / 1024**3:.1f}"))


def _files(settings: Settings) -> list[Finding]:
    """Write to the store of files and read it again; a data folder that is missing was told of before, and is not made here."""
    if not settings.files_url and not settings.data_dir.is_dir():
        return []
    try:
        open_store(settings).probe()
    except (OSError, RuntimeError, ValueError) as error:
        text = Text(
            "証跡と報告書の保存先に書き込めません（{kind}）。FILES_URL、接続先と鍵、権限を確かめてください。",
            "The store of evidence and reports cannot be written to ({kind}). Check FILES_URL, endpoint, keys and permissions.",
        )
        return [Finding("files", "fail", text.filled(kind=type(error).__name__))]
    text = Text(
        "証跡と報告書の保存先（{place}）に読み書きできます。",
        "The store of evidence and reports ({place}) can be written and read.",
    )
    return [Finding("files", "ok", text.filled(place=settings.files_url or settings.files_dir))]


def _database(settings: Settings) -> list[Finding]:
    try:
        database = Database(settings.database_url)
        try:
            return [*_reached(database), *(Finding("durability", "warn", text) for text in database.warnings())]
        finally:
            database.dispose()
    except (SQLAlchemyError, UnsafeDatabase, OSError) as error:
        text = Text(
            "データベースに接続できません（{kind}）。DATABASE_URL とデータベースの起動を確かめてください。",
            "The database cannot be reached ({kind}). Check DATABASE_URL and that the database runs.",
        )
        return [Finding("database", "fail", text.filled(kind=type(error).__name__))]


def _reached(database: Database) -> list[Finding]:
    with database.reading() as connection:
        version = ".".join(str(part) for part in connection.dialect.server_version_info or ())
    kind = "SQLite" if database.dialect == "sqlite" else "PostgreSQL"
    text = Text("{kind} {version} に接続できます。", "{kind} {version} can be reached.")
    return [Finding("database", "ok", text.filled(kind=kind, version=version)), _schema(database)]


def _schema(database: Database) -> Finding:
    try:
        missing = pending(database)
    except WrongSchema:
        text = Text(
            "データベースの構造がこの版より新しいため使えません。新しい版を導入してください。",
            "The database has a structure newer than this release. Install the newer release.",
        )
        return Finding("schema", "fail", text)
    if not missing:
        return Finding(
            "schema", "ok", Text("データベースの構造は最新です。", "The database has the current structure.")
        )
    text = Text(
        "データベースの構造が古いままです（未適用: {steps}）。governance migrate を実行してください。",
        "The database lacks steps of its structure ({steps}). Run governance migrate.",
    )
    return Finding("schema", "fail", text.filled(steps=", ".join(missing)))


def _keys(settings: Settings) -> list[Finding]:
    """Tell of the key that signs the ledger and of where its checkpoints go; no finding where the database cannot be asked."""
    try:
        database = Database(settings.database_url)
        try:
            if pending(database):
                return []
            return [_signing(Notary(database, settings.keys_folder, settings.ledger_name)), _places(settings)]
        finally:
            database.dispose()
    except (SQLAlchemyError, UnsafeDatabase, WrongSchema, OSError):
        return []


def _signing(notary: Notary) -> Finding:
    try:
        now = notary.standing()
    except Refusal as refused:
        return Finding("keys", "warn" if isinstance(refused, EmptyLedger) else "fail", refused.text)
    if now.is_followed:
        return Finding("keys", "fail", RotatedSince().text)
    if not now.is_ready:
        return _no_key(now)
    if now.last is not None and now.last.size > now.size:
        return Finding("keys", "fail", RolledBack(now.last.size, now.size).text)
    text = Text(
        "監査台帳の署名鍵: {folder}（指紋: {print}、最後のチェックポイント: {size}件）。",
        "Key of the ledger: {folder} (fingerprint {print}, last checkpoint: {size} entries).",
    )
    size = now.last.size if now.last else 0
    return Finding("keys", "ok", text.filled(folder=now.folder, print=_print(now.present), size=size))


def _print(key: Key | None) -> str:
    return key.fingerprint if key else "–"


def _no_key(now: Standing) -> Finding:
    text = Text(
        "監査台帳の署名鍵が {folder} にないか、現在の鍵ではありません（ある鍵の指紋: {print}、台帳の鍵の指紋: {wanted}）。"
        "GOVERNANCE_KEYS_DIR を確かめ、鍵のフォルダーを戻してください。報告書を発行できません。",
        "The key that signs the ledger is not in {folder}, or not the one in force (fingerprint there {print}, by the ledger "
        "{wanted}). Check GOVERNANCE_KEYS_DIR and put the folder of keys back. No report can be issued.",
    )
    wanted = now.terms[-1].key.fingerprint
    return Finding("keys", "fail", text.filled(folder=now.folder, print=_print(now.present), wanted=wanted))


def _places(settings: Settings) -> Finding:
    kinds = ", ".join(sink.kind for sink in sinks(settings))
    if kinds:
        text = Text("チェックポイントの写しの送り先: {kinds}", "Checkpoints are sent to: {kinds}")
        return Finding("sinks", "ok", text.filled(kinds=kinds))
    text = Text(
        "チェックポイントがこの設備の外に出ていません。管理者による書換えを示せるよう、GOVERNANCE_CHECKPOINT_FOLDER、"
        "GOVERNANCE_CHECKPOINT_URL、GOVERNANCE_CHECKPOINT_MAIL のどれかを設定してください。",
        "No checkpoint leaves this installation. Set one of GOVERNANCE_CHECKPOINT_FOLDER, GOVERNANCE_CHECKPOINT_URL and "
        "GOVERNANCE_CHECKPOINT_MAIL, so that a rewriting by an administrator can be shown.",
    )
    return Finding("sinks", "warn", text)


def _mail(settings: Settings) -> list[Finding]:
    """Connect to the mail server and log in, without sending anything; no finding where no mail is wanted."""
    if not settings.mail_is_on:
        half = Text(
            "SMTP_HOST と MAIL_FROM の両方がないため、メールを送りません。",
            "No mail is sent: SMTP_HOST and MAIL_FROM are both needed.",
        )
        return [Finding("mail", "warn", half)] if settings.smtp_host or settings.mail_from else []
    try:
        with Post(settings) as post:
            post.open()
    except Unreachable as error:
        text = Text(
            "メールサーバーを使えません（{kind}）。SMTP_* の設定を確かめてください。メールは届くまで待ちます。",
            "The mail server cannot be used ({kind}). Check the settings SMTP_*; mails wait until it can.",
        )
        return [Finding("mail", "warn", text.filled(kind=error))]
    return [
        Finding("mail", "ok", Text("メールサーバーに接続できます。", "The mail server can be reached.")),
        *_plain(settings),
    ]


def _plain(settings: Settings) -> list[Finding]:
    if settings.smtp_security != "none" or not settings.smtp_user:
        return []
    text = Text(
        "メールサーバーのパスワードを暗号化せずに送っています。SMTP_SECURITY を starttls か tls にしてください。",
        "The password of the mail server is sent unencrypted. Set SMTP_SECURITY to starttls or tls.",
    )
    return [Finding("mail_security", "warn", text)]


_EXAMINATIONS: tuple[Callable[[Settings], list[Finding]], ...] = (
    _python,
    _pango,
    _harfbuzz,
    _fonts,
    _press,
    _front_end,
    _data_dir,
    _calendar,
    _house,
    _files,
    _database,
    _keys,
    _mail,
)


def examine(settings: Settings) -> list[Finding]:
    """Return all findings about this machine and these settings, good ones too. Changes nothing but an absent SQLite file."""
    return [finding for look in _EXAMINATIONS for finding in look(settings)]


def is_fit(findings: list[Finding]) -> bool:
    """Say whether no finding is a failure; warnings do not stop the service."""
    return all(finding.state != "fail" for finding in findings)


def render(findings: list[Finding], locale: str) -> str:
    """Return the findings as lines of text in one language, each with its mark."""
    return "\n".join(f"[{_MARKS[finding.state].in_(locale)}] {finding.text.in_(locale)}" for finding in findings)
