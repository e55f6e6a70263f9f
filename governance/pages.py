"""What a view needs from the web and nothing else: its unit of work, its answer, its access, its form.

A view reads top to bottom as: load, call one service, answer. The unit of work is opened and committed around it by `web.py`;
an answer of 400 or above changes nothing. Views never commit, never look at cookies and never build headers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, Protocol, TypeVar, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Response, abort, current_app, flash, g, redirect, render_template, request, session, url_for
from flask_babel import force_locale, get_locale
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import Field, IntegerField
from wtforms.fields import choices as choice_fields
from wtforms.validators import InputRequired
from wtforms.widgets import HiddenInput

from governance import formats
from governance.catalogue import english
from governance.refusals import Conflict, Forbidden, NotFound, Problem, Refusal, Refusals
from governance.storage.database import Database
from governance.storage.files import Store
from governance.storage.objects import open_store
from governance.texts import Locale, Text
from governance.work import Actor, UnitOfWork, open_work, run

View = TypeVar("View", bound=Callable[..., Any])
Result = TypeVar("Result")
Unit = Literal["auto", "serializable", "own"]

ANONYMOUS = Actor(id="anonymous", roles=frozenset(), kind="system")
limiter = Limiter(key_func=get_remote_address, storage_uri="memory://")


# --- access ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Access:
    """Who may call a view: `permission` names a row of accounts/rules.py, `public` needs no sign-in at all.

    A `machine` proves itself by a key in a header of its own; no browser sends that by itself, so no token of a form is asked for.
    """

    permission: str | None
    public: bool = False
    unit: Unit = "auto"
    machine: bool = False


def permission(code: str, *, unit: Unit = "auto") -> Callable[[View], View]:
    """Mark a view with the permission it needs.

    `web.py` turns away everybody who could never have it; the service decides exactly, with the relations to the object.
    `unit="serializable"` is for votes and decisions; `unit="own"` for a view that opens its writing units itself (`write`).
    """
    return _marked(Access(code, unit=unit))


def signed_in(*, unit: Unit = "auto") -> Callable[[View], View]:
    """Mark a view that everybody who is signed in may call (home, own settings)."""
    return _marked(Access(None, unit=unit))


def public(*, unit: Unit = "auto") -> Callable[[View], View]:
    """Mark a view that needs no sign-in (sign-in itself, verifying a report)."""
    return _marked(Access(None, public=True, unit=unit))


def machine() -> Callable[[View], View]:
    """Mark a view that a machine calls with a key of its own: cookies mean nothing to it, and it opens its units itself."""
    return _marked(Access(None, public=True, unit="own", machine=True))


def _marked(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        cast(Any, view).access = access
        cast(Any, view).permission = access.permission
        return view

    return mark


def access_of(view: Callable[..., Any] | None) -> Access | None:
    """Return the access a view was marked with; None when it was forgotten (a test fails for such a route)."""
    return getattr(view, "access", None)


# --- who, when, in which language ------------------------------------------------------------------------------------


class Person(Protocol):
    """The signed-in person, as the shell and the forms see them (accounts/services.py `SessionUser`)."""

    id: str
    roles: frozenset[str]
    locale: str
    session: str

    def name_in(self, locale: str) -> str: ...


def current_person() -> Person | None:
    """Return the signed-in person, or None on a public page."""
    return cast("Person | None", g.get("person"))


def current_actor() -> Actor:
    """Return the actor of this request; `ANONYMOUS` holds no role and may do nothing that is recorded."""
    person = current_person()
    return Actor(id=person.id, roles=person.roles, kind="user", session=person.session) if person else ANONYMOUS


def locale() -> Locale:
    """Return the language of this answer; worked out once, because a page asks for it a thousand times."""
    known = g.get("language")
    if known is None:
        found = get_locale()
        known = g.language = "en" if found is not None and found.language == "en" else "ja"
    return cast(Locale, known)


@contextmanager
def speaking(language: Locale) -> Iterator[None]:
    """Write what is drawn inside in another language than the reader's (a preview, a form of a questionnaire)."""
    before = locale()
    try:
        with force_locale(language):
            g.language = language
            yield
    finally:
        g.language = before


def worded(sentence: str) -> str:
    """Return a sentence of the interface in the reader's language; Japanese stands for itself."""
    return english().gettext(sentence) if locale() == "en" else sentence


def counted(one: str, many: str, n: int) -> str:
    """Return a sentence with a number in the reader's language."""
    return english().ngettext(one, many, n) if locale() == "en" else one if n == 1 else many


def zone() -> ZoneInfo:
    """Return the viewer's zone (Asia/Tokyo unless configured)."""
    return cast(ZoneInfo, current_app.config["ZONE"])


def now() -> datetime:
    """Return the time of this request, the same for the whole request."""
    if "now" not in g:
        g.now = datetime.now(UTC)
    return cast(datetime, g.now)


def today() -> date:
    """Return today's date for the viewer."""
    return formats.local_date(now(), zone())


def begin_session(token: str | None) -> None:
    """Start anew on this device after signing in (with the token of the session) or out (None): nothing old stays valid."""
    session.clear()
    g.pop("csrf_token", None)  # the form token of this request belonged to the old session
    if token is not None:
        session["token"] = token


# --- unit of work ----------------------------------------------------------------------------------------------------


def database() -> Database:
    """Return the database of this application."""
    return cast(Database, current_app.extensions["governance.database"])


def file_store() -> Store:
    """Return the store of evidence files and issued reports."""
    return open_store(current_app.config["SETTINGS"])


