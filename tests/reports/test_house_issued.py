"""Reports of a house with a look of its own: on the page, in the record, in the file, by every way; and unchanged without it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pikepdf
import pytest
from docx import Document
from docx.oxml.ns import qn
from PIL import Image
from pypdf import PdfReader

from governance.paths import SEEDS
from governance.refusals import Refusals
from governance.reports import documents, papers, services
from governance.reports.bulk_running import Runner
from governance.reports.copies import copy_of
from governance.reports.house import CASE_APPENDIX, CASE_BODY, SECTIONS, House, livery
from governance.reports.house_file import read_house
from governance.reports.models import Paper, Report
from governance.reports.pdf import render_pdf
from governance.reports.record_schema import case_schema
from governance.reports.render import Issue, render_html
from governance.screenings.models import Screening
from governance.settings import Settings
from governance.storage.database import Database
from governance.storage.files import FileStore
from tests.builders import World, world
from tests.conftest import FreshDatabase
from tests.reports import invented
from tests.reports.invented import Sizes
from tests.reviews import scenes
from tests.visitor import service

AT = datetime(2026, 11, 21, tzinfo=UTC)
ACCENT = "#8a1538"
HOSTILE = '架空<script>alert(1)</script>"; } body{display:none}'
FILE = f"""
name: {{ja: '{HOSTILE}', en: 'Kakuu & "Co" <b>'}}
department: {{ja: AI倫理推進室, en: AI Ethics Office}}
classification: {{ja: 部外秘, en: Internal only}}
logo: logo.png
colours: {{accent: "{ACCENT}", heading: "#003344", mark: "#aa0000"}}
signature:
  - {{act: submitted, label: {{ja: 作成, en: Prepared}}}}
  - {{act: decided, label: {{ja: 承認, en: Approved}}}}
  - {{act: by_hand, label: {{ja: 社印, en: Seal}}}}
  - {{act: reviewed, label: {{ja: 審査, en: Reviewed}}}}
kinds:
  case:
    classification: {{ja: 極秘, en: Secret}}
    body: [summary, risk, method, limits]
    appendix: [mapping, verification]
  portfolio:
    sections: [summary, definitions, committees]
    signature: [{{ja: 部長印, en: Head}}]
  mapping: {{sections: [questions, coverage, clauses]}}
  ledger: {{sections: [entries, comparing, head]}}
  form: {{classification: {{ja: 記入後は社外秘, en: Confidential once filled in}}}}
