"""What an administrator can set about the ledger's signed checkpoints: whose they are, where the key is, where they are sent.

A checkpoint proves nothing against an administrator until it has left the installation (assurance.md §3.6): name at least one place.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from governance.explained import Explained
from governance.settings_mail import MailSettings, address
from governance.settings_reports import bucket_url
from governance.texts import Text


def _folder(path: Path | None) -> Path | None:
    return path.expanduser().resolve() if path else None


def _addresses(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _plain(values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(values):
        raise ValueError("no mail address")
    return tuple(address(value) for value in values)


def place_code(kind: str, place: str) -> str:
    """Return the name under which a place outside stands in the table of sendings."""
    return f"{kind}:{hashlib.sha256(place.encode()).hexdigest()[:16]}"


class LedgerSettings(MailSettings):
    """The settings of the ledger's checkpoints."""

    ledger_name: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$"),
        Explained(
            Text(
                "監査台帳の名前。署名鍵とチェックポイントに入る。最初の鍵を作るときに決まり、あとからは変わらない。",
                "Name of the ledger in its keys and checkpoints; fixed when the first key is made.",
            ),
            Text(
                "英数字と . _ / - で100文字まで（例: ethics.example.co.jp）", "letters, digits and . _ / -, at most 100"
            ),
        ),
    ] = "governance"
    keys_dir: Annotated[
        Path | None,
        AfterValidator(_folder),
        Explained(
            Text(
                "監査台帳の署名鍵のフォルダー。データベースの管理者が読めない場所に置く。複数台で動かすときは同じフォルダーを使う。",
                "Folder of the keys that sign the ledger. Put it where an administrator of the database cannot read it; several "
                "machines share one.",
            ),
            Text("フォルダーのパス", "path of a folder"),
            Text("DATA_DIR の keys フォルダー", "the folder keys in DATA_DIR"),
        ),
    ] = None
    checkpoint_folder: Annotated[
        Path | None,
        AfterValidator(_folder),
        Explained(
            Text(
                "署名したチェックポイントを写すフォルダー。この機械の管理者が消せない場所（別の機械、書換え禁止の媒体）を勧める。",
                "Folder that gets each signed checkpoint; best one that an administrator of this machine cannot erase.",
            ),
            Text("フォルダーのパス", "path of a folder"),
            Text("なし", "none"),
        ),
    ] = None
    checkpoint_url: Annotated[
        str,
        AfterValidator(bucket_url),
        Explained(
            Text(
                "署名したチェックポイントを写すバケット（S3互換）。接続先と鍵は FILES_URL と同じ。",
                "Bucket (S3 protocol) that gets each signed checkpoint; endpoint and keys as for FILES_URL.",
            ),
            Text("s3://バケット または s3://バケット/接頭辞", "s3://bucket or s3://bucket/prefix"),
            Text("なし", "none"),
        ),
    ] = ""
    checkpoint_mail: Annotated[
        tuple[str, ...],
        NoDecode,
        BeforeValidator(_addresses),
        AfterValidator(_plain),
        Explained(
            Text(
                "最新のチェックポイントを1日1通送る宛先（監査人、法務など）。",
                "Addresses that get the newest checkpoint once a day: auditors, legal.",
            ),
            Text("コンマで区切ったメールアドレス", "mail addresses separated by commas"),
            Text("なし", "none"),
        ),
    ] = ()

    @property
    def checkpoint_places(self) -> list[tuple[str, str]]:
        """Kind and address of each place outside that gets the checkpoints."""
        found = []
        if self.checkpoint_folder is not None:
            found.append(("folder", str(self.checkpoint_folder)))
        if self.checkpoint_url:
            found.append(("bucket", self.checkpoint_url))
        if self.checkpoint_mail and self.mail_is_on:
            found.append(("mail", ", ".join(self.checkpoint_mail)))
        return found
