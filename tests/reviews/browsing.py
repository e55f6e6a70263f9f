"""People of the review tests with browsers: the service on a clock that the scenes move, so that a planned day can come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from html.parser import HTMLParser
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from governance.pages import limiter
from governance.web import Service
from tests.builders import World
from tests.visitor import Visitor, service


class Clock:
    """Stands in for `datetime` where the service asks for the time: the time of the world, a second later each time."""

    def __init__(self, made: World) -> None:
        self.made = made

    def now(self, zone: tzinfo) -> datetime:
        self.made.now += timedelta(seconds=1)
        return self.made.now.astimezone(zone)


def browsers(made: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Browsers:
    """Return the service for this world, with everybody able to sign in."""
    for module in ("governance.work", "governance.pages"):
        monkeypatch.setattr(f"{module}.datetime", Clock(made))
    return Browsers(service(made.database, folder))


class Browsers:
    """One browser per person, signed in when first asked for; signed in again after a jump of the clock with `anew`."""

    def __init__(self, app: Service) -> None:
        self.app = app
        self.open: dict[str, Visitor] = {}

    def __call__(self, name: str) -> Visitor:
        if name not in self.open:
            self.open[name] = Visitor(self.app)
            limiter.reset()
            assert self.open[name].sign_in(f"{name}@test.example").status_code == 303
        return self.open[name]

    def anew(self) -> None:
        self.open.clear()


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self.inside: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = self.forms.setdefault(given.get("action", "").partition("#")[0], {})
        elif tag == "input" and self.inside is not None and given.get("type") == "hidden":
            self.inside.setdefault(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = None


def forms(answer: TestResponse) -> dict[str, dict[str, str]]:
    """Return the hidden fields of the forms of a page, by their address; the first form of an address counts."""
    parser = _Forms()
    parser.feed(answer.text)
    return parser.forms


def send(visitor: Visitor, page: str, action: str, given: Mapping[str, str] | None = None) -> TestResponse:
    """Open a page and send the form of it that goes to `action` (its last part; empty: the page itself), filled as given."""
    shown = visitor.get(page)
    assert shown.status_code == 200, shown.text
    found = [
        (path, fields) for path, fields in forms(shown).items() if path.endswith(action) and bool(path) == bool(action)
    ]
    assert found, f"no form {action} on {page}"
    path, fields = found[0]
    return visitor.post(path or page, {**fields, **(given or {})})
