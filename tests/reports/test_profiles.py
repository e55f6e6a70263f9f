"""Redaction profiles of the case report and of the papers: what they leave out is in no byte of any file, what they keep is there."""

from __future__ import annotations

import copy
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import jsonschema
import pikepdf
import pytest
from docx import Document
from pypdf import PdfReader

from governance.refusals import Refusal
from governance.reports import papers, services
from governance.reports.case import read_case
from governance.reports.case_matter import FACTS, MATTER, NEVER, PARTS, SCOPE, shapes
from governance.reports.compose import Imprint, compose
from governance.reports.compose_life import DONE
from governance.reports.consistency import gaps
from governance.reports.copies import FORMATS, copy_of
from governance.reports.models import Paper, Report
from governance.reports.paper_sources import LETTER, MINUTES, PACK, source
from governance.reports.record_schema import case_schema
from governance.reports.redacting_case import Roles, redacted_case
from governance.reports.redacting_papers import LABELS, TITLES, sort_of
from governance.reports.redaction import LEFT_OUT, PEOPLE, profile, profiles
from governance.reports.render import Issue, render_html
from governance.screenings.models import Screening
from governance.storage.database import Database
from governance.storage.files import FileStore
from tests.builders import ROLES, TODAY, World, world
from tests.conftest import FreshDatabase
from tests.reports import invented, told_case
from tests.reports.told_case import ToldCase, word
from tests.reviews import scenes
from tests.visitor import Visitor, service

NAMES = tuple(f"{side}{name}" for side in ("見本", "Sample") for name in ROLES)
NEVER_TOLD = (*told_case.TOLD_TO_EACH_OTHER, *told_case.ABOUT, *told_case.EVIDENCE, *NAMES, "@test.example")
HIDDEN = {
    "auditor": (*NEVER_TOLD, word("purpose") + "見本owner"),
    "public": (*NEVER_TOLD, *told_case.REASONS, *told_case.MINUTED, word("purpose"), "賛成", "反対", "against"),
}


class Scene(NamedTuple):
    """A told case and where its files are."""

    made: World
    case: ToldCase
    store: FileStore


@pytest.fixture(scope="module")
def scene(fresh_database: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with fresh_database() as url:
        database = Database(url)
        made = world(database)
        case = told_case.told_case(made)
        folder = tmp_path_factory.mktemp("service")
        service(database, folder)  # from now on the ledger is signed, so that files carry the proof of their entry
        yield Scene(made, case, FileStore(folder / "files"))
        database.dispose()


# -- the lists ---------------------------------------------------------------------------------------------------------------


def test_every_field_of_a_case_report_is_sorted() -> None:
    """A field that nobody has sorted is left out of every profile; here it is noticed."""
    sorts = {PARTS, FACTS, PEOPLE, NEVER} | profile("internal").matter
    assert {name: set(get_type_hints(kind)) for name, kind in shapes().items()} == {
        name: set(fields) for name, fields in MATTER.items()
    }
    assert {sort for fields in MATTER.values() for sort in fields.values()} | set(SCOPE.values()) <= sorts
    assert all(NEVER not in each.matter for each in profiles().values())


def test_every_title_and_label_that_people_are_shown_is_sorted(scene: Scene) -> None:
    with scene.made.acting("secretariat", read_only=True) as work:
        row = work.session.get_one(Screening, scene.case.screening)
        told = compose(read_case(work, row.project, row), Imprint("N", 1, "2026-12-01"))
        sheets = [source(work, MINUTES, scene.case.meeting), source(work, LETTER, scene.case.decision)]
    assert [fact["term"] for fact in told["scope"] if fact["term"]["ja"] not in SCOPE] == []  # type: ignore[index,call-overload]
    assert DONE.ja not in SCOPE
    titles, labels = [], []
    for blocks in (section for sheet in sheets for section in sheet.content["sections"]):
        _listed(blocks, titles, labels)
    assert len(titles) > 15
    assert [each for each in titles if not sort_of(each, TITLES)] == []
    assert [each for each in labels if not sort_of(each, LABELS)] == []


def _listed(part: Any, titles: list[Any], labels: list[Any]) -> None:
    titles.append(part["title"])
    for block in part["blocks"]:
        if block["kind"] == "part":
            _listed(block, titles, labels)
        labels += block.get("head", []) if block["kind"] == "table" else [row[0] for row in block.get("rows", [])]


# -- the content -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["auditor", "public"])
def test_a_redacted_content_keeps_its_shape_and_prints_in_every_language(code: str) -> None:
    whole: Any = invented.case()
    before = copy.deepcopy(whole)
    whole["risk"]["unheard"] = whole["unheard"] = "a field that nobody has sorted"
    told: Any = redacted_case(whole, profile(code), Roles({}, {}))
    jsonschema.Draft202012Validator(case_schema()).validate(told)
    assert gaps(told) == []
    assert told["profile"] == profile(code).stamp()
    assert told["document"]["classification"] != before["document"]["classification"]
    assert "nobody has sorted" not in json.dumps(told)
    assert not set(before["people"]) & set(told["people"])
    assert {each["name"] for each in told["people"].values()} == {None}
    keys = [section["key"] for section in told["sections"]]
    assert ("questions" in keys, "committee" in keys, "risk" in keys) == (code == "auditor", code == "auditor", True)
    for lang in ("ja", "en", "both"):
        page = render_html(told, lang=lang, issue=Issue("N", TODAY, ""))  # type: ignore[arg-type]
        assert told["profile"]["digest"][:16] in page
    assert redacted_case(before, profile("internal"), Roles({}, {})) is before


# -- the files ---------------------------------------------------------------------------------------------------------------


def everything(file: bytes) -> list[bytes]:
    """Return a PDF as it lies there, what its pages say, each file in it, and all of it with every stream unpacked."""
    open_to_all = io.BytesIO()
    with pikepdf.open(io.BytesIO(file)) as opened:
        attached = [held.get_file().read_bytes() for held in opened.attachments.values()]
        opened.save(
            open_to_all, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable,
            stream_decode_level=pikepdf.StreamDecodeLevel.all,
        )  # fmt: skip
    return [file, "".join(said_on_pages(file).split()).encode(), open_to_all.getvalue(), *attached]


def said_on_pages(file: bytes) -> str:
    if shutil.which("pdftotext"):
        return subprocess.run(["pdftotext", "-", "-"], input=file, capture_output=True, check=True).stdout.decode()
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(file)).pages)


