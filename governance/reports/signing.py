"""The signature of the organisation on a report, where a certificate is configured: seen by every PDF reader, beside our own proof.

What is entered into the ledger is the digest of the signed file. The signature is an option and adds nothing to what docs/proofs.md
proves: it tells readers who know nothing of the ledger whose report it is. The catalog of a signed file names the extension of
PAdES, so a strict checker of PDF/A-3 may remark on it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from governance.refusals import Refusal

LONGEST_SECONDS = 120
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "TMPDIR", "SYSTEMROOT")
Certificate = tuple[Path, Path | None]
"""A PKCS#12 file and the file with its passphrase."""


class NotSigned(Refusal):
    """The file could not be signed, so the report is not issued; the cause is for the log."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            "reports.not_signed",
            "証明書で署名できなかったため、報告書を発行しませんでした。管理者に、署名の設定を確かめるよう連絡してください。",
            "The report could not be signed with the certificate and was not issued. Ask an administrator to check the setting.",
        )
        self.cause = cause


def signed(file: bytes, certificate: Certificate | None) -> bytes:
    """Return the file signed with the certificate; as it is where none is configured. Raises NotSigned."""
    if certificate is None:
        return file
    if find_spec("pyhanko") is None:
        raise NotSigned("pyhanko is not installed (extra: sign)")
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - the program is our own, the paths are the administrator's
            [sys.executable, "-m", "governance.reports.pades", *(str(path) for path in certificate if path)],
            input=file,
            capture_output=True,
            env=environment,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotSigned("too slow") from error
    if done.returncode != 0 or not done.stdout:
        raise NotSigned(done.stderr.decode(errors="replace")[-2000:])
    return done.stdout
