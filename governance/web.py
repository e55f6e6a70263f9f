"""The web application: one place that puts session, access, unit of work, language and safety headers around every view.

The order of a request is: host → person → CSRF → door (access) → unit of work around the view → commit → headers. What goes wrong
on the way becomes a page that says what to do next (answers.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from importlib.util import find_spec

from apiflask import APIFlask
from flask import Blueprint, Flask, Response, abort, current_app, g, request, session
from flask.typing import ResponseReturnValue
from flask_babel import Babel
from flask_compress import Compress
from flask_wtf import CSRFProtect
from sqlalchemy.exc import IntegrityError
from werkzeug.utils import import_string

from governance import answers, notary, shell
from governance.accounts.rules import authorize, may_ever
from governance.accounts.sessions import SEEN_EVERY, claim_form, mark_seen, session_user, settle_form
from governance.catalogue import Wording
from governance.pages import (
    ANONYMOUS,
    Access,
    access_of,
    close_units,
    counted,
    current_actor,
    current_person,
    database,
    limiter,
    now,
    public,
    see,
    this_form,
    worded,
)
from governance.paths import STATIC, TEMPLATES
from governance.reports.house_file import house_of
from governance.reviews import workdays
from governance.settings import Settings, secret_key
from governance.storage.database import Database
from governance.texts import LOCALES
from governance.work import UnitOfWork, open_work, run

FEATURES = (
    "accounts",
    "questionnaires",
    "projects",
    "notifications",
    "discussions",
    "screenings",
    "reviews",
    "monitoring",
    "authoring",
    "learning",
    "insight",
    "reports",
    "erasure",
    "lessons",
    "interchange",
    "ledger",
)
FILES_AT_ONCE = 5
ASSETS = ("static", "scripts")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class _Undone(Exception):
    """Carries an answer of 400 or above out of the unit of work, which is rolled back."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__(response.status)


class Service(APIFlask):
    """Flask with a unit of work around every view: read-only for GET and HEAD, else committed before the answer is sent."""

    def dispatch_request(self) -> ResponseReturnValue:
        """Call the view inside its unit of work."""
        access = _access()
        if request.method in SAFE_METHODS or access is None or access.unit == "own":
            try:
                return self.make_response(super().dispatch_request())
            finally:
                close_units()
        return self._dispatch_writing(access)

    def _dispatch_writing(self, access: Access) -> Response:
        """Commit what the view did when it answers below 400; the database may ask for a second run, so may this."""

        def act(work: UnitOfWork) -> Response:
            g.work = work
            for upload in request.files.values():
                upload.stream.seek(0)
            if (before := _sent_before(work)) is not None:
                return before
            response = self.make_response(APIFlask.dispatch_request(self))
            if response.status_code >= 400:
                raise _Undone(response)
            _remember(work, response)
            return response

        try:
            return _twice(lambda: run(database(), current_actor(), act, serializable=access.unit == "serializable"))
        except _Undone as undone:
            return undone.response
        finally:
            g.work = None


# long: one line for each part of the application
def create_app(settings: Settings, database: Database | None = None) -> Service:
    """Return the application for these settings; `database` is given by tests and by commands that hold one."""
    app = Service(
        "governance",
        static_folder=str(STATIC),
        template_folder=str(TEMPLATES),
        enable_openapi=False,
        json_errors=False,
    )
    _configure(app, settings)
    app.extensions["governance.database"] = held = database or Database(settings.database_url)
    notary.attach(held, settings)
    workdays.follow(settings.calendar_file)
    house_of(settings)  # read now, so that a fault in its file stops the start and never an issue
    babel = Babel(app, default_locale=settings.default_locale, locale_selector=_locale)
    babel.domain_instance = Wording()
    app.jinja_env.install_gettext_callables(worded, counted, newstyle=True)  # type: ignore[attr-defined]
    app.before_request(_load_person)
    app.before_request(_readable)
    tokens = CSRFProtect(app)
    packing.init_app(app)
    limiter.init_app(app)
    app.before_request(_door)
    app.after_request(_seal)
    app.after_request(_packed)
    app.teardown_request(lambda _error: close_units())
    answers.register(app)
    _add_pages(app)
    _without_token(app, tokens)
    shell.register(app)
    return app


def _without_token(app: Flask, tokens: CSRFProtect) -> None:
    """Ask no token of machines, which send a key that no browser sends by itself."""
    for view in app.view_functions.values():
        if (access := access_of(view)) is not None and access.machine:
            tokens.exempt(view)


def _add_pages(app: Flask) -> None:
    app.add_url_rule("/health", "health", _health)
    app.add_url_rule("/scripts/<digest>/<names>.js", "scripts", _scripts)
    for blueprint in blueprints():
        app.register_blueprint(blueprint)


def blueprints() -> list[Blueprint]:
    """Return the blueprints of every feature that has pages, in the order of the features."""
    found: list[Blueprint] = []
    for feature in FEATURES:
        if find_spec(f"governance.{feature}") and find_spec(f"governance.{feature}.views"):
            views = import_string(f"governance.{feature}.views")
            found.extend(getattr(views, "blueprints", None) or [views.blueprint])
    return found