def current_work() -> UnitOfWork:
    """Return the unit of work of this request: the writing one of a POST, else a read-only one opened on first use."""
    if g.get("work") is None:
        if "units" not in g:
            g.units = ExitStack()
        g.work = g.units.enter_context(open_work(database(), current_actor(), read_only=True))
    return cast(UnitOfWork, g.work)


def close_units() -> None:
    """Close the read-only unit, if one was opened (called by web.py when the answer is made)."""
    g.work = None
    units = g.pop("units", None)
    if units is not None:
        units.close()


def write(act: Callable[[UnitOfWork], Result], actor: Actor | None = None) -> Result:
    """Run `act` in a writing unit of its own and commit; only for views marked `unit="own"`."""
    close_units()
    return run(database(), actor or current_actor(), act)


# --- answers ---------------------------------------------------------------------------------------------------------


def page(template: str, *, code: int | None = None, **context: Any) -> tuple[str, int]:
    """Render a page; 422 by itself when its `form` was sent and has errors."""
    form = context.get("form")
    wrong = isinstance(form, FlaskForm) and form.is_submitted() and bool(form.errors)
    return render_template(template, **context), code or (422 if wrong else 200)


def redirect_to(endpoint: str, _anchor: str | None = None, **values: Any) -> Response:
    """Answer a successful act: see another page (303), also when htmx asked."""
    return see(url_for(endpoint, _anchor=_anchor, **values))


def see(location: str) -> Response:
    """Answer with a redirect to an own path."""
    if is_htmx():
        return Response(status=204, headers={"HX-Redirect": location})
    return cast(Response, redirect(location, 303))


def tell(text: Text, tone: Literal["good", "warn", "info"] = "good") -> None:
    """Show `text` once, at the top of the next page."""
    flash(text.in_(locale()), tone)


def is_htmx() -> bool:
    """Tell whether htmx asked, so that a part of a page is wanted."""
    return request.headers.get("HX-Request") == "true"


def is_script() -> bool:
    """Tell whether the script of a page asked, so that an answer in JSON is wanted."""
    return request.accept_mimetypes.best == "application/json"


def this_form() -> str:
    """Name what was sent: the digest of its fields, and the address.

    A form sent twice has the same name; one that was changed after going back in the browser has another, and is not taken for it.
    """
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "once")]
    files = [(name, file.filename or "") for name, file in request.files.items(multi=True)]
    return f"{hashlib.sha256(repr((fields, files)).encode()).hexdigest()} {request.path}"


def own_path(value: str | None, default: str = "/") -> str:
    """Return `value` when it is a path of this site, else `default` (assurance.md T18: no open redirect)."""
    if (
        not value
        or not value.startswith("/")
        or value.startswith("//")
        or "\\" in value
        or any(ord(c) < 32 for c in value)
    ):
        return default
    parts = urlsplit(value)
    return value if not parts.scheme and not parts.netloc else default


# --- forms -----------------------------------------------------------------------------------------------------------

SelectChoice: Any = vars(choice_fields)["SelectChoice"]  # newer than the type stubs of WTForms
SENT_BY_EVERY_FORM = frozenset({"csrf_token", "once", "rev"})


class Form(FlaskForm):
    """Base of all forms: a field nobody declared is refused (assurance.md T19), and nothing is copied onto objects."""

    def unknown_fields(self) -> list[str]:
        """Return the names that were sent and that this form does not have."""
        known = {name.split("-")[0] for name in self._fields} | SENT_BY_EVERY_FORM
        return sorted({name for name in request.form if name.split("-")[0] not in known})


def options(pairs: Iterable[tuple[str, Text | str]]) -> list[Any]:
    """Return the choices of a select, of radios or of check boxes, in the reader's language."""
    return [SelectChoice(code, words.in_(locale()) if isinstance(words, Text) else words) for code, words in pairs]


class RevisedForm(Form):
    """A form about a stored record: carries the `rev` its sender saw."""

    rev = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


def accepted(form: Form) -> bool:
    """Tell whether the form was sent and its shape is right; its meaning is the service's to judge."""
    if form.is_submitted() and form.unknown_fields():
        abort(400)
    return bool(form.validate_on_submit())


@contextmanager
def refusals_beside(form: Form) -> Iterator[None]:
    """Put refusals of the enclosed act beside the fields they name, and undo what the act had changed.

    NotFound, Forbidden and Conflict have pages of their own and pass through.
    """
    try:
        yield
    except (NotFound, Forbidden, Conflict):
        raise
    except (Refusal, Refusals) as refused:
        if g.get("work") is not None:
            g.work.session.rollback()
        place(form, refused)


def place(form: Form, refused: Refusal | Refusals) -> None:
    """Add the sentences of a refusal to the form: beside the field named by `place`, else to the form as a whole."""
    for problem in problems_of(refused):
        field: Field | None = form._fields.get(problem.place or "")
        sentence = problem.text.in_(locale())
        if field is None:
            form.form_errors.append(sentence)
        else:
            field.errors = [*field.errors, sentence]


def problems_of(refused: Refusal | Refusals) -> list[Problem]:
    """Return the problems of either kind of refusal."""
    if isinstance(refused, Refusals):
        return refused.problems
    return [Problem(refused.code, refused.text, refused.place)]


def loaded(model: type[Result], id: str) -> Result:
    """Return the row of `model` with this id. Raises NotFound. Visibility is the caller's to check."""
    found = current_work().session.scalars(select(model).where(cast(Any, model).id == id)).one_or_none()
    if found is None:
        raise NotFound
    return found