def unpacked(content: bytes) -> list[bytes]:
    """Return the parts of a Word file or workbook, each also without its marks."""
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        parts = [opened.read(name) for name in opened.namelist()]
    return parts + [
        "".join(re.sub(r"<[^>]*>", "", part.decode()).split()).encode() for part in parts if b"<?xml" in part
    ]


def holds(parts: list[bytes], text: str) -> bool:
    tight = "".join(text.split())
    forms = {each.encode(code) for each in (text, tight) for code in ("utf-8", "utf-16-be", "utf-16-le")}
    forms.add(json.dumps(text).strip('"').encode())
    return any(form in part for form in forms for part in parts)


def issued_case(scene: Scene, code: str) -> tuple[Report, list[list[bytes]], Any]:
    """Issue the case report; return its row, its file and its copies in parts, and its record."""
    purpose = f"{word('purpose')} 見本 owner"
    order = services.Order(scene.case.project, "ja", purpose, profile=code)
    made = services.issue(scene.made.database, scene.made.actor("expert"), scene.store, order)
    assert services.issue(scene.made.database, scene.made.actor("expert"), scene.store, order) == made
    with scene.made.acting("auditor", read_only=True) as work:
        row, file = services.download(work, made, scene.store)
        work.session.expunge_all()
    copies = {form: copy_of(row, form, scene.store, None).content for form in FORMATS}
    files = [everything(file), unpacked(copies["docx"]), unpacked(copies["xlsx"]), [copies["json"]]]
    return row, files, json.loads(copies["json"])


