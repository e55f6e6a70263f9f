"""The page of a report: entered text is printed as it was entered, nothing is blank, and the issue stands in one place."""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest

from governance.reports import render
from governance.reports.render import Issue, render_html
from tests.reports import invented
from tests.reports.invented import Sizes, pair

AT = datetime(2026, 10, 30, 4, 0, tzinfo=UTC)
ISSUE = Issue("ISS-2026-0031", AT, pair("監査室への提出", "Submission to Internal Audit"))
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></tr></table><h1>偽の見出し</h1>",
    "{{ 7 * 7 }} {% raw %} {# x #}",
    "<style>@page{size:A0}</style>",
    "<!-- 隠す --> &amp; &lt;b&gt;",
    '" onload="x',
    "<base href='file:///'>",
    "]]> <![CDATA[",
]


def page(content: Any, lang: str = "ja", issue: Issue = ISSUE) -> str:
    return render_html(content, lang=lang, issue=issue)  # type: ignore[arg-type]


def seen(html: str) -> str:
    """The words of a page without its tags."""
    return re.sub(
        r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<style>.*?</style>|<svg.*?</svg>", " ", html)))
    )


@pytest.mark.parametrize("lang", ["ja", "en", "both"])
@pytest.mark.parametrize("text", HOSTILE)
def test_markup_in_entered_text_is_printed_literally(text: str, lang: str) -> None:
    plain, hostile = invented.case(Sizes(questions=1)), invented.case(Sizes(questions=1, remarks={"B1a": text}))
    hostile["document"]["subject"] = hostile["conditions"][1]["text"] = hostile["people"]["owner"]["name"] = text
    for content in (plain, hostile):
        content["document"]["case"] = "same"
    html = page(hostile, lang)
    assert text in unescape(html)
    calm = deepcopy(hostile)
    calm["document"]["subject"] = calm["conditions"][1]["text"] = calm["people"]["owner"]["name"] = "安"
    calm["details"][0]["questions"][0]["remark"] = "安"
    assert len(re.findall(r"<(?!/)(?!span)\w+", html)) == len(re.findall(r"<(?!/)(?!span)\w+", page(calm, lang)))


def test_only_the_assets_of_the_report_are_named_by_a_page() -> None:
    content = invented.case(
        Sizes(draft=True, remarks={"B1a": "http://example.com/a.png file:///etc/passwd url(data:,x)"})
    )
    html = page(content)
    assert set(re.findall(r"""(?:src|data|action|xlink:href)\s*=|url\(([^)]*)\)|href="([^#"][^"]*)""", html)) <= {
        ("asset:/watermark.svg", ""),
        ("data:,x", ""),
    }
    assert "url(data:,x)" not in re.sub(r">[^<]*<", "><", html)


@pytest.mark.parametrize(
    ("lang", "words"), [("ja", "記載なし"), ("en", "None stated"), ("both", "記載なし None stated")]
)
def test_nothing_is_blank(lang: str, words: str) -> None:
    html = page(invented.case(Sizes(bare=True, committee=False)), lang)
    text = seen(html)
    assert text.count(words) > 30
    assert "None </" not in html
    assert not re.search(r"\bNone\b(?! stated)|undefined", text)


@pytest.mark.parametrize("lang", ["ja", "en", "both"])
@pytest.mark.parametrize(
    "content",
    [invented.case(), invented.odd(), invented.odd(method="points"), invented.case(Sizes(items=1, phases=1, levels=3))],
)
def test_every_size_of_framework_can_be_printed(content: Any, lang: str) -> None:
    text = seen(page(content, lang))
    for item in content["framework"]["items"]:
        assert (item["name"]["en"] if lang == "en" else item["name"]["ja"]) in text
    if lang == "both":
        assert content["framework"]["items"][0]["name"]["en"] in text


@pytest.mark.parametrize("content", [invented.case(), invented.odd()])
def test_the_heat_map_says_the_same_as_its_table(content: Any) -> None:
    html = page(content)
    drawn = re.findall(r"<svg class=\"chart tiles\".*?</svg>", html, re.DOTALL)[-1]
    marks = re.findall(r">(\d) → (\d)<", drawn)
    table = re.search(r"図3の値.*?</table>", html, re.DOTALL)
    assert table
    words = {level["name"]["ja"]: str(level["rank"]) for level in content["framework"]["levels"]}
    rows = [(words[a], words[b]) for a, b in re.findall(r">([^<>→]+) → ([^<>→]+)<", table.group())]
    assert rows
    assert marks == rows
    expected = [
        (str(cell["inherent"]), str(cell["residual"])) for line in content["grid"] for cell in line["cells"] if cell
    ]
    assert sorted(marks) == sorted(expected)


def test_the_same_content_gives_the_same_page() -> None:
    assert page(invented.case()) == page(deepcopy(invented.case()))


def test_only_the_foot_of_the_cover_differs_between_two_issues() -> None:
    other = Issue("ISS-2026-0099", AT.replace(day=31), pair("再発行", "Issued again"))
    one, two = page(invented.case()).splitlines(), page(invented.case(), issue=other).splitlines()
    different = [(a, b) for a, b in zip(one, two, strict=True) if a != b]
    assert len(different) == 1
    assert "ISS-2026-0031　2026-10-30 13:00 JST" in different[0][0].replace("発行 ", "")
    assert "再発行" in different[0][1]


def test_a_section_may_be_left_out_or_moved() -> None:
    content = invented.case()
    keys = ["questions", "summary", "verification"]
    content["sections"] = [next(s for s in content["sections"] if s["key"] == key) for key in keys]
    html = page(content)
    assert re.findall(r'<h2 id="(\w+)".*?<i>(\w+)</i>', html) == [
        ("questions", "1"),
        ("summary", "2"),
        ("verification", "A"),
    ]
    assert "付録" not in seen(html)
    assert "少数意見は" not in html


def test_the_address_of_the_verification_page_is_printed_when_there_is_one() -> None:
    html = page(invented.case(), issue=Issue("ISS-1", AT, "x", "https://verify.example/r?d="))
    assert "https://verify.example/r" in seen(html)
    assert render.record_digest(invented.case()) in seen(html)


def test_a_person_without_a_name_appears_by_role() -> None:
    content = invented.case()
    for person in content["people"].values():
        person["name"] = None
    html = seen(page(content))
    assert "仮名 みのり" not in html
    assert "案件責任者（管路部）" in html


def test_votes_are_printed_by_name_only_when_the_content_has_them() -> None:
    content = invented.case()
    assert content["committee"]
    assert ">投票</th><" not in page(content).replace("\n", "")
    content["committee"]["members"][0]["vote"] = pair("賛成", "For")
    assert "<td>賛成</td>" in page(content)
