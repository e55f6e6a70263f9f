"""The pages shown when something does not go as asked: each says what happened, that nothing is lost, and what to do next.

A refused act changes nothing, so every page here is rendered after the unit of work was rolled back. What was entered is shown
again wherever that is safe: never for passwords, never for a form that another site may have sent.
"""

from __future__ import annotations

import json
import uuid
from typing import cast
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from governance.pages import close_units, current_person, is_htmx, is_script, locale, problems_of, redirect_to
from governance.refusals import Conflict, Problem, Refusal, Refusals
from governance.texts import Text

CODES = {"refused": 422, "not_found": 404, "forbidden": 403, "conflict": 409}
PAGES = frozenset({400, 401, 403, 404, 409, 413, 422, 429, 500})
NOT_KEPT = frozenset({"csrf_token", "once"})
KEPT_LIMIT = 200_000
SIGNED_OUT = Text(
    "サインインの有効期限が切れました。入力はこの端末に残っています。サインインし直すと送ります。",
    "Your session has ended. What you entered is kept on this device and is sent when you have signed in again.",
)

Fields = list[tuple[str, str]]


def register(app: Flask) -> None:
    """Answer refusals and errors with pages."""
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(Refusals, refused)
    app.register_error_handler(CSRFError, unproven)
    app.register_error_handler(HTTPException, failed)
    app.register_error_handler(Exception, broken)


def request_id() -> str:
    """Return the name of this request in the log, shown on error pages so that people can quote it."""
    if "request_id" not in g:
        g.request_id = uuid.uuid4().hex[:12]
    return cast(str, g.request_id)


def refused(error: Refusal | Refusals) -> ResponseReturnValue:
    """Answer a refusal that the view did not put beside a form."""
    close_units()
    sentences = [problem.text.in_(locale()) for problem in problems_of(error)]
    if is_script():
        return _told(CODES[error.kind], text=" ".join(sentences), problems=[_line(each) for each in problems_of(error)])
    if isinstance(error, Conflict) and not is_htmx():
        kept = [(name, value) for name, value in kept_fields() if name != "rev"]
        return _error(409, "errors/conflict.html", conflict=error, sentences=sentences, kept=kept)
    return _error(CODES[error.kind], sentences=sentences, kept=kept_fields() if _may_keep() else [])


def failed(error: HTTPException) -> ResponseReturnValue:
    """Answer an HTTP error raised on the way (unknown address, upload too large, too many requests)."""
    close_units()
    code = error.code or 500
    if code < 400:
        return error
    if is_script():
        return _told(code)
    return _error(code)


def unproven(_error_: CSRFError) -> ResponseReturnValue:
    """Answer a form without a valid token: offer to send it again when this very site sent it, else refuse it plainly."""
    if is_script():
        return _told(403, token=True)
    if _from_this_site() and not is_htmx() and _may_keep() and current_person() is not None:
        return _error(403, "errors/again.html", kept=kept_fields(), has_files=bool(request.files))
    return _error(403, sentences=[], expired=True)


def broken(error: Exception) -> ResponseReturnValue:
    """Answer a fault of the program: log it with the name of the request, show that name and nothing else."""
    close_units()
    if current_app.config["PROPAGATE_EXCEPTIONS"] or (
        current_app.testing and not current_app.config.get("SHOW_FAULTS")
    ):
        raise error
    current_app.logger.error("request %s failed", request_id(), exc_info=error)
    return _error(500)


def ask_sign_in() -> ResponseReturnValue:
    """Ask a person who is not signed in to do so; a form that was sent is kept and offered again afterwards."""
    if request.method in ("GET", "HEAD") and not is_htmx():
        return redirect_to("accounts.sign_in", next=request.full_path.rstrip("?"))
    if is_script():
        return _told(401, signed_out=SIGNED_OUT.in_(locale()), href=url_for("accounts.sign_in"))
    if is_htmx():
        return _error(401)
    kept = json.dumps(kept_fields(), ensure_ascii=False) if _may_keep() else ""
    wanted = request.full_path.rstrip("?") if kept else "/"
    return _error(401, "accounts/expired.html", next=wanted, kept=kept, has_files=bool(request.files))


def kept_fields() -> Fields:
    """Return what was sent, without tokens; empty when it is too much to carry."""
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in NOT_KEPT]
    return fields if sum(len(n) + len(v) for n, v in fields) <= KEPT_LIMIT else []


def _may_keep() -> bool:
    """Tell whether a form may be shown again: not those with passwords, and only POST."""
    return request.method == "POST" and request.blueprint != "accounts"


def _from_this_site() -> bool:
    """Tell, by what only a browser can set, whether one of our own pages sent the form."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc == request.host


def _told(code: int, **body: object) -> Response:
    """Answer the script of a page, which keeps what it sent and shows the sentence beside it."""
    return make_response(jsonify(body), code)


def _line(problem: Problem) -> dict[str, str | None]:
    return {"key": problem.place, "text": problem.text.in_(locale())}


def _error(code: int, template: str | None = None, **context: object) -> Response:
    """Render the page of a code; for htmx a fragment that goes into the notices of the page."""
    if is_htmx():
        response = make_response(render_template("errors/fragment.html", code=code, **context), code)
        response.headers["HX-Retarget"] = "#notices"
        response.headers["HX-Reswap"] = "innerHTML"
        return response
    name = template or "errors/page.html"
    return make_response(
        render_template(name, code=code if code in PAGES else 400, request_id=request_id(), **context), code
    )