@pytest.mark.parametrize("code", ["auditor", "public"])
def test_nothing_that_a_profile_leaves_out_is_in_any_byte_of_a_case_report(scene: Scene, code: str) -> None:
    row, files, record = issued_case(scene, code)
    assert (row.profile, record["profile"]["code"]) == (code, code)
    kept = (word("title"), row.number, *(told_case.REASONS if code == "auditor" else ()))
    for parts in files:
        assert [each for each in HIDDEN[code] if holds(parts, each)] == []
        assert [each for each in kept if not holds(parts, each)] == []
    assert len([part for part in files[0] if part.startswith(b"{") and b'"ReportPrepared"' in part]) == 1
    accounts = [person.id for person in scene.made.people.values()]
    assert [each for each in accounts if holds([json.dumps(record).encode()], each)] == []
    said = json.dumps(record, ensure_ascii=False)
    if code == "auditor":
        assert f"{word('remark')} は ［案件責任者］ と ［案件責任者］ が ［顧客］ に確かめた" in said
        assert [each["title"] for each in record["evidence"]] == [LEFT_OUT] * len(record["evidence"])
        assert all(re.fullmatch("[0-9a-f]{64}", each["digest"]) for each in record["evidence"])
        assert [each["text"] for each in record["committee"]["dissents"]] == [LEFT_OUT]
        assert {each["vote"] for each in record["committee"]["members"]} == {None}
        assert record["conditions"][0]["evidence"] == LEFT_OUT
    else:
        keys = [section["key"] for section in record["sections"]]
        assert keys == ["summary", "scope", "method", "triggers", "risk", "limits", "glossary", "verification"]
        assert (record["committee"], record["ledger"], record["details"]) == (None, None, [])
        assert record["decision"]["outcome"]["code"] == "approved_with_conditions"
        assert [len(line["cells"]) for line in record["grid"]] == [7, 7, 7]
        assert not re.search('"[0-9a-f]{64}"', said.replace(record["profile"]["digest"], ""))


def test_the_whole_report_holds_what_the_others_leave_out(scene: Scene, printed: list[str]) -> None:
    order = services.Order(scene.case.project, "ja", word("purpose"))
    made = services.issue(scene.made.database, scene.made.actor("expert"), scene.store, order)
    with scene.made.acting("auditor", read_only=True) as work:
        row = work.session.get_one(Report, made)
        record = scene.store.read(row.record_digest).decode()
        assert (row.profile, json.loads(record)["profile"]["code"]) == ("", "internal")
    told = (
        *told_case.IDENTITY,
        *told_case.REASONS,
        word("challenge"),
        word("opinion"),
        word("dissent"),
        word("customer"),
    )
    assert [each for each in (*told, word("evidence"), word("proof"), "見本 owner") if each not in record] == []
    assert word("purpose") in printed[0]


PAPERS = {
    (MINUTES, "auditor"): ("ZqtitleqZ", "ZqrationaleqZ", "ZqopeningqZ", "賛成3", "特徴量を24時間で消去し"),
    (MINUTES, "public"): ("ZqtitleqZ", "条件付承認"),
    (LETTER, "auditor"): ("ZqtitleqZ", "ZqrationaleqZ", "案件責任者", "特徴量を24時間で消去し"),
    (LETTER, "public"): ("ZqtitleqZ", "条件付承認", "承認は有効期限まで有効です。"),
}


@pytest.mark.parametrize(("kind", "code"), PAPERS, ids=map("-".join, PAPERS))
def test_nothing_that_a_profile_leaves_out_is_in_any_byte_of_a_paper(scene: Scene, kind: str, code: str) -> None:
    key = scene.case.meeting if kind == MINUTES else scene.case.decision
    order = papers.Order(kind, key, "both", profile=code)
    made = papers.issue(scene.made.database, scene.made.actor("secretariat"), scene.store, order)
    with scene.made.acting("secretariat", read_only=True) as work:
        row = work.session.get_one(Paper, made)
        file, stands = scene.store.read(row.file_digest), row.profile
        record = json.loads(scene.store.read(row.record_digest))
        copies = {form: copy_of(row, form, scene.store, None).content for form in FORMATS}
    assert (stands, record["profile"]) == (code, profile(code).stamp())
    for parts in (everything(file), unpacked(copies["docx"]), unpacked(copies["xlsx"]), [copies["json"]]):
        assert [each for each in HIDDEN[code] if holds(parts, each)] == []
        assert [each for each in PAPERS[kind, code] if not holds(parts, each)] == []


