"""What surrounds every page: the menu, the language switch, and the filters and names that templates may use."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

from flask import Flask, Response, current_app, request
from flask_babel import LazyString, lazy_gettext
from sqlalchemy.exc import SQLAlchemyError

from governance import formats
from governance.accounts.rules import may_ever
from governance.notifications import services as notifications
from governance.pages import current_person, current_work, is_htmx, locale, now, today, zone
from governance.paths import STATIC
from governance.projects.erased import told
from governance.projects.models import Erasure
from governance.settings import Settings
from governance.states import state_of
from governance.texts import Text

LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600


class Entry(NamedTuple):
    """One entry of the menu: shown when its page exists and the person could have its permission."""

    path: str
    label: LazyString
    permission: str | None = None
    also: tuple[str, ...] = ()


MENU = (
    Entry("/", lazy_gettext("対応待ち")),
    Entry("/projects", lazy_gettext("案件"), "project:view", ("/screenings",)),
    Entry("/reviews", lazy_gettext("審査"), "review:take"),
    Entry("/committees", lazy_gettext("委員会"), "committee:view", ("/meetings",)),
    Entry("/executive", lazy_gettext("上位付議"), "case:decide-executive"),
    Entry("/conditions", lazy_gettext("付帯条件")),
    Entry("/insight", lazy_gettext("分析"), "project:view"),
    Entry("/reports", lazy_gettext("報告書"), "report:download"),
    Entry("/questionnaires", lazy_gettext("質問票"), "questionnaire:view"),
    Entry("/learning", lazy_gettext("学習"), "kyt:view"),
    Entry("/erasures", lazy_gettext("消去"), "erasure:view", ("/legal-holds",)),
    Entry("/ledger", lazy_gettext("監査台帳"), "ledger:view"),
    Entry("/people", lazy_gettext("利用者"), "account:manage"),
)


def settings() -> Settings:
    """Return the settings of this application."""
    return cast(Settings, current_app.config["SETTINGS"])


def allowed(permission: str) -> bool:
    """Tell whether the reader could have this permission on some object (to show or leave out a button)."""
    person = current_person()
    return person is not None and may_ever(person, permission)


def menu() -> list[dict[str, Any]]:
    """Return the entries for the reader, with the one of this page marked."""
    if current_person() is None:
        return []
    paths: frozenset[str] = current_app.extensions["governance.paths"]
    shown = [e for e in MENU if e.path in paths and (e.permission is None or allowed(e.permission))]
    return [{"path": e.path, "label": e.label, "here": _is_here(e)} for e in shown]


def _is_here(entry: Entry) -> bool:
    if entry.path == "/":
        return request.path == "/"
    return any(request.path == p or request.path.startswith(f"{p}/") for p in (entry.path, *entry.also))


def has_page(path: str) -> bool:
    """Tell whether a page exists at this path, so that nothing links to nowhere."""
    return path in current_app.extensions["governance.paths"]


def other_language() -> dict[str, str]:
    """Return code, name and address of this page in the other language."""
    code, name = ("en", "English") if locale() == "ja" else ("ja", "日本語")
    query = [(key, value) for key, value in request.args.items(multi=True) if key != "lang"]
    return {"code": code, "name": name, "href": f"{request.path}?{urlencode([*query, ('lang', code)])}"}


def remember_language(response: Response, code: str) -> None:
    """Keep the chosen language on this device."""
    response.set_cookie(
        "lang", code, max_age=LANGUAGE_COOKIE_SECONDS, secure=settings().secure_cookies, httponly=True, samesite="Lax"
    )


def unread() -> int:
    """Return how many notices the reader has not read; 0 for nobody, and on a page that says the database is not there."""
    if current_person() is None:
        return 0
    try:
        return notifications.unread(current_work())
    except SQLAlchemyError:
        return 0


def asset(name: str) -> str:
    """Return the address of a static file with its digest, so that a new version is fetched at once."""
    return f"/static/{name}?v={_digest(name)}"


def scripts(*names: str) -> str:
    """Return the address of several own scripts as one file, so that a page is open after few requests."""
    digest = hashlib.sha256("".join(_digest(f"{name}.js") for name in names).encode()).hexdigest()[:12]
    return f"/scripts/{digest}/{'+'.join(names)}.js"


@lru_cache(maxsize=32)  # the names come from an address that anybody may ask for
def joined(names: str) -> str | None:
    """Return the scripts named `a+b` one after the other; None when one is not ours, or named twice to swell the answer."""
    paths = [STATIC / f"{name}.js" for name in names.split("+")]
    if len(set(paths)) < len(paths) or not all(path.parent == STATIC and path.is_file() for path in paths):
        return None
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


@cache
def _digest(name: str) -> str:
    path = STATIC / name
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else "0"


def wordmark_dots(phases: int = 3, items: int = 7) -> list[tuple[int, int, str]]:
    """Return the dots of the wordmark as (x, y, class): items across, phases down, one lit where the work stands."""
    lit = phases * items * 4 // 7 - 1
    kinds = ["dot"] * lit + ["dot-on"] + ["dot-off"] * (phases * items - lit - 1)
    return [(at % items * 9, at // items * 10, kind) for at, kind in enumerate(kinds)]


DRAWN_AT_MOST = 2_000
"""How many drawn pieces a process keeps: about four kilobytes each."""


def drawn(macro: Callable[[Any], Any], question: Any) -> Any:
    """Return what a macro draws of a published question; drawn once per application and language: documents never change.

    Only for macros that look at nothing but the question and the settings; what a person answered, or the time, has no place there.
    """
    kept: dict[tuple[str, str, int], tuple[Any, Any]] = current_app.extensions.setdefault("governance.drawn", {})
    key = (str(getattr(macro, "name", "")), locale(), id(question))
    found = kept.get(key)
    if found is None or found[0] is not question:
        if len(kept) >= DRAWN_AT_MOST:
            kept.clear()
        found = kept[key] = (question, macro(question))
    return found[1]


# --- filters ---------------------------------------------------------------------------------------------------------


def text_of(value: Text | Mapping[str, str] | str | None) -> str:
    """Return the reader's side of a bilingual text; a plain string stays as it is."""
    if isinstance(value, Text):
        return value.in_(locale())
    if isinstance(value, Mapping):
        return value.get(locale()) or value.get("ja", "")
    return "" if value is None else str(value)


