"""Signs one PDF with a certificate (PAdES baseline B) in a process of its own: the only module that imports pyHanko.

Run as `python -m governance.reports.pades CERTIFICATE [PASSPHRASE]`, both files; signing.py is the other end of the pipe. The web
processes neither load the library nor hold the private key. The file is written anew in one revision with the signature inside,
because a report with a second revision is refused by its verifiers (docs/proofs.md §6).
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign import fields, signers

FIELD = "Report"


def sign_one(source: BinaryIO, target: BinaryIO, certificate: Path, passphrase: Path | None) -> None:
    """Read a PDF and write it signed. Raises ValueError when the certificate cannot be opened."""
    secret = passphrase.read_bytes().rstrip(b"\r\n") if passphrase else None
    signer = signers.SimpleSigner.load_pkcs12(str(certificate), passphrase=secret)  # type: ignore[no-untyped-call]
    if signer is None:
        raise ValueError("the certificate cannot be opened with this passphrase")
    writer = copy_into_new_writer(PdfFileReader(BytesIO(source.read())))
    # Curves would raise the version to 2.0; a report is a PDF 1.7 for every verifier, and the signature needs no more.
    writer.ensure_output_version = lambda version: None  # type: ignore[method-assign]
    about = signers.PdfSignatureMetadata(
        field_name=FIELD, subfilter=fields.SigSeedSubFilter.PADES, md_algorithm="sha256"
    )
    made = signers.sign_pdf(writer, about, signer=signer)
    target.write(made.getvalue())


if __name__ == "__main__":
    given = [Path(each) for each in sys.argv[1:]]
    sign_one(sys.stdin.buffer, sys.stdout.buffer, given[0], given[1] if len(given) > 1 else None)
