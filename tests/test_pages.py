"""What every page shares: unit of work, forms that come back, errors that say what to do, both languages, the macros."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import time_machine
from babel.messages.extract import extract_from_dir
from flask import Blueprint, render_template_string, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from wtforms import StringField
from wtforms.validators import InputRequired

from governance import catalogue, formats
from governance.accounts.models import User
from governance.pages import (
    Form,
    accepted,
    current_work,
    limiter,
    own_path,
    page,
    public,
    refusals_beside,
    see,
    signed_in,
)
from governance.refusals import Conflict, NotFound, Problem, Refusal, Refusals
from governance.states import STATES, state_of
from governance.storage.database import Database
from governance.texts import Text
from governance.web import Service
from governance.work import SYSTEM, run
from tests.visitor import PASSWORD, Visitor, account, service

TOKYO = ZoneInfo("Asia/Tokyo")
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
SKIPPED = {"node_modules", "shipped", "__pycache__", "var", "tests"}


class TrialForm(Form):
    name = StringField("名前", [InputRequired(message="名前を入力してください。")])


TRIAL_PAGE = """{% extends "layout.html" %}{% from "macros/forms.html" import error_summary, field, hidden %}
{% block main %}{{ error_summary(form) }}<form method="post">{{ hidden(form) }}{{ field(form.name, hint="ヒント") }}</form>{% endblock %}"""


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
                if form.name.data == "refuse":
                    raise Refusal("trial.no", "だめです。", "No.", place="name")
                if form.name.data == "refuse all":
                    raise Refusals([Problem("a", Text("ひとつ", "One"), "name"), Problem("b", Text("ふたつ", "Two"))])
                current_work().record("AccountChanged", subject=("account", user.id))
                return see("/settings")
        return page("trial.html", form=form)

    @blueprint.route("/trial/<what>", methods=["GET", "POST"])
    @signed_in()
    def fail(what: str) -> ResponseReturnValue:
        if what == "conflict":
            raise Conflict(
                "trial.c", "重なりました。", "Conflict.", mine={"名前": "わたし"}, theirs={"名前": "<i>相手</i>"}, rev=7
            )
        if what == "missing":
            raise NotFound
        if what == "refused":
            raise Refusal("trial.no", "いまはできません。", "Not now.")
        raise ZeroDivisionError("a secret inside")

    @blueprint.get("/render")
    @public()
    def render() -> ResponseReturnValue:
        return render_template_string(request.args["source"])

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


def wanted() -> dict[str, set[str]]:
    """Return every sentence that asks for a translation, with the files it stands in."""
    found: dict[str, set[str]] = {}
    methods = [("governance/**.py", "python"), ("templates/**.html", "jinja2")]
    for file, _line, message, _comments, _context in extract_from_dir(
        ".",
        method_map=methods,
        options_map={"templates/**.html": {"silent": "false"}},
        keywords=KEYWORDS,
        directory_filter=lambda path: Path(path).name not in SKIPPED and not Path(path).name.startswith("."),
    ):
        found.setdefault(message[0] if isinstance(message, tuple) else message, set()).add(file)
    return found


def test_every_sentence_has_its_english() -> None:
    english = catalogue.read()
    missing = {}
    for sentence, files in wanted().items():
        message = english.get(sentence)
        strings = [] if message is None else [message.string] if isinstance(message.string, str) else message.string
        if not strings or not all(strings) or (message is not None and message.fuzzy):
            missing[sentence] = files
    stub = "\n".join(f'# {", ".join(sorted(files))}\nmsgid "{s}"\nmsgstr ""\n' for s, files in missing.items())
    assert not missing, f"add to translations/en/LC_MESSAGES/<feature>.po:\n{stub}"


def test_no_translation_is_left_over() -> None:
    used = wanted()
    assert [m.id for m in catalogue.read() if m.id and (m.id if isinstance(m.id, str) else m.id[0]) not in used] == []


def test_places_in_a_sentence_are_the_same_in_english() -> None:
    assert [error for _message, errors in catalogue.read().check() for error in errors] == []


# --- macros ----------------------------------------------------------------------------------------------------------

LEVELS = [SimpleNamespace(rank=rank, text=Text(f"{rank}段", f"Step {rank}")) for rank in range(1, 8)]
SAMPLES = {
    "marks": [
        ("level(levels[2])", 'class="level level-3"'),
        ("level(levels[6], 7)", "level-4"),
        ("level(levels[0], 2)", "level-2"),
        ("level(none)", "未評価"),
        ("level_move(levels[0], levels[1])", "→"),
        ("state('approved')", 'data-state="approved"'),
        ("state('submitted', 'condition')", "確認待ち"),
        ("state('unheard_of')", "unheard_of"),
        ("mark('good', '満たす')", "is-good"),
        ("tag(text, strong=true)", "is-strong"),
        ("on(day)", "11/18（水）"),
        ("record(none)", "—"),
        ("moment(at)", "2026-11-18 12:00"),
        ("due(day)", "2日超過"),
        ("due(day, done=true)", ""),
        ("seal(text, day, text)", "2026.11.18"),
        ("digest('a' * 64)", "aaaa…aaaa"),
    ],
    "blocks": [
        ("crumbs([(text, '/x'), ('ここ', none)])", 'aria-current="page"'),
        ("page_head(text, eyebrow=['上'], lede='説明')", "<h1>"),
        ("next_step('する', why='なぜ', href='/x', action='へ', tone='late')", "is-late"),
        ("notice('題', '文', 'warn')", "is-warn"),
        ("facts([('顧客', '<b>'), ('空', none), (text, text)])", "&lt;b&gt;"),
        ("figures([('数', 3, none)])", "<dt>数</dt>"),
        ("sum([('計', 6, true)])", "sum-line"),
        ("events([{'at': at, 'text': text, 'by': '誰か'}, {'at': day, 'text': 'x', 'href': '/y'}])", "誰か"),
        (
            "evidence_list([{'title': '記録', 'href': '/e', 'kind': 'file', 'size': 240000, 'digest': 'b' * 64, 'by': '誰か', 'at': at}])",
            "240 kB",
        ),
        (
            "finding({'title': '指摘', 'severity': 'major', 'owner': '誰か', 'due': day, 'fact': '事', 'criteria': '', 'effect': '', 'advice': '直す'})",
            "is-major",
        ),
        ("tabs([('全部', '/x', true)], '範囲')", 'aria-current="true"'),
        ("saved(at)", "12:00 保存済み"),
        ("empty('まだありません。', '/new', '作る')", "作る"),
    ],
    "charts": [
        (
            "progress_map([text], [{'text': text, 'cells': [{'done': 2, 'total': 4, 'href': '/x', 'here': true}]}])",
            "is-part is-here",
        ),
        (
            "heat([text], [{'text': text, 'total': 9, 'cells': [{'count': 9, 'href': '/x'}]}], '件数', total='計')",
            "heat-5",
        ),
        ("ce(78.8)", "対策の効き 78.8%"),
        ("ce_wide(78.8, [{'key': 'D3d', 'share': 6.2, 'picked': true}], 80)", "足りない分は D3d"),
        ("vote_bar(4, 1, 0, 3)", "賛成4、反対1、棄権0"),
        ("seats([{'name': '高橋', 'presence': 'in'}], [{'name': '吉田', 'presence': 'recused'}])", "任命2名"),
        ("rule_ok(false, '外部が過半数')", "満たさない："),
        (
            "track([{'kind': 'phase', 'text': text, 'tone': 'now', 'state': ''}, {'kind': 'gate', 'open': false, 'text': '関門'}])",
            "is-shut",
        ),
    ],
    "forms": [
        ("hidden(rev=3)", 'name="rev" value="3"'),
        ("submit('送る', 'second', small=true)", 'class="button second small"'),
        ("link('見る', '/x', more='行')", "行</span>"),
        ("post('/x', '消す', 'danger')", 'action="/x"'),
        ("select('s', '状態', [('a', 'あ')], 'a')", "selected"),
        ("choices('q', [('yes', 'はい', none), ('no', 'いいえ', '理由')], 'no', three=true)", "is-three"),
        (
            "question('D1', text, 'q', [('yes', 'はい', none)], why='なぜ', gate=true, error='選んでください')",
            'aria-describedby="D1-why D1-error"',
        ),
        ("error_summary(problems=[('T09', '選んでください', 'T09')])", 'href="#T09"'),
        ("kept([('a', '<')])", "&lt;"),
    ],
    "tables": [("pages(1, 20, 45, after='/x')", "45件中 1–20件")],
}


@pytest.fixture(scope="module")
def without_database(tmp_path_factory: pytest.TempPathFactory) -> Service:
    folder = tmp_path_factory.mktemp("stage")
    return service(Database(f"sqlite:///{folder}/none.sqlite3"), folder)


@pytest.fixture
def stage(without_database: Service) -> Iterator[Service]:
    moment = datetime(2026, 11, 20, 3, tzinfo=ZoneInfo("UTC"))
    with time_machine.travel(moment, tick=False), without_database.test_request_context("/"):
        yield without_database


@pytest.mark.parametrize(("file", "call", "expected"), [(f, c, e) for f, rows in SAMPLES.items() for c, e in rows])
def test_a_macro_renders(stage: Service, file: str, call: str, expected: str) -> None:
    name = call.split("(", maxsplit=1)[0]
    at = datetime(2026, 11, 18, 3, tzinfo=ZoneInfo("UTC"))
    source = f'{{% from "macros/{file}.html" import {name} %}}{{{{ {call} }}}}'
    html = render_template_string(source, levels=LEVELS, text=Text("語", "word"), day=date(2026, 11, 18), at=at)
    assert expected in html


def test_a_table_carries_the_roles_and_labels_of_a_record(stage: Service) -> None:
    html = render_template_string(
        '{% from "macros/tables.html" import cell, name, row, table %}'
        '{% call table(["案件", ("期限", "/x", "ascending"), ("操作", "vh")]) %}{% call row(picked=true) %}'
        '{% call name() %}住宅{% endcall %}{% call cell("期限") %}11/18{% endcall %}{% endcall %}{% endcall %}'
    )
    for part in ('role="columnheader"', 'aria-sort="ascending"', 'role="rowheader"', 'data-label="期限"', "is-picked"):
        assert part in html


def test_macros_with_matter_inside_show_it(stage: Service) -> None:
    for call in (
        "block('b', '題')",
        "panel('p', '題')",
        "help()",
        "fold('題')",
        "thread('題')",
        "notice('題')",
        "savebar(now(), 3, 9, '計画')",
    ):
        name = call.split("(")[0]
        html = render_template_string(
            f'{{% from "macros/blocks.html" import {name} %}}{{% call {call} %}}中身{{% endcall %}}'
        )
        assert "中身" in html, call


def test_states_are_told_apart_by_word_in_both_languages() -> None:
    for code, state in STATES.items():
        assert state.text.ja
        assert state.text.en
        assert f'id="i-{state.icon}"' in Path("templates/macros/icons.html").read_text(), code
    assert state_of("open", "meeting").text.ja == "開会中"
    assert state_of("open", "condition").text.ja == "未着手"


# --- dates -----------------------------------------------------------------------------------------------------------


def test_dates_are_written_as_people_write_them() -> None:
    night = datetime(2026, 11, 17, 16, 0, tzinfo=ZoneInfo("UTC"))
    assert formats.day(night, TOKYO) == Text("11/18（水）", "Wed 18 Nov")
    assert formats.long_day(date(2026, 11, 20), TOKYO) == Text("2026年11月20日（金）", "Friday, 20 November 2026")
    assert formats.record_time(night, TOKYO) == "2026-11-18 01:00"
    assert formats.recent(night, night, TOKYO).ja == "今日 01:00"
    assert formats.recent(night, night + timedelta(days=1), TOKYO) == Text("昨日 01:00", "Yest. 01:00")
    assert formats.recent(night, night + timedelta(days=9), TOKYO).en == "18 Nov 01:00"
    assert formats.recent(night, night + timedelta(days=99), TOKYO).ja == "2026-11-18"


@pytest.mark.parametrize(
    ("days", "tone", "ja", "en"),
    [
        (-2, "late", "2日超過", "2 days late"),
        (0, "soon", "今日まで", "Due today"),
        (1, "soon", "あと1日", "1 day left"),
        (7, "meta", "あと7日", "7 days left"),
    ],
)
def test_what_is_left_is_said_in_days(days: int, tone: str, ja: str, en: str) -> None:
    today = date(2026, 11, 20)
    assert formats.left(today + timedelta(days=days), today) == (tone, Text(ja, en))


def test_sizes_and_digests_are_short() -> None:
    assert [formats.size(n) for n in (12, 240_000, 1_800_000)] == ["12 B", "240 kB", "1.8 MB"]
    assert formats.short_digest("9f3c" + "0" * 56 + "e1a7") == "9f3c…e1a7"
    assert formats.long_digest("ab" * 32).count(" ") == 7