def _configure(app: Flask, settings: Settings) -> None:
    name = "__Host-session" if settings.secure_cookies else "session"
    app.secret_key = secret_key(settings)
    app.config.update(
        # a page takes several files, and one too large is refused by name with the rest of the page kept; this only ends floods
        MAX_CONTENT_LENGTH=FILES_AT_ONCE * settings.max_upload_bytes + 1024**2,
        COMPRESS_STREAMS=False,
        COMPRESS_REGISTER=False,  # not every answer may be: see _packed
        MAX_FORM_MEMORY_SIZE=4 * 1024**2,  # a questionnaire of 1 MB of Japanese, percent-encoded
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(hours=1),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_NAME=name,
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SETTINGS=settings,
        TRUSTED_HOSTS=list(settings.trusted_hosts),
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session; an open form must not go stale over lunch
        ZONE=settings.zone,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


# --- person and language ---------------------------------------------------------------------------------------------


def _readable() -> None:
    """Refuse the NUL character, which no person types and not every database can hold."""
    if "\0" in request.path:
        abort(404)
    if any("\0" in name + value for each in (request.args, request.form) for name, value in each.items(multi=True)):
        abort(400)


def _load_person() -> None:
    """Find the signed-in person once per request; note at most once a minute that the session is in use."""
    token = session.get("token")
    if not token or request.endpoint in (*ASSETS, "health"):
        return
    settings: Settings = shell.settings()
    with open_work(database(), ANONYMOUS, read_only=True) as work:
        person = session_user(work, token, idle=timedelta(minutes=settings.session_idle_minutes))
    if person is None:
        session.pop("token")
        return
    g.person = person
    if now() - person.seen_at >= SEEN_EVERY:
        run(database(), current_actor(), lambda work: mark_seen(work, person.session))


def _locale() -> str:
    """Choose the language: asked for in the address, chosen on this device, the person's own, the browser's."""
    person = current_person()
    wanted = [request.args.get("lang"), request.cookies.get("lang"), person.locale if person else None]
    for choice in wanted:
        if choice in LOCALES:
            return choice
    return request.accept_languages.best_match(LOCALES) or shell.settings().default_locale


# --- door ------------------------------------------------------------------------------------------------------------


def _access() -> Access | None:
    """Return how the view of this request is marked; None when the address leads nowhere."""
    return access_of(current_app.view_functions.get(request.endpoint or ""))


def _door() -> ResponseReturnValue | None:
    """Turn away whoever could never call this view; the service decides exactly (accounts/rules.py)."""
    access = _access()
    if request.endpoint == "static" or request.routing_exception is not None:
        return None
    if access is None:
        raise RuntimeError(f"{request.endpoint} does not say who may call it")
    if access.public:
        return None
    person = current_person()
    if person is None:
        return answers.ask_sign_in()
    if access.permission is not None and not may_ever(person, access.permission):
        authorize(person, access.permission)
    return None


# --- form sent twice -------------------------------------------------------------------------------------------------


def _once() -> str:
    """Return the key of the sent form; empty when nobody is signed in or the form has none."""
    key = request.form.get("once", "")
    return key if current_person() is not None and 0 < len(key) <= 36 else ""


def _sent_before(work: UnitOfWork) -> Response | None:
    location = claim_form(work, _once(), this_form()) if _once() else None
    return see(location) if location else None


def _twice(attempt: Callable[[], Response]) -> Response:
    """Try again when the same form arrived in two requests at once and the other one won: its answer is there now."""
    try:
        return attempt()
    except IntegrityError as error:
        if "form_keys" not in str(error.orig):
            raise
        return attempt()


def _remember(work: UnitOfWork, response: Response) -> None:
    if _once():
        settle_form(work, _once(), response.headers.get("HX-Redirect") or response.headers.get("Location"))


@public()
def _scripts(digest: str, names: str) -> ResponseReturnValue:
    """Send the scripts of a page as one file; the digest in the address only makes a new version a new file."""
    text = shell.joined(names)
    if text is None or len(digest) > 12:
        abort(404)
    answer = current_app.response_class(text, mimetype="text/javascript")
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


# --- every answer ----------------------------------------------------------------------------------------------------


@public()
def _health() -> ResponseReturnValue:
    """Answer when the service and its database do."""
    with database().reading() as connection:
        connection.exec_driver_sql("SELECT 1")
    return {"state": "ok"}


packing = Compress()


def _packed(response: Response) -> Response:
    """Compress pages and assets; never an answer to words in the address, whose size could then tell what else the page holds."""
    if (
        request.method != "GET"
        or response.status_code != 200
        or (request.endpoint != "static" and request.query_string)
    ):
        return response
    if request.endpoint == "static":
        response.direct_passthrough = False
        response.make_sequence()  # reads the file, and closes it with the response
    return packing.after_request(response)


def _seal(response: Response) -> Response:
    """Put the safety headers on every answer, errors and redirects included; remember a language that was asked for."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if shell.settings().secure_cookies:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint not in ASSETS:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Request-Id"] = answers.request_id()
    if request.args.get("lang") in LOCALES:
        shell.remember_language(response, request.args["lang"])
    return response