def _blank(render: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: "" if value is None else render(value)


def sentences(parts: Iterable[str] | None) -> str:
    """Return sentences in one line: with a space between them in English, without one in Japanese."""
    return (" " if locale() == "en" else "").join(str(part) for part in parts or () if part)


def days_left(due: date) -> tuple[str, str]:
    """Return tone and words of a due date for the reader."""
    tone, words = formats.left(formats.local_date(due, zone()), today())
    return tone, words.in_(locale())


def _recent(value: datetime | str) -> str:
    """Return a moment as a reader says it; what is no moment but a place for one stays as it is (screenings/outlines.py)."""
    return value if isinstance(value, str) else formats.recent(value, now(), zone()).in_(locale())


def _erased(row: Erasure) -> Text:
    """Return when, under which erasure and what was erased."""
    return told(row, formats.local_date(row.decided_at or now(), zone()))


FILTERS: dict[str, Callable[[Any], Any]] = {
    "t": text_of,
    "day": _blank(lambda value: formats.day(value, zone()).in_(locale())),
    "long_day": _blank(lambda value: formats.long_day(value, zone()).in_(locale())),
    "date": _blank(lambda value: formats.record_date(value, zone())),
    "moment": _blank(lambda value: formats.record_time(value, zone())),
    "clock": _blank(lambda value: formats.clock(value, zone())),
    "recent": _blank(_recent),
    "size": _blank(formats.size),
    "short_digest": _blank(formats.short_digest),
    "long_digest": _blank(formats.long_digest),
    "percent": _blank(formats.percent),
    "days_left": days_left,
    "sentences": sentences,
    "erased": _erased,
}


def register(app: Flask) -> None:
    """Give templates their filters and names; call when all pages are registered."""
    app.extensions["governance.paths"] = frozenset(
        rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())
    )
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals.update(
        allowed=allowed,
        asset=asset,
        drawn=drawn,
        has_page=has_page,
        is_htmx=is_htmx,
        locale=locale,
        menu=menu,
        new_key=lambda: str(uuid.uuid4()),
        now=now,
        other_language=other_language,
        person=current_person,
        scripts=scripts,
        settings=settings,
        state_of=state_of,
        today=today,
        unread=unread,
        wordmark_dots=wordmark_dots,
    )
