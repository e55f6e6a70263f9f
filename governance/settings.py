"""What an administrator can set: environment variables `GOVERNANCE_*`, read and checked once, when the program starts.

A wrong value or an unknown name stops the start with a sentence in both languages, because a setting that is silently
ignored is found out only in an incident. `docs/settings.md` is generated from the explanations kept beside the fields.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from governance.explained import NUMBER, TEXT, TRUTH, Explained
from governance.refusals import Problem, Refusals
from governance.settings_ledger import LedgerSettings
from governance.settings_mail import MailSettings
from governance.settings_reports import bucket_url
from governance.texts import Text

PREFIX = "GOVERNANCE_"


def _database_url(value: str) -> str:
    """Return the address with the driver named; raise `ValueError` unless it is an SQLite file or PostgreSQL."""
    try:
        url = make_url(value)
    except ArgumentError as error:
        raise ValueError(str(error)) from None
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in {"sqlite", "postgresql+psycopg"} or not url.database or url.database == ":memory:":
        raise ValueError("neither an SQLite file nor PostgreSQL")
    return url.render_as_string(hide_password=False)


def _base_url(value: str) -> str:
    """Return the address without a closing slash; raise `ValueError` unless it is `http(s)://host[:port][/path]`."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("no http(s) address")
    return value.rstrip("/")


def _time_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("no such time zone")
    return value


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _own_database(given: dict[str, Any]) -> str:
    return f"sqlite:///{given['data_dir'] / 'governance.sqlite3'}"


def _own_address(given: dict[str, Any]) -> str:
    everywhere = given["host"] in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
    return f"http://{'127.0.0.1' if everywhere else given['host']}:{given['port']}"


