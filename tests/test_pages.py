"""What every page shares: unit of work, forms that come back, errors that say what to do, both languages, the macros."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from wtforms import StringField
from wtforms.validators import InputRequired

from governance import shell
from governance.accounts.models import User
from governance.pages import (
    Form,
    accepted,
    current_work,
    limiter,
    own_path,
    page,
    refusals_beside,
    see,
    signed_in,
)
from governance.refusals import Conflict, NotFound, Problem, Refusal, Refusals
from governance.storage.database import Database
from governance.texts import Text
from governance.web import Service
from governance.work import SYSTEM, run
from tests.visitor import PASSWORD, Visitor, account, service


class TrialForm(Form):
    name = StringField("名前", [InputRequired(message="名前を入力してください。")])


TRIAL_PAGE = """{% extends "layout.html" %}{% from "macros/forms.html" import error_summary, field, hidden %}
{% block main %}{{ error_summary(form) }}<form method="post">{{ hidden(form) }}{{ field(form.name, hint="ヒント") }}</form>{% endblock %}"""


REFUSALS: dict[str, Exception] = {
    "refuse": Refusal("trial.no", "だめです。", "No.", place="name"),
    "refuse all": Refusals([Problem("a", Text("ひとつ", "One"), "name"), Problem("b", Text("ふたつ", "Two"))]),
    "refused": Refusal("trial.no", "いまはできません。", "Not now."),
    "missing": NotFound(),
    "conflict": Conflict(
        "trial.c", "重なりました。", "Conflict.", mine={"名前": "わたし"}, theirs={"名前": "<i>相手</i>"}, rev=7
    ),
}


def trial(folder: Path) -> Blueprint:
    """Return views that do what real ones do wrong, for the answers around them."""
    (folder / "trial.html").write_text(TRIAL_PAGE)
    blueprint = Blueprint("trial", __name__, template_folder=str(folder))

    @blueprint.route("/trial", methods=["GET", "POST"])
    @signed_in()
    def change() -> ResponseReturnValue:
        user = current_work().session.scalars(select(User).order_by(User.email)).first()
        form = TrialForm()
        if accepted(form):
            with refusals_beside(form):
                assert user is not None
                user.department = form.name.data or ""
                current_work().session.flush()
                if form.name.data in REFUSALS:
                    raise REFUSALS[form.name.data]
                current_work().record("AccountChanged", subject=("account", user.id))
                return see("/settings")
        return page("trial.html", form=form)

    @blueprint.route("/trial/<what>", methods=["GET", "POST"])
    @signed_in()
    def fail(what: str) -> ResponseReturnValue:
        if what in REFUSALS:
            raise REFUSALS[what]
        raise ZeroDivisionError("a secret inside")

    return blueprint


@pytest.fixture
def app(database: Database, tmp_path: Path) -> Service:
    account(database, "a@example.com", "member")
    app = service(database, tmp_path)
    app.register_blueprint(trial(tmp_path))
    app.config["SHOW_FAULTS"] = True
    limiter.reset()
    return app


@pytest.fixture
def visitor(app: Service) -> Visitor:
    visitor = Visitor(app)
    visitor.sign_in("a@example.com")
    return visitor


def department(database: Database) -> str:
    return run(database, SYSTEM, lambda work: work.session.scalars(select(User.department)).one())


# --- unit of work and forms ------------------------------------------------------------------------------------------


def test_an_accepted_form_is_committed_before_the_answer(visitor: Visitor, database: Database) -> None:
    visitor.get("/trial")
    assert visitor.post("/trial", {"name": "新部署"}).status_code == 303
    assert department(database) == "新部署"


@pytest.mark.parametrize(
    ("name", "sentence"), [("refuse", "だめです。"), ("refuse all", "ふたつ"), ("", "名前を入力してください。")]
)
def test_a_refused_form_comes_back_as_entered_and_changes_nothing(
    visitor: Visitor, database: Database, name: str, sentence: str
) -> None:
    visitor.get("/trial")
    answer = visitor.post("/trial", {"name": name})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{name}"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert 'aria-describedby="name-hint name-error"' in answer.text
    assert department(database) == ""


def test_a_form_sent_after_the_session_ended_is_kept_and_sent_on_request(app: Service, database: Database) -> None:
    with time_machine.travel("2026-11-20T03:00:00Z") as clock:
        visitor = Visitor(app)
        visitor.sign_in("a@example.com")
        visitor.get("/trial")
        clock.shift(timedelta(minutes=45))
        ended = visitor.post("/trial", {"name": "<b>長い下書き</b>"})
        assert ended.status_code == 401
        assert "&lt;b&gt;長い下書き" in ended.text
        kept = '[["name", "<b>長い下書き</b>"]]'
        asked = visitor.post("/sign-in/again", {"next": "/trial", "kept": kept})
        assert "入力した内容は残っています" in asked.text
        back = visitor.post(
            "/sign-in", {"email": "a@example.com", "password": PASSWORD, "next": "/trial", "kept": kept}
        )
        assert back.status_code == 200
        assert 'action="/trial"' in back.text
        assert department(database) == ""
        assert visitor.post("/trial", {"name": "<b>長い下書き</b>"}).status_code == 303
    assert department(database) == "<b>長い下書き</b>"


def test_a_stale_token_from_an_own_page_keeps_the_text_and_from_another_site_does_not(visitor: Visitor) -> None:
    visitor.get("/trial")
    visitor.token = "stale"
    own = visitor.client.post("/trial", data={"name": "下書き"}, headers={"Sec-Fetch-Site": "same-origin"})
    foreign = visitor.client.post("/trial", data={"name": "下書き"}, headers={"Sec-Fetch-Site": "cross-site"})
    unknown = visitor.client.post("/trial", data={"name": "下書き"})
    assert own.status_code == foreign.status_code == unknown.status_code == 403
    assert "下書き" in own.text
    assert "下書き" not in foreign.text
    assert "下書き" not in unknown.text


def test_passwords_are_never_shown_again(visitor: Visitor) -> None:
    answer = visitor.client.post(
        "/settings/password", data={"current": PASSWORD, "new": PASSWORD}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert PASSWORD not in answer.text


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "code", "ja", "en"),
    [
        ("/trial/missing", 404, "見つかりません", "Not found"),
        ("/nowhere", 404, "見つかりません", "Not found"),
        ("/trial/refused", 422, "いまはできません。", "Not now."),
        ("/trial/broken", 500, "サービスに問題が起きました", "Something went wrong"),
        ("/people", 403, "この操作はできません", "You cannot do this"),
    ],
)
def test_an_error_says_in_the_readers_language_what_to_do(
    visitor: Visitor, path: str, code: int, ja: str, en: str
) -> None:
    for lang, sentence, heading in (("ja", ja, "次にすること"), ("en", en, "Next step")):
        answer = visitor.get(f"{path}?lang={lang}")
        assert answer.status_code == code
        assert sentence in answer.text
        assert heading in answer.text
        assert "a secret inside" not in answer.text


def test_a_fault_is_named_so_that_people_can_quote_it(visitor: Visitor) -> None:
    answer = visitor.get("/trial/broken")
    assert answer.headers["X-Request-Id"] in answer.text


def test_a_conflict_shows_both_sides_escaped_and_offers_to_send_again(visitor: Visitor) -> None:
    visitor.get("/trial")
    answer = visitor.post("/trial/conflict", {"name": "わたし", "rev": "6"})
    assert answer.status_code == 409
    assert "&lt;i&gt;相手&lt;/i&gt;" in answer.text
    assert 'name="rev" value="7"' in answer.text
    assert 'name="rev" value="6"' not in answer.text


def test_a_refusal_without_a_form_of_its_own_still_shows_what_was_sent(visitor: Visitor) -> None:
    visitor.get("/trial")
    answer = visitor.post("/trial/refused", {"remark": "<i>長い下書き</i>"})
    assert answer.status_code == 422
    assert "&lt;i&gt;長い下書き" in answer.text


def test_htmx_gets_a_fragment_for_the_notices_of_the_page(visitor: Visitor) -> None:
    answer = visitor.get("/trial/refused", **{"HX-Request": "true"})
    assert answer.status_code == 422
    assert answer.headers["HX-Retarget"] == "#notices"
    assert "<html" not in answer.text
    assert "いまはできません。" in answer.text


def test_too_large_an_upload_gets_its_page(visitor: Visitor, app: Service) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 100
    visitor.get("/trial")
    answer = visitor.post("/trial", {"name": "x" * 1000})
    assert answer.status_code == 413
    assert "大きすぎます" in answer.text


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("/people?x=1#y", True),
        ("", False),
        (None, False),
        ("people", False),
        ("//x", False),
        ("/\\x", False),
        ("http://x/", False),
        ("/a\tb", False),
    ],
)
def test_only_own_paths_are_led_to(value: str | None, kept: bool) -> None:
    assert own_path(value, "/home") == (value if kept else "/home")


# --- language --------------------------------------------------------------------------------------------------------


def test_the_language_follows_choice_then_browser_then_the_service(app: Service) -> None:
    fresh = Visitor(app)
    assert 'lang="ja"' in fresh.get("/sign-in").text
    assert 'lang="en"' in fresh.get("/sign-in", **{"Accept-Language": "en-GB,en;q=0.9"}).text
    assert 'lang="en"' in fresh.get("/sign-in?lang=en").text
    assert 'lang="en"' in fresh.get("/sign-in").text
    assert 'lang="ja"' in fresh.get("/sign-in?lang=ja", **{"Accept-Language": "en"}).text
    assert 'lang="ja"' in fresh.get("/sign-in?lang=xx").text


def test_the_switch_keeps_the_page_and_its_query(visitor: Visitor) -> None:
    assert 'href="/trial?page=2&amp;lang=en"' in visitor.get("/trial?page=2").text
    assert 'href="/trial?page=2&amp;lang=ja"' in visitor.get("/trial?page=2&lang=en").text


def test_pages_are_compressed_but_never_an_answer_to_words_in_the_address(visitor: Visitor) -> None:
    packed = {"Accept-Encoding": "gzip"}
    assert visitor.client.get("/settings", headers=packed).headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in visitor.client.get("/settings?lang=en", headers=packed).headers


def test_scripts_are_sent_as_one_file_and_nothing_else_is(visitor: Visitor) -> None:
    found = visitor.client.get("/scripts/0/app+outbox.js")
    assert found.status_code == 200
    assert found.mimetype == "text/javascript"
    assert "csrf-token" in found.text
    assert "window.Outbox" in found.text
    for name in ("app+nothing", "vendor/htmx.min", "..%2fapp", "app+..%2Fapp", "app.css", "app+app"):
        assert visitor.client.get(f"/scripts/0/{name}.js").status_code == 404, name


def test_asking_for_scripts_that_are_not_there_fills_no_memory(visitor: Visitor) -> None:
    for number in range(40):
        visitor.client.get(f"/scripts/0/nothing{number}.js")
    assert shell.joined.cache_info().currsize <= 32
