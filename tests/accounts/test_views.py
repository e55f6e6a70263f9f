from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import func, select

from governance.accounts.models import User, UserSession
from governance.pages import limiter, now
from governance.storage.database import Database
from governance.web import Service
from governance.work import SYSTEM, run
from tests.visitor import PASSWORD, Visitor, account, service


@pytest.fixture
def app(database: Database, tmp_path: Path) -> Service:
    account(database, "hanako@example.com", "member")
    account(database, "admin@example.com", "administrator", name="管理 人", name_en="Ad Min")
    app = service(database, tmp_path)
    limiter.reset()
    return app


@pytest.fixture
def visitor(app: Service) -> Visitor:
    return Visitor(app)


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(visitor: Visitor) -> None:
    wrong = visitor.sign_in("hanako@example.com", "not it")
    unknown = visitor.sign_in("nobody@example.com", "not it")
    assert wrong.status_code == unknown.status_code == 422
    for answer in (wrong, unknown):
        assert "メールアドレスまたはパスワードが違います" in answer.text
        assert "not it" not in answer.text


def test_signing_in_leads_home_and_signing_out_ends_it(visitor: Visitor) -> None:
    assert visitor.sign_in("hanako@example.com").headers["Location"] == "/"
    assert visitor.get("/settings").status_code == 200
    assert visitor.post("/sign-out").status_code == 303
    assert visitor.get("/settings").headers["Location"].startswith("/sign-in")


def test_a_new_session_is_opened_at_every_sign_in(visitor: Visitor, database: Database) -> None:
    visitor.get("/sign-in")
    before = visitor.client.get_cookie("session")
    visitor.sign_in("hanako@example.com")
    after = visitor.client.get_cookie("session")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    with visitor.client.session_transaction() as cookie:
        assert set(cookie) == {"token", "csrf_token"}
    assert run(database, SYSTEM, lambda work: work.session.scalar(select(func.count()).select_from(UserSession))) == 1


def test_a_page_asks_to_sign_in_and_is_shown_afterwards(visitor: Visitor) -> None:
    asked = visitor.get("/people?x=1")
    assert asked.headers["Location"] == "/sign-in?next=/people?x%3D1"
    visitor.get(asked.headers["Location"])
    answer = visitor.post("/sign-in", {"email": "admin@example.com", "password": PASSWORD, "next": "/people?x=1"})
    assert answer.headers["Location"] == "/people?x=1"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/x\n"]
)
def test_signing_in_never_leads_to_another_site(visitor: Visitor, target: str) -> None:
    visitor.get("/sign-in")
    answer = visitor.post("/sign-in", {"email": "hanako@example.com", "password": PASSWORD, "next": target})
    assert answer.headers["Location"] == "/"