def _own_hosts(given: dict[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([urlsplit(given["base_url"]).hostname or "", "127.0.0.1", "localhost"]))


def _is_https(given: dict[str, Any]) -> bool:
    return str(given["base_url"]).startswith("https://")


class Settings(LedgerSettings):
    """The settings in force. Frozen; unknown names are refused. Times are in the unit that the name says."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    data_dir: Annotated[
        Path,
        AfterValidator(lambda path: path.expanduser().resolve()),
        Explained(
            Text(
                "データベース、証跡ファイル、鍵、報告書を置くフォルダー。なければ作る。",
                "Folder of the database, the evidence files, the keys and the reports; made when it is missing.",
            ),
            Text("フォルダーのパス", "path of a folder"),
        ),
    ] = Path("var")
    calendar_file: Annotated[
        Path | None,
        Explained(
            Text(
                "営業日を数えるための休日の暦（YAML）。書き方は seeds/calendar.yaml と同じ。",
                "Calendar of days off (YAML) by which working days are counted; written like seeds/calendar.yaml.",
            ),
            Text("ファイルのパス", "path of a file"),
            Text("日本の祝日と年末年始", "public holidays of Japan and the turn of the year"),
        ),
    ] = None
    database_url: Annotated[
        str,
        AfterValidator(_database_url),
        Field(repr=False),
        Explained(
            Text("データベースの場所。", "Where the database is."),
            Text(
                "sqlite:///フォルダー/ファイル または postgresql://利用者:パスワード@ホスト/名前",
                "sqlite:///folder/file or postgresql://user:password@host/name",
            ),
            Text("DATA_DIR の governance.sqlite3", "governance.sqlite3 in DATA_DIR"),
        ),
    ] = Field(default_factory=_own_database)
    files_url: Annotated[
        str,
        AfterValidator(bucket_url),
        Explained(
            Text(
                "証跡ファイルと報告書の保存先のバケット（S3互換）。接続先と鍵は AWS_ENDPOINT_URL、AWS_REGION、AWS_ACCESS_KEY_ID、"
                "AWS_SECRET_ACCESS_KEY で与える。",
                "Bucket (S3 protocol) of evidence files and reports. Endpoint and keys come from AWS_ENDPOINT_URL, AWS_REGION, "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
            ),
            Text("s3://バケット または s3://バケット/接頭辞", "s3://bucket or s3://bucket/prefix"),
            Text("DATA_DIR の files フォルダー", "the folder files in DATA_DIR"),
        ),
    ] = ""
    secret_key: Annotated[
        SecretStr | None,
        Field(min_length=32),
        Explained(
            Text(
                "セッションとフォームに署名する秘密の値。複数台で動かすときは同じ値を与える。",
                "Secret that signs sessions and forms; give the same to every machine when there are several.",
            ),
            Text("32文字以上の文字列", "text of at least 32 characters"),
            Text("初回に作り DATA_DIR の secret.key に保存", "made once and kept in secret.key in DATA_DIR"),
        ),
    ] = None
    host: Annotated[
        str,
        Field(min_length=1),
        Explained(
            Text("待ち受けるアドレス。", "Address to listen on."),
            Text("IPアドレスまたはホスト名", "IP address or host name"),
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Field(ge=1, le=65535),
        Explained(Text("待ち受けるポート。", "Port to listen on."), Text(*NUMBER).filled(low=1, high=65535)),
    ] = 8000
    workers: Annotated[
        int,
        Field(ge=1, le=64),
        Explained(
            Text("要求を処理するプロセスの数。", "Number of processes that answer requests."),
            Text(*NUMBER).filled(low=1, high=64),
        ),
    ] = 1
    base_url: Annotated[
        str,
        AfterValidator(_base_url),
        Explained(
            Text(
                "利用者から見たこのサービスのアドレス。リンクと報告書に使う。",
                "Address of this service as people see it; used in links and reports.",
            ),
            Text("http:// または https:// で始まるアドレス", "address that begins with http:// or https://"),
            Text("HOST と PORT から決まる", "follows from HOST and PORT"),
        ),
    ] = Field(default_factory=_own_address)
    trusted_hosts: Annotated[
        tuple[str, ...],
        NoDecode,
        BeforeValidator(_split),
        Field(min_length=1),
        Explained(
            Text(
                "受け付けるホスト名。これ以外の Host ヘッダーは拒む。",
                "Host names that are answered; a request with another Host header is refused.",
            ),
            Text("コンマで区切ったホスト名", "host names separated by commas"),
            Text("BASE_URL のホスト、127.0.0.1、localhost", "the host of BASE_URL, 127.0.0.1, localhost"),
        ),
    ] = Field(default_factory=_own_hosts)
    secure_cookies: Annotated[
        bool,
        Explained(
            Text("Cookie を HTTPS だけで送る。", "Send cookies over HTTPS only."),
            TRUTH,
            Text("BASE_URL が https なら true", "true when BASE_URL is https"),
        ),
    ] = Field(default_factory=_is_https)
    default_locale: Annotated[
        Literal["ja", "en"],
        Explained(
            Text("言語を選んでいない人に見せる言語。", "Language shown to a person who has chosen none."),
            Text("ja または en", "ja or en"),
        ),
    ] = "ja"
    time_zone: Annotated[
        str,
        AfterValidator(_time_zone),
        Explained(
            Text("日時を表示する時間帯。保存は常にUTC。", "Zone in which times are shown; they are stored in UTC."),
            Text("IANA の時間帯名", "IANA name of a zone"),
        ),
    ] = "Asia/Tokyo"
    max_upload_bytes: Annotated[
        int,
        Field(ge=1024, le=1024**3),
        Explained(
            Text("証跡ファイル1件の大きさの上限（バイト）。", "Largest evidence file, in bytes."),
            Text(*NUMBER).filled(low=1024, high=1024**3),
        ),
    ] = 20 * 1024**2
    session_idle_minutes: Annotated[
        int,
        Field(ge=1, le=1440),
        Explained(
            Text("操作がないままサインインが切れるまでの分数。", "Minutes without use after which a sign-in ends."),
            Text(*NUMBER).filled(low=1, high=1440),
        ),
    ] = 30
    session_hours: Annotated[
        int,
        Field(ge=1, le=168),
        Explained(
            Text("操作があってもサインインが切れるまでの時間数。", "Hours after which a sign-in ends in any case."),
            Text(*NUMBER).filled(low=1, high=168),
        ),
    ] = 12
    organisation_ja: Annotated[
        str,
        Explained(Text("組織の名前（日本語）。", "Name of the organisation in Japanese."), TEXT),
    ] = "組織名（未設定）"
    organisation_en: Annotated[
        str,
        Explained(Text("組織の名前（英語）。", "Name of the organisation in English."), TEXT),
    ] = "Organisation (not set)"
    classification_ja: Annotated[
        str,
        Explained(Text("報告書に記す機密区分（日本語）。", "Classification printed on reports, in Japanese."), TEXT),
    ] = "社外秘"
    classification_en: Annotated[
        str,
        Explained(Text("報告書に記す機密区分（英語）。", "Classification printed on reports, in English."), TEXT),
    ] = "Confidential"
    retention_years: Annotated[
        int,
        Field(ge=1, le=100),
        Explained(
            Text(
                "案件の終了後に記録を保存する年数。これより早い消去には理由が要る。",
                "Years that records are kept after the end of a project; an earlier erasure needs a reason.",
            ),
            Text(*NUMBER).filled(low=1, high=100),
        ),
    ] = 10
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        BeforeValidator(lambda level: level.upper() if isinstance(level, str) else level),
        Explained(
            Text("記録するログの細かさ。", "How much is logged."),
            Text("DEBUG, INFO, WARNING, ERROR", "DEBUG, INFO, WARNING, ERROR"),
        ),
    ] = "INFO"

    @property
    def files_dir(self) -> Path:
        """The folder of the content-addressed store of evidence files and issued reports."""
        return self.data_dir / "files"

    @property
    def keys_folder(self) -> Path:
        """The folder of the keys that sign the ledger."""
        return self.keys_dir or self.data_dir / "keys"

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone in which times are shown."""
        return ZoneInfo(self.time_zone)

    @property
    def organisation(self) -> Text:
        """Return the name of the organisation in both languages."""
        return Text(self.organisation_ja, self.organisation_en)

    @property
    def classification(self) -> Text:
        """Return the classification of reports in both languages."""
        return Text(self.classification_ja, self.classification_en)


def explained(name: str) -> Explained:
    """Return what is said about the setting `name` (`port`)."""
    return next(part for part in Settings.model_fields[name].metadata if isinstance(part, Explained))


def _unknown(environ: Mapping[str, str]) -> list[Problem]:
    """Return a problem for each `GOVERNANCE_*` variable that means nothing."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    text = Text(
        "{name} という設定はありません。綴りを確かめてください。", "There is no setting {name}. Check its spelling."
    )
    return [
        Problem("settings.unknown", text.filled(name=name), name)
        for name in sorted(environ)
        if name.upper().startswith(PREFIX) and name.upper() not in known
    ]


def _wrong(name: str) -> Problem:
    """Return the problem that `name` has a wrong value; the value itself may be a secret and is not repeated."""
    place = PREFIX + name.upper()
    text = Text("{place} の値が正しくありません。使える値: {allowed}", "{place} has a wrong value. Allowed: {allowed}")
    return Problem("settings.invalid", text.filled(place=place, allowed=explained(name).allowed), place)


def _invalid(error: ValidationError) -> list[Problem]:
    """Return a problem for each setting that did not pass, leaving out those that only follow from another one."""
    names = dict.fromkeys(str(e["loc"][0]) for e in error.errors() if e["type"] != "default_factory_not_called")
    return [_wrong(name) for name in names]


def load() -> Settings:
    """Return the settings of the environment and make the data folder (mode 0700).

    Raises `Refusals` that name every unknown variable and every wrong value at once.
    """
    problems = _unknown(os.environ)
    try:
        settings = Settings()
    except ValidationError as error:
        raise Refusals(problems + _invalid(error)) from None
    Refusals.raise_any(problems)
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refusals([_wrong("data_dir")]) from error
    return settings


def secret_key(settings: Settings) -> str:
    """Return the given secret, or the one in the data folder, which is made on the first call (mode 0600).

    Several processes may start at once: the file appears whole or not at all, and the first one wins.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    kept = settings.data_dir / "secret.key"
    if not kept.exists():
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = settings.data_dir / f"secret.{secrets.token_hex(8)}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        try:
            os.link(fresh, kept)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return kept.read_text()


def _default(name: str, locale: str) -> str:
    in_words = explained(name).default
    return in_words.in_(locale) if in_words else f"`{Settings.model_fields[name].default}`"


def _turn(name: str) -> tuple[bool, bool]:
    """Put the settings of the ledger after the common ones, and those of mail last."""
    return name in MailSettings.model_fields, name in LedgerSettings.model_fields


def settings_table(locale: str) -> str:
    """Return the Markdown table of all settings in one language, as it stands in `docs/settings.md`."""
    head = Text(
        "| 環境変数 | 意味 | 使える値 | 既定 |\n|---|---|---|---|",
        "| Variable | Meaning | Allowed | Default |\n|---|---|---|---|",
    )
    rows = [
        f"| `{PREFIX}{name.upper()}` | {explained(name).about.in_(locale)} "
        f"| {explained(name).allowed.in_(locale)} | {_default(name, locale)} |"
        for name in sorted(Settings.model_fields, key=_turn)
    ]
    return "\n".join([head.in_(locale), *rows])
