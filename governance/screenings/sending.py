"""Sends the file of a piece of evidence, as an attachment: a browser never shows what somebody uploaded (assurance.md T12)."""

from __future__ import annotations

from io import BytesIO

from flask import Response, send_file

from governance.projects.erased import refuse_erased
from governance.projects.models import Evidence
from governance.storage.files import Store


def sent(piece: Evidence, store: Store) -> Response:
    """Return the answer that holds the file. Raises Refusal for one that was erased, DamagedFile. The caller asks who may have it."""
    refuse_erased(piece.erasure)
    with store.open(piece.digest) as file:
        content = file.read()
    answer: Response = send_file(
        BytesIO(content), mimetype="application/octet-stream", as_attachment=True, download_name=piece.filename
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
