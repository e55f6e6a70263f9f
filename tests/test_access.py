"""Every address of the service, generated from its map: who is let in, what a forged form does, what every answer carries."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask import url_for
from sqlalchemy import MetaData, select
from werkzeug.routing import Rule

from governance.accounts.rules import PERMISSIONS
from governance.pages import access_of, limiter
from governance.storage.database import Database
from governance.web import CONTENT_POLICY, SAFE_METHODS, Service
from tests.conftest import FreshDatabase
from tests.visitor import Visitor, account, service

NO_ID = str(UUID(int=0))
ROLES = ("member", "expert", "secretariat", "auditor", "administrator")


@pytest.fixture(scope="module")
def database(fresh_database: FreshDatabase) -> Iterator[Database]:
    with fresh_database() as url:
        opened = Database(url)
        yield opened
        opened.dispose()


@pytest.fixture(scope="module")
def app(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Service:
    for role in ROLES:
        account(database, f"{role}@example.com", role)
    folder: Path = tmp_path_factory.mktemp("access")
    return service(database, folder)


@pytest.fixture(autouse=True)
def _no_limits(request: pytest.FixtureRequest) -> None:
    if "app" in request.fixturenames:
        request.getfixturevalue("app")  # an application must be there before its limits can be forgotten
        limiter.reset()


def rules(app: Service) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def address(app: Service, rule: Rule) -> str:
    """Return the address of a rule with an identifier of nothing in every place."""
    values = {
        name: 1 if type(rule._converters[name]).__name__ in ("IntegerConverter", "NumberConverter") else NO_ID
        for name in rule.arguments - set(rule.defaults or ())
    }
    with app.test_request_context():
        return url_for(rule.endpoint, **values)


def unsafe(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - SAFE_METHODS)


def contents(database: Database) -> str:
    """Return a digest of every row of every table, but for the time a session was last used."""
    tables = MetaData()
    tables.reflect(database.engine)
    digest = hashlib.sha256()
    with database.reading() as connection:
        for table in tables.sorted_tables:
            columns = [column for column in table.columns if column.name != "seen_at"]
            rows = sorted(repr(tuple(row)) for row in connection.execute(select(*columns)))
            digest.update(repr((table.name, rows)).encode())
    return digest.hexdigest()


def test_every_view_says_who_may_call_it(app: Service) -> None:
    unmarked = [rule.rule for rule in rules(app) if access_of(app.view_functions[rule.endpoint]) is None]
    assert unmarked == []


def test_every_permission_of_a_view_stands_in_the_table(app: Service) -> None:
    marked = {access_of(view) for view in app.view_functions.values()}
    named = {access.permission for access in marked if access is not None and access.permission}
    assert named <= PERMISSIONS.keys()


def test_public_views_are_few_and_known(app: Service) -> None:
    public = {
        rule.rule
        for rule in rules(app)
        if (access := access_of(app.view_functions[rule.endpoint])) is not None and access.public
    }
    assert public <= {
        "/api/projects/<number>/readings",
        "/health",
        "/reports/schema",
        "/scripts/<digest>/<names>.js",
        "/sign-in",
        "/sign-in/again",
        "/sign-out",
        "/verify",
        "/verify/keys.json",
        "/verify/verify_report.py",
    }


def test_a_page_that_is_not_public_asks_to_sign_in(app: Service) -> None:
    for rule in rules(app):
        access = access_of(app.view_functions[rule.endpoint])
        if access is None or access.public:
            continue
        visitor = Visitor(app)
        if "GET" in (rule.methods or ()):
            answer = visitor.get(address(app, rule))
            assert answer.status_code == 303, rule.rule
            assert answer.headers["Location"].startswith("/sign-in?next="), rule.rule
        for method in unsafe(rule):
            answer = visitor.client.open(address(app, rule), method=method, data={"csrf_token": token(visitor)})
            assert answer.status_code == 401, (rule.rule, method)


def token(visitor: Visitor) -> str:
    visitor.get("/sign-in")
    return visitor.token


def test_a_form_without_the_token_or_with_a_foreign_one_is_refused_everywhere(app: Service) -> None:
    visitor, stranger = Visitor(app), Visitor(app)
    visitor.sign_in("administrator@example.com")
    foreign = token(stranger)
    for rule in rules(app):
        for method in unsafe(rule):
            for data in ({}, {"csrf_token": foreign}, {"csrf_token": "x"}):
                access = access_of(app.view_functions[rule.endpoint])
                if access is not None and access.machine:
                    continue  # asks for a key in a header, which no browser sends by itself: the next test
                answer = visitor.client.open(address(app, rule), method=method, data=data)
                assert answer.status_code == 403, (rule.rule, method, data)


def test_only_one_address_asks_for_a_key_instead_of_the_token_and_a_session_opens_nothing(app: Service) -> None:
    machines = [r for r in rules(app) if (access := access_of(app.view_functions[r.endpoint])) and access.machine]
    assert [rule.rule for rule in machines] == ["/api/projects/<number>/readings"]
    for role in ROLES:
        visitor = Visitor(app)
        visitor.sign_in(f"{role}@example.com")
        assert visitor.post(address(app, machines[0]), {}).status_code == 401
        assert visitor.client.post(address(app, machines[0]), json={"readings": []}).status_code == 401


@pytest.mark.parametrize("role", ROLES)
def test_looking_changes_nothing_and_breaks_nothing(app: Service, database: Database, role: str) -> None:
    visitor = Visitor(app)
    visitor.sign_in(f"{role}@example.com")
    before = contents(database)
    for rule in rules(app):
        if "GET" in (rule.methods or ()):
            answer = visitor.get(address(app, rule))
            assert answer.status_code in (200, 302, 303, 403, 404), (rule.rule, answer.status_code)
    assert contents(database) == before


def test_pages_of_one_role_are_closed_to_the_others(app: Service) -> None:
    visitor = Visitor(app)
    visitor.sign_in("member@example.com")
    answer = visitor.get("/people")
    assert answer.status_code == 403
    assert "システム管理者" in answer.text
    assert "利用者</a>" not in answer.text


def test_every_answer_carries_the_safety_headers(app: Service) -> None:
    visitor = Visitor(app)
    sheet = visitor.client.get("/static/app.css", buffered=True)
    answers = [
        visitor.get("/sign-in"),
        visitor.get("/settings"),
        visitor.get("/nowhere"),
        sheet,
    ]
    answers += [visitor.client.post("/settings"), visitor.get("/health"), visitor.client.put("/sign-in")]
    visitor.sign_in("member@example.com")
    answers += [visitor.get("/settings"), visitor.get("/people"), visitor.get("/nowhere", **{"HX-Request": "true"})]
    for answer in answers:
        assert answer.headers["Content-Security-Policy"] == CONTENT_POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "unsafe" not in CONTENT_POLICY
    assert all(
        answer.headers["Cache-Control"] == "no-store" for answer in answers if answer.request.path != "/static/app.css"
    )


def test_another_host_is_not_answered(app: Service) -> None:
    assert app.test_client().get("/sign-in", headers={"Host": "evil.example"}).status_code == 400


def test_no_template_steps_around_escaping_or_the_content_policy() -> None:
    risky = re.compile(
        r"\|\s*safe\b|\{%\s*autoescape|\sstyle=|<script(?![^>]*\bsrc=)|\son[a-z]+=|hx-on|javascript:|data:"
    )
    for path in Path("templates").rglob("*.html"):
        if path.parts[1] != "reports":
            assert not risky.search(path.read_text()), path


def test_no_view_copies_a_form_onto_an_object() -> None:
    for path in Path("governance").rglob("*.py"):
        assert not re.search(r"populate_obj|\*\*request\.form|Markup\(", path.read_text()), path
