"""What an administrator can set about the files of reports: look, Word template, certificate of the signature; part of `Settings`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator
from pydantic_settings import BaseSettings

from governance.explained import Explained
from governance.texts import Text


def _file(path: Path | None) -> Path | None:
    """Return the whole path; raise `ValueError` unless the file is there."""
    if path is None:
        return None
    whole = path.expanduser().resolve()
    if not whole.is_file():
        raise ValueError("no such file")
    return whole


def bucket_url(value: str) -> str:
    """Return the address of a bucket without a closing slash; raise `ValueError` unless it is `s3://bucket[/prefix]` or empty."""
    parts = urlsplit(value)
    if value and (parts.scheme != "s3" or not parts.hostname or parts.query or parts.fragment or parts.username):
        raise ValueError("no bucket")
    return value.rstrip("/")


class ReportSettings(BaseSettings):
    """The settings of the files of reports."""

    report_word_template: Annotated[
        Path | None,
        AfterValidator(_file),
        Explained(
            Text(
                "報告書のWord版に使うひな形。書式・余白・ヘッダー・フッターを引き継ぐ。",
                "Template of reports as Word files: its styles, margins, header and footer are kept.",
            ),
            Text(".docx ファイルのパス", "path of a .docx file"),
            Text("組み込みの書式", "the built-in look"),
        ),
    ] = None
    report_house: Annotated[
        Path | None,
        AfterValidator(_file),
        Explained(
            Text(
                "報告書の体裁（YAML）：発行者名、ロゴ、色、秘密区分、署名欄、節の選択と順序。書き方は seeds/report-house.yaml と"
                " docs/house.md。",
                "How reports look (YAML): issuer, logo, colours, classification, signature block, choice and order of sections. "
                "Written like seeds/report-house.yaml; see docs/house.md.",
            ),
            Text("ファイルのパス", "path of a file"),
            Text("組み込みの体裁", "the built-in look"),
        ),
    ] = None
    report_signing_certificate: Annotated[
        Path | None,
        AfterValidator(_file),
        Explained(
            Text(
                "報告書のPDFにPAdES署名を付ける証明書。追加機能 sign（pyHanko）が要る。",
                "Certificate with which the PDF of reports is signed (PAdES); needs the extra `sign` (pyHanko).",
            ),
            Text("PKCS#12（.p12）ファイルのパス", "path of a PKCS#12 (.p12) file"),
            Text("署名しない", "not signed"),
        ),
    ] = None
    report_signing_passphrase: Annotated[
        Path | None,
        AfterValidator(_file),
        Explained(
            Text(
                "証明書のパスフレーズを1行で書いたファイル。",
                "File with the passphrase of the certificate on one line.",
            ),
            Text("ファイルのパス", "path of a file"),
            Text("なし", "none"),
        ),
    ] = None

    bulk_url: Annotated[
        str,
        AfterValidator(bucket_url),
        Explained(
            Text(
                "一括発行した報告書を、依頼した人が望むときにフォルダーとして書き出すバケット（S3互換）。接続先と鍵は FILES_URL と同じ。",
                "Bucket (S3 protocol) where a bulk issue is written as a folder when whoever orders it wants so; endpoint and keys "
                "as for FILES_URL.",
            ),
            Text("s3://バケット または s3://バケット/接頭辞", "s3://bucket or s3://bucket/prefix"),
            Text("なし（ZIPだけ）", "none: ZIP alone"),
        ),
    ] = ""

    @property
    def certificate(self) -> tuple[Path, Path | None] | None:
        """The certificate of the signature on reports with the file of its passphrase; None when reports are not signed."""
        chosen = self.report_signing_certificate
        return (chosen, self.report_signing_passphrase) if chosen else None