def test_many_attempts_are_slowed_down(visitor: Visitor) -> None:
    answers = [visitor.sign_in("hanako@example.com", "not it").status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


def test_the_cookie_is_bound_to_this_host_when_the_service_is_behind_https(database: Database, tmp_path: Path) -> None:
    app = service(database, tmp_path, base_url="https://localhost", secure_cookies=True)
    answer = app.test_client().get("/sign-in", base_url="https://localhost")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert answer.headers["Strict-Transport-Security"]


def test_a_session_left_alone_ends(visitor: Visitor) -> None:
    with time_machine.travel("2026-11-20T03:00:00Z") as clock:
        visitor.sign_in("hanako@example.com")
        clock.shift(31 * 60)
        assert visitor.get("/settings").headers["Location"].startswith("/sign-in")


def test_settings_are_changed_and_the_page_follows_the_language(visitor: Visitor, database: Database) -> None:
    visitor.sign_in("hanako@example.com")
    form = {
        "rev": 1,
        "name": "改名 花子",
        "name_en": "Hanako New",
        "department": "",
        "department_en": "",
        "locale": "en",
    }
    answer = visitor.post("/settings", form)
    assert answer.status_code == 303
    shown = visitor.get(answer.headers["Location"])
    assert 'lang="en"' in shown.text
    assert "Hanako New" in shown.text
    assert (
        run(database, SYSTEM, lambda work: work.session.scalars(select(User.name).where(User.rev > 1)).one())
        == "改名 花子"
    )


def test_a_stale_settings_form_shows_both_sides_and_can_be_sent_again(visitor: Visitor) -> None:
    visitor.sign_in("hanako@example.com")
    form = {"rev": 1, "name": "一番", "name_en": "", "department": "", "department_en": "", "locale": "ja"}
    visitor.post("/settings", form)
    answer = visitor.post("/settings", {**form, "name": "二番"})
    assert answer.status_code == 409
    assert "一番" in answer.text
    assert "二番" in answer.text
    assert 'name="rev" value="2"' in answer.text
    assert visitor.post("/settings", {**form, "name": "二番", "rev": 2}).status_code == 303


def test_a_refused_password_change_shows_the_reason_beside_the_field_and_no_password(visitor: Visitor) -> None:
    visitor.sign_in("hanako@example.com")
    answer = visitor.post("/settings/password", {"current": "surely wrong", "new": "another long phrase"})
    assert answer.status_code == 422
    assert 'id="current-error"' in answer.text
    assert "surely wrong" not in answer.text
    assert "another long phrase" not in answer.text


def test_a_changed_password_keeps_this_sign_in_and_ends_the_others(app: Service, visitor: Visitor) -> None:
    other = Visitor(app)
    other.sign_in("hanako@example.com")
    visitor.sign_in("hanako@example.com")
    assert visitor.post("/settings/password", {"current": PASSWORD, "new": "another long phrase"}).status_code == 303
    assert visitor.get("/settings").status_code == 200
    assert other.get("/settings").status_code == 302 or other.get("/settings").status_code == 303


def test_an_administrator_adds_a_person_who_can_sign_in(app: Service, visitor: Visitor) -> None:
    visitor.sign_in("admin@example.com")
    form = {
        "email": "new@example.com",
        "name": "架空 次郎",
        "locale": "ja",
        "password": "first phrase for you",
        "roles": ["expert", "legal"],
    }
    answer = visitor.post("/people/new", form)
    page = visitor.get(answer.headers["Location"])
    assert "AI倫理専門チーム" in page.text
    assert "法務担当" in page.text
    assert Visitor(app).sign_in("new@example.com", "first phrase for you").status_code == 303


def test_a_refused_person_is_shown_again_as_entered(visitor: Visitor) -> None:
    visitor.sign_in("admin@example.com")
    form = {"email": "hanako@example.com", "name": "<b>太字</b>", "locale": "en", "password": "first phrase for you"}
    answer = visitor.post("/people/new", form)
    assert answer.status_code == 422
    assert "&lt;b&gt;太字&lt;/b&gt;" in answer.text
    assert 'href="#email"' in answer.text


def test_roles_are_given_and_ended_on_the_page_of_a_person(visitor: Visitor, database: Database) -> None:
    visitor.sign_in("admin@example.com")
    user_id = run(
        database,
        SYSTEM,
        lambda work: work.session.scalars(select(User.id).where(User.email == "hanako@example.com")).one(),
    )
    assert visitor.post(f"/people/{user_id}/roles", {"role": "auditor"}).status_code == 303
    assert "監査人" in visitor.get(f"/people/{user_id}").text
    assert visitor.post(f"/people/{user_id}/roles/end", {"role": "auditor"}).status_code == 303
    assert visitor.post(f"/people/{user_id}/roles/end", {"role": "auditor"}).status_code == 422
    assert visitor.post(f"/people/{user_id}/close").status_code == 303
    assert visitor.post(f"/people/{user_id}/reopen").status_code == 303
    assert visitor.post(f"/people/{user_id}/password", {"password": "short"}).status_code == 422


def test_a_field_nobody_declared_is_refused(visitor: Visitor) -> None:
    visitor.sign_in("hanako@example.com")
    form = {"rev": 1, "name": "花子", "locale": "ja", "is_active": "1"}
    assert visitor.post("/settings", form).status_code == 400


def test_the_same_form_sent_twice_acts_once(visitor: Visitor, database: Database) -> None:
    visitor.sign_in("admin@example.com")
    form = {
        "email": "once@example.com",
        "name": "一度",
        "locale": "ja",
        "password": "first phrase for you",
        "once": "key-1",
    }
    first, second = visitor.post("/people/new", form), visitor.post("/people/new", form)
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    count = select(func.count()).where(User.email == "once@example.com")
    assert run(database, SYSTEM, lambda work: work.session.scalar(count)) == 1


def test_the_same_form_sent_twice_at_once_acts_once(app: Service, visitor: Visitor, database: Database) -> None:
    visitor.sign_in("admin@example.com")
    cookie = visitor.client.get_cookie("session")
    assert cookie is not None
    form = {
        "email": "race@example.com",
        "name": "競",
        "locale": "ja",
        "password": "first phrase for you",
        "once": "key-2",
    }
    sent = {"csrf_token": visitor.token, **form}

    def send(_attempt: int) -> tuple[int, str | None]:
        answer = app.test_client(use_cookies=False).post(
            "/people/new", data=sent, headers={"Cookie": f"session={cookie.value}"}
        )
        return answer.status_code, answer.headers.get("Location")

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(send, range(4)))
    assert {code for code, _ in answers} == {303}
    assert len(answers) == 1
    count = select(func.count()).where(User.email == "race@example.com")
    assert run(database, SYSTEM, lambda work: work.session.scalar(count)) == 1


def test_times_of_one_request_agree(app: Service) -> None:
    with app.test_request_context("/"):
        assert now() == now()