"""


class Scene(NamedTuple):
    """A decided case and a house."""

    made: World
    store: FileStore
    project: str
    decision: str
    house: House
    file: Path


@pytest.fixture(scope="module")
def scene(fresh_database: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("house")
    Image.new("RGB", (300, 60), ACCENT).save(folder / "logo.png")
    (folder / "house.yaml").write_text(FILE, encoding="utf-8")
    with fresh_database() as url:
        database = Database(url)
        made = world(database)
        screening, decision, _ = scenes.decided(made)
        with made.acting("auditor", read_only=True) as work:
            project = work.session.get_one(Screening, screening).project_id
        file = folder / "house.yaml"
        yield Scene(made, FileStore(folder / "files"), project, decision, read_house(file, House()), file)
        database.dispose()


def case(scene: Scene, house: House, lang: str = "ja") -> tuple[Report, Any]:
    order = services.Order(scene.project, lang, "監査", house=house)
    made = services.issue(scene.made.database, scene.made.actor("expert"), scene.store, order)
    return kept(scene, made)


def blocks(scene: Scene, kind: str, house: House, scope: str = "", **given: str) -> tuple[Report, Any]:
    order = documents.Order(kind, "both", "監査", scope, house=house, **given)  # type: ignore[arg-type]
    return kept(scene, documents.issue(scene.made.database, scene.made.actor("secretariat"), scene.store, order))


def kept(scene: Scene, made: str) -> tuple[Report, Any]:
    with scene.made.acting("auditor", read_only=True) as work:
        row = work.session.get_one(Report, made)
        work.session.expunge(row)
    return row, json.loads(scene.store.read(row.record_digest))


def without_tags(html: str) -> str:
    return unescape(re.sub(r"(?s)<style>.*?</style>|<[^>]*>", "", html))


def test_the_shipped_example_changes_nothing(scene: Scene, printed: list[str]) -> None:
    same = read_house(SEEDS / "report-house.yaml", House())
    first, record = case(scene, House())
    assert case(scene, same)[0].id == first.id
    assert "house" not in record
    portfolio, _ = blocks(scene, "portfolio", House(), "FY2025")
    assert blocks(scene, "portfolio", same, "FY2025")[0].id == portfolio.id
    assert len(printed) == 2
    for lang in ("ja", "both"):
        content = invented.case(Sizes(questions=1))
        pages = [
            render_html(content, lang=lang, issue=Issue("N", AT, "x"), livery=livery(one)) for one in (House(), same)
        ]  # type: ignore[arg-type]
        assert pages[0] == pages[1] == render_html(content, lang=lang, issue=Issue("N", AT, "x"))  # type: ignore[arg-type]


def test_a_case_report_is_that_of_its_house(scene: Scene, printed: list[str]) -> None:
    plain, _ = case(scene, House())
    del printed[:]
    row, record = case(scene, scene.house, "both")
    assert row.id != plain.id
    assert case(scene, read_house(scene.file, House()), "both")[0].id == row.id, "the same house, the same report"
    assert [(each["key"], each["part"]) for each in record["sections"]] == [
        *((key, "body") for key in ("summary", "risk", "method", "limits")),
        ("mapping", "appendix"),
        ("verification", "appendix"),
    ]
    assert [each["step"]["ja"] for each in record["document"]["approvals"]] == ["作成", "承認", "社印", "審査"]
    assert [bool(each["person"]) for each in record["document"]["approvals"]] == [True, True, False, True]
    assert record["document"]["classification"]["ja"] == "極秘"
    assert record["house"]["digest"] == scene.house.digest
    assert record["house"]["acts"] == ["submitted", "decided", "by_hand", "reviewed"]
    assert record["house"]["colours"]["accent"] == ACCENT
    left_out = [each["ja"] for each in record["house"]["left_out"]]
    assert len(left_out) == len(CASE_BODY) + len(CASE_APPENDIX) - 6
    assert record["details"], "a section that is not printed stays in the record"
    jsonschema.validate(record, case_schema())
    [page] = printed
    assert page.count("<script") == 0
    assert HOSTILE in without_tags(page)
    assert scene.house.logo
    assert page.count(scene.house.logo.uri) == 1
    assert f"h2 i,h3 i,.toc i,.q1 .no,.cond{{color:{ACCENT}}}" in page
    assert "、".join(left_out) in without_tags(page)
    assert re.findall(r'<h2 id="(\w+)"', page) == ["summary", "risk", "method", "limits", "mapping", "verification"]


def test_its_word_file_follows(scene: Scene, printed: list[str]) -> None:
    row, record = case(scene, scene.house)
    assert printed
    word = Document(BytesIO(copy_of(row, "docx", scene.store, None).content))
    said = "".join("".join(node.text or "" for node in word.element.body.iter(qn("w:t"))).split())
    headings = [each.text.split("\u3000")[-1] for each in word.paragraphs if each.style.name == "Heading 1"]
    assert headings[-6:] == [section["title"]["ja"] for section in record["sections"]]
    for words in ("作成承認社印審査", "極秘", "架空<script>"):
        assert words in said
    assert json.loads(copy_of(row, "json", scene.store, None).content)["house"] == record["house"]
    assert copy_of(row, "xlsx", scene.store, None).content[:2] == b"PK"


def test_reports_of_blocks_follow(scene: Scene, printed: list[str]) -> None:
    _, plain = blocks(scene, "portfolio", House(), "FY2026")
    told = {key: section["title"]["ja"] for key, section in zip(SECTIONS["portfolio"], plain["sections"], strict=True)}
    assert (told["summary"], told["committees"], told["definitions"]) == ("要旨", "委員会の開催", "数値の定義")
    row, record = blocks(scene, "portfolio", scene.house, "FY2026")
    assert [each["title"]["ja"] for each in record["sections"]] == ["要旨", "数値の定義", "委員会の開催"]
    assert record["classification"]["ja"] == "部外秘"
    assert "部長印" in printed[-1]
    assert "除いた節：案件の内訳、" in without_tags(printed[-1])
    assert "部長印" in "".join(
        Document(BytesIO(copy_of(row, "docx", scene.store, None).content)).element.body.itertext()
    )
    _, mapped = blocks(scene, "mapping", scene.house, project_id=scene.project)
    assert mapped["sections"][0]["title"]["ja"] == "対応づけた質問と回答"
    assert mapped["sections"][1]["title"]["ja"] == "網羅率"
    assert mapped["house"]["left_out"] == []
    _, entries = blocks(scene, "ledger", scene.house, "0-20", profile="public")
    assert [each["title"]["ja"] for each in entries["sections"]] == ["監査イベント", "照合の方法", "範囲と台帳の先頭"]
    assert entries["classification"]["ja"] == "公開", "the mark of a profile stands above that of the house"
    with scene.made.acting("secretariat", read_only=True) as work:
        sheet = documents.versions(work)[1][0]
        scope = f"{sheet.key}:{sheet.version}"
    blocks(scene, "form", scene.house, scope)
    assert '<span class="stamp">記入後は社外秘 / Confidential once filled in</span>' in printed[-1]
    assert scene.house.logo
    assert [scene.house.logo.uri in page for page in printed] == [False, True, True, True, True]


def test_the_look_stays_with_a_profile_whose_mark_stands_above(scene: Scene, printed: list[str]) -> None:
    order = services.Order(scene.project, "ja", "監査", house=scene.house, profile="public")
    made = services.issue(scene.made.database, scene.made.actor("expert"), scene.store, order)
    _, record = kept(scene, made)
    assert record["house"]["digest"] == scene.house.digest
    assert record["document"]["classification"]["ja"] == "公開"
    assert [each["step"]["ja"] for each in record["document"]["approvals"]] == ["作成", "承認", "社印", "審査"]
    assert "極秘" not in printed[0]
    assert scene.house.logo
    assert scene.house.logo.uri in printed[0]


def test_papers_of_the_meeting_room_follow(scene: Scene, printed: list[str]) -> None:
    def letter(house: House) -> tuple[str, Any]:
        order = papers.Order("letter", scene.decision, "ja", house)
        made = papers.issue(scene.made.database, scene.made.actor("secretariat"), scene.store, order)
        with scene.made.acting("secretariat", read_only=True) as work:
            return made, json.loads(scene.store.read(work.session.get_one(Paper, made).record_digest))

    plain, record = letter(House())
    assert "house" not in record
    other, told = letter(scene.house)
    assert other != plain
    assert letter(scene.house)[0] == other
    assert letter(House())[0] == plain
    assert told == record | {"house": told["house"]}, "what it tells of is the same"
    assert told["house"]["logo"] == scene.house.stamp("letter")["logo"]  # type: ignore[index]
    assert ["部外秘" in page for page in printed] == [False, True]


def rendered(house: House, lang: str = "ja") -> tuple[bytes, str]:
    content = invented.case(Sizes(questions=1))
    content["sections"] = [each for each in content["sections"] if each["key"] in ("summary", "method")]
    html = render_html(content, lang=lang, issue=Issue("N-1", AT, "x"), livery=livery(house))  # type: ignore[arg-type]
    file = render_pdf(html, b"{}", identifier="N-1", at=AT)
    with pikepdf.open(BytesIO(file)) as pdf:
        assert pdf.check_pdf_syntax() == []
        images = [one for one in pdf.objects if isinstance(one, pikepdf.Stream) and one.get("/Subtype") == "/Image"]
        cover = pdf.pages[0]
        cover.contents_coalesce()
        assert [int(image.Width) for image in images] == ([300] if house.logo and "png" in house.logo.uri else [])
        return file, cover.Contents.read_bytes().decode("latin-1")


def test_the_file_shows_logo_and_colours_on_its_cover(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 10"><path d="M0 0h30v10z" fill="#00aa11"/></svg>'
    (scene.file.parent / "logo.svg").write_text(drawing)
    vector = scene.file.with_name("vector.yaml")
    vector.write_text(FILE.replace("logo.png", "logo.svg"), encoding="utf-8")
    plain, shown, drawn = rendered(House()), rendered(scene.house), rendered(read_house(vector, House()), "both")
    assert rendered(scene.house)[0] == shown[0], "the same to the byte"
    accent, green = (
        [f"{round(int(each[at : at + 2], 16) / 255, 6):g}" for at in (1, 3, 5)] for each in (ACCENT, "#00aa11")
    )
    assert [" ".join(accent) in page for _, page in (plain, shown, drawn)] == [False, True, True]
    assert [" ".join(green) in page for _, page in (plain, shown, drawn)] == [False, False, True]
    first = [len(PdfReader(BytesIO(file)).pages) for file, _ in (plain, shown)]
    assert first[0] == first[1], "the cover stays one page"
    assert not [each for each in caplog.records if each.name == "weasyprint"]


def test_a_fault_stops_the_start_and_a_sound_file_reaches_every_way(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("logo: bad.yaml", encoding="utf-8")
    database = scene.made.database
    with pytest.raises(Refusals):
        service(database, tmp_path, report_house=tmp_path / "bad.yaml")
    settings = Settings(data_dir=tmp_path, report_house=tmp_path / "bad.yaml")
    with pytest.raises(Refusals):
        Runner(database, settings)
    sound = settings.model_copy(update={"report_house": scene.file})
    assert Runner(database, sound).house.digest == scene.house.digest
    assert service(database, tmp_path, report_house=scene.file)
