"""The file: PDF/A-3u with its record, fonts embedded, every answer in it, and no way to the network or the disk."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pypdf import PdfReader

from governance.reports.pdf import ForbiddenAddress, render_pdf
from governance.reports.render import Issue, record_bytes, record_digest, render_html
from governance.reports.words import side
from tests.reports import invented
from tests.reports.invented import Sizes, pair

AT = datetime(2026, 10, 30, 4, 0, tzinfo=UTC)
ISSUE = Issue("ISS-2026-0031", AT, pair("監査室への提出", "Submission to Internal Audit"))
LONG = "水圧計の欠測と外れ値について、現場で確かめた手順を記します。" * 135 + "以上です。"
PLAIN = "<html lang=ja><meta charset=utf-8><title>t</title>"


def only(content: Any, *keys: str) -> Any:
    content["sections"] = [section for section in content["sections"] if section["key"] in keys]
    return content


def long_case() -> Any:
    content = invented.case(
        Sizes(questions=1, remarks={"B1a": LONG, "B2a": pair(LONG, "A long remark in both languages. " * 120)})
    )
    content["triggers"] = content["triggers"] * 5
    return only(content, "triggers", "questions")


CASES: dict[str, Callable[[], Any]] = {
    "usual": lambda: invented.case(Sizes(questions=3)),
    "odd": lambda: invented.odd(questions=2),
    "points": lambda: invented.odd(questions=1, method="points"),
    "long": long_case,
    "draft": lambda: only(invented.case(Sizes(questions=1, draft=True)), "summary", "risk", "committee"),
}


@functools.cache
def made(name: str, lang: str) -> bytes:
    """Render a case once for all tests; any warning of the renderer (a missing glyph, an unknown rule) is an error."""
    content = CASES[name]()
    heard: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        html = render_html(content, lang=lang, issue=ISSUE)  # type: ignore[arg-type]
        file = render_pdf(html, record_bytes(content), identifier="MZM-R1-2026-0007", at=AT)
    finally:
        logger.removeHandler(handler)
    assert heard == []
    return file


@functools.cache
def pages(name: str, lang: str) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(made(name, lang))).pages]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def attachment(file: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(file)) as pdf:
        return bytes(pdf.attachments["record.json"].get_file().read_bytes())


@pytest.mark.parametrize(("name", "lang"), [("usual", "ja"), ("points", "en"), ("odd", "both")])
def test_every_answer_is_in_the_text_of_the_file(name: str, lang: str) -> None:
    text = squeezed("".join(pages(name, lang)))
    content = CASES[name]()
    groups = [*content["details"], *content["carried"], *content["packs"]]
    for asked in (question for group in groups for question in group["questions"]):
        for locale in ("ja", "en") if lang == "both" else (lang,):
            assert squeezed(side(asked["text"], locale)) in text
            assert squeezed(side(asked["remark"], locale)) in text
    assert all(person in text for person in (("TamesuYoshikawa",) if lang == "en" else ("𠮷川試", "髙見見本子")))


@pytest.mark.parametrize("lang", ["ja", "both"])
def test_a_very_long_answer_runs_over_pages_and_loses_nothing(lang: str) -> None:
    assert len(LONG) > 4000
    holding = [page for page in pages("long", lang) if LONG[:31] in squeezed(page)]
    assert len(holding) >= 2
    assert sum(squeezed(page).count("水圧計の欠測と外れ値について") for page in holding) >= 135 - 8
    assert "以上です。" in "".join(pages("long", lang))


def test_table_heads_are_repeated_on_each_page() -> None:
    rows = [page for page in pages("long", "ja") if len(re.findall(r"^T\d\d", page, re.MULTILINE)) > 1]
    assert len(rows) >= 2
    assert all("経路・下限・追加" in page for page in rows)


@pytest.mark.parametrize(("name", "lang"), [("usual", "ja"), ("points", "en"), ("odd", "both")])
def test_each_page_after_the_cover_says_which_document_and_page_it_is(name: str, lang: str) -> None:
    texts = pages(name, lang)
    for number, text in enumerate(texts[1:], 2):
        flat = squeezed(text)
        assert f"{number}/{len(texts)}" in flat
        assert "MZM-R1-2026-0007" in flat
        assert ("Caserevision2" if lang == "en" else "案件改訂2") in flat
        assert ("Restricted" if lang == "en" else "関係者限り") in flat
    assert f"1/{len(texts)}" not in squeezed(texts[0])


def test_contents_and_bookmarks_lead_to_the_sections() -> None:
    reader = PdfReader(io.BytesIO(made("usual", "ja")))
    top = [entry for entry in reader.outline if not isinstance(entry, list)]
    titles = [str(entry.title) for entry in top]  # type: ignore[union-attr]
    assert [squeezed(title) for title in titles][:3] == ["目次", "1要旨", "2評価の範囲と前提"]
    for entry, title in zip(top[1:], titles[1:], strict=True):
        number = reader.get_destination_page_number(entry)  # type: ignore[arg-type]
        name = squeezed(title).lstrip("0123456789ABCDEFG")
        assert name in squeezed(reader.pages[number or 0].extract_text())
        assert re.search(rf"{name}[.\s]*{(number or 0) + 1}\b", re.sub(r" ", "", reader.pages[1].extract_text()))


def test_it_is_marked_as_pdf_a_3u_with_its_record_as_source() -> None:
    with pikepdf.open(io.BytesIO(made("usual", "ja"))) as pdf:
        meta = pdf.open_metadata()
        assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("3", "U")
        assert meta["xmp:CreateDate"] == meta["xmp:ModifyDate"] == "2026-10-30T04:00:00Z"
        assert pdf.Root.OutputIntents[0].S == "/GTS_PDFA1"
        assert [str(name.AFRelationship) for name in pdf.Root.AF] == ["/Source"]
        assert str(pdf.Root.AF[0].UF) == "record.json"
        assert str(pdf.Root.AF[0].EF.F.Subtype) == "/application/json"
        assert str(pdf.Root.Lang) == "ja"
        assert not pdf.is_encrypted


def test_the_attached_record_has_the_digest_that_is_printed() -> None:
    record = attachment(made("usual", "ja"))
    assert record == record_bytes(CASES["usual"]())
    assert json.loads(record) == CASES["usual"]()
    assert hashlib.sha256(record).hexdigest() == record_digest(CASES["usual"]())
    assert record_digest(CASES["usual"]()) in squeezed(pages("usual", "ja")[-1])


@pytest.mark.parametrize(("name", "lang"), [("usual", "ja"), ("points", "en"), ("odd", "both")])
def test_both_weights_of_the_shipped_font_and_no_other_are_embedded(name: str, lang: str) -> None:
    found = set()
    with pikepdf.open(io.BytesIO(made(name, lang))) as pdf:
        for thing in pdf.objects:
            if isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/FontDescriptor":
                assert any(key in thing for key in ("/FontFile2", "/FontFile3"))
                found.add(str(thing.FontName))
            if (
                isinstance(thing, pikepdf.Dictionary)
                and thing.get("/Type") == "/Font"
                and thing.get("/Subtype") == "/Type0"
            ):
                assert "/ToUnicode" in thing
    assert len(found) == 2
    assert all("Noto-Sans-JP" in name for name in found)


def test_two_renders_are_equal_in_text_and_record() -> None:
    content = CASES["draft"]()
    html = render_html(content, lang="ja", issue=ISSUE)
    again = render_pdf(html, record_bytes(content), identifier="MZM-R1-2026-0007", at=AT)
    assert [page.extract_text() for page in PdfReader(io.BytesIO(again)).pages] == pages("draft", "ja")
    assert attachment(again) == attachment(made("draft", "ja"))


def test_a_draft_carries_its_mark_on_every_page_and_a_final_report_none() -> None:
    assert all("DRAFT" in squeezed(page) for page in pages("draft", "ja"))
    assert not any("DRAFT" in page for page in pages("usual", "ja"))


def test_a_letter_without_glyph_is_named_and_never_drawn_as_a_box(caplog: pytest.LogCaptureFixture) -> None:
    content = invented.case(Sizes(questions=1, remarks={"B1a": "確認済み😀 と \u202e"}))
    only(content, "questions")
    file = render_pdf(render_html(content, lang="ja", issue=ISSUE), record_bytes(content), identifier="x", at=AT)
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(file)).pages)
    assert "〔U+1F600〕" in text
    assert "〔U+202E〕" in text
    assert "notdef" not in caplog.text
    assert json.loads(attachment(file))["details"][0]["questions"][0]["remark"] == "確認済み😀 と \u202e"


def small(_: int) -> bytes:
    return render_pdf(f"{PLAIN}<p>別の過程</p>", b"{}", identifier="x", at=AT)


def test_it_can_be_rendered_in_a_forked_child() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        assert pool.submit(small, 0).result(timeout=60) == small(0)


# -- assurance.md T10: nothing outside the assets is ever opened -----------------------------------------------------------
class Canary:
    """A server on this machine and a file that nobody may read."""

    def __init__(self, folder: Path) -> None:
        self.hits: list[str] = []
        self.file = folder / "canary.txt"
        self.file.write_text("CANARY-7f3a", encoding="utf-8")
        hits = self.hits

        class Listener(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hits.append(self.path)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Listener)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.web = f"http://127.0.0.1:{self.server.server_port}/x"


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Canary]:
    one = Canary(tmp_path)
    yield one
    one.server.shutdown()
    one.server.server_close()


VECTORS = [
    "<img src='{a}'>",
    "<img srcset='{a} 2x'>",
    "<link rel=stylesheet href='{a}'>",
    "<link rel=attachment href='{a}'>",
    "<style>@import '{a}';</style>",
    "<style>@import url({a});</style>",
    "<style>body{{background:url({a})}}</style>",
    "<style>@page{{background:url({a})}}</style>",
    "<style>@font-face{{font-family:f;src:url({a})}} p{{font-family:f}}</style><p>x",
    "<style>p::before{{content:url({a})}}</style><p>x",
    "<style>li{{list-style:url({a})}}</style><ul><li>x</ul>",
    "<p style='background:url({a})'>x",
    "<object data='{a}'></object>",
    "<embed src='{a}'>",
    "<iframe src='{a}'></iframe>",
    "<script src='{a}'></script>",
    "<svg><image href='{a}' width=9 height=9 /></svg>",
    "<svg><image xlink:href='{a}' width=9 height=9 /></svg>",
    "<svg><use href='{a}#x'/></svg>",
    "<svg><style>@import '{a}';</style></svg>",
    "<base href='{a}'><img src=y>",
    "<meta http-equiv=refresh content='0;url={a}'>",
    "<style>@color-profile device-cmyk{{src:url({a})}}</style>",
    "<video src='{a}' poster='{a}'></video>",
    "<input type=image src='{a}'>",
    "<body background='{a}'>",
]


@pytest.mark.parametrize("vector", VECTORS)
def test_even_unescaped_markup_reaches_neither_network_nor_disk(vector: str, canary: Canary) -> None:
    for address in (canary.web, canary.file.as_uri(), f"//127.0.0.1:{canary.server.server_port}/x"):
        try:
            file = render_pdf(PLAIN + vector.format(a=address), b"{}", identifier="x", at=AT)
        except ForbiddenAddress:
            continue
        with pikepdf.open(io.BytesIO(file)) as pdf:
            assert list(pdf.attachments) == ["record.json"]
            assert not any(
                b"CANARY" in thing.read_bytes()
                for thing in pdf.objects
                if isinstance(thing, pikepdf.Stream) and "/Filter" not in thing
            )
    assert canary.hits == []


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/x",
        "file:///etc/hostname",
        "data:image/png;base64,AAAA",
        "asset:/../secret",
        "asset:/report.css",
        "x.png",
    ],
)
def test_an_address_that_is_no_asset_stops_the_rendering(address: str) -> None:
    with pytest.raises(ForbiddenAddress):
        render_pdf(f"{PLAIN}<img src='{address}'>", b"{}", identifier="x", at=AT)


def test_addresses_in_entered_text_are_printed_and_never_opened(canary: Canary) -> None:
    texts = [vector.format(a=address) for vector in VECTORS[:8] for address in (canary.web, canary.file.as_uri())]
    content = invented.case(Sizes(questions=1, remarks={"B1a": "\n".join(texts)}))
    only(content, "questions")
    file = render_pdf(render_html(content, lang="ja", issue=ISSUE), record_bytes(content), identifier="x", at=AT)
    text = squeezed("".join(page.extract_text() for page in PdfReader(io.BytesIO(file)).pages))
    assert all(squeezed(entered) in text for entered in texts)
    assert canary.hits == []
    assert not any(page.get("/Annots") for page in PdfReader(io.BytesIO(file)).pages[2:])
