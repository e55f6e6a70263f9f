"""What an auditor takes away: the sidecar of a report or paper, the verifier as one file, and the public keys of the ledger."""

from __future__ import annotations

import hashlib
from io import BytesIO

from flask import Blueprint, Response, send_file
from flask.typing import ResponseReturnValue

from governance.ledger import checkpoints
from governance.pages import current_work, limiter, permission, public, signed_in
from governance.paths import PACKAGE
from governance.refusals import NotFound
from governance.reports import papers, services
from governance.reports.models import Paper, Report
from governance.reports.proofs import sidecar
from governance.work import UnitOfWork

blueprint = Blueprint("proofs", __name__)
VERIFIER = PACKAGE / "verifier" / "verify_report.py"


def proof_of(work: UnitOfWork, row: Report | Paper) -> bytes | None:
    """Return the sidecar of a report or paper; None for one that was issued without, or is not yet covered by a checkpoint."""
    return sidecar(work.session, "paper" if isinstance(row, Paper) else "report", row.id, row.file_digest)


def published(work: UnitOfWork) -> list[str]:
    """Return the keys this installation publishes, the newest first."""
    return [term.key.vkey for term in reversed(checkpoints.terms(work.session))]


def verifier_digest() -> str:
    """Return the SHA-256 of the verifier that is handed out."""
    return hashlib.sha256(VERIFIER.read_bytes()).hexdigest()


@blueprint.get("/reports/<report_id>/proof")
@permission("report:download")
def of_report(report_id: str) -> ResponseReturnValue:
    """Hand out the sidecar of a report."""
    return _handed(services.report(current_work(), report_id))


@blueprint.get("/papers/<paper_id>/proof")
@signed_in()
def of_paper(paper_id: str) -> ResponseReturnValue:
    """Hand out the sidecar of a paper."""
    return _handed(papers.paper(current_work(), paper_id))


def _handed(row: Report | Paper) -> Response:
    content = proof_of(current_work(), row)
    if content is None:
        raise NotFound
    return _file(content, f"{row.number}.{row.lang}.pdf.tlog-proof", "text/plain")


@blueprint.get("/verify/verify_report.py")
@public()
@limiter.limit("60/minute")
def verifier() -> ResponseReturnValue:
    """Hand out the verifier: one file, the same that the command line runs."""
    return _file(VERIFIER.read_bytes(), VERIFIER.name, "text/x-python")


@blueprint.get("/verify/keys.json")
@public()
@limiter.limit("60/minute")
def keys() -> ResponseReturnValue:
    """Hand out the public keys of the ledger, for information: an auditor gets them some other way."""
    content = checkpoints.key_list(checkpoints.terms(current_work().session))
    return _file(content, checkpoints.KEYS_NAME, "application/json")


def _file(content: bytes, name: str, media_type: str) -> Response:
    answer: Response = send_file(BytesIO(content), mimetype=media_type, as_attachment=True, download_name=name)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
