"""Every macro renders on its own, with the words and roles that its readers need."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
import time_machine
from flask import render_template_string

from governance.storage.database import Database
from governance.texts import Text
from governance.web import Service
from tests.visitor import service

# --- macros ----------------------------------------------------------------------------------------------------------

LEVELS = [SimpleNamespace(rank=rank, text=Text(f"{rank}段", f"Step {rank}")) for rank in range(1, 8)]
CONTEXT = {
    "levels": LEVELS,
    "text": Text("語", "word"),
    "day": date(2026, 11, 18),
    "at": datetime(2026, 11, 18, 3, tzinfo=UTC),
    "evidence": {
        "title": "記録",
        "href": "/e",
        "kind": "file",
        "size": 240_000,
        "digest": "b" * 64,
        "by": "誰か",
        "at": datetime(2026, 11, 18, 3, tzinfo=UTC),
    },
    "finding_row": {
        "title": "指摘",
        "severity": "major",
        "owner": "誰か",
        "due": date(2026, 12, 4),
        "fact": "事実です",
        "criteria": "",
        "effect": "",
        "advice": "直す",
    },
    "steps": [
        {"kind": "phase", "text": Text("計画", "Planning"), "tone": "now", "state": ""},
        {"kind": "gate", "open": False, "text": "関門"},
    ],
}
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
            "evidence_list([evidence])",
            "240 kB",
        ),
        (
            "finding(finding_row)",
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
            "track(steps)",
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
    moment = datetime(2026, 11, 20, 3, tzinfo=UTC)
    with time_machine.travel(moment, tick=False), without_database.test_request_context("/"):
        yield without_database


@pytest.mark.parametrize(("file", "call", "expected"), [(f, c, e) for f, rows in SAMPLES.items() for c, e in rows])
def test_a_macro_renders(stage: Service, file: str, call: str, expected: str) -> None:
    name = call.split("(", maxsplit=1)[0]
    source = f'{{% from "macros/{file}.html" import {name} %}}{{{{ {call} }}}}'
    html = render_template_string(source, **CONTEXT)
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
