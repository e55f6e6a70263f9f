"""The one address that machines call: readings of a project, with a key in the header (docs/readings.md)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, make_response, request
from werkzeug.exceptions import HTTPException

from governance.monitoring import keys, machine, readings
from governance.monitoring.indicators import indicators_of
from governance.monitoring.keys import Claimed
from governance.monitoring.models import ReadingKey
from governance.pages import limiter, problems_of, write
from governance.pages import machine as for_machines
from governance.refusals import Problem, Refusal, Refusals
from governance.texts import Text
from governance.work import SYSTEM, Actor, UnitOfWork

blueprint = Blueprint("readings_api", __name__)

SAID = {
    401: Text("登録キーがないか、使えないキーです。", "The key is missing or cannot be used."),
    404: Text("このキーで登録できる案件ではありません。", "There is no such project, or the key is not for it."),
    413: Text("送られた内容が大きすぎます。", "What was sent is too large."),
    415: Text("application/json で送ってください。", "Send application/json."),
    429: Text("呼び出しが多すぎます。しばらく待ってください。", "Too many calls; please wait."),
}


@blueprint.post("/api/projects/<number>/readings")
@for_machines()
@limiter.limit("600 per minute")
def enter(number: str) -> Response:
    """Enter readings with the key of a project; every answer is JSON."""
    claimed = write(_claimed, SYSTEM)
    if claimed is None:
        return _told(401)
    if claimed.wait:
        response = _told(429)
        response.headers["Retry-After"] = str(claimed.wait)
        return response
    if claimed.number != number:
        return _told(404)
    if request.mimetype != "application/json":
        return _told(415)
    if (request.content_length or 0) > machine.MOST_BYTES:
        return _told(413)
    return _entered(claimed, request.get_data(cache=False))


def _claimed(work: UnitOfWork) -> Claimed | None:
    """Count the call before anything else is looked at, so that guessing and flooding cost the caller alike."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    return keys.claim(work, secret.strip()) if kind.lower() == "bearer" and secret.strip() else None


def _entered(claimed: Claimed, content: bytes) -> Response:
    actor = Actor(claimed.key_id, frozenset(), "job")
    try:
        done = write(lambda work: _act(work, claimed, content), actor)
    except (Refusal, Refusals) as refused:
        return _told(422, problems_of(refused))
    return _told(401) if done is None else make_response(jsonify(done[0]), done[1])


def _act(work: UnitOfWork, claimed: Claimed, content: bytes) -> tuple[dict[str, Any], int] | None:
    key = work.session.get_one(ReadingKey, claimed.key_id)
    if key.revoked_at is not None:  # taken back since the call was counted
        return None
    project = key.project
    received = machine.received(content, indicators_of(work, project), work.now)
    entries = received.entries
    if not entries:
        return machine.answer(received, None)
    done = readings.enter(work, project, entries, source="api", key=key, correction=received.correction)
    return machine.answer(received, done)


def _told(code: int, problems: list[Problem] | None = None) -> Response:
    """Answer that nothing was stored, and why."""
    said = problems or [Problem(f"http.{code}", SAID.get(code, Text("受け付けられません。", "This was refused.")))]
    response = make_response(
        jsonify({"batch": None, "stored": 0, "problems": [machine.spoken(each) for each in said]}), code
    )
    if code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


@blueprint.errorhandler(HTTPException)
def failed(error: HTTPException) -> Response:
    """Answer what went wrong on the way (too many calls, too large a body) as JSON too."""
    return _told(error.code or 500)
