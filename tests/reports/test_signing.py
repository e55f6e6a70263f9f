"""A signed report: valid to a reader that knows nothing of us, and still one revision with its five attachments."""

from __future__ import annotations

import random
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

from governance.reports.signing import Certificate, NotSigned, signed
from governance.verifier.verify_report import attachments
from tests.reports.proof_cases import NAMES, case, placed


def certificate(folder: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> Certificate:
    """Make a certificate that signs itself, as PKCS#12 with a passphrase."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Kaku Denki Reports")])
    now = datetime.now(UTC)
    use = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(use, critical=True)
        .sign(key, hashes.SHA256())
    )
    held = pkcs12.serialize_key_and_certificates(b"reports", key, made, None, BestAvailableEncryption(b"pass"))
    (folder / "reports.p12").write_bytes(held)
    (folder / "passphrase").write_text("pass\n")
    return folder / "reports.p12", folder / "passphrase"


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_signed_report_is_valid_and_keeps_its_attachments(tmp_path: Path, kind: str) -> None:
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    plain = case(placed(random.Random(1), 3, 5, 6, 9, 7)).pdf
    made = signed(plain, certificate(tmp_path, key))
    assert attachments(made) == attachments(plain)
    assert sorted(attachments(made)) == list(NAMES)
    if not shutil.which("pdfsig"):
        pytest.skip("no pdfsig: the signature is not checked by poppler on this machine")
    (tmp_path / "signed.pdf").write_bytes(made)
    said = subprocess.run(
        ["pdfsig", "-nocert", tmp_path / "signed.pdf"], capture_output=True, text=True, check=False
    ).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    changed = made.replace(b"[0 0 99 99]", b"[0 0 98 99]").replace(
        b"/MediaBox [ 0 0 99 99 ]", b"/MediaBox [ 0 0 98 99 ]"
    )
    assert changed != made
    (tmp_path / "signed.pdf").write_bytes(changed)
    said = subprocess.run(
        ["pdfsig", "-nocert", tmp_path / "signed.pdf"], capture_output=True, text=True, check=False
    ).stdout
    assert "Signature is Valid" not in said


def test_what_cannot_be_signed_is_not_issued(tmp_path: Path) -> None:
    made = certificate(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    (tmp_path / "passphrase").write_text("wrong")
    plain = case(placed(random.Random(1), 3, 5, 6, 9, 7)).pdf
    with pytest.raises(NotSigned, match="reports.not_signed"):
        signed(plain, made)
    assert signed(plain, None) == plain
