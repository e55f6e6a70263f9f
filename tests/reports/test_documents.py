"""Reports beside the case report: their figures against a world counted by hand, who may have them, and the files themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import pikepdf
import pytest
from click.testing import CliRunner
from docx import Document
from pypdf import PdfReader
from sqlalchemy import select

from governance.cli import cli
from governance.ledger.services import event, head
from governance.projects.models import Project
from governance.refusals import Forbidden, NotFound, Refusal
from governance.reports import documents, every_kind, issuing, services
from governance.reports.copies import copy_of
from governance.reports.documents import Order
from governance.reports.models import Report
from governance.reports.periods import parsed
from governance.reports.portfolio import ninetieth
from governance.storage.database import Database
from governance.storage.files import FileStore
from tests.builders import World, world
from tests.conftest import FreshDatabase
from tests.reviews import scenes


class Scene(NamedTuple):
    """A world of three cases: one decided by the committee with a condition, two submitted; one question not applicable."""

    made: World
    store: FileStore
    decided: str


@pytest.fixture(scope="module")
def scene(fresh_database: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with fresh_database() as url:
        database = Database(url)
        made = world(database)
        first, _, _ = scenes.decided(made)
        scenes.case(made, answers={"P2b": "not_applicable", "P3a": "partial"})
        scenes.case(made, scenes.BOARD, scenes.HIGH)
        yield Scene(made, FileStore(tmp_path_factory.mktemp("files")), first)
        database.dispose()


def issued(scene: Scene, kind: str, by: str = "secretariat", **given: str) -> tuple[Report, bytes, Any]:
    """Issue a document; return its row, its file and its record."""
    order = Order(kind, **{"lang": "ja", "purpose": "監査部への提出", **given})  # type: ignore[arg-type]
    made = documents.issue(scene.made.database, scene.made.actor(by), scene.store, order)
    with scene.made.acting(by, read_only=True) as work:
        row, file = services.download(work, made, scene.store)
        record = json.loads(scene.store.read(row.record_digest))
        work.session.expunge_all()
        return row, file, record


def rows(content: Any, section: int, *path: int) -> list[list[Any]]:
    """Return the rows of a block of a section; further numbers go into parts."""
    block = {"blocks": content["sections"][section]["blocks"]}
    for at in path:
        block = block["blocks"][at]
    found: list[list[Any]] = block["rows"]
    return found


def words(file: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(BytesIO(file)).pages).split())


def sound(file: bytes) -> None:
    """Check what any reader of the file relies on: it opens without a repair and carries each of its fonts."""
    with pikepdf.open(BytesIO(file)) as opened:
        assert opened.check_pdf_syntax() == []
        for page in opened.pages:
            for font in (page.get("/Resources") or {}).get("/Font", {}).values():
                [inner] = font.DescendantFonts if "/DescendantFonts" in font else [font]
                assert {"/FontFile2", "/FontFile3"} & set(inner.FontDescriptor.keys())


def test_the_figures_of_a_year_are_those_counted_by_hand(scene: Scene) -> None:
    with scene.made.acting("secretariat") as work:
        ready = documents.prepare(work, Order("portfolio", "ja", "監査部への提出", "FY2026"), scene.store)
    file, told = issuing.print_sealed(scene.made.database, ready).file, json.loads(ready.record)
    assert ready.number.startswith("AIG-R3-")
    key = {line[0]["ja"]: line[1:3] for line in rows(told, 0, 1)}
    assert key["新しく登録された案件"] == ["3", "0"]
    assert key["提出されたスクリーニング"] == ["3", "0"]
    assert key["決定された審査"] == ["1", "0"]
    assert key["委員会の開催"] == ["1", "0"]
    assert key["外部委員の割合（期末）"][0] == "57.1 %"
    assert key["期限を過ぎた付帯条件（期末）"] == ["0", "0"]
    assert key["審査者が変更した案件の割合"][0] == "0.0 %"
    [spans] = [line for line in rows(told, 3, 0, 0) if line[0]["ja"].startswith("最初の提出から決定")]
    assert (spans[1], spans[2], spans[4]) == ("1", "8.0", "0")
    [weak] = [line for line in told["sections"][6]["blocks"][1]["blocks"] if line["kind"] == "table"]
    assert [line[0] for line in weak["rows"]] in ([], ["P2b"])
    assert "のこの年度の開催は1回で、規程の2回に達していない。" in str(told["sections"][0]["blocks"][0])
    shown = words(file)
    for figure in ("57.1%", "ポートフォリオ報告書", "2026年度", ready.record_digest[:16]):
        assert figure in shown
    sound(file)


def test_the_same_document_is_not_made_twice_and_languages_are_apart(scene: Scene, printed: list[str]) -> None:
    first, _, _ = issued(scene, "portfolio", scope="FY2026-Q3")
    assert (first.kind, first.project_id, first.scope, first.profile) == ("portfolio", None, "FY2026-Q3", "internal")
    again, _, _ = issued(scene, "portfolio", by="auditor", scope="FY2026-Q3", purpose="取締役会")
    assert again.id == first.id
    english, _, _ = issued(scene, "portfolio", scope="FY2026-Q3", lang="en")
    assert english.id != first.id
    assert [("Screenings submitted" in page) for page in printed] == [False, True]


def test_an_extract_can_be_compared_with_the_ledger(scene: Scene) -> None:
    with scene.made.acting("auditor", read_only=True) as work:
        project = work.session.scalars(select(Project.id).order_by(Project.number)).first()
        top = head(work.session)
        assert project is not None
    row, file, told = issued(scene, "ledger", by="auditor", project_id=project)
    assert row.project_id == project
    lines = rows(told, 1, 0)
    assert len(lines) > 10
    with scene.made.acting("auditor", read_only=True) as work:
        for line in lines:
            entry = event(work.session, int(line[0]))
            assert entry is not None
            assert entry.leaf.hex() == line[5]
            assert entry.body["project"] == project
    facts = {label["ja"]: value for label, value in rows(told, 0, 0)}
    assert (facts["台帳の件数"], facts["根のハッシュ"]) == (str(top.size), top.root.hex())
    assert lines[0][5] in words(file)
    sound(file)


def test_an_extract_covers_a_span_of_numbers(scene: Scene, printed: list[str]) -> None:
    _, _, spanned = issued(scene, "ledger", by="auditor", scope="3-5")
    assert [line[0] for line in rows(spanned, 1, 0)] == ["3", "4", "5"]
    assert printed


def test_a_mapping_tells_clauses_with_answers_and_the_date_of_each_list(scene: Scene) -> None:
    with scene.made.acting("expert", read_only=True) as work:
        project = work.session.scalars(select(Project.id).order_by(Project.number)).first()
        assert project is not None
    row, file, told = issued(scene, "mapping", by="expert", project_id=project)
    assert row.snapshot_digest
    coverage = rows(told, 0, 2)
    assert len(coverage) == 4
    assert all("基準日" in line[1]["ja"] for line in coverage)
    clause = told["sections"][1]["blocks"][1]["rows"][0]
    assert clause[2]["ja"].startswith("●")
    assert "参考の対応" in words(file)


def test_the_questionnaires_in_force_are_mapped_as_well(scene: Scene, printed: list[str]) -> None:
    row, _, whole = issued(scene, "mapping")
    assert row.project_id is None
    assert len(whole["sections"][0]["blocks"][2]["rows"]) == 4
    assert "参考の対応" in printed[0]


def test_a_form_stands_in_the_register_with_its_number_on_the_page(scene: Scene) -> None:
    with scene.made.acting("secretariat", read_only=True) as work:
        sheet = documents.versions(work)[1][0]
        key, version = sheet.key, sheet.version
    row, file, told = issued(scene, "form", scope=f"{key}:{version}", lang="both")
    assert told["questionnaire"]["key"] == key
    assert row.number in words(file)
    assert hashlib.sha256(scene.store.read(row.record_digest)).hexdigest() == row.record_digest
    sound(file)


def test_offices_have_reports_on_the_house_and_others_do_not(scene: Scene, printed: list[str]) -> None:
    row, _, _ = issued(scene, "portfolio", scope="FY2026-Q2")
    assert printed
    for name in ("expert", "owner", "chair", "administrator", "stranger"):
        with pytest.raises(Forbidden):
            issued(scene, "portfolio", by=name, scope="FY2026-Q3")
        with scene.made.acting(name, read_only=True) as work, pytest.raises(NotFound):
            services.report(work, row.id)
    with scene.made.acting("executive", read_only=True) as work:
        assert services.report(work, row.id).id == row.id
        assert row.id in [each.id for each in services.reports(work)]


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        ("portfolio", ""),
        ("portfolio", "FY26"),
        ("portfolio", "2026-05-01..2026-04-01"),
        ("form", "nothing:1"),
        ("ledger", "900000-900001"),
    ],
)
def test_what_cannot_be_told_is_refused_in_a_sentence(scene: Scene, kind: str, scope: str) -> None:
    with pytest.raises(Refusal):
        issued(scene, kind, scope=scope)


def test_periods_are_japanese_fiscal_years_and_compare_with_the_one_before() -> None:
    quarter = parsed("FY2026-Q4")
    assert (quarter.first, quarter.last) == (date(2027, 1, 1), date(2027, 3, 31))
    assert quarter.before().code == "FY2026-Q3"
    assert parsed("FY2026-Q1").before().code == "FY2025-Q4"
    assert parsed("FY2026").before().last == date(2026, 3, 31)
    free = parsed("2026-04-11..2026-04-20").before()
    assert (free.first, free.last) == (date(2026, 4, 1), date(2026, 4, 10))
    assert parsed("FY2026").since.isoformat() == "2026-03-31T15:00:00+00:00"


def test_the_ninetieth_percentile_is_by_nearest_rank() -> None:
    assert ninetieth([5]) == 5
    assert ninetieth(list(range(1, 11))) == 9
    assert ninetieth(list(range(1, 12))) == 10


def test_a_document_is_handed_out_as_word_file_too(scene: Scene) -> None:
    row, _, record = issued(scene, "portfolio", lang="both", scope="FY2026")
    made = copy_of(row, "docx", scene.store, None)
    written = "".join("".join(Document(BytesIO(made.content)).element.body.itertext()).split())
    titles = [section["title"]["ja"] for section in record["sections"]]
    assert titles
    assert all("".join(title.split()) in written for title in titles)


def test_one_command_finds_what_there_is_to_issue_and_never_ignores_a_profile(scene: Scene, printed: list[str]) -> None:
    with scene.made.acting("system", read_only=True) as work:
        found = every_kind.asked(work, every_kind.ALL)
        who = every_kind.issuer(work, found).email
    assert [each.kind for each in found] == ["case", "pack", "letter", "portfolio", "mapping", "form", "ledger"]
    assert who == "secretariat@test.example"
    actor = scene.made.actor("secretariat")
    made = every_kind.issue(
        scene.made.database, actor, scene.store, found[3], "en", every_kind.Manner("試し", "public")
    )
    assert (made.kind, made.lang) == ("portfolio", "en")
    public = every_kind.Manner("試し", "public")
    with pytest.raises(Refusal):
        every_kind.issue(scene.made.database, actor, scene.store, found[1], "ja", public)
    for each in (found[0], found[2]):
        made = every_kind.issue(scene.made.database, actor, scene.store, each, "ja", public)
        assert made.kind == each.kind
        assert b"Public" in made.content
    with scene.made.acting("system", read_only=True) as work:
        assert every_kind.asked(work, every_kind.ALL, "", "public") == [each for each in found if each.kind != "pack"]


def test_the_command_writes_into_a_folder_that_it_makes(
    scene: Scene, printed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOVERNANCE_DATABASE_URL", scene.made.database.url.render_as_string(hide_password=False))
    monkeypatch.setenv("GOVERNANCE_DATA_DIR", str(tmp_path / "var"))
    out = tmp_path / "to" / "auditor"
    told = CliRunner().invoke(cli, ["--lang", "en", "report", "issue", "form", "--lang", "en", "--out", str(out)])
    assert told.exit_code == 0, told.output + told.stderr
    [file] = out.iterdir()
    assert (file.name in told.output, file.suffixes) == (True, [".form", ".en", ".pdf"])
    (tmp_path / "file").write_text("no folder")
    before = len(printed)
    refused = CliRunner().invoke(cli, ["report", "issue", "form", "--out", str(tmp_path / "file" / "below")])
    assert (refused.exit_code != 0, len(printed)) == (True, before), (
        "nothing is issued for a folder that cannot be made"
    )


@pytest.mark.parametrize(
    ("profile", "gone"), [("auditor", ["見本 ", "Sample "]), ("public", ["見本 ", "Sample ", "見本の補足"])]
)
def test_what_a_profile_leaves_out_is_neither_on_the_page_nor_in_the_record(
    scene: Scene, printed: list[str], profile: str, gone: list[str]
) -> None:
    with scene.made.acting("secretariat", read_only=True) as work:
        case = work.session.scalars(select(Project.id).order_by(Project.number).offset(1)).first() or ""
    told = [
        issued(scene, "portfolio", scope="FY2026", profile=profile),
        issued(scene, "ledger", scope="0-200", profile=profile),
        issued(scene, "mapping", project_id=case, profile=profile),
    ]
    for (row, _, record), page in zip(told, printed, strict=True):
        assert (row.profile, record["profile"]["code"]) == (profile, profile)
        assert record["profile"]["digest"][:16] in page
        assert record["classification"]["ja"] != "社外秘"
        for word in gone:
            assert word not in page, (row.kind, word)
            assert word not in json.dumps(record, ensure_ascii=False), (row.kind, word)
    _, _, whole = issued(scene, "mapping", project_id=case)
    assert "見本の補足" in json.dumps(whole, ensure_ascii=False)


def test_a_mapping_of_a_case_is_no_version_of_its_case_report(scene: Scene, printed: list[str]) -> None:
    with scene.made.acting("expert", read_only=True) as work:
        case = work.session.scalars(select(Project.id).order_by(Project.number).offset(2)).first() or ""
    issued(scene, "mapping", by="expert", project_id=case)
    assert "asset:/watermark.svg" in printed[0]  # nothing is decided yet
    order = services.Order(case, "ja", "監査部への提出")
    first = services.issue(scene.made.database, scene.made.actor("expert"), scene.store, order)
    issued(scene, "mapping", by="expert", project_id=case, profile="auditor")
    again = services.issue(scene.made.database, scene.made.actor("expert"), scene.store, order)
    with scene.made.acting("expert", read_only=True) as work:
        record = json.loads(scene.store.read(work.session.get_one(Report, first).record_digest))
    assert (again, record["document"]["version"]) == (first, 1)