def test_a_pack_stays_inside_and_a_draft_is_not_for_the_public(scene: Scene, printed: list[str]) -> None:
    with scene.made.acting("secretariat") as work, pytest.raises(Refusal, match=r"reports\.whole"):
        papers.prepare(work, papers.Order(PACK, scene.case.meeting, "ja", profile="auditor"), scene.store)
    draft = scenes.case(scene.made)
    with scene.made.acting("expert") as work:
        project = work.session.get_one(Screening, draft).project_id
    with scene.made.acting("expert") as work, pytest.raises(Refusal, match=r"reports\.draft_profile"):
        services.prepare(work, services.Order(project, "ja", "公表", profile="public"), scene.store)
    with scene.made.acting("expert") as work, pytest.raises(Refusal, match=r"reports\.profile"):
        services.prepare(work, services.Order(project, "ja", "公表", profile="nobody"), scene.store)
    order = services.Order(project, "ja", "監査", profile="auditor")
    first = services.issue(scene.made.database, scene.made.actor("expert"), scene.store, order)
    with scene.made.acting("auditor", read_only=True) as work:
        assert work.session.get_one(Report, first).is_draft
    assert len(printed) == 1


def test_the_same_paper_is_made_once_for_each_profile_and_the_team_is_told_of_its_own(
    scene: Scene, printed: list[str]
) -> None:
    def issued(code: str) -> str:
        order = papers.Order(LETTER, scene.case.decision, "en", profile=code)
        return papers.issue(scene.made.database, scene.made.actor("secretariat"), scene.store, order)

    app = Visitor(service(scene.made.database, Path(scene.store.root).parent))
    app.sign_in("owner@test.example")
    made = [issued("auditor"), issued("auditor"), issued("public")]
    assert (len(set(made)), len(printed)) == (2, 2)
    assert "審査結果通知書" not in app.get("/notices").text
    whole = issued("internal")
    assert whole not in made
    assert issued("") == whole
    assert "審査結果通知書" in app.get("/notices").text


def test_papers_are_handed_out_as_word_workbook_and_json_to_whoever_may_have_the_pdf(
    scene: Scene, printed: list[str]
) -> None:
    order = papers.Order(MINUTES, scene.case.meeting, "both")
    made = papers.issue(scene.made.database, scene.made.actor("secretariat"), scene.store, order)
    app = Visitor(service(scene.made.database, Path(scene.store.root).parent))
    app.sign_in("secretariat@test.example")
    page = app.get(f"/papers/{made}").text
    addresses = {form: f"/papers/{made}/copy.{form}" for form in FORMATS}
    assert [form for form, address in addresses.items() if address in page] == list(FORMATS)
    record = app.get(addresses["json"]).data
    words = "".join(Document(io.BytesIO(app.get(addresses["docx"]).data)).element.body.itertext())
    signs = json.loads(record)["signs"]
    assert all(each["name"]["ja"] in words and each["office"]["en"] in words for each in signs)
    assert len(signs) == 2
    assert [each["title"]["ja"] for each in json.loads(record)["sections"] if each["title"]["ja"] not in words] == []
    assert app.get(addresses["xlsx"]).data[:2] == b"PK"
    assert app.get(f"/papers/{made}/copy.exe").status_code == 404
    other = Visitor(service(scene.made.database, Path(scene.store.root).parent))
    other.sign_in("owner@test.example")
    assert [other.get(address).status_code for address in addresses.values()] == [404] * 3


def test_pages_offer_profiles_and_say_which_one_a_file_has(scene: Scene, printed: list[str]) -> None:
    app = Visitor(service(scene.made.database, Path(scene.store.root).parent))
    app.sign_in("secretariat@test.example")
    page = f"/projects/{scene.case.project}/reports/new"
    assert "証跡の題名・顧客を除きます" in app.get(page).text
    sent = {"screening": scene.case.screening, "lang": "ja", "purpose": "監査法人へ", "profile": "auditor"}
    shown = app.get(app.post(page, sent).headers["Location"]).text
    assert "外部監査人" in shown
    page = f"/decisions/{scene.case.decision}/letter"
    assert "範囲の外の内容は、作成の前に取り除きます" in app.get(page).text
    paper = app.post(page, {"lang": "ja", "profile": "public"}).headers["Location"]
    assert "公開要約" in app.get(paper).text
    assert "公開要約" in app.get(page).text
    page = f"/meetings/{scene.case.meeting}/papers"
    assert app.post(page, {"kind": "minutes", "lang": "ja", "profile": "auditor"}).status_code == 303
    assert "外部監査人" in app.get(page).text
    assert app.post(page, {"kind": "minutes", "lang": "ja", "profile": "nobody"}).status_code == 422
